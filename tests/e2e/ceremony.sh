# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: mod-opendnssec developers
#
# A KSK that is offline: its ceremony is held by Debian's keymgr, with a KASP database of its own.

# Policy "offline", whose waits are over at once; its ZSK is replaced after 20 s.
seconds() {
	policy default offline \
		's|<Resign>.*<|<Resign>PT1S<|' 's|<Refresh>.*<|<Refresh>PT20S<|' \
		's|<Default>.*<|<Default>PT25S<|' 's|<Denial>P.*<|<Denial>PT25S<|' \
		's|<Jitter>.*<|<Jitter>PT0S<|' 's|<MaxZoneTTL>.*<|<MaxZoneTTL>PT2S<|' \
		's|<TTL>P[^<]*<|<TTL>PT2S<|' 's|<Minimum>.*<|<Minimum>PT2S<|' \
		's|Safety>P[^<]*<|Safety>PT1S<|' 's|<PropagationDelay>.*<|<PropagationDelay>PT1S<|' \
		's|<Lifetime>P[^<]*<|<Lifetime>PT20S<|' 's|<Purge>.*<|<Purge>PT1H<|' \
		"/<KSK>/,/<.KSK>/s|<Repository>.*|<Offline/>|"
}

# Where the KSK is, as the manual has it, with signatures of a minute: each bundle is replaced in time.
key_room() {
	mkdir ceremony
	sed -n '/# ceremony.knot.conf/,/^[^ ]/s/^   //p' "$top/doc/ceremony.rst" |
		sed -e 's/example.com/a.test/; s/rrsig-lifetime: .*/rrsig-lifetime: 60/' \
			-e 's/rrsig-refresh: .*/rrsig-refresh: 20\n    rrsig-pre-refresh: 1/' \
			>ceremony/knot.conf
	keymgr -c ceremony/knot.conf a.test generate ksk=true zsk=false >ksk.id
}

# hold_ceremony TIME: asked for that long from now, signed, and taken.
hold_ceremony() {
	ods ksr a.test --until "$1" >ksr || fail "$(cat ksr)"
	keymgr -c ceremony/knot.conf a.test sign-ksr ksr >skr
	expect 'bundles, from' ods skr a.test skr
}

tags() {
	ask a.test DNSKEY +noall +answer +crypto >dnskey
	grep "DNSKEY[[:space:]]*$1" dnskey >role || return 0
	dnssec-dsfromkey -A -2 -f role a.test | awk '{ print $4 }' | paste -sd ' '
}
has_tags() { [ "$(tags "$1" | wc -w)" = "$2" ]; }
other_zsk() { has_tags 256 1 && [ "$(tags 256)" != "$1" ]; }
signers() { ask a.test "$1" +dnssec | awk '$4 == "RRSIG" { print $11 }' | sort -u | paste -sd ' '; }

test_ceremony() { # limit 150
	local ksk zsk
	small b b.test 1
	hasty a a.test
	seconds | kasp kasp.xml
	quick d --zone b.test=b --kasp kasp.xml
	add_policy offline
	add_zone a.test "$work/a" offline
	knot reload
	within 30 engine_says a.test 'waits for a DNSKEY RRset that was signed ahead'
	key_room

	# Nothing is taken of what is not good.
	ods ksr a.test --until PT80S >ksr
	keymgr -c ceremony/knot.conf a.test sign-ksr ksr >skr
	sed 's/DNSKEY 13 2 2 /DNSKEY 13 2 3 /' skr >wrong
	expect 'nothing is taken: line 1, the bundle of .*: an RRSIG of another zone' ods skr a.test wrong
	mkfifo pipe
	expect 'nothing is taken: .*pipe: Invalid argument' ods skr a.test pipe
	head -n 20 skr >wrong
	expect 'nothing is taken: line 2.: the text is cut off' ods skr a.test wrong
	engine_says a.test 'waits for a DNSKEY RRset that was signed ahead' || fail "$(cat status.out)"

	hold_ceremony PT80S
	within 30 signed a.test
	validate a.test
	ksk=$(tags 257) zsk=$(tags 256)
	[ "$(signers DNSKEY)" = "$ksk" ] || fail "$(ask a.test DNSKEY +dnssec)"
	engine_says a.test "ksk: $ksk, algorithm 13, offline" || fail "$(cat status.out)"

	# Whoever dies goes on with the bundle in force; the next ZSK comes, and the one before goes, by bundles.
	stop_pid "$(cat "$D/run/knotd.pid")" KILL
	start_knotd
	ods save "$work/saved"
	start_unbound a.test
	probed=$unbound_port probe a.test
	within 60 has_tags 256 2
	# An older copy of the database knows what is to come; what is now, it learns from the module.
	stop_pid "$(cat "$D/run/ods-engine.pid")" KILL
	ods -y restore "$work/saved"
	start_engine
	within 30 says "$D/ods-engine.log" 'keys and their states are learnt from it'
	within 60 other_zsk "$zsk"
	[ "$(tags 257)" = "$ksk" ] || fail "another KSK: $(tags 257)"
	validate a.test
	probe_end
	expect 'its KSK is offline: keys come and go with what was signed ahead' ods -y rollover a.test zsk
	expect 'a ceremony is due: the last signatures of the KSK are good until 20' ods status
}
