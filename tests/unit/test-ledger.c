/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The ledger: what was read is all that was taken or dropped, kind by kind. */
#include "stages/ledger.h"

static void test_adds_up(void)
{
  TbLedger ledger = { 0 };
  g_assert_true(tb_ledger_is_balanced(&ledger));
  for (guint kind = 0; kind < TB_LEDGER_KINDS; kind++)
    for (guint reason = TB_LEDGER_READ + 1; reason < TB_LEDGER_REASONS; reason++) {
      tb_ledger_add(&ledger, TB_LEDGER_READ, (TbRecordKind)kind);
      g_assert_false(tb_ledger_is_balanced(&ledger));
      tb_ledger_add(&ledger, (TbLedgerReason)reason, (TbRecordKind)kind);
      g_assert_true(tb_ledger_is_balanced(&ledger));
    }
  g_assert_cmpuint(tb_ledger_get(&ledger, TB_LEDGER_READ, TB_RECORD_LOST), ==,
                   TB_LEDGER_REASONS - 1);
}

/* One kind too many is not made up for by another one too few. */
static void test_kinds_are_apart(void)
{
  TbLedger ledger = { 0 };
  tb_ledger_add(&ledger, TB_LEDGER_READ, TB_RECORD_EVENT);
  tb_ledger_add(&ledger, TB_LEDGER_TAKEN, TB_RECORD_PACKET);
  g_assert_false(tb_ledger_is_balanced(&ledger));
}

static void test_every_reason_has_a_word(void)
{
  for (guint a = 0; a < TB_LEDGER_REASONS; a++) {
    const char *word = tb_ledger_reason_to_word((TbLedgerReason)a);
    g_assert_true(word && *word);
    for (guint b = 0; b < a; b++)
      g_assert_cmpstr(word, !=, tb_ledger_reason_to_word((TbLedgerReason)b));
  }
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/stages/ledger/adds-up", test_adds_up);
  g_test_add_func("/stages/ledger/kinds-are-apart", test_kinds_are_apart);
  g_test_add_func("/stages/ledger/every-reason-has-a-word", test_every_reason_has_a_word);
  return g_test_run();
}
