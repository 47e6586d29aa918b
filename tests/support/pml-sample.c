/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The events of the sample log, see pml-sample.h. What each expects was written by hand. */
#include "support/pml-sample-private.h"

#include <string.h>

/* The event collected so far, and what is expected of it; all is empty again behind it. */
void sample_add(Sample *s, guint32 class, guint16 operation, PmlSampleRow row)
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
void sample_param(Sample *s, gsize at64, gsize at32, gsize size, guint64 value)
{
  gsize at = s->is64 ? at64 : at32;
  if (s->params.len < 48)
    tb_buf_append_fill(&s->params, 0, 48 - s->params.len);
  for (gsize i = 0; i < size; i++)
    s->params.data[at + i] = (guint8)(value >> (8 * i));
}

void sample_file(Sample *s, guint8 sub, guint32 flags, const char *path)
{
  pml_build_file(&s->detail, s->is64, sub, flags, &s->params, path, strstr(path, "ü") != NULL);
}

void sample_times(TbBuf *out)
{
  tb_buf_append_le64(out, PML_BUILDER_START);
  tb_buf_append_le64(out, PML_BUILDER_START + 36000000000);
  tb_buf_append_le64(out, PML_BUILDER_START + 10000000);
  tb_buf_append_le64(out, 0);
}


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

