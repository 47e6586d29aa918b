/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * System calls; see linux-calls.h. Their numbers are part of the kernel's
 * interface and never change; each column names the file of the kernel source
 * (as of Linux 6.1) that assigns its numbers.
 */
#include "decode/linux/linux-calls.h"

#include <string.h>

enum { NUMBERS_ARCHES = 6, NONE = -1 };

typedef struct {
  const char *name;
  gint16 numbers[NUMBERS_ARCHES];
} NumbersRow;

/*
 * x86-64: arch/x86/entry/syscalls/syscall_64.tbl; i386: syscall_32.tbl beside it;
 * arm: arch/arm/tools/syscall.tbl (EABI); generic (arm64, riscv64):
 * include/uapi/asm-generic/unistd.h; s390x: arch/s390/kernel/syscalls/syscall.tbl;
 * ppc64: arch/powerpc/kernel/syscalls/syscall.tbl
 */
static const NumbersRow numbers_rows[] = {
  /* name                   x86-64 i386   arm generic s390x ppc64 */
  { "read",                 {    0,    3,    3,   63,    3,    3 } },
  { "write",                {    1,    4,    4,   64,    4,    4 } },
  { "open",                 {    2,    5,    5, NONE,    5,    5 } },
  { "close",                {    3,    6,    6,   57,    6,    6 } },
  { "creat",                {   85,    8,    8, NONE,    8,    8 } },
  { "openat",               {  257,  295,  322,   56,  288,  286 } },
  { "openat2",              {  437,  437,  437,  437,  437,  437 } },
  { "close_range",          {  436,  436,  436,  436,  436,  436 } },
  { "readv",                {   19,  145,  145,   65,  145,  145 } },
  { "writev",               {   20,  146,  146,   66,  146,  146 } },
  { "dup",                  {   32,   41,   41,   23,   41,   41 } },
  { "dup2",                 {   33,   63,   63, NONE,   63,   63 } },
  { "dup3",                 {  292,  330,  358,   24,  326,  316 } },
  { "fcntl",                {   72,   55,   55,   25,   55,   55 } },
  { "fcntl64",              { NONE,  221,  221, NONE, NONE, NONE } },
  { "sendfile",             {   40,  187,  187,   71,  187,  186 } },
  { "sendfile64",           { NONE,  239,  239, NONE, NONE, NONE } },
  { "splice",               {  275,  313,  340,   76,  306,  283 } },
  { "eventfd2",             {  290,  328,  356,   19,  323,  314 } },
  { "epoll_create1",        {  291,  329,  357,   20,  327,  315 } },
  { "timerfd_create",       {  283,  322,  350,   85,  319,  306 } },
  { "memfd_create",         {  319,  356,  385,  279,  350,  360 } },
  { "socketcall",           { NONE,  102, NONE, NONE,  102,  102 } },
  { "socket",               {   41,  359,  281,  198,  359,  326 } },
  { "connect",              {   42,  362,  283,  203,  362,  328 } },
  { "accept",               {   43, NONE,  285,  202, NONE,  330 } },
  { "accept4",              {  288,  364,  366,  242,  364,  344 } },
  { "send",                 { NONE, NONE,  289, NONE, NONE,  334 } },
  { "sendto",               {   44,  369,  290,  206,  369,  335 } },
  { "sendmsg",              {   46,  370,  296,  211,  370,  341 } },
  { "sendmmsg",             {  307,  345,  374,  269,  358,  349 } },
  { "recv",                 { NONE, NONE,  291, NONE, NONE,  336 } },
  { "recvfrom",             {   45,  371,  292,  207,  371,  337 } },
  { "recvmsg",              {   47,  372,  297,  212,  372,  342 } },
  { "recvmmsg",             {  299,  337,  365,  243,  357,  343 } },
  { "recvmmsg_time64",      { NONE,  417,  417, NONE, NONE, NONE } },
  { "fork",                 {   57,    2,    2, NONE,    2,    2 } },
  { "vfork",                {   58,  190,  190, NONE,  190,  189 } },
  { "clone",                {   56,  120,  120,  220,  120,  120 } },
  { "clone3",               {  435,  435,  435,  435,  435,  435 } },
  { "execve",               {   59,   11,   11,  221,   11,   11 } },
  { "execveat",             {  322,  358,  387,  281,  354,  362 } },
  { "exit",                 {   60,    1,    1,   93,    1,    1 } },
  { "exit_group",           {  231,  252,  248,   94,  248,  234 } },
  { "waitpid",              { NONE,    7, NONE, NONE, NONE,    7 } },
  { "wait4",                {   61,  114,  114,  260,  114,  114 } },
  { "waitid",               {  247,  284,  280,   95,  281,  272 } },
  { "prctl",                {  157,  172,  172,  167,  172,  171 } },
  { "kill",                 {   62,   37,   37,  129,   37,   37 } },
  { "tkill",                {  200,  238,  238,  130,  237,  208 } },
  { "tgkill",               {  234,  270,  268,  131,  241,  250 } },
  { "rt_sigqueueinfo",      {  129,  178,  178,  138,  178,  177 } },
  { "rt_tgsigqueueinfo",    {  297,  335,  363,  240,  330,  322 } },
  { "pidfd_send_signal",    {  424,  424,  424,  424,  424,  424 } },
};

/* The column of @arch, or %NONE. */
static int numbers_column(TbArch arch)
{
  switch (arch) {
  case TB_ARCH_X86_64: return 0;
  case TB_ARCH_X86_32: return 1;
  case TB_ARCH_ARM: return 2;
  case TB_ARCH_ARM64:
  case TB_ARCH_RISCV64: return 3;
  case TB_ARCH_S390X: return 4;
  case TB_ARCH_PPC64: return 5;
  case TB_ARCH_UNKNOWN:
  default: return NONE;
  }
}

void tb_syscall_table(TbArch arch, const TbSyscallMeaning *meanings, gsize n,
                      guint8 table[TB_SYSCALL_NUMBERS])
{
  int column = numbers_column(arch);
  memset(table, 0, TB_SYSCALL_NUMBERS);
  for (guint i = 0; column != NONE && i < G_N_ELEMENTS(numbers_rows); i++) {
    gint16 number = numbers_rows[i].numbers[column];
    if (number != NONE)
      table[number] = tb_syscall_find(meanings, n, numbers_rows[i].name);
  }
}

guint8 tb_syscall_find(const TbSyscallMeaning *meanings, gsize n, const char *name)
{
  for (gsize i = 0; i < n; i++)
    if (g_str_equal(meanings[i].name, name))
      return meanings[i].call;
  return 0;
}

guint tb_syscall_flags_argument(TbArch arch)
{
  return arch == TB_ARCH_S390X ? 1 : 0; /* clone(2): s390 takes the stack first */
}

const char *tb_syscall_event_read(const TbEventType *type, gboolean *enter,
                                  const TbField **fields, guint n_fields)
{
  static const char enter_prefix[] = "sys_enter_", exit_prefix[] = "sys_exit_";
  gboolean enters = g_str_has_prefix(type->name, enter_prefix);
  if (!enters && !g_str_has_prefix(type->name, exit_prefix))
    return NULL;
  const TbField *anchor = tb_event_type_find_field(type, enters ? "__syscall_nr" : "ret");
  if (enters && !anchor)
    anchor = tb_event_type_find_field(type, "nr"); /* older kernels */
  if (!anchor)
    return NULL;
  memset(fields, 0, n_fields * sizeof *fields);
  if (!enters)
    fields[0] = anchor;
  for (guint32 i = anchor->index + 1, n = 0; enters && i < type->n_fields && n < n_fields; i++)
    fields[n++] = &type->fields[i];
  *enter = enters;
  return type->name + (enters ? sizeof enter_prefix : sizeof exit_prefix) - 1;
}
