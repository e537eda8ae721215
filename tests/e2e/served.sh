# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: mod-opendnssec developers
#
# What knotd serves of what it was sent.

# column ZONE NAME: of the zone's status.
column() { module zone-status "$1" | tr '|' '\n' | sed -n "s/^ *\(\[.*\] \)\?$2: //p"; }

# The engine's clocks run from what knotd serves: a version that it refuses does not count.
test_refused() { # short
	local served before n
	small z v.test 1
	quick q --zone v.test="$work/z"
	within 20 status_says v.test 'served: 2'
	served=$(column v.test served)
	before=$(serial v.test)
	sed -i 's/journal-max-usage: 2G/journal-max-usage: 40K/' "$D/knot.conf"
	knot reload
	local more=()
	for n in $(seq 150); do
		more+=("n$n A 192.0.2.1")
	done
	small z v.test 2 "${more[@]}"
	within 30 status_says v.test 'state: held: refused: knotd was sent serial .*does not serve it'
	expect 'not yet, it was sent to knotd' module zone-status v.test
	[ "$(serial v.test)" = "$before" ] || fail 'knotd has not refused it'
	says "$D/knotd.log" 'v.test, held: refused: knotd was sent serial .* but does not serve it: .*journal-max-usage'
	expect 'warning: the signed zone takes about .* set that to three times the zone' module zone-status v.test
	# until it takes it
	sed -i 's/journal-max-usage: 40K/journal-max-usage: 2G/' "$D/knot.conf"
	knot reload
	knot zone-refresh v.test
	within 30 answers n150.v.test A 192.0.2.1
	within 20 status_says v.test 'state: ok.*served: 2'
	says "$D/knotd.log" 'v.test, no longer held: refused' || fail 'the end is not in the log'
	[ "$(column v.test served)" != "$served" ] || fail 'it was taken for served before it was'
	validate v.test
}
