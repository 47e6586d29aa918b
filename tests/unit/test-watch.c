/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * From items to observers: who is shown what, facts from decoders with what
 * they remember of a machine, and the tables that readers tell of.
 */
#include "pass/watch.h"

#include "model/decoder.h"
#include "support/made-item.h"
#include "support/made-readers.h"

/* Shows what it was shown: facts "f5@10", events "e", packets "p", losses "l". */
typedef struct {
  TbObserver observer;
  GString *seen;
} Watcher;

/* --- a decoder that tells how many of its machine's records it has seen --- */

static guint64 count_bind(const TbEventType *type, gpointer *plan)
{
  return g_str_equal(type->name, "counted") ? TB_FACT_BIT(TB_FACT_ACTS) : 0;
}

static gpointer count_new_state(const TbMachine *machine)
{
  return g_new0(gint32, 1);
}

static void count_lost(gpointer state)
{
  *(gint32 *)state = 100;
}

static void count_decode(gconstpointer plan, gpointer state, const TbRecord *record,
                         TbFactSink *sink)
{
  gint32 *n = state;
  if (sink->wants & TB_FACT_BIT(TB_FACT_ACTS))
    tb_fact_tell(sink, &(TbFact){ .kind = TB_FACT_ACTS, .task = n ? ++*n : -1 });
}

static const TbDecoder count_decoder = { .name = "count", .bind = count_bind,
                                         .new_state = count_new_state, .free_state = g_free,
                                         .lost = count_lost, .decode = count_decode };

static const TbEventTypeOps count_ops = { .decoder = &count_decoder };

/* --- observers --- */

static gboolean watcher_wants_plain(TbObserver *observer, const TbEventType *type)
{
  return g_str_equal(type->name, "plain");
}

static void watcher_fact(TbObserver *observer, const TbItem *item, const TbFact *fact)
{
  g_string_append_printf(((Watcher *)observer)->seen, "f%d@%" G_GINT64_FORMAT " ",
                         fact->kind == TB_FACT_ACTS ? fact->task : fact->process.pid,
                         item->machine_time.ns);
}

static void watcher_event(TbObserver *observer, const TbItem *item)
{
  static const char letters[] = { 'e', 'p', 'l', 'c', 'h' };
  g_string_append_printf(((Watcher *)observer)->seen, "%c ", letters[item->record->kind]);
}

static const TbObserverOps fact_ops = { .name = "facts", .facts = TB_FACT_BIT(TB_FACT_ACTS),
                                        .fact = watcher_fact };
static const TbObserverOps event_ops = { .name = "events", .wants_type = watcher_wants_plain,
                                         .event = watcher_event };
static const TbObserverOps packet_ops = { .name = "packets", .wants_packets = TRUE,
                                          .any_order = TRUE, .event = watcher_event };
static const TbObserverOps table_ops = { .name = "tables",
                                         .facts = TB_FACT_BIT(TB_FACT_PROCESS_EXISTS),
                                         .fact = watcher_fact };

enum { FACTS, EVENTS, PACKETS, TABLES, N_WATCHERS };

typedef struct {
  Watcher watchers[N_WATCHERS];
  GPtrArray *observers;
  GPtrArray *readers;
  TbSource *events[2];
  TbSource *packets;
  guint32 n_types;
  TbWatch *watch;
} Fixture;

static TbEventType *fixture_add_type(Fixture *f, const char *name)
{
  TbReader *reader = made_reader(f->readers, 0);
  TbEventType *type = tb_event_type_new("made", name, &count_ops, NULL);
  tb_reader_add_type(reader, type);
  return type;
}

static void fixture_init(Fixture *f)
{
  static const TbObserverOps *const ops[N_WATCHERS] = { &fact_ops, &event_ops, &packet_ops,
                                                        &table_ops };
  *f = (Fixture){ .readers = made_readers_new(2), .observers = g_ptr_array_new() };
  for (guint i = 0; i < 2; i++) {
    TbReader *reader = made_reader(f->readers, i);
    TbMachine *machine = made_reader_add_machine(reader, i ? "b" : "a", NULL);
    f->events[i] = made_reader_add_source(reader, TB_SOURCE_EVENTS, "log", machine);
    tb_reader_number_types(reader, &f->n_types);
  }
  f->packets = made_reader_add_source(made_reader(f->readers, 0), TB_SOURCE_PACKETS, "eth0", NULL);
  for (guint i = 0; i < N_WATCHERS; i++) {
    f->watchers[i] = (Watcher){ .observer.ops = ops[i], .seen = g_string_new(NULL) };
    g_ptr_array_add(f->observers, &f->watchers[i].observer);
  }
}

static void fixture_clear(Fixture *f)
{
  tb_watch_free(f->watch);
  for (guint i = 0; i < N_WATCHERS; i++)
    g_string_free(f->watchers[i].seen, TRUE);
  g_ptr_array_unref(f->observers);
  g_ptr_array_unref(f->readers);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Fixture, fixture_clear)

static void fixture_begin(Fixture *f)
{
  f->watch = tb_watch_new(f->observers, f->readers, &f->n_types);
}

static void show(Fixture *f, TbRecordKind kind, TbSource *source, const TbEventType *type,
                 gint64 time_ns)
{
  g_autoptr(GError) error = NULL;
  MadeItem made = { .record = { .kind = kind, .source = source, .type = type,
                                .time.ns = time_ns } };
  g_assert_true(tb_sink_take(tb_watch_get_sink(f->watch), made_item(&made), &error));
}

static void assert_seen(const Fixture *f, guint watcher, const char *expected)
{
  g_assert_cmpstr(f->watchers[watcher].seen->str, ==, expected);
}

static void test_each_what_it_asked_for(void)
{
  g_auto(Fixture) f = { 0 };
  fixture_init(&f);
  TbEventType *plain = fixture_add_type(&f, "plain"), *counted = fixture_add_type(&f, "counted");
  fixture_begin(&f);
  show(&f, TB_RECORD_EVENT, f.events[0], plain, 1);
  show(&f, TB_RECORD_EVENT, f.events[0], counted, 2);
  show(&f, TB_RECORD_PACKET, f.packets, NULL, 3);
  show(&f, TB_RECORD_CARRIED, f.packets, NULL, 4);
  show(&f, TB_RECORD_LOST, f.events[0], NULL, 5);
  assert_seen(&f, FACTS, "f1@2 ");
  assert_seen(&f, EVENTS, "e l ");
  assert_seen(&f, PACKETS, "p l ");
  assert_seen(&f, TABLES, "");
}

static void test_types_met_on_the_way(void)
{
  g_auto(Fixture) f = { 0 };
  fixture_init(&f);
  fixture_begin(&f);
  TbEventType *counted = fixture_add_type(&f, "counted"), *plain = fixture_add_type(&f, "plain");
  show(&f, TB_RECORD_EVENT, f.events[0], counted, 1);
  show(&f, TB_RECORD_EVENT, f.events[0], plain, 2);
  assert_seen(&f, FACTS, "f1@1 ");
  assert_seen(&f, EVENTS, "e ");
}

/* What a decoder remembers is its machine's own, and what it remembers may prove wrong. */
static void test_states_of_machines(void)
{
  g_auto(Fixture) f = { 0 };
  fixture_init(&f);
  TbEventType *counted = fixture_add_type(&f, "counted");
  fixture_begin(&f);
  show(&f, TB_RECORD_EVENT, f.events[0], counted, 1);
  show(&f, TB_RECORD_EVENT, f.events[1], counted, 2);
  show(&f, TB_RECORD_EVENT, f.events[0], counted, 3);
  show(&f, TB_RECORD_LOST, f.events[1], NULL, 4);
  show(&f, TB_RECORD_EVENT, f.events[0], counted, 5);
  show(&f, TB_RECORD_EVENT, f.events[1], counted, 6);
  assert_seen(&f, FACTS, "f1@1 f1@2 f2@3 f3@5 f101@6 ");
}

/* A kind that its observer does not want for now is not told. */
static void test_wants_change(void)
{
  g_auto(Fixture) f = { 0 };
  fixture_init(&f);
  TbEventType *counted = fixture_add_type(&f, "counted");
  fixture_begin(&f);
  TbObserver *observer = &f.watchers[FACTS].observer;
  observer->sink->wants &= ~TB_FACT_BIT(TB_FACT_ACTS);
  show(&f, TB_RECORD_EVENT, f.events[0], counted, 1);
  observer->sink->wants |= TB_FACT_BIT(TB_FACT_ACTS);
  show(&f, TB_RECORD_EVENT, f.events[0], counted, 2);
  assert_seen(&f, FACTS, "f1@2 ");
}

/* --- tables --- */

static void tell_two_processes(TbReader *reader, TbRecord *moment, TbFactSink *sink)
{
  g_assert_cmpint(moment->kind, ==, TB_RECORD_HEARTBEAT);
  moment->source = g_ptr_array_index(reader->sources, 0);
  for (gint32 pid = 7; pid < 9; pid++) {
    moment->time.ns = pid * 10;
    if (sink->wants & TB_FACT_BIT(TB_FACT_PROCESS_EXISTS))
      tb_fact_tell(sink, &(TbFact){ .kind = TB_FACT_PROCESS_EXISTS, .process.pid = pid });
    if (sink->wants & TB_FACT_BIT(TB_FACT_SOCKET_EXISTS))
      g_assert_not_reached();
  }
}

static void test_tables_of_a_reader(void)
{
  g_auto(Fixture) f = { 0 };
  fixture_init(&f);
  TbReaderFormat format = *made_reader(f.readers, 1)->format;
  format.tell_snapshot = tell_two_processes;
  made_reader(f.readers, 1)->format = &format;
  tb_axis_shift(&f.events[1]->clock.opened, 1000);
  fixture_begin(&f);
  tb_watch_tell_snapshots(f.watch);
  assert_seen(&f, TABLES, "f7@1070 f8@1080 ");
  assert_seen(&f, FACTS, "");
}

static void test_who_minds_order(void)
{
  g_auto(Fixture) f = { 0 };
  fixture_init(&f);
  fixture_begin(&f);
  g_assert_true(tb_watch_minds_order(f.watch, TRUE));
  g_assert_false(tb_watch_minds_order(f.watch, FALSE)); /* who wants packets takes any order */
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/pass/watch/each-what-it-asked-for", test_each_what_it_asked_for);
  g_test_add_func("/pass/watch/types-met-on-the-way", test_types_met_on_the_way);
  g_test_add_func("/pass/watch/states-of-machines", test_states_of_machines);
  g_test_add_func("/pass/watch/wants-change", test_wants_change);
  g_test_add_func("/pass/watch/tables-of-a-reader", test_tables_of_a_reader);
  g_test_add_func("/pass/watch/who-minds-order", test_who_minds_order);
  return g_test_run();
}
