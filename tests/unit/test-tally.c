/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Counting of packets: kinds, ends, evidence, and what every process sent and
 * received, from packets made in memory.
 */
#include "stages/tally.h"
#include "support/made-item.h"
#include "support/net-events.h"

#include <string.h>

enum { ETHERNET = 1, FRAME = 64, BASE_NS = 1000000000 };

/* An IPv4 packet in @frame; @orig_len: longer than what was captured. */
static MadeItem packet(Net *net, guint8 *frame, guint8 protocol, const guint8 source[4],
                       const guint8 target[4], guint32 orig_len)
{
  memset(frame, 0, FRAME);
  frame[12] = 8;
  frame[14] = 0x45;
  frame[16] = (guint8)((orig_len - 14) >> 8);
  frame[17] = (guint8)(orig_len - 14);
  frame[23] = protocol;
  memcpy(frame + 26, source, 4);
  memcpy(frame + 30, target, 4);
  frame[46] = 5 << 4; /* TCP: bytes of its header */
  return (MadeItem){ .record = { .kind = TB_RECORD_PACKET, .source = net->packets, .data = frame,
                                 .len = MIN((guint32)FRAME, orig_len), .orig_len = orig_len,
                                 .time.ns = BASE_NS } };
}

static const guint8 here[] = { 10, 0, 0, 1 }, there[] = { 10, 0, 0, 2 };
static const guint8 elsewhere[] = { 10, 0, 0, 3 }, loopback[] = { 127, 0, 0, 1 };

static const TbEndTally *end_of(const TbTally *tally, TbPacketKind kind, guint end)
{
  return &tb_tally_get_shares(tally)->ends[kind][end];
}

static void test_kinds(void)
{
  static const struct {
    guint8 protocol;
    guint32 len;
    TbPacketKind kind;
    guint32 payload;
  } cases[] = {
    { 6, 154, TB_PACKET_TCP_DATA, 100 }, { 6, 54, TB_PACKET_TCP_EMPTY, 0 },
    { 17, 142, TB_PACKET_UDP, 100 },     { 1, 98, TB_PACKET_ICMP, 0 },
    { 47, 98, TB_PACKET_OTHER, 0 },
  };
  guint8 frame[FRAME];
  g_autoptr(Net) net = net_new();
  for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
    g_autoptr(TbTally) tally = tb_tally_new(NULL);
    MadeItem event = packet(net, frame, cases[i].protocol, here, there, cases[i].len);
    tb_tally_packet(tally, made_item(&event));
    const TbOwnerShares *shares = tb_tally_get_shares(tally);
    g_assert_cmpuint(shares->ends[cases[i].kind][TB_PACKET_SRC].not_named[TB_END_UNKNOWN], ==, 1);
    g_assert_cmpuint(shares->all.bytes, ==, cases[i].len);
    g_assert_cmpuint(shares->all.payload, ==, cases[i].payload);
    g_assert_cmpuint(shares->not_named.packets, ==, 1);
  }
  /* A fragment behind the first has no ports. */
  g_autoptr(TbTally) tally = tb_tally_new(NULL);
  MadeItem event = packet(net, frame, 6, here, there, 154);
  frame[21] = 8;
  tb_tally_packet(tally, made_item(&event));
  g_assert_cmpuint(end_of(tally, TB_PACKET_OTHER, TB_PACKET_DST)->not_named[TB_END_UNKNOWN], ==, 1);
}

/* Sockets tell whose address it is; a loopback address needs none. */
static void test_places(void)
{
  guint8 frame[FRAME];
  g_autoptr(Net) net = net_new();
  net_connect(net, 100, 0xa1, 40000, 80); /* 10.0.0.1 to 10.0.0.2 */
  net_finish(net);
  g_autoptr(TbTally) tally = tb_tally_new(net->stage);
  MadeItem event = packet(net, frame, 17, here, there, 142);
  tb_tally_packet(tally, made_item(&event));
  const TbEndTally *src = end_of(tally, TB_PACKET_UDP, TB_PACKET_SRC);
  const TbEndTally *dst = end_of(tally, TB_PACKET_UDP, TB_PACKET_DST);
  g_assert_cmpuint(src->not_named[TB_END_LOCAL], ==, 1);
  g_assert_cmpuint(dst->not_named[TB_END_REMOTE], ==, 1);
  event = packet(net, frame, 17, elsewhere, loopback, 142);
  tb_tally_packet(tally, made_item(&event));
  g_assert_cmpuint(src->not_named[TB_END_UNKNOWN], ==, 1);
  g_assert_cmpuint(dst->not_named[TB_END_LOCAL], ==, 1);
  /* What is frozen was not looked at. */
  net->packets->frozen = TRUE;
  event = packet(net, frame, 17, here, there, 142);
  tb_tally_packet(tally, made_item(&event));
  g_assert_cmpuint(src->not_named[TB_END_UNKNOWN], ==, 2);
}

static guint64 named(const TbTally *tally, const TbEndTally *end, TbConfidence confidence,
                     const char *via)
{
  for (guint i = 0; i < TB_TALLY_EVIDENCE; i++)
    if (g_str_equal(tb_tally_get_evidence(tally, i), via))
      return end->named[confidence][i];
  return 0;
}

/* Words that a file makes up: some have a place, further and long ones share one. */
static void test_foreign_evidence(void)
{
  guint8 frame[FRAME];
  g_autoptr(Net) net = net_new();
  g_autoptr(TbTally) tally = tb_tally_new(NULL);
  const TbEndTally *src = end_of(tally, TB_PACKET_TCP_DATA, TB_PACKET_SRC);
  for (guint i = 0; i < 100; i++) {
    g_autofree char *word = g_strdup_printf(i % 2 ? "w%u" : "a-word-that-is-too-long-%u", i);
    TbOwners owners = { .src = { .confidence = TB_CONFIDENCE_LINKED, .pid = 5, .via = word } };
    MadeItem event = packet(net, frame, 6, here, there, 154);
    event.item.owners = &owners;
    tb_tally_packet(tally, made_item(&event));
    tb_tally_packet(tally, made_item(&event));
  }
  guint64 all = 0;
  for (guint i = 0; i < TB_TALLY_EVIDENCE; i++)
    all += src->named[TB_CONFIDENCE_LINKED][i];
  g_assert_cmpuint(all, ==, 200);
  g_assert_cmpuint(named(tally, src, TB_CONFIDENCE_LINKED, "w1"), ==, 2);
  g_assert_cmpuint(named(tally, src, TB_CONFIDENCE_LINKED, "w99"), ==, 0);
  g_assert_cmpuint(named(tally, src, TB_CONFIDENCE_LINKED, "other"), >=, 100);
}

static void test_evidence(void)
{
  guint8 frame[FRAME];
  g_autoptr(Net) net = net_new();
  g_autoptr(TbTally) tally = tb_tally_new(NULL);
  TbOwners owners = {
    .src = { .confidence = TB_CONFIDENCE_CERTAIN, .pid = 5, .via = "bytes", .confirmed = TRUE },
    .dst = { .confidence = TB_CONFIDENCE_CONTEXT, .pid = 6, .via = "time" },
    .dst_claim = { .confidence = TB_CONFIDENCE_LINKED, .pid = 7, .via = "ptcpdump" },
  };
  MadeItem event = packet(net, frame, 6, here, there, 154);
  event.item.owners = &owners;
  tb_tally_packet(tally, made_item(&event));
  const TbEndTally *src = end_of(tally, TB_PACKET_TCP_DATA, TB_PACKET_SRC);
  const TbEndTally *dst = end_of(tally, TB_PACKET_TCP_DATA, TB_PACKET_DST);
  g_assert_cmpuint(named(tally, src, TB_CONFIDENCE_CERTAIN, "bytes"), ==, 1);
  g_assert_cmpuint(named(tally, dst, TB_CONFIDENCE_CONTEXT, "time"), ==, 1);
  g_assert_cmpuint(src->agreeing, ==, 1);
  g_assert_cmpuint(dst->agreeing, ==, 0);
  g_assert_cmpuint(src->differing, ==, 0);
  g_assert_cmpuint(dst->differing, ==, 1);
  g_assert_cmpuint(tb_tally_get_shares(tally)->not_named.packets, ==, 0);
}

static guint32 add_process(Net *net, gint32 pid, const char *comm, gint64 start_ns, gint64 end_ns)
{
  TbTimeline *timeline = net->machine->timeline;
  guint32 id = tb_timeline_add_process(timeline, pid);
  TbProcess *process = tb_timeline_get_process(timeline, id);
  process->start_ns = start_ns;
  process->end_ns = end_ns;
  process->comm = tb_timeline_intern(timeline, comm, strlen(comm));
  return id;
}

static void count_sent(Net *net, TbTally *tally, const TbOwner *owner, gint64 time_ns)
{
  guint8 frame[FRAME];
  TbOwners owners = { .src = *owner };
  MadeItem event = packet(net, frame, 6, here, there, 1514);
  event.item.owners = &owners;
  event.record.time.ns = time_ns;
  tb_tally_packet(tally, made_item(&event));
}

static guint64 sent_by(const TbTally *tally, const Net *net, guint32 process)
{
  TbProcessTraffic traffic = tb_tally_get_process(tally, net->machine, process);
  g_assert_cmpuint(traffic.sent.bytes, ==, traffic.sent.packets * 1514);
  g_assert_cmpuint(traffic.sent.payload, ==, traffic.sent.packets * 1460);
  g_assert_cmpuint(traffic.received.packets, ==, 0);
  return traffic.sent.packets;
}

/* Owners that a capture names by number are the instance that lived then, or the nearest one. */
static void test_reused_number(void)
{
  g_autoptr(Net) net = net_new();
  guint32 first = add_process(net, 7, "first", 1000, 2000);
  guint32 second = add_process(net, 7, "second", 10000, 11000);
  g_autoptr(TbTally) tally = tb_tally_new(NULL);
  TbOwner owner = { .confidence = TB_CONFIDENCE_LINKED, .pid = 7, .tid = 8 };
  tb_tally_count_processes(tally, TB_CONFIDENCE_LINKED);
  count_sent(net, tally, &owner, 1500);
  count_sent(net, tally, &owner, 2500); /* dead by then */
  count_sent(net, tally, &owner, 9500); /* not born yet */
  g_assert_cmpuint(sent_by(tally, net, first), ==, 2);
  g_assert_cmpuint(sent_by(tally, net, second), ==, 1);
  /* The main thread's name tells more than the time, an instance that is known more than both. */
  owner.tid = 7;
  owner.comm = "second";
  count_sent(net, tally, &owner, 2500);
  g_assert_cmpuint(sent_by(tally, net, second), ==, 2);
  owner.instance = first + 1;
  count_sent(net, tally, &owner, 10500);
  g_assert_cmpuint(sent_by(tally, net, first), ==, 3);
}

/* Who stands in no timeline has one place a number there afterwards. */
static void test_told(void)
{
  g_autoptr(Net) net = net_new();
  g_autoptr(TbTally) tally = tb_tally_new(NULL);
  TbOwner owner = { .confidence = TB_CONFIDENCE_LINKED, .pid = 9, .comm = "curl" };
  TbOwner guess = { .confidence = TB_CONFIDENCE_CONTEXT, .pid = 10, .comm = "idle" };
  const TbTimeline *timeline = net->machine->timeline;
  guint32 id = tb_timeline_get_n_processes(timeline);
  TbTraffic not_named;
  tb_tally_count_processes(tally, TB_CONFIDENCE_LINKED);
  count_sent(net, tally, &owner, 1);
  owner.exe = "/usr/bin/curl";
  count_sent(net, tally, &owner, 2);
  count_sent(net, tally, &guess, 3);
  tb_tally_finish(tally);
  g_assert_cmpuint(tb_timeline_get_n_processes(timeline), ==, id + 1);
  const TbProcess *process = tb_timeline_get_process(timeline, id);
  g_assert_cmpint(process->pid, ==, 9);
  g_assert_cmpstr(tb_timeline_get_string(timeline, process->comm), ==, "curl");
  g_assert_cmpstr(tb_timeline_get_string(timeline, process->exe), ==, "/usr/bin/curl");
  g_assert_cmpuint(sent_by(tally, net, id), ==, 2);
  TbTraffic all = tb_tally_get_machine(tally, net->machine, &not_named);
  g_assert_cmpuint(all.packets, ==, 3);
  g_assert_cmpuint(not_named.packets, ==, 1);
}

static void test_words(void)
{
  for (TbConfidence c = TB_CONFIDENCE_CONTEXT; c <= TB_CONFIDENCE_CERTAIN; c++) {
    TbConfidence back;
    g_assert_true(tb_confidence_from_word(tb_confidence_to_word(c), &back));
    g_assert_cmpint(back, ==, c);
  }
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/tally/kinds", test_kinds);
  g_test_add_func("/tally/places", test_places);
  g_test_add_func("/tally/evidence", test_evidence);
  g_test_add_func("/tally/foreign-evidence", test_foreign_evidence);
  g_test_add_func("/tally/reused-number", test_reused_number);
  g_test_add_func("/tally/told", test_told);
  g_test_add_func("/tally/words", test_words);
  return g_test_run();
}
