/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Recordings in memory: the container; pages are in dat-pages.c. See dat-builder.h. */
#include "support/dat-builder.h"

#include <string.h>
#include <zlib.h>
#include <zstd.h>

typedef struct {
  guint16 id;
  GBytes *data;
} DatOption;

typedef struct {
  guint32 cpu;
  DatPages *pages;
  guint64 offset;
  guint64 size;
} DatCpu;

typedef struct {
  char *name;
  char *clock;
  guint32 page_size;
  guint64 offset;
  GArray *cpus;
} DatBuffer;

struct _DatFile {
  DatShape shape;
  GArray *options;
  GPtrArray *buffers;
  guint32 n_cpus;
  char *cmdlines;
  char *format;
  char *stat_name;
  GHashTable *places;
};

static const char dat_tick_format[] =
    "name: tick\nID: 300\nformat:\n"
    "\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;\n"
    "\tfield:unsigned char common_flags;\toffset:2;\tsize:1;\tsigned:0;\n"
    "\tfield:unsigned char common_preempt_count;\toffset:3;\tsize:1;\tsigned:0;\n"
    "\tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;\n\n"
    "\tfield:u32 value;\toffset:8;\tsize:4;\tsigned:0;\n\n"
    "print fmt: \"value=%u\", REC->value\n";

DatShape dat_shape(void)
{
  return (DatShape){ 7, FALSE, "none", 8, 8, 4096, 2, FALSE };
}

void dat_append(GByteArray *out, const DatShape *shape, guint64 value, guint bytes)
{
  for (guint i = 0; i < bytes; i++) {
    guint8 byte = (guint8)(value >> 8 * (shape->big ? bytes - 1 - i : i));
    g_byte_array_append(out, &byte, 1);
  }
}

void dat_patch(GByteArray *bytes, const DatShape *shape, guint64 at, guint64 value, guint n)
{
  g_autoptr(GByteArray) number = g_byte_array_new();
  dat_append(number, shape, value, n);
  g_assert_cmpuint(at + n, <=, bytes->len);
  memcpy(bytes->data + at, number->data, n);
}

static void append_str(GByteArray *out, const char *text)
{
  g_byte_array_append(out, (const guint8 *)text, (guint)strlen(text) + 1);
}

static void append_text(GByteArray *out, const char *text)
{
  g_byte_array_append(out, (const guint8 *)text, (guint)strlen(text));
}

static void option_clear(gpointer data)
{
  g_bytes_unref(((DatOption *)data)->data);
}

static void cpu_clear(gpointer data)
{
  dat_pages_free(((DatCpu *)data)->pages);
}

static void buffer_free(gpointer data)
{
  DatBuffer *buffer = data;
  g_free(buffer->name);
  g_free(buffer->clock);
  g_array_unref(buffer->cpus);
  g_free(buffer);
}

DatFile *dat_file_new(const DatShape *shape)
{
  DatFile *file = g_new0(DatFile, 1);
  file->shape = *shape;
  file->options = g_array_new(FALSE, FALSE, sizeof(DatOption));
  g_array_set_clear_func(file->options, option_clear);
  file->buffers = g_ptr_array_new_with_free_func(buffer_free);
  file->n_cpus = 1;
  file->cmdlines = g_strdup("1 init\n7 seven\n");
  file->format = g_strdup(dat_tick_format);
  file->stat_name = g_strdup("");
  return file;
}

void dat_file_free(DatFile *file)
{
  if (!file)
    return;
  g_array_unref(file->options);
  g_ptr_array_unref(file->buffers);
  g_free(file->cmdlines);
  g_free(file->format);
  g_free(file->stat_name);
  g_free(file);
}

void dat_file_option(DatFile *file, guint16 id, const void *data, gsize len)
{
  DatOption option = { id, g_bytes_new(data, len) };
  g_array_append_val(file->options, option);
}

void dat_file_option_text(DatFile *file, guint16 id, const char *text)
{
  dat_file_option(file, id, text, strlen(text) + 1);
}

void dat_file_cpustat(DatFile *file, const char *buffer, guint cpu, guint64 entries,
                      guint64 overrun, guint64 read_events)
{
  if (!g_str_equal(buffer, file->stat_name)) {
    g_autofree char *announce = g_strdup_printf("\nBuffer: %s\n\n", buffer);
    dat_file_option_text(file, 2, announce);
    g_free(file->stat_name);
    file->stat_name = g_strdup(buffer);
  }
  g_autofree char *text = g_strdup_printf(
      "CPU: %u\nentries: %" G_GUINT64_FORMAT "\noverrun: %" G_GUINT64_FORMAT
      "\ncommit overrun: 0\nbytes: 1\noldest event ts: 1.0\nnow ts: 2.0\ndropped events: 0\n"
      "read events: %" G_GUINT64_FORMAT "\n", cpu, entries, overrun, read_events);
  dat_file_option_text(file, 2, text);
}

void dat_file_set_cpus(DatFile *file, guint32 n)
{
  file->n_cpus = n;
}

void dat_file_set_cmdlines(DatFile *file, const char *text)
{
  g_free(file->cmdlines);
  file->cmdlines = g_strdup(text);
}

void dat_file_set_format(DatFile *file, const char *text)
{
  g_free(file->format);
  file->format = g_strdup(text);
}

void dat_file_buffer(DatFile *file, const char *name, const char *clock, guint32 page_size)
{
  DatBuffer *buffer = g_new0(DatBuffer, 1);
  buffer->name = g_strdup(name);
  buffer->clock = g_strdup(clock);
  buffer->page_size = page_size;
  buffer->cpus = g_array_new(FALSE, TRUE, sizeof(DatCpu));
  g_array_set_clear_func(buffer->cpus, cpu_clear);
  g_ptr_array_add(file->buffers, buffer);
}

void dat_file_cpu(DatFile *file, guint32 cpu, DatPages *pages)
{
  DatBuffer *buffer = g_ptr_array_index(file->buffers, file->buffers->len - 1);
  DatCpu data = { .cpu = cpu, .pages = pages };
  g_array_append_val(buffer->cpus, data);
}

static void note(DatFile *file, const char *name, guint64 offset)
{
  if (file->places)
    g_hash_table_insert(file->places, g_strdup(name), g_memdup2(&offset, sizeof offset));
}

guint64 dat_place(GHashTable *places, const char *name)
{
  const guint64 *offset = g_hash_table_lookup(places, name);
  g_assert_nonnull(offset);
  return *offset;
}

/* The bodies of the metadata; the same in both versions. */

static void append_header_info(const DatFile *file, GByteArray *out)
{
  guint word = file->shape.kernel_long;
  guint32 data = 8 + word;
  g_autofree char *page = g_strdup_printf(
      "\tfield: u64 timestamp;\toffset:0;\tsize:8;\tsigned:0;\n"
      "\tfield: local_t commit;\toffset:8;\tsize:%u;\tsigned:1;\n"
      "\tfield: int overwrite;\toffset:8;\tsize:1;\tsigned:1;\n"
      "\tfield: char data;\toffset:%u;\tsize:%u;\tsigned:1;\n", word, data,
      file->shape.page_size - data);
  const char *event = "# compressed entry header\n\ttype_len    :    5 bits\n";
  append_str(out, "header_page");
  dat_append(out, &file->shape, strlen(page), 8);
  append_text(out, page);
  append_str(out, "header_event");
  dat_append(out, &file->shape, strlen(event), 8);
  append_text(out, event);
}

static void append_event_formats(const DatFile *file, GByteArray *out)
{
  dat_append(out, &file->shape, 1, 4);
  append_str(out, "test");
  dat_append(out, &file->shape, 1, 4);
  dat_append(out, &file->shape, strlen(file->format), 8);
  append_text(out, file->format);
}

static void append_sized(const DatFile *file, GByteArray *out, const char *text, guint width)
{
  dat_append(out, &file->shape, strlen(text), width);
  append_text(out, text);
}

static void append_piece(const DatFile *file, GByteArray *out, guint id)
{
  switch (id) {
  case 16: append_header_info(file, out); break;
  case 17: dat_append(out, &file->shape, 0, 4); break;
  case 18: append_event_formats(file, out); break;
  case 19: append_sized(file, out, "ffffffff81000000 T start_here\n", 4); break;
  case 20: append_sized(file, out, "0xffffffff82000000 : \"text\"\n", 4); break;
  default: append_sized(file, out, file->cmdlines, 8); break;
  }
}

static void append_start(DatFile *file, GByteArray *out)
{
  const DatShape *shape = &file->shape;
  g_autofree char *version = g_strdup_printf("%u", shape->version);
  guint8 words[2] = { shape->big, (guint8)shape->user_long };
  g_byte_array_append(out, (const guint8 *)"\x17\x08\x44tracing", 10);
  append_str(out, version);
  g_byte_array_append(out, words, sizeof words);
  note(file, "page size", out->len);
  dat_append(out, shape, shape->page_size, 4);
}

static void pad_to(GByteArray *out, guint32 page_size)
{
  static const guint8 zero;
  while (out->len % page_size)
    g_byte_array_append(out, &zero, 1);
}

/* One block: u32 stored, u32 plain, data. */
static void append_block(const DatFile *file, GByteArray *out, const guint8 *data, gsize len)
{
  const DatShape *shape = &file->shape;
  gsize room = MAX(ZSTD_compressBound(len), compressBound((uLong)len));
  g_autofree guint8 *packed = g_malloc(room);
  if (g_str_equal(shape->compression, "zlib")) {
    uLongf got = (uLongf)room;
    g_assert_cmpint(compress2(packed, &got, data, (uLong)len, 6), ==, Z_OK);
    room = got;
  } else {
    room = ZSTD_compress(packed, room, data, len, 1);
    g_assert_false(ZSTD_isError(room));
  }
  dat_append(out, shape, room, 4);
  dat_append(out, shape, len, 4);
  g_byte_array_append(out, packed, (guint)room);
}

static gboolean is_packed(const DatFile *file)
{
  return file->shape.version == 7 && !g_str_equal(file->shape.compression, "none");
}

static void append_cpu_data(DatFile *file, GByteArray *out, const DatBuffer *buffer, DatCpu *cpu)
{
  const GByteArray *pages = cpu->pages->bytes;
  g_autofree char *name = g_strdup_printf("cpu:%s:%u", buffer->name, cpu->cpu);
  pad_to(out, buffer->page_size);
  cpu->offset = out->len;
  note(file, name, out->len);
  if (!is_packed(file)) {
    g_byte_array_append(out, pages->data, pages->len);
    cpu->size = pages->len;
    return;
  }
  guint32 chunk = buffer->page_size * file->shape.pages_per_chunk;
  dat_append(out, &file->shape, (pages->len + chunk - 1) / chunk, 4);
  for (guint32 at = 0; at < pages->len; at += chunk)
    append_block(file, out, pages->data + at, MIN(chunk, pages->len - at));
  cpu->size = out->len - cpu->offset - (file->shape.count_in_size ? 0 : 4);
}

/* Version 7 */

static guint64 section_begin(DatFile *file, GByteArray *out, guint id, gboolean packed)
{
  g_autofree char *name = g_strdup_printf("section:%u", id);
  note(file, name, out->len);
  dat_append(out, &file->shape, id, 2);
  dat_append(out, &file->shape, packed, 2);
  dat_append(out, &file->shape, 0, 4);
  dat_append(out, &file->shape, 0, 8);
  return out->len;
}

static void section_end(const DatFile *file, GByteArray *out, guint64 body)
{
  dat_patch(out, &file->shape, body - 8, out->len - body, 8);
}

static guint64 append_section(DatFile *file, GByteArray *out, guint id)
{
  g_autoptr(GByteArray) plain = g_byte_array_new();
  guint64 body = section_begin(file, out, id, is_packed(file));
  append_piece(file, plain, id);
  if (is_packed(file))
    append_block(file, out, plain->data, plain->len);
  else
    g_byte_array_append(out, plain->data, plain->len);
  section_end(file, out, body);
  return body - 16;
}

static void append_option(const DatFile *file, GByteArray *out, guint id, const guint8 *data,
                          gsize len)
{
  dat_append(out, &file->shape, id, 2);
  dat_append(out, &file->shape, len, 4);
  g_byte_array_append(out, data, (guint)len);
}

static void append_done(DatFile *file, GByteArray *out)
{
  dat_append(out, &file->shape, 0, 2);
  dat_append(out, &file->shape, 8, 4);
  note(file, "next", out->len);
  dat_append(out, &file->shape, 0, 8);
}

static void append_buffer7(DatFile *file, GByteArray *out, DatBuffer *buffer)
{
  const DatShape *shape = &file->shape;
  g_autoptr(GByteArray) option = g_byte_array_new();
  guint64 body = section_begin(file, out, 3, is_packed(file));
  for (guint i = 0; i < buffer->cpus->len; i++)
    append_cpu_data(file, out, buffer, &g_array_index(buffer->cpus, DatCpu, i));
  section_end(file, out, body);
  dat_append(option, shape, body - 16, 8);
  append_str(option, buffer->name);
  append_str(option, buffer->clock ? buffer->clock : "");
  dat_append(option, shape, buffer->page_size, 4);
  dat_append(option, shape, buffer->cpus->len, 4);
  for (guint i = 0; i < buffer->cpus->len; i++) {
    const DatCpu *cpu = &g_array_index(buffer->cpus, DatCpu, i);
    dat_append(option, shape, cpu->cpu, 4);
    dat_append(option, shape, cpu->offset, 8);
    dat_append(option, shape, cpu->size, 8);
  }
  /* The chain goes on here: the last "next" points to this options section. */
  guint64 next = file->places ? dat_place(file->places, "next") : 0;
  dat_patch(out, shape, next, out->len, 8);
  body = section_begin(file, out, 0, FALSE);
  note(file, "buffer option", out->len + 6);
  append_option(file, out, 3, option->data, option->len);
  append_done(file, out);
  section_end(file, out, body);
}

static void append_version7(DatFile *file, GByteArray *out)
{
  append_str(out, file->shape.compression);
  append_str(out, is_packed(file) ? "1.0" : "");
  guint64 pointer = out->len, at[22];
  note(file, "first options", pointer);
  dat_append(out, &file->shape, 0, 8);
  for (guint id = 16; id <= 21; id++)
    at[id] = append_section(file, out, id);
  dat_patch(out, &file->shape, pointer, out->len, 8);
  guint64 body = section_begin(file, out, 0, FALSE);
  note(file, "options", out->len);
  for (guint i = 0; i < file->options->len; i++) {
    const DatOption *option = &g_array_index(file->options, DatOption, i);
    append_option(file, out, option->id, g_bytes_get_data(option->data, NULL),
                  g_bytes_get_size(option->data));
  }
  for (guint id = 16; id <= 21; id++) {
    g_autoptr(GByteArray) offset = g_byte_array_new();
    dat_append(offset, &file->shape, at[id], 8);
    append_option(file, out, id, offset->data, offset->len);
  }
  append_done(file, out);
  section_end(file, out, body);
  for (guint i = 0; i < file->buffers->len; i++)
    append_buffer7(file, out, g_ptr_array_index(file->buffers, i));
  body = section_begin(file, out, 15, FALSE);
  append_str(out, "strings");
  section_end(file, out, body);
}

/* Version 6 */

/* "flyrecord", the table and the clock; offsets and sizes are filled in later. */
static guint64 append_table6(const DatFile *file, GByteArray *out, const DatBuffer *buffer,
                             guint32 n_cpus)
{
  append_str(out, "flyrecord");
  guint64 table = out->len;
  for (guint32 i = 0; i < 2 * n_cpus; i++)
    dat_append(out, &file->shape, 0, 8);
  if (buffer->clock) {
    dat_append(out, &file->shape, strlen(buffer->clock), 8);
    append_text(out, buffer->clock);
  }
  return table;
}

static void append_data6(DatFile *file, GByteArray *out, DatBuffer *buffer, guint64 table)
{
  for (guint i = 0; i < buffer->cpus->len; i++) {
    DatCpu *cpu = &g_array_index(buffer->cpus, DatCpu, i);
    append_cpu_data(file, out, buffer, cpu);
    dat_patch(out, &file->shape, table + 16 * cpu->cpu, cpu->offset, 8);
    dat_patch(out, &file->shape, table + 16 * cpu->cpu + 8, cpu->size, 8);
  }
}

/* The options of version 6, BUFFER options included; their offsets go to @fill. */
static void append_options6(DatFile *file, GByteArray *out, GArray *fill)
{
  append_str(out, "options  ");
  note(file, "options", out->len);
  for (guint i = 0; i < file->options->len; i++) {
    const DatOption *option = &g_array_index(file->options, DatOption, i);
    append_option(file, out, option->id, g_bytes_get_data(option->data, NULL),
                  g_bytes_get_size(option->data));
  }
  for (guint i = 1; i < file->buffers->len; i++) {
    const DatBuffer *buffer = g_ptr_array_index(file->buffers, i);
    g_autoptr(GByteArray) data = g_byte_array_new();
    dat_append(data, &file->shape, 0, 8);
    append_str(data, buffer->name);
    guint64 at = out->len + 6;
    g_array_append_val(fill, at);
    append_option(file, out, 3, data->data, data->len);
  }
  dat_append(out, &file->shape, 0, 2);
}

static void append_version6(DatFile *file, GByteArray *out, guint32 n_table)
{
  g_autoptr(GArray) fill = g_array_new(FALSE, FALSE, sizeof(guint64));
  for (guint id = 16; id <= 21; id++) {
    g_autofree char *name = g_strdup_printf("section:%u", id);
    note(file, name, out->len);
    append_piece(file, out, id);
  }
  note(file, "cpus", out->len);
  dat_append(out, &file->shape, file->n_cpus, 4);
  if (file->options->len || file->buffers->len > 1)
    append_options6(file, out, fill);
  DatBuffer *top = g_ptr_array_index(file->buffers, 0);
  note(file, "table", out->len);
  guint64 table = append_table6(file, out, top, n_table);
  append_data6(file, out, top, table);
  for (guint i = 1; i < file->buffers->len; i++) {
    DatBuffer *buffer = g_ptr_array_index(file->buffers, i);
    dat_patch(out, &file->shape, g_array_index(fill, guint64, i - 1), out->len, 8);
    table = append_table6(file, out, buffer, n_table);
    append_data6(file, out, buffer, table);
  }
}

/* The count of the header, or of a CPUCOUNT option. */
static guint32 count_cpus(const DatFile *file)
{
  for (guint i = 0; i < file->options->len; i++) {
    const DatOption *option = &g_array_index(file->options, DatOption, i);
    const guint8 *p = g_bytes_get_data(option->data, NULL);
    if (option->id == 8)
      return file->shape.big ? p[3] : p[0];
  }
  return file->n_cpus;
}

GByteArray *dat_file_bytes(DatFile *file, GHashTable **places)
{
  GByteArray *out = g_byte_array_new();
  file->places = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
  append_start(file, out);
  if (file->shape.version == 6)
    append_version6(file, out, count_cpus(file));
  else
    append_version7(file, out);
  if (places)
    *places = file->places;
  else
    g_hash_table_unref(file->places);
  file->places = NULL;
  return out;
}
