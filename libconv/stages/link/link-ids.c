/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Numbers of packets: what a packet is called by the events that are about it. A packet that
 * bears none gets one made of what it is (its time, its length, its first bytes), so that the
 * same packet has the same number in every input that holds it, whatever was left out around
 * it. docs/format-pcapng.md has the rule.
 */
#include "stages/link/link-private.h"

#include <string.h>

enum { IDS_BYTES = 128 };

static inline guint64 ids_mix(guint64 h)
{
  h ^= h >> 32;
  h *= G_GUINT64_CONSTANT(0xd6e8feb86659fd93);
  h ^= h >> 32;
  h *= G_GUINT64_CONSTANT(0xd6e8feb86659fd93);
  return h ^ h >> 32;
}

static guint64 ids_hash(const TbRecord *packet)
{
  const guint8 *p = packet->data;
  gsize len = MIN(packet->len, (guint32)IDS_BYTES);
  guint8 rest[8] = { 0 };
  guint64 h = ids_mix((guint64)packet->time.ns) + packet->orig_len;
  for (; len >= sizeof rest; p += sizeof rest, len -= sizeof rest)
    h = (h ^ tb_get_u64(p, FALSE)) * G_GUINT64_CONSTANT(0x9e3779b97f4a7c15) ^ h >> 29;
  if (len)
    memcpy(rest, p, len);
  return ids_mix(h ^ tb_get_u64(rest, FALSE));
}

/* Packets that are equal in all that counts and follow one another are told apart by their order. */
guint64 link_ids_make(LinkIds *ids, const TbRecord *packet)
{
  if (packet->flags & TB_RECORD_HAS_ID)
    return packet->value;
  guint64 id = ids_hash(packet);
  if (packet->time.ns != ids->own_ns)
    ids->n = 0;
  ids->own_ns = packet->time.ns;
  for (guint i = 0; i < ids->n; i++)
    if (ids->ids[i] == id)
      id = ids_mix(id + 1);
  ids->ids[ids->n] = id;
  ids->n = MIN(ids->n + 1, (guint)LINK_TWINS - 1);
  return id;
}

/* --- emit: packets that events name --- */

void link_capture_restart(LinkCapture *capture)
{
  capture->ids.n = 0;
  capture->next = NULL;
  capture->started = FALSE;
  g_array_set_size(capture->now, 0);
  tb_spill_reader_clear(&capture->reader);
}

static gboolean capture_advance(LinkCapture *capture, GError **error)
{
  GError *failed = NULL;
  capture->next = tb_spill_next(&capture->reader, &failed);
  if (failed)
    g_propagate_error(error, failed);
  return !failed;
}

/* Brings the named packets of @time_ns into capture->now. */
static gboolean capture_move_to(LinkCapture *capture, gint64 time_ns, GError **error)
{
  if (!capture->started) {
    tb_spill_reader_init(&capture->reader, capture->named, 0);
    capture->started = TRUE;
    if (!capture_advance(capture, error))
      return FALSE;
  }
  if (capture->now->len && g_array_index(capture->now, LinkNamed, 0).time_ns != time_ns)
    g_array_set_size(capture->now, 0);
  while (capture->next && capture->next->time_ns <= time_ns) {
    if (capture->next->time_ns == time_ns)
      g_array_append_val(capture->now, *capture->next);
    if (!capture_advance(capture, error))
      return FALSE;
  }
  return TRUE;
}

gboolean link_capture_find(LinkCapture *capture, const TbRecord *packet, gint64 time_ns,
                           gboolean *named, guint64 *id, GError **error)
{
  *named = FALSE;
  if (!capture_move_to(capture, time_ns, error))
    return FALSE;
  if (G_LIKELY(capture->now->len == 0))
    return TRUE;
  *id = link_ids_make(&capture->ids, packet);
  for (guint i = 0; i < capture->now->len && !*named; i++)
    *named = g_array_index(capture->now, LinkNamed, i).id == *id;
  return TRUE;
}

/* --- packets that are in the output --- */

static gint kept_compare(gconstpointer a, gconstpointer b)
{
  guint64 x = *(const guint64 *)a, y = *(const guint64 *)b;
  return x < y ? -1 : x > y;
}

void link_kept_add(GArray *kept, guint64 id)
{
  if (kept->len < LINK_KEPT)
    g_array_append_val(kept, id);
}

void link_kept_sort(GArray *kept)
{
  g_array_sort(kept, kept_compare);
}

gboolean link_kept_has(const GArray *kept, guint64 id)
{
  return bsearch(&id, kept->data, kept->len, sizeof id, kept_compare) != NULL;
}
