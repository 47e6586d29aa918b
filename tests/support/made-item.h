/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Items for tests: of a record that a reader lent, or with a record and a
 * payload of their own. Their three times are one: no axis moves them.
 */
#pragma once

#include "model/item.h"

/** MadeItem: all of it may be changed until made_item() is asked for it */
typedef struct {
  TbRecord record;
  TbPayload payload; /* of the record where it has a format */
  TbItem item;
} MadeItem;

/** item_of: borrows @record */
static inline TbItem item_of(const TbRecord *record)
{
  return (TbItem){ .record = record, .time.ns = record->time.ns,
                   .machine_time.ns = record->time.ns };
}

/** made_item: borrows from @made, which must not be moved as long as the item is in use */
static inline TbItem *made_item(MadeItem *made)
{
  made->record.payload = made->payload.format ? &made->payload : NULL;
  made->item.record = &made->record;
  made->item.time.ns = made->item.machine_time.ns = made->record.time.ns;
  return &made->item;
}
