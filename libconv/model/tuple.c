/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Keys of connections; see tuple.h. */
#include "model/tuple.h"

#include <string.h>

guint64 tb_tuple_hash(const TbTuple *tuple)
{
  guint64 h = 0, word;
  for (gsize at = 0; at < sizeof *tuple; at += sizeof word) {
    memcpy(&word, (const guint8 *)tuple + at, sizeof word);
    h = (h ^ word) * 0x9e3779b97f4a7c15u;
    h ^= h >> 29;
  }
  return h;
}

void tb_tuple_set_address(guint8 *to, const guint8 *bytes, guint family)
{
  static const guint8 mapped[12] = { [10] = 0xff, [11] = 0xff };
  if (family == 6) {
    memcpy(to, bytes, 16);
    return;
  }
  memcpy(to, mapped, sizeof mapped);
  memcpy(to + sizeof mapped, bytes, 4);
}

TbTuple tb_tuple_reverse(const TbTuple *tuple)
{
  TbTuple out = { .local_port = tuple->remote_port,
                  .remote_port = tuple->local_port,
                  .protocol = tuple->protocol };
  memcpy(out.local, tuple->remote, sizeof out.local);
  memcpy(out.remote, tuple->local, sizeof out.remote);
  return out;
}

TbTuple tb_tuple_from_addresses(const TbAddresses *ends)
{
  TbTuple out = { .local_port = ends->local_port,
                  .remote_port = ends->remote_port,
                  .protocol = ends->protocol };
  tb_tuple_set_address(out.local, ends->local, ends->family);
  tb_tuple_set_address(out.remote, ends->remote, ends->family);
  return out;
}

void tb_tuple_forget_remote(TbTuple *tuple)
{
  memset(tuple->remote, 0, sizeof tuple->remote);
  tuple->remote_port = 0;
}
