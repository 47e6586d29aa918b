/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The trailer that tcpshark puts behind a frame's bytes: big endian u32 magic,
 * u32 process id, u8 length and name, u16 length and command line, four zero
 * bytes. Knows frames and nothing of files.
 */
#include "pcapng/pcapng-owners.h"

#include "base/bytes.h"
#include "stages/netparse.h"

enum {
  TRAILER_HEAD = 8,
  TRAILER_LEAST = 15, /* without name and command line */
  TRAILER_ZEROS = 4,
  TRAILER_FRAME = 60, /* shorter frames are padded first */
  TRAILER_LINK = 1,
};

#define TRAILER_MAGIC 0xa1bff3d4u

/* Lengths are stored modulo their size, so what does not fit exactly is no trailer. */
static gboolean trailer_read(const guint8 *p, gsize len, guint32 *pid, const char **name,
                             gsize *name_len)
{
  if (len < TRAILER_LEAST || tb_get_u32(p, TRUE) != TRAILER_MAGIC)
    return FALSE;
  *pid = tb_get_u32(p + 4, TRUE);
  *name_len = p[TRAILER_HEAD];
  *name = (const char *)p + TRAILER_HEAD + 1;
  gsize at = TRAILER_HEAD + 1 + *name_len;
  if (len - TRAILER_HEAD - 1 < *name_len + 2 + TRAILER_ZEROS)
    return FALSE;
  return at + 2 + tb_get_u16(p + at, TRUE) + TRAILER_ZEROS == len &&
         tb_get_u32(p + len - TRAILER_ZEROS, TRUE) == 0;
}

gboolean tb_pcapng_trailer_read(const TbEvent *event, guint32 *pid, const char **name,
                                gsize *name_len)
{
  TbNetHeaders headers;
  if (event->source->link_type != TRAILER_LINK || event->len != event->orig_len)
    return FALSE;
  tb_net_parse(event->source->link_type, event->data, event->len, event->orig_len, &headers);
  if (!headers.has_transport)
    return FALSE;
  gsize end = (gsize)headers.payload_off + headers.payload_len;
  gsize padded = MAX(end, (gsize)TRAILER_FRAME);
  return (end < event->len && trailer_read(event->data + end, event->len - end, pid, name,
                                           name_len)) ||
         (padded < event->len && trailer_read(event->data + padded, event->len - padded, pid,
                                              name, name_len));
}
