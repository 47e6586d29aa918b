/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The Detail column: the dispatch by class, categories, and the small
 * classes: process, profiling and network (sections 6.1 to 6.7 of
 * docs/format-procmon.md).
 */
#include "procmon/pml-details.h"

void pml_detail_append(PmlShared *shared, const PmlKind *kind, const PmlRecord *record, TbBuf *out)
{
  PmlDetail detail = { .shared = shared, .kind = kind, .record = record, .list = pml_list(out) };
  switch (kind->class) {
  case PML_CLASS_PROCESS: pml_detail_process(&detail); break;
  case PML_CLASS_REGISTRY: pml_detail_registry(&detail); break;
  case PML_CLASS_FILE: pml_detail_file(&detail); break;
  case PML_CLASS_PROFILING: pml_detail_profiling(&detail); break;
  case PML_CLASS_NETWORK: pml_detail_network(&detail); break;
  default: break;
  }
}

static void detail_process_create(PmlDetail *detail, PmlSpan *s)
{
  const guint8 *p = pml_span_take(s, 52);
  if (!p)
    return;
  pml_list_u64(&detail->list, "PID", tb_get_u32(p + 4, FALSE));
  pml_span_take(s, p[44]);
  pml_span_take(s, p[45]);
  pml_span_take(s, pml_text_info_bytes(tb_get_u16(p + 46, FALSE)));
  pml_list_key(&detail->list, "Command line");
  pml_text_append_info(detail->list.out, s, tb_get_u16(p + 48, FALSE));
}

/* Each variable stands on a line of its own. */
static void detail_environment(PmlDetail *detail, PmlSpan *s, guint32 units)
{
  const guint8 *text = pml_span_take(s, MIN(2 * (gsize)units, s->len - s->pos));
  TbBuf *out = pml_list_key(&detail->list, "Environment");
  gsize left = text ? (gsize)(s->data + s->pos - text) / 2 : 0;
  while (left) {
    gsize n = 0;
    while (n < left && (text[2 * n] | text[2 * n + 1]))
      n++;
    if (n == 0)
      return;
    tb_buf_append(out, "\r\n\t", 3);
    pml_text_append_utf16(out, text, n);
    gsize step = MIN(n + 1, left);
    text += 2 * step;
    left -= step;
  }
}

static void detail_process_start(PmlDetail *detail, PmlSpan *s)
{
  guint32 parent = pml_span_u32(s);
  guint16 command_line = pml_span_u16(s);
  guint16 directory = pml_span_u16(s);
  guint32 units = pml_span_u32(s);
  if (s->short_of)
    return;
  pml_list_u64(&detail->list, "Parent PID", parent);
  pml_list_key(&detail->list, "Command line");
  if (!pml_text_append_info(detail->list.out, s, command_line))
    return;
  pml_list_key(&detail->list, "Current directory");
  if (pml_text_append_info(detail->list.out, s, directory))
    detail_environment(detail, s, units);
}

static void detail_process_exit(PmlDetail *detail, PmlSpan *s)
{
  const guint8 *p = pml_span_take(s, 52);
  PmlList *list = &detail->list;
  if (!p)
    return;
  tb_buf_append_i64(pml_list_key(list, "Exit Status"), (gint32)tb_get_u32(p, FALSE));
  pml_list_seconds(list, "User Time", tb_get_u64(p + 12, FALSE), " seconds");
  pml_list_seconds(list, "Kernel Time", tb_get_u64(p + 4, FALSE), " seconds");
  pml_list_grouped(list, "Private Bytes", tb_get_u64(p + 36, FALSE));
  pml_list_grouped(list, "Peak Private Bytes", tb_get_u64(p + 44, FALSE));
  pml_list_grouped(list, "Working Set", tb_get_u64(p + 20, FALSE));
  pml_list_grouped(list, "Peak Working Set", tb_get_u64(p + 28, FALSE));
}

static void detail_thread_exit(PmlDetail *detail, PmlSpan *s)
{
  const guint8 *p = pml_span_take(s, 20);
  if (!p)
    return;
  pml_list_u64(&detail->list, "Thread ID", detail->record->tid);
  pml_list_seconds(&detail->list, "User Time", tb_get_u64(p + 12, FALSE), "");
  pml_list_seconds(&detail->list, "Kernel Time", tb_get_u64(p + 4, FALSE), "");
}

static void detail_load_image(PmlDetail *detail, PmlSpan *s)
{
  guint64 base = pml_span_uint(s, detail->shared->is64 ? 8 : 4);
  guint32 size = pml_span_u32(s);
  if (s->short_of)
    return;
  pml_list_hex(&detail->list, "Image Base", base);
  pml_list_hex(&detail->list, "Image Size", size);
}

void pml_detail_process(PmlDetail *detail)
{
  PmlSpan s = pml_span(detail->record->detail, detail->record->detail_len);
  switch (detail->kind->operation) {
  case 0:
  case 1: detail_process_create(detail, &s); break;
  case 2:
  case 8: detail_process_exit(detail, &s); break;
  case 3:
    if (s.len >= 4)
      pml_list_u64(&detail->list, "Thread ID", pml_span_u32(&s));
    break;
  case 4: detail_thread_exit(detail, &s); break;
  case 5: detail_load_image(detail, &s); break;
  case 7: detail_process_start(detail, &s); break;
  default: break;
  }
}

/* Section 6.6. */
void pml_detail_profiling(PmlDetail *detail)
{
  PmlSpan s = pml_span(detail->record->detail, detail->record->detail_len);
  gsize pointer = detail->shared->is64 ? 8 : 4;
  PmlList *list = &detail->list;
  if (detail->kind->operation == 0) {
    const guint8 *p = pml_span_take(&s, 12);
    if (!p)
      return;
    pml_list_seconds(list, "User Time", tb_get_u32(p, FALSE), "");
    pml_list_seconds(list, "Kernel Time", tb_get_u32(p + 4, FALSE), "");
    pml_list_grouped(list, "Context Switches", tb_get_u32(p + 8, FALSE));
  } else if (detail->kind->operation == 1) {
    const guint8 *p = pml_span_take(&s, 16 + 2 * pointer);
    if (!p)
      return;
    pml_list_seconds(list, "User Time", tb_get_u64(p, FALSE), " seconds");
    pml_list_seconds(list, "Kernel Time", tb_get_u64(p + 8, FALSE), " seconds");
    pml_list_grouped(list, "Private Bytes", tb_get_uint(p + 16 + pointer, pointer, FALSE));
    pml_list_grouped(list, "Working Set", tb_get_uint(p + 16, pointer, FALSE));
  }
}

/* One NUL-terminated text of the pairs behind the addresses; FALSE at an empty one or the end. */
static gboolean network_take_text(PmlSpan *s, const guint8 **text, gsize *units)
{
  *text = s->data + s->pos;
  gsize left = (s->len - s->pos) / 2;
  gsize n = 0;
  while (n < left && ((*text)[2 * n] | (*text)[2 * n + 1]))
    n++;
  *units = n;
  if (n == left)
    return FALSE;
  s->pos += 2 * (n + 1);
  return TRUE;
}

void pml_detail_network(PmlDetail *detail)
{
  PmlNetworkView view;
  const guint8 *text;
  gsize units;
  TbBuf *out = detail->list.out;
  if (!pml_network_view(detail->record, &view))
    return;
  pml_list_u64(&detail->list, "Length", view.length);
  while (network_take_text(&view.pairs, &text, &units) && units) {
    tb_buf_append(out, ", ", 2);
    pml_text_append_utf16(out, text, units);
    tb_buf_append(out, ": ", 2);
    if (!network_take_text(&view.pairs, &text, &units))
      return;
    pml_text_append_utf16(out, text, units);
  }
}

static const char *category_registry(PmlShared *shared, const PmlKind *kind,
                                     const PmlRecord *record)
{
  switch (kind->operation) {
  case 0: return "Read";
  case 1: /* the completion says whether the key was made */
    return record->extra_len >= 8 && tb_get_u32(record->extra + 4, FALSE) == 1 ? "Write" : "Read";
  case 3:
  case 5:
  case 6:
  case 7:
  case 15: return "Read";
  case 4:
  case 9:
  case 10:
  case 14: return "Write";
  case 8:
  case 16: return "Write Metadata";
  case 17: return "Read Metadata";
  default: return "";
  }
}

static const char *category_create_file(PmlShared *shared, const PmlRecord *record)
{
  PmlFileView view;
  if (record->extra_len >= 4) {
    guint32 result = tb_get_u32(record->extra, FALSE);
    return result == 0 || result == 2 || result == 3 ? "Write" : "";
  }
  if (!pml_file_view(record, shared->is64, &view))
    return "";
  guint32 disposition = (guint32)pml_span_at(&view.params, shared->is64 ? 8 : 4, 4) >> 24;
  return disposition == 1 || disposition > 5 ? "" : "Write";
}

/* What a control code is counted as, where Process Monitor does count it. In ascending order. */
static const struct {
  guint32 code;
  const char *category;
} category_controls[] = {
  { 0x0009003b, "Read Metadata" },  /* FSCTL_QUERY_RETRIEVAL_POINTERS */
  { 0x0009003c, "Read Metadata" },  /* FSCTL_GET_COMPRESSION */
  { 0x00090058, "Read Metadata" },  /* FSCTL_QUERY_FAT_BPB */
  { 0x00090060, "Read Metadata" },  /* FSCTL_FILESYSTEM_GET_STATISTICS */
  { 0x00090064, "Read Metadata" },  /* FSCTL_GET_NTFS_VOLUME_DATA */
  { 0x00090068, "Read Metadata" },  /* FSCTL_GET_NTFS_FILE_RECORD */
  { 0x0009006f, "Read Metadata" },  /* FSCTL_GET_VOLUME_BITMAP */
  { 0x00090073, "Read Metadata" },  /* FSCTL_GET_RETRIEVAL_POINTERS */
  { 0x00090074, "Write" },          /* FSCTL_MOVE_FILE */
  { 0x00090078, "Read Metadata" },  /* FSCTL_IS_VOLUME_DIRTY */
  { 0x0009008f, "Read Metadata" },  /* FSCTL_FIND_FILES_BY_SID */
  { 0x00090098, "Write Metadata" }, /* FSCTL_SET_OBJECT_ID */
  { 0x0009009c, "Read Metadata" },  /* FSCTL_GET_OBJECT_ID */
  { 0x000900a0, "Write Metadata" }, /* FSCTL_DELETE_OBJECT_ID */
  { 0x000900a4, "Write Metadata" }, /* FSCTL_SET_REPARSE_POINT */
  { 0x000900a8, "Read" },           /* FSCTL_GET_REPARSE_POINT */
  { 0x000900ac, "Write" },          /* FSCTL_DELETE_REPARSE_POINT */
  { 0x000900bb, "Read Metadata" },  /* FSCTL_READ_USN_JOURNAL */
  { 0x000900bc, "Read Metadata" },  /* FSCTL_SET_OBJECT_ID_EXTENDED */
  { 0x000900c0, "Read Metadata" },  /* FSCTL_CREATE_OR_GET_OBJECT_ID */
  { 0x000900c4, "Write Metadata" }, /* FSCTL_SET_SPARSE */
  { 0x000900d7, "Write Metadata" }, /* FSCTL_SET_ENCRYPTION */
  { 0x000900df, "Write" },          /* FSCTL_WRITE_RAW_ENCRYPTED */
  { 0x000900e3, "Read" },           /* FSCTL_READ_RAW_ENCRYPTED */
  { 0x000900e7, "Write Metadata" }, /* FSCTL_CREATE_USN_JOURNAL */
  { 0x000900eb, "Read Metadata" },  /* FSCTL_READ_FILE_USN_DATA */
  { 0x000900ef, "Write Metadata" }, /* FSCTL_WRITE_USN_CLOSE_RECORD */
  { 0x000900f0, "Write Metadata" }, /* FSCTL_EXTEND_VOLUME */
  { 0x000900f4, "Read Metadata" },  /* FSCTL_QUERY_USN_JOURNAL */
  { 0x000900f8, "Write Metadata" }, /* FSCTL_DELETE_USN_JOURNAL */
  { 0x00094264, "Read" },           /* FSCTL_OFFLOAD_READ */
  { 0x00098268, "Write" },          /* FSCTL_OFFLOAD_WRITE */
  { 0x0009c040, "Write Metadata" }, /* FSCTL_SET_COMPRESSION */
  { 0x0011c017, "Write" },          /* FSCTL_PIPE_TRANSCEIVE */
  { 0x0011dfff, "Write" },          /* FSCTL_PIPE_INTERNAL_TRANSCEIVE */
};

static const char *category_control(PmlShared *shared, const PmlRecord *record)
{
  PmlFileView view;
  if (!pml_file_view(record, shared->is64, &view))
    return "";
  guint32 code = (guint32)pml_span_at(&view.params, shared->is64 ? 16 : 8, 4);
  for (guint i = 0; i < G_N_ELEMENTS(category_controls); i++)
    if (category_controls[i].code == code)
      return category_controls[i].category;
  return "";
}

static const char *category_file(PmlShared *shared, const PmlKind *kind, const PmlRecord *record)
{
  switch (kind->operation) {
  case 3:
  case 24: return "Write";
  case 5:
  case 23: return "Read";
  case 20: return category_create_file(shared, record);
  case 25: return "Read Metadata";
  case 26: /* renaming, linking and deleting count as writing */
    return kind->sub == 10 || kind->sub == 11 || kind->sub == 13 || kind->sub == 64 ||
                   kind->sub == 65
               ? "Write"
               : "Write Metadata";
  case 27: return "Read Metadata";
  case 28: return "Write Metadata";
  case 31: return "Write Metadata";
  case 32: return "Read Metadata";
  case 33:
  case 34: return category_control(shared, record);
  case 40: return "Read Metadata";
  case 41: return "Write Metadata";
  default: return "";
  }
}

const char *pml_detail_category(PmlShared *shared, const PmlKind *kind, const PmlRecord *record)
{
  if (kind->class == PML_CLASS_REGISTRY)
    return category_registry(shared, kind, record);
  return kind->class == PML_CLASS_FILE ? category_file(shared, kind, record) : "";
}
