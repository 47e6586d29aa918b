/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The journal encoding of system events: rows for Wireshark's systemd journal
 * dissector. What repeats (process, host, event name) is encoded once and
 * copied. This is what its two ways of making rows share.
 */
#pragma once

#include "base/escape.h"
#include "pcapng/pcapng-encoding.h"
#include "pcapng/pcapng-interface.h"
#include "pcapng/pcapng-row.h"

#include <string.h>

G_BEGIN_DECLS

enum {
  JOURNAL_MAX_VALUES = 28,
  JOURNAL_PRIORITY_LOST = 3,
  JOURNAL_PRIORITY_FAILED = 4,
  /* TRACE_TRUNCATED and the longer form of a value with newlines. */
  JOURNAL_CUT_ROOM = 64,
  JOURNAL_PACKET_KEY = sizeof "TRACE_PACKET=" - 1,
  JOURNAL_PACKET_LINE = 40, /* the key, 20 digits, a newline; copied as a piece of this size */
};

/* A value of the outside world: no control bytes, no newline. */
#define JOURNAL_ESCAPE (TB_ESCAPE_NEWLINE | TB_ESCAPE_TAB)

/* What repeats per process: keys in front of the host name, and two behind the text. */
typedef struct {
  guint64 generation;
  gboolean valid;
  TbBuf head;
  TbBuf tid;
  TbBuf ppid;
} JournalContext;

/* What repeats per event type, up to and with "MESSAGE=name: ". */
typedef struct {
  const TbEventType *type;
  TbBuf head;
  TbBuf failed_head;
} JournalType;

/* The line of the packet that an event named last; @len 0 = none yet */
typedef struct {
  guint64 id;
  gsize len;
  guint8 line[JOURNAL_PACKET_LINE];
} JournalPacketLine;

typedef struct {
  TbWriter *writer;
  gsize limit; /* bytes of a row without its host name */
  TbBuf tags;
  TbBuf *hosts; /* by source rank */
  guint n_hosts;
  gboolean has_packets; /* the output has interfaces of packets */
  JournalPacketLine last_packet;
  JournalContext *contexts; /* by slot */
  guint n_contexts;
  JournalContext nobody; /* always empty */
  JournalType *types; /* by type id */
  guint n_types;
  TbBuf raw;
  TbBuf values;
} Journal;

static inline gboolean journal_is_somebody(const TbContext *context)
{
  return context && context->pid != 0;
}

static inline gboolean journal_is_name(const char *comm)
{
  return comm && *comm && !g_str_equal(comm, "<...>");
}

static inline gboolean journal_has_text(const char *text)
{
  return text && *text;
}

/** journal_append_identifier: "SYSTEM:NAME"; the first colon ends the system */
void journal_append_identifier(TbBuf *buf, const char *system, const char *name);

/** journal_careful: appends the keys of @event's row, whose tags stand at @tags_at */
void journal_careful(Journal *journal, const TbItem *event, gsize tags_at, TbBuf *out);

G_END_DECLS
