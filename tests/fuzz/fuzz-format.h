/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One hostile input against every reader of the table; shared by replay and libFuzzer. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * FuzzCounts: what the readers made of an input
 * @opened: readers that could open it
 * @events: events lent in a first pass
 * @damage: places told in the damage logs
 */
typedef struct {
  guint64 opened;
  guint64 events;
  guint64 damage;
} FuzzCounts;

/**
 * fuzz_format: opens @data with every reader of the table, whether or not it
 * bids for it, reads all streams twice, renders every text and asks for every
 * field. Ends the program when two passes differ or a reader does not come to
 * an end. @counts is added to.
 */
void fuzz_format(const guint8 *data, gsize len, FuzzCounts *counts);

G_END_DECLS
