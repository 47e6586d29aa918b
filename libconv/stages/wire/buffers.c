/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The way of buffers; see buffers.h. */
#include "stages/wire/buffers.h"

#include <string.h>

enum { BUFFERS_ARRIVALS = 256 };

#define BUFFERS_OLD_NS G_GINT64_CONSTANT(1000000000) /* from arriving to being received */

typedef struct {
  guint64 address;
  gint64 time_ns;
} BuffersArrival;

/*
 * @epoch: goes up where records were lost
 * @starts_told: it was told when a buffer was captured that is sent
 * @sent_starts: only %TB_FACT_BUFFER_SENT can tell that
 */
struct _TbWireBuffers {
  TbWireBuffer *buffers;
  GArray *devices; /* TbWireDevice */
  guint last_device;
  guint32 epoch;
  gboolean starts_told;
  gboolean receives_told;
  gboolean sent_starts;
  BuffersArrival arrivals[BUFFERS_ARRIVALS];
};

/* The fact on its way through the functions below. */
typedef struct {
  const TbItem *item;
  const TbBufferFact *fact;
  TbWireDevice *device;
  gboolean known;
  TbWireStep *out;
} BuffersStep;

TbWireBuffers *tb_wire_buffers_new(guint64 kinds)
{
  TbWireBuffers *b = g_new0(TbWireBuffers, 1);
  b->epoch = 1;
  b->devices = g_array_sized_new(FALSE, TRUE, sizeof(TbWireDevice), TB_WIRE_DEVICES);
  b->receives_told = (kinds & TB_FACT_BIT(TB_FACT_BUFFER_RECEIVED)) != 0;
  b->sent_starts = !(kinds & TB_FACT_BIT(TB_FACT_BUFFER_STARTED));
  return b;
}

void tb_wire_buffers_free(TbWireBuffers *b)
{
  if (!b)
    return;
  g_aligned_free(b->buffers);
  g_array_unref(b->devices);
  g_free(b);
}

void tb_wire_buffers_restart(TbWireBuffers *b)
{
  b->epoch = 1;
  b->starts_told = FALSE;
  memset(b->arrivals, 0, sizeof b->arrivals);
  if (b->buffers)
    memset(b->buffers, 0, TB_WIRE_BUFFERS * sizeof *b->buffers);
}

void tb_wire_buffers_lost(TbWireBuffers *b)
{
  b->epoch++;
}

static guint buffers_find_device(const TbWireBuffers *b, const char *name, gsize len)
{
  for (guint i = 0; i < b->devices->len; i++) {
    const TbWireDevice *device = &g_array_index(b->devices, TbWireDevice, i);
    if (device->len == len && memcmp(device->name, name, len) == 0)
      return i;
  }
  return TB_WIRE_NO_DEVICE;
}

guint tb_wire_buffers_find_device(const TbWireBuffers *b, const char *name)
{
  return buffers_find_device(b, name, strlen(name));
}

guint tb_wire_buffers_get_n_devices(const TbWireBuffers *b)
{
  return b->devices->len;
}

static guint buffers_add_device(TbWireBuffers *b, const TbName *name)
{
  guint found = buffers_find_device(b, name->bytes, name->len);
  if (found != TB_WIRE_NO_DEVICE || b->devices->len >= TB_WIRE_DEVICES)
    return found;
  TbWireDevice device = { .len = (guint8)name->len };
  memcpy(device.name, name->bytes, name->len);
  /* Where it is the only sign: of other names it is learned from the first packet. */
  device.loops = b->receives_told && name->len == 2 && memcmp(name->bytes, "lo", 2) == 0;
  g_array_append_val(b->devices, device);
  return b->devices->len - 1;
}

static inline guint buffers_device(TbWireBuffers *b, const TbName *name)
{
  const TbWireDevice *last = &g_array_index(b->devices, TbWireDevice, b->last_device);
  if (!name->bytes || name->len == 0 || name->len > TB_WIRE_DEVICE_BYTES)
    return TB_WIRE_NO_DEVICE;
  if (G_LIKELY(b->last_device < b->devices->len && last->len == name->len &&
               memcmp(last->name, name->bytes, name->len) == 0))
    return b->last_device;
  guint device = buffers_add_device(b, name);
  if (device != TB_WIRE_NO_DEVICE)
    b->last_device = device;
  return device;
}

static inline guint64 buffers_hash(guint64 address, guint device)
{
  return (address + device) * G_GUINT64_CONSTANT(0x9e3779b97f4a7c15);
}

guint32 tb_wire_buffer_tag(const TbWireBuffer *buffer)
{
  return (guint32)(buffers_hash(buffer->address, buffer->device) >> 32);
}

gboolean tb_wire_buffers_is_known(const TbWireBuffers *b, const TbWireBuffer *buffer)
{
  return buffer->epoch == b->epoch && buffer->address != 0;
}

gboolean tb_wire_buffers_is_waiting(const TbWireBuffers *b, const TbWireBuffer *buffer)
{
  return buffer->state == TB_WIRE_QUEUED && buffer->epoch == b->epoch && !b->starts_told &&
         buffer->len > TB_WIRE_LINK_BYTES && buffer->len <= G_MAXINT32 &&
         !g_array_index(b->devices, TbWireDevice, buffer->device).loops;
}

TbWireBuffer *tb_wire_buffers_get(const TbWireBuffers *b, guint *n)
{
  *n = b->buffers ? TB_WIRE_BUFFERS : 0;
  return b->buffers;
}

static inline BuffersArrival *buffers_arrival(TbWireBuffers *b, guint64 address)
{
  return &b->arrivals[(buffers_hash(address, 0) >> 40) % BUFFERS_ARRIVALS];
}

gboolean tb_wire_buffers_arrived(const TbWireBuffers *b, guint64 address, gint64 *time_ns)
{
  const BuffersArrival *arrival = &b->arrivals[(buffers_hash(address, 0) >> 40) % BUFFERS_ARRIVALS];
  *time_ns = arrival->time_ns;
  return address != 0 && arrival->address == address;
}

/* The buffer's first step; what its place was used for is over. */
static void buffers_begin(const TbWireBuffers *b, BuffersStep *step)
{
  TbWireBuffer *buffer = step->out->buffer;
  step->out->begins = TRUE;
  step->out->before = *buffer;
  *buffer = (TbWireBuffer){ .address = step->fact->buffer, .device = (guint16)step->out->device,
                            .first_ns = step->item->machine_time.ns, .epoch = b->epoch,
                            .cpu = step->item->record->cpu };
}

static void buffers_queue(TbWireBuffers *b, BuffersStep *step)
{
  buffers_begin(b, step);
  step->out->buffer->state = TB_WIRE_QUEUED;
  step->out->buffer->len = (guint32)step->fact->len;
}

static void buffers_start(TbWireBuffers *b, BuffersStep *step)
{
  TbWireBuffer *buffer = step->out->buffer;
  b->starts_told = TRUE;
  /* Another length: the address was given out again, or the buffer was cut in pieces. */
  if (!step->known || buffer->state != TB_WIRE_QUEUED || buffer->len != (guint32)step->fact->len)
    buffers_begin(b, step);
  buffer->state = TB_WIRE_STARTED;
  buffer->sent_due = TRUE;
  buffer->cpu = step->item->record->cpu;
  buffer->len = step->out->len;
  step->out->captured = buffer->len != 0 && !step->device->loops;
  step->out->way = TB_WIRE_SENT;
}

static void buffers_arrive(TbWireBuffers *b, BuffersStep *step)
{
  TbWireBuffer *buffer = step->out->buffer;
  gboolean here = step->known && buffer->cpu == step->item->record->cpu;
  /* The same step again is another buffer at the same address. */
  gboolean goes_on =
      here && ((buffer->state == TB_WIRE_ARRIVED && buffer->point != step->fact->point) ||
               (buffer->state == TB_WIRE_QUEUED && step->device->loops));
  if (here && buffer->state == TB_WIRE_STARTED && buffer->sent_due)
    /* Received while it is being sent: such a device hands back what it is given. */
    goes_on = step->device->loops = TRUE;
  if (!goes_on)
    buffers_begin(b, step);
  buffer->state = TB_WIRE_ARRIVED;
  buffer->cpu = step->item->record->cpu;
  buffer->point = step->fact->point;
  buffer->last_ns = step->item->machine_time.ns;
}

static void buffers_receive(TbWireBuffers *b, BuffersStep *step)
{
  TbWireBuffer *buffer = step->out->buffer;
  gint64 len = step->fact->len, now_ns = step->item->machine_time.ns;
  gboolean goes_on =
      step->known &&
      ((buffer->state == TB_WIRE_ARRIVED && now_ns - buffer->last_ns < BUFFERS_OLD_NS) ||
       (step->device->loops && buffer->state == TB_WIRE_STARTED && buffer->len == len) ||
       (step->device->loops && buffer->state == TB_WIRE_QUEUED &&
        buffer->len == len + TB_WIRE_LINK_BYTES));
  if (!goes_on)
    buffers_begin(b, step);
  buffer->state = TB_WIRE_GONE;
  buffer->len = step->out->len;
  step->out->captured = step->out->len != 0;
  step->out->way = TB_WIRE_RECEIVED;
}

/* The address is free now, unless the buffer is still to be received. */
static void buffers_end_sent(const BuffersStep *step)
{
  TbWireBuffer *buffer = step->out->buffer;
  buffer->sent_due = FALSE;
  if (buffer->state == TB_WIRE_STARTED && !step->device->loops)
    buffer->state = TB_WIRE_GONE;
}

/* Steps that neither begin nor end anything, so that some readers may see more of them than others. */
static gboolean buffers_pass(const BuffersStep *step)
{
  const TbWireBuffer *buffer = step->out->buffer;
  return step->known && buffer->cpu == step->item->record->cpu &&
         (buffer->state == TB_WIRE_ARRIVED ||
          (step->device->loops && buffer->state == TB_WIRE_STARTED));
}

static gboolean buffers_sent(TbWireBuffers *b, BuffersStep *step)
{
  const TbWireBuffer *buffer = step->out->buffer;
  if (b->sent_starts && !(step->known && buffer->state == TB_WIRE_ARRIVED)) {
    buffers_start(b, step);
    buffers_end_sent(step);
    return TRUE;
  }
  gboolean due = buffer->sent_due || (b->sent_starts && buffer->state == TB_WIRE_ARRIVED);
  if (step->known)
    buffers_end_sent(step);
  return step->known && due;
}

/* Bytes from the network header on, 0 where they cannot be. */
static inline guint32 buffers_network_len(TbFactKind kind, const TbBufferFact *fact)
{
  gint64 header = kind == TB_FACT_BUFFER_RECEIVED ? 0
                  : fact->has_network             ? fact->network : TB_WIRE_LINK_BYTES;
  gboolean sound = fact->has_len && header >= 0 && header < fact->len && fact->len <= G_MAXINT32;
  return sound ? (guint32)(fact->len - header) : 0;
}

void tb_wire_buffers_step(TbWireBuffers *b, const TbItem *item, const TbFact *fact, TbWireStep *out)
{
  const TbBufferFact *told = &fact->buffer;
  out->buffer = NULL;
  out->was = TB_WIRE_GONE;
  out->begins = out->captured = out->belongs = FALSE;
  out->len = buffers_network_len(fact->kind, told);
  out->device = buffers_device(b, &told->device);
  if (fact->kind == TB_FACT_BUFFER_ARRIVED)
    *buffers_arrival(b, told->buffer) = (BuffersArrival){ told->buffer, item->machine_time.ns };
  if (out->device == TB_WIRE_NO_DEVICE || told->buffer == 0)
    return;
  if (G_UNLIKELY(!b->buffers))
    b->buffers = g_aligned_alloc0(TB_WIRE_BUFFERS, sizeof *b->buffers, TB_WIRE_CACHE_LINE);
  out->buffer = &b->buffers[buffers_hash(told->buffer, out->device) >> 32 & (TB_WIRE_BUFFERS - 1)];
  BuffersStep step = { item, told, &g_array_index(b->devices, TbWireDevice, out->device),
                       out->buffer->address == told->buffer && out->buffer->device == out->device &&
                           out->buffer->epoch == b->epoch, out };
  out->was = step.known ? (TbWireState)out->buffer->state : TB_WIRE_GONE;
  out->belongs = TRUE;
  switch ((int)fact->kind) {
  case TB_FACT_BUFFER_QUEUED: buffers_queue(b, &step); break;
  case TB_FACT_BUFFER_STARTED: buffers_start(b, &step); break;
  case TB_FACT_BUFFER_SENT: out->belongs = buffers_sent(b, &step); break;
  case TB_FACT_BUFFER_ARRIVED:
  case TB_FACT_BUFFER_ENTERED: buffers_arrive(b, &step); break;
  case TB_FACT_BUFFER_RECEIVED: buffers_receive(b, &step); break;
  default: out->belongs = buffers_pass(&step); break;
  }
  if (!step.known && !out->begins)
    out->buffer = NULL;
}
