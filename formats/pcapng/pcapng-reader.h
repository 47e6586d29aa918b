/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The pcapng reader: every section, byte order and kind of packet block, and
 * the rows this program wrote itself. One stream, in file order. What is
 * carried, changed and dropped stands in docs/format-pcapng.md.
 *
 * Settings: "salvage": after a broken block, search for the next one instead of
 * ending; "blocks" = "all": carry blocks of unknown types too.
 */
#pragma once

#include "format/reader.h"

G_BEGIN_DECLS

extern const TbReaderFormat tb_pcapng_reader;

G_END_DECLS
