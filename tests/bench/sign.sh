# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: mod-opendnssec developers
#
# How near first signings come to what the token can do.

bench_first_signing() {
	local kind
	for kind in host tld; do
		zone "$kind" "$NAMES" "$kind.test" zone
		"$BUILD_DIR/tests/bench/bench-sign" "$kind" zone "$kind.test" "$RUNS" $((NAMES / 5))
	done
}

bench_latency() {
	local sessions delay names
	for delay in 0 1 10; do
		for sessions in 1 4 16 64; do
			# of 20,000 signatures a second, as many as that many sessions make
			names=$((delay * 20 > sessions ? NAMES * sessions / delay / 40 : NAMES / 2))
			zone host $((names + 1)) slow.test zone
			"$BUILD_DIR/tests/bench/bench-latency" zone slow.test $sessions $delay $((2 * names))
		done
	done
}
