/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Hosts against hosts: a packet seen at both ends was sent before it was
 * received, which bounds the difference of the two clocks from either side.
 * See align-private.h.
 */
#include "stages/align/align-private.h"

#include <math.h>
#include <stdlib.h>

enum { HOSTS_SLOPE_STEPS = 80 };

/* Clocks that differ by more than 500 ppm are broken, not drifting. */
#define HOSTS_SLOPE_MAX 500e-6

typedef enum { WAY_UNKNOWN, WAY_TO, WAY_FROM, WAY_OTHER } HostWay;

/* A packet in captures of both: time at the machine minus time at the reference. */
typedef struct {
  gint64 at_ns; /* at the reference */
  gint64 difference_ns;
  guint32 group; /* of its sender, at the reference */
  HostWay way;
} HostMatch;

static int compare_keys(const void *a, const void *b)
{
  const TbAlignKey *x = a, *y = b;
  return x->key < y->key ? -1 : x->key > y->key;
}

static int compare_matches(const void *a, const void *b)
{
  const HostMatch *x = a, *y = b;
  if (x->at_ns != y->at_ns)
    return x->at_ns < y->at_ns ? -1 : 1;
  return x->difference_ns < y->difference_ns ? -1 : x->difference_ns > y->difference_ns;
}

/* Keys that occur once; what is sent again unchanged proves nothing. */
static void keys_make_unique(GArray *keys)
{
  guint kept = 0;
  if (keys->len)
    qsort(keys->data, keys->len, sizeof(TbAlignKey), compare_keys);
  for (guint i = 0; i < keys->len;) {
    guint same = i;
    while (same < keys->len && g_array_index(keys, TbAlignKey, same).key ==
                                   g_array_index(keys, TbAlignKey, i).key)
      same++;
    if (same == i + 1)
      g_array_index(keys, TbAlignKey, kept++) = g_array_index(keys, TbAlignKey, i);
    i = same;
  }
  g_array_set_size(keys, kept);
}

static TbNetDirection track_way(const TbAlign *align, const TbAlignTrack *track, guint group)
{
  const guint8 *ways = g_hash_table_lookup(align->ways, track);
  if (ways)
    return ways[group];
  return group < track->groups->len ? g_array_index(track->groups, TbAlignGroup, group).direction
                                    : TB_NET_DIRECTION_UNKNOWN;
}

static HostWay match_way(TbNetDirection at_reference, TbNetDirection at_machine)
{
  if (at_reference == TB_NET_DIRECTION_UNKNOWN && at_machine == TB_NET_DIRECTION_UNKNOWN)
    return WAY_UNKNOWN;
  /* Sent or received by both: somebody else's packet that passes through. */
  if (at_reference == at_machine)
    return WAY_OTHER;
  return at_reference == TB_NET_DIRECTION_SENT || at_machine == TB_NET_DIRECTION_RECEIVED
             ? WAY_TO : WAY_FROM;
}

static void tracks_match(const TbAlign *align, const TbAlignTrack *reference,
                         const TbAlignTrack *machine, GArray *matches)
{
  guint r = 0, m = 0;
  while (r < reference->keys->len && m < machine->keys->len) {
    const TbAlignKey *x = &g_array_index(reference->keys, TbAlignKey, r);
    const TbAlignKey *y = &g_array_index(machine->keys, TbAlignKey, m);
    r += x->key <= y->key;
    m += y->key <= x->key;
    if (x->key != y->key)
      continue;
    HostMatch match = { x->time_ns, y->time_ns - x->time_ns, x->group,
                        match_way(track_way(align, reference, x->group),
                                  track_way(align, machine, y->group)) };
    if (match.way != WAY_OTHER)
      g_array_append_val(matches, match);
  }
}

/*
 * Where no event tells who sent, the times do: packets to the machine show a
 * larger difference than packets from it, by the time they are on their way.
 */
static void matches_guess_ways(GArray *matches)
{
  double sums[TB_ALIGN_GROUPS] = { 0 }, low = 0, high = 0;
  guint counts[TB_ALIGN_GROUPS] = { 0 };
  gboolean any = FALSE;
  if (matches->len == 0)
    return;
  gint64 base = g_array_index(matches, HostMatch, 0).difference_ns;
  for (guint i = 0; i < matches->len; i++) {
    const HostMatch *match = &g_array_index(matches, HostMatch, i);
    sums[match->group] += (double)(match->difference_ns - base);
    counts[match->group]++;
  }
  for (guint g = 0; g < TB_ALIGN_GROUPS; g++) {
    if (counts[g] == 0)
      continue;
    sums[g] /= counts[g];
    low = any ? MIN(low, sums[g]) : sums[g];
    high = any ? MAX(high, sums[g]) : sums[g];
    any = TRUE;
  }
  for (guint i = 0; i < matches->len; i++) {
    HostMatch *match = &g_array_index(matches, HostMatch, i);
    if (match->way == WAY_UNKNOWN && high > low)
      match->way = sums[match->group] > (low + high) / 2 ? WAY_TO : WAY_FROM;
  }
}

/* --- the convex hull ---------------------------------------------------- */

typedef struct {
  double x;
  double y;
} Point;

/* Points that can touch a line above (@sign 1: lower hull) or below (-1) all of them, in order of x. */
static GArray *hull_of(const GArray *matches, HostWay way, gint64 x0, gint64 y0, double sign)
{
  GArray *hull = g_array_new(FALSE, FALSE, sizeof(Point));
  for (guint i = 0; i < matches->len; i++) {
    const HostMatch *match = &g_array_index(matches, HostMatch, i);
    if (match->way != way)
      continue;
    Point p = { (double)(match->at_ns - x0), sign * (double)(match->difference_ns - y0) };
    while (hull->len >= 2) {
      const Point *a = &g_array_index(hull, Point, hull->len - 2);
      const Point *b = &g_array_index(hull, Point, hull->len - 1);
      if ((b->x - a->x) * (p.y - a->y) - (b->y - a->y) * (p.x - a->x) > 0)
        break;
      g_array_set_size(hull, hull->len - 1);
    }
    g_array_append_val(hull, p);
  }
  return hull;
}

static double hull_least(const GArray *hull, double slope)
{
  double least = G_MAXDOUBLE;
  for (guint i = 0; i < hull->len; i++) {
    const Point *p = &g_array_index(hull, Point, i);
    least = MIN(least, p->y - slope * p->x);
  }
  return least;
}

/* Width of what is left between both hulls for lines of a slope: concave in it. */
static double hulls_gap(const GArray *above, const GArray *below, double slope)
{
  return hull_least(above, slope) + hull_least(below, -slope);
}

static double hulls_best_slope(const GArray *above, const GArray *below)
{
  double low = -HOSTS_SLOPE_MAX, high = HOSTS_SLOPE_MAX;
  for (guint i = 0; i < HOSTS_SLOPE_STEPS; i++) {
    double a = low + (high - low) / 3, b = high - (high - low) / 3;
    if (hulls_gap(above, below, a) < hulls_gap(above, below, b))
      low = a;
    else
      high = b;
  }
  return (low + high) / 2;
}

/* --- pairs -------------------------------------------------------------- */

static void pair_bound(const GArray *matches, TbHostPair *pair)
{
  gint64 x0 = g_array_index(matches, HostMatch, 0).at_ns;
  gint64 x1 = g_array_index(matches, HostMatch, matches->len - 1).at_ns;
  gint64 y0 = g_array_index(matches, HostMatch, 0).difference_ns;
  pair->at_ns = x0 + (x1 - x0) / 2;
  g_autoptr(GArray) above = hull_of(matches, WAY_TO, pair->at_ns, y0, 1);
  g_autoptr(GArray) below = hull_of(matches, WAY_FROM, pair->at_ns, y0, -1);
  if (above->len && below->len && hulls_gap(above, below, 0) < 0)
    pair->slope = hulls_best_slope(above, below);
  double high = hull_least(above, pair->slope), low = -hull_least(below, -pair->slope);
  pair->high_ns = above->len ? y0 + (gint64)floor(high) : G_MAXINT64;
  pair->low_ns = below->len ? y0 + (gint64)ceil(low) : G_MININT64;
}

static void pair_count(const GArray *matches, TbHostPair *pair)
{
  for (guint i = 0; i < matches->len; i++) {
    const HostMatch *match = &g_array_index(matches, HostMatch, i);
    pair->matches_to += match->way == WAY_TO;
    pair->matches_from += match->way == WAY_FROM;
    pair->early += match->way == WAY_TO ? match->difference_ns < 0
                   : match->way == WAY_FROM && match->difference_ns > 0;
  }
}

static GArray *pair_matches(const TbAlign *align, const TbMachine *reference,
                            const TbMachine *machine)
{
  GArray *matches = g_array_new(FALSE, FALSE, sizeof(HostMatch));
  for (guint r = 0; r < align->tracks->len; r++) {
    const TbAlignTrack *x = g_ptr_array_index(align->tracks, r);
    for (guint m = 0; m < align->tracks->len && x->keys && x->source->machine == reference; m++) {
      const TbAlignTrack *y = g_ptr_array_index(align->tracks, m);
      if (y->keys && y->source->machine == machine)
        tracks_match(align, x, y, matches);
    }
  }
  if (matches->len)
    qsort(matches->data, matches->len, sizeof(HostMatch), compare_matches);
  matches_guess_ways(matches);
  return matches;
}

static void hosts_compare(TbAlign *align, const TbMachine *reference, const TbMachine *machine)
{
  TbHostPair pair = { .machine = machine, .reference = reference };
  g_autoptr(GArray) matches = pair_matches(align, reference, machine);
  pair_count(matches, &pair);
  if (pair.matches_to + pair.matches_from == 0)
    return;
  pair_bound(matches, &pair);
  g_array_append_val(align->pairs, pair);
}

static gint compare_machines(gconstpointer a, gconstpointer b)
{
  const TbMachine *x = *(const TbMachine *const *)a, *y = *(const TbMachine *const *)b;
  gint by_name = g_strcmp0(x->name, y->name);
  return by_name ? by_name : g_strcmp0(x->identity, y->identity);
}

/* Machines with captures, by name; the reference first. */
static GPtrArray *hosts_list(const TbAlign *align)
{
  GPtrArray *machines = g_ptr_array_new();
  for (guint i = 0; i < align->tracks->len; i++) {
    const TbAlignTrack *track = g_ptr_array_index(align->tracks, i);
    if (track->keys && track->keys->len && track->source->machine &&
        !g_ptr_array_find(machines, track->source->machine, NULL))
      g_ptr_array_add(machines, track->source->machine);
  }
  g_ptr_array_sort(machines, compare_machines);
  for (guint i = 1; i < machines->len && align->options.reference; i++) {
    TbMachine *machine = g_ptr_array_index(machines, i);
    if (g_strcmp0(machine->name, align->options.reference) != 0)
      continue;
    g_ptr_array_remove_index(machines, i);
    g_ptr_array_insert(machines, 0, machine);
    break;
  }
  return machines;
}

/* --- correcting --------------------------------------------------------- */

/* A difference along a chain of hosts. */
typedef struct {
  gboolean known;
  gint64 middle_ns;
  gint64 half_ns;
  double slope;
  gint64 at_ns;
  guint matches;
} HostClock;

static void axis_correct(TbAxis *axis, const HostClock *clock, gint64 own_ns)
{
  gint64 out = tb_axis_map(axis, own_ns);
  double bend = clock->slope * (double)(out - clock->middle_ns - clock->at_ns);
  gint64 by = clock->middle_ns + (gint64)llround(bend);
  gint64 low = axis->bound_low_ns - axis->offset_ns, high = axis->bound_high_ns - axis->offset_ns;
  if (clock->slope == 0) {
    axis->offset_ns -= by;
  } else {
    axis->rate *= 1.0 - clock->slope;
    axis->offset_ns = 0;
    axis->offset_ns = (gint64)((guint64)(out - by) - (guint64)tb_axis_map(axis, own_ns));
  }
  axis->bound_low_ns = axis->offset_ns + (axis->bounded ? low : 0) - clock->half_ns;
  axis->bound_high_ns = axis->offset_ns + (axis->bounded ? high : 0) + clock->half_ns;
  axis->bounded = TRUE;
  axis->matches = MAX(axis->matches, clock->matches);
  axis->origin = TB_ORIGIN_VOTED;
}

static void host_correct(const TbAlign *align, const TbMachine *machine, const HostClock *clock)
{
  for (guint i = 0; i < align->options.readers->len; i++) {
    const TbReader *reader = g_ptr_array_index(align->options.readers, i);
    for (guint s = 0; s < reader->sources->len; s++) {
      TbSource *source = g_ptr_array_index(reader->sources, s);
      if (source->machine != machine || !source->clock.axis.realtime || source->frozen)
        continue;
      axis_correct(&source->clock.axis, clock, source->counts.records ? source->counts.first_ns : 0);
    }
  }
}

static const TbHostPair *pairs_find(const TbAlign *align, const TbMachine *a, const TbMachine *b)
{
  for (guint i = 0; i < align->pairs->len; i++) {
    const TbHostPair *pair = &g_array_index(align->pairs, TbHostPair, i);
    gboolean both = (pair->reference == a && pair->machine == b) ||
                    (pair->reference == b && pair->machine == a);
    if (both && pair->matches_to && pair->matches_from)
      return pair;
  }
  return NULL;
}

/* The clock of @to by way of @from, whose own difference to the reference is known. */
static HostClock clock_chain(const HostClock *from, const TbHostPair *pair, const TbMachine *to)
{
  gint64 middle = pair->low_ns + (pair->high_ns - pair->low_ns) / 2;
  gint64 half = ABS(pair->high_ns - pair->low_ns) / 2 + 1;
  gint64 sign = pair->machine == to ? 1 : -1;
  return (HostClock){ TRUE, from->middle_ns + sign * middle, from->half_ns + half,
                      from->slope + (double)sign * pair->slope, pair->at_ns - from->middle_ns,
                      pair->matches_to + pair->matches_from };
}

static void hosts_correct(TbAlign *align, GPtrArray *machines)
{
  g_autofree HostClock *clocks = g_new0(HostClock, (gsize)machines->len + 1);
  g_autofree guint *queue = g_new0(guint, (gsize)machines->len + 1);
  guint head = 0, tail = 1;
  clocks[0].known = TRUE;
  while (head < tail) {
    guint at = queue[head++];
    for (guint i = 0; i < machines->len; i++) {
      const TbHostPair *pair = clocks[i].known ? NULL
                                               : pairs_find(align, g_ptr_array_index(machines, at),
                                                            g_ptr_array_index(machines, i));
      if (!pair)
        continue;
      clocks[i] = clock_chain(&clocks[at], pair, g_ptr_array_index(machines, i));
      host_correct(align, g_ptr_array_index(machines, i), &clocks[i]);
      queue[tail++] = i;
    }
  }
  for (guint i = 0; i < align->pairs->len; i++) {
    TbHostPair *pair = &g_array_index(align->pairs, TbHostPair, i);
    guint a = 0, b = 0;
    g_ptr_array_find(machines, pair->reference, &a);
    g_ptr_array_find(machines, pair->machine, &b);
    pair->corrected = clocks[a].known && clocks[b].known;
  }
}

static void note_pair(TbAlign *align, const TbHostPair *pair)
{
  const char *a = tb_machine_get_label(pair->machine), *b = tb_machine_get_label(pair->reference);
  g_autofree char *low = pair->matches_from
                             ? g_strdup_printf("%.6f", (double)pair->low_ns / 1e9) : g_strdup("?");
  g_autofree char *high = pair->matches_to
                              ? g_strdup_printf("%.6f", (double)pair->high_ns / 1e9)
                              : g_strdup("?");
  g_autofree char *drift = pair->slope != 0
                               ? g_strdup_printf(", drifting by %.3f ppm", pair->slope * 1e6)
                               : g_strdup("");
  tb_align_note(align,
                "the clock of %s minus that of %s is %s to %s s%s: %u packets to %s, %u from it; "
                "%u received before they were sent%s",
                a, b, low, high, drift, pair->matches_to, a, pair->matches_from, pair->early,
                pair->corrected ? ", corrected" : pair->early ? " (--align-hosts corrects it)" : "");
}

void tb_align_hosts(TbAlign *align)
{
  g_autoptr(GPtrArray) machines = hosts_list(align);
  if (machines->len < 2)
    return;
  for (guint i = 0; i < align->tracks->len; i++) {
    const TbAlignTrack *track = g_ptr_array_index(align->tracks, i);
    if (track->keys)
      keys_make_unique(track->keys);
  }
  for (guint i = 0; i < machines->len; i++)
    for (guint j = i + 1; j < machines->len; j++)
      hosts_compare(align, g_ptr_array_index(machines, i), g_ptr_array_index(machines, j));
  if (align->options.hosts)
    hosts_correct(align, machines);
  for (guint i = 0; i < align->pairs->len; i++)
    note_pair(align, &g_array_index(align->pairs, TbHostPair, i));
}
