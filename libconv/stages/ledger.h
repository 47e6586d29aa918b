/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The ledger of a pass: how many records came in, how many reached the
 * sink, and for the rest why not. What came in is the sum of all the others.
 */
#pragma once

#include "model/item.h"

#include <glib.h>

G_BEGIN_DECLS

typedef enum {
  TB_LEDGER_READ,       /* came from the inputs */
  TB_LEDGER_TAKEN,      /* reached the sink */
  TB_LEDGER_REPEATED,   /* another input holds the same record */
  TB_LEDGER_NO_PLACE,   /* the output's format has no place for this kind */
  TB_LEDGER_NOT_WANTED, /* this kind was not asked for */
  TB_LEDGER_OTHERS,     /* of processes that were not asked for */
  TB_LEDGER_AGAIN,      /* what it belongs to is written again from the beginning */
  TB_LEDGER_REASONS,
} TbLedgerReason;

enum { TB_LEDGER_KINDS = TB_RECORD_HEARTBEAT }; /* heartbeats are for the order alone */

/** TbLedger: records by reason and kind */
typedef struct {
  guint64 counts[TB_LEDGER_REASONS][TB_LEDGER_KINDS];
} TbLedger;

static inline void tb_ledger_add(TbLedger *ledger, TbLedgerReason reason, TbRecordKind kind)
{
  ledger->counts[reason][kind]++;
}

static inline guint64 tb_ledger_get(const TbLedger *ledger, TbLedgerReason reason,
                                    TbRecordKind kind)
{
  return ledger->counts[reason][kind];
}

/** tb_ledger_is_balanced: whether what was read is all that was taken or dropped, kind by kind */
gboolean tb_ledger_is_balanced(const TbLedger *ledger);

/** tb_ledger_reason_to_word: "taken", "of other processes", ...: for reports */
const char *tb_ledger_reason_to_word(TbLedgerReason reason);

G_END_DECLS
