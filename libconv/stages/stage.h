/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A stage between the order of a pass and its sink: it annotates items, or says
 * which of them go on. It writes annotations of its own and reads the others'.
 */
#pragma once

#include "model/item.h"
#include "stages/ledger.h"

#include <glib.h>

G_BEGIN_DECLS

typedef enum { TB_STAGE_FAILS, TB_STAGE_DROPS, TB_STAGE_KEEPS } TbVerdict;

typedef struct _TbStage TbStage;

/**
 * TbStageOps:
 * @apply: what becomes of @item; %TB_STAGE_FAILS with @error set
 * @free: releases the stage
 */
typedef struct {
  TbVerdict (*apply)(TbStage *stage, TbItem *item, GError **error);
  void (*free)(TbStage *stage);
} TbStageOps;

/**
 * TbStage: first member of each stage's own struct
 * @reason: what the ledger says of the items that it drops
 */
struct _TbStage {
  const TbStageOps *ops;
  TbLedgerReason reason;
};

static inline void tb_stage_free(TbStage *stage)
{
  if (stage)
    stage->ops->free(stage);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TbStage, tb_stage_free)

G_END_DECLS
