/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Prints the owners of every packet of some inputs, one line a packet, for tests to judge; on
 * the way it can hide events from attribution, by name or at random.
 * usage: owners-dump [--drop=PREFIX,...] [--lose=SHARE] [--seed=N] [NAME=]FILE[@+SECONDS]...
 * Line: host src sport dst dport protocol flags seq payload, then for src and dst
 * pid tid confidence via comm, separated by tabs.
 */
#include "formats.h"
#include "pipeline/pipeline.h"
#include "stages/attrib.h"
#include "stages/netparse.h"
#include "stages/proctrack.h"

#include <stdio.h>
#include <string.h>

/* Shows the events on to attribution, but for some. */
typedef struct {
  TbObserver observer;
  TbObserver *inner;
  char **drop;
  double lose;
  GRand *random;
} Sieve;

static Sieve *the_sieve;
static TbContextStage *the_context;

static gboolean sieve_wants_type(TbObserver *observer, const TbEventType *type)
{
  Sieve *sieve = (Sieve *)observer;
  g_autofree char *name = g_strdup_printf("%s:%s", type->system, type->name);
  for (guint i = 0; sieve->drop && sieve->drop[i]; i++)
    if (g_str_has_prefix(name, sieve->drop[i]))
      return FALSE;
  return sieve->inner->ops->wants_type(sieve->inner, type);
}

static void sieve_event(TbObserver *observer, const TbEvent *event)
{
  Sieve *sieve = (Sieve *)observer;
  if (event->kind == TB_EVENT_KIND_TRACE && sieve->lose > 0 &&
      g_rand_double(sieve->random) < sieve->lose)
    return;
  sieve->inner->ops->event(sieve->inner, event);
}

static gboolean sieve_finish(TbObserver *observer, GError **error)
{
  Sieve *sieve = (Sieve *)observer;
  return sieve->inner->ops->finish(sieve->inner, error);
}

static void sieve_free(TbObserver *observer)
{
  Sieve *sieve = (Sieve *)observer;
  sieve->inner->ops->free(sieve->inner);
  g_rand_free(sieve->random);
  g_free(sieve);
}

static const TbObserverOps sieve_ops = {
  .name = "sieve",
  .wants_type = sieve_wants_type,
  .wants_packets = TRUE,
  .any_order = TRUE,
  .event = sieve_event,
  .finish = sieve_finish,
  .free = sieve_free,
};

static void print_address(const guint8 *bytes, guint family)
{
  if (family == 4) {
    printf("%u.%u.%u.%u", bytes[0], bytes[1], bytes[2], bytes[3]);
    return;
  }
  for (guint i = 0; i < 16; i += 2)
    printf("%s%02x%02x", i ? ":" : "", bytes[i], bytes[i + 1]);
}

static void print_owner(const TbOwner *owner)
{
  if (!owner || !tb_owner_is_known(owner))
    printf("\t-\t-\t-\t-\t-");
  else
    printf("\t%d\t%d\t%d\t%s\t%s", owner->pid, owner->tid, (int)owner->confidence, owner->via,
           owner->comm ? owner->comm : "?");
}

static gboolean dump_open(TbWriter *writer, GError **error)
{
  the_context = tb_context_stage_new(writer->machines);
  return TRUE;
}

static gboolean dump_event(TbWriter *writer, const TbEvent *event, GError **error)
{
  TbEvent packet = *event;
  TbNetHeaders h;
  if (event->kind != TB_EVENT_KIND_PACKET)
    return TRUE;
  tb_net_parse(event->source->link_type, event->data, event->len, event->orig_len, &h);
  tb_attrib_apply(the_sieve->inner, the_context, &packet, event->timeline_ns);
  if (h.family == 0)
    return TRUE;
  printf("%s\t", tb_machine_get_label(event->source->machine));
  print_address(h.source, h.family);
  printf("\t%u\t", h.source_port);
  print_address(h.target, h.family);
  printf("\t%u\t%u\t%u\t%u\t%u", h.target_port, h.protocol, h.tcp_flags, h.tcp_seq, h.payload_len);
  print_owner(packet.owners ? &packet.owners->src : NULL);
  print_owner(packet.owners ? &packet.owners->dst : NULL);
  putchar('\n');
  return TRUE;
}

static gboolean dump_finish(TbWriter *writer, GError **error)
{
  return TRUE;
}

static void dump_close(TbWriter *writer)
{
  g_clear_pointer(&the_context, tb_context_stage_free);
}

static const TbWriterFormat dump_format = {
  .name = "owners",
  .description = "owners of packets",
  .extension = "tsv",
  .capabilities = TB_WRITER_PACKETS,
  .open = dump_open,
  .event = dump_event,
  .finish = dump_finish,
  .close = dump_close,
};

/* "NAME=FILE@+SECONDS" */
static TbInputSpec dump_input(char *text)
{
  TbInputSpec spec = { .path = text };
  char *equals = strchr(text, '='), *at = strstr(text, "@+");
  if (at) {
    char *point = strchr(at, '.');
    *at = 0;
    spec.shifted = TRUE;
    spec.shift_ns = g_ascii_strtoll(at + 2, NULL, 10) * G_GINT64_CONSTANT(1000000000) +
                    (point ? g_ascii_strtoll(point + 1, NULL, 10) : 0);
  }
  if (equals) {
    *equals = 0;
    spec.machine = text;
    spec.path = equals + 1;
  }
  return spec;
}

int main(int argc, char **argv)
{
  Sieve *sieve = g_new0(Sieve, 1);
  g_autoptr(GArray) inputs = g_array_new(FALSE, FALSE, sizeof(TbInputSpec));
  g_autoptr(GError) error = NULL;
  guint32 seed = 1;
  sieve->observer.ops = &sieve_ops;
  sieve->inner = tb_attrib_new(TB_CONFIDENCE_CONTEXT);
  for (int i = 1; i < argc; i++) {
    if (g_str_has_prefix(argv[i], "--drop=")) {
      sieve->drop = g_strsplit(argv[i] + 7, ",", -1);
    } else if (g_str_has_prefix(argv[i], "--lose=")) {
      sieve->lose = g_ascii_strtod(argv[i] + 7, NULL);
    } else if (g_str_has_prefix(argv[i], "--seed=")) {
      seed = (guint32)g_ascii_strtoull(argv[i] + 7, NULL, 10);
    } else {
      TbInputSpec spec = dump_input(argv[i]);
      g_array_append_val(inputs, spec);
    }
  }
  sieve->random = g_rand_new_with_seed(seed);
  the_sieve = sieve;
  TbPipelineOptions options = { .registry = &tb_formats };
  g_autoptr(TbPipeline) pipeline = tb_pipeline_new(&options);
  tb_pipeline_add_observer(pipeline, tb_proctrack_new());
  tb_pipeline_add_observer(pipeline, &sieve->observer);
  TbWriterCounts counts;
  g_autoptr(TbOutput) output = tb_output_open("-", FALSE, &error);
  gboolean ok = output &&
                tb_pipeline_prepare(pipeline, (const TbInputSpec *)(gpointer)inputs->data,
                                    inputs->len, &error) &&
                tb_pipeline_emit(pipeline, &dump_format, output, &counts, &error);
  g_strfreev(sieve->drop);
  if (!ok)
    fprintf(stderr, "%s\n", error->message);
  return ok ? 0 : 1;
}
