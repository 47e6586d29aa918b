/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Shifts and the check of axes; see axes.h. */
#include "pass/clocks.h"

#include "stages/align/align.h"

void tb_clocks_open(TbSource *source, const gint64 *shift_ns, gint64 time_offset_ns)
{
  if (shift_ns) {
    tb_axis_shift(&source->clock.axis, *shift_ns);
    source->clock.axis.origin = TB_ORIGIN_USER;
    /* Whoever gives the offset of one input says that it is now comparable. */
    source->clock.axis.realtime = !source->clock.axis.ticks;
  }
  if (time_offset_ns != 0)
    tb_axis_shift(&source->clock.axis, time_offset_ns);
  source->clock.opened = source->clock.axis;
}

void tb_clocks_shift_snapshot(const TbReader *reader, const TbInputSpec *input, gint64 time_offset_ns)
{
  guint64 shift_ns = (guint64)time_offset_ns + (input->shifted ? (guint64)input->shift_ns : 0);
  g_autoptr(GPtrArray) machines = g_ptr_array_new();
  for (guint s = 0; s < reader->sources->len; s++) {
    TbMachine *machine = ((TbSource *)g_ptr_array_index(reader->sources, s))->machine;
    if (!machine || g_ptr_array_find(machines, machine, NULL))
      continue;
    g_ptr_array_add(machines, machine);
    tb_timeline_shift(machine->timeline, (gint64)shift_ns);
  }
}

const TbSource *tb_clocks_find_reference(const GPtrArray *readers, const TbMachine *machine)
{
  const TbSource *reference = NULL;
  for (guint i = 0; i < readers->len; i++) {
    const TbReader *reader = g_ptr_array_index(readers, i);
    for (guint s = 0; s < reader->sources->len; s++) {
      const TbSource *source = g_ptr_array_index(reader->sources, s);
      if (source->class == TB_SOURCE_EVENTS && source->machine == machine && !source->frozen &&
          source->clock.opened.rate != 0 && (!reference || tb_source_compare(source, reference) < 0))
        reference = source;
    }
  }
  return reference;
}

void tb_clocks_set_references(const GPtrArray *readers)
{
  for (guint i = 0; i < readers->len; i++) {
    const TbReader *reader = g_ptr_array_index(readers, i);
    for (guint s = 0; s < reader->sources->len; s++) {
      TbSource *source = g_ptr_array_index(reader->sources, s);
      if (source->class == TB_SOURCE_PACKETS && source->machine)
        source->clock.reference = tb_clocks_find_reference(readers, source->machine);
    }
  }
}

static TbReader *axes_find_host(const GPtrArray *readers, const TbReader *guest)
{
  for (guint i = 0; i < readers->len; i++) {
    TbReader *reader = g_ptr_array_index(readers, i);
    if (reader != guest && reader->format == guest->format && reader->sources->len > 0 &&
        reader->session.id == guest->session.host_id && reader->session.host_id == 0)
      return reader;
  }
  return NULL;
}

/* The clocks that were compared are those of the first sources; other instances have their own. */
static void axes_join_guest(TbReader *guest, TbReader *host)
{
  TbSource *to = g_ptr_array_index(host->sources, 0);
  TbClock clock = ((TbSource *)g_ptr_array_index(guest->sources, 0))->clock.axis.clock;
  guest->session.host = host;
  to->clock.axis.session = to->clock.opened.session = host->session.id;
  for (guint s = 0; s < guest->sources->len; s++) {
    TbSource *source = g_ptr_array_index(guest->sources, s);
    if (source->clock.axis.clock != clock)
      continue;
    source->clock.axis = to->clock.axis;
    source->clock.opened = to->clock.opened;
  }
}

void tb_clocks_join_guests(const TbInputs *inputs)
{
  const GPtrArray *readers = inputs->readers;
  for (guint i = 0; i < readers->len; i++) {
    TbReader *guest = g_ptr_array_index(readers, i);
    TbReader *host = guest->session.host_id && guest->sources->len > 0 && !tb_inputs_get_spec(inputs, i)->shifted
                         ? axes_find_host(readers, guest) : NULL;
    if (host)
      axes_join_guest(guest, host);
  }
}

gboolean tb_clocks_related(const TbSource *a, const TbSource *b)
{
  const TbAxis *x = &a->clock.axis, *y = &b->clock.axis;
  if (x->realtime && y->realtime)
    return TRUE;
  if (x->realtime != y->realtime || x->ticks != y->ticks || x->clock != y->clock)
    return FALSE;
  if (x->session != 0 && x->session == y->session)
    return TRUE;
  /* A clock that is not named is only that of the same source's other parts. */
  return a->machine == b->machine &&
         (x->clock != TB_CLOCK_UNKNOWN || (a->class == b->class && g_str_equal(a->name, b->name)));
}

static const char *axes_reason(const TbObserver *align, const TbSource *a, const TbSource *b)
{
  const char *reason = align ? tb_align_get_reason(align, a) : NULL;
  if (!reason && align)
    reason = tb_align_get_reason(align, b);
  return reason ? reason : "next time record with trace-cmd --date";
}

gboolean tb_clocks_check(const GPtrArray *sources, const TbObserver *align, gboolean accept,
                       GError **error)
{
  const TbSource *first = NULL;
  for (guint i = 0; i < sources->len && !accept; i++) {
    const TbSource *source = g_ptr_array_index(sources, i);
    if (source->counts.records == 0)
      continue;
    if (!first || tb_clocks_related(first, source)) {
      first = first ? first : source;
      continue;
    }
    g_autofree char *a = tb_source_dup_interface_name(first);
    g_autofree char *b = tb_source_dup_interface_name(source);
    tb_error_set(error, TB_ERROR_CLOCK, NULL, TB_OFFSET_NONE,
                 "%s runs on the clock \"%s\", %s on \"%s\", and nothing relates them: %s. "
                 "Or shift one input (FILE@+SECONDS), or take the clocks as they stand "
                 "(--align=off)",
                 a, tb_axis_to_name(&first->clock.axis), b, tb_axis_to_name(&source->clock.axis),
                 axes_reason(align, first, source));
    return FALSE;
  }
  return TRUE;
}
