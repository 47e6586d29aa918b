/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The owners of a packet: which process stands behind each of its two ends,
 * how that is known and how sure it is. Knows no capture format and nothing of
 * how owners are found.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * TbConfidence: how sure an owner is
 * @TB_CONFIDENCE_NONE: nobody is named
 * @TB_CONFIDENCE_CONTEXT: a guess from what ran at the time
 * @TB_CONFIDENCE_LINKED: by a chain of events through a socket, buffer or descriptor
 * @TB_CONFIDENCE_CERTAIN: the events name these very bytes
 */
typedef enum {
  TB_CONFIDENCE_NONE,
  TB_CONFIDENCE_CONTEXT,
  TB_CONFIDENCE_LINKED,
  TB_CONFIDENCE_CERTAIN,
} TbConfidence;

/**
 * TbOwner: one end's process
 * @confidence: %TB_CONFIDENCE_NONE = the end is not named and nothing below is valid
 * @pid: process
 * @pid_is_thread: which process is not known: @pid is the number of its thread, @tid
 * @tid: thread; 0 = not stated
 * @comm, @exe: (nullable): raw bytes with a NUL at the end, as at the packet's instant
 * @args: (nullable): the command line, where only the owner's evidence tells it
 * @via: a word for the evidence
 * @generation: differs whenever @pid, @pid_is_thread, @comm or @exe differ, and @via is a literal; 0 = nothing is
 *   known of that. Writers keep what they prepared by it
 * @instance: number of the process in its machine's timeline + 1; 0 = not known
 * @confirmed: the capture itself names this process, too
 */
typedef struct {
  TbConfidence confidence;
  gint32 pid;
  gint32 tid;
  gboolean pid_is_thread;
  const char *comm;
  const char *exe;
  const char *args;
  const char *via;
  guint64 generation;
  guint32 instance;
  gboolean confirmed;
} TbOwner;

/**
 * TbOwners:
 * @src: who sent the packet
 * @dst: who receives it
 * @src_claim, @dst_claim: whom the capture itself names at that end, where a recording names
 *   another process
 * @effective: on whose behalf the capture says @src or @dst acted, where that is another process
 * @carried: the packet's own options say so in this program's words: writers add nothing
 * @either_end: @src is what the capture tells of one of the ends, and it does not say which
 * @translated_len: bytes at the end of the packet's options that say no more than these owners
 *   do: writers of the owners leave them out
 */
typedef struct _TbOwners {
  TbOwner src;
  TbOwner dst;
  TbOwner src_claim;
  TbOwner dst_claim;
  TbOwner effective;
  gboolean carried;
  gboolean either_end;
  guint32 translated_len;
} TbOwners;

/** tb_confidence_from_word: "certain", "linked", "context"; FALSE where @word is none of these */
gboolean tb_confidence_from_word(const char *word, TbConfidence *out);

/** tb_confidence_to_word: the same words, and "none" */
const char *tb_confidence_to_word(TbConfidence confidence);

static inline gboolean tb_owner_is_known(const TbOwner *owner)
{
  return owner->confidence != TB_CONFIDENCE_NONE;
}

/**
 * tb_owners_limit: forgets the ends known worse than @least; %TB_CONFIDENCE_NONE: both.
 * Returns: FALSE where nobody is left
 */
gboolean tb_owners_limit(TbOwners *owners, TbConfidence least);

G_END_DECLS
