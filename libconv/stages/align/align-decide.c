/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From comparisons to machines, axes, notes and reasons; see align-private.h. */
#include "stages/align/align-private.h"

#include <math.h>
#include <stdlib.h>

enum {
  DECIDE_BUDGET = 1 << 18,
  DECIDE_BUDGET_MANY = 1 << 16,
  DECIDE_FEW_COMPARISONS = 8,
};

typedef struct {
  TbAlign *align;
  GArray *results; /* of TbAlignResult, all that were accepted */
  guint budget;
} Decision;

/* The best refusal of a recording, to tell why. */
typedef struct {
  gboolean any;
  TbAlignResult result;
} Refusal;

static gboolean source_is_fixed(const TbSource *source)
{
  return source->clock.axis.origin == TB_ORIGIN_USER || source->clock.axis.clock == TB_CLOCK_REALTIME;
}

/* --- captures ----------------------------------------------------------- */

static gboolean capture_fits(const TbAlignTrack *recording, const TbAlignTrack *capture)
{
  return !capture->source->machine || capture->source->machine == recording->source->machine;
}

static gboolean result_beats(const TbAlignResult *a, const TbAlignResult *b)
{
  if (a->fit.matches * 2 > b->fit.matches * 3 || b->fit.matches * 2 > a->fit.matches * 3)
    return a->fit.matches > b->fit.matches;
  return a->fit.spread_ns < b->fit.spread_ns;
}

/* Whether one machine explains the capture clearly better than @b's does. */
static gboolean result_is_clear(const TbAlignResult *a, const TbAlignResult *b)
{
  return a->fit.matches * 2 > b->fit.matches * 3 || a->fit.spread_ns * 2 < b->fit.spread_ns;
}

/* A capture without a machine belongs to the one whose recording it fits best. */
static void capture_find_machine(Decision *d, TbAlignTrack *capture)
{
  const TbAlignResult *best = NULL, *second = NULL;
  for (guint i = 0; i < d->results->len; i++) {
    const TbAlignResult *result = &g_array_index(d->results, TbAlignResult, i);
    if (result->capture == capture && (!best || result_beats(result, best)))
      best = result;
  }
  for (guint i = 0; i < d->results->len; i++) {
    const TbAlignResult *result = &g_array_index(d->results, TbAlignResult, i);
    if (best && result->capture == capture &&
        result->recording->source->machine != best->recording->source->machine &&
        (!second || result_beats(result, second)))
      second = result;
  }
  if (!best || (second && !result_is_clear(best, second)))
    return;
  tb_source_set_machine(capture->source, best->recording->source->machine);
  tb_align_note(d->align, "%s belongs to %s: %u of its packets are in that recording",
                capture->source->file ? capture->source->file : capture->source->name,
                tb_machine_get_label(best->recording->source->machine), best->fit.matches);
}

/* Interfaces of one file that could not be told apart follow the others. */
static void captures_follow(TbAlign *align)
{
  for (guint i = 0; i < align->options.readers->len; i++) {
    const TbReader *reader = g_ptr_array_index(align->options.readers, i);
    TbMachine *machine = NULL;
    gboolean several = FALSE;
    for (guint s = 0; s < reader->sources->len; s++) {
      const TbSource *source = g_ptr_array_index(reader->sources, s);
      several |= source->machine && machine && source->machine != machine;
      machine = source->machine ? source->machine : machine;
    }
    for (guint s = 0; s < reader->sources->len && machine && !several; s++) {
      TbSource *source = g_ptr_array_index(reader->sources, s);
      if (!source->machine)
        tb_source_set_machine(source, machine);
    }
  }
}

/* --- recordings --------------------------------------------------------- */

/* own -> out through one point, at a rate; the reference is own time 0, so that
 * out = own x rate + offset is all there is to know. */
static void axis_set_line(TbAxis *axis, gint64 own_ns, gint64 out_ns, double rate)
{
  axis->rate = rate;
  axis->rate_ref = 0;
  axis->offset_ns = 0;
  axis->offset_ns = (gint64)((guint64)out_ns - (guint64)tb_axis_map(axis, own_ns));
}

static void note_steps(TbAlign *align, const TbAlignResult *result)
{
  g_autofree char *name = tb_source_dup_interface_name(result->capture->source);
  for (guint i = 0; i < result->steps->len; i++) {
    const TbAlignStepFound *step = &g_array_index(result->steps, TbAlignStepFound, i);
    tb_align_note(align,
                  "%s: the wall clock was set by %+.6f s between its packets at %" G_GINT64_FORMAT
                  ".%09u and %" G_GINT64_FORMAT ".%09u; the times %s it are left as they are and do not fit",
                  name, (double)step->ns / 1e9, step->before_ns / 1000000000,
                  (guint)(step->before_ns % 1000000000), step->after_ns / 1000000000,
                  (guint)(step->after_ns % 1000000000), step->behind ? "behind" : "before");
  }
}

/*
 * A date that the packets confirm stands. Its own bounds are what recorders
 * reach on quiet machines; those of causality hold on any.
 */
static gboolean axis_keep_date(TbAxis *axis, const TbAlignFit *fit)
{
  gint64 low = MAX(fit->low_ns, axis->bound_low_ns - axis->offset_ns);
  gint64 high = MIN(fit->high_ns, axis->bound_high_ns - axis->offset_ns);
  if (!axis->bounded || low > high)
    return FALSE;
  axis->bound_low_ns = axis->offset_ns + fit->low_ns;
  axis->bound_high_ns = axis->offset_ns + fit->high_ns;
  axis->offset_ns += CLAMP(0, low, high);
  return TRUE;
}

static void note_date(TbAlign *align, const TbSource *source, const TbAlignFit *fit)
{
  g_autofree char *name = tb_source_dup_interface_name(source);
  tb_align_note(align,
                "%s: its date and its packets disagree: by the packets it is %+.3f us off "
                "(%+.3f to %+.3f); the packets are followed",
                name, (double)fit->offset_ns / 1e3, (double)fit->low_ns / 1e3,
                (double)fit->high_ns / 1e3);
}

/* The intervals of all captures of the machine hold at once; where they do not, the best one's. */
static void results_intersect(const Decision *d, const TbAlignResult *best, TbAlignFit *fit)
{
  *fit = best->fit;
  for (guint i = 0; i < d->results->len; i++) {
    const TbAlignResult *other = &g_array_index(d->results, TbAlignResult, i);
    gint64 low = MAX(fit->low_ns, other->fit.low_ns), high = MIN(fit->high_ns, other->fit.high_ns);
    if (other->recording != best->recording || other == best || !other->fit.causal ||
        !fit->causal || fit->slope != 0 || other->fit.slope != 0 || other->scale != best->scale ||
        low > high)
      continue;
    fit->low_ns = low;
    fit->high_ns = high;
    fit->offset_ns = low + (high - low) / 2;
  }
}

static void recording_settle(Decision *d, const TbAlignResult *best)
{
  TbSource *source = best->recording->source;
  TbAxis *axis = &source->clock.axis;
  TbAlignFit fit;
  results_intersect(d, best, &fit);
  axis->confidence = MIN(best->vote.confidence, G_MAXUINT16);
  axis->matches = best->fit.matches;
  if (axis->realtime && fit.slope == 0) {
    if (axis_keep_date(axis, &fit))
      return;
    note_date(d->align, source, &fit);
  }
  gint64 opened = axis->offset_ns;
  gint64 ref = fit.ref_ns;
  if (best->scale != 1.0) {
    /* @ref is scaled ticks; the nearest tick is as good. */
    gint64 tick = (gint64)llround((double)ref / best->scale);
    gint64 scaled = (gint64)llround((double)tick * best->scale);
    axis_set_line(axis, tick,
                  scaled + fit.offset_ns + (gint64)llround(fit.slope * (double)(scaled - ref)),
                  best->scale * (1.0 + fit.slope));
  } else {
    axis_set_line(axis, (gint64)((guint64)ref - (guint64)opened), ref + fit.offset_ns,
                  1.0 + fit.slope);
  }
  axis->ticks = FALSE;
  axis->realtime = TRUE;
  axis->origin = TB_ORIGIN_VOTED;
  axis->bounded = TRUE;
  axis->bound_low_ns = axis->offset_ns + (fit.low_ns - fit.offset_ns);
  axis->bound_high_ns = axis->offset_ns + (fit.high_ns - fit.offset_ns);
}

static const TbAlignResult *recording_best(const Decision *d, const TbAlignTrack *recording)
{
  const TbAlignResult *best = NULL;
  for (guint i = 0; i < d->results->len; i++) {
    const TbAlignResult *result = &g_array_index(d->results, TbAlignResult, i);
    if (result->recording == recording && capture_fits(recording, result->capture) &&
        (!best || result_beats(result, best)))
      best = result;
  }
  return best;
}

/* Whether this is a virtual machine's recording that runs on its host's clock. */
static gboolean source_is_guest(const TbAlign *align, const TbSource *source)
{
  for (guint i = 0; i < align->options.readers->len && source->clock.axis.session; i++) {
    const TbReader *reader = g_ptr_array_index(align->options.readers, i);
    if (reader->session.host && g_ptr_array_find(reader->sources, source, NULL))
      return TRUE;
  }
  return FALSE;
}

/* Guests come last: where their host has an axis, that is theirs (sources_share()). */
static void recordings_settle(Decision *d, gboolean guests)
{
  for (guint i = 0; i < d->align->tracks->len; i++) {
    TbAlignTrack *track = g_ptr_array_index(d->align->tracks, i);
    const TbAlignResult *best = track->events ? recording_best(d, track) : NULL;
    if (best && !source_is_fixed(track->source) &&
        source_is_guest(d->align, track->source) == guests &&
        !(guests && track->source->clock.axis.origin == TB_ORIGIN_VOTED))
      recording_settle(d, best);
  }
}

/* --- what was not compared itself --------------------------------------- */

static gboolean source_gives(const TbSource *from, const TbSource *to)
{
  return from != to && from->class == TB_SOURCE_EVENTS && from->clock.axis.realtime &&
         (from->clock.axis.origin == TB_ORIGIN_VOTED || from->clock.axis.origin == TB_ORIGIN_DATE) &&
         from->clock.axis.clock == to->clock.axis.clock && from->clock.axis.clock != TB_CLOCK_COUNTER &&
         ((from->clock.axis.session && from->clock.axis.session == to->clock.axis.session) ||
          (from->machine == to->machine && from->clock.axis.clock != TB_CLOCK_UNKNOWN));
}

/* One clock found twice differs by what the matches leave open; more is another run of it. */
static gboolean axes_overlap(const TbAxis *a, const TbAxis *b)
{
  return a->origin == TB_ORIGIN_VOTED && b->origin == TB_ORIGIN_VOTED && a->rate == 1.0 &&
         b->rate == 1.0 && a->bound_low_ns <= b->bound_high_ns &&
         b->bound_low_ns <= a->bound_high_ns;
}

/*
 * Buffers and recordings of one machine on one clock have one offset, that of
 * the most matches: what is in order on that clock stays so.
 */
static void sources_share(const GPtrArray *sources)
{
  for (guint i = 0; i < sources->len; i++) {
    TbSource *to = g_ptr_array_index(sources, i);
    const TbSource *best = NULL;
    gboolean none = to->clock.axis.origin == TB_ORIGIN_NONE && !to->clock.axis.realtime;
    if (to->class != TB_SOURCE_EVENTS || to->frozen)
      continue;
    for (guint s = 0; s < sources->len; s++) {
      const TbSource *from = g_ptr_array_index(sources, s);
      gboolean gives = source_gives(from, to) &&
                       (none || (axes_overlap(&from->clock.axis, &to->clock.axis) &&
                                 from->clock.axis.matches > to->clock.axis.matches));
      if (gives && (!best || from->clock.axis.matches > best->clock.axis.matches))
        best = from;
    }
    if (best)
      to->clock.axis = best->clock.axis;
  }
}

/* --- reasons ------------------------------------------------------------ */

#define REASON_RECORD                                                                              \
  "next time record with -e net (net_dev_queue, net_dev_start_xmit, netif_receive_skb), or with "  \
  "--date"

static char *reason_of_refusal(const TbSource *source, const TbAlignResult *result)
{
  const TbAlignVote *vote = &result->vote;
  if (result->scale == 0)
    return g_strdup_printf("the rate of its clock \"%s\" could not be found from its packets: "
                           "next time record with -C mono, or capture more traffic",
                           tb_clock_to_name(source->clock.axis.clock));
  if (vote->looked_at < TB_ALIGN_MATCHES_MIN || vote->score < TB_ALIGN_MATCHES_MIN)
    return g_strdup_printf("too few packets: %u of the capture match its network events at best, "
                           "at least %d are needed: next time capture on the recorded machine "
                           "while it records, with more traffic, or record with --date",
                           vote->score, TB_ALIGN_MATCHES_MIN);
  return g_strdup_printf("the packets do not tell: the best offset has %u matches of %u, the "
                         "second best %u (ratio %.2f, needed %.1f): next time capture on the "
                         "recorded machine while it records, or record with --date",
                         vote->score, vote->looked_at, vote->second, vote->confidence,
                         TB_ALIGN_CONFIDENCE_MIN);
}

static void source_set_reason(Decision *d, TbSource *source, const TbAlignTrack *track,
                              gboolean captured, const Refusal *refusal)
{
  char *reason;
  if (source->frozen)
    reason = g_strdup("it was converted before on its own clock: merge the recording itself");
  else if (!track || !track->events || track->events->len == 0)
    reason = g_strdup("the recording has no network events to compare with packets: "
                      REASON_RECORD);
  else if (!captured)
    reason = g_strdup("there is no capture of that machine: next time capture its packets too, "
                      "or record with --date");
  else
    reason = reason_of_refusal(source, &refusal->result);
  g_hash_table_insert(d->align->reasons, source, reason);
}

static void sources_find_reasons(Decision *d, const GPtrArray *sources, const Refusal *refusals)
{
  for (guint i = 0; i < sources->len; i++) {
    TbSource *source = g_ptr_array_index(sources, i);
    const TbAlignTrack *track = g_hash_table_lookup(d->align->by_source, source);
    Refusal refusal = { 0 };
    gboolean captured = FALSE;
    if (source->class != TB_SOURCE_EVENTS || source->clock.axis.realtime || source->counts.records == 0)
      continue;
    for (guint t = 0; t < d->align->tracks->len; t++) {
      const TbAlignTrack *other = g_ptr_array_index(d->align->tracks, t);
      captured |= other->packets && other->packets->len &&
                  (!track || capture_fits(track, other));
      if (other == track)
        refusal = refusals[t];
    }
    source_set_reason(d, source, track, captured && (!track || refusal.any), &refusal);
  }
}

/* --- all of it ---------------------------------------------------------- */

static void refusal_keep(Refusal *refusal, const TbAlignResult *result)
{
  if (refusal->any && refusal->result.vote.score >= result->vote.score)
    return;
  refusal->any = TRUE;
  refusal->result = *result;
  refusal->result.steps = NULL;
}

static void decide_compare(Decision *d, Refusal *refusals)
{
  const GPtrArray *tracks = d->align->tracks;
  for (guint r = 0; r < tracks->len; r++) {
    TbAlignTrack *recording = g_ptr_array_index(tracks, r);
    for (guint c = 0; c < tracks->len && recording->events; c++) {
      TbAlignTrack *capture = g_ptr_array_index(tracks, c);
      TbAlignResult result;
      if (!capture->packets || !capture_fits(recording, capture))
        continue;
      if (tb_align_compare(recording, capture, d->budget, &result)) {
        g_array_append_val(d->results, result);
        g_hash_table_insert(d->align->ways, capture,
                            g_memdup2(result.ways, sizeof result.ways));
      } else {
        refusal_keep(&refusals[r], &result);
        tb_align_result_clear(&result);
      }
    }
  }
}

static GPtrArray *align_all_sources(const TbAlign *align)
{
  GPtrArray *sources = g_ptr_array_new();
  for (guint i = 0; i < align->options.readers->len; i++) {
    const TbReader *reader = g_ptr_array_index(align->options.readers, i);
    g_ptr_array_extend(sources, reader->sources, NULL, NULL);
  }
  return sources;
}

static guint decide_budget(const TbAlign *align)
{
  guint recordings = 0, captures = 0;
  for (guint i = 0; i < align->tracks->len; i++) {
    const TbAlignTrack *track = g_ptr_array_index(align->tracks, i);
    recordings += track->events != NULL;
    captures += track->packets != NULL;
  }
  return (guint64)recordings * captures > DECIDE_FEW_COMPARISONS ? DECIDE_BUDGET_MANY
                                                                 : DECIDE_BUDGET;
}

/* The senders' ways as the machine the capture belongs to sees them; its steps, once. */
static void decide_captures(Decision *d)
{
  for (guint i = 0; i < d->align->tracks->len; i++) {
    TbAlignTrack *capture = g_ptr_array_index(d->align->tracks, i);
    const TbAlignResult *best = NULL;
    if (!capture->packets)
      continue;
    if (!capture->source->machine)
      capture_find_machine(d, capture);
    for (guint r = 0; r < d->results->len; r++) {
      const TbAlignResult *result = &g_array_index(d->results, TbAlignResult, r);
      if (result->capture == capture && capture_fits(result->recording, capture) &&
          (!best || result_beats(result, best)))
        best = result;
    }
    if (!best)
      continue;
    g_hash_table_insert(d->align->ways, capture, g_memdup2(best->ways, sizeof best->ways));
    note_steps(d->align, best);
  }
}

void tb_align_decide(TbAlign *align)
{
  g_autoptr(GPtrArray) sources = align_all_sources(align);
  g_autofree Refusal *refusals = g_new0(Refusal, (gsize)align->tracks->len + 1);
  Decision d = { .align = align, .budget = decide_budget(align) };
  d.results = g_array_new(FALSE, FALSE, sizeof(TbAlignResult));
  decide_compare(&d, refusals);
  decide_captures(&d);
  captures_follow(align);
  recordings_settle(&d, FALSE);
  sources_share(sources);
  recordings_settle(&d, TRUE);
  sources_share(sources);
  sources_find_reasons(&d, sources, refusals);
  for (guint i = 0; i < d.results->len; i++)
    tb_align_result_clear(&g_array_index(d.results, TbAlignResult, i));
  g_array_unref(d.results);
}
