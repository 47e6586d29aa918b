/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Records in blocks; see stash.h. A full block is sorted and goes to the file when the next one
 * is full, too, so that records a little late cost nothing. Blocks that follow one another in
 * order are a run; where there are several runs they are merged.
 */
#include "base/stash.h"

#include "base/spool.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

enum {
  STASH_BLOCK = 32 * 1024,
  STASH_FIRST = 1024, /* what is in memory begins so small */
  STASH_BACK = 32,    /* a record that is late by so few is put into its place at once */
  STASH_FAN_IN = 64,
};

struct _TbStashStore {
  char *folder;
  int fd;
  guint64 end_off;
};

typedef struct {
  guint64 offset;
  gint64 first;
  gint64 last;
  guint32 n;
} StashBlock;

struct _TbStash {
  TbStashStore *store;
  gsize record_bytes;
  gsize per_block;
  GArray *blocks; /* StashBlock: in the file */
  guint8 *tail;   /* the newest, up to two blocks: the older one goes to the file */
  gsize tail_room;
  gsize n_tail;
  gboolean tail_mixed; /* not in order */
  guint64 n;
};

TbStashStore *tb_stash_store_new(const char *folder)
{
  TbStashStore *store = g_new0(TbStashStore, 1);
  store->folder = g_strdup(folder);
  store->fd = -1;
  return store;
}

void tb_stash_store_free(TbStashStore *store)
{
  if (!store)
    return;
  if (store->fd >= 0)
    close(store->fd);
  g_free(store->folder);
  g_free(store);
}

static gboolean store_fail(const TbStashStore *store, const char *what, int code, GError **error)
{
  tb_error_set(error, TB_ERROR_IO, store->folder, TB_OFFSET_NONE,
               "cannot %s a temporary file: %s (set TMPDIR to a folder with room)", what,
               code ? g_strerror(code) : "it is shorter than what was written");
  return FALSE;
}

static gboolean store_write(TbStashStore *store, const guint8 *bytes, gsize len, GError **error)
{
  if (store->fd < 0 && (store->fd = tb_spool_open_temp(store->folder, error)) < 0)
    return FALSE;
  while (len > 0) {
    ssize_t n = pwrite(store->fd, bytes, len, (off_t)store->end_off);
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0)
      return store_fail(store, "write", errno, error);
    store->end_off += (guint64)n;
    bytes += n;
    len -= (gsize)n;
  }
  return TRUE;
}

static gboolean store_read(const TbStashStore *store, guint64 offset, guint8 *bytes, gsize len,
                           GError **error)
{
  while (len > 0) {
    ssize_t n = pread(store->fd, bytes, len, (off_t)offset);
    if (n < 0 && errno == EINTR)
      continue;
    if (n <= 0)
      return store_fail(store, "read", n < 0 ? errno : 0, error);
    offset += (guint64)n;
    bytes += n;
    len -= (gsize)n;
  }
  return TRUE;
}

TbStash *tb_stash_new(TbStashStore *store, gsize record_bytes)
{
  g_return_val_if_fail(record_bytes >= 8 && record_bytes % 8 == 0, NULL);
  TbStash *stash = g_new0(TbStash, 1);
  stash->store = store;
  stash->record_bytes = record_bytes;
  stash->per_block = STASH_BLOCK / record_bytes;
  stash->blocks = g_array_new(FALSE, FALSE, sizeof(StashBlock));
  return stash;
}

void tb_stash_free(TbStash *stash)
{
  if (!stash)
    return;
  g_array_unref(stash->blocks);
  g_free(stash->tail);
  g_free(stash);
}

static inline gint64 stash_key(const guint8 *record)
{
  gint64 key;
  memcpy(&key, record, sizeof key);
  return key;
}

static gint stash_compare(gconstpointer a, gconstpointer b, gpointer data)
{
  gint64 x = stash_key(a), y = stash_key(b);
  return x < y ? -1 : x > y;
}

static void stash_sort_tail(TbStash *stash)
{
  if (stash->tail_mixed)
    g_qsort_with_data(stash->tail, (gint)stash->n_tail, stash->record_bytes, stash_compare, NULL);
  stash->tail_mixed = FALSE;
}

/* The oldest block of the tail. */
static gboolean stash_flush_block(TbStash *stash, GError **error)
{
  gsize n = MIN(stash->n_tail, stash->per_block), bytes = n * stash->record_bytes;
  stash_sort_tail(stash);
  StashBlock block = { .offset = stash->store->end_off, .first = stash_key(stash->tail),
                       .last = stash_key(stash->tail + bytes - stash->record_bytes),
                       .n = (guint32)n };
  if (!store_write(stash->store, stash->tail, bytes, error))
    return FALSE;
  g_array_append_val(stash->blocks, block);
  stash->n_tail -= n;
  memmove(stash->tail, stash->tail + bytes, stash->n_tail * stash->record_bytes);
  return TRUE;
}

static gboolean stash_flush(TbStash *stash, GError **error)
{
  while (stash->n_tail > 0)
    if (!stash_flush_block(stash, error))
      return FALSE;
  return TRUE;
}

/* A record that came late: to its place, if that is near. */
static void stash_add_late(TbStash *stash, gconstpointer record, gsize at)
{
  gsize size = stash->record_bytes, place = at;
  gint64 key = stash_key(record);
  for (guint i = 0; i < STASH_BACK && place > 0 && stash_key(stash->tail + place - size) > key; i++)
    place -= size;
  if (place > 0 && stash_key(stash->tail + place - size) > key) {
    stash->tail_mixed = TRUE;
    place = at;
  }
  memmove(stash->tail + place + size, stash->tail + place, at - place);
  memcpy(stash->tail + place, record, size);
}

gboolean tb_stash_add(TbStash *stash, gconstpointer record, GError **error)
{
  gsize at = stash->n_tail * stash->record_bytes;
  if (G_UNLIKELY(at + stash->record_bytes > stash->tail_room)) {
    if (stash->n_tail == 2 * stash->per_block) {
      if (!stash_flush_block(stash, error))
        return FALSE;
      at = stash->n_tail * stash->record_bytes;
    } else {
      stash->tail_room = MIN(MAX(stash->tail_room * 4, (gsize)STASH_FIRST),
                             2 * stash->per_block * stash->record_bytes);
      stash->tail = g_realloc(stash->tail, stash->tail_room);
    }
  }
  if (G_UNLIKELY(at > 0 && stash_key(record) < stash_key(stash->tail + at - stash->record_bytes)))
    stash_add_late(stash, record, at);
  else
    memcpy(stash->tail + at, record, stash->record_bytes);
  stash->n_tail++;
  stash->n++;
  return TRUE;
}

gboolean tb_stash_add_all(TbStash *stash, TbStash *from, GError **error)
{
  TbStashReader reader;
  GError *failed = NULL;
  gconstpointer record;
  tb_stash_reader_init(&reader, from, 0);
  while ((record = tb_stash_next(&reader, &failed)) && tb_stash_add(stash, record, &failed))
    ;
  tb_stash_reader_clear(&reader);
  if (!failed)
    return TRUE;
  g_propagate_error(error, failed);
  return FALSE;
}

guint64 tb_stash_get_n(const TbStash *stash)
{
  return stash->n;
}

/* --- runs --- */

/* The run that begins with block @from ends before this one. */
static guint stash_run_end(const GArray *blocks, guint from)
{
  guint to = from + 1;
  while (to < blocks->len && g_array_index(blocks, StashBlock, to).first >=
                                 g_array_index(blocks, StashBlock, to - 1).last)
    to++;
  return to;
}

/* A stash over some blocks of another; its blocks are a copy. */
static TbStash *stash_of_blocks(const TbStash *stash, guint from, guint to)
{
  TbStash *part = tb_stash_new(stash->store, stash->record_bytes);
  for (guint i = from; i < to; i++) {
    StashBlock block = g_array_index(stash->blocks, StashBlock, i);
    g_array_append_val(part->blocks, block);
    part->n += block.n;
  }
  return part;
}

/* One run under way: what it gives next. */
typedef struct {
  TbStash *part;
  TbStashReader reader;
  gconstpointer record;
} StashRun;

static gboolean stash_merge_runs(StashRun *runs, guint n, TbStash *out, GError **error)
{
  GError *failed = NULL;
  for (guint i = 0; i < n && !failed; i++)
    runs[i].record = tb_stash_next(&runs[i].reader, &failed);
  while (!failed) {
    StashRun *least = NULL;
    for (guint i = 0; i < n; i++)
      if (runs[i].record &&
          (!least || stash_key(runs[i].record) < stash_key(least->record)))
        least = &runs[i];
    if (!least)
      return stash_flush(out, error);
    if (tb_stash_add(out, least->record, &failed))
      least->record = tb_stash_next(&least->reader, &failed);
  }
  g_propagate_error(error, failed);
  return FALSE;
}

/* Merges up to STASH_FAN_IN runs from block *@from on into @out, and moves *@from behind them. */
static gboolean stash_merge_some(const TbStash *stash, guint *from, TbStash *out, GError **error)
{
  StashRun runs[STASH_FAN_IN];
  guint n = 0;
  for (; n < STASH_FAN_IN && *from < stash->blocks->len; n++) {
    guint to = stash_run_end(stash->blocks, *from);
    runs[n].part = stash_of_blocks(stash, *from, to);
    tb_stash_reader_init(&runs[n].reader, runs[n].part, 0);
    *from = to;
  }
  gboolean ok = stash_merge_runs(runs, n, out, error);
  for (guint i = 0; i < n; i++) {
    tb_stash_reader_clear(&runs[i].reader);
    tb_stash_free(runs[i].part);
  }
  return ok;
}

/* One level: the blocks become those of fewer and longer runs. */
static gboolean stash_reduce(TbStash *stash, GError **error)
{
  TbStash *out = tb_stash_new(stash->store, stash->record_bytes);
  gboolean ok = TRUE;
  for (guint from = 0; from < stash->blocks->len && ok;)
    ok = stash_merge_some(stash, &from, out, error);
  GArray *merged = out->blocks;
  out->blocks = stash->blocks;
  stash->blocks = merged;
  tb_stash_free(out);
  return ok;
}

gboolean tb_stash_sort(TbStash *stash, GError **error)
{
  stash_sort_tail(stash);
  if (stash->blocks->len == 0)
    return TRUE; /* all of it is in memory */
  if (!stash_flush(stash, error))
    return FALSE;
  g_clear_pointer(&stash->tail, g_free);
  stash->tail_room = 0;
  while (stash_run_end(stash->blocks, 0) < stash->blocks->len)
    if (!stash_reduce(stash, error))
      return FALSE;
  return TRUE;
}

/* --- reading --- */

void tb_stash_reader_init(TbStashReader *reader, TbStash *stash, guint64 from)
{
  *reader = (TbStashReader){ .stash = stash, .next = MIN(from, stash->n) };
  guint64 left = reader->next;
  const GArray *blocks = stash->blocks;
  while (reader->block < blocks->len &&
         left >= g_array_index(blocks, StashBlock, reader->block).n)
    left -= g_array_index(blocks, StashBlock, reader->block++).n;
  reader->in_block = (gsize)left;
}

void tb_stash_reader_clear(TbStashReader *reader)
{
  g_clear_pointer(&reader->buffer, g_free);
  reader->stash = NULL;
}

/* The block that holds the next record. */
static gboolean reader_load(TbStashReader *reader, GError **error)
{
  const TbStash *stash = reader->stash;
  if (reader->n_loaded > 0) {
    reader->block++;
    reader->in_block = 0;
  }
  if (reader->block >= stash->blocks->len) {
    reader->records = stash->tail;
    reader->n_loaded = stash->n_tail;
    return TRUE;
  }
  const StashBlock *block = &g_array_index(stash->blocks, StashBlock, reader->block);
  if (!reader->buffer)
    reader->buffer = g_malloc(stash->per_block * stash->record_bytes);
  reader->records = reader->buffer;
  reader->n_loaded = block->n;
  return store_read(stash->store, block->offset, reader->buffer, block->n * stash->record_bytes,
                    error);
}

gconstpointer tb_stash_next(TbStashReader *reader, GError **error)
{
  if (G_UNLIKELY(reader->next >= reader->stash->n))
    return NULL;
  if (G_UNLIKELY(reader->in_block >= reader->n_loaded) && !reader_load(reader, error))
    return NULL;
  reader->next++;
  return reader->records + reader->in_block++ * reader->stash->record_bytes;
}

gboolean tb_stash_find(TbStash *stash, gint64 key, guint64 *number, GError **error)
{
  GError *failed = NULL;
  guint64 before = 0;
  guint block = 0;
  while (block < stash->blocks->len && g_array_index(stash->blocks, StashBlock, block).last < key)
    before += g_array_index(stash->blocks, StashBlock, block++).n;
  TbStashReader reader;
  tb_stash_reader_init(&reader, stash, before);
  const guint8 *record;
  while ((record = tb_stash_next(&reader, &failed)) && stash_key(record) < key)
    before++;
  tb_stash_reader_clear(&reader);
  *number = before;
  if (!failed)
    return TRUE;
  g_propagate_error(error, failed);
  return FALSE;
}
