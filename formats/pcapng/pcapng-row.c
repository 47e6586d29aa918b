/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Rows read back; see pcapng-row.h. */
#include "pcapng/pcapng-row.h"

#include "base/bytes.h"

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

gboolean tb_pcapng_row_find_int(const TbPcapngRow *row, const char *key, gint64 *out)
{
  const guint8 *value;
  gsize len;
  return tb_pcapng_row_find(row, key, &value, &len) && row_to_int(value, len, out);
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

gboolean tb_pcapng_row_get_packet(const TbPcapngRow *row, guint64 *id)
{
  gsize at, len, digits = sizeof "TRACE_PACKET=" - 1;
  if (!row_find_packet_line(row, &at, &len))
    return FALSE;
  *id = 0;
  for (gsize i = digits; i < len - 1; i++) {
    if (!g_ascii_isdigit(row->keys[at + i]))
      return FALSE;
    *id = *id * 10 + (guint64)(row->keys[at + i] - '0');
  }
  return TRUE;
}
