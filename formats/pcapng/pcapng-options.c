/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Carrying options and blocks; see pcapng-options.h. */
#include "pcapng/pcapng-options.h"

#include "pcapng/pcapng-block.h"

enum {
  OPTIONS_OLD_PACKET_FLAGS = 2,
  OPTIONS_NAMES_END = 0,
  OPTIONS_SECRETS_HEAD = 8,
  /* Verdicts of Linux's eBPF hooks are one 64-bit number behind the type. */
  OPTIONS_VERDICT_TC = 1,
  OPTIONS_VERDICT_XDP = 2,
};

/* How many bytes each number of the option has; 0 = bytes, not numbers. */
static guint options_number_size(guint16 code, TbPcapngOptionsOf where)
{
  switch (where) {
  case TB_PCAPNG_IN_INTERFACE:
    if (code == TB_PCAPNG_IF_SPEED || code == TB_PCAPNG_IF_TSOFFSET
        || code == TB_PCAPNG_IF_TXSPEED || code == TB_PCAPNG_IF_RXSPEED)
      return 8;
    return code == TB_PCAPNG_IF_TZONE ? 4 : 0;
  case TB_PCAPNG_IN_PACKET:
    if (code == TB_PCAPNG_EPB_DROPCOUNT || code == TB_PCAPNG_EPB_PACKETID)
      return 8;
    return code == TB_PCAPNG_EPB_FLAGS || code == TB_PCAPNG_EPB_QUEUE
                   || code == TB_PCAPNG_EPB_PROCESS || code == TB_PCAPNG_EPB_DARWIN_PROCESS
                   || code == TB_PCAPNG_EPB_DARWIN_EFFECTIVE
               ? 4
               : 0;
  case TB_PCAPNG_IN_OLD_PACKET: return code == OPTIONS_OLD_PACKET_FLAGS ? 4 : 0;
  case TB_PCAPNG_IN_STATISTICS: /* two words for a time, one 64-bit number for a count */
    if (code == TB_PCAPNG_ISB_STARTTIME || code == TB_PCAPNG_ISB_ENDTIME)
      return 4;
    return code > TB_PCAPNG_ISB_ENDTIME && code <= TB_PCAPNG_ISB_USRDELIV ? 8 : 0;
  case TB_PCAPNG_IN_OTHER: break;
  }
  return 0;
}

static gboolean options_is_custom(guint16 code)
{
  return code == TB_PCAPNG_OPT_CUSTOM_STRING || code == TB_PCAPNG_OPT_CUSTOM_BYTES
         || code == TB_PCAPNG_OPT_CUSTOM_STRING_PRIVATE
         || code == TB_PCAPNG_OPT_CUSTOM_BYTES_PRIVATE;
}

static void options_swap(guint8 *bytes, guint size)
{
  for (guint i = 0; i < size / 2; i++) {
    guint8 c = bytes[i];
    bytes[i] = bytes[size - 1 - i];
    bytes[size - 1 - i] = c;
  }
}

static void options_swap_value(guint8 *value, guint16 code, guint16 len, TbPcapngOptionsOf where)
{
  guint size = options_number_size(code, where);
  if (options_is_custom(code) && len >= 4)
    options_swap(value, 4); /* the enterprise number; what follows is its owner's business */
  for (guint at = 0; size && at + size <= len; at += size)
    options_swap(value + at, size);
  if (where == TB_PCAPNG_IN_PACKET && code == TB_PCAPNG_EPB_VERDICT && len == 9
      && (value[0] == OPTIONS_VERDICT_TC || value[0] == OPTIONS_VERDICT_XDP))
    options_swap(value + 1, 8);
}

void tb_pcapng_option_carry(TbBuf *out, guint16 code, const guint8 *value, guint16 len,
                            gboolean big, TbPcapngOptionsOf where)
{
  /* Not to be copied by whoever changes the file, says the format. */
  if (code == TB_PCAPNG_OPT_CUSTOM_STRING_PRIVATE || code == TB_PCAPNG_OPT_CUSTOM_BYTES_PRIVATE)
    return;
  tb_pcapng_option(out, code, value, len);
  if (big && len)
    options_swap_value(out->data + out->len - tb_pad4(len), code, len, where);
}

gboolean tb_pcapng_options_carry(TbBuf *out, const guint8 *data, gsize len, gboolean big,
                                 TbPcapngOptionsOf where)
{
  TbPcapngOptions walk = { .data = data, .len = len, .big = big };
  TbPcapngOption option;
  while (tb_pcapng_options_next(&walk, &option))
    tb_pcapng_option_carry(out, option.code, option.value, option.len, big, where);
  return !walk.bad;
}

static gboolean options_carry_tail(TbBuf *out, gsize at, const guint8 *data, gsize len,
                                   gboolean big)
{
  gsize options_at = out->len;
  if (!tb_pcapng_options_carry(out, data, len, big, TB_PCAPNG_IN_OTHER)) {
    out->len = at;
    return FALSE;
  }
  if (out->len > options_at)
    tb_pcapng_option_end(out);
  tb_pcapng_block_end(out, at);
  return TRUE;
}

gboolean tb_pcapng_names_carry(TbBuf *out, const guint8 *data, gsize len, gboolean big)
{
  gsize block_at = tb_pcapng_block_begin(out, TB_PCAPNG_NRB), at = 0;
  for (;;) {
    if (len - at < TB_PCAPNG_OPTION_HEAD)
      break;
    guint16 code = tb_get_u16(data + at, big), size = tb_get_u16(data + at + 2, big);
    at += TB_PCAPNG_OPTION_HEAD;
    if (code == OPTIONS_NAMES_END) {
      tb_pcapng_option_end(out);
      return options_carry_tail(out, block_at, data + at, len - at, big);
    }
    if (tb_pad4(size) > len - at)
      break;
    tb_pcapng_option(out, code, data + at, size);
    at += tb_pad4(size);
  }
  out->len = block_at;
  return FALSE;
}

gboolean tb_pcapng_secrets_carry(TbBuf *out, const guint8 *data, gsize len, gboolean big)
{
  if (len < OPTIONS_SECRETS_HEAD)
    return FALSE;
  guint32 size = tb_get_u32(data + 4, big);
  if (size > len - OPTIONS_SECRETS_HEAD || tb_pad4(size) > len - OPTIONS_SECRETS_HEAD)
    return FALSE;
  gsize at = tb_pcapng_block_begin(out, TB_PCAPNG_DSB);
  gsize end = OPTIONS_SECRETS_HEAD + tb_pad4(size);
  tb_buf_append_le32(out, tb_get_u32(data, big));
  tb_buf_append_le32(out, size);
  tb_buf_append(out, data + OPTIONS_SECRETS_HEAD, size);
  tb_buf_append_fill(out, 0, tb_pad4(size) - size);
  return options_carry_tail(out, at, data + end, len - end, big);
}

void tb_pcapng_opaque_carry(TbBuf *out, guint32 type, const guint8 *data, gsize len)
{
  gsize at = tb_pcapng_block_begin(out, type);
  tb_buf_append(out, data, len);
  tb_pcapng_block_end(out, at);
}
