/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A map of 64-bit keys to 32-bit numbers, for lookups per event: open
 * addressing, nothing allocated but when it grows. Knows nothing of what the
 * numbers mean.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define ATTRIB_NONE G_MAXUINT32

/** AttribMap: all zero is a valid empty map */
typedef struct {
  struct AttribMapSlot {
    guint64 key;
    guint32 value;
    guint32 used;
  } *slots;
  guint32 n;
  guint32 mask; /* slots - 1, 0 while there are none */
} AttribMap;

static inline guint32 attrib_map_hash(guint64 key)
{
  key ^= key >> 32;
  key *= 0x9e3779b97f4a7c15u;
  return (guint32)(key >> 32);
}

static inline struct AttribMapSlot *attrib_map_slot(const AttribMap *map, guint64 key)
{
  guint32 at = attrib_map_hash(key) & map->mask;
  while (map->slots[at].used && map->slots[at].key != key)
    at = (at + 1) & map->mask;
  return &map->slots[at];
}

/** attrib_map_get: %ATTRIB_NONE where @key is not in it */
static inline guint32 attrib_map_get(const AttribMap *map, guint64 key)
{
  if (G_UNLIKELY(!map->slots))
    return ATTRIB_NONE;
  const struct AttribMapSlot *slot = attrib_map_slot(map, key);
  return slot->used ? slot->value : ATTRIB_NONE;
}

static inline void attrib_map_grow(AttribMap *map)
{
  AttribMap wider = { .mask = map->slots ? map->mask * 2 + 1 : 63 };
  wider.slots = g_new0(struct AttribMapSlot, (gsize)wider.mask + 1);
  for (guint32 i = 0; map->slots && i <= map->mask; i++)
    if (map->slots[i].used) {
      *attrib_map_slot(&wider, map->slots[i].key) = map->slots[i];
      wider.n++;
    }
  g_free(map->slots);
  *map = wider;
}

/** attrib_map_set: @value may be %ATTRIB_NONE, which is as if it were not there */
static inline void attrib_map_set(AttribMap *map, guint64 key, guint32 value)
{
  if (!map->slots || map->n >= map->mask / 4 * 3)
    attrib_map_grow(map);
  struct AttribMapSlot *slot = attrib_map_slot(map, key);
  map->n += !slot->used;
  slot->key = key;
  slot->value = value;
  slot->used = 1;
}

static inline void attrib_map_clear(AttribMap *map)
{
  g_free(map->slots);
  *map = (AttribMap){ 0 };
}

G_END_DECLS
