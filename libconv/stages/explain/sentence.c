/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sentences for life-cycle rows; see sentence.h. */
#include "stages/explain/sentence.h"

#include "base/escape.h"
#include "model/decoder.h"
#include "model/signal.h"
#include "stages/explain/actor-private.h"

#include <string.h>

/* An exec gives the name within this time before it is told. */
enum { SENTENCE_EXEC_NS = 50000000 };

#define SENTENCE_FACTS \
  (TB_FACT_BIT(TB_FACT_BORN) | TB_FACT_BIT(TB_FACT_EXECUTED) | TB_FACT_BIT(TB_FACT_RENAMED) | \
   TB_FACT_BIT(TB_FACT_ENDED) | TB_FACT_BIT(TB_FACT_LIFE_STEP))

/* @item: the present one; @text: its sentence in the making */
struct _TbSentences {
  TbFactSink sink;
  TbActors *actors;
  TbItem *item;
  TbBuf text;
  TbFact fact;
  TbSentence sentence;
};


static void sentence_append_name(TbBuf *out, TbName name)
{
  if (name.bytes)
    tb_escape_append(out, name.bytes, name.len, TB_ESCAPE_NEWLINE | TB_ESCAPE_TAB);
}

static void sentence_append_string(TbBuf *out, const char *string)
{
  sentence_append_name(out, (TbName){ string, strlen(string) });
}

/* "name[number]", or "[number]" where the name is not known. */
static void sentence_append_who(TbBuf *out, const char *comm, gint32 number)
{
  if (comm)
    sentence_append_string(out, comm);
  tb_buf_append_c(out, '[');
  tb_buf_append_i64(out, number);
  tb_buf_append_c(out, ']');
}

static void sentence_append_cursor(TbBuf *out, const ActorCursor *cursor)
{
  sentence_append_who(out, cursor->context.comm, cursor->context.tid);
}

static void sentence_append_span(TbBuf *out, gint64 span_ns)
{
  guint64 ns = (guint64)MAX(span_ns, 0);
  if (ns >= 1000000000) {
    tb_buf_append_fixed(out, (ns + 50000000) / 100000000, 10, 1);
    tb_buf_append_str(out, " s");
  } else if (ns >= 100000) {
    tb_buf_append_fixed(out, (ns + 50000) / 100000, 10, 1);
    tb_buf_append_str(out, " ms");
  } else {
    tb_buf_append_fixed(out, (ns + 50) / 100, 10, 1);
    tb_buf_append_str(out, " us");
  }
}

/* What a child goes on as: the name its first program gives it, else the one it is born with. */
static const char *sentence_child_name(const TbTimeline *timeline, const TbProcess *process)
{
  guint32 comm = process->comm;
  guint32 at = process->changes;
  if (at != TB_PROC_NONE)
    at = tb_timeline_get_change(timeline, at)->next;
  for (guint i = 0; i < 8 && at != TB_PROC_NONE; i++) {
    const TbChange *change = tb_timeline_get_change(timeline, at);
    if (tb_change_is_exe(change))
      return tb_timeline_get_string(timeline, comm);
    comm = tb_change_string(change);
    at = at == process->changes ? TB_PROC_NONE : change->next;
  }
  return tb_timeline_get_string(timeline, process->comm);
}

static const ActorCursor *sentence_look(const TbSentences *sentences, gint32 tid)
{
  const TbItem *item = sentences->item;
  return actor_look(sentences->actors, item->record->source->machine, tid, item->machine_time.ns);
}

static const char *sentence_born(TbSentences *sentences, const TbBorn *born)
{
  TbBuf *out = &sentences->text;
  const TbRecord *record = sentences->item->record;
  const TbTimeline *timeline = record->source->machine->timeline;
  const ActorCursor *cursor = born->child > 0 ? sentence_look(sentences, born->child) : NULL;
  if (!cursor || cursor->life == TB_PROC_NONE)
    return NULL;
  gboolean is_thread = tb_life_is_thread(cursor->life);
  const TbProcess *process = tb_timeline_get_process(timeline, cursor->process);
  sentences->sentence.is_thread = is_thread;
  gboolean told_twice =
      is_thread ? tb_timeline_get_thread(timeline, cursor->life & ~TB_LIFE_IS_THREAD)->told_by_fork
                : process->start.told_by_fork;
  if (born->announces && told_twice)
    return NULL; /* The other event's row has the sentence. */
  if (record->tid > 0)
    sentence_append_cursor(out, sentence_look(sentences, record->tid));
  else
    tb_buf_append_str(out, "the kernel");
  tb_buf_append_str(out, is_thread ? " starts thread " : " forks ");
  sentence_append_who(out, is_thread ? cursor->context.comm
                                     : sentence_child_name(timeline, process),
                      born->child);
  return is_thread ? "thread-start" : "process-fork";
}

static const char *sentence_executed(TbSentences *sentences, const TbExecuted *executed)
{
  TbBuf *out = &sentences->text;
  const TbItem *item = sentences->item;
  if (executed->tid <= 0)
    return NULL;
  const ActorCursor *cursor = sentence_look(sentences, executed->tid);
  sentence_append_cursor(out, cursor);
  tb_buf_append_str(out, " executes ");
  sentence_append_name(out, executed->path);
  const char *before = cursor->process == TB_PROC_NONE
                           ? NULL
                           : tb_timeline_get_string(item->record->source->machine->timeline,
                                                    cursor->own.comm_before);
  if (before && cursor->own.comm_ns != TB_TIME_BEFORE &&
      item->machine_time.ns - cursor->own.comm_ns < SENTENCE_EXEC_NS &&
      before != cursor->context.comm) {
    tb_buf_append_str(out, " (was ");
    sentence_append_string(out, before);
    tb_buf_append_c(out, ')');
  }
  return "process-exec";
}

static const char *sentence_renamed(TbSentences *sentences, const TbRenamed *renamed)
{
  TbBuf *out = &sentences->text;
  gint32 actor = sentences->item->record->tid;
  gboolean itself = actor == renamed->tid || actor <= 0;
  if (renamed->tid <= 0)
    return NULL;
  if (!itself) {
    sentence_append_cursor(out, sentence_look(sentences, actor));
    tb_buf_append_str(out, " renames ");
  }
  sentence_append_name(out, renamed->old_name);
  tb_buf_append_c(out, '[');
  tb_buf_append_i64(out, renamed->tid);
  tb_buf_append_str(out, itself ? "] renames itself to " : "] to ");
  sentence_append_name(out, renamed->new_name);
  return "process-rename";
}

static void sentence_append_end(TbBuf *out, const TbProcess *process)
{
  const char *name =
      process->end.has_signal ? tb_signal_to_name((guint8)process->exit_signal) : NULL;
  if (process->end.has_code) {
    tb_buf_append_str(out, " exits with code ");
    tb_buf_append_i64(out, process->exit_code);
  } else if (name) {
    tb_buf_append_str(out, " killed by ");
    tb_buf_append_str(out, name);
  } else if (process->end.has_signal) {
    tb_buf_append_str(out, " killed by signal ");
    tb_buf_append_i64(out, process->exit_signal);
  } else {
    tb_buf_append_str(out, process->end.was_killed ? " killed by a signal" : " ends");
  }
  if (process->start.known == TB_KNOWN_SEEN) {
    tb_buf_append_str(out, " after ");
    sentence_append_span(out, process->end_ns - process->start_ns);
  }
}

static void sentence_set_end(TbSentence *sentence, const TbProcess *process)
{
  sentence->end = process->end.has_code     ? TB_OUTCOME_CODE
                  : process->end.has_signal ? TB_OUTCOME_SIGNAL
                  : process->end.was_killed ? TB_OUTCOME_KILLED
                                        : TB_OUTCOME_UNKNOWN;
  sentence->end_number = process->end.has_code ? process->exit_code : process->exit_signal;
}

static const char *sentence_ended(TbSentences *sentences, gint32 tid)
{
  TbBuf *out = &sentences->text;
  const TbItem *item = sentences->item;
  const TbTimeline *timeline = item->record->source->machine->timeline;
  const ActorCursor *cursor = tid > 0 ? sentence_look(sentences, tid) : NULL;
  if (!cursor || cursor->process == TB_PROC_NONE)
    return NULL;
  const TbProcess *process = tb_timeline_get_process(timeline, cursor->process);
  gboolean ends;
  if (tb_life_is_thread(cursor->life))
    ends = tb_timeline_get_thread(timeline, cursor->life & ~TB_LIFE_IS_THREAD)->ends_process;
  else
    ends = !process->end.leader_left && process->end_ns == item->machine_time.ns;
  if (ends) {
    guint32 comm = tb_timeline_comm_at(timeline, tb_life_of_process(cursor->process),
                                       item->machine_time.ns);
    sentence_append_who(out, tb_timeline_get_string(timeline, comm), process->pid);
    sentence_append_end(out, process);
    sentence_set_end(&sentences->sentence, process);
    return "process-exit";
  }
  sentence_append_cursor(out, cursor);
  if (tid == process->pid) {
    tb_buf_append_str(out, ", the main thread, ends");
  } else {
    tb_buf_append_str(out, ", a thread of [");
    tb_buf_append_i64(out, process->pid);
    tb_buf_append_str(out, "], ends");
  }
  return "thread-exit";
}

static void sentence_append_told(TbBuf *out, gboolean told, gint64 number)
{
  if (told)
    tb_buf_append_i64(out, number);
}

/* The record says all of it. */
static const char *sentence_step(TbSentences *sentences, const TbLifeStep *step)
{
  static const struct {
    const char *kind;
    const char *verb;
    const char *rest;
  } words[] = {
    [TB_STEP_STARTS] = { "process-fork", " starts ", "]" },
    [TB_STEP_EXECUTES] = { "process-exec", " executes ", "" },
    [TB_STEP_EXITS] = { "process-exit", " exits with code ", "" },
    [TB_STEP_STARTS_THREAD] = { "thread-start", " starts thread [", "]" },
    [TB_STEP_THREAD_ENDS] = { "thread-exit", ", thread [", "], ends" },
  };
  TbBuf *out = &sentences->text;
  sentence_append_name(out, step->comm);
  tb_buf_append_c(out, '[');
  sentence_append_told(out, step->pid >= 0, step->pid);
  tb_buf_append_c(out, ']');
  tb_buf_append_str(out, words[step->what].verb);
  sentence_append_name(out, step->text);
  if (step->what == TB_STEP_STARTS)
    tb_buf_append_c(out, '[');
  sentence_append_told(out, step->has_other, step->other);
  tb_buf_append_str(out, words[step->what].rest);
  return words[step->what].kind;
}

static void sentence_tell(TbFactSink *sink, const TbFact *fact)
{
  TbSentences *sentences = (TbSentences *)sink;
  const char *kind = NULL;
  gboolean keeps = fact->kind != TB_FACT_LIFE_STEP;
  tb_buf_reset(&sentences->text);
  sentences->sentence = (TbSentence){ 0 };
  switch ((int)fact->kind) {
  case TB_FACT_BORN: kind = sentence_born(sentences, &fact->born); break;
  case TB_FACT_EXECUTED: kind = sentence_executed(sentences, &fact->executed); break;
  case TB_FACT_RENAMED: kind = sentence_renamed(sentences, &fact->renamed); break;
  case TB_FACT_ENDED: kind = sentence_ended(sentences, fact->ended.tid); break;
  case TB_FACT_LIFE_STEP: kind = sentence_step(sentences, &fact->step); break;
  default: return;
  }
  /* What it holds is borrowed from the record. */
  sentences->fact = *fact;
  sentences->sentence.kind = kind;
  sentences->sentence.text = kind ? &sentences->text : NULL;
  sentences->sentence.fact = keeps ? &sentences->fact : NULL;
  if (kind || keeps)
    sentences->item->sentence = &sentences->sentence;
}

TbSentences *tb_sentences_new(TbActors *actors)
{
  TbSentences *sentences = g_new0(TbSentences, 1);
  sentences->sink = (TbFactSink){ .wants = SENTENCE_FACTS, .tell = sentence_tell };
  sentences->actors = actors;
  return sentences;
}

void tb_sentences_free(TbSentences *sentences)
{
  if (!sentences)
    return;
  tb_buf_clear(&sentences->text);
  g_free(sentences);
}

void tb_sentences_apply(TbSentences *sentences, TbItem *event)
{
  const TbRecord *record = event->record;
  event->sentence = NULL;
  if (record->kind != TB_RECORD_EVENT || !record->source->machine ||
      G_LIKELY(!(tb_event_type_get_facts(record->type) & SENTENCE_FACTS)))
    return;
  sentences->item = event;
  tb_event_type_decode(record->type, NULL, record, &sentences->sink);
}
