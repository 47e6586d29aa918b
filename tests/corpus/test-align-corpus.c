/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Votes over the corpus: 1,000 random parts of its captures against the
 * recording they belong to (no wrong offset may be believed), and every
 * capture against every other recording (all must be refused).
 */
#include "base/escape.h"
#include "formats.h"
#include "stages/align/align-private.h"
#include "stages/order/merge.h"
#include "support/made-item.h"
#include "support/watchers.h"

#include <string.h>

enum {
  PART_TRIES = 1000,
  PART_MIN = 20,
  WRONG_NS = 1500, /* beside the offset of the whole capture; microsecond captures are cut by 1 us */
  BUDGET = 1 << 18,
};

static const char *const cases[] = { "net-v6-local", "net-v7-none-boot", "net-v7-zlib-mono",
                                     "net-v7-zstd-mono" };
static const char *const captures[] = { "A-ns.pcap", "B-us.pcap", "B.pcapng" };

/* One file's tracks; of a capture the one with most packets. */
typedef struct {
  TbDamageLog *damage;
  TbReader *reader;
  TbAlignTrack *track;
} Loaded;

static void loaded_free(Loaded *l)
{
  tb_align_track_free(l->track);
  tb_reader_free(l->reader);
  tb_damage_log_free(l->damage);
  g_free(l);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Loaded, loaded_free)

/* Keeps the samples of all sources. */
typedef struct {
  TbObserver observer;
  TbWire *wire;
  GHashTable *tracks;
} Keeper;

static TbAlignTrack *keeper_track(Keeper *keeper, TbSource *source)
{
  TbAlignTrack *track = g_hash_table_lookup(keeper->tracks, source);
  if (!track) {
    track = tb_align_track_new(source, TB_ALIGN_SAMPLES);
    g_hash_table_insert(keeper->tracks, source, track);
  }
  return track;
}

static void keeper_fact(TbObserver *observer, const TbItem *item, const TbFact *fact)
{
  Keeper *keeper = (Keeper *)observer;
  tb_align_track_fact(keeper_track(keeper, item->record->source), keeper->wire, item, fact);
}

static void keeper_event(TbObserver *observer, const TbItem *item)
{
  Keeper *keeper = (Keeper *)observer;
  if (item->record->kind == TB_RECORD_PACKET)
    tb_align_track_packet(keeper_track(keeper, item->record->source), item, &keeper->wire->headers);
}

static const TbObserverOps keeper_ops = { .name = "keeper", .wants_packets = TRUE,
                                          .facts = TB_ALIGN_FACTS, .fact = keeper_fact,
                                          .event = keeper_event };

typedef struct {
  TbReader *reader;
  TbRecord record;
} Stream;

static TbReadResult stream_pull(gpointer data, guint32 stream, TbItem *item, GError **error)
{
  Stream *s = data;
  TbReadResult result = tb_reader_next(s->reader, stream, &s->record, error);
  *item = item_of(&s->record);
  return result;
}

static void loaded_read(Loaded *l, GHashTable *tracks)
{
  TbItem *item;
  guint index;
  TbReadResult result;
  Keeper keeper = { { .ops = &keeper_ops }, tb_wire_new(), tracks };
  TbObserver *observers[] = { &keeper.wire->observer, &keeper.observer };
  g_autoptr(Watchers) watchers = watchers_new(observers, 2);
  g_autofree Stream *streams = g_new0(Stream, l->reader->n_streams);
  g_autofree TbMergeInput *inputs = g_new0(TbMergeInput, l->reader->n_streams);
  for (guint32 s = 0; s < l->reader->n_streams; s++) {
    streams[s].reader = l->reader;
    inputs[s] = (TbMergeInput){ stream_pull, &streams[s], s };
  }
  for (guint i = 0; i < l->reader->types->len; i++)
    watchers_meet(watchers, g_ptr_array_index(l->reader->types, i));
  g_autoptr(TbMerge) merge = tb_merge_new(inputs, l->reader->n_streams);
  while ((result = tb_merge_next(merge, &item, &index, NULL)) != TB_READ_END) {
    g_assert_cmpint(result, ==, TB_READ_RECORD);
    watchers_show(watchers, item);
  }
  g_clear_pointer(&watchers, watchers_free);
  keeper.wire->observer.ops->free(&keeper.wire->observer);
}

static const char *corpus; /* where the recordings are */

static void track_drop(gpointer track)
{
  tb_align_track_free(track);
}

static Loaded *load(const char *folder, const char *name)
{
  g_autoptr(GError) error = NULL;
  g_autofree char *path = g_build_filename(corpus, folder, name, NULL);
  g_autoptr(TbInput) input = tb_input_open(path, tb_limits_default(), &error);
  g_assert_no_error(error);
  const TbReaderFormat *format = tb_registry_probe(&tb_formats, input, &error);
  g_assert_no_error(error);
  Loaded *l = g_new0(Loaded, 1);
  l->damage = tb_damage_log_new(16);
  l->reader = tb_reader_open(format, g_steal_pointer(&input), tb_limits_default(), l->damage,
                             &error);
  g_assert_no_error(error);
  g_assert_true(tb_reader_rewind(l->reader, &error));
  g_autoptr(GHashTable) tracks = g_hash_table_new_full(NULL, NULL, NULL, track_drop);
  loaded_read(l, tracks);
  GHashTableIter iter;
  gpointer track, best = NULL;
  g_hash_table_iter_init(&iter, tracks);
  while (g_hash_table_iter_next(&iter, NULL, &track))
    if (!best || ((TbAlignTrack *)track)->seen > ((TbAlignTrack *)best)->seen)
      best = track;
  g_assert_nonnull(best);
  g_hash_table_steal(tracks, ((TbAlignTrack *)best)->source);
  l->track = best;
  return l;
}

/* Some of the packets: from anywhere, or a run of which every other one is lost. */
static GArray *part_of(const GArray *all, GRand *rand)
{
  GArray *part = g_array_new(FALSE, FALSE, sizeof(TbAlignPacket));
  gboolean run = g_rand_boolean(rand);
  guint n = all->len, size = (guint)g_rand_int_range(rand, PART_MIN, (gint32)n / 2 + 1);
  guint from = run ? (guint)g_rand_int_range(rand, 0, (gint32)(n - MIN(n - 1, 2 * size))) : 0;
  guint left = run ? MIN(2 * size, n - from) : n;
  for (guint i = 0; i < left && part->len < size; i++)
    if ((guint)g_rand_int_range(rand, 0, (gint32)(left - i)) < size - part->len)
      g_array_append_val(part, g_array_index(all, TbAlignPacket, from + i));
  return part;
}

static void count_parts(TbAlignTrack *recording, TbAlignTrack *capture, gint64 right_ns,
                        guint tries, GRand *rand, guint *accepted, guint *wrong)
{
  GArray *all = capture->packets;
  for (guint i = 0; i < tries; i++) {
    TbAlignResult result;
    g_autoptr(GArray) part = part_of(all, rand);
    g_assert_cmpuint(part->len, >=, PART_MIN);
    capture->packets = part;
    if (tb_align_compare(recording, capture, BUDGET, &result)) {
      gint64 away = result.fit.offset_ns - right_ns;
      (*accepted)++;
      if (ABS(away) > WRONG_NS) {
        (*wrong)++;
        g_test_message("%u packets: %" G_GINT64_FORMAT " ns away, %u against %u matches",
                       part->len, away, result.vote.score, result.vote.second);
      }
    }
    tb_align_result_clear(&result);
  }
  capture->packets = all;
}

static gboolean no_corpus(void)
{
  if (g_file_test(corpus, G_FILE_TEST_IS_DIR))
    return FALSE;
  g_test_skip("no corpus beside the tree, nor where TB_CORPUS says");
  return TRUE;
}

static void test_parts(void)
{
  guint accepted = 0, wrong = 0, tries = 0;
  g_autoptr(GRand) rand = g_rand_new_with_seed(6);
  if (no_corpus())
    return;
  for (guint c = 0; c < G_N_ELEMENTS(cases); c++) {
    g_autoptr(Loaded) recording = load(cases[c], "trace.dat");
    for (guint p = 0; p < G_N_ELEMENTS(captures); p++) {
      g_autoptr(Loaded) capture = load(cases[c], captures[p]);
      TbAlignResult whole;
      guint share = PART_TRIES / (G_N_ELEMENTS(cases) * G_N_ELEMENTS(captures)) + 1;
      g_assert_true(tb_align_compare(recording->track, capture->track, BUDGET, &whole));
      count_parts(recording->track, capture->track, whole.fit.offset_ns, share, rand, &accepted,
                  &wrong);
      tries += share;
      tb_align_result_clear(&whole);
    }
  }
  g_test_message("%u parts, %u accepted, %u of them wrong", tries, accepted, wrong);
  g_assert_cmpuint(tries, >=, PART_TRIES);
  g_assert_cmpuint(wrong, ==, 0);
  /* Refusing everything would be no alignment. */
  g_assert_cmpuint(accepted, >, tries * 8 / 10);
}

static void test_foreign(void)
{
  static const char *const more[] = { "net-v7-zstd-tsc", "net-stress" };
  guint tries = 0, accepted = 0;
  g_autoptr(GRand) rand = g_rand_new_with_seed(7);
  if (no_corpus())
    return;
  for (guint c = 0; c < G_N_ELEMENTS(cases) + G_N_ELEMENTS(more); c++) {
    const char *from = c < G_N_ELEMENTS(cases) ? cases[c] : more[c - G_N_ELEMENTS(cases)];
    g_autoptr(Loaded) recording = load(from, "trace.dat");
    for (guint o = 0; o < G_N_ELEMENTS(cases); o++) {
      for (guint p = 0; p < G_N_ELEMENTS(captures) && !g_str_equal(from, cases[o]); p++) {
        g_autoptr(Loaded) capture = load(cases[o], captures[p]);
        TbAlignResult result;
        tries++;
        if (tb_align_compare(recording->track, capture->track, BUDGET, &result)) {
          accepted++;
          g_test_message("%s with %s/%s: %u against %u, share %.2f, scale %g", from, cases[o], captures[p],
                         result.vote.score, result.vote.second, result.vote.share, result.scale);
        }
        tb_align_result_clear(&result);
        guint part_accepted = 0, wrong = 0;
        count_parts(recording->track, capture->track, 0, 8, rand, &part_accepted, &wrong);
        accepted += part_accepted;
        tries += 8;
      }
    }
  }
  g_test_message("%u comparisons with captures of other recordings, %u accepted", tries, accepted);
  g_assert_cmpuint(tries, >, 0);
  g_assert_cmpuint(accepted, ==, 0);
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  const char *root = g_getenv("TB_SOURCE_ROOT");
  g_autofree char *beside = g_build_filename(root ? root : ".", "..", "shared", "corpus", NULL);
  corpus = g_getenv("TB_CORPUS") ? g_getenv("TB_CORPUS") : beside;
  g_test_add_func("/align/corpus/parts-of-captures", test_parts);
  g_test_add_func("/align/corpus/captures-of-others", test_foreign);
  return g_test_run();
}
