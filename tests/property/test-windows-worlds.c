/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Random worlds of a Windows machine: connections whose ends are used again by other processes,
 * ports that go from one process to the next, a port that two use at once; operations and packets
 * go missing, and their clocks are a little apart. Who is named must be right.
 */
#include "stages/wire/headers.h"
#include "support/pml-net.h"

#include <string.h>

enum { N_PROCESSES = 8, N_CONNECTIONS = 60, N_PORTS = 4, N_SHARED = 60, N_WORLDS = 12 };

/* An operation or a packet. */
typedef struct {
  double ms;
  guint32 process;
  gboolean is_packet;
  gboolean tcp;
  gboolean out;
  guint8 flags;
  PmlNetOperation operation;
  PmlNetEnd local;
  PmlNetEnd remote;
  guint32 seq;
  guint32 len;
} Item;

typedef struct {
  GRand *random;
  GArray *items;
  double lost_operations;
  double lost_packets;
  double skew_ms;
  guint n_ends;
  guint n_named;
  guint n_wrong;
  guint n_remote;
} World;

static void add_operation(World *world, Item item)
{
  if (g_rand_double(world->random) >= world->lost_operations)
    g_array_append_val(world->items, item);
}

static void add_packet(World *world, Item item)
{
  item.is_packet = TRUE;
  item.ms += g_rand_double_range(world->random, -world->skew_ms, world->skew_ms);
  if (g_rand_double(world->random) >= world->lost_packets)
    g_array_append_val(world->items, item);
}

/* Returns: when it is over */
static double add_connection(World *world, double ms, guint32 process, PmlNetEnd local,
                             PmlNetEnd remote)
{
  Item item = { .process = process, .tcp = TRUE, .out = TRUE, .local = local, .remote = remote,
                .seq = g_rand_int(world->random), .flags = TB_NET_TCP_SYN };
  item.ms = ms;
  add_packet(world, item);
  item.ms = ms += 30;
  item.operation = g_rand_boolean(world->random) ? PML_NET_CONNECT : PML_NET_ACCEPT;
  add_operation(world, item);
  item.seq++;
  item.flags = TB_NET_TCP_ACK;
  for (gint n = g_rand_int_range(world->random, 1, 8); n > 0; n--) {
    item.ms = ms += g_rand_double_range(world->random, 1, 400);
    item.out = g_rand_boolean(world->random);
    item.len = (guint32)g_rand_int_range(world->random, 1, 1400);
    item.operation = item.out ? PML_NET_SEND : PML_NET_RECEIVE;
    add_operation(world, item);
    add_packet(world, item);
    item.seq += item.out ? item.len : 0;
  }
  item.len = 0;
  item.out = TRUE;
  item.flags |= TB_NET_TCP_FIN;
  item.operation = PML_NET_DISCONNECT;
  item.ms = ms += 5;
  add_operation(world, item);
  add_packet(world, item);
  return ms;
}

static void add_connections(World *world)
{
  for (guint port = 0; port < N_PORTS; port++) {
    const PmlNetEnd local = { PML_NET_HERE, (guint16)(50000 + port) };
    const PmlNetEnd remote = { PML_NET_PEER, 443 };
    double ms = 0;
    for (guint n = 0; n < N_CONNECTIONS; n++) {
      ms += g_rand_double_range(world->random, 200, 5000);
      ms = add_connection(world, ms, 100 + (guint32)g_rand_int_range(world->random, 0, N_PROCESSES),
                          local, remote);
    }
  }
}

static void add_datagram(World *world, double ms, guint32 process, PmlNetEnd local, PmlNetEnd remote,
                         gboolean out, guint32 len)
{
  Item item = { .ms = ms, .process = process, .out = out, .local = local, .remote = remote,
                .len = len, .operation = out ? PML_NET_SEND : PML_NET_RECEIVE };
  add_operation(world, item);
  add_packet(world, item);
}

static void add_ports(World *world)
{
  const PmlNetEnd shared = { PML_NET_HERE, 5353 }, group = { PML_NET_GROUP, 5353 };
  for (guint port = 0; port < N_PORTS; port++) {
    const PmlNetEnd local = { PML_NET_HERE, (guint16)(60000 + port) };
    double ms = 0;
    for (guint32 process = 100; process < 100 + N_PROCESSES; process++) {
      ms += g_rand_double_range(world->random, 1000, 3000);
      for (guint n = 0; n < 10; n++) {
        const PmlNetEnd remote = { PML_NET_PEER, (guint16)g_rand_int_range(world->random, 1, 5) };
        ms += g_rand_double_range(world->random, 1, 300);
        add_datagram(world, ms, process, local, remote, g_rand_boolean(world->random),
                     (guint32)g_rand_int_range(world->random, 1, 1400));
      }
    }
  }
  for (guint n = 0; n < N_SHARED; n++)
    add_datagram(world, g_rand_double_range(world->random, 0, 60000), 100 + n % 2, shared, group,
                 TRUE, 20 + (guint32)g_rand_int_range(world->random, 0, 20));
}

static gint compare_items(gconstpointer a, gconstpointer b)
{
  const Item *x = a, *y = b;
  return x->ms < y->ms ? -1 : x->ms > y->ms;
}

static void show_item(PmlNet *net, const Item *item)
{
  PmlNetEnd from = item->out ? item->local : item->remote;
  PmlNetEnd to = item->out ? item->remote : item->local;
  if (!item->is_packet && item->tcp)
    pml_net_tcp(net, item->ms, item->process, item->operation, item->local, item->remote, item->len);
  else if (!item->is_packet)
    pml_net_udp(net, item->ms, item->process, item->operation, item->local, item->remote, item->len);
  else if (item->tcp)
    pml_net_segment(net, item->ms, from, to, item->out ? item->seq : 1, item->out ? 1 : item->seq,
                    item->flags, (guint16)item->len);
  else
    pml_net_datagram(net, item->ms, from, to, (guint16)item->len);
}

static void judge(World *world, const TbOwners *owners, const Item *item)
{
  const TbOwner *here = item->out ? &owners->src : &owners->dst;
  const TbOwner *there = item->out ? &owners->dst : &owners->src;
  world->n_ends++;
  world->n_remote += tb_owner_is_known(there);
  if (here->confidence < TB_CONFIDENCE_LINKED)
    return;
  world->n_named++;
  world->n_wrong += (guint32)here->pid != item->process;
}

static void run_world(World *world, guint seed)
{
  g_autoptr(PmlNet) net = pml_net_new(seed % 2);
  world->random = g_rand_new_with_seed(seed);
  world->items = g_array_new(FALSE, FALSE, sizeof(Item));
  for (guint i = 0; i < N_PROCESSES; i++)
    pml_net_process(net, 100 + i, 0, "any.exe", -1000, 0);
  add_connections(world);
  add_ports(world);
  g_array_sort(world->items, compare_items);
  for (guint i = 0; i < world->items->len; i++)
    show_item(net, &g_array_index(world->items, Item, i));
  pml_net_finish(net);
  for (guint i = 0, packet = 0; i < world->items->len; i++) {
    const Item *item = &g_array_index(world->items, Item, i);
    if (!item->is_packet)
      continue;
    TbOwners owners = pml_net_owners(net, packet++);
    judge(world, &owners, item);
  }
  g_array_unref(world->items);
  g_rand_free(world->random);
}

/* @least, @most: shares of the ends named, and of these wrong */
static void run_worlds(World world, double least, double most)
{
  for (guint seed = 1; seed <= N_WORLDS; seed++)
    run_world(&world, seed);
  g_test_message("%u ends, %u named, %u of these wrong, %u remote", world.n_ends, world.n_named,
                 world.n_wrong, world.n_remote);
  g_assert_cmpuint(world.n_remote, ==, 0);
  g_assert_cmpfloat(world.n_named, >=, least * world.n_ends);
  g_assert_cmpfloat(world.n_wrong, <=, most * world.n_named);
}

static void test_complete(void)
{
  run_worlds((World){ .skew_ms = 2 }, 0.99, 0);
}

static void test_packets_missing(void)
{
  run_worlds((World){ .skew_ms = 2, .lost_packets = 0.43 }, 0.99, 0);
}

static void test_operations_missing(void)
{
  run_worlds((World){ .skew_ms = 2, .lost_operations = 0.1 }, 0.97, 0.001);
}

static void test_both_missing(void)
{
  run_worlds((World){ .skew_ms = 10, .lost_operations = 0.1, .lost_packets = 0.43 }, 0.97, 0.001);
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/owners/connections/worlds/complete", test_complete);
  g_test_add_func("/owners/connections/worlds/packets-missing", test_packets_missing);
  g_test_add_func("/owners/connections/worlds/operations-missing", test_operations_missing);
  g_test_add_func("/owners/connections/worlds/both-missing", test_both_missing);
  return g_test_run();
}
