# apt on releases of Debian other than this system's; to be sourced after common.sh. Needs no root, and does not touch the
# system's own apt.
# shellcheck shell=sh

# apt_of RELEASE TOOL ARGUMENT...: apt's tools on a release of Debian, in directories of their own
apt_of() {
    tree=$cache/apt/$1
    tool=$2
    shift 2
    "$tool" -q -o APT::Sandbox::User="$(id -un)" -o Acquire::Languages=none -o Dir::State="$tree/state" \
        -o Dir::Cache="$tree/cache" -o Dir::State::status="$tree/status" \
        -o Dir::Etc::SourceList="$tree/sources.list" -o Dir::Etc::SourceParts=- "$@"
}

# release RELEASE: the package lists of that release, and of the one that it adds to where it is RELEASE-backports
release() {
    mkdir -p "$cache/apt/$1/state/lists/partial" "$cache/apt/$1/cache/archives/partial"
    : >>"$cache/apt/$1/status"
    keyring=/usr/share/keyrings/debian-archive-keyring.gpg
    [ -e $keyring ] || fail "no $keyring; run: apt-get install debian-archive-keyring"
    for suite in $(printf '%s\n' "$1" "${1%-backports}" | uniq); do
        echo "deb [signed-by=$keyring] $(mirror) $suite main"
    done >"$cache/apt/$1/sources.list"
    apt_of "$1" apt-get -qq update || fail "cannot read the package lists of Debian $1"
}
