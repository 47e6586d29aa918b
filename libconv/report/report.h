/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a run found, for people and for programs: machines, sources, axes,
 * losses and damage. The one home of json-glib.
 */
#pragma once

#include "pass/run.h"
#include "stages/align/align.h"
#include "stages/census.h"

#include <glib.h>
#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/** tb_report_is_clean: nothing of the input was lost or damaged, by the recorder or since */
gboolean tb_report_is_clean(const TbRun *run);

/**
 * tb_report_dup_completeness: "complete", "N lost by the recorder", "N missing in the file",
 * or NULL where the input does not say how much there should be
 */
char *tb_report_dup_completeness(const TbSource *source);

/** tb_report_losses: lines about what was lost or damaged; empty when clean. Escaped for a terminal */
void tb_report_append_losses(const TbRun *run, guint max_lines, GString *out);

/** tb_report_append_info: what `info` prints about one prepared input */
void tb_report_append_info(const TbRun *run, const TbObserver *census, gboolean verbose,
                           GString *out);

/** tb_report_build_file: the same as one JSON object */
void tb_report_build_file(const TbRun *run, const TbObserver *census,
                          JsonBuilder *json);

/** tb_report_append_align: a line for each source's axis, why it has none, and what was noted */
void tb_report_append_align(const TbRun *run, GString *out);

/** tb_report_append_notes: a line for each note about clocks. Escaped for a terminal */
void tb_report_append_notes(const TbRun *run, GString *out);

/** tb_report_build_align: the same as the JSON document of `align` */
void tb_report_build_align(const TbRun *run, JsonBuilder *json);

/** tb_report_build_axis: the members about an axis, into an object that is open */
void tb_report_build_axis(const TbAxis *axis, JsonBuilder *json);

/** tb_report_build_hosts: the array of pairs of hosts */
void tb_report_build_hosts(const TbRun *run, JsonBuilder *json);

/**
 * tb_report_append_owners: a table of how many ends of packets are named, by kind and evidence;
 * nothing where nothing could tell
 */
void tb_report_append_owners(const TbTally *tally, GString *out);

/** tb_report_build_owners: the same as one value; null where @tally (nullable) met no packet */
void tb_report_build_owners(const TbTally *tally, JsonBuilder *json);

/** tb_report_build_traffic: an object of packets and bytes */
void tb_report_build_traffic(const TbTraffic *traffic, JsonBuilder *json);

/**
 * tb_report_append_close_names: names of processes that were seen and are like one of @wishes
 * (nullable, NULL-terminated), the most alike first, with commas between; escaped for a terminal
 */
void tb_report_append_close_names(const TbRun *run, const char *const *wishes, GString *out);

/** tb_report_print_json: (transfer full): text of @json, with a newline at its end */
char *tb_report_print_json(JsonBuilder *json);

/** tb_report_build_string: @text as a JSON string; bytes outside UTF-8 become \xHH */
void tb_report_build_string(JsonBuilder *json, const char *text);

G_END_DECLS
