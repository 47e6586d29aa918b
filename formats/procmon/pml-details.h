/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the sources for Paths and Details share: views of the class specific
 * part of a record (section 6 of docs/format-procmon.md) and one function a
 * class. A Detail says what the record has; what is cut off is left out.
 */
#pragma once

#include "procmon/pml-text.h"
#include "procmon/pml.h"

G_BEGIN_DECLS

/**
 * PmlFileView: section 6.8
 * @params: the operation's parameter union
 * @path: from the path on
 * @rest: what follows the path
 */
typedef struct {
  guint8 sub;
  guint32 irp_flags;
  PmlSpan params;
  guint16 path_word;
  PmlSpan path;
  PmlSpan rest;
} PmlFileView;

gboolean pml_file_view(const PmlRecord *record, gboolean is64, PmlFileView *out);

/** PmlRegistryView: section 6.9; @fixed stands before the path, @rest behind it */
typedef struct {
  guint16 path_word;
  PmlSpan fixed;
  PmlSpan path;
  PmlSpan rest;
} PmlRegistryView;

gboolean pml_registry_view(const PmlRecord *record, PmlRegistryView *out);

/** PmlNetworkView: section 6.7 */
typedef struct {
  gboolean local_v4;
  gboolean remote_v4;
  gboolean tcp;
  guint32 length;
  const guint8 *local;
  const guint8 *remote;
  guint16 local_port;
  guint16 remote_port;
  PmlSpan pairs;
} PmlNetworkView;

gboolean pml_network_view(const PmlRecord *record, PmlNetworkView *out);

/** PmlDetail: one Detail text being made */
typedef struct {
  PmlShared *shared;
  const PmlKind *kind;
  const PmlRecord *record;
  PmlList list;
} PmlDetail;

void pml_detail_process(PmlDetail *detail);
void pml_detail_profiling(PmlDetail *detail);
void pml_detail_registry(PmlDetail *detail);
void pml_detail_file(PmlDetail *detail);
/** pml_detail_file_information: queries and settings of files and volumes */
void pml_detail_file_information(PmlDetail *detail, const PmlFileView *view);
void pml_detail_network(PmlDetail *detail);

/** pml_detail_append_attributes: "HSA" or "n/a" */
void pml_detail_append_attributes(TbBuf *out, guint32 attributes);
void pml_detail_append_file_access(TbBuf *out, guint32 access);
void pml_detail_append_create_options(TbBuf *out, guint32 options);

/** PmlGeneric: what the four generic rights of an access mask stand for */
typedef struct {
  guint32 read, write, execute, all;
} PmlGeneric;

void pml_detail_append_access(TbBuf *out, guint32 access, const PmlGeneric *generic,
                              const PmlBits *table, gsize n);

G_END_DECLS
