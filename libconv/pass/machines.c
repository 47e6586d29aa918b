/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Machines and ranks; see machines.h. */
#include "pass/machines.h"

#include <string.h>

static gint machine_compare(gconstpointer a, gconstpointer b)
{
  const TbMachine *x = *(const TbMachine *const *)a, *y = *(const TbMachine *const *)b;
  gint by_name = g_strcmp0(x->name, y->name);
  return by_name ? by_name : g_strcmp0(x->identity, y->identity);
}

static gboolean machines_same(const TbMachine *a, const TbMachine *b)
{
  return g_strcmp0(a->name, b->name) == 0 &&
         (!a->identity || !b->identity || g_str_equal(a->identity, b->identity));
}

/* Machines of @known with that name; the last one found goes to @found. */
static guint machines_count(const GPtrArray *known, const char *name, TbMachine **found)
{
  guint n = 0;
  for (guint i = 0; i < known->len; i++) {
    TbMachine *machine = g_ptr_array_index(known, i);
    if (name && g_strcmp0(machine->name, name) != 0)
      continue;
    *found = machine;
    n++;
  }
  return n;
}

static void reader_move_sources(const TbReader *reader, const TbMachine *from, TbMachine *to)
{
  for (guint i = 0; i < reader->sources->len; i++) {
    TbSource *source = g_ptr_array_index(reader->sources, i);
    if (source->machine == from)
      tb_source_set_machine(source, to);
  }
}

/* The user's NAME= takes the place of what the file says; a file of several hosts has no one name. */
static gboolean machines_apply_name(TbReader *reader, const char *name, GError **error)
{
  if (!name)
    return TRUE;
  if (reader->machines->len > 1) {
    tb_error_set(error, TB_ERROR_AMBIGUOUS, tb_reader_get_input_name(reader), TB_OFFSET_NONE,
                 "holds %u machines and cannot be named \"%s\": give it without NAME=",
                 reader->machines->len, name);
    return FALSE;
  }
  if (reader->machines->len == 0)
    tb_reader_add_machine(reader, tb_machine_new());
  TbMachine *machine = g_ptr_array_index(reader->machines, 0);
  reader_move_sources(reader, NULL, machine); /* those met since, too */
  g_free(machine->name);
  machine->name = g_strdup(name);
  return TRUE;
}

static void machines_join(GPtrArray *known, TbReader *reader, TbMachine *machine, TbMachine *to)
{
  if (machine == to)
    return;
  if (!to) {
    g_ptr_array_add(known, tb_machine_ref(machine));
    return;
  }
  tb_machine_absorb(to, machine);
  reader_move_sources(reader, machine, to);
}

/* Named machines with an identity first, then those that only have a name and must fit one. */
static void machines_collect(const GPtrArray *readers, GPtrArray *known, gboolean with_identity)
{
  for (guint i = 0; i < readers->len; i++) {
    TbReader *reader = g_ptr_array_index(readers, i);
    for (guint m = 0; m < reader->machines->len; m++) {
      TbMachine *machine = g_ptr_array_index(reader->machines, m), *to = NULL;
      if (!machine->name || (machine->identity != NULL) != with_identity)
        continue;
      for (guint k = 0; k < known->len && !to; k++)
        if (machines_same(g_ptr_array_index(known, k), machine))
          to = g_ptr_array_index(known, k);
      machines_join(known, reader, machine, to);
    }
  }
}

/* "~xxxx" of the identity where two machines share a name. */
static void machines_label(GPtrArray *machines)
{
  for (guint i = 0; i < machines->len; i++) {
    TbMachine *machine = g_ptr_array_index(machines, i), *found;
    machine->rank = i;
    g_clear_pointer(&machine->label, g_free);
    if (!machine->name || machines_count(machines, machine->name, &found) < 2)
      continue;
    g_autofree char *sum = g_compute_checksum_for_string(
        G_CHECKSUM_SHA256, machine->identity ? machine->identity : "", -1);
    machine->label = g_strdup_printf("%s~%.4s", machine->name, sum);
  }
}

/* @known carries labels from here on, so that what the message says to type can be typed. */
static gboolean machines_ambiguous(const TbReader *reader, GPtrArray *known, const char *name,
                                   GError **error)
{
  g_autoptr(GString) names = g_string_new(NULL);
  const char *first = NULL;
  g_ptr_array_sort(known, machine_compare);
  machines_label(known);
  for (guint i = 0; i < known->len; i++) {
    const TbMachine *machine = g_ptr_array_index(known, i);
    if (name && g_strcmp0(machine->name, name) != 0)
      continue;
    g_string_append_printf(names, "%s%s", names->len ? ", " : "", tb_machine_get_label(machine));
    first = first ? first : tb_machine_get_label(machine);
  }
  const char *path = tb_reader_get_input_name(reader);
  g_autofree char *typed = g_strdup_printf("%s=%s", first ? first : "NAME", path);
  g_autofree char *quoted = strpbrk(typed, " \t\n'\"\\$`&|;<>()*?[]#!{}") ? g_shell_quote(typed)
                                                                       : g_strdup(typed);
  tb_error_set(error, TB_ERROR_AMBIGUOUS, path, TB_OFFSET_NONE,
               "could belong to any of these machines: %s. Name it: %s", names->str, quoted);
  return FALSE;
}

/* A name without identity that fits machines of several identities is nobody's in particular. */
static gboolean machines_check_names(const GPtrArray *readers, GPtrArray *known,
                                     GError **error)
{
  for (guint i = 0; i < readers->len; i++) {
    TbReader *reader = g_ptr_array_index(readers, i);
    for (guint m = 0; m < reader->machines->len; m++) {
      const TbMachine *machine = g_ptr_array_index(reader->machines, m);
      TbMachine *found;
      if (machine->name && !machine->identity &&
          machines_count(known, machine->name, &found) > 1)
        return machines_ambiguous(reader, known, machine->name, error);
    }
  }
  return TRUE;
}

/* Nameless machines and sources without any: the only machine there is, or a nameless one. */
static gboolean machines_place_nameless(const GPtrArray *readers, GPtrArray *known,
                                        gboolean leave_open, GError **error)
{
  for (guint i = 0; i < readers->len; i++) {
    TbReader *reader = g_ptr_array_index(readers, i);
    gboolean nameless = reader->sources->len == 0 && reader->machines->len == 0;
    for (guint s = 0; s < reader->sources->len; s++) {
      const TbSource *source = g_ptr_array_index(reader->sources, s);
      nameless |= !source->machine || !source->machine->name;
    }
    if (!nameless)
      continue;
    TbMachine *only = NULL;
    guint n = machines_count(known, NULL, &only);
    if (n > 1 && leave_open)
      continue;
    if (n > 1)
      return machines_ambiguous(reader, known, NULL, error);
    if (n == 0) {
      only = reader->machines->len ? tb_machine_ref(g_ptr_array_index(reader->machines, 0))
                                   : tb_machine_new();
      g_ptr_array_add(known, only);
    }
    reader_move_sources(reader, NULL, only);
    for (guint m = 0; m < reader->machines->len; m++) {
      TbMachine *machine = g_ptr_array_index(reader->machines, m);
      if (!machine->name)
        machines_join(known, reader, machine, only);
    }
  }
  return TRUE;
}

static gpointer machine_copy_ref(gconstpointer machine, gpointer data)
{
  return tb_machine_ref((TbMachine *)(gpointer)machine);
}

gboolean tb_machines_resolve(const GPtrArray *readers, const char *const *names,
                             gboolean leave_open, GPtrArray **machines, GError **error)
{
  g_autoptr(GPtrArray) known =
      g_ptr_array_new_with_free_func((GDestroyNotify)tb_machine_unref);
  if (*machines)
    g_ptr_array_extend(known, *machines, machine_copy_ref, NULL);
  for (guint i = 0; i < readers->len; i++)
    if (!machines_apply_name(g_ptr_array_index(readers, i), names[i], error))
      return FALSE;
  machines_collect(readers, known, TRUE);
  if (!machines_check_names(readers, known, error))
    return FALSE;
  machines_collect(readers, known, FALSE);
  if (!machines_place_nameless(readers, known, leave_open, error))
    return FALSE;
  g_ptr_array_sort(known, machine_compare);
  machines_label(known);
  g_clear_pointer(machines, g_ptr_array_unref);
  *machines = g_steal_pointer(&known);
  return TRUE;
}

static gint source_compare(gconstpointer a, gconstpointer b)
{
  return tb_source_compare(*(const TbSource *const *)a, *(const TbSource *const *)b);
}

GPtrArray *tb_sources_rank(const GPtrArray *readers)
{
  g_autoptr(GPtrArray) all = g_ptr_array_new();
  GPtrArray *ranked = g_ptr_array_new_with_free_func((GDestroyNotify)tb_source_unref);
  for (guint i = 0; i < readers->len; i++) {
    const TbReader *reader = g_ptr_array_index(readers, i);
    g_ptr_array_extend(all, reader->sources, NULL, NULL);
  }
  g_ptr_array_sort(all, source_compare);
  for (guint i = 0; i < all->len; i++) {
    TbSource *source = g_ptr_array_index(all, i);
    TbSource *last = ranked->len ? g_ptr_array_index(ranked, ranked->len - 1) : NULL;
    if (!last || tb_source_compare(last, source) != 0)
      g_ptr_array_add(ranked, tb_source_ref(source));
    source->rank = ranked->len - 1;
  }
  return ranked;
}
