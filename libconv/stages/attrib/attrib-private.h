/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the parts of attribution share: a machine's state, event plans, packets seen. */
#pragma once

#include "stages/attrib/attrib-socket.h"
#include "stages/attrib/attrib-task.h"
#include "stages/attrib/attrib.h"
#include "stages/wire/fragments.h"

G_BEGIN_DECLS

enum {
  ATTRIB_SKBS = 4096,          /* buffers on their way to a device */
  ATTRIB_CPUS = 1024,          /* receive chains are followed on so many */
  ATTRIB_RECENT = 64,          /* received packets that a reader may still come for */
  ATTRIB_ARRIVED = 64,         /* datagrams that wait for their reader, by socket */
  ATTRIB_SAMPLES = 1 << 18,    /* transmitted, received and captured packets kept to compare */
  ATTRIB_FLOWS = 1 << 22,      /* beyond that new ones are not followed */
  ATTRIB_FLOW_SAMPLES = 1 << 14, /* of one flow, then every sixteenth */
  ATTRIB_STREAM_SAMPLES = 16,  /* of one TCP flow */
  ATTRIB_SEEN_EVERY = 16,
  ATTRIB_UDP4_BYTES = 28,      /* headers of IP and UDP */
  ATTRIB_UDP6_BYTES = 48,
};

typedef enum {
  ATTRIB_SET_STATE,
  ATTRIB_TUPLE,        /* an event that has a socket's address and tuple */
  ATTRIB_SPACE_ADJUST, /* the same, in the reader's context */
  ATTRIB_DESTROY,
  ATTRIB_SEND_LENGTH,
  ATTRIB_RECV_LENGTH,
  ATTRIB_DATA_READY,
  ATTRIB_QUEUE,
  ATTRIB_XMIT,
  ATTRIB_RECEIVE,
  ATTRIB_NEWTASK,
  ATTRIB_FORK,
  ATTRIB_EXEC,
  ATTRIB_EXIT,
  ATTRIB_RAW_ENTER,
  ATTRIB_RAW_LEAVE,
  ATTRIB_ENTER,
  ATTRIB_LEAVE,
  ATTRIB_OPERATION_OPEN, /* network operations of Windows */
  ATTRIB_OPERATION_MOVE,
  ATTRIB_OPERATION_TOUCH,
  ATTRIB_OPERATION_CLOSE,
  ATTRIB_TOLD, /* recorded socket calls */
} AttribKind;

enum { ATTRIB_MAX_FIELDS = 10 };

/**
 * AttribNumber: where a number field of 2, 4 or 8 bytes stands, so that its kind need not be asked
 * @bytes: 0 = it is another kind of field, or none
 */
typedef struct {
  guint32 off;
  guint32 end;
  guint8 bytes;
  guint8 is_signed;
} AttribNumber;

/**
 * AttribPlan: what a type's events tell; fields by their place in the table of attrib-plan.c
 * @numbers: of @fields
 */
typedef struct {
  gboolean wanted;
  gboolean is_raw; /* ATTRIB_RAW_ENTER or ATTRIB_RAW_LEAVE */
  AttribKind kind;
  AttribCall call;
  AttribNumber numbers[ATTRIB_MAX_FIELDS];
  const TbField *fields[ATTRIB_MAX_FIELDS];
} AttribPlan;

/** attrib_plan: whether @type is of use, and how */
gboolean attrib_plan(const TbEventType *type, AttribPlan *plan);

/* A buffer that a task queued in its own context. */
typedef struct {
  guint64 skb;
  guint32 len;
  gint32 tid;
  guint32 calls;
  gint64 time_ns;
} AttribSkb;

/* What the last received packet on a CPU was. */
typedef struct {
  gint64 time_ns;
  guint32 len;
} AttribArrival;

/* Datagrams that a socket got, oldest first. */
typedef struct {
  guint64 sk;
  guint32 first;
  guint32 n;
  gint32 reader; /* the last one */
  gboolean many; /* and there were others */
  AttribArrival arrivals[ATTRIB_ARRIVED];
} AttribInbox;

/**
 * AttribSample: a packet that a task sent or got, as the recording tells it
 * @len: bytes from the network header on, 0 = taken back
 * @bytes: what the call moved, -1 = unknown
 * @calls: number of the task's call
 */
typedef struct {
  gint64 time_ns;
  guint32 len;
  gint32 tid;
  gint32 bytes;
  guint32 calls;
  gboolean weak; /* a reader found by the size of what it read alone; a sender that did not queue */
  guint32 used; /* matching: a bit for each capture that has it */
} AttribSample;

/** attrib_samples_sort: (element-type AttribSample): by length, time and task */
void attrib_samples_sort(GArray *samples);

/**
 * AttribStream: one life of a TCP flow, as captured
 * @ref: sequence number that positions are counted from: of the first data byte if @isn_known
 * @low, @high: lowest position of data, and the one behind the highest
 * @bottom, @top: the same of all packets; behind a FIN positions are one more
 * @end: position of the FIN, if @ended
 */
typedef struct {
  gint64 first_ns;
  gint64 last_ns;
  gint64 low;
  gint64 high;
  gint64 bottom;
  gint64 top;
  gint64 end;
  guint32 ref;
  guint32 next;
  gboolean isn_known;
  gboolean has_data;
  gboolean ended;
} AttribStream;

/** AttribFlow: packets of one direction: local is the sender */
typedef struct {
  AttribTuple tuple;
  guint32 same;
  guint32 streams; /* newest, or ATTRIB_NONE */
  guint32 seen;
} AttribFlow;

/**
 * AttribSeen: a captured packet to compare with samples
 * @answers, @asks: the kernel's own: its sender, or who gets it, is no task
 */
typedef struct {
  gint64 time_ns;
  guint32 flow;
  guint32 len;
  guint32 payload;
  guint8 answers;
  guint8 asks;
} AttribSeen;

/**
 * AttribCapture: what was seen of one source of packets; whose it is may be known only later
 * @source: borrowed
 */
typedef struct {
  TbSource *source;
  GArray *flows; /* AttribFlow */
  AttribMap flow_by_tuple;
  GArray *streams; /* AttribStream */
  GArray *seen;    /* AttribSeen */
  GArray *fragments; /* TbFragment */
} AttribCapture;

AttribCapture *attrib_capture_new(TbSource *source);
void attrib_capture_free(AttribCapture *capture);
/** attrib_capture_packet: a captured packet */
void attrib_capture_packet(AttribCapture *capture, const TbItem *event);
/** attrib_capture_align: from the times of preparing to those of the machine's timeline */
void attrib_capture_align(AttribCapture *capture);
/** attrib_flow_find: the flow of @tuple, or NULL */
const AttribFlow *attrib_flow_find(const AttribCapture *capture, const AttribTuple *tuple);

/**
 * AttribHit: @tid sent (or read) what an endpoint sent (or got) from @from_ns to @to_ns
 */
typedef struct {
  gint64 from_ns;
  gint64 to_ns;
  guint32 endpoint;
  gint32 tid;
  guint64 peer; /* hash of the other end's endpoint */
  guint8 received;
  guint8 weak;
  guint8 whole; /* the packet holds just what the call moved */
} AttribHit;

/**
 * AttribEndpoint: a local end. Of datagrams: @tuple's remote part is zero. Of TCP: an end whose
 *   socket no event tells the owner of
 * @first: its hits: @n_sent in order of time, then @n_received
 * @n_hits: of how many packets they were made, of @n_seen sent ones
 * @usual: while matching: the task of most hits, @n_usual of them, if no other has as many
 * @only: the one task of all hits, or 0
 */
typedef struct {
  AttribTuple tuple;
  guint32 same;
  guint32 first;
  guint32 n_sent;
  guint32 n_received;
  guint32 n_hits;
  guint32 n_seen;
  gint32 only;
  gint32 usual;
  guint32 n_usual;
} AttribEndpoint;

/** AttribWindows: what network operations of Windows told; see attrib-windows.h */
typedef struct _AttribWindows AttribWindows;

/** AttribTold: what recorded socket calls told; see attrib-told.h */
typedef struct _AttribTold AttribTold;

/** AttribMachine: all that is known of one machine; @windows, @told: (nullable) */
typedef struct {
  const TbMachine *machine;
  guint8 calls[TB_SYSCALL_NUMBERS]; /* AttribCall by number */
  AttribSockets sockets;
  AttribTasks tasks;
  gboolean births_told;
  gboolean lossy; /* calls came back unseen: events are missing here and there */
  gboolean reads_told; /* sock_recv_length was seen */
  gboolean starts_told; /* net_dev_start_xmit was seen: it gives the time */
  AttribSkb *skbs;
  AttribArrival *arrivals; /* by CPU */
  AttribArrival recent[ATTRIB_RECENT]; /* of all CPUs: received and not known to be read */
  guint32 n_recent;
  GArray *inboxes;         /* AttribInbox */
  AttribMap inbox_by_sk;
  GArray *sent;     /* AttribSample */
  GArray *received; /* AttribSample */
  GArray *endpoints;
  AttribMap is_local; /* hashes of addresses: TRUE or FALSE */
  AttribMap endpoint_by_tuple;
  GArray *hits;
  AttribWindows *windows;
  AttribTold *told;
  GArray *fragments; /* TbFragment, sorted */
} AttribMachine;

AttribMachine *attrib_machine_new(const TbMachine *machine);
void attrib_machine_free(AttribMachine *machine);

/** attrib_machine_event: a TRACE event of a planned type */
void attrib_machine_event(AttribMachine *machine, const AttribPlan *plan, const TbItem *event);
/**
 * attrib_machine_raw_call: the same for types that are raw calls: most events of most recordings,
 *   so that what the call is not for is left with a look at its number
 */
void attrib_machine_raw_call(AttribMachine *machine, const AttribPlan *plan, const TbItem *event);
/** attrib_machine_flush: no more events: buffers that no device was seen to take */
void attrib_machine_flush(AttribMachine *machine);
/** attrib_machine_lost: events were lost */
void attrib_machine_lost(AttribMachine *machine);
/**
 * attrib_machine_match: all was seen: compares with @captures (element-type AttribCapture) as far
 * as they are the machine's, and frees what only that needed
 */
void attrib_machine_match(AttribMachine *machine, const GPtrArray *captures);

/** attrib_place: whether an address (16 bytes) is the machine's, as its sockets tell */
TbEndPlace attrib_place(const AttribMachine *machine, const guint8 *address);
/** attrib_headers_tuple: local is the sender; FALSE where there is neither IP nor ARP */
gboolean attrib_headers_tuple(const TbNetHeaders *headers, AttribTuple *out);
/** attrib_endpoint_find: index of the endpoint, or %ATTRIB_NONE */
guint32 attrib_endpoint_find(const AttribMachine *machine, const AttribTuple *tuple);

/* A connection's last packets come after its task is gone, but soon. */
#define ATTRIB_FAREWELL_NS G_GINT64_CONSTANT(1000000000)

/** What must be true of a task at the packet's instant for it to be named. */
typedef enum { ATTRIB_ANY_LIFE, ATTRIB_NOT_DEAD, ATTRIB_ALIVE } AttribLives;

/**
 * AttribAnswer: who is behind one end of a packet
 * @tid: 0 = not known
 * @is_process: @tid is a process, of which no thread is known
 * @time_ns: a moment when @tid was that task
 * @lives: nothing unless this is true
 * @told: by recorded socket calls, whose times are those of the clock that captures have, too
 */
typedef struct {
  gint32 tid;
  gboolean is_process;
  gboolean told;
  AttribLives lives;
  gint64 time_ns;
  TbConfidence confidence;
  const char *via;
} AttribAnswer;

/** attrib_look: @headers of a packet at @time_ns of the machine's timeline */
void attrib_look(const AttribMachine *machine, const TbNetHeaders *headers, gint64 time_ns,
                 AttribAnswer *src, AttribAnswer *dst);
/** attrib_look_quoted: of the news of an error about a packet with the headers @quoted */
void attrib_look_quoted(const AttribMachine *machine, const TbNetHeaders *quoted, gint64 time_ns,
                        AttribAnswer *dst);

/** attrib_look_socket: (nullable): the socket that has @tuple at @time_ns; @syn: the packet opens it */
const AttribSocket *attrib_look_socket(const AttribMachine *machine, const AttribTuple *tuple,
                                       gint64 time_ns, gboolean syn);
/** attrib_match_streams: where the bytes of @capture's streams lie in the machine's sockets */
void attrib_match_streams(AttribMachine *machine, const AttribCapture *capture);

/* Network operations of Windows: attrib-windows.c, attrib-windows-look.c. @windows is nullable. */

/** attrib_windows_plan: for types that are such operations; sets kind and fields */
gboolean attrib_windows_plan(const TbEventType *type, AttribPlan *plan);
void attrib_windows_event(AttribMachine *machine, const AttribPlan *plan, const TbItem *event);
/** attrib_windows_seal: all operations were seen */
void attrib_windows_seal(AttribWindows *windows);
/** attrib_windows_match: sealed: @capture (aligned) tells where streams begin */
void attrib_windows_match(AttribWindows *windows, const AttribCapture *capture);
/** attrib_windows_look: @tuple: local is the end asked for, which is the @sender or not */
void attrib_windows_look(const AttribWindows *windows, const AttribTuple *tuple, gboolean sender,
                         const TbNetHeaders *headers, gint64 time_ns, AttribAnswer *out);
void attrib_windows_free(AttribWindows *windows);

G_END_DECLS
