#!/usr/bin/env bash
# Two nodes with two pods each on this machine, and the proof that every pod reaches every other one.
# Last line: "demo: pass" (exit 0) or "demo: fail: WHY" (exit 1).
set -euo pipefail

root="$(CDPATH='' cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
# shellcheck source=deploy/prerequisites.sh
source "$root/deploy/prerequisites.sh"

fail() {
  echo "demo: fail: $*"
  exit 1
}

usage() {
  cat <<'USAGE'
usage: deploy/demo.sh [--keep | --clean]
  --keep   leaves the nodes and pods up, and prints what to try
  --clean  removes what --keep left
USAGE
}

case "$#:${1:-}" in
  0:) command=(demo) ;;
  1:--keep) command=(demo --keep) ;;
  1:--clean) command=(clean) ;;
  1:-h | 1:--help)
    usage
    exit 0
    ;;
  *)
    usage >&2
    fail "unknown arguments: $*"
    ;;
esac

trap 'fail interrupted' INT TERM HUP
trap 'fail "line $LINENO: $BASH_COMMAND"' ERR

require_root || fail "$reason"
find_sdk "$root" || fail "$reason"
install_packages iproute2 iputils-ping iperf ethtool nftables tcpdump || fail "$reason"

echo "building"
log="$(mktemp)"
if ! dotnet build "$root/src/Overlay.Lab/Overlay.Lab.csproj" -c Release -v quiet --nologo >"$log" 2>&1 </dev/null; then
  cat "$log"
  rm -f "$log"
  fail "the build failed"
fi
rm -f "$log"

# From here on signals are the lab's to answer, and the last line is its own.
exec env "${without_proxies[@]}" dotnet "$root/src/Overlay.Lab/bin/Release/net10.0/Overlay.Lab.dll" "${command[@]}"
