# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: mod-opendnssec developers
#
# Signed zones as files: whole or not at all, what knotd serves, for NSD and BIND; the command that tells them.

# outputs [COMMAND]: in conf.xml: files in the folder signed, and who is told.
outputs() {
	local text="<Output>$work/signed/%zone.zone</Output>"
	[ -z "${1:-}" ] || text+="<NotifyCommand>$work/$1</NotifyCommand>"
	awk -v text="$text" '/<Output>/ { next } /<\/Signer>/ { print text } { print }' d/conf.xml >conf.new
	cat conf.new >d/conf.xml
}

# script NAME: a program from standard input.
script() {
	cat >"$1.new"
	chmod +x "$1.new"
	mv "$1.new" "$1"
}

file_serial() { sed -n "1s/^; $1\. serial \([0-9]*\),.*/\1/p" "signed/$1.zone"; }
is_current() { [ -n "$(serial "$1")" ] && [ "$(file_serial "$1")" = "$(serial "$1")" ]; }
told() { grep -x "$1 $work/signed/$1.zone $(serial "$1")" told >/dev/null; }
# serves PORT ZONE: another server has the version that knotd serves, with its signatures.
serves() {
	dig @127.0.0.1 -p "$1" +tries=1 +time=2 +dnssec "$2" SOA >answer && grep 'RRSIG' answer >/dev/null &&
		grep " $(serial "$2") " answer >/dev/null
}

run_bind() {
	mkdir bind
	cat >bind/named.conf <<-EOT
	options {
		directory "$work/bind";
		listen-on port $bind_port { 127.0.0.1; };
		listen-on-v6 { none; };
		pid-file "$work/bind/named.pid";
		session-keyfile none;
		recursion no;
		dnssec-validation no;
	};
	controls { };
	zone "a.test" { type primary; file "$work/signed/a.test.zone"; };
	EOT
	named -f -c bind/named.conf >bind/named.log 2>&1 &
	bind=$!
	pids+=($bind)
}

test_servers() { # limit 120
	local before nsd_port bind_port bind old
	nsd_port=$(free_port)
	mkdir signed
	small a a.test 1
	small b b.test 1
	# The program fails at first, so it is run again; what it gets is OpenDNSSEC's.
	script tell <<-EOT
	#!/bin/sh
	echo "\$1 \$2 \$(sed -n '1s/.* serial \([0-9]*\),.*/\1/p' "\$2")" >>$work/told
	[ ! -e $work/refuse ] || { echo "no server"; exit 3; }
	[ ! -e $work/servers ] || kill -HUP \$(cat $work/servers)
	EOT
	touch refuse
	quick d --zone a.test=a --zone b.test=b
	outputs 'tell %zone %zonefile'
	knot reload
	within 20 is_current a.test
	within 20 is_current b.test
	within 10 status_says a.test 'state: the signed zone is written, but NotifyCommand fails.*tell: exit status 3: no server'
	ods zones -S output >out
	says out '^a\.test\.' || fail "ods zones: $(cat out)"
	rm refuse
	within 20 status_says a.test 'state: ok .*output: the file has serial [0-9]* since'
	within 10 told a.test

	# Each record of the zone is in the file, and none else; validators take it.
	axfr a.test a.axfr
	ldns-read-zone -c a.axfr | sort >want
	ldns-read-zone -c signed/a.test.zone | sort >got
	diff want got || fail "the file has other records than knotd"
	dnssec-verify -o a.test signed/a.test.zone >verify 2>&1 || fail "$(cat verify)"
	[ "$(find signed -type f | wc -l)" = 2 ] || fail "left behind: $(ls -a signed)"

	# NSD and BIND load it, and each change.
	run_nsd "$nsd_port" <<-EOT
	zone:
	    name: a.test
	    zonefile: "$work/signed/a.test.zone"
	EOT
	bind_port=$(free_port)
	run_bind
	within 20 serves "$nsd_port" a.test
	within 20 serves "$bind_port" a.test
	echo "${pids[@]}" >servers
	before=$(serial a.test)
	old=$(stat -c %i signed/b.test.zone)
	small a a.test 2 'new A 192.0.2.9'
	module zone-reload a.test
	within 20 serial_differs a.test "$before"
	within 20 serves "$nsd_port" a.test
	within 20 serves "$bind_port" a.test
	[ "$(stat -c %i signed/b.test.zone)" = "$old" ] || fail "another zone was written, too"

	# A restart writes nothing anew; whether the command was done, nobody remembers.
	old=$(stat -c %i signed/a.test.zone)
	rm servers told
	restart_knotd
	within 30 told a.test
	[ "$(stat -c %i signed/a.test.zone)" = "$old" ] || fail "the file was written anew"
}

# What cannot be written leaves the old file, and is said; a command that hangs holds nothing up.
test_trouble() { # limit 120
	local before i
	mkdir signed
	small a a.test 1
	small b b.test 1
	script tell <<-EOT
	#!/bin/sh
	echo "\$*" >>$work/told
	exec sleep 1000
	EOT
	quick d --zone a.test=a --zone b.test=b
	outputs 'tell %zone'
	cp d/conf.xml good.xml
	sed -i 's/signed\/%zone/signed\/zone/' d/conf.xml
	knot reload
	within 10 says d/knotd.log 'zone\.zone. in <Output> has to be an absolute path with %zone in it'
	cp good.xml d/conf.xml
	knot reload
	within 20 is_current a.test
	within 20 is_current b.test
	within 10 grep -x 'a.test' told
	for i in 2 3; do
		before=$(serial a.test)
		small a a.test $i "new$i A 192.0.2.9"
		module zone-reload a.test
		within 10 serial_differs a.test "$before"
	done
	# The tells hang, still knotd ends soon.
	before=$SECONDS
	stop_pid "$(cat "$D/run/knotd.pid")"
	[ $((SECONDS - before)) -lt $((10 * ${LIMIT_FACTOR:-1})) ] || fail "knotd waited for the command"
	outputs
	start_knotd
	within 30 is_current a.test

	# No room for a file, then there is: the old one stays meanwhile.
	before=$(file_serial a.test)
	rm -rf signed/.a.test.zone.new
	mkdir -p signed/.a.test.zone.new/x
	small a a.test 4 'new4 A 192.0.2.9'
	module zone-reload a.test
	within 20 status_says a.test 'state: the signed zone cannot be written to .*a\.test\.zone, which stays as it is'
	[ "$(file_serial a.test)" = "$before" ] || fail "the old file is gone"
	rm -r signed/.a.test.zone.new
	within 30 is_current a.test
	within 10 status_says a.test 'state: ok'
	validate a.test
}
