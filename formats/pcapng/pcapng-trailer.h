/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The trailer that tcpshark puts behind a frame's bytes. Knows frames and
 * nothing of files and owners.
 */
#pragma once

#include "model/event.h"

#include <glib.h>

G_BEGIN_DECLS

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

/** tb_pcapng_trailer_find: FALSE where @event, a packet with a source, has no such trailer */
gboolean tb_pcapng_trailer_find(const TbEvent *event, TbPcapngTrailer *trailer);

G_END_DECLS
