/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Link types, names and keys that the readers of captures share. */
#include "pcap/capture.h"

#include <string.h>

static void test_max_caplen(void)
{
  TbLimits small = *tb_limits_default(), huge = small;
  small.record_bytes = 1000;
  huge.record_bytes = G_MAXUINT64;
  g_assert_cmpuint(tb_capture_get_max_caplen(1, tb_limits_default()), ==, 262144);
  g_assert_cmpuint(tb_capture_get_max_caplen(231, tb_limits_default()), ==, 128u << 20);
  g_assert_cmpuint(tb_capture_get_max_caplen(249, tb_limits_default()), ==, 128u << 20);
  g_assert_cmpuint(tb_capture_get_max_caplen(220, tb_limits_default()), ==, 128u << 20);
  g_assert_cmpuint(tb_capture_get_max_caplen(1, &small), ==, 1000);
  g_assert_cmpuint(tb_capture_get_max_caplen(231, &small), ==, 8000);
  g_assert_cmpuint(tb_capture_get_max_caplen(1, &huge), ==, 262144);
  g_assert_cmpuint(tb_capture_get_max_caplen(231, &huge), <=, G_MAXINT32);
}

static void test_link_types(void)
{
  g_assert_cmpuint(tb_capture_map_link_type(1), ==, 1);
  g_assert_cmpuint(tb_capture_map_link_type(12), ==, 101);
  g_assert_cmpuint(tb_capture_map_link_type(14), ==, 101);
  g_assert_cmpuint(tb_capture_map_link_type(11), ==, 100);
  g_assert_cmpuint(tb_capture_map_link_type(19), ==, 106);
  g_assert_cmpuint(tb_capture_map_link_type(276), ==, 276);
  g_autofree char *known = tb_capture_dup_link_type_name(1);
  g_autofree char *unknown = tb_capture_dup_link_type_name(4711);
  g_assert_cmpstr(known, ==, "1 (Ethernet)");
  g_assert_cmpstr(unknown, ==, "4711");
}

static void test_names(void)
{
  static const char *const cases[][2] = {
    { "eth0.pcap", "eth0" },           { "some/dir/wlan0.pcap", "wlan0" },
    { "eth0.pcap.gz", "eth0" },        { "eth0.pcap.zst", "eth0" },
    { "eth0.cap.GZ", "eth0" },         { "capture", "capture" },
    { "a.b.pcap", "a.b" },             { ".pcap", ".pcap" },
    { "standard input", "pcap" },      { "/", "pcap" },
    { "tab\there.pcap", "tab\\x09here" },
  };
  for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
    g_autofree char *name = tb_capture_dup_source_name(cases[i][0]);
    g_assert_cmpstr(name, ==, cases[i][1]);
  }
  g_autofree char *file = tb_capture_dup_file_name("dir/eth0.pcap.gz");
  g_assert_cmpstr(file, ==, "eth0.pcap.gz");
}

static char *key_of(guint n, gint64 first_ns, guint8 last_byte)
{
  g_autoptr(TbSource) source = tb_source_new(TB_SOURCE_PACKETS, "eth0");
  TbCaptureKey key = { 0 };
  guint8 bytes[4] = { 1, 2, 3, 0 };
  for (guint i = 0; i < n; i++) {
    bytes[3] = i == n - 1 ? last_byte : 0;
    TbRecord event = { .time.ns = first_ns + i, .data = bytes, .len = 4, .orig_len = 60 };
    g_assert_cmpint(tb_capture_key_add(&key, &event), ==, i + 1 < TB_CAPTURE_KEY_PACKETS);
  }
  tb_capture_key_finish(&key, source);
  g_assert_cmpuint(strlen(source->key), ==, 8);
  return g_strdup(source->key);
}

static void test_key(void)
{
  g_autofree char *base = key_of(16, 1000, 9), *same = key_of(16, 1000, 9);
  g_autofree char *later = key_of(16, 1001, 9), *other = key_of(16, 1000, 10);
  g_autofree char *fewer = key_of(15, 1000, 0), *none = key_of(0, 0, 0);
  g_autofree char *more = key_of(17, 1000, 1), *longer = key_of(20, 1000, 2);
  g_assert_cmpstr(base, ==, same);
  g_assert_cmpstr(base, !=, later);
  g_assert_cmpstr(base, !=, other);
  g_assert_cmpstr(base, !=, fewer);
  g_assert_cmpstr(none, !=, fewer);
  g_assert_cmpstr(more, ==, longer);
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/pcap/capture/max-caplen", test_max_caplen);
  g_test_add_func("/pcap/capture/link-types", test_link_types);
  g_test_add_func("/pcap/capture/names", test_names);
  g_test_add_func("/pcap/capture/key", test_key);
  return g_test_run();
}
