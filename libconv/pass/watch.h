/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The sink of prepare: shows items to observers, to each what it asked for, and
 * the facts that events tell.
 */
#pragma once

#include "format/reader.h"
#include "model/sink.h"
#include "stages/observer.h"

#include <glib.h>

G_BEGIN_DECLS

typedef struct _TbWatch TbWatch;

/**
 * tb_watch_new:
 * @observers: (element-type TbObserver): borrowed, complete
 * @readers: (element-type TbReader): borrowed: whose types are announced
 * @n_types: (not nullable): ids of types given out so far; may grow while reading
 */
TbWatch *tb_watch_new(const GPtrArray *observers, const GPtrArray *readers,
                      const guint32 *n_types);
void tb_watch_free(TbWatch *watch);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TbWatch, tb_watch_free)

/** tb_watch_get_sink: Returns: (transfer none) */
TbSink *tb_watch_get_sink(TbWatch *watch);

/** tb_watch_tell_snapshots: what the readers' tables say, before the first item */
void tb_watch_tell_snapshots(TbWatch *watch);

/**
 * tb_watch_minds_order: whether it matters to an observer how the records of a reader lie
 * between those of others. @has_events: that reader may have events
 */
gboolean tb_watch_minds_order(const TbWatch *watch, gboolean has_events);

G_END_DECLS
