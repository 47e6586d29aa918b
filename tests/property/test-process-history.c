/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Random histories of processes and threads, played by a small model that
 * knows the truth, through the tracker: complete, split over two recordings,
 * with events missing silently, and with events lost where the recorder says
 * so. Complete histories give the truth. With gaps nothing told is wrong; and
 * what no missing event touches is as complete as ever.
 */
#include "support/life-events.h"

#include <string.h>

enum { PIDS = 24, STEPS = 160, SEEDS = 400, NAMES_MAX = 48 };

typedef struct {
  gint64 time_ns;
  gint name;
} Named;

typedef struct _TruthGroup TruthGroup;

/* A thread's life. */
typedef struct {
  gint32 tid;
  TruthGroup *group;
  gint64 start_ns;
  gint64 end_ns;
  GArray *names; /* Named */
  GArray *absent; /* pairs of times: a main thread's end, and an exec that brings it back */
  gboolean touched;
} TruthLife;

struct _TruthGroup {
  gint32 pid;
  TruthGroup *parent;
  gint64 start_ns;
  gint64 end_ns;
  gint code;
  gint signal;
  guint threads;
  TruthLife *main;
  TruthGroup *maker;
  gboolean is_sibling;
};

typedef enum { MODE_COMPLETE, MODE_SPLIT, MODE_SILENT, MODE_LOST, N_MODES } Mode;

typedef struct {
  Life *life;
  GRand *rand;
  Mode mode;
  gboolean group_dead; /* whether the kernel tells it */
  TruthLife *alive[PIDS];
  GPtrArray *lives;
  GPtrArray *groups;
  GArray *gaps; /* pairs of times */
  gint64 shown_ns;
  gboolean owed;       /* events were lost since the last one shown */
  gint32 involved[4];  /* numbers the next event is about */
  guint n_shown;
  TbSource *second;
} World;

static const char *name_text(gint name, char buf[16])
{
  g_snprintf(buf, 16, "n%d", name);
  return buf;
}

static gint name_now(const TruthLife *life)
{
  return g_array_index(life->names, Named, life->names->len - 1).name;
}

static void set_name(World *world, TruthLife *life, gint name)
{
  Named named = { world->life->now_ns, name };
  g_array_append_val(life->names, named);
}

static TruthLife *add_life(World *world, TruthGroup *group, gint32 tid, gint name)
{
  TruthLife *life = g_new0(TruthLife, 1);
  life->tid = tid;
  life->group = group;
  life->start_ns = world->life->now_ns;
  life->end_ns = TB_TIME_NEVER;
  life->names = g_array_new(FALSE, FALSE, sizeof(Named));
  life->absent = g_array_new(FALSE, FALSE, sizeof(gint64));
  set_name(world, life, name);
  g_ptr_array_add(world->lives, life);
  world->alive[tid % PIDS] = life;
  group->threads++;
  return life;
}

static TruthGroup *add_group(World *world, TruthGroup *parent, gint32 pid, gint name)
{
  TruthGroup *group = g_new0(TruthGroup, 1);
  group->pid = pid;
  group->parent = parent;
  group->start_ns = world->life->now_ns;
  group->end_ns = TB_TIME_NEVER;
  group->code = -1;
  g_ptr_array_add(world->groups, group);
  group->main = add_life(world, group, pid, name);
  return group;
}

static void free_life(gpointer data)
{
  g_array_unref(((TruthLife *)data)->names);
  g_array_unref(((TruthLife *)data)->absent);
  g_free(data);
}

/* Whoever had, has or gets one of the involved numbers around now can be told wrongly. */
static void touch(World *world)
{
  for (guint i = 0; i < world->lives->len; i++) {
    TruthLife *life = g_ptr_array_index(world->lives, i);
    for (guint n = 0; n < G_N_ELEMENTS(world->involved); n++)
      if (world->involved[n] && (life->tid == world->involved[n] ||
                                 life->group->pid == world->involved[n]))
        life->touched = life->group->main->touched = TRUE;
  }
}

/* The recorder's mark where events are missing. */
static void show_lost(World *world)
{
  Life *life = world->life;
  TbRecord lost = { .kind = TB_RECORD_LOST, .time.ns = life->now_ns, .source = life->source,
                    .tid = -1 };
  TbItem item = item_of(&lost);
  if (!world->owed || world->mode != MODE_LOST)
    return;
  life_show_item(life, &item);
  g_array_append_val(world->gaps, world->shown_ns);
  g_array_append_val(world->gaps, life->now_ns);
}

static gboolean keep_event(Life *life, gpointer data)
{
  World *world = data;
  if (world->mode == MODE_SPLIT && ++world->n_shown > STEPS)
    life->event.record.source = world->second;
  if (world->mode >= MODE_SILENT && g_rand_int_range(world->rand, 0, 25) == 0) {
    touch(world);
    world->owed = TRUE;
    return FALSE;
  }
  show_lost(world);
  world->owed = FALSE;
  world->shown_ns = life->now_ns;
  return TRUE;
}

static void involve(World *world, gint32 a, gint32 b, gint32 c, gint32 d)
{
  gint32 numbers[] = { a, b, c, d };
  memcpy(world->involved, numbers, sizeof numbers);
}

/* A number nobody has: not even a main thread that left a process behind. */
static gint32 free_number(World *world)
{
  for (guint tries = 0; tries < 64; tries++) {
    gint32 tid = g_rand_int_range(world->rand, 1, PIDS);
    gboolean taken = world->alive[tid] != NULL;
    for (guint i = 0; i < PIDS && !taken; i++)
      taken = world->alive[i] && world->alive[i]->group->pid == tid;
    if (!taken)
      return tid;
  }
  return 0;
}

/* Somebody; number 1 is always there. */
static TruthLife *any_life(World *world)
{
  guint at = (guint)g_rand_int_range(world->rand, 1, PIDS);
  while (!world->alive[at])
    at = (at + 1) % PIDS;
  return world->alive[at];
}

static void play_birth(World *world, TruthLife *maker)
{
  char name[16];
  gint32 tid = free_number(world);
  gint kind = g_rand_int_range(world->rand, 0, 4);
  guint32 flags = kind == 0 ? LIFE_THREAD_FLAGS : kind == 1 ? LIFE_PARENT_FLAGS
                : kind == 2 ? LIFE_VFORK_FLAGS : LIFE_FORK_FLAGS;
  if (!tid)
    return;
  TruthGroup *parent = kind == 1 ? maker->group->parent : maker->group;
  involve(world, maker->tid, maker->group->pid, tid, 0);
  if (kind == 0) {
    add_life(world, maker->group, tid, name_now(maker));
  } else {
    TruthGroup *group = add_group(world, parent, tid, name_now(maker));
    group->maker = maker->group;
    group->is_sibling = kind == 1;
  }
  life_birth(world->life, maker->tid, name_text(name_now(maker), name), tid, flags);
}

static void play_rename(World *world, TruthLife *life)
{
  char before[16], after[16];
  gint name = g_rand_int_range(world->rand, 0, NAMES_MAX);
  involve(world, life->tid, life->group->pid, 0, 0);
  name_text(name_now(life), before);
  set_name(world, life, name);
  life_rename(world->life, life->tid, life->tid, before, name_text(name, after));
}

static void end_life(World *world, TruthLife *life)
{
  life->end_ns = world->life->now_ns;
  world->alive[life->tid] = NULL;
  life->group->threads--;
}

/* The exit of one thread; tells the parent when it was the last one. */
static void play_exit(World *world, TruthLife *life)
{
  char name[16];
  TruthGroup *group = life->group;
  gboolean last = group->threads == 1;
  gint32 parent = group->parent ? group->parent->pid : 99; /* or somebody outside */
  involve(world, life->tid, group->pid, 0, 0);
  end_life(world, life);
  if (last)
    group->end_ns = world->life->now_ns;
  life_exit(world->life, life->tid, name_text(name_now(life), name),
            world->group_dead ? last : -1);
  if (last)
    life_generate(world->life, life->tid, parent, 17, group->signal ? 2 : 1, 0);
}

static void play_end_of_group(World *world, TruthGroup *group)
{
  while (group->threads) {
    TruthLife *life = any_life(world);
    for (guint i = 0; !life || life->group != group; i++)
      life = world->alive[i % PIDS];
    play_exit(world, life);
  }
}

static void play_exit_group(World *world, TruthLife *life)
{
  TruthGroup *group = life->group;
  group->code = g_rand_int_range(world->rand, 0, 256);
  involve(world, life->tid, group->pid, 0, 0);
  life_exit_group(world->life, life->tid, group->code);
  play_end_of_group(world, group);
}

static void play_kill(World *world, TruthLife *killer, TruthLife *life)
{
  static const gint signals[] = { 9, 15, 6 };
  TruthGroup *group = life->group;
  if (killer->group == group)
    return;
  group->signal = signals[g_rand_int_range(world->rand, 0, 3)];
  involve(world, life->tid, group->pid, 0, 0);
  life_generate(world->life, killer->tid, life->tid, group->signal, 0, 0);
  play_end_of_group(world, group);
}

static void play_exec(World *world, TruthLife *life)
{
  char before[16], path[16];
  TruthGroup *group = life->group;
  gint name = g_rand_int_range(world->rand, 0, NAMES_MAX);
  gint32 old_tid = life->tid;
  involve(world, life->tid, group->pid, 0, 0);
  for (guint i = 0; i < PIDS; i++)
    if (world->alive[i] && world->alive[i]->group == group && world->alive[i] != life)
      play_exit(world, world->alive[i]);
  involve(world, life->tid, group->pid, 0, 0);
  name_text(name_now(life), before);
  if (life != group->main) {
    group->threads++; /* the main thread is there again */
    end_life(world, life);
    life->end_ns += world->life->step_ns; /* told by the exec, behind the rename */
    g_array_append_val(group->main->absent, group->main->end_ns);
    g_array_append_val(group->main->absent, world->life->now_ns);
    group->main->end_ns = TB_TIME_NEVER;
    world->alive[group->pid] = group->main;
    life = group->main;
  }
  set_name(world, life, name);
  path[0] = '/';
  g_snprintf(path + 1, sizeof path - 1, "n%d", name);
  life_rename(world->life, life->tid, life->tid, before, path + 1);
  life_exec_event(world->life, life->tid, old_tid, path);
}

static void play_switch(World *world, TruthLife *a, TruthLife *b)
{
  char from[16], to[16];
  involve(world, 0, 0, 0, 0);
  life_switch(world->life, a->tid, name_text(name_now(a), from), b->tid,
              name_text(name_now(b), to));
}

static void play_step(World *world)
{
  TruthLife *life = any_life(world), *other = any_life(world);
  gboolean root = life->group == g_ptr_array_index(world->groups, 0);
  gint what = g_rand_int_range(world->rand, 0, 20);
  if (what < 7)
    play_birth(world, life);
  else if (what < 10)
    play_rename(world, life);
  else if (what < 14)
    play_switch(world, life, other);
  else if (root)
    return; /* somebody has to stay */
  else if (what < 16)
    play_exec(world, life);
  else if (what < 17)
    play_exit_group(world, life);
  else if (what < 18)
    play_kill(world, g_ptr_array_index(world->lives, 0), life);
  else if (life->group->threads > 1)
    play_exit(world, life);
}

static const TbProcess *find_told(const World *world, const TruthGroup *group, guint32 *id)
{
  TbTimeline *timeline = life_timeline(world->life);
  for (guint32 i = 0; i < tb_timeline_get_n_processes(timeline); i++) {
    const TbProcess *process = tb_timeline_get_process(timeline, i);
    if (process->pid == group->pid && process->start.known == TB_KNOWN_SEEN &&
        process->start_ns == group->start_ns) {
      *id = i;
      return process;
    }
  }
  return NULL;
}

static gboolean is_touched(const World *world, const TruthGroup *group)
{
  for (guint i = 0; i < world->lives->len; i++) {
    const TruthLife *life = g_ptr_array_index(world->lives, i);
    if (life->group == group && life->touched)
      return TRUE;
  }
  return FALSE;
}

/* Who made it may be mistaken, and for a sibling also who made its maker. */
static gboolean is_maker_unsure(const World *world, const TruthGroup *group)
{
  while (group->maker) {
    if (is_touched(world, group->maker))
      return TRUE;
    if (!group->is_sibling)
      break;
    group = group->maker;
  }
  return FALSE;
}

/* Everything about one instance, as if nothing were missing. */
static void check_complete(const World *world, const TruthGroup *group)
{
  TbTimeline *timeline = life_timeline(world->life);
  guint32 id;
  const TbProcess *told = find_told(world, group, &id);
  g_assert_nonnull(told);
  g_assert_cmpint(told->end_ns, ==, group->end_ns);
  gboolean ended = group->end_ns != TB_TIME_NEVER;
  g_assert_cmpint(told->end.known == TB_KNOWN_SEEN, ==, ended);
  g_assert_cmpint(told->end.has_code, ==, group->code >= 0);
  if (told->end.has_code)
    g_assert_cmpint(told->exit_code, ==, group->code);
  g_assert_cmpint(told->end.has_signal, ==, group->signal && ended);
  if (told->end.has_signal)
    g_assert_cmpint(told->exit_signal, ==, group->signal);
  g_assert_true(told->start.id_known);
  if (group->parent && !is_touched(world, group->parent) && !is_maker_unsure(world, group)) {
    g_assert_cmpuint(told->parent, !=, TB_PROC_NONE);
    g_assert_cmpint(tb_timeline_get_process(timeline, told->parent)->pid, ==, group->parent->pid);
  }
}

static gboolean is_within(const GArray *pairs, gint64 time_ns)
{
  for (guint i = 0; i + 1 < pairs->len; i += 2)
    if (time_ns > g_array_index(pairs, gint64, i) &&
        time_ns <= g_array_index(pairs, gint64, i + 1))
      return TRUE;
  return FALSE;
}

/* Names and process of one thread over its life, as rows would show them. */
static void check_context(World *world, TbActors *actors, const TruthLife *life)
{
  char name[16];
  for (guint i = 0; i < life->names->len; i++) {
    const Named *named = &g_array_index(life->names, Named, i);
    gint64 until_ns = i + 1 < life->names->len ? named[1].time_ns : life->end_ns;
    gint64 end_ns = until_ns == TB_TIME_NEVER ? world->life->now_ns : until_ns;
    gint64 at_ns[] = { named->time_ns, named->time_ns + (end_ns - named->time_ns) / 2,
                       end_ns - 1 };
    for (guint k = 0; k < G_N_ELEMENTS(at_ns); k++) {
      TbRecord record = { .kind = TB_RECORD_LOST, .time.ns = at_ns[k],
                          .source = world->life->source, .tid = life->tid };
      TbItem item = item_of(&record);
      if (at_ns[k] < named->time_ns || is_within(life->absent, at_ns[k]) ||
          (world->mode == MODE_LOST && is_within(world->gaps, at_ns[k])))
        continue;
      tb_actors_apply(actors, &item);
      gboolean whole = world->mode <= MODE_SPLIT || (world->mode == MODE_SILENT && !life->touched);
      if (whole || item.actor->comm)
        g_assert_cmpstr(item.actor->comm, ==, name_text(named->name, name));
      if (whole || (!life->touched && item.actor->pid_known))
        g_assert_cmpint(item.actor->pid, ==, life->group->pid);
    }
  }
}

/*
 * Whether a later life of the same number has no start of its own. Where an end
 * and the next birth of its number are both lost, two lives look like one.
 */
static gboolean is_run_together(const World *world, const TruthGroup *group)
{
  TbTimeline *timeline = life_timeline(world->life);
  for (guint i = 0; i < world->lives->len; i++) {
    const TruthLife *life = g_ptr_array_index(world->lives, i);
    if (life->tid != group->pid || life->start_ns <= group->start_ns)
      continue;
    TbLife told = tb_timeline_find_life_at(timeline, life->tid, life->start_ns + 2);
    if (told == TB_PROC_NONE || tb_timeline_life_start(timeline, told) < life->start_ns)
      return TRUE;
  }
  return FALSE;
}

/* Whatever is told of an instance is true. */
static void check_not_wrong(const World *world, const TruthGroup *group)
{
  guint32 id;
  const TbProcess *told = find_told(world, group, &id);
  if (!told || is_run_together(world, group))
    return;
  if (told->end.known == TB_KNOWN_SEEN)
    g_assert_cmpint(told->end_ns, ==, group->end_ns);
  if (told->end.has_code)
    g_assert_cmpint(told->exit_code, ==, group->code);
  if (told->end.has_signal)
    if (told->end.has_signal)
    g_assert_cmpint(told->exit_signal, ==, group->signal);
}

static void check_nothing_invented(const World *world)
{
  TbTimeline *timeline = life_timeline(world->life);
  for (guint32 i = 0; i < tb_timeline_get_n_processes(timeline); i++) {
    const TbProcess *told = tb_timeline_get_process(timeline, i);
    gboolean found = told->start.known != TB_KNOWN_SEEN;
    for (guint g = 0; g < world->lives->len && !found; g++) {
      const TruthLife *life = g_ptr_array_index(world->lives, g);
      /* The first of the two events of a thread's birth may be the missing one. */
      found = life->tid == told->pid &&
              (life->start_ns == told->start_ns || life->start_ns + 2 == told->start_ns);
    }
    g_assert_true(found);
  }
}

static void check_world(World *world)
{
  show_lost(world);
  life_finish(world->life);
  g_autoptr(TbActors) actors = tb_actors_new();
  for (guint i = 1; i < world->groups->len; i++) {
    const TruthGroup *group = g_ptr_array_index(world->groups, i);
    if (world->mode <= MODE_SPLIT || (world->mode == MODE_SILENT && !is_touched(world, group)))
      check_complete(world, group);
    else if (world->mode == MODE_LOST)
      check_not_wrong(world, group);
  }
  for (guint i = 1; i < world->lives->len && world->mode != MODE_SILENT; i++)
    check_context(world, actors, g_ptr_array_index(world->lives, i));
  check_nothing_invented(world);
  if (world->mode <= MODE_SPLIT)
    g_assert_cmpuint(tb_timeline_get_n_processes(life_timeline(world->life)), ==,
                     world->groups->len);
}

static void test_history(gconstpointer data)
{
  Mode mode = (Mode)GPOINTER_TO_INT(data);
  for (guint32 seed = 1; seed <= SEEDS; seed++) {
    World world = { .mode = mode, .group_dead = seed % 2, .rand = g_rand_new_with_seed(seed) };
    g_test_message("seed %u", seed);
    world.life = life_new();
    world.lives = g_ptr_array_new_with_free_func(free_life);
    world.groups = g_ptr_array_new_with_free_func(g_free);
    world.gaps = g_array_new(FALSE, FALSE, sizeof(gint64));
    world.second = tb_source_new(TB_SOURCE_EVENTS, "ftrace");
    tb_source_set_machine(world.second, world.life->machine);
    add_group(&world, NULL, 1, 0);
    play_switch(&world, world.alive[1], world.alive[1]); /* known from before */
    world.shown_ns = world.life->now_ns;
    world.life->keep = keep_event;
    world.life->keep_data = &world;
    for (guint step = 0; step < STEPS; step++)
      play_step(&world);
    check_world(&world);
    tb_source_unref(world.second);
    g_array_unref(world.gaps);
    g_ptr_array_unref(world.groups);
    g_ptr_array_unref(world.lives);
    life_free(world.life);
    g_rand_free(world.rand);
  }
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_data_func("/process/history/complete", GINT_TO_POINTER(MODE_COMPLETE), test_history);
  g_test_add_data_func("/process/history/split", GINT_TO_POINTER(MODE_SPLIT), test_history);
  g_test_add_data_func("/process/history/silent", GINT_TO_POINTER(MODE_SILENT), test_history);
  g_test_add_data_func("/process/history/lost", GINT_TO_POINTER(MODE_LOST), test_history);
  return g_test_run();
}
