#!/usr/bin/env bash
# Runs overlayd and overlayctl in a root directory that has the C library and nothing else: no .NET, no shell.
#   bare-root.sh DIR PROGRAMS
set -euo pipefail

dir="$1" programs="$2"
mkdir -p "$dir"/{bin,dev/net,etc,proc,run,tmp,var/lib,lib/x86_64-linux-gnu,lib64}
cp "$programs"/{overlayd,overlayctl,overlay} "$dir/bin"
for library in libc.so.6 libm.so.6 libdl.so.2 libpthread.so.0 librt.so.1 libgcc_s.so.1 libstdc++.so.6; do
  cp -L "$(ldconfig -p | sed -n "s/^\t$library (libc6,x86-64.* => //p" | head -n 1)" "$dir/lib/x86_64-linux-gnu"
done
cp -L /lib64/ld-linux-x86-64.so.2 "$dir/lib64"
mount -t proc proc "$dir/proc"
for device in null urandom net/tun; do
  touch "$dir/dev/$device"
  mount --bind "/dev/$device" "$dir/dev/$device"
done
cat >"$dir/etc/overlay.json" <<'JSON'
{ "Overlay": {
  "NodeName": "a", "Interface": "eth0",
  "Network": { "Cidr": "10.244.0.0/16" }, "Subnet": "10.244.1.0/24" },
  "Serilog": { "MinimumLevel": "Debug" } }
JSON

bare() { env -i "$(command -v chroot)" "$dir" "$@"; }
bare /bin/overlayd --version
bare /bin/overlayctl --version
bare /bin/overlay --version
# Replaces the shell, so that a signal is the daemon's own.
(exec env -i "$(command -v chroot)" "$dir" /bin/overlayd --config /etc/overlay.json) >"$dir/log" 2>&1 &
daemon=$!
for _ in $(seq 200); do
  if bare /bin/overlayctl status --json 2>/dev/null | grep -q '"forwarding"'; then break; fi
  kill -0 "$daemon" || break
  sleep 0.1
done
bare /bin/overlayctl status || cat "$dir/log"
bare /bin/overlayctl counters
kill "$daemon"
wait "$daemon" && echo "overlayd has ended well"
