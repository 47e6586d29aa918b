/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The observer and the emit phase's question; see link.h. */
#include "stages/link/link-private.h"

#include <string.h>

enum { LINKS_COOKED = 113, LINKS_COOKED_2 = 276, LINKS_AHEAD = 16 };

/* A recording, and the emit phase's place in what was found of it. */
typedef struct {
  LinkTrack track;
  TbSpillReader reader;
  gboolean reading;
  const LinkFound *next; /* (nullable): the reader's */
  guint n_ahead;
  LinkFound ahead[LINKS_AHEAD]; /* of the present moment: events of several CPUs */
} LinksRecording;

typedef struct {
  TbPacketLinks links; /* first */
  TbSpillFile *store;
  GPtrArray *recordings;
  LinksRecording *latest_recording;
  GPtrArray *captures; /* LinkCapture */
  LinkCapture *latest_capture;
  GError *error;
  GArray *kept; /* (nullable): numbers of packets in the output, where some may be left out */
  TbPacketRef ref;
  TbPacketLinkCounts counts;
} Links;

static void recording_free(gpointer data)
{
  LinksRecording *recording = data;
  if (recording->reading)
    tb_spill_reader_clear(&recording->reader);
  for (guint way = 0; way < TB_WIRE_N_WAYS; way++)
    tb_spill_free(recording->track.passes[way]);
  tb_spill_free(recording->track.found);
  g_free(recording);
}

static void capture_free(gpointer data)
{
  LinkCapture *capture = data;
  tb_spill_reader_clear(&capture->reader);
  tb_spill_free(capture->packets);
  tb_spill_free(capture->named);
  g_array_unref(capture->now);
  g_free(capture);
}

static LinksRecording *links_recording(Links *links, TbSource *source)
{
  for (guint i = 0; i < links->recordings->len; i++) {
    LinksRecording *known = g_ptr_array_index(links->recordings, i);
    if (known->track.source == source)
      return links->latest_recording = known;
  }
  LinksRecording *made = g_new0(LinksRecording, 1);
  made->track.source = source;
  made->track.buffers = tb_wire_get_buffers(links->links.wire, source);
  for (guint way = 0; way < TB_WIRE_N_WAYS; way++)
    made->track.passes[way] = tb_spill_new(links->store, sizeof(LinkPass));
  made->track.found = tb_spill_new(links->store, sizeof(LinkFound));
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
    capture->cooked = source->link.type == LINKS_COOKED || source->link.type == LINKS_COOKED_2;
    capture->packets = tb_spill_new(links->store, sizeof(LinkPacket));
    capture->named = tb_spill_new(links->store, sizeof(LinkNamed));
    capture->now = g_array_new(FALSE, FALSE, sizeof(LinkNamed));
    g_ptr_array_add(links->captures, capture);
  }
  return links->latest_capture = capture;
}

static void links_event(TbObserver *observer, const TbItem *item)
{
  Links *links = (Links *)observer;
  const TbRecord *record = item->record;
  const TbNetHeaders *headers = &links->links.wire->headers;
  if (record->kind != TB_RECORD_PACKET || record->source->frozen || links->error)
    return;
  LinkCapture *capture = links_capture(links, record->source);
  LinkPacket packet = { .time_ns = item->machine_time.ns, .way = TB_WIRE_N_WAYS };
  packet.len = record->flags & TB_RECORD_NO_TIME || headers->network_len > G_MAXINT32
                   ? 0 : headers->network_len;
  if (capture->cooked)
    packet.way = headers->link.direction == TB_NET_DIRECTION_SENT ? TB_WIRE_SENT : TB_WIRE_RECEIVED;
  packet.id = link_ids_make(&capture->ids, record);
  if (!tb_spill_add(capture->packets, &packet, &links->error))
    return;
}

/* @buffer passes the place where packets are captured. */
static gboolean track_pass(const LinkTrack *track, const TbWireBuffer *buffer, gint64 time_ns,
                           guint32 len, TbWireWay way, GError **error)
{
  LinkPass pass = { .anchor_ns = time_ns, .first_ns = buffer->first_ns, .len = len,
                    .tag = tb_wire_buffer_tag(buffer), .cpu = buffer->cpu,
                    .device = buffer->device, .way = (guint8)way };
  return tb_spill_add(track->passes[way], &pass, error);
}

/* The same of one that was queued, where nothing tells when it was sent. */
static gboolean track_pass_waiting(const LinkTrack *track, const TbWireBuffer *buffer,
                                   GError **error)
{
  return !tb_wire_buffers_is_waiting(track->buffers, buffer) ||
         track_pass(track, buffer, buffer->first_ns, buffer->len - TB_WIRE_LINK_BYTES, TB_WIRE_SENT,
                    error);
}

static void links_fact(TbObserver *observer, const TbItem *item, const TbFact *fact)
{
  Links *links = (Links *)observer;
  const TbWireStep *step = &links->links.wire->step;
  if (G_UNLIKELY(item->record->source->frozen || links->error || !step->buffer))
    return;
  const LinkTrack *track = &links_find_recording(links, item->record->source)->track;
  if ((step->begins && !track_pass_waiting(track, &step->before, &links->error)) ||
      (step->captured && !track_pass(track, step->buffer, item->machine_time.ns,
                                     step->buffer->len, step->way, &links->error)))
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
    if (!tb_spill_add_all(before->packets, capture->packets, error))
      return FALSE;
    g_ptr_array_remove_index(captures, i);
  }
  for (guint i = 0; i < captures->len; i++)
    if (!tb_spill_sort(((LinkCapture *)g_ptr_array_index(captures, i))->packets, error))
      return FALSE;
  return TRUE;
}

static gboolean links_end_track(LinkTrack *track, GError **error)
{
  guint n;
  const TbWireBuffer *buffers = tb_wire_buffers_get(track->buffers, &n);
  for (guint i = 0; i < n; i++)
    if (!track_pass_waiting(track, &buffers[i], error))
      return FALSE;
  for (guint way = 0; way < TB_WIRE_N_WAYS; way++)
    if (!tb_spill_sort(track->passes[way], error))
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
  return tb_spill_sort(track->found, error);
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
    if (!tb_spill_sort(((LinkCapture *)g_ptr_array_index(links->captures, i))->named, error))
      return FALSE;
  return TRUE;
}

static void links_free(TbObserver *observer)
{
  Links *links = (Links *)observer;
  g_ptr_array_unref(links->recordings);
  g_ptr_array_unref(links->captures);
  tb_spill_file_free(links->store);
  g_clear_pointer(&links->kept, g_array_unref);
  g_clear_error(&links->error);
  g_free(links);
}

static const TbObserverOps links_ops = {
  .name = "packet-links",
  .wants_packets = TRUE,
  .any_order = TRUE,
  .facts = TB_WIRE_STEPS,
  .fact = links_fact,
  .event = links_event,
  .finish = links_finish,
  .free = links_free,
};

static const TbObserverOps links_ops_of_rows = {
  .name = "packet-links",
  .free = links_free,
};

TbPacketLinks *tb_packet_links_new(TbWire *wire, const char *folder)
{
  Links *links = g_new0(Links, 1);
  links->links.observer.ops = wire ? &links_ops : &links_ops_of_rows;
  links->links.wire = wire;
  links->store = tb_spill_file_new(folder);
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
      tb_spill_reader_clear(&recording->reader);
    recording->reading = FALSE;
    recording->next = NULL;
    recording->n_ahead = 0;
  }
  if (links->links.wire)
    tb_wire_restart(links->links.wire);
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
  recording->next = tb_spill_next(&recording->reader, &failed);
  if (failed)
    g_propagate_error(error, failed);
  return !failed;
}

/* Brings what was found of events at @time_ns into recording->ahead. */
static gboolean recording_move_to(LinksRecording *recording, gint64 time_ns, GError **error)
{
  if (G_UNLIKELY(!recording->reading)) {
    tb_spill_reader_init(&recording->reader, recording->track.found, 0);
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
static gboolean recording_begin(LinksRecording *recording, TbWireBuffer *buffer, gint64 time_ns,
                                GError **error)
{
  buffer->mark = FALSE;
  if (!recording_move_to(recording, time_ns, error))
    return FALSE;
  guint32 tag = recording->n_ahead ? tb_wire_buffer_tag(buffer) : 0;
  for (guint i = 0; i < recording->n_ahead; i++) {
    const LinkFound *found = &recording->ahead[i];
    if (found->tag != tag)
      continue;
    buffer->number = found->id;
    buffer->mark = TRUE;
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
  if (!link_capture_find(capture, record, tb_axis_map(&record->source->clock.opened, record->time.ns),
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
  if (G_UNLIKELY(event->record->kind == TB_RECORD_LOST)) {
    tb_wire_lost_again(base->wire, event);
    return TRUE;
  }
  const TbWireStep *step = tb_wire_step_again(base->wire, event);
  links->counts.events++;
  if (!step || !step->buffer || !step->belongs)
    return TRUE;
  if (step->begins && !recording_begin(links_find_recording(links, event->record->source),
                                       step->buffer, event->machine_time.ns, error))
    return FALSE;
  if (!step->buffer->mark || !links_are_kept(links, step->buffer->number))
    return TRUE;
  links->ref = (TbPacketRef){ step->buffer->number };
  event->link = &links->ref;
  links->counts.linked++;
  return TRUE;
}
