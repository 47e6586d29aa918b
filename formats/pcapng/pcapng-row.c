/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Rows read back; see pcapng-row.h. */
#include "pcapng/pcapng-row.h"

#include "base/bytes.h"
#include "pcapng/pcapng-facts.h"
#include "pcapng/pcapng-journal.h"

enum { ROW_TAG_HEAD = 4, ROW_LENGTH_BYTES = 8 };

/* Tags of ours: the dissector's name first, then addresses, then the end. */
static gboolean row_skip_tags(const guint8 *data, gsize len, gsize *keys_at)
{
  static const guint8 head[] = { 0, TB_PCAPNG_TAG_DISSECTOR, 0, 16, 's', 'y', 's', 't', 'e', 'm',
                                 'd', '_', 'j', 'o', 'u', 'r', 'n', 'a', 'l', 0 };
  if (len < sizeof head + ROW_TAG_HEAD || memcmp(data, head, sizeof head) != 0)
    return FALSE;
  for (gsize at = sizeof head; len - at >= ROW_TAG_HEAD;) {
    guint tag = tb_get_u16(data + at, TRUE);
    gsize size = tb_get_u16(data + at + 2, TRUE);
    at += ROW_TAG_HEAD;
    if (tag == TB_PCAPNG_TAG_END && size == 0) {
      *keys_at = at;
      return TRUE;
    }
    if (tag < TB_PCAPNG_TAG_IPV4_SRC || tag > TB_PCAPNG_TAG_IPV6_DST || size > len - at)
      return FALSE;
    at += size;
  }
  return FALSE;
}

/* The line at *@at, if it starts with @key. Moves *@at behind its newline. */
static inline gboolean row_take_line(const TbPcapngRow *row, const char *key, gsize key_len,
                                     gsize *at, const guint8 **value, gsize *len)
{
  gsize left = row->keys_len - *at;
  const guint8 *line = row->keys + *at;
  if (left <= key_len || line[1] != (guint8)key[1] || memcmp(line, key, key_len) != 0)
    return FALSE;
  const guint8 *end = memchr(line + key_len, '\n', left - key_len);
  if (!end)
    return FALSE;
  *value = line + key_len;
  *len = (gsize)(end - *value);
  *at += key_len + *len + 1;
  return TRUE;
}

#define ROW_TAKE(row, key, at, value, len) \
  row_take_line(row, key, sizeof(key) - 1, at, value, len)

gboolean tb_pcapng_row_parse(const guint8 *data, gsize len, TbPcapngRow *row)
{
  gsize keys_at, at = 0, value_len;
  const guint8 *value;
  *row = (TbPcapngRow){ 0 };
  if (!row_skip_tags(data, len, &keys_at) || data[len - 1] != '\n')
    return FALSE;
  row->keys = data + keys_at;
  row->keys_len = len - keys_at;
  /* In the order they are written in, each only where it says something. */
  row->has_pid = ROW_TAKE(row, "_PID=", &at, &value, &value_len);
  ROW_TAKE(row, "_COMM=", &at, &value, &value_len);
  ROW_TAKE(row, "_EXE=", &at, &value, &value_len);
  ROW_TAKE(row, "_CMDLINE=", &at, &value, &value_len);
  row->host_at = at;
  if (ROW_TAKE(row, "_HOSTNAME=", &at, &value, &value_len))
    row->host_len = at - row->host_at;
  if (!ROW_TAKE(row, "SYSLOG_IDENTIFIER=", &at, &value, &row->identifier_len))
    return FALSE;
  row->identifier = (const char *)value;
  row->rest_at = at;
  return memchr(value, ':', row->identifier_len) && !memchr(value, 0, row->identifier_len);
}

/* The key at *@at, either "KEY=value\n" or "KEY\n", u64, value, "\n". */
static gboolean row_next(const TbPcapngRow *row, gsize *at, const guint8 **key, gsize *key_len,
                         const guint8 **value, gsize *len)
{
  gsize left = row->keys_len - *at;
  const guint8 *line = row->keys + *at;
  const guint8 *end = left ? memchr(line, '\n', left) : NULL;
  if (!end)
    return FALSE;
  gsize line_len = (gsize)(end - line);
  const guint8 *equals = line_len ? memchr(line, '=', line_len) : NULL;
  *key = line;
  if (equals) {
    *key_len = (gsize)(equals - line);
    *value = equals + 1;
    *len = line_len - *key_len - 1;
    *at += line_len + 1;
    return TRUE;
  }
  left -= line_len + 1;
  if (left < ROW_LENGTH_BYTES + 1)
    return FALSE;
  guint64 size = tb_get_u64(end + 1, FALSE);
  if (size > left - ROW_LENGTH_BYTES - 1)
    return FALSE;
  *key_len = line_len;
  *value = end + 1 + ROW_LENGTH_BYTES;
  *len = (gsize)size;
  *at += line_len + 1 + ROW_LENGTH_BYTES + *len + 1;
  return TRUE;
}

static gboolean row_find_from(const TbPcapngRow *row, gsize at, const char *key,
                              const guint8 **value, gsize *len)
{
  const guint8 *found;
  gsize found_len, key_len = strlen(key);
  while (row_next(row, &at, &found, &found_len, value, len))
    if (found_len == key_len && memcmp(found, key, key_len) == 0)
      return TRUE;
  return FALSE;
}

gboolean tb_pcapng_row_find(const TbPcapngRow *row, const char *key, const guint8 **value,
                            gsize *len)
{
  return row_find_from(row, 0, key, value, len);
}

static gboolean row_to_int(const guint8 *value, gsize len, gint64 *out)
{
  gboolean negative = len > 0 && value[0] == '-';
  guint64 n = 0;
  if (len == (gsize)negative || len > 20)
    return FALSE;
  for (gsize i = (gsize)negative; i < len; i++) {
    if (!g_ascii_isdigit(value[i]))
      return FALSE;
    n = n * 10 + (guint64)(value[i] - '0');
  }
  *out = (gint64)(negative ? 0 - n : n);
  return TRUE;
}

guint64 tb_pcapng_row_get_lost(const TbPcapngRow *row)
{
  static const char lead[] = TB_PCAPNG_LOST_NAME ": ";
  const guint8 *value;
  gsize len;
  guint64 n = 0;
  if (!tb_pcapng_row_find(row, "MESSAGE", &value, &len))
    return 0;
  for (gsize i = sizeof lead - 1; i < len && g_ascii_isdigit(value[i]); i++)
    n = n * 10 + (guint64)(value[i] - '0');
  return n;
}

guint32 tb_pcapng_row_get_cpu(const TbPcapngRow *row)
{
  const guint8 *value;
  gsize len;
  gint64 cpu;
  if (!row_find_from(row, row->rest_at, "TRACE_CPU", &value, &len)
      || !row_to_int(value, len, &cpu) || cpu < 0 || cpu >= TB_CPU_NONE)
    return TB_CPU_NONE;
  return (guint32)cpu;
}

/*
 * The line that names a packet, which is the last one but for what was cut; found from the end,
 * since rows without one are many.
 */
static gboolean row_find_packet_line(const TbPcapngRow *row, gsize *at, gsize *len)
{
  static const char key[] = "TRACE_PACKET=", cut[] = "TRACE_TRUNCATED=";
  gsize end = row->keys_len, value_len;
  const guint8 *value;
  for (guint lines = 0; lines < 2; lines++) {
    gsize start = end - 1;
    while (start > row->rest_at && row->keys[start - 1] != '\n')
      start--;
    if (end - start > sizeof key && memcmp(row->keys + start, key, sizeof key - 1) == 0) {
      *at = start;
      *len = end - start;
      /* It may be text of another key's value. */
      return tb_pcapng_row_find(row, "TRACE_PACKET", &value, &value_len) &&
             value == row->keys + start + sizeof key - 1;
    }
    if (start <= row->rest_at || end - start < sizeof cut ||
        memcmp(row->keys + start, cut, sizeof cut - 1) != 0)
      return FALSE;
    end = start;
  }
  return FALSE;
}

void tb_pcapng_row_copy(const TbRecord *event, const TbBuf *host, gboolean with_packet, TbBuf *out)
{
  TbPcapngRow row;
  gsize at, len;
  if (!tb_pcapng_row_parse(event->data, event->len, &row)) {
    tb_buf_append(out, event->data, event->len);
    return;
  }
  gsize front = (gsize)(row.keys - event->data) + row.host_at;
  gsize rest_at = row.host_at + row.host_len;
  tb_buf_append(out, event->data, front);
  tb_buf_append(out, host->data, host->len);
  if (G_UNLIKELY(!with_packet) && row_find_packet_line(&row, &at, &len)) {
    tb_buf_append(out, row.keys + rest_at, at - rest_at);
    rest_at = at + len;
  }
  tb_buf_append(out, row.keys + rest_at, row.keys_len - rest_at);
}

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
  const guint8 *value;
  gsize len;
  return row_get_bytes(type, field, event, &value, &len) && row_to_int(value, len, out);
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
  const guint8 *value;
  gsize len;
  gint64 n;
  if (!tb_pcapng_row_find(row, key, &value, &len) || !row_to_int(value, len, &n))
    return missing;
  return (gint32)n;
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

/* Files written by versions that numbered packets by their place name none. */
static gboolean row_get_packet(const TbEventType *type, const TbRecord *event, guint64 *id)
{
  TbPcapngRow row;
  gsize at, len, digits = sizeof "TRACE_PACKET=" - 1;
  if (!tb_pcapng_row_parse(event->data, event->len, &row) ||
      !row_find_packet_line(&row, &at, &len))
    return FALSE;
  *id = 0;
  for (gsize i = digits; i < len - 1; i++) {
    if (!g_ascii_isdigit(row.keys[at + i]))
      return FALSE;
    *id = *id * 10 + (guint64)(row.keys[at + i] - '0');
  }
  return TRUE;
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
