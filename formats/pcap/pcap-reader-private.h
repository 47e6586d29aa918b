/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The state of a pcap reader, shared by what reads records and what judges their places. */
#pragma once

#include "base/bytes.h"
#include "base/window.h"
#include "format/reader.h"
#include "pcap/pcap-header.h"

G_BEGIN_DECLS

/* Something that is told once, with its number and the place of the first. */
typedef struct {
  guint64 n;
  guint64 first_off;
} PcapOddity;

typedef struct {
  PcapHeader header;
  PcapHeader first_header; /* of several files in one */
  TbWindow window;
  TbSource *source; /* borrowed from the reader */
  TbRecord blank;    /* what all packets have in common: copying is cheaper than clearing */
  guint64 size;
  guint64 at_off;
  guint64 n_records;
  gint64 last_ns;
  guint32 max_caplen;
  guint32 near_s; /* from here on packets are near to one that was looked at */
  gboolean ended;
  PcapOddity bad_fractions; /* of 1 s or more */
  PcapOddity untimed;       /* packets without a time */
  gint64 first_timed_ns;    /* of the first packet with a time */
  gboolean wall_clock;      /* the times are later than anything a stopped clock shows */
} PcapReader;

static inline void pcap_oddity_add(PcapOddity *oddity, guint64 offset)
{
  if (oddity->n++ == 0)
    oddity->first_off = offset;
}

/* The time that a packet without one takes: of the packet before it, else of the next. */
static inline gint64 pcap_get_timed_ns(const PcapReader *pcap)
{
  return pcap->last_ns == G_MININT64 ? pcap->first_timed_ns : pcap->last_ns;
}

/* The two lengths of a record, whichever stands first. */
static inline void pcap_get_lengths(const PcapHeader *header, const guint8 *record, guint32 *caplen,
                                    guint32 *len)
{
  *caplen = tb_get_u32(record + 8, header->big);
  *len = tb_get_u32(record + 12, header->big);
  if (G_LIKELY(header->lengths == PCAP_LENGTHS_NORMAL))
    return;
  if (header->lengths == PCAP_LENGTHS_SWAPPED || *caplen > *len) {
    guint32 first = *caplen;
    *caplen = *len;
    *len = first;
  }
}

/* pcap-places.c */

/**
 * pcap_places_judge: looks through the first records for what the file header does not say: units
 * of another size than its magic's, and what times packets without one are among
 */
void pcap_places_judge(TbReader *reader);

/**
 * pcap_places_step_over: what stands at the place of a record is none: another file's header, or
 * zeros. It is told and passed.
 * Returns: FALSE where it is a record
 */
gboolean pcap_places_step_over(TbReader *reader, const guint8 *record);

G_END_DECLS
