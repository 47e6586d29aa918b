/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What operations of a Process Monitor log mean, as facts. The lives of
 * processes come whole from the log's process table; left to the events are
 * exit statuses, what a row says in a sentence, and who used which connection.
 */
#include "procmon/pml.h"

#include "model/decoder.h"

static const struct {
  const char *operation;
  TbStepWhat step;
  const char *text;
  const char *other;
} facts_steps[] = {
  { "Process Create", TB_STEP_STARTS, "Path", "Child PID" },
  { "Process Start", TB_STEP_EXECUTES, "Image Path", NULL },
  { "Process Exit", TB_STEP_EXITS, NULL, "Exit Status" },
  { "Thread Create", TB_STEP_STARTS_THREAD, NULL, "Thread ID" },
  { "Thread Exit", TB_STEP_THREAD_ENDS, NULL, NULL },
};

/* Other operations (Retransmit, TCPCopy, Reconnect, ...) tell who, but move no further bytes. */
static const struct {
  const char *name;
  TbConnectionWhat what;
} facts_connections[] = {
  { "TCP Connect", TB_CONNECTION_OPENED },     { "TCP Accept", TB_CONNECTION_OPENED },
  { "TCP Send", TB_CONNECTION_MOVED },         { "TCP Receive", TB_CONNECTION_MOVED },
  { "UDP Send", TB_CONNECTION_MOVED },         { "UDP Receive", TB_CONNECTION_MOVED },
  { "TCP Disconnect", TB_CONNECTION_CLOSED },  { "TCP Reconnect", TB_CONNECTION_TOUCHED },
  { "TCP Retransmit", TB_CONNECTION_TOUCHED }, { "TCP TCPCopy", TB_CONNECTION_TOUCHED },
};

/* @len, @start, @end: of an operation on a connection, with @len; else @step and what it needs */
typedef struct {
  TbConnectionWhat what;
  const TbField *len;
  const TbField *start;
  const TbField *end;
  TbStepWhat step;
  const TbField *pid;
  const TbField *comm;
  const TbField *text;
  const TbField *other;
} FactsPlan;

static const TbField *facts_field(const TbEventType *type, const char *name)
{
  return name ? tb_event_type_find_field(type, name) : NULL;
}

static guint64 facts_bind_connection(const TbEventType *type, gpointer *out)
{
  for (guint i = 0; i < G_N_ELEMENTS(facts_connections); i++) {
    if (!g_str_equal(type->name, facts_connections[i].name))
      continue;
    FactsPlan *plan = g_new0(FactsPlan, 1);
    plan->what = facts_connections[i].what;
    plan->len = facts_field(type, "Length");
    plan->start = facts_field(type, "Process Start Time");
    plan->end = facts_field(type, "Process End Time");
    *out = plan;
    return TB_FACT_BIT(TB_FACT_CONNECTION);
  }
  return 0;
}

static guint64 facts_bind(const TbEventType *type, gpointer *out)
{
  for (guint i = 0; i < G_N_ELEMENTS(facts_steps); i++) {
    if (!g_str_equal(type->name, facts_steps[i].operation))
      continue;
    FactsPlan *plan = g_new0(FactsPlan, 1);
    plan->step = facts_steps[i].step;
    plan->pid = facts_field(type, "PID");
    plan->comm = facts_field(type, "Process Name");
    plan->text = facts_field(type, facts_steps[i].text);
    plan->other = facts_field(type, facts_steps[i].other);
    *out = plan;
    return TB_FACT_BIT(TB_FACT_LIFE_STEP) |
           (plan->step == TB_STEP_EXITS ? TB_FACT_BIT(TB_FACT_EXIT_STATUS) : 0);
  }
  return facts_bind_connection(type, out);
}

static TbName facts_text(const TbField *field, const TbRecord *record)
{
  const guint8 *bytes;
  gsize len;
  if (!field || !tb_field_get_bytes(field, record, &bytes, &len))
    return (TbName){ NULL, 0 };
  return (TbName){ (const char *)bytes, len };
}

/* The last part of a path. */
static TbName facts_base_name(TbName path)
{
  for (gsize i = path.len; i > 0; i--)
    if (path.bytes[i - 1] == '\\')
      return (TbName){ path.bytes + i, path.len - i };
  return path;
}

static void facts_decode_connection(const FactsPlan *plan, const TbRecord *record,
                                    TbFactSink *sink)
{
  const TbEventType *type = record->type;
  TbContext actor = { 0 };
  gint64 bytes = 0;
  TbFact fact;
  TbConnection *connection = &fact.connection;
  fact.kind = TB_FACT_CONNECTION;
  *connection = (TbConnection){ .what = plan->what };
  if (!type->ops->get_addresses(type, record, &connection->ends) ||
      !connection->ends.local_port || !connection->ends.remote_port)
    return;
  if (type->ops->get_actor(type, record, &actor) && actor.pid > 0) {
    connection->pid = actor.pid;
    connection->has_start = tb_field_get_int(plan->start, record, &connection->start.ns);
    connection->has_end = tb_field_get_int(plan->end, record, &connection->end.ns);
  }
  if (!(record->flags & TB_RECORD_FAILED))
    tb_field_get_int(plan->len, record, &bytes);
  connection->bytes = (guint32)bytes;
  tb_fact_tell(sink, &fact);
}

static void facts_decode(gconstpointer data, gpointer state, const TbRecord *record,
                         TbFactSink *sink)
{
  const FactsPlan *plan = data;
  gint64 pid = -1, other = 0;
  if (plan->len) {
    facts_decode_connection(plan, record, sink);
    return;
  }
  gboolean has_pid = tb_field_get_int(plan->pid, record, &pid);
  gboolean has_other = plan->other && tb_field_get_int(plan->other, record, &other);
  if (plan->step == TB_STEP_EXITS && has_pid && has_other)
    tb_fact_tell(sink, &(TbFact){ .kind = TB_FACT_EXIT_STATUS,
                                  .exit_status = { (gint32)pid, (gint32)other } });
  if (!(sink->wants & TB_FACT_BIT(TB_FACT_LIFE_STEP)))
    return;
  TbFact fact = { .kind = TB_FACT_LIFE_STEP };
  fact.step = (TbLifeStep){ .what = plan->step,
                            .pid = has_pid ? pid : -1,
                            .comm = facts_text(plan->comm, record),
                            .has_other = has_other,
                            .other = other,
                            .text = facts_text(plan->text, record) };
  if (plan->step == TB_STEP_STARTS)
    fact.step.text = facts_base_name(fact.step.text);
  if (plan->step == TB_STEP_THREAD_ENDS) {
    fact.step.has_other = TRUE;
    fact.step.other = record->tid;
  }
  tb_fact_tell(sink, &fact);
}

const TbDecoder pml_decoder = {
  .name = "procmon",
  .bind = facts_bind,
  .free_plan = g_free,
  .decode = facts_decode,
};
