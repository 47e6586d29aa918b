/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The streams of all readers: records pulled and mapped, as items. The only
 * place where a record's own time becomes machine and output time.
 */
#pragma once

#include "pass/inputs.h"
#include "stages/order/merge.h"

#include <glib.h>

G_BEGIN_DECLS

typedef struct _TbStreams TbStreams;

/**
 * TbStream: one stream of one reader
 * @unordered: items came that lie before the one before them: it needs sorting
 */
typedef struct {
  TbStreams *streams;
  TbReader *reader;
  guint32 number;
  gboolean shifted;
  gint64 shift_ns;
  TbRecord record; /* lent last */
  TbOutputTime last;
  gboolean unordered;
} TbStream;

/**
 * TbStreams:
 * @list: (element-type TbStream): by reader
 * @out_of_order: one of them became unordered
 */
struct _TbStreams {
  TbDamageLog *damage;
  gint64 time_offset_ns;
  GArray *list;
  gboolean out_of_order;
};

/** tb_streams_new: @inputs, @damage: borrowed, outlive the streams */
TbStreams *tb_streams_new(const TbInputs *inputs, TbDamageLog *damage, gint64 time_offset_ns);
void tb_streams_free(TbStreams *streams);

static inline TbStream *tb_streams_get(const TbStreams *streams, guint i)
{
  return &g_array_index(streams->list, TbStream, i);
}

/**
 * tb_streams_open_sources: the clocks of sources that are known become their own; those of
 * others with their first record
 */
void tb_streams_open_sources(const TbStreams *streams);

/** tb_streams_note_disorder: marks streams whose sources were moved differently */
void tb_streams_note_disorder(const TbStreams *streams);

/** tb_stream_begin: a pass over it begins. Returns: what a merge or sorter pulls from */
TbMergeInput tb_stream_begin(TbStream *stream);

G_END_DECLS
