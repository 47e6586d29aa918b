/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What stands behind the frame of a packet and names its owner. */
#include "support/made-item.h"

#include "base/bytes.h"
#include "pcapng/pcapng-owners.h"
#include "pcapng/pcapng-trailer.h"

#include <string.h>

/* An Ethernet frame of @frame_len bytes by its IP header, whatever stands behind it. */
static void make_frame(guint8 *frame, guint32 frame_len, guint n_tags, gboolean v6)
{
  gsize at = 12;
  for (guint i = 0; i < n_tags; i++, at += 4)
    tb_put_u32(frame + at, 0x81000007, TRUE);
  tb_put_u16(frame + at, v6 ? 0x86dd : 0x0800, TRUE);
  at += 2;
  memset(frame + at, 0, 40);
  frame[at] = v6 ? 0x60 : 0x45;
  frame[at + (v6 ? 6 : 9)] = 17;
  tb_put_u16(frame + at + (v6 ? 4 : 2), (guint16)(frame_len - at - (v6 ? 40 : 0)), TRUE);
  tb_put_u16(frame + at + (v6 ? 44 : 24), (guint16)(frame_len - at - (v6 ? 40 : 20)), TRUE);
}

/* Appends a trailer to the @len bytes at @frame; Returns: their number with it */
static guint32 put_trailer(guint8 *frame, guint32 len, const char *name, const char *args)
{
  guint32 pid = GUINT32_TO_BE(4100), magic = GUINT32_TO_BE(0xa1bff3d4);
  guint8 *p = frame + len;
  memcpy(p, &magic, 4);
  memcpy(p + 4, &pid, 4);
  p[8] = (guint8)strlen(name);
  memcpy(p + 9, name, strlen(name));
  p += 9 + strlen(name);
  tb_put_u16(p, (guint16)strlen(args), TRUE);
  memcpy(p + 2, args, strlen(args));
  memset(p + 2 + strlen(args), 0, 4);
  return (guint32)(p + 2 + strlen(args) + 4 - frame);
}

/* Frames of all lengths, tags and families; cut anywhere there is no trailer. */
static void test_tcpshark_trailer(void)
{
  g_autoptr(TbSource) source = tb_source_new(TB_SOURCE_PACKETS, "eth0");
  g_autofree guint8 *frame = g_malloc0(4096);
  source->link.type = 1;
  for (guint i = 0; i < 200; i++) {
    guint n_tags = i % 3;
    gboolean v6 = i / 3 % 2;
    guint32 least = 14 + 4 * n_tags + (v6 ? 40 : 20) + 8, len = least + i / 6;
    const char *name = i % 5 ? "curl" : "", *args = i % 7 ? "" : "curl -v http://x";
    memset(frame, 0, 4096);
    make_frame(frame, len, n_tags, v6);
    TbRecord event = { .kind = TB_RECORD_PACKET, .source = source, .data = frame };
    guint32 whole = put_trailer(frame, MAX(len, 60), name, args);
    TbPcapngTrailer trailer;
    for (event.len = 0; event.len < whole; event.len++) {
      event.orig_len = event.len;
      g_assert_false(tb_pcapng_trailer_find(&event, &trailer));
    }
    event.orig_len = whole + 1; /* cut short by the capture */
    g_assert_false(tb_pcapng_trailer_find(&event, &trailer));
    event.orig_len = whole;
    g_assert_true(tb_pcapng_trailer_find(&event, &trailer));
    g_assert_cmpuint(trailer.frame_len, ==, len);
    g_assert_cmpuint(trailer.pid, ==, 4100);
    g_assert_cmpmem(trailer.name, trailer.name_len, name, strlen(name));
    g_assert_cmpmem(trailer.args, trailer.args_len, args, strlen(args));
  }
}

/* Bytes that were behind the frame on the wire stay; only zeros up to 60 are padding. */
static void test_tcpshark_behind_the_frame(void)
{
  g_autoptr(TbSource) source = tb_source_new(TB_SOURCE_PACKETS, "eth0");
  guint8 frame[256] = { 0 };
  TbRecord event = { .kind = TB_RECORD_PACKET, .source = source, .data = frame };
  TbPcapngTrailer trailer;
  source->link.type = 1;
  make_frame(frame, 50, 0, FALSE);
  frame[55] = 1;
  event.len = event.orig_len = put_trailer(frame, 60, "a", "");
  g_assert_true(tb_pcapng_trailer_find(&event, &trailer));
  g_assert_cmpuint(trailer.frame_len, ==, 60);
  event.len = event.orig_len = put_trailer(frame, 77, "a", "");
  memset(frame + 60, 0xa1, 17);
  g_assert_true(tb_pcapng_trailer_find(&event, &trailer));
  g_assert_cmpuint(trailer.frame_len, ==, 77);
}

/* Lengths are stored modulo 256 and 65536: a longer name cannot be told from damage. */
static void test_tcpshark_lengths_overflow(void)
{
  g_autoptr(TbSource) source = tb_source_new(TB_SOURCE_PACKETS, "eth0");
  g_autofree guint8 *frame = g_malloc0(80000);
  g_autofree char *name = g_strnfill(300, 'n'), *args = g_strnfill(66000, 'a');
  TbRecord event = { .kind = TB_RECORD_PACKET, .source = source, .data = frame };
  TbPcapngTrailer trailer;
  source->link.type = 1;
  make_frame(frame, 60, 0, FALSE);
  event.len = event.orig_len = put_trailer(frame, 60, name, "");
  g_assert_false(tb_pcapng_trailer_find(&event, &trailer));
  event.len = event.orig_len = put_trailer(frame, 60, "a", args);
  g_assert_false(tb_pcapng_trailer_find(&event, &trailer));
  args[65535] = 0;
  event.len = event.orig_len = put_trailer(frame, 60, "a", args);
  g_assert_true(tb_pcapng_trailer_find(&event, &trailer));
}

/* Zeros behind a frame are a trailer only where every packet of the interface ends like that. */
static void test_tcpshark_zeros(void)
{
  static const guint8 arp[] = { 8, 6, 0, 1, 8, 0, 6, 4 };
  g_autoptr(TbSource) source = tb_source_new(TB_SOURCE_PACKETS, "eth0");
  guint8 frame[256] = { 0 }, other[75] = { 0 };
  TbRecord named = { .kind = TB_RECORD_PACKET, .source = source, .data = frame };
  TbRecord zeros = named;
  TbPcapngTrailers trailers = { 0 };
  guint32 frame_len;
  source->link.type = 1;
  make_frame(frame, 100, 0, FALSE);
  named.len = named.orig_len = put_trailer(frame, 100, "a", "");
  memcpy(other + 12, arp, sizeof arp);
  zeros.data = other;
  zeros.len = zeros.orig_len = sizeof other;
  tb_pcapng_trailers_count(&trailers, &zeros);
  g_assert_false(tb_pcapng_trailers_are_all(&trailers));
  tb_pcapng_trailers_count(&trailers, &named);
  g_assert_true(tb_pcapng_trailers_are_all(&trailers));
  g_assert_true(tb_pcapng_trailer_find_zeros(&zeros, &frame_len));
  g_assert_cmpuint(frame_len, ==, 42);
  other[45] = 1; /* no padding of this tool's */
  g_assert_true(tb_pcapng_trailer_find_zeros(&zeros, &frame_len));
  g_assert_cmpuint(frame_len, ==, 60);
  other[65] = 1;
  g_assert_false(tb_pcapng_trailer_find_zeros(&zeros, &frame_len));
  tb_pcapng_trailers_count(&trailers, &zeros);
  g_assert_false(tb_pcapng_trailers_are_all(&trailers));
}

static void test_tcpshark_owner(void)
{
  g_autoptr(TbSource) source = tb_source_new(TB_SOURCE_PACKETS, "eth0");
  guint8 frame[256] = { 0 };
  TbPcapngOwners read = { 0 };
  TbRecord event = { .kind = TB_RECORD_PACKET, .source = source, .data = frame };
  source->link.type = 1;
  make_frame(frame, 50, 0, FALSE);
  event.len = event.orig_len = put_trailer(frame, 60, "curl", "curl -v");
  event.trailer_len = event.len - 50;
  g_assert_true(tb_pcapng_owners_read(&read, &event));
  g_assert_cmpint(read.owners.src.pid, ==, 4100);
  g_assert_cmpstr(read.owners.src.comm, ==, "curl");
  g_assert_cmpstr(read.owners.src.args, ==, "curl -v");
  g_assert_cmpstr(read.owners.src.via, ==, "tcpshark");
  g_assert_false(read.owners.either_end);
  tb_pcapng_owners_clear(&read);
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/pcapng/owners/tcpshark-trailer", test_tcpshark_trailer);
  g_test_add_func("/pcapng/owners/tcpshark-behind-the-frame", test_tcpshark_behind_the_frame);
  g_test_add_func("/pcapng/owners/tcpshark-lengths-overflow", test_tcpshark_lengths_overflow);
  g_test_add_func("/pcapng/owners/tcpshark-zeros", test_tcpshark_zeros);
  g_test_add_func("/pcapng/owners/tcpshark-owner", test_tcpshark_owner);
  return g_test_run();
}
