/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Axes and the clocks of hosts, as lines and as JSON; see report.h. */
#include "report/report.h"

#include "base/escape.h"

static void append_escaped(GString *out, const char *text)
{
  g_autofree char *shown = tb_escape_dup(text);
  g_string_append(out, shown);
}

static void append_source(const TbSource *source, const TbObserver *align, GString *out)
{
  const TbAxis *axis = &source->clock.axis;
  g_autofree char *name = tb_source_dup_interface_name(source);
  append_escaped(out, name);
  g_string_append_printf(out, ": %s", tb_axis_to_name(axis));
  if (axis->clock != TB_CLOCK_REALTIME && axis->realtime)
    g_string_append_printf(out, " (clock %s)", tb_clock_to_name(axis->clock));
  g_string_append_printf(out, ", %+" G_GINT64_FORMAT " ns (%s)", axis->offset_ns,
                         tb_origin_to_name(axis->origin));
  if (axis->bounded)
    g_string_append_printf(out, ", true within %+" G_GINT64_FORMAT " to %+" G_GINT64_FORMAT
                           " ns of that", axis->bound_low_ns - axis->offset_ns,
                           axis->bound_high_ns - axis->offset_ns);
  if (axis->rate != 1.0)
    g_string_append_printf(out, ", rate %.12g", axis->rate);
  if (axis->matches)
    g_string_append_printf(out, ", %" G_GUINT64_FORMAT " packets matched", axis->matches);
  if (axis->confidence > 0)
    g_string_append_printf(out, ", confidence %.1f", axis->confidence);
  g_string_append_c(out, '\n');
  const char *reason = align ? tb_align_get_reason(align, source) : NULL;
  if (reason) {
    g_string_append(out, "  ");
    append_escaped(out, reason);
    g_string_append_c(out, '\n');
  }
}

void tb_report_append_align(const TbRun *run, GString *out)
{
  const GPtrArray *sources = tb_run_get_sources(run);
  for (guint i = 0; i < sources->len; i++)
    append_source(g_ptr_array_index(sources, i), tb_run_get_align(run), out);
  tb_report_append_notes(run, out);
}

void tb_report_append_notes(const TbRun *run, GString *out)
{
  const GPtrArray *notes = tb_run_get_notes(run);
  for (guint i = 0; i < notes->len; i++) {
    append_escaped(out, g_ptr_array_index(notes, i));
    g_string_append_c(out, '\n');
  }
}

static void put_int_if(JsonBuilder *json, const char *name, gboolean known, gint64 value)
{
  json_builder_set_member_name(json, name);
  if (known)
    json_builder_add_int_value(json, value);
  else
    json_builder_add_null_value(json);
}

static void put_string(JsonBuilder *json, const char *name, const char *value)
{
  json_builder_set_member_name(json, name);
  tb_report_build_string(json, value);
}

void tb_report_build_axis(const TbAxis *axis, JsonBuilder *json)
{
  put_string(json, "axis", tb_axis_to_name(axis));
  put_int_if(json, "offset_ns", TRUE, axis->offset_ns);
  json_builder_set_member_name(json, "rate");
  json_builder_add_double_value(json, axis->rate);
  put_string(json, "origin", tb_origin_to_name(axis->origin));
  put_int_if(json, "bound_low_ns", axis->bounded, axis->bound_low_ns);
  put_int_if(json, "bound_high_ns", axis->bounded, axis->bound_high_ns);
  json_builder_set_member_name(json, "confidence");
  json_builder_add_double_value(json, axis->confidence);
  put_int_if(json, "matches", TRUE, (gint64)axis->matches);
}

static void put_sources(const TbRun *run, JsonBuilder *json)
{
  const GPtrArray *readers = tb_run_get_readers(run);
  json_builder_begin_array(json);
  for (guint i = 0; i < readers->len; i++) {
    const TbReader *reader = g_ptr_array_index(readers, i);
    for (guint s = 0; s < reader->sources->len; s++) {
      const TbSource *source = g_ptr_array_index(reader->sources, s);
      json_builder_begin_object(json);
      put_string(json, "file", tb_input_get_name(reader->input));
      put_string(json, "source", source->name);
      put_string(json, "machine", source->machine ? tb_machine_get_label(source->machine) : NULL);
      tb_report_build_axis(&source->clock.axis, json);
      json_builder_end_object(json);
    }
  }
  json_builder_end_array(json);
}

void tb_report_build_hosts(const TbRun *run, JsonBuilder *json)
{
  const TbObserver *align = tb_run_get_align(run);
  const GArray *pairs = align ? tb_align_get_pairs(align) : NULL;
  json_builder_begin_array(json);
  for (guint i = 0; pairs && i < pairs->len; i++) {
    const TbHostPair *pair = &g_array_index(pairs, TbHostPair, i);
    json_builder_begin_object(json);
    put_string(json, "machine", tb_machine_get_label(pair->machine));
    put_string(json, "reference", tb_machine_get_label(pair->reference));
    put_int_if(json, "difference_low_ns", pair->matches_from > 0, pair->low_ns);
    put_int_if(json, "difference_high_ns", pair->matches_to > 0, pair->high_ns);
    put_int_if(json, "matches_to", TRUE, pair->matches_to);
    put_int_if(json, "matches_from", TRUE, pair->matches_from);
    json_builder_end_object(json);
  }
  json_builder_end_array(json);
}

void tb_report_build_align(const TbRun *run, JsonBuilder *json)
{
  json_builder_begin_object(json);
  put_int_if(json, "schema", TRUE, 1);
  json_builder_set_member_name(json, "sources");
  put_sources(run, json);
  json_builder_set_member_name(json, "hosts");
  tb_report_build_hosts(run, json);
  json_builder_end_object(json);
}
