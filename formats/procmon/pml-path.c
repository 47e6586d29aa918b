/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Views of the class specific parts of a record, the Path column made from
 * them, and call stacks (sections 4 and 6 of docs/format-procmon.md).
 */
#include "procmon/pml-details.h"

#include <arpa/inet.h>

enum {
  FILE_PARAMS_OFF = 16,
  FILE_PARAMS_BYTES_64 = 48,
  FILE_PARAMS_BYTES_32 = 28,
  FILE_QUERY_DIRECTORY = 1,
  FILE_OP_DIRECTORY = 32,
  NETWORK_FIXED_BYTES = 44,
};

gboolean pml_record_view(const guint8 *data, guint32 len, gboolean is64, PmlRecord *out)
{
  if (len < PML_RECORD_BYTES)
    return FALSE;
  out->process_index = tb_get_u32(data, FALSE);
  out->tid = tb_get_u32(data + 0x04, FALSE);
  out->class = tb_get_u16(data + 0x08, FALSE);
  out->operation = tb_get_u16(data + 0x0c, FALSE);
  out->sequence = tb_get_u32(data + 0x10, FALSE);
  out->duration = tb_get_u64(data + 0x14, FALSE);
  out->start = tb_get_u64(data + 0x1c, FALSE);
  out->status = tb_get_u32(data + 0x24, FALSE);
  out->depth = tb_get_u16(data + 0x28, FALSE);
  out->detail_len = tb_get_u32(data + 0x2c, FALSE);
  guint32 extra_off = tb_get_u32(data + 0x30, FALSE);
  guint32 stack_bytes = out->depth * (is64 ? 8u : 4u);
  if (stack_bytes > len - PML_RECORD_BYTES ||
      out->detail_len > len - PML_RECORD_BYTES - stack_bytes)
    return FALSE;
  out->stack = data + PML_RECORD_BYTES;
  out->detail = out->stack + stack_bytes;
  out->extra = NULL;
  out->extra_len = 0;
  if (!extra_off)
    return TRUE;
  if (extra_off < PML_RECORD_BYTES || extra_off > len || len - extra_off < 2)
    return FALSE;
  out->extra = data + extra_off + 2;
  out->extra_len = tb_get_u16(data + extra_off, FALSE);
  return out->extra_len <= len - extra_off - 2;
}

gboolean pml_file_view(const PmlRecord *record, gboolean is64, PmlFileView *out)
{
  gsize params = is64 ? FILE_PARAMS_BYTES_64 : FILE_PARAMS_BYTES_32;
  gsize path_at = FILE_PARAMS_OFF + params + 4;
  if (record->detail_len < path_at)
    return FALSE;
  const guint8 *d = record->detail;
  out->sub = d[0];
  out->irp_flags = tb_get_u32(d + 8, FALSE);
  out->params = pml_span(d + FILE_PARAMS_OFF, params);
  out->path_word = tb_get_u16(d + path_at - 4, FALSE);
  out->path = pml_span(d + path_at, record->detail_len - path_at);
  out->rest = out->path;
  return pml_span_take(&out->rest, pml_text_info_bytes(out->path_word)) != NULL;
}

/* Section 6.9: bytes between the path's string-info word and the path. */
static gsize registry_fixed_bytes(guint32 operation)
{
  switch (operation) {
  case 0:
  case 1: return 6; /* open, create */
  case 3:
  case 5: return 10; /* query key, query value */
  case 6:
  case 7: return 14; /* enumerate */
  case 8: return 14; /* set information */
  case 4: return 14; /* set value */
  case 12:
  case 14: return 2; /* load, rename */
  default: return 0;
  }
}

gboolean pml_registry_view(const PmlRecord *record, PmlRegistryView *out)
{
  PmlSpan s = pml_span(record->detail, record->detail_len);
  out->path_word = pml_span_u16(&s);
  gsize bytes = registry_fixed_bytes(record->operation);
  const guint8 *fixed = pml_span_take(&s, bytes);
  out->fixed = pml_span(fixed, bytes);
  if (s.short_of)
    return FALSE;
  out->path = pml_span(s.data + s.pos, s.len - s.pos);
  out->rest = out->path;
  return pml_span_take(&out->rest, pml_text_info_bytes(out->path_word)) != NULL;
}

gboolean pml_network_view(const PmlRecord *record, PmlNetworkView *out)
{
  const guint8 *d = record->detail;
  if (record->detail_len < NETWORK_FIXED_BYTES)
    return FALSE;
  guint16 flags = tb_get_u16(d, FALSE);
  *out = (PmlNetworkView){
    .local_v4 = (flags & 1) != 0,
    .remote_v4 = (flags & 2) != 0,
    .tcp = (flags & 4) != 0,
    .length = tb_get_u32(d + 4, FALSE),
    .local = d + 8,
    .remote = d + 24,
    .local_port = tb_get_u16(d + 40, FALSE),
    .remote_port = tb_get_u16(d + 42, FALSE),
    .pairs = pml_span(d + NETWORK_FIXED_BYTES, record->detail_len - NETWORK_FIXED_BYTES),
  };
  return TRUE;
}

void pml_path_append_address(const guint8 *address, gboolean is_v4, TbBuf *out)
{
  char text[INET6_ADDRSTRLEN];
  tb_buf_append_str(out, inet_ntop(is_v4 ? AF_INET : AF_INET6, address, text, sizeof text));
}

static void path_append_host(PmlShared *shared, const guint8 *address, gboolean is_v4, TbBuf *out)
{
  guint8 key[16] = { 0 };
  memcpy(key, address, is_v4 ? 4 : 16);
  const char *name = g_hash_table_lookup(shared->hosts, key);
  if (name)
    tb_buf_append_str(out, name);
  else
    pml_path_append_address(address, is_v4, out);
}

static void path_append_port(PmlShared *shared, guint16 port, gboolean tcp, TbBuf *out)
{
  const char *name =
      g_hash_table_lookup(shared->ports, GUINT_TO_POINTER(port | (tcp ? 0x10000u : 0)));
  tb_buf_append_c(out, ':');
  if (name)
    tb_buf_append_str(out, name);
  else
    tb_buf_append_u64(out, port);
}

static void path_append_network(PmlShared *shared, const PmlRecord *record, TbBuf *out)
{
  PmlNetworkView view;
  if (!pml_network_view(record, &view))
    return;
  path_append_host(shared, view.local, view.local_v4, out);
  path_append_port(shared, view.local_port, view.tcp, out);
  tb_buf_append_str(out, " -> ");
  path_append_host(shared, view.remote, view.remote_v4, out);
  path_append_port(shared, view.remote_port, view.tcp, out);
}

static void path_append_file(PmlShared *shared, const PmlKind *kind, const PmlRecord *record,
                             TbBuf *out)
{
  PmlFileView view;
  if (!pml_file_view(record, shared->is64, &view))
    return;
  gsize start = out->len;
  pml_text_append_info(out, &view.path, view.path_word);
  if (kind->operation != FILE_OP_DIRECTORY || view.sub != FILE_QUERY_DIRECTORY)
    return;
  guint16 pattern = pml_span_u16(&view.rest);
  if (!pml_text_info_bytes(pattern))
    return;
  if (out->len > start && out->data[out->len - 1] != '\\')
    tb_buf_append_c(out, '\\');
  pml_text_append_info(out, &view.rest, pattern);
}

static void path_append_process(PmlShared *shared, const PmlKind *kind, const PmlRecord *record,
                                TbBuf *out)
{
  PmlSpan s = pml_span(record->detail, record->detail_len);
  if (kind->operation <= 1) { /* defined, create: section 6.1 */
    const guint8 *p = pml_span_take(&s, 52);
    if (!p)
      return;
    pml_span_take(&s, p[44]);
    pml_span_take(&s, p[45]);
    pml_text_append_info(out, &s, tb_get_u16(p + 46, FALSE));
  } else if (kind->operation == 5) { /* load image: section 6.5 */
    pml_span_take(&s, shared->is64 ? 12 : 8);
    guint16 word = pml_span_u16(&s);
    pml_span_take(&s, 2);
    pml_text_append_info(out, &s, word);
  }
}

void pml_path_append(PmlShared *shared, const PmlKind *kind, const PmlRecord *record, TbBuf *out)
{
  PmlRegistryView registry;
  switch (kind->class) {
  case PML_CLASS_PROCESS: path_append_process(shared, kind, record, out); break;
  case PML_CLASS_FILE: path_append_file(shared, kind, record, out); break;
  case PML_CLASS_NETWORK: path_append_network(shared, record, out); break;
  case PML_CLASS_REGISTRY:
    if (pml_registry_view(record, &registry))
      pml_text_append_info(out, &registry.path, registry.path_word);
    break;
  default: break;
  }
}

static const PmlModule *stack_find_module(const PmlProcess *process, guint64 address)
{
  guint32 low = 0;
  guint32 high = process ? process->n_modules : 0;
  while (low < high) {
    guint32 middle = low + (high - low) / 2;
    if (process->modules[middle].base <= address)
      low = middle + 1;
    else
      high = middle;
  }
  if (low == 0 || address - process->modules[low - 1].base >= process->modules[low - 1].size)
    return NULL;
  return &process->modules[low - 1];
}

void pml_stack_append(PmlShared *shared, const PmlRecord *record, TbBuf *out)
{
  gsize pointer = shared->is64 ? 8 : 4;
  const PmlProcess *process = pml_shared_find_process(shared, record->process_index);
  for (guint16 i = 0; i < record->depth; i++) {
    guint64 address = tb_get_uint(record->stack + i * pointer, pointer, FALSE);
    gboolean kernel = address > shared->highest_user;
    const PmlModule *module = stack_find_module(kernel ? shared->kernel : process, address);
    if (i)
      tb_buf_append_c(out, ' ');
    if (module) {
      const char *slash = strrchr(module->image.path, '\\');
      tb_buf_append_str(out, slash ? slash + 1 : module->image.path);
      tb_buf_append(out, "+0x", 3);
      tb_buf_append_hex(out, address - module->base);
    } else {
      pml_text_append_hex(out, address);
    }
  }
}
