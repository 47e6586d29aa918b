/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Names of signals; see signal.h. */
#include "model/signal.h"

#include <string.h>

static const char *const signal_names[] = {
  NULL,        "SIGHUP",  "SIGINT",    "SIGQUIT", "SIGILL",    "SIGTRAP", "SIGABRT", "SIGBUS",
  "SIGFPE",    "SIGKILL", "SIGUSR1",   "SIGSEGV", "SIGUSR2",   "SIGPIPE", "SIGALRM", "SIGTERM",
  "SIGSTKFLT", "SIGCHLD", "SIGCONT",   "SIGSTOP", "SIGTSTP",   "SIGTTIN", "SIGTTOU", "SIGURG",
  "SIGXCPU",   "SIGXFSZ", "SIGVTALRM", "SIGPROF", "SIGWINCH",  "SIGIO",   "SIGPWR",  "SIGSYS",
};

const char *tb_signal_to_name(guint number)
{
  return number < G_N_ELEMENTS(signal_names) ? signal_names[number] : NULL;
}

guint8 tb_signal_from_name(const char *name, gsize len)
{
  for (guint8 number = 1; number < G_N_ELEMENTS(signal_names); number++)
    if (strlen(signal_names[number]) == len && memcmp(signal_names[number], name, len) == 0)
      return number;
  return 0;
}
