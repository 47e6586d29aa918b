/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Observers that are shown types and items made in memory the way a pass shows them: each what it
 * asked for, facts included. */
#pragma once

#include "stages/observer.h"

typedef struct _Watchers Watchers;

/** watchers_new: @n observers, borrowed, in the order in which they are shown all */
Watchers *watchers_new(TbObserver *const *observers, guint n);
void watchers_free(Watchers *watchers);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Watchers, watchers_free)

/** watchers_meet: @type, before its first event. Returns: whether anybody wants its events */
gboolean watchers_meet(Watchers *watchers, TbEventType *type);
void watchers_show(Watchers *watchers, const TbItem *item);
