/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What pcapng carries along with a packet, in the record's payload: its options,
 * little-endian and without an end mark, and its time as the file counts it. The
 * reader makes it and the writer takes it; nobody else knows what it holds.
 */
#pragma once

#include "model/record.h"

#include <glib.h>

G_BEGIN_DECLS

/* "pcng" */
#define TB_PCAPNG_PAYLOAD 0x706e6367u

/** tb_pcapng_payload: @record's, one without options where it has none. @word are the ticks */
static inline const TbPayload *tb_pcapng_payload(const TbRecord *record)
{
  static const TbPayload none = { 0 };
  const TbPayload *payload = record->payload;
  return payload && payload->format == TB_PCAPNG_PAYLOAD ? payload : &none;
}

G_END_DECLS
