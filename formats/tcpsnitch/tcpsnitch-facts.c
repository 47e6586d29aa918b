/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What recorded socket calls mean, as facts: that a thread lives, and which
 * program it runs as far as the recorder knows.
 */
#include "tcpsnitch/tcpsnitch-private.h"

#include "model/decoder.h"
#include "model/socket-call.h"

typedef struct {
  const TbField *program;
} FactsPlan;

static guint64 facts_bind(const TbEventType *type, gpointer *out)
{
  FactsPlan *plan = g_new0(FactsPlan, 1);
  plan->program = tb_event_type_find_field(type, TB_SOCKET_CALL_PROGRAM);
  *out = plan;
  return TB_FACT_BIT(TB_FACT_PROGRAM);
}

static void facts_decode(gconstpointer data, gpointer state, const TbRecord *record,
                         TbFactSink *sink)
{
  const FactsPlan *plan = data;
  const guint8 *bytes;
  gsize len;
  if (record->tid <= 0 || !tb_field_get_bytes(plan->program, record, &bytes, &len))
    return;
  tb_fact_tell(sink, &(TbFact){ .kind = TB_FACT_PROGRAM,
                                .name = { record->tid, { (const char *)bytes, len } } });
}

const TbDecoder snitch_decoder = {
  .name = "tcpsnitch",
  .bind = facts_bind,
  .free_plan = g_free,
  .decode = facts_decode,
};
