/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The event types of socket calls: text and fields out of an event's payload,
 * which is a SnitchRecord with the text behind it. So an event that was put
 * aside to be sorted needs no line and no parser any more.
 */
#include "tcpsnitch/tcpsnitch-private.h"

#include <string.h>

typedef enum {
  FIELD_RESULT,
  FIELD_ERRNO,
  FIELD_BYTES,
  FIELD_FAKE_CALL,
  FIELD_ADDR,
  FIELD_PROGRAM,
  FIELD_PROCESS,
  FIELD_STEP,
  FIELD_PROTOCOL,
  FIELD_LOCAL,
  FIELD_LOCAL_PORT,
  FIELD_REMOTE,
  FIELD_REMOTE_PORT,
  FIELD_SENT,
  FIELD_RECEIVED,
  FIELD_COUNT,
} TypeField;

static const char *const type_fields[FIELD_COUNT] = {
  [FIELD_RESULT] = "return_value",
  [FIELD_ERRNO] = "errno",
  [FIELD_BYTES] = "bytes",
  [FIELD_FAKE_CALL] = "fake_call",
  [FIELD_ADDR] = "addr",
  [FIELD_PROGRAM] = "program",
  [FIELD_PROCESS] = "process",
  [FIELD_STEP] = "socket_step",
  [FIELD_PROTOCOL] = "protocol",
  [FIELD_LOCAL] = "local",
  [FIELD_LOCAL_PORT] = "local_port",
  [FIELD_REMOTE] = "remote",
  [FIELD_REMOTE_PORT] = "remote_port",
  [FIELD_SENT] = "sent",
  [FIELD_RECEIVED] = "received",
};

typedef struct {
  char *program;
  char *process;
  TbBuf text; /* of an address that was asked for last */
} TypeContext;

static gboolean type_read(const TbRecord *event, SnitchRecord *record)
{
  if (event->len < sizeof *record)
    return FALSE;
  memcpy(record, event->data, sizeof *record);
  return TRUE;
}

static void type_append_text(const TbEventType *type, const TbRecord *event, TbBuf *out)
{
  if (event->len > sizeof(SnitchRecord))
    tb_buf_append(out, event->data + sizeof(SnitchRecord), event->len - sizeof(SnitchRecord));
}

static gboolean type_get_int(const TbEventType *type, const TbField *field, const TbRecord *event,
                             gint64 *out)
{
  SnitchRecord record;
  if (!type_read(event, &record))
    return FALSE;
  switch ((TypeField)field->index) {
  case FIELD_RESULT: *out = record.result; return (record.flags & SNITCH_HAS_RESULT) != 0;
  case FIELD_BYTES: *out = record.bytes; return (record.flags & SNITCH_HAS_BYTES) != 0;
  case FIELD_FAKE_CALL: *out = (record.flags & SNITCH_FAKE_CALL) != 0; return TRUE;
  case FIELD_STEP: *out = record.step; return TRUE;
  case FIELD_PROTOCOL: *out = record.protocol; return record.protocol != 0;
  case FIELD_LOCAL_PORT: *out = record.local.port; return record.local.family != 0;
  case FIELD_REMOTE_PORT: *out = record.remote.port; return record.remote.family != 0;
  case FIELD_SENT: *out = record.sent; return TRUE;
  case FIELD_RECEIVED: *out = record.received; return TRUE;
  case FIELD_ERRNO:
  case FIELD_ADDR:
  case FIELD_PROGRAM:
  case FIELD_PROCESS:
  case FIELD_LOCAL:
  case FIELD_REMOTE:
  case FIELD_COUNT:
  default: return FALSE;
  }
}

static gboolean type_give(const char *text, gsize n, const guint8 **out, gsize *len)
{
  *out = (const guint8 *)text;
  *len = n;
  return text && n > 0;
}

/* The bytes of an address in the event's payload; @offset: of the address in its head. */
static gboolean type_give_address(const TbRecord *event, const SnitchAddress *address, gsize offset,
                                  const guint8 **out, gsize *len)
{
  *out = event->data + offset + offsetof(SnitchAddress, bytes);
  *len = address->family == 6 ? 16 : 4;
  return address->family != 0;
}

static gboolean type_get_bytes(const TbEventType *type, const TbField *field, const TbRecord *event,
                               const guint8 **out, gsize *len)
{
  SnitchRecord record;
  TypeContext *context = type->context;
  if (!type_read(event, &record))
    return FALSE;
  switch ((int)field->index) {
  case FIELD_ERRNO:
    return type_give((const char *)event->data + offsetof(SnitchRecord, errno_name),
                     strnlen(record.errno_name, sizeof record.errno_name), out, len);
  case FIELD_ADDR:
    tb_buf_reset(&context->text);
    if (record.addr.family)
      snitch_text_append_address(&record.addr, &context->text);
    return type_give((const char *)context->text.data, context->text.len, out, len);
  case FIELD_PROGRAM:
    return type_give(context->program, context->program ? strlen(context->program) : 0, out, len);
  case FIELD_PROCESS:
    return type_give(context->process, context->process ? strlen(context->process) : 0, out, len);
  case FIELD_LOCAL:
    return type_give_address(event, &record.local, offsetof(SnitchRecord, local), out, len);
  case FIELD_REMOTE:
    return type_give_address(event, &record.remote, offsetof(SnitchRecord, remote), out, len);
  default: return FALSE;
  }
}

static gboolean address_is_mapped(const SnitchAddress *address)
{
  static const guint8 prefix[12] = { [10] = 0xff, [11] = 0xff };
  return address->family == 6 && memcmp(address->bytes, prefix, sizeof prefix) == 0;
}

/* The address in @family; FALSE where it has no such form. One that is not known is all zero. */
static gboolean address_put(const SnitchAddress *address, guint8 family, guint8 *out)
{
  static const guint8 nothing[16];
  if (address->family == 0 || memcmp(address->bytes, nothing, sizeof nothing) == 0)
    return TRUE;
  if (address->family == family)
    memcpy(out, address->bytes, family == 6 ? 16 : 4);
  else if (family == 4 && address_is_mapped(address))
    memcpy(out, address->bytes + 12, 4);
  else
    return FALSE;
  return TRUE;
}

/* The call's own address stands for the end it speaks of; the rest is what the socket has. */
static gboolean type_get_addresses(const TbEventType *type, const TbRecord *event, TbAddresses *out)
{
  SnitchRecord record;
  if (!type_read(event, &record))
    return FALSE;
  const SnitchAddress *remote = record.remote.family ? &record.remote : &record.addr;
  gboolean names_local = g_str_equal(type->name, "bind") || g_str_equal(type->name, "getsockname");
  if (names_local && !record.remote.family)
    remote = &record.remote;
  else if (!names_local && record.addr.family)
    remote = &record.addr;
  const SnitchAddress *local = names_local && record.addr.family ? &record.addr : &record.local;
  const SnitchAddress *known = remote->family ? remote : local;
  if (!known->family)
    return FALSE;
  *out = (TbAddresses){ .family = known->family == 6 && !address_is_mapped(known) ? 6 : 4,
                        .protocol = record.protocol, .local_port = local->port,
                        .remote_port = remote->port, .to_remote = record.received <= 0 };
  return address_put(remote, out->family, out->remote) && address_put(local, out->family, out->local);
}

static void type_free_context(gpointer data)
{
  TypeContext *context = data;
  g_free(context->program);
  g_free(context->process);
  tb_buf_clear(&context->text);
  g_free(context);
}

static const TbEventTypeOps type_ops = {
  .append_text = type_append_text,
  .get_int = type_get_int,
  .get_bytes = type_get_bytes,
  .get_addresses = type_get_addresses,
  .decoder = &snitch_decoder,
  .free_context = type_free_context,
};

TbEventType *snitch_type_new(const char *name, const char *program, const char *process)
{
  TypeContext *context = g_new0(TypeContext, 1);
  context->program = g_strdup(program);
  context->process = g_strdup(process);
  TbEventType *type = tb_event_type_new("tcpsnitch", name, &type_ops, context);
  GArray *fields = g_array_new(FALSE, TRUE, sizeof(TbField));
  for (guint32 i = 0; i < FIELD_COUNT; i++) {
    TbField field = { .name = g_strdup(type_fields[i]), .kind = TB_FIELD_COMPUTED, .index = i };
    g_array_append_val(fields, field);
  }
  tb_event_type_take_fields(type, fields);
  return type;
}
