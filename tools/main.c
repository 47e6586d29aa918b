/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The table of subcommands. */
#include "tool-util.h"

#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

static const ToolCommand *const commands[] = { &tool_convert, &tool_merge, &tool_info, &tool_align, &tool_ps, NULL };

static void print_help(void)
{
  puts("Usage: tracebraid COMMAND [OPTIONS] INPUT...\n\n"
       "Converts and merges trace files: recordings of the Linux kernel (trace-cmd) and\n"
       "packet captures become one sorted pcapng that Wireshark opens.\n\nCommands:");
  for (guint i = 0; commands[i]; i++)
    printf("  %-10s %s\n", commands[i]->name, commands[i]->summary);
  puts("  help CMD   Show a command's options\n\n"
       "Examples:\n"
       "  tracebraid convert trace.dat -o trace.pcapng\n"
       "  tracebraid convert --to text trace.dat -o -\n"
       "  tracebraid merge web=trace.dat web=eth0.pcap -o all.pcapng\n"
       "  tracebraid info trace.dat\n"
       "  tracebraid ps --tree trace.dat\n\n"
       "Exit codes: 0 done; 1 done, but something in the input was lost or damaged;\n"
       "2 failed, no output left behind; 64 wrong use; 141 the reader of the output went away.");
}

static const ToolCommand *find_command(const char *name)
{
  for (guint i = 0; commands[i]; i++)
    if (g_str_equal(commands[i]->name, name))
      return commands[i];
  return NULL;
}

static int run_help(const char *name)
{
  const ToolCommand *command = name ? find_command(name) : NULL;
  char help[] = "--help";
  if (!name) {
    print_help();
    return TOOL_OK;
  }
  if (!command)
    return tool_error(TOOL_USAGE, "no command \"%s\" (tracebraid --help lists them)", name);
  char *argv[] = { (char *)(gpointer)command->name, help, NULL };
  return command->run(2, argv);
}

int main(int argc, char **argv)
{
  /* Names are bytes of the recorded system; the locale of this one must not touch them. */
  setlocale(LC_ALL, "C.UTF-8");
  tool_guard_output(NULL);
  if (argc < 2) {
    print_help();
    return TOOL_USAGE;
  }
  if (g_str_equal(argv[1], "--help") || g_str_equal(argv[1], "-h"))
    return run_help(NULL);
  if (g_str_equal(argv[1], "--version")) {
    puts("tracebraid " TB_VERSION);
    return TOOL_OK;
  }
  if (g_str_equal(argv[1], "help"))
    return run_help(argc > 2 ? argv[2] : NULL);
  const ToolCommand *command = find_command(argv[1]);
  if (!command)
    return tool_error(TOOL_USAGE, "no command \"%s\" (tracebraid --help lists them)", argv[1]);
  int status = command->run(argc - 1, argv + 1);
  tool_finish_signal();
  return status;
}
