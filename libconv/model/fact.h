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
#include "model/tuple.h"

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
  /* Calls on descriptors, and descriptors. */
  TB_FACT_USE_BEGAN,       /* use: a call on a descriptor begins */
  TB_FACT_USE_ENDED,       /* use: it is back, with its result */
  TB_FACT_DESCRIPTOR_EXISTS, /* descriptor: from a table of the recording */
  /* Sockets. */
  TB_FACT_SOCKET_STATE,    /* socket: it has another state */
  TB_FACT_SOCKET_TOUCHED,  /* socket: an event names it and its ends */
  TB_FACT_SOCKET_MOVED,    /* socket_moved: bytes went into or out of it */
  TB_FACT_SOCKET_READY,    /* socket: the packet that this CPU received last reached it */
  TB_FACT_SOCKET_EXISTS,   /* socket: from a table of the recording */
  TB_FACT_SOCKET_LOGGED,   /* socket_logged: a call of a program's own log of its sockets */
  TB_FACT_CONNECTION,      /* connection: an operation of a process on a connection */
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

/** What a call does with descriptors. */
typedef enum {
  TB_USE_OTHER,             /* nothing that matters to sockets */
  TB_USE_READ,              /* reads bytes, of a file or socket */
  TB_USE_WRITE,
  TB_USE_RECEIVE,           /* the same of a socket only */
  TB_USE_SEND,
  TB_USE_RECEIVE_MANY,      /* its result counts messages, not bytes */
  TB_USE_SEND_MANY,
  TB_USE_COPY_OUT,          /* writes bytes of a file to @fd */
  TB_USE_MOVE,              /* reads from @fd, writes to @other_fd */
  TB_USE_CONNECT,
  TB_USE_MAKE_SOCKET,       /* its result is a new descriptor of a new socket */
  TB_USE_OPEN,              /* its result is a new descriptor of something else */
  TB_USE_COPY,              /* its result is one more descriptor of what @fd stands for */
  TB_USE_SET_CLOSE_ON_EXEC, /* from its beginning on @fd has that property or not */
  TB_USE_CLOSE,             /* from its beginning on @fd to @other_fd are free */
  TB_USE_MAKE_TASK,         /* its result is a new task */
  /* On a socket that the record does not name, @fd is any number both tellers have. */
  TB_USE_UNNAMED,
  TB_USE_UNNAMED_RECEIVE,
  TB_USE_UNNAMED_SEND,
} TbUseWhat;

typedef enum {
  TB_USE_PEEKS = 1 << 0,         /* what is read stays where it is */
  TB_USE_CLOSE_ON_EXEC = 1 << 1, /* the new descriptor does not outlive exec */
  TB_USE_DATAGRAMS = 1 << 2,     /* the new socket is no stream */
  TB_USE_SHARES = 1 << 3,        /* the new task shares the table of descriptors */
} TbUseFlags;

#define TB_USE_ANY_NUMBER G_MAXUINT32

/**
 * TbUse: a call of @tid on descriptor @fd
 * @what: of one that is back: as far as its result tells without its beginning
 * @call: not 0: which call it is: the same when it begins and when it is back
 * @teller: not 0: the kind of record that tells it. A recording may hold several kinds, which
 *   tell each call once more
 * @flags: #TbUseFlags, of one that begins
 * @other_fd: of %TB_USE_MOVE and %TB_USE_CLOSE
 * @asked: bytes asked for, of one that begins; %TB_USE_ANY_NUMBER = not told
 * @result: of one that is back: bytes or a descriptor, or a negative number for an error
 */
typedef struct {
  gint32 tid;
  TbUseWhat what;
  guint8 call;
  guint8 teller;
  guint8 flags;
  gint32 fd;
  gint32 other_fd;
  guint32 asked;
  gint64 result;
} TbUse;

/** TbDescriptor: @tid has the descriptor @fd of the socket @socket (#TbSocketFact) */
typedef struct {
  gint32 tid;
  gint32 fd;
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
 * @socket: not 0: what tells it from others that live at the same time: its address
 * @state: STATE
 * @stream: it is one of TCP; else it takes datagrams
 * @has_ends: @ends are complete
 * @by_task: the acting task is in a call on this socket
 * @ends: of one of a table that is not connected: the remote end is all zero
 */
typedef struct {
  guint64 socket;
  TbSocketState state;
  gboolean stream;
  gboolean has_ends;
  gboolean by_task;
  TbAddresses ends;
} TbSocketFact;

/**
 * TbSocketMoved: the acting task's call moved bytes
 * @stream: of TCP; else it was a datagram
 * @out: into the socket; else out of it
 * @peeks: what is read stays
 * @empty: nothing was there to be read
 * @bytes: negative: an error
 */
typedef struct {
  guint64 socket;
  gboolean stream;
  gboolean out;
  gboolean peeks;
  gboolean empty;
  gint64 bytes;
} TbSocketMoved;

/**
 * TbSocketStep: what a logged call did to the life of its descriptor
 * @TB_SOCKET_OPENED: made the socket
 * @TB_SOCKET_FORKED: a child process has it from its parent, of another source
 * @TB_SOCKET_ACCEPTED: came out of a listening socket, by a call that stands in that one's source, too
 * @TB_SOCKET_COPIED: is one more descriptor of a socket, by a call that stands in the first one's
 *   source, too
 * @TB_SOCKET_ACCEPTS, @TB_SOCKET_COPIES: the other side of these two: the source goes on
 * @TB_SOCKET_CLOSED: the descriptor is gone
 */
typedef enum {
  TB_SOCKET_NOTHING,
  TB_SOCKET_OPENED,
  TB_SOCKET_FORKED,
  TB_SOCKET_ACCEPTED,
  TB_SOCKET_COPIED,
  TB_SOCKET_ACCEPTS,
  TB_SOCKET_COPIES,
  TB_SOCKET_CLOSED,
} TbSocketStep;

/**
 * TbSocketLogged: a call of a log of which every source is about one descriptor of a socket
 * @process: sources with an equal one are of one process
 * @ends: as far as known by then: what is not is zero
 * @sent, @received: bytes, -1 = some, their number is not known
 * @result: what the call returned, a descriptor of steps that make one
 */
typedef struct {
  TbSocketStep step;
  TbName process;
  TbTuple ends;
  gint64 sent;
  gint64 received;
  gint64 result;
} TbSocketLogged;

typedef enum {
  TB_CONNECTION_OPENED,  /* connected or accepted, the handshake being over */
  TB_CONNECTION_MOVED,   /* bytes were moved */
  TB_CONNECTION_TOUCHED, /* something else that tells who used it */
  TB_CONNECTION_CLOSED,
} TbConnectionWhat;

/**
 * TbConnection: what a process did with a connection, or with a datagram
 * @pid: 0 = a process that is not named
 * @has_start, @has_end: of its life, as far as known; a process is its number and its start
 * @bytes: moved
 */
typedef struct {
  TbConnectionWhat what;
  gint32 pid;
  gboolean has_start;
  gboolean has_end;
  TbOwnTime start;
  TbOwnTime end;
  guint32 bytes;
  TbAddresses ends;
} TbConnection;

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
    TbSocketLogged socket_logged;
    TbConnection connection;
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
