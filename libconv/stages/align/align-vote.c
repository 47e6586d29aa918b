/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Votes and matches; see align-vote.h. */
#include "stages/align/align-vote.h"

#include "stages/wire/match.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
  VOTE_LOOKED_AT = 1024, /* packets a candidate is scored with */
  VOTE_BLOCK = 64,       /* taken in runs of so many, so that neighbours stay together */
  VOTE_SCALES = 2,
  VOTE_RADIX_BITS = 16, /* a digit of the sort, and where there are few: */
  VOTE_RADIX_FEW_BITS = 8,
  MATCH_RECENT = 15, /* residuals whose median follows a drift */
};

/* Events of one length: sent ones from @start on, received ones from @middle on. */
typedef struct {
  guint32 start;
  guint32 middle;
  guint32 end;
} IndexRun;

struct _TbAlignIndex {
  GArray *events; /* of TbAlignEvent by length, way, time */
  IndexRun *runs; /* by length */
  gint64 first_ns;
  gint64 last_ns;
};

static int index_compare(const void *a, const void *b)
{
  const TbAlignEvent *x = a, *y = b;
  if (x->len != y->len)
    return x->len < y->len ? -1 : 1;
  if (x->received != y->received)
    return x->received ? 1 : -1;
  return x->time_ns < y->time_ns ? -1 : x->time_ns > y->time_ns;
}

static gint64 scaled(gint64 time, double scale)
{
  return time == TB_ALIGN_NO_TIME ? time : (gint64)llround((double)time * scale);
}

static void index_make_runs(TbAlignIndex *index)
{
  index->runs = g_new0(IndexRun, TB_ALIGN_LENGTHS);
  for (guint32 i = 0; i < index->events->len; i++) {
    const TbAlignEvent *event = &g_array_index(index->events, TbAlignEvent, i);
    IndexRun *run = &index->runs[event->len];
    if (run->end == 0)
      run->start = run->middle = i;
    run->end = i + 1;
    if (!event->received)
      run->middle = i + 1;
    index->first_ns = i ? MIN(index->first_ns, event->time_ns) : event->time_ns;
    index->last_ns = i ? MAX(index->last_ns, event->time_ns) : event->time_ns;
  }
}

TbAlignIndex *tb_align_index_new(const GArray *events, guint device, double scale)
{
  TbAlignIndex *index = g_new0(TbAlignIndex, 1);
  index->events = g_array_new(FALSE, FALSE, sizeof(TbAlignEvent));
  for (guint i = 0; i < events->len; i++) {
    TbAlignEvent event = g_array_index(events, TbAlignEvent, i);
    if (device != TB_ALIGN_ALL_DEVICES && event.device != device)
      continue;
    if (scale != 1.0) {
      event.time_ns = scaled(event.time_ns, scale);
      event.before_ns = scaled(event.before_ns, scale);
      event.after_ns = scaled(event.after_ns, scale);
    }
    g_array_append_val(index->events, event);
  }
  if (index->events->len)
    qsort(index->events->data, index->events->len, sizeof(TbAlignEvent), index_compare);
  index_make_runs(index);
  return index;
}

void tb_align_index_free(TbAlignIndex *index)
{
  if (!index)
    return;
  g_array_unref(index->events);
  g_free(index->runs);
  g_free(index);
}

guint tb_align_index_get_n(const TbAlignIndex *index)
{
  return index->events->len;
}

static inline const TbAlignEvent *index_at(const TbAlignIndex *index, guint32 i)
{
  return &g_array_index(index->events, TbAlignEvent, i);
}

/* First event in [@from, @to) that is not before @time_ns. */
static guint32 index_find(const TbAlignIndex *index, guint32 from, guint32 to, gint64 time_ns)
{
  while (from < to) {
    guint32 middle = from + (to - from) / 2;
    if (index_at(index, middle)->time_ns < time_ns)
      from = middle + 1;
    else
      to = middle;
  }
  return from;
}

/* --- the differences ---------------------------------------------------- */

/* Lengths by how many pairs they make: the rarest say most for their price. */
typedef struct {
  guint32 len;
  guint32 packets;
  guint64 pairs;
} VoteLength;

static int length_compare(const void *a, const void *b)
{
  const VoteLength *x = a, *y = b;
  if (x->pairs != y->pairs)
    return x->pairs < y->pairs ? -1 : 1;
  return x->len < y->len ? -1 : x->len > y->len;
}

static GArray *vote_lengths(const TbAlignIndex *index, const GArray *packets)
{
  g_autofree guint32 *counts = g_new0(guint32, TB_ALIGN_LENGTHS);
  GArray *lengths = g_array_new(FALSE, FALSE, sizeof(VoteLength));
  for (guint i = 0; i < packets->len; i++)
    counts[g_array_index(packets, TbAlignPacket, i).len]++;
  for (guint32 i = 0; i < TB_ALIGN_LENGTHS; i++) {
    guint32 events = index->runs[i].end - index->runs[i].start;
    VoteLength length = { i, counts[i], (guint64)counts[i] * events };
    if (length.pairs)
      g_array_append_val(lengths, length);
  }
  if (lengths->len)
    qsort(lengths->data, lengths->len, sizeof(VoteLength), length_compare);
  return lengths;
}

/* How many packets to skip between two of a length, so that all fit the budget. */
static guint32 *vote_strides(const GArray *lengths, guint64 budget)
{
  guint32 *strides = g_new0(guint32, TB_ALIGN_LENGTHS);
  for (guint i = 0; i < lengths->len; i++) {
    const VoteLength *length = &g_array_index(lengths, VoteLength, i);
    guint64 fair = MAX(1, budget / (lengths->len - i));
    guint64 stride = (length->pairs + fair - 1) / fair;
    strides[length->len] = (guint32)MIN(stride, G_MAXUINT32);
    budget -= MIN(budget, length->pairs / stride);
  }
  return strides;
}

static GArray *vote_differences(const TbAlignIndex *index, const GArray *packets, guint budget)
{
  g_autoptr(GArray) lengths = vote_lengths(index, packets);
  g_autofree guint32 *strides = vote_strides(lengths, budget);
  g_autofree guint32 *turns = g_new0(guint32, TB_ALIGN_LENGTHS);
  GArray *differences = g_array_new(FALSE, FALSE, sizeof(guint64));
  for (guint i = 0; i < packets->len; i++) {
    const TbAlignPacket *packet = &g_array_index(packets, TbAlignPacket, i);
    const IndexRun *run = &index->runs[packet->len];
    if (strides[packet->len] == 0 || turns[packet->len]++ % strides[packet->len] != 0)
      continue;
    /* One packet may not be compared with more than the whole budget. */
    guint32 step = 1 + (run->end - run->start) / budget;
    for (guint32 e = run->start; e < run->end; e += step) {
      guint64 difference = (guint64)packet->time_ns - (guint64)index_at(index, e)->time_ns;
      g_array_append_val(differences, difference);
    }
  }
  return differences;
}

/* Differences are signed; the flipped bit makes them sort as unsigned numbers. */
static void vote_sort(GArray *differences)
{
  guint n = differences->len;
  g_autofree guint64 *other = g_new(guint64, (gsize)n + 1);
  guint bits = n < 1u << VOTE_RADIX_BITS ? VOTE_RADIX_FEW_BITS : VOTE_RADIX_BITS;
  g_autofree guint32 *counts = g_new(guint32, 1 << VOTE_RADIX_BITS);
  guint64 *from = (guint64 *)(gpointer)differences->data, *to = other;
  for (guint shift = 0; shift < 64; shift += bits) {
    guint64 flip = shift + bits == 64 ? 1ull << (bits - 1) : 0;
    const guint64 mask = (1u << bits) - 1;
    memset(counts, 0, sizeof(guint32) << bits);
    for (guint i = 0; i < n; i++)
      counts[(from[i] >> shift & mask) ^ flip]++;
    guint32 sum = 0;
    for (guint i = 0; i <= mask; i++) {
      guint32 count = counts[i];
      counts[i] = sum;
      sum += count;
    }
    for (guint i = 0; i < n; i++)
      to[counts[(from[i] >> shift & mask) ^ flip]++] = from[i];
    guint64 *swap = from;
    from = to;
    to = swap;
  }
}

typedef struct {
  gint64 offset_ns;
  guint votes;
} Candidate;

static void candidates_add(Candidate *best, guint *n, gint64 offset_ns, guint votes)
{
  guint at = *n < TB_ALIGN_CANDIDATES ? (*n)++ : *n;
  while (at > 0 && best[at - 1].votes < votes) {
    if (at < TB_ALIGN_CANDIDATES)
      best[at] = best[at - 1];
    at--;
  }
  if (at < TB_ALIGN_CANDIDATES)
    best[at] = (Candidate){ offset_ns, votes };
}

/* The fullest cells; of cells that overlap only the fuller one. */
static guint vote_candidates(const GArray *differences, gint64 cell_ns, Candidate *best)
{
  const gint64 *d = (const gint64 *)(gpointer)differences->data;
  guint n = 0, votes = 0;
  gint64 around = 0, since = 0;
  for (guint i = 0, j = 0; i < differences->len; i++) {
    while (j < differences->len && d[j] - d[i] < cell_ns)
      j++;
    if (votes && d[i] - since >= cell_ns) {
      candidates_add(best, &n, around, votes);
      votes = 0;
    }
    if (!votes || j - i > votes) {
      since = d[i];
      votes = j - i;
      around = d[i + (j - i) / 2];
    }
  }
  if (votes)
    candidates_add(best, &n, around, votes);
  return n;
}

/* --- scoring ------------------------------------------------------------ */

typedef struct {
  const TbAlignIndex *index;
  const GArray *packets;
  const GArray *groups;
  guint32 *used[2]; /* by way and length: next event not matched yet */
} Scorer;

static void scorer_init(Scorer *s, const TbAlignIndex *index, const GArray *packets,
                        const GArray *groups)
{
  *s = (Scorer){ .index = index, .packets = packets, .groups = groups };
  s->used[0] = g_new(guint32, TB_ALIGN_LENGTHS);
  s->used[1] = g_new(guint32, TB_ALIGN_LENGTHS);
}

static void scorer_clear(Scorer *s)
{
  g_free(s->used[0]);
  g_free(s->used[1]);
}

static void scorer_start(Scorer *s, guint from, guint to)
{
  for (guint i = from; i < to; i++) {
    guint32 len = g_array_index(s->packets, TbAlignPacket, i).len;
    s->used[FALSE][len] = s->index->runs[len].start;
    s->used[TRUE][len] = s->index->runs[len].middle;
  }
}

static inline guint32 run_end(const IndexRun *run, gboolean received)
{
  return received ? run->end : run->middle;
}

static inline gboolean scorer_has(const Scorer *s, const TbAlignPacket *packet, gboolean received,
                                  gint64 offset_ns, gint64 near_ns)
{
  const IndexRun *run = &s->index->runs[packet->len];
  guint32 end = run_end(run, received);
  guint32 at = index_find(s->index, received ? run->middle : run->start, end,
                          packet->time_ns - offset_ns - near_ns);
  return at < end && index_at(s->index, at)->time_ns <= packet->time_ns - offset_ns + near_ns;
}

/*
 * The way of each sender's packets: the one with more matches. Where both are
 * equal (loopback has one sender, and each packet is sent and received) the
 * receiving, which loopback captures stamp.
 */
static void scorer_find_ways(const Scorer *s, guint from, guint to, gint64 offset_ns,
                             gint64 near_ns, guint (*hits)[2])
{
  for (guint i = from; i < to; i++) {
    const TbAlignPacket *packet = &g_array_index(s->packets, TbAlignPacket, i);
    hits[packet->group][FALSE] += scorer_has(s, packet, FALSE, offset_ns, near_ns);
    hits[packet->group][TRUE] += scorer_has(s, packet, TRUE, offset_ns, near_ns);
  }
}

static void ways_settle(const GArray *groups, guint (*hits)[2], guint8 *ways)
{
  for (guint g = 0; g < TB_ALIGN_GROUPS; g++) {
    ways[g] = hits[g][FALSE] > hits[g][TRUE] ? TB_NET_DIRECTION_SENT : TB_NET_DIRECTION_RECEIVED;
    if (g < groups->len && g_array_index(groups, TbAlignGroup, g).direction)
      ways[g] = (guint8)g_array_index(groups, TbAlignGroup, g).direction;
  }
}

/* Order-preserving one-to-one matches of the packets [@from, @to). */
static guint scorer_count(Scorer *s, guint from, guint to, const guint8 *ways, gint64 offset_ns,
                          gint64 near_ns)
{
  guint matches = 0;
  scorer_start(s, from, to);
  for (guint i = from; i < to; i++) {
    const TbAlignPacket *packet = &g_array_index(s->packets, TbAlignPacket, i);
    gboolean received = ways[packet->group] == TB_NET_DIRECTION_RECEIVED;
    const IndexRun *run = &s->index->runs[packet->len];
    guint32 end = run_end(run, received), *used = &s->used[received][packet->len];
    gint64 at_ns = packet->time_ns - offset_ns;
    guint32 at = index_find(s->index, *used, end, at_ns - near_ns);
    if (at < end && index_at(s->index, at)->time_ns <= at_ns + near_ns) {
      matches++;
      *used = at + 1;
    }
  }
  return matches;
}

/* Runs of packets spread over the capture: all of them where they are few. */
static guint scorer_score(Scorer *s, gint64 offset_ns, gint64 near_ns)
{
  guint hits[TB_ALIGN_GROUPS][2] = { { 0 } };
  guint8 ways[TB_ALIGN_GROUPS];
  guint n = s->packets->len, score = 0;
  guint blocks = n <= VOTE_LOOKED_AT ? 1 : VOTE_LOOKED_AT / VOTE_BLOCK;
  guint size = blocks == 1 ? n : VOTE_BLOCK;
  for (guint b = 0; b < blocks; b++) {
    guint from = (guint)((guint64)b * n / blocks);
    scorer_find_ways(s, from, from + size, offset_ns, near_ns, hits);
  }
  ways_settle(s->groups, hits, ways);
  for (guint b = 0; b < blocks; b++) {
    guint from = (guint)((guint64)b * n / blocks);
    score += scorer_count(s, from, from + size, ways, offset_ns, near_ns);
  }
  return score;
}

/* Packets and events that both could have been recorded at this offset. */
static void vote_set_share(const Scorer *s, TbAlignVote *vote)
{
  const TbAlignIndex *index = s->index;
  gint64 low = index->first_ns + vote->offset_ns - vote->near_ns;
  gint64 high = index->last_ns + vote->offset_ns + vote->near_ns;
  guint n = s->packets->len, packets = 0, events = 0;
  gint64 first = G_MAXINT64, last = G_MININT64;
  for (guint i = 0; i < n; i++) {
    const TbAlignPacket *packet = &g_array_index(s->packets, TbAlignPacket, i);
    packets += packet->time_ns >= low && packet->time_ns <= high;
    first = MIN(first, packet->time_ns - vote->offset_ns);
    last = MAX(last, packet->time_ns - vote->offset_ns);
  }
  for (guint i = 0; i < index->events->len; i++) {
    const TbAlignEvent *event = index_at(index, i);
    events += event->time_ns >= first - vote->near_ns && event->time_ns <= last + vote->near_ns;
  }
  double looked = n <= VOTE_LOOKED_AT ? 1.0 : (double)VOTE_LOOKED_AT / n;
  vote->looked_at = (guint)(packets * looked + 0.5);
  double fewer = MIN(packets, events) * looked;
  vote->share = fewer >= 1 ? MIN(1.0, vote->score / fewer) : 0;
}

/* The best of @n candidates, and the best other one that does not mean the same offset. */
static void vote_score(Scorer *s, const Candidate *candidates, guint n, gint64 near_ns,
                       TbAlignVote *vote)
{
  guint scores[2 * TB_ALIGN_CANDIDATES];
  guint best = 0;
  *vote = (TbAlignVote){ .near_ns = near_ns };
  for (guint i = 0; i < n; i++) {
    scores[i] = scorer_score(s, candidates[i].offset_ns, near_ns);
    if (scores[i] > scores[best])
      best = i;
  }
  if (n == 0)
    return;
  vote->offset_ns = candidates[best].offset_ns;
  vote->score = scores[best];
  for (guint i = 0; i < n; i++) {
    gint64 apart = candidates[i].offset_ns - vote->offset_ns;
    if (apart > 2 * near_ns || apart < -2 * near_ns)
      vote->second = MAX(vote->second, scores[i]);
  }
  vote->confidence = vote->second ? (double)vote->score / vote->second
                                  : vote->score ? G_MAXUINT16 : 0;
  vote_set_share(s, vote);
  vote->accepted = vote->confidence >= TB_ALIGN_CONFIDENCE_MIN &&
                   vote->score >= TB_ALIGN_MATCHES_MIN && vote->share >= TB_ALIGN_SHARE_MIN;
}

gboolean tb_align_vote(const TbAlignIndex *index, const GArray *packets, const GArray *groups,
                       const gint64 *wishes, guint n_wishes, guint budget, TbAlignVote *vote)
{
  static const struct {
    gint64 cell_ns;
    gint64 near_ns;
  } scales[VOTE_SCALES] = { { TB_ALIGN_CELL_NS, TB_ALIGN_NEAR_NS },
                            { TB_ALIGN_CELL_SLOW_NS, TB_ALIGN_NEAR_SLOW_NS } };
  Scorer scorer;
  *vote = (TbAlignVote){ 0 };
  if (packets->len == 0 || index->events->len == 0)
    return FALSE;
  g_autoptr(GArray) differences = vote_differences(index, packets, budget);
  vote_sort(differences);
  scorer_init(&scorer, index, packets, groups);
  for (guint i = 0; i < VOTE_SCALES && !vote->accepted; i++) {
    Candidate candidates[2 * TB_ALIGN_CANDIDATES];
    TbAlignVote at_scale;
    guint n = vote_candidates(differences, scales[i].cell_ns, candidates);
    for (guint w = 0; w < MIN(n_wishes, TB_ALIGN_CANDIDATES); w++)
      candidates[n++] = (Candidate){ wishes[w], 0 };
    vote_score(&scorer, candidates, n, scales[i].near_ns, &at_scale);
    if (i == 0 || at_scale.accepted)
      *vote = at_scale;
  }
  scorer_clear(&scorer);
  return vote->accepted;
}

/* --- matching ----------------------------------------------------------- */

/* The last residuals of one way; their median is where the next one is expected. */
typedef struct {
  gint64 values[MATCH_RECENT];
  guint n;
  gint64 expected;
} Recent;

static void recent_add(Recent *recent, gint64 value)
{
  gint64 sorted[MATCH_RECENT];
  recent->values[recent->n++ % MATCH_RECENT] = value;
  guint n = MIN(recent->n, MATCH_RECENT);
  memcpy(sorted, recent->values, n * sizeof *sorted);
  if (n >= 3)
    recent->expected = tb_match_median(sorted, n);
}

/* The event nearest to where it is expected, among those not used yet. */
static guint32 match_find(const TbAlignIndex *index, const TbAlignPacket *packet, gint64 expected,
                          gint64 near_ns, guint32 from, guint32 end)
{
  gint64 at_ns = packet->time_ns - expected;
  guint32 best = end;
  for (guint32 at = index_find(index, from, end, at_ns - near_ns); at < end; at++) {
    gint64 away = index_at(index, at)->time_ns - at_ns;
    if (away > near_ns)
      break;
    if (best != end && ABS(away) >= ABS(index_at(index, best)->time_ns - at_ns))
      break;
    best = at;
  }
  return best;
}

static gboolean match_alone(const TbAlignIndex *index, guint32 at, guint32 start, guint32 end,
                            gint64 near_ns)
{
  gint64 time = index_at(index, at)->time_ns;
  return (at == start || time - index_at(index, at - 1)->time_ns > 2 * near_ns) &&
         (at + 1 == end || index_at(index, at + 1)->time_ns - time > 2 * near_ns);
}

typedef struct {
  Scorer scorer;
  Recent recent[2];
  const guint8 *ways;
  gint64 near_ns;
  gboolean backward;
} Matcher;

/* Returns: whether packet @i has an event; forward what lies behind the last one, else before it */
static gboolean matcher_match(Matcher *m, guint i, TbAlignMatch *match)
{
  const TbAlignIndex *index = m->scorer.index;
  const TbAlignPacket *packet = &g_array_index(m->scorer.packets, TbAlignPacket, i);
  gboolean received = m->ways[packet->group] == TB_NET_DIRECTION_RECEIVED;
  const IndexRun *run = &index->runs[packet->len];
  guint32 start = received ? run->middle : run->start, end = run_end(run, received);
  guint32 *used = &m->scorer.used[received][packet->len];
  guint32 from = m->backward ? start : *used, to = m->backward ? *used : end;
  guint32 at = match_find(index, packet, m->recent[received].expected, m->near_ns, from, to);
  if (at == to)
    return FALSE;
  *match = (TbAlignMatch){ packet->time_ns, *index_at(index, at), i,
                           match_alone(index, at, start, end, m->near_ns) };
  *used = m->backward ? at : at + 1;
  recent_add(&m->recent[received], packet->time_ns - match->event.time_ns);
  return TRUE;
}

static void matcher_restart(Matcher *m, gint64 offset_ns)
{
  m->recent[FALSE] = (Recent){ .expected = offset_ns };
  m->recent[TRUE] = (Recent){ .expected = offset_ns };
}

/* Behind the anchor all packets that can have an event, before it those the last pass left. */
static void matcher_run(Matcher *m, guint anchor, gint64 offset_ns, GArray *matches)
{
  TbAlignMatch match;
  guint n = m->scorer.packets->len;
  scorer_start(&m->scorer, 0, n);
  matcher_restart(m, offset_ns);
  for (guint i = anchor; i < n; i++)
    if (matcher_match(m, i, &match))
      g_array_append_val(matches, match);
  if (anchor == 0)
    return;
  for (guint32 len = 0; len < TB_ALIGN_LENGTHS; len++) {
    const IndexRun *run = &m->scorer.index->runs[len];
    m->scorer.used[FALSE][len] = run->middle;
    m->scorer.used[TRUE][len] = run->end;
  }
  for (guint i = matches->len; i > 0; i--) {
    const TbAlignEvent *event = &g_array_index(matches, TbAlignMatch, i - 1).event;
    const IndexRun *run = &m->scorer.index->runs[event->len];
    guint32 end = run_end(run, event->received);
    m->scorer.used[event->received][event->len] =
        index_find(m->scorer.index, event->received ? run->middle : run->start, end,
                   event->time_ns);
  }
  matcher_restart(m, offset_ns);
  m->backward = TRUE;
  g_autoptr(GArray) before = g_array_new(FALSE, FALSE, sizeof(TbAlignMatch));
  for (guint i = anchor; i-- > 0;)
    if (matcher_match(m, i, &match))
      g_array_append_val(before, match);
  for (guint i = 0; i < before->len / 2; i++) {
    TbAlignMatch *a = &g_array_index(before, TbAlignMatch, i);
    TbAlignMatch *b = &g_array_index(before, TbAlignMatch, before->len - 1 - i), swap = *a;
    *a = *b;
    *b = swap;
  }
  if (before->len)
    g_array_prepend_vals(matches, before->data, before->len);
}

GArray *tb_align_match(const TbAlignIndex *index, const GArray *packets, const GArray *groups,
                       const TbAlignVote *vote, guint8 *ways)
{
  guint hits[TB_ALIGN_GROUPS][2] = { { 0 } };
  GArray *matches = g_array_new(FALSE, TRUE, sizeof(TbAlignMatch));
  Matcher m = { .ways = ways, .near_ns = vote->near_ns };
  guint to = vote->to > vote->from ? MIN(vote->to, packets->len) : packets->len;
  scorer_init(&m.scorer, index, packets, groups);
  scorer_find_ways(&m.scorer, vote->from, to, vote->offset_ns, vote->near_ns, hits);
  ways_settle(groups, hits, ways);
  matcher_run(&m, vote->from, vote->offset_ns, matches);
  scorer_clear(&m.scorer);
  return matches;
}
