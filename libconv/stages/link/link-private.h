/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the parts of packet links share: buffers under way, what is written down, the comparison. */
#pragma once

#include "base/spill.h"
#include "stages/link/link.h"
#include "stages/wire/match.h"

G_BEGIN_DECLS

enum {
  LINK_TWINS = 16,        /* packets of one time that are told apart */
  LINK_KEPT = 1 << 24,    /* named packets of a filtered output; of further ones nothing is said */
};

/**
 * LinkPass: a buffer passed the place where packets are captured
 * @anchor_ns: time of the event next to that place; key
 * @first_ns: time of the buffer's first event
 * @len: bytes from the network header on
 * @tag: the buffer's address and device, shortened
 */
typedef struct {
  gint64 anchor_ns;
  gint64 first_ns;
  guint32 len;
  guint32 tag;
  guint32 cpu;
  guint16 device;
  guint8 way;
  guint8 unused;
} LinkPass;

/** LinkPacket: a captured packet; @len 0 = nothing can be compared with it; @way: TB_WIRE_N_WAYS = unknown */
typedef struct {
  gint64 time_ns; /* key */
  guint32 len;
  guint32 way;
  guint64 id;
} LinkPacket;

/** LinkFound: the packet of a buffer; key: its first event */
typedef struct {
  gint64 first_ns;
  guint32 tag;
  guint32 capture;
  guint64 id;
} LinkFound;

/** LinkNamed: a packet that an event is about; key: its time as prepare saw it */
typedef struct {
  gint64 time_ns;
  guint64 id;
} LinkNamed;

/** LinkIds: numbers of a capture's packets of the present time, on its own clock */
typedef struct {
  gint64 own_ns;
  guint n;
  guint64 ids[LINK_TWINS];
} LinkIds;

/** link_ids_make: the number of @packet, the capture's packets in order of time */
guint64 link_ids_make(LinkIds *ids, const TbRecord *packet);

/** LinkTrack: the buffers of one recording. @buffers: the wire's */
typedef struct {
  TbSource *source; /* borrowed */
  TbWireBuffers *buffers;
  TbSpill *passes[TB_WIRE_N_WAYS];
  TbSpill *found;
} LinkTrack;

/**
 * LinkCapture: the packets of one interface of the output, of one or more sources
 * @cooked: packets of all devices
 * @named: (element-type LinkNamed): packets that events are about
 * @reader, @started, @next, @now: emit phase: the place in @named, and those of the present time
 */
typedef struct {
  TbSource *source; /* borrowed */
  gboolean cooked;
  TbSpill *packets;
  TbSpill *named;
  LinkIds ids;
  TbSpillReader reader;
  gboolean started;
  const LinkNamed *next;
  GArray *now;
} LinkCapture;

/** link_capture_restart: the same packets come again */
void link_capture_restart(LinkCapture *capture);
/**
 * link_capture_find: whether an event is about @packet, which prepare saw at @time_ns, and its
 * number then; packets in order of time. FALSE with @error where a temporary file cannot be read
 */
gboolean link_capture_find(LinkCapture *capture, const TbRecord *packet, gint64 time_ns,
                           gboolean *named, guint64 *id, GError **error);

/* Numbers of packets that are in the output: added, sorted, then looked up. */
void link_kept_add(GArray *kept, guint64 id);
void link_kept_sort(GArray *kept);
gboolean link_kept_has(const GArray *kept, guint64 id);

/**
 * LinkFit: how a capture's packets lie to a device's buffers
 * @device: or %TB_WIRE_NO_DEVICE where it is all of them
 * @ways: of those that nothing fits @clear_ns is 0
 */
typedef struct {
  guint device;
  TbMatchFit ways[TB_WIRE_N_WAYS];
} LinkFit;

/** link_axis_ns: a packet's time as @track's events have it */
gint64 link_axis_ns(const LinkTrack *track, const LinkCapture *capture, gint64 time_ns);

/** link_survey: @fit: (out). Returns: 1 = fits, 0 = nothing does, -1 with @error */
gint link_survey(const LinkTrack *track, const LinkCapture *capture, LinkFit *fit, GError **error);

/** link_join: adds to @track's found ones the packets of @capture, number @index; they are named */
gboolean link_join(LinkTrack *track, LinkCapture *capture, guint index, const LinkFit *fit,
                   GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
