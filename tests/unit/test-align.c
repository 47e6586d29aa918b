/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Alignment in a made world: what is found, how exactly, and what is refused. */
#include "support/align-world.h"

#include <math.h>

#define SECOND G_GINT64_CONSTANT(1000000000)
#define BOOTED ((1700000000 - 5000) * SECOND)

static const WorldClock wall = { 0, 1.0, 1, 0, 0 };

static TbMachine *machine_named(const char *name)
{
  TbMachine *machine = tb_machine_new();
  machine->name = g_strdup(name);
  return machine;
}

/* One recording and one capture of one host; the capture sees one packet in @every. */
typedef struct {
  World *world;
  TbMachine *machine;
  TbSource *recording;
  TbSource *capture;
  WorldClock own;
  WorldClock stamps;
  gint64 first_ns;
  gint64 last_ns;
} Host;

static void host_init(Host *h, guint32 seed, TbClock clock, gboolean ticks)
{
  *h = (Host){ .world = world_new(seed, FALSE, NULL), .machine = machine_named("web"),
               .own = { BOOTED, 1.0, 1, 0, 0 }, .stamps = wall };
  h->recording = world_add_source(h->world, h->machine, TB_SOURCE_EVENTS, "ftrace", clock, ticks);
  h->capture = world_add_source(h->world, h->machine, TB_SOURCE_PACKETS, "eth0",
                                TB_CLOCK_REALTIME, FALSE);
}

static void host_clear(Host *h)
{
  world_free(h->world);
  tb_machine_unref(h->machine);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Host, host_clear)

static void host_talk(Host *h, guint n, guint every)
{
  for (guint i = 0; i < n; i++) {
    WorldPacket packet = world_next(h->world, 1);
    gint64 now = h->world->true_ns;
    h->first_ns = i ? h->first_ns : now;
    h->last_ns = now;
    world_record(h->world, h->recording, &h->own, &packet, now);
    if (i % every == 0)
      world_capture(h->world, h->capture, &h->stamps, &packet, now);
  }
}

/* How far the recording's axis is off at a moment. */
static gint64 host_error(const Host *h, gint64 true_ns)
{
  return tb_axis_map(&h->recording->clock.axis, world_own_time(&h->own, true_ns)) - true_ns;
}

static void host_check(const Host *h, gint64 most_ns)
{
  gint64 at_first = host_error(h, h->first_ns), at_last = host_error(h, h->last_ns);
  const TbAxis *axis = &h->recording->clock.axis;
  g_assert_cmpint(ABS(at_first), <=, most_ns);
  g_assert_cmpint(ABS(at_last), <=, most_ns);
  g_assert_true(axis->realtime);
  g_assert_false(axis->ticks);
  g_assert_true(axis->bounded);
  /* The truth is offset - error, and must be inside. */
  g_assert_cmpint(axis->bound_low_ns, <=, axis->offset_ns - at_first);
  g_assert_cmpint(axis->bound_high_ns, >=, axis->offset_ns - at_first);
}

static void test_offset(void)
{
  g_auto(Host) h = { 0 };
  host_init(&h, 1, TB_CLOCK_MONO, FALSE);
  host_talk(&h, 200, 1);
  world_finish(h.world);
  host_check(&h, 300);
  g_assert_cmpint(h.recording->clock.axis.origin, ==, TB_ORIGIN_VOTED);
  g_assert_cmpuint(h.recording->clock.axis.matches, ==, 200);
  g_assert_cmpfloat(h.recording->clock.axis.rate, ==, 1.0);
  g_assert_cmpint(h.capture->clock.axis.offset_ns, ==, 0);
}

static void test_microseconds(void)
{
  g_auto(Host) h = { 0 };
  host_init(&h, 2, TB_CLOCK_BOOT, FALSE);
  h.capture->clock.tsresol = 6;
  h.stamps.cut = 1000;
  host_talk(&h, 300, 3);
  world_finish(h.world);
  host_check(&h, 700);
}

static void test_tai(void)
{
  g_auto(Host) h = { 0 };
  host_init(&h, 3, TB_CLOCK_TAI, FALSE);
  h.own.offset_ns = -37 * SECOND;
  host_talk(&h, 40, 1);
  world_finish(h.world);
  host_check(&h, 300);
}

static void test_ticks(void)
{
  g_auto(Host) h = { 0 };
  host_init(&h, 4, TB_CLOCK_X86_TSC, TRUE);
  h.own.rate = 2.599998;
  host_talk(&h, 300, 2);
  world_finish(h.world);
  host_check(&h, 1500);
  g_assert_cmpfloat(fabs(h.recording->clock.axis.rate * 2.599998 - 1), <, 2e-6);
}

static void test_drift(void)
{
  g_auto(Host) h = { 0 };
  host_init(&h, 5, TB_CLOCK_LOCAL, FALSE);
  h.own.rate = 1 + 1.2e-6;
  h.world->gap_ns = 300000000;
  host_talk(&h, 2000, 1);
  g_assert_cmpint(h.last_ns - h.first_ns, >, 240 * SECOND);
  world_finish(h.world);
  host_check(&h, 1000);
}

/* What the note says of the place: seconds and nanoseconds of a packet. */
static char *time_text(gint64 ns)
{
  return g_strdup_printf("%" G_GINT64_FORMAT ".%09u", ns / SECOND, (guint)(ns % SECOND));
}

static void check_step(gint64 step_ns, const char *words)
{
  g_auto(Host) h = { 0 };
  host_init(&h, 6, TB_CLOCK_MONO, FALSE);
  host_talk(&h, 120, 1);
  gint64 before = h.last_ns;
  h.stamps = (WorldClock){ 0, 1.0, 1, before + 1, step_ns };
  gint64 next = h.world->true_ns;
  host_talk(&h, 1, 1);
  next = h.last_ns;
  host_talk(&h, 90, 1);
  world_finish(h.world);
  g_autofree char *from = time_text(before), *to = time_text(next + step_ns);
  g_assert_true(world_has_note(h.world, words));
  g_assert_true(world_has_note(h.world, from));
  g_assert_true(world_has_note(h.world, to));
  h.last_ns = h.first_ns; /* the first part is the longer one, and the recording's own clock went on */
  host_check(&h, 300);
}

static void test_step(void)
{
  check_step(SECOND / 4, "set by +0.250000 s");
  check_step(-SECOND / 4, "set by -0.250000 s");
}

static void test_few(void)
{
  g_auto(Host) h = { 0 };
  host_init(&h, 7, TB_CLOCK_MONO, FALSE);
  host_talk(&h, 9, 1);
  world_finish(h.world);
  const char *reason = tb_align_get_reason(h.world->align, h.recording);
  g_assert_nonnull(reason);
  g_assert_nonnull(strstr(reason, "too few packets"));
  g_assert_nonnull(strstr(reason, "next time"));
  g_assert_false(h.recording->clock.axis.realtime);
  g_assert_cmpint(h.recording->clock.axis.origin, ==, TB_ORIGIN_NONE);
}

static void test_foreign(void)
{
  for (guint32 seed = 100; seed < 140; seed++) {
    g_auto(Host) h = { 0 };
    host_init(&h, seed, TB_CLOCK_MONO, FALSE);
    for (guint i = 0; i < 150; i++) {
      WorldPacket packet = world_next(h.world, 1), other = world_next(h.world, 1);
      world_record(h.world, h.recording, &h.own, &packet, h.world->true_ns);
      world_capture(h.world, h.capture, &h.stamps, &other,
                    h.world->true_ns + g_rand_int_range(h.world->rand, 10000, 900000));
    }
    world_finish(h.world);
    g_assert_false(h.recording->clock.axis.realtime);
    g_assert_nonnull(tb_align_get_reason(h.world->align, h.recording));
  }
}

/* The same script run twice: lengths and gaps agree to some microseconds, causality does not. */
static void test_alike(void)
{
  for (guint32 seed = 200; seed < 210; seed++) {
    g_auto(Host) h = { 0 };
    host_init(&h, seed, TB_CLOCK_MONO, FALSE);
    for (guint i = 0; i < 150; i++) {
      WorldPacket packet = world_next(h.world, 1);
      world_record(h.world, h.recording, &h.own, &packet, h.world->true_ns);
      world_capture(h.world, h.capture, &h.stamps, &packet,
                    h.world->true_ns + 10 * SECOND + g_rand_int_range(h.world->rand, -4000, 4000));
    }
    world_finish(h.world);
    g_assert_false(h.recording->clock.axis.realtime);
    g_assert_nonnull(tb_align_get_reason(h.world->align, h.recording));
  }
}

static void test_no_events(void)
{
  g_auto(Host) h = { 0 };
  host_init(&h, 8, TB_CLOCK_MONO, FALSE);
  for (guint i = 0; i < 50; i++) {
    WorldPacket packet = world_next(h.world, 1);
    world_capture(h.world, h.capture, &wall, &packet, h.world->true_ns);
  }
  h.recording->counts.records = 10;
  world_finish(h.world);
  const char *reason = tb_align_get_reason(h.world->align, h.recording);
  g_assert_nonnull(reason);
  g_assert_nonnull(strstr(reason, "no network events"));
  g_assert_nonnull(strstr(reason, "-e net"));
}

/* A date that is right stands; one that is not is told of. */
static void check_date(gint64 wrong_ns, gboolean stands)
{
  g_auto(Host) h = { 0 };
  host_init(&h, 9, TB_CLOCK_MONO, FALSE);
  TbAxis *axis = &h.recording->clock.axis;
  tb_axis_shift(axis, BOOTED + wrong_ns);
  axis->origin = TB_ORIGIN_DATE;
  axis->realtime = axis->bounded = TRUE;
  axis->bound_low_ns = axis->offset_ns - 1000;
  axis->bound_high_ns = axis->offset_ns + 2000;
  h.recording->clock.opened = *axis;
  host_talk(&h, 100, 1);
  world_finish(h.world);
  host_check(&h, 1000);
  g_assert_cmpint(axis->origin, ==, stands ? TB_ORIGIN_DATE : TB_ORIGIN_VOTED);
  g_assert_cmpint(world_has_note(h.world, "disagree"), ==, !stands);
}

static void test_date(void)
{
  check_date(-500, TRUE);
  check_date(40000, FALSE);
  check_date(-3 * SECOND, FALSE);
}

static void test_user(void)
{
  g_auto(Host) h = { 0 };
  host_init(&h, 10, TB_CLOCK_MONO, FALSE);
  tb_axis_shift(&h.recording->clock.axis, BOOTED + SECOND);
  h.recording->clock.axis.origin = TB_ORIGIN_USER;
  h.recording->clock.axis.realtime = TRUE;
  h.recording->clock.opened = h.recording->clock.axis;
  host_talk(&h, 100, 1);
  world_finish(h.world);
  g_assert_cmpint(h.recording->clock.axis.offset_ns, ==, BOOTED + SECOND);
  g_assert_cmpint(h.recording->clock.axis.origin, ==, TB_ORIGIN_USER);
}

static void test_shared(void)
{
  g_auto(Host) h = { 0 };
  host_init(&h, 11, TB_CLOCK_MONO, FALSE);
  TbSource *same = world_add_source(h.world, h.machine, TB_SOURCE_EVENTS, "ftrace/a",
                                    TB_CLOCK_MONO, FALSE);
  TbSource *other = world_add_source(h.world, h.machine, TB_SOURCE_EVENTS, "ftrace/b",
                                     TB_CLOCK_LOCAL, FALSE);
  same->counts.records = other->counts.records = 5;
  host_talk(&h, 100, 1);
  world_finish(h.world);
  host_check(&h, 300);
  g_assert_cmpint(same->clock.axis.offset_ns, ==, h.recording->clock.axis.offset_ns);
  g_assert_true(same->clock.axis.realtime);
  g_assert_false(other->clock.axis.realtime);
  g_assert_nonnull(tb_align_get_reason(h.world->align, other));
}

/* Both ends of a veth pair are in the recording; the capture is of one of them. */
static void test_veth(void)
{
  g_auto(Host) h = { 0 };
  host_init(&h, 12, TB_CLOCK_MONO, FALSE);
  for (guint i = 0; i < 150; i++) {
    WorldPacket packet = world_next(h.world, 1), far = packet;
    packet.device = "vA";
    far.device = "vB";
    far.received = !packet.received;
    gint64 now = h.world->true_ns, there = now + (packet.received ? -2500 : 2500);
    h.first_ns = i ? h.first_ns : now;
    h.last_ns = now;
    world_record(h.world, h.recording, &h.own, &far, there);
    world_record(h.world, h.recording, &h.own, &packet, now);
    world_capture(h.world, h.capture, &h.stamps, &packet, now);
  }
  world_finish(h.world);
  host_check(&h, 300);
}

/* Two hosts that talk to each other; b's clock is ahead; nobody says whose capture is whose. */
typedef struct {
  World *world;
  TbMachine *machines[2];
  TbSource *recordings[2];
  TbSource *captures[2];
  WorldClock own[2];
  WorldClock stamps[2];
} Pair;

static void pair_init(Pair *p, guint32 seed, gboolean named, gboolean correct,
                      const char *reference)
{
  static const char *const names[] = { "alpha", "beta" };
  *p = (Pair){ .world = world_new(seed, correct, reference) };
  for (guint i = 0; i < 2; i++) {
    p->machines[i] = machine_named(names[i]);
    p->machines[i]->rank = i;
    p->own[i] = (WorldClock){ BOOTED + (gint64)i * 77 * SECOND, 1.0, 1, 0, 0 };
    p->stamps[i] = wall;
    p->recordings[i] = world_add_source(p->world, p->machines[i], TB_SOURCE_EVENTS, "ftrace",
                                        TB_CLOCK_MONO, FALSE);
  }
  for (guint i = 0; i < 2; i++)
    p->captures[i] = world_add_source(p->world, named ? p->machines[i] : NULL, TB_SOURCE_PACKETS,
                                      i ? "b" : "a", TB_CLOCK_REALTIME, FALSE);
}

static void pair_clear(Pair *p)
{
  world_free(p->world);
  for (guint i = 0; i < 2; i++)
    tb_machine_unref(p->machines[i]);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Pair, pair_clear)

static void pair_talk(Pair *p, guint n)
{
  for (guint i = 0; i < n; i++) {
    WorldPacket packet = world_next(p->world, 1);
    gint64 way = g_rand_int_range(p->world->rand, 150000, 400000);
    for (guint side = 0; side < 2; side++) {
      gboolean arrives = packet.received == (side == 0);
      gint64 at = p->world->true_ns + (arrives ? way : 0);
      WorldPacket seen = packet;
      seen.received = arrives;
      world_record(p->world, p->recordings[side], &p->own[side], &seen, at);
      world_capture(p->world, p->captures[side], &p->stamps[side], &seen, at);
    }
    p->world->true_ns += way;
  }
}

static void test_nameless(void)
{
  g_auto(Pair) p = { 0 };
  pair_init(&p, 20, FALSE, FALSE, NULL);
  pair_talk(&p, 150);
  world_finish(p.world);
  for (guint i = 0; i < 2; i++) {
    g_assert_true(p.captures[i]->machine == p.machines[i]);
    g_assert_cmpint(p.recordings[i]->clock.axis.origin, ==, TB_ORIGIN_VOTED);
  }
}

static void test_hosts(void)
{
  g_auto(Pair) p = { 0 };
  pair_init(&p, 21, TRUE, FALSE, NULL);
  p.stamps[1].offset_ns = -4 * SECOND; /* shows four seconds more */
  p.own[1].offset_ns = BOOTED;
  pair_talk(&p, 200);
  world_finish(p.world);
  const GArray *pairs = tb_align_get_pairs(p.world->align);
  g_assert_cmpuint(pairs->len, ==, 1);
  const TbHostPair *pair = &g_array_index(pairs, TbHostPair, 0);
  g_assert_cmpstr(pair->machine->name, ==, "beta");
  g_assert_cmpint(pair->low_ns, <=, 4 * SECOND);
  g_assert_cmpint(pair->high_ns, >=, 4 * SECOND);
  g_assert_cmpint(pair->high_ns - pair->low_ns, <, 400000);
  g_assert_cmpuint(pair->matches_to + pair->matches_from, ==, 200);
  g_assert_cmpuint(pair->early, ==, pair->matches_from);
  g_assert_cmpfloat(pair->slope, ==, 0);
  g_assert_true(world_has_note(p.world, "--align-hosts"));
  g_assert_cmpint(p.captures[1]->clock.axis.offset_ns, ==, 0);
}

/* Drifting apart, corrected: all sources of the one host move together. */
static void test_hosts_corrected(void)
{
  g_auto(Pair) p = { 0 };
  pair_init(&p, 22, TRUE, TRUE, "beta");
  p.world->gap_ns = 400000000;
  p.stamps[0] = (WorldClock){ 1700000000 * SECOND, 1 + 20e-6, 1, 0, 0 };
  pair_talk(&p, 1500);
  /* Stamps of alpha count from another moment, so they are far behind. */
  world_finish(p.world);
  const GArray *pairs = tb_align_get_pairs(p.world->align);
  g_assert_cmpuint(pairs->len, ==, 1);
  const TbHostPair *pair = &g_array_index(pairs, TbHostPair, 0);
  g_assert_cmpstr(pair->reference->name, ==, "beta");
  g_assert_true(pair->corrected);
  g_assert_cmpfloat(fabs(pair->slope - 20e-6), <, 2e-6);
  gint64 now = p.world->true_ns;
  gint64 shown = tb_axis_map(&p.captures[0]->clock.axis, world_own_time(&p.stamps[0], now));
  g_assert_cmpint(ABS(shown - now), <, 200000);
  g_assert_cmpint(p.captures[1]->clock.axis.offset_ns, ==, 0);
}

static void test_unmap(void)
{
  TbAxis axis;
  tb_axis_init(&axis, TB_CLOCK_X86_TSC, TRUE);
  axis.offset_ns = 1700000000 * SECOND;
  axis.rate = 0.38461568;
  for (gint64 own = 3000000000000; own < 3000000000100; own++) {
    gint64 out = tb_axis_map(&axis, own);
    g_assert_cmpint(tb_axis_map(&axis, tb_axis_unmap(&axis, out)), ==, out);
  }
  axis.rate = 1.0;
  g_assert_cmpint(tb_axis_unmap(&axis, tb_axis_map(&axis, 12345)), ==, 12345);
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/align/offset/within-its-interval", test_offset);
  g_test_add_func("/align/offset/microsecond-capture-that-misses-packets", test_microseconds);
  g_test_add_func("/align/offset/tai", test_tai);
  g_test_add_func("/align/offset/one-clock-one-offset", test_shared);
  g_test_add_func("/align/offset/end-of-a-veth-pair", test_veth);
  g_test_add_func("/align/offset/given-by-the-user", test_user);
  g_test_add_func("/align/rate/ticks-of-unknown-length", test_ticks);
  g_test_add_func("/align/rate/slow-drift", test_drift);
  g_test_add_func("/align/step/reported-at-its-place", test_step);
  g_test_add_func("/align/date/stands-or-is-told-of", test_date);
  g_test_add_func("/align/refused/few-packets", test_few);
  g_test_add_func("/align/refused/capture-of-something-else", test_foreign);
  g_test_add_func("/align/refused/same-script-run-twice", test_alike);
  g_test_add_func("/align/refused/no-network-events", test_no_events);
  g_test_add_func("/align/machines/captures-without-a-name", test_nameless);
  g_test_add_func("/align/hosts/interval", test_hosts);
  g_test_add_func("/align/hosts/corrected-with-drift", test_hosts_corrected);
  g_test_add_func("/align/axis/unmap", test_unmap);
  return g_test_run();
}
