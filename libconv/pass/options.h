/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the user asks of a run: its inputs and, by subject, how they are to be treated. */
#pragma once

#include "base/limits.h"
#include "format/registry.h"
#include "model/owner.h"
#include "stages/select/process.h"

#include <glib.h>

G_BEGIN_DECLS

/**
 * TbInputSpec: one input as the user names it
 * @path: file, or "-"
 * @machine: (nullable): name of its machine; NULL = what the file says
 * @shift_ns: added to its times, if @shifted
 */
typedef struct {
  const char *path;
  const char *machine;
  gint64 shift_ns;
  gboolean shifted;
} TbInputSpec;

/**
 * TbClockOptions:
 * @as_they_stand: clocks are not lined up, and need not be related
 * @hosts: correct the clocks of hosts by the packets seen at both ends
 * @reference: (nullable): the host whose clock stands
 * @time_offset_ns: added to the times of all sources
 */
typedef struct {
  gboolean as_they_stand;
  gboolean hosts;
  const char *reference;
  gint64 time_offset_ns;
} TbClockOptions;

/**
 * TbSelectOptions:
 * @no_events, @no_packets: leave these kinds out
 * @processes: whose events and packets are wanted; empty = all
 */
typedef struct {
  gboolean no_events;
  gboolean no_packets;
  TbProcessWish processes;
} TbSelectOptions;

/**
 * TbOwnerOptions:
 * @least: name the processes of packets that are known at least so well; NONE = do not look
 * @links: find out which packet an event is about, where owners are looked for
 * @strip_trailers: take what names owners behind a packet's frame away from its bytes
 * @count: emit counts the packets it meets by owner
 */
typedef struct {
  TbConfidence least;
  gboolean links;
  gboolean strip_trailers;
  gboolean count;
} TbOwnerOptions;

/**
 * TbProgressOptions:
 * @show: (nullable): called now and then; @fraction of the phase, 0 to 1
 * @data: for @show
 * @cancel: (nullable): not 0 = stop with TB_ERROR_CANCELLED
 */
typedef struct {
  void (*show)(gpointer data, const char *phase, double fraction);
  gpointer data;
  const gint *cancel;
} TbProgressOptions;

/**
 * TbRunOptions: (all borrowed, must outlive the run)
 * @registry: formats
 * @limits: (nullable): NULL = the defaults
 * @settings: (nullable): for readers and writers, string -> string
 * @count_only: tb_run_count() is to follow, not emit: clocks matter only where there are packets
 * @single_pass: prepare may leave reading the records to emit where it has nothing to learn from
 *   them; sources then count only when emit is done
 * @spill_folder: (nullable): where unsorted inputs may be spilled
 */
typedef struct {
  const TbRegistry *registry;
  const TbLimits *limits;
  GHashTable *settings;
  TbClockOptions clocks;
  TbSelectOptions select;
  TbOwnerOptions owners;
  TbProgressOptions progress;
  gboolean count_only;
  gboolean single_pass;
  const char *spill_folder;
} TbRunOptions;

G_END_DECLS
