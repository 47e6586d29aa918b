/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The same facts as JSON; see report.h. Numbers beyond 2^53 stay exact: json-glib writes int64. */
#include "report/report.h"

#include "base/escape.h"

#include <string.h>

void tb_report_build_string(JsonBuilder *json, const char *text)
{
  if (!text) {
    json_builder_add_null_value(json);
    return;
  }
  g_auto(TbBuf) out = { 0 };
  tb_escape_append(&out, text, strlen(text), TB_ESCAPE_NEWLINE | TB_ESCAPE_TAB | TB_ESCAPE_BACKSLASH);
  tb_buf_append_c(&out, 0);
  json_builder_add_string_value(json, (const char *)out.data);
}

static void put_string(JsonBuilder *json, const char *name, const char *text)
{
  json_builder_set_member_name(json, name);
  tb_report_build_string(json, text);
}

static void put_int(JsonBuilder *json, const char *name, gint64 value)
{
  json_builder_set_member_name(json, name);
  json_builder_add_int_value(json, value);
}

static void put_int_if(JsonBuilder *json, const char *name, gboolean known, gint64 value)
{
  json_builder_set_member_name(json, name);
  if (known)
    json_builder_add_int_value(json, value);
  else
    json_builder_add_null_value(json);
}

static void put_fact(gpointer data, const char *key, const char *value)
{
  JsonBuilder *json = data;
  json_builder_begin_object(json);
  put_string(json, "name", key);
  put_string(json, "value", value);
  json_builder_end_object(json);
}

static void put_reader(JsonBuilder *json, const TbReader *reader)
{
  put_string(json, "file", tb_input_get_name(reader->input));
  put_string(json, "format", reader->format->name);
  put_int(json, "bytes", (gint64)tb_input_get_size(reader->input));
  json_builder_set_member_name(json, "facts");
  json_builder_begin_array(json);
  if (reader->format->describe)
    reader->format->describe(reader, put_fact, json);
  json_builder_end_array(json);
}

/* Instead of its files one by one. */
static void put_folder(JsonBuilder *json, const TbFolder *folder, const GPtrArray *readers)
{
  guint64 bytes = 0;
  for (guint i = 0; i < readers->len; i++) {
    const TbReader *reader = g_ptr_array_index(readers, i);
    bytes += reader->place.folder == folder ? tb_input_get_size(reader->input) : 0;
  }
  put_string(json, "file", folder->path);
  put_string(json, "format", folder->format->name);
  put_int(json, "bytes", (gint64)bytes);
  json_builder_set_member_name(json, "facts");
  json_builder_begin_array(json);
  for (guint f = 0; f + 1 < folder->facts->len; f += 2)
    put_fact(json, g_ptr_array_index(folder->facts, f), g_ptr_array_index(folder->facts, f + 1));
  json_builder_end_array(json);
}

static void put_machine(JsonBuilder *json, const TbMachine *machine)
{
  json_builder_begin_object(json);
  put_string(json, "name", tb_machine_get_label(machine));
  put_string(json, "identity", machine->identity);
  put_string(json, "os", tb_os_to_name(machine->os));
  put_string(json, "os_version", machine->os_version);
  put_string(json, "arch", machine->arch_name);
  put_int_if(json, "cpus", machine->n_cpus > 0, machine->n_cpus);
  put_int_if(json, "memory_bytes", machine->memory_bytes > 0, (gint64)machine->memory_bytes);
  json_builder_end_object(json);
}

static void put_axis(JsonBuilder *json, const TbAxis *axis)
{
  put_string(json, "clock", tb_clock_to_name(axis->clock));
  tb_report_build_axis(axis, json);
}

static void put_counts(JsonBuilder *json, const TbSource *source)
{
  const TbSourceCounts *counts = &source->counts;
  put_int(json, "records", (gint64)counts->records);
  put_int(json, "lost", (gint64)counts->lost);
  put_int(json, "lost_gaps", (gint64)counts->lost_gaps);
  put_int(json, "lost_gaps_of_unknown_size", (gint64)counts->lost_unknown);
  put_int(json, "discarded", (gint64)counts->discarded);
  put_int(json, "damaged", (gint64)counts->damaged);
  put_int(json, "unordered", (gint64)counts->unordered);
  put_int_if(json, "trailers", source->class == TB_SOURCE_PACKETS, (gint64)counts->trailers);
  put_int_if(json, "expected", counts->expected_known, (gint64)counts->expected);
  put_int_if(json, "missing", counts->expected_known, (gint64)counts->missing);
  put_int_if(json, "doubtful", counts->expected_known, (gint64)counts->doubtful);
  put_int_if(json, "overrun", counts->expected_known, (gint64)counts->overrun);
  put_int_if(json, "first_ns", counts->records > 0, tb_axis_map(&source->clock.axis, counts->first_ns));
  put_int_if(json, "last_ns", counts->records > 0, tb_axis_map(&source->clock.axis, counts->last_ns));
  g_autofree char *complete = tb_report_dup_completeness(source);
  put_string(json, "completeness", complete);
}

static void put_source(JsonBuilder *json, const TbSource *source, const GArray *rows)
{
  g_autofree char *name = tb_source_dup_interface_name(source);
  json_builder_begin_object(json);
  put_string(json, "name", name);
  put_string(json, "machine", source->machine ? tb_machine_get_label(source->machine) : NULL);
  put_string(json, "class", source->class == TB_SOURCE_EVENTS ? "events" : "packets");
  put_string(json, "key", source->key);
  put_string(json, "file", source->file);
  put_string(json, "recorder", source->recorder);
  put_int_if(json, "link_type", source->class == TB_SOURCE_PACKETS, source->link.type);
  put_axis(json, &source->clock.axis);
  put_counts(json, source);
  json_builder_set_member_name(json, "types");
  json_builder_begin_array(json);
  for (guint i = 0; i < rows->len; i++) {
    const TbCensusRow *row = &g_array_index(rows, TbCensusRow, i);
    if (row->source != source)
      continue;
    g_autofree char *type = g_strdup_printf("%s:%s", row->type->system, row->type->name);
    json_builder_begin_object(json);
    put_string(json, "name", type);
    put_int(json, "count", (gint64)row->count);
    json_builder_end_object(json);
  }
  json_builder_end_array(json);
  json_builder_end_object(json);
}

static void put_damage(JsonBuilder *json, const TbDamage *damage)
{
  json_builder_begin_object(json);
  put_string(json, "file", damage->source);
  put_int_if(json, "offset", damage->offset != TB_OFFSET_NONE, (gint64)damage->offset);
  put_int(json, "skipped_bytes", (gint64)damage->skipped_bytes);
  put_int_if(json, "lost", damage->lost != TB_LOST_UNKNOWN, (gint64)damage->lost);
  put_string(json, "text", damage->text);
  json_builder_end_object(json);
}

/* The folder that all inputs are of; NULL where there are others, too. */
static const TbFolder *json_one_folder(const TbRun *run)
{
  const GPtrArray *readers = tb_run_get_readers(run);
  const TbFolder *one = readers->len ? ((TbReader *)g_ptr_array_index(readers, 0))->place.folder : NULL;
  for (guint i = 1; i < readers->len && one; i++)
    if (((TbReader *)g_ptr_array_index(readers, i))->place.folder != one)
      one = NULL;
  return one;
}

void tb_report_build_file(const TbRun *run, const TbObserver *census, JsonBuilder *json)
{
  const GPtrArray *readers = tb_run_get_readers(run);
  const GPtrArray *machines = tb_run_get_machines(run);
  const GPtrArray *sources = tb_run_get_sources(run);
  const GPtrArray *damage = tb_damage_log_get_entries(tb_run_get_damage(run));
  g_autoptr(GArray) rows = census ? tb_census_get_rows(census)
                                  : g_array_new(FALSE, FALSE, sizeof(TbCensusRow));
  const TbFolder *one_folder = json_one_folder(run);
  json_builder_begin_object(json);
  if (one_folder)
    put_folder(json, one_folder, readers);
  else if (readers->len == 1)
    put_reader(json, g_ptr_array_index(readers, 0));
  json_builder_set_member_name(json, "machines");
  json_builder_begin_array(json);
  for (guint i = 0; i < machines->len; i++)
    put_machine(json, g_ptr_array_index(machines, i));
  json_builder_end_array(json);
  json_builder_set_member_name(json, "sources");
  json_builder_begin_array(json);
  for (guint i = 0; i < sources->len; i++)
    put_source(json, g_ptr_array_index(sources, i), rows);
  json_builder_end_array(json);
  json_builder_set_member_name(json, "damage");
  json_builder_begin_array(json);
  for (guint i = 0; i < damage->len; i++)
    put_damage(json, g_ptr_array_index(damage, i));
  json_builder_end_array(json);
  const GPtrArray *notes = tb_run_get_notes(run);
  json_builder_set_member_name(json, "notes");
  json_builder_begin_array(json);
  for (guint i = 0; i < notes->len; i++)
    tb_report_build_string(json, g_ptr_array_index(notes, i));
  json_builder_end_array(json);
  json_builder_set_member_name(json, "hosts");
  tb_report_build_hosts(run, json);
  if (!census) { /* `info` tells it of all its files together */
    json_builder_set_member_name(json, "owners");
    tb_report_build_owners(tb_run_get_tally(run), json);
  }
  put_int(json, "places_of_damage", (gint64)tb_damage_log_get_n(tb_run_get_damage(run)));
  json_builder_set_member_name(json, "clean");
  json_builder_add_boolean_value(json, tb_report_is_clean(run));
  json_builder_end_object(json);
}

char *tb_report_print_json(JsonBuilder *json)
{
  g_autoptr(JsonGenerator) generator = json_generator_new();
  g_autoptr(JsonNode) root = json_builder_get_root(json);
  json_generator_set_root(generator, root);
  json_generator_set_pretty(generator, TRUE);
  g_autofree char *text = json_generator_to_data(generator, NULL);
  return g_strconcat(text, "\n", NULL);
}
