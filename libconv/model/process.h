/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Process instances and threads: who lived when, as what, and how it ended.
 * Plain records of fixed size, kept in a timeline's tables and tied together
 * by numbers, so that a million short-lived processes stay small. Knows no
 * operating system and no format: a "pid" is whatever number the traced
 * system gives a process, a "tid" whatever it gives a thread.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/** Times outside the recording. */
#define TB_TIME_BEFORE G_MININT64
#define TB_TIME_NEVER G_MAXINT64

/** Numbers of strings are below this, so that they leave room beside them. */
#define TB_MAX_STRINGS (1u << 24)

/** No process, no life, no change. */
#define TB_PROC_NONE G_MAXUINT32

/**
 * TbKnown: how a fact is known
 * @TB_KNOWN_NOT: it is not
 * @TB_KNOWN_SEEN: an event of the recording says so
 * @TB_KNOWN_INFERRED: follows from other events; times are then the latest possible
 * @TB_KNOWN_SAVED: from names the recorder saved at some unknown moment
 */
typedef enum { TB_KNOWN_NOT, TB_KNOWN_SEEN, TB_KNOWN_INFERRED, TB_KNOWN_SAVED } TbKnown;

/**
 * TbProcessStart: how its beginning and its number are known, in the byte that a string leaves
 * @known: of its start, a #TbKnown
 * @parent_known: of its parent, a #TbKnown
 * @id_known: its number is a process's for sure, not a thread's whose process is unknown
 * @is_alias: turned out to be a thread of another instance
 * @told_by_fork: of the two events that tell a start, there was the second
 * @comm_saved: its first name is a saved one, of an unknown moment
 */
typedef struct {
  guint8 known : 2;
  guint8 parent_known : 2;
  guint8 id_known : 1;
  guint8 is_alias : 1;
  guint8 told_by_fork : 1;
  guint8 comm_saved : 1;
} TbProcessStart;

/**
 * TbProcessEnd: how its end is known, in the byte that a string leaves
 * @known: of its end, a #TbKnown
 * @exit_known: of its exit code or signal, a #TbKnown
 * @has_code: it ended by itself, with an exit code
 * @has_signal: it was killed by a signal that is known; never both
 * @was_killed: it was killed, the signal known or not
 * @leader_left: the main thread ended while others lived; its end is with the threads
 */
typedef struct {
  guint8 known : 2;
  guint8 exit_known : 2;
  guint8 has_code : 1;
  guint8 has_signal : 1;
  guint8 was_killed : 1;
  guint8 leader_left : 1;
} TbProcessEnd;

/**
 * TbProcess: one instance; a number used again is another instance
 * @start_ns: %TB_TIME_BEFORE, or when it began; nothing before this time is its own
 * @end_ns: %TB_TIME_NEVER, or when it ended (the end of its last thread)
 * @pid: its number
 * @parent: the instance that made it (or, an alias: the instance it belongs to)
 * @comm: string: name of the main thread at the start
 * @exe: string: executable at the start
 * @changes: last entry of its ring of changes (names of the main thread, executables)
 * @threads: last entry of its ring of further threads
 * @next_life: next life of the same number; a ring
 * @exit_code: valid with end.has_code; on Linux 0 to 255
 * @exit_signal: valid with end.has_signal
 */
typedef struct {
  gint64 start_ns;
  gint64 end_ns;
  gint32 pid;
  guint32 parent;
  guint32 comm : 24;
  TbProcessStart start;
  guint32 exe : 24;
  TbProcessEnd end;
  guint32 changes;
  guint32 threads;
  guint32 next_life;
  union {
    gint32 exit_code;
    gint32 exit_signal;
  };
} TbProcess;

G_STATIC_ASSERT(sizeof(TbProcess) == 48);

/**
 * TbProcessFacts: strings some systems tell of an instance, 0 = not known
 */
typedef struct {
  guint32 command_line;
  guint32 user;
  guint32 integrity;
} TbProcessFacts;

/**
 * TbThread: a thread beside the main one (or the main one's own end, if
 * it left early: then @tid is the process's number)
 * @process: the instance it belongs to
 * @next: next thread of the process; a ring
 * @next_life: next life of the same number; a ring
 * @ends_process: its end was the process's
 */
typedef struct {
  gint64 start_ns;
  gint64 end_ns;
  gint32 tid;
  guint32 process;
  guint32 comm;
  guint32 changes;
  guint32 next;
  guint32 next_life;
  guint32 start_known : 2;
  guint32 end_known : 2;
  guint32 ends_process : 1;
  guint32 told_by_fork : 1;
  guint32 comm_saved : 1;
} TbThread;

G_STATIC_ASSERT(sizeof(TbThread) == 48);

/**
 * TbChange: a new name or executable
 * @string: its string (0 = not known from here on), and in the top bit whether it is
 *   an executable
 * @next: next change of the same life; a ring
 */
typedef struct {
  gint64 time_ns;
  guint32 string;
  guint32 next;
} TbChange;

#define TB_CHANGE_IS_EXE 0x80000000u

static inline gboolean tb_change_is_exe(const TbChange *change)
{
  return (change->string & TB_CHANGE_IS_EXE) != 0;
}

static inline guint32 tb_change_string(const TbChange *change)
{
  return change->string & ~TB_CHANGE_IS_EXE;
}

/** TbLife: a process (its main thread) or a further thread: a table and a place in it */
typedef guint32 TbLife;

#define TB_LIFE_IS_THREAD 0x80000000u

static inline TbLife tb_life_of_process(guint32 process)
{
  return process;
}

static inline TbLife tb_life_of_thread(guint32 thread)
{
  return thread | TB_LIFE_IS_THREAD;
}

static inline gboolean tb_life_is_thread(TbLife life)
{
  return life != TB_PROC_NONE && (life & TB_LIFE_IS_THREAD) != 0;
}

G_END_DECLS
