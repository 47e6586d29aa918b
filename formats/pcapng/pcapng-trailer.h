/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The trailer that tcpshark puts behind a frame's bytes. Knows frames and
 * nothing of files and owners.
 */
#pragma once

#include "base/bytes.h"
#include "model/record.h"

#include <glib.h>

G_BEGIN_DECLS

enum { TB_PCAPNG_TRAILER_LINK = 1, TB_PCAPNG_TRAILER_FRAME = 60, TB_PCAPNG_TRAILER_LEAST = 15 };

/**
 * TbPcapngTrailer: name and args are bytes of the packet, not terminated
 * @frame_len: bytes of the frame without the trailer and the padding it made necessary
 */
typedef struct {
  guint32 pid;
  const char *name;
  gsize name_len;
  const char *args;
  gsize args_len;
  guint32 frame_len;
} TbPcapngTrailer;

/** TbPcapngTrailers: how the packets of one interface end, for the question what zeros are */
typedef struct {
  guint64 named;
  guint64 zeros;
  guint64 others;
} TbPcapngTrailers;

/** tb_pcapng_trailer_may_be: (fast): FALSE where @event surely has no trailer */
static inline gboolean tb_pcapng_trailer_may_be(const TbRecord *event)
{
  return event->source->link.type == TB_PCAPNG_TRAILER_LINK && event->len == event->orig_len &&
         event->len >= TB_PCAPNG_TRAILER_FRAME + TB_PCAPNG_TRAILER_LEAST &&
         tb_get_u32(event->data + event->len - 4, TRUE) == 0;
}

/** tb_pcapng_trailer_find: FALSE where @event, a packet with a source, has no such trailer */
gboolean tb_pcapng_trailer_find(const TbRecord *event, TbPcapngTrailer *trailer);

/**
 * tb_pcapng_trailer_find_zeros: the trailer of a frame without an owner is all zero, like much
 * else: it is one only where tb_pcapng_trailers_are_all() says so
 */
gboolean tb_pcapng_trailer_find_zeros(const TbRecord *event, guint32 *frame_len);

/** tb_pcapng_trailers_count: one more packet of the interface */
void tb_pcapng_trailers_count(TbPcapngTrailers *trailers, const TbRecord *event);

/** tb_pcapng_trailers_are_all: every whole packet ends with a trailer or zeros in its place */
static inline gboolean tb_pcapng_trailers_are_all(const TbPcapngTrailers *trailers)
{
  return trailers->named > 0 && trailers->others == 0;
}

G_END_DECLS
