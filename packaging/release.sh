#!/usr/bin/env bash
# Makes a release: archive, Debian package, SBOM, licences of dependencies, checksums, notes, image.
#
# Usage: packaging/release.sh [--publish] [--program FILE] [--into DIR] VERSION
#
# Without --publish, nothing leaves this machine and no tag is created: the files are in DIR, by default target/release-VERSION.
# --program packs a built program instead of building one; it cannot be published.
# docs/releases.md describes every file and what --publish needs.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root"

fail() {
    printf 'error: %s\nhint: %s\n' "$1" "$2" >&2
    exit 1
}
say() { printf '%s\n' "$*" >&2; }

publish=
program=
into=
version=
while [ $# -gt 0 ]; do
    case $1 in
    --publish) publish=yes ;;
    --program | --into)
        [ $# -ge 2 ] || fail "\`$1\` needs a value" "see the first lines of packaging/release.sh"
        if [ "$1" = --program ]; then program=$(realpath "$2"); else into=$(realpath -m "$2"); fi
        shift
        ;;
    -*) fail "unknown flag \`$1\`" "see the first lines of packaging/release.sh" ;;
    *) version=$1 ;;
    esac
    shift
done
[ -n "$version" ] || fail "no version is given" "run \`packaging/release.sh VERSION\`"
into=${into:-$root/target/release-$version}
tag=v$version
is_given=$program

# The same time stamps in every build of a commit.
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}
export SOURCE_DATE_EPOCH LC_ALL=C TZ=UTC

check_version() {
    local declared
    declared=$(sed -n '/^\[package\]/,/^\[/s/^version = "\(.*\)"$/\1/p' Cargo.toml)
    [ "$version" = "$declared" ] ||
        fail "the version is $declared in Cargo.toml, not $version" "change it there first: every other place follows it"
}

check_sources() {
    [ -z "$(git status --porcelain)" ] || fail "the work tree has changes" "commit them: a release is a commit"
    [ -z "$is_given" ] || fail "a given program cannot be published" "publish without \`--program\`"
    if git rev-parse -q --verify "refs/tags/$tag" >/dev/null; then
        [ "$(git rev-parse "$tag^{commit}")" = "$(git rev-parse HEAD)" ] ||
            fail "the tag $tag exists at another commit" "choose a new version"
    fi
}

# Catalogues, stored plans and clients rely on the schema of actions: without a new version of it, its hash stays as released.
check_schema() {
    local released number='s/^pub const ACTION_SCHEMA_VERSION: u32 = \([0-9]*\);$/\1/p'
    released=$(git describe --tags --abbrev=0 --match 'v[0-9]*' --exclude "$tag" 2>/dev/null) || {
        say "schema   no released version to compare with"
        return
    }
    if [ "$(git show "$released:schema/action.sha256")" != "$(cat schema/action.sha256)" ] &&
        [ "$(git show "$released:src/model/action.rs" | sed -n "$number")" = "$(sed -n "$number" src/model/action.rs)" ]; then
        fail "the schema of actions differs from $released, and its version does not" \
            "undo the change, or increase ACTION_SCHEMA_VERSION and describe it in docs/upgrading.md"
    fi
    say "schema   compatible with $released"
}

# Paths of this machine are replaced, so that the bytes do not depend on the folder.
build() {
    local home=${CARGO_HOME:-$HOME/.cargo} target=${CARGO_TARGET_DIR:-$root/target}
    RUSTFLAGS="--remap-path-prefix=$root=/groundplan --remap-path-prefix=$home=/cargo" \
        CFLAGS="-ffile-prefix-map=$root=/groundplan -ffile-prefix-map=$home=/cargo" \
        CARGO_INCREMENTAL=0 CARGO_TARGET_DIR=$target/dist \
        cargo build --release --locked --bin groundplan
    program=$target/dist/release/groundplan
}

check_program() {
    local found
    found=$("$program" --version)
    [ "$found" = "groundplan $version" ] || fail "the program is \`$found\`, not $version" "build it from this commit"
}

# The files that archive and package share.
collect() {
    rm -rf "$stage" && mkdir -p "$stage/completions" "$stage/man"
    install -m 0755 "$program" "$stage/groundplan"
    "$program" completions bash >"$stage/completions/groundplan"
    "$program" completions zsh >"$stage/completions/_groundplan"
    "$program" completions fish >"$stage/completions/groundplan.fish"
    "$program" man >"$stage/man/groundplan.1"
    local command
    for command in $("$program" --help | sed -n '/^Commands:/,/^$/s/^  \([a-z-]\{1,\}\).*/\1/p'); do
        [ "$command" = help ] || "$program" man "$command" >"$stage/man/groundplan-$command.1"
    done
    cp LICENSE-APACHE LICENSE-MIT README.md CHANGELOG.md packaging/groundplan.service "$stage/"
    python3 packaging/dependencies.py licences --target "$target" >"$stage/THIRD-PARTY-LICENSES.txt"
}

archive() {
    local name=groundplan-$version-$target
    rm -rf "$work/archive" && mkdir "$work/archive" && cp -a "$stage" "$work/archive/$name"
    chmod -R u=rwX,go=rX "$work/archive/$name"
    tar -C "$work/archive" --sort=name --mtime="@$SOURCE_DATE_EPOCH" --owner=0 --group=0 --numeric-owner -cf - "$name" |
        gzip -n -9 >"$into/$name.tar.gz"
}

debian_package() {
    if ! command -v dpkg-deb >/dev/null; then
        say "deb      skipped: dpkg-deb is not installed"
        return
    fi
    local architecture package=$work/deb share=$work/deb/usr/share libc
    case $target in
    x86_64-*) architecture=amd64 ;;
    aarch64-*) architecture=arm64 ;;
    *) fail "no Debian architecture is known for $target" "add it to packaging/release.sh" ;;
    esac
    rm -rf "$package"
    install -D -m 0755 "$stage/groundplan" "$package/usr/bin/groundplan"
    install -D -m 0644 "$stage/completions/groundplan" "$share/bash-completion/completions/groundplan"
    install -D -m 0644 "$stage/completions/_groundplan" "$share/zsh/vendor-completions/_groundplan"
    install -D -m 0644 "$stage/completions/groundplan.fish" "$share/fish/vendor_completions.d/groundplan.fish"
    mkdir -p "$share/man/man1" "$share/doc/groundplan" "$package/usr/lib/systemd/system" "$package/DEBIAN"
    local page
    for page in "$stage"/man/*.1; do
        gzip -n -9 <"$page" >"$share/man/man1/${page##*/}.gz"
    done
    sed 's,/usr/local/bin/,/usr/bin/,' packaging/groundplan.service >"$package/usr/lib/systemd/system/groundplan.service"
    gzip -n -9 <CHANGELOG.md >"$share/doc/groundplan/changelog.gz"
    {
        printf 'groundplan is licensed under MIT or Apache-2.0.\n\n'
        cat LICENSE-MIT
        printf '\nThe Apache licence 2.0 is in /usr/share/common-licenses/Apache-2.0, and the licences of the packages that\n'
        printf 'groundplan contains are in THIRD-PARTY-LICENSES.txt.gz beside this file.\n'
    } >"$share/doc/groundplan/copyright"
    gzip -n -9 <"$stage/THIRD-PARTY-LICENSES.txt" >"$share/doc/groundplan/THIRD-PARTY-LICENSES.txt.gz"
    # The newest version of a glibc symbol in the program.
    libc=$(grep -ao 'GLIBC_2\.[0-9]\{1,\}' "$program" | sort -Vu | tail -n 1)
    cat >"$package/DEBIAN/control" <<CONTROL
Package: groundplan
Version: $version
Architecture: $architecture
Maintainer: groundplan contributors <groundplan@example.org>
Installed-Size: $(du -k --apparent-size -s "$package/usr" | cut -f 1)
Depends: libc6 (>= ${libc#GLIBC_}), libgcc-s1, git (>= 1:2.31), ca-certificates
Section: devel
Priority: optional
Description: creates git repositories from a catalogue of options
 Shows every file and the exact git tree id before anything is written, and
 creates repositories in folders, on GitHub and on Forgejo.
CONTROL
    (cd "$package" && find usr -type f -print0 | sort -z | xargs -0 md5sum) >"$package/DEBIAN/md5sums"
    chmod -R u=rwX,go=rX "$package"
    find "$package" -exec touch --no-dereference --date="@$SOURCE_DATE_EPOCH" {} +
    dpkg-deb --root-owner-group --uniform-compression -Zxz --build "$package" "$into/groundplan_${version}_$architecture.deb" >/dev/null
}

sbom() {
    python3 packaging/dependencies.py sbom --target "$target" >"$into/groundplan-$version-$target.cdx.json"
}

# The section of this version, or, where nothing is published, the one of changes without a version.
notes() {
    section() { awk -v name="$1" '$1 == "##" { found = $2 == name || $2 == "[" name "]"; next } found' CHANGELOG.md; }
    section "$version" >"$into/notes.md"
    if ! grep -q '[^[:space:]]' "$into/notes.md"; then
        [ -z "$publish" ] || fail "CHANGELOG.md has no section $version" "rename \`## Unreleased\` to \`## $version - $(date -I)\`"
        section Unreleased >"$into/notes.md"
        say "notes    of the section Unreleased, because there is no section $version"
    fi
}

checksums() {
    local sums
    sums=$(cd "$into" && sha256sum groundplan*)
    echo "$sums" >"$into/SHA256SUMS"
}

build_image() {
    local name=${GROUNDPLAN_IMAGE_NAME:-groundplan}
    local arguments=(--build-arg "VERSION=$version" --build-arg "REVISION=$(git rev-parse HEAD)" --tag "$name:$version")
    if [ -n "$publish" ] && [ -n "${GROUNDPLAN_IMAGE_NAME:-}" ]; then
        docker buildx build --platform linux/arm64,linux/amd64 "${arguments[@]}" --push .
    elif [ -n "$publish" ]; then
        say "image    skipped: GROUNDPLAN_IMAGE_NAME is not set"
    elif [ -n "$is_given" ] || ! docker info >/dev/null 2>&1; then
        say "image    skipped: a program was given, or there is no container daemon"
    else
        docker build "${arguments[@]}" .
    fi
}

publish_release() {
    git rev-parse -q --verify "refs/tags/$tag" >/dev/null || git tag --annotate --message "groundplan $version" "$tag"
    git push origin "refs/tags/$tag"
    local files=("$into"/groundplan* "$into/SHA256SUMS")
    if [ -n "${FORGE_API:-}" ]; then
        # The API of Forgejo: https://HOST/api/v1/repos/OWNER/NAME
        local id file header="Authorization: token $FORGE_TOKEN"
        id=$(jq -n --arg tag "$tag" --rawfile body "$into/notes.md" '{ tag_name: $tag, name: $tag, body: $body }' |
            curl --fail --silent --show-error --header @<(echo "$header") --json @- "$FORGE_API/releases" | jq .id)
        for file in "${files[@]}"; do
            curl --fail --silent --show-error --header @<(echo "$header") --form "attachment=@$file" \
                "$FORGE_API/releases/$id/assets?name=$(basename "$file")" >/dev/null
        done
    else
        gh release create "$tag" --verify-tag --title "$tag" --notes-file "$into/notes.md" "${files[@]}"
    fi
}

check_version
[ -z "$publish" ] || check_sources
check_schema
if [ -n "$(ls -A "$into" 2>/dev/null)" ] && [ ! -e "$into/notes.md" ]; then
    fail "$into is not empty and contains no release" "name another folder with \`--into\`"
fi
rm -rf "$into" && mkdir -p "$into"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
stage=$work/stage
notes
[ -n "$is_given" ] || build
check_program
target=${GROUNDPLAN_TARGET:-$(rustc -vV | sed -n 's/^host: //p')}
collect
archive
debian_package
sbom
checksums
build_image
[ -z "$publish" ] || publish_release
say "release  $version in $into"
ls "$into"
