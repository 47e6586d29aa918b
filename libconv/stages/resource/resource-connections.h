/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a process log tells of one machine's connections: who used which
 * connection or port, when, and with how many bytes. Such an operation names
 * the connection and the process, but no socket and no payload, and its thread
 * is often a kernel worker's. Grows with connections and with changes of
 * owner, not with operations.
 */
#pragma once

#include "base/map.h"
#include "model/fact.h"
#include "stages/resource/resource-sockets.h"

G_BEGIN_DECLS

enum {
  CONNECTION_OWNERS = 1 << 20,  /* beyond these numbers nothing new is followed */
  CONNECTION_RECORDS = 1 << 20,
  CONNECTION_USES = 1 << 21,
  CONNECTION_APART = 1 << 18, /* datagrams of pairs of ends that several processes use */
};

/* An operation and its packet may be so far apart: 15.6 ms are a tick of the coarse clock. */
#define CONNECTION_NEAR_NS (50 * G_GINT64_CONSTANT(1000000))
/* Connect and Accept are told when the handshake is over, which is tried for 21 s. */
#define CONNECTION_HANDSHAKE_NS (30 * G_GINT64_CONSTANT(1000000000))
/* A connection's last packets come this long after its end. */
#define CONNECTION_AFTERLIFE_NS (120 * G_GINT64_CONSTANT(1000000000))

#define CONNECTION_SEVERAL G_MAXUINT32

/**
 * ConnectionOwner: a process
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
} ConnectionOwner;

/**
 * ConnectionUse: operations of one owner in succession; a single one of datagrams, once a second
 * owner came
 * @end: bytes of the side up to and with it
 * @len: what each of them moved, or %CONNECTION_SEVERAL sizes
 * @next: the use behind it, or %TB_MAP_NONE
 */
typedef struct {
  gint64 first_ns;
  gint64 last_ns;
  guint64 end;
  guint32 owner;
  guint32 len;
  guint32 next;
} ConnectionUse;

/**
 * ConnectionSide: one direction
 * @first, @last: uses, or %TB_MAP_NONE; sealed: @n of them, one behind the other
 * @only: sealed: the one owner of all uses, or %TB_MAP_NONE
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
} ConnectionSide;

/**
 * ConnectionRecord: one life of a TCP connection, a pair of UDP ends, or (@tuple's remote part is
 *   zero) a local UDP end, whose first side has all operations of both directions
 * @older: the record before it in the chain of its hash: other tuples and earlier lives
 * @opened_ns: when Connect or Accept was told, by @opener
 * @born: its beginning is in the log
 * @ended: Disconnect was told, at @death_ns
 * @since_ns, @until_ns: a capture has the beginning of this life and of another one: packets
 *   before and from then on are not this one's; G_MININT64, G_MAXINT64 = it has not
 * @only: sealed: the one owner of all uses, or %TB_MAP_NONE
 * @in_turn: sealed: each owner's uses stand together in time
 */
typedef struct {
  TbTuple tuple;
  gint64 birth_ns;
  gint64 death_ns;
  gint64 opened_ns;
  gint64 since_ns;
  gint64 until_ns;
  ConnectionSide sides[RESOURCE_N_WAYS];
  guint32 older;
  guint32 opener;
  guint32 latest; /* owner of the last operation */
  guint32 only;
  guint8 born;
  guint8 ended;
  guint8 in_turn;
} ConnectionRecord;

typedef struct {
  GArray *owners;  /* ConnectionOwner */
  GArray *records; /* ConnectionRecord */
  GArray *uses;    /* ConnectionUse */
  guint32 n_apart; /* of these, kept apart though the one before has the same owner */
  TbMap owner_by_start;
  TbMap record_by_tuple; /* hash to the newest record of that hash */
} ResourceConnections;

ResourceConnections *resource_connections_new(void);
void resource_connections_free(ResourceConnections *connections);

/**
 * resource_connections_tell: as of TB_FACT_CONNECTION, told by @source at @time_ns of the machine's
 *   timeline
 */
void resource_connections_tell(ResourceConnections *connections, const TbConnection *fact,
                               const TbSource *source, gint64 time_ns);
/** resource_connections_seal: all was told */
void resource_connections_seal(ResourceConnections *connections);

static inline ConnectionRecord *connection_record(const ResourceConnections *connections, guint32 record)
{
  return &g_array_index(connections->records, ConnectionRecord, record);
}

static inline const ConnectionOwner *connection_owner(const ResourceConnections *connections, guint32 owner)
{
  return &g_array_index(connections->owners, ConnectionOwner, owner);
}

static inline const ConnectionUse *connection_use(const ResourceConnections *connections, const ConnectionSide *side,
                                            guint32 n)
{
  return &g_array_index(connections->uses, ConnectionUse, side->first + n);
}

/** connections_find: the newest record of @tuple from @record on along the chain, or %TB_MAP_NONE */
guint32 connections_find(const ResourceConnections *connections, const TbTuple *tuple, guint32 record);
/** connections_find_newest: the newest record of @tuple, or %TB_MAP_NONE */
guint32 connections_find_newest(const ResourceConnections *connections, const TbTuple *tuple);

G_END_DECLS
