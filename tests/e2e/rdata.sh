# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: mod-opendnssec developers
#
# RDATA that is malformed is not taken, since a secondary would refuse the whole zone.

verdicts=$BUILD_DIR/tests/unit/rdata-verdicts

# Whatever the module takes, other servers take. But for NSAP-PTR, of which NSD 4.12 takes none: it looks
# for a character-string there, and RFC 1348 has a name.
test_judges() { # limit 300
	local port zone
	port=$(free_port)
	"$verdicts" 40 "${SEED:-1}" >verdicts
	"$e2e/rdata-judges.py" verdicts taken
	rm taken/type23.test
	# no pipe: a server that a subshell starts does not end with the test
	another_knotd primary "127.0.0.1@$port" < <(
		printf 'acl:\n  - id: transfer\n    address: 127.0.0.1\n    action: transfer\nzone:\n'
		for zone in taken/*; do
			printf '  - domain: %s\n    file: "%s"\n    acl: transfer\n' "${zone#*/}" "$work/$zone"
		done)
	start_nsd $((port + 1)) "$port" taken/*
	for zone in taken/*; do
		PORT=$port within 60 follows "${zone#*/}" $((port + 1))
	done
}

# start_nsd PORT PRIMARY-PORT ZONE-FILE...: a secondary of zones that are named as their files are.
start_nsd() {
	run_nsd "$1" < <(
		for zone in "${@:3}"; do
			printf 'zone:\n    name: %s\n    zonefile: %s\n' "${zone##*/}" "${zone##*/}"
			printf '    request-xfr: AXFR 127.0.0.1@%s NOKEY\n' "$2"
		done)
}
# follows ZONE PORT: the server there has what knotd has.
follows() { [ -n "$(serial "$1")" ] && [ "$(PORT=$2 serial "$1")" = "$(serial "$1")" ]; }

# records FAULT [TYPES]: the cases whose verdict matches, as lines of a zone file, but for those types.
records() {
	"$verdicts" | awk -v fault="$1" -v types="^(${2:-})\$" '
		$1 !~ types && substr($0, length($1 $2 $3) + 4) ~ fault {
			hex = $2 == "-" ? "" : " " $2
			printf "r%d TYPE%d \\# %d%s\n", ++n, $1, length(hex) / 2, hex
		}'
}

refused() {
	within 20 status_says r.test "$1"
	says "$D/knotd.log" "r\.test.*$1" || fail "the log has no '$1'"
	answers www.r.test A 192.0.2.80 || fail 'the last good zone is not served'
}

test_zone_file() { # short
	small r r.test 1
	quick d --zone r.test=r
	records . >malformed
	small r r.test 2 "$(cat malformed)"
	refused "r:8: .*and $(($(wc -l <malformed) - 1)) more errors"
	small r r.test 3 'fine TXT "x"' 'x TXT \# 3 056162'
	refused 'r:9: x\.r\.test\. TXT: a character-string runs beyond the end of the RDATA'
	small r r.test 4 'x CAA \# 4 00FF6162'
	refused 'r:8: x\.r\.test\. CAA: a character-string runs beyond the end of the RDATA'
	small r r.test 5 'x SVCB \# 5 0001000001'
	refused 'r:8: x\.r\.test\. SVCB: a SvcParam is too short'
	small r r.test 6 'x DS \# 24 1234080200000000000000000000000000000000000000AB'
	refused 'r:8: x\.r\.test\. DS: the digest has not the length of its type'
	small r r.test 7 'x NAPTR 1 1 "u" "E2U+sip" "!^(.*$!sip:a@b!" .'
	refused 'r:8: x\.r\.test\. NAPTR: the regular expression is malformed'
	[ "$(counter r.test loads)" = 1 ] || fail "a malformed zone was loaded"
}

# What is well formed is taken, and gets through to a BIND and an NSD. But for SOA, NSAP-PTR, and what
# DNSSEC has in other places.
test_secondaries() {
	local port
	port=$(free_port)
	small r.test r.test 1 "$(records '^$' '6|23|24|46|47|48|50|51|59|60|63')"
	quick d --zone r.test=r.test
	mkdir bind
	cat >bind/named.conf <<-EOT
	options {
	    directory "$work/bind"; pid-file "$work/bind/pid"; session-keyfile none;
	    listen-on port $port { 127.0.0.1; }; listen-on-v6 { none; };
	    recursion no; notify no; managed-keys-directory "$work/bind";
	};
	controls { };
	zone r.test { type secondary; primaries port $PORT { 127.0.0.1; }; file "$work/bind/r"; };
	EOT
	named -g -c bind/named.conf >bind/named.log 2>&1 &
	pids+=($!)
	start_nsd $((port + 1)) "$PORT" r.test
	within 30 follows r.test "$port"
	within 30 follows r.test $((port + 1))
}

test_update() { # short
	local before
	small u u.test 1
	quick d --zone u.test=u
	allow_updates u.test
	before=$(serial u.test)
	# C000 points to the message's ID, for which knotd draws another when it forwards: one in 256 is the root's name.
	"$verdicts" | awk '$1 !~ /^(46|47|50|51|63)$/ && $2 != "C000" && NF > 3' >malformed
	"$e2e/rdata-update.py" "$PORT" u.test <malformed
	[ "$(serial u.test)" = "$before" ] || fail 'an update has changed the zone'
	[ "$(counter u.test updates)" = 0 ] || fail "$(counter u.test updates) updates were done"
	validate u.test
}
