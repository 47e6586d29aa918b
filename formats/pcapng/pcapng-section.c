/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Sections, interfaces and machines: from blocks to sources of the model. A
 * section starts interfaces anew; sources are known by the order in which
 * their interfaces stand in the file, so that a second pass finds them again.
 */
#include "pcapng/pcapng-file.h"

#include "base/escape.h"
#include "pcapng/pcapng-block.h"
#include "pcapng/pcapng-carried.h"
#include "pcapng/pcapng-interface.h"
#include "pcapng/pcapng-options.h"

enum {
  SECTION_HEAD = 16, /* byte order, version, length */
  SECTION_INTERFACE_HEAD = 8,
  SECTION_STATISTICS_HEAD = 12,
  SECTION_DEFAULT_TSRESOL = 6,
  SECTION_SUFFIX_DIGITS = 4,
};

static char *section_dup_text(const TbPcapngOption *option)
{
  return g_strndup((const char *)option->value, option->len);
}

static void section_tell_bad(TbPcapngFile *file, const TbPcapngBlock *block,
                             const TbPcapngOptions *walk)
{
  if (walk->bad)
    tb_pcapng_file_damage(file, NULL, TB_ERROR_CORRUPT,
                          block->offset + 8 + (block->len - walk->len) + walk->pos,
                          walk->len - walk->pos, 0,
                          "option is longer than the %" G_GSIZE_FORMAT " bytes left of its block",
                          walk->len - walk->pos);
}

gboolean tb_pcapng_section_begin(TbPcapngFile *file, const TbPcapngBlock *block)
{
  guint16 major = tb_get_u16(block->body + 4, file->section.big);
  guint16 minor = tb_get_u16(block->body + 6, file->section.big);
  if (major != 1) {
    tb_pcapng_file_damage(file, NULL, TB_ERROR_UNSUPPORTED, block->offset + 12,
                          file->place.size - block->offset, TB_LOST_UNKNOWN,
                          "pcapng version %u.%u, 1.x is known", major, minor);
    return FALSE;
  }
  g_array_set_size(file->interfaces, 0);
  g_clear_pointer(&file->section.comments, g_bytes_unref);
  g_clear_pointer(&file->section.application, g_free);
  g_clear_pointer(&file->section.os, g_free);
  g_clear_pointer(&file->section.hardware, g_free);
  file->tally.sections++;
  file->tally.big_sections += file->section.big;
  TbPcapngOptions walk = { .data = block->body + SECTION_HEAD, .len = block->len - SECTION_HEAD,
                           .big = file->section.big };
  TbPcapngOption option;
  g_auto(TbBuf) comments = { 0 };
  while (tb_pcapng_options_next(&walk, &option)) {
    if (option.code == TB_PCAPNG_OPT_COMMENT)
      tb_pcapng_option(&comments, TB_PCAPNG_OPT_COMMENT, option.value, option.len);
    if (option.code == TB_PCAPNG_SHB_USERAPPL && !file->section.application)
      file->section.application = section_dup_text(&option);
    if (option.code == TB_PCAPNG_SHB_OS && !file->section.os)
      file->section.os = section_dup_text(&option);
    if (option.code == TB_PCAPNG_SHB_HARDWARE && !file->section.hardware)
      file->section.hardware = section_dup_text(&option);
  }
  section_tell_bad(file, block, &walk);
  file->section.of_ours = file->section.application && g_str_has_prefix(file->section.application, "tracebraid ");
  if (comments.len)
    file->section.comments = g_bytes_new(comments.data, comments.len);
  return TRUE;
}

/* --- machines --- */

/* The machine that interfaces and machine blocks call @host; "unknown" is a machine without name. */
static TbMachine *section_get_machine(TbPcapngFile *file, const char *host)
{
  for (guint i = 0; i < file->hosts->len; i++) {
    const TbPcapngHost *known = &g_array_index(file->hosts, TbPcapngHost, i);
    if (g_str_equal(known->host, host))
      return known->machine;
  }
  TbPcapngHost new_host = { g_strdup(host), tb_machine_new() };
  if (!g_str_equal(host, "unknown"))
    new_host.machine->name = g_strdup(host);
  g_array_append_val(file->hosts, new_host);
  tb_reader_add_machine(file->reader, new_host.machine);
  return new_host.machine;
}

/* "web~3f2a": the suffix that told it from its namesakes follows from the identity. */
static void section_set_identity(TbMachine *machine, const char *identity)
{
  if (machine->identity)
    return;
  machine->identity = g_strdup(identity);
  gsize len = machine->name ? strlen(machine->name) : 0;
  if (len <= SECTION_SUFFIX_DIGITS + 1)
    return;
  char *tilde = machine->name + len - SECTION_SUFFIX_DIGITS - 1;
  g_autofree char *sum = g_compute_checksum_for_string(G_CHECKSUM_SHA256, identity, -1);
  if (*tilde == '~' && strncmp(tilde + 1, sum, SECTION_SUFFIX_DIGITS) == 0)
    *tilde = 0;
}

static void section_machine_string(char **to, const TbPcapngOption *option)
{
  if (!*to && option->len)
    *to = section_dup_text(option);
}

gboolean tb_pcapng_section_machine(TbPcapngFile *file, const TbPcapngBlock *block)
{
  if (!file->pass.is_first || block->len < 4)
    return TRUE;
  TbPcapngOptions walk = { .data = block->body + 4, .len = block->len - 4, .big = file->section.big };
  TbPcapngOption option;
  g_autofree char *host = NULL, *version = NULL;
  guint32 os = 0, arch = 0, n_cpus = 0;
  while (tb_pcapng_options_next(&walk, &option)) {
    if (option.code == TB_PCAPNG_MACHINE_HOST)
      section_machine_string(&host, &option);
    if (option.code == TB_PCAPNG_MACHINE_OS_VERSION)
      section_machine_string(&version, &option);
    if (option.code == TB_PCAPNG_MACHINE_OS && option.len == 2)
      os = tb_get_u16(option.value, file->section.big);
    if (option.code == TB_PCAPNG_MACHINE_ARCH && option.len == 2)
      arch = tb_get_u16(option.value, file->section.big);
    if (option.code == TB_PCAPNG_MACHINE_CPUS && option.len == 4)
      n_cpus = tb_get_u32(option.value, file->section.big);
  }
  section_tell_bad(file, block, &walk);
  if (file->hosts->len >= file->reader->limits->streams)
    return TRUE;
  TbMachine *machine = section_get_machine(file, host ? host : "unknown");
  if (machine->os == TB_OS_UNKNOWN && os <= TB_OS_WINDOWS)
    machine->os = (TbOs)os;
  if (!machine->os_version)
    machine->os_version = g_steal_pointer(&version);
  if (machine->arch == TB_ARCH_UNKNOWN && arch <= TB_ARCH_X86_64)
    machine->arch = (TbArch)arch;
  if (!machine->n_cpus)
    machine->n_cpus = n_cpus;
  return !walk.bad;
}

/* --- interfaces --- */

/* The options of an interface block, sorted out. */
typedef struct {
  char *name;
  char *description;
  guint8 tsresol;
  gint64 tsoffset_s;
  char *own_os; /* written by us from a machine's facts */
  char *own_hardware;
  gboolean is_packets; /* the note of pcapng-interface.h */
  TbBuf carried;
} SectionInterface;

static void section_interface_clear(SectionInterface *parsed)
{
  g_free(parsed->name);
  g_free(parsed->description);
  g_free(parsed->own_os);
  g_free(parsed->own_hardware);
  tb_buf_clear(&parsed->carried);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(SectionInterface, section_interface_clear)

static gboolean section_option_is(const TbPcapngOption *option, const char *text)
{
  return option->len == strlen(text) && memcmp(option->value, text, option->len) == 0;
}

/* Returns: whether the option is one of those that are not carried. */
static gboolean section_take_option(SectionInterface *parsed, const TbPcapngOption *option,
                                    gboolean big)
{
  switch (option->code) {
  case TB_PCAPNG_IF_NAME:
    if (parsed->name)
      return FALSE;
    parsed->name = section_dup_text(option);
    return TRUE;
  case TB_PCAPNG_IF_DESCRIPTION:
    if (parsed->description)
      return FALSE;
    parsed->description = section_dup_text(option);
    return TRUE;
  case TB_PCAPNG_IF_TSRESOL:
    if (option->len == 1)
      parsed->tsresol = option->value[0];
    return TRUE;
  case TB_PCAPNG_IF_TSOFFSET:
    if (option->len == 8)
      parsed->tsoffset_s = (gint64)tb_get_u64(option->value, big);
    return TRUE;
  case TB_PCAPNG_OPT_COMMENT:
    if (!section_option_is(option, TB_PCAPNG_PACKETS_NOTE))
      return FALSE;
    parsed->is_packets = TRUE;
    return TRUE;
  default: return FALSE;
  }
}

/* Facts of the machine stand in front of the resolution in what we wrote ourselves. */
static gboolean section_take_own(const TbPcapngFile *file, SectionInterface *parsed,
                                 const TbPcapngOption *option, gboolean in_front)
{
  char **to = option->code == TB_PCAPNG_IF_OS         ? &parsed->own_os
              : option->code == TB_PCAPNG_IF_HARDWARE ? &parsed->own_hardware
                                                      : NULL;
  if (!to || *to || !(in_front || !file->section.of_ours))
    return FALSE;
  *to = section_dup_text(option);
  return TRUE;
}

static gboolean section_is_ours(const char *description)
{
  TbPcapngDescription parsed;
  if (!description || !tb_pcapng_description_parse(description, strlen(description), &parsed))
    return FALSE;
  tb_pcapng_description_clear(&parsed);
  return TRUE;
}

static void section_parse_interface(TbPcapngFile *file, const TbPcapngBlock *block,
                                    SectionInterface *parsed)
{
  TbPcapngOptions walk = { .data = block->body + SECTION_INTERFACE_HEAD,
                           .len = block->len - SECTION_INTERFACE_HEAD, .big = file->section.big };
  TbPcapngOption option;
  gboolean in_front = TRUE;
  *parsed = (SectionInterface){ .tsresol = SECTION_DEFAULT_TSRESOL };
  while (tb_pcapng_options_next(&walk, &option))
    section_take_option(parsed, &option, file->section.big);
  gboolean ours = section_is_ours(parsed->description);
  section_tell_bad(file, block, &walk);
  walk.pos = 0;
  SectionInterface again = { 0 };
  while (tb_pcapng_options_next(&walk, &option)) {
    in_front &= option.code != TB_PCAPNG_IF_TSRESOL;
    if (!section_take_option(&again, &option, file->section.big)
        && (!ours || !section_take_own(file, parsed, &option, in_front)))
      tb_pcapng_option_carry(&parsed->carried, option.code, option.value, option.len, file->section.big,
                             TB_PCAPNG_IN_INTERFACE);
  }
  section_interface_clear(&again);
}

/* "web:eth0". In other programs' files "eth0:1" and "rpcap://x" are names of one piece. */
static gboolean section_split_name(const char *name, gboolean ours, char **host,
                                   const char **source)
{
  const char *colon = name ? strchr(name, ':') : NULL;
  if (!colon || colon == name || !colon[1])
    return FALSE;
  if (!ours && (strchr(colon + 1, ':') || g_ascii_isdigit(colon[1]) || colon[1] == '/'
                || colon[1] == '\\'))
    return FALSE;
  *host = g_strndup(name, (gsize)(colon - name));
  *source = colon + 1;
  return TRUE;
}

/* A converted source: everything about it is carried, nothing derived again. */
static void section_freeze_source(TbPcapngFile *file, TbSource *source,
                                  const SectionInterface *parsed,
                                  TbPcapngDescription *description)
{
  source->frozen = TRUE;
  source->file = g_steal_pointer(&description->file);
  source->recorder = g_steal_pointer(&description->recorder);
  g_strlcpy(source->key, description->key, sizeof source->key);
  source->clock.axis = description->axis;
  tb_pcapng_carried_make(source)->applied_ns = description->offset_ns;
  if (!source->machine)
    return;
  if (description->identity)
    section_set_identity(source->machine, description->identity);
  if (parsed->own_os)
    tb_pcapng_parse_os(source->machine, parsed->own_os, strlen(parsed->own_os));
  if (parsed->own_hardware)
    tb_pcapng_parse_hardware(source->machine, parsed->own_hardware,
                             strlen(parsed->own_hardware));
}

static void section_carry_string(SectionInterface *parsed, guint16 code, const char *text)
{
  TbPcapngOption option;
  if (text && *text
      && !tb_pcapng_options_find(parsed->carried.data, parsed->carried.len, code, &option))
    tb_pcapng_option_str(&parsed->carried, code, text);
}

/* Somebody else's capture: its clock is the wall clock, and what its section says is kept. */
static void section_set_foreign(TbPcapngFile *file, TbSource *source, SectionInterface *parsed)
{
  source->file = tb_capture_dup_file_name(file->name);
  source->name_is_device = parsed->name && *parsed->name;
  tb_pcapng_carried_make(source)->description = g_strdup(parsed->description);
  source->recorder = g_strdup(file->section.application);
  tb_axis_init(&source->clock.axis, TB_CLOCK_REALTIME, FALSE);
  section_carry_string(parsed, TB_PCAPNG_IF_OS, file->section.os);
  section_carry_string(parsed, TB_PCAPNG_IF_HARDWARE, file->section.hardware);
}

/* What the writer alone will understand. */
static void section_carry(const TbPcapngFile *file, TbSource *source, const SectionInterface *parsed)
{
  TbPcapngCarried *carried = tb_pcapng_carried_make(source);
  TbPcapngOption fcs;
  carried->tsoffset_s = parsed->tsoffset_s;
  if (parsed->carried.len)
    carried->options = g_bytes_new(parsed->carried.data, parsed->carried.len);
  if (file->section.comments)
    carried->section_comments = g_bytes_ref(file->section.comments);
  if (tb_pcapng_options_find(parsed->carried.data, parsed->carried.len, TB_PCAPNG_IF_FCSLEN, &fcs) &&
      fcs.len == 1)
    source->link.fcs_bits = fcs.value[0];
}

static TbSource *section_make_source(TbPcapngFile *file, SectionInterface *parsed,
                                     guint32 link_type, guint32 snaplen)
{
  TbPcapngDescription description;
  gboolean ours = parsed->description
                  && tb_pcapng_description_parse(parsed->description,
                                                 strlen(parsed->description), &description);
  gboolean rows = ours && link_type == TB_PCAPNG_LINK_UPPER_PDU && !parsed->is_packets;
  g_autofree char *host = NULL;
  g_autofree char *number = g_strdup_printf("if%u", file->interfaces->len);
  const char *name = parsed->name && *parsed->name ? parsed->name : number;
  gboolean split = section_split_name(parsed->name, ours, &host, &name);
  TbSource *source = tb_source_new(rows ? TB_SOURCE_EVENTS : TB_SOURCE_PACKETS, name);
  source->link.type = link_type;
  source->link.snaplen = snaplen;
  source->clock.tsresol = parsed->tsresol;
  if (split) {
    tb_source_set_machine(source, section_get_machine(file, host));
    source->host = g_steal_pointer(&host);
  }
  if (ours) {
    section_freeze_source(file, source, parsed, &description);
    tb_pcapng_description_clear(&description);
  } else {
    section_set_foreign(file, source, parsed);
  }
  section_carry(file, source, parsed);
  tb_reader_add_source(file->reader, source);
  g_ptr_array_add(file->keys, ours ? NULL : g_new0(TbCaptureKey, 1));
  return source;
}

gboolean tb_pcapng_section_interface(TbPcapngFile *file, const TbPcapngBlock *block)
{
  if (block->len < SECTION_INTERFACE_HEAD || file->n_met >= file->reader->limits->streams) {
    tb_pcapng_file_damage(file, NULL, block->len < SECTION_INTERFACE_HEAD ? TB_ERROR_CORRUPT
                                                                          : TB_ERROR_LIMIT,
                          block->offset, block->len, TB_LOST_UNKNOWN,
                          "interface %u: block body of %" G_GSIZE_FORMAT
                          " bytes, at least 8 expected; at most %u interfaces",
                          file->n_met, block->len, file->reader->limits->streams);
    return FALSE;
  }
  g_auto(SectionInterface) parsed = { 0 };
  guint32 link_type = tb_get_u16(block->body, file->section.big);
  guint32 snaplen = tb_get_u32(block->body + 4, file->section.big);
  section_parse_interface(file, block, &parsed);
  TbSource *source = file->n_met < file->reader->sources->len
                         ? g_ptr_array_index(file->reader->sources, file->n_met)
                         : section_make_source(file, &parsed, link_type, snaplen);
  TbPcapngInterface interface = {
    .source = source,
    .time = { parsed.tsresol, parsed.tsoffset_s },
    .snaplen = snaplen,
    .max_caplen = tb_capture_get_max_caplen(link_type, file->reader->limits),
    .has_rows = source->class == TB_SOURCE_EVENTS,
    .number = file->n_met,
    .key = file->n_met < file->keys->len ? g_ptr_array_index(file->keys, file->n_met) : NULL,
  };
  file->n_met++;
  g_array_append_val(file->interfaces, interface);
  return TRUE;
}

gboolean tb_pcapng_section_statistics(TbPcapngFile *file, const TbPcapngBlock *block)
{
  if (!file->pass.is_first)
    return TRUE;
  guint32 number = block->len >= SECTION_STATISTICS_HEAD ? tb_get_u32(block->body, file->section.big)
                                                         : G_MAXUINT32;
  if (number >= file->interfaces->len) {
    tb_pcapng_file_damage(file, NULL, TB_ERROR_CORRUPT, block->offset + 8, block->len, 0,
                          "statistics of interface %u, the section has %u", number,
                          file->interfaces->len);
    return FALSE;
  }
  TbSource *source = g_array_index(file->interfaces, TbPcapngInterface, number).source;
  g_auto(TbBuf) carried = { 0 };
  tb_buf_append_le32(&carried, tb_get_u32(block->body + 4, file->section.big));
  tb_buf_append_le32(&carried, tb_get_u32(block->body + 8, file->section.big));
  gboolean fits = tb_pcapng_options_carry(&carried, block->body + SECTION_STATISTICS_HEAD,
                                          block->len - SECTION_STATISTICS_HEAD, file->section.big,
                                          TB_PCAPNG_IN_STATISTICS);
  if (!fits)
    tb_pcapng_file_damage(file, NULL, TB_ERROR_CORRUPT, block->offset + 8, block->len, 0,
                          "statistics block: an option is longer than the block");
  /* The last one counts: it is the one written when the capture ended. */
  TbPcapngCarried *kept = tb_pcapng_carried_make(source);
  g_clear_pointer(&kept->statistics, g_bytes_unref);
  kept->statistics = g_bytes_new(carried.data, carried.len);
  return fits;
}

void tb_pcapng_section_finish_keys(TbPcapngFile *file)
{
  for (guint i = 0; i < file->keys->len; i++) {
    TbCaptureKey *key = g_ptr_array_index(file->keys, i);
    if (key)
      tb_capture_key_finish(key, g_ptr_array_index(file->reader->sources, i));
    g_clear_pointer(&g_ptr_array_index(file->keys, i), g_free);
  }
}
