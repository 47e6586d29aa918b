/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Buffers of the network stack, as the events of net, tcp and sock tell of them. An event says all
 * by itself, so that nothing is remembered.
 */
#include "decode/linux/linux-parts.h"

#include <string.h>

enum { BUFFER_LOCATOR_BYTES = 4 };

static const struct {
  const char *system;
  const char *name;
  TbFactKind kind;
} buffer_events[] = {
  { "net", "net_dev_queue", TB_FACT_BUFFER_QUEUED },
  { "net", "net_dev_start_xmit", TB_FACT_BUFFER_STARTED },
  { "net", "net_dev_xmit", TB_FACT_BUFFER_SENT },
  { "net", "netif_rx_entry", TB_FACT_BUFFER_ARRIVED },
  { "net", "napi_gro_receive_entry", TB_FACT_BUFFER_ARRIVED },
  { "net", "napi_gro_frags_entry", TB_FACT_BUFFER_ARRIVED },
  { "net", "netif_receive_skb_entry", TB_FACT_BUFFER_ENTERED },
  { "net", "netif_receive_skb_list_entry", TB_FACT_BUFFER_ENTERED },
  { "net", "netif_rx", TB_FACT_BUFFER_PASSED },
  { "net", "netif_receive_skb", TB_FACT_BUFFER_RECEIVED },
  { "tcp", "tcp_probe", TB_FACT_STACK_GOES_ON },
  { "tcp", "tcp_receive_reset", TB_FACT_STACK_GOES_ON },
  { "sock", "inet_sock_set_state", TB_FACT_STACK_GOES_ON },
  { "sock", "sk_data_ready", TB_FACT_STACK_GOES_ON },
};

/**
 * BufferNumber: where a number of 4 or 8 bytes stands
 * @size: 0 = nowhere
 */
typedef struct {
  guint32 offset;
  guint32 size;
  gboolean is_signed;
} BufferNumber;

/* @locator: of @device, where that is a text as the kernel's events have it */
typedef struct {
  TbFactKind kind;
  guint32 point;
  gboolean big;
  BufferNumber buffer;
  BufferNumber len;
  BufferNumber network;
  BufferNumber locator;
  const TbField *device;
} BufferPlan;

static BufferNumber buffer_number(const TbEventType *type, const char *name)
{
  const TbField *field = tb_event_type_find_field(type, name);
  gboolean fits = field && (field->kind == TB_FIELD_UINT || field->kind == TB_FIELD_INT) &&
                  (field->size == 4 || field->size == 8);
  return fits ? (BufferNumber){ field->offset, field->size, field->kind == TB_FIELD_INT }
              : (BufferNumber){ 0 };
}

static guint64 buffer_bind(const TbEventType *type, gpointer data)
{
  BufferPlan *plan = data;
  guint at = 0;
  while (at < G_N_ELEMENTS(buffer_events) &&
         !tb_event_type_is(type, buffer_events[at].system, buffer_events[at].name))
    at++;
  if (at == G_N_ELEMENTS(buffer_events))
    return 0;
  plan->kind = buffer_events[at].kind;
  plan->point = at;
  plan->big = type->big;
  plan->buffer = buffer_number(type, "skbaddr");
  plan->len = buffer_number(type, "len");
  plan->network = buffer_number(type, "network_offset");
  plan->device = tb_event_type_find_field(type, "name");
  if (plan->device && plan->device->kind == TB_FIELD_DYNAMIC && plan->device->is_string)
    plan->locator = (BufferNumber){ plan->device->offset, BUFFER_LOCATOR_BYTES, FALSE };
  /* Without a length an event only says that something happened behind another. */
  if (!plan->len.size && plan->kind != TB_FACT_BUFFER_ARRIVED && plan->kind != TB_FACT_BUFFER_SENT)
    plan->kind = TB_FACT_STACK_GOES_ON;
  return TB_FACT_BIT(plan->kind);
}

static inline gboolean buffer_read(const BufferPlan *plan, BufferNumber at, const TbRecord *record,
                                   gint64 *out)
{
  if (G_UNLIKELY(at.size == 0 || at.offset > record->len || at.size > record->len - at.offset))
    return FALSE;
  const guint8 *p = record->data + at.offset;
  if (at.size == 8)
    *out = (gint64)tb_get_u64(p, plan->big);
  else
    *out = at.is_signed ? (gint64)(gint32)tb_get_u32(p, plan->big) : tb_get_u32(p, plan->big);
  return TRUE;
}

static G_GNUC_NO_INLINE void buffer_ask_device(const BufferPlan *plan, const TbRecord *record,
                                               TbName *out)
{
  const guint8 *bytes;
  if (plan->device && tb_field_get_bytes(plan->device, record, &bytes, &out->len))
    out->bytes = (const char *)bytes;
}

/* A text that ends where its NUL stands is what the kernel writes; all else is asked of the field. */
static inline void buffer_read_device(const BufferPlan *plan, const TbRecord *record, TbName *out)
{
  gint64 word;
  if (G_LIKELY(buffer_read(plan, plan->locator, record, &word))) {
    guint32 at = (guint32)word & 0xffff, len = (guint32)word >> 16;
    const char *bytes = (const char *)record->data + at;
    if (G_LIKELY(len > 0 && at <= record->len && len <= record->len - at)) {
      const char *nul = memchr(bytes, 0, len);
      *out = (TbName){ bytes, nul ? (gsize)(nul - bytes) : len };
      return;
    }
  }
  buffer_ask_device(plan, record, out);
}

static void buffer_decode(gconstpointer data, gpointer state, const TbRecord *record,
                          TbFactSink *sink)
{
  const BufferPlan *plan = data;
  TbFact fact = { .kind = plan->kind };
  if (plan->kind != TB_FACT_STACK_GOES_ON) {
    gint64 buffer = 0;
    TbBufferFact *told = &fact.buffer;
    buffer_read(plan, plan->buffer, record, &buffer);
    told->buffer = (guint64)buffer;
    told->point = plan->point;
    told->has_len = buffer_read(plan, plan->len, record, &told->len);
    told->has_network = buffer_read(plan, plan->network, record, &told->network);
    buffer_read_device(plan, record, &told->device);
  }
  tb_fact_tell(sink, &fact);
}

const LinuxPart linux_buffer_part = {
  .plan_size = sizeof(BufferPlan),
  .bind = buffer_bind,
  .decode = buffer_decode,
};
