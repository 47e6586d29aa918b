/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Ends of connections in events; see tracecmd-addresses.h. */
#include "tracecmd/tracecmd-addresses.h"

#include <string.h>

/* Linux's own numbers, whatever the system this runs on. */
enum { ADDRESSES_AF_INET = 2, ADDRESSES_AF_INET6 = 10, ADDRESSES_PROTOCOL_TCP = 6 };

struct _TcAddresses {
  const TbField *local, *remote;   /* 4 bytes, or a whole sockaddr */
  const TbField *local6, *remote6; /* (nullable) 16 bytes */
  const TbField *local_port, *remote_port, *family;
  const TbField *protocol; /* (nullable) */
  gboolean sockaddr; /* tcp_probe keeps a struct sockaddr_in or sockaddr_in6 */
};

TcAddresses *tc_addresses_new(const TbEventType *type)
{
  TcAddresses a = {
    .local = tb_event_type_find_field(type, "saddr"),
    .remote = tb_event_type_find_field(type, "daddr"),
    .local6 = tb_event_type_find_field(type, "saddr_v6"),
    .remote6 = tb_event_type_find_field(type, "daddr_v6"),
    .local_port = tb_event_type_find_field(type, "sport"),
    .remote_port = tb_event_type_find_field(type, "dport"),
    .family = tb_event_type_find_field(type, "family"),
    .protocol = tb_event_type_find_field(type, "protocol"),
  };
  if (!a.local || !a.remote || !a.local_port || !a.remote_port ||
      a.local->size != a.remote->size)
    return NULL;
  a.sockaddr = a.local->size == 28;
  gboolean pair = a.local->size == 4 && a.local6 && a.remote6 && a.local6->size == 16 &&
                  a.remote6->size == 16 && a.family;
  return a.sockaddr || pair ? g_memdup2(&a, sizeof a) : NULL;
}

void tc_addresses_free(TcAddresses *addresses)
{
  g_free(addresses);
}

static gint64 addresses_number(const TbField *field, const TbRecord *event, gint64 missing)
{
  gint64 value;
  return field && tb_field_get_int(field, event, &value) ? value : missing;
}

/* The bytes of one address by family; NULL where the payload ends before them. */
static const guint8 *addresses_bytes(const TcAddresses *a, const TbRecord *event, gint64 family,
                                     gboolean remote)
{
  gboolean wide = family == ADDRESSES_AF_INET6;
  const TbField *field = remote ? (wide && !a->sockaddr ? a->remote6 : a->remote)
                                : (wide && !a->sockaddr ? a->local6 : a->local);
  guint32 skip = !a->sockaddr ? 0 : wide ? 8 : 4; /* family, port, and IPv6's flow */
  guint64 end = (guint64)field->offset + skip + (wide ? 16 : 4);
  return end <= event->len ? event->data + field->offset + skip : NULL;
}

/* The family: of the socket, else of the sockaddr's first word. */
static gint64 addresses_family(const TcAddresses *a, const TbRecord *event)
{
  if (!a->sockaddr)
    return addresses_number(a->family, event, 0);
  if ((guint64)a->local->offset + 2 > event->len)
    return 0;
  return tb_get_u16(event->data + a->local->offset, event->type->big);
}

static gboolean addresses_is_mapped(const guint8 *p)
{
  static const guint8 prefix[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };
  return memcmp(p, prefix, sizeof prefix) == 0;
}

gboolean tc_addresses_get(const TcAddresses *a, const TbRecord *event, TbAddresses *out)
{
  static const guint8 nothing[16];
  gint64 family = addresses_family(a, event);
  if (family != ADDRESSES_AF_INET && family != ADDRESSES_AF_INET6)
    return FALSE;
  const guint8 *local = addresses_bytes(a, event, family, FALSE);
  const guint8 *remote = addresses_bytes(a, event, family, TRUE);
  gsize len = family == ADDRESSES_AF_INET6 ? 16 : 4;
  if (!local || !remote || (!memcmp(local, nothing, len) && !memcmp(remote, nothing, len)))
    return FALSE;
  if (len == 16 && addresses_is_mapped(remote) && addresses_is_mapped(local)) {
    local += 12;
    remote += 12;
    len = 4;
  }
  *out = (TbAddresses){ .family = len == 4 ? 4 : 6, .to_remote = TRUE };
  out->protocol = (guint8)addresses_number(a->protocol, event, ADDRESSES_PROTOCOL_TCP);
  memcpy(out->local, local, len);
  memcpy(out->remote, remote, len);
  out->local_port = (guint16)addresses_number(a->local_port, event, 0);
  out->remote_port = (guint16)addresses_number(a->remote_port, event, 0);
  return TRUE;
}
