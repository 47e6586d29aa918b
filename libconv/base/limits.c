/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The default limits; see limits.h. */
#include "base/limits.h"

static const TbLimits limits_default = {
  .record_bytes = 16u << 20,
  .string_bytes = 1u << 20,
  .section_bytes = 256u << 20,
  .table_entries = 4u << 20,
  .cpus = 65536,
  .streams = 65536,
  .depth = 4096,
  .page_bytes = 1u << 20,
  .chunk_bytes = 16u << 20,
  .spool_bytes = 1ull << 40,
  .row_bytes = 262143,
  .sort_bytes = 64u << 20,
  .damage_entries = 1000,
};

const TbLimits *tb_limits_default(void)
{
  return &limits_default;
}
