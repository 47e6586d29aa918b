/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The engine of resources, told facts by hand: descriptor tables and what they
 * stand for, lives of sockets and whose the bytes are, tables of a recording.
 */
#include "stages/resource/resource-sockets.h"
#include "stages/resource/resource.h"

enum { CALL_MAKE = 1, CALL_WRITE, CALL_COPY };

static TbUse use_of(gint32 tid, TbUseWhat what, guint8 call, gint32 fd, gint64 result)
{
  return (TbUse){ .tid = tid, .what = what, .call = call, .teller = 1, .fd = fd, .other_fd = fd,
                  .asked = 1, .result = result };
}

/* A call that begins and is back, a microsecond later. */
static void call(TbResource *r, gint64 now_ns, const TbUse *use)
{
  tb_resource_at(r, now_ns, 0, use->tid);
  tb_resource_use_began(r, use);
  tb_resource_at(r, now_ns + 1000, 0, use->tid);
  tb_resource_use_ended(r, use);
}

static TbSocketFact socket_of(guint64 address, guint16 port)
{
  return (TbSocketFact){ .socket = address, .stream = TRUE, .has_ends = TRUE,
                         .ends = { .family = 4, .protocol = TB_TUPLE_TCP, .local = { 10, 0, 0, 1 },
                                   .remote = { 10, 0, 0, 2 }, .local_port = port,
                                   .remote_port = 80 } };
}

static void connect_socket(TbResource *r, gint64 now_ns, gint32 tid, guint64 address, gint32 fd)
{
  TbSocketFact fact = socket_of(address, 40000);
  TbUse use = use_of(tid, TB_USE_CONNECT, CALL_MAKE, fd, 0);
  tb_resource_at(r, now_ns, 0, tid);
  tb_resource_use_began(r, &use);
  fact.state = TB_SOCKET_STATE_CONNECTING;
  fact.by_task = TRUE;
  tb_resource_socket_state(r, &fact);
  tb_resource_use_ended(r, &use);
}

/* A copy made by one task is what its thread writes through; the child of a fork has its own. */
static void test_descriptor_tables(void)
{
  g_autoptr(TbResource) r = tb_resource_new();
  connect_socket(r, 1000, 100, 0xa1, 3);
  TbUse copy = use_of(100, TB_USE_COPY, CALL_COPY, 3, 7);
  call(r, 5000, &copy);
  TbBorn thread = { .maker = 100, .child = 101, .announces = TRUE,
                    .shares_descriptors = TB_ANSWER_YES };
  tb_resource_born(r, &thread);
  TbUse write = use_of(101, TB_USE_WRITE, CALL_WRITE, 7, 10);
  call(r, 9000, &write);
  TbBorn child = { .maker = 100, .child = 200, .announces = TRUE,
                   .shares_descriptors = TB_ANSWER_NO };
  tb_resource_born(r, &child);
  TbUse gone = use_of(100, TB_USE_CLOSE, CALL_MAKE, 3, 0);
  call(r, 12000, &gone);
  write = use_of(200, TB_USE_WRITE, CALL_WRITE, 3, 5);
  call(r, 15000, &write);
  tb_resource_seal(r);
  const ResourceSockets *all = tb_resource_get_sockets(r);
  g_assert_cmpuint(all->sockets->len, ==, 1);
  const ResourceSocket *socket = resource_socket(all, 0);
  const ResourceSide *written = &socket->sides[RESOURCE_WRITTEN];
  g_assert_cmpint(socket->opener, ==, 100);
  g_assert_cmpuint(written->n, ==, 2);
  g_assert_cmpint(resource_side_run(all, written, 0)->tid, ==, 101);
  g_assert_cmpint(resource_side_run(all, written, 1)->tid, ==, 200);
  g_assert_cmpuint(resource_side_total(all, written), ==, 15);
}

/* Two kinds of record tell one call: it counts once. */
static void test_told_twice(void)
{
  g_autoptr(TbResource) r = tb_resource_new();
  connect_socket(r, 1000, 100, 0xa1, 3);
  TbUse raw = use_of(100, TB_USE_WRITE, CALL_WRITE, 3, 10), named = raw;
  named.teller = 2;
  tb_resource_use_began(r, &raw);
  tb_resource_use_began(r, &named);
  tb_resource_use_ended(r, &raw);
  tb_resource_use_ended(r, &named);
  tb_resource_seal(r);
  const ResourceSockets *all = tb_resource_get_sockets(r);
  g_assert_cmpuint(resource_side_total(all, &resource_socket(all, 0)->sides[RESOURCE_WRITTEN]), ==,
                   10);
}

/* An address that is given out again is another socket. */
static void test_address_used_again(void)
{
  g_autoptr(TbResource) r = tb_resource_new();
  TbSocketFact fact = socket_of(0xa1, 40000);
  tb_resource_at(r, 1000, 0, 0);
  tb_resource_socket_touched(r, &fact);
  fact = socket_of(0xa1, 40001);
  tb_resource_at(r, 2000, 0, 0);
  tb_resource_socket_touched(r, &fact);
  const ResourceSockets *all = tb_resource_get_sockets(r);
  g_assert_cmpuint(all->sockets->len, ==, 2);
  g_assert_cmpint(resource_socket(all, 0)->death_ns, ==, 2000);
  g_assert_cmpuint(resource_socket(all, 1)->tuple.local_port, ==, 40001);
}

/* A table gives the socket to one process, then to two. */
static void test_tables(void)
{
  g_autoptr(TbResource) r = tb_resource_new();
  TbSocketFact fact = socket_of(9, 40000);
  TbDescriptor descriptor = { .tid = 100, .fd = 3, .socket = 9 };
  tb_resource_at(r, 1000, 0, 0);
  tb_resource_descriptor_exists(r, &descriptor);
  tb_resource_socket_exists(r, &fact);
  const ResourceSockets *all = tb_resource_get_sockets(r);
  g_assert_cmpuint(all->sockets->len, ==, 1);
  g_assert_true(resource_socket(all, 0)->has_tuple);
  g_assert_cmpint(resource_socket(all, 0)->holder, ==, 100);
  descriptor.tid = 200;
  tb_resource_descriptor_exists(r, &descriptor);
  g_assert_cmpint(resource_socket(all, 0)->holder, ==, RESOURCE_SEVERAL);
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/resource/descriptor-tables", test_descriptor_tables);
  g_test_add_func("/resource/told-twice", test_told_twice);
  g_test_add_func("/resource/address-used-again", test_address_used_again);
  g_test_add_func("/resource/tables", test_tables);
  return g_test_run();
}
