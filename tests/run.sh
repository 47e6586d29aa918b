#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Installs what the tests need, builds, and runs the whole suite. Can be run again at any
# time; only what is missing or changed is done. As root, or as a user with sudo.
# usage: tests/run.sh [ARGUMENT OF meson test...], for example: tests/run.sh --suite unit
#
# The last line reads `N passed, N failed, N skipped`. Exit code 0 only when something
# passed and nothing failed. With CI set, warnings are errors.
set -u
cd "$(dirname "$0")/.." || exit 1
. tests/support/packages.sh

need_packages $BUILD_PACKAGES $TEST_PACKAGES || exit 1
if [ -n "${CI:-}" ]; then
  build_tree build --werror || exit 1
else
  build_tree build || exit 1
fi

echo "== testing"
log=build/meson-logs/testlog.json
rm -f "$log"
meson test -C build --no-rebuild --print-errorlogs "$@"
status=$?
python3 tests/support/count-results.py "$log" "$status"
