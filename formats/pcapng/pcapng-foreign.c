/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Others' words for owners; see pcapng-foreign.h. The layouts are in docs/format-pcapng.md. */
#include "pcapng/pcapng-foreign.h"

#include "pcapng/pcapng-payload.h"

#include "base/bytes.h"
#include "base/escape.h"
#include "pcapng/pcapng-block.h"
#include "pcapng/pcapng-trailer.h"

enum { FOREIGN_DIRECTION_MASK = 3, FOREIGN_INBOUND = 1, FOREIGN_OUTBOUND = 2,
       FOREIGN_MAX_DIGITS = 10,
       /* What is longer is cut: all values of a comment must fit an option, with every escape. */
       FOREIGN_MAX_COMM = 255, FOREIGN_MAX_EXE = 4096 };

gboolean tb_pcapng_slice_number(TbPcapngSlice slice, gint32 *out)
{
  gint64 n = 0;
  *out = 0;
  if (!slice.text || slice.len == 0 || slice.len > FOREIGN_MAX_DIGITS)
    return FALSE;
  for (gsize i = 0; i < slice.len; i++) {
    if (!g_ascii_isdigit(slice.text[i]))
      return FALSE;
    n = n * 10 + (slice.text[i] - '0');
  }
  if (n > G_MAXINT32)
    return FALSE;
  *out = (gint32)n;
  return TRUE;
}

const char *tb_pcapng_slice_keep(TbBuf *strings, TbPcapngSlice slice, gboolean escaped)
{
  if (!slice.text || strings->cap - strings->len <= slice.len)
    return NULL;
  char *copy = (char *)strings->data + strings->len;
  tb_buf_append(strings, slice.text, slice.len);
  if (escaped)
    strings->len = (gsize)(copy - (char *)strings->data) + tb_escape_undo(copy, slice.len);
  tb_buf_append_c(strings, 0);
  return copy;
}

TbOwner *tb_pcapng_foreign_end(TbOwners *owners, const TbRecord *event)
{
  TbPcapngOption flags;
  guint32 direction = 0;
  const TbPayload *payload = tb_pcapng_payload(event);
  if (tb_pcapng_options_find(payload->bytes, payload->len, TB_PCAPNG_EPB_FLAGS, &flags) &&
      flags.len == 4)
    direction = tb_get_u32(flags.value, FALSE) & FOREIGN_DIRECTION_MASK;
  owners->either_end = direction != FOREIGN_INBOUND && direction != FOREIGN_OUTBOUND;
  return direction == FOREIGN_INBOUND ? &owners->dst : &owners->src;
}

static TbPcapngSlice foreign_limit(TbPcapngSlice slice, gsize most)
{
  slice.len = MIN(slice.len, most);
  return slice;
}

/* What the comments of one packet say. */
typedef struct {
  TbPcapngSlice pid;
  TbPcapngSlice tid;
  TbPcapngSlice exe;
  TbPcapngSlice comm;
  const char *via;
  TbConfidence confidence;
} ForeignNote;

/* Cuts what stands in front of the line that begins with @key, and moves @rest behind the key. */
static TbPcapngSlice foreign_cut(TbPcapngSlice *rest, const char *key)
{
  TbPcapngSlice before = *rest;
  gsize key_len = strlen(key);
  for (gsize at = 0; at < rest->len;) {
    const char *newline = memchr(rest->text + at, '\n', rest->len - at);
    if (rest->len - at >= key_len && memcmp(rest->text + at, key, key_len) == 0) {
      before.len = at ? at - 1 : 0;
      *rest = (TbPcapngSlice){ rest->text + at + key_len, rest->len - at - key_len };
      return before;
    }
    at = newline ? (gsize)(newline - rest->text) + 1 : rest->len;
  }
  *rest = (TbPcapngSlice){ NULL, 0 };
  return before;
}

static gboolean foreign_starts(TbPcapngSlice text, const char *key)
{
  return text.len >= strlen(key) && memcmp(text.text, key, strlen(key)) == 0;
}

/*
 * ptcpdump: a comment for the process ("PID: ", "Cmd: ", "Args: "), one for the thread
 * ("ThreadId: ", "ThreadName: "), others for user, parent, container and pod. The keys have
 * this order, and the last one's value may hold anything, lines that look like keys too.
 */
static void foreign_note_ptcpdump(ForeignNote *note, TbPcapngSlice text)
{
  if (foreign_starts(text, "PID: ") && !note->pid.text) {
    TbPcapngSlice rest = text;
    foreign_cut(&rest, "PID: ");
    TbPcapngSlice args = rest;
    TbPcapngSlice front = foreign_cut(&args, "Args: ");
    note->pid = foreign_cut(&front, "Cmd: ");
    note->exe = front;
    note->via = "ptcpdump";
    note->confidence = TB_CONFIDENCE_LINKED;
  } else if (foreign_starts(text, "ThreadId: ") && !note->tid.text) {
    TbPcapngSlice rest = text;
    foreign_cut(&rest, "ThreadId: ");
    note->tid = foreign_cut(&rest, "ThreadName: ");
    note->comm = rest;
  }
}

/* Takes "KEY" and the digits behind it. FALSE where anything but a blank or the end follows. */
static gboolean foreign_take_number(TbPcapngSlice *text, const char *key, TbPcapngSlice *out)
{
  gsize at = strlen(key), digits = 0;
  if (!foreign_starts(*text, key))
    return FALSE;
  while (at + digits < text->len && g_ascii_isdigit(text->text[at + digits]))
    digits++;
  gsize end = at + digits;
  if (digits == 0 || (end < text->len && text->text[end] != ' '))
    return FALSE;
  *out = (TbPcapngSlice){ text->text + at, digits };
  *text = (TbPcapngSlice){ text->text + end, text->len - end };
  return TRUE;
}

/* etl2pcapng: "PID=4100 TID=4104 ..."; its pid is whoever ran when the packet was logged. */
static void foreign_note_etl(ForeignNote *note, TbPcapngSlice text)
{
  TbPcapngSlice pid;
  if (note->pid.text || !foreign_take_number(&text, "PID=", &pid))
    return;
  note->pid = pid;
  note->via = "etl";
  note->confidence = TB_CONFIDENCE_CONTEXT;
  foreign_take_number(&text, " TID=", &note->tid);
}

static gboolean foreign_take_note(TbPcapngOwners *read, const TbRecord *event,
                                  const ForeignNote *note)
{
  gint32 pid;
  if (!tb_pcapng_slice_number(note->pid, &pid) || pid == 0)
    return FALSE;
  TbOwner *end = tb_pcapng_foreign_end(&read->owners, event);
  *end = (TbOwner){ .confidence = note->confidence,
                    .pid = pid,
                    .comm = tb_pcapng_slice_keep(&read->strings,
                                                 foreign_limit(note->comm, FOREIGN_MAX_COMM), FALSE),
                    .exe = tb_pcapng_slice_keep(&read->strings,
                                                foreign_limit(note->exe, FOREIGN_MAX_EXE), FALSE),
                    .via = note->via };
  tb_pcapng_slice_number(note->tid, &end->tid);
  if (!end->comm && end->exe) {
    const char *slash = strrchr(end->exe, '/');
    end->comm = slash ? slash + 1 : end->exe;
  }
  return TRUE;
}

/* The registered option alone does not say how it is known. */
static gboolean foreign_take_option(TbPcapngOwners *read, const TbRecord *event)
{
  TbPcapngOption option;
  const TbPayload *payload = tb_pcapng_payload(event);
  if (!tb_pcapng_options_find(payload->bytes, payload->len, TB_PCAPNG_EPB_PROCESS, &option)
      || option.len != 8)
    return FALSE;
  guint32 pid = tb_get_u32(option.value, FALSE), tid = tb_get_u32(option.value + 4, FALSE);
  if (pid == 0 || pid > G_MAXINT32 || tid > G_MAXINT32)
    return FALSE;
  *tb_pcapng_foreign_end(&read->owners, event) = (TbOwner){ .confidence = TB_CONFIDENCE_CONTEXT,
                                                            .pid = (gint32)pid,
                                                            .tid = (gint32)tid,
                                                            .via = "option8" };
  return TRUE;
}

/* tcpshark looks the sender's port up in a table of connections: an owner is the sender. */
static gboolean foreign_take_trailer(TbPcapngOwners *read, const TbRecord *event)
{
  TbPcapngTrailer trailer;
  if (!event->trailer_len || !tb_pcapng_trailer_find(event, &trailer) || trailer.pid == 0 ||
      trailer.pid > G_MAXINT32)
    return FALSE;
  TbPcapngSlice name = { trailer.name, trailer.name_len };
  TbPcapngSlice args = { trailer.args, trailer.args_len };
  tb_buf_reserve(&read->strings, name.len + args.len + 2);
  read->owners.src = (TbOwner){
    .confidence = TB_CONFIDENCE_LINKED,
    .pid = (gint32)trailer.pid,
    .comm = name.len ? tb_pcapng_slice_keep(&read->strings, name, FALSE) : NULL,
    .args = args.len ? tb_pcapng_slice_keep(&read->strings, args, FALSE) : NULL,
    .via = "tcpshark",
  };
  return TRUE;
}

gboolean tb_pcapng_foreign_read(TbPcapngOwners *read, const TbRecord *event)
{
  const TbPayload *payload = tb_pcapng_payload(event);
  TbPcapngOptions walk = { .data = payload->bytes, .len = payload->len };
  TbPcapngOption option;
  ForeignNote note = { 0 };
  while (tb_pcapng_options_next(&walk, &option)) {
    TbPcapngSlice text = { (const char *)option.value, option.len };
    if (option.code != TB_PCAPNG_OPT_COMMENT || option.len == 0)
      continue;
    foreign_note_ptcpdump(&note, text);
    foreign_note_etl(&note, text);
  }
  return foreign_take_note(read, event, &note) || foreign_take_trailer(read, event) ||
         foreign_take_option(read, event);
}
