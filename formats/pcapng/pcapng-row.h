/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A journal row of ours: its layout, and rows read back without taking more of
 * them apart than is asked for. Knows the keys' order and the copying of a row
 * into another file; nothing of blocks.
 */
#pragma once

#include "base/buf.h"
#include "model/record.h"

#include <glib.h>

G_BEGIN_DECLS

/* The tag list every row starts with: big-endian tag, length, value padded to 4. */
enum {
  TB_PCAPNG_TAG_END = 0,
  TB_PCAPNG_TAG_DISSECTOR = 12,
  TB_PCAPNG_TAG_IPV4_SRC = 20,
  TB_PCAPNG_TAG_IPV4_DST = 21,
  TB_PCAPNG_TAG_IPV6_SRC = 22,
  TB_PCAPNG_TAG_IPV6_DST = 23,
};

#define TB_PCAPNG_DISSECTOR "systemd_journal"

/* The rows of the program itself. */
#define TB_PCAPNG_OWN_SYSTEM "tracebraid"
#define TB_PCAPNG_LOST_NAME "lost_events"

/**
 * TbPcapngRow: a row with its fixed places
 * @keys: first byte behind the tags
 * @keys_len: bytes of keys
 * @host_at: offset in @keys of the host name's line, or where it would stand
 * @host_len: bytes of that line with its newline, 0 = none
 * @identifier: value of SYSLOG_IDENTIFIER
 * @identifier_len: its bytes
 * @rest_at: offset in @keys of what follows SYSLOG_IDENTIFIER
 * @has_pid: somebody acted
 */
typedef struct {
  const guint8 *keys;
  gsize keys_len;
  gsize host_at;
  gsize host_len;
  const char *identifier;
  gsize identifier_len;
  gsize rest_at;
  gboolean has_pid;
} TbPcapngRow;

/** tb_pcapng_row_parse: FALSE where @data is not a row of ours */
gboolean tb_pcapng_row_parse(const guint8 *data, gsize len, TbPcapngRow *row);

/** tb_pcapng_row_find: the value of @key, either form; FALSE where the row has none */
gboolean tb_pcapng_row_find(const TbPcapngRow *row, const char *key, const guint8 **value,
                            gsize *len);

/** tb_pcapng_row_get_lost: number in a row of lost events, 0 = not known */
guint64 tb_pcapng_row_get_lost(const TbPcapngRow *row);

/** tb_pcapng_row_get_cpu: %TB_CPU_NONE where the row has none */
guint32 tb_pcapng_row_get_cpu(const TbPcapngRow *row);

/**
 * tb_pcapng_row_copy: the row of @event with @host (a whole line, or empty) as its host name
 * @with_packet: the packet that it names is in the output; else it names none
 */
void tb_pcapng_row_copy(const TbRecord *event, const TbBuf *host, gboolean with_packet, TbBuf *out);

/** tb_pcapng_row_find_int: the value of @key where it is a decimal number; else FALSE */
gboolean tb_pcapng_row_find_int(const TbPcapngRow *row, const char *key, gint64 *out);

/**
 * tb_pcapng_row_get_packet: the packet that it names, by id. FALSE where it names none; files written
 * by versions that numbered packets by their place name none
 */
gboolean tb_pcapng_row_get_packet(const TbPcapngRow *row, guint64 *id);

G_END_DECLS
