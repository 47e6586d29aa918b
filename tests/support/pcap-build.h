/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Builds classic pcap files in memory, byte by byte as a test wants them, also wrong ones. */
#pragma once

#include "base/buf.h"

#include <glib.h>

/**
 * PcapBuild: what stands in the file header; @magic decides the record header too
 * @link_word: the word at offset 20
 */
typedef struct {
  guint32 magic;
  gboolean big;
  guint16 major;
  guint16 minor;
  guint32 snaplen;
  guint32 link_word;
} PcapBuild;

/** pcap_build_init: version 2.4, snaplen 65535, Ethernet */
PcapBuild pcap_build_init(guint32 magic, gboolean big);

/** pcap_build_header_bytes, pcap_build_record_bytes: sizes of the headers @magic has */
gsize pcap_build_header_bytes(const PcapBuild *build);
gsize pcap_build_record_bytes(const PcapBuild *build);

void pcap_build_header(TbBuf *out, const PcapBuild *build);

/**
 * pcap_build_record: @first and @second are the two length words as they stand in
 * the file; @n_data bytes follow, each (i + @seed) & 0xff
 */
void pcap_build_record(TbBuf *out, const PcapBuild *build, guint32 seconds, guint32 fraction,
                       guint32 first, guint32 second, gsize n_data, guint8 seed);

/** pcap_build_packet: a record whose data is whole: both lengths are @len */
void pcap_build_packet(TbBuf *out, const PcapBuild *build, guint32 seconds, guint32 fraction,
                       guint32 len, guint8 seed);
