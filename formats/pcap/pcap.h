/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Classic pcap files: the reader and the writer for the table of formats, and
 * the numbers both need. Layout in docs/format-pcap.md.
 */
#pragma once

#include "format/reader.h"
#include "format/writer.h"

G_BEGIN_DECLS

/*
 * tb_pcap_reader: every classic magic in both byte orders. One stream with one
 * packet source named after the file; whole packets before damage are always
 * lent, a last record that is cut short is damage, a record length that cannot
 * be true is an error.
 */
extern const TbReaderFormat tb_pcap_reader;

/*
 * tb_pcap_writer: packets of one link type, microseconds, or nanoseconds when a
 * source asks for them. The setting "pcap-resolution" (us, ns) decides otherwise.
 */
extern const TbWriterFormat tb_pcap_writer;

/* Numbers of docs/format-pcap.md, "File header". */
#define PCAP_MAGIC_US 0xa1b2c3d4u
#define PCAP_MAGIC_NS 0xa1b23c4du
#define PCAP_MAGIC_MODIFIED 0xa1b2cd34u
#define PCAP_MAGIC_IXIA_NS 0x1c0001acu
#define PCAP_MAGIC_IXIA_US 0x1c0001abu

enum {
  PCAP_FILE_HEADER_BYTES = 24,
  PCAP_IXIA_HEADER_BYTES = 28,
  PCAP_RECORD_HEADER_BYTES = 16,
  PCAP_MODIFIED_HEADER_BYTES = 24,
};

/* The word at offset 20. */
#define PCAP_LINK_TYPE_MASK 0xffffu
#define PCAP_FCS_PRESENT 0x04000000u
#define PCAP_FCS_SHIFT 28 /* length in units of 16 bits */

G_END_DECLS
