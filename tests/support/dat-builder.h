/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Builds trace-cmd recordings in memory, versions 6 and 7, in any byte order, word size and
 * compression, also wrong ones. Pages are made record by record, then put into buffers of a
 * file. Knows the layout of docs/format-tracecmd.md and nothing of the reader.
 */
#pragma once

#include <glib.h>

/* The one event of the format files: "test:tick" with a u32 and a string behind it. */
enum { DAT_TICK = 300 };

/**
 * DatShape: what holds for a whole file
 * @compression: "none", "zlib" or "zstd"; version 7 only
 * @user_long, @kernel_long: 4 or 8
 * @pages_per_chunk: of compressed data
 * @count_in_size: the stored size of a CPU's data holds the chunk count, as newer recorders do
 */
typedef struct {
  guint version;
  gboolean big;
  const char *compression;
  guint user_long;
  guint kernel_long;
  guint32 page_size;
  guint pages_per_chunk;
  gboolean count_in_size;
} DatShape;

/** dat_shape: version 7, little-endian, uncompressed, 64-bit, pages of 4096 bytes */
DatShape dat_shape(void);

/**
 * DatPages: the pages of one CPU
 * @bytes: all of them, each filled up to its size
 * @edges: (element-type gsize): where each record starts in @bytes
 */
typedef struct {
  DatShape shape;
  guint32 page_size;
  GByteArray *bytes;
  GArray *edges;
  gsize page;  /* start of the open page */
  gsize used;  /* of its records */
} DatPages;

DatPages *dat_pages_new(const DatShape *shape, guint32 page_size);
void dat_pages_free(DatPages *pages);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DatPages, dat_pages_free)

/** dat_pages_begin: a page whose header says @time */
void dat_pages_begin(DatPages *pages, guint64 time);
/** dat_pages_lost: the open page says that events before it were lost; @stored: and how many */
void dat_pages_lost(DatPages *pages, gboolean stored, guint64 count);
/** dat_pages_commit: overwrites the open page's committed length */
void dat_pages_commit(DatPages *pages, guint64 commit);
/** dat_pages_word: a record header as it is, with @extra more words behind it */
void dat_pages_word(DatPages *pages, guint32 type_len, guint32 delta, guint extra,
                    const guint32 *words);
/** dat_pages_event: a short record of event @id with @n_pad bytes of text behind the value */
void dat_pages_event(DatPages *pages, guint32 delta, guint16 id, gint32 pid, guint32 value,
                     gsize n_pad);
/** dat_pages_long_event: the same with its length in a word of its own */
void dat_pages_long_event(DatPages *pages, guint32 delta, guint16 id, gint32 pid, guint32 value,
                          gsize n_pad);
/** dat_pages_tick: a short "tick" of pid 7 */
void dat_pages_tick(DatPages *pages, guint32 delta, guint32 value);
void dat_pages_extend(DatPages *pages, guint64 delta);
void dat_pages_stamp(DatPages *pages, guint64 time);
/** dat_pages_discard: a record that was taken back, of @len bytes behind its header */
void dat_pages_discard(DatPages *pages, guint32 delta, guint32 len);
void dat_pages_pad(DatPages *pages);

typedef struct _DatFile DatFile;

DatFile *dat_file_new(const DatShape *shape);
void dat_file_free(DatFile *file);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DatFile, dat_file_free)

/** dat_file_option, dat_file_option_text: in the order they shall stand; a text brings its NUL */
void dat_file_option(DatFile *file, guint16 id, const void *data, gsize len);
void dat_file_option_text(DatFile *file, guint16 id, const char *text);
/** dat_file_cpustat: statistics of @cpu, also of an instance (@buffer not "") */
void dat_file_cpustat(DatFile *file, const char *buffer, guint cpu, guint64 entries,
                      guint64 overrun, guint64 read_events);
/** dat_file_set_cpus: the count in a version 6 header (1 when not called) */
void dat_file_set_cpus(DatFile *file, guint32 n);
/** dat_file_set_cmdlines, dat_file_set_formats: (not nullable): other texts than the usual ones */
void dat_file_set_cmdlines(DatFile *file, const char *text);
void dat_file_set_format(DatFile *file, const char *text);

/**
 * dat_file_buffer: the top buffer (@name "") or an instance. @clock: its name in version 7, the
 * whole text behind the CPU table in version 6 (NULL = none)
 */
void dat_file_buffer(DatFile *file, const char *name, const char *clock, guint32 page_size);
/** dat_file_cpu: (transfer full): data of the buffer added last */
void dat_file_cpu(DatFile *file, guint32 cpu, DatPages *pages);

/**
 * dat_file_bytes: the file.
 * @places: (out) (nullable): "options", "buffer", "cpu:BUFFER:CPU", "table" ... -> offset
 */
GByteArray *dat_file_bytes(DatFile *file, GHashTable **places);

/** dat_place: an offset that dat_file_bytes() noted */
guint64 dat_place(GHashTable *places, const char *name);

/* Numbers in the file's byte order, for options and for spoiling what was built. */
void dat_append(GByteArray *out, const DatShape *shape, guint64 value, guint bytes);
void dat_patch(GByteArray *bytes, const DatShape *shape, guint64 at, guint64 value, guint n);
