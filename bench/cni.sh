#!/usr/bin/env bash
# Called by run.sh cni: how long the CNI plugin takes, beside the reference bridge and host-local, in turns: medians in ms.
# [--runs N] [--plugin FILE]: FILE is a published `overlay`; without it one is published first.
set -euo pipefail

root="$(CDPATH='' cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
# shellcheck source=deploy/prerequisites.sh
source "$root/deploy/prerequisites.sh"
runs=51 plugin='' work='' inside=()
while [[ $# -gt 0 ]]; do
  case "$1" in
    --runs) runs="$2"; shift 2 ;;
    --plugin) plugin="$(realpath "$2")"; shift 2 ;;
    --inside) inside=("${@:2}"); break ;;
    *) echo "cni.sh knows --runs N and --plugin FILE, not $1" >&2; exit 2 ;;
  esac
done

export CNI_PATH=/usr/lib/cni CNI_IFNAME=eth0 CNI_ARGS=
name="ovl-cnibench-$$"

# $1 the plugin, $2 its configuration, $3 ADD or DEL; prints milliseconds.
call() {
  local begin="${EPOCHREALTIME/./}"
  CNI_COMMAND="$3" "$1" <"$2" >"$work/answer" 2>&1 || { echo "$1 $3: $(cat "$work/answer")" >&2; exit 1; }
  local end="${EPOCHREALTIME/./}"
  echo "$(((end - begin) / 1000)).$(printf %03d $(((end - begin) % 1000)))"
}

# Runs in the node's namespace, so that a plugin is executed and nothing else.
measure() {
  work="$1" plugin="$2" runs="$3" name="$4"
  export CNI_NETNS="/run/netns/$name-pod"
  for ((run = 0; run < runs; run++)); do
    export CNI_CONTAINERID="bench$run"
    for who in overlay reference; do
      # shellcheck disable=SC2015
      [[ $who == overlay ]] && binary="$plugin" || binary=/usr/lib/cni/bridge
      call "$binary" "$work/$who.json" ADD >>"$work/$who.add"
      call "$binary" "$work/$who.json" DEL >>"$work/$who.del"
    done
  done
}

median() {
  sort -n "$1" | sed -n "$(((runs + 1) / 2))p"
}

if [[ ${#inside[@]} -gt 0 ]]; then
  measure "${inside[@]}"
  exit
fi

work="$(mktemp -d)"
trap 'ip netns delete "$name-pod" 2>/dev/null; ip netns delete "$name-node" 2>/dev/null; rm -rf "$work"' EXIT
if [[ -z $plugin ]]; then
  find_linker || { echo "$reason" >&2; exit 1; }
  dotnet publish "$root/src/Overlay.Cni" -c Release -r linux-x64 --artifacts-path "$work/build" -o "$work/publish" -v quiet --nologo \
    "${native_tools[@]}"
  plugin="$work/publish/overlay"
fi

ip netns add "$name-node"
ip netns add "$name-pod"
ip -n "$name-node" link set lo up
cat >"$work/subnet.env" <<END
FLANNEL_NETWORK=10.244.0.0/16
FLANNEL_SUBNET=10.244.1.1/24
FLANNEL_MTU=1450
FLANNEL_IPMASQ=true
END
cat >"$work/overlay.json" <<END
{"cniVersion": "1.0.0", "name": "ours", "type": "overlay", "bridge": "cni0", "hairpinMode": true,
 "stateDirectory": "$work/state", "subnetFile": "$work/subnet.env", "ipam": {"type": "host-local", "dataDir": "$work/ours"}}
END
cat >"$work/reference.json" <<END
{"cniVersion": "1.0.0", "name": "theirs", "type": "bridge", "bridge": "cni1", "mtu": 1450, "isGateway": true,
 "isDefaultGateway": true, "hairpinMode": true, "ipam": {"type": "host-local", "dataDir": "$work/theirs",
 "ranges": [[{"subnet": "10.245.1.0/24"}]], "routes": [{"dst": "10.244.0.0/16"}]}}
END
ip netns exec "$name-node" bash "${BASH_SOURCE[0]}" --inside "$work" "$plugin" "$runs" "$name"

printf '%-6s %12s %24s %6s\n' '' 'overlay, ms' 'bridge + host-local, ms' ratio
for what in add del; do
  ours="$(median "$work/overlay.$what")" theirs="$(median "$work/reference.$what")"
  printf '%-6s %12s %24s %6s\n' "${what^^}" "$ours" "$theirs" "$(awk "BEGIN { printf \"%.2f\", $ours / $theirs }")"
done
