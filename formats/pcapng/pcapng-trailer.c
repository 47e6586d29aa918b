/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * tcpshark's trailers; see pcapng-trailer.h. Big endian: u32 magic, u32 process id, u8 length
 * and name, u16 length and command line, four zero bytes. Frames are padded to 60 bytes first.
 */
#include "pcapng/pcapng-trailer.h"

#include "stages/wire/headers.h"

enum {
  TRAILER_HEAD = 8,
  TRAILER_MOST = TB_PCAPNG_TRAILER_LEAST + G_MAXUINT8 + G_MAXUINT16,
  TRAILER_ZEROS = 4,
  TRAILER_IPV4_BYTES = 20,
  TRAILER_IPV6_BYTES = 40,
  TRAILER_ARP_BYTES = 8,
};

#define TRAILER_MAGIC 0xa1bff3d4u
#define TRAILER_MAGIC_FIRST 0xa1

/* Lengths are stored modulo their size, so what does not fit exactly is no trailer. */
static gboolean trailer_read(const guint8 *p, gsize len, TbPcapngTrailer *trailer)
{
  if (len < TB_PCAPNG_TRAILER_LEAST || tb_get_u32(p, TRUE) != TRAILER_MAGIC)
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

/* Where the frame ends by the length in its network header; 0 = that does not say. */
static gsize trailer_frame_end(const TbRecord *event, const TbNetHeaders *headers)
{
  const guint8 *p = event->data + headers->network_off;
  gsize left = event->len - MIN(event->len, headers->network_off);
  if (headers->family == 4) {
    guint16 total = tb_get_u16(p + 2, TRUE);
    return total < TRAILER_IPV4_BYTES ? 0 : headers->network_off + (gsize)total;
  }
  if (headers->family == 6)
    return headers->network_off + TRAILER_IPV6_BYTES + tb_get_u16(p + 4, TRUE);
  if (headers->link.ethertype == TB_NET_ETHERTYPE_ARP && left >= TRAILER_ARP_BYTES)
    return headers->network_off + TRAILER_ARP_BYTES + 2 * ((gsize)p[4] + p[5]);
  return 0;
}

static gboolean trailer_is_zero(const guint8 *p, gsize len)
{
  gsize n = 0;
  while (n < len && p[n] == 0)
    n++;
  return n == len;
}

/* The frame in front of a trailer at @at, without the padding. @end: 0 = not known */
static guint32 trailer_frame_len(const TbRecord *event, gsize end, gsize at)
{
  gboolean padded = end && end < at && at == TB_PCAPNG_TRAILER_FRAME &&
                    trailer_is_zero(event->data + end, at - end);
  return (guint32)(padded ? end : at);
}

gboolean tb_pcapng_trailer_find(const TbRecord *event, TbPcapngTrailer *trailer)
{
  gsize len = event->len;
  TbNetHeaders headers;
  if (!tb_pcapng_trailer_may_be(event))
    return FALSE;
  tb_net_parse(TB_PCAPNG_TRAILER_LINK, event->data, event->len, event->orig_len, &headers);
  gsize end = headers.has_transport ? trailer_frame_end(event, &headers) : 0;
  if (end == 0 || end >= len)
    return FALSE;
  gsize at = len - end > TRAILER_MOST ? len - TRAILER_MOST : end;
  for (; len - at >= TB_PCAPNG_TRAILER_LEAST; at++) {
    const guint8 *found = memchr(event->data + at, TRAILER_MAGIC_FIRST, len - at);
    if (!found)
      return FALSE;
    at = (gsize)(found - event->data);
    if (!trailer_read(found, len - at, trailer))
      continue;
    trailer->frame_len = trailer_frame_len(event, end, at);
    return TRUE;
  }
  return FALSE;
}

gboolean tb_pcapng_trailer_find_zeros(const TbRecord *event, guint32 *frame_len)
{
  TbNetHeaders headers;
  if (!tb_pcapng_trailer_may_be(event))
    return FALSE;
  tb_net_parse(TB_PCAPNG_TRAILER_LINK, event->data, event->len, event->orig_len, &headers);
  gsize end = trailer_frame_end(event, &headers), at = event->len - TB_PCAPNG_TRAILER_LEAST;
  if (end && at != MAX(end, (gsize)TB_PCAPNG_TRAILER_FRAME))
    return FALSE;
  *frame_len = trailer_frame_len(event, end, at);
  return trailer_is_zero(event->data + at, TB_PCAPNG_TRAILER_LEAST);
}

void tb_pcapng_trailers_count(TbPcapngTrailers *trailers, const TbRecord *event)
{
  TbPcapngTrailer trailer;
  guint32 frame_len;
  if (event->len != event->orig_len)
    return; /* cut short, and whatever stood at its end with it */
  if (tb_pcapng_trailer_find(event, &trailer))
    trailers->named++;
  else if (tb_pcapng_trailer_find_zeros(event, &frame_len))
    trailers->zeros++;
  else
    trailers->others++;
}
