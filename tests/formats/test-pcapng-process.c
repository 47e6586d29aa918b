/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Process blocks: their bytes, that each is there once, and what is done when there is no room. */
#include "pcapng/pcapng-block.h"
#include "pcapng/pcapng-process.h"
#include "support/made-item.h"

/* Refers to @owner; @blocks and @options are emptied first. */
static gboolean refer(TbPcapngProcesses *processes, TbSource *source, const TbOwner *owner,
                      TbBuf *options, TbBuf *blocks)
{
  TbOwners owners = { .src = *owner };
  TbRecord packet = { .kind = TB_RECORD_PACKET, .source = source };
  TbItem item = item_of(&packet);
  item.owners = &owners;
  tb_buf_reset(options);
  tb_buf_reset(blocks);
  return tb_pcapng_processes_refer(processes, &item, options, blocks);
}

static TbOwner owner_of(gint32 pid, const char *comm, const char *exe, guint64 generation)
{
  return (TbOwner){ .confidence = TB_CONFIDENCE_LINKED, .pid = pid, .comm = comm, .exe = exe,
                    .generation = generation };
}

/* The bytes that the layouts say. */
static void test_bytes(void)
{
  static const guint8 darwin[] = {
    1, 0, 0, 0x80, 28, 0, 0, 0, 0xd2, 4, 0, 0, 2, 0, 4, 0, 'c', 'u', 'r', 'l', 0, 0, 0, 0, 28, 0, 0, 0,
  };
  static const guint8 reference[] = { 1, 0x80, 4, 0, 0, 0, 0, 0 };
  static const guint8 custom[] = {
    0xad, 0x0b, 0, 0, 52, 0, 0, 0, 0x6e, 0x7f, 0, 0, 3, 0, 0, 0, 28, 0, 0, 0, 0xd2, 4, 0, 0,
    2, 0, 4, 0, 'c', 'u', 'r', 'l', 3, 0, 6, 0, '/', 'b', '/', 'c', 'u', 'r', 0, 0, 0, 0, 0, 0,
    52, 0, 0, 0,
  };
  static const guint8 bare[] = { /* of a process without a name: no options, no end mark */
    0xad, 0x0b, 0, 0, 28, 0, 0, 0, 0x6e, 0x7f, 0, 0, 3, 0, 0, 0, 4, 0, 0, 0, 0xe1, 0x10, 0, 0,
    28, 0, 0, 0,
  };
  g_auto(TbBuf) options = { 0 }, blocks = { 0 };
  g_autoptr(TbSource) source = tb_source_new(TB_SOURCE_PACKETS, "eth0");
  TbOwner curl = owner_of(1234, "curl", "/b/cur", 0), nameless = owner_of(4321, NULL, NULL, 0);
  TbPcapngProcesses *processes = tb_pcapng_processes_new(TB_PCAPNG_PROCESS_DARWIN, 10);
  g_assert_true(refer(processes, source, &curl, &options, &blocks));
  g_assert_cmpmem(blocks.data, blocks.len, darwin, sizeof darwin);
  g_assert_cmpmem(options.data, options.len, reference, sizeof reference);
  tb_pcapng_processes_free(processes);
  processes = tb_pcapng_processes_new(TB_PCAPNG_PROCESS_WIRESHARK, 10);
  g_assert_true(refer(processes, source, &curl, &options, &blocks));
  g_assert_cmpmem(blocks.data, blocks.len, custom, sizeof custom);
  g_assert_cmpuint(options.len, ==, 0);
  g_assert_true(tb_pcapng_process_is_custom(blocks.data + 8, blocks.len - 12));
  g_assert_false(tb_pcapng_process_is_custom(blocks.data + 8, 11));
  g_assert_true(refer(processes, source, &nameless, &options, &blocks));
  g_assert_cmpmem(blocks.data, blocks.len, bare, sizeof bare);
  tb_pcapng_processes_free(processes);
}

/* Processes under changing names, in any order, named by number or by their strings alone. */
static void test_once_each(void)
{
  static const char *const names[] = { "a", "b", "a b", NULL };
  g_auto(TbBuf) options = { 0 }, blocks = { 0 };
  g_autoptr(GRand) random = g_rand_new_with_seed(3);
  g_autoptr(TbSource) source = tb_source_new(TB_SOURCE_PACKETS, "eth0");
  TbPcapngProcesses *processes = tb_pcapng_processes_new(TB_PCAPNG_PROCESS_DARWIN, 10000);
  gint64 number_of[600][G_N_ELEMENTS(names)];
  guint32 made = 0;
  memset(number_of, -1, sizeof number_of);
  for (guint i = 0; i < 20000; i++) {
    gint32 pid = g_rand_int_range(random, 1, 600);
    guint name = (guint)g_rand_int_range(random, 0, G_N_ELEMENTS(names));
    char copy[8] = "";
    g_strlcpy(copy, names[name] ? names[name] : "", sizeof copy);
    guint64 generation = g_rand_boolean(random) ? (guint64)pid * 4 + name : 0;
    TbOwner owner = owner_of(pid, generation ? names[name] : copy, "/x", generation);
    g_assert_true(refer(processes, source, &owner, &options, &blocks));
    g_assert_cmpuint(options.len, ==, 8);
    guint32 number = tb_get_u32(options.data + 4, FALSE);
    gboolean is_new = number_of[pid][name] < 0;
    g_assert_cmpuint(blocks.len > 0, ==, is_new);
    if (is_new) {
      g_assert_cmpuint(number, ==, made++);
      number_of[pid][name] = number;
    }
    g_assert_cmpint(number, ==, number_of[pid][name]);
  }
  tb_pcapng_processes_free(processes);
}

static void test_no_room(void)
{
  g_auto(TbBuf) options = { 0 }, blocks = { 0 };
  g_autoptr(TbSource) source = tb_source_new(TB_SOURCE_PACKETS, "eth0");
  TbPcapngProcesses *processes = tb_pcapng_processes_new(TB_PCAPNG_PROCESS_DARWIN, 2);
  for (gint32 pid = 1; pid < 5; pid++)
    for (guint again = 0; again < 2; again++) {
      TbOwner owner = owner_of(pid, "x", NULL, again ? (guint64)pid : 0);
      g_assert_cmpint(refer(processes, source, &owner, &options, &blocks), ==, pid < 3);
      g_assert_cmpuint(options.len, ==, pid < 3 ? 8 : 0);
      g_assert_cmpuint(blocks.len > 0, ==, pid < 3 && !again);
    }
  tb_pcapng_processes_free(processes);
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/pcapng/process/bytes", test_bytes);
  g_test_add_func("/pcapng/process/once-each", test_once_each);
  g_test_add_func("/pcapng/process/no-room", test_no_room);
  return g_test_run();
}
