# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: mod-opendnssec developers
#
# A Debian of another suite in a chroot: how it is made, gets the working tree, and is entered.
set -euo pipefail

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
mirror=${DEBIAN_MIRROR:-http://deb.debian.org/debian}

# make_chroot SUITE ROOT: by debootstrap, if there is none yet. ROOT.log has what it said.
make_chroot() {
	[ ! -e "$2/etc/debian_version" ] || return 0
	[ "$(id -u)" -eq 0 ] || { echo "distro: has to be root, for debootstrap and chroot" >&2; exit 1; }
	"$top/contrib/debian-packages" distro
	echo "Making a chroot of Debian $1 in $2"
	rm -rf --one-file-system -- "$2.new" "$2"
	mkdir -p "$2.new"
	# That of an older Debian does not know the names of newer ones, which are all alike.
	debootstrap --variant=minbase "$1" "$2.new" "$mirror" /usr/share/debootstrap/scripts/sid >"$2.log" 2>&1 ||
		{ tail -n 20 "$2.log" >&2; exit 1; }
	# A mirror that stands still is as good as another one here; and what is lost at a crash is made anew.
	echo 'Acquire::Check-Valid-Until "false";' >"$2.new/etc/apt/apt.conf.d/90test"
	echo force-unsafe-io >"$2.new/etc/dpkg/dpkg.cfg.d/90test"
	mv "$2.new" "$2"
}

# copy_tree ROOT: the working tree, without files that git does not know, is /src there.
copy_tree() {
	rm -rf --one-file-system -- "$1/src"
	mkdir -p "$1/src"
	git -C "$top" ls-files -z --cached --others --exclude-standard |
		(cd "$top" && xargs -0 sh -c 'for f; do [ ! -e "$f" ] || printf "%s\0" "$f"; done' -) |
		tar -C "$top" --null --files-from=- -c | tar -C "$1/src" -x
}

# What has to be mounted below $root, in a mount namespace of its own.
# shellcheck disable=SC2016
chroot_mounts='
	mount --make-rprivate /
	mount --bind "$root" "$root"
	mount -t proc proc "$root/proc"
	mount -t tmpfs -o mode=755 dev "$root/dev"
	for node in null zero full random urandom tty; do
		touch "$root/dev/$node"
		mount --bind "/dev/$node" "$root/dev/$node"
	done
	mkdir "$root/dev/pts" "$root/dev/shm"
	mount -t devpts -o newinstance,ptmxmode=0666 devpts "$root/dev/pts"
	ln -s pts/ptmx "$root/dev/ptmx"
	ln -s /proc/self/fd "$root/dev/fd"
	ln -s /proc/self/fd/0 "$root/dev/stdin"
	ln -s /proc/self/fd/1 "$root/dev/stdout"
	ln -s /proc/self/fd/2 "$root/dev/stderr"
	mount -t tmpfs shm "$root/dev/shm"
	mount -t tmpfs tmp "$root/tmp"'

# inside ROOT SCRIPT [OPTION]...: bash runs the script in the chroot, with mounts and processes of its own,
# and what else unshare makes by the options: --net for no network but a loopback interface.
inside() {
	local root=$1 script=$2
	shift 2
	cp /etc/resolv.conf "$root/etc/resolv.conf"
	# shellcheck disable=SC2016
	unshare "$@" --mount --pid --fork bash -euc '
		root=$1'"$chroot_mounts"'
		exec chroot "$root" env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
			HOME=/root LANG=C.UTF-8 bash -euc "$2"
	' - "$root" "$script"
}
