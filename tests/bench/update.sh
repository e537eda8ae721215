# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: mod-opendnssec developers
#
# DNS UPDATE beside a zone that Knot signs itself: how many a second, each awaiting its answer, and
# how long it takes until a change is signed and public.

# The module gathers the changes of a stream, and is quick with those that come alone: either after a
# pause, or at once after the one before is public.
bench_update() { update_figures host "$NAMES" update $((5 * RUNS)) 1.5; }
bench_update_huge() { update_figures tld "$HUGE" update-huge $((2 * RUNS)) 12; }

# update_figures KIND NAMES TITLE LATENCIES PAUSE
update_figures() {
	local port native_rate native_behind native_busy native_lone rate behind busy lone
	zone "$1" "$2" up.test zone
	plain native up.test "file: \"$work/zone\"" 'zonefile-load: whole' 'journal-content: all' \
		'dnssec-signing: on' 'dnssec-policy: bench'
	start native
	within 3600 signed up.test
	port=$PORT
	ours ours all
	sign_first up.test "$work/zone"
	"$bench_dir/client.py" update up.test "$port" "$PORT" --rounds "$RUNS" \
		--latencies "$4" --pause "$5" >figures ||
		fail "client.py: $(cat figures)"
	{
		read -r native_rate native_behind native_busy native_lone
		read -r rate behind busy lone
	} <figures
	at_least "$3-rate" "$(divide "$rate" "$native_rate")" 20 "$rate/s, the last of them public" \
		"$behind s later; natively signed $native_rate/s, $native_behind s"
	at_most "$3-latency" "$(divide "$lone" "$native_lone")" 1.2 "after a pause: $lone s to public," \
		"natively signed $native_lone s"
	at_most "$3-latency-one-after-the-other" "$(divide "$busy" "$native_busy")" 1.2 "$busy s," \
		"natively signed $native_busy s"
	halt native
}
