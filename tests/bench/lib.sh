# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: mod-opendnssec developers
#
# What the benchmarks share, beside the end-to-end tests' own lib.sh. A benchmark is a function
# bench_* in tests/bench/*.sh, run by tests/bench/run in an empty directory of its own.

# How large: names of a zone, of a huge one, and how often a thing is measured.
: "${NAMES:=100000}" "${HUGE:=1000000}" "${RUNS:=3}"

# zone KIND NAMES ORIGIN FILE
zone() { "$e2e/genzone.py" "$1" "$2" "$3" >"$4"; }

# at_least NAME VALUE GOAL DETAILS...; at_most likewise: prints a figure.
at_least() { figure "$1" "$2" "$3" '>=' "${*:4}"; }
at_most() { figure "$1" "$2" "$3" '<=' "${*:4}"; }

figure() {
	awk -v name="$1" -v value="$2" -v goal="$3" -v sense="$4" -v details="$5" 'BEGIN {
		good = sense == ">=" ? value >= goal : value <= goal
		printf "bench: %s value=%.2f goal=%.2f %s (%s)\n", name, value, goal,
			good ? "ok" : "short", details }'
}

median() { sort -g | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }
