/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Version 6: one fixed sequence of pieces, then options, then a table of CPU
 * data. Nothing says where a piece is but the pieces before it, so a damaged
 * size costs all that follows.
 */
#include "tracecmd/tracecmd-file.h"

#include "base/window.h"

#include <string.h>

enum { V6_WINDOW = 64 * 1024, V6_STRING_MAX = 4096, V6_TAG = 10 };

/* A place in the sequence. */
typedef struct {
  TcFile *file;
  TbWindow window;
  guint64 pos;
} V6Scan;

static gboolean v6_bytes(V6Scan *s, gsize n, const guint8 **out, const char *what,
                         GError **error)
{
  gssize got = tb_window_get(&s->window, s->pos, n, out, error);
  if (got < 0)
    return FALSE;
  if ((gsize)got < n) {
    tb_error_set(error, TB_ERROR_TRUNCATED, s->file->name, s->pos,
                 "the file ends in %s (%" G_GSIZE_FORMAT " bytes expected, %" G_GSSIZE_FORMAT
                 " are left)", what, n, got);
    return FALSE;
  }
  s->pos += n;
  return TRUE;
}

static gboolean v6_u32(V6Scan *s, guint32 *out, const char *what, GError **error)
{
  const guint8 *p;
  if (!v6_bytes(s, 4, &p, what, error))
    return FALSE;
  *out = tb_get_u32(p, s->file->big);
  return TRUE;
}

static gboolean v6_u64(V6Scan *s, guint64 *out, const char *what, GError **error)
{
  const guint8 *p;
  if (!v6_bytes(s, 8, &p, what, error))
    return FALSE;
  *out = tb_get_u64(p, s->file->big);
  return TRUE;
}

/* A NUL-terminated string; @out borrows the window until the next read. */
static gboolean v6_cstr(V6Scan *s, const char **out, const char *what, GError **error)
{
  const guint8 *p;
  gssize got = tb_window_get(&s->window, s->pos, V6_STRING_MAX, &p, error);
  if (got < 0)
    return FALSE;
  const guint8 *nul = got ? memchr(p, 0, (gsize)got) : NULL;
  if (!nul) {
    tb_error_set(error, TB_ERROR_CORRUPT, s->file->name, s->pos,
                 "%s has no end within %" G_GSSIZE_FORMAT " bytes", what, got);
    return FALSE;
  }
  *out = (const char *)p;
  s->pos += (gsize)(nul - p) + 1;
  return TRUE;
}

/* Passes over @n bytes that belong to a piece. */
static gboolean v6_skip(V6Scan *s, guint64 n, const char *what, GError **error)
{
  guint64 total = tb_input_get_size(s->file->input);
  if (n > total - MIN(s->pos, total)) {
    tb_error_set(error, TB_ERROR_TRUNCATED, s->file->name, s->pos,
                 "%s of %" G_GUINT64_FORMAT " bytes, %" G_GUINT64_FORMAT " are left", what, n,
                 total - MIN(s->pos, total));
    return FALSE;
  }
  s->pos += n;
  return TRUE;
}

static void v6_mark(V6Scan *s, guint32 id, guint64 start)
{
  s->file->sections[id] = (TcExtent){ start, s->pos - start, FALSE, TRUE };
}

static gboolean v6_header_file(V6Scan *s, const char *tag, GError **error)
{
  const guint8 *p;
  guint64 at = s->pos, size;
  gsize len = strlen(tag) + 1;
  if (!v6_bytes(s, len, &p, tag, error))
    return FALSE;
  if (memcmp(p, tag, len) != 0) {
    tb_error_set(error, TB_ERROR_CORRUPT, s->file->name, at, "expected the piece \"%s\"", tag);
    return FALSE;
  }
  return v6_u64(s, &size, tag, error) && v6_skip(s, size, tag, error);
}

static gboolean v6_formats(V6Scan *s, const char *what, GError **error)
{
  guint32 count;
  if (!v6_u32(s, &count, what, error))
    return FALSE;
  for (guint32 i = 0; i < count; i++) {
    guint64 size;
    if (!v6_u64(s, &size, what, error) || !v6_skip(s, size, what, error))
      return FALSE;
  }
  return TRUE;
}

static gboolean v6_event_formats(V6Scan *s, GError **error)
{
  guint32 systems;
  const char *system;
  if (!v6_u32(s, &systems, "the number of event systems", error))
    return FALSE;
  for (guint32 i = 0; i < systems; i++)
    if (!v6_cstr(s, &system, "the name of an event system", error) ||
        !v6_formats(s, "an event format", error))
      return FALSE;
  return TRUE;
}

/* A piece with its size in front: u32 for kallsyms and printk formats, u64 for command lines. */
static gboolean v6_sized(V6Scan *s, guint32 id, gboolean wide, const char *what, GError **error)
{
  guint64 start = s->pos, size;
  guint32 narrow = 0;
  if (wide ? !v6_u64(s, &size, what, error) : !v6_u32(s, &narrow, what, error))
    return FALSE;
  if (!v6_skip(s, wide ? size : narrow, what, error))
    return FALSE;
  v6_mark(s, id, start);
  return TRUE;
}

static gboolean v6_metadata(V6Scan *s, GError **error)
{
  guint64 start = s->pos;
  if (!v6_header_file(s, "header_page", error) || !v6_header_file(s, "header_event", error))
    return FALSE;
  v6_mark(s, TC_ID_HEADER_INFO, start);
  start = s->pos;
  if (!v6_formats(s, "an ftrace format", error))
    return FALSE;
  v6_mark(s, TC_ID_FTRACE_FORMATS, start);
  start = s->pos;
  if (!v6_event_formats(s, error))
    return FALSE;
  v6_mark(s, TC_ID_EVENT_FORMATS, start);
  return v6_sized(s, TC_ID_KALLSYMS, FALSE, "the kernel symbols", error) &&
         v6_sized(s, TC_ID_PRINTK, FALSE, "the printk formats", error) &&
         v6_sized(s, TC_ID_CMDLINES, TRUE, "the saved command lines", error);
}

/* Where an instance's CPU table is, from its BUFFER option. */
typedef struct {
  char *name;
  guint64 offset;
} V6Instance;

static void v6_instance_clear(gpointer data)
{
  g_free(((V6Instance *)data)->name);
}

static void v6_note_instance(V6Scan *s, TbCursor *data, GArray *instances)
{
  g_autoptr(GError) error = NULL;
  V6Instance instance = { 0 };
  const char *name;
  if (!tb_cursor_u64(data, &instance.offset, "a BUFFER option", &error) ||
      !tb_cursor_cstr(data, &name, "the name in a BUFFER option", &error)) {
    tb_damage_log_take(s->file->damage, g_steal_pointer(&error), s->file->name, 0,
                       TB_LOST_UNKNOWN);
    return;
  }
  instance.name = g_strdup(name);
  g_array_append_val(instances, instance);
}

static gboolean v6_options(V6Scan *s, GArray *instances, GError **error)
{
  for (;;) {
    const guint8 *p;
    guint32 size;
    if (!v6_bytes(s, 2, &p, "an option's number", error))
      return FALSE;
    guint32 id = tb_get_u16(p, s->file->big);
    if (id == TC_ID_DONE)
      return TRUE;
    if (!v6_u32(s, &size, "an option's size", error))
      return FALSE;
    guint64 start = s->pos;
    if (size > s->file->limits->section_bytes || !v6_skip(s, size, "an option", error)) {
      if (error && !*error)
        tb_error_set(error, TB_ERROR_LIMIT, s->file->name, start, "option %u of %u bytes", id,
                     size);
      return FALSE;
    }
    TcExtent extent = { start, size, FALSE, TRUE };
    g_autoptr(GBytes) bytes = NULL;
    TbCursor data;
    if (!tc_file_load_extent(s->file, &extent, &bytes, &data, error))
      return FALSE;
    if (id == TC_ID_BUFFER)
      v6_note_instance(s, &data, instances);
    else
      tc_option_apply(s->file, id, &data);
  }
}

/* The clock behind a CPU table: u64 length and "[local]"; old recorders wrote it wrongly. */
static char *v6_trailing_clock(V6Scan *s)
{
  guint64 len;
  const guint8 *p;
  if (!v6_u64(s, &len, "the clock", NULL) || len == 0 || len > 64 ||
      !v6_bytes(s, len, &p, "the clock", NULL))
    return NULL;
  g_autofree char *text = g_strndup((const char *)p, len);
  if (text[0] != '[')
    return NULL;
  return tc_clock_from_text(text);
}

/* A "flyrecord" table of @n_cpus extents, for the top buffer or an instance. */
static gboolean v6_cpu_table(V6Scan *s, const char *name, guint32 n_cpus, GError **error)
{
  TcFile *file = s->file;
  g_autofree char *clock = file->clock.text ? tc_clock_from_text(file->clock.text) : NULL;
  TcBuffer *buffer = tc_file_add_buffer(file, name, clock ? clock : "", file->page_size);
  for (guint32 cpu = 0; cpu < n_cpus; cpu++) {
    guint64 at = s->pos, offset, size;
    if (!v6_u64(s, &offset, "a CPU's data offset", error) ||
        !v6_u64(s, &size, "a CPU's data size", error))
      return FALSE;
    tc_file_add_cpu(file, buffer, cpu, offset, size, at);
  }
  /* An instance may run on a clock of its own, told only here. */
  char *own = tc_file_has_option(file, TC_ID_TRACECLOCK) ? v6_trailing_clock(s) : NULL;
  if (own) {
    g_free(buffer->clock);
    buffer->clock = own;
  }
  return TRUE;
}

static gboolean v6_expect_flyrecord(V6Scan *s, GError **error)
{
  const guint8 *p;
  if (!v6_bytes(s, V6_TAG, &p, "the tag before the CPU table", error))
    return FALSE;
  if (memcmp(p, "flyrecord", V6_TAG) == 0)
    return TRUE;
  s->file->latency = memcmp(p, "latency  ", V6_TAG) == 0;
  if (s->file->latency)
    return TRUE;
  tb_error_set(error, TB_ERROR_CORRUPT, s->file->name, s->pos - V6_TAG,
               "expected the tag \"flyrecord\" or \"latency\"");
  return FALSE;
}

static void v6_instances(V6Scan *s, GArray *instances, guint32 n_cpus)
{
  for (guint i = 0; i < instances->len; i++) {
    V6Instance *instance = &g_array_index(instances, V6Instance, i);
    GError *error = NULL;
    s->pos = instance->offset;
    if (!v6_expect_flyrecord(s, &error) || !v6_cpu_table(s, instance->name, n_cpus, &error))
      tb_damage_log_take(s->file->damage, error, s->file->name, 0, TB_LOST_UNKNOWN);
  }
}

/* The place of the tag before options or CPU table, searched for from @at on; 0 = there is none. */
static guint64 v6_find_tag(V6Scan *s, guint64 at)
{
  static const char *const tags[] = { "options  ", "flyrecord" };
  const guint8 *p = NULL;
  gssize got;
  while ((got = tb_window_get(&s->window, at, V6_WINDOW, &p, NULL)) >= V6_TAG && p) {
    const guint8 *best = NULL;
    for (guint i = 0; i < G_N_ELEMENTS(tags); i++) {
      const guint8 *found = memmem(p, (gsize)got, tags[i], V6_TAG);
      best = found && (!best || found < best) ? found : best;
    }
    if (best)
      return at + (guint64)(best - p);
    at += (guint64)got - V6_TAG + 1;
  }
  return 0;
}

/*
 * A piece of the metadata is broken: what follows it is found by the next tag. The broken piece
 * is taken to reach that far; its readers stop where they meet the damage.
 */
static gboolean v6_salvage(V6Scan *s, guint64 start, GError **error)
{
  TcExtent *sections = s->file->sections;
  guint64 tag = v6_find_tag(s, s->pos);
  if (tag < start + 4)
    return FALSE;
  for (guint32 id = TC_ID_HEADER_INFO; id <= TC_ID_CMDLINES && sections[id].known; id++)
    start = sections[id].offset + sections[id].size;
  for (guint32 id = TC_ID_HEADER_INFO; id <= TC_ID_CMDLINES; id++) {
    if (sections[id].known)
      continue;
    sections[id] = (TcExtent){ start, tag - 4 - MIN(start, tag - 4), FALSE, TRUE };
    break;
  }
  tb_damage_log_take(s->file->damage, g_steal_pointer(error), s->file->name, 0, TB_LOST_UNKNOWN);
  s->pos = tag - 4;
  return TRUE;
}

static gboolean v6_read_all(V6Scan *s, GArray *instances, GError **error)
{
  TcFile *file = s->file;
  guint64 count_at;
  guint32 n_cpus;
  const guint8 *p;
  guint64 start = s->pos;
  GError *broken = NULL;
  if (!v6_metadata(s, &broken) && !v6_salvage(s, start, &broken)) {
    g_propagate_error(error, broken);
    return FALSE;
  }
  count_at = s->pos;
  if (!v6_u32(s, &n_cpus, "the number of CPUs", error) ||
      !v6_bytes(s, V6_TAG, &p, "the tag behind the number of CPUs", error))
    return FALSE;
  if (memcmp(p, "options  ", V6_TAG) == 0) {
    if (!v6_options(s, instances, error))
      return FALSE;
  } else {
    s->pos -= V6_TAG;
  }
  if (!v6_expect_flyrecord(s, error) || file->latency)
    return file->latency;
  if (tc_file_has_option(file, TC_ID_CPUCOUNT))
    n_cpus = file->options.cpu_count;
  file->options.cpu_count = n_cpus;
  if (n_cpus > file->limits->cpus) {
    tb_error_set(error, TB_ERROR_LIMIT, file->name, count_at, "%u CPUs, limit %u", n_cpus,
                 file->limits->cpus);
    return FALSE;
  }
  if (!v6_cpu_table(s, "", n_cpus, error))
    return FALSE;
  v6_instances(s, instances, n_cpus);
  return TRUE;
}

gboolean tc_v6_read(TcFile *file, guint64 start, GError **error)
{
  V6Scan scan = { .file = file, .pos = start };
  g_autoptr(GArray) instances = g_array_new(FALSE, FALSE, sizeof(V6Instance));
  g_array_set_clear_func(instances, v6_instance_clear);
  tb_window_init(&scan.window, file->input, V6_WINDOW);
  gboolean ok = v6_read_all(&scan, instances, error);
  tb_window_clear(&scan.window);
  return ok;
}
