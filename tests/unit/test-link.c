/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Packets of events, on events and packets made in memory: what belongs together is linked, what
 * could be something else is not.
 */
#include "base/bytes.h"
#include "decode/linux/linux-decoder.h"
#include "stages/link/link.h"
#include "support/made-item.h"
#include "support/watchers.h"

#include <string.h>

enum { QUEUE, START, XMIT, ARRIVE, PASS, RECEIVE, STEPS };
enum { AT_SKB = 8, AT_LEN = 16, AT_NETWORK = 20, AT_NAME = 24, AT_TEXT = 28, EVENT_BYTES = 44 };

/* One event as it is shown in both phases. */
typedef struct {
  gint64 time_ns;
  guint step;
  guint32 cpu;
  guint32 len; /* of the record */
  gboolean lost;
  guint8 data[EVENT_BYTES];
} Shown;

typedef struct {
  gint64 time_ns;
  guint32 len;
  guint32 flags;
  guint64 value;
} Packet;

typedef struct {
  TbMachine *machine;
  TbSource *recording;
  TbSource *capture;
  TbEventType *types[STEPS];
  TbWire *wire;
  TbPacketLinks *links;
  Watchers *watchers;
  GArray *shown;
  GArray *packets; /* Packet */
  gint64 now_ns;
  guint32 cpu;
} World;

static void world_text(const TbEventType *type, const TbRecord *event, TbBuf *out)
{
  tb_buf_append_str(out, "made in memory");
}

static const TbEventTypeOps world_ops = { .append_text = world_text,
                                          .decoder = &tb_linux_decoder };

static void world_add_field(GArray *fields, const char *name, TbFieldKind kind, guint32 offset,
                            guint32 size)
{
  TbField field = { .name = g_strdup(name), .kind = kind, .offset = offset, .size = size,
                    .is_string = kind == TB_FIELD_DYNAMIC };
  g_array_append_val(fields, field);
}

static TbEventType *world_make_type(guint step)
{
  static const char *const names[STEPS] = { "net_dev_queue", "net_dev_start_xmit", "net_dev_xmit",
                                            "netif_rx_entry", "netif_rx", "netif_receive_skb" };
  TbEventType *type = tb_event_type_new("net", names[step], &world_ops, NULL);
  GArray *fields = g_array_new(FALSE, TRUE, sizeof(TbField));
  world_add_field(fields, "skbaddr", TB_FIELD_UINT, AT_SKB, 8);
  world_add_field(fields, "len", TB_FIELD_UINT, AT_LEN, 4);
  if (step == START)
    world_add_field(fields, "network_offset", TB_FIELD_INT, AT_NETWORK, 4);
  world_add_field(fields, "name", TB_FIELD_DYNAMIC, AT_NAME, 4);
  tb_event_type_take_fields(type, fields);
  type->id = step;
  return type;
}

static World *world_new(void)
{
  World *w = g_new0(World, 1);
  w->machine = tb_machine_new();
  w->recording = tb_source_new(TB_SOURCE_EVENTS, "ftrace");
  w->capture = tb_source_new(TB_SOURCE_PACKETS, "capture");
  w->capture->link.type = 1;
  tb_source_set_machine(w->recording, w->machine);
  tb_source_set_machine(w->capture, w->machine);
  w->recording->clock.opened = w->recording->clock.axis;
  w->capture->clock.opened = w->capture->clock.axis;
  w->wire = tb_wire_new();
  w->links = tb_packet_links_new(w->wire, NULL);
  w->watchers = watchers_new((TbObserver *[]){ &w->wire->observer, &w->links->observer }, 2);
  w->shown = g_array_new(FALSE, TRUE, sizeof(Shown));
  w->packets = g_array_new(FALSE, TRUE, sizeof(Packet));
  for (guint i = 0; i < STEPS; i++) {
    w->types[i] = world_make_type(i);
    g_assert_true(watchers_meet(w->watchers, w->types[i]) == (i != PASS));
  }
  w->now_ns = 1000000000;
  return w;
}

static void world_free(World *w)
{
  watchers_free(w->watchers);
  for (guint i = 0; i < STEPS; i++)
    tb_event_type_unref(w->types[i]);
  w->links->observer.ops->free(&w->links->observer);
  w->wire->observer.ops->free(&w->wire->observer);
  tb_source_unref(w->recording);
  tb_source_unref(w->capture);
  tb_machine_unref(w->machine);
  g_array_unref(w->shown);
  g_array_unref(w->packets);
  g_free(w);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(World, world_free)

static TbRecord world_record(const World *w, const Shown *shown)
{
  return (TbRecord){ .kind = shown->lost ? TB_RECORD_LOST : TB_RECORD_EVENT,
                     .time.ns = shown->time_ns, .source = w->recording,
                     .type = shown->lost ? NULL : w->types[shown->step], .data = shown->data,
                     .len = shown->len, .cpu = shown->cpu };
}

static void world_observe(World *w, const TbRecord *record)
{
  TbItem item = item_of(record);
  watchers_show(w->watchers, &item);
}

static void world_show(World *w, const Shown *shown)
{
  TbRecord record = world_record(w, shown);
  if (shown->lost || shown->step != PASS)
    world_observe(w, &record);
  g_array_append_val(w->shown, *shown);
  w->now_ns += 300;
}

/* @len: as the kernel tells it: with the link header where it is sent */
static void world_step(World *w, guint step, const char *device, guint64 skb, guint32 len)
{
  Shown shown = { .time_ns = w->now_ns, .step = step, .cpu = w->cpu, .len = EVENT_BYTES };
  guint64 skb_le = GUINT64_TO_LE(skb);
  guint32 len_le = GUINT32_TO_LE(len), network_le = GUINT32_TO_LE(14);
  guint32 locator = GUINT32_TO_LE((guint32)(strlen(device) + 1) << 16 | AT_TEXT);
  memcpy(shown.data + AT_SKB, &skb_le, 8);
  memcpy(shown.data + AT_LEN, &len_le, 4);
  memcpy(shown.data + AT_NETWORK, &network_le, 4);
  memcpy(shown.data + AT_NAME, &locator, 4);
  g_strlcpy((char *)shown.data + AT_TEXT, device, EVENT_BYTES - AT_TEXT);
  world_show(w, &shown);
}

static TbRecord world_packet_record(const World *w, const Packet *packet)
{
  static const guint8 frame[64] = { [12] = 8 };
  return (TbRecord){ .kind = TB_RECORD_PACKET, .time.ns = packet->time_ns, .source = w->capture,
                     .data = frame, .len = MIN(packet->len, 64), .orig_len = packet->len,
                     .flags = packet->flags, .value = packet->value };
}

static void world_add_packet(World *w, const Packet *packet)
{
  TbRecord record = world_packet_record(w, packet);
  world_observe(w, &record);
  g_array_append_val(w->packets, *packet);
}

/* @len: of the whole frame */
static void world_packet_at(World *w, gint64 time_ns, guint32 len)
{
  world_add_packet(w, &(Packet){ .time_ns = time_ns, .len = len });
}

static void world_packet(World *w, guint32 len)
{
  world_packet_at(w, w->now_ns, len);
}

/* A packet that is sent, stamped shortly before the device starts with it. */
static void world_send(World *w, const char *device, guint64 skb, guint32 len)
{
  world_step(w, QUEUE, device, skb, len);
  world_packet(w, len);
  world_step(w, START, device, skb, len);
  world_step(w, XMIT, device, skb, len);
}

static void world_receive(World *w, const char *device, guint64 skb, guint32 len)
{
  world_step(w, ARRIVE, device, skb, len - 14);
  world_step(w, PASS, device, skb, len - 14);
  world_step(w, RECEIVE, device, skb, len - 14);
  world_packet(w, len);
}

static void world_finish(World *w)
{
  GError *error = NULL;
  g_assert_true(w->links->observer.ops->finish(&w->links->observer, &error));
  g_assert_no_error(error);
}

static gint packet_compare(gconstpointer a, gconstpointer b)
{
  const Packet *x = a, *y = b;
  return x->time_ns < y->time_ns ? -1 : x->time_ns > y->time_ns;
}

/* The number of each packet in order of time, 0 where no event is about it. */
static guint64 *world_dup_numbers(World *w)
{
  guint64 *numbers = g_new0(guint64, w->packets->len + 1);
  g_array_sort(w->packets, packet_compare);
  for (guint i = 0; i < w->packets->len; i++) {
    TbRecord record = world_packet_record(w, &g_array_index(w->packets, Packet, i));
    TbItem item = item_of(&record);
    g_assert_true(tb_packet_links_wants(w->links, &item));
    g_assert_true(tb_packet_links_apply(w->links, &item, NULL));
    numbers[i] = item.link ? item.link->id : 0;
  }
  return numbers;
}

/* The place of the packet with this number among all packets; it must have got the number, too. */
static guint world_place(const World *w, const guint64 *numbers, guint64 id)
{
  for (guint i = 0; i < w->packets->len; i++)
    if (numbers[i] == id)
      return i + 1;
  g_assert_not_reached();
}

/* The packets of all events in order: "1 1 1 2 - -" */
static char *world_dup_result(World *w)
{
  GString *out = g_string_new(NULL);
  tb_packet_links_begin(w->links);
  g_autofree guint64 *numbers = world_dup_numbers(w);
  for (guint i = 0; i < w->shown->len; i++) {
    const Shown *shown = &g_array_index(w->shown, Shown, i);
    TbRecord record = world_record(w, shown);
    TbItem event = item_of(&record);
    if (tb_packet_links_wants(w->links, &event))
      g_assert_true(tb_packet_links_apply(w->links, &event, NULL));
    if (shown->lost)
      continue;
    if (event.link)
      g_string_append_printf(out, "%s%u", out->len ? " " : "",
                             world_place(w, numbers, event.link->id));
    else
      g_string_append(out, out->len ? " -" : "-");
  }
  return g_string_free(out, FALSE);
}

static void world_expect(World *w, const char *expected)
{
  world_finish(w);
  for (guint pass = 0; pass < 2; pass++) { /* emit may happen again */
    g_autofree char *result = world_dup_result(w);
    g_assert_cmpstr(result, ==, expected);
  }
}

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
