/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The header of a Process Monitor log and the places of its sections (section
 * 2 of docs/format-procmon.md). Each section ends where the next one starts, so
 * that whatever is read inside one cannot reach into another.
 */
#include "procmon/pml-text.h"
#include "procmon/pml.h"

enum { HEADER_N_SECTIONS = 6 };

static char *header_dup_utf16(const guint8 *text, gsize units)
{
  g_auto(TbBuf) out = { 0 };
  pml_text_append_utf16_z(&out, text, units);
  return g_strndup(out.data ? (const char *)out.data : "", out.len);
}

static void header_parse(const guint8 *h, PmlHeader *out)
{
  out->is64 = tb_get_u32(h + 0x8, FALSE) == 1;
  out->computer = header_dup_utf16(h + 0xc, 16);
  out->system_root = header_dup_utf16(h + 0x2c, 260);
  out->n_events = tb_get_u32(h + 0x234, FALSE);
  out->sections.events.start = tb_get_u64(h + 0x240, FALSE);
  out->sections.offsets.start = tb_get_u64(h + 0x248, FALSE);
  out->sections.processes.start = tb_get_u64(h + 0x250, FALSE);
  out->sections.strings.start = tb_get_u64(h + 0x258, FALSE);
  out->sections.icons.start = tb_get_u64(h + 0x260, FALSE);
  out->highest_user = tb_get_u64(h + 0x268, FALSE);
  out->major = tb_get_u32(h + 0x274, FALSE);
  out->minor = tb_get_u32(h + 0x278, FALSE);
  out->build = tb_get_u32(h + 0x27c, FALSE);
  out->service_pack = header_dup_utf16(h + 0x284, 128);
  out->n_cpus = tb_get_u32(h + 0x38c, FALSE);
  out->memory_bytes = tb_get_u64(h + 0x390, FALSE);
  out->sections.hosts.start = tb_get_u64(h + 0x3a0, FALSE);
}

typedef struct {
  PmlSection *section;
  const char *name;
  guint32 header_off; /* where the header has its offset */
  guint64 needs;      /* bytes it has at the least */
} HeaderPlace;

static void header_list_places(PmlHeader *header, HeaderPlace places[HEADER_N_SECTIONS])
{
  places[0] = (HeaderPlace){ &header->sections.events, "event records", 0x240, 0 };
  places[1] = (HeaderPlace){ &header->sections.offsets, "event offset array", 0x248,
                             5 * (guint64)header->n_events };
  places[2] = (HeaderPlace){ &header->sections.processes, "process table", 0x250, 4 };
  places[3] = (HeaderPlace){ &header->sections.strings, "string table", 0x258, 4 };
  places[4] = (HeaderPlace){ &header->sections.icons, "icon table", 0x260, 0 };
  places[5] = (HeaderPlace){ &header->sections.hosts, "host and port tables", 0x3a0, 4 };
}

/* A table that starts at the same place as another has no room: that is found by its needs. */
static gboolean header_bound_places(TbInput *input, HeaderPlace places[HEADER_N_SECTIONS],
                                    GError **error)
{
  const char *name = tb_input_get_name(input);
  guint64 size = tb_input_get_size(input);
  for (guint i = 0; i < HEADER_N_SECTIONS; i++) {
    PmlSection *section = places[i].section;
    const char *next = "the end of the file";
    if (section->start < PML_HEADER_BYTES || section->start > size) {
      tb_error_set(error, section->start > size ? TB_ERROR_TRUNCATED : TB_ERROR_CORRUPT, name,
                   places[i].header_off,
                   "the offset of the %s is 0x%" G_GINT64_MODIFIER
                   "x, but the file has 0x%x to 0x%" G_GINT64_MODIFIER
                   "x; --salvage reads the events without tables",
                   places[i].name, section->start, PML_HEADER_BYTES, size);
      return FALSE;
    }
    section->end = size;
    for (guint j = 0; j < HEADER_N_SECTIONS; j++) {
      guint64 other = places[j].section->start;
      gboolean follows = other > section->start || (other == section->start && j > i);
      if (j != i && follows && other < section->end) {
        section->end = other;
        next = places[j].name;
      }
    }
    if (section->end - section->start < places[i].needs) {
      tb_error_set(error, TB_ERROR_CORRUPT, name, section->start,
                   "the %s would need %" G_GUINT64_FORMAT " bytes, %" G_GUINT64_FORMAT
                   " are left before the %s",
                   places[i].name, places[i].needs, section->end - section->start, next);
      return FALSE;
    }
  }
  return TRUE;
}

/* Section 2, "unfinished or damaged files": what Process Monitor itself looks at. */
static gboolean header_check_closed(TbInput *input, const guint8 *h, GError **error)
{
  static const guint16 offsets[] = { 0x240, 0x248, 0x250, 0x258, 0x260, 0x3a0 };
  for (guint i = 0; i < G_N_ELEMENTS(offsets); i++)
    if (tb_get_u64(h + offsets[i], FALSE) == 0) {
      tb_error_set(error, TB_ERROR_CORRUPT, tb_input_get_name(input), offsets[i],
                   "the file was not closed cleanly: the offset here is 0 and the tables are "
                   "missing; --salvage reads the events without them");
      return FALSE;
    }
  guint64 bytes = tb_get_u64(h + 0x398, FALSE);
  if (bytes == PML_HEADER_BYTES)
    return TRUE;
  tb_error_set(error, TB_ERROR_CORRUPT, tb_input_get_name(input), 0x398,
               "the file was not closed cleanly: the header size is 0x%" G_GINT64_MODIFIER
               "x, expected 0x%x; --salvage reads the events without tables",
               bytes, PML_HEADER_BYTES);
  return FALSE;
}

static gboolean header_check_fixed(TbInput *input, const guint8 *h, GError **error)
{
  const char *name = tb_input_get_name(input);
  guint32 version = tb_get_u32(h + 4, FALSE);
  guint32 is64 = tb_get_u32(h + 8, FALSE);
  if (memcmp(h, "PML_", 4) != 0) {
    tb_error_set(error, TB_ERROR_NOT_RECOGNIZED, name, 0, "does not begin with PML_");
    return FALSE;
  }
  if (version != PML_VERSION) {
    tb_error_set(error, TB_ERROR_UNSUPPORTED, name, 4,
                 "is a Process Monitor log of version %u, only version %d is known", version,
                 PML_VERSION);
    return FALSE;
  }
  if (is64 > 1) {
    tb_error_set(error, TB_ERROR_CORRUPT, name, 8,
                 "the mark of a 64-bit system is %u, expected 0 or 1", is64);
    return FALSE;
  }
  return TRUE;
}

gboolean pml_header_read(TbInput *input, gboolean salvage, PmlHeader *out, GError **error)
{
  guint8 h[PML_HEADER_BYTES];
  HeaderPlace places[HEADER_N_SECTIONS];
  *out = (PmlHeader){ 0 };
  if (!tb_input_read_exact(input, 0, h, sizeof h, "the header of a Process Monitor log", error) ||
      !header_check_fixed(input, h, error))
    return FALSE;
  header_parse(h, out);
  header_list_places(out, places);
  g_autoptr(GError) reason = NULL;
  out->closed = header_check_closed(input, h, &reason) &&
                header_bound_places(input, places, &reason);
  if (out->closed || salvage)
    return TRUE;
  g_propagate_error(error, g_steal_pointer(&reason));
  return FALSE;
}

void pml_header_clear(PmlHeader *header)
{
  g_clear_pointer(&header->computer, g_free);
  g_clear_pointer(&header->system_root, g_free);
  g_clear_pointer(&header->service_pack, g_free);
}

char *pml_header_dup_windows(const PmlHeader *header)
{
  static const struct {
    guint32 major, minor, build;
    const char *name;
  } names[] = {
    { 5, 1, 0, "Windows XP" },      { 5, 2, 0, "Windows XP 64-bit or Server 2003" },
    { 6, 0, 0, "Windows Vista" },   { 6, 1, 0, "Windows 7" },
    { 6, 2, 0, "Windows 8" },       { 6, 3, 0, "Windows 8.1" },
    { 10, 0, 22000, "Windows 11" }, { 10, 0, 0, "Windows 10" },
  };
  g_autoptr(GString) text = g_string_new(NULL);
  for (guint i = 0; i < G_N_ELEMENTS(names) && !text->len; i++)
    if (names[i].major == header->major && names[i].minor == header->minor &&
        header->build >= names[i].build)
      g_string_append(text, names[i].name);
  if (!text->len)
    g_string_append_printf(text, "Windows %u.%u", header->major, header->minor);
  if (*header->service_pack)
    g_string_append_printf(text, ", %s", header->service_pack);
  g_string_append_printf(text, " (build %u)", header->build);
  return g_string_free(g_steal_pointer(&text), FALSE);
}
