/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Facts: what records mean, whatever format and operating system they come
 * from. The list is closed: decoders tell these and no others, stages ask for
 * these and know no event. A fact happened at the moment of the record that
 * tells it; only other moments stand in it, on the source's own clock. All of
 * a fact is borrowed and valid during the call that tells it.
 */
#pragma once

#include "model/record.h"

#include <glib.h>

G_BEGIN_DECLS

typedef enum {
  /* Lives of processes and threads. */
  TB_FACT_BORN,            /* born: a task was made */
  TB_FACT_CLAIMED,         /* born: the result of a call names a child of its caller */
  TB_FACT_NEWBORN,         /* newborn: a task's first call returns; by whom it was made is not told */
  TB_FACT_EXECUTED,        /* executed: a process runs another program now */
  TB_FACT_PROGRAM_UNKNOWN, /* since: a process runs another program, whose name is not told */
  TB_FACT_PROGRAM,         /* name: a task runs a program of this name, as its recorder knows it */
  TB_FACT_NAMED,           /* name: a task exists and has this name */
  TB_FACT_RENAMED,         /* renamed */
  TB_FACT_ACTS,            /* task: it runs on by its own will */
  TB_FACT_LEAVES,          /* leaves: a task asks to end */
  TB_FACT_ENDED,           /* ended */
  TB_FACT_SIGNALLED,       /* signalled: a process was sent a signal that may end it */
  TB_FACT_SIGNAL_SENT,     /* signal_sent: the call that asked for a signal came back */
  TB_FACT_SIGNAL_MET,      /* signal_met: a task handles a signal, or is about to die of it */
  TB_FACT_FATE,            /* fate: an ended process was killed, or exited */
  TB_FACT_REAPED,          /* reaped: a parent collected a child */
  TB_FACT_SUBREAPER,       /* subreaper: orphans below a process become its children, or no longer */
  TB_FACT_CALLS_RECORDED,  /* no data: calls are told, so that one that is not told was not made */
  /* Lives that a table of the recording tells in whole: nothing else follows from these. */
  TB_FACT_PROCESS_EXISTS,  /* process: from that table */
  TB_FACT_EXIT_STATUS,     /* exit_status: how one of its processes ended */
  TB_FACT_LIFE_STEP,       /* step: what happens in the life of one, as its record says it */
  /* Calls, joined by thread. */
  TB_FACT_CALL_ENTERED,    /* call */
  TB_FACT_CALL_LEFT,       /* call */
  /* Descriptors. */
  TB_FACT_USE_BEGAN,       /* use: a call on a descriptor begins */
  TB_FACT_USE_ENDED,       /* use: it is back, with its result */
  TB_FACT_OPENED,          /* descriptor: it stands for something new */
  TB_FACT_COPIED,          /* descriptor: it stands for what another one stands for */
  TB_FACT_CLOSE_ON_EXEC,   /* descriptor: whether it is closed at exec */
  TB_FACT_CLOSED,          /* descriptor: free, with all up to a last one */
  TB_FACT_DESCRIPTOR_EXISTS, /* descriptor: from a table of the recording */
  /* Sockets. */
  TB_FACT_SOCKET_STATE,    /* socket: it has another state */
  TB_FACT_SOCKET_TOUCHED,  /* socket: an event names it and its ends */
  TB_FACT_SOCKET_MOVED,    /* socket_moved: bytes went into or out of it */
  TB_FACT_SOCKET_READY,    /* socket: the packet that this CPU received last reached it */
  TB_FACT_SOCKET_LOGGED,   /* socket_logged: a call of a program's own log of its sockets */
  TB_FACT_CONNECTION,      /* connection: an operation of a process on a connection */
  TB_FACT_SOCKET_EXISTS,   /* socket: from a table of the recording */
  /* Steps of a buffer of the network stack; a kind each, so that a type's kinds say which of them its
     recording can tell. */
  TB_FACT_BUFFER_QUEUED,   /* buffer: given to a device's queue */
  TB_FACT_BUFFER_STARTED,  /* buffer: its driver is about to get it; captured just before */
  TB_FACT_BUFFER_SENT,     /* buffer: its driver took it */
  TB_FACT_BUFFER_ARRIVED,  /* buffer: comes from a driver */
  TB_FACT_BUFFER_ENTERED,  /* buffer: enters the stack */
  TB_FACT_BUFFER_PASSED,   /* buffer: goes on to another CPU or queue; never its first step nor its last */
  TB_FACT_BUFFER_RECEIVED, /* buffer: about to be handed to protocols; captured just behind */
  TB_FACT_STACK_GOES_ON,   /* no data: the network stack does something else in this context */
  /* The scheduler. */
  TB_FACT_SWITCHED,        /* switched: another task runs on this CPU */
  /* The recording. */
  TB_FACT_GAP,             /* gap: records of the source were lost; told by the pass, not by decoders */
  TB_N_FACTS,
} TbFactKind;

#define TB_FACT_BIT(kind) (G_GUINT64_CONSTANT(1) << (kind))

typedef enum { TB_ANSWER_UNKNOWN = -1, TB_ANSWER_NO = 0, TB_ANSWER_YES = 1 } TbAnswer;

/** TbName: @len raw bytes, borrowed; @bytes NULL = not given */
typedef struct {
  const char *bytes;
  gsize len;
} TbName;

/**
 * TbBorn:
 * @maker: who made it; 0 = not told
 * @child: the new thread
 * @is_thread: whether it is a further thread of its maker's process
 * @shares_descriptors: whether it uses its maker's table of descriptors
 * @is_sibling: its parent is its maker's parent
 * @announces: told by the first of two records; the other one will follow
 * @since: CLAIMED: when the call began; the start is not later than now
 * @comm: its first name
 * @maker_comm: its maker's name
 */
typedef struct {
  gint32 maker;
  gint32 child;
  TbAnswer is_thread;
  TbAnswer shares_descriptors;
  gboolean is_sibling;
  gboolean announces;
  TbOwnTime since;
  TbName comm;
  TbName maker_comm;
} TbBorn;

/** TbExecuted: @tid's process runs @path; @old_tid was the calling thread's number */
typedef struct {
  gint32 tid;
  gint32 old_tid;
  TbName path;
} TbExecuted;

/** TbTaskName: @tid is called @name */
typedef struct {
  gint32 tid;
  TbName name;
} TbTaskName;

/** TbRenamed: @tid, called @old_name until now, is called @new_name */
typedef struct {
  gint32 tid;
  TbName old_name;
  TbName new_name;
} TbRenamed;

/** TbLeaves: @tid asks to end with @code, @whole = its whole process */
typedef struct {
  gint32 tid;
  guint8 code;
  gboolean whole;
} TbLeaves;

/**
 * TbEnded: the thread @tid, called @comm, ended
 * @last: whether it was the last one of its process
 */
typedef struct {
  gint32 tid;
  TbName comm;
  TbAnswer last;
} TbEnded;

/**
 * TbSignalled: the process of @tid was sent signal @number, whose default action ends a process
 * @sure: no process can survive it
 * @shown: told by a record about the signal itself; else by a call that asks for it, whose result
 *   follows
 */
typedef struct {
  gint32 tid;
  guint8 number;
  gboolean sure;
  gboolean shown;
} TbSignalled;

/** TbSignalFact: of @tid and signal @number; @yes: it was sent, it is fatal, the process was killed */
typedef struct {
  gint32 tid;
  guint8 number;
  gboolean yes;
} TbSignalFact;

/** TbTaskPair: @tid and @other: parent and child */
typedef struct {
  gint32 tid;
  gint32 other;
} TbTaskPair;

/** TbSince: of @tid, since @since or later */
typedef struct {
  gint32 tid;
  TbOwnTime since;
} TbSince;

/** TbTaskAnswer: @tid, 0 = nobody, and something about it that is true or not */
typedef struct {
  gint32 tid;
  gboolean yes;
} TbTaskAnswer;

/** TbExitStatus: the process @pid that ends now did so with @code */
typedef struct {
  gint32 pid;
  gint32 code;
} TbExitStatus;

typedef enum {
  TB_STEP_STARTS,         /* starts the process @other, which runs the program @text from the first */
  TB_STEP_EXECUTES,       /* begins to run the program @text */
  TB_STEP_EXITS,          /* ends with the code @other */
  TB_STEP_STARTS_THREAD,  /* starts the thread @other */
  TB_STEP_THREAD_ENDS,    /* its thread @other ends */
} TbStepWhat;

/**
 * TbLifeStep: of the process @pid, called @comm
 * @pid: -1 = not told
 * @has_other: @other is told
 */
typedef struct {
  TbStepWhat what;
  gint64 pid;
  TbName comm;
  gboolean has_other;
  gint64 other;
  TbName text;
} TbLifeStep;

/**
 * TbProcessExists: a process as a table of the recording has it
 * @ppid: 0 = unknown
 * @start, @end: of its life, as far as @has_start and @has_end
 * @comm, @exe, @cmdline, @user: as far as given
 */
typedef struct {
  gint32 pid;
  gint32 ppid;
  gboolean has_start;
  gboolean has_end;
  TbOwnTime start;
  TbOwnTime end;
  TbName comm;
  TbName exe;
  TbName cmdline;
  TbName user;
} TbProcessExists;

/**
 * TbCallFact: a call of the operating system
 * @number: as the record gives it, -1 = unknown
 * @name: (nullable): "openat"
 * @n_args: of @args that are known
 * @result: of one that is back
 * @since: when it began, of one that is back and whose beginning is known (@joined)
 */
typedef struct {
  gint32 tid;
  gint64 number;
  const char *name;
  guint n_args;
  gint64 args[6];
  gint64 result;
  gboolean joined;
  TbOwnTime since;
} TbCallFact;

/** What a call does with a descriptor. */
typedef enum {
  TB_USE_OTHER,
  TB_USE_READ,          /* reads bytes, of a file or socket */
  TB_USE_WRITE,
  TB_USE_RECEIVE,       /* the same of a socket only */
  TB_USE_RECEIVE_MESSAGE,
  TB_USE_SEND,
  TB_USE_RECEIVE_MANY,  /* its result counts messages, not bytes */
  TB_USE_SEND_MANY,
  TB_USE_COPY_OUT,      /* sendfile: writes bytes of a file */
  TB_USE_MOVE,          /* splice: reads from @fd, writes to @other_fd */
  TB_USE_CONNECT,
} TbUseWhat;

/**
 * TbUse: a call of @tid on descriptor @fd
 * @other_fd: of %TB_USE_MOVE
 * @asked: bytes asked for, G_MAXUINT32 = not told
 * @peeks: what is read stays where it is
 * @result: of one that is back: bytes, or a negative number for an error
 */
typedef struct {
  gint32 tid;
  TbUseWhat what;
  gint32 fd;
  gint32 other_fd;
  guint32 asked;
  gboolean peeks;
  gint64 result;
} TbUse;

typedef enum { TB_THING_UNKNOWN, TB_THING_OTHER, TB_THING_PATH, TB_THING_STREAM, TB_THING_DATAGRAMS,
               TB_THING_PIPE } TbThing;

/**
 * TbDescriptor: of the task @tid
 * @fd: CLOSED: the first of a range
 * @last: CLOSED: the last one
 * @of: COPIED: the one it is a copy of
 * @thing, @path: what it stands for, as far as known
 * @close_on_exec: it does not outlive exec
 * @socket: EXISTS: the number of a socket that a SOCKET_EXISTS tells of, 0 = none
 */
typedef struct {
  gint32 tid;
  gint32 fd;
  gint32 last;
  gint32 of;
  TbThing thing;
  TbName path;
  gboolean close_on_exec;
  guint64 socket;
} TbDescriptor;

typedef enum {
  TB_SOCKET_STATE_OTHER,
  TB_SOCKET_STATE_CONNECTING, /* by the acting task, unless in an interrupt */
  TB_SOCKET_STATE_ACCEPTED,   /* it came out of a listening one */
  TB_SOCKET_STATE_ESTABLISHED,
  TB_SOCKET_STATE_LISTENING,
  TB_SOCKET_STATE_GONE,       /* closed: no further packet is its */
  TB_SOCKET_STATE_DESTROYED,
} TbSocketState;

/**
 * TbSocketFact: a socket of the kernel
 * @socket: what tells it from others that live at the same time: its address
 * @has_ends: @ends are complete
 * @by_task: the acting task is in a call on this socket
 */
typedef struct {
  guint64 socket;
  TbSocketState state;
  guint8 protocol;
  gboolean has_ends;
  gboolean by_task;
  TbAddresses ends;
} TbSocketFact;

/**
 * TbSocketMoved: the acting task's call moved bytes
 * @out: into the socket; else out of it
 * @result: bytes, or a negative number for an error
 * @flags_known, @peeks: what is read stays
 */
typedef struct {
  guint64 socket;
  guint8 protocol;
  gboolean out;
  gint64 result;
  gboolean peeks;
} TbSocketMoved;

/**
 * TbBufferFact:
 * @buffer: its address, given out again as soon as it is free; 0 = not told
 * @point: tells several points of one step apart
 * @has_len, @has_network: what of the next two the record tells
 * @len: bytes with the device's header (sent) or without it (received)
 * @network: offset of the network header in @len
 * @device: name of the device
 */
typedef struct {
  guint64 buffer;
  guint32 point;
  gboolean has_len;
  gboolean has_network;
  gint64 len;
  gint64 network;
  TbName device;
} TbBufferFact;

/** TbSwitched: @from leaves the CPU, @to runs on it */
typedef struct {
  gint32 from;
  gint32 to;
  TbName from_comm;
  TbName to_comm;
} TbSwitched;

/** TbGap: records were lost, none before @since if that is @known */
typedef struct {
  gboolean known;
  TbOwnTime since;
} TbGap;

/** TbFact: @kind says which member is valid */
typedef struct {
  TbFactKind kind;
  union {
    TbBorn born;
    TbTaskAnswer newborn; /* @yes: it is a process, not a thread */
    TbExecuted executed;
    TbSince since;
    TbTaskName name;
    TbRenamed renamed;
    gint32 task;
    TbLeaves leaves;
    TbEnded ended;
    TbSignalled signalled;
    TbSignalFact signal_sent; /* @yes: it was */
    TbSignalFact signal_met;  /* @yes: it is fatal */
    TbTaskAnswer fate;        /* @yes: it was killed */
    TbTaskPair reaped;        /* @tid collected @other */
    TbTaskAnswer subreaper;
    TbProcessExists process;
    TbExitStatus exit_status;
    TbLifeStep step;
    TbCallFact call;
    TbUse use;
    TbDescriptor descriptor;
    TbSocketFact socket;
    TbSocketMoved socket_moved;
    TbBufferFact buffer;
    TbSwitched switched;
    TbGap gap;
  };
} TbFact;

/**
 * TbFactSink: who takes facts
 * @wants: TB_FACT_BIT() of the kinds it takes now; decoders need not tell others. Changes at will
 * @tell: takes one
 */
typedef struct _TbFactSink TbFactSink;

struct _TbFactSink {
  guint64 wants;
  void (*tell)(TbFactSink *sink, const TbFact *fact);
};

static inline void tb_fact_tell(TbFactSink *sink, const TbFact *fact)
{
  sink->tell(sink, fact);
}

G_END_DECLS
