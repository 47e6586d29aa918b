/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the parts of packet links share: buffers under way, what is written down, the comparison. */
#pragma once

#include "base/stash.h"
#include "stages/wire/headers.h"
#include "stages/packet-link/packet-link.h"

G_BEGIN_DECLS

enum {
  LINK_BUFFERS = 8192, /* buffers under way, by address and device */
  LINK_LINE_BYTES = 64, /* of the processor's cache */
  LINK_DEVICES = 256,  /* of one recording; events of further ones are left out */
  LINK_DEVICE_BYTES = 16, /* IFNAMSIZ */
  LINK_TWINS = 16,        /* packets of one time that are told apart */
  LINK_KEPT = 1 << 24,    /* named packets of a filtered output; of further ones nothing is said */
  LINK_NO_DEVICE = 0xffff,
};

/* What an event says happened to a buffer. */
typedef enum {
  LINK_NOTHING,
  LINK_QUEUE,   /* net_dev_queue */
  LINK_START,   /* net_dev_start_xmit: the tap has just seen the packet */
  LINK_XMIT,    /* net_dev_xmit */
  LINK_ARRIVE,  /* netif_rx_entry, napi_gro_receive_entry, ... */
  LINK_PASS,    /* netif_rx */
  LINK_RECEIVE, /* netif_receive_skb: the tap is about to see the packet */
} LinkStep;

/** LinkNumber: where a number of 4 or 8 bytes stands in an event; size 0 = nowhere */
typedef struct {
  guint32 offset;
  guint32 size;
} LinkNumber;

/**
 * LinkPlan: an event type that is of use; fields by place and size
 * @network: offset of the network header
 * @locator: of @device, where that is a name as the kernel's events have them; else nowhere
 */
typedef struct {
  guint8 step;
  guint8 big;
  LinkNumber skb;
  LinkNumber len;
  LinkNumber network;
  LinkNumber locator;
  const TbField *device;
} LinkPlan;

/** link_plan: whether @type is of use, and how */
gboolean link_plan(const TbEventType *type, LinkPlan *plan);

typedef enum { LINK_SENT, LINK_RECEIVED, LINK_LANES } LinkLane;

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
  guint8 lane;
  guint8 unused;
} LinkPass;

/** LinkPacket: a captured packet; @len 0 = nothing can be compared with it; @lane: LINK_LANES = unknown */
typedef struct {
  gint64 time_ns; /* key */
  guint32 len;
  guint32 lane;
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

/* How far a buffer has come. */
typedef enum { LINK_GONE, LINK_QUEUED, LINK_STARTED, LINK_ARRIVED } LinkState;

/**
 * LinkBuffer: a buffer under way, a cache line each
 * @capture, @id: emit phase: its packet, if @has_id
 */
typedef struct {
  guint64 skb;
  gint64 first_ns;
  gint64 last_ns;
  guint32 epoch;
  guint32 len; /* whole, and from the network header on once it was started */
  guint32 cpu;
  guint32 type; /* id of the type of the event before */
  guint16 device;
  guint8 state;
  guint8 xmit_due;
  guint8 has_id;
  guint32 capture;
  guint64 id;
} __attribute__((aligned(LINK_LINE_BYTES))) LinkBuffer;

typedef struct {
  char name[LINK_DEVICE_BYTES];
  guint8 len;
  gboolean loops; /* what is sent is received by the same device, and captured then */
} LinkDevice;

/**
 * LinkTrack: the buffers of one recording
 * @epoch: goes up where events were lost: what was under way is forgotten
 * @starts_told: net_dev_start_xmit (or net_dev_xmit) was seen: it tells when a buffer was captured
 */
typedef struct {
  TbSource *source; /* borrowed */
  LinkBuffer *buffers;
  GArray *devices; /* LinkDevice */
  guint last_device;
  guint32 epoch;
  gboolean starts_told;
  gboolean receives_told;
  gboolean xmit_starts; /* net_dev_xmit stands for net_dev_start_xmit */
  gboolean again;       /* nobody asks what passes any more */
  TbStash *passes[LINK_LANES];
  TbStash *found;
} LinkTrack;

/**
 * LinkStepped: what an event did
 * @buffer: (nullable): the one it belongs to
 * @passed: see LinkPass; only before the events come again
 */
typedef struct {
  LinkBuffer *buffer;
  gboolean begins;
  gboolean has_passed;
  LinkPass passed;
} LinkStepped;

/** link_track_init: @store: where what it writes down is kept */
void link_track_init(LinkTrack *track, TbSource *source, TbStashStore *store);
void link_track_clear(LinkTrack *track);
/** link_track_restart: the same events come again */
void link_track_restart(LinkTrack *track);
/** link_track_step: an event of a planned type */
void link_track_step(LinkTrack *track, const LinkPlan *plan, const TbItem *event,
                     LinkStepped *out);
/**
 * link_track_is_waiting: whether @buffer was queued and nothing will tell when it was captured:
 * then that was at once
 */
gboolean link_track_is_waiting(const LinkTrack *track, const LinkBuffer *buffer, LinkPass *passed);
/** link_track_tag: what tells @buffer from others at one time */
guint32 link_track_tag(const LinkBuffer *buffer);
/** link_track_find_device: its number, or %LINK_NO_DEVICE */
guint link_track_find_device(const LinkTrack *track, const char *name);

/**
 * LinkCapture: the packets of one interface of the output, of one or more sources
 * @cooked: packets of all devices
 * @named: (element-type LinkNamed): packets that events are about
 * @reader, @started, @next, @now: emit phase: the place in @named, and those of the present time
 */
typedef struct {
  TbSource *source; /* borrowed */
  gboolean cooked;
  TbStash *packets;
  TbStash *named;
  LinkIds ids;
  TbStashReader reader;
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
 * @device: or %LINK_NO_DEVICE where it is all of them
 * @usual_ns: from anchor to packet
 * @near_ns: how far from that a packet may lie
 * @clear_ns: a second candidate is worse by at least so much; 0 = nothing of this lane fits
 */
typedef struct {
  guint device;
  struct {
    gint64 usual_ns;
    gint64 near_ns;
    gint64 clear_ns;
  } lanes[LINK_LANES];
} LinkFit;

/** link_axis_ns: a packet's time as @track's events have it */
gint64 link_axis_ns(const LinkTrack *track, const LinkCapture *capture, gint64 time_ns);

/** link_survey: @fit: (out). Returns: 1 = fits, 0 = nothing does, -1 with @error */
gint link_survey(const LinkTrack *track, const LinkCapture *capture, LinkFit *fit, GError **error);

/** link_join: adds to @track's found ones the packets of @capture, number @index; they are named */
gboolean link_join(LinkTrack *track, LinkCapture *capture, guint index, const LinkFit *fit,
                   GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
