/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the sources of the Process Monitor reader share: the parts of a log that
 * are loaded once (header, strings, processes, hosts), the view of one event
 * record, and the event types made from both. Private to this folder. Sections
 * named in comments are those of docs/format-procmon.md.
 */
#pragma once

#include "tracebraid.h"

#include <glib.h>

G_BEGIN_DECLS

enum {
  PML_HEADER_BYTES = 0x3a8,
  PML_VERSION = 9,
  PML_RECORD_BYTES = 0x34, /* of an event, before the stack */
  PML_STATUS_PENDING = 0x103,
  PML_MAX_TEXTS = 64, /* fields of one event type at the most */
};

typedef enum {
  PML_CLASS_PROCESS = 1,
  PML_CLASS_REGISTRY = 2,
  PML_CLASS_FILE = 3,
  PML_CLASS_PROFILING = 4,
  PML_CLASS_NETWORK = 5,
  PML_N_CLASSES
} PmlClass;

/** PmlSection: where a table stands: from @start to the start of what follows it, or the end of the file */
typedef struct {
  guint64 start;
  guint64 end;
} PmlSection;

/** PmlSections: the tables of a log */
typedef struct {
  PmlSection events;
  PmlSection offsets;
  PmlSection processes;
  PmlSection strings;
  PmlSection icons;
  PmlSection hosts;
} PmlSections;

/**
 * PmlHeader: section 2
 * @closed: all offsets are there: the file was closed cleanly
 */
typedef struct {
  gboolean is64;
  char *computer;
  char *system_root;
  guint32 n_events;
  PmlSections sections;
  guint64 highest_user;
  guint32 major;
  guint32 minor;
  guint32 build;
  char *service_pack;
  guint32 n_cpus;
  guint64 memory_bytes;
  gboolean closed;
} PmlHeader;

/** PmlImage: what a program file or library says of itself; strings are never NULL */
typedef struct {
  const char *path;
  const char *version;
  const char *company;
  const char *description;
} PmlImage;

typedef struct {
  guint64 base;
  guint32 size;
  guint32 timestamp;
  PmlImage image;
} PmlModule;

/** PmlToken: as whom a process runs; strings are never NULL */
typedef struct {
  guint64 logon;
  guint32 session;
  guint32 virtualized;
  const char *integrity;
  const char *user;
} PmlToken;

/** PmlProcess: one row of the process table; strings are never NULL */
typedef struct {
  guint32 index;
  guint32 pid;
  guint32 parent_pid;
  guint32 parent_index;
  guint64 start; /* FILETIME */
  guint64 end;   /* FILETIME, 0 while running */
  gboolean is64;
  PmlToken token;
  const char *name;
  const char *command_line;
  PmlImage image;
  PmlModule *modules; /* by base */
  guint32 n_modules;
  gboolean learned; /* not from the table but from a Process Create event */
  guint32 walk;     /* of the search for parent cycles */
} PmlProcess;

/**
 * PmlRecord: view of one event record (section 4)
 * @stack: @depth addresses of the file's pointer size, innermost first
 * @extra: (nullable): the completion data
 */
typedef struct {
  guint32 process_index;
  guint32 tid;
  guint32 class;
  guint16 operation;
  guint32 sequence;
  guint64 duration; /* 100 ns */
  guint64 start;    /* FILETIME */
  guint32 status;
  guint16 depth;
  const guint8 *stack;
  const guint8 *detail;
  guint32 detail_len;
  const guint8 *extra;
  guint32 extra_len;
} PmlRecord;

/**
 * PmlWishes: of the user
 * @stacks: rows show the call stack
 * @plain_listings: folder listings without their information class, as older versions showed them
 */
typedef struct {
  gboolean stacks;
  gboolean plain_listings;
} PmlWishes;

/** PmlView: the record asked about last, and where it came from */
typedef struct {
  PmlRecord record;
  const guint8 *data;
  guint64 offset;
  guint32 len;
  const PmlProcess *process;
} PmlView;

/**
 * PmlShared: what event types need of the file, kept alive by them
 * @processes: (element-type PmlProcess): by process index
 * @kernel: (nullable): the process whose modules are the kernel's
 * @hosts: 16-byte address -> name
 * @ports: port | is_tcp << 16 -> name
 * @zone: for the times inside Detail texts
 * @users: SID text -> account, from processes made in the log
 * @learn: (nullable): to be called once, with @learn_data, before @users is believed
 * @text: one buffer a field, so that values of one event stand side by side
 */
typedef struct {
  gint ref_count;
  gboolean is64;
  guint64 highest_user;
  TbStrPool *pool;
  GHashTable *processes;
  const PmlProcess *kernel;
  GHashTable *hosts;
  GHashTable *ports;
  GHashTable *users;
  void (*learn)(gpointer data);
  gpointer learn_data;
  TbZone *zone;
  PmlWishes wishes;
  TbBuf text[PML_MAX_TEXTS];
  TbBuf scratch;
  PmlView viewed;
} PmlShared;

PmlShared *pml_shared_new(void);
PmlShared *pml_shared_ref(PmlShared *shared);
void pml_shared_unref(PmlShared *shared);

static inline const PmlProcess *pml_shared_find_process(const PmlShared *shared, guint32 index)
{
  return g_hash_table_lookup(shared->processes, GUINT_TO_POINTER(index));
}

/** pml_record_view: FALSE when @len is not the whole record */
gboolean pml_record_view(const guint8 *data, guint32 len, gboolean is64, PmlRecord *out);

/** pml_time_to_ns: FILETIME to ns since 1970; FALSE when it cannot be told so */
static inline gboolean pml_time_to_ns(guint64 filetime, gint64 *out)
{
  const gint64 epoch = 116444736000000000; /* 1601 to 1970 in 100 ns */
  gint64 units = (gint64)filetime - epoch;
  if (G_UNLIKELY(filetime > G_MAXINT64 || units > G_MAXINT64 / 100 || units < G_MININT64 / 100))
    return FALSE;
  *out = units * 100;
  return TRUE;
}

/* pml-header.c */

/**
 * pml_header_read: header and places of the sections.
 * @salvage: take an unclean or inconsistent file; @out->closed tells
 * Returns: FALSE with TB_ERROR_IO, TB_ERROR_NOT_RECOGNIZED, TB_ERROR_UNSUPPORTED (the version),
 *   TB_ERROR_TRUNCATED or TB_ERROR_CORRUPT
 */
gboolean pml_header_read(TbInput *input, gboolean salvage, PmlHeader *out, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
void pml_header_clear(PmlHeader *header);
/** pml_header_dup_windows: Returns: (transfer full): "Windows 10 (build 18362)" */
char *pml_header_dup_windows(const PmlHeader *header);

/* pml-tables.c */

/**
 * pml_tables_read: strings, processes and hosts; a row that is wrong goes to @damage.
 * Returns: FALSE with TB_ERROR_IO, TB_ERROR_TRUNCATED, TB_ERROR_CORRUPT or TB_ERROR_LIMIT
 */
gboolean pml_tables_read(TbInput *input, const TbLimits *limits, TbDamageLog *damage,
                         const PmlHeader *header, PmlShared *shared, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
/**
 * pml_tables_learn: what a Process Create event tells: the SID of an account, and
 * with @processes also a process that the table lacks
 */
void pml_tables_learn(PmlShared *shared, const TbLimits *limits, gboolean processes,
                      const PmlRecord *record);

/** pml_tables_tell: the processes, in the order of their starts, into @timeline */
void pml_tables_tell(const PmlShared *shared, TbTimeline *timeline);

/* pml-names.c */

/** pml_names_operation: Returns: (transfer none) (nullable): NULL when there is no such operation */
const char *pml_names_operation(guint32 class, guint32 operation);
/** pml_names_has_sub: whether the first detail byte renames the operation */
gboolean pml_names_has_sub(guint32 class, guint32 operation);
/** pml_names_sub_operation: Returns: (transfer none) (nullable) */
const char *pml_names_sub_operation(guint32 operation, guint8 sub);
const char *pml_names_class(guint32 class);
/** pml_names_information_class: Returns: (transfer none) (nullable): of files and folders */
const char *pml_names_information_class(guint32 number);
/** PmlCodeName: a number Windows gives a meaning */
typedef struct {
  guint32 code;
  const char *name;
} PmlCodeName;

/** pml_names_find: @names: @n of them in ascending order. Returns: (transfer none) (nullable) */
const char *pml_names_find(const PmlCodeName *names, gsize n, guint32 code);
/** pml_names_status: Returns: (transfer none) (nullable) */
const char *pml_names_status(guint32 status);
/** pml_names_control: Returns: (transfer none) (nullable): of a file-system or device control code */
const char *pml_names_control(guint32 code);

/* pml-facts.c */

/** pml_decoder: of all types of a log */
extern const TbDecoder pml_decoder;

/* pml-types.c */

typedef struct _PmlTypes PmlTypes;
PmlTypes *pml_types_new(PmlShared *shared);
void pml_types_free(PmlTypes *types);
/** pml_types_get: Returns: (transfer none): made and added to @reader when it is the first of its kind */
TbEventType *pml_types_get(PmlTypes *types, TbReader *reader, const PmlRecord *record);

/**
 * PmlKind: an operation
 * @class, @operation: as the record has them
 * @sub: sub-operation; of network operations 1 for TCP
 * @known: @name is Process Monitor's own
 */
typedef struct {
  guint32 class;
  guint32 operation;
  guint8 sub;
  gboolean known;
} PmlKind;

/* pml-path.c */

/** pml_path_append: the Path column */
void pml_path_append(PmlShared *shared, const PmlKind *kind, const PmlRecord *record, TbBuf *out);
/** pml_path_append_address: 4 or 16 bytes as numbers */
void pml_path_append_address(const guint8 *address, gboolean is_v4, TbBuf *out);
/** pml_stack_append: "module+0xoff" of each frame, innermost first */
void pml_stack_append(PmlShared *shared, const PmlRecord *record, TbBuf *out);

/* pml-details.c and pml-details-<class>.c */

/** pml_detail_append: the Detail column */
void pml_detail_append(PmlShared *shared, const PmlKind *kind, const PmlRecord *record,
                       TbBuf *out);
/** pml_detail_category: Returns: (transfer none): "Read", "Write Metadata", ... or "" */
const char *pml_detail_category(PmlShared *shared, const PmlKind *kind, const PmlRecord *record);

/* pml-salvage.c */

/**
 * pml_salvage_find: the next record that can be one, at or after @offset
 * @out_len: bytes of the record without what may stand between it and the next
 * Returns: 1 found at *@out_offset, 0 none up to @end, -1 with TB_ERROR_IO
 */
gint pml_salvage_find(TbWindow *window, guint64 offset, guint64 end, gboolean is64,
                      guint64 near_time, const TbLimits *limits, guint64 *out_offset,
                      guint32 *out_len, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
