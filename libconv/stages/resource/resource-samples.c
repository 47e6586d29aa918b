/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The order of samples for matching: by length, then time, then task. They come in the order of
 * time as a rule, so that lengths alone are left to sort: stably, digit by digit, without
 * comparing. Knows nothing of what samples are for.
 */
#include "stages/resource/resource-samples.h"

#include <string.h>

enum { SAMPLES_DIGIT_BITS = 8, SAMPLES_DIGITS = 4, SAMPLES_VALUES = 1 << SAMPLES_DIGIT_BITS };

static gint samples_compare(gconstpointer a, gconstpointer b)
{
  const ResourceSample *x = a, *y = b;
  if (x->time_ns != y->time_ns)
    return x->time_ns < y->time_ns ? -1 : 1;
  return x->tid < y->tid ? -1 : x->tid > y->tid;
}

static gboolean samples_are_timely(const ResourceSample *samples, guint n)
{
  for (guint i = 1; i < n; i++)
    if (samples_compare(&samples[i - 1], &samples[i]) > 0)
      return FALSE;
  return TRUE;
}

static inline guint samples_digit(const ResourceSample *sample, guint digit)
{
  return sample->len >> digit * SAMPLES_DIGIT_BITS & (SAMPLES_VALUES - 1);
}

/* One stable pass. FALSE where nothing was done since all have the same digit. */
static gboolean samples_pass(const ResourceSample *from, ResourceSample *to, guint n, guint digit)
{
  guint places[SAMPLES_VALUES] = { 0 };
  guint at = 0;
  for (guint i = 0; i < n; i++)
    places[samples_digit(&from[i], digit)]++;
  if (places[samples_digit(&from[0], digit)] == n)
    return FALSE;
  for (guint value = 0; value < SAMPLES_VALUES; value++) {
    guint count = places[value];
    places[value] = at;
    at += count;
  }
  for (guint i = 0; i < n; i++)
    to[places[samples_digit(&from[i], digit)]++] = from[i];
  return TRUE;
}

void resource_samples_sort(GArray *samples)
{
  guint n = samples->len;
  ResourceSample *from = (ResourceSample *)(gpointer)samples->data;
  if (n < 2)
    return;
  if (!samples_are_timely(from, n))
    g_array_sort(samples, samples_compare);
  g_autofree ResourceSample *room = g_new(ResourceSample, n);
  ResourceSample *to = room;
  for (guint digit = 0; digit < SAMPLES_DIGITS; digit++)
    if (samples_pass(from, to, n, digit)) {
      ResourceSample *sorted = to;
      to = from;
      from = sorted;
    }
  if (from == room)
    memcpy(to, from, n * sizeof *from);
}
