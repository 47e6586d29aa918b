/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Binding types to decoders; see decoder.h. */
#include "model/decoder.h"

guint64 tb_event_type_bind(TbEventType *type)
{
  const TbDecoder *decoder = type->ops->decoder;
  if (!type->bound && decoder) {
    type->facts = decoder->bind(type, &type->plan);
    type->free_plan = decoder->free_plan;
  }
  type->bound = TRUE;
  return type->facts;
}
