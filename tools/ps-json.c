/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The process table as one JSON document; see ps.h. Null = outside the recording or unknown. */
#include "ps.h"

#include "report/report.h"

#include <string.h>

static void put_int(JsonBuilder *json, const char *name, gboolean known, gint64 value)
{
  json_builder_set_member_name(json, name);
  if (known)
    json_builder_add_int_value(json, value);
  else
    json_builder_add_null_value(json);
}

static void put_time(JsonBuilder *json, const PsTable *table, const char *name, gboolean known,
                     gint64 timeline_ns)
{
  put_int(json, name, known, tb_source_to_output(table->reference, (TbMachineTime){ timeline_ns }).ns);
}

static void put_string(JsonBuilder *json, const char *name, const char *text)
{
  json_builder_set_member_name(json, name);
  tb_report_build_string(json, text);
}

static void put_entry(JsonBuilder *json, const PsTable *table, gboolean timed, gint64 time_ns,
                      const char *member, const char *text)
{
  json_builder_begin_object(json);
  put_time(json, table, "time_ns", timed, time_ns);
  put_string(json, member, text);
  json_builder_end_object(json);
}

/* One ring of changes: the string it starts with, then each change of the wanted kind. */
static void put_strings(JsonBuilder *json, const PsTable *table, const char *name, guint32 last,
                        guint32 first, gboolean timed, gint64 start_ns, gboolean exe)
{
  const TbTimeline *timeline = table->machine->timeline;
  const char *member = exe ? "path" : "comm";
  json_builder_set_member_name(json, name);
  json_builder_begin_array(json);
  if (first)
    put_entry(json, table, timed, start_ns, member, tb_timeline_get_string(timeline, first));
  guint32 at = last;
  while (at != TB_PROC_NONE) {
    at = tb_timeline_get_change(timeline, at)->next;
    const TbChange *change = tb_timeline_get_change(timeline, at);
    if (tb_change_is_exe(change) == exe)
      put_entry(json, table, TRUE, change->time_ns, member,
                tb_timeline_get_string(timeline, tb_change_string(change)));
    if (at == last)
      break;
  }
  json_builder_end_array(json);
}

static void put_main_thread(JsonBuilder *json, const PsTable *table, const TbProcess *process)
{
  const TbTimeline *timeline = table->machine->timeline;
  gboolean timed = process->start.known == TB_KNOWN_SEEN && !process->start.comm_saved;
  gboolean ended = process->end.known == TB_KNOWN_SEEN;
  gint64 end_ns = process->end_ns;
  for (guint32 at = process->end.leader_left ? process->threads : TB_PROC_NONE; at != TB_PROC_NONE;) {
    const TbThread *thread = tb_timeline_get_thread(timeline, at);
    if (thread->tid == process->pid) {
      ended = TRUE;
      end_ns = thread->end_ns;
    }
    at = thread->next == process->threads ? TB_PROC_NONE : thread->next;
  }
  json_builder_begin_object(json);
  put_int(json, "tid", TRUE, process->pid);
  put_time(json, table, "start_ns", process->start.known == TB_KNOWN_SEEN, process->start_ns);
  put_time(json, table, "end_ns", ended, end_ns);
  put_strings(json, table, "names", process->changes, process->comm, timed, process->start_ns,
              FALSE);
  json_builder_end_object(json);
}

static void put_thread(JsonBuilder *json, const PsTable *table, const TbThread *thread)
{
  gboolean timed = thread->start_known == TB_KNOWN_SEEN && !thread->comm_saved;
  json_builder_begin_object(json);
  put_int(json, "tid", TRUE, thread->tid);
  put_time(json, table, "start_ns", thread->start_known == TB_KNOWN_SEEN, thread->start_ns);
  put_time(json, table, "end_ns", thread->end_known == TB_KNOWN_SEEN, thread->end_ns);
  put_strings(json, table, "names", thread->changes, thread->comm, timed, thread->start_ns,
              FALSE);
  json_builder_end_object(json);
}

static void put_threads(JsonBuilder *json, const PsTable *table, guint32 id,
                        const PsAliases *aliases)
{
  const TbTimeline *timeline = table->machine->timeline;
  const TbProcess *process = tb_timeline_get_process(timeline, id);
  json_builder_set_member_name(json, "threads");
  json_builder_begin_array(json);
  put_main_thread(json, table, process);
  guint32 at = process->threads;
  while (at != TB_PROC_NONE) {
    at = tb_timeline_get_thread(timeline, at)->next;
    const TbThread *thread = tb_timeline_get_thread(timeline, at);
    if (thread->tid && thread->tid != process->pid)
      put_thread(json, table, thread);
    if (at == process->threads)
      break;
  }
  /* Threads from before the recording whose process became known later. */
  for (guint i = 0; i < aliases->len; i++) {
    const TbProcess *alias =
        tb_timeline_get_process(timeline, g_array_index(aliases, guint32, i));
    if (tb_timeline_resolve(timeline, g_array_index(aliases, guint32, i)) == id &&
        alias->pid != process->pid)
      put_main_thread(json, table, alias);
  }
  json_builder_end_array(json);
}

static void put_traffic(JsonBuilder *json, const char *name, const TbTraffic *traffic)
{
  json_builder_set_member_name(json, name);
  tb_report_build_traffic(traffic, json);
}

static void put_process(JsonBuilder *json, const PsTable *table, guint32 id,
                        const PsAliases *aliases)
{
  const TbTimeline *timeline = table->machine->timeline;
  const TbProcess *process = tb_timeline_get_process(timeline, id);
  guint32 parent = tb_timeline_resolve(timeline, process->parent);
  gboolean has_parent = parent != TB_PROC_NONE;
  gboolean started = process->start.known == TB_KNOWN_SEEN;
  json_builder_begin_object(json);
  put_int(json, "id", TRUE, id);
  put_int(json, "pid", TRUE, process->pid);
  put_int(json, "parent", has_parent, parent);
  put_int(json, "ppid", has_parent,
          has_parent ? tb_timeline_get_process(timeline, parent)->pid : 0);
  put_time(json, table, "start_ns", started, process->start_ns);
  put_time(json, table, "end_ns", process->end.known == TB_KNOWN_SEEN, process->end_ns);
  put_int(json, "exit_code", process->end.has_code, process->exit_code);
  put_int(json, "exit_signal", process->end.has_signal, process->exit_signal);
  put_strings(json, table, "names", process->changes, process->comm,
              started && !process->start.comm_saved, process->start_ns, FALSE);
  put_strings(json, table, "exe", process->changes, process->exe, started, process->start_ns,
              TRUE);
  TbProcessFacts facts = tb_timeline_get_facts(timeline, id);
  if (facts.command_line || facts.user || facts.integrity) {
    put_string(json, "command_line", tb_timeline_get_string(timeline, facts.command_line));
    put_string(json, "user", tb_timeline_get_string(timeline, facts.user));
    put_string(json, "integrity", tb_timeline_get_string(timeline, facts.integrity));
  }
  if (table->tally) {
    TbProcessTraffic traffic = tb_tally_get_process(table->tally, table->machine, id);
    put_traffic(json, "sent", &traffic.sent);
    put_traffic(json, "received", &traffic.received);
  }
  put_threads(json, table, id, aliases);
  json_builder_end_object(json);
}

static void put_machine(JsonBuilder *json, const TbRun *run, const TbMachine *machine,
                        gint64 at_ns)
{
  PsTable table;
  ps_table_init(&table, run, machine, at_ns);
  g_autoptr(PsAliases) aliases = ps_find_aliases(machine->timeline);
  json_builder_begin_object(json);
  put_string(json, "name", tb_machine_get_label(machine));
  if (table.tally) {
    TbTraffic not_named, all = tb_tally_get_machine(table.tally, machine, &not_named);
    put_traffic(json, "captured", &all);
    put_traffic(json, "not_named", &not_named);
  }
  json_builder_set_member_name(json, "processes");
  json_builder_begin_array(json);
  for (guint32 i = 0; i < tb_timeline_get_n_processes(machine->timeline); i++)
    if (ps_is_shown(machine->timeline, i, table.at_ns))
      put_process(json, &table, i, aliases);
  json_builder_end_array(json);
  json_builder_end_object(json);
}

void ps_build_json(const TbRun *run, gint64 at_ns, JsonBuilder *json)
{
  const GPtrArray *machines = tb_run_get_machines(run);
  json_builder_begin_object(json);
  put_int(json, "schema", TRUE, 1);
  json_builder_set_member_name(json, "machines");
  json_builder_begin_array(json);
  for (guint m = 0; m < machines->len; m++)
    put_machine(json, run, g_ptr_array_index(machines, m), at_ns);
  json_builder_end_array(json);
  json_builder_end_object(json);
}
