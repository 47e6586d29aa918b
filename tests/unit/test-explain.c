/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Actors of the moment and the sentences of life-cycle rows. */
#include "support/life-events.h"

#include <string.h>

enum { SH = 100, KID = 200, WORKER = 201, OTHER = 202 };

typedef struct {
  Life *life;
  TbActors *actors;
  TbSentences *sentences;
} Emit;

static Emit emit_begin(Life *life)
{
  life_finish(life);
  Emit emit = { .life = life, .actors = tb_actors_new() };
  emit.sentences = tb_sentences_new(emit.actors);
  return emit;
}

static void emit_end(Emit *emit)
{
  tb_sentences_free(emit->sentences);
  tb_actors_free(emit->actors);
}

static const TbContext *context_at(Emit *emit, gint32 tid, gint64 time_ns)
{
  TbRecord record = { .kind = TB_RECORD_LOST, .time.ns = time_ns, .source = emit->life->source,
                      .tid = tid };
  TbItem item = item_of(&record);
  tb_actors_apply(emit->actors, &item);
  return item.actor;
}

static void test_names_over_time(void)
{
  g_autoptr(Life) life = life_new();
  life_birth(life, SH, "sh", KID, LIFE_FORK_FLAGS);
  gint64 forked = life->now_ns - life->step_ns - 2;
  life_exec(life, KID, KID, "sh", "/usr/bin/curl");
  gint64 executed = life->now_ns - life->step_ns;
  life_birth(life, KID, "curl", WORKER, LIFE_THREAD_FLAGS);
  life_rename(life, WORKER, WORKER, "curl", "resolver");
  gint64 renamed = life->now_ns - life->step_ns;
  life_exit(life, SH, "sh", 1);
  gint64 orphaned = life->now_ns - life->step_ns;
  Emit emit = emit_begin(life);
  const TbContext *context = context_at(&emit, KID, forked);
  g_assert_cmpstr(context->comm, ==, "sh");
  g_assert_null(context->exe);
  g_assert_cmpint(context->ppid, ==, SH);
  g_assert_true(context->pid_known);
  guint64 generation = context->generation;
  guint32 slot = context->slot;
  context = context_at(&emit, KID, executed);
  g_assert_cmpstr(context->comm, ==, "curl");
  g_assert_cmpstr(context->exe, ==, "/usr/bin/curl");
  g_assert_cmpuint(context->slot, ==, slot);
  g_assert_cmpuint(context->generation, !=, generation);
  generation = context->generation;
  context = context_at(&emit, WORKER, renamed - 1);
  g_assert_cmpstr(context->comm, ==, "curl");
  context = context_at(&emit, WORKER, renamed);
  g_assert_cmpstr(context->comm, ==, "resolver");
  g_assert_cmpint(context->pid, ==, KID);
  g_assert_cmpint(context->tid, ==, WORKER);
  g_assert_cmpstr(context->exe, ==, "/usr/bin/curl");
  context = context_at(&emit, KID, orphaned - 1);
  g_assert_cmpuint(context->generation, ==, generation);
  context = context_at(&emit, KID, orphaned);
  g_assert_cmpint(context->ppid, ==, 0); /* taken over by somebody no event names */
  context = context_at(&emit, KID, forked); /* another source may lag behind */
  g_assert_cmpstr(context->comm, ==, "sh");
  emit_end(&emit);
}

static void test_reused_number(void)
{
  g_autoptr(Life) life = life_new();
  gint64 born[3];
  for (guint i = 0; i < 3; i++) {
    char name[] = { 'r', (char)('0' + i), 0 };
    born[i] = life->now_ns;
    life_birth(life, SH, name, KID, i == 1 ? LIFE_THREAD_FLAGS : LIFE_FORK_FLAGS);
    if (i != 0)
      life_exit(life, KID, name, i == 1 ? 0 : 1);
    life->now_ns += 1000000;
  }
  Emit emit = emit_begin(life);
  g_assert_null(context_at(&emit, KID, born[0] - 1)->comm); /* never across a fork */
  for (guint i = 0; i < 3; i++) {
    char name[] = { 'r', (char)('0' + i), 0 };
    const TbContext *context = context_at(&emit, KID, born[i] + 900000); /* the dead still act */
    g_assert_cmpstr(context->comm, ==, name);
    g_assert_cmpint(context->pid, ==, i == 1 ? SH : KID);
  }
  emit_end(&emit);
}

static void test_nobody_and_saved(void)
{
  g_autoptr(Life) life = life_new();
  tb_timeline_add_saved_name(life_timeline(life), OTHER, "saved", 5);
  Emit emit = emit_begin(life);
  g_assert_null(context_at(&emit, 0, 5));
  g_assert_null(context_at(&emit, -1, 5));
  const TbContext *context = context_at(&emit, OTHER, 5);
  g_assert_cmpstr(context->comm, ==, "saved");
  g_assert_cmpint(context->pid, ==, OTHER);
  g_assert_false(context->pid_known);
  g_assert_null(context_at(&emit, KID, 5)->comm);
  emit_end(&emit);
}

static void test_gap_behind_an_end(void)
{
  g_autoptr(Life) life = life_new();
  life_birth(life, SH, "sh", KID, LIFE_FORK_FLAGS);
  life_exit(life, KID, "sh", 1);
  gint64 died = life->now_ns - life->step_ns;
  life->now_ns += 1000000;
  life_switch(life, SH, "sh", 0, "swapper/0");
  gint64 gap_begins = life->now_ns - life->step_ns;
  life->now_ns += 1000000;
  life_lost(life);
  Emit emit = emit_begin(life);
  g_assert_cmpstr(context_at(&emit, KID, died + 10)->comm, ==, "sh");
  g_assert_cmpstr(context_at(&emit, KID, gap_begins)->comm, ==, "sh");
  g_assert_null(context_at(&emit, KID, gap_begins + 1)->comm);
  g_assert_false(context_at(&emit, KID, gap_begins + 1)->pid_known);
  emit_end(&emit);
}

static void test_more_threads_than_slots(void)
{
  enum { THREADS = 20000 };
  g_autoptr(Life) life = life_new();
  for (gint32 i = 0; i < THREADS; i++)
    life_fork_event(life, SH, "sh", 1000 + i);
  Emit emit = emit_begin(life);
  for (guint round = 0; round < 3; round++)
    for (gint32 i = 0; i < THREADS; i++) {
      const TbContext *context = context_at(&emit, 1000 + i, life->now_ns);
      g_assert_cmpint(context->tid, ==, 1000 + i);
      g_assert_cmpuint(context->slot, <, TB_ACTOR_SLOTS);
      g_assert_cmpstr(context->comm, ==, "sh");
    }
  emit_end(&emit);
}

/* Shows the event once to the tracker and once, when all is known, to the emit phase. */
typedef struct {
  MadeItem event;
  guint8 data[256];
} Kept;

static void keep(GArray *kept, Life *life)
{
  Kept copy = { .event = life->event };
  memcpy(copy.data, life->data, sizeof copy.data);
  g_array_append_val(kept, copy);
}

static char *sentence_of(Emit *emit, GArray *kept, guint i)
{
  Kept *copy = &g_array_index(kept, Kept, i);
  copy->event.record.data = copy->data;
  TbItem *item = made_item(&copy->event);
  tb_actors_apply(emit->actors, item);
  tb_sentences_apply(emit->sentences, item);
  const TbSentence *said = item->sentence;
  return said && said->text ? g_strdup_printf("%s|%.*s", said->kind, (gint)said->text->len,
                                (const char *)said->text->data)
              : NULL;
}

static void test_sentences(void)
{
  g_autoptr(Life) life = life_new();
  g_autoptr(GArray) kept = g_array_new(FALSE, FALSE, sizeof(Kept));
  const char *expected[] = {
    NULL, /* the fork's own event has it */
    "process-fork|sh[100] forks curl[200]",
    "process-rename|sh[200] renames itself to curl",
    "process-exec|curl[200] executes /usr/bin/curl (was sh)",
    "thread-start|curl[200] starts thread curl[201]",
    "process-rename|sh[100] renames curl[201] to a\\x0ab",
    "thread-exit|a\\x0ab[201], a thread of [200], ends",
    "process-exit|curl[200] exits with code 7 after 3.4 ms",
    "process-exit|sh[202] killed by SIGKILL after 2.0 s",
    NULL,
  };
  life_newtask(life, SH, KID, "sh", LIFE_FORK_FLAGS), keep(kept, life);
  gint64 born = life->now_ns - life->step_ns;
  life_fork_event(life, SH, "sh", KID), keep(kept, life);
  life_rename(life, KID, KID, "sh", "curl"), keep(kept, life);
  life_exec_event(life, KID, KID, "/usr/bin/curl"), keep(kept, life);
  life_newtask(life, KID, WORKER, "curl", LIFE_THREAD_FLAGS), keep(kept, life);
  life_rename(life, SH, WORKER, "curl", "a\nb"), keep(kept, life);
  life_exit(life, WORKER, "a\nb", 0), keep(kept, life);
  life_exit_group(life, KID, 7);
  life->now_ns = born + 3412345;
  life_exit(life, KID, "curl", 1), keep(kept, life);
  born = life->now_ns;
  life_birth(life, SH, "sh", OTHER, LIFE_FORK_FLAGS);
  life_generate(life, SH, OTHER, 9, 0, 0);
  life->now_ns = born + G_USEC_PER_SEC * (gint64)2000;
  life_exit(life, OTHER, "sh", 1), keep(kept, life);
  life_switch(life, SH, "sh", 0, "swapper/0"), keep(kept, life);
  Emit emit = emit_begin(life);
  g_assert_cmpuint(kept->len, ==, G_N_ELEMENTS(expected));
  for (guint i = 0; i < kept->len; i++) {
    g_autofree char *note = sentence_of(&emit, kept, i);
    g_assert_cmpstr(note, ==, expected[i]);
  }
  emit_end(&emit);
}

static void test_sentences_of_leaving_threads(void)
{
  g_autoptr(Life) life = life_new();
  g_autoptr(GArray) kept = g_array_new(FALSE, FALSE, sizeof(Kept));
  life_birth(life, SH, "sh", KID, LIFE_FORK_FLAGS);
  life_birth(life, KID, "sh", WORKER, LIFE_THREAD_FLAGS);
  life_exit(life, KID, "sh", -1), keep(kept, life);
  life_exit(life, WORKER, "sh", -1), keep(kept, life);
  Emit emit = emit_begin(life);
  g_autofree char *leader = sentence_of(&emit, kept, 0);
  g_autofree char *last = sentence_of(&emit, kept, 1);
  g_assert_cmpstr(leader, ==, "thread-exit|sh[200], the main thread, ends");
  g_assert_true(g_str_has_prefix(last, "process-exit|sh[200] ends after "));
  emit_end(&emit);
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/explain/names-over-time", test_names_over_time);
  g_test_add_func("/explain/reused-number", test_reused_number);
  g_test_add_func("/explain/nobody-and-saved", test_nobody_and_saved);
  g_test_add_func("/explain/gap-behind-an-end", test_gap_behind_an_end);
  g_test_add_func("/explain/more-threads-than-slots", test_more_threads_than_slots);
  g_test_add_func("/explain/sentences", test_sentences);
  g_test_add_func("/explain/sentences-of-leaving-threads", test_sentences_of_leaving_threads);
  return g_test_run();
}
