/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Sockets as their calls tell of them; see attrib-told.h. Several descriptors
 * may be one socket: copies are known by the call that made them, those of a
 * child process by their ends or, where these were not asked for, by the bytes
 * that are missing in the parent's.
 */
#include "stages/attrib/attrib-told.h"

#include "model/socket-call.h"

#include <string.h>

/* In the order of told_fields. */
enum { F_STEP, F_PROTOCOL, F_LOCAL, F_LOCAL_PORT, F_REMOTE, F_REMOTE_PORT, F_SENT, F_RECEIVED,
       F_RESULT };

enum { TOLD_SOCKETS = 1 << 22 /* beyond that new ones are not followed */ };

/**
 * ToldSocket: one life of a descriptor
 * @process: hash of the process that has it
 * @socket: in the machine's table; of what @joined says, that one's
 * @listener: whom it came out of, or %ATTRIB_NONE
 * @joined: the descriptor whose socket this one is, too, or %ATTRIB_NONE
 * @tuple: as far as it is known; ports and addresses that are not are 0
 * @only: thread of all calls, 0 = none yet, -1 = several
 * @n_sent: calls that sent something, G_MAXUINT32 = more than that
 */
typedef struct {
  const TbSource *source;
  guint64 process;
  guint32 socket;
  guint32 listener;
  guint32 joined;
  gint32 only;
  gint32 last_tid;
  guint32 n_sent;
  gint64 birth_ns;
  gint64 death_ns;
  gint64 last_ns;
  AttribTuple tuple;
  guint8 accepted : 1;
  guint8 forked : 1;
  guint8 inferred : 1;
  guint8 mixed : 1;
} ToldSocket;

AttribTold *attrib_told_new(const TbMachine *machine)
{
  AttribTold *told = g_new0(AttribTold, 1);
  told->m = attrib_machine_new(machine);
  told->sockets = g_array_new(FALSE, TRUE, sizeof(ToldSocket));
  told->by_source = g_hash_table_new(NULL, NULL);
  told->facts = g_array_new(FALSE, TRUE, sizeof(ToldFacts));
  return told;
}

void attrib_told_free(AttribTold *told)
{
  if (!told)
    return;
  attrib_machine_free(told->m);
  g_array_unref(told->sockets);
  g_hash_table_unref(told->by_source);
  g_array_unref(told->facts);
  attrib_map_clear(&told->by_link);
  g_free(told);
}

gboolean attrib_told_plan(const TbEventType *type, AttribPlan *plan)
{
  static const char *const told_fields[] = {
    TB_SOCKET_CALL_STEP,        TB_SOCKET_CALL_PROTOCOL, TB_SOCKET_CALL_LOCAL,
    TB_SOCKET_CALL_LOCAL_PORT,  TB_SOCKET_CALL_REMOTE,   TB_SOCKET_CALL_REMOTE_PORT,
    TB_SOCKET_CALL_SENT,        TB_SOCKET_CALL_RECEIVED, TB_SOCKET_CALL_RESULT,
  };
  G_STATIC_ASSERT(G_N_ELEMENTS(told_fields) <= ATTRIB_MAX_FIELDS);
  for (guint i = 0; i < G_N_ELEMENTS(told_fields); i++) {
    plan->fields[i] = tb_event_type_find_field(type, told_fields[i]);
    if (!plan->fields[i])
      return FALSE;
  }
  plan->kind = ATTRIB_TOLD;
  return TRUE;
}

static ToldSocket *told_socket(const AttribTold *told, guint32 index)
{
  return &g_array_index(told->sockets, ToldSocket, index);
}

static guint32 told_root(const AttribTold *told, guint32 index)
{
  while (told_socket(told, index)->joined != ATTRIB_NONE)
    index = told_socket(told, index)->joined;
  return index;
}

/* --- calls --- */

/* Sources of one process share the name up to the last slash. */
static guint64 told_process(const TbSource *source)
{
  const char *slash = strrchr(source->name, '/');
  gsize len = slash ? (gsize)(slash - source->name) : 0;
  guint64 hash = 0xcbf29ce484222325u;
  for (gsize i = 0; i < len; i++)
    hash = (hash ^ (guint8)source->name[i]) * 0x100000001b3u;
  return hash;
}

static guint32 told_new(AttribTold *told, const TbSource *source, gint64 birth_ns)
{
  ToldSocket socket = { .source = source, .process = told_process(source), .joined = ATTRIB_NONE,
                        .listener = ATTRIB_NONE, .birth_ns = birth_ns, .death_ns = G_MAXINT64,
                        .last_ns = birth_ns };
  socket.socket = attrib_socket_new(&told->m->sockets, 0, birth_ns);
  guint32 index = told->sockets->len;
  g_array_append_val(told->sockets, socket);
  g_hash_table_insert(told->by_source, (gpointer)source, GUINT_TO_POINTER(index + 1));
  return index;
}

static gint64 told_int(const AttribPlan *plan, guint n, const TbItem *event)
{
  gint64 value = 0;
  return tb_field_get_int(plan->fields[n], event->record, &value) ? value : 0;
}

/* An address, all zero where it is not known or is that of any end. */
static void told_address(const TbField *field, const TbItem *event, guint8 *out)
{
  static const guint8 nothing[16];
  const guint8 *bytes;
  gsize len;
  memset(out, 0, 16);
  if (tb_field_get_bytes(field, event->record, &bytes, &len) && (len == 4 || len == 16) &&
      memcmp(bytes, nothing, len) != 0)
    attrib_address_set(out, bytes, len == 16 ? 6 : 4);
}

static gboolean told_is_known(const guint8 *address)
{
  static const guint8 nothing[16];
  return memcmp(address, nothing, sizeof nothing) != 0;
}

static AttribTuple told_tuple(const AttribPlan *plan, const TbItem *event)
{
  AttribTuple tuple = { .local_port = (guint16)told_int(plan, F_LOCAL_PORT, event),
                        .remote_port = (guint16)told_int(plan, F_REMOTE_PORT, event),
                        .protocol = (guint8)told_int(plan, F_PROTOCOL, event) };
  told_address(plan->fields[F_LOCAL], event, tuple.local);
  told_address(plan->fields[F_REMOTE], event, tuple.remote);
  return tuple;
}

/* Whether the descriptor is connected elsewhere now: what comes is another connection. */
static gboolean told_is_other(const AttribTuple *before, const AttribTuple *now)
{
  return told_is_known(before->remote) && told_is_known(now->remote) &&
         (memcmp(before->remote, now->remote, sizeof now->remote) != 0 ||
          before->remote_port != now->remote_port);
}

/* The socket that the event is about: its source's, or a new one. */
static guint32 told_find(AttribTold *told, const TbItem *event, const AttribTuple *tuple)
{
  guint32 index =
      GPOINTER_TO_UINT(g_hash_table_lookup(told->by_source, event->record->source)) - 1;
  if (index == ATTRIB_NONE)
    return told->sockets->len < TOLD_SOCKETS ? told_new(told, event->record->source, event->machine_time.ns)
                                             : ATTRIB_NONE;
  ToldSocket *socket = told_socket(told, index);
  if (!told_is_other(&socket->tuple, tuple) || told->sockets->len >= TOLD_SOCKETS)
    return index;
  gint64 since_ns = socket->last_ns;
  socket->death_ns = since_ns;
  index = told_new(told, event->record->source, since_ns);
  attrib_socket(&told->m->sockets, told_socket(told, index)->socket)->born = TRUE;
  return index;
}

static void told_join(AttribTold *told, guint32 index, guint32 to)
{
  guint32 root = told_root(told, to);
  if (told_root(told, index) == root)
    return;
  ToldSocket *socket = told_socket(told, index), *with = told_socket(told, root);
  attrib_socket_take(&told->m->sockets, with->socket, socket->socket);
  socket->joined = root;
}

/* The same call stands in two files; @index has it, and perhaps another one had it before. */
static void told_link(AttribTold *told, guint32 index, TbSocketStep step, const TbItem *event,
                      gint64 result)
{
  const ToldSocket *socket = told_socket(told, index);
  const guint64 odd = 0x9e3779b97f4a7c15u;
  guint64 key = ((socket->process ^ (guint64)event->machine_time.ns) * odd ^ (guint32)event->record->tid) * odd ^
                (guint64)result;
  guint32 other = attrib_map_get(&told->by_link, key);
  if (other == ATTRIB_NONE || other == index) {
    attrib_map_set(&told->by_link, key, index);
    return;
  }
  gboolean is_new = step == TB_SOCKET_ACCEPTED || step == TB_SOCKET_COPIED;
  guint32 made = is_new ? index : other, by = is_new ? other : index;
  if (step == TB_SOCKET_ACCEPTED || step == TB_SOCKET_ACCEPTS)
    told_socket(told, made)->listener = by;
  else
    told_join(told, made, by);
}

static void told_step(AttribTold *told, guint32 index, TbSocketStep step, const TbItem *event,
                      gint64 result)
{
  ToldSocket *socket = told_socket(told, index);
  AttribSocket *in_table = attrib_socket(&told->m->sockets, socket->socket);
  switch (step) {
  case TB_SOCKET_OPENED: in_table->born = TRUE; break;
  case TB_SOCKET_FORKED: socket->forked = TRUE; break;
  case TB_SOCKET_CLOSED: socket->death_ns = event->machine_time.ns; break;
  case TB_SOCKET_ACCEPTED:
    socket->accepted = in_table->accepted = in_table->born = TRUE;
    told_link(told, index, step, event, result);
    break;
  case TB_SOCKET_COPIED:
  case TB_SOCKET_ACCEPTS:
  case TB_SOCKET_COPIES: told_link(told, index, step, event, result); break;
  case TB_SOCKET_NOTHING:
  default: break;
  }
}

static void told_move(AttribTold *told, guint32 index, AttribWay way, gint64 bytes,
                      const TbItem *event)
{
  const ToldSocket *own = told_socket(told, index);
  const ToldSocket *socket = told_socket(told, told_root(told, index));
  /* The call began after the thread's last one here was over. */
  gint64 from_ns = own->last_tid == event->record->tid ? own->last_ns : event->machine_time.ns;
  if (bytes == 0 || event->record->tid <= 0)
    return;
  if (bytes < 0)
    attrib_socket(&told->m->sockets, socket->socket)->sides[way].gap = TRUE;
  else
    attrib_socket_move(&told->m->sockets, socket->socket, way, event->record->tid, (guint64)bytes,
                       MIN(from_ns, event->machine_time.ns), event->machine_time.ns);
}

/* One call that sends many messages is as good as any number. */
static void told_count_sent(ToldSocket *socket, const AttribPlan *plan, const TbItem *event)
{
  gint64 sent = told_int(plan, F_SENT, event);
  if (sent == 0 || socket->n_sent == G_MAXUINT32)
    return;
  socket->n_sent++;
  if (sent < 0 || sent != told_int(plan, F_RESULT, event))
    socket->n_sent = G_MAXUINT32;
}

void attrib_told_event(AttribTold *told, const AttribPlan *plan, const TbItem *event)
{
  AttribTuple tuple = told_tuple(plan, event);
  guint32 index = told_find(told, event, &tuple);
  if (index == ATTRIB_NONE)
    return;
  ToldSocket *socket = told_socket(told, index);
  gboolean connects = !told_is_known(socket->tuple.remote) && told_is_known(tuple.remote);
  socket->tuple = tuple;
  told_step(told, index, (TbSocketStep)told_int(plan, F_STEP, event), event,
            told_int(plan, F_RESULT, event));
  socket = told_socket(told, index);
  if (connects && !socket->accepted && !socket->forked && event->record->tid > 0)
    attrib_socket(&told->m->sockets, socket->socket)->opener = event->record->tid;
  told_count_sent(told_socket(told, told_root(told, index)), plan, event);
  told_move(told, index, ATTRIB_WRITTEN, told_int(plan, F_SENT, event), event);
  told_move(told, index, ATTRIB_READ, told_int(plan, F_RECEIVED, event), event);
  socket->only = socket->only == 0 || socket->only == event->record->tid ? event->record->tid : -1;
  socket->last_tid = event->record->tid;
  socket->last_ns = event->machine_time.ns;
}

/* --- what captures know --- */

/* Flows by the end that their packets go to. */
typedef struct {
  AttribCapture *capture;
  AttribMap newest;
  guint32 *next;
  AttribMap sent; /* packets by the end they come from */
} ToldIndex;

enum { TOLD_LOOKS = 4096 }; /* of flows to one end */
/* A connection's first and last packets may be so far from its calls. */
#define TOLD_SLACK_NS (5 * G_GINT64_CONSTANT(1000000000))
/* A parent may close its descriptor so long before its child has written down that it has one. */
#define TOLD_FORK_NS G_GINT64_CONSTANT(1000000000)

static guint64 told_end_hash(const AttribTuple *tuple)
{
  AttribTuple end = { .remote_port = tuple->remote_port, .protocol = tuple->protocol };
  memcpy(end.remote, tuple->remote, sizeof end.remote);
  return attrib_tuple_hash(&end);
}

static guint64 told_local_hash(const AttribTuple *tuple)
{
  AttribTuple end = *tuple;
  memset(end.remote, 0, sizeof end.remote);
  end.remote_port = 0;
  return attrib_tuple_hash(&end);
}

static void told_index_init(ToldIndex *index, AttribCapture *capture)
{
  *index = (ToldIndex){ .capture = capture, .next = g_new(guint32, (gsize)capture->flows->len + 1) };
  for (guint32 i = 0; i < capture->flows->len; i++) {
    const AttribFlow *flow = &g_array_index(capture->flows, AttribFlow, i);
    guint64 hash = told_end_hash(&flow->tuple), local = told_local_hash(&flow->tuple);
    guint32 sent = attrib_map_get(&index->sent, local);
    index->next[i] = attrib_map_get(&index->newest, hash);
    attrib_map_set(&index->newest, hash, i);
    attrib_map_set(&index->sent, local, (sent == ATTRIB_NONE ? 0 : sent) + flow->seen);
  }
}

static void told_index_clear(gpointer data)
{
  ToldIndex *index = data;
  attrib_map_clear(&index->newest);
  attrib_map_clear(&index->sent);
  g_free(index->next);
}

/* Bytes of the stream that a socket of this life had; FALSE where none was captured. */
static gboolean told_stream_bytes(const AttribCapture *capture, const AttribTuple *tuple,
                                  gint64 from_ns, gint64 to_ns, guint64 *bytes)
{
  const AttribFlow *flow = attrib_flow_find(capture, tuple);
  gboolean found = FALSE;
  for (guint32 at = flow ? flow->streams : ATTRIB_NONE; at != ATTRIB_NONE;) {
    const AttribStream *stream = &g_array_index(capture->streams, AttribStream, at);
    gint64 first = stream->isn_known || !stream->has_data ? 0 : stream->low;
    gint64 last = stream->has_data ? stream->high : 0;
    at = stream->next;
    if (stream->last_ns < from_ns - TOLD_SLACK_NS ||
        (to_ns != G_MAXINT64 && stream->first_ns > to_ns + TOLD_SLACK_NS))
      continue;
    if (stream->ended && stream->isn_known)
      last = MAX(last, stream->end);
    *bytes = (guint64)MAX(last - first, 0);
    found = TRUE;
  }
  return found;
}

/* Whether the calls account for just the bytes of both directions. @more: of another descriptor */
static gboolean told_fits(const AttribTold *told, const GArray *indexes, const ToldSocket *socket,
                          const AttribTuple *tuple, const ToldSocket *more)
{
  const AttribTuple ways[] = { *tuple, attrib_tuple_reverse(tuple) };
  guint64 moved = 0;
  for (guint way = 0; way < ATTRIB_N_WAYS; way++) {
    const AttribSide *side = &attrib_socket(&told->m->sockets, socket->socket)->sides[way];
    guint64 total = attrib_side_total(&told->m->sockets, side), bytes = 0, most = 0;
    gboolean found = FALSE;
    if (more)
      total += attrib_side_total(&told->m->sockets,
                                 &attrib_socket(&told->m->sockets, more->socket)->sides[way]);
    for (guint i = 0; i < indexes->len; i++)
      if (told_stream_bytes(g_array_index(indexes, ToldIndex, i).capture, &ways[way],
                            socket->birth_ns, socket->death_ns, &bytes)) {
        found = TRUE;
        most = MAX(most, bytes);
      }
    if (!found || most != total)
      return FALSE;
    moved += total;
  }
  return moved > 0;
}

/* Whether @flow, seen from its sender, may be @socket's. */
static gboolean told_may_be(const ToldSocket *socket, const AttribTuple *flow)
{
  const AttribTuple *known = &socket->tuple;
  return flow->protocol == known->protocol &&
         (!known->local_port || known->local_port == flow->local_port) &&
         (!told_is_known(known->local) ||
          memcmp(known->local, flow->local, sizeof flow->local) == 0) &&
         (!told_is_known(known->remote) ||
          (known->remote_port == flow->remote_port &&
           memcmp(known->remote, flow->remote, sizeof flow->remote) == 0));
}

/* One more candidate. Of a socket without a remote end only the local one counts. */
static void told_note_flow(const ToldSocket *socket, const AttribTuple *flow, AttribTuple *found,
                           guint *n)
{
  AttribTuple tuple = *flow;
  if (!told_is_known(socket->tuple.remote)) {
    memset(tuple.remote, 0, sizeof tuple.remote);
    tuple.remote_port = 0;
  }
  if (*n == 0 || memcmp(found, &tuple, sizeof tuple) != 0)
    (*n)++;
  *found = tuple;
}

/* Candidates in one capture; @fit: only those whose bytes are just the socket's. */
static void told_search(const AttribTold *told, const GArray *indexes, const ToldIndex *index,
                        const ToldSocket *socket, gboolean fit, AttribTuple *found, guint *n)
{
  gboolean ended = told_is_known(socket->tuple.remote);
  guint32 at = ended ? attrib_map_get(&index->newest, told_end_hash(&socket->tuple)) : 0;
  for (guint looks = 0; looks < TOLD_LOOKS; looks++) {
    if (at == ATTRIB_NONE || at >= index->capture->flows->len)
      return;
    const AttribTuple *flow = &g_array_index(index->capture->flows, AttribFlow, at).tuple;
    AttribTuple reverse = attrib_tuple_reverse(flow);
    if (told_may_be(socket, flow) && (!fit || told_fits(told, indexes, socket, flow, NULL)))
      told_note_flow(socket, flow, found, n);
    else if (!ended && told_may_be(socket, &reverse))
      told_note_flow(socket, &reverse, found, n);
    at = ended ? index->next[at] : at + 1;
  }
}

static gboolean told_is_complete(const AttribTuple *tuple)
{
  return tuple->protocol && tuple->local_port && told_is_known(tuple->local) &&
         (tuple->protocol != ATTRIB_TCP || (tuple->remote_port && told_is_known(tuple->remote)));
}

/* The captures about one subject, or (NULL) all of them. FALSE unless just one tuple fits. */
static gboolean told_ask(const AttribTold *told, const GArray *indexes, ToldSocket *socket,
                         const char *subject)
{
  gboolean fit = !subject && !socket->tuple.local_port;
  AttribTuple found;
  guint n = 0;
  for (guint i = 0; i < indexes->len && n < 2; i++) {
    const ToldIndex *index = &g_array_index(indexes, ToldIndex, i);
    if (!subject || g_strcmp0(subject, index->capture->source->subject) == 0)
      told_search(told, indexes, index, socket, fit, &found, &n);
  }
  if (n != 1)
    return FALSE;
  socket->tuple = found;
  socket->inferred = fit != FALSE;
  return TRUE;
}

/* What the program did not ask for: from the socket's own capture, its listener's, then any. */
static void told_complete(const AttribTold *told, const GArray *indexes, ToldSocket *socket)
{
  const ToldSocket *listener =
      socket->listener == ATTRIB_NONE ? NULL
                                      : told_socket(told, told_root(told, socket->listener));
  AttribTuple *tuple = &socket->tuple;
  if (listener) {
    tuple->protocol = tuple->protocol ? tuple->protocol : listener->tuple.protocol;
    tuple->local_port = tuple->local_port ? tuple->local_port : listener->tuple.local_port;
    if (!told_is_known(tuple->local))
      memcpy(tuple->local, listener->tuple.local, sizeof tuple->local);
  }
  gboolean remote = told_is_known(tuple->remote) && tuple->remote_port;
  if (told_is_complete(tuple) || !tuple->protocol ||
      (!remote && (tuple->protocol == ATTRIB_TCP || !tuple->local_port)))
    return;
  if (socket->source->subject && told_ask(told, indexes, socket, socket->source->subject))
    return;
  if (listener && listener->source->subject &&
      told_ask(told, indexes, socket, listener->source->subject))
    return;
  told_ask(told, indexes, socket, NULL);
}

/* --- several descriptors of one socket --- */

/* The runs of @from go behind those of @to; FALSE where they do not follow each other. */
static gboolean told_append_side(AttribSockets *all, AttribSide *to, AttribSide *from)
{
  if (from->first == ATTRIB_NONE)
    return TRUE;
  guint64 total = attrib_side_total(all, to);
  gboolean follows = to->last == ATTRIB_NONE ||
                     g_array_index(all->runs, AttribRun, to->last).last_ns <=
                         g_array_index(all->runs, AttribRun, from->first).first_ns;
  for (guint32 at = from->first; at != ATTRIB_NONE;) {
    AttribRun *run = &g_array_index(all->runs, AttribRun, at);
    run->end += total;
    at = run->next;
  }
  if (to->last == ATTRIB_NONE)
    to->first = from->first;
  else
    g_array_index(all->runs, AttribRun, to->last).next = from->first;
  to->last = from->last;
  to->n += from->n;
  to->gap |= from->gap;
  from->first = from->last = ATTRIB_NONE;
  from->n = 0;
  return follows;
}

static gint64 told_first_ns(const AttribSockets *all, const AttribSide *side)
{
  return side->first == ATTRIB_NONE ? G_MAXINT64
                                    : g_array_index(all->runs, AttribRun, side->first).first_ns;
}

/* @index turned out to be a descriptor of @root's socket: whoever moved bytes first comes first. */
static void told_merge(AttribTold *told, guint32 index, guint32 root)
{
  AttribSockets *all = &told->m->sockets;
  ToldSocket *with = told_socket(told, root), *socket = told_socket(told, index);
  for (guint way = 0; way < ATTRIB_N_WAYS; way++) {
    AttribSide *to = &attrib_socket(all, with->socket)->sides[way];
    AttribSide *from = &attrib_socket(all, socket->socket)->sides[way];
    if (told_first_ns(all, from) < told_first_ns(all, to)) {
      AttribSide swap = *to;
      *to = *from;
      *from = swap;
    }
    if (!told_append_side(all, to, from))
      with->mixed = TRUE;
  }
  socket->joined = root;
}

/* All descriptors of a socket have one life, and one thread or several. */
static void told_gather(AttribTold *told)
{
  for (guint32 i = 0; i < told->sockets->len; i++) {
    const ToldSocket *socket = told_socket(told, i);
    ToldSocket *root = told_socket(told, told_root(told, i));
    root->birth_ns = MIN(root->birth_ns, socket->birth_ns);
    root->death_ns = MAX(root->death_ns, socket->death_ns);
    root->only = root->only == socket->only || socket->only == 0 ? root->only : -1;
  }
}

/* The root that has @tuple while @socket lives, or %ATTRIB_NONE. */
static guint32 told_find_tuple(const AttribTold *told, const GArray *owners,
                               const ToldSocket *socket)
{
  const AttribSockets *all = &told->m->sockets;
  guint32 at = attrib_map_get(&all->by_tuple, attrib_tuple_hash(&socket->tuple));
  while (at != ATTRIB_NONE) {
    const AttribSocket *known = attrib_socket(all, at);
    guint32 index = g_array_index(owners, guint32, at);
    const ToldSocket *other = told_socket(told, index);
    if (memcmp(&known->tuple, &socket->tuple, sizeof known->tuple) == 0 &&
        other->birth_ns <= socket->death_ns && socket->birth_ns <= other->death_ns)
      return index;
    at = known->same;
  }
  return ATTRIB_NONE;
}

/* Sockets get their tuples; those with equal ones at one time are one. */
static void told_name(AttribTold *told, GArray *owners)
{
  AttribSockets *all = &told->m->sockets;
  for (guint32 i = 0; i < told->sockets->len; i++) {
    ToldSocket *socket = told_socket(told, i);
    if (socket->joined != ATTRIB_NONE || !told_is_complete(&socket->tuple))
      continue;
    guint32 other = told_find_tuple(told, owners, socket);
    if (other != ATTRIB_NONE) {
      told_merge(told, i, other);
      continue;
    }
    attrib_socket_name(all, socket->socket, &socket->tuple, socket->birth_ns);
    g_array_index(owners, guint32, socket->socket) = i;
  }
}

/* The parent's socket whose missing bytes are just those of the child's descriptor @index. */
static guint32 told_find_parent(const AttribTold *told, const GArray *indexes, guint32 index)
{
  const ToldSocket *child = told_socket(told, index);
  guint32 found = ATTRIB_NONE;
  for (guint32 i = 0; i < told->sockets->len; i++) {
    const ToldSocket *socket = told_socket(told, i);
    if (socket->joined != ATTRIB_NONE || socket->process == child->process ||
        !attrib_socket(&told->m->sockets, socket->socket)->has_tuple ||
        socket->tuple.protocol != child->tuple.protocol || socket->birth_ns > child->birth_ns ||
        socket->death_ns < child->birth_ns - TOLD_FORK_NS ||
        !told_fits(told, indexes, socket, &socket->tuple, child))
      continue;
    if (found != ATTRIB_NONE)
      return ATTRIB_NONE;
    found = i;
  }
  return found;
}

static gboolean told_has_moved(const AttribTold *told, const ToldSocket *socket)
{
  const AttribSocket *in_table = attrib_socket(&told->m->sockets, socket->socket);
  return in_table->sides[ATTRIB_WRITTEN].n || in_table->sides[ATTRIB_READ].n;
}

/* Descriptors that a child has from its parent, as far as they were used and it is not known whose. */
static void told_adopt(AttribTold *told, const GArray *indexes)
{
  for (guint32 i = 0; i < told->sockets->len; i++) {
    const ToldSocket *child = told_socket(told, i);
    if (!child->forked || child->joined != ATTRIB_NONE ||
        attrib_socket(&told->m->sockets, child->socket)->has_tuple)
      continue;
    if (child->tuple.protocol != ATTRIB_TCP) {
      told->forked_datagrams = TRUE;
      continue;
    }
    guint32 parent = told_has_moved(told, child) ? told_find_parent(told, indexes, i) : ATTRIB_NONE;
    if (parent == ATTRIB_NONE)
      continue;
    told_merge(told, i, parent);
    told_socket(told, parent)->inferred = TRUE;
  }
}

/* --- what is certain --- */

/* Whether no more datagrams were captured than calls sent. */
static gboolean told_is_counted(const GArray *indexes, const ToldSocket *socket)
{
  for (guint i = 0; i < indexes->len && socket->n_sent != G_MAXUINT32; i++) {
    const ToldIndex *index = &g_array_index(indexes, ToldIndex, i);
    const AttribFlow *flow = attrib_flow_find(index->capture, &socket->tuple);
    guint32 seen = flow ? flow->seen : 0;
    if (!told_is_known(socket->tuple.remote))
      seen = attrib_map_get(&index->sent, told_local_hash(&socket->tuple));
    if (seen != ATTRIB_NONE && seen > socket->n_sent)
      return FALSE;
  }
  return TRUE;
}

/* Whether all bytes of one way that were captured are accounted for. */
static gboolean told_is_covered(const AttribTold *told, const GArray *indexes,
                                const ToldSocket *socket, guint way)
{
  const AttribSockets *all = &told->m->sockets;
  const AttribSocket *in_table = attrib_socket(all, socket->socket);
  if (socket->tuple.protocol != ATTRIB_TCP)
    return way != ATTRIB_WRITTEN || told_is_counted(indexes, socket);
  AttribTuple tuple = way == ATTRIB_WRITTEN ? in_table->tuple
                                            : attrib_tuple_reverse(&in_table->tuple);
  guint64 total = attrib_side_total(all, &in_table->sides[way]), bytes;
  for (guint i = 0; i < indexes->len; i++)
    if (told_stream_bytes(g_array_index(indexes, ToldIndex, i).capture, &tuple, socket->birth_ns,
                          socket->death_ns, &bytes) && bytes > total)
      return FALSE;
  return TRUE;
}

static void told_set_facts(AttribTold *told, const GArray *indexes)
{
  AttribSockets *all = &told->m->sockets;
  g_array_set_size(told->facts, all->sockets->len);
  for (guint32 i = 0; i < told->sockets->len; i++) {
    const ToldSocket *socket = told_socket(told, i);
    AttribSocket *in_table = attrib_socket(all, socket->socket);
    ToldFacts *facts = &g_array_index(told->facts, ToldFacts, socket->socket);
    if (socket->joined != ATTRIB_NONE || !in_table->has_tuple)
      continue;
    in_table->birth_ns = socket->birth_ns;
    in_table->death_ns = socket->death_ns;
    facts->only = socket->only;
    facts->inferred = socket->inferred;
    facts->mixed = socket->mixed;
    for (guint way = 0; way < ATTRIB_N_WAYS; way++) {
      facts->covered[way] = told_is_covered(told, indexes, socket, way);
      if (socket->mixed)
        in_table->sides[way].gap = TRUE;
    }
  }
}

void attrib_told_match(AttribTold *told, const GPtrArray *captures)
{
  g_autoptr(GArray) indexes = g_array_new(FALSE, FALSE, sizeof(ToldIndex));
  g_autoptr(GArray) owners = g_array_new(FALSE, TRUE, sizeof(guint32));
  g_array_set_clear_func(indexes, told_index_clear);
  for (guint i = 0; i < captures->len; i++) {
    AttribCapture *capture = g_ptr_array_index(captures, i);
    ToldIndex index;
    if (capture->source->machine != told->m->machine)
      continue;
    told_index_init(&index, capture);
    g_array_append_val(indexes, index);
  }
  g_array_set_size(owners, told->m->sockets.sockets->len);
  told_gather(told);
  for (guint32 i = 0; i < told->sockets->len; i++)
    if (told_socket(told, i)->joined == ATTRIB_NONE)
      told_complete(told, indexes, told_socket(told, i));
  told_name(told, owners);
  told_adopt(told, indexes);
  told_gather(told);
  told_set_facts(told, indexes);
  attrib_sockets_seal(&told->m->sockets);
  for (guint i = 0; i < indexes->len; i++)
    attrib_match_streams(told->m, g_array_index(indexes, ToldIndex, i).capture);
  g_array_set_size(told->sockets, 0);
  g_hash_table_remove_all(told->by_source);
  attrib_map_clear(&told->by_link);
}
