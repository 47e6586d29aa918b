/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Prepare and emit; see pipeline.h. */
#include "pipeline/pipeline.h"

#include "pipeline/axes.h"
#include "pipeline/descriptors.h"
#include "pipeline/facts.h"
#include "pipeline/machines.h"
#include "stages/align/align.h"
#include "stages/attrib/attrib.h"
#include "stages/context.h"
#include "stages/merge.h"
#include "stages/overlap.h"
#include "stages/packet-link/packet-link.h"
#include "stages/sort.h"

enum {
  PIPELINE_OBSERVERS = 31,
  PIPELINE_FACTS = 31, /* the bit of a type's interest behind those of the observers */
  PIPELINE_PROGRESS_EVERY = 16384,
};

/* One stream of one reader. */
typedef struct {
  TbPipeline *pipeline;
  TbReader *reader;
  guint32 stream;
  gboolean shifted;
  gint64 shift_ns;
  TbRecord record; /* lent last */
  gint64 last_ns;
  gboolean unordered; /* found in prepare: needs sorting */
  TbSort *sort;
} PipelineLeaf;

struct _TbPipeline {
  TbPipelineOptions options;
  const TbLimits *limits;
  TbDamageLog *damage;
  GPtrArray *folders; /* TbFolder: inputs that are folders */
  GPtrArray *readers;
  GPtrArray *machines;
  GPtrArray *sources;
  GPtrArray *observers;
  TbObserver *align; /* (nullable): the first of them */
  GPtrArray *notes;
  TbObserver *attrib; /* (nullable): one of them */
  TbFacts *facts;     /* while prepare reads */
  TbOwners told;      /* what the present packet says itself */
  TbRecord stripped;  /* the present packet without its trailer */
  TbPacketLinks *links; /* (nullable): one of them */
  TbTally *tally;     /* (nullable) */
  GArray *leaves;
  guint32 n_types;     /* ids given out */
  guint32 n_announced; /* of these, shown to the observers */
  guint64 total_bytes;
  guint64 events;
  guint n_sorted;
  TbOverlap *overlap; /* of the pass that runs */
  guint64 n_repeats;
  gboolean foretold; /* prepare has read no records: emit is the first to see them */
  gboolean broken;   /* emit: a stream is not in the order it was foretold to have */
};

static void observer_free(gpointer data)
{
  TbObserver *observer = data;
  observer->ops->free(observer);
}

TbPipeline *tb_pipeline_new(const TbPipelineOptions *options)
{
  TbPipeline *p = g_new0(TbPipeline, 1);
  p->options = *options;
  p->limits = options->limits ? options->limits : tb_limits_default();
  p->damage = tb_damage_log_new(p->limits->damage_entries);
  p->folders = g_ptr_array_new_with_free_func((GDestroyNotify)tb_folder_free);
  p->readers = g_ptr_array_new_with_free_func((GDestroyNotify)tb_reader_free);
  p->observers = g_ptr_array_new_with_free_func(observer_free);
  p->leaves = g_array_new(FALSE, TRUE, sizeof(PipelineLeaf));
  p->notes = g_ptr_array_new_with_free_func(g_free);
  return p;
}

static void pipeline_drop_sorters(TbPipeline *p)
{
  for (guint i = 0; i < p->leaves->len; i++)
    g_clear_pointer(&g_array_index(p->leaves, PipelineLeaf, i).sort, tb_sort_free);
}

void tb_pipeline_free(TbPipeline *p)
{
  if (!p)
    return;
  pipeline_drop_sorters(p);
  tb_overlap_free(p->overlap);
  tb_tally_free(p->tally);
  g_array_unref(p->leaves);
  g_ptr_array_unref(p->observers);
  g_ptr_array_unref(p->notes);
  if (p->sources)
    g_ptr_array_unref(p->sources);
  if (p->machines)
    g_ptr_array_unref(p->machines);
  g_ptr_array_unref(p->readers);
  g_ptr_array_unref(p->folders);
  tb_damage_log_free(p->damage);
  g_free(p);
}

void tb_pipeline_add_observer(TbPipeline *p, TbObserver *observer)
{
  g_return_if_fail(p->observers->len < PIPELINE_OBSERVERS);
  g_ptr_array_add(p->observers, observer);
}

const GPtrArray *tb_pipeline_get_readers(const TbPipeline *p)
{
  return p->readers;
}

const GPtrArray *tb_pipeline_get_folders(const TbPipeline *p)
{
  return p->folders;
}

const GPtrArray *tb_pipeline_get_machines(const TbPipeline *p)
{
  return p->machines;
}

const GPtrArray *tb_pipeline_get_sources(const TbPipeline *p)
{
  return p->sources;
}

const TbDamageLog *tb_pipeline_get_damage(const TbPipeline *p)
{
  return p->damage;
}

const GPtrArray *tb_pipeline_get_notes(const TbPipeline *p)
{
  return p->notes;
}

const TbObserver *tb_pipeline_get_align(const TbPipeline *p)
{
  return p->align;
}

gboolean tb_pipeline_check_axes(const TbPipeline *p, GError **error)
{
  return tb_axes_check(p->sources, p->align, p->options.align_off, error);
}

const TbTally *tb_pipeline_get_tally(const TbPipeline *p)
{
  return p->tally;
}

gboolean tb_pipeline_has_packets(const TbPipeline *p, const TbMachine *machine)
{
  for (guint i = 0; i < p->sources->len; i++) {
    const TbSource *source = g_ptr_array_index(p->sources, i);
    if (source->class == TB_SOURCE_PACKETS && (!machine || source->machine == machine))
      return TRUE;
  }
  return FALSE;
}

const TbPacketLinks *tb_pipeline_get_packet_links(const TbPipeline *p)
{
  return p->links;
}

guint tb_pipeline_get_sorted(const TbPipeline *p)
{
  return p->n_sorted;
}

guint64 tb_pipeline_get_repeats(const TbPipeline *p)
{
  return p->n_repeats;
}

/* For a pass that begins now. */
static void pipeline_set_overlap(TbPipeline *p, gboolean ranges_known)
{
  tb_overlap_free(p->overlap);
  p->overlap = tb_overlap_new(p->readers, ranges_known);
  p->n_repeats = 0;
}

/* Whether @event was already seen from another input. */
static inline gboolean pipeline_is_repeat(TbPipeline *p, const TbItem *event)
{
  if (G_LIKELY(!p->overlap) || !tb_overlap_is_repeat(p->overlap, event))
    return FALSE;
  p->n_repeats++;
  return TRUE;
}

/* A file to open: an input, or one of the files of an input that is a folder. */
typedef struct {
  TbInputSpec spec;
  const TbFolder *folder; /* (nullable) */
  const TbFolderFile *file;
} PipelineFile;

static gboolean pipeline_open_file(TbPipeline *p, const PipelineFile *file, gboolean park,
                                   GError **error)
{
  g_autoptr(TbInput) input = tb_input_open(file->spec.path, p->limits, error);
  if (!input)
    return FALSE;
  tb_input_set_parked(input, park);
  const TbReaderFormat *format = file->file && file->file->format
                                     ? file->file->format
                                     : tb_registry_probe(p->options.registry, input, error);
  if (!format)
    return FALSE;
  p->total_bytes += tb_input_get_size(input);
  TbReader *reader = tb_reader_open_file(format, g_steal_pointer(&input), p->limits, p->damage,
                                         p->options.settings, file->folder, file->file, error);
  if (!reader)
    return FALSE;
  tb_reader_number_types(reader, &p->n_types);
  g_ptr_array_add(p->readers, reader);
  return TRUE;
}

/*
 * Whether the other inputs can do without one that failed for @why: it ends before its first
 * record (a capture killed at once leaves such a file), or is a file of a folder and no good.
 */
static gboolean pipeline_is_spared(const PipelineFile *file, const GError *why)
{
  return g_error_matches(why, TB_ERROR, TB_ERROR_TRUNCATED) ||
         (file->file && why->domain == TB_ERROR && why->code != TB_ERROR_IO &&
          why->code != TB_ERROR_CANCELLED);
}

/* What failed for @why is damage among others, and an error (@first) alone. FALSE: an error anyway */
static gboolean pipeline_spare(TbPipeline *p, const PipelineFile *file, GError *why,
                               GError **first, GError **error)
{
  if (!pipeline_is_spared(file, why)) {
    g_propagate_error(error, why);
    return FALSE;
  }
  if (!*first)
    *first = g_error_copy(why);
  tb_damage_log_take(p->damage, why, file->spec.path, 0, TB_LOST_UNKNOWN);
  return TRUE;
}

/* The files of an input: itself, or those of the folder that it is. */
static gboolean pipeline_list_input(TbPipeline *p, const TbInputSpec *input, GArray *files,
                                    GError **error)
{
  PipelineFile file = { .spec = *input };
  if (!g_file_test(input->path, G_FILE_TEST_IS_DIR)) {
    g_array_append_val(files, file);
    return TRUE;
  }
  TbFolder *folder =
      tb_registry_open_folder(p->options.registry, input->path, p->limits, error);
  if (!folder)
    return FALSE;
  g_ptr_array_add(p->folders, folder);
  file.folder = folder;
  for (guint i = 0; i < folder->files->len; i++) {
    file.file = g_ptr_array_index(folder->files, i);
    file.spec.path = file.file->path;
    g_array_append_val(files, file);
  }
  return TRUE;
}

static gboolean pipeline_list_inputs(TbPipeline *p, const TbInputSpec *inputs, guint n,
                                     GArray *files, GError **first, GError **error)
{
  for (guint i = 0; i < n; i++) {
    GError *why = NULL;
    PipelineFile file = { .spec = inputs[i] };
    if (!pipeline_list_input(p, &inputs[i], files, &why) &&
        !pipeline_spare(p, &file, why, first, error))
      return FALSE;
  }
  return TRUE;
}

/* Opens all inputs. Returns: (element-type TbInputSpec): one for each reader; NULL with @error */
static GArray *pipeline_open_inputs(TbPipeline *p, const TbInputSpec *inputs, guint n,
                                    GError **error)
{
  g_autoptr(GArray) files = g_array_new(FALSE, FALSE, sizeof(PipelineFile));
  g_autoptr(GArray) opened = g_array_new(FALSE, FALSE, sizeof(TbInputSpec));
  g_autoptr(GError) first = NULL;
  if (!pipeline_list_inputs(p, inputs, n, files, &first, error))
    return NULL;
  gboolean few = tb_descriptors_are_few(files->len);
  for (guint i = 0; i < files->len; i++) {
    GError *why = NULL;
    const PipelineFile *file = &g_array_index(files, PipelineFile, i);
    if (pipeline_open_file(p, file, few, &why))
      g_array_append_val(opened, file->spec);
    else if (!pipeline_spare(p, file, why, &first, error))
      return NULL;
  }
  if (opened->len == 0) {
    g_propagate_error(error, g_steal_pointer(&first));
    return NULL;
  }
  return g_steal_pointer(&opened);
}

/* Whether an input has sources of @class, as far as that can be told before it is read. */
static gboolean pipeline_may_have(const TbPipeline *p, TbSourceClass class)
{
  for (guint i = 0; i < p->readers->len; i++) {
    const GPtrArray *sources = ((TbReader *)g_ptr_array_index(p->readers, i))->sources;
    gboolean may = sources->len == 0; /* none met yet: they may be of any kind */
    for (guint s = 0; s < sources->len; s++)
      may |= ((TbSource *)g_ptr_array_index(sources, s))->class == class;
    if (may)
      return TRUE;
  }
  return FALSE;
}

static void pipeline_make_leaves(TbPipeline *p, const TbInputSpec *inputs)
{
  for (guint i = 0; i < p->readers->len; i++) {
    TbReader *reader = g_ptr_array_index(p->readers, i);
    for (guint32 s = 0; s < reader->n_streams; s++) {
      PipelineLeaf leaf = { .pipeline = p, .reader = reader, .stream = s,
                            .shifted = inputs[i].shifted, .shift_ns = inputs[i].shift_ns };
      g_array_append_val(p->leaves, leaf);
    }
  }
}

/* What readers know of processes from tables has the times of their events. */
static void pipeline_shift_told(const TbPipeline *p, const TbInputSpec *inputs)
{
  for (guint i = 0; i < p->readers->len; i++)
    tb_axes_shift_told(g_ptr_array_index(p->readers, i), &inputs[i], p->options.time_offset_ns);
}

/*
 * A stream that cannot go on: where its bytes are to blame, what precedes them stays, the
 * rest is damage, and the other streams go on. FALSE when it is not the file's fault.
 */
static gboolean leaf_end_damaged(const PipelineLeaf *leaf, GError **error)
{
  if ((*error)->domain != TB_ERROR ||
      ((*error)->code != TB_ERROR_CORRUPT && (*error)->code != TB_ERROR_TRUNCATED &&
       (*error)->code != TB_ERROR_LIMIT && (*error)->code != TB_ERROR_UNSUPPORTED))
    return FALSE;
  TbInput *input = leaf->reader->input;
  guint64 size = tb_input_get_size(input), offset = tb_error_get_offset(*error);
  tb_damage_log_take(leaf->pipeline->damage, g_steal_pointer(error), tb_input_get_name(input),
                     offset < size ? size - offset : 0, TB_LOST_UNKNOWN);
  return TRUE;
}

/* A source's axis is its own from its first record on; some are met only in mid-file. */
static void leaf_open_source(const PipelineLeaf *leaf, TbSource *source)
{
  tb_axes_open(source, leaf->shifted ? &leaf->shift_ns : NULL,
               leaf->pipeline->options.time_offset_ns);
}

/* Pulls from a reader and maps to output time. */
static TbReadResult leaf_pull(gpointer data, guint32 stream, TbItem *item, GError **error)
{
  PipelineLeaf *leaf = data;
  TbRecord *record = &leaf->record;
  TbReadResult result = tb_reader_next(leaf->reader, stream, record, error);
  *item = (TbItem){ .record = record };
  if (G_LIKELY(result == TB_READ_RECORD && !tb_item_is_trailing(item))) {
    TbSource *source = record->source;
    if (G_UNLIKELY(source->opened.rate == 0))
      leaf_open_source(leaf, source);
    item->machine_time.ns = tb_axis_map(&source->opened, record->time.ns);
    item->time.ns = tb_axis_map(&source->axis, record->time.ns);
    if (source->guide)
      item->machine_time.ns = tb_axes_timeline_ns(source->guide, item->time.ns);
    if (G_UNLIKELY(item->time.ns < leaf->last_ns))
      leaf->unordered = leaf->pipeline->broken = TRUE;
    leaf->last_ns = item->time.ns;
  } else if (result == TB_READ_ERROR && leaf_end_damaged(leaf, error)) {
    return TB_READ_END;
  }
  return result;
}

/* The streams as emit takes them: those found unordered go through a sorter. */
static TbMerge *pipeline_merge(TbPipeline *p)
{
  g_autofree TbMergeInput *inputs = g_new0(TbMergeInput, (gsize)p->leaves->len + 1);
  for (guint i = 0; i < p->leaves->len; i++) {
    PipelineLeaf *leaf = &g_array_index(p->leaves, PipelineLeaf, i);
    inputs[i] = (TbMergeInput){ leaf_pull, leaf, leaf->stream };
    leaf->last_ns = G_MININT64;
    if (!leaf->unordered)
      continue;
    leaf->sort = tb_sort_new(&inputs[i], p->limits, p->options.sort_folder);
    inputs[i] = tb_sort_get_input(leaf->sort);
    p->n_sorted++;
  }
  return tb_merge_new(inputs, p->leaves->len);
}

/* Progress and cancelling, every so many events. */
static gboolean pipeline_tick(TbPipeline *p, const char *phase, GError **error)
{
  guint64 done = 0;
  if (p->options.cancel && g_atomic_int_get(p->options.cancel)) {
    tb_error_set(error, TB_ERROR_CANCELLED, NULL, TB_OFFSET_NONE, "stopped");
    return FALSE;
  }
  if (!p->options.progress)
    return TRUE;
  for (guint i = 0; i < p->readers->len; i++)
    done += tb_reader_position(g_ptr_array_index(p->readers, i));
  p->options.progress(p->options.progress_data, phase,
                      p->total_bytes ? MIN(1.0, (double)done / (double)p->total_bytes) : 1.0);
  return TRUE;
}

static void pipeline_announce_type(TbPipeline *p, TbEventType *type)
{
  for (guint i = 0; i < p->observers->len; i++) {
    TbObserver *observer = g_ptr_array_index(p->observers, i);
    if (observer->ops->wants_type && observer->ops->wants_type(observer, type))
      type->interest |= 1u << i;
  }
  if (tb_facts_are_wanted(p->facts, type))
    type->interest |= 1u << PIPELINE_FACTS;
}

/* Types come with their readers, and a few are met only while reading. */
static void pipeline_announce_types(TbPipeline *p)
{
  for (guint i = 0; i < p->readers->len; i++) {
    const TbReader *reader = g_ptr_array_index(p->readers, i);
    for (guint t = 0; t < reader->types->len; t++) {
      TbEventType *type = g_ptr_array_index(reader->types, t);
      if (type->id >= p->n_announced)
        pipeline_announce_type(p, type);
    }
  }
  p->n_announced = p->n_types;
}

static inline void pipeline_show_to(const TbPipeline *p, guint index, const TbItem *event)
{
  TbObserver *observer = g_ptr_array_index(p->observers, index);
  observer->ops->event(observer, event);
}

static void pipeline_show(TbPipeline *p, const TbItem *event)
{
  if (G_LIKELY(event->record->kind == TB_RECORD_EVENT)) {
    if (G_UNLIKELY(event->record->type->id >= p->n_announced))
      pipeline_announce_types(p);
    guint32 interest = event->record->type->interest;
    if (G_LIKELY(interest & 1u << PIPELINE_FACTS))
      tb_facts_show(p->facts, event);
    for (guint32 left = interest & ~(1u << PIPELINE_FACTS); left; left &= left - 1)
      pipeline_show_to(p, (guint)__builtin_ctz(left), event);
    return;
  }
  if (event->record->kind == TB_RECORD_LOST)
    tb_facts_lost(p->facts, event);
  for (guint i = 0; i < p->observers->len; i++) {
    const TbObserver *observer = g_ptr_array_index(p->observers, i);
    if (event->record->kind == TB_RECORD_PACKET ? observer->ops->wants_packets
                                            : event->record->kind == TB_RECORD_LOST)
      pipeline_show_to(p, i, event);
  }
}

static gboolean pipeline_rewind(TbPipeline *p, gboolean wanted_only, GError **error)
{
  p->events = 0;
  tb_damage_log_begin_pass(p->damage);
  for (guint i = 0; i < p->readers->len; i++) {
    TbReader *reader = g_ptr_array_index(p->readers, i);
    reader->wanted_only = wanted_only;
    if (!tb_reader_rewind(reader, error))
      return FALSE;
  }
  return TRUE;
}

static gboolean pipeline_may_hold_events(const TbReader *reader)
{
  gboolean events = reader->sources->len == 0; /* none met yet: they may be of any kind */
  for (guint i = 0; i < reader->sources->len; i++)
    events |= ((TbSource *)g_ptr_array_index(reader->sources, i))->class == TB_SOURCE_EVENTS;
  return events;
}

/* Whether the order of this reader's records against other inputs' matters to an observer. */
static gboolean pipeline_is_watched(const TbPipeline *p, const TbReader *reader)
{
  gboolean events = pipeline_may_hold_events(reader);
  for (guint i = 0; i < p->observers->len; i++) {
    const TbObserver *observer = g_ptr_array_index(p->observers, i);
    if ((observer->ops->wants_packets && !observer->ops->any_order) || events)
      return TRUE;
  }
  return FALSE;
}

/* One record seen in prepare; FALSE to stop. */
static gboolean pipeline_see(TbPipeline *p, TbReadResult result, const TbItem *event,
                             GError **error)
{
  if (result == TB_READ_ERROR)
    return FALSE;
  if (result == TB_READ_RECORD && !pipeline_is_repeat(p, event))
    pipeline_show(p, event);
  return ++p->events % PIPELINE_PROGRESS_EVERY != 0 || pipeline_tick(p, "reading", error);
}

/* A stream whose order against others nobody watches is read to its end by itself. */
static gboolean pipeline_drain(TbPipeline *p, PipelineLeaf *leaf, GError **error)
{
  TbItem event = { 0 };
  TbReadResult result;
  leaf->last_ns = G_MININT64;
  while ((result = leaf_pull(leaf, leaf->stream, &event, error)) != TB_READ_END)
    if (!pipeline_see(p, result, &event, error))
      return FALSE;
  return TRUE;
}

static gboolean pipeline_look_in_order(TbPipeline *p, const GArray *watched, GError **error)
{
  TbItem *event = NULL;
  guint index;
  TbReadResult result;
  g_autoptr(TbMerge) merge =
      tb_merge_new((const TbMergeInput *)(gconstpointer)watched->data, watched->len);
  while ((result = tb_merge_next(merge, &event, &index, error)) != TB_READ_END)
    if (!pipeline_see(p, result, event, error))
      return FALSE;
  return TRUE;
}

static gboolean pipeline_look(TbPipeline *p, GError **error)
{
  g_autoptr(GArray) watched = g_array_new(FALSE, FALSE, sizeof(TbMergeInput));
  g_autoptr(TbFacts) facts = tb_facts_new(p->observers);
  p->facts = facts;
  pipeline_set_overlap(p, FALSE);
  pipeline_announce_types(p);
  for (guint i = 0; i < p->leaves->len; i++) {
    PipelineLeaf *leaf = &g_array_index(p->leaves, PipelineLeaf, i);
    TbMergeInput input = { leaf_pull, leaf, leaf->stream };
    leaf->last_ns = G_MININT64;
    if (pipeline_is_watched(p, leaf->reader))
      g_array_append_val(watched, input);
    else if (!pipeline_drain(p, leaf, error))
      return FALSE;
  }
  if (!pipeline_look_in_order(p, watched, error))
    return FALSE;
  for (guint i = 0; i < p->leaves->len; i++) {
    PipelineLeaf *leaf = &g_array_index(p->leaves, PipelineLeaf, i);
    leaf->unordered |= tb_reader_is_unordered(leaf->reader, leaf->stream);
  }
  return TRUE;
}

static gboolean pipeline_resolve(TbPipeline *p, const TbInputSpec *inputs, guint n,
                                 gboolean leave_open, GError **error)
{
  g_autofree const char **names = g_new0(const char *, (gsize)n + 1);
  for (guint i = 0; i < n; i++)
    names[i] = inputs[i].machine;
  if (!tb_machines_resolve(p->readers, names, leave_open, &p->machines, error))
    return FALSE;
  g_clear_pointer(&p->sources, g_ptr_array_unref);
  p->sources = tb_sources_rank(p->readers);
  return TRUE;
}

/* One input alone has nothing to be aligned with; a file of ours has been, once and for all. */
static void pipeline_add_align(TbPipeline *p)
{
  gboolean recorded = FALSE;
  for (guint i = 0; i < p->readers->len; i++)
    recorded |= pipeline_may_hold_events(g_ptr_array_index(p->readers, i));
  if (p->options.align_off || p->readers->len < 2 || p->observers->len >= PIPELINE_OBSERVERS ||
      (!recorded && p->machines->len < 2) ||
      (p->options.count_only && !pipeline_may_have(p, TB_SOURCE_PACKETS)))
    return;
  TbAlignOptions options = { .readers = p->readers, .notes = p->notes,
                             .hosts = p->options.align_hosts,
                             .reference = p->options.align_reference };
  p->align = tb_align_new(&options);
  g_ptr_array_insert(p->observers, 0, p->align);
}

/* Those that are known; of the others leaf_pull() meets the first record. */
static void pipeline_open_sources(TbPipeline *p)
{
  for (guint i = 0; i < p->leaves->len; i++) {
    const PipelineLeaf *leaf = &g_array_index(p->leaves, PipelineLeaf, i);
    for (guint s = 0; s < leaf->reader->sources->len; s++) {
      TbSource *source = g_ptr_array_index(leaf->reader->sources, s);
      if (source->opened.rate == 0)
        leaf_open_source(leaf, source);
    }
  }
}

static gint64 source_moved_ns(const TbSource *source)
{
  gint64 own = source->counts.first_ns;
  return (gint64)((guint64)tb_axis_map(&source->axis, own) -
                  (guint64)tb_axis_map(&source->opened, own));
}

/* Sources of one stream that were moved differently may have left their order. */
static void pipeline_note_disorder(TbPipeline *p)
{
  for (guint i = 0; i < p->leaves->len; i++) {
    PipelineLeaf *leaf = &g_array_index(p->leaves, PipelineLeaf, i);
    const GPtrArray *sources = leaf->reader->sources;
    for (guint s = 1; s < sources->len && leaf->reader->n_streams == 1; s++)
      leaf->unordered |= source_moved_ns(g_ptr_array_index(sources, s)) !=
                         source_moved_ns(g_ptr_array_index(sources, 0));
  }
}

/*
 * Whether prepare has nothing to learn from records: nobody watches packets, nothing is aligned,
 * and no two inputs can hold the same ones.
 */
static gboolean pipeline_is_foretold(const TbPipeline *p)
{
  gboolean foretold = p->options.foretell && !p->align && !p->attrib;
  for (guint i = 0; i < p->observers->len; i++)
    foretold &= !((TbObserver *)g_ptr_array_index(p->observers, i))->ops->wants_packets;
  for (guint i = 0; i < p->readers->len; i++)
    foretold &= ((TbReader *)g_ptr_array_index(p->readers, i))->format->foretold;
  if (!foretold)
    return FALSE;
  TbOverlap *overlap = tb_overlap_new(p->readers, FALSE);
  tb_overlap_free(overlap);
  return !overlap;
}

gboolean tb_pipeline_prepare(TbPipeline *p, const TbInputSpec *inputs, guint n, GError **error)
{
  tb_descriptors_raise();
  g_autoptr(GArray) opened = pipeline_open_inputs(p, inputs, n, error);
  if (!opened)
    return FALSE;
  inputs = (const TbInputSpec *)(gconstpointer)opened->data;
  n = opened->len;
  /* Owners are of packets, and known from events. */
  if (p->options.owners != TB_CONFIDENCE_NONE && pipeline_may_have(p, TB_SOURCE_PACKETS) &&
      pipeline_may_have(p, TB_SOURCE_EVENTS)) {
    p->attrib = tb_attrib_new(p->options.owners);
    tb_pipeline_add_observer(p, p->attrib);
    if (p->options.packet_links && !p->options.no_events && !p->options.no_packets) {
      p->links = tb_packet_links_new(p->options.sort_folder);
      tb_pipeline_add_observer(p, &p->links->observer);
    }
  }
  pipeline_make_leaves(p, inputs);
  pipeline_shift_told(p, inputs);
  if (!pipeline_resolve(p, inputs, n, TRUE, error))
    return FALSE;
  pipeline_add_align(p);
  if (!p->align && !pipeline_resolve(p, inputs, n, FALSE, error))
    return FALSE;
  pipeline_open_sources(p);
  tb_axes_join_guests(p->readers, inputs);
  p->foretold = pipeline_is_foretold(p);
  if (!p->foretold && (!pipeline_rewind(p, TRUE, error) || !pipeline_look(p, error)))
    return FALSE;
  pipeline_open_sources(p);
  /* Sources that were met only while reading have their place now. */
  if (!pipeline_resolve(p, inputs, n, p->align != NULL, error))
    return FALSE;
  if (p->align && (!p->align->ops->finish(p->align, error) ||
                   !pipeline_resolve(p, inputs, n, FALSE, error)))
    return FALSE;
  pipeline_note_disorder(p);
  tb_axes_set_guides(p->readers);
  for (guint i = 0; i < p->observers->len; i++) {
    TbObserver *observer = g_ptr_array_index(p->observers, i);
    if (observer != p->align && observer->ops->finish && !observer->ops->finish(observer, error))
      return FALSE;
  }
  return TRUE;
}

/* Whether the writer gets this event at all. */
static inline gboolean pipeline_keeps(const TbPipeline *p, guint32 capabilities,
                                      const TbItem *event)
{
  if (event->record->kind == TB_RECORD_EVENT || event->record->kind == TB_RECORD_LOST)
    return !p->options.no_events && (capabilities & TB_WRITER_EVENTS);
  return !p->options.no_packets && (capabilities & TB_WRITER_PACKETS);
}

/* What a packet itself says of its owners, then what the recordings do. */
static void pipeline_set_owners(TbPipeline *p, TbContextStage *context, guint index,
                                TbItem *event)
{
  TbReader *reader = g_array_index(p->leaves, PipelineLeaf, index).reader;
  event->owners = reader->format->get_owners ? reader->format->get_owners(reader, event->record) : NULL;
  if (event->owners && !event->owners->carried) {
    p->told = *event->owners;
    event->owners = tb_owners_limit(&p->told, p->options.owners) ? &p->told : NULL;
  }
  if (p->attrib)
    tb_attrib_apply(p->attrib, context, event, event->machine_time.ns);
}

/* Once its owner is known, the packet is what was on the wire. */
static void pipeline_strip(TbPipeline *p, TbItem *packet)
{
  p->stripped = *packet->record;
  p->stripped.len -= p->stripped.trailer_len;
  p->stripped.orig_len -= p->stripped.trailer_len;
  p->stripped.trailer_len = 0;
  packet->record = &p->stripped;
}

/* What prepare found out about an event or packet. */
static inline gboolean pipeline_explain(TbPipeline *p, TbContextStage *context, guint index,
                                        TbItem *event, GError **error)
{
  event->link = NULL;
  if (event->record->kind == TB_RECORD_PACKET)
    pipeline_set_owners(p, context, index, event);
  else if (event->record->kind == TB_RECORD_EVENT && !event->record->source->frozen)
    tb_context_stage_apply(context, event, event->machine_time.ns);
  return !p->links || !tb_packet_links_wants(p->links, event) ||
         tb_packet_links_apply(p->links, event, error);
}

static gboolean pipeline_stream(TbPipeline *p, TbWriter *writer, GError **error)
{
  TbItem *event;
  guint index;
  TbReadResult result;
  g_autoptr(TbMerge) merge = pipeline_merge(p);
  g_autoptr(TbContextStage) context = tb_context_stage_new(p->machines);
  g_autoptr(TbFilter) filter = tb_filter_new(&p->options.filter);
  guint32 capabilities = writer->format->capabilities;
  if (p->links)
    tb_packet_links_begin(p->links);
  while ((result = tb_merge_next(merge, &event, &index, error)) != TB_READ_END) {
    if (result == TB_READ_ERROR)
      return FALSE;
    gboolean stale = p->broken && p->foretold; /* all this will be written again */
    if (result == TB_READ_RECORD && !pipeline_is_repeat(p, event) &&
        pipeline_keeps(p, capabilities, event) && G_LIKELY(!stale)) {
      if (!pipeline_explain(p, context, index, event, error))
        return FALSE;
      if (G_UNLIKELY(p->tally) && event->record->kind == TB_RECORD_PACKET)
        tb_tally_packet(p->tally, event);
      if (G_UNLIKELY(event->record->trailer_len && p->options.strip_trailers))
        pipeline_strip(p, event);
      if ((!filter || tb_filter_keeps(filter, event)) &&
          !tb_writer_event(writer, event, error))
        return FALSE;
    }
    if (++p->events % PIPELINE_PROGRESS_EVERY == 0 && !pipeline_tick(p, "writing", error))
      return FALSE;
  }
  return tb_writer_finish(writer, error);
}

/* The sources that have something to say to this writer; ranks follow. */
static GPtrArray *pipeline_output_sources(TbPipeline *p, guint32 capabilities)
{
  GPtrArray *kept = g_ptr_array_new();
  for (guint i = 0; i < p->sources->len; i++) {
    TbSource *source = g_ptr_array_index(p->sources, i);
    gboolean wanted = source->class == TB_SOURCE_EVENTS
                          ? !p->options.no_events && (capabilities & TB_WRITER_EVENTS)
                          : !p->options.no_packets && (capabilities & TB_WRITER_PACKETS);
    if (wanted)
      g_ptr_array_add(kept, source);
  }
  return kept;
}

/* Interface numbers are the places in @kept. */
static void pipeline_number_interfaces(TbPipeline *p, const GPtrArray *kept)
{
  g_autofree guint32 *rank_of = g_new0(guint32, (gsize)p->sources->len + 1);
  for (guint i = 0; i < kept->len; i++)
    rank_of[((TbSource *)g_ptr_array_index(kept, i))->rank] = i;
  for (guint i = 0; i < p->readers->len; i++) {
    const TbReader *reader = g_ptr_array_index(p->readers, i);
    for (guint s = 0; s < reader->sources->len; s++) {
      TbSource *source = g_ptr_array_index(reader->sources, s);
      source->rank = rank_of[source->rank];
    }
  }
}

/* An output that holds nothing of an input that should have held something helps nobody. */
static gboolean pipeline_check_readable(const TbPipeline *p, GError **error)
{
  const GPtrArray *entries = tb_damage_log_get_entries(p->damage);
  for (guint i = 0; i < p->sources->len; i++) {
    const TbSource *source = g_ptr_array_index(p->sources, i);
    if (source->counts.records > 0 || source->counts.lost_gaps > 0)
      return TRUE;
  }
  if (entries->len == 0)
    return TRUE;
  const TbDamage *first = g_ptr_array_index(entries, 0);
  tb_error_set(error, first->code, first->source, first->offset, "%s; no record could be read",
               first->text);
  return FALSE;
}

static gboolean pipeline_write(TbPipeline *p, const TbWriterFormat *format, TbOutput *output,
                               const GPtrArray *kept, TbWriterCounts *counts, GError **error)
{
  p->n_sorted = 0;
  p->broken = FALSE;
  g_clear_pointer(&p->tally, tb_tally_free); /* of what is written again */
  if (p->options.count_owners)
    p->tally = tb_tally_new(p->attrib);
  g_autoptr(TbWriter) writer = tb_writer_open_with(format, output, p->limits, p->machines, kept,
                                                   p->options.settings, error);
  /* Rewound only now: a writer may look at what prepare counted of the sources. */
  gboolean ok = writer && pipeline_rewind(p, FALSE, error) && pipeline_stream(p, writer, error);
  pipeline_drop_sorters(p);
  if (writer)
    *counts = writer->counts;
  return ok;
}

static guint32 *pipeline_dup_snaplens(const TbPipeline *p)
{
  guint32 *snaplens = g_new(guint32, (gsize)p->sources->len + 1);
  for (guint i = 0; i < p->sources->len; i++)
    snaplens[i] = ((const TbSource *)g_ptr_array_index(p->sources, i))->snaplen;
  return snaplens;
}

/*
 * Emit as the first pass. Where records are not what was foretold it has seen them all like
 * prepare does, and what it wrote is written again.
 */
static gboolean pipeline_write_foretold(TbPipeline *p, const TbWriterFormat *format,
                                        TbOutput *output, const GPtrArray *kept,
                                        TbWriterCounts *counts, GError **error)
{
  g_autofree guint32 *snaplens = pipeline_dup_snaplens(p);
  if (!pipeline_write(p, format, output, kept, counts, error) || !pipeline_check_readable(p, error))
    return FALSE;
  gboolean holds = !p->broken;
  for (guint i = 0; i < p->sources->len; i++)
    holds &= snaplens[i] == ((const TbSource *)g_ptr_array_index(p->sources, i))->snaplen;
  p->foretold = FALSE;
  return holds || (tb_output_restart(output, error) &&
                   pipeline_write(p, format, output, kept, counts, error));
}

gboolean tb_pipeline_emit(TbPipeline *p, const TbWriterFormat *format, TbOutput *output,
                          TbWriterCounts *counts, GError **error)
{
  if (p->foretold && !(format->capabilities & TB_WRITER_UNCOUNTED && tb_output_can_restart(output))) {
    p->foretold = FALSE;
    if (!pipeline_rewind(p, TRUE, error) || !pipeline_look(p, error))
      return FALSE;
  }
  g_autoptr(GPtrArray) kept = pipeline_output_sources(p, format->capabilities);
  if ((!p->foretold && !pipeline_check_readable(p, error)) ||
      !tb_axes_check(kept, p->align, p->options.align_off, error))
    return FALSE;
  pipeline_number_interfaces(p, kept);
  if (p->foretold)
    return pipeline_write_foretold(p, format, output, kept, counts, error);
  pipeline_set_overlap(p, TRUE);
  return pipeline_write(p, format, output, kept, counts, error);
}

/* --- count --- */

static gboolean pipeline_holds_packets(const TbReader *reader)
{
  for (guint i = 0; i < reader->sources->len; i++)
    if (((TbSource *)g_ptr_array_index(reader->sources, i))->class == TB_SOURCE_PACKETS)
      return TRUE;
  return FALSE;
}

/* Numbers do not depend on the order of streams, so each is read by itself. */
static gboolean pipeline_count_leaf(TbPipeline *p, TbContextStage *context, guint index,
                                    GError **error)
{
  PipelineLeaf *leaf = &g_array_index(p->leaves, PipelineLeaf, index);
  TbItem event = { 0 };
  TbReadResult result;
  leaf->last_ns = G_MININT64;
  while ((result = leaf_pull(leaf, leaf->stream, &event, error)) != TB_READ_END) {
    if (result == TB_READ_ERROR)
      return FALSE;
    if (result == TB_READ_RECORD && event.record->kind == TB_RECORD_PACKET) {
      pipeline_set_owners(p, context, index, &event);
      tb_tally_packet(p->tally, &event);
    }
    if (++p->events % PIPELINE_PROGRESS_EVERY == 0 && !pipeline_tick(p, "counting", error))
      return FALSE;
  }
  return TRUE;
}

gboolean tb_pipeline_count(TbPipeline *p, GError **error)
{
  if (!tb_axes_check(p->sources, p->align, p->options.align_off, error))
    return FALSE;
  g_autoptr(TbContextStage) context = tb_context_stage_new(p->machines);
  p->tally = tb_tally_new(p->attrib);
  tb_tally_count_processes(p->tally, p->options.owners);
  p->events = 0;
  tb_damage_log_begin_pass(p->damage);
  for (guint i = 0; i < p->readers->len; i++) {
    TbReader *reader = g_ptr_array_index(p->readers, i);
    reader->wanted_only = TRUE;
    if (pipeline_holds_packets(reader) && !tb_reader_rewind(reader, error))
      return FALSE;
  }
  for (guint i = 0; i < p->leaves->len; i++)
    if (pipeline_holds_packets(g_array_index(p->leaves, PipelineLeaf, i).reader) &&
        !pipeline_count_leaf(p, context, i, error))
      return FALSE;
  tb_tally_finish(p->tally);
  return TRUE;
}
