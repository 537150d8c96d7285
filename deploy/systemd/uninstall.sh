#!/usr/bin/env bash
# Removes all that install.sh has installed and all that overlayd has written. The configuration goes only with --purge.
set -euo pipefail

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

# First what brings pods here, then what carries their packets.
if [[ -x /usr/local/lib/overlay/overlayd && -e /etc/overlay/overlay.json ]]; then
  /usr/local/lib/overlay/overlayd remove-cni --config /etc/overlay/overlay.json ||
    echo "uninstall: the CNI plugin and its configuration may still be there" >&2
fi
for unit in overlay-addresses.timer overlay-addresses.service overlayd.service; do
  [[ -e /etc/systemd/system/$unit ]] || continue
  systemctl disable --now "$unit"
  rm -f "/etc/systemd/system/$unit"
  systemctl daemon-reload
  systemctl reset-failed "$unit" 2>/dev/null || true
done

rm -f /usr/local/bin/overlayd /usr/local/bin/overlayctl
# The plugin's records too: a DEL does without them.
rm -rf /usr/local/lib/overlay /var/lib/overlay /run/overlay /var/lib/cni/overlay

# flannel's directory is ours to remove only when nobody else has something in it.
[[ ! -d /run/flannel ]] || rmdir --ignore-fail-on-non-empty /run/flannel
[[ -z $purge ]] || rm -rf /etc/overlay
if getent passwd overlay >/dev/null; then userdel overlay; fi
if getent group overlay >/dev/null; then groupdel overlay; fi
