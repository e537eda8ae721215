# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: mod-opendnssec developers
#
# Memory of the module beside knotd's own for the same signed zone, which a plain secondary with the
# same settings has. Anonymous memory: what LMDB maps of its files (the module's store, Knot's
# journal) is the page cache's and goes when memory is wanted. VmHWM, which has both, is told, too.

bench_memory() {
	zone host "$NAMES" host.test host
	plain secondary small.test
	start secondary
	within 60 knot status
	sleep 0.2
	local none ours
	none=$(status "$(pid_of secondary)" RssAnon)
	halt secondary

	ours ours all
	peak ours &
	local watch=$!
	sign_first host.test "$work/host"
	within 600 all_public host.test
	peak_end $watch ours
	PRIMARY=$PORT
	plain secondary host.test 'master: primary' 'zonefile-load: none' 'journal-content: all' \
		'dnssec-validation: on'
	start secondary
	peak secondary &
	watch=$!
	within 3600 signed host.test
	peak_end $watch secondary
	share memory-first-signing "$none" ours.peak secondary.peak

	halt secondary
	start secondary
	within 3600 signed host.test
	use "$work/ours"
	halt ours
	start ours
	within 3600 signed host.test
	within 600 all_public host.test
	steady ours
	steady secondary
	share memory-steady "$none" ours.steady secondary.steady
	halt secondary
}

# peak DIR: the largest RssAnon of its server, as long as this runs.
peak() {
	local pid most=0 name value rest
	pid=$(pid_of "$1")
	while sleep 0.02; do
		while read -r name value rest; do
			if [ "$name" = RssAnon: ] && [ "$value" -gt "$most" ]; then
				most=$value
				echo "$most" >>"$1.rss"
			fi
		done <"/proc/$pid/status"
	done
}

# peak_end JOB DIR
peak_end() {
	kill "$1"
	echo "$(tail -n 1 "$2.rss") $(status "$(pid_of "$2")" VmHWM)" >"$2.peak"
}

steady() { echo "$(status "$(pid_of "$1")" RssAnon) $(status "$(pid_of "$1")" VmHWM)" >"$1.steady"; }

# share NAME NONE OURS PLAIN: what the module adds, of what the zone adds to a knotd without it.
share() {
	local ours plain ours_hwm plain_hwm
	read -r ours ours_hwm <"$3"
	read -r plain plain_hwm <"$4"
	at_most "$1" "$(divide $((ours - plain)) $((plain - $2)))" 1.0 \
		"anonymous: $((ours / 1024)) MiB, without the module $((plain / 1024)) MiB, without the" \
		"zone $(($2 / 1024)) MiB; VmHWM: $((ours_hwm / 1024)), $((plain_hwm / 1024)) MiB"
}
