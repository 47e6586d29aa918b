/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Packets of calls; see resource-packets.h. */
#include "stages/resource/resource-packets.h"

#include <string.h>

enum {
  PACKETS_UDP_HEADER = 8,
  PACKETS_IP4_HEADER = 20,
  PACKETS_IP6_FRAGMENT = 48, /* headers of IPv6 and fragment */
  PACKETS_MOST_HEADERS = 80,
  PACKETS_RACE_NS = 200000, /* between who takes a datagram and the event that tells */
  PACKETS_LINK_BYTES = 14,
  PACKETS_LOOK_BACK = 64,
};

/* Datagrams that a socket got, oldest first. */
typedef struct {
  guint64 socket;
  guint32 first;
  guint32 n;
  gint32 reader; /* the last one */
  gboolean many; /* and there were others */
  ResourceArrival arrivals[RESOURCE_ARRIVED];
} ResourceInbox;

void resource_packets_init(ResourcePackets *packets, ResourceTasks *tasks)
{
  *packets = (ResourcePackets){ .tasks = tasks };
  packets->queued = g_new0(ResourceQueued, RESOURCE_SKBS);
  packets->arrivals = g_new0(ResourceArrival, RESOURCE_CPUS);
  packets->inboxes = g_array_new(FALSE, FALSE, sizeof(ResourceInbox));
  packets->sent = g_array_new(FALSE, FALSE, sizeof(ResourceSample));
  packets->received = g_array_new(FALSE, FALSE, sizeof(ResourceSample));
}

void resource_packets_clear(ResourcePackets *packets)
{
  g_clear_pointer(&packets->queued, g_free);
  g_clear_pointer(&packets->arrivals, g_free);
  g_clear_pointer(&packets->inboxes, g_array_unref);
  g_clear_pointer(&packets->sent, g_array_unref);
  g_clear_pointer(&packets->received, g_array_unref);
  tb_map_clear(&packets->inbox_by_socket);
}

void resource_packets_forget(ResourcePackets *packets)
{
  memset(packets->queued, 0, RESOURCE_SKBS * sizeof *packets->queued);
  memset(packets->arrivals, 0, RESOURCE_CPUS * sizeof *packets->arrivals);
  for (guint i = 0; i < packets->inboxes->len; i++)
    g_array_index(packets->inboxes, ResourceInbox, i).n = 0;
}

/* --- sent --- */

static void packets_add_sample(GArray *samples, const ResourceSample *sample)
{
  if (samples->len < RESOURCE_SAMPLES)
    g_array_append_val(samples, *sample);
}

void resource_packets_settle(ResourcePackets *packets, const ResourceTask *task, gint32 bytes,
                             gboolean drop)
{
  GArray *sent = packets->sent;
  guint n = task->sent_calls == task->n_calls ? task->n_sent : 0;
  if (G_LIKELY(n == 0))
    return;
  guint end = MIN(task->sent_end, sent->len);
  for (guint i = end; n > 0 && i > 0 && end - i < PACKETS_LOOK_BACK; i--) {
    ResourceSample *sample = &g_array_index(sent, ResourceSample, i - 1);
    if (sample->tid != task->tid || sample->calls != task->n_calls)
      continue;
    sample->bytes = bytes;
    if (drop || (sample->weak && task->n_sent > 1))
      sample->len = 0;
    n--;
  }
  while (sent->len && g_array_index(sent, ResourceSample, sent->len - 1).len == 0)
    g_array_set_size(sent, sent->len - 1);
}

void resource_packets_note_stream(ResourcePackets *packets, ResourceTask *task)
{
  task->stream_calls = task->n_calls + 1;
  resource_packets_settle(packets, task, -1, TRUE);
}

static void packets_send(ResourcePackets *packets, const ResourceQueued *queued, gint64 time_ns,
                         guint32 len, gboolean weak)
{
  ResourceTask *task = resource_task(packets->tasks, queued->tid);
  if (task->stream_calls == queued->calls + 1 || len == 0)
    return;
  ResourceSample sample = { .time_ns = time_ns, .len = len, .tid = queued->tid, .bytes = -1,
                            .calls = queued->calls, .weak = weak };
  packets_add_sample(packets->sent, &sample);
  task->sent_end = packets->sent->len;
  task->n_sent = task->sent_calls == queued->calls ? task->n_sent + 1 : 1;
  task->sent_calls = queued->calls;
}

/* The device took the buffer, but that was not seen; it does so at once where nothing waits. */
static void packets_flush(ResourcePackets *packets, ResourceQueued *queued)
{
  if (queued->buffer && packets->starts_told && queued->len > PACKETS_LINK_BYTES &&
      packets->sent->len < RESOURCE_SAMPLES / 2)
    packets_send(packets, queued, queued->time_ns, queued->len - PACKETS_LINK_BYTES, FALSE);
  queued->buffer = 0;
}

/* A buffer that nobody was seen to queue is a call's only if it holds what that moved. */
static void packets_drop_unqueued(GArray *sent)
{
  /* Of UDP, and of TCP without and with times, over both kinds of IP. */
  static const guint8 headers[] = { RESOURCE_UDP4_BYTES, RESOURCE_UDP6_BYTES, 40, 52, 60, 72 };
  for (guint i = 0; i < sent->len; i++) {
    ResourceSample *sample = &g_array_index(sent, ResourceSample, i);
    gboolean holds = FALSE;
    for (guint n = 0; n < G_N_ELEMENTS(headers) && sample->weak && sample->bytes > 0; n++)
      holds |= sample->len == (gint64)sample->bytes + headers[n];
    if (sample->weak && !holds)
      sample->len = 0;
  }
}

void resource_packets_seal(ResourcePackets *packets)
{
  for (guint i = 0; i < RESOURCE_SKBS; i++)
    packets_flush(packets, &packets->queued[i]);
  packets_drop_unqueued(packets->sent);
  resource_samples_sort(packets->sent);
  resource_samples_sort(packets->received);
}

static ResourceQueued *packets_queued(ResourcePackets *packets, guint64 buffer)
{
  return &packets->queued[tb_map_hash(buffer) % RESOURCE_SKBS];
}

void resource_packets_queue(ResourcePackets *packets, guint64 buffer, guint32 len, gint32 actor,
                            gint64 time_ns)
{
  ResourceQueued *queued = packets_queued(packets, buffer);
  if (!actor) {
    if (queued->buffer == buffer)
      packets_flush(packets, queued);
    return;
  }
  guint32 calls = resource_task(packets->tasks, actor)->n_calls;
  packets_flush(packets, queued);
  *queued = (ResourceQueued){ .buffer = buffer, .len = len, .tid = actor, .calls = calls,
                              .time_ns = time_ns };
  if (!packets->starts_told)
    packets_send(packets, queued, time_ns, len > PACKETS_LINK_BYTES ? len - PACKETS_LINK_BYTES : 0,
                 FALSE);
}

/* A task in the middle of sending hands a buffer to the device that nobody was seen to queue. */
static void packets_send_unqueued(ResourcePackets *packets, guint32 len, gint32 actor,
                                  gint64 time_ns)
{
  const ResourceTask *task = actor ? resource_task(packets->tasks, actor) : NULL;
  if (!task || !task->call.call)
    return;
  switch ((int)task->call.what) {
  case TB_USE_SEND:
  case TB_USE_WRITE:
  case TB_USE_UNNAMED:
  case TB_USE_UNNAMED_SEND:
  case TB_USE_UNNAMED_RECEIVE: break;
  default: return;
  }
  ResourceQueued queued = { .tid = actor, .calls = task->n_calls };
  packets_send(packets, &queued, time_ns, len, TRUE);
}

/* The device takes the buffer now, whoever runs; the sender is who queued it. */
void resource_packets_start(ResourcePackets *packets, guint64 buffer, gint64 len, guint32 network,
                            gint32 actor, gint64 time_ns)
{
  ResourceQueued *queued = packets_queued(packets, buffer);
  packets->starts_told = TRUE;
  if (!buffer || queued->buffer != buffer) {
    if (buffer && network)
      packets_send_unqueued(packets, network, actor, time_ns);
    return;
  }
  if (len == queued->len && network)
    packets_send(packets, queued, time_ns, network, FALSE);
  queued->buffer = 0;
}

/* --- received --- */

void resource_packets_receive(ResourcePackets *packets, guint32 len, guint32 cpu, gint64 time_ns)
{
  ResourceArrival arrival = { time_ns, len };
  if (cpu < RESOURCE_CPUS)
    packets->arrivals[cpu] = arrival;
  packets->recent[packets->n_recent++ % RESOURCE_RECENT] = arrival;
}

static ResourceInbox *packets_inbox(ResourcePackets *packets, guint64 socket, gboolean make)
{
  guint32 index = tb_map_get(&packets->inbox_by_socket, socket);
  if (index == TB_MAP_NONE) {
    if (!make || packets->inboxes->len >= RESOURCE_SAMPLES / RESOURCE_ARRIVED)
      return NULL;
    ResourceInbox inbox = { .socket = socket };
    index = packets->inboxes->len;
    tb_map_set(&packets->inbox_by_socket, socket, index);
    g_array_append_val(packets->inboxes, inbox);
  }
  return &g_array_index(packets->inboxes, ResourceInbox, index);
}

static void packets_drop_first(ResourceInbox *inbox, guint32 n)
{
  inbox->first = (inbox->first + n) % RESOURCE_ARRIVED;
  inbox->n -= n;
}

void resource_packets_ready(ResourcePackets *packets, guint64 socket, guint32 cpu)
{
  if (cpu >= RESOURCE_CPUS || packets->arrivals[cpu].len == 0)
    return;
  ResourceInbox *inbox = packets_inbox(packets, socket, TRUE);
  if (!inbox)
    return;
  if (inbox->n == RESOURCE_ARRIVED)
    packets_drop_first(inbox, 1);
  inbox->arrivals[(inbox->first + inbox->n++) % RESOURCE_ARRIVED] = packets->arrivals[cpu];
  packets->arrivals[cpu].len = 0;
}

/*
 * The first fragment of a datagram of @bytes whose last one came at @last_ns: as many packets
 * before it, on whatever CPU, as make up the bytes. @headers: of IP and fragment, in each of them
 */
static const ResourceArrival *packets_first_fragment(const ResourcePackets *packets,
                                                     gint64 last_ns, gint64 bytes, gint64 headers)
{
  gint64 sum = 0;
  gboolean begun = FALSE;
  for (guint n = 0; n < RESOURCE_RECENT && n < packets->n_recent; n++) {
    const ResourceArrival *arrival =
        &packets->recent[(packets->n_recent - 1 - n) % RESOURCE_RECENT];
    begun |= arrival->time_ns == last_ns;
    if (!begun || arrival->len <= headers)
      continue;
    sum += arrival->len - headers;
    if (sum >= bytes + PACKETS_UDP_HEADER)
      return sum == bytes + PACKETS_UDP_HEADER ? arrival : NULL;
  }
  return NULL;
}

/* What came some time ago was read unseen. */
void resource_packets_found_empty(ResourcePackets *packets, guint64 socket, gint64 time_ns)
{
  ResourceInbox *inbox = packets_inbox(packets, socket, FALSE);
  while (inbox && inbox->n && inbox->arrivals[inbox->first].time_ns < time_ns - PACKETS_RACE_NS)
    packets_drop_first(inbox, 1);
}

/*
 * Where events are missing and several read, a datagram that was read unseen stands in front of
 * others: only one that waits alone is believed, and soon.
 */
static gboolean packets_are_doubtful(ResourceInbox *inbox, gint32 reader, gboolean lossy,
                                     gint64 waited_ns)
{
  inbox->many |= inbox->reader && inbox->reader != reader;
  inbox->reader = reader;
  return lossy && inbox->many && (inbox->n > 1 || waited_ns > PACKETS_RACE_NS);
}

/* The oldest datagram of that size. */
void resource_packets_read(ResourcePackets *packets, gint32 tid, guint64 socket, gint32 bytes,
                           gboolean lossy, gint64 time_ns)
{
  ResourceInbox *inbox = packets_inbox(packets, socket, FALSE);
  for (guint32 i = 0; inbox && i < inbox->n; i++) {
    const ResourceArrival *arrival = &inbox->arrivals[(inbox->first + i) % RESOURCE_ARRIVED];
    gint64 headers = (gint64)arrival->len - bytes;
    if (headers < 0) {
      const ResourceArrival *last = arrival;
      arrival = packets_first_fragment(packets, last->time_ns, bytes, PACKETS_IP4_HEADER);
      if (!arrival)
        arrival = packets_first_fragment(packets, last->time_ns, bytes, PACKETS_IP6_FRAGMENT);
    }
    if (!arrival || (headers >= 0 && headers < PACKETS_IP4_HEADER) ||
        headers > PACKETS_MOST_HEADERS)
      continue; /* cut to the reader's buffer, or another one */
    ResourceSample sample = { .time_ns = arrival->time_ns, .len = arrival->len, .tid = tid,
                              .bytes = bytes };
    if (!packets_are_doubtful(inbox, tid, lossy, time_ns - arrival->time_ns))
      packets_add_sample(packets->received, &sample);
    packets_drop_first(inbox, i + 1);
    return;
  }
}

/* The one packet received lately that holds as many bytes behind the headers of IP and UDP. */
void resource_packets_read_unnamed(ResourcePackets *packets, gint32 tid, gint64 bytes)
{
  ResourceArrival *found = NULL;
  for (guint i = 0; i < RESOURCE_RECENT; i++) {
    ResourceArrival *arrival = &packets->recent[i];
    gint64 headers = (gint64)arrival->len - bytes;
    if (arrival->len == 0 || (headers != RESOURCE_UDP4_BYTES && headers != RESOURCE_UDP6_BYTES))
      continue;
    if (found)
      return; /* two of them leave it open */
    found = arrival;
  }
  if (!found)
    return;
  ResourceSample sample = { .time_ns = found->time_ns, .len = found->len, .tid = tid,
                            .bytes = (gint32)bytes, .weak = TRUE };
  packets_add_sample(packets->received, &sample);
  found->len = 0;
}
