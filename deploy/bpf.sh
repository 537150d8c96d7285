#!/usr/bin/env bash
# Compiles the programs of the eBPF tier, and records the sources, the object and the compiler that belong together. The
# object is committed, so that a build needs no clang.
# With --check DIR it compiles into DIR and changes nothing: tests compare the objects.
set -euo pipefail

root="$(CDPATH='' cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
programs="$root/src/Overlay.Dataplane.Ebpf/Programs"
sources=(overlay.bpf.c egress.h ingress.h underlay.h accept.h common.h tables.h kernel.h)
target="$programs"
[[ ${1:-} != --check ]] || target="$(CDPATH='' cd "$2" && pwd)"

# -mcpu=v2: 32-bit operations and jumps are not needed, and kernels before 5.1 have none. No -g: the loader reads no
# BTF. From the sources' directory, as the object has the name of its source as it was given.
cd "$programs"
clang -O2 -target bpf -mcpu=v2 -Wall -Wextra -Werror -I"/usr/include/$(uname -m)-linux-gnu" \
  -c overlay.bpf.c -o "$target/overlay.bpf.o"
[[ $target == "$programs" ]] || exit 0
{
  echo "# $(clang --version | head -n 1)"
  sha256sum "${sources[@]}" overlay.bpf.o
} >overlay.bpf.o.sha256
