/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Ticks and nanoseconds; see pcapng-time.h. */
#include "pcapng/pcapng-time.h"

enum { NS_PER_S = 1000000000, TIME_BASE2 = 0x80, NS_DIGITS = 9, U64_DIGITS = 19 };

__extension__ typedef __int128 TimeWide;

static guint64 time_pow10(guint n)
{
  guint64 value = 1;
  while (n-- > 0)
    value *= 10;
  return value;
}

static gint64 time_fit(TimeWide ns, gboolean *exact)
{
  if (ns >= G_MININT64 && ns <= G_MAXINT64)
    return (gint64)ns;
  *exact = FALSE;
  return ns < 0 ? G_MININT64 : G_MAXINT64;
}

/* 2^-n: below 2^94, as the ticks are below 2^64 and 10^9 is below 2^30. */
static TimeWide time_base2_ns(guint n, guint64 ticks, gboolean *exact)
{
  TimeWide scaled = (TimeWide)ticks * NS_PER_S;
  TimeWide ns = scaled >> n;
  if (ns << n != scaled)
    *exact = FALSE;
  return ns;
}

static TimeWide time_base10_ns(guint n, guint64 ticks, gboolean *exact)
{
  if (n <= NS_DIGITS)
    return (TimeWide)ticks * time_pow10(NS_DIGITS - n);
  if (n - NS_DIGITS > U64_DIGITS) { /* the whole range is less than a nanosecond */
    if (ticks)
      *exact = FALSE;
    return 0;
  }
  guint64 per_ns = time_pow10(n - NS_DIGITS);
  if (ticks % per_ns)
    *exact = FALSE;
  return ticks / per_ns;
}

gint64 tb_pcapng_time_general(const TbPcapngTime *time, guint64 ticks, gboolean *exact)
{
  guint n = time->tsresol & (TIME_BASE2 - 1);
  *exact = TRUE;
  TimeWide ns = time->tsresol & TIME_BASE2 ? time_base2_ns(n, ticks, exact)
                                           : time_base10_ns(n, ticks, exact);
  return time_fit(ns + (TimeWide)time->offset_s * NS_PER_S, exact);
}

guint64 tb_pcapng_time_from_ns_general(const TbPcapngTime *time, gint64 ns)
{
  guint n = time->tsresol & (TIME_BASE2 - 1);
  TimeWide left = (TimeWide)ns - (TimeWide)time->offset_s * NS_PER_S;
  TimeWide ticks;
  if (left <= 0)
    return 0;
  if (time->tsresol & TIME_BASE2) {
    /* Past 2^-32 the product could leave 128 bits; seconds and rest are scaled apart. */
    if (left / NS_PER_S >> (n < 64 ? 64 - n : 0))
      return G_MAXUINT64;
    if (n >= 64)
      return G_MAXUINT64;
    ticks = (left / NS_PER_S << n) + (((left % NS_PER_S << n) + NS_PER_S - 1) / NS_PER_S);
  } else if (n <= NS_DIGITS) {
    guint64 per_tick = time_pow10(NS_DIGITS - n);
    ticks = (left + per_tick - 1) / per_tick;
  } else {
    if (n - NS_DIGITS > U64_DIGITS)
      return G_MAXUINT64;
    guint64 per_ns = time_pow10(n - NS_DIGITS);
    if (left > (TimeWide)(G_MAXUINT64 / per_ns))
      return G_MAXUINT64;
    ticks = left * per_ns;
  }
  return ticks > (TimeWide)G_MAXUINT64 ? G_MAXUINT64 : (guint64)ticks;
}

gboolean tb_pcapng_time_is_shown(guint8 tsresol)
{
  guint n = tsresol & (TIME_BASE2 - 1);
  return tsresol & TIME_BASE2 ? n <= 34 : n <= 10;
}
