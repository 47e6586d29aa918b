/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Records one command into a small trace-cmd file (version 6, uncompressed): a
 * tracing instance of its own, the chosen events, the pages of every CPU read raw,
 * everything removed at the end. It knows tracefs and the order of a version 6
 * file; it shares no code with the reader, so the two can check each other.
 *
 * The command and its children are recorded, nothing else. They run with PATH as
 * their whole environment; saved names of other tasks are left out.
 */
#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <tracefs.h>
#include <unistd.h>

enum { OPTION_DATE = 1, OPTION_CPUSTAT = 2, OPTION_TRACECLOCK = 4, OPTION_UNAME = 5 };

typedef struct tracefs_instance Instance;

typedef struct {
  char *output;
  char *clock;
  int buffer_kb;
  gboolean date;
  char **events;  /* SYSTEM:EVENT */
  char **filters; /* SYSTEM:EVENT=EXPRESSION */
  char **names;   /* command names that may be kept */
  char **command;
} Settings;

typedef struct {
  guint64 offset;
  GByteArray *pages;
  char *stats;
} Cpu;

static void die(const char *what)
{
  g_printerr("record-sample: %s%s%s\n", what, errno ? ": " : "", errno ? g_strerror(errno) : "");
  exit(2);
}

/* ---- the recording ---- */

static gboolean settings_parse(Settings *s, int *argc, char ***argv)
{
  const GOptionEntry entries[] = {
      {"output", 'o', 0, G_OPTION_ARG_FILENAME, &s->output, "file to write", "FILE"},
      {"clock", 'C', 0, G_OPTION_ARG_STRING, &s->clock, "trace clock (mono)", "NAME"},
      {"buffer", 'b', 0, G_OPTION_ARG_INT, &s->buffer_kb, "buffer per CPU (4096)", "KB"},
      {"date", 0, 0, G_OPTION_ARG_NONE, &s->date, "store the wall-clock time", NULL},
      {"event", 'e', 0, G_OPTION_ARG_STRING_ARRAY, &s->events, "event to record", "SYSTEM:EVENT"},
      {"filter", 'f', 0, G_OPTION_ARG_STRING_ARRAY, &s->filters, "filter of an event",
       "SYSTEM:EVENT=EXPRESSION"},
      {"name", 'n', 0, G_OPTION_ARG_STRING_ARRAY, &s->names, "saved command name to keep", "NAME"},
      G_OPTION_ENTRY_NULL,
  };
  GOptionContext *context = g_option_context_new("-- COMMAND [ARGUMENT...]");
  g_option_context_add_main_entries(context, entries, NULL);
  g_option_context_set_strict_posix(context, TRUE);
  GError *error = NULL;
  gboolean ok = g_option_context_parse(context, argc, argv, &error);
  g_option_context_free(context);
  if (!ok)
    g_printerr("record-sample: %s\n", error->message);
  g_clear_error(&error);
  int first = *argc > 1 && strcmp((*argv)[1], "--") == 0 ? 2 : 1;
  s->command = *argv + first;
  if (!ok || !s->output || !s->events || *argc <= first) {
    g_printerr("usage: record-sample -o FILE -e SYSTEM:EVENT... [OPTION...] -- COMMAND...\n");
    return FALSE;
  }
  return TRUE;
}

static void instance_set_filter(Instance *instance, const char *setting)
{
  g_auto(GStrv) halves = g_strsplit(setting, "=", 2);
  g_auto(GStrv) event = g_strsplit(halves[0], ":", 2);
  if (!event[0] || !event[1] || !halves[1])
    die("a filter reads SYSTEM:EVENT=EXPRESSION");
  if (tracefs_event_file_write(instance, event[0], event[1], "filter", halves[1]) < 0)
    die(setting);
}

static Instance *instance_prepare(const Settings *s)
{
  g_autofree char *name = g_strdup_printf("record-sample-%d", (int)getpid());
  Instance *instance = tracefs_instance_create(name);
  if (!instance) {
    g_printerr("record-sample: no tracing instance can be made here (tracefs, root?)\n");
    exit(77);
  }
  tracefs_trace_off(instance);
  gboolean ok =
      tracefs_instance_file_write(instance, "trace_clock", s->clock) >= 0 &&
      tracefs_instance_set_buffer_size(instance, (size_t)s->buffer_kb, -1) == 0 &&
      tracefs_option_enable(instance, TRACEFS_OPTION_EVENT_FORK) == 0 &&
      tracefs_option_disable(instance, TRACEFS_OPTION_OVERWRITE) == 0;
  for (char **e = s->events; ok && *e; e++) {
    g_auto(GStrv) event = g_strsplit(*e, ":", 2);
    ok = event[0] && event[1] && tracefs_event_enable(instance, event[0], event[1]) == 0;
    if (!ok)
      g_printerr("record-sample: cannot enable %s\n", *e);
  }
  if (!ok) {
    tracefs_instance_destroy(instance);
    die("the tracing instance refuses a setting");
  }
  for (char **f = s->filters; f && *f; f++)
    instance_set_filter(instance, *f);
  return instance;
}

/* Starts the command, held until a byte arrives in @gate. */
static pid_t command_start(const Settings *s, int *gate)
{
  int pipe_fd[2];
  if (pipe2(pipe_fd, O_CLOEXEC) != 0)
    die("pipe");
  const char *path = g_getenv("PATH");
  pid_t pid = fork();
  if (pid < 0)
    die("fork");
  if (pid == 0) {
    char go;
    g_autofree char *search = g_strconcat("PATH=", path ? path : "/usr/bin:/bin", NULL);
    char *environment[] = {search, NULL};
    close(pipe_fd[1]);
    if (read(pipe_fd[0], &go, 1) == 1)
      execvpe(s->command[0], s->command, environment);
    _exit(127);
  }
  close(pipe_fd[0]);
  *gate = pipe_fd[1];
  return pid;
}

static int instance_record(Instance *instance, const Settings *s)
{
  int gate = -1;
  int status = 0;
  pid_t pid = command_start(s, &gate);
  g_autofree char *number = g_strdup_printf("%d", (int)pid);
  gboolean ok = tracefs_instance_file_write(instance, "set_event_pid", number) >= 0 &&
                tracefs_trace_on(instance) == 0 && write(gate, "g", 1) == 1;
  close(gate);
  if (waitpid(pid, &status, 0) != pid)
    ok = FALSE;
  tracefs_trace_off(instance);
  if (!ok) {
    tracefs_instance_destroy(instance);
    die("the command could not be recorded");
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void cpu_read(Cpu *cpu, Instance *instance, guint number, guint page_size)
{
  g_autofree char *raw = g_strdup_printf("per_cpu/cpu%u/trace_pipe_raw", number);
  g_autofree char *stats = g_strdup_printf("per_cpu/cpu%u/stats", number);
  g_autofree guint8 *page = g_malloc0(page_size);
  cpu->pages = g_byte_array_new();
  char *text = tracefs_instance_file_read(instance, stats, NULL);
  cpu->stats = g_strdup_printf("CPU: %u\n%s", number, text ? text : "");
  free(text);
  int fd = tracefs_instance_file_open(instance, raw, O_RDONLY | O_NONBLOCK);
  if (fd < 0)
    die(raw);
  while (read(fd, page, page_size) > 0) {
    g_byte_array_append(cpu->pages, page, page_size);
    memset(page, 0, page_size);
  }
  close(fd);
}

/* ---- the file ---- */

static void put(GByteArray *out, const void *data, gsize len)
{
  if (len > 0)
    g_byte_array_append(out, data, (guint)len);
}

static void put_str(GByteArray *out, const char *str) { put(out, str, strlen(str) + 1); }
static void put_u16(GByteArray *out, guint16 v) { put(out, &v, sizeof v); }
static void put_u32(GByteArray *out, guint32 v) { put(out, &v, sizeof v); }
static void put_u64(GByteArray *out, guint64 v) { put(out, &v, sizeof v); }

static void put_sized_text(GByteArray *out, const char *text)
{
  put_u64(out, strlen(text));
  put(out, text, strlen(text));
}

static void put_option(GByteArray *out, guint16 id, const char *text)
{
  put_u16(out, id);
  put_u32(out, (guint32)strlen(text) + 1);
  put_str(out, text);
}

/* The text of a file of the tracing folder; the whole program ends without it. */
static char *tracing_read(const char *name)
{
  char *text = tracefs_instance_file_read(NULL, name, NULL);
  if (!text)
    die(name);
  char *copy = g_strdup(text);
  free(text);
  return copy;
}

static void put_event_format(GByteArray *out, const char *system, const char *event)
{
  char *text = tracefs_event_file_read(NULL, system, event, "format", NULL);
  if (!text)
    die(event);
  put_sized_text(out, text);
  free(text);
}

static void put_formats(GByteArray *out, const Settings *s)
{
  char **ftrace = tracefs_system_events(NULL, "ftrace");
  guint n = 0;
  g_autoptr(GByteArray) body = g_byte_array_new();
  for (char **e = ftrace; e && *e; e++) {
    char *text = tracefs_event_file_read(NULL, "ftrace", *e, "format", NULL);
    if (text) {
      put_sized_text(body, text);
      n++;
    }
    free(text);
  }
  tracefs_list_free(ftrace);
  put_u32(out, n);
  put(out, body->data, body->len);

  g_autoptr(GHashTable) systems =
      g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_ptr_array_unref);
  for (char **e = s->events; *e; e++) {
    g_auto(GStrv) event = g_strsplit(*e, ":", 2);
    GPtrArray *list = g_hash_table_lookup(systems, event[0]);
    if (!list) {
      list = g_ptr_array_new_with_free_func(g_free);
      g_hash_table_insert(systems, g_strdup(event[0]), list);
    }
    g_ptr_array_add(list, g_strdup(event[1]));
  }
  put_u32(out, g_hash_table_size(systems));
  g_autoptr(GList) names = g_list_sort(g_hash_table_get_keys(systems), (GCompareFunc)strcmp);
  for (GList *at = names; at; at = at->next) {
    GPtrArray *list = g_hash_table_lookup(systems, at->data);
    put_str(out, at->data);
    put_u32(out, list->len);
    for (guint i = 0; i < list->len; i++)
      put_event_format(out, at->data, g_ptr_array_index(list, i));
  }
}

/* Saved names, without those of tasks that have nothing to do with the command. */
static void put_saved_names(GByteArray *out, const Settings *s)
{
  g_autofree char *saved = tracing_read("saved_cmdlines");
  g_auto(GStrv) lines = g_strsplit(saved, "\n", -1);
  g_autoptr(GString) kept = g_string_new(NULL);
  for (char **line = lines; *line; line++) {
    const char *name = strchr(*line, ' ');
    if (name && s->names && g_strv_contains((const char *const *)s->names, name + 1))
      g_string_append_printf(kept, "%s\n", *line);
  }
  put_sized_text(out, kept->str);
}

/* Microseconds from the trace clock to the epoch, halfway between two readings. */
static guint64 date_us(const char *clock)
{
  clockid_t id = strcmp(clock, "boot") == 0 ? CLOCK_BOOTTIME : CLOCK_MONOTONIC;
  struct timespec before;
  struct timespec real;
  struct timespec after;
  clock_gettime(id, &before);
  clock_gettime(CLOCK_REALTIME, &real);
  clock_gettime(id, &after);
  gint64 from = ((before.tv_sec + after.tv_sec) * G_GINT64_CONSTANT(1000000000) + before.tv_nsec +
                 after.tv_nsec) /
                2;
  return (guint64)((real.tv_sec * G_GINT64_CONSTANT(1000000000) + real.tv_nsec - from) / 1000);
}

static void put_options(GByteArray *out, const Settings *s, const Cpu *cpus, guint n_cpus,
                        const char *clock_text)
{
  struct utsname uts;
  uname(&uts);
  g_autofree char *system =
      g_strjoin(" ", uts.sysname, uts.nodename, uts.release, uts.machine, NULL);
  g_autofree char *date = g_strdup_printf("0x%" PRIx64, date_us(s->clock));
  put(out, "options  ", 10);
  if (s->date)
    put_option(out, OPTION_DATE, date);
  for (guint i = 0; i < n_cpus; i++)
    put_option(out, OPTION_CPUSTAT, cpus[i].stats);
  put_option(out, OPTION_TRACECLOCK, clock_text);
  put_option(out, OPTION_UNAME, system);
  put_u16(out, 0);
}

static gboolean file_write(const Settings *s, Cpu *cpus, guint n_cpus, guint page_size,
                           const char *clock_text)
{
  g_autoptr(GByteArray) out = g_byte_array_new();
  const guint8 long_size = sizeof(long);
  const guint8 big_endian = G_BYTE_ORDER == G_BIG_ENDIAN;
  g_autofree char *header_page = tracing_read("events/header_page");
  g_autofree char *header_event = tracing_read("events/header_event");
  put(out, "\x17\x08\x44tracing6", 12);
  put(out, &big_endian, 1);
  put(out, &long_size, 1);
  put_u32(out, page_size);
  put_str(out, "header_page");
  put_sized_text(out, header_page);
  put_str(out, "header_event");
  put_sized_text(out, header_event);
  put_formats(out, s);
  put_u32(out, 0); /* no kernel symbols */
  put_u32(out, 0); /* no printk formats */
  put_saved_names(out, s);
  put_u32(out, n_cpus);
  put_options(out, s, cpus, n_cpus, clock_text);
  put(out, "flyrecord", 10);
  g_autofree char *bracketed = g_strdup_printf("[%s]", s->clock);
  guint64 at = out->len + n_cpus * 16 + 8 + strlen(bracketed);
  for (guint i = 0; i < n_cpus; i++) {
    at = (at + page_size - 1) / page_size * page_size;
    cpus[i].offset = at;
    put_u64(out, at);
    put_u64(out, cpus[i].pages->len);
    at += cpus[i].pages->len;
  }
  put_sized_text(out, bracketed);
  for (guint i = 0; i < n_cpus; i++) {
    guint gap = (guint)cpus[i].offset - out->len;
    g_autofree guint8 *zeros = g_malloc0(gap + 1);
    put(out, zeros, gap);
    put(out, cpus[i].pages->data, cpus[i].pages->len);
  }
  return g_file_set_contents(s->output, (const char *)out->data, out->len, NULL);
}

int main(int argc, char **argv)
{
  Settings s = {.buffer_kb = 4096};
  if (!settings_parse(&s, &argc, &argv))
    return 64;
  if (!s.clock)
    s.clock = g_strdup("mono");
  Instance *instance = instance_prepare(&s);
  int status = instance_record(instance, &s);
  guint n_cpus = (guint)sysconf(_SC_NPROCESSORS_CONF);
  guint page_size = (guint)sysconf(_SC_PAGESIZE);
  g_autofree Cpu *cpus = g_new0(Cpu, n_cpus);
  for (guint i = 0; i < n_cpus; i++)
    cpu_read(&cpus[i], instance, i, page_size);
  char *clock_text = tracefs_instance_file_read(instance, "trace_clock", NULL);
  if (tracefs_instance_destroy(instance) != 0)
    g_printerr("record-sample: the tracing instance could not be removed\n");
  tracefs_instance_free(instance);
  gboolean ok = file_write(&s, cpus, n_cpus, page_size, clock_text ? clock_text : "");
  if (!ok)
    g_printerr("record-sample: cannot write %s\n", s.output);
  for (guint i = 0; i < n_cpus; i++) {
    g_byte_array_unref(cpus[i].pages);
    g_free(cpus[i].stats);
  }
  free(clock_text);
  g_strfreev(s.events);
  g_strfreev(s.filters);
  g_strfreev(s.names);
  g_free(s.output);
  g_free(s.clock);
  if (ok && status != 0)
    g_printerr("record-sample: the command ended with %d\n", status);
  return ok && status == 0 ? 0 : 2;
}
