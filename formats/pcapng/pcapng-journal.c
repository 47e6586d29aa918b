/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Journal rows; see pcapng-journal-private.h. Two ways lead to one result: the quick
 * one copies prepared pieces and takes the text as it is; the careful one
 * (pcapng-journal-careful.c) builds the row from its values and escapes, marks
 * and cuts them. The quick one gives up where a text is not plain ASCII in one
 * line or the row is long.
 */
#include "pcapng/pcapng-journal-private.h"

#include "pcapng/pcapng-block.h"
#include "pcapng/pcapng-row-type.h"

enum {
  /* A row keeps room for the longest host name, so that another name on a later
   * merge never makes it too long. */
  JOURNAL_HOST_ROOM = sizeof "_HOSTNAME=\n" - 1 + TB_PCAPNG_LABEL_BYTES,
  JOURNAL_LEAST_ROW = 4096,
  JOURNAL_TAG_HEAD = 4,
  JOURNAL_CPU_ROOM = sizeof "\nTRACE_CPU=4294967295\n",
};

static void journal_tag(TbBuf *buf, guint16 tag, const void *value, gsize len)
{
  tb_buf_append_be16(buf, tag);
  tb_buf_append_be16(buf, (guint16)tb_pad4(len));
  tb_buf_append(buf, value, len);
  tb_buf_append_fill(buf, 0, tb_pad4(len) - len);
}

static gpointer journal_new(TbWriter *writer)
{
  Journal *journal = g_new0(Journal, 1);
  gsize row = MAX(writer->limits->row_bytes, (guint32)JOURNAL_LEAST_ROW);
  journal->writer = writer;
  journal->limit = row - JOURNAL_HOST_ROOM;
  journal_tag(&journal->tags, TB_PCAPNG_TAG_DISSECTOR, TB_PCAPNG_DISSECTOR,
              strlen(TB_PCAPNG_DISSECTOR));
  return journal;
}

static void journal_add_source(gpointer encoder, const TbSource *source)
{
  Journal *journal = encoder;
  guint i = journal->n_hosts++;
  journal->hosts = g_renew(TbBuf, journal->hosts, journal->n_hosts);
  journal->hosts[i] = (TbBuf){ 0 };
  journal->has_packets |= source->class == TB_SOURCE_PACKETS;
  if (!source->machine)
    return;
  tb_buf_append_str(&journal->hosts[i], "_HOSTNAME=");
  tb_pcapng_append_label(&journal->hosts[i], source->machine);
  tb_buf_append_c(&journal->hosts[i], '\n');
}

static void journal_free(gpointer encoder)
{
  Journal *journal = encoder;
  for (guint i = 0; i < journal->n_hosts; i++)
    tb_buf_clear(&journal->hosts[i]);
  for (guint i = 0; i < journal->n_contexts; i++) {
    tb_buf_clear(&journal->contexts[i].head);
    tb_buf_clear(&journal->contexts[i].tid);
    tb_buf_clear(&journal->contexts[i].ppid);
  }
  for (guint i = 0; i < journal->n_types; i++) {
    tb_buf_clear(&journal->types[i].head);
    tb_buf_clear(&journal->types[i].failed_head);
  }
  g_free(journal->hosts);
  g_free(journal->contexts);
  g_free(journal->types);
  tb_buf_clear(&journal->tags);
  tb_buf_clear(&journal->raw);
  tb_buf_clear(&journal->values);
  g_free(journal);
}

static void journal_pair_int(TbBuf *buf, const char *key, gint64 value)
{
  tb_buf_append_str(buf, key);
  tb_buf_append_i64(buf, value);
  tb_buf_append_c(buf, '\n');
}

static void journal_pair_escaped(TbBuf *buf, const char *key, const char *value)
{
  tb_buf_append_str(buf, key);
  tb_escape_append(buf, value, strlen(value), JOURNAL_ESCAPE);
  tb_buf_append_c(buf, '\n');
}

static void journal_load_context(JournalContext *entry, const TbContext *context)
{
  entry->generation = context->generation;
  entry->valid = TRUE;
  tb_buf_reset(&entry->head);
  tb_buf_reset(&entry->tid);
  tb_buf_reset(&entry->ppid);
  if (!journal_is_somebody(context))
    return;
  journal_pair_int(&entry->head, "_PID=", context->pid);
  if (journal_is_name(context->comm))
    journal_pair_escaped(&entry->head, "_COMM=", context->comm);
  if (journal_has_text(context->exe))
    journal_pair_escaped(&entry->head, "_EXE=", context->exe);
  if (journal_has_text(context->cmdline))
    journal_pair_escaped(&entry->head, "_CMDLINE=", context->cmdline);
  if (context->tid != context->pid)
    journal_pair_int(&entry->tid, "TRACE_TID=", context->tid);
  if (context->ppid)
    journal_pair_int(&entry->ppid, "TRACE_PPID=", context->ppid);
  if (!context->pid_known)
    tb_buf_append_str(&entry->ppid, "TRACE_PID_KNOWN=0\n");
}

static inline const JournalContext *journal_find_context(Journal *journal,
                                                         const TbContext *context)
{
  if (G_UNLIKELY(context->slot >= journal->n_contexts)) {
    guint n = MAX(context->slot + 1, journal->n_contexts * 2);
    journal->contexts = g_renew(JournalContext, journal->contexts, n);
    memset(journal->contexts + journal->n_contexts, 0,
           (n - journal->n_contexts) * sizeof(JournalContext));
    journal->n_contexts = n;
  }
  JournalContext *entry = &journal->contexts[context->slot];
  if (G_UNLIKELY(!entry->valid || entry->generation != context->generation))
    journal_load_context(entry, context);
  return entry;
}

static void journal_load_type(JournalType *entry, const TbEventType *type)
{
  entry->type = type;
  for (guint failed = 0; failed < 2; failed++) {
    TbBuf *head = failed ? &entry->failed_head : &entry->head;
    guint priority = failed ? JOURNAL_PRIORITY_FAILED : type->priority;
    tb_buf_reset(head);
    tb_buf_append_str(head, "SYSLOG_IDENTIFIER=");
    journal_append_identifier(head, type->system, type->name);
    journal_pair_int(head, "\nPRIORITY=", priority);
    tb_buf_append_str(head, "MESSAGE=");
    tb_escape_append(head, type->name, strlen(type->name), JOURNAL_ESCAPE);
    tb_buf_append_str(head, ": ");
  }
}

static inline const JournalType *journal_find_type(Journal *journal, const TbEventType *type)
{
  if (G_UNLIKELY(type->id >= journal->n_types)) {
    guint n = MAX(type->id + 1, journal->n_types * 2);
    journal->types = g_renew(JournalType, journal->types, n);
    memset(journal->types + journal->n_types, 0, (n - journal->n_types) * sizeof(JournalType));
    journal->n_types = n;
  }
  JournalType *entry = &journal->types[type->id];
  if (G_UNLIKELY(entry->type != type))
    journal_load_type(entry, type);
  return entry;
}

/* The top bit of each byte that is no printable ASCII, and perhaps more above the first such. */
static inline guint64 journal_odd_bytes(const guint8 *p)
{
  const guint64 ones = 0x0101010101010101u;
  guint64 x = tb_get_u64(p, FALSE);
  return ((x - ones * 0x20) & ~x) | (x + ones) | x;
}

/* Whether all bytes are printable ASCII, eight at a time; the last eight may overlap. */
static inline gboolean journal_is_plain(const guint8 *p, gsize len)
{
  guint64 odd = 0;
  if (G_UNLIKELY(len < 8)) {
    for (; len > 0; p++, len--)
      odd |= (guint64)(*p < 0x20 || *p >= 0x7f) << 7;
    return odd == 0;
  }
  const guint8 *last = p + len - 8;
  for (; p < last; p += 8)
    odd |= journal_odd_bytes(p);
  return ((odd | journal_odd_bytes(last)) & 0x8080808080808080u) == 0;
}

static void journal_append_address_tags(const TbItem *event, TbBuf *out)
{
  TbAddresses ends;
  if (!event->record->type->ops->get_addresses(event->record->type, event->record, &ends))
    return;
  gboolean six = ends.family == 6;
  const guint8 *src = ends.to_remote ? ends.local : ends.remote;
  const guint8 *dst = ends.to_remote ? ends.remote : ends.local;
  journal_tag(out, six ? TB_PCAPNG_TAG_IPV6_SRC : TB_PCAPNG_TAG_IPV4_SRC, src, six ? 16 : 4);
  journal_tag(out, six ? TB_PCAPNG_TAG_IPV6_DST : TB_PCAPNG_TAG_IPV4_DST, dst, six ? 16 : 4);
}

static void journal_append_tags(Journal *journal, const TbItem *event, TbBuf *out)
{
  tb_buf_append(out, journal->tags.data, journal->tags.len);
  if (G_UNLIKELY(event->record->kind == TB_RECORD_EVENT && event->record->type->ops->get_addresses))
    journal_append_address_tags(event, out);
  memset(tb_buf_reserve(out, JOURNAL_TAG_HEAD), 0, JOURNAL_TAG_HEAD); /* tag 0, length 0 */
  tb_buf_commit(out, JOURNAL_TAG_HEAD);
}

/* Room for it is reserved. */
static inline guint8 *journal_copy(guint8 *p, const TbBuf *piece)
{
  if (piece->len)
    memcpy(p, piece->data, piece->len);
  return p + piece->len;
}

/* Up to 20 digits and a newline. */
static inline guint8 *journal_copy_number(guint8 *p, guint64 number)
{
  guint8 digits[20];
  guint n = 0;
  do
    digits[n++] = (guint8)('0' + number % 10);
  while (number /= 10);
  while (n > 0)
    *p++ = digits[--n];
  *p++ = '\n';
  return p;
}

static inline guint8 *journal_copy_cpu(guint8 *p, guint32 cpu)
{
  memcpy(p, "TRACE_CPU=", 10);
  return journal_copy_number(p + 10, cpu);
}

/* Events of one packet follow one another. */
static inline void journal_quick_packet(Journal *journal, guint64 id, TbBuf *out)
{
  JournalPacketLine *last = &journal->last_packet;
  if (last->id != id || last->len == 0) {
    guint8 *end = journal_copy_number(last->line + JOURNAL_PACKET_KEY, id);
    memcpy(last->line, "TRACE_PACKET=", JOURNAL_PACKET_KEY);
    last->len = (gsize)(end - last->line);
    last->id = id;
  }
  memcpy(tb_buf_reserve(out, JOURNAL_PACKET_LINE), last->line, JOURNAL_PACKET_LINE);
  tb_buf_commit(out, last->len);
}

/* What stands behind the text. */
static void journal_quick_tail(Journal *journal, const JournalContext *who,
                               const TbItem *event, TbBuf *out)
{
  guint8 *p = tb_buf_reserve(out, who->tid.len + who->ppid.len + JOURNAL_CPU_ROOM);
  *p++ = '\n';
  p = journal_copy(p, &who->tid);
  if (event->record->cpu != TB_CPU_NONE)
    p = journal_copy_cpu(p, event->record->cpu);
  p = journal_copy(p, &who->ppid);
  out->len = (gsize)(p - out->data);
  if (event->record->flags & TB_RECORD_DURATION) {
    tb_buf_append_str(out, "TRACE_DURATION=");
    tb_buf_append_u64(out, event->record->value);
    tb_buf_append_c(out, '\n');
  }
  if (event->link)
    journal_quick_packet(journal, event->link->id, out);
}

/* Appends the row's keys. Returns: FALSE where only the careful way will do */
static gboolean journal_quick(Journal *journal, const TbItem *event, gsize tags_at, TbBuf *out)
{
  const TbContext *context = event->actor;
  const JournalContext *who = context ? journal_find_context(journal, context)
                                      : &journal->nobody;
  const JournalType *what = journal_find_type(journal, event->record->type);
  const TbBuf *head = event->record->flags & TB_RECORD_FAILED ? &what->failed_head : &what->head;
  const TbBuf *host = &journal->hosts[event->record->source->rank];
  guint8 *p = tb_buf_reserve(out, who->head.len + host->len + head->len);
  p = journal_copy(journal_copy(journal_copy(p, &who->head), host), head);
  gsize text_at = out->len = (gsize)(p - out->data);
  tb_record_append_text(event->record, out);
  if (G_UNLIKELY(out->len == text_at))
    out->len--; /* "name:" */
  else if (out->data[text_at] == ' ' || !journal_is_plain(out->data + text_at, out->len - text_at))
    return FALSE;
  journal_quick_tail(journal, who, event, out);
  return out->len - tags_at - host->len <= journal->limit;
}

static void journal_append(gpointer encoder, const TbItem *event, guint32 interface, TbBuf *out)
{
  Journal *journal = encoder;
  gsize at = tb_pcapng_epb_begin(out, interface, (guint64)event->time.ns);
  if (event->record->type && event->record->type->ops == &tb_pcapng_row_ops) {
    tb_pcapng_row_copy(event->record, &journal->hosts[event->record->source->rank],
                       journal->has_packets && !event->link_gone, out);
    tb_pcapng_epb_end(out, at);
    return;
  }
  gsize tags_at = out->len;
  journal_append_tags(journal, event, out);
  gsize keys_at = out->len;
  if (event->record->kind != TB_RECORD_EVENT || event->sentence || !journal_quick(journal, event, tags_at, out)) {
    out->len = keys_at;
    journal_careful(journal, event, tags_at, out);
  }
  tb_pcapng_epb_end(out, at);
}

const TbPcapngEncoding tb_pcapng_journal = {
  .name = "journal",
  .new = journal_new,
  .add_source = journal_add_source,
  .append = journal_append,
  .free = journal_free,
};
