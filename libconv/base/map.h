/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A map of 64-bit keys to 32-bit numbers, for lookups per event: open
 * addressing, nothing allocated but when it grows. Knows nothing of what the
 * numbers mean.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define TB_MAP_NONE G_MAXUINT32

/** TbMap: all zero is a valid empty map */
typedef struct {
  struct TbMapSlot {
    guint64 key;
    guint32 value;
    guint32 used;
  } *slots;
  guint32 n;
  guint32 mask; /* slots - 1, 0 while there are none */
} TbMap;

static inline guint32 tb_map_hash(guint64 key)
{
  key ^= key >> 32;
  key *= 0x9e3779b97f4a7c15u;
  return (guint32)(key >> 32);
}

static inline struct TbMapSlot *tb_map_slot(const TbMap *map, guint64 key)
{
  guint32 at = tb_map_hash(key) & map->mask;
  while (map->slots[at].used && map->slots[at].key != key)
    at = (at + 1) & map->mask;
  return &map->slots[at];
}

/** tb_map_get: %TB_MAP_NONE where @key is not in it */
static inline guint32 tb_map_get(const TbMap *map, guint64 key)
{
  if (G_UNLIKELY(!map->slots))
    return TB_MAP_NONE;
  const struct TbMapSlot *slot = tb_map_slot(map, key);
  return slot->used ? slot->value : TB_MAP_NONE;
}

static inline void tb_map_grow(TbMap *map)
{
  TbMap wider = { .mask = map->slots ? map->mask * 2 + 1 : 63 };
  wider.slots = g_new0(struct TbMapSlot, (gsize)wider.mask + 1);
  for (guint32 i = 0; map->slots && i <= map->mask; i++)
    if (map->slots[i].used) {
      *tb_map_slot(&wider, map->slots[i].key) = map->slots[i];
      wider.n++;
    }
  g_free(map->slots);
  *map = wider;
}

/** tb_map_set: @value may be %TB_MAP_NONE, which is as if it were not there */
static inline void tb_map_set(TbMap *map, guint64 key, guint32 value)
{
  if (!map->slots || map->n >= map->mask / 4 * 3)
    tb_map_grow(map);
  struct TbMapSlot *slot = tb_map_slot(map, key);
  map->n += !slot->used;
  slot->key = key;
  slot->value = value;
  slot->used = 1;
}

static inline void tb_map_clear(TbMap *map)
{
  g_free(map->slots);
  *map = (TbMap){ 0 };
}

G_END_DECLS
