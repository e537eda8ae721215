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
	local sessions
	for sessions in 1 8 64; do
		zone host $((NAMES * sessions / 200 + 1)) slow.test zone
		"$BUILD_DIR/tests/bench/bench-latency" zone slow.test $sessions
	done
}
