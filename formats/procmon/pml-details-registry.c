/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Details of registry operations (section 6.9 of docs/format-procmon.md). */
#include "procmon/pml-details.h"

enum {
  REG_NONE = 0,
  REG_SZ = 1,
  REG_EXPAND_SZ = 2,
  REG_BINARY = 3,
  REG_DWORD = 4,
  REG_MULTI_SZ = 7,
  REG_QWORD = 11,
};

static const PmlGeneric registry_generic = { 0x20019, 0x20006, 0x20019, 0xf003f };

static const PmlBits registry_access[] = {
  { 0xf003f, "All Access" },
  { 0x2001f, "Read/Write" },
  { 0x20019, "Read" },
  { 0x20006, "Write" },
  { 0x1, "Query Value" },
  { 0x2, "Set Value" },
  { 0x4, "Create Sub Key" },
  { 0x8, "Enumerate Sub Keys" },
  { 0x10, "Notify" },
  { 0x20, "Create Link" },
  { 0x300, "WOW64_Res" },
  { 0x200, "WOW64_32Key" },
  { 0x100, "WOW64_64Key" },
  { 0x10000, "Delete" },
  { 0x20000, "Read Control" },
  { 0x40000, "Write DAC" },
  { 0x80000, "Write Owner" },
  { 0x100000, "Synchronize" },
  { 0x1000000, "Access System Security" },
  { 0x2000000, "Maximum Allowed" },
};

static const char *const registry_types[] = {
  "REG_NONE",          "REG_SZ",   "REG_EXPAND_SZ", "REG_BINARY",        "REG_DWORD",
  "REG_DWORD_BIG_ENDIAN", "REG_LINK", "REG_MULTI_SZ",  "REG_RESOURCE_LIST",
  "REG_FULL_RESOURCE_DESCRIPTOR", "REG_RESOURCE_REQUIREMENTS_LIST", "REG_QWORD",
};

/* By KEY_INFORMATION_CLASS. */
static const char *const registry_key_classes[] = { "Basic", "Node",           "Full",
                                                    "Name",  "Cached",         "Flags",
                                                    "Virtualization", "HandleTags", "Trust",
                                                    "Layer" };

static void registry_type(PmlList *list, guint32 type)
{
  if (type < G_N_ELEMENTS(registry_types)) {
    pml_list_str(list, "Type", registry_types[type]);
    return;
  }
  tb_buf_append_str(pml_list_key(list, "Type"), "<Unknown: ");
  tb_buf_append_u64(list->out, type);
  tb_buf_append_c(list->out, '>');
}

/* Each string of a list, up to the empty one. */
static void registry_append_multi(TbBuf *out, const guint8 *data, gsize units)
{
  gboolean first = TRUE;
  while (units) {
    gsize n = 0;
    while (n < units && (data[2 * n] | data[2 * n + 1]))
      n++;
    if (n == 0)
      return;
    if (!first)
      tb_buf_append(out, ", ", 2);
    pml_text_append_utf16(out, data, n);
    first = FALSE;
    gsize step = MIN(n + 1, units);
    data += 2 * step;
    units -= step;
  }
}

static void registry_append_binary(TbBuf *out, const guint8 *data, gsize len)
{
  static const char digits[] = "0123456789ABCDEF";
  for (gsize i = 0; i < len; i++) {
    if (i)
      tb_buf_append_c(out, ' ');
    tb_buf_append_c(out, digits[data[i] >> 4]);
    tb_buf_append_c(out, digits[data[i] & 15]);
  }
}

/* @s holds the bytes that were recorded of @length. */
static void registry_data(PmlList *list, guint32 type, guint32 length, PmlSpan *s)
{
  pml_list_grouped(list, "Length", length);
  if (length == 0)
    return;
  gsize have = MIN((gsize)length, s->len - s->pos);
  const guint8 *data = pml_span_take(s, have);
  TbBuf *out = pml_list_key(list, "Data");
  if (!data)
    return;
  switch (type) {
  case REG_SZ:
  case REG_EXPAND_SZ: pml_text_append_utf16_z(out, data, have / 2); break;
  case REG_MULTI_SZ: registry_append_multi(out, data, have / 2); break;
  case REG_BINARY: registry_append_binary(out, data, have); break;
  case REG_DWORD:
    if (have >= 4)
      tb_buf_append_u64(out, tb_get_u32(data, FALSE));
    break;
  default: break; /* Process Monitor shows no other data, not even a QWORD's */
  }
}

static void registry_open(PmlDetail *detail, PmlRegistryView *view)
{
  pml_span_take(&view->fixed, 2);
  guint32 access = pml_span_u32(&view->fixed);
  TbBuf *out = detail->list.out;
  if (!access)
    return;
  pml_list_key(&detail->list, "Desired Access");
  pml_detail_append_access(out, access, &registry_generic, registry_access,
                           G_N_ELEMENTS(registry_access));
  PmlSpan extra = pml_span(detail->record->extra, detail->record->extra_len);
  guint32 granted = pml_span_u32(&extra);
  guint32 disposition = pml_span_u32(&extra);
  if (extra.short_of)
    return;
  if (access == 0x2000000) { /* "Maximum Allowed" alone: what it came to is of interest */
    pml_list_key(&detail->list, "Granted Access");
    pml_detail_append_access(out, granted, &registry_generic, registry_access,
                             G_N_ELEMENTS(registry_access));
  }
  if (disposition == 1 || disposition == 2)
    pml_list_str(&detail->list, "Disposition",
                 disposition == 1 ? "REG_CREATED_NEW_KEY" : "REG_OPENED_EXISTING_KEY");
}

/* KEY_*_INFORMATION: what Process Monitor shows of it. */
static void registry_key_information(PmlDetail *detail, guint32 class, gboolean is_query)
{
  PmlSpan s = pml_span(detail->record->extra, detail->record->extra_len);
  PmlList *list = &detail->list;
  switch (class) {
  case 0: /* Basic: time, title index, name length, name */
  case 1: { /* Node: time, title index, class offset, class length, name length, name */
    gsize at = class == 0 ? 12 : 20;
    guint32 bytes = (guint32)pml_span_at(&s, at, 4);
    if (pml_span_seek(&s, at + 4))
      pml_list_utf16(list, "Name", &s, bytes);
    break;
  }
  case 2: /* Full */
    pml_list_grouped(list, "SubKeys", pml_span_at(&s, 20, 4));
    pml_list_grouped(list, "Values", pml_span_at(&s, 32, 4));
    break;
  case 3: /* Name: the path has it */
    if (!is_query && pml_span_seek(&s, 4))
      pml_list_utf16(list, "Name", &s, (gsize)pml_span_at(&s, 0, 4));
    break;
  case 4: /* Cached */
    pml_list_grouped(list, "SubKeys", pml_span_at(&s, 12, 4));
    pml_list_grouped(list, "Values", pml_span_at(&s, 20, 4));
    break;
  case 5: pml_list_hex(list, "UserFlags", pml_span_at(&s, 0, 4)); break;
  case 7: pml_list_hex(list, "HandleTags", pml_span_at(&s, 0, 4)); break;
  default: break;
  }
}

static void registry_query_key(PmlDetail *detail, PmlRegistryView *view)
{
  gboolean is_query = detail->kind->operation == 3;
  pml_span_take(&view->fixed, 2);
  guint32 length = pml_span_u32(&view->fixed);
  guint32 index = is_query ? 0 : pml_span_u32(&view->fixed);
  guint32 class = pml_span_u32(&view->fixed);
  if (!is_query)
    pml_list_grouped(&detail->list, "Index", index);
  else if (class < G_N_ELEMENTS(registry_key_classes))
    pml_list_str(&detail->list, "Query", registry_key_classes[class]);
  else
    pml_list_u64(&detail->list, "Query", class);
  if (!detail->record->extra)
    pml_list_grouped(&detail->list, "Length", length);
  else
    registry_key_information(detail, class, is_query);
}

/* KEY_VALUE_*_INFORMATION: title index, type, then by class. */
static void registry_value_information(PmlDetail *detail, guint32 class, gboolean is_query)
{
  PmlSpan s = pml_span(detail->record->extra, detail->record->extra_len);
  PmlList *list = &detail->list;
  guint32 type = (guint32)pml_span_at(&s, 4, 4);
  if (class == 1 || class == 3) { /* Full: data offset, data length, name length, name */
    guint32 data_at = (guint32)pml_span_at(&s, 8, 4);
    guint32 length = (guint32)pml_span_at(&s, 12, 4);
    guint32 name_bytes = (guint32)pml_span_at(&s, 16, 4);
    if (!is_query && pml_span_seek(&s, 20))
      pml_list_utf16(list, "Name", &s, name_bytes);
    registry_type(list, type);
    pml_span_seek(&s, MIN((gsize)data_at, s.len));
    registry_data(list, type, length, &s);
  } else if (class == 2 || class == 4) { /* Partial: data length, data */
    guint32 length = (guint32)pml_span_at(&s, 8, 4);
    registry_type(list, type);
    pml_span_seek(&s, MIN((gsize)12, s.len));
    registry_data(list, type, length, &s);
  } else {
    registry_type(list, type);
  }
}

static void registry_query_value(PmlDetail *detail, PmlRegistryView *view)
{
  gboolean is_query = detail->kind->operation == 5;
  pml_span_take(&view->fixed, 2);
  guint32 length = pml_span_u32(&view->fixed);
  guint32 index = is_query ? 0 : pml_span_u32(&view->fixed);
  guint32 class = pml_span_u32(&view->fixed);
  if (!is_query)
    pml_list_grouped(&detail->list, "Index", index);
  if (!detail->record->extra)
    pml_list_grouped(&detail->list, "Length", length);
  else
    registry_value_information(detail, class, is_query);
}

static void registry_set_information(PmlDetail *detail, PmlRegistryView *view)
{
  PmlList *list = &detail->list;
  pml_span_take(&view->fixed, 2);
  guint32 class = pml_span_u32(&view->fixed);
  guint32 length = pml_span_u32(&view->fixed);
  const char *name = class == 0   ? "KeyWriteTimeInformation"
                     : class == 1 ? "KeyWow64FlagsInformation"
                     : class == 5 ? "KeySetHandleTagsInformation"
                                  : NULL;
  if (name) {
    pml_list_str(list, "KeySetInformationClass", name);
  } else {
    tb_buf_append_str(pml_list_key(list, "KeySetInformationClass"), "<Unknown: ");
    tb_buf_append_u64(list->out, class);
    tb_buf_append_c(list->out, '>');
  }
  pml_list_grouped(list, "Length", length);
  gsize have = view->rest.len - view->rest.pos;
  if (class == 0 && have >= 8)
    pml_list_time(list, "LastWriteTime", pml_span_u64(&view->rest), detail->shared->zone);
  else if (class == 1 && have >= 4)
    pml_list_hex(list, "Wow64Flags", pml_span_u32(&view->rest));
  else if (class == 5 && have >= 4)
    pml_list_hex(list, "HandleTags", pml_span_u32(&view->rest));
}

static void registry_set_value(PmlDetail *detail, PmlRegistryView *view)
{
  pml_span_take(&view->fixed, 2);
  guint32 type = pml_span_u32(&view->fixed);
  guint32 length = pml_span_u32(&view->fixed);
  guint16 copied = pml_span_u16(&view->fixed);
  PmlSpan data = view->rest;
  data.len = data.pos + MIN((gsize)copied, data.len - data.pos);
  registry_type(&detail->list, type);
  registry_data(&detail->list, type, length, &data);
}

static void registry_second_name(PmlDetail *detail, PmlRegistryView *view)
{
  guint16 word = pml_span_u16(&view->fixed);
  pml_list_key(&detail->list, detail->kind->operation == 12 ? "Hive Path" : "New Name");
  pml_text_append_info(detail->list.out, &view->rest, word);
}

void pml_detail_registry(PmlDetail *detail)
{
  PmlRegistryView view;
  if (!pml_registry_view(detail->record, &view))
    return;
  switch (detail->kind->operation) {
  case 0:
  case 1: registry_open(detail, &view); break;
  case 3:
  case 7: registry_query_key(detail, &view); break;
  case 4: registry_set_value(detail, &view); break;
  case 5:
  case 6: registry_query_value(detail, &view); break;
  case 8: registry_set_information(detail, &view); break;
  case 12:
  case 14: registry_second_name(detail, &view); break;
  default: break;
  }
}
