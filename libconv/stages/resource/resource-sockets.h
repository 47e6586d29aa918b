/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The sockets of one machine over their lives, and which task moved which of
 * their bytes. Positions are counted from a stream's first data byte, or from
 * the first one that was seen where the socket is older than the recording.
 * Grows with sockets and with changes of owner, not with events. Knows no
 * events and no packets.
 */
#pragma once

#include "base/map.h"
#include "model/tuple.h"

#include <glib.h>

G_BEGIN_DECLS

typedef enum { RESOURCE_WRITTEN, RESOURCE_READ, RESOURCE_N_WAYS } ResourceWay;

/**
 * ResourceRun: bytes that one task moved in succession
 * @end: position behind its last byte
 * @first_ns: when its first call began
 * @last_ns: when its last call ended
 * @next: the run behind it, or %TB_MAP_NONE
 * @asked: bytes of calls whose results were not seen, not in @end; G_MAXUINT32 = any number
 */
typedef struct {
  guint64 end;
  gint64 first_ns;
  gint64 last_ns;
  gint32 tid;
  guint32 next;
  guint32 asked;
} ResourceRun;

/**
 * ResourceSide: one direction of a socket
 * @first, @last: runs, or %TB_MAP_NONE
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
} ResourceSide;

#define RESOURCE_SEVERAL (-1)

/**
 * ResourceSocket:
 * @sk: kernel address, 0 = known by descriptor only
 * @cookie: 0 = unknown
 * @birth_ns: when it was first heard of
 * @death_ns: G_MAXINT64 while it lives
 * @same: next socket with an equal tuple, or %TB_MAP_NONE
 * @opener: task that connected it in its own context, 0 = unknown
 * @holder: the one process that has it by a table of descriptors, 0 = none, or %RESOURCE_SEVERAL
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
  TbTuple tuple;
  ResourceSide sides[RESOURCE_N_WAYS];
  guint32 same;
  gint32 opener;
  gint32 holder;
  gint32 only;
  gint32 first;
  guint16 epoch;
  guint8 has_tuple : 1;
  guint8 born : 1;
  guint8 accepted : 1;
  guint8 shared : 1;
} ResourceSocket;

G_STATIC_ASSERT(sizeof(ResourceSocket) <= 144);

/** ResourceSockets: all zero but for resource_sockets_init() */
typedef struct _ResourceSockets ResourceSockets;

struct _ResourceSockets {
  GArray *sockets; /* ResourceSocket */
  GArray *runs;    /* ResourceRun */
  TbMap by_sk;
  TbMap by_tuple; /* hash to the newest socket of that hash */
  guint16 epoch;
};

void resource_sockets_init(ResourceSockets *all);
void resource_sockets_clear(ResourceSockets *all);

static inline ResourceSocket *resource_socket(const ResourceSockets *all, guint32 socket)
{
  return &g_array_index(all->sockets, ResourceSocket, socket);
}

/** resource_socket_new: @sk may be 0; one that lived at @sk is no longer found by it */
guint32 resource_socket_new(ResourceSockets *all, guint64 sk, gint64 time_ns);
/** resource_socket_find: the socket that lives at @sk; one older than the recording is made */
guint32 resource_socket_find(ResourceSockets *all, guint64 sk, gint64 time_ns);
/**
 * resource_socket_name: the tuple of @socket is @tuple. Returns: the socket that is meant: another
 *   one where @socket had another tuple, which means that its address was used again unseen
 */
guint32 resource_socket_name(ResourceSockets *all, guint32 socket, const TbTuple *tuple,
                           gint64 time_ns);
/** resource_socket_move: @tid moved @bytes in a call from @from_ns to @to_ns */
void resource_socket_move(ResourceSockets *all, guint32 socket, ResourceWay way, gint32 tid,
                        guint64 bytes, gint64 from_ns, gint64 to_ns);
/** resource_socket_ask: @tid asked to move @bytes at @time_ns; the result was not seen */
void resource_socket_ask(ResourceSockets *all, guint32 socket, ResourceWay way, gint32 tid,
                       guint32 bytes, gint64 time_ns);
/** resource_side_mend: sealed: puts @side's lost bytes where calls without results asked for them */
void resource_side_mend(ResourceSockets *all, ResourceSide *side);
/** resource_socket_take: what was counted for @from, a descriptor, belongs to @socket */
void resource_socket_take(ResourceSockets *all, guint32 socket, guint32 from);
/** resource_sockets_seal: no more changes: runs become contiguous; frees what only building needs */
void resource_sockets_seal(ResourceSockets *all);

static inline const ResourceRun *resource_side_run(const ResourceSockets *all, const ResourceSide *side,
                                               guint32 n)
{
  return &g_array_index(all->runs, ResourceRun, side->first + n);
}

static inline guint64 resource_side_total(const ResourceSockets *all, const ResourceSide *side)
{
  return side->last == TB_MAP_NONE ? 0 : g_array_index(all->runs, ResourceRun, side->last).end;
}

/** resource_side_at: sealed: number of the run that holds @position, the last one for those behind it */
guint32 resource_side_at(const ResourceSockets *all, const ResourceSide *side, guint64 position);
/** resource_side_only: sealed: the one task that moved bytes, 0 where there are none or several */
static inline gint32 resource_side_only(const ResourceSockets *all, const ResourceSide *side)
{
  return side->single ? resource_side_run(all, side, 0)->tid : 0;
}

G_END_DECLS
