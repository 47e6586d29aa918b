#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Speed and memory of merging captures beside mergecap: one million small packets, dealt out
# over 2, 64, 512 and 1100 files. To be read, not passed or failed.
# usage: tests/bench/merge.sh [ROUNDS (default 3)]
#
# Needs mergecap and python3; ends with 77 where they are missing.
set -u
root=$(dirname "$(readlink -f "$0")")/../..
cd "$root" || exit 1
. tests/support/packages.sh
rounds=${1:-3}
program=$PWD/build/tools/tracebraid
measure=$PWD/build/tests/bench/measure
command -v mergecap > /dev/null || { echo "bench: needs mergecap" >&2; exit 77; }
command -v python3 > /dev/null || { echo "bench: needs python3" >&2; exit 77; }
build_tree build || exit 1

[ -w /dev/shm ] && work=$(mktemp -d -p /dev/shm) || work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 - "$work" <<'P'
import os, random, struct, sys

random.seed(1)
packets = 1000000
for n in (2, 64, 512, 1100):
    folder = os.path.join(sys.argv[1], "in%d" % n)
    os.mkdir(folder)
    out = [bytearray(struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 65535, 1)) for _ in range(n)]
    now = 1700000000 * 10**9
    for k in range(packets):
        now += random.randint(1, 2000)
        size = random.randint(60, 100)
        out[k % n] += struct.pack("<IIII", now // 10**9, now % 10**9, size, size) + bytes(size)
    for i, data in enumerate(out):
        with open(os.path.join(folder, "%04d.pcap" % i), "wb") as f:
            f.write(data)
P

ulimit -n 4096 2> /dev/null
printf '%-8s %14s %14s %8s %12s %12s\n' inputs "tracebraid s" "mergecap s" ratio "peak MB" "its peak MB"
for n in 2 64 512 1100; do
  ls "$work/in$n"/*.pcap | sed 's/^/host=/' > "$work/list"
  for _ in $(seq 1 "$rounds"); do
    echo "ours $("$measure" /dev/null "$program" merge -q -f --inputs-from "$work/list" \
      -o "$work/out" 2> /dev/null)"
    echo "theirs $("$measure" /dev/null mergecap -w "$work/out2" "$work/in$n"/*.pcap 2> /dev/null)"
    rm -f "$work/out" "$work/out2"
  done | awk -v n="$n" '
    { if (!($1 in cpu) || $3 < cpu[$1]) cpu[$1] = $3; if ($4 > peak[$1]) peak[$1] = $4 }
    END {
      ratio = cpu["ours"] > 0 ? cpu["theirs"] / cpu["ours"] : 0
      printf("%-8s %14.2f %14.2f %8.1f %12.1f %12.1f\n", n, cpu["ours"], cpu["theirs"], ratio,
        peak["ours"] / 1024, peak["theirs"] / 1024)
    }'
  rm -rf "$work/in$n"
done
echo
echo "CPU seconds (user and system), the best of $rounds rounds in turn; both write to memory."
