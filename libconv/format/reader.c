/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The checked calls around a reader's vtable; see reader.h. */
#include "format/reader.h"


TbReader *tb_reader_open(const TbReaderFormat *format, TbInput *input, const TbLimits *limits,
                         TbDamageLog *damage, GError **error)
{
  return tb_reader_open_with(format, input, limits, damage, NULL, error);
}

TbReader *tb_reader_open_with(const TbReaderFormat *format, TbInput *input,
                              const TbLimits *limits, TbDamageLog *damage, GHashTable *settings,
                              GError **error)
{
  return tb_reader_open_file(format, input, limits, damage, settings, NULL, NULL, error);
}

/* What the folder says of a file goes before what the file's own reader could know. */
static void reader_take_file(TbReader *reader)
{
  if (!reader->place.file)
    return;
  tb_reader_add_machine(reader, tb_machine_ref(reader->place.folder->machine));
  for (guint i = 0; i < reader->sources->len; i++) {
    TbSource *source = g_ptr_array_index(reader->sources, i);
    if (reader->place.file->name) {
      g_free(source->name);
      source->name = g_strdup(reader->place.file->name);
    }
    source->subject = g_strdup(reader->place.file->subject);
    if (!source->machine)
      tb_source_set_machine(source, reader->place.folder->machine);
  }
}

TbReader *tb_reader_open_file(const TbReaderFormat *format, TbInput *input,
                              const TbLimits *limits, TbDamageLog *damage, GHashTable *settings,
                              const TbFolder *folder, const TbFolderFile *file, GError **error)
{
  TbReader *reader = g_new0(TbReader, 1);
  reader->format = format;
  reader->input = input;
  reader->limits = limits;
  reader->damage = damage;
  reader->settings = settings;
  reader->place.folder = folder;
  reader->place.file = file;
  reader->machines = g_ptr_array_new_with_free_func((GDestroyNotify)tb_machine_unref);
  reader->sources = g_ptr_array_new_with_free_func((GDestroyNotify)tb_source_unref);
  reader->types = g_ptr_array_new_with_free_func((GDestroyNotify)tb_event_type_unref);
  reader->unordered = g_hash_table_new(NULL, NULL);
  const GError *short_input = tb_input_get_damage(input);
  if (short_input)
    tb_damage_log_take(damage, g_error_copy(short_input), tb_input_get_name(input), 0,
                       TB_LOST_UNKNOWN);
  if (format->open(reader, error)) {
    reader_take_file(reader);
    return reader;
  }
  tb_reader_free(reader);
  return NULL;
}

void tb_reader_free(TbReader *reader)
{
  if (!reader)
    return;
  reader->format->close(reader);
  g_hash_table_unref(reader->unordered);
  g_ptr_array_unref(reader->types);
  g_ptr_array_unref(reader->sources);
  g_ptr_array_unref(reader->machines);
  tb_input_free(reader->input);
  g_free(reader);
}

const char *tb_reader_get_input_name(const TbReader *reader)
{
  return reader->place.folder ? reader->place.folder->path : tb_input_get_name(reader->input);
}

const char *tb_reader_get_setting(const TbReader *reader, const char *name)
{
  return reader->settings ? g_hash_table_lookup(reader->settings, name) : NULL;
}

gboolean tb_reader_rewind(TbReader *reader, GError **error)
{
  for (guint i = 0; i < reader->sources->len; i++) {
    TbSourceCounts *counts = &((TbSource *)g_ptr_array_index(reader->sources, i))->counts;
    *counts = (TbSourceCounts){ .expected_known = counts->expected_known,
                                .expected = counts->expected,
                                .overrun = counts->overrun };
  }
  return reader->format->rewind(reader, error);
}

guint64 tb_reader_position(const TbReader *reader)
{
  return reader->format->position ? reader->format->position(reader) : 0;
}

void tb_reader_add_machine(TbReader *reader, TbMachine *machine)
{
  g_ptr_array_add(reader->machines, machine);
}

void tb_reader_add_source(TbReader *reader, TbSource *source)
{
  g_ptr_array_add(reader->sources, source);
}

void tb_reader_add_type(TbReader *reader, TbEventType *type)
{
  type->id = reader->next_type_id ? (*reader->next_type_id)++ : reader->types->len;
  g_ptr_array_add(reader->types, type);
}

void tb_reader_number_types(TbReader *reader, guint32 *next)
{
  reader->next_type_id = next;
  for (guint i = 0; i < reader->types->len; i++)
    ((TbEventType *)g_ptr_array_index(reader->types, i))->id = (*next)++;
}

void tb_reader_note_unordered(TbReader *reader, guint32 stream)
{
  g_hash_table_add(reader->unordered, GUINT_TO_POINTER(stream));
}

gboolean tb_reader_is_unordered(const TbReader *reader, guint32 stream)
{
  return g_hash_table_contains(reader->unordered, GUINT_TO_POINTER(stream));
}
