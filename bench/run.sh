#!/usr/bin/env bash
# Benchmarks. `micro` measures the packet path's parts and fails if one allocates; `rig` sets overlayd beside its peers:
#   bench/run.sh rig [--peers a,b] [--workloads a,b] [--columns a,b] [--runs N] [--seconds N] [--json FILE] [--svg FILE]
# `cni [--runs N] [--plugin FILE]` sets the CNI plugin beside the reference plugins bridge and host-local.
# `rig --workloads converge` measures, for each store, the time from the write of a lease to the first packet to its node.
# OVERLAYD_DIR, WIREGUARD_GO and FLANNELD name other builds of the peers than the one built here and Debian's.
set -euo pipefail

root="$(CDPATH='' cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
# shellcheck source=deploy/prerequisites.sh
source "$root/deploy/prerequisites.sh"

fail() {
  echo "bench: $*" >&2
  exit 1
}

# What the rig's peers and workloads are made of. flanneld itself is in no package; it needs etcd, and so does converge.
prepare_rig() {
  local -a packages=(iproute2 iputils-ping iperf ethtool procps nftables wireguard-go wireguard-tools)
  require_root || fail "rig $reason"
  if [[ -n ${FLANNELD:-} || $* == *converge* || $* == *overlay-etcd* ]]; then packages+=(etcd-server etcd-client); fi
  install_packages "${packages[@]}" || fail "$reason"
}

[[ ${1:-} != rig ]] || prepare_rig "$@"
find_sdk "$root" || fail "$reason"
if [[ ${1:-} == cni ]]; then
  require_root || fail "cni $reason"
  install_packages iproute2 containernetworking-plugins || fail "$reason"
  exec "$root/bench/cni.sh" "${@:2}"
fi
dotnet build "$root/bench/Overlay.Bench/Overlay.Bench.csproj" -c Release -v quiet --nologo
exec dotnet "$root/bench/Overlay.Bench/bin/Release/net10.0/Overlay.Bench.dll" "$@"
