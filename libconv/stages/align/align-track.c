/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Samples of network events and packets; see align-track.h. */
#include "stages/align/align-track.h"

#include "base/bytes.h"

#include <string.h>

enum { TRACK_CPUS = 1024, TRACK_KEY_PAYLOAD = 16 };

/* A received packet for which the next step on its CPU is still to come. */
typedef struct {
  guint32 index_1; /* + 1 */
  gint32 tid;
} TrackReceive;

struct _TbAlignReceives {
  TrackReceive cpus[TRACK_CPUS];
};

TbAlignTrack *tb_align_track_new(TbSource *source, guint32 most)
{
  TbAlignTrack *track = g_new0(TbAlignTrack, 1);
  track->most = most;
  track->source = tb_source_ref(source);
  track->groups = g_array_new(FALSE, TRUE, sizeof(TbAlignGroup));
  if (source->class == TB_SOURCE_EVENTS) {
    track->events = g_array_new(FALSE, FALSE, sizeof(TbAlignEvent));
    track->receives = g_new0(TbAlignReceives, 1);
  } else {
    track->packets = g_array_new(FALSE, FALSE, sizeof(TbAlignPacket));
    track->keys = g_array_new(FALSE, FALSE, sizeof(TbAlignKey));
  }
  return track;
}

void tb_align_track_free(TbAlignTrack *track)
{
  if (!track)
    return;
  g_clear_pointer(&track->events, g_array_unref);
  g_clear_pointer(&track->packets, g_array_unref);
  g_clear_pointer(&track->keys, g_array_unref);
  g_free(track->limits.counts);
  g_free(track->limits.limits);
  g_free(track->receives);
  g_array_unref(track->groups);
  tb_source_unref(track->source);
  g_free(track);
}

static guint32 limits_class(const char *len)
{
  return TB_ALIGN_LIMIT_CLASS(*(const guint32 *)(gconstpointer)len);
}

/* Halves the most frequent length until there is room again. */
static void limits_tighten(TbAlignLimits *limits, guint32 total, guint32 wanted)
{
  while (total > wanted) {
    guint32 most = 0;
    for (guint32 i = 1; i < TB_ALIGN_LIMIT_CLASSES; i++)
      if (limits->counts[i] > limits->counts[most])
        most = i;
    total -= limits->counts[most] - limits->counts[most] / 2;
    limits->counts[most] /= 2;
    limits->limits[most] = limits->counts[most];
  }
}

/* Leaves out what is beyond the limits; @len_off is where an element of @samples has its length. */
static void limits_apply(TbAlignLimits *limits, GArray *samples, gsize len_off, guint32 most)
{
  gsize stride = g_array_get_element_size(samples);
  guint kept = 0;
  if (!limits->counts) {
    limits->counts = g_new0(guint32, TB_ALIGN_LIMIT_CLASSES);
    limits->limits = g_new(guint32, TB_ALIGN_LIMIT_CLASSES);
    memset(limits->limits, 0xff, sizeof(guint32) * TB_ALIGN_LIMIT_CLASSES);
  }
  /* Counted anew: what came beyond a limit was counted, too. */
  memset(limits->counts, 0, sizeof(guint32) * TB_ALIGN_LIMIT_CLASSES);
  for (guint i = 0; i < samples->len; i++)
    limits->counts[limits_class(samples->data + i * stride + len_off)]++;
  limits_tighten(limits, samples->len, most / 4 * 3);
  memset(limits->counts, 0, sizeof(guint32) * TB_ALIGN_LIMIT_CLASSES);
  for (guint i = 0; i < samples->len; i++) {
    char *sample = samples->data + i * stride;
    guint32 class = limits_class(sample + len_off);
    if (limits->counts[class] >= limits->limits[class])
      continue;
    limits->counts[class]++;
    memmove(samples->data + kept++ * stride, sample, stride);
  }
  g_array_set_size(samples, kept);
}

static inline gboolean limits_take(TbAlignLimits *limits, guint32 len)
{
  if (len >= TB_ALIGN_LENGTHS)
    return FALSE;
  if (!limits->counts)
    return TRUE;
  guint32 class = TB_ALIGN_LIMIT_CLASS(len);
  if (limits->counts[class] >= limits->limits[class])
    return FALSE;
  limits->counts[class]++;
  return TRUE;
}

static inline void track_note_time(TbAlignTrack *track, gint64 time_ns)
{
  track->first_ns = track->seen ? MIN(track->first_ns, time_ns) : time_ns;
  track->last_ns = track->seen ? MAX(track->last_ns, time_ns) : time_ns;
  track->seen++;
}

/* Returns: the event's place, or G_MAXUINT32 where it was left out */
static guint32 track_add_event(TbAlignTrack *track, const TbAlignEvent *sample)
{
  track_note_time(track, sample->time_ns);
  if (!limits_take(&track->limits, sample->len))
    return G_MAXUINT32;
  if (track->events->len >= track->most) {
    limits_apply(&track->limits, track->events, offsetof(TbAlignEvent, len), track->most);
    /* Their places have moved. */
    track->first_mark += track->most;
    memset(track->receives, 0, sizeof *track->receives);
  }
  g_array_append_vals(track->events, sample, 1);
  return track->events->len - 1;
}

/* The sample that a buffer's last step made; NULL where it made none, or that was left out since. */
static TbAlignEvent *track_sample(const TbAlignTrack *track, const TbWireBuffer *buffer)
{
  guint32 index = buffer ? buffer->mark - track->first_mark - 1 : G_MAXUINT32;
  return buffer && buffer->mark && index < track->events->len
             ? &g_array_index(track->events, TbAlignEvent, index) : NULL;
}

static void track_add_step(TbAlignTrack *track, const TbWireStep *step, TbAlignEvent sample)
{
  sample.device = step->device == TB_WIRE_NO_DEVICE
                      ? 0 : (guint16)MIN(step->device, TB_ALIGN_DEVICES - 1);
  sample.len = step->len;
  track->n_devices = MAX(track->n_devices, sample.device + 1u);
  guint32 index = track_add_event(track, &sample);
  if (step->buffer)
    step->buffer->mark = index == G_MAXUINT32 ? 0 : track->first_mark + index + 1;
}

/* The stamp is taken between being queued and being started. */
static void track_started(TbAlignTrack *track, const TbWireStep *step, gint64 now_ns)
{
  TbAlignEvent *sample = track_sample(track, step->buffer);
  if (step->len == 0)
    return;
  if (sample && sample->after_ns == TB_ALIGN_NO_TIME && sample->before_ns <= now_ns) {
    sample->time_ns = sample->after_ns = now_ns;
    if (step->len < TB_ALIGN_LENGTHS)
      sample->len = step->len; /* a queued buffer does not tell how long the device's header is */
    return;
  }
  track_add_step(track, step, (TbAlignEvent){ now_ns, TB_ALIGN_NO_TIME, now_ns, 0, 0, FALSE });
}

static void track_sent(TbAlignTrack *track, const TbWireStep *step, gint64 now_ns)
{
  TbAlignEvent *sample = track_sample(track, step->buffer);
  if (sample && sample->after_ns == TB_ALIGN_NO_TIME && sample->before_ns <= now_ns)
    sample->after_ns = now_ns;
  if (!sample && step->len)
    track_add_step(track, step, (TbAlignEvent){ now_ns, TB_ALIGN_NO_TIME, now_ns, 0, 0, FALSE });
  if (step->buffer)
    step->buffer->mark = 0;
}

static void track_received(TbAlignTrack *track, const TbWire *wire, const TbItem *item,
                           const TbFact *fact)
{
  gint64 now_ns = item->machine_time.ns, arrived_ns;
  TbAlignEvent sample = { now_ns, now_ns, TB_ALIGN_NO_TIME, wire->step.len, 0, TRUE };
  if (wire->step.len == 0)
    return;
  if (tb_wire_buffers_arrived(wire->buffers, fact->buffer.buffer, &arrived_ns) &&
      arrived_ns <= now_ns)
    sample.before_ns = arrived_ns;
  guint n = track->events->len;
  track_add_step(track, &wire->step, sample);
  if (track->events->len > n && item->record->cpu < TRACK_CPUS)
    track->receives->cpus[item->record->cpu] =
        (TrackReceive){ track->events->len, item->record->tid };
}

/*
 * What the same task does next on the same CPU comes behind the capturing of
 * the packet it just received: both happen in one go, with soft interrupts off.
 */
static inline void track_end_receive(TbAlignTrack *track, const TbItem *event)
{
  if (event->record->cpu >= TRACK_CPUS)
    return;
  TrackReceive *receive = &track->receives->cpus[event->record->cpu];
  if (receive->index_1 == 0)
    return;
  TbAlignEvent *sample = &g_array_index(track->events, TbAlignEvent, receive->index_1 - 1);
  if (receive->tid == event->record->tid && sample->time_ns <= event->machine_time.ns)
    sample->after_ns = event->machine_time.ns;
  receive->index_1 = 0;
}

void tb_align_track_fact(TbAlignTrack *track, TbWire *wire, const TbItem *item, const TbFact *fact)
{
  gint64 now_ns = item->machine_time.ns;
  /* Arrivals can come in a hard interrupt, in the middle of the receiving of another packet. */
  if (fact->kind != TB_FACT_BUFFER_ARRIVED)
    track_end_receive(track, item);
  switch ((int)fact->kind) {
  case TB_FACT_BUFFER_QUEUED:
    if (wire->step.len)
      track_add_step(track, &wire->step,
                     (TbAlignEvent){ now_ns, now_ns, TB_ALIGN_NO_TIME, 0, 0, FALSE });
    break;
  case TB_FACT_BUFFER_STARTED: track_started(track, &wire->step, now_ns); break;
  case TB_FACT_BUFFER_SENT: track_sent(track, &wire->step, now_ns); break;
  case TB_FACT_BUFFER_RECEIVED: track_received(track, wire, item, fact); break;
  default: break;
  }
}

static TbNetDirection packet_direction(const TbItem *event, const TbNetHeaders *headers)
{
  guint32 flags = event->record->flags;
  if (headers->link.direction != TB_NET_DIRECTION_UNKNOWN)
    return headers->link.direction;
  return flags & TB_RECORD_INBOUND    ? TB_NET_DIRECTION_RECEIVED
         : flags & TB_RECORD_OUTBOUND ? TB_NET_DIRECTION_SENT
                                      : TB_NET_DIRECTION_UNKNOWN;
}

static inline guint64 hash_mix(guint64 hash, guint64 value)
{
  hash = (hash ^ value) * 0x9e3779b97f4a7c15u;
  return hash ^ hash >> 29;
}

static guint64 hash_bytes(guint64 hash, const guint8 *bytes, gsize len)
{
  for (gsize i = 0; i < len; i++)
    hash = (hash ^ bytes[i]) * 0x100000001b3u;
  return hash ^ hash >> 31;
}

/* A sender: its hardware address, or else its IP address. */
static guint track_group(TbAlignTrack *track, const TbNetHeaders *headers, TbNetDirection direction)
{
  guint64 id = headers->link.source_mac
                   ? (guint64)tb_get_u32(headers->link.source_mac, TRUE) << 16 |
                         tb_get_u16(headers->link.source_mac + 4, TRUE)
                   : hash_bytes(1, headers->source, headers->family == 6 ? 16 : 4) >> 4;
  id = id << 2 | direction;
  if (track->last_group < track->groups->len &&
      g_array_index(track->groups, TbAlignGroup, track->last_group).id == id)
    return track->last_group;
  for (guint i = 0; i < track->groups->len; i++)
    if (g_array_index(track->groups, TbAlignGroup, i).id == id)
      return track->last_group = i;
  if (track->groups->len >= TB_ALIGN_GROUPS)
    return TB_ALIGN_GROUPS - 1;
  TbAlignGroup group = { id, direction };
  g_array_append_val(track->groups, group);
  return track->last_group = track->groups->len - 1;
}

/* What both hosts see alike: addresses, ports, numbers and the start of the payload; no hop count. */
static gboolean packet_key(const TbItem *event, const TbNetHeaders *headers, guint64 *key)
{
  gsize bytes = headers->family == 6 ? 16 : 4;
  if (headers->family == 0 || headers->fragment.later || headers->transport_off >= event->record->len)
    return FALSE;
  guint64 hash = hash_mix(headers->protocol, headers->fragment.id);
  hash = hash_bytes(hash, headers->source, bytes);
  hash = hash_bytes(hash, headers->destination, bytes);
  hash = hash_mix(hash, (guint64)headers->source_port << 16 | headers->destination_port);
  hash = hash_mix(hash, (guint64)headers->tcp.seq << 32 | headers->tcp.ack);
  hash = hash_mix(hash, headers->tcp.flags);
  hash = hash_mix(hash, headers->network_len);
  guint32 from = headers->has_transport ? headers->payload.off : headers->transport_off;
  if (from < event->record->len)
    hash = hash_bytes(hash, event->record->data + from, MIN(TRACK_KEY_PAYLOAD, event->record->len - from));
  *key = hash_mix(hash, 0);
  return TRUE;
}

static void track_add_key(TbAlignTrack *track, guint64 key, gint64 time_ns, guint group)
{
  TbAlignKey entry = { key, time_ns, group };
  if (key & track->key_mask)
    return;
  while (track->keys->len >= track->most) {
    guint kept = 0;
    /* The same rule on every host: equal keys stay or go together. */
    track->key_mask = track->key_mask << 1 | 1;
    for (guint i = 0; i < track->keys->len; i++) {
      const TbAlignKey *old = &g_array_index(track->keys, TbAlignKey, i);
      if ((old->key & track->key_mask) == 0)
        g_array_index(track->keys, TbAlignKey, kept++) = *old;
    }
    g_array_set_size(track->keys, kept);
  }
  if ((key & track->key_mask) == 0)
    g_array_append_val(track->keys, entry);
}

void tb_align_track_packet(TbAlignTrack *track, const TbItem *event, const TbNetHeaders *headers)
{
  guint64 key;
  if (event->record->flags & TB_RECORD_NO_TIME)
    return;
  if (!headers->link.known)
    return;
  if (headers->link.direction != TB_NET_DIRECTION_UNKNOWN)
    track->cooked = TRUE;
  guint group = track_group(track, headers, packet_direction(event, headers));
  if (packet_key(event, headers, &key))
    track_add_key(track, key, event->machine_time.ns, group);
  track_note_time(track, event->machine_time.ns);
  if (!limits_take(&track->limits, headers->network_len))
    return;
  if (track->packets->len >= track->most)
    limits_apply(&track->limits, track->packets, offsetof(TbAlignPacket, len), track->most);
  TbAlignPacket packet = { event->machine_time.ns, headers->network_len, group };
  g_array_append_val(track->packets, packet);
}
