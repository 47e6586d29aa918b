/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Both ends of a connection, from the fields that events of sock: and tcp: have. */
#include "tracecmd/tracecmd-addresses.h"

#include <string.h>

typedef struct {
  const char *name;
  guint32 offset, size;
} Place;

static const Place pair_places[] = {
  { "sport", 0, 2 },  { "dport", 2, 2 },  { "family", 4, 2 },     { "protocol", 6, 2 },
  { "saddr", 8, 4 },  { "daddr", 12, 4 }, { "saddr_v6", 16, 16 }, { "daddr_v6", 32, 16 },
};

static const Place probe_places[] = {
  { "saddr", 0, 28 }, { "daddr", 28, 28 }, { "sport", 56, 2 }, { "dport", 58, 2 },
};

static TbEventType *make_type(const Place *places, guint n, gboolean big)
{
  static const TbEventTypeOps ops = { 0 };
  TbEventType *type = tb_event_type_new("tcp", "made", &ops, NULL);
  GArray *fields = g_array_new(FALSE, FALSE, sizeof(TbField));
  for (guint i = 0; i < n; i++) {
    TbField field = { .name = g_strdup(places[i].name), .offset = places[i].offset,
                      .size = places[i].size,
                      .kind = places[i].size == 2 ? TB_FIELD_UINT : TB_FIELD_ARRAY };
    g_array_append_val(fields, field);
  }
  type->big = big;
  tb_event_type_take_fields(type, fields);
  return type;
}

static void check_pair(gboolean big)
{
  static const guint8 mapped[] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };
  g_autoptr(TbEventType) type = make_type(pair_places, G_N_ELEMENTS(pair_places), big);
  TcAddresses *addresses = tc_addresses_new(type);
  guint8 data[48] = { 0 };
  TbRecord event = { .type = type, .data = data, .len = sizeof data };
  TbAddresses ends;
  g_assert_nonnull(addresses);
  tb_put_u16(data, 1234, big);
  tb_put_u16(data + 2, 80, big);
  tb_put_u16(data + 4, 2, big);
  tb_put_u16(data + 6, 6, big);
  g_assert_false(tc_addresses_get(addresses, &event, &ends)); /* nothing but zeros */
  memcpy(data + 8, "\x0a\x00\x00\x01\x0a\x00\x00\x02", 8);
  g_assert_true(tc_addresses_get(addresses, &event, &ends));
  g_assert_cmpuint(ends.family, ==, 4);
  g_assert_cmpuint(ends.protocol, ==, 6);
  g_assert_cmpuint(ends.local_port, ==, 1234);
  g_assert_cmpuint(ends.remote_port, ==, 80);
  g_assert_cmpmem(ends.local, 4, "\x0a\x00\x00\x01", 4);
  g_assert_cmpmem(ends.remote, 4, "\x0a\x00\x00\x02", 4);
  tb_put_u16(data + 4, 10, big);
  memcpy(data + 16, "\xfd\x00", 2);
  memcpy(data + 32, "\xfd\x01", 2);
  g_assert_true(tc_addresses_get(addresses, &event, &ends));
  g_assert_cmpuint(ends.family, ==, 6);
  g_assert_cmpmem(ends.remote, 16, data + 32, 16);
  memcpy(data + 16, mapped, sizeof mapped);
  memcpy(data + 32, mapped, sizeof mapped);
  memcpy(data + 44, "\x0a\x00\x00\x02", 4);
  g_assert_true(tc_addresses_get(addresses, &event, &ends));
  g_assert_cmpuint(ends.family, ==, 4);
  g_assert_cmpmem(ends.remote, 4, "\x0a\x00\x00\x02", 4);
  tb_put_u16(data + 4, 1, big); /* a local socket has no addresses */
  g_assert_false(tc_addresses_get(addresses, &event, &ends));
  tb_put_u16(data + 4, 10, big);
  for (event.len = 0; event.len < sizeof data; event.len++)
    g_assert_false(tc_addresses_get(addresses, &event, &ends));
  tc_addresses_free(addresses);
}

static void test_pair(void)
{
  check_pair(FALSE);
  check_pair(TRUE);
}

static void test_sockaddr(void)
{
  g_autoptr(TbEventType) type = make_type(probe_places, G_N_ELEMENTS(probe_places), TRUE);
  TcAddresses *addresses = tc_addresses_new(type);
  guint8 data[60] = { 0 };
  TbRecord event = { .type = type, .data = data, .len = sizeof data };
  TbAddresses ends;
  tb_put_u16(data, 2, TRUE);
  memcpy(data + 4, "\x7f\x00\x00\x01", 4);
  memcpy(data + 28 + 4, "\x7f\x00\x00\x02", 4);
  g_assert_true(tc_addresses_get(addresses, &event, &ends));
  g_assert_cmpmem(ends.remote, 4, "\x7f\x00\x00\x02", 4);
  tb_put_u16(data, 10, TRUE);
  memcpy(data + 8, "\xfd\x00\x00\x07", 4);
  g_assert_true(tc_addresses_get(addresses, &event, &ends));
  g_assert_cmpuint(ends.family, ==, 6);
  g_assert_cmpmem(ends.local, 4, "\xfd\x00\x00\x07", 4);
  tc_addresses_free(addresses);
}

static void test_no_ends(void)
{
  static const Place other[] = { { "saddr", 0, 8 }, { "daddr", 8, 8 }, { "sport", 16, 2 },
                                 { "dport", 18, 2 } };
  g_autoptr(TbEventType) none = make_type(NULL, 0, FALSE);
  g_autoptr(TbEventType) odd = make_type(other, G_N_ELEMENTS(other), FALSE);
  g_assert_null(tc_addresses_new(none));
  g_assert_null(tc_addresses_new(odd));
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/tracecmd/addresses/pair", test_pair);
  g_test_add_func("/tracecmd/addresses/sockaddr", test_sockaddr);
  g_test_add_func("/tracecmd/addresses/no-ends", test_no_ends);
  return g_test_run();
}
