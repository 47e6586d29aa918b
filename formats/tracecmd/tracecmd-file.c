/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The common start of a recording and the loading of its sections; the two
 * versions' own layouts are in tracecmd-v6.c and tracecmd-v7.c.
 */
#include "tracecmd/tracecmd-file.h"

#include <string.h>

static void buffer_free(gpointer data)
{
  TcBuffer *buffer = data;
  g_free(buffer->name);
  g_free(buffer->clock);
  g_array_unref(buffer->cpus);
  g_array_unref(buffer->stats);
  g_free(buffer);
}

static void guest_free(gpointer data)
{
  TcGuest *guest = data;
  g_free(guest->name);
  g_free(guest);
}

void tc_file_free(TcFile *file)
{
  if (!file)
    return;
  g_free(file->compression.name);
  g_free(file->compression.version);
  g_free(file->clock.text);
  g_free(file->options.uname);
  g_free(file->options.recorder_version);
  tc_time_shift_free(file->clock.shift);
  g_ptr_array_unref(file->options.guests);
  g_ptr_array_unref(file->buffers);
  g_ptr_array_unref(file->stats.names);
  g_array_unref(file->stats.cpus);
  tb_strpool_free(file->strings);
  g_free(file);
}

/* Section 1 of the format: magic, version, byte order, long size, page size. */
static gboolean file_read_start(TcFile *file, guint64 *end, GError **error)
{
  guint8 head[64];
  gssize got = tb_input_read_at(file->input, 0, head, sizeof head, error);
  if (got < 0)
    return FALSE;
  /* A reader may be asked to open less than the magic: the position stays within the bytes. */
  TbCursor c = { .data = head, .len = (gsize)got, .pos = MIN(10, (gsize)got), .source = file->name };
  const char *version;
  guint8 order, user_long;
  if (!tb_cursor_cstr(&c, &version, "the version", error))
    return FALSE;
  if (!g_str_equal(version, "6") && !g_str_equal(version, "7")) {
    tb_error_set(error, TB_ERROR_UNSUPPORTED, file->name, 10,
                 "trace-cmd file version \"%.16s\" (6 and 7 are read)", version);
    return FALSE;
  }
  file->version = (guint32)(version[0] - '0');
  if (!tb_cursor_u8(&c, &order, "the byte order", error) ||
      !tb_cursor_u8(&c, &user_long, "the size of long", error))
    return FALSE;
  if (order > 1 || (user_long != 4 && user_long != 8)) {
    tb_error_set(error, TB_ERROR_CORRUPT, file->name, tb_cursor_offset(&c) - (order > 1 ? 2 : 1),
                 order > 1 ? "byte order is %u, expected 0 or 1"
                           : "size of long is %u, expected 4 or 8",
                 order > 1 ? order : user_long);
    return FALSE;
  }
  file->big = c.big = order == 1;
  file->user_long = user_long;
  if (!tb_cursor_u32(&c, &file->page_size, "the page size", error))
    return FALSE;
  *end = tb_cursor_offset(&c);
  return TRUE;
}

/* Data pages start on multiples of the page size and hold at least a header and a record. */
static gboolean file_check_page_size(TcFile *file, guint64 offset, guint32 size, GError **error)
{
  if (size >= 64 && size <= file->limits->page_bytes)
    return TRUE;
  tb_error_set(error, TB_ERROR_CORRUPT, file->name, offset,
               "page size is %u, expected 64 to %u bytes", size, file->limits->page_bytes);
  return FALSE;
}

static gint cpu_data_compare(gconstpointer a, gconstpointer b)
{
  guint32 x = ((const TcCpuData *)a)->cpu, y = ((const TcCpuData *)b)->cpu;
  return x < y ? -1 : x > y;
}

/* Statistics may stand before or behind the buffer they speak of. */
static void file_settle_buffer(TcFile *file, TcBuffer *buffer)
{
  g_array_sort(buffer->cpus, cpu_data_compare);
  for (guint i = 0; i < file->stats.cpus->len; i++)
    if (g_str_equal(g_ptr_array_index(file->stats.names, i), buffer->name))
      g_array_append_val(buffer->stats, g_array_index(file->stats.cpus, TcCpuStat, i));
}

static gint cpu_place_compare(gconstpointer a, gconstpointer b)
{
  guint64 x = (*(TcCpuData *const *)a)->offset, y = (*(TcCpuData *const *)b)->offset;
  return x < y ? -1 : x > y;
}

/* Bytes belong to one CPU of one buffer: where two claim them, the later start is believed. */
static void file_settle_places(TcFile *file)
{
  g_autoptr(GPtrArray) all = g_ptr_array_new();
  for (guint b = 0; b < file->buffers->len; b++) {
    TcBuffer *buffer = g_ptr_array_index(file->buffers, b);
    for (guint i = 0; i < buffer->cpus->len; i++)
      g_ptr_array_add(all, &g_array_index(buffer->cpus, TcCpuData, i));
  }
  g_ptr_array_sort(all, cpu_place_compare);
  for (guint i = 1; i < all->len; i++) {
    TcCpuData *data = g_ptr_array_index(all, i - 1);
    const TcCpuData *next = g_ptr_array_index(all, i);
    guint64 room = next->offset - data->offset;
    if (data->size <= room)
      continue;
    tb_damage_log_add(file->damage, TB_ERROR_CORRUPT, file->name, next->offset, 0,
                      TB_LOST_UNKNOWN, "data of CPU %u runs into that of CPU %u: %"
                      G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT " bytes are read", data->cpu,
                      next->cpu, room, data->size);
    data->size = room;
  }
}

TcFile *tc_file_open(TbInput *input, const TbLimits *limits, TbDamageLog *damage, GError **error)
{
  guint64 end = 0;
  g_autoptr(TcFile) file = g_new0(TcFile, 1);
  file->input = input;
  file->limits = limits;
  file->damage = damage;
  file->name = tb_input_get_name(input);
  file->options.guests = g_ptr_array_new_with_free_func(guest_free);
  file->buffers = g_ptr_array_new_with_free_func(buffer_free);
  file->stats.names = g_ptr_array_new();
  file->stats.cpus = g_array_new(FALSE, FALSE, sizeof(TcCpuStat));
  file->strings = tb_strpool_new();
  file->stats.name = "";
  if (!file_read_start(file, &end, error) ||
      !file_check_page_size(file, end - 4, file->page_size, error))
    return NULL;
  gboolean ok = file->version == 6 ? tc_v6_read(file, end, error) : tc_v7_read(file, end, error);
  if (!ok)
    return NULL;
  for (guint i = 0; i < file->buffers->len; i++)
    file_settle_buffer(file, g_ptr_array_index(file->buffers, i));
  file_settle_places(file);
  return g_steal_pointer(&file);
}

gboolean tc_file_load_extent(TcFile *file, const TcExtent *extent, GBytes **bytes,
                             TbCursor *cursor, GError **error)
{
  guint64 size = extent->known ? extent->size : 0;
  if (size > file->limits->section_bytes) {
    tb_error_set(error, TB_ERROR_LIMIT, file->name, extent->offset,
                 "section of %" G_GUINT64_FORMAT " bytes, limit %" G_GUINT64_FORMAT, size,
                 file->limits->section_bytes);
    return FALSE;
  }
  guint64 total = tb_input_get_size(file->input);
  if (size > total || extent->offset > total - size) {
    tb_error_set(error, TB_ERROR_TRUNCATED, file->name, extent->offset,
                 "section of %" G_GUINT64_FORMAT " bytes, the file ends at %" G_GUINT64_FORMAT,
                 size, total);
    return FALSE;
  }
  g_autofree guint8 *stored = g_malloc(size + 1);
  if (!tb_input_read_exact(file->input, extent->offset, stored, size, "a section", error))
    return FALSE;
  gsize len = size;
  if (extent->known && extent->compressed) {
    guint32 in_len = 0, out_len = 0;
    TbCursor c = { stored, size, 0, extent->offset, file->big, file->name };
    if (!tb_cursor_u32(&c, &in_len, "a compressed section", error) ||
        !tb_cursor_u32(&c, &out_len, "a compressed section", error) ||
        !tb_cursor_need(&c, in_len, "a compressed section", error))
      return FALSE;
    if (out_len > file->limits->section_bytes) {
      tb_error_set(error, TB_ERROR_LIMIT, file->name, extent->offset + 4,
                   "section unpacks to %u bytes, limit %" G_GUINT64_FORMAT, out_len,
                   file->limits->section_bytes);
      return FALSE;
    }
    g_autofree guint8 *plain = g_malloc((gsize)out_len + 1);
    if (!tc_decompress(file->compression.kind, NULL, stored + c.pos, in_len, plain, out_len,
                       file->name, extent->offset, error))
      return FALSE;
    g_free(stored);
    stored = g_steal_pointer(&plain);
    len = out_len;
  }
  *bytes = g_bytes_new_take(g_steal_pointer(&stored), len);
  *cursor = (TbCursor){ g_bytes_get_data(*bytes, NULL), len, 0, extent->offset, file->big,
                        file->name };
  return TRUE;
}

gboolean tc_file_load(TcFile *file, guint32 id, GBytes **bytes, TbCursor *cursor, GError **error)
{
  return tc_file_load_extent(file, &file->sections[id], bytes, cursor, error);
}

TcBuffer *tc_file_add_buffer(TcFile *file, const char *name, const char *clock,
                             guint32 page_size)
{
  TcBuffer *buffer = g_new0(TcBuffer, 1);
  buffer->name = g_strdup(name);
  buffer->clock = g_strdup(clock);
  buffer->page_size = page_size;
  buffer->cpus = g_array_new(FALSE, FALSE, sizeof(TcCpuData));
  buffer->stats = g_array_new(FALSE, FALSE, sizeof(TcCpuStat));
  g_ptr_array_add(file->buffers, buffer);
  return buffer;
}

gboolean tc_file_add_cpu(TcFile *file, TcBuffer *buffer, guint32 cpu, guint64 offset,
                         guint64 size, guint64 said_at)
{
  guint64 total = tb_input_get_size(file->input);
  if (cpu >= file->limits->cpus) {
    tb_damage_log_add(file->damage, TB_ERROR_LIMIT, file->name, said_at, 0, TB_LOST_UNKNOWN,
                      "CPU number %u, limit %u", cpu, file->limits->cpus);
    return FALSE;
  }
  if (size == 0)
    return TRUE;
  if (buffer->compressed && size <= total)
    size += 4; /* the stored size leaves out the chunk count in front */
  if (offset >= total) {
    tb_damage_log_add(file->damage, TB_ERROR_TRUNCATED, file->name, said_at, 0, TB_LOST_UNKNOWN,
                      "data of CPU %u at offset 0x%" G_GINT64_MODIFIER
                      "x, the file ends at 0x%" G_GINT64_MODIFIER "x", cpu, offset, total);
    return FALSE;
  }
  if (size > total - offset) {
    tb_damage_log_add(file->damage, TB_ERROR_TRUNCATED, file->name, total, size - (total - offset),
                      TB_LOST_UNKNOWN,
                      "the file ends inside the data of CPU %u: %" G_GUINT64_FORMAT
                      " of %" G_GUINT64_FORMAT " bytes are there", cpu, total - offset, size);
    size = total - offset;
  }
  TcCpuData data = { cpu, offset, size };
  g_array_append_val(buffer->cpus, data);
  return TRUE;
}
