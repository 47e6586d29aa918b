/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What recorded socket calls tell about processes: that a thread lives, and
 * which program it runs as far as the recorder knows. What a kernel's recording
 * says of the same thread goes before that. Knows no call.
 */
#include "model/socket-call.h"
#include "stages/proctrack/proctrack.h"

typedef struct {
  const TbField *program;
} CallsPlan;

static gboolean calls_wants_type(const TbEventType *type, gpointer data)
{
  CallsPlan *plan = data;
  plan->program = tb_event_type_find_field(type, TB_SOCKET_CALL_PROGRAM);
  return plan->program && tb_event_type_find_field(type, TB_SOCKET_CALL_STEP);
}

static void calls_event(gconstpointer data, gpointer state, TbTracker *tracker,
                        const TbItem *event)
{
  const CallsPlan *plan = data;
  const guint8 *bytes;
  gsize len;
  if (event->record->tid <= 0 || !tb_field_get_bytes(plan->program, event->record, &bytes, &len))
    return;
  tb_tracker_at(tracker, event->machine_time.ns, event->record->source);
  tb_tracker_program(tracker, event->record->tid, (TbName){ (const char *)bytes, len });
}

const TbTrackFlavour tb_track_calls = {
  .plan_size = sizeof(CallsPlan),
  .wants_type = calls_wants_type,
  .event = calls_event,
};
