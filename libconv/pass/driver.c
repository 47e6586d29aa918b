/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The loop; see driver.h. */
#include "pass/driver.h"

void tb_pass_add(TbPass *pass, TbStage *stage)
{
  g_assert(pass->n_stages < TB_PASS_STAGES);
  pass->stages[pass->n_stages++] = stage;
}

static inline gboolean pass_item(const TbPass *pass, TbItem *item, GError **error)
{
  TbRecordKind kind = item->record->kind;
  if (G_UNLIKELY(kind == TB_RECORD_HEARTBEAT))
    return TRUE;
  tb_ledger_add(pass->ledger, TB_LEDGER_READ, kind);
  for (guint i = 0; i < pass->n_stages; i++) {
    TbStage *stage = pass->stages[i];
    TbVerdict verdict = stage->ops->apply(stage, item, error);
    if (G_LIKELY(verdict == TB_STAGE_KEEPS))
      continue;
    if (verdict == TB_STAGE_DROPS)
      tb_ledger_add(pass->ledger, stage->reason, kind);
    return verdict == TB_STAGE_DROPS;
  }
  tb_ledger_add(pass->ledger, TB_LEDGER_TAKEN, kind);
  return tb_sink_take(pass->sink, item, error);
}

gboolean tb_pass_run(TbPass *pass, GError **error)
{
  guint64 n = 0;
  TbItem *item = NULL;
  TbReadResult result;
  while ((result = pass->next(pass->from, &item, &pass->stream, error)) != TB_READ_END) {
    if (result == TB_READ_ERROR ||
        (G_LIKELY(result == TB_READ_RECORD) && !pass_item(pass, item, error)))
      return FALSE;
    if (G_UNLIKELY(++n % TB_PASS_TICK == 0) && !pass->tick(pass->tick_data, pass->phase, error))
      return FALSE;
  }
  return TRUE;
}
