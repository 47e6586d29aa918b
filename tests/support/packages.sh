# SPDX-License-Identifier: LGPL-2.1-or-later
# Sourced by tests/run.sh and samples/try.sh: the Debian packages each purpose needs,
# and a function that installs those of them that are missing, and only those.

BUILD_PACKAGES="gcc libc6-dev libglib2.0-dev libjson-glib-dev libtraceevent-dev libtracefs-dev
  libzstd-dev zlib1g-dev meson ninja-build pkg-config scdoc"
SHOW_PACKAGES="tshark"
TEST_PACKAGES="$SHOW_PACKAGES wireshark-common tcpdump trace-cmd python3 zstd gzip"

# need_packages PACKAGE...
need_packages() {
  if ! command -v dpkg-query > /dev/null || ! command -v apt-get > /dev/null; then
    echo "== not a Debian system: going on without looking for packages ($*)"
    return 0
  fi
  missing=""
  for package in "$@"; do
    status=$(dpkg-query -W -f '${Status}' "$package" 2> /dev/null) || status=""
    [ "$status" = "install ok installed" ] || missing="$missing $package"
  done
  if [ -z "$missing" ]; then
    echo "== all packages are installed"
    return 0
  fi
  as_root=""
  if [ "$(id -u)" != 0 ]; then
    if ! command -v sudo > /dev/null; then
      echo "missing packages:$missing" >&2
      echo "run this as root, or install sudo, or install them by hand" >&2
      return 1
    fi
    as_root="sudo"
  fi
  echo "== installing:$missing"
  # The questions some packages ask (who may capture packets) keep their default answers.
  $as_root apt-get update -qq &&
    $as_root env DEBIAN_FRONTEND=noninteractive \
      apt-get install -y -qq --no-install-recommends $missing > /dev/null
}

# build_tree FOLDER [MESON OPTION...]: configures once, then only what changed
build_tree() {
  folder=$1
  shift
  if [ -f "$folder/build.ninja" ]; then
    [ $# = 0 ] || meson configure "$folder" "$@" || return 1
  else
    echo "== configuring $folder"
    meson setup "$folder" "$@" > "$folder.log" 2>&1 || { cat "$folder.log" >&2; return 1; }
    mv "$folder.log" "$folder/setup.log"
  fi
  echo "== building"
  ninja -C "$folder" --quiet
}
