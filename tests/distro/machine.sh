# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: mod-opendnssec developers
#
# A chroot of lib.sh as a machine: its own systemd is process 1 there, in namespaces and a control group of
# its own, with no network but a loopback interface. So units run with all of their restrictions.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

machine='' machine_unshare=''     # process ids: of its systemd, and of unshare, whose child it is
machine_group=''                  # its control group

# boot ROOT: returns when all units are started. ROOT.console has what systemd said.
boot() {
	local root=$1 group tries state
	group=/sys/fs/cgroup
	[ ! -d $group/unified ] || group=$group/unified
	group=$group/package-check.$$
	mkdir -p "$group"
	machine_group=$group
	# shellcheck disable=SC2016
	(echo "$BASHPID" >"$group/cgroup.procs" && exec unshare --mount --pid --fork --net --ipc --uts --cgroup \
		--kill-child bash -euc '
		root=$1'"$chroot_mounts"'
		ip link set lo up
		mount -t sysfs -o ro sysfs "$root/sys"
		mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
		mount -t tmpfs -o mode=755 run "$root/run"
		mount --make-rshared "$root" # Else systemd'"'"'s mounts for credentials get lost.
		exec chroot "$root" env -i container=other PATH=/usr/sbin:/usr/bin:/sbin:/bin \
			/lib/systemd/systemd --log-target=console
	' - "$root" </dev/null >>"$root.console" 2>&1) &
	machine_unshare=$!
	for ((tries = 0; tries < 300; tries++)); do
		machine=$(pgrep -P "$machine_unshare" 2>/dev/null || true)
		if [ -n "$machine" ] && [ "$(cat "/proc/$machine/comm" 2>/dev/null)" = systemd ]; then
			state=$(within "systemctl is-system-running --wait" 2>/dev/null || true)
			case $state in running|degraded) return ;; esac
		fi
		sleep 0.2
	done
	tail -n 20 "$root.console" >&2
	echo "distro: systemd does not start in $root" >&2
	return 1
}

# within SCRIPT: bash runs it in the machine that was booted. "fails COMMAND..." there is for what has to fail:
# bash goes on behind a "!", whatever comes of it.
within() {
	nsenter --target "$machine" --mount --pid --net --ipc --uts --cgroup --root env -i -C / \
		PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 DEBIAN_FRONTEND=noninteractive \
		bash -euc 'fails() { if "$@"; then echo "did not fail: $*"; exit 1; fi; }
			'"$1"
}

# As "poweroff": units are stopped in order, and /run is gone.
power_off() {
	[ -n "$machine" ] || return 0
	# unshare ignores SIGTERM; its child dies with it.
	within "systemctl --no-block poweroff" >/dev/null 2>&1 || kill -KILL "$machine_unshare" || true
	wait "$machine_unshare" 2>/dev/null || true
	find "$machine_group" -depth -type d -exec rmdir {} ';' 2>/dev/null || true
	machine=''
}

step() { printf '== %s\n' "$*"; }
fail() { printf '%s: %s\n' "${0##*/}" "$*" >&2; exit 1; }

# bare SUITE FOLDER ROOT [PACKAGE]...: a bare Debian in ROOT, with a systemd, our packages of FOLDER/debs-SUITE in
# /debs and debian/tests in /tests. The packages, and what ours need, are downloaded: it will have no network.
bare() {
	local suite=$1 folder=$2 root=$3
	shift 3
	step "A bare $suite"
	rm -rf --one-file-system -- "$root"
	if [ ! -e "$folder/bare-$suite/etc/debian_version" ]; then
		make_chroot "$suite" "$folder/bare-$suite"
		inside "$folder/bare-$suite" 'apt-get -q update >/dev/null
			DEBIAN_FRONTEND=noninteractive apt-get -qy install --no-install-recommends \
				systemd-sysv dbus procps knot-dnsutils bind9-dnsutils >/dev/null 2>&1'
	fi
	cp -a "$folder/bare-$suite" "$root"
	cp -r "$folder/debs-$suite" "$root/debs"
	cp -r "$top/debian/tests" "$root/tests"
	inside "$root" "apt-get -q update >/dev/null
		apt-get -qy install --download-only /debs/*.deb $* >/dev/null"
}
