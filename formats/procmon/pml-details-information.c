/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Details of queries and settings of file and volume information: the
 * FILE_*_INFORMATION and FILE_FS_*_INFORMATION structures, which a query has as
 * completion data and a setting behind the path (section 6.8 of
 * docs/format-procmon.md).
 */
#include "procmon/pml-details.h"

static const PmlBits volume_attributes[] = {
  { 0x2, "Case Preserved" },
  { 0x1, "Case Sensitive" },
  { 0x4, "Unicode" },
  { 0x8, "ACLs" },
  { 0x10, "Compression" },
  { 0x40000, "Named Streams" },
  { 0x20000, "EFS" },
  { 0x10000, "Object IDs" },
  { 0x80, "Reparse Points" },
  { 0x40, "Sparse Files" },
  { 0x20, "Quotas" },
  { 0x200000, "Transactions" },
};

/* FILE_BASIC_INFORMATION: 36 bytes. */
static void info_basic(PmlDetail *detail, PmlSpan *s)
{
  static const char *const keys[] = { "CreationTime", "LastAccessTime", "LastWriteTime",
                                      "ChangeTime" };
  guint64 times[4];
  for (guint i = 0; i < 4; i++)
    times[i] = pml_span_u64(s);
  guint32 attributes = pml_span_u32(s);
  if (s->short_of)
    return;
  for (guint i = 0; i < 4; i++)
    pml_list_time(&detail->list, keys[i], times[i], detail->shared->zone);
  pml_detail_append_attributes(pml_list_key(&detail->list, "FileAttributes"), attributes);
}

/* FILE_STANDARD_INFORMATION: 22 bytes. */
static void info_standard(PmlDetail *detail, PmlSpan *s)
{
  guint64 allocation = pml_span_u64(s);
  guint64 end = pml_span_u64(s);
  guint32 links = pml_span_u32(s);
  guint8 pending = pml_span_u8(s);
  guint8 directory = pml_span_u8(s);
  if (s->short_of)
    return;
  pml_list_signed(&detail->list, "AllocationSize", (gint64)allocation);
  pml_list_signed(&detail->list, "EndOfFile", (gint64)end);
  pml_list_grouped(&detail->list, "NumberOfLinks", links);
  pml_list_bool(&detail->list, "DeletePending", pending != 0);
  pml_list_bool(&detail->list, "Directory", directory != 0);
}

static void info_alignment(PmlList *list, guint32 alignment)
{
  const char *name = alignment == 0    ? "Byte"
                     : alignment == 1  ? "Word"
                     : alignment == 3  ? "Long"
                     : alignment == 7  ? "Quad"
                     : alignment == 15 ? "Octa"
                                       : NULL;
  if (name)
    pml_list_str(list, "AlignmentRequirement", name);
  else
    pml_list_hex(list, "AlignmentRequirement", alignment);
}

/* FILE_ALL_INFORMATION: basic at 0, standard at 40, internal at 64 and on. */
static void info_all(PmlDetail *detail, PmlSpan *s)
{
  PmlList *list = &detail->list;
  info_basic(detail, s);
  if (!pml_span_seek(s, 40))
    return;
  info_standard(detail, s);
  if (!pml_span_seek(s, 64))
    return;
  guint64 index = pml_span_u64(s);
  guint32 ea = pml_span_u32(s);
  guint32 access = pml_span_u32(s);
  guint64 position = pml_span_u64(s);
  guint32 mode = pml_span_u32(s);
  guint32 alignment = pml_span_u32(s);
  if (s->short_of)
    return;
  pml_list_hex(list, "IndexNumber", index);
  pml_list_grouped(list, "EaSize", ea);
  pml_detail_append_file_access(pml_list_key(list, "Access"), access);
  pml_list_signed(list, "Position", (gint64)position);
  pml_detail_append_create_options(pml_list_key(list, "Mode"), mode);
  info_alignment(list, alignment);
}

/* FILE_NETWORK_OPEN_INFORMATION: 52 bytes. */
static void info_network_open(PmlDetail *detail, PmlSpan *s)
{
  static const char *const keys[] = { "CreationTime", "LastAccessTime", "LastWriteTime",
                                      "ChangeTime" };
  if (s->len - s->pos < 52)
    return;
  for (guint i = 0; i < 4; i++)
    pml_list_time(&detail->list, keys[i], pml_span_u64(s), detail->shared->zone);
  pml_list_signed(&detail->list, "AllocationSize", (gint64)pml_span_u64(s));
  pml_list_signed(&detail->list, "EndOfFile", (gint64)pml_span_u64(s));
  pml_detail_append_attributes(pml_list_key(&detail->list, "FileAttributes"), pml_span_u32(s));
}

/* FILE_STREAM_INFORMATION: entries of next, name length, size, allocation, name. */
static void info_streams(PmlDetail *detail, PmlSpan *s)
{
  guint64 step;
  guint number = 0;
  char key[12];
  do {
    PmlSpan entry = pml_span(s->data + s->pos, s->len - s->pos);
    if (entry.len < 24)
      return;
    g_snprintf(key, sizeof key, "%u", number++);
    guint64 bytes = pml_span_at(&entry, 4, 4);
    pml_span_seek(&entry, 24);
    pml_list_utf16(&detail->list, key, &entry, bytes);
    step = pml_span_at(s, s->pos, 4);
  } while (step >= 24 && step < s->len - s->pos && pml_span_take(s, step));
}

static void info_named(PmlDetail *detail, PmlSpan *s, const char *key)
{
  guint32 bytes = pml_span_u32(s);
  if (!s->short_of)
    pml_list_utf16(&detail->list, key, s, bytes);
}

static void info_object_id(PmlDetail *detail, PmlSpan *s)
{
  static const char digits[] = "0123456789ABCDEF";
  const guint8 *id = pml_span_take(s, 16);
  if (!id)
    return;
  TbBuf *out = pml_list_key(&detail->list, "ObjectId");
  for (guint i = 0; i < 16; i++) {
    tb_buf_append_c(out, digits[id[i] >> 4]);
    tb_buf_append_c(out, digits[id[i] & 15]);
  }
}

static void info_query_file(PmlDetail *detail, PmlSpan *s)
{
  PmlList *list = &detail->list;
  gsize left = s->len;
  switch (detail->kind->sub) {
  case 4: info_basic(detail, s); break;
  case 5: info_standard(detail, s); break;
  case 6:
    if (left >= 8)
      pml_list_hex(list, "IndexNumber", pml_span_u64(s));
    break;
  case 7:
    if (left >= 4)
      pml_list_grouped(list, "EaSize", pml_span_u32(s));
    break;
  case 9:
  case 40:
  case 48: info_named(detail, s, "Name"); break;
  case 14:
    if (left >= 8)
      pml_list_signed(list, "Position", (gint64)pml_span_u64(s));
    break;
  case 18: info_all(detail, s); break;
  case 22: info_streams(detail, s); break;
  case 28:
    if (left >= 10) {
      pml_list_signed(list, "CompressedFileSize", (gint64)pml_span_u64(s));
      pml_list_hex(list, "CompressionFormat", pml_span_u16(s));
    }
    break;
  case 34: info_network_open(detail, s); break;
  case 35:
    if (left >= 8) {
      pml_detail_append_attributes(pml_list_key(list, "Attributes"), pml_span_u32(s));
      pml_list_hex(list, "ReparseTag", pml_span_u32(s));
    }
    break;
  case 58: info_named(detail, s, "VolumeName"); break;
  default: break;
  }
}

static void info_set_file(PmlDetail *detail, PmlSpan *s)
{
  PmlList *list = &detail->list;
  gsize left = s->len - s->pos;
  switch (detail->kind->sub) {
  case 4: info_basic(detail, s); break;
  case 10: /* FILE_RENAME_INFORMATION is kept as a string announced by its word */
  case 11: {
    guint16 word = pml_span_u16(s);
    pml_span_take(s, 2);
    pml_list_key(list, "FileName");
    pml_text_append_info(list->out, s, word);
    break;
  }
  case 13:
    if (left >= 1)
      pml_list_bool(list, "Delete", pml_span_u8(s) != 0);
    break;
  case 14:
    if (left >= 8)
      pml_list_signed(list, "Position", (gint64)pml_span_u64(s));
    break;
  case 19:
    if (left >= 8)
      pml_list_signed(list, "AllocationSize", (gint64)pml_span_u64(s));
    break;
  case 20:
    if (left >= 8)
      pml_list_signed(list, "EndOfFile", (gint64)pml_span_u64(s));
    break;
  case 39:
    if (left >= 8)
      pml_list_signed(list, "ValidDataLength", (gint64)pml_span_u64(s));
    break;
  case 64:
    if (left >= 4)
      pml_list_hex(list, "Flags", pml_span_u32(s));
    break;
  default: break;
  }
}

/* FILE_FS_VOLUME_INFORMATION. */
static void info_volume(PmlDetail *detail, PmlSpan *s)
{
  PmlList *list = &detail->list;
  if (s->len < 18)
    return;
  guint64 created = pml_span_u64(s);
  guint32 serial = pml_span_u32(s);
  guint32 label_bytes = pml_span_u32(s);
  guint8 objects = pml_span_u8(s);
  pml_span_take(s, 1);
  pml_list_time(list, "VolumeCreationTime", created, detail->shared->zone);
  TbBuf *out = pml_list_key(list, "VolumeSerialNumber");
  static const char digits[] = "0123456789ABCDEF";
  for (guint i = 0; i < 8; i++) {
    if (i == 4)
      tb_buf_append_c(out, '-');
    tb_buf_append_c(out, digits[serial >> (28 - 4 * i) & 15]);
  }
  pml_list_bool(list, "SupportsObjects", objects != 0);
  pml_list_utf16(list, "VolumeLabel", s, label_bytes);
}

/* FILE_FS_ATTRIBUTE_INFORMATION. */
static void info_volume_attributes(PmlDetail *detail, PmlSpan *s)
{
  PmlList *list = &detail->list;
  if (s->len < 12)
    return;
  guint32 attributes = pml_span_u32(s);
  guint32 longest = pml_span_u32(s);
  guint32 name_bytes = pml_span_u32(s);
  guint32 rest = 0;
  TbBuf *out = pml_list_key(list, "FileSystemAttributes");
  gsize start = out->len;
  pml_text_append_bits(out, attributes, volume_attributes, G_N_ELEMENTS(volume_attributes), ", ",
                       &rest);
  if (rest) {
    if (out->len > start)
      tb_buf_append(out, ", ", 2);
    pml_text_append_hex(out, rest);
  }
  pml_list_grouped(list, "MaximumComponentNameLength", longest);
  pml_list_utf16(list, "FileSystemName", s, name_bytes);
}

static void info_query_volume(PmlDetail *detail, PmlSpan *s)
{
  PmlList *list = &detail->list;
  switch (detail->kind->sub) {
  case 1: info_volume(detail, s); break;
  case 2: info_named(detail, s, "VolumeLabel"); break;
  case 3:
    if (s->len >= 24) {
      pml_list_signed(list, "TotalAllocationUnits", (gint64)pml_span_u64(s));
      pml_list_signed(list, "AvailableAllocationUnits", (gint64)pml_span_u64(s));
      pml_list_grouped(list, "SectorsPerAllocationUnit", pml_span_u32(s));
      pml_list_grouped(list, "BytesPerSector", pml_span_u32(s));
    }
    break;
  case 4:
    if (s->len >= 8) {
      pml_list_hex(list, "DeviceType", pml_span_u32(s));
      pml_list_hex(list, "Characteristics", pml_span_u32(s));
    }
    break;
  case 5: info_volume_attributes(detail, s); break;
  case 7:
    if (s->len >= 32) {
      pml_list_signed(list, "TotalAllocationUnits", (gint64)pml_span_u64(s));
      pml_list_signed(list, "CallerAvailableAllocationUnits", (gint64)pml_span_u64(s));
      pml_list_signed(list, "ActualAvailableAllocationUnits", (gint64)pml_span_u64(s));
      pml_list_grouped(list, "SectorsPerAllocationUnit", pml_span_u32(s));
      pml_list_grouped(list, "BytesPerSector", pml_span_u32(s));
    }
    break;
  case 8: info_object_id(detail, s); break;
  default: break;
  }
}

void pml_detail_file_information(PmlDetail *detail, const PmlFileView *view)
{
  PmlSpan extra = pml_span(detail->record->extra, detail->record->extra_len);
  PmlSpan behind = view->rest;
  switch (detail->kind->operation) {
  case 25: info_query_file(detail, &extra); break;
  case 26: info_set_file(detail, &behind); break;
  case 30: info_query_volume(detail, &extra); break;
  case 31:
    if (detail->kind->sub == 2)
      info_named(detail, &behind, "VolumeLabel");
    break;
  default: break;
  }
}
