/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The writer interface. A writer is opened when prepare is over, so it knows
 * all machines and sources before the first event; it gets the events in the
 * total order and never learns which format they came from.
 */
#pragma once

#include "base/error.h"
#include "base/limits.h"
#include "base/output.h"
#include "model/sink.h"

#include <glib.h>

G_BEGIN_DECLS

typedef struct _TbWriter TbWriter;

typedef enum {
  TB_WRITER_EVENTS = 1 << 0,  /* takes TRACE and LOST */
  TB_WRITER_PACKETS = 1 << 1, /* takes PACKET */
  TB_WRITER_PACKET_LINKS = 1 << 2, /* shows which packet an event is about */
  TB_WRITER_UNCOUNTED = 1 << 3, /* asks no source how many records it has, or of which time */
} TbWriterCapabilities;

/**
 * TbWriterFormat:
 * @name: for --to
 * @description: for people
 * @extension: usual file name extension, without dot
 * @capabilities: kinds it can hold; others are not offered to it
 * @open: writes what precedes the events
 * @event: writes one event; LOST and TRACE and PACKET as far as capable
 * @add_source: (nullable): @source, at the end of the writer's sources, was met only now; NULL = the
 *   format has no place for it then
 * @finish: writes what follows the events
 * @close: releases @writer->priv
 */
typedef struct {
  const char *name;
  const char *description;
  const char *extension;
  guint32 capabilities;
  gboolean (*open)(TbWriter *writer, GError **error);
  gboolean (*event)(TbWriter *writer, const TbItem *event, GError **error);
  gboolean (*add_source)(TbWriter *writer, const TbSource *source, GError **error);
  gboolean (*finish)(TbWriter *writer, GError **error);
  void (*close)(TbWriter *writer);
} TbWriterFormat;

/**
 * TbWriterCounts: what a writer had to change, for the report
 * @rows: events written
 * @packets: packets written
 * @truncated: rows cut at the limit
 * @out_of_range: records left out because their time cannot be written
 * @inexact: times that lost digits
 * @unreferred: packets of processes for which there was no room for a block
 * @stripped: packets whose options, comments, owners or blocks beside them the format cannot hold
 */
typedef struct {
  guint64 rows;
  guint64 packets;
  guint64 truncated;
  guint64 out_of_range;
  guint64 inexact;
  guint64 unreferred;
  guint64 stripped;
} TbWriterCounts;

/**
 * TbWriter:
 * @sink: takes its items; finish() completes the output
 * @machines: (element-type TbMachine): borrowed, by rank
 * @sources: (element-type TbSource): borrowed, by rank
 * @settings: (nullable): borrowed: string -> string, wishes of the user by name; a format
 *   takes those it knows ("columns", "tz") and ignores the others
 * @counts: kept by the format
 */
struct _TbWriter {
  TbSink sink;
  const TbWriterFormat *format;
  TbOutput *output;
  const TbLimits *limits;
  GHashTable *settings;
  const GPtrArray *machines;
  const GPtrArray *sources;
  TbWriterCounts counts;
  gpointer priv;
};

/**
 * tb_writer_open: all but the result is borrowed and outlives the writer.
 * Returns: (transfer full) (nullable): NULL with TB_ERROR_OUTPUT, or TB_ERROR_UNSUPPORTED where the
 *   format cannot hold these sources or a setting names what does not exist
 */
TbWriter *tb_writer_open(const TbWriterFormat *format, TbOutput *output, const TbLimits *limits,
                         const GPtrArray *machines, const GPtrArray *sources, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

/** tb_writer_open_with: the same with @settings (nullable), which live longer than the writer */
TbWriter *tb_writer_open_with(const TbWriterFormat *format, TbOutput *output,
                              const TbLimits *limits, const GPtrArray *machines,
                              const GPtrArray *sources, GHashTable *settings, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

/** tb_writer_get_setting: Returns: (transfer none) (nullable): NULL where it was not given */
const char *tb_writer_get_setting(const TbWriter *writer, const char *name);
void tb_writer_free(TbWriter *writer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TbWriter, tb_writer_free)

/**
 * tb_writer_event: one item, as by its sink. FALSE with TB_ERROR_OUTPUT, or TB_ERROR_UNSUPPORTED
 * where the format cannot go on with it
 */
static inline gboolean tb_writer_event(TbWriter *writer, const TbItem *event, GError **error)
{
  return writer->format->event(writer, event, error);
}

/** tb_writer_finish: what follows the last item. FALSE with TB_ERROR_OUTPUT */
static inline gboolean tb_writer_finish(TbWriter *writer, GError **error)
{
  return tb_sink_finish(&writer->sink, error);
}

G_END_DECLS
