/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A folder that is one input: what a recorder wrote as many files, taken apart
 * by the format that knows its layout into files that readers can open one by
 * one. Knows no layout and reads no file.
 */
#pragma once

#include "model/machine.h"

#include <glib.h>

G_BEGIN_DECLS

typedef struct _TbFolder TbFolder;
typedef struct _TbFolderFile TbFolderFile;
typedef struct _TbReaderFormat TbReaderFormat;

/**
 * TbFolderFile: one file of a folder
 * @path: where it is
 * @format: (nullable): who reads it; NULL = told by its content
 * @name: (nullable): what its sources are called; NULL = as its reader calls them
 * @subject: (nullable): what it is about; files of one subject complete each other (the calls
 *   of a socket and the packets of that socket)
 * @program: (nullable): name of the program that it tells of
 */
struct _TbFolderFile {
  char *path;
  const TbReaderFormat *format;
  char *name;
  char *subject;
  char *program;
};

/**
 * TbFolder:
 * @path: as the user named it
 * @format: who knows the layout
 * @machine: (owned): that of all its files
 * @files: (element-type TbFolderFile): in an order that depends on their names only
 * @facts: (element-type utf8): what `info` should show, key and value by turns
 */
struct _TbFolder {
  char *path;
  const TbReaderFormat *format;
  TbMachine *machine;
  GPtrArray *files;
  GPtrArray *facts;
};

TbFolder *tb_folder_new(const char *path, const TbReaderFormat *format);
void tb_folder_free(TbFolder *folder);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TbFolder, tb_folder_free)

/* For formats: */

/** tb_folder_add_file: Returns: (transfer none): valid as long as @folder */
TbFolderFile *tb_folder_add_file(TbFolder *folder, const char *path);
/** tb_folder_add_fact: both strings are copied */
void tb_folder_add_fact(TbFolder *folder, const char *key, const char *value);

G_END_DECLS
