/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A small log with every operation and every form of Detail, and beside each
 * event what Process Monitor's columns have to say about it. The same list
 * makes the sample file and the expectations of the tests.
 */
#pragma once

#include "support/pml-builder.h"

/** PmlSampleRow: the columns of one event */
typedef struct {
  const char *operation;
  const char *path;
  const char *result;
  const char *detail;
  const char *category;
} PmlSampleRow;

/**
 * pml_sample_build: processes, hosts and events of the sample, into @builder
 * Returns: (transfer full) (element-type PmlSampleRow): one row an event
 */
GArray *pml_sample_build(PmlBuilder *builder);
