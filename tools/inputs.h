/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How inputs are named on the command line: [NAME=]FILE[@+SECONDS], and lists in files. */
#pragma once

#include "pipeline/pipeline.h"

#include <glib.h>

G_BEGIN_DECLS

/**
 * tool_inputs_add: @text as the user wrote it
 * @literal: it is a file name whatever it holds
 *
 * Returns: FALSE with a message for the user in @why (transfer full)
 */
gboolean tool_inputs_add(GArray *inputs, const char *text, gboolean literal, char **why);

/** tool_inputs_add_list: the lines of @path ("-" = standard input), separated by NUL or newline */
gboolean tool_inputs_add_list(GArray *inputs, const char *path, char **why);

/** tool_inputs_new: (element-type TbInputSpec), which own their strings */
GArray *tool_inputs_new(void);

G_END_DECLS
