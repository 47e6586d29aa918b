/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The event types of one recording: its format files become TbEventTypes with
 * compiled fields, and texts that are compiled when first asked for.
 * libtraceevent parses the format files; nothing else of it is used here.
 */
#pragma once

#include "model/record.h"
#include "tracecmd/tracecmd-file.h"
#include "tracecmd/tracecmd-ring.h"

G_BEGIN_DECLS

typedef struct _TcEvents TcEvents;

/** TcCommon: places of the fields that all events of a recording share */
typedef struct {
  guint32 type_off, type_size;
  guint32 flags_off;
  guint32 pid_off;
  guint32 min_len; /* a payload shorter than this is no event */
} TcCommon;

/**
 * tc_events_new: reads header_page and all format files of @file.
 * @file: borrowed; kernel symbols are loaded from it when a text needs them,
 *   so it must live as long as events are rendered
 * @layout: (out): of the pages
 *
 * A format file that cannot be parsed is damage of that event id.
 * Returns: (transfer full): never fails
 */
TcEvents *tc_events_new(TcFile *file, TcLayout *layout);
TcEvents *tc_events_ref(TcEvents *events);
void tc_events_unref(TcEvents *events);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TcEvents, tc_events_unref)

const TcCommon *tc_events_get_common(const TcEvents *events);

/** tc_events_get_types: Returns: (transfer none) (element-type TbEventType) */
const GPtrArray *tc_events_get_types(const TcEvents *events);

/** tc_events_get_table: types by event number, @n of them, NULL where there is none */
TbEventType *const *tc_events_get_table(const TcEvents *events, guint32 *n);

/**
 * tc_events_add_unknown: makes the type of an event number that has no format
 * file and tells it as damage; @offset is its first event's.
 * Returns: (transfer none) (nullable): NULL where the number is beyond all limits
 */
TbEventType *tc_events_add_unknown(TcEvents *events, guint32 id, guint64 offset);

/** tc_events_describe_texts: tells each event whose text is only its fields, and why */
void tc_events_describe_texts(const TcEvents *events,
                              void (*add)(gpointer data, const char *key, const char *value),
                              gpointer data);

/** tc_events_check_symbols: tells damage of the kernel symbols, which nothing may have asked for */
void tc_events_check_symbols(TcEvents *events);

/** tc_saved_names: reads the saved command lines into the timeline of @machine */
void tc_saved_names(TcFile *file, TbMachine *machine);

G_END_DECLS
