/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What pcapng carries along with a source and nobody else understands. The
 * reader makes it, the writer takes it.
 */
#pragma once

#include "model/source.h"

#include <glib.h>

G_BEGIN_DECLS

/**
 * TbPcapngCarried:
 * @base: what the source sees of it
 * @description: (nullable): the input's if_description where it is not ours
 * @options: (nullable): further options of the interface, little-endian
 * @statistics: (nullable): body of the interface's statistics block behind its interface number,
 *   little-endian
 * @section_comments: (nullable): comments of the section it comes from, as little-endian options
 * @tsoffset_s: seconds added to its ticks (option 14)
 * @applied_ns: what its times already hold from an earlier conversion; described, never added again
 */
typedef struct {
  TbCarried base;
  char *description;
  GBytes *options;
  GBytes *statistics;
  GBytes *section_comments;
  gint64 tsoffset_s;
  gint64 applied_ns;
} TbPcapngCarried;

/** tb_pcapng_carried: what @source carries, all empty where it comes from another format */
const TbPcapngCarried *tb_pcapng_carried(const TbSource *source);

/** tb_pcapng_carried_make: the same to be filled; the source owns it */
TbPcapngCarried *tb_pcapng_carried_make(TbSource *source);

G_END_DECLS
