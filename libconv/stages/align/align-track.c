/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Samples of network events and packets; see align-track.h. */
#include "stages/align/align-track.h"

#include "base/bytes.h"

#include <string.h>

enum {
  PENDING_SENT = 1024,  /* packets between queue and adapter, by buffer address */
  PENDING_RECEIVED = 256,
  PENDING_CPUS = 1024,
  TRACK_KEY_PAYLOAD = 16,
  TRACK_ETHERNET_BYTES = 14,
  TRACK_VLAN_BYTES = 4,
};

typedef struct {
  guint64 skb;
  guint32 index; /* of the event it made */
} PendingSent;

typedef struct {
  guint64 skb;
  gint64 time_ns;
} PendingArrival;

/* A received packet for which the next step on its CPU is still to come. */
typedef struct {
  guint32 index_1; /* + 1 */
  gint32 tid;
} PendingCpu;

struct _TbAlignPending {
  PendingSent sent[PENDING_SENT];
  PendingArrival arrived[PENDING_RECEIVED];
  PendingCpu cpus[PENDING_CPUS];
};

TbAlignTrack *tb_align_track_new(TbSource *source, guint32 most)
{
  TbAlignTrack *track = g_new0(TbAlignTrack, 1);
  track->most = most;
  track->source = tb_source_ref(source);
  track->devices = g_ptr_array_new_with_free_func(g_free);
  track->groups = g_array_new(FALSE, TRUE, sizeof(TbAlignGroup));
  if (source->class == TB_SOURCE_EVENTS) {
    track->events = g_array_new(FALSE, FALSE, sizeof(TbAlignEvent));
    track->pending = g_new0(TbAlignPending, 1);
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
  g_free(track->pending);
  g_array_unref(track->groups);
  g_ptr_array_unref(track->devices);
  tb_source_unref(track->source);
  g_free(track);
}

static const struct {
  const char *system;
  const char *name;
  TbAlignStep step;
} track_steps[] = {
  { "net", "net_dev_queue", TB_ALIGN_QUEUED },
  { "net", "net_dev_start_xmit", TB_ALIGN_STARTED },
  { "net", "net_dev_xmit", TB_ALIGN_SENT },
  { "net", "netif_rx_entry", TB_ALIGN_ARRIVED },
  { "net", "napi_gro_receive_entry", TB_ALIGN_ARRIVED },
  { "net", "napi_gro_frags_entry", TB_ALIGN_ARRIVED },
  { "net", "netif_receive_skb", TB_ALIGN_RECEIVED },
  { "tcp", "tcp_probe", TB_ALIGN_LATER },
  { "tcp", "tcp_receive_reset", TB_ALIGN_LATER },
  { "sock", "inet_sock_set_state", TB_ALIGN_LATER },
  { "sock", "sk_data_ready", TB_ALIGN_LATER },
};

gboolean tb_align_plan(const TbEventType *type, TbAlignPlan *plan)
{
  *plan = (TbAlignPlan){ 0 };
  for (guint i = 0; i < G_N_ELEMENTS(track_steps) && !plan->wanted; i++) {
    plan->wanted = tb_event_type_is(type, track_steps[i].system, track_steps[i].name);
    plan->step = track_steps[i].step;
  }
  if (!plan->wanted || plan->step == TB_ALIGN_LATER)
    return plan->wanted;
  plan->skb = tb_event_type_find_field(type, "skbaddr");
  plan->len = tb_event_type_find_field(type, "len");
  plan->device = tb_event_type_find_field(type, "name");
  plan->network_offset = tb_event_type_find_field(type, "network_offset");
  /* Without a length an event only says that something happened behind another. */
  if (!plan->len && plan->step != TB_ALIGN_ARRIVED && plan->step != TB_ALIGN_SENT)
    plan->step = TB_ALIGN_LATER;
  return TRUE;
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
    memset(track->pending, 0, sizeof *track->pending); /* its places have moved */
  }
  g_array_append_vals(track->events, sample, 1);
  return track->events->len - 1;
}

/* Devices beyond the table share its last place. */
static guint track_device(TbAlignTrack *track, const TbAlignPlan *plan, const TbItem *event)
{
  const guint8 *name;
  gsize len;
  if (!plan->device || !tb_field_get_bytes(plan->device, event->record, &name, &len))
    return 0;
  for (guint i = 0; i < track->devices->len; i++) {
    guint at = (track->last_device + i) % track->devices->len;
    const char *known = g_ptr_array_index(track->devices, at);
    if (strncmp(known, (const char *)name, len) == 0 && known[len] == 0)
      return track->last_device = at;
  }
  if (track->devices->len >= TB_ALIGN_DEVICES)
    return TB_ALIGN_DEVICES - 1;
  g_ptr_array_add(track->devices, g_strndup((const char *)name, len));
  return track->last_device = track->devices->len - 1;
}

static inline gint64 field_or(const TbField *field, const TbItem *event, gint64 otherwise)
{
  gint64 value;
  return field && tb_field_get_int(field, event->record, &value) ? value : otherwise;
}

static inline guint pending_slot(guint64 skb, guint slots)
{
  return (guint)((skb * 0x9e3779b97f4a7c15u) >> 40) % slots;
}

/* Bytes from the network header on: the device's own header does not count. */
static gboolean track_sent_len(const TbAlignPlan *plan, const TbItem *event, guint32 *len)
{
  gint64 whole = field_or(plan->len, event, -1);
  gint64 header = field_or(plan->network_offset, event, TRACK_ETHERNET_BYTES);
  *len = (guint32)(whole - header);
  return header >= 0 && whole > header && whole < G_MAXINT32;
}

static void track_queued(TbAlignTrack *track, const TbAlignPlan *plan, const TbItem *event,
                         guint64 skb)
{
  TbAlignEvent sample = { event->machine_time.ns, event->machine_time.ns, TB_ALIGN_NO_TIME, 0, 0, FALSE };
  if (!track_sent_len(plan, event, &sample.len))
    return;
  sample.device = (guint16)track_device(track, plan, event);
  PendingSent *pending = &track->pending->sent[pending_slot(skb, PENDING_SENT)];
  guint32 index = track_add_event(track, &sample);
  *pending = (PendingSent){ index == G_MAXUINT32 ? 0 : skb, index };
}

/* The stamp is taken between net_dev_queue and net_dev_start_xmit (xmit_one() taps before it). */
static void track_started(TbAlignTrack *track, const TbAlignPlan *plan, const TbItem *event,
                          guint64 skb)
{
  PendingSent *pending = &track->pending->sent[pending_slot(skb, PENDING_SENT)];
  guint32 len;
  if (!track_sent_len(plan, event, &len))
    return;
  if (pending->skb == skb && skb != 0) {
    TbAlignEvent *sample = &g_array_index(track->events, TbAlignEvent, pending->index);
    if (sample->after_ns == TB_ALIGN_NO_TIME && sample->before_ns <= event->machine_time.ns) {
      sample->time_ns = sample->after_ns = event->machine_time.ns;
      if (len < TB_ALIGN_LENGTHS)
        sample->len = len; /* net_dev_queue does not tell how long the device's header is */
      return;
    }
  }
  TbAlignEvent sample = { event->machine_time.ns, TB_ALIGN_NO_TIME, event->machine_time.ns, len,
                          (guint16)track_device(track, plan, event), FALSE };
  guint32 index = track_add_event(track, &sample);
  *pending = (PendingSent){ index == G_MAXUINT32 ? 0 : skb, index };
}

static void track_sent(TbAlignTrack *track, const TbAlignPlan *plan, const TbItem *event,
                       guint64 skb)
{
  PendingSent *pending = &track->pending->sent[pending_slot(skb, PENDING_SENT)];
  guint32 len;
  if (pending->skb == skb && skb != 0) {
    TbAlignEvent *sample = &g_array_index(track->events, TbAlignEvent, pending->index);
    if (sample->after_ns == TB_ALIGN_NO_TIME && sample->before_ns <= event->machine_time.ns)
      sample->after_ns = event->machine_time.ns;
    pending->skb = 0;
    return;
  }
  if (!plan->len || !track_sent_len(plan, event, &len))
    return;
  TbAlignEvent sample = { event->machine_time.ns, TB_ALIGN_NO_TIME, event->machine_time.ns, len,
                          (guint16)track_device(track, plan, event), FALSE };
  track_add_event(track, &sample);
}

static void track_received(TbAlignTrack *track, const TbAlignPlan *plan, const TbItem *event,
                           guint64 skb)
{
  const PendingArrival *arrival = &track->pending->arrived[pending_slot(skb, PENDING_RECEIVED)];
  gint64 len = field_or(plan->len, event, 0);
  if (len <= 0 || len > G_MAXINT32)
    return;
  TbAlignEvent sample = { event->machine_time.ns, event->machine_time.ns, TB_ALIGN_NO_TIME, (guint32)len,
                          (guint16)track_device(track, plan, event), TRUE };
  if (skb != 0 && arrival->skb == skb && arrival->time_ns <= event->machine_time.ns)
    sample.before_ns = arrival->time_ns;
  guint32 index = track_add_event(track, &sample);
  if (index != G_MAXUINT32 && event->record->cpu < PENDING_CPUS)
    track->pending->cpus[event->record->cpu] = (PendingCpu){ index + 1, event->record->tid };
}

/*
 * What the same task does next on the same CPU comes behind the capturing of
 * the packet it just received: both happen in one go, with soft interrupts off.
 */
static inline void track_end_receive(TbAlignTrack *track, const TbItem *event)
{
  if (event->record->cpu >= PENDING_CPUS)
    return;
  PendingCpu *pending = &track->pending->cpus[event->record->cpu];
  if (pending->index_1 == 0)
    return;
  TbAlignEvent *sample = &g_array_index(track->events, TbAlignEvent, pending->index_1 - 1);
  if (pending->tid == event->record->tid && sample->time_ns <= event->machine_time.ns)
    sample->after_ns = event->machine_time.ns;
  pending->index_1 = 0;
}

void tb_align_track_event(TbAlignTrack *track, const TbAlignPlan *plan, const TbItem *event)
{
  guint64 skb = (guint64)field_or(plan->skb, event, 0);
  /* Arrivals can come in a hard interrupt, in the middle of the receiving of another packet. */
  if (plan->step != TB_ALIGN_ARRIVED)
    track_end_receive(track, event);
  switch (plan->step) {
  case TB_ALIGN_QUEUED:
    track_queued(track, plan, event, skb);
    break;
  case TB_ALIGN_STARTED:
    track_started(track, plan, event, skb);
    break;
  case TB_ALIGN_SENT:
    track_sent(track, plan, event, skb);
    break;
  case TB_ALIGN_ARRIVED:
    track->pending->arrived[pending_slot(skb, PENDING_RECEIVED)] =
        (PendingArrival){ skb, event->machine_time.ns };
    break;
  case TB_ALIGN_RECEIVED:
    track_received(track, plan, event, skb);
    break;
  case TB_ALIGN_LATER:
    break;
  }
}

static TbNetDirection packet_direction(const TbItem *event, const TbNetHeaders *headers)
{
  guint32 flags = event->record->flags;
  if (headers->direction != TB_NET_DIRECTION_UNKNOWN)
    return headers->direction;
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
  guint64 id = headers->source_mac
                   ? (guint64)tb_get_u32(headers->source_mac, TRUE) << 16 |
                         tb_get_u16(headers->source_mac + 4, TRUE)
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
  if (headers->family == 0 || headers->fragment || headers->transport_off >= event->record->len)
    return FALSE;
  guint64 hash = hash_mix(headers->protocol, headers->ip_id);
  hash = hash_bytes(hash, headers->source, bytes);
  hash = hash_bytes(hash, headers->destination, bytes);
  hash = hash_mix(hash, (guint64)headers->source_port << 16 | headers->destination_port);
  hash = hash_mix(hash, (guint64)headers->tcp_seq << 32 | headers->tcp_ack);
  hash = hash_mix(hash, headers->tcp_flags);
  hash = hash_mix(hash, headers->network_len);
  guint32 from = headers->has_transport ? headers->payload_off : headers->transport_off;
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

void tb_align_track_packet(TbAlignTrack *track, const TbItem *event)
{
  TbNetHeaders headers;
  guint64 key;
  if (event->record->flags & TB_RECORD_NO_TIME)
    return;
  tb_net_parse_packet(event, &headers);
  if (!headers.link_known)
    return;
  if (headers.direction != TB_NET_DIRECTION_UNKNOWN)
    track->cooked = TRUE;
  guint group = track_group(track, &headers, packet_direction(event, &headers));
  if (packet_key(event, &headers, &key))
    track_add_key(track, key, event->machine_time.ns, group);
  track_note_time(track, event->machine_time.ns);
  if (!limits_take(&track->limits, headers.network_len))
    return;
  if (track->packets->len >= track->most)
    limits_apply(&track->limits, track->packets, offsetof(TbAlignPacket, len), track->most);
  TbAlignPacket packet = { event->machine_time.ns, headers.network_len, group };
  g_array_append_val(track->packets, packet);
}
