/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Process blocks written; see pcapng-process.h. */
#include "pcapng/pcapng-process.h"

#include "base/escape.h"
#include "base/strpool.h"
#include "pcapng/pcapng-block.h"

enum {
  PROCESS_NAME = 2,
  PROCESS_PATH = 3,
  PROCESS_PEN = 32622,
  PROCESS_ENTRY = 3,
  PROCESS_CUSTOM_HEAD = 12, /* enterprise number, type and length of the entry */
  PROCESS_LATEST = 256,
  PROCESS_NAMES_BYTES = 64 * 1024 * 1024,
};

/* @next: another name of the same process, number + 1; 0 = none */
typedef struct {
  const char *name; /* interned; NULL = not known */
  const char *path;
  guint32 next;
} ProcessEntry;

/* A process number of a machine. */
typedef struct {
  const TbMachine *machine;
  gint32 pid;
} ProcessKey;

/* Who was asked for lately, so that most packets cost neither a hash nor a look at a name. */
typedef struct {
  guint64 generation;
  const TbMachine *machine;
  guint32 number;
} ProcessLatest;

struct _TbPcapngProcesses {
  TbPcapngProcessForm form;
  guint64 most;
  GArray *entries;     /* ProcessEntry by number of the block */
  GHashTable *numbers; /* ProcessKey -> number of its first name + 1 */
  TbStrPool *strings;
  ProcessLatest latest[PROCESS_LATEST];
  TbBuf text;
};

static guint process_key_hash(gconstpointer data)
{
  const ProcessKey *key = data;
  guint64 h = ((guint64)(gsize)key->machine ^ (guint64)(guint32)key->pid) * 0x9e3779b97f4a7c15u;
  return (guint)(h >> 32);
}

static gboolean process_key_equal(gconstpointer a, gconstpointer b)
{
  const ProcessKey *x = a, *y = b;
  return x->machine == y->machine && x->pid == y->pid;
}

gboolean tb_pcapng_process_form_from_word(const char *word, TbPcapngProcessForm *out)
{
  *out = !word || g_str_equal(word, "none")  ? TB_PCAPNG_PROCESS_NONE
         : g_str_equal(word, "darwin")       ? TB_PCAPNG_PROCESS_DARWIN
                                             : TB_PCAPNG_PROCESS_WIRESHARK;
  return *out != TB_PCAPNG_PROCESS_WIRESHARK || g_str_equal(word, "wireshark");
}

TbPcapngProcesses *tb_pcapng_processes_new(TbPcapngProcessForm form, guint64 most)
{
  TbPcapngProcesses *processes = g_new0(TbPcapngProcesses, 1);
  processes->form = form;
  processes->most = most;
  processes->entries = g_array_new(FALSE, FALSE, sizeof(ProcessEntry));
  processes->numbers = g_hash_table_new_full(process_key_hash, process_key_equal, g_free, NULL);
  processes->strings = tb_strpool_new();
  return processes;
}

void tb_pcapng_processes_free(TbPcapngProcesses *processes)
{
  if (!processes)
    return;
  g_array_unref(processes->entries);
  g_hash_table_unref(processes->numbers);
  tb_strpool_free(processes->strings);
  tb_buf_clear(&processes->text);
  g_free(processes);
}

/* --- blocks --- */

static void process_append_text(TbPcapngProcesses *processes, guint16 code, const char *value,
                                TbBuf *out)
{
  if (!value)
    return;
  tb_buf_reset(&processes->text);
  tb_escape_append(&processes->text, value, strlen(value), TB_ESCAPE_NEWLINE | TB_ESCAPE_TAB);
  tb_pcapng_option(out, code, processes->text.data, processes->text.len);
}

/* Process id and options, which end with a mark where there are any. */
static void process_append_entry(TbPcapngProcesses *processes, gint32 pid,
                                 const ProcessEntry *entry, TbBuf *out)
{
  tb_buf_append_le32(out, (guint32)pid);
  gsize at = out->len;
  process_append_text(processes, PROCESS_NAME, entry->name, out);
  if (processes->form == TB_PCAPNG_PROCESS_WIRESHARK)
    process_append_text(processes, PROCESS_PATH, entry->path, out);
  if (out->len > at)
    tb_pcapng_option_end(out);
}

static void process_append_block(TbPcapngProcesses *processes, gint32 pid,
                                 const ProcessEntry *entry, TbBuf *out)
{
  gboolean custom = processes->form == TB_PCAPNG_PROCESS_WIRESHARK;
  gsize at = tb_pcapng_block_begin(out, custom ? (guint32)TB_PCAPNG_CUSTOM
                                               : TB_PCAPNG_DARWIN_PROCESS);
  if (custom) {
    tb_buf_append_le32(out, PROCESS_PEN);
    tb_buf_append_le32(out, PROCESS_ENTRY);
    tb_buf_append_le32(out, 0);
  }
  gsize body_at = out->len;
  process_append_entry(processes, pid, entry, out);
  if (custom)
    tb_put_u32(out->data + body_at - 4, (guint32)(out->len - body_at), FALSE);
  tb_pcapng_block_end(out, at);
}

/* --- the table --- */

static const char *process_intern(TbPcapngProcesses *processes, const char *text)
{
  return text && *text ? tb_strpool_intern(processes->strings, text, strlen(text)) : NULL;
}

static gboolean process_is(const TbPcapngProcesses *processes, const ProcessEntry *entry,
                           const TbOwner *owner)
{
  return g_strcmp0(entry->name, owner->comm && *owner->comm ? owner->comm : NULL) == 0 &&
         (processes->form == TB_PCAPNG_PROCESS_DARWIN ||
          g_strcmp0(entry->path, owner->exe && *owner->exe ? owner->exe : NULL) == 0);
}

/* A block for a name that a process was not yet met with. Returns: its number + 1; 0 = no room */
static guint32 process_add(TbPcapngProcesses *processes, const ProcessKey *key, guint32 first,
                           const TbOwner *owner, TbBuf *blocks)
{
  guint32 number = processes->entries->len;
  if (number >= processes->most ||
      tb_strpool_get_bytes(processes->strings) > PROCESS_NAMES_BYTES)
    return 0;
  ProcessEntry entry = { process_intern(processes, owner->comm),
                         process_intern(processes, owner->exe), first };
  g_array_append_val(processes->entries, entry);
  g_hash_table_insert(processes->numbers, g_memdup2(key, sizeof *key),
                      GUINT_TO_POINTER(number + 1));
  process_append_block(processes, key->pid, &entry, blocks);
  return number + 1;
}

/* The number of @owner's block + 1; 0 = it has none. */
static guint32 process_find(TbPcapngProcesses *processes, const TbMachine *machine,
                            const TbOwner *owner, TbBuf *blocks)
{
  ProcessKey key = { machine, owner->pid };
  guint32 first = GPOINTER_TO_UINT(g_hash_table_lookup(processes->numbers, &key));
  for (guint32 at = first; at;) {
    const ProcessEntry *entry = &g_array_index(processes->entries, ProcessEntry, at - 1);
    if (process_is(processes, entry, owner))
      return at;
    at = entry->next;
  }
  return process_add(processes, &key, first, owner, blocks);
}

static guint32 process_number(TbPcapngProcesses *processes, const TbMachine *machine,
                              const TbOwner *owner, TbBuf *blocks)
{
  if (owner->generation == 0)
    return process_find(processes, machine, owner, blocks);
  ProcessLatest *latest = &processes->latest[owner->generation % PROCESS_LATEST];
  if (G_UNLIKELY(latest->generation != owner->generation || latest->machine != machine))
    *latest = (ProcessLatest){ owner->generation, machine,
                               process_find(processes, machine, owner, blocks) };
  return latest->number;
}

static gboolean process_refer(TbPcapngProcesses *processes, const TbMachine *machine,
                              const TbOwner *owner, guint16 code, TbBuf *options, TbBuf *blocks)
{
  if (!tb_owner_is_known(owner))
    return TRUE;
  guint32 number = process_number(processes, machine, owner, blocks);
  guint32 value = GUINT32_TO_LE(number - 1);
  if (number && processes->form == TB_PCAPNG_PROCESS_DARWIN)
    tb_pcapng_option(options, code, &value, sizeof value);
  return number > 0;
}

gboolean tb_pcapng_processes_refer(TbPcapngProcesses *processes, const TbItem *packet,
                               TbBuf *options, TbBuf *blocks)
{
  const TbOwners *owners = packet->owners;
  const TbOwner *first = tb_owner_is_known(&owners->src) ? &owners->src : &owners->dst;
  const TbMachine *machine = packet->record->source->machine;
  gboolean named =
      process_refer(processes, machine, first, TB_PCAPNG_EPB_DARWIN_PROCESS, options, blocks);
  return process_refer(processes, machine, &owners->effective, TB_PCAPNG_EPB_DARWIN_EFFECTIVE,
                       options, blocks) && named;
}

gboolean tb_pcapng_process_is_custom(const guint8 *body, gsize len)
{
  return len >= PROCESS_CUSTOM_HEAD && tb_get_u32(body, FALSE) == PROCESS_PEN &&
         tb_get_u32(body + 4, FALSE) == PROCESS_ENTRY;
}
