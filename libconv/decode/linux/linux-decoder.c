/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The decoder of Linux events from its parts; see linux-decoder.h. */
#include "decode/linux/linux-parts.h"

enum { LINUX_MAX_PARTS = 4 };

/* In the order in which they tell what one event means. */
static const LinuxPart *const linux_parts[] = { &linux_buffer_part, NULL };

enum { LINUX_N_PARTS = G_N_ELEMENTS(linux_parts) - 1 };

/* @kinds: what each part can tell; its plan is NULL where that is nothing */
typedef struct {
  gpointer plans[LINUX_MAX_PARTS];
  guint64 kinds[LINUX_MAX_PARTS];
} LinuxPlan;

typedef struct {
  gpointer states[LINUX_MAX_PARTS];
} LinuxState;

static void linux_free_plan(gpointer data)
{
  LinuxPlan *plan = data;
  for (guint i = 0; i < LINUX_N_PARTS; i++)
    g_free(plan->plans[i]);
  g_free(plan);
}

static guint64 linux_bind(const TbEventType *type, gpointer *out)
{
  LinuxPlan *plan = g_new0(LinuxPlan, 1);
  guint64 kinds = 0;
  for (guint i = 0; i < LINUX_N_PARTS; i++) {
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
  for (guint i = 0; i < LINUX_N_PARTS; i++)
    if (linux_parts[i]->new_state)
      state->states[i] = linux_parts[i]->new_state(machine);
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

static void linux_decode(gconstpointer data, gpointer state_data, const TbRecord *record,
                         TbFactSink *sink)
{
  const LinuxPlan *plan = data;
  LinuxState *state = state_data;
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
