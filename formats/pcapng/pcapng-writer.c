/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Section, interfaces, machines, packets and rows; see pcapng-writer.h. */
#include "pcapng/pcapng-writer.h"

#include "pcapng/pcapng-block.h"
#include "pcapng/pcapng-carried.h"
#include "pcapng/pcapng-encoding.h"
#include "pcapng/pcapng-interface.h"
#include "pcapng/pcapng-owners.h"
#include "pcapng/pcapng-payload.h"
#include "pcapng/pcapng-process.h"
#include "pcapng/pcapng-time.h"

enum {
  WRITER_NO_INTERFACE = -1,
  /* Larger packets are written in pieces; see tb_output_reserve(). */
  WRITER_PIECE_BYTES = 256 * 1024,
  WRITER_NS_TSRESOL = 9,
  WRITER_RECEPTION_SHIFT = 2,
  WRITER_FLAGS_TOLD = TB_RECORD_NO_TIME | TB_RECORD_INBOUND | TB_RECORD_OUTBOUND,
};

/* How one source stands in the output. */
typedef struct {
  const TbSource *source;
  gint64 number;      /* interface number, or WRITER_NO_INTERFACE */
  gboolean own_ticks; /* packets keep the ticks of the input */
  TbPcapngTime time;  /* of the interface block */
  TbPcapngTime input; /* of the input, to see what digits get lost */
  TbBuf host;         /* name of its machine as written */
} WriterInterface;

typedef struct {
  const TbPcapngEncoding *encoding; /* NULL: no events wanted */
  gpointer encoder;
  GArray *interfaces; /* WriterInterface by source rank */
  gint64 n_written;   /* interfaces that have a block */
  guint n_machines;   /* machines that have one, as far as they need it */
  TbPcapngOwnersCache *comments;
  TbPcapngProcessForm form;
  TbPcapngProcesses *processes; /* (nullable): none wished for */
  TbBuf process_blocks;         /* to be written before the next record */
  TbBuf block;
} Writer;

static inline WriterInterface *writer_get_interface(const Writer *priv, guint32 rank)
{
  return &g_array_index(priv->interfaces, WriterInterface, rank);
}

static const TbPcapngEncoding *const writer_encodings[] = { &tb_pcapng_journal };

static gboolean writer_choose_encoding(TbWriter *writer, GError **error)
{
  Writer *priv = writer->priv;
  const char *name = tb_writer_get_setting(writer, "events");
  if (g_strcmp0(name, "none") == 0)
    return TRUE;
  for (guint i = 0; i < G_N_ELEMENTS(writer_encodings); i++)
    if (!name || g_str_equal(name, writer_encodings[i]->name)) {
      priv->encoding = writer_encodings[i];
      priv->encoder = priv->encoding->new(writer);
      return TRUE;
    }
  tb_error_set(error, TB_ERROR_UNSUPPORTED, tb_output_get_name(writer->output), TB_OFFSET_NONE,
               "events cannot be written as \"%s\" (journal or none)", name);
  return FALSE;
}

static gboolean writer_choose_processes(TbWriter *writer, GError **error)
{
  Writer *priv = writer->priv;
  const char *name = tb_writer_get_setting(writer, "process-info");
  if (!tb_pcapng_process_form_from_word(name, &priv->form)) {
    tb_error_set(error, TB_ERROR_UNSUPPORTED, tb_output_get_name(writer->output), TB_OFFSET_NONE,
                 "processes cannot be written as \"%s\" (none, darwin or wireshark)", name);
    return FALSE;
  }
  if (priv->form != TB_PCAPNG_PROCESS_NONE)
    priv->processes = tb_pcapng_processes_new(priv->form, writer->limits->table_entries);
  return TRUE;
}

/* --- the section header --- */

/* Adds the options of @more that @list does not have. */
static void writer_union_comments(GPtrArray *list, GBytes *more)
{
  gsize len;
  TbPcapngOptions walk = { .data = g_bytes_get_data(more, &len) };
  TbPcapngOption option;
  walk.len = len;
  while (tb_pcapng_options_next(&walk, &option)) {
    g_autofree char *text = g_strndup((const char *)option.value, option.len);
    if (!g_ptr_array_find_with_equal_func(list, text, g_str_equal, NULL))
      g_ptr_array_add(list, g_steal_pointer(&text));
  }
}

static gint writer_compare_text(gconstpointer a, gconstpointer b)
{
  return strcmp(*(char *const *)a, *(char *const *)b);
}

/*
 * Comments of the sections the sources come from. Where all agree their order stays; else
 * they are sorted, so that a tree of merges gives what one merge gives.
 */
static void writer_append_section_comments(const TbWriter *writer, TbBuf *buf)
{
  g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func(g_free);
  GBytes *first = NULL;
  gboolean agree = TRUE;
  for (guint i = 0; i < writer->sources->len; i++) {
    GBytes *comments = tb_pcapng_carried(g_ptr_array_index(writer->sources, i))->section_comments;
    if (!comments)
      continue;
    first = first ? first : comments;
    if (i > 0 && comments != first && !g_bytes_equal(first, comments))
      agree = FALSE;
    if (first == comments && list->len)
      continue;
    writer_union_comments(list, comments);
  }
  if (!agree)
    g_ptr_array_sort(list, writer_compare_text);
  for (guint i = 0; i < list->len; i++)
    tb_pcapng_option_str(buf, TB_PCAPNG_OPT_COMMENT, g_ptr_array_index(list, i));
}

static void writer_append_section(const TbWriter *writer, TbBuf *buf)
{
  g_auto(TbBuf) text = { 0 };
  const TbMachine *only = writer->machines->len == 1 ? g_ptr_array_index(writer->machines, 0)
                                                     : NULL;
  gsize at = tb_pcapng_block_begin(buf, TB_PCAPNG_SHB);
  tb_buf_append_le32(buf, TB_PCAPNG_BYTE_ORDER);
  tb_buf_append_le16(buf, 1);
  tb_buf_append_le16(buf, 0);
  tb_buf_append_le64(buf, G_MAXUINT64); /* section length not stated: the output may be a pipe */
  if (only)
    tb_pcapng_append_hardware(&text, only);
  if (text.len)
    tb_pcapng_option(buf, TB_PCAPNG_SHB_HARDWARE, text.data, text.len);
  tb_buf_reset(&text);
  if (only)
    tb_pcapng_append_os(&text, only);
  if (text.len)
    tb_pcapng_option(buf, TB_PCAPNG_SHB_OS, text.data, text.len);
  tb_pcapng_option_str(buf, TB_PCAPNG_SHB_USERAPPL, "tracebraid " TB_VERSION);
  writer_append_section_comments(writer, buf);
  tb_pcapng_option_end(buf);
  tb_pcapng_block_end(buf, at);
}

/* --- interfaces --- */

static void writer_set_interface(WriterInterface *interface, const TbSource *source,
                                 gint64 number)
{
  interface->source = source;
  interface->number = number;
  interface->input = (TbPcapngTime){ source->clock.tsresol, tb_pcapng_carried(source)->tsoffset_s };
  interface->own_ticks = source->class == TB_SOURCE_PACKETS && !tb_axis_is_moved(&source->clock.axis)
                         && tb_pcapng_time_is_shown(source->clock.tsresol);
  interface->time = interface->own_ticks ? interface->input
                                         : (TbPcapngTime){ WRITER_NS_TSRESOL, 0 };
}

/* The interface of @source, which has the next rank. */
static void writer_append_interface(TbWriter *writer, const TbSource *source, TbBuf *buf)
{
  Writer *priv = writer->priv;
  gboolean events = source->class == TB_SOURCE_EVENTS;
  gboolean wanted = !events || priv->encoding;
  g_array_set_size(priv->interfaces, priv->interfaces->len + 1);
  WriterInterface *interface = writer_get_interface(priv, priv->interfaces->len - 1);
  if (source->machine && source->machine->name)
    tb_pcapng_append_label(&interface->host, source->machine);
  writer_set_interface(interface, source, wanted ? priv->n_written++ : WRITER_NO_INTERFACE);
  if (priv->encoding)
    priv->encoding->add_source(priv->encoder, source);
  if (wanted)
    tb_pcapng_append_interface(buf, source,
                               events ? (guint32)TB_PCAPNG_LINK_UPPER_PDU : source->link.type,
                               interface->time.tsresol, interface->time.offset_s);
}

/* A machine of which nothing is known needs no block to say so. */
static gboolean writer_is_known(const TbMachine *machine)
{
  return machine->name || machine->os != TB_OS_UNKNOWN || machine->os_version
         || machine->arch != TB_ARCH_UNKNOWN || machine->n_cpus;
}

static void writer_append_machines(TbWriter *writer, TbBuf *buf)
{
  Writer *priv = writer->priv;
  for (; priv->n_machines < writer->machines->len; priv->n_machines++) {
    const TbMachine *machine = g_ptr_array_index(writer->machines, priv->n_machines);
    if (writer_is_known(machine))
      tb_pcapng_append_machine(buf, machine, priv->n_machines);
  }
}

static gboolean writer_open(TbWriter *writer, GError **error)
{
  Writer *priv = g_new0(Writer, 1);
  writer->priv = priv;
  priv->comments = tb_pcapng_owners_cache_new();
  priv->interfaces = g_array_new(FALSE, TRUE, sizeof(WriterInterface));
  if (!writer_choose_encoding(writer, error) || !writer_choose_processes(writer, error))
    return FALSE;
  TbBuf *buf = &priv->block;
  writer_append_section(writer, buf);
  for (guint i = 0; i < writer->sources->len; i++)
    writer_append_interface(writer, g_ptr_array_index(writer->sources, i), buf);
  writer_append_machines(writer, buf);
  return tb_output_write(writer->output, buf->data, buf->len, error);
}

static gboolean writer_add_source(TbWriter *writer, const TbSource *source, GError **error)
{
  TbBuf *buf = &((Writer *)writer->priv)->block;
  tb_buf_reset(buf);
  writer_append_interface(writer, source, buf);
  writer_append_machines(writer, buf);
  return tb_output_write(writer->output, buf->data, buf->len, error);
}

/* --- records --- */

/* The packet's ticks on its interface; FALSE where the time cannot be written. */
static inline gboolean writer_packet_ticks(TbWriter *writer, const WriterInterface *interface,
                                           const TbItem *event, guint64 *ticks)
{
  const TbSource *source = event->record->source;
  if (interface->own_ticks) {
    const TbPayload *payload = tb_pcapng_payload(event->record);
    /* One source found in two inputs: they need not count alike. */
    gboolean alike = source == interface->source ||
                     (source->clock.tsresol == interface->time.tsresol &&
                      tb_pcapng_carried(source)->tsoffset_s == interface->time.offset_s &&
                      !tb_axis_is_moved(&source->clock.axis));
    *ticks = alike && payload->format ? payload->word
                                      : tb_pcapng_time_from_ns(&interface->time, event->time.ns);
    return TRUE;
  }
  if (event->time.ns < 0)
    return FALSE;
  writer->counts.inexact += (event->record->flags & TB_RECORD_INEXACT) != 0;
  *ticks = (guint64)event->time.ns;
  return TRUE;
}

/* How a packet came, where that is told by the record and no options of its own. */
static void writer_append_flags(const TbRecord *record, TbBuf *buf)
{
  guint32 flags = record->flags & TB_RECORD_INBOUND ? 1 : record->flags & TB_RECORD_OUTBOUND ? 2 : 0;
  static const guint32 receptions[] = { TB_RECORD_UNICAST, TB_RECORD_MULTICAST,
                                        TB_RECORD_BROADCAST, TB_RECORD_PROMISCUOUS };
  for (guint i = 0; i < G_N_ELEMENTS(receptions); i++)
    if (record->flags & receptions[i])
      flags |= (i + 1) << WRITER_RECEPTION_SHIFT;
  guint32 value = GUINT32_TO_LE(flags);
  if (flags)
    tb_pcapng_option(buf, TB_PCAPNG_EPB_FLAGS, &value, sizeof value);
}

/* With their end mark. */
static void writer_append_options(TbWriter *writer, const TbItem *event, const TbBuf *host,
                                  TbBuf *buf)
{
  Writer *priv = writer->priv;
  static const char no_time[] = "time=none ";
  const TbOwners *owners = event->owners;
  const TbPayload *payload = tb_pcapng_payload(event->record);
  if (!payload->format)
    writer_append_flags(event->record, buf);
  if (event->link && !(event->record->flags & TB_RECORD_HAS_ID)) {
    guint64 id = GUINT64_TO_LE(event->link->id);
    tb_pcapng_option(buf, TB_PCAPNG_EPB_PACKETID, &id, sizeof id);
  }
  if (!owners)
    tb_buf_append(buf, payload->bytes, payload->len);
  else if (owners->carried)
    tb_pcapng_owners_copy_options(event, host, buf);
  else
    tb_pcapng_owners_append(priv->comments, event, host, buf);
  if (owners && priv->processes &&
      !tb_pcapng_processes_refer(priv->processes, event, buf, &priv->process_blocks))
    writer->counts.unreferred++;
  if (event->record->flags & TB_RECORD_NO_TIME)
    tb_pcapng_option(buf, TB_PCAPNG_OPT_COMMENT, no_time, sizeof no_time - 1);
  tb_pcapng_option_end(buf);
}

/*
 * Process blocks. A custom block in front of a file's first record makes Wireshark 4.0 show no
 * usable time for any row: it then waits for the second one.
 */
static gboolean writer_processes(TbWriter *writer, GError **error)
{
  Writer *priv = writer->priv;
  TbBuf *blocks = &priv->process_blocks;
  if (priv->form == TB_PCAPNG_PROCESS_WIRESHARK &&
      writer->counts.rows + writer->counts.packets == 0)
    return TRUE;
  gboolean ok = tb_output_write(writer->output, blocks->data, blocks->len, error);
  tb_buf_reset(blocks);
  return ok;
}

/* A packet that may not fit the output's buffer. @tail: (nullable): its options */
static gboolean writer_large_packet(TbWriter *writer, const TbItem *event, const guint8 *head,
                                    const TbBuf *tail, GError **error)
{
  static const guint8 zeros[4] = { 0 };
  return tb_output_write(writer->output, head, TB_PCAPNG_EPB_HEAD, error)
         && tb_output_write(writer->output, event->record->data, event->record->len, error)
         && tb_output_write(writer->output, zeros, tb_pad4(event->record->len) - event->record->len, error)
         && (!tail || tb_output_write(writer->output, tail->data, tail->len, error))
         && tb_output_write(writer->output, head + 4, 4, error);
}

static gboolean writer_packet(TbWriter *writer, const TbItem *event, GError **error)
{
  Writer *priv = writer->priv;
  const WriterInterface *interface =
      writer_get_interface(priv, event->record->source->rank);
  guint64 ticks;
  if (interface->number == WRITER_NO_INTERFACE)
    return TRUE;
  if (!writer_packet_ticks(writer, interface, event, &ticks)) {
    writer->counts.out_of_range++;
    return TRUE;
  }
  guint8 head[TB_PCAPNG_EPB_HEAD];
  gsize padded = tb_pad4(event->record->len), total = sizeof head + padded + 4;
  gboolean has_tail = tb_pcapng_payload(event->record)->len || event->owners || event->link ||
                      event->record->flags & WRITER_FLAGS_TOLD;
  TbBuf *tail = &priv->block;
  if (has_tail) {
    tb_buf_reset(tail);
    writer_append_options(writer, event, &interface->host, tail);
    if (G_UNLIKELY(priv->process_blocks.len) && !writer_processes(writer, error))
      return FALSE;
    total += tail->len;
  }
  tb_put_u32(head, TB_PCAPNG_EPB, FALSE);
  tb_put_u32(head + 4, (guint32)total, FALSE);
  tb_put_u32(head + 8, (guint32)interface->number, FALSE);
  tb_put_u32(head + 12, (guint32)(ticks >> 32), FALSE);
  tb_put_u32(head + 16, (guint32)ticks, FALSE);
  tb_put_u32(head + 20, event->record->len, FALSE);
  tb_put_u32(head + 24, event->record->orig_len, FALSE);
  writer->counts.packets++;
  if (G_UNLIKELY(total > WRITER_PIECE_BYTES))
    return writer_large_packet(writer, event, head, has_tail ? tail : NULL, error);
  guint8 *p = tb_output_reserve(writer->output, total, error);
  if (!p)
    return FALSE;
  /* The last word first: what follows covers of it all but the padding. */
  memset(p + sizeof head + padded - 4, 0, 4);
  memcpy(p, head, sizeof head);
  if (event->record->len)
    memcpy(p + sizeof head, event->record->data, event->record->len);
  if (has_tail)
    memcpy(p + sizeof head + padded, tail->data, tail->len);
  memcpy(p + total - 4, head + 4, 4);
  tb_output_advance(writer->output, total);
  return TRUE;
}

static gboolean writer_row(TbWriter *writer, const TbItem *event, GError **error)
{
  Writer *priv = writer->priv;
  const WriterInterface *interface =
      writer_get_interface(priv, event->record->source->rank);
  if (interface->number == WRITER_NO_INTERFACE)
    return TRUE;
  if (event->time.ns < 0) {
    writer->counts.out_of_range++;
    return TRUE;
  }
  tb_buf_reset(&priv->block);
  priv->encoding->append(priv->encoder, event, (guint32)interface->number, &priv->block);
  writer->counts.rows++;
  return tb_output_write(writer->output, priv->block.data, priv->block.len, error);
}

static gboolean writer_event(TbWriter *writer, const TbItem *event, GError **error)
{
  const Writer *priv = writer->priv;
  if (G_UNLIKELY(priv->process_blocks.len) && !writer_processes(writer, error))
    return FALSE;
  switch (event->record->kind) {
  case TB_RECORD_PACKET: return writer_packet(writer, event, error);
  case TB_RECORD_EVENT:
  case TB_RECORD_LOST: return writer_row(writer, event, error);
  case TB_RECORD_CARRIED:
    return tb_output_write(writer->output, event->record->data, event->record->len, error);
  case TB_RECORD_HEARTBEAT: break;
  }
  return TRUE;
}

/* --- what stands behind the records --- */

/* Times of a statistics block are ticks of the interface, high word first. */
static void writer_put_statistics_time(const WriterInterface *interface, const guint8 *from,
                                       guint8 *to)
{
  guint64 ticks = (guint64)tb_get_u32(from, FALSE) << 32 | tb_get_u32(from + 4, FALSE);
  if (!interface->own_ticks) {
    gboolean exact;
    gint64 ns = tb_axis_map(&interface->source->clock.axis, tb_pcapng_time_to_ns(&interface->input, ticks, &exact));
    ticks = (guint64)MAX(ns, 0);
  }
  tb_put_u32(to, (guint32)(ticks >> 32), FALSE);
  tb_put_u32(to + 4, (guint32)ticks, FALSE);
}

/* @statistics: 8 bytes of time as in the block, then its options. */
static void writer_append_statistics(const WriterInterface *interface, GBytes *statistics,
                                     TbBuf *buf)
{
  gsize len;
  const guint8 *data = g_bytes_get_data(statistics, &len);
  guint8 time[8];
  if (len < sizeof time)
    return;
  gsize at = tb_pcapng_block_begin(buf, TB_PCAPNG_ISB);
  tb_buf_append_le32(buf, (guint32)interface->number);
  writer_put_statistics_time(interface, data, time);
  tb_buf_append(buf, time, sizeof time);
  TbPcapngOptions walk = { .data = data + sizeof time, .len = len - sizeof time };
  TbPcapngOption option;
  while (tb_pcapng_options_next(&walk, &option)) {
    gboolean is_time = option.code == TB_PCAPNG_ISB_STARTTIME
                       || option.code == TB_PCAPNG_ISB_ENDTIME;
    if (is_time && option.len == sizeof time) {
      writer_put_statistics_time(interface, option.value, time);
      tb_pcapng_option(buf, option.code, time, sizeof time);
    } else {
      tb_pcapng_option(buf, option.code, option.value, option.len);
    }
  }
  if (walk.len)
    tb_pcapng_option_end(buf);
  tb_pcapng_block_end(buf, at);
}

static gboolean writer_finish(TbWriter *writer, GError **error)
{
  Writer *priv = writer->priv;
  tb_buf_reset(&priv->block);
  tb_buf_append(&priv->block, priv->process_blocks.data, priv->process_blocks.len);
  for (guint i = 0; i < writer->sources->len; i++) {
    GBytes *statistics = tb_pcapng_carried(g_ptr_array_index(writer->sources, i))->statistics;
    const WriterInterface *interface = writer_get_interface(priv, i);
    if (statistics && interface->number != WRITER_NO_INTERFACE)
      writer_append_statistics(interface, statistics, &priv->block);
  }
  return tb_output_write(writer->output, priv->block.data, priv->block.len, error);
}

static void writer_close(TbWriter *writer)
{
  Writer *priv = writer->priv;
  if (!priv)
    return;
  if (priv->encoder)
    priv->encoding->free(priv->encoder);
  for (guint i = 0; i < priv->interfaces->len; i++)
    tb_buf_clear(&writer_get_interface(priv, i)->host);
  g_array_unref(priv->interfaces);
  tb_buf_clear(&priv->block);
  tb_buf_clear(&priv->process_blocks);
  tb_pcapng_processes_free(priv->processes);
  tb_pcapng_owners_cache_free(priv->comments);
  g_free(priv);
}

const TbWriterFormat tb_pcapng_writer = {
  .name = "pcapng",
  .description = "pcapng for Wireshark: packets, and system events as journal rows",
  .extension = "pcapng",
  .capabilities = TB_WRITER_EVENTS | TB_WRITER_PACKETS | TB_WRITER_PACKET_LINKS |
                  TB_WRITER_UNCOUNTED,
  .open = writer_open,
  .event = writer_event,
  .add_source = writer_add_source,
  .finish = writer_finish,
  .close = writer_close,
};
