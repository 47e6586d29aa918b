/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What events of the Linux kernel mean, by event and field name, so that any
 * kernel's recording tells what it holds. For every reader of such events: a
 * type is one of them by its system and name, whatever format it comes from.
 */
#pragma once

#include "model/decoder.h"

#include <glib.h>

G_BEGIN_DECLS

extern const TbDecoder tb_linux_decoder;

G_END_DECLS
