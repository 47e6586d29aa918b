/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Builds pcapng files in memory, byte by byte, in either byte order, also wrong ones. */
#pragma once

#include "base/buf.h"

#include <glib.h>

/** PcapngBuild: @out is the file so far, @at the block being built */
typedef struct {
  TbBuf out;
  gboolean big;
  gsize at;
} PcapngBuild;

void build_u16(PcapngBuild *b, guint16 v);
void build_u32(PcapngBuild *b, guint32 v);
void build_u64(PcapngBuild *b, guint64 v);
/** build_bytes: padded to 4 */
void build_bytes(PcapngBuild *b, const void *bytes, gsize len);

void build_begin(PcapngBuild *b, guint32 type);
void build_end(PcapngBuild *b);

void build_option(PcapngBuild *b, guint16 code, const void *value, gsize len);
void build_option_str(PcapngBuild *b, guint16 code, const char *text);
void build_option_u32(PcapngBuild *b, guint16 code, guint32 v);
void build_option_u64(PcapngBuild *b, guint16 code, guint64 v);

/** build_section: starts a section in the order @big; no options */
void build_section(PcapngBuild *b, gboolean big);
/** build_interface: @tsresol 0xff = not stated */
void build_interface(PcapngBuild *b, guint16 link_type, const char *name, guint8 tsresol);
/** build_packet: @len bytes, each @seed + i; without options */
void build_packet(PcapngBuild *b, guint32 interface, guint64 ticks, guint32 len, guint8 seed);
/** build_packet_begin: the same, left open for options and build_end() */
void build_packet_begin(PcapngBuild *b, guint32 interface, guint64 ticks, guint32 len,
                        guint8 seed);
/** build_raw_block: a whole block whose body is @len bytes */
void build_raw_block(PcapngBuild *b, guint32 type, const void *body, gsize len);
/** build_rich: two interfaces, all packet blocks, all options, names, secrets, statistics */
void build_rich(PcapngBuild *b, gboolean big);
