/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Opening a log in memory with its own damage log, and asking its events for columns. */
#pragma once

#include "formats.h"
#include "procmon/procmon.h"
#include "tracebraid.h"

/** PmlOpen: @reader is NULL with @error when the log was refused */
typedef struct {
  TbDamageLog *damage;
  TbReader *reader;
  GError *error;
} PmlOpen;

/** pml_open_memory: @settings (nullable) is borrowed */
PmlOpen pml_open_memory(const void *bytes, gsize len, GHashTable *settings);
void pml_open_clear(PmlOpen *open);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(PmlOpen, pml_open_clear)

/** pml_open_next: the next event. FALSE at the end; damage is passed over and counted in @damaged */
gboolean pml_open_next(PmlOpen *open, TbRecord *event, guint *damaged);
/** pml_open_text: Returns: (transfer full): a field's value as text; NULL when there is none */
char *pml_open_text(const TbRecord *event, const char *field);
/** pml_open_damage: whether the damage log tells of @offset with a text that has @words in it */
gboolean pml_open_damage(const PmlOpen *open, guint64 offset, const char *words);
