/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Logs that are cut, damaged or made to harm: each refused or passed over with
 * the place named, and what salvage still gets out of them.
 */
#include "base/bytes.h"
#include "support/pml-open.h"
#include "support/pml-sample.h"

#include <string.h>

static const guint section_offs[] = { 0x240, 0x248, 0x250, 0x258, 0x260, 0x3a0 };

/* The sample as bytes of its own, to be damaged. */
typedef struct {
  PmlBuilder *builder;
  GArray *rows;
  guint8 *bytes;
  gsize len;
} Victim;

static Victim victim_new(gboolean is64)
{
  Victim v = { .builder = pml_builder_new(is64) };
  v.rows = pml_sample_build(v.builder);
  const TbBuf *file = pml_builder_finish(v.builder);
  v.bytes = g_memdup2(file->data, file->len);
  v.len = file->len;
  return v;
}

static void victim_clear(Victim *v)
{
  pml_builder_free(v->builder);
  g_array_unref(v->rows);
  g_free(v->bytes);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Victim, victim_clear)

static void victim_put_u32(Victim *v, guint64 at, guint32 value)
{
  g_assert_cmpuint(at + 4, <=, v->len);
  tb_put_u32(v->bytes + at, value, FALSE);
}

static guint32 victim_get_u32(const Victim *v, guint64 at)
{
  return tb_get_u32(v->bytes + at, FALSE);
}

static void expect_refused(const Victim *v, TbError code, guint64 offset, const char *words)
{
  g_auto(PmlOpen) open = pml_open_memory(v->bytes, v->len, NULL);
  g_assert_error(open.error, TB_ERROR, (gint)code);
  g_assert_cmphex(tb_error_get_offset(open.error), ==, offset);
  g_assert_cmpstr(tb_error_get_source(open.error), ==, "t.PML");
  if (!strstr(open.error->message, words))
    g_test_message("%s", open.error->message);
  g_assert_nonnull(strstr(open.error->message, words));
}

/* Opens, is read to the end, and the log names the place. Returns: events read */
static guint expect_damage(const Victim *v, guint64 offset, const char *words)
{
  g_auto(PmlOpen) open = pml_open_memory(v->bytes, v->len, NULL);
  TbRecord event;
  guint n = 0;
  g_assert_no_error(open.error);
  while (pml_open_next(&open, &event, NULL))
    n++;
  g_assert_true(pml_open_damage(&open, offset, words));
  return n;
}

static void test_header_wrong(void)
{
  g_auto(Victim) v = victim_new(TRUE);
  victim_put_u32(&v, 4, 10);
  expect_refused(&v, TB_ERROR_UNSUPPORTED, 4, "version 10");
  victim_put_u32(&v, 4, 9);
  victim_put_u32(&v, 8, 2);
  expect_refused(&v, TB_ERROR_CORRUPT, 8, "expected 0 or 1");
  victim_put_u32(&v, 8, 1);
  v.bytes[0] = 'Q';
  expect_refused(&v, TB_ERROR_NOT_RECOGNIZED, 0, "PML_");
  v.bytes[0] = 'P';
  v.len = 0x3a7;
  expect_refused(&v, TB_ERROR_TRUNCATED, 0, "needs 936 bytes, 935 are left");
}

static void test_not_closed(void)
{
  for (guint i = 0; i < G_N_ELEMENTS(section_offs); i++) {
    g_auto(Victim) v = victim_new(FALSE);
    tb_put_u64(v.bytes + section_offs[i], 0, FALSE);
    expect_refused(&v, TB_ERROR_CORRUPT, section_offs[i], "not closed cleanly");
  }
  g_auto(Victim) v = victim_new(FALSE);
  tb_put_u64(v.bytes + 0x398, 0, FALSE);
  expect_refused(&v, TB_ERROR_CORRUPT, 0x398, "not closed cleanly");
}

static void test_sections_outside(void)
{
  for (guint i = 0; i < G_N_ELEMENTS(section_offs); i++) {
    g_auto(Victim) v = victim_new(TRUE);
    tb_put_u64(v.bytes + section_offs[i], v.len + 1, FALSE);
    expect_refused(&v, TB_ERROR_TRUNCATED, section_offs[i], "the offset of the ");
    tb_put_u64(v.bytes + section_offs[i], G_MAXUINT64 - 2, FALSE);
    expect_refused(&v, TB_ERROR_TRUNCATED, section_offs[i], "the offset of the ");
    tb_put_u64(v.bytes + section_offs[i], 0x10, FALSE);
    expect_refused(&v, TB_ERROR_CORRUPT, section_offs[i], "the offset of the ");
  }
}

static void test_tables_overlap(void)
{
  g_auto(Victim) v = victim_new(TRUE);
  guint64 strings = pml_builder_section(v.builder, 0x258);
  guint64 processes = pml_builder_section(v.builder, 0x250);
  tb_put_u64(v.bytes + 0x250, strings, FALSE);
  expect_refused(&v, TB_ERROR_CORRUPT, strings, "0 are left before the string table");
  tb_put_u64(v.bytes + 0x250, strings + 2, FALSE);
  expect_refused(&v, TB_ERROR_CORRUPT, strings, "2 are left before the process table");
  tb_put_u64(v.bytes + 0x250, strings + 8, FALSE);
  expect_refused(&v, TB_ERROR_CORRUPT, strings, "number of strings");
  tb_put_u64(v.bytes + 0x250, processes - 1, FALSE); /* into the offset array */
  expect_refused(&v, TB_ERROR_CORRUPT, pml_builder_section(v.builder, 0x248),
                 "are left before the process table");
}

static void test_counts(void)
{
  static const struct {
    guint section;
    const char *words;
  } counted[] = { { 0x250, "number of processes" },
                  { 0x258, "number of strings" },
                  { 0x3a0, "number of hosts" } };
  for (guint i = 0; i < G_N_ELEMENTS(counted); i++) {
    g_auto(Victim) v = victim_new(FALSE);
    guint64 at = pml_builder_section(v.builder, counted[i].section);
    victim_put_u32(&v, at, 4000000);
    expect_refused(&v, TB_ERROR_CORRUPT, at, counted[i].words);
    victim_put_u32(&v, at, G_MAXUINT32);
    expect_refused(&v, TB_ERROR_LIMIT, at, counted[i].words);
  }
  g_auto(Victim) v = victim_new(FALSE);
  victim_put_u32(&v, 0x234, G_MAXUINT32);
  expect_refused(&v, TB_ERROR_CORRUPT, pml_builder_section(v.builder, 0x248),
                 "event offset array would need 21474836475 bytes");
}

static void test_strings(void)
{
  g_auto(Victim) v = victim_new(TRUE);
  guint64 strings = pml_builder_section(v.builder, 0x258);
  guint64 end = pml_builder_section(v.builder, 0x260);
  guint64 rel = strings + 4 + 4 * 5;
  guint32 kept = victim_get_u32(&v, rel);
  guint64 at = strings + kept;
  guint32 len = victim_get_u32(&v, at);
  victim_put_u32(&v, rel, (guint32)(end - strings));
  g_assert_cmpuint(expect_damage(&v, rel, "past the end of the string table"), ==, v.rows->len);
  victim_put_u32(&v, rel, G_MAXUINT32);
  g_assert_cmpuint(expect_damage(&v, rel, "past the end of the string table"), ==, v.rows->len);
  victim_put_u32(&v, rel, kept);
  victim_put_u32(&v, at, G_MAXUINT32);
  g_assert_cmpuint(expect_damage(&v, at, "has no end"), ==, v.rows->len);
  victim_put_u32(&v, at, len);
  /* One long string under every number: more text than the table has bytes. */
  guint32 n = victim_get_u32(&v, strings);
  guint64 first = strings + 4 + 4 * n;
  victim_put_u32(&v, first, (guint32)(end - first - 4));
  for (guint i = 0; i < n; i++)
    victim_put_u32(&v, strings + 4 + 4 * i, (guint32)(4 + 4 * n));
  g_assert_cmpuint(expect_damage(&v, first, "longer than the table"), ==, v.rows->len);
}

static void test_string_indexes(void)
{
  g_auto(Victim) v = victim_new(FALSE);
  guint64 processes = pml_builder_section(v.builder, 0x250);
  guint32 n = victim_get_u32(&v, processes);
  guint64 row = processes + victim_get_u32(&v, processes + 4 + 4 * n + 4 * 2);
  victim_put_u32(&v, row + 0x40, 1 << 30);
  g_assert_cmpuint(expect_damage(&v, row + 0x40, "is asked for"), ==, v.rows->len);
}

static void test_processes(void)
{
  g_auto(Victim) v = victim_new(TRUE);
  guint64 processes = pml_builder_section(v.builder, 0x250);
  guint32 n = victim_get_u32(&v, processes);
  guint64 rels = processes + 4 + 4 * n;
  guint32 kept = victim_get_u32(&v, rels + 4);
  guint64 row = processes + kept;
  victim_put_u32(&v, rels + 4, G_MAXUINT32);
  expect_damage(&v, rels + 4, "past the end of the process table");
  victim_put_u32(&v, rels + 4, (guint32)(pml_builder_section(v.builder, 0x258) - processes - 8));
  expect_damage(&v, pml_builder_section(v.builder, 0x258) - 8, "a process needs 104 bytes");
  victim_put_u32(&v, rels + 4, victim_get_u32(&v, rels));
  expect_damage(&v, processes + victim_get_u32(&v, rels), "stands twice");
  victim_put_u32(&v, rels + 4, kept);
  victim_put_u32(&v, row + 0x68, 1 << 20);
  expect_damage(&v, row + 0x68, "number of modules");
}

static void test_parent_cycle(void)
{
  g_auto(Victim) v = victim_new(TRUE);
  guint64 processes = pml_builder_section(v.builder, 0x250);
  guint32 n = victim_get_u32(&v, processes);
  guint64 rels = processes + 4 + 4 * n;
  guint64 explorer = processes + victim_get_u32(&v, rels + 8);
  guint64 notepad = processes + victim_get_u32(&v, rels + 12);
  victim_put_u32(&v, explorer + 0xc, victim_get_u32(&v, notepad));
  expect_damage(&v, processes, "each other's ancestors");
}

static void test_hosts(void)
{
  g_auto(Victim) v = victim_new(TRUE);
  guint64 hosts = pml_builder_section(v.builder, 0x3a0);
  victim_put_u32(&v, hosts + 4 + 16, 1 << 19);
  expect_refused(&v, TB_ERROR_TRUNCATED, hosts + 24, "a name needs 524288 bytes");
  victim_put_u32(&v, hosts + 4 + 16, G_MAXUINT32);
  expect_refused(&v, TB_ERROR_LIMIT, hosts + 20, "a name has 4294967295 bytes");
}

static void test_event_offsets(void)
{
  g_auto(Victim) v = victim_new(FALSE);
  guint64 array = pml_builder_section(v.builder, 0x248);
  guint n = v.rows->len;
  guint32 kept = victim_get_u32(&v, array + 5 * 10);
  victim_put_u32(&v, array + 5 * 10, 8); /* into the header; the one before then has no end */
  g_assert_cmpuint(expect_damage(&v, array + 5 * 10, "outside the event records"), ==, n - 2);
  victim_put_u32(&v, array + 5 * 10, 0xfffffff0);
  g_assert_cmpuint(expect_damage(&v, array + 5 * 10, "outside the event records"), ==, n - 1);
  victim_put_u32(&v, array + 5 * 10, victim_get_u32(&v, array + 5 * 11));
  g_assert_cmpuint(expect_damage(&v, array + 5 * 10, "not before the next"), ==, n - 1);
  victim_put_u32(&v, array + 5 * 10, victim_get_u32(&v, array + 5 * 3) + 1);
  g_assert_cmpuint(expect_damage(&v, array + 5 * 10, "behind the one before it"), ==, n - 2);
  victim_put_u32(&v, array + 5 * 10, kept);
  v.bytes[array + 5 * 10 + 4] = 1; /* 4 GiB further */
  g_assert_cmpuint(expect_damage(&v, array + 5 * 10, "outside the event records"), ==, n - 1);
}

static void test_event_sizes(void)
{
  g_auto(Victim) v = victim_new(TRUE);
  guint64 at = pml_builder_event_offset(v.builder, 50);
  guint n = v.rows->len;
  guint32 detail = victim_get_u32(&v, at + 0x2c);
  victim_put_u32(&v, at + 0x2c, G_MAXUINT32);
  g_assert_cmpuint(expect_damage(&v, at, "passes its end"), ==, n - 1);
  victim_put_u32(&v, at + 0x2c, detail);
  victim_put_u32(&v, at + 0x30, G_MAXUINT32);
  g_assert_cmpuint(expect_damage(&v, at, "passes its end"), ==, n - 1);
  victim_put_u32(&v, at + 0x30, 4);
  g_assert_cmpuint(expect_damage(&v, at, "passes its end"), ==, n - 1);
  victim_put_u32(&v, at + 0x30, 0);
  tb_put_u16(v.bytes + at + 0x28, 0xffff, FALSE);
  g_assert_cmpuint(expect_damage(&v, at, "passes its end"), ==, n - 1);
}

/* Everything a row can be asked for. */
static void ask_all(const TbRecord *event, TbBuf *text)
{
  TbAddresses addresses;
  tb_buf_reset(text);
  tb_record_append_text(event, text);
  event->type->ops->get_addresses(event->type, event, &addresses);
  for (guint i = 0; i < event->type->n_fields; i++) {
    const guint8 *bytes = NULL;
    gsize len = 0;
    gint64 number;
    if (tb_field_get_bytes(&event->type->fields[i], event, &bytes, &len))
      g_assert_true(g_utf8_validate_len((const char *)bytes, len, NULL));
    tb_field_get_int(&event->type->fields[i], event, &number);
  }
}

/* Reads all there is. Returns: events, -1 when refused */
static gint read_all(const guint8 *bytes, gsize len, GHashTable *settings)
{
  g_autofree guint8 *exact = g_memdup2(bytes, len); /* so that a checker sees its end */
  g_auto(PmlOpen) open = pml_open_memory(exact ? exact : (const guint8 *)"", len, settings);
  g_auto(TbBuf) text = { 0 };
  TbRecord event;
  gint n = 0;
  if (!open.reader)
    return -1;
  while (pml_open_next(&open, &event, NULL)) {
    ask_all(&event, &text);
    n++;
  }
  return n;
}

static void test_cut(gconstpointer is64)
{
  g_auto(Victim) v = victim_new(GPOINTER_TO_INT(is64));
  g_autoptr(GHashTable) salvage = g_hash_table_new(g_str_hash, g_str_equal);
  gint last = 0;
  g_hash_table_insert(salvage, (gpointer)"salvage", (gpointer)"yes");
  for (gsize cut = 0; cut < v.len; cut += cut < 4096 ? 1 : 61) {
    g_assert_cmpint(read_all(v.bytes, cut, NULL), ==, -1);
    gint n = read_all(v.bytes, cut, salvage);
    g_assert_true((n < 0) == (cut < 0x3a8));
    g_assert_cmpint(n, >=, cut < 0x3a8 ? -1 : last);
    last = MAX(n, 0);
  }
  g_assert_cmpint(read_all(v.bytes, v.len, NULL), ==, (gint)v.rows->len);
  g_assert_cmpint(read_all(v.bytes, v.len, salvage), ==, (gint)v.rows->len);
}

static void test_flipped(gconstpointer is64)
{
  g_auto(Victim) v = victim_new(GPOINTER_TO_INT(is64));
  g_autoptr(GRand) rand = g_rand_new_with_seed(5);
  g_autoptr(GHashTable) salvage = g_hash_table_new(g_str_hash, g_str_equal);
  g_autofree guint8 *copy = g_malloc(v.len);
  guint opened = 0;
  g_hash_table_insert(salvage, (gpointer)"salvage", (gpointer)"yes");
  for (guint round = 0; round < 400; round++) {
    memcpy(copy, v.bytes, v.len);
    for (guint i = 0; i < 1 + round % 40; i++)
      copy[g_rand_int_range(rand, 0x234, (gint)v.len)] = (guint8)g_rand_int(rand);
    opened += read_all(copy, v.len, NULL) >= 0;
    read_all(copy, v.len, salvage);
  }
  g_assert_cmpuint(opened, >, 0);
}

static void test_salvage_unclosed(gconstpointer is64)
{
  g_auto(Victim) v = victim_new(GPOINTER_TO_INT(is64));
  g_autoptr(GHashTable) settings = g_hash_table_new(g_str_hash, g_str_equal);
  g_hash_table_insert(settings, (gpointer)"salvage", (gpointer)"yes");
  memset(v.bytes + 0x240, 0, 0x28);
  memset(v.bytes + 0x3a0, 0, 8);
  v.len = pml_builder_section(v.builder, 0x248); /* no tables were written */
  g_auto(PmlOpen) open = pml_open_memory(v.bytes, v.len, settings);
  TbRecord event;
  g_assert_no_error(open.error);
  for (guint i = 0; i + 1 < v.rows->len; i++) { /* the last is of no known class */
    const PmlSampleRow *row = &g_array_index(v.rows, PmlSampleRow, i);
    g_assert_true(pml_open_next(&open, &event, NULL));
    g_assert_cmpuint(event.offset, ==, pml_builder_event_offset(v.builder, i));
    g_autofree char *operation = pml_open_text(&event, "Operation");
    g_autofree char *result = pml_open_text(&event, "Result");
    g_assert_cmpstr(operation, ==, row->operation);
    g_assert_cmpstr(result, ==, row->result);
    if (strncmp(operation, "TCP", 3) != 0 && strncmp(operation, "UDP", 3) != 0) {
      g_autofree char *path = pml_open_text(&event, "Path"); /* hosts need their table */
      g_assert_cmpstr(path, ==, row->path);
    }
  }
  guint damaged = 0;
  g_assert_false(pml_open_next(&open, &event, &damaged));
  g_assert_cmpuint(damaged, ==, 1);
  g_assert_true(pml_open_damage(&open, 0x240, "not closed cleanly"));
  /* What the Process Create event tells stands for the table, also before it. */
  g_assert_true(tb_reader_rewind(open.reader, NULL));
  g_assert_true(pml_open_next(&open, &event, NULL));
  g_autofree char *parent = pml_open_text(&event, "PID");
  g_assert_cmpstr(parent, ==, "1364");
  g_assert_true(pml_open_next(&open, &event, NULL));
  g_autofree char *child = pml_open_text(&event, "PID");
  g_autofree char *image = pml_open_text(&event, "Image Path");
  g_autofree char *name = pml_open_text(&event, "Process Name");
  g_autofree char *command = pml_open_text(&event, "Command Line");
  g_autofree char *parent_pid = pml_open_text(&event, "Parent PID");
  g_assert_cmpstr(child, ==, "2984");
  g_assert_cmpstr(image, ==, "C:\\Windows\\notepad.exe");
  g_assert_cmpstr(name, ==, "notepad.exe");
  g_assert_cmpstr(command, ==, "notepad.exe a.txt");
  g_assert_cmpstr(parent_pid, ==, "1364");
}

static void test_salvage_overwritten(void)
{
  g_auto(Victim) v = victim_new(TRUE);
  g_autoptr(GHashTable) settings = g_hash_table_new(g_str_hash, g_str_equal);
  guint64 from = pml_builder_event_offset(v.builder, 20);
  guint64 to = pml_builder_event_offset(v.builder, 25);
  g_hash_table_insert(settings, (gpointer)"salvage", (gpointer)"yes");
  tb_put_u64(v.bytes + 0x248, 0, FALSE);
  memset(v.bytes + from, 0xff, to - from);
  v.len = pml_builder_section(v.builder, 0x248);
  g_auto(PmlOpen) open = pml_open_memory(v.bytes, v.len, settings);
  TbRecord event;
  guint n = 0;
  g_assert_no_error(open.error);
  while (pml_open_next(&open, &event, NULL))
    n++;
  g_assert_cmpuint(n, ==, v.rows->len - 5 - 1);
  g_assert_true(pml_open_damage(&open, from, "are no event record"));
}

static void test_salvage_tables(void)
{
  g_auto(Victim) v = victim_new(TRUE);
  g_autoptr(GHashTable) settings = g_hash_table_new(g_str_hash, g_str_equal);
  guint64 strings = pml_builder_section(v.builder, 0x258);
  victim_put_u32(&v, strings, G_MAXUINT32);
  expect_refused(&v, TB_ERROR_LIMIT, strings, "number of strings");
  g_hash_table_insert(settings, (gpointer)"salvage", (gpointer)"yes");
  g_assert_cmpint(read_all(v.bytes, v.len, settings), ==, (gint)v.rows->len);
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/procmon/hostile/header", test_header_wrong);
  g_test_add_func("/procmon/hostile/not-closed", test_not_closed);
  g_test_add_func("/procmon/hostile/sections-outside-the-file", test_sections_outside);
  g_test_add_func("/procmon/hostile/tables-overlap", test_tables_overlap);
  g_test_add_func("/procmon/hostile/counts", test_counts);
  g_test_add_func("/procmon/hostile/strings", test_strings);
  g_test_add_func("/procmon/hostile/string-indexes", test_string_indexes);
  g_test_add_func("/procmon/hostile/processes", test_processes);
  g_test_add_func("/procmon/hostile/parent-cycle", test_parent_cycle);
  g_test_add_func("/procmon/hostile/hosts", test_hosts);
  g_test_add_func("/procmon/hostile/event-offsets", test_event_offsets);
  g_test_add_func("/procmon/hostile/event-sizes", test_event_sizes);
  g_test_add_data_func("/procmon/hostile/cut-64", GINT_TO_POINTER(1), test_cut);
  g_test_add_data_func("/procmon/hostile/cut-32", GINT_TO_POINTER(0), test_cut);
  g_test_add_data_func("/procmon/hostile/flipped-64", GINT_TO_POINTER(1), test_flipped);
  g_test_add_data_func("/procmon/hostile/flipped-32", GINT_TO_POINTER(0), test_flipped);
  g_test_add_data_func("/procmon/salvage/unclosed-64", GINT_TO_POINTER(1), test_salvage_unclosed);
  g_test_add_data_func("/procmon/salvage/unclosed-32", GINT_TO_POINTER(0), test_salvage_unclosed);
  g_test_add_func("/procmon/salvage/overwritten", test_salvage_overwritten);
  g_test_add_func("/procmon/salvage/damaged-tables", test_salvage_tables);
  return g_test_run();
}
