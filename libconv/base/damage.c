/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The damage log; see damage.h. */
#include "base/damage.h"

struct _TbDamageLog {
  GPtrArray *entries;
  GHashTable *seen; /* TbDamage of entries, as a set */
  guint32 max_entries;
  guint64 over;         /* places beyond max_entries, in this pass */
  guint64 over_most;    /* the most of these that one pass met */
  guint64 over_settled; /* the same from before the first pass */
  gboolean passes;
};

static void damage_free(gpointer data)
{
  TbDamage *damage = data;
  g_free(damage->source);
  g_free(damage->text);
  g_free(damage);
}

static guint damage_hash(gconstpointer key)
{
  const TbDamage *d = key;
  return g_str_hash(d->source) ^ (guint)(d->offset ^ d->offset >> 32) ^ (guint)d->code << 28;
}

static gboolean damage_equal(gconstpointer a, gconstpointer b)
{
  const TbDamage *x = a, *y = b;
  return x->offset == y->offset && x->code == y->code && g_str_equal(x->source, y->source) &&
         g_str_equal(x->text, y->text);
}

TbDamageLog *tb_damage_log_new(guint32 max_entries)
{
  TbDamageLog *log = g_new0(TbDamageLog, 1);
  log->entries = g_ptr_array_new_with_free_func(damage_free);
  log->seen = g_hash_table_new(damage_hash, damage_equal);
  log->max_entries = max_entries;
  return log;
}

void tb_damage_log_free(TbDamageLog *log)
{
  if (!log)
    return;
  g_hash_table_unref(log->seen);
  g_ptr_array_unref(log->entries);
  g_free(log);
}

static void damage_log_insert(TbDamageLog *log, TbError code, const char *source, guint64 offset,
                              guint64 skipped_bytes, guint64 lost, const char *text)
{
  TbDamage key = { .code = code, .source = (char *)(source ? source : ""), .offset = offset,
                   .text = (char *)text };
  if (g_hash_table_contains(log->seen, &key))
    return;
  if (log->entries->len >= log->max_entries) {
    log->over++;
    return;
  }
  TbDamage *damage = g_new(TbDamage, 1);
  *damage = (TbDamage){ code, g_strdup(key.source), offset, skipped_bytes, lost, g_strdup(text) };
  g_ptr_array_add(log->entries, damage);
  g_hash_table_add(log->seen, damage);
}

void tb_damage_log_add(TbDamageLog *log, TbError code, const char *source, guint64 offset,
                       guint64 skipped_bytes, guint64 lost, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  g_autofree char *text = g_strdup_vprintf(format, args);
  va_end(args);
  damage_log_insert(log, code, source, offset, skipped_bytes, lost, text);
}

void tb_damage_log_take(TbDamageLog *log, GError *error, const char *source,
                        guint64 skipped_bytes, guint64 lost)
{
  gboolean ours = error->domain == TB_ERROR;
  const char *named = tb_error_get_source(error);
  damage_log_insert(log, ours ? (TbError)error->code : TB_ERROR_IO, named ? named : source,
                    tb_error_get_offset(error), skipped_bytes, lost, tb_error_get_text(error));
  g_error_free(error);
}

/* Places beyond the kept ones have no memory: a pass that meets as many as the last met the same. */
void tb_damage_log_begin_pass(TbDamageLog *log)
{
  if (log->passes)
    log->over_most = MAX(log->over_most, log->over);
  else
    log->over_settled = log->over;
  log->passes = TRUE;
  log->over = 0;
}

guint64 tb_damage_log_get_n(const TbDamageLog *log)
{
  return log->entries->len + log->over_settled + MAX(log->over_most, log->over);
}

const GPtrArray *tb_damage_log_get_entries(const TbDamageLog *log)
{
  return log->entries;
}
