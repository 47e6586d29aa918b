/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Journal rows; see pcapng-journal.h. Two ways lead to one result: the quick
 * one copies prepared pieces and takes the text as it is; the careful one
 * builds the row from its values and escapes, marks and cuts them. The quick
 * one gives up where a text is not plain ASCII in one line or the row is long.
 */
#include "pcapng/pcapng-journal.h"

#include "base/escape.h"
#include "pcapng/pcapng-block.h"
#include "pcapng/pcapng-interface.h"
#include "pcapng/pcapng-row.h"

enum {
  JOURNAL_MAX_VALUES = 16,
  JOURNAL_PRIORITY_LOST = 3,
  JOURNAL_PRIORITY_FAILED = 4,
  /* A row keeps room for the longest host name, so that another name on a later
   * merge never makes it too long. */
  JOURNAL_HOST_ROOM = sizeof "_HOSTNAME=\n" - 1 + TB_PCAPNG_LABEL_BYTES,
  /* TRACE_TRUNCATED and the longer form of a value with newlines. */
  JOURNAL_CUT_ROOM = 64,
  JOURNAL_LEAST_ROW = 4096,
  JOURNAL_TAG_HEAD = 4,
  JOURNAL_NUMBER_ROOM = 21,
  JOURNAL_PACKET_LINE = 48, /* most packets' lines are no longer, and copied as a piece of this size */
  JOURNAL_CPU_ROOM = sizeof "\nTRACE_CPU=4294967295\n",
};

#define JOURNAL_PACKET_KEY "TRACE_PACKET="

/* A value of the outside world: no control bytes, no newline. */
#define JOURNAL_ESCAPE (TB_ESCAPE_NEWLINE | TB_ESCAPE_TAB)

/* What repeats per process: keys in front of the host name, and two behind the text. */
typedef struct {
  guint64 generation;
  gboolean valid;
  TbBuf head;
  TbBuf tid;
  TbBuf ppid;
} JournalContext;

/* What repeats per event type, up to and with "MESSAGE=name: ". */
typedef struct {
  const TbEventType *type;
  TbBuf head;
  TbBuf failed_head;
} JournalType;

typedef struct {
  TbWriter *writer;
  gsize limit; /* bytes of a row without its host name */
  TbBuf tags;
  TbBuf *hosts; /* by source rank */
  TbBuf *packets; /* by source rank: "TRACE_PACKET=NAME " */
  TbPacketRef last_packet;
  TbBuf last_packet_line; /* events of one packet follow one another */
  guint n_hosts;
  JournalContext *contexts; /* by slot */
  guint n_contexts;
  JournalContext nobody; /* always empty */
  JournalType *types; /* by type id */
  guint n_types;
  TbBuf raw;
  TbBuf values;
} Journal;

/* One value of the careful way; its bytes stand in journal->values. */
typedef struct {
  const char *key;
  gsize at;
  gsize len;
} JournalValue;

typedef struct {
  Journal *journal;
  JournalValue values[JOURNAL_MAX_VALUES];
  guint n;
} JournalRow;

static void journal_tag(TbBuf *buf, guint16 tag, const void *value, gsize len)
{
  tb_buf_append_be16(buf, tag);
  tb_buf_append_be16(buf, (guint16)tb_pad4(len));
  tb_buf_append(buf, value, len);
  tb_buf_append_fill(buf, 0, tb_pad4(len) - len);
}

/*
 * What names the interface of a packet: its name in this output, and where another interface
 * bears that name, too, its key, which it keeps for ever.
 */
static void journal_load_packets(TbBuf *out, const GPtrArray *sources, const TbSource *source)
{
  g_auto(TbBuf) other_name = { 0 };
  gsize key_len = sizeof JOURNAL_PACKET_KEY - 1;
  gboolean alone = TRUE;
  tb_buf_append_str(out, JOURNAL_PACKET_KEY);
  tb_pcapng_append_interface_name(out, source);
  for (guint i = 0; i < sources->len && alone; i++) {
    const TbSource *other = g_ptr_array_index(sources, i);
    tb_buf_reset(&other_name);
    if (other != source && other->class == TB_SOURCE_PACKETS && other->machine)
      tb_pcapng_append_interface_name(&other_name, other);
    alone = other_name.len != out->len - key_len ||
            memcmp(other_name.data, out->data + key_len, other_name.len) != 0;
  }
  if (!alone && *source->key) {
    tb_buf_append_c(out, '#');
    tb_buf_append_str(out, source->key);
  }
  tb_buf_append_c(out, ' ');
}

static inline const TbBuf *journal_find_packets(Journal *journal, const TbSource *source)
{
  TbBuf *name = &journal->packets[source->rank];
  if (G_UNLIKELY(name->len == 0))
    journal_load_packets(name, journal->writer->sources, source);
  return name;
}

static gpointer journal_new(TbWriter *writer)
{
  Journal *journal = g_new0(Journal, 1);
  gsize row = MAX(writer->limits->row_bytes, (guint32)JOURNAL_LEAST_ROW);
  journal->writer = writer;
  journal->limit = row - JOURNAL_HOST_ROOM;
  journal_tag(&journal->tags, TB_PCAPNG_TAG_DISSECTOR, TB_PCAPNG_DISSECTOR,
              strlen(TB_PCAPNG_DISSECTOR));
  journal->n_hosts = writer->sources->len;
  journal->hosts = g_new0(TbBuf, MAX(journal->n_hosts, 1u));
  journal->packets = g_new0(TbBuf, MAX(journal->n_hosts, 1u));
  for (guint i = 0; i < journal->n_hosts; i++) {
    const TbSource *source = g_ptr_array_index(writer->sources, i);
    if (!source->machine)
      continue;
    tb_buf_append_str(&journal->hosts[i], "_HOSTNAME=");
    tb_pcapng_append_label(&journal->hosts[i], source->machine);
    tb_buf_append_c(&journal->hosts[i], '\n');
  }
  return journal;
}

static void journal_free(gpointer encoder)
{
  Journal *journal = encoder;
  for (guint i = 0; i < journal->n_hosts; i++)
    tb_buf_clear(&journal->hosts[i]);
  for (guint i = 0; i < journal->n_hosts; i++)
    tb_buf_clear(&journal->packets[i]);
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
  g_free(journal->packets);
  g_free(journal->contexts);
  g_free(journal->types);
  tb_buf_clear(&journal->last_packet_line);
  tb_buf_clear(&journal->tags);
  tb_buf_clear(&journal->raw);
  tb_buf_clear(&journal->values);
  g_free(journal);
}

static gboolean journal_is_somebody(const TbContext *context)
{
  return context && context->pid != 0;
}

static gboolean journal_is_name(const char *comm)
{
  return comm && *comm && !g_str_equal(comm, "<...>");
}

static gboolean journal_has_text(const char *text)
{
  return text && *text;
}

/* --- the careful way --- */

/* Starts a value; its bytes are appended to journal->values. */
static TbBuf *journal_value_begin(JournalRow *row, const char *key)
{
  row->values[row->n] = (JournalValue){ .key = key, .at = row->journal->values.len };
  return &row->journal->values;
}

static void journal_value_end(JournalRow *row)
{
  JournalValue *value = &row->values[row->n++];
  value->len = row->journal->values.len - value->at;
}

static void journal_value_escaped(JournalRow *row, const char *key, const char *text)
{
  tb_escape_append(journal_value_begin(row, key), text, strlen(text), JOURNAL_ESCAPE);
  journal_value_end(row);
}

static void journal_value_int(JournalRow *row, const char *key, gint64 value)
{
  tb_buf_append_i64(journal_value_begin(row, key), value);
  journal_value_end(row);
}

static void journal_append_identifier(TbBuf *buf, const char *system, const char *name)
{
  /* The first colon ends the system when the row is read back. */
  const char *colon;
  while ((colon = strchr(system, ':'))) {
    tb_escape_append(buf, system, (gsize)(colon - system), JOURNAL_ESCAPE);
    tb_buf_append_str(buf, "\\x3a");
    system = colon + 1;
  }
  tb_escape_append(buf, system, strlen(system), JOURNAL_ESCAPE);
  tb_buf_append_c(buf, ':');
  tb_escape_append(buf, name, strlen(name), JOURNAL_ESCAPE);
}

/* "NAME: TEXT" */
static void journal_append_message(TbBuf *buf, const char *name, const TbBuf *text)
{
  gsize skip = 0;
  while (skip < text->len && text->data[skip] == ' ')
    skip++;
  tb_escape_append(buf, name, strlen(name), JOURNAL_ESCAPE);
  tb_buf_append_c(buf, ':');
  if (text->len > skip)
    tb_buf_append_c(buf, ' ');
  tb_escape_append(buf, text->data + skip, text->len - skip, TB_ESCAPE_TEXT);
}

static void journal_values_of_context(JournalRow *row, const TbContext *context)
{
  if (!journal_is_somebody(context))
    return;
  journal_value_int(row, "_PID", context->pid);
  if (journal_is_name(context->comm))
    journal_value_escaped(row, "_COMM", context->comm);
  if (journal_has_text(context->exe))
    journal_value_escaped(row, "_EXE", context->exe);
  if (journal_has_text(context->cmdline))
    journal_value_escaped(row, "_CMDLINE", context->cmdline);
}

static void journal_values_of_text(JournalRow *row, const TbItem *event)
{
  Journal *journal = row->journal;
  const TbSentence *note = event->sentence;
  gboolean lost = event->record->kind == TB_RECORD_LOST;
  const char *system = lost ? TB_PCAPNG_OWN_SYSTEM : event->record->type->system;
  const char *name = lost ? TB_PCAPNG_LOST_NAME : event->record->type->name;
  guint priority = lost ? JOURNAL_PRIORITY_LOST
                   : event->record->flags & TB_RECORD_FAILED ? JOURNAL_PRIORITY_FAILED
                                                    : event->record->type->priority;
  tb_buf_reset(&journal->raw);
  if (!lost)
    tb_record_append_text(event->record, &journal->raw);
  else if (event->record->value)
    tb_buf_append_printf(&journal->raw, "%" G_GUINT64_FORMAT " events lost", event->record->value);
  else
    tb_buf_append_str(&journal->raw, "events lost, their number is not known");
  journal_append_identifier(journal_value_begin(row, "SYSLOG_IDENTIFIER"), system, name);
  journal_value_end(row);
  journal_value_int(row, "PRIORITY", priority);
  gboolean said = note && note->text && note->text->len;
  journal_append_message(journal_value_begin(row, "MESSAGE"), name,
                         said ? note->text : &journal->raw);
  journal_value_end(row);
  if (said) {
    tb_escape_append(journal_value_begin(row, "TRACE_TEXT"), journal->raw.data,
                     journal->raw.len, TB_ESCAPE_TEXT);
    journal_value_end(row);
  }
}

static void journal_values_of_rest(JournalRow *row, const TbItem *event)
{
  const TbContext *context = journal_is_somebody(event->actor) ? event->actor : NULL;
  if (context && context->tid != context->pid)
    journal_value_int(row, "TRACE_TID", context->tid);
  if (event->record->cpu != TB_CPU_NONE)
    journal_value_int(row, "TRACE_CPU", event->record->cpu);
  if (context && context->ppid)
    journal_value_int(row, "TRACE_PPID", context->ppid);
  if (context && !context->pid_known)
    journal_value_int(row, "TRACE_PID_KNOWN", 0);
  if (event->sentence && event->sentence->kind)
    journal_value_escaped(row, "TRACE_KIND", event->sentence->kind);
  if (event->record->flags & TB_RECORD_DURATION) {
    tb_buf_append_u64(journal_value_begin(row, "TRACE_DURATION"), event->record->value);
    journal_value_end(row);
  }
  if (event->link) {
    const TbBuf *name = journal_find_packets(row->journal, event->link->source);
    gsize key_len = sizeof JOURNAL_PACKET_KEY - 1;
    TbBuf *value = journal_value_begin(row, "TRACE_PACKET");
    tb_buf_append(value, name->data + key_len, name->len - key_len);
    tb_buf_append_u64(value, event->link->ordinal);
    journal_value_end(row);
  }
}

static gboolean journal_value_is_long(const Journal *journal, const JournalValue *value)
{
  return value->len && memchr(journal->values.data + value->at, '\n', value->len);
}

/* Bytes of @value once it ends at or before @max: not within a character nor within \xHH. */
static gsize journal_cut(const guint8 *text, gsize max)
{
  while (max > 0 && (text[max] & 0xc0) == 0x80)
    max--;
  for (gsize back = 1; back <= 3 && back <= max; back++)
    if (text[max - back] == '\\')
      return max - back;
  return max;
}

/* Cuts the longest values until the row fits. Returns: bytes cut */
static guint64 journal_shorten(JournalRow *row, gsize tags_len)
{
  Journal *journal = row->journal;
  guint64 cut = 0;
  for (;;) {
    gsize total = tags_len;
    JournalValue *longest = NULL;
    for (guint i = 0; i < row->n; i++) {
      JournalValue *value = &row->values[i];
      gboolean is_host = g_str_equal(value->key, "_HOSTNAME");
      total += is_host ? 0 : strlen(value->key) + value->len + 2;
      if (journal_value_is_long(journal, value))
        total += 8;
      if (!is_host && (!longest || value->len > longest->len))
        longest = value;
    }
    gsize room = journal->limit - (cut ? JOURNAL_CUT_ROOM : 0);
    if (total <= room || !longest || longest->len == 0)
      return cut;
    gsize over = MIN(total - (journal->limit - JOURNAL_CUT_ROOM), longest->len);
    gsize len = journal_cut(journal->values.data + longest->at, longest->len - over);
    cut += longest->len - len;
    longest->len = len;
  }
}

static void journal_write_value(const JournalRow *row, const JournalValue *value, TbBuf *out)
{
  const guint8 *bytes = row->journal->values.data + value->at;
  tb_buf_append_str(out, value->key);
  if (journal_value_is_long(row->journal, value)) {
    tb_buf_append_c(out, '\n');
    tb_buf_append_le64(out, value->len);
  } else {
    tb_buf_append_c(out, '=');
  }
  tb_buf_append(out, bytes, value->len);
  tb_buf_append_c(out, '\n');
}

static void journal_careful(Journal *journal, const TbItem *event, gsize tags_at, TbBuf *out)
{
  JournalRow row = { .journal = journal };
  tb_buf_reset(&journal->values);
  journal_values_of_context(&row, event->actor);
  if (event->record->source->machine) {
    tb_pcapng_append_label(journal_value_begin(&row, "_HOSTNAME"), event->record->source->machine);
    journal_value_end(&row);
  }
  journal_values_of_text(&row, event);
  journal_values_of_rest(&row, event);
  gsize beside = out->len - tags_at;
  /* Its host name may become a longer one, too. */
  guint64 cut = journal_shorten(&row, beside + (event->link ? TB_PCAPNG_LABEL_BYTES : 0));
  if (cut) {
    tb_buf_append_u64(journal_value_begin(&row, "TRACE_TRUNCATED"), cut);
    journal_value_end(&row);
    journal->writer->counts.truncated++;
  }
  for (guint i = 0; i < row.n; i++)
    journal_write_value(&row, &row.values[i], out);
}

/* --- the quick way --- */

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

static void journal_load_packet(Journal *journal, const TbPacketRef *packet)
{
  const TbBuf *name = journal_find_packets(journal, packet->source);
  TbBuf *line = &journal->last_packet_line;
  tb_buf_reset(line);
  guint8 *p = tb_buf_reserve(line, MAX(name->len + JOURNAL_NUMBER_ROOM, (gsize)JOURNAL_PACKET_LINE));
  p = journal_copy_number(journal_copy(p, name), packet->ordinal);
  line->len = (gsize)(p - line->data);
  journal->last_packet = *packet;
}

static inline void journal_quick_packet(Journal *journal, const TbPacketRef *packet, TbBuf *out)
{
  if (journal->last_packet.ordinal != packet->ordinal ||
      journal->last_packet.source != packet->source)
    journal_load_packet(journal, packet);
  const TbBuf *line = &journal->last_packet_line;
  if (G_UNLIKELY(line->len > JOURNAL_PACKET_LINE)) {
    tb_buf_append(out, line->data, line->len);
    return;
  }
  memcpy(tb_buf_reserve(out, JOURNAL_PACKET_LINE), line->data, JOURNAL_PACKET_LINE);
  tb_buf_commit(out, line->len);
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
  if (event->sentence && event->sentence->kind)
    journal_pair_escaped(out, "TRACE_KIND=", event->sentence->kind);
  if (event->record->flags & TB_RECORD_DURATION) {
    tb_buf_append_str(out, "TRACE_DURATION=");
    tb_buf_append_u64(out, event->record->value);
    tb_buf_append_c(out, '\n');
  }
  if (event->link)
    journal_quick_packet(journal, event->link, out);
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
  return out->len - tags_at - host->len + (event->link ? TB_PCAPNG_LABEL_BYTES : 0) <=
         journal->limit;
}

static void journal_append(gpointer encoder, const TbItem *event, guint32 interface, TbBuf *out)
{
  Journal *journal = encoder;
  gsize at = tb_pcapng_epb_begin(out, interface, (guint64)event->time.ns);
  if (event->record->type && event->record->type->ops == &tb_pcapng_row_ops) {
    tb_pcapng_row_copy(event->record, &journal->hosts[event->record->source->rank], out);
    tb_pcapng_epb_end(out, at);
    return;
  }
  gsize tags_at = out->len;
  journal_append_tags(journal, event, out);
  gsize keys_at = out->len;
  gboolean said = event->sentence && event->sentence->text && event->sentence->text->len;
  if (event->record->kind != TB_RECORD_EVENT || said || !journal_quick(journal, event, tags_at, out)) {
    out->len = keys_at;
    journal_careful(journal, event, tags_at, out);
  }
  tb_pcapng_epb_end(out, at);
}

const TbPcapngEncoding tb_pcapng_journal = {
  .name = "journal",
  .new = journal_new,
  .append = journal_append,
  .free = journal_free,
};
