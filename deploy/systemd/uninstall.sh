#!/usr/bin/env bash
# Removes all that install.sh has installed and all that overlayd has written. The configuration goes only with --purge.
set -euo pipefail
export LC_ALL=C.UTF-8 PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin"
unset CDPATH

here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
# shellcheck source=deploy/systemd/take-down.sh
source "$here/take-down.sh"

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
# User, state and configuration are the same ones.
[[ ! -e /usr/lib/overlay/overlayd ]] ||
  fail "overlayd is installed here as a Debian package; example: apt-get remove overlay-vxlan"

remove_plugin /usr/local/lib/overlay/overlayd
for unit in overlay-addresses.timer overlay-addresses.service overlayd.service; do
  [[ -e /etc/systemd/system/$unit ]] || continue
  systemctl disable --now "$unit"
  rm -f "/etc/systemd/system/$unit"
  systemctl daemon-reload
  systemctl reset-failed "$unit" 2>/dev/null || true
done
remove_node /usr/local/lib/overlay/overlayd

rm -f /usr/local/bin/overlayd /usr/local/bin/overlayctl
rm -rf /usr/local/lib/overlay
for document in man/man8/overlayd.8 man/man8/overlayctl.8 bash-completion/completions/overlayctl \
  zsh/site-functions/_overlayctl fish/vendor_completions.d/overlayctl.fish; do
  [[ -e /usr/local/share/$document ]] || continue
  rm -f "/usr/local/share/$document"
  rmdir --ignore-fail-on-non-empty "/usr/local/share/${document%/*}"
done
for shell in bash-completion zsh fish; do
  [[ ! -d /usr/local/share/$shell ]] || rmdir --ignore-fail-on-non-empty "/usr/local/share/$shell"
done
remove_records
[[ -z $purge ]] || rm -rf /etc/overlay
remove_account
report_left uninstall
