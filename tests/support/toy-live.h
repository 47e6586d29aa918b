/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A made-up format that is read while it grows: a head with the name of its
 * first source, then records, heartbeats and further sources, and an end mark
 * where its recorder has stopped. Its reader says TB_READ_AGAIN as long as
 * that mark has not come. For tests of the live pass.
 */
#pragma once

#include "format/reader.h"

extern const TbReaderFormat tb_toy_live_reader;

/** toy_live_head: @name: of the source, 7 bytes at most; @clock: wall-clock time, or since boot */
void toy_live_head(TbBuf *out, const char *name, TbClock clock);
/** toy_live_source: one more source, as number 1 and up */
void toy_live_source(TbBuf *out, const char *name);
/** toy_live_event: event @mark of source number @source */
void toy_live_event(TbBuf *out, guint8 source, gint64 time_ns, guint32 mark);
/** toy_live_act: thread @tid does something; @names_itself: the event tells that it is called "kid" */
void toy_live_act(TbBuf *out, gint64 time_ns, gint32 tid, gboolean names_itself);
void toy_live_heartbeat(TbBuf *out, gint64 time_ns);
void toy_live_end(TbBuf *out);
