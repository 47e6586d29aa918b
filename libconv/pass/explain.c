/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Actors, sentences, owners and links on items; see explain.h. */
#include "pass/explain.h"

#include "stages/owners/owners.h"

/* What a packet itself says of its owners, then what the recordings do. */
static void explain_packet(TbExplain *explain, TbItem *item)
{
  TbReader *reader = explain->pass->stream->reader;
  item->owners =
      reader->format->get_owners ? reader->format->get_owners(reader, item->record) : NULL;
  if (item->owners && !item->owners->carried) {
    explain->claims = *item->owners;
    item->owners = tb_owners_limit(&explain->claims, explain->least) ? &explain->claims : NULL;
  }
  if (explain->owners)
    tb_owners_apply(explain->owners, explain->actors, item, item->machine_time.ns);
}

static TbVerdict explain_apply(TbStage *stage, TbItem *item, GError **error)
{
  TbExplain *explain = (TbExplain *)stage;
  TbRecordKind kind = item->record->kind;
  if (kind == TB_RECORD_PACKET) {
    explain_packet(explain, item);
  } else if (kind == TB_RECORD_EVENT && !item->record->source->frozen) {
    tb_actors_apply(explain->actors, item);
    tb_sentences_apply(explain->sentences, item);
  }
  gboolean ok = !explain->links || !tb_packet_links_wants(explain->links, item) ||
                tb_packet_links_apply(explain->links, item, error);
  return ok ? TB_STAGE_KEEPS : TB_STAGE_FAILS;
}

static void explain_free(TbStage *stage)
{
  TbExplain *explain = (TbExplain *)stage;
  tb_sentences_free(explain->sentences);
  tb_actors_free(explain->actors);
  g_free(stage);
}

static const TbStageOps explain_ops = { .apply = explain_apply, .free = explain_free };

TbExplain *tb_explain_new(const TbPass *pass, TbObserver *owners, TbPacketLinks *links,
                          TbConfidence least)
{
  TbExplain *explain = g_new0(TbExplain, 1);
  explain->stage.ops = &explain_ops;
  explain->pass = pass;
  explain->actors = tb_actors_new();
  explain->sentences = tb_sentences_new(explain->actors);
  explain->owners = owners;
  explain->links = links;
  explain->least = least;
  if (links)
    tb_packet_links_begin(links);
  return explain;
}

/* --- trailers --- */

typedef struct {
  TbStage stage;
  TbRecord record; /* the present packet without its trailer */
} Strip;

/* Once its owner is known, the packet is what was on the wire. */
static TbVerdict strip_apply(TbStage *stage, TbItem *item, GError **error)
{
  Strip *strip = (Strip *)stage;
  if (G_LIKELY(item->record->trailer_len == 0))
    return TB_STAGE_KEEPS;
  strip->record = *item->record;
  strip->record.len -= strip->record.trailer_len;
  strip->record.orig_len -= strip->record.trailer_len;
  strip->record.trailer_len = 0;
  item->record = &strip->record;
  return TB_STAGE_KEEPS;
}

static void stage_free(TbStage *stage)
{
  g_free(stage);
}

static const TbStageOps strip_ops = { .apply = strip_apply, .free = stage_free };

TbStage *tb_strip_new(void)
{
  Strip *strip = g_new0(Strip, 1);
  strip->stage.ops = &strip_ops;
  return &strip->stage;
}

/* --- counting --- */

typedef struct {
  TbStage stage;
  TbTally *tally;
} CountPackets;

static TbVerdict count_apply(TbStage *stage, TbItem *item, GError **error)
{
  if (item->record->kind == TB_RECORD_PACKET)
    tb_tally_packet(((CountPackets *)stage)->tally, item);
  return TB_STAGE_KEEPS;
}

static const TbStageOps count_ops = { .apply = count_apply, .free = stage_free };

TbStage *tb_count_packets_new(TbTally *tally)
{
  CountPackets *count = g_new0(CountPackets, 1);
  count->stage.ops = &count_ops;
  count->tally = tally;
  return &count->stage;
}
