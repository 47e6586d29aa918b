/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The options of a recording (docs/format-tracecmd.md, "Options"): small facts
 * about clock, machine and statistics. An option that cannot be right is
 * damage of its own and leaves the rest alone.
 */
#include "tracecmd/tracecmd-file.h"

#include <stdlib.h>
#include <string.h>

static char *option_dup_text(const TbCursor *data)
{
  return g_strndup((const char *)data->data, data->len);
}

/* DATE: hexadecimal microseconds; negative offsets appear as huge numbers. */
static gboolean option_date(TcFile *file, TbCursor *data, GError **error)
{
  g_autofree char *text = option_dup_text(data);
  char *end;
  guint64 value = g_ascii_strtoull(text, &end, 0);
  if (end == text || *g_strchug(end)) {
    tb_error_set(error, TB_ERROR_CORRUPT, file->name, data->base_off,
                 "DATE option \"%.32s\" is not a number", text);
    return FALSE;
  }
  file->clock.date_us = (gint64)value;
  return TRUE;
}

static gboolean option_offset(TcFile *file, TbCursor *data, GError **error)
{
  g_autofree char *text = option_dup_text(data);
  char *end;
  gint64 value = g_ascii_strtoll(text, &end, 0);
  if (end == text || *g_strchug(end)) {
    tb_error_set(error, TB_ERROR_CORRUPT, file->name, data->base_off,
                 "OFFSET option \"%.32s\" is not a number", text);
    return FALSE;
  }
  file->clock.offset_ns = value;
  return TRUE;
}

static guint64 cpustat_value(const char *text, const char *key)
{
  const char *at = strstr(text, key);
  return at ? g_ascii_strtoull(at + strlen(key), NULL, 10) : 0;
}

/* CPUSTAT: a "Buffer: NAME" text announces whose statistics follow. */
static gboolean option_cpustat(TcFile *file, TbCursor *data, GError **error)
{
  g_autofree char *text = option_dup_text(data);
  const char *cpu = strstr(text, "CPU: ");
  const char *instance = strstr(text, "Buffer: ");
  if (data->len == 0) {
    tb_error_set(error, TB_ERROR_CORRUPT, file->name, data->base_off,
                 "CPUSTAT option of size 0");
    return FALSE;
  }
  if (!cpu) {
    if (instance)
      file->stats.name =
          tb_strpool_intern(file->strings, instance + 8, strcspn(instance + 8, "\n"));
    return TRUE;
  }
  TcCpuStat stat = {
    .cpu = (guint32)g_ascii_strtoull(cpu + 5, NULL, 10),
    .entries = cpustat_value(cpu, "\nentries: "),
    .overrun = cpustat_value(cpu, "\noverrun: "),
    .commit_overrun = cpustat_value(cpu, "\ncommit overrun: "),
    .dropped = cpustat_value(cpu, "\ndropped events: "),
    .read_events = cpustat_value(cpu, "\nread events: "),
  };
  g_array_append_val(file->stats.cpus, stat);
  g_ptr_array_add(file->stats.names, (gpointer)file->stats.name);
  return TRUE;
}

static gboolean option_text(TcFile *file, TbCursor *data, char **to)
{
  g_free(*to);
  *to = option_dup_text(data);
  g_strchomp(*to);
  return TRUE;
}

/* TRACEID and HOOK exist in files whose other options are older: sizes are checked, not assumed. */
static gboolean option_trace_id(TcFile *file, TbCursor *data, GError **error)
{
  return tb_cursor_u64(data, &file->options.trace_id, "a TRACEID option", error);
}

static gboolean option_tsc2nsec(TcFile *file, TbCursor *data, GError **error)
{
  if (!tb_cursor_u32(data, &file->clock.tsc_mult, "a TSC2NSEC option", error) ||
      !tb_cursor_u32(data, &file->clock.tsc_shift, "a TSC2NSEC option", error) ||
      !tb_cursor_u64(data, &file->clock.tsc_offset, "a TSC2NSEC option", error))
    return FALSE;
  if (file->clock.tsc_shift < 64 && file->clock.tsc_mult > 0)
    return TRUE;
  tb_error_set(error, TB_ERROR_CORRUPT, file->name, data->base_off,
               "TSC2NSEC option with multiplier %u and shift %u", file->clock.tsc_mult,
               file->clock.tsc_shift);
  return FALSE;
}

static gboolean option_guest(TcFile *file, TbCursor *data, GError **error)
{
  const char *name;
  guint64 trace_id;
  if (!tb_cursor_cstr(data, &name, "the name in a GUEST option", error) ||
      !tb_cursor_u64(data, &trace_id, "a GUEST option", error))
    return FALSE;
  TcGuest *guest = g_new(TcGuest, 1);
  *guest = (TcGuest){ g_strdup(name), trace_id };
  g_ptr_array_add(file->options.guests, guest);
  return TRUE;
}

void tc_time_shift_free(TcTimeShift *shift)
{
  if (!shift)
    return;
  for (guint32 i = 0; i < shift->n_cpus; i++) {
    g_free(shift->cpus[i].times);
    g_free(shift->cpus[i].offsets);
    g_free(shift->cpus[i].scalings);
    g_free(shift->cpus[i].fractions);
  }
  g_free(shift->cpus);
  g_free(shift);
}

static gboolean shift_read_row(TbCursor *data, gint64 *row, guint32 n, GError **error)
{
  for (guint32 i = 0; i < n; i++) {
    guint64 value;
    if (!tb_cursor_u64(data, &value, "a TIME_SHIFT sample", error))
      return FALSE;
    row[i] = (gint64)value;
  }
  return TRUE;
}

static gboolean shift_read_cpu(TbCursor *data, TcShiftCpu *cpu, GError **error)
{
  guint32 n;
  if (!tb_cursor_u32(data, &n, "a TIME_SHIFT option", error) ||
      !tb_cursor_need(data, (guint64)n * 24, "the samples of a TIME_SHIFT option", error))
    return FALSE;
  cpu->times = g_new0(gint64, (gsize)n + 1);
  cpu->offsets = g_new0(gint64, (gsize)n + 1);
  cpu->scalings = g_new0(gint64, (gsize)n + 1);
  cpu->fractions = g_new0(gint64, (gsize)n + 1);
  cpu->n = n;
  return shift_read_row(data, cpu->times, n, error) &&
         shift_read_row(data, cpu->offsets, n, error) &&
         shift_read_row(data, cpu->scalings, n, error);
}

typedef struct {
  gint64 time, offset, scaling, fraction;
} ShiftSample;

static int shift_sample_compare(const void *a, const void *b)
{
  guint64 x = (guint64)((const ShiftSample *)a)->time, y = (guint64)((const ShiftSample *)b)->time;
  return x < y ? -1 : x > y;
}

/* Sorted by time, each time once. */
static void shift_settle_cpu(TcShiftCpu *cpu)
{
  g_autofree ShiftSample *samples = g_new0(ShiftSample, (gsize)cpu->n + 1);
  guint32 kept = 0;
  for (guint32 i = 0; i < cpu->n; i++)
    samples[i] = (ShiftSample){ cpu->times[i], cpu->offsets[i], cpu->scalings[i],
                                cpu->fractions[i] };
  qsort(samples, cpu->n, sizeof *samples, shift_sample_compare);
  for (guint32 i = 0; i < cpu->n; i++) {
    if (kept > 0 && cpu->times[kept - 1] == samples[i].time)
      continue;
    cpu->times[kept] = samples[i].time;
    cpu->offsets[kept] = samples[i].offset;
    cpu->scalings[kept] = samples[i].scaling;
    cpu->fractions[kept++] = samples[i].fraction;
  }
  cpu->n = kept;
}

static gboolean shift_read(TcTimeShift *shift, TbCursor *data, const TcFile *file,
                           GError **error)
{
  guint32 flags;
  if (!tb_cursor_u64(data, &shift->peer_id, "a TIME_SHIFT option", error) ||
      !tb_cursor_u32(data, &flags, "a TIME_SHIFT option", error))
    return FALSE;
  shift->interpolate = (flags & 1) != 0;
  guint32 n_cpus;
  if (!tb_cursor_u32(data, &n_cpus, "a TIME_SHIFT option", error) ||
      !tb_cursor_need(data, (guint64)n_cpus * 4, "the CPUs of a TIME_SHIFT option", error))
    return FALSE;
  shift->cpus = g_new0(TcShiftCpu, (gsize)n_cpus + 1);
  shift->n_cpus = n_cpus;
  for (guint32 i = 0; i < n_cpus; i++)
    if (!shift_read_cpu(data, &shift->cpus[i], error))
      return FALSE;
  gboolean fractions = tb_cursor_left(data) > 0; /* absent in older files: 0 */
  for (guint32 i = 0; i < n_cpus; i++) {
    if (fractions && !shift_read_row(data, shift->cpus[i].fractions, shift->cpus[i].n, error))
      return FALSE;
    shift_settle_cpu(&shift->cpus[i]);
  }
  return TRUE;
}

static gboolean option_time_shift(TcFile *file, TbCursor *data, GError **error)
{
  TcTimeShift *shift = g_new0(TcTimeShift, 1);
  if (!shift_read(shift, data, file, error)) {
    tc_time_shift_free(shift);
    return FALSE;
  }
  tc_time_shift_free(file->clock.shift);
  file->clock.shift = shift;
  return TRUE;
}

guint64 tc_time_shift_map(const TcTimeShift *shift, guint32 cpu_number, guint64 t)
{
  if (cpu_number >= shift->n_cpus || shift->cpus[cpu_number].n == 0)
    return t;
  const TcShiftCpu *cpu = &shift->cpus[cpu_number];
  if (cpu->n == 1)
    return t + (guint64)cpu->offsets[0];
  guint32 low = 0, high = cpu->n - 2; /* the pair around t, or the outermost one */
  while (low < high) {
    guint32 mid = (low + high + 1) / 2;
    if ((guint64)cpu->times[mid] <= t)
      low = mid;
    else
      high = mid - 1;
  }
  gint64 offset = cpu->offsets[low];
  guint64 t0 = (guint64)cpu->times[low];
  gint64 delta = cpu->times[low + 1] - cpu->times[low];
  if (shift->interpolate && delta > 0) {
    TcWideInt step = (TcWideInt)(gint64)(t - t0) * (cpu->offsets[low + 1] - offset);
    offset += (gint64)((step + delta / 2) / delta);
  }
  guint shift_bits = (guint)cpu->fractions[low] & 63;
  TcWideUint scaled = (TcWideUint)t * (guint64)cpu->scalings[low] >> shift_bits;
  return (guint64)scaled + (guint64)offset;
}

char *tc_clock_from_text(const char *text)
{
  const char *open = strchr(text, '[');
  const char *close = open ? strchr(open, ']') : NULL;
  return close ? g_strndup(open + 1, (gsize)(close - open - 1)) : g_strdup("");
}

static gboolean option_dispatch(TcFile *file, guint32 id, TbCursor *data, GError **error)
{
  switch (id) {
  case TC_ID_DATE: return option_date(file, data, error);
  case TC_ID_OFFSET: return option_offset(file, data, error);
  case TC_ID_CPUSTAT: return option_cpustat(file, data, error);
  case TC_ID_TRACECLOCK: return option_text(file, data, &file->clock.text);
  case TC_ID_UNAME: return option_text(file, data, &file->options.uname);
  case TC_ID_VERSION: return option_text(file, data, &file->options.recorder_version);
  case TC_ID_CPUCOUNT:
    return tb_cursor_u32(data, &file->options.cpu_count, "a CPUCOUNT option", error);
  case TC_ID_TRACEID: return option_trace_id(file, data, error);
  case TC_ID_TIME_SHIFT: return option_time_shift(file, data, error);
  case TC_ID_GUEST: return option_guest(file, data, error);
  case TC_ID_TSC2NSEC: return option_tsc2nsec(file, data, error);
  default: return TRUE; /* nothing a reader needs, or not known yet */
  }
}

void tc_option_apply(TcFile *file, guint32 id, TbCursor *data)
{
  GError *error = NULL;
  if (!option_dispatch(file, id, data, &error))
    tb_damage_log_take(file->damage, error, file->name, data->len, 0);
  else if (id < 32)
    file->options.seen |= 1u << id;
}
