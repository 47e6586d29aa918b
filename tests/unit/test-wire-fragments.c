/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Later fragments find the ports of the first one of their datagram. */
#include "stages/wire/fragments.h"

#define SECOND G_GINT64_CONSTANT(1000000000)

static TbNetHeaders datagram(guint32 id, guint8 from, guint16 port)
{
  return (TbNetHeaders){ .family = 4, .protocol = TB_NET_PROTOCOL_UDP, .fragment.id = id,
                         .source = { 10, 0, 0, from }, .destination = { 10, 0, 0, 9 },
                         .source_port = port, .destination_port = 53 };
}

static void test_find(void)
{
  g_autoptr(GArray) table = g_array_new(FALSE, FALSE, sizeof(TbFragment));
  TbNetHeaders first = datagram(7, 1, 4001), other = datagram(7, 2, 4002), found;
  TbNetHeaders again = datagram(7, 1, 4003);
  gint64 first_ns;
  tb_fragments_note(table, &again, 50 * SECOND);
  tb_fragments_note(table, &first, 10 * SECOND);
  tb_fragments_note(table, &other, 11 * SECOND);
  tb_fragments_sort(table);
  TbNetHeaders later = datagram(7, 1, 0);
  later.fragment.later = TRUE;
  /* Before it, behind it, and where the number came again. */
  g_assert_true(tb_fragments_find(table, &later, 9 * SECOND, &found, &first_ns));
  g_assert_cmpuint(found.source_port, ==, 4001);
  g_assert_cmpint(first_ns, ==, 10 * SECOND);
  g_assert_true(found.has_transport && !found.fragment.later);
  g_assert_true(tb_fragments_find(table, &later, 12 * SECOND, &found, &first_ns));
  g_assert_cmpuint(found.source_port, ==, 4001);
  g_assert_true(tb_fragments_find(table, &later, 49 * SECOND, &found, &first_ns));
  g_assert_cmpuint(found.source_port, ==, 4003);
  g_assert_false(tb_fragments_find(table, &later, 200 * SECOND, &found, &first_ns));
  later.fragment.id = 8;
  g_assert_false(tb_fragments_find(table, &later, 10 * SECOND, &found, &first_ns));
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/wire/fragments/find", test_find);
  return g_test_run();
}
