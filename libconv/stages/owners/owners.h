/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Attribution: the observer of the prepare phase that learns which process is
 * behind each socket, and the emit phase's question who is behind a packet's
 * ends. The evidence and its ranking are in docs/packet-owners.md. Knows no
 * file format.
 */
#pragma once

#include "model/owner.h"
#include "stages/explain/actor.h"
#include "stages/observer.h"
#include "stages/wire/headers.h"

#include <glib.h>

G_BEGIN_DECLS

/** tb_owners_new: @least: owners known worse than this are not named. Returns: (transfer full) */
TbObserver *tb_owners_new(TbConfidence least);

/** TbEndPlace: whose address one end of a packet has: the recorded machine's or another's */
typedef enum { TB_END_UNKNOWN, TB_END_LOCAL, TB_END_REMOTE } TbEndPlace;

/**
 * tb_owners_apply: after finish(): sets @packet's owners, beside or instead of those its
 *   capture tells of, which are already limited to what is known well enough
 * @context: who is asked for names; its machines are those of the observer
 * @timeline_ns: the packet's time as the prepare phase's observers saw its machine's events
 *
 * The owners are valid until the next call.
 */
void tb_owners_apply(TbObserver *owners, TbActors *actors, TbItem *packet,
                     gint64 timeline_ns);

/**
 * tb_owners_find_places: after finish(): whether a packet's ends are @machine's own, as far as
 *   the sockets of its recording tell
 */
void tb_owners_find_places(const TbObserver *owners, const TbMachine *machine,
                           const TbNetHeaders *headers, TbEndPlace *src, TbEndPlace *dst);

G_END_DECLS
