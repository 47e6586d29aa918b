#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The CI recipe end to end: a command that talks over loopback is recorded and
# captured, and stock tshark finds its process and its packets in the artifact.
# Skips (77) where nothing can be recorded.
set -u
root=$TB_SOURCE_ROOT
tracing=/sys/kernel/tracing
skip() { echo "ci-recipe: $*"; exit 77; }
[ "$(id -u)" = 0 ] || skip "needs root"
for tool in trace-cmd tcpdump tshark python3 unshare ip; do
  command -v $tool > /dev/null || skip "needs $tool"
done
[ -e $tracing/trace_clock ] || mount -t tracefs nodev $tracing 2> /dev/null
[ -w $tracing/trace_clock ] || skip "tracefs is not available"
[ -d $tracing/events/tcp ] || skip "this kernel has no tcp events"

inside() {
  cd "$1" || exit 1
  mkdir w && mount -t tmpfs none w && cd w || exit 77
  ip link set lo up || exit 77
  # Some kernels refuse writes to the function tracer's controls, which trace-cmd resets.
  : > empty
  echo 1 > one
  for name in set_ftrace_filter set_ftrace_notrace set_ftrace_pid set_ftrace_notrace_pid; do
    [ -e $tracing/$name ] && cp empty m.$name && mount --bind m.$name $tracing/$name
  done
  [ -e /proc/sys/kernel/ftrace_enabled ] && mount --bind one /proc/sys/kernel/ftrace_enabled
  cat > talk.py <<'P'
import socket, sys
server = socket.create_server(("127.0.0.1", 0))
client = socket.create_connection(server.getsockname())
peer, _ = server.accept()
client.sendall(b"x" * 321)
peer.recv(321)
print("talked")
sys.exit(7)
P
  "$TB_SOURCE_ROOT/docs/ci-examples/record-and-merge.sh" -o out.pcapng -i lo python3 talk.py \
    > said.txt 2> err.txt
  echo $? > status
  cat err.txt
  tshark -r out.pcapng -T fields -e frame.interface_name -e systemd_journal.comm \
    -e systemd_journal.syslog_id -e tcp.len > rows.txt 2> tshark.err
}

if [ "${1-}" = inside ]; then
  inside "$2"
  status=$(cat status) said=$(cat said.txt)
  grep -q "did not run the command" err.txt && skip "trace-cmd cannot record here"
  failed=0
  check() { if eval "$2"; then echo "ok: $1"; else echo "FAILED: $1"; failed=1; fi; }
  check "the command's exit status comes through ($status)" '[ "$status" = 7 ]'
  check "its output comes through" '[ "$said" = talked ]'
  check "tshark has nothing to complain" '! grep -v "Running as user" tshark.err | grep -q .'
  check "python3's exec is there" \
    'grep -P "\tpython3\tsched:sched_process_exec\t" rows.txt | grep -q .'
  check "the packet of 321 bytes is there" 'grep -qP "\t321$" rows.txt'
  check "both sources name the host" '[ "$(cut -d: -f1 rows.txt | sort -u | wc -l)" = 1 ]'
  [ $failed = 0 ] || head -20 rows.txt
  exit $failed
fi

export TRACEBRAID=${TRACEBRAID:-$TB_BUILD_ROOT/tools/tracebraid}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
# trace-cmd records into the one buffer of the machine: suites of several trees take turns.
exec 8> "${TMPDIR:-/tmp}/ci-recipe.lock"
flock -w 60 8 || skip "another recording does not end"
# A machine busy with other tests can keep tcpdump from its packets: that is the machine, so
# it is tried again, but never three times.
unshare -m -n --propagation private bash "$0" inside "$folder"
status=$?
[ $status = 1 ] || exit $status
echo "ci-recipe: once more, by itself"
mkdir "$folder/again"
unshare -m -n --propagation private bash "$0" inside "$folder/again"
