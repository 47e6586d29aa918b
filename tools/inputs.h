/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How inputs are named on the command line: [NAME=]FILE[@+SECONDS], and lists in files. */
#pragma once

#include "pass/run.h"

#include <glib.h>

G_BEGIN_DECLS

/**
 * ToolInputForm: how much of a text is the file's name
 * @TOOL_INPUT_NAMED: [NAME=]FILE[@+SECONDS]
 * @TOOL_INPUT_SHIFTED: FILE[@+SECONDS]
 * @TOOL_INPUT_LITERAL: all of it
 * @TOOL_INPUT_ANY: all of it where there is a file of just that name, else as NAMED
 */
typedef enum {
  TOOL_INPUT_NAMED,
  TOOL_INPUT_SHIFTED,
  TOOL_INPUT_LITERAL,
  TOOL_INPUT_ANY,
} ToolInputForm;

/**
 * tool_inputs_add: @text as the user wrote it
 *
 * Returns: FALSE with a message for the user in @why (transfer full)
 */
gboolean tool_inputs_add(GArray *inputs, const char *text, ToolInputForm form, char **why);

/**
 * tool_inputs_take: %TOOL_INPUT_ANY of @argv from its second on, and @literal (nullable)
 *
 * Returns: FALSE with a message for the user in @why (transfer full)
 */
gboolean tool_inputs_take(GArray *inputs, int argc, char **argv, GStrv literal, char **why);

/** tool_inputs_add_list: the lines of @path ("-" = standard input), separated by NUL or newline */
gboolean tool_inputs_add_list(GArray *inputs, const char *path, ToolInputForm form, char **why);

/**
 * tool_inputs_find: the first input that is the file @path, under whatever name, or a folder that
 * has it
 *
 * Returns: (nullable): what the user called it; NULL also for what is no regular file
 */
const char *tool_inputs_find(const GArray *inputs, const char *path);

/** tool_inputs_new: (element-type TbInputSpec), which own their strings */
GArray *tool_inputs_new(void);

G_END_DECLS
