/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the two forms of `ps` share: which instances are shown, and who belongs to them. */
#pragma once

#include "model/machine.h"

#include <glib.h>
#include <json-glib/json-glib.h>

/** No --at: all instances are shown. */
#define PS_ALWAYS G_MININT64

/** PsAliases: numbers of the instances that turned out to be threads of others */
typedef GArray PsAliases;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PsAliases, g_array_unref)

PsAliases *ps_find_aliases(const TbTimeline *timeline);

/** ps_is_shown: it is an instance of its own, and (with a time) lives at @at_ns */
gboolean ps_is_shown(const TbTimeline *timeline, guint32 process, gint64 at_ns);

/** ps_build_json: the whole document */
void ps_build_json(const GPtrArray *machines, gint64 at_ns, JsonBuilder *json);
