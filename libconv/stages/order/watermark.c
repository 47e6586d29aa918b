/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The order of live streams; see watermark.h. Items wait, copied, in a queue for each stream, so
 * that a stream's own order is kept as a merge keeps it. Only streams of which nothing waits can
 * hold others up; they are asked first. The rest is read ahead no further than memory allows.
 */
#include "stages/order/watermark.h"

#include "stages/order/sort-runs.h"

#include <string.h>

/**
 * WatermarkStream: a stream and what waits of it
 * @queue: (element-type Waiting): in order of time
 * @passed: up to which time it has told all it has, as a merge key
 * @silent: it had nothing when it was asked last in this call
 */
typedef struct {
  TbMergeInput input;
  GQueue queue;
  guint64 passed;
  gboolean silent;
  gboolean ended;
} WatermarkStream;

/* An item that waits: a link of its stream's queue and of the one in order of arrival. */
typedef struct {
  GList in_stream;
  GList in_arrivals;
  guint64 key;
  gint64 arrived_ns;
  guint64 bytes;
  guint stream;
  TbStored stored;
  guint8 copy[];
} Waiting;

struct _TbWatermark {
  TbWatermarkOptions options;
  WatermarkStream *streams;
  guint n_streams;
  GQueue arrivals; /* (element-type Waiting) */
  guint64 held_bytes;
  guint64 left_key; /* the greatest of items that have left */
  gboolean stopped;
  gboolean late;
  guint64 early;
  Waiting *lent;
};

TbWatermark *tb_watermark_new(const TbMergeInput *inputs, guint n,
                              const TbWatermarkOptions *options)
{
  TbWatermark *watermark = g_new0(TbWatermark, 1);
  watermark->options = *options;
  watermark->streams = g_new0(WatermarkStream, MAX(n, 1));
  watermark->n_streams = n;
  for (guint i = 0; i < n; i++)
    watermark->streams[i].input = inputs[i];
  return watermark;
}

void tb_watermark_free(TbWatermark *watermark)
{
  if (!watermark)
    return;
  for (GList *link = watermark->arrivals.head, *next; link; link = next) {
    next = link->next;
    g_free(link->data);
  }
  g_free(watermark->lent);
  g_free(watermark->streams);
  g_free(watermark);
}

void tb_watermark_stop(TbWatermark *watermark)
{
  watermark->stopped = TRUE;
}

/* --- taking in --- */

/* Behind all that is not later: as a rule at the end. */
static void watermark_enqueue(GQueue *queue, Waiting *waiting)
{
  GList *at = queue->tail;
  while (at && ((const Waiting *)at->data)->key > waiting->key)
    at = at->prev;
  if (at)
    g_queue_insert_after_link(queue, at, &waiting->in_stream);
  else
    g_queue_push_head_link(queue, &waiting->in_stream);
}

static void watermark_take(TbWatermark *watermark, guint stream, const TbItem *item)
{
  WatermarkStream *from = &watermark->streams[stream];
  guint64 key = tb_merge_key(item);
  if (!tb_item_is_trailing(item))
    from->passed = MAX(from->passed, key);
  if (item->record->kind == TB_RECORD_HEARTBEAT)
    return;
  guint64 bytes = sizeof(Waiting) + tb_stored_bytes(item);
  Waiting *waiting = g_malloc((gsize)bytes);
  *waiting = (Waiting){ .in_stream.data = waiting, .in_arrivals.data = waiting, .key = key,
                        .arrived_ns = watermark->options.now(watermark->options.data),
                        .bytes = bytes, .stream = stream };
  tb_stored_put(waiting->copy, item);
  tb_stored_get(waiting->copy, &waiting->stored);
  watermark_enqueue(&from->queue, waiting);
  g_queue_push_tail_link(&watermark->arrivals, &waiting->in_arrivals);
  watermark->held_bytes += bytes;
}

static TbReadResult watermark_pull(TbWatermark *watermark, guint stream, GError **error)
{
  WatermarkStream *from = &watermark->streams[stream];
  TbItem item;
  TbReadResult result = from->input.next(from->input.data, from->input.stream, &item, error);
  if (result == TB_READ_RECORD)
    watermark_take(watermark, stream, &item);
  from->silent = result == TB_READ_AGAIN;
  from->ended = result == TB_READ_END || result == TB_READ_ERROR;
  return result;
}

static gboolean watermark_can_ask(const TbWatermark *watermark, const WatermarkStream *stream)
{
  return !watermark->stopped && !stream->ended && !stream->silent;
}

static gboolean watermark_is_told(TbReadResult result)
{
  return result == TB_READ_DAMAGED || result == TB_READ_ERROR;
}

static gboolean watermark_is_full(const TbWatermark *watermark)
{
  return watermark->held_bytes >= watermark->options.max_bytes;
}

/* What the streams have by now, as far as it may wait. Returns: AGAIN, or what must be told first */
static TbReadResult watermark_read_ahead(TbWatermark *watermark, guint *input, GError **error)
{
  for (guint i = 0; i < watermark->n_streams; i++)
    while (watermark_can_ask(watermark, &watermark->streams[i]) &&
           !watermark_is_full(watermark)) {
      TbReadResult result = watermark_pull(watermark, i, error);
      *input = i;
      if (watermark_is_told(result))
        return result;
    }
  return TB_READ_AGAIN;
}

/* --- letting go --- */

static gboolean waiting_before(const Waiting *a, const Waiting *b)
{
  if (a->key != b->key)
    return a->key < b->key;
  gboolean a_trails = tb_item_is_trailing(&a->stored.item);
  if (a_trails != tb_item_is_trailing(&b->stored.item))
    return !a_trails;
  gint order = a_trails ? tb_merge_compare_trailing(&a->stored.item, &b->stored.item)
                        : tb_item_compare(&a->stored.item, &b->stored.item);
  return order ? order < 0 : a->stream < b->stream;
}

static Waiting *watermark_first(const TbWatermark *watermark)
{
  Waiting *first = NULL;
  for (guint i = 0; i < watermark->n_streams; i++) {
    Waiting *head = g_queue_peek_head(&watermark->streams[i].queue);
    if (head && (!first || waiting_before(head, first)))
      first = head;
  }
  return first;
}

/*
 * Whether a stream of which nothing waits may still have something that precedes @first (NULL =
 * whatever it has is welcome). @found: (out): such a stream, one that can be asked before others
 */
static gboolean watermark_find_blocker(const TbWatermark *watermark, const Waiting *first,
                                       guint *found)
{
  gboolean any = FALSE;
  for (guint i = 0; i < watermark->n_streams; i++) {
    const WatermarkStream *stream = &watermark->streams[i];
    if (stream->ended || watermark->stopped || stream->queue.head ||
        (first && stream->passed > first->key))
      continue;
    any = TRUE;
    *found = i;
    if (!stream->silent)
      return TRUE;
  }
  return any;
}

/* Whatever has waited for long enough takes along what stands before it. */
static gboolean watermark_is_due(const TbWatermark *watermark, const Waiting *first)
{
  return first && !tb_item_is_trailing(&first->stored.item) &&
         (watermark_is_full(watermark) || tb_watermark_get_wait(watermark) == 0);
}

static TbReadResult watermark_lend(TbWatermark *watermark, Waiting *first, TbItem **item,
                                   guint *input)
{
  g_queue_unlink(&watermark->streams[first->stream].queue, &first->in_stream);
  g_queue_unlink(&watermark->arrivals, &first->in_arrivals);
  watermark->held_bytes -= first->bytes;
  g_free(watermark->lent);
  watermark->lent = first;
  watermark->late = first->key < watermark->left_key;
  watermark->left_key = MAX(watermark->left_key, first->key);
  *item = &first->stored.item;
  *input = first->stream;
  return TB_READ_RECORD;
}

/* No stream is asked twice in one call once it had nothing. */
static TbReadResult watermark_ask(TbWatermark *watermark, guint stream, guint *input,
                                  GError **error)
{
  *input = stream;
  return watermark->streams[stream].silent ? watermark_read_ahead(watermark, input, error)
                                           : watermark_pull(watermark, stream, error);
}

TbReadResult tb_watermark_next(TbWatermark *watermark, TbItem **item, guint *input,
                               GError **error)
{
  for (guint i = 0; i < watermark->n_streams; i++)
    watermark->streams[i].silent = FALSE;
  for (;;) {
    Waiting *first = watermark_first(watermark);
    guint blocker = 0;
    if (!watermark_find_blocker(watermark, first, &blocker))
      return first ? watermark_lend(watermark, first, item, input) : TB_READ_END;
    gboolean is_silent = watermark->streams[blocker].silent;
    if (is_silent && watermark_is_due(watermark, first)) {
      watermark->early += tb_watermark_get_wait(watermark) > 0;
      return watermark_lend(watermark, first, item, input);
    }
    TbReadResult result = watermark_ask(watermark, blocker, input, error);
    if (watermark_is_told(result) ||
        (is_silent && !watermark_is_due(watermark, watermark_first(watermark))))
      return result;
  }
}

gint64 tb_watermark_get_wait(const TbWatermark *watermark)
{
  const TbWatermarkOptions *options = &watermark->options;
  const GList *oldest = watermark->arrivals.head;
  while (oldest && tb_item_is_trailing(&((const Waiting *)oldest->data)->stored.item))
    oldest = oldest->next;
  if (!oldest)
    return G_MAXINT64;
  gint64 waited = options->now(options->data) - ((const Waiting *)oldest->data)->arrived_ns;
  return MAX(options->delay_ns - waited, 0);
}

gboolean tb_watermark_is_late(const TbWatermark *watermark)
{
  return watermark->late;
}

guint64 tb_watermark_get_early(const TbWatermark *watermark)
{
  return watermark->early;
}

guint64 tb_watermark_get_held_bytes(const TbWatermark *watermark)
{
  return watermark->held_bytes;
}
