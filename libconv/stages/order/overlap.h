/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Events that stand in two inputs: parts of one recording beside the whole, a buffer that was
 * extracted twice, a file named twice. Such inputs have sources of one machine and one name; an
 * event of theirs that comes again from another input, with equal time, CPU and bytes, is the
 * same event. Equal events of one input are different ones and stay. Works on the merged stream
 * with memory for the events of one moment only; knows neither readers' formats nor writers.
 */
#pragma once

#include "format/reader.h"
#include "stages/stage.h"

#include <glib.h>

G_BEGIN_DECLS

/**
 * tb_overlap_new: a stage that drops what was handed on from another input already; its place is
 *   right behind the order
 * @readers: (element-type TbReader)
 * @ranges_known: the sources' first and last times are known: those that do not meet are left out
 *
 * Returns: (transfer full) (nullable): NULL where no event can stand in two inputs
 */
TbStage *tb_overlap_new(const GPtrArray *readers, gboolean ranges_known);

G_END_DECLS
