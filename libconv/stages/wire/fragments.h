/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Fragments of IP datagrams: only the first one has ports; the others find them here, in
 * whichever order they were captured. A table is an array of TbFragment: noted while reading,
 * sorted once, then asked.
 */
#pragma once

#include "stages/wire/headers.h"

#include <glib.h>

G_BEGIN_DECLS

/**
 * TbFragment: the first fragment of a datagram
 * @key: of its datagram: addresses, protocol and number
 * @time_ns: in whatever clock the table is kept; see tb_fragments_find()
 */
typedef struct {
  guint64 key;
  gint64 time_ns;
  guint16 source_port;
  guint16 destination_port;
} TbFragment;

/** tb_fragments_note: @headers: of a first fragment, with ports; beyond 65,536 of them it is left out */
void tb_fragments_note(GArray *fragments, const TbNetHeaders *headers, gint64 time_ns);
void tb_fragments_sort(GArray *fragments);

/**
 * tb_fragments_find: what @later, a fragment at @time_ns, is a part of. @fragments: sorted
 * @first: (out): @later with the ports of the first fragment, which was seen at @first_ns
 *
 * Returns: FALSE where no first fragment is known within a minute
 */
gboolean tb_fragments_find(const GArray *fragments, const TbNetHeaders *later, gint64 time_ns,
                           TbNetHeaders *first, gint64 *first_ns);

G_END_DECLS
