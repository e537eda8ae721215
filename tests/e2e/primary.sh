# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: mod-opendnssec developers
#
# Zones from hidden primaries: knotd, NSD and BIND; IXFR, NOTIFY, fallback, expire, bad transfers.

secret=Wg6FH9tJ1Dz0WVrwBpKXsZ3vQ0k0NOu8M7IzVYJmbWI=

# fetched PORT...: quickstart with p.test, whose primaries are at these ports.
fetched() {
	local n=0 port ids=''
	small placeholder q.test 1
	quick d --zone q.test="$work/placeholder"
	# knotd wants to have seen what is referred to
	{
		printf 'key:\n  - id: xfr\n    algorithm: hmac-sha256\n    secret: %s\n\nremote:\n' "$secret"
		for port in "$@"; do
			n=$((n + 1))
			ids="$ids${ids:+, }primary$n"
			printf '  - id: primary%s\n    address: 127.0.0.1@%s\n    via: 127.0.0.1\n    key: xfr\n' \
				"$n" "$port"
		done
		echo
		sed '/^remote:/,$d' "$D/knot.conf"
		sed -n '/^mod-opendnssec:/,/^[#r]/p' "$D/knot.conf" |
			sed -e '1d; $d; /^$/d' -e 's/id: default/id: fetched/'
		printf '    remote: [%s]\n\n' "$ids"
		sed -n '/^remote:/,$p' "$D/knot.conf" |
			sed -e 's|^acl:|&\n  - id: notified\n    key: xfr\n    action: [notify, update]|'
		printf '  - domain: p.test\n    module: mod-opendnssec/fetched\n    acl: [transfer, notified]\n'
	} >"$D/knot.conf.new"
	mv "$D/knot.conf.new" "$D/knot.conf"
	knot reload
}

# contents SERIAL [RECORD...]: the zone as the primary has it.
contents() {
	local n=$1
	shift
	small "$work/p.zone" p.test "$n" "$@"
	sed -i 's/ 3600 900 604800 300$/ 60 2 604800 300/' "$work/p.zone"
}

# As large as to take several messages, of which not each is signed.
large_contents() {
	contents "$@"
	"$e2e/genzone.py" host 3000 p.test | sed '1,/^ns2/d' >>p.zone
}

# knot_primary PORT NAME: another knotd.
knot_primary() {
	another_knotd "$2" "127.0.0.1@$1" <<-EOT
	key:
	  - id: xfr
	    algorithm: hmac-sha256
	    secret: $secret
	remote:
	  - id: signer
	    address: 127.0.0.1@$PORT
	    key: xfr
	acl:
	  - id: signer
	    key: xfr
	    action: transfer
	zone:
	  - domain: p.test
	    storage: "$work"
	    file: p.zone
	    notify: signer
	    acl: signer
	    zonefile-sync: -1
	    zonefile-load: difference
	    journal-content: all
	EOT
}

# public NAME: p.test has that name, valid.
public() {
	within 30 answers "$1.p.test" A 192.0.2.9
	validate p.test
}

servfail() { ask "$1" A | grep SERVFAIL >/dev/null; }

# By NOTIFY, AXFR at first and IXFR then, signed by TSIG.
test_knotd() { # short
	local port
	port=$(free_port)
	fetched "$port"
	contents 1 'one A 192.0.2.9'
	knot_primary "$port" first
	knot zone-refresh p.test
	public one
	says "$D/knotd.log" 'p\.test, fetched from primary1 .*, AXFR, serial 1, was 0'
	contents 2 'two A 192.0.2.9'
	knotc -s first/knot.sock zone-reload p.test
	public two
	says "$D/knotd.log" 'p\.test, fetched from primary1 .*, IXFR, serial 2, was 1' ||
		fail "no IXFR"
	answers one.p.test A '' || fail 'IXFR removed nothing'
	same_data p.zone p.test
	# the signed serial, which is that of the notification, tells nothing
	expect 'primary: primary1 \(127.0.0.1@.*checked 20.*expires 20' module zone-status p.test
	# a restart asks only when it is time
	restart_knotd
	within 30 signed p.test
	contents 3 'three A 192.0.2.9'
	knotc -s first/knot.sock zone-reload p.test
	public three
	# all of it, on demand
	module zone-reload p.test
	within 15 says "$D/knotd.log" 'p\.test, fetched from primary1 .*, AXFR, serial 3, was 3'
	# an update has to go to the primary
	expect REFUSED knsupdate /dev/stdin <<-EOT
	key hmac-sha256:xfr $secret
	server 127.0.0.1 $PORT
	zone p.test.
	add x.p.test. 60 A 192.0.2.1
	send
	EOT
}

test_nsd() {
	local port
	port=$(free_port)
	fetched "$port"
	large_contents 1 'one A 192.0.2.9'
	run_nsd "$port" <<-EOT
	remote-control:
	    control-enable: yes
	    control-interface: $work/nsd/control
	key:
	    name: xfr
	    algorithm: hmac-sha256
	    secret: $secret
	zone:
	    name: p.test
	    zonefile: $work/p.zone
	    provide-xfr: 127.0.0.1 xfr
	    notify: 127.0.0.1@$PORT xfr
	    store-ixfr: yes
	    create-ixfr: yes
	EOT
	within 30 kdig @127.0.0.1 -p "$port" +retry=0 p.test SOA
	knot zone-refresh p.test
	public one
	large_contents 2 'two A 192.0.2.9'
	nsd-control -c nsd/nsd.conf reload p.test
	public two
	same_data p.zone p.test
}

test_bind() {
	local port
	port=$(free_port)
	fetched "$port"
	contents 1 'one A 192.0.2.9'
	mkdir bind
	cat >bind/named.conf <<-EOT
	key xfr { algorithm hmac-sha256; secret "$secret"; };
	options {
	    directory "$work/bind"; pid-file "$work/bind/pid"; session-keyfile none;
	    listen-on port $port { 127.0.0.1; }; listen-on-v6 { none; };
	    recursion no; notify explicit; managed-keys-directory "$work/bind";
	};
	controls { };
	zone p.test {
	    type primary; file "$work/bind/p.zone"; ixfr-from-differences yes;
	    allow-transfer { key xfr; }; also-notify { 127.0.0.1 port $PORT key xfr; };
	};
	EOT
	cp p.zone bind/p.zone
	named -g -c bind/named.conf >bind/named.log 2>&1 &
	pids+=($!)
	within 30 kdig @127.0.0.1 -p "$port" +retry=0 p.test SOA
	knot zone-refresh p.test
	public one
	contents 2 'two A 192.0.2.9'
	cp p.zone bind/p.zone
	kill -HUP "${pids[-1]}"
	public two
	says "$D/knotd.log" 'p\.test, fetched from primary1 .*, IXFR, serial 2, was 1' ||
		fail "no IXFR"
	same_data p.zone p.test
}

# The first primary is away, then the second; the zone stays, until it expires.
test_fallback_and_expire() {
	local one two
	one=$(free_port)
	two=$((one + 1))
	fetched "$one" "$two"
	contents 1 'one A 192.0.2.9'
	knot_primary "$two" second
	knot zone-refresh p.test
	public one
	says "$D/knotd.log" 'p\.test, fetched from primary2 .*, AXFR, serial 1'
	contents 2 'two A 192.0.2.9'
	sed -i 's/ 60 2 604800 300$/ 2 2 12 300/' p.zone
	knotc -s second/knot.sock zone-reload p.test
	within 30 answers two.p.test A 192.0.2.9
	stop_pid "$another"
	within 30 status_says p.test 'not refreshed, primary1 .*refused; primary2 .*the last good'
	answers two.p.test A 192.0.2.9 || fail 'the zone is gone before it expired'
	within 20 status_says p.test '^\[p\.test\.\] state: expiring: no primary confirms the zone, it is served until .* are left: not refreshed'
	within 60 says "$D/knotd.log" 'p\.test, expired: no primary'
	within 60 servfail two.p.test
	knot_primary "$one" first
	within 60 answers two.p.test A 192.0.2.9
	status_says p.test 'state: ok' || fail "$(module zone-status p.test)"
	validate p.test
}

# Nothing of a transfer that is wrong or too large gets into the zone.
test_bad() {
	local port
	port=$(free_port)
	fetched "$port"
	contents 1 'one A 192.0.2.9'
	knot_primary "$port" first
	knot zone-refresh p.test
	public one
	# a key that is not the primary's
	sed -i '0,/secret: .*/s//secret: AAAAAAAA/' "$D/knot.conf"
	knot reload
	knot zone-refresh p.test
	within 30 status_says p.test 'not refreshed, primary1 .*TSIG.*the last good zone stays'
	sed -i "0,/secret: .*/s//secret: ${secret//\//\\/}/" "$D/knot.conf"
	# a zone that is too large
	sed -i 's/^  - domain: p.test/&\n    zone-max-size: 500/' "$D/knot.conf"
	knot reload
	contents 2 "$(for n in $(seq 90); do echo "big$n A 192.0.2.9"; done)"
	knotc -s first/knot.sock zone-reload p.test
	within 30 status_says p.test 'zone-max-size'
	answers one.p.test A 192.0.2.9 || fail 'the zone is gone'
	sed -i '/zone-max-size/d' "$D/knot.conf"
	knot reload
	knot zone-refresh p.test
	public big90
	# RDATA that a secondary would refuse, by IXFR and by AXFR; Knot does not mind
	contents 3 'one A 192.0.2.9' 'x TXT \# 3 056162'
	knotc -s first/knot.sock zone-reload p.test
	within 30 status_says p.test 'not refreshed, primary1 .*x\.p\.test\. TXT: a character-string runs beyond'
	within 30 says "$D/knotd.log" 'primary1 .*a change has x\.p\.test\. TXT: a character-string'
	module zone-reload p.test || true
	within 30 says "$D/knotd.log" 'primary1 .*[^s] x\.p\.test\. TXT: a character-string'
	answers big90.p.test A 192.0.2.9 || fail 'the zone is gone'
	contents 4 'four A 192.0.2.9'
	knotc -s first/knot.sock zone-reload p.test
	public four
}

# stripper PORT PRIMARY-PORT: between us and a primary; takes the signature off the end of a transfer.
stripper() {
	python3 -c '
import socket, struct, sys
def read(sock, size):
    data = b""
    while len(data) < size:
        more = sock.recv(size - len(data))
        if not more:
            raise ConnectionError
        data += more
    return data
def message(sock):
    return read(sock, struct.unpack("!H", read(sock, 2))[0])
def send(sock, data):
    sock.sendall(struct.pack("!H", len(data)) + data)
def converse(ours, theirs):
    while True:
        theirs.settimeout(5)
        send(theirs, message(ours))
        answer = [message(theirs)]
        theirs.settimeout(2) # From one message of a transfer to the next.
        try:
            while True:
                answer.append(message(theirs))
        except socket.timeout:
            pass
        if len(answer) > 1:
            last = answer.pop()
            last = last[:last.rindex(b"\3xfr\0\0\xfa\0\xff")]
            answer.append(last[:10] + b"\0\0" + last[12:])
        for data in answer:
            send(ours, data)
server = socket.create_server(("127.0.0.1", int(sys.argv[1])))
while True:
    try:
        converse(server.accept()[0], socket.create_connection(("127.0.0.1", int(sys.argv[2]))))
    except OSError:
        pass
' "$1" "$2" >stripper.log 2>&1 &
	pids+=($!)
	within 10 bash -c "exec 3<>/dev/tcp/127.0.0.1/$1"
}

# A transfer counts only if its end is signed, too.
test_unsigned_end() { # limit 120
	local port
	port=$(free_port)
	fetched "$port"
	large_contents 1 'one A 192.0.2.9'
	knot_primary $((port + 1)) first
	stripper "$port" $((port + 1))
	knot zone-refresh p.test || true
	within 30 status_says p.test "not refreshed, primary1 .*the transfer's end is not signed by TSIG"
	expect SERVFAIL ask p.test SOA
	stop_pid "${pids[-1]}"
	unset 'pids[-1]'
	sed -i "s/@$port\$/@$((port + 1))/" d/knot.conf
	knot reload
	module zone-reload p.test || true
	within 30 answers one.p.test A 192.0.2.9
}

# drip PORT KIND: a primary whose transfers never end; see drip-primary.py.
drip() {
	"$e2e/drip-primary.py" "$1" "$2" >"drip-$2.log" 2>&1 &
	pids+=($!)
	within 10 bash -c "exec 3<>/dev/tcp/127.0.0.1/$1"
}

# A primary whose transfer never ends does not keep the next one from being asked.
test_drip() { # limit 120
	local one
	one=$(free_port)
	fetched "$one" $((one + 1)) $((one + 2))
	# the bad ones have no key
	sed -i '/id: primary[12]$/,/key:/{/key:/d}' d/knot.conf
	knot reload
	drip "$one" slow
	drip $((one + 1)) junk
	contents 1 'one A 192.0.2.9'
	knot_primary $((one + 2)) third
	knot zone-refresh p.test
	within 60 answers one.p.test A 192.0.2.9
	validate p.test
	says d/knotd.log 'p\.test, fetched from primary3 .*AXFR, serial 1, was 0' || fail "not the third"
	within 10 says drip-slow.log 'closed after'
	within 10 says drip-junk.log 'closed after'
}

# After the clock was ahead, primaries are asked when it is right again.
test_clock_ahead() { # limit 120
	local port
	port=$(free_port)
	fetched "$port"
	contents 1 'one A 192.0.2.9'
	sed -i 's/ 60 2 604800 300$/ 4 2 604800 300/' p.zone
	knot_primary "$port" first
	# TSIG would not work with clocks that differ
	sed -i '/id: primary1$/,/key:/{/key:/d}' d/knot.conf
	sed -i -e '/notify: signer/d' -e '/^acl:/,/^zone:/s/key: xfr/address: 127.0.0.1/' first/knot.conf
	knotc -s first/knot.sock reload
	stop_pid "$(cat d/run/knotd.pid)"
	printf '%s\n' '#!/bin/sh' "FAKETIME_TIMESTAMP_FILE=$work/clock FAKETIME_CACHE_DURATION=1 \\" \
		'FAKETIME_DONT_FAKE_MONOTONIC=1 DONT_FAKE_MONOTONIC=1 \' \
		'LD_PRELOAD=/usr/\$LIB/faketime/libfaketimeMT.so.1 exec knotd "$@"' >faked
	chmod +x faked
	echo '+0' >clock
	KNOTD=$work/faked start_knotd
	knot zone-refresh p.test
	within 30 answers one.p.test A 192.0.2.9
	echo '+3000d' >clock
	within 30 status_says p.test 'checked 203'
	echo '+0' >clock
	within 40 status_says p.test 'checked 202[0-9]'
	contents 2 'two A 192.0.2.9'
	sed -i 's/ 60 2 604800 300$/ 4 2 604800 300/' p.zone
	knotc -s first/knot.sock zone-reload p.test
	within 40 says d/knotd.log 'p\.test, fetched from primary1 .*IXFR, serial 2, was 1'
}

# What a primary lost is held: by AXFR and by IXFR, until it is let through, or comes back.
test_shrink() { # limit 90
	local port names
	port=$(free_port)
	names=$(for n in $(seq 120); do echo "big$n A 192.0.2.9"; done)
	fetched "$port"
	contents 1 "$names"
	knot_primary "$port" first
	knot zone-refresh p.test
	within 30 answers big120.p.test A 192.0.2.9
	contents 2 'one A 192.0.2.9'
	knotc -s first/knot.sock zone-reload p.test
	within 20 status_says p.test 'state: held: shrink: primary1 .*has 5 of 124 names.*ods pass p\.test\. shrink'
	module zone-reload p.test
	sleep 1
	answers big120.p.test A 192.0.2.9 || fail "names are gone"
	contents 3 "$names" 'three A 192.0.2.9'
	knotc -s first/knot.sock zone-reload p.test
	within 20 answers three.p.test A 192.0.2.9
	within 10 status_says p.test 'state: ok'
	contents 4 'four A 192.0.2.9'
	knotc -s first/knot.sock zone-reload p.test
	within 20 status_says p.test 'state: held: shrink'
	"$BUILD_DIR/ods" -c d/conf.xml pass p.test shrink
	public four
	within 10 status_says p.test 'state: ok'
}
