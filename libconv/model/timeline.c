/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Facts about one machine; see timeline.h. */
#include "model/timeline.h"

#include "base/strpool.h"

#include <string.h>

struct _TbTimeline {
  GHashTable *saved_names; /* tid -> interned name */
  TbStrPool *strings;
};

TbTimeline *tb_timeline_new(void)
{
  TbTimeline *timeline = g_new0(TbTimeline, 1);
  timeline->saved_names = g_hash_table_new(NULL, NULL);
  timeline->strings = tb_strpool_new();
  return timeline;
}

void tb_timeline_free(TbTimeline *timeline)
{
  if (!timeline)
    return;
  g_hash_table_unref(timeline->saved_names);
  tb_strpool_free(timeline->strings);
  g_free(timeline);
}

void tb_timeline_add_saved_name(TbTimeline *timeline, gint32 tid, const char *comm, gsize len)
{
  if (tid <= 0 || len == 0 || (len == 5 && memcmp(comm, "<...>", 5) == 0))
    return;
  if (g_hash_table_contains(timeline->saved_names, GINT_TO_POINTER(tid)))
    return;
  g_hash_table_insert(timeline->saved_names, GINT_TO_POINTER(tid),
                      (gpointer)tb_strpool_intern(timeline->strings, comm, len));
}

const char *tb_timeline_get_saved_name(const TbTimeline *timeline, gint32 tid)
{
  return g_hash_table_lookup(timeline->saved_names, GINT_TO_POINTER(tid));
}

void tb_timeline_absorb(TbTimeline *timeline, const TbTimeline *other)
{
  GHashTableIter iter;
  gpointer tid, name;
  g_hash_table_iter_init(&iter, other->saved_names);
  while (g_hash_table_iter_next(&iter, &tid, &name))
    tb_timeline_add_saved_name(timeline, GPOINTER_TO_INT(tid), name, strlen(name));
}
