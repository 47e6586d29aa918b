/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Process Monitor logs in memory; see pml-builder.h. */
#include "support/pml-builder.h"

#include "base/bytes.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum { HEADER_BYTES = 0x3a8, SECTION_COUNT = 6 };

typedef struct {
  PmlBuilderProcess process;
  guint32 texts[8];
  TbBuf modules;
  guint32 n_modules;
} BuilderProcess;

struct _PmlBuilder {
  gboolean is64;
  GPtrArray *strings; /* TbBuf of UTF-16 with its NUL */
  GPtrArray *processes;
  TbBuf hosts;
  guint32 n_hosts;
  TbBuf ports;
  guint32 n_ports;
  TbBuf events;        /* without gaps */
  GArray *event_at;    /* guint64 offset of each in the file */
  GArray *event_in;    /* guint64 offset of each in @events */
  guint64 gaps;
  guint64 clock;
  guint32 sequence;
  guint64 sections[SECTION_COUNT];
  TbBuf file;
};

static const guint section_header_off[SECTION_COUNT] = { 0x240, 0x248, 0x250,
                                                         0x258, 0x260, 0x3a0 };

static void builder_free_buf(gpointer data)
{
  tb_buf_clear(data);
  g_free(data);
}

static void builder_free_process(gpointer data)
{
  BuilderProcess *p = data;
  tb_buf_clear(&p->modules);
  g_free(p);
}

static void builder_append_utf16(TbBuf *out, const char *utf8)
{
  glong n = 0;
  g_autofree gunichar2 *units = g_utf8_to_utf16(utf8, -1, NULL, &n, NULL);
  for (glong i = 0; i < n; i++)
    tb_buf_append_le16(out, units[i]);
}

PmlBuilder *pml_builder_new(gboolean is64)
{
  PmlBuilder *b = g_new0(PmlBuilder, 1);
  b->is64 = is64;
  b->strings = g_ptr_array_new_with_free_func(builder_free_buf);
  b->processes = g_ptr_array_new_with_free_func(builder_free_process);
  b->event_at = g_array_new(FALSE, FALSE, sizeof(guint64));
  b->event_in = g_array_new(FALSE, FALSE, sizeof(guint64));
  b->clock = PML_BUILDER_START;
  g_ptr_array_add(b->strings, g_new0(TbBuf, 1)); /* index 0 is the empty string, without NUL */
  return b;
}

void pml_builder_free(PmlBuilder *b)
{
  g_ptr_array_unref(b->strings);
  g_ptr_array_unref(b->processes);
  g_array_unref(b->event_at);
  g_array_unref(b->event_in);
  tb_buf_clear(&b->hosts);
  tb_buf_clear(&b->ports);
  tb_buf_clear(&b->events);
  tb_buf_clear(&b->file);
  g_free(b);
}

gboolean pml_builder_is64(const PmlBuilder *b)
{
  return b->is64;
}

guint32 pml_builder_add_units(PmlBuilder *b, const guint16 *units, guint n)
{
  TbBuf *text = g_new0(TbBuf, 1);
  for (guint i = 0; i < n; i++)
    tb_buf_append_le16(text, units[i]);
  tb_buf_append_le16(text, 0);
  g_ptr_array_add(b->strings, text);
  return b->strings->len - 1;
}

guint32 pml_builder_add_string(PmlBuilder *b, const char *utf8)
{
  if (!utf8 || !*utf8)
    return 0;
  TbBuf *text = g_new0(TbBuf, 1);
  builder_append_utf16(text, utf8);
  tb_buf_append_le16(text, 0);
  g_ptr_array_add(b->strings, text);
  return b->strings->len - 1;
}

void pml_builder_add_process(PmlBuilder *b, const PmlBuilderProcess *process)
{
  BuilderProcess *p = g_new0(BuilderProcess, 1);
  const char *texts[] = { process->integrity,    process->user,    process->name,
                          process->image,        process->command_line, process->company,
                          process->version,      process->description };
  p->process = *process;
  for (guint i = 0; i < 8; i++)
    p->texts[i] = pml_builder_add_string(b, texts[i]);
  g_ptr_array_add(b->processes, p);
}

void pml_builder_set_process_name(PmlBuilder *b, guint32 string)
{
  BuilderProcess *p = g_ptr_array_index(b->processes, b->processes->len - 1);
  p->texts[2] = string;
}

void pml_builder_add_module(PmlBuilder *b, guint64 base, guint32 size, const char *path)
{
  BuilderProcess *p = g_ptr_array_index(b->processes, b->processes->len - 1);
  pml_build_pointer(&p->modules, b->is64, 0xdddddddd);
  pml_build_pointer(&p->modules, b->is64, base);
  tb_buf_append_le32(&p->modules, size);
  tb_buf_append_le32(&p->modules, pml_builder_add_string(b, path));
  for (guint i = 0; i < 3; i++)
    tb_buf_append_le32(&p->modules, 0);
  tb_buf_append_le32(&p->modules, 0x4a5bc000);
  tb_buf_append_fill(&p->modules, 0, 24);
  p->n_modules++;
}

void pml_builder_add_host(PmlBuilder *b, const guint8 *address, gsize len, const char *name)
{
  g_auto(TbBuf) text = { 0 };
  tb_buf_append(&b->hosts, address, len);
  tb_buf_append_fill(&b->hosts, 0, 16 - len);
  builder_append_utf16(&text, name);
  tb_buf_append_le16(&text, 0);
  tb_buf_append_le32(&b->hosts, (guint32)text.len);
  tb_buf_append(&b->hosts, text.data, text.len);
  b->n_hosts++;
}

void pml_builder_add_port(PmlBuilder *b, guint16 port, gboolean tcp, const char *name)
{
  g_auto(TbBuf) text = { 0 };
  builder_append_utf16(&text, name);
  tb_buf_append_le16(&text, 0);
  tb_buf_append_le16(&b->ports, port);
  tb_buf_append_le16(&b->ports, tcp ? 1 : 0);
  tb_buf_append_le32(&b->ports, (guint32)text.len);
  tb_buf_append(&b->ports, text.data, text.len);
  b->n_ports++;
}

void pml_builder_add_event(PmlBuilder *b, const PmlBuilderEvent *e)
{
  TbBuf *out = &b->events;
  guint32 detail_len = e->detail ? (guint32)e->detail->len : 0;
  guint32 extra_off = 0x34 + e->depth * (b->is64 ? 8u : 4u) + detail_len;
  b->gaps += e->gap;
  guint64 at = HEADER_BYTES + b->gaps + out->len;
  guint64 in = out->len;
  g_array_append_val(b->event_at, at);
  g_array_append_val(b->event_in, in);
  b->clock = e->start ? e->start : b->clock + 10;
  tb_buf_append_le32(out, e->process_index);
  tb_buf_append_le32(out, e->tid);
  tb_buf_append_le32(out, e->class);
  tb_buf_append_le16(out, e->operation);
  tb_buf_append_le16(out, 0xaaaa); /* garbage, as in real logs */
  tb_buf_append_le32(out, ++b->sequence);
  tb_buf_append_le64(out, e->duration);
  tb_buf_append_le64(out, b->clock);
  tb_buf_append_le32(out, e->status);
  tb_buf_append_le16(out, e->depth);
  tb_buf_append_le16(out, 0xbbbb);
  tb_buf_append_le32(out, detail_len);
  tb_buf_append_le32(out, e->extra ? extra_off : 0);
  for (guint i = 0; i < e->depth; i++)
    pml_build_pointer(out, b->is64, e->stack[i]);
  if (e->detail)
    tb_buf_append(out, e->detail->data, e->detail->len);
  if (e->extra) {
    tb_buf_append_le16(out, (guint16)MIN(e->extra->len, 0xffff));
    tb_buf_append(out, e->extra->data, MIN(e->extra->len, 0xffff));
  }
  tb_buf_append_fill(out, (char)0xcc, e->stray);
}

static void builder_write_processes(PmlBuilder *b, TbBuf *out)
{
  g_auto(TbBuf) records = { 0 };
  guint32 n = b->processes->len;
  tb_buf_append_le32(out, n);
  for (guint32 i = 0; i < n; i++)
    tb_buf_append_le32(out, ((BuilderProcess *)b->processes->pdata[i])->process.index);
  for (guint32 i = 0; i < n; i++) {
    const BuilderProcess *p = b->processes->pdata[i];
    const PmlBuilderProcess *q = &p->process;
    tb_buf_append_le32(out, 4 + 8 * n + (guint32)records.len);
    guint32 ids[] = { q->index, q->pid, q->parent_pid, q->parent_index };
    for (guint j = 0; j < 4; j++)
      tb_buf_append_le32(&records, ids[j]);
    tb_buf_append_le64(&records, q->logon);
    tb_buf_append_le32(&records, q->session);
    tb_buf_append_le32(&records, 0x6e0061);
    tb_buf_append_le64(&records, q->start);
    tb_buf_append_le64(&records, q->end);
    tb_buf_append_le32(&records, q->virtualized);
    tb_buf_append_le32(&records, q->is64);
    for (guint j = 0; j < 8; j++)
      tb_buf_append_le32(&records, p->texts[j]);
    tb_buf_append_le64(&records, 0); /* no icons */
    pml_build_pointer(&records, b->is64, 1);
    tb_buf_append_le32(&records, p->n_modules);
    tb_buf_append(&records, p->modules.data, p->modules.len);
  }
  tb_buf_append(out, records.data, records.len);
}

static void builder_write_strings(PmlBuilder *b, TbBuf *out)
{
  guint32 n = b->strings->len;
  guint32 at = 4 + 4 * n;
  tb_buf_append_le32(out, n);
  for (guint32 i = 0; i < n; i++) {
    tb_buf_append_le32(out, at);
    at += 4 + (guint32)((TbBuf *)b->strings->pdata[i])->len;
  }
  for (guint32 i = 0; i < n; i++) {
    const TbBuf *text = b->strings->pdata[i];
    tb_buf_append_le32(out, (guint32)text->len);
    tb_buf_append(out, text->data, text->len);
  }
}

static void builder_write_icons(TbBuf *out)
{
  tb_buf_append_le32(out, 1);
  tb_buf_append_le32(out, 8);
  tb_buf_append_le32(out, 0);
  tb_buf_append_le32(out, 0);
}

static void builder_put_utf16(guint8 *to, const char *text)
{
  for (gsize i = 0; text[i]; i++)
    tb_put_u16(to + 2 * i, (guint8)text[i], FALSE);
}

static void builder_write_header(PmlBuilder *b, guint8 *h)
{
  memcpy(h, "PML_", 4);
  tb_put_u32(h + 0x4, 9, FALSE);
  tb_put_u32(h + 0x8, b->is64, FALSE);
  builder_put_utf16(h + 0xc, b->is64 ? "BUILT64" : "BUILT32");
  builder_put_utf16(h + 0x2c, "C:\\Windows");
  tb_put_u32(h + 0x234, b->event_at->len, FALSE);
  for (guint i = 0; i < SECTION_COUNT; i++)
    tb_put_u64(h + section_header_off[i], b->sections[i], FALSE);
  tb_put_u64(h + 0x268, b->is64 ? 0x7ffffffeffff : 0x7ffeffff, FALSE);
  tb_put_u32(h + 0x270, 284, FALSE);
  tb_put_u32(h + 0x274, b->is64 ? 10 : 6, FALSE);
  tb_put_u32(h + 0x278, b->is64 ? 0 : 1, FALSE);
  tb_put_u32(h + 0x27c, b->is64 ? 19045 : 7601, FALSE);
  tb_put_u32(h + 0x280, 2, FALSE);
  if (!b->is64)
    builder_put_utf16(h + 0x284, "Service Pack 1");
  tb_put_u32(h + 0x38c, 2, FALSE);
  tb_put_u64(h + 0x390, G_GUINT64_CONSTANT(2147483648), FALSE);
  tb_put_u64(h + 0x398, HEADER_BYTES, FALSE);
}

/* What stands behind the events; also settles the sections. */
static void builder_write_tables(PmlBuilder *b, TbBuf *out)
{
  guint64 base = HEADER_BYTES + b->gaps + b->events.len;
  b->sections[0] = HEADER_BYTES;
  b->sections[1] = base + out->len;
  for (guint i = 0; i < b->event_at->len; i++) {
    guint64 at = g_array_index(b->event_at, guint64, i);
    tb_buf_append_le32(out, (guint32)at);
    pml_build_u8(out, (guint8)(at >> 32));
  }
  b->sections[2] = base + out->len;
  builder_write_processes(b, out);
  b->sections[3] = base + out->len;
  builder_write_strings(b, out);
  b->sections[4] = base + out->len;
  builder_write_icons(out);
  b->sections[5] = base + out->len;
  tb_buf_append_le32(out, b->n_hosts);
  tb_buf_append(out, b->hosts.data, b->hosts.len);
  tb_buf_append_le32(out, b->n_ports);
  tb_buf_append(out, b->ports.data, b->ports.len);
}

const TbBuf *pml_builder_finish(PmlBuilder *b)
{
  g_auto(TbBuf) tables = { 0 };
  g_assert(b->gaps == 0);
  builder_write_tables(b, &tables);
  tb_buf_reset(&b->file);
  tb_buf_append_fill(&b->file, 0, HEADER_BYTES);
  builder_write_header(b, b->file.data);
  tb_buf_append(&b->file, b->events.data, b->events.len);
  tb_buf_append(&b->file, tables.data, tables.len);
  return &b->file;
}

static gboolean builder_write_at(int fd, const void *bytes, gsize len, guint64 at)
{
  return pwrite(fd, bytes, len, (off_t)at) == (gssize)len;
}

gboolean pml_builder_write_sparse(PmlBuilder *b, const char *path)
{
  g_auto(TbBuf) tables = { 0 };
  guint8 header[HEADER_BYTES] = { 0 };
  builder_write_tables(b, &tables);
  builder_write_header(b, header);
  int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0)
    return FALSE;
  gboolean ok = builder_write_at(fd, header, sizeof header, 0);
  for (guint i = 0; ok && i < b->event_at->len; i++) {
    guint64 in = g_array_index(b->event_in, guint64, i);
    guint64 end = i + 1 < b->event_in->len ? g_array_index(b->event_in, guint64, i + 1)
                                           : b->events.len;
    ok = builder_write_at(fd, b->events.data + in, end - in,
                          g_array_index(b->event_at, guint64, i));
  }
  ok = ok && builder_write_at(fd, tables.data, tables.len, b->sections[1]);
  return close(fd) == 0 && ok;
}

guint64 pml_builder_event_offset(const PmlBuilder *b, guint i)
{
  return g_array_index(b->event_at, guint64, i);
}

guint64 pml_builder_section(const PmlBuilder *b, guint header_off)
{
  for (guint i = 0; i < SECTION_COUNT; i++)
    if (section_header_off[i] == header_off)
      return b->sections[i];
  g_assert_not_reached();
}

guint16 pml_build_word(const char *text, gboolean wide)
{
  glong n = 0;
  if (!wide)
    return (guint16)(0x8000 | strlen(text));
  g_autofree gunichar2 *units = g_utf8_to_utf16(text, -1, NULL, &n, NULL);
  return (guint16)n;
}

void pml_build_text(TbBuf *out, const char *text, gboolean wide)
{
  if (wide)
    builder_append_utf16(out, text);
  else
    tb_buf_append_str(out, text);
}

void pml_build_file(TbBuf *out, gboolean is64, guint8 sub, guint32 irp_flags, const TbBuf *params,
                    const char *path, gboolean wide)
{
  gsize bytes = is64 ? 48 : 28;
  gsize have = params ? MIN(params->len, bytes) : 0;
  pml_build_u8(out, sub);
  tb_buf_append_fill(out, 0x5a, 7);
  tb_buf_append_le32(out, irp_flags);
  tb_buf_append_le32(out, 9);
  if (have)
    tb_buf_append(out, params->data, have);
  tb_buf_append_fill(out, 0, bytes - have);
  tb_buf_append_le16(out, pml_build_word(path, wide));
  tb_buf_append_le16(out, 0x7777);
  pml_build_text(out, path, wide);
}

void pml_build_registry(TbBuf *out, const char *path, const TbBuf *fixed)
{
  tb_buf_append_le16(out, pml_build_word(path, FALSE));
  if (fixed)
    tb_buf_append(out, fixed->data, fixed->len);
  pml_build_text(out, path, FALSE);
}

void pml_build_network(TbBuf *out, guint16 flags, guint32 length, const guint8 *local,
                       const guint8 *remote, guint16 local_port, guint16 remote_port,
                       const char *const *pairs)
{
  tb_buf_append_le16(out, flags);
  tb_buf_append_le16(out, 0x1234);
  tb_buf_append_le32(out, length);
  tb_buf_append(out, local, 16);
  tb_buf_append(out, remote, 16);
  tb_buf_append_le16(out, local_port);
  tb_buf_append_le16(out, remote_port);
  for (; *pairs; pairs++) {
    builder_append_utf16(out, *pairs);
    tb_buf_append_le16(out, 0);
  }
  tb_buf_append_le16(out, 0);
  tb_buf_append_le32(out, 0x69006c); /* garbage behind the end of the list */
}

void pml_build_process_create(TbBuf *out, const PmlBuildCreate *c)
{
  guint32 ids[] = { c->index, c->pid, c->parent_index, c->parent_pid, c->session, c->is_wow64 };
  for (guint i = 0; i < G_N_ELEMENTS(ids); i++)
    tb_buf_append_le32(out, ids[i]);
  tb_buf_append_le64(out, c->created);
  tb_buf_append_le64(out, c->logon);
  tb_buf_append_le32(out, 0);
  pml_build_u8(out, c->user_sid_len);
  pml_build_u8(out, c->integrity_sid_len);
  tb_buf_append_le16(out, pml_build_word(c->image, FALSE));
  tb_buf_append_le16(out, pml_build_word(c->command_line, TRUE));
  tb_buf_append_le16(out, 0x1111);
  tb_buf_append(out, c->user_sid, c->user_sid_len);
  tb_buf_append(out, c->integrity_sid, c->integrity_sid_len);
  pml_build_text(out, c->image, FALSE);
  pml_build_text(out, c->command_line, TRUE);
}
