# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: mod-opendnssec developers
#
# The rule chain of the last gate: whatever is lost or restored, validators can follow from what
# they hold, and from the parent's DS, to what is published.

# The two commands by which the policy engine learns what there is.
test_commands() { # limit 60
	small z c.test 1
	quick d --zone c.test=z
	# in everyday life, and over a restart, the module has nothing to ask
	restart_knotd
	small z c.test 2 'new A 192.0.2.9'
	within 10 answers new.c.test A 192.0.2.9
	does_not_say d/knotd.log zone-read
	engine_asks zone-keyset-read c.test >got
	says got '^keyset: keyset 4' || fail "$(cat got)"
	says got '^policy default$' || fail "$(cat got)"
	engine_asks zone-served c.test >got
	[ "$(served serial)" = "$(serial c.test)" ] || fail "serial: $(cat got)"
	[ "$(served dnskey | sort)" = "$(ask +short +tcp +crypto c.test DNSKEY | sort)" ] ||
		fail "dnskey: $(cat got)"
	[ "$(served signer)" = "$(ask +short +dnssec c.test SOA | awk '
		$1 == "SOA" { base64 = ""; for (i = 9; i <= NF; i++) { base64 = base64 $i } print $2, $7, base64 }')" ] ||
		fail "signer: $(cat got)"
	[ "$(served soa-ttl)" = 3600 ] && [ "$(served dnskey-ttl)" = 3600 ] || fail "$(cat got)"
	ask +short +dnssec c.test SOA +tcp >signatures
	ask +short +dnssec c.test DNSKEY +tcp >>signatures
	local first
	first=$(awk '$2 ~ /^[0-9]+$/ && NF > 8 { print $5 }' signatures | sort | head -n 1)
	[ "$(date -u -d "@$(served expires)" +%Y%m%d%H%M%S)" = "$first" ] || fail "$(cat got) $first"
	expect 'no such zone' engine_asks zone-served other.test
	expect 'no such zone' engine_asks zone-keyset-read other.test
	# knotd serves nothing of a zone that is not signed yet
	stop_pid "$(cat d/run/ods-engine.pid)"
	small y y.test 1
	add_zone y.test "$work/y"
	knot reload
	within 10 module zone-status y.test
	engine_asks zone-served y.test >got
	[ ! -s got ] || fail "$(cat got)"
	expect 'no key set' engine_asks zone-keyset-read y.test
	expect 'a zone has to be named' engine_asks zone-served
}
served() { sed -n "s/^$1: //p" got; }

# ---- a validating resolver asks all the time

# watch_zone ZONE: by an unbound that has the KSK as it is now for its trust anchor, as others have the
# parent's DS.
watch_zone() {
	start_unbound "$1" 'cache-max-ttl: 1' 'cache-max-negative-ttl: 1'
	watched_zone=$1
	"$e2e/resolver-prober.py" "$unbound_port" --rate 20 --pause pause "$1" >resolver.out 2>&1 &
	watcher=$!
	pids+=("$watcher")
	within 10 says resolver.out asking
}

watched() {
	watched_zone=''
	kill -INT "$watcher"
	wait "$watcher" || fail "the resolver: $(cat resolver.out)"
	says resolver.out 'secure' || fail "the resolver: $(cat resolver.out)"
}

# knotd_down, knotd_up: the resolver is not asked meanwhile.
knotd_down() {
	touch pause
	sleep 0.3 # a question on its way
	stop_pid "$(cat "$D/run/knotd.pid")"
}
knotd_up() {
	start_knotd
	[ -z "${watched_zone:-}" ] || within 20 resolves "$watched_zone"
	rm pause
}
knotd_again() {
	knotd_down
	knotd_up
}
stop_both() {
	stop_pid "$(cat "$D/run/ods-engine.pid")"
	knotd_down
}

held() { status_says "$1" "^\[${1//./\\.}\.\] state: held: chain: $2"; }
not_held() { ! status_says "$1" 'chain'; }
fact_chain() { engine_asks zone-facts | grep -x "chain $1" >/dev/null; }

# served_as_before ZONE: the version $before, over two seconds in which another could come.
served_as_before() {
	sleep 2
	[ "$(serial "$1")" = "$before" ] || fail "serial $(serial "$1") after $before"
	signed "$1" || fail "$1 is not signed any more"
}

# Database and store are lost: the engine makes new keys, which nobody knows. What knotd has stays
# served, over a restart, until an operator lets the new keys through.
test_all_lost() { # limit 60
	small z a.test 1
	quick d --zone a.test=z
	local before
	before=$(serial a.test)
	watch_zone a.test
	within 10 fact_chain no
	stop_both
	rm -r d/store d/kasp.db*
	knotd_up
	start_engine
	within 20 held a.test "$(
		)knotd serves keys [0-9KS(), ]+; key set [0-9]+ has keys [0-9KS(), ]+; $(
		)none of the former would sign the zone: resolvers could not verify the zone for up to 3600 s.*$(
		)nothing is published; its first signature expires at 20.*say ods recover a\.test\.; since 20.*$(
		)ods pass a\.test\. chain"
	within 10 fact_chain yes
	expect 'held\[chain\] = 1' knot zone-stats a.test mod-opendnssec
	served_as_before a.test
	small z a.test 2 'new A 192.0.2.9'
	served_as_before a.test
	knotd_again
	within 10 held a.test knotd
	served_as_before a.test
	watched
	[ "$(grep -c 'a\.test, held: chain' d/knotd.log)" -eq 1 ] || fail "the log"
	expect 'can be overridden: chain, shrink' ods pass a.test chian
	[ "$(ods pass a.test chain)" = OK ] || fail "ods pass"
	within 20 answers new.a.test A 192.0.2.9
	within 10 status_says a.test 'state: ok'
	within 10 fact_chain no
	says d/knotd.log 'a\.test, no longer held: chain' || fail "the log's end"
	validate a.test
	# it was let through once
	expect 'holds nothing' ods pass a.test chain
}

# ---- older copies

# Policy "fast", whose waits are over at once; signatures last.
fast() {
	policy default fast 's|<MaxZoneTTL>.*<|<MaxZoneTTL>PT1S<|' 's|<TTL>P[^<]*<|<TTL>PT1S<|' \
		's|<Minimum>.*<|<Minimum>PT1S<|' 's|Safety>P[^<]*<|Safety>PT0S<|' \
		's|<PropagationDelay>.*<|<PropagationDelay>PT0S<|' 's|<InceptionOffset>.*<|<InceptionOffset>PT1S<|'
}

wants_ds() { engine zone-status a.test | grep -E 'give this DS' >/dev/null; }
wants_no_ds() { engine zone-status a.test | grep -E 'have this DS removed' >/dev/null; }
settled() { ! engine zone-status a.test | grep 'next:' >/dev/null; }
ksks() { ask +short +tcp +crypto a.test DNSKEY | grep -c '^257'; }
has_ksks() { [ "$(ksks)" = "$1" ]; }

# roll_ksk: from the first to the last step.
roll_ksk() {
	engine zone-key-rollover a.test ksk
	within 30 wants_ds
	engine zone-ksk-submitted a.test
	within 30 wants_no_ds
	ods ds-gone a.test
	within 30 has_ksks 1
}

# After a rollover of the KSK the store comes back as it was before, without the engine; then the
# engine's database, too; then the right database.
test_older_copies() { # limit 120
	small z a.test 1
	fast | kasp kasp.xml
	quick d --zone a.test=z --kasp kasp.xml --policy fast
	within 30 wants_ds
	engine zone-ksk-submitted a.test
	within 30 settled
	stop_both
	mkdir older newer
	cp -r d/store d/kasp.db* older
	knotd_up
	start_engine
	roll_ksk
	small z a.test 2
	module zone-reload a.test
	does_not_say d/knotd.log 'held: chain'
	local before
	within 10 status_says a.test 'state: ok'
	before=$(serial a.test)
	watch_zone a.test

	stop_both
	cp d/kasp.db* newer
	rm -r d/store
	cp -r older/store d
	knotd_up
	# it is seen at once, though nothing is to be signed
	within 20 held a.test "$(
		)knotd serves keys .*, which may have the DS, would not sign the keys: .*nothing is published"
	small z a.test 3 'new A 192.0.2.9'
	served_as_before a.test
	# what the store has is not for knotd, and what knotd has does not expire
	: >d/knotd.log
	knot zone-refresh a.test
	within 10 says d/knotd.log 'zone is up-to-date'
	knot zone-retransfer a.test
	served_as_before a.test

	rm d/kasp.db*
	cp older/kasp.db* d
	start_engine
	sleep 1
	served_as_before a.test
	held a.test knotd || fail "it is not held any more"
	stop_pid "$(cat d/run/ods-engine.pid)"

	# a key set that does not fit either is what the text is about, while that of before is held, too
	local revision
	revision=$(engine_asks zone-keyset-read a.test | sed -n 's/^revision //p')
	: >d/knotd.log
	key_set a.test '/^key$/,$d; s/^passthrough no/passthrough yes/'
	within 10 held a.test '.*by key set [0-9]+ the zone is unsigned; none of the former'
	served_as_before a.test
	[ "$(grep -c 'held: chain' d/knotd.log)" -eq 1 ] || fail "the log"

	rm d/kasp.db*
	cp newer/kasp.db* d
	start_engine
	within 20 answers new.a.test A 192.0.2.9
	within 10 status_says a.test 'state: ok'
	within 10 not_held a.test
	watched
	validate a.test
}

# ---- what the parent has

# key_set ZONE SED-EXPRESSION...: sends the key set of that zone as the next one of a.test, changed.
key_set() {
	local zone=$1 e=() text
	shift
	for expression in "$@"; do
		e+=(-e "$expression")
	done
	revision=$((revision + 1))
	text=$(engine_asks zone-keyset-read "$zone" | sed 's/^keyset: //' |
		sed "${e[@]}" -e "s/^revision .*/revision $revision/")
	engine_asks zone-keyset a.test "$text" ||
		fail "the key set is not taken"
}

# Keys that nobody knows, though the store is as it was: the zone is signed on with those of before,
# over a restart, too.
test_other_keys() { # limit 60
	small z a.test 1
	small y y.test 1
	quick d --zone a.test=z --zone y.test=y
	local keys revision=99
	keys=$(ask +short +tcp a.test DNSKEY | sort)
	watch_zone a.test
	stop_pid "$(cat d/run/ods-engine.pid)"
	key_set y.test
	within 20 held a.test "knotd serves keys .*key set 100 has .*none of the former would sign .*$(
		)signed on with key set [12]; say"
	within 10 fact_chain yes
	small z a.test 2 'new A 192.0.2.9'
	within 10 answers new.a.test A 192.0.2.9
	knotd_again
	small z a.test 3 'newer A 192.0.2.9'
	within 10 answers newer.a.test A 192.0.2.9
	held a.test '.*signed on with key set [12]; ' || fail "it is not held any more"
	[ "$(ask +short +tcp a.test DNSKEY | sort)" = "$keys" ] || fail "the keys have changed"
	[ "$(grep -c 'a\.test, held: chain' d/knotd.log)" -eq 1 ] || fail "the log"
	watched
	[ "$(ods pass a.test chain)" = OK ] || fail "ods pass"
	within 10 keys_differ "$keys"
	within 10 status_says a.test 'state: ok'
	knotd_again
	small z a.test 4 'newest A 192.0.2.9'
	within 10 answers newest.a.test A 192.0.2.9
	validate a.test
}
keys_differ() { [ "$(ask +short +tcp a.test DNSKEY | sort)" != "$1" ]; }

# A key set that has no key for the parent's DS; the zone would be unsigned. It is signed on, over a
# restart, until the parent has no DS.
test_parent_ds() { # limit 60
	small z a.test 1
	quick d --zone a.test=z
	watch_zone a.test
	stop_pid "$(cat d/run/ods-engine.pid)"
	local ds unsigned revision=99
	ds=$(ask +short +tcp +crypto a.test DNSKEY | grep ^257 | sed 's/^/a.test. 1 IN DNSKEY /' |
		dnssec-dsfromkey -2 -f - a.test | awk '{ print $4, $5, $6, tolower($7 $8) }')
	unsigned='/^key$/,$d; s/^passthrough no/passthrough yes/'
	key_set a.test "s/^ds .*/ds $ds/; s/^ds-seen .*/ds-seen $(date +%s)/" "$unsigned"
	within 10 held a.test "the parent has a DS of ${ds%% *}; by key set [0-9]+ the zone is unsigned; no DS $(
		)leads to a key .*signed on with key set [12]; say ods recover"
	small z a.test 2 'new A 192.0.2.9'
	within 10 answers new.a.test A 192.0.2.9
	knotd_again
	small z a.test 3 'newer A 192.0.2.9'
	within 10 answers newer.a.test A 192.0.2.9
	held a.test 'the parent' || fail "it is not held any more"
	validate a.test
	watched
	sed -i 's/dnssec-validation: on/dnssec-validation: off/' d/knot.conf
	knot reload
	key_set a.test "s/^ds .*/ds /; s/^ds-seen .*/ds-seen $(date +%s)/"
	within 10 not_signed a.test
	within 10 status_says a.test 'state: ok'
}
not_signed() { [ -n "$(serial "$1")" ] && ! signed "$1"; }

# ---- a zone of another signer

# a.test as another signer has signed it; then it is ours, without the other one's keys.
begin_other_signer() {
	local ksk zsk
	small y y.test 1
	quick d --zone y.test=y
	small a.raw a.test 5
	zsk=$(ldns-keygen -a ECDSAP256SHA256 a.test)
	ksk=$(ldns-keygen -k -a ECDSAP256SHA256 a.test)
	ldns-signzone -f a -o a.test a.raw "$zsk" "$ksk"
	sed -i 's/^zone:/  - id: plain\n    zonefile-load: whole\n    journal-content: all\n\n&/' d/knot.conf
	printf '  - domain: a.test\n    file: "%s"\n    template: plain\n' "$work/a" >>d/knot.conf
	knot reload
	within 10 signed a.test
	before=$(serial a.test)
}
end_other_signer() {
	mv a.raw a
	sed -i '/template: plain/d' d/knot.conf
	knot reload
	within 20 held a.test "knotd serves keys .*none of the former would sign the zone"
}

# knotd serves a zone that others have signed; now it is to be signed here, with keys of its own.
test_other_signer() { # limit 60
	local before
	begin_other_signer
	watch_zone a.test
	end_other_signer
	served_as_before a.test
	knotd_again
	within 20 held a.test "knotd serves keys .*none of the former would sign the zone"
	served_as_before a.test
	watched
	[ "$(ods pass a.test chain)" = OK ] || fail "ods pass"
	within 20 serial_differs a.test "$before"
	within 10 status_says a.test 'state: ok'
	validate a.test
}

# A knotd that never says what it serves, or loads for longer than anybody waits: what is held stays so.
test_held_unasked() { # limit 240
	local before
	begin_other_signer
	end_other_signer
	stop_pid "$(cat d/run/knotd.pid)"
	"${KNOTD:-knotd}" -c "$work/d/knot.conf" -s "$work/elsewhere.sock" >>d/knotd.log 2>&1 </dev/null &
	echo $! >d/run/knotd.pid
	within 90 says d/knotd.log 'a\.test, knotd has not said for 60 s which serial it serves'
	sleep 10
	held a.test "knotd serves keys .*none of the former would sign the zone" || fail "$(module zone-status a.test)"
	knotc -s "$work/elsewhere.sock" zone-refresh a.test
	sleep 3
	[ "$(serial a.test)" = "$before" ] || fail 'the zone is replaced'
}
