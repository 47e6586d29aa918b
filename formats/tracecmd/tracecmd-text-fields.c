/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Events whose print format libtraceevent cannot parse: it says so and prints
 * every field by its declaration. Knows declarations, no print formats.
 */
#include "tracecmd/tracecmd-text-private.h"

#include <string.h>

typedef enum {
  TC_FIELD_ARRAY,
  TC_FIELD_HEX,      /* pointers and unsigned longs */
  TC_FIELD_UNSIGNED,
  TC_FIELD_SIGNED,   /* padded to @width */
  TC_FIELD_HEX32,    /* a signed long of 4 bytes */
} TcFieldKind;

typedef struct {
  TcFieldKind kind;
  const char *label; /* " name=" */
  gsize label_len;
  guint32 offset;
  guint32 size;
  gint width;
  gboolean is_string; /* no longer once a value was not printable */
  gboolean dynamic;
  gboolean usable; /* offset and size are not negative */
  TcLocator at;
} TcField;

struct _TcFields {
  gboolean big;
  guint n_fields;
  TcField *fields;
};

static void fields_set_number(TcField *field, unsigned long flags)
{
  gboolean is_long = (flags & TEP_FIELD_IS_LONG) != 0;
  if (flags & TEP_FIELD_IS_POINTER) {
    field->kind = TC_FIELD_HEX;
  } else if (!(flags & TEP_FIELD_IS_SIGNED)) {
    field->kind = is_long ? TC_FIELD_HEX : TC_FIELD_UNSIGNED;
  } else {
    field->kind = is_long && field->size == 4 ? TC_FIELD_HEX32 : TC_FIELD_SIGNED;
    field->width = field->size == 2 ? 2 : 0;
  }
}

static void fields_set(TcCompiler *c, TcField *field, const struct tep_format_field *from)
{
  g_autofree char *label = g_strdup_printf(" %s=", from->name);
  field->label_len = strlen(label);
  field->label = tc_compiler_strdup(c, label, field->label_len);
  field->usable = from->offset >= 0 && from->size >= 0;
  field->offset = (guint32)MAX(from->offset, 0);
  field->size = (guint32)MAX(from->size, 0);
  if (from->flags & TEP_FIELD_IS_ARRAY) {
    field->kind = TC_FIELD_ARRAY;
    field->is_string = (from->flags & TEP_FIELD_IS_STRING) != 0;
    field->dynamic = (from->flags & TEP_FIELD_IS_DYNAMIC) != 0;
    tc_locator_init(&field->at, from, c->ctx->big);
  } else {
    fields_set_number(field, from->flags);
  }
}

TcFields *tc_fields_compile(TcCompiler *c)
{
  TcFields *fields = tc_compiler_alloc(c, sizeof *fields);
  guint n = 0;
  for (struct tep_format_field *f = c->event->format.fields; f; f = f->next)
    n++;
  fields->big = c->ctx->big;
  fields->fields = tc_compiler_alloc(c, MAX(n, 1) * sizeof *fields->fields);
  for (struct tep_format_field *f = c->event->format.fields; f; f = f->next)
    fields_set(c, &fields->fields[fields->n_fields++], f);
  return fields;
}

static gboolean fields_is_printable(const guint8 *p, guint32 len)
{
  for (guint32 i = 0; i < len && p[i]; i++)
    if (!g_ascii_isprint(p[i]) && !g_ascii_isspace(p[i]) && p[i] != '\v')
      return FALSE;
  return TRUE;
}

static void fields_render_array(TcField *field, TcFrame *frame, TbBuf *out)
{
  guint32 off = field->offset, len = field->size;
  const guint8 *p;
  if (field->dynamic)
    tc_locator_find(&field->at, frame, &off, &len);
  off = MIN(off, frame->len);
  len = MIN(len, frame->len - off);
  p = frame->data + off;
  if (field->is_string && fields_is_printable(p, len)) {
    if (off < frame->len)
      tb_buf_append(out, p, strnlen((const char *)p, frame->len - off));
    return;
  }
  tb_buf_append(out, "ARRAY[", 6);
  for (guint32 i = 0; i < len; i++) {
    if (i)
      tb_buf_append(out, ", ", 2);
    tb_buf_append_c(out, "0123456789abcdef"[p[i] >> 4]);
    tb_buf_append_c(out, "0123456789abcdef"[p[i] & 15]);
  }
  tb_buf_append_c(out, ']');
  field->is_string = FALSE;
}

static void fields_render_number(const TcFields *fields, const TcField *field, TcFrame *frame,
                                 TbBuf *out)
{
  guint64 value = tc_load(frame, field->offset, field->size, fields->big);
  TcSpec spec = { .conversion = 'd', .width = field->width, .precision = -1, .bits = 64 };
  switch (field->kind) {
  case TC_FIELD_HEX:
  case TC_FIELD_HEX32:
    tb_buf_append(out, "0x", 2);
    tb_buf_append_hex(out, value);
    break;
  case TC_FIELD_SIGNED:
    if (field->size == 1 || field->size == 2 || field->size == 4)
      spec.bits = (guint8)(8 * field->size);
    tc_spec_append_number(&spec, value, out);
    break;
  case TC_FIELD_UNSIGNED:
  case TC_FIELD_ARRAY:
  default:
    tb_buf_append_u64(out, value);
    break;
  }
}

void tc_fields_render(TcFields *fields, TcFrame *frame, TbBuf *out)
{
  tb_buf_append_str(out, "[FAILED TO PARSE]");
  for (guint i = 0; i < fields->n_fields && out->len < frame->limit; i++) {
    TcField *field = &fields->fields[i];
    tb_buf_append(out, field->label, field->label_len);
    if (!field->usable)
      continue;
    if (field->kind == TC_FIELD_ARRAY)
      fields_render_array(field, frame, out);
    else
      fields_render_number(fields, field, frame, out);
  }
}
