# Sourced by every script here: what has to be on the machine before anything is built, and an environment of our own choice.
# Each function returns non-zero with one line in $reason; the caller prints it in its own way.
# shellcheck shell=bash

reason=

# The native programs' tools, all of Debian's gcc and binutils. Otherwise the build takes clang, and with it llvm-objcopy,
# wherever they are installed, and llvm-objcopy cannot strip a static program.
# shellcheck disable=SC2034
native_tools=(-p:CppCompilerAndLinker=gcc -p:ObjCopyName=objcopy -p:LinkerFlavor=bfd)
native_packages=(gcc libc6-dev binutils)

# clean_environment: what a caller's shell has set for other purposes decides nothing here.
clean_environment() {
  local name
  # Numbers with a comma and translated messages would break whoever reads the output of programs.
  export LC_ALL=C.UTF-8
  unset LANGUAGE CDPATH GREP_OPTIONS GREP_COLORS POSIXLY_CORRECT BASH_ENV ENV
  # Programs are installed, built and packed for others to read and run.
  umask 022
  # A property of MSBuild that is not on the command line is taken from the environment, whatever its case.
  while IFS= read -r name; do
    case "${name,,}" in
      configuration | platform | targetframework | targetframeworks | runtimeidentifier | outputpath | outdir | baseoutputpath | \
        baseintermediateoutputpath | intermediateoutputpath | artifactspath | publishdir | version | versionprefix | versionsuffix | \
        publishaot | publishsinglefile | publishtrimmed | publishreadytorun | selfcontained | stripsymbols | staticexecutable | \
        cppcompilerandlinker | cpplinker | objcopyname | linkerflavor | sysroot | debugtype | nowarn | warnaserror | \
        treatwarningsaserrors | directorybuildpropspath | directorybuildtargetspath | custombeforemicrosoftcommonprops | \
        customaftermicrosoftcommontargets | msbuildsdkspath | msbuildextensionspath | msbuild_exe_path | dotnet_root_x64 | \
        dotnet_startup_hooks | dotnet_rollforward | dotnet_rollforwardtoprerelease | dotnet_host_path)
        unset "$name"
        ;;
    esac
  done < <(compgen -e)
  # gcc's own.
  unset GCC_EXEC_PREFIX COMPILER_PATH LIBRARY_PATH LD_RUN_PATH CPATH C_INCLUDE_PATH LDFLAGS
  # Leave no build server running behind a script, but for a compiler that a caller has named and ends; and keep the SDK's
  # greetings out of its output.
  export MSBUILDDISABLENODEREUSE=1 DOTNET_CLI_USE_MSBUILD_SERVER=0
  export UseSharedCompilation="${SharedCompilationId:+true}"
  UseSharedCompilation="${UseSharedCompilation:-false}"
  export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_SKIP_FIRST_TIME_EXPERIENCE=1 DOTNET_CLI_UI_LANGUAGE=en
  # Services and containers start scripts without one.
  export HOME="${HOME:-$(getent passwd "$EUID" | cut -d: -f6)}"
  choose_temporary_directory
  # sbin is missing in the PATH of users, and so of `su`.
  export PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin:/usr/bin:/bin"
}

# Programs are run from there.
choose_temporary_directory() {
  local place probe
  for place in "${TMPDIR:-/tmp}" /tmp /var/tmp; do
    probe="$(mktemp "$place/overlay-probe.XXXXXX" 2>/dev/null)" || continue
    printf '#!/bin/sh\n' >"$probe"
    chmod +x "$probe"
    if "$probe" 2>/dev/null; then
      rm -f "$probe"
      export TMPDIR="$place"
      return
    fi
    rm -f "$probe"
  done
}

# For env: what runs inside namespaces reaches no proxy, and asks none for its own sockets.
# shellcheck disable=SC2034
without_proxies=(-u http_proxy -u HTTP_PROXY -u https_proxy -u HTTPS_PROXY -u all_proxy -u ALL_PROXY)

require_root() {
  reason="must be run as root: it makes network namespaces"
  [[ $EUID -eq 0 ]]
}

# install_packages NAME…: installs the missing ones, and names them.
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

# An offline systemctl starts nothing: servers among the packages are run by tests, not by this machine.
apt_install() {
  SYSTEMD_OFFLINE=1 DEBIAN_FRONTEND=noninteractive apt-get -qq -y -o DPkg::Lock::Timeout=120 install --no-install-recommends "$@"
}

# find_sdk DIRECTORY: an SDK that fits the directory's global.json, on the PATH or where installers put it.
find_sdk() {
  local place caller major found
  major="$(sed -n 's/.*"version": *"\([0-9]*\)\..*/\1/p' "$1/global.json")"
  # sudo drops the caller's PATH and home, but an SDK in a usual place is still meant.
  caller="$(getent passwd "${SUDO_USER:-root}" | cut -d: -f6)"
  for place in "" "${DOTNET_ROOT:-}" /usr/lib/dotnet /usr/share/dotnet "$HOME/.dotnet" "$caller/.dotnet"; do
    # A shim of a version manager may answer with another version, and succeed.
    found="$(cd "$1" && PATH="${place:+$place:}$PATH" dotnet --version 2>/dev/null)" && [[ $found == "$major".* ]] || continue
    export PATH="${place:+$place:}$PATH"
    # Programs that are built here start with the runtime of the SDK that has built them.
    unset DOTNET_ROOT
    found="$(dirname "$(readlink -f "$(command -v dotnet)")")"
    [[ ! -d $found/host/fxr ]] || export DOTNET_ROOT="$found"
    return 0
  done
  reason=".NET SDK $major is missing: install it from Microsoft's package feed: https://learn.microsoft.com/dotnet/core/install/linux-debian"
  return 1
}

# find_linker [PREFIX PACKAGE…]: the tools that turn the native programs' objects into one file, and the C library to link with,
# also the static one; for another architecture the tools whose names begin so, and the packages that have them.
find_linker() {
  local tool prefix="${1:-}"
  reason="no linker for native programs: install ${native_packages[*]}, elsewhere than on Debian also glibc-static"
  [[ -z $prefix ]] || reason="no linker for native programs of another architecture: install ${*:2}"
  for tool in gcc ld.bfd objcopy; do
    command -v "$prefix$tool" >/dev/null || return 1
  done
  # -x c, because standard input has no name to tell the language by.
  echo 'int main(void) { return 0; }' | "${prefix}gcc" -static -fuse-ld=bfd -x c -o /dev/null - 2>/dev/null
}

clean_environment
