#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The owners of the sample's packets in tshark: a name selects a process's packets, a second
# conversion changes nothing, and --comm keeps what a filter in tshark would select.
# usage: owners.sh PROGRAM SAMPLES
set -eu
command -v tshark > /dev/null || exit 77
program=$1 samples=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$program" merge -q vm="$samples/http-date.dat" vm="$samples/http-date.pcap" -o "$work/a.pcapng"
count() { tshark -n -r "$1" -Y "$2" 2> /dev/null | wc -l; }
fail() { echo "$*" >&2; exit 1; }

curl=$(count "$work/a.pcapng" 'frame.comment contains "comm=curl "')
[ "$curl" -gt 0 ] || fail "no packet of curl"
# Every packet of a connection that curl opened, and no other.
tshark -n -r "$work/a.pcapng" -Y 'tcp && frame.comment contains "comm=curl "' \
  -T fields -e tcp.stream 2> /dev/null | sort -un > "$work/streams"
all=0
while read -r stream; do
  all=$((all + $(count "$work/a.pcapng" "tcp.stream == $stream")))
done < "$work/streams"
tcp=$(count "$work/a.pcapng" 'tcp && frame.comment contains "comm=curl "')
[ "$all" -eq "$tcp" ] || fail "curl's connections have $all packets, $tcp are named"

"$program" convert -q "$work/a.pcapng" -o "$work/b.pcapng"
cmp "$work/a.pcapng" "$work/b.pcapng" || fail "converting again changes the file"
"$program" merge -q --owners=off vm="$samples/http-date.dat" vm="$samples/http-date.pcap" \
  -o "$work/off.pcapng"
[ "$(count "$work/off.pcapng" frame.comment)" -eq 0 ] || fail "--owners=off names somebody"

"$program" merge -q --comm curl vm="$samples/http-date.dat" vm="$samples/http-date.pcap" \
  -o "$work/curl.pcapng"
kept=$(count "$work/curl.pcapng" tcp) named=$(count "$work/curl.pcapng" \
  'frame.comment contains "comm=curl "')
[ "$kept" -eq "$curl" ] && [ "$named" -eq "$curl" ] || fail "--comm keeps $kept packets of $curl"
rows=$(count "$work/curl.pcapng" systemd_journal)
wanted=$(count "$work/a.pcapng" 'systemd_journal.comm == "curl"')
[ "$rows" -eq "$wanted" ] || fail "--comm keeps $rows rows of $wanted"
