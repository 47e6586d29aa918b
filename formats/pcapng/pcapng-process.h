/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Blocks that tell of processes, for those who wish them besides the comments:
 * Apple's, which Wireshark 4.6 shows, and Wireshark's own of later versions.
 * Each process and name has one, in front of the first packet that needs it.
 * Knows nothing of how owners are found.
 */
#pragma once

#include "base/buf.h"
#include "model/item.h"
#include "model/owner.h"

#include <glib.h>

G_BEGIN_DECLS

/**
 * TbPcapngProcessForm:
 * @TB_PCAPNG_PROCESS_DARWIN: blocks 0x80000001; packets refer to them by number
 * @TB_PCAPNG_PROCESS_WIRESHARK: custom blocks; packets refer to them by the process option
 */
typedef enum {
  TB_PCAPNG_PROCESS_NONE,
  TB_PCAPNG_PROCESS_DARWIN,
  TB_PCAPNG_PROCESS_WIRESHARK,
} TbPcapngProcessForm;

typedef struct _TbPcapngProcesses TbPcapngProcesses;

/** tb_pcapng_process_form_from_word: FALSE where @word is none */
gboolean tb_pcapng_process_form_from_word(const char *word, TbPcapngProcessForm *out);

/** tb_pcapng_processes_new: @most: packets of further processes get no reference */
TbPcapngProcesses *tb_pcapng_processes_new(TbPcapngProcessForm form, guint64 most);
void tb_pcapng_processes_free(TbPcapngProcesses *processes);

/**
 * tb_pcapng_processes_refer: appends references to @packet's owners to @options, and blocks
 *   that are needed for these and not yet there to @blocks. FALSE where there is no room for more
 */
gboolean tb_pcapng_processes_refer(TbPcapngProcesses *processes, const TbItem *packet,
                                   TbBuf *options, TbBuf *blocks);

/** tb_pcapng_process_is_custom: whether the little-endian custom block is one of these */
gboolean tb_pcapng_process_is_custom(const guint8 *body, gsize len);

G_END_DECLS
