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
	sed -i '/^template:/,/^zone:/s|^\( *\)zonefile-load:.*|&\n\1zone-max-size: 3000|' "$D/knot.conf"
	knot reload
	local more=()
	for n in $(seq 40); do
		more+=("n$n A 192.0.2.1")
	done
	small z v.test 2 "${more[@]}"
	within 30 status_says v.test 'state: knotd was sent serial .*does not serve it'
	expect 'not yet, it was sent to knotd' module zone-status v.test
	[ "$(serial v.test)" = "$before" ] || fail 'knotd has not refused it'
	says "$D/knotd.log" 'v.test, knotd was sent serial .* but does not serve it'
	# until it takes it
	sed -i '/zone-max-size: 3000/d' "$D/knot.conf"
	knot reload
	knot zone-refresh v.test
	within 30 answers n40.v.test A 192.0.2.1
	within 20 status_says v.test 'state: ok.*served: 2'
	[ "$(column v.test served)" != "$served" ] || fail 'it was taken for served before it was'
	validate v.test
}
