/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From decoders to observers; see facts.h. */
#include "pass/facts.h"

#include "model/decoder.h"

/* What a decoder remembers of one machine; NULL where the source has no machine. */
typedef struct {
  const TbMachine *machine;
  const TbDecoder *decoder;
  gpointer state;
} FactsState;

struct _TbFacts {
  TbFactSink sink;
  const GPtrArray *observers;
  guint64 kinds;               /* that anybody observes */
  guint32 takers[TB_N_FACTS];  /* a bit for each observer */
  GArray *states;              /* FactsState */
  FactsState latest;
  const TbItem *item;
};

static void facts_tell(TbFactSink *sink, const TbFact *fact)
{
  const TbFacts *facts = (TbFacts *)sink;
  for (guint32 left = facts->takers[fact->kind]; left; left &= left - 1) {
    TbObserver *observer = g_ptr_array_index(facts->observers, (guint)__builtin_ctz(left));
    observer->ops->fact(observer, facts->item, fact);
  }
}

TbFacts *tb_facts_new(const GPtrArray *observers)
{
  TbFacts *facts = g_new0(TbFacts, 1);
  facts->sink.tell = facts_tell;
  facts->observers = observers;
  facts->states = g_array_new(FALSE, FALSE, sizeof(FactsState));
  for (guint i = 0; i < observers->len; i++) {
    TbObserver *observer = g_ptr_array_index(observers, i);
    observer->sink = &facts->sink;
    facts->kinds |= observer->ops->facts;
    for (guint kind = 0; kind < TB_N_FACTS; kind++)
      if (observer->ops->facts & TB_FACT_BIT(kind))
        facts->takers[kind] |= 1u << i;
  }
  facts->sink.wants = facts->kinds;
  return facts;
}

void tb_facts_free(TbFacts *facts)
{
  if (!facts)
    return;
  for (guint i = 0; i < facts->states->len; i++) {
    const FactsState *known = &g_array_index(facts->states, FactsState, i);
    if (known->decoder->free_state)
      known->decoder->free_state(known->state);
  }
  for (guint i = 0; i < facts->observers->len; i++)
    ((TbObserver *)g_ptr_array_index(facts->observers, i))->sink = NULL;
  g_array_unref(facts->states);
  g_free(facts);
}

gboolean tb_facts_are_wanted(const TbFacts *facts, TbEventType *type)
{
  return (tb_event_type_bind(type) & facts->kinds) != 0;
}

/* What @decoder remembers of @machine becomes the latest. */
static G_GNUC_NO_INLINE void facts_choose(TbFacts *facts, const TbMachine *machine,
                                          const TbDecoder *decoder)
{
  for (guint i = 0; i < facts->states->len; i++) {
    const FactsState *known = &g_array_index(facts->states, FactsState, i);
    if (known->machine == machine && known->decoder == decoder) {
      facts->latest = *known;
      return;
    }
  }
  FactsState made = { machine, decoder,
                      machine && decoder->new_state ? decoder->new_state(machine) : NULL };
  g_array_append_val(facts->states, made);
  facts->latest = made;
}

void tb_facts_show(TbFacts *facts, const TbItem *item)
{
  const TbRecord *record = item->record;
  const TbMachine *machine = record->source->machine;
  const TbDecoder *decoder = record->type->ops->decoder;
  if (G_UNLIKELY(facts->latest.machine != machine || facts->latest.decoder != decoder))
    facts_choose(facts, machine, decoder);
  facts->item = item;
  decoder->decode(record->type->plan, facts->latest.state, record, &facts->sink);
}

void tb_facts_lost(TbFacts *facts, const TbItem *item)
{
  for (guint i = 0; i < facts->states->len; i++) {
    const FactsState *known = &g_array_index(facts->states, FactsState, i);
    if (known->machine == item->record->source->machine && known->decoder->lost)
      known->decoder->lost(known->state);
  }
}
