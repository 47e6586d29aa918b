/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The file of one socket: lines of JSON, each a call. Read line by line, so
 * that memory does not grow with the file; a line that cannot be understood
 * costs only itself.
 */
#include "tcpsnitch/tcpsnitch.h"

#include "base/bytes.h"
#include "base/escape.h"
#include "base/window.h"
#include "tcpsnitch/tcpsnitch-private.h"

#include <string.h>

enum {
  READER_WINDOW_BYTES = 8 * 1024,
  READER_KEY_BYTES = 4096,
  READER_MAX_TYPES = 256, /* the recorder has about fifty */
  READER_TYPE_BYTES = 64,
  READER_MAX_DEPTH = 64,
};

/* The end of 2199: nanoseconds since 1970 have room until 2262, with what is added to them. */
#define READER_LAST_US G_GINT64_CONSTANT(7258118400000000)

typedef struct {
  TbWindow window;
  TbSource *source; /* borrowed from the reader */
  JsonParser *parser;
  char *program;
  char *process;
  GHashTable *types; /* name -> TbEventType, borrowed */
  const TbEventType *last_type;
  SnitchSocket socket;
  guint64 size;
  guint64 at_off;
  guint64 sequence;
  gint64 last_ns;
  TbBuf line; /* one that had to be mended */
  TbBuf payload;
} Snitch;

/* --- lines --- */

typedef enum { LINE_WHOLE, LINE_UNFINISHED, LINE_TOO_LONG, LINE_NONE, LINE_ERROR } LineKind;

/* The line at @at_off, without its end. Moves there behind it. */
static LineKind reader_get_line(TbReader *reader, const guint8 **line, gsize *len, GError **error)
{
  Snitch *snitch = reader->priv;
  gsize want = READER_WINDOW_BYTES / 2, seen = 0;
  for (;;) {
    gssize got = tb_window_get(&snitch->window, snitch->at_off, want, line, error);
    if (got < 0)
      return LINE_ERROR;
    const guint8 *end = (gsize)got > seen ? memchr(*line + seen, '\n', (gsize)got - seen) : NULL;
    *len = end ? (gsize)(end - *line) : (gsize)got;
    if (*len > reader->limits->record_bytes)
      return LINE_TOO_LONG;
    if (end || (gsize)got < want) {
      snitch->at_off += *len + (end != NULL);
      return end ? LINE_WHOLE : *len ? LINE_UNFINISHED : LINE_NONE;
    }
    seen = (gsize)got;
    want = want * 2;
  }
}

/* Behind a line of which no end was found within the limit. */
static gboolean reader_skip_line(TbReader *reader, GError **error)
{
  Snitch *snitch = reader->priv;
  const guint8 *bytes;
  for (;;) {
    gssize got = tb_window_get(&snitch->window, snitch->at_off, READER_WINDOW_BYTES, &bytes, error);
    if (got <= 0)
      return got == 0;
    const guint8 *end = memchr(bytes, '\n', (gsize)got);
    snitch->at_off += end ? (guint64)(end - bytes) + 1 : (guint64)got;
    if (end)
      return TRUE;
  }
}

/* Bytes that are no UTF-8 become \xHH, so that they are seen and the line is not lost. */
static void reader_mend(Snitch *snitch, const char *line, gsize len)
{
  const char *end;
  tb_buf_reset(&snitch->line);
  while (len > 0 && !g_utf8_validate(line, (gssize)len, &end)) {
    gsize good = (gsize)(end - line);
    tb_buf_append(&snitch->line, line, good);
    tb_buf_append_printf(&snitch->line, "\\\\x%02x", (guint8)*end);
    line = end + 1;
    len -= good + 1;
  }
  tb_buf_append(&snitch->line, line, len);
}

static TbReadResult reader_lose(TbReader *reader, guint64 offset, GError *why)
{
  Snitch *snitch = reader->priv;
  snitch->source->counts.damaged++;
  tb_damage_log_take(reader->damage, why, tb_input_get_name(reader->input),
                     snitch->at_off - offset, 1);
  return TB_READ_DAMAGED;
}

/* --- events --- */

static TbEventType *reader_make_type(TbReader *reader, const char *name)
{
  Snitch *snitch = reader->priv;
  TbEventType *type = snitch_type_new(name, snitch->program, snitch->process);
  tb_reader_add_type(reader, type);
  g_hash_table_insert(snitch->types, type->name, type);
  return type;
}

static const TbEventType *reader_find_type(TbReader *reader, const char *name)
{
  static const char other[] = "other";
  Snitch *snitch = reader->priv;
  if (snitch->last_type && g_str_equal(snitch->last_type->name, name))
    return snitch->last_type;
  gboolean fits = *name && strlen(name) <= READER_TYPE_BYTES;
  TbEventType *type = fits ? g_hash_table_lookup(snitch->types, name) : NULL;
  if (!type && (!fits || g_hash_table_size(snitch->types) >= READER_MAX_TYPES)) {
    name = other;
    type = g_hash_table_lookup(snitch->types, name);
  }
  return snitch->last_type = type ? type : reader_make_type(reader, name);
}

static guint reader_count_members(JsonNode *node)
{
  guint n = 0;
  if (JSON_NODE_HOLDS_ARRAY(node)) {
    JsonArray *array = json_node_get_array(node);
    for (guint i = 0; i < json_array_get_length(array); i++)
      n += reader_count_members(json_array_get_element(array, i));
  } else if (JSON_NODE_HOLDS_OBJECT(node)) {
    JsonObjectIter at;
    JsonNode *member;
    json_object_iter_init(&at, json_node_get_object(node));
    while (json_object_iter_next(&at, NULL, &member))
      n += 1 + reader_count_members(member);
  }
  return n;
}

/* A key that stands twice: the tree has the last one only, and that is told. */
static void reader_check_keys(TbReader *reader, guint members, guint64 offset)
{
  Snitch *snitch = reader->priv;
  if (reader_count_members(json_parser_get_root(snitch->parser)) == members)
    return;
  tb_damage_log_add(reader->damage, TB_ERROR_CORRUPT, tb_input_get_name(reader->input), offset, 0,
                    0, "a key stands twice in the line; the last one was taken");
}

static gboolean reader_check(TbReader *reader, JsonObject *object, guint64 offset,
                             const char **type, gint64 *time_us, GError **error)
{
  const char *name = tb_input_get_name(reader->input);
  *type = snitch_get_string(object, "type");
  if (!*type) {
    tb_error_set(error, TB_ERROR_CORRUPT, name, offset, "the line has no \"type\" that is a text");
    return FALSE;
  }
  if (!snitch_get_int(object, "timestamp_usec", time_us)) {
    tb_error_set(error, TB_ERROR_CORRUPT, name, offset,
                 "the line has no \"timestamp_usec\" that is a whole number");
    return FALSE;
  }
  if (*time_us >= 0 && *time_us <= READER_LAST_US)
    return TRUE;
  tb_error_set(error, TB_ERROR_CORRUPT, name, offset, "timestamp_usec is %" G_GINT64_FORMAT
               ", which is no time between 1970 and 2199", *time_us);
  return FALSE;
}

static void reader_count(Snitch *snitch, gint64 time_ns)
{
  TbSourceCounts *counts = &snitch->source->counts;
  if (counts->records == 0)
    counts->first_ns = counts->last_ns = time_ns;
  counts->records++;
  counts->first_ns = MIN(counts->first_ns, time_ns);
  counts->last_ns = MAX(counts->last_ns, time_ns);
  if (time_ns < snitch->last_ns)
    counts->unordered++;
  snitch->last_ns = time_ns;
}

static void reader_lend(TbReader *reader, const char *type_name, JsonObject *object,
                        gint64 time_us, guint64 offset, TbRecord *event)
{
  Snitch *snitch = reader->priv;
  SnitchRecord record;
  snitch_call_understand(&snitch->socket, type_name, object, &record);
  record.time_us = time_us;
  tb_buf_reset(&snitch->payload);
  tb_buf_append(&snitch->payload, &record, sizeof record);
  const TbEventType *type = reader_find_type(reader, type_name);
  snitch_text_append(object, &snitch->payload);
  if (!g_str_equal(type->name, type_name)) {
    tb_buf_append_str(&snitch->payload, " type=");
    tb_escape_append(&snitch->payload, type_name, strlen(type_name), TB_ESCAPE_PAIR);
  }
  *event = (TbRecord){
    .kind = TB_RECORD_EVENT,
    .source = snitch->source,
    .type = type,
    .time.ns = time_us * 1000,
    .data = snitch->payload.data,
    .len = (guint32)snitch->payload.len,
    .flags = record.flags & SNITCH_FAILED ? TB_RECORD_FAILED : 0,
    .tid = record.tid,
    .cpu = TB_CPU_NONE,
    .sequence = snitch->sequence++,
    .offset = offset,
  };
  reader_count(snitch, event->time.ns);
}

/* A line of JSON to an event. */
static TbReadResult reader_take_line(TbReader *reader, const char *line, gsize len, LineKind kind,
                                     guint64 offset, TbRecord *event)
{
  Snitch *snitch = reader->priv;
  const char *type, *name = tb_input_get_name(reader->input);
  GError *why = NULL;
  gint64 time_us;
  guint members;
  if (!g_utf8_validate(line, (gssize)len, NULL)) {
    reader_mend(snitch, line, len);
    line = (const char *)snitch->line.data;
    len = snitch->line.len;
  }
  JsonObject *object = snitch_line_parse(snitch->parser, line, len,
                                         MIN(reader->limits->depth, READER_MAX_DEPTH), name,
                                         offset, &members, &why);
  if (!object && kind == LINE_UNFINISHED) {
    g_clear_error(&why);
    tb_error_set(&why, TB_ERROR_TRUNCATED, name, offset,
                 "the file ends within a line, after %" G_GSIZE_FORMAT " bytes of it", len);
  }
  if (!object || !reader_check(reader, object, offset, &type, &time_us, &why))
    return reader_lose(reader, offset, why);
  reader_check_keys(reader, members, offset);
  reader_lend(reader, type, object, time_us, offset, event);
  return TB_READ_RECORD;
}

static gboolean line_is_blank(const char *line, gsize len)
{
  while (len > 0 && (line[len - 1] == ' ' || line[len - 1] == '\t' || line[len - 1] == '\r'))
    len--;
  return len == 0;
}

static TbReadResult snitch_next(TbReader *reader, guint32 stream, TbRecord *event, GError **error)
{
  Snitch *snitch = reader->priv;
  const guint8 *line;
  gsize len;
  for (;;) {
    guint64 offset = snitch->at_off;
    LineKind kind = reader_get_line(reader, &line, &len, error);
    if (kind == LINE_NONE)
      return TB_READ_END;
    if (kind == LINE_ERROR || (kind == LINE_TOO_LONG && !reader_skip_line(reader, error)))
      return TB_READ_ERROR;
    if (kind == LINE_TOO_LONG) {
      GError *why = NULL;
      tb_error_set(&why, TB_ERROR_LIMIT, tb_input_get_name(reader->input), offset,
                   "a line of more than %" G_GUINT64_FORMAT " bytes",
                   reader->limits->record_bytes);
      return reader_lose(reader, offset, why);
    }
    if (!line_is_blank((const char *)line, len))
      return reader_take_line(reader, (const char *)line, len, kind, offset, event);
  }
}

/* --- the format --- */

static gboolean snitch_rewind(TbReader *reader, GError **error)
{
  Snitch *snitch = reader->priv;
  snitch->at_off = 0;
  snitch->sequence = 0;
  snitch->last_ns = G_MININT64;
  snitch->socket = (SnitchSocket){ 0 };
  return TRUE;
}

static char *reader_dup_source_name(const TbReader *reader, const Snitch *snitch)
{
  g_autofree char *base = g_path_get_basename(tb_input_get_name(reader->input));
  char *dot = strchr(base, '.');
  if (dot && dot > base)
    *dot = 0;
  g_autofree char *name = snitch->process ? g_strdup_printf("tcpsnitch/%s/%s", snitch->process, base)
                                          : g_strdup_printf("tcpsnitch/%s", base);
  return tb_escape_dup(name);
}

static gboolean reader_make_source(TbReader *reader, GError **error)
{
  Snitch *snitch = reader->priv;
  const guint8 *head;
  g_autofree char *name = reader_dup_source_name(reader, snitch);
  g_autofree char *base = g_path_get_basename(tb_input_get_name(reader->input));
  gssize got = tb_window_get(&snitch->window, 0, READER_KEY_BYTES, &head, error);
  if (got < 0)
    return FALSE;
  snitch->source = tb_source_new(TB_SOURCE_EVENTS, name);
  snitch->source->file = tb_escape_dup(base);
  snitch->source->recorder = g_strdup("tcpsnitch");
  snitch->source->clock.tsresol = 6;
  tb_source_set_key_from(snitch->source, head, (gsize)got);
  tb_axis_init(&snitch->source->clock.axis, TB_CLOCK_REALTIME, FALSE);
  tb_reader_add_source(reader, snitch->source);
  return TRUE;
}

static gboolean snitch_open(TbReader *reader, GError **error)
{
  Snitch *snitch = reader->priv = g_new0(Snitch, 1);
  tb_window_init(&snitch->window, reader->input, READER_WINDOW_BYTES);
  snitch->types = g_hash_table_new(g_str_hash, g_str_equal);
  snitch->parser = json_parser_new();
  snitch->process = snitch_dup_process(tb_input_get_name(reader->input));
  snitch->program = reader->place.file && reader->place.file->program ? g_strdup(reader->place.file->program)
                    : snitch->process                     ? snitch_dup_program(snitch->process)
                                                          : NULL;
  snitch->size = tb_input_get_size(reader->input);
  reader->n_streams = 1;
  if (!reader_make_source(reader, error))
    return FALSE;
  return snitch_rewind(reader, error);
}

static guint64 snitch_position(const TbReader *reader)
{
  return ((const Snitch *)reader->priv)->at_off;
}

static void snitch_describe(const TbReader *reader,
                            void (*add)(gpointer data, const char *key, const char *value),
                            gpointer data)
{
  const Snitch *snitch = reader->priv;
  if (snitch->program)
    add(data, "program", snitch->program);
  if (snitch->process)
    add(data, "process", snitch->process);
}

static void snitch_close(TbReader *reader)
{
  Snitch *snitch = reader->priv;
  if (!snitch)
    return;
  tb_window_clear(&snitch->window);
  g_clear_object(&snitch->parser);
  g_clear_pointer(&snitch->types, g_hash_table_unref);
  tb_buf_clear(&snitch->line);
  tb_buf_clear(&snitch->payload);
  g_free(snitch->program);
  g_free(snitch->process);
  g_free(snitch);
}

static const char *const snitch_extensions[] = { "json", NULL };

const TbReaderFormat tb_tcpsnitch_reader = {
  .name = "tcpsnitch",
  .description = "tcpsnitch trace (socket calls of programs)",
  .extensions = snitch_extensions,
  .peek_bytes = SNITCH_PEEK_BYTES,
  .probe = snitch_probe,
  .open = snitch_open,
  .rewind = snitch_rewind,
  .next = snitch_next,
  .position = snitch_position,
  .describe = snitch_describe,
  .close = snitch_close,
  .list_folder = snitch_folder_list,
};
