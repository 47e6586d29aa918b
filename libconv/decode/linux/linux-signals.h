/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Signals of Linux: include/uapi/asm-generic/signal.h and siginfo.h, trace/events/signal.h. */
#pragma once

#include <glib.h>

enum {
  LINUX_SIGKILL = 9,
  LINUX_SIGCHLD = 17,
  LINUX_SIGCONT = 18,
  LINUX_SIGSTOP = 19,
  LINUX_SIGTTOU = 22,
  LINUX_SIGURG = 23,
  LINUX_SIGWINCH = 28,
  LINUX_MAX_SIGNAL = 64,
  LINUX_CLD_EXITED = 1,
  LINUX_CLD_DUMPED = 3,
  LINUX_SIGNAL_IGNORED = 1,
  LINUX_SIGNAL_FAILED = 3,
};

/** linux_signal_is_deadly: whether it ends a process that does not handle it */
static inline gboolean linux_signal_is_deadly(gint64 number)
{
  return number > 0 && number <= LINUX_MAX_SIGNAL && number != LINUX_SIGCHLD &&
         number != LINUX_SIGCONT && !(number >= LINUX_SIGSTOP && number <= LINUX_SIGTTOU) &&
         number != LINUX_SIGURG && number != LINUX_SIGWINCH;
}
