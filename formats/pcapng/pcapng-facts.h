/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What rows of a converted file mean; to show its processes, never to derive anything again. */
#pragma once

#include "model/decoder.h"

#include <glib.h>

G_BEGIN_DECLS

extern const TbDecoder tb_pcapng_row_decoder;

G_END_DECLS
