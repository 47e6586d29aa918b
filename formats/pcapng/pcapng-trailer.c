/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * tcpshark's trailers; see pcapng-trailer.h. Big endian: u32 magic, u32 process id, u8 length
 * and name, u16 length and command line, four zero bytes. Frames are padded to 60 bytes first.
 */
#include "pcapng/pcapng-trailer.h"

#include "base/bytes.h"
#include "stages/netparse.h"

enum {
  TRAILER_HEAD = 8,
  TRAILER_LEAST = 15, /* without name and command line */
  TRAILER_MOST = TRAILER_LEAST + G_MAXUINT8 + G_MAXUINT16,
  TRAILER_ZEROS = 4,
  TRAILER_FRAME = 60,
  TRAILER_LINK = 1,
  TRAILER_IPV4_BYTES = 20,
  TRAILER_IPV6_BYTES = 40,
};

#define TRAILER_MAGIC 0xa1bff3d4u
#define TRAILER_MAGIC_FIRST 0xa1

/* Lengths are stored modulo their size, so what does not fit exactly is no trailer. */
static gboolean trailer_read(const guint8 *p, gsize len, TbPcapngTrailer *trailer)
{
  if (len < TRAILER_LEAST || tb_get_u32(p, TRUE) != TRAILER_MAGIC)
    return FALSE;
  trailer->pid = tb_get_u32(p + 4, TRUE);
  trailer->name_len = p[TRAILER_HEAD];
  trailer->name = (const char *)p + TRAILER_HEAD + 1;
  gsize at = TRAILER_HEAD + 1 + trailer->name_len;
  if (len - TRAILER_HEAD - 1 < trailer->name_len + 2 + TRAILER_ZEROS)
    return FALSE;
  trailer->args_len = tb_get_u16(p + at, TRUE);
  trailer->args = (const char *)p + at + 2;
  return at + 2 + trailer->args_len + TRAILER_ZEROS == len &&
         tb_get_u32(p + len - TRAILER_ZEROS, TRUE) == 0;
}

/* Where the frame ends by its IP header's length; 0 = there is none, or no TCP or UDP in it. */
static gsize trailer_ip_end(const TbEvent *event)
{
  TbNetHeaders headers;
  tb_net_parse(TRAILER_LINK, event->data, event->len, event->orig_len, &headers);
  if (!headers.has_transport)
    return 0;
  const guint8 *p = event->data + headers.network_off;
  if (headers.family == 6)
    return headers.network_off + TRAILER_IPV6_BYTES + tb_get_u16(p + 4, TRUE);
  guint16 total = tb_get_u16(p + 2, TRUE);
  return total < TRAILER_IPV4_BYTES ? 0 : headers.network_off + (gsize)total;
}

static gboolean trailer_is_padding(const guint8 *p, gsize len)
{
  gsize n = 0;
  while (n < len && p[n] == 0)
    n++;
  return n == len;
}

gboolean tb_pcapng_trailer_find(const TbEvent *event, TbPcapngTrailer *trailer)
{
  gsize len = event->len;
  if (event->source->link_type != TRAILER_LINK || len != event->orig_len || len < TRAILER_FRAME ||
      tb_get_u32(event->data + len - TRAILER_ZEROS, TRUE) != 0)
    return FALSE;
  gsize end = trailer_ip_end(event);
  if (end == 0 || end >= len)
    return FALSE;
  gsize at = len - end > TRAILER_MOST ? len - TRAILER_MOST : end;
  for (; len - at >= TRAILER_LEAST; at++) {
    const guint8 *found = memchr(event->data + at, TRAILER_MAGIC_FIRST, len - at);
    if (!found)
      return FALSE;
    at = (gsize)(found - event->data);
    if (!trailer_read(found, len - at, trailer))
      continue;
    gboolean padded = at == TRAILER_FRAME && trailer_is_padding(event->data + end, at - end);
    trailer->frame_len = (guint32)(padded ? end : at);
    return TRUE;
  }
  return FALSE;
}
