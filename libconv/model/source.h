/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A source: one stream of records of one machine, as one interface of the
 * output shows it (a recording's buffer, a captured interface, a Process
 * Monitor log). Knows no format; what a format wants to carry along hangs here
 * as an object of its own.
 */
#pragma once

#include "model/clock.h"
#include "model/machine.h"

#include <glib.h>

G_BEGIN_DECLS

typedef enum { TB_SOURCE_EVENTS, TB_SOURCE_PACKETS } TbSourceClass;

/**
 * TbSourceCounts: what was read of a source
 * @records: events or packets lent
 * @lost: records the recorder says it lost
 * @lost_gaps: places where it lost some, the number known or not
 * @lost_unknown: of these, the gaps whose size was not stored
 * @discarded: records the kernel took back
 * @damaged: records or pieces that could not be read
 * @unordered: records whose time lies before the one before them
 * @trailers: packets with bytes behind the frame that name its owner
 * @expected: what the recorder's own statistics promise, if @expected_known
 * @missing: of the expected ones, those that are surely not in the input
 * @doubtful: those that are not, but may have been counted twice by the recorder
 * @overrun: records overwritten by the recorder's own statistics
 * @first_ns, @last_ns: smallest and largest time on the source's own clock; valid if @records
 */
typedef struct {
  guint64 records;
  guint64 lost;
  guint64 lost_gaps;
  guint64 lost_unknown;
  guint64 discarded;
  guint64 damaged;
  guint64 unordered;
  guint64 trailers;
  gboolean expected_known;
  guint64 expected;
  guint64 missing;
  guint64 doubtful;
  guint64 overrun;
  gint64 first_ns;
  gint64 last_ns;
} TbSourceCounts;

/**
 * TbSourceLink: how its packets were captured
 * @type: pcap link type
 * @snaplen: 0 = no limit
 * @fcs_bits: length of the frame check sequence at the end of its packets, -1 = not stated
 */
typedef struct {
  guint32 type;
  guint32 snaplen;
  gint16 fcs_bits;
} TbSourceLink;

/**
 * TbSourceClock: from its own clock to others
 * @axis: from own time to the output
 * @opened: from own time to the time that observers of the prepare phase saw, which is also
 *   that of its machine's timeline: @axis as it was then. A rate of 0: no record seen yet
 * @reference: (nullable): borrowed: of packets: the recording whose alignment leads from output
 *   time back to the machine's timeline
 * @tsresol: resolution of own ticks as pcapng writes it (bit 7: power of 2)
 */
typedef struct {
  TbAxis axis;
  TbAxis opened;
  const struct _TbSource *reference;
  guint8 tsresol;
} TbSourceClock;

/**
 * TbCarried: what one format carries along with a source and nobody else understands
 * @free: releases it with the source; also tells whose it is
 */
typedef struct _TbCarried TbCarried;

struct _TbCarried {
  void (*free)(TbCarried *carried);
};

/**
 * TbSource: (reference counted)
 * @machine: (nullable): owned reference; NULL until it is known
 * @class: events or packets
 * @name: "ftrace", "ftrace/INSTANCE", "eth0", "procmon"
 * @name_is_device: @name is what the recorder itself called the captured device
 * @host: (nullable): host part of a "HOST:SOURCE" interface name in the input
 * @key: 8 hexadecimal digits, given once from its first records, then carried
 * @file: (nullable): base name of the file it first came from
 * @subject: (nullable): what it is about, where sources of a folder complete each other
 * @recorder: (nullable): program that recorded it
 * @link: of packets
 * @clock: what its times mean elsewhere
 * @frozen: read back from a converted file: nothing about it is derived again
 * @carried: (nullable): owned; what its format carries along
 * @rank: place in the total order = interface number of the output
 * @counts: filled while reading
 */
typedef struct _TbSource TbSource;

struct _TbSource {
  gint ref_count;
  TbMachine *machine;
  TbSourceClass class;
  char *name;
  gboolean name_is_device;
  char *host;
  char key[9];
  char *file;
  char *subject;
  char *recorder;
  TbSourceLink link;
  TbSourceClock clock;
  gboolean frozen;
  TbCarried *carried;
  guint32 rank;
  TbSourceCounts counts;
};

/*
 * The one place where times of different clocks become each other: a source owns the map from its
 * own time to its machine's timeline (clock.opened, fixed when it is met) and to the output (clock.axis,
 * which alignment moves).
 */

/** tb_source_output_time: the output time of a moment of @source's own clock */
static inline TbOutputTime tb_source_output_time(const TbSource *source, TbOwnTime own)
{
  return (TbOutputTime){ tb_axis_map(&source->clock.axis, own.ns) };
}

/** tb_source_machine_time: the same on its machine's timeline, as observers see it */
static inline TbMachineTime tb_source_machine_time(const TbSource *source, TbOwnTime own)
{
  return (TbMachineTime){ tb_axis_map(&source->clock.opened, own.ns) };
}

/** tb_source_to_machine: the moment on the timeline that follows @source's clock */
static inline TbMachineTime tb_source_to_machine(const TbSource *source, TbOutputTime time)
{
  return (TbMachineTime){ tb_axis_map(&source->clock.opened, tb_axis_unmap(&source->clock.axis, time.ns)) };
}

/**
 * tb_source_to_output: the output time of a moment of the timeline that follows @source's clock
 * (nullable: it follows none); moments outside every recording stay outside
 */
static inline TbOutputTime tb_source_to_output(const TbSource *source, TbMachineTime time)
{
  if (!source || time.ns == G_MININT64 || time.ns == G_MAXINT64)
    return (TbOutputTime){ time.ns };
  return (TbOutputTime){ tb_axis_map(&source->clock.axis, tb_axis_unmap(&source->clock.opened, time.ns)) };
}

/** tb_source_new: @name is copied; the clock is unknown, the resolution 9 (nanoseconds) */
TbSource *tb_source_new(TbSourceClass class, const char *name);
TbSource *tb_source_ref(TbSource *source);
void tb_source_unref(TbSource *source);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TbSource, tb_source_unref)

/** tb_source_set_machine: replaces the reference it holds */
void tb_source_set_machine(TbSource *source, TbMachine *machine);

/** tb_source_set_key_from: the key from a hash over @len bytes of its first records */
void tb_source_set_key_from(TbSource *source, const void *bytes, gsize len);

/** tb_source_dup_interface_name: Returns: (transfer full): "HOST:SOURCE" */
char *tb_source_dup_interface_name(const TbSource *source);

/** tb_source_compare: the order of ranks: machine, class, name, key */
gint tb_source_compare(const TbSource *a, const TbSource *b);

G_END_DECLS
