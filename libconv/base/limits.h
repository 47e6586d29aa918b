/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What an input may ask for. Every size or count read from a file is checked
 * against these and against the bytes left before anything is allocated.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * TbLimits:
 * @record_bytes: one event, packet or pcapng block
 * @string_bytes: one string of a table
 * @section_bytes: one metadata section, uncompressed
 * @table_entries: entries of one table (event types, strings, processes)
 * @cpus: highest CPU number + 1
 * @streams: independent streams of one input
 * @depth: chains and nesting (options sections, parents)
 * @page_bytes: one ring-buffer sub-buffer
 * @chunk_bytes: one compressed chunk of ring-buffer data, on either side
 * @spool_bytes: temporary copy of an input that cannot be read twice
 * @row_bytes: one row of the output (tshark 4.0 refuses a file from 262144 on)
 * @sort_bytes: memory for putting one unsorted stream in order
 * @damage_entries: places of damage told one by one; the rest is counted
 */
typedef struct {
  guint64 record_bytes;
  guint64 string_bytes;
  guint64 section_bytes;
  guint64 table_entries;
  guint32 cpus;
  guint32 streams;
  guint32 depth;
  guint32 page_bytes;
  guint32 chunk_bytes;
  guint64 spool_bytes;
  guint32 row_bytes;
  guint64 sort_bytes;
  guint32 damage_entries;
} TbLimits;

/** tb_limits_default: Returns: (transfer none): the limits used when none are given */
const TbLimits *tb_limits_default(void);

G_END_DECLS
