/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From records to items; see streams.h. */
#include "pass/streams.h"

#include "pass/clocks.h"

TbStreams *tb_streams_new(const TbInputs *inputs, TbDamageLog *damage, gint64 time_offset_ns)
{
  TbStreams *streams = g_new0(TbStreams, 1);
  streams->damage = damage;
  streams->time_offset_ns = time_offset_ns;
  streams->list = g_array_new(FALSE, TRUE, sizeof(TbStream));
  for (guint i = 0; i < inputs->readers->len; i++) {
    TbReader *reader = tb_inputs_get_reader(inputs, i);
    const TbInputSpec *spec = tb_inputs_get_spec(inputs, i);
    for (guint32 n = 0; n < reader->n_streams; n++) {
      TbStream stream = { .streams = streams, .reader = reader, .number = n,
                          .shifted = spec->shifted, .shift_ns = spec->shift_ns };
      g_array_append_val(streams->list, stream);
    }
  }
  return streams;
}

void tb_streams_free(TbStreams *streams)
{
  if (!streams)
    return;
  g_array_unref(streams->list);
  g_free(streams);
}

/* A source's clock is its own from its first record on; some are met only in mid-file. */
static void stream_open_source(const TbStream *stream, TbSource *source)
{
  tb_clocks_open(source, stream->shifted ? &stream->shift_ns : NULL,
                 stream->streams->time_offset_ns);
}

void tb_streams_open_sources(const TbStreams *streams)
{
  for (guint i = 0; i < streams->list->len; i++) {
    const TbStream *stream = tb_streams_get(streams, i);
    for (guint s = 0; s < stream->reader->sources->len; s++) {
      TbSource *source = g_ptr_array_index(stream->reader->sources, s);
      if (source->clock.opened.rate == 0)
        stream_open_source(stream, source);
    }
  }
}

static gint64 source_moved_ns(const TbSource *source)
{
  TbOwnTime own = { source->counts.first_ns };
  return (gint64)((guint64)tb_source_output_time(source, own).ns -
                  (guint64)tb_source_machine_time(source, own).ns);
}

void tb_streams_note_disorder(const TbStreams *streams)
{
  for (guint i = 0; i < streams->list->len; i++) {
    TbStream *stream = tb_streams_get(streams, i);
    const GPtrArray *sources = stream->reader->sources;
    for (guint s = 1; s < sources->len && stream->reader->n_streams == 1; s++)
      stream->unordered |= source_moved_ns(g_ptr_array_index(sources, s)) !=
                           source_moved_ns(g_ptr_array_index(sources, 0));
  }
}

/*
 * A stream that cannot go on: where its bytes are to blame, what precedes them stays, the
 * rest is damage, and the other streams go on. FALSE when it is not the file's fault.
 */
static gboolean stream_end_damaged(const TbStream *stream, GError **error)
{
  if ((*error)->domain != TB_ERROR ||
      ((*error)->code != TB_ERROR_CORRUPT && (*error)->code != TB_ERROR_TRUNCATED &&
       (*error)->code != TB_ERROR_LIMIT && (*error)->code != TB_ERROR_UNSUPPORTED))
    return FALSE;
  TbInput *input = stream->reader->input;
  guint64 size = tb_input_get_size(input), offset = tb_error_get_offset(*error);
  tb_damage_log_take(stream->streams->damage, g_steal_pointer(error), tb_input_get_name(input),
                     offset < size ? size - offset : 0, TB_LOST_UNKNOWN);
  return TRUE;
}

static TbReadResult stream_pull(gpointer data, guint32 number, TbItem *item, GError **error)
{
  TbStream *stream = data;
  TbRecord *record = &stream->record;
  TbReadResult result = tb_reader_next(stream->reader, number, record, error);
  *item = (TbItem){ .record = record };
  if (G_LIKELY(result == TB_READ_RECORD && !tb_item_is_trailing(item))) {
    TbSource *source = record->source;
    if (G_UNLIKELY(source->clock.opened.rate == 0))
      stream_open_source(stream, source);
    item->time = tb_source_output_time(source, record->time);
    item->machine_time = source->clock.reference ? tb_source_to_machine(source->clock.reference, item->time)
                                           : tb_source_machine_time(source, record->time);
    if (G_UNLIKELY(item->time.ns < stream->last.ns))
      stream->unordered = stream->streams->out_of_order = TRUE;
    stream->last = item->time;
  } else if (result == TB_READ_ERROR && stream_end_damaged(stream, error)) {
    return TB_READ_END;
  }
  return result;
}

TbMergeInput tb_stream_begin(TbStream *stream)
{
  stream->last.ns = G_MININT64;
  return (TbMergeInput){ stream_pull, stream, stream->number };
}
