# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: mod-opendnssec developers
#
# Denial of existence: NSEC, NSEC3 and opt-out, and the ways from one to another.

# nsec3 POLICY [OPTOUT] [SALT-LENGTH] [ITERATIONS]: a sed expression for a policy's <Denial>.
nsec3() {
	local hash="<Algorithm>1<\\/Algorithm><Iterations>${3:-0}<\\/Iterations>"
	echo "s/<NSEC\\/>/<NSEC3>${1:+<OptOut\\/>}<Resalt>P100D<\\/Resalt><Hash>$hash$(
		)<Salt length=\"${2:-0}\"\\/><\\/Hash><\\/NSEC3>/"
}

# Short names: the zone of all sorts has names that are as long as names can be.
chains="n h o"
denial_of() {
	case $1 in
	n) echo 's/a/a/' ;; # NSEC
	h) nsec3 '' 8 5 ;;  # hashed
	o) nsec3 yes ;;     # hashed, with opt-out
	esac
}

# sorts ZONE: the zone of all sorts, under another name.
sorts() { sed "s/sorts\.test/$1/Ig" "$e2e/zones/sorts.test.zone"; }

# The zone of all sorts, with each chain and with three algorithms.
test_chains() { # limit 300
	local chain number bits zone
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
			zone=$chain$number.test
			add_policy "$chain$number"
			sorts "$zone" >"$zone"
			add_zone "$zone" "$work/$zone" "$chain$number"
		done
	done
	knot reload
	for chain in $chains; do
		for number in 8 13 15; do
			zone=$chain$number.test
			within 60 signed "$zone"
			validate "$zone"
			same_data "$zone" "$zone"
			[ $number != 13 ] || denials "$zone"
		done
	done
	axfr h8.test signed
	says signed 'NSEC3PARAM[[:space:]]+1 0 5 [0-9A-Fa-f]{16}$'
	does_not_say signed '[[:space:]]NSEC[[:space:]]'
	axfr o13.test signed
	says signed '[[:space:]]NSEC3[[:space:]]+1 1 0 - '
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
	change "$(nsec3 '' 8 5)" '1 0 5 [0-9A-F]{16}'
	change "$(nsec3 yes)" '1 0 0 -'
	change s/a/a/ ''
	probe_end
}
