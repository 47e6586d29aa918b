/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Writes the sample log: make-pml-sample FILE. The tests hold the file kept against it. */
#include "support/pml-sample.h"

int main(int argc, char **argv)
{
  g_autoptr(PmlBuilder) builder = pml_builder_new(TRUE);
  g_autoptr(GArray) rows = pml_sample_build(builder);
  const TbBuf *file = pml_builder_finish(builder);
  g_autoptr(GError) error = NULL;
  if (argc != 2) {
    g_printerr("usage: make-pml-sample FILE\n");
    return 2;
  }
  if (g_file_set_contents(argv[1], (const char *)file->data, (gssize)file->len, &error))
    return 0;
  g_printerr("%s\n", error->message);
  return 1;
}
