/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The observer and the emit phase's question; see packet-link.h. */
#include "stages/packet-link/packet-link-private.h"

#include <string.h>

enum { LINKS_COOKED = 113, LINKS_COOKED_2 = 276, LINKS_AHEAD = 16 };

/* A recording, and the emit phase's place in what was found of it. */
typedef struct {
  LinkTrack track;
  TbStashReader reader;
  gboolean reading;
  const LinkFound *next; /* (nullable): the reader's */
  guint n_ahead;
  LinkFound ahead[LINKS_AHEAD]; /* of the present moment: events of several CPUs */
} LinksRecording;

typedef struct {
  TbPacketLinks links; /* first */
  GArray *plans;       /* LinkPlan by type id */
  TbStashStore *store;
  GPtrArray *recordings;
  LinksRecording *latest_recording;
  GPtrArray *captures; /* LinkCapture */
  LinkCapture *latest_capture;
  gboolean starts_exist;
  gboolean receives_exist;
  GError *error;
  GArray *kept; /* (nullable): numbers of packets in the output, where some may be left out */
  TbPacketRef ref;
  TbPacketLinkCounts counts;
} Links;

static void recording_free(gpointer data)
{
  LinksRecording *recording = data;
  if (recording->reading)
    tb_stash_reader_clear(&recording->reader);
  link_track_clear(&recording->track);
  g_free(recording);
}

static void capture_free(gpointer data)
{
  LinkCapture *capture = data;
  tb_stash_reader_clear(&capture->reader);
  tb_stash_free(capture->packets);
  tb_stash_free(capture->named);
  g_array_unref(capture->now);
  g_free(capture);
}

static gboolean links_wants_type(TbObserver *observer, const TbEventType *type)
{
  Links *links = (Links *)observer;
  LinkPlan plan;
  if (!link_plan(type, &plan))
    return FALSE;
  if (type->id >= links->plans->len) {
    g_array_set_size(links->plans, type->id + 1);
    links->links.steps = g_renew(guint8, links->links.steps, type->id + 1);
    memset(links->links.steps + links->links.n_steps, 0, type->id + 1 - links->links.n_steps);
    links->links.n_steps = type->id + 1;
  }
  g_array_index(links->plans, LinkPlan, type->id) = plan;
  links->links.steps[type->id] = plan.step;
  links->starts_exist |= plan.step == LINK_START;
  links->receives_exist |= plan.step == LINK_RECEIVE;
  return plan.step != LINK_PASS; /* never a buffer's first step nor its last */
}

static LinksRecording *links_recording(Links *links, TbSource *source)
{
  for (guint i = 0; i < links->recordings->len; i++) {
    LinksRecording *known = g_ptr_array_index(links->recordings, i);
    if (known->track.source == source)
      return links->latest_recording = known;
  }
  LinksRecording *made = g_new0(LinksRecording, 1);
  link_track_init(&made->track, source, links->store);
  made->track.receives_told = links->receives_exist;
  made->track.xmit_starts = !links->starts_exist;
  g_ptr_array_add(links->recordings, made);
  return links->latest_recording = made;
}

static inline LinksRecording *links_find_recording(Links *links, TbSource *source)
{
  LinksRecording *latest = links->latest_recording;
  return G_LIKELY(latest && latest->track.source == source) ? latest
                                                            : links_recording(links, source);
}

static LinkCapture *links_capture(Links *links, TbSource *source)
{
  LinkCapture *capture = links->latest_capture;
  for (guint i = 0; i < links->captures->len && (!capture || capture->source != source); i++)
    capture = g_ptr_array_index(links->captures, i);
  if (!capture || capture->source != source) {
    capture = g_new0(LinkCapture, 1);
    capture->source = source;
    capture->cooked = source->link_type == LINKS_COOKED || source->link_type == LINKS_COOKED_2;
    capture->packets = tb_stash_new(links->store, sizeof(LinkPacket));
    capture->named = tb_stash_new(links->store, sizeof(LinkNamed));
    capture->now = g_array_new(FALSE, FALSE, sizeof(LinkNamed));
    g_ptr_array_add(links->captures, capture);
  }
  return links->latest_capture = capture;
}

static gboolean links_packet(Links *links, const TbItem *event)
{
  LinkCapture *capture = links_capture(links, event->record->source);
  TbNetDirection direction;
  LinkPacket packet = { .time_ns = event->machine_time.ns, .lane = LINK_LANES };
  packet.len = tb_net_get_network_len(event, &direction);
  if (event->record->flags & TB_RECORD_NO_TIME || packet.len > G_MAXINT32)
    packet.len = 0;
  if (capture->cooked)
    packet.lane = direction == TB_NET_DIRECTION_SENT ? LINK_SENT : LINK_RECEIVED;
  packet.id = link_ids_make(&capture->ids, event->record);
  return tb_stash_add(capture->packets, &packet, &links->error);
}

static void links_event(TbObserver *observer, const TbItem *event)
{
  Links *links = (Links *)observer;
  if (G_UNLIKELY(!event->record->source || event->record->source->frozen || links->error))
    return;
  if (event->record->kind == TB_RECORD_PACKET) {
    links_packet(links, event);
    return;
  }
  LinkTrack *track = &links_find_recording(links, event->record->source)->track;
  if (event->record->kind != TB_RECORD_EVENT) {
    track->epoch++;
    return;
  }
  LinkStepped stepped;
  if (event->record->type->id >= links->plans->len)
    return;
  link_track_step(track, &g_array_index(links->plans, LinkPlan, event->record->type->id), event, &stepped);
  if (stepped.has_passed &&
      !tb_stash_add(track->passes[stepped.passed.lane], &stepped.passed, &links->error))
    return;
}

/* --- when all was seen --- */

static gint links_compare_captures(gconstpointer a, gconstpointer b)
{
  const LinkCapture *x = *(LinkCapture *const *)a, *y = *(LinkCapture *const *)b;
  return tb_source_compare(x->source, y->source);
}

/* In the order of the output; sources that are one interface there become one capture. */
static gboolean links_order_captures(Links *links, GError **error)
{
  GPtrArray *captures = links->captures;
  g_ptr_array_sort(captures, links_compare_captures);
  for (guint i = 1; i < captures->len;) {
    LinkCapture *before = g_ptr_array_index(captures, i - 1);
    LinkCapture *capture = g_ptr_array_index(captures, i);
    if (!before->source->machine || !capture->source->machine ||
        tb_source_compare(before->source, capture->source) != 0) {
      i++;
      continue;
    }
    if (!tb_stash_add_all(before->packets, capture->packets, error))
      return FALSE;
    g_ptr_array_remove_index(captures, i);
  }
  for (guint i = 0; i < captures->len; i++)
    if (!tb_stash_sort(((LinkCapture *)g_ptr_array_index(captures, i))->packets, error))
      return FALSE;
  return TRUE;
}

/* What was queued last, where nothing told when it was sent. */
static gboolean links_end_track(LinkTrack *track, GError **error)
{
  LinkPass passed;
  for (guint i = 0; track->buffers && i < LINK_BUFFERS; i++)
    if (link_track_is_waiting(track, &track->buffers[i], &passed) &&
        !tb_stash_add(track->passes[passed.lane], &passed, error))
      return FALSE;
  for (guint lane = 0; lane < LINK_LANES; lane++)
    if (!tb_stash_sort(track->passes[lane], error))
      return FALSE;
  return TRUE;
}

static gboolean links_compare(Links *links, LinkTrack *track, GError **error)
{
  if (!links_end_track(track, error))
    return FALSE;
  for (guint i = 0; i < links->captures->len; i++) {
    LinkCapture *capture = g_ptr_array_index(links->captures, i);
    LinkFit fit;
    if (!track->source->machine || capture->source->machine != track->source->machine)
      continue;
    gint fits = link_survey(track, capture, &fit, error);
    if (fits < 0 || (fits > 0 && !link_join(track, capture, i, &fit, error)))
      return FALSE;
  }
  return tb_stash_sort(track->found, error);
}

static gboolean links_finish(TbObserver *observer, GError **error)
{
  Links *links = (Links *)observer;
  if (links->error) {
    g_propagate_error(error, g_steal_pointer(&links->error));
    return FALSE;
  }
  if (!links_order_captures(links, error))
    return FALSE;
  for (guint i = 0; i < links->recordings->len; i++) {
    LinkTrack *track = &((LinksRecording *)g_ptr_array_index(links->recordings, i))->track;
    if (!links_compare(links, track, error))
      return FALSE;
  }
  for (guint i = 0; i < links->captures->len; i++)
    if (!tb_stash_sort(((LinkCapture *)g_ptr_array_index(links->captures, i))->named, error))
      return FALSE;
  return TRUE;
}

static void links_free(TbObserver *observer)
{
  Links *links = (Links *)observer;
  g_ptr_array_unref(links->recordings);
  g_ptr_array_unref(links->captures);
  tb_stash_store_free(links->store);
  g_array_unref(links->plans);
  g_free(links->links.steps);
  g_clear_pointer(&links->kept, g_array_unref);
  g_clear_error(&links->error);
  g_free(links);
}

static const TbObserverOps links_ops = {
  .name = "packet-links",
  .wants_type = links_wants_type,
  .wants_packets = TRUE,
  .any_order = TRUE,
  .event = links_event,
  .finish = links_finish,
  .free = links_free,
};

static void links_event_ignored(TbObserver *observer, const TbItem *event)
{
}

static const TbObserverOps links_ops_of_rows = {
  .name = "packet-links",
  .event = links_event_ignored,
  .free = links_free,
};

TbPacketLinks *tb_packet_links_new(const char *folder, gboolean learn)
{
  Links *links = g_new0(Links, 1);
  links->links.observer.ops = learn ? &links_ops : &links_ops_of_rows;
  links->plans = g_array_new(FALSE, TRUE, sizeof(LinkPlan));
  links->store = tb_stash_store_new(folder);
  links->recordings = g_ptr_array_new_with_free_func(recording_free);
  links->captures = g_ptr_array_new_with_free_func(capture_free);
  return &links->links;
}

const TbPacketLinkCounts *tb_packet_links_get_counts(const TbPacketLinks *links)
{
  return &((const Links *)links)->counts;
}

/* --- emit --- */

void tb_packet_links_begin(TbPacketLinks *base)
{
  Links *links = (Links *)base;
  links->counts = (TbPacketLinkCounts){ 0 };
  for (guint i = 0; i < links->recordings->len; i++) {
    LinksRecording *recording = g_ptr_array_index(links->recordings, i);
    if (recording->reading)
      tb_stash_reader_clear(&recording->reader);
    recording->reading = FALSE;
    recording->next = NULL;
    recording->n_ahead = 0;
    link_track_restart(&recording->track);
  }
  for (guint i = 0; i < links->captures->len; i++)
    link_capture_restart(g_ptr_array_index(links->captures, i));
  if (links->kept)
    link_kept_sort(links->kept);
}

void tb_packet_links_keep_some(TbPacketLinks *base)
{
  Links *links = (Links *)base;
  g_clear_pointer(&links->kept, g_array_unref);
  links->kept = g_array_new(FALSE, FALSE, sizeof(guint64));
  links->links.asks_rows = TRUE;
}

void tb_packet_links_keep(TbPacketLinks *base, const TbItem *packet)
{
  Links *links = (Links *)base;
  if (packet->record->flags & TB_RECORD_HAS_ID)
    link_kept_add(links->kept, packet->record->value);
  else if (packet->link)
    link_kept_add(links->kept, packet->link->id);
}

static gboolean recording_advance(LinksRecording *recording, GError **error)
{
  GError *failed = NULL;
  recording->next = tb_stash_next(&recording->reader, &failed);
  if (failed)
    g_propagate_error(error, failed);
  return !failed;
}

/* Brings what was found of events at @time_ns into recording->ahead. */
static gboolean recording_move_to(LinksRecording *recording, gint64 time_ns, GError **error)
{
  if (G_UNLIKELY(!recording->reading)) {
    tb_stash_reader_init(&recording->reader, recording->track.found, 0);
    recording->reading = TRUE;
    if (!recording_advance(recording, error))
      return FALSE;
  }
  if (recording->n_ahead && recording->ahead[0].first_ns != time_ns)
    recording->n_ahead = 0;
  while (recording->next && recording->next->first_ns <= time_ns) {
    if (recording->next->first_ns == time_ns && recording->n_ahead < LINKS_AHEAD)
      recording->ahead[recording->n_ahead++] = *recording->next;
    if (!recording_advance(recording, error))
      return FALSE;
  }
  return TRUE;
}

/* A buffer begins: what was found of it is kept with it. The first capture counts. */
static gboolean recording_begin(LinksRecording *recording, LinkBuffer *buffer, gint64 time_ns,
                                GError **error)
{
  buffer->has_id = FALSE;
  if (!recording_move_to(recording, time_ns, error))
    return FALSE;
  guint32 tag = recording->n_ahead ? link_track_tag(buffer) : 0;
  for (guint i = 0; i < recording->n_ahead; i++) {
    const LinkFound *found = &recording->ahead[i];
    if (found->tag != tag)
      continue;
    buffer->capture = found->capture;
    buffer->id = found->id;
    buffer->has_id = TRUE;
    break;
  }
  return TRUE;
}

/* The sources of one interface have one rank. */
static LinkCapture *links_find_capture(Links *links, const TbSource *source)
{
  LinkCapture *capture = links->latest_capture;
  if (G_LIKELY(capture && capture->source == source))
    return capture;
  for (guint i = 0; i < links->captures->len; i++) {
    capture = g_ptr_array_index(links->captures, i);
    if (capture->source->rank == source->rank)
      return links->latest_capture = capture;
  }
  return NULL;
}

static gboolean links_name_packet(Links *links, TbItem *packet, GError **error)
{
  const TbRecord *record = packet->record;
  LinkCapture *capture = links_find_capture(links, record->source);
  gboolean named;
  if (!capture)
    return TRUE;
  if (!link_capture_find(capture, record, tb_axis_map(&record->source->opened, record->time.ns),
                         &named, &links->ref.id, error))
    return FALSE;
  packet->link = named ? &links->ref : NULL;
  return TRUE;
}

static gboolean links_are_kept(const Links *links, guint64 id)
{
  return !links->kept || link_kept_has(links->kept, id);
}

/* A row that names a packet itself. */
static void links_check_row(const Links *links, TbItem *row)
{
  const TbEventType *type = row->record->type;
  guint64 id;
  row->link_gone = type->ops->get_packet(type, row->record, &id) && !links_are_kept(links, id);
}

gboolean tb_packet_links_apply(TbPacketLinks *base, TbItem *event, GError **error)
{
  Links *links = (Links *)base;
  if (event->record->kind == TB_RECORD_PACKET)
    return links_name_packet(links, event, error);
  if (event->record->source->frozen) {
    links_check_row(links, event);
    return TRUE;
  }
  LinksRecording *recording = links_find_recording(links, event->record->source);
  LinkStepped stepped;
  if (G_UNLIKELY(event->record->kind == TB_RECORD_LOST)) {
    recording->track.epoch++;
    return TRUE;
  }
  link_track_step(&recording->track,
                  &g_array_index(links->plans, LinkPlan, event->record->type->id), event, &stepped);
  links->counts.events++;
  if (!stepped.buffer)
    return TRUE;
  if (stepped.begins &&
      !recording_begin(recording, stepped.buffer, event->machine_time.ns, error))
    return FALSE;
  if (!stepped.buffer->has_id || !links_are_kept(links, stepped.buffer->id))
    return TRUE;
  links->ref = (TbPacketRef){ stepped.buffer->id };
  event->link = &links->ref;
  links->counts.linked++;
  return TRUE;
}
