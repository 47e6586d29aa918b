/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Outputs; see output.h. */
#include "base/output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { OUTPUT_BUFFER = 1 << 20 };

struct _TbOutput {
  TbOutputBuffer buffer; /* must be first: see tb_output_write() */
  char *name;
  char *path;      /* final name; NULL where nothing is renamed */
  char *temp_path; /* set while the temporary file exists */
  int fd;
  gboolean overwrite;
  GByteArray *memory;
  guint64 flushed;
};

static gboolean output_fail(TbOutput *output, const char *doing, GError **error)
{
  tb_error_set(error, TB_ERROR_OUTPUT, output->name, TB_OFFSET_NONE, "%s: %s", doing,
               g_strerror(errno));
  return FALSE;
}

static TbOutput *output_new(const char *name, int fd)
{
  TbOutput *output = g_new0(TbOutput, 1);
  output->name = g_strdup(name);
  output->fd = fd;
  output->buffer.cap = OUTPUT_BUFFER;
  output->buffer.data = g_malloc(OUTPUT_BUFFER);
  return output;
}

static gboolean output_open_temp(TbOutput *output, mode_t mode, GError **error)
{
  g_autofree char *dir = g_path_get_dirname(output->path);
  g_autofree char *base = g_path_get_basename(output->path);
  g_autofree char *temp_base = g_strdup_printf(".%s.XXXXXX", base);
  output->temp_path = g_build_filename(dir, temp_base, NULL);
  output->fd = g_mkstemp_full(output->temp_path, O_WRONLY | O_CLOEXEC, (int)mode);
  if (output->fd >= 0)
    return TRUE;
  g_clear_pointer(&output->temp_path, g_free);
  return output_fail(output, "cannot create", error);
}

TbOutput *tb_output_open(const char *path, gboolean overwrite, GError **error)
{
  struct stat st;
  if (g_str_equal(path, "-"))
    return output_new("standard output", STDOUT_FILENO);
  g_autoptr(TbOutput) output = output_new(path, -1);
  gboolean exists = stat(path, &st) == 0;
  if (exists && S_ISDIR(st.st_mode)) {
    tb_error_set(error, TB_ERROR_OUTPUT, path, TB_OFFSET_NONE, "is a directory");
    return NULL;
  }
  if (exists && !S_ISREG(st.st_mode)) {
    output->fd = open(path, O_WRONLY | O_CLOEXEC);
    if (output->fd >= 0)
      return g_steal_pointer(&output);
    output_fail(output, "cannot open", error);
    return NULL;
  }
  if (exists && !overwrite) {
    tb_error_set(error, TB_ERROR_OUTPUT, path, TB_OFFSET_NONE,
                 "exists already (-f replaces it)");
    return NULL;
  }
  output->path = g_strdup(path);
  output->overwrite = overwrite;
  if (!output_open_temp(output, exists ? st.st_mode & 07777 : 0666, error))
    return NULL;
  return g_steal_pointer(&output);
}

TbOutput *tb_output_new_memory(void)
{
  TbOutput *output = output_new("memory", -1);
  output->memory = g_byte_array_new();
  return output;
}

void tb_output_free(TbOutput *output)
{
  if (!output)
    return;
  if (output->fd > STDERR_FILENO)
    close(output->fd);
  if (output->temp_path)
    unlink(output->temp_path);
  if (output->memory)
    g_byte_array_unref(output->memory);
  g_free(output->temp_path);
  g_free(output->path);
  g_free(output->name);
  g_free(output->buffer.data);
  g_free(output);
}

const char *tb_output_get_temp_path(const TbOutput *output)
{
  return output->temp_path;
}

const char *tb_output_get_name(const TbOutput *output)
{
  return output->name;
}

const GByteArray *tb_output_get_memory(const TbOutput *output)
{
  return output->memory;
}

guint64 tb_output_get_written(const TbOutput *output)
{
  return output->flushed + output->buffer.len;
}

static gboolean output_put(TbOutput *output, const guint8 *bytes, gsize len, GError **error)
{
  output->flushed += len;
  if (output->memory) {
    g_byte_array_append(output->memory, bytes, (guint)len);
    return TRUE;
  }
  while (len > 0) {
    ssize_t n = write(output->fd, bytes, len);
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0)
      return output_fail(output, "cannot write", error);
    bytes += n;
    len -= (gsize)n;
  }
  return TRUE;
}

gboolean tb_output_flush(TbOutput *output, GError **error)
{
  gsize len = output->buffer.len;
  output->buffer.len = 0;
  return output_put(output, output->buffer.data, len, error);
}

gboolean tb_output_can_restart(const TbOutput *output)
{
  return output->temp_path || output->memory;
}

gboolean tb_output_restart(TbOutput *output, GError **error)
{
  g_return_val_if_fail(tb_output_can_restart(output), FALSE);
  output->buffer.len = 0;
  output->flushed = 0;
  if (output->memory)
    g_byte_array_set_size(output->memory, 0);
  else if (lseek(output->fd, 0, SEEK_SET) < 0 || ftruncate(output->fd, 0) < 0)
    return output_fail(output, "cannot begin again", error);
  return TRUE;
}

gboolean tb_output_write_slow(TbOutput *output, const void *bytes, gsize len, GError **error)
{
  if (!tb_output_flush(output, error))
    return FALSE;
  if (len >= output->buffer.cap)
    return output_put(output, bytes, len, error);
  return tb_output_write(output, bytes, len, error);
}

/* Without permission to overwrite, link(2) refuses a name that has come into being meanwhile. */
static gboolean output_rename(TbOutput *output, GError **error)
{
  if (output->overwrite) {
    if (rename(output->temp_path, output->path) < 0)
      return output_fail(output, "cannot rename to it", error);
  } else if (link(output->temp_path, output->path) == 0) {
    unlink(output->temp_path);
  } else if (errno == EEXIST) {
    return output_fail(output, "came into being meanwhile", error);
  } else if (rename(output->temp_path, output->path) < 0) { /* no hard links here */
    return output_fail(output, "cannot rename to it", error);
  }
  g_clear_pointer(&output->temp_path, g_free);
  return TRUE;
}

gboolean tb_output_commit(TbOutput *output, GError **error)
{
  if (!tb_output_flush(output, error))
    return FALSE;
  if (!output->path)
    return TRUE;
  int fd = output->fd;
  output->fd = -1;
  if (close(fd) < 0)
    return output_fail(output, "cannot write", error);
  return output_rename(output, error);
}
