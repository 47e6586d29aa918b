/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The files of tests/data/pcapng: each is what its builder below makes (so this
 * is their description), and each is read as its name says. With TB_WRITE_DATA
 * set the files are written instead of compared.
 */
#include "support/pcapng-build.h"

#include "base/bytes.h"
#include "format/reader.h"
#include "pcapng/pcapng-reader.h"

static void build_three(PcapngBuild *b)
{
  build_section(b, FALSE);
  build_interface(b, 1, "eth0", 9);
  for (guint i = 0; i < 3; i++)
    build_packet(b, 0, 1700000000000000000 + i, 60, (guint8)i);
}

static void build_big(PcapngBuild *b)
{
  build_rich(b, TRUE);
}

static void build_little(PcapngBuild *b)
{
  build_rich(b, FALSE);
}

static void build_mixed(PcapngBuild *b)
{
  build_section(b, FALSE);
  build_interface(b, 1, "a", 9);
  build_packet(b, 0, 1700000000000000000, 60, 1);
  build_section(b, TRUE);
  build_interface(b, 113, "b", 6);
  build_packet(b, 0, 1700000000000001, 60, 2);
  build_interface(b, 1, "c", 0xa0);
  build_packet(b, 1, (guint64)1700000001 << 32, 60, 3);
}

static void build_row(PcapngBuild *b, guint64 time, const char *keys)
{
  gsize len = 24 + strlen(keys);
  build_begin(b, 6);
  build_u32(b, 0);
  build_u32(b, (guint32)(time >> 32));
  build_u32(b, (guint32)time);
  build_u32(b, (guint32)len);
  build_u32(b, (guint32)len);
  tb_buf_append(&b->out, "\0\x0c\0\x10systemd_journal\0\0\0\0", 24);
  build_bytes(b, keys, len - 24);
  build_end(b);
}

static void build_rows(PcapngBuild *b)
{
  build_section(b, FALSE);
  build_begin(b, 1);
  build_u16(b, 252);
  build_u16(b, 0);
  build_u32(b, 0);
  build_option_str(b, 2, "web:ftrace");
  build_option_str(b, 3, "trace.dat#0badcafe; trace-cmd; axis=mono; offset=5; origin=none; "
                         "bound=10; machine=1234");
  build_option_str(b, 12, "Linux 6.1");
  build_option_str(b, 15, "x86_64, 2 CPUs");
  build_option(b, 9, "\x09", 1);
  build_u32(b, 0);
  build_end(b);
  build_row(b, 1000, "_PID=7\n_COMM=sh\n_HOSTNAME=web\nSYSLOG_IDENTIFIER=sched:sched_switch\n"
                     "PRIORITY=6\nMESSAGE=sched_switch: a=1\nTRACE_TID=8\nTRACE_CPU=1\n");
  build_row(b, 2000, "_HOSTNAME=web\nSYSLOG_IDENTIFIER=tracebraid:lost_events\nPRIORITY=3\n"
                     "MESSAGE=lost_events: 12 events lost\nTRACE_CPU=1\n");
  build_row(b, 3000, "MESSAGE=no row of ours: stays a packet\n");
}

static void build_process(PcapngBuild *b, guint32 pid, const char *name)
{
  build_begin(b, 0x80000001);
  build_u32(b, pid);
  build_option_str(b, 2, name);
  build_u32(b, 0);
  build_end(b);
}

/* A UDP frame of 50 bytes, padded to 60, and a trailer. */
static void build_trailer(PcapngBuild *b)
{
  static const guint8 bytes[] = { [12] = 8, [14] = 0x45, [17] = 36, [23] = 17, [39] = 16,
                                  [60] = 0xa1, 0xbf, 0xf3, 0xd4, 0, 0, 0x10, 4, 4, 'c', 'u', 'r', 'l',
                                  0, 2, '-', 'v', 0, 0, 0, 0 };
  build_begin(b, 6);
  build_u32(b, 0);
  build_u32(b, 0);
  build_u32(b, 1000);
  build_u32(b, sizeof bytes);
  build_u32(b, sizeof bytes);
  build_bytes(b, bytes, sizeof bytes);
  build_end(b);
}

static void build_ids(PcapngBuild *b, guint32 pid, guint32 tid)
{
  guint8 ids[8];
  tb_put_u32(ids, pid, b->big);
  tb_put_u32(ids + 4, tid, b->big);
  build_option(b, 8, ids, sizeof ids);
}

/* Every way in which a capture tells of owners; the last packet's is none. */
static void build_owners(PcapngBuild *b, gboolean big)
{
  build_section(b, big);
  build_interface(b, 1, "eth0", 9);
  build_process(b, 77, "launchd");
  build_process(b, 500, "Safari");
  build_packet_begin(b, 0, 100, 60, 1);
  build_option_u32(b, 2, 1);
  build_option_str(b, 1, "PID: 8\nCmd: /usr/bin/curl\nArgs: curl -v\nhttp://x");
  build_option_str(b, 1, "ThreadId: 9\nThreadName: worker");
  build_end(b);
  build_packet_begin(b, 0, 200, 60, 2);
  build_option_u32(b, 2, 2);
  build_ids(b, 4, 12);
  build_option_str(b, 1, "PID=4 TID=12 VlanId=7");
  build_end(b);
  build_packet_begin(b, 0, 300, 60, 3);
  build_ids(b, 44, 45);
  build_end(b);
  build_packet_begin(b, 0, 400, 60, 4);
  build_option_u32(b, 0x8001, 0);
  build_option_u32(b, 0x8003, 1);
  build_end(b);
  build_packet_begin(b, 0, 500, 60, 5);
  build_option_str(b, 1, "pid=1 tid=2 comm=a\\x20b exe=/b host=h role=src via=bytes "
                         "claimed=context:etl:3:4 peer_pid=5 peer_comm=c peer_claimed=darwin:6:0:d ");
  build_end(b);
  build_trailer(b);
  build_packet_begin(b, 0, 2000, 60, 6);
  build_option_str(b, 1, "pid=1 tid=2 and so on");
  build_end(b);
}

static void build_owners_little(PcapngBuild *b)
{
  build_owners(b, FALSE);
}

static void build_owners_big(PcapngBuild *b)
{
  build_owners(b, TRUE);
}

/* References to a process block that comes too late. */
static void build_bad_process(PcapngBuild *b)
{
  build_three(b);
  for (guint i = 0; i < 2; i++) {
    build_packet_begin(b, 0, 1700000000000000003 + i, 60, 3);
    build_option_u32(b, 0x8001, 0);
    build_end(b);
  }
  build_process(b, 77, "launchd");
}

static void build_bad_length(PcapngBuild *b)
{
  build_three(b);
  tb_put_u32(b->out.data + b->at + 4, 13, FALSE);
}

static void build_bad_trailer(PcapngBuild *b)
{
  build_three(b);
  tb_put_u32(b->out.data + b->out.len - 4, 57005, FALSE);
}

static void build_bad_caplen(PcapngBuild *b)
{
  build_three(b);
  tb_put_u32(b->out.data + b->at + 20, 0x7fffffff, FALSE);
}

static void build_bad_truncated(PcapngBuild *b)
{
  build_three(b);
  b->out.len -= 9;
}

static void build_bad_option(PcapngBuild *b)
{
  build_three(b);
  build_packet_begin(b, 0, 1700000000000000003, 60, 3);
  build_u16(b, 1);
  build_u16(b, 0xffff);
  build_end(b);
}

static void build_bad_interface(PcapngBuild *b)
{
  build_three(b);
  build_packet(b, 9, 1700000000000000003, 60, 3);
}

static const struct {
  const char *name;
  void (*build)(PcapngBuild *b);
  guint records;
  guint places; /* of damage */
  guint owners; /* packets that name somebody */
} files[] = {
  { "good-rich-little-endian.pcapng", build_little, 4, 0, 0 },
  { "good-rich-big-endian.pcapng", build_big, 4, 0, 0 },
  { "good-sections-of-both-orders.pcapng", build_mixed, 3, 0, 0 },
  { "good-rows.pcapng", build_rows, 3, 0, 0 },
  { "good-owners-little-endian.pcapng", build_owners_little, 7, 0, 6 },
  { "good-owners-big-endian.pcapng", build_owners_big, 7, 0, 6 },
  { "bad-process-reference.pcapng", build_bad_process, 5, 1, 0 },
  { "bad-block-length-13.pcapng", build_bad_length, 2, 1, 0 },
  { "bad-trailing-length.pcapng", build_bad_trailer, 2, 1, 0 },
  { "bad-captured-length-insane.pcapng", build_bad_caplen, 2, 1, 0 },
  { "bad-last-packet-cut.pcapng", build_bad_truncated, 2, 1, 0 },
  { "bad-option-beyond-block.pcapng", build_bad_option, 4, 1, 0 },
  { "bad-interface-not-described.pcapng", build_bad_interface, 3, 1, 0 },
};

static void test_file(gconstpointer data)
{
  guint i = GPOINTER_TO_UINT(data);
  g_autofree char *path = g_build_filename(g_getenv("TB_SOURCE_ROOT"), "tests", "data", "pcapng",
                                           files[i].name, NULL);
  g_autofree char *stored = NULL;
  gsize len;
  PcapngBuild b = { 0 };
  files[i].build(&b);
  if (g_getenv("TB_WRITE_DATA"))
    g_assert_true(g_file_set_contents(path, (const char *)b.out.data, (gssize)b.out.len, NULL));
  g_assert_true(g_file_get_contents(path, &stored, &len, NULL));
  g_assert_cmpmem(stored, len, b.out.data, b.out.len);
  g_autoptr(TbDamageLog) damage = tb_damage_log_new(10);
  g_autoptr(TbReader) reader =
      tb_reader_open(&tb_pcapng_reader, tb_input_new_memory(files[i].name, stored, len),
                     tb_limits_default(), damage, NULL);
  g_assert_nonnull(reader);
  TbReadResult result;
  TbRecord event;
  guint records = 0, owners = 0;
  while ((result = tb_reader_next(reader, 0, &event, NULL)) != TB_READ_END) {
    records += result == TB_READ_RECORD &&
               (event.kind != TB_RECORD_CARRIED || event.flags & TB_RECORD_NO_TIME);
    owners += result == TB_READ_RECORD && event.kind == TB_RECORD_PACKET &&
              reader->format->get_owners(reader, &event) != NULL;
  }
  g_assert_cmpuint(owners, ==, files[i].owners);
  g_assert_cmpuint(records, ==, files[i].records);
  g_assert_cmpuint(tb_damage_log_get_n(damage), ==, files[i].places);
  tb_buf_clear(&b.out);
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS(files); i++) {
    g_autofree char *name = g_strconcat("/pcapng/data/", files[i].name, NULL);
    g_test_add_data_func(name, GUINT_TO_POINTER(i), test_file);
  }
  return g_test_run();
}
