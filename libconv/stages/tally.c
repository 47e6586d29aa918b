/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Counting; see tally.h. Counters are arrays by kind, end, confidence and
 * evidence, and by the number of the process in its machine's timeline; a
 * number found in a capture alone has a place of its own until finish().
 */
#include "stages/tally.h"

#include <string.h>

enum { TALLY_WORD_BYTES = 16 };

typedef struct {
  const TbMachine *machine;
  GArray *processes;   /* TbProcessTraffic by instance */
  GArray *told;        /* TallyTold: named by owners, in no timeline */
  GHashTable *told_by_pid; /* pid -> place in told + 1 */
  TbTraffic all;
  TbTraffic not_named;
} TallyMachine;

typedef struct {
  gint32 pid;
  guint32 comm;
  guint32 exe;
  TbProcessTraffic traffic;
} TallyTold;

struct _TbTally {
  const TbObserver *owners;
  TbConfidence least; /* NONE = processes are not counted */
  GPtrArray *machines;
  TallyMachine *latest;
  TbOwnerShares shares;
  char words[TB_TALLY_EVIDENCE][TALLY_WORD_BYTES];
  guint n_words;
};

const char *tb_packet_kind_to_word(TbPacketKind kind)
{
  static const char *const words[TB_N_PACKET_KINDS] = {
    [TB_PACKET_TCP_DATA] = "tcp-data", [TB_PACKET_TCP_EMPTY] = "tcp-no-data",
    [TB_PACKET_UDP] = "udp",           [TB_PACKET_ICMP] = "icmp",
    [TB_PACKET_OTHER] = "other",
  };
  return words[kind];
}

static void machine_free(gpointer data)
{
  TallyMachine *machine = data;
  g_array_unref(machine->processes);
  g_array_unref(machine->told);
  g_hash_table_unref(machine->told_by_pid);
  g_free(machine);
}

/* Those that are known come first, so that their order is always the same. */
static const char *const tally_words[] = {
  "other", "bytes",  "calls",    "xmit",     "recv", "port",    "connect", "time",
  "pml",   "socket", "darwin",   "ptcpdump", "tcpshark", "etl", "option8",
};

G_STATIC_ASSERT(G_N_ELEMENTS(tally_words) <= TB_TALLY_EVIDENCE);

TbTally *tb_tally_new(const TbObserver *owners)
{
  TbTally *tally = g_new0(TbTally, 1);
  tally->owners = owners;
  for (; tally->n_words < G_N_ELEMENTS(tally_words); tally->n_words++)
    g_strlcpy(tally->words[tally->n_words], tally_words[tally->n_words], TALLY_WORD_BYTES);
  tally->machines = g_ptr_array_new_with_free_func(machine_free);
  return tally;
}

void tb_tally_free(TbTally *tally)
{
  if (!tally)
    return;
  g_ptr_array_unref(tally->machines);
  g_free(tally);
}

void tb_tally_count_processes(TbTally *tally, TbConfidence least)
{
  tally->least = MAX(least, TB_CONFIDENCE_CONTEXT);
}

static TallyMachine *tally_find(const TbTally *tally, const TbMachine *machine)
{
  for (guint i = 0; i < tally->machines->len; i++) {
    TallyMachine *known = g_ptr_array_index(tally->machines, i);
    if (known->machine == machine)
      return known;
  }
  return NULL;
}

static TallyMachine *tally_ensure(TbTally *tally, const TbMachine *machine)
{
  if (G_LIKELY(tally->latest && tally->latest->machine == machine))
    return tally->latest;
  tally->latest = tally_find(tally, machine);
  if (tally->latest)
    return tally->latest;
  TallyMachine *made = g_new0(TallyMachine, 1);
  made->machine = machine;
  made->processes = g_array_new(FALSE, TRUE, sizeof(TbProcessTraffic));
  made->told = g_array_new(FALSE, TRUE, sizeof(TallyTold));
  made->told_by_pid = g_hash_table_new(NULL, NULL);
  g_ptr_array_add(tally->machines, made);
  tally->latest = made;
  return made;
}

/* --- kinds and places --- */

static TbPacketKind tally_kind(const TbNetHeaders *headers)
{
  if (headers->family == 0 || headers->fragment.later)
    return TB_PACKET_OTHER;
  switch (headers->protocol) {
  case TB_NET_PROTOCOL_TCP:
    return !headers->has_transport ? TB_PACKET_OTHER
           : headers->payload.len  ? TB_PACKET_TCP_DATA
                                   : TB_PACKET_TCP_EMPTY;
  case TB_NET_PROTOCOL_UDP: return headers->has_transport ? TB_PACKET_UDP : TB_PACKET_OTHER;
  case TB_NET_PROTOCOL_ICMP:
  case TB_NET_PROTOCOL_ICMPV6: return TB_PACKET_ICMP;
  default: return TB_PACKET_OTHER;
  }
}

/* A loopback address is the machine's own whatever its sockets tell. */
static gboolean tally_is_loopback(guint family, const guint8 *address)
{
  static const guint8 v6[16] = { [15] = 1 };
  return family == 4 ? address[0] == 127 : family == 6 && memcmp(address, v6, sizeof v6) == 0;
}

static void tally_places(const TbTally *tally, const TbItem *packet, const TbNetHeaders *headers,
                         TbEndPlace places[TB_N_PACKET_ENDS])
{
  places[TB_PACKET_SRC] = places[TB_PACKET_DST] = TB_END_UNKNOWN;
  if (tally->owners && packet->record->source->machine && !packet->record->source->frozen)
    tb_owners_find_places(tally->owners, packet->record->source->machine, headers, &places[TB_PACKET_SRC],
                          &places[TB_PACKET_DST]);
  if (tally_is_loopback(headers->family, headers->source))
    places[TB_PACKET_SRC] = TB_END_LOCAL;
  if (tally_is_loopback(headers->family, headers->destination))
    places[TB_PACKET_DST] = TB_END_LOCAL;
}

/* The words are few and short; one from a capture may be any. */
static guint tally_evidence(TbTally *tally, const char *word)
{
  if (!word || !*word || strlen(word) >= TALLY_WORD_BYTES)
    return 0;
  for (guint i = 0; i < tally->n_words; i++)
    if (g_str_equal(tally->words[i], word))
      return i;
  if (tally->n_words == TB_TALLY_EVIDENCE)
    return 0;
  g_strlcpy(tally->words[tally->n_words], word, TALLY_WORD_BYTES);
  return tally->n_words++;
}

static void tally_end(TbTally *tally, TbEndTally *end, const TbOwner *owner, const TbOwner *claim,
                      TbEndPlace place)
{
  if (!tb_owner_is_known(owner)) {
    end->not_named[place]++;
    return;
  }
  end->named[owner->confidence][tally_evidence(tally, owner->via)]++;
  end->agreeing += owner->confirmed != FALSE;
  end->differing += tb_owner_is_known(claim) != FALSE;
}

static void traffic_add(TbTraffic *traffic, const TbTraffic *one)
{
  traffic->packets += one->packets;
  traffic->bytes += one->bytes;
  traffic->payload += one->payload;
}

/* --- processes --- */

/* Whether @string is one of the names the process had. */
static gboolean tally_had_name(const TbTimeline *timeline, const TbProcess *process,
                               const char *name)
{
  if (process->comm && g_str_equal(tb_timeline_get_string(timeline, process->comm), name))
    return TRUE;
  for (guint32 at = process->changes; at != TB_PROC_NONE;) {
    const TbChange *change = tb_timeline_get_change(timeline, at);
    guint32 string = tb_change_string(change);
    if (!tb_change_is_exe(change) && string &&
        g_str_equal(tb_timeline_get_string(timeline, string), name))
      return TRUE;
    at = change->next == process->changes ? TB_PROC_NONE : change->next;
  }
  return FALSE;
}

static guint64 tally_distance(gint64 start_ns, gint64 end_ns, gint64 time_ns)
{
  if (time_ns < start_ns)
    return (guint64)start_ns - (guint64)time_ns;
  return time_ns > end_ns ? (guint64)time_ns - (guint64)end_ns : 0;
}

/*
 * Of the processes that had the owner's number the one that lived nearest to the packet's
 * instant: bytes are sent for the dead and wait for readers that are not born yet. A name of the
 * main thread decides first. Returns: its number + 1, or 0
 */
static guint32 tally_find_instance(const TbTimeline *timeline, const TbOwner *owner,
                                   gint64 time_ns)
{
  gboolean by_name = owner->comm && (owner->tid == 0 || owner->tid == owner->pid);
  TbLife last = tb_timeline_find_last_life(timeline, owner->pid), life = last;
  guint32 best = 0;
  guint64 best_distance = 0;
  gboolean best_fits = FALSE;
  if (last == TB_PROC_NONE)
    return 0;
  do {
    guint32 id = tb_timeline_life_process(timeline, life);
    const TbProcess *process = tb_timeline_get_process(timeline, id);
    guint64 distance = tally_distance(process->start_ns, process->end_ns, time_ns);
    gboolean fits = by_name && tally_had_name(timeline, process, owner->comm);
    if (process->pid == owner->pid && (!best || fits > best_fits ||
                                       (fits == best_fits && distance < best_distance))) {
      best = id + 1;
      best_distance = distance;
      best_fits = fits;
    }
    life = tb_timeline_next_life(timeline, life);
  } while (life != last);
  return best;
}

static guint32 tally_intern(TbTimeline *timeline, const char *text)
{
  return text ? tb_timeline_intern(timeline, text, strlen(text)) : 0;
}

/* A process that no event tells of: one for each number. */
static TbProcessTraffic *tally_told(TallyMachine *machine, const TbOwner *owner)
{
  TbTimeline *timeline = machine->machine->timeline;
  guint at = GPOINTER_TO_UINT(
      g_hash_table_lookup(machine->told_by_pid, GINT_TO_POINTER(owner->pid)));
  if (!at) {
    TallyTold told = { .pid = owner->pid, .comm = tally_intern(timeline, owner->comm) };
    g_array_append_val(machine->told, told);
    at = machine->told->len;
    g_hash_table_insert(machine->told_by_pid, GINT_TO_POINTER(owner->pid), GUINT_TO_POINTER(at));
  }
  TallyTold *told = &g_array_index(machine->told, TallyTold, at - 1);
  if (!told->exe && owner->exe)
    told->exe = tally_intern(timeline, owner->exe);
  return &told->traffic;
}

static TbProcessTraffic *tally_process(TallyMachine *machine, const TbOwner *owner,
                                       gint64 time_ns)
{
  guint32 instance = owner->instance;
  if (!instance)
    instance = tally_find_instance(machine->machine->timeline, owner, time_ns);
  if (!instance)
    return tally_told(machine, owner);
  if (instance > machine->processes->len)
    g_array_set_size(machine->processes, instance);
  return &g_array_index(machine->processes, TbProcessTraffic, instance - 1);
}

static const TbOwners tally_nobody = { 0 };

static gboolean tally_is_wanted(const TbTally *tally, const TbOwner *owner)
{
  return tb_owner_is_known(owner) && owner->confidence >= tally->least;
}

static void tally_processes(TbTally *tally, const TbItem *packet, const TbTraffic *one)
{
  const TbOwners *owners = packet->owners ? packet->owners : &tally_nobody;
  TallyMachine *machine = tally_ensure(tally, packet->record->source->machine);
  gboolean sent = tally_is_wanted(tally, &owners->src);
  gboolean received = tally_is_wanted(tally, &owners->dst);
  traffic_add(&machine->all, one);
  if (sent)
    traffic_add(&tally_process(machine, &owners->src, packet->machine_time.ns)->sent, one);
  if (received)
    traffic_add(&tally_process(machine, &owners->dst, packet->machine_time.ns)->received, one);
  if (!sent && !received)
    traffic_add(&machine->not_named, one);
}

/* --- all --- */

void tb_tally_packet(TbTally *tally, const TbItem *packet)
{
  TbNetHeaders headers;
  TbEndPlace places[TB_N_PACKET_ENDS];
  const TbOwners *owners = packet->owners ? packet->owners : &tally_nobody;
  tb_net_parse_packet(packet, &headers);
  tally_places(tally, packet, &headers, places);
  TbTraffic one = { .packets = 1,
                    .bytes = MAX(packet->record->orig_len, packet->record->len) - packet->record->trailer_len,
                    .payload = headers.has_transport ? headers.payload.len : 0 };
  TbEndTally *ends = tally->shares.ends[tally_kind(&headers)];
  tally_end(tally, &ends[TB_PACKET_SRC], &owners->src, &owners->src_claim, places[TB_PACKET_SRC]);
  tally_end(tally, &ends[TB_PACKET_DST], &owners->dst, &owners->dst_claim, places[TB_PACKET_DST]);
  traffic_add(&tally->shares.all, &one);
  if (!tb_owner_is_known(&owners->src) && !tb_owner_is_known(&owners->dst))
    traffic_add(&tally->shares.not_named, &one);
  if (tally->least != TB_CONFIDENCE_NONE && packet->record->source->machine)
    tally_processes(tally, packet, &one);
}

void tb_tally_finish(TbTally *tally)
{
  for (guint m = 0; m < tally->machines->len; m++) {
    TallyMachine *machine = g_ptr_array_index(tally->machines, m);
    TbTimeline *timeline = machine->machine->timeline;
    for (guint i = 0; i < machine->told->len; i++) {
      const TallyTold *told = &g_array_index(machine->told, TallyTold, i);
      guint32 id = tb_timeline_add_process(timeline, told->pid);
      TbProcess *process = tb_timeline_get_process(timeline, id);
      process->comm = told->comm;
      process->start.comm_saved = TRUE; /* when it began is not known */
      process->exe = told->exe;
      process->start.id_known = TRUE;
      g_array_set_size(machine->processes, id + 1);
      g_array_index(machine->processes, TbProcessTraffic, id) = told->traffic;
    }
    g_array_set_size(machine->told, 0);
  }
}

const TbOwnerShares *tb_tally_get_shares(const TbTally *tally)
{
  return &tally->shares;
}

gboolean tb_tally_could_tell(const TbTally *tally)
{
  return tally->shares.all.packets > 0 &&
         (tally->owners || tally->shares.not_named.packets < tally->shares.all.packets);
}

const char *tb_tally_get_evidence(const TbTally *tally, guint number)
{
  return tally->words[number];
}

TbProcessTraffic tb_tally_get_process(const TbTally *tally, const TbMachine *machine,
                                      guint32 process)
{
  const TallyMachine *known = tally_find(tally, machine);
  return known && process < known->processes->len
             ? g_array_index(known->processes, TbProcessTraffic, process)
             : (TbProcessTraffic){ 0 };
}

TbTraffic tb_tally_get_machine(const TbTally *tally, const TbMachine *machine,
                               TbTraffic *not_named)
{
  const TallyMachine *known = tally_find(tally, machine);
  *not_named = known ? known->not_named : (TbTraffic){ 0 };
  return known ? known->all : (TbTraffic){ 0 };
}
