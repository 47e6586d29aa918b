/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The reader interface: a format gives a vtable, the calls below are what the
 * rest of the program uses. A reader describes its machines, sources and event
 * types when it is opened, then lends events, stream by stream, in as many
 * passes as are asked for. It knows no stage and no writer.
 */
#pragma once

#include "base/damage.h"
#include "base/error.h"
#include "base/input.h"
#include "base/limits.h"
#include "format/folder.h"
#include "model/fact.h"

#include <glib.h>

G_BEGIN_DECLS

typedef struct _TbReader TbReader;

/**
 * TbReadResult:
 * @TB_READ_RECORD: a record was lent
 * @TB_READ_AGAIN: nothing now, but more may come: only with #TbReaderHints.live
 * @TB_READ_END: no more records in this stream
 * @TB_READ_DAMAGED: something could not be read and is in the damage log; go on
 * @TB_READ_ERROR: the stream cannot go on; the error says why
 */
typedef enum {
  TB_READ_RECORD,
  TB_READ_AGAIN,
  TB_READ_END,
  TB_READ_DAMAGED,
  TB_READ_ERROR,
} TbReadResult;

/**
 * TbReaderFormat:
 * @name: short lower-case name
 * @description: for people
 * @extensions: NULL-terminated, without dots; shown only, never used to detect
 * @described_ahead: all that may be asked of a reader before its first record is known when it is open:
 *   one stream of packets of one source, on wall-clock time. Only two things are left that records
 *   can still change, their order and a larger snaplen. Such inputs need no prepare pass of their
 *   own
 * @peek_bytes: how much of the head @probe wants to see
 * @probe: Returns: number of signature bits that match, 0 = not this format
 * @open: reads what precedes the events: fills machines, sources, types and
 *   n_streams of @reader. Fails only when nothing at all can be read
 * @rewind: back to the first event of every stream
 * @next: lends the next event of @stream
 * @tell_snapshot: (nullable): tells @sink what tables of the recording say: processes, descriptors
 *   and sockets that exist at a moment (TB_FACT_PROCESS_EXISTS, _DESCRIPTOR_EXISTS,
 *   _SOCKET_EXISTS). Called once before the first record of a pass that learns, after rewind.
 *   @moment is a heartbeat: source and time are to be set before the first fact, and again where
 *   they differ. Tell processes before their descriptors, and sockets before the descriptors that
 *   stand for them
 * @position: (nullable): bytes of the input consumed so far, for progress
 * @describe: (nullable): calls @add for each fact `info` should show, in order
 * @get_owners: (nullable): the owners that a PACKET it lent carries itself, in its options or
 *   bytes; valid until the next call. NULL = none
 * @close: releases @reader->priv
 * @list_folder: (nullable): whether the folder is one that its recorder wrote; if so, fills it.
 *   FALSE without an error = not mine
 */
struct _TbReaderFormat {
  const char *name;
  const char *description;
  const char *const *extensions;
  gboolean described_ahead;
  gsize peek_bytes;
  guint (*probe)(const guint8 *head, gsize len);
  gboolean (*open)(TbReader *reader, GError **error);
  gboolean (*rewind)(TbReader *reader, GError **error);
  TbReadResult (*next)(TbReader *reader, guint32 stream, TbRecord *event, GError **error);
  void (*tell_snapshot)(TbReader *reader, TbRecord *moment, TbFactSink *sink);
  guint64 (*position)(const TbReader *reader);
  void (*describe)(const TbReader *reader,
                   void (*add)(gpointer data, const char *key, const char *value), gpointer data);
  const struct _TbOwners *(*get_owners)(TbReader *reader, const TbRecord *packet);
  void (*close)(TbReader *reader);
  gboolean (*list_folder)(TbFolder *folder, const TbLimits *limits, GError **error);
};

/**
 * TbReaderHints: what a pass needs of the records; a reader may leave out others, and never must
 * @interesting_only: of the events those whose type somebody is interested in; what is left out
 *   stays in the source's counts
 * @live: the input may still be growing: where its end so far may not be its end, a reader says
 *   %TB_READ_AGAIN. Without this it says %TB_READ_END there
 */
typedef struct {
  gboolean interesting_only;
  gboolean live;
} TbReaderHints;

/**
 * TbReaderSession: which recording this is, and whose guest; set by the format in open
 * @id: number of the recording session, 0 = none
 * @host_id: the host's @id where this is the recording of a virtual machine that can map its
 *   times to the host's clock, else 0
 * @host: (nullable): the host's reader, where it is among the inputs: times of the sources that
 *   run on the first source's clock are then the host's. Set by the run, before the first rewind
 */
typedef struct {
  guint64 id;
  guint64 host_id;
  TbReader *host;
} TbReaderSession;

/**
 * TbReaderPlace: where the file comes from
 * @folder, @file: (nullable): borrowed: the folder it is a file of, and what that says of it;
 *   they live longer than the reader
 */
typedef struct {
  const TbFolder *folder;
  const TbFolderFile *file;
} TbReaderPlace;

/**
 * TbReader:
 * @format: its vtable
 * @input: (owned): what it reads
 * @limits: borrowed
 * @damage: borrowed: where it tells what it could not read
 * @settings: (nullable): borrowed: string -> string, wishes of the user by name; a format
 *   takes those it knows ("salvage", "stacks") and ignores the others
 * @machines: (element-type TbMachine): machines it speaks of
 * @sources: (element-type TbSource): may grow while reading
 * @types: (element-type TbEventType): may grow while reading
 * @n_streams: independent streams, each in order of its own time as far as the
 *   recorder kept it; all sources of one stream share it
 * @hints: what the present pass needs of its records
 * @session, @place: see there
 * @priv: the format's own state
 * @next_type_id, @unordered: kept by the calls below
 */
struct _TbReader {
  const TbReaderFormat *format;
  TbInput *input;
  const TbLimits *limits;
  TbDamageLog *damage;
  GHashTable *settings;
  GPtrArray *machines;
  GPtrArray *sources;
  GPtrArray *types;
  guint32 n_streams;
  TbReaderHints hints;
  TbReaderSession session;
  TbReaderPlace place;
  gpointer priv;
  guint32 *next_type_id;
  GHashTable *unordered;
};

/**
 * tb_reader_open:
 * @format: (not nullable): from the registry
 * @input: (transfer full): taken over, also on failure
 * @limits: lives longer than the reader
 * @damage: lives longer than the reader
 *
 * Returns: (transfer full) (nullable): NULL with TB_ERROR_IO, TB_ERROR_NOT_RECOGNIZED,
 *   TB_ERROR_TRUNCATED, TB_ERROR_CORRUPT, TB_ERROR_UNSUPPORTED (a version, a kind of file) or
 *   TB_ERROR_LIMIT
 */
TbReader *tb_reader_open(const TbReaderFormat *format, TbInput *input, const TbLimits *limits,
                         TbDamageLog *damage, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/** tb_reader_open_with: the same with @settings (nullable), which live longer than the reader */
TbReader *tb_reader_open_with(const TbReaderFormat *format, TbInput *input,
                              const TbLimits *limits, TbDamageLog *damage, GHashTable *settings,
                              GError **error) G_GNUC_WARN_UNUSED_RESULT;
/** tb_reader_open_file: the same for @file of @folder */
TbReader *tb_reader_open_file(const TbReaderFormat *format, TbInput *input,
                              const TbLimits *limits, TbDamageLog *damage, GHashTable *settings,
                              const TbFolder *folder, const TbFolderFile *file,
                              GError **error) G_GNUC_WARN_UNUSED_RESULT;
void tb_reader_free(TbReader *reader);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TbReader, tb_reader_free)

/** tb_reader_rewind: back to the start of all streams; what its sources counted starts again */
gboolean tb_reader_rewind(TbReader *reader, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * tb_reader_number_types: type ids become dense over all readers of a run.
 * @next: (inout): the next free id; later types of this reader take theirs from it,
 *   so it must live as long as the reader
 */
void tb_reader_number_types(TbReader *reader, guint32 *next);

/** tb_reader_is_unordered: whether @stream told so with tb_reader_note_unordered() */
gboolean tb_reader_is_unordered(const TbReader *reader, guint32 stream);

/** tb_reader_get_input_name: what the user called it: the folder where it is a file of one */
const char *tb_reader_get_input_name(const TbReader *reader);

/** tb_reader_next: @event is lent until the next call with the same @stream */
static inline TbReadResult tb_reader_next(TbReader *reader, guint32 stream, TbRecord *event,
                                          GError **error)
{
  return reader->format->next(reader, stream, event, error);
}

/** tb_reader_position: bytes of the input consumed in this pass */
guint64 tb_reader_position(const TbReader *reader);

/* For formats: */

/** tb_reader_get_setting: Returns: (transfer none) (nullable): NULL where it was not given */
const char *tb_reader_get_setting(const TbReader *reader, const char *name);

/** tb_reader_add_machine: (transfer full) */
void tb_reader_add_machine(TbReader *reader, TbMachine *machine);
/** tb_reader_add_source: (transfer full) */
void tb_reader_add_source(TbReader *reader, TbSource *source);
/** tb_reader_add_type: (transfer full): gives it its id */
void tb_reader_add_type(TbReader *reader, TbEventType *type);
/**
 * tb_reader_note_unordered: @stream has a record whose time lies before the one
 * before it. Only needed for records that are not lent in the prepare pass: the
 * times of lent ones are seen by the caller
 */
void tb_reader_note_unordered(TbReader *reader, guint32 stream);

G_END_DECLS
