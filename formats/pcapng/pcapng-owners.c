/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Owners in comments and options; see pcapng-owners.h. */
#include "pcapng/pcapng-owners.h"

#include "base/bytes.h"
#include "base/escape.h"
#include "pcapng/pcapng-block.h"
#include "pcapng/pcapng-payload.h"

enum {
  /* A command line may be longer than an option; what is written of it fits with every escape. */
  OWNERS_MAX_ARGS = 4096,
  OWNERS_KEPT = 256, /* comments */
  OWNERS_KEPT_BYTES = 448,
};

/* A comment's pairs by key; the first one makes it ours. */
typedef enum {
  OWNERS_PID,
  OWNERS_TID,
  OWNERS_PID_KNOWN,
  OWNERS_COMM,
  OWNERS_EXE,
  OWNERS_ARGS,
  OWNERS_HOST,
  OWNERS_ROLE,
  OWNERS_VIA,
  OWNERS_EFFECTIVE,
  OWNERS_CLAIMED,
  OWNERS_PEER_PID,
  OWNERS_PEER_TID,
  OWNERS_PEER_PID_KNOWN,
  OWNERS_PEER_COMM,
  OWNERS_PEER_EXE,
  OWNERS_PEER_VIA,
  OWNERS_PEER_CLAIMED,
  OWNERS_N_KEYS,
} OwnersKey;

static const char *const owners_keys[OWNERS_N_KEYS] = {
  "pid",      "tid",       "pid_known", "comm",           "exe",       "args",     "host",
  "role",     "via",       "effective", "claimed",        "peer_pid",  "peer_tid", "peer_pid_known",
  "peer_comm", "peer_exe", "peer_via",  "peer_claimed",
};

static const char owners_context[] = "context:";

typedef struct {
  TbPcapngSlice values[OWNERS_N_KEYS];
} OwnersComment;

/* What a comment's bytes are made from. */
typedef struct {
  guint64 generation;
  const char *via;
  gint32 tid;
  TbConfidence confidence;
} OwnersCacheEnd;

typedef struct {
  const TbBuf *host;
  OwnersCacheEnd src;
  OwnersCacheEnd dst;
} OwnersCacheKey;

/* @len: 0 = nothing is kept here */
typedef struct {
  OwnersCacheKey key;
  guint32 len;
  guint8 bytes[OWNERS_KEPT_BYTES];
} OwnersKept;

struct _TbPcapngOwnersCache {
  OwnersKept *kept; /* (nullable): OWNERS_KEPT of them, made with the first */
};

void tb_pcapng_owners_clear(TbPcapngOwners *read)
{
  tb_buf_clear(&read->strings);
}

/* --- writing --- */

static void owners_pair(TbBuf *out, const char *key, const char *value)
{
  if (!value || !*value)
    return;
  tb_buf_append_str(out, key);
  tb_escape_append(out, value, strlen(value), TB_ESCAPE_PAIR);
  tb_buf_append_c(out, ' ');
}

static void owners_pair_int(TbBuf *out, const char *key, gint64 value)
{
  tb_buf_append_str(out, key);
  tb_buf_append_i64(out, value);
  tb_buf_append_c(out, ' ');
}

/* The bytes of a long command line that are written; a character is not cut in two. */
static void owners_pair_args(TbBuf *out, const char *args)
{
  static const char cut[] = "...";
  gsize len = args ? strlen(args) : 0, kept = MIN(len, (gsize)OWNERS_MAX_ARGS);
  if (len == 0)
    return;
  while (kept < len && kept > 0 && ((guint8)args[kept] & 0xc0) == 0x80)
    kept--;
  tb_buf_append_str(out, "args=");
  tb_escape_append(out, args, kept, TB_ESCAPE_PAIR);
  tb_buf_append_str(out, kept < len ? cut : "");
  tb_buf_append_c(out, ' ');
}

static void owners_pair_via(TbBuf *out, const TbOwner *owner)
{
  owners_pair(out, owner->confidence == TB_CONFIDENCE_CONTEXT ? "via=context:" : "via=",
              owner->via);
}

/* What a comment tells of certain and linked owners is the same. */
static gboolean owners_via_is(const TbOwner *a, const TbOwner *b)
{
  return (a->confidence == TB_CONFIDENCE_CONTEXT) == (b->confidence == TB_CONFIDENCE_CONTEXT) &&
         g_strcmp0(a->via ? a->via : "", b->via ? b->via : "") == 0;
}

/* Only where it differs from the first end's, which stands for both; so it may be empty. */
static void owners_pair_peer_via(TbBuf *out, const TbOwner *first, const TbOwner *peer)
{
  if (owners_via_is(first, peer))
    return;
  tb_buf_append_str(out, "peer_via=");
  tb_buf_append_str(out, peer->confidence == TB_CONFIDENCE_CONTEXT ? owners_context : "");
  if (peer->via)
    tb_escape_append(out, peer->via, strlen(peer->via), TB_ESCAPE_PAIR);
  tb_buf_append_c(out, ' ');
}

/*
 * "claimed=WORD:PID:TID:NAME ": whom the capture itself names. One pair whose key ends like no
 * other one, so that a filter for an owner's pid or name does not find it.
 */
static void owners_pair_claim(TbBuf *out, const char *key, const TbOwner *claim)
{
  if (!tb_owner_is_known(claim))
    return;
  tb_buf_append_str(out, key);
  tb_buf_append_str(out, claim->confidence == TB_CONFIDENCE_CONTEXT ? owners_context : "");
  tb_buf_append_str(out, claim->via ? claim->via : "");
  tb_buf_append_c(out, ':');
  tb_buf_append_i64(out, claim->pid);
  tb_buf_append_c(out, ':');
  tb_buf_append_i64(out, claim->tid);
  if (claim->comm) {
    tb_buf_append_c(out, ':');
    tb_escape_append(out, claim->comm, strlen(claim->comm), TB_ESCAPE_PAIR);
  }
  tb_buf_append_c(out, ' ');
}

static void owners_pair_effective(TbBuf *out, const TbOwner *effective)
{
  if (!tb_owner_is_known(effective))
    return;
  tb_buf_append_str(out, "effective=");
  tb_buf_append_i64(out, effective->pid);
  if (effective->comm) {
    tb_buf_append_c(out, ':');
    tb_escape_append(out, effective->comm, strlen(effective->comm), TB_ESCAPE_PAIR);
  }
  tb_buf_append_c(out, ' ');
}

static void owners_append_peer(const TbOwner *first, const TbOwner *peer, const TbOwner *claim,
                               TbBuf *out)
{
  owners_pair_int(out, "peer_pid=", peer->pid);
  if (peer->tid && peer->tid != peer->pid)
    owners_pair_int(out, "peer_tid=", peer->tid);
  if (peer->pid_is_thread)
    owners_pair_int(out, "peer_pid_known=", 0);
  owners_pair(out, "peer_comm=", peer->comm);
  owners_pair(out, "peer_exe=", peer->exe);
  owners_pair_peer_via(out, first, peer);
  owners_pair_claim(out, "peer_claimed=", claim);
}

static void owners_append_comment(const TbOwners *owners, const TbBuf *host, TbBuf *out)
{
  gboolean sender = tb_owner_is_known(&owners->src);
  const TbOwner *first = sender ? &owners->src : &owners->dst;
  owners_pair_int(out, "pid=", first->pid);
  if (first->tid)
    owners_pair_int(out, "tid=", first->tid);
  if (first->pid_is_thread)
    owners_pair_int(out, "pid_known=", 0);
  owners_pair(out, "comm=", first->comm);
  owners_pair(out, "exe=", first->exe);
  owners_pair_args(out, first->args);
  if (host->len) {
    tb_buf_append_str(out, "host=");
    tb_escape_append(out, host->data, host->len, TB_ESCAPE_PAIR);
    tb_buf_append_c(out, ' ');
  }
  if (!owners->either_end)
    tb_buf_append_str(out, sender ? "role=src " : "role=dst ");
  owners_pair_via(out, first);
  owners_pair_effective(out, &owners->effective);
  owners_pair_claim(out, "claimed=", sender ? &owners->src_claim : &owners->dst_claim);
  if (sender && tb_owner_is_known(&owners->dst))
    owners_append_peer(first, &owners->dst, &owners->dst_claim, out);
}

void tb_pcapng_owners_append_told(const TbOwner *told, const TbOwner *effective, TbBuf *out)
{
  owners_pair_int(out, "pid=", told->pid);
  owners_pair(out, "comm=", told->comm);
  owners_pair_via(out, told);
  owners_pair_effective(out, effective);
}

/* Starts an option whose length comes with owners_option_end(). */
static gsize owners_option_begin(TbBuf *out, guint16 code)
{
  tb_buf_append_le16(out, code);
  tb_buf_append_le16(out, 0);
  return out->len;
}

static void owners_option_end(TbBuf *out, gsize at)
{
  gsize len = MIN(out->len - at, (gsize)G_MAXUINT16);
  out->len = at + len;
  tb_buf_append_fill(out, 0, tb_pad4(len) - len);
  tb_put_u16(out->data + at - 2, (guint16)len, FALSE);
}

static void owners_append_option(const TbOwners *owners, const TbBuf *host, TbBuf *out)
{
  gsize at = owners_option_begin(out, TB_PCAPNG_OPT_COMMENT);
  owners_append_comment(owners, host, out);
  owners_option_end(out, at);
}

/* --- comments written lately --- */

TbPcapngOwnersCache *tb_pcapng_owners_cache_new(void)
{
  return g_new0(TbPcapngOwnersCache, 1);
}

void tb_pcapng_owners_cache_free(TbPcapngOwnersCache *cache)
{
  if (cache)
    g_free(cache->kept);
  g_free(cache);
}

/* FALSE where an end's strings may change without notice. */
static inline gboolean owners_key_end(const TbOwner *end, OwnersCacheEnd *key)
{
  if (!tb_owner_is_known(end))
    return TRUE;
  *key = (OwnersCacheEnd){ end->generation, end->via, end->tid, end->confidence };
  return end->generation != 0;
}

static inline gboolean owners_key_is(const OwnersCacheEnd *a, const OwnersCacheEnd *b)
{
  return a->generation == b->generation && a->via == b->via && a->tid == b->tid &&
         a->confidence == b->confidence;
}

static inline guint owners_place(const OwnersCacheKey *key)
{
  guint64 h = key->src.generation * 0x9e3779b97f4a7c15u ^ key->dst.generation;
  return (guint)((h * 0x9e3779b97f4a7c15u) >> 32) % OWNERS_KEPT;
}

/* What is rare and no part of a key. */
static inline gboolean owners_tell_more(const TbOwners *owners)
{
  return tb_owner_is_known(&owners->src_claim) || tb_owner_is_known(&owners->dst_claim) ||
         tb_owner_is_known(&owners->effective) || owners->either_end;
}

/* The comment as an option. One place for each hash: who comes again finds it made. */
static void owners_append_kept(TbPcapngOwnersCache *cache, const TbOwners *owners,
                               const TbBuf *host, TbBuf *out)
{
  OwnersCacheKey key = { .host = host };
  if (owners_tell_more(owners) || !owners_key_end(&owners->src, &key.src) || !owners_key_end(&owners->dst, &key.dst)) {
    owners_append_option(owners, host, out);
    return;
  }
  if (G_UNLIKELY(!cache->kept))
    cache->kept = g_new0(OwnersKept, OWNERS_KEPT);
  OwnersKept *kept = &cache->kept[owners_place(&key)];
  if (G_LIKELY(kept->len && kept->key.host == host && owners_key_is(&kept->key.src, &key.src) &&
               owners_key_is(&kept->key.dst, &key.dst))) {
    tb_buf_append(out, kept->bytes, kept->len);
    return;
  }
  gsize at = out->len;
  owners_append_option(owners, host, out);
  if (out->len - at > sizeof kept->bytes)
    return; /* a long path: made anew each time */
  kept->key = key;
  kept->len = (guint32)(out->len - at);
  memcpy(kept->bytes, out->data + at, kept->len);
}

void tb_pcapng_owners_append(TbPcapngOwnersCache *cache, const TbItem *event, const TbBuf *host,
                             TbBuf *out)
{
  const TbOwners *owners = event->owners;
  const TbOwner *first = tb_owner_is_known(&owners->src) ? &owners->src : &owners->dst;
  const TbPayload *payload = tb_pcapng_payload(event->record);
  gsize len = payload->len - MIN(payload->len, owners->translated_len);
  TbPcapngOption option;
  tb_buf_append(out, payload->bytes, len);
  if (!tb_owner_is_known(first))
    return;
  owners_append_kept(cache, owners, host, out);
  if (len && tb_pcapng_options_find(payload->bytes, len, TB_PCAPNG_EPB_PROCESS, &option))
    return;
  guint32 ids[2] = { GUINT32_TO_LE((guint32)first->pid), GUINT32_TO_LE((guint32)first->tid) };
  tb_pcapng_option(out, TB_PCAPNG_EPB_PROCESS, ids, sizeof ids);
}

/* --- reading our own comment --- */

static int owners_find_key(const char *text, gsize len)
{
  for (int i = 0; i < OWNERS_N_KEYS; i++)
    if (strlen(owners_keys[i]) == len && memcmp(owners_keys[i], text, len) == 0)
      return i;
  return -1;
}

/* Takes "key=value " pairs apart. FALSE where the text is anything else. */
static gboolean owners_split(const char *text, gsize len, OwnersComment *comment)
{
  static const char lead[] = "pid=";
  *comment = (OwnersComment){ 0 };
  if (len < sizeof lead || memcmp(text, lead, sizeof lead - 1) != 0 || text[len - 1] != ' ')
    return FALSE;
  for (gsize at = 0; at < len;) {
    const char *blank = memchr(text + at, ' ', len - at);
    const char *equals = memchr(text + at, '=', (gsize)(blank - (text + at)));
    int key = equals ? owners_find_key(text + at, (gsize)(equals - (text + at))) : -1;
    if (key < 0 || comment->values[key].text)
      return FALSE;
    comment->values[key] = (TbPcapngSlice){ equals + 1, (gsize)(blank - equals - 1) };
    at = (gsize)(blank - text) + 1;
  }
  return TRUE;
}

/* What stands in front of the first ':'; @rest moves behind it, or is not there. */
static TbPcapngSlice owners_part(TbPcapngSlice *rest)
{
  TbPcapngSlice part = *rest;
  const char *colon = rest->text ? memchr(rest->text, ':', rest->len) : NULL;
  *rest = (TbPcapngSlice){ NULL, 0 };
  if (!colon)
    return part;
  *rest = (TbPcapngSlice){ colon + 1, part.len - (gsize)(colon + 1 - part.text) };
  part.len = (gsize)(colon - part.text);
  return part;
}

static gboolean owners_is_context(TbPcapngSlice *value)
{
  gsize len = sizeof owners_context - 1;
  if (value->len < len || memcmp(value->text, owners_context, len) != 0)
    return FALSE;
  *value = (TbPcapngSlice){ value->text + len, value->len - len };
  return TRUE;
}

static TbOwner owners_read_claim(TbBuf *strings, TbPcapngSlice value)
{
  TbOwner claim = { 0 };
  gboolean context = value.text && owners_is_context(&value);
  TbPcapngSlice rest = value, via = owners_part(&rest), pid = owners_part(&rest);
  TbPcapngSlice tid = owners_part(&rest);
  if (!tb_pcapng_slice_number(pid, &claim.pid) || claim.pid == 0)
    return (TbOwner){ 0 };
  tb_pcapng_slice_number(tid, &claim.tid);
  claim.via = tb_pcapng_slice_keep(strings, via, TRUE);
  claim.comm = tb_pcapng_slice_keep(strings, rest, TRUE);
  claim.confidence = context ? TB_CONFIDENCE_CONTEXT : TB_CONFIDENCE_LINKED;
  return claim;
}

static TbOwner owners_read_effective(TbBuf *strings, TbPcapngSlice value)
{
  TbOwner effective = { .confidence = TB_CONFIDENCE_LINKED };
  TbPcapngSlice rest = value, pid = owners_part(&rest);
  if (!tb_pcapng_slice_number(pid, &effective.pid) || effective.pid == 0)
    return (TbOwner){ 0 };
  effective.comm = tb_pcapng_slice_keep(strings, rest, TRUE);
  return effective;
}

static void owners_read_via(TbBuf *strings, TbPcapngSlice value, TbOwner *out)
{
  gboolean context = value.text && owners_is_context(&value);
  out->confidence = context ? TB_CONFIDENCE_CONTEXT : TB_CONFIDENCE_LINKED;
  out->via = tb_pcapng_slice_keep(strings, value, TRUE);
}

/* "0"; anything else, and nothing, is a known process. */
static gboolean owners_is_zero(TbPcapngSlice value)
{
  return value.len == 1 && value.text[0] == '0';
}

static void owners_set_peer(TbPcapngOwners *read, const TbPcapngSlice *v, const TbOwner *first)
{
  TbOwner *peer = &read->owners.dst;
  gint32 pid;
  tb_pcapng_slice_number(v[OWNERS_PEER_PID], &pid);
  if (!pid)
    return;
  /* No word of its own: the first end's holds for both. */
  *peer = (TbOwner){ .confidence = first->confidence,
                     .pid = pid,
                     .pid_is_thread = owners_is_zero(v[OWNERS_PEER_PID_KNOWN]),
                     .comm = tb_pcapng_slice_keep(&read->strings, v[OWNERS_PEER_COMM], TRUE),
                     .exe = tb_pcapng_slice_keep(&read->strings, v[OWNERS_PEER_EXE], TRUE),
                     .via = first->via };
  if (v[OWNERS_PEER_VIA].text)
    owners_read_via(&read->strings, v[OWNERS_PEER_VIA], peer);
  /* Who states no thread (Windows) states none of either end. */
  if (!tb_pcapng_slice_number(v[OWNERS_PEER_TID], &peer->tid) && v[OWNERS_TID].text)
    peer->tid = pid;
  read->owners.dst_claim = owners_read_claim(&read->strings, v[OWNERS_PEER_CLAIMED]);
}

static void owners_set(TbPcapngOwners *read, const OwnersComment *comment, gint32 pid)
{
  const TbPcapngSlice *v = comment->values;
  gboolean receiver = v[OWNERS_ROLE].len == 3 && memcmp(v[OWNERS_ROLE].text, "dst", 3) == 0;
  TbBuf *strings = &read->strings;
  TbOwner first = { .pid = pid,
                    .pid_is_thread = owners_is_zero(v[OWNERS_PID_KNOWN]),
                    .comm = tb_pcapng_slice_keep(strings, v[OWNERS_COMM], TRUE),
                    .exe = tb_pcapng_slice_keep(strings, v[OWNERS_EXE], TRUE),
                    .args = tb_pcapng_slice_keep(strings, v[OWNERS_ARGS], TRUE) };
  TbOwner claim = owners_read_claim(strings, v[OWNERS_CLAIMED]);
  owners_read_via(strings, v[OWNERS_VIA], &first);
  tb_pcapng_slice_number(v[OWNERS_TID], &first.tid);
  *(receiver ? &read->owners.dst : &read->owners.src) = first;
  *(receiver ? &read->owners.dst_claim : &read->owners.src_claim) = claim;
  read->owners.effective = owners_read_effective(strings, v[OWNERS_EFFECTIVE]);
  owners_set_peer(read, v, &first);
}

/*
 * Whether the reader has put the comment in the place of another program's references (see
 * tb_pcapng_owners_append_told()): it stands last, but for the process option.
 */
static gboolean owners_is_translation(const TbRecord *event, const OwnersComment *comment,
                                      const TbPcapngOptions *behind)
{
  TbPcapngOptions rest = *behind;
  TbPcapngOption option;
  if (!event->source || event->source->frozen || comment->values[OWNERS_ROLE].text ||
      comment->values[OWNERS_HOST].text || !comment->values[OWNERS_VIA].len)
    return FALSE;
  while (tb_pcapng_options_next(&rest, &option))
    if (option.code != TB_PCAPNG_EPB_PROCESS)
      return FALSE;
  return TRUE;
}

/* It is what the capture tells, like any other foreign note, and is written anew. */
static void owners_set_translation(TbPcapngOwners *read, const TbRecord *event, gsize offset)
{
  TbOwner told = read->owners.src;
  read->owners.src = (TbOwner){ 0 };
  *tb_pcapng_foreign_end(&read->owners, event) = told;
  read->owners.translated_len = (guint32)(tb_pcapng_payload(event)->len - offset);
}

/* @walk stands behind the comment. FALSE where it is not ours. */
static gboolean owners_read_own(TbPcapngOwners *read, const TbRecord *event,
                                const TbPcapngOptions *walk, const TbPcapngOption *option)
{
  OwnersComment comment;
  gint32 pid;
  if (!owners_split((const char *)option->value, option->len, &comment) ||
      !tb_pcapng_slice_number(comment.values[OWNERS_PID], &pid))
    return FALSE;
  owners_set(read, &comment, pid);
  if (owners_is_translation(event, &comment, walk))
    owners_set_translation(read, event,
                           (gsize)(option->value - tb_pcapng_payload(event)->bytes) - TB_PCAPNG_OPTION_HEAD);
  else
    read->owners.carried = TRUE;
  return TRUE;
}

gboolean tb_pcapng_owners_read(TbPcapngOwners *read, const TbRecord *event)
{
  const TbPayload *payload = tb_pcapng_payload(event);
  TbPcapngOptions walk = { .data = payload->bytes, .len = payload->len };
  TbPcapngOption option;
  read->owners = (TbOwners){ 0 };
  tb_buf_reset(&read->strings);
  /* Room for all values at once: each is part of the options, and has a NUL. */
  tb_buf_reserve(&read->strings, (gsize)payload->len + 2 * OWNERS_N_KEYS);
  while (tb_pcapng_options_next(&walk, &option))
    if (option.code == TB_PCAPNG_OPT_COMMENT && option.len &&
        owners_read_own(read, event, &walk, &option))
      return TRUE;
  return tb_pcapng_foreign_read(read, event);
}

/* --- carrying --- */

/* The comment with another host name. */
static void owners_copy_comment(const TbPcapngOption *option, const TbBuf *host, TbBuf *out)
{
  const char *text = (const char *)option->value;
  OwnersComment comment;
  gint32 pid;
  if (!host->len || !owners_split(text, option->len, &comment)
      || !comment.values[OWNERS_HOST].text
      || !tb_pcapng_slice_number(comment.values[OWNERS_PID], &pid)) {
    tb_pcapng_option(out, option->code, option->value, option->len);
    return;
  }
  const TbPcapngSlice *old = &comment.values[OWNERS_HOST];
  gsize before = (gsize)(old->text - text), behind = before + old->len;
  gsize at = owners_option_begin(out, TB_PCAPNG_OPT_COMMENT);
  tb_buf_append(out, text, before);
  tb_escape_append(out, host->data, host->len, TB_ESCAPE_PAIR);
  tb_buf_append(out, text + behind, option->len - behind);
  owners_option_end(out, at);
}

void tb_pcapng_owners_copy_options(const TbItem *event, const TbBuf *host, TbBuf *out)
{
  const TbPayload *payload = tb_pcapng_payload(event->record);
  TbPcapngOptions walk = { .data = payload->bytes, .len = payload->len };
  TbPcapngOption option;
  while (tb_pcapng_options_next(&walk, &option))
    if (option.code == TB_PCAPNG_OPT_COMMENT)
      owners_copy_comment(&option, host, out);
    else
      tb_pcapng_option(out, option.code, option.value, option.len);
}
