/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The process tracker: the observer of the prepare phase that fills the
 * machines' timelines with process instances. Knows which machine an event
 * belongs to and where events were lost; what an event tells is asked of a
 * flavour, one for each operating system.
 */
#pragma once

#include "stages/observer.h"
#include "stages/proctrack/proctrack-engine.h"

#include <glib.h>

G_BEGIN_DECLS

/** tb_proctrack_new: Returns: (transfer full): released by its free() */
TbObserver *tb_proctrack_new(void);

/** tb_proctrack_new_with_rows: it also reads rows of converted files; to show, not to convert */
TbObserver *tb_proctrack_new_with_rows(void);

/** What a life-cycle event is about, for the sentence people read. */
typedef enum {
  TB_LIFE_EVENT_NONE,
  TB_LIFE_EVENT_ANNOUNCED, /* a birth that a second event may tell again */
  TB_LIFE_EVENT_BIRTH,
  TB_LIFE_EVENT_EXEC,
  TB_LIFE_EVENT_EXIT,
  TB_LIFE_EVENT_RENAME,
} TbLifeEventKind;

/**
 * TbLifeEvent:
 * @subject: whose life: the child, who executes, ends or is renamed
 * @text: (nullable): EXEC: the path; RENAME: the old name
 * @new_text: (nullable): RENAME: the new name
 */
typedef struct {
  TbLifeEventKind kind;
  const TbField *subject;
  const TbField *text;
  const TbField *new_text;
} TbLifeEvent;

/**
 * TbTrackFlavour: what knows one operating system's events
 * @wants_type: compiles what the type's events tell into @plan (zeroed, of
 *   @plan_size bytes); FALSE = nothing about processes
 * @new_state: (nullable): its own state for one machine
 * @event: passes what @event tells to @tracker, after tb_tracker_at()
 * @describe: (nullable): whether the type's events are life-cycle rows, and their fields
 * @signal_name: (nullable): Returns: (nullable): "SIGKILL"
 */
typedef struct {
  gsize plan_size;
  gboolean (*wants_type)(const TbEventType *type, gpointer plan);
  gpointer (*new_state)(const TbMachine *machine, const TbTracker *tracker);
  void (*free_state)(gpointer state);
  void (*event)(gconstpointer plan, gpointer state, TbTracker *tracker, const TbItem *event);
  gboolean (*describe)(const TbEventType *type, TbLifeEvent *out);
  const char *(*signal_name)(guint8 number);
} TbTrackFlavour;

/** tb_proctrack_describe: asks every flavour. Returns: (transfer none) (nullable): who knows it */
const TbTrackFlavour *tb_proctrack_describe(const TbEventType *type, TbLifeEvent *out);

extern const TbTrackFlavour tb_track_calls;
extern const TbTrackFlavour tb_track_linux;
extern const TbTrackFlavour tb_track_rows;
extern const TbTrackFlavour tb_track_windows;

G_END_DECLS
