/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Machines; see machine.h. */
#include "model/machine.h"

#include <string.h>

TbArch tb_arch_from_name(const char *name)
{
  static const struct {
    const char *name;
    TbArch arch;
  } names[] = {
    { "x86_64", TB_ARCH_X86_64 }, { "i386", TB_ARCH_X86_32 },     { "i486", TB_ARCH_X86_32 },
    { "i586", TB_ARCH_X86_32 },   { "i686", TB_ARCH_X86_32 },     { "x86", TB_ARCH_X86_32 },
    { "aarch64", TB_ARCH_ARM64 }, { "aarch64_be", TB_ARCH_ARM64 }, { "s390x", TB_ARCH_S390X },
    { "ppc64", TB_ARCH_PPC64 },   { "ppc64le", TB_ARCH_PPC64 },   { "riscv64", TB_ARCH_RISCV64 },
  };
  for (guint i = 0; name && i < G_N_ELEMENTS(names); i++)
    if (g_str_equal(names[i].name, name))
      return names[i].arch;
  return name && g_str_has_prefix(name, "arm") ? TB_ARCH_ARM : TB_ARCH_UNKNOWN;
}

const char *tb_os_to_name(TbOs os)
{
  return os == TB_OS_LINUX ? "Linux" : os == TB_OS_WINDOWS ? "Windows" : "unknown";
}

TbMachine *tb_machine_new(void)
{
  TbMachine *machine = g_new0(TbMachine, 1);
  machine->ref_count = 1;
  machine->timeline = tb_timeline_new();
  return machine;
}

TbMachine *tb_machine_ref(TbMachine *machine)
{
  g_atomic_int_inc(&machine->ref_count);
  return machine;
}

void tb_machine_unref(TbMachine *machine)
{
  if (!machine || !g_atomic_int_dec_and_test(&machine->ref_count))
    return;
  tb_timeline_free(machine->timeline);
  g_free(machine->name);
  g_free(machine->identity);
  g_free(machine->label);
  g_free(machine->os_version);
  g_free(machine->arch_name);
  g_free(machine);
}

static void machine_absorb_string(char **to, const char *from)
{
  if (!*to)
    *to = g_strdup(from);
}

void tb_machine_absorb(TbMachine *machine, TbMachine *other)
{
  machine_absorb_string(&machine->name, other->name);
  machine_absorb_string(&machine->identity, other->identity);
  machine_absorb_string(&machine->os_version, other->os_version);
  machine_absorb_string(&machine->arch_name, other->arch_name);
  if (machine->os == TB_OS_UNKNOWN)
    machine->os = other->os;
  if (machine->arch == TB_ARCH_UNKNOWN)
    machine->arch = other->arch;
  machine->n_cpus = MAX(machine->n_cpus, other->n_cpus);
  machine->memory_bytes = MAX(machine->memory_bytes, other->memory_bytes);
  tb_timeline_absorb(machine->timeline, other->timeline);
}

const char *tb_machine_get_label(const TbMachine *machine)
{
  return machine->label ? machine->label : machine->name ? machine->name : "unknown";
}
