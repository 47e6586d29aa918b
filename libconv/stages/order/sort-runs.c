/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs in temporary files; see sort-runs.h. */
#include "stages/order/sort-runs.h"

#include "base/spool.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

enum {
  RUNS_BUFFER = 64 * 1024,
  RUNS_FAN_IN_MIN = 2,
  RUNS_FAN_IN_MAX = 256,
};

typedef struct {
  guint64 start_off;
  guint64 end_off;
} Run;

/* One temporary file with runs behind each other. */
typedef struct {
  int fd;
  GArray *runs; /* of Run */
  guint64 run_start_off;
  guint64 end_off; /* bytes added, those in @buffer included */
  guint8 *buffer;
  gsize buffered;
} RunFile;

/* Walks one run; the buffer grows to its largest record. */
typedef struct {
  int fd;
  const char *folder;
  guint64 at_off;
  guint64 end_off;
  guint8 *buffer;
  gsize cap;
  gsize len;
  guint64 buffer_off;
  TbStored stored; /* lent last */
} RunReader;

struct _TbRuns {
  char *folder;
  guint64 memory_bytes;
  guint64 largest; /* bytes of the largest record */
  RunFile *file;
  RunReader *readers;
  guint n_readers;
  TbMerge *merge;
};

void tb_stored_put(guint8 *to, const TbItem *item)
{
  const TbRecord *record = item->record;
  TbStored head = { .item = *item, .record = *record };
  if (record->payload)
    head.payload = *record->payload;
  memcpy(to, &head, sizeof head);
  to += sizeof head;
  gsize tail = (gsize)record->len + head.payload.len;
  if (record->len)
    memcpy(to, record->data, record->len);
  if (head.payload.len)
    memcpy(to + record->len, head.payload.bytes, head.payload.len);
  memset(to + tail, 0, (8 - tail % 8) % 8);
}

void tb_stored_get(const guint8 *from, TbStored *out)
{
  memcpy(out, from, sizeof *out);
  from += sizeof *out;
  out->item.record = &out->record;
  out->record.data = out->record.len ? from : NULL;
  out->payload.bytes = out->payload.len ? from + out->record.len : NULL;
  if (out->record.payload)
    out->record.payload = &out->payload;
}

static RunFile *run_file_new(const char *folder, GError **error)
{
  int fd = tb_spool_open_temp(folder, error);
  if (fd < 0)
    return NULL;
  RunFile *file = g_new0(RunFile, 1);
  file->fd = fd;
  file->runs = g_array_new(FALSE, FALSE, sizeof(Run));
  file->buffer = g_malloc(RUNS_BUFFER);
  return file;
}

static void run_file_free(RunFile *file)
{
  if (!file)
    return;
  close(file->fd);
  g_array_unref(file->runs);
  g_free(file->buffer);
  g_free(file);
}

static gboolean run_file_write(RunFile *file, const guint8 *bytes, gsize len, const char *folder,
                               GError **error)
{
  while (len > 0) {
    ssize_t n = write(file->fd, bytes, len);
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0) {
      tb_error_set(error, TB_ERROR_IO, folder, TB_OFFSET_NONE,
                   "cannot write a temporary file for sorting: %s", g_strerror(errno));
      return FALSE;
    }
    bytes += n;
    len -= (gsize)n;
  }
  return TRUE;
}

static gboolean run_file_flush(RunFile *file, const char *folder, GError **error)
{
  gsize len = file->buffered;
  file->buffered = 0;
  return run_file_write(file, file->buffer, len, folder, error);
}

static gboolean run_file_add(RunFile *file, const guint8 *record, gsize len, const char *folder,
                             GError **error)
{
  file->end_off += len;
  if (len > RUNS_BUFFER - file->buffered && !run_file_flush(file, folder, error))
    return FALSE;
  if (len > RUNS_BUFFER)
    return run_file_write(file, record, len, folder, error);
  memcpy(file->buffer + file->buffered, record, len);
  file->buffered += len;
  return TRUE;
}

static void run_file_end_run(RunFile *file)
{
  if (file->end_off == file->run_start_off)
    return;
  Run run = { file->run_start_off, file->end_off };
  g_array_append_val(file->runs, run);
  file->run_start_off = file->end_off;
}

/* @len bytes at the reader's place, which lie within its run. NULL with error. */
static const guint8 *run_reader_get(RunReader *reader, gsize len, GError **error)
{
  gsize skip = (gsize)(reader->at_off - reader->buffer_off);
  if (len <= reader->len - skip)
    return reader->buffer + skip;
  reader->len -= skip;
  memmove(reader->buffer, reader->buffer + skip, reader->len);
  reader->buffer_off = reader->at_off;
  if (len > reader->cap) {
    reader->cap = len;
    reader->buffer = g_realloc(reader->buffer, len);
  }
  guint64 left = reader->end_off - reader->at_off;
  while (reader->len < len) {
    gsize want = (gsize)MIN((guint64)reader->cap, left) - reader->len;
    ssize_t n = pread(reader->fd, reader->buffer + reader->len, want,
                      (off_t)(reader->at_off + reader->len));
    if (n < 0 && errno == EINTR)
      continue;
    if (n <= 0) {
      tb_error_set(error, TB_ERROR_IO, reader->folder, TB_OFFSET_NONE,
                   "cannot read a temporary file for sorting: %s",
                   n < 0 ? g_strerror(errno) : "it is shorter than what was written");
      return NULL;
    }
    reader->len += (gsize)n;
  }
  return reader->buffer;
}

static TbReadResult run_reader_next(gpointer data, guint32 stream, TbItem *event, GError **error)
{
  RunReader *reader = data;
  if (reader->at_off == reader->end_off)
    return TB_READ_END;
  const guint8 *record = run_reader_get(reader, sizeof(TbStored), error);
  if (!record)
    return TB_READ_ERROR;
  tb_stored_get(record, &reader->stored);
  gsize len = (gsize)tb_stored_bytes(&reader->stored.item);
  record = run_reader_get(reader, len, error);
  if (!record)
    return TB_READ_ERROR;
  tb_stored_get(record, &reader->stored);
  *event = reader->stored.item;
  reader->at_off += len;
  return TB_READ_RECORD;
}

TbRuns *tb_runs_new(const char *folder, guint64 memory_bytes)
{
  TbRuns *runs = g_new0(TbRuns, 1);
  runs->folder = g_strdup(folder);
  runs->memory_bytes = memory_bytes;
  return runs;
}

static void runs_close_merge(TbRuns *runs)
{
  g_clear_pointer(&runs->merge, tb_merge_free);
  for (guint i = 0; i < runs->n_readers; i++)
    g_free(runs->readers[i].buffer);
  g_clear_pointer(&runs->readers, g_free);
  runs->n_readers = 0;
}

void tb_runs_free(TbRuns *runs)
{
  if (!runs)
    return;
  runs_close_merge(runs);
  run_file_free(runs->file);
  g_free(runs->folder);
  g_free(runs);
}

gboolean tb_runs_add(TbRuns *runs, const guint8 *record, gsize len, GError **error)
{
  if (!runs->file && !(runs->file = run_file_new(runs->folder, error)))
    return FALSE;
  runs->largest = MAX(runs->largest, len);
  return run_file_add(runs->file, record, len, runs->folder, error);
}

void tb_runs_end(TbRuns *runs)
{
  if (runs->file)
    run_file_end_run(runs->file);
}

guint tb_runs_get_n(const TbRuns *runs)
{
  return runs->file ? runs->file->runs->len : 0;
}

/* A merge over @n runs from @first on. */
static void runs_open_merge(TbRuns *runs, guint first, guint n)
{
  runs_close_merge(runs);
  runs->readers = g_new0(RunReader, MAX(n, 1));
  runs->n_readers = n;
  g_autofree TbMergeInput *inputs = g_new0(TbMergeInput, MAX(n, 1));
  for (guint i = 0; i < n; i++) {
    const Run *run = &g_array_index(runs->file->runs, Run, first + i);
    runs->readers[i] = (RunReader){ .fd = runs->file->fd, .folder = runs->folder,
                                    .at_off = run->start_off, .end_off = run->end_off,
                                    .buffer = g_malloc(RUNS_BUFFER), .cap = RUNS_BUFFER,
                                    .buffer_off = run->start_off };
    inputs[i] = (TbMergeInput){ run_reader_next, &runs->readers[i], 0 };
  }
  runs->merge = tb_merge_new_stable(inputs, n);
}

/* Copies the open merge as one run to @to. */
static gboolean runs_copy_merge(TbRuns *runs, RunFile *to, guint8 *scratch, GError **error)
{
  TbItem *event;
  guint input;
  TbReadResult result;
  while ((result = tb_merge_next(runs->merge, &event, &input, error)) == TB_READ_RECORD) {
    tb_stored_put(scratch, event);
    if (!run_file_add(to, scratch, (gsize)tb_stored_bytes(event), runs->folder, error))
      return FALSE;
  }
  run_file_end_run(to);
  return result == TB_READ_END;
}

/* One level: groups of @fan_in neighbouring runs become one run each in a new file. */
static gboolean runs_reduce(TbRuns *runs, guint fan_in, GError **error)
{
  RunFile *to = run_file_new(runs->folder, error);
  if (!to)
    return FALSE;
  g_autofree guint8 *scratch = g_malloc((gsize)MAX(runs->largest, 1));
  guint n = runs->file->runs->len;
  gboolean ok = TRUE;
  for (guint first = 0; first < n && ok; first += fan_in) {
    runs_open_merge(runs, first, MIN(fan_in, n - first));
    ok = runs_copy_merge(runs, to, scratch, error);
  }
  runs_close_merge(runs);
  if (!ok || !run_file_flush(to, runs->folder, error)) {
    run_file_free(to);
    return FALSE;
  }
  run_file_free(runs->file);
  runs->file = to;
  return TRUE;
}

TbMerge *tb_runs_merge(TbRuns *runs, GError **error)
{
  if (!runs->file && !(runs->file = run_file_new(runs->folder, error)))
    return NULL;
  tb_runs_end(runs);
  if (!run_file_flush(runs->file, runs->folder, error))
    return NULL;
  guint64 fan_in = runs->memory_bytes / (RUNS_BUFFER + runs->largest);
  fan_in = CLAMP(fan_in, RUNS_FAN_IN_MIN, RUNS_FAN_IN_MAX);
  while (runs->file->runs->len > fan_in)
    if (!runs_reduce(runs, (guint)fan_in, error))
      return NULL;
  g_clear_pointer(&runs->file->buffer, g_free);
  runs_open_merge(runs, 0, runs->file->runs->len);
  return runs->merge;
}
