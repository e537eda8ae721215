# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: mod-opendnssec developers
#
# How long a small zone's DNS UPDATE waits for its answer while a huge zone is at work, in parts of
# the 5 s after which knotd would answer SERVFAIL. Up to 1 s now and then is knotd's own, whose events
# are due at whole seconds.

bench_hold_up() {
	zone tld "$HUGE" tld.test tld
	policy default hashed "$(nsec3_denial)" | kasp kasp.xml
	ours ours sample off --kasp "$work/kasp.xml"
	hold_up first-signing sign_first tld.test "$work/tld"
	hold_up all-ttls change_all_ttls
	hold_up another-chain change_chain
}

# hold_up NAME COMMAND...: a figure, of the time that the command takes.
hold_up() {
	local name=$1 client count slowest begin=$EPOCHREALTIME
	shift
	touch busy
	"$bench_dir/client.py" worst small-ours.test "$PORT" busy >worst &
	client=$!
	"$@"
	rm busy
	wait $client
	read -r count slowest <worst
	at_most "hold-up-$name" "$(divide "$slowest" 5)" 0.4 "$count updates, the slowest answer after" \
		"$slowest s; $HUGE names at work for $(since "$begin" "$EPOCHREALTIME") s"
}

change_all_ttls() {
	local before
	before=$(runs tld.test)
	sed 's/^$TTL .*/$TTL 7201/' tld >tld.new
	mv tld.new tld
	knot zone-refresh tld.test >/dev/null
	within 3600 more_runs tld.test "$before"
	within 600 all_public tld.test
}

change_chain() {
	add_policy hashed
	sed -i '/domain: "tld.test"/,$ s|^    file: .*|&\n    module: mod-opendnssec/hashed|' "$D/knot.conf"
	knot reload >/dev/null
	within 3600 is_hashed
}
is_hashed() { ask +dnssec no-such.tld.test A | grep '[[:space:]]NSEC3[[:space:]]' >/dev/null; }
