# Sourced by demo.sh and tests/run.sh: what has to be on the machine before anything is built.
# Each function returns non-zero with one line in $reason; the caller says it in its own way.
# shellcheck shell=bash

reason=

# Leave no build server running behind a script, and keep the SDK's greetings out of its output.
export MSBUILDDISABLENODEREUSE=1 UseSharedCompilation=false DOTNET_CLI_USE_MSBUILD_SERVER=0
export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_SKIP_FIRST_TIME_EXPERIENCE=1
export HOME="${HOME:-/root}"

require_root() {
  reason="must be run as root: it makes network namespaces"
  [[ $EUID -eq 0 ]]
}

# install_packages NAME…: installs the missing ones, and says which.
install_packages() {
  local name log
  local -a missing=()
  for name in "$@"; do
    [[ "$(dpkg-query -W -f='${db:Status-Status}' "$name" 2>/dev/null)" == installed ]] || missing+=("$name")
  done
  if [[ ${#missing[@]} -eq 0 ]]; then
    echo "packages needed: $* (all installed)"
    return 0
  fi

  echo "packages needed: $*; installing with apt: ${missing[*]}"
  if ! command -v apt-get >/dev/null; then
    reason="apt-get is missing: install ${missing[*]} by hand"
    return 1
  fi

  log="$(mktemp)"
  # Lists may be absent (a slim image) or too old to fetch by: then they are fetched, and the install tried again.
  if ! compgen -G '/var/lib/apt/lists/*_Packages*' >/dev/null || ! apt_install "${missing[@]}" >"$log" 2>&1; then
    if ! { apt-get -qq update && apt_install "${missing[@]}"; } >"$log" 2>&1; then
      cat "$log" >&2
      rm -f "$log"
      reason="apt-get cannot install ${missing[*]}"
      return 1
    fi
  fi
  rm -f "$log"
}

apt_install() {
  DEBIAN_FRONTEND=noninteractive apt-get -qq -y -o DPkg::Lock::Timeout=120 install --no-install-recommends "$@"
}

# find_sdk DIRECTORY: an SDK that fits the directory's global.json, on the PATH or where installers put it.
find_sdk() {
  local place caller
  # sudo drops the caller's PATH and home, but an SDK in a usual place is still meant.
  caller="$(getent passwd "${SUDO_USER:-root}" | cut -d: -f6)"
  for place in "" "${DOTNET_ROOT:-}" /usr/lib/dotnet /usr/share/dotnet "$HOME/.dotnet" "$caller/.dotnet"; do
    (cd "$1" && PATH="${place:+$place:}$PATH" dotnet --version) >/dev/null 2>&1 || continue
    export PATH="${place:+$place:}$PATH"
    return 0
  done
  reason=".NET SDK 10 is missing: install it from Microsoft's package feed: https://learn.microsoft.com/dotnet/core/install/linux-debian"
  return 1
}

# find_linker: what turns the native programs' objects into one file, and the C library to link with, also the static one.
find_linker() {
  local linker
  for linker in clang gcc; do
    command -v "$linker" >/dev/null || continue
    if echo 'int main(void) { return 0; }' | "$linker" -static -x c -o /dev/null - 2>/dev/null; then return 0; fi
  done
  reason="no linker for native programs: install gcc and libc6-dev, elsewhere than on Debian also glibc-static"
  return 1
}
