/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The log of what could not be read. Every reader tells here what it passed
 * over; nothing is lost in silence. An input is read in two passes: the same
 * place told twice counts once.
 */
#pragma once

#include "base/error.h"

#include <glib.h>

G_BEGIN_DECLS

#define TB_LOST_UNKNOWN G_MAXUINT64

/**
 * TbDamage:
 * @code: TB_ERROR code of the cause
 * @source: name of the input
 * @offset: absolute byte offset of the first wrong byte
 * @skipped_bytes: bytes passed over, 0 when none or not known
 * @lost: events lost by it, or %TB_LOST_UNKNOWN
 * @text: what was read and what was expected
 */
typedef struct {
  TbError code;
  char *source;
  guint64 offset;
  guint64 skipped_bytes;
  guint64 lost;
  char *text;
} TbDamage;

typedef struct _TbDamageLog TbDamageLog;

/** tb_damage_log_new: keeps the first @max_entries places, counts the rest */
TbDamageLog *tb_damage_log_new(guint32 max_entries);
void tb_damage_log_free(TbDamageLog *log);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TbDamageLog, tb_damage_log_free)

/** tb_damage_log_add: strings are copied; a place (source, offset, code, text) already told is ignored */
void tb_damage_log_add(TbDamageLog *log, TbError code, const char *source, guint64 offset,
                       guint64 skipped_bytes, guint64 lost, const char *format, ...)
    G_GNUC_PRINTF(7, 8);

/** tb_damage_log_take: (transfer full): adds @error as damage that skipped @skipped_bytes */
void tb_damage_log_take(TbDamageLog *log, GError *error, const char *source,
                        guint64 skipped_bytes, guint64 lost);

/**
 * tb_damage_log_begin_pass: the inputs are read from the start (again): places beyond
 * the kept entries, which cannot be told apart, count as in the pass that met most of them
 */
void tb_damage_log_begin_pass(TbDamageLog *log);

/** tb_damage_log_get_n: places in all */
guint64 tb_damage_log_get_n(const TbDamageLog *log);
/** tb_damage_log_get_entries: Returns: (transfer none) (element-type TbDamage): those kept */
const GPtrArray *tb_damage_log_get_entries(const TbDamageLog *log);

G_END_DECLS
