/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The tables that stand behind the events: strings, processes with their
 * modules, hosts and ports (section 3 of docs/format-procmon.md). Loaded once,
 * each section read whole after its size was checked. A bad row costs that row
 * and goes into the damage log; a table that cannot be what it says is an error.
 */
#include "procmon/pml-text.h"
#include "procmon/pml.h"

#include <string.h>

/* One section in memory. */
typedef struct {
  guint8 *data;
  gsize len;
  TbCursor cursor;
} TableBytes;

static void table_bytes_clear(TableBytes *bytes)
{
  g_free(bytes->data);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(TableBytes, table_bytes_clear)

static gboolean table_load(TbInput *input, const TbLimits *limits, const PmlSection *section,
                           const char *what, TableBytes *out, GError **error)
{
  guint64 len = section->end - section->start;
  if (len > limits->section_bytes) {
    tb_error_set(error, TB_ERROR_LIMIT, tb_input_get_name(input), section->start,
                 "the %s has %" G_GUINT64_FORMAT " bytes, the limit is %" G_GUINT64_FORMAT, what,
                 len, limits->section_bytes);
    return FALSE;
  }
  out->len = len;
  out->data = g_malloc(len + 1);
  out->cursor = (TbCursor){ .data = out->data, .len = len, .base_off = section->start,
                            .source = tb_input_get_name(input) };
  return tb_input_read_exact(input, section->start, out->data, len, what, error);
}

/* A count at the cursor whose entries take @each bytes at the least. */
static gboolean table_count(TbCursor *c, const TbLimits *limits, gsize each, const char *what,
                            guint32 *out, GError **error)
{
  guint64 at = tb_cursor_offset(c);
  if (!tb_cursor_u32(c, out, what, error))
    return FALSE;
  if (*out > limits->table_entries) {
    tb_error_set(error, TB_ERROR_LIMIT, c->source, at,
                 "the number of %s is %u, the limit is %" G_GUINT64_FORMAT, what, *out,
                 limits->table_entries);
    return FALSE;
  }
  if (*out > tb_cursor_left(c) / each) {
    tb_error_set(error, TB_ERROR_CORRUPT, c->source, at,
                 "the number of %s is %u, but the %" G_GSIZE_FORMAT
                 " bytes left in the section hold at most %" G_GSIZE_FORMAT,
                 what, *out, tb_cursor_left(c), tb_cursor_left(c) / each);
    return FALSE;
  }
  return TRUE;
}

typedef struct {
  TableBytes bytes;
  guint32 n;
  const char **known; /* by index, made when first asked for */
  guint64 used;       /* bytes of text taken so far */
  TbDamageLog *damage;
  TbStrPool *pool;
  TbBuf text;
} TableStrings;

static void table_strings_clear(TableStrings *strings)
{
  table_bytes_clear(&strings->bytes);
  g_free(strings->known);
  tb_buf_clear(&strings->text);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(TableStrings, table_strings_clear)

static gboolean table_open_strings(TbInput *input, const TbLimits *limits,
                                   const PmlHeader *header, TableStrings *out, GError **error)
{
  if (!table_load(input, limits, &header->sections.strings, "string table", &out->bytes, error) ||
      !table_count(&out->bytes.cursor, limits, 4, "strings", &out->n, error))
    return FALSE;
  out->known = g_new0(const char *, out->n);
  return TRUE;
}

/* A string that cannot be read is told once and is empty. */
static const char *table_make_string(TableStrings *strings, guint32 i)
{
  const TableBytes *b = &strings->bytes;
  guint64 base = b->cursor.base_off;
  gsize at = tb_get_u32(b->data + 4 + 4 * (gsize)i, FALSE);
  if (at > b->len || b->len - at < 4) {
    tb_damage_log_add(strings->damage, TB_ERROR_CORRUPT, b->cursor.source, base + 4 + 4 * (gsize)i,
                      0, 0, "string %u is said to be at 0x%" G_GINT64_MODIFIER
                            "x, past the end of the string table", i, base + at);
    return "";
  }
  gsize len = tb_get_u32(b->data + at, FALSE);
  if (len > b->len - at - 4) {
    tb_damage_log_add(strings->damage, TB_ERROR_TRUNCATED, b->cursor.source, base + at, 0, 0,
                      "string %u has no end: %" G_GSIZE_FORMAT " bytes, %" G_GSIZE_FORMAT
                      " are left in the string table", i, len, b->len - at - 4);
    return "";
  }
  strings->used += len + 4;
  if (strings->used > b->len) {
    tb_damage_log_add(strings->damage, TB_ERROR_CORRUPT, b->cursor.source, base + at, 0, 0,
                      "string %u overlaps others: together they are longer than the table", i);
    return "";
  }
  tb_buf_reset(&strings->text);
  pml_text_append_utf16_z(&strings->text, b->data + at + 4, len / 2);
  return tb_strpool_intern(strings->pool, (const char *)strings->text.data, strings->text.len);
}

static const char *table_get_string(TableStrings *strings, guint32 i, guint64 told_at)
{
  if (i >= strings->n) {
    tb_damage_log_add(strings->damage, TB_ERROR_CORRUPT, strings->bytes.cursor.source, told_at, 0,
                      0, "string %u is asked for, the table has %u", i, strings->n);
    return "";
  }
  if (!strings->known[i])
    strings->known[i] = table_make_string(strings, i);
  return strings->known[i];
}

static void process_free(gpointer data)
{
  PmlProcess *process = data;
  g_free(process->modules);
  g_free(process);
}

static gint module_compare(const void *a, const void *b)
{
  const PmlModule *x = a;
  const PmlModule *y = b;
  return x->base < y->base ? -1 : x->base > y->base;
}

static gboolean process_read_modules(TbCursor *c, gsize pointer, TableStrings *strings,
                                     const TbLimits *limits, PmlProcess *out, GError **error)
{
  gsize each = 2 * pointer + 48;
  if (!table_count(c, limits, each, "modules", &out->n_modules, error))
    return FALSE;
  out->modules = g_new0(PmlModule, out->n_modules);
  for (guint32 i = 0; i < out->n_modules; i++) {
    const guint8 *m = NULL;
    guint64 at = tb_cursor_offset(c);
    if (!tb_cursor_bytes(c, each, &m, "a module", error))
      return FALSE;
    const guint8 *rest = m + 2 * pointer;
    out->modules[i] = (PmlModule){
      .base = tb_get_uint(m + pointer, pointer, FALSE),
      .size = tb_get_u32(rest, FALSE),
      .image.path = table_get_string(strings, tb_get_u32(rest + 4, FALSE), at),
      .image.version = table_get_string(strings, tb_get_u32(rest + 8, FALSE), at),
      .image.company = table_get_string(strings, tb_get_u32(rest + 12, FALSE), at),
      .image.description = table_get_string(strings, tb_get_u32(rest + 16, FALSE), at),
      .timestamp = tb_get_u32(rest + 20, FALSE),
    };
  }
  if (out->n_modules > 1)
    qsort(out->modules, out->n_modules, sizeof *out->modules, module_compare);
  return TRUE;
}

static gboolean process_read(TbCursor *c, gsize pointer, TableStrings *strings,
                             const TbLimits *limits, PmlProcess *out, GError **error)
{
  const guint8 *p = NULL;
  guint64 at = tb_cursor_offset(c);
  const char **texts[] = { &out->token.integrity, &out->token.user,      &out->name,
                           &out->image.path,      &out->command_line,    &out->image.company,
                           &out->image.version,   &out->image.description };
  if (!tb_cursor_bytes(c, 0x60 + pointer, &p, "a process", error))
    return FALSE;
  out->index = tb_get_u32(p, FALSE);
  out->pid = tb_get_u32(p + 0x04, FALSE);
  out->parent_pid = tb_get_u32(p + 0x08, FALSE);
  out->parent_index = tb_get_u32(p + 0x0c, FALSE);
  out->token.logon = tb_get_u64(p + 0x10, FALSE);
  out->token.session = tb_get_u32(p + 0x18, FALSE);
  out->start = tb_get_u64(p + 0x20, FALSE);
  out->end = tb_get_u64(p + 0x28, FALSE);
  out->token.virtualized = tb_get_u32(p + 0x30, FALSE);
  out->is64 = tb_get_u32(p + 0x34, FALSE) == 1;
  for (guint i = 0; i < G_N_ELEMENTS(texts); i++)
    *texts[i] = table_get_string(strings, tb_get_u32(p + 0x38 + 4 * i, FALSE), at + 0x38 + 4 * i);
  if (p[0x60] != 1)
    return TRUE; /* no modules stored */
  return process_read_modules(c, pointer, strings, limits, out, error);
}

static void tables_add_process(PmlShared *shared, PmlProcess *process)
{
  g_hash_table_insert(shared->processes, GUINT_TO_POINTER(process->index), process);
  shared->viewed.data = NULL; /* its process may be this one */
  if (process->pid == 4 && !shared->kernel)
    shared->kernel = process;
}

/* Rows may not share bytes: else a small file could ask for any amount of memory. */
static gboolean tables_read_process_at(TableBytes *bytes, gsize at, gsize pointer, guint64 *used,
                                       TableStrings *strings, const TbLimits *limits,
                                       PmlProcess *out, GError **error)
{
  TbCursor c = bytes->cursor;
  c.pos = at;
  if (!process_read(&c, pointer, strings, limits, out, error))
    return FALSE;
  *used += c.pos - at;
  if (*used <= bytes->len)
    return TRUE;
  tb_error_set(error, TB_ERROR_CORRUPT, c.source, c.base_off + at,
               "process %u overlaps others: together they are longer than the table", out->index);
  return FALSE;
}

static gboolean tables_read_processes(TbInput *input, const TbLimits *limits, TbDamageLog *damage,
                                      const PmlHeader *header, TableStrings *strings,
                                      PmlShared *shared, GError **error)
{
  g_auto(TableBytes) bytes = { 0 };
  gsize pointer = header->is64 ? 8 : 4;
  guint64 used = 0;
  guint32 n = 0;
  if (!table_load(input, limits, &header->sections.processes, "process table", &bytes, error) ||
      !table_count(&bytes.cursor, limits, 8, "processes", &n, error))
    return FALSE;
  for (guint32 i = 0; i < n; i++) {
    gsize rel_at = 4 + 4 * ((gsize)n + i);
    gsize at = tb_get_u32(bytes.data + rel_at, FALSE);
    g_autoptr(GError) reason = NULL;
    if (at > bytes.len) {
      tb_damage_log_add(damage, TB_ERROR_CORRUPT, bytes.cursor.source,
                        bytes.cursor.base_off + rel_at, 0, 0,
                        "process row %u is said to be at 0x%" G_GINT64_MODIFIER
                        "x, past the end of the process table",
                        i, bytes.cursor.base_off + at);
      continue;
    }
    PmlProcess *process = g_new0(PmlProcess, 1);
    if (!tables_read_process_at(&bytes, at, pointer, &used, strings, limits, process, &reason)) {
      tb_damage_log_take(damage, g_steal_pointer(&reason), bytes.cursor.source, 0, 0);
      process_free(process);
    } else if (pml_shared_find_process(shared, process->index)) {
      tb_damage_log_add(damage, TB_ERROR_CORRUPT, bytes.cursor.source,
                        bytes.cursor.base_off + at, 0, 0, "process index %u stands twice",
                        process->index);
      process_free(process);
    } else {
      tables_add_process(shared, process);
    }
  }
  return TRUE;
}

/* Each walk up from a row stops where an earlier one has been; meeting itself is a cycle. A
 * process that is its own parent (Idle) simply has none. */
static void tables_cut_cycles(const PmlHeader *header, TbInput *input, TbDamageLog *damage,
                              PmlShared *shared)
{
  GHashTableIter iter;
  gpointer value;
  guint32 walk = 0;
  g_hash_table_iter_init(&iter, shared->processes);
  while (g_hash_table_iter_next(&iter, NULL, &value)) {
    PmlProcess *process = value;
    walk++;
    while (process && !process->walk) {
      process->walk = walk;
      PmlProcess *parent = process->parent_index == process->index
                               ? NULL
                               : g_hash_table_lookup(shared->processes,
                                                     GUINT_TO_POINTER(process->parent_index));
      if (parent && parent->walk == walk) {
        tb_damage_log_add(damage, TB_ERROR_CORRUPT, tb_input_get_name(input),
                          header->sections.processes.start, 0, 0,
                          "processes %u and %u are each other's ancestors; the parent of %u is "
                          "taken as unknown", process->index, parent->index, process->index);
        process->parent_index = process->index;
      }
      process = parent;
    }
  }
}

static gboolean tables_read_name(TbCursor *c, const TbLimits *limits, TbBuf *text, GError **error)
{
  guint32 len = 0;
  const guint8 *bytes = NULL;
  guint64 at = tb_cursor_offset(c);
  tb_buf_reset(text);
  if (!tb_cursor_u32(c, &len, "the length of a name", error))
    return FALSE;
  if (len > limits->string_bytes) {
    tb_error_set(error, TB_ERROR_LIMIT, c->source, at,
                 "a name has %u bytes, the limit is %" G_GUINT64_FORMAT, len,
                 limits->string_bytes);
    return FALSE;
  }
  if (!tb_cursor_bytes(c, len, &bytes, "a name", error))
    return FALSE;
  pml_text_append_utf16_z(text, bytes, len / 2);
  return TRUE;
}

static gboolean tables_read_hosts(TbInput *input, const TbLimits *limits, const PmlHeader *header,
                                  PmlShared *shared, GError **error)
{
  g_auto(TableBytes) bytes = { 0 };
  g_auto(TbBuf) text = { 0 };
  guint32 n = 0;
  if (!table_load(input, limits, &header->sections.hosts, "host table", &bytes, error) ||
      !table_count(&bytes.cursor, limits, 20, "hosts", &n, error))
    return FALSE;
  TbCursor *c = &bytes.cursor;
  for (guint32 i = 0; i < n; i++) {
    const guint8 *address = NULL;
    if (!tb_cursor_bytes(c, 16, &address, "a host's address", error) ||
        !tables_read_name(c, limits, &text, error))
      return FALSE;
    if (text.len)
      g_hash_table_insert(shared->hosts, g_memdup2(address, 16),
                          (gpointer)tb_strpool_intern(shared->pool, (char *)text.data, text.len));
  }
  if (!table_count(c, limits, 8, "ports", &n, error))
    return FALSE;
  for (guint32 i = 0; i < n; i++) {
    guint16 port = 0;
    guint16 is_tcp = 0;
    if (!tb_cursor_u16(c, &port, "a port", error) ||
        !tb_cursor_u16(c, &is_tcp, "the protocol of a port", error) ||
        !tables_read_name(c, limits, &text, error))
      return FALSE;
    if (text.len)
      g_hash_table_insert(shared->ports, GUINT_TO_POINTER(port | (is_tcp ? 0x10000u : 0)),
                          (gpointer)tb_strpool_intern(shared->pool, (char *)text.data, text.len));
  }
  return TRUE;
}

gboolean pml_tables_read(TbInput *input, const TbLimits *limits, TbDamageLog *damage,
                         const PmlHeader *header, PmlShared *shared, GError **error)
{
  g_auto(TableStrings) strings = { .damage = damage, .pool = shared->pool };
  if (!table_open_strings(input, limits, header, &strings, error) ||
      !tables_read_processes(input, limits, damage, header, &strings, shared, error) ||
      !tables_read_hosts(input, limits, header, shared, error))
    return FALSE;
  tables_cut_cycles(header, input, damage, shared);
  return TRUE;
}

static const char *learn_string(PmlShared *shared, PmlSpan *s, guint16 word)
{
  tb_buf_reset(&shared->scratch);
  if (!pml_text_append_info(&shared->scratch, s, word) || !shared->scratch.len)
    return "";
  return tb_strpool_intern(shared->pool, (const char *)shared->scratch.data,
                           shared->scratch.len);
}

static PmlProcess *learn_new(PmlShared *shared, guint32 index, guint32 pid)
{
  PmlProcess *process = g_new0(PmlProcess, 1);
  process->index = index;
  process->pid = pid;
  process->parent_index = index;
  process->token.virtualized = G_MAXUINT32;
  process->image = (PmlImage){ "", "", "", "" };
  process->token.integrity = process->token.user = process->name = process->command_line = "";
  process->learned = TRUE;
  tables_add_process(shared, process);
  return process;
}

static void learn_process(PmlShared *shared, const guint8 *p, PmlSpan *s)
{
  guint32 index = tb_get_u32(p, FALSE);
  guint32 parent_index = tb_get_u32(p + 8, FALSE);
  if (!pml_shared_find_process(shared, parent_index) && parent_index != index)
    learn_new(shared, parent_index, tb_get_u32(p + 12, FALSE));
  if (pml_shared_find_process(shared, index))
    return;
  PmlProcess *process = learn_new(shared, index, tb_get_u32(p + 4, FALSE));
  process->parent_index = parent_index;
  process->parent_pid = tb_get_u32(p + 12, FALSE);
  process->token.session = tb_get_u32(p + 16, FALSE);
  process->is64 = shared->is64 && !tb_get_u32(p + 20, FALSE);
  process->start = tb_get_u64(p + 24, FALSE);
  process->token.logon = tb_get_u64(p + 32, FALSE);
  process->token.virtualized = tb_get_u32(p + 40, FALSE);
  process->image.path = learn_string(shared, s, tb_get_u16(p + 46, FALSE));
  process->command_line = learn_string(shared, s, tb_get_u16(p + 48, FALSE));
  const char *slash = strrchr(process->image.path, '\\');
  process->name = slash ? slash + 1 : process->image.path;
}

/* A SID in an event stands for the account that the table names for the same process. */
static void learn_user(PmlShared *shared, guint32 index, const guint8 *sid, gsize len)
{
  const PmlProcess *process = pml_shared_find_process(shared, index);
  tb_buf_reset(&shared->scratch);
  if (!process || !*process->token.user || !pml_text_append_sid(&shared->scratch, sid, len))
    return;
  const char *key = tb_strpool_intern(shared->pool, (const char *)shared->scratch.data,
                                      shared->scratch.len);
  g_hash_table_insert(shared->users, (gpointer)key, (gpointer)process->token.user);
}

void pml_tables_learn(PmlShared *shared, const TbLimits *limits, gboolean processes,
                      const PmlRecord *record)
{
  PmlSpan s = pml_span(record->detail, record->detail_len);
  const guint8 *p = pml_span_take(&s, 52);
  if (!p || g_hash_table_size(shared->processes) + 2 > limits->table_entries ||
      g_hash_table_size(shared->users) >= limits->table_entries)
    return;
  const guint8 *sid = pml_span_take(&s, p[44]);
  if (sid)
    learn_user(shared, tb_get_u32(p, FALSE), sid, p[44]);
  pml_span_take(&s, p[45]);
  if (processes)
    learn_process(shared, p, &s);
}

static gint process_compare_start(gconstpointer a, gconstpointer b)
{
  const PmlProcess *x = *(const PmlProcess *const *)a;
  const PmlProcess *y = *(const PmlProcess *const *)b;
  if (x->start != y->start)
    return x->start < y->start ? -1 : 1;
  return x->index < y->index ? -1 : x->index > y->index;
}

static guint32 tell_string(TbTimeline *timeline, const char *text)
{
  return *text ? tb_timeline_intern(timeline, text, strlen(text)) : 0;
}

static void tell_process(const PmlProcess *process, TbTimeline *timeline, guint32 id)
{
  TbProcess *out = tb_timeline_get_process(timeline, id);
  TbProcessFacts facts = { tell_string(timeline, process->command_line),
                           tell_string(timeline, process->token.user),
                           tell_string(timeline, process->token.integrity) };
  out->start.id_known = TRUE;
  out->comm = tell_string(timeline, process->name);
  out->exe = tell_string(timeline, process->image.path);
  if (process->start && pml_time_to_ns(process->start, &out->start_ns))
    out->start.known = TB_KNOWN_SEEN;
  if (process->end && pml_time_to_ns(process->end, &out->end_ns))
    out->end.known = TB_KNOWN_SEEN;
  tb_timeline_set_facts(timeline, id, &facts);
}

void pml_tables_tell(const PmlShared *shared, TbTimeline *timeline)
{
  GHashTableIter iter;
  gpointer value;
  g_autoptr(GPtrArray) sorted = g_ptr_array_new();
  g_autoptr(GHashTable) ids = g_hash_table_new(NULL, NULL); /* index -> number + 1 */
  g_hash_table_iter_init(&iter, shared->processes);
  while (g_hash_table_iter_next(&iter, NULL, &value))
    g_ptr_array_add(sorted, value);
  g_ptr_array_sort(sorted, process_compare_start);
  for (guint i = 0; i < sorted->len; i++) {
    const PmlProcess *process = g_ptr_array_index(sorted, i);
    guint32 id = tb_timeline_add_process(timeline, (gint32)process->pid);
    tell_process(process, timeline, id);
    g_hash_table_insert(ids, GUINT_TO_POINTER(process->index), GUINT_TO_POINTER(id + 1));
  }
  for (guint i = 0; i < sorted->len; i++) {
    const PmlProcess *process = g_ptr_array_index(sorted, i);
    guint id = GPOINTER_TO_UINT(g_hash_table_lookup(ids, GUINT_TO_POINTER(process->index)));
    guint parent =
        process->parent_index == process->index
            ? 0
            : GPOINTER_TO_UINT(g_hash_table_lookup(ids, GUINT_TO_POINTER(process->parent_index)));
    if (!parent)
      continue;
    TbProcess *out = tb_timeline_get_process(timeline, id - 1);
    out->parent = parent - 1;
    out->start.parent_known = TB_KNOWN_SEEN;
  }
}

static guint address_hash(gconstpointer key)
{
  const guint8 *p = key;
  guint32 h = 2166136261u;
  for (guint i = 0; i < 16; i++)
    h = (h ^ p[i]) * 16777619u;
  return h;
}

static gboolean address_equal(gconstpointer a, gconstpointer b)
{
  return memcmp(a, b, 16) == 0;
}

PmlShared *pml_shared_new(void)
{
  PmlShared *shared = g_new0(PmlShared, 1);
  shared->ref_count = 1;
  shared->pool = tb_strpool_new();
  shared->processes = g_hash_table_new_full(NULL, NULL, NULL, process_free);
  shared->hosts = g_hash_table_new_full(address_hash, address_equal, g_free, NULL);
  shared->ports = g_hash_table_new(NULL, NULL);
  shared->users = g_hash_table_new(g_str_hash, g_str_equal);
  return shared;
}

PmlShared *pml_shared_ref(PmlShared *shared)
{
  g_atomic_int_inc(&shared->ref_count);
  return shared;
}

void pml_shared_unref(PmlShared *shared)
{
  if (!g_atomic_int_dec_and_test(&shared->ref_count))
    return;
  g_hash_table_unref(shared->processes);
  g_hash_table_unref(shared->hosts);
  g_hash_table_unref(shared->ports);
  g_hash_table_unref(shared->users);
  tb_strpool_free(shared->pool);
  tb_zone_free(shared->zone);
  for (guint i = 0; i < PML_MAX_TEXTS; i++)
    tb_buf_clear(&shared->text[i]);
  tb_buf_clear(&shared->scratch);
  g_free(shared);
}
