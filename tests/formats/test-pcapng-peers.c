/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What tshark, editcap, mergecap and reordercap make of files that were written. */
#include "support/pcapng-output.h"

#include "pcapng/pcapng-row.h"

#include <string.h>

static const guint8 packet_bytes[61] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0, 1,
                                         0x88, 0xb5 };

static void write_mixed(OutputFixture *f)
{
  TbContext context = { .slot = 1, .generation = 1, .tid = 3877, .pid = 3877, .pid_known = TRUE,
                        .comm = "curl", .exe = "/usr/bin/curl" };
  for (guint i = 0; i < 10; i++) {
    MadeItem event = i % 2 ? output_fixture_packet(f, i, packet_bytes, 61)
                          : output_fixture_event(f, i, "prev_comm=curl ==> next_comm=sh");
    event.item.actor = i % 4 ? NULL : &context;
    output_fixture_write(f, &event);
  }
}

static GBytes *make_mixed(void)
{
  OutputFixture f;
  output_fixture_init(&f);
  output_fixture_open(&f);
  write_mixed(&f);
  GBytes *file = output_fixture_finish(&f);
  output_fixture_clear(&f);
  return file;
}

static void test_tshark(void)
{
  g_autoptr(GBytes) file = make_mixed();
  g_autofree char *rows = output_run(
      file, "tshark -r t.pcapng -Y 'systemd_journal.pid == 3877 && systemd_journal.comm == curl'"
            " -T fields -e frame.time_epoch -e systemd_journal.syslog_id -e _ws.col.Info"
            " -e frame.interface_name -e systemd_journal.hostname");
  if (!rows) {
    g_test_skip("tshark is not installed");
    return;
  }
  g_auto(GStrv) lines = g_strsplit(rows, "\n", -1);
  g_assert_cmpuint(g_strv_length(lines), ==, 4);
  g_assert_cmpstr(lines[1], ==,
                  "1700000000.000000004\tsched:sched_switch\t"
                  "sched_switch: prev_comm=curl ==> next_comm=sh\tweb:ftrace\tweb");
  g_autofree char *all = output_run(file, "tshark -r t.pcapng -T fields -e frame.interface_name");
  g_assert_cmpstr(all, ==, "web:ftrace\nweb:eth0\nweb:ftrace\nweb:eth0\nweb:ftrace\nweb:eth0\n"
                           "web:ftrace\nweb:eth0\nweb:ftrace\nweb:eth0\n");
}

/* A connection whose ends are in the type's hands: 10.0.0.1 (local) and 10.0.0.2, or fd00::1, ::2. */
static gboolean get_test_addresses(const TbEventType *type, const TbRecord *event,
                                   TbAddresses *out)
{
  static const guint8 four[4] = { 10, 0, 0, 1 };
  static const guint8 six[16] = { 0xfd, [15] = 1 };
  *out = (TbAddresses){ .family = event->sequence < 2 ? 4 : 6, .protocol = 6, .local_port = 1,
                        .remote_port = 2, .to_remote = event->sequence % 2 == 0 };
  memcpy(out->local, out->family == 4 ? four : six, out->family == 4 ? 4 : 16);
  memcpy(out->remote, out->local, 16);
  out->remote[out->family == 4 ? 3 : 15] = 2;
  return event->sequence < 4;
}

static void append_nothing(const TbEventType *type, const TbRecord *event, TbBuf *out)
{
}

static void test_addresses(void)
{
  static const TbEventTypeOps ops = { .append_text = append_nothing,
                                      .get_addresses = get_test_addresses };
  static const guint8 first[] = { 0, 20, 0, 4, 10, 0, 0, 1, 0, 21, 0, 4, 10, 0, 0, 2, 0, 0, 0, 0 };
  OutputFixture f;
  output_fixture_init(&f);
  TbEventType *type = tb_event_type_new("sock", "inet_sock_set_state", &ops, NULL);
  type->id = f.types->len;
  g_ptr_array_add(f.types, type);
  output_fixture_open(&f);
  for (guint i = 0; i < 5; i++) {
    MadeItem event = output_fixture_event(&f, i, NULL);
    event.record.type = type;
    output_fixture_write(&f, &event);
  }
  g_autoptr(GBytes) file = output_fixture_finish(&f);
  output_fixture_clear(&f);
  g_autoptr(GBytes) row = output_packet_bytes(file, 0);
  gsize len;
  const guint8 *bytes = g_bytes_get_data(row, &len);
  g_assert_cmpmem(bytes + 20, sizeof first, first, sizeof first);
  TbPcapngRow parsed;
  g_assert_true(tb_pcapng_row_parse(bytes, len, &parsed)); /* still a row of ours when read */
  g_autofree char *seen = output_run(
      file, "tshark -r t.pcapng -T fields -e ip.src -e ip.dst -e ipv6.src -e ipv6.dst"
            " -e systemd_journal.syslog_id");
  if (seen)
    g_assert_cmpstr(seen, ==, "10.0.0.1\t10.0.0.2\t\t\tsock:inet_sock_set_state\n"
                              "10.0.0.2\t10.0.0.1\t\t\tsock:inet_sock_set_state\n"
                              "\t\tfd00::1\tfd00::2\tsock:inet_sock_set_state\n"
                              "\t\tfd00::2\tfd00::1\tsock:inet_sock_set_state\n"
                              "\t\t\t\tsock:inet_sock_set_state\n");
}

/* Each tool must keep all rows and both interfaces. */
static void test_stock_tools(void)
{
  static const char *const commands[] = {
    "sh -c 'editcap t.pcapng o.pcapng && capinfos -T -r -c o.pcapng'",
    "sh -c 'mergecap -w o.pcapng t.pcapng && capinfos -T -r -c o.pcapng'",
    "sh -c 'reordercap t.pcapng o.pcapng >/dev/null && capinfos -T -r -c o.pcapng'",
    "sh -c 'tshark -r t.pcapng -w o.pcapng && capinfos -T -r -c o.pcapng'",
  };
  g_autofree char *tool = g_find_program_in_path("editcap");
  if (!tool) {
    g_test_skip("editcap is not installed");
    return;
  }
  g_autoptr(GBytes) file = make_mixed();
  for (guint i = 0; i < G_N_ELEMENTS(commands); i++) {
    g_autofree char *seen = output_run(file, commands[i]);
    g_assert_cmpstr(seen, ==, "o.pcapng\t10\n");
  }
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/pcapng/writer/tshark", test_tshark);
  g_test_add_func("/pcapng/writer/addresses", test_addresses);
  g_test_add_func("/pcapng/writer/stock-tools", test_stock_tools);
  return g_test_run();
}
