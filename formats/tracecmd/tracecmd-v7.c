/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Version 7: sections laid end to end, found through chained options. Where
 * the chain is broken, the sections themselves are walked: what the options
 * would have said of a buffer is then taken from the pages.
 */
#include "tracecmd/tracecmd-file.h"

#include "base/window.h"

#include <string.h>

enum { V7_SECTION_HEADER = 16, V7_START = 256, V7_WINDOW = 64 * 1024 };

/* A section's header. */
typedef struct {
  guint32 id;
  guint32 flags;
  guint64 body;
  guint64 size;
} V7Section;

static gboolean v7_section(TcFile *file, guint64 offset, V7Section *out, GError **error)
{
  guint8 head[V7_SECTION_HEADER];
  guint64 total = tb_input_get_size(file->input);
  if (total < V7_SECTION_HEADER || offset > total - V7_SECTION_HEADER) {
    tb_error_set(error, TB_ERROR_TRUNCATED, file->name, offset,
                 "a section should begin here, the file ends at 0x%" G_GINT64_MODIFIER "x", total);
    return FALSE;
  }
  if (!tb_input_read_exact(file->input, offset, head, sizeof head, "a section header", error))
    return FALSE;
  out->id = tb_get_u16(head, file->big);
  out->flags = tb_get_u16(head + 2, file->big);
  out->size = tb_get_u64(head + 8, file->big);
  out->body = offset + V7_SECTION_HEADER;
  return TRUE;
}

/* Checks that @offset is where a section of number @id starts, and gives its extent. */
static gboolean v7_find(TcFile *file, guint64 offset, guint32 id, V7Section *out, GError **error)
{
  guint64 total = tb_input_get_size(file->input);
  if (!v7_section(file, offset, out, error))
    return FALSE;
  if (out->id != id) {
    tb_error_set(error, TB_ERROR_CORRUPT, file->name, offset,
                 "section number %u, expected %u", out->id, id);
    return FALSE;
  }
  if (out->size <= total - out->body)
    return TRUE;
  tb_error_set(error, TB_ERROR_TRUNCATED, file->name, out->body,
               "section %u of %" G_GUINT64_FORMAT " bytes, %" G_GUINT64_FORMAT " are left", id,
               out->size, total - out->body);
  return FALSE;
}

static gboolean v7_compression(TcFile *file, TbCursor *c, GError **error)
{
  const char *name, *version;
  if (!tb_cursor_cstr(c, &name, "the compression", error) ||
      !tb_cursor_cstr(c, &version, "the version of the compression", error))
    return FALSE;
  file->compression.name = g_strdup(name);
  file->compression.version = g_strdup(version);
  if (g_str_equal(name, "none"))
    file->compression.kind = TC_COMPRESSION_NONE;
  else if (g_str_equal(name, "zlib"))
    file->compression.kind = TC_COMPRESSION_ZLIB;
  else if (g_str_equal(name, "zstd"))
    file->compression.kind = TC_COMPRESSION_ZSTD;
  else {
    tb_error_set(error, TB_ERROR_UNSUPPORTED, file->name, c->base_off,
                 "compression \"%.32s\" (none, zlib and zstd are read)", name);
    return FALSE;
  }
  return TRUE;
}

static gboolean v7_buffer_cpus(TcFile *file, TcBuffer *buffer, TbCursor *data, GError **error)
{
  guint32 n_cpus;
  if (!tb_cursor_u32(data, &n_cpus, "the number of CPUs of a buffer", error) ||
      !tb_cursor_need(data, (guint64)n_cpus * 20, "the CPU table of a buffer", error))
    return FALSE;
  for (guint32 i = 0; i < n_cpus; i++) {
    guint64 said_at = tb_cursor_offset(data), offset, size;
    guint32 cpu;
    if (!tb_cursor_u32(data, &cpu, "a CPU number", error) ||
        !tb_cursor_u64(data, &offset, "a CPU's data offset", error) ||
        !tb_cursor_u64(data, &size, "a CPU's data size", error))
      return FALSE;
    tc_file_add_cpu(file, buffer, cpu, offset, size, said_at);
  }
  return TRUE;
}

static gboolean v7_buffer(TcFile *file, TbCursor *data, GError **error)
{
  guint64 offset;
  const char *name, *clock;
  guint32 page_size;
  V7Section section;
  if (!tb_cursor_u64(data, &offset, "a BUFFER option", error) ||
      !tb_cursor_cstr(data, &name, "the name in a BUFFER option", error) ||
      !tb_cursor_cstr(data, &clock, "the clock in a BUFFER option", error) ||
      !tb_cursor_u32(data, &page_size, "a BUFFER option", error))
    return FALSE;
  if (page_size < 64 || page_size > file->limits->page_bytes) {
    tb_error_set(error, TB_ERROR_CORRUPT, file->name, tb_cursor_offset(data) - 4,
                 "page size of buffer \"%s\" is %u, expected 64 to %u bytes", name, page_size,
                 file->limits->page_bytes);
    return FALSE;
  }
  /* The flag is the section's; its size is not needed, the CPU table has its own. */
  gboolean compressed = file->compression.kind != TC_COMPRESSION_NONE;
  g_autoptr(GError) lost = NULL;
  if (v7_section(file, offset, &section, &lost) && section.id == TC_ID_BUFFER)
    compressed = (section.flags & 1) != 0;
  else
    tb_damage_log_add(file->damage, TB_ERROR_CORRUPT, file->name, offset, 0, 0,
                      "no buffer section where the BUFFER option says");
  TcBuffer *buffer = tc_file_add_buffer(file, name, clock, page_size);
  buffer->compressed = compressed;
  buffer->section = offset;
  return v7_buffer_cpus(file, buffer, data, error);
}

/* One option that points to a section: keeps where its body is. */
static gboolean v7_pointer(TcFile *file, guint32 id, TbCursor *data, GError **error)
{
  guint64 offset;
  V7Section section;
  if (!tb_cursor_u64(data, &offset, "an option that points to a section", error) ||
      !v7_find(file, offset, id, &section, error))
    return FALSE;
  file->sections[id] = (TcExtent){ section.body, section.size, (section.flags & 1) != 0, TRUE };
  return TRUE;
}

static gboolean v7_option(TcFile *file, guint32 id, TbCursor *data, GError **error)
{
  if (id == TC_ID_BUFFER)
    return v7_buffer(file, data, error);
  if (id == TC_ID_BUFFER_TEXT) {
    file->latency = TRUE;
    return TRUE;
  }
  if (id >= TC_ID_HEADER_INFO && id <= TC_ID_CMDLINES)
    return v7_pointer(file, id, data, error);
  tc_option_apply(file, id, data);
  return TRUE;
}

/* Reads one options section. @next: offset of the next one, 0 for none. */
static gboolean v7_options(TcFile *file, guint64 offset, guint64 *next, GError **error)
{
  V7Section section;
  g_autoptr(GBytes) bytes = NULL;
  TbCursor c;
  if (!v7_find(file, offset, TC_ID_DONE, &section, error))
    return FALSE;
  TcExtent extent = { section.body, section.size, (section.flags & 1) != 0, TRUE };
  if (!tc_file_load_extent(file, &extent, &bytes, &c, error))
    return FALSE;
  for (;;) {
    guint16 id;
    guint32 size;
    const guint8 *body;
    if (!tb_cursor_u16(&c, &id, "an option's number", error) ||
        !tb_cursor_u32(&c, &size, "an option's size", error) ||
        !tb_cursor_bytes(&c, size, &body, "an option", error))
      return FALSE;
    TbCursor data = { body, size, 0, tb_cursor_offset(&c) - size, file->big, file->name };
    if (id == TC_ID_DONE)
      return tb_cursor_u64(&data, next, "the last option of a section", error);
    g_autoptr(GError) lost = NULL;
    if (!v7_option(file, id, &data, &lost))
      tb_damage_log_take(file->damage, g_steal_pointer(&lost), file->name, size,
                         TB_LOST_UNKNOWN);
  }
}

/* Whether options at @offset were not read before; keeps it. */
static gboolean v7_is_new(GHashTable *seen, guint64 offset)
{
  return g_hash_table_add(seen, g_memdup2(&offset, sizeof offset));
}

/* Follows the chain; FALSE when it breaks. A chain can only go on to places not yet seen. */
static gboolean v7_chain(TcFile *file, guint64 offset, GHashTable *seen, GError **error)
{
  while (offset != 0) {
    if (g_hash_table_size(seen) >= file->limits->depth || !v7_is_new(seen, offset)) {
      tb_error_set(error, TB_ERROR_CORRUPT, file->name, offset,
                   "the chain of options sections loops or is longer than %u",
                   file->limits->depth);
      return FALSE;
    }
    if (!v7_options(file, offset, &offset, error))
      return FALSE;
  }
  return TRUE;
}

/*
 * The chunks (or pages) of one CPU behind a buffer section whose option is
 * missing: data starts on multiples of the page size. Returns the end of it.
 */
static guint64 v7_salvage_extent(TcFile *file, guint64 offset, guint64 limit)
{
  guint8 word[8];
  if (!tb_input_read_exact(file->input, offset, word, 4, "chunks", NULL))
    return offset;
  guint32 n = tb_get_u32(word, file->big);
  guint64 at = offset + 4;
  for (guint32 i = 0; i < n && at < limit; i++) {
    if (!tb_input_read_exact(file->input, at, word, 8, "a chunk", NULL))
      return limit;
    guint32 stored = tb_get_u32(word, file->big), plain = tb_get_u32(word + 4, file->big);
    if (stored == 0 || stored > file->limits->chunk_bytes || plain == 0 ||
        plain > file->limits->chunk_bytes || plain % file->page_size != 0)
      return i == 0 ? offset : at;
    at += 8 + (guint64)stored;
  }
  return MIN(at, limit);
}

/*
 * Raw pages of several CPUs one after the other, with nothing that says where one ends: all of
 * them started together, so that time going back is where the next CPU begins.
 */
static void v7_salvage_pages(TcFile *file, TcBuffer *buffer, guint64 at, guint64 end,
                             guint64 said_at)
{
  TbWindow window;
  const guint8 *head;
  guint64 page = buffer->page_size, start = at, last = 0;
  guint32 cpu = 0;
  tb_window_init(&window, file->input, V7_WINDOW);
  for (; at + 8 <= end && tb_window_get(&window, at, 8, &head, NULL) == 8; at += page) {
    guint64 time = tb_get_u64(head, file->big);
    if (time < last) {
      tc_file_add_cpu(file, buffer, cpu++, start, at - start, said_at);
      start = at;
    }
    last = time;
  }
  tc_file_add_cpu(file, buffer, cpu, start, end - start, said_at);
  tb_window_clear(&window);
}

/* A buffer section without its option: CPUs are numbered in the order they are found. */
static void v7_salvage_buffer(TcFile *file, const V7Section *section, guint index)
{
  guint64 total = tb_input_get_size(file->input);
  guint64 end = section->size == 0 || section->size > total - section->body
                    ? total : section->body + section->size;
  g_autofree char *name = index ? g_strdup_printf("salvaged-%u", index) : g_strdup("");
  g_autofree char *clock = file->clock.text ? tc_clock_from_text(file->clock.text) : g_strdup("");
  TcBuffer *buffer = tc_file_add_buffer(file, name, clock, file->page_size);
  buffer->compressed = (section->flags & 1) != 0;
  buffer->section = section->body - V7_SECTION_HEADER;
  guint64 page = file->page_size;
  guint64 at = (section->body + page - 1) / page * page;
  tb_damage_log_add(file->damage, TB_ERROR_CORRUPT, file->name, buffer->section, 0, 0,
                    "the option of a buffer is lost: it is read with the page size and clock of "
                    "the top buffer, its CPUs numbered as they come");
  if (at < end && !buffer->compressed)
    v7_salvage_pages(file, buffer, at, end, section->body);
  for (guint32 cpu = 0; buffer->compressed && at < end && cpu < file->limits->cpus; cpu++) {
    guint64 stop = v7_salvage_extent(file, at, end);
    if (stop < at + 4)
      return;
    tc_file_add_cpu(file, buffer, cpu, at, stop - at - 4, section->body);
    at = (stop + page - 1) / page * page;
  }
}

static gboolean v7_has_buffer(const TcFile *file, guint64 offset)
{
  for (guint i = 0; i < file->buffers->len; i++)
    if (((TcBuffer *)g_ptr_array_index(file->buffers, i))->section == offset)
      return TRUE;
  return FALSE;
}

/* One section that the walk met. */
static void v7_salvage_section(TcFile *file, const V7Section *section, gboolean whole,
                               GHashTable *seen)
{
  guint64 offset = section->body - V7_SECTION_HEADER, next;
  GError *error = NULL;
  if (section->id >= TC_ID_HEADER_INFO && section->id <= TC_ID_CMDLINES && whole &&
      !file->sections[section->id].known)
    file->sections[section->id] =
        (TcExtent){ section->body, section->size, (section->flags & 1) != 0, TRUE };
  else if (section->id == TC_ID_DONE && whole && v7_is_new(seen, offset) &&
           !v7_options(file, offset, &next, &error))
    tb_damage_log_take(file->damage, error, file->name, section->size, TB_LOST_UNKNOWN);
}

/*
 * Walks the sections from the file header on and takes what the chain of options did not give:
 * buffers that no option names and, where the chain is @broken, everything.
 */
static void v7_salvage(TcFile *file, guint64 offset, GHashTable *seen, gboolean broken)
{
  g_autoptr(GArray) lost = g_array_new(FALSE, FALSE, sizeof(V7Section));
  guint64 total = tb_input_get_size(file->input);
  V7Section section;
  while (v7_section(file, offset, &section, NULL) && section.id < TC_ID_LAST) {
    gboolean whole = section.size <= total - section.body;
    if (broken)
      v7_salvage_section(file, &section, whole, seen);
    if (section.id == TC_ID_BUFFER && lost->len < file->limits->depth)
      g_array_append_val(lost, section);
    else if (!whole)
      tb_damage_log_add(file->damage, TB_ERROR_TRUNCATED, file->name, section.body,
                        total - section.body, 0,
                        "the file ends inside section %u of %" G_GUINT64_FORMAT " bytes",
                        section.id, section.size);
    if (!whole || (section.id == TC_ID_BUFFER && section.size == 0))
      break;
    offset = section.body + section.size;
  }
  /* Only now are all options read that may name a buffer. */
  for (guint i = 0; i < lost->len; i++) {
    const V7Section *buffer = &g_array_index(lost, V7Section, i);
    if (!v7_has_buffer(file, buffer->body - V7_SECTION_HEADER))
      v7_salvage_buffer(file, buffer, file->buffers->len);
  }
}

gboolean tc_v7_read(TcFile *file, guint64 start, GError **error)
{
  guint8 head[V7_START];
  guint64 options;
  gssize got = tb_input_read_at(file->input, start, head, sizeof head, error);
  if (got < 0)
    return FALSE;
  TbCursor c = { head, (gsize)got, 0, start, file->big, file->name };
  if (!v7_compression(file, &c, error) ||
      !tb_cursor_u64(&c, &options, "the offset of the options", error))
    return FALSE;
  g_autoptr(GError) broken = NULL;
  g_autoptr(GHashTable) seen = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
  gboolean whole = v7_chain(file, options, seen, &broken);
  gboolean usable = file->sections[TC_ID_HEADER_INFO].known &&
                    file->buffers->len > 0;
  if (file->latency)
    return TRUE;
  if (!broken && !usable)
    tb_error_set(&broken, TB_ERROR_CORRUPT, file->name, options,
                 "the options name no buffer, or no description of its pages");
  if (broken)
    tb_damage_log_take(file->damage, g_error_copy(broken), file->name, 0, TB_LOST_UNKNOWN);
  v7_salvage(file, tb_cursor_offset(&c), seen, !whole || !usable);
  if (file->buffers->len > 0)
    return TRUE;
  if (!broken)
    tb_error_set(&broken, TB_ERROR_CORRUPT, file->name, options, "no buffer can be found");
  g_propagate_error(error, g_steal_pointer(&broken));
  return FALSE;
}
