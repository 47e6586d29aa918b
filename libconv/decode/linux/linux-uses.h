/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What Linux system calls do with descriptors: bytes they move through them,
 * sockets and copies they make. Knows no events.
 */
#pragma once

#include "decode/linux/linux-calls.h"
#include "model/fact.h"

#include <glib.h>

G_BEGIN_DECLS

enum { LINUX_USE_ARGUMENTS = 4 };

/** linux_use_meanings: the calls by name; their numbers (TbUse.call) are not 0 */
enum { LINUX_USE_MEANINGS = 39 };
extern const TbSyscallMeaning linux_use_meanings[LINUX_USE_MEANINGS];

/**
 * linux_use_begin: @use of call @call that begins with @args (%LINUX_USE_ARGUMENTS of them)
 * @clone_flags: which argument of clone() holds its flags
 */
void linux_use_begin(guint8 call, const gint64 *args, guint clone_flags, TbUse *use);

/** linux_use_end: @use of call @call that is back with @result */
void linux_use_end(guint8 call, gint64 result, TbUse *use);

G_END_DECLS
