/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Time zones by GLib's tables, dates by day counting; see zone.h. */
#include "base/zone.h"

/* No zone has ever changed its offset inside a quarter of an hour since offsets are kept in minutes. */
enum { ZONE_SLOT_S = 900 };

struct _TbZone {
  GTimeZone *table; /* NULL: UTC */
  gint64 slot;
  gint32 offset; /* of @slot */
};

TbZone *tb_zone_new(const char *name)
{
  GTimeZone *table = NULL;
  if (name && g_str_equal(name, "local"))
    table = g_time_zone_new_local();
  else if (name && !g_str_equal(name, "UTC") && !g_str_equal(name, "Z")) {
    table = g_time_zone_new_identifier(name);
    if (!table)
      return NULL;
  }
  TbZone *zone = g_new0(TbZone, 1);
  zone->table = table;
  zone->slot = G_MININT64;
  return zone;
}

TbZone *tb_zone_copy(const TbZone *zone)
{
  TbZone *copy = g_new0(TbZone, 1);
  copy->table = zone->table ? g_time_zone_ref(zone->table) : NULL;
  copy->slot = G_MININT64;
  return copy;
}

void tb_zone_free(TbZone *zone)
{
  if (!zone)
    return;
  g_clear_pointer(&zone->table, g_time_zone_unref);
  g_free(zone);
}

static gint64 zone_divide_down(gint64 a, gint64 b)
{
  return a / b - (a % b < 0 ? 1 : 0);
}

gint32 tb_zone_get_offset(TbZone *zone, gint64 unix_s)
{
  if (!zone->table)
    return 0;
  gint64 slot = zone_divide_down(unix_s, ZONE_SLOT_S);
  if (slot != zone->slot) {
    gint interval = g_time_zone_find_interval(zone->table, G_TIME_TYPE_UNIVERSAL, unix_s);
    zone->offset = interval < 0 ? 0 : g_time_zone_get_offset(zone->table, interval);
    zone->slot = slot;
  }
  return zone->offset;
}

/* Days are counted from 0000-03-01, so that the leap day is the last of its year. */
void tb_civil_from_unix(gint64 unix_s, TbCivil *out)
{
  gint64 day = zone_divide_down(unix_s, 86400);
  guint rest = (guint)(unix_s - day * 86400);
  gint64 shifted = day + 719468;
  gint64 era = zone_divide_down(shifted, 146097);
  guint day_of_era = (guint)(shifted - era * 146097);
  guint year_of_era =
      (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  guint day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  guint month_from_march = (5 * day_of_year + 2) / 153;
  out->day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
  out->month = month_from_march < 10 ? month_from_march + 3 : month_from_march - 9;
  out->year = (gint64)year_of_era + era * 400 + (out->month <= 2 ? 1 : 0);
  out->hour = rest / 3600;
  out->minute = rest / 60 % 60;
  out->second = rest % 60;
}
