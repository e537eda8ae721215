# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: mod-opendnssec developers
#
# DNS UPDATE beside a zone that Knot signs itself: how many a second, each awaiting its answer, and
# how long it takes until a change is signed and public.

bench_update() { update_figures host "$NAMES" update; }
bench_update_huge() { update_figures tld "$HUGE" update-huge; }

# update_figures KIND NAMES TITLE
update_figures() {
	local port native_rate native_behind native_took rate behind took
	zone "$1" "$2" up.test zone
	plain native up.test "file: \"$work/zone\"" 'zonefile-load: whole' 'journal-content: all' \
		'dnssec-signing: on' 'dnssec-policy: bench'
	start native
	within 3600 signed up.test
	port=$PORT
	ours ours all
	sign_first up.test "$work/zone"
	"$bench_dir/client.py" update up.test "$port" "$PORT" --rounds "$RUNS" >figures ||
		fail "client.py: $(cat figures)"
	{
		read -r native_rate native_behind native_took
		read -r rate behind took
	} <figures
	at_least "$3-rate" "$(divide "$rate" "$native_rate")" 20 "$rate/s, the last of them public" \
		"$behind s later; natively signed $native_rate/s, $native_behind s"
	at_most "$3-latency" "$(divide "$took" "$native_took")" 1.2 "$took s from sent to public," \
		"natively signed $native_took s"
	halt native
}
