/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Attribution: the observer of the prepare phase that learns which process is
 * behind each socket, and the emit phase's question who is behind a packet's
 * ends. The evidence and its ranking are in docs/packet-owners.md. Knows no
 * file format.
 */
#pragma once

#include "model/owner.h"
#include "stages/context.h"
#include "stages/observer.h"

#include <glib.h>

G_BEGIN_DECLS

/** tb_attrib_new: @least: owners known worse than this are not named. Returns: (transfer full) */
TbObserver *tb_attrib_new(TbConfidence least);

/**
 * TbAttribCounts: ends of packets, for the report. An end is counted where the machine has a
 *   recording that could tell
 * @named: by confidence
 * @unnamed: local or not, nobody is named
 * @agreeing: named, and the capture itself names the same process
 * @differing: named, but the capture itself names another process
 */
typedef struct {
  guint64 named[TB_CONFIDENCE_CERTAIN + 1];
  guint64 unnamed;
  guint64 agreeing;
  guint64 differing;
} TbAttribCounts;

/**
 * tb_attrib_apply: after finish(): sets @packet's owners, beside or instead of those its
 *   capture tells of, which are already limited to what is known well enough
 * @context: who is asked for names; its machines are those of the observer
 * @timeline_ns: the packet's time as the prepare phase's observers saw its machine's events
 *
 * The owners are valid until the next call.
 */
void tb_attrib_apply(TbObserver *attrib, TbContextStage *context, TbEvent *packet,
                     gint64 timeline_ns);

const TbAttribCounts *tb_attrib_get_counts(const TbObserver *attrib);

G_END_DECLS
