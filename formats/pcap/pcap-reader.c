/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The reader of classic pcap files; see pcap.h and docs/format-pcap.md, whose
 * sections the comments name. Knows file and record headers, nothing of what is
 * in a packet.
 */
#include "pcap/pcap.h"

#include "base/bytes.h"
#include "pcap/capture.h"
#include "pcap/pcap-reader-private.h"

#include <string.h>

enum {
  PCAP_WINDOW_BYTES = 32 * 1024,
  PCAP_CACHE_LINE = 64,
  PCAP_NEAR_S = 6 * 24 * 3600, /* three days on either side */
};

/* "Modified records": packet type 0-4: to this host, broadcast, multicast, to another host, sent. */
enum { PCAP_PACKET_TYPES = 5, PCAP_PACKET_TYPE_OFF = 22 };
static const guint32 pcap_packet_types[PCAP_PACKET_TYPES] = {
  TB_RECORD_INBOUND | TB_RECORD_UNICAST,   TB_RECORD_INBOUND | TB_RECORD_BROADCAST,
  TB_RECORD_INBOUND | TB_RECORD_MULTICAST, TB_RECORD_INBOUND | TB_RECORD_PROMISCUOUS,
  TB_RECORD_OUTBOUND,
};

static guint pcap_probe(const guint8 *head, gsize len)
{
  PcapHeader header;
  return len >= 4 && pcap_header_parse_magic(head, &header) ? 32 : 0;
}

static gboolean pcap_read_header(TbReader *reader, PcapHeader *header, GError **error)
{
  const char *name = tb_input_get_name(reader->input);
  guint8 bytes[PCAP_IXIA_HEADER_BYTES];
  if (!tb_input_read_exact(reader->input, 0, bytes, 4, "pcap magic", error))
    return FALSE;
  if (!pcap_header_parse_magic(bytes, header)) {
    tb_error_set(error, TB_ERROR_NOT_RECOGNIZED, name, 0,
                 "begins with %02x %02x %02x %02x, which is no pcap magic", bytes[0], bytes[1],
                 bytes[2], bytes[3]);
    return FALSE;
  }
  if (!tb_input_read_exact(reader->input, 0, bytes, header->file_header_bytes,
                           "pcap file header", error))
    return FALSE;
  if (pcap_header_parse(bytes, header))
    return TRUE;
  tb_error_set(error, TB_ERROR_UNSUPPORTED, name, 4, "pcap version %u.%u, 2.0 to 2.4 are known",
               header->major, header->minor);
  return FALSE;
}

static TbSource *pcap_make_source(const TbReader *reader, const PcapHeader *header)
{
  const char *input_name = tb_input_get_name(reader->input);
  g_autofree char *name = tb_capture_dup_source_name(input_name);
  TbSource *source = tb_source_new(TB_SOURCE_PACKETS, name);
  source->file = tb_capture_dup_file_name(input_name);
  source->link.type = header->link_type;
  source->link.snaplen = header->snaplen;
  source->clock.tsresol = header->units_per_s == 1000000 ? 6 : 9;
  tb_axis_init(&source->clock.axis, TB_CLOCK_REALTIME, FALSE);
  source->link.fcs_bits = header->fcs_bits == G_MAXUINT32 ? -1 : (gint16)header->fcs_bits;
  return source;
}

static gboolean pcap_rewind(TbReader *reader, GError **error)
{
  PcapReader *pcap = reader->priv;
  pcap->header = pcap->first_header;
  pcap->at_off = pcap->header.file_header_bytes;
  pcap->n_records = 0;
  pcap->last_ns = G_MININT64;
  pcap->near_s = 0;
  pcap->bad_fractions = pcap->untimed = (PcapOddity){ 0 };
  pcap->ended = FALSE;
  return TRUE;
}

/* The end of the pass. Times that had to be mended are told once, with their number. */
static TbReadResult pcap_end(TbReader *reader)
{
  PcapReader *pcap = reader->priv;
  if (!pcap->ended && pcap->bad_fractions.n > 0)
    tb_damage_log_add(reader->damage, TB_ERROR_CORRUPT, tb_input_get_name(reader->input),
                      pcap->bad_fractions.first_off, 0, 0,
                      "fraction of a second is 1 s or more in %" G_GUINT64_FORMAT
                      " records from here on; carried over into the seconds",
                      pcap->bad_fractions.n);
  if (!pcap->ended && pcap->untimed.n > 0)
    tb_damage_log_add(reader->damage, TB_ERROR_CORRUPT, tb_input_get_name(reader->input),
                      pcap->untimed.first_off, 0, 0,
                      "%" G_GUINT64_FORMAT " packets from here on have no time (0, where the others are of "
                      "today); each takes the time of its neighbour",
                      pcap->untimed.n);
  pcap->ended = TRUE;
  return TB_READ_END;
}

/* The last record is cut: @need bytes of @what at @offset, fewer are left. */
static TbReadResult pcap_cut_short(TbReader *reader, guint64 offset, guint64 need,
                                   const char *what)
{
  PcapReader *pcap = reader->priv;
  tb_damage_log_add(reader->damage, TB_ERROR_TRUNCATED, tb_input_get_name(reader->input), offset,
                    pcap->size - pcap->at_off, 1,
                    "%s of %" G_GUINT64_FORMAT " bytes expected, the file ends after %"
                    G_GUINT64_FORMAT, what, need, pcap->size - offset);
  pcap->source->counts.damaged++;
  pcap_end(reader);
  return TB_READ_DAMAGED;
}

static TbReadResult pcap_insane_length(TbReader *reader, guint32 caplen, GError **error)
{
  PcapReader *pcap = reader->priv;
  guint field = pcap->header.lengths == PCAP_LENGTHS_SWAPPED ? 12 : 8;
  g_autofree char *link_type = tb_capture_dup_link_type_name(pcap->header.link_type);
  tb_error_set(error, TB_ERROR_CORRUPT, tb_input_get_name(reader->input), pcap->at_off + field,
               "record %" G_GUINT64_FORMAT " says %u captured bytes, at most %u are possible "
               "with link type %s", pcap->n_records, caplen, pcap->max_caplen, link_type);
  pcap->source->counts.damaged++;
  pcap_end(reader);
  return TB_READ_ERROR;
}

/* A piece of the record at @at_off that is known to lie in the file. NULL with *result. */
static inline const guint8 *pcap_get(TbReader *reader, gsize len, TbReadResult *result,
                                     GError **error)
{
  PcapReader *pcap = reader->priv;
  const guint8 *bytes;
  gssize got = tb_window_get(&pcap->window, pcap->at_off, len, &bytes, error);
  if (G_LIKELY(got == (gssize)len))
    return bytes;
  if (got >= 0) { /* the file has become shorter since it was opened */
    pcap->size = pcap->at_off + (guint64)got;
    *result = pcap_cut_short(reader, pcap->at_off, len, "record");
  } else {
    *result = TB_READ_ERROR;
    pcap->ended = TRUE;
  }
  return NULL;
}

/* What is odd about a time is told at the end of the pass. */
static inline void pcap_set_time(PcapReader *pcap, const guint8 *record, TbRecord *event)
{
  const PcapHeader *header = &pcap->header;
  guint32 seconds = tb_get_u32(record, header->big);
  guint32 fraction = tb_get_u32(record + 4, header->big);
  /* Below 2^32 s * 10^9 + 2^32: fits 63 bits. A fraction of 1 s or more carries by itself. */
  guint64 ticks = (guint64)seconds * header->units_per_s + fraction;
  event->time.ns = (gint64)(ticks * header->unit_ns);
  if (G_UNLIKELY(fraction >= header->units_per_s))
    pcap_oddity_add(&pcap->bad_fractions, pcap->at_off + 4);
}

/* A packet that is the first or before the one before it: without a time it takes another's. */
static G_GNUC_NO_INLINE void pcap_mend_time(PcapReader *pcap, TbRecord *event)
{
  if (event->time.ns != 0 || !pcap->wall_clock)
    return;
  pcap_oddity_add(&pcap->untimed, event->offset);
  event->time.ns = pcap_get_timed_ns(pcap);
}

static inline void pcap_count(PcapReader *pcap, TbRecord *event)
{
  TbSourceCounts *counts = &pcap->source->counts;
  if (G_UNLIKELY(counts->records == 0)) {
    pcap_mend_time(pcap, event);
    counts->first_ns = counts->last_ns = event->time.ns;
  }
  counts->records++;
  if (G_UNLIKELY(event->time.ns < pcap->last_ns)) {
    pcap_mend_time(pcap, event);
    counts->first_ns = MIN(counts->first_ns, event->time.ns);
    counts->unordered += event->time.ns < pcap->last_ns;
  }
  counts->last_ns = MAX(counts->last_ns, event->time.ns);
  pcap->last_ns = event->time.ns;
  /* Tools cut packets at the snaplen they are told: never tell one that is too small. */
  if (G_UNLIKELY(event->len > pcap->source->link.snaplen) && pcap->source->link.snaplen)
    pcap->source->link.snaplen = event->len;
}

/*
 * What is empty or too long, or days away from those before it, as another file's header is when it
 * is taken for a record. Those within days of one that was looked at are not.
 * Returns: TB_READ_RECORD where it is a packet
 */
static G_GNUC_NO_INLINE TbReadResult pcap_look_closer(TbReader *reader, const guint8 *record,
                                                      guint32 caplen, GError **error)
{
  PcapReader *pcap = reader->priv;
  guint64 at = pcap->at_off + pcap->header.record_header_bytes;
  guint32 seconds = tb_get_u32(record, pcap->header.big);
  if (pcap_places_step_over(reader, record))
    return TB_READ_DAMAGED;
  if (caplen > pcap->max_caplen)
    return pcap_insane_length(reader, caplen, error);
  if (caplen > pcap->size - at)
    return pcap_cut_short(reader, at, caplen, "packet");
  pcap->near_s = seconds - PCAP_NEAR_S / 2;
  return TB_READ_RECORD;
}

static TbReadResult pcap_next(TbReader *reader, guint32 stream, TbRecord *event, GError **error)
{
  PcapReader *pcap = reader->priv;
  const PcapHeader *header = &pcap->header;
  guint32 head = header->record_header_bytes, caplen, len;
  guint64 left = pcap->size - pcap->at_off;
  TbReadResult result = TB_READ_END;
  if (G_UNLIKELY(left == 0 || pcap->ended))
    return pcap_end(reader);
  if (G_UNLIKELY(left < head))
    return pcap_cut_short(reader, pcap->at_off, head, "record header");
  const guint8 *record = pcap_get(reader, head, &result, error);
  if (G_UNLIKELY(!record))
    return result;
  pcap_get_lengths(header, record, &caplen, &len);
  if (G_UNLIKELY(caplen - 1 >= pcap->max_caplen || caplen > left - head ||
                 tb_get_u32(record, header->big) - pcap->near_s > PCAP_NEAR_S)) {
    result = pcap_look_closer(reader, record, caplen, error);
    if (result != TB_READ_RECORD)
      return result;
  }
  record = pcap_get(reader, head + caplen, &result, error);
  if (G_UNLIKELY(!record))
    return result;
  *event = pcap->blank;
  event->data = record + head;
  event->len = caplen;
  event->orig_len = len;
  event->sequence = pcap->n_records;
  event->offset = pcap->at_off;
  pcap_set_time(pcap, record, event);
  if (header->modified && record[PCAP_PACKET_TYPE_OFF] < PCAP_PACKET_TYPES)
    event->flags |= pcap_packet_types[record[PCAP_PACKET_TYPE_OFF]];
  /* With many streams it is long until this one is asked again: have the next record at hand. */
  __builtin_prefetch(record + head + caplen);
  __builtin_prefetch(record + head + caplen + PCAP_CACHE_LINE);
  pcap_count(pcap, event);
  pcap->n_records++;
  pcap->at_off += head + caplen;
  return TB_READ_RECORD;
}

/* The key from the first packets, as far as they can be read. */
static void pcap_make_key(TbReader *reader)
{
  PcapReader *pcap = reader->priv;
  TbCaptureKey key = { 0 };
  TbRecord event;
  while (pcap_next(reader, 0, &event, NULL) == TB_READ_RECORD)
    if (!tb_capture_key_add(&key, &event))
      break;
  tb_capture_key_finish(&key, pcap->source);
}

static gboolean pcap_open(TbReader *reader, GError **error)
{
  PcapReader *pcap = g_new0(PcapReader, 1);
  reader->priv = pcap;
  tb_window_init(&pcap->window, reader->input, PCAP_WINDOW_BYTES);
  if (!pcap_read_header(reader, &pcap->first_header, error))
    return FALSE;
  pcap->header = pcap->first_header;
  pcap->size = tb_input_get_size(reader->input);
  pcap->max_caplen = tb_capture_get_max_caplen(pcap->header.link_type, reader->limits);
  pcap->source = pcap_make_source(reader, &pcap->header);
  tb_reader_add_source(reader, pcap->source);
  pcap->blank = (TbRecord){ .source = pcap->source, .kind = TB_RECORD_PACKET, .tid = -1,
                           .cpu = TB_CPU_NONE };
  reader->n_streams = 1;
  pcap_places_judge(reader);
  if (!pcap_rewind(reader, error))
    return FALSE;
  pcap_make_key(reader);
  memset(&pcap->source->counts, 0, sizeof pcap->source->counts);
  return pcap_rewind(reader, error);
}

static guint64 pcap_position(const TbReader *reader)
{
  return ((const PcapReader *)reader->priv)->at_off;
}

static void pcap_describe(const TbReader *reader,
                          void (*add)(gpointer data, const char *key, const char *value),
                          gpointer data)
{
  const PcapHeader *header = &((const PcapReader *)reader->priv)->header;
  gboolean ixia = header->file_header_bytes == PCAP_IXIA_HEADER_BYTES;
  g_autofree char *version = g_strdup_printf("%u.%u", header->major, header->minor);
  g_autofree char *snaplen = g_strdup_printf("%u", header->snaplen);
  g_autofree char *link_type = tb_capture_dup_link_type_name(header->link_type);
  add(data, "version", version);
  add(data, "variant", header->modified ? "modified" : ixia ? "ixia" : "standard");
  add(data, "byte order", header->big ? "big-endian" : "little-endian");
  add(data, "resolution", header->unit_ns == 1 ? "nanoseconds" : "microseconds");
  add(data, "link type", link_type);
  add(data, "snaplen", snaplen);
  if (header->fcs_bits == G_MAXUINT32)
    return;
  g_autofree char *fcs = g_strdup_printf("%u bits", header->fcs_bits);
  add(data, "frame check sequence", fcs);
}

static void pcap_close(TbReader *reader)
{
  PcapReader *pcap = reader->priv;
  if (!pcap)
    return;
  tb_window_clear(&pcap->window);
  g_free(pcap);
}

static const char *const pcap_extensions[] = { "pcap", "cap", "dmp", NULL };

const TbReaderFormat tb_pcap_reader = {
  .name = "pcap",
  .description = "classic packet capture (tcpdump, libpcap)",
  .extensions = pcap_extensions,
  .described_ahead = TRUE,
  .peek_bytes = 4,
  .probe = pcap_probe,
  .open = pcap_open,
  .rewind = pcap_rewind,
  .next = pcap_next,
  .position = pcap_position,
  .describe = pcap_describe,
  .close = pcap_close,
};
