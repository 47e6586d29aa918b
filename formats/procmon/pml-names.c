/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Names of operations, sub-operations, information classes and results as
 * Process Monitor shows them (sections 4 and 5 of docs/format-procmon.md).
 * Tables only.
 */
#include "procmon/pml.h"

static const char *const names_process[] = {
  "Process Defined", "Process Create", "Process Exit",  "Thread Create",      "Thread Exit",
  "Load Image",      "Thread Profile", "Process Start", "Process Statistics", "System Statistics",
};

static const char *const names_registry[] = {
  "RegOpenKey",      "RegCreateKey",   "RegCloseKey",
  "RegQueryKey",     "RegSetValue",    "RegQueryValue",
  "RegEnumValue",    "RegEnumKey",     "RegSetInfoKey",
  "RegDeleteKey",    "RegDeleteValue", "RegFlushKey",
  "RegLoadKey",      "RegUnloadKey",   "RegRenameKey",
  "RegQueryMultipleValueKey",          "RegSetKeySecurity",
  "RegQueryKeySecurity",
};

static const char *const names_file[] = {
  "VolumeDismount",
  "VolumeMount",
  "FASTIO_MDL_WRITE_COMPLETE",
  "WriteFile",
  "FASTIO_MDL_READ_COMPLETE",
  "ReadFile",
  "QueryOpen",
  "FASTIO_CHECK_IF_POSSIBLE",
  "IRP_MJ_12",
  "IRP_MJ_11",
  "IRP_MJ_10",
  "IRP_MJ_9",
  "IRP_MJ_8",
  "FASTIO_NOTIFY_STREAM_FO_CREATION",
  "FASTIO_RELEASE_FOR_CC_FLUSH",
  "FASTIO_ACQUIRE_FOR_CC_FLUSH",
  "FASTIO_RELEASE_FOR_MOD_WRITE",
  "FASTIO_ACQUIRE_FOR_MOD_WRITE",
  "FASTIO_RELEASE_FOR_SECTION_SYNCHRONIZATION",
  "CreateFileMapping",
  "CreateFile",
  "CreatePipe",
  "IRP_MJ_CLOSE",
  "ReadFile",
  "WriteFile",
  "QueryInformationFile",
  "SetInformationFile",
  "QueryEAFile",
  "SetEAFile",
  "FlushBuffersFile",
  "QueryVolumeInformation",
  "SetVolumeInformation",
  "DirectoryControl",
  "FileSystemControl",
  "DeviceIoControl",
  "InternalDeviceIoControl",
  "Shutdown",
  "LockUnlockFile",
  "CloseFile",
  "CreateMailSlot",
  "QuerySecurityFile",
  "SetSecurityFile",
  "Power",
  "SystemControl",
  "DeviceChange",
  "QueryFileQuota",
  "SetFileQuota",
  "PlugAndPlay",
};

static const char *const names_profiling[] = { "Thread Profiling", "Process Profiling",
                                               "Debug Output Profiling" };

static const char *const names_network[] = { "Unknown", "Other",   "Send",
                                             "Receive", "Accept",  "Connect",
                                             "Disconnect", "Reconnect", "Retransmit", "TCPCopy" };

static const struct {
  const char *name;
  const char *const *operations;
  guint n;
} names_classes[PML_N_CLASSES] = {
  [PML_CLASS_PROCESS] = { "Process", names_process, G_N_ELEMENTS(names_process) },
  [PML_CLASS_REGISTRY] = { "Registry", names_registry, G_N_ELEMENTS(names_registry) },
  [PML_CLASS_FILE] = { "File System", names_file, G_N_ELEMENTS(names_file) },
  [PML_CLASS_PROFILING] = { "Profiling", names_profiling, G_N_ELEMENTS(names_profiling) },
  [PML_CLASS_NETWORK] = { "Network", names_network, G_N_ELEMENTS(names_network) },
};

const char *pml_names_class(guint32 class)
{
  return class < PML_N_CLASSES ? names_classes[class].name : NULL;
}

const char *pml_names_operation(guint32 class, guint32 operation)
{
  if (class >= PML_N_CLASSES || operation >= names_classes[class].n)
    return NULL;
  return names_classes[class].operations[operation];
}

/* By FILE_INFORMATION_CLASS; irregular where Process Monitor is. */
static const char *const names_query_file[] = {
  [4] = "QueryBasicInformationFile",
  [5] = "QueryStandardInformationFile",
  [6] = "QueryFileInternalInformationFile",
  [7] = "QueryEaInformationFile",
  [9] = "QueryNameInformationFile",
  [14] = "QueryPositionInformationFile",
  [18] = "QueryAllInformationFile",
  [20] = "QueryEndOfFile",
  [22] = "QueryStreamInformationFile",
  [28] = "QueryCompressionInformationFile",
  [29] = "QueryId",
  [31] = "QueryMoveClusterInformationFile",
  [34] = "QueryNetworkOpenInformationFile",
  [35] = "QueryAttributeTagFile",
  [37] = "QueryIdBothDirectory",
  [39] = "QueryValidDataLength",
  [40] = "QueryShortNameInformationFile",
  [43] = "QueryIoPiorityHint",
  [46] = "QueryLinks",
  [48] = "QueryNormalizedNameInformationFile",
  [49] = "QueryNetworkPhysicalNameInformationFile",
  [50] = "QueryIdGlobalTxDirectoryInformation",
  [51] = "QueryIsRemoteDeviceInformation",
  [52] = "QueryAttributeCacheInformation",
  [53] = "QueryNumaNodeInformation",
  [54] = "QueryStandardLinkInformation",
  [55] = "QueryRemoteProtocolInformation",
  [56] = "QueryRenameInformationBypassAccessCheck",
  [57] = "QueryLinkInformationBypassAccessCheck",
  [58] = "QueryVolumeNameInformation",
  [59] = "QueryIdInformation",
  [60] = "QueryIdExtdDirectoryInformation",
  [62] = "QueryHardLinkFullIdInformation",
  [63] = "QueryIdExtdBothDirectoryInformation",
  [67] = "QueryDesiredStorageClassInformation",
  [68] = "QueryStatInformation",
  [69] = "QueryMemoryPartitionInformation",
  [70] = "QuerySatLxInformation",
  [71] = "QueryCaseSensitiveInformation",
  [72] = "QueryLinkInformationEx",
  [73] = "QueryLinkInfomraitonBypassAccessCheck",
  [74] = "QueryStorageReservedIdInformation",
  [75] = "QueryCaseSensitiveInformationForceAccessCheck",
};

static const char *const names_set_file[] = {
  [4] = "SetBasicInformationFile",
  [10] = "SetRenameInformationFile",
  [11] = "SetLinkInformationFile",
  [13] = "SetDispositionInformationFile",
  [14] = "SetPositionInformationFile",
  [19] = "SetAllocationInformationFile",
  [20] = "SetEndOfFileInformationFile",
  [22] = "SetFileStreamInformation",
  [23] = "SetPipeInformation",
  [39] = "SetValidDataLengthInformationFile",
  [40] = "SetShortNameInformation",
  [61] = "SetReplaceCompletionInformation",
  [64] = "SetDispositionInformationEx",
  [65] = "SetRenameInformationEx",
  [66] = "SetRenameInformationExBypassAccessCheck",
  [74] = "SetStorageReservedIdInformation",
};

/* By FS_INFORMATION_CLASS. */
static const char *const names_query_volume[] = {
  [1] = "QueryInformationVolume",
  [2] = "QueryLabelInformationVolume",
  [3] = "QuerySizeInformationVolume",
  [4] = "QueryDeviceInformationVolume",
  [5] = "QueryAttributeInformationVolume",
  [6] = "QueryControlInformationVolume",
  [7] = "QueryFullSizeInformationVolume",
  [8] = "QueryObjectIdInformationVolume",
};

static const char *const names_set_volume[] = {
  [1] = "SetControlInformationVolume",
  [2] = "SetLabelInformationVolume",
  [8] = "SetObjectIdInformationVolume",
};

static const char *const names_directory[] = { NULL, "QueryDirectory", "NotifyChangeDirectory" };

static const char *const names_lock[] = { NULL, "LockFile", "UnlockFileSingle", "UnlockFileAll",
                                          "UnlockFileByKey" };

/* By IRP_MN_* of plug and play; 0, StartDevice, cannot be told from "none". */
static const char *const names_pnp[] = {
  NULL,
  "QueryRemoveDevice",
  "RemoveDevice",
  "CancelRemoveDevice",
  "StopDevice",
  "QueryStopDevice",
  "CancelStopDevice",
  "QueryDeviceRelations",
  "QueryInterface",
  "QueryCapabilities",
  "QueryResources",
  "QueryResourceRequirements",
  "QueryDeviceText",
  "FilterResourceRequirements",
  NULL,
  "ReadConfig",
  "WriteConfig",
  "Eject",
  "SetLock",
  "QueryId2",
  "QueryPnpDeviceState",
  "QueryBusInformation",
  "DeviceUsageNotification",
  "SurpriseRemoval",
  "QueryLegacyBusInformation",
};

#define NAMES_SUB(table) { table, G_N_ELEMENTS(table) }

static const struct {
  const char *const *names;
  guint n;
} names_subs[] = {
  [25] = NAMES_SUB(names_query_file),  [26] = NAMES_SUB(names_set_file),
  [30] = NAMES_SUB(names_query_volume), [31] = NAMES_SUB(names_set_volume),
  [32] = NAMES_SUB(names_directory),   [37] = NAMES_SUB(names_lock),
  [47] = NAMES_SUB(names_pnp),
};

gboolean pml_names_has_sub(guint32 class, guint32 operation)
{
  return class == PML_CLASS_FILE && operation < G_N_ELEMENTS(names_subs) &&
         names_subs[operation].names;
}

const char *pml_names_sub_operation(guint32 operation, guint8 sub)
{
  return sub < names_subs[operation].n ? names_subs[operation].names[sub] : NULL;
}

static const char *const names_information[] = {
  NULL,
  "FileDirectoryInformation",
  "FileFullDirectoryInformation",
  "FileBothDirectoryInformation",
  "FileBasicInformation",
  "FileStandardInformation",
  "FileInternalInformation",
  "FileEaInformation",
  "FileAccessInformation",
  "FileNameInformation",
  "FileRenameInformation",
  "FileLinkInformation",
  "FileNamesInformation",
  "FileDispositionInformation",
  "FilePositionInformation",
  "FileFullEaInformation",
  "FileModeInformation",
  "FileAlignmentInformation",
  "FileAllInformation",
  "FileAllocationInformation",
  "FileEndOfFileInformation",
  "FileAlternateNameInformation",
  "FileStreamInformation",
  "FilePipeInformation",
  "FilePipeLocalInformation",
  "FilePipeRemoteInformation",
  "FileMailslotQueryInformation",
  "FileMailslotSetInformation",
  "FileCompressionInformation",
  "FileObjectIdInformation",
  "FileCompletionInformation",
  "FileMoveClusterInformation",
  "FileQuotaInformation",
  "FileReparsePointInformation",
  "FileNetworkOpenInformation",
  "FileAttributeTagInformation",
  "FileTrackingInformation",
  "FileIdBothDirectoryInformation",
  "FileIdFullDirectoryInformation",
  "FileValidDataLengthInformation",
  "FileShortNameInformation",
  [50] = "FileIdGlobalTxDirectoryInformation",
  [60] = "FileIdExtdDirectoryInformation",
  [63] = "FileIdExtdBothDirectoryInformation",
};

const char *pml_names_information_class(guint32 number)
{
  return number < G_N_ELEMENTS(names_information) ? names_information[number] : NULL;
}

/* NTSTATUS codes in ascending order. */
static const PmlCodeName names_statuses[] = {
  { 0x00000000, "SUCCESS" },
  { 0x00000103, "" },
  { 0x00000104, "REPARSE" },
  { 0x00000105, "MORE ENTRIES" },
  { 0x00000108, "OPLOCK BREAK IN PROGRESS" },
  { 0x0000010b, "NOTIFY CLEANUP" },
  { 0x0000010c, "NOTIFY ENUM DIR" },
  { 0x0000012a, "FILE LOCKED WITH ONLY READERS" },
  { 0x0000012b, "FILE LOCKED WITH WRITERS" },
  { 0x00000215, "OPLOCK SWITCHED TO NEW HANDLE" },
  { 0x00000216, "OPLOCK HANDLE CLOSED" },
  { 0x00000367, "WAIT FOR OPLOCK" },
  { 0x40000016, "PREDEFINED HANDLE" },
  { 0x80000002, "DATATYPE MISALIGNMENT" },
  { 0x80000005, "BUFFER OVERFLOW" },
  { 0x80000006, "NO MORE FILES" },
  { 0x80000015, "INVALID EA FLAG" },
  { 0x8000001a, "NO MORE ENTRIES" },
  { 0xc0000001, "UNSUCCESSFUL" },
  { 0xc0000002, "NOT IMPLEMENTED" },
  { 0xc0000003, "INVALID INFO CLASS" },
  { 0xc0000004, "INFO LENGTH MISMATCH" },
  { 0xc0000005, "ACCESS VIOLATION" },
  { 0xc0000006, "IN PAGE ERROR" },
  { 0xc0000008, "INVALID HANDLE" },
  { 0xc000000d, "INVALID PARAMETER" },
  { 0xc000000e, "NO SUCH DEVICE" },
  { 0xc000000f, "NO SUCH FILE" },
  { 0xc0000010, "INVALID DEVICE REQUEST" },
  { 0xc0000011, "END OF FILE" },
  { 0xc0000012, "WRONG VOLUME" },
  { 0xc0000013, "NO MEDIA" },
  { 0xc0000015, "NONEXISTENT SECTOR" },
  { 0xc0000017, "NO MEMORY" },
  { 0xc0000021, "ALREADY COMMITED" },
  { 0xc0000022, "ACCESS DENIED" },
  { 0xc0000023, "BUFFER TOO SMALL" },
  { 0xc0000024, "OBJECT TYPE MISMATCH" },
  { 0xc0000032, "DISK CORRUPT" },
  { 0xc0000033, "NAME INVALID" },
  { 0xc0000034, "NAME NOT FOUND" },
  { 0xc0000035, "NAME COLLISION" },
  { 0xc0000039, "OBJECT PATH INVALID" },
  { 0xc000003a, "PATH NOT FOUND" },
  { 0xc000003b, "PATH SYNTAX BAD" },
  { 0xc000003c, "DATA OVERRUN" },
  { 0xc000003f, "CRC ERROR" },
  { 0xc0000043, "SHARING VIOLATION" },
  { 0xc0000044, "QUOTA EXCEEDED" },
  { 0xc000004f, "EAS NOT SUPPORTED" },
  { 0xc0000050, "EA TOO LARGE" },
  { 0xc0000051, "NONEXISTENT EA ENTRY" },
  { 0xc0000052, "NO EAS ON FILE" },
  { 0xc0000053, "EA CORRUPTED ERROR" },
  { 0xc0000054, "FILE LOCK CONFLICT" },
  { 0xc0000055, "NOT GRANTED" },
  { 0xc0000056, "DELETE PENDING" },
  { 0xc0000061, "PRIVILEGE NOT HELD" },
  { 0xc000006d, "LOGON FAILURE" },
  { 0xc000007e, "RANGE NOT LOCKED" },
  { 0xc000007f, "DISK FULL" },
  { 0xc0000098, "FILE INVALID" },
  { 0xc000009a, "INSUFFICIENT RESOURCES" },
  { 0xc000009c, "DEVICE DATA ERROR" },
  { 0xc000009d, "DEVICE NOT CONNECTED" },
  { 0xc00000a2, "MEDIA WRITE PROTECTED" },
  { 0xc00000a5, "BAD IMPERSONATION" },
  { 0xc00000ab, "INSTANCE NOT AVAILABLE" },
  { 0xc00000ac, "PIPE NOT AVAILABLE" },
  { 0xc00000ad, "INVALID PIPE STATE" },
  { 0xc00000ae, "PIPE BUSY" },
  { 0xc00000b0, "PIPE DISCONNECTED" },
  { 0xc00000b1, "PIPE CLOSING" },
  { 0xc00000b2, "PIPE CONNECTED" },
  { 0xc00000b3, "PIPE LISTENING" },
  { 0xc00000b4, "INVALID READ MODE" },
  { 0xc00000b5, "IO TIMEOUT" },
  { 0xc00000ba, "IS DIRECTORY" },
  { 0xc00000bb, "NOT SUPPORTED" },
  { 0xc00000bd, "DUPLICATE NAME" },
  { 0xc00000be, "BAD NETWORK PATH" },
  { 0xc00000c1, "BAD NETWORK PATH" },
  { 0xc00000c3, "INVALID NETWORK RESPONSE" },
  { 0xc00000c4, "NETWORK ERROR" },
  { 0xc00000cc, "BAD NETWORK NAME" },
  { 0xc00000d4, "BAD NETWORK NAME" },
  { 0xc00000d8, "CANT WAIT" },
  { 0xc00000d9, "PIPE EMPTY" },
  { 0xc00000db, "CSC OBJECT PATH NOT FOUND" },
  { 0xc00000e2, "OPLOCK NOT GRANTED" },
  { 0xc00000ef, "INVALID PARAMETER 1" },
  { 0xc00000f0, "INVALID PARAMETER 2" },
  { 0xc00000f1, "INVALID PARAMETER 3" },
  { 0xc00000f2, "INVALID PARAMETER 4" },
  { 0xc00000fb, "REDIRECTOR NOT STARTED" },
  { 0xc0000101, "NOT EMPTY" },
  { 0xc0000102, "FILE CORRUPT" },
  { 0xc0000103, "NOT A DIRECTORY" },
  { 0xc0000107, "FILES OPEN" },
  { 0xc000010d, "CANNOT IMPERSONATE" },
  { 0xc0000120, "CANCELLED" },
  { 0xc0000121, "CANNOT DELETE" },
  { 0xc0000123, "FILE DELETED" },
  { 0xc0000128, "FILE CLOSED" },
  { 0xc000012a, "THREAD NOT IN PROCESS" },
  { 0xc0000148, "INVALID LEVEL" },
  { 0xc000014b, "PIPE BROKEN" },
  { 0xc000014c, "REGISTRY CORRUPT" },
  { 0xc000014d, "IO FAILED" },
  { 0xc000017c, "KEY DELETED" },
  { 0xc0000181, "CHILD MUST BE VOLATILE" },
  { 0xc0000184, "INVALID DEVICE STATE" },
  { 0xc0000185, "IO DEVICE ERROR" },
  { 0xc0000188, "LOG FILE FULL" },
  { 0xc000019c, "FS DRIVER REQUIRED" },
  { 0xc0000205, "INSUFFICIENT SERVER RESOURCES" },
  { 0xc0000207, "INVALID ADDRESS COMPONENT" },
  { 0xc000020c, "DISCONNECTED" },
  { 0xc0000225, "NOT FOUND" },
  { 0xc0000243, "USER MAPPED FILE" },
  { 0xc0000248, "LOGIN WKSTA RESTRICTION" },
  { 0xc0000257, "PATH NOT COVERED" },
  { 0xc000026d, "DFS UNAVAILABLE" },
  { 0xc0000273, "NO MORE MATCHES" },
  { 0xc0000275, "NOT REPARSE POINT" },
  { 0xc00002ea, "CANNOT MAKE" },
  { 0xc00002f0, "OBJECTID NOT FOUND" },
  { 0xc0000388, "DOWNGRADE DETECTED" },
  { 0xc0000425, "HIVE UNLOADED" },
  { 0xc0000427, "FILE SYSTEM LIMITATION" },
  { 0xc0000463, "DEVICE FEATURE NOT SUPPORTED" },
  { 0xc000046d, "OBJECT NOT EXTERNALLY BACKED" },
  { 0xc0000909, "CANNOT BREAK OPLOCK" },
  { 0xc000a2a1, "STATUS_OFFLOAD_READ_FLT_NOT_SUPPORTED" },
  { 0xc000a2a2, "STATUS_OFFLOAD_WRITE_FLT_NOT_SUPPORTED" },
  { 0xc000a2a3, "OFFLOAD READ FILE NOT SUPPORTED" },
  { 0xc000a2a4, "OFFLOAD READ FILE NOT SUPPORTED" },
  { 0xc0190001, "TRANSACTIONAL CONFLICT" },
  { 0xc0190002, "INVALID TRANSACTION" },
  { 0xc0190003, "TRANSACTION NOT ACTIVE" },
  { 0xc019003e, "EFS NOT ALLOWED IN TRANSACTION" },
  { 0xc019003f, "TRANSACTIONAL OPEN NOT ALLOWED" },
  { 0xc0190040, "TRANSACTED MAPPING UNSUPPORTED REMOTE" },
  { 0xc0190044, "CANNOT EXECUTE FILE IN TRANSACTION" },
  { 0xc0190049, "SPARSE NOT ALLOWED IN TRANSACTION" },
  { 0xc01c0004, "FAST IO DISALLOWED" },
};

const char *pml_names_find(const PmlCodeName *names, gsize n, guint32 code)
{
  gsize low = 0;
  gsize high = n;
  while (low < high) {
    gsize middle = (low + high) / 2;
    if (names[middle].code < code)
      low = middle + 1;
    else
      high = middle;
  }
  return low < n && names[low].code == code ? names[low].name : NULL;
}

const char *pml_names_status(guint32 status)
{
  return pml_names_find(names_statuses, G_N_ELEMENTS(names_statuses), status);
}
