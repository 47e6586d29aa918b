/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What rows of a converted file tell about processes: the text of life-cycle
 * events as the kernel prints it, the kind and the sentence that were made when
 * the file was written, and who acted. Used to show the processes of such a
 * file; rows that are converted again keep what they say.
 */
#include "base/escape.h"
#include "stages/proctrack/proctrack.h"

#include <string.h>

typedef enum { ROWS_OTHER, ROWS_NEWTASK, ROWS_FORK, ROWS_EXEC, ROWS_EXIT, ROWS_RENAME } RowsKind;

enum { ROWS_CLONE_PARENT = 0x8000, ROWS_CLONE_THREAD = 0x10000, ROWS_MAX_SIGNAL = 64 };

typedef struct {
  RowsKind kind;
  const TbField *row_kind; /* TRACE_KIND */
  const TbField *message;
} RowsPlan;

typedef struct {
  TbBuf text;
  TbBuf message;
} RowsState;

static gboolean rows_wants_type(const TbEventType *type, gpointer data)
{
  static const char *const names[] = {
    [ROWS_NEWTASK] = "task:task_newtask",     [ROWS_FORK] = "sched:sched_process_fork",
    [ROWS_EXEC] = "sched:sched_process_exec", [ROWS_EXIT] = "sched:sched_process_exit",
    [ROWS_RENAME] = "task:task_rename",
  };
  RowsPlan *plan = data;
  if (!type->ops->get_actor)
    return FALSE;
  g_autofree char *name = g_strdup_printf("%s:%s", type->system, type->name);
  for (guint i = ROWS_NEWTASK; i < G_N_ELEMENTS(names); i++)
    if (g_str_equal(names[i], name))
      plan->kind = (RowsKind)i;
  plan->row_kind = tb_event_type_find_field(type, "TRACE_KIND");
  plan->message = tb_event_type_find_field(type, "MESSAGE");
  return TRUE;
}

static gpointer rows_new_state(const TbMachine *machine, const TbTracker *tracker)
{
  return g_new0(RowsState, 1);
}

static void rows_free_state(gpointer data)
{
  RowsState *state = data;
  tb_buf_clear(&state->text);
  tb_buf_clear(&state->message);
  g_free(state);
}

/* What stands behind @key; up to the last @stop, since a name may hold anything (NULL = the end). */
static TbName rows_between(const char *text, const char *key, const char *stop)
{
  const char *at = g_str_has_prefix(text, key) ? text : NULL;
  g_autofree char *inner = at ? NULL : g_strconcat(" ", key, NULL);
  if (inner) {
    at = strstr(text, inner);
    at = at ? at + 1 : NULL;
  }
  if (!at)
    return (TbName){ NULL, 0 };
  at += strlen(key);
  const char *end = stop ? g_strrstr(at, stop) : at + strlen(at);
  return end ? (TbName){ at, (gsize)(end - at) } : (TbName){ NULL, 0 };
}

/* Bytes that were written \xHH are bytes again; the text is the state's own copy. */
static TbName rows_name(const char *text, const char *key, const char *stop)
{
  TbName name = rows_between(text, key, stop);
  if (name.bytes)
    name.len = tb_escape_undo((char *)(gpointer)name.bytes, name.len);
  return name;
}

static gint32 rows_number(const char *text, const char *key)
{
  TbName at = rows_between(text, key, NULL);
  gint64 value = at.bytes ? g_ascii_strtoll(at.bytes, NULL, 10) : 0;
  return value > 0 && value <= G_MAXINT32 ? (gint32)value : 0;
}

/* The last number of that key: behind a name, where the first may stand in the name. */
static gint32 rows_last_number(const char *text, const char *key)
{
  const char *at = g_strrstr(text, key);
  return at ? rows_number(at, key) : 0;
}

static gboolean rows_is_kind(const RowsPlan *plan, const TbItem *event, const char *kind)
{
  const guint8 *bytes;
  gsize len;
  return plan->row_kind && tb_field_get_bytes(plan->row_kind, event->record, &bytes, &len) &&
         len == strlen(kind) && memcmp(bytes, kind, len) == 0;
}

static void rows_birth(const RowsPlan *plan, TbTracker *tracker, const TbItem *event,
                       const char *text, gint32 actor)
{
  TbBirth birth = { .maker = actor, .is_thread = TB_ANSWER_UNKNOWN };
  if (plan->kind == ROWS_NEWTASK) {
    const char *at = g_strrstr(text, " clone_flags=");
    guint64 flags = at ? g_ascii_strtoull(at + 13, NULL, 16) : 0;
    birth.announces = TRUE;
    birth.child = rows_number(text, "pid=");
    birth.is_thread = (flags & ROWS_CLONE_THREAD) ? TB_ANSWER_YES : TB_ANSWER_NO;
    birth.is_sibling = (flags & ROWS_CLONE_PARENT) != 0;
    birth.comm = rows_name(text, "comm=", " clone_flags=");
  } else {
    birth.child = rows_last_number(text, "child_pid=");
    if (rows_is_kind(plan, event, "thread-start"))
      birth.is_thread = TB_ANSWER_YES;
    else if (rows_is_kind(plan, event, "process-fork"))
      birth.is_thread = TB_ANSWER_NO;
    birth.comm = rows_name(text, "child_comm=", " child_pid=");
  }
  tb_tracker_birth(tracker, &birth);
}

static guint8 rows_signal(const char *text)
{
  if (g_str_has_prefix(text, "signal "))
    return (guint8)MIN(g_ascii_strtoull(text + 7, NULL, 10), ROWS_MAX_SIGNAL);
  for (guint8 number = 1; number <= ROWS_MAX_SIGNAL; number++) {
    const char *name = tb_track_linux.signal_name(number);
    gsize len = name ? strlen(name) : 0;
    if (len && strncmp(text, name, len) == 0 && (text[len] == 0 || text[len] == ' '))
      return number;
  }
  return 0;
}

/* The sentence of an end: "] exits with code 3 ..." or "] killed by SIGKILL ...". */
static void rows_explain_end(TbTracker *tracker, const TbItem *event, const char *sentence,
                             gint32 tid)
{
  const char *code = g_strrstr(sentence, "] exits with code ");
  const char *killed = g_strrstr(sentence, "] killed by ");
  guint8 signal = killed ? rows_signal(killed + strlen("] killed by ")) : 0;
  if (code) {
    tb_tracker_leave(tracker, tid,
                     (guint8)g_ascii_strtoull(code + strlen("] exits with code "), NULL, 10), TRUE);
  } else if (signal) {
    TbSignal sent = { .number = signal, .from_ns = event->machine_time.ns, .sure = TRUE, .shown = TRUE };
    tb_tracker_signal(tracker, tid, &sent);
  }
}

static void rows_exit(const RowsPlan *plan, RowsState *state, TbTracker *tracker,
                      const TbItem *event, const char *text)
{
  const guint8 *bytes;
  gsize len;
  gint32 tid = rows_last_number(text, " pid=");
  gboolean last = rows_is_kind(plan, event, "process-exit");
  if (last && plan->message && tb_field_get_bytes(plan->message, event->record, &bytes, &len)) {
    tb_buf_reset(&state->message);
    tb_buf_append(&state->message, bytes, len);
    tb_buf_append_c(&state->message, 0);
    rows_explain_end(tracker, event, (const char *)state->message.data, tid);
  }
  tb_tracker_exit(tracker, tid, rows_name((char *)(gpointer)text, "comm=", " pid="),
                  last ? TB_ANSWER_YES
                       : rows_is_kind(plan, event, "thread-exit") ? TB_ANSWER_NO
                                                                  : TB_ANSWER_UNKNOWN);
}

static void rows_rename(TbTracker *tracker, const char *text)
{
  gint32 tid = rows_number(text, "pid=");
  TbName new_name = rows_name(text, "newcomm=", " oom_score_adj=");
  TbName old_name = rows_name(text, "oldcomm=", " newcomm=");
  tb_tracker_rename(tracker, tid, old_name, new_name);
}

static void rows_event(gconstpointer data, gpointer opaque, TbTracker *tracker,
                       const TbItem *event)
{
  const RowsPlan *plan = data;
  RowsState *state = opaque;
  TbContext actor = { 0 };
  gboolean acted = event->record->type->ops->get_actor(event->record->type, event->record, &actor);
  tb_tracker_at(tracker, event->machine_time.ns, event->record->source);
  if (plan->kind == ROWS_OTHER) {
    if (acted && actor.tid == actor.pid && actor.comm)
      tb_tracker_name(tracker, actor.tid, (TbName){ actor.comm, strlen(actor.comm) });
    return;
  }
  tb_buf_reset(&state->text);
  tb_record_append_text(event->record, &state->text);
  tb_buf_append_c(&state->text, 0);
  const char *text = (const char *)state->text.data;
  switch (plan->kind) {
  case ROWS_NEWTASK:
  case ROWS_FORK: rows_birth(plan, tracker, event, text, acted ? actor.tid : 0); break;
  case ROWS_EXEC: {
    gint32 old_tid = rows_last_number(text, " old_pid=");
    gint32 tid = rows_last_number(text, " pid=");
    tb_tracker_exec(tracker, tid, old_tid, rows_name(text, "filename=", " pid="));
    break;
  }
  case ROWS_EXIT: rows_exit(plan, state, tracker, event, text); break;
  case ROWS_RENAME: rows_rename(tracker, text); break;
  case ROWS_OTHER:
  default: break;
  }
}

static gboolean rows_describe(const TbEventType *type, TbLifeEvent *out)
{
  return FALSE; /* The rows have their sentences. */
}

const TbTrackFlavour tb_track_rows = {
  .plan_size = sizeof(RowsPlan),
  .wants_type = rows_wants_type,
  .new_state = rows_new_state,
  .free_state = rows_free_state,
  .event = rows_event,
  .describe = rows_describe,
};
