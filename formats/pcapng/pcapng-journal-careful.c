/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Journal rows from their values: each is escaped, and the longest is cut where the row would be
 * too long. For what the quick way of pcapng-journal.c gives up.
 */
#include "pcapng/pcapng-journal-private.h"

/* One value; its bytes stand in journal->values. */
typedef struct {
  const char *key;
  gsize at;
  gsize len;
} JournalValue;

typedef struct {
  Journal *journal;
  JournalValue values[JOURNAL_MAX_VALUES];
  guint n;
} JournalRow;

/* Starts a value; its bytes are appended to journal->values. */
static TbBuf *journal_value_begin(JournalRow *row, const char *key)
{
  row->values[row->n] = (JournalValue){ .key = key, .at = row->journal->values.len };
  return &row->journal->values;
}

static void journal_value_end(JournalRow *row)
{
  JournalValue *value = &row->values[row->n++];
  value->len = row->journal->values.len - value->at;
}

static void journal_value_escaped(JournalRow *row, const char *key, const char *text)
{
  tb_escape_append(journal_value_begin(row, key), text, strlen(text), JOURNAL_ESCAPE);
  journal_value_end(row);
}

static void journal_value_int(JournalRow *row, const char *key, gint64 value)
{
  tb_buf_append_i64(journal_value_begin(row, key), value);
  journal_value_end(row);
}

void journal_append_identifier(TbBuf *buf, const char *system, const char *name)
{
  /* The first colon ends the system when the row is read back. */
  const char *colon;
  while ((colon = strchr(system, ':'))) {
    tb_escape_append(buf, system, (gsize)(colon - system), JOURNAL_ESCAPE);
    tb_buf_append_str(buf, "\\x3a");
    system = colon + 1;
  }
  tb_escape_append(buf, system, strlen(system), JOURNAL_ESCAPE);
  tb_buf_append_c(buf, ':');
  tb_escape_append(buf, name, strlen(name), JOURNAL_ESCAPE);
}

/* "NAME: TEXT" */
static void journal_append_message(TbBuf *buf, const char *name, const TbBuf *text)
{
  gsize skip = 0;
  while (skip < text->len && text->data[skip] == ' ')
    skip++;
  tb_escape_append(buf, name, strlen(name), JOURNAL_ESCAPE);
  tb_buf_append_c(buf, ':');
  if (text->len > skip)
    tb_buf_append_c(buf, ' ');
  tb_escape_append(buf, text->data + skip, text->len - skip, TB_ESCAPE_TEXT);
}

static void journal_values_of_context(JournalRow *row, const TbContext *context)
{
  if (!journal_is_somebody(context))
    return;
  journal_value_int(row, "_PID", context->pid);
  if (journal_is_name(context->comm))
    journal_value_escaped(row, "_COMM", context->comm);
  if (journal_has_text(context->exe))
    journal_value_escaped(row, "_EXE", context->exe);
  if (journal_has_text(context->cmdline))
    journal_value_escaped(row, "_CMDLINE", context->cmdline);
}

static void journal_values_of_text(JournalRow *row, const TbItem *event)
{
  Journal *journal = row->journal;
  const TbSentence *note = event->sentence;
  gboolean lost = event->record->kind == TB_RECORD_LOST;
  const char *system = lost ? TB_PCAPNG_OWN_SYSTEM : event->record->type->system;
  const char *name = lost ? TB_PCAPNG_LOST_NAME : event->record->type->name;
  guint priority = lost ? JOURNAL_PRIORITY_LOST
                   : event->record->flags & TB_RECORD_FAILED ? JOURNAL_PRIORITY_FAILED
                                                    : event->record->type->priority;
  tb_buf_reset(&journal->raw);
  if (!lost)
    tb_record_append_text(event->record, &journal->raw);
  else if (event->record->value)
    tb_buf_append_printf(&journal->raw, "%" G_GUINT64_FORMAT " events lost", event->record->value);
  else
    tb_buf_append_str(&journal->raw, "events lost, their number is not known");
  journal_append_identifier(journal_value_begin(row, "SYSLOG_IDENTIFIER"), system, name);
  journal_value_end(row);
  journal_value_int(row, "PRIORITY", priority);
  gboolean said = note && note->text && note->text->len;
  journal_append_message(journal_value_begin(row, "MESSAGE"), name,
                         said ? note->text : &journal->raw);
  journal_value_end(row);
  if (said) {
    tb_escape_append(journal_value_begin(row, "TRACE_TEXT"), journal->raw.data,
                     journal->raw.len, TB_ESCAPE_TEXT);
    journal_value_end(row);
  }
}

/* A name that can be read back byte by byte. */
static void journal_value_name(JournalRow *row, const char *key, TbName name)
{
  if (!name.bytes)
    return;
  tb_escape_append(journal_value_begin(row, key), name.bytes, name.len,
                   JOURNAL_ESCAPE | TB_ESCAPE_BACKSLASH);
  journal_value_end(row);
}

/* Whether @name stands in the row as it is: @written is another key's value, not escaped. */
static gboolean journal_is_written(const char *written, TbName name)
{
  return name.bytes && journal_is_name(written) && strlen(written) == name.len &&
         memcmp(written, name.bytes, name.len) == 0 && !memchr(name.bytes, '\\', name.len);
}

static void journal_values_of_end(JournalRow *row, const TbSentence *sentence)
{
  if (sentence->end == TB_OUTCOME_UNKNOWN)
    return;
  TbBuf *value = journal_value_begin(row, "TRACE_EXIT");
  tb_buf_append_str(value, sentence->end == TB_OUTCOME_CODE ? "code" : "signal");
  if (sentence->end != TB_OUTCOME_KILLED) {
    tb_buf_append_c(value, ':');
    tb_buf_append_i64(value, sentence->end_number);
  }
  journal_value_end(row);
}

static void journal_values_of_birth(JournalRow *row, const TbSentence *sentence, gint32 actor)
{
  const TbBorn *born = &sentence->fact->born;
  if (born->child > 0)
    journal_value_int(row, "TRACE_CHILD", born->child);
  if (born->maker > 0 && born->maker != actor)
    journal_value_int(row, "TRACE_PARENT", born->maker);
  if (born->is_sibling)
    journal_value_int(row, "TRACE_SIBLING", 1);
  if (sentence->is_thread && !sentence->kind)
    journal_value_int(row, "TRACE_THREAD", 1);
}

/* What the sentence says in keys, each where the row does not say it already. */
static void journal_values_of_life(JournalRow *row, const TbSentence *sentence,
                                   const TbContext *context)
{
  const TbFact *fact = sentence->fact;
  gint32 actor = context ? context->tid : 0;
  gint32 subject = fact->kind == TB_FACT_EXECUTED  ? fact->executed.tid
                   : fact->kind == TB_FACT_RENAMED ? fact->renamed.tid
                   : fact->kind == TB_FACT_ENDED   ? fact->ended.tid
                                                   : actor;
  if (fact->kind == TB_FACT_BORN)
    journal_values_of_birth(row, sentence, actor);
  if (subject > 0 && subject != actor)
    journal_value_int(row, "TRACE_TASK", subject);
  if (fact->kind == TB_FACT_EXECUTED) {
    if (fact->executed.old_tid > 0 && fact->executed.old_tid != subject)
      journal_value_int(row, "TRACE_OLD_TID", fact->executed.old_tid);
    if (!journal_is_written(context ? context->exe : NULL, fact->executed.path))
      journal_value_name(row, "TRACE_EXE", fact->executed.path);
  }
  if (fact->kind == TB_FACT_RENAMED)
    journal_value_name(row, "TRACE_OLD_COMM", fact->renamed.old_name);
  if (fact->kind == TB_FACT_RENAMED || fact->kind == TB_FACT_BORN) {
    TbName name = fact->kind == TB_FACT_BORN ? fact->born.comm : fact->renamed.new_name;
    if (!journal_is_written(context ? context->comm : NULL, name))
      journal_value_name(row, "TRACE_NEW_COMM", name);
  }
  if (fact->kind == TB_FACT_ENDED)
    journal_values_of_end(row, sentence);
}

static void journal_values_of_rest(JournalRow *row, const TbItem *event)
{
  const TbContext *context = journal_is_somebody(event->actor) ? event->actor : NULL;
  if (context && context->tid != context->pid)
    journal_value_int(row, "TRACE_TID", context->tid);
  if (event->record->cpu != TB_CPU_NONE)
    journal_value_int(row, "TRACE_CPU", event->record->cpu);
  if (context && context->ppid)
    journal_value_int(row, "TRACE_PPID", context->ppid);
  if (context && !context->pid_known)
    journal_value_int(row, "TRACE_PID_KNOWN", 0);
  if (event->sentence && event->sentence->kind)
    journal_value_escaped(row, "TRACE_KIND", event->sentence->kind);
  if (event->sentence && event->sentence->fact)
    journal_values_of_life(row, event->sentence, context);
  if (event->record->flags & TB_RECORD_DURATION) {
    tb_buf_append_u64(journal_value_begin(row, "TRACE_DURATION"), event->record->value);
    journal_value_end(row);
  }
  if (event->link) {
    tb_buf_append_u64(journal_value_begin(row, "TRACE_PACKET"), event->link->id);
    journal_value_end(row);
  }
}

static gboolean journal_value_is_long(const Journal *journal, const JournalValue *value)
{
  return value->len && memchr(journal->values.data + value->at, '\n', value->len);
}

/* Bytes of @value once it ends at or before @max: not within a character nor within \xHH. */
static gsize journal_cut(const guint8 *text, gsize max)
{
  while (max > 0 && (text[max] & 0xc0) == 0x80)
    max--;
  for (gsize back = 1; back <= 3 && back <= max; back++)
    if (text[max - back] == '\\')
      return max - back;
  return max;
}

/* Cuts the longest values until the row fits. Returns: bytes cut */
static guint64 journal_shorten(JournalRow *row, gsize tags_len)
{
  Journal *journal = row->journal;
  guint64 cut = 0;
  for (;;) {
    gsize total = tags_len;
    JournalValue *longest = NULL;
    for (guint i = 0; i < row->n; i++) {
      JournalValue *value = &row->values[i];
      gboolean is_host = g_str_equal(value->key, "_HOSTNAME");
      total += is_host ? 0 : strlen(value->key) + value->len + 2;
      if (journal_value_is_long(journal, value))
        total += 8;
      if (!is_host && (!longest || value->len > longest->len))
        longest = value;
    }
    gsize room = journal->limit - (cut ? JOURNAL_CUT_ROOM : 0);
    if (total <= room || !longest || longest->len == 0)
      return cut;
    gsize over = MIN(total - (journal->limit - JOURNAL_CUT_ROOM), longest->len);
    gsize len = journal_cut(journal->values.data + longest->at, longest->len - over);
    cut += longest->len - len;
    longest->len = len;
  }
}

static void journal_write_value(const JournalRow *row, const JournalValue *value, TbBuf *out)
{
  const guint8 *bytes = row->journal->values.data + value->at;
  tb_buf_append_str(out, value->key);
  if (journal_value_is_long(row->journal, value)) {
    tb_buf_append_c(out, '\n');
    tb_buf_append_le64(out, value->len);
  } else {
    tb_buf_append_c(out, '=');
  }
  tb_buf_append(out, bytes, value->len);
  tb_buf_append_c(out, '\n');
}

void journal_careful(Journal *journal, const TbItem *event, gsize tags_at, TbBuf *out)
{
  JournalRow row = { .journal = journal };
  tb_buf_reset(&journal->values);
  journal_values_of_context(&row, event->actor);
  if (event->record->source->machine) {
    tb_pcapng_append_label(journal_value_begin(&row, "_HOSTNAME"), event->record->source->machine);
    journal_value_end(&row);
  }
  journal_values_of_text(&row, event);
  journal_values_of_rest(&row, event);
  guint64 cut = journal_shorten(&row, out->len - tags_at);
  if (cut) {
    tb_buf_append_u64(journal_value_begin(&row, "TRACE_TRUNCATED"), cut);
    journal_value_end(&row);
    journal->writer->counts.truncated++;
  }
  for (guint i = 0; i < row.n; i++)
    journal_write_value(&row, &row.values[i], out);
}
