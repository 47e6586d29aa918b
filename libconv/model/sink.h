/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where a pass ends: whoever takes its items, a stage that learns from them or
 * a writer. Items come in the pass's order, one at a time, and are lent for the
 * call.
 */
#pragma once

#include "model/item.h"

#include <glib.h>

G_BEGIN_DECLS

typedef struct _TbSink TbSink;

/**
 * TbSinkOps:
 * @take: one item. FALSE with @error set: the pass ends with it
 * @finish: (nullable): no more items. FALSE with @error set
 */
typedef struct {
  gboolean (*take)(TbSink *sink, const TbItem *item, GError **error);
  gboolean (*finish)(TbSink *sink, GError **error);
} TbSinkOps;

/** TbSink: first member of each sink's own struct */
struct _TbSink {
  const TbSinkOps *ops;
};

static inline gboolean tb_sink_take(TbSink *sink, const TbItem *item, GError **error)
{
  return sink->ops->take(sink, item, error);
}

static inline gboolean tb_sink_finish(TbSink *sink, GError **error)
{
  return !sink->ops->finish || sink->ops->finish(sink, error);
}

G_END_DECLS
