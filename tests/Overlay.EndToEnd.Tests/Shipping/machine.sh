#!/usr/bin/env bash
# A machine with systemd as its first process, in namespaces of its own: what it writes to /etc, /usr, /opt, /run and the
# directories of dpkg below /var goes to memory, and goes with it. The network is that of the caller.
#   machine.sh boot DIR          becomes the machine
#   machine.sh in PID COMMAND…   runs a command in the machine of that process
#   machine.sh clean DIR         removes the machine's control group
set -euo pipefail

name() { echo "overlay-$(basename "$1")"; }

# Version 1's hierarchy of systemd where the host has one, and version 2's.
cgroups() {
  mkdir -p "$1"
  mount -t tmpfs cgroup "$1" -o mode=755
  mkdir "$1/unified"
  mount -t cgroup2 cgroup2 "$1/unified"
  if grep -q ':name=systemd:' /proc/self/cgroup; then
    mkdir "$1/systemd"
    mount -t cgroup -o none,name=systemd cgroup "$1/systemd"
  fi
}

boot() {
  local dir="$1" hierarchy
  mount --make-rprivate /
  cgroups "$dir/cgroup"
  for hierarchy in "$dir"/cgroup/*; do
    mkdir -p "$hierarchy/$(name "$dir")"
    echo $$ >"$hierarchy/$(name "$dir")/cgroup.procs"
  done
  umount -R "$dir/cgroup"
  exec unshare --pid --mount --ipc --uts --cgroup --fork --kill-child "${BASH_SOURCE[0]}" init "$dir"
}

init() {
  local dir="$1" place
  mount -t proc proc /proc
  mount -t tmpfs machine "$dir" -o mode=755
  for place in etc usr opt var/lib var/cache var/log; do
    mkdir -p "$dir/upper/$place" "$dir/work/$place"
    mount -t overlay machine -o "lowerdir=/$place,upperdir=$dir/upper/$place,workdir=$dir/work/$place" "/$place"
  done
  mount -t tmpfs machine /run -o mode=755
  if [[ -d /sys/fs/cgroup ]]; then cgroups /sys/fs/cgroup; fi
  if [[ ! -d /sys/fs/cgroup/systemd ]]; then umount -R /sys/fs/cgroup && mount -t cgroup2 cgroup2 /sys/fs/cgroup; fi

  # As udev leaves it on a host.
  mknod "$dir/tun" c 10 200
  chmod 0666 "$dir/tun"
  mount --bind "$dir/tun" /dev/net/tun

  # The host's own units have no business here; packages may bring some.
  mount -t tmpfs machine /usr/lib/systemd/system -o mode=755
  mkdir -p /run/units
  for place in machine sysinit basic multi-user shutdown; do
    printf '[Unit]\nDescription=%s\n' "$place" >"/run/units/$place.target"
  done
  export container=other SYSTEMD_UNIT_PATH=/etc/systemd/system:/run/systemd/system:/run/units:/usr/lib/systemd/system
  exec /lib/systemd/systemd --system --unit=machine.target --log-target=console --show-status=0
}

inside() {
  local first
  first="$(pgrep -P "$1")"
  shift
  export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
  exec nsenter --target "$first" --mount --pid --ipc --uts --cgroup --net "$@"
}

clean() {
  local dir="$1"
  unshare --mount "${BASH_SOURCE[0]}" sweep "$dir"
}

sweep() {
  local dir="$1" hierarchy
  mount --make-rprivate /
  cgroups "$dir/cgroup"
  for hierarchy in "$dir"/cgroup/*; do
    [[ ! -d $hierarchy/$(name "$dir") ]] || find "$hierarchy/$(name "$dir")" -depth -type d -exec rmdir {} +
  done
}

case "$1" in
  boot) boot "$2" ;;
  init) init "$2" ;;
  in) inside "${@:2}" ;;
  clean) clean "$2" ;;
  sweep) sweep "$2" ;;
esac
