/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which machine each source belongs to, and the ranks of machines and sources
 * in the total order. Identity never comes from numbering: ranks follow name,
 * identity and key, so they do not depend on the order of the inputs.
 */
#pragma once

#include "format/reader.h"

#include <glib.h>

G_BEGIN_DECLS

/**
 * tb_machines_resolve: makes one machine of those that are the same in several
 * readers, and gives a machine to every source that has none.
 * @readers: (element-type TbReader)
 * @names: machine name wished for each reader, NULL entries = none
 * @machines: (inout) (transfer full): (element-type TbMachine), by rank, labels set. What it
 *   holds already stays the one object for its machine; NULL at first
 * @leave_open: sources that fit several machines keep none for now
 *
 * Returns: FALSE with TB_ERROR_AMBIGUOUS where an input fits several machines
 */
gboolean tb_machines_resolve(const GPtrArray *readers, const char *const *names,
                             gboolean leave_open, GPtrArray **machines, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

/**
 * tb_sources_rank: gives every source of @readers its rank; the same source
 * found in two inputs has one rank.
 * Returns: (transfer full) (element-type TbSource): one for each rank
 */
GPtrArray *tb_sources_rank(const GPtrArray *readers);

G_END_DECLS
