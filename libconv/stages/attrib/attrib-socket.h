/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The sockets of one machine over their lives, and which task moved which of
 * their bytes. Positions are counted from a stream's first data byte, or from
 * the first one that was seen where the socket is older than the recording.
 * Grows with sockets and with changes of owner, not with events. Knows no
 * events and no packets.
 */
#pragma once

#include "stages/attrib/attrib-map.h"

#include <glib.h>

G_BEGIN_DECLS

/* Protocol numbers of IP; ARP has none, 255 is reserved. */
enum { ATTRIB_TCP = 6, ATTRIB_UDP = 17, ATTRIB_ARP = 255 };

/** AttribTuple: a connection seen from one end; IPv4 as ::ffff:a.b.c.d */
typedef struct {
  guint8 local[16];
  guint8 remote[16];
  guint16 local_port;
  guint16 remote_port;
  guint8 protocol;
  guint8 zero[3];
} AttribTuple;

G_STATIC_ASSERT(sizeof(AttribTuple) == 40);

/** attrib_tuple_hash: over all but the padding, which must be zero */
guint64 attrib_tuple_hash(const AttribTuple *tuple);
/** attrib_address_set: @bytes: 4 or 16 by @family (4 or 6) */
void attrib_address_set(guint8 *to, const guint8 *bytes, guint family);
/** attrib_tuple_reverse: the same connection from the other end */
AttribTuple attrib_tuple_reverse(const AttribTuple *tuple);

typedef enum { ATTRIB_WRITTEN, ATTRIB_READ, ATTRIB_N_WAYS } AttribWay;

/**
 * AttribRun: bytes that one task moved in succession
 * @end: position behind its last byte
 * @first_ns: when its first call began
 * @last_ns: when its last call ended
 * @next: the run behind it, or %ATTRIB_NONE
 * @asked: bytes of calls whose results were not seen, not in @end; G_MAXUINT32 = any number
 */
typedef struct {
  guint64 end;
  gint64 first_ns;
  gint64 last_ns;
  gint32 tid;
  guint32 next;
  guint32 asked;
} AttribRun;

/**
 * AttribSide: one direction of a socket
 * @first, @last: runs, or %ATTRIB_NONE
 * @n: number of runs; once the sockets are sealed they stand one behind the other
 * @isn: sequence number in front of the first byte, if @isn_known
 * @exact: all bytes of the stream are in the runs, at their places
 * @lost: at most so many bytes are missing in the runs (G_MAXUINT32 = unknown)
 * @absent: matched: somebody used the socket who has no run here
 * @late: matched: and was born behind the beginning of the first run, as all of these
 * @mended: what was missing is what calls without results asked for
 */
typedef struct {
  guint32 first;
  guint32 last;
  guint32 n;
  guint32 isn;
  guint32 lost;
  guint32 isn_known : 1;
  guint32 exact : 1;
  guint32 by_calls : 1; /* counted by system calls */
  guint32 gap : 1;      /* a call whose size is not known, or events were lost */
  guint32 single : 1;   /* sealed: all runs are one task's */
  guint32 mended : 1;
  guint32 absent : 1;
  guint32 late : 1;
} AttribSide;

/**
 * AttribSocket:
 * @sk: kernel address, 0 = known by descriptor only
 * @cookie: 0 = unknown
 * @birth_ns: when it was first heard of
 * @death_ns: G_MAXINT64 while it lives
 * @same: next socket with an equal tuple, or %ATTRIB_NONE
 * @opener: task that connected it in its own context, 0 = unknown
 * @epoch: gaps of its machine when it was last touched
 * @only: matched: the one task that anything tells of, 0 = none or several
 * @alone_ns: matched: with @shared: until then only @first was born of all who used it
 * @has_tuple: @tuple is valid
 * @born: its beginning is in the recording
 * @shared: matched: several tasks used it
 * @accepted: it came out of a listening socket
 */
typedef struct {
  guint64 sk;
  gint64 birth_ns;
  gint64 death_ns;
  gint64 alone_ns;
  AttribTuple tuple;
  AttribSide sides[ATTRIB_N_WAYS];
  guint32 same;
  gint32 opener;
  gint32 only;
  gint32 first;
  guint16 epoch;
  guint8 has_tuple : 1;
  guint8 born : 1;
  guint8 accepted : 1;
  guint8 shared : 1;
} AttribSocket;

G_STATIC_ASSERT(sizeof(AttribSocket) <= 144);

/** AttribSockets: all zero but for attrib_sockets_init() */
typedef struct {
  GArray *sockets; /* AttribSocket */
  GArray *runs;    /* AttribRun */
  AttribMap by_sk;
  AttribMap by_tuple; /* hash to the newest socket of that hash */
  guint16 epoch;
} AttribSockets;

void attrib_sockets_init(AttribSockets *all);
void attrib_sockets_clear(AttribSockets *all);

static inline AttribSocket *attrib_socket(const AttribSockets *all, guint32 socket)
{
  return &g_array_index(all->sockets, AttribSocket, socket);
}

/** attrib_socket_new: @sk may be 0; one that lived at @sk is no longer found by it */
guint32 attrib_socket_new(AttribSockets *all, guint64 sk, gint64 time_ns);
/** attrib_socket_find: the socket that lives at @sk; one older than the recording is made */
guint32 attrib_socket_find(AttribSockets *all, guint64 sk, gint64 time_ns);
/**
 * attrib_socket_name: the tuple of @socket is @tuple. Returns: the socket that is meant: another
 *   one where @socket had another tuple, which means that its address was used again unseen
 */
guint32 attrib_socket_name(AttribSockets *all, guint32 socket, const AttribTuple *tuple,
                           gint64 time_ns);
/** attrib_socket_move: @tid moved @bytes in a call from @from_ns to @to_ns */
void attrib_socket_move(AttribSockets *all, guint32 socket, AttribWay way, gint32 tid,
                        guint64 bytes, gint64 from_ns, gint64 to_ns);
/** attrib_socket_ask: @tid asked to move @bytes at @time_ns; the result was not seen */
void attrib_socket_ask(AttribSockets *all, guint32 socket, AttribWay way, gint32 tid,
                       guint32 bytes, gint64 time_ns);
/** attrib_side_mend: sealed: puts @side's lost bytes where calls without results asked for them */
void attrib_side_mend(AttribSockets *all, AttribSide *side);
/** attrib_socket_take: what was counted for @from, a descriptor, belongs to @socket */
void attrib_socket_take(AttribSockets *all, guint32 socket, guint32 from);
/** attrib_sockets_seal: no more changes: runs become contiguous; frees what only building needs */
void attrib_sockets_seal(AttribSockets *all);

static inline const AttribRun *attrib_side_run(const AttribSockets *all, const AttribSide *side,
                                               guint32 n)
{
  return &g_array_index(all->runs, AttribRun, side->first + n);
}

static inline guint64 attrib_side_total(const AttribSockets *all, const AttribSide *side)
{
  return side->last == ATTRIB_NONE ? 0 : g_array_index(all->runs, AttribRun, side->last).end;
}

/** attrib_side_at: sealed: number of the run that holds @position, the last one for those behind it */
guint32 attrib_side_at(const AttribSockets *all, const AttribSide *side, guint64 position);
/** attrib_side_only: sealed: the one task that moved bytes, 0 where there are none or several */
static inline gint32 attrib_side_only(const AttribSockets *all, const AttribSide *side)
{
  return side->single ? attrib_side_run(all, side, 0)->tid : 0;
}

G_END_DECLS
