/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Linux system calls by number and by name, for each architecture, and the
 * shape of the event types that tell of one. What a call means is said by
 * whoever asks. A 32-bit program on a 64-bit kernel uses the other
 * architecture's numbers, and no event says so: what its calls do is not known.
 */
#pragma once

#include "model/machine.h"
#include "model/schema.h"

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

/** tb_syscall_flags_argument: which argument of clone() holds the flags */
guint tb_syscall_flags_argument(TbArch arch);

/**
 * tb_syscall_event_read: "syscalls:sys_enter_sendto"
 * @enter: (out): the call begins; otherwise it returns
 * @fields: (out): up to @n_fields: the arguments in order on entry, the result alone on
 *   return; borrowed from @type, the rest NULL
 *
 * Returns: (transfer none) (nullable): name of the call, NULL where @type is no such event
 *   or lacks the field that tells. Nothing is written then
 */
const char *tb_syscall_event_read(const TbEventType *type, gboolean *enter,
                                  const TbField **fields, guint n_fields);

G_END_DECLS
