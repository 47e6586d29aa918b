/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Sources and machines as pcapng describes them: the interface block with the
 * names and the if_description that carries a source's facts through every
 * rewriting, and the machine-info block. Text both ways; knows no packets.
 */
#pragma once

#include "base/buf.h"
#include "model/source.h"

#include <glib.h>

G_BEGIN_DECLS

/* A machine's name in a row or an interface name never takes more. */
#define TB_PCAPNG_LABEL_BYTES 255

/* Comment of an interface with the rows' link type whose packets are no rows. */
#define TB_PCAPNG_PACKETS_NOTE "class=packets "

/** tb_pcapng_append_interface_name: "HOST:SOURCE" as written */
void tb_pcapng_append_interface_name(TbBuf *buf, const TbSource *source);
/** tb_pcapng_append_label: the machine's name as written: no control bytes, no ':' */
void tb_pcapng_append_label(TbBuf *buf, const TbMachine *machine);

/** tb_pcapng_append_os: "Linux 6.1.0"; nothing where nothing is known */
void tb_pcapng_append_os(TbBuf *buf, const TbMachine *machine);
/** tb_pcapng_append_hardware: "x86_64, 2 CPUs"; nothing where nothing is known */
void tb_pcapng_append_hardware(TbBuf *buf, const TbMachine *machine);
/** tb_pcapng_parse_os: fills what @machine does not know from the text written by append_os */
void tb_pcapng_parse_os(TbMachine *machine, const char *text, gsize len);
void tb_pcapng_parse_hardware(TbMachine *machine, const char *text, gsize len);

/** tb_pcapng_append_interface: an interface block; @tsresol and @tsoffset_s are those of the output */
void tb_pcapng_append_interface(TbBuf *buf, const TbSource *source, guint32 link_type,
                                guint8 tsresol, gint64 tsoffset_s);

/** tb_pcapng_append_machine: a machine-info block with number @id */
void tb_pcapng_append_machine(TbBuf *buf, const TbMachine *machine, guint32 id);

/**
 * TbPcapngDescription: an if_description of ours, taken apart
 * @file, @recorder, @identity: (nullable): owned
 * @key: 8 hexadecimal digits
 * @axis: no offset: the times of the file have it already, see @offset_ns
 * @offset_ns: what was added to the times of the recording when it was converted
 */
typedef struct {
  char *file;
  char key[9];
  char *recorder;
  TbAxis axis;
  gint64 offset_ns;
  char *identity;
} TbPcapngDescription;

/**
 * tb_pcapng_description_parse: Returns: FALSE where the text is not one of ours; @out
 *   then needs no clearing
 */
gboolean tb_pcapng_description_parse(const char *text, gsize len, TbPcapngDescription *out);
void tb_pcapng_description_clear(TbPcapngDescription *description);

G_END_DECLS
