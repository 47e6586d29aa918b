/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Sentences for life-cycle rows, made once for all writers: who forks,
 * executes, is renamed or ends, by name and number. The words for the kinds
 * are the same for every operating system; fields come from its flavour.
 */
#include "base/escape.h"
#include "stages/context-cursor.h"
#include "stages/proctrack/proctrack-windows.h"
#include "stages/proctrack/proctrack.h"

#include <string.h>

/* An exec gives the name within this time before it is told. */
enum { NOTE_EXEC_NS = 50000000 };

typedef struct {
  gboolean is_windows; /* its events tell all of the sentence themselves */
  const TbTrackFlavour *flavour;
  TbLifeEvent life;
} NoteType;

struct _NoteMaker {
  GArray *types; /* NoteType by type id */
  TbBuf sentence;
  TbSentence note;
};

NoteMaker *note_maker_new(void)
{
  NoteMaker *maker = g_new0(NoteMaker, 1);
  maker->types = g_array_new(FALSE, TRUE, sizeof(NoteType));
  return maker;
}

void note_maker_free(NoteMaker *maker)
{
  if (!maker)
    return;
  g_array_unref(maker->types);
  tb_buf_clear(&maker->sentence);
  g_free(maker);
}

gboolean note_is_row(NoteMaker *maker, const TbEventType *type)
{
  NoteType known = { .is_windows = tb_windows_note_wants(type) };
  known.flavour = tb_proctrack_describe(type, &known.life);
  if (!known.flavour && !known.is_windows)
    return FALSE;
  if (type->id >= maker->types->len)
    g_array_set_size(maker->types, type->id + 1);
  g_array_index(maker->types, NoteType, type->id) = known;
  return TRUE;
}

static void note_append_name(TbBuf *out, const char *bytes, gsize len)
{
  tb_escape_append(out, bytes, len, TB_ESCAPE_NEWLINE | TB_ESCAPE_TAB);
}

/* "name[number]", or "[number]" where the name is not known. */
static void note_append_who(TbBuf *out, const char *comm, gint32 number)
{
  if (comm)
    note_append_name(out, comm, strlen(comm));
  tb_buf_append_c(out, '[');
  tb_buf_append_i64(out, number);
  tb_buf_append_c(out, ']');
}

static void note_append_cursor(TbBuf *out, const ContextCursor *cursor)
{
  note_append_who(out, cursor->context.comm, cursor->context.tid);
}

static void note_append_field(TbBuf *out, const TbField *field, const TbItem *event)
{
  const guint8 *bytes;
  gsize len;
  if (field && tb_field_get_bytes(field, event->record, &bytes, &len))
    note_append_name(out, (const char *)bytes, len);
}

static void note_append_span(TbBuf *out, gint64 span_ns)
{
  guint64 ns = (guint64)MAX(span_ns, 0);
  if (ns >= 1000000000) {
    tb_buf_append_fixed(out, (ns + 50000000) / 100000000, 10, 1);
    tb_buf_append_str(out, " s");
  } else if (ns >= 100000) {
    tb_buf_append_fixed(out, (ns + 50000) / 100000, 10, 1);
    tb_buf_append_str(out, " ms");
  } else {
    tb_buf_append_fixed(out, (ns + 50) / 100, 10, 1);
    tb_buf_append_str(out, " us");
  }
}

/* What a child goes on as: the name its first program gives it, else the one it is born with. */
static const char *note_child_name(const TbTimeline *timeline, const TbProcess *process)
{
  guint32 comm = process->comm;
  guint32 at = process->changes;
  if (at != TB_PROC_NONE)
    at = tb_timeline_get_change(timeline, at)->next;
  for (guint i = 0; i < 8 && at != TB_PROC_NONE; i++) {
    const TbChange *change = tb_timeline_get_change(timeline, at);
    if (tb_change_is_exe(change))
      return tb_timeline_get_string(timeline, comm);
    comm = tb_change_string(change);
    at = at == process->changes ? TB_PROC_NONE : change->next;
  }
  return tb_timeline_get_string(timeline, process->comm);
}

static const char *note_birth(TbBuf *out, TbContextStage *stage, const TbItem *event,
                              gint64 time_ns, gint32 child, gboolean announced)
{
  const TbMachine *machine = event->record->source->machine;
  const TbTimeline *timeline = machine->timeline;
  const ContextCursor *cursor = context_look(stage, machine, child, time_ns);
  if (cursor->life == TB_PROC_NONE)
    return NULL;
  gboolean is_thread = tb_life_is_thread(cursor->life);
  const TbProcess *process = tb_timeline_get_process(timeline, cursor->process);
  gboolean told_twice =
      is_thread ? tb_timeline_get_thread(timeline, cursor->life & ~TB_LIFE_IS_THREAD)->told_by_fork
                : process->told_by_fork;
  if (announced && told_twice)
    return NULL; /* The other event's row has the sentence. */
  if (event->record->tid > 0)
    note_append_cursor(out, context_look(stage, machine, event->record->tid, time_ns));
  else
    tb_buf_append_str(out, "the kernel");
  tb_buf_append_str(out, is_thread ? " starts thread " : " forks ");
  note_append_who(out, is_thread ? cursor->context.comm : note_child_name(timeline, process),
                  child);
  return is_thread ? "thread-start" : "process-fork";
}

static const char *note_exec(TbBuf *out, TbContextStage *stage, const TbItem *event,
                             gint64 time_ns, gint32 tid, const TbLifeEvent *life)
{
  const TbMachine *machine = event->record->source->machine;
  const ContextCursor *cursor = context_look(stage, machine, tid, time_ns);
  note_append_cursor(out, cursor);
  tb_buf_append_str(out, " executes ");
  note_append_field(out, life->text, event);
  const char *before = cursor->process == TB_PROC_NONE
                           ? NULL
                           : tb_timeline_get_string(machine->timeline, cursor->own.comm_before);
  if (before && cursor->own.comm_ns != TB_TIME_BEFORE &&
      time_ns - cursor->own.comm_ns < NOTE_EXEC_NS && before != cursor->context.comm) {
    tb_buf_append_str(out, " (was ");
    note_append_name(out, before, strlen(before));
    tb_buf_append_c(out, ')');
  }
  return "process-exec";
}

static const char *note_rename(TbBuf *out, TbContextStage *stage, const TbItem *event,
                               gint64 time_ns, gint32 tid, const TbLifeEvent *life)
{
  gboolean itself = event->record->tid == tid || event->record->tid <= 0;
  if (!itself) {
    note_append_cursor(out, context_look(stage, event->record->source->machine, event->record->tid, time_ns));
    tb_buf_append_str(out, " renames ");
  }
  note_append_field(out, life->text, event);
  tb_buf_append_c(out, '[');
  tb_buf_append_i64(out, tid);
  tb_buf_append_str(out, itself ? "] renames itself to " : "] to ");
  note_append_field(out, life->new_text, event);
  return "process-rename";
}

static void note_append_end(TbBuf *out, const TbProcess *process, const TbTrackFlavour *flavour)
{
  const char *name = process->has_signal && flavour->signal_name
                         ? flavour->signal_name((guint8)process->exit_signal)
                         : NULL;
  if (process->has_code) {
    tb_buf_append_str(out, " exits with code ");
    tb_buf_append_i64(out, process->exit_code);
  } else if (name) {
    tb_buf_append_str(out, " killed by ");
    tb_buf_append_str(out, name);
  } else if (process->has_signal) {
    tb_buf_append_str(out, " killed by signal ");
    tb_buf_append_i64(out, process->exit_signal);
  } else {
    tb_buf_append_str(out, process->was_killed ? " killed by a signal" : " ends");
  }
  if (process->start_known == TB_KNOWN_SEEN) {
    tb_buf_append_str(out, " after ");
    note_append_span(out, process->end_ns - process->start_ns);
  }
}

static const char *note_exit(TbBuf *out, TbContextStage *stage, const TbItem *event,
                             gint64 time_ns, gint32 tid, const TbTrackFlavour *flavour)
{
  const TbTimeline *timeline = event->record->source->machine->timeline;
  const ContextCursor *cursor = context_look(stage, event->record->source->machine, tid, time_ns);
  if (cursor->process == TB_PROC_NONE)
    return NULL;
  const TbProcess *process = tb_timeline_get_process(timeline, cursor->process);
  gboolean ends;
  if (tb_life_is_thread(cursor->life))
    ends = tb_timeline_get_thread(timeline, cursor->life & ~TB_LIFE_IS_THREAD)->ends_process;
  else
    ends = !process->leader_left && process->end_ns == time_ns;
  if (ends) {
    guint32 comm = tb_timeline_comm_at(timeline, tb_life_of_process(cursor->process), time_ns);
    note_append_who(out, tb_timeline_get_string(timeline, comm), process->pid);
    note_append_end(out, process, flavour);
    return "process-exit";
  }
  note_append_cursor(out, cursor);
  if (tid == process->pid) {
    tb_buf_append_str(out, ", the main thread, ends");
  } else {
    tb_buf_append_str(out, ", a thread of [");
    tb_buf_append_i64(out, process->pid);
    tb_buf_append_str(out, "], ends");
  }
  return "thread-exit";
}

const TbSentence *note_make(NoteMaker *maker, TbContextStage *stage, const TbItem *event,
                        gint64 time_ns)
{
  const NoteType *known = &g_array_index(maker->types, NoteType, event->record->type->id);
  gint64 tid;
  if (known->is_windows) {
    tb_buf_reset(&maker->sentence);
    maker->note = (TbSentence){ .kind = tb_windows_note_append(event, &maker->sentence),
                            .text = &maker->sentence };
    return maker->note.kind ? &maker->note : NULL;
  }
  if (!tb_field_get_int(known->life.subject, event->record, &tid) || tid <= 0 || tid > G_MAXINT32)
    return NULL;
  TbBuf *out = &maker->sentence;
  tb_buf_reset(out);
  const char *kind = NULL;
  switch (known->life.kind) {
  case TB_LIFE_EVENT_ANNOUNCED:
  case TB_LIFE_EVENT_BIRTH:
    kind = note_birth(out, stage, event, time_ns, (gint32)tid,
                      known->life.kind == TB_LIFE_EVENT_ANNOUNCED);
    break;
  case TB_LIFE_EVENT_EXEC:
    kind = note_exec(out, stage, event, time_ns, (gint32)tid, &known->life);
    break;
  case TB_LIFE_EVENT_EXIT:
    kind = note_exit(out, stage, event, time_ns, (gint32)tid, known->flavour);
    break;
  case TB_LIFE_EVENT_RENAME:
    kind = note_rename(out, stage, event, time_ns, (gint32)tid, &known->life);
    break;
  case TB_LIFE_EVENT_NONE:
  default: break;
  }
  maker->note = (TbSentence){ .kind = kind, .text = out };
  return kind ? &maker->note : NULL;
}
