/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How many ends of packets are named, and by what: as a table and as JSON; see report.h. */
#include "report/report.h"

#include "base/escape.h"

static const char *const owners_ends[TB_N_PACKET_ENDS] = { "src", "dst" };

static const TbConfidence owners_confidences[] = { TB_CONFIDENCE_CERTAIN, TB_CONFIDENCE_LINKED,
                                                   TB_CONFIDENCE_CONTEXT };

static guint64 owners_named(const TbEndTally *end, TbConfidence confidence)
{
  guint64 n = 0;
  for (guint e = 0; e < TB_TALLY_EVIDENCE; e++)
    n += end->named[confidence][e];
  return n;
}

static guint64 owners_all_named(const TbEndTally *end)
{
  guint64 n = 0;
  for (guint c = 0; c < G_N_ELEMENTS(owners_confidences); c++)
    n += owners_named(end, owners_confidences[c]);
  return n;
}

/* --- for people --- */

static void append_end(const char *kind, const char *name, const TbEndTally *end, GString *out)
{
  guint64 named = owners_all_named(end);
  const guint64 *rest = end->not_named;
  if (named + rest[TB_END_LOCAL] + rest[TB_END_REMOTE] + rest[TB_END_UNKNOWN] == 0)
    return;
  g_string_append_printf(out, "  %-12s %-4s %9" G_GUINT64_FORMAT " %9" G_GUINT64_FORMAT
                         " %9" G_GUINT64_FORMAT " %9" G_GUINT64_FORMAT " %9" G_GUINT64_FORMAT
                         " %9" G_GUINT64_FORMAT " %9" G_GUINT64_FORMAT "\n", kind, name, named,
                         owners_named(end, TB_CONFIDENCE_CERTAIN),
                         owners_named(end, TB_CONFIDENCE_LINKED),
                         owners_named(end, TB_CONFIDENCE_CONTEXT), rest[TB_END_LOCAL],
                         rest[TB_END_REMOTE], rest[TB_END_UNKNOWN]);
}

/* "bytes 120, xmit 3" */
static void append_evidence(const TbTally *tally, const TbEndTally *all, GString *out)
{
  const char *separator = "  evidence     ";
  for (guint e = 0; e < TB_TALLY_EVIDENCE; e++) {
    guint64 n = 0;
    for (guint c = 0; c < G_N_ELEMENTS(owners_confidences); c++)
      n += all->named[owners_confidences[c]][e];
    if (n == 0)
      continue;
    g_autofree char *word = tb_escape_dup(tb_tally_get_evidence(tally, e));
    g_string_append_printf(out, "%s%s %" G_GUINT64_FORMAT, separator, word, n);
    separator = ", ";
  }
  if (*separator == ',')
    g_string_append_c(out, '\n');
}

static void append_sums(const TbEndTally *all, GString *out)
{
  guint64 not_named = 0;
  for (guint place = 0; place < G_N_ELEMENTS(all->not_named); place++)
    not_named += all->not_named[place];
  g_string_append_printf(
      out, "ends of packets named for certain: %" G_GUINT64_FORMAT ", by links: %" G_GUINT64_FORMAT
      ", by context: %" G_GUINT64_FORMAT ", not named: %" G_GUINT64_FORMAT
      ", named alike by their capture: %" G_GUINT64_FORMAT ", named otherwise by it: %"
      G_GUINT64_FORMAT "\n", owners_named(all, TB_CONFIDENCE_CERTAIN),
      owners_named(all, TB_CONFIDENCE_LINKED), owners_named(all, TB_CONFIDENCE_CONTEXT), not_named,
      all->agreeing, all->differing);
}

/* Of all kinds and both ends. */
static TbEndTally owners_sum(const TbOwnerShares *shares)
{
  TbEndTally all = { 0 };
  for (guint k = 0; k < TB_N_PACKET_KINDS; k++)
    for (guint at = 0; at < TB_N_PACKET_ENDS; at++) {
      const TbEndTally *end = &shares->ends[k][at];
      for (guint c = 0; c < G_N_ELEMENTS(all.named); c++)
        for (guint e = 0; e < TB_TALLY_EVIDENCE; e++)
          all.named[c][e] += end->named[c][e];
      for (guint place = 0; place < G_N_ELEMENTS(all.not_named); place++)
        all.not_named[place] += end->not_named[place];
      all.agreeing += end->agreeing;
      all.differing += end->differing;
    }
  return all;
}

void tb_report_append_owners(const TbTally *tally, GString *out)
{
  const TbOwnerShares *shares = tb_tally_get_shares(tally);
  if (!tb_tally_could_tell(tally))
    return;
  g_string_append_printf(out, "owners         %" G_GUINT64_FORMAT " packets, %" G_GUINT64_FORMAT
                         " of them (%" G_GUINT64_FORMAT " bytes) without a name at either end\n",
                         shares->all.packets, shares->not_named.packets, shares->not_named.bytes);
  g_string_append_printf(out, "  %-12s %-4s %9s %9s %9s %9s %9s %9s %9s\n", "packets", "end",
                         "named", "certain", "linked", "context", "unnamed", "remote", "unknown");
  for (guint k = 0; k < TB_N_PACKET_KINDS; k++)
    for (guint e = 0; e < TB_N_PACKET_ENDS; e++)
      append_end(tb_packet_kind_to_word((TbPacketKind)k), owners_ends[e], &shares->ends[k][e],
                 out);
  TbEndTally all = owners_sum(shares);
  append_evidence(tally, &all, out);
  append_sums(&all, out);
}

/* --- for programs --- */

static void put_int(JsonBuilder *json, const char *name, guint64 value)
{
  json_builder_set_member_name(json, name);
  json_builder_add_int_value(json, (gint64)value);
}

static void put_evidence(JsonBuilder *json, const TbTally *tally, const TbEndTally *end)
{
  json_builder_set_member_name(json, "evidence");
  json_builder_begin_array(json);
  for (guint e = 0; e < TB_TALLY_EVIDENCE; e++) {
    guint64 n = 0;
    for (guint c = 0; c < G_N_ELEMENTS(owners_confidences); c++)
      n += end->named[owners_confidences[c]][e];
    if (n == 0)
      continue;
    json_builder_begin_object(json);
    json_builder_set_member_name(json, "via");
    tb_report_build_string(json, tb_tally_get_evidence(tally, e));
    for (guint c = 0; c < G_N_ELEMENTS(owners_confidences); c++)
      put_int(json, tb_confidence_to_word(owners_confidences[c]),
              end->named[owners_confidences[c]][e]);
    json_builder_end_object(json);
  }
  json_builder_end_array(json);
}

static void put_end(JsonBuilder *json, const TbTally *tally, const char *kind, const char *name,
                    const TbEndTally *end)
{
  json_builder_begin_object(json);
  json_builder_set_member_name(json, "kind");
  json_builder_add_string_value(json, kind);
  json_builder_set_member_name(json, "end");
  json_builder_add_string_value(json, name);
  put_int(json, "named", owners_all_named(end));
  for (guint c = 0; c < G_N_ELEMENTS(owners_confidences); c++)
    put_int(json, tb_confidence_to_word(owners_confidences[c]),
            owners_named(end, owners_confidences[c]));
  put_int(json, "unnamed", end->not_named[TB_END_LOCAL]);
  put_int(json, "remote", end->not_named[TB_END_REMOTE]);
  put_int(json, "unknown", end->not_named[TB_END_UNKNOWN]);
  put_int(json, "agreeing", end->agreeing);
  put_int(json, "differing", end->differing);
  put_evidence(json, tally, end);
  json_builder_end_object(json);
}

void tb_report_build_traffic(const TbTraffic *traffic, JsonBuilder *json)
{
  json_builder_begin_object(json);
  put_int(json, "packets", traffic->packets);
  put_int(json, "bytes", traffic->bytes);
  put_int(json, "payload_bytes", traffic->payload);
  json_builder_end_object(json);
}

void tb_report_build_owners(const TbTally *tally, JsonBuilder *json)
{
  if (!tally || tb_tally_get_shares(tally)->all.packets == 0) {
    json_builder_add_null_value(json);
    return;
  }
  const TbOwnerShares *shares = tb_tally_get_shares(tally);
  json_builder_begin_object(json);
  json_builder_set_member_name(json, "all");
  tb_report_build_traffic(&shares->all, json);
  json_builder_set_member_name(json, "not_named");
  tb_report_build_traffic(&shares->not_named, json);
  json_builder_set_member_name(json, "ends");
  json_builder_begin_array(json);
  for (guint k = 0; k < TB_N_PACKET_KINDS; k++)
    for (guint e = 0; e < TB_N_PACKET_ENDS; e++)
      put_end(json, tally, tb_packet_kind_to_word((TbPacketKind)k), owners_ends[e],
              &shares->ends[k][e]);
  json_builder_end_array(json);
  json_builder_end_object(json);
}
