/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Buffers of the network stack on their way through devices, of one recording. A buffer is told by
 * its address, which is given out again at once: so its steps belong together only from the first
 * to the last one, on one device. Every reader walks the same way: alignment for the moments before
 * and behind a capture's stamp, owners for who queued what was sent, links for which event is about
 * which packet. Knows facts; no event, no capture.
 */
#pragma once

#include "model/fact.h"
#include "model/item.h"

#include <glib.h>

G_BEGIN_DECLS

enum {
  TB_WIRE_BUFFERS = 8192,    /* buffers under way, by address and device */
  TB_WIRE_CACHE_LINE = 64,   /* of the processor: a buffer is one */
  TB_WIRE_DEVICES = 256,     /* of one recording; buffers of further ones are not followed */
  TB_WIRE_DEVICE_BYTES = 16, /* IFNAMSIZ */
  TB_WIRE_NO_DEVICE = 0xffff,
  TB_WIRE_LINK_BYTES = 14,   /* of a device's header, where nothing tells how long it is */
};

/* Kinds of facts that begin, pass on or end buffers: what prepare needs. */
#define TB_WIRE_STEPS                                                                      \
  (TB_FACT_BIT(TB_FACT_BUFFER_QUEUED) | TB_FACT_BIT(TB_FACT_BUFFER_STARTED) |              \
   TB_FACT_BIT(TB_FACT_BUFFER_SENT) | TB_FACT_BIT(TB_FACT_BUFFER_ARRIVED) |                \
   TB_FACT_BIT(TB_FACT_BUFFER_ENTERED) | TB_FACT_BIT(TB_FACT_BUFFER_RECEIVED))
/* All kinds of facts about buffers. */
#define TB_WIRE_FACTS (TB_WIRE_STEPS | TB_FACT_BIT(TB_FACT_BUFFER_PASSED))

/** Which way a packet goes through a device. */
typedef enum { TB_WIRE_SENT, TB_WIRE_RECEIVED, TB_WIRE_N_WAYS } TbWireWay;

/** How far a buffer has come. */
typedef enum { TB_WIRE_GONE, TB_WIRE_QUEUED, TB_WIRE_STARTED, TB_WIRE_ARRIVED } TbWireState;

/**
 * TbWireBuffer: a buffer under way
 * @first_ns, @last_ns: machine time of its first step, and of its latest one while it arrives
 * @len: bytes: with the device's header while it is queued, behind that from the network header on
 * @cpu: of its latest step
 * @mark, @task, @calls, @epoch_of_task: readers' own; all zero when the buffer begins. @mark is
 *   alignment's, the others are owners'; while records are written @number is links', if @mark
 */
typedef struct {
  guint64 address;
  gint64 first_ns;
  gint64 last_ns;
  guint32 epoch;
  guint32 len;
  guint32 cpu;
  guint32 point;
  guint16 device;
  guint8 state;
  guint8 sent_due;
  guint32 mark;
  union {
    struct {
      gint32 task;
      guint32 calls;
      guint32 epoch_of_task;
    };
    guint64 number;
  };
} __attribute__((aligned(TB_WIRE_CACHE_LINE))) TbWireBuffer;

/** TbWireDevice: @loops: what is sent is received by the same device, and captured then */
typedef struct {
  char name[TB_WIRE_DEVICE_BYTES];
  guint8 len;
  gboolean loops;
} TbWireDevice;

/**
 * TbWireStep: what a fact did
 * @buffer: (nullable): where its buffer stands; NULL where address or device are not told, or the
 *   step says nothing of a buffer that is known
 * @device: number, or %TB_WIRE_NO_DEVICE
 * @belongs: the step is one of @buffer's way
 * @was: how far that buffer had come: %TB_WIRE_GONE where it was not known
 * @begins: it is the buffer's first step that was told
 * @captured: the buffer passes the place where packets are captured, on @way, with @buffer->len
 * @len: bytes from the network header on, 0 = not told: of a queued buffer with the usual header
 * @before: @begins: what stood in the buffer's place, whose way ends untold
 */
typedef struct {
  TbWireBuffer *buffer;
  guint device;
  gboolean belongs;
  TbWireState was;
  gboolean begins;
  gboolean captured;
  TbWireWay way;
  guint32 len;
  TbWireBuffer before;
} TbWireStep;

typedef struct _TbWireBuffers TbWireBuffers;

/** tb_wire_buffers_new: @kinds: TB_FACT_BIT() of the kinds that the recording's events can tell */
TbWireBuffers *tb_wire_buffers_new(guint64 kinds);
void tb_wire_buffers_free(TbWireBuffers *buffers);

/** tb_wire_buffers_restart: the same facts come again; devices keep their numbers and what was learned */
void tb_wire_buffers_restart(TbWireBuffers *buffers);

/** tb_wire_buffers_lost: records were lost: what was under way is forgotten */
void tb_wire_buffers_lost(TbWireBuffers *buffers);

/** tb_wire_buffers_step: a fact of %TB_WIRE_FACTS that @item tells, in order of time. @out: (out) */
void tb_wire_buffers_step(TbWireBuffers *buffers, const TbItem *item, const TbFact *fact,
                          TbWireStep *out);

/**
 * tb_wire_buffers_is_waiting: whether @buffer is queued and nothing will tell when it was captured:
 * then that was at once
 */
gboolean tb_wire_buffers_is_waiting(const TbWireBuffers *buffers, const TbWireBuffer *buffer);

/** tb_wire_buffers_get: all places of buffers, @n of them; 0 before the first step */
TbWireBuffer *tb_wire_buffers_get(const TbWireBuffers *buffers, guint *n);

/** tb_wire_buffers_is_known: whether what stands in a place is under way, and not from before a loss */
gboolean tb_wire_buffers_is_known(const TbWireBuffers *buffers, const TbWireBuffer *buffer);

/**
 * tb_wire_buffers_arrived: machine time when a buffer of this address came from a driver last, on
 * whichever device: a bridge hands it on as its own, with the stamp it got there. FALSE = not known
 */
gboolean tb_wire_buffers_arrived(const TbWireBuffers *buffers, guint64 address, gint64 *time_ns);

guint tb_wire_buffers_get_n_devices(const TbWireBuffers *buffers);
/** tb_wire_buffers_find_device: its number, or %TB_WIRE_NO_DEVICE */
guint tb_wire_buffers_find_device(const TbWireBuffers *buffers, const char *name);

/** tb_wire_buffer_tag: what tells @buffer from others at one time, shortened */
guint32 tb_wire_buffer_tag(const TbWireBuffer *buffer);

G_END_DECLS
