/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The reader and its files; see toy-live.h. */
#include "support/toy-live.h"

#include "model/decoder.h"

#include <string.h>

/* Head: magic, name, clock. Then records: kind, source, 2 bytes of nothing, u32 mark, u64 time. */
enum { MAGIC_BYTES = 8, NAME_BYTES = 7, HEAD_BYTES = 16, RECORD_BYTES = 16 };
static const char toy_magic[MAGIC_BYTES] = { 'T', 'O', 'Y', 'L', 'I', 'V', 'E', '1' };

typedef struct {
  guint64 offset;
  guint64 sequence;
  guint8 record[RECORD_BYTES];
} ToyLive;

/* --- files --- */

void toy_live_head(TbBuf *out, const char *name, TbClock clock)
{
  char head[NAME_BYTES] = { 0 };
  memcpy(head, name, MIN(strlen(name), sizeof head));
  tb_buf_append(out, toy_magic, sizeof toy_magic);
  tb_buf_append(out, head, sizeof head);
  tb_buf_append_c(out, (char)clock);
}

static void toy_append(TbBuf *out, char kind, guint8 source, guint32 mark, guint64 rest)
{
  tb_buf_append_c(out, kind);
  tb_buf_append_c(out, (char)source);
  tb_buf_append_le16(out, 0);
  tb_buf_append_le32(out, mark);
  tb_buf_append_le64(out, rest);
}

void toy_live_source(TbBuf *out, const char *name)
{
  guint8 bytes[8] = { 0 };
  memcpy(bytes, name, MIN(strlen(name), sizeof bytes - 1));
  toy_append(out, 'S', 0, 0, tb_get_u64(bytes, FALSE));
}

void toy_live_event(TbBuf *out, guint8 source, gint64 time_ns, guint32 mark)
{
  toy_append(out, 'R', source, mark, (guint64)time_ns);
}

void toy_live_act(TbBuf *out, gint64 time_ns, gint32 tid, gboolean names_itself)
{
  toy_append(out, names_itself ? 'N' : 'A', 0, (guint32)tid, (guint64)time_ns);
}

void toy_live_heartbeat(TbBuf *out, gint64 time_ns)
{
  toy_append(out, 'H', 0, 0, (guint64)time_ns);
}

void toy_live_end(TbBuf *out)
{
  toy_append(out, 'E', 0, 0, 0);
}

/* --- the reader --- */

static guint toy_probe(const guint8 *head, gsize len)
{
  return len >= sizeof toy_magic && memcmp(head, toy_magic, sizeof toy_magic) == 0 ? 64 : 0;
}

static void toy_append_text(const TbEventType *type, const TbRecord *record, TbBuf *out)
{
  tb_buf_append_str(out, "mark=");
  tb_buf_append_u64(out, tb_get_u32(record->data + 4, FALSE));
}

static guint64 toy_bind(const TbEventType *type, gpointer *plan)
{
  return g_str_equal(type->name, "name") ? TB_FACT_BIT(TB_FACT_NAMED) : 0;
}

static void toy_decode(gconstpointer plan, gpointer state, const TbRecord *record,
                       TbFactSink *sink)
{
  tb_fact_tell(sink, &(TbFact){ .kind = TB_FACT_NAMED,
                                .name = { record->tid, { "kid", strlen("kid") } } });
}

static const TbDecoder toy_decoder = { .name = "toy-live", .bind = toy_bind,
                                       .decode = toy_decode };

static const TbEventTypeOps toy_ops = { .append_text = toy_append_text,
                                        .decoder = &toy_decoder };

static void toy_add_source(TbReader *reader, const char *name, TbClock clock)
{
  TbSource *source = tb_source_new(TB_SOURCE_EVENTS, name);
  tb_source_set_machine(source, g_ptr_array_index(reader->machines, 0));
  tb_source_set_key_from(source, name, strlen(name));
  tb_axis_init(&source->clock.axis, clock, FALSE);
  tb_reader_add_source(reader, source);
}

static gboolean toy_open(TbReader *reader, GError **error)
{
  guint8 head[HEAD_BYTES];
  char name[NAME_BYTES + 1] = { 0 };
  ToyLive *toy = reader->priv = g_new0(ToyLive, 1);
  if (!tb_input_read_exact(reader->input, 0, head, sizeof head, "head", error))
    return FALSE;
  memcpy(name, head + MAGIC_BYTES, NAME_BYTES);
  TbMachine *machine = tb_machine_new();
  machine->name = g_strdup("toybox");
  tb_reader_add_machine(reader, machine);
  toy_add_source(reader, name, (TbClock)head[HEAD_BYTES - 1]);
  tb_reader_add_type(reader, tb_event_type_new("toy", "mark", &toy_ops, NULL));
  tb_reader_add_type(reader, tb_event_type_new("toy", "name", &toy_ops, NULL));
  reader->n_streams = 1;
  toy->offset = HEAD_BYTES;
  return TRUE;
}

static gboolean toy_rewind(TbReader *reader, GError **error)
{
  ToyLive *toy = reader->priv;
  toy->offset = HEAD_BYTES;
  toy->sequence = 0;
  return TRUE;
}

static TbReadResult toy_lend(TbReader *reader, TbRecord *record)
{
  ToyLive *toy = reader->priv;
  char kind = (char)toy->record[0];
  gboolean is_event = kind != 'H';
  TbSource *source = g_ptr_array_index(reader->sources, MIN(toy->record[1],
                                                            reader->sources->len - 1));
  gint64 time_ns = (gint64)tb_get_u64(toy->record + 8, FALSE);
  *record = (TbRecord){
    .kind = is_event ? TB_RECORD_EVENT : TB_RECORD_HEARTBEAT,
    .source = source,
    .type = is_event ? g_ptr_array_index(reader->types, kind == 'N') : NULL,
    .time.ns = time_ns,
    .data = toy->record,
    .len = sizeof toy->record,
    .cpu = TB_CPU_NONE,
    .tid = kind == 'A' || kind == 'N' ? (gint32)tb_get_u32(toy->record + 4, FALSE) : -1,
    .sequence = toy->sequence++,
    .offset = toy->offset - RECORD_BYTES,
  };
  if (is_event) {
    TbSourceCounts *counts = &source->counts;
    counts->first_ns = counts->records ? MIN(counts->first_ns, time_ns) : time_ns;
    counts->last_ns = counts->records ? MAX(counts->last_ns, time_ns) : time_ns;
    counts->records++;
  }
  return TB_READ_RECORD;
}

/* A further source is met; it is the same one when the file is read again. */
static void toy_meet(TbReader *reader, const char *name, TbClock clock)
{
  for (guint i = 0; i < reader->sources->len; i++)
    if (g_str_equal(((const TbSource *)g_ptr_array_index(reader->sources, i))->name, name))
      return;
  toy_add_source(reader, name, clock);
}

static TbReadResult toy_next(TbReader *reader, guint32 stream, TbRecord *record, GError **error)
{
  ToyLive *toy = reader->priv;
  for (;;) {
    if (reader->hints.live && !tb_input_update_size(reader->input, error))
      return TB_READ_ERROR;
    guint64 left = tb_input_get_size(reader->input) - toy->offset;
    if (left < RECORD_BYTES && reader->hints.live)
      return TB_READ_AGAIN;
    if (left == 0)
      return TB_READ_END;
    if (!tb_input_read_exact(reader->input, toy->offset, toy->record, RECORD_BYTES, "record",
                             error))
      return TB_READ_ERROR;
    if (toy->record[0] == 'E')
      return TB_READ_END;
    toy->offset += RECORD_BYTES;
    if (toy->record[0] != 'S')
      return toy_lend(reader, record);
    char name[9] = { 0 };
    memcpy(name, toy->record + 8, 8);
    toy_meet(reader, name, ((const TbSource *)g_ptr_array_index(reader->sources, 0))->clock.axis.clock);
  }
}

static void toy_close(TbReader *reader)
{
  g_free(reader->priv);
}

static const char *const extensions[] = { "live", NULL };

const TbReaderFormat tb_toy_live_reader = {
  .name = "toy-live",
  .description = "Toy recordings that grow",
  .extensions = extensions,
  .peek_bytes = sizeof toy_magic,
  .probe = toy_probe,
  .open = toy_open,
  .rewind = toy_rewind,
  .next = toy_next,
  .close = toy_close,
};
