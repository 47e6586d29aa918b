/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The Process Monitor log reader: opens a log, loads its tables once and lends
 * its events in the order of the event offset array; with --salvage it walks
 * the records of a file that was not closed. Texts are made by the event types,
 * when they are asked for.
 *
 * Settings: salvage (a file that was not closed cleanly, or whose tables are
 * damaged), stacks (rows show call stacks), tz (zone of the times inside
 * Details), listing=plain (folder listings as older versions showed them).
 */
#include "procmon/pml.h"
#include "procmon/procmon.h"

#include <string.h>

enum {
  READER_WINDOW_BYTES = 1 << 20,
  READER_OFFSETS_WINDOW_BYTES = 5 * 8192,
  READER_KEY_BYTES = 4096,
  OFFSET_BYTES = 5,
};

typedef struct {
  PmlHeader header;
  PmlShared *shared;
  PmlTypes *types;
  TbSource *source; /* borrowed from the reader's list */
  TbWindow events;
  TbWindow offsets;
  gboolean walk;      /* no usable offset array */
  gboolean salvage;
  guint32 next;       /* number of the next entry of the offset array */
  guint64 next_offset; /* of that entry; when walking: where to go on */
  guint64 last_offset; /* of the last record lent by the array */
  guint64 end;        /* of the event records */
  guint64 near_time;  /* of the last record met while walking */
  guint64 sequence;
  gint64 last_ns;
} PmlReader;

static guint pml_probe(const guint8 *head, gsize len)
{
  if (len < 8 || memcmp(head, "PML_", 4) != 0)
    return 0;
  return tb_get_u32(head + 4, FALSE) == PML_VERSION ? 64 : 32;
}

static void reader_add_machine(TbReader *reader, PmlReader *pml)
{
  const PmlHeader *h = &pml->header;
  TbMachine *machine = tb_machine_new();
  g_autofree char *windows = pml_header_dup_windows(h);
  machine->name = *h->computer ? g_strdup(h->computer) : NULL;
  machine->identity = g_strdup_printf("%s %s %u.%u.%u", h->computer, h->system_root, h->major,
                                      h->minor, h->build);
  machine->os = TB_OS_WINDOWS;
  machine->os_version = g_steal_pointer(&windows);
  machine->arch = h->is64 ? TB_ARCH_X86_64 : TB_ARCH_X86_32;
  machine->n_cpus = h->n_cpus;
  machine->memory_bytes = h->memory_bytes;
  tb_reader_add_machine(reader, machine);
  pml->source = tb_source_new(TB_SOURCE_EVENTS, "procmon");
  pml->source->recorder = g_strdup("Process Monitor");
  tb_axis_init(&pml->source->clock.axis, TB_CLOCK_REALTIME, FALSE);
  tb_source_set_machine(pml->source, machine);
  tb_reader_add_source(reader, pml->source);
}

static gboolean reader_set_key(TbReader *reader, PmlReader *pml, GError **error)
{
  g_autofree guint8 *bytes = g_malloc(READER_KEY_BYTES);
  g_autofree char *file = g_path_get_basename(tb_input_get_name(reader->input));
  gssize got = tb_input_read_at(reader->input, PML_HEADER_BYTES, bytes, READER_KEY_BYTES, error);
  if (got < 0)
    return FALSE;
  tb_source_set_key_from(pml->source, bytes, (gsize)got);
  pml->source->file = g_steal_pointer(&file);
  if (pml->header.closed) {
    pml->source->counts.expected_known = TRUE;
    pml->source->counts.expected = pml->header.n_events;
  }
  return TRUE;
}

static gboolean reader_take_settings(TbReader *reader, PmlReader *pml, GError **error)
{
  const char *listing = tb_reader_get_setting(reader, "listing");
  const char *zone = tb_reader_get_setting(reader, "tz");
  pml->salvage = tb_reader_get_setting(reader, "salvage") != NULL;
  pml->shared->wishes.stacks = tb_reader_get_setting(reader, "stacks") != NULL;
  pml->shared->wishes.plain_listings = listing && g_str_equal(listing, "plain");
  pml->shared->zone = tb_zone_new(zone);
  if (pml->shared->zone)
    return TRUE;
  tb_error_set(error, TB_ERROR_UNSUPPORTED, NULL, TB_OFFSET_NONE, "there is no time zone '%s'",
               zone);
  return FALSE;
}

static gboolean reader_load(TbReader *reader, PmlReader *pml, GError **error)
{
  g_autoptr(GError) reason = NULL;
  if (!pml_header_read(reader->input, pml->salvage, &pml->header, error))
    return FALSE;
  pml->shared->is64 = pml->header.is64;
  pml->shared->highest_user = pml->header.highest_user ? pml->header.highest_user : G_MAXUINT64;
  pml->end = pml->header.closed ? pml->header.sections.events.end
                                : tb_input_get_size(reader->input);
  pml->walk = !pml->header.closed;
  if (pml->walk) {
    tb_damage_log_add(reader->damage, TB_ERROR_CORRUPT, tb_input_get_name(reader->input), 0x240, 0,
                      0, "the file was not closed cleanly: its events are read without tables");
    return TRUE;
  }
  if (pml_tables_read(reader->input, reader->limits, reader->damage, &pml->header, pml->shared,
                      &reason))
    return TRUE;
  if (!pml->salvage) {
    g_propagate_error(error, g_steal_pointer(&reason));
    return FALSE;
  }
  tb_damage_log_take(reader->damage, g_steal_pointer(&reason), tb_input_get_name(reader->input), 0,
                     0);
  return TRUE;
}

/* Entry @i of the offset array. */
static gboolean reader_get_offset(PmlReader *pml, TbWindow *window, guint32 i, guint64 *out,
                                  GError **error)
{
  const guint8 *p;
  guint64 at = pml->header.sections.offsets.start + (guint64)OFFSET_BYTES * i;
  gssize got = tb_window_get(window, at, OFFSET_BYTES, &p, error);
  if (got == OFFSET_BYTES) {
    /* Section 3: the fifth byte makes offsets past 4 GiB possible. */
    *out = tb_get_u32(p, FALSE) | (guint64)p[4] << 32;
    return TRUE;
  }
  if (got >= 0)
    tb_error_set(error, TB_ERROR_TRUNCATED, tb_input_get_name(window->input), at,
                 "the event offset array ends early");
  return FALSE;
}

/*
 * The length of the record at @offset, which must end before @limit. 0 when it
 * does not, with *@seen what it would need; -1 with @error.
 */
static gint64 reader_measure(PmlReader *pml, TbWindow *window, guint64 offset, guint64 limit,
                             guint64 *seen, GError **error)
{
  const guint8 *p;
  guint64 room = limit - offset;
  *seen = PML_RECORD_BYTES;
  gssize got = tb_window_get(window, offset, PML_RECORD_BYTES, &p, error);
  if (got < PML_RECORD_BYTES)
    return got < 0 ? -1 : 0;
  guint64 len = PML_RECORD_BYTES + tb_get_u16(p + 0x28, FALSE) * (pml->header.is64 ? 8ull : 4ull) +
                tb_get_u32(p + 0x2c, FALSE);
  guint64 extra_off = tb_get_u32(p + 0x30, FALSE);
  *seen = MAX(len, extra_off ? extra_off + 2 : 0);
  if (*seen > room || (extra_off && extra_off < PML_RECORD_BYTES))
    return 0;
  if (extra_off) {
    got = tb_window_get(window, offset + extra_off, 2, &p, error);
    if (got < 2)
      return got < 0 ? -1 : 0;
    *seen = len = MAX(len, extra_off + 2 + tb_get_u16(p, FALSE));
  }
  return len > room ? 0 : (gint64)len;
}

/* A record that tells of a new process is learned from. */
static void reader_learn_record(TbReader *reader, PmlReader *pml, TbWindow *window,
                                guint64 offset, guint64 limit)
{
  PmlRecord record;
  const guint8 *p;
  guint64 seen;
  if (tb_window_get(window, offset, PML_RECORD_BYTES, &p, NULL) < PML_RECORD_BYTES ||
      tb_get_u32(p + 0x08, FALSE) != PML_CLASS_PROCESS || tb_get_u16(p + 0x0c, FALSE) > 1)
    return;
  gint64 len = reader_measure(pml, window, offset,
                              MIN(limit, offset + reader->limits->record_bytes), &seen, NULL);
  if (len > 0 && tb_window_get(window, offset, (gsize)len, &p, NULL) == len &&
      pml_record_view(p, (guint32)len, pml->header.is64, &record))
    pml_tables_learn(pml->shared, reader->limits, pml->walk, &record);
}

static void reader_learn_walking(TbReader *reader, PmlReader *pml, TbWindow *window)
{
  guint64 offset = PML_HEADER_BYTES;
  guint32 len = 0;
  guint64 near_time = 0;
  const guint8 *p;
  while (pml_salvage_find(window, offset, pml->end, pml->header.is64, near_time, reader->limits,
                          &offset, &len, NULL) == 1) {
    if (tb_window_get(window, offset, PML_RECORD_BYTES, &p, NULL) == PML_RECORD_BYTES)
      near_time = tb_get_u64(p + 0x1c, FALSE);
    reader_learn_record(reader, pml, window, offset, offset + len);
    offset += len;
  }
}

static void reader_learn_indexed(TbReader *reader, PmlReader *pml, TbWindow *window)
{
  TbWindow offsets;
  guint64 last = 0;
  guint64 offset = 0;
  tb_window_init(&offsets, reader->input, READER_OFFSETS_WINDOW_BYTES);
  for (guint32 i = 0; i < pml->header.n_events; i++) {
    if (!reader_get_offset(pml, &offsets, i, &offset, NULL))
      break;
    if (offset <= last || offset < PML_HEADER_BYTES || offset >= pml->end)
      continue;
    last = offset;
    reader_learn_record(reader, pml, window, offset, pml->end);
  }
  tb_window_clear(&offsets);
}

/*
 * What Process Create events anywhere in the file tell. Done ahead while
 * walking, where nothing else names processes; else when a text first asks for
 * an account, so that every pass gives the same texts. Has its own windows: an
 * event may be lent while it runs.
 */
static void reader_learn(gpointer data)
{
  TbReader *reader = data;
  PmlReader *pml = reader->priv;
  TbWindow window;
  pml->shared->learn = NULL;
  tb_window_init(&window, reader->input, READER_WINDOW_BYTES);
  if (pml->walk)
    reader_learn_walking(reader, pml, &window);
  else
    reader_learn_indexed(reader, pml, &window);
  tb_window_clear(&window);
}

static gboolean pml_rewind(TbReader *reader, GError **error)
{
  PmlReader *pml = reader->priv;
  pml->next = 0;
  pml->last_offset = 0;
  pml->sequence = 0;
  pml->near_time = 0;
  pml->last_ns = G_MININT64;
  pml->next_offset = PML_HEADER_BYTES;
  return pml->walk || pml->header.n_events == 0 || 
         reader_get_offset(pml, &pml->offsets, 0, &pml->next_offset, error);
}

static gboolean pml_open(TbReader *reader, GError **error)
{
  PmlReader *pml = g_new0(PmlReader, 1);
  reader->priv = pml;
  pml->shared = pml_shared_new();
  pml->types = pml_types_new(pml->shared);
  tb_window_init(&pml->events, reader->input, READER_WINDOW_BYTES);
  tb_window_init(&pml->offsets, reader->input, READER_OFFSETS_WINDOW_BYTES);
  if (!reader_take_settings(reader, pml, error) || !reader_load(reader, pml, error))
    return FALSE;
  reader_add_machine(reader, pml);
  if (!reader_set_key(reader, pml, error))
    return FALSE;
  reader->n_streams = 1;
  pml->shared->learn = reader_learn;
  pml->shared->learn_data = reader;
  if (pml->walk)
    reader_learn(reader);
  pml_tables_tell(pml->shared, pml->source->machine->timeline);
  return pml_rewind(reader, error);
}

static void pml_close(TbReader *reader)
{
  PmlReader *pml = reader->priv;
  if (!pml)
    return;
  pml->shared->learn = NULL; /* types may outlive the reader */
  pml_types_free(pml->types);
  pml_shared_unref(pml->shared);
  pml_header_clear(&pml->header);
  tb_window_clear(&pml->events);
  tb_window_clear(&pml->offsets);
  g_free(pml);
}

static void reader_count(PmlReader *pml, const TbRecord *event)
{
  TbSourceCounts *counts = &pml->source->counts;
  gboolean unordered = event->time.ns < pml->last_ns;
  pml->last_ns = event->time.ns;
  if (counts->records == 0 || event->time.ns < counts->first_ns)
    counts->first_ns = event->time.ns;
  if (counts->records == 0 || event->time.ns > counts->last_ns)
    counts->last_ns = event->time.ns;
  counts->records++;
  counts->unordered += unordered;
}

/* A whole record in memory becomes an event. FALSE: its time cannot be told. */
static gboolean reader_fill(TbReader *reader, PmlReader *pml, const guint8 *data, guint32 len,
                            guint64 offset, TbRecord *event, PmlRecord *record)
{
  gint64 time_ns;
  if (!pml_record_view(data, len, pml->header.is64, record) ||
      !pml_time_to_ns(record->start, &time_ns))
    return FALSE;
  *event = (TbRecord){
    .kind = TB_RECORD_EVENT,
    .time.ns = time_ns,
    .source = pml->source,
    .type = pml_types_get(pml->types, reader, record),
    .data = data,
    .len = len,
    .tid = (gint32)record->tid,
    .cpu = TB_CPU_NONE,
    .tie = record->sequence,
    .sequence = pml->sequence++,
    .offset = offset,
  };
  if (record->status >> 30 == 3)
    event->flags |= TB_RECORD_FAILED;
  /* Section 4: without completion the duration is whatever was in memory. */
  if (record->status != PML_STATUS_PENDING && record->duration <= G_MAXINT64 / 100 &&
      time_ns <= G_MAXINT64 - (gint64)record->duration * 100) {
    event->flags |= TB_RECORD_DURATION;
    event->value = record->duration * 100;
  }
  reader_count(pml, event);
  return TRUE;
}

static TbReadResult reader_damaged(TbReader *reader, PmlReader *pml, TbError code, guint64 offset,
                                   const char *text, guint64 seen, guint64 expected)
{
  tb_damage_log_add(reader->damage, code, tb_input_get_name(reader->input), offset, 0, 1,
                    "%s: 0x%" G_GINT64_MODIFIER "x, expected at most 0x%" G_GINT64_MODIFIER "x",
                    text, seen, expected);
  pml->source->counts.damaged++;
  return TB_READ_DAMAGED;
}

static TbReadResult reader_next_indexed(TbReader *reader, PmlReader *pml, TbRecord *event,
                                        GError **error)
{
  PmlRecord record;
  const guint8 *data;
  guint64 offset = pml->next_offset;
  guint64 entry_at = pml->header.sections.offsets.start + (guint64)OFFSET_BYTES * pml->next;
  guint64 limit = pml->end;
  guint64 seen = 0;
  if (pml->next >= pml->header.n_events)
    return TB_READ_END;
  pml->next++;
  if (pml->next < pml->header.n_events) {
    if (!reader_get_offset(pml, &pml->offsets, pml->next, &pml->next_offset, error))
      return TB_READ_ERROR;
    limit = MIN(limit, pml->next_offset);
  }
  if (offset < PML_HEADER_BYTES || offset >= pml->end)
    return reader_damaged(reader, pml, TB_ERROR_CORRUPT, entry_at,
                          "an event's offset is outside the event records", offset, pml->end);
  if (limit <= offset)
    return reader_damaged(reader, pml, TB_ERROR_CORRUPT, entry_at,
                          "an event's offset is not before the next one's", offset, limit);
  if (offset <= pml->last_offset)
    return reader_damaged(reader, pml, TB_ERROR_CORRUPT, entry_at,
                          "an event's offset is not behind the one before it", pml->last_offset,
                          offset);
  pml->last_offset = offset;
  limit = MIN(limit, offset + reader->limits->record_bytes);
  gint64 len = reader_measure(pml, &pml->events, offset, limit, &seen, error);
  if (len < 0)
    return TB_READ_ERROR;
  if (len == 0)
    return reader_damaged(reader, pml, TB_ERROR_CORRUPT, offset,
                          "an event record passes its end", offset + seen, limit);
  gssize got = tb_window_get(&pml->events, offset, (gsize)len, &data, error);
  if (got < 0)
    return TB_READ_ERROR;
  if (got < len || !reader_fill(reader, pml, data, (guint32)len, offset, event, &record))
    return reader_damaged(reader, pml, TB_ERROR_CORRUPT, offset + 0x1c,
                          "an event's time cannot be told",
                          got < len ? 0 : tb_get_u64(data + 0x1c, FALSE), G_MAXINT64);
  return TB_READ_RECORD;
}

/* Up to three bytes between records are known to be there without meaning anything. */
static TbReadResult reader_next_walking(TbReader *reader, PmlReader *pml, TbRecord *event,
                                        GError **error)
{
  PmlRecord record;
  const guint8 *data;
  guint64 offset = pml->next_offset;
  guint32 len = 0;
  gint found = pml_salvage_find(&pml->events, pml->next_offset, pml->end, pml->header.is64,
                                pml->near_time, reader->limits, &offset, &len, error);
  if (found < 0)
    return TB_READ_ERROR;
  guint64 from = pml->next_offset;
  if (!found)
    offset = pml->end;
  if (offset - from > 3) {
    tb_damage_log_add(reader->damage, TB_ERROR_CORRUPT, tb_input_get_name(reader->input), from,
                      offset - from, TB_LOST_UNKNOWN,
                      "%" G_GUINT64_FORMAT " bytes are no event record", offset - from);
    pml->next_offset = offset;
    pml->source->counts.damaged++;
    return TB_READ_DAMAGED;
  }
  if (!found)
    return TB_READ_END;
  pml->next_offset = offset + len;
  gssize got = tb_window_get(&pml->events, offset, len, &data, error);
  if (got < 0)
    return TB_READ_ERROR;
  if ((gsize)got < len || !reader_fill(reader, pml, data, len, offset, event, &record))
    return reader_damaged(reader, pml, TB_ERROR_CORRUPT, offset,
                          "an event record is cut", offset + len, pml->end);
  pml->near_time = record.start;
  return TB_READ_RECORD;
}

static TbReadResult pml_next(TbReader *reader, guint32 stream, TbRecord *event, GError **error)
{
  PmlReader *pml = reader->priv;
  return G_UNLIKELY(pml->walk) ? reader_next_walking(reader, pml, event, error)
                               : reader_next_indexed(reader, pml, event, error);
}

static guint64 pml_position(const TbReader *reader)
{
  const PmlReader *pml = reader->priv;
  return pml->next_offset;
}

static void pml_describe(const TbReader *reader,
                         void (*add)(gpointer data, const char *key, const char *value),
                         gpointer data)
{
  const PmlReader *pml = reader->priv;
  const PmlHeader *h = &pml->header;
  g_autofree char *windows = pml_header_dup_windows(h);
  g_autofree char *events = g_strdup_printf("%u", h->n_events);
  g_autofree char *processes =
      g_strdup_printf("%u", g_hash_table_size(pml->shared->processes));
  g_autofree char *memory = g_strdup_printf("%" G_GUINT64_FORMAT, h->memory_bytes);
  g_autofree char *cpus = g_strdup_printf("%u", h->n_cpus);
  add(data, "format version", "9");
  add(data, "computer", h->computer);
  add(data, "operating system", windows);
  add(data, "system root", h->system_root);
  add(data, "system type", h->is64 ? "64-bit" : "32-bit");
  add(data, "processors", cpus);
  add(data, "memory bytes", memory);
  add(data, "closed cleanly", h->closed ? "yes" : "no");
  if (h->closed)
    add(data, "events", events);
  add(data, "processes", processes);
}

static const char *const pml_extensions[] = { "pml", NULL };

const TbReaderFormat tb_procmon_reader = {
  .name = "procmon",
  .description = "Process Monitor log",
  .extensions = pml_extensions,
  .peek_bytes = 8,
  .probe = pml_probe,
  .open = pml_open,
  .rewind = pml_rewind,
  .next = pml_next,
  .position = pml_position,
  .describe = pml_describe,
  .close = pml_close,
};
