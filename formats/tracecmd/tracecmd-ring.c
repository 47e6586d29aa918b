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
  RING_CHUNK_HEADER = 8,
  RING_CHUNK_PAGES = 10,  /* what the recorder puts into one */
  RING_CHUNK_SLACK = 4096, /* bytes that do not compress grow a little */
};
#define RING_MISSED_EVENTS (1u << 31)
#define RING_MISSED_STORED (1u << 30)

/* Chunks of compressed pages. */
typedef struct {
  gboolean begun; /* the chunk count in front has been read */
  guint32 left;
  gboolean count_wrong; /* chunks are read to the end of the data, whatever their count */
  ZSTD_DCtx *zstd;
  guint8 *stored; /* one chunk as stored */
  gsize stored_cap;
} RingChunks;

/* Whole pages in memory. */
typedef struct {
  guint8 *data;
  gsize cap;
  gsize len;
  guint64 offset; /* absolute, of data[0]; of the chunk, if compressed */
  gsize next;     /* page in data[] */
} RingPages;

/* The page whose records are lent. */
typedef struct {
  const guint8 *data;
  gsize pos;    /* next record */
  gsize limit;  /* end of committed records */
  gboolean cut; /* the page is not there up to its commit */
  guint64 time;
} RingPage;

struct _TcRing {
  TcFile *file;
  TcLayout layout;
  guint32 cpu;
  guint32 page_size;
  gboolean compressed;
  guint64 start, end; /* stored data of this CPU */
  guint64 next_off;   /* first stored byte not in pages */
  gsize read_bytes;
  RingChunks chunks;
  RingPages pages;
  RingPage page;
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
  g_clear_pointer(&ring->chunks.zstd, ZSTD_freeDCtx);
  g_clear_pointer(&ring->chunks.stored, g_free);
  g_clear_pointer(&ring->pages.data, g_free);
  ring->chunks.stored_cap = ring->pages.cap = 0;
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
  ring->chunks.begun = ring->chunks.count_wrong = FALSE;
  ring->pages.len = ring->pages.next = 0;
  ring->page.data = NULL;
  ring->page.pos = ring->page.limit = 0;
  ring->page.cut = FALSE;
  ring->time = ring->page.time = 0;
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
    return ring->pages.offset;
  return ring->pages.offset + (guint64)(ring->page.data - ring->pages.data) + pos;
}

static TcRingResult ring_damage(TcRing *ring, TbError code, guint64 offset, guint64 skipped,
                                const char *what, guint64 value)
{
  gsize page = ring->page.data && ring->compressed && ring->pages.next > 0
                   ? (ring->pages.next - 1) / ring->page_size + 1 : 0;
  g_autofree char *where = page ? g_strdup_printf(", page %" G_GSIZE_FORMAT " of a chunk", page)
                                : g_strdup("");
  tb_damage_log_add(ring->file->damage, code, ring->file->name, offset, skipped, TB_LOST_UNKNOWN,
                    "CPU %u%s: %s (%" G_GUINT64_FORMAT ")", ring->cpu, where, what, value);
  return TC_RING_DAMAGED;
}

/* Plain pages: the next stretch of them. */
static TcRingResult ring_fill_plain(TcRing *ring, GError **error)
{
  gsize want = MIN(ring->read_bytes, ring->end - ring->next_off);
  ring_reserve(&ring->pages.data, &ring->pages.cap, ring->read_bytes);
  gssize got = tb_input_read_at(ring->file->input, ring->next_off, ring->pages.data, want, error);
  if (got < 0)
    return TC_RING_ERROR;
  ring->pages.offset = ring->next_off;
  ring->pages.len = (gsize)got;
  ring->pages.next = 0;
  ring->next_off += (guint64)got;
  if (got == 0)
    ring->next_off = ring->end;
  return TC_RING_RECORD;
}

/* A chunk's header: two sizes that can be true where @left bytes of data remain. */
static gboolean ring_chunk_header(const TcRing *ring, const guint8 *head, guint64 left,
                                  guint32 *stored, guint32 *plain)
{
  guint32 max = ring->file->limits->chunk_bytes;
  *stored = tb_get_u32(head, ring->layout.big);
  *plain = tb_get_u32(head + 4, ring->layout.big);
  return left >= RING_CHUNK_HEADER && *stored > 0 && *stored <= max && *plain > 0 &&
         *plain <= max && *plain % ring->page_size == 0 && *stored <= left - RING_CHUNK_HEADER;
}

/* The next place from @at on where a chunk can begin; the end of the data when there is none. */
static guint64 ring_find_chunk(TcRing *ring, guint64 at)
{
  enum { STEP = 64 * 1024, HEAD = RING_CHUNK_HEADER + 4 };
  guint32 stored, plain;
  g_autofree guint8 *buf = g_malloc(STEP);
  while (at + HEAD <= ring->end) {
    gssize got = tb_input_read_at(ring->file->input, at, buf, MIN(STEP, ring->end - at), NULL);
    if (got < HEAD)
      break;
    for (gsize i = 0; i + HEAD <= (gsize)got; i++)
      if (tc_block_starts(ring->file->compression.kind, buf + i + RING_CHUNK_HEADER) &&
          ring_chunk_header(ring, buf + i, ring->end - at - i, &stored, &plain))
        return at + i;
    at += (gsize)got - HEAD + 1;
  }
  return ring->end;
}

/*
 * A chunk that cannot be unpacked as its header says: its whole pages up to the damage are
 * read, and the next chunk is looked for.
 */
static TcRingResult ring_salvage_chunk(TcRing *ring, guint64 at, guint32 stored, guint32 plain,
                                       const char *why)
{
  RingChunks *chunks = &ring->chunks;
  guint32 max = ring->file->limits->chunk_bytes;
  guint64 left = ring->end - MIN(ring->end, at + RING_CHUNK_HEADER);
  gsize usual = (gsize)ring->page_size * RING_CHUNK_PAGES;
  gsize out_cap = MIN(MAX(plain <= max ? plain : 0, usual), max);
  gsize in_len = MIN(left, MAX(stored <= max ? stored : 0, usual) + RING_CHUNK_SLACK);
  gsize consumed;
  gboolean whole;
  ring_reserve(&chunks->stored, &chunks->stored_cap, in_len);
  ring_reserve(&ring->pages.data, &ring->pages.cap, out_cap);
  gssize got = tb_input_read_at(ring->file->input, at + RING_CHUNK_HEADER, chunks->stored, in_len,
                                NULL);
  gsize out = tc_decompress_part(ring->file->compression.kind, chunks->stored, (gsize)MAX(got, 0),
                                 ring->pages.data, out_cap, &consumed, &whole);
  guint64 after = at + RING_CHUNK_HEADER + (out ? consumed : 0);
  ring->next_off = whole ? after : ring_find_chunk(ring, MAX(after, at + 1));
  ring->pages.offset = at;
  ring->pages.len = out / ring->page_size * ring->page_size;
  tb_damage_log_add(ring->file->damage,
                    at + RING_CHUNK_HEADER + stored > ring->end ? TB_ERROR_TRUNCATED
                                                                : TB_ERROR_CORRUPT,
                    ring->file->name, at, ring->next_off - at, TB_LOST_UNKNOWN,
                    "CPU %u: a chunk of %u bytes that should unpack to %u %s; %" G_GSIZE_FORMAT
                    " whole pages of it are read", ring->cpu, stored, plain, why,
                    ring->pages.len / ring->page_size);
  return TC_RING_DAMAGED;
}

/*
 * Whether there is a chunk to read at next_off; the count in front may be wrong either way.
 * Recorders differ in whether a CPU's stored size holds the count: 4 bytes may be left over.
 */
static gboolean ring_more_chunks(TcRing *ring)
{
  guint64 left = ring->end - MIN(ring->end, ring->next_off);
  if (ring->chunks.left == 0 && left <= 4)
    left = 0;
  if (ring->chunks.left > 0 && left == 0) {
    if (!ring->chunks.count_wrong)
      ring_damage(ring, TB_ERROR_TRUNCATED, ring->next_off, 0, "chunks announced but not there",
                  ring->chunks.left);
    ring->chunks.left = 0;
  } else if (ring->chunks.left == 0 && left > 0) {
    ring_damage(ring, TB_ERROR_CORRUPT, ring->next_off, 0,
                "data goes on behind the last chunk that is announced: bytes", left);
    ring->chunks.left = G_MAXUINT32; /* as many as there are */
  }
  ring->chunks.count_wrong |= ring->chunks.left == G_MAXUINT32;
  return left > 0;
}

static TcRingResult ring_fill_chunk(TcRing *ring, GError **error)
{
  RingChunks *chunks = &ring->chunks;
  guint8 head[RING_CHUNK_HEADER] = { 0 };
  guint32 stored_len, plain_len;
  guint64 at = ring->next_off, left = ring->end - at;
  GError *broken = NULL;
  ring->pages.len = ring->pages.next = 0;
  if (chunks->left > 0 && !chunks->count_wrong)
    chunks->left--;
  if (tb_input_read_at(ring->file->input, at, head, MIN(left, sizeof head), error) < 0)
    return TC_RING_ERROR;
  if (!ring_chunk_header(ring, head, left, &stored_len, &plain_len))
    return ring_salvage_chunk(ring, at, stored_len, plain_len,
                              "is not all there or has sizes that cannot be true");
  ring_reserve(&chunks->stored, &chunks->stored_cap, stored_len);
  ring_reserve(&ring->pages.data, &ring->pages.cap, plain_len);
  if (!tb_input_read_exact(ring->file->input, at + RING_CHUNK_HEADER, chunks->stored, stored_len,
                           "a chunk", error))
    return TC_RING_ERROR;
  if (!chunks->zstd && ring->file->compression.kind == TC_COMPRESSION_ZSTD)
    chunks->zstd = ZSTD_createDCtx();
  if (!tc_decompress(ring->file->compression.kind, chunks->zstd, chunks->stored, stored_len,
                     ring->pages.data, plain_len, ring->file->name, at, &broken)) {
    g_error_free(broken);
    return ring_salvage_chunk(ring, at, stored_len, plain_len, "does not");
  }
  ring->next_off = at + RING_CHUNK_HEADER + stored_len;
  ring->pages.offset = at;
  ring->pages.len = plain_len;
  return TC_RING_RECORD;
}

/* Gets more pages into memory. RECORD = there are some now. */
static TcRingResult ring_fill(TcRing *ring, GError **error)
{
  if (!ring->compressed)
    return ring->next_off < ring->end ? ring_fill_plain(ring, error) : TC_RING_END;
  if (!ring->chunks.begun) {
    guint8 count[4];
    ring->chunks.begun = TRUE;
    if (ring->end - ring->start < 4 ||
        !tb_input_read_exact(ring->file->input, ring->start, count, 4, "chunks", NULL)) {
      ring->next_off = ring->end;
      return ring_damage(ring, TB_ERROR_TRUNCATED, ring->start, ring->end - ring->start,
                         "no room for a chunk count", 0);
    }
    ring->chunks.left = MIN(tb_get_u32(count, ring->layout.big), G_MAXUINT32 - 1);
    ring->next_off = ring->start + 4;
  }
  return ring_more_chunks(ring) ? ring_fill_chunk(ring, error) : TC_RING_END;
}

/* The number of events lost before this page, stored behind its records or not. */
static void ring_note_lost(TcRing *ring, guint64 flags, gsize committed, gsize len)
{
  guint64 lost = TB_LOST_UNKNOWN;
  gsize at = ring->layout.header_len + committed;
  if ((flags & RING_MISSED_EVENTS) == 0)
    return;
  if ((flags & RING_MISSED_STORED) && at + ring->layout.commit_size <= len)
    lost = tb_get_uint(ring->page.data + at, ring->layout.commit_size, ring->layout.big);
  /* A page without records hands its own number on to the next. */
  gboolean unknown = lost == TB_LOST_UNKNOWN || ring->pending_lost == G_MAXUINT64;
  guint64 before = ring->pending_lost ? ring->pending_lost : 1;
  ring->pending_lost = unknown || lost > G_MAXINT64 ? G_MAXUINT64 : before + lost;
}

/* Enters the page at page_at. RECORD = its records can be read. */
static TcRingResult ring_enter_page(TcRing *ring)
{
  gsize len = MIN(ring->page_size, ring->pages.len - ring->pages.next);
  gsize header = ring->layout.header_len;
  ring->page.data = ring->pages.data + ring->pages.next;
  ring->pages.next += len;
  ring->page.pos = ring->page.limit = 0;
  ring->page.cut = FALSE;
  if (len < header)
    return ring_damage(ring, TB_ERROR_TRUNCATED, ring_offset(ring, 0), len,
                       "a page is cut inside its header: bytes left", len);
  guint64 commit = tb_get_uint(ring->page.data + 8, ring->layout.commit_size, ring->layout.big);
  gsize committed = commit & RING_COMMIT_BITS;
  ring->page.time = ring->time = tb_get_u64(ring->page.data, ring->layout.big);
  if (committed > ring->page_size - header)
    return ring_damage(ring, TB_ERROR_CORRUPT, ring_offset(ring, 8), len,
                       "a page's commit passes its end: committed bytes", committed);
  if (committed == 0 && ring->page.time == 0)
    return ring_damage(ring, TB_ERROR_CORRUPT, ring_offset(ring, 0), len,
                       "a page without time and records: bytes skipped", len);
  ring->page.pos = header;
  ring->page.limit = header + committed;
  ring->page.cut = ring->page.limit > len;
  if (ring->page.cut)
    ring->page.limit = len;
  ring_note_lost(ring, commit, committed, len);
  return TC_RING_RECORD;
}

/* Leaves the page: what is left of it cannot be read. */
static TcRingResult ring_leave_page(TcRing *ring, gsize pos, const char *what, guint64 value)
{
  guint64 skipped = ring->page.limit - pos;
  TbError code = ring->page.cut ? TB_ERROR_TRUNCATED : TB_ERROR_CORRUPT;
  ring->page.pos = ring->page.limit;
  ring->page.cut = FALSE;
  return ring_damage(ring, code, ring_offset(ring, pos), skipped, what, value);
}

/* 59 bits of time: the top five come from the running time. */
static guint64 ring_absolute_time(const TcRing *ring, guint64 stamp)
{
  guint64 low_bits = (1ull << RING_STAMP_BITS) - 1;
  guint64 time = (ring->time & ~low_bits) | stamp;
  if (time < ring->page.time && ring->page.time - time > 1ull << (RING_STAMP_BITS - 1))
    time += 1ull << RING_STAMP_BITS;
  return time;
}

/* One record of the page that is no plain short one: padding, time, or with a length word. */
static TcRingResult ring_long_record(TcRing *ring, guint32 type_len, guint32 delta,
                                     TcRingRecord *record)
{
  gsize pos = ring->page.pos;
  if (type_len == RING_TYPE_PADDING && delta == 0) {
    ring->page.pos = ring->page.limit; /* the rest of the page was never used */
    return TC_RING_END;
  }
  if (ring->page.limit - pos < 8)
    return ring_leave_page(ring, pos, "a record's second word passes the page's end: bytes left",
                           ring->page.limit - pos);
  guint32 word = tb_get_u32(ring->page.data + pos + 4, ring->layout.big);
  if (type_len == RING_TYPE_EXTEND) {
    ring->time += ((guint64)word << 27) + delta;
    ring->page.pos = pos + 8;
    return TC_RING_END;
  }
  if (type_len == RING_TYPE_STAMP) {
    ring->time = ring_absolute_time(ring, ((guint64)word << 27) + delta);
    ring->page.pos = pos + 8;
    return TC_RING_END;
  }
  gsize size = type_len == RING_TYPE_PADDING ? 4 + (gsize)word : 4 + tb_pad4(word);
  if (word < 4 || size > ring->page.limit - pos)
    return ring_leave_page(ring, pos, "a record's length passes the page's end or is none", word);
  ring->time += delta;
  ring->page.pos = pos + size;
  if (type_len == RING_TYPE_PADDING) {
    ring->discarded++;
    return TC_RING_END;
  }
  record->data = ring->page.data + pos + 8;
  record->len = word - 4;
  return TC_RING_RECORD;
}

/* The next record of this page; END = go on (a time word, or the page is over). */
static inline TcRingResult ring_page_next(TcRing *ring, TcRingRecord *record)
{
  gsize pos = ring->page.pos;
  if (G_UNLIKELY(ring->page.limit - pos < 4))
    return ring_leave_page(ring, pos, "bytes behind the last record", ring->page.limit - pos);
  __builtin_prefetch(ring->page.data + pos + RING_PREFETCH);
  guint32 word = tb_get_u32(ring->page.data + pos, ring->layout.big);
  guint32 type_len = ring->layout.big ? word >> 27 : word & 31;
  guint32 delta = ring->layout.big ? word & RING_COMMIT_BITS : word >> 5;
  TcRingResult result = TC_RING_RECORD;
  if (G_LIKELY(type_len >= 1 && type_len < RING_TYPE_PADDING)) {
    gsize size = 4 + 4 * (gsize)type_len;
    if (G_UNLIKELY(size > ring->page.limit - pos))
      return ring_leave_page(ring, pos, "a record passes the page's end: its bytes", size);
    ring->time += delta;
    ring->page.pos = pos + size;
    record->data = ring->page.data + pos + 4;
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
  if (ring->pages.next >= ring->pages.len) {
    TcRingResult filled = ring_fill(ring, error);
    if (filled != TC_RING_RECORD)
      return filled;
    if (ring->pages.len == 0)
      return TC_RING_END;
  }
  return ring_enter_page(ring);
}

static TcRingResult ring_take_lost(TcRing *ring, TcRingRecord *record)
{
  record->lost = ring->pending_lost == G_MAXUINT64 ? TB_LOST_UNKNOWN : ring->pending_lost - 1;
  ring->pending_lost = 0;
  record->time = ring->page.time;
  record->offset = ring_offset(ring, 0);
  return TC_RING_LOST;
}

TcRingResult tc_ring_next(TcRing *ring, TcRingRecord *record, GError **error)
{
  for (;;) {
    while (G_LIKELY(ring->page.pos < ring->page.limit)) {
      if (G_UNLIKELY(ring->pending_lost))
        return ring_take_lost(ring, record);
      TcRingResult result = ring_page_next(ring, record);
      if (G_LIKELY(result != TC_RING_END))
        return result;
    }
    if (G_UNLIKELY(ring->page.cut))
      return ring_leave_page(ring, ring->page.pos,
                             "the data ends inside a page, committed bytes there",
                             ring->page.limit);
    TcRingResult result = ring_next_page(ring, error);
    if (result == TC_RING_END && ring->pending_lost)
      return ring_take_lost(ring, record);
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
    g_byte_array_append(out, ring->page.data, (guint)ring->page.limit);
  tc_ring_rewind(ring);
  return found;
}
