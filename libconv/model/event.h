/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One event of the model: a fixed header and a borrowed payload. Readers lend
 * it until their next call on the same stream; who keeps it copies it.
 */
#pragma once

#include "model/schema.h"
#include "model/source.h"

#include <glib.h>

G_BEGIN_DECLS

typedef enum {
  TB_EVENT_KIND_TRACE,  /* a system event with a type */
  TB_EVENT_KIND_PACKET, /* a captured packet */
  TB_EVENT_KIND_LOST,   /* the recorder lost events here: @lost, 0 = number unknown */
  TB_EVENT_KIND_META,   /* no record of its own: only @glued, at the end of a stream */
} TbEventKind;

typedef enum {
  TB_EVENT_NO_TIME = 1 << 0, /* the record has no time; it stands behind the one before it */
  TB_EVENT_IRQ = 1 << 1,     /* in interrupt context: the task is not the actor */
  TB_EVENT_FAILED = 1 << 2,  /* the operation it tells of failed */
  TB_EVENT_DURATION = 1 << 3, /* the operation it tells of took @duration_ns */
} TbEventFlags;

#define TB_CPU_NONE G_MAXUINT32

/**
 * TbContext: who acted, as known for the moment of the event
 * @slot: small dense number, reused; writers keep what they prepared in a table by it
 * @generation: differs whenever anything below differs
 * @tid: thread id
 * @pid: process (thread group) id; the thread id where that is not known
 * @pid_known: @pid is the process id for sure
 * @ppid: parent process id, 0 = unknown
 * @comm, @exe, @cmdline: (nullable): raw bytes with a NUL at the end
 */
struct _TbContext {
  guint32 slot;
  guint64 generation;
  gint32 tid;
  gint32 pid;
  gboolean pid_known;
  gint32 ppid;
  const char *comm;
  const char *exe;
  const char *cmdline;
};

/**
 * TbNote: what libconv itself has to say about an event
 * @kind: (nullable): TRACE_KIND word, e.g. "process-exec"
 * @sentence: (nullable): a sentence for people; the raw text then goes to TRACE_TEXT
 */
typedef struct {
  const char *kind;
  const TbBuf *sentence;
} TbNote;

/**
 * TbPacketRef: the captured packet that an event is about
 * @source: borrowed: the interface it was captured on
 * @ordinal: its number among the packets of that interface, in order of time, from 1
 */
typedef struct {
  const TbSource *source;
  guint64 ordinal;
} TbPacketRef;

struct _TbOwners;

/**
 * TbEvent:
 * @time_ns: on the source's own clock when a reader lends it, on the output axis
 *   once the pipeline has mapped it
 * @timeline_ns: the same moment as the prepare phase's observers saw it; set by the pipeline
 * @ticks: packets: the time as the input stores it, in units of the source's resolution
 * @source: where it comes from
 * @type: (nullable): of TRACE events
 * @data: @len bytes of payload or packet, borrowed
 * @orig_len: packets: length on the wire
 * @options: (nullable): packets: @options_len bytes of pcapng options, little-endian, no end mark
 * @glued: (nullable): @glued_len bytes of whole pcapng blocks (little-endian) that stand
 *   right before this record
 * @tid: acting thread; 0 = nobody, -1 = not stated
 * @cpu: CPU, or %TB_CPU_NONE
 * @tie: order between records of one source and one time, before @sequence
 * @trailer_len: packets: of @len and @orig_len, bytes at the end that a program put behind the
 *   frame to name its owner
 * @sequence: number of the record in its stream
 * @lost: LOST: how many
 * @duration_ns: how long the operation took that begins at @time_ns; valid with %TB_EVENT_DURATION
 * @offset: absolute byte offset of the record in its input, for messages
 * @context: (nullable): who acted; filled by the pipeline
 * @note: (nullable): filled by the pipeline
 * @owners: (nullable): packets: the processes behind both ends; filled by the pipeline
 * @packet: (nullable): TRACE: the packet it is about, where it is known; filled by the pipeline
 */
struct _TbEvent {
  gint64 time_ns;
  gint64 timeline_ns;
  guint64 ticks;
  TbSource *source;
  const TbEventType *type;
  const guint8 *data;
  guint32 len;
  guint32 orig_len;
  const guint8 *options;
  guint32 options_len;
  guint32 glued_len;
  const guint8 *glued;
  TbEventKind kind;
  guint32 flags;
  gint32 tid;
  guint32 cpu;
  guint32 tie;
  guint32 trailer_len;
  guint64 sequence;
  guint64 lost;
  guint64 duration_ns;
  guint64 offset;
  const TbContext *context;
  const TbNote *note;
  const struct _TbOwners *owners;
  const TbPacketRef *packet;
};

/** tb_event_append_padded_text: the raw text of a TRACE event, leading blanks included */
static inline void tb_event_append_padded_text(const TbEvent *event, TbBuf *out)
{
  event->type->ops->append_text(event->type, event, out);
}

/** tb_event_append_text: the raw text of a TRACE event without leading blanks */
static inline void tb_event_append_text(const TbEvent *event, TbBuf *out)
{
  gsize start = out->len, skip = 0;
  event->type->ops->append_text(event->type, event, out);
  while (start + skip < out->len && out->data[start + skip] == ' ')
    skip++;
  if (G_UNLIKELY(skip)) {
    memmove(out->data + start, out->data + start + skip, out->len - start - skip);
    out->len -= skip;
  }
}

/**
 * tb_event_get_actor: who acted: the context the pipeline filled, else what the record
 * itself says. @scratch: room for the answer (its slot and generation are then 0).
 * Returns: (nullable): valid as long as the event and until the next call
 */
static inline const TbContext *tb_event_get_actor(const TbEvent *event, TbContext *scratch)
{
  if (event->context || !event->type || !event->type->ops->get_actor)
    return event->context;
  return event->type->ops->get_actor(event->type, event, scratch) ? scratch : NULL;
}

/**
 * tb_event_compare: the total order of the output: time, source rank (machine,
 * class, name, key), tie, sequence, record bytes. Times are output times.
 */
gint tb_event_compare(const TbEvent *a, const TbEvent *b);

G_END_DECLS
