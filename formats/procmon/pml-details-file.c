/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Details of file-system operations but queries and settings of information,
 * which are in pml-details-information.c (section 6.8 of docs/format-procmon.md).
 */
#include "procmon/pml-details.h"

static const PmlBits file_share[] = { { 1, "Read" }, { 2, "Write" }, { 4, "Delete" } };

static const PmlBits file_io_flags[] = {
  { 0x10, "Buffered" },
  { 0x1, "Non-cached" },
  { 0x2, "Paging I/O" },
  { 0x4, "Synchronous" },
  { 0x40, "Synchronous Paging I/O" },
  { 0x400000, "Write Through" },
};

static const PmlBits file_security[] = {
  { 0x1, "Owner" },
  { 0x2, "Group" },
  { 0x4, "DACL" },
  { 0x8, "SACL" },
  { 0x10, "Label" },
  { 0x80000000, "DACL Protected" },
  { 0x40000000, "SACL Protected" },
  { 0x20000000, "DACL Unprotected" },
  { 0x10000000, "SACL Unprotected" },
};

static const PmlBits file_notify[] = {
  { 0x1, "FILE_NOTIFY_CHANGE_FILE_NAME" },
  { 0x2, "FILE_NOTIFY_CHANGE_DIR_NAME" },
  { 0x4, "FILE_NOTIFY_CHANGE_ATTRIBUTES" },
  { 0x8, "FILE_NOTIFY_CHANGE_SIZE" },
  { 0x10, "FILE_NOTIFY_CHANGE_LAST_WRITE" },
  { 0x20, "FILE_NOTIFY_CHANGE_LAST_ACCESS" },
  { 0x40, "FILE_NOTIFY_CHANGE_CREATION" },
  { 0x80, "FILE_NOTIFY_CHANGE_EA" },
  { 0x100, "FILE_NOTIFY_CHANGE_SECURITY" },
  { 0x200, "FILE_NOTIFY_CHANGE_STREAM_NAME" },
  { 0x400, "FILE_NOTIFY_CHANGE_STREAM_SIZE" },
  { 0x800, "FILE_NOTIFY_CHANGE_STREAM_WRITE" },
};

static const char *const file_dispositions[] = { "Supersede", "Open",      "Create",
                                                 "OpenIf",    "Overwrite", "OverwriteIf" };
static const char *const file_results[] = { "Superseded",  "Opened", "Created",
                                            "Overwritten", "Exists", "DoesNotExist" };
static const char *const file_priorities[] = { "", "Very Low", "Low", "Normal", "High",
                                               "Critical" };

/* Whoever acts for another is named as the system would; other accounts by what the log tells. */
static void file_append_account(PmlDetail *detail, const guint8 *sid, gsize len)
{
  static const char *const services[] = { "SYSTEM", "LOCAL SERVICE", "NETWORK SERVICE" };
  PmlShared *shared = detail->shared;
  if (len == 12 && sid[0] == 1 && sid[1] == 1 && tb_get_u32(sid + 4, TRUE) == 5 &&
      !sid[2] && !sid[3] && tb_get_u32(sid + 8, FALSE) - 18 < G_N_ELEMENTS(services)) {
    tb_buf_append_str(detail->list.out, "NT AUTHORITY\\");
    tb_buf_append_str(detail->list.out, services[sid[8] - 18]);
    return;
  }
  if (shared->learn)
    shared->learn(shared->learn_data);
  tb_buf_reset(&shared->scratch);
  if (!pml_text_append_sid(&shared->scratch, sid, len))
    return;
  tb_buf_append_c(&shared->scratch, 0);
  const char *user = g_hash_table_lookup(shared->users, shared->scratch.data);
  tb_buf_append_str(detail->list.out, user ? user : (const char *)shared->scratch.data);
}

static const char *file_name_of(const char *const *names, gsize n, guint32 i)
{
  return i < n ? names[i] : "<unknown>";
}

static void file_create(PmlDetail *detail, PmlFileView *view)
{
  gboolean is64 = detail->shared->is64;
  PmlList *list = &detail->list;
  TbBuf *out = list->out;
  guint32 access = pml_span_u32(&view->rest);
  guint8 sid_len = pml_span_u8(&view->rest);
  pml_span_take(&view->rest, 3);
  guint32 options = (guint32)pml_span_at(&view->params, is64 ? 8 : 4, 4);
  guint32 attributes = (guint32)pml_span_at(&view->params, is64 ? 16 : 8, 2);
  guint32 share = (guint32)pml_span_at(&view->params, is64 ? 18 : 10, 2);
  guint64 allocation = pml_span_at(&view->params, is64 ? 40 : 20, 8);
  guint32 disposition = options >> 24;
  pml_list_key(list, "Desired Access");
  pml_detail_append_file_access(out, access);
  pml_list_str(list, "Disposition",
               file_name_of(file_dispositions, G_N_ELEMENTS(file_dispositions), disposition));
  pml_list_key(list, "Options");
  pml_detail_append_create_options(out, options & 0xffffff);
  pml_list_key(list, "Attributes");
  pml_detail_append_attributes(out, attributes);
  pml_list_key(list, "ShareMode");
  if (share)
    pml_text_append_bits(out, share, file_share, G_N_ELEMENTS(file_share), ", ", NULL);
  else
    tb_buf_append_str(out, "None");
  if (disposition == 0 || disposition == 2 || disposition == 3 || disposition == 5)
    pml_list_grouped(list, "AllocationSize", allocation); /* only these may make a file */
  else
    pml_list_str(list, "AllocationSize", "n/a");
  const guint8 *sid = sid_len ? pml_span_take(&view->rest, sid_len) : NULL;
  if (sid) {
    pml_list_key(list, "Impersonating");
    file_append_account(detail, sid, sid_len);
  }
  if (detail->record->extra_len >= 4)
    pml_list_str(list, "OpenResult",
                 file_name_of(file_results, G_N_ELEMENTS(file_results),
                              tb_get_u32(detail->record->extra, FALSE)));
}

static void file_read_write(PmlDetail *detail, PmlFileView *view)
{
  gboolean is64 = detail->shared->is64;
  PmlList *list = &detail->list;
  guint32 flags = view->irp_flags & 0xe000ff;
  guint32 priority = view->irp_flags >> 17 & 7;
  guint64 length = detail->record->extra_len >= 4 ? tb_get_u32(detail->record->extra, FALSE)
                                                  : pml_span_at(&view->params, 0, 4);
  pml_list_signed(list, "Offset", (gint64)pml_span_at(&view->params, is64 ? 16 : 8, 8));
  pml_list_grouped(list, "Length", length);
  if (flags) {
    pml_list_key(list, "I/O Flags");
    pml_text_append_bits(list->out, flags, file_io_flags, G_N_ELEMENTS(file_io_flags), ", ",
                         NULL);
  }
  if (priority >= G_N_ELEMENTS(file_priorities))
    pml_list_hex(list, "Priority", priority);
  else if (priority)
    pml_list_str(list, "Priority", file_priorities[priority]);
}

/* Where the length and the text of a name stand in an entry of a directory listing. */
static gboolean file_entry_name(guint32 class, gsize *length_at, gsize *name_at)
{
  *length_at = 60;
  switch (class) {
  case 1: *name_at = 64; return TRUE;
  case 2: *name_at = 68; return TRUE;
  case 3: *name_at = 94; return TRUE;
  case 12: *length_at = 8; *name_at = 12; return TRUE;
  case 37: *name_at = 104; return TRUE;
  case 38: *name_at = 80; return TRUE;
  case 50: *name_at = 92; return TRUE;
  case 60: *name_at = 88; return TRUE;
  case 63: *name_at = 114; return TRUE;
  default: return FALSE;
  }
}

static void file_append_entry(PmlDetail *detail, PmlSpan entry, gsize length_at, gsize name_at,
                              guint number)
{
  guint64 bytes = pml_span_at(&entry, length_at, 4);
  char key[12];
  g_snprintf(key, sizeof key, "%u", number);
  if (pml_span_seek(&entry, name_at))
    pml_list_utf16(&detail->list, key, &entry, bytes);
}

/*
 * The listing: Process Monitor numbers filter and names from 0 and puts the
 * information class on place 2, over the name that stands there; a list that
 * does not come that far goes without.
 */
static void file_query_directory(PmlDetail *detail, PmlFileView *view)
{
  PmlList *list = &detail->list;
  guint32 class = (guint32)pml_span_at(&view->params, detail->shared->is64 ? 16 : 8, 4);
  const char *class_name = detail->shared->wishes.plain_listings ? NULL
                                                          : pml_names_information_class(class);
  guint16 pattern = pml_span_u16(&view->rest);
  guint number = 0;
  if (pml_text_info_bytes(pattern)) {
    pml_list_key(list, "Filter");
    pml_text_append_info(list->out, &view->rest, pattern);
    number = 1;
  }
  PmlSpan s = pml_span(detail->record->extra, detail->record->extra_len);
  gsize length_at;
  gsize name_at;
  guint64 step = 0;
  if (!s.len || !file_entry_name(class, &length_at, &name_at))
    return;
  do {
    PmlSpan entry = pml_span(s.data + s.pos, s.len - s.pos);
    if (entry.len < name_at)
      break;
    if (number == 2 && class_name)
      pml_list_str(list, "FileInformationClass", class_name);
    else
      file_append_entry(detail, entry, length_at, name_at, number);
    number++;
    step = pml_span_at(&entry, 0, 4);
  } while (step >= name_at && step < s.len - s.pos && pml_span_take(&s, step));
  if (number == 2 && class_name)
    pml_list_str(list, "FileInformationClass", class_name);
}

static void file_notify_change(PmlDetail *detail, PmlFileView *view)
{
  guint32 filter = (guint32)pml_span_at(&view->params, detail->shared->is64 ? 8 : 4, 4);
  pml_list_key(&detail->list, "Filter");
  pml_text_append_bits(detail->list.out, filter, file_notify, G_N_ELEMENTS(file_notify), ", ",
                       NULL);
}

static void file_control(PmlDetail *detail, PmlFileView *view)
{
  gboolean is64 = detail->shared->is64;
  PmlList *list = &detail->list;
  guint32 code = (guint32)pml_span_at(&view->params, is64 ? 16 : 8, 4);
  guint64 out_len = pml_span_at(&view->params, 0, 4);
  guint64 in_len = pml_span_at(&view->params, is64 ? 8 : 4, 4);
  const char *name = pml_names_control(code);
  TbBuf *out = pml_list_key(list, "Control");
  if (name) {
    tb_buf_append_str(out, name);
  } else {
    pml_text_append_hex(out, code);
    tb_buf_append_str(out, " (Device:");
    pml_text_append_hex(out, code >> 16);
    tb_buf_append_str(out, " Function:");
    tb_buf_append_u64(out, code >> 2 & 0xfff);
    tb_buf_append_str(out, " Method: ");
    tb_buf_append_u64(out, code & 3);
    tb_buf_append_c(out, ')');
  }
  if (code == 0x119ff8) { /* FSCTL_PIPE_INTERNAL_WRITE */
    pml_list_grouped(list, "Length", in_len);
  } else if (code == 0x116000) { /* FSCTL_PIPE_INTERNAL_READ */
    pml_list_grouped(list, "Length", out_len);
  } else if (code == 0x11c017 || code == 0x11dfff) { /* the two transceives */
    pml_list_grouped(list, "WriteLength", in_len);
    pml_list_grouped(list, "ReadLength", out_len);
  }
}

static void file_lock(PmlDetail *detail, PmlFileView *view)
{
  gboolean is64 = detail->shared->is64;
  PmlList *list = &detail->list;
  guint64 offset = pml_span_at(&view->params, is64 ? 16 : 8, 8);
  guint64 length = pml_span_at(&view->rest, view->rest.pos, 4); /* of 8: the low half is shown */
  if (view->sub == 1)
    pml_list_bool(list, "Exclusive", pml_span_at(&view->params, is64 ? 33 : 21, 1) != 0);
  if (view->sub <= 2) {
    pml_list_signed(list, "Offset", (gint64)offset);
    pml_list_grouped(list, "Length", length);
  }
  if (view->sub == 1)
    pml_list_bool(list, "Fail Immediately", pml_span_at(&view->params, is64 ? 32 : 20, 1) != 0);
  if (view->sub == 4)
    pml_list_u64(list, "Key", pml_span_at(&view->params, is64 ? 8 : 4, 4));
}

static void file_mapping(PmlDetail *detail, PmlFileView *view)
{
  static const char *const protections[] = {
    NULL, "PAGE_READONLY", "PAGE_READWRITE", "PAGE_WRITECOPY",
    "PAGE_EXECUTE", "PAGE_EXECUTE_READ", "PAGE_EXECUTE_READWRITE",
  };
  static const guint8 bits[] = { 0, 0x02, 0x04, 0x08, 0x10, 0x20, 0x40 };
  guint32 sync = (guint32)pml_span_at(&view->params, 0, 4);
  guint32 protection = (guint32)pml_span_at(&view->params, 4, 4);
  TbBuf *out = pml_list_key(&detail->list, "SyncType");
  if (sync <= 1)
    tb_buf_append_str(out, sync ? "SyncTypeCreateSection" : "SyncTypeOther");
  else
    tb_buf_append_u64(out, sync);
  for (guint i = 1; i < G_N_ELEMENTS(bits); i++)
    if (protection & bits[i]) {
      pml_list_str(&detail->list, "PageProtection", protections[i]);
      if (protection & 0x200)
        tb_buf_append_str(out, "|PAGE_NOCACHE");
      return;
    }
}

static void file_security_information(PmlDetail *detail, PmlFileView *view)
{
  pml_list_key(&detail->list, "Information");
  pml_text_append_bits(detail->list.out, (guint32)pml_span_at(&view->params, 0, 4), file_security,
                       G_N_ELEMENTS(file_security), ", ", NULL);
}

void pml_detail_file(PmlDetail *detail)
{
  PmlFileView view;
  if (!pml_file_view(detail->record, detail->shared->is64, &view))
    return;
  switch (detail->kind->operation) {
  case 3:
  case 5:
  case 23:
  case 24: file_read_write(detail, &view); break;
  case 19: file_mapping(detail, &view); break;
  case 20: file_create(detail, &view); break;
  case 25:
  case 26:
  case 30:
  case 31: pml_detail_file_information(detail, &view); break;
  case 32:
    if (view.sub == 1)
      file_query_directory(detail, &view);
    else if (view.sub == 2)
      file_notify_change(detail, &view);
    break;
  case 33:
  case 34:
  case 35: file_control(detail, &view); break;
  case 37: file_lock(detail, &view); break;
  case 40:
  case 41: file_security_information(detail, &view); break;
  default: break;
  }
}
