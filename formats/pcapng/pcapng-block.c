/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Building blocks and walking options; see pcapng-block.h. */
#include "pcapng/pcapng-block.h"

gsize tb_pcapng_block_begin(TbBuf *buf, guint32 type)
{
  gsize at = buf->len;
  tb_buf_append_le32(buf, type);
  tb_buf_append_le32(buf, 0);
  return at;
}

static void block_pad(TbBuf *buf, gsize len)
{
  tb_buf_append_fill(buf, 0, tb_pad4(len) - len);
}

void tb_pcapng_block_end(TbBuf *buf, gsize at)
{
  block_pad(buf, buf->len - at);
  guint32 total = (guint32)(buf->len - at + 4);
  tb_buf_append_le32(buf, total);
  tb_put_u32(buf->data + at + 4, total, FALSE);
}

void tb_pcapng_option(TbBuf *buf, guint16 code, const void *value, gsize len)
{
  const guint8 *bytes = value;
  if (len > G_MAXUINT16) {
    len = G_MAXUINT16;
    while (len > G_MAXUINT16 - 4 && (bytes[len] & 0xc0) == 0x80)
      len--;
  }
  tb_buf_append_le16(buf, code);
  tb_buf_append_le16(buf, (guint16)len);
  tb_buf_append(buf, bytes, len);
  block_pad(buf, len);
}

void tb_pcapng_option_str(TbBuf *buf, guint16 code, const char *value)
{
  tb_pcapng_option(buf, code, value, strlen(value));
}

void tb_pcapng_option_end(TbBuf *buf)
{
  tb_buf_append_le32(buf, 0);
}

gboolean tb_pcapng_options_next(TbPcapngOptions *walk, TbPcapngOption *option)
{
  gsize left = walk->len - walk->pos;
  if (left < TB_PCAPNG_OPTION_HEAD) {
    walk->bad = left > 0;
    return FALSE;
  }
  const guint8 *p = walk->data + walk->pos;
  option->code = tb_get_u16(p, walk->big);
  option->len = tb_get_u16(p + 2, walk->big);
  option->value = p + TB_PCAPNG_OPTION_HEAD;
  if (option->code == TB_PCAPNG_OPT_END)
    return FALSE;
  if (tb_pad4(option->len) > left - TB_PCAPNG_OPTION_HEAD) {
    walk->bad = TRUE;
    return FALSE;
  }
  walk->pos += TB_PCAPNG_OPTION_HEAD + tb_pad4(option->len);
  return TRUE;
}

gboolean tb_pcapng_options_find(const guint8 *data, gsize len, guint16 code,
                                TbPcapngOption *option)
{
  TbPcapngOptions walk = { .data = data, .len = len };
  while (tb_pcapng_options_next(&walk, option))
    if (option->code == code)
      return TRUE;
  return FALSE;
}
