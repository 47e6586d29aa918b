/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The registry events of the sample log, see pml-sample.h. What each expects was written by hand. */
#include "support/pml-sample-private.h"

#include <string.h>

static void sample_registry_words(Sample *s, const guint32 *words, guint n)
{
  TbBuf *fixed = &s->params;
  tb_buf_reset(fixed);
  tb_buf_append_le16(fixed, 0x2d00);
  for (guint i = 0; i < n; i++)
    tb_buf_append_le32(fixed, words[i]);
}

static void sample_registry(Sample *s, const char *path, const guint32 *words, guint n)
{
  if (n)
    sample_registry_words(s, words, n);
  pml_build_registry(&s->detail, path, n ? &s->params : NULL);
}

#define SAMPLE_REGISTRY(s, path, ...)                                                          \
  sample_registry(s, path, (const guint32[]){ __VA_ARGS__ },                                   \
                  sizeof((const guint32[]){ __VA_ARGS__ }) / sizeof(guint32))

void sample_registry_open(Sample *s)
{
  s->status = 0xc0000034;
  SAMPLE_REGISTRY(s, "HKCU\\Software\\A", 0x20019);
  sample_add(s, REGISTRY, 0, (PmlSampleRow){ "RegOpenKey", "HKCU\\Software\\A", "NAME NOT FOUND",
                                             "Desired Access: Read", "Read" });
  SAMPLE_REGISTRY(s, "HKLM\\B", 0x2000000);
  tb_buf_append_le32(&s->extra, 0xf003f);
  tb_buf_append_le32(&s->extra, 2);
  sample_add(s, REGISTRY, 0,
             (PmlSampleRow){ "RegOpenKey", "HKLM\\B", NULL,
                             "Desired Access: Maximum Allowed, Granted Access: All Access, "
                             "Disposition: REG_OPENED_EXISTING_KEY", "Read" });
  SAMPLE_REGISTRY(s, "HKLM\\C", 0x80000000);
  tb_buf_append_le32(&s->extra, 0x20019);
  tb_buf_append_le32(&s->extra, 1);
  sample_add(s, REGISTRY, 1,
             (PmlSampleRow){ "RegCreateKey", "HKLM\\C", NULL,
                             "Desired Access: Read, Disposition: REG_CREATED_NEW_KEY", "Write" });
  SAMPLE_REGISTRY(s, "HKLM\\D", 0x80010102);
  sample_add(s, REGISTRY, 0, (PmlSampleRow){ "RegOpenKey", "HKLM\\D", NULL,
                                             "Desired Access: Read, Set Value, WOW64_64Key, Delete", "Read" });
}

void sample_registry_keys(Sample *s)
{
  SAMPLE_REGISTRY(s, "HKCU\\K", 256, 3);
  tb_buf_append_le32(&s->extra, 4);
  pml_build_text(&s->extra, "\\R", TRUE);
  sample_add(s, REGISTRY, 3, (PmlSampleRow){ "RegQueryKey", "HKCU\\K", NULL, "Query: Name",
                                             "Read" });
  s->status = 0xc0000023;
  SAMPLE_REGISTRY(s, "HKCU\\K", 0, 3);
  sample_add(s, REGISTRY, 3, (PmlSampleRow){ "RegQueryKey", "HKCU\\K", "BUFFER TOO SMALL",
                                             "Query: Name, Length: 0", "Read" });
  SAMPLE_REGISTRY(s, "HKCU\\K", 48, 4);
  tb_buf_append_fill(&s->extra, 0, 12);
  tb_buf_append_le32(&s->extra, 1200);
  tb_buf_append_le32(&s->extra, 0);
  tb_buf_append_le32(&s->extra, 51);
  sample_add(s, REGISTRY, 3, (PmlSampleRow){ "RegQueryKey", "HKCU\\K", NULL,
                                             "Query: Cached, SubKeys: 1,200, Values: 51", "Read" });
  SAMPLE_REGISTRY(s, "HKCU\\K", 48, 2);
  tb_buf_append_fill(&s->extra, 0, 20);
  tb_buf_append_le32(&s->extra, 2);
  tb_buf_append_fill(&s->extra, 0, 8);
  tb_buf_append_le32(&s->extra, 51);
  sample_add(s, REGISTRY, 3, (PmlSampleRow){ "RegQueryKey", "HKCU\\K", NULL,
                                             "Query: Full, SubKeys: 2, Values: 51", "Read" });
  SAMPLE_REGISTRY(s, "HKCU\\K", 4, 7);
  tb_buf_append_le32(&s->extra, 0x400);
  sample_add(s, REGISTRY, 3, (PmlSampleRow){ "RegQueryKey", "HKCU\\K", NULL,
                                             "Query: HandleTags, HandleTags: 0x400", "Read" });
  for (guint class = 0; class < 2; class++) {
    SAMPLE_REGISTRY(s, "HKCU\\K", 288, 3, class);
    tb_buf_append_fill(&s->extra, 0, class ? 20 : 12);
    tb_buf_append_le32(&s->extra, 6);
    pml_build_text(&s->extra, "Sub", TRUE);
    sample_add(s, REGISTRY, 7, (PmlSampleRow){ "RegEnumKey", "HKCU\\K", NULL,
                                               "Index: 3, Name: Sub", "Read" });
  }
  s->status = 0x8000001a;
  SAMPLE_REGISTRY(s, "HKCU\\K", 288, 4, 0);
  sample_add(s, REGISTRY, 7, (PmlSampleRow){ "RegEnumKey", "HKCU\\K", "NO MORE ENTRIES",
                                             "Index: 4, Length: 288", "Read" });
}

/* KEY_VALUE_PARTIAL_INFORMATION */
static void sample_partial(Sample *s, guint32 type, guint32 length, const void *data, gsize len)
{
  SAMPLE_REGISTRY(s, "HKCU\\K\\v", 144, 2);
  tb_buf_append_le32(&s->extra, 0);
  tb_buf_append_le32(&s->extra, type);
  tb_buf_append_le32(&s->extra, length);
  tb_buf_append(&s->extra, data, len);
}

static void sample_query_value(Sample *s, const char *detail)
{
  sample_add(s, REGISTRY, 5, (PmlSampleRow){ "RegQueryValue", "HKCU\\K\\v", NULL, detail, "Read" });
}

void sample_registry_values(Sample *s)
{
  sample_partial(s, 1, 6, "a\0b\0\0\0", 6);
  sample_query_value(s, "Type: REG_SZ, Length: 6, Data: ab");
  sample_partial(s, 2, 6, "%\0b\0\0\0", 6);
  sample_query_value(s, "Type: REG_EXPAND_SZ, Length: 6, Data: %b");
  sample_partial(s, 3, 1168, "\x07\x00\xff", 3);
  sample_query_value(s, "Type: REG_BINARY, Length: 1,168, Data: 07 00 FF");
  sample_partial(s, 4, 4, "\x40\xe2\x01\x00", 4);
  sample_query_value(s, "Type: REG_DWORD, Length: 4, Data: 123456");
  sample_partial(s, 7, 12, "e\0n\0\0\0d\0\0\0\0\0", 12);
  sample_query_value(s, "Type: REG_MULTI_SZ, Length: 12, Data: en, d");
  sample_partial(s, 11, 8, "\1\0\0\0\0\0\0\0", 8);
  sample_query_value(s, "Type: REG_QWORD, Length: 8, Data: ");
  sample_partial(s, 0, 0, "", 0);
  sample_query_value(s, "Type: REG_NONE, Length: 0");
  sample_partial(s, 77, 4, "abcd", 4);
  sample_query_value(s, "Type: <Unknown: 77>, Length: 4, Data: ");
  s->status = 0xc0000034;
  SAMPLE_REGISTRY(s, "HKCU\\K\\v", 144, 2);
  sample_add(s, REGISTRY, 5, (PmlSampleRow){ "RegQueryValue", "HKCU\\K\\v", "NAME NOT FOUND",
                                             "Length: 144", "Read" });
  SAMPLE_REGISTRY(s, "HKCU\\K", 220, 1, 1);
  guint32 full[] = { 0, 1, 24, 4, 4 };
  for (guint i = 0; i < 5; i++)
    tb_buf_append_le32(&s->extra, full[i]);
  tb_buf_append(&s->extra, "n\0m\0x\0\0\0", 8);
  sample_add(s, REGISTRY, 6,
             (PmlSampleRow){ "RegEnumValue", "HKCU\\K", NULL,
                             "Index: 1, Name: nm, Type: REG_SZ, Length: 4, Data: x", "Read" });
  SAMPLE_REGISTRY(s, "HKCU\\K", 220, 2, 0);
  tb_buf_append(&s->extra, "\0\0\0\0\4\0\0\0\0\0\0\0", 12);
  sample_add(s, REGISTRY, 6, (PmlSampleRow){ "RegEnumValue", "HKCU\\K", NULL,
                                             "Index: 2, Type: REG_DWORD", "Read" });
}

void sample_registry_set(Sample *s)
{
  SAMPLE_REGISTRY(s, "HKCU\\K\\v", 1, 4, 4);
  tb_buf_append(&s->detail, "a\0\0\0", 4);
  sample_add(s, REGISTRY, 4, (PmlSampleRow){ "RegSetValue", "HKCU\\K\\v", NULL,
                                             "Type: REG_SZ, Length: 4, Data: a", "Write" });
  SAMPLE_REGISTRY(s, "HKCU\\K", 0, 8, 8);
  tb_buf_append_le64(&s->detail, PML_BUILDER_START);
  sample_add(s, REGISTRY, 8,
             (PmlSampleRow){ "RegSetInfoKey", "HKCU\\K", NULL,
                             "KeySetInformationClass: KeyWriteTimeInformation, Length: 8, "
                             "LastWriteTime: 7/31/2020 6:55:07 AM", "Write Metadata" });
  SAMPLE_REGISTRY(s, "HKCU\\K", 1, 4, 4);
  tb_buf_append_le32(&s->detail, 0x100);
  sample_add(s, REGISTRY, 8,
             (PmlSampleRow){ "RegSetInfoKey", "HKCU\\K", NULL,
                             "KeySetInformationClass: KeyWow64FlagsInformation, Length: 4, "
                             "Wow64Flags: 0x100", "Write Metadata" });
  SAMPLE_REGISTRY(s, "HKCU\\K", 9, 0, 0);
  sample_add(s, REGISTRY, 8, (PmlSampleRow){ "RegSetInfoKey", "HKCU\\K", NULL,
                                             "KeySetInformationClass: <Unknown: 9>, Length: 0",
                                             "Write Metadata" });
  for (guint16 operation = 12; operation <= 14; operation += 2) {
    tb_buf_append_le16(&s->params, pml_build_word("C:\\hive", TRUE));
    pml_build_registry(&s->detail, "HKLM\\L", &s->params);
    pml_build_text(&s->detail, "C:\\hive", TRUE);
    sample_add(s, REGISTRY, operation,
               operation == 12
                   ? (PmlSampleRow){ "RegLoadKey", "HKLM\\L", NULL, "Hive Path: C:\\hive", NULL }
                   : (PmlSampleRow){ "RegRenameKey", "HKLM\\L", NULL, "New Name: C:\\hive", "Write" });
  }
  static const struct {
    guint16 operation;
    const char *name;
    const char *category;
  } bare[] = {
    { 2, "RegCloseKey", "" },       { 9, "RegDeleteKey", "Write" },
    { 10, "RegDeleteValue", "Write" }, { 11, "RegFlushKey", "" },
    { 13, "RegUnloadKey", "" },     { 15, "RegQueryMultipleValueKey", "Read" },
    { 16, "RegSetKeySecurity", "Write Metadata" },
    { 17, "RegQueryKeySecurity", "Read Metadata" },
  };
  for (guint i = 0; i < G_N_ELEMENTS(bare); i++) {
    pml_build_registry(&s->detail, "HKU\\X", NULL);
    sample_add(s, REGISTRY, bare[i].operation,
               (PmlSampleRow){ bare[i].name, "HKU\\X", NULL, NULL, bare[i].category });
  }
}
