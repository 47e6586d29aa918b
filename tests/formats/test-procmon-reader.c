/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reading good logs of 32- and 64-bit systems: every operation and Detail of
 * the sample, the machine, processes, strings, stacks, addresses, times.
 */
#include "support/made-item.h"
#include "support/pml-open.h"
#include "support/pml-sample.h"

#include <glib/gstdio.h>
#include <string.h>

static void check_column(const TbRecord *event, guint row, const char *name, const char *expected)
{
  g_autofree char *text = pml_open_text(event, name);
  if (g_strcmp0(text, expected) != 0)
    g_test_message("row %u, %s", row, name);
  g_assert_cmpstr(text, ==, expected);
}

static void test_sample_columns(gconstpointer is64)
{
  g_autoptr(PmlBuilder) builder = pml_builder_new(GPOINTER_TO_INT(is64));
  g_autoptr(GArray) rows = pml_sample_build(builder);
  const TbBuf *file = pml_builder_finish(builder);
  g_auto(PmlOpen) open = pml_open_memory(file->data, file->len, NULL);
  TbRecord event;
  guint damaged = 0;
  g_assert_no_error(open.error);
  for (guint pass = 0; pass < 2; pass++) {
    for (guint i = 0; i < rows->len; i++) {
      const PmlSampleRow *row = &g_array_index(rows, PmlSampleRow, i);
      g_assert_true(pml_open_next(&open, &event, &damaged));
      g_assert_cmpuint(event.offset, ==, pml_builder_event_offset(builder, i));
      check_column(&event, i, "Operation", row->operation);
      check_column(&event, i, "Path", row->path);
      check_column(&event, i, "Result", row->result);
      check_column(&event, i, "Detail", row->detail);
      check_column(&event, i, "Category", row->category);
    }
    g_assert_false(pml_open_next(&open, &event, &damaged));
    const TbSource *source = g_ptr_array_index(open.reader->sources, 0);
    g_assert_cmpuint(source->counts.records, ==, rows->len);
    g_assert_cmpuint(source->counts.expected, ==, rows->len);
    g_assert_true(tb_reader_rewind(open.reader, NULL));
  }
  g_assert_cmpuint(damaged, ==, 0);
  g_assert_cmpuint(tb_damage_log_get_n(open.damage), ==, 0);
}

static void check_text(const TbRecord *event, const char *expected)
{
  g_auto(TbBuf) text = { 0 };
  tb_record_append_text(event, &text);
  tb_buf_append_c(&text, 0);
  g_assert_cmpstr((const char *)text.data, ==, expected);
}

static void test_rows(void)
{
  g_autoptr(PmlBuilder) builder = pml_builder_new(TRUE);
  g_autoptr(GArray) rows = pml_sample_build(builder);
  const TbBuf *file = pml_builder_finish(builder);
  g_auto(PmlOpen) open = pml_open_memory(file->data, file->len, NULL);
  TbRecord event;
  g_assert_true(pml_open_next(&open, &event, NULL));
  g_assert_true(tb_event_type_is(event.type, "procmon", "Process Create"));
  check_text(&event,
             "C:\\Windows\\notepad.exe [SUCCESS] PID: 2984, Command line: notepad.exe a.txt");
  g_assert_true(pml_open_next(&open, &event, NULL));
  check_text(&event, "[SUCCESS] Parent PID: 1364, Command line: notepad.exe a.txt, Current "
                     "directory: C:\\Temp\\, Environment: ; Path=C:\\Windows; TEMP=C:\\T");
  gboolean pending = FALSE;
  gboolean unknown = FALSE;
  while (pml_open_next(&open, &event, NULL)) {
    if (tb_event_type_is(event.type, "procmon", "WriteFile")) {
      pending = TRUE;
      check_text(&event, "C:\\T\\a.txt [PENDING] Offset: 0, Length: 512, I/O Flags: Write Through");
      g_assert_false(event.flags & TB_RECORD_DURATION);
    } else if (event.type->name[0] == '<') {
      unknown = TRUE;
      check_text(&event, "class 9 operation 1 [SUCCESS]");
    } else {
      g_assert_true(event.flags & TB_RECORD_DURATION);
      g_assert_cmpuint(event.value, ==, 16100);
    }
  }
  g_assert_true(pending && unknown);
}

static void test_unknown_sub_operation(void)
{
  g_autoptr(PmlBuilder) builder = pml_builder_new(FALSE);
  g_auto(TbBuf) detail = { 0 };
  pml_build_file(&detail, FALSE, 222, 0, NULL, "C:\\x", FALSE);
  pml_builder_add_event(builder, &(PmlBuilderEvent){ .class = 3, .operation = 26,
                                                     .detail = &detail });
  const TbBuf *file = pml_builder_finish(builder);
  g_auto(PmlOpen) open = pml_open_memory(file->data, file->len, NULL);
  TbRecord event;
  g_assert_true(pml_open_next(&open, &event, NULL));
  g_assert_cmpstr(event.type->name, ==, "SetInformationFile 222");
  check_column(&event, 0, "Operation", "<Unknown>");
  check_column(&event, 0, "Path", "C:\\x");
}

static void test_machine(void)
{
  for (gint is64 = 0; is64 < 2; is64++) {
    g_autoptr(PmlBuilder) builder = pml_builder_new(is64);
    const TbBuf *file = pml_builder_finish(builder);
    g_auto(PmlOpen) open = pml_open_memory(file->data, file->len, NULL);
    TbRecord event;
    g_assert_no_error(open.error);
    const TbMachine *machine = g_ptr_array_index(open.reader->machines, 0);
    g_assert_cmpstr(machine->name, ==, is64 ? "BUILT64" : "BUILT32");
    g_assert_cmpint(machine->os, ==, TB_OS_WINDOWS);
    g_assert_cmpstr(machine->os_version, ==,
                    is64 ? "Windows 10 (build 19045)" : "Windows 7, Service Pack 1 (build 7601)");
    g_assert_cmpint(machine->arch, ==, is64 ? TB_ARCH_X86_64 : TB_ARCH_X86_32);
    g_assert_cmpuint(machine->n_cpus, ==, 2);
    g_assert_cmpuint(machine->memory_bytes, ==, 2147483648u);
    g_assert_nonnull(strstr(machine->identity, machine->name));
    const TbSource *source = g_ptr_array_index(open.reader->sources, 0);
    g_autofree char *name = tb_source_dup_interface_name(source);
    g_assert_cmpstr(name, ==, is64 ? "BUILT64:procmon" : "BUILT32:procmon");
    g_assert_true(source->clock.axis.realtime);
    g_assert_cmpuint(strlen(source->key), ==, 8);
    g_assert_false(pml_open_next(&open, &event, NULL)); /* no event at all */
  }
}

static void test_process_fields(void)
{
  g_autoptr(PmlBuilder) builder = pml_builder_new(TRUE);
  g_autoptr(GArray) rows = pml_sample_build(builder);
  const TbBuf *file = pml_builder_finish(builder);
  g_auto(PmlOpen) open = pml_open_memory(file->data, file->len, NULL);
  TbRecord event;
  g_assert_true(pml_open_next(&open, &event, NULL)); /* Process Create, by Explorer */
  g_assert_cmpint(event.tid, ==, 4242);
  check_column(&event, 0, "PID", "1364");
  check_column(&event, 0, "TID", "4242");
  check_column(&event, 0, "Parent PID", "1296");
  check_column(&event, 0, "Process Index", "102");
  check_column(&event, 0, "Parent Process Index", "77");
  check_column(&event, 0, "Child Process Index", "105");
  check_column(&event, 0, "Child PID", "2984");
  check_column(&event, 0, "Child Command Line", "notepad.exe a.txt");
  check_column(&event, 0, "Process Name", "Explorer.EXE");
  check_column(&event, 0, "Image Path", "C:\\Windows\\Explorer.EXE");
  check_column(&event, 0, "Command Line", "\"C:\\Windows\\Explorer.EXE\" /n");
  check_column(&event, 0, "Company", "Microsoft Corporation");
  check_column(&event, 0, "Description", "Windows Explorer");
  check_column(&event, 0, "Version", "6.1.7600.16385");
  check_column(&event, 0, "User", "BUILT\\tester");
  check_column(&event, 0, "Authentication ID", "00000000:00014794");
  check_column(&event, 0, "Session", "1");
  check_column(&event, 0, "Virtualized", "False");
  check_column(&event, 0, "Integrity", "Medium");
  check_column(&event, 0, "Architecture", "64-bit");
  check_column(&event, 0, "Event Class", "Process");
  check_column(&event, 0, "Sequence", "n/a");
  check_column(&event, 0, "Process End Time", NULL);
  g_assert_true(pml_open_next(&open, &event, NULL)); /* Process Start, in notepad */
  check_column(&event, 1, "Virtualized", "True");
  check_column(&event, 1, "Architecture", "32-bit");
  check_column(&event, 1, "Process Start Time", "1596178507000001000");
  check_column(&event, 1, "Process End Time", "1596178507000006000");
  while (pml_open_next(&open, &event, NULL))
    continue;
  check_column(&event, 2, "PID", NULL); /* the last event's process is not in the table */
  check_column(&event, 2, "Process Name", NULL);
}

static void test_strings_surrogates(void)
{
  static const guint16 units[] = { 'a', 0xd83d, 0xde00, 0xd83d, 'b', 0xde00 };
  g_autoptr(PmlBuilder) builder = pml_builder_new(TRUE);
  pml_builder_add_process(builder, &(PmlBuilderProcess){ .index = 5, .name = "x" });
  pml_builder_set_process_name(builder, pml_builder_add_units(builder, units, 6));
  pml_builder_add_event(builder, &(PmlBuilderEvent){ .class = 1, .operation = 9,
                                                     .process_index = 5 });
  const TbBuf *file = pml_builder_finish(builder);
  g_auto(PmlOpen) open = pml_open_memory(file->data, file->len, NULL);
  TbRecord event;
  g_assert_true(pml_open_next(&open, &event, NULL));
  check_column(&event, 0, "Process Name", "a\xf0\x9f\x98\x80\\uD83Db\\uDE00");
}

static void test_stack(void)
{
  g_autoptr(PmlBuilder) builder = pml_builder_new(TRUE);
  g_autoptr(GArray) rows = pml_sample_build(builder);
  g_autoptr(GHashTable) settings = g_hash_table_new(g_str_hash, g_str_equal);
  const TbBuf *file = pml_builder_finish(builder);
  g_hash_table_insert(settings, (gpointer)"stacks", (gpointer)"yes");
  g_auto(PmlOpen) open = pml_open_memory(file->data, file->len, settings);
  TbRecord event;
  gboolean seen = FALSE;
  while (pml_open_next(&open, &event, NULL)) {
    if (!tb_event_type_is(event.type, "procmon", "RegFlushKey"))
      continue;
    g_autofree char *stack = pml_open_text(&event, "Stack");
    seen = TRUE;
    g_assert_cmpstr(stack, ==, "ntoskrnl.exe+0x1000 Explorer.EXE+0x1234 0x10");
    check_text(&event, "HKU\\X [SUCCESS] Stack: ntoskrnl.exe+0x1000 Explorer.EXE+0x1234 0x10");
  }
  g_assert_true(seen);
}

static void test_addresses(void)
{
  g_autoptr(PmlBuilder) builder = pml_builder_new(FALSE);
  g_autoptr(GArray) rows = pml_sample_build(builder);
  const TbBuf *file = pml_builder_finish(builder);
  g_auto(PmlOpen) open = pml_open_memory(file->data, file->len, NULL);
  TbRecord event;
  TbAddresses a;
  guint seen = 0;
  while (pml_open_next(&open, &event, NULL)) {
    gboolean any = event.type->ops->get_addresses(event.type, &event, &a);
    g_assert_true(any == (strncmp(event.type->name, "TCP", 3) == 0 ||
                          strncmp(event.type->name, "UDP", 3) == 0));
    seen += any;
    if (tb_event_type_is(event.type, "procmon", "TCP Send")) {
      g_assert_cmpuint(a.family, ==, 4);
      g_assert_cmpuint(a.protocol, ==, 6);
      g_assert_cmpmem(a.local, 4, "\xc0\xa8\x01\x07", 4);
      g_assert_cmpmem(a.remote, 4, "\x0a\x00\x00\x01", 4);
      g_assert_cmpuint(a.local_port, ==, 49383);
      g_assert_cmpuint(a.remote_port, ==, 443);
      g_assert_true(a.to_remote);
      check_column(&event, 0, "Local Address", "192.168.1.7");
      check_column(&event, 0, "Remote Port", "443");
      check_column(&event, 0, "Length", "1460");
    } else if (tb_event_type_is(event.type, "procmon", "UDP Receive")) {
      g_assert_cmpuint(a.family, ==, 6);
      g_assert_cmpuint(a.protocol, ==, 17);
      g_assert_false(a.to_remote);
      check_column(&event, 0, "Remote Address", "fe80::2");
    }
  }
  g_assert_cmpuint(seen, ==, 11);
}

static void test_failed(void)
{
  static const struct {
    guint32 status;
    gboolean failed;
  } cases[] = { { 0, FALSE }, { 0x103, FALSE }, { 0x80000005, FALSE }, { 0xc0000034, TRUE } };
  g_autoptr(PmlBuilder) builder = pml_builder_new(TRUE);
  for (guint i = 0; i < G_N_ELEMENTS(cases); i++)
    pml_builder_add_event(builder, &(PmlBuilderEvent){ .class = 1, .operation = 9,
                                                       .status = cases[i].status });
  const TbBuf *file = pml_builder_finish(builder);
  g_auto(PmlOpen) open = pml_open_memory(file->data, file->len, NULL);
  TbRecord event;
  for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
    g_assert_true(pml_open_next(&open, &event, NULL));
    g_assert_true(!!(event.flags & TB_RECORD_FAILED) == cases[i].failed);
  }
}

static void test_times(void)
{
  g_autoptr(PmlBuilder) builder = pml_builder_new(TRUE);
  guint64 starts[] = { PML_BUILDER_START, PML_BUILDER_START, PML_BUILDER_START + 1,
                       G_GUINT64_CONSTANT(0xffffffffffffffff), PML_BUILDER_START + 2 };
  for (guint i = 0; i < G_N_ELEMENTS(starts); i++)
    pml_builder_add_event(builder, &(PmlBuilderEvent){ .class = 1, .operation = 9,
                                                       .start = starts[i] });
  const TbBuf *file = pml_builder_finish(builder);
  g_auto(PmlOpen) open = pml_open_memory(file->data, file->len, NULL);
  TbRecord event;
  TbRecord before = { 0 };
  guint damaged = 0;
  for (guint i = 0; pml_open_next(&open, &event, &damaged); i++) {
    g_assert_cmpint(event.time.ns, ==,
                    G_GINT64_CONSTANT(1596178507000000000) +
                        (gint64)(event.tie == 5 ? 200 : event.tie == 3 ? 100 : 0));
    TbItem item = item_of(&event), item_before = item_of(&before);
    if (i)
      g_assert_cmpint(tb_item_compare(&item_before, &item), <, 0);
    before = event;
    before.data = NULL;
    before.len = 0;
    g_assert_cmpuint(event.sequence, ==, i);
  }
  g_assert_cmpuint(damaged, ==, 1);
  g_assert_true(pml_open_damage(&open, pml_builder_event_offset(builder, 3) + 0x1c,
                                "time cannot be told"));
}

static void test_past_4_gib(void)
{
  g_autoptr(PmlBuilder) builder = pml_builder_new(TRUE);
  g_autofree char *folder = g_dir_make_tmp("tb-pml-XXXXXX", NULL);
  g_autofree char *path = g_build_filename(folder, "big.PML", NULL);
  g_autoptr(GError) error = NULL;
  g_autoptr(TbDamageLog) damage = tb_damage_log_new(10);
  pml_builder_add_process(builder, &(PmlBuilderProcess){ .index = 5, .name = "far.exe" });
  for (guint i = 0; i < 3; i++)
    pml_builder_add_event(builder, &(PmlBuilderEvent){ .class = 1, .operation = 9,
                                                       .process_index = 5,
                                                       .gap = i ? 5ull << 30 : 0 });
  gboolean written = pml_builder_write_sparse(builder, path);
  if (written) {
    TbInput *input = tb_input_open(path, tb_limits_default(), &error);
    g_assert_no_error(error);
    g_autoptr(TbReader) reader =
        tb_reader_open(&tb_procmon_reader, input, tb_limits_default(), damage, &error);
    g_assert_no_error(error);
    TbRecord event;
    for (guint i = 0; i < 3; i++) {
      g_assert_cmpint(tb_reader_next(reader, 0, &event, &error), ==, TB_READ_RECORD);
      g_assert_cmpuint(event.offset, ==, pml_builder_event_offset(builder, i));
      check_column(&event, i, "Process Name", "far.exe");
    }
    g_assert_cmpuint(event.offset, >, 10ull << 30);
    g_assert_cmpint(tb_reader_next(reader, 0, &event, &error), ==, TB_READ_END);
  }
  g_unlink(path);
  g_rmdir(folder);
  if (!written)
    g_test_skip("the file system has no room for a sparse file of 10 GiB");
}

static void test_kept_sample(void)
{
  g_autofree char *path =
      g_build_filename(g_getenv("TB_SOURCE_ROOT"), "samples", "procmon-small.PML", NULL);
  g_autofree char *kept = NULL;
  gsize len = 0;
  g_autoptr(GError) error = NULL;
  g_autoptr(PmlBuilder) builder = pml_builder_new(TRUE);
  g_autoptr(GArray) rows = pml_sample_build(builder);
  const TbBuf *file = pml_builder_finish(builder);
  g_file_get_contents(path, &kept, &len, &error);
  g_assert_no_error(error);
  g_assert_cmpmem(kept, len, file->data, file->len);
}

static void check_notepad(const TbTimeline *timeline, guint32 id)
{
  const TbProcess *process = tb_timeline_get_process(timeline, id);
  const TbProcess *parent = tb_timeline_get_process(timeline, process->parent);
  TbProcessFacts facts = tb_timeline_get_facts(timeline, id);
  g_assert_cmpint(process->pid, ==, 2984);
  g_assert_cmpint(parent->pid, ==, 1364);
  g_assert_cmpint(process->start_ns, ==, G_GINT64_CONSTANT(1596178507000001000));
  g_assert_cmpint(process->end_ns, ==, G_GINT64_CONSTANT(1596178507000006000));
  g_assert_cmpstr(tb_timeline_get_string(timeline, process->comm), ==, "notepad.exe");
  g_assert_cmpstr(tb_timeline_get_string(timeline, process->exe), ==, "C:\\Windows\\notepad.exe");
  g_assert_cmpstr(tb_timeline_get_string(timeline, facts.command_line), ==, "notepad.exe a.txt");
  g_assert_cmpstr(tb_timeline_get_string(timeline, facts.user), ==, "BUILT\\tester");
  g_assert_cmpstr(tb_timeline_get_string(timeline, facts.integrity), ==, "Medium");
}

static void test_timeline(void)
{
  g_autoptr(PmlBuilder) builder = pml_builder_new(TRUE);
  g_autoptr(GArray) rows = pml_sample_build(builder);
  g_autoptr(TbTimeline) other = tb_timeline_new();
  const TbBuf *file = pml_builder_finish(builder);
  g_auto(PmlOpen) open = pml_open_memory(file->data, file->len, NULL);
  const TbMachine *machine = g_ptr_array_index(open.reader->machines, 0);
  g_assert_cmpuint(tb_timeline_get_n_processes(machine->timeline), ==, 4);
  check_notepad(machine->timeline, 3); /* in the order of their starts */
  const TbProcess *explorer = tb_timeline_get_process(machine->timeline, 2);
  g_assert_cmpint(explorer->end_ns, ==, TB_TIME_NEVER);
  g_assert_cmpuint(explorer->parent, ==, TB_PROC_NONE); /* not in the table */
  tb_timeline_add_process(other, 77);
  tb_timeline_absorb(other, machine->timeline);
  g_assert_cmpuint(tb_timeline_get_n_processes(other), ==, 5);
  check_notepad(other, 4);
  g_assert_cmpuint(tb_timeline_find_life_at(other, 2984, G_GINT64_CONSTANT(1596178507000002000)),
                   ==, tb_life_of_process(4));
}

static void test_actor(void)
{
  g_autoptr(PmlBuilder) builder = pml_builder_new(FALSE);
  g_autoptr(GArray) rows = pml_sample_build(builder);
  const TbBuf *file = pml_builder_finish(builder);
  g_auto(PmlOpen) open = pml_open_memory(file->data, file->len, NULL);
  TbRecord event;
  TbContext scratch;
  g_assert_true(pml_open_next(&open, &event, NULL));
  TbItem item = item_of(&event);
  const TbContext *actor = tb_item_get_actor(&item, &scratch);
  g_assert_nonnull(actor);
  g_assert_cmpint(actor->pid, ==, 1364);
  g_assert_cmpint(actor->tid, ==, 4242);
  g_assert_cmpint(actor->ppid, ==, 1296);
  g_assert_true(actor->pid_known);
  g_assert_cmpstr(actor->comm, ==, "Explorer.EXE");
  g_assert_cmpstr(actor->exe, ==, "C:\\Windows\\Explorer.EXE");
  g_assert_cmpstr(actor->cmdline, ==, "\"C:\\Windows\\Explorer.EXE\" /n");
  while (pml_open_next(&open, &event, NULL))
    continue;
  item = item_of(&event);
  g_assert_null(tb_item_get_actor(&item, &scratch)); /* a process the table does not have */
}

static void test_settings(void)
{
  g_autoptr(PmlBuilder) builder = pml_builder_new(TRUE);
  g_autoptr(GArray) rows = pml_sample_build(builder);
  g_autoptr(GHashTable) settings = g_hash_table_new(g_str_hash, g_str_equal);
  const TbBuf *file = pml_builder_finish(builder);
  TbRecord event;
  guint seen = 0;
  g_hash_table_insert(settings, (gpointer)"tz", (gpointer)"+02:00");
  g_hash_table_insert(settings, (gpointer)"listing", (gpointer)"plain");
  g_auto(PmlOpen) open = pml_open_memory(file->data, file->len, settings);
  while (pml_open_next(&open, &event, NULL)) {
    g_autofree char *detail = pml_open_text(&event, "Detail");
    if (tb_event_type_is(event.type, "procmon", "QueryDirectory") && seen++ == 0)
      g_assert_cmpstr(detail, ==, "0: ., 1: .., 2: a, 3: b");
    else if (tb_event_type_is(event.type, "procmon", "QueryInformationVolume") && ++seen)
      g_assert_true(g_str_has_prefix(detail, "VolumeCreationTime: 7/31/2020 8:55:07 AM,"));
  }
  g_assert_cmpuint(seen, ==, 4);
  g_hash_table_insert(settings, (gpointer)"tz", (gpointer)"Nowhere/Land");
  g_auto(PmlOpen) bad = pml_open_memory(file->data, file->len, settings);
  g_assert_error(bad.error, TB_ERROR, TB_ERROR_UNSUPPORTED);
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_data_func("/procmon/reader/sample-64", GINT_TO_POINTER(1), test_sample_columns);
  g_test_add_data_func("/procmon/reader/sample-32", GINT_TO_POINTER(0), test_sample_columns);
  g_test_add_func("/procmon/reader/kept-sample-is-built", test_kept_sample);
  g_test_add_func("/procmon/reader/rows", test_rows);
  g_test_add_func("/procmon/reader/unknown-sub-operation", test_unknown_sub_operation);
  g_test_add_func("/procmon/reader/machine", test_machine);
  g_test_add_func("/procmon/reader/process-fields", test_process_fields);
  g_test_add_func("/procmon/reader/lone-surrogates", test_strings_surrogates);
  g_test_add_func("/procmon/reader/stack", test_stack);
  g_test_add_func("/procmon/reader/addresses", test_addresses);
  g_test_add_func("/procmon/reader/failed-operations", test_failed);
  g_test_add_func("/procmon/reader/times-and-ties", test_times);
  g_test_add_func("/procmon/reader/offsets-past-4-gib", test_past_4_gib);
  g_test_add_func("/procmon/reader/timeline", test_timeline);
  g_test_add_func("/procmon/reader/actor", test_actor);
  g_test_add_func("/procmon/reader/settings", test_settings);
  return g_test_run();
}
