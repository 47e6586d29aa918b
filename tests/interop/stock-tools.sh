#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# What is converted survives the stock tools: opens without a complaint, can be filtered,
# and mergecap, editcap, reordercap and tshark -w keep every row and every interface.
# usage: stock-tools.sh PROGRAM SAMPLES
set -u
program=$(readlink -f "$1")
samples=$(readlink -f "$2")
for tool in tshark capinfos mergecap editcap reordercap; do
  command -v $tool > /dev/null || { echo "needs $tool"; exit 77; }
done
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
failures=0
fail() { echo "FAIL: $*"; failures=$((failures + 1)); }

# quiet COMMAND...: runs it; anything on stderr but the notice about root is a failure
quiet() {
  "$@" 2> stderr || fail "$* ended with $?"
  grep -v 'Running as user' stderr && fail "$* complained"
}
rows() { quiet tshark -n -r "$1" -T fields -e frame.time_epoch -e frame.interface_name \
  -e systemd_journal.pid -e systemd_journal.comm -e systemd_journal.syslog_id -e _ws.col.Info; }
interfaces() { quiet capinfos -I "$1" | grep -E 'Name =|Encapsulation =|resolution =|filter string' ; }

"$program" convert -q "$samples/http.dat" -o one.pcapng || exit 1
"$program" convert -q "$samples/http-date.dat" "$samples/http-date.pcap" -o two.pcapng || exit 1

for file in one two; do
  rows $file.pcapng > $file.rows
  interfaces $file.pcapng > $file.interfaces
  [ -s $file.rows ] && [ -s $file.interfaces ] || fail "$file: nothing shown"
  cut -f 1 $file.rows | sort -n -c || fail "$file: rows out of order"
  quiet editcap $file.pcapng $file-editcap.pcapng
  quiet reordercap $file.pcapng $file-reordercap.pcapng > /dev/null
  quiet mergecap -w $file-mergecap.pcapng $file.pcapng
  quiet tshark -n -r $file.pcapng -w $file-tshark.pcapng
  for tool in editcap reordercap mergecap tshark; do
    rows $file-$tool.pcapng | cmp -s - $file.rows || fail "$file: $tool changes rows"
    interfaces $file-$tool.pcapng | cmp -s - $file.interfaces || fail "$file: $tool changes interfaces"
  done
done

# Two files in one: every row and every interface of both.
quiet mergecap -w both.pcapng one.pcapng two.pcapng
rows both.pcapng | sort > both.rows
sort one.rows two.rows | cmp -s - both.rows || fail "mergecap of two files changes rows"
[ "$(interfaces both.pcapng | grep -c 'Name =')" = \
  "$(cat one.interfaces two.interfaces | grep -c 'Name =')" ] || fail "mergecap loses an interface"

# Filters give the right rows, counted from the rows themselves.
count() { quiet tshark -n -r one.pcapng -Y "$1" -T fields -e frame.number | wc -l; }
pid=$(awk -F '\t' '$4 == "wget" { print $3; exit }' one.rows)
[ "$(count "systemd_journal.pid == $pid")" = "$(awk -F '\t' -v p="$pid" '$3 == p' one.rows | wc -l)" ] ||
  fail "filter by pid"
[ "$(count 'systemd_journal.comm == "wget"')" = "$(awk -F '\t' '$4 == "wget"' one.rows | wc -l)" ] ||
  fail "filter by name"
[ "$(count 'systemd_journal.syslog_id == "sched:sched_process_exec"')" = \
  "$("$program" convert -q --to text "$samples/http.dat" -o - | grep -c ': sched_process_exec:')" ] ||
  fail "filter by event"
[ "$(count 'systemd_journal.comm == "wget"')" -gt 5 ] || fail "no rows of wget"

[ $failures = 0 ] && echo "all as it should be"
[ $failures = 0 ]
