#!/usr/bin/env bash
# A node's container runtime, with the places that runtimes share with a whole host made this node's own: what is written there
# goes to memory. Its processes are of a PID namespace of their own, so none outlives it.
#   runtime.sh start DIR COMMAND…   DIR has bin/ and net.d/, which are /opt/cni/bin and /etc/cni/net.d there
#   runtime.sh in PID COMMAND…      runs a command beside that process
#   runtime.sh clean GROUP          removes a control group that a runtime has left
set -euo pipefail

start() {
  local dir="$1" memory="$1/memory" place
  shift
  mount --make-rprivate /
  mkdir -p "$memory"
  mount -t tmpfs node "$memory" -o mode=755

  # What is made there, places to mount on among it, is not made in the host's.
  for place in etc var/lib opt; do
    mkdir -p "$memory/upper/$place" "$memory/work/$place"
    mount -t overlay node "/$place" -o "lowerdir=/$place,upperdir=$memory/upper/$place,workdir=$memory/work/$place"
  done
  for place in /var/lib/cni /var/lib/overlay /var/lib/containers /run; do
    mkdir -p "$place"
    mount -t tmpfs node "$place" -o mode=755
  done
  mkdir -p /run/netns /run/lock /etc/cni/net.d /opt/cni/bin
  mount --bind "$dir/bin" /opt/cni/bin
  mount --bind "$dir/net.d" /etc/cni/net.d
  exec "$@"
}

inside() {
  local first
  first="$(pgrep -P "$1")"
  shift
  exec nsenter --target "$first" --mount --pid --net "$@"
}

clean() {
  local group
  for group in /sys/fs/cgroup/*/"$1" "/sys/fs/cgroup/$1"; do
    [[ ! -d $group ]] || find "$group" -depth -type d -exec rmdir {} +
  done
}

case "$1" in
  start) start "${@:2}" ;;
  in) inside "${@:2}" ;;
  clean) clean "$2" ;;
esac
