/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From decoders to observers; see facts.h. */
#include "pass/facts.h"

#include "model/decoder.h"

enum { FACTS_MAX_CPUS = 65536 };
#define FACTS_UNHEARD G_MININT64

/* What a decoder remembers of one machine; NULL where the source has no machine. */
typedef struct {
  const TbMachine *machine;
  const TbDecoder *decoder;
  gpointer state;
} FactsState;

/*
 * @decoder, @state: of its latest event
 * @heard: by CPU: when something was told last that who takes gaps takes facts of: where a gap
 *   begins
 */
typedef struct {
  const TbSource *source;
  const TbDecoder *decoder;
  gpointer state;
  TbOwnTime *heard;
  guint32 n_cpus;
} FactsSource;

/* Of observers: the kinds they take, and who takes a kind, a bit for each. */
typedef struct {
  guint64 kinds;
  guint32 takers[TB_N_FACTS];
} FactsTakers;

struct _TbFacts {
  TbFactSink sink;
  const GPtrArray *observers;
  FactsTakers all;
  FactsTakers frozen; /* of them, those that take facts of converted files */
  guint64 heard_kinds;
  GArray *states;     /* FactsState */
  GPtrArray *sources; /* FactsSource */
  FactsSource *latest;
  const guint32 *takers; /* of the present item's facts */
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

static void facts_source_free(gpointer data)
{
  FactsSource *source = data;
  g_free(source->heard);
  g_free(source);
}

static void facts_add_taker(FactsTakers *takers, guint64 kinds, guint index)
{
  takers->kinds |= kinds;
  for (guint kind = 0; kind < TB_N_FACTS; kind++)
    if (kinds & TB_FACT_BIT(kind))
      takers->takers[kind] |= 1u << index;
}

TbFacts *tb_facts_new(const GPtrArray *observers)
{
  TbFacts *facts = g_new0(TbFacts, 1);
  facts->sink.tell = facts_tell;
  facts->observers = observers;
  facts->states = g_array_new(FALSE, FALSE, sizeof(FactsState));
  facts->sources = g_ptr_array_new_with_free_func(facts_source_free);
  for (guint i = 0; i < observers->len; i++) {
    TbObserver *observer = g_ptr_array_index(observers, i);
    guint64 kinds = observer->ops->facts;
    observer->sink = &facts->sink;
    facts_add_taker(&facts->all, kinds, i);
    if (observer->takes_frozen)
      facts_add_taker(&facts->frozen, kinds, i);
    if (kinds & TB_FACT_BIT(TB_FACT_GAP))
      facts->heard_kinds |= kinds;
  }
  facts->sink.wants = facts->all.kinds;
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
  g_ptr_array_unref(facts->sources);
  g_free(facts);
}

static const FactsTakers *facts_get_takers(const TbFacts *facts, const TbDecoder *decoder)
{
  return decoder && decoder->frozen ? &facts->frozen : &facts->all;
}

gboolean tb_facts_are_wanted(const TbFacts *facts, TbEventType *type)
{
  return (tb_event_type_bind(type) & facts_get_takers(facts, type->ops->decoder)->kinds) != 0;
}

/* What @decoder remembers of @machine. */
static gpointer facts_find_state(TbFacts *facts, const TbMachine *machine,
                                 const TbDecoder *decoder)
{
  for (guint i = 0; i < facts->states->len; i++) {
    const FactsState *known = &g_array_index(facts->states, FactsState, i);
    if (known->machine == machine && known->decoder == decoder)
      return known->state;
  }
  FactsState made = { machine, decoder,
                      machine && decoder->new_state ? decoder->new_state(machine) : NULL };
  g_array_append_val(facts->states, made);
  return made.state;
}

static FactsSource *facts_find_source(TbFacts *facts, const TbSource *source)
{
  for (guint i = 0; i < facts->sources->len; i++) {
    FactsSource *known = g_ptr_array_index(facts->sources, i);
    if (known->source == source)
      return known;
  }
  FactsSource *made = g_new0(FactsSource, 1);
  made->source = source;
  g_ptr_array_add(facts->sources, made);
  return made;
}

/* @source becomes the latest; @decoder: (nullable): of the item that comes from it. */
static G_GNUC_NO_INLINE void facts_choose(TbFacts *facts, const TbSource *source,
                                          const TbDecoder *decoder)
{
  facts->latest = facts_find_source(facts, source);
  facts->takers = facts_get_takers(facts, decoder)->takers;
  if (decoder != facts->latest->decoder)
    facts->latest->state = decoder ? facts_find_state(facts, source->machine, decoder) : NULL;
  facts->latest->decoder = decoder;
}

/* When @source was heard on @cpu; NULL where CPUs are not told. */
static inline TbOwnTime *facts_heard(FactsSource *source, guint32 cpu)
{
  if (G_UNLIKELY(cpu >= source->n_cpus)) {
    if (cpu >= FACTS_MAX_CPUS)
      return NULL;
    source->heard = g_renew(TbOwnTime, source->heard, cpu + 1);
    for (guint32 i = source->n_cpus; i <= cpu; i++)
      source->heard[i].ns = FACTS_UNHEARD;
    source->n_cpus = cpu + 1;
  }
  return &source->heard[cpu];
}

void tb_facts_show(TbFacts *facts, const TbItem *item)
{
  const TbRecord *record = item->record;
  const TbDecoder *decoder = record->type->ops->decoder;
  if (G_UNLIKELY(!facts->latest || facts->latest->source != record->source ||
                 facts->latest->decoder != decoder))
    facts_choose(facts, record->source, decoder);
  facts->item = item;
  decoder->decode(record->type->plan, facts->latest->state, record, &facts->sink);
  if (record->type->facts & facts->heard_kinds) {
    TbOwnTime *heard = facts_heard(facts->latest, record->cpu);
    if (heard)
      *heard = record->time;
  }
}

guint64 tb_facts_get_wanted(const TbFacts *facts)
{
  return facts->all.kinds;
}

void tb_facts_pass(TbFacts *facts, const TbItem *item, const TbFact *fact)
{
  facts_choose(facts, item->record->source, NULL);
  facts->item = item;
  facts_tell(&facts->sink, fact);
}

void tb_facts_lost(TbFacts *facts, const TbItem *item)
{
  const TbRecord *record = item->record;
  for (guint i = 0; i < facts->states->len; i++) {
    const FactsState *known = &g_array_index(facts->states, FactsState, i);
    if (known->machine == record->source->machine && known->decoder->lost)
      known->decoder->lost(known->state);
  }
  facts_choose(facts, record->source, NULL);
  TbOwnTime *heard = facts_heard(facts->latest, record->cpu);
  TbFact fact = { .kind = TB_FACT_GAP };
  fact.gap.known = heard && heard->ns != FACTS_UNHEARD;
  if (heard) {
    fact.gap.since = *heard;
    *heard = record->time;
  }
  facts->item = item;
  facts_tell(&facts->sink, &fact);
}
