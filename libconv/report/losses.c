/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Losses and damage of a run in words; see report.h. */
#include "report/report.h"

#include "base/escape.h"

static guint64 source_found(const TbSourceCounts *counts)
{
  return counts->records + counts->discarded;
}

static guint64 source_lost(const TbSource *source)
{
  return MAX(source->counts.lost, source->counts.overrun);
}

char *tb_report_dup_completeness(const TbSource *source)
{
  const TbSourceCounts *counts = &source->counts;
  guint64 lost = source_lost(source);
  if (!counts->expected_known && lost == 0 && counts->lost_gaps == 0)
    return NULL;
  g_autoptr(GString) out = g_string_new(NULL);
  if (lost)
    g_string_append_printf(out, "%" G_GUINT64_FORMAT " lost by the recorder", lost);
  else if (counts->lost_gaps)
    g_string_append_printf(out, "an unknown number lost by the recorder in %" G_GUINT64_FORMAT
                           " places", counts->lost_gaps);
  if (counts->missing + counts->doubtful)
    g_string_append_printf(out, "%s%" G_GUINT64_FORMAT " missing in the file (it holds %"
                           G_GUINT64_FORMAT " of the %" G_GUINT64_FORMAT
                           " that the recorder counted", out->len ? ", " : "",
                           counts->missing + counts->doubtful, source_found(counts),
                           counts->expected);
  if (counts->doubtful)
    g_string_append_printf(out, "; it was still reading then, so %" G_GUINT64_FORMAT
                           " of them may be counted twice", counts->doubtful);
  if (counts->missing + counts->doubtful)
    g_string_append_c(out, ')');
  return g_strdup(out->len ? out->str : "complete");
}

static gboolean source_is_clean(const TbSource *source)
{
  const TbSourceCounts *counts = &source->counts;
  return counts->lost_gaps == 0 && source_lost(source) == 0 && counts->damaged == 0 &&
         counts->missing == 0;
}

gboolean tb_report_is_clean(const TbRun *run)
{
  const GPtrArray *sources = tb_run_get_sources(run);
  if (tb_damage_log_get_n(tb_run_get_damage(run)) > 0)
    return FALSE;
  for (guint i = 0; sources && i < sources->len; i++)
    if (!source_is_clean(g_ptr_array_index(sources, i)))
      return FALSE;
  return TRUE;
}

static void append_damage(const TbDamage *damage, GString *out)
{
  g_autofree char *source = tb_escape_dup(damage->source);
  g_autofree char *text = tb_escape_dup(damage->text);
  g_string_append_printf(out, "%s: ", source);
  if (damage->offset != TB_OFFSET_NONE)
    g_string_append_printf(out, "offset 0x%" G_GINT64_MODIFIER "x: ", damage->offset);
  g_string_append(out, text);
  if (damage->skipped_bytes)
    g_string_append_printf(out, "; %" G_GUINT64_FORMAT " bytes skipped", damage->skipped_bytes);
  if (damage->lost != TB_LOST_UNKNOWN && damage->lost > 0)
    g_string_append_printf(out, "; records lost: %" G_GUINT64_FORMAT, damage->lost);
  g_string_append_c(out, '\n');
}

void tb_report_append_losses(const TbRun *run, guint max_lines, GString *out)
{
  const TbDamageLog *log = tb_run_get_damage(run);
  const GPtrArray *entries = tb_damage_log_get_entries(log);
  guint shown = MIN(entries->len, max_lines);
  for (guint i = 0; i < shown; i++)
    append_damage(g_ptr_array_index(entries, i), out);
  if (tb_damage_log_get_n(log) > shown)
    g_string_append_printf(out, "... and %" G_GUINT64_FORMAT " more places of damage\n",
                           tb_damage_log_get_n(log) - shown);
  const GPtrArray *sources = tb_run_get_sources(run);
  for (guint i = 0; sources && i < sources->len; i++) {
    const TbSource *source = g_ptr_array_index(sources, i);
    if (source_lost(source) == 0 && source->counts.lost_gaps == 0 && source->counts.missing == 0)
      continue;
    g_autofree char *name = tb_source_dup_interface_name(source);
    g_autofree char *shown_name = tb_escape_dup(name);
    g_autofree char *words = tb_report_dup_completeness(source);
    g_string_append_printf(out, "%s: events: %s\n", shown_name, words);
  }
}
