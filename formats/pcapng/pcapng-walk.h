/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * From block to block: the frame of each is checked before its body is lent.
 * Knows which types of blocks are wanted and how long each may be, nothing of
 * what is inside.
 */
#pragma once

#include "pcapng/pcapng-block.h"
#include "pcapng/pcapng-file.h"

G_BEGIN_DECLS

enum { TB_PCAPNG_SHB_BYTES = 28 };

/** Whether a block could be read. */
typedef enum {
  TB_PCAPNG_STEP_BLOCK,
  TB_PCAPNG_STEP_END,
  TB_PCAPNG_STEP_DAMAGED, /* told of */
  TB_PCAPNG_STEP_ERROR,
} TbPcapngStep;

/** tb_pcapng_is_order: whether @p is the byte-order magic, and in which order */
gboolean tb_pcapng_is_order(const guint8 *p, gboolean *big);

/**
 * tb_pcapng_walk_next: the next block, its frame checked; its body is valid until the next call and
 * NULL where nobody asks for it
 */
TbPcapngStep tb_pcapng_walk_next(TbPcapngFile *file, TbPcapngBlock *block, GError **error);

/**
 * tb_pcapng_walk_peek: the usual case: a packet block that lies in the window as a whole and whose
 * frame is right. FALSE: anything else, which tb_pcapng_walk_next() looks at with care
 */
static inline gboolean tb_pcapng_walk_peek(TbPcapngFile *file, TbPcapngBlock *block)
{
  const TbWindow *window = &file->place.window;
  guint64 skip = file->place.at_off - window->start_off;
  if (G_UNLIKELY(file->place.at_off < window->start_off || skip > window->len
                 || window->len - skip < TB_PCAPNG_BLOCK_FRAME))
    return FALSE;
  const guint8 *p = window->data + skip;
  guint32 total = tb_get_u32(p + 4, file->section.big);
  if (G_UNLIKELY(tb_get_u32(p, file->section.big) != TB_PCAPNG_EPB || total > window->len - skip
                 || total < TB_PCAPNG_BLOCK_FRAME || total % 4
                 || tb_get_u32(p + total - 4, file->section.big) != total))
    return FALSE;
  *block = (TbPcapngBlock){ TB_PCAPNG_EPB, file->place.at_off, p + 8, total - TB_PCAPNG_BLOCK_FRAME };
  file->place.at_off += total;
  return TRUE;
}

G_END_DECLS
