/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Readers without a file: their machines and sources are all there is. */
#pragma once

#include "format/reader.h"

/** made_readers_new: (transfer full) (element-type TbReader): @n of them, of inputs "0", "1", ... */
GPtrArray *made_readers_new(guint n);

static inline TbReader *made_reader(const GPtrArray *readers, guint i)
{
  return g_ptr_array_index(readers, i);
}

/** made_reader_add_machine: @name, @identity: (nullable). Returns: (transfer none) */
TbMachine *made_reader_add_machine(TbReader *reader, const char *name, const char *identity);
/** made_reader_add_source: @machine: (nullable). Returns: (transfer none) */
TbSource *made_reader_add_source(TbReader *reader, TbSourceClass class, const char *name,
                                 TbMachine *machine);
