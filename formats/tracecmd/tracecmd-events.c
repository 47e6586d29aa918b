/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Format files to event types; see tracecmd-events.h. */
#include "tracecmd/tracecmd-events.h"

#include "decode/linux/linux-decoder.h"
#include "tracecmd/tracecmd-addresses.h"
#include "tracecmd/tracecmd-text.h"

#include <stdlib.h>
#include <string.h>
#include <traceevent/event-parse.h>

enum { EVENTS_ID_MAX = 1 << 16 };

struct _TcEvents {
  gint ref_count;
  TcFile *file;
  struct tep_handle *tep;
  TcTextContext *text_context;
  TcCommon common;
  GHashTable *prints; /* print formats by event number */
  GPtrArray *types;
  TbEventType **by_id;
  guint32 n_ids;
};

/* What a type of a recording knows beyond the model. */
typedef struct {
  TcEvents *events; /* borrowed: the types belong to it */
  struct tep_event *event;
  TcText *text; /* compiled when first asked for */
  TcAddresses *addresses; /* (nullable): of types that name a connection */
  guint32 id;
} TcEventContext;

static inline TcText *event_get_text(TcEventContext *context)
{
  if (G_UNLIKELY(!context->text)) {
    const char *print =
        g_hash_table_lookup(context->events->prints, GINT_TO_POINTER(context->event->id));
    context->text = tc_text_new(context->events->text_context, context->event,
                                print ? print : "");
  }
  return context->text;
}

static void event_append_text(const TbEventType *type, const TbRecord *event, TbBuf *out)
{
  TcEventContext *context = type->context;
  tc_text_render_padded(event_get_text(context), event->data, event->len, out);
}

static void event_context_free(gpointer data)
{
  TcEventContext *context = data;
  g_clear_pointer(&context->text, tc_text_free);
  g_clear_pointer(&context->addresses, tc_addresses_free);
  g_free(context);
}

static const TbEventTypeOps event_ops = {
  .append_text = event_append_text,
  .decoder = &tb_linux_decoder,
  .free_context = event_context_free,
};

static gboolean event_get_addresses(const TbEventType *type, const TbRecord *event,
                                    TbAddresses *out)
{
  return tc_addresses_get(((TcEventContext *)type->context)->addresses, event, out);
}

static const TbEventTypeOps connection_ops = {
  .append_text = event_append_text,
  .get_addresses = event_get_addresses,
  .decoder = &tb_linux_decoder,
  .free_context = event_context_free,
};

static void unknown_append_text(const TbEventType *type, const TbRecord *event, TbBuf *out)
{
  const TcEventContext *context = type->context;
  tb_buf_append_str(out, "[UNKNOWN EVENT ");
  tb_buf_append_u64(out, context->id);
  tb_buf_append_str(out, "]");
  for (guint32 i = 0; i < event->len; i++) {
    tb_buf_append_c(out, ' ');
    tb_buf_append_c(out, "0123456789abcdef"[event->data[i] >> 4]);
    tb_buf_append_c(out, "0123456789abcdef"[event->data[i] & 15]);
  }
}

static const TbEventTypeOps unknown_ops = {
  .append_text = unknown_append_text,
  .free_context = event_context_free,
};

/* The number behind @key in the header_page line of field @name; FALSE if it is not there. */
static gboolean header_field(const char *text, const char *name, const char *key, guint32 *out)
{
  g_autofree char *needle = g_strdup_printf(" %s;", name);
  const char *line = strstr(text, needle);
  const char *at = line ? strstr(line, key) : NULL;
  const char *end = line ? strchr(line, '\n') : NULL;
  if (!at || (end && at > end))
    return FALSE;
  *out = (guint32)g_ascii_strtoull(at + strlen(key), NULL, 10);
  return TRUE;
}

/* header_page: the kernel's long is the size of its commit field, not the file header's long. */
static void events_read_layout(TcFile *file, TcLayout *layout)
{
  g_autoptr(GBytes) bytes = NULL;
  g_autoptr(GError) error = NULL;
  TbCursor c;
  const char *tag;
  const guint8 *body;
  guint64 size;
  *layout = (TcLayout){ file->big, file->user_long, 8 + file->user_long };
  if (!tc_file_load(file, TC_ID_HEADER_INFO, &bytes, &c, &error) ||
      !tb_cursor_cstr(&c, &tag, "header_page", &error) ||
      !tb_cursor_u64(&c, &size, "header_page", &error) ||
      !tb_cursor_bytes(&c, size, &body, "header_page", &error)) {
    tb_damage_log_take(file->damage, g_steal_pointer(&error), file->name, 0, 0);
    return;
  }
  g_autofree char *text = g_strndup((const char *)body, size);
  guint32 commit_size, data_off;
  if (header_field(text, "commit", "size:", &commit_size) &&
      header_field(text, "data", "offset:", &data_off) &&
      (commit_size == 4 || commit_size == 8) && data_off == 8 + commit_size) {
    layout->commit_size = commit_size;
    layout->header_len = data_off;
    return;
  }
  tb_damage_log_add(file->damage, TB_ERROR_CORRUPT, file->name, tb_cursor_offset(&c) - size, 0, 0,
                    "header_page does not describe a page; a long of %u bytes is assumed",
                    file->user_long);
}

static void field_convert(const struct tep_format_field *from, TbField *to)
{
  unsigned long flags = from->flags;
  *to = (TbField){
    .name = g_strdup(from->name),
    .type_name = g_strdup(from->type),
    .offset = (guint32)from->offset,
    .size = (guint32)from->size,
    .element_size = from->elementsize,
    .element_signed = (flags & TEP_FIELD_IS_SIGNED) != 0,
    .is_string = (flags & TEP_FIELD_IS_STRING) != 0,
  };
  if (flags & TEP_FIELD_IS_DYNAMIC)
    to->kind = flags & TEP_FIELD_IS_RELATIVE ? TB_FIELD_RELATIVE : TB_FIELD_DYNAMIC;
  else if (flags & TEP_FIELD_IS_ARRAY)
    to->kind = to->is_string ? TB_FIELD_STRING : TB_FIELD_ARRAY;
  else
    to->kind = to->element_signed ? TB_FIELD_INT : TB_FIELD_UINT;
}

static void fields_append(GArray *fields, const struct tep_format_field *from)
{
  for (; from; from = from->next) {
    TbField field;
    if (from->offset < 0 || from->size < 0)
      continue;
    field_convert(from, &field);
    g_array_append_val(fields, field);
  }
}

static void events_insert(TcEvents *events, guint32 id, TbEventType *type)
{
  if (id >= events->n_ids) {
    guint32 n = MAX(id + 1, MIN(events->n_ids * 2, EVENTS_ID_MAX));
    events->by_id = g_renew(TbEventType *, events->by_id, n);
    memset(events->by_id + events->n_ids, 0, (n - events->n_ids) * sizeof *events->by_id);
    events->n_ids = n;
  }
  events->by_id[id] = type;
  g_ptr_array_add(events->types, type);
}

static void events_take_common(TcEvents *events, const TbEventType *type)
{
  const TbField *id = tb_event_type_find_field(type, "common_type");
  const TbField *flags = tb_event_type_find_field(type, "common_flags");
  const TbField *pid = tb_event_type_find_field(type, "common_pid");
  if (!id || !flags || !pid || (id->size != 2 && id->size != 4) || pid->size != 4 ||
      MAX(id->offset, MAX(flags->offset, pid->offset)) > 64)
    return;
  events->common = (TcCommon){ id->offset, id->size, flags->offset, pid->offset,
                               MAX(id->offset + id->size,
                                   MAX(flags->offset + 1, pid->offset + 4)) };
}

static void events_add(TcEvents *events, struct tep_event *event)
{
  if (event->id < 0 || event->id >= EVENTS_ID_MAX ||
      ((guint32)event->id < events->n_ids && events->by_id[event->id]))
    return;
  TcEventContext *context = g_new0(TcEventContext, 1);
  context->events = events;
  context->event = event;
  context->id = (guint32)event->id;
  TbEventType *type = tb_event_type_new(event->system, event->name, &event_ops, context);
  g_autoptr(GArray) fields = g_array_new(FALSE, FALSE, sizeof(TbField));
  fields_append(fields, event->format.common_fields);
  fields_append(fields, event->format.fields);
  type->big = events->file->big;
  tb_event_type_take_fields(type, g_steal_pointer(&fields));
  context->addresses = tc_addresses_new(type);
  if (context->addresses)
    type->ops = &connection_ops;
  if (events->types->len == 0)
    events_take_common(events, type);
  events_insert(events, context->id, type);
}

/* One format file. libtraceevent registers no event where name, number or fields are wrong. */
static void events_parse(TcEvents *events, const char *system, const char *text, guint64 offset)
{
  int before = tep_get_events_count(events->tep);
  g_autofree char *print = NULL;
  g_autofree char *fields = tc_text_split_format(text, strlen(text), &print);
  const char *id = strstr(fields, "\nID:");
  gpointer number = GINT_TO_POINTER(id ? atoi(id + strlen("\nID:")) : 0);
  tep_parse_event(events->tep, fields, strlen(fields), system);
  if (tep_get_events_count(events->tep) == before)
    tb_damage_log_add(events->file->damage, TB_ERROR_CORRUPT, events->file->name, offset,
                      strlen(text), TB_LOST_UNKNOWN,
                      "a format file of system \"%.64s\" cannot be parsed", system);
  else if (!g_hash_table_contains(events->prints, number)) /* of equal numbers the first counts */
    g_hash_table_insert(events->prints, number, g_steal_pointer(&print));
}

/* `count` format files, each with a u64 size in front. */
static gboolean events_read_formats(TcEvents *events, TbCursor *c, const char *system,
                                    GError **error)
{
  guint32 count;
  if (!tb_cursor_u32(c, &count, "the number of format files", error))
    return FALSE;
  for (guint32 i = 0; i < count; i++) {
    guint64 size;
    const guint8 *text;
    if (!tb_cursor_u64(c, &size, "the size of a format file", error) ||
        !tb_cursor_bytes(c, size, &text, "a format file", error))
      return FALSE;
    /* libtraceevent reads up to a NUL or the size; a copy keeps it inside. */
    g_autofree char *copy = g_strndup((const char *)text, size);
    events_parse(events, system, copy, tb_cursor_offset(c) - size);
  }
  return TRUE;
}

static gboolean events_read_systems(TcEvents *events, TbCursor *c, GError **error)
{
  guint32 systems;
  if (!tb_cursor_u32(c, &systems, "the number of event systems", error))
    return FALSE;
  for (guint32 i = 0; i < systems; i++) {
    const char *system;
    if (!tb_cursor_cstr(c, &system, "the name of an event system", error) ||
        !events_read_formats(events, c, system, error))
      return FALSE;
  }
  return TRUE;
}

static void events_read_section(TcEvents *events, guint32 id)
{
  g_autoptr(GBytes) bytes = NULL;
  GError *error = NULL;
  TbCursor c;
  TcFile *file = events->file;
  if (!file->sections[id].known) {
    tb_damage_log_add(file->damage, TB_ERROR_CORRUPT, file->name, TB_OFFSET_NONE, 0,
                      TB_LOST_UNKNOWN, "there are no %s format files",
                      id == TC_ID_FTRACE_FORMATS ? "ftrace" : "event");
    return;
  }
  if (!tc_file_load(file, id, &bytes, &c, &error) ||
      !(id == TC_ID_FTRACE_FORMATS ? events_read_formats(events, &c, "ftrace", &error)
                                   : events_read_systems(events, &c, &error)))
    tb_damage_log_take(file->damage, error, file->name, tb_cursor_left(&c), TB_LOST_UNKNOWN);
}

static gboolean events_load_symbols(gpointer data, GBytes **text)
{
  TcEvents *events = data;
  g_autoptr(GBytes) bytes = NULL;
  g_autoptr(GError) error = NULL;
  TbCursor c;
  guint32 size;
  const guint8 *body;
  if (!events->file->sections[TC_ID_KALLSYMS].known)
    return FALSE;
  if (!tc_file_load(events->file, TC_ID_KALLSYMS, &bytes, &c, &error) ||
      !tb_cursor_u32(&c, &size, "the kernel symbols", &error) ||
      !tb_cursor_bytes(&c, size, &body, "the kernel symbols", &error)) {
    tb_damage_log_take(events->file->damage, g_steal_pointer(&error), events->file->name, 0, 0);
    return FALSE;
  }
  /* Megabytes: handed on, not copied. */
  gsize len, from = c.pos - size;
  char *all = g_bytes_unref_to_data(g_steal_pointer(&bytes), &len);
  memmove(all, all + from, size);
  *text = g_bytes_new_take(all, size);
  return TRUE;
}

static void events_read_printk(TcEvents *events)
{
  g_autoptr(GBytes) bytes = NULL;
  GError *error = NULL;
  TbCursor c;
  guint32 size;
  const guint8 *body;
  TcFile *file = events->file;
  if (!file->sections[TC_ID_PRINTK].known)
    return;
  if (tc_file_load(file, TC_ID_PRINTK, &bytes, &c, &error) &&
      tb_cursor_u32(&c, &size, "the printk formats", &error) &&
      tb_cursor_bytes(&c, size, &body, "the printk formats", &error))
    tc_text_context_set_printk(events->text_context, (const char *)body, size);
  else
    tb_damage_log_take(file->damage, error, file->name, 0, 0);
}

TcEvents *tc_events_new(TcFile *file, TcLayout *layout)
{
  TcEvents *events = g_new0(TcEvents, 1);
  events->ref_count = 1;
  events->file = file;
  events->common = (TcCommon){ 0, 2, 2, 4, 8 };
  events->types = g_ptr_array_new_with_free_func((GDestroyNotify)tb_event_type_unref);
  events->prints = g_hash_table_new_full(NULL, NULL, NULL, g_free);
  events->n_ids = 1024;
  events->by_id = g_new0(TbEventType *, events->n_ids);
  events_read_layout(file, layout);
  tep_set_loglevel(TEP_LOG_NONE);
  events->tep = tep_alloc();
  tep_set_file_bigendian(events->tep, file->big ? TEP_BIG_ENDIAN : TEP_LITTLE_ENDIAN);
  tep_set_local_bigendian(events->tep,
                          G_BYTE_ORDER == G_BIG_ENDIAN ? TEP_BIG_ENDIAN : TEP_LITTLE_ENDIAN);
  tep_set_long_size(events->tep, (int)layout->commit_size);
  tep_set_page_size(events->tep, (int)file->page_size);
  if (file->options.cpu_count > 0 && file->options.cpu_count <= file->limits->cpus)
    tep_set_cpus(events->tep, (int)file->options.cpu_count);
  events->text_context = tc_text_context_new(file->big, layout->commit_size);
  tc_text_context_set_symbols(events->text_context, events_load_symbols, events);
  events_read_section(events, TC_ID_FTRACE_FORMATS);
  events_read_section(events, TC_ID_EVENT_FORMATS);
  events_read_printk(events);
  int n = tep_get_events_count(events->tep);
  for (int i = 0; i < n; i++)
    events_add(events, tep_get_event(events->tep, i));
  return events;
}

TcEvents *tc_events_ref(TcEvents *events)
{
  g_atomic_int_inc(&events->ref_count);
  return events;
}

void tc_events_unref(TcEvents *events)
{
  if (!events || !g_atomic_int_dec_and_test(&events->ref_count))
    return;
  g_ptr_array_unref(events->types);
  g_hash_table_unref(events->prints);
  g_free(events->by_id);
  tc_text_context_free(events->text_context);
  tep_free(events->tep);
  g_free(events);
}

const TcCommon *tc_events_get_common(const TcEvents *events)
{
  return &events->common;
}

const GPtrArray *tc_events_get_types(const TcEvents *events)
{
  return events->types;
}

TbEventType *const *tc_events_get_table(const TcEvents *events, guint32 *n)
{
  *n = events->n_ids;
  return events->by_id;
}

TbEventType *tc_events_add_unknown(TcEvents *events, guint32 id, guint64 offset)
{
  if (id >= EVENTS_ID_MAX)
    return NULL;
  tb_damage_log_add(events->file->damage, TB_ERROR_CORRUPT, events->file->name, offset, 0, 0,
                    "event number %u has no format file; its events are kept as bytes", id);
  TcEventContext *context = g_new0(TcEventContext, 1);
  context->events = events;
  context->id = id;
  g_autofree char *name = g_strdup_printf("event-%u", id);
  TbEventType *type = tb_event_type_new("unknown", name, &unknown_ops, context);
  type->priority = 3;
  type->big = events->file->big;
  events_insert(events, id, type);
  return type;
}

void tc_events_describe_texts(const TcEvents *events,
                              void (*add)(gpointer data, const char *key, const char *value),
                              gpointer data)
{
  for (guint i = 0; i < events->types->len; i++) {
    const TbEventType *type = g_ptr_array_index(events->types, i);
    TcEventContext *context = type->context;
    if (!context->event)
      continue;
    const char *unknown = tc_text_get_unknown(event_get_text(context));
    if (!unknown)
      continue;
    g_autofree char *value =
        *unknown ? g_strdup_printf("%s:%s: its format calls %s(), which is not known", type->system,
                                   type->name, unknown)
                 : g_strdup_printf("%s:%s: its format is damaged", type->system, type->name);
    add(data, "text by fields", value);
  }
}

void tc_events_check_symbols(TcEvents *events)
{
  g_autoptr(GBytes) bytes = NULL;
  GError *error = NULL;
  TbCursor c;
  if (events->file->sections[TC_ID_KALLSYMS].known &&
      !tc_file_load(events->file, TC_ID_KALLSYMS, &bytes, &c, &error))
    tb_damage_log_take(events->file->damage, error, events->file->name, 0, 0);
}

void tc_saved_names(TcFile *file, TbMachine *machine)
{
  g_autoptr(GBytes) bytes = NULL;
  GError *error = NULL;
  TbCursor c;
  guint64 size;
  const guint8 *body;
  if (!file->sections[TC_ID_CMDLINES].known)
    return;
  if (!tc_file_load(file, TC_ID_CMDLINES, &bytes, &c, &error) ||
      !tb_cursor_u64(&c, &size, "the saved command lines", &error) ||
      !tb_cursor_bytes(&c, size, &body, "the saved command lines", &error)) {
    tb_damage_log_take(file->damage, error, file->name, 0, 0);
    return;
  }
  const char *text = (const char *)body, *end = text + size;
  while (text < end) {
    const char *line_end = memchr(text, '\n', (gsize)(end - text));
    gsize len = (gsize)((line_end ? line_end : end) - text);
    const char *blank = memchr(text, ' ', len);
    if (blank) {
      g_autofree char *number = g_strndup(text, (gsize)(blank - text));
      gint64 pid = g_ascii_strtoll(number, NULL, 10);
      if (pid > 0 && pid <= G_MAXINT32)
        tb_timeline_add_saved_name(machine->timeline, (gint32)pid, blank + 1,
                                   len - (gsize)(blank + 1 - text));
    }
    text += len + 1;
  }
}
