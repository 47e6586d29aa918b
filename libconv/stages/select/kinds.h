/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The choice of kinds: events, packets or both. Carried blocks belong to their
 * input: they go on as long as anything of it does.
 */
#pragma once

#include "format/reader.h"
#include "stages/stage.h"

#include <glib.h>

G_BEGIN_DECLS

/**
 * tb_select_kinds_new: a stage that drops events (with the rows of lost ones), packets or both; it
 *   can stand anywhere
 * @readers: (element-type TbReader): borrowed
 * @reason: what the ledger says of what is dropped
 *
 * Returns: (transfer full) (nullable): NULL where both are wanted
 */
TbStage *tb_select_kinds_new(const GPtrArray *readers, gboolean events, gboolean packets,
                             TbLedgerReason reason);

G_END_DECLS
