/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Inputs: files, memory, spooled and decompressed copies; see input.h. */
#include "base/input.h"

#include "base/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct _TbInput {
  char *name;
  char *path; /* set where the file can be opened again */
  int fd;     /* -1: memory, or parked */
  const guint8 *memory;
  guint64 size;
  gboolean parked;
  dev_t dev;
  ino_t ino;
  GError *damage;
};

static gboolean input_fail(GError **error, const char *name, const char *doing)
{
  tb_error_set(error, TB_ERROR_IO, name, TB_OFFSET_NONE, "%s: %s", doing, g_strerror(errno));
  return FALSE;
}

/* Replaces input->fd by a readable-anywhere copy of what it gives. */
static gboolean input_spool(TbInput *input, TbSpoolKind kind, const TbLimits *limits,
                            GError **error)
{
  int fd = tb_spool(input->fd, kind, input->name, limits->spool_bytes, &input->size,
                    &input->damage, error);
  if (fd < 0)
    return FALSE;
  if (input->fd != STDIN_FILENO)
    close(input->fd);
  input->fd = fd;
  g_clear_pointer(&input->path, g_free);
  return TRUE;
}

static gboolean input_setup(TbInput *input, const TbLimits *limits, GError **error)
{
  struct stat st;
  if (fstat(input->fd, &st) < 0)
    return input_fail(error, input->name, "cannot stat");
  if (S_ISDIR(st.st_mode)) {
    tb_error_set(error, TB_ERROR_IO, input->name, TB_OFFSET_NONE, "is a directory");
    return FALSE;
  }
  if (!S_ISREG(st.st_mode) && !input_spool(input, TB_SPOOL_PLAIN, limits, error))
    return FALSE;
  if (S_ISREG(st.st_mode)) {
    input->size = (guint64)st.st_size;
    input->dev = st.st_dev;
    input->ino = st.st_ino;
  }
  guint8 head[4];
  gssize got = tb_input_read_at(input, 0, head, sizeof head, error);
  if (got < 0)
    return FALSE;
  TbSpoolKind kind = tb_spool_detect(head, (gsize)got);
  if (kind == TB_SPOOL_PLAIN)
    return TRUE;
  if (lseek(input->fd, 0, SEEK_SET) < 0)
    return input_fail(error, input->name, "cannot seek");
  return input_spool(input, kind, limits, error);
}

TbInput *tb_input_open(const char *path, const TbLimits *limits, GError **error)
{
  g_autoptr(TbInput) input = g_new0(TbInput, 1);
  gboolean is_stdin = g_str_equal(path, "-");
  input->name = g_strdup(is_stdin ? "standard input" : path);
  input->fd = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
  if (input->fd < 0) {
    input_fail(error, path, "cannot open");
    return NULL;
  }
  input->path = is_stdin ? NULL : g_strdup(path);
  if (!input_setup(input, limits, error))
    return NULL;
  return g_steal_pointer(&input);
}

TbInput *tb_input_new_memory(const char *name, const void *bytes, gsize len)
{
  TbInput *input = g_new0(TbInput, 1);
  input->name = g_strdup(name);
  input->fd = -1;
  input->memory = len ? bytes : (const void *)"";
  input->size = len;
  return input;
}

void tb_input_free(TbInput *input)
{
  if (!input)
    return;
  if (input->fd > STDIN_FILENO)
    close(input->fd);
  g_clear_error(&input->damage);
  g_free(input->path);
  g_free(input->name);
  g_free(input);
}

const char *tb_input_get_name(const TbInput *input)
{
  return input->name;
}

guint64 tb_input_get_size(const TbInput *input)
{
  return input->size;
}

const GError *tb_input_get_damage(const TbInput *input)
{
  return input->damage;
}

void tb_input_set_parked(TbInput *input, gboolean parked)
{
  if (!input->path)
    return;
  input->parked = parked;
  if (parked && input->fd >= 0) {
    close(input->fd);
    input->fd = -1;
  }
}

/* A parked input is opened by name: another file under that name must not be read as this one. */
static int input_reopen(TbInput *input, GError **error)
{
  struct stat st;
  int fd = open(input->path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    input_fail(error, input->name, "cannot open again");
    return -1;
  }
  if (fstat(fd, &st) == 0 && st.st_dev == input->dev && st.st_ino == input->ino)
    return fd;
  close(fd);
  tb_error_set(error, TB_ERROR_IO, input->name, TB_OFFSET_NONE,
               "was replaced by another file while it was being read");
  return -1;
}

gboolean tb_input_update_size(TbInput *input, GError **error)
{
  struct stat st;
  if (!input->path)
    return TRUE;
  int fd = input->parked ? input_reopen(input, error) : input->fd;
  if (fd < 0)
    return FALSE;
  gboolean ok = fstat(fd, &st) == 0 || input_fail(error, input->name, "cannot stat");
  if (input->parked)
    close(fd);
  if (!ok)
    return FALSE;
  if ((guint64)st.st_size < input->size) {
    tb_error_set(error, TB_ERROR_TRUNCATED, input->name, (guint64)st.st_size,
                 "became shorter while it was being read");
    return FALSE;
  }
  input->size = (guint64)st.st_size;
  return TRUE;
}

static gssize input_pread(TbInput *input, int fd, guint64 offset, guint8 *buf, gsize len,
                          GError **error)
{
  gsize done = 0;
  while (done < len) {
    ssize_t n = pread(fd, buf + done, len - done, (off_t)(offset + done));
    if (n == 0)
      break;
    if (n > 0)
      done += (gsize)n;
    else if (errno != EINTR) {
      tb_error_set(error, TB_ERROR_IO, input->name, offset + done, "cannot read: %s",
                   g_strerror(errno));
      return -1;
    }
  }
  return (gssize)done;
}

gssize tb_input_read_at(TbInput *input, guint64 offset, void *buf, gsize len, GError **error)
{
  if (offset >= input->size)
    return 0;
  if (len > input->size - offset)
    len = input->size - offset;
  if (input->memory) {
    memcpy(buf, input->memory + offset, len);
    return (gssize)len;
  }
  int fd = input->parked ? input_reopen(input, error) : input->fd;
  if (fd < 0)
    return -1;
  gssize got = input_pread(input, fd, offset, buf, len, error);
  if (input->parked)
    close(fd);
  return got;
}

gboolean tb_input_read_exact(TbInput *input, guint64 offset, void *buf, gsize len,
                             const char *what, GError **error)
{
  gssize got = tb_input_read_at(input, offset, buf, len, error);
  if (got < 0)
    return FALSE;
  if ((gsize)got == len)
    return TRUE;
  tb_error_set(error, TB_ERROR_TRUNCATED, input->name, offset,
               "%s needs %" G_GSIZE_FORMAT " bytes, %" G_GSSIZE_FORMAT " are left", what, len,
               got);
  return FALSE;
}
