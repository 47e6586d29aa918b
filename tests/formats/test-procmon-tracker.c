/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A Process Monitor log through the process observer and the explaining stages: exit
 * statuses in the timeline, actors with stable slots, sentences.
 */
#include "model/decoder.h"
#include "pass/facts.h"
#include "stages/explain/sentence.h"
#include "stages/process/process.h"
#include "support/made-item.h"
#include "support/pml-open.h"
#include "support/pml-sample.h"

#include <string.h>

/* What a run does when it registers types. */
static void give_ids(TbReader *reader)
{
  for (guint i = 0; i < reader->types->len; i++)
    ((TbEventType *)g_ptr_array_index(reader->types, i))->id = i;
}

static void run_tracker(PmlOpen *open)
{
  TbObserver *observer = tb_process_observer_new();
  g_autoptr(GPtrArray) observers = g_ptr_array_new();
  g_ptr_array_add(observers, observer);
  g_autoptr(TbFacts) facts = tb_facts_new(observers);
  g_autoptr(GError) error = NULL;
  TbRecord event;
  while (pml_open_next(open, &event, NULL)) {
    give_ids(open->reader);
    TbItem item = item_of(&event);
    tb_axis_init(&event.source->clock.opened, TB_CLOCK_REALTIME, FALSE);
    tb_event_type_get_facts(event.type);
    if (event.type->facts)
      tb_facts_show(facts, &item);
  }
  g_assert_true(observer->ops->finish(observer, &error));
  g_clear_pointer(&facts, tb_facts_free);
  observer->ops->free(observer);
  g_assert_true(tb_reader_rewind(open->reader, &error));
}

static void test_exit_status(void)
{
  g_autoptr(PmlBuilder) builder = pml_builder_new(TRUE);
  g_autoptr(GArray) rows = pml_sample_build(builder);
  const TbBuf *file = pml_builder_finish(builder);
  g_auto(PmlOpen) open = pml_open_memory(file->data, file->len, NULL);
  const TbMachine *machine = g_ptr_array_index(open.reader->machines, 0);
  run_tracker(&open);
  const TbProcess *notepad = tb_timeline_get_process(machine->timeline, 3);
  g_assert_cmpint(notepad->pid, ==, 2984);
  g_assert_true(notepad->end.has_code);
  g_assert_cmpint(notepad->exit_code, ==, -1073741556);
  g_assert_false(tb_timeline_get_process(machine->timeline, 2)->end.has_code);
}

static void check_sentence(const TbItem *item, const char *kind, const char *text)
{
  g_assert_nonnull(item->sentence);
  g_assert_cmpstr(item->sentence->kind, ==, kind);
  g_assert_cmpmem(item->sentence->text->data, item->sentence->text->len, text, strlen(text));
}

static void test_notes_and_actors(void)
{
  static const struct {
    const char *operation;
    const char *kind;
    const char *sentence;
  } notes[] = {
    { "Process Create", "process-fork", "Explorer.EXE[1364] starts notepad.exe[2984]" },
    { "Process Start", "process-exec", "notepad.exe[2984] executes C:\\Windows\\notepad.exe" },
    { "Thread Create", "thread-start", "notepad.exe[2984] starts thread [7764]" },
    { "Thread Exit", "thread-exit", "notepad.exe[2984], thread [4242], ends" },
    { "Process Exit", "process-exit", "notepad.exe[2984] exits with code -1073741556" },
  };
  g_autoptr(PmlBuilder) builder = pml_builder_new(TRUE);
  g_autoptr(GArray) rows = pml_sample_build(builder);
  const TbBuf *file = pml_builder_finish(builder);
  g_auto(PmlOpen) open = pml_open_memory(file->data, file->len, NULL);
  g_autoptr(TbActors) actors = tb_actors_new();
  g_autoptr(TbSentences) sentences = tb_sentences_new(actors);
  TbRecord event;
  TbItem item = { 0 };
  guint seen = 0;
  guint64 explorer = 0;
  while (pml_open_next(&open, &event, NULL)) {
    give_ids(open.reader);
    item = item_of(&event);
    tb_actors_apply(actors, &item);
    tb_sentences_apply(sentences, &item);
    gboolean told = FALSE;
    for (guint i = 0; i < G_N_ELEMENTS(notes); i++)
      if (tb_event_type_is(event.type, "procmon", notes[i].operation)) {
        check_sentence(&item, notes[i].kind, notes[i].sentence);
        told = TRUE;
        seen++;
      }
    g_assert_true(told || !item.sentence);
    if (!item.actor || item.actor->pid != 1364)
      continue;
    g_assert_cmpuint(item.actor->slot, <, TB_ACTOR_SLOTS);
    g_assert_cmpuint(item.actor->generation, >, 0);
    g_assert_cmpstr(item.actor->comm, ==, "Explorer.EXE");
    if (!explorer)
      explorer = item.actor->generation;
  }
  g_assert_cmpuint(seen, ==, G_N_ELEMENTS(notes));
  g_assert_null(item.actor); /* the last one's process is not in the table */
  g_assert_true(tb_reader_rewind(open.reader, NULL));
  g_assert_true(pml_open_next(&open, &event, NULL));
  item = item_of(&event);
  tb_actors_apply(actors, &item);
  g_assert_cmpint(item.actor->pid, ==, 1364);
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/procmon/tracker/exit-status", test_exit_status);
  g_test_add_func("/procmon/tracker/notes-and-actors", test_notes_and_actors);
  return g_test_run();
}
