/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Event types and their fields. A type is made once per event id by the reader
 * that knows it; the text and the fields of an event are asked of its type, so
 * that no writer and no stage knows formats. Field accessors are compiled: an
 * offset, a size and a kind, checked against the payload at each use.
 */
#pragma once

#include "base/buf.h"
#include "base/bytes.h"

#include <glib.h>

G_BEGIN_DECLS

typedef struct _TbRecord TbRecord;
typedef struct _TbEventType TbEventType;
typedef struct _TbField TbField;
typedef struct _TbContext TbContext;
typedef struct _TbDecoder TbDecoder;

typedef enum {
  TB_FIELD_UINT,    /* unsigned number of 1, 2, 4 or 8 bytes */
  TB_FIELD_INT,     /* the same, signed */
  TB_FIELD_STRING,  /* bytes up to a NUL or the field's end */
  TB_FIELD_ARRAY,   /* @size bytes of elements */
  TB_FIELD_DYNAMIC, /* u32 locator: low 16 bits offset from the record's start, high 16 bits length */
  TB_FIELD_RELATIVE, /* the same, counted from the end of the locator */
  TB_FIELD_COMPUTED, /* asked of the type by ops->get_int / get_bytes */
} TbFieldKind;

/**
 * TbField:
 * @name: as the recording spells it
 * @type_name: (nullable): C type as the recording spells it
 * @kind: how it is stored
 * @is_string: a DYNAMIC or RELATIVE field holds text
 * @offset: byte offset in the payload
 * @size: bytes in the payload
 * @element_size: of arrays, 0 = unknown
 * @element_signed: elements or number are signed
 * @index: place in the type's table
 */
struct _TbField {
  char *name;
  char *type_name;
  TbFieldKind kind;
  gboolean is_string;
  guint32 offset;
  guint32 size;
  guint32 element_size;
  gboolean element_signed;
  guint32 index;
};

/**
 * TbAddresses: both ends of the connection an event speaks of
 * @family: 4 or 6
 * @protocol: IP protocol number (6 TCP, 17 UDP)
 * @local, @remote: 4 or 16 bytes in network order, by @family; local is the recorded machine's side
 * @local_port, @remote_port: in host order
 * @to_remote: data went from local to remote; otherwise it came from there
 */
typedef struct {
  guint8 family;
  guint8 protocol;
  guint8 local[16];
  guint8 remote[16];
  guint16 local_port;
  guint16 remote_port;
  gboolean to_remote;
} TbAddresses;

/**
 * TbEventTypeOps: what the reader that made a type can tell about its events
 * @append_text: the raw text after the event's name, without the name
 * @get_int: (nullable): value of a COMPUTED field; FALSE = this event has none
 * @get_bytes: (nullable): the same for text and bytes, borrowed until the next event
 * @get_addresses: (nullable): the connection of a network event; FALSE = this event has none
 * @get_actor: (nullable): who acted, where the record itself says so (rows read back, Windows);
 *   strings are valid until the next call for an event of the same type, and where the source is
 *   not frozen as long as the type; slot and generation are not filled. FALSE = nobody
 * @get_packet: (nullable): number of the captured packet that the record itself says it is about
 * @decoder: (nullable): what the events mean, as facts; see model/decoder.h
 * @free_context: (nullable): releases @context with the type
 */
typedef struct {
  void (*append_text)(const TbEventType *type, const TbRecord *event, TbBuf *out);
  gboolean (*get_int)(const TbEventType *type, const TbField *field, const TbRecord *event,
                      gint64 *out);
  gboolean (*get_bytes)(const TbEventType *type, const TbField *field, const TbRecord *event,
                        const guint8 **out, gsize *len);
  gboolean (*get_addresses)(const TbEventType *type, const TbRecord *event, TbAddresses *out);
  gboolean (*get_actor)(const TbEventType *type, const TbRecord *event, TbContext *out);
  gboolean (*get_packet)(const TbEventType *type, const TbRecord *event, guint64 *id);
  const TbDecoder *decoder;
  void (*free_context)(gpointer context);
} TbEventTypeOps;

/**
 * TbEventType: (reference counted)
 * @id: dense over all inputs of a run, given when it is registered; for tables
 * @system: "sched"
 * @name: "sched_switch"
 * @priority: syslog priority of its rows, 6 unless it says something else
 * @big: byte order of the fields
 * @fields: @n_fields of them
 * @ops: (not nullable): how to render it
 * @context: for @ops
 * @interest: bit per observer of the prepare phase that wants its events
 * @bound, @facts, @plan: what its decoder compiled: the kinds of facts its events tell, and how
 * @free_plan: (nullable): releases @plan
 */
struct _TbEventType {
  gint ref_count;
  guint32 id;
  char *system;
  char *name;
  guint8 priority;
  gboolean big;
  TbField *fields;
  guint32 n_fields;
  const TbEventTypeOps *ops;
  gpointer context;
  guint32 interest;
  gboolean bound;
  guint64 facts;
  gpointer plan;
  GDestroyNotify free_plan;
};

/** tb_event_type_new: strings are copied; @ops is borrowed and lives as long as the program */
TbEventType *tb_event_type_new(const char *system, const char *name, const TbEventTypeOps *ops,
                               gpointer context);
TbEventType *tb_event_type_ref(TbEventType *type);
void tb_event_type_unref(TbEventType *type);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TbEventType, tb_event_type_unref)

/** tb_event_type_take_fields: @fields (an array of #TbField) is owned by the type from now on */
void tb_event_type_take_fields(TbEventType *type, GArray *fields);

/** tb_event_type_find_field: for setting up, not per event. Returns: (transfer none) (nullable) */
const TbField *tb_event_type_find_field(const TbEventType *type, const char *name);

/** tb_event_type_is: whether it is @system:@name; a NULL @system fits every system */
gboolean tb_event_type_is(const TbEventType *type, const char *system, const char *name);

G_END_DECLS
