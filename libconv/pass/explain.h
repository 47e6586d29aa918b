/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The stages that put what prepare found on items: actors and sentences on
 * events, owners on packets, packets on events of devices.
 */
#pragma once

#include "pass/driver.h"
#include "pass/run.h"
#include "stages/explain/sentence.h"

#include <glib.h>

G_BEGIN_DECLS

/**
 * TbExplain: what the explaining stages of one pass share
 * @pass: borrowed: tells which reader an item comes from
 * @actors, @sentences: (owned)
 * @owners, @links: (nullable): borrowed
 * @least: owners known worse than this are not named
 * @claims: what the present packet says itself
 */
typedef struct {
  TbStage stage;
  const TbPass *pass;
  TbActors *actors;
  TbSentences *sentences;
  TbObserver *owners;
  TbPacketLinks *links;
  TbConfidence least;
  TbOwners claims;
} TbExplain;

/** tb_explain_new: everything. Returns: (transfer full): its stage is freed with tb_stage_free() */
TbExplain *tb_explain_new(const TbPass *pass, TbObserver *owners, TbPacketLinks *links,
                          TbConfidence least);

/** tb_strip_new: a stage that takes trailers, once read, away from the bytes of packets */
TbStage *tb_strip_new(void);

/** tb_count_packets_new: a stage that counts packets by owner. @tally: borrowed */
TbStage *tb_count_packets_new(TbTally *tally);

G_END_DECLS
