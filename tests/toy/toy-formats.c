/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The table of formats of the program `tracebraid-toy`: that of formats/formats.c
 * with one line more. With the folder and one line in a meson.build this is all
 * that a format takes, tables of processes and sockets included.
 */
#include "formats.h"

#include "csv/csv.h"
#include "pcap/pcap.h"
#include "pcapng/pcapng-reader.h"
#include "pcapng/pcapng-writer.h"
#include "text/text-writer.h"

extern const TbReaderFormat tb_toy_world_reader;

static const TbReaderFormat *const readers[] = {
  &tb_pcap_reader,
  &tb_pcapng_reader,
  &tb_toy_world_reader,
  NULL,
};

static const TbWriterFormat *const writers[] = {
  &tb_pcapng_writer,
  &tb_csv_writer,
  &tb_text_writer,
  NULL,
};

const TbRegistry tb_formats = { readers, writers };
