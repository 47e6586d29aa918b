/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The pcapng writer: one section, all interfaces in front, then machines, then
 * packets and rows in the order they come. How events become rows is chosen by
 * the setting "events" (see pcapng-encoding.h). Knows no input format.
 */
#pragma once

#include "format/writer.h"

G_BEGIN_DECLS

extern const TbWriterFormat tb_pcapng_writer;

G_END_DECLS
