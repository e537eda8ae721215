# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: mod-opendnssec developers
#
# How long a zone lasts that is not signed on, and what says so; keys that are away, one at a time.

# ---- tokens

# hide TOKEN, show TOKEN: takes SoftHSM's token of that label away, while all use it; gives it back.
hide() {
	mkdir -p "$work/hidden"
	mv "$(dirname "$(grep -l "$1" "$D"/tokens/*/token.object)")" "$work/hidden/"
}
show() { mv "$(dirname "$(grep -l "$1" "$work"/hidden/*/token.object)")" "$D/tokens/"; }

# brief [SED-EXPRESSION...]: a policy named brief, whose signatures live for 16 s.
brief() {
	policy default brief 's|<Resign>.*<|<Resign>PT1S<|; s|<Refresh>.*<|<Refresh>PT10S<|' \
		's|<Jitter>.*<|<Jitter>PT0S<|; s|<Default>.*<|<Default>PT16S<|; s|<Denial>P[^<]*<|<Denial>PT16S<|' \
		"$@" | kasp kasp.xml
}

# For a policy: signatures are good for 14 days, and made anew after 10.
FORTNIGHT='s|<Refresh>.*<|<Refresh>P4D<|; s|<Jitter>.*<|<Jitter>PT0S<|'
FORTNIGHT+='; s|<Default>.*<|<Default>P14D<|; s|<Denial>P.*<|<Denial>P14D<|'

# split ROLE [SED-EXPRESSION...]: a policy named split, whose keys of that role are in the token Vault.
split() {
	local role=$1
	shift
	policy default split 's|<TTL>PT1H|<TTL>PT1S|; s|Safety>PT1H|Safety>PT1S|; s|Delay>PT1H|Delay>PT1S|' \
		"/<$role>/,/<\/$role>/s|<Repository>SoftHSM|<Repository>Vault|" "$@" |
		kasp kasp.xml
}

# vault_alone: the token Vault gets a library of its own, so that this looks for it anew when it was gone.
vault_alone() {
	local library
	library=$(sed -n 's|.*<Module>\(.*\)</Module>.*|\1|p' "$D/conf.xml" | head -n 1)
	cp "$library" "$work/vault.so"
	sed -i "/<Repository name=\"Vault\">/,/<\/Repository>/s|<Module>.*<|<Module>$work/vault.so<|" "$D/conf.xml"
	engine reload
	knot reload
}

# ---- the time that is left

# first_expiry ZONE: of all RRSIGs that knotd serves, as "SECONDS OWNER TYPE".
first_expiry() {
	axfr "$1" "$work/$1.served"
	awk '$4 == "RRSIG" { print $9, $1, $5 }' "$work/$1.served" | sort | sed -n 1p |
		while read -r when owner type; do
			echo "$(date -u -d "${when:0:8} ${when:8:2}:${when:10:2}:${when:12:2}" +%s) $owner $type"
		done
}

# secure NAME TYPE ZONE: delv validates it.
secure() {
	timeout 5 delv @127.0.0.1 -p "$PORT" -a "$work/$3.anchor" +root="$3" "$1" "$2" 2>&1 |
		grep -q '; fully validated'
}

number() { module zone-stats "$1" | sed -n "s/.*mod-opendnssec\.$2 = //p"; }

# The token vanishes: what is foretold is what happens, and the log counts down by cause, not by zone.
test_token_gone() { # limit 120
	small z z.test 1
	small y y.test 1
	brief
	quick q --kasp kasp.xml --policy brief --zone z.test=z --zone y.test=y
	validate z.test
	within 10 status_says z.test 'state: ok.* lasts: signatures last until 2.*Z, 1[0-9] s; secondaries until 2'
	expect '2 zones, signatures last until 2.* at least, .* of [yz]\.test\.' module status
	expect 'soa-expire = 604800' knot zone-stats z.test mod-opendnssec
	hide SoftHSM
	within 30 status_says z.test '^\[z\.test\.\] state: expiring: signatures last until .*, [0-9] s are left: .*SoftHSM'
	local until owner type first now
	until=$(number z.test signatures-until)
	[ "$(counter z.test signatures-until)" = "$until" ] || fail "knotd has another number"
	[ "$(number z.test alarm-at)" = $((until - 4)) ] || fail "the alarm: $(number z.test alarm-at), $until"
	read -r first owner type <<<"$(first_expiry z.test)"
	[ "$first" = "$until" ] || fail "foretold $until, but $owner $type expires at $first"
	secure "$owner" "$type" z.test || fail "it has expired early"
	while secure "$owner" "$type" z.test; do sleep 0.1; done
	now=$(date +%s)
	[ $((now - until)) -ge -1 ] && [ $((now - until)) -le 2 ] ||
		fail "foretold $until, but it fails at $now"
	within 10 status_says z.test '^\[z\.test\.\] state: expired: signatures lasted until'
	within 10 module_says '2 zones, 2 are expiring'
	within 10 says q/knotd.log 'expired.*signatures lasted until'
	says q/knotd.log 'zone [yz]\.test, expiring.*are left: .*SoftHSM' || fail "the log"
	# One line for each state of a zone; knotd's own say "expires in".
	[ "$(grep -cE ', expir(ing|ed)' q/knotd.log)" -le 4 ] || fail "$(grep ', expir' q/knotd.log)"
	show SoftHSM
	module zone-keys-load
	within 60 status_says z.test 'state: ok'
	within 60 status_says y.test 'state: ok'
	within 20 says q/knotd.log 'no zone is expiring any more'
	validate z.test
}

# What knotd refuses is made anew for ever, while what it serves comes to its end: that is foretold.
test_refused_lasts() { # limit 90
	small z z.test 1
	brief
	quick q --kasp kasp.xml --policy brief --zone z.test=z
	sed -i -e 's/^  - domain: .*/&\n    zone-max-size: 4000/' q/knot.conf
	knot reload
	local i records=()
	for ((i = 0; i < 20; i++)); do
		records+=("long-name-of-a-host-$i A 192.0.2.1")
	done
	small z z.test 2 "${records[@]}"
	module zone-reload z.test
	within 30 status_says z.test 'state: held: refused'
	local until
	until=$(number z.test signatures-until)
	restart_knotd
	within 30 status_says z.test 'state: expir.*: held: refused'
	[ "$(number z.test signatures-until)" = "$until" ] || fail "foretold $until, then $(number z.test signatures-until)"
}

# The operator's check says no to all versions: what is served comes to its end, and the check is the cause.
test_check_lasts() {
	small z z.test 1
	brief
	quick q --kasp kasp.xml --policy brief --zone z.test=z
	printf '%s\n' '#!/bin/sh' 'cat >/dev/null' 'exit 1' >no
	chmod +x no
	sed -i "s|^    policy: .*|&\n    publish-check: $work/no|" q/knot.conf
	knot reload
	within 30 status_says z.test '^\[z\.test\.\] state: expiring: signatures last until .*, [0-9] s are left: held: check: '
	local first
	read -r first _ <<<"$(first_expiry z.test)"
	[ "$(number z.test signatures-until)" = "$first" ] || fail "foretold $(number z.test signatures-until), it is $first"
	within 10 says q/knotd.log 'zone z.test, expiring: signatures last until .* are left: held: check'
}

# The clock goes on for days, over restarts, while the token is away.
test_days() { # limit 90
	small z z.test 1
	policy default days "$FORTNIGHT" | kasp kasp.xml
	quick q --kasp kasp.xml --policy days --zone z.test=z
	local until
	until=$(number z.test signatures-until)
	[ $((until - $(date +%s))) -gt $((13 * 86400)) ] || fail "$until"
	stop_pid "$(cat q/run/ods-engine.pid)"
	hide SoftHSM
	later '+11d'
	within 10 status_says z.test '^\[z\.test\.\] state: key tag .*SoftHSM.* lasts: signatures last until .*Z, 2 d'
	later '+13d'
	within 10 status_says z.test '^\[z\.test\.\] state: expiring: .*, 23 h .* are left: key tag .*SoftHSM'
	later '+15d'
	within 10 status_says z.test '^\[z\.test\.\] state: expired: '
	show SoftHSM
	module zone-keys-load z.test
	within 30 status_says z.test 'state: ok'
}
later() {
	gone "$(cat "$D/run/knotd.pid")" || stop_pid "$(cat "$D/run/knotd.pid")"
	printf '%s\n' '#!/bin/bash' "export FAKETIME='$1' FAKETIME_DONT_FAKE_MONOTONIC=1" \
		'export LD_PRELOAD=$(echo /usr/lib/*/faketime/libfaketimeMT.so.1)' \
		'exec knotd "$@"' >"$work/knotd.later"
	chmod +x "$work/knotd.later"
	KNOTD=$work/knotd.later start_knotd
}

# ---- tokens, as they are

# A token that nobody uses, and one that hangs: what was last tried, when, and what came of it.
test_token_status() { # limit 120
	export SHIM_MODULE=$work/shimmed.so SHIM_CONTROL=$work/orders
	: >"$SHIM_CONTROL"
	small z z.test 1
	split KSK
	quick q --kasp kasp.xml --policy split --zone z.test=z
	local library shim=$BUILD_DIR/tests/shim/shim.so
	library=$(sed -n 's|.*<Module>\(.*\)</Module>.*|\1|p' q/conf.xml | head -n 1)
	cp "$library" "$SHIM_MODULE"
	sed -i "/<Repository name=\"SoftHSM\">/,/<\/Repository>/s|<Module>.*<|<Module>$shim<|" q/conf.xml
	engine reload
	knot reload
	module zone-sign z.test
	within 30 omnipresent z.test 2
	local token
	for token in SoftHSM Vault; do
		within 20 module_says "token $token: works, (signed|answered) at 20[^,]*Z"
		within 20 engine_status_says "token $token: works, answered at 20"
	done
	hide Vault
	within 30 module_says 'token Vault: does not work since 20.*Z, was asked at 20.*Z: .*no token labelled'
	within 30 engine_status_says 'token Vault: does not work since 20.*Z, was asked at 20.*Z: .*no token labelled'
	within 10 status_says z.test 'state: ok'
	printf 'hang C_Sign\n' >"$SHIM_CONTROL"
	small z z.test 2 'new A 192.0.2.2'
	module zone-reload z.test
	within 30 module_says 'token SoftHSM: has not answered since 20.*it hangs'
	: >"$SHIM_CONTROL"
	within 20 answers new.z.test A 192.0.2.2
	show Vault
	within 30 module_says 'token Vault: works'
	within 40 engine_status_says 'token Vault: works'
}
engine_status_says() { engine status | grep -E -- "$1"; }

# ---- a key that is away

update() { printf '%s\n' "server 127.0.0.1 $PORT" 'zone z.test' "update add $1 300 A $2" send | knsupdate; }
# omnipresent ZONE N: so many DNSKEYs are in all caches.
omnipresent() { [ "$(module zone-status "$1" | grep -o 'DNSKEY omnipresent,' | wc -l)" = "$2" ]; }
dnskeys() { [ "$(ask +short z.test DNSKEY | wc -l)" = "$1" ]; }

# The KSK's token vanishes while knotd runs: what it has signed stays, all else is signed anew.
test_ksk_vanishes() {
	small z z.test 1
	split KSK
	quick q --kasp kasp.xml --policy split --zone z.test=z
	vault_alone
	local before
	before=$(serial z.test)
	hide Vault
	module zone-sign z.test
	within 30 serial_differs z.test "$before"
	within 10 status_says z.test '^\[z\.test\.\] state: key tag .*Vault.*signed on without this key.* lasts: '
	validate z.test
	show Vault
	within 60 status_says z.test 'state: ok'
	validate z.test
}

# A new DNSKEY waits for the KSK alone: updates and the file's changes go on, over a restart of knotd.
test_dnskey_change_waits() { # short, limit 120
	small z z.test 1
	split KSK
	quick q --kasp kasp.xml --policy split --zone z.test=z
	vault_alone
	allow_updates z.test
	validate z.test
	within 30 omnipresent z.test 2
	hide Vault
	engine zone-key-rollover z.test zsk
	within 60 status_says z.test '^\[z\.test\.\] state: key tag .*signed on without this key, with the key set of before'
	update one.z.test 192.0.2.7
	within 20 answers one.z.test A 192.0.2.7
	restart_knotd
	update two.z.test 192.0.2.8
	within 20 answers two.z.test A 192.0.2.8
	within 10 status_says z.test 'state: key tag .*signed on without this key, with the key set of before'
	small z z.test 5 'three A 192.0.2.9'
	module zone-reload z.test
	within 20 answers three.z.test A 192.0.2.9
	dnskeys 2 || fail "the DNSKEY RRset has changed"
	validate z.test
	show Vault
	within 60 dnskeys 3
	within 30 status_says z.test 'state: ok'
	validate z.test
}

# Without the KSK the zone lasts as long as its signature over the DNSKEY RRset, though all else is refreshed.
test_ksk_away_lasts() {
	small z z.test 1
	brief '/<KSK>/,/<\/KSK>/s|<Repository>SoftHSM|<Repository>Vault|'
	quick q --kasp kasp.xml --policy brief --zone z.test=z
	hide Vault
	within 30 status_says z.test '^\[z\.test\.\] state: expiring: signatures last until .*, [0-9] s are left: key tag .*Vault.*signed on without this key, but bogus when'
	[ "$(number z.test signatures-until)" = "$(expires DNSKEY)" ] || fail "$(number z.test signatures-until), DNSKEY $(expires DNSKEY)"
	[ "$(expires SOA)" -gt "$(expires DNSKEY)" ] || fail "the SOA is not refreshed"
	validate z.test
}
expires() {
	local when
	when=$(ask z.test "$1" +dnssec +noall +answer | awk -v t="$1" '$4 == "RRSIG" && $5 == t { print $9 }')
	date -u -d "${when:0:8} ${when:8:2}:${when:10:2}:${when:12:2}" +%s
}

# The ZSK is away: changes wait, what is served stays good, and the first line says what is missing.
test_zsk_away() {
	small z z.test 1
	split ZSK
	quick q --kasp kasp.xml --policy split --zone z.test=z
	vault_alone
	hide Vault
	restart_knotd
	small z z.test 2 'new A 192.0.2.2'
	module zone-reload z.test
	within 10 status_says z.test '^\[z\.test\.\] state: key tag .*Vault.* lasts: signatures last until'
	answers new.z.test A '' || fail "a change is public"
	validate z.test
	show Vault
	within 60 answers new.z.test A 192.0.2.2
	validate z.test
}

# The ZSK that is to sign from now on is away: the one of before signs on, over a restart of knotd.
test_new_zsk_away() { # limit 120
	small z z.test 1
	split none
	# a policy that no zone has: the token is made for it
	{ sed '/<\/KASP>/d' kasp.xml; policy default other 's|>SoftHSM|>Vault|'; echo '</KASP>'; } >both.xml
	quick q --kasp both.xml --policy split --zone z.test=z
	vault_alone
	allow_updates z.test
	within 30 omnipresent z.test 2
	sed -i '/<ZSK>/,/<\/ZSK>/s|<Repository>SoftHSM|<Repository>Vault|' q/kasp.xml
	engine reload
	within 30 status_says z.test 'zsk, algorithm 13, Vault.*RRSIG hidden'
	hide Vault
	within 30 status_says z.test '^\[z\.test\.\] state: key tag .*Vault.*with the key set of before: bring'
	update one.z.test 192.0.2.7
	within 20 answers one.z.test A 192.0.2.7
	restart_knotd
	update two.z.test 192.0.2.8
	within 20 answers two.z.test A 192.0.2.8
	validate z.test
	show Vault
	within 60 status_says z.test 'state: ok'
	validate z.test
}

# One algorithm's keys are away: no version is signed by the other one alone.
test_algorithm_away() {
	small z z.test 1
	two_algorithms | kasp kasp.xml
	quick q --kasp kasp.xml --policy two --zone z.test=z
	vault_alone
	validate z.test
	hide Vault
	restart_knotd
	small z z.test 2 'new A 192.0.2.2'
	module zone-reload z.test
	within 10 status_says z.test '^\[z\.test\.\] state: key tag .*Vault'
	answers new.z.test A '' || fail "a change is public"
	validate z.test
	show Vault
	within 60 answers new.z.test A 192.0.2.2
	validate z.test
}
# two_algorithms: a policy named two; the keys of the second algorithm are in Vault.
two_algorithms() {
	policy default two | awk '
		/<KSK>/ { keys = 1 }
		keys { text = text $0 "\n" }
		/<\/ZSK>/ {
			keys = 0
			print
			gsub(">13<", ">15<", text)
			gsub("SoftHSM", "Vault", text)
			printf "%s", text
			next
		}
		{ print }'
}

# A key that is published and signs nothing holds nothing up, though its pair is gone.
test_idle_key_dead() {
	small z z.test 1
	split none
	quick q --kasp kasp.xml --policy split --zone z.test=z
	within 30 omnipresent z.test 2
	pairs >before
	sed -i 's|<PublishSafety>PT1S|<PublishSafety>P1D|' q/kasp.xml
	engine reload
	engine zone-key-rollover z.test zsk
	within 60 dnskeys 3
	validate z.test
	local id
	id=$(pairs | comm -13 before -)
	"$BUILD_DIR/ods-hsm" -fy -c q/conf.xml remove SoftHSM "$id"
	restart_knotd
	small z z.test 2 'new A 192.0.2.2'
	module zone-reload z.test
	within 20 answers new.z.test A 192.0.2.2
	local before
	before=$(serial z.test)
	module zone-sign z.test
	within 20 serial_differs z.test "$before"
	within 10 status_says z.test 'state: ok'
	validate z.test
}
pairs() { "$BUILD_DIR/ods-hsm" -c q/conf.xml list | grep -oE '\<[0-9a-f]{32}\>' | sort; }

# ---- an older copy of the store has older signatures

# older_store OFFSET: a copy of the store is kept, all is signed with that clock, and the copy is put back; the
# servers are down then. File "served" has the first expiry of what knotd serves, $before its serial.
older_store() {
	stop_pid "$(cat "$D/run/ods-engine.pid")"
	stop_pid "$(cat "$D/run/knotd.pid")"
	cp -r "$D/store" older
	later "$1"
	module zone-sign z.test
	within 200 good_until "$(date -d "${1}ays +13 days" +%s)"
	sleep 2 # The last version is there.
	first_expiry z.test >served
	before=$(serial z.test)
	stop_pid "$(cat "$D/run/knotd.pid")"
	rm -r "$D/store"
	mv older "$D/store"
}
# good_until SECONDS: all that knotd serves.
good_until() {
	local first
	read -r first _ <<<"$(first_expiry z.test)"
	[ "$first" -ge "$1" ]
}

# The KSK is away, and the store has an older signature of it that is about to expire: what knotd serves stays.
test_older_signature() { # limit 90
	small z z.test 1
	split KSK "$FORTNIGHT"
	quick q --kasp kasp.xml --policy split --zone z.test=z
	vault_alone
	older_store +12d
	hide Vault
	local day
	small z z.test 2 'new A 192.0.2.9'
	later +13d
	within 30 status_says z.test '^\[z\.test\.\] state: held: time: the first signature of serial .* expires 2.*; those that knotd serves are good until .*key tag .*Vault.*since 2'
	day=$(date -u -d "@$(cut -d' ' -f1 served)" +%Y-%m-%dT%H)
	status_says z.test "knotd serves are good until $day.* lasts: signatures last until $day" ||
		fail "not foretold: $(cat served)"
	sleep 2
	[ "$(serial z.test)" = "$before" ] || fail "it is served"
	good_until "$(cut -d' ' -f1 served)" || fail "worse is served"
	# over a restart, too
	later +13d
	within 10 status_says z.test 'state: held: time'
	knot zone-retransfer z.test
	sleep 2
	[ "$(serial z.test)" = "$before" ] || fail "it is served after a restart"
	show Vault
	module zone-keys-load z.test
	within 30 answers new.z.test A 192.0.2.9
	within 10 status_says z.test 'state: ok'
	good_until "$(date -d '+26days' +%s)" || fail "not signed anew"
}

# All of a large zone's signatures in the store have expired: those that knotd serves stay until all is anew.
long_older_signatures() { # limit 400
	"$e2e/genzone.py" host 21000 z.test >z
	policy default days "$FORTNIGHT" | kasp kasp.xml
	quick q --kasp kasp.xml --policy days --zone z.test=z
	sed -i 's/dnssec-validation: on/dnssec-validation: off/' q/knot.conf
	older_store +12d
	local now
	later +17d
	within 200 serial_differs z.test "$before"
	now=$(date -d '+17days' +%s)
	good_until "$now" || fail "a signature that has expired is served: $(first_expiry z.test), it is $now"
	says q/knotd.log 'held: time: ' || fail "the zone was signed in one version: the test tests nothing"
	within 60 status_says z.test 'state: ok'
}
