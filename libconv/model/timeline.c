/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Facts about one machine; see timeline.h. Every table is an array of plain
 * records; lists within them are rings of numbers whose last entry is known,
 * so that adding at the end and walking from the start both cost nothing. The
 * index from numbers to lives holds 4 bytes a slot and compares in the records.
 */
#include "model/timeline.h"

#include "base/strpool.h"

#include <string.h>

typedef struct {
  gint64 from_ns;
  gint64 to_ns;
} Gap;

typedef struct {
  gint64 on_ns;
  gint64 off_ns;
} Subreaper;

struct _TbTimeline {
  GHashTable *saved_names; /* tid -> interned name */
  TbStrPool *pool;
  GPtrArray *strings;      /* number -> interned bytes; entry 0 is NULL */
  GHashTable *string_ids;  /* interned bytes -> number */
  GArray *processes;       /* TbProcess */
  GArray *facts;           /* TbProcessFacts by process; may be shorter */
  GArray *threads;         /* TbThread */
  GArray *changes;         /* TbChange */
  GArray *gaps;            /* Gap, disjoint, in order */
  GHashTable *subreapers;  /* process -> Subreaper */
  GHashTable *reapers;     /* process -> process + 1 */
  guint32 *index;          /* open addressing: latest life + 1 of a number, 0 = free */
  guint32 index_cap;       /* a power of two */
  guint32 index_used;
};

enum { INDEX_START_CAP = 256 };

TbTimeline *tb_timeline_new(void)
{
  TbTimeline *timeline = g_new0(TbTimeline, 1);
  timeline->saved_names = g_hash_table_new(NULL, NULL);
  timeline->pool = tb_strpool_new();
  timeline->strings = g_ptr_array_new();
  g_ptr_array_add(timeline->strings, NULL);
  timeline->string_ids = g_hash_table_new(NULL, NULL);
  timeline->processes = g_array_new(FALSE, FALSE, sizeof(TbProcess));
  timeline->facts = g_array_new(FALSE, TRUE, sizeof(TbProcessFacts));
  timeline->threads = g_array_new(FALSE, FALSE, sizeof(TbThread));
  timeline->changes = g_array_new(FALSE, FALSE, sizeof(TbChange));
  timeline->gaps = g_array_new(FALSE, FALSE, sizeof(Gap));
  timeline->subreapers = g_hash_table_new_full(NULL, NULL, NULL, g_free);
  timeline->reapers = g_hash_table_new(NULL, NULL);
  timeline->index_cap = INDEX_START_CAP;
  timeline->index = g_new0(guint32, timeline->index_cap);
  return timeline;
}

void tb_timeline_free(TbTimeline *timeline)
{
  if (!timeline)
    return;
  g_hash_table_unref(timeline->saved_names);
  g_hash_table_unref(timeline->string_ids);
  g_hash_table_unref(timeline->subreapers);
  g_hash_table_unref(timeline->reapers);
  g_ptr_array_unref(timeline->strings);
  g_array_unref(timeline->processes);
  g_array_unref(timeline->facts);
  g_array_unref(timeline->threads);
  g_array_unref(timeline->changes);
  g_array_unref(timeline->gaps);
  tb_strpool_free(timeline->pool);
  g_free(timeline->index);
  g_free(timeline);
}

void tb_timeline_add_saved_name(TbTimeline *timeline, gint32 tid, const char *comm, gsize len)
{
  if (tid <= 0 || len == 0 || (len == 5 && memcmp(comm, "<...>", 5) == 0))
    return;
  if (g_hash_table_contains(timeline->saved_names, GINT_TO_POINTER(tid)))
    return;
  g_hash_table_insert(timeline->saved_names, GINT_TO_POINTER(tid),
                      (gpointer)tb_strpool_intern(timeline->pool, comm, len));
}

const char *tb_timeline_get_saved_name(const TbTimeline *timeline, gint32 tid)
{
  return g_hash_table_lookup(timeline->saved_names, GINT_TO_POINTER(tid));
}

guint32 tb_timeline_intern(TbTimeline *timeline, const char *bytes, gsize len)
{
  const char *interned = tb_strpool_intern(timeline->pool, bytes, len);
  gpointer known = g_hash_table_lookup(timeline->string_ids, interned);
  if (known)
    return GPOINTER_TO_UINT(known);
  guint32 string = timeline->strings->len;
  if (string >= TB_MAX_STRINGS)
    return 0;
  g_ptr_array_add(timeline->strings, (gpointer)interned);
  g_hash_table_insert(timeline->string_ids, (gpointer)interned, GUINT_TO_POINTER(string));
  return string;
}

const char *tb_timeline_get_string(const TbTimeline *timeline, guint32 string)
{
  return g_ptr_array_index(timeline->strings, string);
}

guint32 tb_timeline_get_n_processes(const TbTimeline *timeline)
{
  return timeline->processes->len;
}

TbProcess *tb_timeline_get_process(const TbTimeline *timeline, guint32 process)
{
  return &g_array_index(timeline->processes, TbProcess, process);
}

TbThread *tb_timeline_get_thread(const TbTimeline *timeline, guint32 thread)
{
  return &g_array_index(timeline->threads, TbThread, thread);
}

const TbChange *tb_timeline_get_change(const TbTimeline *timeline, guint32 change)
{
  return &g_array_index(timeline->changes, TbChange, change);
}

static TbThread *timeline_life_thread(const TbTimeline *timeline, TbLife life)
{
  return tb_timeline_get_thread(timeline, life & ~TB_LIFE_IS_THREAD);
}

static gint32 timeline_life_tid(const TbTimeline *timeline, TbLife life)
{
  return tb_life_is_thread(life) ? timeline_life_thread(timeline, life)->tid
                                 : tb_timeline_get_process(timeline, life)->pid;
}

static guint32 *timeline_life_next(const TbTimeline *timeline, TbLife life)
{
  return tb_life_is_thread(life) ? &timeline_life_thread(timeline, life)->next_life
                                 : &tb_timeline_get_process(timeline, life)->next_life;
}

/* The slot of @tid, or the free one where it belongs. */
static guint32 *timeline_index_slot(const TbTimeline *timeline, gint32 tid)
{
  guint32 mask = timeline->index_cap - 1;
  for (guint32 i = ((guint32)tid * 2654435769u) >> 8 & mask;; i = (i + 1) & mask) {
    guint32 *slot = &timeline->index[i];
    if (*slot == 0 || timeline_life_tid(timeline, *slot - 1) == tid)
      return slot;
  }
}

static void timeline_index_grow(TbTimeline *timeline)
{
  g_autofree guint32 *old = timeline->index;
  guint32 old_cap = timeline->index_cap;
  timeline->index_cap *= 2;
  timeline->index = g_new0(guint32, timeline->index_cap);
  for (guint32 i = 0; i < old_cap; i++)
    if (old[i])
      *timeline_index_slot(timeline, timeline_life_tid(timeline, old[i] - 1)) = old[i];
}

/* Makes @life the latest one of its number. */
static void timeline_index_add(TbTimeline *timeline, TbLife life)
{
  if (timeline->index_used >= timeline->index_cap - timeline->index_cap / 4)
    timeline_index_grow(timeline);
  guint32 *slot = timeline_index_slot(timeline, timeline_life_tid(timeline, life));
  guint32 *next = timeline_life_next(timeline, life);
  if (*slot == 0) {
    timeline->index_used++;
    *next = life;
  } else {
    guint32 *last_next = timeline_life_next(timeline, *slot - 1);
    *next = *last_next;
    *last_next = life;
  }
  *slot = life + 1;
}

guint32 tb_timeline_add_process(TbTimeline *timeline, gint32 pid)
{
  TbProcess process = {
    .start_ns = TB_TIME_BEFORE,
    .end_ns = TB_TIME_NEVER,
    .pid = pid,
    .parent = TB_PROC_NONE,
    .changes = TB_PROC_NONE,
    .threads = TB_PROC_NONE,
  };
  guint32 id = timeline->processes->len;
  g_array_append_val(timeline->processes, process);
  timeline_index_add(timeline, tb_life_of_process(id));
  return id;
}

void tb_timeline_set_facts(TbTimeline *timeline, guint32 process, const TbProcessFacts *facts)
{
  if (process >= timeline->facts->len)
    g_array_set_size(timeline->facts, process + 1);
  g_array_index(timeline->facts, TbProcessFacts, process) = *facts;
}

TbProcessFacts tb_timeline_get_facts(const TbTimeline *timeline, guint32 process)
{
  return process < timeline->facts->len
             ? g_array_index(timeline->facts, TbProcessFacts, process)
             : (TbProcessFacts){ 0 };
}

static guint32 timeline_take_string(TbTimeline *timeline, const TbTimeline *other, guint32 string)
{
  const char *text = tb_timeline_get_string(other, string);
  return text ? tb_timeline_intern(timeline, text, strlen(text)) : 0;
}

/* Instances as a reader tells them: without changes and threads. */
static void timeline_absorb_processes(TbTimeline *timeline, const TbTimeline *other)
{
  guint32 base = timeline->processes->len;
  for (guint32 i = 0; i < other->processes->len; i++) {
    const TbProcess *from = tb_timeline_get_process(other, i);
    TbProcessFacts facts = tb_timeline_get_facts(other, i);
    TbProcess *to = tb_timeline_get_process(timeline, tb_timeline_add_process(timeline, from->pid));
    guint32 next_life = to->next_life;
    *to = *from;
    to->next_life = next_life;
    to->parent = from->parent == TB_PROC_NONE ? TB_PROC_NONE : base + from->parent;
    to->comm = timeline_take_string(timeline, other, from->comm);
    to->exe = timeline_take_string(timeline, other, from->exe);
    to->changes = to->threads = TB_PROC_NONE;
    facts.command_line = timeline_take_string(timeline, other, facts.command_line);
    facts.user = timeline_take_string(timeline, other, facts.user);
    facts.integrity = timeline_take_string(timeline, other, facts.integrity);
    if (facts.command_line || facts.user || facts.integrity)
      tb_timeline_set_facts(timeline, base + i, &facts);
  }
}

void tb_timeline_absorb(TbTimeline *timeline, const TbTimeline *other)
{
  GHashTableIter iter;
  gpointer tid, name;
  g_hash_table_iter_init(&iter, other->saved_names);
  while (g_hash_table_iter_next(&iter, &tid, &name))
    tb_timeline_add_saved_name(timeline, GPOINTER_TO_INT(tid), name, strlen(name));
  timeline_absorb_processes(timeline, other);
}

void tb_timeline_shift(TbTimeline *timeline, gint64 ns)
{
  for (guint32 i = 0; i < timeline->processes->len; i++) {
    TbProcess *process = tb_timeline_get_process(timeline, i);
    if (process->start_ns != TB_TIME_BEFORE)
      process->start_ns = (gint64)((guint64)process->start_ns + (guint64)ns);
    if (process->end_ns != TB_TIME_NEVER)
      process->end_ns = (gint64)((guint64)process->end_ns + (guint64)ns);
  }
}

static guint32 timeline_append_thread(TbTimeline *timeline, guint32 process, gint32 tid)
{
  TbThread thread = {
    .start_ns = TB_TIME_BEFORE,
    .end_ns = TB_TIME_NEVER,
    .tid = tid,
    .process = process,
    .changes = TB_PROC_NONE,
  };
  guint32 id = timeline->threads->len;
  TbProcess *owner = tb_timeline_get_process(timeline, process);
  if (owner->threads == TB_PROC_NONE) {
    thread.next = id;
  } else {
    TbThread *last = tb_timeline_get_thread(timeline, owner->threads);
    thread.next = last->next;
    last->next = id;
  }
  owner->threads = id;
  g_array_append_val(timeline->threads, thread);
  return id;
}

guint32 tb_timeline_add_thread(TbTimeline *timeline, guint32 process, gint32 tid)
{
  guint32 id = timeline_append_thread(timeline, process, tid);
  timeline_index_add(timeline, tb_life_of_thread(id));
  return id;
}

guint32 tb_timeline_add_leader_end(TbTimeline *timeline, guint32 process, gint64 end_ns)
{
  TbProcess *owner = tb_timeline_get_process(timeline, process);
  guint32 id = timeline_append_thread(timeline, process, owner->pid);
  TbThread *thread = tb_timeline_get_thread(timeline, id);
  /* Not in the index: the number's life is the process, whose names these are. */
  thread->next_life = TB_PROC_NONE;
  thread->end_ns = end_ns;
  thread->end_known = TB_KNOWN_SEEN;
  owner->end.leader_left = TRUE;
  return id;
}

void tb_timeline_add_change(TbTimeline *timeline, TbLife life, gint64 time_ns, guint32 string)
{
  guint32 *last = tb_life_is_thread(life) ? &timeline_life_thread(timeline, life)->changes
                                          : &tb_timeline_get_process(timeline, life)->changes;
  guint32 id = timeline->changes->len;
  TbChange change = { .time_ns = time_ns, .string = string, .next = id };
  if (*last != TB_PROC_NONE) {
    TbChange *before = &g_array_index(timeline->changes, TbChange, *last);
    change.time_ns = MAX(time_ns, before->time_ns);
    change.next = before->next;
    before->next = id;
  }
  *last = id;
  g_array_append_val(timeline->changes, change);
}

TbLife tb_timeline_find_last_life(const TbTimeline *timeline, gint32 tid)
{
  guint32 slot = *timeline_index_slot(timeline, tid);
  return slot ? slot - 1 : TB_PROC_NONE;
}

TbLife tb_timeline_life_before(const TbTimeline *timeline, gint32 tid)
{
  TbLife last = tb_timeline_find_last_life(timeline, tid);
  if (last == TB_PROC_NONE)
    return TB_PROC_NONE;
  TbLife before = last;
  while (*timeline_life_next(timeline, before) != last)
    before = *timeline_life_next(timeline, before);
  return before == last ? TB_PROC_NONE : before;
}

guint32 tb_timeline_withdraw(TbTimeline *timeline, gint32 tid)
{
  guint32 *slot = timeline_index_slot(timeline, tid);
  TbLife last = tb_timeline_find_last_life(timeline, tid);
  TbLife before = tb_timeline_life_before(timeline, tid);
  if (before == TB_PROC_NONE || tb_life_is_thread(before) || tb_life_is_thread(last))
    return TB_PROC_NONE;
  TbProcess *alias = tb_timeline_get_process(timeline, last);
  *timeline_life_next(timeline, before) = alias->next_life;
  *slot = before + 1;
  alias->next_life = last;
  alias->start.is_alias = TRUE;
  alias->parent = before;
  return before;
}

TbLife tb_timeline_next_life(const TbTimeline *timeline, TbLife life)
{
  return *timeline_life_next(timeline, life);
}

gint64 tb_timeline_life_start(const TbTimeline *timeline, TbLife life)
{
  return tb_life_is_thread(life) ? timeline_life_thread(timeline, life)->start_ns
                                 : tb_timeline_get_process(timeline, life)->start_ns;
}

gint64 tb_timeline_life_end(const TbTimeline *timeline, TbLife life)
{
  return tb_life_is_thread(life) ? timeline_life_thread(timeline, life)->end_ns
                                 : tb_timeline_get_process(timeline, life)->end_ns;
}

guint32 tb_timeline_life_changes(const TbTimeline *timeline, TbLife life)
{
  return tb_life_is_thread(life) ? timeline_life_thread(timeline, life)->changes
                                 : tb_timeline_get_process(timeline, life)->changes;
}

guint32 tb_timeline_life_comm(const TbTimeline *timeline, TbLife life)
{
  return tb_life_is_thread(life) ? timeline_life_thread(timeline, life)->comm
                                 : tb_timeline_get_process(timeline, life)->comm;
}

guint32 tb_timeline_resolve(const TbTimeline *timeline, guint32 process)
{
  /* An alias is made once and points to an older or younger instance that was none then;
   * chains can only come from several threads of one process executing in turn. */
  for (guint depth = 0; process != TB_PROC_NONE && depth < 64; depth++) {
    const TbProcess *p = tb_timeline_get_process(timeline, process);
    if (!p->start.is_alias)
      break;
    process = p->parent;
  }
  return process;
}

guint32 tb_timeline_life_process(const TbTimeline *timeline, TbLife life)
{
  return tb_timeline_resolve(timeline, tb_life_is_thread(life)
                                           ? timeline_life_thread(timeline, life)->process
                                           : life);
}

TbLife tb_timeline_find_life_at(const TbTimeline *timeline, gint32 tid, gint64 time_ns)
{
  TbLife last = tb_timeline_find_last_life(timeline, tid);
  if (last == TB_PROC_NONE || tb_timeline_life_start(timeline, last) <= time_ns)
    return last;
  TbLife found = TB_PROC_NONE;
  for (TbLife life = tb_timeline_next_life(timeline, last);
       life != last && tb_timeline_life_start(timeline, life) <= time_ns;
       life = tb_timeline_next_life(timeline, life))
    found = life;
  return found;
}

static guint32 timeline_string_at(const TbTimeline *timeline, guint32 last, guint32 first_string,
                                  gboolean exe, gint64 time_ns)
{
  guint32 found = first_string;
  guint32 at = last == TB_PROC_NONE ? last : tb_timeline_get_change(timeline, last)->next;
  while (at != TB_PROC_NONE) {
    const TbChange *change = tb_timeline_get_change(timeline, at);
    if (change->time_ns > time_ns)
      break;
    if (tb_change_is_exe(change) == exe)
      found = tb_change_string(change);
    at = at == last ? TB_PROC_NONE : change->next;
  }
  return found;
}

guint32 tb_timeline_comm_at(const TbTimeline *timeline, TbLife life, gint64 time_ns)
{
  return timeline_string_at(timeline, tb_timeline_life_changes(timeline, life),
                            tb_timeline_life_comm(timeline, life), FALSE, time_ns);
}

guint32 tb_timeline_exe_at(const TbTimeline *timeline, guint32 process, gint64 time_ns)
{
  const TbProcess *p = tb_timeline_get_process(timeline, process);
  return timeline_string_at(timeline, p->changes, p->exe, TRUE, time_ns);
}

void tb_timeline_set_subreaper(TbTimeline *timeline, guint32 process, gint64 time_ns, gboolean on)
{
  Subreaper *known = g_hash_table_lookup(timeline->subreapers, GUINT_TO_POINTER(process));
  if (!known) {
    if (!on)
      return;
    known = g_new0(Subreaper, 1);
    *known = (Subreaper){ .on_ns = time_ns, .off_ns = TB_TIME_NEVER };
    g_hash_table_insert(timeline->subreapers, GUINT_TO_POINTER(process), known);
  } else if (on && known->off_ns != TB_TIME_NEVER) {
    *known = (Subreaper){ .on_ns = time_ns, .off_ns = TB_TIME_NEVER };
  } else if (!on) {
    known->off_ns = MIN(known->off_ns, time_ns);
  }
}

void tb_timeline_set_reaper(TbTimeline *timeline, guint32 process, guint32 reaper)
{
  g_hash_table_insert(timeline->reapers, GUINT_TO_POINTER(process), GUINT_TO_POINTER(reaper + 1));
}

static gboolean timeline_is_alive(const TbTimeline *timeline, guint32 process, gint64 time_ns)
{
  return time_ns < tb_timeline_get_process(timeline, process)->end_ns;
}

/* The nearest living ancestor that takes orphans over, as far as the chain is known. */
static guint32 timeline_find_subreaper(const TbTimeline *timeline, guint32 process, gint64 time_ns)
{
  guint32 at = process;
  for (guint depth = 0; depth < 64; depth++) {
    at = tb_timeline_resolve(timeline, tb_timeline_get_process(timeline, at)->parent);
    if (at == TB_PROC_NONE)
      break;
    const Subreaper *subreaper = g_hash_table_lookup(timeline->subreapers, GUINT_TO_POINTER(at));
    if (subreaper && time_ns >= subreaper->on_ns && time_ns < subreaper->off_ns &&
        timeline_is_alive(timeline, at, time_ns))
      return at;
  }
  return TB_PROC_NONE;
}

guint32 tb_timeline_parent_at(const TbTimeline *timeline, guint32 process, gint64 time_ns,
                              gint64 *until_ns)
{
  guint32 parent =
      tb_timeline_resolve(timeline, tb_timeline_get_process(timeline, process)->parent);
  *until_ns = TB_TIME_NEVER;
  if (parent == TB_PROC_NONE)
    return parent;
  gint64 parent_end = tb_timeline_get_process(timeline, parent)->end_ns;
  if (time_ns < parent_end) {
    *until_ns = parent_end;
    return parent;
  }
  guint32 seen =
      GPOINTER_TO_UINT(g_hash_table_lookup(timeline->reapers, GUINT_TO_POINTER(process)));
  guint32 heir = seen ? tb_timeline_resolve(timeline, seen - 1)
                      : timeline_find_subreaper(timeline, parent, parent_end);
  if (heir == TB_PROC_NONE || !timeline_is_alive(timeline, heir, time_ns))
    return TB_PROC_NONE;
  *until_ns = tb_timeline_get_process(timeline, heir)->end_ns;
  return heir;
}

void tb_timeline_add_gap(TbTimeline *timeline, gint64 from_ns, gint64 to_ns)
{
  Gap gap = { .from_ns = MIN(from_ns, to_ns), .to_ns = to_ns };
  while (timeline->gaps->len) {
    const Gap *last = &g_array_index(timeline->gaps, Gap, timeline->gaps->len - 1);
    if (last->to_ns < gap.from_ns)
      break;
    gap.from_ns = MIN(gap.from_ns, last->from_ns);
    gap.to_ns = MAX(gap.to_ns, last->to_ns);
    g_array_set_size(timeline->gaps, timeline->gaps->len - 1);
  }
  g_array_append_val(timeline->gaps, gap);
}

gboolean tb_timeline_find_gap_after(const TbTimeline *timeline, gint64 time_ns, gint64 *from_ns,
                                    gint64 *to_ns)
{
  guint low = 0, high = timeline->gaps->len;
  while (low < high) {
    guint middle = low + (high - low) / 2;
    if (g_array_index(timeline->gaps, Gap, middle).to_ns > time_ns)
      high = middle;
    else
      low = middle + 1;
  }
  if (low == timeline->gaps->len)
    return FALSE;
  const Gap *gap = &g_array_index(timeline->gaps, Gap, low);
  *from_ns = gap->from_ns;
  if (to_ns)
    *to_ns = gap->to_ns;
  return TRUE;
}

gint64 tb_timeline_last_gap(const TbTimeline *timeline)
{
  guint n = timeline->gaps->len;
  return n ? g_array_index(timeline->gaps, Gap, n - 1).to_ns : TB_TIME_BEFORE;
}

gsize tb_timeline_get_bytes(const TbTimeline *timeline)
{
  return timeline->processes->len * sizeof(TbProcess) + timeline->threads->len * sizeof(TbThread) +
         timeline->changes->len * sizeof(TbChange) + timeline->gaps->len * sizeof(Gap) +
         timeline->index_cap * sizeof *timeline->index;
}
