/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One event a line, as `trace-cmd report -N -t` prints them. */
#pragma once

#include "format/writer.h"

G_BEGIN_DECLS

extern const TbWriterFormat tb_text_writer;

G_END_DECLS
