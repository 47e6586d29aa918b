/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The vote: which difference between a capture's clock and a recording's makes
 * most packets and network events of equal length fall together, in order and
 * one to one. And the matching that follows once it is known. Works on samples
 * alone; decides nothing about axes.
 */
#pragma once

#include "stages/align/align-track.h"

#include <glib.h>

G_BEGIN_DECLS

/* What was measured, natively and in emulated guests; docs/alignment.md. */
enum {
  TB_ALIGN_CELL_NS = 4000,
  TB_ALIGN_CELL_SLOW_NS = 64000,
  TB_ALIGN_CANDIDATES = 40,
  TB_ALIGN_NEAR_NS = 6000,       /* of a right candidate, natively */
  TB_ALIGN_NEAR_SLOW_NS = 100000, /* and where a machine is emulated */
  TB_ALIGN_MATCHES_MIN = 10,
};

/* Best over second best that is believed: wrong answers had 1.11 and less. */
#define TB_ALIGN_CONFIDENCE_MIN 1.5
/* Of the packets, or of the events, whichever are fewer where both were recorded. */
#define TB_ALIGN_SHARE_MIN 0.4

/* TB_ALIGN_ALL_DEVICES: packets of all devices together ("any", bridges) */
#define TB_ALIGN_ALL_DEVICES G_MAXUINT

/** TbAlignIndex: events of one device, by length, way and time. Opaque */
typedef struct _TbAlignIndex TbAlignIndex;

/**
 * tb_align_index_new: @events: of TbAlignEvent, copied
 * @scale: (not nullable): applied to their times, for clocks of unknown rate: time x scale
 */
TbAlignIndex *tb_align_index_new(const GArray *events, guint device, double scale);
void tb_align_index_free(TbAlignIndex *index);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TbAlignIndex, tb_align_index_free)
guint tb_align_index_get_n(const TbAlignIndex *index);

/**
 * TbAlignVote:
 * @offset_ns: packet time - event time
 * @near_ns: how far from it a match may lie
 * @score: matches among the packets that were looked at
 * @second: the same for the best other offset
 * @confidence: @score / @second; G_MAXUINT16 where nothing else matches
 * @looked_at: packets that were looked at and lie in the recording's time
 * @share: matched part of the fewer of packets and events
 * @accepted: beyond all limits above
 * @from, @to: the packets that voted, where that were not all (@to 0)
 */
typedef struct {
  gint64 offset_ns;
  gint64 near_ns;
  guint score;
  guint second;
  double confidence;
  guint looked_at;
  double share;
  gboolean accepted;
  guint from;
  guint to;
} TbAlignVote;

/**
 * tb_align_vote: @packets: of TbAlignPacket, in the order of the capture: where its clock was
 *   set back that is not the order of time
 * @groups: of TbAlignGroup
 * @wishes: @n_wishes offsets to try beside the voted ones (0 where a date is known,
 *   37 s where a clock is TAI)
 * @budget: pairs to compare
 *
 * Returns: whether it is accepted
 */
gboolean tb_align_vote(const TbAlignIndex *index, const GArray *packets, const GArray *groups,
                       const gint64 *wishes, guint n_wishes, guint budget, TbAlignVote *vote);

/**
 * TbAlignMatch: a packet and its event
 * @packet_ns, @event: their samples
 * @packet: place among the packets
 * @alone: no other event of this length and way is near enough to be meant
 */
typedef struct {
  gint64 packet_ns;
  TbAlignEvent event;
  guint packet;
  gboolean alone;
} TbAlignMatch;

/**
 * tb_align_match: all matches around an accepted @vote, following slow drift.
 * @ways: (out): TB_ALIGN_GROUPS ways of senders, as TbNetDirection
 * Returns: (transfer full) (element-type TbAlignMatch): by packet
 */
GArray *tb_align_match(const TbAlignIndex *index, const GArray *packets, const GArray *groups,
                       const TbAlignVote *vote, guint8 *ways);

G_END_DECLS
