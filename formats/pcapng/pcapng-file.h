/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The state of a pcapng file being read, shared by the parts of the reader:
 * sections, interfaces and machines (pcapng-section.c), blocks between the
 * records (pcapng-carry.c), and the walk itself (pcapng-reader.c).
 */
#pragma once

#include "base/window.h"
#include "format/reader.h"
#include "pcap/capture.h"
#include "pcapng/pcapng-owners.h"
#include "pcapng/pcapng-time.h"
#include "pcapng/pcapng-trailer.h"
#include "pcapng/pcapng-types.h"

#include <glib.h>

G_BEGIN_DECLS

/**
 * TbPcapngInterface: an interface of the present section
 * @source: borrowed from the reader
 * @time: how its ticks count
 * @snaplen: as described, 0 = no limit
 * @max_caplen: the largest packet that can be true
 * @has_rows: it is an events interface written by this program
 * @number: place of the source in the file, and in @trailers
 * @key: (nullable): of a source whose key is still being made
 */
typedef struct {
  TbSource *source;
  TbPcapngTime time;
  guint32 snaplen;
  guint32 max_caplen;
  gboolean has_rows;
  guint number;
  TbCaptureKey *key;
} TbPcapngInterface;

/** TbPcapngHost: a machine under the name that interfaces and machine blocks use for it */
typedef struct {
  char *host;
  TbMachine *machine; /* borrowed from the reader */
} TbPcapngHost;

/** TbPcapngProcess: an Apple process block */
typedef struct {
  guint32 pid;
  const char *name; /* interned; NULL where the block has none */
} TbPcapngProcess;

/** TbPcapngTally: what was met, for describe() */
typedef struct {
  guint64 sections;
  guint64 big_sections;
  guint64 custom_dropped;
  guint64 unknown_dropped;
  guint32 first_unknown;
  guint64 dangling; /* references to process blocks that do not stand in front of the packet */
} TbPcapngTally;

/** TbPcapngPlace: where the walk over blocks is. @at_off: the next block */
typedef struct {
  TbWindow window;
  guint64 size;
  guint64 at_off;
} TbPcapngPlace;

/**
 * TbPcapngSection: what the present section's header says
 * @big: byte order
 * @of_ours: written by this program, not rewritten
 * @application, @os, @hardware: (nullable): owned
 * @comments: (nullable): as little-endian options
 */
typedef struct {
  gboolean big;
  gboolean of_ours;
  char *application;
  char *os;
  char *hardware;
  GBytes *comments;
} TbPcapngSection;

/** TbPcapngSettings: @salvage: goes on behind broken blocks; @keep_all: carries unknown ones */
typedef struct {
  gboolean salvage;
  gboolean keep_all;
} TbPcapngSettings;

/** TbPcapngProcessBlocks: Apple's process blocks met so far, and their names */
typedef struct {
  GArray *blocks; /* TbPcapngProcess */
  struct _TbStrPool *names;
} TbPcapngProcessBlocks;

/**
 * TbPcapngCarry: blocks that stand between the records
 * @blocks: in front of the next record
 * @lent: those that were lent last
 * @held: custom blocks that wait for the file's second record
 * @pending: if @has_pending, the record behind the blocks that were lent last
 */
typedef struct {
  TbBuf blocks;
  TbBuf lent;
  TbBuf held;
  TbRecord pending;
  gboolean has_pending;
} TbPcapngCarry;

/**
 * TbPcapngPacket: what belongs to the present packet
 * @payload: its options and ticks
 * @options: where they could not be lent as they stand
 * @owners: of the packet that was asked for last
 */
typedef struct {
  TbPayload payload;
  TbBuf options;
  TbPcapngOwners owners;
} TbPcapngPacket;

/**
 * TbPcapngPass: one reading of the file
 * @is_first: descriptions are taken in; later passes find everything made
 * @started, @ended: it has lent something, everything
 * @last_ns: time of the last record
 * @n_records: lent so far
 */
typedef struct {
  gboolean is_first;
  gboolean started;
  gboolean ended;
  gint64 last_ns;
  guint64 n_records;
} TbPcapngPass;

/**
 * TbPcapngFile:
 * @name: borrowed: of the input
 * @interfaces: (element-type TbPcapngInterface): of the present section
 * @n_met: interfaces met in this pass, in all sections = index in reader->sources
 * @keys: (element-type TbCaptureKey): of sources by index, in the first pass
 * @hosts: (element-type TbPcapngHost)
 * @trailers: (element-type TbPcapngTrailers) (nullable): by source, counted in the first pass
 *   where trailers are to be removed
 * @types: of rows
 */
typedef struct {
  TbReader *reader;
  const char *name;
  TbPcapngPlace place;
  TbPcapngPass pass;
  TbPcapngSection section;
  TbPcapngSettings settings;
  GArray *interfaces;
  guint n_met;
  GPtrArray *keys;
  GArray *hosts;
  GArray *trailers;
  TbPcapngProcessBlocks processes;
  TbPcapngCarry carry;
  TbPcapngPacket packet;
  TbPcapngTypes *types;
  TbPcapngTally tally;
} TbPcapngFile;

/** TbPcapngBlock: a whole block in the window; @body borrows until the next read */
typedef struct {
  guint32 type;
  guint64 offset;
  const guint8 *body;
  gsize len;
} TbPcapngBlock;

/** tb_pcapng_file_damage: tells of damage at @offset; counted for @source if not NULL */
void tb_pcapng_file_damage(TbPcapngFile *file, TbSource *source, TbError code, guint64 offset,
                           guint64 skipped, guint64 lost, const char *format, ...)
    G_GNUC_PRINTF(7, 8);

/* pcapng-section.c; each returns FALSE where it told of damage. */

/** tb_pcapng_section_begin: a section header; @file->big is already that of the section */
gboolean tb_pcapng_section_begin(TbPcapngFile *file, const TbPcapngBlock *block);
gboolean tb_pcapng_section_interface(TbPcapngFile *file, const TbPcapngBlock *block);
gboolean tb_pcapng_section_machine(TbPcapngFile *file, const TbPcapngBlock *block);
gboolean tb_pcapng_section_statistics(TbPcapngFile *file, const TbPcapngBlock *block);
/** tb_pcapng_section_finish_keys: the first pass is over: sources of few packets get their keys */
void tb_pcapng_section_finish_keys(TbPcapngFile *file);

/* pcapng-carry.c */

/** tb_pcapng_carry_block: takes a block between the records; FALSE where it told of damage */
gboolean tb_pcapng_carry_block(TbPcapngFile *file, const TbPcapngBlock *block);
/** tb_pcapng_carry_process: an Apple process block */
void tb_pcapng_carry_process(TbPcapngFile *file, const TbPcapngBlock *block);
/** tb_pcapng_carry_take: gives what was collected to @event, a carried record */
void tb_pcapng_carry_take(TbPcapngFile *file, TbRecord *event);
/**
 * tb_pcapng_carry_options: sets the payload's options from @data in the order of the section, and
 * @event's direction; @offset is where they stand
 */
void tb_pcapng_carry_options(TbPcapngFile *file, TbRecord *event, const guint8 *data, gsize len,
                             guint64 offset);
/** tb_pcapng_carry_old_options: the same for an old packet block with @drops packets dropped */
void tb_pcapng_carry_old_options(TbPcapngFile *file, TbRecord *event, const guint8 *data,
                                 gsize len, guint64 offset, guint32 drops);

G_END_DECLS
