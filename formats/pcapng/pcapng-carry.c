/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What stands between and behind packets: blocks that stay with the record
 * that follows, and options of packets. docs/format-pcapng.md has the rules of
 * what is carried and what is not.
 */
#include "pcapng/pcapng-file.h"

#include "base/strpool.h"
#include "pcapng/pcapng-block.h"
#include "pcapng/pcapng-options.h"
#include "pcapng/pcapng-process.h"

enum { CARRY_PROCESS_NAME = 2, CARRY_NAME_BYTES = 255, CARRY_OLD_HASH = 3, CARRY_NO_DROPS = 0xffff };

static gboolean carry_drop(TbPcapngFile *file, const TbPcapngBlock *block)
{
  if (file->tally.unknown_dropped++ == 0)
    file->tally.first_unknown = block->type;
  return TRUE;
}

/* Written by this program, and rewritten by another one maybe. */
static gboolean carry_is_ours(const TbPcapngFile *file)
{
  return file->section.of_ours ||
         (file->interfaces->len > 0 &&
          g_array_index(file->interfaces, TbPcapngInterface, 0).source->frozen);
}

/* Bytes whose numbers we do not know may only go into a section of their own byte order. */
static gboolean carry_opaque(TbPcapngFile *file, const TbPcapngBlock *block)
{
  if (block->type == TB_PCAPNG_JOURNAL) {
    tb_pcapng_opaque_carry(&file->carry.blocks, block->type, block->body, block->len);
    return TRUE;
  }
  if (block->type == TB_PCAPNG_CUSTOM && carry_is_ours(file) && !file->section.big &&
      tb_pcapng_process_is_custom(block->body, block->len))
    return TRUE; /* the comments say it all; made anew where it is wished for */
  if (file->section.big || block->type == TB_PCAPNG_CUSTOM_PRIVATE) {
    file->tally.custom_dropped++;
    return TRUE;
  }
  /* A custom block is a row without time in Wireshark; as the first of a file it makes 4.0
   * show no usable time for any row. So it never goes in front of a file's first record. */
  TbBuf *to = file->pass.n_records == 0 ? &file->carry.held : &file->carry.blocks;
  tb_pcapng_opaque_carry(to, block->type, block->body, block->len);
  return TRUE;
}

gboolean tb_pcapng_carry_block(TbPcapngFile *file, const TbPcapngBlock *block)
{
  gboolean fits = TRUE;
  guint64 room = file->reader->limits->section_bytes;
  if (file->carry.blocks.len + file->carry.held.len + block->len > room) {
    tb_pcapng_file_damage(file, NULL, TB_ERROR_LIMIT, block->offset, block->len, 0,
                          "more than %" G_GUINT64_FORMAT " bytes of blocks between two packets",
                          room);
    return FALSE;
  }
  switch (block->type) {
  case TB_PCAPNG_NRB:
    fits = tb_pcapng_names_carry(&file->carry.blocks, block->body, block->len, file->section.big);
    break;
  case TB_PCAPNG_DSB:
    fits = tb_pcapng_secrets_carry(&file->carry.blocks, block->body, block->len, file->section.big);
    break;
  case TB_PCAPNG_JOURNAL:
  case TB_PCAPNG_CUSTOM:
  case TB_PCAPNG_CUSTOM_PRIVATE: return carry_opaque(file, block);
  default:
    if (!file->settings.keep_all || file->section.big)
      return carry_drop(file, block);
    tb_pcapng_opaque_carry(&file->carry.blocks, block->type, block->body, block->len);
  }
  if (!fits)
    tb_pcapng_file_damage(file, NULL, TB_ERROR_CORRUPT, block->offset + 8, block->len, 0,
                          "block of type 0x%x: a record or option in it is longer than the block",
                          block->type);
  return fits;
}

void tb_pcapng_carry_process(TbPcapngFile *file, const TbPcapngBlock *block)
{
  TbPcapngProcess process = { 0 };
  TbPcapngOption option;
  if (file->processes.blocks->len >= file->reader->limits->table_entries)
    return;
  if (block->len >= 4) {
    TbPcapngOptions walk = { .data = block->body + 4, .len = block->len - 4, .big = file->section.big };
    process.pid = tb_get_u32(block->body, file->section.big);
    while (tb_pcapng_options_next(&walk, &option))
      if (option.code == CARRY_PROCESS_NAME && !process.name)
        process.name = tb_strpool_intern(file->processes.names, (const char *)option.value,
                                         MIN(option.len, (guint16)CARRY_NAME_BYTES));
    if (walk.bad) /* not Apple's: the number is used by others too */
      process = (TbPcapngProcess){ 0 };
  }
  /* Referred to by number, so every block counts. */
  g_array_append_val(file->processes.blocks, process);
}

void tb_pcapng_carry_take(TbPcapngFile *file, TbRecord *event)
{
  gboolean with_held = event->sequence > 0 || event->flags & TB_RECORD_NO_TIME;
  tb_buf_reset(&file->carry.lent);
  if (with_held) {
    tb_buf_append(&file->carry.lent, file->carry.held.data, file->carry.held.len);
    tb_buf_reset(&file->carry.held);
  }
  tb_buf_append(&file->carry.lent, file->carry.blocks.data, file->carry.blocks.len);
  tb_buf_reset(&file->carry.blocks);
  event->data = file->carry.lent.data;
  event->len = (guint32)file->carry.lent.len;
}

/* What is missing is told once a file; a file of ours says it in its comments, too. */
static void carry_tell_dangling(TbPcapngFile *file, const TbRecord *event, guint32 index)
{
  if (file->tally.dangling++ > 0 || event->source->frozen)
    return;
  tb_pcapng_file_damage(file, event->source, TB_ERROR_CORRUPT, event->offset, 0, 0,
                        "packet refers to process block %u, %u stand in front of it: such "
                        "references are left out", index, file->processes.blocks->len);
}

static const TbPcapngProcess *carry_find_process(TbPcapngFile *file, const TbRecord *event,
                                                 const TbPcapngOption *option)
{
  guint32 index = option->len == 4 ? tb_get_u32(option->value, file->section.big) : G_MAXUINT32;
  if (index >= file->processes.blocks->len) {
    carry_tell_dangling(file, event, index);
    return NULL;
  }
  const TbPcapngProcess *process = &g_array_index(file->processes.blocks, TbPcapngProcess, index);
  return process->pid && process->pid <= G_MAXINT32 ? process : NULL;
}

static TbOwner carry_owner(const TbPcapngProcess *process)
{
  return (TbOwner){ .confidence = TB_CONFIDENCE_LINKED, .pid = (gint32)process->pid,
                    .comm = process->name, .via = "darwin" };
}

/*
 * Apple's references by number become what every tool keeps: a comment and the registered
 * option. They stand last, where tb_pcapng_owners_read() finds them.
 */
static void carry_append_process(TbBuf *out, const TbPcapngProcess *process,
                                 const TbPcapngProcess *effective, gboolean has_option)
{
  g_auto(TbBuf) text = { 0 };
  guint32 ids[2] = { GUINT32_TO_LE(process->pid), 0 };
  TbOwner owner = carry_owner(process), other = { 0 };
  if (effective && (effective->pid != process->pid ||
                    g_strcmp0(effective->name, process->name) != 0))
    other = carry_owner(effective);
  tb_pcapng_owners_append_told(&owner, &other, &text);
  tb_pcapng_option(out, TB_PCAPNG_OPT_COMMENT, text.data, text.len);
  if (!has_option)
    tb_pcapng_option(out, TB_PCAPNG_EPB_PROCESS, ids, sizeof ids);
}

static void carry_tell_bad(TbPcapngFile *file, const TbRecord *event, guint64 offset,
                           const TbPcapngOptions *walk)
{
  if (walk->bad)
    tb_pcapng_file_damage(file, event->source, TB_ERROR_CORRUPT, offset + walk->pos,
                          walk->len - walk->pos, 0,
                          "packet option is longer than the %" G_GSIZE_FORMAT
                          " bytes left of its block",
                          walk->len - walk->pos);
}

/* The low two bits of epb_flags: 1 inbound, 2 outbound. The first option of that kind counts. */
static inline void carry_set_direction(TbRecord *event, const TbPcapngOption *flags, gboolean big)
{
  if (flags->len != 4 || event->flags & (TB_RECORD_INBOUND | TB_RECORD_OUTBOUND))
    return;
  guint32 way = tb_get_u32(flags->value, big) & 3;
  event->flags |= way == 1 ? TB_RECORD_INBOUND : way == 2 ? TB_RECORD_OUTBOUND : 0;
}

/* The first number counts. */
static inline void carry_set_id(TbRecord *event, const TbPcapngOption *id, gboolean big)
{
  if (id->len != 8 || event->flags & TB_RECORD_HAS_ID)
    return;
  event->value = tb_get_u64(id->value, big);
  event->flags |= TB_RECORD_HAS_ID;
}

/* The careful way: numbers turned, private options left out, processes named. */
static void carry_rewrite_options(TbPcapngFile *file, TbRecord *event, TbPcapngOptions *walk,
                                  TbPcapngOptionsOf where)
{
  const TbPcapngProcess *process = NULL, *effective = NULL;
  TbPcapngOption option;
  gboolean has_process = FALSE;
  walk->pos = 0;
  while (tb_pcapng_options_next(walk, &option)) {
    if (where == TB_PCAPNG_IN_OLD_PACKET && option.code == TB_PCAPNG_EPB_FLAGS)
      carry_set_direction(event, &option, file->section.big);
    has_process |= where == TB_PCAPNG_IN_PACKET && option.code == TB_PCAPNG_EPB_PROCESS;
    if (where == TB_PCAPNG_IN_PACKET && option.code == TB_PCAPNG_EPB_DARWIN_PROCESS)
      process = carry_find_process(file, event, &option);
    else if (where == TB_PCAPNG_IN_PACKET && option.code == TB_PCAPNG_EPB_DARWIN_EFFECTIVE)
      effective = carry_find_process(file, event, &option);
    else if (where != TB_PCAPNG_IN_OLD_PACKET || option.code <= CARRY_OLD_HASH
             || option.code >= TB_PCAPNG_OPT_CUSTOM_STRING)
      tb_pcapng_option_carry(&file->packet.options, option.code, option.value, option.len, file->section.big,
                             where);
  }
  if (process && !event->source->frozen) /* our own files say it in full */
    carry_append_process(&file->packet.options, process, effective, has_process);
  file->packet.payload.bytes = file->packet.options.data;
  file->packet.payload.len = (guint32)file->packet.options.len;
}

void tb_pcapng_carry_options(TbPcapngFile *file, TbRecord *event, const guint8 *data, gsize len,
                             guint64 offset)
{
  TbPcapngOptions walk = { .data = data, .len = len, .big = file->section.big };
  TbPcapngOption option;
  gboolean as_is = !file->section.big;
  while (tb_pcapng_options_next(&walk, &option))
    if (option.code == TB_PCAPNG_EPB_FLAGS)
      carry_set_direction(event, &option, file->section.big);
    else if (option.code == TB_PCAPNG_EPB_PACKETID)
      carry_set_id(event, &option, file->section.big);
    else if (option.code == TB_PCAPNG_EPB_DARWIN_PROCESS ||
             option.code == TB_PCAPNG_EPB_DARWIN_EFFECTIVE ||
             option.code == TB_PCAPNG_OPT_CUSTOM_STRING_PRIVATE ||
             option.code == TB_PCAPNG_OPT_CUSTOM_BYTES_PRIVATE)
      as_is = FALSE;
  carry_tell_bad(file, event, offset, &walk);
  if (as_is) {
    file->packet.payload.bytes = data;
    file->packet.payload.len = (guint32)walk.pos;
    return;
  }
  tb_buf_reset(&file->packet.options);
  walk.bad = FALSE;
  carry_rewrite_options(file, event, &walk, TB_PCAPNG_IN_PACKET);
}

void tb_pcapng_carry_old_options(TbPcapngFile *file, TbRecord *event, const guint8 *data,
                                 gsize len, guint64 offset, guint32 drops)
{
  TbPcapngOptions walk = { .data = data, .len = len, .big = file->section.big };
  tb_buf_reset(&file->packet.options);
  if (drops && drops != CARRY_NO_DROPS) {
    guint64 count = GUINT64_TO_LE((guint64)drops);
    tb_pcapng_option(&file->packet.options, TB_PCAPNG_EPB_DROPCOUNT, &count, sizeof count);
  }
  carry_rewrite_options(file, event, &walk, TB_PCAPNG_IN_OLD_PACKET);
  carry_tell_bad(file, event, offset, &walk);
}
