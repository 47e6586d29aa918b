/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* File headers of classic pcap, understood; see pcap-header.h. */
#include "pcap/pcap-header.h"

#include "base/bytes.h"
#include "pcap/capture.h"
#include "pcap/pcap.h"

enum {
  PCAP_VERSION_MAJOR = 2,
  PCAP_VERSION_MINOR_MAX = 4,
  PCAP_VERSION_DGUX = 543, /* "Versions": 543.0 is 2.2 of another vendor */
};

gboolean pcap_header_parse_magic(const guint8 *bytes, PcapHeader *header)
{
  static const struct {
    guint32 magic;
    guint32 units_per_s;
    gboolean modified;
    guint32 file_header_bytes;
  } kinds[] = {
    { PCAP_MAGIC_US, 1000000, FALSE, PCAP_FILE_HEADER_BYTES },
    { PCAP_MAGIC_NS, 1000000000, FALSE, PCAP_FILE_HEADER_BYTES },
    { PCAP_MAGIC_MODIFIED, 1000000, TRUE, PCAP_FILE_HEADER_BYTES },
    { PCAP_MAGIC_IXIA_NS, 1000000000, FALSE, PCAP_IXIA_HEADER_BYTES },
    { PCAP_MAGIC_IXIA_US, 1000000, FALSE, PCAP_IXIA_HEADER_BYTES },
  };
  for (guint i = 0; i < 2 * G_N_ELEMENTS(kinds); i++) {
    guint kind = i / 2;
    gboolean big = i % 2;
    if (tb_get_u32(bytes, big) != kinds[kind].magic)
      continue;
    header->big = big;
    header->modified = kinds[kind].modified;
    header->units_per_s = kinds[kind].units_per_s;
    header->unit_ns = 1000000000 / header->units_per_s;
    header->file_header_bytes = kinds[kind].file_header_bytes;
    header->record_header_bytes =
        header->modified ? PCAP_MODIFIED_HEADER_BYTES : PCAP_RECORD_HEADER_BYTES;
    return TRUE;
  }
  return FALSE;
}

static gboolean header_check_version(PcapHeader *header)
{
  header->lengths = PCAP_LENGTHS_NORMAL;
  if (header->major == PCAP_VERSION_DGUX && header->minor == 0) {
    header->lengths = PCAP_LENGTHS_SWAPPED;
    return TRUE;
  }
  if (header->major != PCAP_VERSION_MAJOR || header->minor > PCAP_VERSION_MINOR_MAX)
    return FALSE;
  if (header->minor < 3)
    header->lengths = PCAP_LENGTHS_SWAPPED;
  else if (header->minor == 3)
    header->lengths = PCAP_LENGTHS_BY_SIZE;
  return TRUE;
}

gboolean pcap_header_parse(const guint8 *bytes, PcapHeader *header)
{
  header->major = tb_get_u16(bytes + 4, header->big);
  header->minor = tb_get_u16(bytes + 6, header->big);
  header->snaplen = tb_get_u32(bytes + 16, header->big);
  guint32 link_word = tb_get_u32(bytes + 20, header->big);
  header->link_type = tb_capture_map_link_type(link_word & PCAP_LINK_TYPE_MASK);
  header->fcs_bits =
      link_word & PCAP_FCS_PRESENT ? (link_word >> PCAP_FCS_SHIFT) * 16 : G_MAXUINT32;
  return header_check_version(header);
}
