/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A pcapng writer at work in memory, for tests: one machine, sources, event
 * types whose text is whatever the test sets; and a plain walk over the blocks
 * that came out, written apart from the program's own code.
 */
#pragma once

#include "format/writer.h"
#include "support/made-item.h"

/**
 * OutputFixture:
 * @machine: "web", Linux 6.1, x86_64, 2 CPUs
 * @ftrace: an events source on the realtime clock
 * @eth0: an Ethernet source, ns
 * @type: sched:sched_switch, renders @text
 * @settings: for the writer
 */
typedef struct {
  GPtrArray *machines;
  GPtrArray *sources;
  GPtrArray *types;
  GHashTable *settings;
  TbMachine *machine;
  TbSource *ftrace;
  TbSource *eth0;
  TbEventType *type;
  TbBuf text;
  TbLimits limits;
  TbOutput *output;
  TbWriter *writer;
} OutputFixture;

void output_fixture_init(OutputFixture *f);
void output_fixture_clear(OutputFixture *f);
/** output_fixture_open: ranks are the places in @sources */
void output_fixture_open(OutputFixture *f);
TbEventType *output_fixture_add_type(OutputFixture *f, const char *system, const char *name);
void output_fixture_set_text(OutputFixture *f, const void *text, gsize len);
/** output_fixture_event: a TRACE event of @ftrace at 1.7e18 + @n ns; @text may be NULL for the same text */
MadeItem output_fixture_event(OutputFixture *f, guint n, const char *text);
/** output_fixture_packet: of @eth0, with the payload that the reader gives one without options */
MadeItem output_fixture_packet(OutputFixture *f, guint n, const void *bytes, guint32 len);
/** output_set_options: @options: little-endian, without an end mark, borrowed */
void output_set_options(MadeItem *packet, const guint8 *options, gsize len);
void output_fixture_write(OutputFixture *f, MadeItem *event);
/** output_fixture_finish: Returns: (transfer full): the whole file */
GBytes *output_fixture_finish(OutputFixture *f);

#define OUTPUT_BASE_NS G_GINT64_CONSTANT(1700000000000000000)

/** OutputBlock: one block of a file */
typedef struct {
  guint32 type;
  const guint8 *body;
  gsize len;
} OutputBlock;

/** output_blocks: Returns: (element-type OutputBlock): aborts the test where the framing is wrong */
GArray *output_blocks(GBytes *file);
/** output_option: the @nth option @code in @data. Returns: (transfer full) (nullable): with a NUL added */
GBytes *output_option(const guint8 *data, gsize len, guint16 code, guint nth);
/** output_row: the @n-th packet block's bytes */
GBytes *output_packet_bytes(GBytes *file, guint n);
/**
 * output_row_keys: the @n-th packet block as a row: "KEY=value" strings in order, taken
 * apart as the journal export format says
 */
GPtrArray *output_row_keys(GBytes *file, guint n);
/** output_keys: the same for a row's bytes */
GPtrArray *output_keys(const guint8 *p, gsize len);
/** output_get: value of @key in what output_row_keys() gave. Returns: (transfer none) (nullable) */
const char *output_get(GPtrArray *keys, const char *key);

/**
 * output_run: writes @file to a new folder and runs @command in it (the file is "t.pcapng").
 * Returns: (transfer full) (nullable): its stdout; NULL where the program is missing. The test
 *   fails where it exits other than 0 or says anything on stderr but the notice for root
 */
char *output_run(GBytes *file, const char *command);
