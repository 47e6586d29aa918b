/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Pool and table of living threads; see process-live.h. */
#include "stages/process/process-live.h"

#include <string.h>

enum { LIVES_CHUNK = 256, LIVES_START_CAP = 256 };

void track_lives_init(TrackLives *lives)
{
  *lives = (TrackLives){ .chunks = g_ptr_array_new_with_free_func(g_free),
                         .cap = LIVES_START_CAP };
  lives->slots = g_new0(TrackLive *, lives->cap);
}

void track_lives_clear(TrackLives *lives)
{
  g_clear_pointer(&lives->chunks, g_ptr_array_unref);
  g_clear_pointer(&lives->slots, g_free);
}

static inline guint32 lives_home(const TrackLives *lives, gint32 key)
{
  return ((guint32)key * 2654435769u) >> 8 & (lives->cap - 1);
}

static TrackLive **lives_slot(const TrackLives *lives, gint32 key)
{
  for (guint32 i = lives_home(lives, key);; i = (i + 1) & (lives->cap - 1))
    if (!lives->slots[i] || lives->slots[i]->key == key)
      return &lives->slots[i];
}

TrackLive *track_lives_find(const TrackLives *lives, gint32 key)
{
  return *lives_slot(lives, key);
}

static void lives_grow(TrackLives *lives)
{
  g_autofree TrackLive **old = lives->slots;
  guint32 old_cap = lives->cap;
  lives->cap *= 2;
  lives->slots = g_new0(TrackLive *, lives->cap);
  for (guint32 i = 0; i < old_cap; i++)
    if (old[i])
      *lives_slot(lives, old[i]->key) = old[i];
}

static void lives_add_chunk(TrackLives *lives)
{
  TrackLive *chunk = g_new(TrackLive, LIVES_CHUNK);
  g_ptr_array_add(lives->chunks, chunk);
  for (guint i = 0; i < LIVES_CHUNK; i++) {
    chunk[i].ring.next = lives->free_list;
    lives->free_list = &chunk[i];
  }
}

TrackLive *track_lives_add(TrackLives *lives, gint32 key)
{
  if (lives->used >= lives->cap / 2)
    lives_grow(lives);
  if (!lives->free_list)
    lives_add_chunk(lives);
  TrackLive *live = lives->free_list;
  lives->free_list = live->ring.next;
  *live = (TrackLive){ .key = key, .leave_code = -1, .leader.code = -1, .whole.code = -1,
                       .evidence_ns = TB_TIME_BEFORE, .leader.end = TB_PROC_NONE };
  live->group = live->ring.next = live->ring.prev = live;
  *lives_slot(lives, key) = live;
  lives->used++;
  return live;
}

/* Closes the hole so that every later record of the run is still found from its home. */
void track_lives_remove(TrackLives *lives, TrackLive *live)
{
  guint32 mask = lives->cap - 1;
  guint32 hole = (guint32)(lives_slot(lives, live->key) - lives->slots);
  for (guint32 i = (hole + 1) & mask; lives->slots[i]; i = (i + 1) & mask) {
    guint32 home = lives_home(lives, lives->slots[i]->key);
    if (((i - home) & mask) >= ((i - hole) & mask)) {
      lives->slots[hole] = lives->slots[i];
      hole = i;
    }
  }
  lives->slots[hole] = NULL;
  lives->used--;
  live->ring.next->ring.prev = live->ring.prev;
  live->ring.prev->ring.next = live->ring.next;
  live->ring.next = lives->free_list;
  lives->free_list = live;
}
