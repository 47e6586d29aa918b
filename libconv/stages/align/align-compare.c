/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One recording against one capture: the vote for each device, parts of the
 * capture where the whole gives none (a drift, a clock that was set), and the
 * steps in between. See align-private.h.
 */
#include "stages/align/align-private.h"

#include <math.h>

enum {
  COMPARE_DEPTH = 4,       /* halvings of a capture */
  COMPARE_PART_MIN = 40,   /* packets of a part */
  COMPARE_REST_MIN = 20,   /* packets without matches that are voted on again */
  COMPARE_STEPS = 8,
  COMPARE_COMPLETE_MIN = 1000, /* packets of lengths that are kept completely */
  COMPARE_SPREADS = 8,     /* residuals lie within so many median distances */
  COMPARE_STEP_NS = 50000, /* a smaller jump is scatter */
};

/* A part was chosen among several, so it must convince more. */
#define COMPARE_PART_CONFIDENCE 2.0
#define COMPARE_PART_SHARE 0.6

/* Of the matches: right ones agree to 0.97 and more, those of a similar recording to 0.2 - 0.9. */
#define COMPARE_AGREEING_MIN 0.93
/* Of the vote's score: what is lost when matches are looked at closely fell together by chance. */
#define COMPARE_KEPT_MIN 0.8
#define COMPARE_AGREEING_APART 0.1

#define TAI_MINUS_UTC_NS (37 * G_GINT64_CONSTANT(1000000000))

typedef struct {
  TbAlignIndex *index;
  const TbAlignTrack *capture;
  const GArray *packets;
  gboolean drifts;
  gint64 resolution_ns;
  gint64 wishes[3];
  guint n_wishes;
  guint budget;
} Comparison;

void tb_align_result_clear(TbAlignResult *result)
{
  g_clear_pointer(&result->steps, g_array_unref);
}

static GArray *packets_slice(const GArray *packets, guint from, guint to)
{
  GArray *slice = g_array_new(FALSE, FALSE, sizeof(TbAlignPacket));
  g_array_append_vals(slice, &g_array_index(packets, TbAlignPacket, from), to - from);
  return slice;
}

static gboolean compare_part(const Comparison *c, guint from, guint to, TbAlignVote *vote)
{
  TbAlignVote part;
  if (to - from < COMPARE_PART_MIN)
    return FALSE;
  g_autoptr(GArray) slice = packets_slice(c->packets, from, to);
  if (!tb_align_vote(c->index, slice, c->capture->groups, c->wishes, c->n_wishes, c->budget / 4,
                     &part) ||
      part.confidence < COMPARE_PART_CONFIDENCE || part.share < COMPARE_PART_SHARE)
    return FALSE;
  *vote = part;
  vote->from = from;
  vote->to = to;
  return TRUE;
}

/* The whole capture; else halves, quarters, ...: of each only the first, the middle and the last. */
static gboolean compare_vote(const Comparison *c, TbAlignVote *vote)
{
  guint n = c->packets->len;
  if (tb_align_vote(c->index, c->packets, c->capture->groups, c->wishes, c->n_wishes, c->budget,
                    vote))
    return TRUE;
  for (guint depth = 1; depth <= COMPARE_DEPTH; depth++) {
    guint size = n >> depth;
    guint starts[3] = { 0, n - size, n / 2 - size / 2 };
    for (guint i = 0; i < (depth == 1 ? 2 : G_N_ELEMENTS(starts)); i++)
      if (compare_part(c, starts[i], starts[i] + size, vote))
        return TRUE;
  }
  return FALSE;
}

/* A clock with a large spread in the vote is looked at again as closely as it allows. */
static GArray *compare_match(const Comparison *c, TbAlignVote *vote, guint8 *ways)
{
  TbAlignFit fit;
  GArray *matches = tb_align_match(c->index, c->packets, c->capture->groups, vote, ways);
  tb_align_fit(matches, 0, matches->len, c->resolution_ns, c->drifts, &fit);
  gint64 near_ns = MAX(TB_ALIGN_NEAR_NS, COMPARE_SPREADS * fit.spread_ns);
  if (near_ns >= vote->near_ns)
    return matches;
  g_array_unref(matches);
  vote->near_ns = near_ns;
  return tb_align_match(c->index, c->packets, c->capture->groups, vote, ways);
}

/* Matches that belong to the packets [@from, @to). */
static void matches_range(const GArray *matches, guint from, guint to, guint *first, guint *last)
{
  for (*first = 0; *first < matches->len; (*first)++)
    if (g_array_index(matches, TbAlignMatch, *first).packet >= from)
      break;
  for (*last = *first; *last < matches->len; (*last)++)
    if (g_array_index(matches, TbAlignMatch, *last).packet >= to)
      break;
}

/*
 * Packets [@from, @to) without matches beside a piece with many: if they fit
 * the recording with another offset, the capture's clock was set in between.
 */
static void compare_rest(const Comparison *c, guint from, guint to, gint64 known_ns,
                         gboolean behind, TbAlignResult *result)
{
  TbAlignVote vote;
  guint8 ways[TB_ALIGN_GROUPS];
  guint first, last;
  if (to - from < COMPARE_REST_MIN || result->steps->len >= COMPARE_STEPS)
    return;
  g_autoptr(GArray) slice = packets_slice(c->packets, from, to);
  Comparison rest = *c;
  rest.packets = slice;
  if (!compare_vote(&rest, &vote))
    return;
  gint64 ns = vote.offset_ns - known_ns;
  if (ABS(ns) < COMPARE_STEP_NS)
    return;
  g_autoptr(GArray) matches = compare_match(&rest, &vote, ways);
  tb_align_find_piece(matches, slice->len, &first, &last);
  if (last <= first)
    return;
  /* The place: between the last packet on one side and the first one on the other. */
  guint before = behind ? from + first - (from + first > 0) : from + last - 1;
  guint after = behind ? from + first : MIN(from + last, c->packets->len - 1);
  TbAlignStepFound step = { behind, g_array_index(c->packets, TbAlignPacket, before).time_ns,
                            g_array_index(c->packets, TbAlignPacket, after).time_ns,
                            behind ? ns : -ns };
  g_array_append_val(result->steps, step);
  if (behind)
    compare_rest(c, from + last, to, vote.offset_ns, TRUE, result);
  else
    compare_rest(c, from, from + first, vote.offset_ns, FALSE, result);
}

/* Where causality has little to say, residuals must at least lie close together. */
static gboolean fit_is_believed(const TbAlignFit *fit, gint64 near_ns)
{
  if (fit->windows * 2 >= fit->matches)
    return fit->agreeing >= COMPARE_AGREEING_MIN;
  return fit->spread_ns * 4 <= near_ns;
}

static gboolean compare_device(const Comparison *c, TbAlignResult *result)
{
  guint from, to, first, last;
  if (!compare_vote(c, &result->vote))
    return FALSE;
  g_autoptr(GArray) matches = compare_match(c, &result->vote, result->ways);
  tb_align_find_piece(matches, c->packets->len, &from, &to);
  matches_range(matches, from, to, &first, &last);
  if (last - first < TB_ALIGN_MATCHES_MIN) {
    result->vote.accepted = FALSE;
    return FALSE;
  }
  gint64 span = g_array_index(matches, TbAlignMatch, last - 1).packet_ns -
                g_array_index(matches, TbAlignMatch, first).packet_ns;
  tb_align_fit(matches, first, last, c->resolution_ns,
               c->drifts && (result->scale != 1.0 || span >= TB_ALIGN_DRIFT_SPAN_NS),
               &result->fit);
  if (!fit_is_believed(&result->fit, result->vote.near_ns) ||
      result->fit.matches < COMPARE_KEPT_MIN * result->vote.score) {
    result->vote.accepted = FALSE;
    return FALSE;
  }
  result->steps = g_array_new(FALSE, FALSE, sizeof(TbAlignStepFound));
  compare_rest(c, 0, from, result->vote.offset_ns, FALSE, result);
  compare_rest(c, to, c->packets->len, result->vote.offset_ns, TRUE, result);
  return TRUE;
}

/* Both ends of a veth pair match: the right one scatters less (0.3 against 1 us natively). */
static gboolean result_is_better(const TbAlignResult *a, const TbAlignResult *b)
{
  if (a->vote.accepted != b->vote.accepted)
    return a->vote.accepted;
  if (!a->vote.accepted)
    return a->vote.confidence > b->vote.confidence;
  if (a->fit.matches * 2 > b->fit.matches * 3 || b->fit.matches * 2 > a->fit.matches * 3)
    return a->fit.matches > b->fit.matches;
  if (fabs(a->fit.agreeing - b->fit.agreeing) > COMPARE_AGREEING_APART)
    return a->fit.agreeing > b->fit.agreeing;
  return a->fit.spread_ns < b->fit.spread_ns;
}

static gint64 source_resolution_ns(const TbSource *source)
{
  gint64 ns = 1000000000;
  if (source->clock.tsresol & 0x80) {
    guint bits = source->clock.tsresol & 0x7f;
    return bits >= 30 ? 1 : ns >> bits;
  }
  for (guint i = 0; i < source->clock.tsresol && ns > 1; i++)
    ns /= 10;
  return ns;
}

/* Clocks that follow the same corrections as wall-clock time do not drift against it. */
static gboolean clock_drifts(const TbAxis *axis)
{
  return axis->clock != TB_CLOCK_MONO && axis->clock != TB_CLOCK_BOOT &&
         axis->clock != TB_CLOCK_TAI && axis->clock != TB_CLOCK_REALTIME;
}

static void comparison_wish(Comparison *c, const TbAxis *axis)
{
  if (axis->realtime)
    c->wishes[c->n_wishes++] = 0;
  if (axis->clock == TB_CLOCK_TAI && !axis->realtime) {
    c->wishes[c->n_wishes++] = 0;
    c->wishes[c->n_wishes++] = -TAI_MINUS_UTC_NS;
  }
}

static gboolean length_is_complete(const TbAlignTrack *track, guint32 len)
{
  return !track->limits.limits ||
         track->limits.limits[TB_ALIGN_LIMIT_CLASS(len)] == G_MAXUINT32;
}

/*
 * The packets to compare. Lengths of which either side kept only some would
 * look like packets that were never recorded: they are left out where the
 * others suffice. Returns: (transfer full)
 */
static GArray *compare_packets(const TbAlignTrack *recording, const TbAlignTrack *capture)
{
  if (!recording->limits.limits && !capture->limits.limits)
    return g_array_ref(capture->packets);
  g_autoptr(GArray) complete = g_array_new(FALSE, FALSE, sizeof(TbAlignPacket));
  for (guint i = 0; i < capture->packets->len; i++) {
    const TbAlignPacket *packet = &g_array_index(capture->packets, TbAlignPacket, i);
    if (length_is_complete(recording, packet->len) && length_is_complete(capture, packet->len))
      g_array_append_vals(complete, packet, 1);
  }
  return g_array_ref(complete->len >= COMPARE_COMPLETE_MIN ? complete : capture->packets);
}

static void compare_one(TbAlignTrack *recording, TbAlignTrack *capture, const GArray *packets,
                        guint device, guint budget, TbAlignResult *best)
{
  TbAlignResult result = { .recording = recording, .capture = capture, .device = device,
                           .scale = 1.0 };
  const TbAxis *axis = &recording->source->clock.axis;
  if (axis->ticks)
    result.scale = tb_align_find_rate(recording->events, device, packets);
  if (result.scale == 0)
    return;
  Comparison c = { .capture = capture, .packets = packets, .budget = budget,
                   .drifts = clock_drifts(axis),
                   .resolution_ns = source_resolution_ns(capture->source) };
  comparison_wish(&c, axis);
  g_autoptr(TbAlignIndex) index = tb_align_index_new(recording->events, device, result.scale);
  if (tb_align_index_get_n(index) < TB_ALIGN_MATCHES_MIN)
    return;
  c.index = index;
  compare_device(&c, &result);
  if (!best->recording || result_is_better(&result, best)) {
    tb_align_result_clear(best);
    *best = result;
  } else {
    tb_align_result_clear(&result);
  }
}

gboolean tb_align_compare(TbAlignTrack *recording, TbAlignTrack *capture, guint budget,
                          TbAlignResult *result)
{
  *result = (TbAlignResult){ .scale = 1.0 };
  if (capture->packets->len == 0 || recording->events->len == 0)
    return FALSE;
  guint n = MAX(1, recording->n_devices);
  g_autoptr(GArray) packets = compare_packets(recording, capture);
  if (capture->cooked && n > 1)
    compare_one(recording, capture, packets, TB_ALIGN_ALL_DEVICES, budget, result);
  for (guint device = 0; device < n && !(capture->cooked && result->vote.accepted); device++)
    compare_one(recording, capture, packets, device, budget, result);
  /* A bridge or a bond stamps packets of several devices. */
  if (!result->vote.accepted && !capture->cooked && n > 1)
    compare_one(recording, capture, packets, TB_ALIGN_ALL_DEVICES, budget, result);
  return result->vote.accepted;
}
