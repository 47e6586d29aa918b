/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Time zones and civil dates for formats that show times to people. Nothing is
 * allocated per time once the zone is made. Knows no format.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct _TbZone TbZone;

/**
 * tb_zone_new: "UTC", "local", "+hh:mm" or "-hh:mm", or a name like "Europe/Berlin"
 * @name: (nullable): NULL is UTC
 *
 * Returns: (transfer full) (nullable): NULL when there is no such zone
 */
TbZone *tb_zone_new(const char *name);
TbZone *tb_zone_copy(const TbZone *zone);
void tb_zone_free(TbZone *zone);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TbZone, tb_zone_free)

/** tb_zone_get_offset: seconds to add to UTC at @unix_s */
gint32 tb_zone_get_offset(TbZone *zone, gint64 unix_s);

/** TbCivil: a moment as a calendar shows it (proleptic Gregorian) */
typedef struct {
  gint64 year;
  guint month; /* 1..12 */
  guint day;   /* 1..31 */
  guint hour;
  guint minute;
  guint second;
} TbCivil;

/** tb_civil_from_unix: @unix_s is shifted by the zone's offset already */
void tb_civil_from_unix(gint64 unix_s, TbCivil *out);

G_END_DECLS
