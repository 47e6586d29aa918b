/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Replays files through the fuzz target without a fuzzer: each file whole, cut
 * short, and in copies changed by a fixed seed. Prints TAP.
 * usage: fuzz-replay [--cuts N] [--copies N] FILE-OR-FOLDER...
 *
 * Knows no format. Memory is capped, so that an allocation nobody checked ends
 * the program instead of the machine.
 */
#include "fuzz/fuzz-format.h"

#include <glib.h>
#include <string.h>
#include <sys/resource.h>

enum { SEED = 20240229, MAX_FILE_BYTES = 512 << 10, MAX_ADDRESS_SPACE_MIB = 1024 };

static gint n_cuts = 40;
static gint n_copies = 120;

static const GOptionEntry entries[] = {
    {"cuts", 0, 0, G_OPTION_ARG_INT, &n_cuts, "shortened copies of each file", "N"},
    {"copies", 0, 0, G_OPTION_ARG_INT, &n_copies, "changed copies of each file", "N"},
    G_OPTION_ENTRY_NULL,
};

/* The address sanitizer reserves far more than it uses; it has limits of its own. */
#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif

static void cap_memory(void)
{
#ifndef SANITIZED
  const struct rlimit limit = {(rlim_t)MAX_ADDRESS_SPACE_MIB << 20,
                               (rlim_t)MAX_ADDRESS_SPACE_MIB << 20};
  if (setrlimit(RLIMIT_AS, &limit) != 0)
    g_printerr("# memory could not be capped\n");
#endif
}

/* Numbers that sizes, counts and offsets are likely to trip over. */
static void put_awkward_number(GRand *rand, guint8 *at, gsize room)
{
  static const guint64 awkward[] = {0,          1,          0x7f,        0x80,      0xff,
                                    0x7fff,     0x8000,     0xffff,      0x7ffffffe, 0x7fffffff,
                                    0x80000000, 0xfffffffc, 0xffffffff,  G_MAXINT64, G_MAXUINT64};
  guint64 value = awkward[g_rand_int_range(rand, 0, G_N_ELEMENTS(awkward))];
  gsize width = (gsize)1 << g_rand_int_range(rand, 0, 4);
  width = MIN(width, room);
  if (g_rand_boolean(rand))
    value = GUINT64_SWAP_LE_BE(value) >> (64 - 8 * width);
  for (gsize i = 0; i < width; i++)
    at[i] = (guint8)(value >> (8 * i));
}

/* Changes a few places; headers are short and decide much, so they get half of it. */
static void mutate(GRand *rand, guint8 *bytes, gsize len)
{
  gint changes = g_rand_int_range(rand, 1, 9);
  for (gint i = 0; i < changes; i++) {
    gsize span = g_rand_boolean(rand) ? MIN(len, 4096) : len;
    gsize at = (gsize)g_rand_int_range(rand, 0, (gint)span);
    switch (g_rand_int_range(rand, 0, 4)) {
    case 0:
      bytes[at] ^= (guint8)(1u << g_rand_int_range(rand, 0, 8));
      break;
    case 1:
      bytes[at] = (guint8)g_rand_int_range(rand, 0, 256);
      break;
    case 2: {
      gsize from = (gsize)g_rand_int_range(rand, 0, (gint)len);
      memmove(bytes + at, bytes + from, MIN(len - MAX(at, from), 64));
      break;
    }
    default:
      put_awkward_number(rand, bytes + at, len - at);
    }
  }
}

static void replay_file(gconstpointer data)
{
  const char *path = data;
  g_autofree char *contents = NULL;
  g_autoptr(GError) error = NULL;
  gsize len = 0;
  FuzzCounts whole = {0};
  FuzzCounts changed = {0};
  g_file_get_contents(path, &contents, &len, &error);
  g_assert_no_error(error);
  if (len == 0 || len > MAX_FILE_BYTES) {
    g_test_skip("empty or too large to replay");
    return;
  }
  fuzz_format((const guint8 *)contents, len, &whole);

  /* A copy of exactly the right size each time, so that a checker sees the end. */
  for (gint i = 0; i < n_cuts; i++) {
    gsize cut = i < n_cuts / 2 ? (gsize)i : len * (gsize)i / (gsize)n_cuts;
    if (cut >= len)
      continue;
    g_autofree guint8 *copy = g_memdup2(contents, cut);
    fuzz_format(copy ? copy : (const guint8 *)"", cut, &changed);
  }
  g_autoptr(GRand) rand = g_rand_new_with_seed(SEED);
  for (gint i = 0; i < n_copies; i++) {
    g_autofree guint8 *copy = g_memdup2(contents, len);
    mutate(rand, copy, len);
    fuzz_format(copy, len, &changed);
  }
  g_test_message("whole: %" G_GUINT64_FORMAT " events, %" G_GUINT64_FORMAT
                 " damaged; changed copies: %" G_GUINT64_FORMAT " opened, %" G_GUINT64_FORMAT
                 " events, %" G_GUINT64_FORMAT " damaged",
                 whole.events, whole.damage, changed.opened, changed.events, changed.damage);
}

static gint compare_names(gconstpointer a, gconstpointer b)
{
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* What stands beside the recordings in their folders. */
static gboolean is_text(const char *name)
{
  static const char *const suffixes[] = {".md", ".expect.json", ".sh", ".py", ".txt"};
  for (gsize i = 0; i < G_N_ELEMENTS(suffixes); i++)
    if (g_str_has_suffix(name, suffixes[i]))
      return TRUE;
  return FALSE;
}

static void add_path(const char *path)
{
  if (!g_file_test(path, G_FILE_TEST_EXISTS))
    return; /* a folder that has no file yet */
  if (g_file_test(path, G_FILE_TEST_IS_DIR)) {
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    const char *name;
    while (dir && (name = g_dir_read_name(dir)))
      if (!is_text(name))
        g_ptr_array_add(names, g_build_filename(path, name, NULL));
    g_ptr_array_sort(names, compare_names);
    for (guint i = 0; i < names->len; i++)
      add_path(g_ptr_array_index(names, i));
    return;
  }
  g_autofree char *base = g_path_get_basename(path);
  g_autofree char *parent_path = g_path_get_dirname(path);
  g_autofree char *parent = g_path_get_basename(parent_path);
  g_autofree char *test = g_strdup_printf("/fuzz/replay/%s/%s", parent, base);
  g_test_add_data_func_full(test, g_strdup(path), replay_file, g_free);
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_autoptr(GOptionContext) context = g_option_context_new("FILE-OR-FOLDER...");
  g_autoptr(GError) error = NULL;
  g_option_context_add_main_entries(context, entries, NULL);
  if (!g_option_context_parse(context, &argc, &argv, &error)) {
    g_printerr("fuzz-replay: %s\n", error->message);
    return 64;
  }
  cap_memory();
  for (int i = 1; i < argc; i++)
    add_path(argv[i]);
  return g_test_run();
}
