/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The ring-buffer pages of one CPU: from stored data to records with a time.
 * Knows page headers, record headers and time rules; knows no event.
 * Layout: docs/format-tracecmd.md, "Ring-buffer data".
 */
#pragma once

#include "tracecmd/tracecmd-file.h"

G_BEGIN_DECLS

/**
 * TcLayout: what header_page says of this kernel's pages
 * @commit_size: bytes of the commit word = the kernel's long (4 or 8)
 * @header_len: bytes before the first record
 */
typedef struct {
  gboolean big;
  guint32 commit_size;
  guint32 header_len;
} TcLayout;

typedef enum {
  TC_RING_RECORD,  /* a data record */
  TC_RING_LOST,    /* events were lost before the next record */
  TC_RING_DAMAGED, /* something was passed over and is in the damage log */
  TC_RING_END,
  TC_RING_ERROR, /* the input cannot be read */
} TcRingResult;

/**
 * TcRingRecord:
 * @time: on the buffer's clock, as recorded
 * @data: @len bytes of payload (rounded up by the kernel), borrowed until the next call
 * @offset: absolute offset of the record, or of its chunk where data is compressed
 * @lost: of LOST: number of events, %TB_LOST_UNKNOWN where it is not stored
 */
typedef struct {
  guint64 time;
  const guint8 *data;
  guint32 len;
  guint64 offset;
  guint64 lost;
} TcRingRecord;

typedef struct _TcRing TcRing;

/** tc_ring_new: @read_bytes is how much one refill of plain pages reads. All borrowed */
TcRing *tc_ring_new(TcFile *file, const TcBuffer *buffer, const TcCpuData *data,
                    const TcLayout *layout, gsize read_bytes);
void tc_ring_free(TcRing *ring);

/** tc_ring_rewind: back to the first page; memory is given back until it is needed again */
void tc_ring_rewind(TcRing *ring);

TcRingResult tc_ring_next(TcRing *ring, TcRingRecord *record, GError **error);

/** tc_ring_get_position: stored bytes consumed */
guint64 tc_ring_get_position(const TcRing *ring);
/** tc_ring_get_discarded: records the kernel took back, so far */
guint64 tc_ring_get_discarded(const TcRing *ring);

/** tc_ring_peek_page: committed bytes of the first readable page, with its header; then rewinds */
gboolean tc_ring_peek_page(TcRing *ring, GByteArray *out);

G_END_DECLS
