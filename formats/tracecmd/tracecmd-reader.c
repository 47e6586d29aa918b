/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The reader of trace-cmd recordings: one source per buffer, one stream per
 * buffer and CPU. Puts together container, events and rings; knows the model,
 * and neither stages nor writers.
 */
#include "tracecmd/tracecmd-reader.h"

#include "tracecmd/tracecmd-events.h"
#include "tracecmd/tracecmd-file.h"
#include "tracecmd/tracecmd-ring.h"

#include <string.h>

enum {
  READER_FEW_STREAMS = 64,
  READER_READ_BYTES = 64 * 1024,
  READER_READ_BYTES_MANY = 16 * 1024,
  /* common_flags: the task that runs is not the one that acts (docs/format-tracecmd.md) */
  READER_FLAG_HARDIRQ = 0x08,
  READER_FLAG_SOFTIRQ = 0x10,
  READER_FLAG_NMI = 0x40,
  READER_FLAGS_IRQ = READER_FLAG_HARDIRQ | READER_FLAG_SOFTIRQ | READER_FLAG_NMI,
};

/* More than two years of nanoseconds, or months of cycles, between two events of one CPU. */
#define READER_JUMP (G_GUINT64_CONSTANT(1) << 56)

/* One CPU of one buffer. */
typedef struct {
  TcRing *ring;
  TbSource *source;
  guint32 cpu;
  gboolean shift; /* its clock is the one that TIME_SHIFT speaks of */
  guint64 sequence;
  guint64 last_time;
  guint64 records;
  gboolean ended;
} TcStream;

typedef struct {
  TcFile *file;
  TcEvents *events;
  TcLayout layout;
  TcCommon common;
  TbEventType *const *types;
  guint32 n_types;
  GArray *streams;
  guint32 n_ended;
  const TcFile *scale; /* (nullable): whose TSC2NSEC makes nanoseconds of ticks */
  gboolean shift;      /* guest times become host times */
} TcReader;

static const guint8 reader_magic[] = { 0x17, 0x08, 0x44, 't', 'r', 'a', 'c', 'i', 'n', 'g' };

static guint reader_probe(const guint8 *head, gsize len)
{
  return len >= sizeof reader_magic && !memcmp(head, reader_magic, sizeof reader_magic)
             ? 8 * sizeof reader_magic : 0;
}

/* UNAME is "sysname nodename release machine"; none of them can hold a blank. */
static TbMachine *reader_make_machine(const TcFile *file)
{
  TbMachine *machine = tb_machine_new();
  machine->os = TB_OS_LINUX;
  machine->n_cpus = file->options.cpu_count;
  if (!file->options.uname)
    return machine;
  g_auto(GStrv) words = g_strsplit(file->options.uname, " ", 4);
  if (g_strv_length(words) == 4) {
    machine->name = g_strdup(words[1]);
    machine->os_version = g_strdup(words[2]);
    machine->arch_name = g_strdup(words[3]);
    machine->arch = tb_arch_from_name(words[3]);
    g_autofree char *sum = g_compute_checksum_for_string(G_CHECKSUM_SHA256, file->options.uname,
                                                         -1);
    machine->identity = g_strndup(sum, 8);
  }
  return machine;
}

/* The axis of a buffer: what the recording says of wall-clock time (section 6 of the format). */
static void reader_set_axis(const TcFile *file, const TcBuffer *buffer, const char *top_clock,
                            TbAxis *axis)
{
  TbClock clock = tb_clock_from_name(buffer->clock);
  gboolean scaled = tc_file_has_option(file, TC_ID_TSC2NSEC);
  tb_axis_init(axis, clock,
               clock == TB_CLOCK_COUNTER || (clock == TB_CLOCK_X86_TSC && !scaled));
  /* DATE was measured against the top buffer's clock and means nothing for another one. */
  if (tc_file_has_option(file, TC_ID_DATE) && g_str_equal(buffer->clock, top_clock) &&
      !axis->ticks) {
    tb_axis_shift(axis, (gint64)((guint64)file->clock.date_us * 1000));
    axis->origin = TB_ORIGIN_DATE;
    axis->realtime = TRUE;
    axis->bounded = TRUE; /* truncated to whole microseconds, measured to about one more */
    axis->bound_low_ns = axis->offset_ns - 1000;
    axis->bound_high_ns = axis->offset_ns + 2000;
  }
  if (tc_file_has_option(file, TC_ID_OFFSET) && file->clock.offset_ns != 0) {
    tb_axis_shift(axis, file->clock.offset_ns);
    if (axis->origin == TB_ORIGIN_NONE)
      axis->origin = TB_ORIGIN_USER;
  }
}

static void reader_set_expected(const TcBuffer *buffer, TbSource *source)
{
  for (guint i = 0; i < buffer->stats->len; i++) {
    const TcCpuStat *stat = &g_array_index(buffer->stats, TcCpuStat, i);
    source->counts.expected_known = TRUE;
    source->counts.expected += stat->entries + stat->read_events;
    source->counts.overrun += stat->overrun + stat->commit_overrun + stat->dropped;
  }
}

/* The key: from the name and the first page of the first CPU that has one. */
static void reader_set_key(TcReader *tc, TbSource *source, guint first_stream)
{
  g_autoptr(GByteArray) bytes = g_byte_array_new();
  g_byte_array_append(bytes, (const guint8 *)source->name, (guint)strlen(source->name));
  for (guint i = first_stream; i < tc->streams->len; i++)
    if (tc_ring_peek_page(g_array_index(tc->streams, TcStream, i).ring, bytes))
      break;
  tb_source_set_key_from(source, bytes->data, bytes->len);
}

static void reader_add_buffer(TbReader *reader, const TcBuffer *buffer, gsize read_bytes)
{
  TcReader *tc = reader->priv;
  const TcBuffer *top = g_ptr_array_index(tc->file->buffers, 0);
  g_autofree char *name = *buffer->name ? g_strdup_printf("ftrace/%s", buffer->name)
                                        : g_strdup("ftrace");
  TbSource *source = tb_source_new(TB_SOURCE_EVENTS, name);
  guint first_stream = tc->streams->len;
  tb_source_set_machine(source, g_ptr_array_index(reader->machines, 0));
  source->file = g_path_get_basename(tc->file->name);
  if (tc->file->options.recorder_version)
    source->recorder = g_strdup_printf("trace-cmd %s", tc->file->options.recorder_version);
  reader_set_axis(tc->file, buffer, top->clock, &source->clock.axis);
  reader_set_expected(buffer, source);
  for (guint i = 0; i < buffer->cpus->len; i++) {
    const TcCpuData *data = &g_array_index(buffer->cpus, TcCpuData, i);
    TcStream stream = { .source = source, .cpu = data->cpu,
                        .shift = g_str_equal(buffer->clock, top->clock) };
    stream.ring = tc_ring_new(tc->file, buffer, data, &tc->layout, read_bytes);
    g_array_append_val(tc->streams, stream);
  }
  reader_set_key(tc, source, first_stream);
  tb_reader_add_source(reader, source);
}

static gboolean reader_refuse(TcFile *file, GError **error)
{
  if (!file->latency)
    return TRUE;
  tb_error_set(error, TB_ERROR_UNSUPPORTED, file->name, TB_OFFSET_NONE,
               "is a latency recording: a copy of the kernel's text output, without binary "
               "events (record without a latency tracer to get them)");
  return FALSE;
}

static gboolean reader_open(TbReader *reader, GError **error)
{
  TcReader *tc = g_new0(TcReader, 1);
  gsize n_streams = 0;
  reader->priv = tc;
  tc->streams = g_array_new(FALSE, TRUE, sizeof(TcStream));
  tc->file = tc_file_open(reader->input, reader->limits, reader->damage, error);
  if (!tc->file || !reader_refuse(tc->file, error))
    return FALSE;
  tc->events = tc_events_new(tc->file, &tc->layout);
  tc->common = *tc_events_get_common(tc->events);
  tc->types = tc_events_get_table(tc->events, &tc->n_types);
  tc->scale = tc_file_has_option(tc->file, TC_ID_TSC2NSEC) ? tc->file : NULL;
  reader->session.id = tc->file->options.trace_id;
  reader->session.host_id = tc->file->clock.shift ? tc->file->clock.shift->peer_id : 0;
  const GPtrArray *types = tc_events_get_types(tc->events);
  for (guint i = 0; i < types->len; i++)
    tb_reader_add_type(reader, tb_event_type_ref(g_ptr_array_index(types, i)));
  tb_reader_add_machine(reader, reader_make_machine(tc->file));
  tc_saved_names(tc->file, g_ptr_array_index(reader->machines, 0));
  for (guint i = 0; i < tc->file->buffers->len; i++)
    n_streams += ((TcBuffer *)g_ptr_array_index(tc->file->buffers, i))->cpus->len;
  if (n_streams > reader->limits->streams) {
    tb_error_set(error, TB_ERROR_LIMIT, tc->file->name, TB_OFFSET_NONE,
                 "%" G_GSIZE_FORMAT " CPU buffers, limit %u", n_streams, reader->limits->streams);
    return FALSE;
  }
  for (guint i = 0; i < tc->file->buffers->len; i++)
    reader_add_buffer(reader, g_ptr_array_index(tc->file->buffers, i),
                      n_streams > READER_FEW_STREAMS ? READER_READ_BYTES_MANY
                                                     : READER_READ_BYTES);
  reader->n_streams = tc->streams->len;
  return TRUE;
}

/* The host's recording is there: its clock counts, and where that is in ticks, its rate. */
static void reader_join_host(TbReader *reader)
{
  TcReader *tc = reader->priv;
  const TcReader *host = reader->session.host->priv;
  tc->shift = TRUE;
  if (!tc->scale)
    tc->scale = host->scale;
}

static gboolean reader_rewind(TbReader *reader, GError **error)
{
  TcReader *tc = reader->priv;
  tc->n_ended = 0;
  if (reader->session.host && !tc->shift)
    reader_join_host(reader);
  for (guint i = 0; i < tc->streams->len; i++) {
    TcStream *stream = &g_array_index(tc->streams, TcStream, i);
    tc_ring_rewind(stream->ring);
    stream->sequence = stream->records = 0;
    stream->ended = FALSE;
  }
  return TRUE;
}

/* Time as recorded to the source's own time: host time, then nanoseconds. */
static gint64 reader_own_time(const TcReader *tc, const TcStream *stream, guint64 time)
{
  if (tc->shift && stream->shift)
    time = tc_time_shift_map(tc->file->clock.shift, stream->cpu, time);
  if (tc->scale)
    time = (guint64)((TcWideUint)time * tc->scale->clock.tsc_mult >> tc->scale->clock.tsc_shift);
  return (gint64)time;
}

static void reader_fill_lost(const TcReader *tc, TcStream *stream, const TcRingRecord *record,
                             TbRecord *event)
{
  TbSourceCounts *counts = &stream->source->counts;
  counts->lost_gaps++;
  if (record->lost == TB_LOST_UNKNOWN)
    counts->lost_unknown++;
  else
    counts->lost += record->lost;
  if (stream->sequence == 0)
    stream->last_time = record->time;
  *event = (TbRecord){
    .kind = TB_RECORD_LOST,
    .time.ns = reader_own_time(tc, stream, record->time),
    .source = stream->source,
    .tid = -1,
    .cpu = stream->cpu,
    .tie = stream->cpu,
    .sequence = stream->sequence++,
    .value = record->lost == TB_LOST_UNKNOWN ? 0 : record->lost,
    .offset = record->offset,
  };
}

/* The type of a record, or NULL where its number cannot be one. */
static TbEventType *reader_find_type(TbReader *reader, guint32 id, guint64 offset)
{
  TcReader *tc = reader->priv;
  if (G_LIKELY(id < tc->n_types && tc->types[id]))
    return tc->types[id];
  TbEventType *type = tc_events_add_unknown(tc->events, id, offset);
  tc->types = tc_events_get_table(tc->events, &tc->n_types);
  if (type)
    tb_reader_add_type(reader, tb_event_type_ref(type));
  return type;
}

static gboolean reader_damage_record(TbReader *reader, TcStream *stream,
                                     const TcRingRecord *record, guint32 id)
{
  tb_damage_log_add(reader->damage, TB_ERROR_CORRUPT, tb_input_get_name(reader->input),
                    record->offset, record->len, 1,
                    "CPU %u: a record of %u bytes with event number %u is no event", stream->cpu,
                    record->len, id);
  stream->source->counts.damaged++;
  return FALSE;
}

/* FALSE: nothing to lend (not wanted now, or damaged). */
static inline gboolean reader_fill_event(TbReader *reader, TcStream *stream,
                                         const TcRingRecord *record, TbRecord *event)
{
  TcReader *tc = reader->priv;
  const TcCommon *common = &tc->common;
  if (G_UNLIKELY(record->len < common->min_len))
    return reader_damage_record(reader, stream, record, 0);
  const guint8 *data = record->data;
  gboolean big = tc->layout.big;
  guint32 id = common->type_size == 2 ? tb_get_u16(data + common->type_off, big)
                                      : tb_get_u32(data + common->type_off, big);
  const TbEventType *type = reader_find_type(reader, id, record->offset);
  if (G_UNLIKELY(!type))
    return reader_damage_record(reader, stream, record, id);
  stream->source->counts.records++;
  stream->records++;
  stream->sequence++;
  if (reader->hints.interesting_only && !type->interest)
    return FALSE;
  guint8 flags = data[common->flags_off];
  *event = (TbRecord){
    .kind = TB_RECORD_EVENT,
    .time.ns = G_LIKELY(!tc->scale && !tc->shift) ? (gint64)record->time
                                                  : reader_own_time(tc, stream, record->time),
    .source = stream->source,
    .type = type,
    .data = data,
    .len = record->len,
    .flags = flags & READER_FLAGS_IRQ ? TB_RECORD_IRQ : 0,
    .tid = (gint32)tb_get_u32(data + common->pid_off, big),
    .cpu = stream->cpu,
    .tie = stream->cpu,
    .sequence = stream->sequence,
    .offset = record->offset,
  };
  return TRUE;
}

/*
 * On one CPU time never goes back, and no two neighbours are years apart: a time before or here
 * is wrong. The events keep what the file says; that it cannot be true is told.
 */
static G_GNUC_NO_INLINE void reader_note_jump(TbReader *reader, guint32 index, TcStream *stream,
                                              const TcRingRecord *record)
{
  gboolean back = record->time < stream->last_time;
  guint64 by = back ? stream->last_time - record->time : record->time - stream->last_time;
  if (back) {
    stream->source->counts.unordered++;
    tb_reader_note_unordered(reader, index);
  }
  tb_damage_log_add(reader->damage, TB_ERROR_CORRUPT, tb_input_get_name(reader->input),
                    record->offset, 0, 0,
                    back ? "CPU %u: time goes back by %" G_GUINT64_FORMAT " to %" G_GUINT64_FORMAT
                           ": times before or from here on are wrong"
                         : "CPU %u: time jumps by %" G_GUINT64_FORMAT " to %" G_GUINT64_FORMAT
                           ": times from here on are hardly true",
                    stream->cpu, by, record->time);
}

static inline void reader_note_time(TbReader *reader, guint32 index, TcStream *stream,
                                    const TcRingRecord *record)
{
  guint64 time = record->time;
  const TcReader *tc = reader->priv;
  TbSourceCounts *counts = &stream->source->counts;
  gint64 own = G_LIKELY(!tc->scale && !tc->shift) ? (gint64)time
                                                  : reader_own_time(tc, stream, time);
  if (counts->records == 0) {
    counts->first_ns = counts->last_ns = own;
  } else {
    counts->first_ns = MIN(counts->first_ns, own);
    counts->last_ns = MAX(counts->last_ns, own);
  }
  if (G_UNLIKELY(time - stream->last_time > READER_JUMP) && stream->sequence > 0)
    reader_note_jump(reader, index, stream, record);
  stream->last_time = time;
}

/* Records found of one CPU of a source, those the kernel took back included. */
static guint64 reader_found(const TcReader *tc, const TbSource *source, guint32 cpu)
{
  for (guint i = 0; i < tc->streams->len; i++) {
    const TcStream *stream = &g_array_index(tc->streams, TcStream, i);
    if (stream->source == source && stream->cpu == cpu)
      return stream->records + tc_ring_get_discarded(stream->ring);
  }
  return 0;
}

/*
 * What is missing of a buffer by its statistics. The recorder may still be reading while it
 * takes them: a page can stand in both counts. And --date writes a mark, counted as read,
 * that is not kept (or is found as a discarded record).
 */
static void reader_settle_buffer(const TcReader *tc, const TcBuffer *buffer, TbSource *source)
{
  TbSourceCounts *counts = &source->counts;
  guint64 marks = *buffer->name == 0 && tc_file_has_option(tc->file, TC_ID_DATE) &&
                  counts->discarded == 0;
  for (guint i = 0; i < buffer->stats->len; i++) {
    const TcCpuStat *stat = &g_array_index(buffer->stats, TcCpuStat, i);
    guint64 found = reader_found(tc, source, stat->cpu);
    guint64 expected = stat->entries + stat->read_events;
    if (found >= expected)
      continue;
    guint64 mark = MIN(marks, MIN(stat->read_events, expected - found));
    guint64 missing = expected - found - mark;
    guint64 doubt = MIN(missing, MIN(stat->entries, stat->read_events));
    marks -= mark;
    counts->doubtful += doubt;
    counts->missing += missing - doubt;
  }
}

/* A stream is at its end; behind the last one the sums are drawn. */
static void reader_note_end(TbReader *reader, TcStream *stream)
{
  TcReader *tc = reader->priv;
  if (stream->ended)
    return;
  stream->ended = TRUE;
  stream->source->counts.discarded += tc_ring_get_discarded(stream->ring);
  if (++tc->n_ended < tc->streams->len)
    return;
  for (guint i = 0; i < tc->file->buffers->len; i++)
    reader_settle_buffer(tc, g_ptr_array_index(tc->file->buffers, i),
                         g_ptr_array_index(reader->sources, i));
}

static TbReadResult reader_next(TbReader *reader, guint32 index, TbRecord *event, GError **error)
{
  TcReader *tc = reader->priv;
  TcStream *stream = &g_array_index(tc->streams, TcStream, index);
  TcRingRecord record;
  for (;;) {
    TcRingResult result = tc_ring_next(stream->ring, &record, error);
    if (G_LIKELY(result == TC_RING_RECORD)) {
      reader_note_time(reader, index, stream, &record);
      if (reader_fill_event(reader, stream, &record, event))
        return TB_READ_RECORD;
    } else if (result == TC_RING_LOST) {
      reader_fill_lost(tc, stream, &record, event);
      return TB_READ_RECORD;
    } else if (result == TC_RING_DAMAGED) {
      stream->source->counts.damaged++;
      return TB_READ_DAMAGED;
    } else {
      reader_note_end(reader, stream);
      return result == TC_RING_END ? TB_READ_END : TB_READ_ERROR;
    }
  }
}

static guint64 reader_position(const TbReader *reader)
{
  const TcReader *tc = reader->priv;
  guint64 sum = 0;
  for (guint i = 0; i < tc->streams->len; i++)
    sum += tc_ring_get_position(g_array_index(tc->streams, TcStream, i).ring);
  return sum;
}

static void reader_describe(const TbReader *reader,
                            void (*add)(gpointer data, const char *key, const char *value),
                            gpointer data)
{
  const TcReader *tc = reader->priv;
  const TcFile *file = tc->file;
  g_autofree char *version = g_strdup_printf(
      "%u, %s-endian, %u-bit kernel, sub-buffers of %u bytes", file->version,
      file->big ? "big" : "little", tc->layout.commit_size * 8, file->page_size);
  add(data, "version", version);
  if (file->compression.name)
    add(data, "compression", file->compression.name);
  if (file->options.recorder_version)
    add(data, "recorder", file->options.recorder_version);
  if (file->options.uname)
    add(data, "uname", file->options.uname);
  if (tc_file_has_option(file, TC_ID_TRACEID)) {
    g_autofree char *id = g_strdup_printf("%016" G_GINT64_MODIFIER "x", file->options.trace_id);
    add(data, "trace id", id);
  }
  for (guint i = 0; i < file->options.guests->len; i++) {
    const TcGuest *guest = g_ptr_array_index(file->options.guests, i);
    g_autofree char *text = g_strdup_printf("%s (trace id %016" G_GINT64_MODIFIER "x)",
                                            guest->name, guest->trace_id);
    add(data, "guest", text);
  }
  if (file->clock.shift) {
    g_autofree char *text = g_strdup_printf("%016" G_GINT64_MODIFIER "x",
                                            file->clock.shift->peer_id);
    add(data, "host trace id", text);
  }
  tc_events_describe_texts(tc->events, add, data);
  tc_events_check_symbols(tc->events);
}

static void reader_close(TbReader *reader)
{
  TcReader *tc = reader->priv;
  if (!tc)
    return;
  /* The types the model holds speak through tc->events: they go first. */
  g_ptr_array_set_size(reader->types, 0);
  for (guint i = 0; i < tc->streams->len; i++)
    tc_ring_free(g_array_index(tc->streams, TcStream, i).ring);
  g_array_unref(tc->streams);
  tc_events_unref(tc->events);
  tc_file_free(tc->file);
  g_free(tc);
  reader->priv = NULL;
}

static const char *const reader_extensions[] = { "dat", NULL };

const TbReaderFormat tb_tracecmd_reader = {
  .name = "tracecmd",
  .description = "trace-cmd recording (trace.dat), versions 6 and 7",
  .extensions = reader_extensions,
  .peek_bytes = sizeof reader_magic,
  .probe = reader_probe,
  .open = reader_open,
  .rewind = reader_rewind,
  .next = reader_next,
  .position = reader_position,
  .describe = reader_describe,
  .close = reader_close,
};
