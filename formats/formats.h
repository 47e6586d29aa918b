/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The table of built-in formats: the one list in the tree. */
#pragma once

#include "format/registry.h"

G_BEGIN_DECLS

extern const TbRegistry tb_formats;

G_END_DECLS
