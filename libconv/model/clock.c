/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Names of clocks and the arithmetic of axes; see clock.h. */
#include "model/clock.h"

#include <math.h>

static const char *const clock_names[] = {
  [TB_CLOCK_UNKNOWN] = "unknown", [TB_CLOCK_REALTIME] = "realtime", [TB_CLOCK_LOCAL] = "local",
  [TB_CLOCK_GLOBAL] = "global",   [TB_CLOCK_PERF] = "perf",         [TB_CLOCK_MONO] = "mono",
  [TB_CLOCK_MONO_RAW] = "mono_raw", [TB_CLOCK_BOOT] = "boot",       [TB_CLOCK_TAI] = "tai",
  [TB_CLOCK_UPTIME] = "uptime",   [TB_CLOCK_X86_TSC] = "x86-tsc",   [TB_CLOCK_COUNTER] = "counter",
};

static const char *const origin_names[] = {
  [TB_ORIGIN_NONE] = "none",
  [TB_ORIGIN_DATE] = "date",
  [TB_ORIGIN_USER] = "user",
  [TB_ORIGIN_VOTED] = "voted",
};

static guint name_index(const char *const *names, guint n, const char *name)
{
  for (guint i = 0; name && i < n; i++)
    if (g_str_equal(names[i], name))
      return i;
  return 0;
}

TbClock tb_clock_from_name(const char *name)
{
  return (TbClock)name_index(clock_names, G_N_ELEMENTS(clock_names), name);
}

const char *tb_clock_to_name(TbClock clock)
{
  return clock_names[clock];
}

TbOrigin tb_origin_from_name(const char *name)
{
  return (TbOrigin)name_index(origin_names, G_N_ELEMENTS(origin_names), name);
}

const char *tb_origin_to_name(TbOrigin origin)
{
  return origin_names[origin];
}

void tb_axis_init(TbAxis *axis, TbClock clock, gboolean ticks)
{
  *axis = (TbAxis){ .clock = clock, .ticks = ticks, .realtime = clock == TB_CLOCK_REALTIME,
                    .rate = 1.0 };
}

void tb_axis_shift(TbAxis *axis, gint64 ns)
{
  axis->offset_ns = (gint64)((guint64)axis->offset_ns + (guint64)ns);
  axis->bound_low_ns = (gint64)((guint64)axis->bound_low_ns + (guint64)ns);
  axis->bound_high_ns = (gint64)((guint64)axis->bound_high_ns + (guint64)ns);
}

gboolean tb_axis_is_moved(const TbAxis *axis)
{
  return axis->offset_ns != 0 || axis->rate != 1.0;
}

const char *tb_axis_to_name(const TbAxis *axis)
{
  if (axis->ticks)
    return "ticks";
  return axis->realtime ? "realtime" : tb_clock_to_name(axis->clock);
}

gint64 tb_axis_map_rate(const TbAxis *axis, gint64 own)
{
  gint64 span = own - axis->rate_ref;
  /* The correction is small where the unit is ns, so its rounding error is too. */
  return axis->rate_ref + span + (gint64)llround((double)span * (axis->rate - 1.0));
}

gint64 tb_axis_unmap(const TbAxis *axis, gint64 out)
{
  gint64 own = (gint64)((guint64)out - (guint64)axis->offset_ns);
  if (axis->rate == 1.0 || !(axis->rate > 0))
    return own;
  own = axis->rate_ref + (gint64)llround((double)(own - axis->rate_ref) / axis->rate);
  /* The quotient of large numbers is some units off: walk to the place. */
  for (guint i = 0; i < 4; i++)
    own += (gint64)llround((double)(gint64)((guint64)out - (guint64)tb_axis_map(axis, own)) /
                           axis->rate);
  return own;
}
