/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What rows of a converted file mean, as facts: by their keys (docs/format-pcapng.md), and by who
 * acted. Rows of earlier versions have fewer keys and tell less.
 */
#include "pcapng/pcapng-facts.h"

#include "base/escape.h"
#include "model/item.h"
#include "model/signal.h"
#include "pcapng/pcapng-row.h"

#include <string.h>

typedef enum { ROWS_OTHER, ROWS_FORK, ROWS_THREAD, ROWS_EXEC, ROWS_EXIT, ROWS_THREAD_EXIT,
               ROWS_RENAME } RowsKind;

/* @names: of the present row, bytes again */
typedef struct {
  TbBuf names;
} RowsState;

/* A row under way. */
typedef struct {
  RowsState *state;
  TbPcapngRow row;
  TbContext actor;
  TbFactSink *sink;
} RowsRow;

/* Which facts a row tells is seen by its keys only. */
static guint64 rows_bind(const TbEventType *type, gpointer *out)
{
  return TB_FACT_BIT(TB_FACT_NAMED) | TB_FACT_BIT(TB_FACT_BORN) | TB_FACT_BIT(TB_FACT_EXECUTED) |
         TB_FACT_BIT(TB_FACT_ENDED) | TB_FACT_BIT(TB_FACT_LEAVES) |
         TB_FACT_BIT(TB_FACT_SIGNALLED) | TB_FACT_BIT(TB_FACT_FATE) | TB_FACT_BIT(TB_FACT_RENAMED);
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
  tb_buf_clear(&state->names);
  g_free(state);
}

static RowsKind rows_kind(const TbPcapngRow *row)
{
  static const char *const kinds[] = {
    [ROWS_FORK] = "process-fork",     [ROWS_THREAD] = "thread-start",
    [ROWS_EXEC] = "process-exec",     [ROWS_EXIT] = "process-exit",
    [ROWS_THREAD_EXIT] = "thread-exit", [ROWS_RENAME] = "process-rename",
  };
  const guint8 *value;
  gsize len;
  if (!tb_pcapng_row_find(row, "TRACE_KIND", &value, &len))
    return ROWS_OTHER;
  for (guint i = ROWS_FORK; i < G_N_ELEMENTS(kinds); i++)
    if (len == strlen(kinds[i]) && memcmp(value, kinds[i], len) == 0)
      return (RowsKind)i;
  return ROWS_OTHER;
}

static gint32 rows_number(const TbPcapngRow *row, const char *key, gint32 missing)
{
  const guint8 *value;
  gsize len;
  gint64 number = 0;
  if (!tb_pcapng_row_find(row, key, &value, &len) || len == 0 || len > 10)
    return missing;
  for (gsize i = 0; i < len; i++) {
    if (!g_ascii_isdigit(value[i]))
      return missing;
    number = number * 10 + value[i] - '0';
  }
  return number <= G_MAXINT32 ? (gint32)number : missing;
}

/* Room for all is reserved, so that names stay where they are. */
static TbName rows_bytes(RowsState *state, const void *value, gsize len)
{
  char *name = (char *)state->names.data + state->names.len;
  tb_buf_append(&state->names, value, len);
  return (TbName){ name, tb_escape_undo(name, len) };
}

/* The bytes of @key's value, else those of @otherwise, which stands for it where both are equal. */
static TbName rows_name(const RowsRow *rows, const char *key, const char *otherwise)
{
  const guint8 *value;
  gsize len;
  if (tb_pcapng_row_find(&rows->row, key, &value, &len) ||
      (otherwise && tb_pcapng_row_find(&rows->row, otherwise, &value, &len)))
    return rows_bytes(rows->state, value, len);
  return (TbName){ NULL, 0 };
}

static void rows_born(const RowsRow *rows, RowsKind kind, gint32 child)
{
  TbFact fact = { .kind = TB_FACT_BORN };
  TbBorn *born = &fact.born;
  gboolean thread = kind == ROWS_THREAD || rows_number(&rows->row, "TRACE_THREAD", 0) == 1;
  born->child = child;
  born->maker = rows_number(&rows->row, "TRACE_PARENT", rows->actor.tid);
  born->is_thread = thread ? TB_ANSWER_YES : TB_ANSWER_NO;
  born->shares_descriptors = TB_ANSWER_UNKNOWN;
  born->is_sibling = rows_number(&rows->row, "TRACE_SIBLING", 0) == 1;
  born->announces = kind == ROWS_OTHER;
  born->comm = rows_name(rows, "TRACE_NEW_COMM", "_COMM");
  tb_fact_tell(rows->sink, &fact);
}

static void rows_executed(const RowsRow *rows, gint32 tid)
{
  TbFact fact = { .kind = TB_FACT_EXECUTED };
  fact.executed.tid = tid;
  fact.executed.old_tid = rows_number(&rows->row, "TRACE_OLD_TID", tid);
  fact.executed.path = rows_name(rows, "TRACE_EXE", "_EXE");
  if (fact.executed.path.bytes)
    tb_fact_tell(rows->sink, &fact);
}

static void rows_renamed(const RowsRow *rows, gint32 tid)
{
  TbFact fact = { .kind = TB_FACT_RENAMED };
  fact.renamed.tid = tid;
  fact.renamed.old_name = rows_name(rows, "TRACE_OLD_COMM", NULL);
  fact.renamed.new_name = rows_name(rows, "TRACE_NEW_COMM", "_COMM");
  if (fact.renamed.old_name.bytes && fact.renamed.new_name.bytes)
    tb_fact_tell(rows->sink, &fact);
}

/* TRACE_EXIT is "code:N", "signal:N", or "signal" where its number is not known. */
static gboolean rows_exit_is(const TbPcapngRow *row, const char *word, gint32 *number)
{
  const guint8 *value;
  gsize len, word_len = strlen(word);
  *number = -1;
  if (!tb_pcapng_row_find(row, "TRACE_EXIT", &value, &len) || len < word_len ||
      memcmp(value, word, word_len) != 0)
    return FALSE;
  if (len > word_len + 1 && len <= word_len + 4 && value[word_len] == ':')
    for (*number = 0, word_len++; word_len < len && g_ascii_isdigit(value[word_len]); word_len++)
      *number = *number * 10 + value[word_len] - '0';
  return TRUE;
}

static void rows_ended(const RowsRow *rows, RowsKind kind, gint32 tid)
{
  gint32 number;
  gboolean killed = FALSE;
  if (rows_exit_is(&rows->row, "code", &number) && number >= 0)
    tb_fact_tell(rows->sink, &(TbFact){ .kind = TB_FACT_LEAVES,
                                        .leaves = { tid, (guint8)number, TRUE } });
  else if (rows_exit_is(&rows->row, "signal", &number) && number > 0 && number <= TB_SIGNAL_MAX)
    tb_fact_tell(rows->sink, &(TbFact){ .kind = TB_FACT_SIGNALLED,
                                        .signalled = { tid, (guint8)number, TRUE, TRUE } });
  else
    killed = rows_exit_is(&rows->row, "signal", &number);
  TbFact fact = { .kind = TB_FACT_ENDED };
  fact.ended.tid = tid;
  fact.ended.last = kind == ROWS_EXIT ? TB_ANSWER_YES : TB_ANSWER_NO;
  if (tid == rows->actor.tid)
    fact.ended.comm = rows_name(rows, "_COMM", NULL);
  tb_fact_tell(rows->sink, &fact);
  if (killed)
    tb_fact_tell(rows->sink, &(TbFact){ .kind = TB_FACT_FATE, .fate = { tid, TRUE } });
}

static void rows_life(const RowsRow *rows, RowsKind kind)
{
  gint32 child = rows_number(&rows->row, "TRACE_CHILD", 0);
  gint32 tid = rows_number(&rows->row, "TRACE_TASK", rows->actor.tid);
  switch (kind) {
  case ROWS_EXEC: rows_executed(rows, tid); break;
  case ROWS_EXIT:
  case ROWS_THREAD_EXIT: rows_ended(rows, kind, tid); break;
  case ROWS_RENAME: rows_renamed(rows, tid); break;
  case ROWS_OTHER:
  case ROWS_FORK:
  case ROWS_THREAD:
    if (child > 0) {
      rows_born(rows, kind, child);
      return;
    }
    if (rows->actor.tid > 0 && rows->actor.tid == rows->actor.pid && rows->actor.comm) {
      TbFact fact = { .kind = TB_FACT_NAMED, .name.tid = rows->actor.tid };
      fact.name.name = rows_name(rows, "_COMM", NULL);
      tb_fact_tell(rows->sink, &fact);
    }
    break;
  default: break;
  }
}

static void rows_decode(gconstpointer plan, gpointer state, const TbRecord *record,
                        TbFactSink *sink)
{
  RowsRow rows = { .state = state, .sink = sink };
  if (!state || !tb_pcapng_row_parse(record->data, record->len, &rows.row))
    return; /* Rows have their sentences. */
  record->type->ops->get_actor(record->type, record, &rows.actor);
  tb_buf_reset(&rows.state->names);
  tb_buf_reserve(&rows.state->names, 2 * rows.row.keys_len);
  rows_life(&rows, rows_kind(&rows.row));
}

const TbDecoder tb_pcapng_row_decoder = {
  .name = "pcapng",
  .frozen = TRUE,
  .bind = rows_bind,
  .new_state = rows_new_state,
  .free_state = rows_free_state,
  .decode = rows_decode,
};
