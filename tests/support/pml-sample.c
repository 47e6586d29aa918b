/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The events of the sample log, see pml-sample.h. What each expects was written by hand. */
#include "support/pml-sample.h"

#include <string.h>

enum { PROCESS = 1, REGISTRY = 2, FILES = 3, PROFILING = 4, NETWORK = 5 };
enum { SYSTEM = 101, EXPLORER = 102, NOTEPAD = 105, IDLE = 100 };

typedef struct {
  PmlBuilder *b;
  gboolean is64;
  GArray *rows;
  TbBuf params;
  TbBuf detail;
  TbBuf extra;
  guint32 process;
  guint32 status;
  guint64 duration;
} Sample;

static const guint8 user_sid[] = { 1, 5, 0, 0, 0, 0, 0, 5, 21, 0, 0, 0, 1, 0, 0, 0,
                                   2, 0, 0, 0, 3, 0, 0, 0, 0xe8, 3, 0, 0 };
static const guint8 medium_sid[] = { 1, 1, 0, 0, 0, 0, 0, 16, 0, 0x20, 0, 0 };
static const guint8 system_sid[] = { 1, 1, 0, 0, 0, 0, 0, 5, 18, 0, 0, 0 };

/* The event collected so far, and what is expected of it; all is empty again behind it. */
static void sample_add(Sample *s, guint32 class, guint16 operation, PmlSampleRow row)
{
  static const guint64 stack[] = { 0xfffff80000001000, 0x7ff700001234, 0x10 };
  PmlBuilderEvent event = {
    .class = class,
    .operation = operation,
    .process_index = s->process,
    .tid = 4242,
    .duration = s->duration,
    .status = s->status,
    .stack = stack,
    .depth = s->rows->len % 4,
    .detail = &s->detail,
    .extra = s->extra.len ? &s->extra : NULL,
    .stray = s->rows->len % 7 == 3 ? s->rows->len % 4 : 0,
  };
  if (!row.result)
    row.result = "SUCCESS";
  if (!row.path)
    row.path = "";
  if (!row.detail)
    row.detail = "";
  if (!row.category)
    row.category = "";
  pml_builder_add_event(s->b, &event);
  g_array_append_val(s->rows, row);
  tb_buf_reset(&s->params);
  tb_buf_reset(&s->detail);
  tb_buf_reset(&s->extra);
  s->status = 0;
  s->duration = 161;
}

/* @size bytes at the place of the operation's parameters that 64- and 32-bit systems have. */
static void sample_param(Sample *s, gsize at64, gsize at32, gsize size, guint64 value)
{
  gsize at = s->is64 ? at64 : at32;
  if (s->params.len < 48)
    tb_buf_append_fill(&s->params, 0, 48 - s->params.len);
  for (gsize i = 0; i < size; i++)
    s->params.data[at + i] = (guint8)(value >> (8 * i));
}

static void sample_file(Sample *s, guint8 sub, guint32 flags, const char *path)
{
  pml_build_file(&s->detail, s->is64, sub, flags, &s->params, path, strstr(path, "ü") != NULL);
}

static void sample_times(TbBuf *out)
{
  tb_buf_append_le64(out, PML_BUILDER_START);
  tb_buf_append_le64(out, PML_BUILDER_START + 36000000000);
  tb_buf_append_le64(out, PML_BUILDER_START + 10000000);
  tb_buf_append_le64(out, 0);
}

#define SAMPLE_TIMES                                                                      \
  "CreationTime: 7/31/2020 6:55:07 AM, LastAccessTime: 7/31/2020 7:55:07 AM, "            \
  "LastWriteTime: 7/31/2020 6:55:08 AM, ChangeTime: 1/1/1601 12:00:00 AM"

static void sample_processes(PmlBuilder *b)
{
  gboolean is64 = pml_builder_is64(b);
  const guint8 v4[] = { 192, 168, 1, 7 };
  const guint8 v6[16] = { 0x20, 1, 0xd, 0xb8, [15] = 1 };
  pml_builder_add_process(b, &(PmlBuilderProcess){ .index = IDLE, .parent_index = IDLE,
                                                   .virtualized = G_MAXUINT32, .is64 = is64,
                                                   .name = "Idle", .image = "Idle" });
  pml_builder_add_process(b, &(PmlBuilderProcess){
                                 .index = SYSTEM, .pid = 4, .parent_index = IDLE, .logon = 999,
                                 .start = PML_BUILDER_START - 600000000, .is64 = is64,
                                 .integrity = "System", .user = "NT AUTHORITY\\SYSTEM",
                                 .name = "System", .image = "System" });
  pml_builder_add_module(b, is64 ? 0xfffff80000000000 : 0x80000000, 0x100000,
                         "C:\\Windows\\system32\\ntoskrnl.exe");
  pml_builder_add_process(
      b, &(PmlBuilderProcess){ .index = EXPLORER, .pid = 1364, .parent_pid = 1296,
                               .parent_index = 77, .logon = 0x14794, .session = 1,
                               .start = PML_BUILDER_START - 300000000, .is64 = is64,
                               .integrity = "Medium", .user = "BUILT\\tester",
                               .name = "Explorer.EXE", .image = "C:\\Windows\\Explorer.EXE",
                               .command_line = "\"C:\\Windows\\Explorer.EXE\" /n",
                               .company = "Microsoft Corporation", .version = "6.1.7600.16385",
                               .description = "Windows Explorer" });
  pml_builder_add_module(b, is64 ? 0x7ff700000000 : 0x400000, 0x200000,
                         "C:\\Windows\\Explorer.EXE");
  pml_builder_add_process(
      b, &(PmlBuilderProcess){ .index = NOTEPAD, .pid = 2984, .parent_pid = 1364,
                               .parent_index = EXPLORER, .logon = 0x14794, .session = 1,
                               .start = PML_BUILDER_START + 10, .end = PML_BUILDER_START + 60,
                               .virtualized = 1, .integrity = "Medium",
                               .user = "BUILT\\tester", .name = "notepad.exe",
                               .image = "C:\\Windows\\notepad.exe",
                               .command_line = "notepad.exe a.txt" });
  pml_builder_add_host(b, v4, sizeof v4, "built.local");
  pml_builder_add_host(b, v6, sizeof v6, "six.example");
  pml_builder_add_port(b, 443, TRUE, "https");
  pml_builder_add_port(b, 53, FALSE, "domain");
}

static void sample_process_events(Sample *s)
{
  PmlBuildCreate create = { NOTEPAD, 2984, EXPLORER, 1364, 1, s->is64, PML_BUILDER_START + 10,
                            0x14794, user_sid, medium_sid, sizeof user_sid, sizeof medium_sid,
                            "C:\\Windows\\notepad.exe", "notepad.exe a.txt" };
  const char *environment[] = { "Path=C:\\Windows", "TEMP=C:\\T" };
  s->process = EXPLORER;
  pml_build_process_create(&s->detail, &create);
  sample_add(s, PROCESS, 1, (PmlSampleRow){ "Process Create", "C:\\Windows\\notepad.exe", NULL,
                                            "PID: 2984, Command line: notepad.exe a.txt", NULL });
  s->process = NOTEPAD;
  tb_buf_append_le32(&s->detail, 1364);
  tb_buf_append_le16(&s->detail, pml_build_word("notepad.exe a.txt", FALSE));
  tb_buf_append_le16(&s->detail, pml_build_word("C:\\Temp\\", TRUE));
  tb_buf_append_le32(&s->detail, 27);
  pml_build_text(&s->detail, "notepad.exe a.txt", FALSE);
  pml_build_text(&s->detail, "C:\\Temp\\", TRUE);
  for (guint i = 0; i < 2; i++) {
    pml_build_text(&s->detail, environment[i], TRUE);
    tb_buf_append_le16(&s->detail, 0);
  }
  sample_add(s, PROCESS, 7,
             (PmlSampleRow){ "Process Start", NULL, NULL,
                             "Parent PID: 1364, Command line: notepad.exe a.txt, Current "
                             "directory: C:\\Temp\\, Environment: \r\n\tPath=C:\\Windows\r\n\t"
                             "TEMP=C:\\T", NULL });
  pml_build_pointer(&s->detail, s->is64, 0x7720000);
  tb_buf_append_le32(&s->detail, 0xa6000);
  tb_buf_append_le16(&s->detail, pml_build_word("C:\\Windows\\System32\\ntdll.dll", FALSE));
  tb_buf_append_le16(&s->detail, 0);
  pml_build_text(&s->detail, "C:\\Windows\\System32\\ntdll.dll", FALSE);
  sample_add(s, PROCESS, 5, (PmlSampleRow){ "Load Image", "C:\\Windows\\System32\\ntdll.dll", NULL,
                                            "Image Base: 0x7720000, Image Size: 0xa6000", NULL });
  tb_buf_append_le32(&s->detail, 7764);
  sample_add(s, PROCESS, 3,
             (PmlSampleRow){ "Thread Create", NULL, NULL, "Thread ID: 7764", NULL });
  tb_buf_append_le32(&s->detail, 0);
  tb_buf_append_le64(&s->detail, 156001);
  tb_buf_append_le64(&s->detail, 0);
  sample_add(s, PROCESS, 4,
             (PmlSampleRow){ "Thread Exit", NULL, NULL,
                             "Thread ID: 4242, User Time: 0.0000000, Kernel Time: 0.0156001",
                             NULL });
  guint64 statistics[] = { 156001, 20000000, 8265728, 8421376, 978944, 1015808 };
  for (guint operation = 2; operation <= 8; operation += 6) {
    tb_buf_append_le32(&s->detail, 0xc000010c);
    for (guint i = 0; i < G_N_ELEMENTS(statistics); i++)
      tb_buf_append_le64(&s->detail, statistics[i]);
    sample_add(s, PROCESS, (guint16)operation,
               (PmlSampleRow){ operation == 2 ? "Process Exit" : "Process Statistics", NULL, NULL,
                               "Exit Status: -1073741556, User Time: 2.0000000 seconds, Kernel "
                               "Time: 0.0156001 seconds, Private Bytes: 978,944, Peak Private "
                               "Bytes: 1,015,808, Working Set: 8,265,728, Peak Working Set: "
                               "8,421,376", NULL });
  }
  sample_add(s, PROCESS, 6, (PmlSampleRow){ "Thread Profile", NULL, NULL, NULL, NULL });
  sample_add(s, PROCESS, 9, (PmlSampleRow){ "System Statistics", NULL, NULL, NULL, NULL });
}

static void sample_profiling_events(Sample *s)
{
  s->process = EXPLORER;
  tb_buf_append_le32(&s->detail, 156001);
  tb_buf_append_le32(&s->detail, 0);
  tb_buf_append_le32(&s->detail, 1234);
  sample_add(s, PROFILING, 0,
             (PmlSampleRow){ "Thread Profiling", NULL, NULL,
                             "User Time: 0.0156001, Kernel Time: 0.0000000, Context Switches: "
                             "1,234", NULL });
  tb_buf_append_le64(&s->detail, 10000000);
  tb_buf_append_le64(&s->detail, 1);
  pml_build_pointer(&s->detail, s->is64, 4096);
  pml_build_pointer(&s->detail, s->is64, 1048576);
  sample_add(s, PROFILING, 1,
             (PmlSampleRow){ "Process Profiling", NULL, NULL,
                             "User Time: 1.0000000 seconds, Kernel Time: 0.0000001 seconds, "
                             "Private Bytes: 1,048,576, Working Set: 4,096", NULL });
  sample_add(s, PROFILING, 2, (PmlSampleRow){ "Debug Output Profiling", NULL, NULL, NULL, NULL });
}

static void sample_network_events(Sample *s)
{
  const guint8 v4[16] = { 192, 168, 1, 7 };
  const guint8 other[16] = { 10, 0, 0, 1 };
  const guint8 v6[16] = { 0x20, 1, 0xd, 0xb8, [15] = 1 };
  const guint8 v6_other[16] = { 0xfe, 0x80, [15] = 2 };
  static const char *const names[] = {
    "TCP Unknown", "TCP Other",      "TCP Send",      "TCP Receive",    "TCP Accept",
    "TCP Connect", "TCP Disconnect", "TCP Reconnect", "TCP Retransmit", "TCP TCPCopy",
  };
  const char *send[] = { "startime", "1", "endtime", "2", "seqnum", "0", "connid", "0", NULL };
  const char *plain[] = { "seqnum", "0", "connid", "0", NULL };
  for (guint16 i = 0; i < G_N_ELEMENTS(names); i++) {
    pml_build_network(&s->detail, 7, 1460, v4, other, 49383, 443, i == 2 ? send : plain);
    sample_add(s, NETWORK, i,
               (PmlSampleRow){ names[i], "built.local:49383 -> 10.0.0.1:https", NULL,
                               i == 2 ? "Length: 1460, startime: 1, endtime: 2, seqnum: 0, "
                                        "connid: 0"
                                      : "Length: 1460, seqnum: 0, connid: 0", NULL });
  }
  pml_build_network(&s->detail, 0, 48, v6, v6_other, 5353, 53, plain);
  sample_add(s, NETWORK, 3, (PmlSampleRow){ "UDP Receive", "six.example:5353 -> fe80::2:domain",
                                            NULL, "Length: 48, seqnum: 0, connid: 0", NULL });
}

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

static void sample_registry_open(Sample *s)
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

static void sample_registry_keys(Sample *s)
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

static void sample_registry_values(Sample *s)
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

static void sample_registry_set(Sample *s)
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

static void sample_create(Sample *s, guint32 access, guint32 disposition, guint32 options,
                          guint32 attributes, guint32 share, const guint8 *sid, guint8 sid_len,
                          const char *path)
{
  sample_param(s, 8, 4, 4, disposition << 24 | options);
  sample_param(s, 16, 8, 2, attributes);
  sample_param(s, 18, 10, 2, share);
  sample_file(s, 0, 0x884, path);
  tb_buf_append_le32(&s->detail, access);
  tb_buf_append_le32(&s->detail, sid_len);
  tb_buf_append(&s->detail, sid, sid_len);
}

static void sample_file_create(Sample *s)
{
  sample_create(s, 0x80, 1, 0x200000, 0, 7, NULL, 0, "C:\\T\\a.txt");
  tb_buf_append_le32(&s->extra, 1);
  sample_add(s, FILES, 20,
             (PmlSampleRow){ "CreateFile", "C:\\T\\a.txt", NULL,
                             "Desired Access: Read Attributes, Disposition: Open, Options: Open "
                             "Reparse Point, Attributes: n/a, ShareMode: Read, Write, Delete, "
                             "AllocationSize: n/a, OpenResult: Opened", NULL });
  sample_create(s, 0xc0010000, 2, 0x60, 0x80, 0, system_sid, sizeof system_sid, "C:\\T\\ü.txt");
  tb_buf_append_le32(&s->extra, 2);
  sample_add(s, FILES, 20,
             (PmlSampleRow){ "CreateFile", "C:\\T\\ü.txt", NULL,
                             "Desired Access: Generic Read/Write, Delete, Disposition: Create, "
                             "Options: Synchronous IO Non-Alert, Non-Directory File, Attributes: "
                             "N, ShareMode: None, AllocationSize: 0, Impersonating: NT "
                             "AUTHORITY\\SYSTEM, OpenResult: Created", "Write" });
  s->status = 0xc0000035;
  sample_create(s, 0x100001, 5, 0x21, 0x22, 3, user_sid, sizeof user_sid, "C:\\T");
  sample_add(s, FILES, 20,
             (PmlSampleRow){ "CreateFile", "C:\\T", "NAME COLLISION",
                             "Desired Access: Read Data/List Directory, Synchronize, Disposition: "
                             "OverwriteIf, Options: Directory, Synchronous IO Non-Alert, "
                             "Attributes: HA, ShareMode: Read, Write, AllocationSize: 0, "
                             "Impersonating: BUILT\\tester", "Write" });
}

static void sample_file_data(Sample *s)
{
  sample_param(s, 0, 0, 4, 4096);
  sample_param(s, 16, 8, 8, 9633792);
  sample_file(s, 0, 0x60043, "C:\\T\\a.txt");
  tb_buf_append_le32(&s->extra, 1417);
  sample_add(s, FILES, 23,
             (PmlSampleRow){ "ReadFile", "C:\\T\\a.txt", NULL,
                             "Offset: 9,633,792, Length: 1,417, I/O Flags: Non-cached, Paging "
                             "I/O, Synchronous Paging I/O, Priority: Normal", "Read" });
  s->status = 0x103;
  s->duration = G_MAXUINT64;
  sample_param(s, 0, 0, 4, 512);
  sample_file(s, 0, 0x400000, "C:\\T\\a.txt");
  sample_add(s, FILES, 24,
             (PmlSampleRow){ "WriteFile", "C:\\T\\a.txt", "",
                             "Offset: 0, Length: 512, I/O Flags: Write Through", "Write" });
  sample_param(s, 16, 8, 8, 0x80000000);
  sample_param(s, 33, 21, 1, 1);
  sample_file(s, 1, 0, "C:\\T\\a.txt");
  tb_buf_append_le64(&s->detail, 20);
  sample_add(s, FILES, 37,
             (PmlSampleRow){ "LockFile", "C:\\T\\a.txt", NULL,
                             "Exclusive: True, Offset: 2,147,483,648, Length: 20, Fail "
                             "Immediately: False", NULL });
  sample_file(s, 2, 0, "C:\\T\\a.txt");
  tb_buf_append_le64(&s->detail, G_MAXUINT64);
  sample_add(s, FILES, 37, (PmlSampleRow){ "UnlockFileSingle", "C:\\T\\a.txt", NULL,
                                           "Offset: 0, Length: 4,294,967,295", NULL });
  sample_file(s, 3, 0, "C:\\T\\a.txt");
  sample_add(s, FILES, 37, (PmlSampleRow){ "UnlockFileAll", "C:\\T\\a.txt", NULL, NULL, NULL });
  s->status = 0x12a;
  sample_param(s, 0, 0, 4, 1);
  sample_param(s, 4, 4, 4, 0x202);
  sample_file(s, 0, 0, "C:\\T\\a.dll");
  sample_add(s, FILES, 19,
             (PmlSampleRow){ "CreateFileMapping", "C:\\T\\a.dll", "FILE LOCKED WITH ONLY READERS",
                             "SyncType: SyncTypeCreateSection, PageProtection: PAGE_READONLY|"
                             "PAGE_NOCACHE", NULL });
  sample_file(s, 0, 0, "C:\\T\\a.dll");
  sample_add(s, FILES, 19, (PmlSampleRow){ "CreateFileMapping", "C:\\T\\a.dll", NULL,
                                           "SyncType: SyncTypeOther", NULL });
}

/* One entry of FILE_ID_BOTH_DIR_INFORMATION; @step 0 = the last. */
static void sample_entry(TbBuf *out, const char *name, guint32 step)
{
  gsize start = out->len;
  tb_buf_append_le32(out, step);
  tb_buf_append_fill(out, 0, 56);
  tb_buf_append_le32(out, 2 * (guint32)strlen(name));
  tb_buf_append_fill(out, 0, 40);
  pml_build_text(out, name, TRUE);
  if (step)
    tb_buf_append_fill(out, 0, step - (out->len - start));
}

static void sample_file_directory(Sample *s)
{
  sample_param(s, 16, 8, 4, 37);
  sample_file(s, 1, 0, "C:\\T");
  tb_buf_append_le16(&s->detail, 0);
  sample_entry(&s->extra, ".", 112);
  sample_entry(&s->extra, "..", 112);
  sample_entry(&s->extra, "a", 112);
  sample_entry(&s->extra, "b", 0);
  sample_add(s, FILES, 32,
             (PmlSampleRow){ "QueryDirectory", "C:\\T", NULL,
                             "0: ., 1: .., FileInformationClass: FileIdBothDirectoryInformation, "
                             "3: b", "Read Metadata" });
  sample_param(s, 16, 8, 4, 37);
  sample_file(s, 1, 0, "C:\\T");
  tb_buf_append_le16(&s->detail, pml_build_word("a*", FALSE));
  pml_build_text(&s->detail, "a*", FALSE);
  sample_entry(&s->extra, "a", 0);
  sample_add(s, FILES, 32,
             (PmlSampleRow){ "QueryDirectory", "C:\\T\\a*", NULL,
                             "Filter: a*, 1: a, FileInformationClass: "
                             "FileIdBothDirectoryInformation", "Read Metadata" });
  s->status = 0xc000000f;
  sample_param(s, 16, 8, 4, 37);
  sample_file(s, 1, 0, "C:\\");
  tb_buf_append_le16(&s->detail, pml_build_word("zz", TRUE));
  pml_build_text(&s->detail, "zz", TRUE);
  sample_add(s, FILES, 32, (PmlSampleRow){ "QueryDirectory", "C:\\zz", "NO SUCH FILE",
                                           "Filter: zz", "Read Metadata" });
  s->status = 0x10c;
  sample_param(s, 8, 4, 4, 0x1f);
  sample_file(s, 2, 0, "C:\\T");
  sample_add(s, FILES, 32,
             (PmlSampleRow){ "NotifyChangeDirectory", "C:\\T", "NOTIFY ENUM DIR",
                             "Filter: FILE_NOTIFY_CHANGE_FILE_NAME, FILE_NOTIFY_CHANGE_DIR_NAME, "
                             "FILE_NOTIFY_CHANGE_ATTRIBUTES, FILE_NOTIFY_CHANGE_SIZE, "
                             "FILE_NOTIFY_CHANGE_LAST_WRITE", "Read Metadata" });
}

static void sample_file_control(Sample *s)
{
  static const struct {
    guint16 operation;
    guint32 code;
    const char *name;
    const char *detail;
    const char *category;
  } controls[] = {
    { 33, 0x900a8, "FileSystemControl", "Control: FSCTL_GET_REPARSE_POINT", "Read" },
    { 33, 0x11c017, "FileSystemControl",
      "Control: FSCTL_PIPE_TRANSCEIVE, WriteLength: 24, ReadLength: 1,024", "Write" },
    { 33, 0x144064, "FileSystemControl", "Control: 0x144064 (Device:0x14 Function:25 Method: 0)",
      "" },
    { 34, 0x4d0008, "DeviceIoControl", "Control: IOCTL_MOUNTDEV_QUERY_DEVICE_NAME", "" },
    { 35, 0x2d1400, "InternalDeviceIoControl", "Control: IOCTL_STORAGE_QUERY_PROPERTY", "" },
  };
  for (guint i = 0; i < G_N_ELEMENTS(controls); i++) {
    sample_param(s, 0, 0, 4, 1024);
    sample_param(s, 8, 4, 4, 24);
    sample_param(s, 16, 8, 4, controls[i].code);
    sample_file(s, 0, 0, "C:");
    sample_add(s, FILES, controls[i].operation,
               (PmlSampleRow){ controls[i].name, "C:", NULL, controls[i].detail,
                               controls[i].category });
  }
  for (guint16 operation = 40; operation <= 41; operation++) {
    sample_param(s, 0, 0, 4, operation == 40 ? 0x17 : 0x80000004);
    sample_file(s, 0, 0, "C:\\T");
    sample_add(s, FILES, operation,
               operation == 40 ? (PmlSampleRow){ "QuerySecurityFile", "C:\\T", NULL,
                                                 "Information: Owner, Group, DACL, Label",
                                                 "Read Metadata" }
                               : (PmlSampleRow){ "SetSecurityFile", "C:\\T", NULL,
                                                 "Information: DACL, DACL Protected",
                                                 "Write Metadata" });
  }
}

static void sample_query(Sample *s, guint8 sub, PmlSampleRow row)
{
  sample_file(s, sub, 0, "C:\\T\\a.txt");
  row.path = "C:\\T\\a.txt";
  row.category = "Read Metadata";
  sample_add(s, FILES, 25, row);
}

static void sample_standard(TbBuf *out)
{
  tb_buf_append_le64(out, 4096);
  tb_buf_append_le64(out, 1417);
  tb_buf_append_le32(out, 2);
  tb_buf_append_le32(out, 0x100);
}

#define SAMPLE_STANDARD \
  "AllocationSize: 4,096, EndOfFile: 1,417, NumberOfLinks: 2, DeletePending: False, Directory: True"

static void sample_file_all(Sample *s)
{
  sample_times(&s->extra);
  tb_buf_append_le64(&s->extra, 0x20);
  sample_standard(&s->extra);
  tb_buf_append_le64(&s->extra, 0x20000000045bb);
  tb_buf_append_le32(&s->extra, 0);
  tb_buf_append_le32(&s->extra, 0x120089);
  tb_buf_append_le64(&s->extra, 77);
  tb_buf_append_le32(&s->extra, 0x20);
  tb_buf_append_le32(&s->extra, 0);
  s->status = 0x80000005;
  sample_query(s, 18,
               (PmlSampleRow){ "QueryAllInformationFile", NULL, "BUFFER OVERFLOW",
                               SAMPLE_TIMES ", FileAttributes: A, " SAMPLE_STANDARD
                               ", IndexNumber: 0x20000000045bb, EaSize: 0, Access: Generic Read, "
                               "Position: 77, Mode: Synchronous IO Non-Alert, "
                               "AlignmentRequirement: Byte", NULL });
}

static void sample_file_queries(Sample *s)
{
  sample_times(&s->extra);
  tb_buf_append_le64(&s->extra, 0x2020);
  sample_query(s, 4, (PmlSampleRow){ "QueryBasicInformationFile", NULL, NULL,
                                     SAMPLE_TIMES ", FileAttributes: ANCI", NULL });
  sample_standard(&s->extra);
  sample_query(s, 5, (PmlSampleRow){ "QueryStandardInformationFile", NULL, NULL, SAMPLE_STANDARD,
                                     NULL });
  tb_buf_append_le64(&s->extra, 0xabc);
  sample_query(s, 6, (PmlSampleRow){ "QueryFileInternalInformationFile", NULL, NULL,
                                     "IndexNumber: 0xabc", NULL });
  tb_buf_append_le32(&s->extra, 0);
  sample_query(s, 7, (PmlSampleRow){ "QueryEaInformationFile", NULL, NULL, "EaSize: 0", NULL });
  tb_buf_append_le32(&s->extra, 10);
  pml_build_text(&s->extra, "\\Tjunk and more", TRUE);
  sample_query(s, 9, (PmlSampleRow){ "QueryNameInformationFile", NULL, NULL, "Name: \\Tjun",
                                     NULL });
  tb_buf_append_le64(&s->extra, 5);
  sample_query(s, 14, (PmlSampleRow){ "QueryPositionInformationFile", NULL, NULL, "Position: 5",
                                      NULL });
  sample_file_all(s);
  sample_times(&s->extra);
  tb_buf_append_le64(&s->extra, 4096);
  tb_buf_append_le64(&s->extra, 1417);
  tb_buf_append_le32(&s->extra, 0x10);
  sample_query(s, 34, (PmlSampleRow){ "QueryNetworkOpenInformationFile", NULL, NULL,
                                      SAMPLE_TIMES ", AllocationSize: 4,096, EndOfFile: 1,417, "
                                      "FileAttributes: D", NULL });
  tb_buf_append_le64(&s->extra, 0xa000000c00000420);
  sample_query(s, 35, (PmlSampleRow){ "QueryAttributeTagFile", NULL, NULL,
                                      "Attributes: ARP, ReparseTag: 0xa000000c", NULL });
  sample_query(s, 55, (PmlSampleRow){ "QueryRemoteProtocolInformation", NULL, NULL, NULL, NULL });
  sample_query(s, 222, (PmlSampleRow){ "<Unknown>", NULL, NULL, NULL, NULL });
}

static void sample_set(Sample *s, guint8 sub, const void *data, gsize len, const char *operation,
                       const char *detail, const char *category)
{
  sample_file(s, sub, 0, "C:\\T\\a.txt");
  tb_buf_append(&s->detail, data, len);
  sample_add(s, FILES, 26, (PmlSampleRow){ operation, "C:\\T\\a.txt", NULL, detail, category });
}

static void sample_file_settings(Sample *s)
{
  g_auto(TbBuf) basic = { 0 };
  sample_times(&basic);
  tb_buf_append_le32(&basic, 0);
  sample_set(s, 4, basic.data, basic.len, "SetBasicInformationFile",
             SAMPLE_TIMES ", FileAttributes: n/a", "Write Metadata");
  sample_set(s, 13, "\1", 1, "SetDispositionInformationFile", "Delete: True", "Write");
  sample_set(s, 14, "\5\0\0\0\0\0\0\0", 8, "SetPositionInformationFile", "Position: 5",
             "Write Metadata");
  sample_set(s, 19, "\0\x0e\0\0\0\0\0\0", 8, "SetAllocationInformationFile",
             "AllocationSize: 3,584", "Write Metadata");
  sample_set(s, 20, "\0\x0e\0\0\0\0\0\0", 8, "SetEndOfFileInformationFile", "EndOfFile: 3,584",
             "Write Metadata");
  sample_set(s, 39, "\0\x0e\0\0\0\0\0\0", 8, "SetValidDataLengthInformationFile",
             "ValidDataLength: 3,584", "Write Metadata");
}

static void sample_volume(Sample *s, guint8 sub, const char *operation, const char *detail)
{
  sample_file(s, sub, 0, "C:\\");
  sample_add(s, FILES, 30, (PmlSampleRow){ operation, "C:\\", NULL, detail, NULL });
}

static void sample_volume_queries(Sample *s)
{
  tb_buf_append_le64(&s->extra, PML_BUILDER_START);
  tb_buf_append_le32(&s->extra, 0x9caec62a);
  tb_buf_append_le32(&s->extra, 4);
  tb_buf_append_le16(&s->extra, 1);
  pml_build_text(&s->extra, "OS", TRUE);
  sample_volume(s, 1, "QueryInformationVolume",
                "VolumeCreationTime: 7/31/2020 6:55:07 AM, VolumeSerialNumber: 9CAE-C62A, "
                "SupportsObjects: True, VolumeLabel: OS");
  tb_buf_append_le64(&s->extra, 7863807);
  tb_buf_append_le64(&s->extra, 5314124);
  tb_buf_append_le32(&s->extra, 8);
  tb_buf_append_le32(&s->extra, 512);
  sample_volume(s, 3, "QuerySizeInformationVolume",
                "TotalAllocationUnits: 7,863,807, AvailableAllocationUnits: 5,314,124, "
                "SectorsPerAllocationUnit: 8, BytesPerSector: 512");
  tb_buf_append_le32(&s->extra, 0x3e700ff);
  tb_buf_append_le32(&s->extra, 255);
  tb_buf_append_le32(&s->extra, 8);
  pml_build_text(&s->extra, "NTFSx", TRUE);
  sample_volume(s, 5, "QueryAttributeInformationVolume",
                "FileSystemAttributes: Case Preserved, Case Sensitive, Unicode, ACLs, Compression, "
                "Named Streams, EFS, Object IDs, Reparse Points, Sparse Files, Quotas, "
                "Transactions, 0x3c00000, MaximumComponentNameLength: 255, FileSystemName: NTFS");
  tb_buf_append_le64(&s->extra, 10);
  tb_buf_append_le64(&s->extra, 9);
  tb_buf_append_le64(&s->extra, 8);
  tb_buf_append_le32(&s->extra, 8);
  tb_buf_append_le32(&s->extra, 512);
  sample_volume(s, 7, "QueryFullSizeInformationVolume",
                "TotalAllocationUnits: 10, CallerAvailableAllocationUnits: 9, "
                "ActualAvailableAllocationUnits: 8, SectorsPerAllocationUnit: 8, "
                "BytesPerSector: 512");
  tb_buf_append(&s->extra, "\xc6\x41\xdb\xc2\x55\xf5\x6c\x44\x92\x51\x87\xa6\x71\xfd\x66\xa3", 16);
  sample_volume(s, 8, "QueryObjectIdInformationVolume",
                "ObjectId: C641DBC255F56C44925187A671FD66A3");
}

/* Operations whose Detail says nothing. */
static void sample_file_bare(Sample *s)
{
  static const struct {
    guint16 operation;
    const char *name;
  } bare[] = {
    { 0, "VolumeDismount" }, { 1, "VolumeMount" }, { 2, "FASTIO_MDL_WRITE_COMPLETE" },
    { 4, "FASTIO_MDL_READ_COMPLETE" }, { 6, "QueryOpen" }, { 7, "FASTIO_CHECK_IF_POSSIBLE" },
    { 8, "IRP_MJ_12" }, { 9, "IRP_MJ_11" }, { 10, "IRP_MJ_10" }, { 11, "IRP_MJ_9" },
    { 12, "IRP_MJ_8" }, { 13, "FASTIO_NOTIFY_STREAM_FO_CREATION" },
    { 14, "FASTIO_RELEASE_FOR_CC_FLUSH" }, { 15, "FASTIO_ACQUIRE_FOR_CC_FLUSH" },
    { 16, "FASTIO_RELEASE_FOR_MOD_WRITE" }, { 17, "FASTIO_ACQUIRE_FOR_MOD_WRITE" },
    { 18, "FASTIO_RELEASE_FOR_SECTION_SYNCHRONIZATION" }, { 21, "CreatePipe" },
    { 22, "IRP_MJ_CLOSE" }, { 29, "FlushBuffersFile" }, { 36, "Shutdown" }, { 38, "CloseFile" },
    { 39, "CreateMailSlot" }, { 42, "Power" }, { 43, "SystemControl" }, { 44, "DeviceChange" },
    { 45, "QueryFileQuota" }, { 46, "SetFileQuota" }, { 47, "PlugAndPlay" },
  };
  for (guint i = 0; i < G_N_ELEMENTS(bare); i++) {
    s->status = 0xc01c0004;
    sample_file(s, 0, 0, "C:\\T");
    sample_add(s, FILES, bare[i].operation,
               (PmlSampleRow){ bare[i].name, "C:\\T", "FAST IO DISALLOWED", NULL, NULL });
  }
  sample_file(s, 9, 0, "C:");
  sample_add(s, FILES, 47, (PmlSampleRow){ "QueryCapabilities", "C:", NULL, NULL, NULL });
  s->status = 0xdeadbeef;
  sample_file(s, 0, 0, "C:\\T");
  sample_add(s, FILES, 38, (PmlSampleRow){ "CloseFile", "C:\\T", "0xDEADBEEF", NULL, NULL });
}

GArray *pml_sample_build(PmlBuilder *builder)
{
  Sample s = { .b = builder, .is64 = pml_builder_is64(builder), .duration = 161,
               .rows = g_array_new(FALSE, FALSE, sizeof(PmlSampleRow)) };
  sample_processes(builder);
  sample_process_events(&s);
  sample_profiling_events(&s);
  sample_network_events(&s);
  sample_registry_open(&s);
  sample_registry_keys(&s);
  sample_registry_values(&s);
  sample_registry_set(&s);
  sample_file_create(&s);
  sample_file_data(&s);
  sample_file_directory(&s);
  sample_file_control(&s);
  sample_file_queries(&s);
  sample_file_settings(&s);
  sample_volume_queries(&s);
  sample_file_bare(&s);
  s.process = 9999; /* not in the table */
  sample_add(&s, 9, 1, (PmlSampleRow){ "<Unknown>", NULL, NULL, NULL, NULL });
  tb_buf_clear(&s.params);
  tb_buf_clear(&s.detail);
  tb_buf_clear(&s.extra);
  return s.rows;
}
