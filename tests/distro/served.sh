#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: mod-opendnssec developers
#
# What has to be as it was when zones are served by another Knot, in the folder where all of it is:
#
#   served.sh begin            zones are signed; what is served is written down
#   served.sh goes_on          it is served as it was, nothing is signed anew; then all goes on
#   served.sh refused SUITE    SUITE.so, which was made for another Knot, is refused
. "$(dirname "$0")/../e2e/lib.sh"

zones=(plain.test hashed.test dynamic.test single.test)

# A name that no zone has yet.
mark() { echo "mark$(grep -c '^mark' plain.test)"; }

# Changes each zone, and has that public.
change() {
	local zone mark
	mark=$(mark)
	for zone in plain.test hashed.test single.test; do
		sed "s/^@ SOA ns1 host [0-9]*/@ SOA ns1 host $(date +%s)/" "$zone" >new
		echo "$mark TXT changed" >>new
		mv new "$zone"
	done
	printf 'server 127.0.0.1 %s\nzone dynamic.test\nupdate add %s.dynamic.test 300 TXT changed\nsend\n' \
		"$PORT" "$mark" | knsupdate
	for zone in "${zones[@]}"; do
		within 60 answers "$mark.$zone" TXT '"changed"'
		validate "$zone"
	done
}

# Writes down what is served.
note() {
	local zone
	for zone in "${zones[@]}"; do
		axfr "$zone" "$1.$zone"
	done
	ods keys >"$1.keys"
}

begin() {
	local zone
	{
		policy default hashed "$(nsec3_denial)"
		policy csk single
	} | kasp kasp.xml
	for zone in "${zones[@]}"; do
		small "$zone" "$zone" 1
	done
	quick d --kasp kasp.xml --zone plain.test=plain.test --zone dynamic.test=dynamic.test
	add_policy hashed
	add_policy single
	add_zone hashed.test "$work/hashed.test" hashed
	add_zone single.test "$work/single.test" single
	allow_updates dynamic.test
	for zone in "${zones[@]}"; do
		within 60 signed "$zone"
	done
	change
	note served
}

goes_on() {
	local zone
	quick d
	note now
	for zone in "${zones[@]}"; do
		diff "served.$zone" "now.$zone" || fail "$zone is not served as it was"
		[ "$(counter "$zone" signatures)" = 0 ] || fail "$zone: $(counter "$zone" signatures) signatures"
		validate "$zone"
	done
	diff served.keys now.keys || fail 'the keys are not as they were'
	change
	note served
}

# The libraries of the other Knot are still there, as they are after an upgrade.
refused() {
	local code=0
	sed "s|file: .*opendnssec.so\"|file: \"$work/$1.so\"|" d/knot.conf >d/other.conf
	LD_LIBRARY_PATH=$work/$1.lib timeout 30 knotd -c "$work/d/other.conf" >out 2>&1 || code=$?
	[ $code -ne 0 ] && [ $code -ne 124 ] || fail "knotd takes the module of $1"
	says out 'made for Knot DNS .*; install the mod-opendnssec for this Knot, or build it anew' ||
		fail "$(cat out)"
}

"$@"
