/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One event format, twice: as libtraceevent prints it and as the text compiler
 * does, with the same symbols and printk strings; and made-up records for it.
 */
#pragma once

#include "tracecmd/tracecmd-text.h"

#include <glib.h>

/* Symbols and printk strings both sides know. */
#define TEXT_ORACLE_SYMBOLS \
  "ffffffff81000000 T startup_64\n" \
  "ffffffff81000100 T alias_one\n" \
  "ffffffff81000100 t alias_two\n" \
  "ffffffff81000200 t schedule\n" \
  "0000000000012000 A percpu_thing\n" \
  "ffffffff81000300 T $a\n" \
  "ffffffff81000400 t do_idle\t[idle]\n" \
  "ffffffff82000000 D last_symbol\n"
#define TEXT_ORACLE_PRINTK \
  "0xffffffff82000100 : \"plain\\n\"\n" \
  "0xffffffff82000110 : \"n=%d s=%s x=%08lx\\n\"\n" \
  "0xffffffff82000120 : \"%#x|%pS|%llu|%7d\"\n" \
  "0xffffffff82000130 : \"%s then %p\"\n" \
  "0xffffffff82000140 : \"%*d|%i\"\n" \
  "0xffffffff82000150 : \"%-5d|%hd|%pI4\"\n"

typedef struct {
  char *format;
  char *system;
  char *print;               /* print format */
  struct tep_handle *oracle; /* (nullable): the whole format; made when it is first asked */
  struct tep_event *oracle_event;
  struct tep_handle *tep;
  struct tep_event *event;
  TcTextContext *ctx;
  TcText *text;
  struct trace_seq seq;
  guint8 *room; /* zeroed far beyond a record: libtraceevent reads past the end */
  gboolean big;
  guint long_size;
} TextOracle;

/** text_oracle_new: NULL when libtraceevent makes no event of the fields of @format */
TextOracle *text_oracle_new(const char *format, gsize len, const char *system, gboolean big,
                            guint long_size);
void text_oracle_free(TextOracle *o);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TextOracle, text_oracle_free)

/** text_oracle_expected: what libtraceevent prints, which may not survive a hostile format; borrowed until the next call */
const char *text_oracle_expected(TextOracle *o, const guint8 *record, guint32 len);

/** text_oracle_rendered: what the compiled text gives. Returns: (transfer full) */
char *text_oracle_rendered(TextOracle *o, const guint8 *record, guint32 len);

/**
 * text_oracle_fill: a record of the event with random content that keeps the
 * rules a kernel keeps: strings end, arrays lie inside. Returns: its length
 */
guint32 text_oracle_fill(TextOracle *o, GRand *rand, guint8 *record, guint32 room);

/** text_oracle_put: stores @value as the field called @name */
void text_oracle_put(TextOracle *o, guint8 *record, const char *name, guint64 value);
