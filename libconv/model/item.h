/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A record on its way through a pass: its times on the machine's clock and in
 * the output, and what stages found out about it. Each stage writes its own
 * annotation and may read the others'; sinks read all of them. An item is lent
 * like its record.
 */
#pragma once

#include "model/fact.h"
#include "model/record.h"

#include <glib.h>

G_BEGIN_DECLS

/**
 * TbContext: who acted, as known for the moment of the event
 * @slot: small dense number, reused; writers keep what they prepared in a table by it
 * @generation: differs whenever anything below differs
 * @tid: thread id
 * @pid: process (thread group) id; the thread id where that is not known
 * @pid_known: @pid is the process id for sure
 * @ppid: parent process id, 0 = unknown
 * @comm, @exe, @cmdline: (nullable): raw bytes with a NUL at the end
 */
struct _TbContext {
  guint32 slot;
  guint64 generation;
  gint32 tid;
  gint32 pid;
  gboolean pid_known;
  gint32 ppid;
  const char *comm;
  const char *exe;
  const char *cmdline;
};

/** How a process ended, as far as is known. */
typedef enum { TB_OUTCOME_UNKNOWN, TB_OUTCOME_CODE, TB_OUTCOME_SIGNAL, TB_OUTCOME_KILLED } TbOutcome;

/**
 * TbSentence: what a life-cycle event says
 * @kind: (nullable): e.g. "process-exec"; NULL where another event's row says it
 * @text: (nullable): the sentence, for people
 * @fact: (nullable): what the record told: BORN, EXECUTED, RENAMED or ENDED
 * @is_thread: BORN: the child is a thread
 * @end, @end_number: ENDED: how the process ended with it, with its code or signal
 */
typedef struct {
  const char *kind;
  const TbBuf *text;
  const TbFact *fact;
  gboolean is_thread;
  TbOutcome end;
  gint32 end_number;
} TbSentence;

/** TbPacketRef: a captured packet by the number it bears, or shall bear, in the output */
typedef struct {
  guint64 id;
} TbPacketRef;

struct _TbOwners;

/**
 * TbItem:
 * @record: borrowed; immutable
 * @time: in the output
 * @machine_time: on the clock of its machine's timeline, as observers of the prepare phase saw it
 * @actor: (nullable): who acted
 * @sentence: (nullable): of events that have one
 * @owners: (nullable): packets: the processes behind both ends
 * @link: (nullable): events: the packet it is about, where it is known and in the output;
 *   packets: the number by which an event names it
 * @link_gone: the packet that the record itself names is not in the output
 */
struct _TbItem {
  const TbRecord *record;
  TbOutputTime time;
  TbMachineTime machine_time;
  const TbContext *actor;
  const TbSentence *sentence;
  const struct _TbOwners *owners;
  const TbPacketRef *link;
  gboolean link_gone;
};

typedef struct _TbItem TbItem;

/**
 * tb_item_get_actor: who acted: what a stage found, else what the record itself says.
 * @scratch: room for the answer (its slot and generation are then 0).
 * Returns: (nullable): valid as long as the item and until the next call
 */
static inline const TbContext *tb_item_get_actor(const TbItem *item, TbContext *scratch)
{
  const TbRecord *record = item->record;
  if (item->actor || !record->type || !record->type->ops->get_actor)
    return item->actor;
  return record->type->ops->get_actor(record->type, record, scratch) ? scratch : NULL;
}

/** tb_item_is_trailing: whether it is a carried block that stands behind all records */
static inline gboolean tb_item_is_trailing(const TbItem *item)
{
  return G_UNLIKELY(item->record->kind == TB_RECORD_CARRIED) &&
         item->record->flags & TB_RECORD_NO_TIME;
}

/**
 * tb_item_compare: the total order of the output: time, source rank (machine,
 * class, name, key), tie, sequence, a carried block before its record, record bytes
 */
gint tb_item_compare(const TbItem *a, const TbItem *b);

G_END_DECLS
