/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the two forms of `ps` share: which instances are shown, and who belongs to them. */
#pragma once

#include "pass/clocks.h"
#include "pass/run.h"

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

/**
 * PsTable: what is shown of one machine
 * @reference: (nullable): leads from times of the timeline to those of the output
 * @realtime: times are of the wall clock
 * @at_ns: on the timeline, or %PS_ALWAYS
 * @tally: (nullable): packets of the machine were counted
 */
typedef struct {
  const TbMachine *machine;
  const TbSource *reference;
  gboolean realtime;
  gint64 at_ns;
  const TbTally *tally;
} PsTable;

/** ps_table_init: @at_ns: output time, or %PS_ALWAYS */
void ps_table_init(PsTable *table, const TbRun *run, const TbMachine *machine,
                   gint64 at_ns);

/** PsRow: an instance, @depth generations below the first one shown */
typedef struct {
  guint32 process;
  guint32 depth;
} PsRow;

/** ps_append_table: a head and a line for each of @rows (element-type PsRow) */
void ps_append_table(const PsTable *table, const GArray *rows, GString *out);

/** ps_append_text: @text (nullable) escaped for a terminal; a dash for NULL */
void ps_append_text(GString *out, const char *text);

/** ps_build_json: the whole document */
void ps_build_json(const TbRun *run, gint64 at_ns, JsonBuilder *json);
