/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Ring-buffer pages, record by record; see dat-builder.h. */
#include "support/dat-builder.h"

#include <string.h>

DatPages *dat_pages_new(const DatShape *shape, guint32 page_size)
{
  DatPages *pages = g_new0(DatPages, 1);
  pages->shape = *shape;
  pages->page_size = page_size;
  pages->bytes = g_byte_array_new();
  pages->edges = g_array_new(FALSE, FALSE, sizeof(gsize));
  return pages;
}

void dat_pages_free(DatPages *pages)
{
  if (!pages)
    return;
  g_byte_array_unref(pages->bytes);
  g_array_unref(pages->edges);
  g_free(pages);
}

void dat_pages_begin(DatPages *pages, guint64 time)
{
  pages->page = pages->bytes->len;
  pages->used = 0;
  g_byte_array_set_size(pages->bytes, (guint)(pages->page + pages->page_size));
  /* What is not committed is not empty in real pages either. */
  memset(pages->bytes->data + pages->page, 0x21, pages->page_size);
  dat_patch(pages->bytes, &pages->shape, pages->page, time, 8);
  dat_patch(pages->bytes, &pages->shape, pages->page + 8, 0, pages->shape.kernel_long);
}

static gsize header_len(const DatPages *pages)
{
  return 8 + pages->shape.kernel_long;
}

void dat_pages_commit(DatPages *pages, guint64 commit)
{
  dat_patch(pages->bytes, &pages->shape, pages->page + 8, commit, pages->shape.kernel_long);
}

void dat_pages_lost(DatPages *pages, gboolean stored, guint64 count)
{
  guint64 flags = 1ull << 31 | (stored ? 1ull << 30 : 0);
  dat_pages_commit(pages, pages->used | flags);
  if (stored)
    dat_patch(pages->bytes, &pages->shape, pages->page + header_len(pages) + pages->used, count,
              pages->shape.kernel_long);
}

/* Room for @len bytes of records, committed. */
static gsize pages_take(DatPages *pages, gsize len)
{
  gsize at = pages->page + header_len(pages) + pages->used;
  pages->used += len;
  g_assert_cmpuint(header_len(pages) + pages->used, <=, pages->page_size);
  g_array_append_val(pages->edges, at);
  dat_pages_commit(pages, pages->used);
  return at;
}

static guint32 header_word(const DatPages *pages, guint32 type_len, guint32 delta)
{
  return pages->shape.big ? type_len << 27 | delta : delta << 5 | type_len;
}

void dat_pages_word(DatPages *pages, guint32 type_len, guint32 delta, guint extra,
                    const guint32 *words)
{
  gsize at = pages_take(pages, 4 + 4 * (gsize)extra);
  dat_patch(pages->bytes, &pages->shape, at, header_word(pages, type_len, delta), 4);
  for (guint i = 0; i < extra; i++)
    dat_patch(pages->bytes, &pages->shape, at + 4 + 4 * i, words[i], 4);
}

static void fill_payload(DatPages *pages, gsize at, guint16 id, gint32 pid, guint32 value,
                         gsize n_pad)
{
  dat_patch(pages->bytes, &pages->shape, at, id, 2);
  dat_patch(pages->bytes, &pages->shape, at + 2, 0, 2);
  dat_patch(pages->bytes, &pages->shape, at + 4, (guint32)pid, 4);
  dat_patch(pages->bytes, &pages->shape, at + 8, value, 4);
  memset(pages->bytes->data + at + 12, 'x', n_pad);
}

void dat_pages_event(DatPages *pages, guint32 delta, guint16 id, gint32 pid, guint32 value,
                     gsize n_pad)
{
  gsize len = (12 + n_pad + 3) & ~(gsize)3;
  g_assert_cmpuint(len, <=, 4 * 28);
  gsize at = pages_take(pages, 4 + len);
  dat_patch(pages->bytes, &pages->shape, at, header_word(pages, (guint32)len / 4, delta), 4);
  fill_payload(pages, at + 4, id, pid, value, n_pad);
}

void dat_pages_long_event(DatPages *pages, guint32 delta, guint16 id, gint32 pid, guint32 value,
                          gsize n_pad)
{
  gsize len = 12 + n_pad;
  gsize at = pages_take(pages, 8 + ((len + 3) & ~(gsize)3));
  dat_patch(pages->bytes, &pages->shape, at, header_word(pages, 0, delta), 4);
  dat_patch(pages->bytes, &pages->shape, at + 4, len + 4, 4);
  fill_payload(pages, at + 8, id, pid, value, n_pad);
}

void dat_pages_tick(DatPages *pages, guint32 delta, guint32 value)
{
  dat_pages_event(pages, delta, DAT_TICK, 7, value, 0);
}

static void pages_time(DatPages *pages, guint32 type_len, guint64 value)
{
  guint32 high = (guint32)(value >> 27);
  dat_pages_word(pages, type_len, (guint32)(value & ((1u << 27) - 1)), 1, &high);
}

void dat_pages_extend(DatPages *pages, guint64 delta)
{
  pages_time(pages, 30, delta);
}

void dat_pages_stamp(DatPages *pages, guint64 time)
{
  pages_time(pages, 31, time & ((1ull << 59) - 1));
}

void dat_pages_discard(DatPages *pages, guint32 delta, guint32 len)
{
  guint32 words[64] = { len };
  g_assert_true(len % 4 == 0 && len / 4 <= G_N_ELEMENTS(words));
  dat_pages_word(pages, 29, delta, len / 4, words);
}

void dat_pages_pad(DatPages *pages)
{
  dat_pages_word(pages, 29, 0, 0, NULL);
  dat_pages_commit(pages, pages->page_size - header_len(pages));
  pages->used = pages->page_size - header_len(pages);
}
