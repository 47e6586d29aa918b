/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The one loop of all passes: items in their order, through the stages, into
 * the sink. An assembly says which; the driver knows none of them. Heartbeats
 * end here: they concern the order alone.
 */
#pragma once

#include "model/sink.h"
#include "pass/order.h"
#include "stages/stage.h"

#include <glib.h>

G_BEGIN_DECLS

enum { TB_PASS_STAGES = 12 };

/**
 * TbPass:
 * @next: the next item and the stream it comes from, as tb_order_next()
 * @from: for @next
 * @stages: @n_stages of them, in the order in which items go through them; borrowed
 * @sink: borrowed; its finish() is not called
 * @ledger: counts what comes in, goes on and does not
 * @stream: the stream of the item that is under way
 * @phase: a word for progress
 * @tick: called every %TB_PASS_TICK records. FALSE with TB_ERROR_CANCELLED
 * @tick_data: for @tick
 */
typedef struct {
  TbReadResult (*next)(gpointer from, TbItem **item, TbStream **stream, GError **error);
  gpointer from;
  TbStage *stages[TB_PASS_STAGES];
  guint n_stages;
  TbSink *sink;
  TbLedger *ledger;
  TbStream *stream;
  const char *phase;
  gboolean (*tick)(gpointer data, const char *phase, GError **error);
  gpointer tick_data;
} TbPass;

enum { TB_PASS_TICK = 16384 };

/** tb_pass_add: @stage comes behind those that were added before */
void tb_pass_add(TbPass *pass, TbStage *stage);

/** tb_pass_run: to the end of all streams. Returns: FALSE with the error of who cannot go on */
gboolean tb_pass_run(TbPass *pass, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
