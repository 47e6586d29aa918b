/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The entry point libFuzzer calls; everything else is in fuzz-format.c. */
#include "fuzz/fuzz-format.h"

const char *__lsan_default_suppressions(void);
int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const guint8 *data, gsize len);

/* libtraceevent forgets a few bytes of format texts that it gives up on. */
const char *__lsan_default_suppressions(void)
{
  return "leak:libtraceevent\n";
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
  /* No input may reach a check that is meant for mistakes of the program. */
  g_log_set_always_fatal(G_LOG_LEVEL_CRITICAL | G_LOG_LEVEL_WARNING | G_LOG_FATAL_MASK);
  return 0;
}

int LLVMFuzzerTestOneInput(const guint8 *data, gsize len)
{
  FuzzCounts counts = {0};
  fuzz_format(data, len, &counts);
  return 0;
}
