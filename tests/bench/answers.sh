# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: mod-opendnssec developers
#
# Answers a second, DO bit, one in ten for a name that is not there: the module against the same
# zone that Knot signed itself, in turns.

bench_answers() {
	local i
	command -v dnsperf >/dev/null || fail "no dnsperf: contrib/debian-packages bench"
	zone host "$NAMES" host.test host
	awk '$2 == "A" { n++; print (n % 10 ? $1 : "no-" n) ".host.test A" }' host | shuf >queries
	plain native host.test "file: \"$work/host\"" 'zonefile-load: whole' 'journal-content: none' \
		'dnssec-signing: on' 'dnssec-policy: bench'
	start native
	within 3600 signed host.test
	ours ours sample
	sign_first host.test "$work/host"
	for ((i = 0; i < 3 * RUNS; i++)); do
		ask_all native
		ask_all ours
		divide "$(tail -n 1 ours.rate)" "$(tail -n 1 native.rate)" >>ratios
		divide "$(tail -n 1 native.cpu)" "$(tail -n 1 ours.cpu)" >>cpu.ratios
	done
	at_least answers "$(median <ratios)" 0.98 "$(median <ours.rate | cut -d. -f1)/s, natively" \
		"signed $(median <native.rate | cut -d. -f1)/s; answers a CPU second: $(median <cpu.ratios)"
	halt native
}

# ask_all DIR: answers a second, and CPU seconds of the server for an answer.
ask_all() {
	local before after
	use "$work/$1"
	before=$(cpu_of "$(pid_of "$1")")
	dnsperf -s 127.0.0.1 -p "$PORT" -d queries -D -c 8 -T 1 -l 4 >dnsperf.out 2>&1
	after=$(cpu_of "$(pid_of "$1")")
	grep 'Queries lost: *0 ' dnsperf.out >/dev/null || fail "$(grep lost dnsperf.out)"
	sed -n 's/.*Queries per second: *//p' dnsperf.out >>"$1.rate"
	divide $((after - before)) "$(sed -n 's/.*Queries completed: *\([0-9]*\).*/\1/p' dnsperf.out)" \
		>>"$1.cpu"
}
