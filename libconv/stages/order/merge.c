/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The loser tree; see merge.h. Inner node i (1 .. n-1) keeps the loser of the
 * game between its children 2i and 2i+1, leaf l stands at place n+l, and the
 * overall winner is kept apart. The time of each loser stands in the node as a
 * 64-bit key, so that a replay walks one flat array; events are looked at only
 * where times are equal.
 */
#include "stages/order/merge.h"

#include <string.h>

#define MERGE_KEY_LAST G_MAXUINT64 /* of META and of ended inputs */
#define MERGE_NONE G_MAXUINT32

typedef enum { LEAF_RECORD, LEAF_TRAILING, LEAF_ENDED } LeafState;

typedef struct {
  guint64 key;
  guint64 leaf;
} MergeNode;

typedef struct {
  TbMergeInput input;
  LeafState state;
  guint64 last_key;
  guint64 unordered;
} MergeLeaf;

struct _TbMerge {
  guint n;
  gboolean stable; /* equal times by index alone */
  guint n_filled; /* leaves that had their first pull; the tree stands when all had */
  guint32 due;    /* leaf whose event was lent and which is pulled next, or MERGE_NONE */
  MergeNode winner;
  MergeNode *nodes;
  TbItem *events;
  MergeLeaf *leaves;
};

TbMerge *tb_merge_new(const TbMergeInput *inputs, guint n)
{
  TbMerge *merge = g_new0(TbMerge, 1);
  merge->n = n;
  merge->due = MERGE_NONE;
  merge->winner = (MergeNode){ MERGE_KEY_LAST, 0 };
  merge->nodes = g_new0(MergeNode, MAX(n, 1));
  merge->events = g_new0(TbItem, MAX(n, 1));
  merge->leaves = g_new0(MergeLeaf, MAX(n, 1));
  for (guint i = 0; i < n; i++)
    merge->leaves[i].input = inputs[i];
  return merge;
}

TbMerge *tb_merge_new_stable(const TbMergeInput *inputs, guint n)
{
  TbMerge *merge = tb_merge_new(inputs, n);
  merge->stable = TRUE;
  return merge;
}

void tb_merge_free(TbMerge *merge)
{
  if (!merge)
    return;
  g_free(merge->nodes);
  g_free(merge->events);
  g_free(merge->leaves);
  g_free(merge);
}

guint64 tb_merge_get_unordered(const TbMerge *merge, guint index)
{
  g_return_val_if_fail(index < merge->n, 0);
  return merge->leaves[index].unordered;
}

gint tb_merge_compare_trailing(const TbItem *a, const TbItem *b)
{
  guint32 rank_a = a->record->source->rank, rank_b = b->record->source->rank;
  if (rank_a != rank_b)
    return rank_a < rank_b ? -1 : 1;
  return tb_record_compare_bytes(a->record, b->record);
}

/* Whether leaf @a goes before leaf @b, their keys being equal. */
static G_GNUC_NO_INLINE gboolean merge_equal_before(const TbMerge *merge, guint32 a, guint32 b)
{
  LeafState state_a = merge->leaves[a].state, state_b = merge->leaves[b].state;
  gint order = 0;
  if (state_a != state_b)
    return state_a < state_b;
  if (merge->stable)
    return a < b;
  if (state_a == LEAF_RECORD)
    order = tb_item_compare(&merge->events[a], &merge->events[b]);
  else if (state_a == LEAF_TRAILING)
    order = tb_merge_compare_trailing(&merge->events[a], &merge->events[b]);
  return order ? order < 0 : a < b;
}

static inline gboolean merge_before(const TbMerge *merge, MergeNode a, MergeNode b)
{
  if (G_LIKELY(a.key != b.key))
    return a.key < b.key;
  return merge_equal_before(merge, (guint32)a.leaf, (guint32)b.leaf);
}

/* Plays all games once all leaves are filled. */
static void merge_build(TbMerge *merge)
{
  guint n = merge->n;
  g_autofree MergeNode *winners = g_new(MergeNode, 2 * (gsize)n);
  for (guint i = 0; i < n; i++)
    winners[n + i] = (MergeNode){ merge->leaves[i].last_key, i };
  for (guint node = n - 1; node >= 1; node--) {
    MergeNode left = winners[2 * node], right = winners[2 * node + 1];
    gboolean left_wins = merge_before(merge, left, right);
    winners[node] = left_wins ? left : right;
    merge->nodes[node] = left_wins ? right : left;
  }
  merge->winner = winners[1];
}

/*
 * Leaf @leaf has a new key: plays its games again up to the top. Who wins cannot be
 * foretold, so winner and loser change places by masks, not by a branch.
 */
static inline void merge_replay(TbMerge *merge, guint32 leaf, guint64 key)
{
  MergeNode *nodes = merge->nodes;
  guint64 winner = leaf;
  for (guint i = (leaf + merge->n) / 2; i >= 1; i /= 2) {
    guint64 other_key = nodes[i].key, other = nodes[i].leaf;
    gboolean other_wins = other_key < key;
    if (G_UNLIKELY(other_key == key))
      other_wins = merge_equal_before(merge, (guint32)other, (guint32)winner);
    guint64 mask = 0 - (guint64)other_wins;
    guint64 swap_key = (other_key ^ key) & mask, swap = (other ^ winner) & mask;
    nodes[i] = (MergeNode){ other_key ^ swap_key, other ^ swap };
    key ^= swap_key;
    winner ^= swap;
  }
  merge->winner = (MergeNode){ key, winner };
}

/* Pulls one event into @leaf and leaves its key in last_key. */
static inline TbReadResult merge_pull(TbMerge *merge, guint32 leaf_index, GError **error)
{
  MergeLeaf *leaf = &merge->leaves[leaf_index];
  TbItem *event = &merge->events[leaf_index];
  TbReadResult result = leaf->input.next(leaf->input.data, leaf->input.stream, event, error);
  if (G_LIKELY(result == TB_READ_RECORD)) {
    gboolean trailing = tb_item_is_trailing(event);
    guint64 key = trailing ? G_MAXUINT64 : tb_merge_time_key(event->time);
    if (G_UNLIKELY(key < leaf->last_key))
      leaf->unordered++;
    leaf->state = trailing ? LEAF_TRAILING : LEAF_RECORD;
    leaf->last_key = key;
  } else if (result != TB_READ_DAMAGED) {
    leaf->state = LEAF_ENDED;
    leaf->last_key = MERGE_KEY_LAST;
  }
  return result;
}

/* First pulls. Returns END when the tree stands, else what the caller must hear of. */
static TbReadResult merge_fill(TbMerge *merge, guint *input_index, GError **error)
{
  while (merge->n_filled < merge->n) {
    guint32 leaf = merge->n_filled;
    TbReadResult result = merge_pull(merge, leaf, error);
    if (result != TB_READ_DAMAGED)
      merge->n_filled++;
    if (merge->n_filled == merge->n)
      merge_build(merge);
    if (result == TB_READ_DAMAGED || result == TB_READ_ERROR) {
      *input_index = leaf;
      return result;
    }
  }
  return TB_READ_END;
}

TbReadResult tb_merge_next(TbMerge *merge, TbItem **event, guint *input_index,
                           GError **error)
{
  if (G_LIKELY(merge->due != MERGE_NONE)) {
    guint32 leaf = merge->due;
    TbReadResult result = merge_pull(merge, leaf, error);
    if (G_UNLIKELY(result == TB_READ_DAMAGED)) {
      *input_index = leaf;
      return result;
    }
    merge->due = MERGE_NONE;
    merge_replay(merge, leaf, merge->leaves[leaf].last_key);
    if (G_UNLIKELY(result == TB_READ_ERROR)) {
      *input_index = leaf;
      return result;
    }
  } else if (merge->n_filled < merge->n) {
    TbReadResult result = merge_fill(merge, input_index, error);
    if (result != TB_READ_END)
      return result;
  }
  guint32 leaf = (guint32)merge->winner.leaf;
  if (G_UNLIKELY(merge->n == 0 || merge->leaves[leaf].state == LEAF_ENDED))
    return TB_READ_END;
  merge->due = leaf;
  *event = &merge->events[leaf];
  *input_index = leaf;
  return TB_READ_RECORD;
}
