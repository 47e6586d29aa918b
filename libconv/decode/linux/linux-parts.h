/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The parts of the Linux decoder, a kind of facts each; shared by the decoder's sources only. */
#pragma once

#include "decode/linux/linux-calls.h"
#include "model/decoder.h"

G_BEGIN_DECLS

enum { LINUX_CALL_OTHER = 0, LINUX_CALL_UNKNOWN = -1 };

/**
 * LinuxPart: decodes one kind of facts; members as of #TbDecoder, plans and states its own
 * @plan_size: bytes of a plan, all zero before @bind
 * @meanings: (nullable): @n_meanings system calls, and what they are to this part
 * @bind: as of #TbDecoder; of "raw_syscalls" the decoder itself looks at the number
 * @decode: an event that is not one of "raw_syscalls"
 * @raw_call: (nullable): an event of "raw_syscalls": @call is its meaning, %LINUX_CALL_OTHER = none,
 *   %LINUX_CALL_UNKNOWN = the record does not say which call. Calls of no meaning to any part are
 *   shown only while %TB_FACT_ACTS is wanted, when they begin
 */
typedef struct {
  gsize plan_size;
  const TbSyscallMeaning *meanings;
  gsize n_meanings;
  guint64 (*bind)(const TbEventType *type, gpointer plan);
  gpointer (*new_state)(const TbMachine *machine);
  void (*free_state)(gpointer state);
  void (*lost)(gpointer state);
  void (*decode)(gconstpointer plan, gpointer state, const TbRecord *record, TbFactSink *sink);
  void (*raw_call)(gconstpointer plan, gpointer state, gint call, const TbRecord *record,
                   TbFactSink *sink);
} LinuxPart;

extern const LinuxPart linux_buffer_part;
extern const LinuxPart linux_process_part;
extern const LinuxPart linux_resource_part;

G_END_DECLS
