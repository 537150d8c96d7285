#!/usr/bin/env bash
# Removes all that install.sh has installed and all that overlayd has written. The configuration goes only with --purge.
set -euo pipefail
export LC_ALL=C.UTF-8 PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin"

fail() {
  echo "uninstall: $*" >&2
  exit 1
}

purge=
case "$#:${1:-}" in
  0:) ;;
  1:--purge) purge=yes ;;
  *)
    echo "usage: deploy/systemd/uninstall.sh [--purge]    --purge removes /etc/overlay too" >&2
    exit 1
    ;;
esac
[[ $EUID -eq 0 ]] || fail "must be run as root"

# First what brings pods here, then what carries their packets. Without a configuration they are where it is by default.
cni=gone
if [[ -x /usr/local/lib/overlay/overlayd ]]; then
  config=/etc/overlay/overlay.json
  if [[ ! -e $config ]]; then
    config="$(mktemp)"
    trap 'rm -f "$config"' EXIT
    echo '{}' >"$config"
  fi
  /usr/local/lib/overlay/overlayd remove-cni --config "$config" || cni=left
fi
for unit in overlay-addresses.timer overlay-addresses.service overlayd.service; do
  [[ -e /etc/systemd/system/$unit ]] || continue
  systemctl disable --now "$unit"
  rm -f "/etc/systemd/system/$unit"
  systemctl daemon-reload
  systemctl reset-failed "$unit" 2>/dev/null || true
done

# What a stop keeps for the next start, and what the plugin has made: bridge, device, rules, addresses. Without a
# configuration no node was ever made here.
node=gone
if [[ -x /usr/local/lib/overlay/overlayd && -e /etc/overlay/overlay.json ]]; then
  /usr/local/lib/overlay/overlayd uninstall --config /etc/overlay/overlay.json || node=left
fi

rm -f /usr/local/bin/overlayd /usr/local/bin/overlayctl
rm -rf /usr/local/lib/overlay /run/overlay
# Records of what stays, for the one who removes it, or for the next installation.
[[ $node == left ]] || rm -rf /var/lib/overlay
# The plugin's records go with it.
if [[ $cni == gone && -d /var/lib/cni/overlay ]]; then
  rm -rf /var/lib/cni/overlay
  rmdir --ignore-fail-on-non-empty /var/lib/cni
fi

# flannel's directory is ours to remove only when nobody else has something in it.
[[ ! -d /run/flannel ]] || rmdir --ignore-fail-on-non-empty /run/flannel
[[ -z $purge ]] || rm -rf /etc/overlay
if getent passwd overlay >/dev/null; then userdel overlay; fi
if getent group overlay >/dev/null; then groupdel overlay; fi

[[ $cni == gone ]] || fail "all is removed but the CNI plugin or its configuration, for the reason above; without overlayd the pods they are used for fail"
[[ $cni == left || $node == gone ]] || fail "all is removed but what is named above"
