#!/usr/bin/env bash
# Assembles the file system of the image without a container daemon: Debian's packages, then the last stage of the Dockerfile.
#
# Usage: packaging/rootfs.sh PROGRAM DIR
#
# Needs root rights, mmdebstrap and the network. The suite is the one of the Dockerfile; SUITE overrides it.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
program=$(realpath "$1")
into=$(realpath -m "$2")
base=$(sed -n 's/^ARG BASE_IMAGE=debian:\([a-z]*\)-slim$/\1/p' "$root/Dockerfile")
suite=${SUITE:-$base}

# The instructions of the last stage, one a line.
instructions() {
    awk '/^#/ { next } { sub(/^ +/, ""); if (sub(/\\$/, "")) { line = line $0; next } print line $0; line = "" }' "$root/Dockerfile" |
        awk '/^FROM / { text = ""; next } { text = text $0 "\n" } END { printf "%s", text }'
}
argument() { instructions | sed -n "s/^$1 //p"; }

mmdebstrap --quiet --mode=root --variant=minbase "$suite" "$into"
# The names of hosts and packages come from this machine during the assembly, as a container daemon does it.
cp --dereference /etc/resolv.conf "$into/etc/resolv.conf"
while read -r command; do
    chroot "$into" /usr/bin/env DEBIAN_FRONTEND=noninteractive PATH=/usr/sbin:/usr/bin:/sbin:/bin /bin/sh -ec "$command" >/dev/null
done < <(argument RUN)
install -D -m 0755 "$program" "$into/usr/local/bin/groundplan"
install -D -m 0644 -t "$into/usr/share/doc/groundplan" "$root/LICENSE-APACHE" "$root/LICENSE-MIT"
