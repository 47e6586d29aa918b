/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Kernel addresses to names, from a kallsyms text, and addresses of printk
 * strings to their texts. Knows these two texts only. Answers like
 * libtraceevent does, also where several names share an address.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct _TcSymbols TcSymbols;

/** tc_symbols_new_kallsyms: @text: "address type name [module]" lines; reading stops at the first
 * line that is none. Returns: (transfer full) */
TcSymbols *tc_symbols_new_kallsyms(GBytes *text);

/** tc_symbols_take_kallsyms: (transfer full) @text: the same; its memory is reused where nobody else
 * holds it, because kernels have megabytes of it */
TcSymbols *tc_symbols_take_kallsyms(GBytes *text);

/** tc_symbols_new_printk: @text: lines of address : "text". Returns: (transfer full) */
TcSymbols *tc_symbols_new_printk(GBytes *text);
void tc_symbols_free(TcSymbols *symbols);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TcSymbols, tc_symbols_free)

/** tc_symbols_get_count: entries kept */
gsize tc_symbols_get_count(const TcSymbols *symbols);

/**
 * tc_symbols_find: the entry that covers @address; the last one covers its own
 * address only.
 * @start: (out) (optional): its address
 *
 * Returns: (nullable) (transfer none)
 */
const char *tc_symbols_find(TcSymbols *symbols, guint64 address, guint64 *start);

/** tc_symbols_find_exact: the text at just this address. Returns: (nullable) (transfer none) */
const char *tc_symbols_find_exact(const TcSymbols *symbols, guint64 address);

/** tc_symbols_find_name: linear; for compiling. Returns: FALSE when there is none */
gboolean tc_symbols_find_name(const TcSymbols *symbols, const char *name, guint64 *address);

G_END_DECLS
