/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The pcapng reader on files made byte by byte: what must be read, and what broken ones cost. */
#include "support/pcapng-build.h"

#include "base/bytes.h"
#include "format/reader.h"
#include "pcapng/pcapng-carried.h"
#include "pcapng/pcapng-payload.h"
#include "pcapng/pcapng-reader.h"

/* A reader over a built file. */
typedef struct {
  TbReader *reader;
  TbDamageLog *damage;
  GHashTable *settings;
  GError *error;
} Reading;

static void reading_open_bytes(Reading *r, const guint8 *data, gsize len)
{
  r->damage = tb_damage_log_new(100);
  r->reader = tb_reader_open_with(&tb_pcapng_reader, tb_input_new_memory("t.pcapng", data, len),
                                  tb_limits_default(), r->damage, r->settings, &r->error);
}

static void reading_open(Reading *r, const PcapngBuild *b)
{
  reading_open_bytes(r, b->out.data, b->out.len);
  g_assert_no_error(r->error);
}

static void reading_close(Reading *r)
{
  tb_reader_free(r->reader);
  tb_damage_log_free(r->damage);
  g_clear_error(&r->error);
}

static TbReadResult reading_next(Reading *r, TbRecord *event)
{
  TbReadResult result = tb_reader_next(r->reader, 0, event, &r->error);
  g_assert_no_error(r->error);
  return result;
}

/* The next event, damage in front of it ignored; FALSE at the end. */
static gboolean reading_event(Reading *r, TbRecord *event)
{
  TbReadResult result;
  do
    result = reading_next(r, event);
  while (result == TB_READ_DAMAGED);
  return result == TB_READ_RECORD;
}

static guint reading_count(Reading *r)
{
  TbRecord event;
  guint n = 0;
  while (reading_event(r, &event))
    n += event.kind == TB_RECORD_PACKET;
  return n;
}

static const TbDamage *reading_damage(const Reading *r, guint i)
{
  const GPtrArray *entries = tb_damage_log_get_entries(r->damage);
  g_assert_cmpuint(i, <, entries->len);
  return g_ptr_array_index(entries, i);
}

static TbSource *reading_source(const Reading *r, guint i)
{
  g_assert_cmpuint(i, <, r->reader->sources->len);
  return g_ptr_array_index(r->reader->sources, i);
}

/* All that is lent, as one text, for comparing readings. */
static char *reading_dump(Reading *r)
{
  GString *text = g_string_new(NULL);
  TbRecord event;
  while (reading_event(r, &event)) {
    g_autofree char *data = g_compute_checksum_for_data(G_CHECKSUM_MD5, event.data, event.len);
    const TbPayload *payload = tb_pcapng_payload(&event);
    g_autofree char *options = g_base64_encode(payload->bytes, payload->len);
    g_string_append_printf(text, "%d %s %" G_GINT64_FORMAT " %" G_GUINT64_FORMAT " %u %u %x %s %s\n",
                           event.kind, event.source->name, event.time.ns, payload->word, event.len,
                           event.orig_len, event.flags, data, options);
  }
  for (guint i = 0; i < r->reader->sources->len; i++) {
    const TbSource *source = reading_source(r, i);
    const TbPcapngCarried *carried = tb_pcapng_carried(source);
    GBytes *parts[] = { carried->options, carried->statistics, carried->section_comments };
    g_string_append_printf(text, "%s %s %s %s %d %" G_GINT64_FORMAT, source->name, source->key,
                           carried->description, source->recorder, source->clock.tsresol,
                           carried->tsoffset_s);
    for (guint p = 0; p < G_N_ELEMENTS(parts); p++) {
      gsize len = 0;
      const guint8 *bytes = parts[p] ? g_bytes_get_data(parts[p], &len) : NULL;
      g_autofree char *base64 = g_base64_encode(bytes, len);
      g_string_append_printf(text, " %s", base64);
    }
    g_string_append_c(text, '\n');
  }
  return g_string_free(text, FALSE);
}

static void test_both_orders_read_equal(void)
{
  char *dumps[2] = { 0 };
  for (guint big = 0; big < 2; big++) {
    PcapngBuild b = { 0 };
    Reading r = { 0 };
    build_rich(&b, (gboolean)big);
    reading_open(&r, &b);
    dumps[big] = reading_dump(&r);
    g_assert_cmpuint(tb_damage_log_get_n(r.damage), ==, 0);
    g_assert_true(tb_reader_rewind(r.reader, NULL));
    g_autofree char *again = reading_dump(&r);
    g_assert_cmpstr(again, ==, dumps[big]);
    reading_close(&r);
    tb_buf_clear(&b.out);
  }
  g_assert_cmpstr(dumps[0], ==, dumps[1]);
  g_free(dumps[0]);
  g_free(dumps[1]);
}

/* @sequence: of the record behind it */
static void assert_carried(const TbRecord *record, guint64 sequence, guint32 len)
{
  g_assert_cmpint(record->kind, ==, TB_RECORD_CARRIED);
  g_assert_cmpuint(record->flags, ==, 0);
  g_assert_null(record->payload);
  g_assert_cmpuint(record->sequence, ==, sequence);
  g_assert_cmpuint(record->len, ==, len);
}

static void test_rich(void)
{
  static const guint8 flags[] = { 2, 0, 4, 0, 2, 0, 1, 0 };
  PcapngBuild b = { 0 };
  Reading r = { 0 };
  TbRecord e, carried;
  build_rich(&b, TRUE);
  reading_open(&r, &b);
  g_assert_cmpuint(r.reader->sources->len, ==, 2); /* known when opened */
  g_assert_true(reading_event(&r, &e));
  g_assert_cmpint(e.time.ns, ==, G_GINT64_CONSTANT(1699999000000000000)); /* tsoffset -1000 s */
  g_assert_cmpuint(e.len, ==, 60);
  g_assert_cmpuint(e.orig_len, ==, 67);
  g_assert_true(reading_event(&r, &e));
  assert_carried(&e, 1, 52 + 28);
  g_assert_cmpuint(tb_get_u32(e.data, FALSE), ==, 4);
  g_assert_cmpuint(tb_get_u32(e.data + 52, FALSE), ==, 10);
  carried = e;
  g_assert_true(reading_event(&r, &e));
  g_assert_cmpint(e.kind, ==, TB_RECORD_PACKET);
  g_assert_cmpuint(e.sequence, ==, carried.sequence);
  g_assert_cmpint(e.time.ns, ==, carried.time.ns);
  g_assert_cmpint(e.time.ns, ==, G_GINT64_CONSTANT(1700000000000976562));
  g_assert_cmpuint(e.flags, ==, TB_RECORD_OUTBOUND | TB_RECORD_INEXACT | TB_RECORD_HAS_ID);
  g_assert_cmpmem(e.payload->bytes + 24, sizeof flags, flags, sizeof flags);
  g_assert_true(reading_event(&r, &e)); /* the old packet block: drops become an option */
  g_assert_cmpuint(tb_get_u16(e.payload->bytes, FALSE), ==, 4);
  g_assert_cmpuint(tb_get_u64(e.payload->bytes + 4, FALSE), ==, 5);
  g_assert_cmpuint(e.orig_len, ==, 66);
  gint64 before = e.time.ns;
  g_assert_true(reading_event(&r, &e)); /* the simple one */
  g_assert_cmpuint(e.flags, ==, TB_RECORD_NO_TIME);
  g_assert_cmpint(e.time.ns, ==, before);
  g_assert_cmpuint(e.len, ==, 200);
  g_assert_cmpuint(e.orig_len, ==, 300);
  g_assert_false(reading_event(&r, &e));
  const TbSource *en0 = reading_source(&r, 0);
  g_assert_cmpstr(en0->name, ==, "en0");
  g_assert_cmpstr(tb_pcapng_carried(en0)->description, ==, "a cable");
  g_assert_cmpstr(en0->recorder, ==, "builder 1");
  g_assert_cmpstr(en0->file, ==, "t.pcapng");
  g_assert_cmpuint(en0->clock.tsresol, ==, 6);
  g_assert_cmpuint(en0->counts.records, ==, 3);
  g_assert_cmpstr(reading_source(&r, 1)->name, ==, "if1");
  g_assert_cmpuint(strlen(en0->key), ==, 8);
  reading_close(&r);
  tb_buf_clear(&b.out);
}

static void test_sections(void)
{
  PcapngBuild b = { 0 };
  Reading r = { 0 };
  TbRecord e;
  build_section(&b, FALSE);
  build_interface(&b, 1, "a", 9);
  build_packet(&b, 0, 100, 20, 1);
  build_section(&b, TRUE);
  build_interface(&b, 113, "b", 6);
  build_packet(&b, 0, 100, 20, 2);
  build_interface(&b, 228, "c", 9); /* in the middle of the file */
  build_packet(&b, 1, 300000, 20, 3);
  build_section(&b, FALSE);
  build_packet(&b, 0, 1, 20, 4); /* interfaces do not reach into the next section */
  build_interface(&b, 1, "d", 9);
  build_packet(&b, 0, 400000, 20, 5);
  reading_open(&r, &b);
  static const char *const names[] = { "a", "b", "c", "d" };
  static const gint64 times[] = { 100, 100000, 300000, 400000 };
  for (guint i = 0; i < 4; i++) {
    g_assert_true(reading_event(&r, &e));
    g_assert_cmpstr(e.source->name, ==, names[i]);
    g_assert_cmpint(e.time.ns, ==, times[i]);
    g_assert_cmpuint(e.sequence, ==, i);
  }
  g_assert_false(reading_event(&r, &e));
  g_assert_cmpuint(tb_damage_log_get_n(r.damage), ==, 1);
  g_assert_nonnull(strstr(reading_damage(&r, 0)->text, "interface 0"));
  reading_close(&r);
  tb_buf_clear(&b.out);
}

static void test_carried_blocks(void)
{
  PcapngBuild b = { 0 };
  Reading r = { 0 };
  TbRecord e;
  build_section(&b, FALSE);
  build_interface(&b, 1, "a", 9);
  build_raw_block(&b, 0xbad, "\x01\0\0\0", 4); /* never opens a file's list of rows */
  build_raw_block(&b, 9, "A=b\n", 4);
  build_packet(&b, 0, 1, 20, 1);
  build_raw_block(&b, 0x40000bad, "\x01\0\0\0", 4);
  build_raw_block(&b, 0x7ffffff0, "\x02\0\0\0", 4);
  build_packet(&b, 0, 2, 20, 1);
  build_raw_block(&b, 0xbad, "\x03\0\0\0", 4);
  reading_open(&r, &b);
  g_assert_true(reading_event(&r, &e));
  assert_carried(&e, 0, 16);
  g_assert_cmpuint(tb_get_u32(e.data, FALSE), ==, 9);
  g_assert_true(reading_event(&r, &e));
  g_assert_cmpint(e.kind, ==, TB_RECORD_PACKET);
  g_assert_true(reading_event(&r, &e));
  assert_carried(&e, 1, 16);
  g_assert_cmpuint(tb_get_u32(e.data, FALSE), ==, 0xbad);
  g_assert_true(reading_event(&r, &e));
  g_assert_cmpint(e.kind, ==, TB_RECORD_PACKET);
  g_assert_true(reading_event(&r, &e));
  g_assert_cmpint(e.kind, ==, TB_RECORD_CARRIED);
  g_assert_cmpuint(e.flags, ==, TB_RECORD_NO_TIME);
  g_assert_cmpuint(e.len, ==, 16);
  g_assert_cmpuint(tb_get_u32(e.data + 8, FALSE), ==, 3);
  g_assert_false(reading_event(&r, &e));
  reading_close(&r);
  r = (Reading){ .settings = g_hash_table_new(g_str_hash, g_str_equal) };
  g_hash_table_insert(r.settings, (gpointer)"blocks", (gpointer)"all");
  reading_open(&r, &b);
  for (guint i = 0; i < 3; i++)
    g_assert_true(reading_event(&r, &e));
  assert_carried(&e, 1, 32); /* the unknown one too */
  reading_close(&r);
  g_hash_table_unref(r.settings);
  tb_buf_clear(&b.out);
}

static void test_names(void)
{
  static const struct {
    const char *written, *host, *name;
  } cases[] = {
    { "web:eth0", "web", "eth0" }, { "eth0:1", NULL, "eth0:1" }, { "eth:12:0", NULL, "eth:12:0" },
    { "rpcap://h/x", NULL, "rpcap://h/x" }, { ":x", NULL, ":x" }, { "x:", NULL, "x:" },
    { "", NULL, "if6" },
  };
  PcapngBuild b = { 0 };
  Reading r = { 0 };
  build_section(&b, FALSE);
  for (guint i = 0; i < G_N_ELEMENTS(cases); i++)
    build_interface(&b, 1, cases[i].written, 9);
  reading_open(&r, &b);
  for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
    const TbSource *source = reading_source(&r, i);
    g_assert_cmpstr(source->name, ==, cases[i].name);
    g_assert_cmpstr(source->host, ==, cases[i].host);
    g_assert_cmpstr(source->machine ? source->machine->name : NULL, ==, cases[i].host);
    g_assert_false(source->frozen);
  }
  reading_close(&r);
  tb_buf_clear(&b.out);
}

/* A writer that counts options it does not write: 8 bytes too many, as its readers know. */
static void test_machine_block(void)
{
  for (guint excess = 0; excess <= 16; excess += 8) {
    PcapngBuild b = { 0 };
    Reading r = { 0 };
    build_section(&b, excess == 8);
    build_interface(&b, 1, "a", 9);
    build_begin(&b, 0x80000003);
    build_u32(&b, 0);
    build_option(&b, 1, "web", 4);
    build_option(&b, 2, b.big ? "\0\1" : "\1\0", 2);
    build_option(&b, 3, "6.1", 4);
    build_option_u32(&b, 5, 2);
    build_u32(&b, 0);
    gsize at = b.at;
    build_end(&b);
    guint32 total = (guint32)(b.out.len - at) + excess;
    tb_put_u32(b.out.data + at + 4, total, b.big);
    tb_put_u32(b.out.data + b.out.len - 4, total, b.big);
    build_packet(&b, 0, 5, 30, 1);
    reading_open(&r, &b);
    g_assert_cmpuint(reading_count(&r), ==, 1);
    g_assert_cmpuint(tb_damage_log_get_n(r.damage), ==, 0);
    g_assert_cmpuint(r.reader->machines->len, ==, 1);
    const TbMachine *machine = g_ptr_array_index(r.reader->machines, 0);
    g_assert_cmpstr(machine->name, ==, "web");
    g_assert_cmpint(machine->os, ==, TB_OS_LINUX);
    g_assert_cmpstr(machine->os_version, ==, "6.1");
    g_assert_cmpuint(machine->n_cpus, ==, 2);
    reading_close(&r);
    tb_buf_clear(&b.out);
  }
}

static void test_darwin(void)
{
  PcapngBuild b = { 0 };
  Reading r = { 0 };
  TbRecord e;
  build_section(&b, TRUE);
  build_interface(&b, 1, "en0", 9);
  for (guint i = 0; i < 2; i++) {
    build_begin(&b, 0x80000001);
    build_u32(&b, i ? 4321 : 77);
    build_option_str(&b, 2, i ? "curl x=1" : "other");
    build_u32(&b, 0);
    build_end(&b);
  }
  build_packet_begin(&b, 0, 5, 30, 1);
  build_option_u32(&b, 0x8001, 1);
  build_option_u32(&b, 0x8003, 9); /* a reference to nothing */
  build_u32(&b, 0);
  build_end(&b);
  reading_open(&r, &b);
  g_assert_true(reading_event(&r, &e));
  static const char comment[] = "pid=4321 comm=curl\\x20x\\x3d1 via=darwin ";
  const guint8 *options = e.payload->bytes;
  const guint8 *option = options + 4 + tb_pad4(sizeof comment - 1);
  g_assert_cmpuint(tb_get_u16(options, FALSE), ==, 1);
  g_assert_cmpmem(options + 4, tb_get_u16(options + 2, FALSE), comment, sizeof comment - 1);
  g_assert_cmpuint(tb_get_u16(option, FALSE), ==, 8);
  g_assert_cmpuint(tb_get_u32(option + 4, FALSE), ==, 4321);
  g_assert_cmpuint(e.payload->len, ==, option + 12 - options);
  reading_close(&r);
  tb_buf_clear(&b.out);
}

/* --- damage --- */

static void build_three(PcapngBuild *b, gsize offsets[4])
{
  build_section(b, FALSE);
  build_interface(b, 1, "a", 9);
  for (guint i = 0; i < 3; i++) {
    offsets[i] = b->out.len;
    build_packet_begin(b, 0, 10 + i, 20, (guint8)i);
    build_option_str(b, 1, "comment");
    build_u32(b, 0);
    build_end(b);
  }
  offsets[3] = b->out.len;
}

static void test_damage(void)
{
  static const struct {
    const char *what;
    gsize at; /* in the second packet block of 68 bytes */
    guint32 value;
    guint32 packets, salvaged;
    gsize damage_at;
    TbError code;
  } cases[] = {
    { "length not a multiple of 4", 4, 13, 1, 2, 4, TB_ERROR_CORRUPT },
    { "length 0", 4, 0, 1, 2, 4, TB_ERROR_CORRUPT },
    { "length beyond the file", 4, 0x10000, 1, 2, 0, TB_ERROR_TRUNCATED },
    { "length beyond the limit", 4, 0x70000000, 1, 2, 4, TB_ERROR_CORRUPT },
    { "trailer", 64, 72, 1, 2, 64, TB_ERROR_CORRUPT },
    { "interface", 8, 1, 2, 2, 8, TB_ERROR_CORRUPT },
    { "captured length", 20, 50, 2, 2, 20, TB_ERROR_CORRUPT },
    { "captured length, insane", 20, 0xffffffff, 2, 2, 20, TB_ERROR_CORRUPT },
    { "option length", 48, 0x00ff0001, 3, 3, 48, TB_ERROR_CORRUPT },
    { "type: a section header without magic", 0, 0x0a0d0d0a, 1, 2, 8, TB_ERROR_CORRUPT },
  };
  for (guint i = 0; i < 2 * G_N_ELEMENTS(cases); i++) {
    guint c = i / 2;
    gboolean salvage = i % 2;
    PcapngBuild b = { 0 };
    Reading r = { 0 };
    gsize offsets[4];
    build_three(&b, offsets);
    tb_put_u32(b.out.data + offsets[1] + cases[c].at, cases[c].value, FALSE);
    r.settings = salvage ? g_hash_table_new(g_str_hash, g_str_equal) : NULL;
    if (salvage)
      g_hash_table_insert(r.settings, (gpointer)"salvage", (gpointer)"1");
    reading_open(&r, &b);
    g_test_message("%s, salvage %d", cases[c].what, salvage);
    g_assert_cmpuint(reading_count(&r), ==, salvage ? cases[c].salvaged : cases[c].packets);
    g_assert_cmpuint(tb_damage_log_get_n(r.damage), >=, 1);
    const TbDamage *damage = reading_damage(&r, 0);
    g_assert_cmpuint(damage->offset, ==, offsets[1] + cases[c].damage_at);
    g_assert_cmpint(damage->code, ==, cases[c].code);
    g_assert_cmpstr(damage->source, ==, "t.pcapng");
    reading_close(&r);
    if (r.settings)
      g_hash_table_unref(r.settings);
    tb_buf_clear(&b.out);
  }
}

static void test_open_errors(void)
{
  static const struct {
    const char *bytes;
    gsize len;
    TbError code;
  } cases[] = {
    { "", 0, TB_ERROR_TRUNCATED },
    { "\x0a\x0d\x0d\x0a\x1c\0\0\0\x4d\x3c\x2b\x1a\1\0", 14, TB_ERROR_TRUNCATED },
    { "\x0a\x0d\x0d\x0a\x1c\0\0\0\x4d\x3c\x2b\x1a\2\0\0\0\0\0\0\0\0\0\0\0\x1c\0\0\0", 28,
      TB_ERROR_UNSUPPORTED },
    { "\x0a\x0d\x0d\x0a\x1c\0\0\0\x4d\x3c\x2b\x1b\1\0\0\0\0\0\0\0\0\0\0\0\x1c\0\0\0", 28,
      TB_ERROR_NOT_RECOGNIZED },
    { "\x0d\x0a\x0d\x0d\x0d\x0a\x1c\0\0\0\x4d\x3c\x2b\x1a\1\0\0\0\0\0\0\0\0\0\0\0\x1c\0\0\0", 30,
      TB_ERROR_CORRUPT },
  };
  for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
    Reading r = { 0 };
    reading_open_bytes(&r, (const guint8 *)cases[i].bytes, cases[i].len);
    g_assert_null(r.reader);
    g_assert_error(r.error, TB_ERROR, (int)cases[i].code);
    reading_close(&r);
  }
}

/* Cut at every byte: the packets that are whole are read, and what is missing is told. */
static void test_truncated(gconstpointer big)
{
  PcapngBuild b = { 0 };
  build_rich(&b, GPOINTER_TO_INT(big));
  for (guint i = 0; b.out.len < 4096; i++)
    build_packet(&b, 0, 1700000000000000 + i, 30 + i, 1);
  g_autofree gsize *ends = g_new0(gsize, b.out.len + 1);
  gsize n = 0;
  for (gsize at = 0; at < b.out.len;) {
    guint32 type = tb_get_u32(b.out.data + at, b.big);
    at += tb_get_u32(b.out.data + at + 4, b.big);
    n += type == 6 || type == 3 || type == 2;
    ends[at] = n + 1; /* a block ends here, after n packets */
  }
  guint expected = 0;
  for (gsize cut = 28; cut <= b.out.len; cut++) {
    Reading r = { 0 };
    gboolean at_edge = ends[cut] != 0;
    expected = at_edge ? (guint)ends[cut] - 1 : expected;
    g_autofree guint8 *exact = g_memdup2(b.out.data, cut);
    reading_open_bytes(&r, exact, cut);
    g_assert_no_error(r.error);
    g_assert_cmpuint(reading_count(&r), ==, expected);
    g_assert_cmpuint(tb_damage_log_get_n(r.damage), ==, at_edge ? 0 : 1);
    if (!at_edge)
      g_assert_cmpint(reading_damage(&r, 0)->code, ==, TB_ERROR_TRUNCATED);
    reading_close(&r);
  }
  g_assert_cmpuint(expected, ==, n);
  tb_buf_clear(&b.out);
}

/* Every byte changed in turn, and random ones: nothing but a clean answer. */
static void test_changed_bytes(void)
{
  PcapngBuild b = { 0 };
  build_rich(&b, FALSE);
  g_autoptr(GRand) rand = g_rand_new_with_seed(11);
  for (gsize round = 0; round < b.out.len * 4; round++) {
    Reading r = { 0 };
    g_autofree guint8 *bytes = g_memdup2(b.out.data, b.out.len);
    gsize at = round % b.out.len;
    bytes[at] = round < b.out.len ? 0xff : (guint8)g_rand_int(rand);
    if (round >= 2 * b.out.len)
      bytes[(gsize)g_rand_int_range(rand, 0, (gint32)b.out.len)] ^= (guint8)g_rand_int(rand);
    reading_open_bytes(&r, bytes, b.out.len);
    if (r.reader)
      g_assert_cmpuint(reading_count(&r), <=, 8);
    reading_close(&r);
  }
  tb_buf_clear(&b.out);
}

static void test_many_interfaces(void)
{
  PcapngBuild b = { 0 };
  Reading r = { 0 };
  build_section(&b, FALSE);
  for (guint i = 0; i < 66000; i++)
    build_raw_block(&b, 1, "\1\0\0\0\0\0\0\0", 8);
  reading_open(&r, &b);
  g_assert_cmpuint(reading_count(&r), ==, 0);
  g_assert_cmpuint(r.reader->sources->len, ==, tb_limits_default()->streams);
  g_assert_cmpint(reading_damage(&r, 0)->code, ==, TB_ERROR_LIMIT);
  reading_close(&r);
  tb_buf_clear(&b.out);
}

static void test_keys(void)
{
  char *keys[3] = { 0 };
  for (guint i = 0; i < 3; i++) {
    PcapngBuild b = { 0 };
    Reading r = { 0 };
    build_section(&b, i == 1); /* the byte order says nothing about the content */
    build_interface(&b, 1, "a", 9);
    for (guint k = 0; k < 20; k++)
      build_packet(&b, 0, 100 + k, 20, (guint8)(k + (i == 2 && k == 15)));
    reading_open(&r, &b);
    reading_count(&r);
    keys[i] = g_strdup(reading_source(&r, 0)->key);
    g_assert_true(tb_reader_rewind(r.reader, NULL));
    reading_count(&r);
    g_assert_cmpstr(reading_source(&r, 0)->key, ==, keys[i]);
    reading_close(&r);
    tb_buf_clear(&b.out);
  }
  g_assert_cmpstr(keys[0], ==, keys[1]);
  g_assert_cmpstr(keys[0], !=, keys[2]);
  for (guint i = 0; i < 3; i++)
    g_free(keys[i]);
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/pcapng/reader/both-byte-orders-read-equal", test_both_orders_read_equal);
  g_test_add_func("/pcapng/reader/all-blocks-and-options", test_rich);
  g_test_add_func("/pcapng/reader/sections-and-interfaces-in-mid-file", test_sections);
  g_test_add_func("/pcapng/reader/carried-and-dropped-blocks", test_carried_blocks);
  g_test_add_func("/pcapng/reader/interface-names", test_names);
  g_test_add_func("/pcapng/reader/machine-info", test_machine_block);
  g_test_add_func("/pcapng/reader/darwin-processes", test_darwin);
  g_test_add_func("/pcapng/reader/keys", test_keys);
  g_test_add_func("/pcapng/reader/damage", test_damage);
  g_test_add_func("/pcapng/reader/open-errors", test_open_errors);
  g_test_add_data_func("/pcapng/reader/truncated-little-endian", GINT_TO_POINTER(FALSE),
                       test_truncated);
  g_test_add_data_func("/pcapng/reader/truncated-big-endian", GINT_TO_POINTER(TRUE),
                       test_truncated);
  g_test_add_func("/pcapng/reader/changed-bytes", test_changed_bytes);
  g_test_add_func("/pcapng/reader/more-interfaces-than-allowed", test_many_interfaces);
  return g_test_run();
}
