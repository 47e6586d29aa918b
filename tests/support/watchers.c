/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See watchers.h. */
#include "support/watchers.h"

#include "pass/facts.h"

enum { WATCHERS_FACTS = 31 };

struct _Watchers {
  GPtrArray *observers;
  TbFacts *facts;
};

Watchers *watchers_new(TbObserver *const *observers, guint n)
{
  Watchers *w = g_new0(Watchers, 1);
  w->observers = g_ptr_array_new();
  for (guint i = 0; i < n; i++)
    g_ptr_array_add(w->observers, observers[i]);
  w->facts = tb_facts_new(w->observers);
  return w;
}

void watchers_free(Watchers *w)
{
  tb_facts_free(w->facts);
  g_ptr_array_unref(w->observers);
  g_free(w);
}

gboolean watchers_meet(Watchers *w, TbEventType *type)
{
  type->interest = tb_facts_are_wanted(w->facts, type) ? 1u << WATCHERS_FACTS : 0;
  for (guint i = 0; i < w->observers->len; i++) {
    TbObserver *observer = g_ptr_array_index(w->observers, i);
    if (observer->ops->wants_type && observer->ops->wants_type(observer, type))
      type->interest |= 1u << i;
  }
  return type->interest != 0;
}

void watchers_show(Watchers *w, const TbItem *item)
{
  TbRecordKind kind = item->record->kind;
  guint32 interest = kind == TB_RECORD_EVENT ? item->record->type->interest : G_MAXUINT32;
  if (kind == TB_RECORD_EVENT && interest & 1u << WATCHERS_FACTS)
    tb_facts_show(w->facts, item);
  else if (kind == TB_RECORD_LOST)
    tb_facts_lost(w->facts, item);
  for (guint i = 0; i < w->observers->len; i++) {
    TbObserver *observer = g_ptr_array_index(w->observers, i);
    if (interest & 1u << i && observer->ops->event &&
        (kind != TB_RECORD_PACKET || observer->ops->wants_packets))
      observer->ops->event(observer, item);
  }
}
