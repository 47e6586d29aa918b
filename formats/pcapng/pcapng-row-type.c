/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Rows as events; see pcapng-row-type.h. */
#include "pcapng/pcapng-row-type.h"

#include "model/item.h"
#include "pcapng/pcapng-facts.h"
#include "pcapng/pcapng-row.h"

#include <string.h>

/* The raw text: TRACE_TEXT, else what follows the event's name in MESSAGE. */
static void row_append_text(const TbEventType *type, const TbRecord *event, TbBuf *out)
{
  TbPcapngRow row;
  const guint8 *value;
  gsize len;
  if (!tb_pcapng_row_parse(event->data, event->len, &row))
    return;
  if (tb_pcapng_row_find(&row, "TRACE_TEXT", &value, &len)) {
    tb_buf_append(out, value, len);
    return;
  }
  if (!tb_pcapng_row_find(&row, "MESSAGE", &value, &len))
    return;
  gsize lead = strlen(type->name);
  if (len > lead && memcmp(value, type->name, lead) == 0 && value[lead] == ':') {
    lead += 1 + (len > lead + 1 && value[lead + 1] == ' ');
    value += lead;
    len -= lead;
  }
  tb_buf_append(out, value, len);
}

static gboolean row_get_bytes(const TbEventType *type, const TbField *field,
                              const TbRecord *event, const guint8 **out, gsize *len)
{
  TbPcapngRow row;
  return tb_pcapng_row_parse(event->data, event->len, &row)
         && tb_pcapng_row_find(&row, field->name, out, len);
}

static gboolean row_get_int(const TbEventType *type, const TbField *field, const TbRecord *event,
                            gint64 *out)
{
  TbPcapngRow row;
  return tb_pcapng_row_parse(event->data, event->len, &row) &&
         tb_pcapng_row_find_int(&row, field->name, out);
}

/* Keeps the strings of the last answer, each with a NUL. */
static gboolean row_keep_string(TbBuf *strings, const TbPcapngRow *row, const char *key,
                                   gsize *at)
{
  const guint8 *value;
  gsize len;
  if (!tb_pcapng_row_find(row, key, &value, &len))
    return FALSE;
  *at = strings->len;
  tb_buf_append(strings, value, len);
  tb_buf_append_c(strings, 0);
  return TRUE;
}

static gint32 row_find_int(const TbPcapngRow *row, const char *key, gint32 missing)
{
  gint64 n;
  return tb_pcapng_row_find_int(row, key, &n) ? (gint32)n : missing;
}

static gboolean row_get_actor(const TbEventType *type, const TbRecord *event, TbContext *out)
{
  TbBuf *strings = type->context;
  TbPcapngRow row;
  gsize comm_at, exe_at, cmdline_at;
  *out = (TbContext){ 0 };
  if (!tb_pcapng_row_parse(event->data, event->len, &row))
    return FALSE;
  out->pid = row_find_int(&row, "_PID", 0);
  if (out->pid == 0)
    return FALSE;
  out->tid = row_find_int(&row, "TRACE_TID", out->pid);
  out->ppid = row_find_int(&row, "TRACE_PPID", 0);
  out->pid_known = row_find_int(&row, "TRACE_PID_KNOWN", 1) != 0;
  tb_buf_reset(strings);
  gboolean has_comm = row_keep_string(strings, &row, "_COMM", &comm_at);
  gboolean has_exe = row_keep_string(strings, &row, "_EXE", &exe_at);
  gboolean has_cmdline = row_keep_string(strings, &row, "_CMDLINE", &cmdline_at);
  out->comm = has_comm ? (const char *)strings->data + comm_at : NULL;
  out->exe = has_exe ? (const char *)strings->data + exe_at : NULL;
  out->cmdline = has_cmdline ? (const char *)strings->data + cmdline_at : NULL;
  return TRUE;
}

static gboolean row_get_packet(const TbEventType *type, const TbRecord *event, guint64 *id)
{
  TbPcapngRow row;
  return tb_pcapng_row_parse(event->data, event->len, &row) && tb_pcapng_row_get_packet(&row, id);
}

static void row_free_context(gpointer context)
{
  tb_buf_clear(context);
  g_free(context);
}

const TbEventTypeOps tb_pcapng_row_ops = {
  .append_text = row_append_text,
  .get_int = row_get_int,
  .get_bytes = row_get_bytes,
  .get_actor = row_get_actor,
  .get_packet = row_get_packet,
  .decoder = &tb_pcapng_row_decoder,
  .free_context = row_free_context,
};

TbEventType *tb_pcapng_row_type_new(const char *identifier, gsize len)
{
  static const struct {
    const char *name;
    gboolean is_string;
  } keys[] = {
    { "_PID", FALSE },      { "_COMM", TRUE },       { "_EXE", TRUE },
    { "_CMDLINE", TRUE },   { "_HOSTNAME", TRUE },   { "PRIORITY", FALSE },
    { "MESSAGE", TRUE },    { "TRACE_TEXT", TRUE },  { "TRACE_TID", FALSE },
    { "TRACE_CPU", FALSE }, { "TRACE_PPID", FALSE }, { "TRACE_PID_KNOWN", FALSE },
    { "TRACE_KIND", TRUE }, { "TRACE_CHILD", FALSE }, { "TRACE_PARENT", FALSE },
    { "TRACE_SIBLING", FALSE }, { "TRACE_THREAD", FALSE }, { "TRACE_TASK", FALSE },
    { "TRACE_OLD_TID", FALSE }, { "TRACE_EXE", TRUE }, { "TRACE_OLD_COMM", TRUE },
    { "TRACE_NEW_COMM", TRUE }, { "TRACE_EXIT", TRUE }, { "TRACE_DURATION", FALSE },
    { "TRACE_PACKET", TRUE },
  };
  const char *colon = memchr(identifier, ':', len);
  gsize system_len = colon ? (gsize)(colon - identifier) : 0;
  gsize name_at = colon ? system_len + 1 : 0;
  g_autofree char *system = g_strndup(identifier, system_len);
  g_autofree char *name = g_strndup(identifier + name_at, len - name_at);
  TbEventType *type = tb_event_type_new(system, name, &tb_pcapng_row_ops, g_new0(TbBuf, 1));
  GArray *fields = g_array_new(FALSE, TRUE, sizeof(TbField));
  for (guint i = 0; i < G_N_ELEMENTS(keys); i++) {
    TbField field = { .name = g_strdup(keys[i].name),
                      .kind = TB_FIELD_COMPUTED,
                      .is_string = keys[i].is_string };
    g_array_append_val(fields, field);
  }
  tb_event_type_take_fields(type, fields);
  return type;
}
