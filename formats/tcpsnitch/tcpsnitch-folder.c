/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The folders that tcpsnitch writes: a run, with meta/ and a folder NAME_K for
 * each process, or one such process folder; some versions put the sockets of
 * all processes right into the run. Knows names and the few words in meta/;
 * sockets are read by readers.
 */
#include "tcpsnitch/tcpsnitch-private.h"

#include "tcpsnitch/tcpsnitch.h"

#include "base/escape.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

enum { FOLDER_META_BYTES = 4096, FOLDER_OTHERS_SHOWN = 6, FOLDER_PROBE_BITS = 128 };

typedef struct {
  TbFolder *folder;
  const TbLimits *limits;
  char *meta;      /* (nullable): the folder of that name */
  GPtrArray *others; /* names of files that are not read */
  guint n_processes;
  guint n_sockets;
  guint n_captures;
  gboolean proved; /* a socket's file begins as it must */
} FolderList;

/* --- names --- */

/* Length of the name in "curl_0", 0 where @name has another form. */
static gsize folder_name_len(const char *name)
{
  const char *line = strrchr(name, '_');
  if (!line || line == name || !line[1] || strspn(line + 1, "0123456789") != strlen(line + 1))
    return 0;
  return (gsize)(line - name);
}

char *snitch_dup_process(const char *path)
{
  g_autofree char *folder = g_path_get_dirname(path);
  g_autofree char *name = g_path_get_basename(folder);
  return folder_name_len(name) ? g_steal_pointer(&name) : NULL;
}

char *snitch_dup_program(const char *process)
{
  return g_strndup(process, folder_name_len(process));
}

/* Number of "12.json" with @suffix ".json". */
static gboolean folder_get_number(const char *name, const char *suffix, guint64 *out)
{
  g_autofree char *digits = g_str_has_suffix(name, suffix)
                                ? g_strndup(name, strlen(name) - strlen(suffix)) : NULL;
  return digits && g_ascii_string_to_unsigned(digits, 10, 0, G_MAXUINT64, out, NULL);
}

/* Names that end in numbers in the order of these, all else by bytes. */
static gint folder_compare(gconstpointer a, gconstpointer b)
{
  const char *x = *(const char *const *)a, *y = *(const char *const *)b;
  gsize same = 0;
  while (x[same] && x[same] == y[same])
    same++;
  while (same > 0 && g_ascii_isdigit(x[same - 1]))
    same--;
  if (g_ascii_isdigit(x[same]) && g_ascii_isdigit(y[same])) {
    guint64 m = g_ascii_strtoull(x + same, NULL, 10), n = g_ascii_strtoull(y + same, NULL, 10);
    if (m != n)
      return m < n ? -1 : 1;
  }
  return strcmp(x, y);
}

/* The names in @path, in order; NULL with an error. */
static GPtrArray *folder_read_names(const FolderList *list, const char *path, GError **error)
{
  g_autoptr(GError) why = NULL;
  g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
  g_autoptr(GDir) dir = g_dir_open(path, 0, &why);
  const char *name;
  if (!dir) {
    tb_error_set(error, TB_ERROR_IO, path, TB_OFFSET_NONE, "%s", why->message);
    return NULL;
  }
  while ((name = g_dir_read_name(dir))) {
    if (names->len >= list->limits->table_entries) {
      tb_error_set(error, TB_ERROR_LIMIT, path, TB_OFFSET_NONE,
                   "holds more than %" G_GUINT64_FORMAT " names", list->limits->table_entries);
      return NULL;
    }
    g_ptr_array_add(names, g_strdup(name));
  }
  g_ptr_array_sort(names, folder_compare);
  return g_steal_pointer(&names);
}

/* --- meta --- */

/* The first line of a small file; NULL where there is none. */
static char *folder_dup_meta(const FolderList *list, const char *name)
{
  g_autofree char *path = list->meta ? g_build_filename(list->meta, name, NULL) : NULL;
  g_autoptr(TbInput) input = NULL;
  char text[FOLDER_META_BYTES + 1];
  if (!path || !g_file_test(path, G_FILE_TEST_IS_REGULAR) ||
      !(input = tb_input_open(path, list->limits, NULL)))
    return NULL;
  gssize got = tb_input_read_at(input, 0, text, FOLDER_META_BYTES, NULL);
  if (got <= 0)
    return NULL;
  text[got] = 0;
  text[strcspn(text, "\n")] = 0;
  return *g_strstrip(text) ? tb_escape_dup(text) : NULL;
}

static void folder_add_meta(FolderList *list)
{
  static const struct {
    const char *file;
    const char *key;
  } facts[] = {
    { "app", "program" },         { "cmd", "command" },       { "app_version", "its version" },
    { "version", "recorder" },    { "git_hash", "commit" },   { "host_id", "host id" },
  };
  TbMachine *machine = list->folder->machine;
  g_autofree char *os = folder_dup_meta(list, "os");
  for (guint i = 0; i < G_N_ELEMENTS(facts); i++) {
    g_autofree char *value = folder_dup_meta(list, facts[i].file);
    if (value)
      tb_folder_add_fact(list->folder, facts[i].key, value);
  }
  if (os && (g_str_equal(os, "Linux") || g_str_equal(os, "android")))
    machine->os = TB_OS_LINUX;
  machine->os_version = folder_dup_meta(list, "kernel");
  machine->arch_name = folder_dup_meta(list, "machine");
  if (machine->arch_name)
    machine->arch = tb_arch_from_name(machine->arch_name);
}

/* --- files --- */

static gboolean folder_is_file(const char *path)
{
  struct stat st;
  return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

/* Whether a file begins like one of a socket; nothing but that is read of it. */
static gboolean folder_probe(const FolderList *list, const char *path)
{
  guint8 head[SNITCH_PEEK_BYTES];
  g_autoptr(TbInput) input = tb_input_open(path, list->limits, NULL);
  gssize got = input ? tb_input_read_at(input, 0, head, sizeof head, NULL) : -1;
  return got > 0 && snitch_probe(head, (gsize)got) > 0;
}

static void folder_add_file(FolderList *list, const char *path, const char *process,
                            const char *program, const char *name)
{
  gboolean calls = g_str_has_suffix(name, ".json");
  g_autofree char *stem = g_strndup(name, (gsize)(strrchr(name, '.') - name));
  TbFolderFile *file = tb_folder_add_file(list->folder, path);
  file->subject = g_strndup(path, strlen(path) - strlen(name) + strlen(stem));
  file->program = g_strdup(program);
  if (calls) {
    list->n_sockets++;
    file->format = &tb_tcpsnitch_reader;
    list->proved = list->proved || folder_probe(list, path);
    return;
  }
  list->n_captures++;
  g_autofree char *shown = process ? g_strdup_printf("%s/%s", process, stem) : g_strdup(stem);
  file->name = tb_escape_dup(shown);
}

/* The sockets in @path, the folder of one process (@process) or of the run. */
static gboolean folder_add_sockets(FolderList *list, const char *path, const char *process,
                                   const char *program, GError **error)
{
  g_autoptr(GPtrArray) names = folder_read_names(list, path, error);
  guint before = list->folder->files->len;
  if (!names)
    return FALSE;
  for (guint i = 0; i < names->len; i++) {
    const char *name = g_ptr_array_index(names, i);
    g_autofree char *file = g_build_filename(path, name, NULL);
    guint64 number;
    if (!folder_is_file(file))
      continue;
    if (folder_get_number(name, ".json", &number) || folder_get_number(name, ".pcap", &number))
      folder_add_file(list, file, process, program, name);
    else
      g_ptr_array_add(list->others, g_strdup(name));
    if (list->folder->files->len > list->limits->streams) {
      tb_error_set(error, TB_ERROR_LIMIT, list->folder->path, TB_OFFSET_NONE,
                   "holds more than %u files of sockets", list->limits->streams);
      return FALSE;
    }
  }
  list->n_processes += list->folder->files->len > before;
  return TRUE;
}

static gboolean folder_add_processes(FolderList *list, GError **error)
{
  const char *path = list->folder->path;
  g_autoptr(GPtrArray) names = folder_read_names(list, path, error);
  if (!names)
    return FALSE;
  for (guint i = 0; i < names->len; i++) {
    const char *name = g_ptr_array_index(names, i);
    g_autofree char *process = g_build_filename(path, name, NULL);
    if (!folder_name_len(name) || !g_file_test(process, G_FILE_TEST_IS_DIR))
      continue;
    g_autofree char *program = snitch_dup_program(name);
    if (!folder_add_sockets(list, process, name, program, error))
      return FALSE;
  }
  return TRUE;
}

static void folder_add_counts(FolderList *list)
{
  const struct {
    const char *key;
    guint n;
  } counts[] = { { "processes", list->n_processes }, { "sockets", list->n_sockets },
                 { "captures", list->n_captures } };
  for (guint i = 0; i < G_N_ELEMENTS(counts); i++) {
    g_autofree char *text = g_strdup_printf("%u", counts[i].n);
    tb_folder_add_fact(list->folder, counts[i].key, text);
  }
  if (list->others->len == 0)
    return;
  g_autoptr(GString) text = g_string_new(NULL);
  for (guint i = 0; i < MIN(list->others->len, FOLDER_OTHERS_SHOWN); i++)
    g_string_append_printf(text, "%s%s", i ? ", " : "",
                           (const char *)g_ptr_array_index(list->others, i));
  if (list->others->len > FOLDER_OTHERS_SHOWN)
    g_string_append_printf(text, " and %u more", list->others->len - FOLDER_OTHERS_SHOWN);
  tb_folder_add_fact(list->folder, "not read", text->str);
}

/* meta/ stands in the run's folder, beside those of the processes. */
static char *folder_find_meta(const char *path, gboolean process)
{
  g_autofree char *meta = process ? g_build_filename(path, "..", "meta", NULL)
                                  : g_build_filename(path, "meta", NULL);
  return g_file_test(meta, G_FILE_TEST_IS_DIR) ? g_steal_pointer(&meta) : NULL;
}

/* Whether all was listed, which says nothing yet of whether it is a folder of this kind. */
static gboolean folder_list_all(FolderList *list, GError **error)
{
  const char *path = list->folder->path;
  g_autofree char *inside = g_build_filename(path, "x", NULL);
  g_autofree char *process = snitch_dup_process(inside);
  list->meta = folder_find_meta(path, FALSE);
  if (list->meta)
    g_clear_pointer(&process, g_free); /* the run's folder, whatever its name */
  g_autofree char *program = process ? snitch_dup_program(process) : folder_dup_meta(list, "app");
  if (!folder_add_sockets(list, path, process, program, error))
    return FALSE;
  if (!process || list->folder->files->len == 0)
    return folder_add_processes(list, error);
  list->meta = folder_find_meta(path, TRUE);
  return TRUE;
}

/* meta/ with the words of this recorder: a run of which no socket is left to prove it. */
static gboolean folder_has_words(const FolderList *list)
{
  g_autofree char *app = folder_dup_meta(list, "app");
  g_autofree char *host = folder_dup_meta(list, "host_id");
  return app && host;
}

gboolean snitch_folder_list(TbFolder *folder, const TbLimits *limits, GError **error)
{
  g_autoptr(GPtrArray) others = g_ptr_array_new_with_free_func(g_free);
  FolderList list = { .folder = folder, .limits = limits, .others = others };
  gboolean ok = folder_list_all(&list, error) && (list.proved || folder_has_words(&list));
  if (ok && folder->files->len == 0) {
    tb_error_set(error, TB_ERROR_TRUNCATED, folder->path, TB_OFFSET_NONE,
                 "is a trace of tcpsnitch without any socket");
    ok = FALSE;
  }
  if (ok) {
    folder_add_meta(&list);
    folder_add_counts(&list);
  }
  g_free(list.meta);
  return ok;
}

/* --- detection --- */

static gboolean folder_has_key(const char *head, gsize len, const char *key)
{
  return g_strstr_len(head, (gssize)len, key) != NULL;
}

guint snitch_probe(const guint8 *head, gsize len)
{
  const char *text = (const char *)head;
  const guint8 *end = len ? memchr(head, '\n', len) : NULL;
  gsize line = end ? (gsize)(end - head) : len;
  if (line == 0 || text[0] != '{' || memchr(text, 0, line))
    return 0;
  return folder_has_key(text, line, "\"type\"") && folder_has_key(text, line, "\"timestamp_usec\"")
             ? FOLDER_PROBE_BITS : 0;
}
