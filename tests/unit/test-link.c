/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Packets of events, on events and packets made in memory: what belongs together is linked, what
 * could be something else is not.
 */
#include "support/link-world.h"

#include "base/bytes.h"

#include <string.h>

static void test_sent_and_received(void)
{
  g_autoptr(World) w = world_new();
  world_send(w, "eth0", 0xa0, 100);
  world_receive(w, "eth0", 0xb0, 200);
  world_send(w, "eth0", 0xa0, 300); /* the address was given out again */
  world_expect(w, "1 1 1 2 2 2 3 3 3");
}

/* Where the address is given out again for a packet that nobody captured. */
static void test_address_again_without_packet(void)
{
  g_autoptr(World) w = world_new();
  world_send(w, "eth0", 0xa0, 100);
  world_step(w, START, "eth0", 0xa0, 90);
  world_step(w, XMIT, "eth0", 0xa0, 90);
  world_step(w, XMIT, "eth0", 0xa0, 90);
  world_send(w, "eth0", 0xa0, 120);
  world_expect(w, "1 1 1 - - - 2 2 2");
}

static void test_loopback(void)
{
  g_autoptr(World) w = world_new();
  for (guint i = 0; i < 3; i++) {
    world_step(w, QUEUE, "lo", 0xa0, 100 + i);
    world_step(w, START, "lo", 0xa0, 100 + i);
    world_step(w, ARRIVE, "lo", 0xa0, 86 + i);
    world_step(w, PASS, "lo", 0xa0, 86 + i);
    world_step(w, XMIT, "lo", 0xa0, 100 + i);
    w->now_ns += 3000000; /* it waits for its CPU */
    world_step(w, RECEIVE, "lo", 0xa0, 86 + i);
    world_packet(w, 100 + i);
  }
  world_expect(w, "1 1 1 1 1 1 2 2 2 2 2 2 3 3 3 3 3 3");
}

/* Both ends of a wire within the machine: only the captured one's events name its packets. */
static void test_other_end_of_a_wire(void)
{
  g_autoptr(World) w = world_new();
  for (guint i = 0; i < 4; i++) {
    world_step(w, QUEUE, "vA", 0xa0, 100 + i);
    world_packet(w, 100 + i);
    world_step(w, START, "vA", 0xa0, 100 + i);
    world_step(w, ARRIVE, "vB", 0xa0, 86 + i);
    world_step(w, XMIT, "vA", 0xa0, 100 + i);
    world_step(w, RECEIVE, "vB", 0xa0, 86 + i);
    w->now_ns += 5000;
    world_step(w, START, "vB", 0xb0, 200 + i);
    world_step(w, ARRIVE, "vA", 0xb0, 186 + i);
    world_step(w, RECEIVE, "vA", 0xb0, 186 + i);
    world_packet(w, 200 + i);
    w->now_ns += 5000;
  }
  world_expect(w, "1 1 - 1 - - 2 2 3 3 - 3 - - 4 4 5 5 - 5 - - 6 6 7 7 - 7 - - 8 8");
}

static void test_named_device(void)
{
  g_autoptr(World) w = world_new();
  g_free(w->capture->name);
  w->capture->name = g_strdup("eth1");
  w->capture->name_is_device = TRUE;
  world_send(w, "eth1", 0xa0, 100);
  world_send(w, "eth0", 0xa0, 100);
  world_send(w, "eth1", 0xa0, 110);
  world_expect(w, "1 1 1 - - - 3 3 3");
}

static void test_device_nobody_knows(void)
{
  g_autoptr(World) w = world_new();
  g_free(w->capture->name);
  w->capture->name = g_strdup("eth7");
  w->capture->name_is_device = TRUE;
  world_send(w, "eth0", 0xa0, 100);
  world_expect(w, "- - -");
}

/* Enough that fits, so that it is known where to look. */
static void world_send_some(World *w)
{
  for (guint i = 0; i < 5; i++) {
    world_send(w, "eth0", 0xa0, 500 + i);
    w->now_ns += 100000;
  }
}
#define SOME "1 1 1 2 2 2 3 3 3 4 4 4 5 5 5 "

static void test_two_packets_for_one_event(void)
{
  g_autoptr(World) w = world_new();
  world_send_some(w);
  world_packet(w, 100);
  world_packet(w, 100);
  world_step(w, START, "eth0", 0xc0, 100);
  world_expect(w, SOME "-");
}

static void test_two_events_for_one_packet(void)
{
  g_autoptr(World) w = world_new();
  world_send_some(w);
  world_packet(w, 100);
  w->now_ns -= 150;
  world_step(w, START, "eth0", 0xc0, 100);
  w->now_ns -= 300;
  w->cpu = 1;
  world_step(w, START, "eth0", 0xd0, 100);
  world_expect(w, SOME "- -");
}

/* On different CPUs, so close that the packets may lie in either order. */
static void test_two_of_each_at_once(void)
{
  g_autoptr(World) w = world_new();
  world_send_some(w);
  world_packet(w, 100);
  world_packet_at(w, w->now_ns + 50, 100);
  world_step(w, START, "eth0", 0xc0, 100);
  w->now_ns -= 250;
  w->cpu = 1;
  world_step(w, START, "eth0", 0xd0, 100);
  world_expect(w, SOME "- -");
}

/* On one CPU they are in order. */
static void test_two_of_each_in_order(void)
{
  g_autoptr(World) w = world_new();
  world_send_some(w);
  world_packet(w, 100);
  world_step(w, START, "eth0", 0xc0, 100);
  world_packet(w, 100);
  world_step(w, START, "eth0", 0xd0, 100);
  world_expect(w, SOME "6 7");
}

static void test_missing_packets(void)
{
  g_autoptr(World) w = world_new();
  world_send_some(w);
  world_step(w, START, "eth0", 0xc0, 100); /* not captured */
  w->now_ns += 4000;
  world_packet(w, 100);
  world_step(w, START, "eth0", 0xd0, 100);
  world_packet(w, 100); /* not recorded */
  world_expect(w, SOME "- 6");
}

static void test_capture_out_of_order(void)
{
  g_autoptr(World) w = world_new();
  gint64 start_ns = w->now_ns;
  for (guint i = 0; i < 4; i++) {
    world_step(w, START, "eth0", 0xa0, 100 + i);
    w->now_ns += 100000;
  }
  for (guint i = 4; i-- > 0;)
    world_packet_at(w, start_ns + (gint64)i * 100300 - 200, 100 + i);
  world_expect(w, "1 2 3 4");
}

static void test_times_that_do_not_fit(void)
{
  g_autoptr(World) w = world_new();
  for (guint i = 0; i < 5; i++) {
    world_step(w, START, "eth0", 0xa0, 100);
    world_packet_at(w, w->now_ns + 1000000000, 100);
    w->now_ns += 10000000;
  }
  world_expect(w, "- - - - -");
}

static void test_another_machine(void)
{
  g_autoptr(World) w = world_new();
  g_autoptr(TbMachine) other = tb_machine_new();
  world_send(w, "eth0", 0xa0, 100);
  tb_source_set_machine(w->capture, other);
  world_expect(w, "- - -");
}

/* A buffer that is cut in pieces has no packet of its own. */
static void test_pieces(void)
{
  g_autoptr(World) w = world_new();
  world_step(w, QUEUE, "eth0", 0xa0, 2800);
  for (guint i = 0; i < 2; i++) {
    world_packet(w, 1400 + i);
    world_step(w, START, "eth0", 0xb0 + i, 1400 + i);
    world_step(w, XMIT, "eth0", 0xb0 + i, 1400 + i);
  }
  world_expect(w, "- 1 1 2 2");
}

/* Behind lost events an address says nothing of what came before. */
static void test_lost_events(void)
{
  g_autoptr(World) w = world_new();
  Shown lost = { .lost = TRUE };
  world_send_some(w);
  world_step(w, QUEUE, "eth0", 0xa0, 100);
  lost.time_ns = w->now_ns;
  world_show(w, &lost);
  world_packet(w, 100);
  world_step(w, START, "eth0", 0xa0, 100);
  world_expect(w, SOME "- 6");
}

/* Without net_dev_start_xmit a packet is captured when it is queued. */
static void test_queue_alone(void)
{
  g_autoptr(World) w = world_new();
  for (guint i = 0; i < 4; i++) {
    world_step(w, QUEUE, "eth0", 0xa0, 100 + i);
    world_packet(w, 100 + i);
    w->now_ns += 10000;
  }
  world_expect(w, "1 2 3 4");
}

/* Records cut short, names without an end, lengths that cannot be: nothing, and no crash. */
static void test_hostile_events(void)
{
  g_autoptr(World) w = world_new();
  for (guint step = 0; step < STEPS; step++)
    for (guint32 len = 0; len <= EVENT_BYTES; len++) {
      Shown shown = { .time_ns = w->now_ns, .step = step, .len = len };
      memset(shown.data, 0xff, sizeof shown.data);
      world_show(w, &shown);
      shown.time_ns = w->now_ns;
      shown.data[AT_NAME] = AT_TEXT;
      shown.data[AT_NAME + 1] = 0;
      shown.data[AT_NAME + 2] = (guint8)len;
      shown.data[AT_NAME + 3] = 0;
      world_show(w, &shown);
    }
  world_finish(w);
  g_autofree char *result = world_dup_result(w);
  g_assert_null(strpbrk(result, "0123456789"));
}

/* More than fits into memory, in bursts of equal lengths. */
static void test_many(void)
{
  enum { MANY = 60000, BURST = 300 };
  g_autoptr(World) w = world_new();
  for (guint i = 0; i < MANY; i++) {
    if (i % BURST == 0)
      w->now_ns += 1000000;
    world_send(w, "eth0", 0xa0 + i % 3, 1514);
  }
  world_finish(w);
  g_autofree char *result = world_dup_result(w);
  g_auto(GStrv) ordinals = g_strsplit(result, " ", -1);
  guint linked = 0;
  for (guint i = 0; ordinals[i]; i++) {
    if (g_str_equal(ordinals[i], "-"))
      continue;
    g_assert_cmpuint(g_ascii_strtoull(ordinals[i], NULL, 10), ==, i / 3 + 1);
    linked++;
  }
  g_assert_cmpuint(linked, >=, MANY * 3 / 100 * 98);
  g_assert_cmpuint(tb_packet_links_get_counts(w->links)->linked, ==, linked);
  g_assert_cmpuint(tb_packet_links_get_counts(w->links)->events, ==, MANY * 3);
}

/* A packet that bears a number in its capture keeps it; equal packets at one time have their own. */
static void test_numbers(void)
{
  g_autoptr(World) w = world_new();
  world_add_packet(w, &(Packet){ w->now_ns, 100, TB_RECORD_HAS_ID, 17 });
  world_step(w, START, "eth0", 0xa0, 100);
  world_send_some(w);
  gint64 at_ns = w->now_ns;
  for (guint i = 0; i < 2; i++) {
    world_packet_at(w, at_ns, 100);
    world_step(w, START, "eth0", 0xb0 + i, 100);
    w->now_ns = at_ns + 100;
  }
  world_finish(w);
  tb_packet_links_begin(w->links);
  g_autofree guint64 *numbers = world_dup_numbers(w);
  g_assert_cmpuint(numbers[0], ==, 17);
  g_assert_cmpuint(numbers[6], !=, 0);
  g_assert_cmpuint(numbers[7], !=, 0);
  g_assert_cmpuint(numbers[6], !=, numbers[7]);
}

/* Only packets that are in the output are named. */
static void test_packets_left_out(void)
{
  g_autoptr(World) w = world_new();
  world_send(w, "eth0", 0xa0, 100);
  world_send(w, "eth0", 0xa0, 200);
  world_finish(w);
  tb_packet_links_begin(w->links);
  tb_packet_links_keep_some(w->links);
  TbRecord record = world_packet_record(w, &g_array_index(w->packets, Packet, 1));
  TbItem item = item_of(&record);
  g_assert_true(tb_packet_links_apply(w->links, &item, NULL));
  tb_packet_links_keep(w->links, &item);
  g_autofree char *result = world_dup_result(w);
  g_assert_cmpstr(result, ==, "- - - 2 2 2");
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/link/sent-and-received", test_sent_and_received);
  g_test_add_func("/link/address-again", test_address_again_without_packet);
  g_test_add_func("/link/loopback", test_loopback);
  g_test_add_func("/link/device/other-end-of-a-wire", test_other_end_of_a_wire);
  g_test_add_func("/link/device/named", test_named_device);
  g_test_add_func("/link/device/nobody-knows", test_device_nobody_knows);
  g_test_add_func("/link/doubt/two-packets-for-one-event", test_two_packets_for_one_event);
  g_test_add_func("/link/doubt/two-events-for-one-packet", test_two_events_for_one_packet);
  g_test_add_func("/link/doubt/two-of-each-at-once", test_two_of_each_at_once);
  g_test_add_func("/link/doubt/two-of-each-in-order", test_two_of_each_in_order);
  g_test_add_func("/link/doubt/missing-packets", test_missing_packets);
  g_test_add_func("/link/doubt/times-that-do-not-fit", test_times_that_do_not_fit);
  g_test_add_func("/link/doubt/another-machine", test_another_machine);
  g_test_add_func("/link/capture-out-of-order", test_capture_out_of_order);
  g_test_add_func("/link/pieces", test_pieces);
  g_test_add_func("/link/lost-events", test_lost_events);
  g_test_add_func("/link/queue-alone", test_queue_alone);
  g_test_add_func("/link/hostile-events", test_hostile_events);
  g_test_add_func("/link/many", test_many);
  g_test_add_func("/link/numbers", test_numbers);
  g_test_add_func("/link/packets-left-out", test_packets_left_out);
  return g_test_run();
}
