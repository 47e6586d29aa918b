/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sources; see source.h. */
#include "model/source.h"

#include <string.h>

TbSource *tb_source_new(TbSourceClass class, const char *name)
{
  TbSource *source = g_new0(TbSource, 1);
  source->ref_count = 1;
  source->class = class;
  source->name = g_strdup(name);
  source->clock.tsresol = 9;
  source->link.fcs_bits = -1;
  tb_axis_init(&source->clock.axis, TB_CLOCK_UNKNOWN, FALSE);
  return source;
}

TbSource *tb_source_ref(TbSource *source)
{
  g_atomic_int_inc(&source->ref_count);
  return source;
}

void tb_source_unref(TbSource *source)
{
  if (!source || !g_atomic_int_dec_and_test(&source->ref_count))
    return;
  g_clear_pointer(&source->machine, tb_machine_unref);
  g_free(source->name);
  g_free(source->host);
  g_free(source->file);
  g_free(source->subject);
  g_free(source->recorder);
  if (source->carried)
    source->carried->free(source->carried);
  g_free(source);
}

void tb_source_set_machine(TbSource *source, TbMachine *machine)
{
  if (machine)
    tb_machine_ref(machine);
  g_clear_pointer(&source->machine, tb_machine_unref);
  source->machine = machine;
}

void tb_source_set_key_from(TbSource *source, const void *bytes, gsize len)
{
  g_autofree char *sum = g_compute_checksum_for_data(G_CHECKSUM_SHA256, bytes, len);
  memcpy(source->key, sum, 8);
  source->key[8] = 0;
}

char *tb_source_dup_interface_name(const TbSource *source)
{
  const char *host = source->machine ? tb_machine_get_label(source->machine) : "unknown";
  return g_strdup_printf("%s:%s", host, source->name);
}

gint tb_source_compare(const TbSource *a, const TbSource *b)
{
  guint32 rank_a = a->machine ? a->machine->rank : G_MAXUINT32;
  guint32 rank_b = b->machine ? b->machine->rank : G_MAXUINT32;
  if (rank_a != rank_b)
    return rank_a < rank_b ? -1 : 1;
  if (a->class != b->class)
    return a->class < b->class ? -1 : 1;
  gint by_name = strcmp(a->name, b->name);
  return by_name ? by_name : strcmp(a->key, b->key);
}
