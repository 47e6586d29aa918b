/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the readers and writers of packet captures share: link types and their
 * largest packets, and the key a source gets from its first packets. Knows
 * link types by number only, never what is inside a packet, and no file
 * layout.
 */
#pragma once

#include "base/limits.h"
#include "model/record.h"

#include <glib.h>

G_BEGIN_DECLS

/** TB_CAPTURE_KEY_PACKETS: how many packets a source's key is made from */
#define TB_CAPTURE_KEY_PACKETS 16

/** TB_CAPTURE_STANDARD_BYTES: largest packet of most link types, as libpcap and Wireshark have it */
#define TB_CAPTURE_STANDARD_BYTES (256u * 1024)

/**
 * tb_capture_get_max_caplen: largest captured length that can be true: 256 KiB, or
 * 8 x the record limit (128 MiB by default) for link types whose packets are
 * messages of any size (D-Bus, USB). Larger ones are damage, not packets.
 */
guint32 tb_capture_get_max_caplen(guint32 link_type, const TbLimits *limits);

/**
 * tb_capture_map_link_type: the link type for a number that some system used for
 * it in its own files (12 and 14 for raw IP, 11 for ATM, ...); others are kept.
 * @word is what stands in the file, without FCS bits.
 */
guint32 tb_capture_map_link_type(guint32 word);

/** tb_capture_dup_link_type_name: Returns: (transfer full): "1 (Ethernet)", or the number alone */
char *tb_capture_dup_link_type_name(guint32 link_type);

/**
 * tb_capture_dup_source_name: what to call the interface of a capture that does not
 * name it: the file's base name without extension, "eth0" for "dir/eth0.pcap.gz".
 * Returns: (transfer full): never empty; "pcap" when nothing else is left
 */
char *tb_capture_dup_source_name(const char *input_name);

/** tb_capture_dup_file_name: Returns: (transfer full): the base name, control bytes escaped */
char *tb_capture_dup_file_name(const char *input_name);

/** TbCaptureKey: a source's key being made. All zero is a valid start. */
typedef struct {
  GChecksum *sum;
  guint n;
} TbCaptureKey;

/**
 * tb_capture_key_add: takes the packet's time on its own clock (ns), both lengths
 * and its bytes (@event->len of them) into the key; packets after the first
 * %TB_CAPTURE_KEY_PACKETS are ignored.
 * Returns: whether the key wants more
 */
gboolean tb_capture_key_add(TbCaptureKey *key, const TbRecord *event);

/** tb_capture_key_finish: sets @source->key; no packets at all give a key too. Frees what @key holds. */
void tb_capture_key_finish(TbCaptureKey *key, TbSource *source);

/** tb_capture_key_clear: frees what @key holds */
void tb_capture_key_clear(TbCaptureKey *key);

G_END_DECLS
