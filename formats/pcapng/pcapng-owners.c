/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Owners in comments and options; see pcapng-owners.h. */
#include "pcapng/pcapng-owners.h"

#include "base/bytes.h"
#include "base/escape.h"
#include "pcapng/pcapng-block.h"

enum {
  OWNERS_DIRECTION_MASK = 3,
  OWNERS_INBOUND = 1,
  OWNERS_MAX_DIGITS = 10,
  OWNERS_KEPT = 256, /* comments */
  OWNERS_KEPT_BYTES = 448,
};

/* A comment's pairs by key; the first one makes it ours. */
typedef enum {
  OWNERS_PID,
  OWNERS_TID,
  OWNERS_COMM,
  OWNERS_EXE,
  OWNERS_HOST,
  OWNERS_ROLE,
  OWNERS_VIA,
  OWNERS_PEER_PID,
  OWNERS_PEER_TID,
  OWNERS_PEER_COMM,
  OWNERS_PEER_EXE,
  OWNERS_EFFECTIVE_PID,
  OWNERS_EFFECTIVE_COMM,
  OWNERS_N_KEYS,
} OwnersKey;

static const char *const owners_keys[OWNERS_N_KEYS] = {
  "pid",      "tid",       "comm",     "exe",           "host",           "role", "via",
  "peer_pid", "peer_tid",  "peer_comm", "peer_exe",     "effective_pid",  "effective_comm",
};

typedef struct {
  const char *text;
  gsize len;
} OwnersValue;

typedef struct {
  OwnersValue values[OWNERS_N_KEYS];
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

static void owners_append_comment(const TbOwners *owners, const TbBuf *host, TbBuf *out)
{
  gboolean sender = tb_owner_is_known(&owners->src);
  const TbOwner *first = sender ? &owners->src : &owners->dst;
  owners_pair_int(out, "pid=", first->pid);
  if (first->tid)
    owners_pair_int(out, "tid=", first->tid);
  owners_pair(out, "comm=", first->comm);
  owners_pair(out, "exe=", first->exe);
  if (host->len) {
    tb_buf_append_str(out, "host=");
    tb_escape_append(out, host->data, host->len, TB_ESCAPE_PAIR);
    tb_buf_append_c(out, ' ');
  }
  tb_buf_append_str(out, sender ? "role=src " : "role=dst ");
  owners_pair(out, first->confidence == TB_CONFIDENCE_CONTEXT ? "via=context:" : "via=",
              first->via);
  if (!sender || !tb_owner_is_known(&owners->dst))
    return;
  owners_pair_int(out, "peer_pid=", owners->dst.pid);
  if (owners->dst.tid && owners->dst.tid != owners->dst.pid)
    owners_pair_int(out, "peer_tid=", owners->dst.tid);
  owners_pair(out, "peer_comm=", owners->dst.comm);
  owners_pair(out, "peer_exe=", owners->dst.exe);
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

/* The comment as an option. One place for each hash: who comes again finds it made. */
static void owners_append_kept(TbPcapngOwnersCache *cache, const TbOwners *owners,
                               const TbBuf *host, TbBuf *out)
{
  OwnersCacheKey key = { .host = host };
  if (!owners_key_end(&owners->src, &key.src) || !owners_key_end(&owners->dst, &key.dst)) {
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

void tb_pcapng_owners_append(TbPcapngOwnersCache *cache, const TbEvent *event, const TbBuf *host,
                             TbBuf *out)
{
  const TbOwners *owners = event->owners;
  const TbOwner *first = tb_owner_is_known(&owners->src) ? &owners->src : &owners->dst;
  TbPcapngOption option;
  if (!tb_owner_is_known(first))
    return;
  owners_append_kept(cache, owners, host, out);
  if (event->options_len && tb_pcapng_options_find(event->options, event->options_len,
                                                   TB_PCAPNG_EPB_PROCESS, &option))
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
    comment->values[key] = (OwnersValue){ equals + 1, (gsize)(blank - equals - 1) };
    at = (gsize)(blank - text) + 1;
  }
  return TRUE;
}

static gboolean owners_is_number(const OwnersValue *value, gint32 *out)
{
  gint64 n = 0;
  *out = 0;
  if (!value->text || value->len == 0 || value->len > OWNERS_MAX_DIGITS)
    return FALSE;
  for (gsize i = 0; i < value->len; i++) {
    if (!g_ascii_isdigit(value->text[i]))
      return FALSE;
    n = n * 10 + (value->text[i] - '0');
  }
  if (n > G_MAXINT32)
    return FALSE;
  *out = (gint32)n;
  return TRUE;
}

/* The place of the value's bytes in the strings + 1; 0 = none. Places stay while it grows. */
static gsize owners_keep(TbBuf *strings, const OwnersValue *value)
{
  if (!value->text)
    return 0;
  gsize at = strings->len;
  tb_buf_append(strings, value->text, value->len);
  strings->len = at + tb_escape_undo((char *)strings->data + at, value->len);
  tb_buf_append_c(strings, 0);
  return at + 1;
}

static const char *owners_string(const TbBuf *strings, gsize place)
{
  return place ? (const char *)strings->data + place - 1 : NULL;
}

static void owners_set(TbPcapngOwners *read, const OwnersComment *comment, gint32 pid,
                       gint32 peer_pid)
{
  static const char context[] = "context:";
  const OwnersValue *v = comment->values;
  gboolean receiver = v[OWNERS_ROLE].len == 3 && memcmp(v[OWNERS_ROLE].text, "dst", 3) == 0;
  TbOwner *first = receiver ? &read->owners.dst : &read->owners.src;
  TbBuf *strings = &read->strings;
  gsize comm = owners_keep(strings, &v[OWNERS_COMM]), exe = owners_keep(strings, &v[OWNERS_EXE]);
  gsize via = owners_keep(strings, &v[OWNERS_VIA]);
  gsize peer_comm = owners_keep(strings, &v[OWNERS_PEER_COMM]);
  gsize peer_exe = owners_keep(strings, &v[OWNERS_PEER_EXE]);
  *first = (TbOwner){ .confidence = TB_CONFIDENCE_LINKED,
                      .pid = pid,
                      .comm = owners_string(strings, comm),
                      .exe = owners_string(strings, exe),
                      .via = owners_string(strings, via) };
  owners_is_number(&v[OWNERS_TID], &first->tid);
  if (first->via && g_str_has_prefix(first->via, context)) {
    first->confidence = TB_CONFIDENCE_CONTEXT;
    first->via += sizeof context - 1;
  }
  if (!peer_pid)
    return;
  read->owners.dst = (TbOwner){ .confidence = TB_CONFIDENCE_LINKED,
                                .pid = peer_pid,
                                .comm = owners_string(strings, peer_comm),
                                .exe = owners_string(strings, peer_exe),
                                .via = first->via };
  if (!owners_is_number(&v[OWNERS_PEER_TID], &read->owners.dst.tid))
    read->owners.dst.tid = peer_pid;
}

static gboolean owners_read_own(TbPcapngOwners *read, const char *text, gsize len)
{
  OwnersComment comment;
  gint32 pid, peer_pid;
  if (!owners_split(text, len, &comment) || !owners_is_number(&comment.values[OWNERS_PID], &pid))
    return FALSE;
  owners_is_number(&comment.values[OWNERS_PEER_PID], &peer_pid);
  owners_set(read, &comment, pid, peer_pid);
  read->owners.carried = TRUE;
  return TRUE;
}

/* --- reading what others wrote --- */

/* The end that a foreign note speaks of: by the packet's direction, else the sender. */
static TbOwner *owners_foreign_end(TbPcapngOwners *read, const TbEvent *event)
{
  TbPcapngOption flags;
  gboolean inbound = tb_pcapng_options_find(event->options, event->options_len,
                                            TB_PCAPNG_EPB_FLAGS, &flags) &&
                     flags.len == 4 &&
                     (tb_get_u32(flags.value, FALSE) & OWNERS_DIRECTION_MASK) == OWNERS_INBOUND;
  return inbound ? &read->owners.dst : &read->owners.src;
}

/* "Key: value" at the start of one of a comment's lines. */
static OwnersValue owners_line(const char *text, gsize len, const char *key)
{
  gsize key_len = strlen(key);
  for (gsize at = 0; at < len;) {
    const char *newline = memchr(text + at, '\n', len - at);
    gsize end = newline ? (gsize)(newline - text) : len;
    if (end - at >= key_len && memcmp(text + at, key, key_len) == 0)
      return (OwnersValue){ text + at + key_len, end - at - key_len };
    at = end + 1;
  }
  return (OwnersValue){ NULL, 0 };
}

/* What the comments of one packet say in others' words. */
typedef struct {
  OwnersValue pid;
  OwnersValue tid;
  OwnersValue exe;
  OwnersValue comm;
  const char *via;
  TbConfidence confidence;
} OwnersForeign;

/* ptcpdump: a comment for the process, one for the thread, ... */
static void owners_note_ptcpdump(OwnersForeign *foreign, const char *text, gsize len)
{
  OwnersValue pid = owners_line(text, len, "PID: "), tid = owners_line(text, len, "ThreadId: ");
  if (pid.text == text + strlen("PID: ") && !foreign->pid.text) {
    foreign->pid = pid;
    foreign->exe = owners_line(text, len, "Cmd: ");
    foreign->via = "ptcpdump";
    foreign->confidence = TB_CONFIDENCE_LINKED;
  } else if (tid.text == text + strlen("ThreadId: ") && !foreign->tid.text) {
    foreign->tid = tid;
    foreign->comm = owners_line(text, len, "ThreadName: ");
  }
}

/* etl2pcapng: "PID=4100 TID=4104 ..."; its pid is whoever ran when the packet was logged. */
static void owners_note_etl(OwnersForeign *foreign, const char *text, gsize len)
{
  static const char lead[] = "PID=", next[] = " TID=";
  gsize at = sizeof lead - 1, digits = 0;
  if (foreign->pid.text || len < at || memcmp(text, lead, at) != 0)
    return;
  while (at + digits < len && g_ascii_isdigit(text[at + digits]))
    digits++;
  foreign->pid = (OwnersValue){ text + at, digits };
  foreign->via = "etl";
  foreign->confidence = TB_CONFIDENCE_CONTEXT;
  at += digits;
  if (len - at < sizeof next - 1 || memcmp(text + at, next, sizeof next - 1) != 0)
    return;
  at += sizeof next - 1;
  for (digits = 0; at + digits < len && g_ascii_isdigit(text[at + digits]);)
    digits++;
  foreign->tid = (OwnersValue){ text + at, digits };
}

static gboolean owners_take_foreign(TbPcapngOwners *read, const TbEvent *event,
                                    const OwnersForeign *foreign)
{
  gint32 pid;
  if (!owners_is_number(&foreign->pid, &pid) || pid == 0)
    return FALSE;
  gsize exe = owners_keep(&read->strings, &foreign->exe);
  gsize comm = owners_keep(&read->strings, &foreign->comm);
  TbOwner *end = owners_foreign_end(read, event);
  *end = (TbOwner){ .confidence = foreign->confidence,
                    .pid = pid,
                    .comm = owners_string(&read->strings, comm),
                    .exe = owners_string(&read->strings, exe),
                    .via = foreign->via };
  owners_is_number(&foreign->tid, &end->tid);
  if (!end->comm && end->exe) {
    const char *slash = strrchr(end->exe, '/');
    end->comm = slash ? slash + 1 : end->exe;
  }
  return TRUE;
}

/* The registered option alone does not say which end it means, nor how it is known. */
static gboolean owners_take_option(TbPcapngOwners *read, const TbEvent *event)
{
  TbPcapngOption option;
  if (!tb_pcapng_options_find(event->options, event->options_len, TB_PCAPNG_EPB_PROCESS, &option)
      || option.len != 8)
    return FALSE;
  guint32 pid = tb_get_u32(option.value, FALSE), tid = tb_get_u32(option.value + 4, FALSE);
  if (pid == 0 || pid > G_MAXINT32 || tid > G_MAXINT32)
    return FALSE;
  *owners_foreign_end(read, event) = (TbOwner){ .confidence = TB_CONFIDENCE_CONTEXT,
                                                .pid = (gint32)pid,
                                                .tid = (gint32)tid,
                                                .via = "option8" };
  return TRUE;
}

/* tcpshark finds processes by a table of connections: of outgoing packets as a rule. */
static gboolean owners_take_trailer(TbPcapngOwners *read, const TbEvent *event)
{
  guint32 pid;
  OwnersValue name = { 0 };
  if (!event->source || !tb_pcapng_trailer_read(event, &pid, &name.text, &name.len) || pid == 0 ||
      pid > G_MAXINT32)
    return FALSE;
  gsize comm = 0;
  if (name.len) {
    comm = read->strings.len + 1;
    tb_buf_append(&read->strings, name.text, name.len);
    tb_buf_append_c(&read->strings, 0);
  }
  read->owners.src = (TbOwner){ .confidence = TB_CONFIDENCE_LINKED,
                                .pid = (gint32)pid,
                                .comm = owners_string(&read->strings, comm),
                                .via = "tcpshark" };
  return TRUE;
}

gboolean tb_pcapng_owners_read(TbPcapngOwners *read, const TbEvent *event)
{
  TbPcapngOptions walk = { .data = event->options, .len = event->options_len };
  TbPcapngOption option;
  OwnersForeign foreign = { 0 };
  read->owners = (TbOwners){ 0 };
  tb_buf_reset(&read->strings);
  while (tb_pcapng_options_next(&walk, &option)) {
    const char *text = (const char *)option.value;
    if (option.code != TB_PCAPNG_OPT_COMMENT || option.len == 0)
      continue;
    if (owners_read_own(read, text, option.len))
      return TRUE;
    owners_note_ptcpdump(&foreign, text, option.len);
    owners_note_etl(&foreign, text, option.len);
  }
  return owners_take_foreign(read, event, &foreign) || owners_take_trailer(read, event) ||
         owners_take_option(read, event);
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
      || !owners_is_number(&comment.values[OWNERS_PID], &pid)) {
    tb_pcapng_option(out, option->code, option->value, option->len);
    return;
  }
  const OwnersValue *old = &comment.values[OWNERS_HOST];
  gsize before = (gsize)(old->text - text), behind = before + old->len;
  gsize at = owners_option_begin(out, TB_PCAPNG_OPT_COMMENT);
  tb_buf_append(out, text, before);
  tb_escape_append(out, host->data, host->len, TB_ESCAPE_PAIR);
  tb_buf_append(out, text + behind, option->len - behind);
  owners_option_end(out, at);
}

void tb_pcapng_owners_copy_options(const TbEvent *event, const TbBuf *host, TbBuf *out)
{
  TbPcapngOptions walk = { .data = event->options, .len = event->options_len };
  TbPcapngOption option;
  while (tb_pcapng_options_next(&walk, &option))
    if (option.code == TB_PCAPNG_OPT_COMMENT)
      owners_copy_comment(&option, host, out);
    else
      tb_pcapng_option(out, option.code, option.value, option.len);
}
