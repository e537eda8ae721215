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
