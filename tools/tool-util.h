/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What all commands share: exit codes, options, messages, progress, output safety. */
#pragma once

#include "pass/run.h"

#include <glib.h>

G_BEGIN_DECLS

enum {
  TOOL_OK = 0,
  TOOL_LOSSY = 1,  /* done, but something in the input was lost or damaged */
  TOOL_FAILED = 2, /* no output left behind */
  TOOL_USAGE = 64,
  TOOL_PIPE = 141,
};

/** ToolCommand: one subcommand; @run gets argv with the command's name at [0] */
typedef struct {
  const char *name;
  const char *summary;
  int (*run)(int argc, char **argv);
} ToolCommand;

extern const ToolCommand tool_convert;
extern const ToolCommand tool_merge;
extern const ToolCommand tool_info;
extern const ToolCommand tool_align;
extern const ToolCommand tool_ps;

/** tool_error: "tracebraid: TEXT" on stderr, escaped. Returns: @code */
int tool_error(int code, const char *format, ...) G_GNUC_PRINTF(2, 3);

/** tool_fail: tells @error and returns the exit code that fits it */
int tool_fail(const GError *error);

/** tool_note: a line on stderr unless quiet */
void tool_note(gboolean quiet, const char *format, ...) G_GNUC_PRINTF(2, 3);

/**
 * tool_parse: options of a command. What stands behind "--" is put into
 * @literal (NULL-terminated, may be NULL) and never taken for NAME=FILE.
 * Returns: -1 to go on, else the exit code
 */
int tool_parse(const char *name, const char *parameters, const char *summary,
               const char *description, const GOptionEntry *entries, int *argc, char ***argv,
               GStrv *literal);

/**
 * tool_take_optional: takes an option whose value may be left out, @name or @name=VALUE, from
 * @argv as far as "--"; GOption has no such kind.
 * @value: (out) (transfer full) (nullable): left alone where there is none
 */
void tool_take_optional(const char *name, int *argc, char **argv, gboolean *found, char **value);

/** tool_parse_seconds: "+3.25", "-250ms", "12us", "7ns" to nanoseconds */
gboolean tool_parse_seconds(const char *text, gint64 *ns);

/**
 * tool_parse_owners: the value of --owners; NULL is the default, "linked"; "off" is
 * %TB_CONFIDENCE_NONE. Returns: FALSE for other words
 */
gboolean tool_parse_owners(const char *text, TbConfidence *least);

/** ToolProgress: a bar on stderr, shown after one second */
typedef struct {
  gboolean enabled;
  gint64 started_us;
  gint64 shown_us;
  gboolean visible;
} ToolProgress;

/** tool_progress_init: @when is auto, always or never. Returns: FALSE for other words */
gboolean tool_progress_init(ToolProgress *progress, const char *when, gboolean quiet);
void tool_progress_show(gpointer progress, const char *phase, double fraction);
void tool_progress_clear(ToolProgress *progress);

/** tool_guard_output: removes @temp_path (nullable) when a signal ends the program */
void tool_guard_output(const char *temp_path);

/** tool_get_cancel: set by SIGINT and SIGTERM; tool_finish_signal() then ends as they would */
const gint *tool_get_cancel(void);
void tool_finish_signal(void);

G_END_DECLS
