#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The recorder records for real, where tracefs can be used, and trace-cmd reads the result.
# usage: record-sample.sh RECORDER
set -u
recorder=$1
[ "$(id -u)" = 0 ] || { echo "needs root"; exit 77; }
command -v trace-cmd > /dev/null || { echo "needs trace-cmd"; exit 77; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$recorder" -o "$work/one.dat" --date -n sh -e sched:sched_process_exec \
  -e sched:sched_process_fork -e sched:sched_process_exit -- /bin/sh -c '/bin/true; /bin/false; exit 0' &
pid=$!
wait $pid
status=$?
[ $status = 77 ] && { echo "no tracing instance can be made here"; exit 77; }
[ $status = 0 ] || { echo "the recorder ended with $status"; exit 1; }

trace-cmd report -N -t "$work/one.dat" > "$work/report" 2> "$work/errors" || exit 1
for line in 'sched_process_exec: .*filename=/bin/true' 'sched_process_exec: .*filename=/bin/false' \
  'sched_process_exit: .*comm=sh'; do
  grep -q "$line" "$work/report" || { echo "not in the report: $line"; cat "$work/report"; exit 1; }
done
# Recorded with DATE: the seconds are those of the wall clock.
now=$(date +%s)
seconds=$(sed -n 's/.*\] *\([0-9]*\)\.[0-9]\{9\}: sched_process_exec.*/\1/p' "$work/report" | head -n 1)
[ $((now - seconds)) -lt 60 ] || { echo "time of the first event: $seconds, now: $now"; exit 1; }
[ -e "/sys/kernel/tracing/instances/record-sample-$pid" ] &&
  { echo "the tracing instance was left behind"; exit 1; }

# What is wrong with a command line is said, and nothing is written.
"$recorder" -o "$work/two.dat" -e no:such -- /bin/true 2> /dev/null && exit 1
"$recorder" 2> /dev/null
[ $? = 64 ] && [ ! -e "$work/two.dat" ]
