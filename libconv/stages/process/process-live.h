/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Living threads as the tracker's engine sees them: a pool of records with
 * stable addresses, found by key through open addressing, gone when the
 * thread is gone. Only the engine includes this.
 */
#pragma once

#include "model/process.h"

#include <glib.h>

/*
 * Two buffers of one recording tell the same fact within the first time; threads that
 * end together tell it within the second; the name that an exec gives is told within
 * the third before the exec.
 */
enum { TRACK_ECHO_NS = 10000, TRACK_LATE_NS = 10000000, TRACK_EXEC_NS = 50000000 };

/* What was told last about a thread, to know it again: @source, at @ns. */
typedef enum { TRACK_NOTHING, TRACK_BIRTH, TRACK_RENAME, TRACK_EXEC, TRACK_EXIT } TrackFact;

typedef struct {
  guint8 fact;
  gint64 ns;
  gconstpointer source;
} TrackEcho;

/*
 * A signal that may be killing a process, @number 0 = none; sent between @from_ns and @to_ns.
 * @mixed: others were sent, too; @sure, @shown: as of #TbSignalled; @met: it is about to die of it
 */
typedef struct {
  guint8 number;
  gboolean mixed;
  gboolean sure;
  gboolean shown;
  gboolean met;
  gint64 from_ns;
  gint64 to_ns;
} TrackSignal;

typedef struct _TrackLive TrackLive;

/**
 * TrackLive: a living thread; what stands behind @ring is the process's, and
 * valid in the record that @group points to (the main thread's)
 * @evidence_ns: when its name was proved last
 * @hinted: its name is a program's that was not proved to be its own
 * @newborn: key of the child whose second event has to follow at once
 * @leave_code: what it asked to end with, -1 = nothing
 * @ring: of the living threads of the process
 * @n_threads: living threads
 * @leader: a main thread: its thread record if it left early, and what it asked to end with
 * @whole: the first call to end the process: what it asked for, and when
 */
struct _TrackLive {
  gint32 key;
  TbLife life;
  guint32 process;
  guint32 comm;
  gint64 evidence_ns;
  gboolean hinted;
  gint32 newborn;
  gint16 leave_code;
  TrackEcho echo;
  TrackLive *group;
  struct {
    TrackLive *next;
    TrackLive *prev;
  } ring;
  guint32 n_threads;
  guint32 exe;
  struct {
    guint32 end;
    gint16 code;
  } leader;
  struct {
    gint16 code;
    gint64 ns;
  } whole;
  TrackSignal signal;
};

typedef struct {
  GPtrArray *chunks;
  TrackLive *free_list; /* through ring.next */
  TrackLive **slots;    /* open addressing by key */
  guint32 cap;          /* a power of two */
  guint32 used;
} TrackLives;

void track_lives_init(TrackLives *lives);
void track_lives_clear(TrackLives *lives);
/** track_lives_find: Returns: (nullable) */
TrackLive *track_lives_find(const TrackLives *lives, gint32 key);
/** track_lives_add: a record for @key, which must not be there yet */
TrackLive *track_lives_add(TrackLives *lives, gint32 key);
void track_lives_remove(TrackLives *lives, TrackLive *live);
