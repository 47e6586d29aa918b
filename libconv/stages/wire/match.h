/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What recordings tell meets what was captured, by length and time. Three stages ask, each with a
 * TbMatchRule of its own; what they have in common is here: finding by length and time, residuals
 * (how far apart what belongs together lies) and what they say, and pairs one to one.
 *
 *   alignment  does not know yet how far apart both clocks are, and that may change while it goes
 *              on: it takes pairs in order, each where the last residuals make it expect one
 *              (align-vote.c). Its residuals are the result.
 *   owners     compare samples of both sides, so that either side may lack what the other has: the
 *              nearest pairs come first (tb_match_best_first()).
 *   links      compare all of both sides, which do not fit memory, and leave out whatever may be
 *              one or the other: runs (tb_match_runs_new()).
 *
 * A run says nothing where samples are missing from it, and nearest pairs say too much where a wrong
 * one must not be: so pairs are made in three ways, over one measure.
 */
#pragma once

#include "stages/wire/buffers.h"

#include <glib.h>

G_BEGIN_DECLS

/**
 * TbMatchRule: what an asker takes for near
 * @far_ns: where residuals are looked for before anything is known
 * @least_ns, @most_ns: bounds of how far from the usual residual a pair may lie
 * @clear_ns: the least by which the second best must be worse
 */
typedef struct {
  gint64 far_ns;
  gint64 least_ns;
  gint64 most_ns;
  gint64 clear_ns;
} TbMatchRule;

/* Natively 1 us is usual, and more when caches are cold. */
extern const TbMatchRule tb_match_of_owners;
extern const TbMatchRule tb_match_of_links;

/**
 * TbMatchFit: how pairs lie
 * @usual_ns: residual: time of the packet minus that of what a recording tells
 * @near_ns: how far from that a pair may lie
 * @clear_ns: a second candidate is worse by at least so much; 0 = nothing is compared
 */
typedef struct {
  gint64 usual_ns;
  gint64 near_ns;
  gint64 clear_ns;
} TbMatchFit;

/**
 * TbMatchSide: @n structs of @stride bytes, by length and then time
 * @time_off: of a gint64, in ns
 * @len_off: of a guint32: bytes from the network header on
 */
typedef struct {
  const guint8 *items;
  guint n;
  gsize stride;
  gsize time_off;
  gsize len_off;
} TbMatchSide;

#define TB_MATCH_SIDE(array, Type, time, len)                                              \
  ((TbMatchSide){ (const guint8 *)(array)->data, (array)->len, sizeof(Type),               \
                  offsetof(Type, time), offsetof(Type, len) })

static inline gint64 tb_match_time(const TbMatchSide *side, guint i)
{
  return *(const gint64 *)(gconstpointer)(side->items + i * side->stride + side->time_off);
}

static inline guint32 tb_match_len(const TbMatchSide *side, guint i)
{
  return *(const guint32 *)(gconstpointer)(side->items + i * side->stride + side->len_off);
}

/** tb_match_lower: the first one of @len at or behind @time_ns, or the first longer one */
guint tb_match_lower(const TbMatchSide *side, guint32 len, gint64 time_ns);

/** tb_match_nearest: from @time_ns to the one of @len nearest to it; G_MAXINT64 = there is none */
gint64 tb_match_nearest(const TbMatchSide *side, guint32 len, gint64 time_ns);

/* --- residuals: arrays of gint64, in ns --- */

gint tb_match_compare_ns(gconstpointer a, gconstpointer b);

/** tb_match_part: of @n sorted values the one that @tenths of ten lie below; 0 where there are none */
static inline gint64 tb_match_part(const gint64 *sorted, guint n, guint tenths)
{
  return n ? sorted[(guint64)n * tenths / 10] : 0;
}

/** tb_match_median: sorts @values */
gint64 tb_match_median(gint64 *values, guint n);

/** tb_match_measure: their median, and how near to it half of them lie: @values become the sorted distances */
void tb_match_measure(gint64 *values, guint n, gint64 *middle_ns, gint64 *spread_ns);

/* --- pairs --- */

/** TbMatchPair: places of a packet and of a sample, @ns from the usual residual */
typedef struct {
  gint64 ns;
  guint32 packet;
  guint32 sample;
} TbMatchPair;

/**
 * tb_match_best_first: one to one, the nearest pairs first, of each packet the nearest few. Where
 * the two nearest samples of a packet are about equally near and differ, it has none.
 * @packets: in any order; @samples: sorted
 * @who_off: of a gint32 in a sample: what makes two of them differ
 *
 * Returns: (transfer full) (element-type TbMatchPair)
 */
GArray *tb_match_best_first(const TbMatchSide *packets, const TbMatchSide *samples, gsize who_off,
                            const TbMatchFit *fit);

/**
 * TbMatchItem: a buffer or a packet that goes by
 * @time_ns: of a packet; of a buffer, when its packet should be stamped
 * @what: the asker's own
 */
typedef struct {
  gint64 time_ns;
  guint32 len;
  guint32 cpu;
  TbWireWay way;
  gboolean is_packet;
  guint64 what[2];
} TbMatchItem;

/** TbMatchRuns: buffers and packets that go by in order of time; see match-runs.c */
typedef struct _TbMatchRuns TbMatchRuns;

typedef void (*TbMatchFound)(gpointer data, const TbMatchItem *buffer, const TbMatchItem *packet);

/**
 * tb_match_runs_new: @fits: by way
 * @by_way: packets say which way they go, and meet only buffers of that
 * @found: is told each pair
 */
TbMatchRuns *tb_match_runs_new(const TbMatchFit *fits, gboolean by_way, TbMatchFound found,
                               gpointer data);
void tb_match_runs_free(TbMatchRuns *runs);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TbMatchRuns, tb_match_runs_free)
/** tb_match_runs_add: the next item in order of time; copied */
void tb_match_runs_add(TbMatchRuns *runs, const TbMatchItem *item);
/** tb_match_runs_end: no more items */
void tb_match_runs_end(TbMatchRuns *runs);

G_END_DECLS
