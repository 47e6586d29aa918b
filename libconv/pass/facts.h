/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Facts on their way from decoders to observers: asks the decoder of an event's
 * type, with what it remembers of the event's machine, and hands each fact to
 * those that observe its kind.
 */
#pragma once

#include "stages/observer.h"

#include <glib.h>

G_BEGIN_DECLS

typedef struct _TbFacts TbFacts;

/** tb_facts_new: @observers: (element-type TbObserver): borrowed, complete */
TbFacts *tb_facts_new(const GPtrArray *observers);
void tb_facts_free(TbFacts *facts);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TbFacts, tb_facts_free)

/** tb_facts_are_wanted: whether an observer takes facts that events of @type can tell */
gboolean tb_facts_are_wanted(const TbFacts *facts, TbEventType *type);

/** tb_facts_show: tells what @item, an event of a wanted type, means */
void tb_facts_show(TbFacts *facts, const TbItem *item);

/** tb_facts_get_wanted: TB_FACT_BIT() of the kinds that observers take */
guint64 tb_facts_get_wanted(const TbFacts *facts);

/** tb_facts_pass: @fact, told by nobody's type: of a table of the recording at @item's moment */
void tb_facts_pass(TbFacts *facts, const TbItem *item, const TbFact *fact);

/** tb_facts_lost: records of @item's machine were lost */
void tb_facts_lost(TbFacts *facts, const TbItem *item);

G_END_DECLS
