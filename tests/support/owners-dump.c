/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Prints the owners of every packet of some inputs, one line a packet, for tests to judge; on
 * the way it can hide events, by name from the stage of owners, or at random from all who watch: each
 * by itself and unnoticed, or all of one CPU for NS nanoseconds, and then a mark tells of it.
 * usage: owners-dump [--drop=PREFIX,...] [--lose=SHARE [--mark=NS]] [--seed=N]
 *                    [NAME=]FILE[@+SECONDS]...
 * Line: host src sport dst dport protocol flags seq payload, then for src and dst
 * pid tid confidence via comm, separated by tabs.
 */
#include "formats.h"
#include "pass/run.h"
#include "stages/owners/owners.h"
#include "stages/process/process.h"
#include "stages/wire/headers.h"

#include <stdio.h>
#include <string.h>

enum { SIEVE_CPUS = 64 };

typedef struct {
  char **drop;
  double lose;
  gint64 mark_ns; /* 0 = events are lost one by one, and nothing tells */
  guint32 seed;
} SieveRules;

/* Shows events and facts on to an observer, but for some. */
typedef struct {
  TbObserver observer;
  TbObserverOps ops;
  TbObserver *inner;
  const SieveRules *rules;
  gboolean lost[SIEVE_CPUS];   /* by CPU: a mark is due */
  TbOwnTime heard[SIEVE_CPUS]; /* what was shown last */
} Sieve;

static TbObserver *the_owners;
static TbActors *the_actors;

static gboolean sieve_drops(const Sieve *sieve, const TbEventType *type)
{
  char **drop = sieve->inner == the_owners ? sieve->rules->drop : NULL;
  g_autofree char *name = drop ? g_strdup_printf("%s:%s", type->system, type->name) : NULL;
  for (guint i = 0; drop && drop[i]; i++)
    if (g_str_has_prefix(name, drop[i]))
      return TRUE;
  return FALSE;
}

static gboolean sieve_wants_type(TbObserver *observer, const TbEventType *type)
{
  Sieve *sieve = (Sieve *)observer;
  return sieve->inner->ops->wants_type(sieve->inner, type);
}

/* The same answer for every observer. */
static gboolean sieve_loses(const SieveRules *rules, const TbItem *event)
{
  guint64 when = (guint64)event->time.ns;
  guint64 what = rules->mark_ns ? when / (guint64)rules->mark_ns
                                : when ^ (guint64)event->record->type->id << 40;
  guint64 h = (what ^ (guint64)event->record->cpu << 56 ^ (guint64)rules->seed << 32) + rules->seed;
  for (guint i = 0; i < 3; i++)
    h = (h ^ h >> 31) * 0x9e3779b97f4a7c15u;
  return (double)(h >> 11) < rules->lose * (double)(G_GUINT64_CONSTANT(1) << 53);
}

static void sieve_event(TbObserver *observer, const TbItem *event)
{
  Sieve *sieve = (Sieve *)observer;
  gboolean *lost = &sieve->lost[event->record->cpu % SIEVE_CPUS];
  if (event->record->kind == TB_RECORD_EVENT && sieve->rules->lose > 0) {
    gboolean loses = sieve_loses(sieve->rules, event);
    if (*lost && !loses) {
      TbRecord lost_here = *event->record;
      TbItem mark = *event;
      lost_here.kind = TB_RECORD_LOST;
      lost_here.value = 0;
      mark.record = &lost_here;
      sieve->inner->ops->event(sieve->inner, &mark);
    }
    *lost = loses && sieve->rules->mark_ns;
    if (loses)
      return;
  }
  sieve->inner->ops->event(sieve->inner, event);
}

static void sieve_fact(TbObserver *observer, const TbItem *event, const TbFact *fact)
{
  Sieve *sieve = (Sieve *)observer;
  guint cpu = event->record->cpu % SIEVE_CPUS;
  gboolean loses = sieve->rules->lose > 0 && sieve_loses(sieve->rules, event);
  if (sieve_drops(sieve, event->record->type))
    return;
  sieve->inner->sink = observer->sink;
  if (sieve->lost[cpu] && !loses) {
    TbFact gap = { .kind = TB_FACT_GAP, .gap = { TRUE, sieve->heard[cpu] } };
    sieve->inner->ops->fact(sieve->inner, event, &gap);
  }
  sieve->lost[cpu] = loses && sieve->rules->mark_ns;
  if (loses)
    return;
  sieve->heard[cpu] = event->record->time;
  sieve->inner->ops->fact(sieve->inner, event, fact);
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
  g_free(sieve);
}

static TbObserver *sieve_new(TbObserver *inner, const SieveRules *rules)
{
  Sieve *sieve = g_new0(Sieve, 1);
  sieve->ops = *inner->ops;
  sieve->ops.wants_type = inner->ops->wants_type ? sieve_wants_type : NULL;
  sieve->ops.event = inner->ops->event ? sieve_event : NULL;
  sieve->ops.fact = inner->ops->fact ? sieve_fact : NULL;
  sieve->ops.finish = sieve_finish;
  sieve->ops.free = sieve_free;
  sieve->observer.ops = &sieve->ops;
  sieve->inner = inner;
  sieve->rules = rules;
  return &sieve->observer;
}

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
  the_actors = tb_actors_new();
  return TRUE;
}

static gboolean dump_event(TbWriter *writer, const TbItem *event, GError **error)
{
  TbItem packet = *event;
  TbNetHeaders h;
  if (event->record->kind != TB_RECORD_PACKET)
    return TRUE;
  const TbRecord *record = event->record;
  tb_net_parse(record->source->link.type, record->data, record->len, record->orig_len, &h);
  tb_owners_apply(the_owners, the_actors, &packet, event->machine_time.ns);
  if (h.family == 0)
    return TRUE;
  printf("%s\t", tb_machine_get_label(record->source->machine));
  print_address(h.source, h.family);
  printf("\t%u\t", h.source_port);
  print_address(h.destination, h.family);
  printf("\t%u\t%u\t%u\t%u\t%u", h.destination_port, h.protocol, h.tcp.flags, h.tcp.seq, h.payload.len);
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
  g_clear_pointer(&the_actors, tb_actors_free);
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
  g_autoptr(GArray) inputs = g_array_new(FALSE, FALSE, sizeof(TbInputSpec));
  g_autoptr(GError) error = NULL;
  SieveRules rules = { .seed = 1 };
  for (int i = 1; i < argc; i++) {
    if (g_str_has_prefix(argv[i], "--drop=")) {
      rules.drop = g_strsplit(argv[i] + 7, ",", -1);
    } else if (g_str_has_prefix(argv[i], "--lose=")) {
      rules.lose = g_ascii_strtod(argv[i] + 7, NULL);
    } else if (g_str_has_prefix(argv[i], "--mark=")) {
      rules.mark_ns = g_ascii_strtoll(argv[i] + 7, NULL, 10);
    } else if (g_str_has_prefix(argv[i], "--seed=")) {
      rules.seed = (guint32)g_ascii_strtoull(argv[i] + 7, NULL, 10);
    } else {
      TbInputSpec spec = dump_input(argv[i]);
      g_array_append_val(inputs, spec);
    }
  }
  the_owners = tb_owners_new(TB_CONFIDENCE_CONTEXT);
  TbRunOptions options = { .registry = &tb_formats };
  g_autoptr(TbRun) run = tb_run_new(&options);
  tb_run_add_observer(run, sieve_new(tb_process_observer_new(), &rules));
  tb_run_add_observer(run, sieve_new(the_owners, &rules));
  TbWriterCounts counts;
  g_autoptr(TbOutput) output = tb_output_open("-", FALSE, &error);
  gboolean ok = output &&
                tb_run_prepare(run, (const TbInputSpec *)(gpointer)inputs->data,
                                    inputs->len, &error) &&
                tb_run_emit(run, &dump_format, output, &counts, &error);
  g_strfreev(rules.drop);
  if (!ok)
    fprintf(stderr, "%s\n", error->message);
  return ok ? 0 : 1;
}
