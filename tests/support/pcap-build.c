/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See pcap-build.h. The numbers are those of docs/format-pcap.md, written out here once more. */
#include "pcap-build.h"

#include "base/bytes.h"

static void build_u16(TbBuf *out, guint16 value, gboolean big)
{
  guint8 bytes[2];
  tb_put_u16(bytes, value, big);
  tb_buf_append(out, bytes, sizeof bytes);
}

static void build_u32(TbBuf *out, guint32 value, gboolean big)
{
  guint8 bytes[4];
  tb_put_u32(bytes, value, big);
  tb_buf_append(out, bytes, sizeof bytes);
}

static gboolean build_is_modified(const PcapBuild *build)
{
  return build->magic == 0xa1b2cd34;
}

static gboolean build_is_ixia(const PcapBuild *build)
{
  return build->magic == 0x1c0001ac || build->magic == 0x1c0001ab;
}

PcapBuild pcap_build_init(guint32 magic, gboolean big)
{
  return (PcapBuild){ .magic = magic, .big = big, .major = 2, .minor = 4, .snaplen = 65535,
                      .link_word = 1 };
}

gsize pcap_build_header_bytes(const PcapBuild *build)
{
  return build_is_ixia(build) ? 28 : 24;
}

gsize pcap_build_record_bytes(const PcapBuild *build)
{
  return build_is_modified(build) ? 24 : 16;
}

void pcap_build_header(TbBuf *out, const PcapBuild *build)
{
  build_u32(out, build->magic, build->big);
  build_u16(out, build->major, build->big);
  build_u16(out, build->minor, build->big);
  build_u32(out, 3600, build->big); /* thiszone: must not matter */
  build_u32(out, 0, build->big);
  build_u32(out, build->snaplen, build->big);
  build_u32(out, build->link_word, build->big);
  if (build_is_ixia(build))
    build_u32(out, 4711, build->big);
}

void pcap_build_record(TbBuf *out, const PcapBuild *build, guint32 seconds, guint32 fraction,
                       guint32 first, guint32 second, gsize n_data, guint8 seed)
{
  build_u32(out, seconds, build->big);
  build_u32(out, fraction, build->big);
  build_u32(out, first, build->big);
  build_u32(out, second, build->big);
  if (build_is_modified(build)) {
    build_u32(out, 2, build->big);
    build_u16(out, 0x0800, build->big);
    tb_buf_append_c(out, (char)seed); /* packet type */
    tb_buf_append_c(out, 0);
  }
  for (gsize i = 0; i < n_data; i++)
    tb_buf_append_c(out, (char)(i + seed));
}

void pcap_build_packet(TbBuf *out, const PcapBuild *build, guint32 seconds, guint32 fraction,
                       guint32 len, guint8 seed)
{
  pcap_build_record(out, build, seconds, fraction, len, len, len, seed);
}
