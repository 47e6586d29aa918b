/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Offset, interval and drift; see align-fit.h. */
#include "stages/align/align-fit.h"

#include "stages/wire/match.h"

#include <math.h>
#include <stdlib.h>

enum {
  FIT_BINS = 48,
  FIT_BIN_MIN = 3,
  FIT_SLACK_NS = 50,         /* the kernel's clocks for tracing and for packets agree so far */
  FIT_SKEW_NS = 1000,        /* and those of different CPUs so far */
  FIT_UNKNOWN_NS = 50000,    /* where causality gives no bound */
  FIT_UNMATCHED_WEIGHT = 4,  /* a match outweighs so many packets without one */
  FIT_FAR_SPREADS = 8,       /* median distances; what lies farther out is a wrong match */
  FIT_SLOPE_STEPS = 40,
};

static gint64 fit_bend(const TbAlignFit *fit, gint64 event_ns)
{
  return fit->slope == 0 ? 0 : (gint64)llround(fit->slope * (double)(event_ns - fit->ref_ns));
}

static gint64 match_residual(const TbAlignMatch *match)
{
  return match->packet_ns - match->event.time_ns;
}

static void fit_middle(const GArray *matches, guint from, guint to, TbAlignFit *fit)
{
  guint n = to - from;
  g_autofree gint64 *values = g_new(gint64, (gsize)n + 1);
  for (guint i = 0; i < n; i++) {
    const TbAlignMatch *match = &g_array_index(matches, TbAlignMatch, from + i);
    values[i] = match_residual(match) - fit_bend(fit, match->event.time_ns);
  }
  tb_match_measure(values, n, &fit->offset_ns, &fit->spread_ns);
}

/* --- drift -------------------------------------------------------------- */

typedef struct {
  double time;
  double residual;
} FitBin;

/* Medians of equal numbers of residuals of one way, in order of time. */
static guint fit_make_bins(const GArray *matches, guint from, guint to, gboolean received,
                           const TbAlignFit *fit, FitBin *bins)
{
  guint n = 0, total = 0, done = 0, in_bin = 0;
  for (guint i = from; i < to; i++)
    total += g_array_index(matches, TbAlignMatch, i).event.received == received;
  g_autofree gint64 *values = g_new(gint64, (gsize)total + 1);
  guint size = MAX(FIT_BIN_MIN, (total + FIT_BINS - 1) / FIT_BINS);
  double time = 0;
  for (guint i = from; i < to; i++) {
    const TbAlignMatch *match = &g_array_index(matches, TbAlignMatch, i);
    if (match->event.received != received)
      continue;
    done++;
    values[in_bin++] = match_residual(match) - fit->offset_ns;
    time += (double)(match->event.time_ns - fit->ref_ns);
    if (in_bin < size && done < total)
      continue;
    if (in_bin >= FIT_BIN_MIN && n < FIT_BINS)
      bins[n++] = (FitBin){ time / in_bin, (double)tb_match_median(values, in_bin) };
    in_bin = 0;
    time = 0;
  }
  return n;
}

static int compare_double(const void *a, const void *b)
{
  double x = *(const double *)a, y = *(const double *)b;
  return x < y ? -1 : x > y;
}

/* The median of the slopes between bins far apart: single wrong ones have no say. */
static double bins_slope(const FitBin *bins, guint n)
{
  double slopes[FIT_BINS * FIT_BINS / 2];
  guint count = 0;
  for (guint i = 0; i < n; i++)
    for (guint j = i + 1; j < n; j++)
      if ((bins[j].time - bins[i].time) * 3 > bins[n - 1].time - bins[0].time)
        slopes[count++] = (bins[j].residual - bins[i].residual) / (bins[j].time - bins[i].time);
  if (count == 0)
    return 0;
  qsort(slopes, count, sizeof *slopes, compare_double);
  return slopes[count / 2];
}

/* How far the moments before and behind all stamps stay apart, at a slope. */
static double fit_gap(const GArray *matches, guint from, guint to, const TbAlignFit *fit,
                      double slope)
{
  double high = G_MAXDOUBLE, low = -G_MAXDOUBLE;
  double far = FIT_FAR_SPREADS * (double)MAX(fit->spread_ns, FIT_SLACK_NS);
  for (guint i = from; i < to; i++) {
    const TbAlignMatch *match = &g_array_index(matches, TbAlignMatch, i);
    const TbAlignEvent *event = &match->event;
    double time = (double)(event->time_ns - fit->ref_ns);
    double residual = (double)(match_residual(match) - fit->offset_ns);
    if (fabs(residual - fit->slope * time) > far)
      continue;
    if (event->before_ns != TB_ALIGN_NO_TIME)
      high = MIN(high, residual + (double)(event->time_ns - event->before_ns + fit->cut_ns) -
                           slope * time);
    if (event->after_ns != TB_ALIGN_NO_TIME)
      low = MAX(low, residual + (double)(event->time_ns - event->after_ns) - slope * time);
  }
  return high < G_MAXDOUBLE && low > -G_MAXDOUBLE ? high - low : -G_MAXDOUBLE;
}

/* How much steeper or flatter the slope may be before the two sides touch. */
static double fit_slope_room(const GArray *matches, guint from, guint to, double width,
                             const TbAlignFit *fit)
{
  double room = 0;
  for (guint side = 0; side < 2; side++) {
    double near = 0, far = width;
    for (guint i = 0; i < FIT_SLOPE_STEPS / 2; i++) {
      double middle = (near + far) / 2;
      if (fit_gap(matches, from, to, fit, fit->slope + (side ? middle : -middle)) > 0)
        near = middle;
      else
        far = middle;
    }
    room = MAX(room, near);
  }
  return room;
}

/* Causality is sharper than residuals: the slope that leaves most room between both sides. */
static void fit_refine_slope(const GArray *matches, guint from, guint to, gint64 span,
                             TbAlignFit *fit)
{
  double width = FIT_FAR_SPREADS * (double)MAX(fit->spread_ns, FIT_SLACK_NS) / (double)span;
  double low = fit->slope - width, high = fit->slope + width;
  if (fit_gap(matches, from, to, fit, fit->slope) == -G_MAXDOUBLE)
    return;
  for (guint i = 0; i < FIT_SLOPE_STEPS; i++) {
    double a = low + (high - low) / 3, b = high - (high - low) / 3;
    if (fit_gap(matches, from, to, fit, a) < fit_gap(matches, from, to, fit, b))
      low = a;
    else
      high = b;
  }
  fit->slope = (low + high) / 2;
  fit->slack_ns = fit_slope_room(matches, from, to, width, fit) * (double)span / 2;
}

static void fit_drift(const GArray *matches, guint from, guint to, TbAlignFit *fit)
{
  FitBin bins[FIT_BINS];
  guint received = 0;
  gint64 span = g_array_index(matches, TbAlignMatch, to - 1).event.time_ns -
                g_array_index(matches, TbAlignMatch, from).event.time_ns;
  for (guint i = from; i < to; i++)
    received += g_array_index(matches, TbAlignMatch, i).event.received;
  guint n = fit_make_bins(matches, from, to, received > (to - from) / 2, fit, bins);
  double slope = n >= FIT_BIN_MIN ? bins_slope(bins, n) : 0;
  if (span <= 0)
    return;
  fit->slope = slope;
  fit_middle(matches, from, to, fit);
  fit_refine_slope(matches, from, to, span, fit);
  fit_middle(matches, from, to, fit);
}

/* --- the interval ------------------------------------------------------- */

/* Each match alone allows the offsets of one window; a side that nothing bounds is at the end. */
typedef struct {
  gint64 *lows;
  gint64 *highs;
  guint n;
  guint two_sided;
} Windows;

static void windows_collect(const GArray *matches, guint from, guint to, const TbAlignFit *fit,
                            gboolean alone, gint64 slack_ns, Windows *w)
{
  w->n = w->two_sided = 0;
  for (guint i = from; i < to; i++) {
    const TbAlignMatch *match = &g_array_index(matches, TbAlignMatch, i);
    const TbAlignEvent *event = &match->event;
    gint64 stamp = match->packet_ns - fit_bend(fit, event->time_ns);
    gboolean low = event->after_ns != TB_ALIGN_NO_TIME, high = event->before_ns != TB_ALIGN_NO_TIME;
    if (alone && !match->alone)
      continue;
    w->lows[w->n] = low ? stamp - event->after_ns - slack_ns : G_MININT64;
    w->highs[w->n] = high ? stamp + fit->cut_ns - event->before_ns + slack_ns : G_MAXINT64;
    /* Times at the ends of their range can wrap; such a window is none. */
    if (w->lows[w->n] > w->highs[w->n])
      continue;
    w->two_sided += low && high;
    w->n++;
  }
  qsort(w->lows, w->n, sizeof *w->lows, tb_match_compare_ns);
  qsort(w->highs, w->n, sizeof *w->highs, tb_match_compare_ns);
}

/* The offsets that most windows allow; wrong matches are outvoted. Returns: how many allow them */
static guint windows_meet(const Windows *w, gint64 *low, gint64 *high)
{
  guint depth = 0, best = 0;
  for (guint l = 0, h = 0; l < w->n; l++) {
    while (h < w->n && w->highs[h] < w->lows[l]) {
      h++;
      depth--;
    }
    if (++depth > best) {
      best = depth;
      *low = w->lows[l];
      *high = w->highs[h];
    }
  }
  return best;
}

static void fit_interval(const GArray *matches, guint from, guint to, TbAlignFit *fit)
{
  gsize n = to - from;
  g_autofree gint64 *lows = g_new(gint64, n + 1), *highs = g_new(gint64, n + 1);
  Windows windows = { lows, highs, 0, 0 };
  gint64 low = G_MININT64, high = G_MAXINT64, unknown = FIT_UNKNOWN_NS + 4 * fit->spread_ns;
  windows_collect(matches, from, to, fit, FALSE, FIT_SKEW_NS, &windows);
  guint allow = windows_meet(&windows, &low, &high);
  fit->agreeing = windows.n ? (double)allow / windows.n : 0;
  fit->windows = windows.two_sided;
  windows_collect(matches, from, to, fit, TRUE, FIT_SLACK_NS + (gint64)fit->slack_ns, &windows);
  if (windows.two_sided < FIT_BIN_MIN)
    windows_collect(matches, from, to, fit, FALSE, FIT_SLACK_NS + (gint64)fit->slack_ns, &windows);
  windows_meet(&windows, &low, &high);
  fit->causal = low != G_MININT64 && high != G_MAXINT64;
  fit->low_ns = low != G_MININT64 ? low : MIN(fit->offset_ns, high) - unknown;
  fit->high_ns = high != G_MAXINT64 ? high : MAX(fit->offset_ns, low) + unknown;
  if (fit->causal)
    fit->offset_ns = low + (high - low) / 2;
}

void tb_align_fit(const GArray *matches, guint from, guint to, gint64 resolution_ns,
                  gboolean drifts, TbAlignFit *fit)
{
  *fit = (TbAlignFit){ .matches = to - from, .cut_ns = MAX(resolution_ns - 1, 0) };
  if (to <= from)
    return;
  gint64 first = g_array_index(matches, TbAlignMatch, from).event.time_ns;
  gint64 last = g_array_index(matches, TbAlignMatch, to - 1).event.time_ns;
  fit->ref_ns = first + (last - first) / 2;
  fit_middle(matches, from, to, fit);
  if (drifts && to - from >= TB_ALIGN_DRIFT_MATCHES)
    fit_drift(matches, from, to, fit);
  fit_interval(matches, from, to, fit);
}

void tb_align_find_piece(const GArray *matches, guint n_packets, guint *from, guint *to)
{
  gint64 sum = 0, best = 0;
  guint start = 0, m = 0;
  *from = *to = 0;
  for (guint i = 0; i < n_packets; i++) {
    gboolean matched = m < matches->len && g_array_index(matches, TbAlignMatch, m).packet == i;
    m += matched;
    sum += matched ? FIT_UNMATCHED_WEIGHT : -1;
    if (sum <= 0) {
      sum = 0;
      start = i + 1;
    }
    if (sum > best) {
      best = sum;
      *from = start;
      *to = i + 1;
    }
  }
}
