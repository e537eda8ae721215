# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: mod-opendnssec developers
#
# Whatever happens, in any order: things are lost, restored from older copies, killed; keys roll, and the
# zone changes. A validating resolver, with the parent's key as its anchor, is asked all the time.

engine_says() { engine zone-status d.test 2>&1 | grep -E -- "$1" >/dev/null; }
up() { [ -e "/proc/$(cat "$D/run/$1.pid")" ]; }

# ---- the parent: "test.", signed by a knotd of its own

start_parent() {
	parent_port=$(free_port)
	mkdir -p parent
	write_parent 1
	another_knotd parent "127.0.0.1@$parent_port" <<-EOT
	policy:
	  - id: quick
	    algorithm: ecdsap256sha256
	    single-type-signing: on
	    dnskey-ttl: 2
	zone:
	  - domain: test
	    file: test.zone
	    dnssec-signing: on
	    dnssec-policy: quick
	    zonefile-load: difference-no-serial
	    zonefile-sync: -1
	    journal-content: all
	EOT
	parent_socket=$work/parent/knot.sock
	within 20 parent_signed
}
parent_ask() { kdig @127.0.0.1 -p "$parent_port" "$@"; }
parent_signed() { parent_ask +dnssec test SOA | grep 'RRSIG.*SOA ' >/dev/null; }
# write_parent SERIAL [DS...]
write_parent() {
	# shellcheck disable=SC2016
	{
		printf '$ORIGIN test.\n$TTL 2\n@ SOA ns1 host %s 3600 900 604800 2\n@ NS ns1\nns1 A 127.0.0.1\n' "$1"
		printf 'd NS ns1.d\nns1.d A 127.0.0.1\n'
		printf 'd DS %s\n' "${@:2}"
	} | sed '/DS $/d' >parent/test.zone
}

# Gives the parent the DS that the engine wants it to have, as a registrar would.
serve_parent() {
	local wanted
	[ -e "$D/run/ods-engine.pid" ] && up ods-engine || return 0
	engine_says 'give this DS|have this DS removed' || return 0
	mapfile -t wanted < <(ods -j ds d.test 2>/dev/null | python3 -c 'import json, sys
for key in json.load(sys.stdin):
    if key["state"] in ("to be given to the parent", "at the parent"):
        print(key["record"].split(" DS ")[1])')
	[ ${#wanted[@]} -gt 0 ] || return 0
	write_parent $((++parent_serial)) "${wanted[@]}"
	knotc -s "$parent_socket" zone-reload test >/dev/null
}

start_resolver() {
	unbound_port=$(free_port)
	run_unbound unbound "$unbound_port" \
		"test. DNSKEY $(parent_ask +short +crypto test DNSKEY | grep ^257)" \
		'val-log-level: 2' 'infra-host-ttl: 1' <<-EOT
	test 127.0.0.1@$parent_port
	d.test 127.0.0.1@$PORT
	EOT
	within 30 secure
}
secure() { dig @127.0.0.1 -p "$unbound_port" +tries=1 +dnssec d.test SOA | grep 'flags:.* ad' >/dev/null; }

# ---- what happens

stop_engine() { ! up ods-engine || stop_pid "$(cat "$D/run/ods-engine.pid")" "${1:-TERM}"; }
# While knotd is down nobody asks.
stop_knotd() {
	touch pause
	sleep 0.3
	! up knotd || stop_pid "$(cat "$D/run/knotd.pid")" "${1:-TERM}"
}
start_all() {
	up knotd || start_knotd
	up ods-engine || start_engine
	within 40 secure || fail "not secure after: $*"
	rm -f pause
}
kill_engine() { stop_engine KILL; }
kill_knotd() { stop_knotd KILL; }
lose_database() { stop_engine; rm -f "$D"/kasp.db*; }
lose_store() { stop_knotd; rm -rf "$D/store"; }
lose_both() { lose_database; lose_store; }
copy() {
	stop_engine
	stop_knotd
	rm -rf older
	mkdir older
	cp -a "$D/store" older/store
	cp -a "$D/kasp.db" older/
}
older_database() {
	[ -d older ] || return 0
	lose_database
	cp -a older/kasp.db "$D/kasp.db"
}
older_store() {
	[ -d older ] || return 0
	lose_store
	cp -a older/store "$D/store"
}
older_both() { older_database; older_store; }
token_away() {
	mv "$D/tokens" tokens.away
	mkdir "$D/tokens"
	module zone-keys-load >/dev/null 2>&1 || true
	sleep 1
	rm -rf "$D/tokens"
	mv tokens.away "$D/tokens"
}
roll_ksk() { engine zone-key-rollover d.test ksk >/dev/null 2>&1 || true; }
roll_zsk() { engine zone-key-rollover d.test zsk >/dev/null 2>&1 || true; }
change() {
	small z d.test $((++serial)) "n$serial A 192.0.2.1"
	module zone-reload d.test >/dev/null 2>&1 || true
}
renew() { module zone-sign d.test >/dev/null 2>&1 || true; }

events=(kill_engine kill_knotd lose_database lose_store lose_both copy older_database older_store older_both
	token_away roll_ksk roll_zsk change renew change roll_ksk)

# What an operator does who reads the status.
operate() {
	serve_parent
	if status_says d.test 'held: chain' || engine_says 'ods recover'; then
		ods recover -y d.test >>recover.out 2>&1 || true
	fi
}
recovered() {
	operate
	{
		module zone-status d.test
		engine zone-status d.test
	} >status.log 2>&1
	status_says d.test 'state: ok' && ! engine_says 'problem:'
}
at_rest() {
	# Signatures of the old ZSK are replaced only when they come due.
	! engine_says 'that come due' || renew
	recovered && ! engine_says 'next: |give this DS|have this DS'
}

disaster() {
	local rounds=$1 i event
	RANDOM=${SEED:=$RANDOM}
	echo "disaster: SEED=$SEED, $rounds rounds"
	serial=1 parent_serial=1
	hasty z d.test
	hasty_policy P1D
	quick d --kasp "$work/kasp.xml" --policy quick --zone d.test=z
	start_parent
	sed -i "s|</Enforcer>|<ParentCheck><Interval>PT1S</Interval><Recheck>PT1S</Recheck>$(
		)<Parent name=\"test\"><Server>127.0.0.1@$parent_port</Server></Parent></ParentCheck>&|" "$D/conf.xml"
	engine reload
	within 120 at_rest
	start_resolver
	"$e2e/resolver-prober.py" "$unbound_port" --rate 20 --pause "$work/pause" d.test >resolver.out 2>&1 &
	watcher=$!
	pids+=("$watcher")
	for ((i = 1; i <= rounds; i++)); do
		event=${events[RANDOM % ${#events[@]}]}
		echo "$(date +%T) $i $event"
		"$event"
		start_all "$event"
		sleep "$((RANDOM % 4)).$((RANDOM % 10))"
		operate
		kill -0 "$watcher" || fail "the resolver ended: $(cat resolver.out)"
		if [ $((i % 5)) = 0 ]; then
			within 60 recovered
		fi
	done
	within 120 at_rest
	validate d.test
	kill -INT "$watcher"
	wait "$watcher" || fail "the resolver: $(cat resolver.out)"
	cat resolver.out
}

test_disaster() { # limit 300
	SEED=${SEED:-1} disaster 6
}

long_disaster() { # limit 7200
	disaster "${ROUNDS:-500}"
}
