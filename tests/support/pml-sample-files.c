/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The file events of the sample log, see pml-sample.h. What each expects was written by hand. */
#include "support/pml-sample-private.h"

#include <string.h>

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

void sample_file_create(Sample *s)
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

void sample_file_data(Sample *s)
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

void sample_file_directory(Sample *s)
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

void sample_file_control(Sample *s)
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

void sample_file_queries(Sample *s)
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

void sample_file_settings(Sample *s)
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

void sample_volume_queries(Sample *s)
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
void sample_file_bare(Sample *s)
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
