# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: mod-opendnssec developers
#
# ods diff: what it says of a change of policies comes true, and what it warns of is refused.

# value FILE EXPRESSION: of the JSON in that file, by an expression in Python over "it".
value() { python3 -c 'import json, sys; it = json.load(open(sys.argv[1])); print(eval(sys.argv[2]))' "$@"; }

# exits CODE COMMAND...: its output goes to the file "out", its errors to "err".
exits() {
	local code=0
	"${@:2}" >out 2>err || code=$?
	[ $code = "$1" ] || fail "exit status $code instead of $1: ${*:2}: $(cat out err)"
}

# in_default SED: an edit of the policy default alone.
in_default() { sed -i "/name=\"default\"/,/<\\/Policy>/$1" d/kasp.xml; }

has_algorithm() { ods --json keys "$1" | grep -E "\"algorithm\": \"$2\"" >/dev/null; }

test_comes_true() {
	small a a.test 1
	small b b.test 1
	quick d --zone a.test=a --zone b.test=b
	exits 0 ods diff
	says out 'Zones: 2; .*: 0$' || fail "nothing changed: $(cat out)"

	# Another lifetime: the day of the next ZSK is that which the engine has after the reload.
	in_default 's/<Lifetime>P90D</<Lifetime>P30D</'
	in_default "$(nsec3_denial)"
	exits 0 ods diff
	says out 'Denial/NSEC3: no -> yes' || fail "denial: $(cat out)"
	says out 'Keys/ZSK.*lifetime 90d.* -> lifetime 30d' || fail "lifetime: $(cat out)"
	says out 'Zones: 2; .*: 2$' || fail "both change: $(cat out)"
	exits 0 ods diff --json --zone a.test
	[ "$(value out "len(it['zones'])")" = 1 ] || fail "one zone: $(cat out)"
	local comes
	comes=$(value out "[k for z in it['zones'] for k in z['keys'] if k['keytag'] == 0 and k['role'] == 'zsk'][0]['then']['comes']")
	comes=$(date -u -d "@$comes" +%FT%TZ)
	engine reload
	within 20 engine zone-status a.test
	engine zone-status a.test >status
	says status "${comes%:*}" || fail "the engine does not say $comes: $(cat status)"
	exits 0 ods diff
	says out 'Zones: 2; .*: 0$' || fail "in force: $(cat out)"

	# Another policy, by knot.conf: the keys that go, and those that come.
	exits 0 ods diff --zone b.test --to rsa
	says out '^  at once  *new KSK, algorithm 8, .*comes into use' || fail "no new KSK: $(cat out)"
	says out 'KSK [0-9]+: begins to go' || fail "no old KSK: $(cat out)"
	! says out '^a\.test' || fail "another zone: $(cat out)"
	add_policy rsa
	sed -i 's/^  - domain: "*b.test.*/&\n    module: mod-opendnssec\/rsa/' d/knot.conf
	knot reload
	within 60 has_algorithm b.test 8

	# A policy that zones have does not go: both say so, and the old ones stay.
	sed -i '/<Policy name="rsa">/,/<\/Policy>/d' d/kasp.xml
	exits 1 ods diff
	says err "no policy 'rsa', and zones have it \(1\)" || fail "no warning: $(cat err)"
	expect 'there is no policy "rsa" any more, and zone b\.test' engine reload
	engine zone-keys-load b.test
	within 20 has_algorithm b.test 8
	! engine_says b.test 'there is no policy' || fail "the policy went"
	sed -i 's/<Resign>PT2H/<Resign>2 hours/' d/kasp.xml
	exits 1 ods diff
	says err 'would refuse' || fail "a bad file: $(cat err)"
	exits 1 ods diff --to nonsuch
	validate a.test
}
