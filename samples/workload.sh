#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# What the samples show: a web server and its clients over IPv4 and IPv6, on loopback.
# usage: workload.sh FOLDER (an empty folder to serve)
set -u
cd "$1" || exit 1
echo hello > index.html
awk 'BEGIN { for (i = 0; i < 600; i++) print "line", i, "of the larger file" }' > large.txt

/usr/bin/python3 -I -m http.server 8080 --bind :: > server.log 2>&1 &
server=$!
tries=0
while [ $tries -lt 50 ] && ! grep -q ':1F90 .* 0A ' /proc/net/tcp6; do
  tries=$((tries + 1))
  sleep 0.1
done

status=0
curl -s -o v4.out http://127.0.0.1:8080/index.html || status=1
curl -s -g -o v6.out 'http://[::1]:8080/index.html' || status=1
wget -q -O large.out http://127.0.0.1:8080/large.txt || status=1
(curl -s -g -o sub.out 'http://[::1]:8080/large.txt') || status=1
curl -s -o missing.out http://127.0.0.1:8080/missing || status=1
# Nobody listens on port 9: a refused connection.
curl -s -o refused.out http://127.0.0.1:9/ && status=1

kill -TERM $server
wait $server
cmp -s index.html v4.out && cmp -s index.html v6.out && cmp -s large.txt large.out &&
  cmp -s large.txt sub.out || status=1
[ $status = 0 ] && echo complete > status
exit $status
