/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* First bytes of files that are not read; see relative.h. */
#include "format/relative.h"

#include <string.h>

const char *tb_relative_find(const guint8 *head, gsize len)
{
  static const struct {
    const char *magic;
    guint8 len;
    const char *what;
  } relatives[] = {
    { "\xfd" "7zXZ", 5, "an xz archive: unpack it (xz -dk FILE)" },
    { "\x04\x22\x4d\x18", 4, "an lz4 archive: unpack it (lz4 -dk FILE)" },
    { "BZh", 3, "a bzip2 archive: unpack it (bzip2 -dk FILE)" },
    { "PK\x03\x04", 4, "a zip archive: unpack it (unzip FILE)" },
    { "7z\xbc\xaf\x27\x1c", 6, "a 7-Zip archive: unpack it (7z x FILE)" },
    { "version https://git-lfs", 23, "a Git LFS pointer, not the file itself: fetch it (git lfs pull)" },
    { "\x00\x05\x16\x07", 4, "an AppleDouble file of attributes: the data is in the file without ._" },
    { "snoop\0\0\0", 8, "a snoop capture: convert it (editcap -F pcapng FILE OUT)" },
    { "PERFILE2", 8, "a perf recording (perf.data), which is not read" },
    { "\xc1\x1f\xfc\xc1", 4, "a CTF trace, which is not read" },
    { "# tracer:", 9, "the text of a kernel trace: record with trace-cmd for a file that can be read" },
  };
  for (guint i = 0; i < G_N_ELEMENTS(relatives); i++)
    if (len >= relatives[i].len && memcmp(head, relatives[i].magic, relatives[i].len) == 0)
      return relatives[i].what;
  return NULL;
}
