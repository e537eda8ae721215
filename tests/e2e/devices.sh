# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: mod-opendnssec developers
#
# Tokens of other makers, and keys in files, through a key's whole life, by `make token-test`. What they need is installed by
# contrib/debian-packages token; all of a token's servers and files are the test's own.

# The folders of libraries differ between machines.
library() {
	local file
	for file in /usr/lib/*/"$1" /usr/lib/"$1" /usr/lib64/"$1"; do
		[ ! -e "$file" ] || { echo "$file"; return; }
	done
	fail "no $1 below /usr/lib; contrib/debian-packages token installs it"
}

hsm() { "$BUILD_DIR/ods-hsm" -c "$D/conf.xml" "$@"; }
# keys N: there are so many in the token.
keys() { [ "$(hsm list Device | grep -c '^Device')" = "$1" ]; }

# servers ALGORITHM [BITS]: knotd and the engine, with a policy of seconds whose keys are in the repository
# "Device", as yet of SoftHSM; stopped, so that they can be given another token. Signatures are made anew when
# they are five seconds old, so that those of an old key go soon.
servers() {
	hasty_policy PT1S 's|<Repository>SoftHSM|<Repository>Device|' \
		's|<Refresh>.*<|<Refresh>PT55S<|; s|<Default>.*<|<Default>PT1M<|; s|<Denial>PT.*<|<Denial>PT1M<|' \
		's|<Jitter>.*<|<Jitter>PT0S<|' \
		"s|<Algorithm.*</Algorithm>|<Algorithm length=\"${2:-256}\">$1</Algorithm>|"
	small plain plain.test 1
	quick q --kasp kasp.xml --zone plain.test="$work/plain"
	stop_pid "$(cat "$D/run/knotd.pid")"
	stop_pid "$(cat "$D/run/ods-engine.pid")"
}

# device MODULE LABEL [ELEMENT...]: what conf.xml has of the token.
device() { repository "<Module>$1</Module><TokenLabel>$2</TokenLabel>${*:3}"; }
# repository ELEMENTS: the same, all but <PINFile>.
repository() {
	local new="$1<PINFile>$D/pin</PINFile>"
	sed -i -e '/<Repository name="Device">/,/<\/Repository>/{/Repository/!d}' \
		-e "s|\(<Repository name=\"Device\">\).*|\1$new|" "$D/conf.xml"
	grep -qF "$new" "$D/conf.xml" || fail "conf.xml has no repository Device"
}

# What quickstart has found; before a device is set.
softhsm_module() { sed -n 's|.*<Module>\(.*\)</Module>.*|\1|p' "$D/conf.xml" | head -n 1; }

# life ALGORITHM: keys come, sign, are found again by a new knotd, are rolled and purged.
life() {
	local algorithm=$1 made zsk
	hsm info Device
	made=$(hsm generate Device "$algorithm")
	expect "$made" hsm list Device
	hsm -fy remove Device "$made"
	keys 0 || fail "the key is not removed"

	start_knotd
	start_engine
	hasty z z.test
	add_policy quick
	add_zone z.test "$work/z" quick
	knot reload
	within 60 signed z.test
	validate z.test
	keys 2 || fail "$(hsm list Device)"

	restart_knotd
	hasty z z.test
	echo 'more A 192.0.2.2' >>z
	sed -i 's/host 1 /host 2 /' z
	knot reload
	within 60 answers more.z.test A 192.0.2.2
	validate z.test

	zsk=$(zsks)
	within 60 rolls
	within 90 zsk_is_another "$zsk"
	validate z.test
	within 60 keys 2
	# what is there is what is in use
	ods keys z.test | grep -oE '[0-9a-f]{32}' | sort >in-use
	hsm list Device | awk '$1 == "Device" { print $2 }' | sort >in-token
	diff in-use in-token || fail "the token has other keys than the engine"
	status_says z.test 'state: ok' || fail "$(module zone-status z.test)"
}

zsks() { ask z.test DNSKEY +short +crypto | grep '^256' | sort; }
rolls() { ods -y rollover z.test zsk; }
zsk_is_another() { local now; now=$(zsks) && [ "$(wc -l <<<"$now")" = 1 ] && [ -n "$now" ] && [ "$now" != "$1" ]; }

# ---- SoftHSM, by itself and behind p11-kit's server

long_softhsm() {
	servers 13
	device softhsm2.module Device
	life 13
}

long_p11_kit_server() {
	servers 13
	setsid p11-kit server --foreground -n "$work/p11-kit.sock" \
		--provider "$(softhsm_module)" \
		pkcs11: >p11-kit.log 2>&1 </dev/null &
	pids+=($!)
	within 10 test -S "$work/p11-kit.sock"
	export P11_KIT_SERVER_ADDRESS=unix:path=$work/p11-kit.sock
	device "$(library pkcs11/p11-kit-client.so)" Device
	life 13
}

# ---- SoftHSM behind pkcs11-proxy, by TCP, which Debian has from 13 on

# proxy MODULE
proxy() {
	PKCS11_DAEMON_SOCKET=$PKCS11_PROXY_SOCKET setsid pkcs11-daemon "$1" >proxy.log 2>&1 </dev/null &
	pids+=($!)
	within 10 port_is_used "${PKCS11_PROXY_SOCKET##*:}"
}

long_pkcs11_proxy() { # needs pkcs11-daemon
	local module
	servers 13
	module=$(softhsm_module)
	PKCS11_PROXY_SOCKET=tcp://127.0.0.1:$(free_port)
	export PKCS11_PROXY_SOCKET
	proxy "$module"
	device "$(library libpkcs11-proxy.so.0)" Device
	life 13

	kill -KILL "${pids[-1]}"
	within 30 module_says 'token Device: (does not work|was lost)'
	proxy "$module"
	sed -i 's/host [0-9]* /host 3 /' z
	echo 'again A 192.0.2.3' >>z
	within 30 answers again.z.test A 192.0.2.3
	validate z.test
}

# ---- no token at all

long_folder() {
	servers 13
	repository "<Folder>$work/keys</Folder>"
	hsm init Device </dev/null
	life 13
}

# ---- NSS: a database that certutil makes

long_nss() {
	servers 13
	mkdir nss
	certutil -N -d "sql:$work/nss" -f "$D/pin"
	device "$(library libsoftokn3.so)" 'NSS Certificate DB'
	# newer ones start, with a token that keeps nothing
	expect 'whether it needs <StartArguments>|neither made nor removed' hsm info Device
	device "$(library libsoftokn3.so)" 'NSS Certificate DB' \
		"<StartArguments>configdir='sql:$work/nss'</StartArguments>"
	life 13
	hsm test Device
}

# ---- opencryptoki: a daemon that knows the slots, with folders that cannot be named otherwise

# instead FILE < TEXT: the test's own mounts have the text there.
instead() {
	cat >"instead.$(basename "$1")"
	chmod 640 "instead.$(basename "$1")"
	mount --bind "instead.$(basename "$1")" "$1"
}

# The folders of the daemon, from 3.20 on with a user of its own. The group it shares them with is root's here, as
# knotd is root without rights over others.
opencryptoki_folders() {
	local folder swtok=/var/lib/opencryptoki/swtok/TOK_OBJ strength=/etc/opencryptoki/strength.conf
	for folder in /var/lib/opencryptoki /run/lock /run/opencryptoki /dev/shm; do
		[ ! -d "$folder" ] || mount -t tmpfs -o mode=770 tmpfs "$folder"
	done
	mkdir -p "$swtok" /run/lock/opencryptoki/swtok
	printf '%s\n' 'version opencryptoki-3.1' 'slot 3' '{' 'stdll = libpkcs11_sw.so' '}' |
		instead /etc/opencryptoki/opencryptoki.conf
	id pkcsslotd || return 0
	sed 's/^pkcs11:x:[0-9]*:/pkcs11:x:0:/' /etc/group | instead /etc/group
	sed 's/^\(pkcsslotd:[^:]*:[0-9]*\):[0-9]*:/\1:0:/' /etc/passwd | instead /etc/passwd
	instead "$strength" <"$strength"
	chown -R pkcsslotd:root /var/lib/opencryptoki /run/lock/opencryptoki /run/opencryptoki
	chmod -R g+rwX /var/lib/opencryptoki /run/lock/opencryptoki
}

long_opencryptoki() {
	own_mounts devices long_opencryptoki
	opencryptoki_folders
	pkcsslotd -f >pkcsslotd.log 2>&1 &
	pids+=($!)
	servers 8 2048
	device "$(library opencryptoki/libopencryptoki.so.0)" 'Ours' '<Sessions>3</Sessions>'
	expect 'no token labelled "Ours" .*"(IBM OS PKCS#11|softtok)" in slot 3' hsm login Device
	# the security officer's first PIN is always this one
	expect 'wants PINs of 4 to 8 bytes, that of conf.xml has 16; nothing is done' \
		hsm init Device - <<<87654321
	echo 24681012 >"$D/pin"
	hsm init Device - <<<87654321
	life 8
}

# ---- a TPM that is software, and what manages it

tpm() {
	local port
	port=$(free_port)
	mkdir tpm-state tpm-store
	swtpm socket --tpm2 --tpmstate "dir=$work/tpm-state" --flags not-need-init,startup-clear \
		--server "type=tcp,port=$port,bindaddr=127.0.0.1" \
		--ctrl "type=tcp,port=$((port + 1)),bindaddr=127.0.0.1" >swtpm.log 2>&1 &
	pids+=($!)
	dbus-daemon --session --nofork --address="unix:path=$work/bus" >dbus.log 2>&1 &
	pids+=($!)
	within 10 test -S "$work/bus"
	export DBUS_SESSION_BUS_ADDRESS=unix:path=$work/bus
	tpm2-abrmd --session --allow-root --tcti "swtpm:host=127.0.0.1,port=$port" >abrmd.log 2>&1 &
	pids+=($!)
	within 10 tpm_answers
	export TPM2_PKCS11_STORE=$work/tpm-store TPM2_PKCS11_TCTI=tabrmd:bus_type=session
}
tpm_answers() { tpm2_getcap --tcti tabrmd:bus_type=session properties-fixed; }

long_tpm2() {
	tpm
	servers 13
	device tpm2_pkcs11.module Device
	hsm init Device "$D/so-pin"
	life 13
}

# Its RSA keys sign nothing but what the token hashes.
long_tpm2_rsa() {
	tpm
	servers 8 2048
	device tpm2_pkcs11.module Device
	hsm init Device "$D/so-pin"
	life 8
}
