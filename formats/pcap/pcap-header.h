/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The header of a classic pcap file, understood: byte order, units, versions (docs/format-pcap.md). */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* "Versions": whether the two lengths of a record stand the other way round. */
typedef enum { PCAP_LENGTHS_NORMAL, PCAP_LENGTHS_BY_SIZE, PCAP_LENGTHS_SWAPPED } PcapLengths;

/** PcapHeader: @fcs_bits: G_MAXUINT32 = not stated; @unit_ns: of a fraction of a second */
typedef struct {
  gboolean big;
  gboolean modified;
  guint32 units_per_s;
  guint32 unit_ns;
  guint16 major;
  guint16 minor;
  PcapLengths lengths;
  guint32 snaplen;
  guint32 link_type;
  guint32 fcs_bits; /* G_MAXUINT32 = not stated */
  guint32 file_header_bytes;
  guint32 record_header_bytes;
} PcapHeader;

/** pcap_header_parse_magic: FALSE where the 4 bytes are none; fills what follows from it */
gboolean pcap_header_parse_magic(const guint8 *bytes, PcapHeader *header);

/**
 * pcap_header_parse: @bytes: @header->file_header_bytes of them, as the magic says.
 * Returns: FALSE where the version is not known
 */
gboolean pcap_header_parse(const guint8 *bytes, PcapHeader *header);

G_END_DECLS
