/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Link types, names and keys of captures; see capture.h. */
#include "pcap/capture.h"

#include "base/bytes.h"
#include "base/escape.h"

#include <string.h>

/* Factor over the record limit for link types whose packets are messages. */
enum { CAPTURE_JUMBO_FACTOR = 8 };

enum {
  LINK_USB_LINUX_MMAPPED = 220,
  LINK_DBUS = 231,
  LINK_USBPCAP = 249,
};

static const struct {
  guint32 number;
  const char *name;
} capture_link_names[] = {
  { 0, "BSD loopback" },       { 1, "Ethernet" },
  { 6, "Token Ring" },         { 8, "SLIP" },
  { 9, "PPP" },                { 10, "FDDI" },
  { 50, "PPP, HDLC framing" }, { 51, "PPPoE" },
  { 100, "ATM" },              { 101, "raw IP" },
  { 104, "Cisco HDLC" },       { 105, "IEEE 802.11" },
  { 107, "Frame Relay" },      { 108, "OpenBSD loopback" },
  { 113, "Linux cooked v1" },  { 117, "OpenBSD pflog" },
  { 119, "802.11 with Prism" }, { 127, "802.11 with radiotap" },
  { 147, "user 0" },           { 189, "Linux USB" },
  { 195, "IEEE 802.15.4" },    { 201, "Bluetooth HCI" },
  { 220, "Linux USB, mmapped" }, { 227, "SocketCAN" },
  { 228, "raw IPv4" },         { 229, "raw IPv6" },
  { 231, "D-Bus" },            { 239, "NFLOG" },
  { 249, "USBPcap" },          { 252, "Wireshark upper PDU" },
  { 253, "Linux netlink" },    { 276, "Linux cooked v2" },
};

guint32 tb_capture_get_max_caplen(guint32 link_type, const TbLimits *limits)
{
  gboolean jumbo = link_type == LINK_USB_LINUX_MMAPPED || link_type == LINK_DBUS
                   || link_type == LINK_USBPCAP;
  /* Both stay below 2^31, so that a length plus its header fits a gsize everywhere. */
  if (jumbo)
    return (guint32)MIN(MIN(limits->record_bytes, G_MAXINT32 / CAPTURE_JUMBO_FACTOR)
                            * CAPTURE_JUMBO_FACTOR,
                        (guint64)G_MAXINT32);
  return (guint32)MIN(limits->record_bytes, (guint64)TB_CAPTURE_STANDARD_BYTES);
}

guint32 tb_capture_map_link_type(guint32 word)
{
  switch (word) {
  case 11: return 100; /* ATM with LLC/SNAP */
  case 12:             /* raw IP nearly everywhere */
  case 14: return 101; /* raw IP on OpenBSD */
  case 19: return 106; /* Linux classical IP over ATM */
  default: return word;
  }
}

char *tb_capture_dup_link_type_name(guint32 link_type)
{
  for (guint i = 0; i < G_N_ELEMENTS(capture_link_names); i++)
    if (capture_link_names[i].number == link_type)
      return g_strdup_printf("%u (%s)", link_type, capture_link_names[i].name);
  return g_strdup_printf("%u", link_type);
}

char *tb_capture_dup_file_name(const char *input_name)
{
  g_autofree char *base = g_path_get_basename(input_name);
  return tb_escape_dup(base);
}

static void capture_strip_suffix(char *name, const char *suffix)
{
  gsize len = strlen(name), suffix_len = strlen(suffix);
  if (len > suffix_len && g_ascii_strcasecmp(name + len - suffix_len, suffix) == 0)
    name[len - suffix_len] = 0;
}

char *tb_capture_dup_source_name(const char *input_name)
{
  char *name = tb_capture_dup_file_name(input_name);
  if (g_str_equal(input_name, "standard input") || g_str_equal(name, "/")
      || g_str_equal(name, "."))
    *name = 0;
  capture_strip_suffix(name, ".gz");
  capture_strip_suffix(name, ".zst");
  char *dot = strrchr(name, '.');
  if (dot && dot > name)
    *dot = 0;
  if (*name)
    return name;
  g_free(name);
  return g_strdup("pcap");
}

gboolean tb_capture_key_add(TbCaptureKey *key, const TbRecord *event)
{
  if (key->n == TB_CAPTURE_KEY_PACKETS)
    return FALSE;
  if (!key->sum)
    key->sum = g_checksum_new(G_CHECKSUM_SHA256);
  guint8 head[16];
  tb_put_u64(head, (guint64)event->time.ns, FALSE);
  tb_put_u32(head + 8, event->len, FALSE);
  tb_put_u32(head + 12, event->orig_len, FALSE);
  g_checksum_update(key->sum, head, sizeof head);
  if (event->len)
    g_checksum_update(key->sum, event->data, event->len);
  return ++key->n < TB_CAPTURE_KEY_PACKETS;
}

void tb_capture_key_finish(TbCaptureKey *key, TbSource *source)
{
  if (!key->sum)
    key->sum = g_checksum_new(G_CHECKSUM_SHA256);
  guint8 digest[32];
  gsize len = sizeof digest;
  g_checksum_get_digest(key->sum, digest, &len);
  g_snprintf(source->key, sizeof source->key, "%02x%02x%02x%02x", digest[0], digest[1],
             digest[2], digest[3]);
  tb_capture_key_clear(key);
}

void tb_capture_key_clear(TbCaptureKey *key)
{
  g_clear_pointer(&key->sum, g_checksum_free);
  key->n = 0;
}
