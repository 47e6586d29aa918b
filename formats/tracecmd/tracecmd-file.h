/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The container of a trace-cmd recording, versions 6 and 7: where the sections,
 * options and CPU data are. Knows no event and no ring-buffer record.
 * Layout: docs/format-tracecmd.md.
 */
#pragma once

#include "base/cursor.h"
#include "base/damage.h"
#include "base/input.h"
#include "base/limits.h"
#include "base/strpool.h"

#include <glib.h>

G_BEGIN_DECLS

/* Products of two 64-bit times: gcc and clang have them on all 64-bit machines. */
__extension__ typedef __int128 TcWideInt;
__extension__ typedef unsigned __int128 TcWideUint;

typedef enum { TC_COMPRESSION_NONE, TC_COMPRESSION_ZLIB, TC_COMPRESSION_ZSTD } TcCompression;

/* Section and option numbers: one numbering for both. */
enum {
  TC_ID_DONE = 0,
  TC_ID_DATE = 1,
  TC_ID_CPUSTAT = 2,
  TC_ID_BUFFER = 3,
  TC_ID_TRACECLOCK = 4,
  TC_ID_UNAME = 5,
  TC_ID_HOOK = 6,
  TC_ID_OFFSET = 7,
  TC_ID_CPUCOUNT = 8,
  TC_ID_VERSION = 9,
  TC_ID_PROCMAPS = 10,
  TC_ID_TRACEID = 11,
  TC_ID_TIME_SHIFT = 12,
  TC_ID_GUEST = 13,
  TC_ID_TSC2NSEC = 14,
  TC_ID_STRINGS = 15,
  TC_ID_HEADER_INFO = 16,
  TC_ID_FTRACE_FORMATS = 17,
  TC_ID_EVENT_FORMATS = 18,
  TC_ID_KALLSYMS = 19,
  TC_ID_PRINTK = 20,
  TC_ID_CMDLINES = 21,
  TC_ID_BUFFER_TEXT = 22,
  TC_ID_LAST = 32,
};

/**
 * TcExtent: where a section's body lies
 * @offset: absolute offset of the body
 * @size: stored bytes
 * @compressed: the body is `u32 compressed, u32 uncompressed, data`
 * @known: there is such a section
 */
typedef struct {
  guint64 offset;
  guint64 size;
  gboolean compressed;
  gboolean known;
} TcExtent;

/** TcCpuData: stored pages of one CPU of one buffer */
typedef struct {
  guint32 cpu;
  guint64 offset;
  guint64 size;
} TcCpuData;

/** TcCpuStat: one CPU's statistics as the recorder saved them */
typedef struct {
  guint32 cpu;
  guint64 entries;
  guint64 read_events;
  guint64 overrun;
  guint64 commit_overrun;
  guint64 dropped;
} TcCpuStat;

/**
 * TcBuffer: the top buffer or an instance
 * @name: "" for the top buffer
 * @clock: name of its trace clock, without brackets; "" = not stated
 * @section: offset of its section header (version 7)
 * @page_size: bytes of one sub-buffer
 * @compressed: CPU data is stored in chunks
 * @cpus: (element-type TcCpuData): those with data, by CPU number
 * @stats: (element-type TcCpuStat)
 */
typedef struct {
  char *name;
  char *clock;
  guint64 section;
  guint32 page_size;
  gboolean compressed;
  GArray *cpus;
  GArray *stats;
} TcBuffer;

/** TcShiftCpu: clock samples of one guest CPU against its host, by time */
typedef struct {
  guint32 n;
  gint64 *times;
  gint64 *offsets;
  gint64 *scalings;
  gint64 *fractions;
} TcShiftCpu;

/** TcTimeShift: maps a guest's clock to its host's */
typedef struct {
  guint64 peer_id;
  gboolean interpolate;
  guint32 n_cpus;
  TcShiftCpu *cpus;
} TcTimeShift;

/** TcGuest: a guest that this (host) recording names */
typedef struct {
  char *name;
  guint64 trace_id;
} TcGuest;

/**
 * TcClockOptions: what options say of the clock
 * @date_us, @offset_ns: what to add to times, if their bit is set
 * @text: (nullable): text of TRACECLOCK
 * @shift: (nullable): of a guest's recording
 */
typedef struct {
  gint64 date_us;
  gint64 offset_ns;
  guint32 tsc_mult;
  guint32 tsc_shift;
  guint64 tsc_offset;
  char *text;
  TcTimeShift *shift;
} TcClockOptions;

/**
 * TcOptions: what the other options say
 * @seen: bit per option id below 32
 * @guests: (element-type TcGuest)
 */
typedef struct {
  guint32 seen;
  guint32 cpu_count;
  guint64 trace_id;
  char *uname;
  char *recorder_version;
  GPtrArray *guests;
} TcOptions;

/** TcCompressor: how chunks are compressed, as the file says it */
typedef struct {
  TcCompression kind;
  char *name;
  char *version;
} TcCompressor;

/**
 * TcStats: statistics of CPUs until the buffers are known
 * @cpus: (element-type TcCpuStat)
 * @names: name of the buffer for each of @cpus
 * @name: given by the last "Buffer:" line, in @names' pool
 */
typedef struct {
  GArray *cpus;
  GPtrArray *names;
  const char *name;
} TcStats;

/**
 * TcFile:
 * @version: 6 or 7
 * @big: byte order of the file
 * @user_long: bytes of a long of the recording program
 * @page_size: sub-buffer size of the top buffer
 * @sections: bodies by id, TC_ID_HEADER_INFO to TC_ID_CMDLINES
 * @buffers: (element-type TcBuffer)
 * @latency: it is a text recording without binary events
 */
typedef struct {
  TbInput *input;
  const TbLimits *limits;
  TbDamageLog *damage;
  const char *name;
  guint32 version;
  gboolean big;
  guint32 user_long;
  guint32 page_size;
  TcCompressor compression;
  TcExtent sections[TC_ID_LAST];
  TcOptions options;
  TcClockOptions clock;
  GPtrArray *buffers;
  TcStats stats;
  TbStrPool *strings;
  gboolean latency;
} TcFile;

/**
 * tc_file_open: reads the container. What is damaged goes to @damage; fails only
 * when no CPU data can be reached at all.
 * All arguments are borrowed and outlive the file.
 */
TcFile *tc_file_open(TbInput *input, const TbLimits *limits, TbDamageLog *damage, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
void tc_file_free(TcFile *file);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TcFile, tc_file_free)

/** tc_file_has_option: whether option @id (below 32) was present */
static inline gboolean tc_file_has_option(const TcFile *file, guint32 id)
{
  return (file->options.seen >> id & 1) != 0;
}

/**
 * tc_file_load: the (uncompressed) body of section @id; @cursor borrows @bytes.
 * An absent section gives an empty body.
 * Returns: FALSE with TB_ERROR_IO, TB_ERROR_TRUNCATED, TB_ERROR_LIMIT or
 *   TB_ERROR_CORRUPT (it does not decompress)
 */
gboolean tc_file_load(TcFile *file, guint32 id, GBytes **bytes, TbCursor *cursor, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

/** tc_file_load_extent: the same for any extent, at most @max_bytes of it uncompressed */
gboolean tc_file_load_extent(TcFile *file, const TcExtent *extent, GBytes **bytes,
                             TbCursor *cursor, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/** tc_buffer_new: an empty buffer, added to @file. Returns: (transfer none) */
TcBuffer *tc_file_add_buffer(TcFile *file, const char *name, const char *clock,
                             guint32 page_size);
/** tc_buffer_add_cpu: checks CPU number and extent; damage is logged, FALSE returned */
gboolean tc_file_add_cpu(TcFile *file, TcBuffer *buffer, guint32 cpu, guint64 offset,
                         guint64 size, guint64 said_at);

/* Parts of the container, one source file each. */
gboolean tc_v6_read(TcFile *file, guint64 start, GError **error);
gboolean tc_v7_read(TcFile *file, guint64 start, GError **error);

/**
 * tc_option_apply: takes one option's @data. Wrong content is damage of that option only.
 * BUFFER options are left to the container.
 */
void tc_option_apply(TcFile *file, guint32 id, TbCursor *data);
void tc_time_shift_free(TcTimeShift *shift);
/** tc_time_shift_map: guest time of @cpu to host time */
guint64 tc_time_shift_map(const TcTimeShift *shift, guint32 cpu, guint64 t);
/** tc_clock_from_text: Returns: (transfer full): the name in brackets, or the text itself */
char *tc_clock_from_text(const char *text);

/** tc_decompress: one block into @out of exactly @out_len bytes. FALSE with TB_ERROR_CORRUPT */
gboolean tc_decompress(TcCompression compression, gpointer zstd_context, const guint8 *in,
                       gsize in_len, guint8 *out, gsize out_len, const char *source,
                       guint64 offset, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * tc_decompress_part: what a damaged or cut block still gives, up to @out_cap bytes.
 * @consumed: (out): bytes of @in that were used
 * @whole: (out): the block came to its proper end there
 */
gsize tc_decompress_part(TcCompression compression, const guint8 *in, gsize in_len, guint8 *out,
                         gsize out_cap, gsize *consumed, gboolean *whole);

/** tc_block_starts: whether @p (4 bytes) looks like the start of a block */
gboolean tc_block_starts(TcCompression compression, const guint8 *p);

G_END_DECLS
