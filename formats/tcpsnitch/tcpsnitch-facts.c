/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What recorded socket calls mean, as facts: that a thread lives, which program
 * it runs as far as the recorder knows, and what was done with the one socket
 * that the call's source is about.
 */
#include "tcpsnitch/tcpsnitch-private.h"

#include "model/decoder.h"

#include <string.h>

typedef struct {
  const TbField *program;
} FactsPlan;

static guint64 facts_bind(const TbEventType *type, gpointer *out)
{
  FactsPlan *plan = g_new0(FactsPlan, 1);
  plan->program = tb_event_type_find_field(type, "program");
  *out = plan;
  return TB_FACT_BIT(TB_FACT_PROGRAM) | TB_FACT_BIT(TB_FACT_SOCKET_LOGGED);
}

/* Sources of one process share the name up to the last slash. */
static TbName facts_process(const TbSource *source)
{
  const char *slash = strrchr(source->name, '/');
  return (TbName){ source->name, slash ? (gsize)(slash - source->name) : 0 };
}

/* An address is all zero where it is not known or is that of any end. */
static void facts_set_end(const SnitchAddress *end, guint8 *address, guint16 *port)
{
  static const guint8 nothing[16];
  if (!end->family)
    return;
  *port = end->port;
  if (memcmp(end->bytes, nothing, end->family == 6 ? 16 : 4) != 0)
    tb_tuple_set_address(address, end->bytes, end->family);
}

static void facts_decode_call(const TbRecord *record, TbFactSink *sink)
{
  SnitchRecord call;
  TbFact fact;
  if (record->len < sizeof call)
    return;
  memcpy(&call, record->data, sizeof call);
  fact.kind = TB_FACT_SOCKET_LOGGED;
  fact.socket_logged = (TbSocketLogged){
    .step = call.step,
    .process = facts_process(record->source),
    .ends.protocol = call.protocol,
    .sent = call.sent,
    .received = call.received,
    .result = call.flags & SNITCH_HAS_RESULT ? call.result : 0,
  };
  TbTuple *ends = &fact.socket_logged.ends;
  facts_set_end(&call.local, ends->local, &ends->local_port);
  facts_set_end(&call.remote, ends->remote, &ends->remote_port);
  tb_fact_tell(sink, &fact);
}

static void facts_decode_program(const FactsPlan *plan, const TbRecord *record, TbFactSink *sink)
{
  const guint8 *bytes;
  gsize len;
  if (record->tid <= 0 || !tb_field_get_bytes(plan->program, record, &bytes, &len))
    return;
  tb_fact_tell(sink, &(TbFact){ .kind = TB_FACT_PROGRAM,
                                .name = { record->tid, { (const char *)bytes, len } } });
}

static void facts_decode(gconstpointer plan, gpointer state, const TbRecord *record,
                         TbFactSink *sink)
{
  if (sink->wants & TB_FACT_BIT(TB_FACT_PROGRAM))
    facts_decode_program(plan, record, sink);
  if (sink->wants & TB_FACT_BIT(TB_FACT_SOCKET_LOGGED))
    facts_decode_call(record, sink);
}

const TbDecoder snitch_decoder = {
  .name = "tcpsnitch",
  .bind = facts_bind,
  .free_plan = g_free,
  .decode = facts_decode,
};
