/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Rows read back: what a journal row of ours holds, found without taking more
 * of it apart than is asked for. Knows the keys' order and the copying of a row
 * into another file; nothing of blocks.
 */
#pragma once

#include "base/buf.h"
#include "model/record.h"

#include <glib.h>

G_BEGIN_DECLS

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

/**
 * tb_pcapng_row_type_new: the type of rows with SYSLOG_IDENTIFIER @identifier. Its
 * fields are the row's keys ("_PID", "_COMM", "TRACE_TID", ...), computed on demand.
 */
TbEventType *tb_pcapng_row_type_new(const char *identifier, gsize len);

/** What all such types have in common. */
extern const TbEventTypeOps tb_pcapng_row_ops;

G_END_DECLS
