/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The walk over blocks, and packets and rows out of them; see pcapng-reader.h. */
#include "pcapng/pcapng-reader.h"

#include "base/strpool.h"
#include "pcapng/pcapng-block.h"
#include "pcapng/pcapng-file.h"
#include "pcapng/pcapng-journal.h"
#include "pcapng/pcapng-payload.h"
#include "pcapng/pcapng-row.h"

enum {
  READER_WINDOW_BYTES = 64 * 1024,
  READER_SHB_BYTES = 28,
  READER_SPB_BYTES = 16,
  READER_PB_BODY = 20, /* fixed part of the old packet block, as long as that of the new one */
  READER_PEEK_BYTES = 32,
};

/* Whether a block could be read. */
typedef enum { READER_BLOCK, READER_END, READER_DAMAGED, READER_ERROR } ReaderStep;

static gboolean reader_is_order(const guint8 *p, gboolean *big)
{
  *big = tb_get_u32(p, TRUE) == TB_PCAPNG_BYTE_ORDER;
  return *big || tb_get_u32(p, FALSE) == TB_PCAPNG_BYTE_ORDER;
}

/* A transfer as text turns 0a 0d 0d 0a into one of these; then a length and the magic follow. */
static gboolean reader_is_text_damaged(const guint8 *head, gsize len)
{
  static const struct {
    guint8 bytes[6];
    guint8 len;
  } forms[] = { { { 0x0d, 0x0a, 0x0d, 0x0d, 0x0d, 0x0a }, 6 }, { { 0x0a, 0x0d, 0x0a }, 3 },
                { { 0x0a, 0x0a, 0x0a, 0x0a }, 4 }, { { 0x0d, 0x0d, 0x0d, 0x0d }, 4 } };
  gboolean big;
  for (guint i = 0; i < G_N_ELEMENTS(forms); i++)
    if (len >= forms[i].len + 8u && memcmp(head, forms[i].bytes, forms[i].len) == 0
        && reader_is_order(head + forms[i].len + 4, &big))
      return TRUE;
  return FALSE;
}

static guint reader_probe(const guint8 *head, gsize len)
{
  gboolean big;
  if (len >= 12 && tb_get_u32(head, FALSE) == TB_PCAPNG_SHB && reader_is_order(head + 8, &big))
    return 64;
  return reader_is_text_damaged(head, len) ? 48 : 0;
}

/* --- blocks --- */

static ReaderStep reader_stop(TbPcapngFile *file, TbError code, guint64 offset, const char *what)
{
  tb_pcapng_file_damage(file, NULL, code, offset, file->size - file->at_off, TB_LOST_UNKNOWN,
                        "%s", what);
  file->at_off = file->size;
  return READER_DAMAGED;
}

static char *reader_dup_cut_short(const TbPcapngFile *file, guint64 need)
{
  return g_strdup_printf("block of %" G_GUINT64_FORMAT " bytes expected, the file ends after %"
                         G_GUINT64_FORMAT, need, file->size - file->at_off);
}

static ReaderStep reader_cut_short(TbPcapngFile *file, guint64 need)
{
  g_autofree char *text = reader_dup_cut_short(file, need);
  return reader_stop(file, TB_ERROR_TRUNCATED, file->at_off, text);
}

static gboolean reader_is_known(guint32 type)
{
  return (type >= TB_PCAPNG_IDB && type <= TB_PCAPNG_EPB) || type == TB_PCAPNG_JOURNAL
         || type == TB_PCAPNG_DSB || type == TB_PCAPNG_CUSTOM || type == TB_PCAPNG_SHB
         || type == TB_PCAPNG_MACHINE_INFO;
}

/* Whether a whole block seems to begin at @offset: for going on behind a broken one. */
static gboolean reader_is_plausible(TbPcapngFile *file, guint64 offset)
{
  const guint8 *p;
  gboolean big = file->big;
  if (file->size - offset < TB_PCAPNG_BLOCK_FRAME
      || tb_window_get(&file->window, offset, TB_PCAPNG_BLOCK_FRAME, &p, NULL)
             < TB_PCAPNG_BLOCK_FRAME)
    return FALSE;
  guint32 type = tb_get_u32(p, big);
  if (!reader_is_known(type) || (type == TB_PCAPNG_SHB && !reader_is_order(p + 8, &big)))
    return FALSE;
  guint32 total = tb_get_u32(p + 4, big);
  if (total < TB_PCAPNG_BLOCK_FRAME || total % 4 || total > file->size - offset
      || total > file->reader->limits->record_bytes)
    return FALSE;
  return tb_window_get(&file->window, offset + total - 4, 4, &p, NULL) == 4
         && tb_get_u32(p, big) == total;
}

/* The block at at_off is broken. Ends the stream, or with "salvage" goes to the next block. */
static ReaderStep reader_broken(TbPcapngFile *file, TbError code, guint64 offset,
                                const char *what)
{
  if (!file->salvage)
    return reader_stop(file, code, offset, what);
  guint64 next = file->at_off + 4;
  while (next < file->size && !reader_is_plausible(file, next))
    next += 4;
  next = MIN(next, file->size);
  tb_pcapng_file_damage(file, NULL, code, offset, next - file->at_off, TB_LOST_UNKNOWN,
                        "%s; went on at offset 0x%" G_GINT64_MODIFIER "x", what, next);
  file->at_off = next;
  return READER_DAMAGED;
}

static gssize reader_get(TbPcapngFile *file, guint64 offset, gsize len, const guint8 **out,
                         GError **error)
{
  gssize got = tb_window_get(&file->window, offset, len, out, error);
  if (got >= 0 && (gsize)got < len)
    file->size = offset + (guint64)got; /* the file has become shorter since it was opened */
  return got;
}

/* How much of a block of @type may be taken into memory. The bytes of a packet are limited by
 * its interface's link type; the rest of the block, like all others, by the record limit. */
static guint64 reader_get_max_total(const TbPcapngFile *file, guint32 type, const guint8 *head)
{
  guint64 max = file->reader->limits->record_bytes;
  if (type != TB_PCAPNG_EPB || file->interfaces->len == 0)
    return max;
  guint32 number = tb_get_u32(head + 8, file->big);
  if (number >= file->interfaces->len)
    return max;
  return max + g_array_index(file->interfaces, TbPcapngInterface, number).max_caplen;
}

/* Whether a machine-info block of @total bytes really ends 8 or 16 bytes earlier: a writer
 * counted options there that it did not write (traceshark-blocks.md). */
static guint32 reader_mend_machine(TbPcapngFile *file, guint32 total)
{
  const guint8 *p;
  for (guint32 excess = 8; excess <= 16; excess += 8)
    if (total >= TB_PCAPNG_BLOCK_FRAME + 4 + excess
        && tb_window_get(&file->window, file->at_off + total - excess - 4, 4, &p, NULL) == 4
        && tb_get_u32(p, file->big) == total)
      return total - excess;
  return 0;
}

/* The block at at_off with its trailer checked; its body is valid until the next read. */
static ReaderStep reader_load(TbPcapngFile *file, guint32 type, guint32 total,
                              TbPcapngBlock *block, GError **error)
{
  const guint8 *p;
  guint64 offset = file->at_off;
  gssize got = reader_get(file, offset, total, &p, error);
  if (got < 0)
    return READER_ERROR;
  if ((guint32)got < total)
    return reader_cut_short(file, total);
  guint32 whole = total;
  if (G_UNLIKELY(tb_get_u32(p + total - 4, file->big) != total)) {
    guint32 trailer = tb_get_u32(p + total - 4, file->big);
    g_autofree char *text = g_strdup_printf("block says it has %u bytes at its begin and %u at "
                                            "its end", total, trailer);
    whole = type == TB_PCAPNG_MACHINE_INFO ? reader_mend_machine(file, total) : 0;
    if (!whole)
      return reader_broken(file, TB_ERROR_CORRUPT, offset + total - 4, text);
    got = reader_get(file, offset, whole, &p, error);
    if (got < (gssize)whole)
      return got < 0 ? READER_ERROR : reader_cut_short(file, whole);
  }
  *block = (TbPcapngBlock){ type, offset, p + 8, whole - TB_PCAPNG_BLOCK_FRAME };
  file->at_off += whole;
  return READER_BLOCK;
}

/* A block nobody asks for: only its two lengths are looked at. */
static ReaderStep reader_skip(TbPcapngFile *file, guint32 type, guint32 total,
                              TbPcapngBlock *block, GError **error)
{
  const guint8 *p;
  gssize got = reader_get(file, file->at_off + total - 4, 4, &p, error);
  if (got < 4)
    return got < 0 ? READER_ERROR : reader_cut_short(file, total);
  if (tb_get_u32(p, file->big) != total)
    return reader_broken(file, TB_ERROR_CORRUPT, file->at_off + total - 4,
                         "the two lengths of a block differ");
  *block = (TbPcapngBlock){ type, file->at_off, NULL, 0 };
  file->at_off += total;
  return READER_BLOCK;
}

static ReaderStep reader_check_length(TbPcapngFile *file, guint32 type, guint32 total,
                                      guint64 max)
{
  g_autofree char *text = NULL;
  guint64 left = file->size - file->at_off;
  guint64 offset = file->at_off + 4;
  if (total < TB_PCAPNG_BLOCK_FRAME || total % 4) {
    text = g_strdup_printf("block length %u, a multiple of 4 from 12 on expected", total);
    return reader_broken(file, TB_ERROR_CORRUPT, offset, text);
  }
  if (type == TB_PCAPNG_SHB && total < READER_SHB_BYTES) {
    text = g_strdup_printf("section header of %u bytes, at least 28 expected", total);
    return reader_broken(file, TB_ERROR_CORRUPT, offset, text);
  }
  if (total > left && (!reader_is_known(type) || total <= max)) {
    text = reader_dup_cut_short(file, total);
    return reader_broken(file, TB_ERROR_TRUNCATED, file->at_off, text);
  }
  if (reader_is_known(type) && total > max) {
    text = g_strdup_printf("block of type %u says it has %u bytes, at most %" G_GUINT64_FORMAT
                           " are possible", type, total, max);
    return reader_broken(file, TB_ERROR_CORRUPT, offset, text);
  }
  return READER_BLOCK;
}

/* The usual case: a packet block that lies in the window as a whole and whose frame is right.
 * FALSE: anything else, which reader_next_block() looks at with care. */
static inline gboolean reader_peek_packet(TbPcapngFile *file, TbPcapngBlock *block)
{
  const TbWindow *window = &file->window;
  guint64 skip = file->at_off - window->start_off;
  if (G_UNLIKELY(file->at_off < window->start_off || skip > window->len
                 || window->len - skip < TB_PCAPNG_BLOCK_FRAME))
    return FALSE;
  const guint8 *p = window->data + skip;
  guint32 total = tb_get_u32(p + 4, file->big);
  if (G_UNLIKELY(tb_get_u32(p, file->big) != TB_PCAPNG_EPB || total > window->len - skip
                 || total < TB_PCAPNG_BLOCK_FRAME || total % 4
                 || tb_get_u32(p + total - 4, file->big) != total))
    return FALSE;
  *block = (TbPcapngBlock){ TB_PCAPNG_EPB, file->at_off, p + 8, total - TB_PCAPNG_BLOCK_FRAME };
  file->at_off += total;
  return TRUE;
}

/* The next block, its frame checked. */
static ReaderStep reader_next_block(TbPcapngFile *file, TbPcapngBlock *block, GError **error)
{
  const guint8 *p;
  guint64 left = file->size - file->at_off;
  gboolean big;
  if (left == 0)
    return READER_END;
  if (left < TB_PCAPNG_BLOCK_FRAME)
    return reader_cut_short(file, TB_PCAPNG_BLOCK_FRAME);
  gssize got = reader_get(file, file->at_off, TB_PCAPNG_BLOCK_FRAME, &p, error);
  if (got < TB_PCAPNG_BLOCK_FRAME)
    return got < 0 ? READER_ERROR : reader_cut_short(file, TB_PCAPNG_BLOCK_FRAME);
  guint32 type = tb_get_u32(p, file->big);
  if (type == TB_PCAPNG_SHB) { /* reads the same in both orders */
    if (!reader_is_order(p + 8, &big))
      return reader_broken(file, TB_ERROR_CORRUPT, file->at_off + 8,
                           "section header without the byte-order magic 1a2b3c4d");
    file->big = big;
  }
  guint32 total = tb_get_u32(p + 4, file->big);
  guint64 max = reader_get_max_total(file, type, p);
  ReaderStep step = reader_check_length(file, type, total, max);
  if (step != READER_BLOCK)
    return step;
  gboolean wanted = reader_is_known(type) || type == TB_PCAPNG_DARWIN_PROCESS
                    || type == TB_PCAPNG_CUSTOM_PRIVATE || file->keep_all;
  if (!wanted || total > max)
    return reader_skip(file, type, total, block, error);
  return reader_load(file, type, total, block, error);
}

/* --- records --- */

static inline void reader_count(TbPcapngFile *file, TbRecord *event)
{
  TbSourceCounts *counts = &event->source->counts;
  if (G_UNLIKELY(counts->records == 0))
    counts->first_ns = counts->last_ns = event->time.ns;
  counts->records++;
  if (event->kind == TB_RECORD_LOST) {
    counts->records--;
    counts->lost += event->value;
    counts->lost_gaps++;
    counts->lost_unknown += event->value == 0;
  }
  counts->first_ns = MIN(counts->first_ns, event->time.ns);
  counts->last_ns = MAX(counts->last_ns, event->time.ns);
  if (G_UNLIKELY(event->time.ns < file->last_ns))
    counts->unordered++;
  file->last_ns = event->time.ns;
  event->sequence = file->n_records++;
}

static void reader_add_to_key(TbPcapngFile *file, TbPcapngInterface *interface,
                              const TbRecord *event)
{
  if (tb_capture_key_add(interface->key, event))
    return;
  guint index;
  tb_capture_key_finish(interface->key, interface->source);
  if (g_ptr_array_find(file->keys, interface->key, &index))
    g_ptr_array_index(file->keys, index) = NULL;
  g_clear_pointer(&interface->key, g_free);
}

/* A packet of an events interface that is a row of ours becomes the event it was. */
static void reader_set_row(TbPcapngFile *file, TbRecord *event)
{
  static const char lost[] = TB_PCAPNG_OWN_SYSTEM ":" TB_PCAPNG_LOST_NAME;
  TbPcapngRow row;
  gboolean is_new;
  if (event->len != event->orig_len || file->payload.len
      || !tb_pcapng_row_parse(event->data, event->len, &row))
    return;
  TbEventType *type = tb_pcapng_types_get(file->types, row.identifier, row.identifier_len,
                                          file->reader->limits->table_entries, &is_new);
  if (!type)
    return;
  if (is_new)
    tb_reader_add_type(file->reader, type);
  event->type = type;
  event->kind = TB_RECORD_EVENT;
  event->cpu = tb_pcapng_row_get_cpu(&row);
  event->tid = row.has_pid ? -1 : 0; /* who it was is asked of the type; see row_get_actor() */
  if (row.identifier_len == sizeof lost - 1 && memcmp(row.identifier, lost, sizeof lost - 1) == 0) {
    event->kind = TB_RECORD_LOST;
    event->value = tb_pcapng_row_get_lost(&row);
  }
}

static void reader_tell_range(TbPcapngFile *file, const TbRecord *event, guint64 offset)
{
  tb_pcapng_file_damage(file, event->source, TB_ERROR_CLOCK, offset, 0, 0,
                        "time of %" G_GUINT64_FORMAT " units does not fit 64 bits of nanoseconds",
                        file->payload.word);
}

/* Everything of a packet but its options. FALSE: told of damage, the block is passed over. */
static inline gboolean reader_set_packet(TbPcapngFile *file, const TbPcapngBlock *block,
                                  TbPcapngInterface *interface, gsize head, guint32 caplen,
                                  guint64 caplen_off, TbRecord *event)
{
  if (G_UNLIKELY(caplen > block->len - head || tb_pad4(caplen) > block->len - head
                 || caplen > interface->max_caplen)) {
    tb_pcapng_file_damage(file, interface->source, TB_ERROR_CORRUPT,
                          caplen_off, block->len, 1,
                          "packet of %u bytes in a block with room for %" G_GSIZE_FORMAT
                          ", at most %u possible", caplen, block->len - head,
                          interface->max_caplen);
    return FALSE;
  }
  event->source = interface->source;
  event->data = block->body + head;
  event->len = caplen;
  return TRUE;
}

static inline TbPcapngInterface *reader_find_interface(TbPcapngFile *file, const TbPcapngBlock *block,
                                                guint32 number)
{
  if (G_LIKELY(number < file->interfaces->len))
    return &g_array_index(file->interfaces, TbPcapngInterface, number);
  tb_pcapng_file_damage(file, NULL, TB_ERROR_CORRUPT, block->offset + 8, block->len, 1,
                        "packet of interface %u, the section has described %u", number,
                        file->interfaces->len);
  return NULL;
}

static gboolean reader_too_short(TbPcapngFile *file, const TbPcapngBlock *block, gsize least)
{
  if (G_LIKELY(block->len >= least))
    return FALSE;
  tb_pcapng_file_damage(file, NULL, TB_ERROR_CORRUPT, block->offset + 4, block->len, 1,
                        "packet block of %" G_GSIZE_FORMAT " bytes, at least %" G_GSIZE_FORMAT
                        " expected",
                        block->len + TB_PCAPNG_BLOCK_FRAME, least + TB_PCAPNG_BLOCK_FRAME);
  return TRUE;
}

/* What tcpshark put behind the frame. That of a frame without owner is known only when all were
 * seen, and asked for only where trailers are to be removed. */
static void reader_set_trailer(TbPcapngFile *file, const TbPcapngInterface *interface,
                               TbRecord *event)
{
  TbPcapngTrailer trailer;
  if (tb_pcapng_trailer_find(event, &trailer)) {
    event->trailer_len = event->len - trailer.frame_len;
  } else if (file->trailers && !file->first_pass && interface->number < file->trailers->len) {
    guint32 frame_len;
    if (tb_pcapng_trailers_are_all(&g_array_index(file->trailers, TbPcapngTrailers,
                                                  interface->number)) &&
        tb_pcapng_trailer_find_zeros(event, &frame_len))
      event->trailer_len = event->len - frame_len;
  }
  event->source->counts.trailers += event->trailer_len > 0;
}

static void reader_count_trailer(TbPcapngFile *file, const TbPcapngInterface *interface,
                                 const TbRecord *event)
{
  if (interface->number >= file->trailers->len)
    g_array_set_size(file->trailers, interface->number + 1);
  tb_pcapng_trailers_count(&g_array_index(file->trailers, TbPcapngTrailers, interface->number),
                           event);
}

/* Enhanced and old packet blocks differ in their first word and their options. */
static gboolean reader_packet(TbPcapngFile *file, const TbPcapngBlock *block, TbRecord *event)
{
  gboolean big = file->big, old = block->type == TB_PCAPNG_PB, exact;
  if (reader_too_short(file, block, READER_PB_BODY))
    return FALSE;
  const guint8 *p = block->body;
  guint32 number = old ? tb_get_u16(p, big) : tb_get_u32(p, big);
  TbPcapngInterface *interface = reader_find_interface(file, block, number);
  guint32 caplen = tb_get_u32(p + 12, big);
  if (!interface || !reader_set_packet(file, block, interface, READER_PB_BODY, caplen,
                                       block->offset + 20, event))
    return FALSE;
  event->orig_len = tb_get_u32(p + 16, big);
  file->payload.word = (guint64)tb_get_u32(p + 4, big) << 32 | tb_get_u32(p + 8, big);
  event->time.ns = tb_pcapng_time_to_ns(&interface->time, file->payload.word, &exact);
  if (G_UNLIKELY(!exact))
    event->flags |= TB_RECORD_INEXACT;
  if (G_UNLIKELY(event->time.ns == G_MAXINT64 || event->time.ns == G_MININT64))
    reader_tell_range(file, event, block->offset + 12);
  gsize end = READER_PB_BODY + tb_pad4(caplen);
  gsize left = block->len - end;
  if (G_UNLIKELY(old))
    tb_pcapng_carry_old_options(file, event, p + end, left, block->offset + 8 + end,
                                tb_get_u16(p + 2, big));
  else if (left)
    tb_pcapng_carry_options(file, event, p + end, left, block->offset + 8 + end);
  if (G_UNLIKELY(tb_pcapng_trailer_may_be(event)))
    reader_set_trailer(file, interface, event);
  if (G_UNLIKELY(file->trailers && file->first_pass))
    reader_count_trailer(file, interface, event);
  if (interface->has_rows)
    reader_set_row(file, event);
  else if (G_UNLIKELY(interface->key))
    reader_add_to_key(file, interface, event);
  return TRUE;
}

/* A simple packet: interface 0 and no time. It gets that of the record before it, in the
 * resolution of its interface, so that reading it again from the output changes nothing. */
static gboolean reader_simple_packet(TbPcapngFile *file, const TbPcapngBlock *block,
                                     TbRecord *event)
{
  gboolean exact;
  if (reader_too_short(file, block, READER_SPB_BYTES - TB_PCAPNG_BLOCK_FRAME))
    return FALSE;
  TbPcapngInterface *interface = reader_find_interface(file, block, 0);
  if (!interface)
    return FALSE;
  guint32 len = tb_get_u32(block->body, file->big);
  guint32 caplen = (guint32)MIN(len, block->len - 4);
  if (interface->snaplen)
    caplen = MIN(caplen, interface->snaplen);
  if (!reader_set_packet(file, block, interface, 4, caplen, block->offset + 8, event))
    return FALSE;
  event->orig_len = len;
  event->flags |= TB_RECORD_NO_TIME;
  file->payload.word = tb_pcapng_time_from_ns(&interface->time, MAX(file->last_ns, 0));
  event->time.ns = tb_pcapng_time_to_ns(&interface->time, file->payload.word, &exact);
  if (interface->key)
    reader_add_to_key(file, interface, event);
  return TRUE;
}

/* --- the reader --- */

/* A block that is no record. FALSE: told of damage. */
static gboolean reader_take_block(TbPcapngFile *file, const TbPcapngBlock *block)
{
  if (!block->body) {
    if (file->tally.unknown_dropped++ == 0)
      file->tally.first_unknown = block->type;
    return TRUE;
  }
  switch (block->type) {
  case TB_PCAPNG_SHB:
    if (tb_pcapng_section_begin(file, block))
      return TRUE;
    file->at_off = file->size; /* a section of another version: nothing behind it can be read */
    return FALSE;
  case TB_PCAPNG_IDB: return tb_pcapng_section_interface(file, block);
  case TB_PCAPNG_ISB: return tb_pcapng_section_statistics(file, block);
  case TB_PCAPNG_MACHINE_INFO: return tb_pcapng_section_machine(file, block);
  case TB_PCAPNG_DARWIN_PROCESS: tb_pcapng_carry_process(file, block); return TRUE;
  default: return tb_pcapng_carry_block(file, block);
  }
}

static gboolean reader_is_record(guint32 type)
{
  return type == TB_PCAPNG_EPB || type == TB_PCAPNG_PB || type == TB_PCAPNG_SPB;
}

static void reader_start(TbPcapngFile *file)
{
  for (guint i = 0; i < file->reader->sources->len; i++) {
    TbSource *source = g_ptr_array_index(file->reader->sources, i);
    memset(&source->counts, 0, sizeof source->counts);
  }
  file->started = TRUE;
}

/* Blocks behind the last record go with a last event that is none. */
static TbReadResult reader_end(TbPcapngFile *file, TbRecord *event)
{
  if (file->first_pass) {
    tb_pcapng_section_finish_keys(file);
    file->first_pass = FALSE;
  }
  file->ended = TRUE;
  GPtrArray *sources = file->reader->sources;
  if (file->carried.len + file->held.len == 0 || sources->len == 0)
    return TB_READ_END;
  *event = (TbRecord){ .kind = TB_RECORD_CARRIED, .flags = TB_RECORD_NO_TIME,
                      .time.ns = MAX(file->last_ns, 0), .tid = -1, .cpu = TB_CPU_NONE,
                      .source = g_ptr_array_index(sources, file->n_met ? file->n_met - 1 : 0),
                      .sequence = file->n_records, .offset = file->size };
  tb_pcapng_carry_take(file, event);
  return TB_READ_RECORD;
}

/* The blocks in front of @event are a record of their own; @event comes with the next call. */
static void reader_lend_carried(TbPcapngFile *file, TbRecord *event)
{
  file->pending = *event;
  file->has_pending = TRUE;
  *event = (TbRecord){ .kind = TB_RECORD_CARRIED, .source = event->source, .time = event->time,
                       .sequence = event->sequence, .offset = event->offset, .tid = -1,
                       .cpu = TB_CPU_NONE };
  tb_pcapng_carry_take(file, event);
}

static TbReadResult reader_next(TbReader *reader, guint32 stream, TbRecord *event, GError **error)
{
  TbPcapngFile *file = reader->priv;
  TbPcapngBlock block;
  if (G_UNLIKELY(!file->started))
    reader_start(file);
  if (G_UNLIKELY(file->has_pending)) {
    *event = file->pending;
    file->has_pending = FALSE;
    return TB_READ_RECORD;
  }
  for (;;) {
    if (G_UNLIKELY(file->ended))
      return TB_READ_END;
    if (!reader_peek_packet(file, &block)) {
      ReaderStep step = reader_next_block(file, &block, error);
      if (G_UNLIKELY(step == READER_END))
        return reader_end(file, event);
      if (G_UNLIKELY(step != READER_BLOCK))
        return step == READER_ERROR ? TB_READ_ERROR : TB_READ_DAMAGED;
    }
    if (G_UNLIKELY(!reader_is_record(block.type))) {
      if (!reader_take_block(file, &block))
        return TB_READ_DAMAGED;
      continue;
    }
    *event = (TbRecord){ .kind = TB_RECORD_PACKET, .tid = -1, .cpu = TB_CPU_NONE,
                         .payload = &file->payload, .offset = block.offset };
    file->payload.len = 0;
    gboolean ok = block.type == TB_PCAPNG_SPB ? reader_simple_packet(file, &block, event)
                                              : reader_packet(file, &block, event);
    if (!ok)
      return TB_READ_DAMAGED;
    gboolean carries = file->carried.len > 0 || (file->held.len > 0 && file->n_records > 0);
    reader_count(file, event);
    if (G_UNLIKELY(carries))
      reader_lend_carried(file, event);
    return TB_READ_RECORD;
  }
}

static gboolean reader_rewind(TbReader *reader, GError **error)
{
  TbPcapngFile *file = reader->priv;
  file->at_off = 0;
  file->size = tb_input_get_size(reader->input);
  file->big = FALSE;
  file->ended = FALSE;
  file->started = FALSE;
  file->n_met = 0;
  file->n_records = 0;
  file->has_pending = FALSE;
  file->last_ns = G_MININT64;
  file->tally = (TbPcapngTally){ 0 };
  g_array_set_size(file->interfaces, 0);
  g_array_set_size(file->processes, 0);
  if (file->trailers && file->first_pass)
    g_array_set_size(file->trailers, 0);
  tb_buf_reset(&file->carried);
  tb_buf_reset(&file->held);
  /* A first pass that stopped early starts its unfinished keys again. */
  for (guint i = 0; i < file->keys->len; i++)
    if (g_ptr_array_index(file->keys, i))
      tb_capture_key_clear(g_ptr_array_index(file->keys, i));
  return TRUE;
}

/* The first block must be a section header; what stands in front of the first record is known
 * when the reader is opened. */
static gboolean reader_open_head(TbReader *reader, GError **error)
{
  TbPcapngFile *file = reader->priv;
  guint8 head[READER_PEEK_BYTES] = { 0 };
  gssize got = tb_input_read_at(reader->input, 0, head, sizeof head, error);
  gboolean big;
  if (got < 0)
    return FALSE;
  if (reader_is_text_damaged(head, (gsize)got)) {
    tb_error_set(error, TB_ERROR_CORRUPT, file->name, 0,
                 "pcapng with changed line ends: it was transferred as text, not as binary");
    return FALSE;
  }
  if (got < READER_SHB_BYTES) {
    tb_error_set(error, TB_ERROR_TRUNCATED, file->name, 0,
                 "section header of 28 bytes expected, the file has %" G_GSSIZE_FORMAT, got);
    return FALSE;
  }
  if (tb_get_u32(head, FALSE) != TB_PCAPNG_SHB || !reader_is_order(head + 8, &big)) {
    tb_error_set(error, TB_ERROR_NOT_RECOGNIZED, file->name, 0,
                 "begins with %02x %02x %02x %02x, a section header 0a 0d 0d 0a was expected",
                 head[0], head[1], head[2], head[3]);
    return FALSE;
  }
  guint16 major = tb_get_u16(head + 12, big);
  if (major != 1) {
    tb_error_set(error, TB_ERROR_UNSUPPORTED, file->name, 12, "pcapng version %u.%u, 1.x is known",
                 major, tb_get_u16(head + 14, big));
    return FALSE;
  }
  return TRUE;
}

static gboolean reader_open(TbReader *reader, GError **error)
{
  TbPcapngFile *file = g_new0(TbPcapngFile, 1);
  file->payload.format = TB_PCAPNG_PAYLOAD;
  TbPcapngBlock block;
  reader->priv = file;
  file->reader = reader;
  file->name = tb_input_get_name(reader->input);
  file->first_pass = TRUE;
  file->salvage = tb_reader_get_setting(reader, "salvage") != NULL;
  file->keep_all = g_strcmp0(tb_reader_get_setting(reader, "blocks"), "all") == 0;
  file->interfaces = g_array_new(FALSE, FALSE, sizeof(TbPcapngInterface));
  file->processes = g_array_new(FALSE, FALSE, sizeof(TbPcapngProcess));
  file->hosts = g_array_new(FALSE, FALSE, sizeof(TbPcapngHost));
  if (tb_reader_get_setting(reader, "strip-trailers"))
    file->trailers = g_array_new(FALSE, TRUE, sizeof(TbPcapngTrailers));
  file->keys = g_ptr_array_new();
  file->strings = tb_strpool_new();
  file->types = tb_pcapng_types_new();
  reader->n_streams = 1;
  tb_window_init(&file->window, reader->input, READER_WINDOW_BYTES);
  if (!reader_open_head(reader, error) || !reader_rewind(reader, error))
    return FALSE;
  while (reader_next_block(file, &block, NULL) == READER_BLOCK && !reader_is_record(block.type))
    reader_take_block(file, &block);
  return reader_rewind(reader, error);
}

static guint64 reader_position(const TbReader *reader)
{
  return ((const TbPcapngFile *)reader->priv)->at_off;
}

static void reader_describe_count(void (*add)(gpointer data, const char *key, const char *value),
                                  gpointer data, const char *key, guint64 n)
{
  g_autofree char *text = g_strdup_printf("%" G_GUINT64_FORMAT, n);
  if (n)
    add(data, key, text);
}

static void reader_describe(const TbReader *reader,
                            void (*add)(gpointer data, const char *key, const char *value),
                            gpointer data)
{
  const TbPcapngFile *file = reader->priv;
  const TbPcapngTally *tally = &file->tally;
  if (file->application)
    add(data, "written by", file->application);
  add(data, "byte order",
      tally->big_sections == 0                 ? "little-endian"
      : tally->big_sections == tally->sections ? "big-endian"
                                               : "mixed");
  reader_describe_count(add, data, "sections", tally->sections);
  reader_describe_count(add, data, "interfaces", file->n_met);
  reader_describe_count(add, data, "custom blocks not carried", tally->custom_dropped);
  reader_describe_count(add, data, "blocks of unknown type not carried", tally->unknown_dropped);
  reader_describe_count(add, data, "references to process blocks that do not stand in front",
                        tally->dangling);
  g_autofree char *type = g_strdup_printf("0x%08x", tally->first_unknown);
  if (tally->unknown_dropped)
    add(data, "first unknown type", type);
}

static const TbOwners *reader_get_owners(TbReader *reader, const TbRecord *packet)
{
  TbPcapngFile *file = reader->priv;
  return tb_pcapng_owners_read(&file->owners, packet) ? &file->owners.owners : NULL;
}

static void reader_close(TbReader *reader)
{
  TbPcapngFile *file = reader->priv;
  if (!file)
    return;
  for (guint i = 0; i < file->keys->len; i++) {
    TbCaptureKey *key = g_ptr_array_index(file->keys, i);
    if (key)
      tb_capture_key_clear(key);
    g_free(key);
  }
  for (guint i = 0; i < file->hosts->len; i++)
    g_free(g_array_index(file->hosts, TbPcapngHost, i).host);
  g_ptr_array_unref(file->keys);
  g_array_unref(file->hosts);
  g_array_unref(file->processes);
  g_clear_pointer(&file->trailers, g_array_unref);
  g_array_unref(file->interfaces);
  g_clear_pointer(&file->section_comments, g_bytes_unref);
  g_free(file->application);
  g_free(file->section_os);
  g_free(file->section_hardware);
  tb_strpool_free(file->strings);
  tb_pcapng_types_free(file->types);
  tb_window_clear(&file->window);
  tb_buf_clear(&file->carried);
  tb_buf_clear(&file->lent);
  tb_buf_clear(&file->held);
  tb_buf_clear(&file->options);
  tb_pcapng_owners_clear(&file->owners);
  g_free(file);
}

static const char *const reader_extensions[] = { "pcapng", "ntar", NULL };

const TbReaderFormat tb_pcapng_reader = {
  .name = "pcapng",
  .description = "pcapng packet capture (Wireshark), and what this program wrote",
  .extensions = reader_extensions,
  .peek_bytes = READER_PEEK_BYTES,
  .probe = reader_probe,
  .open = reader_open,
  .rewind = reader_rewind,
  .next = reader_next,
  .position = reader_position,
  .describe = reader_describe,
  .get_owners = reader_get_owners,
  .close = reader_close,
};
