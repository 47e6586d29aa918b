/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Damaged captures among good ones: every whole packet of every input is in the
 * output, and the damage log names the file and the offset. Also what the
 * writer of classic pcap may know of the sources when it is opened.
 */
#include "formats.h"
#include "pass/run.h"
#include "support/pcap-build.h"

#include <glib/gstdio.h>
#include <string.h>

enum { MAX_FILES = 4 };

typedef struct {
  char *folder;
  char *paths[MAX_FILES];
  guint n;
} Files;

static void files_add(Files *files, const char *name, const TbBuf *bytes)
{
  if (!files->folder)
    files->folder = g_dir_make_tmp("tb-damage-XXXXXX", NULL);
  char *path = g_build_filename(files->folder, name, NULL);
  g_assert_true(g_file_set_contents(path, (const char *)bytes->data, (gssize)bytes->len, NULL));
  files->paths[files->n++] = path;
}

static void files_clear(Files *files)
{
  for (guint i = 0; i < files->n; i++) {
    g_remove(files->paths[i]);
    g_free(files->paths[i]);
  }
  g_assert_cmpint(g_rmdir(files->folder), ==, 0);
  g_free(files->folder);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Files, files_clear)

static PcapBuild add_packets(TbBuf *out, guint32 link_type, guint n)
{
  PcapBuild build = pcap_build_init(0xa1b2c3d4, FALSE);
  build.link_word = link_type;
  pcap_build_header(out, &build);
  for (guint i = 0; i < n; i++)
    pcap_build_packet(out, &build, 1000 + i, 0, 60, (guint8)i);
  return build;
}

/* Merges @files to @format. Returns: the run, for what it found */
static TbRun *run_merge(const Files *files, const char *format, TbWriterCounts *counts,
                       GError **error)
{
  TbInputSpec inputs[MAX_FILES];
  for (guint i = 0; i < files->n; i++)
    inputs[i] = (TbInputSpec){ .path = files->paths[i] };
  TbRunOptions options = { .registry = &tb_formats, .clocks.as_they_stand = TRUE };
  g_autoptr(TbRun) run = tb_run_new(&options);
  g_autoptr(TbOutput) output = tb_output_new_memory();
  memset(counts, 0, sizeof *counts);
  if (tb_run_prepare(run, inputs, files->n, error)
      && tb_run_emit(run, tb_registry_find_writer(&tb_formats, format), output, counts,
                          error))
    return g_steal_pointer(&run);
  return NULL;
}

static void check_one_bad(const TbBuf *good, const TbBuf *bad, TbError code, guint64 offset)
{
  g_auto(Files) files = { 0 };
  TbWriterCounts counts;
  g_autoptr(GError) error = NULL;
  files_add(&files, "good.pcap", good);
  files_add(&files, "bad.pcap", bad);
  files_add(&files, "other.pcap", good);
  g_autoptr(TbRun) run = run_merge(&files, "pcapng", &counts, &error);
  g_assert_no_error(error);
  g_assert_cmpuint(counts.packets, ==, 10 + 7 + 10);
  const GPtrArray *entries = tb_damage_log_get_entries(tb_run_get_damage(run));
  g_assert_cmpuint(entries->len, ==, 1);
  const TbDamage *damage = g_ptr_array_index(entries, 0);
  g_assert_cmpint(damage->code, ==, code);
  g_assert_cmpuint(damage->offset, ==, offset);
  g_assert_cmpstr(damage->source, ==, files.paths[1]);
}

static void test_truncated(void)
{
  g_auto(TbBuf) good = { 0 }, bad = { 0 };
  add_packets(&good, 1, 10);
  add_packets(&bad, 1, 8);
  guint64 data_off = bad.len - 60;
  bad.len -= 3;
  check_one_bad(&good, &bad, TB_ERROR_TRUNCATED, data_off);
}

static void test_insane_length(void)
{
  g_auto(TbBuf) good = { 0 }, bad = { 0 };
  add_packets(&good, 1, 10);
  PcapBuild build = add_packets(&bad, 1, 7);
  guint64 record_off = bad.len;
  pcap_build_record(&bad, &build, 2000, 0, 0x7fffffff, 0x7fffffff, 400, 0);
  check_one_bad(&good, &bad, TB_ERROR_CORRUPT, record_off + 8);
}

/* Out of order besides being damaged: what the sorter took in before the error comes out. */
static void test_unsorted_and_insane(void)
{
  g_auto(TbBuf) good = { 0 }, bad = { 0 };
  add_packets(&good, 1, 10);
  PcapBuild build = add_packets(&bad, 1, 6);
  pcap_build_packet(&bad, &build, 1001, 500, 60, 0);
  guint64 record_off = bad.len;
  pcap_build_record(&bad, &build, 2000, 0, G_MAXUINT32, 60, 400, 0);
  check_one_bad(&good, &bad, TB_ERROR_CORRUPT, record_off + 8);
}

/* Not even a file header: damage among other inputs, an error alone. */
static void test_nothing_whole(void)
{
  g_auto(TbBuf) good = { 0 }, bad = { 0 };
  g_auto(Files) files = { 0 }, alone = { 0 };
  TbWriterCounts counts;
  g_autoptr(GError) error = NULL;
  add_packets(&good, 1, 10);
  add_packets(&bad, 1, 1);
  bad.len = 20;
  files_add(&files, "good.pcap", &good);
  files_add(&files, "bad.pcap", &bad);
  g_autoptr(TbRun) run = run_merge(&files, "pcapng", &counts, &error);
  g_assert_no_error(error);
  g_assert_cmpuint(counts.packets, ==, 10);
  const TbDamageLog *log = tb_run_get_damage(run);
  g_assert_cmpuint(tb_damage_log_get_n(log), ==, 1);
  const TbDamage *damage = g_ptr_array_index(tb_damage_log_get_entries(log), 0);
  g_assert_cmpint(damage->code, ==, TB_ERROR_TRUNCATED);
  g_assert_cmpstr(damage->source, ==, files.paths[1]);
  files_add(&alone, "bad.pcap", &bad);
  g_assert_null(run_merge(&alone, "pcapng", &counts, &error));
  g_assert_error(error, TB_ERROR, TB_ERROR_TRUNCATED);
}

/* A capture without packets has a link type, which is nobody's in the output. */
static void test_empty_capture_to_pcap(void)
{
  g_auto(TbBuf) filled = { 0 }, empty = { 0 }, cooked = { 0 };
  g_auto(Files) files = { 0 };
  TbWriterCounts counts;
  g_autoptr(GError) error = NULL;
  add_packets(&filled, 1, 10);
  add_packets(&empty, 113, 0);
  add_packets(&cooked, 113, 1);
  files_add(&files, "eth0.pcap", &filled);
  files_add(&files, "any.pcap", &empty);
  g_autoptr(TbRun) run = run_merge(&files, "pcap", &counts, &error);
  g_assert_no_error(error);
  g_assert_cmpuint(counts.packets, ==, 10);
  files_add(&files, "other.pcap", &cooked);
  g_assert_null(run_merge(&files, "pcap", &counts, &error));
  g_assert_error(error, TB_ERROR, TB_ERROR_UNSUPPORTED);
  g_assert_nonnull(strstr(error->message, ":eth0 is 1 (Ethernet)"));
  g_assert_nonnull(strstr(error->message, ":other is 113 (Linux cooked v1)"));
  g_assert_null(strstr(error->message, ":any"));
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/merge/damage/truncated", test_truncated);
  g_test_add_func("/merge/damage/insane-length", test_insane_length);
  g_test_add_func("/merge/damage/unsorted-and-insane", test_unsorted_and_insane);
  g_test_add_func("/merge/damage/nothing-whole", test_nothing_whole);
  g_test_add_func("/merge/damage/empty-capture-to-pcap", test_empty_capture_to_pcap);
  return g_test_run();
}
