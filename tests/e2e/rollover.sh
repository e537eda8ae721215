# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: mod-opendnssec developers
#
# Rollovers with a policy of seconds, and the parent played by hand.

# Policy "fast", whose waits are over at once.
seconds() {
	policy default fast \
		's|<Resign>.*<|<Resign>PT1S<|' 's|<Refresh>.*<|<Refresh>PT20S<|' \
		's|<Default>.*<|<Default>PT25S<|' 's|<Denial>P.*<|<Denial>PT25S<|' \
		's|<Jitter>.*<|<Jitter>PT0S<|' 's|<MaxZoneTTL>.*<|<MaxZoneTTL>PT1S<|' \
		's|<TTL>P[^<]*<|<TTL>PT1S<|' 's|<Minimum>.*<|<Minimum>PT1S<|' \
		's|Safety>P[^<]*<|Safety>PT1S<|' 's|<PropagationDelay>.*<|<PropagationDelay>PT1S<|' \
		's|<Purge>.*<|<Purge>PT1S<|'
}

# brief FILE SERIAL: a zone that no cache keeps for long.
brief() {
	small "$1" a.test "$2"
	# shellcheck disable=SC2016
	sed -i -e 's/^\$TTL 300/$TTL 1/' -e 's/ 300$/ 1/' "$1"
}

# The key tags of a role (256 or 257) in the DNSKEY RRset.
tags() {
	ask a.test DNSKEY +noall +answer +crypto >dnskey
	grep "DNSKEY[[:space:]]*$1" dnskey >role || return 0
	dnssec-dsfromkey -A -2 -f role a.test | awk '{ print $4 }' | paste -sd ' '
}
tags_differ() { local now; now=$(tags "$1") && [ -n "$now" ] && [ "$now" != "$2" ]; }
one_key() { local now; now=$(tags "$1") && [ -n "$now" ] && [ "${now/ /}" = "$now" ]; }

wants_ds() { engine zone-status a.test | grep -E 'give this DS' >/dev/null; }
wants_no_ds() { engine zone-status a.test | grep -E 'have this DS removed' >/dev/null; }
settled() { ! engine zone-status a.test | grep 'next:' >/dev/null; }
token_keys() { [ "$("$BUILD_DIR/ods-hsm" -c "$D/conf.xml" list | grep -cE '[0-9a-f]{32}')" = "$1" ]; }

# The zone signed by policy fast, its DS at the parent.
secure() {
	brief a 1
	seconds | kasp kasp.xml
	quick d --zone a.test=a --kasp kasp.xml --policy fast
	within 60 wants_ds
	engine zone-ksk-submitted a.test
	within 60 settled
}

crash() {
	stop_pid "$(cat "$D/run/ods-engine.pid")" KILL
	stop_pid "$(cat "$D/run/knotd.pid")" KILL
	start_knotd
	start_engine
}

test_zsk_and_ksk() { # limit 240
	secure
	local zsk ksk
	zsk=$(tags 256) ksk=$(tags 257)
	engine zone-key-rollover a.test zsk
	within 60 tags_differ 256 "$zsk"
	validate a.test
	crash
	within 60 one_key 256
	[ "$(tags 256)" != "$zsk" ] || fail "the old ZSK is still there"
	validate a.test
	within 60 token_keys 2

	engine zone-key-rollover a.test ksk
	within 60 tags_differ 257 "$ksk"
	validate a.test
	within 60 wants_ds
	crash
	engine zone-ksk-submitted a.test
	within 60 wants_no_ds
	ods ds-gone a.test
	within 60 one_key 257
	[ "$(tags 257)" != "$ksk" ] || fail "the old KSK is still there"
	validate a.test
	within 60 token_keys 2
	expect "$ksk is forgotten" cat "$D/ods-engine.log"

	# An emergency does not wait for signatures that would be replaced within an hour.
	sed -i 's/PT25S/PT1H/' d/kasp.xml
	engine reload
	engine zone-sign a.test
	within 60 expires_late
	engine zone-key-rollover a.test zsk
	within 60 fades
	ods --emergency --yes rollover a.test zsk >plan
	within 60 one_key 256
	validate a.test
}

# A key of BIND's, which is imported and adopted, is the next ZSK.
adopted() {
	local id zsk
	zsk=$(tags 256)
	dnssec-keygen -q -K . -a 13 a.test >name
	id=$("$BUILD_DIR/ods-hsm" -c "$D/conf.xml" import Files 13 "$(<name).private")
	ods adopt fast zsk 00
	within 30 says "$D/ods-engine.log" 'no key 00 of repository Files'
	ods adopt fast zsk "$id"
	within 30 says "$D/ods-engine.log" "adopted key $id"
	expect 'knows key' ods adopt fast zsk "$id"
	engine zone-key-rollover a.test zsk
	within 60 tags_differ 256 "$zsk"
	within 60 one_key 256
	[ "$(tags 256)" = "$(sed 's/.*+//; s/^0*//' name)" ] || fail "the adopted key is not the ZSK"
	validate a.test
}

keys_in() { [ "$("$BUILD_DIR/ods-hsm" -c "$D/conf.xml" list "$1" | grep -cE '[0-9a-f]{32}')" = "$2" ]; }

# A policy that names another repository has its keys follow, each by a rollover of its role, from a token into
# files, and knotd restarted in the midst of it.
test_repository() { # limit 240
	secure
	local zsk ksk
	zsk=$(tags 256) ksk=$(tags 257)
	sed -i "s|</RepositoryList>|<Repository name=\"Files\"><Folder>$work/keys</Folder></Repository>&|" \
		"$D/conf.xml"
	"$BUILD_DIR/ods-hsm" -c "$D/conf.xml" init Files
	sed -i '/<Policy name="fast">/,/<\/Policy>/s|<Repository>SoftHSM|<Repository>Files|' d/kasp.xml
	module zone-keys-load a.test
	engine reload
	within 60 tags_differ 256 "$zsk"
	within 60 tags_differ 257 "$ksk"
	validate a.test
	crash
	within 60 wants_ds
	engine zone-ksk-submitted a.test
	within 60 wants_no_ds
	ods ds-gone a.test
	within 60 one_key 257
	within 60 one_key 256
	[ "$(tags 257)" != "$ksk" ] || fail "the old KSK is still there"
	validate a.test
	within 60 keys_in SoftHSM 0
	adopted
	within 60 keys_in Files 2
	# What was made is used without the token.
	rm -r "${SOFTHSM2_CONF%/*}/"tokens/*
	module zone-sign a.test
	within 60 signed_anew "$(serial a.test)"
	validate a.test
}
signed_anew() { [ "$(serial a.test)" -ge "$1" ]; }

# The SOA's signature is good for longer than ten minutes.
expires_late() {
	local expiry
	expiry=$(ask a.test SOA +noall +answer +dnssec | awk '/RRSIG/ { print $9 }') && [ -n "$expiry" ] &&
		[ "$expiry" -gt "$(date -u -d '10 minutes' +%Y%m%d%H%M%S)" ]
}
fades() { engine zone-status a.test | grep 'RRSIG unretentive' >/dev/null; }

no_dnskey() { local keys; keys=$(ask +short a.test DNSKEY) && [ -z "$keys" ]; }
serial_is() { [ "$(serial "$1")" = "$2" ]; }

# as_it_is ZONE FILE: the zone has the records of the file, and none else; another serial maybe.
as_it_is() {
	axfr "$1" "$1.axfr"
	"$e2e/canonical.py" "$2" "$1" SOA >want
	"$e2e/canonical.py" "$1.axfr" "$1" SOA >got
	diff want got || fail "$1 is not as it is in $2"
}

# signed_elsewhere SERIAL: a file s with s.test, signed by other keys, with a TTL that differs.
signed_elsewhere() {
	small s.raw s.test "$1" 'sub NS ns.sub' 'ns.sub A 192.0.2.7' '*.w 77 TXT "x"'
	[ -n "${other:-}" ] || other=$(ldns-keygen -a ECDSAP256SHA256 -k s.test)
	ldns-signzone -n -f s.new -o s.test s.raw "$other"
	mv s.new s
}

# whole ZONE FILE: the zone has the records of the file and none else, with their TTLs.
whole() {
	axfr "$1" "$1.axfr"
	ldns-read-zone -c "$2" | sort >want
	ldns-read-zone -c "$1.axfr" | sort >got
	diff want got || fail "$1 is not as it is in $2"
}
signs_no_more() { axfr s.test s.axfr && ! grep -E "RRSIG.* ${other##*+} s\.test\." s.axfr; }

# Secure, then published as it is in the file, and secure again with new keys; and beside it a zone
# that is published as it is from the beginning, with its serial, and one that is signed elsewhere.
test_insecure() { # limit 240
	secure
	local ksk before
	ksk=$(tags 257)
	small p p.test 7 'sub NS ns.sub' 'ns.sub A 192.0.2.7' '*.w 77 TXT "x"'
	add_zone p.test "$work/p"
	signed_elsewhere 7
	add_zone s.test "$work/s"
	# knotd is not to check what is to have no signatures
	sed -i 's/dnssec-validation: on/dnssec-validation: off/' d/knot.conf
	sed -i 's:<Policy name="fast">:&<Passthrough/>:' d/kasp.xml
	engine reload
	knot reload
	within 60 wants_no_ds
	signed a.test || fail "unsigned while the parent has the DS"
	within 60 serial_is p.test 7
	as_it_is p.test p
	within 60 serial_is s.test 7
	whole s.test s

	before=$(serial a.test)
	ods ds-gone a.test
	within 60 no_dnskey
	as_it_is a.test a
	[ "$(serial a.test)" -gt "$before" ] || fail "serial $(serial a.test) after $before"
	brief fresh 2
	echo 'more A 192.0.2.81' >>fresh
	mv fresh a
	small p p.test 9
	signed_elsewhere 9
	knot zone-refresh
	within 60 answers more.a.test A 192.0.2.81
	as_it_is a.test a
	within 60 serial_is p.test 9
	as_it_is p.test p
	within 60 serial_is s.test 9
	whole s.test s
	validate s.test

	cp kasp.xml d/kasp.xml
	engine reload
	within 60 wants_ds
	[ "$(tags 257)" != "$ksk" ] || fail "the old KSK came back"
	validate a.test
	within 60 signed p.test
	validate p.test
	# nobody knows the new keys, and whether the parent has a DS of the other signer's
	within 60 status_says s.test 'state: held: chain: .*none of the former would sign the zone'
	validate s.test
	[ "$(ods pass s.test chain)" = OK ] || fail 'ods pass'
	within 60 signs_no_more
	validate s.test
	expect 'RRSIG records are left out' cat d/knotd.log
}

frozen() { engine zone-status a.test | grep -F "$1" >/dev/null; }
same_keys() { [ "$(ask +short a.test DNSKEY | sort)" = "$1" ]; }

# ods freeze: no key comes or goes, over a restart of the engine, while signing goes on; until a date, or
# until ods thaw.
test_freeze() { # limit 120
	secure
	local zsk keys before
	zsk=$(tags 256)
	keys=$(ask +short a.test DNSKEY | sort)
	ods freeze a.test
	within 10 frozen 'no key takes a step: it is frozen by a person; to end this: ods thaw a.test.'
	ods rollover -y a.test zsk
	stop_pid "$(cat "$D/run/ods-engine.pid")"
	start_engine
	within 10 frozen 'frozen by a person'
	before=$(serial a.test)
	module zone-sign a.test
	within 10 serial_differs a.test "$before"
	sleep 4
	same_keys "$keys" || fail "a key took a step"
	ods thaw a.test
	within 20 tags_differ 256 "$zsk"
	within 60 one_key 256
	# by policy, until a date; a zone's own word does not end it
	zsk=$(tags 256)
	ods freeze --policy fast --until "$(date -u -d '6 seconds' +%FT%TZ)"
	within 10 frozen 'its policy is frozen by a person until 2'
	ods rollover -y a.test zsk
	expect 'a.test.: nobody has frozen that' ods thaw a.test
	sleep 2
	[ "$(tags 256)" = "$zsk" ] || fail "a key took a step"
	within 20 tags_differ 256 "$zsk"
	# all of them; stock knotc
	engine zone-freeze
	within 10 frozen 'all zones are frozen by a person; to end this: ods thaw'
	engine zone-thaw
	expect 'no policy' ods freeze --policy nowhere
	expect 'is no date' ods freeze a.test --until tomorrow
	expect 'is over' ods freeze a.test --until 2020-01-01
	expect 'does not have this zone' ods freeze b.test
	within 60 one_key 256
	validate a.test
}
