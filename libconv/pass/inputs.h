/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The inputs of a run, opened: files, and the files of folders. */
#pragma once

#include "pass/options.h"

#include <glib.h>

G_BEGIN_DECLS

/**
 * TbInputs:
 * @folders: (element-type TbFolder): inputs that are folders
 * @readers: (element-type TbReader): one for each file, in the order of the inputs
 * @specs: (element-type TbInputSpec): what the user said of each reader's file
 * @n_types: ids of event types given out
 * @total_bytes: of all files
 */
typedef struct {
  GPtrArray *folders;
  GPtrArray *readers;
  GArray *specs;
  guint32 n_types;
  guint64 total_bytes;
} TbInputs;

/**
 * tb_inputs_open: opens @specs (@n of them). A file whose content is no good is damage among others
 * and an error alone.
 * @damage: where that is told
 *
 * Returns: (transfer full) (nullable): NULL with TB_ERROR_IO, TB_ERROR_NOT_RECOGNIZED, or what
 *   the reader that knows a file sets
 */
TbInputs *tb_inputs_open(const TbRunOptions *options, const TbLimits *limits, TbDamageLog *damage,
                         const TbInputSpec *specs, guint n, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
void tb_inputs_free(TbInputs *inputs);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TbInputs, tb_inputs_free)

/** tb_inputs_hold: whether @reader has sources of @class so far; @maybe: the answer without any */
gboolean tb_inputs_hold(const TbReader *reader, TbSourceClass class, gboolean maybe);

static inline TbReader *tb_inputs_get_reader(const TbInputs *inputs, guint i)
{
  return g_ptr_array_index(inputs->readers, i);
}

static inline const TbInputSpec *tb_inputs_get_spec(const TbInputs *inputs, guint i)
{
  return &g_array_index(inputs->specs, TbInputSpec, i);
}

G_END_DECLS
