/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Between ticks of any pcapng resolution and nanoseconds, without overflow:
 * powers of ten and of two up to 127, an offset in seconds. Arithmetic only.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * TbPcapngTime: how the ticks of one interface count
 * @tsresol: as written in if_tsresol: 10^-n, with bit 7 set 2^-n
 * @offset_s: seconds added (if_tsoffset)
 */
typedef struct {
  guint8 tsresol;
  gint64 offset_s;
} TbPcapngTime;

/** tb_pcapng_time_general: tb_pcapng_time_to_ns() for every resolution */
gint64 tb_pcapng_time_general(const TbPcapngTime *time, guint64 ticks, gboolean *exact);

/**
 * tb_pcapng_time_to_ns: ns since 1970, rounded down. A time outside of what a
 * gint64 holds becomes the nearest it holds.
 * @exact: (out): FALSE where digits were lost or the time did not fit
 */
static inline gint64 tb_pcapng_time_to_ns(const TbPcapngTime *time, guint64 ticks,
                                          gboolean *exact)
{
  if (G_LIKELY(time->tsresol == 9 && time->offset_s == 0 && ticks <= G_MAXINT64)) {
    *exact = TRUE;
    return (gint64)ticks;
  }
  return tb_pcapng_time_general(time, ticks, exact);
}

guint64 tb_pcapng_time_from_ns_general(const TbPcapngTime *time, gint64 ns);

/** tb_pcapng_time_from_ns: the first tick not before @ns; 0 where that is before the first tick */
static inline guint64 tb_pcapng_time_from_ns(const TbPcapngTime *time, gint64 ns)
{
  if (G_LIKELY(time->offset_s == 0 && ns >= 0)) {
    if (time->tsresol == 9)
      return (guint64)ns;
    if (time->tsresol == 6)
      return ((guint64)ns + 999) / 1000;
  }
  return tb_pcapng_time_from_ns_general(time, ns);
}

/**
 * tb_pcapng_time_is_shown: whether Wireshark's arithmetic holds for the resolution: it
 * multiplies a second's ticks by 10^9 in 64 bits, so that finer ones show wrong times
 */
gboolean tb_pcapng_time_is_shown(guint8 tsresol);

G_END_DECLS
