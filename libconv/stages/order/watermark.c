/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The order of live streams; see watermark.h. Waiting items lie in a heap, copied. */
#include "stages/order/watermark.h"

#include "stages/order/sort-runs.h"

enum { WATERMARK_PULLS = 256 }; /* of one stream in one go */

/* A stream, and up to which time it has told all it has. */
typedef struct {
  TbMergeInput input;
  guint64 passed; /* as a merge key */
  gboolean ended;
} WatermarkStream;

typedef struct {
  guint64 key;
  guint64 number; /* of arrival: items of one stream keep their order */
  gint64 arrived_ns;
  guint64 bytes;
  guint stream;
  guint8 *stored;
} Waiting;

struct _TbWatermark {
  TbWatermarkOptions options;
  WatermarkStream *streams;
  guint n_streams;
  guint polled;    /* streams before this one have said what they have in this round */
  GArray *heap;    /* Waiting, the first to leave at its root */
  guint64 held_bytes;
  guint64 arrivals;
  guint64 left_key; /* of the latest item that has left */
  gboolean late;
  guint64 early;
  guint8 *lent_bytes;
  TbStored lent;
};

TbWatermark *tb_watermark_new(const TbMergeInput *inputs, guint n,
                              const TbWatermarkOptions *options)
{
  TbWatermark *watermark = g_new0(TbWatermark, 1);
  watermark->options = *options;
  watermark->streams = g_new0(WatermarkStream, MAX(n, 1));
  watermark->n_streams = n;
  watermark->heap = g_array_new(FALSE, FALSE, sizeof(Waiting));
  for (guint i = 0; i < n; i++)
    watermark->streams[i].input = inputs[i];
  return watermark;
}

void tb_watermark_free(TbWatermark *watermark)
{
  if (!watermark)
    return;
  for (guint i = 0; i < watermark->heap->len; i++)
    g_free(g_array_index(watermark->heap, Waiting, i).stored);
  g_array_unref(watermark->heap);
  g_free(watermark->lent_bytes);
  g_free(watermark->streams);
  g_free(watermark);
}

/* --- the heap --- */

static gboolean waiting_before(const Waiting *a, const Waiting *b)
{
  if (a->key != b->key)
    return a->key < b->key;
  if (a->stream != b->stream) {
    TbStored x, y;
    tb_stored_get(a->stored, &x);
    tb_stored_get(b->stored, &y);
    gint order = tb_item_compare(&x.item, &y.item);
    return order ? order < 0 : a->stream < b->stream;
  }
  return a->number < b->number;
}

static Waiting *heap_at(const TbWatermark *watermark, guint i)
{
  return &g_array_index(watermark->heap, Waiting, i);
}

static void heap_swap(const TbWatermark *watermark, guint a, guint b)
{
  Waiting kept = *heap_at(watermark, a);
  *heap_at(watermark, a) = *heap_at(watermark, b);
  *heap_at(watermark, b) = kept;
}

static void heap_push(TbWatermark *watermark, const Waiting *waiting)
{
  guint at = watermark->heap->len;
  g_array_append_vals(watermark->heap, waiting, 1);
  watermark->held_bytes += waiting->bytes;
  while (at > 0 && waiting_before(heap_at(watermark, at), heap_at(watermark, (at - 1) / 2))) {
    heap_swap(watermark, at, (at - 1) / 2);
    at = (at - 1) / 2;
  }
}

static Waiting heap_pop(TbWatermark *watermark)
{
  Waiting first = *heap_at(watermark, 0);
  guint n = watermark->heap->len - 1, at = 0;
  *heap_at(watermark, 0) = *heap_at(watermark, n);
  g_array_set_size(watermark->heap, n);
  watermark->held_bytes -= first.bytes;
  for (;;) {
    guint least = at;
    for (guint child = 2 * at + 1; child <= 2 * at + 2 && child < n; child++)
      if (waiting_before(heap_at(watermark, child), heap_at(watermark, least)))
        least = child;
    if (least == at)
      return first;
    heap_swap(watermark, at, least);
    at = least;
  }
}

/* --- taking in --- */

static void watermark_take(TbWatermark *watermark, guint stream, const TbItem *item)
{
  Waiting waiting = { .key = tb_merge_key(item), .number = watermark->arrivals++,
                      .arrived_ns = watermark->options.now(watermark->options.data),
                      .bytes = tb_stored_bytes(item), .stream = stream };
  WatermarkStream *from = &watermark->streams[stream];
  if (waiting.key != G_MAXUINT64)
    from->passed = MAX(from->passed, waiting.key);
  if (item->record->kind == TB_RECORD_HEARTBEAT)
    return;
  waiting.stored = g_malloc((gsize)waiting.bytes);
  tb_stored_put(waiting.stored, item);
  heap_push(watermark, &waiting);
}

/* What one stream has by now. Returns: AGAIN or END as it is, or what must be told first */
static TbReadResult watermark_poll_stream(TbWatermark *watermark, guint stream, GError **error)
{
  WatermarkStream *from = &watermark->streams[stream];
  TbItem item;
  for (guint n = 0; n < WATERMARK_PULLS && !from->ended; n++) {
    TbReadResult result = from->input.next(from->input.data, from->input.stream, &item, error);
    from->ended = result == TB_READ_END || result == TB_READ_ERROR;
    if (result != TB_READ_RECORD)
      return result;
    watermark_take(watermark, stream, &item);
  }
  return from->ended ? TB_READ_END : TB_READ_AGAIN;
}

/* One round over all streams, which damage may interrupt. */
static TbReadResult watermark_poll(TbWatermark *watermark, guint *input, GError **error)
{
  while (watermark->polled < watermark->n_streams) {
    *input = watermark->polled;
    TbReadResult result = watermark_poll_stream(watermark, watermark->polled, error);
    if (result == TB_READ_DAMAGED)
      return result;
    watermark->polled++;
    if (result == TB_READ_ERROR)
      return result;
  }
  watermark->polled = 0;
  return TB_READ_AGAIN;
}

/* --- letting go --- */

static gboolean watermark_have_passed(const TbWatermark *watermark, guint64 key)
{
  for (guint i = 0; i < watermark->n_streams; i++)
    if (!watermark->streams[i].ended && watermark->streams[i].passed <= key)
      return FALSE;
  return TRUE;
}

static gboolean watermark_may_leave(TbWatermark *watermark)
{
  if (watermark->heap->len == 0)
    return FALSE;
  const Waiting *first = heap_at(watermark, 0);
  if (watermark_have_passed(watermark, first->key))
    return TRUE;
  if (watermark->held_bytes > watermark->options.max_bytes) {
    watermark->early++;
    return TRUE;
  }
  return watermark->options.now(watermark->options.data) - first->arrived_ns >=
         watermark->options.delay_ns;
}

static TbReadResult watermark_lend(TbWatermark *watermark, TbItem **item, guint *input)
{
  Waiting first = heap_pop(watermark);
  g_free(watermark->lent_bytes);
  watermark->lent_bytes = first.stored;
  tb_stored_get(first.stored, &watermark->lent);
  watermark->late = first.key < watermark->left_key;
  watermark->left_key = MAX(watermark->left_key, first.key);
  *item = &watermark->lent.item;
  *input = first.stream;
  return TB_READ_RECORD;
}

TbReadResult tb_watermark_next(TbWatermark *watermark, TbItem **item, guint *input,
                               GError **error)
{
  if (watermark_may_leave(watermark))
    return watermark_lend(watermark, item, input);
  TbReadResult result = watermark_poll(watermark, input, error);
  if (result != TB_READ_AGAIN)
    return result;
  if (watermark_may_leave(watermark))
    return watermark_lend(watermark, item, input);
  return watermark->heap->len == 0 && watermark_have_passed(watermark, G_MAXUINT64)
             ? TB_READ_END
             : TB_READ_AGAIN;
}

gboolean tb_watermark_is_late(const TbWatermark *watermark)
{
  return watermark->late;
}

guint64 tb_watermark_get_early(const TbWatermark *watermark)
{
  return watermark->early;
}
