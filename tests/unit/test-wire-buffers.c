/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Buffers on their way, told by facts made here: what belongs to one buffer and where it is captured. */
#include "stages/wire/buffers.h"
#include "support/made-item.h"

#include <string.h>

#define ALL_KINDS (~(guint64)0)

typedef struct {
  TbWireBuffers *buffers;
  gint64 now_ns;
  guint32 cpu;
  TbWireStep step;
} Way;

static void way_init(Way *way, guint64 kinds)
{
  *way = (Way){ .buffers = tb_wire_buffers_new(kinds), .now_ns = 1000 };
}

static void way_clear(Way *way)
{
  tb_wire_buffers_free(way->buffers);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Way, way_clear)

/* @len: 0 = not told */
static const TbWireStep *way_step(Way *way, TbFactKind kind, const char *device, guint64 address,
                                  gint64 len)
{
  TbRecord record = { .time.ns = way->now_ns, .cpu = way->cpu };
  TbItem item = item_of(&record);
  TbFact fact = { .kind = kind, .buffer = { .buffer = address, .point = kind, .has_len = len != 0,
                                            .len = len } };
  fact.buffer.device = (TbName){ device, device ? strlen(device) : 0 };
  tb_wire_buffers_step(way->buffers, &item, &fact, &way->step);
  way->now_ns += 100;
  return &way->step;
}

static void test_sent(void)
{
  g_auto(Way) way;
  way_init(&way, ALL_KINDS);
  const TbWireStep *step = way_step(&way, TB_FACT_BUFFER_QUEUED, "eth0", 0xa0, 114);
  g_assert_true(step->begins && step->belongs && !step->captured);
  g_assert_cmpuint(step->len, ==, 100);
  step->buffer->mark = 7;
  step = way_step(&way, TB_FACT_BUFFER_STARTED, "eth0", 0xa0, 114);
  g_assert_true(!step->begins && step->captured && step->way == TB_WIRE_SENT);
  g_assert_cmpint(step->was, ==, TB_WIRE_QUEUED);
  g_assert_cmpuint(step->buffer->mark, ==, 7);
  g_assert_cmpint(step->buffer->first_ns, ==, 1000);
  g_assert_true(way_step(&way, TB_FACT_BUFFER_SENT, "eth0", 0xa0, 114)->belongs);
  g_assert_false(way_step(&way, TB_FACT_BUFFER_SENT, "eth0", 0xa0, 114)->belongs);
  /* The address was given out again. */
  step = way_step(&way, TB_FACT_BUFFER_QUEUED, "eth0", 0xa0, 64);
  g_assert_true(step->begins);
  g_assert_cmpuint(step->buffer->mark, ==, 0);
}

static void test_cut_in_pieces(void)
{
  g_auto(Way) way;
  way_init(&way, ALL_KINDS);
  way_step(&way, TB_FACT_BUFFER_QUEUED, "eth0", 0xa0, 2814);
  const TbWireStep *step = way_step(&way, TB_FACT_BUFFER_STARTED, "eth0", 0xa0, 1514);
  g_assert_true(step->begins && step->captured);
  g_assert_cmpint(step->before.state, ==, TB_WIRE_QUEUED);
  g_assert_cmpuint(step->before.len, ==, 2814);
}

/* Both ends of a wire within the machine hold one buffer at the same time. */
static void test_two_devices(void)
{
  g_auto(Way) way;
  way_init(&way, ALL_KINDS);
  way_step(&way, TB_FACT_BUFFER_QUEUED, "vA", 0xa0, 114);
  way_step(&way, TB_FACT_BUFFER_STARTED, "vA", 0xa0, 114);
  g_assert_true(way_step(&way, TB_FACT_BUFFER_ARRIVED, "vB", 0xa0, 100)->begins);
  g_assert_true(way_step(&way, TB_FACT_BUFFER_SENT, "vA", 0xa0, 114)->belongs);
  const TbWireStep *step = way_step(&way, TB_FACT_BUFFER_RECEIVED, "vB", 0xa0, 100);
  g_assert_true(!step->begins && step->captured && step->way == TB_WIRE_RECEIVED);
  g_assert_cmpuint(tb_wire_buffers_get_n_devices(way.buffers), ==, 2);
  g_assert_cmpuint(tb_wire_buffers_find_device(way.buffers, "vB"), ==, step->device);
  g_assert_cmpuint(tb_wire_buffers_find_device(way.buffers, "vC"), ==, TB_WIRE_NO_DEVICE);
}

static void test_arrived_on_another_device(void)
{
  g_auto(Way) way;
  gint64 time_ns;
  way_init(&way, ALL_KINDS);
  way_step(&way, TB_FACT_BUFFER_ARRIVED, "eth0", 0xa0, 100);
  way_step(&way, TB_FACT_BUFFER_RECEIVED, "br0", 0xa0, 100);
  g_assert_true(tb_wire_buffers_arrived(way.buffers, 0xa0, &time_ns));
  g_assert_cmpint(time_ns, ==, 1000);
  g_assert_false(tb_wire_buffers_arrived(way.buffers, 0xb0, &time_ns));
}

static void test_lost(void)
{
  g_auto(Way) way;
  way_init(&way, ALL_KINDS);
  const TbWireStep *step = way_step(&way, TB_FACT_BUFFER_QUEUED, "eth0", 0xa0, 114);
  g_assert_true(tb_wire_buffers_is_known(way.buffers, step->buffer));
  tb_wire_buffers_lost(way.buffers);
  g_assert_false(tb_wire_buffers_is_known(way.buffers, step->buffer));
  g_assert_true(way_step(&way, TB_FACT_BUFFER_STARTED, "eth0", 0xa0, 114)->begins);
}

/* Where nothing tells when a driver gets a buffer, being queued stands for it. */
static void test_waiting(void)
{
  g_auto(Way) way;
  way_init(&way, TB_FACT_BIT(TB_FACT_BUFFER_QUEUED));
  way_step(&way, TB_FACT_BUFFER_QUEUED, "eth0", 0xa0, 114);
  const TbWireStep *step = way_step(&way, TB_FACT_BUFFER_QUEUED, "eth0", 0xa0, 214);
  g_assert_true(tb_wire_buffers_is_waiting(way.buffers, &step->before));
  g_assert_cmpuint(step->before.len, ==, 114);
}

/* Where only what was sent is told, that is when it was started. */
static void test_sent_alone(void)
{
  g_auto(Way) way;
  way_init(&way, TB_FACT_BIT(TB_FACT_BUFFER_QUEUED) | TB_FACT_BIT(TB_FACT_BUFFER_SENT));
  way_step(&way, TB_FACT_BUFFER_QUEUED, "eth0", 0xa0, 114);
  const TbWireStep *step = way_step(&way, TB_FACT_BUFFER_SENT, "eth0", 0xa0, 114);
  g_assert_true(step->captured && step->belongs && !step->begins);
}

static void test_not_told(void)
{
  static const char long_name[] = "a-name-that-no-device-has";
  g_auto(Way) way;
  way_init(&way, ALL_KINDS);
  for (guint kind = TB_FACT_BUFFER_QUEUED; kind <= TB_FACT_BUFFER_RECEIVED; kind++) {
    g_assert_null(way_step(&way, kind, "eth0", 0, 114)->buffer);
    g_assert_null(way_step(&way, kind, NULL, 0xa0, 114)->buffer);
    g_assert_null(way_step(&way, kind, long_name, 0xa0, 114)->buffer);
    g_assert_cmpuint(way_step(&way, kind, "eth0", 0xa0, 0)->len, ==, 0);
    g_assert_cmpuint(way_step(&way, kind, "eth0", 0xa0, G_MAXINT64)->len, ==, 0);
    g_assert_cmpuint(way_step(&way, kind, "eth0", 0xa0, -1)->len, ==, 0);
  }
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/wire/buffers/sent", test_sent);
  g_test_add_func("/wire/buffers/cut-in-pieces", test_cut_in_pieces);
  g_test_add_func("/wire/buffers/two-devices", test_two_devices);
  g_test_add_func("/wire/buffers/arrived-on-another-device", test_arrived_on_another_device);
  g_test_add_func("/wire/buffers/lost", test_lost);
  g_test_add_func("/wire/buffers/waiting", test_waiting);
  g_test_add_func("/wire/buffers/sent-alone", test_sent_alone);
  g_test_add_func("/wire/buffers/not-told", test_not_told);
  return g_test_run();
}
