#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Runs a command while the kernel's events and the packets of this machine are
# recorded, and leaves both in one pcapng that any Wireshark opens: for a CI job
# that wants to see afterwards what a failing test did.
#
# usage: record-and-merge.sh [-o OUTPUT.pcapng] [-i INTERFACE] [-e EVENT]... COMMAND [ARG...]
#   -o  where the result goes (default: recorded.pcapng); an older one is replaced
#   -i  interface to capture (default: any)
#   -e  trace-cmd events to record (default: processes, sockets, packets)
#
# Needs root, trace-cmd, tcpdump and tracebraid (or TRACEBRAID=/path/to/it).
# The exit status is COMMAND's own; where the recording fails, COMMAND still ran
# and the reason stands on stderr.
set -u

output=recorded.pcapng interface=any events=()
while getopts "o:i:e:h" option; do
  case $option in
    o) output=$OPTARG ;;
    i) interface=$OPTARG ;;
    e) events+=(-e "$OPTARG") ;;
    *) sed -n '3,15s/^# \{0,1\}//p' "$0"; exit 64 ;;
  esac
done
shift $((OPTIND - 1))
[ $# -gt 0 ] || { echo "record-and-merge: no command given (-h shows how)" >&2; exit 64; }
[ ${#events[@]} -gt 0 ] || events=(-e sched:sched_process_fork -e sched:sched_process_exec
  -e sched:sched_process_exit -e task -e signal -e sock -e tcp -e net)
tracebraid=${TRACEBRAID:-tracebraid}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

tcpdump -i "$interface" -s 0 -Z root -U --immediate-mode --time-stamp-precision=nano \
  -w "$work/packets.pcap" 2> "$work/tcpdump.log" &
capture=$!
for _ in $(seq 1 100); do
  grep -q 'listening on' "$work/tcpdump.log" && break
  kill -0 $capture 2>/dev/null || break
  sleep 0.1
done

# --date writes down how the kernel's clock stands to wall-clock time: packets need that.
# The command's own status is kept apart, as trace-cmd does not pass it on.
export work
trace-cmd record --date -q -o "$work/trace.dat" "${events[@]}" \
  bash -c '"$@" 2>&3; echo $? > "$work/status"' command "$@" 3>&2 2> "$work/trace-cmd.log"
[ -s "$work/status" ] || {
  echo "record-and-merge: trace-cmd did not run the command; running it unrecorded:" >&2
  cat "$work/trace-cmd.log" >&2
  "$@"
  echo $? > "$work/status"
}
sleep 1 # the last packets are on their way to the capture, on a busy machine too
kill -INT $capture 2>/dev/null
wait $capture 2>/dev/null

host=$(uname -n)
inputs=()
[ -s "$work/trace.dat" ] && inputs+=("$host=$work/trace.dat")
[ -s "$work/packets.pcap" ] && inputs+=("$host=$work/packets.pcap")
if [ ${#inputs[@]} -gt 0 ]; then
  "$tracebraid" merge -q -f "${inputs[@]}" -o "$output"
  case $? in
    0) echo "record-and-merge: $output" >&2 ;;
    1) echo "record-and-merge: $output (incomplete: tracebraid info shows what was lost)" >&2 ;;
    *) echo "record-and-merge: no $output" >&2 ;;
  esac
fi
[ -s "$work/packets.pcap" ] || cat "$work/tcpdump.log" >&2
exit "$(cat "$work/status")"
