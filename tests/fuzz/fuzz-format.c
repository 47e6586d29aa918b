/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Feeds one input to every reader of the table. It knows the reader interface
 * and no format: a new format is fuzzed as soon as it stands in the table.
 * Limits are small, input is memory, there is no clock and no environment.
 */
#include "fuzz/fuzz-format.h"

#include "formats.h"
#include "tracebraid.h"

#include <stdlib.h>

/* No real input of a few hundred kilobytes has more records than this. */
enum { MAX_CALLS = 4 << 20 };

/* The defaults, with everything that a small input could ask too much of made small. */
static TbLimits small_limits(void)
{
  TbLimits limits = *tb_limits_default();
  limits.record_bytes = 64 << 10;
  limits.string_bytes = 16 << 10;
  limits.section_bytes = 1 << 20;
  limits.table_entries = 4096;
  limits.cpus = 64;
  limits.streams = 64;
  limits.depth = 16;
  limits.page_bytes = 64 << 10;
  limits.chunk_bytes = 1 << 20;
  limits.spool_bytes = 4 << 20;
  limits.row_bytes = 32 << 10;
  limits.sort_bytes = 1 << 20;
  limits.damage_entries = 16;
  return limits;
}

/* What a pass over all streams saw, to hold a second pass against. */
typedef struct {
  guint64 events;
  guint64 digest;
} Pass;

static void fail(const TbReader *reader, const char *what)
{
  g_printerr("fuzz: reader %s: %s\n", reader->format->name, what);
  abort();
}

static void pass_add(Pass *pass, guint64 value)
{
  pass->digest = (pass->digest ^ value) * G_GUINT64_CONSTANT(0x9e3779b97f4a7c15);
  pass->digest ^= pass->digest >> 29;
}

static void pass_add_bytes(Pass *pass, const guint8 *bytes, gsize len)
{
  for (gsize i = 0; i < len; i++)
    pass_add(pass, bytes[i]);
}

/* Every field by every way to ask for it; what they say goes into the digest. */
static void pass_add_fields(Pass *pass, const TbRecord *event)
{
  const TbEventType *type = event->type;
  for (guint32 i = 0; i < type->n_fields; i++) {
    const TbField *field = &type->fields[i];
    gint64 number = 0;
    const guint8 *bytes = NULL;
    gsize len = 0;
    if (tb_field_get_int(field, event, &number))
      pass_add(pass, (guint64)number);
    if (tb_field_get_bytes(field, event, &bytes, &len))
      pass_add_bytes(pass, bytes, len);
  }
  TbAddresses addresses = {0};
  if (type->ops->get_addresses && type->ops->get_addresses(type, event, &addresses))
    pass_add(pass, (guint64)addresses.local_port << 16 | addresses.remote_port);
}

static void pass_add_string(Pass *pass, const char *text)
{
  pass_add_bytes(pass, (const guint8 *)text, text ? strlen(text) : 0);
}

static void pass_add_owner(Pass *pass, const TbOwner *owner)
{
  pass_add(pass, (guint64)owner->confidence << 32 | (guint32)owner->pid);
  pass_add(pass, (guint32)owner->tid);
  pass_add_string(pass, owner->comm);
  pass_add_string(pass, owner->exe);
  pass_add_string(pass, owner->args);
  pass_add_string(pass, owner->via);
}

static void pass_add_owners(Pass *pass, TbReader *reader, const TbRecord *packet)
{
  const TbOwners *owners =
      reader->format->get_owners ? reader->format->get_owners(reader, packet) : NULL;
  if (packet->trailer_len > packet->len || packet->trailer_len > packet->orig_len)
    fail(reader, "a trailer longer than its packet");
  if (!owners)
    return;
  if (owners->translated_len > (packet->payload ? packet->payload->len : 0))
    fail(reader, "more options translated than there are");
  pass_add_owner(pass, &owners->src);
  pass_add_owner(pass, &owners->dst);
  pass_add_owner(pass, &owners->src_claim);
  pass_add_owner(pass, &owners->dst_claim);
  pass_add_owner(pass, &owners->effective);
}

static void pass_add_event(Pass *pass, TbReader *reader, const TbRecord *event, TbBuf *text)
{
  pass->events++;
  pass_add(pass, (guint64)event->time.ns);
  pass_add(pass, event->kind);
  pass_add(pass, event->value);
  pass_add(pass, (guint32)event->tid);
  pass_add(pass, event->cpu);
  if (!event->source)
    fail(reader, "an event without a source");
  if (event->kind == TB_RECORD_EVENT && !event->type)
    fail(reader, "an event without a type");
  pass_add_bytes(pass, event->data, event->len);
  if (event->payload) {
    pass_add(pass, event->payload->word);
    pass_add_bytes(pass, event->payload->bytes, event->payload->len);
  }
  if (event->kind == TB_RECORD_PACKET)
    pass_add_owners(pass, reader, event);
  if (event->kind != TB_RECORD_EVENT)
    return;
  pass_add_fields(pass, event);
  tb_buf_reset(text);
  /* Rendered, not compared: where a print format cannot be parsed, libtraceevent's text of an
   * array depends on the events rendered before, and ours is the same. */
  tb_record_append_text(event, text);
}

static void read_stream(TbReader *reader, guint32 stream, Pass *pass, TbBuf *text)
{
  for (guint calls = 0; calls < MAX_CALLS; calls++) {
    TbRecord event = {0};
    g_autoptr(GError) error = NULL;
    TbReadResult result = tb_reader_next(reader, stream, &event, &error);
    if (result == TB_READ_RECORD)
      pass_add_event(pass, reader, &event, text);
    if ((result == TB_READ_ERROR) != (error != NULL))
      fail(reader, "an error that is not set, or set where there is none");
    if (result == TB_READ_END || result == TB_READ_ERROR)
      return;
  }
  fail(reader, "does not come to an end");
}

static Pass read_all(TbReader *reader)
{
  Pass pass = {0};
  g_auto(TbBuf) text = {0};
  for (guint32 stream = 0; stream < reader->n_streams; stream++)
    read_stream(reader, stream, &pass, &text);
  return pass;
}

static void take_fact(gpointer data, const char *key, const char *value)
{
  gsize *len = data;
  *len += strlen(key) + strlen(value);
}

static void fuzz_reader(const TbReaderFormat *format, const guint8 *data, gsize len,
                        FuzzCounts *counts)
{
  const TbLimits limits = small_limits();
  g_autoptr(TbDamageLog) damage = tb_damage_log_new(limits.damage_entries);
  g_autoptr(GError) error = NULL;
  TbInput *input = tb_input_new_memory("fuzz", data, len);
  format->probe(data, MIN(len, format->peek_bytes));
  g_autoptr(TbReader) reader = tb_reader_open(format, input, &limits, damage, &error);
  if (!reader) {
    g_assert_nonnull(error);
    return;
  }
  gsize facts = 0;
  if (format->describe)
    format->describe(reader, take_fact, &facts);
  tb_damage_log_begin_pass(damage);
  tb_damage_log_begin_pass(damage);
  Pass first = read_all(reader);
  guint64 places = tb_damage_log_get_n(damage);
  counts->opened++;
  counts->events += first.events;
  counts->damage += places;
  tb_damage_log_begin_pass(damage);
  if (!tb_reader_rewind(reader, &error))
    return;
  tb_damage_log_begin_pass(damage);
  Pass second = read_all(reader);
  if (first.events != second.events || first.digest != second.digest)
    fail(reader, "two passes differ");
  if (tb_damage_log_get_n(damage) != places)
    fail(reader, "the same damage counted twice");
  /* Prepare asks for less; what it leaves out must not disturb the rest. */
  reader->hints.interesting_only = TRUE;
  if (tb_reader_rewind(reader, &error))
    read_all(reader);
}

void fuzz_format(const guint8 *data, gsize len, FuzzCounts *counts)
{
  for (const TbReaderFormat *const *format = tb_formats.readers; *format; format++)
    fuzz_reader(*format, data, len, counts);
}
