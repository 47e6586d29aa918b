/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Context of the moment; see context.h. The cursors live in a set-associative
 * table of fixed size, so that neither this stage nor a writer that caches by
 * slot grows with the number of threads.
 */
#include "stages/context.h"

#include <string.h>

enum { CONTEXT_WAYS = 4, CONTEXT_SETS = TB_CONTEXT_SLOTS / CONTEXT_WAYS };

typedef struct {
  const TbMachine *machine;
  guint64 used; /* number of the call that used it last */
  TbContext context;
} ContextCursor;

struct _TbContextStage {
  guint64 calls;
  guint64 generations;
  ContextCursor cursors[TB_CONTEXT_SLOTS];
};

TbContextStage *tb_context_stage_new(const GPtrArray *machines)
{
  TbContextStage *stage = g_new0(TbContextStage, 1);
  for (guint32 i = 0; i < TB_CONTEXT_SLOTS; i++)
    stage->cursors[i].context.slot = i;
  return stage;
}

void tb_context_stage_free(TbContextStage *stage)
{
  g_free(stage);
}

static inline guint32 context_set(const TbMachine *machine, gint32 tid)
{
  guint32 h = ((guint32)tid ^ (machine->rank << 20)) * 2654435761u;
  return (h >> 16) % CONTEXT_SETS;
}

static ContextCursor *context_load(TbContextStage *stage, ContextCursor *set,
                                   const TbMachine *machine, gint32 tid)
{
  ContextCursor *oldest = set;
  for (guint i = 1; i < CONTEXT_WAYS; i++)
    if (set[i].used < oldest->used)
      oldest = &set[i];
  oldest->machine = machine;
  oldest->context = (TbContext){
    .slot = oldest->context.slot,
    .generation = ++stage->generations,
    .tid = tid,
    .pid = tid,
    .comm = tb_timeline_get_saved_name(machine->timeline, tid),
  };
  return oldest;
}

static ContextCursor *context_find(TbContextStage *stage, const TbMachine *machine, gint32 tid)
{
  ContextCursor *set = &stage->cursors[context_set(machine, tid) * CONTEXT_WAYS];
  for (guint i = 0; i < CONTEXT_WAYS; i++)
    if (set[i].machine == machine && set[i].context.tid == tid)
      return &set[i];
  return context_load(stage, set, machine, tid);
}

void tb_context_stage_apply(TbContextStage *stage, TbEvent *event, gint64 timeline_ns)
{
  event->context = NULL;
  event->note = NULL;
  const TbMachine *machine = event->source->machine;
  if (event->tid <= 0 || !machine)
    return;
  ContextCursor *cursor = context_find(stage, machine, event->tid);
  cursor->used = ++stage->calls;
  event->context = &cursor->context;
}
