/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From items to observers; see watch.h. */
#include "pass/watch.h"

#include "pass/facts.h"

enum { WATCH_FACTS = 31 }; /* the bit of a type's interest behind those of the observers */

struct _TbWatch {
  TbSink sink;
  const GPtrArray *observers;
  const GPtrArray *readers;
  const guint32 *n_types;
  guint32 n_announced; /* types below are known to the observers */
  guint32 takers[TB_RECORD_HEARTBEAT + 1]; /* by kind of records without a type: a bit for each */
  TbFacts *facts;
};

static void watch_announce_type(const TbWatch *watch, TbEventType *type)
{
  if (tb_facts_are_wanted(watch->facts, type))
    type->interest |= 1u << WATCH_FACTS;
  for (guint i = 0; i < watch->observers->len; i++) {
    TbObserver *observer = g_ptr_array_index(watch->observers, i);
    if (observer->ops->wants_type && observer->ops->wants_type(observer, type))
      type->interest |= 1u << i;
  }
}

/* Types come with their readers, and a few are met only while reading. */
static void watch_announce_types(TbWatch *watch)
{
  for (guint i = 0; i < watch->readers->len; i++) {
    const TbReader *reader = g_ptr_array_index(watch->readers, i);
    for (guint t = 0; t < reader->types->len; t++) {
      TbEventType *type = g_ptr_array_index(reader->types, t);
      if (type->id >= watch->n_announced)
        watch_announce_type(watch, type);
    }
  }
  watch->n_announced = *watch->n_types;
}

static inline void watch_show_to(const TbWatch *watch, guint index, const TbItem *item)
{
  TbObserver *observer = g_ptr_array_index(watch->observers, index);
  observer->ops->event(observer, item);
}

static void watch_event(TbWatch *watch, const TbItem *item)
{
  const TbEventType *type = item->record->type;
  if (G_UNLIKELY(type->id >= watch->n_announced))
    watch_announce_types(watch);
  guint32 interest = type->interest;
  if (G_LIKELY(interest & 1u << WATCH_FACTS))
    tb_facts_show(watch->facts, item);
  for (guint32 left = interest & ~(1u << WATCH_FACTS); left; left &= left - 1)
    watch_show_to(watch, (guint)__builtin_ctz(left), item);
}

static gboolean watch_take(TbSink *sink, const TbItem *item, GError **error)
{
  TbWatch *watch = (TbWatch *)sink;
  TbRecordKind kind = item->record->kind;
  if (G_LIKELY(kind == TB_RECORD_EVENT)) {
    watch_event(watch, item);
    return TRUE;
  }
  if (kind == TB_RECORD_LOST)
    tb_facts_lost(watch->facts, item);
  for (guint32 left = watch->takers[kind]; left; left &= left - 1)
    watch_show_to(watch, (guint)__builtin_ctz(left), item);
  return TRUE;
}

static const TbSinkOps watch_ops = { .take = watch_take };

TbWatch *tb_watch_new(const GPtrArray *observers, const GPtrArray *readers,
                      const guint32 *n_types)
{
  TbWatch *watch = g_new0(TbWatch, 1);
  watch->sink.ops = &watch_ops;
  watch->observers = observers;
  watch->readers = readers;
  watch->n_types = n_types;
  watch->facts = tb_facts_new(observers);
  for (guint i = 0; i < observers->len; i++) {
    const TbObserver *observer = g_ptr_array_index(observers, i);
    watch->takers[TB_RECORD_LOST] |= observer->ops->event ? 1u << i : 0;
    watch->takers[TB_RECORD_PACKET] |=
        observer->ops->event && observer->ops->wants_packets ? 1u << i : 0;
  }
  watch_announce_types(watch);
  return watch;
}

void tb_watch_free(TbWatch *watch)
{
  if (!watch)
    return;
  tb_facts_free(watch->facts);
  g_free(watch);
}

TbSink *tb_watch_get_sink(TbWatch *watch)
{
  return &watch->sink;
}

/* --- tables of recordings --- */

/* Takes the facts of one reader's tables; @item is of @moment. */
typedef struct {
  TbFactSink sink;
  TbFacts *facts;
  TbRecord moment;
  TbItem item;
} WatchSnapshot;

static void watch_snapshot_tell(TbFactSink *sink, const TbFact *fact)
{
  WatchSnapshot *snapshot = (WatchSnapshot *)sink;
  const TbRecord *moment = &snapshot->moment;
  snapshot->item = (TbItem){ .record = moment,
                             .time = tb_source_output_time(moment->source, moment->time),
                             .machine_time = tb_source_machine_time(moment->source,
                                                                      moment->time) };
  tb_facts_pass(snapshot->facts, &snapshot->item, fact);
}

void tb_watch_tell_snapshots(TbWatch *watch)
{
  for (guint i = 0; i < watch->readers->len; i++) {
    TbReader *reader = g_ptr_array_index(watch->readers, i);
    WatchSnapshot snapshot = { .sink = { tb_facts_get_wanted(watch->facts), watch_snapshot_tell },
                               .facts = watch->facts,
                               .moment = { .kind = TB_RECORD_HEARTBEAT, .tid = -1,
                                           .cpu = TB_CPU_NONE } };
    if (reader->format->tell_snapshot && snapshot.sink.wants)
      reader->format->tell_snapshot(reader, &snapshot.moment, &snapshot.sink);
  }
}

gboolean tb_watch_minds_order(const TbWatch *watch, gboolean has_events)
{
  for (guint i = 0; i < watch->observers->len; i++) {
    const TbObserver *observer = g_ptr_array_index(watch->observers, i);
    if ((observer->ops->wants_packets && !observer->ops->any_order) || has_events)
      return TRUE;
  }
  return FALSE;
}
