/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What rows of a converted file mean, as facts: by the text of life-cycle
 * events as the kernel prints it, the kind and the sentence that were made when
 * the file was written, and who acted.
 */
#include "pcapng/pcapng-facts.h"

#include "base/escape.h"
#include "model/item.h"
#include "model/signal.h"

#include <string.h>

typedef enum { ROWS_OTHER, ROWS_NEWTASK, ROWS_FORK, ROWS_EXEC, ROWS_EXIT, ROWS_RENAME } RowsKind;

enum { ROWS_CLONE_PARENT = 0x8000, ROWS_CLONE_THREAD = 0x10000 };

typedef struct {
  RowsKind kind;
  const TbField *row_kind; /* TRACE_KIND */
  const TbField *message;
} RowsPlan;

typedef struct {
  TbBuf text;
  TbBuf message;
} RowsState;

static guint64 rows_bind(const TbEventType *type, gpointer *out)
{
  static const struct {
    const char *system;
    const char *name;
    guint64 facts;
  } rows[] = {
    [ROWS_OTHER] = { NULL, NULL, TB_FACT_BIT(TB_FACT_NAMED) },
    [ROWS_NEWTASK] = { "task", "task_newtask", TB_FACT_BIT(TB_FACT_BORN) },
    [ROWS_FORK] = { "sched", "sched_process_fork", TB_FACT_BIT(TB_FACT_BORN) },
    [ROWS_EXEC] = { "sched", "sched_process_exec", TB_FACT_BIT(TB_FACT_EXECUTED) },
    [ROWS_EXIT] = { "sched", "sched_process_exit",
                    TB_FACT_BIT(TB_FACT_ENDED) | TB_FACT_BIT(TB_FACT_LEAVES) |
                        TB_FACT_BIT(TB_FACT_SIGNALLED) },
    [ROWS_RENAME] = { "task", "task_rename", TB_FACT_BIT(TB_FACT_RENAMED) },
  };
  RowsPlan *plan = g_new0(RowsPlan, 1);
  for (guint i = ROWS_NEWTASK; i < G_N_ELEMENTS(rows); i++)
    if (tb_event_type_is(type, rows[i].system, rows[i].name))
      plan->kind = (RowsKind)i;
  plan->row_kind = tb_event_type_find_field(type, "TRACE_KIND");
  plan->message = tb_event_type_find_field(type, "MESSAGE");
  *out = plan;
  return rows[plan->kind].facts;
}

static gpointer rows_new_state(const TbMachine *machine)
{
  return g_new0(RowsState, 1);
}

static void rows_free_state(gpointer data)
{
  RowsState *state = data;
  if (!state)
    return;
  tb_buf_clear(&state->text);
  tb_buf_clear(&state->message);
  g_free(state);
}

/* What stands behind @key; up to the last @stop, since a name may hold anything (NULL = the end). */
static TbName rows_between(const char *text, const char *key, const char *stop)
{
  const char *at = g_str_has_prefix(text, key) ? text : NULL;
  g_autofree char *inner = at ? NULL : g_strconcat(" ", key, NULL);
  if (inner) {
    at = strstr(text, inner);
    at = at ? at + 1 : NULL;
  }
  if (!at)
    return (TbName){ NULL, 0 };
  at += strlen(key);
  const char *end = stop ? g_strrstr(at, stop) : at + strlen(at);
  return end ? (TbName){ at, (gsize)(end - at) } : (TbName){ NULL, 0 };
}

/* Bytes that were written \xHH are bytes again; the text is the state's own copy. */
static TbName rows_name(const char *text, const char *key, const char *stop)
{
  TbName name = rows_between(text, key, stop);
  if (name.bytes)
    name.len = tb_escape_undo((char *)(gpointer)name.bytes, name.len);
  return name;
}

static gint32 rows_number(const char *text, const char *key)
{
  TbName at = rows_between(text, key, NULL);
  gint64 value = at.bytes ? g_ascii_strtoll(at.bytes, NULL, 10) : 0;
  return value > 0 && value <= G_MAXINT32 ? (gint32)value : 0;
}

/* The last number of that key: behind a name, where the first may stand in the name. */
static gint32 rows_last_number(const char *text, const char *key)
{
  const char *at = g_strrstr(text, key);
  return at ? rows_number(at, key) : 0;
}

static gboolean rows_is_kind(const RowsPlan *plan, const TbRecord *record, const char *kind)
{
  const guint8 *bytes;
  gsize len;
  return plan->row_kind && tb_field_get_bytes(plan->row_kind, record, &bytes, &len) &&
         len == strlen(kind) && memcmp(bytes, kind, len) == 0;
}

static void rows_born(const RowsPlan *plan, const TbRecord *record, const char *text, gint32 actor,
                      TbFactSink *sink)
{
  TbFact fact = { .kind = TB_FACT_BORN };
  TbBorn *born = &fact.born;
  born->maker = actor;
  born->is_thread = born->shares_descriptors = TB_ANSWER_UNKNOWN;
  if (plan->kind == ROWS_NEWTASK) {
    const char *at = g_strrstr(text, " clone_flags=");
    guint64 flags = at ? g_ascii_strtoull(at + 13, NULL, 16) : 0;
    born->announces = TRUE;
    born->child = rows_number(text, "pid=");
    born->is_thread = (flags & ROWS_CLONE_THREAD) ? TB_ANSWER_YES : TB_ANSWER_NO;
    born->is_sibling = (flags & ROWS_CLONE_PARENT) != 0;
    born->comm = rows_name(text, "comm=", " clone_flags=");
  } else {
    born->child = rows_last_number(text, "child_pid=");
    if (rows_is_kind(plan, record, "thread-start"))
      born->is_thread = TB_ANSWER_YES;
    else if (rows_is_kind(plan, record, "process-fork"))
      born->is_thread = TB_ANSWER_NO;
    born->comm = rows_name(text, "child_comm=", " child_pid=");
  }
  tb_fact_tell(sink, &fact);
}

static guint8 rows_signal(const char *text)
{
  if (g_str_has_prefix(text, "signal "))
    return (guint8)MIN(g_ascii_strtoull(text + 7, NULL, 10), TB_SIGNAL_MAX);
  return tb_signal_from_name(text, strcspn(text, " "));
}

/* The sentence of an end: "] exits with code 3 ..." or "] killed by SIGKILL ...". */
static void rows_explain_end(const char *sentence, gint32 tid, TbFactSink *sink)
{
  static const char exits[] = "] exits with code ", killed_by[] = "] killed by ";
  const char *code = g_strrstr(sentence, exits);
  const char *killed = g_strrstr(sentence, killed_by);
  guint8 signal = killed ? rows_signal(killed + strlen(killed_by)) : 0;
  if (code)
    tb_fact_tell(sink, &(TbFact){ .kind = TB_FACT_LEAVES,
                                  .leaves = { tid, (guint8)g_ascii_strtoull(code + strlen(exits),
                                                                            NULL, 10), TRUE } });
  else if (signal)
    tb_fact_tell(sink, &(TbFact){ .kind = TB_FACT_SIGNALLED,
                                  .signalled = { tid, signal, TRUE, TRUE } });
}

static void rows_ended(const RowsPlan *plan, RowsState *state, const TbRecord *record, char *text,
                       TbFactSink *sink)
{
  const guint8 *bytes;
  gsize len;
  TbFact fact = { .kind = TB_FACT_ENDED };
  gboolean last = rows_is_kind(plan, record, "process-exit");
  fact.ended.tid = rows_last_number(text, " pid=");
  fact.ended.last = last ? TB_ANSWER_YES
                    : rows_is_kind(plan, record, "thread-exit") ? TB_ANSWER_NO
                                                                : TB_ANSWER_UNKNOWN;
  if (last && plan->message && tb_field_get_bytes(plan->message, record, &bytes, &len)) {
    tb_buf_reset(&state->message);
    tb_buf_append(&state->message, bytes, len);
    tb_buf_append_c(&state->message, 0);
    rows_explain_end((const char *)state->message.data, fact.ended.tid, sink);
  }
  fact.ended.comm = rows_name(text, "comm=", " pid=");
  tb_fact_tell(sink, &fact);
}

static void rows_renamed(const char *text, TbFactSink *sink)
{
  TbFact fact = { .kind = TB_FACT_RENAMED };
  fact.renamed.tid = rows_number(text, "pid=");
  fact.renamed.new_name = rows_name(text, "newcomm=", " oom_score_adj=");
  fact.renamed.old_name = rows_name(text, "oldcomm=", " newcomm=");
  tb_fact_tell(sink, &fact);
}

static void rows_executed(const char *text, TbFactSink *sink)
{
  TbFact fact = { .kind = TB_FACT_EXECUTED };
  fact.executed.old_tid = rows_last_number(text, " old_pid=");
  fact.executed.tid = rows_last_number(text, " pid=");
  fact.executed.path = rows_name(text, "filename=", " pid=");
  tb_fact_tell(sink, &fact);
}

static void rows_decode(gconstpointer data, gpointer state_data, const TbRecord *record,
                        TbFactSink *sink)
{
  const RowsPlan *plan = data;
  RowsState *state = state_data;
  TbContext actor = { 0 };
  gboolean acted = record->type->ops->get_actor(record->type, record, &actor);
  if (!state)
    return; /* Rows have their sentences. */
  if (plan->kind == ROWS_OTHER) {
    if (acted && actor.tid == actor.pid && actor.comm)
      tb_fact_tell(sink, &(TbFact){ .kind = TB_FACT_NAMED,
                                    .name = { actor.tid, { actor.comm, strlen(actor.comm) } } });
    return;
  }
  tb_buf_reset(&state->text);
  tb_record_append_text(record, &state->text);
  tb_buf_append_c(&state->text, 0);
  char *text = (char *)state->text.data;
  switch (plan->kind) {
  case ROWS_NEWTASK:
  case ROWS_FORK: rows_born(plan, record, text, acted ? actor.tid : 0, sink); break;
  case ROWS_EXEC: rows_executed(text, sink); break;
  case ROWS_EXIT: rows_ended(plan, state, record, text, sink); break;
  case ROWS_RENAME: rows_renamed(text, sink); break;
  case ROWS_OTHER:
  default: break;
  }
}

const TbDecoder tb_pcapng_row_decoder = {
  .name = "pcapng",
  .frozen = TRUE,
  .bind = rows_bind,
  .free_plan = g_free,
  .new_state = rows_new_state,
  .free_state = rows_free_state,
  .decode = rows_decode,
};
