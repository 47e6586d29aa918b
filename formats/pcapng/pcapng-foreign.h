/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What other programs say of a packet's owners: ptcpdump's and etl2pcapng's
 * comments, the registered option, tcpshark's trailers. And the slices of text
 * that this and this program's own comment are taken apart with.
 */
#pragma once

#include "base/buf.h"
#include "model/owner.h"
#include "model/record.h"

#include <glib.h>

G_BEGIN_DECLS

/**
 * TbPcapngOwners: the owners of the packet read last
 * @owners: strings point into @strings
 */
typedef struct {
  TbOwners owners;
  TbBuf strings;
} TbPcapngOwners;

/** TbPcapngSlice: borrowed bytes without a NUL; @text NULL = not there */
typedef struct {
  const char *text;
  gsize len;
} TbPcapngSlice;

/** tb_pcapng_slice_number: FALSE, and @out 0, where the slice is no number from 0 to G_MAXINT32 */
gboolean tb_pcapng_slice_number(TbPcapngSlice slice, gint32 *out);

/**
 * tb_pcapng_slice_keep: a copy with a NUL. @strings has room for it, so that earlier ones stay
 * @escaped: the slice is from a comment of this program: its escapes are undone
 * Returns: (nullable): NULL where the slice is not there
 */
const char *tb_pcapng_slice_keep(TbBuf *strings, TbPcapngSlice slice, gboolean escaped);

/**
 * tb_pcapng_foreign_end: the end that a foreign note of @event speaks of: by the packet's
 * direction, else the sender's, and @owners says that it may be either
 */
TbOwner *tb_pcapng_foreign_end(TbOwners *owners, const TbRecord *event);

/** tb_pcapng_foreign_read: FALSE where others say nothing of @event's owners */
gboolean tb_pcapng_foreign_read(TbPcapngOwners *read, const TbRecord *event);

G_END_DECLS
