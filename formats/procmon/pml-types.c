/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Event types of a Process Monitor log: one for each operation (with
 * sub-operation, and TCP or UDP) that occurs, made when it is first met. Their
 * fields carry the names of Process Monitor's columns, so that a writer of
 * columns needs to know no more than those names.
 */
#include "procmon/pml-details.h"

enum { TYPES_MAX_OPERATION = 64 };

typedef enum {
  FIELD_PROCESS_NAME,
  FIELD_PID,
  FIELD_OPERATION,
  FIELD_PATH,
  FIELD_RESULT,
  FIELD_DETAIL,
  FIELD_EVENT_CLASS,
  FIELD_SEQUENCE,
  FIELD_IMAGE_PATH,
  FIELD_COMPANY,
  FIELD_DESCRIPTION,
  FIELD_VERSION,
  FIELD_USER,
  FIELD_AUTHENTICATION_ID,
  FIELD_SESSION,
  FIELD_COMMAND_LINE,
  FIELD_TID,
  FIELD_VIRTUALIZED,
  FIELD_INTEGRITY,
  FIELD_CATEGORY,
  FIELD_PARENT_PID,
  FIELD_ARCHITECTURE,
  FIELD_PROCESS_INDEX,
  FIELD_PARENT_PROCESS_INDEX,
  FIELD_START_TIME,
  FIELD_END_TIME,
  FIELD_STATUS,
  FIELD_SEQUENCE_NUMBER,
  FIELD_STACK,
  FIELD_LOCAL_ADDRESS,
  FIELD_LOCAL_PORT,
  FIELD_REMOTE_ADDRESS,
  FIELD_REMOTE_PORT,
  FIELD_LENGTH,
  FIELD_CHILD_INDEX,
  FIELD_CHILD_PID,
  FIELD_CHILD_COMMAND_LINE,
  FIELD_EXIT_STATUS,
  FIELD_THREAD_ID,
  N_FIELDS
} FieldId;

G_STATIC_ASSERT((int)N_FIELDS <= (int)PML_MAX_TEXTS);

/* operation: only of this one; -1 = of all of the class. class 0: of all. */
static const struct {
  const char *name;
  gboolean is_text;
  guint8 class;
  gint8 operation;
} field_table[N_FIELDS] = {
  [FIELD_PROCESS_NAME] = { "Process Name", TRUE, 0, -1 },
  [FIELD_PID] = { "PID", FALSE, 0, -1 },
  [FIELD_OPERATION] = { "Operation", TRUE, 0, -1 },
  [FIELD_PATH] = { "Path", TRUE, 0, -1 },
  [FIELD_RESULT] = { "Result", TRUE, 0, -1 },
  [FIELD_DETAIL] = { "Detail", TRUE, 0, -1 },
  [FIELD_EVENT_CLASS] = { "Event Class", TRUE, 0, -1 },
  [FIELD_SEQUENCE] = { "Sequence", TRUE, 0, -1 },
  [FIELD_IMAGE_PATH] = { "Image Path", TRUE, 0, -1 },
  [FIELD_COMPANY] = { "Company", TRUE, 0, -1 },
  [FIELD_DESCRIPTION] = { "Description", TRUE, 0, -1 },
  [FIELD_VERSION] = { "Version", TRUE, 0, -1 },
  [FIELD_USER] = { "User", TRUE, 0, -1 },
  [FIELD_AUTHENTICATION_ID] = { "Authentication ID", TRUE, 0, -1 },
  [FIELD_SESSION] = { "Session", FALSE, 0, -1 },
  [FIELD_COMMAND_LINE] = { "Command Line", TRUE, 0, -1 },
  [FIELD_TID] = { "TID", FALSE, 0, -1 },
  [FIELD_VIRTUALIZED] = { "Virtualized", TRUE, 0, -1 },
  [FIELD_INTEGRITY] = { "Integrity", TRUE, 0, -1 },
  [FIELD_CATEGORY] = { "Category", TRUE, 0, -1 },
  [FIELD_PARENT_PID] = { "Parent PID", FALSE, 0, -1 },
  [FIELD_ARCHITECTURE] = { "Architecture", TRUE, 0, -1 },
  [FIELD_PROCESS_INDEX] = { "Process Index", FALSE, 0, -1 },
  [FIELD_PARENT_PROCESS_INDEX] = { "Parent Process Index", FALSE, 0, -1 },
  [FIELD_START_TIME] = { "Process Start Time", FALSE, 0, -1 },
  [FIELD_END_TIME] = { "Process End Time", FALSE, 0, -1 },
  [FIELD_STATUS] = { "Status", FALSE, 0, -1 },
  [FIELD_SEQUENCE_NUMBER] = { "Sequence Number", FALSE, 0, -1 },
  [FIELD_STACK] = { "Stack", TRUE, 0, -1 },
  [FIELD_LOCAL_ADDRESS] = { "Local Address", TRUE, PML_CLASS_NETWORK, -1 },
  [FIELD_LOCAL_PORT] = { "Local Port", FALSE, PML_CLASS_NETWORK, -1 },
  [FIELD_REMOTE_ADDRESS] = { "Remote Address", TRUE, PML_CLASS_NETWORK, -1 },
  [FIELD_REMOTE_PORT] = { "Remote Port", FALSE, PML_CLASS_NETWORK, -1 },
  [FIELD_LENGTH] = { "Length", FALSE, PML_CLASS_NETWORK, -1 },
  [FIELD_CHILD_INDEX] = { "Child Process Index", FALSE, PML_CLASS_PROCESS, 1 },
  [FIELD_CHILD_PID] = { "Child PID", FALSE, PML_CLASS_PROCESS, 1 },
  [FIELD_CHILD_COMMAND_LINE] = { "Child Command Line", TRUE, PML_CLASS_PROCESS, 1 },
  [FIELD_EXIT_STATUS] = { "Exit Status", FALSE, PML_CLASS_PROCESS, 2 },
  [FIELD_THREAD_ID] = { "Thread ID", FALSE, PML_CLASS_PROCESS, 3 },
};

/* What a type keeps. */
typedef struct {
  PmlShared *shared;
  PmlKind kind;
  const char *operation; /* as the column shows it */
} TypeContext;

struct _PmlTypes {
  PmlShared *shared;
  TbEventType *by_operation[PML_N_CLASSES][TYPES_MAX_OPERATION][2];
  TbEventType **by_sub[TYPES_MAX_OPERATION]; /* 256 each, of operations that have subs */
  TbEventType *unknown;
};

static void type_free_context(gpointer data)
{
  TypeContext *context = data;
  pml_shared_unref(context->shared);
  g_free(context);
}

/*
 * The view of an event, and its process, are kept for the next question: a row
 * asks some twenty. The same bytes at the same place of the file are the same
 * record.
 */
static const PmlRecord *type_view(PmlShared *shared, const TbRecord *event)
{
  if (shared->viewed.data == event->data && shared->viewed.offset == event->offset &&
      shared->viewed.len == event->len)
    return &shared->viewed.record;
  shared->viewed.data = NULL;
  if (!pml_record_view(event->data, event->len, shared->is64, &shared->viewed.record))
    return NULL;
  shared->viewed.data = event->data;
  shared->viewed.offset = event->offset;
  shared->viewed.len = event->len;
  shared->viewed.process = pml_shared_find_process(shared, shared->viewed.record.process_index);
  return &shared->viewed.record;
}

static const char *type_result(const PmlRecord *record, TbBuf *buffer)
{
  const char *name = pml_names_status(record->status);
  if (name)
    return name;
  tb_buf_reset(buffer);
  tb_buf_append_printf(buffer, "0x%X", record->status);
  tb_buf_append_c(buffer, 0);
  return (const char *)buffer->data;
}

/* Texts of several lines become one. */
static void type_flatten(TbBuf *out, gsize from)
{
  gsize to = from;
  for (gsize i = from; i < out->len; i++) {
    guint8 c = out->data[i];
    if (c == '\r')
      continue;
    out->data[to++] = c == '\n' ? ';' : c == '\t' ? ' ' : c;
  }
  out->len = to;
}

static void type_append_text(const TbEventType *type, const TbRecord *event, TbBuf *out)
{
  const TypeContext *context = type->context;
  const PmlRecord *record = type_view(context->shared, event);
  gsize start = out->len;
  if (!record)
    return;
  if (!context->kind.known) {
    tb_buf_append_str(out, "class ");
    tb_buf_append_u64(out, record->class);
    tb_buf_append_str(out, " operation ");
    tb_buf_append_u64(out, record->operation);
    tb_buf_append_c(out, ' ');
  }
  gsize path_at = out->len;
  pml_path_append(context->shared, &context->kind, record, out);
  if (out->len > path_at)
    tb_buf_append_c(out, ' ');
  const char *result = type_result(record, &context->shared->text[FIELD_RESULT]);
  tb_buf_append_c(out, '[');
  tb_buf_append_str(out, *result ? result : "PENDING");
  tb_buf_append_c(out, ']');
  gsize result_end = out->len;
  tb_buf_append_c(out, ' ');
  pml_detail_append(context->shared, &context->kind, record, out);
  if (out->len == result_end + 1)
    out->len = result_end;
  if (context->shared->wishes.stacks && record->depth) {
    tb_buf_append_str(out, " Stack: ");
    pml_stack_append(context->shared, record, out);
  }
  type_flatten(out, start);
}

static gboolean field_time(guint64 filetime, gint64 *out)
{
  return filetime && pml_time_to_ns(filetime, out);
}

static gboolean field_process_int(const PmlProcess *process, FieldId id, gint64 *out)
{
  if (!process)
    return FALSE;
  switch ((int)id) {
  case FIELD_PID: *out = process->pid; return TRUE;
  case FIELD_SESSION: *out = process->token.session; return TRUE;
  case FIELD_PARENT_PID: *out = process->parent_pid; return TRUE;
  case FIELD_PARENT_PROCESS_INDEX:
    *out = process->parent_index;
    return process->parent_index != process->index;
  case FIELD_START_TIME: return field_time(process->start, out);
  case FIELD_END_TIME: return field_time(process->end, out);
  default: return FALSE;
  }
}

static gboolean field_detail_int(const PmlRecord *record, gsize at, gboolean is_signed,
                                 gint64 *out)
{
  if (record->detail_len < at + 4)
    return FALSE;
  guint32 value = tb_get_u32(record->detail + at, FALSE);
  *out = is_signed ? (gint32)value : (gint64)value;
  return TRUE;
}

static gboolean field_network_int(const PmlRecord *record, FieldId id, gint64 *out)
{
  PmlNetworkView view;
  if (!pml_network_view(record, &view))
    return FALSE;
  *out = id == FIELD_LOCAL_PORT    ? view.local_port
         : id == FIELD_REMOTE_PORT ? view.remote_port
                                   : view.length;
  return TRUE;
}

static gboolean type_get_int(const TbEventType *type, const TbField *field, const TbRecord *event,
                             gint64 *out)
{
  const TypeContext *context = type->context;
  FieldId id = (FieldId)field->offset;
  const PmlRecord *record = type_view(context->shared, event);
  if (!record)
    return FALSE;
  switch ((int)id) {
  case FIELD_TID: *out = record->tid; return TRUE;
  case FIELD_PROCESS_INDEX: *out = record->process_index; return TRUE;
  case FIELD_STATUS: *out = record->status; return TRUE;
  case FIELD_SEQUENCE_NUMBER: *out = record->sequence; return TRUE;
  case FIELD_LOCAL_PORT:
  case FIELD_REMOTE_PORT:
  case FIELD_LENGTH: return field_network_int(record, id, out);
  case FIELD_CHILD_INDEX:
  case FIELD_THREAD_ID: return field_detail_int(record, 0, FALSE, out);
  case FIELD_CHILD_PID: return field_detail_int(record, 4, FALSE, out);
  case FIELD_EXIT_STATUS: return field_detail_int(record, 0, TRUE, out);
  default: return field_process_int(context->shared->viewed.process, id, out);
  }
}

static const char *field_process_text(const PmlProcess *process, FieldId id)
{
  switch ((int)id) {
  case FIELD_PROCESS_NAME: return process->name;
  case FIELD_IMAGE_PATH: return process->image.path;
  case FIELD_COMPANY: return process->image.company;
  case FIELD_DESCRIPTION: return process->image.description;
  case FIELD_VERSION: return process->image.version;
  case FIELD_USER: return process->token.user;
  case FIELD_COMMAND_LINE: return process->command_line;
  case FIELD_INTEGRITY: return process->token.integrity;
  case FIELD_ARCHITECTURE: return process->learned ? NULL : process->is64 ? "64-bit" : "32-bit";
  case FIELD_VIRTUALIZED:
    return process->token.virtualized == 0   ? "False"
           : process->token.virtualized == 1 ? "True"
                                             : "n/a";
  default: return NULL;
  }
}

/* high:low, eight hexadecimal digits each */
static void field_append_logon(TbBuf *out, guint64 logon)
{
  static const char digits[] = "0123456789abcdef";
  for (guint i = 0; i < 16; i++) {
    if (i == 8)
      tb_buf_append_c(out, ':');
    tb_buf_append_c(out, digits[logon >> (60 - 4 * i) & 15]);
  }
}

static void field_append_child_command(const PmlRecord *record, TbBuf *out)
{
  PmlSpan s = pml_span(record->detail, record->detail_len);
  const guint8 *p = pml_span_take(&s, 52);
  if (!p)
    return;
  pml_span_take(&s, (gsize)p[44] + p[45] + pml_text_info_bytes(tb_get_u16(p + 46, FALSE)));
  pml_text_append_info(out, &s, tb_get_u16(p + 48, FALSE));
}

/* Text that is made for the event. FALSE: the field is not of that sort. */
static gboolean field_append_made(const TypeContext *context, FieldId id, const PmlRecord *record,
                                  TbBuf *out)
{
  PmlShared *shared = context->shared;
  PmlNetworkView view;
  const PmlProcess *process;
  switch ((int)id) {
  case FIELD_PATH: pml_path_append(shared, &context->kind, record, out); return TRUE;
  case FIELD_DETAIL: pml_detail_append(shared, &context->kind, record, out); return TRUE;
  case FIELD_STACK: pml_stack_append(shared, record, out); return TRUE;
  case FIELD_CHILD_COMMAND_LINE: field_append_child_command(record, out); return TRUE;
  case FIELD_LOCAL_ADDRESS:
  case FIELD_REMOTE_ADDRESS:
    if (pml_network_view(record, &view)) {
      gboolean local = id == FIELD_LOCAL_ADDRESS;
      pml_path_append_address(local ? view.local : view.remote,
                              local ? view.local_v4 : view.remote_v4, out);
    }
    return TRUE;
  case FIELD_AUTHENTICATION_ID:
    process = shared->viewed.process;
    if (process)
      field_append_logon(out, process->token.logon);
    return TRUE;
  default: return FALSE;
  }
}

static const char *field_fixed_text(const TypeContext *context, FieldId id,
                                    const PmlRecord *record, TbBuf *buffer)
{
  const PmlProcess *process;
  switch ((int)id) {
  case FIELD_OPERATION: return context->operation;
  case FIELD_RESULT: return type_result(record, buffer);
  case FIELD_EVENT_CLASS: return pml_names_class(record->class);
  case FIELD_SEQUENCE: return "n/a"; /* as Process Monitor's own export says */
  case FIELD_CATEGORY: return pml_detail_category(context->shared, &context->kind, record);
  default:
    process = context->shared->viewed.process;
    return process ? field_process_text(process, id) : NULL;
  }
}

static gboolean type_get_bytes(const TbEventType *type, const TbField *field,
                               const TbRecord *event, const guint8 **out, gsize *len)
{
  const TypeContext *context = type->context;
  FieldId id = (FieldId)field->offset;
  TbBuf *buffer = &context->shared->text[id];
  const PmlRecord *record = field->is_string ? type_view(context->shared, event) : NULL;
  if (!record)
    return FALSE;
  tb_buf_reset(buffer);
  if (field_append_made(context, id, record, buffer)) {
    *out = buffer->data ? buffer->data : (const guint8 *)"";
    *len = buffer->len;
    return TRUE;
  }
  const char *text = field_fixed_text(context, id, record, buffer);
  if (!text)
    return FALSE;
  *out = (const guint8 *)text;
  *len = strlen(text);
  return TRUE;
}

static gboolean type_get_addresses(const TbEventType *type, const TbRecord *event, TbAddresses *out)
{
  const TypeContext *context = type->context;
  PmlNetworkView view;
  const PmlRecord *record = type_view(context->shared, event);
  if (!record || context->kind.class != PML_CLASS_NETWORK || !pml_network_view(record, &view) || view.local_v4 != view.remote_v4)
    return FALSE;
  gsize bytes = view.local_v4 ? 4 : 16;
  *out = (TbAddresses){ .family = view.local_v4 ? 4 : 6, .protocol = view.tcp ? 6 : 17,
                        .local_port = view.local_port, .remote_port = view.remote_port };
  memcpy(out->local, view.local, bytes);
  memcpy(out->remote, view.remote, bytes);
  /* receive, accept and copy bring something in */
  out->to_remote = record->operation != 3 && record->operation != 4 && record->operation != 9;
  return TRUE;
}

/* Who acted is told by the process index; the thread may be anybody's in network events. */
static gboolean type_get_actor(const TbEventType *type, const TbRecord *event, TbContext *out)
{
  const TypeContext *context = type->context;
  const PmlRecord *record = type_view(context->shared, event);
  const PmlProcess *process = record ? context->shared->viewed.process : NULL;
  if (!process)
    return FALSE;
  *out = (TbContext){
    .tid = (gint32)record->tid,
    .pid = (gint32)process->pid,
    .pid_known = TRUE,
    .ppid = (gint32)process->parent_pid,
    .comm = *process->name ? process->name : NULL,
    .exe = *process->image.path ? process->image.path : NULL,
    .cmdline = *process->command_line ? process->command_line : NULL,
  };
  return TRUE;
}

static const TbEventTypeOps type_ops = {
  .append_text = type_append_text,
  .get_int = type_get_int,
  .get_bytes = type_get_bytes,
  .get_addresses = type_get_addresses,
  .get_actor = type_get_actor,
  .decoder = &pml_decoder,
  .free_context = type_free_context,
};

static void type_add_fields(TbEventType *type, const PmlKind *kind)
{
  GArray *fields = g_array_new(FALSE, TRUE, sizeof(TbField));
  for (guint i = 0; i < N_FIELDS; i++) {
    if ((field_table[i].class && field_table[i].class != kind->class) ||
        (field_table[i].operation >= 0 && (guint32)field_table[i].operation != kind->operation))
      continue;
    TbField field = { .name = g_strdup(field_table[i].name), .kind = TB_FIELD_COMPUTED,
                      .is_string = field_table[i].is_text, .offset = i };
    g_array_append_val(fields, field);
  }
  tb_event_type_take_fields(type, fields);
}

static TbEventType *type_new(PmlTypes *types, TbReader *reader, const PmlKind *kind,
                             const char *name, const char *operation)
{
  TypeContext *context = g_new0(TypeContext, 1);
  context->shared = pml_shared_ref(types->shared);
  context->kind = *kind;
  context->operation = operation;
  TbEventType *type = tb_event_type_new("procmon", name, &type_ops, context);
  type_add_fields(type, kind);
  tb_reader_add_type(reader, tb_event_type_ref(type));
  return type;
}

static TbEventType *types_make_sub(PmlTypes *types, TbReader *reader, const PmlRecord *record,
                                   guint8 sub)
{
  PmlKind kind = { record->class, record->operation, sub, TRUE };
  const char *base = pml_names_operation(record->class, record->operation);
  const char *name = sub ? pml_names_sub_operation(record->operation, sub) : base;
  if (name)
    return type_new(types, reader, &kind, name, name);
  g_autofree char *numbered = g_strdup_printf("%s %u", base, sub);
  return type_new(types, reader, &kind, numbered, "<Unknown>");
}

static TbEventType *types_make(PmlTypes *types, TbReader *reader, const PmlRecord *record,
                               guint8 tcp)
{
  PmlKind kind = { record->class, record->operation, tcp, TRUE };
  const char *name = pml_names_operation(record->class, record->operation);
  if (record->class != PML_CLASS_NETWORK)
    return type_new(types, reader, &kind, name, name);
  g_autofree char *text = g_strdup_printf("%s %s", tcp ? "TCP" : "UDP", name);
  const char *kept = tb_strpool_intern(types->shared->pool, text, strlen(text));
  return type_new(types, reader, &kind, kept, kept);
}

static TbEventType *types_get_unknown(PmlTypes *types, TbReader *reader)
{
  PmlKind kind = { 0 };
  if (!types->unknown)
    types->unknown = type_new(types, reader, &kind, "<Unknown>", "<Unknown>");
  return types->unknown;
}

TbEventType *pml_types_get(PmlTypes *types, TbReader *reader, const PmlRecord *record)
{
  guint32 operation = record->operation;
  TbEventType **place;
  if (G_UNLIKELY(!pml_names_operation(record->class, operation)))
    return types_get_unknown(types, reader);
  guint8 first = record->detail_len ? record->detail[0] : 0;
  if (pml_names_has_sub(record->class, operation)) {
    if (!types->by_sub[operation])
      types->by_sub[operation] = g_new0(TbEventType *, 256);
    place = &types->by_sub[operation][first];
    if (G_UNLIKELY(!*place))
      *place = types_make_sub(types, reader, record, first);
    return *place;
  }
  guint8 tcp = record->class == PML_CLASS_NETWORK && first & 4 ? 1 : 0;
  place = &types->by_operation[record->class][operation][tcp];
  if (G_UNLIKELY(!*place))
    *place = types_make(types, reader, record, tcp);
  return *place;
}

PmlTypes *pml_types_new(PmlShared *shared)
{
  PmlTypes *types = g_new0(PmlTypes, 1);
  types->shared = pml_shared_ref(shared);
  return types;
}

void pml_types_free(PmlTypes *types)
{
  if (!types)
    return;
  for (guint i = 0; i < PML_N_CLASSES; i++)
    for (guint j = 0; j < TYPES_MAX_OPERATION; j++)
      for (guint k = 0; k < 2; k++)
        tb_event_type_unref(types->by_operation[i][j][k]);
  for (guint j = 0; j < TYPES_MAX_OPERATION; j++) {
    for (guint k = 0; types->by_sub[j] && k < 256; k++)
      tb_event_type_unref(types->by_sub[j][k]);
    g_free(types->by_sub[j]);
  }
  tb_event_type_unref(types->unknown);
  pml_shared_unref(types->shared);
  g_free(types);
}
