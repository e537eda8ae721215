# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: mod-opendnssec developers
#
# A KSK that is offline: its ceremony is held by Debian's keymgr, with a KASP database of its own.

# shellcheck source=tests/e2e/parent.sh
. "$e2e/parent.sh"

# Policy "offline", whose waits are over at once; its ZSK is replaced after LIFETIME, 20 s.
seconds() { # [LIFETIME]
	policy default offline \
		's|<Resign>.*<|<Resign>PT1S<|' 's|<Refresh>.*<|<Refresh>PT20S<|' \
		's|<Default>.*<|<Default>PT25S<|' 's|<Denial>P.*<|<Denial>PT25S<|' \
		's|<Jitter>.*<|<Jitter>PT0S<|' 's|<MaxZoneTTL>.*<|<MaxZoneTTL>PT2S<|' \
		's|<TTL>P[^<]*<|<TTL>PT2S<|' 's|<Minimum>.*<|<Minimum>PT2S<|' \
		's|Safety>P[^<]*<|Safety>PT1S<|' 's|<PropagationDelay>.*<|<PropagationDelay>PT1S<|' \
		"s|<Lifetime>P[^<]*<|<Lifetime>${1:-PT20S}<|" 's|<Purge>.*<|<Purge>PT1H<|' \
		"/<KSK>/,/<.KSK>/s|<Repository>.*|<Offline/>|"
}

# Where the KSK is, as the manual has it, with signatures of a minute, or LIFETIME seconds: each bundle is replaced
# REFRESH seconds before they end.
key_room() { # [LIFETIME REFRESH]
	mkdir ceremony
	sed -n '/# ceremony.knot.conf/,/^[^ ]/s/^   //p' "$top/doc/ceremony.rst" |
		sed -e "s/example.com/a.test/; s/rrsig-lifetime: .*/rrsig-lifetime: ${1:-60}/" \
			-e "s/rrsig-refresh: .*/rrsig-refresh: ${2:-20}\n    rrsig-pre-refresh: 1/" \
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
	expect 'nothing is taken: .*pipe is no file' ods skr a.test pipe
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
	sed -i '/name="offline"/,/<.Policy>/s|<Lifetime>PT20S<|<Lifetime>PT30S<|' "$D/kasp.xml"
	engine reload
	says "$D/ods-engine.log" 'policy offline: what was signed ahead stays; the next ceremony .* a TTL of 2 s'
	expect 'its KSK is offline: keys come and go with what was signed ahead' ods -y rollover a.test zsk
	expect 'a ceremony is due: the last signatures of the KSK are good until 20' ods status
}

# start_offline TIME: a.test, with a ceremony for so long, beside b.test.
start_offline() {
	small b b.test 1
	quick d --zone b.test=b --kasp kasp.xml
	add_policy offline
	add_zone a.test "$work/a" offline
	knot reload
	within 30 engine_says a.test 'waits for a DNSKEY RRset that was signed ahead'
	hold_ceremony "$1"
	within 30 signed a.test
	validate a.test
}
only_ksk() { [ "$(tags 257)" = "$1" ]; }

# By a real parent, which a validator follows all the time: the next KSK is published by the second response, and alone
# when the parent has its DS.
long_ksk_roll() { # limit 200
	local first second
	hasty a a.test
	seconds P1D | kasp kasp.xml
	start_parent
	sed -i 's/file: test.zone/&\n    dnssec-signing: on/' parent/knot.conf
	at_parent reload
	write_client submit zone-set
	write_client retract zone-unset
	key_room
	start_offline PT90S
	drive_parent PT1S
	start_validator
	within 60 engine_says a.test 'DS omnipresent,'
	first=$(tags 257)
	has_ds_of "$first" || fail "the parent has $(ds_tags), not $first"
	within 30 validator_says a.test 'flags:.* ad'
	ask_all_the_time

	keymgr -c ceremony/knot.conf a.test generate ksk=true zsk=false publish=+0 ready=+0 active=+20 >second.id
	keymgr -c ceremony/knot.conf a.test set "$first" retire=+39 remove=+40
	hold_ceremony PT120S
	within 30 has_tags 257 2
	second=$(tags 257 | tr ' ' '\n' | grep -vx "$first")
	within 60 has_ds_of "$second"
	within 60 only_ksk "$second"
	sleep 3
	kill "$asker"
	does_not_say asked.out 'SERVFAIL'
	says asked.out 'status: NXDOMAIN'
	validator_says a.test 'flags:.* ad' || fail "not secure"
	validate a.test
}

good_until() { ask a.test DNSKEY +dnssec | awk '$4 == "RRSIG" { print $9 }'; }
clock_is_told() { engine status | grep 'the clock went' >/dev/null; }
later_than() { [ "$(good_until)" -gt "$1" ]; }

# The clock of the machine jumps by more than a bundle, ahead and back: who validates sees nothing of it, the status
# says it, and when it is right again the next bundle is published.
test_clock_jumps() { # limit 150
	local server ahead until
	hasty a a.test
	seconds P1D | kasp kasp.xml
	write_clocked knotd knotd
	write_clocked ods-engine "$BUILD_DIR/ods-engine"
	key_room 600 595
	KNOTD=$work/run.knotd start_offline PT120S
	stop_pid "$(cat "$D/run/ods-engine.pid")"
	setsid ./run.ods-engine -c "$D/conf.xml" >>"$D/ods-engine.log" 2>&1 </dev/null &
	echo $! >"$D/run/ods-engine.pid"
	within 30 engine status
	start_unbound a.test
	probed=$unbound_port probe a.test
	# Less than the SOA's expire: knotd itself expires the zone after that.
	for ahead in $((5 * 86400)) $((-5 * 86400)); do
		until=$(good_until)
		for server in knotd ods-engine; do
			set_clock "$server" "$ahead"
		done
		within 30 clock_is_told
		sleep 6 # A bundle would be due.
		for server in knotd ods-engine; do
			set_clock "$server" 0
		done
		within 40 later_than "$until"
		validate a.test
	done
	probe_end
}

# BIND's dnssec-ksr, of 9.20 on, holds the ceremony.
test_bind_ceremony() { # short needs dnssec-ksr
	hasty a a.test
	seconds P1D | kasp kasp.xml
	bind_room
	hold_ceremony() {
		ods ksr a.test --until "$1" >ksr || fail "$(cat ksr)"
		dnssec-ksr -K ceremony -k ceremony -l ceremony/named.conf -i now -e "now+${1//[PTS]/}" -f ksr sign a.test >skr
		expect 'bundles, from' ods skr a.test "$work/skr"
	}
	start_offline PT90S
	[ "$(tags 257)" = "$(sed 's/.*+//' ksk.id | sed 's/^0*//')" ] || fail "another KSK: $(tags 257)"
	[ "$(signers DNSKEY)" = "$(tags 257)" ] || fail "$(ask a.test DNSKEY +dnssec)"
}
# As the manual has it, with signatures of a minute.
bind_room() {
	mkdir ceremony
	sed -n '/# ceremony.named.conf/,/^[^ ]/s/^   //p' "$top/doc/ceremony.rst" |
		sed 's/dnskey-ttl .*/dnskey-ttl 2; signatures-jitter PT0S;/; s/P21D/PT60S/; s/P10D/PT20S/' >ceremony/named.conf
	dnssec-keygen -q -K ceremony -f KSK -a ECDSAP256SHA256 -P now-1d -A now-1d -P sync now-1d a.test >ksk.id
}
