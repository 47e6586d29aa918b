/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What network operations of Windows tell of one machine: who used which
 * connection or port, when, and with how many bytes. Such an operation names
 * the connection and the process, but no socket and no payload, and its thread
 * is often a kernel worker's. Grows with connections and with changes of
 * owner, not with operations. Shared by the two attrib-windows sources only.
 */
#pragma once

#include "stages/attrib/attrib-private.h"

G_BEGIN_DECLS

enum {
  WINDOWS_OWNERS = 1 << 20,  /* beyond these numbers nothing new is followed */
  WINDOWS_RECORDS = 1 << 20,
  WINDOWS_USES = 1 << 21,
  WINDOWS_APART = 1 << 18, /* datagrams of pairs of ends that several processes use */
};

/* An operation and its packet may be so far apart: 15.6 ms are a tick of the coarse clock. */
#define WINDOWS_NEAR_NS (50 * G_GINT64_CONSTANT(1000000))
/* Connect and Accept are told when the handshake is over, which is tried for 21 s. */
#define WINDOWS_HANDSHAKE_NS (30 * G_GINT64_CONSTANT(1000000000))
/* A connection's last packets come this long after its end. */
#define WINDOWS_AFTERLIFE_NS (120 * G_GINT64_CONSTANT(1000000000))

#define WINDOWS_SEVERAL G_MAXUINT32

/**
 * WindowsOwner: a process
 * @moment_ns: when @pid was that process, as observers and the timeline see times
 * @own_start_ns: its start on the log's own clock, G_MININT64 = unknown
 * @start_ns, @end_ns: of the process as observers see times; G_MININT64, G_MAXINT64 = unknown
 * @pid: 0 = all processes that the log does not name
 */
typedef struct {
  gint64 moment_ns;
  gint64 own_start_ns;
  gint64 start_ns;
  gint64 end_ns;
  gint32 pid;
} WindowsOwner;

/**
 * WindowsUse: operations of one owner in succession; a single one of datagrams, once a second
 * owner came
 * @end: bytes of the side up to and with it
 * @len: what each of them moved, or %WINDOWS_SEVERAL sizes
 * @next: the use behind it, or %ATTRIB_NONE
 */
typedef struct {
  gint64 first_ns;
  gint64 last_ns;
  guint64 end;
  guint32 owner;
  guint32 len;
  guint32 next;
} WindowsUse;

/**
 * WindowsSide: one direction
 * @first, @last: uses, or %ATTRIB_NONE; sealed: @n of them, one behind the other
 * @only: sealed: the one owner of all uses, or %ATTRIB_NONE
 * @ref: sequence number of the first byte, if @exact
 * @exact: the bytes of the uses are those of the captured stream
 * @partial: some use could not be kept
 */
typedef struct {
  guint32 first;
  guint32 last;
  guint32 n;
  guint32 only;
  guint32 ref;
  guint8 exact;
  guint8 partial;
} WindowsSide;

/**
 * WindowsRecord: one life of a TCP connection, a pair of UDP ends, or (@tuple's remote part is
 *   zero) a local UDP end, whose first side has all operations of both directions
 * @older: the record before it in the chain of its hash: other tuples and earlier lives
 * @opened_ns: when Connect or Accept was told, by @opener
 * @born: its beginning is in the log
 * @ended: Disconnect was told, at @death_ns
 * @since_ns, @until_ns: a capture has the beginning of this life and of another one: packets
 *   before and from then on are not this one's; G_MININT64, G_MAXINT64 = it has not
 * @only: sealed: the one owner of all uses, or %ATTRIB_NONE
 * @in_turn: sealed: each owner's uses stand together in time
 */
typedef struct {
  AttribTuple tuple;
  gint64 birth_ns;
  gint64 death_ns;
  gint64 opened_ns;
  gint64 since_ns;
  gint64 until_ns;
  WindowsSide sides[ATTRIB_N_WAYS];
  guint32 older;
  guint32 opener;
  guint32 latest; /* owner of the last operation */
  guint32 only;
  guint8 born;
  guint8 ended;
  guint8 in_turn;
} WindowsRecord;

struct _AttribWindows {
  GArray *owners;  /* WindowsOwner */
  GArray *records; /* WindowsRecord */
  GArray *uses;    /* WindowsUse */
  guint32 n_apart; /* of these, kept apart though the one before has the same owner */
  AttribMap owner_by_start;
  AttribMap record_by_tuple; /* hash to the newest record of that hash */
};

static inline WindowsRecord *windows_record(const AttribWindows *windows, guint32 record)
{
  return &g_array_index(windows->records, WindowsRecord, record);
}

static inline const WindowsOwner *windows_owner(const AttribWindows *windows, guint32 owner)
{
  return &g_array_index(windows->owners, WindowsOwner, owner);
}

static inline const WindowsUse *windows_use(const AttribWindows *windows, const WindowsSide *side,
                                            guint32 n)
{
  return &g_array_index(windows->uses, WindowsUse, side->first + n);
}

/** windows_find: the newest record of @tuple from @record on along the chain, or %ATTRIB_NONE */
guint32 windows_find(const AttribWindows *windows, const AttribTuple *tuple, guint32 record);
/** windows_find_newest: the newest record of @tuple, or %ATTRIB_NONE */
guint32 windows_find_newest(const AttribWindows *windows, const AttribTuple *tuple);

G_END_DECLS
