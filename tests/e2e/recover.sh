# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: mod-opendnssec developers
#
# The engine's memory is lost, or an older copy: it is rebuilt from what is left.

ods() { "$BUILD_DIR/ods" -c "$D/conf.xml" "$@"; }
engine_says() { engine zone-status "$1" >status.out 2>&1; grep -E -- "$2" status.out >/dev/null; }
engine_log_says() { says "$D/ods-engine.log" "$1"; }

# A zone of a policy whose waits are seconds.
start_zone() {
	small z r.test 1
	sed -i 's/TTL 300/TTL 2/; s/ 300$/ 2/' z
	policy lab quick 's/<TTL>PT10S/<TTL>PT2S/; s/<Minimum>PT10S/<Minimum>PT2S/' \
		's/PT5S/PT1S/; s/<MaxZoneTTL>PT1M/<MaxZoneTTL>PT2S/; s/PT1[05]M<.Lifetime/P1Y<\/Lifetime/' \
		's/<NSEC\/>/<NSEC3><Resalt>P100D<\/Resalt><Hash><Algorithm>1<\/Algorithm><Iterations>0<\/Iterations><Salt length="8"\/><\/Hash><\/NSEC3>/' |
		sed 's/<Purge>PT10M/<Purge>PT1S/' | kasp kasp.xml
	quick d --kasp "$work/kasp.xml" --policy quick --zone r.test=z
}

# What the engine knows of the keys, without what changes by itself.
keys_of() { ods -j keys "$1" | python3 -c 'import json, sys
for key in sorted(json.load(sys.stdin), key=lambda key: key["keytag"]):
    print(*(key[name] for name in ("role", "keytag", "bits", "goal", "ds", "dnskey", "rrsig-dnskey",
                                   "rrsig", "repository", "cka-id", "inception")))'; }
ksk() { keys_of r.test | awk '$1 == "ksk" && $4 == "in" { print $2 }'; }
ksk_differs() { local tag; tag=$(ksk) && [ -n "$tag" ] && [ "$tag" != "$1" ]; }
only_ksk() { [ "$(keys_of r.test | awk '$1 == "ksk" { print $2 }')" = "$1" ]; }
unused_pairs() { [ "$(ods -j backup list | grep -c '"zones": "0"')" -ge "$1" ]; }
stop_engine() { stop_pid "$(cat "$D/run/ods-engine.pid")"; }
settle() {
	within 40 engine_says r.test 'give this DS'
	engine zone-ksk-submitted r.test
	within 40 engine_says r.test '[^:] DS omnipresent, '
}
# new_ksk: a whole rollover; a person says what happens at the parent.
new_ksk() {
	local old
	old=$(ksk)
	engine zone-key-rollover r.test ksk
	within 20 ksk_differs "$old"
	within 40 engine_says r.test 'give this DS'
	engine zone-ksk-submitted r.test
	within 40 engine_says r.test "$old: have this DS removed"
	ods ds-gone r.test
	within 60 only_ksk "$(ksk)"
}

# The database alone is lost: the engine learns all from the module, and goes on.
test_database_lost() { # limit 120
	start_zone
	settle
	probe r.test
	keys_of r.test >before
	stop_engine
	rm "$D"/kasp.db*
	start_engine
	within 20 engine_log_says '\[r\.test\.\] the database did not know .* keys and their states are learnt'
	within 20 engine_says r.test 'keyset: '
	keys_of r.test >after
	diff before after || fail "other keys are known"
	does_not_say "$D/ods-engine.log" 'begin anew'
	new_ksk
	does_not_say status.out 'problem:'
	validate r.test
	probe_end
}

# An older copy of the database, from before a KSK rollover: what came since is learnt, and the keys
# of it are still in the token.
test_database_older() { # limit 180
	start_zone
	settle
	ods generate quick 2
	within 20 unused_pairs 4
	stop_engine
	cp "$D/kasp.db" older.db
	start_engine
	probe r.test
	local old
	old=$(ksk)
	new_ksk
	within 20 engine_log_says "removed key"
	keys_of r.test >before
	stop_engine
	rm "$D"/kasp.db*
	cp older.db "$D/kasp.db"
	start_engine
	within 20 engine_log_says 'the database is an older copy'
	within 20 engine_log_says '\[r\.test\.\] the database did not know .* are learnt'
	within 20 only_ksk "$(awk '$1 == "ksk" { print $2 }' before)"
	keys_of r.test >after
	diff before after || fail "other keys are known"
	[ "$(ksk)" != "$old" ] || fail "the old KSK is back"
	local before
	before=$(serial r.test)
	module zone-sign r.test
	within 20 serial_differs r.test "$before"
	new_ksk
	validate r.test
	probe_end
}

# start_parent: "test." on a knotd of its own, which the engine asks.
start_parent() {
	parent_port=$(free_port)
	mkdir -p parent
	{
		# shellcheck disable=SC2016
		printf '$ORIGIN test.\n$TTL 2\n@ SOA ns1 host 1 3600 900 604800 2\n@ NS ns1\nns1 A 127.0.0.1\n'
		printf '%s\n' "$@"
	} >parent/test.zone
	another_knotd parent "127.0.0.1@$parent_port" <<-EOT
	zone:
	  - domain: test
	    file: test.zone
	EOT
}
at_parent() { knotc -s "$work/parent/knot.sock" "$@" >>parent.out; }
# parent_has RECORD...: in place of all DS.
parent_has() {
	at_parent zone-begin test.
	at_parent zone-unset test. r DS || true
	for record in "$@"; do
		at_parent zone-set test. r 2 DS $record
	done
	at_parent zone-commit test.
}
# watch_parent PORT: has the engine ask the parent there.
watch_parent() {
	sed -i "s|</Enforcer>|<ParentCheck><Interval>PT1S</Interval><Recheck>PT1S</Recheck>$(
		)<Parent name=\"test\"><Server>127.0.0.1@$1</Server></Parent></ParentCheck>&|" "$D/conf.xml"
}
engine_asks() { "$BUILD_DIR/tests/unit/control-ask" "$MODULE_SOCKET" "$@"; }
keyset_says() { engine_asks zone-keyset-read "$1" >keyset.out && grep -E -- "$2" keyset.out >/dev/null; }

# Without any memory of a zone, the parent is asked before the first key set.
test_parent_first() { # limit 90
	local digest=00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff
	small z r.test 1
	small o o.test 1
	small s s.test 1
	quick d --zone o.test=o
	start_parent 'r NS ns' 's NS ns' "s DS 4711 13 2 $digest"
	stop_pid "$another"
	watch_parent "$parent_port"
	engine reload
	add_zone r.test "$work/z"
	add_zone s.test "$work/s"
	knot reload
	within 20 engine_says r.test 'problem: asks the parent which DS .*refused; if the parent has none: ods ds-gone r\.test\.'
	within 5 engine_says s.test 'problem: asks the parent which DS'
	expect 'no key set' engine_asks zone-keyset-read r.test
	ods ds-gone r.test
	within 20 keyset_says r.test '^ds-seen [1-9]'
	says keyset.out '^ds $'
	expect 'no key of this zone waits' ods ds-gone r.test
	expect 'no key set' engine_asks zone-keyset-read s.test
	knotd -c parent/knot.conf >>parent/knotd.log 2>&1 &
	pids+=($!)
	within 20 keyset_says s.test "^ds 4711 13 2 $digest\$"
	says keyset.out '^ds-seen [1-9]'
	# one that the parent does not know at all
	small n n.test 1
	add_zone n.test "$work/n"
	knot reload
	within 20 keyset_says n.test '^ds-seen 0$'
	validate n.test
}
