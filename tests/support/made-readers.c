/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Readers without a file; see made-readers.h. */
#include "support/made-readers.h"

static gboolean made_open(TbReader *reader, GError **error)
{
  return TRUE;
}

static void made_close(TbReader *reader)
{
}

static const TbReaderFormat made_format = { .name = "made", .open = made_open,
                                            .close = made_close };

GPtrArray *made_readers_new(guint n)
{
  GPtrArray *readers = g_ptr_array_new_with_free_func((GDestroyNotify)tb_reader_free);
  for (guint i = 0; i < n; i++) {
    g_autofree char *name = g_strdup_printf("%u", i);
    TbReader *reader = tb_reader_open(&made_format, tb_input_new_memory(name, "", 0),
                                      tb_limits_default(), NULL, NULL);
    g_assert_nonnull(reader);
    g_ptr_array_add(readers, reader);
  }
  return readers;
}

TbMachine *made_reader_add_machine(TbReader *reader, const char *name, const char *identity)
{
  TbMachine *machine = tb_machine_new();
  machine->name = g_strdup(name);
  machine->identity = g_strdup(identity);
  tb_reader_add_machine(reader, machine);
  return machine;
}

TbSource *made_reader_add_source(TbReader *reader, TbSourceClass class, const char *name,
                                 TbMachine *machine)
{
  TbSource *source = tb_source_new(class, name);
  if (machine)
    tb_source_set_machine(source, machine);
  tb_axis_init(&source->clock.axis, TB_CLOCK_REALTIME, FALSE);
  source->clock.opened = source->clock.axis;
  tb_reader_add_source(reader, source);
  return source;
}
