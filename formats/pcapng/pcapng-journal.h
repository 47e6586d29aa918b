/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The journal encoding of system events: rows for Wireshark's systemd journal
 * dissector. What repeats (process, host, event name) is encoded once and
 * copied. Knows the keys and their order, nothing of files.
 */
#pragma once

#include "pcapng/pcapng-encoding.h"

G_BEGIN_DECLS

/* The tag list every row starts with: big-endian tag, length, value padded to 4. */
enum {
  TB_PCAPNG_TAG_END = 0,
  TB_PCAPNG_TAG_DISSECTOR = 12,
  TB_PCAPNG_TAG_IPV4_SRC = 20,
  TB_PCAPNG_TAG_IPV4_DST = 21,
  TB_PCAPNG_TAG_IPV6_SRC = 22,
  TB_PCAPNG_TAG_IPV6_DST = 23,
};

#define TB_PCAPNG_DISSECTOR "systemd_journal"

/* The rows of the program itself. */
#define TB_PCAPNG_OWN_SYSTEM "tracebraid"
#define TB_PCAPNG_LOST_NAME "lost_events"

G_END_DECLS
