/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Collecting for alignment; see align.h. */
#include "stages/align/align-private.h"

/* Few inputs may keep much of each. */
static guint32 align_most_samples(const TbAlign *align)
{
  guint inputs = MAX(1, align->options.readers->len);
  return CLAMP(TB_ALIGN_SAMPLES_ALL / inputs, TB_ALIGN_SAMPLES_MIN, TB_ALIGN_SAMPLES);
}

static TbAlignTrack *align_find_track(TbAlign *align, TbSource *source)
{
  gpointer track;
  if (!g_hash_table_lookup_extended(align->by_source, source, NULL, &track)) {
    track = source->frozen ? NULL : tb_align_track_new(source, align_most_samples(align));
    if (track)
      g_ptr_array_add(align->tracks, track);
    g_hash_table_insert(align->by_source, source, track);
  }
  align->last_source = source;
  align->last_track = track;
  return track;
}

static inline TbAlignTrack *align_track(TbAlign *align, TbSource *source)
{
  return source == align->last_source ? align->last_track : align_find_track(align, source);
}

static void align_fact(TbObserver *observer, const TbItem *item, const TbFact *fact)
{
  TbAlign *align = (TbAlign *)observer;
  TbAlignTrack *track = align_track(align, item->record->source);
  if (track)
    tb_align_track_fact(track, align->options.wire, item, fact);
}

static void align_event(TbObserver *observer, const TbItem *event)
{
  TbAlign *align = (TbAlign *)observer;
  if (event->record->kind != TB_RECORD_PACKET)
    return;
  TbAlignTrack *track = align_track(align, event->record->source);
  if (track)
    tb_align_track_packet(track, event, &align->options.wire->headers);
}

static gint compare_tracks(gconstpointer a, gconstpointer b)
{
  const TbSource *x = (*(TbAlignTrack *const *)a)->source, *y = (*(TbAlignTrack *const *)b)->source;
  return tb_source_compare(x, y);
}

static gboolean align_finish(TbObserver *observer, GError **error)
{
  TbAlign *align = (TbAlign *)observer;
  /* Results follow the sources' order, not that of the inputs. */
  g_ptr_array_sort(align->tracks, compare_tracks);
  tb_align_decide(align);
  tb_align_hosts(align);
  /* The samples have served. */
  g_hash_table_remove_all(align->by_source);
  g_hash_table_remove_all(align->ways);
  g_ptr_array_set_size(align->tracks, 0);
  align->last_source = NULL;
  return TRUE;
}

static void align_free(TbObserver *observer)
{
  TbAlign *align = (TbAlign *)observer;
  g_hash_table_unref(align->by_source);
  g_hash_table_unref(align->ways);
  g_hash_table_unref(align->reasons);
  g_ptr_array_unref(align->tracks);
  g_array_unref(align->pairs);
  g_free(align);
}

static const TbObserverOps align_ops = {
  .name = "align",
  .wants_packets = TRUE,
  .any_order = TRUE,
  .facts = TB_ALIGN_FACTS,
  .fact = align_fact,
  .event = align_event,
  .finish = align_finish,
  .free = align_free,
};

TbObserver *tb_align_new(const TbAlignOptions *options)
{
  TbAlign *align = g_new0(TbAlign, 1);
  align->observer.ops = &align_ops;
  align->options = *options;
  align->tracks = g_ptr_array_new_with_free_func((GDestroyNotify)tb_align_track_free);
  align->by_source = g_hash_table_new(NULL, NULL);
  align->ways = g_hash_table_new_full(NULL, NULL, NULL, g_free);
  align->reasons = g_hash_table_new_full(NULL, NULL, NULL, g_free);
  align->pairs = g_array_new(FALSE, TRUE, sizeof(TbHostPair));
  return &align->observer;
}

const char *tb_align_get_reason(const TbObserver *align, const TbSource *source)
{
  return g_hash_table_lookup(((const TbAlign *)align)->reasons, source);
}

const GArray *tb_align_get_pairs(const TbObserver *align)
{
  return ((const TbAlign *)align)->pairs;
}

void tb_align_note(TbAlign *align, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  g_ptr_array_add(align->options.notes, g_strdup_vprintf(format, args));
  va_end(args);
}
