/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The writer's fixture and the walk over its blocks; see pcapng-output.h. */
#include "pcapng-output.h"

#include "base/bytes.h"
#include "pcapng/pcapng-payload.h"
#include "pcapng/pcapng-writer.h"

#include <glib/gstdio.h>

static void output_append_text(const TbEventType *type, const TbRecord *event, TbBuf *out)
{
  const OutputFixture *f = type->context;
  tb_buf_append(out, f->text.data, f->text.len);
}

static const TbEventTypeOps output_ops = { .append_text = output_append_text };

TbEventType *output_fixture_add_type(OutputFixture *f, const char *system, const char *name)
{
  TbEventType *type = tb_event_type_new(system, name, &output_ops, f);
  type->id = f->types->len;
  g_ptr_array_add(f->types, type);
  return type;
}

static void output_add_source(OutputFixture *f, TbSource *source, const char *key)
{
  tb_source_set_machine(source, f->machine);
  g_strlcpy(source->key, key, sizeof source->key);
  g_ptr_array_add(f->sources, source);
}

void output_fixture_init(OutputFixture *f)
{
  *f = (OutputFixture){ .limits = *tb_limits_default() };
  f->machines = g_ptr_array_new_with_free_func((GDestroyNotify)tb_machine_unref);
  f->sources = g_ptr_array_new_with_free_func((GDestroyNotify)tb_source_unref);
  f->types = g_ptr_array_new_with_free_func((GDestroyNotify)tb_event_type_unref);
  f->settings = g_hash_table_new(g_str_hash, g_str_equal);
  f->machine = tb_machine_new();
  f->machine->name = g_strdup("web");
  f->machine->identity = g_strdup("boot-1234");
  f->machine->os = TB_OS_LINUX;
  f->machine->os_version = g_strdup("6.1.0-18-amd64");
  f->machine->arch = TB_ARCH_X86_64;
  f->machine->arch_name = g_strdup("x86_64");
  f->machine->n_cpus = 2;
  g_ptr_array_add(f->machines, f->machine);
  f->ftrace = tb_source_new(TB_SOURCE_EVENTS, "ftrace");
  f->ftrace->file = g_strdup("trace.dat");
  f->ftrace->recorder = g_strdup("trace-cmd 3.1.6");
  tb_axis_init(&f->ftrace->clock.axis, TB_CLOCK_MONO, FALSE);
  f->ftrace->clock.axis.realtime = TRUE;
  f->ftrace->clock.axis.origin = TB_ORIGIN_DATE;
  tb_axis_shift(&f->ftrace->clock.axis, 12345);
  output_add_source(f, f->ftrace, "0badcafe");
  f->eth0 = tb_source_new(TB_SOURCE_PACKETS, "eth0");
  f->eth0->file = g_strdup("a.pcap");
  f->eth0->link.type = 1;
  f->eth0->link.snaplen = 65535;
  tb_axis_init(&f->eth0->clock.axis, TB_CLOCK_REALTIME, FALSE);
  output_add_source(f, f->eth0, "deadbeef");
  f->type = output_fixture_add_type(f, "sched", "sched_switch");
  output_fixture_set_text(f, "prev_comm=sh prev_pid=7", 23);
}

void output_fixture_clear(OutputFixture *f)
{
  tb_writer_free(f->writer);
  tb_output_free(f->output);
  g_ptr_array_unref(f->types);
  g_ptr_array_unref(f->sources);
  g_ptr_array_unref(f->machines);
  g_hash_table_unref(f->settings);
  tb_buf_clear(&f->text);
}

void output_fixture_open(OutputFixture *f)
{
  g_autoptr(GError) error = NULL;
  for (guint i = 0; i < f->machines->len; i++)
    ((TbMachine *)g_ptr_array_index(f->machines, i))->rank = i;
  for (guint i = 0; i < f->sources->len; i++)
    ((TbSource *)g_ptr_array_index(f->sources, i))->rank = i;
  f->output = tb_output_new_memory();
  f->writer = tb_writer_open_with(&tb_pcapng_writer, f->output, &f->limits, f->machines,
                                  f->sources, f->settings, &error);
  g_assert_no_error(error);
}

void output_fixture_set_text(OutputFixture *f, const void *text, gsize len)
{
  tb_buf_reset(&f->text);
  tb_buf_append(&f->text, text, len);
}

MadeItem output_fixture_event(OutputFixture *f, guint n, const char *text)
{
  if (text)
    output_fixture_set_text(f, text, strlen(text));
  return (MadeItem){ .record = { .kind = TB_RECORD_EVENT, .time.ns = OUTPUT_BASE_NS + n,
                                 .source = f->ftrace, .type = f->type, .tid = -1,
                                 .cpu = TB_CPU_NONE, .sequence = n } };
}

MadeItem output_fixture_packet(OutputFixture *f, guint n, const void *bytes, guint32 len)
{
  return (MadeItem){ .record = { .kind = TB_RECORD_PACKET, .time.ns = OUTPUT_BASE_NS + n,
                                 .source = f->eth0, .data = bytes, .len = len, .orig_len = len,
                                 .tid = -1, .cpu = TB_CPU_NONE, .sequence = n },
                     .payload = { .format = TB_PCAPNG_PAYLOAD,
                                  .word = (guint64)OUTPUT_BASE_NS + n } };
}

void output_set_options(MadeItem *packet, const guint8 *options, gsize len)
{
  packet->payload.format = TB_PCAPNG_PAYLOAD;
  packet->payload.bytes = options;
  packet->payload.len = (guint32)len;
}

void output_fixture_write(OutputFixture *f, MadeItem *event)
{
  g_autoptr(GError) error = NULL;
  tb_writer_event(f->writer, made_item(event), &error);
  g_assert_no_error(error);
}

GBytes *output_fixture_finish(OutputFixture *f)
{
  g_autoptr(GError) error = NULL;
  gboolean ok = tb_writer_finish(f->writer, &error) && tb_output_commit(f->output, &error);
  g_assert_no_error(error);
  g_assert_true(ok);
  const GByteArray *memory = tb_output_get_memory(f->output);
  return g_bytes_new(memory->data, memory->len);
}

GArray *output_blocks(GBytes *file)
{
  GArray *blocks = g_array_new(FALSE, FALSE, sizeof(OutputBlock));
  gsize size;
  const guint8 *data = g_bytes_get_data(file, &size);
  for (gsize at = 0; at < size;) {
    g_assert_cmpuint(size - at, >=, 12);
    guint32 total = tb_get_u32(data + at + 4, FALSE);
    g_assert_cmpuint(total % 4, ==, 0);
    g_assert_cmpuint(total, >=, 12);
    g_assert_cmpuint(total, <=, size - at);
    g_assert_cmpuint(tb_get_u32(data + at + total - 4, FALSE), ==, total);
    OutputBlock block = { tb_get_u32(data + at, FALSE), data + at + 8, total - 12 };
    g_array_append_val(blocks, block);
    at += total;
  }
  return blocks;
}

GBytes *output_option(const guint8 *data, gsize len, guint16 code, guint nth)
{
  for (gsize at = 0; at + 4 <= len;) {
    guint16 c = tb_get_u16(data + at, FALSE), n = tb_get_u16(data + at + 2, FALSE);
    if (c == 0)
      break;
    g_assert_cmpuint(at + 4 + n, <=, len);
    if (c == code && nth-- == 0) {
      char *copy = g_malloc(n + 1u);
      memcpy(copy, data + at + 4, n);
      copy[n] = 0;
      return g_bytes_new_take(copy, n + 1u);
    }
    at += 4 + tb_pad4(n);
  }
  return NULL;
}

GBytes *output_packet_bytes(GBytes *file, guint n)
{
  g_autoptr(GArray) blocks = output_blocks(file);
  for (guint i = 0; i < blocks->len; i++) {
    const OutputBlock *block = &g_array_index(blocks, OutputBlock, i);
    if (block->type != 6 || n-- > 0)
      continue;
    guint32 caplen = tb_get_u32(block->body + 12, FALSE);
    g_assert_cmpuint(caplen, <=, block->len - 20);
    return g_bytes_new(block->body + 20, caplen);
  }
  g_assert_not_reached();
}

GPtrArray *output_row_keys(GBytes *file, guint n)
{
  g_autoptr(GBytes) bytes = output_packet_bytes(file, n);
  gsize len;
  const guint8 *p = g_bytes_get_data(bytes, &len);
  return output_keys(p, len);
}

GPtrArray *output_keys(const guint8 *p, gsize len)
{
  GPtrArray *keys = g_ptr_array_new_with_free_func(g_free);
  gsize at = 0;
  g_assert_cmpuint(tb_get_u16(p, TRUE), ==, 12);
  for (guint tag = 12; tag; at += 4 + tb_get_u16(p + at + 2, TRUE))
    tag = tb_get_u16(p + at, TRUE);
  while (at < len) {
    const guint8 *line = p + at;
    const guint8 *end = memchr(line, '\n', len - at);
    g_assert_nonnull(end);
    if (memchr(line, '=', (gsize)(end - line))) {
      g_ptr_array_add(keys, g_strndup((const char *)line, (gsize)(end - line)));
      at = (gsize)(end - p) + 1;
      continue;
    }
    guint64 size = tb_get_u64(end + 1, FALSE);
    g_ptr_array_add(keys, g_strdup_printf("%.*s=%.*s", (int)(end - line), line, (int)size,
                                          (const char *)end + 9));
    at = (gsize)(end - p) + 9 + size;
    g_assert_cmpuint(at, <, len);
    g_assert_cmpuint(p[at++], ==, '\n');
  }
  return keys;
}

const char *output_get(GPtrArray *keys, const char *key)
{
  gsize len = strlen(key);
  const char *found = NULL;
  for (guint i = 0; i < keys->len; i++) {
    const char *pair = g_ptr_array_index(keys, i);
    if (strncmp(pair, key, len) != 0 || pair[len] != '=')
      continue;
    g_assert_null(found); /* no key stands twice */
    found = pair + len + 1;
  }
  return found;
}

char *output_run(GBytes *file, const char *command)
{
  g_autoptr(GError) error = NULL;
  g_auto(GStrv) argv = NULL;
  g_autofree char *dir = g_dir_make_tmp("tb-pcapng-XXXXXX", &error);
  g_assert_no_error(error);
  g_autofree char *path = g_build_filename(dir, "t.pcapng", NULL);
  char *out = NULL;
  g_autofree char *err = NULL;
  int status = 0;
  g_shell_parse_argv(command, NULL, &argv, &error);
  g_assert_no_error(error);
  g_autofree char *program = g_find_program_in_path(argv[0]);
  if (program) {
    gsize len;
    const char *data = g_bytes_get_data(file, &len);
    g_file_set_contents(path, data, (gssize)len, &error);
    g_assert_no_error(error);
    g_spawn_sync(dir, argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, &out, &err, &status, &error);
    g_assert_no_error(error);
    g_auto(GStrv) lines = g_strsplit(err, "\n", -1);
    for (guint i = 0; lines[i]; i++)
      if (*lines[i] && !strstr(lines[i], "Running as user \"root\""))
        g_error("%s said: %s", command, lines[i]);
    g_assert_cmpint(status, ==, 0);
  }
  g_autofree char *clean = g_strdup_printf("rm -r '%s'", dir);
  g_spawn_command_line_sync(clean, NULL, NULL, NULL, NULL);
  return out;
}
