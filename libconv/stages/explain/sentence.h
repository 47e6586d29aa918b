/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Sentences for life-cycle rows, made once for all writers: who forks,
 * executes, is renamed or ends, by name and number. From what a record means by
 * itself and the machine's timeline; the words are the same for every operating
 * system.
 */
#pragma once

#include "stages/explain/actor.h"

#include <glib.h>

G_BEGIN_DECLS

typedef struct _TbSentences TbSentences;

/** tb_sentences_new: @actors: borrowed. Returns: (transfer full) */
TbSentences *tb_sentences_new(TbActors *actors);
void tb_sentences_free(TbSentences *sentences);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TbSentences, tb_sentences_free)

/** tb_sentences_apply: sets the sentence of @event, NULL where it has none; valid until the next call */
void tb_sentences_apply(TbSentences *sentences, TbItem *event);

G_END_DECLS
