/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Both ends of a connection as one key: what sockets, connections and captured
 * flows are found by. Knows no packets.
 */
#pragma once

#include "model/schema.h"

#include <glib.h>

G_BEGIN_DECLS

/* Protocol numbers of IP; ARP has none, 255 is reserved. */
enum { TB_TUPLE_TCP = 6, TB_TUPLE_UDP = 17, TB_TUPLE_ARP = 255 };

/** TbTuple: a connection seen from one end; IPv4 as ::ffff:a.b.c.d */
typedef struct {
  guint8 local[16];
  guint8 remote[16];
  guint16 local_port;
  guint16 remote_port;
  guint8 protocol;
  guint8 zero[3];
} TbTuple;

G_STATIC_ASSERT(sizeof(TbTuple) == 40);

/** tb_tuple_hash: over all but the padding, which must be zero */
guint64 tb_tuple_hash(const TbTuple *tuple);
/** tb_tuple_set_address: @bytes: 4 or 16 by @family (4 or 6) */
void tb_tuple_set_address(guint8 *to, const guint8 *bytes, guint family);
/** tb_tuple_reverse: the same connection from the other end */
TbTuple tb_tuple_reverse(const TbTuple *tuple);
/** tb_tuple_from_addresses: @ends as a key */
TbTuple tb_tuple_from_addresses(const TbAddresses *ends);
/** tb_tuple_forget_remote: of @tuple only the local end counts */
void tb_tuple_forget_remote(TbTuple *tuple);

G_END_DECLS
