#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Instructions per record, which no other load of the machine changes, and peak memory, of one
# program or of two beside each other. To be read, not passed or failed.
# usage: tests/bench/instructions.sh [PROGRAM (default build/tools/tracebraid)] [NEW]
#
# events: a recording alone; owners: the recording with a capture of it; packets: two captures
# (what was captured at both ends, repeated). Each as pcapng to nowhere. A record is an event or
# a packet of the output, and of the instructions those are taken away that the program needs for
# no record at all (a capture with a header only). Needs valgrind, python3 and tests/bench/measure
# of the tree that PROGRAM was built in, or of build; takes recordings of the shared corpus where
# it is (beside the tree, or where TB_CORPUS says), else the samples, of which the cost of reading
# formats makes up most. Ends with 77 where something is missing.
set -u
root=$(dirname "$(readlink -f "$0")")/../..
old=$(readlink -f "${1:-$root/build/tools/tracebraid}")
new=${2:+$(readlink -f "$2")}
cd "$root" || exit 1
corpus=${TB_CORPUS:-../shared/corpus}
for tool in valgrind python3; do
  command -v $tool > /dev/null || { echo "bench: needs $tool" >&2; exit 77; }
done
for program in "$old" ${new:+"$new"}; do
  [ -x "$program" ] || { echo "bench: there is no $program" >&2; exit 77; }
done
measure=$(dirname "$old")/../tests/bench/measure
[ -x "$measure" ] || measure=build/tests/bench/measure
[ -x "$measure" ] || { echo "bench: there is no $measure" >&2; exit 77; }
case=$corpus/net-v7-zstd-mono
recording=$case/trace.dat
here=$case/A-ns.pcap
there=$case/B-us.pcap
if [ ! -f "$recording" ]; then
  recording=samples/http.dat
  here=samples/http.pcap
  there=samples/http-date.pcap
fi

work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
# Where things lie in memory changes up to a thousandth: names of one length, no environment.
ln -s "$old" "$work/old"
ln -s "${new:-$old}" "$work/new"
python3 - "$work" "$here" "$there" << 'P'
import struct, sys

sys.path.insert(0, "tests/support")
import read_captures

HEAD = struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 262144, 1)
REPEATS, DISTANCE_NS = 20, 10 ** 9
with open(sys.argv[1] + "/nothing.pcap", "wb") as out:
    out.write(HEAD)
for name, path in zip(("here", "there"), sys.argv[2:]):
    packets = read_captures.read_pcap(path)
    with open("%s/%s.pcap" % (sys.argv[1], name), "wb") as out:
        out.write(HEAD)
        for n in range(REPEATS):
            for ns, data in packets:
                ns += n * DISTANCE_NS
                out.write(struct.pack("<4I", ns // 10 ** 9, ns % 10 ** 9, len(data), len(data)) + data)
P

# run PROGRAM ARGUMENT...: instructions, peak KiB and records of a conversion.
run() {
  program=$1
  shift
  env -i PATH="$PATH" LC_ALL=C.UTF-8 TZ=UTC valgrind --tool=callgrind \
    --callgrind-out-file=/dev/null "$program" "$@" -f -o /dev/null > /dev/null 2> "$work/log"
  instructions=$(sed -n 's/.*Collected : \([0-9]*\).*/\1/p' "$work/log")
  [ -n "$instructions" ] || { cat "$work/log" >&2; return 1; }
  peak=$("$measure" /dev/null "$program" "$@" -q -f -o /dev/null 2> /dev/null | cut -d' ' -f3)
  records=$("$program" "$@" -v -f -o /dev/null 2>&1 |
    sed -n 's/.*events written: \([0-9]*\), packets written: \([0-9]*\).*/\1 \2/p')
  echo "$instructions $peak ${records:-0 0}"
}

for kind in nothing events owners packets; do
  case $kind in
    nothing) set -- convert "$work/nothing.pcap" ;;
    events) set -- convert "$recording" ;;
    owners) set -- convert "$recording" "$here" ;;
    packets) set -- merge "one=$work/here.pcap" "two=$work/there.pcap" ;;
  esac
  first=$(run "$work/old" "$@") || exit 1
  second=
  if [ -n "$new" ]; then
    second=$(run "$work/new" "$@") || exit 1
  fi
  echo "$kind $first $second"
done | awk '
  function each(total, start, n) { return n > 0 ? (total - start) / n : 0 }
  NR == 1 {
    printf("%-9s %9s %14s %12s %10s", "what", "records", "instructions", "per record", "peak KiB")
    if (NF > 5)
      printf(" | %14s %12s %10s | %7s %7s", "new", "per record", "peak KiB", "ratio", "memory")
    print ""
    start = $2
    new_start = $6
  }
  {
    n = $4 + $5
    printf("%-9s %9d %14d %12.1f %10d", $1, n, $2, each($2, start, n), $3)
    if (NF > 5) {
      ratio = NR == 1 ? $6 / $2 : each($6, new_start, $8 + $9) / each($2, start, n)
      printf(" | %14d %12.1f %10d | %7.4f %7.3f", $6, each($6, new_start, $8 + $9), $7, ratio, $7 / $3)
    }
    print ""
  }'
