/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How the packets of a capture lie to the buffers of a recording, measured on pieces of the
 * capture: whose device it is where the capture does not say, how far from the device's events
 * its packets were stamped, and how much that varies.
 */
#include "stages/link/link-private.h"

#include <string.h>

enum {
  SURVEY_PIECES = 8,
  SURVEY_PACKETS = 512, /* of a piece */
  SURVEY_PASSES = 8192, /* beside a piece, of each way */
  SURVEY_NEAREST_NS = 500, /* added to what was measured */
  SURVEY_MOSTS = 8,
  SURVEY_SPREADS = 64,
  SURVEY_TRIM = 12, /* spreads */
  SURVEY_FEW = 3,
};

/* Distances of packets from one device's buffers. */
typedef struct {
  GArray *residuals[TB_WIRE_N_WAYS];
  guint64 n_passes;
  gint64 middle_ns[TB_WIRE_N_WAYS];
  gint64 spread_ns[TB_WIRE_N_WAYS]; /* half of the packets lie so near to that */
  gint64 edge_ns[TB_WIRE_N_WAYS];   /* distance of a packet that was stamped at once */
  gint64 late_ns[TB_WIRE_N_WAYS];   /* half of the packets lie so near to that */
  gint64 most_ns[TB_WIRE_N_WAYS];   /* nine of ten */
} SurveyDevice;

typedef struct {
  const LinkTrack *track;
  const LinkCapture *capture;
  guint only; /* device, or TB_WIRE_NO_DEVICE */
  GArray *packets; /* LinkPacket of a piece, by length and time */
  GArray *passes;  /* LinkPass beside it, of one way */
  SurveyDevice *devices;
  guint n_devices;
  guint64 n_packets;
} Survey;

gint64 link_axis_ns(const LinkTrack *track, const LinkCapture *capture, gint64 time_ns)
{
  const TbSource *from = capture->source, *to = track->source;
  gint64 out_ns = tb_axis_map(&from->clock.axis, tb_axis_unmap(&from->clock.opened, time_ns));
  return tb_axis_map(&to->clock.opened, tb_axis_unmap(&to->clock.axis, out_ns));
}

static gint survey_compare_packets(gconstpointer a, gconstpointer b)
{
  const LinkPacket *x = a, *y = b;
  if (x->way != y->way)
    return x->way < y->way ? -1 : 1;
  if (x->len != y->len)
    return x->len < y->len ? -1 : 1;
  return x->time_ns < y->time_ns ? -1 : x->time_ns > y->time_ns;
}

static gint survey_compare_passes(gconstpointer a, gconstpointer b)
{
  const LinkPass *x = a, *y = b;
  if (x->device != y->device)
    return x->device < y->device ? -1 : 1;
  if (x->len != y->len)
    return x->len < y->len ? -1 : 1;
  return x->anchor_ns < y->anchor_ns ? -1 : x->anchor_ns > y->anchor_ns;
}

/* The piece's packets that can be of @way; they are sorted by it first. */
static TbMatchSide survey_side(const Survey *s, guint way)
{
  TbMatchSide side = TB_MATCH_SIDE(s->packets, LinkPacket, time_ns, len);
  guint from = 0, to = s->packets->len;
  while (s->capture->cooked && from < to && g_array_index(s->packets, LinkPacket, from).way < way)
    from++;
  while (s->capture->cooked && to > from && g_array_index(s->packets, LinkPacket, to - 1).way > way)
    to--;
  side.items += from * side.stride;
  side.n = to - from;
  return side;
}

/* Whether pass @i is not farther from @time_ns than its like before and behind it. */
static gboolean survey_is_mutual(const GArray *passes, guint i, gint64 time_ns)
{
  const LinkPass *pass = &g_array_index(passes, LinkPass, i);
  gint64 ns = ABS(time_ns - pass->anchor_ns);
  for (guint n = i ? i - 1 : 0; n <= i + 1 && n < passes->len; n++) {
    const LinkPass *other = &g_array_index(passes, LinkPass, n);
    if (n != i && other->device == pass->device && other->len == pass->len &&
        ABS(time_ns - other->anchor_ns) < ns)
      return FALSE;
  }
  return TRUE;
}

static void survey_compare(Survey *s, guint way)
{
  TbMatchSide packets = survey_side(s, way);
  g_array_sort(s->passes, survey_compare_passes);
  for (guint i = 0; i < s->passes->len; i++) {
    const LinkPass *pass = &g_array_index(s->passes, LinkPass, i);
    SurveyDevice *device = &s->devices[pass->device];
    gint64 ns = tb_match_nearest(&packets, pass->len, pass->anchor_ns);
    device->n_passes++;
    if (ns != G_MAXINT64 && ABS(ns) <= tb_match_of_links.far_ns &&
        survey_is_mutual(s->passes, i, pass->anchor_ns + ns))
      g_array_append_val(device->residuals[way], ns);
  }
}

/* The passes of @way beside the piece. */
static gboolean survey_read_passes(Survey *s, guint way, gint64 from_ns, gint64 to_ns,
                                   GError **error)
{
  TbSpill *spill = s->track->passes[way];
  GError *failed = NULL;
  TbSpillReader reader;
  const LinkPass *pass;
  guint64 first;
  g_array_set_size(s->passes, 0);
  if (!tb_spill_find(spill, from_ns, &first, error))
    return FALSE;
  tb_spill_reader_init(&reader, spill, first);
  while ((pass = tb_spill_next(&reader, &failed)) && pass->anchor_ns <= to_ns &&
         s->passes->len < SURVEY_PASSES) {
    LinkPass kept = *pass;
    if (s->only != TB_WIRE_NO_DEVICE && kept.device != s->only)
      continue;
    kept.device = s->capture->cooked ? 0 : kept.device;
    g_array_append_val(s->passes, kept);
  }
  tb_spill_reader_clear(&reader);
  if (failed)
    g_propagate_error(error, failed);
  return !failed;
}

static gboolean survey_piece(Survey *s, guint64 first, guint64 n, GError **error)
{
  GError *failed = NULL;
  TbSpillReader reader;
  const LinkPacket *packet;
  g_array_set_size(s->packets, 0);
  tb_spill_reader_init(&reader, s->capture->packets, first);
  while (n-- > 0 && (packet = tb_spill_next(&reader, &failed))) {
    LinkPacket kept = *packet;
    kept.time_ns = link_axis_ns(s->track, s->capture, kept.time_ns);
    if (kept.len)
      g_array_append_val(s->packets, kept);
  }
  tb_spill_reader_clear(&reader);
  if (failed)
    g_propagate_error(error, failed);
  if (failed || s->packets->len == 0)
    return !failed;
  s->n_packets += s->packets->len;
  gint64 from_ns = g_array_index(s->packets, LinkPacket, 0).time_ns;
  gint64 to_ns = g_array_index(s->packets, LinkPacket, s->packets->len - 1).time_ns;
  g_array_sort(s->packets, survey_compare_packets);
  for (guint way = 0; way < TB_WIRE_N_WAYS; way++) {
    if (!survey_read_passes(s, way, from_ns - tb_match_of_links.far_ns, to_ns + tb_match_of_links.far_ns, error))
      return FALSE;
    survey_compare(s, way);
  }
  return TRUE;
}

static gboolean survey_pieces(Survey *s, GError **error)
{
  guint64 n = tb_spill_get_n(s->capture->packets);
  if (n <= SURVEY_PIECES * SURVEY_PACKETS)
    return survey_piece(s, 0, n, error);
  for (guint i = 0; i < SURVEY_PIECES; i++)
    if (!survey_piece(s, n / SURVEY_PIECES * i, SURVEY_PACKETS, error))
      return FALSE;
  return TRUE;
}

/* --- what was measured --- */

/* Makes of residuals their distances from @centre_ns, sorted. */
static void survey_turn(GArray *residuals, gint64 centre_ns)
{
  for (guint i = 0; i < residuals->len; i++) {
    gint64 *ns = &g_array_index(residuals, gint64, i);
    *ns = ABS(*ns - centre_ns);
  }
  g_array_sort(residuals, tb_match_compare_ns);
}

static gint64 survey_tenth(const GArray *sorted, guint tenths)
{
  return tb_match_part((const gint64 *)(gconstpointer)sorted->data, sorted->len, tenths);
}

/* Leaves out what lies far from most: packets whose own buffers, or buffers whose own packets, are missing. */
static void survey_trim(GArray *sorted, gint64 middle_ns, gint64 far_ns)
{
  guint kept = 0;
  for (guint i = 0; i < sorted->len; i++) {
    gint64 ns = g_array_index(sorted, gint64, i);
    if (ABS(ns - middle_ns) <= far_ns)
      g_array_index(sorted, gint64, kept++) = ns;
  }
  g_array_set_size(sorted, kept);
}

/*
 * What takes long makes the distance larger, to one side: a packet is stamped before its device
 * starts to send it, and behind its being received. So the nearest ones tell where to look.
 */
static void survey_measure(SurveyDevice *device)
{
  for (guint way = 0; way < TB_WIRE_N_WAYS; way++) {
    GArray *residuals = device->residuals[way];
    if (residuals->len == 0)
      continue;
    g_autoptr(GArray) distances = g_array_copy(residuals);
    tb_match_measure((gint64 *)(gpointer)distances->data, distances->len, &device->middle_ns[way],
                     &device->spread_ns[way]);
    g_array_sort(residuals, tb_match_compare_ns);
    survey_trim(residuals, device->middle_ns[way],
                MAX(device->spread_ns[way] * SURVEY_TRIM, tb_match_of_links.least_ns));
    device->edge_ns[way] = survey_tenth(residuals, way == TB_WIRE_SENT ? 9 : 1);
    survey_turn(residuals, device->edge_ns[way]);
    device->late_ns[way] = survey_tenth(residuals, 5);
    device->most_ns[way] = survey_tenth(residuals, 9);
  }
}

static guint survey_hits(const SurveyDevice *device)
{
  return device->residuals[TB_WIRE_SENT]->len + device->residuals[TB_WIRE_RECEIVED]->len;
}

/*
 * A device's own packets are stamped before it starts to send them and when it has received
 * them. At the other end of a wire within the machine it is the other way round.
 */
static gboolean survey_is_reversed(const SurveyDevice *device)
{
  return device->residuals[TB_WIRE_SENT]->len >= SURVEY_FEW &&
         device->residuals[TB_WIRE_RECEIVED]->len >= SURVEY_FEW &&
         device->middle_ns[TB_WIRE_RECEIVED] < device->middle_ns[TB_WIRE_SENT];
}

static gint64 survey_spread(const SurveyDevice *device)
{
  return MAX(device->spread_ns[TB_WIRE_SENT], device->spread_ns[TB_WIRE_RECEIVED]);
}

/* The device that explains the packets best, or TB_WIRE_NO_DEVICE where two do alike. */
static guint survey_choose(const Survey *s)
{
  guint most = 0, best = TB_WIRE_NO_DEVICE;
  gboolean clear = TRUE;
  for (guint i = 0; i < s->n_devices; i++)
    most = MAX(most, survey_hits(&s->devices[i]));
  for (guint i = 0; i < s->n_devices; i++) {
    const SurveyDevice *device = &s->devices[i];
    guint64 hits = survey_hits(device);
    if (hits == 0 || hits * 10 < (guint64)most * 9 || survey_is_reversed(device))
      continue;
    if (best == TB_WIRE_NO_DEVICE) {
      best = i;
      continue;
    }
    gint64 old_ns = survey_spread(&s->devices[best]), new_ns = survey_spread(device);
    clear = MIN(old_ns, new_ns) * 3 < MAX(old_ns, new_ns) * 2;
    best = new_ns < old_ns ? i : best;
  }
  return clear ? best : TB_WIRE_NO_DEVICE;
}

static gboolean survey_fit(const Survey *s, LinkFit *fit)
{
  guint chosen = s->only != TB_WIRE_NO_DEVICE ? s->only : s->capture->cooked ? 0 : survey_choose(s);
  if (chosen >= s->n_devices)
    return FALSE;
  const SurveyDevice *device = &s->devices[chosen];
  guint64 hits = survey_hits(device);
  /* Equal lengths by chance are no match. */
  if (hits == 0 || hits * 2 < MIN(device->n_passes, s->n_packets))
    return FALSE;
  *fit = (LinkFit){ .device = s->capture->cooked ? TB_WIRE_NO_DEVICE : chosen };
  for (guint way = 0; way < TB_WIRE_N_WAYS; way++) {
    if (device->residuals[way]->len == 0)
      continue;
    fit->ways[way].usual_ns = device->edge_ns[way];
    gint64 near_ns = MAX(device->most_ns[way] * SURVEY_MOSTS + SURVEY_NEAREST_NS,
                         device->spread_ns[way] * SURVEY_SPREADS);
    fit->ways[way].near_ns = CLAMP(near_ns, tb_match_of_links.least_ns, tb_match_of_links.most_ns);
    fit->ways[way].clear_ns = MAX(device->late_ns[way], tb_match_of_links.clear_ns);
  }
  return TRUE;
}

gint link_survey(const LinkTrack *track, const LinkCapture *capture, LinkFit *fit, GError **error)
{
  Survey s = { .track = track, .capture = capture, .only = TB_WIRE_NO_DEVICE,
               .n_devices = tb_wire_buffers_get_n_devices(track->buffers) };
  if (capture->source->name_is_device && !capture->cooked) {
    s.only = tb_wire_buffers_find_device(track->buffers, capture->source->name);
    if (s.only == TB_WIRE_NO_DEVICE)
      return 0;
  }
  if (s.n_devices == 0 || tb_spill_get_n(capture->packets) == 0)
    return 0;
  s.packets = g_array_new(FALSE, FALSE, sizeof(LinkPacket));
  s.passes = g_array_new(FALSE, FALSE, sizeof(LinkPass));
  s.devices = g_new0(SurveyDevice, s.n_devices);
  for (guint i = 0; i < s.n_devices * TB_WIRE_N_WAYS; i++)
    s.devices[i / TB_WIRE_N_WAYS].residuals[i % TB_WIRE_N_WAYS] =
        g_array_new(FALSE, FALSE, sizeof(gint64));
  gboolean ok = survey_pieces(&s, error);
  for (guint i = 0; i < s.n_devices; i++)
    survey_measure(&s.devices[i]);
  gint result = !ok ? -1 : survey_fit(&s, fit) ? 1 : 0;
  for (guint i = 0; i < s.n_devices * TB_WIRE_N_WAYS; i++)
    g_array_unref(s.devices[i / TB_WIRE_N_WAYS].residuals[i % TB_WIRE_N_WAYS]);
  g_free(s.devices);
  g_array_unref(s.packets);
  g_array_unref(s.passes);
  return result;
}
