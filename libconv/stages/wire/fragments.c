/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* First fragments by datagram and time; see fragments.h. */
#include "stages/wire/fragments.h"

#include "base/bytes.h"

enum { FRAGMENTS_MOST = 1 << 16 }; /* first fragments kept of one capture */

/* Numbers of datagrams come again, but not so soon (RFC 791: a datagram lives no longer). */
#define FRAGMENTS_FAR_NS (60 * G_GINT64_CONSTANT(1000000000))

static inline guint64 fragments_mix(guint64 hash, guint64 value)
{
  hash = (hash ^ value) * G_GUINT64_CONSTANT(0x9e3779b97f4a7c15);
  return hash ^ hash >> 29;
}

static guint64 fragments_key(const TbNetHeaders *headers)
{
  guint64 hash = fragments_mix(headers->protocol, headers->fragment.id);
  for (guint i = 0; i < sizeof headers->source; i += 8) {
    hash = fragments_mix(hash, tb_get_u64(headers->source + i, TRUE));
    hash = fragments_mix(hash, tb_get_u64(headers->destination + i, TRUE));
  }
  return hash;
}

void tb_fragments_note(GArray *fragments, const TbNetHeaders *headers, gint64 time_ns)
{
  TbFragment fragment = { .key = fragments_key(headers), .time_ns = time_ns,
                        .source_port = headers->source_port,
                        .destination_port = headers->destination_port };
  if (fragments->len < FRAGMENTS_MOST)
    g_array_append_val(fragments, fragment);
}

static gint fragments_compare(gconstpointer a, gconstpointer b)
{
  const TbFragment *x = a, *y = b;
  if (x->key != y->key)
    return x->key < y->key ? -1 : 1;
  if (x->time_ns != y->time_ns)
    return x->time_ns < y->time_ns ? -1 : 1;
  return (gint)x->source_port - (gint)y->source_port;
}

void tb_fragments_sort(GArray *fragments)
{
  g_array_sort(fragments, fragments_compare);
}

gboolean tb_fragments_find(const GArray *fragments, const TbNetHeaders *later, gint64 time_ns,
                            TbNetHeaders *first, gint64 *first_ns)
{
  guint64 key = fragments_key(later);
  const TbFragment *best = NULL;
  guint low = 0, high = fragments->len;
  while (low < high) {
    guint mid = low + (high - low) / 2;
    const TbFragment *fragment = &g_array_index(fragments, TbFragment, mid);
    if (fragment->key < key || (fragment->key == key && fragment->time_ns < time_ns))
      low = mid + 1;
    else
      high = mid;
  }
  for (guint i = low ? low - 1 : 0; i < fragments->len && i <= low; i++) {
    const TbFragment *fragment = &g_array_index(fragments, TbFragment, i);
    if (fragment->key == key && ABS(fragment->time_ns - time_ns) <= FRAGMENTS_FAR_NS &&
        (!best || ABS(fragment->time_ns - time_ns) < ABS(best->time_ns - time_ns)))
      best = fragment;
  }
  if (!best)
    return FALSE;
  *first = *later;
  first->fragment.later = FALSE;
  first->has_transport = TRUE;
  first->source_port = best->source_port;
  first->destination_port = best->destination_port;
  *first_ns = best->time_ns;
  return TRUE;
}
