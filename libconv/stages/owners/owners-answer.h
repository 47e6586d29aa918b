/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is answered about one end of a packet. */
#pragma once

#include "model/owner.h"

#include <glib.h>

G_BEGIN_DECLS

/* A connection's last packets come after its task is gone, but soon. */
#define OWNERS_FAREWELL_NS G_GINT64_CONSTANT(1000000000)

/** What must be true of a task at the packet's instant for it to be named. */
typedef enum { OWNERS_ANY_LIFE, OWNERS_NOT_DEAD, OWNERS_ALIVE } OwnersLives;

/**
 * OwnersAnswer: who is behind one end of a packet
 * @tid: 0 = not known
 * @is_process: @tid is a process, of which no thread is known
 * @time_ns: a moment when @tid was that task
 * @lives: nothing unless this is true
 * @logged: by a log of socket calls, whose times are those of the clock that captures have, too
 */
typedef struct {
  gint32 tid;
  gboolean is_process;
  gboolean logged;
  OwnersLives lives;
  gint64 time_ns;
  TbConfidence confidence;
  const char *via;
} OwnersAnswer;

G_END_DECLS
