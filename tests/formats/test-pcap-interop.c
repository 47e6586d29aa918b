/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Classic pcap against tshark and tcpdump: what they list is what the reader
 * lends, and what the writer writes they read without a word. Skips what needs
 * a tool or the corpus (TB_CORPUS) where these are missing.
 */
#include "pcap/pcap.h"

#include "support/made-item.h"
#include "support/pcap-build.h"

#include <glib/gstdio.h>
#include <string.h>

/* A file read to its end. */
typedef struct {
  GString *list; /* "time caplen len" lines, as tshark prints them */
  GByteArray *rewritten;
  guint n;
  TbReadResult last;
  guint64 damage_off;
  guint32 link_type;
} Listing;

static void listing_clear(Listing *listing)
{
  if (listing->list)
    g_string_free(listing->list, TRUE);
  g_clear_pointer(&listing->rewritten, g_byte_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Listing, listing_clear)

/* Reads @reader to its end into @listing and @writer. */
static void copy_all(TbReader *reader, TbWriter *writer, Listing *listing)
{
  TbRecord event;
  for (;;) {
    g_autoptr(GError) error = NULL;
    TbReadResult result = tb_reader_next(reader, 0, &event, &error);
    if (result == TB_READ_END)
      return;
    if (result != TB_READ_RECORD) {
      listing->last = result;
      if (error)
        listing->damage_off = tb_error_get_offset(error);
      continue;
    }
    listing->n++;
    g_string_append_printf(listing->list, "%" G_GINT64_FORMAT ".%09d\t%u\t%u\n",
                           event.time.ns / 1000000000, (gint)(event.time.ns % 1000000000),
                           event.len, event.orig_len);
    TbItem item = item_of(&event);
    g_assert_true(tb_writer_event(writer, &item, NULL));
  }
}

/* FALSE when it cannot be opened; @error says why. */
static gboolean list_file(const char *path, Listing *listing, GError **error)
{
  *listing = (Listing){ .last = TB_READ_END, .damage_off = TB_OFFSET_NONE };
  g_autoptr(TbDamageLog) damage = tb_damage_log_new(100);
  TbInput *input = tb_input_open(path, tb_limits_default(), error);
  g_assert_nonnull(input);
  g_autoptr(TbReader) reader =
      tb_reader_open(&tb_pcap_reader, input, tb_limits_default(), damage, error);
  if (!reader)
    return FALSE;
  listing->list = g_string_new(NULL);
  listing->link_type = ((TbSource *)g_ptr_array_index(reader->sources, 0))->link.type;
  g_autoptr(TbOutput) output = tb_output_new_memory();
  g_autoptr(TbWriter) writer = tb_writer_open(&tb_pcap_writer, output, tb_limits_default(),
                                              reader->machines, reader->sources, NULL);
  g_assert_nonnull(writer);
  copy_all(reader, writer, listing);
  g_assert_true(tb_writer_finish(writer, NULL));
  g_assert_true(tb_output_flush(output, NULL));
  const GByteArray *bytes = tb_output_get_memory(output);
  listing->rewritten = g_byte_array_sized_new(bytes->len);
  g_byte_array_append(listing->rewritten, bytes->data, bytes->len);
  if (tb_damage_log_get_n(damage) > 0)
    listing->damage_off =
        ((TbDamage *)g_ptr_array_index(tb_damage_log_get_entries(damage), 0))->offset;
  return TRUE;
}

/* What a program prints; NULL when it is not there. */
static char *run(char **argv, gsize *len, char **complaint)
{
  g_autofree char *program = g_find_program_in_path(argv[0]);
  g_autoptr(GError) error = NULL;
  char *text = NULL;
  if (!program) {
    g_autofree char *why = g_strdup_printf("%s is not installed", argv[0]);
    g_test_skip(why);
    return NULL;
  }
  g_spawn_sync(NULL, argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, &text, complaint, NULL, &error);
  g_assert_no_error(error);
  if (len)
    *len = strlen(text);
  return text;
}

static char *tshark_list(const char *path, char **complaint)
{
  char *argv[] = { (char *)"tshark", (char *)"-n", (char *)"-r", (char *)path, (char *)"-T",
                   (char *)"fields", (char *)"-e", (char *)"frame.time_epoch", (char *)"-e",
                   (char *)"frame.cap_len", (char *)"-e", (char *)"frame.len", NULL };
  return run(argv, NULL, complaint);
}

/* Standard error without the line about running as root and tcpdump's line about the input. */
static char *real_complaints(const char *text)
{
  g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
  g_autoptr(GString) out = g_string_new(NULL);
  for (guint i = 0; lines[i]; i++)
    if (*lines[i] && !strstr(lines[i], "Running as user")
        && !g_str_has_prefix(lines[i], "reading from file"))
      g_string_append_printf(out, "%s\n", lines[i]);
  return g_strdup(out->str);
}

static char *write_temp(const char *name, gconstpointer bytes, gsize len)
{
  g_autofree char *dir = g_dir_make_tmp("tb-pcap-XXXXXX", NULL);
  g_assert_nonnull(dir);
  char *path = g_build_filename(dir, name, NULL);
  g_assert_true(g_file_set_contents(path, bytes, (gssize)len, NULL));
  return path;
}

static void remove_temp(const char *path)
{
  g_autofree char *dir = g_path_get_dirname(path);
  g_remove(path);
  g_rmdir(dir);
}

/* The reader's list of @path equals tshark's. */
static gboolean check_tshark(const char *path, const Listing *listing)
{
  g_autofree char *complaint = NULL;
  g_autofree char *theirs = tshark_list(path, &complaint);
  if (!theirs)
    return FALSE;
  g_assert_cmpstr(theirs, ==, listing->list->str);
  return TRUE;
}

/* What was rewritten is read by tshark and tcpdump with the same packets and no complaint. */
static void check_rewritten(const Listing *listing)
{
  g_autofree char *path =
      write_temp("rewritten.pcap", listing->rewritten->data, listing->rewritten->len);
  g_autofree char *said = NULL, *tcpdump_said = NULL;
  g_autofree char *list = tshark_list(path, &said);
  if (list) {
    g_autofree char *complaint = real_complaints(said);
    g_assert_cmpstr(complaint, ==, "");
    g_assert_cmpstr(list, ==, listing->list->str);
  }
  char *argv[] = { (char *)"tcpdump", (char *)"-nn", (char *)"-t", (char *)"-r", path, NULL };
  g_autofree char *lines = run(argv, NULL, &tcpdump_said);
  if (lines) {
    g_autofree char *complaint = real_complaints(tcpdump_said);
    g_assert_cmpstr(complaint, ==, "");
  }
  remove_temp(path);
}

static void test_built_magics(void)
{
  static const guint32 magics[] = { 0xa1b2c3d4, 0xa1b23c4d, 0xa1b2cd34, 0x1c0001ac, 0x1c0001ab };
  for (guint m = 0; m < 2 * G_N_ELEMENTS(magics); m++) {
    g_auto(TbBuf) file = { 0 };
    PcapBuild build = pcap_build_init(magics[m / 2], m % 2);
    pcap_build_header(&file, &build);
    for (guint32 i = 0; i < 5; i++)
      pcap_build_record(&file, &build, 1700000000 + i, 120000 + i, 60 + i, 100 + i, 60 + i, 0);
    g_autofree char *path = write_temp("built.pcap", file.data, file.len);
    g_auto(Listing) listing = { 0 };
    g_assert_true(list_file(path, &listing, NULL));
    g_assert_cmpuint(listing.n, ==, 5);
    /* Wireshark shows 1c0001ac in microseconds, which its definition denies; counts only. */
    gboolean ran = magics[m / 2] == 0x1c0001ac || check_tshark(path, &listing);
    remove_temp(path);
    if (!ran)
      return;
    check_rewritten(&listing);
  }
}

/* Corpus files, what their manifest says of them, and where they are wrong. */
static const struct {
  const char *name;
  gint packets; /* -1: not a capture */
  TbReadResult last;
  gboolean whole; /* no damage at all */
} corpus_files[] = {
  { "be-us.pcap", 181, TB_READ_END, TRUE },
  { "be-ns.pcap", 181, TB_READ_END, TRUE },
  { "le-ns.pcap", 181, TB_READ_END, TRUE },
  { "modified-magic-le.pcap", 181, TB_READ_END, TRUE },
  { "snap96.pcap", 181, TB_READ_END, TRUE },
  { "trunc-last-data.pcap", 180, TB_READ_DAMAGED, FALSE },
  { "trunc-last-header.pcap", 180, TB_READ_DAMAGED, FALSE },
  { "header-only.pcap", 0, TB_READ_END, TRUE },
  { "short-header.pcap", -1, TB_READ_ERROR, FALSE },
  { "empty.pcap", -1, TB_READ_ERROR, FALSE },
  { "insane-caplen.pcap", 90, TB_READ_ERROR, FALSE },
  { "out-of-order.pcap", 181, TB_READ_END, TRUE },
  { "fcs-bits.pcap", 181, TB_READ_END, TRUE },
};

static char *corpus_folder(void)
{
  const char *corpus = g_getenv("TB_CORPUS"), *root = g_getenv("TB_SOURCE_ROOT");
  char *folder = corpus ? g_build_filename(corpus, "edge-pcap", NULL)
                        : g_build_filename(root ? root : ".", "..", "shared", "corpus",
                                           "edge-pcap", NULL);
  if (g_file_test(folder, G_FILE_TEST_IS_DIR))
    return folder;
  g_test_skip("no corpus: set TB_CORPUS");
  g_free(folder);
  return NULL;
}

static void test_corpus_manifest(void)
{
  g_autofree char *folder = corpus_folder();
  for (guint i = 0; folder && i < G_N_ELEMENTS(corpus_files); i++) {
    g_autofree char *path = g_build_filename(folder, corpus_files[i].name, NULL);
    g_auto(Listing) listing = { 0 };
    g_autoptr(GError) error = NULL;
    g_test_message("%s", corpus_files[i].name);
    if (!list_file(path, &listing, &error)) {
      g_assert_cmpint(corpus_files[i].packets, ==, -1);
      g_assert_error(error, TB_ERROR, TB_ERROR_TRUNCATED);
      g_assert_cmpuint(tb_error_get_offset(error), ==, 0);
      continue;
    }
    g_assert_cmpint((gint)listing.n, ==, corpus_files[i].packets);
    g_assert_cmpint(listing.last, ==, corpus_files[i].last);
    g_assert_cmpint(listing.damage_off == TB_OFFSET_NONE, ==, corpus_files[i].whole);
    g_assert_cmpuint(listing.link_type, ==, 1);
  }
}

static void test_corpus_tshark(void)
{
  g_autofree char *folder = corpus_folder();
  for (guint i = 0; folder && i < G_N_ELEMENTS(corpus_files); i++) {
    g_autofree char *path = g_build_filename(folder, corpus_files[i].name, NULL);
    g_auto(Listing) listing = { 0 };
    g_test_message("%s", corpus_files[i].name);
    if (corpus_files[i].packets < 0 || !list_file(path, &listing, NULL))
      continue;
    if (!check_tshark(path, &listing))
      return;
    check_rewritten(&listing);
  }
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/pcap/interop/built-magics", test_built_magics);
  g_test_add_func("/pcap/interop/corpus-manifest", test_corpus_manifest);
  g_test_add_func("/pcap/interop/corpus-tshark", test_corpus_tshark);
  return g_test_run();
}
