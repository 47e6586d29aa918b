/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Builds small Process Monitor logs in memory, of 32- and 64-bit systems, good
 * ones; tests damage the result where they want to. Layout by
 * docs/format-procmon.md.
 */
#pragma once

#include "base/buf.h"

#include <glib.h>

typedef struct _PmlBuilder PmlBuilder;

/** PML_BUILDER_START: 2020-07-31 06:55:07 UTC as FILETIME */
#define PML_BUILDER_START G_GUINT64_CONSTANT(132406521070000000)

PmlBuilder *pml_builder_new(gboolean is64);
void pml_builder_free(PmlBuilder *builder);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PmlBuilder, pml_builder_free)

gboolean pml_builder_is64(const PmlBuilder *builder);

/** pml_builder_add_string: Returns: its index; @wide (@units of it) stands for texts UTF-8 cannot tell */
guint32 pml_builder_add_string(PmlBuilder *builder, const char *utf8);
guint32 pml_builder_add_units(PmlBuilder *builder, const guint16 *units, guint n);

typedef struct {
  guint32 index, pid, parent_pid, parent_index;
  guint64 logon;
  guint32 session;
  guint64 start, end;
  guint32 virtualized;
  gboolean is64;
  const char *integrity, *user, *name, *image, *command_line, *company, *version, *description;
} PmlBuilderProcess;

void pml_builder_add_process(PmlBuilder *builder, const PmlBuilderProcess *process);
/** pml_builder_add_module: to the process added last */
void pml_builder_add_module(PmlBuilder *builder, guint64 base, guint32 size, const char *path);
/** pml_builder_set_process_name: the name of the process added last, by string index */
void pml_builder_set_process_name(PmlBuilder *builder, guint32 string);
void pml_builder_add_host(PmlBuilder *builder, const guint8 *address, gsize len, const char *name);
void pml_builder_add_port(PmlBuilder *builder, guint16 port, gboolean tcp, const char *name);

/**
 * PmlBuilderEvent:
 * @start: 0 = one microsecond after the event before
 * @detail, @extra: (nullable)
 * @stray: bytes put behind the record that belong to nothing
 * @gap: bytes left out before the record (a hole for a sparse file); only for
 *   pml_builder_write_sparse()
 */
typedef struct {
  guint32 class;
  guint16 operation;
  guint32 process_index;
  guint32 tid;
  guint64 start;
  guint64 duration;
  guint32 status;
  const guint64 *stack;
  guint16 depth;
  const TbBuf *detail;
  const TbBuf *extra;
  guint stray;
  guint64 gap;
} PmlBuilderEvent;

void pml_builder_add_event(PmlBuilder *builder, const PmlBuilderEvent *event);

/** pml_builder_finish: Returns: (transfer none): the file, as long as the builder lives */
const TbBuf *pml_builder_finish(PmlBuilder *builder);
/** pml_builder_write_sparse: the same with the gaps as holes. FALSE: the file system cannot */
gboolean pml_builder_write_sparse(PmlBuilder *builder, const char *path);

/* Known after finishing. */
guint64 pml_builder_event_offset(const PmlBuilder *builder, guint i);
/** pml_builder_section: its offset; @header_off: where the header has it, 0x240 to 0x260 or 0x3a0 */
guint64 pml_builder_section(const PmlBuilder *builder, guint header_off);

/* Details. @wide: text in UTF-16, else one byte a character. */
guint16 pml_build_word(const char *text, gboolean wide);
void pml_build_text(TbBuf *out, const char *text, gboolean wide);
void pml_build_file(TbBuf *out, gboolean is64, guint8 sub, guint32 irp_flags, const TbBuf *params,
                    const char *path, gboolean wide);
/** pml_build_registry: @fixed (nullable) stands between the path's word and the path */
void pml_build_registry(TbBuf *out, const char *path, const TbBuf *fixed);
/** pml_build_network: @pairs: key, value, ..., NULL */
void pml_build_network(TbBuf *out, guint16 flags, guint32 length, const guint8 *local,
                       const guint8 *remote, guint16 local_port, guint16 remote_port,
                       const char *const *pairs);

typedef struct {
  guint32 index, pid, parent_index, parent_pid, session;
  gboolean is_wow64;
  guint64 created, logon;
  const guint8 *user_sid, *integrity_sid;
  guint8 user_sid_len, integrity_sid_len;
  const char *image, *command_line;
} PmlBuildCreate;

void pml_build_process_create(TbBuf *out, const PmlBuildCreate *create);

static inline void pml_build_u8(TbBuf *out, guint8 v)
{
  tb_buf_append(out, &v, 1);
}
/** pml_build_pointer: 8 or 4 bytes */
static inline void pml_build_pointer(TbBuf *out, gboolean is64, guint64 v)
{
  if (is64)
    tb_buf_append_le64(out, v);
  else
    tb_buf_append_le32(out, (guint32)v);
}
