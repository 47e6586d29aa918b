/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Counts events per type and per source while preparing: what `info` shows. */
#pragma once

#include "stages/observer.h"

#include <glib.h>

G_BEGIN_DECLS

/** TbCensusRow: @count events of @type from @source; both borrowed */
typedef struct {
  const TbSource *source;
  const TbEventType *type;
  guint64 count;
} TbCensusRow;

/** tb_census_new: asks for every event; packets are counted by their sources */
TbObserver *tb_census_new(void);

/** tb_census_get_rows: Returns: (transfer full) (element-type TbCensusRow): most frequent first */
GArray *tb_census_get_rows(const TbObserver *census);

G_END_DECLS
