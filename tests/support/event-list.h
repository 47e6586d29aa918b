/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Streams of events made in memory, for the tests of the stages: a list of
 * steps (an event, a damage, an error), played back through a pull function
 * that wipes what it lent before, as a reader may.
 */
#pragma once

#include "stages/order/merge.h"
#include "support/made-item.h"

/**
 * ListStep:
 * @result: what the pull returns; only events are END's opposite
 * @event: borrowed bytes live as long as the list
 */
typedef struct {
  TbReadResult result;
  MadeItem event;
} ListStep;

/**
 * EventList:
 * @steps: (element-type ListStep)
 * @at: next step
 * @event: lent last
 * @lent: copy of its bytes, spoilt with it at the next pull
 */
typedef struct {
  GArray *steps;
  guint at;
  MadeItem event;
  GBytes *lent;
  GPtrArray *owned;
} EventList;

EventList *event_list_new(void);
void event_list_free(EventList *list);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(EventList, event_list_free)

/** event_list_add: an event with 8 bytes of data, the number @mark; Returns: to be changed further */
MadeItem *event_list_add(EventList *list, TbSource *source, gint64 time_ns, guint64 mark);
/** event_list_add_result: a damage, an error or an early end */
void event_list_add_result(EventList *list, TbReadResult result);
/** event_list_own: bytes that live as long as the list */
const guint8 *event_list_own(EventList *list, const void *bytes, gsize len);
void event_list_rewind(EventList *list);

/** event_list_input: (not nullable): the list as an input of a merge */
TbMergeInput event_list_input(EventList *list);

/** event_list_mark: the number given to event_list_add() */
guint64 event_list_mark(const TbItem *event);
