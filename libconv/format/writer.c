/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The checked calls around a writer's vtable; see writer.h. */
#include "format/writer.h"

TbWriter *tb_writer_open(const TbWriterFormat *format, TbOutput *output, const TbLimits *limits,
                         const GPtrArray *machines, const GPtrArray *sources, GError **error)
{
  return tb_writer_open_with(format, output, limits, machines, sources, NULL, error);
}

TbWriter *tb_writer_open_with(const TbWriterFormat *format, TbOutput *output,
                              const TbLimits *limits, const GPtrArray *machines,
                              const GPtrArray *sources, GHashTable *settings, GError **error)
{
  TbWriter *writer = g_new0(TbWriter, 1);
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

gboolean tb_writer_finish(TbWriter *writer, GError **error)
{
  return writer->format->finish(writer, error);
}
