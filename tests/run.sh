#!/usr/bin/env bash
# Builds everything and runs every test. Last line, alone: "N passed, N failed, N skipped"; non-zero if any failed.
# A name as argument runs only the test projects that contain it: tests/run.sh Wire
set -uo pipefail

root="$(CDPATH='' cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
# shellcheck source=deploy/prerequisites.sh
source "$root/deploy/prerequisites.sh"

filter="${1:-}"
passed=0 failed=0 skipped=0
results="$(mktemp -d)"
running=
publishing=
lanes=()

# Leaves through here only, so that the counts are always the last line.
finish() {
  trap '' INT TERM HUP
  if [[ -n $running ]]; then
    kill -TERM "$running" 2>/dev/null
    wait "$running"
  fi
  local pid
  for pid in $publishing "${lanes[@]}"; do
    kill -TERM "$pid" 2>/dev/null
    wait "$pid"
  done
  rm -rf "$results"
  echo "$passed passed, $failed failed, $skipped skipped"
  [[ $failed -eq 0 ]]
  exit
}

give_up() {
  echo "$*" >&2
  failed=$((failed + 1))
  finish
}

# In the background, because only `wait` lets a signal in at once; `timeout` passes a SIGTERM on.
run() {
  timeout --kill-after=30 "$@" </dev/null &
  running=$!
  wait "$running"
  local status=$?
  running=
  return "$status"
}

count() {
  sed -n "s/.*<Counters .*\b$2=\"\([0-9]*\)\".*/\1/p" "$1" | head -n 1
}

# What is shipped is built beside the first tests: it takes minutes, and those at the end need it.
start_publishing() {
  timeout --kill-after=30 20m "$root/deploy/publish.sh" "$results/published" >"$results/published.log" 2>&1 </dev/null &
  publishing=$!
}

wait_for_publishing() {
  local status
  wait "$publishing"
  status=$?
  publishing=
  export PUBLISHED_PROGRAMS="$results/published"
  [[ $status -eq 0 ]] && return
  cat "$results/published.log" >&2
  echo "deploy/publish.sh failed (exit code $status)" >&2
  failed=$((failed + 1))
}

run_tests() {
  local name="$1"
  run 30m dotnet test "$root/tests/$name/$name.csproj" -c Release --no-build --nologo \
    --logger "trx;LogFileName=$name.trx" --logger "console;verbosity=minimal" --results-directory "$results"
}

# Projects one after the other, in a process of its own: of two lanes one computes while the other waits.
lane() (
  trap 'kill -TERM "$running" 2>/dev/null; wait "$running"; exit 143' INT TERM HUP
  for name in "$@"; do
    run_tests "$name" >"$results/$name.log" 2>&1
    echo $? >"$results/$name.status"
  done
)

count_project() {
  local name="$1" status="$2" trx="$results/$1.trx" total executed good
  if [[ ! -s $trx ]]; then
    echo "$name: no results (exit code $status)" >&2
    failed=$((failed + 1))
    return
  fi

  # The trx counts a skipped test in the total only.
  total="$(count "$trx" total)" executed="$(count "$trx" executed)" good="$(count "$trx" passed)"
  passed=$((passed + good)) failed=$((failed + executed - good)) skipped=$((skipped + total - executed))
  if [[ $total -eq 0 || ( $status -ne 0 && $executed -eq $good ) ]]; then
    echo "$name: $total tests, exit code $status" >&2
    failed=$((failed + 1))
  fi
}

trap 'give_up interrupted' INT TERM HUP

require_root || give_up "$reason"
find_sdk "$root" || give_up "$reason"
install_packages gcc libc6-dev iproute2 iputils-ping iperf ethtool procps tshark tcpdump nftables etcd-server etcd-client \
  systemd iptables busybox-static containerd runc podman conmon containernetworking-plugins || give_up "$reason"

projects=()
for path in "$root"/tests/*"$filter"*/*.csproj; do
  # Beside the tests there is what they share.
  [[ $path == *.Tests.csproj ]] && projects+=("$(basename "$path" .csproj)")
done
[[ ${#projects[@]} -gt 0 ]] || give_up "no test project's name contains \"$filter\""

echo "== build"
run 30m dotnet build "$root/Overlay.sln" -c Release -v quiet --nologo || give_up "the build failed"

echo "== format"
if run 30m dotnet format "$root/Overlay.sln" --verify-no-changes --no-restore; then
  passed=$((passed + 1))
else
  echo "dotnet format would change files" >&2
  failed=$((failed + 1))
fi

# Those of what is shipped wait until it is built; the end-to-end ones are by themselves, for what they measure of packets
# and times is not to wait for other tests.
shipped=() first_lane=() second_lane=()
for name in "${projects[@]}"; do
  case "$name" in
    Overlay.Cni.Tests | Overlay.EndToEnd.Tests) shipped+=("$name") ;;
    *) if [[ ${#first_lane[@]} -le ${#second_lane[@]} ]]; then first_lane+=("$name"); else second_lane+=("$name"); fi ;;
  esac
done

[[ ${#shipped[@]} -gt 0 ]] && start_publishing
lane "${first_lane[@]}" &
lanes+=($!)
lane "${second_lane[@]}" &
lanes+=($!)
wait "${lanes[@]}"
lanes=()
for name in "${first_lane[@]}" "${second_lane[@]}"; do
  echo "== $name"
  cat "$results/$name.log"
  count_project "$name" "$(cat "$results/$name.status")"
done

[[ -n $publishing ]] && wait_for_publishing
for name in "${shipped[@]}"; do
  echo "== $name"
  run_tests "$name"
  count_project "$name" $?
done
finish
