/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Packets that tasks sent or got, as a recording tells them: to be found among captured ones. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * ResourceSample: a packet that a task sent or got
 * @len: bytes from the network header on, 0 = taken back
 * @bytes: what the call moved, -1 = unknown
 * @calls: number of the task's call
 * @weak: a reader found by the size of what it read alone; a sender that did not queue
 */
typedef struct {
  gint64 time_ns;
  guint32 len;
  gint32 tid;
  gint32 bytes;
  guint32 calls;
  gboolean weak;
} ResourceSample;

/** resource_samples_sort: (element-type ResourceSample): by length, time and task */
void resource_samples_sort(GArray *samples);

G_END_DECLS
