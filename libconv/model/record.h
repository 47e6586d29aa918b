/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One record of an input: a fixed header and borrowed bytes, as the reader
 * lends it until its next call on the same stream; who keeps it copies it. A
 * record says what the input says and never changes: what stages find out
 * about it stands in the item of a pass (model/item.h).
 */
#pragma once

#include "model/clock.h"
#include "model/schema.h"
#include "model/source.h"

#include <glib.h>
#include <string.h>

G_BEGIN_DECLS

typedef enum {
  TB_RECORD_EVENT,     /* a system event with a type */
  TB_RECORD_PACKET,    /* a captured packet */
  TB_RECORD_LOST,      /* the recorder lost events here: @value, 0 = number unknown */
  TB_RECORD_CARRIED,   /* a block of a capture that stands right before the record behind it, or,
                          without a time, behind all records */
  TB_RECORD_HEARTBEAT, /* nothing of this stream will come before its time */
} TbRecordKind;

typedef enum {
  TB_RECORD_NO_TIME = 1 << 0,  /* the record has no time; it stands behind the one before it */
  TB_RECORD_IRQ = 1 << 1,      /* in interrupt context: the task is not the actor */
  TB_RECORD_FAILED = 1 << 2,   /* the operation it tells of failed */
  TB_RECORD_DURATION = 1 << 3, /* the operation it tells of took @value ns */
  TB_RECORD_INBOUND = 1 << 4,  /* packets: the machine received it */
  TB_RECORD_OUTBOUND = 1 << 5, /* packets: the machine sent it */
  /* Packets: how it came to the machine that received it. */
  TB_RECORD_UNICAST = 1 << 6,
  TB_RECORD_MULTICAST = 1 << 7,
  TB_RECORD_BROADCAST = 1 << 8,
  TB_RECORD_PROMISCUOUS = 1 << 9,
  TB_RECORD_INEXACT = 1 << 10, /* its time in the input has digits below the nanosecond */
  TB_RECORD_HAS_ID = 1 << 11,  /* packets: it bears the number @value in its capture */
} TbRecordFlags;

#define TB_CPU_NONE G_MAXUINT32

/**
 * TbPayload: what only one format understands of a record and carries along
 * @format: the format that made it, and alone may read it
 * @len: bytes at @bytes
 * @bytes: (nullable): borrowed
 * @word: a number of the format's own
 */
typedef struct {
  guint32 format;
  guint32 len;
  const guint8 *bytes;
  guint64 word;
} TbPayload;

/**
 * TbRecord:
 * @source: where it comes from
 * @type: (nullable): of events
 * @data: @len bytes of event, packet or carried block, borrowed
 * @payload: (nullable): what its format carries along
 * @time: on the source's own clock
 * @sequence: number of the record in its stream; a carried block has that of the record behind it
 * @offset: absolute byte offset of the record in its input, for messages
 * @value: LOST: how many; events with %TB_RECORD_DURATION: how long the operation took that begins
 *   at @time, in ns; packets with %TB_RECORD_HAS_ID: their number
 * @kind: a #TbRecordKind
 * @flags: #TbRecordFlags
 * @tid: acting thread; 0 = nobody, -1 = not stated
 * @cpu: CPU, or %TB_CPU_NONE
 * @orig_len: packets: length on the wire
 * @tie: order between records of one source and one time, before @sequence
 * @trailer_len: packets: of @len and @orig_len, bytes at the end that a program put behind the
 *   frame to name its owner
 */
struct _TbRecord {
  TbSource *source;
  const TbEventType *type;
  const guint8 *data;
  const TbPayload *payload;
  TbOwnTime time;
  guint64 sequence;
  guint64 offset;
  guint64 value;
  TbRecordKind kind;
  guint32 flags;
  gint32 tid;
  guint32 cpu;
  guint32 len;
  guint32 orig_len;
  guint32 tie;
  guint32 trailer_len;
};

/** tb_record_append_padded_text: the raw text of an event, leading blanks included */
static inline void tb_record_append_padded_text(const TbRecord *record, TbBuf *out)
{
  record->type->ops->append_text(record->type, record, out);
}

/** tb_record_append_text: the raw text of an event without leading blanks */
static inline void tb_record_append_text(const TbRecord *record, TbBuf *out)
{
  gsize start = out->len, skip = 0;
  record->type->ops->append_text(record->type, record, out);
  while (start + skip < out->len && out->data[start + skip] == ' ')
    skip++;
  if (G_UNLIKELY(skip)) {
    memmove(out->data + start, out->data + start + skip, out->len - start - skip);
    out->len -= skip;
  }
}

/**
 * tb_field_get_int: value of a number, sign-extended when it is signed.
 * Returns: FALSE when the event is too short for it or it is no number
 */
gboolean tb_field_get_int(const TbField *field, const TbRecord *event, gint64 *out);

/**
 * tb_field_get_bytes: bytes of a string (without NUL) or array, borrowed from the event.
 * Returns: FALSE when its place is outside the event's payload
 */
gboolean tb_field_get_bytes(const TbField *field, const TbRecord *event, const guint8 **out,
                            gsize *len);

/** tb_record_compare_bytes: the order of records that are equal in time and place: their bytes */
gint tb_record_compare_bytes(const TbRecord *a, const TbRecord *b);

G_END_DECLS
