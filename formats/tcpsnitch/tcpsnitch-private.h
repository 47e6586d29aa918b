/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the parts of the tcpsnitch reader share. The layout is in docs/format-tcpsnitch.md. */
#pragma once

#include "format/folder.h"
#include "format/reader.h"
#include "model/decoder.h"

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/** SnitchAddress: @family 0 = not known, else 4 or 6; @bytes in network order */
typedef struct {
  guint8 family;
  guint8 bytes[16];
  guint16 port;
} SnitchAddress;

enum {
  SNITCH_HAS_RESULT = 1 << 0,
  SNITCH_HAS_BYTES = 1 << 1,
  SNITCH_FAKE_CALL = 1 << 2,
  SNITCH_FAILED = 1 << 3,
};

enum { SNITCH_ERRNO_BYTES = 24 };

/**
 * SnitchRecord: a line, understood; the head of an event's payload. What it reads stands behind
 * @result: what the call returned, if %SNITCH_HAS_RESULT
 * @bytes: the size that was asked for, if %SNITCH_HAS_BYTES
 * @sent, @received: bytes moved, -1 = some, not known
 * @time_us: since 1970
 * @tid: thread, -1 = not stated
 * @step: what it did to the descriptor's life
 * @errno_name: ends with NUL
 * @local, @remote: ends of the socket as far as they are known by then
 * @addr: the address that the call itself names
 */
typedef struct {
  gint64 result;
  gint64 bytes;
  gint64 sent;
  gint64 received;
  gint64 time_us;
  gint32 tid;
  guint32 flags;
  TbSocketStep step;
  char errno_name[SNITCH_ERRNO_BYTES];
  SnitchAddress local;
  SnitchAddress remote;
  SnitchAddress addr;
  guint8 protocol;
} SnitchRecord;

/** SnitchSocket: what the lines before told of the socket. All zero before the first one */
typedef struct {
  gboolean begun;
  guint8 protocol;
  SnitchAddress local;
  SnitchAddress remote;
} SnitchSocket;

/**
 * snitch_line_parse: one line as a JSON object. @offset: of the line in the input @name, for
 * messages. @members: (out): keys in it, of all its objects. The node is @parser's until its next
 * call
 * Returns: NULL with TB_ERROR_CORRUPT or TB_ERROR_LIMIT
 */
JsonObject *snitch_line_parse(JsonParser *parser, const char *line, gsize len, guint max_depth,
                              const char *name, guint64 offset, guint *members, GError **error);

/** snitch_call_understand: what @object, a line of type @type, means for @socket */
void snitch_call_understand(SnitchSocket *socket, const char *type, JsonObject *object,
                            SnitchRecord *record);
/** snitch_get_int, snitch_get_string: a member if it has that very type */
gboolean snitch_get_int(JsonObject *object, const char *name, gint64 *out);
const char *snitch_get_string(JsonObject *object, const char *name);
/** snitch_get_object: Returns: (nullable) */
JsonObject *snitch_get_object(JsonObject *object, const char *name);

/** snitch_text_append: a line as people read it: "(ARGUMENTS) = RESULT ERRNO" and what else it has */
void snitch_text_append(JsonObject *object, TbBuf *out);
/** snitch_text_append_address: "192.0.2.1:80", "[2001:db8::1]:80" */
void snitch_text_append_address(const SnitchAddress *address, TbBuf *out);

/** snitch_decoder: of all types of a log */
extern const TbDecoder snitch_decoder;

/** snitch_type_new: @program, @process: (nullable): copied */
TbEventType *snitch_type_new(const char *name, const char *program, const char *process);

/** snitch_dup_process: Returns: (transfer full) (nullable): name of the folder where it is NAME_K */
char *snitch_dup_process(const char *path);
/** snitch_dup_program: Returns: (transfer full) (nullable): "curl" of "curl_0" */
char *snitch_dup_program(const char *process);
/** snitch_folder_list: for the format's table */
gboolean snitch_folder_list(TbFolder *folder, const TbLimits *limits, GError **error);
/** snitch_probe: for the format's table */
guint snitch_probe(const guint8 *head, gsize len);

enum { SNITCH_PEEK_BYTES = 1024 };

G_END_DECLS
