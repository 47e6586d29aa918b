/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* libtraceevent beside the text compiler; see text-oracle.h. */
#include "support/text-oracle.h"

#include "base/bytes.h"

#include <string.h>

#define ORACLE_ROOM (1u << 20)

static struct tep_handle *oracle_handle(const char *format, gsize len, const char *system,
                                        gboolean big, guint long_size)
{
  struct tep_handle *tep = tep_alloc();
  tep_set_loglevel(TEP_LOG_NONE);
  tep_set_local_bigendian(tep, tep_is_bigendian() ? TEP_BIG_ENDIAN : TEP_LITTLE_ENDIAN);
  tep_set_file_bigendian(tep, big ? TEP_BIG_ENDIAN : TEP_LITTLE_ENDIAN);
  tep_set_long_size(tep, (int)long_size);
  tep_parse_event(tep, format, len, system);
  return tep;
}

static gboolean oracle_load(gpointer data, GBytes **text)
{
  *text = g_bytes_new_static(TEXT_ORACLE_SYMBOLS, strlen(TEXT_ORACLE_SYMBOLS));
  return TRUE;
}

TextOracle *text_oracle_new(const char *format, gsize len, const char *system, gboolean big,
                            guint long_size)
{
  TextOracle *o = g_new0(TextOracle, 1);
  o->format = g_strndup(format, len);
  o->system = g_strdup(system);
  o->big = big;
  o->long_size = long_size;
  o->room = g_malloc0(ORACLE_ROOM);
  trace_seq_init(&o->seq);
  g_autofree char *fields = tc_text_split_format(format, len, &o->print);
  o->tep = oracle_handle(fields, strlen(fields), system, big, long_size);
  o->event = tep_get_first_event(o->tep);
  if (!o->event) {
    text_oracle_free(o);
    return NULL;
  }
  o->ctx = tc_text_context_new(big, long_size);
  tc_text_context_set_symbols(o->ctx, oracle_load, NULL);
  tc_text_context_set_printk(o->ctx, TEXT_ORACLE_PRINTK, strlen(TEXT_ORACLE_PRINTK));
  o->text = tc_text_new(o->ctx, o->event, o->print);
  return o;
}

void text_oracle_free(TextOracle *o)
{
  if (!o)
    return;
  tc_text_free(o->text);
  tc_text_context_free(o->ctx);
  trace_seq_destroy(&o->seq);
  if (o->oracle)
    tep_free(o->oracle);
  tep_free(o->tep);
  g_free(o->format);
  g_free(o->system);
  g_free(o->print);
  g_free(o->room);
  g_free(o);
}

/* Only now: it may not survive parsing a hostile format. */
static void oracle_ask(TextOracle *o)
{
  if (o->oracle)
    return;
  o->oracle = oracle_handle(o->format, strlen(o->format), o->system, o->big, o->long_size);
  o->oracle_event = tep_get_first_event(o->oracle);
  tep_parse_kallsyms(o->oracle, TEXT_ORACLE_SYMBOLS);
  tep_parse_printk_formats(o->oracle, TEXT_ORACLE_PRINTK);
}

const char *text_oracle_expected(TextOracle *o, const guint8 *record, guint32 len)
{
  struct tep_record r = { .data = o->room, .size = (int)len, .record_size = (int)len };
  g_assert_cmpuint(len, <=, ORACLE_ROOM / 4);
  oracle_ask(o);
  memset(o->room, 0, ORACLE_ROOM / 4);
  memcpy(o->room, record, len);
  trace_seq_reset(&o->seq);
  tep_print_event(o->oracle, &o->seq, &r, "%s", TEP_PRINT_INFO);
  trace_seq_terminate(&o->seq);
  return o->seq.buffer;
}

char *text_oracle_rendered(TextOracle *o, const guint8 *record, guint32 len)
{
  TbBuf out = { 0 };
  /* exactly as long as the record: a read behind it is seen by the checkers */
  g_autofree guint8 *exact = g_memdup2(record, len);
  char *text;
  tc_text_render_padded(o->text, exact, len, &out);
  g_assert_null(memchr(out.len ? out.data : (guint8 *)"", 0, out.len));
  text = g_strndup(out.len ? (const char *)out.data : "", out.len);
  tb_buf_clear(&out);
  return text;
}

static guint64 oracle_number(GRand *rand, guint size)
{
  guint64 wide = (guint64)g_rand_int(rand) << 32 | g_rand_int(rand);
  switch (g_rand_int_range(rand, 0, 8)) {
  case 0: return 0;
  case 1:
  case 2: return wide & 7;
  case 3: return wide & 0xff;
  case 4: return G_GUINT64_CONSTANT(1) << (wide & 63);
  case 5: return size == 8 ? G_GUINT64_CONSTANT(0xffffffff81000000) + (wide & 0x7ff) : wide;
  case 6:
    return size == 8 ? G_GUINT64_CONSTANT(0xffffffff82000100) + (wide & 0x30) : wide | 1u << 31;
  default: return wide;
  }
}

static void oracle_store(const TextOracle *o, guint8 *p, guint size, guint64 value)
{
  switch (size) {
  case 1: *p = (guint8)value; break;
  case 2: tb_put_u16(p, (guint16)value, o->big); break;
  case 4: tb_put_u32(p, (guint32)value, o->big); break;
  case 8: tb_put_u64(p, value, o->big); break;
  default: break;
  }
}

void text_oracle_put(TextOracle *o, guint8 *record, const char *name, guint64 value)
{
  struct tep_format_field *field = tep_find_any_field(o->event, name);
  g_assert_nonnull(field);
  oracle_store(o, record + field->offset, (guint)field->size, value);
}

static void oracle_text(GRand *rand, guint8 *p, guint32 len)
{
  guint32 n = len ? (guint32)g_rand_int_range(rand, 0, (gint32)len) : 0;
  for (guint32 i = 0; i < n; i++)
    p[i] = (guint8)g_rand_int_range(rand, g_rand_int_range(rand, 0, 30) ? 32 : 1, 127);
  if (n < len)
    memset(p + n, 0, len - n);
}

/* Counts in a record may say how much of an array is there. */
static gboolean oracle_has_counts(const TextOracle *o)
{
  for (struct tep_print_arg *arg = o->oracle_event->print_fmt.args; arg; arg = arg->next)
    if (arg->type != TEP_PRINT_FIELD && arg->type != TEP_PRINT_ATOM &&
        arg->type != TEP_PRINT_STRING && arg->type != TEP_PRINT_SYMBOL &&
        arg->type != TEP_PRINT_TYPE && arg->type != TEP_PRINT_FLAGS)
      return TRUE;
  return o->oracle_event->print_fmt.format && strchr(o->oracle_event->print_fmt.format, '*');
}

/* libtraceevent divides by zero */
static gboolean oracle_divides(const struct tep_print_arg *arg)
{
  if (!arg)
    return FALSE;
  if (arg->type == TEP_PRINT_TYPE)
    return oracle_divides(arg->typecast.item);
  if (arg->type != TEP_PRINT_OP)
    return FALSE;
  return arg->op.op[0] == '/' || arg->op.op[0] == '%' || oracle_divides(arg->op.left) ||
         oracle_divides(arg->op.right);
}

static guint32 oracle_fill_dynamic(const TextOracle *o, GRand *rand, guint8 *record,
                                   const struct tep_format_field *field, guint32 end, guint32 room,
                                   gboolean counts)
{
  guint32 len = counts ? 128 : (guint32)g_rand_int_range(rand, 0, 60), from;
  guint32 base = field->flags & TEP_FIELD_IS_RELATIVE ? (guint32)(field->offset + field->size) : 0;
  if (end + len > room)
    len = 0;
  if (field->flags & TEP_FIELD_IS_STRING)
    oracle_text(rand, record + end, len);
  else
    for (from = 0; from < len; from++)
      record[end + from] = (guint8)g_rand_int(rand);
  if (len >= 2 && g_rand_boolean(rand)) /* perhaps a socket address */
    oracle_store(o, record + end, 2, g_rand_boolean(rand) ? 2 : 10);
  oracle_store(o, record + field->offset, (guint)field->size,
               (guint64)(end - base) | (guint64)len << 16);
  return end + len;
}

static void oracle_fill_field(const TextOracle *o, GRand *rand, guint8 *record,
                              const struct tep_format_field *field, gboolean counts,
                              gboolean divides)
{
  guint8 *p = record + field->offset;
  guint32 size = (guint32)field->size, step = field->elementsize ? field->elementsize : 1;
  if (field->flags & TEP_FIELD_IS_STRING) {
    oracle_text(rand, p, size);
    return;
  }
  if (!(field->flags & TEP_FIELD_IS_ARRAY))
    step = size;
  for (guint32 at = 0; step && at + step <= size; at += step) {
    guint64 value = oracle_number(rand, step);
    if (counts)
      value &= 15;
    if (divides)
      value |= 1;
    oracle_store(o, p + at, step, value);
    if (step != 1 && step != 2 && step != 4 && step != 8)
      for (guint32 i = 0; i < step; i++)
        p[at + i] = (guint8)g_rand_int(rand);
  }
  if (size >= 16 && g_rand_boolean(rand))
    oracle_store(o, p, 2, g_rand_boolean(rand) ? 2 : 10);
}

guint32 text_oracle_fill(TextOracle *o, GRand *rand, guint8 *record, guint32 room)
{
  oracle_ask(o);
  gboolean counts = oracle_has_counts(o), divides = FALSE;
  guint32 end = 8;
  memset(record, 0, room);
  for (struct tep_print_arg *arg = o->oracle_event->print_fmt.args; arg; arg = arg->next)
    divides = divides || oracle_divides(arg);
  for (struct tep_format_field *f = o->event->format.fields; f; f = f->next) {
    if (f->offset < 0 || f->size < 0 || (guint32)(f->offset + f->size) > room / 2)
      return 0;
    end = MAX(end, (guint32)(f->offset + f->size));
  }
  for (struct tep_format_field *f = o->event->format.fields; f; f = f->next)
    if (f->flags & TEP_FIELD_IS_DYNAMIC)
      end = oracle_fill_dynamic(o, rand, record, f, end, room, counts);
    else if (f->size)
      oracle_fill_field(o, rand, record, f, counts, divides);
    else
      end += 40; /* the rest of the record */
  for (struct tep_format_field *f = o->event->format.fields; f; f = f->next)
    if (!f->size)
      oracle_text(rand, record + f->offset, end - (guint32)f->offset);
  for (struct tep_format_field *f = o->event->format.common_fields; f; f = f->next)
    if (!strcmp(f->name, "common_type"))
      oracle_store(o, record + f->offset, (guint)f->size, (guint64)o->event->id);
  return end;
}
