# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: mod-opendnssec developers
#
# All algorithms, as KSK and ZSK and as one CSK, in one knotd: a section for each policy.

algorithms="8:2048 10:2048 13:256 14:384 15:256 16:456"

test_algorithms() { # limit 300
	local entry number bits kind zone
	for entry in $algorithms; do
		number=${entry%:*} bits=${entry#*:}
		policy default "split$number" \
			"s:<Algorithm length=.*:<Algorithm length=\"$bits\">$number</Algorithm>:"
		policy csk "csk$number" \
			"s:<Algorithm length=.*:<Algorithm length=\"$bits\">$number</Algorithm>:"
	done | kasp kasp.xml
	small first first.test 1
	quick d --kasp kasp.xml --zone first.test=first

	for entry in $algorithms; do
		for kind in split csk; do
			add_policy "$kind${entry%:*}"
		done
	done
	for entry in $algorithms; do
		for kind in split csk; do
			number=${entry%:*}
			zone=$kind$number.test
			small "$zone" "$zone" 1 '*.wild A 192.0.2.1' 'a.ent A 192.0.2.2'
			add_zone "$zone" "$work/$zone" "$kind$number"
		done
	done
	knot conf-check
	knot reload

	for entry in $algorithms; do
		for kind in split csk; do
			number=${entry%:*}
			zone=$kind$number.test
			within 60 signed "$zone"
			validate "$zone"
			has_keys "$zone" $kind "$number"
		done
	done
	validate first.test
}

has_keys() {
	local wanted="257 3 $3"
	[ "$2" = csk ] || wanted="256 3 $3"$'\n'"$wanted"
	local keys
	keys=$(ask +tcp +short "$1" DNSKEY | cut -d ' ' -f 1-3 | sort)
	[ "$keys" = "$wanted" ] || fail "$1 has the keys $keys"
}
