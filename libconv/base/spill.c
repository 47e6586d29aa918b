/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Records in blocks; see spill.h. A full block is sorted and goes to the file when the next one
 * is full, too, so that records a little late cost nothing. Blocks that follow one another in
 * order are a run; where there are several runs they are merged.
 */
#include "base/spill.h"

#include "base/spool.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

enum {
  SPILL_BLOCK = 32 * 1024,
  SPILL_FIRST = 1024, /* what is in memory begins so small */
  SPILL_BACK = 32,    /* a record that is late by so few is put into its place at once */
  SPILL_FAN_IN = 64,
};

struct _TbSpillFile {
  char *folder;
  int fd;
  guint64 end_off;
};

typedef struct {
  guint64 offset;
  gint64 first;
  gint64 last;
  guint32 n;
} SpillBlock;

struct _TbSpill {
  TbSpillFile *file;
  gsize record_bytes;
  gsize per_block;
  GArray *blocks; /* SpillBlock: in the file */
  guint8 *tail;   /* the newest, up to two blocks: the older one goes to the file */
  gsize tail_room;
  gsize n_tail;
  gboolean tail_mixed; /* not in order */
  guint64 n;
};

TbSpillFile *tb_spill_file_new(const char *folder)
{
  TbSpillFile *file = g_new0(TbSpillFile, 1);
  file->folder = g_strdup(folder);
  file->fd = -1;
  return file;
}

void tb_spill_file_free(TbSpillFile *file)
{
  if (!file)
    return;
  if (file->fd >= 0)
    close(file->fd);
  g_free(file->folder);
  g_free(file);
}

static gboolean file_fail(const TbSpillFile *file, const char *what, int code, GError **error)
{
  tb_error_set(error, TB_ERROR_IO, file->folder, TB_OFFSET_NONE,
               "cannot %s a temporary file: %s (set TMPDIR to a folder with room)", what,
               code ? g_strerror(code) : "it is shorter than what was written");
  return FALSE;
}

static gboolean file_write(TbSpillFile *file, const guint8 *bytes, gsize len, GError **error)
{
  if (file->fd < 0 && (file->fd = tb_spool_open_temp(file->folder, error)) < 0)
    return FALSE;
  while (len > 0) {
    ssize_t n = pwrite(file->fd, bytes, len, (off_t)file->end_off);
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0)
      return file_fail(file, "write", errno, error);
    file->end_off += (guint64)n;
    bytes += n;
    len -= (gsize)n;
  }
  return TRUE;
}

static gboolean file_read(const TbSpillFile *file, guint64 offset, guint8 *bytes, gsize len,
                           GError **error)
{
  while (len > 0) {
    ssize_t n = pread(file->fd, bytes, len, (off_t)offset);
    if (n < 0 && errno == EINTR)
      continue;
    if (n <= 0)
      return file_fail(file, "read", n < 0 ? errno : 0, error);
    offset += (guint64)n;
    bytes += n;
    len -= (gsize)n;
  }
  return TRUE;
}

TbSpill *tb_spill_new(TbSpillFile *file, gsize record_bytes)
{
  g_return_val_if_fail(record_bytes >= 8 && record_bytes % 8 == 0, NULL);
  TbSpill *spill = g_new0(TbSpill, 1);
  spill->file = file;
  spill->record_bytes = record_bytes;
  spill->per_block = SPILL_BLOCK / record_bytes;
  spill->blocks = g_array_new(FALSE, FALSE, sizeof(SpillBlock));
  return spill;
}

void tb_spill_free(TbSpill *spill)
{
  if (!spill)
    return;
  g_array_unref(spill->blocks);
  g_free(spill->tail);
  g_free(spill);
}

static inline gint64 spill_key(const guint8 *record)
{
  gint64 key;
  memcpy(&key, record, sizeof key);
  return key;
}

static gint spill_compare(gconstpointer a, gconstpointer b, gpointer data)
{
  gint64 x = spill_key(a), y = spill_key(b);
  return x < y ? -1 : x > y;
}

static void spill_sort_tail(TbSpill *spill)
{
  if (spill->tail_mixed)
    g_qsort_with_data(spill->tail, (gint)spill->n_tail, spill->record_bytes, spill_compare, NULL);
  spill->tail_mixed = FALSE;
}

/* The oldest block of the tail. */
static gboolean spill_flush_block(TbSpill *spill, GError **error)
{
  gsize n = MIN(spill->n_tail, spill->per_block), bytes = n * spill->record_bytes;
  spill_sort_tail(spill);
  SpillBlock block = { .offset = spill->file->end_off, .first = spill_key(spill->tail),
                       .last = spill_key(spill->tail + bytes - spill->record_bytes),
                       .n = (guint32)n };
  if (!file_write(spill->file, spill->tail, bytes, error))
    return FALSE;
  g_array_append_val(spill->blocks, block);
  spill->n_tail -= n;
  memmove(spill->tail, spill->tail + bytes, spill->n_tail * spill->record_bytes);
  return TRUE;
}

static gboolean spill_flush(TbSpill *spill, GError **error)
{
  while (spill->n_tail > 0)
    if (!spill_flush_block(spill, error))
      return FALSE;
  return TRUE;
}

/* A record that came late: to its place, if that is near. */
static void spill_add_late(TbSpill *spill, gconstpointer record, gsize at)
{
  gsize size = spill->record_bytes, place = at;
  gint64 key = spill_key(record);
  for (guint i = 0; i < SPILL_BACK && place > 0 && spill_key(spill->tail + place - size) > key; i++)
    place -= size;
  if (place > 0 && spill_key(spill->tail + place - size) > key) {
    spill->tail_mixed = TRUE;
    place = at;
  }
  memmove(spill->tail + place + size, spill->tail + place, at - place);
  memcpy(spill->tail + place, record, size);
}

gboolean tb_spill_add(TbSpill *spill, gconstpointer record, GError **error)
{
  gsize at = spill->n_tail * spill->record_bytes;
  if (G_UNLIKELY(at + spill->record_bytes > spill->tail_room)) {
    if (spill->n_tail == 2 * spill->per_block) {
      if (!spill_flush_block(spill, error))
        return FALSE;
      at = spill->n_tail * spill->record_bytes;
    } else {
      spill->tail_room = MIN(MAX(spill->tail_room * 4, (gsize)SPILL_FIRST),
                             2 * spill->per_block * spill->record_bytes);
      spill->tail = g_realloc(spill->tail, spill->tail_room);
    }
  }
  if (G_UNLIKELY(at > 0 && spill_key(record) < spill_key(spill->tail + at - spill->record_bytes)))
    spill_add_late(spill, record, at);
  else
    memcpy(spill->tail + at, record, spill->record_bytes);
  spill->n_tail++;
  spill->n++;
  return TRUE;
}

gboolean tb_spill_add_all(TbSpill *spill, TbSpill *from, GError **error)
{
  TbSpillReader reader;
  GError *failed = NULL;
  gconstpointer record;
  tb_spill_reader_init(&reader, from, 0);
  while ((record = tb_spill_next(&reader, &failed)) && tb_spill_add(spill, record, &failed))
    ;
  tb_spill_reader_clear(&reader);
  if (!failed)
    return TRUE;
  g_propagate_error(error, failed);
  return FALSE;
}

guint64 tb_spill_get_n(const TbSpill *spill)
{
  return spill->n;
}

/* --- runs --- */

/* The run that begins with block @from ends before this one. */
static guint spill_run_end(const GArray *blocks, guint from)
{
  guint to = from + 1;
  while (to < blocks->len && g_array_index(blocks, SpillBlock, to).first >=
                                 g_array_index(blocks, SpillBlock, to - 1).last)
    to++;
  return to;
}

/* A spill over some blocks of another; its blocks are a copy. */
static TbSpill *spill_of_blocks(const TbSpill *spill, guint from, guint to)
{
  TbSpill *part = tb_spill_new(spill->file, spill->record_bytes);
  for (guint i = from; i < to; i++) {
    SpillBlock block = g_array_index(spill->blocks, SpillBlock, i);
    g_array_append_val(part->blocks, block);
    part->n += block.n;
  }
  return part;
}

/* One run under way: what it gives next. */
typedef struct {
  TbSpill *part;
  TbSpillReader reader;
  gconstpointer record;
} SpillRun;

static gboolean spill_merge_runs(SpillRun *runs, guint n, TbSpill *out, GError **error)
{
  GError *failed = NULL;
  for (guint i = 0; i < n && !failed; i++)
    runs[i].record = tb_spill_next(&runs[i].reader, &failed);
  while (!failed) {
    SpillRun *least = NULL;
    for (guint i = 0; i < n; i++)
      if (runs[i].record &&
          (!least || spill_key(runs[i].record) < spill_key(least->record)))
        least = &runs[i];
    if (!least)
      return spill_flush(out, error);
    if (tb_spill_add(out, least->record, &failed))
      least->record = tb_spill_next(&least->reader, &failed);
  }
  g_propagate_error(error, failed);
  return FALSE;
}

/* Merges up to SPILL_FAN_IN runs from block *@from on into @out, and moves *@from behind them. */
static gboolean spill_merge_some(const TbSpill *spill, guint *from, TbSpill *out, GError **error)
{
  SpillRun runs[SPILL_FAN_IN];
  guint n = 0;
  for (; n < SPILL_FAN_IN && *from < spill->blocks->len; n++) {
    guint to = spill_run_end(spill->blocks, *from);
    runs[n].part = spill_of_blocks(spill, *from, to);
    tb_spill_reader_init(&runs[n].reader, runs[n].part, 0);
    *from = to;
  }
  gboolean ok = spill_merge_runs(runs, n, out, error);
  for (guint i = 0; i < n; i++) {
    tb_spill_reader_clear(&runs[i].reader);
    tb_spill_free(runs[i].part);
  }
  return ok;
}

/* One level: the blocks become those of fewer and longer runs. */
static gboolean spill_reduce(TbSpill *spill, GError **error)
{
  TbSpill *out = tb_spill_new(spill->file, spill->record_bytes);
  gboolean ok = TRUE;
  for (guint from = 0; from < spill->blocks->len && ok;)
    ok = spill_merge_some(spill, &from, out, error);
  GArray *merged = out->blocks;
  out->blocks = spill->blocks;
  spill->blocks = merged;
  tb_spill_free(out);
  return ok;
}

gboolean tb_spill_sort(TbSpill *spill, GError **error)
{
  spill_sort_tail(spill);
  if (spill->blocks->len == 0)
    return TRUE; /* all of it is in memory */
  if (!spill_flush(spill, error))
    return FALSE;
  g_clear_pointer(&spill->tail, g_free);
  spill->tail_room = 0;
  while (spill_run_end(spill->blocks, 0) < spill->blocks->len)
    if (!spill_reduce(spill, error))
      return FALSE;
  return TRUE;
}

/* --- reading --- */

void tb_spill_reader_init(TbSpillReader *reader, TbSpill *spill, guint64 from)
{
  *reader = (TbSpillReader){ .spill = spill, .next = MIN(from, spill->n) };
  guint64 left = reader->next;
  const GArray *blocks = spill->blocks;
  while (reader->block < blocks->len &&
         left >= g_array_index(blocks, SpillBlock, reader->block).n)
    left -= g_array_index(blocks, SpillBlock, reader->block++).n;
  reader->in_block = (gsize)left;
}

void tb_spill_reader_clear(TbSpillReader *reader)
{
  g_clear_pointer(&reader->buffer, g_free);
  reader->spill = NULL;
}

/* The block that holds the next record. */
static gboolean reader_load(TbSpillReader *reader, GError **error)
{
  const TbSpill *spill = reader->spill;
  if (reader->n_loaded > 0) {
    reader->block++;
    reader->in_block = 0;
  }
  if (reader->block >= spill->blocks->len) {
    reader->records = spill->tail;
    reader->n_loaded = spill->n_tail;
    return TRUE;
  }
  const SpillBlock *block = &g_array_index(spill->blocks, SpillBlock, reader->block);
  if (!reader->buffer)
    reader->buffer = g_malloc(spill->per_block * spill->record_bytes);
  reader->records = reader->buffer;
  reader->n_loaded = block->n;
  return file_read(spill->file, block->offset, reader->buffer, block->n * spill->record_bytes,
                    error);
}

gconstpointer tb_spill_next(TbSpillReader *reader, GError **error)
{
  if (G_UNLIKELY(reader->next >= reader->spill->n))
    return NULL;
  if (G_UNLIKELY(reader->in_block >= reader->n_loaded) && !reader_load(reader, error))
    return NULL;
  reader->next++;
  return reader->records + reader->in_block++ * reader->spill->record_bytes;
}

gboolean tb_spill_find(TbSpill *spill, gint64 key, guint64 *number, GError **error)
{
  GError *failed = NULL;
  guint64 before = 0;
  guint block = 0;
  while (block < spill->blocks->len && g_array_index(spill->blocks, SpillBlock, block).last < key)
    before += g_array_index(spill->blocks, SpillBlock, block++).n;
  TbSpillReader reader;
  tb_spill_reader_init(&reader, spill, before);
  const guint8 *record;
  while ((record = tb_spill_next(&reader, &failed)) && spill_key(record) < key)
    before++;
  tb_spill_reader_clear(&reader);
  *number = before;
  if (!failed)
    return TRUE;
  g_propagate_error(error, failed);
  return FALSE;
}
