/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Comma-separated rows with Process Monitor's own columns: the writer for the
 * table of formats, and what its two sources share.
 */
#pragma once

#include "tracebraid.h"

G_BEGIN_DECLS

/*
 * tb_csv_writer: one row an event, every value in quotes, CR LF, a byte order
 * mark before the header: what Process Monitor exports. Settings: "columns", a
 * list of column or field names with commas (all of Process Monitor's when not
 * given), "tz", the zone of the times (UTC), and "detail-limit", how many UTF-16
 * units of a Detail are written (4095, as Process Monitor does; 0 = all).
 */
extern const TbWriterFormat tb_csv_writer;

typedef enum {
  CSV_TIME_OF_DAY,
  CSV_DATE_AND_TIME,
  CSV_RELATIVE_TIME,
  CSV_DURATION,
  CSV_COMPLETION_TIME,
  CSV_PROCESS_NAME,
  CSV_PID,
  CSV_OPERATION,
  CSV_DETAIL,
  CSV_EVENT_CLASS,
  CSV_IMAGE_PATH,
  CSV_COMMAND_LINE,
  CSV_TID,
  CSV_PARENT_PID,
  CSV_HOST,
  CSV_SOURCE,
  CSV_CPU,
  CSV_KIND,
  CSV_SENTENCE,
  CSV_FIELD, /* nothing of the model: a field of the event's type or nothing */
} CsvMeaning;

/** CsvColumn: @name as its header shows it */
typedef struct {
  const char *name;
  CsvMeaning meaning;
} CsvColumn;

/**
 * csv_columns_parse: @list (nullable: all of Process Monitor's). Names of fields
 * are put into @pool.
 * Returns: (transfer full) (nullable) (element-type CsvColumn): NULL with TB_ERROR_UNSUPPORTED
 */
GArray *csv_columns_parse(const char *list, TbStrPool *pool, GError **error);

/**
 * CsvMoment: what times are told by
 * @zone: of the times
 * @first_ns: time of the first row
 */
typedef struct {
  TbZone *zone;
  gint64 first_ns;
} CsvMoment;

/** csv_columns_append: what the model itself knows for a column */
void csv_columns_append(CsvMeaning meaning, const CsvMoment *moment, const TbItem *event,
                        TbBuf *out);

G_END_DECLS
