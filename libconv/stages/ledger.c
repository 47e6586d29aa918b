/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sums of a ledger; see ledger.h. */
#include "stages/ledger.h"

gboolean tb_ledger_is_balanced(const TbLedger *ledger)
{
  for (guint kind = 0; kind < TB_LEDGER_KINDS; kind++) {
    guint64 sum = 0;
    for (guint reason = TB_LEDGER_READ + 1; reason < TB_LEDGER_REASONS; reason++)
      sum += ledger->counts[reason][kind];
    if (sum != ledger->counts[TB_LEDGER_READ][kind])
      return FALSE;
  }
  return TRUE;
}

const char *tb_ledger_reason_to_word(TbLedgerReason reason)
{
  static const char *const words[TB_LEDGER_REASONS] = {
    [TB_LEDGER_READ] = "read",           [TB_LEDGER_TAKEN] = "taken",
    [TB_LEDGER_REPEATED] = "in another input, too", [TB_LEDGER_NO_PLACE] = "no place in the format",
    [TB_LEDGER_NOT_WANTED] = "not asked for", [TB_LEDGER_OTHERS] = "of other processes",
    [TB_LEDGER_AGAIN] = "written again",
  };
  return words[reason];
}
