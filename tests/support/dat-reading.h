/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reads a recording that a test built, and puts what came into lines of text. */
#pragma once

#include "format/reader.h"
#include "support/dat-builder.h"

/**
 * DatReading:
 * @lines: events of all streams one after the other, "STREAM TIME VALUE", "STREAM TIME lost N",
 *   "STREAM damaged"
 * @error: (nullable): why it could not be opened
 * @n_events: events of both passes, which must be the same
 */
typedef struct {
  GByteArray *bytes;
  TbDamageLog *damage;
  TbReader *reader;
  GString *lines;
  GError *error;
  guint64 n_events;
} DatReading;

/** dat_reading_open: (transfer full) @bytes: opens it and reads all streams twice */
DatReading *dat_reading_open(GByteArray *bytes);
void dat_reading_free(DatReading *reading);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DatReading, dat_reading_free)

/** dat_reading_file: builds @file and reads it */
DatReading *dat_reading_file(DatFile *file);

TbSource *dat_reading_source(const DatReading *reading, guint index);
/** dat_reading_damage: the place of damage whose text holds @words; fails where there is none */
const TbDamage *dat_reading_damage(const DatReading *reading, const char *words);
/** dat_reading_clean: fails the test where damage was told */
void dat_reading_clean(const DatReading *reading);
