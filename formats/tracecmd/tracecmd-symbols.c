/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Sorted tables of kernel symbols and printk strings; see tracecmd-symbols.h.
 * The names stay in one copy of the text, cut by NULs; those of the kernel are moved
 * together there, so that half of the memory can be given back.
 */
#include "tracecmd/tracecmd-symbols.h"

#include <string.h>

/* Direct-mapped memory of recent answers: a trace asks for few addresses often. */
#define TC_SYMBOLS_RECENT 1024

typedef struct {
  guint64 address;
  const char *name;
} TcSymbol;

typedef struct {
  guint64 address;
  const TcSymbol *symbol;
  gboolean known;
} TcRecent;

struct _TcSymbols {
  char *text;
  TcSymbol *table;
  gsize count;
  TcRecent *recent;
};

static int symbols_compare(const void *a, const void *b)
{
  const TcSymbol *x = a, *y = b;
  if (x->address != y->address)
    return x->address < y->address ? -1 : 1;
  /* libtraceevent collects in reverse and sorts stably: the later line stands first */
  return x->name > y->name ? -1 : x->name < y->name;
}

static TcSymbols *symbols_new(GBytes *text)
{
  TcSymbols *symbols = g_new0(TcSymbols, 1);
  gsize len;
  const char *bytes = g_bytes_get_data(text, &len);
  symbols->text = g_malloc(len + 1);
  if (len)
    memcpy(symbols->text, bytes, len);
  symbols->text[len] = '\0';
  return symbols;
}

static void symbols_sort(TcSymbols *symbols)
{
  if (symbols->count)
    qsort(symbols->table, symbols->count, sizeof *symbols->table, symbols_compare);
}

static void symbols_take(TcSymbols *symbols, GArray *entries)
{
  symbols->count = entries->len;
  symbols->table = (TcSymbol *)(gpointer)g_array_free(entries, FALSE);
  symbols_sort(symbols);
}

void tc_symbols_free(TcSymbols *symbols)
{
  if (!symbols)
    return;
  g_free(symbols->recent);
  g_free(symbols->table);
  g_free(symbols->text);
  g_free(symbols);
}

gsize tc_symbols_get_count(const TcSymbols *symbols)
{
  return symbols->count;
}

/* The next line that is not empty at *@p, its newline made a NUL; NULL at the end. */
static char *symbols_next_line(char **p)
{
  char *line;
  while (**p == '\n')
    (*p)++;
  if (!**p)
    return NULL;
  line = *p;
  *p = strchrnul(line, '\n');
  if (**p)
    *(*p)++ = '\0';
  return line;
}

static inline gboolean symbols_is_space(char c)
{
  return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Value of a hexadecimal digit, -1 = it is none */
static inline gint symbols_digit(char c)
{
  if (c >= '0' && c <= '9')
    return c - '0';
  c |= 0x20;
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* "ffffffff81000000 T name\t[module]": FALSE when the line is none of these */
static gboolean symbols_split(char *line, guint64 *address, char *type, char **name)
{
  char *p = line;
  guint digits = 0;
  guint64 value = 0;
  gint digit;
  while (symbols_is_space(*p))
    p++;
  for (; digits < 16 && (digit = symbols_digit(*p)) >= 0; digits++, p++)
    value = value << 4 | (guint64)digit;
  if (!digits)
    return FALSE;
  while (symbols_is_space(*p))
    p++;
  if (!*p)
    return FALSE;
  *type = *p++;
  while (symbols_is_space(*p))
    p++;
  if (!*p)
    return FALSE;
  *name = p;
  while (*p && !symbols_is_space(*p))
    p++;
  *p = '\0';
  *address = value;
  return TRUE;
}

static gsize symbols_count_lines(const char *text)
{
  gsize n = 1;
  while ((text = strchr(text, '\n'))) {
    text++;
    n++;
  }
  return n;
}

/* Gives back what lies behind the @used bytes of names. */
static void symbols_shrink(TcSymbols *symbols, gsize used)
{
  const char *before = symbols->text;
  symbols->text = g_realloc(symbols->text, MAX(used, 1));
  for (gsize i = 0; symbols->text != before && i < symbols->count; i++)
    symbols->table[i].name = symbols->text + (symbols->table[i].name - before);
}

TcSymbols *tc_symbols_take_kallsyms(GBytes *text)
{
  TcSymbols *symbols = g_new0(TcSymbols, 1);
  gsize len, used = 0;
  symbols->text = g_bytes_unref_to_data(text, &len);
  symbols->text = g_realloc(symbols->text, len + 1);
  symbols->text[len] = '\0';
  GArray *entries = g_array_sized_new(FALSE, FALSE, sizeof(TcSymbol),
                                      (guint)MIN(symbols_count_lines(symbols->text), G_MAXINT32));
  char *p = symbols->text, *line;
  while ((line = symbols_next_line(&p))) {
    TcSymbol symbol;
    char type, *name;
    if (!symbols_split(line, &symbol.address, &type, &name))
      break;
    /* mapping symbols of ARM and absolute per-CPU offsets are no functions */
    if (name[0] == '$' || type == 'A' || type == 'a')
      continue;
    gsize name_len = strlen(name) + 1;
    symbol.name = memmove(symbols->text + used, name, name_len);
    used += name_len;
    g_array_append_val(entries, symbol);
  }
  symbols->count = entries->len;
  symbols->table = (TcSymbol *)(gpointer)g_array_free(entries, FALSE);
  symbols_shrink(symbols, used);
  symbols_sort(symbols);
  symbols->recent = g_new0(TcRecent, TC_SYMBOLS_RECENT);
  return symbols;
}

TcSymbols *tc_symbols_new_kallsyms(GBytes *text)
{
  gsize len;
  const void *bytes = g_bytes_get_data(text, &len);
  return tc_symbols_take_kallsyms(g_bytes_new(bytes, len));
}

/* Takes the quotes off, and a "\n" (two characters) at the end of the text. */
static char *symbols_unquote(char *text)
{
  gsize len;
  if (*text == '"')
    text++;
  len = strlen(text);
  if (len && text[len - 1] == '"')
    text[--len] = '\0';
  if (len >= 2 && text[len - 2] == '\\' && text[len - 1] == 'n')
    text[len - 2] = '\0';
  return text;
}

TcSymbols *tc_symbols_new_printk(GBytes *text)
{
  TcSymbols *symbols = symbols_new(text);
  GArray *entries = g_array_new(FALSE, FALSE, sizeof(TcSymbol));
  char *p = symbols->text, *line;
  while ((line = symbols_next_line(&p))) {
    TcSymbol symbol;
    char *colon = strchr(line, ':');
    if (!colon)
      break;
    *colon++ = '\0';
    if (*colon)
      colon++; /* the blank after the colon */
    symbol.address = g_ascii_strtoull(line, NULL, 16);
    symbol.name = symbols_unquote(colon);
    g_array_append_val(entries, symbol);
  }
  symbols_take(symbols, entries);
  return symbols;
}

/* How libtraceevent orders @address against an entry: equal when the entry covers it. */
static int symbols_order(const TcSymbols *symbols, gsize i, guint64 address)
{
  guint64 start = symbols->table[i].address;
  guint64 next = i + 1 < symbols->count ? symbols->table[i + 1].address : 0;
  if (address == start || (address > start && address < next))
    return 0;
  return address < start ? -1 : 1;
}

/* The halving of the C library's bsearch(), so that among equals the same one is met. */
static const TcSymbol *symbols_search(const TcSymbols *symbols, guint64 address, gboolean exact)
{
  gsize low = 0, high = symbols->count;
  while (low < high) {
    gsize i = (low + high) / 2;
    guint64 start = symbols->table[i].address;
    int order = exact ? (address < start ? -1 : address > start) :
                        symbols_order(symbols, i, address);
    if (order == 0)
      return &symbols->table[i];
    if (order < 0)
      high = i;
    else
      low = i + 1;
  }
  return NULL;
}

const char *tc_symbols_find(TcSymbols *symbols, guint64 address, guint64 *start)
{
  TcRecent *recent =
      &symbols->recent[(address * G_GUINT64_CONSTANT(0x9e3779b97f4a7c15)) >> 54];
  if (!recent->known || recent->address != address) {
    recent->symbol = symbols_search(symbols, address, FALSE);
    recent->address = address;
    recent->known = TRUE;
  }
  if (!recent->symbol)
    return NULL;
  if (start)
    *start = recent->symbol->address;
  return recent->symbol->name;
}

const char *tc_symbols_find_exact(const TcSymbols *symbols, guint64 address)
{
  const TcSymbol *symbol = symbols_search(symbols, address, TRUE);
  return symbol ? symbol->name : NULL;
}

gboolean tc_symbols_find_name(const TcSymbols *symbols, const char *name, guint64 *address)
{
  for (gsize i = 0; i < symbols->count; i++)
    if (!strcmp(symbols->table[i].name, name)) {
      *address = symbols->table[i].address;
      return TRUE;
    }
  return FALSE;
}
