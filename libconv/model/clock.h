/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Clocks and axes. A clock is what stamped a source's records; an axis maps
 * that source's own time to the time of the output, and says where the
 * mapping came from and how far it can be wrong. Knows no format.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Three kinds of time, in ns, that are no numbers of each other: TbAxis leads from one to the next. */

/** TbOwnTime: of a source's own clock, as its records are stamped */
typedef struct {
  gint64 ns;
} TbOwnTime;

/** TbMachineTime: of a machine's timeline, which all its recordings share */
typedef struct {
  gint64 ns;
} TbMachineTime;

/** TbOutputTime: of the output, which all machines share */
typedef struct {
  gint64 ns;
} TbOutputTime;

typedef enum {
  TB_CLOCK_UNKNOWN,
  TB_CLOCK_REALTIME, /* wall clock, ns since 1970-01-01 UTC: all packet captures */
  TB_CLOCK_LOCAL,
  TB_CLOCK_GLOBAL,
  TB_CLOCK_PERF,
  TB_CLOCK_MONO,
  TB_CLOCK_MONO_RAW,
  TB_CLOCK_BOOT,
  TB_CLOCK_TAI,
  TB_CLOCK_UPTIME,
  TB_CLOCK_X86_TSC,
  TB_CLOCK_COUNTER,
} TbClock;

/** tb_clock_from_name: kernel names ("mono", "x86-tsc") and "realtime"; others are UNKNOWN */
TbClock tb_clock_from_name(const char *name);
/** tb_clock_to_name: Returns: (transfer none): never NULL */
const char *tb_clock_to_name(TbClock clock);

typedef enum {
  TB_ORIGIN_NONE,  /* the source's own time stands as it is */
  TB_ORIGIN_DATE,  /* the recording carries its offset to wall-clock time */
  TB_ORIGIN_USER,  /* given on the command line */
  TB_ORIGIN_VOTED, /* found by matching network events with packets */
} TbOrigin;

TbOrigin tb_origin_from_name(const char *name);
const char *tb_origin_to_name(TbOrigin origin);

/**
 * TbAxis:
 * @clock: what stamped the records
 * @ticks: own time counts something else than nanoseconds (no rate is known)
 * @realtime: mapped times are wall-clock time
 * @origin: where @offset_ns comes from
 * @offset_ns: added to own time, modulo 2^64
 * @rate: output ns per unit of own time, 1.0 when not fitted
 * @rate_ref: own time at which @rate does not move anything
 * @bounded: the two bounds below are known
 * @bound_low_ns: @offset_ns is not below this
 * @bound_high_ns: @offset_ns is not above this
 * @confidence: best vote over second best, 0 where nothing was voted
 * @matches: pairs that decided a vote
 * @session: not 0: axes of one number are the same axis, whatever their machines are
 */
typedef struct {
  TbClock clock;
  gboolean ticks;
  gboolean realtime;
  TbOrigin origin;
  gint64 offset_ns;
  double rate;
  gint64 rate_ref;
  gboolean bounded;
  gint64 bound_low_ns;
  gint64 bound_high_ns;
  double confidence;
  guint64 matches;
  guint64 session;
} TbAxis;

/** tb_axis_init: own time stands as it is; @realtime follows from @clock */
void tb_axis_init(TbAxis *axis, TbClock clock, gboolean ticks);

/** tb_axis_shift: adds @ns to the mapping (a DATE, an OFFSET, a wish of the user) */
void tb_axis_shift(TbAxis *axis, gint64 ns);

/** tb_axis_is_moved: whether mapped times differ from own times */
gboolean tb_axis_is_moved(const TbAxis *axis);

/** tb_axis_to_name: what mapped times are: "realtime", "mono", ..., or "ticks" */
const char *tb_axis_to_name(const TbAxis *axis);

gint64 tb_axis_map_rate(const TbAxis *axis, gint64 own);

/** tb_axis_map: own time to output time; wraps modulo 2^64 as the kernel's DATE expects */
static inline gint64 tb_axis_map(const TbAxis *axis, gint64 own)
{
  if (G_UNLIKELY(axis->rate != 1.0))
    own = tb_axis_map_rate(axis, own);
  return (gint64)((guint64)own + (guint64)axis->offset_ns);
}

/** tb_axis_unmap: the own time that tb_axis_map() maps to @out, or the nearest one */
gint64 tb_axis_unmap(const TbAxis *axis, gint64 out);

G_END_DECLS
