/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs one command and says what it cost: "WALL_S CPU_S PEAK_KIB STATUS USER_S" on
 * standard output. A program of its own because the peak memory of a child also
 * counts what its parent held when it was started; this one holds nothing.
 * usage: measure OUTPUT COMMAND [ARGUMENT...] (OUTPUT takes the command's standard output)
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double seconds(const struct timeval *t)
{
  return (double)t->tv_sec + (double)t->tv_usec / 1e6;
}

int main(int argc, char **argv)
{
  struct timespec start;
  struct timespec end;
  struct rusage usage;
  int status = 0;
  if (argc < 3) {
    fprintf(stderr, "usage: measure OUTPUT COMMAND [ARGUMENT...]\n");
    return 64;
  }
  clock_gettime(CLOCK_MONOTONIC, &start);
  pid_t pid = fork();
  if (pid == 0) {
    int fd = open(argv[1], O_WRONLY | O_CREAT | O_TRUNC, 0666);
    if (fd >= 0 && dup2(fd, STDOUT_FILENO) >= 0)
      execvp(argv[2], argv + 2);
    fprintf(stderr, "measure: %s: %s\n", fd < 0 ? argv[1] : argv[2], strerror(errno));
    _exit(127);
  }
  if (pid < 0 || wait4(pid, &status, 0, &usage) != pid) {
    perror("measure");
    return 2;
  }
  clock_gettime(CLOCK_MONOTONIC, &end);
  double wall = (double)(end.tv_sec - start.tv_sec) + (double)(end.tv_nsec - start.tv_nsec) / 1e9;
  double user = seconds(&usage.ru_utime);
  printf("%.3f %.3f %ld %d %.3f\n", wall, user + seconds(&usage.ru_stime), usage.ru_maxrss,
         WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), user);
  return 0;
}
