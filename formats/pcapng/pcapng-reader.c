/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Packets and rows out of blocks; see pcapng-reader.h. */
#include "pcapng/pcapng-reader.h"

#include "base/strpool.h"
#include "pcapng/pcapng-block.h"
#include "pcapng/pcapng-file.h"
#include "pcapng/pcapng-payload.h"
#include "pcapng/pcapng-row.h"
#include "pcapng/pcapng-walk.h"

enum {
  READER_WINDOW_BYTES = 64 * 1024,
  READER_SPB_BYTES = 16,
  READER_PB_BODY = 20, /* fixed part of the old packet block, as long as that of the new one */
  READER_PEEK_BYTES = 32,
};

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
        && tb_pcapng_is_order(head + forms[i].len + 4, &big))
      return TRUE;
  return FALSE;
}

static guint reader_probe(const guint8 *head, gsize len)
{
  gboolean big;
  if (len >= 12 && tb_get_u32(head, FALSE) == TB_PCAPNG_SHB && tb_pcapng_is_order(head + 8, &big))
    return 64;
  return reader_is_text_damaged(head, len) ? 48 : 0;
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
  if (G_UNLIKELY(event->time.ns < file->pass.last_ns))
    counts->unordered++;
  file->pass.last_ns = event->time.ns;
  event->sequence = file->pass.n_records++;
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
  if (event->len != event->orig_len || file->packet.payload.len
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
                        file->packet.payload.word);
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
  } else if (file->trailers && !file->pass.is_first && interface->number < file->trailers->len) {
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
  gboolean big = file->section.big, old = block->type == TB_PCAPNG_PB, exact;
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
  file->packet.payload.word = (guint64)tb_get_u32(p + 4, big) << 32 | tb_get_u32(p + 8, big);
  event->time.ns = tb_pcapng_time_to_ns(&interface->time, file->packet.payload.word, &exact);
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
  if (G_UNLIKELY(file->trailers && file->pass.is_first))
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
  guint32 len = tb_get_u32(block->body, file->section.big);
  guint32 caplen = (guint32)MIN(len, block->len - 4);
  if (interface->snaplen)
    caplen = MIN(caplen, interface->snaplen);
  if (!reader_set_packet(file, block, interface, 4, caplen, block->offset + 8, event))
    return FALSE;
  event->orig_len = len;
  event->flags |= TB_RECORD_NO_TIME;
  file->packet.payload.word = tb_pcapng_time_from_ns(&interface->time, MAX(file->pass.last_ns, 0));
  event->time.ns = tb_pcapng_time_to_ns(&interface->time, file->packet.payload.word, &exact);
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
    file->place.at_off = file->place.size; /* a section of another version: nothing behind it can be read */
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
  file->pass.started = TRUE;
}

/* Blocks behind the last record go with a last event that is none. */
static TbReadResult reader_end(TbPcapngFile *file, TbRecord *event)
{
  if (file->pass.is_first) {
    tb_pcapng_section_finish_keys(file);
    file->pass.is_first = FALSE;
  }
  file->pass.ended = TRUE;
  GPtrArray *sources = file->reader->sources;
  if (file->carry.blocks.len + file->carry.held.len == 0 || sources->len == 0)
    return TB_READ_END;
  *event = (TbRecord){ .kind = TB_RECORD_CARRIED, .flags = TB_RECORD_NO_TIME,
                      .time.ns = MAX(file->pass.last_ns, 0), .tid = -1, .cpu = TB_CPU_NONE,
                      .source = g_ptr_array_index(sources, file->n_met ? file->n_met - 1 : 0),
                      .sequence = file->pass.n_records, .offset = file->place.size };
  tb_pcapng_carry_take(file, event);
  return TB_READ_RECORD;
}

/* The blocks in front of @event are a record of their own; @event comes with the next call. */
static void reader_lend_carried(TbPcapngFile *file, TbRecord *event)
{
  file->carry.pending = *event;
  file->carry.has_pending = TRUE;
  *event = (TbRecord){ .kind = TB_RECORD_CARRIED, .source = event->source, .time = event->time,
                       .sequence = event->sequence, .offset = event->offset, .tid = -1,
                       .cpu = TB_CPU_NONE };
  tb_pcapng_carry_take(file, event);
}

static TbReadResult reader_next(TbReader *reader, guint32 stream, TbRecord *event, GError **error)
{
  TbPcapngFile *file = reader->priv;
  TbPcapngBlock block;
  if (G_UNLIKELY(!file->pass.started))
    reader_start(file);
  if (G_UNLIKELY(file->carry.has_pending)) {
    *event = file->carry.pending;
    file->carry.has_pending = FALSE;
    return TB_READ_RECORD;
  }
  for (;;) {
    if (G_UNLIKELY(file->pass.ended))
      return TB_READ_END;
    if (!tb_pcapng_walk_peek(file, &block)) {
      TbPcapngStep step = tb_pcapng_walk_next(file, &block, error);
      if (G_UNLIKELY(step == TB_PCAPNG_STEP_END))
        return reader_end(file, event);
      if (G_UNLIKELY(step != TB_PCAPNG_STEP_BLOCK))
        return step == TB_PCAPNG_STEP_ERROR ? TB_READ_ERROR : TB_READ_DAMAGED;
    }
    if (G_UNLIKELY(!reader_is_record(block.type))) {
      if (!reader_take_block(file, &block))
        return TB_READ_DAMAGED;
      continue;
    }
    *event = (TbRecord){ .kind = TB_RECORD_PACKET, .tid = -1, .cpu = TB_CPU_NONE,
                         .payload = &file->packet.payload, .offset = block.offset };
    file->packet.payload.len = 0;
    gboolean ok = block.type == TB_PCAPNG_SPB ? reader_simple_packet(file, &block, event)
                                              : reader_packet(file, &block, event);
    if (!ok)
      return TB_READ_DAMAGED;
    gboolean carries = file->carry.blocks.len > 0 || (file->carry.held.len > 0 && file->pass.n_records > 0);
    reader_count(file, event);
    if (G_UNLIKELY(carries))
      reader_lend_carried(file, event);
    return TB_READ_RECORD;
  }
}

static gboolean reader_rewind(TbReader *reader, GError **error)
{
  TbPcapngFile *file = reader->priv;
  file->place.at_off = 0;
  file->place.size = tb_input_get_size(reader->input);
  file->section.big = FALSE;
  file->pass.ended = FALSE;
  file->pass.started = FALSE;
  file->n_met = 0;
  file->pass.n_records = 0;
  file->carry.has_pending = FALSE;
  file->pass.last_ns = G_MININT64;
  file->tally = (TbPcapngTally){ 0 };
  g_array_set_size(file->interfaces, 0);
  g_array_set_size(file->processes.blocks, 0);
  if (file->trailers && file->pass.is_first)
    g_array_set_size(file->trailers, 0);
  tb_buf_reset(&file->carry.blocks);
  tb_buf_reset(&file->carry.held);
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
  if (got < TB_PCAPNG_SHB_BYTES) {
    tb_error_set(error, TB_ERROR_TRUNCATED, file->name, 0,
                 "section header of 28 bytes expected, the file has %" G_GSSIZE_FORMAT, got);
    return FALSE;
  }
  if (tb_get_u32(head, FALSE) != TB_PCAPNG_SHB || !tb_pcapng_is_order(head + 8, &big)) {
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
  file->packet.payload.format = TB_PCAPNG_PAYLOAD;
  TbPcapngBlock block;
  reader->priv = file;
  file->reader = reader;
  file->name = tb_input_get_name(reader->input);
  file->pass.is_first = TRUE;
  file->settings.salvage = tb_reader_get_setting(reader, "salvage") != NULL;
  file->settings.keep_all = g_strcmp0(tb_reader_get_setting(reader, "blocks"), "all") == 0;
  file->interfaces = g_array_new(FALSE, FALSE, sizeof(TbPcapngInterface));
  file->processes.blocks = g_array_new(FALSE, FALSE, sizeof(TbPcapngProcess));
  file->hosts = g_array_new(FALSE, FALSE, sizeof(TbPcapngHost));
  if (tb_reader_get_setting(reader, "strip-trailers"))
    file->trailers = g_array_new(FALSE, TRUE, sizeof(TbPcapngTrailers));
  file->keys = g_ptr_array_new();
  file->processes.names = tb_strpool_new();
  file->types = tb_pcapng_types_new();
  reader->n_streams = 1;
  tb_window_init(&file->place.window, reader->input, READER_WINDOW_BYTES);
  if (!reader_open_head(reader, error) || !reader_rewind(reader, error))
    return FALSE;
  while (tb_pcapng_walk_next(file, &block, NULL) == TB_PCAPNG_STEP_BLOCK && !reader_is_record(block.type))
    reader_take_block(file, &block);
  return reader_rewind(reader, error);
}

static guint64 reader_position(const TbReader *reader)
{
  return ((const TbPcapngFile *)reader->priv)->place.at_off;
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
  if (file->section.application)
    add(data, "written by", file->section.application);
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
  return tb_pcapng_owners_read(&file->packet.owners, packet) ? &file->packet.owners.owners : NULL;
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
  g_array_unref(file->processes.blocks);
  g_clear_pointer(&file->trailers, g_array_unref);
  g_array_unref(file->interfaces);
  g_clear_pointer(&file->section.comments, g_bytes_unref);
  g_free(file->section.application);
  g_free(file->section.os);
  g_free(file->section.hardware);
  tb_strpool_free(file->processes.names);
  tb_pcapng_types_free(file->types);
  tb_window_clear(&file->place.window);
  tb_buf_clear(&file->carry.blocks);
  tb_buf_clear(&file->carry.lent);
  tb_buf_clear(&file->carry.held);
  tb_buf_clear(&file->packet.options);
  tb_pcapng_owners_clear(&file->packet.owners);
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
