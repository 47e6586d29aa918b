/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Finding event records without the offset array: records tell their own
 * length, a few are followed by up to three stray bytes, and what was
 * overwritten is skipped byte by byte (sections 2 and 4 of
 * docs/format-procmon.md).
 */
#include "procmon/pml.h"

/* A record a year away from its neighbours is no record. */
static const guint64 salvage_time_range = 366ull * 86400 * 10000000;

/* The length of a record that begins here, 0 if none can. @left: bytes up to the end of events. */
static guint32 salvage_record_length(const guint8 *h, gboolean is64, guint64 near_time,
                                     guint64 left, const TbLimits *limits)
{
  guint32 class = tb_get_u32(h + 0x08, FALSE);
  guint64 start = tb_get_u64(h + 0x1c, FALSE);
  guint32 extra_off = tb_get_u32(h + 0x30, FALSE);
  if (!pml_names_operation(class, tb_get_u16(h + 0x0c, FALSE)))
    return 0;
  if (near_time ? start + salvage_time_range < near_time || start > near_time + salvage_time_range
                : start < 116444736000000000ull || start > 4 * 116444736000000000ull / 3)
    return 0;
  guint64 len = PML_RECORD_BYTES + tb_get_u16(h + 0x28, FALSE) * (is64 ? 8ull : 4ull) +
                tb_get_u32(h + 0x2c, FALSE);
  if (len > left || len > limits->record_bytes || (extra_off && extra_off != len))
    return 0;
  return (guint32)len;
}

/* Adds the extra detail's bytes. Returns: FALSE when they do not fit */
static gboolean salvage_add_extra(TbWindow *window, guint64 offset, guint64 end, guint32 *len,
                                  GError **error)
{
  const guint8 *p;
  gssize got = tb_window_get(window, offset + *len, 2, &p, error);
  if (got < 2)
    return FALSE;
  guint32 extra = 2u + tb_get_u16(p, FALSE);
  if (extra > end - offset - *len)
    return FALSE;
  *len += extra;
  return TRUE;
}

gint pml_salvage_find(TbWindow *window, guint64 offset, guint64 end, gboolean is64,
                      guint64 near_time, const TbLimits *limits, guint64 *out_offset,
                      guint32 *out_len, GError **error)
{
  for (; offset < end && end - offset >= PML_RECORD_BYTES; offset++) {
    const guint8 *h;
    gssize got = tb_window_get(window, offset, PML_RECORD_BYTES, &h, error);
    if (got < 0)
      return -1;
    if (got < PML_RECORD_BYTES)
      return 0;
    guint32 len = salvage_record_length(h, is64, near_time, end - offset, limits);
    gboolean has_extra = tb_get_u32(h + 0x30, FALSE) != 0;
    if (!len)
      continue;
    g_autoptr(GError) reason = NULL;
    if (has_extra && !salvage_add_extra(window, offset, end, &len, &reason)) {
      if (reason) {
        g_propagate_error(error, g_steal_pointer(&reason));
        return -1;
      }
      continue;
    }
    *out_offset = offset;
    *out_len = len;
    return 1;
  }
  return 0;
}
