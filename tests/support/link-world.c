/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See link-world.h. */
#include "support/link-world.h"

#include "decode/linux/linux-decoder.h"

#include <string.h>

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

World *world_new(void)
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

void world_free(World *w)
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

void world_show(World *w, const Shown *shown)
{
  TbRecord record = world_record(w, shown);
  if (shown->lost || shown->step != PASS)
    world_observe(w, &record);
  g_array_append_val(w->shown, *shown);
  w->now_ns += 300;
}

void world_step(World *w, guint step, const char *device, guint64 skb, guint32 len)
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

TbRecord world_packet_record(const World *w, const Packet *packet)
{
  static const guint8 frame[64] = { [12] = 8 };
  return (TbRecord){ .kind = TB_RECORD_PACKET, .time.ns = packet->time_ns, .source = w->capture,
                     .data = frame, .len = MIN(packet->len, 64), .orig_len = packet->len,
                     .flags = packet->flags, .value = packet->value };
}

void world_add_packet(World *w, const Packet *packet)
{
  TbRecord record = world_packet_record(w, packet);
  world_observe(w, &record);
  g_array_append_val(w->packets, *packet);
}

void world_packet_at(World *w, gint64 time_ns, guint32 len)
{
  world_add_packet(w, &(Packet){ .time_ns = time_ns, .len = len });
}

void world_packet(World *w, guint32 len)
{
  world_packet_at(w, w->now_ns, len);
}

void world_send(World *w, const char *device, guint64 skb, guint32 len)
{
  world_step(w, QUEUE, device, skb, len);
  world_packet(w, len);
  world_step(w, START, device, skb, len);
  world_step(w, XMIT, device, skb, len);
}

void world_receive(World *w, const char *device, guint64 skb, guint32 len)
{
  world_step(w, ARRIVE, device, skb, len - 14);
  world_step(w, PASS, device, skb, len - 14);
  world_step(w, RECEIVE, device, skb, len - 14);
  world_packet(w, len);
}

void world_finish(World *w)
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

guint64 *world_dup_numbers(World *w)
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

char *world_dup_result(World *w)
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

void world_expect(World *w, const char *expected)
{
  world_finish(w);
  for (guint pass = 0; pass < 2; pass++) { /* emit may happen again */
    g_autofree char *result = world_dup_result(w);
    g_assert_cmpstr(result, ==, expected);
  }
}
