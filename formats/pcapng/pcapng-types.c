/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A hash table of row types by identifier; see pcapng-types.h. */
#include "pcapng/pcapng-types.h"

#include "base/bytes.h"
#include "pcapng/pcapng-row-type.h"

#include <string.h>

enum { TYPES_FIRST_SLOTS = 256 };

typedef struct {
  guint32 hash;
  guint32 len;
  char *identifier;
  TbEventType *type;
} TypesSlot;

struct _TbPcapngTypes {
  TypesSlot *slots; /* open addressing; a power of two, at most half full */
  gsize n_slots;
  gsize n_used;
};

TbPcapngTypes *tb_pcapng_types_new(void)
{
  TbPcapngTypes *types = g_new0(TbPcapngTypes, 1);
  types->n_slots = TYPES_FIRST_SLOTS;
  types->slots = g_new0(TypesSlot, types->n_slots);
  return types;
}

void tb_pcapng_types_free(TbPcapngTypes *types)
{
  if (!types)
    return;
  for (gsize i = 0; i < types->n_slots; i++) {
    g_free(types->slots[i].identifier);
    tb_event_type_unref(types->slots[i].type);
  }
  g_free(types->slots);
  g_free(types);
}

/* Eight bytes at a time; identifiers are about 25 long. */
static inline guint32 types_hash(const char *identifier, gsize len)
{
  guint64 h = len;
  for (; len >= 8; identifier += 8, len -= 8)
    h = (h ^ tb_get_u64((const guint8 *)identifier, FALSE)) * G_GUINT64_CONSTANT(0x9e3779b97f4a7c15)
        ^ h >> 29;
  for (; len > 0; identifier++, len--)
    h = (h ^ (guint8)*identifier) * G_GUINT64_CONSTANT(0x9e3779b97f4a7c15);
  return (guint32)(h >> 32);
}

static inline TypesSlot *types_find(const TbPcapngTypes *types, guint32 hash, const char *identifier,
                             gsize len)
{
  gsize mask = types->n_slots - 1;
  for (gsize i = hash & mask;; i = (i + 1) & mask) {
    TypesSlot *slot = &types->slots[i];
    if (!slot->type
        || (slot->hash == hash && slot->len == len && !memcmp(slot->identifier, identifier, len)))
      return slot;
  }
}

static void types_double(TbPcapngTypes *types)
{
  TbPcapngTypes old = *types;
  types->n_slots *= 2;
  types->slots = g_new0(TypesSlot, types->n_slots);
  for (gsize i = 0; i < old.n_slots; i++) {
    const TypesSlot *slot = &old.slots[i];
    if (slot->type)
      *types_find(types, slot->hash, slot->identifier, slot->len) = *slot;
  }
  g_free(old.slots);
}

TbEventType *tb_pcapng_types_get(TbPcapngTypes *types, const char *identifier, gsize len,
                                 guint64 max, gboolean *is_new)
{
  guint32 hash = types_hash(identifier, len);
  TypesSlot *slot = types_find(types, hash, identifier, len);
  *is_new = FALSE;
  if (G_LIKELY(slot->type))
    return slot->type;
  if (types->n_used >= max)
    return NULL;
  if (++types->n_used * 2 > types->n_slots) {
    types_double(types);
    slot = types_find(types, hash, identifier, len);
  }
  *slot = (TypesSlot){ hash, (guint32)len, g_strndup(identifier, len),
                       tb_pcapng_row_type_new(identifier, len) };
  *is_new = TRUE;
  tb_event_type_ref(slot->type);
  return slot->type;
}
