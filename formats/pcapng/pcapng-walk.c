/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Blocks and their frames, sound and broken ones; see pcapng-walk.h. */
#include "pcapng/pcapng-walk.h"

#include "pcapng/pcapng-block.h"

gboolean tb_pcapng_is_order(const guint8 *p, gboolean *big)
{
  *big = tb_get_u32(p, TRUE) == TB_PCAPNG_BYTE_ORDER;
  return *big || tb_get_u32(p, FALSE) == TB_PCAPNG_BYTE_ORDER;
}

static TbPcapngStep walk_stop(TbPcapngFile *file, TbError code, guint64 offset, const char *what)
{
  tb_pcapng_file_damage(file, NULL, code, offset, file->place.size - file->place.at_off, TB_LOST_UNKNOWN,
                        "%s", what);
  file->place.at_off = file->place.size;
  return TB_PCAPNG_STEP_DAMAGED;
}

static char *walk_dup_cut_short(const TbPcapngFile *file, guint64 need)
{
  return g_strdup_printf("block of %" G_GUINT64_FORMAT " bytes expected, the file ends after %"
                         G_GUINT64_FORMAT, need, file->place.size - file->place.at_off);
}

static TbPcapngStep walk_cut_short(TbPcapngFile *file, guint64 need)
{
  g_autofree char *text = walk_dup_cut_short(file, need);
  return walk_stop(file, TB_ERROR_TRUNCATED, file->place.at_off, text);
}

static gboolean walk_is_known(guint32 type)
{
  return (type >= TB_PCAPNG_IDB && type <= TB_PCAPNG_EPB) || type == TB_PCAPNG_JOURNAL
         || type == TB_PCAPNG_DSB || type == TB_PCAPNG_CUSTOM || type == TB_PCAPNG_SHB
         || type == TB_PCAPNG_MACHINE_INFO;
}

/* Whether a whole block seems to begin at @offset: for going on behind a broken one. */
static gboolean walk_is_plausible(TbPcapngFile *file, guint64 offset)
{
  const guint8 *p;
  gboolean big = file->section.big;
  if (file->place.size - offset < TB_PCAPNG_BLOCK_FRAME
      || tb_window_get(&file->place.window, offset, TB_PCAPNG_BLOCK_FRAME, &p, NULL)
             < TB_PCAPNG_BLOCK_FRAME)
    return FALSE;
  guint32 type = tb_get_u32(p, big);
  if (!walk_is_known(type) || (type == TB_PCAPNG_SHB && !tb_pcapng_is_order(p + 8, &big)))
    return FALSE;
  guint32 total = tb_get_u32(p + 4, big);
  if (total < TB_PCAPNG_BLOCK_FRAME || total % 4 || total > file->place.size - offset
      || total > file->reader->limits->record_bytes)
    return FALSE;
  return tb_window_get(&file->place.window, offset + total - 4, 4, &p, NULL) == 4
         && tb_get_u32(p, big) == total;
}

/* The block at at_off is broken. Ends the stream, or with "salvage" goes to the next block. */
static TbPcapngStep walk_broken(TbPcapngFile *file, TbError code, guint64 offset,
                                const char *what)
{
  if (!file->settings.salvage)
    return walk_stop(file, code, offset, what);
  guint64 next = file->place.at_off + 4;
  while (next < file->place.size && !walk_is_plausible(file, next))
    next += 4;
  next = MIN(next, file->place.size);
  tb_pcapng_file_damage(file, NULL, code, offset, next - file->place.at_off, TB_LOST_UNKNOWN,
                        "%s; went on at offset 0x%" G_GINT64_MODIFIER "x", what, next);
  file->place.at_off = next;
  return TB_PCAPNG_STEP_DAMAGED;
}

static gssize walk_get(TbPcapngFile *file, guint64 offset, gsize len, const guint8 **out,
                         GError **error)
{
  gssize got = tb_window_get(&file->place.window, offset, len, out, error);
  if (got >= 0 && (gsize)got < len)
    file->place.size = offset + (guint64)got; /* the file has become shorter since it was opened */
  return got;
}

/* How much of a block of @type may be taken into memory. The bytes of a packet are limited by
 * its interface's link type; the rest of the block, like all others, by the record limit. */
static guint64 walk_get_max_total(const TbPcapngFile *file, guint32 type, const guint8 *head)
{
  guint64 max = file->reader->limits->record_bytes;
  if (type != TB_PCAPNG_EPB || file->interfaces->len == 0)
    return max;
  guint32 number = tb_get_u32(head + 8, file->section.big);
  if (number >= file->interfaces->len)
    return max;
  return max + g_array_index(file->interfaces, TbPcapngInterface, number).max_caplen;
}

/* Whether a machine-info block of @total bytes really ends 8 or 16 bytes earlier: a writer
 * counted options there that it did not write (traceshark-blocks.md). */
static guint32 walk_mend_machine(TbPcapngFile *file, guint32 total)
{
  const guint8 *p;
  for (guint32 excess = 8; excess <= 16; excess += 8)
    if (total >= TB_PCAPNG_BLOCK_FRAME + 4 + excess
        && tb_window_get(&file->place.window, file->place.at_off + total - excess - 4, 4, &p, NULL) == 4
        && tb_get_u32(p, file->section.big) == total)
      return total - excess;
  return 0;
}

/* The block at at_off with its trailer checked; its body is valid until the next read. */
static TbPcapngStep walk_load(TbPcapngFile *file, guint32 type, guint32 total,
                              TbPcapngBlock *block, GError **error)
{
  const guint8 *p;
  guint64 offset = file->place.at_off;
  gssize got = walk_get(file, offset, total, &p, error);
  if (got < 0)
    return TB_PCAPNG_STEP_ERROR;
  if ((guint32)got < total)
    return walk_cut_short(file, total);
  guint32 whole = total;
  if (G_UNLIKELY(tb_get_u32(p + total - 4, file->section.big) != total)) {
    guint32 trailer = tb_get_u32(p + total - 4, file->section.big);
    g_autofree char *text = g_strdup_printf("block says it has %u bytes at its begin and %u at "
                                            "its end", total, trailer);
    whole = type == TB_PCAPNG_MACHINE_INFO ? walk_mend_machine(file, total) : 0;
    if (!whole)
      return walk_broken(file, TB_ERROR_CORRUPT, offset + total - 4, text);
    got = walk_get(file, offset, whole, &p, error);
    if (got < (gssize)whole)
      return got < 0 ? TB_PCAPNG_STEP_ERROR : walk_cut_short(file, whole);
  }
  *block = (TbPcapngBlock){ type, offset, p + 8, whole - TB_PCAPNG_BLOCK_FRAME };
  file->place.at_off += whole;
  return TB_PCAPNG_STEP_BLOCK;
}

/* A block nobody asks for: only its two lengths are looked at. */
static TbPcapngStep walk_skip(TbPcapngFile *file, guint32 type, guint32 total,
                              TbPcapngBlock *block, GError **error)
{
  const guint8 *p;
  gssize got = walk_get(file, file->place.at_off + total - 4, 4, &p, error);
  if (got < 4)
    return got < 0 ? TB_PCAPNG_STEP_ERROR : walk_cut_short(file, total);
  if (tb_get_u32(p, file->section.big) != total)
    return walk_broken(file, TB_ERROR_CORRUPT, file->place.at_off + total - 4,
                         "the two lengths of a block differ");
  *block = (TbPcapngBlock){ type, file->place.at_off, NULL, 0 };
  file->place.at_off += total;
  return TB_PCAPNG_STEP_BLOCK;
}

static TbPcapngStep walk_check_length(TbPcapngFile *file, guint32 type, guint32 total,
                                      guint64 max)
{
  g_autofree char *text = NULL;
  guint64 left = file->place.size - file->place.at_off;
  guint64 offset = file->place.at_off + 4;
  if (total < TB_PCAPNG_BLOCK_FRAME || total % 4) {
    text = g_strdup_printf("block length %u, a multiple of 4 from 12 on expected", total);
    return walk_broken(file, TB_ERROR_CORRUPT, offset, text);
  }
  if (type == TB_PCAPNG_SHB && total < TB_PCAPNG_SHB_BYTES) {
    text = g_strdup_printf("section header of %u bytes, at least 28 expected", total);
    return walk_broken(file, TB_ERROR_CORRUPT, offset, text);
  }
  if (total > left && (!walk_is_known(type) || total <= max)) {
    text = walk_dup_cut_short(file, total);
    return walk_broken(file, TB_ERROR_TRUNCATED, file->place.at_off, text);
  }
  if (walk_is_known(type) && total > max) {
    text = g_strdup_printf("block of type %u says it has %u bytes, at most %" G_GUINT64_FORMAT
                           " are possible", type, total, max);
    return walk_broken(file, TB_ERROR_CORRUPT, offset, text);
  }
  return TB_PCAPNG_STEP_BLOCK;
}

TbPcapngStep tb_pcapng_walk_next(TbPcapngFile *file, TbPcapngBlock *block, GError **error)
{
  const guint8 *p;
  guint64 left = file->place.size - file->place.at_off;
  gboolean big;
  if (left == 0)
    return TB_PCAPNG_STEP_END;
  if (left < TB_PCAPNG_BLOCK_FRAME)
    return walk_cut_short(file, TB_PCAPNG_BLOCK_FRAME);
  gssize got = walk_get(file, file->place.at_off, TB_PCAPNG_BLOCK_FRAME, &p, error);
  if (got < TB_PCAPNG_BLOCK_FRAME)
    return got < 0 ? TB_PCAPNG_STEP_ERROR : walk_cut_short(file, TB_PCAPNG_BLOCK_FRAME);
  guint32 type = tb_get_u32(p, file->section.big);
  if (type == TB_PCAPNG_SHB) { /* reads the same in both orders */
    if (!tb_pcapng_is_order(p + 8, &big))
      return walk_broken(file, TB_ERROR_CORRUPT, file->place.at_off + 8,
                           "section header without the byte-order magic 1a2b3c4d");
    file->section.big = big;
  }
  guint32 total = tb_get_u32(p + 4, file->section.big);
  guint64 max = walk_get_max_total(file, type, p);
  TbPcapngStep step = walk_check_length(file, type, total, max);
  if (step != TB_PCAPNG_STEP_BLOCK)
    return step;
  gboolean wanted = walk_is_known(type) || type == TB_PCAPNG_DARWIN_PROCESS
                    || type == TB_PCAPNG_CUSTOM_PRIVATE || file->settings.keep_all;
  if (!wanted || total > max)
    return walk_skip(file, type, total, block, error);
  return walk_load(file, type, total, block, error);
}
