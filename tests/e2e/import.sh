# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: mod-opendnssec developers
#
# Zones that a real OpenDNSSEC signed, taken over with their keys.

# shellcheck disable=SC1091
. "$e2e/opendnssec-lib.sh"

# Policy "moved", whose waits are over at once; signatures last, so that OpenDNSSEC's rollover of a
# ZSK does, too.
moved() {
	policy default moved "$@" \
		's|<Resign>.*<|<Resign>PT5S<|' 's|<Refresh>.*<|<Refresh>PT1H<|' \
		's|<Default>.*<|<Default>P1D<|' 's|<Denial>P.*<|<Denial>P1D<|' \
		's|<Jitter>.*<|<Jitter>PT0S<|' 's|<MaxZoneTTL>.*<|<MaxZoneTTL>PT1S<|' \
		's|<TTL>P[^<]*<|<TTL>PT1S<|' 's|<Minimum>.*<|<Minimum>PT1S<|' \
		's|Safety>P[^<]*<|Safety>PT1S<|' 's|<PropagationDelay>.*<|<PropagationDelay>PT1S<|'
}

# brief FILE ZONE SERIAL: a zone that no cache keeps for long.
brief() {
	small "$@"
	# shellcheck disable=SC2016
	sed -i -e 's/^\$TTL 300/$TTL 1/' -e 's/ 300$/ 1/' "$1"
}

import() { ods import --signer-dir "$ods/run" "$@"; }

# ---- OpenDNSSEC

# start_opendnssec ZONE...: signs each by policy moved, from the file of its name, in $ods; its keys
# are in the token of $D.
start_opendnssec() {
	ods=$work/ods
	mkdir -p "$ods/run" "$ods/signconf"
	{ echo '<KASP>'; moved; echo '</KASP>'; } >"$ods/kasp.xml"
	ods_conf "$ods" "$(sed -n 's:.*<TokenLabel>\(.*\)</TokenLabel>.*:\1:p' "$D/conf.xml")" \
		"$(cat "$D/pin")" >"$ods/conf.xml"
	local zone
	for zone in "$@"; do
		echo "$zone moved $ods/signconf/$zone.xml $work/$zone"
	done | ods_zones >"$ods/zonelist.xml"
	run_opendnssec
}

ods_signed() { grep '[[:space:]]RRSIG[[:space:]]*SOA ' "$work/$1.signed" >/dev/null; }

key_of() { ods_keys "$1" | awk -v role="$2" '$1 == role { print $6; exit }'; }
id_of() { awk -F ';' -v role="$2" '$1 == role { print $8; exit }' "keys.$1.d"; }

# ds_of FILE: key tags and digests.
ds_of() { awk '/SHA256|SHA1/ && /^;/ { next } { for (i = 1; i < NF; i++) if ($i == "DS") print $(i + 1), tolower($(i + 4) $(i + 5)) }' "$1" | sort; }

# soa FILE: its serial.
soa() { awk '$4 == "SOA" { print $7; exit }' "$1"; }

# dnskeys FILE: the DNSKEYs of a zone file, in order.
dnskeys() { awk '$4 == "DNSKEY" { print $5, $6, $7, $8 $9 $10 $11 }' "$1" | sed 's/ *;.*//' | sort; }

# ---- us

# tags ZONE FLAGS: key tags in the DNSKEY RRset.
tags() {
	ask "$1" DNSKEY +noall +answer +crypto >"dnskey.$1"
	grep "DNSKEY[[:space:]]*$2" "dnskey.$1" >"role.$1" || return 0
	dnssec-dsfromkey -A -2 -f "role.$1" "$1" | awk '{ print $4 }' | paste -sd ' '
}
is_only() { [ "$(tags "$1" "$2")" = "$3" ]; }
is_replaced() {
	local now
	now=$(tags "$1" 256)
	[ -n "$now" ] && [ "${now/ /}" = "$now" ] && [ "$now" != "$2" ]
}
importable() { import -n "$ods/kasp.db" "$1" | grep '  taken over: ' >/dev/null; }
settled() { ! engine zone-status "$1" | grep 'next:' >/dev/null; }

# Three zones: one at rest, one in the midst of a rollover of its ZSK, one of which a key is lost.
long_takes_over() { # limit 240
	local zone old new
	moved | kasp kasp.xml
	brief native.zone native.test 1
	quick d --kasp kasp.xml --policy moved --zone native.test=native.zone
	for zone in still.test rolls.test lost.test; do
		brief $zone $zone 5
	done
	start_opendnssec still.test rolls.test lost.test
	for zone in still.test rolls.test lost.test; do
		within 60 ods_has $zone '^KSK rumoured omnipresent omnipresent'
		ods-enforcer key ds-seen -z $zone -x "$(key_of $zone KSK)" >>ods.out
	done
	old=$(key_of rolls.test ZSK)
	for zone in still.test rolls.test lost.test; do
		within 60 ods_has $zone '^KSK omnipresent'
	done
	ods-enforcer key rollover -z rolls.test -t ZSK >>ods.out
	within 60 ods_has rolls.test "^ZSK NA omnipresent NA unretentive $old"
	new=$(ods_keys rolls.test | awk '$1 == "ZSK" && $5 == "rumoured" { print $6 }')
	for zone in still.test rolls.test; do
		within 60 importable $zone
		ods-enforcer key export -z $zone -e active -t KSK -d >>ds.ods
	done
	expect 'OpenDNSSEC is running' import -y "$ods/kasp.db"
	for zone in still.test rolls.test lost.test; do
		key_of $zone KSK >$zone.ksk
		key_of $zone ZSK >$zone.zsk
	done
	stop_opendnssec

	# A key that is not in the token refuses its zone, by name, and no other.
	"$BUILD_DIR/ods-hsm" -c "$D/conf.xml" -fy remove SoftHSM "$(id_of lost.test ZSK)" >ods-hsm.out
	import -y "$ods/kasp.db" >import.out && fail "lost.test is taken over, or its refusal is no failure"
	expect "^lost.test.  refused: zsk $(cat lost.test.zsk), CKA_ID " cat import.out
	expect '^still.test.  taken over: ' cat import.out
	expect "^rolls.test.  taken over: .*zsk $old \(going\).*zsk $new \(coming\)" cat import.out
	expect 'no such zone' engine zone-status lost.test
	import -y "$ods/kasp.db" >import.again || true
	expect '^still.test.  left alone: ' cat import.again

	for zone in still.test rolls.test; do
		add_zone $zone "$work/$zone"
	done
	knot reload
	for zone in still.test rolls.test; do
		within 60 signed $zone
		validate $zone
		[ "$(serial $zone)" -gt "$(soa "$work/$zone.signed")" ] ||
			fail "$zone has serial $(serial $zone), OpenDNSSEC's was $(soa "$work/$zone.signed")"
		is_only $zone 257 "$(cat $zone.ksk)" || fail "$zone has KSK $(tags $zone 257)"
		ods ds $zone | grep -v '^;' >>ds.ours
	done
	# The same DNSKEY RRset, and the same DS.
	dnskeys "$work/still.test.signed" >dnskeys.ods
	dnskeys "$work/still.test.axfr" >dnskeys.ours
	diff dnskeys.ods dnskeys.ours || fail "still.test has other DNSKEYs"
	diff <(ds_of ds.ods) <(ds_of ds.ours) || fail "the DS is another one"

	# Until a person says that the secondaries follow, no key takes a step.
	sleep 5
	for zone in still.test rolls.test; do
		engine zone-status $zone | grep -F "no key takes a step: the zone was imported, " ||
			fail "$zone is not frozen"
	done
	[ "$(tags rolls.test 256 | wc -w)" = 2 ] || fail "the rollover went on"
	ods thaw rolls.test
	ods thaw --imported

	# OpenDNSSEC's rollover is finished by us; the next one is ours, and does not wait until signatures
	# are due.
	ods -y rollover -e still.test zsk >rollover.out
	within 60 is_only rolls.test 256 "$new"
	within 60 is_replaced still.test "$(cat still.test.zsk)"
	within 60 settled still.test
	validate still.test
	validate rolls.test
}
