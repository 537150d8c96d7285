#!/usr/bin/env bash
# Programs that deploy/publish.sh has made become a Debian package, with the units and the removal of deploy/systemd. The same
# programs and the same SOURCE_DATE_EPOCH give the same file.
set -euo pipefail

root="$(CDPATH='' cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
# shellcheck source=deploy/prerequisites.sh
source "$root/deploy/prerequisites.sh"

name=overlay-vxlan
# A field that dpkg asks for; the domain exists nowhere.
maintainer="The Overlay authors <authors@overlay.invalid>"

fail() {
  echo "deb: $*" >&2
  exit 1
}

case "${1:-}" in
  -h | --help | "")
    cat >&2 <<USAGE
usage: deploy/deb.sh DIR [PUBLISHED]    writes ${name}_VERSION_amd64.deb into DIR
  PUBLISHED  what deploy/publish.sh has made; without it that is done first
USAGE
    [[ -n ${1:-} ]]
    exit
    ;;
esac
[[ $# -le 2 ]] || fail "one directory, or two, are wanted, not: $*; example: deploy/deb.sh out/debian out"
for tool in dpkg-deb dpkg-shlibdeps; do
  command -v "$tool" >/dev/null || fail "$tool is missing: install dpkg-dev"
done
mkdir -p -- "$1" || fail "$1 cannot be made"
directory="$(cd -- "$1" && pwd)"

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT

published="${2:-}"
if [[ -z $published ]]; then
  published="$work/published"
  "$root/deploy/publish.sh" "$published" || fail "there are no programs to pack"
fi
[[ -e $published/SHA256SUMS ]] || fail "$published/SHA256SUMS is missing; example: deploy/publish.sh $published"
(cd -- "$published" && sha256sum --quiet --check SHA256SUMS) || fail "the files in $published are not those that were published"

# e_machine of the ELF header (elf(5)): b7 is AArch64.
[[ "$(od -An -tx1 -j18 -N1 "$published/overlayd")" != " b7" ]] ||
  fail "the programs in $published are for arm64; packages are made for amd64 alone"

# A tilde makes 0.2.0~rc.1 come before 0.2.0 for dpkg, too.
version="$("$published/overlayd" --version | sed -n 's/^overlayd //p')"
[[ -n $version ]] || fail "$published/overlayd --version says no version"
version="${version/-/\~}-1"
epoch="${SOURCE_DATE_EPOCH:-}"
[[ -n $epoch ]] || epoch="$(git -C "$root" log -1 --format=%ct 2>/dev/null)" || epoch="$(stat -c %Y "$published/overlayd")"
[[ $epoch =~ ^[0-9]+$ ]] || fail "SOURCE_DATE_EPOCH is a number of seconds, not '$epoch'; example: SOURCE_DATE_EPOCH=1767225600"
export SOURCE_DATE_EPOCH="$epoch"

package="$work/package"
documents="usr/share/doc/$name"

# put MODE SOURCE PATH, and write MODE PATH with the content on standard input.
put() { install -D -m "$1" "$2" "$package/$3"; }
write() { install -D -m "$1" /dev/stdin "$package/$2"; }
compressed() { gzip -9n | write 0644 "$1"; }

put 0755 "$published/overlayd" usr/lib/overlay/overlayd
put 0755 "$published/overlay" usr/lib/overlay/overlay
put 0755 "$published/overlayctl" usr/bin/overlayctl
# A link for people; the units start the daemon where its plugin lies.
mkdir -p "$package/usr/sbin"
ln -s ../lib/overlay/overlayd "$package/usr/sbin/overlayd"

for unit in overlayd.service overlay-addresses.service overlay-addresses.timer; do
  sed 's|/usr/local/lib/overlay/|/usr/lib/overlay/|g; s|/usr/local/bin/|/usr/bin/|g' "$root/deploy/systemd/$unit" |
    write 0644 "usr/lib/systemd/system/$unit"
done
put 0644 "$root/deploy/debian/sysusers.conf" "usr/lib/sysusers.d/$name.conf"
# etcd's password may come to be in it.
put 0640 "$root/deploy/systemd/overlay.json" etc/overlay/overlay.json

put 0644 "$published/THIRD-PARTY-NOTICES" "$documents/THIRD-PARTY-NOTICES"
put 0644 "$root/deploy/debian/overrides" "usr/share/lintian/overrides/$name"
{
  sed "s|@COPYRIGHT@|$(sed -n 's/^Copyright (c) //p' "$root/LICENSE")|" "$root/deploy/debian/copyright"
  sed -e '1,/^Copyright/d' "$root/LICENSE" | sed -e '/./,$!d' -e 's/^$/./' -e 's/^/ /'
} | write 0644 "$documents/copyright"
compressed "$documents/changelog.Debian.gz" <<CHANGELOG
$name ($version) unstable; urgency=medium

  * Release ${version%-1}.

 -- $maintainer  $(date -u -R -d "@$epoch")
CHANGELOG

# Manual pages and completions, where they have been published: man/NAME.SECTION, completion/SHELL/FILE.
for page in "$published"/man/*.[1-9]; do
  [[ ! -e $page ]] || compressed "usr/share/man/man${page##*.}/${page##*/}.gz" <"$page"
done
for place in bash:bash-completion/completions zsh:zsh/vendor-completions fish:fish/vendor_completions.d; do
  for file in "$published/completion/${place%%:*}"/*; do
    [[ ! -e $file ]] || put 0644 "$file" "usr/share/${place#*:}/${file##*/}"
  done
done

# Libraries with the versions that the programs' symbols came with.
mkdir -p "$work/debian"
printf 'Source: %s\n\nPackage: %s\nArchitecture: amd64\n' "$name" "$name" >"$work/debian/control"
libraries="$(cd "$work" && dpkg-shlibdeps -O "-e$package/usr/lib/overlay/overlayd" "-e$package/usr/bin/overlayctl" \
  2>"$work/libraries.log" | sed -n 's/^shlibs:Depends=//p')" || true
[[ -n $libraries ]] || fail "the libraries' packages are not found: $(cat "$work/libraries.log")"

(cd "$package" && find . -type f -printf '%P\n' | sort | grep -v '^etc/' | xargs md5sum) >"$work/md5sums"
size="$(cd "$package" && find . -printf '%y %s\n' | awk '{ kib += $1 == "f" ? int(($2 + 1023) / 1024) : 1 } END { print kib }')"
sed -e "s|@VERSION@|$version|" -e "s|@MAINTAINER@|$maintainer|" -e "s|@LIBRARIES@|$libraries|" -e "s|@SIZE@|$size|" \
  "$root/deploy/debian/control" | write 0644 DEBIAN/control
put 0644 "$work/md5sums" DEBIAN/md5sums
write 0644 DEBIAN/conffiles <<</etc/overlay/overlay.json
for script in preinst postinst prerm postrm; do
  sed -e "/^#TAKE-DOWN#\$/{r $root/deploy/systemd/take-down.sh" -e 'd}' "$root/deploy/debian/$script" |
    write 0755 "DEBIAN/$script"
done

# A directory inherits the set-group-ID bit; dpkg-deb itself sorts the files and sets their times back.
find "$package" -type d -exec chmod 00755 {} +

# gzip takes seconds where xz takes a minute, for a file a third larger.
file="${name}_${version}_amd64.deb"
dpkg-deb --root-owner-group -Zgzip -z"${DPKG_DEB_COMPRESSOR_LEVEL:-6}" --build "$package" "$directory/.$file.new" >/dev/null ||
  fail "dpkg-deb cannot build the package"
mv -f "$directory/.$file.new" "$directory/$file"
echo "$directory/$file"
