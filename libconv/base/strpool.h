/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Interned byte strings: equal bytes have one address, which stays valid as long as the pool. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct _TbStrPool TbStrPool;

TbStrPool *tb_strpool_new(void);
void tb_strpool_free(TbStrPool *pool);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TbStrPool, tb_strpool_free)

/**
 * tb_strpool_intern: bytes up to @len or the first NUL; a NUL is added.
 * Returns: (transfer none): lives as long as @pool
 */
const char *tb_strpool_intern(TbStrPool *pool, const char *bytes, gsize len);

/** tb_strpool_get_bytes: memory taken by the strings */
gsize tb_strpool_get_bytes(const TbStrPool *pool);

G_END_DECLS
