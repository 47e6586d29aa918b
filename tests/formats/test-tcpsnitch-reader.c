/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The lines of one socket's file: what they become, and what each kind of damage costs. */
#include "formats.h"
#include "model/fact.h"
#include "tracebraid.h"

#include <string.h>

#define TIME "\"timestamp_usec\": 1773829205000100"
#define HEAD(type) "{\"type\": \"" type "\", " TIME ", "

typedef struct {
  TbReader *reader;
  TbDamageLog *damage;
  TbLimits limits;
  char *text; /* of the event lent last */
} Log;

static const char good_line[] =
    HEAD("listen") "\"return_value\": 0, \"success\": true, \"thread_id\": 7, \"details\": "
    "{\"backlog\": 5}}\n";

static Log *log_open(const char *bytes, gsize len)
{
  Log *log = g_new0(Log, 1);
  g_autoptr(GError) error = NULL;
  TbInput *input = tb_input_new_memory("run/curl_0/3.json", bytes, len);
  log->limits = *tb_limits_default();
  log->damage = tb_damage_log_new(100);
  const TbReaderFormat *format = NULL;
  for (guint i = 0; tb_formats.readers[i]; i++)
    if (g_str_equal(tb_formats.readers[i]->name, "tcpsnitch"))
      format = tb_formats.readers[i];
  log->reader = tb_reader_open(format, input, &log->limits, log->damage, &error);
  g_assert_no_error(error);
  g_assert_cmpuint(log->reader->n_streams, ==, 1);
  return log;
}

static Log *log_new(const char *text)
{
  return log_open(text, strlen(text));
}

static void log_free(Log *log)
{
  tb_reader_free(log->reader);
  tb_damage_log_free(log->damage);
  g_free(log->text);
  g_free(log);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Log, log_free)

static TbReadResult log_next(Log *log, TbRecord *event)
{
  g_autoptr(GError) error = NULL;
  TbReadResult result = tb_reader_next(log->reader, 0, event, &error);
  g_assert_no_error(error);
  g_clear_pointer(&log->text, g_free);
  if (result == TB_READ_RECORD) {
    g_auto(TbBuf) text = { 0 };
    tb_record_append_text(event, &text);
    log->text = g_strndup((const char *)text.data, text.len);
  }
  return result;
}

static void expect_text(Log *log, TbRecord *event, const char *name, const char *text)
{
  g_assert_cmpint(log_next(log, event), ==, TB_READ_RECORD);
  g_assert_cmpstr(event->type->system, ==, "tcpsnitch");
  g_assert_cmpstr(event->type->name, ==, name);
  g_assert_cmpstr(log->text, ==, text);
}

static gint64 get_int(const TbRecord *event, const char *name)
{
  gint64 value;
  const TbField *field = tb_event_type_find_field(event->type, name);
  g_assert_nonnull(field);
  return tb_field_get_int(field, event, &value) ? value : G_MININT64;
}

/* The only damage so far, and the good line behind it. */
static void expect_damage(Log *log, TbError code, guint64 offset, guint64 skipped,
                          const char *part)
{
  TbRecord event;
  g_assert_cmpint(log_next(log, &event), ==, TB_READ_DAMAGED);
  const GPtrArray *entries = tb_damage_log_get_entries(log->damage);
  g_assert_cmpuint(entries->len, ==, 1);
  const TbDamage *damage = g_ptr_array_index(entries, 0);
  g_assert_cmpint(damage->code, ==, code);
  g_assert_cmpuint(damage->offset, ==, offset);
  g_assert_cmpuint(damage->skipped_bytes, ==, skipped);
  g_assert_cmpuint(damage->lost, ==, 1);
  g_assert_nonnull(strstr(damage->text, part));
  const TbSource *source = g_ptr_array_index(log->reader->sources, 0);
  g_assert_cmpuint(source->counts.damaged, ==, 1);
}

/* @bad between two good lines costs only itself. */
static void check_bad_line(const char *bad, gsize len, TbError code, guint64 at, const char *part)
{
  g_autoptr(GString) text = g_string_new(good_line);
  TbRecord event;
  g_string_append_len(text, bad, (gssize)len);
  g_string_append_c(text, '\n');
  g_string_append(text, good_line);
  g_autoptr(Log) log = log_open(text->str, text->len);
  expect_text(log, &event, "listen", "(backlog=5) = 0");
  expect_damage(log, code, strlen(good_line) + at, len + 1, part);
  expect_text(log, &event, "listen", "(backlog=5) = 0");
  g_assert_cmpuint(event.offset, ==, strlen(good_line) + len + 1);
  g_assert_cmpint(log_next(log, &event), ==, TB_READ_END);
}

static void test_call(void)
{
  TbRecord event;
  g_autoptr(Log) log = log_new(HEAD("send")
      "\"return_value\": 78, \"success\": true, \"thread_id\": 4100, \"details\": {\"bytes\": 80, "
      "\"flags\": {\"MSG_OOB\": false, \"MSG_NOSIGNAL\": true, \"MSG_MORE\": true}}}\n"
      HEAD("connect") "\"return_value\": -1, \"success\": false, \"errno\": \"ECONNREFUSED\", "
      "\"thread_id\": 4100, \"details\": {\"addr\": {\"sa_family\": \"AF_INET6\", \"ip\": "
      "\"2001:db8::1\", \"port\": \"443\"}}}\n");
  expect_text(log, &event, "send", "(bytes=80, flags=MSG_NOSIGNAL|MSG_MORE) = 78");
  g_assert_cmpint(event.time.ns, ==, G_GINT64_CONSTANT(1773829205000100000));
  g_assert_cmpint(event.tid, ==, 4100);
  g_assert_cmpuint(event.flags, ==, 0);
  g_assert_cmpuint(event.cpu, ==, TB_CPU_NONE);
  g_assert_cmpint(get_int(&event, "bytes"), ==, 80);
  g_assert_cmpint(get_int(&event, "sent"), ==, 78);
  g_assert_cmpint(get_int(&event, "socket_step"), ==, TB_SOCKET_NOTHING);
  expect_text(log, &event, "connect", "(addr=[2001:db8::1]:443) = -1 ECONNREFUSED");
  g_assert_cmpuint(event.flags, ==, TB_RECORD_FAILED);
  g_assert_cmpint(get_int(&event, "socket_step"), ==, TB_SOCKET_NOTHING);
  TbAddresses ends;
  g_assert_true(event.type->ops->get_addresses(event.type, &event, &ends));
  g_assert_cmpuint(ends.family, ==, 6);
  g_assert_cmpuint(ends.remote_port, ==, 443);
  g_assert_cmpint(log_next(log, &event), ==, TB_READ_END);
  const TbSource *source = g_ptr_array_index(log->reader->sources, 0);
  g_assert_cmpstr(source->name, ==, "tcpsnitch/curl_0/3");
  g_assert_cmpuint(source->counts.records, ==, 2);
}

/* What no version is known to write is shown, too. */
static void test_unknown_is_shown(void)
{
  TbRecord event;
  g_autoptr(Log) log = log_new(HEAD("teleport")
      "\"return_value\": 1, \"success\": true, \"thread_id\": 1, \"fake_call\": true, "
      "\"repeat_count\": 3, \"details\": {\"to\": [1, null, \"a b\\n\"], \"x\": 0.5, \"none\": {}}}\n"
      HEAD("socket") "\"return_value\": \"five\", \"thread_id\": \"x\", \"details\": 3}\n"
      "{\"type\": \"\", " TIME "}\n");
  expect_text(log, &event, "teleport",
              "(to=[1, null, \"a b\\x0a\"], x=0.5, none={}) = 1 fake_call repeat_count=3");
  g_assert_cmpint(get_int(&event, "fake_call"), ==, 1);
  expect_text(log, &event, "socket", "() = ? return_value=five thread_id=x details=3");
  g_assert_cmpint(event.tid, ==, -1);
  g_assert_cmpint(get_int(&event, "return_value"), ==, G_MININT64);
  expect_text(log, &event, "other", "() = ? type=");
  g_assert_cmpuint(tb_damage_log_get_n(log->damage), ==, 0);
}

/* So many kinds of calls have no program: further ones share a type. */
static void test_many_types(void)
{
  g_autoptr(GString) text = g_string_new(NULL);
  TbRecord event;
  for (guint i = 0; i < 400; i++)
    g_string_append_printf(text, "{\"type\": \"call%u\", " TIME "}\n", i);
  g_autoptr(Log) log = log_open(text->str, text->len);
  while (log_next(log, &event) == TB_READ_RECORD)
    if (event.sequence == 399) {
      g_assert_cmpstr(event.type->name, ==, "other");
      g_assert_cmpstr(log->text, ==, "() = ? type=call399");
    }
  g_assert_cmpuint(log->reader->types->len, ==, 257);
}

static void test_thread_id(void)
{
  static const char *const odd[] = { "\"no_id\": 1", "\"thread_id\": -4", "\"thread_id\": 0",
                                     "\"thread_id\": 5000000000", "\"thread_id\": 1.5" };
  for (guint i = 0; i < G_N_ELEMENTS(odd); i++) {
    TbRecord event;
    g_autofree char *text = g_strdup_printf(HEAD("close") "%s}\n", odd[i]);
    g_autoptr(Log) log = log_new(text);
    g_assert_cmpint(log_next(log, &event), ==, TB_READ_RECORD);
    g_assert_cmpint(event.tid, ==, -1);
    g_assert_cmpuint(tb_damage_log_get_n(log->damage), ==, 0);
  }
}

static void test_bad_lines(void)
{
  static const struct {
    const char *line;
    TbError code;
    guint64 at;
    const char *part;
  } bad[] = {
    { "not JSON", TB_ERROR_CORRUPT, 0, "does not begin with {" },
    { "[1, 2]", TB_ERROR_CORRUPT, 0, "does not begin with {" },
    { "{\"type\": \"x\",, }", TB_ERROR_CORRUPT, 0, "no JSON" },
    { "{\"type\": \"x\" /* no */ }", TB_ERROR_CORRUPT, 13, "no JSON" },
    { "{\"type\": \"x\"} {}", TB_ERROR_CORRUPT, 14, "goes on behind" },
    { "{\"type\": \"x\"]}", TB_ERROR_CORRUPT, 13, "goes on behind" },
    { "{\"type\": \"x", TB_ERROR_CORRUPT, 11, "text without an end" },
    { "{\"type\": {", TB_ERROR_CORRUPT, 10, "ends within" },
    { "{\"type\": 5, " TIME "}", TB_ERROR_CORRUPT, 0, "no \"type\"" },
    { "{\"type\": \"x\"}", TB_ERROR_CORRUPT, 0, "no \"timestamp_usec\"" },
    { "{\"type\": \"x\", \"timestamp_usec\": \"5\"}", TB_ERROR_CORRUPT, 0, "whole number" },
    { "{\"type\": \"x\", \"timestamp_usec\": 1.5}", TB_ERROR_CORRUPT, 0, "whole number" },
    { "{\"type\": \"x\", \"timestamp_usec\": -1}", TB_ERROR_CORRUPT, 0, "is -1, which is no time" },
    { "{\"type\": \"x\", \"timestamp_usec\": 9223372036854775807}", TB_ERROR_CORRUPT, 0,
      "which is no time" },
    { "{\"type\": \"x\", \"timestamp_usec\": 9223372036854775808}", TB_ERROR_CORRUPT, 32,
      "beyond 64 bits" },
    { "{\"type\": \"x\", \"timestamp_usec\": 17738292050001000000000}", TB_ERROR_CORRUPT, 32,
      "beyond 64 bits" },
  };
  for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
    g_test_message("%s", bad[i].line);
    check_bad_line(bad[i].line, strlen(bad[i].line), bad[i].code, bad[i].at, bad[i].part);
  }
  static const char zero[] = "{\"type\": \"x\", \0}";
  check_bad_line(zero, sizeof zero - 1, TB_ERROR_CORRUPT, 14, "no JSON");
}

static void test_nesting(void)
{
  g_autoptr(GString) deep = g_string_new("{\"type\": \"x\", " TIME ", \"details\": ");
  gsize head = deep->len;
  for (guint i = 0; i < 200000; i++)
    g_string_append_c(deep, '[');
  check_bad_line(deep->str, deep->len, TB_ERROR_LIMIT, head + 63, "nested too deep");
}

/* Read in pieces: a long line costs its bytes, and nothing of its neighbours. */
static void test_huge_line(void)
{
  g_autoptr(GString) text = g_string_new(good_line);
  TbRecord event;
  gsize at = text->len;
  g_string_append(text, HEAD("x") "\"details\": {\"a\": \"");
  for (guint i = 0; i < 100000; i++)
    g_string_append_c(text, 'a');
  g_string_append(text, "\"}}\n");
  gsize len = text->len - at;
  g_string_append(text, good_line);
  g_autoptr(Log) log = log_open(text->str, text->len);
  log->limits.record_bytes = 64 << 10;
  g_assert_cmpint(log_next(log, &event), ==, TB_READ_RECORD);
  expect_damage(log, TB_ERROR_LIMIT, at, len, "more than 65536 bytes");
  expect_text(log, &event, "listen", "(backlog=5) = 0");
  g_assert_cmpint(log_next(log, &event), ==, TB_READ_END);
  log->limits.record_bytes = 1 << 20;
  g_assert_true(tb_reader_rewind(log->reader, NULL));
  g_assert_cmpint(log_next(log, &event), ==, TB_READ_RECORD);
  g_assert_cmpint(log_next(log, &event), ==, TB_READ_RECORD);
  g_assert_cmpuint(event.len, >, 100000);
}

static void test_not_utf8(void)
{
  TbRecord event;
  g_autoptr(Log) log = log_new(HEAD("fdopen") "\"return_value\": 0, \"details\": {\"mode\": "
                               "\"r\xff\xc3\"}}\n");
  expect_text(log, &event, "fdopen", "(mode=\"r\\xff\\xc3\") = 0");
  g_assert_cmpuint(tb_damage_log_get_n(log->damage), ==, 0);
}

static void test_key_twice(void)
{
  TbRecord event;
  g_autoptr(Log) log = log_new(HEAD("listen") "\"return_value\": 1, \"return_value\": 2, "
                               "\"details\": {\"backlog\": 1}}\n");
  expect_text(log, &event, "listen", "(backlog=1) = 2");
  const GPtrArray *entries = tb_damage_log_get_entries(log->damage);
  g_assert_cmpuint(entries->len, ==, 1);
  g_assert_nonnull(strstr(((const TbDamage *)g_ptr_array_index(entries, 0))->text, "twice"));
}

/* A killed program leaves the last line cut at any byte; what stands before it stays. */
static void test_cut(void)
{
  g_autofree char *text = g_strconcat(good_line, good_line, NULL);
  gsize one = strlen(good_line);
  for (gsize len = 1; len < 2 * one; len++) {
    TbRecord event;
    g_autofree char *cut = g_memdup2(text, len);
    g_autoptr(Log) log = log_open(cut, len);
    guint whole = (guint)((len + 1) / one); /* the end of a line alone is not missed */
    for (guint i = 0; i < whole; i++)
      g_assert_cmpint(log_next(log, &event), ==, TB_READ_RECORD);
    if (len != whole * one && len + 1 != whole * one) {
      expect_damage(log, TB_ERROR_TRUNCATED, whole * one, len - whole * one, "ends within a line");
    }
    g_assert_cmpint(log_next(log, &event), ==, TB_READ_END);
    g_assert_cmpint(log_next(log, &event), ==, TB_READ_END);
  }
}

static void test_order(void)
{
  TbRecord event;
  g_autoptr(Log) log = log_new("{\"type\": \"a\", \"timestamp_usec\": 9}\r\n \t\n\n"
                               "{\"type\": \"b\", \"timestamp_usec\": 3}\n");
  g_assert_cmpint(log_next(log, &event), ==, TB_READ_RECORD);
  g_assert_cmpint(log_next(log, &event), ==, TB_READ_RECORD);
  g_assert_cmpint(event.time.ns, ==, 3000);
  const TbSource *source = g_ptr_array_index(log->reader->sources, 0);
  g_assert_cmpuint(source->counts.unordered, ==, 1);
  g_assert_cmpint(source->counts.first_ns, ==, 3000);
  g_assert_cmpint(source->counts.last_ns, ==, 9000);
}

#define ADDR(ip, port) "{\"addr\": {\"sa_family\": \"AF_INET\", \"ip\": \"" ip "\", \"port\": \"" port "\"}}"
#define OK(result) "\"return_value\": " result ", \"success\": true, \"thread_id\": 1, \"details\": "

/* What the calls tell stages: ends, bytes and steps. */
static void test_meaning(void)
{
  TbRecord event;
  g_autoptr(Log) log = log_new(
      HEAD("accept4") OK("4") ADDR("203.0.113.5", "50001") "}\n"
      HEAD("getsockname") OK("0") ADDR("192.0.2.10", "8080") "}\n"
      HEAD("recv") OK("10") "{\"flags\": {\"MSG_PEEK\": true}}}\n"
      HEAD("recv") OK("10") "{\"flags\": {\"MSG_PEEK\": false}}}\n"
      HEAD("sendmmsg") OK("2") "{\"mmsghdr_vec\": [{\"transmitted_bytes\": 5}, "
                               "{\"transmitted_bytes\": 6}, {\"transmitted_bytes\": 7}]}}\n"
      HEAD("sendmmsg") OK("2") "{}}\n"
      HEAD("dup") OK("9") "{}}\n" HEAD("accept") OK("9") "{}}\n" HEAD("close") OK("0") "{}}\n");
  static const struct {
    TbSocketStep step;
    gint64 sent, received;
  } wanted[] = {
    { TB_SOCKET_ACCEPTED, 0, 0 }, { TB_SOCKET_NOTHING, 0, 0 }, { TB_SOCKET_NOTHING, 0, 0 },
    { TB_SOCKET_NOTHING, 0, 10 }, { TB_SOCKET_NOTHING, 11, 0 }, { TB_SOCKET_NOTHING, -1, 0 },
    { TB_SOCKET_COPIES, 0, 0 },   { TB_SOCKET_ACCEPTS, 0, 0 },  { TB_SOCKET_CLOSED, 0, 0 },
  };
  for (guint i = 0; i < G_N_ELEMENTS(wanted); i++) {
    g_assert_cmpint(log_next(log, &event), ==, TB_READ_RECORD);
    g_assert_cmpint(get_int(&event, "socket_step"), ==, wanted[i].step);
    g_assert_cmpint(get_int(&event, "sent"), ==, wanted[i].sent);
    g_assert_cmpint(get_int(&event, "received"), ==, wanted[i].received);
    g_assert_cmpint(get_int(&event, "remote_port"), ==, 50001);
    g_assert_cmpint(get_int(&event, "local_port"), ==, i ? 8080 : G_MININT64);
  }
  g_assert_cmpint(log_next(log, &event), ==, TB_READ_END);
  /* A second pass begins with nothing known. */
  g_assert_true(tb_reader_rewind(log->reader, NULL));
  g_assert_cmpint(log_next(log, &event), ==, TB_READ_RECORD);
  g_assert_cmpint(get_int(&event, "socket_step"), ==, TB_SOCKET_ACCEPTED);
  g_assert_cmpint(get_int(&event, "local_port"), ==, G_MININT64);
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/tcpsnitch/call", test_call);
  g_test_add_func("/tcpsnitch/unknown-is-shown", test_unknown_is_shown);
  g_test_add_func("/tcpsnitch/many-types", test_many_types);
  g_test_add_func("/tcpsnitch/thread-id", test_thread_id);
  g_test_add_func("/tcpsnitch/bad-lines", test_bad_lines);
  g_test_add_func("/tcpsnitch/nesting", test_nesting);
  g_test_add_func("/tcpsnitch/huge-line", test_huge_line);
  g_test_add_func("/tcpsnitch/not-utf8", test_not_utf8);
  g_test_add_func("/tcpsnitch/key-twice", test_key_twice);
  g_test_add_func("/tcpsnitch/cut", test_cut);
  g_test_add_func("/tcpsnitch/order", test_order);
  g_test_add_func("/tcpsnitch/meaning", test_meaning);
  return g_test_run();
}
