/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Interface and machine blocks, both ways; see pcapng-interface.h. */
#include "pcapng/pcapng-interface.h"

#include "base/escape.h"
#include "pcapng/pcapng-block.h"
#include "pcapng/pcapng-carried.h"

enum { INTERFACE_KEY_DIGITS = 8, INTERFACE_NAME_BYTES = 1024 };

/* Text for a name or a description: no control bytes, and none of @reserved either. Text that
 * went through this once does not change again. */
static void interface_append_clean(TbBuf *buf, const char *text, gsize max,
                                   const char *reserved)
{
  static const char digits[] = "0123456789abcdef";
  g_auto(TbBuf) clean = { 0 };
  tb_escape_append(&clean, text, strlen(text), TB_ESCAPE_NEWLINE | TB_ESCAPE_TAB);
  gsize end = buf->len + max;
  for (gsize i = 0; i < clean.len && buf->len < end; i++) {
    guint8 c = clean.data[i];
    if (strchr(reserved, c)) {
      char hex[4] = { '\\', 'x', digits[c >> 4], digits[c & 15] };
      tb_buf_append(buf, hex, sizeof hex);
    } else {
      tb_buf_append_c(buf, (char)c);
    }
  }
  if (buf->len > end)
    buf->len = end;
  if (buf->len == end) /* the cut may have hit a character */
    while (buf->len > 0 && end - buf->len < 4 && (buf->data[buf->len - 1] & 0x80))
      buf->len--;
}

void tb_pcapng_append_label(TbBuf *buf, const TbMachine *machine)
{
  const char *label = machine ? tb_machine_get_label(machine) : "unknown";
  interface_append_clean(buf, label, TB_PCAPNG_LABEL_BYTES, ":");
}

void tb_pcapng_append_interface_name(TbBuf *buf, const TbSource *source)
{
  tb_pcapng_append_label(buf, source->machine);
  tb_buf_append_c(buf, ':');
  interface_append_clean(buf, source->name, INTERFACE_NAME_BYTES, "");
}

void tb_pcapng_append_os(TbBuf *buf, const TbMachine *machine)
{
  if (machine->os != TB_OS_UNKNOWN)
    tb_buf_append_str(buf, tb_os_to_name(machine->os));
  if (!machine->os_version)
    return;
  if (machine->os != TB_OS_UNKNOWN)
    tb_buf_append_c(buf, ' ');
  interface_append_clean(buf, machine->os_version, 1024, "");
}

static const char *interface_arch_name(const TbMachine *machine)
{
  if (machine->arch_name && *machine->arch_name)
    return machine->arch_name;
  switch (machine->arch) {
  case TB_ARCH_X86_32: return "x86";
  case TB_ARCH_X86_64: return "x86_64";
  case TB_ARCH_ARM: return "arm";
  case TB_ARCH_ARM64: return "aarch64";
  case TB_ARCH_S390X: return "s390x";
  case TB_ARCH_PPC64: return "ppc64";
  case TB_ARCH_RISCV64: return "riscv64";
  case TB_ARCH_UNKNOWN: break;
  }
  return NULL;
}

void tb_pcapng_append_hardware(TbBuf *buf, const TbMachine *machine)
{
  const char *arch = interface_arch_name(machine);
  if (arch)
    interface_append_clean(buf, arch, 1024, ",");
  if (arch && machine->n_cpus)
    tb_buf_append_str(buf, ", ");
  if (machine->n_cpus)
    tb_buf_append_printf(buf, "%u %s", machine->n_cpus, machine->n_cpus == 1 ? "CPU" : "CPUs");
}

void tb_pcapng_parse_os(TbMachine *machine, const char *text, gsize len)
{
  static const struct {
    const char *name;
    TbOs os;
  } systems[] = { { "Linux", TB_OS_LINUX }, { "Windows", TB_OS_WINDOWS } };
  g_autofree char *rest = g_strndup(text, len);
  char *version = rest;
  for (guint i = 0; i < G_N_ELEMENTS(systems); i++) {
    gsize n = strlen(systems[i].name);
    if (!g_str_has_prefix(rest, systems[i].name) || (rest[n] && rest[n] != ' '))
      continue;
    if (machine->os == TB_OS_UNKNOWN)
      machine->os = systems[i].os;
    version = rest + n + (rest[n] == ' ');
    break;
  }
  if (*version && !machine->os_version)
    machine->os_version = g_strdup(version);
}

void tb_pcapng_parse_hardware(TbMachine *machine, const char *text, gsize len)
{
  g_autofree char *rest = g_strndup(text, len);
  g_auto(GStrv) parts = g_strsplit(rest, ", ", 2);
  for (guint i = 0; parts[i]; i++) {
    char *end;
    guint64 n = g_ascii_strtoull(parts[i], &end, 10);
    if (end > parts[i] && g_str_has_prefix(end, " CPU") && n <= G_MAXUINT32) {
      if (!machine->n_cpus)
        machine->n_cpus = (guint32)n;
    } else if (*parts[i] && !machine->arch_name) {
      machine->arch_name = g_strdup(parts[i]);
      if (machine->arch == TB_ARCH_UNKNOWN)
        machine->arch = tb_arch_from_name(parts[i]);
    }
  }
}

/* FILE#KEY; RECORDER; axis=...; offset=NS; origin=...; bound=NS; machine=IDENTITY */
static void interface_append_description(TbBuf *buf, const TbSource *source)
{
  const TbAxis *axis = &source->clock.axis;
  if (source->file)
    interface_append_clean(buf, source->file, 1024, ";");
  tb_buf_append_printf(buf, "#%s; ", *source->key ? source->key : "00000000");
  if (source->recorder && *source->recorder) {
    interface_append_clean(buf, source->recorder, 1024, ";=");
    tb_buf_append_str(buf, "; ");
  }
  tb_buf_append_printf(buf, "axis=%s; ", tb_axis_to_name(axis));
  gint64 offset_ns = (gint64)((guint64)tb_pcapng_carried(source)->applied_ns + (guint64)axis->offset_ns);
  tb_buf_append_printf(buf, "offset=%" G_GINT64_FORMAT "; origin=%s", offset_ns,
                       tb_origin_to_name(axis->origin));
  if (axis->bounded) {
    guint64 width = (guint64)axis->bound_high_ns - (guint64)axis->bound_low_ns;
    tb_buf_append_printf(buf, "; bound=%" G_GUINT64_FORMAT, width / 2 + width % 2);
  }
  if (source->machine && source->machine->identity && *source->machine->identity) {
    tb_buf_append_str(buf, "; machine=");
    interface_append_clean(buf, source->machine->identity, 1024, ";");
  }
}

/* What the input's interface block had beside the options written here. */
static void interface_append_carried(TbBuf *buf, const TbSource *source, gboolean has_os,
                                     gboolean has_hardware)
{
  gsize len = 0;
  GBytes *carried = tb_pcapng_carried(source)->options;
  const guint8 *data = carried ? g_bytes_get_data(carried, &len) : NULL;
  guint8 fcs_bits = (guint8)source->link.fcs_bits;
  if (!source->carried && source->link.fcs_bits >= 0)
    tb_pcapng_option(buf, TB_PCAPNG_IF_FCSLEN, &fcs_bits, sizeof fcs_bits);
  TbPcapngOptions walk = { .data = data, .len = len };
  TbPcapngOption option;
  while (tb_pcapng_options_next(&walk, &option)) {
    if ((option.code == TB_PCAPNG_IF_OS && has_os)
        || (option.code == TB_PCAPNG_IF_HARDWARE && has_hardware))
      continue;
    tb_pcapng_option(buf, option.code, option.value, option.len);
  }
}

/* Comments that stand for what has no option of its own. */
static void interface_append_notes(TbBuf *buf, const TbSource *source, guint32 link_type)
{
  g_auto(TbBuf) text = { 0 };
  /* Packets of the rows' own link type would be taken for rows when read again. */
  if (source->class == TB_SOURCE_PACKETS && link_type == TB_PCAPNG_LINK_UPPER_PDU)
    tb_pcapng_option_str(buf, TB_PCAPNG_OPT_COMMENT, TB_PCAPNG_PACKETS_NOTE);
  const char *description = tb_pcapng_carried(source)->description;
  if (!description || !*description)
    return;
  /* Somebody else's description: ours took its place, so it goes on as a comment. */
  tb_buf_append_str(&text, "if_description: ");
  tb_escape_append(&text, description, strlen(description), TB_ESCAPE_TEXT);
  tb_pcapng_option(buf, TB_PCAPNG_OPT_COMMENT, text.data, text.len);
}

/* The options of a machine that is known stand in front of the resolution, those carried from
 * an input behind it: that is how they are told apart when the file is read again. */
void tb_pcapng_append_interface(TbBuf *buf, const TbSource *source, guint32 link_type,
                                guint8 tsresol, gint64 tsoffset_s)
{
  g_auto(TbBuf) text = { 0 };
  g_auto(TbBuf) os = { 0 };
  g_auto(TbBuf) hardware = { 0 };
  gsize at = tb_pcapng_block_begin(buf, TB_PCAPNG_IDB);
  tb_buf_append_le16(buf, (guint16)link_type);
  tb_buf_append_le16(buf, 0);
  tb_buf_append_le32(buf, source->link.snaplen);
  tb_pcapng_append_interface_name(&text, source);
  tb_pcapng_option(buf, TB_PCAPNG_IF_NAME, text.data, text.len);
  tb_buf_reset(&text);
  interface_append_description(&text, source);
  tb_pcapng_option(buf, TB_PCAPNG_IF_DESCRIPTION, text.data, text.len);
  if (source->machine) {
    tb_pcapng_append_os(&os, source->machine);
    tb_pcapng_append_hardware(&hardware, source->machine);
  }
  if (os.len)
    tb_pcapng_option(buf, TB_PCAPNG_IF_OS, os.data, os.len);
  if (hardware.len)
    tb_pcapng_option(buf, TB_PCAPNG_IF_HARDWARE, hardware.data, hardware.len);
  tb_pcapng_option(buf, TB_PCAPNG_IF_TSRESOL, &tsresol, 1);
  if (tsoffset_s) {
    guint64 raw = GUINT64_TO_LE((guint64)tsoffset_s);
    tb_pcapng_option(buf, TB_PCAPNG_IF_TSOFFSET, &raw, sizeof raw);
  }
  interface_append_notes(buf, source, link_type);
  interface_append_carried(buf, source, os.len > 0, hardware.len > 0);
  tb_pcapng_option_end(buf);
  tb_pcapng_block_end(buf, at);
}

/* Traceshark's strings have a NUL at their end that counts. */
static void machine_option_string(TbBuf *buf, guint16 code, const TbBuf *text)
{
  g_autofree char *value = g_strndup((const char *)text->data, text->len);
  if (text->len)
    tb_pcapng_option(buf, code, value, strlen(value) + 1);
}

void tb_pcapng_append_machine(TbBuf *buf, const TbMachine *machine, guint32 id)
{
  g_auto(TbBuf) text = { 0 };
  guint16 os = GUINT16_TO_LE((guint16)machine->os);
  guint16 arch = GUINT16_TO_LE((guint16)machine->arch);
  guint32 n_cpus = GUINT32_TO_LE(machine->n_cpus);
  gsize at = tb_pcapng_block_begin(buf, TB_PCAPNG_MACHINE_INFO);
  tb_buf_append_le32(buf, id);
  tb_pcapng_append_label(&text, machine);
  machine_option_string(buf, TB_PCAPNG_MACHINE_HOST, &text);
  if (machine->os != TB_OS_UNKNOWN)
    tb_pcapng_option(buf, TB_PCAPNG_MACHINE_OS, &os, sizeof os);
  if (machine->os_version) {
    tb_buf_reset(&text);
    interface_append_clean(&text, machine->os_version, 1024, "");
    machine_option_string(buf, TB_PCAPNG_MACHINE_OS_VERSION, &text);
  }
  if (machine->arch == TB_ARCH_X86_32 || machine->arch == TB_ARCH_X86_64)
    tb_pcapng_option(buf, TB_PCAPNG_MACHINE_ARCH, &arch, sizeof arch);
  if (machine->n_cpus)
    tb_pcapng_option(buf, TB_PCAPNG_MACHINE_CPUS, &n_cpus, sizeof n_cpus);
  tb_pcapng_option_end(buf);
  tb_pcapng_block_end(buf, at);
}

static gboolean description_take_first(const char *part, TbPcapngDescription *out)
{
  const char *hash = strrchr(part, '#');
  if (!hash || strlen(hash + 1) != INTERFACE_KEY_DIGITS)
    return FALSE;
  for (guint i = 1; i <= INTERFACE_KEY_DIGITS; i++)
    if (!g_ascii_isxdigit(hash[i]) || g_ascii_isupper(hash[i]))
      return FALSE;
  memcpy(out->key, hash + 1, INTERFACE_KEY_DIGITS + 1);
  if (hash > part)
    out->file = g_strndup(part, (gsize)(hash - part));
  return TRUE;
}

static void description_take_axis(const char *name, TbAxis *axis)
{
  tb_axis_init(axis, tb_clock_from_name(name), g_str_equal(name, "ticks"));
}

static gboolean description_take_pair(const char *part, TbPcapngDescription *out)
{
  const char *value = strchr(part, '=');
  if (!value) {
    g_free(out->recorder);
    out->recorder = g_strdup(part);
    return FALSE;
  }
  value++;
  if (g_str_has_prefix(part, "axis=")) {
    TbAxis old = out->axis;
    description_take_axis(value, &out->axis);
    out->axis.origin = old.origin;
    return TRUE;
  }
  if (g_str_has_prefix(part, "offset="))
    out->offset_ns = g_ascii_strtoll(value, NULL, 10);
  if (g_str_has_prefix(part, "origin="))
    out->axis.origin = tb_origin_from_name(value);
  if (g_str_has_prefix(part, "bound=")) {
    gint64 bound = g_ascii_strtoll(value, NULL, 10);
    bound = CLAMP(bound, 0, G_MAXINT64 / 2);
    out->axis.bounded = TRUE;
    out->axis.bound_low_ns = -bound;
    out->axis.bound_high_ns = bound;
  }
  if (g_str_has_prefix(part, "machine=") && !out->identity)
    out->identity = g_strdup(value);
  return FALSE;
}

gboolean tb_pcapng_description_parse(const char *text, gsize len, TbPcapngDescription *out)
{
  *out = (TbPcapngDescription){ 0 };
  tb_axis_init(&out->axis, TB_CLOCK_UNKNOWN, FALSE);
  g_autofree char *copy = g_strndup(text, len);
  g_auto(GStrv) parts = g_strsplit(copy, "; ", 8);
  gboolean has_axis = FALSE;
  if (!parts[0] || !description_take_first(parts[0], out))
    return FALSE;
  for (guint i = 1; parts[i]; i++)
    has_axis |= description_take_pair(parts[i], out);
  if (!has_axis)
    tb_pcapng_description_clear(out);
  return has_axis;
}

void tb_pcapng_description_clear(TbPcapngDescription *description)
{
  g_clear_pointer(&description->file, g_free);
  g_clear_pointer(&description->recorder, g_free);
  g_clear_pointer(&description->identity, g_free);
}
