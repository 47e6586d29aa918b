/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Inputs on the command line; see inputs.h. */
#include "inputs.h"

#include "tool-util.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static void spec_clear(gpointer data)
{
  TbInputSpec *spec = data;
  g_free((char *)(gpointer)spec->path);
  g_free((char *)(gpointer)spec->machine);
}

GArray *tool_inputs_new(void)
{
  GArray *inputs = g_array_new(FALSE, TRUE, sizeof(TbInputSpec));
  g_array_set_clear_func(inputs, spec_clear);
  return inputs;
}

/* "@+3.25s" at the end, unless a file has just that name. */
static gboolean split_shift(char *path, gint64 *ns)
{
  char *at = strrchr(path, '@');
  if (!at || (at[1] != '+' && at[1] != '-') || g_file_test(path, G_FILE_TEST_EXISTS) ||
      !tool_parse_seconds(at + 1, ns))
    return FALSE;
  *at = 0;
  return TRUE;
}

static gboolean inputs_name_stdin(const GArray *inputs)
{
  for (guint i = 0; i < inputs->len; i++)
    if (g_str_equal(g_array_index(inputs, TbInputSpec, i).path, "-"))
      return TRUE;
  return FALSE;
}

gboolean tool_inputs_add(GArray *inputs, const char *text, ToolInputForm form, char **why)
{
  TbInputSpec spec = { 0 };
  if (form == TOOL_INPUT_ANY)
    form = g_file_test(text, G_FILE_TEST_EXISTS) ? TOOL_INPUT_LITERAL : TOOL_INPUT_NAMED;
  const char *equals = form == TOOL_INPUT_NAMED ? strchr(text, '=') : NULL;
  const char *slash = strchr(text, '/');
  if (equals && slash && slash < equals)
    equals = NULL; /* ./a=b is a file */
  if (equals == text) {
    *why = g_strdup_printf("\"%s\" has no machine name before \"=\" (a file of that name is "
                           "written ./%s)", text, text);
    return FALSE;
  }
  g_autofree char *path = g_strdup(equals ? equals + 1 : text);
  if (form != TOOL_INPUT_LITERAL)
    spec.shifted = split_shift(path, &spec.shift_ns);
  if (!*path) {
    *why = g_strdup_printf("\"%s\" names no file", text);
    return FALSE;
  }
  if (equals && !g_file_test(path, G_FILE_TEST_EXISTS) && g_file_test(text, G_FILE_TEST_EXISTS)) {
    *why = g_strdup_printf("there is no file \"%s\"; the file \"%s\" is written ./%s", path, text,
                           text);
    return FALSE;
  }
  if (g_str_equal(path, "-") && inputs_name_stdin(inputs)) {
    *why = g_strdup("standard input can be read once only");
    return FALSE;
  }
  spec.path = g_steal_pointer(&path);
  spec.machine = equals ? g_strndup(text, (gsize)(equals - text)) : NULL;
  g_array_append_val(inputs, spec);
  return TRUE;
}

gboolean tool_inputs_take(GArray *inputs, int argc, char **argv, GStrv literal, char **why)
{
  for (int i = 1; i < argc; i++)
    if (!tool_inputs_add(inputs, argv[i], TOOL_INPUT_ANY, why))
      return FALSE;
  for (guint i = 0; literal && literal[i]; i++)
    if (!tool_inputs_add(inputs, literal[i], TOOL_INPUT_LITERAL, why))
      return FALSE;
  return TRUE;
}

gboolean tool_inputs_add_list(GArray *inputs, const char *path, ToolInputForm form, char **why)
{
  g_autoptr(GError) error = NULL;
  g_autofree char *text = NULL;
  gsize len = 0;
  gboolean from_stdin = g_str_equal(path, "-");
  const char *name = from_stdin ? "/dev/stdin" : path;
  if (!g_file_get_contents(name, &text, &len, &error)) {
    *why = g_strdup(error->message);
    return FALSE;
  }
  char separator = memchr(text, 0, len) ? 0 : '\n';
  for (char *p = text, *end = text + len; p < end;) {
    char *stop = memchr(p, separator, (gsize)(end - p));
    if (!stop)
      stop = end;
    *stop = 0; /* there is always a NUL behind the content */
    if (*p && !tool_inputs_add(inputs, p, form, why))
      return FALSE;
    p = stop + 1;
  }
  if (from_stdin && inputs_name_stdin(inputs)) {
    *why = g_strdup("standard input is the list of inputs and cannot be one of them");
    return FALSE;
  }
  return TRUE;
}

/* Whether @path lies in @folder, wherever links lead. */
static gboolean inputs_is_inside(const char *folder, const char *path)
{
  char outer[PATH_MAX], inner[PATH_MAX];
  if (!realpath(folder, outer) || !realpath(path, inner))
    return FALSE;
  gsize len = strlen(outer);
  return strncmp(inner, outer, len) == 0 && inner[len] == '/';
}

const char *tool_inputs_find(const GArray *inputs, const char *path)
{
  struct stat wanted, found;
  if (stat(path, &wanted) != 0 || !S_ISREG(wanted.st_mode))
    return NULL;
  for (guint i = 0; i < inputs->len; i++) {
    const char *input = g_array_index(inputs, TbInputSpec, i).path;
    if (stat(input, &found) != 0)
      continue;
    if ((found.st_dev == wanted.st_dev && found.st_ino == wanted.st_ino) ||
        (S_ISDIR(found.st_mode) && inputs_is_inside(input, path)))
      return input;
  }
  return NULL;
}
