/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which events attribution uses and which of their fields, by name, so that
 * any kernel's recording gives what it holds.
 */
#include "decode/linux/linux-calls.h"
#include "stages/attrib/attrib-private.h"
#include "stages/attrib/attrib-told.h"

#include <string.h>

/* A field after "?" may be missing. */
static const struct {
  const char *system;
  const char *name;
  AttribKind kind;
  const char *fields[ATTRIB_MAX_FIELDS];
} plan_events[] = {
  { "sock", "inet_sock_set_state", ATTRIB_SET_STATE,
    { "skaddr", "sport", "dport", "family", "saddr", "daddr", "saddr_v6", "daddr_v6", "newstate",
      "protocol" } },
  { "tcp", "tcp_rcv_space_adjust", ATTRIB_SPACE_ADJUST,
    { "skaddr", "sport", "dport", "family", "saddr", "daddr", "saddr_v6", "daddr_v6" } },
  { "tcp", "tcp_destroy_sock", ATTRIB_DESTROY,
    { "skaddr", "sport", "dport", "family", "saddr", "daddr", "saddr_v6", "daddr_v6" } },
  { "tcp", "tcp_retransmit_skb", ATTRIB_TUPLE,
    { "skaddr", "sport", "dport", "family", "saddr", "daddr", "saddr_v6", "daddr_v6" } },
  { "sock", "sock_send_length", ATTRIB_SEND_LENGTH, { "sk", "protocol", "ret", "?flags" } },
  { "sock", "sock_recv_length", ATTRIB_RECV_LENGTH, { "sk", "protocol", "ret", "flags" } },
  { "sock", "sk_data_ready", ATTRIB_DATA_READY, { "skaddr", "protocol" } },
  { "net", "net_dev_queue", ATTRIB_QUEUE, { "skbaddr", "len" } },
  { "net", "net_dev_start_xmit", ATTRIB_XMIT, { "skbaddr", "len", "network_offset" } },
  { "net", "netif_receive_skb", ATTRIB_RECEIVE, { "skbaddr", "len" } },
  { "task", "task_newtask", ATTRIB_NEWTASK, { "pid", "clone_flags" } },
  { "sched", "sched_process_fork", ATTRIB_FORK, { "parent_pid", "child_pid" } },
  { "sched", "sched_process_exec", ATTRIB_EXEC, { "pid" } },
  { "sched", "sched_process_exit", ATTRIB_EXIT, { "pid" } },
  { "raw_syscalls", "sys_enter", ATTRIB_RAW_ENTER, { "id", "args" } },
  { "raw_syscalls", "sys_exit", ATTRIB_RAW_LEAVE, { "id", "ret" } },
};

/* "syscalls:sys_enter_sendto": its arguments are the fields behind the number. */
static gboolean plan_call(const TbEventType *type, AttribPlan *plan)
{
  gboolean enter;
  const char *name = tb_syscall_event_read(type, &enter, plan->fields, 4);
  if (!name || (plan->call = attrib_call_from_name(name)) == ATTRIB_CALL_NONE)
    return FALSE;
  plan->kind = enter ? ATTRIB_ENTER : ATTRIB_LEAVE;
  return TRUE;
}

static void plan_number(const TbField *field, AttribNumber *out)
{
  gboolean number = field->kind == TB_FIELD_INT || field->kind == TB_FIELD_UINT;
  if (number && (field->size == 2 || field->size == 4 || field->size == 8) &&
      field->offset <= G_MAXUINT32 - field->size)
    *out = (AttribNumber){ field->offset, field->offset + field->size, (guint8)field->size,
                           field->kind == TB_FIELD_INT };
}

static gboolean plan_fields(const TbEventType *type, AttribPlan *plan)
{
  for (guint i = 0; i < G_N_ELEMENTS(plan_events); i++) {
    if (!tb_event_type_is(type, plan_events[i].system, plan_events[i].name))
      continue;
    plan->kind = plan_events[i].kind;
    for (guint f = 0; f < ATTRIB_MAX_FIELDS && plan_events[i].fields[f]; f++) {
      const char *name = plan_events[i].fields[f];
      gboolean may_miss = name[0] == '?';
      plan->fields[f] = tb_event_type_find_field(type, name + may_miss);
      if (!plan->fields[f] && !may_miss)
        return FALSE;
    }
    return TRUE;
  }
  return attrib_windows_plan(type, plan) || attrib_told_plan(type, plan) ||
         (tb_event_type_is(type, "syscalls", type->name) && plan_call(type, plan));
}

gboolean attrib_plan(const TbEventType *type, AttribPlan *plan)
{
  *plan = (AttribPlan){ 0 };
  plan->wanted = plan_fields(type, plan);
  plan->is_raw = plan->kind == ATTRIB_RAW_ENTER || plan->kind == ATTRIB_RAW_LEAVE;
  for (guint i = 0; i < ATTRIB_MAX_FIELDS; i++)
    if (plan->fields[i])
      plan_number(plan->fields[i], &plan->numbers[i]);
  return plan->wanted;
}
