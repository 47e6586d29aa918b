/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The checked calls around a writer's vtable; see writer.h. */
#include "format/writer.h"

TbWriter *tb_writer_open(const TbWriterFormat *format, TbOutput *output, const TbLimits *limits,
                         const GPtrArray *machines, const GPtrArray *sources, GError **error)
{
  return tb_writer_open_with(format, output, limits, machines, sources, NULL, error);
}

static gboolean writer_take(TbSink *sink, const TbItem *item, GError **error)
{
  TbWriter *writer = (TbWriter *)sink;
  return writer->format->event(writer, item, error);
}

static gboolean writer_finish(TbSink *sink, GError **error)
{
  TbWriter *writer = (TbWriter *)sink;
  return writer->format->finish(writer, error);
}

static const TbSinkOps writer_ops = { .take = writer_take, .finish = writer_finish };

TbWriter *tb_writer_open_with(const TbWriterFormat *format, TbOutput *output,
                              const TbLimits *limits, const GPtrArray *machines,
                              const GPtrArray *sources, GHashTable *settings, GError **error)
{
  TbWriter *writer = g_new0(TbWriter, 1);
  writer->sink.ops = &writer_ops;
  writer->format = format;
  writer->output = output;
  writer->limits = limits;
  writer->settings = settings;
  writer->machines = machines;
  writer->sources = sources;
  if (format->open(writer, error))
    return writer;
  tb_writer_free(writer);
  return NULL;
}

const char *tb_writer_get_setting(const TbWriter *writer, const char *name)
{
  return writer->settings ? g_hash_table_lookup(writer->settings, name) : NULL;
}

void tb_writer_free(TbWriter *writer)
{
  if (!writer)
    return;
  writer->format->close(writer);
  g_free(writer);
}
