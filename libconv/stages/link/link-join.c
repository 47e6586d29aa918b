/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Buffers meet packets: three spilled streams, each in order of time, as one; see wire/match.h. */
#include "stages/link/link-private.h"

typedef struct {
  LinkTrack *track;
  LinkCapture *capture;
  const LinkFit *fit;
  guint32 index;
  GError *error;
} Join;

/* One of the streams: what it gives next. */
typedef struct {
  TbSpillReader reader;
  gboolean has;
  TbMatchItem item;
} JoinStream;

static void join_found(gpointer data, const TbMatchItem *buffer, const TbMatchItem *packet)
{
  Join *join = data;
  LinkFound found = { (gint64)buffer->what[0], (guint32)buffer->what[1], join->index,
                      packet->what[0] };
  LinkNamed named = { (gint64)packet->what[1], packet->what[0] };
  if (join->error || !tb_spill_add(join->track->found, &found, &join->error) ||
      !tb_spill_add(join->capture->named, &named, &join->error))
    return;
}

static void join_next_pass(Join *join, JoinStream *stream, TbWireWay way)
{
  const LinkPass *pass = NULL;
  const TbMatchFit *fit = &join->fit->ways[way];
  while (fit->clear_ns != 0 && (pass = tb_spill_next(&stream->reader, &join->error)) &&
         join->fit->device != TB_WIRE_NO_DEVICE && pass->device != join->fit->device)
    ;
  stream->has = pass != NULL;
  if (pass)
    stream->item = (TbMatchItem){ .time_ns = pass->anchor_ns + fit->usual_ns, .len = pass->len,
                                  .cpu = pass->cpu, .way = way,
                                  .what = { (guint64)pass->first_ns, pass->tag } };
}

static void join_next_packet(Join *join, JoinStream *stream)
{
  const LinkPacket *packet;
  while ((packet = tb_spill_next(&stream->reader, &join->error)) && packet->len == 0)
    ;
  stream->has = packet != NULL;
  if (packet)
    stream->item = (TbMatchItem){ .time_ns = link_axis_ns(join->track, join->capture,
                                                          packet->time_ns),
                                  .len = packet->len, .is_packet = TRUE, .way = packet->way,
                                  .what = { packet->id, (guint64)packet->time_ns } };
}

static void join_next(Join *join, JoinStream *streams, guint i)
{
  if (i < TB_WIRE_N_WAYS)
    join_next_pass(join, &streams[i], i);
  else
    join_next_packet(join, &streams[i]);
}

static void join_all(Join *join)
{
  enum { STREAMS = TB_WIRE_N_WAYS + 1 };
  JoinStream streams[STREAMS] = { 0 };
  g_autoptr(TbMatchRuns) runs =
      tb_match_runs_new(join->fit->ways, join->capture->cooked, join_found, join);
  for (guint i = 0; i < STREAMS; i++) {
    tb_spill_reader_init(&streams[i].reader, i < TB_WIRE_N_WAYS ? join->track->passes[i]
                                                                : join->capture->packets, 0);
    join_next(join, streams, i);
  }
  while (!join->error) {
    guint least = STREAMS;
    for (guint i = 0; i < STREAMS; i++)
      if (streams[i].has &&
          (least == STREAMS || streams[i].item.time_ns < streams[least].item.time_ns))
        least = i;
    if (least == STREAMS)
      break;
    tb_match_runs_add(runs, &streams[least].item);
    join_next(join, streams, least);
  }
  tb_match_runs_end(runs);
  for (guint i = 0; i < STREAMS; i++)
    tb_spill_reader_clear(&streams[i].reader);
}

gboolean link_join(LinkTrack *track, LinkCapture *capture, guint index, const LinkFit *fit,
                   GError **error)
{
  Join join = { track, capture, fit, index, NULL };
  join_all(&join);
  if (!join.error)
    return TRUE;
  g_propagate_error(error, join.error);
  return FALSE;
}
