/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A machine: where sources come from. Its name is for people, its identity
 * tells machines of one name apart. Knows no format.
 */
#pragma once

#include "model/timeline.h"

#include <glib.h>

G_BEGIN_DECLS

/* The values of the machine-info block's option 2. */
typedef enum { TB_OS_UNKNOWN = 0, TB_OS_LINUX = 1, TB_OS_WINDOWS = 2 } TbOs;

typedef enum {
  TB_ARCH_UNKNOWN = 0,
  TB_ARCH_X86_32 = 1,
  TB_ARCH_X86_64 = 2,
  /* No number of the machine-info block stands for these: the name is all there is. */
  TB_ARCH_ARM,
  TB_ARCH_ARM64,
  TB_ARCH_S390X,
  TB_ARCH_PPC64,
  TB_ARCH_RISCV64,
} TbArch;

/** tb_arch_from_name: uname -m spellings; unknown ones are %TB_ARCH_UNKNOWN */
TbArch tb_arch_from_name(const char *name);
const char *tb_os_to_name(TbOs os);

/**
 * TbMachine: (reference counted)
 * @name: (nullable): host name as the input gives it; NULL until it is known
 * @identity: (nullable): what tells it from another machine of the same name
 * @label: name as written: @name, with "~xxxx" of the identity where names collide
 * @os: operating system
 * @os_version: (nullable): kernel release, or Windows version and build
 * @arch: architecture
 * @arch_name: (nullable): as the system spells it
 * @n_cpus: 0 = unknown
 * @memory_bytes: 0 = unknown
 * @rank: place in the total order, set when all machines are known
 * @timeline: what prepare found out about it; immutable while emitting
 */
typedef struct {
  gint ref_count;
  char *name;
  char *identity;
  char *label;
  TbOs os;
  char *os_version;
  TbArch arch;
  char *arch_name;
  guint32 n_cpus;
  guint64 memory_bytes;
  guint32 rank;
  TbTimeline *timeline;
} TbMachine;

TbMachine *tb_machine_new(void);
TbMachine *tb_machine_ref(TbMachine *machine);
void tb_machine_unref(TbMachine *machine);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TbMachine, tb_machine_unref)

/** tb_machine_absorb: takes over from @other what @machine does not know, and its timeline's facts */
void tb_machine_absorb(TbMachine *machine, TbMachine *other);

/** tb_machine_get_label: Returns: (transfer none): never NULL; "unknown" without a name */
const char *tb_machine_get_label(const TbMachine *machine);

G_END_DECLS
