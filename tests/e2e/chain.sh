# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: mod-opendnssec developers
#
# The rule chain of the last gate: whatever is lost or restored, validators can follow from what
# they hold, and from the parent's DS, to what is published.

# engine_asks COMMAND [ZONE]: what the policy engine asks the module; knotc has no such commands.
engine_asks() { "$BUILD_DIR/tests/unit/control-ask" "$MODULE_SOCKET" "$@"; }

# The two commands by which the policy engine learns what there is.
test_commands() { # limit 60
	small z c.test 1
	quick d --zone c.test=z
	engine_asks zone-keyset-read c.test >got
	says got '^keyset: keyset 1' || fail "$(cat got)"
	says got '^policy default$' || fail "$(cat got)"
	engine_asks zone-served c.test >got
	[ "$(served serial)" = "$(serial c.test)" ] || fail "serial: $(cat got)"
	[ "$(served dnskey | sort)" = "$(ask +short +tcp +crypto c.test DNSKEY | sort)" ] ||
		fail "dnskey: $(cat got)"
	[ "$(served signer)" = "$(ask +short +dnssec c.test SOA | awk '$1 == "SOA" { print $2, $7 }')" ] ||
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
	"$e2e/resolver-prober.py" "$unbound_port" --rate 20 "$1" >resolver.out 2>&1 &
	watcher=$!
	pids+=("$watcher")
	within 10 says resolver.out asking
}

watched() {
	kill -INT "$watcher"
	wait "$watcher" || fail "the resolver: $(cat resolver.out)"
	says resolver.out 'secure' || fail "the resolver: $(cat resolver.out)"
}

stop_both() {
	stop_pid "$(cat "$D/run/ods-engine.pid")"
	stop_pid "$(cat "$D/run/knotd.pid")"
}

ods() { "$BUILD_DIR/ods" -c "$D/conf.xml" "$@"; }
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
	start_knotd
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
	restart_knotd
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
