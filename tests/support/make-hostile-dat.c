/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Writes a recording whose host, process names and strings try to forge keys, break lines and
 * reach terminals: make-hostile-dat FILE. One event for each way, all of process 7; the last
 * one renders to 200 KB of text.
 */
#include "support/dat-builder.h"

#include <string.h>

enum { PAGE = 65536, COMM_OFF = 12, COMM_LEN = 32, LOC_OFF = 44, TEXT_OFF = 48, LONG_TEXT = 50000 };

static const char format[] =
    "name: tick\nID: 300\nformat:\n"
    "\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;\n"
    "\tfield:unsigned char common_flags;\toffset:2;\tsize:1;\tsigned:0;\n"
    "\tfield:unsigned char common_preempt_count;\toffset:3;\tsize:1;\tsigned:0;\n"
    "\tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;\n\n"
    "\tfield:u32 value;\toffset:8;\tsize:4;\tsigned:0;\n"
    "\tfield:char comm[32];\toffset:12;\tsize:32;\tsigned:1;\n"
    "\tfield:__data_loc char[] text;\toffset:44;\tsize:4;\tsigned:1;\n\n"
    "print fmt: \"comm=%s text=%s%s%s%s\", REC->comm, __get_str(text), __get_str(text), "
    "__get_str(text), __get_str(text)\n";

static void add(DatPages *pages, const DatShape *shape, const char *text, gsize len)
{
  gsize n_pad = TEXT_OFF - COMM_OFF + len + 1;
  dat_pages_long_event(pages, 1000, DAT_TICK, 7, 1, n_pad);
  gsize taken = (12 + n_pad + 3) & ~(gsize)3;
  gsize at = (gsize)g_array_index(pages->edges, gsize, pages->edges->len - 1) + 8;
  guint8 *event = pages->bytes->data + at;
  g_assert_cmpuint(at + taken, <=, pages->bytes->len);
  memset(event + COMM_OFF, 0, n_pad);
  memcpy(event + COMM_OFF, text, MIN(len, COMM_LEN - 1));
  dat_patch(pages->bytes, shape, at + LOC_OFF, TEXT_OFF | (guint32)(len + 1) << 16, 4);
  memcpy(pages->bytes->data + at + TEXT_OFF, text, len);
}

int main(int argc, char **argv)
{
  static const char *const texts[] = {
    "x\n_PID=1\nMESSAGE=forged\n_HOSTNAME=forged", "\x1b[2J\x1b]0;forged\a\r\x7f\xc2\x9b",
    "\xff\xfe\xc3(\xed\xa0\x80\xf5\x80\x80\x80", "_PID\0_PID=1",
  };
  static const gsize lens[] = { 40, 19, 11, 11 };
  DatShape shape = dat_shape();
  g_autoptr(DatFile) file = dat_file_new(&shape);
  g_autoptr(GError) error = NULL;
  if (argc != 2) {
    g_printerr("usage: make-hostile-dat FILE\n");
    return 2;
  }
  dat_file_option_text(file, 5, "Linux ev\x1b[31mil 6.1.0\x1b[0m x86_64");
  dat_file_set_cmdlines(file, "7 c\x1b[2Jo\xff=m\tm\n");
  dat_file_set_format(file, format);
  dat_file_buffer(file, "", "mono", PAGE);
  DatPages *pages = dat_pages_new(&shape, PAGE);
  dat_pages_begin(pages, 1000);
  for (guint i = 0; i < G_N_ELEMENTS(texts); i++)
    add(pages, &shape, texts[i], lens[i]);
  g_autofree char *big = g_strnfill(LONG_TEXT, 'x');
  memcpy(big + LONG_TEXT - 7, "\n_PID=1", 7);
  add(pages, &shape, big, LONG_TEXT);
  dat_file_cpu(file, 0, pages);
  g_autoptr(GByteArray) bytes = dat_file_bytes(file, NULL);
  if (g_file_set_contents(argv[1], (const char *)bytes->data, (gssize)bytes->len, &error))
    return 0;
  g_printerr("%s\n", error->message);
  return 1;
}
