# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: mod-opendnssec developers
#
# Denial of existence: NSEC, NSEC3 and opt-out, and the ways from one to another.

# Short names: the zone of all sorts has names that are as long as names can be.
chains="n h o"
denial_of() {
	case $1 in
	n) echo 's/a/a/' ;; # NSEC
	h) nsec3_denial '' 8 5 ;;  # hashed
	o) nsec3_denial yes ;;     # hashed, with opt-out
	esac
}

# unsigned KIND ZONE: the zone of all sorts under another name, as a host zone with wildcards and
# empty non-terminals; or one of delegations, three in ten with DS.
unsigned() {
	case $1 in
	s) sed "s/sorts\.test/$2/Ig" "$e2e/zones/sorts.test.zone" ;;
	t) "$e2e/genzone.py" tld 40 "$2" ;;
	esac
}

# Both kinds of zones, with each chain and with three algorithms.
test_chains() { # limit 300
	local chain number bits kind zone
	for chain in $chains; do
		for number in 8 13 15; do
			bits=256
			[ $number != 8 ] || bits=2048
			policy default "$chain$number" "$(denial_of "$chain")" \
				"s:<Algorithm length=.*:<Algorithm length=\"$bits\">$number</Algorithm>:"
		done
	done | kasp kasp.xml
	small first first.test 1
	quick d --kasp kasp.xml --zone first.test=first
	for chain in $chains; do
		for number in 8 13 15; do
			add_policy "$chain$number"
			for kind in s t; do
				zone=$chain$number$kind.test
				unsigned $kind "$zone" >"$zone"
				add_zone "$zone" "$work/$zone" "$chain$number"
			done
		done
	done
	knot reload
	for chain in $chains; do
		for number in 8 13 15; do
			for kind in s t; do
				zone=$chain$number$kind.test
				within 60 signed "$zone"
				validate "$zone"
				[ $number != 13 ] || same_data "$zone" "$zone"
			done
		done
		denials "${chain}13s.test"
		delegations "${chain}13t.test"
	done
	axfr h8s.test signed
	says signed 'NSEC3PARAM[[:space:]]+1 0 5 [0-9A-Fa-f]{16}$'
	does_not_say signed '[[:space:]]NSEC[[:space:]]'
	axfr o13t.test signed
	says signed '[[:space:]]NSEC3[[:space:]]+1 1 0 - '
	# apex, two name servers, twelve delegations with DS
	[ "$(grep -c '[[:space:]]NSEC3[[:space:]]*1 1' signed)" = 15 ] || fail "opt-out leaves in too much"
}

# validated ZONE NAME TYPE: delv's answer is secure. Below an opt-out span nothing can be proven.
validated() {
	local out
	out=$(delv @127.0.0.1 -p "$PORT" -a "$work/$1.anchor" +root="$1" "$2$1" "$3" 2>&1) || true
	grep -qE '; (fully|negative response, fully) validated' <<<"$out" ||
		{ [ "${1:0:1}" = o ] && grep -q '; negative response, unsigned' <<<"$out"; } ||
		fail "delv $2$1 $3: $out"
}

denials() {
	local name
	for name in www. no.such.a.wild. c.d.e.ent. ent. anything. x.y.wild. of.ent. ''; do
		validated "$1" "$name" MX
	done
	for name in child. child2. kid.of.ent.; do
		validated "$1" "$name" DS
	done
}

delegations() {
	validated "$1" "$(awk '$2 == "DS" { print $1; exit }' "$1")." DS
	validated "$1" "$(awk '$2 == "NS" && /^n/ && ++n == 20 { print $1; exit }' "$1")." DS
	validated "$1" no-such-name. DS
}

# chain_is ZONE PARAMETERS: NSEC3PARAM is like that; empty: there is none.
chain_is() {
	local param
	param=$(ask +tcp +short "$1" NSEC3PARAM) && grep -xE "$2" <<<"$param" >/dev/null
}

# change SED-EXPRESSION PARAMETERS: another <Denial>, which has to come and be valid.
change() {
	sed -i "s/<Denial><NSEC.*<\/Denial>/<Denial><NSEC\/><\/Denial>/" "$D/kasp.xml"
	sed -i "$1" "$D/kasp.xml"
	engine reload
	within 60 chain_is sorts.test "$2"
	validate sorts.test
}

# From one chain to another, with a validator that asks all the time and caches nothing.
test_transitions() {
	quick d --zone sorts.test="$e2e/zones/sorts.test.zone"
	start_unbound sorts.test 'cache-max-ttl: 0' 'cache-max-negative-ttl: 0'
	probed=$unbound_port probe sorts.test --rate 50 --names c.d.e.ent.sorts.test \
		x.y.wild.sorts.test
	change "$(nsec3_denial '' 8 5)" '1 0 5 [0-9A-F]{16}'
	change "$(nsec3_denial yes)" '1 0 0 -'
	change s/a/a/ ''
	probe_end
}
