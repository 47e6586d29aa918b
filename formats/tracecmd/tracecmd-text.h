/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The text of recorded events, compiled: the print format of each event id is
 * turned once into a list of copy and format steps over fixed offsets, and
 * rendering runs these steps over a payload. The bytes are those that the
 * kernel prints; docs/format-tracecmd.md lists where trace-cmd's are others.
 * Knows payloads and formats; must not know the container, pages, time or who
 * asks.
 */
#pragma once

#include "base/buf.h"

#include <glib.h>
#include <traceevent/event-parse.h>

G_BEGIN_DECLS

/** TcTextContext: what all event ids of one recording share */
typedef struct _TcTextContext TcTextContext;

/** TcText: the compiled text of one event id */
typedef struct _TcText TcText;

/**
 * TcTextLoad: hands out the recording's kallsyms text, called at most once and
 * only when an event asks for a symbol.
 * @text: (out) (transfer full)
 *
 * Returns: FALSE when the recording has none
 */
typedef gboolean (*TcTextLoad)(gpointer data, GBytes **text);

/**
 * tc_text_context_new:
 * @big: byte order of the recording
 * @long_size: 4 or 8, bytes of a long of the recorded kernel
 *
 * Returns: (transfer full)
 */
TcTextContext *tc_text_context_new(gboolean big, guint long_size);
void tc_text_context_free(TcTextContext *ctx);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TcTextContext, tc_text_context_free)

/** tc_text_context_set_symbols: @data is borrowed; without a loader addresses stay numbers */
void tc_text_context_set_symbols(TcTextContext *ctx, TcTextLoad load, gpointer data);

/** tc_text_context_set_printk: the printk_formats section, copied; needs no NUL at its end */
void tc_text_context_set_printk(TcTextContext *ctx, const char *text, gsize len);

/**
 * tc_text_split_format: takes a format text apart into what tep_parse_event() may be given, its
 * name, number and fields, and the print format, which is compiled here.
 * @text: @len bytes without NUL
 * @print: (out) (transfer full): "" where it has none
 *
 * Returns: (transfer full): "" where libtraceevent would not survive the fields
 */
char *tc_text_split_format(const char *text, gsize len, char **print);

/**
 * tc_text_new: never fails; where the print format cannot be parsed the text is the fields
 * @ctx: borrowed for the text's life
 * @event: of the context's handle, borrowed for the call
 * @print: as tc_text_split_format() took it off, borrowed for the call
 *
 * Returns: (transfer full)
 */
TcText *tc_text_new(TcTextContext *ctx, struct tep_event *event, const char *print);
void tc_text_free(TcText *text);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TcText, tc_text_free)

/**
 * tc_text_get_unknown: Returns: (nullable): where the print format cannot be parsed: the function
 * that nobody knows, or "" where it is damaged
 */
const char *tc_text_get_unknown(const TcText *text);

/**
 * tc_text_render: appends the text of one event, without the name and without
 * leading blanks. A text may have several lines and may end with a newline
 * (trace-cmd then prints none of its own); it holds no NUL.
 * @record: payload including the common fields, @len bytes, any content
 */
void tc_text_render(TcText *text, const guint8 *record, guint32 len, TbBuf *out);

/**
 * tc_text_render_padded: the same with the text's own leading blanks, which
 * follow the padding of the name in trace-cmd's lines
 */
void tc_text_render_padded(TcText *text, const guint8 *record, guint32 len,
                           TbBuf *out);

G_END_DECLS
