/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The parts of the Linux decoder, a kind of facts each; shared by the decoder's sources only. */
#pragma once

#include "decode/linux/linux-decoder.h"

G_BEGIN_DECLS

/**
 * LinuxPart: decodes one kind of facts; members as of #TbDecoder, plans and states its own
 * @plan_size: bytes of a plan, all zero before @bind
 */
typedef struct {
  gsize plan_size;
  guint64 (*bind)(const TbEventType *type, gpointer plan);
  gpointer (*new_state)(const TbMachine *machine);
  void (*free_state)(gpointer state);
  void (*lost)(gpointer state);
  void (*decode)(gconstpointer plan, gpointer state, const TbRecord *record, TbFactSink *sink);
} LinuxPart;

extern const LinuxPart linux_buffer_part;

G_END_DECLS
