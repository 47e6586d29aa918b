/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Process Monitor logs (.PML): the reader for the table of formats. Layout in
 * docs/format-procmon.md.
 */
#pragma once

#include "format/reader.h"

G_BEGIN_DECLS

/*
 * tb_procmon_reader: version 9 logs of 32- and 64-bit systems. One machine, one
 * stream with the events source "procmon" on wall-clock time. Settings:
 * "salvage" (any value) reads a file that was not closed cleanly, "stacks" (any
 * value) adds call stacks to the rows, "tz" is the zone of the times inside
 * Details (UTC), "listing" = "plain" words folder listings as older versions did.
 */
extern const TbReaderFormat tb_procmon_reader;

G_END_DECLS
