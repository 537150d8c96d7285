# shellcheck shell=sh
# Functions that take overlay off a host. uninstall.sh sources them; deploy/deb.sh copies them into the package's scripts, of
# which postrm runs when all other files of the package are gone.

configuration=/etc/overlay/overlay.json
# Values become "left" once something has to stay.
cni=gone
node=gone

# remove_plugin OVERLAYD: first of all, for the plugin brings pods here. Without a configuration it is where it is by default.
remove_plugin() {
  [ -x "$1" ] || return 0
  if [ -e "$configuration" ]; then
    "$1" remove-cni --config "$configuration" || cni=left
    return 0
  fi
  defaults="$(mktemp)"
  echo '{}' >"$defaults"
  "$1" remove-cni --config "$defaults" || cni=left
  rm -f "$defaults"
}

# remove_node OVERLAYD: state that a stop keeps for the next start, and the plugin's work: bridge, device, rules, addresses.
# Without configuration and state no node was ever made here.
remove_node() {
  [ -x "$1" ] || return 0
  if [ ! -e "$configuration" ]; then
    [ -n "$(ls -A /var/lib/overlay 2>/dev/null)" ] || return 0
    echo "$configuration is missing, so device, routes and rules of the last run may stay" >&2
    node=left
    return 0
  fi
  status=0
  "$1" uninstall --config "$configuration" || status=$?
  # A bad configuration (78), as one that nobody has filled in, was no daemon's before where no state is.
  if [ "$status" -eq 78 ] && [ -z "$(ls -A /var/lib/overlay 2>/dev/null)" ]; then return 0; fi
  [ "$status" -eq 0 ] || node=left
}

# remove_pins: the unit's bpffs. Where the node's state stays, so do the programs that guard the tunnels' device.
remove_pins() {
  [ "$node" = gone ] && [ -d /run/overlay-bpf ] || return 0
  if mountpoint -q /run/overlay-bpf; then umount /run/overlay-bpf || true; fi
  rmdir /run/overlay-bpf || true
}

remove_records() {
  rm -rf /run/overlay
  remove_pins
  # Records of things that stay, for the one who removes these, or for the next installation.
  [ "$node" = left ] || remove_state
  # The plugin's records go with it.
  if [ "$cni" = gone ] && [ -d /var/lib/cni/overlay ]; then
    rm -rf /var/lib/cni/overlay
    rmdir --ignore-fail-on-non-empty /var/lib/cni
  fi
  # flannel's directory is ours to remove only when nobody else has something in it.
  [ ! -d /run/flannel ] || rmdir --ignore-fail-on-non-empty /run/flannel
}

# Leases may lie on a file system that the nodes share: those of others stay.
remove_state() {
  rm -rf --one-file-system /var/lib/overlay 2>/dev/null || echo "/var/lib/overlay stays: another file system is mounted there" >&2
}

remove_account() {
  if getent passwd overlay >/dev/null; then userdel overlay; fi
  if getent group overlay >/dev/null; then groupdel overlay; fi
}

# report_left NAME: ends with 1 where something stays.
report_left() {
  if [ "$cni" = left ]; then
    echo "$1: all is removed but the CNI plugin or its configuration, for the reason above;" \
      "without overlayd the pods they are used for fail" >&2
  elif [ "$node" = left ]; then
    echo "$1: all is removed but what is named above" >&2
  fi
  [ "$cni$node" = gonegone ]
}
