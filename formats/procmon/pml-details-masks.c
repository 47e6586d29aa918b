/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Words of the bit masks that several operations show: access rights, file
 * attributes and options (section 6.8 of docs/format-procmon.md).
 */
#include "procmon/pml-details.h"

static const PmlGeneric file_generic = { 0x120089, 0x120116, 0x1200a0, 0x1f01ff };

static const PmlBits file_access[] = {
  { 0x1f01ff, "All Access" },
  { 0x1201bf, "Generic Read/Write/Execute" },
  { 0x12019f, "Generic Read/Write" },
  { 0x1200a9, "Generic Read/Execute" },
  { 0x1201b6, "Generic Write/Execute" },
  { 0x120089, "Generic Read" },
  { 0x120116, "Generic Write" },
  { 0x1200a0, "Generic Execute" },
  { 0x1, "Read Data/List Directory" },
  { 0x2, "Write Data/Add File" },
  { 0x4, "Append Data/Add Subdirectory/Create Pipe Instance" },
  { 0x8, "Read EA" },
  { 0x10, "Write EA" },
  { 0x20, "Execute/Traverse" },
  { 0x40, "Delete Child" },
  { 0x80, "Read Attributes" },
  { 0x100, "Write Attributes" },
  { 0x10000, "Delete" },
  { 0x20000, "Read Control" },
  { 0x40000, "Write DAC" },
  { 0x80000, "Write Owner" },
  { 0x100000, "Synchronize" },
  { 0x1000000, "Access System Security" },
  { 0x2000000, "Maximum Allowed" },
};

static const PmlBits file_options[] = {
  { 0x1, "Directory" },
  { 0x2, "Write Through" },
  { 0x4, "Sequential Access" },
  { 0x8, "No Buffering" },
  { 0x10, "Synchronous IO Alert" },
  { 0x20, "Synchronous IO Non-Alert" },
  { 0x40, "Non-Directory File" },
  { 0x80, "Create Tree Connection" },
  { 0x100, "Complete If Oplocked" },
  { 0x200, "No EA Knowledge" },
  { 0x400, "Open for Recovery" },
  { 0x800, "Random Access" },
  { 0x1000, "Delete On Close" },
  { 0x2000, "Open By ID" },
  { 0x4000, "Open For Backup" },
  { 0x8000, "No Compression" },
  { 0x100000, "Reserve OpFilter" },
  { 0x200000, "Open Reparse Point" },
  { 0x400000, "Open No Recall" },
  { 0x800000, "Open For Free Space Query" },
  { 0x10000, "Open Requiring Oplock" },
  { 0x20000, "Disallow Exclusive" },
};

static const PmlBits file_attributes[] = {
  { 0x1, "R" },    { 0x2, "H" },    { 0x4, "S" },     { 0x10, "D" },   { 0x20, "A" },
  { 0x40, "D" },   { 0x80, "N" },   { 0x100, "T" },   { 0x200, "SF" }, { 0x400, "RP" },
  { 0x800, "C" },  { 0x1000, "O" }, { 0x2000, "NCI" }, { 0x4000, "E" }, { 0x10000, "V" },
};

void pml_detail_append_access(TbBuf *out, guint32 access, const PmlGeneric *generic,
                              const PmlBits *table, gsize n)
{
  gsize start = out->len;
  if (access & 0x80000000u)
    access |= generic->read;
  if (access & 0x40000000u)
    access |= generic->write;
  if (access & 0x20000000u)
    access |= generic->execute;
  if (access & 0x10000000u)
    access |= generic->all;
  pml_text_append_bits(out, access, table, n, ", ", NULL);
  if (out->len == start) {
    tb_buf_append_str(out, "None ");
    pml_text_append_hex(out, access);
  }
}

void pml_detail_append_attributes(TbBuf *out, guint32 attributes)
{
  if (!attributes)
    tb_buf_append_str(out, "n/a");
  else
    pml_text_append_bits(out, attributes, file_attributes, G_N_ELEMENTS(file_attributes), "",
                         NULL);
}

void pml_detail_append_file_access(TbBuf *out, guint32 access)
{
  pml_detail_append_access(out, access, &file_generic, file_access, G_N_ELEMENTS(file_access));
}

void pml_detail_append_create_options(TbBuf *out, guint32 options)
{
  pml_text_append_bits(out, options, file_options, G_N_ELEMENTS(file_options), ", ", NULL);
}
