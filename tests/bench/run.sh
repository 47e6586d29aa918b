#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Speed and memory of tracebraid beside trace-cmd report and cp, on a recording made on the
# spot. To be read, not passed or failed: machines are noisy, the ratios are what counts.
# usage: tests/bench/run.sh [MB of trace data (default 200)] [ROUNDS (default 3)]
#
# Needs root, tracefs, trace-cmd and the recording script of the shared corpus (found beside
# the tree, or where TB_CORPUS says); ends with 77 where these are missing. TB_BENCH_DAT names
# a recording to use instead. Every round runs all programs once, so that a slow moment of
# the machine hits all of them; the best round of each counts.
set -u
root=$(dirname "$(readlink -f "$0")")/../..
cd "$root" || exit 1
. tests/support/packages.sh
megabytes=${1:-200}
rounds=${2:-3}
corpus=${TB_CORPUS:-../shared/corpus}
program=$PWD/build/tools/tracebraid
measure=$PWD/build/tests/bench/measure

skip() { echo "bench: $*" >&2; exit 77; }

[ -n "${TB_BENCH_DAT:-}" ] || [ -x "$corpus/record-large.sh" ] || [ -f "$corpus/record-large.sh" ] ||
  skip "no record-large.sh in $corpus"
command -v trace-cmd > /dev/null || skip "needs trace-cmd"
build_tree build || exit 1
[ -x "$measure" ] || { echo "bench: the tests are not built" >&2; exit 1; }

# Memory-backed, so that no disk is measured.
[ -w /dev/shm ] && work=$(mktemp -d -p /dev/shm) || work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
if [ -n "${TB_BENCH_DAT:-}" ]; then
  recording=$(readlink -f "$TB_BENCH_DAT")
else
  echo "== recording at least $megabytes MB"
  bash "$corpus/record-large.sh" "$work" "$megabytes" > "$work/record.log" 2>&1
  status=$?
  [ $status = 0 ] || { cat "$work/record.log" >&2; exit $status; }
  recording=$work/large.dat
fi
# A first look brings the file into memory and counts its events.
events=$("$program" info --json "$recording" |
  python3 -c 'import json, sys
print(sum(s["records"] for s in json.load(sys.stdin)["files"][0]["sources"]))')
[ "$events" -gt 0 ] || { echo "bench: the recording is empty; does something else record?" >&2; exit 1; }
size=$(stat -c %s "$recording")
echo "== $events events, $((size / 1000000)) MB, $(nproc) CPUs, kernel $(uname -r)," \
  "trace-cmd $(trace-cmd --version 2>&1 | awk '/version/ { print $3; exit }')"

names=(report report-N convert-pcapng convert-text cp-pcapng cp-text)
declare -A label=(
  [report]="trace-cmd report" [report-N]="trace-cmd report -N"
  [convert-pcapng]="tracebraid convert" [convert-text]="tracebraid convert --to text"
  [cp-pcapng]="cp of the pcapng" [cp-text]="cp of the text")
# The program measured writes to a file like the others do.
run_one() {
  case $1 in
    report) "$measure" "$work/out" trace-cmd report -i "$recording" ;;
    report-N) "$measure" "$work/out" trace-cmd report -N -i "$recording" ;;
    convert-pcapng) "$measure" /dev/null "$program" convert -q -f "$recording" -o "$work/rows.pcapng" ;;
    convert-text) "$measure" /dev/null "$program" convert -q -f --to text "$recording" -o "$work/rows.txt" ;;
    cp-pcapng) "$measure" /dev/null cp "$work/rows.pcapng" "$work/copy" ;;
    cp-text) "$measure" /dev/null cp "$work/rows.txt" "$work/copy" ;;
  esac
}

: > "$work/results"
for round in $(seq 1 "$rounds"); do
  for name in "${names[@]}"; do
    echo "$name $(run_one "$name" 2> "$work/errors")" >> "$work/results"
    rm -f "$work/out" "$work/copy"
  done
  echo "== round $round of $rounds done"
done
ls -l "$work"/rows.* | awk '{ n = $NF; sub(".*/", "", n); printf "== %s: %.0f MB\n", n, $5 / 1e6 }'

for name in "${names[@]}"; do echo "$name	${label[$name]}"; done > "$work/labels"
awk -v events="$events" '
  NR == FNR { split($0, part, "\t"); label[part[1]] = part[2]; order[++n] = part[1]; next }
  {
    if ($5 != 0 && $5 != 1) failed[$1] = $5
    if (!($1 in wall) || $2 < wall[$1]) wall[$1] = $2
    if (!($1 in cpu) || $3 < cpu[$1]) cpu[$1] = $3
    if ($4 > peak[$1]) peak[$1] = $4
  }
  function per(a, b) { return b > 0 ? a / b : 0 }
  END {
    printf "\n%-30s %8s %8s %12s %9s %10s %9s\n", "", "wall s", "CPU s", "events/CPU s", "peak MB",
      "x report", "wall/cp"
    for (i = 1; i <= n; i++) {
      k = order[i]
      anchor = k ~ /text|-N/ ? "report-N" : "report"
      copy = k ~ /text/ ? "cp-text" : "cp-pcapng"
      ratio = k ~ /^convert/ ? sprintf("%.1f", per(cpu[anchor], cpu[k])) : ""
      against = k ~ /^convert/ ? sprintf("%.2f", per(wall[k], wall[copy])) : ""
      rate = k ~ /^cp/ ? "" : sprintf("%.0f", per(events, cpu[k]))
      printf "%-30s %8.2f %8.2f %12s %9.1f %10s %9s%s\n", label[k], wall[k], cpu[k], rate,
        peak[k] / 1024, ratio, against, k in failed ? "  exit code " failed[k] : ""
    }
  }' "$work/labels" "$work/results"
cat <<'END'

x report: CPU of trace-cmd report (for text: report -N) over CPU of the conversion.
wall/cp:  wall time of the conversion over wall time of copying its own output.
END
