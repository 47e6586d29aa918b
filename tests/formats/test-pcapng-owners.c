/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Owners of packets in comments and options: written, read back, carried, and others' words. */
#include "support/pcapng-output.h"

#include "pcapng/pcapng-block.h"
#include "pcapng/pcapng-owners.h"
#include "pcapng/pcapng-trailer.h"

static const guint8 packet[64] = { 0 };

/* The file's only packet block, with @owners or @options. */
static GBytes *write_packet(const TbOwners *owners, const TbBuf *options)
{
  OutputFixture f;
  output_fixture_init(&f);
  output_fixture_open(&f);
  MadeItem event = output_fixture_packet(&f, 1, packet, sizeof packet);
  event.item.owners = owners;
  if (options)
    output_set_options(&event, options->data, options->len);
  output_fixture_write(&f, &event);
  GBytes *file = output_fixture_finish(&f);
  output_fixture_clear(&f);
  return file;
}

static GBytes *packet_option(GBytes *file, guint16 code, guint nth)
{
  g_autoptr(GArray) blocks = output_blocks(file);
  for (guint i = 0; i < blocks->len; i++) {
    const OutputBlock *block = &g_array_index(blocks, OutputBlock, i);
    if (block->type == TB_PCAPNG_EPB)
      return output_option(block->body + 20 + sizeof packet, block->len - 20 - sizeof packet, code,
                           nth);
  }
  g_assert_not_reached();
}

static void assert_text(GBytes *file, guint nth, const char *expected)
{
  g_autoptr(GBytes) text = packet_option(file, TB_PCAPNG_OPT_COMMENT, nth);
  if (!expected) {
    g_assert_null(text);
    return;
  }
  g_assert_nonnull(text);
  g_assert_cmpstr(g_bytes_get_data(text, NULL), ==, expected);
}

static const TbOwner curl = { .confidence = TB_CONFIDENCE_CERTAIN, .pid = 4100, .tid = 4101,
                              .comm = "curl", .exe = "/usr/bin/curl", .via = "bytes" };
static const TbOwner server = { .confidence = TB_CONFIDENCE_LINKED, .pid = 7, .tid = 7,
                                .comm = "srv", .via = "bytes" };

static void test_written(void)
{
  TbOwners both = { .src = curl, .dst = server };
  g_autoptr(GBytes) file = write_packet(&both, NULL);
  assert_text(file, 0, "pid=4100 tid=4101 comm=curl exe=/usr/bin/curl host=web role=src via=bytes "
                       "peer_pid=7 peer_comm=srv ");
  assert_text(file, 1, NULL);
  g_autoptr(GBytes) ids = packet_option(file, TB_PCAPNG_EPB_PROCESS, 0);
  g_assert_nonnull(ids);
  g_assert_cmpuint(tb_get_u32(g_bytes_get_data(ids, NULL), FALSE), ==, 4100);
  g_assert_cmpuint(tb_get_u32((const guint8 *)g_bytes_get_data(ids, NULL) + 4, FALSE), ==, 4101);
  TbOwners receiver = { .dst = server };
  g_autoptr(GBytes) other = write_packet(&receiver, NULL);
  assert_text(other, 0, "pid=7 tid=7 comm=srv host=web role=dst via=bytes ");
}

static MadeItem packet_of(TbSource *source, const TbBuf *options)
{
  MadeItem event = { .record = { .kind = TB_RECORD_PACKET, .source = source } };
  output_set_options(&event, options->data, options->len);
  return event;
}

static gboolean read_packet(TbPcapngOwners *read, MadeItem *event)
{
  return tb_pcapng_owners_read(read, made_item(event)->record);
}

static gboolean read_text(TbPcapngOwners *read, const char *text, const TbBuf *more)
{
  g_auto(TbBuf) options = { 0 };
  if (text)
    tb_pcapng_option_str(&options, TB_PCAPNG_OPT_COMMENT, text);
  if (more)
    tb_buf_append(&options, more->data, more->len);
  MadeItem event = packet_of(NULL, &options);
  return read_packet(read, &event);
}

/* Whom the capture names where the recording names another one: one pair of its own an end. */
static void test_claims(void)
{
  static const char text[] =
      "pid=4100 tid=4101 comm=curl exe=/usr/bin/curl host=web role=src via=bytes "
      "claimed=context:etl:77:78 peer_pid=7 peer_comm=srv "
      "peer_claimed=darwin:9:0:x\\x20comm\\x3dcurl ";
  TbOwner guess = { .confidence = TB_CONFIDENCE_CONTEXT, .pid = 77, .tid = 78, .via = "etl" };
  TbOwner told = { .confidence = TB_CONFIDENCE_LINKED, .pid = 9, .comm = "x comm=curl",
                   .via = "darwin" };
  TbOwners owners = { .src = curl, .dst = server, .src_claim = guess, .dst_claim = told };
  TbPcapngOwners read = { 0 };
  g_autoptr(GBytes) file = write_packet(&owners, NULL);
  assert_text(file, 0, text);
  g_assert_true(read_text(&read, text, NULL));
  g_assert_true(read.owners.carried);
  g_assert_cmpint(read.owners.src_claim.pid, ==, 77);
  g_assert_cmpint(read.owners.src_claim.tid, ==, 78);
  g_assert_cmpint(read.owners.src_claim.confidence, ==, TB_CONFIDENCE_CONTEXT);
  g_assert_cmpstr(read.owners.src_claim.via, ==, "etl");
  g_assert_null(read.owners.src_claim.comm);
  g_assert_cmpint(read.owners.dst_claim.pid, ==, 9);
  g_assert_cmpstr(read.owners.dst_claim.comm, ==, "x comm=curl");
  g_assert_cmpstr(read.owners.dst_claim.via, ==, "darwin");
  tb_pcapng_owners_clear(&read);
}

static void test_long_args_are_cut(void)
{
  g_autofree char *args = g_strnfill(20000, 'x');
  memcpy(args + 4095, "\xc3\xa4", 2); /* a character across the limit */
  TbOwners owners = { .src = curl };
  owners.src.args = args;
  g_autoptr(GBytes) file = write_packet(&owners, NULL);
  g_autoptr(GBytes) text = packet_option(file, TB_PCAPNG_OPT_COMMENT, 0);
  g_assert_nonnull(strstr(g_bytes_get_data(text, NULL), "x... host=web "));
  memset(args, 1, 19999); /* every byte needs an escape */
  g_autoptr(GBytes) other = write_packet(&owners, NULL);
  g_autoptr(GBytes) escaped = packet_option(other, TB_PCAPNG_OPT_COMMENT, 0);
  g_assert_true(g_str_has_suffix(g_bytes_get_data(escaped, NULL), "via=bytes "));
}

static void test_forged_name(void)
{
  TbOwners owners = { .src = { .confidence = TB_CONFIDENCE_LINKED, .pid = 5, .tid = 5,
                               .comm = "x comm=curl ", .via = "bytes" } };
  g_autoptr(GBytes) file = write_packet(&owners, NULL);
  assert_text(file, 0, "pid=5 tid=5 comm=x\\x20comm\\x3dcurl\\x20 host=web role=src via=bytes ");
}

static void test_guess_says_so(void)
{
  TbOwners owners = { .src = curl };
  owners.src.confidence = TB_CONFIDENCE_CONTEXT;
  g_autoptr(GBytes) file = write_packet(&owners, NULL);
  g_autoptr(GBytes) text = packet_option(file, TB_PCAPNG_OPT_COMMENT, 0);
  g_assert_nonnull(strstr(g_bytes_get_data(text, NULL), "via=context:bytes "));
}

/* Of the second end a word is written only where it is not the first one's. */
static void test_peer_via(void)
{
  static const struct {
    TbConfidence src, dst;
    const char *src_via, *dst_via, *pairs;
  } cases[] = {
    { TB_CONFIDENCE_CERTAIN, TB_CONFIDENCE_LINKED, "bytes", "bytes", "via=bytes peer_pid=7 " },
    { TB_CONFIDENCE_LINKED, TB_CONFIDENCE_CONTEXT, "bytes", "time",
      "via=bytes peer_pid=7 peer_via=context:time " },
    { TB_CONFIDENCE_LINKED, TB_CONFIDENCE_CONTEXT, "bytes", "bytes",
      "via=bytes peer_pid=7 peer_via=context:bytes " },
    { TB_CONFIDENCE_CONTEXT, TB_CONFIDENCE_LINKED, "time", "port",
      "via=context:time peer_pid=7 peer_via=port " },
    { TB_CONFIDENCE_CONTEXT, TB_CONFIDENCE_CONTEXT, "time", "time",
      "via=context:time peer_pid=7 " },
    { TB_CONFIDENCE_LINKED, TB_CONFIDENCE_LINKED, "bytes", NULL,
      "via=bytes peer_pid=7 peer_via= " },
    { TB_CONFIDENCE_LINKED, TB_CONFIDENCE_LINKED, "a", "b c=d",
      "via=a peer_pid=7 peer_via=b\\x20c\\x3dd " },
  };
  TbPcapngOwners read = { 0 };
  for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
    TbOwners owners = { .src = { .pid = 4, .confidence = cases[i].src, .via = cases[i].src_via },
                        .dst = { .pid = 7, .confidence = cases[i].dst, .via = cases[i].dst_via } };
    g_autofree char *text = g_strconcat("pid=4 host=web role=src ", cases[i].pairs, NULL);
    g_autoptr(GBytes) file = write_packet(&owners, NULL);
    assert_text(file, 0, text);
    g_assert_true(read_text(&read, text, NULL));
    g_assert_cmpint(read.owners.src.confidence, ==, MIN(cases[i].src, TB_CONFIDENCE_LINKED));
    g_assert_cmpint(read.owners.dst.confidence, ==, MIN(cases[i].dst, TB_CONFIDENCE_LINKED));
    g_assert_cmpstr(read.owners.src.via, ==, cases[i].src_via);
    g_assert_cmpstr(read.owners.dst.via, ==, cases[i].dst_via ? cases[i].dst_via : "");
    g_auto(TbBuf) options = { 0 };
    tb_pcapng_option_str(&options, TB_PCAPNG_OPT_COMMENT, text);
    g_autoptr(GBytes) again = write_packet(&read.owners, &options);
    assert_text(again, 0, text);
    assert_text(again, 1, NULL);
  }
  tb_pcapng_owners_clear(&read);
}

/* Where only the thread is known its number stands for the process, and that is told. */
static void test_thread_for_process(void)
{
  static const char text[] = "pid=4101 tid=4101 pid_known=0 comm=curl host=web role=src via=socket "
                             "peer_pid=8 peer_pid_known=0 peer_comm=srv ";
  static const char other[] = "pid=4101 tid=4101 comm=curl host=web role=src via=socket "
                              "peer_pid=8 peer_pid_known=0 ";
  TbOwners owners = { .src = { .confidence = TB_CONFIDENCE_LINKED, .pid = 4101, .tid = 4101,
                               .pid_is_thread = TRUE, .comm = "curl", .via = "socket" } };
  TbPcapngOwners read = { 0 };
  owners.dst = owners.src;
  owners.dst.pid = owners.dst.tid = 8;
  owners.dst.comm = "srv";
  g_autoptr(GBytes) file = write_packet(&owners, NULL);
  assert_text(file, 0, text);
  g_assert_true(read_text(&read, text, NULL));
  g_assert_true(read.owners.src.pid_is_thread);
  g_assert_true(read.owners.dst.pid_is_thread);
  g_assert_cmpint(read.owners.dst.tid, ==, 8);
  g_assert_true(read_text(&read, other, NULL));
  g_assert_false(read.owners.src.pid_is_thread);
  g_assert_true(read.owners.dst.pid_is_thread);
  g_auto(TbBuf) options = { 0 };
  tb_pcapng_option_str(&options, TB_PCAPNG_OPT_COMMENT, other);
  g_autoptr(GBytes) again = write_packet(&read.owners, &options);
  assert_text(again, 0, other);
  tb_pcapng_owners_clear(&read);
}

/* The options of one packet; with no @cache kept ready, all bytes are made anew. */
static GBytes *append_options(TbPcapngOwnersCache *cache, const TbOwners *owners, const TbBuf *host)
{
  g_auto(TbBuf) out = { 0 };
  TbOwners fresh = *owners;
  TbRecord record = { .kind = TB_RECORD_PACKET };
  TbItem item = item_of(&record);
  item.owners = cache ? owners : &fresh;
  g_autofree TbPcapngOwnersCache *none = tb_pcapng_owners_cache_new();
  fresh.src.generation = fresh.dst.generation = 0;
  tb_pcapng_owners_append(cache ? cache : none, &item, host, &out);
  return g_bytes_new(out.data, out.len);
}

/* Of some 600 pairs of ends in any order each has its own comment, however often it was there. */
static void test_kept_ready(void)
{
  static const char *const words[] = { "bytes", "calls" };
  g_autofree char *long_path = g_strnfill(600, 'x');
  TbBuf hosts[2] = { { (guint8 *)(gpointer) "web", 3, 0 }, { (guint8 *)(gpointer) "db", 2, 0 } };
  TbPcapngOwnersCache *cache = tb_pcapng_owners_cache_new();
  g_autoptr(GRand) random = g_rand_new_with_seed(1);
  for (guint i = 0; i < 20000; i++) {
    TbOwners owners = { 0 };
    TbOwner *ends[] = { &owners.src, &owners.dst };
    for (guint e = 0; e < G_N_ELEMENTS(ends); e++) {
      gint32 who = g_rand_int_range(random, 0, 8);
      *ends[e] = (TbOwner){ .confidence = (TbConfidence)g_rand_int_range(random, 0, 4),
                            .pid = 100 + who,
                            .tid = g_rand_boolean(random) ? 100 + who : 0,
                            .comm = who & 1 ? "a" : "b",
                            .exe = who == 7 ? long_path : "/bin/a",
                            .via = words[g_rand_int_range(random, 0, 2)],
                            /* the last one's names may change at any time */
                            .generation = who == 6 ? 0 : (guint64)who + 1 };
      if (who == 6)
        ends[e]->comm = g_rand_boolean(random) ? "c" : "d";
    }
    if (g_rand_int_range(random, 0, 8) == 0)
      owners.src_claim = (TbOwner){ .confidence = TB_CONFIDENCE_LINKED, .pid = 9, .via = "etl" };
    if (g_rand_int_range(random, 0, 8) == 0)
      owners.either_end = TRUE;
    const TbBuf *host = &hosts[g_rand_int_range(random, 0, 2)];
    g_autoptr(GBytes) kept = append_options(cache, &owners, host);
    g_autoptr(GBytes) made = append_options(NULL, &owners, host);
    g_assert_true(g_bytes_equal(kept, made));
  }
  tb_pcapng_owners_cache_free(cache);
}

static void test_read_back(void)
{
  TbPcapngOwners read = { 0 };
  g_assert_true(read_text(&read, "pid=4100 tid=4101 comm=a\\x20b exe=/bin/a host=web role=src "
                                 "via=bytes peer_pid=7 peer_comm=srv ", NULL));
  g_assert_true(read.owners.carried);
  g_assert_cmpint(read.owners.src.pid, ==, 4100);
  g_assert_cmpint(read.owners.src.tid, ==, 4101);
  g_assert_cmpstr(read.owners.src.comm, ==, "a b");
  g_assert_cmpint(read.owners.dst.pid, ==, 7);
  g_assert_cmpint(read.owners.dst.tid, ==, 7);
  g_assert_cmpstr(read.owners.dst.comm, ==, "srv");
  g_assert_true(read_text(&read, "pid=4 comm=a role=src via=pml peer_pid=8 peer_comm=b ", NULL));
  g_assert_cmpint(read.owners.src.tid, ==, 0);
  g_assert_cmpint(read.owners.dst.pid, ==, 8);
  g_assert_cmpint(read.owners.dst.tid, ==, 0);
  g_assert_true(read_text(&read, "pid=7 tid=7 comm=srv role=dst via=context:xmit ", NULL));
  g_assert_false(tb_owner_is_known(&read.owners.src));
  g_assert_cmpint(read.owners.dst.confidence, ==, TB_CONFIDENCE_CONTEXT);
  tb_pcapng_owners_clear(&read);
}

static void test_other_comments_are_no_owners(void)
{
  static const char *const texts[] = { "pid=", "pid=1", "pid=x ", "pid=1 comm", "pid=1 comm=a b ",
                                       "pid=1  ", "pid=1 pid=2 ", "pid=99999999999 ", "hello",
                                       "tid=1 pid=1 ", "pid=1 unknown=2 " };
  TbPcapngOwners read = { 0 };
  for (guint i = 0; i < G_N_ELEMENTS(texts); i++)
    g_assert_false(read_text(&read, texts[i], NULL));
  tb_pcapng_owners_clear(&read);
}

static void test_ptcpdump(void)
{
  TbPcapngOwners read = { 0 };
  g_auto(TbBuf) more = { 0 };
  guint32 inbound = GUINT32_TO_LE(1);
  tb_pcapng_option_str(&more, TB_PCAPNG_OPT_COMMENT, "ThreadId: 9\nThreadName: worker");
  tb_pcapng_option(&more, TB_PCAPNG_EPB_FLAGS, &inbound, 4);
  g_assert_true(read_text(&read, "PID: 8\nCmd: /usr/bin/curl\nArgs: curl -v", &more));
  g_assert_false(read.owners.carried);
  g_assert_cmpint(read.owners.dst.pid, ==, 8);
  g_assert_cmpint(read.owners.dst.tid, ==, 9);
  g_assert_cmpstr(read.owners.dst.comm, ==, "worker");
  g_assert_cmpstr(read.owners.dst.exe, ==, "/usr/bin/curl");
  g_assert_cmpstr(read.owners.dst.via, ==, "ptcpdump");
  tb_pcapng_owners_clear(&read);
}

/* The last key's value may hold anything, lines that look like keys too. */
static void test_ptcpdump_arguments(void)
{
  static const char *const wrong[] = { "PID: 0\nCmd: /a", "PID: x", "PID: ", "ParentPID: 8",
                                       "\nPID: 8", "PID: 8 ", "PID: 99999999999" };
  TbPcapngOwners read = { 0 };
  g_assert_true(read_text(&read, "PID: 8\nArgs: sh -c\nCmd: /bin/fake\nPID: 9", NULL));
  g_assert_cmpint(read.owners.src.pid, ==, 8);
  g_assert_null(read.owners.src.exe);
  g_assert_true(read_text(&read, "PID: 8\nCmd: /tmp/a\nb\nArgs: x", NULL));
  g_assert_cmpstr(read.owners.src.exe, ==, "/tmp/a\nb");
  g_assert_cmpstr(read.owners.src.comm, ==, "a\nb");
  for (guint i = 0; i < G_N_ELEMENTS(wrong); i++)
    g_assert_false(read_text(&read, wrong[i], NULL));
  tb_pcapng_owners_clear(&read);
}

/* Whoever ran when the packet was logged is often not its owner. */
static void test_etl_and_option_are_guesses(void)
{
  TbPcapngOwners read = { 0 };
  g_auto(TbBuf) option = { 0 };
  guint32 ids[2] = { GUINT32_TO_LE(44), GUINT32_TO_LE(45) };
  g_assert_true(read_text(&read, "PID=4 TID=12 VlanId=7", NULL));
  g_assert_cmpint(read.owners.src.pid, ==, 4);
  g_assert_cmpint(read.owners.src.tid, ==, 12);
  g_assert_cmpint(read.owners.src.confidence, ==, TB_CONFIDENCE_CONTEXT);
  tb_pcapng_option(&option, TB_PCAPNG_EPB_PROCESS, ids, sizeof ids);
  g_assert_true(read_text(&read, NULL, &option));
  g_assert_cmpint(read.owners.src.pid, ==, 44);
  g_assert_cmpint(read.owners.src.tid, ==, 45);
  g_assert_cmpint(read.owners.src.confidence, ==, TB_CONFIDENCE_CONTEXT);
  tb_pcapng_owners_clear(&read);
}

static void test_etl_comments(void)
{
  static const char *const wrong[] = { "PID=", "PID=x", "PID=12x", "PID= 12", "pid=12", "xPID=12" };
  TbPcapngOwners read = { 0 };
  g_assert_true(read_text(&read, "PID=4", NULL));
  g_assert_cmpint(read.owners.src.tid, ==, 0);
  g_assert_true(read.owners.either_end);
  for (guint i = 0; i < G_N_ELEMENTS(wrong); i++)
    g_assert_false(read_text(&read, wrong[i], NULL));
  tb_pcapng_owners_clear(&read);
}

/*
 * What stands for another program's references is taken for its word, at the end of a foreign
 * capture's options only; anywhere else such a comment is carried.
 */
static void test_translation(void)
{
  g_auto(TbBuf) options = { 0 };
  g_autoptr(TbSource) source = tb_source_new(TB_SOURCE_PACKETS, "en0");
  TbPcapngOwners read = { 0 };
  guint32 ids[2] = { GUINT32_TO_LE(5), 0 };
  tb_pcapng_option_str(&options, TB_PCAPNG_OPT_COMMENT, "a note");
  gsize before = options.len;
  tb_pcapng_option_str(&options, TB_PCAPNG_OPT_COMMENT, "pid=5 comm=a via=darwin effective=6:b ");
  tb_pcapng_option(&options, TB_PCAPNG_EPB_PROCESS, ids, sizeof ids);
  MadeItem event = packet_of(source, &options);
  g_assert_true(read_packet(&read, &event));
  g_assert_false(read.owners.carried);
  g_assert_cmpuint(read.owners.translated_len, ==, options.len - before);
  g_autoptr(GBytes) file = write_packet(&read.owners, &options);
  assert_text(file, 0, "a note");
  assert_text(file, 1, "pid=5 comm=a host=web via=darwin effective=6:b ");
  assert_text(file, 2, NULL);
  source->frozen = TRUE;
  g_assert_true(read_packet(&read, &event));
  g_assert_true(read.owners.carried);
  source->frozen = FALSE;
  tb_pcapng_option_str(&options, TB_PCAPNG_OPT_COMMENT, "another note");
  event = packet_of(source, &options);
  g_assert_true(read_packet(&read, &event));
  g_assert_true(read.owners.carried);
  tb_pcapng_owners_clear(&read);
}

/* What was read back is written once, under the machine's present name. */
static void test_carried_under_another_name(void)
{
  g_auto(TbBuf) options = { 0 };
  TbPcapngOwners read = { 0 };
  tb_pcapng_option_str(&options, TB_PCAPNG_OPT_COMMENT, "someone's note");
  tb_pcapng_option_str(&options, TB_PCAPNG_OPT_COMMENT,
                       "pid=1 tid=1 comm=a host=old role=src via=bytes ");
  MadeItem event = packet_of(NULL, &options);
  g_assert_true(read_packet(&read, &event));
  g_autoptr(GBytes) file = write_packet(&read.owners, &options);
  assert_text(file, 0, "someone's note");
  assert_text(file, 1, "pid=1 tid=1 comm=a host=web role=src via=bytes ");
  assert_text(file, 2, NULL);
  g_assert_null(packet_option(file, TB_PCAPNG_EPB_PROCESS, 0));
  tb_pcapng_owners_clear(&read);
}

/* A comment cut at every byte is read as owners or as a note, and never beyond its end. */
static void test_cut_comments(void)
{
  static const char text[] = "pid=4100 tid=4101 comm=a\\x20b exe=/bin/a host=web role=src via=x ";
  TbPcapngOwners read = { 0 };
  for (gsize len = 0; len < sizeof text; len++) {
    g_autofree char *cut = g_strndup(text, len);
    gboolean ends_pair = len > 4 && cut[len - 1] == ' ';
    g_assert_cmpint(read_text(&read, cut, NULL), ==, ends_pair);
  }
  tb_pcapng_owners_clear(&read);
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/pcapng/owners/written", test_written);
  g_test_add_func("/pcapng/owners/claims", test_claims);
  g_test_add_func("/pcapng/owners/long-args-are-cut", test_long_args_are_cut);
  g_test_add_func("/pcapng/owners/forged-name", test_forged_name);
  g_test_add_func("/pcapng/owners/guess-says-so", test_guess_says_so);
  g_test_add_func("/pcapng/owners/peer-via", test_peer_via);
  g_test_add_func("/pcapng/owners/thread-for-process", test_thread_for_process);
  g_test_add_func("/pcapng/owners/kept-ready", test_kept_ready);
  g_test_add_func("/pcapng/owners/read-back", test_read_back);
  g_test_add_func("/pcapng/owners/other-comments-are-no-owners",
                  test_other_comments_are_no_owners);
  g_test_add_func("/pcapng/owners/ptcpdump", test_ptcpdump);
  g_test_add_func("/pcapng/owners/ptcpdump-arguments", test_ptcpdump_arguments);
  g_test_add_func("/pcapng/owners/etl-comments", test_etl_comments);
  g_test_add_func("/pcapng/owners/translation", test_translation);
  g_test_add_func("/pcapng/owners/etl-and-option-are-guesses", test_etl_and_option_are_guesses);
  g_test_add_func("/pcapng/owners/carried-under-another-name", test_carried_under_another_name);
  g_test_add_func("/pcapng/owners/cut-comments", test_cut_comments);
  return g_test_run();
}

