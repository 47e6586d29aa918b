/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Hosts, packets and clocks for tests of alignment; see align-world.h. */
#include "support/align-world.h"

#include "base/bytes.h"
#include "decode/linux/linux-decoder.h"
#include "support/made-item.h"

#include <math.h>

enum {
  WORLD_EVENT_BYTES = 48,
  WORLD_SKB_OFF = 0,
  WORLD_LEN_OFF = 8,
  WORLD_NETWORK_OFF = 12,
  WORLD_NAME_OFF = 16,
  WORLD_QUEUE_NS = 180, /* before the stamp, as measured natively */
  WORLD_START_NS = 390, /* behind it */
  WORLD_RECEIVE_NS = 120,
  WORLD_PROBE_NS = 600,
  WORLD_JITTER_NS = 80,
};

static void world_no_text(const TbEventType *type, const TbRecord *event, TbBuf *out)
{
}

static const TbEventTypeOps world_ops = { .append_text = world_no_text,
                                          .decoder = &tb_linux_decoder };

static void add_field(GArray *fields, const char *name, TbFieldKind kind, guint32 offset,
                      guint32 size)
{
  TbField field = { .name = g_strdup(name), .kind = kind, .offset = offset, .size = size,
                    .index = fields->len };
  g_array_append_val(fields, field);
}

static TbEventType *world_make_type(guint32 id, const char *system, const char *name,
                                    gboolean network)
{
  TbEventType *type = tb_event_type_new(system, name, &world_ops, NULL);
  GArray *fields = g_array_new(FALSE, TRUE, sizeof(TbField));
  type->id = id;
  add_field(fields, "skbaddr", TB_FIELD_UINT, WORLD_SKB_OFF, 8);
  if (network) {
    add_field(fields, "len", TB_FIELD_UINT, WORLD_LEN_OFF, 4);
    add_field(fields, "name", TB_FIELD_STRING, WORLD_NAME_OFF, 16);
  }
  if (id == WORLD_START)
    add_field(fields, "network_offset", TB_FIELD_INT, WORLD_NETWORK_OFF, 4);
  tb_event_type_take_fields(type, fields);
  return type;
}

static void reader_drop(gpointer data)
{
  TbReader *reader = data;
  g_ptr_array_unref(reader->sources);
  g_free(reader);
}

World *world_new(guint32 seed, gboolean hosts, const char *reference)
{
  World *w = g_new0(World, 1);
  w->readers = g_ptr_array_new_with_free_func(reader_drop);
  w->notes = g_ptr_array_new_with_free_func(g_free);
  w->types[WORLD_QUEUE] = world_make_type(WORLD_QUEUE, "net", "net_dev_queue", TRUE);
  w->types[WORLD_START] = world_make_type(WORLD_START, "net", "net_dev_start_xmit", TRUE);
  w->types[WORLD_RECEIVE] = world_make_type(WORLD_RECEIVE, "net", "netif_receive_skb", TRUE);
  w->types[WORLD_PROBE] = world_make_type(WORLD_PROBE, "tcp", "tcp_probe", FALSE);
  w->rand = g_rand_new_with_seed(seed);
  w->true_ns = 1700000000 * G_GINT64_CONSTANT(1000000000);
  w->gap_ns = 8000000;
  w->wire = tb_wire_new();
  TbAlignOptions options = { w->readers, w->wire, w->notes, hosts, reference };
  w->align = tb_align_new(&options);
  w->watchers = watchers_new((TbObserver *[]){ &w->wire->observer, w->align }, 2);
  for (guint i = 0; i < WORLD_N_TYPES; i++)
    g_assert_true(watchers_meet(w->watchers, w->types[i]));
  return w;
}

void world_free(World *w)
{
  watchers_free(w->watchers);
  w->align->ops->free(w->align);
  w->wire->observer.ops->free(&w->wire->observer);
  for (guint i = 0; i < WORLD_N_TYPES; i++)
    tb_event_type_unref(w->types[i]);
  g_ptr_array_unref(w->readers);
  g_ptr_array_unref(w->notes);
  g_rand_free(w->rand);
  g_free(w);
}

TbSource *world_add_source(World *w, TbMachine *machine, TbSourceClass class, const char *name,
                           TbClock clock, gboolean ticks)
{
  TbReader *reader = g_new0(TbReader, 1);
  TbSource *source = tb_source_new(class, name);
  reader->sources = g_ptr_array_new_with_free_func((GDestroyNotify)tb_source_unref);
  source->link.type = 1;
  tb_axis_init(&source->clock.axis, clock, ticks);
  source->clock.opened = source->clock.axis;
  tb_source_set_machine(source, machine);
  g_ptr_array_add(reader->sources, source);
  g_ptr_array_add(w->readers, reader);
  return source;
}

WorldPacket world_next(World *w, guint8 self)
{
  WorldPacket packet = { .received = g_rand_boolean(w->rand), .id = w->packets++,
                         .device = "eth0" };
  guint8 other = self == 1 ? 2 : 1;
  /* Half are acknowledgements of one length, the others are what is said. */
  packet.len = g_rand_boolean(w->rand) ? 52 : (guint32)g_rand_int_range(w->rand, 60, 1400);
  packet.sender = packet.received ? other : self;
  packet.receiver = packet.received ? self : other;
  w->true_ns += g_rand_int_range(w->rand, 5000, (gint32)MIN(w->gap_ns, G_MAXINT32));
  return packet;
}

gint64 world_own_time(const WorldClock *clock, gint64 true_ns)
{
  gint64 own = true_ns - clock->offset_ns;
  if (clock->rate != 0 && clock->rate != 1.0)
    own += (gint64)llround((double)own * (clock->rate - 1.0));
  if (clock->from_ns && true_ns >= clock->from_ns)
    own += clock->step_ns;
  return clock->cut > 1 ? own - own % clock->cut : own;
}

/* Times are mapped as they were known when the inputs were opened. */
static void world_observe(World *w, const TbRecord *record)
{
  TbItem item = item_of(record);
  item.time.ns = item.machine_time.ns = tb_axis_map(&record->source->clock.opened, record->time.ns);
  watchers_show(w->watchers, &item);
}

static void show_event(World *w, TbSource *source, const WorldClock *clock, guint type,
                       guint32 len, const char *device, gint64 true_ns)
{
  guint8 data[WORLD_EVENT_BYTES] = { 0 };
  tb_put_u64(data + WORLD_SKB_OFF, w->skb, FALSE);
  tb_put_u32(data + WORLD_LEN_OFF, len, FALSE);
  tb_put_u32(data + WORLD_NETWORK_OFF, 14, FALSE);
  g_strlcpy((char *)data + WORLD_NAME_OFF, device, 16);
  gint64 own = world_own_time(clock, true_ns);
  TbRecord record = { .kind = TB_RECORD_EVENT, .source = source, .type = w->types[type],
                      .data = data, .len = sizeof data, .tid = 7, .time.ns = own };
  TbSourceCounts *counts = &source->counts;
  counts->first_ns = counts->records ? MIN(counts->first_ns, own) : own;
  counts->last_ns = counts->records ? MAX(counts->last_ns, own) : own;
  counts->records++;
  world_observe(w, &record);
}

void world_record(World *w, TbSource *source, const WorldClock *clock, const WorldPacket *packet,
                  gint64 true_ns)
{
  gint32 jitter = g_rand_int_range(w->rand, 0, WORLD_JITTER_NS);
  w->skb += 0x100;
  if (packet->received) {
    show_event(w, source, clock, WORLD_RECEIVE, packet->len, packet->device,
               true_ns - WORLD_RECEIVE_NS - jitter);
    show_event(w, source, clock, WORLD_PROBE, 0, "", true_ns + WORLD_PROBE_NS + jitter);
  } else {
    show_event(w, source, clock, WORLD_QUEUE, packet->len + 14, packet->device,
               true_ns - WORLD_QUEUE_NS - jitter);
    show_event(w, source, clock, WORLD_START, packet->len + 14, packet->device,
               true_ns + WORLD_START_NS + jitter);
  }
}

void world_capture(World *w, TbSource *source, const WorldClock *clock, const WorldPacket *packet,
                   gint64 true_ns)
{
  guint8 *p = w->data;
  memset(p, 0, 64);
  p[5] = packet->receiver;
  p[11] = packet->sender;
  tb_put_u16(p + 12, 0x0800, TRUE);
  p[14] = 0x45;
  tb_put_u16(p + 16, (guint16)packet->len, TRUE);
  tb_put_u16(p + 18, packet->id, TRUE);
  p[23] = 17;
  p[29] = packet->sender;
  p[33] = packet->receiver;
  gint64 own = world_own_time(clock, true_ns);
  TbRecord record = { .kind = TB_RECORD_PACKET, .source = source, .data = p,
                      .len = MIN(packet->len + 14, 60), .orig_len = packet->len + 14,
                      .time.ns = own };
  source->counts.records++;
  source->counts.first_ns = own;
  world_observe(w, &record);
}

void world_finish(World *w)
{
  g_autoptr(GError) error = NULL;
  g_assert_true(w->align->ops->finish(w->align, &error));
  g_assert_no_error(error);
}

gboolean world_has_note(const World *w, const char *text)
{
  for (guint i = 0; i < w->notes->len; i++)
    if (strstr(g_ptr_array_index(w->notes, i), text))
      return TRUE;
  return FALSE;
}
