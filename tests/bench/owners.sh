#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What owners cost: CPU of merging a recording with a capture of the same time, with them and
# with --owners=off, to nowhere and to a file in memory. To be read, not passed or failed.
# usage: tests/bench/owners.sh [MB of trace data (default 200)] [ROUNDS (default 5)]
#
# Needs root, tracefs, trace-cmd, tcpdump and the recording script of the shared corpus (found
# beside the tree, or where TB_CORPUS says); ends with 77 where these are missing. TB_BENCH_DAT
# and TB_BENCH_PCAP name a recording and a capture to use instead.
set -u
root=$(dirname "$(readlink -f "$0")")/../..
cd "$root" || exit 1
. tests/support/packages.sh
megabytes=${1:-200}
rounds=${2:-5}
corpus=${TB_CORPUS:-../shared/corpus}
program=$PWD/build/tools/tracebraid
measure=$PWD/build/tests/bench/measure
build_tree build || exit 1

# Memory-backed, so that no disk is measured.
[ -w /dev/shm ] && work=$(mktemp -d -p /dev/shm) || work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
if [ -n "${TB_BENCH_DAT:-}" ] && [ -n "${TB_BENCH_PCAP:-}" ]; then
  recording=$(readlink -f "$TB_BENCH_DAT")
  capture=$(readlink -f "$TB_BENCH_PCAP")
else
  [ -f "$corpus/record-large.sh" ] ||
    { echo "bench: no record-large.sh in $corpus" >&2; exit 77; }
  for tool in trace-cmd tcpdump; do
    command -v $tool > /dev/null || { echo "bench: needs $tool" >&2; exit 77; }
  done
  echo "== recording at least $megabytes MB"
  bash "$corpus/record-large.sh" "$work" "$megabytes" > "$work/record.log" 2>&1
  status=$?
  [ $status = 0 ] || { cat "$work/record.log" >&2; exit $status; }
  recording=$work/large.dat
  capture=$work/large.pcap
fi
[ -s "$capture" ] || { echo "bench: there is no capture" >&2; exit 1; }

# The first run brings the files into memory and says what is named.
"$program" merge -v -f "host=$recording" "host=$capture" -o "$work/out.pcapng" 2> "$work/log" ||
  [ $? = 1 ] || { cat "$work/log" >&2; exit 1; }
grep -hE "ends of packets named|events written" "$work/log"
rm -f "$work/out.pcapng"

printf '%-12s %14s %14s %10s %10s\n' output "with owners s" "without s" "adds %" "of user %"
for output in /dev/null "$work/out.pcapng"; do
  for _ in $(seq 1 "$rounds"); do
    for owners in linked off; do
      echo "$owners $("$measure" /dev/null "$program" merge -q -f --owners=$owners \
        "host=$recording" "host=$capture" -o "$output" 2> /dev/null)"
      rm -f "$work/out.pcapng"
    done
  done | awk -v output="$([ "$output" = /dev/null ] && echo nowhere || echo "a file")" '
    {
      if (!($1 in cpu) || $3 < cpu[$1]) cpu[$1] = $3
      if (!($1 in user) || $6 < user[$1]) user[$1] = $6
    }
    END {
      adds = cpu["off"] > 0 ? (cpu["linked"] / cpu["off"] - 1) * 100 : 0
      of_user = user["off"] > 0 ? (user["linked"] / user["off"] - 1) * 100 : 0
      printf("%-12s %14.2f %14.2f %10.1f %10.1f\n", output, cpu["linked"], cpu["off"], adds, of_user)
    }'
done
echo
echo "CPU seconds (user and system), the best of $rounds rounds in turn."
