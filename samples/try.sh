#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Shows what tracebraid does: installs what is missing, builds, converts a sample recording
# and prints the first rows of the result as an unmodified tshark shows them. Can be run
# again at any time. As root, or as a user with sudo.
# usage: samples/try.sh [RECORDING (default: samples/http.dat)]
set -eu
start=$PWD
cd "$(dirname "$0")/.."
. tests/support/packages.sh

need_packages $BUILD_PACKAGES $SHOW_PACKAGES
build_tree build

recording=samples/http.dat
if [ $# -gt 0 ]; then
  case $1 in
    /*) recording=$1 ;;
    *) recording=$start/$1 ;;
  esac
fi
output=build/try.pcapng
echo "== tracebraid convert -f $recording -o $output"
status=0
build/tools/tracebraid convert -f "$recording" -o "$output" || status=$?
[ $status -le 1 ] || exit $status

echo "== the first rows of $output in tshark"
columns='"Time","%t","Host","%Cus:systemd_journal.hostname:0:R","PID","%Cus:systemd_journal.pid:0:R"'
columns="$columns,\"Name\",\"%Cus:systemd_journal.comm:0:R\",\"Info\",\"%i\""
# Its warning about being root is no news here; anything else it has to say is shown.
{
  printf 'TIME\tHOST\tPID\tCOMM\tINFO\n'
  tshark -n -r "$output" -c 20 -t r -T tabs -o "gui.column.format:$columns" 2> build/try.stderr
} | awk -F '\t' '{ printf "%-12s %-8s %6s  %-10s %s\n", $1, $2, $3, $4, substr($5, 1, 110) }'
grep -v 'Running as user' build/try.stderr >&2 || true

cat <<'END'

== next
build/tools/tracebraid info samples/http.dat     what is in a recording, and is it complete?
build/tools/tracebraid convert --to text samples/tcpsnitch -o -    socket calls of programs
build/tools/tracebraid help convert              all options
wireshark build/try.pcapng                       the same rows with a window around them
  filters: systemd_journal.comm == "curl"
           systemd_journal.syslog_id == "sched:sched_process_exec"
END
exit $status
