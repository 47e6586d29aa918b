/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Events of the kernel's own whose print formats name a fixed number of values while the record
 * holds as many as there were: stacks, and what was written to trace_marker_raw. Shown as
 * trace-cmd shows them (docs/format-tracecmd.md).
 */
#include "tracecmd/tracecmd-text-private.h"

#include <string.h>

struct _TcTail {
  gboolean is_stack;
  guint32 at;
  const TcExpr *id;    /* of raw data */
  const TcExpr *count; /* (nullable): of a stack: how many of its addresses count */
};

static const TcExpr *tail_number(TcCompiler *c, const char *name)
{
  struct tep_format_field *field = tep_find_any_field(c->event, name);
  return field ? tc_expr_compile_field(c, field) : NULL;
}

const TcTail *tc_tail_compile(TcCompiler *c)
{
  gboolean is_stack = strcmp(c->event->name, "kernel_stack") == 0;
  if (strcmp(c->event->system, "ftrace") || (!is_stack && strcmp(c->event->name, "raw_data")))
    return NULL;
  struct tep_format_field *values =
      tep_find_any_field(c->event, is_stack ? "caller" : "buf");
  TcTail tail = { .is_stack = is_stack };
  tail.id = tail_number(c, "id");
  tail.count = tail_number(c, "size");
  if (!values || values->offset < 0 || (!is_stack && !tail.id))
    return NULL;
  tail.at = (guint32)values->offset;
  TcTail *copy = tc_compiler_alloc(c, sizeof *copy);
  *copy = tail;
  return copy;
}

/* Each address with its name, where it has one; all bits set end an old kernel's stack. */
static void tail_render_stack(const TcTail *tail, TcFrame *frame, TbBuf *out)
{
  guint32 size = frame->ctx->long_size;
  guint64 left = tail->count ? tc_expr_eval(tail->count, frame) : G_MAXUINT64;
  tb_buf_append_str(out, "<stack trace >\n");
  for (guint64 at = tail->at; left > 0 && at + size <= frame->len; left--, at += size) {
    guint64 address = tc_load(frame, at, size, frame->ctx->big);
    if (address == (size == 4 ? G_MAXUINT32 : G_MAXUINT64) || out->len >= frame->limit)
      break;
    TcSymbols *symbols = tc_text_context_symbols(frame->ctx);
    const char *name = symbols ? tc_symbols_find(symbols, address, NULL) : NULL;
    tb_buf_append_str(out, "=> ");
    if (name)
      tb_buf_append_str(out, name);
    tb_buf_append_str(out, name ? " (" : "");
    tb_buf_append_hex(out, address);
    tb_buf_append_str(out, name ? ")\n" : "\n");
  }
}

static void tail_render_raw(const TcTail *tail, TcFrame *frame, TbBuf *out)
{
  tb_buf_append_str(out, "# ");
  tb_buf_append_hex(out, tc_expr_eval(tail->id, frame));
  for (guint32 at = tail->at; at < frame->len && out->len < frame->limit; at++) {
    tb_buf_append_c(out, ' ');
    tb_buf_append_c(out, "0123456789abcdef"[frame->data[at] >> 4]);
    tb_buf_append_c(out, "0123456789abcdef"[frame->data[at] & 15]);
  }
}

void tc_tail_render(const TcTail *tail, TcFrame *frame, TbBuf *out)
{
  if (tail->is_stack)
    tail_render_stack(tail, frame, out);
  else
    tail_render_raw(tail, frame, out);
}
