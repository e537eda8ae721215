# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: mod-opendnssec developers
#
# ZONEMD (RFC 8976).

zonemd() { ask +short a.test ZONEMD | cut -d' ' -f1-3; }
is_digested() { local now; now=$(serial a.test) && [ "$(zonemd)" = "$now 1 1" ]; }
no_zonemd() { local now; now=$(ask +short a.test ZONEMD) && [ -z "$now" ]; }

# digested: the zone is valid, and its digest is right.
digested() {
	local out
	within 30 is_digested
	validate a.test
	out=$(ldns-verify-zone -V 2 -ZZ a.test.axfr 2>&1) || fail "ldns-verify-zone -ZZ: $out"
}

# Asked for by the policy, with NSEC and with NSEC3; by then knotd verifies each version, too.
test_zonemd() { # short
	local before hash
	small a a.test 1 'sub NS ns.sub' 'ns.sub A 192.0.2.9' '* TXT "x"' "@ ZONEMD 1 1 1 $(printf %096d 1)"
	quick d --zone a.test=a
	no_zonemd || fail "there is a ZONEMD"
	expect 'ZONEMD records are left out' cat d/knotd.log
	sed -i 's:<Zone>:<Zone><Zonemd/>:' d/kasp.xml
	engine reload
	within 60 is_digested
	digested
	sed -i 's/dnssec-validation: on/&\n    zonemd-verify: on/' d/knot.conf
	knot reload

	before=$(serial a.test)
	small a a.test 2 'sub NS ns.sub' 'ns.sub A 192.0.2.10' 'b.ent A 192.0.2.11'
	knot zone-refresh a.test
	within 30 answers b.ent.a.test A 192.0.2.11
	digested
	ask a.test "IXFR=$before" >ixfr
	says ixfr "[[:space:]]ZONEMD[[:space:]]$before 1 1 "
	says ixfr "[[:space:]]ZONEMD[[:space:]]$(serial a.test) 1 1 "
	[ "$(grep -c '[[:space:]]RRSIG[[:space:]]ZONEMD ' ixfr)" -ge 2 ] || fail "$(cat ixfr)"

	# No salt: ldns 1.8.3 does not come to an end with some chains and a ZONEMD.
	hash='<Hash><Algorithm>1</Algorithm><Iterations>0</Iterations><Salt length="0"/></Hash>'
	sed -i "s:<NSEC/>:<NSEC3><Resalt>P1Y</Resalt>$hash</NSEC3>:" d/kasp.xml
	engine reload
	within 60 answers_any a.test NSEC3PARAM
	digested
	restart_knotd
	within 30 signed a.test
	does_not_say d/knotd.log 'ZONEMD.*(failed|mismatch|error)'

	sed -i '/zonemd-verify/d' d/knot.conf
	knot reload
	sed -i 's:<Zonemd/>::' d/kasp.xml
	engine reload
	within 60 no_zonemd
	validate a.test
	does_not_say a.test.axfr ZONEMD
}
answers_any() { ask +short "$@" | grep . >/dev/null; }
