/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What all parts of the pcapng reader tell of; see pcapng-file.h. */
#include "pcapng/pcapng-file.h"

void tb_pcapng_file_damage(TbPcapngFile *file, TbSource *source, TbError code, guint64 offset,
                           guint64 skipped, guint64 lost, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  g_autofree char *text = g_strdup_vprintf(format, args);
  va_end(args);
  tb_damage_log_add(file->reader->damage, code, file->name, offset, skipped, lost, "%s", text);
  if (source)
    source->counts.damaged++;
}
