/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Folders as inputs; see folder.h. */
#include "format/folder.h"

static void folder_file_free(gpointer data)
{
  TbFolderFile *file = data;
  g_free(file->path);
  g_free(file->name);
  g_free(file->subject);
  g_free(file->program);
  g_free(file);
}

TbFolder *tb_folder_new(const char *path, const TbReaderFormat *format)
{
  TbFolder *folder = g_new0(TbFolder, 1);
  folder->path = g_strdup(path);
  folder->format = format;
  folder->machine = tb_machine_new();
  folder->files = g_ptr_array_new_with_free_func(folder_file_free);
  folder->facts = g_ptr_array_new_with_free_func(g_free);
  return folder;
}

void tb_folder_free(TbFolder *folder)
{
  if (!folder)
    return;
  g_ptr_array_unref(folder->facts);
  g_ptr_array_unref(folder->files);
  tb_machine_unref(folder->machine);
  g_free(folder->path);
  g_free(folder);
}

TbFolderFile *tb_folder_add_file(TbFolder *folder, const char *path)
{
  TbFolderFile *file = g_new0(TbFolderFile, 1);
  file->path = g_strdup(path);
  g_ptr_array_add(folder->files, file);
  return file;
}

void tb_folder_add_fact(TbFolder *folder, const char *key, const char *value)
{
  g_ptr_array_add(folder->facts, g_strdup(key));
  g_ptr_array_add(folder->facts, g_strdup(value));
}
