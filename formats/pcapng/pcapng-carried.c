/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What pcapng carries along with a source; see pcapng-carried.h. */
#include "pcapng/pcapng-carried.h"

static void carried_free(TbCarried *base)
{
  TbPcapngCarried *carried = (TbPcapngCarried *)base;
  g_free(carried->description);
  g_clear_pointer(&carried->options, g_bytes_unref);
  g_clear_pointer(&carried->statistics, g_bytes_unref);
  g_clear_pointer(&carried->section_comments, g_bytes_unref);
  g_free(carried);
}

/* The function that releases it tells whose it is. */
const TbPcapngCarried *tb_pcapng_carried(const TbSource *source)
{
  static const TbPcapngCarried none = { 0 };
  return source->carried && source->carried->free == carried_free
             ? (const TbPcapngCarried *)source->carried
             : &none;
}

TbPcapngCarried *tb_pcapng_carried_make(TbSource *source)
{
  if (!source->carried) {
    TbPcapngCarried *made = g_new0(TbPcapngCarried, 1);
    made->base.free = carried_free;
    source->carried = &made->base;
  }
  return (TbPcapngCarried *)source->carried;
}
