#!/usr/bin/env bash
# Benchmarks. `micro` measures the packet path's parts and fails if one allocates; `rig` sets overlayd beside its peers.
set -euo pipefail

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
# shellcheck source=deploy/prerequisites.sh
source "$root/deploy/prerequisites.sh"

fail() {
  echo "bench: $*" >&2
  exit 1
}

find_sdk "$root" || fail "$reason"
dotnet build "$root/bench/Overlay.Bench/Overlay.Bench.csproj" -c Release -v quiet --nologo
exec dotnet "$root/bench/Overlay.Bench/bin/Release/net10.0/Overlay.Bench.dll" "$@"
