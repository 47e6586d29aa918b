/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The reader of trace-cmd recordings (trace.dat), as the table of formats sees it. */
#pragma once

#include "format/reader.h"

G_BEGIN_DECLS

extern const TbReaderFormat tb_tracecmd_reader;

G_END_DECLS
