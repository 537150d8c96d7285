#!/usr/bin/env bash
# Installs overlayd as a systemd service from a folder that deploy/publish.sh has filled. Again over an older one: upgrades it.
set -euo pipefail
# A caller's habits decide neither who may read what is installed nor which programs are found.
umask 022
export LC_ALL=C.UTF-8 PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin"
unset CDPATH

here="$(CDPATH='' cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
programs=(overlayd overlayctl overlay)

fail() {
  echo "install: $*" >&2
  exit 1
}

usage() {
  cat <<'USAGE'
usage: deploy/systemd/install.sh [--cni] DIR
  DIR    what deploy/publish.sh has made
  --cni  also installs the CNI plugin and its configuration, where overlay.json says (section CniInstall), and a timer
         that frees the addresses of pods that nobody has deleted; without it a plugin that is installed already is
         still upgraded
USAGE
}

cni=
directory=
failed=
for argument in "$@"; do
  case "$argument" in
    --cni) cni=yes ;;
    -h | --help)
      usage
      exit 0
      ;;
    -*) fail "unknown option $argument; example: deploy/systemd/install.sh --cni out" ;;
    *)
      [[ -z $directory ]] || fail "one directory is wanted, not $directory and $argument"
      directory="$argument"
      ;;
  esac
done

[[ -n $directory ]] || { usage >&2; exit 1; }
[[ $EUID -eq 0 ]] || fail "must be run as root"
# Units of one installation would start the other's programs.
[[ ! -e /usr/lib/overlay/overlayd ]] ||
  fail "overlayd is installed here as a Debian package already; example: apt-get remove overlay-vxlan"
for program in "${programs[@]}"; do
  [[ -x $directory/$program ]] || fail "$directory/$program is missing; example: deploy/publish.sh $directory"
done
(cd "$directory" && sha256sum --quiet --check SHA256SUMS) || fail "the files in $directory are not those that were published"

if ! getent passwd overlay >/dev/null; then
  useradd --system --user-group --home-dir /var/lib/overlay --no-create-home --shell /usr/sbin/nologin overlay ||
    fail "user overlay cannot be made"
fi

# By rename: the daemon that runs goes on with the file it has until it is restarted.
place() {
  install -D -m "$3" "$1" "$2.new"
  mv -f "$2.new" "$2"
}
for program in "${programs[@]}"; do
  place "$directory/$program" "/usr/local/lib/overlay/$program" 0755
done

# For people; the plugin is for container runtimes alone.
ln -sf -t /usr/local/bin ../lib/overlay/overlayd ../lib/overlay/overlayctl

# place_documents FROM TO: manual pages and completions, where they have been published.
place_documents() {
  local file
  for file in "$directory/$1"/*; do
    [[ ! -e $file ]] || place "$file" "/usr/local/share/$2/${file##*/}" 0644
  done
}
place_documents man man/man8
place_documents completion/bash bash-completion/completions
place_documents completion/zsh zsh/site-functions
place_documents completion/fish fish/vendor_completions.d

for unit in overlayd.service overlay-addresses.service overlay-addresses.timer; do
  place "$here/$unit" "/etc/systemd/system/$unit" 0644
done

# etcd's password may be in it.
install -d -m 0755 /etc/overlay
if [[ ! -e /etc/overlay/overlay.json ]]; then
  install -m 0640 "$here/overlay.json" /etc/overlay/overlay.json
  echo "/etc/overlay/overlay.json is new: this node's Subnet is to be filled in, or its store"
fi
chgrp overlay /etc/overlay/overlay.json

systemctl daemon-reload
systemctl enable overlayd.service
if systemctl is-active --quiet overlayd.service; then
  # The daemon that runs gives the node to the new one, and no packet is lost. Code 3: it is of a version that cannot.
  code=0
  /usr/local/lib/overlay/overlayctl upgrade || code=$?
  case $code in
    0) ;;
    3) systemctl restart overlayd.service ;;
    *) failed=yes ;;
  esac
else
  echo "to start it: systemctl start overlayd"
fi

# Last: what keeps it from being done keeps nothing else.
if [[ -n $cni ]]; then
  /usr/local/lib/overlay/overlayd install-cni --config /etc/overlay/overlay.json
  systemctl enable --now overlay-addresses.timer
else
  /usr/local/lib/overlay/overlayd upgrade-cni --config /etc/overlay/overlay.json
fi
[[ -z $failed ]] || fail "the new overlayd did not start, and the one before runs on: journalctl -u overlayd"
