/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the sources of the sample log share: the event that is being collected. */
#pragma once

#include "support/pml-sample.h"

enum { PROCESS = 1, REGISTRY = 2, FILES = 3, PROFILING = 4, NETWORK = 5 };
enum { SYSTEM = 101, EXPLORER = 102, NOTEPAD = 105, IDLE = 100 };

typedef struct {
  PmlBuilder *b;
  gboolean is64;
  GArray *rows;
  TbBuf params;
  TbBuf detail;
  TbBuf extra;
  guint32 process;
  guint32 status;
  guint64 duration;
} Sample;

static const guint8 user_sid[] = { 1, 5, 0, 0, 0, 0, 0, 5, 21, 0, 0, 0, 1, 0, 0, 0,
                                   2, 0, 0, 0, 3, 0, 0, 0, 0xe8, 3, 0, 0 };
static const guint8 medium_sid[] = { 1, 1, 0, 0, 0, 0, 0, 16, 0, 0x20, 0, 0 };
static const guint8 system_sid[] = { 1, 1, 0, 0, 0, 0, 0, 5, 18, 0, 0, 0 };

#define SAMPLE_TIMES                                                                      \
  "CreationTime: 7/31/2020 6:55:07 AM, LastAccessTime: 7/31/2020 7:55:07 AM, "            \
  "LastWriteTime: 7/31/2020 6:55:08 AM, ChangeTime: 1/1/1601 12:00:00 AM"

void sample_add(Sample *s, guint32 class, guint16 operation, PmlSampleRow row);
void sample_file(Sample *s, guint8 sub, guint32 flags, const char *path);
void sample_file_bare(Sample *s);
void sample_file_control(Sample *s);
void sample_file_create(Sample *s);
void sample_file_data(Sample *s);
void sample_file_directory(Sample *s);
void sample_file_queries(Sample *s);
void sample_file_settings(Sample *s);
void sample_param(Sample *s, gsize at64, gsize at32, gsize size, guint64 value);
void sample_registry_keys(Sample *s);
void sample_registry_open(Sample *s);
void sample_registry_set(Sample *s);
void sample_registry_values(Sample *s);
void sample_times(TbBuf *out);
void sample_volume_queries(Sample *s);
