/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The writer of classic pcap files; see pcap.h and docs/format-pcap.md, "Writing".
 * Files are always little-endian, version 2.4. Knows nothing of where packets
 * come from besides their source's link type and resolution.
 */
#include "pcap/pcap.h"

#include "base/bytes.h"
#include "pcap/capture.h"

enum {
  PCAP_TSRESOL_BASE2 = 0x80, /* bit 7 of if_tsresol: a power of 2 */
  PCAP_TSRESOL_US = 6,
  PCAP_TSRESOL_NS = 9,
  PCAP_BASE2_EXACT_US = 6, /* 2^-6 s is a whole number of microseconds, 2^-7 s is not */
  PCAP_BASE2_EXACT_NS = 9, /* the same for nanoseconds */
};

typedef struct {
  guint32 link_type;
  guint32 max_caplen;
  gboolean ns;
  guint8 *finer; /* by rank: whether the source's ticks can lie between two nanoseconds */
  guint n_finer;
} PcapWriter;

static gboolean pcap_writer_is_finer(const TbSource *source, guint8 decimal, guint8 base2)
{
  guint8 exponent = source->clock.tsresol & ~PCAP_TSRESOL_BASE2;
  return exponent > (source->clock.tsresol & PCAP_TSRESOL_BASE2 ? base2 : decimal);
}

/* Whether a source's times need nanoseconds: by its resolution, or by how it was moved. */
static gboolean pcap_writer_needs_ns(const TbSource *source)
{
  return pcap_writer_is_finer(source, PCAP_TSRESOL_US, PCAP_BASE2_EXACT_US)
         || source->clock.axis.rate != 1.0 || source->clock.axis.offset_ns % 1000 != 0;
}

/* Packet sources of the output; those known to be empty do not matter when others are not. */
static GPtrArray *pcap_writer_list_sources(const TbWriter *writer)
{
  g_autoptr(GPtrArray) all = g_ptr_array_new();
  g_autoptr(GPtrArray) filled = g_ptr_array_new();
  for (guint i = 0; i < writer->sources->len; i++) {
    TbSource *source = g_ptr_array_index(writer->sources, i);
    if (source->class != TB_SOURCE_PACKETS)
      continue;
    g_ptr_array_add(all, source);
    if (source->counts.records)
      g_ptr_array_add(filled, source);
  }
  return filled->len ? g_steal_pointer(&filled) : g_steal_pointer(&all);
}

static gboolean pcap_writer_refuse_mix(const TbWriter *writer, const GPtrArray *sources,
                                       GError **error)
{
  enum { SHOWN = 8 };
  g_autoptr(GString) list = g_string_new(NULL);
  for (guint i = 0; i < MIN(sources->len, SHOWN); i++) {
    const TbSource *source = g_ptr_array_index(sources, i);
    g_autofree char *name = tb_source_dup_interface_name(source);
    g_autofree char *link_type = tb_capture_dup_link_type_name(source->link.type);
    g_string_append_printf(list, "%s%s is %s", i ? ", " : "", name, link_type);
  }
  if (sources->len > SHOWN)
    g_string_append_printf(list, " and %u more", sources->len - SHOWN);
  tb_error_set(error, TB_ERROR_UNSUPPORTED, tb_output_get_name(writer->output), TB_OFFSET_NONE,
               "a pcap file holds one link type, these interfaces have several: %s; write pcapng, "
               "or convert inputs of one link type at a time", list->str);
  return FALSE;
}

/* The FCS length all sources agree on, as bits of the link-type word; 0 = not stated. */
static guint32 pcap_writer_fcs_word(const GPtrArray *sources)
{
  guint32 word = 0;
  for (guint i = 0; i < sources->len; i++) {
    const TbSource *source = g_ptr_array_index(sources, i);
    guint32 own = 0;
    if (source->link.fcs_bits >= 0 && source->link.fcs_bits % 16 == 0)
      own = PCAP_FCS_PRESENT | (guint32)(source->link.fcs_bits / 16) << PCAP_FCS_SHIFT;
    if (i > 0 && own != word)
      return 0;
    word = own;
  }
  return word;
}

static guint32 pcap_writer_snaplen(const GPtrArray *sources, guint32 max_caplen)
{
  guint32 snaplen = 0;
  for (guint i = 0; i < sources->len; i++) {
    const TbSource *source = g_ptr_array_index(sources, i);
    if (source->link.snaplen == 0)
      return max_caplen;
    snaplen = MAX(snaplen, source->link.snaplen);
  }
  return MIN(snaplen, max_caplen);
}

static gboolean pcap_writer_choose_resolution(TbWriter *writer, const GPtrArray *sources,
                                              GError **error)
{
  PcapWriter *pcap = writer->priv;
  const char *wish = tb_writer_get_setting(writer, "pcap-resolution");
  pcap->ns = g_strcmp0(wish, "ns") == 0;
  if (wish && !pcap->ns && g_strcmp0(wish, "us") != 0) {
    tb_error_set(error, TB_ERROR_UNSUPPORTED, tb_output_get_name(writer->output), TB_OFFSET_NONE,
                 "resolution '%s' of a pcap file: us or ns expected", wish);
    return FALSE;
  }
  for (guint i = 0; i < sources->len && !wish; i++)
    pcap->ns = pcap->ns || pcap_writer_needs_ns(g_ptr_array_index(sources, i));
  return TRUE;
}

static gboolean pcap_writer_write_header(TbWriter *writer, const GPtrArray *sources,
                                         GError **error)
{
  const PcapWriter *pcap = writer->priv;
  guint8 header[PCAP_FILE_HEADER_BYTES] = { 0 };
  tb_put_u32(header, pcap->ns ? PCAP_MAGIC_NS : PCAP_MAGIC_US, FALSE);
  tb_put_u16(header + 4, 2, FALSE);
  tb_put_u16(header + 6, 4, FALSE);
  tb_put_u32(header + 16, pcap_writer_snaplen(sources, pcap->max_caplen), FALSE);
  tb_put_u32(header + 20, pcap->link_type | pcap_writer_fcs_word(sources), FALSE);
  return tb_output_write(writer->output, header, sizeof header, error);
}

static gboolean pcap_writer_open(TbWriter *writer, GError **error)
{
  PcapWriter *pcap = g_new0(PcapWriter, 1);
  writer->priv = pcap;
  g_autoptr(GPtrArray) sources = pcap_writer_list_sources(writer);
  const char *name = tb_output_get_name(writer->output);
  if (sources->len == 0) {
    tb_error_set(error, TB_ERROR_UNSUPPORTED, name, TB_OFFSET_NONE,
                 "a pcap file holds packets only, and the inputs have no packet interface");
    return FALSE;
  }
  pcap->link_type = ((const TbSource *)g_ptr_array_index(sources, 0))->link.type;
  for (guint i = 1; i < sources->len; i++)
    if (((const TbSource *)g_ptr_array_index(sources, i))->link.type != pcap->link_type)
      return pcap_writer_refuse_mix(writer, sources, error);
  if (pcap->link_type > PCAP_LINK_TYPE_MASK) {
    tb_error_set(error, TB_ERROR_UNSUPPORTED, name, TB_OFFSET_NONE,
                 "link type %u does not fit a pcap file's 16 bits", pcap->link_type);
    return FALSE;
  }
  pcap->max_caplen = tb_capture_get_max_caplen(pcap->link_type, writer->limits);
  return pcap_writer_choose_resolution(writer, sources, error)
         && pcap_writer_write_header(writer, sources, error);
}

static gboolean pcap_writer_put(TbOutput *output, const guint8 *head, const guint8 *data,
                                guint32 caplen, GError **error)
{
  return tb_output_write(output, head, PCAP_RECORD_HEADER_BYTES, error)
         && tb_output_write(output, data, caplen, error);
}

static gboolean pcap_writer_event(TbWriter *writer, const TbItem *event, GError **error)
{
  PcapWriter *pcap = writer->priv;
  const TbRecord *record = event->record;
  const TbSource *source = record->source;
  if (G_UNLIKELY(event->record->kind != TB_RECORD_PACKET)) {
    writer->counts.stripped += event->record->kind == TB_RECORD_CARRIED;
    return TRUE;
  }
  if (G_UNLIKELY(source->link.type != pcap->link_type))
    return pcap_writer_refuse_mix(writer, writer->sources, error);
  guint64 seconds = (guint64)event->time.ns / 1000000000;
  guint32 fraction = (guint32)((guint64)event->time.ns % 1000000000);
  if (G_UNLIKELY(event->time.ns < 0 || seconds > G_MAXUINT32)) {
    writer->counts.out_of_range++;
    return TRUE;
  }
  guint32 caplen = event->record->len;
  if (G_UNLIKELY(caplen > pcap->max_caplen)) {
    caplen = pcap->max_caplen;
    writer->counts.truncated++;
  }
  gboolean inexact = (!pcap->ns && fraction % 1000 != 0) || record->flags & TB_RECORD_INEXACT;
  writer->counts.inexact += inexact;
  writer->counts.stripped += event->owners || (record->payload && record->payload->len) ||
                             record->flags & (TB_RECORD_INBOUND | TB_RECORD_OUTBOUND);
  writer->counts.packets++;
  guint8 head[PCAP_RECORD_HEADER_BYTES];
  tb_put_u32(head, (guint32)seconds, FALSE);
  tb_put_u32(head + 4, pcap->ns ? fraction : fraction / 1000, FALSE);
  tb_put_u32(head + 8, caplen, FALSE);
  tb_put_u32(head + 12, event->record->orig_len, FALSE);
  return pcap_writer_put(writer->output, head, event->record->data, caplen, error);
}

static gboolean pcap_writer_finish(TbWriter *writer, GError **error)
{
  return TRUE;
}

static void pcap_writer_close(TbWriter *writer)
{
  PcapWriter *pcap = writer->priv;
  if (!pcap)
    return;
  g_free(pcap->finer);
  g_free(pcap);
}

const TbWriterFormat tb_pcap_writer = {
  .name = "pcap",
  .description = "classic packet capture of one link type, for tcpdump, Zeek and Suricata",
  .extension = "pcap",
  .capabilities = TB_WRITER_PACKETS,
  .open = pcap_writer_open,
  .event = pcap_writer_event,
  .finish = pcap_writer_finish,
  .close = pcap_writer_close,
};
