#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Records the samples again: http.dat by trace-cmd, http-date.dat by record-sample, a
# packet capture beside each, and what is known of them in *.expect.json.
# usage: record.sh [FOLDER (default: this one)]
#
# Needs root, tracefs, trace-cmd, tcpdump, tshark, curl, wget and a built tree. Everything runs in
# namespaces of its own (mounts, network, host name "sample"); only the workload is
# recorded, with PATH as its whole environment. A recording in which any other program
# shows up is thrown away and made again.
set -eu
here=$(dirname "$(readlink -f "$0")")
root=$(dirname "$here")
recorder=${TB_RECORDER:-$(find "$root" -path "$root/build*/record-sample" -type f | head -n 1)}
tracing=/sys/kernel/tracing

fail() { echo "record.sh: $*" >&2; exit 1; }

syscalls="socket bind listen connect accept4 sendto recvfrom shutdown"
names="sh python3 curl wget grep awk sleep cmp trace-cmd record-sample"
# Other programs of this machine meet the workload on the CPU; rows naming them are not kept.
comm_filter() {
  local field=$1 terms=""
  for name in $names; do terms="$terms$field == \"$name\" || "; done
  echo "($terms$field ~ \"swapper*\")"
}

# The rest runs inside the namespaces.
inside() {
  local out=$1
  work=$(mktemp -d)
  mount -t tmpfs none "$work"
  trap 'cd /; umount -l "$work"; rmdir "$work"' EXIT
  hostname sample
  ip link set lo up
  mask_controls "$work"
  record_one http "$work" "$out"
  record_one http-date "$work" "$out"
}

# Some kernels refuse writes to the function tracer's controls, which trace-cmd resets
# although no function is traced; and a full symbol table would fill the sample.
mask_controls() {
  local work=$1 name
  : > "$work/empty"
  echo 1 > "$work/one"
  for name in set_ftrace_filter set_ftrace_notrace set_ftrace_pid set_ftrace_notrace_pid; do
    [ -e $tracing/$name ] || continue
    cp "$work/empty" "$work/$name"
    mount --bind "$work/$name" $tracing/$name
  done
  [ -e /proc/sys/kernel/ftrace_enabled ] && mount --bind "$work/one" /proc/sys/kernel/ftrace_enabled
  grep -E ' T (tcp|inet|sk|skb)_[a-z_]*$' /proc/kallsyms > "$work/kallsyms"
  mount --bind "$work/kallsyms" /proc/kallsyms
}

record_one() {
  local name=$1 work=$2 out=$3 try
  for try in $(seq 1 30); do
    rm -rf "$work/www"
    mkdir "$work/www"
    cp "$here/workload.sh" "$work/workload.sh"
    rm -f "$work/$name".*
    tcpdump -i lo --time-stamp-precision=nano -s 0 -Z root -U -w "$work/$name.pcap" \
      2> "$work/tcpdump.log" &
    local capture=$!
    while ! grep -q listening "$work/tcpdump.log"; do sleep 0.1; done
    clock_offset > "$work/before"
    forget_names
    "recorder_${name//-/_}" "$work" "$work/$name.dat" > "$work/record.log" 2>&1 ||
      { cat "$work/record.log" >&2; fail "$name could not be recorded"; }
    clock_offset > "$work/after"
    sleep 0.5
    kill -INT $capture
    wait $capture || true
    [ -e "$work/www/status" ] || fail "$name: the workload did not succeed"
    if python3 "$here/expect.py" "$work/$name" "$(cat "$work/before")" "$(cat "$work/after")"; then
      cp "$work/$name.dat" "$work/$name.pcap" "$work/$name.expect.json" "$out"
      echo "$name: recorded at try $try"
      return
    fi
    sleep 1
  done
  fail "$name: other programs were seen each time"
}

# Nanoseconds from the monotonic clock to the epoch.
clock_offset() {
  python3 -c 'import time
a = time.clock_gettime_ns(time.CLOCK_MONOTONIC); r = time.time_ns()
b = time.clock_gettime_ns(time.CLOCK_MONOTONIC); print(r - (a + b) // 2)'
}

# Forgets the saved names of earlier tasks: a new size empties the list.
forget_names() {
  local size
  size=$(cat $tracing/saved_cmdlines_size)
  echo $((size * 2)) > $tracing/saved_cmdlines_size
  echo "$size" > $tracing/saved_cmdlines_size
}

recorder_http() {
  local call calls=()
  for call in $syscalls; do calls+=(-e "syscalls:sys_enter_$call" -e "syscalls:sys_exit_$call"); done
  (cd "$1" && env -i PATH="$PATH" trace-cmd record -o "$2" -C mono -b 4096 --compression zstd -F -c \
    -e sched:sched_switch -f "$(comm_filter prev_comm) && $(comm_filter next_comm)" \
    -e sched:sched_wakeup -f "$(comm_filter comm)" \
    -e sched:sched_wakeup_new -f "$(comm_filter comm)" \
    -e sched:sched_process_fork -e sched:sched_process_exec -e sched:sched_process_exit \
    -e sched:sched_process_free -f "$(comm_filter comm)" -e sched:sched_process_wait \
    -e task -e signal -e sock -e tcp -e net "${calls[@]}" \
    env -i PATH="$PATH" /bin/sh "$1/workload.sh" "$1/www")
}

recorder_http_date() {
  local name keep=() call calls=()
  for name in $names; do keep+=(-n "$name"); done
  for call in connect accept4; do calls+=(-e "syscalls:sys_enter_$call" -e "syscalls:sys_exit_$call"); done
  (cd "$1" && env -i PATH="$PATH" "$recorder" -o "$2" -C mono --date "${keep[@]}" \
    -e sched:sched_process_fork -e sched:sched_process_exec -e sched:sched_process_exit \
    -e task:task_newtask -e task:task_rename -e signal:signal_generate -e signal:signal_deliver \
    -e sock:inet_sock_set_state -e net:net_dev_queue -e net:netif_receive_skb \
    "${calls[@]}" -- /bin/sh "$1/workload.sh" "$1/www")
}

if [ "${1:-}" = --inside ]; then
  inside "$2"
  exit
fi
out=$(readlink -f "${1:-$here}")
[ "$(id -u)" = 0 ] || fail "needs root"
for tool in trace-cmd tcpdump tshark capinfos curl wget python3 unshare ip; do
  command -v $tool > /dev/null || fail "needs $tool"
done
[ -n "$recorder" ] || fail "build the tree first: meson setup build && ninja -C build"
[ -e $tracing/trace_clock ] || mount -t tracefs nodev $tracing || fail "no tracefs here"
exec unshare --mount --net --uts --propagation private "$(readlink -f "$0")" --inside "$out"
