# The disk images of L1, each made once and kept in the cache under a name that says what is in it;
# to be sourced by lab, which sets work, kernel_tree and cache.
# shellcheck shell=sh disable=SC2154

# image_of_base: busybox, all modules of the kernel, e2fsprogs and what else a test may call
image_of_base() {
    file=$cache/base-$(digest_of "$kernel_tree/release" "$(jdk_home)/release" "$parts/common.sh" "$parts/images.sh" "$parts/kvm-hold.c").ext4
    if [ ! -e "$file" ]; then
        progress "making L1's base image"
        tree=$work/base
        busybox_tree "$tree"
        mkdir -p "$tree/usr/lib" "$tree/lib" "$tree/opt"
        cp -r "$kernel_tree/lib/modules" "$tree/usr/lib/modules"
        ln -s ../usr/lib/modules "$tree/lib/modules"
        gcc -O2 -Wall -static -o "$tree/usr/bin/kvm-hold" "$parts/kvm-hold.c" || fail "cannot compile kvm-hold.c"
        # of the system, and before busybox's applets of the same names
        tools=
        for tool in mke2fs e2fsck debugfs dumpe2fs script strace setpriv; do
            path=$(command -v "$tool") || path=/usr/sbin/$tool
            rm -f "$tree/sbin/$tool" "$tree/usr/sbin/$tool" "$tree/bin/$tool" "$tree/usr/bin/$tool"
            tools="$tools $path"
        done
        # shellcheck disable=SC2086 # a list of words
        copy_programs "$tree" $tools
        cp /etc/mke2fs.conf "$tree/etc/"
        # the product's Java runtime is the JDK's, and needs what that needs of the system
        jdk=$(jdk_home)
        libraries_of "$jdk/bin/java" "$jdk/lib/server/libjvm.so" "$jdk"/lib/*.so | grep -v "^$jdk/" | while read -r library; do
            mkdir -p "$tree${library%/*}"
            cp -L "$library" "$tree$library"
        done
        image "$tree" "$file"
    fi
    touch "$file"
    echo "$file"
}

# initramfs_of_l1: as far as the disks
initramfs_of_l1() {
    file=$cache/l1-$(digest_of "$kernel_tree/release" "$parts/common.sh" "$parts/images.sh" "$parts/l1-init").cpio
    if [ ! -e "$file" ]; then
        tree=$work/initramfs
        mkdir -p "$tree/bin" "$tree/proc" "$tree/sys" "$tree/dev"
        cp "$(command -v busybox)" "$tree/bin/busybox"
        install -m 755 "$parts/l1-init" "$tree/init"
        copy_modules "$kernel_tree" "$tree" virtio_pci virtio_blk virtio_console overlay
        archive "$tree" "$file.$$"
        mv "$file.$$" "$file"
    fi
    echo "$file"
}

# image_of_tree DIR
image_of_tree() {
    file=$cache/tree-$(digest_of_tree "$1").ext4
    [ -e "$file" ] || image "$1" "$file"
    touch "$file"
    echo "$file"
}

# image_of_java: a runtime for the agent of the integration tests
image_of_java() {
    jdk=$(jdk_home)
    file=$cache/java-$(digest_of "$jdk/release" "$parts/common.sh" "$parts/images.sh").ext4
    if [ ! -e "$file" ]; then
        progress "making a Java runtime for L1"
        tree=$work/java
        mkdir -p "$tree/opt"
        "$jdk/bin/jlink" --output "$tree/opt/java" --add-modules java.base --strip-debug --no-header-files \
            --no-man-pages --generate-cds-archive >"$work/jlink.log" || fail "jlink: $(cat "$work/jlink.log")"
        for library in $(cd "$tree/opt/java" && libraries_of bin/java lib/server/libjvm.so lib/*.so | grep -v "^$tree"); do
            mkdir -p "$tree${library%/*}"
            cp -L "$library" "$tree$library"
        done
        image "$tree" "$file"
    fi
    touch "$file"
    echo "$file"
}

# image_of_peers: QEMU, which looks for its firmware relative to its own path, and what only some tests need, if it is there
image_of_peers() {
    peers=
    for peer in qemu-system-x86_64 qemu-storage-daemon passt passt.avx2 iperf3 /usr/lib/qemu/virtiofsd; do
        peers="$peers $(command -v $peer || :)"
    done
    file=$cache/peers-$({ dpkg-query -W qemu-system-x86 seabios; echo "$peers"; digest_of "$parts/images.sh"; } |
        sha256sum | cut -c 1-16).ext4
    if [ ! -e "$file" ]; then
        progress "making an image of QEMU and other peers for L1"
        tree=$work/peers
        # shellcheck disable=SC2086 # a list of words
        copy_programs "$tree" $peers
        mkdir -p "$tree/usr/share/qemu" "$tree/usr/share/seabios"
        for name in bios-256k.bin bios-microvm.bin; do
            cp -L "/usr/share/seabios/$name" "$tree/usr/share/seabios/"
        done
        for name in kvmvapic.bin linuxboot_dma.bin pvh.bin; do
            cp -L "/usr/share/qemu/$name" "$tree/usr/share/qemu/"
        done
        image "$tree" "$file"
    fi
    touch "$file"
    echo "$file"
}

# image_of_testpmd: with its libraries in a directory of its own
image_of_testpmd() {
    files=$("$parts/../testpmd" --files)
    # shellcheck disable=SC2086 # a list of words
    file=$cache/testpmd-$({ stat -L -c '%n %s %Y' $files; digest_of "$parts/images.sh"; } | sha256sum |
        cut -c 1-16).ext4
    if [ ! -e "$file" ]; then
        progress "making an image of testpmd for L1"
        tree=$work/testpmd
        mkdir -p "$tree/opt/testpmd" "$tree/usr/bin"
        # shellcheck disable=SC2086 # a list of words
        cp -L $files "$tree/opt/testpmd/"
        cat >"$tree/usr/bin/dpdk-testpmd" <<'EOF'
#!/bin/sh
for driver in /opt/testpmd/librte_net_v*.so.?? /opt/testpmd/librte_mempool_ring.so.??; do set -- -d "$driver" "$@"; done
LD_LIBRARY_PATH=/opt/testpmd exec /opt/testpmd/dpdk-testpmd "$@"
EOF
        chmod 755 "$tree/usr/bin/dpdk-testpmd"
        image "$tree" "$file"
    fi
    touch "$file"
    echo "$file"
}
