# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: mod-opendnssec developers
#
# The engine's memory is lost, or an older copy: it is rebuilt from what is left.

recover() { ods recover "$@"; }
engine_log_says() { says "$D/ods-engine.log" "$1"; }

# A zone of a policy whose waits are seconds.
start_zone() {
	hasty z r.test
	hasty_policy PT1S \
		's/<NSEC\/>/<NSEC3><Resalt>P100D<\/Resalt><Hash><Algorithm>1<\/Algorithm><Iterations>0<\/Iterations><Salt length="8"\/><\/Hash><\/NSEC3>/'
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
# While knotd is down, nobody asks.
stop_both() {
	[ -z "$watcher" ] || kill -STOP "$watcher"
	stop_engine
	stop_pid "$(cat "$D/run/knotd.pid")"
}
start_both() {
	start_knotd
	[ -z "$watcher" ] || kill -CONT "$watcher"
	start_engine
}
watcher=
# watch_zone ZONE: a validating resolver is asked all the time until watched.
watch_zone() {
	start_unbound "$1"
	"$e2e/resolver-prober.py" "$unbound_port" --rate 20 "$1" >resolver.out 2>&1 &
	watcher=$!
	pids+=("$watcher")
	sleep 1 # so that it has begun before knotd goes down
}
watched() {
	kill -INT "$watcher"
	wait "$watcher" || fail "the resolver: $(cat resolver.out)"
	cat resolver.out
}
zsks() { keys_of r.test | awk '$1 == "zsk" { print $2 }'; }
only_another_zsk() { local tag; tag=$(zsks) && [ "$(wc -w <<<"$tag")" = 1 ] && [ "$tag" != "$1" ]; }
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
# watch_parent PORT: has the engine ask the parent there.
watch_parent() {
	sed -i "s|</Enforcer>|<ParentCheck><Interval>PT1S</Interval><Recheck>PT1S</Recheck>$(
		)<Parent name=\"test\"><Server>127.0.0.1@$1</Server></Parent></ParentCheck>&|" "$D/conf.xml"
}
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

# Database and store are lost, with all that they knew. Token and knotd's journal are there: the keys
# come back, and no validator notices.
test_all_lost() { # limit 150
	start_zone
	settle
	local key zsk
	key=$(ksk)
	zsk=$(zsks)
	keys_of r.test | awk '{ print $2, $10 }' >before
	watch_zone r.test
	stop_both
	rm -r "$D"/kasp.db* "$D/store"
	start_both
	within 20 engine_says r.test 'problem: the signer holds key set .*ods recover r\.test\.'
	within 20 status_says r.test 'held: chain.*ods recover r\.test\.'
	recover -n r.test >plan 2>&1 || fail "recover -n: $(cat plan)"
	says plan '^r\.test\.$'
	says plan "known +knotd serves ksk $key, .*signs DNSKEY; its key pair is in repository SoftHSM, CKA_ID "
	says plan "known +knotd serves zsk $zsk, .*signs the zone; its key pair is in repository SoftHSM"
	says plan 'known +the parent was not asked'
	says plan "does +ksk $key comes back"
	[ "$(recover -n -j | python3 -c 'import json, sys
print(len({line["zone"] for line in json.load(sys.stdin)}))')" = 1 ] || fail "without a zone"
	expect 'there is no terminal to ask on' recover r.test
	engine_says r.test 'the signer holds key set' || fail "done without a question"
	recover -y >done.out 2>&1 || fail "recover -y: $(cat done.out)"
	says done.out '^Done'
	within 20 status_says r.test 'state: ok'
	keys_of r.test | awk '{ print $2, $10 }' >after
	diff before after || fail "other keys"
	within 20 engine_says r.test 'DS has to be seen at the parent'
	engine zone-ksk-submitted r.test
	within 40 engine_says r.test '[^:] DS omnipresent, DNSKEY omnipresent'
	ods -y rollover --emergency r.test zsk >roll.out
	within 60 only_another_zsk "$zsk"
	expect 'No zone needs it' recover
	expect 'nothing to do' recover -n r.test
	validate r.test
	watched
}

# All was lost and recovered, and a KSK rolled since; then a copy of the database comes back from before
# that, which had counted more key sets: it is the older one all the same.
test_older_than_lost() { # limit 150
	start_zone
	settle
	new_ksk
	stop_engine
	cp "$D/kasp.db" older.db
	start_engine
	stop_both
	rm -r "$D"/kasp.db* "$D/store"
	start_both
	within 20 status_says r.test 'held: chain'
	within 20 engine_says r.test 'problem: the signer holds'
	recover -y r.test >done.out 2>&1 || fail "recover -y: $(cat done.out)"
	within 20 engine_says r.test 'DS has to be seen at the parent'
	engine zone-ksk-submitted r.test
	within 40 engine_says r.test '[^:] DS omnipresent, DNSKEY omnipresent'
	new_ksk
	keys_of r.test >before
	stop_engine
	rm "$D"/kasp.db*
	cp older.db "$D/kasp.db"
	start_engine
	within 20 engine_log_says 'the database is an older copy'
	keys_of r.test >after
	diff before after || fail "other keys are known"
	validate r.test
}

# Older copies of both, from before a KSK rollover.
test_both_older() { # limit 180
	start_zone
	settle
	stop_both
	cp -r "$D/store" older.store
	cp "$D/kasp.db" older.db
	start_both
	new_ksk
	local key
	key=$(ksk)
	watch_zone r.test
	stop_both
	rm -r "$D"/kasp.db* "$D/store"
	cp -r older.store "$D/store"
	cp older.db "$D/kasp.db"
	start_both
	small z r.test 2 'new A 192.0.2.9'
	within 20 status_says r.test 'held: chain'
	within 20 engine_says r.test 'problem: the signer holds'
	recover -y r.test >done.out 2>&1 || fail "recover -y: $(cat done.out)"
	within 20 status_says r.test 'state: ok'
	[ "$(ksk)" = "$key" ] || fail "ksk $(ksk), not $key"
	local before
	before=$(serial r.test)
	module zone-sign r.test
	within 20 serial_differs r.test "$before"
	validate r.test
	watched
}

# The database is lost, and the store is a copy of before two rollovers of the KSK: what the engine learns from it is
# no reason to give the parent a DS that nothing leads to any more.
test_lost_and_older() { # limit 180
	start_zone
	settle
	local old i
	for i in 1 2; do
		old=$(ksk)
		engine zone-key-rollover r.test ksk
		within 40 engine_says r.test 'give this DS'
		if [ "$i" = 1 ]; then
			stop_both
			cp -r "$D/store" older.store
			start_both
		fi
		engine zone-ksk-submitted r.test
		within 40 engine_says r.test "$old: have this DS removed"
		ods ds-gone r.test
		within 60 only_ksk "$(ksk)"
	done
	watch_zone r.test
	stop_both
	rm -r "$D/store" "$D"/kasp.db*
	cp -r older.store "$D/store"
	: >"$D/ods-engine.log"
	start_engine
	keep_knotd_busy
	start_knotd
	kill -CONT "$watcher"
	for i in $(seq 100); do
		! engine_says r.test 'give this DS' || fail "after $i looks: $(cat status.out)"
		sleep 0.1
	done
	expect 'validators would find no way' engine zone-status r.test
	does_not_say "$D/ods-engine.log" "give this DS"
	watched
}
# Whoever wants something of knotd by its control socket has to wait for some seconds, as when it has much to
# do: it serves one client after the other.
keep_knotd_busy() {
	python3 - "$KNOT_SOCKET" <<-'EOT' &
		import socket, sys, time
		until = time.time() + 8
		while time.time() < until:
		    try:
		        with socket.socket(socket.AF_UNIX) as client:
		            client.connect(sys.argv[1])
		            time.sleep(3)
		    except OSError:
		        pass
	EOT
	pids+=($!)
}

# A key that signs what is served is in no token: nothing is done, and it is said until when that is
# safe. The token's backup heals it.
test_key_missing() { # limit 120
	start_zone
	settle
	local zsk
	zsk=$(zsks)
	local id
	id=$(keys_of r.test | awk '$1 == "zsk" { print $10 }')
	stop_both
	cp -r "$D/tokens" tokens.saved
	"$BUILD_DIR/ods-hsm" -c "$D/conf.xml" remove -fy SoftHSM "$id" >remove.out 2>&1 || fail "$(cat remove.out)"
	rm -r "$D"/kasp.db* "$D/store"
	start_both
	within 20 status_says r.test 'held: chain'
	within 20 engine_says r.test 'problem: the signer holds'
	! recover -y r.test >plan 2>&1 || fail "recovered: $(cat plan)"
	says plan "does not dare +key $zsk signs the zone, and its key pair is in no token"
	says plan 'way out +what knotd serves is valid until 20.*restore the token.s backup'
	says plan 'way out +if there is no backup, have the DS removed at the parent by 20.* ods pass r\.test\. chain'
	status_says r.test 'held: chain' || fail "not held any more"
	stop_both
	rm -r "$D/tokens"
	cp -r tokens.saved "$D/tokens"
	start_both
	within 20 engine_says r.test 'problem: the signer holds key set'
	recover -y r.test >done.out 2>&1 || fail "recover -y: $(cat done.out)"
	within 20 status_says r.test 'state: ok'
	[ "$(zsks)" = "$zsk" ] || fail "zsk $(zsks), not $zsk"
	validate r.test
}

# A copy of a running system, put back later: what is newer is learnt.
test_save_restore() { # limit 150
	start_zone
	settle
	probe r.test
	ods save copy >save.out || fail "$(cat save.out)"
	says save.out 'saved in .*/copy: .* key sets of 1 of 1 zones.*2 key pairs'
	[ "$(stat -c %a copy)" = 700 ] || fail "mode of copy"
	[ "$(stat -c %a copy/* | sort -u)" = 600 ] || fail "modes"
	[ "$(ls copy | tr '\n' ' ')" = 'conf.xml kasp.db kasp.xml key-pairs keysets ' ] || fail "$(ls copy)"
	says copy/keysets '^zone r\.test\.$'
	says copy/keysets '^keyset 4$'
	says copy/key-pairs '^SoftHSM [0-9a-f]{32} 13 256 1$'
	expect 'there already' ods save copy
	expect 'not saved: .*No such file' ods save no/such/folder
	expect 'most likely ods-engine: stop it' ods restore -y copy
	new_ksk
	keys_of r.test >before
	stop_engine
	cp -r copy damaged
	dd if=/dev/zero of=damaged/kasp.db bs=1024 seek=8 count=8 conv=notrunc status=none
	expect 'not restored: .*damaged' ods restore -y damaged
	expect 'not restored: .*No such file' ods restore -y nowhere
	# a copy that others could have written would be what the engine believes
	cp -rp copy planted
	chmod o+w planted/kasp.db
	expect 'not restored: .*planted/kasp.db: everybody can write to it' ods restore -y planted
	chmod o-w planted/kasp.db
	chmod o+w planted
	expect 'not restored: planted: everybody can write to it' ods restore -y planted
	cp -rp copy odd
	python3 -c 'import sqlite3
odd = sqlite3.connect("odd/kasp.db")
odd.execute("UPDATE token_key SET cka_id = \"\x1b[31m\" || cka_id")
odd.commit()'
	expect 'none of its .* The first: \?\[31m' ods restore -y odd
	if [ "$(id -u)" -eq 0 ]; then
		chown -R nobody odd
		expect 'not restored: odd: it belongs to a user' ods restore -y odd
		chown nobody "$D/kasp.db"
		expect 'none of its' ods restore -y odd
		chown root "$D/kasp.db"
	fi
	! ls "$D"/kasp.db.* 2>/dev/null || fail "left over"
	sed -i 's/<Purge>PT1S/<Purge>PT2S/' "$D/kasp.xml"
	ods restore -y copy >restore.out || fail "$(cat restore.out)"
	says restore.out '^The copy has 1 zones; the tokens have 1 of their 2 key pairs'
	says restore.out '^The others were removed since'
	says restore.out 'kasp\.xml differs from .*/kasp\.xml'
	does_not_say restore.out 'conf\.xml differs'
	ls "$D"/kasp.db.before-* >/dev/null
	start_engine
	within 20 engine_log_says 'are learnt from it'
	keys_of r.test >after
	diff before after || fail "other keys"
	# the tokens are not those of the copy
	stop_engine
	mv "$D/tokens" tokens.away
	mkdir "$D/tokens"
	expect 'none of its 2 key pairs is in its token; restore the tokens first' ods restore -y copy
	rmdir "$D/tokens"
	mv tokens.away "$D/tokens"
	start_engine
	validate r.test
	probe_end
}

# as_printed SECTION [REGEX]: does what the manual's page says there to type, all of it or what is like that, with
# this test's paths; who is asked says yes.
as_printed() {
	local line
	while read -r line; do
		line=${line//\/var\/lib\/mod-opendnssec/$work}
		echo "manual: $line"
		eval "$line" || fail "as the manual says: $line"
	done < <(awk -v title="$1" '/^-+$/ { on = last == title } { last = $0 }
		on && /^   / && !/^   :/ { sub(/ +# .*/, ""); print }' "$top/doc/recovery.rst" | grep -E "${2:-.}")
}

# The manual's page, as it is printed, when these things are lost.
test_manual() { # limit 120
	start_zone
	settle
	keys_of r.test >before
	# shellcheck disable=SC2317
	systemctl() { "$1_engine"; }
	# shellcheck disable=SC2317
	ods() { "$BUILD_DIR/ods" -c "$D/conf.xml" -y "$@"; }
	as_printed Before 'ods save' >typed
	rm "$D"/kasp.db*
	as_printed "The engine's database" >>typed
	keys_of r.test >after
	diff before after || fail "other keys"
	stop_both
	rm -r "$D"/kasp.db* "$D/store"
	start_both
	within 20 engine_says r.test 'problem: the signer holds'
	as_printed 'Database and store' >>typed
	[ "$(grep -c '^manual: ' typed)" = 7 ] || fail "typed: $(cat typed)"
	says typed '^saved in .*/saved: '
	says typed '^Done\. Start ods-engine'
	says typed '^  does +ksk .* comes back'
	within 20 status_says r.test 'state: ok'
	validate r.test
}

# lose_key ROLE: removes its key pair from the token; $lost is its tag.
lose_key() {
	local id
	id=$(keys_of r.test | awk -v role="$1" '$1 == role { print $10 }')
	lost=$(keys_of r.test | awk -v role="$1" '$1 == role { print $2 }')
	"$BUILD_DIR/ods-hsm" -c "$D/conf.xml" remove -fy SoftHSM "$id"
}

# The key pair of the ZSK is gone for good: a new one takes over, and the KSK signs for it until all
# caches know it. No validator notices.
test_zsk_gone() { # limit 150
	start_zone
	settle
	watch_zone r.test
	lose_key zsk
	module zone-keys-load
	small z r.test 2 'new A 192.0.2.9'
	within 20 status_says r.test 'no private key has the CKA_ID'
	expect 'by its tag' ods key-lost r.test zsk
	expect 'there is no key 1; the zone has' ods key-lost r.test 1
	expect 'there is no terminal' ods key-lost r.test "$lost"
	ods -y key-lost r.test "$lost" >lost.out || fail "$(cat lost.out)"
	says lost.out 'new ZSK, .*comes into use'
	engine_says r.test "zsk: $lost, .*its key pair is gone for good" || fail "the status"
	says lost.out 'the first signature that knotd serves expires'
	within 20 answers new.r.test A 192.0.2.9
	axfr r.test z.axfr
	! grep -E "RRSIG.* $lost r\.test\. " z.axfr || fail "signatures of the lost key are left"
	grep -E "RRSIG[[:space:]]+A .* $(ksk) r\.test\. " z.axfr >/dev/null || fail "the KSK does not sign"
	within 60 only_another_zsk "$lost"
	within 20 status_says r.test 'state: ok'
	engine_says r.test 'ksk: .*, DNSKEY omnipresent,' || fail "the ksk"
	module zone-status r.test | grep -q "$lost" && fail "the old ZSK is still there"
	validate r.test
	watched
}

# The key pair of the KSK is gone for good: the DNSKEY RRset stays as it signed it until the parent has
# the DS of a new one, and the zone is signed on meanwhile.
test_ksk_gone() { # limit 150
	start_zone
	settle
	probe r.test
	lose_key ksk
	module zone-keys-load
	ask +short +dnssec +tcp r.test DNSKEY | sort >before
	ods -y key-lost r.test "$lost" >lost.out || fail "$(cat lost.out)"
	says lost.out 'new KSK, .*comes into use'
	says lost.out 'the first signature that knotd serves expires'
	within 30 engine_says r.test 'give this DS'
	small z r.test 2 'new A 192.0.2.9'
	within 20 answers new.r.test A 192.0.2.9
	ask +short +dnssec +tcp r.test DNSKEY | sort >meanwhile
	diff before meanwhile || fail "the DNSKEY RRset has changed"
	validate r.test
	engine zone-ksk-submitted r.test
	within 40 engine_says r.test "$lost: have this DS removed"
	ods ds-gone r.test
	within 60 ksk_differs "$lost"
	within 60 only_ksk "$(ksk)"
	within 20 status_says r.test 'state: ok'
	validate r.test
	probe_end
}

# unused: CKA_IDs of key pairs that no zone has.
unused() { ods -j backup list | sed -n 's/.*"cka-id": "\([0-9a-f]*\)".*"zones": "0".*/\1/p'; }
# has_in ROLE TAG: another key of that role than TAG is, or comes, in use.
has_in() {
	local tag
	tag=$(keys_of r.test | awk -v role="$1" '$1 == role && $4 == "in" { print $2 }')
	[ -n "$tag" ] && [ "$tag" != "$2" ]
}

# The pair of a key that has just come is gone for good, before the module could use it: another one takes
# its place, and no validator notices.
test_new_key_gone() { # limit 240
	start_zone
	settle
	probe r.test
	local role old id
	for role in zsk ksk; do
		old=$(keys_of r.test | awk -v role="$role" '$1 == role { print $2 }')
		ods generate quick 1
		within 20 unused_pairs 2
		id=$(unused | head -n 1) # the oldest is used first
		"$BUILD_DIR/ods-hsm" -c "$D/conf.xml" remove -fy SoftHSM "$id" >remove.out
		engine zone-key-rollover r.test "$role"
		within 20 has_in "$role" "$old"
		if [ "$role" = ksk ]; then
			within 20 status_says r.test 'no private key has the CKA_ID'
			small z r.test 2 'new A 192.0.2.9'
			within 20 answers new.r.test A 192.0.2.9
		fi
		lost=$(keys_of r.test | awk -v role="$role" '$1 == role && $4 == "in" { print $2 }')
		ods -y key-lost r.test "$lost" >lost.out 2>&1 || fail "$(cat lost.out)"
		within 20 status_says r.test 'state: ok'
		within 40 has_in "$role" "$lost"
		validate r.test
		if [ "$role" = zsk ]; then
			within 60 engine_says r.test 'that come due'
			module zone-sign r.test
			within 60 only_another_zsk "$old"
		else
			within 40 engine_says r.test 'give this DS'
			engine zone-ksk-submitted r.test
			within 40 engine_says r.test "$old: have this DS removed"
			ods ds-gone r.test
			within 60 only_ksk "$(ksk)"
		fi
	done
	validate r.test
	probe_end
}

# Both are gone for good, and a person sees to the DS: nothing changes until it is gone, then there are new
# keys. The zone is signed all the time.
test_all_gone() { # limit 150
	start_zone
	settle
	probe r.test
	local old_ksk old_zsk
	lose_key zsk
	old_zsk=$lost
	lose_key ksk
	old_ksk=$lost
	# one after the other, before a new ZSK could take over
	ods -y key-lost r.test "$old_zsk" >lost.out || fail "$(cat lost.out)"
	ods -y key-lost r.test "$old_ksk" >lost.out || fail "$(cat lost.out)"
	module zone-keys-load
	says lost.out 'no key that resolvers know can sign.*insecure until they have a DS'
	within 20 engine_says r.test "$lost: have this DS removed"
	# a restart changes nothing about it
	stop_engine
	start_engine
	within 20 engine_says r.test "$lost: have this DS removed"
	small z r.test 2 'new A 192.0.2.9'
	sleep 2
	validate r.test
	ods ds-gone r.test
	within 40 answers new.r.test A 192.0.2.9
	validate r.test
	within 40 engine_says r.test 'give this DS'
	engine zone-ksk-submitted r.test
	within 40 engine_says r.test '[^:] DS omnipresent, '
	[ "$(ksk)" != "$old_ksk" ] || fail "the old KSK"
	within 20 status_says r.test 'state: ok'
	validate r.test
	probe_end
}

both_zsks_published() { [ "$(ask +tcp +short r.test DNSKEY | grep -c '^256')" = 2 ]; }

# A step of a rollover is published while the clock of knotd is weeks ahead, or back: it counts from when it
# was published all the same.
test_clock_wrong_rolling() { # limit 180
	start_zone
	settle
	write_clocked knotd knotd
	stop_pid "$(cat "$D/run/knotd.pid")"
	KNOTD=$work/run.knotd start_knotd
	watch_zone r.test
	local zsk ahead
	for ahead in $((20 * 86400)) $((-20 * 86400)); do
		zsk=$(zsks)
		set_clock knotd "$ahead"
		engine zone-key-rollover r.test zsk
		within 20 has_in zsk "$zsk"
		within 20 both_zsks_published # which lasts at least until the signatures have been replaced, below
		set_clock knotd 0
		within 60 engine_says r.test 'that come due'
		module zone-sign r.test
		within 60 only_another_zsk "$zsk"
		validate r.test
	done
	watched
}

# An older copy of the store is seen at once, though nothing is to be signed: while the engine runs, and with
# the engine away.
test_store_older() { # limit 150
	start_zone
	settle
	watch_zone r.test
	local zsk before
	stop_both
	cp -r "$D/store" older.store
	start_both
	zsk=$(zsks)
	engine zone-key-rollover r.test zsk
	module zone-sign r.test
	within 60 engine_says r.test 'that come due'
	module zone-sign r.test
	within 60 only_another_zsk "$zsk"
	within 20 status_says r.test 'state: ok'
	zsk=$(zsks)
	older_comes_back
	within 20 engine_log_says 'r\.test.*the signer.s store is lost, or an older copy'
	within 20 signed_on "$before"
	stop_engine
	older_comes_back
	within 20 status_says r.test 'state: the store is an older copy'
	[ "$(serial r.test)" = "$before" ] || fail 'another version is served'
	start_engine
	within 20 signed_on "$before"
	[ "$(zsks)" = "$zsk" ] || fail "zsk $(zsks), not $zsk"
	validate r.test
	watched
}
# The same in the midst of a rollover: the older copy has signatures of a ZSK that has left since.
test_store_older_rolling() { # limit 150
	start_zone
	sed -i 's/<Purge>PT1S/<Purge>P1D/' "$D/kasp.xml"
	engine reload
	settle
	watch_zone r.test
	local zsk before
	zsk=$(zsks)
	engine zone-key-rollover r.test zsk
	within 60 engine_says r.test 'that come due'
	stop_both
	cp -r "$D/store" older.store
	start_both
	module zone-sign r.test
	within 60 engine_says r.test "zsk: $zsk, .*DNSKEY hidden"
	within 20 status_says r.test 'state: ok'
	stop_engine
	older_comes_back
	within 20 signed_on "$before"
	axfr r.test z.axfr
	! grep -E "RRSIG.* $zsk r\.test\. " z.axfr || fail "signatures of the key that left"
	sleep 3
	start_engine
	within 20 status_says r.test 'state: ok'
	validate r.test
	watched
}
older_comes_back() {
	before=$(serial r.test)
	kill -STOP "$watcher"
	stop_pid "$(cat "$D/run/knotd.pid")"
	rm -r "$D/store"
	cp -r older.store "$D/store"
	: >"$D/knotd.log"
	start_knotd
	kill -CONT "$watcher"
	within 20 says "$D/knotd.log" "r\\.test.*store is an older copy: it has serial [0-9]+, knotd serves $before"
}
# signed_on SERIAL: a version above it is served, and all is well.
signed_on() { status_says r.test 'state: ok.*served: 20' && serial_differs r.test "$1"; }

# A zone that a person has frozen stays so when the database is lost, however it was frozen; until it is thawed.
test_frozen_stays() { # limit 90
	start_zone
	settle
	engine zone-freeze
	within 10 engine_says r.test 'all zones are frozen by a person'
	within 10 knows_of_freeze
	stop_engine
	rm d/kasp.db*
	start_engine
	within 20 engine_log_says 'r\.test.*it was frozen by a person, and stays so until ods thaw'
	within 10 engine_says r.test 'no key takes a step: it is frozen by a person; to end this: ods thaw r\.test\.'
	local zsk
	zsk=$(zsks)
	ods -y rollover r.test zsk
	sleep 3
	[ "$(zsks)" = "$zsk" ] || fail "a key took a step"
	engine zone-thaw r.test
	within 20 other_zsks "$zsk"
	! knows_of_freeze || fail "the module still has it as frozen"
	# what was thawed is not frozen again
	stop_engine
	rm d/kasp.db*
	start_engine
	within 20 engine_log_says 'learnt from it'
	sleep 1
	! engine_says r.test 'frozen' || fail "frozen again"
	validate r.test
}
other_zsks() { [ "$(zsks)" != "$1" ]; }
knows_of_freeze() { engine_asks zone-keyset-read r.test | grep -q ' frozen='; }

# The store alone is lost: the engine sends the key set again, with its memory.
test_store_lost() { # limit 90
	start_zone
	settle
	within 20 keyset_says r.test '^state-ds omnipresent'
	grep '^memory' keyset.out >before
	watch_zone r.test
	stop_both
	rm -r "$D/store"
	start_both
	within 20 keyset_says r.test '^memory 1 key=1,0,'
	grep '^memory' keyset.out >after
	diff before after || fail "another memory"
	within 20 status_says r.test 'state: ok'
	local before
	before=$(serial r.test)
	module zone-sign r.test
	within 20 serial_differs r.test "$before"
	validate r.test
	watched
}
