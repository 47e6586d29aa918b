/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The way of buffers through devices. A buffer is told by its address, which the kernel gives
 * out again at once: so a buffer's events belong together only from its first to its last step,
 * on one device. Both phases walk the same way.
 */
#include "stages/packet-link/packet-link-private.h"

#include <string.h>

#define TRACK_OLD_NS G_GINT64_CONSTANT(1000000000) /* from arriving to being received */

enum { TRACK_LINK_BYTES = 14, TRACK_DYNAMIC_BYTES = 4 };

static const struct {
  const char *name;
  LinkStep step;
} track_types[] = {
  { "net_dev_queue", LINK_QUEUE },
  { "net_dev_start_xmit", LINK_START },
  { "net_dev_xmit", LINK_XMIT },
  { "netif_rx_entry", LINK_ARRIVE },
  { "napi_gro_receive_entry", LINK_ARRIVE },
  { "napi_gro_frags_entry", LINK_ARRIVE },
  { "netif_receive_skb_entry", LINK_ARRIVE },
  { "netif_receive_skb_list_entry", LINK_ARRIVE },
  { "netif_rx", LINK_PASS },
  { "netif_receive_skb", LINK_RECEIVE },
};

static LinkNumber plan_number(const TbField *field)
{
  gboolean fits = field && (field->kind == TB_FIELD_UINT || field->kind == TB_FIELD_INT) &&
                  (field->size == 4 || field->size == 8);
  return fits ? (LinkNumber){ field->offset, field->size } : (LinkNumber){ 0 };
}

gboolean link_plan(const TbEventType *type, LinkPlan *plan)
{
  *plan = (LinkPlan){ .big = type->big };
  if (!type->system || strcmp(type->system, "net") != 0)
    return FALSE;
  for (guint i = 0; i < G_N_ELEMENTS(track_types) && !plan->step; i++)
    if (strcmp(type->name, track_types[i].name) == 0)
      plan->step = (guint8)track_types[i].step;
  plan->skb = plan_number(tb_event_type_find_field(type, "skbaddr"));
  plan->len = plan_number(tb_event_type_find_field(type, "len"));
  plan->network = plan_number(tb_event_type_find_field(type, "network_offset"));
  plan->device = tb_event_type_find_field(type, "name");
  if (plan->device && plan->device->kind == TB_FIELD_DYNAMIC)
    plan->locator = (LinkNumber){ plan->device->offset, TRACK_DYNAMIC_BYTES };
  if (plan->step && plan->skb.size && plan->len.size && plan->device)
    return TRUE;
  plan->step = LINK_NOTHING;
  return FALSE;
}

/* A number of 4 or 8 bytes; 0 where the event is too short. */
static inline guint64 track_number(const LinkPlan *plan, LinkNumber at, const TbItem *event)
{
  if (G_UNLIKELY(at.offset > event->record->len || at.size > event->record->len - at.offset))
    return 0;
  const guint8 *p = event->record->data + at.offset;
  return at.size == 4 ? tb_get_u32(p, plan->big) : tb_get_u64(p, plan->big);
}

void link_track_init(LinkTrack *track, TbSource *source, TbStashStore *store)
{
  *track = (LinkTrack){ .source = source, .epoch = 1 };
  track->devices = g_array_new(FALSE, TRUE, sizeof(LinkDevice));
  for (guint lane = 0; lane < LINK_LANES; lane++)
    track->passes[lane] = tb_stash_new(store, sizeof(LinkPass));
  track->found = tb_stash_new(store, sizeof(LinkFound));
}

void link_track_clear(LinkTrack *track)
{
  g_aligned_free(track->buffers);
  g_array_unref(track->devices);
  for (guint lane = 0; lane < LINK_LANES; lane++)
    tb_stash_free(track->passes[lane]);
  tb_stash_free(track->found);
}

/* The devices keep their numbers, which are part of the tags, and what was learned of them. */
void link_track_restart(LinkTrack *track)
{
  track->epoch = 1;
  track->starts_told = FALSE;
  track->again = TRUE;
  if (track->buffers)
    memset(track->buffers, 0, LINK_BUFFERS * sizeof *track->buffers);
}

static guint track_find_device(const LinkTrack *track, const guint8 *name, gsize len)
{
  for (guint i = 0; i < track->devices->len; i++) {
    const LinkDevice *device = &g_array_index(track->devices, LinkDevice, i);
    if (device->len == len && memcmp(device->name, name, len) == 0)
      return i;
  }
  return LINK_NO_DEVICE;
}

guint link_track_find_device(const LinkTrack *track, const char *name)
{
  return track_find_device(track, (const guint8 *)name, strlen(name));
}

static guint track_add_device(LinkTrack *track, const guint8 *name, gsize len)
{
  guint found = track_find_device(track, name, len);
  if (found != LINK_NO_DEVICE || track->devices->len >= LINK_DEVICES)
    return found;
  LinkDevice device = { .len = (guint8)len };
  memcpy(device.name, name, len);
  /* Where it is the only sign: of other names it is learned from the first packet. */
  device.loops = track->receives_told && len == 2 && memcmp(name, "lo", 2) == 0;
  g_array_append_val(track->devices, device);
  return track->devices->len - 1;
}

/* Whether the event's device is @last; only for names as the kernel's events have them. */
static inline gboolean track_is_device(const LinkDevice *last, const LinkPlan *plan,
                                       const TbItem *event)
{
  LinkNumber field = plan->locator;
  if (field.size == 0 || field.offset > event->record->len || event->record->len - field.offset < field.size)
    return FALSE;
  guint32 locator = tb_get_u32(event->record->data + field.offset, plan->big);
  guint32 at = locator & 0xffff, len = locator >> 16;
  if (len != last->len + 1u || at > event->record->len || len > event->record->len - at ||
      event->record->data[at + len - 1] != 0)
    return FALSE;
  for (guint i = 0; i < last->len; i++)
    if (event->record->data[at + i] != (guint8)last->name[i])
      return FALSE;
  return TRUE;
}

static inline guint track_device(LinkTrack *track, const LinkPlan *plan, const TbItem *event)
{
  const guint8 *name;
  gsize len;
  if (G_LIKELY(track->last_device < track->devices->len &&
               track_is_device(&g_array_index(track->devices, LinkDevice, track->last_device),
                               plan, event)))
    return track->last_device;
  if (!tb_field_get_bytes(plan->device, event->record, &name, &len) || len == 0 ||
      len > LINK_DEVICE_BYTES)
    return LINK_NO_DEVICE;
  guint device = track_add_device(track, name, len);
  if (device != LINK_NO_DEVICE)
    track->last_device = device;
  return device;
}

static inline guint64 track_hash(guint64 skb, guint device)
{
  return (skb + device) * G_GUINT64_CONSTANT(0x9e3779b97f4a7c15);
}

guint32 link_track_tag(const LinkBuffer *buffer)
{
  return (guint32)(track_hash(buffer->skb, buffer->device) >> 32);
}

static inline void track_pass(const LinkBuffer *buffer, gint64 time_ns, guint32 len, guint cpu,
                              LinkLane lane, LinkPass *passed)
{
  *passed = (LinkPass){ .anchor_ns = time_ns, .first_ns = buffer->first_ns, .len = len,
                        .tag = link_track_tag(buffer), .cpu = cpu,
                        .device = buffer->device, .lane = (guint8)lane };
}

gboolean link_track_is_waiting(const LinkTrack *track, const LinkBuffer *buffer, LinkPass *passed)
{
  if (buffer->state != LINK_QUEUED || buffer->epoch != track->epoch || track->starts_told ||
      buffer->len <= TRACK_LINK_BYTES || buffer->len > G_MAXINT32 ||
      g_array_index(track->devices, LinkDevice, buffer->device).loops)
    return FALSE;
  track_pass(buffer, buffer->first_ns, buffer->len - TRACK_LINK_BYTES, buffer->cpu, LINK_SENT,
             passed);
  return TRUE;
}

/* The buffer's first event; what its place was used for is over. */
static void track_begin(const LinkTrack *track, LinkBuffer *buffer, guint64 skb, guint device,
                        const TbItem *event, LinkStepped *out)
{
  if (!track->again)
    out->has_passed = link_track_is_waiting(track, buffer, &out->passed);
  *buffer = (LinkBuffer){ .skb = skb, .first_ns = event->machine_time.ns, .epoch = track->epoch,
                          .device = (guint16)device, .cpu = event->record->cpu };
  out->begins = TRUE;
}

static void track_start(LinkTrack *track, const LinkPlan *plan, LinkBuffer *buffer, guint64 skb,
                        guint device, gboolean known, const TbItem *event, LinkStepped *out)
{
  guint64 len = track_number(plan, plan->len, event);
  guint64 network = plan->network.size ? track_number(plan, plan->network, event) : TRACK_LINK_BYTES;
  track->starts_told = TRUE;
  /* Another length: the address was given out again, or the buffer was cut in pieces. */
  if (!known || buffer->state != LINK_QUEUED || buffer->len != (guint32)len)
    track_begin(track, buffer, skb, device, event, out);
  buffer->state = LINK_STARTED;
  buffer->xmit_due = TRUE;
  buffer->cpu = event->record->cpu;
  buffer->len = network < len && len <= G_MAXINT32 ? (guint32)(len - network) : 0;
  if (track->again || buffer->len == 0 ||
      g_array_index(track->devices, LinkDevice, device).loops)
    return;
  out->has_passed = TRUE;
  track_pass(buffer, event->machine_time.ns, buffer->len, event->record->cpu, LINK_SENT, &out->passed);
}

static void track_arrive(LinkTrack *track, LinkBuffer *buffer, guint64 skb, guint device,
                         gboolean known, const TbItem *event, LinkStepped *out)
{
  /* The same step again is another buffer at the same address. */
  gboolean *loops = &g_array_index(track->devices, LinkDevice, device).loops;
  gboolean here = known && buffer->cpu == event->record->cpu;
  gboolean goes_on = here && ((buffer->state == LINK_ARRIVED && buffer->type != event->record->type->id) ||
                              (buffer->state == LINK_QUEUED && *loops));
  if (here && buffer->state == LINK_STARTED && buffer->xmit_due)
    /* Received while it is being sent: such a device hands back what it is given. */
    goes_on = *loops = TRUE;
  if (!goes_on)
    track_begin(track, buffer, skb, device, event, out);
  buffer->state = LINK_ARRIVED;
  buffer->cpu = event->record->cpu;
  buffer->type = event->record->type->id;
  buffer->last_ns = event->machine_time.ns;
}

static void track_receive(LinkTrack *track, const LinkPlan *plan, LinkBuffer *buffer, guint64 skb,
                          guint device, gboolean known, const TbItem *event, LinkStepped *out)
{
  guint64 len = track_number(plan, plan->len, event);
  gboolean loops = g_array_index(track->devices, LinkDevice, device).loops;
  gboolean goes_on =
      known && ((buffer->state == LINK_ARRIVED &&
                 event->machine_time.ns - buffer->last_ns < TRACK_OLD_NS) ||
                (buffer->state == LINK_STARTED && loops && buffer->len == len) ||
                (buffer->state == LINK_QUEUED && loops && buffer->len == len + TRACK_LINK_BYTES));
  if (!goes_on)
    track_begin(track, buffer, skb, device, event, out);
  buffer->state = LINK_GONE;
  if (track->again || len == 0 || len > G_MAXINT32)
    return;
  out->has_passed = TRUE;
  track_pass(buffer, event->machine_time.ns, (guint32)len, event->record->cpu, LINK_RECEIVED, &out->passed);
}

/* The address is free now, unless the buffer is still to be received. */
static void track_end_xmit(const LinkTrack *track, LinkBuffer *buffer, guint device)
{
  buffer->xmit_due = FALSE;
  if (buffer->state == LINK_STARTED && !g_array_index(track->devices, LinkDevice, device).loops)
    buffer->state = LINK_GONE;
}

/* Events that neither begin nor end anything, so that emit may see more of them than prepare. */
static gboolean track_belongs(const LinkTrack *track, const LinkPlan *plan, LinkBuffer *buffer,
                              guint device, const TbItem *event)
{
  gboolean loops = g_array_index(track->devices, LinkDevice, device).loops;
  if (plan->step == LINK_PASS)
    return buffer->cpu == event->record->cpu &&
           (buffer->state == LINK_ARRIVED || (loops && buffer->state == LINK_STARTED));
  gboolean due = buffer->xmit_due || (track->xmit_starts && buffer->state == LINK_ARRIVED);
  track_end_xmit(track, buffer, device);
  return due;
}

void link_track_step(LinkTrack *track, const LinkPlan *plan, const TbItem *event,
                     LinkStepped *out)
{
  out->buffer = NULL;
  out->begins = out->has_passed = FALSE;
  if (G_UNLIKELY(!track->buffers))
    track->buffers = g_aligned_alloc0(LINK_BUFFERS, sizeof *track->buffers, LINK_LINE_BYTES);
  guint64 skb = track_number(plan, plan->skb, event);
  guint device = skb ? track_device(track, plan, event) : LINK_NO_DEVICE;
  if (device == LINK_NO_DEVICE)
    return;
  LinkBuffer *buffer = &track->buffers[track_hash(skb, device) >> 32 & (LINK_BUFFERS - 1)];
  gboolean known = buffer->skb == skb && buffer->device == device &&
                   buffer->epoch == track->epoch;
  guint step = plan->step;
  if (step == LINK_XMIT && track->xmit_starts && !(known && buffer->state == LINK_ARRIVED))
    step = LINK_START;
  switch (step) {
  case LINK_QUEUE:
    track_begin(track, buffer, skb, device, event, out);
    buffer->state = LINK_QUEUED;
    buffer->len = (guint32)track_number(plan, plan->len, event);
    break;
  case LINK_START:
    track_start(track, plan, buffer, skb, device, known, event, out);
    if (plan->step == LINK_XMIT)
      track_end_xmit(track, buffer, device);
    break;
  case LINK_ARRIVE: track_arrive(track, buffer, skb, device, known, event, out); break;
  case LINK_RECEIVE:
    track_receive(track, plan, buffer, skb, device, known, event, out);
    break;
  default:
    if (!known || !track_belongs(track, plan, buffer, device, event))
      return;
    break;
  }
  out->buffer = buffer;
}
