/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* System call numbers against those of the system this is built on, and some of the others. */
#include "decode/linux/linux-calls.h"

#include <sys/syscall.h>

enum { READ = 1, SENDTO, CLOSE_RANGE, FCNTL, WAITPID };

static const TbSyscallMeaning meanings[] = {
  { "read", READ }, { "sendto", SENDTO }, { "close_range", CLOSE_RANGE },
  { "fcntl", FCNTL }, { "fcntl64", FCNTL }, { "waitpid", WAITPID },
};

static guint count(const guint8 *table)
{
  guint n = 0;
  for (guint i = 0; i < TB_SYSCALL_NUMBERS; i++)
    n += table[i] != 0;
  return n;
}

/* Every name of the table that this system has a number for. */
static void test_native(void)
{
#if defined __x86_64__ || defined __aarch64__
#ifdef __x86_64__
  const TbArch arch = TB_ARCH_X86_64;
#else
  const TbArch arch = TB_ARCH_ARM64;
#endif
#define NAMED(name) { #name, SYS_##name }
  static const struct {
    const char *name;
    guint number;
  } known[] = {
    NAMED(read), NAMED(write), NAMED(openat), NAMED(close), NAMED(readv), NAMED(writev),
    NAMED(dup), NAMED(dup3), NAMED(fcntl), NAMED(sendfile), NAMED(splice), NAMED(eventfd2),
    NAMED(epoll_create1), NAMED(timerfd_create), NAMED(memfd_create), NAMED(socket),
    NAMED(connect), NAMED(accept), NAMED(accept4), NAMED(sendto), NAMED(sendmsg),
    NAMED(sendmmsg), NAMED(recvfrom), NAMED(recvmsg), NAMED(recvmmsg), NAMED(clone),
    NAMED(execve), NAMED(execveat), NAMED(exit), NAMED(exit_group), NAMED(wait4), NAMED(waitid),
    NAMED(prctl), NAMED(kill), NAMED(tkill), NAMED(tgkill), NAMED(rt_sigqueueinfo),
    NAMED(rt_tgsigqueueinfo), NAMED(pidfd_send_signal), NAMED(clone3),
  };
  for (guint i = 0; i < G_N_ELEMENTS(known); i++) {
    const TbSyscallMeaning one = { known[i].name, 1 };
    guint8 table[TB_SYSCALL_NUMBERS];
    tb_syscall_table(arch, &one, 1, table);
    g_test_message("%s", known[i].name);
    g_assert_cmpuint(table[known[i].number], ==, 1);
    g_assert_cmpuint(count(table), ==, 1);
  }
#else
  g_test_skip("no table for this architecture's own header");
#endif
}

static void test_others(void)
{
  guint8 table[TB_SYSCALL_NUMBERS];
  tb_syscall_table(TB_ARCH_X86_32, meanings, G_N_ELEMENTS(meanings), table);
  g_assert_cmpuint(table[3], ==, READ);
  g_assert_cmpuint(table[7], ==, WAITPID);
  g_assert_cmpuint(table[55], ==, FCNTL);
  g_assert_cmpuint(table[221], ==, FCNTL);
  g_assert_cmpuint(table[369], ==, SENDTO);
  g_assert_cmpuint(table[436], ==, CLOSE_RANGE);
  g_assert_cmpuint(count(table), ==, 6);
  tb_syscall_table(TB_ARCH_PPC64, meanings, G_N_ELEMENTS(meanings), table);
  g_assert_cmpuint(table[335], ==, SENDTO);
  tb_syscall_table(TB_ARCH_S390X, meanings, G_N_ELEMENTS(meanings), table);
  g_assert_cmpuint(table[369], ==, SENDTO);
  tb_syscall_table(TB_ARCH_ARM, meanings, G_N_ELEMENTS(meanings), table);
  g_assert_cmpuint(table[290], ==, SENDTO);
}

static void test_unknown(void)
{
  guint8 table[TB_SYSCALL_NUMBERS] = { 1 };
  tb_syscall_table(TB_ARCH_UNKNOWN, meanings, G_N_ELEMENTS(meanings), table);
  g_assert_cmpuint(count(table), ==, 0);
  g_assert_cmpuint(tb_syscall_find(meanings, G_N_ELEMENTS(meanings), "sendto"), ==, SENDTO);
  g_assert_cmpuint(tb_syscall_find(meanings, G_N_ELEMENTS(meanings), "sendt"), ==, 0);
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/linux-calls/native", test_native);
  g_test_add_func("/linux-calls/others", test_others);
  g_test_add_func("/linux-calls/unknown", test_unknown);
  return g_test_run();
}
