# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: mod-opendnssec developers
#
# For what runs in mount and network namespaces of its own: a machine with what this one has installed, and
# "make install" of the build. What an administrator does is done there by the same commands.
unset SOFTHSM2_CONF

# own_machine BUILD WORK: overlays over this machine's files, a network without anybody else.
own_machine() {
	local dir
	for dir in etc usr var; do
		mkdir -p "$2/upper/$dir" "$2/workdir/$dir"
		mount -t overlay overlay -o "lowerdir=/$dir,upperdir=$2/upper/$dir,workdir=$2/workdir/$dir" "/$dir"
	done
	mount -t tmpfs tmpfs /run
	mount -t proc proc /proc
	ip link set lo up
	echo 0 >/proc/sys/net/ipv4/ip_unprivileged_port_start
	make -s -C "$1" install >"$2/install.log" 2>&1
	as_knot=(setpriv --reuid knot --regid knot --init-groups)
	install -d -o knot -g knot /run/knot /run/mod-opendnssec /var/lib/knot/zones
}

# pin_files NAME...: PINs in /etc/mod-opendnssec, for the server's user; and the officer's.
pin_files() {
	local name
	install -d /etc/mod-opendnssec
	(umask 077; echo 8472 >/etc/mod-opendnssec/so-pin)
	for name in "$@"; do
		(umask 077; echo 4711 >"/etc/mod-opendnssec/$name")
		chown knot "/etc/mod-opendnssec/$name"
	done
	usermod -a -G softhsm knot
}

start_servers() {
	"${as_knot[@]}" knotd >"$work/knotd.log" 2>&1 &
	"${as_knot[@]}" /usr/local/sbin/ods-engine >"$work/engine.log" 2>&1 &
}
