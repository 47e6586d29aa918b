/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The table of built-in formats. A new format is one line per direction here
 * and its folder in meson.build; nothing else in the tree names a format.
 */
#include "formats.h"

#include "csv/csv.h"
#include "pcap/pcap.h"
#include "pcapng/pcapng-reader.h"
#include "pcapng/pcapng-writer.h"
#include "procmon/procmon.h"
#include "tcpsnitch/tcpsnitch.h"
#include "text/text-writer.h"
#include "tracecmd/tracecmd-reader.h"

static const TbReaderFormat *const readers[] = {
  &tb_tracecmd_reader,
  &tb_pcap_reader,
  &tb_pcapng_reader,
  &tb_procmon_reader,
  &tb_tcpsnitch_reader,
  NULL,
};

static const TbWriterFormat *const writers[] = {
  &tb_pcapng_writer,
  &tb_pcap_writer,
  &tb_csv_writer,
  &tb_text_writer,
  NULL,
};

const TbRegistry tb_formats = { readers, writers };
