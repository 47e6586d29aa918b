/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The layout of pcapng blocks and options: numbers, and helpers that build
 * them in a TbBuf, always little-endian. Knows nothing of what is inside a
 * packet and nothing of the model.
 */
#pragma once

#include "base/buf.h"
#include "base/bytes.h"

#include <glib.h>

G_BEGIN_DECLS

enum {
  TB_PCAPNG_IDB = 0x00000001,
  TB_PCAPNG_PB = 0x00000002, /* the old packet block */
  TB_PCAPNG_SPB = 0x00000003,
  TB_PCAPNG_NRB = 0x00000004,
  TB_PCAPNG_ISB = 0x00000005,
  TB_PCAPNG_EPB = 0x00000006,
  TB_PCAPNG_JOURNAL = 0x00000009,
  TB_PCAPNG_DSB = 0x0000000a,
  TB_PCAPNG_CUSTOM = 0x00000bad,
  TB_PCAPNG_SHB = 0x0a0d0d0a,
};
/* These do not fit an int. */
#define TB_PCAPNG_CUSTOM_PRIVATE 0x40000badu /* custom block that must not be copied */
#define TB_PCAPNG_DARWIN_PROCESS 0x80000001u
#define TB_PCAPNG_MACHINE_INFO 0x80000003u

#define TB_PCAPNG_BYTE_ORDER 0x1a2b3c4du

/* Bytes of a block's type and two lengths; of an option's code and length. */
enum { TB_PCAPNG_BLOCK_FRAME = 12, TB_PCAPNG_OPTION_HEAD = 4, TB_PCAPNG_EPB_HEAD = 28 };

/* Options of every block. */
enum {
  TB_PCAPNG_OPT_END = 0,
  TB_PCAPNG_OPT_COMMENT = 1,
  TB_PCAPNG_OPT_CUSTOM_STRING = 2988,
  TB_PCAPNG_OPT_CUSTOM_BYTES = 2989,
  TB_PCAPNG_OPT_CUSTOM_STRING_PRIVATE = 19372,
  TB_PCAPNG_OPT_CUSTOM_BYTES_PRIVATE = 19373,
};

enum { TB_PCAPNG_SHB_HARDWARE = 2, TB_PCAPNG_SHB_OS = 3, TB_PCAPNG_SHB_USERAPPL = 4 };

enum {
  TB_PCAPNG_IF_NAME = 2,
  TB_PCAPNG_IF_DESCRIPTION = 3,
  TB_PCAPNG_IF_SPEED = 8,
  TB_PCAPNG_IF_TSRESOL = 9,
  TB_PCAPNG_IF_TZONE = 10,
  TB_PCAPNG_IF_OS = 12,
  TB_PCAPNG_IF_FCSLEN = 13,
  TB_PCAPNG_IF_TSOFFSET = 14,
  TB_PCAPNG_IF_HARDWARE = 15,
  TB_PCAPNG_IF_TXSPEED = 16,
  TB_PCAPNG_IF_RXSPEED = 17,
};

enum {
  TB_PCAPNG_EPB_FLAGS = 2,
  TB_PCAPNG_EPB_HASH = 3,
  TB_PCAPNG_EPB_DROPCOUNT = 4,
  TB_PCAPNG_EPB_PACKETID = 5,
  TB_PCAPNG_EPB_QUEUE = 6,
  TB_PCAPNG_EPB_VERDICT = 7,
  TB_PCAPNG_EPB_PROCESS = 8,
  TB_PCAPNG_EPB_DARWIN_PROCESS = 0x8001,
  TB_PCAPNG_EPB_DARWIN_EFFECTIVE = 0x8003,
};

enum { TB_PCAPNG_ISB_STARTTIME = 2, TB_PCAPNG_ISB_ENDTIME = 3, TB_PCAPNG_ISB_USRDELIV = 8 };

/* Options of the machine-info block. */
enum {
  TB_PCAPNG_MACHINE_HOST = 1,
  TB_PCAPNG_MACHINE_OS = 2,
  TB_PCAPNG_MACHINE_OS_VERSION = 3,
  TB_PCAPNG_MACHINE_ARCH = 4,
  TB_PCAPNG_MACHINE_CPUS = 5,
};

/* The link type of rows: Wireshark upper PDU. */
enum { TB_PCAPNG_LINK_UPPER_PDU = 252 };

/** tb_pcapng_block_begin: starts a block; Returns: its place, for tb_pcapng_block_end() */
gsize tb_pcapng_block_begin(TbBuf *buf, guint32 type);
/** tb_pcapng_block_end: pads the block that starts at @at and writes both its lengths */
void tb_pcapng_block_end(TbBuf *buf, gsize at);

/** tb_pcapng_option: one option; a value longer than 65,535 bytes is cut at a character's start */
void tb_pcapng_option(TbBuf *buf, guint16 code, const void *value, gsize len);
void tb_pcapng_option_str(TbBuf *buf, guint16 code, const char *value);
/** tb_pcapng_option_end: the end mark; a block without any option has none */
void tb_pcapng_option_end(TbBuf *buf);

/** tb_pcapng_epb_begin: head of a packet block whose lengths come with tb_pcapng_epb_end() */
static inline gsize tb_pcapng_epb_begin(TbBuf *buf, guint32 interface, guint64 ticks)
{
  gsize at = buf->len;
  guint8 *p = tb_buf_reserve(buf, TB_PCAPNG_EPB_HEAD);
  tb_put_u32(p, TB_PCAPNG_EPB, FALSE);
  tb_put_u32(p + 8, interface, FALSE);
  tb_put_u32(p + 12, (guint32)(ticks >> 32), FALSE);
  tb_put_u32(p + 16, (guint32)ticks, FALSE);
  tb_buf_commit(buf, TB_PCAPNG_EPB_HEAD);
  return at;
}

/** tb_pcapng_epb_end: the block begun at @at has only data, no options */
static inline void tb_pcapng_epb_end(TbBuf *buf, gsize at)
{
  gsize len = buf->len - at - TB_PCAPNG_EPB_HEAD;
  gsize pad = tb_pad4(len) - len;
  guint8 *p = tb_buf_reserve(buf, pad + 4);
  memset(p, 0, pad);
  tb_buf_commit(buf, pad + 4);
  guint32 total = (guint32)(buf->len - at);
  tb_put_u32(buf->data + buf->len - 4, total, FALSE);
  tb_put_u32(buf->data + at + 4, total, FALSE);
  tb_put_u32(buf->data + at + 20, (guint32)len, FALSE);
  tb_put_u32(buf->data + at + 24, (guint32)len, FALSE);
}

/**
 * TbPcapngOption: an option met by tb_pcapng_options_next()
 * @code: its number
 * @len: bytes of its value
 * @value: borrowed
 */
typedef struct {
  guint16 code;
  guint16 len;
  const guint8 *value;
} TbPcapngOption;

/** TbPcapngOptions: a walk over options; @bad is set where one does not fit */
typedef struct {
  const guint8 *data;
  gsize len;
  gsize pos;
  gboolean big;
  gboolean bad;
} TbPcapngOptions;

/**
 * tb_pcapng_options_next: the next option. The walk ends at an end mark, at the
 * end of the bytes (an end mark may be missing) or at an option that claims more
 * bytes than are left (@walk->bad; @walk->pos is where it stands).
 */
gboolean tb_pcapng_options_next(TbPcapngOptions *walk, TbPcapngOption *option);

/** tb_pcapng_options_find: first option @code in little-endian @data; FALSE if there is none */
gboolean tb_pcapng_options_find(const guint8 *data, gsize len, guint16 code,
                                TbPcapngOption *option);

G_END_DECLS
