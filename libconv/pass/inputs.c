/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Opening files and folders; see inputs.h. */
#include "pass/inputs.h"

#include "pass/open-files.h"

/* A file to open: an input, or one of the files of an input that is a folder. */
typedef struct {
  TbInputSpec spec;
  const TbFolder *folder; /* (nullable) */
  const TbFolderFile *file;
} InputFile;

/* What opening needs, and the first error that other inputs can do without. */
typedef struct {
  const TbRunOptions *options;
  const TbLimits *limits;
  TbDamageLog *damage;
  TbInputs *inputs;
  GArray *files; /* InputFile */
  GError *first;
} Opening;

void tb_inputs_free(TbInputs *inputs)
{
  if (!inputs)
    return;
  g_ptr_array_unref(inputs->readers);
  g_ptr_array_unref(inputs->folders);
  g_array_unref(inputs->specs);
  g_free(inputs);
}

static gboolean open_file(const Opening *opening, const InputFile *file, gboolean park,
                          GError **error)
{
  TbInputs *inputs = opening->inputs;
  g_autoptr(TbInput) input = tb_input_open(file->spec.path, opening->limits, error);
  if (!input)
    return FALSE;
  tb_input_set_parked(input, park);
  const TbReaderFormat *format = file->file && file->file->format
                                     ? file->file->format
                                     : tb_registry_probe(opening->options->registry, input, error);
  if (!format)
    return FALSE;
  inputs->total_bytes += tb_input_get_size(input);
  TbReader *reader =
      tb_reader_open_file(format, g_steal_pointer(&input), opening->limits, opening->damage,
                          opening->options->settings, file->folder, file->file, error);
  if (!reader)
    return FALSE;
  tb_reader_number_types(reader, &inputs->n_types);
  g_ptr_array_add(inputs->readers, reader);
  g_array_append_val(inputs->specs, file->spec);
  return TRUE;
}

/*
 * Whether the other inputs can do without one that failed for @why: its content is at fault (a
 * capture killed at once, zeros that a power cut left, a file of another kind), not its name.
 */
static gboolean can_be_spared(const GError *why)
{
  return why->domain == TB_ERROR && why->code != TB_ERROR_IO && why->code != TB_ERROR_CANCELLED;
}

/* What failed for @why is damage among others, and an error alone. FALSE: an error anyway */
static gboolean spare(Opening *opening, const InputFile *file, GError *why, GError **error)
{
  if (!can_be_spared(why)) {
    g_propagate_error(error, why);
    return FALSE;
  }
  if (!opening->first)
    opening->first = g_error_copy(why);
  tb_damage_log_take(opening->damage, why, file->spec.path, 0, TB_LOST_UNKNOWN);
  return TRUE;
}

/* The files of an input: itself, or those of the folder that it is. */
static gboolean list_input(const Opening *opening, const TbInputSpec *input, GError **error)
{
  InputFile file = { .spec = *input };
  if (!g_file_test(input->path, G_FILE_TEST_IS_DIR)) {
    g_array_append_val(opening->files, file);
    return TRUE;
  }
  TbFolder *folder =
      tb_registry_open_folder(opening->options->registry, input->path, opening->limits, error);
  if (!folder)
    return FALSE;
  g_ptr_array_add(opening->inputs->folders, folder);
  file.folder = folder;
  for (guint i = 0; i < folder->files->len; i++) {
    file.file = g_ptr_array_index(folder->files, i);
    file.spec.path = file.file->path;
    g_array_append_val(opening->files, file);
  }
  return TRUE;
}

static gboolean list_inputs(Opening *opening, const TbInputSpec *specs, guint n, GError **error)
{
  for (guint i = 0; i < n; i++) {
    GError *why = NULL;
    InputFile file = { .spec = specs[i] };
    if (!list_input(opening, &specs[i], &why) && !spare(opening, &file, why, error))
      return FALSE;
  }
  return TRUE;
}

static gboolean open_files(Opening *opening, GError **error)
{
  gboolean few = tb_open_files_are_few(opening->files->len);
  for (guint i = 0; i < opening->files->len; i++) {
    GError *why = NULL;
    const InputFile *file = &g_array_index(opening->files, InputFile, i);
    if (!open_file(opening, file, few, &why) && !spare(opening, file, why, error))
      return FALSE;
  }
  if (opening->inputs->readers->len > 0)
    return TRUE;
  g_propagate_error(error, g_steal_pointer(&opening->first));
  return FALSE;
}

TbInputs *tb_inputs_open(const TbRunOptions *options, const TbLimits *limits, TbDamageLog *damage,
                         const TbInputSpec *specs, guint n, GError **error)
{
  g_autoptr(TbInputs) inputs = g_new0(TbInputs, 1);
  g_autoptr(GArray) files = g_array_new(FALSE, FALSE, sizeof(InputFile));
  inputs->folders = g_ptr_array_new_with_free_func((GDestroyNotify)tb_folder_free);
  inputs->readers = g_ptr_array_new_with_free_func((GDestroyNotify)tb_reader_free);
  inputs->specs = g_array_new(FALSE, FALSE, sizeof(TbInputSpec));
  Opening opening = { options, limits, damage, inputs, files, NULL };
  gboolean ok = list_inputs(&opening, specs, n, error) && open_files(&opening, error);
  g_clear_error(&opening.first);
  return ok ? g_steal_pointer(&inputs) : NULL;
}

gboolean tb_inputs_hold(const TbReader *reader, TbSourceClass class, gboolean maybe)
{
  const GPtrArray *sources = reader->sources;
  gboolean holds = sources->len == 0 && maybe; /* none met yet: they may be of any kind */
  for (guint i = 0; i < sources->len; i++)
    holds |= ((TbSource *)g_ptr_array_index(sources, i))->class == class;
  return holds;
}
