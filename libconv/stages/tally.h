/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Counts packets once their owners are set: how many ends of which kind are
 * named, by what and how surely, and (if asked for) what every process sent
 * and received. Finds no owners itself and knows no file format.
 */
#pragma once

#include "model/item.h"
#include "stages/owners/owners.h"

#include <glib.h>

G_BEGIN_DECLS

/**
 * TbPacketKind:
 * @TB_PACKET_TCP_DATA: TCP with payload
 * @TB_PACKET_TCP_EMPTY: TCP without
 * @TB_PACKET_ICMP: ICMP and ICMPv6
 * @TB_PACKET_OTHER: all else, also fragments without ports
 */
typedef enum {
  TB_PACKET_TCP_DATA,
  TB_PACKET_TCP_EMPTY,
  TB_PACKET_UDP,
  TB_PACKET_ICMP,
  TB_PACKET_OTHER,
  TB_N_PACKET_KINDS,
} TbPacketKind;

/** tb_packet_kind_to_word: "tcp-data", "tcp-no-data", "udp", "icmp", "other" */
const char *tb_packet_kind_to_word(TbPacketKind kind);

enum { TB_PACKET_SRC, TB_PACKET_DST, TB_N_PACKET_ENDS };

/* Kinds of evidence that are told apart; number 0 is what is not stated, or one too many. */
enum { TB_TALLY_EVIDENCE = 32 };

/**
 * TbEndTally: one end of the packets of one kind
 * @named: by confidence and number of the evidence
 * @not_named: by whose address it is
 * @agreeing: of the named: the capture itself names the process, too
 * @differing: of the named: the capture itself names another process
 */
typedef struct {
  guint64 named[TB_CONFIDENCE_CERTAIN + 1][TB_TALLY_EVIDENCE];
  guint64 not_named[TB_END_REMOTE + 1];
  guint64 agreeing;
  guint64 differing;
} TbEndTally;

/**
 * TbTraffic:
 * @bytes: of whole packets as they were on the wire, however much of them was captured
 * @payload: of these, what TCP and UDP carried
 */
typedef struct {
  guint64 packets;
  guint64 bytes;
  guint64 payload;
} TbTraffic;

/**
 * TbOwnerShares: all packets together
 * @all: every packet
 * @not_named: those without a name at either end
 */
typedef struct {
  TbEndTally ends[TB_N_PACKET_KINDS][TB_N_PACKET_ENDS];
  TbTraffic all;
  TbTraffic not_named;
} TbOwnerShares;

/** TbProcessTraffic: what a process sent, and what reached it */
typedef struct {
  TbTraffic sent;
  TbTraffic received;
} TbProcessTraffic;

typedef struct _TbTally TbTally;

/**
 * tb_tally_new:
 * @owners: (nullable): tells local ends from others; outlives the tally
 */
TbTally *tb_tally_new(const TbObserver *owners);
void tb_tally_free(TbTally *tally);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TbTally, tb_tally_free)

/**
 * tb_tally_count_processes: from now on packets are counted by process, too, as far as their
 * owners are known at least so well as @least
 */
void tb_tally_count_processes(TbTally *tally, TbConfidence least);

/** tb_tally_packet: a packet whose owners are set and whose times are mapped */
void tb_tally_packet(TbTally *tally, const TbItem *packet);

/**
 * tb_tally_finish: processes that only owners name, and no event, become instances of their
 * machines' timelines. Nothing is counted afterwards
 */
void tb_tally_finish(TbTally *tally);

const TbOwnerShares *tb_tally_get_shares(const TbTally *tally);
/** tb_tally_could_tell: there was a recording to find owners by, or a capture named some itself */
gboolean tb_tally_could_tell(const TbTally *tally);
/** tb_tally_get_evidence: the word of an evidence number that was met; "other" for 0 */
const char *tb_tally_get_evidence(const TbTally *tally, guint number);

/** tb_tally_get_process: after finish(): @process: its number in @machine's timeline */
TbProcessTraffic tb_tally_get_process(const TbTally *tally, const TbMachine *machine,
                                      guint32 process);
/**
 * tb_tally_get_machine: packets captured on @machine, if they are counted by process
 * @not_named: (out): of these, those without a name at either end
 */
TbTraffic tb_tally_get_machine(const TbTally *tally, const TbMachine *machine,
                               TbTraffic *not_named);

G_END_DECLS
