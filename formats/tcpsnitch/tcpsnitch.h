/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The reader of tcpsnitch's traces: folders, and the file of one socket. */
#pragma once

#include "format/reader.h"

G_BEGIN_DECLS

extern const TbReaderFormat tb_tcpsnitch_reader;

G_END_DECLS
