#!/usr/bin/env bash
# Fuzzes the product with AFL++, guided by the branches that inputs take: tests/fuzz.sh [--no-build] TARGET [EXECUTIONS]
# Targets are ingress, egress, lease, cni and admin (tests/Overlay.Fuzzing); 1,000,000 executions unless told otherwise.
# It begins with tests/Overlay.Fuzzing.Tests/Corpus/TARGET and leaves all that it finds in artifacts/fuzz/TARGET:
#   crashes/ hangs/   inputs that break an invariant, or throw what the product's caller does not catch
#   queue/            inputs that take a way of their own through the product
#   figures           executions, resident bytes, managed bytes and descriptors, a line each 50,000 executions
# A finding: see it fail with "dotnet …/Overlay.Fuzzing.dll replay TARGET FILE", mend the fault, and copy the file into the
# corpus under a name that says what it is. The tests run the corpus from then on.
# Ways that the corpus lacks: afl-cmin over both directories, then the few smallest files; it has tens of files a target.
set -euo pipefail

root="$(CDPATH='' cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
# shellcheck source=deploy/prerequisites.sh
source "$root/deploy/prerequisites.sh"

fail() {
  echo "fuzz: $*" >&2
  exit 2
}

project="$root/tests/Overlay.Fuzzing"
program="$project/bin/Release/net10.0"
build=1
if [[ ${1:-} == --no-build ]]; then
  build=
  shift
fi
target="${1:-}" executions="${2:-1000000}"
corpus="$root/tests/Overlay.Fuzzing.Tests/Corpus/$target"
[[ -n $target && -d $corpus ]] || fail "usage: tests/fuzz.sh [--no-build] TARGET [EXECUTIONS]; TARGET is one of $(
  CDPATH='' cd "$root/tests/Overlay.Fuzzing.Tests/Corpus" && echo ./* | sed 's|\./||g')"
[[ $executions =~ ^[1-9][0-9]*$ ]] || fail "'$executions' is no number of executions; example: 1000000"
find_sdk "$root" || fail "$reason"
if ! command -v afl-fuzz >/dev/null; then
  require_root || fail "afl++ is missing, and installing it $reason"
  install_packages afl++ || fail "$reason"
fi
[[ -z $build ]] || dotnet build "$project" -c Release -v quiet --nologo

# In memory: each execution writes a file.
work="$(mktemp -d -p /dev/shm overlay-fuzz-XXXXXX 2>/dev/null || mktemp -d)"
trap 'rm -rf --one-file-system "$work"' EXIT
cp -r "$program" "$work/program"
dotnet "$program/Overlay.Fuzzing.dll" instrument "$work/program" >/dev/null
mkdir "$work/run"

# The child is a runtime and no instrumented program, and starts as slowly; an execution of ten seconds is a hang.
export AFL_SKIP_BIN_CHECK=1 AFL_FORKSRV_INIT_TMOUT=60000 AFL_NO_UI=1 AFL_NO_AFFINITY=1 AFL_SKIP_CPUFREQ=1
export AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES=1 AFL_FAST_CAL=1 AFL_TMPDIR="$work/run" DOTNET_TieredPGO=0
status=0
nice -n 10 afl-fuzz -i "$corpus" -o "$work/out" -m none -t 10000 -G 4096 -E "$executions" -- \
  dotnet "$work/program/Overlay.Fuzzing.dll" run "$target" "$work/figures" >"$work/log" 2>&1 </dev/null || status=$?

found="$root/artifacts/fuzz/$target"
rm -rf --one-file-system "$found"
mkdir -p "$found"
[[ ! -e $work/figures ]] || cp "$work/figures" "$found/"
for part in crashes hangs queue fuzzer_stats; do
  [[ ! -e $work/out/default/$part ]] || cp -r "$work/out/default/$part" "$found/"
done
if [[ $status -ne 0 || ! -s $found/fuzzer_stats ]]; then
  tail -n 30 "$work/log" >&2
  fail "afl-fuzz ended with exit code $status"
fi

stat() {
  sed -n "s/^$1 *: *//p" "$found/fuzzer_stats"
}

echo "$target: $(stat execs_done) executions, $(stat execs_per_sec) a second, $(stat corpus_count) ways," \
  "$(stat edges_found) branches, $(stat saved_crashes) crashes, $(stat saved_hangs) hangs"
[[ $(stat saved_crashes) == 0 && $(stat saved_hangs) == 0 ]] || exit 1
