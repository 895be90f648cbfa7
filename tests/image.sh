#!/usr/bin/env bash
# Runs the image of the Dockerfile without a container daemon: its root file system, read-only, in namespaces of its own.
#
# Checks the user, git, certificates, health check, the way to a repository, and the end by SIGTERM. Needs Linux, root rights
# and mmdebstrap; without them it says why it is skipped.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
program=${1:-$root/target/debug/groundplan}

skip() {
    printf 'skipped: the image is not tested: %s\n' "$1"
    exit 0
}
fail() {
    printf 'error: %s\n' "$1" >&2
    exit 1
}
[ "$(uname)" = Linux ] || skip "the machine is not Linux"
[ "$(id -u)" -eq 0 ] || skip "it needs root rights"
command -v mmdebstrap >/dev/null || skip "mmdebstrap is not installed"
unshare --mount --pid --net --fork true 2>/dev/null || skip "the machine allows no namespaces"
[ -x "$program" ] || cargo build --manifest-path "$root/Cargo.toml" --locked --bin groundplan

work=$(mktemp -d)
container=
cleanup() {
    [ -z "$container" ] || kill -KILL "$container" 2>/dev/null || true
    rm -rf --one-file-system "$work"
}
trap cleanup EXIT
image=$work/image
data=$work/data
"$root/packaging/rootfs.sh" "$program" "$image" || skip "its packages cannot be downloaded"
install -d -o 65532 -g 65532 -m 0700 "$data" "$data/cache" "$data/logs" "$data/state" "$data/state/forge"

# The environment of the image, from the Dockerfile.
mapfile -t environment < <(
    sed -n '/^ENV /,/[^\\]$/p' "$root/Dockerfile" | sed 's/^ENV//; s/\\$//' | xargs -n 1
)

# Prints the script that sets up a container and becomes its first process: read-only root, no capabilities, no new rights.
enter() {
    cat <<'SCRIPT'
set -eu
image=$1 data=$2; shift 2
mount --make-rprivate /
mount --bind "$image" "$image"
mount --bind "$data" "$image/var/lib/groundplan"
mount -t tmpfs -o mode=1777,size=64m tmpfs "$image/tmp"
mount -t proc proc "$image/proc"
for device in null random urandom; do mount --bind "/dev/$device" "$image/dev/$device"; done
mount -o remount,bind,ro "$image"
ip link set lo up 2>/dev/null || true
cd "$image"
exec chroot "$image" /usr/bin/setpriv --reuid 65532 --regid 65532 --clear-groups --bounding-set=-all --inh-caps=-all \
    --no-new-privs /usr/bin/env -i PATH=/usr/local/bin:/usr/bin:/bin "$@"
SCRIPT
}
# Becomes a command in a new container of the image.
become() {
    exec unshare --mount --pid --net --ipc --uts --fork --kill-child sh -c "$(enter)" enter "$image" "$data" "${environment[@]}" \
        GROUNDPLAN_USER=ada DATABASE_URL=sqlite:/var/lib/groundplan/state/jobs.db "$@"
}
run() { (become "$@"); }
entrypoint=(/usr/bin/tini -- /usr/local/bin/groundplan)
forge=(--forge local --forge-url /var/lib/groundplan/state/forge)

[ "$(run /usr/bin/id -u)" = 65532 ] || fail "the user is not 65532"
! run /bin/sh -c ': >/usr/local/bin/x' 2>/dev/null || fail "the root file system can be written"
run /usr/bin/git --version | grep -q '^git version ' || fail "git does not run"
[ "$(run /bin/grep -c 'BEGIN CERTIFICATE' /etc/ssl/certs/ca-certificates.crt)" -gt 50 ] || fail "the certificates are missing"
run "${entrypoint[@]}" doctor "${forge[@]}" >"$work/doctor" 2>&1 || { cat "$work/doctor"; fail "\`doctor\` fails"; }
echo "user 65532, read-only root, git, certificates, doctor"

# The way of a run: submitted, created, and there.
run "${entrypoint[@]}" runs submit --defaults --name "Acme Web" --owner acme --repo acme-web >"$work/submit" 2>&1 ||
    { cat "$work/submit"; fail "\`runs submit\` fails"; }
run "${entrypoint[@]}" work --once "${forge[@]}" >"$work/once" 2>&1 || { cat "$work/once"; fail "\`work --once\` fails"; }
[ -d "$data/state/forge/acme/acme-web.git" ] || fail "no repository was created"
echo "a run creates its repository"

# The default command, until SIGTERM.
become "${entrypoint[@]}" work "${forge[@]}" >"$work/log" 2>&1 &
unshare=$!
for _ in $(seq 100); do
    container=$(pgrep -P "$unshare" || true)
    [ -z "$container" ] || ! nsenter --target "$container" --mount --net --pid chroot "/proc/$container/root" /usr/bin/env -i \
        "${environment[@]}" /usr/local/bin/groundplan health >"$work/health" 2>&1 || break
    sleep 0.2
done
grep -q . "$work/health" || fail "the worker does not start"
grep -Eq 'idle|running' "$work/health" || { cat "$work/health" "$work/log"; fail "the health check fails"; }
kill -TERM "$container"
code=0
wait "$unshare" || code=$?
[ "$code" = 143 ] || { cat "$work/log"; fail "SIGTERM ends with $code, not 143"; }
container=
echo "the health check answers; SIGTERM ends with 143"
