/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the prepare phase found out about one machine: names of its threads,
 * later its process instances. Filled while preparing, read only while
 * emitting. Knows no format.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct _TbTimeline TbTimeline;

TbTimeline *tb_timeline_new(void);
void tb_timeline_free(TbTimeline *timeline);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TbTimeline, tb_timeline_free)

/**
 * tb_timeline_add_saved_name: a name that the recorder saved for a thread at
 * some moment of the recording. Pid 0 and "<...>" are nobody and are ignored;
 * the first name given for a thread stays.
 */
void tb_timeline_add_saved_name(TbTimeline *timeline, gint32 tid, const char *comm, gsize len);

/** tb_timeline_get_saved_name: Returns: (transfer none) (nullable) */
const char *tb_timeline_get_saved_name(const TbTimeline *timeline, gint32 tid);

/** tb_timeline_absorb: adds the facts of @other that @timeline does not have */
void tb_timeline_absorb(TbTimeline *timeline, const TbTimeline *other);

G_END_DECLS
