# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: mod-opendnssec developers
#
# Stock knotc on all three sockets.

start_zones() {
	small a a.test 1
	small b b.test 1
	quick d --zone a.test=a --zone b.test=b
}

# refuses REGEX COMMAND...: exits non-zero and says so.
refuses() {
	local regex=$1
	shift
	if "$@" >out 2>&1; then
		fail "$* exits with 0: $(cat out)"
	fi
	grep -qE -- "$regex" out || fail "$*: no '$regex' in: $(cat out)"
}

test_module_socket() { # short
	start_zones
	module status
	module zone-status >all
	says all '^\[a\.test\.\]'
	says all '^\[b\.test\.\]'
	module zone-status a.test >one
	does_not_say one 'b\.test'
	says one 'policy: default'
	says one "serial.*$(serial a.test)"
	says one 'ksk'
	says one 'zsk'
	says one '13'
	says one 'SoftHSM'
	local tag
	for tag in $(key_tags a.test); do
		says one "(^|[^0-9])$tag([^0-9]|\$)" || fail "no key tag $tag in: $(cat one)"
	done
	says one 'omnipresent|rumoured'
	module zone-sign a.test
	module zone-sign
	refuses 'none\.test' module zone-status none.test
	refuses 'none\.test' module zone-sign none.test
	refuses 'none\.test' module zone-reload none.test
	refuses 'zone-status' module zone-notify a.test
	module status
}

# Key tags by an independent program.
key_tags() {
	ask "$1" DNSKEY +noall +answer +crypto >"$work/dnskey"
	dnssec-dsfromkey -A -2 -f "$work/dnskey" "$1" | awk '{ print $4 }'
}

test_engine_socket() { # short
	start_zones
	engine status
	engine zone-status >all
	says all '^\[a\.test\.\]'
	says all '^\[b\.test\.\]'
	engine zone-status a.test >one
	does_not_say one 'b\.test'
	says one 'default'
	says one 'ksk'
	says one 'zsk'
	says one 'SoftHSM'
	local tag
	for tag in $(key_tags a.test); do
		says one "(^|[^0-9])$tag([^0-9]|\$)" || fail "no key tag $tag in: $(cat one)"
	done
	engine zone-keys-load a.test
	engine zone-sign a.test
	refuses 'none\.test' engine zone-status none.test
	refuses 'none\.test' engine zone-keys-load none.test
	refuses 'zone-status' engine zone-thaw a.test
	engine status
	validate a.test
}

test_knot_socket() { # short
	start_zones
	knot zone-stats a.test mod-opendnssec >stats
	says stats '^\[a\.test\.\] mod-opendnssec\.signatures = [0-9]+$'
	says stats '\.keys\[(omnipresent|rumoured)\] = [12]$' || fail "no key states in: $(cat stats)"
	expect 'mod-opendnssec' knot zone-stats -- mod-opendnssec
	expect '^mod-opendnssec\.token-signatures\[SoftHSM\] = [1-9]' module stats
	expect '^mod-opendnssec\.token-errors\[SoftHSM\] = 0$' module stats
	expect '^mod-opendnssec\.token-failing-since\[SoftHSM\] = 0$' module stats
	local before
	before=$(counter a.test signatures)
	small a a.test 1 'x A 192.0.2.9'
	within 15 answers x.a.test A 192.0.2.9
	[ "$(counter a.test signatures)" -gt "$before" ] || fail "the counter stands still"
}

# Clients that go away, talk nonsense, or say nothing.
test_rude_clients() {
	start_zones
	python3 - "$MODULE_SOCKET" "$ENGINE_SOCKET" <<-'P'
	import os, socket, sys
	for path in sys.argv[1:]:
	    for data in (b"", b"\x00", b"\x01", b"\x01\x10\xff\xff", b"\x01\x10\x00\x06status",
	                 b"GET / HTTP/1.0\r\n\r\n", os.urandom(4096), b"\x03" * 1000):
	        for shut in (True, False):
	            s = socket.socket(socket.AF_UNIX)
	            s.settimeout(3)
	            s.connect(path)
	            try:
	                s.sendall(data)
	                if shut:
	                    s.shutdown(socket.SHUT_WR)
	                    s.recv(100)
	            except OSError:
	                pass
	            s.close()
	P
	within 60 module status
	within 60 engine status
	validate a.test
}

# The transfer socket is knotd's alone.
test_transfer_socket() {
	start_zones
	[ "$(stat -c %a "$(echo "$D"/run/transfer*)")" = 600 ] || fail "mode of the transfer socket"
	[ "$(stat -c %a "$MODULE_SOCKET")" = 660 ] || fail "mode of the module's control socket"
	[ "$(stat -c %a "$ENGINE_SOCKET")" = 660 ] || fail "mode of the engine's control socket"
	python3 - "$(echo "$D"/run/transfer*)" <<-'P'
	import socket, struct, sys
	s = socket.socket(socket.AF_UNIX)
	s.settimeout(5)
	s.connect(sys.argv[1])
	query = struct.pack("!6H", 1, 0, 1, 0, 0, 0) + b"\x01a\x04test\x00" + struct.pack("!2H", 252, 1)
	try:
	    s.sendall(struct.pack("!H", len(query)) + query)
	    answer = s.recv(100)
	except (BrokenPipeError, ConnectionResetError):
	    answer = b""
	sys.exit(f"another process got an answer: {answer}" if answer else 0)
	P
}

# The tool for tokens, on the quickstart's.
test_ods_hsm() {
	start_zones
	"$BUILD_DIR/ods-hsm" --help | grep generate >/dev/null
	"$BUILD_DIR/ods-hsm" -c "$D/conf.xml" list >out
	local id
	for id in $(grep -oE 'CKA_ID [0-9a-f]{32}' "$D/ods-engine.log" | cut -d ' ' -f 2); do
		says out "SoftHSM.*$id" || fail "no key $id in: $(cat out)"
	done
	expect 'SoftHSM.*: [0-9]* keys are labelled' "$BUILD_DIR/ods-hsm" -c "$D/conf.xml" label SoftHSM
	grep -rhaoE 'a\.test\. [kz]sk [0-9]+' "$D/tokens" >labels # of public halves, which SoftHSM does not encrypt
	for id in $(key_tags a.test); do
		says labels "a\\.test\\. [kz]sk $id" || fail "no label of $id in: $(cat labels)"
	done
	# whatever the label, it is the key that signs
	module zone-keys-load
	small a a.test 7 'label A 192.0.2.77'
	within 20 answers label.a.test A 192.0.2.77
	stop_pid "$(cat "$D/run/ods-engine.pid")"
	refuses 'the engine does not answer' "$BUILD_DIR/ods-hsm" -c "$D/conf.xml" label SoftHSM
}

# knotd is told of new versions whichever of its control sockets is the module's choice.
test_several_sockets() {
	small a a.test 1
	quick d --zone a.test=a
	printf 'control:\n  listen: ["%s", "%s"]\n' "$work/other.sock" "$KNOT_SOCKET" >>d/knot.conf
	restart_knotd
	small a a.test 2 'new A 192.0.2.99'
	within 20 answers new.a.test A 192.0.2.99
	if [ -S other.sock ]; then
		knotc -s "$work/other.sock" status
	else
		echo "this Knot, before 3.5, takes the last one alone"
	fi
}
