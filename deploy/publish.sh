#!/usr/bin/env bash
# Builds what is shipped, for this machine or the other architecture: programs that run where no .NET is installed, each in one
# file, and their checksums.
# What they need of a host: overlay nothing; overlayctl glibc, as old as that of the machine they are built on; overlayd
# glibc 2.27, libgcc and libstdc++, which every Debian has, and OpenSSL 3 for a store with TLS.
set -euo pipefail

root="$(CDPATH='' cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
# shellcheck source=deploy/prerequisites.sh
source "$root/deploy/prerequisites.sh"

fail() {
  echo "publish: $*" >&2
  exit 1
}

# As Debian and the platforms of images have it.
case "$(uname -m)" in
  x86_64) host=amd64 ;;
  aarch64) host=arm64 ;;
  *) host="$(uname -m)" ;;
esac
arch="$host"
if [[ ${1:-} == --arch ]]; then
  arch="${2:-}"
  shift "$(($# < 2 ? $# : 2))"
fi

case "${1:-}" in
  -h | --help | "")
    cat >&2 <<USAGE
usage: deploy/publish.sh [--arch amd64|arm64] DIR
  writes overlayd, overlayctl, overlay, THIRD-PARTY-NOTICES and SHA256SUMS into DIR, with man and completion: manual pages, and
  scripts by which shells complete overlayctl
  --arch  another architecture than this machine's needs gcc-aarch64-linux-gnu and libc6-dev-arm64-cross, or
          gcc-x86-64-linux-gnu and libc6-dev-amd64-cross
USAGE
    [[ -n ${1:-} ]]
    exit
    ;;
esac
[[ $# -eq 1 ]] || fail "one directory is wanted, not: $*; example: deploy/publish.sh out"
find_sdk "$root" || fail "$reason"
case "$arch" in
  amd64) rid=linux-x64 triple=x86_64-linux-gnu cross_packages=(gcc-x86-64-linux-gnu libc6-dev-amd64-cross) ;;
  arm64) rid=linux-arm64 triple=aarch64-linux-gnu cross_packages=(gcc-aarch64-linux-gnu libc6-dev-arm64-cross) ;;
  *) fail "--arch '$arch' is none that can be built; example: --arch arm64" ;;
esac
if [[ $arch == "$host" ]]; then
  find_linker || fail "$reason"
else
  find_linker "$triple-" "${cross_packages[@]}" || fail "$reason"
fi
mkdir -p -- "$1" || fail "$1 cannot be made"
directory="$(cd -- "$1" && pwd)"

# All that is made on the way stays beside the tree: a build there is neither used nor disturbed.
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT

# publish PROJECT PROGRAM PROPERTY…: analyzers have their say in the build that developers and tests make.
publish() {
  local project="$1" program="$2"
  shift 2
  echo "publishing $program"
  dotnet publish "$root/src/$project/$project.csproj" -c Release -r "$rid" --self-contained -v quiet --nologo \
    --artifacts-path "$work/build" -o "$work/$program" -p:RunAnalyzers=false "$@" </dev/null ||
    fail "$program cannot be built"
}

# describe PROJECT PROGRAM ARGUMENT…: what the program writes of itself, by one that runs here.
describe() {
  local project="$1" program="$2"
  shift 2
  if [[ $arch == "$host" ]]; then
    "$directory/$program" "$@"
    return
  fi
  [[ -e $work/described/$program/$program.dll ]] ||
    dotnet build "$root/src/$project/$project.csproj" -c Release -v quiet --nologo --artifacts-path "$work/host" \
      -o "$work/described/$program" -p:RunAnalyzers=false </dev/null >&2 || fail "$program cannot be built for this machine"
  dotnet "$work/described/$program/$program.dll" "$@"
}

# A compiler for one target alone, as gcc is, does not take the option that names it.
if [[ $arch != "$host" ]]; then
  cat >"$work/link" <<LINK
#!/bin/bash
arguments=()
for argument; do [[ \$argument == --target=* ]] || arguments+=("\$argument"); done
exec $triple-gcc "\${arguments[@]}"
LINK
  chmod +x "$work/link"
  native_tools=(-p:CppCompilerAndLinker="$work/link" -p:ObjCopyName="$triple-objcopy" -p:LinkerFlavor=bfd)
fi

# overlayd is whole, with its runtime: Serilog finds by reflection what its configuration section names, which neither a
# trimmed nor a native program would have. The runtime's assemblies are compiled again as one image with ours: of 3,300 methods
# that a start would compile half are left, and it has packets forwarded after 0.28 s instead of 0.36 s, with 26 MB of file
# more, of which 15 MB are in memory.
publish Overlay.Daemon overlayd -p:PublishSingleFile=true -p:PublishReadyToRun=true -p:PublishReadyToRunComposite=true \
  -p:DebugType=embedded
# These two are native code, as their projects say.
publish Overlay.Cli overlayctl "${native_tools[@]}"
publish Overlay.Cni overlay "${native_tools[@]}"

# By rename: a program that runs from there goes on with the file it has.
for program in overlayd overlayctl overlay; do
  install -m 0755 "$work/$program/$program" "$directory/.$program.new"
  mv -f "$directory/.$program.new" "$directory/$program"
done
# The plugin contains the C library of this machine, whose licence asks for its source: so the notices say which one it is.
libc=libc6-dev
[[ $arch == "$host" ]] || libc="${cross_packages[1]}"
notices="$directory/.THIRD-PARTY-NOTICES.new"
distribution="$(sed -n 's/^PRETTY_NAME="\{0,1\}\([^"]*\)"\{0,1\}$/\1/p' /etc/os-release 2>/dev/null || true)"
package="$(dpkg-query -W -f='${Package} ${Version}' "$libc" 2>/dev/null | sed -n 1p || getconf GNU_LIBC_VERSION || true)"
install -m 0644 "$root/THIRD-PARTY-NOTICES" "$notices"
printf '\n\noverlay is linked with the C library of %s: %s\n' "${distribution:-this system}" "${package:-version unknown}" >>"$notices"
mv -f "$notices" "$directory/THIRD-PARTY-NOTICES"

# The programs write these themselves, from the definitions that they parse by.
mkdir -p "$directory"/man "$directory"/completion/{bash,zsh,fish}
describe Overlay.Daemon overlayd man >"$directory/man/overlayd.8"
describe Overlay.Cli overlayctl man >"$directory/man/overlayctl.8"
for file in bash:overlayctl zsh:_overlayctl fish:overlayctl.fish; do
  describe Overlay.Cli overlayctl completion "${file%%:*}" >"$directory/completion/${file%%:*}/${file#*:}"
done
(cd "$directory" && sha256sum overlayd overlayctl overlay THIRD-PARTY-NOTICES man/* completion/*/* >SHA256SUMS)

[[ $arch == "$host" ]] || exit 0
for program in overlayd overlayctl overlay; do
  "$directory/$program" --version
done
