/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Every distinct event format of the corpus' recordings, rendered over seeded
 * random records by the text compiler and by libtraceevent: equal, but where a
 * reason below says why not. Skipped where there is no corpus.
 */
#include "support/text-oracle.h"

#include "base/cursor.h"
#include "tracecmd/tracecmd-file.h"

#include <string.h>

#define RECORDS_PER_FORMAT 25
#define RECORD_ROOM 16384

/** FormatKey: what makes a format one of its own */
typedef struct {
  char *system;
  char *text;
  gboolean big;
  guint long_size;
} FormatKey;

typedef struct {
  GHashTable *formats; /* set of FormatKey */
  guint recordings;
  gboolean big;
  guint long_size;
} Collection;

static guint key_hash(gconstpointer data)
{
  const FormatKey *key = data;
  return g_str_hash(key->text) ^ (guint)key->big ^ key->long_size << 1 ^ g_str_hash(key->system);
}

static gboolean key_equal(gconstpointer a, gconstpointer b)
{
  const FormatKey *x = a, *y = b;
  return x->big == y->big && x->long_size == y->long_size && !strcmp(x->text, y->text) &&
         !strcmp(x->system, y->system);
}

static void key_free(gpointer data)
{
  FormatKey *key = data;
  g_free(key->system);
  g_free(key->text);
  g_free(key);
}

static void collect_formats(Collection *all, TbCursor *c, const char *system)
{
  guint32 count = 0;
  g_assert_true(tb_cursor_u32(c, &count, "count", NULL));
  for (guint32 i = 0; i < count; i++) {
    FormatKey *key = g_new0(FormatKey, 1);
    const guint8 *text;
    guint64 size;
    g_assert_true(tb_cursor_u64(c, &size, "size", NULL));
    g_assert_true(tb_cursor_bytes(c, size, &text, "format", NULL));
    key->system = g_strdup(system);
    key->text = g_strndup((const char *)text, size);
    key->big = all->big;
    key->long_size = all->long_size;
    g_hash_table_add(all->formats, key);
  }
}

static void collect_sections(Collection *all, TcFile *file)
{
  TbCursor c;
  guint32 systems = 0;
  GBytes *bytes = NULL;
  if (tc_file_load(file, TC_ID_FTRACE_FORMATS, &bytes, &c, NULL) && c.len)
    collect_formats(all, &c, "ftrace");
  g_clear_pointer(&bytes, g_bytes_unref);
  if (tc_file_load(file, TC_ID_EVENT_FORMATS, &bytes, &c, NULL) && c.len) {
    g_assert_true(tb_cursor_u32(&c, &systems, "systems", NULL));
    for (guint32 i = 0; i < systems; i++) {
      const char *system;
      g_assert_true(tb_cursor_cstr(&c, &system, "system", NULL));
      collect_formats(all, &c, system);
    }
  }
  g_clear_pointer(&bytes, g_bytes_unref);
}

static void collect_recording(Collection *all, const char *path)
{
  g_autoptr(TbInput) input = tb_input_open(path, tb_limits_default(), NULL);
  g_autoptr(TbDamageLog) damage = tb_damage_log_new(16);
  g_autoptr(TcFile) file = NULL;
  g_assert_nonnull(input);
  file = tc_file_open(input, tb_limits_default(), damage, NULL);
  if (!file)
    return;
  all->big = file->big;
  all->long_size = file->user_long;
  all->recordings++;
  collect_sections(all, file);
}


/* Damaged recordings, and those whose formats are known to be read wrongly or not at all. */
static const char *const left_out[] = { "edge-dat", "hostile", "reports", NULL };

static void collect_folder(Collection *all, const char *folder, guint depth)
{
  g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
  const char *name;
  while (dir && (name = g_dir_read_name(dir))) {
    g_autofree char *path = g_build_filename(folder, name, NULL);
    if (g_file_test(path, G_FILE_TEST_IS_DIR) && depth &&
        !g_strv_contains(left_out, name))
      collect_folder(all, path, depth - 1);
    else if (g_str_has_suffix(name, ".dat"))
      collect_recording(all, path);
  }
}

/* Why the texts of a format differ from those of libtraceevent 1.7, NULL where they may not. */
static const char *reason_to_differ(const TextOracle *o)
{
  static const struct {
    const char *part;
    const char *reason;
  } parts[] = {
    { "%c", "%c is printed as a character, not as >c<" },
    { "__print_array(", "arrays are printed as the kernel does: {0x1,0x2}" },
    { "\\t=> ", "a stack has as many frames as the record" },
    { "\t", "tabs are printed" },
    { "), 0 }", "tables may end with no name" },
    { ", 0 })", "tables may end with no name" },
    { "_LAZY_MMU", "the kernel's values are known" },
    { "XEN_MC_FL_", "the kernel's values are known" },
    { "VMSCAN_THROTTLE_", "the kernel's values are known" },
    { "fragmenting=", "brackets count" },
    { "__print_flags(REC->flags & (", "brackets count" },
    { "(REC->mode & (", "brackets count" },
    { "%*phD", "bytes of a field are printed" },
    { "(int)REC->buf[0]", "raw data is printed whole" },
  };
  for (guint i = 0; i < G_N_ELEMENTS(parts); i++)
    if (strstr(o->print, parts[i].part))
      return parts[i].reason;
  return NULL;
}

typedef struct {
  guint formats;
  guint unparsed;
  guint listed;
  guint64 texts;
} Tally;

static void check_format(const FormatKey *key, guint32 seed, Tally *tally)
{
  g_autoptr(TextOracle) o =
      text_oracle_new(key->text, strlen(key->text), key->system, key->big, key->long_size);
  g_autoptr(GRand) rand = g_rand_new_with_seed(seed);
  static guint8 record[RECORD_ROOM];
  const char *reason;
  g_assert_nonnull(o);
  reason = reason_to_differ(o);
  tally->formats++;
  tally->unparsed += tc_text_get_unknown(o->text) != NULL;
  tally->listed += reason != NULL;
  if (reason)
    g_test_message("%s:%s: %s", key->system, o->event->name, reason);
  for (guint i = 0; i < RECORDS_PER_FORMAT; i++) {
    guint32 n = text_oracle_fill(o, rand, record, RECORD_ROOM);
    g_autofree char *text = NULL;
    g_assert_cmpuint(n, >, 0);
    text = text_oracle_rendered(o, record, n);
    tally->texts++;
    if (!reason)
      g_assert_cmpstr(text, ==, text_oracle_expected(o, record, n));
  }
}

static int compare_keys(gconstpointer a, gconstpointer b)
{
  const FormatKey *x = *(FormatKey *const *)a, *y = *(FormatKey *const *)b;
  int order = strcmp(x->text, y->text);
  return order ? order : (int)(x->long_size + (guint)x->big) - (int)(y->long_size + (guint)y->big);
}

static void test_corpus(void)
{
  const char *corpus = g_getenv("TB_CORPUS");
  g_autofree char *beside =
      g_build_filename(g_getenv("TB_SOURCE_ROOT") ? g_getenv("TB_SOURCE_ROOT") : ".", "..",
                       "shared", "corpus", NULL);
  Collection all = { .formats = g_hash_table_new_full(key_hash, key_equal, key_free, NULL) };
  g_autofree FormatKey **keys = NULL;
  Tally tally = { 0 };
  guint n;
  collect_folder(&all, corpus ? corpus : beside, 2);
  keys = (FormatKey **)g_hash_table_get_keys_as_array(all.formats, &n);
  if (!n)
    g_test_skip("no corpus");
  qsort(keys, n, sizeof *keys, compare_keys);
  for (guint i = 0; i < n; i++)
    check_format(keys[i], i + 1, &tally);
  g_test_message("%u recordings, %u formats (%u by their fields, %u that may differ), "
                 "%" G_GUINT64_FORMAT " texts",
                 all.recordings, tally.formats, tally.unparsed, tally.listed, tally.texts);
  g_hash_table_unref(all.formats);
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/tracecmd/text/corpus-formats", test_corpus);
  return g_test_run();
}
