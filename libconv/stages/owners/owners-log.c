/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sockets of a log and captured streams; see owners-log.h. */
#include "stages/owners/owners-log.h"

#include "stages/owners/owners-sockets.h"

#include <string.h>

OwnersLog *owners_log_new(void)
{
  OwnersLog *log = g_new0(OwnersLog, 1);
  log->log = resource_log_new();
  log->facts = g_array_new(FALSE, TRUE, sizeof(LogFacts));
  return log;
}

void owners_log_free(OwnersLog *log)
{
  if (!log)
    return;
  resource_log_free(log->log);
  g_array_unref(log->facts);
  g_free(log);
}

/* --- what captures know --- */

/* Flows by the end that their packets go to. */
typedef struct {
  OwnersCapture *capture;
  TbMap newest;
  guint32 *next;
  TbMap sent; /* packets by the end they come from */
} LogIndex;

enum { LOG_LOOKS = 4096 }; /* of flows to one end */
/* A connection's first and last packets may be so far from its calls. */
#define LOG_SLACK_NS (5 * G_GINT64_CONSTANT(1000000000))
/* A parent may close its descriptor so long before its child has written down that it has one. */
#define LOG_FORK_NS G_GINT64_CONSTANT(1000000000)

static guint64 log_end_hash(const TbTuple *tuple)
{
  TbTuple end = { .remote_port = tuple->remote_port, .protocol = tuple->protocol };
  memcpy(end.remote, tuple->remote, sizeof end.remote);
  return tb_tuple_hash(&end);
}

static guint64 log_local_hash(const TbTuple *tuple)
{
  TbTuple end = *tuple;
  tb_tuple_forget_remote(&end);
  return tb_tuple_hash(&end);
}

static void log_index_init(LogIndex *index, OwnersCapture *capture)
{
  *index = (LogIndex){ .capture = capture, .next = g_new(guint32, (gsize)capture->flows->len + 1) };
  for (guint32 i = 0; i < capture->flows->len; i++) {
    const OwnersFlow *flow = &g_array_index(capture->flows, OwnersFlow, i);
    guint64 hash = log_end_hash(&flow->tuple), local = log_local_hash(&flow->tuple);
    guint32 sent = tb_map_get(&index->sent, local);
    index->next[i] = tb_map_get(&index->newest, hash);
    tb_map_set(&index->newest, hash, i);
    tb_map_set(&index->sent, local, (sent == TB_MAP_NONE ? 0 : sent) + flow->seen);
  }
}

static void log_index_clear(gpointer data)
{
  LogIndex *index = data;
  tb_map_clear(&index->newest);
  tb_map_clear(&index->sent);
  g_free(index->next);
}

/* Bytes of the stream that a socket of this life had; FALSE where none was captured. */
static gboolean log_stream_bytes(const OwnersCapture *capture, const TbTuple *tuple,
                                  gint64 from_ns, gint64 to_ns, guint64 *bytes)
{
  const OwnersFlow *flow = owners_flow_find(capture, tuple);
  gboolean found = FALSE;
  for (guint32 at = flow ? flow->streams : TB_MAP_NONE; at != TB_MAP_NONE;) {
    const OwnersStream *stream = &g_array_index(capture->streams, OwnersStream, at);
    gint64 first = stream->isn_known || !stream->has_data ? 0 : stream->low;
    gint64 last = stream->has_data ? stream->high : 0;
    at = stream->next;
    if (stream->last_ns < from_ns - LOG_SLACK_NS ||
        (to_ns != G_MAXINT64 && stream->first_ns > to_ns + LOG_SLACK_NS))
      continue;
    if (stream->ended && stream->isn_known)
      last = MAX(last, stream->end);
    *bytes = (guint64)MAX(last - first, 0);
    found = TRUE;
  }
  return found;
}

/* Whether the calls account for just the bytes of both directions. @more: of another descriptor */
static gboolean log_fits(const ResourceLog *log, const GArray *indexes, const LogSocket *socket,
                          const TbTuple *tuple, const LogSocket *more)
{
  const TbTuple ways[] = { *tuple, tb_tuple_reverse(tuple) };
  guint64 moved = 0;
  for (guint way = 0; way < RESOURCE_N_WAYS; way++) {
    const ResourceSide *side = &resource_socket(&log->sockets, socket->socket)->sides[way];
    guint64 total = resource_side_total(&log->sockets, side), bytes = 0, most = 0;
    gboolean found = FALSE;
    if (more)
      total += resource_side_total(&log->sockets,
                                 &resource_socket(&log->sockets, more->socket)->sides[way]);
    for (guint i = 0; i < indexes->len; i++)
      if (log_stream_bytes(g_array_index(indexes, LogIndex, i).capture, &ways[way],
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
static gboolean log_may_be(const LogSocket *socket, const TbTuple *flow)
{
  const TbTuple *known = &socket->tuple;
  return flow->protocol == known->protocol &&
         (!known->local_port || known->local_port == flow->local_port) &&
         (!log_address_is_known(known->local) ||
          memcmp(known->local, flow->local, sizeof flow->local) == 0) &&
         (!log_address_is_known(known->remote) ||
          (known->remote_port == flow->remote_port &&
           memcmp(known->remote, flow->remote, sizeof flow->remote) == 0));
}

/* One more candidate. Of a socket without a remote end only the local one counts. */
static void log_note_flow(const LogSocket *socket, const TbTuple *flow, TbTuple *found,
                           guint *n)
{
  TbTuple tuple = *flow;
  if (!log_address_is_known(socket->tuple.remote)) {
    tb_tuple_forget_remote(&tuple);
  }
  if (*n == 0 || memcmp(found, &tuple, sizeof tuple) != 0)
    (*n)++;
  *found = tuple;
}

/* Candidates in one capture; @fit: only those whose bytes are just the socket's. */
static void log_search(const ResourceLog *log, const GArray *indexes, const LogIndex *index,
                        const LogSocket *socket, gboolean fit, TbTuple *found, guint *n)
{
  gboolean ended = log_address_is_known(socket->tuple.remote);
  guint32 at = ended ? tb_map_get(&index->newest, log_end_hash(&socket->tuple)) : 0;
  for (guint looks = 0; looks < LOG_LOOKS; looks++) {
    if (at == TB_MAP_NONE || at >= index->capture->flows->len)
      return;
    const TbTuple *flow = &g_array_index(index->capture->flows, OwnersFlow, at).tuple;
    TbTuple reverse = tb_tuple_reverse(flow);
    if (log_may_be(socket, flow) && (!fit || log_fits(log, indexes, socket, flow, NULL)))
      log_note_flow(socket, flow, found, n);
    else if (!ended && log_may_be(socket, &reverse))
      log_note_flow(socket, &reverse, found, n);
    at = ended ? index->next[at] : at + 1;
  }
}

static gboolean log_is_complete(const TbTuple *tuple)
{
  return tuple->protocol && tuple->local_port && log_address_is_known(tuple->local) &&
         (tuple->protocol != TB_TUPLE_TCP || (tuple->remote_port && log_address_is_known(tuple->remote)));
}

/* The captures about one subject, or (NULL) all of them. FALSE unless just one tuple fits. */
static gboolean log_ask(const ResourceLog *log, const GArray *indexes, LogSocket *socket,
                         const char *subject)
{
  gboolean fit = !subject && !socket->tuple.local_port;
  TbTuple found;
  guint n = 0;
  for (guint i = 0; i < indexes->len && n < 2; i++) {
    const LogIndex *index = &g_array_index(indexes, LogIndex, i);
    if (!subject || g_strcmp0(subject, index->capture->source->subject) == 0)
      log_search(log, indexes, index, socket, fit, &found, &n);
  }
  if (n != 1)
    return FALSE;
  socket->tuple = found;
  socket->inferred = fit != FALSE;
  return TRUE;
}

/* What the program did not ask for: from the socket's own capture, its listener's, then any. */
static void log_complete(const ResourceLog *log, const GArray *indexes, LogSocket *socket)
{
  const LogSocket *listener =
      socket->listener == TB_MAP_NONE ? NULL
                                      : log_socket(log, log_root(log, socket->listener));
  TbTuple *tuple = &socket->tuple;
  if (listener) {
    tuple->protocol = tuple->protocol ? tuple->protocol : listener->tuple.protocol;
    tuple->local_port = tuple->local_port ? tuple->local_port : listener->tuple.local_port;
    if (!log_address_is_known(tuple->local))
      memcpy(tuple->local, listener->tuple.local, sizeof tuple->local);
  }
  gboolean remote = log_address_is_known(tuple->remote) && tuple->remote_port;
  if (log_is_complete(tuple) || !tuple->protocol ||
      (!remote && (tuple->protocol == TB_TUPLE_TCP || !tuple->local_port)))
    return;
  if (socket->source->subject && log_ask(log, indexes, socket, socket->source->subject))
    return;
  if (listener && listener->source->subject &&
      log_ask(log, indexes, socket, listener->source->subject))
    return;
  log_ask(log, indexes, socket, NULL);
}

/* --- several descriptors of one socket --- */

/* The root that has @tuple while @socket lives, or %TB_MAP_NONE. */
static guint32 log_find_tuple(const ResourceLog *log, const GArray *named,
                               const LogSocket *socket)
{
  const ResourceSockets *all = &log->sockets;
  guint32 at = tb_map_get(&all->by_tuple, tb_tuple_hash(&socket->tuple));
  while (at != TB_MAP_NONE) {
    const ResourceSocket *known = resource_socket(all, at);
    guint32 index = g_array_index(named, guint32, at);
    const LogSocket *other = log_socket(log, index);
    if (memcmp(&known->tuple, &socket->tuple, sizeof known->tuple) == 0 &&
        other->birth_ns <= socket->death_ns && socket->birth_ns <= other->death_ns)
      return index;
    at = known->same;
  }
  return TB_MAP_NONE;
}

/* Sockets get their tuples; those with equal ones at one time are one. */
static void log_name(ResourceLog *log, GArray *named)
{
  ResourceSockets *all = &log->sockets;
  for (guint32 i = 0; i < log->descriptors->len; i++) {
    LogSocket *socket = log_socket(log, i);
    if (socket->joined != TB_MAP_NONE || !log_is_complete(&socket->tuple))
      continue;
    guint32 other = log_find_tuple(log, named, socket);
    if (other != TB_MAP_NONE) {
      log_merge(log, i, other);
      continue;
    }
    resource_socket_name(all, socket->socket, &socket->tuple, socket->birth_ns);
    g_array_index(named, guint32, socket->socket) = i;
  }
}

/* The parent's socket whose missing bytes are just those of the child's descriptor @index. */
static guint32 log_find_parent(const ResourceLog *log, const GArray *indexes, guint32 index)
{
  const LogSocket *child = log_socket(log, index);
  guint32 found = TB_MAP_NONE;
  for (guint32 i = 0; i < log->descriptors->len; i++) {
    const LogSocket *socket = log_socket(log, i);
    if (socket->joined != TB_MAP_NONE || socket->process == child->process ||
        !resource_socket(&log->sockets, socket->socket)->has_tuple ||
        socket->tuple.protocol != child->tuple.protocol || socket->birth_ns > child->birth_ns ||
        socket->death_ns < child->birth_ns - LOG_FORK_NS ||
        !log_fits(log, indexes, socket, &socket->tuple, child))
      continue;
    if (found != TB_MAP_NONE)
      return TB_MAP_NONE;
    found = i;
  }
  return found;
}

static gboolean log_has_moved(const ResourceLog *log, const LogSocket *socket)
{
  const ResourceSocket *in_table = resource_socket(&log->sockets, socket->socket);
  return in_table->sides[RESOURCE_WRITTEN].n || in_table->sides[RESOURCE_READ].n;
}

/* Descriptors that a child has from its parent, as far as they were used and it is not known whose. */
static void log_adopt(OwnersLog *owners, const GArray *indexes)
{
  ResourceLog *log = owners->log;
  for (guint32 i = 0; i < log->descriptors->len; i++) {
    const LogSocket *child = log_socket(log, i);
    if (!child->forked || child->joined != TB_MAP_NONE ||
        resource_socket(&log->sockets, child->socket)->has_tuple)
      continue;
    if (child->tuple.protocol != TB_TUPLE_TCP) {
      owners->forked_datagrams = TRUE;
      continue;
    }
    guint32 parent = log_has_moved(log, child) ? log_find_parent(log, indexes, i) : TB_MAP_NONE;
    if (parent == TB_MAP_NONE)
      continue;
    log_merge(log, i, parent);
    log_socket(log, parent)->inferred = TRUE;
  }
}

/* --- what is certain --- */

/* Whether no more datagrams were captured than calls sent. */
static gboolean log_is_counted(const GArray *indexes, const LogSocket *socket)
{
  for (guint i = 0; i < indexes->len && socket->n_sent != G_MAXUINT32; i++) {
    const LogIndex *index = &g_array_index(indexes, LogIndex, i);
    const OwnersFlow *flow = owners_flow_find(index->capture, &socket->tuple);
    guint32 seen = flow ? flow->seen : 0;
    if (!log_address_is_known(socket->tuple.remote))
      seen = tb_map_get(&index->sent, log_local_hash(&socket->tuple));
    if (seen != TB_MAP_NONE && seen > socket->n_sent)
      return FALSE;
  }
  return TRUE;
}

/* Whether all bytes of one way that were captured are accounted for. */
static gboolean log_is_covered(const ResourceLog *log, const GArray *indexes,
                                const LogSocket *socket, guint way)
{
  const ResourceSockets *all = &log->sockets;
  const ResourceSocket *in_table = resource_socket(all, socket->socket);
  if (socket->tuple.protocol != TB_TUPLE_TCP)
    return way != RESOURCE_WRITTEN || log_is_counted(indexes, socket);
  TbTuple tuple = way == RESOURCE_WRITTEN ? in_table->tuple
                                            : tb_tuple_reverse(&in_table->tuple);
  guint64 total = resource_side_total(all, &in_table->sides[way]), bytes;
  for (guint i = 0; i < indexes->len; i++)
    if (log_stream_bytes(g_array_index(indexes, LogIndex, i).capture, &tuple, socket->birth_ns,
                          socket->death_ns, &bytes) && bytes > total)
      return FALSE;
  return TRUE;
}

static void log_set_facts(OwnersLog *owners, const GArray *indexes)
{
  ResourceLog *log = owners->log;
  ResourceSockets *all = &log->sockets;
  g_array_set_size(owners->facts, all->sockets->len);
  for (guint32 i = 0; i < log->descriptors->len; i++) {
    const LogSocket *socket = log_socket(log, i);
    ResourceSocket *in_table = resource_socket(all, socket->socket);
    LogFacts *facts = &g_array_index(owners->facts, LogFacts, socket->socket);
    if (socket->joined != TB_MAP_NONE || !in_table->has_tuple)
      continue;
    in_table->birth_ns = socket->birth_ns;
    in_table->death_ns = socket->death_ns;
    facts->only = socket->only;
    facts->inferred = socket->inferred;
    facts->mixed = socket->mixed;
    for (guint way = 0; way < RESOURCE_N_WAYS; way++) {
      facts->covered[way] = log_is_covered(log, indexes, socket, way);
      if (socket->mixed)
        in_table->sides[way].gap = TRUE;
    }
  }
}

void owners_log_match(OwnersLog *owners, const TbMachine *machine, const GPtrArray *captures)
{
  ResourceLog *log = owners->log;
  g_autoptr(GArray) indexes = g_array_new(FALSE, FALSE, sizeof(LogIndex));
  g_autoptr(GArray) named = g_array_new(FALSE, TRUE, sizeof(guint32));
  g_array_set_clear_func(indexes, log_index_clear);
  for (guint i = 0; i < captures->len; i++) {
    OwnersCapture *capture = g_ptr_array_index(captures, i);
    LogIndex index;
    if (capture->source->machine != machine)
      continue;
    log_index_init(&index, capture);
    g_array_append_val(indexes, index);
  }
  g_array_set_size(named, log->sockets.sockets->len);
  log_gather(log);
  for (guint32 i = 0; i < log->descriptors->len; i++)
    if (log_socket(log, i)->joined == TB_MAP_NONE)
      log_complete(log, indexes, log_socket(log, i));
  log_name(log, named);
  log_adopt(owners, indexes);
  log_gather(log);
  log_set_facts(owners, indexes);
  resource_sockets_seal(&log->sockets);
  for (guint i = 0; i < indexes->len; i++)
    owners_sockets_match(&log->sockets, g_array_index(indexes, LogIndex, i).capture);
  resource_log_shrink(log);
}
