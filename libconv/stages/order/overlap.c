/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Events in two inputs; see overlap.h. For the moment that is being written, a table counts each
 * distinct event: how often it came from each input, and how often it was handed on. The n-th
 * copy of an event is handed on once, whichever input brings it first.
 */
#include "stages/order/overlap.h"

#include <string.h>

/* A moment with more events than this is no clock; the rest of it is handed on unseen. */
enum { OVERLAP_MOMENT_MAX = 1 << 16, OVERLAP_SLOTS_MIN = 64 };

/* A source that another input may repeat. */
typedef struct {
  guint32 group; /* sources of one machine and name */
  guint32 input;
} OverlapPlace;

/* How often one event came from one input (@input), or was handed on (OVERLAP_OUT). */
#define OVERLAP_OUT G_MAXUINT32
typedef struct {
  guint64 hash; /* 0 = free */
  guint32 input;
  guint32 count;
} OverlapSlot;

typedef struct {
  TbStage stage;
  GHashTable *places; /* TbSource -> OverlapPlace */
  const TbSource *last_source;
  const OverlapPlace *last_place;
  gint64 moment;
  OverlapSlot *slots;
  guint32 n_slots; /* a power of 2 */
  guint32 n_used;
} TbOverlap;

static gint64 source_output_ns(const TbSource *source, gint64 own_ns)
{
  return tb_source_output_time(source, (TbOwnTime){ own_ns }).ns;
}

static gboolean sources_meet(const TbSource *a, const TbSource *b, gboolean ranges_known)
{
  if (a->class != TB_SOURCE_EVENTS || b->class != TB_SOURCE_EVENTS || a->machine != b->machine ||
      !g_str_equal(a->name, b->name))
    return FALSE;
  if (!ranges_known)
    return TRUE;
  return a->counts.records > 0 && b->counts.records > 0 &&
         source_output_ns(a, a->counts.first_ns) <= source_output_ns(b, b->counts.last_ns) &&
         source_output_ns(b, b->counts.first_ns) <= source_output_ns(a, a->counts.last_ns);
}

static void overlap_add(TbOverlap *overlap, const TbSource *source, guint32 group, guint32 input)
{
  OverlapPlace *place = g_new(OverlapPlace, 1);
  *place = (OverlapPlace){ group, input };
  g_hash_table_insert(overlap->places, (gpointer)source, place);
}

/* Puts @source of input @input into the group of a source of an earlier input. */
static void overlap_match(TbOverlap *overlap, const GPtrArray *readers, const TbSource *source,
                          guint32 input, gboolean ranges_known)
{
  for (guint32 i = 0; i < input; i++) {
    const TbReader *reader = g_ptr_array_index(readers, i);
    for (guint s = 0; s < reader->sources->len; s++) {
      const TbSource *other = g_ptr_array_index(reader->sources, s);
      if (!sources_meet(source, other, ranges_known))
        continue;
      const OverlapPlace *place = g_hash_table_lookup(overlap->places, other);
      guint32 group = place ? place->group : g_hash_table_size(overlap->places);
      if (!place)
        overlap_add(overlap, other, group, i);
      overlap_add(overlap, source, group, input);
      return;
    }
  }
}

static inline guint64 hash_mix(guint64 hash, guint64 value)
{
  hash = (hash ^ value) * G_GUINT64_CONSTANT(0x9e3779b97f4a7c15);
  return hash ^ hash >> 32;
}

/* Two events of 64 equal bits count as one: nothing else at this moment is compared. */
static guint64 event_hash(const TbItem *event, guint32 group)
{
  guint64 hash = hash_mix((guint64)group << 32 | event->record->cpu, (guint64)event->record->kind << 32 | event->record->len);
  guint32 at = 0;
  hash = hash_mix(hash, event->record->kind == TB_RECORD_LOST ? event->record->value : 0);
  for (; at + 8 <= event->record->len; at += 8) {
    guint64 word;
    memcpy(&word, event->record->data + at, 8);
    hash = hash_mix(hash, word);
  }
  for (; at < event->record->len; at++)
    hash = hash_mix(hash, event->record->data[at]);
  return hash ? hash : 1;
}

static OverlapSlot *overlap_slot(OverlapSlot *slots, guint32 n_slots, guint64 hash, guint32 input)
{
  guint32 i = (guint32)hash_mix(hash, input) & (n_slots - 1);
  while (slots[i].hash && (slots[i].hash != hash || slots[i].input != input))
    i = (i + 1) & (n_slots - 1);
  return &slots[i];
}

static void overlap_grow(TbOverlap *overlap)
{
  OverlapSlot *slots = g_new0(OverlapSlot, (gsize)overlap->n_slots * 2);
  for (guint32 i = 0; i < overlap->n_slots; i++)
    if (overlap->slots[i].hash)
      *overlap_slot(slots, overlap->n_slots * 2, overlap->slots[i].hash,
                    overlap->slots[i].input) = overlap->slots[i];
  g_free(overlap->slots);
  overlap->slots = slots;
  overlap->n_slots *= 2;
}

static guint32 *overlap_count(TbOverlap *overlap, guint64 hash, guint32 input)
{
  if (overlap->n_used * 2 >= overlap->n_slots)
    overlap_grow(overlap);
  OverlapSlot *slot = overlap_slot(overlap->slots, overlap->n_slots, hash, input);
  if (!slot->hash) {
    *slot = (OverlapSlot){ hash, input, 0 };
    overlap->n_used++;
  }
  return &slot->count;
}

/* The table has done for its moment; a large one is not wiped for each of the next. */
static void overlap_begin(TbOverlap *overlap, gint64 moment)
{
  overlap->moment = moment;
  if (overlap->n_used == 0)
    return;
  if (overlap->n_slots > OVERLAP_SLOTS_MIN) {
    g_free(overlap->slots);
    overlap->slots = g_new0(OverlapSlot, OVERLAP_SLOTS_MIN);
    overlap->n_slots = OVERLAP_SLOTS_MIN;
  } else {
    memset(overlap->slots, 0, sizeof *overlap->slots * overlap->n_slots);
  }
  overlap->n_used = 0;
}

static gboolean overlap_is_repeat(TbOverlap *overlap, const TbItem *event)
{
  if (event->record->source != overlap->last_source) {
    overlap->last_source = event->record->source;
    overlap->last_place = g_hash_table_lookup(overlap->places, event->record->source);
  }
  const OverlapPlace *place = overlap->last_place;
  if (!place || (event->record->kind != TB_RECORD_EVENT && event->record->kind != TB_RECORD_LOST))
    return FALSE;
  if (event->time.ns != overlap->moment)
    overlap_begin(overlap, event->time.ns);
  if (overlap->n_used >= OVERLAP_MOMENT_MAX)
    return FALSE;
  guint64 hash = event_hash(event, place->group);
  guint32 came = ++*overlap_count(overlap, hash, place->input);
  guint32 *out = overlap_count(overlap, hash, OVERLAP_OUT);
  if (came <= *out)
    return TRUE;
  *out = came;
  return FALSE;
}

static TbVerdict overlap_apply(TbStage *stage, TbItem *item, GError **error)
{
  return overlap_is_repeat((TbOverlap *)stage, item) ? TB_STAGE_DROPS : TB_STAGE_KEEPS;
}

static void overlap_free(TbStage *stage)
{
  TbOverlap *overlap = (TbOverlap *)stage;
  g_hash_table_unref(overlap->places);
  g_free(overlap->slots);
  g_free(overlap);
}

static const TbStageOps overlap_ops = { .apply = overlap_apply, .free = overlap_free };

TbStage *tb_overlap_new(const GPtrArray *readers, gboolean ranges_known)
{
  TbOverlap *overlap = g_new0(TbOverlap, 1);
  overlap->stage = (TbStage){ &overlap_ops, TB_LEDGER_REPEATED };
  overlap->places = g_hash_table_new_full(NULL, NULL, NULL, g_free);
  for (guint32 i = 1; i < readers->len; i++) {
    const TbReader *reader = g_ptr_array_index(readers, i);
    for (guint s = 0; s < reader->sources->len; s++)
      overlap_match(overlap, readers, g_ptr_array_index(reader->sources, s), i, ranges_known);
  }
  if (g_hash_table_size(overlap->places) == 0) {
    overlap_free(&overlap->stage);
    return NULL;
  }
  overlap->n_slots = OVERLAP_SLOTS_MIN;
  overlap->slots = g_new0(OverlapSlot, overlap->n_slots);
  return &overlap->stage;
}
