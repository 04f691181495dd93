# What the scripts of packaging share; to be sourced.
# shellcheck shell=sh disable=SC2034 # some of these are for the scripts that source this

parts=${parts:?the directory of this file}
root=$(cd "$parts/../.." && pwd)
cache=${RINGFENCE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/ringfence}

# fail MESSAGE: one line, and the exit status that says "the lab, not what ran in it"
fail() {
    echo "${0##*/}: $*" >&2
    exit 125
}

# progress MESSAGE: what takes time, and why
progress() {
    [ -n "${QUIET:-}" ] || echo "${0##*/}: $*" >&2
}

# words_of FILE: the words of a list with comments
words_of() {
    sed 's/#.*//' "$1" | tr -s ' \n' ' '
}

# need_packages: the Debian packages of lab.d/packages; root installs those that are missing
need_packages() {
    missing=
    for package in $(words_of "$parts/packages"); do
        dpkg-query -W -f '${db:Status-Status}\n' "$package" 2>/dev/null | grep -qx installed ||
            missing="$missing $package"
    done
    [ -n "$missing" ] || return 0
    [ "$(id -u)" = 0 ] || fail "not installed:$missing; run: sudo apt-get install --no-install-recommends$missing"
    progress "installing$missing"
    # shellcheck disable=SC2086 # a list of words
    { apt-get -qq update && DEBIAN_FRONTEND=noninteractive \
        apt-get -qqy -o Dpkg::Use-Pty=0 install --no-install-recommends $missing; } >"$cache/apt.log" 2>&1 ||
        fail "cannot install$missing: $(tail -n 3 "$cache/apt.log")"
}

# jdk_home: JAVA_HOME if that is a JDK 25, else the first JDK 25 of this system
jdk_home() {
    for home in "${JAVA_HOME:-}" /usr/lib/jvm/*; do
        if [ -x "$home/bin/jlink" ] && grep -q '^JAVA_VERSION="25' "$home/release" 2>/dev/null; then
            echo "$home"
            return
        fi
    done
    fail "no JDK 25 in JAVA_HOME or /usr/lib/jvm; Debian 13 has one: apt-get install openjdk-25-jdk-headless"
}

# digest_of FILE...: a short name for exactly these contents
digest_of() {
    cat "$@" | sha256sum | cut -c 1-16
}

# digest_of_tree DIR: the same from names, sizes, times and modes
digest_of_tree() {
    find "$1" -mindepth 1 -printf '%P %y %m %s %T@ %l\n' | LC_ALL=C sort | sha256sum | cut -c 1-16
}

# libraries_of FILE...: the shared libraries that these programs need
libraries_of() {
    ldd "$@" 2>/dev/null | sed -n 's/^[^/]*\(\/[^ :]*\) (.*/\1/p' | sort -u
}

# copy_programs TREE FILE...: puts programs of this system, and their libraries, at the same place under TREE
copy_programs() {
    tree_of_programs=$1
    shift
    { printf '%s\n' "$@"; libraries_of "$@"; } | while read -r file; do
        mkdir -p "$tree_of_programs${file%/*}"
        cp -L "$file" "$tree_of_programs$file"
    done
}

# busybox_tree TREE: busybox and a link for each applet; /usr/bin, /bin and their like are all directories
busybox_tree() {
    mkdir -p "$1/bin" "$1/etc"
    cp "$(command -v busybox)" "$1/bin/busybox"
    for applet in $(busybox --list-full); do
        mkdir -p "$1/${applet%/*}"
        [ -e "$1/$applet" ] || ln -s /bin/busybox "$1/$applet"
    done
    echo 'root:x:0:0:root:/root:/bin/sh' >"$1/etc/passwd"
    echo 'root:x:0:' >"$1/etc/group"
    echo '127.0.0.1 localhost' >"$1/etc/hosts"
}

# copy_modules KERNEL TREE MODULE...: modules with all they need into TREE/modules, and TREE/modules/order
copy_modules() {
    from=$1 to=$2/modules
    shift 2
    mkdir -p "$to"
    : >"$to/order"
    for module in "$@"; do
        modprobe -d "$from" -S "$(cat "$from/release")" --show-depends "$module" || fail "no module $module in $from"
    done | while read -r kind file _; do
        if [ "$kind" != insmod ] || [ -e "$to/${file##*/}" ]; then continue; fi
        cp "$file" "$to/"
        echo "${file##*/}" >>"$to/order"
    done
}

# archive TREE FILE: the tree as an initramfs
archive() {
    (cd "$1" && find . | busybox cpio -o -H newc 2>/dev/null) >"$2"
}

# image TREE FILE: an ext4 image of the tree, with a little room; appears whole or not at all
image() {
    mib=$(($(du -sm "$1" | cut -f 1) * 5 / 4 + 16))
    mke2fs -q -t ext4 -O ^has_journal -m 0 -E root_owner=0:0 -d "$1" "$2.$$" "${mib}M" >"$2.$$.log" 2>&1 ||
        fail "cannot make an image of $1: $(tail -n 1 "$2.$$.log")"
    rm "$2.$$.log"
    mv "$2.$$" "$2"
}

# mirror: the one of Debian's from which this system gets its own packages
mirror() {
    # shellcheck disable=SC2016 # apt-get expands it
    apt-get indextargets --format '$(ORIGIN) $(REPO_URI)' 'Created-By: Packages' 2>/dev/null |
        sed -n '/security/d; s/^Debian //p' | head -n 1 | grep . || echo http://deb.debian.org/debian
}

# known_debs PACKAGE: sees to it that apt knows it, as far as we may
known_debs() {
    if ! apt-cache show "$1" >/dev/null 2>&1 && [ "$(id -u)" = 0 ]; then
        apt-get -qq update
    fi
}

# depends_of_deb PACKAGE...: the packages that they name, without Python's and those for building
depends_of_deb() {
    apt-cache depends "$@" | sed -n 's/.*Depends: *//p' | grep -v -e libdpdk-dev -e python
}

# libraries_of_debs PACKAGE...: the libraries among these and what they need, in turn
libraries_of_debs() {
    apt-cache depends --recurse --no-recommends --no-suggests --no-conflicts --no-breaks --no-replaces --no-enhances "$@" |
        grep -E '^(lib|ibverbs)' | sort -u
}

# unpack_debs NAME DIR PACKAGE...: those that are not installed, unpacked into DIR, which appears whole or not at all
unpack_debs() {
    name=$1 unpacked=$2 list=
    shift 2
    mkdir -p "$cache"
    for package in "$@"; do
        dpkg-query -W -f '${db:Status-Status}\n' "$package" 2>/dev/null | grep -qx installed || list="$list $package"
    done
    apt-cache show "$1" >/dev/null 2>&1 || fail "no package $1; run: apt-get update"
    progress "fetching $name"
    new=$(mktemp -d "$unpacked.XXXXXX")
    mkdir "$new/deb"
    # shellcheck disable=SC2086 # a list of words
    (cd "$new/deb" && apt-get -qq -o APT::Sandbox::User="$(id -un)" download $list) || fail "cannot download$list"
    for package in "$new"/deb/*.deb; do dpkg-deb -x "$package" "$new"; done
    rm -rf "$new/deb" "$new/usr/share/doc" "$new/usr/share/man"
    chmod 755 "$new"
    rm -rf "$unpacked"
    mv "$new" "$unpacked"
}
