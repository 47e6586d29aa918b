/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Descriptors; see descriptors.h. */
#include "pass/open-files.h"

#include <sys/resource.h>

enum { DESCRIPTORS_SPARE = 24 };

void tb_open_files_raise(void)
{
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur >= limit.rlim_max)
    return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

gboolean tb_open_files_are_few(guint n_inputs)
{
  struct rlimit limit;
  return getrlimit(RLIMIT_NOFILE, &limit) == 0 &&
         (guint64)n_inputs + DESCRIPTORS_SPARE > (guint64)limit.rlim_cur;
}
