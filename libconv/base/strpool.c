/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Interned strings over GStringChunk-like storage of our own, with byte lengths; see strpool.h. */
#include "base/strpool.h"

#include <string.h>

enum { STRPOOL_CHUNK = 16384 };

typedef struct {
  guint32 hash;
  guint32 len;
  const char *str;
} StrSlot;

struct _TbStrPool {
  GPtrArray *chunks;
  gsize chunk_left;
  char *chunk_next;
  gsize bytes;
  StrSlot *slots; /* open addressing; cap is a power of two */
  gsize cap;
  gsize used;
};

TbStrPool *tb_strpool_new(void)
{
  TbStrPool *pool = g_new0(TbStrPool, 1);
  pool->chunks = g_ptr_array_new_with_free_func(g_free);
  pool->cap = 64;
  pool->slots = g_new0(StrSlot, pool->cap);
  return pool;
}

void tb_strpool_free(TbStrPool *pool)
{
  if (!pool)
    return;
  g_ptr_array_unref(pool->chunks);
  g_free(pool->slots);
  g_free(pool);
}

static guint32 strpool_hash(const char *bytes, gsize len)
{
  guint32 h = 2166136261u; /* FNV-1a */
  for (gsize i = 0; i < len; i++)
    h = (h ^ (guint8)bytes[i]) * 16777619u;
  return h;
}

static StrSlot *strpool_find(TbStrPool *pool, guint32 hash, const char *bytes, gsize len)
{
  gsize mask = pool->cap - 1;
  for (gsize i = hash & mask;; i = (i + 1) & mask) {
    StrSlot *slot = &pool->slots[i];
    if (!slot->str || (slot->hash == hash && slot->len == len &&
                       (len == 0 || !memcmp(slot->str, bytes, len))))
      return slot;
  }
}

static void strpool_rehash(TbStrPool *pool)
{
  g_autofree StrSlot *old = pool->slots;
  gsize old_cap = pool->cap;
  pool->cap *= 2;
  pool->slots = g_new0(StrSlot, pool->cap);
  for (gsize i = 0; i < old_cap; i++)
    if (old[i].str)
      *strpool_find(pool, old[i].hash, old[i].str, old[i].len) = old[i];
}

static char *strpool_alloc(TbStrPool *pool, gsize n)
{
  pool->bytes += n;
  if (n > STRPOOL_CHUNK / 4) {
    char *own = g_malloc(n);
    g_ptr_array_add(pool->chunks, own);
    return own;
  }
  if (n > pool->chunk_left) {
    pool->chunk_next = g_malloc(STRPOOL_CHUNK);
    pool->chunk_left = STRPOOL_CHUNK;
    g_ptr_array_add(pool->chunks, pool->chunk_next);
  }
  char *at = pool->chunk_next;
  pool->chunk_next += n;
  pool->chunk_left -= n;
  return at;
}

const char *tb_strpool_intern(TbStrPool *pool, const char *bytes, gsize len)
{
  const char *nul = len ? memchr(bytes, 0, len) : NULL;
  if (nul)
    len = (gsize)(nul - bytes);
  if (pool->used * 2 >= pool->cap)
    strpool_rehash(pool);
  guint32 hash = strpool_hash(bytes, len);
  StrSlot *slot = strpool_find(pool, hash, bytes, len);
  if (!slot->str) {
    char *copy = strpool_alloc(pool, len + 1);
    if (len)
      memcpy(copy, bytes, len);
    copy[len] = 0;
    *slot = (StrSlot){ .hash = hash, .len = (guint32)len, .str = copy };
    pool->used++;
  }
  return slot->str;
}

gsize tb_strpool_get_bytes(const TbStrPool *pool)
{
  return pool->bytes + pool->cap * sizeof(StrSlot);
}
