/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Blocks of either byte order; see pcapng-build.h. */
#include "pcapng-build.h"

#include "base/bytes.h"

void build_u16(PcapngBuild *b, guint16 v)
{
  guint8 bytes[2];
  tb_put_u16(bytes, v, b->big);
  tb_buf_append(&b->out, bytes, sizeof bytes);
}

void build_u32(PcapngBuild *b, guint32 v)
{
  guint8 bytes[4];
  tb_put_u32(bytes, v, b->big);
  tb_buf_append(&b->out, bytes, sizeof bytes);
}

void build_u64(PcapngBuild *b, guint64 v)
{
  guint8 bytes[8];
  tb_put_u64(bytes, v, b->big);
  tb_buf_append(&b->out, bytes, sizeof bytes);
}

void build_bytes(PcapngBuild *b, const void *bytes, gsize len)
{
  tb_buf_append(&b->out, bytes, len);
  tb_buf_append_fill(&b->out, 0, tb_pad4(len) - len);
}

void build_begin(PcapngBuild *b, guint32 type)
{
  b->at = b->out.len;
  build_u32(b, type);
  build_u32(b, 0);
}

void build_end(PcapngBuild *b)
{
  guint32 total = (guint32)(b->out.len - b->at + 4);
  build_u32(b, total);
  tb_put_u32(b->out.data + b->at + 4, total, b->big);
}

void build_option(PcapngBuild *b, guint16 code, const void *value, gsize len)
{
  build_u16(b, code);
  build_u16(b, (guint16)len);
  build_bytes(b, value, len);
}

void build_option_str(PcapngBuild *b, guint16 code, const char *text)
{
  build_option(b, code, text, strlen(text));
}

void build_option_u32(PcapngBuild *b, guint16 code, guint32 v)
{
  guint8 bytes[4];
  tb_put_u32(bytes, v, b->big);
  build_option(b, code, bytes, sizeof bytes);
}

void build_option_u64(PcapngBuild *b, guint16 code, guint64 v)
{
  guint8 bytes[8];
  tb_put_u64(bytes, v, b->big);
  build_option(b, code, bytes, sizeof bytes);
}

void build_section(PcapngBuild *b, gboolean big)
{
  b->big = big;
  build_begin(b, 0x0a0d0d0a);
  build_u32(b, 0x1a2b3c4d);
  build_u16(b, 1);
  build_u16(b, 0);
  build_u64(b, G_MAXUINT64);
  build_end(b);
}

void build_interface(PcapngBuild *b, guint16 link_type, const char *name, guint8 tsresol)
{
  build_begin(b, 1);
  build_u16(b, link_type);
  build_u16(b, 0);
  build_u32(b, 0);
  if (name)
    build_option_str(b, 2, name);
  if (tsresol != 0xff)
    build_option(b, 9, &tsresol, 1);
  build_u32(b, 0);
  build_end(b);
}

void build_packet_begin(PcapngBuild *b, guint32 interface, guint64 ticks, guint32 len,
                        guint8 seed)
{
  build_begin(b, 6);
  build_u32(b, interface);
  build_u32(b, (guint32)(ticks >> 32));
  build_u32(b, (guint32)ticks);
  build_u32(b, len);
  build_u32(b, len + 7);
  for (guint32 i = 0; i < len; i++)
    tb_buf_append_c(&b->out, (char)(seed + i));
  tb_buf_append_fill(&b->out, 0, tb_pad4(len) - len);
}

void build_packet(PcapngBuild *b, guint32 interface, guint64 ticks, guint32 len, guint8 seed)
{
  build_packet_begin(b, interface, ticks, len, seed);
  build_end(b);
}

void build_raw_block(PcapngBuild *b, guint32 type, const void *body, gsize len)
{
  build_begin(b, type);
  build_bytes(b, body, len);
  build_end(b);
}

static void build_rich_head(PcapngBuild *b)
{
  build_begin(b, 0x0a0d0d0a);
  build_u32(b, 0x1a2b3c4d);
  build_u16(b, 1);
  build_u16(b, 2);
  build_u64(b, G_MAXUINT64);
  build_option_str(b, 1, "zwei");
  build_option_str(b, 1, "eins");
  build_option_str(b, 3, "PlanOS 9");
  build_option_str(b, 4, "builder 1");
  build_end(b); /* no end mark: allowed */
  build_begin(b, 1);
  build_u16(b, 1);
  build_u16(b, 0);
  build_u32(b, 200);
  build_option_str(b, 2, "en0");
  build_option_str(b, 3, "a cable");
  build_option_u64(b, 8, 1000000000);
  build_option(b, 11, "\0tcp", 4);
  build_option_u64(b, 14, (guint64)-1000);
  build_option_str(b, 1, "interface comment");
  build_u32(b, 0);
  build_end(b);
  build_interface(b, 113, NULL, 0x8a);
}

static void build_rich_names_and_secrets(PcapngBuild *b)
{
  build_begin(b, 4);
  build_option(b, 1, "\x0a\0\0\1alpha\0alias\0", 16);
  build_option(b, 0, NULL, 0);
  build_option_str(b, 2, "resolver");
  build_u32(b, 0);
  build_end(b);
  build_begin(b, 10);
  build_u32(b, 0x544c534b);
  build_u32(b, 5);
  build_bytes(b, "key 1", 5);
  build_end(b);
}

void build_rich(PcapngBuild *b, gboolean big)
{
  static const guint8 verdict[9] = { 0 };
  b->big = big;
  build_rich_head(b);
  build_packet(b, 0, 1700000000000000, 60, 1);
  build_rich_names_and_secrets(b);
  build_packet_begin(b, 1, 1740800000001, 61, 2);
  build_option_str(b, 1, "first");
  build_option_str(b, 1, "second");
  build_option_u32(b, 2, 0x00010002);
  build_option(b, 3, "\2abcd", 5);
  build_option_u64(b, 4, 3);
  build_option_u64(b, 5, 0x0102030405060708);
  build_option_u32(b, 6, 9);
  build_option(b, 7, verdict, 9);
  build_option(b, 4242, "unknown!", 8);
  build_u16(b, 2989); /* custom: enterprise number, then bytes */
  build_u16(b, 7);
  build_u32(b, 32473);
  build_bytes(b, "abc", 3);
  build_u32(b, 0);
  build_end(b);
  build_begin(b, 2); /* the old packet block, with drops */
  build_u16(b, 0);
  build_u16(b, 5);
  build_u32(b, (guint32)(1700000000500000 >> 32));
  build_u32(b, (guint32)1700000000500000);
  build_u32(b, 6);
  build_u32(b, 66);
  build_bytes(b, "abcdef", 6);
  build_option_u32(b, 2, 1);
  build_option_str(b, 1, "old");
  build_end(b);
  build_begin(b, 3); /* a simple packet, cut by the interface's snaplen of 200 */
  build_u32(b, 300);
  for (guint i = 0; i < 200; i++)
    tb_buf_append_c(&b->out, (char)i);
  build_end(b);
  build_begin(b, 5);
  build_u32(b, 0);
  build_u32(b, 5);
  build_u32(b, 6);
  build_u16(b, 2);
  build_u16(b, 8);
  build_u32(b, 1);
  build_u32(b, 2);
  build_option_u64(b, 4, 3);
  build_u32(b, 0);
  build_end(b);
}
