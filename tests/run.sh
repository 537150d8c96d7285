#!/usr/bin/env bash
# Builds everything and runs every test. Last line, alone: "N passed, N failed, N skipped"; non-zero if any failed.
# Pictures of the status page, and the manifests that the chart renders, are left in artifacts/.
# A name as argument runs only the test projects that contain it: tests/run.sh Wire. With --long before it restarts and
# hand-overs are many, under more load, and their figures are in artifacts/restarts.txt; AFL++ runs ten million hostile
# inputs, and their figures are in artifacts/fuzz.txt.
set -uo pipefail

root="$(CDPATH='' cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
# shellcheck source=deploy/prerequisites.sh
source "$root/deploy/prerequisites.sh"

# One compiler for all projects, and no profiling of code that runs for seconds: together they halve what a build costs.
export UseSharedCompilation=true SharedCompilationId="overlay-tests-$$" DOTNET_TieredPGO=0

long_packages=() patience=30m
if [[ ${1:-} == --long ]]; then
  export LONG_TESTS=1
  long_packages=(afl++) patience=2h
  shift
fi
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
  for pid in /proc/[0-9]*; do
    grep -qaF -- "-pipename:$SharedCompilationId" "$pid/cmdline" 2>/dev/null && kill "${pid#/proc/}"
  done
  rm -rf --one-file-system "$results"
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
  {
    timeout --kill-after=30 20m "$root/deploy/publish.sh" "$results/published" >"$results/published.log" 2>&1 </dev/null &
    trap 'kill -TERM $! 2>/dev/null; wait $!' TERM
    wait $!
    echo $? >"$results/published.status"
  } &
  publishing=$!
}

wait_for_publishing() {
  local status
  wait "$publishing"
  publishing=
  status="$(cat "$results/published.status" 2>/dev/null)"
  [[ $status == 0 ]] && return
  cat "$results/published.log" >&2
  echo "deploy/publish.sh failed (exit code $status)" >&2
  failed=$((failed + 1))
}

# The path of packets once more, with daemons whose kernel forwards.
second_tier=Overlay.EndToEnd.Tests.Ebpf

# Whole daemons are the shipped ones where these are there: what users run is tested, and it starts in a third of the time.
run_tests() {
  local name="$1" project="$1" shipped=() chosen=()
  if needs_published "$name" && [[ -x $results/published/overlayd ]]; then shipped=(OVERLAYD_DIR="$results/published"); fi
  if [[ $name == "$second_tier" ]]; then
    project="${name%.Ebpf}" shipped+=(LAB_TIER=Ebpf) chosen=(--filter BothTiers=yes)
  fi
  run "$patience" env "${without_proxies[@]}" TMPDIR="$results/tmp" TEST_RUN_DIRECTORY="$results" \
    PUBLISHED_PROGRAMS="$results/published" TEST_ARTIFACTS="$root/artifacts" "${shipped[@]}" \
    dotnet test "$root/tests/$project/bin/Release/net10.0/$project.dll" --nologo "${chosen[@]}" \
    --logger "trx;LogFileName=$name.trx" --logger "console;verbosity=minimal" --results-directory "$results"
}

# White space alone: the analyzers' rules are errors of the build, and the order of usings is a test of Overlay.Architecture.Tests.
# By folder, because opening the solution takes longer than all tests of a project.
check_format() {
  run 30m dotnet format whitespace --folder "$root" --verify-no-changes --exclude "$root/*/*/obj" "$root/*/*/bin" ||
    { echo "dotnet format whitespace would change files"; return 1; }
}

# next NAME…: takes the first job that nobody has and that has all it needs into $name; waits for one where only those are left
# that need the published programs.
next() {
  local is_waiting
  while :; do
    is_waiting=
    for name in "$@"; do
      [[ -e $results/$name.taken ]] && continue
      if needs_published "$name" && [[ ! -e $results/published.status ]]; then
        is_waiting=1
      elif mkdir "$results/$name.taken" 2>/dev/null; then
        return 0
      fi
    done
    [[ -n $is_waiting ]] || return 1
    run 1m sleep 0.2
  done
}

# Takes one job after the other of a queue that all lanes share: while one computes the other waits. In the background, for its
# trap is its own.
lane() {
  local name
  trap 'kill -TERM "$running" 2>/dev/null; wait "$running"; exit 143' INT TERM HUP
  while next "$@"; do
    SECONDS=0
    if [[ $name == format ]]; then check_format; else run_tests "$name"; fi >"$results/$name.log" 2>&1
    echo "$? $SECONDS" >"$results/$name.status"
  done
}

needs_published() {
  [[ $1 == Overlay.Cni.Tests || $1 == Overlay.EndToEnd.Tests || $1 == "$second_tier" ]]
}

# run_lanes NAME…: two lanes share the jobs; then their output and counts, in the jobs' order.
run_lanes() {
  local name status seconds
  lane "$@" &
  lanes+=($!)
  lane "$@" &
  lanes+=($!)
  wait "${lanes[@]}"
  lanes=()
  for name in "$@"; do
    read -r status seconds <"$results/$name.status"
    echo "== $name ($seconds s)"
    cat "$results/$name.log"
    if [[ $name != format ]]; then
      count_project "$name" "$status"
    elif [[ $status -eq 0 ]]; then
      passed=$((passed + 1))
    else
      failed=$((failed + 1))
    fi
  done
}

# Every test ends by itself: what is left of a lab whose process has ended, or of a test's own files, is a failure.
check_leftovers() {
  local left=() name pid
  for pid in /proc/[0-9]*; do
    # Read by grep itself, so that the marker is in no argument here.
    grep -qazFx "TEST_RUN_DIRECTORY=$results" "$pid/environ" 2>/dev/null && left+=("process ${pid#/proc/}: $(tr '\0' ' ' <"$pid/cmdline")")
  done
  for name in /run/netns/ovl-*; do
    [[ $name =~ ^/run/netns/ovl-[a-z0-9.]+-([0-9]+)-[a-z0-9-]+$ ]] || continue
    [[ -d /proc/${BASH_REMATCH[1]} || $namespaces_before == *"$name"* ]] || left+=("namespace ${name##*/}")
  done
  while read -r _ _ _ _ name _; do
    [[ $name == "$results"/* ]] && left+=("mount $name")
    [[ $name =~ ^/tmp/overlay-lab-[a-z0-9.]+-([0-9]+)(/|$) && ! -d /proc/${BASH_REMATCH[1]} ]] && left+=("mount $name")
  done </proc/self/mountinfo
  if [[ ${#left[@]} -eq 0 ]]; then
    passed=$((passed + 1))
  else
    printf 'the tests have left: %s\n' "${left[@]}" >&2
    failed=$((failed + 1))
  fi
}

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
install_packages "${native_packages[@]}" iproute2 iputils-ping iperf ethtool procps strace tshark tcpdump libpcap0.8 nftables \
  etcd-server etcd-client systemd iptables busybox-static groff-base containerd runc podman conmon containernetworking-plugins \
  lintian prometheus chromium fonts-dejavu-core conntrack faketime "${long_packages[@]}" || give_up "$reason"

projects=()
for path in "$root"/tests/*"$filter"*/*.csproj; do
  # Beside the tests there is what they share.
  [[ $path == *.Tests.csproj ]] && projects+=("$(basename "$path" .csproj)")
done
[[ ${#projects[@]} -gt 0 ]] || give_up "no test project's name contains \"$filter\""

echo "== build"
run 30m dotnet build "$root/Overlay.sln" -c Release -v quiet --nologo || give_up "the build failed"

# The longest first, so that no lane is left with one at the end: the end-to-end tests, as soon as what is shipped is there.
long=() queue=()
for name in Overlay.EndToEnd.Tests Overlay.Cni.Tests Overlay.Daemon.Tests Overlay.ControlPlane.Tests; do
  [[ " ${projects[*]} " == *" $name "* ]] && long+=("$name")
done
for name in "${projects[@]}"; do
  [[ " ${long[*]} " == *" $name "* ]] || queue+=("$name")
done
[[ " ${long[*]} " != *" Overlay.EndToEnd.Tests "* ]] || queue=("$second_tier" "${queue[@]}")

mkdir "$results/tmp"

# Sockets below it are asked by another user, whose way there they must not be the first to bar.
chmod 0711 "$results"
namespaces_before="$(compgen -G '/run/netns/ovl-*')"
for name in "${long[@]}"; do
  if [[ -z $publishing ]] && needs_published "$name"; then start_publishing; fi
done
run_lanes "${long[@]}" format "${queue[@]}"
[[ -z $publishing ]] || wait_for_publishing
check_leftovers
finish
