/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Names of processes that a user may have meant; see report.h. */
#include "report/report.h"

#include "base/escape.h"

#include <string.h>

enum { CLOSE_NAMES_SHOWN = 4, CLOSE_NAME_BYTES = 32 };

typedef struct {
  const char *name;
  guint distance;
} CloseName;

/* How many bytes must be changed, added or left out to make @b of @a; capitals do not count. */
static guint edit_distance(const char *a, const char *b)
{
  guint row[CLOSE_NAME_BYTES + 1];
  guint a_len = (guint)MIN(strlen(a), (gsize)CLOSE_NAME_BYTES);
  guint b_len = (guint)MIN(strlen(b), (gsize)CLOSE_NAME_BYTES);
  for (guint k = 0; k <= b_len; k++)
    row[k] = k;
  for (guint i = 1; i <= a_len; i++) {
    guint diagonal = row[0];
    row[0] = i;
    for (guint k = 1; k <= b_len; k++) {
      guint changed = diagonal + (g_ascii_tolower(a[i - 1]) != g_ascii_tolower(b[k - 1]));
      diagonal = row[k];
      row[k] = MIN(changed, MIN(row[k], row[k - 1]) + 1);
    }
  }
  return row[b_len];
}

/* Names that hold the wish come first; others must be alike in half of it. */
static gboolean is_close(const char *wish, const char *name, guint *distance)
{
  if (strstr(name, wish)) {
    *distance = 0;
    return TRUE;
  }
  *distance = edit_distance(wish, name);
  return *distance * 2 <= strlen(wish);
}

static gint compare_close(gconstpointer a, gconstpointer b)
{
  const CloseName *x = a, *y = b;
  if (x->distance != y->distance)
    return x->distance < y->distance ? -1 : 1;
  return strcmp(x->name, y->name);
}

static void collect_name(GHashTable *best, const char *wish, const char *name)
{
  guint distance;
  if (!name || !*name || g_str_equal(wish, name) || !is_close(wish, name, &distance))
    return;
  guint known = GPOINTER_TO_UINT(g_hash_table_lookup(best, name));
  if (!known || distance + 1 < known)
    g_hash_table_insert(best, (gpointer)name, GUINT_TO_POINTER(distance + 1));
}

/* All names that a process had. */
static void collect_process(GHashTable *best, const char *wish, const TbTimeline *timeline,
                            const TbProcess *process)
{
  guint32 at = process->changes;
  collect_name(best, wish, tb_timeline_get_string(timeline, process->comm));
  while (at != TB_PROC_NONE) {
    const TbChange *change = tb_timeline_get_change(timeline, at);
    if (!tb_change_is_exe(change))
      collect_name(best, wish, tb_timeline_get_string(timeline, tb_change_string(change)));
    at = change->next == process->changes ? TB_PROC_NONE : change->next;
  }
}

void tb_report_append_close_names(const TbRun *run, const char *const *wishes, GString *out)
{
  g_autoptr(GHashTable) best = g_hash_table_new(g_str_hash, g_str_equal);
  g_autoptr(GArray) close = g_array_new(FALSE, FALSE, sizeof(CloseName));
  const GPtrArray *machines = tb_run_get_machines(run);
  for (guint m = 0; m < machines->len; m++) {
    const TbTimeline *timeline = ((const TbMachine *)g_ptr_array_index(machines, m))->timeline;
    for (guint32 i = 0; i < tb_timeline_get_n_processes(timeline); i++)
      for (guint w = 0; wishes && wishes[w]; w++)
        collect_process(best, wishes[w], timeline, tb_timeline_get_process(timeline, i));
  }
  GHashTableIter iter;
  gpointer name, distance;
  g_hash_table_iter_init(&iter, best);
  while (g_hash_table_iter_next(&iter, &name, &distance)) {
    CloseName one = { name, GPOINTER_TO_UINT(distance) };
    g_array_append_val(close, one);
  }
  g_array_sort(close, compare_close);
  for (guint i = 0; i < MIN(close->len, (guint)CLOSE_NAMES_SHOWN); i++) {
    g_autofree char *shown = tb_escape_dup(g_array_index(close, CloseName, i).name);
    g_string_append_printf(out, "%s%s", out->len ? ", " : "", shown);
  }
}
