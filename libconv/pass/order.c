/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sorters and the merge of one pass; see order.h. */
#include "pass/order.h"

struct _TbOrder {
  const TbLimits *limits;
  const char *spill_folder;
  GPtrArray *streams; /* TbStream */
  GPtrArray *sorters; /* TbSort */
  GArray *inputs;     /* TbMergeInput */
  TbMerge *merge;     /* NULL until the first item is asked for, or where one stream is all */
  TbItem item;        /* of the only stream */
};

TbOrder *tb_order_new(const TbLimits *limits, const char *spill_folder)
{
  TbOrder *order = g_new0(TbOrder, 1);
  order->limits = limits;
  order->spill_folder = spill_folder;
  order->streams = g_ptr_array_new();
  order->sorters = g_ptr_array_new_with_free_func((GDestroyNotify)tb_sort_free);
  order->inputs = g_array_new(FALSE, FALSE, sizeof(TbMergeInput));
  return order;
}

void tb_order_free(TbOrder *order)
{
  if (!order)
    return;
  tb_merge_free(order->merge);
  g_ptr_array_unref(order->sorters);
  g_ptr_array_unref(order->streams);
  g_array_unref(order->inputs);
  g_free(order);
}

void tb_order_add(TbOrder *order, TbStream *stream)
{
  TbMergeInput input = tb_stream_begin(stream);
  if (order->limits && stream->unordered) {
    TbSort *sorter = tb_sort_new(&input, order->limits, order->spill_folder);
    g_ptr_array_add(order->sorters, sorter);
    input = tb_sort_get_input(sorter);
  }
  g_ptr_array_add(order->streams, stream);
  g_array_append_val(order->inputs, input);
}

/* One stream is in order by itself. */
static TbReadResult order_next_alone(TbOrder *order, TbItem **item, GError **error)
{
  const TbMergeInput *only = &g_array_index(order->inputs, TbMergeInput, 0);
  *item = &order->item;
  return only->next(only->data, only->stream, &order->item, error);
}

TbReadResult tb_order_next(gpointer data, TbItem **item, TbStream **stream, GError **error)
{
  TbOrder *order = data;
  guint index = 0;
  TbReadResult result;
  if (G_LIKELY(order->merge)) {
    result = tb_merge_next(order->merge, item, &index, error);
  } else if (order->inputs->len == 1) {
    result = order_next_alone(order, item, error);
  } else {
    order->merge = tb_merge_new((const TbMergeInput *)(gconstpointer)order->inputs->data,
                                order->inputs->len);
    result = tb_merge_next(order->merge, item, &index, error);
  }
  if (G_LIKELY(result == TB_READ_RECORD))
    *stream = g_ptr_array_index(order->streams, index);
  return result;
}

guint tb_order_get_sorted(const TbOrder *order)
{
  return order->sorters->len;
}
