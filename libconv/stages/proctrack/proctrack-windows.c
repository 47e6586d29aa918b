/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What Windows process events tell, by event and field name. The instances
 * themselves come with the recording: its process table names each one, also
 * those from before, by an index that is never used twice; so there is nothing
 * to infer. Left to the events are the exit statuses and the sentences.
 */
#include "stages/proctrack/proctrack-windows.h"

#include "base/escape.h"
#include "stages/proctrack/proctrack.h"

#include <string.h>

typedef enum {
  WINDOWS_NOTHING,
  WINDOWS_CREATE,
  WINDOWS_START,
  WINDOWS_EXIT,
  WINDOWS_THREAD_CREATE,
  WINDOWS_THREAD_EXIT,
} WindowsKind;

static const struct {
  const char *name;
  const char *kind; /* TRACE_KIND */
} windows_events[] = {
  [WINDOWS_CREATE] = { "Process Create", "process-fork" },
  [WINDOWS_START] = { "Process Start", "process-exec" },
  [WINDOWS_EXIT] = { "Process Exit", "process-exit" },
  [WINDOWS_THREAD_CREATE] = { "Thread Create", "thread-start" },
  [WINDOWS_THREAD_EXIT] = { "Thread Exit", "thread-exit" },
};

static WindowsKind windows_kind(const TbEventType *type)
{
  if (!type->ops->get_actor)
    return WINDOWS_NOTHING; /* these events say themselves who acts */
  for (guint i = 1; i < G_N_ELEMENTS(windows_events); i++)
    if (tb_event_type_is(type, "procmon", windows_events[i].name))
      return (WindowsKind)i;
  return WINDOWS_NOTHING;
}

typedef struct {
  const TbField *status;
} WindowsPlan;

typedef struct {
  TbTimeline *timeline;
} WindowsState;

static gboolean windows_wants_type(const TbEventType *type, gpointer data)
{
  WindowsPlan *plan = data;
  if (windows_kind(type) != WINDOWS_EXIT)
    return FALSE;
  plan->status = tb_event_type_find_field(type, "Exit Status");
  return plan->status != NULL;
}

static gpointer windows_new_state(const TbMachine *machine, const TbTracker *tracker)
{
  WindowsState *state = g_new0(WindowsState, 1);
  state->timeline = machine->timeline;
  return state;
}

/* Its time is the end of the instance as the table has it, so that the pid is enough. */
static void windows_event(gconstpointer data, gpointer state_data, TbTracker *tracker,
                          const TbItem *event)
{
  const WindowsPlan *plan = data;
  WindowsState *state = state_data;
  TbContext actor = { 0 };
  gint64 status;
  if (!event->record->type->ops->get_actor(event->record->type, event->record, &actor) ||
      !tb_field_get_int(plan->status, event->record, &status))
    return;
  TbLife life = tb_timeline_find_life_at(state->timeline, actor.pid, event->machine_time.ns - 1);
  if (life == TB_PROC_NONE || tb_life_is_thread(life))
    return;
  TbProcess *process = tb_timeline_get_process(state->timeline, life);
  process->exit_code = (gint32)status;
  process->has_code = TRUE;
  process->exit_known = TB_KNOWN_SEEN;
  if (process->end_known == TB_KNOWN_NOT) {
    process->end_ns = event->machine_time.ns;
    process->end_known = TB_KNOWN_SEEN;
  }
}

const TbTrackFlavour tb_track_windows = {
  .plan_size = sizeof(WindowsPlan),
  .wants_type = windows_wants_type,
  .new_state = windows_new_state,
  .free_state = g_free,
  .event = windows_event,
};

gboolean tb_windows_note_wants(const TbEventType *type)
{
  return windows_kind(type) != WINDOWS_NOTHING;
}

static void windows_append_field(const TbItem *event, const char *name, TbBuf *out)
{
  const TbField *field = tb_event_type_find_field(event->record->type, name);
  const guint8 *bytes;
  gsize len;
  gint64 number;
  if (!field)
    return;
  if (tb_field_get_int(field, event->record, &number))
    tb_buf_append_i64(out, number);
  else if (tb_field_get_bytes(field, event->record, &bytes, &len))
    tb_escape_append(out, bytes, len, TB_ESCAPE_NEWLINE | TB_ESCAPE_TAB);
}

static void windows_append_base_name(const TbItem *event, const char *name, TbBuf *out)
{
  gsize start = out->len;
  windows_append_field(event, name, out);
  for (gsize i = out->len; i > start; i--)
    if (out->data[i - 1] == '\\') {
      memmove(out->data + start, out->data + i, out->len - i);
      out->len -= i - start;
      return;
    }
}

const char *tb_windows_note_append(const TbItem *event, TbBuf *out)
{
  WindowsKind kind = windows_kind(event->record->type);
  windows_append_field(event, "Process Name", out);
  tb_buf_append_c(out, '[');
  windows_append_field(event, "PID", out);
  tb_buf_append_c(out, ']');
  switch (kind) {
  case WINDOWS_CREATE:
    tb_buf_append_str(out, " starts ");
    windows_append_base_name(event, "Path", out);
    tb_buf_append_c(out, '[');
    windows_append_field(event, "Child PID", out);
    tb_buf_append_c(out, ']');
    break;
  case WINDOWS_START:
    tb_buf_append_str(out, " executes ");
    windows_append_field(event, "Image Path", out);
    break;
  case WINDOWS_EXIT:
    tb_buf_append_str(out, " exits with code ");
    windows_append_field(event, "Exit Status", out);
    break;
  case WINDOWS_THREAD_CREATE:
    tb_buf_append_str(out, " starts thread [");
    windows_append_field(event, "Thread ID", out);
    tb_buf_append_c(out, ']');
    break;
  case WINDOWS_THREAD_EXIT:
    tb_buf_append_str(out, ", thread [");
    tb_buf_append_i64(out, event->record->tid);
    tb_buf_append_str(out, "], ends");
    break;
  case WINDOWS_NOTHING:
  default: return NULL;
  }
  return windows_events[kind].kind;
}
