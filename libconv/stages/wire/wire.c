/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The observer before its readers; see wire.h. */
#include "stages/wire/wire.h"

#include "model/decoder.h"

typedef struct {
  const TbSource *source; /* borrowed */
  TbWireBuffers *buffers;
} WireRecording;

/* A way through the facts of one event while records are written. */
typedef struct {
  TbFactSink sink;
  TbWire *wire;
  const TbItem *item;
  gboolean told;
} WireAgain;

typedef struct {
  TbWire wire; /* first */
  guint64 kinds; /* that events of any input can tell */
  GPtrArray *recordings;
  const WireRecording *latest;
  WireAgain again;
} Wire;

static void recording_free(gpointer data)
{
  WireRecording *recording = data;
  tb_wire_buffers_free(recording->buffers);
  g_free(recording);
}

static const WireRecording *wire_find(Wire *wire, const TbSource *source)
{
  for (guint i = 0; i < wire->recordings->len; i++) {
    const WireRecording *known = g_ptr_array_index(wire->recordings, i);
    if (known->source == source)
      return known;
  }
  WireRecording *made = g_new0(WireRecording, 1);
  *made = (WireRecording){ source, tb_wire_buffers_new(wire->kinds) };
  g_ptr_array_add(wire->recordings, made);
  return made;
}

TbWireBuffers *tb_wire_get_buffers(TbWire *base, const TbSource *source)
{
  Wire *wire = (Wire *)base;
  if (G_UNLIKELY(!wire->latest || wire->latest->source != source))
    wire->latest = wire_find(wire, source);
  return wire->latest->buffers;
}

static gboolean wire_wants_type(TbObserver *observer, const TbEventType *type)
{
  ((Wire *)observer)->kinds |= type->facts;
  return FALSE;
}

static void wire_fact(TbObserver *observer, const TbItem *item, const TbFact *fact)
{
  TbWire *wire = (TbWire *)observer;
  if (G_UNLIKELY(item->record->source->frozen))
    return;
  wire->buffers = tb_wire_get_buffers(wire, item->record->source);
  tb_wire_buffers_step(wire->buffers, item, fact, &wire->step);
}

static void wire_event(TbObserver *observer, const TbItem *item)
{
  TbWire *wire = (TbWire *)observer;
  const TbRecord *record = item->record;
  if (G_UNLIKELY(!record->source || record->source->frozen))
    return;
  if (record->kind == TB_RECORD_PACKET)
    tb_net_parse_packet(item, &wire->headers);
  else if (record->kind == TB_RECORD_LOST)
    tb_wire_buffers_lost(tb_wire_get_buffers(wire, record->source));
}

static void wire_free(TbObserver *observer)
{
  Wire *wire = (Wire *)observer;
  g_ptr_array_unref(wire->recordings);
  g_free(wire);
}

static const TbObserverOps wire_ops = {
  .name = "wire",
  .wants_type = wire_wants_type,
  .wants_packets = TRUE,
  .any_order = TRUE,
  .facts = TB_WIRE_STEPS,
  .fact = wire_fact,
  .event = wire_event,
  .free = wire_free,
};

static void wire_tell_again(TbFactSink *sink, const TbFact *fact)
{
  WireAgain *again = (WireAgain *)sink;
  tb_wire_buffers_step(tb_wire_get_buffers(again->wire, again->item->record->source), again->item,
                       fact, &again->wire->step);
  again->told = TRUE;
}

TbWire *tb_wire_new(void)
{
  Wire *wire = g_new0(Wire, 1);
  wire->wire.observer.ops = &wire_ops;
  wire->recordings = g_ptr_array_new_with_free_func(recording_free);
  wire->again = (WireAgain){ .sink = { TB_WIRE_FACTS, wire_tell_again }, .wire = &wire->wire };
  return &wire->wire;
}

const TbWireStep *tb_wire_step_again(TbWire *base, const TbItem *item)
{
  WireAgain *again = &((Wire *)base)->again;
  again->item = item;
  again->told = FALSE;
  tb_event_type_decode(item->record->type, NULL, item->record, &again->sink);
  return again->told ? &base->step : NULL;
}

void tb_wire_lost_again(TbWire *base, const TbItem *item)
{
  tb_wire_buffers_lost(tb_wire_get_buffers(base, item->record->source));
}

void tb_wire_restart(TbWire *base)
{
  const Wire *wire = (Wire *)base;
  for (guint i = 0; i < wire->recordings->len; i++)
    tb_wire_buffers_restart(((const WireRecording *)g_ptr_array_index(wire->recordings, i))->buffers);
}
