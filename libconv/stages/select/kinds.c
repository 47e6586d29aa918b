/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Choice of kinds; see kinds.h. */
#include "stages/select/kinds.h"

typedef struct {
  TbStage stage;
  const GPtrArray *readers;
  gboolean wants[TB_SOURCE_PACKETS + 1]; /* by class of the source */
  const TbSource *last;                  /* source of the carried block that was asked for last */
  gboolean last_kept;
} Kinds;

/* Whether anything of the input that @source is part of goes on. */
static gboolean kinds_keep_input(const Kinds *kinds, const TbSource *source)
{
  for (guint i = 0; i < kinds->readers->len; i++) {
    const TbReader *reader = g_ptr_array_index(kinds->readers, i);
    if (!g_ptr_array_find(reader->sources, source, NULL))
      continue;
    for (guint s = 0; s < reader->sources->len; s++)
      if (kinds->wants[((const TbSource *)g_ptr_array_index(reader->sources, s))->class])
        return TRUE;
    return FALSE;
  }
  return kinds->wants[source->class];
}

static TbVerdict kinds_apply(TbStage *stage, TbItem *item, GError **error)
{
  Kinds *kinds = (Kinds *)stage;
  const TbRecord *record = item->record;
  gboolean keeps;
  if (record->kind == TB_RECORD_CARRIED) {
    if (record->source != kinds->last) {
      kinds->last = record->source;
      kinds->last_kept = kinds_keep_input(kinds, record->source);
    }
    keeps = kinds->last_kept;
  } else {
    keeps = kinds->wants[record->kind == TB_RECORD_PACKET ? TB_SOURCE_PACKETS : TB_SOURCE_EVENTS];
  }
  return keeps ? TB_STAGE_KEEPS : TB_STAGE_DROPS;
}

static void kinds_free(TbStage *stage)
{
  g_free(stage);
}

static const TbStageOps kinds_ops = { .apply = kinds_apply, .free = kinds_free };

TbStage *tb_select_kinds_new(const GPtrArray *readers, gboolean events, gboolean packets,
                             TbLedgerReason reason)
{
  if (events && packets)
    return NULL;
  Kinds *kinds = g_new0(Kinds, 1);
  kinds->stage = (TbStage){ &kinds_ops, reason };
  kinds->readers = readers;
  kinds->wants[TB_SOURCE_EVENTS] = events;
  kinds->wants[TB_SOURCE_PACKETS] = packets;
  return &kinds->stage;
}
