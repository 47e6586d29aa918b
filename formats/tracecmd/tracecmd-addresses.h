/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The connection that an event of sock: or tcp: speaks of, found by the names
 * of its fields, so that rows can be selected by address like packets.
 * Knows fields and payloads; no container and no time.
 */
#pragma once

#include "model/record.h"

G_BEGIN_DECLS

/** TcAddresses: where one event type keeps both ends; borrows the type's fields */
typedef struct _TcAddresses TcAddresses;

/** tc_addresses_new: Returns: (transfer full) (nullable): NULL for a type that names no ends */
TcAddresses *tc_addresses_new(const TbEventType *type);
void tc_addresses_free(TcAddresses *addresses);

/**
 * tc_addresses_get: both ends of @event. IPv4 addresses inside IPv6 ones are given as
 * IPv4, which is what is on the wire.
 * Returns: FALSE where the event names none (another family, or nothing but zeros)
 */
gboolean tc_addresses_get(const TcAddresses *addresses, const TbRecord *event, TbAddresses *out);

G_END_DECLS
