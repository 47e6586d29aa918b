/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whose sources are: machines put together over inputs, names, labels and ranks. */
#include "pass/machines.h"
#include "support/made-readers.h"

static GPtrArray *resolve(const GPtrArray *readers, const char *const *names, gboolean leave_open,
                          GError **error)
{
  static const char *const none[4];
  GPtrArray *machines = NULL;
  return tb_machines_resolve(readers, names ? names : none, leave_open, &machines, error)
             ? machines : NULL;
}

static void test_same_machine_in_two_inputs(void)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GPtrArray) readers = made_readers_new(3);
  TbMachine *a = made_reader_add_machine(made_reader(readers, 0), "web", "id1");
  TbMachine *b = made_reader_add_machine(made_reader(readers, 1), "web", NULL);
  TbSource *first = made_reader_add_source(made_reader(readers, 0), TB_SOURCE_EVENTS, "f", a);
  TbSource *second = made_reader_add_source(made_reader(readers, 1), TB_SOURCE_PACKETS, "e", b);
  TbSource *third = made_reader_add_source(made_reader(readers, 2), TB_SOURCE_PACKETS, "g", NULL);
  g_autoptr(GPtrArray) machines = resolve(readers, NULL, FALSE, &error);
  g_assert_no_error(error);
  g_assert_cmpuint(machines->len, ==, 1);
  g_assert_true(first->machine == second->machine && first->machine == third->machine);
  g_assert_cmpstr(tb_machine_get_label(first->machine), ==, "web");
}

static void test_two_of_one_name(void)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GPtrArray) readers = made_readers_new(2);
  TbMachine *a = made_reader_add_machine(made_reader(readers, 0), "web", "id1");
  TbMachine *b = made_reader_add_machine(made_reader(readers, 1), "web", "id2");
  made_reader_add_source(made_reader(readers, 0), TB_SOURCE_EVENTS, "f", a);
  made_reader_add_source(made_reader(readers, 1), TB_SOURCE_EVENTS, "f", b);
  g_autoptr(GPtrArray) machines = resolve(readers, NULL, FALSE, &error);
  g_assert_no_error(error);
  g_assert_cmpuint(machines->len, ==, 2);
  g_assert_cmpstr(tb_machine_get_label(a), !=, tb_machine_get_label(b));
  g_assert_true(g_str_has_prefix(tb_machine_get_label(a), "web~"));
}

static void test_whose_it_is_must_be_clear(void)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GPtrArray) readers = made_readers_new(3);
  static const char *const names[] = { NULL, NULL, "db" };
  made_reader_add_machine(made_reader(readers, 0), "web", NULL);
  TbMachine *db = made_reader_add_machine(made_reader(readers, 1), "db", NULL);
  TbSource *capture = made_reader_add_source(made_reader(readers, 2), TB_SOURCE_PACKETS, "e",
                                             NULL);
  g_assert_null(resolve(readers, NULL, FALSE, &error));
  g_assert_error(error, TB_ERROR, TB_ERROR_AMBIGUOUS);
  g_assert_nonnull(strstr(error->message, "db, web"));
  g_clear_error(&error);
  g_autoptr(GPtrArray) open = resolve(readers, NULL, TRUE, &error);
  g_assert_no_error(error);
  g_assert_null(capture->machine);
  g_autoptr(GPtrArray) machines = resolve(readers, names, FALSE, &error);
  g_assert_no_error(error);
  g_assert_cmpuint(machines->len, ==, 2);
  g_assert_true(capture->machine == db);
}

static void test_several_hosts_have_no_one_name(void)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GPtrArray) readers = made_readers_new(1);
  static const char *const names[] = { "web" };
  made_reader_add_machine(made_reader(readers, 0), "a", NULL);
  made_reader_add_machine(made_reader(readers, 0), "b", NULL);
  g_assert_null(resolve(readers, names, FALSE, &error));
  g_assert_error(error, TB_ERROR, TB_ERROR_AMBIGUOUS);
}

/* The order of inputs decides nothing; one source in two inputs has one rank. */
static void test_ranks(void)
{
  for (guint turned = 0; turned < 2; turned++) {
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) readers = made_readers_new(2);
    TbReader *one = made_reader(readers, turned), *two = made_reader(readers, 1 - turned);
    TbMachine *web = made_reader_add_machine(one, "web", NULL);
    TbMachine *db = made_reader_add_machine(two, "db", NULL);
    TbSource *eth = made_reader_add_source(one, TB_SOURCE_PACKETS, "eth0", web);
    TbSource *log = made_reader_add_source(one, TB_SOURCE_EVENTS, "log", web);
    TbSource *other = made_reader_add_source(two, TB_SOURCE_PACKETS, "eth0", db);
    TbSource *again = made_reader_add_source(two, TB_SOURCE_PACKETS, "eth0", db);
    g_autoptr(GPtrArray) machines = resolve(readers, NULL, FALSE, &error);
    g_assert_no_error(error);
    g_autoptr(GPtrArray) ranked = tb_sources_rank(readers);
    g_assert_cmpuint(ranked->len, ==, 3);
    g_assert_cmpuint(other->rank, ==, 0);
    g_assert_cmpuint(again->rank, ==, 0);
    g_assert_cmpuint(log->rank, ==, 1);
    g_assert_cmpuint(eth->rank, ==, 2);
  }
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/pass/machines/same-machine-in-two-inputs", test_same_machine_in_two_inputs);
  g_test_add_func("/pass/machines/two-of-one-name", test_two_of_one_name);
  g_test_add_func("/pass/machines/whose-it-is-must-be-clear", test_whose_it_is_must_be_clear);
  g_test_add_func("/pass/machines/several-hosts-have-no-one-name",
                  test_several_hosts_have_no_one_name);
  g_test_add_func("/pass/machines/ranks", test_ranks);
  return g_test_run();
}
