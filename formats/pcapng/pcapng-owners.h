/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owners of packets as pcapng holds them: this program's comment and the
 * registered process option, both ways, and the words other programs use.
 * Text and options only; knows nothing of how owners are found.
 */
#pragma once

#include "model/item.h"
#include "pcapng/pcapng-foreign.h"

#include <glib.h>

G_BEGIN_DECLS

void tb_pcapng_owners_clear(TbPcapngOwners *read);

/** TbPcapngOwnersCache: comments that were written lately, as bytes; bounded */
typedef struct _TbPcapngOwnersCache TbPcapngOwnersCache;

TbPcapngOwnersCache *tb_pcapng_owners_cache_new(void);
void tb_pcapng_owners_cache_free(TbPcapngOwnersCache *cache);

/**
 * tb_pcapng_owners_append: @event's own options, then the comment, and the process option unless
 *   @event has one. @host: the machine's name as written, may be empty; the same place means the
 *   same name as long as @cache lives
 */
void tb_pcapng_owners_append(TbPcapngOwnersCache *cache, const TbItem *event, const TbBuf *host,
                             TbBuf *out);

/**
 * tb_pcapng_owners_append_told: the text of a comment that stands in a packet's options for what
 *   cannot be carried: tb_pcapng_owners_read() takes it for what the capture itself tells
 */
void tb_pcapng_owners_append_told(const TbOwner *told, const TbOwner *effective, TbBuf *out);

/**
 * tb_pcapng_owners_copy_options: @event's own options, with the present name of the machine
 *   in a comment of ours
 */
void tb_pcapng_owners_copy_options(const TbItem *event, const TbBuf *host, TbBuf *out);

/**
 * tb_pcapng_owners_read: what @event's little-endian options or its trailer say of owners.
 * Returns: FALSE where they say nothing; else @read->owners is valid until the next call
 */
gboolean tb_pcapng_owners_read(TbPcapngOwners *read, const TbRecord *event);

G_END_DECLS
