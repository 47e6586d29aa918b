/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Linux system calls by number and by name, for each architecture. What a call
 * means is said by whoever asks. A 32-bit program on a 64-bit kernel uses the
 * other architecture's numbers, and no event says so: what its calls do is not
 * known. Knows no events.
 */
#pragma once

#include "model/machine.h"

#include <glib.h>

G_BEGIN_DECLS

#define TB_SYSCALL_NUMBERS 512

/** TbSyscallMeaning: what the call of this name is to the one who asks; @call is not 0 */
typedef struct {
  const char *name;
  guint8 call;
} TbSyscallMeaning;

/**
 * tb_syscall_table:
 * @meanings: @n of them
 * @table: (out): meaning by number; 0 = none of these, all 0 for an architecture not known
 */
void tb_syscall_table(TbArch arch, const TbSyscallMeaning *meanings, gsize n,
                      guint8 table[TB_SYSCALL_NUMBERS]);

/** tb_syscall_find: "sendto". Returns: the meaning; 0 = none of these */
guint8 tb_syscall_find(const TbSyscallMeaning *meanings, gsize n, const char *name);

G_END_DECLS
