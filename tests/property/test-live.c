/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Sources that are read while they grow, fed piece by piece: what is written is what the finished
 * files give, nothing waits for longer than allowed, what comes too late is told and kept, and
 * neither a short memory nor a request to stop loses anything.
 */
#include "formats.h"
#include "pass/live.h"
#include "stages/process/process.h"
#include "support/toy-live.h"

#include <glib/gstdio.h>
#include <string.h>

enum { FILES = 2, SEEDS = 60, EVENTS = 60, DELAY = 1000 };
#define START G_GINT64_CONSTANT(1700000000000000000)

static const TbReaderFormat *const readers[] = { &tb_toy_live_reader, NULL };
static const TbWriterFormat *const writers[] = { NULL };
static const TbRegistry registry = { readers, writers };

/* What happens while the pass waits: time goes by, then a file grows by some bytes. */
typedef struct {
  gint64 after_ns;
  guint file;
  gsize bytes;
} Step;

/* @files: as they will be in the end; @shown: of each, how much its file holds by now */
typedef struct {
  char *folder;
  char *paths[FILES];
  TbBuf files[FILES];
  gsize shown[FILES];
  GArray *steps;
  guint at;
  gint64 now_ns;
  gint64 rest_ns; /* of the next step's time */
  gint stop;
  gboolean stops; /* when the steps are over; else the files must have ended by then */
} World;

/* What reached the writer, and when. */
typedef struct {
  guint32 mark;
  gint64 left_ns;
} Left;

static World *world_of_writer;
static GArray *left_of_writer;

static void world_init(World *w)
{
  *w = (World){ .folder = g_dir_make_tmp("tb-live-XXXXXX", NULL) };
  g_assert_nonnull(w->folder);
  w->steps = g_array_new(FALSE, FALSE, sizeof(Step));
  for (guint i = 0; i < FILES; i++) {
    g_autofree char *name = g_strdup_printf("%u.live", i);
    w->paths[i] = g_build_filename(w->folder, name, NULL);
  }
}

static void world_clear(World *w)
{
  for (guint i = 0; i < FILES; i++) {
    g_remove(w->paths[i]);
    g_free(w->paths[i]);
    tb_buf_clear(&w->files[i]);
  }
  g_array_unref(w->steps);
  g_assert_cmpint(g_rmdir(w->folder), ==, 0);
  g_free(w->folder);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(World, world_clear)

static void world_show(World *w, guint file, gsize bytes)
{
  bytes = MIN(bytes, w->files[file].len - w->shown[file]);
  FILE *out = g_fopen(w->paths[file], w->shown[file] ? "ab" : "wb");
  g_assert_nonnull(out);
  g_assert_cmpuint(fwrite(w->files[file].data + w->shown[file], 1, bytes, out), ==, bytes);
  g_assert_cmpint(fclose(out), ==, 0);
  w->shown[file] += bytes;
}

static void world_step(World *w, gint64 after_ns, guint file, gsize bytes)
{
  Step step = { after_ns, file, bytes };
  g_array_append_val(w->steps, step);
}

/* --- the clock --- */

static gint64 world_now(gpointer data)
{
  return ((const World *)data)->now_ns;
}

static void world_wait(gpointer data, gint64 at_most_ns)
{
  World *w = data;
  if (w->at == w->steps->len) {
    g_assert_true(w->stops);
    g_atomic_int_set(&w->stop, 1);
    return;
  }
  const Step *step = &g_array_index(w->steps, Step, w->at);
  gint64 rest_ns = w->rest_ns ? w->rest_ns : step->after_ns;
  if (rest_ns > at_most_ns) {
    w->now_ns += at_most_ns;
    w->rest_ns = rest_ns - at_most_ns;
    return;
  }
  w->now_ns += rest_ns;
  w->rest_ns = 0;
  w->at++;
  world_show(w, step->file, step->bytes);
}

/* --- runs --- */

static TbRun *world_run(const World *w, const TbLimits *limits, TbInputSpec *inputs)
{
  TbRunOptions options = { .registry = &registry, .limits = limits };
  for (guint i = 0; i < FILES; i++)
    inputs[i] = (TbInputSpec){ .path = w->paths[i] };
  return tb_run_new(&options);
}

/* Returns: the run, to be asked what it found */
static TbRun *world_go_live(World *w, const TbLimits *limits, const TbWriterFormat *format,
                            TbOutput *output, GError **error)
{
  TbInputSpec inputs[FILES];
  TbWriterCounts counts = { 0 };
  TbRun *run = world_run(w, limits, inputs);
  TbLiveOptions options = { .delay_ns = DELAY, .now = world_now, .wait = world_wait, .data = w,
                            .stop = &w->stop };
  for (guint i = 0; i < FILES; i++)
    if (w->shown[i] == 0)
      world_show(w, i, 16); /* its head */
  if (tb_run_live(run, inputs, FILES, &options, format, output, &counts, error))
    g_assert_true(tb_output_flush(output, NULL));
  g_assert_true(tb_ledger_is_balanced(tb_run_get_ledger(run)));
  return run;
}

static void world_convert(const World *w, const TbWriterFormat *format, TbOutput *output)
{
  TbInputSpec inputs[FILES];
  TbWriterCounts counts = { 0 };
  g_autoptr(GError) error = NULL;
  g_autoptr(TbRun) run = world_run(w, NULL, inputs);
  gboolean ok = tb_run_prepare(run, inputs, FILES, &error) &&
                tb_run_emit(run, format, output, &counts, &error) &&
                tb_output_flush(output, &error);
  g_assert_no_error(error);
  g_assert_true(ok);
}

static const TbWriterFormat *find_writer(const char *name)
{
  return tb_registry_find_writer(&tb_formats, name);
}

static char *output_sum(const TbOutput *output)
{
  const GByteArray *bytes = tb_output_get_memory(output);
  return g_compute_checksum_for_data(G_CHECKSUM_SHA256, bytes->data, bytes->len);
}

static gboolean output_has(const TbOutput *output, const char *text)
{
  const GByteArray *bytes = tb_output_get_memory(output);
  return memmem(bytes->data, bytes->len, text, strlen(text)) != NULL;
}

static gboolean run_tells(const TbRun *run, const char *part)
{
  const GPtrArray *notes = tb_run_get_notes(run);
  for (guint i = 0; i < notes->len; i++)
    if (strstr(g_ptr_array_index(notes, i), part))
      return TRUE;
  return FALSE;
}

/* --- a writer that looks at the clock --- */

static gboolean probe_open(TbWriter *writer, GError **error)
{
  return TRUE;
}

static gboolean probe_event(TbWriter *writer, const TbItem *item, GError **error)
{
  Left left = { tb_get_u32(item->record->data + 4, FALSE), world_of_writer->now_ns };
  g_assert_cmpint(item->record->kind, ==, TB_RECORD_EVENT);
  g_array_append_val(left_of_writer, left);
  writer->counts.rows++;
  return TRUE;
}

static gboolean probe_finish(TbWriter *writer, GError **error)
{
  return TRUE;
}

static void probe_close(TbWriter *writer)
{
}

static const TbWriterFormat probe_writer = {
  .name = "probe", .capabilities = TB_WRITER_EVENTS, .open = probe_open, .event = probe_event,
  .finish = probe_finish, .close = probe_close,
};

/* The marks in the order in which they left, and when: "1@0 2@1000". */
static char *world_probe(World *w, const TbLimits *limits, TbRun **run)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(TbOutput) output = tb_output_new_memory();
  g_autoptr(GArray) left = g_array_new(FALSE, FALSE, sizeof(Left));
  GString *text = g_string_new(NULL);
  world_of_writer = w;
  left_of_writer = left;
  TbRun *live = world_go_live(w, limits, &probe_writer, output, &error);
  g_assert_no_error(error);
  for (guint i = 0; i < left->len; i++) {
    const Left *one = &g_array_index(left, Left, i);
    g_string_append_printf(text, "%s%u@%" G_GINT64_FORMAT, i ? " " : "", one->mark, one->left_ns);
  }
  if (run)
    *run = live;
  else
    tb_run_free(live);
  return g_string_free(text, FALSE);
}

/* --- the same bytes --- */

static void world_fill(World *w, GRand *rand)
{
  static const char *const names[FILES] = { "alpha", "beta" };
  for (guint i = 0; i < FILES; i++) {
    gint64 time_ns = START;
    guint n = (guint)g_rand_int_range(rand, 0, EVENTS);
    toy_live_head(&w->files[i], names[i], TB_CLOCK_REALTIME);
    for (guint k = 0; k < n; k++) {
      time_ns += g_rand_int_range(rand, 0, 4);
      toy_live_event(&w->files[i], 0, time_ns, k);
      if (g_rand_int_range(rand, 0, 5) == 0)
        toy_live_heartbeat(&w->files[i], time_ns + g_rand_int_range(rand, -2, 1));
    }
    toy_live_end(&w->files[i]);
  }
}

/* Pieces of any size, also such that end within a record. */
static void world_plan(World *w, GRand *rand)
{
  gsize left[FILES];
  for (guint i = 0; i < FILES; i++)
    left[i] = w->files[i].len - 16;
  while (left[0] || left[1]) {
    guint file = (guint)g_rand_int_range(rand, 0, FILES);
    gsize bytes = (gsize)g_rand_int_range(rand, 0, 100);
    bytes = MIN(bytes, left[file]);
    world_step(w, 0, file, bytes);
    left[file] -= bytes;
  }
}

static void test_same_bytes(void)
{
  static const char *const formats[] = { "pcapng", "text", "csv" };
  for (guint32 seed = 1; seed <= SEEDS; seed++) {
    g_autoptr(GRand) rand = g_rand_new_with_seed(seed);
    g_autoptr(GError) error = NULL;
    g_auto(World) w = { 0 };
    world_init(&w);
    world_fill(&w, rand);
    world_plan(&w, rand);
    const TbWriterFormat *format = find_writer(formats[seed % G_N_ELEMENTS(formats)]);
    g_autoptr(TbOutput) live = tb_output_new_memory(), finished = tb_output_new_memory();
    g_autoptr(TbRun) run = world_go_live(&w, NULL, format, live, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(tb_run_get_notes(run)->len, ==, 0);
    world_convert(&w, format, finished);
    g_autofree char *live_sum = output_sum(live), *finished_sum = output_sum(finished);
    g_assert_cmpstr(live_sum, ==, finished_sum);
  }
}

/* --- delay --- */

static void test_delay_is_bounded(void)
{
  g_auto(World) w = { 0 };
  world_init(&w);
  toy_live_head(&w.files[0], "alpha", TB_CLOCK_REALTIME);
  toy_live_head(&w.files[1], "beta", TB_CLOCK_REALTIME);
  toy_live_event(&w.files[0], 0, START + 10, 1);
  toy_live_event(&w.files[0], 0, START + 20, 2);
  toy_live_event(&w.files[1], 0, START + 30, 3);
  toy_live_event(&w.files[0], 0, START + 40, 4);
  toy_live_heartbeat(&w.files[1], START + 41);
  toy_live_end(&w.files[0]);
  toy_live_end(&w.files[1]);
  world_step(&w, 50, 0, 16);   /* 1 comes at 50 and waits for the whole delay */
  world_step(&w, 600, 0, 16);  /* 2 comes at 650 */
  world_step(&w, 700, 1, 16);  /* 3 comes at 1350: 2 goes on, 3 itself waits for alpha */
  world_step(&w, 100, 0, 16);  /* 4 comes at 1450: 3 goes on */
  world_step(&w, 100, 1, 16);  /* a heartbeat at 1550: 4 goes on */
  world_step(&w, 100, 0, 16);
  world_step(&w, 100, 1, 16);
  g_autofree char *left = world_probe(&w, NULL, NULL);
  g_assert_cmpstr(left, ==, "1@1050 2@1350 3@1450 4@1550");
}

static void test_late_source_is_told(void)
{
  g_auto(World) w = { 0 };
  world_init(&w);
  toy_live_head(&w.files[0], "alpha", TB_CLOCK_REALTIME);
  toy_live_head(&w.files[1], "beta", TB_CLOCK_REALTIME);
  toy_live_event(&w.files[0], 0, START + 10, 1);
  toy_live_event(&w.files[0], 0, START + 30, 3);
  toy_live_event(&w.files[1], 0, START + 20, 2);
  toy_live_event(&w.files[1], 0, START + 40, 4);
  toy_live_end(&w.files[0]);
  toy_live_end(&w.files[1]);
  world_step(&w, 0, 0, 32);
  world_step(&w, 2 * DELAY, 1, 32);
  world_step(&w, 0, 0, 16);
  world_step(&w, 0, 1, 16);
  TbRun *run = NULL;
  g_autofree char *left = world_probe(&w, NULL, &run);
  g_assert_cmpstr(left, ==, "1@1000 3@1000 2@2000 4@2000");
  g_assert_true(run_tells(run, "toybox:beta: 1 records came later than the delay"));
  tb_run_free(run);
}

/* --- memory and ends --- */

static void test_memory_is_bounded(void)
{
  enum { N = 500 };
  TbLimits limits = *tb_limits_default();
  limits.sort_bytes = 32768;
  g_auto(World) w = { 0 };
  world_init(&w);
  toy_live_head(&w.files[0], "alpha", TB_CLOCK_REALTIME);
  toy_live_head(&w.files[1], "beta", TB_CLOCK_REALTIME);
  for (guint i = 0; i < N; i++)
    toy_live_event(&w.files[0], 0, START + i, i);
  toy_live_end(&w.files[0]);
  toy_live_end(&w.files[1]);
  world_step(&w, 0, 0, 16 * N);
  world_step(&w, 1, 0, 16);
  world_step(&w, 0, 1, 16);
  TbRun *run = NULL;
  g_autofree char *left = world_probe(&w, &limits, &run);
  g_auto(GStrv) marks = g_strsplit(left, " ", -1);
  g_assert_cmpuint(g_strv_length(marks), ==, N);
  for (guint i = 0; i < N; i++)
    g_assert_cmpuint(g_ascii_strtoull(marks[i], NULL, 10), ==, i);
  g_assert_true(run_tells(run, "there was no memory for more"));
  tb_run_free(run);
}

static void test_stop_drains(void)
{
  g_auto(World) w = { 0 };
  world_init(&w);
  w.stops = TRUE;
  toy_live_head(&w.files[0], "alpha", TB_CLOCK_REALTIME);
  toy_live_head(&w.files[1], "beta", TB_CLOCK_REALTIME);
  toy_live_event(&w.files[0], 0, START + 10, 1);
  toy_live_event(&w.files[0], 0, START + 20, 2);
  world_step(&w, 0, 0, 32);
  g_autofree char *left = world_probe(&w, NULL, NULL);
  g_assert_cmpstr(left, ==, "1@0 2@0");
}

/* --- sources on the way --- */

static void world_fill_with_sources(World *w)
{
  toy_live_head(&w->files[0], "alpha", TB_CLOCK_REALTIME);
  toy_live_head(&w->files[1], "beta", TB_CLOCK_REALTIME);
  toy_live_event(&w->files[0], 0, START + 10, 1);
  toy_live_source(&w->files[0], "gamma/x");
  toy_live_event(&w->files[0], 1, START + 20, 2);
  toy_live_event(&w->files[0], 0, START + 30, 3);
  toy_live_end(&w->files[0]);
  toy_live_end(&w->files[1]);
  for (guint i = 0; i < 5; i++)
    world_step(w, 1, 0, 16);
  world_step(w, 1, 1, 16);
}

static void test_source_on_the_way(void)
{
  static const char *const formats[] = { "pcapng", "text", "csv" };
  static const char *const parts[] = { "toybox:gamma/x", "x:", "mark=3" };
  for (guint i = 0; i < G_N_ELEMENTS(formats); i++) {
    g_autoptr(GError) error = NULL;
    g_auto(World) w = { 0 };
    world_init(&w);
    world_fill_with_sources(&w);
    g_autoptr(TbOutput) output = tb_output_new_memory();
    g_autoptr(TbRun) run = world_go_live(&w, NULL, find_writer(formats[i]), output, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(tb_ledger_get(tb_run_get_ledger(run), TB_LEDGER_TAKEN, TB_RECORD_EVENT), ==,
                     3);
    g_assert_true(output_has(output, parts[i]));
  }
}

/* Its rows name it, although its block stands in the middle. */
static void test_source_on_the_way_is_read_back(void)
{
  g_autoptr(GError) error = NULL;
  g_auto(World) w = { 0 };
  TbRecord record;
  guint n_events = 0, n_gamma = 0;
  world_init(&w);
  world_fill_with_sources(&w);
  g_autoptr(TbOutput) output = tb_output_new_memory();
  g_autoptr(TbRun) run = world_go_live(&w, NULL, find_writer("pcapng"), output, &error);
  g_assert_no_error(error);
  const GByteArray *bytes = tb_output_get_memory(output);
  g_autoptr(TbDamageLog) damage = tb_damage_log_new(4);
  TbInput *input = tb_input_new_memory("live.pcapng", bytes->data, bytes->len);
  const TbReaderFormat *format = tb_registry_probe(&tb_formats, input, &error);
  g_assert_no_error(error);
  g_autoptr(TbReader) reader = tb_reader_open(format, input, tb_limits_default(), damage, &error);
  g_assert_no_error(error);
  TbReadResult result;
  while ((result = tb_reader_next(reader, 0, &record, &error)) == TB_READ_RECORD) {
    n_events += record.kind == TB_RECORD_EVENT;
    n_gamma += record.kind == TB_RECORD_EVENT && g_str_equal(record.source->name, "gamma/x");
  }
  g_assert_cmpint(result, ==, TB_READ_END);
  g_assert_cmpuint(n_events, ==, 3);
  g_assert_cmpuint(n_gamma, ==, 1);
}

static void test_source_without_a_place(void)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GArray) left = g_array_new(FALSE, FALSE, sizeof(Left));
  g_auto(World) w = { 0 };
  world_init(&w);
  world_fill_with_sources(&w);
  world_of_writer = &w;
  left_of_writer = left;
  g_autoptr(TbOutput) output = tb_output_new_memory();
  TbInputSpec inputs[FILES];
  TbWriterCounts counts;
  g_autoptr(TbRun) run = world_run(&w, NULL, inputs);
  TbLiveOptions options = { .delay_ns = DELAY, .now = world_now, .wait = world_wait, .data = &w };
  world_show(&w, 0, 16);
  world_show(&w, 1, 16);
  g_assert_false(tb_run_live(run, inputs, FILES, &options, &probe_writer, output, &counts,
                             &error));
  g_assert_error(error, TB_ERROR, TB_ERROR_UNSUPPORTED);
  g_assert_nonnull(strstr(error->message, "gamma/x"));
}

/* --- what is learned on the way --- */

/* A row knows what was told by its moment, also where the thread was seen and unknown before. */
static void test_names_on_the_way(void)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(TbOutput) output = tb_output_new_memory();
  g_auto(World) w = { 0 };
  TbInputSpec input = { 0 };
  TbWriterCounts counts;
  world_init(&w);
  toy_live_head(&w.files[0], "alpha", TB_CLOCK_REALTIME);
  toy_live_act(&w.files[0], START + 1, 7, FALSE);
  toy_live_act(&w.files[0], START + 2, 7, TRUE);
  toy_live_act(&w.files[0], START + 3, 7, FALSE);
  toy_live_end(&w.files[0]);
  world_show(&w, 0, G_MAXSIZE);
  input.path = w.paths[0];
  TbRunOptions run_options = { .registry = &registry };
  g_autoptr(TbRun) run = tb_run_new(&run_options);
  tb_run_add_observer(run, tb_process_observer_new());
  TbLiveOptions options = { .delay_ns = DELAY, .now = world_now, .wait = world_wait, .data = &w };
  g_assert_true(tb_run_live(run, &input, 1, &options, find_writer("text"), output, &counts,
                            &error));
  g_assert_no_error(error);
  g_assert_true(tb_output_flush(output, &error));
  g_assert_true(output_has(output, "<...>-7"));
  g_assert_true(output_has(output, "kid-7     [---] 1700000000.000000002"));
  g_assert_true(output_has(output, "kid-7     [---] 1700000000.000000003"));
}

/* --- clocks --- */

static void world_fill_unrelated(World *w)
{
  toy_live_head(&w->files[0], "alpha", TB_CLOCK_REALTIME);
  toy_live_head(&w->files[1], "beta", TB_CLOCK_BOOT);
  for (guint i = 0; i < FILES; i++) {
    toy_live_event(&w->files[i], 0, START + 10, i);
    toy_live_end(&w->files[i]);
    world_show(w, i, G_MAXSIZE);
  }
}

static void test_unrelated_clocks(void)
{
  for (guint accept = 0; accept < 2; accept++) {
    g_autoptr(GError) error = NULL;
    g_autoptr(TbOutput) output = tb_output_new_memory();
    g_auto(World) w = { 0 };
    TbInputSpec inputs[FILES];
    TbWriterCounts counts;
    world_init(&w);
    world_fill_unrelated(&w);
    for (guint i = 0; i < FILES; i++)
      inputs[i] = (TbInputSpec){ .path = w.paths[i] };
    TbRunOptions run_options = { .registry = &registry, .clocks.as_they_stand = accept != 0 };
    g_autoptr(TbRun) run = tb_run_new(&run_options);
    TbLiveOptions options = { .delay_ns = DELAY, .now = world_now, .wait = world_wait,
                              .data = &w };
    gboolean ok = tb_run_live(run, inputs, FILES, &options, find_writer("csv"), output, &counts,
                              &error);
    g_assert_true(ok == (accept != 0));
    if (!accept)
      g_assert_error(error, TB_ERROR, TB_ERROR_CLOCK);
  }
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/live/same-bytes", test_same_bytes);
  g_test_add_func("/live/delay-is-bounded", test_delay_is_bounded);
  g_test_add_func("/live/late-source-is-told", test_late_source_is_told);
  g_test_add_func("/live/memory-is-bounded", test_memory_is_bounded);
  g_test_add_func("/live/stop-drains", test_stop_drains);
  g_test_add_func("/live/source-on-the-way", test_source_on_the_way);
  g_test_add_func("/live/source-on-the-way-is-read-back", test_source_on_the_way_is_read_back);
  g_test_add_func("/live/source-without-a-place", test_source_without_a_place);
  g_test_add_func("/live/names-on-the-way", test_names_on_the_way);
  g_test_add_func("/live/unrelated-clocks", test_unrelated_clocks);
  return g_test_run();
}
