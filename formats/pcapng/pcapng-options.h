/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Options and whole blocks of either byte order brought to the one form that
 * is carried: little-endian, padded with zeros. Knows which options and
 * records hold numbers; interprets none of them.
 */
#pragma once

#include "base/buf.h"

#include <glib.h>

G_BEGIN_DECLS

/** Which numbers an option of some code is made of depends on its block. */
typedef enum {
  TB_PCAPNG_IN_OTHER, /* comments and custom options only */
  TB_PCAPNG_IN_INTERFACE,
  TB_PCAPNG_IN_PACKET,
  TB_PCAPNG_IN_OLD_PACKET,
  TB_PCAPNG_IN_STATISTICS,
} TbPcapngOptionsOf;

/** tb_pcapng_option_carry: appends one option whose value is in the byte order @big */
void tb_pcapng_option_carry(TbBuf *out, guint16 code, const guint8 *value, guint16 len,
                            gboolean big, TbPcapngOptionsOf where);

/**
 * tb_pcapng_options_carry: appends all options of @data, without an end mark.
 * Returns: FALSE where one did not fit; those in front of it are there
 */
gboolean tb_pcapng_options_carry(TbBuf *out, const guint8 *data, gsize len, gboolean big,
                                 TbPcapngOptionsOf where);

/**
 * tb_pcapng_names_carry: appends a name resolution block made of the body @data.
 * Returns: FALSE, with nothing appended, where its records do not fit
 */
gboolean tb_pcapng_names_carry(TbBuf *out, const guint8 *data, gsize len, gboolean big);

/** tb_pcapng_secrets_carry: the same for a decryption secrets block */
gboolean tb_pcapng_secrets_carry(TbBuf *out, const guint8 *data, gsize len, gboolean big);

/** tb_pcapng_opaque_carry: a block whose body is bytes to us */
void tb_pcapng_opaque_carry(TbBuf *out, guint32 type, const guint8 *data, gsize len);

G_END_DECLS
