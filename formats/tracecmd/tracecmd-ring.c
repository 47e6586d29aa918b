/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Pages and records of one CPU; see tracecmd-ring.h. */
#include "tracecmd/tracecmd-ring.h"

#include <string.h>
#include <zstd.h>

enum {
  RING_TYPE_PADDING = 29,
  RING_TYPE_EXTEND = 30,
  RING_TYPE_STAMP = 31,
  RING_COMMIT_BITS = 0x07ffffff,
  RING_STAMP_BITS = 59,
  RING_PREFETCH = 768,
};
#define RING_MISSED_EVENTS (1u << 31)
#define RING_MISSED_STORED (1u << 30)

struct _TcRing {
  TcFile *file;
  TcLayout layout;
  guint32 cpu;
  guint32 page_size;
  gboolean compressed;
  guint64 start, end;   /* stored data of this CPU */
  guint64 next_off;     /* first stored byte not in pages[] */
  gboolean chunks_read; /* the chunk count in front has been read */
  guint32 chunks_left;
  gsize read_bytes;
  ZSTD_DCtx *zstd;
  guint8 *stored; /* one chunk as stored */
  gsize stored_cap;
  guint8 *pages; /* whole pages in memory */
  gsize pages_cap;
  gsize pages_len;
  guint64 pages_off; /* absolute offset of pages[0]; of the chunk, if compressed */
  gsize page_at;     /* next page in pages[] */
  const guint8 *page;
  gsize pos;     /* next record in page */
  gsize limit;   /* end of committed records in page */
  gboolean cut;  /* the page is not there up to its commit */
  guint64 page_time;
  guint64 time;
  guint64 pending_lost; /* +1; 0 = none */
  guint64 discarded;
};

TcRing *tc_ring_new(TcFile *file, const TcBuffer *buffer, const TcCpuData *data,
                    const TcLayout *layout, gsize read_bytes)
{
  TcRing *ring = g_new0(TcRing, 1);
  ring->file = file;
  ring->layout = *layout;
  ring->cpu = data->cpu;
  ring->page_size = buffer->page_size;
  ring->compressed = buffer->compressed;
  ring->start = data->offset;
  ring->end = data->offset + data->size;
  ring->read_bytes = MAX(read_bytes / ring->page_size, 1) * ring->page_size;
  tc_ring_rewind(ring);
  return ring;
}

static void ring_release(TcRing *ring)
{
  g_clear_pointer(&ring->zstd, ZSTD_freeDCtx);
  g_clear_pointer(&ring->stored, g_free);
  g_clear_pointer(&ring->pages, g_free);
  ring->stored_cap = ring->pages_cap = 0;
}

void tc_ring_free(TcRing *ring)
{
  if (!ring)
    return;
  ring_release(ring);
  g_free(ring);
}

void tc_ring_rewind(TcRing *ring)
{
  ring_release(ring);
  ring->next_off = ring->start;
  ring->chunks_read = FALSE;
  ring->pages_len = ring->page_at = 0;
  ring->page = NULL;
  ring->pos = ring->limit = 0;
  ring->cut = FALSE;
  ring->time = ring->page_time = 0;
  ring->pending_lost = 0;
  ring->discarded = 0;
}

guint64 tc_ring_get_position(const TcRing *ring)
{
  return ring->next_off - ring->start;
}

guint64 tc_ring_get_discarded(const TcRing *ring)
{
  return ring->discarded;
}

static void ring_reserve(guint8 **data, gsize *cap, gsize len)
{
  if (*cap >= len)
    return;
  g_free(*data);
  *data = g_malloc(len);
  *cap = len;
}

/* Offset of a place in the page, for messages; within a chunk only the chunk's is true. */
static guint64 ring_offset(const TcRing *ring, gsize pos)
{
  if (ring->compressed)
    return ring->pages_off;
  return ring->pages_off + (guint64)(ring->page - ring->pages) + pos;
}

static TcRingResult ring_damage(TcRing *ring, TbError code, guint64 offset, guint64 skipped,
                                const char *what, guint64 value)
{
  tb_damage_log_add(ring->file->damage, code, ring->file->name, offset, skipped, TB_LOST_UNKNOWN,
                    "CPU %u: %s (%" G_GUINT64_FORMAT ")", ring->cpu, what, value);
  return TC_RING_DAMAGED;
}

/* Plain pages: the next stretch of them. */
static TcRingResult ring_fill_plain(TcRing *ring, GError **error)
{
  gsize want = MIN(ring->read_bytes, ring->end - ring->next_off);
  ring_reserve(&ring->pages, &ring->pages_cap, ring->read_bytes);
  gssize got = tb_input_read_at(ring->file->input, ring->next_off, ring->pages, want, error);
  if (got < 0)
    return TC_RING_ERROR;
  ring->pages_off = ring->next_off;
  ring->pages_len = (gsize)got;
  ring->page_at = 0;
  ring->next_off += (guint64)got;
  if (got == 0)
    ring->next_off = ring->end;
  return TC_RING_RECORD;
}

/* Reads a chunk's header and checks it. FALSE: the rest of this CPU cannot be found. */
static gboolean ring_chunk_header(TcRing *ring, guint32 *stored, guint32 *plain)
{
  guint8 head[8];
  guint64 left = ring->end - ring->next_off;
  guint32 max = ring->file->limits->chunk_bytes;
  if (left < sizeof head ||
      !tb_input_read_exact(ring->file->input, ring->next_off, head, sizeof head, "a chunk", NULL)) {
    ring_damage(ring, TB_ERROR_TRUNCATED, ring->next_off, left, "chunks announced but not there",
                ring->chunks_left);
    return FALSE;
  }
  *stored = tb_get_u32(head, ring->layout.big);
  *plain = tb_get_u32(head + 4, ring->layout.big);
  if (*stored > 0 && *stored <= max && *plain > 0 && *plain <= max && *stored <= left - 8)
    return TRUE;
  gboolean cut = *stored > 0 && *stored <= max && *plain <= max;
  ring_damage(ring, cut ? TB_ERROR_TRUNCATED : TB_ERROR_CORRUPT, ring->next_off, left,
              cut ? "the data ends inside a chunk of so many bytes"
                  : "a chunk whose size cannot be true",
              *stored);
  return FALSE;
}

static TcRingResult ring_fill_chunk(TcRing *ring, GError **error)
{
  guint32 stored_len, plain_len;
  guint64 at = ring->next_off;
  if (!ring_chunk_header(ring, &stored_len, &plain_len)) {
    ring->chunks_left = 0;
    ring->next_off = ring->end;
    return TC_RING_DAMAGED;
  }
  ring->chunks_left--;
  ring->next_off += 8 + (guint64)stored_len;
  ring_reserve(&ring->stored, &ring->stored_cap, stored_len);
  ring_reserve(&ring->pages, &ring->pages_cap, plain_len);
  if (!tb_input_read_exact(ring->file->input, at + 8, ring->stored, stored_len, "a chunk", error))
    return TC_RING_ERROR;
  if (!ring->zstd && ring->file->compression == TC_COMPRESSION_ZSTD)
    ring->zstd = ZSTD_createDCtx();
  GError *broken = NULL;
  ring->pages_len = ring->page_at = 0;
  if (!tc_decompress(ring->file->compression, ring->zstd, ring->stored, stored_len, ring->pages,
                     plain_len, ring->file->name, at, &broken)) {
    tb_damage_log_take(ring->file->damage, broken, ring->file->name, stored_len, TB_LOST_UNKNOWN);
    return TC_RING_DAMAGED;
  }
  ring->pages_off = at;
  ring->pages_len = plain_len;
  return TC_RING_RECORD;
}

/* Gets more pages into memory. RECORD = there are some now. */
static TcRingResult ring_fill(TcRing *ring, GError **error)
{
  if (!ring->compressed)
    return ring->next_off < ring->end ? ring_fill_plain(ring, error) : TC_RING_END;
  if (!ring->chunks_read) {
    guint8 count[4];
    ring->chunks_read = TRUE;
    if (ring->end - ring->start < 4 ||
        !tb_input_read_exact(ring->file->input, ring->start, count, 4, "chunks", NULL))
      return ring_damage(ring, TB_ERROR_TRUNCATED, ring->start, ring->end - ring->start,
                         "no room for a chunk count", 0);
    ring->chunks_left = tb_get_u32(count, ring->layout.big);
    ring->next_off = ring->start + 4;
  }
  return ring->chunks_left > 0 ? ring_fill_chunk(ring, error) : TC_RING_END;
}

/* The number of events lost before this page, stored behind its records or not. */
static void ring_note_lost(TcRing *ring, guint64 flags, gsize committed, gsize len)
{
  guint64 lost = TB_LOST_UNKNOWN;
  gsize at = ring->layout.header_len + committed;
  if ((flags & RING_MISSED_EVENTS) == 0)
    return;
  if ((flags & RING_MISSED_STORED) && at + ring->layout.commit_size <= len)
    lost = tb_get_uint(ring->page + at, ring->layout.commit_size, ring->layout.big);
  ring->pending_lost = lost == TB_LOST_UNKNOWN ? G_MAXUINT64 : lost + 1;
}

/* Enters the page at page_at. RECORD = its records can be read. */
static TcRingResult ring_enter_page(TcRing *ring)
{
  gsize len = MIN(ring->page_size, ring->pages_len - ring->page_at);
  gsize header = ring->layout.header_len;
  ring->page = ring->pages + ring->page_at;
  ring->page_at += len;
  ring->pos = ring->limit = 0;
  ring->cut = FALSE;
  if (len < header)
    return ring_damage(ring, TB_ERROR_TRUNCATED, ring_offset(ring, 0), len,
                       "a page is cut inside its header: bytes left", len);
  guint64 commit = tb_get_uint(ring->page + 8, ring->layout.commit_size, ring->layout.big);
  gsize committed = commit & RING_COMMIT_BITS;
  ring->page_time = ring->time = tb_get_u64(ring->page, ring->layout.big);
  if (committed > ring->page_size - header)
    return ring_damage(ring, TB_ERROR_CORRUPT, ring_offset(ring, 8), len,
                       "a page's commit passes its end: committed bytes", committed);
  if (committed == 0 && ring->page_time == 0)
    return ring_damage(ring, TB_ERROR_CORRUPT, ring_offset(ring, 0), len,
                       "a page without time and records: bytes skipped", len);
  ring->pos = header;
  ring->limit = header + committed;
  ring->cut = ring->limit > len;
  if (ring->cut)
    ring->limit = len;
  ring_note_lost(ring, commit, committed, len);
  return TC_RING_RECORD;
}

/* Leaves the page: what is left of it cannot be read. */
static TcRingResult ring_leave_page(TcRing *ring, gsize pos, const char *what, guint64 value)
{
  guint64 skipped = ring->limit - pos;
  TbError code = ring->cut ? TB_ERROR_TRUNCATED : TB_ERROR_CORRUPT;
  ring->pos = ring->limit;
  ring->cut = FALSE;
  return ring_damage(ring, code, ring_offset(ring, pos), skipped, what, value);
}

/* 59 bits of time: the top five come from the running time. */
static guint64 ring_absolute_time(const TcRing *ring, guint64 stamp)
{
  guint64 low_bits = (1ull << RING_STAMP_BITS) - 1;
  guint64 time = (ring->time & ~low_bits) | stamp;
  if (time < ring->page_time && ring->page_time - time > 1ull << (RING_STAMP_BITS - 1))
    time += 1ull << RING_STAMP_BITS;
  return time;
}

/* One record of the page that is no plain short one: padding, time, or with a length word. */
static TcRingResult ring_long_record(TcRing *ring, guint32 type_len, guint32 delta,
                                     TcRingRecord *record)
{
  gsize pos = ring->pos;
  if (type_len == RING_TYPE_PADDING && delta == 0) {
    ring->pos = ring->limit; /* the rest of the page was never used */
    return TC_RING_END;
  }
  if (ring->limit - pos < 8)
    return ring_leave_page(ring, pos, "a record's second word passes the page's end: bytes left",
                           ring->limit - pos);
  guint32 word = tb_get_u32(ring->page + pos + 4, ring->layout.big);
  if (type_len == RING_TYPE_EXTEND) {
    ring->time += ((guint64)word << 27) + delta;
    ring->pos = pos + 8;
    return TC_RING_END;
  }
  if (type_len == RING_TYPE_STAMP) {
    ring->time = ring_absolute_time(ring, ((guint64)word << 27) + delta);
    ring->pos = pos + 8;
    return TC_RING_END;
  }
  gsize size = type_len == RING_TYPE_PADDING ? 4 + (gsize)word : 4 + tb_pad4(word);
  if (word < 4 || size > ring->limit - pos)
    return ring_leave_page(ring, pos, "a record's length passes the page's end or is none", word);
  ring->time += delta;
  ring->pos = pos + size;
  if (type_len == RING_TYPE_PADDING) {
    ring->discarded++;
    return TC_RING_END;
  }
  record->data = ring->page + pos + 8;
  record->len = word - 4;
  return TC_RING_RECORD;
}

/* The next record of this page; END = go on (a time word, or the page is over). */
static inline TcRingResult ring_page_next(TcRing *ring, TcRingRecord *record)
{
  gsize pos = ring->pos;
  if (G_UNLIKELY(ring->limit - pos < 4))
    return ring_leave_page(ring, pos, "bytes behind the last record", ring->limit - pos);
  __builtin_prefetch(ring->page + pos + RING_PREFETCH);
  guint32 word = tb_get_u32(ring->page + pos, ring->layout.big);
  guint32 type_len = ring->layout.big ? word >> 27 : word & 31;
  guint32 delta = ring->layout.big ? word & RING_COMMIT_BITS : word >> 5;
  TcRingResult result = TC_RING_RECORD;
  if (G_LIKELY(type_len >= 1 && type_len < RING_TYPE_PADDING)) {
    gsize size = 4 + 4 * (gsize)type_len;
    if (G_UNLIKELY(size > ring->limit - pos))
      return ring_leave_page(ring, pos, "a record passes the page's end: its bytes", size);
    ring->time += delta;
    ring->pos = pos + size;
    record->data = ring->page + pos + 4;
    record->len = 4 * type_len;
  } else {
    result = ring_long_record(ring, type_len, delta, record);
  }
  record->time = ring->time;
  record->offset = ring_offset(ring, pos);
  return result;
}

/* Makes a page current, filling memory where it has to. */
static TcRingResult ring_next_page(TcRing *ring, GError **error)
{
  if (ring->page_at >= ring->pages_len) {
    TcRingResult filled = ring_fill(ring, error);
    if (filled != TC_RING_RECORD)
      return filled;
    if (ring->pages_len == 0)
      return TC_RING_END;
  }
  return ring_enter_page(ring);
}

TcRingResult tc_ring_next(TcRing *ring, TcRingRecord *record, GError **error)
{
  for (;;) {
    while (G_LIKELY(ring->pos < ring->limit)) {
      if (G_UNLIKELY(ring->pending_lost)) {
        record->lost = ring->pending_lost == G_MAXUINT64 ? TB_LOST_UNKNOWN
                                                         : ring->pending_lost - 1;
        ring->pending_lost = 0;
        record->time = ring->page_time;
        record->offset = ring_offset(ring, 0);
        return TC_RING_LOST;
      }
      TcRingResult result = ring_page_next(ring, record);
      if (G_LIKELY(result != TC_RING_END))
        return result;
    }
    if (G_UNLIKELY(ring->cut))
      return ring_leave_page(ring, ring->pos, "the data ends inside a page, committed bytes there",
                             ring->limit);
    TcRingResult result = ring_next_page(ring, error);
    if (result != TC_RING_RECORD)
      return result;
  }
}

gboolean tc_ring_peek_page(TcRing *ring, GByteArray *out)
{
  TcRingResult result;
  do
    result = ring_next_page(ring, NULL);
  while (result == TC_RING_DAMAGED);
  gboolean found = result == TC_RING_RECORD;
  if (found)
    g_byte_array_append(out, ring->page, (guint)ring->limit);
  tc_ring_rewind(ring);
  return found;
}
