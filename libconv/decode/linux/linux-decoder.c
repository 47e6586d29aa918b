/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The decoder of Linux events from its parts; see linux-decoder.h. */
#include "decode/linux/linux-decoder.h"

#include "decode/linux/linux-parts.h"

enum { LINUX_MAX_PARTS = 4 };

/* In the order in which they tell what one event means. */
static const LinuxPart *const linux_parts[] = { &linux_process_part, &linux_resource_part,
                                               &linux_buffer_part };

enum { LINUX_N_PARTS = G_N_ELEMENTS(linux_parts) };

/*
 * @kinds: what each part can tell; its plan is NULL where that is nothing
 * @number_off, @number_end: of raw system calls: where their number stands; @number_end is else 0
 * @enters: they begin
 */
typedef struct {
  gpointer plans[LINUX_MAX_PARTS];
  guint64 kinds[LINUX_MAX_PARTS];
  guint32 number_off;
  guint32 number_end;
  gboolean enters;
} LinuxPlan;

/* @calls: meanings by number, for each part; @callers: whom a number means something, a bit each */
typedef struct {
  gpointer states[LINUX_MAX_PARTS];
  guint8 callers[TB_SYSCALL_NUMBERS];
  guint8 calls[LINUX_MAX_PARTS][TB_SYSCALL_NUMBERS];
} LinuxState;

static void linux_free_plan(gpointer data)
{
  LinuxPlan *plan = data;
  for (guint i = 0; i < LINUX_N_PARTS; i++)
    g_free(plan->plans[i]);
  g_free(plan);
}

/* FALSE: it is a raw system call whose number cannot be read. */
static gboolean linux_bind_number(const TbEventType *type, LinuxPlan *plan)
{
  plan->enters = tb_event_type_is(type, "raw_syscalls", "sys_enter");
  if (!plan->enters && !tb_event_type_is(type, "raw_syscalls", "sys_exit"))
    return TRUE;
  const TbField *number = tb_event_type_find_field(type, "id");
  if (!number || number->kind != TB_FIELD_INT || (number->size != 4 && number->size != 8))
    return FALSE;
  plan->number_off = number->offset;
  plan->number_end = number->offset + number->size;
  return TRUE;
}

static guint64 linux_bind(const TbEventType *type, gpointer *out)
{
  LinuxPlan *plan = g_new0(LinuxPlan, 1);
  gboolean usable = linux_bind_number(type, plan);
  guint64 kinds = 0;
  for (guint i = 0; i < LINUX_N_PARTS && usable; i++) {
    plan->plans[i] = g_malloc0(linux_parts[i]->plan_size);
    plan->kinds[i] = linux_parts[i]->bind(type, plan->plans[i]);
    if (!plan->kinds[i])
      g_clear_pointer(&plan->plans[i], g_free);
    kinds |= plan->kinds[i];
  }
  if (kinds)
    *out = plan;
  else
    linux_free_plan(plan);
  return kinds;
}

static gpointer linux_new_state(const TbMachine *machine)
{
  LinuxState *state = g_new0(LinuxState, 1);
  for (guint i = 0; i < LINUX_N_PARTS; i++) {
    const LinuxPart *part = linux_parts[i];
    if (part->new_state)
      state->states[i] = part->new_state(machine);
    tb_syscall_table(machine->arch, part->meanings, part->n_meanings, state->calls[i]);
    for (guint number = 0; number < TB_SYSCALL_NUMBERS; number++)
      if (state->calls[i][number])
        state->callers[number] |= (guint8)(1 << i);
  }
  return state;
}

static void linux_free_state(gpointer data)
{
  LinuxState *state = data;
  for (guint i = 0; i < LINUX_N_PARTS && state; i++)
    if (linux_parts[i]->free_state)
      linux_parts[i]->free_state(state->states[i]);
  g_free(state);
}

static void linux_lost(gpointer data)
{
  LinuxState *state = data;
  for (guint i = 0; i < LINUX_N_PARTS && state; i++)
    if (linux_parts[i]->lost)
      linux_parts[i]->lost(state->states[i]);
}

static G_GNUC_NO_INLINE void linux_show_call(const LinuxPlan *plan, LinuxState *state,
                                             gint64 number, const TbRecord *record,
                                             TbFactSink *sink)
{
  for (guint i = 0; i < LINUX_N_PARTS; i++) {
    if (!(plan->kinds[i] & sink->wants) || !linux_parts[i]->raw_call)
      continue;
    gint call = number < 0 ? LINUX_CALL_UNKNOWN
                           : number < TB_SYSCALL_NUMBERS ? state->calls[i][number]
                                                         : LINUX_CALL_OTHER;
    linux_parts[i]->raw_call(plan->plans[i], state->states[i], call, record, sink);
  }
}

/* Half of many recordings are system calls: their number is all that is read of most. */
static inline void linux_decode_call(const LinuxPlan *plan, LinuxState *state,
                                     const TbRecord *record, TbFactSink *sink)
{
  gint64 number = -1;
  if (G_LIKELY(record->len >= plan->number_end)) {
    const guint8 *p = record->data + plan->number_off;
    if (plan->number_end - plan->number_off == 8)
      number = (gint64)tb_get_u64(p, record->type->big);
    else
      number = (gint32)tb_get_u32(p, record->type->big);
  }
  gboolean tells = plan->enters ? (sink->wants & TB_FACT_BIT(TB_FACT_ACTS)) != 0 : number < 0;
  if (tells || ((guint64)number < TB_SYSCALL_NUMBERS && state->callers[number]))
    linux_show_call(plan, state, number, record, sink);
}

static void linux_decode(gconstpointer data, gpointer state_data, const TbRecord *record,
                         TbFactSink *sink)
{
  const LinuxPlan *plan = data;
  LinuxState *state = state_data;
  if (plan->number_end) {
    if (state)
      linux_decode_call(plan, state, record, sink);
    return;
  }
  for (guint i = 0; i < LINUX_N_PARTS; i++)
    if (plan->kinds[i] & sink->wants)
      linux_parts[i]->decode(plan->plans[i], state ? state->states[i] : NULL, record, sink);
}

const TbDecoder tb_linux_decoder = {
  .name = "linux",
  .bind = linux_bind,
  .free_plan = linux_free_plan,
  .new_state = linux_new_state,
  .free_state = linux_free_state,
  .lost = linux_lost,
  .decode = linux_decode,
};
