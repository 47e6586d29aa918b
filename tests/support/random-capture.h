/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Captures at random, from a seed: valid files in classic pcap or pcapng with
 * several interfaces, resolutions and link types, many equal times, packets out
 * of order if wanted, and as much of pcapng as asked for. The same random
 * numbers give the same bytes on every machine.
 */
#pragma once

#include "base/buf.h"

#include <glib.h>

/** What a pcapng file has besides interfaces described in front and enhanced packets */
typedef enum {
  RANDOM_OPTIONS = 1 << 0,         /* comments, flags, identifiers, custom options of packets */
  RANDOM_LATE_INTERFACES = 1 << 1, /* interfaces described between packets */
  RANDOM_SIMPLE_PACKETS = 1 << 2,  /* packets without a time; needs one section */
  RANDOM_OLD_PACKETS = 1 << 3,     /* packet blocks of type 2 */
  RANDOM_NAMES = 1 << 4,           /* name resolution */
  RANDOM_SECRETS = 1 << 5,         /* decryption secrets (made up) */
  RANDOM_CUSTOM = 1 << 6,          /* custom blocks that may be copied */
  RANDOM_STATISTICS = 1 << 7,      /* interface statistics at the end */
  RANDOM_SECTIONS = 1 << 8,        /* a second section in the other byte order */
  RANDOM_RESOLUTIONS = 1 << 9,     /* besides nanoseconds: microseconds, 2^-10 s, an offset */
  RANDOM_EVERYTHING = (1 << 10) - 1,
} RandomFeatures;

/**
 * RandomCapture:
 * @n_interfaces: at least 1; classic pcap has one
 * @n_packets: in all sections together
 * @start_s: second since 1970 of the first packets
 * @n_times: how many different times there are about; few make many ties
 * @n_swaps: how often two packets change places after all were in order
 * @link_type: of all interfaces; 0 = a mix
 * @host: (nullable): interfaces are named HOST:ethN, else ethN
 * @features: of pcapng
 */
typedef struct {
  guint n_interfaces;
  guint n_packets;
  guint32 start_s;
  guint n_times;
  guint n_swaps;
  guint32 link_type;
  const char *host;
  RandomFeatures features;
} RandomCapture;

/** random_capture_pcap: appends a whole file to @out; nanoseconds, byte order at random */
void random_capture_pcap(TbBuf *out, const RandomCapture *wish, GRand *rand);

/** random_capture_pcapng: appends a whole file to @out */
void random_capture_pcapng(TbBuf *out, const RandomCapture *wish, GRand *rand);
