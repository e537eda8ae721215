# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: mod-opendnssec developers
#
# Answers a second, DO bit, of a zone with mod-synthrecord: signed on the fly by the module, beside
# mod-onlinesign, and beside the same zone that Knot signed before. All have an ECDSA P-256 key in a SoftHSM
# token. Half of what is asked for on the fly is synthesized, a third does not exist, the rest is NODATA.
#
# Neither mod-onlinesign nor Knot verifies what a token signs. The module does: for names never seen before the
# goal is set for "verify: sample", in the zone sample.test; what "verify: all" costs is told beside it.

bench_online() {
	local i
	command -v dnsperf >/dev/null || fail "no dnsperf: contrib/debian-packages bench"
	zone host "$NAMES" syn.test host
	awk '$2 == "A" { print $1 ".syn.test A" }' host | shuf >held
	mixed 2000 10 | shuf >few
	peer native 'dnssec-signing: on' 'dnssec-policy: bench'
	peer onlinesign 'module: [mod-synthrecord/forward, mod-onlinesign/bench]'
	online_ours
	for ((i = 0; i < 2 * RUNS; i++)); do
		ask_until_cached
		rate onlinesign few onlinesign.few
		rate ours few ours.few
		rate native held native.held
		rate ours held ours.held
	done
	for ((i = 0; i < 5 * RUNS; i++)); do
		mixed 200000 $((i + 20)) >new
		sed 's/syn\.test/sample.test/' new >new.sample
		rate onlinesign new onlinesign.new 2
		rate ours new.sample sample.new 2
		rate ours new ours.new 2
	done
	compare online-cached ours.few onlinesign.few 5 "mod-onlinesign"
	compare online-new sample.new onlinesign.new 1.3 "mod-onlinesign"
	compare online-verified ours.new onlinesign.new 0.5 "mod-onlinesign"
	compare online-held ours.held native.held 0.9 "natively signed"
	halt native
	halt onlinesign
}

# mixed COUNT NET: queries for addresses below 10.NET.0.0, 11.NET.0.0 and so on, and names by that number.
mixed() {
	awk -v count="$1" -v net="$2" 'BEGIN {
		for (i = 0; i < count; i++) {
			host = "dyn-" 10 + int(i / 65536) "-" net "-" int(i / 256) % 256 "-" i % 256 ".syn.test"
			print i % 6 < 3 ? host " A" : i % 6 < 5 ? "no-" net "-" i ".syn.test A" : host " AAAA"
		} }'
}

synthrecord() {
	printf '%s\n' 'mod-synthrecord:' '  - id: forward' '    type: forward' '    prefix: dyn-' \
		'    ttl: 600' '    network: 10.0.0.0-19.255.255.255'
}

# peer DIR ITEM...: a knotd without our module.
peer() {
	local dir=$1
	plain "$dir" syn.test "file: \"$work/host\"" 'zonefile-load: whole' 'journal-content: none' "${@:2}"
	{
		synthrecord
		printf '%s\n' 'mod-onlinesign:' '  - id: bench' '    policy: bench'
	} >modules
	sed -i '/^zone:/{
		e cat modules
	}' "$work/$dir/knot.conf"
	start "$dir"
	within 3600 signed syn.test
}

online_ours() {
	local name
	ours ours all
	sed -n '/^mod-opendnssec:/,/^[#r]/p' "$D/knot.conf" | sed -e '1d; $d; /^$/d' \
		-e 's/id: default/id: online/' -e 's/policy:.*/&\n    online: on/' >section
	{
		sed -n '1,/^mod-opendnssec:/p' "$D/knot.conf" | sed '$d'
		synthrecord
		echo mod-opendnssec:
		cat section
		sed 's/id: online/id: sample/; s/verify: all/verify: sample/' section
		sed '1,/^mod-opendnssec:/d' "$D/knot.conf"
	} >knot.conf.new
	mv knot.conf.new "$D/knot.conf"
	sed 's/syn\.test/sample.test/' host >host.sample
	printf '  - domain: %s\n    file: "%s"\n    module: [mod-synthrecord/forward, mod-opendnssec/%s]\n' \
		syn.test "$work/host" online sample.test "$work/host.sample" sample >>"$D/knot.conf"
	knot reload >/dev/null
	for name in syn.test sample.test; do
		within 3600 says "$D/knotd.log" "zone $name, signed, serial"
		within 3600 signed $name
	done
}

# What finds an empty cache, beside much else, may be told to come again.
ask_until_cached() {
	use "$work/ours"
	dnsperf -s 127.0.0.1 -p "$PORT" -d few -D -c 8 -T 1 -l 4 -Q 2000 >dnsperf.out 2>&1
	knot zone-stats syn.test mod-opendnssec.online
}

# rate DIR QUERIES FILE [THREADS]: adds the answers a second to the file. knotd has the queries that come in by one
# processor answered by one worker: one thread measures a worker, two all workers, where these wait for the token.
rate() {
	use "$work/$1"
	dnsperf -s 127.0.0.1 -p "$PORT" -d "$2" -D -c 8 -T "${4:-1}" -l 3 >dnsperf.out 2>&1
	grep 'Queries lost: *0 ' dnsperf.out >/dev/null || fail "$1 $2: $(grep lost dnsperf.out)"
	! grep SERVFAIL dnsperf.out || fail "$1 $2: $(grep SERVFAIL dnsperf.out)" "$(knot zone-stats \
		syn.test mod-opendnssec.online)"
	sed -n 's/.*Queries per second: *//p' dnsperf.out >>"$3"
}

# compare NAME OURS THEIRS GOAL WHO
compare() {
	paste "$2" "$3" | while read -r ours theirs; do divide "$ours" "$theirs"; done >ratios
	at_least "$1" "$(median <ratios)" "$4" "$(median <"$2" | cut -d. -f1)/s, $5" \
		"$(median <"$3" | cut -d. -f1)/s"
}
