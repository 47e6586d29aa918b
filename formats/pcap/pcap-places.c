/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What stands where a record of a pcap file should, judged before it is believed: units that the
 * magic does not tell, zeros that a power cut left, a second capture behind the first. Knows file
 * and record headers, nothing of what is in a packet.
 */
#include "pcap/pcap-reader-private.h"

#include "pcap/capture.h"
#include "pcap/pcap.h"

#include <string.h>

enum {
  PLACES_JUDGED = 64,        /* records that are looked at ahead */
  PLACES_LEAST_SECONDS = 8,  /* different ones that say something about units */
  PLACES_WIDE = 500000,      /* microseconds reach it in a few packets */
  PLACES_ZEROS = 4096,       /* looked through at once */
  PLACES_YEAR_S = 366 * 24 * 3600,
  PLACES_DAYS_S = 30 * 24 * 3600, /* a record behind a gap is no further from the one before it */
};

#define PLACES_PCAPNG_MAGIC 0x0a0d0d0au

/* What the first records say of their times. */
typedef struct {
  guint n;
  guint over_us;  /* fractions that are no microseconds */
  guint over_ns;  /* nor nanoseconds */
  guint odd;      /* fractions that are no whole microseconds, if they are nanoseconds */
  guint seconds;  /* different ones in a row */
  guint32 last_s;
  guint32 widest; /* fraction */
  gboolean timed;
  guint32 first_s; /* of the first with a time */
  guint32 first_fraction;
} Judged;

static void places_look_ahead(TbReader *reader, Judged *judged)
{
  PcapReader *pcap = reader->priv;
  const PcapHeader *header = &pcap->header;
  guint64 at = header->file_header_bytes;
  const guint8 *record;
  *judged = (Judged){ 0 };
  for (; judged->n < PLACES_JUDGED; judged->n++) {
    guint32 head = header->record_header_bytes;
    if (at + head > pcap->size || tb_window_get(&pcap->window, at, head, &record, NULL) < (gssize)head)
      return;
    guint32 seconds = tb_get_u32(record, header->big), fraction = tb_get_u32(record + 4, header->big);
    guint32 caplen, len;
    pcap_get_lengths(header, record, &caplen, &len);
    if (caplen > pcap->max_caplen || (caplen == 0 && seconds == 0))
      return;
    judged->over_us += fraction >= 1000000;
    judged->over_ns += fraction >= 1000000000;
    judged->odd += fraction % 1000 != 0;
    judged->widest = MAX(judged->widest, fraction);
    judged->seconds += judged->n == 0 || seconds != judged->last_s;
    judged->last_s = seconds;
    if (!judged->timed && (seconds || fraction)) {
      judged->timed = TRUE;
      judged->first_s = seconds;
      judged->first_fraction = fraction;
    }
    at += head + caplen;
  }
}

static void places_set_units(TbReader *reader, guint32 units_per_s, const char *text)
{
  PcapReader *pcap = reader->priv;
  pcap->first_header.units_per_s = units_per_s;
  pcap->first_header.unit_ns = 1000000000 / units_per_s;
  pcap->source->clock.tsresol = units_per_s == 1000000 ? 6 : 9;
  tb_damage_log_add(reader->damage, TB_ERROR_CORRUPT, tb_input_get_name(reader->input), 0, 0, 0,
                    "%s", text);
}

void pcap_places_judge(TbReader *reader)
{
  PcapReader *pcap = reader->priv;
  Judged judged;
  places_look_ahead(reader, &judged);
  /* Of nanoseconds one in a thousand is below a million; of microseconds none is above. */
  if (pcap->header.units_per_s == 1000000 && judged.over_us > judged.n / 2 && judged.over_ns == 0)
    places_set_units(reader, 1000000000,
                     "the magic says microseconds, most fractions are above a million and none "
                     "above a billion: read as nanoseconds");
  else if (pcap->header.units_per_s == 1000000000 && judged.over_us == 0 &&
           judged.odd > judged.n / 2 && judged.seconds >= PLACES_LEAST_SECONDS &&
           judged.widest > PLACES_WIDE)
    places_set_units(reader, 1000000,
                     "the magic says nanoseconds, all fractions are below a million: read as "
                     "microseconds");
  pcap->first_timed_ns = (gint64)judged.first_s * 1000000000 +
                         (gint64)judged.first_fraction * pcap->first_header.unit_ns;
  pcap->wall_clock = judged.first_s > PLACES_YEAR_S;
}

/* Whether a record seems to begin at @offset: near in time, of a possible length. */
static gboolean places_is_plausible(PcapReader *pcap, guint64 offset)
{
  const PcapHeader *header = &pcap->header;
  const guint8 *record;
  guint32 head = header->record_header_bytes;
  if (offset + head > pcap->size || tb_window_get(&pcap->window, offset, head, &record, NULL) < (gssize)head)
    return FALSE;
  gint64 seconds = tb_get_u32(record, header->big), last = pcap_get_timed_ns(pcap) / 1000000000;
  guint32 caplen, len;
  pcap_get_lengths(header, record, &caplen, &len);
  return tb_get_u32(record + 4, header->big) < header->units_per_s && caplen > 0 && caplen <= len &&
         caplen <= pcap->max_caplen && offset + head + caplen <= pcap->size &&
         ABS(seconds - last) < PLACES_DAYS_S;
}

/* The first byte at or behind @offset that is not 0, or the end. */
static guint64 places_skip_zeros(PcapReader *pcap, guint64 offset)
{
  while (offset < pcap->size) {
    const guint8 *bytes;
    gsize len = (gsize)MIN(pcap->size - offset, PLACES_ZEROS);
    if (tb_window_get(&pcap->window, offset, len, &bytes, NULL) < (gssize)len)
      return pcap->size;
    for (gsize i = 0; i < len; i++)
      if (bytes[i])
        return offset + i;
    offset += len;
  }
  return pcap->size;
}

/* Zeros: packets go on behind them, where a record begins that fits. */
static void places_pass_zeros(TbReader *reader)
{
  PcapReader *pcap = reader->priv;
  guint64 start = pcap->at_off, end = places_skip_zeros(pcap, start), next = pcap->size;
  guint32 head = pcap->header.record_header_bytes;
  /* A record's first bytes may be zeros, too. */
  for (guint64 at = MAX(start, end - MIN(end, head - 1)); at <= end && next == pcap->size; at++)
    if (places_is_plausible(pcap, at))
      next = at;
  tb_damage_log_add(reader->damage, TB_ERROR_CORRUPT, tb_input_get_name(reader->input), start,
                    next - start, TB_LOST_UNKNOWN,
                    "%" G_GUINT64_FORMAT " zero bytes where a packet should begin, as a power cut or "
                    "space given in advance leaves them%s",
                    MIN(end, next) - start,
                    end == pcap->size ? "" :
                    next == pcap->size ? "; no packet is found behind them" : "");
  pcap->source->counts.damaged++;
  pcap->at_off = next;
}

static void places_pass_rest(TbReader *reader, const char *what)
{
  PcapReader *pcap = reader->priv;
  tb_damage_log_add(reader->damage, TB_ERROR_UNSUPPORTED, tb_input_get_name(reader->input),
                    pcap->at_off, pcap->size - pcap->at_off, TB_LOST_UNKNOWN,
                    "%s begins here, behind the packets of the first; cut the file here and give "
                    "both parts (tail -c +%" G_GUINT64_FORMAT " FILE > SECOND)",
                    what, pcap->at_off + 1);
  pcap->source->counts.damaged++;
  pcap->at_off = pcap->size;
}

/* A second pcap file: read on if its packets are of the same kind. */
static gboolean places_pass_header(TbReader *reader, const guint8 *record)
{
  PcapReader *pcap = reader->priv;
  PcapHeader header = { 0 };
  const guint8 *bytes;
  if (!pcap_header_parse_magic(record, &header) ||
      tb_window_get(&pcap->window, pcap->at_off, header.file_header_bytes, &bytes, NULL) <
          (gssize)header.file_header_bytes ||
      !pcap_header_parse(bytes, &header))
    return FALSE;
  if (header.link_type != pcap->header.link_type) {
    g_autofree char *name = tb_capture_dup_link_type_name(header.link_type);
    g_autofree char *what = g_strdup_printf("another capture, of link type %s,", name);
    places_pass_rest(reader, what);
    return TRUE;
  }
  tb_damage_log_add(reader->damage, TB_ERROR_CORRUPT, tb_input_get_name(reader->input),
                    pcap->at_off, 0, 0,
                    "another capture begins here, behind the packets of the first: both are read");
  pcap->header = header;
  if (header.unit_ns == 1)
    pcap->source->clock.tsresol = 9;
  pcap->at_off += header.file_header_bytes;
  return TRUE;
}

gboolean pcap_places_step_over(TbReader *reader, const guint8 *record)
{
  static const guint8 zeros[PCAP_MODIFIED_HEADER_BYTES] = { 0 };
  PcapReader *pcap = reader->priv;
  if (memcmp(record, zeros, pcap->header.record_header_bytes) == 0)
    places_pass_zeros(reader);
  else if (tb_get_u32(record, TRUE) == PLACES_PCAPNG_MAGIC)
    places_pass_rest(reader, "a pcapng capture");
  else
    return places_pass_header(reader, record);
  return TRUE;
}
