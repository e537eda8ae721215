# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: mod-opendnssec developers
#
# A huge zone, signed once: what a reload and a restart take. Knot's own validation is off, since it
# verifies all signatures at each start, which hides all else.

bench_huge() {
	zone tld "$HUGE" tld.test tld
	ours ours sample off
	sign_first tld.test "$work/tld"
	reload_figures
	restart_figures restart-serving "$RUNS"
	at_most restart-signatures "$(sort -g ours.signatures | tail -n 1)" 0 "after a restart"
}

# As the examples have it, with Knot's validation, which is not the module's own.
bench_restart_validated() {
	zone tld "$NAMES" tld.test tld
	ours ours sample on
	sign_first tld.test "$work/tld"
	restart_figures restart-serving-validated 1
}

# ---- reload

# A plain parse is what knotd does to have the same unsigned file in memory, without its optional
# checks. What its scanner alone takes, which keeps nothing, is told, too.
reload_figures() {
	local i begin before
	plain parse tld.test "file: \"$work/tld\"" 'zonefile-load: whole' 'journal-content: none' \
		'semantic-checks: off'
	for ((i = 1; i <= RUNS; i++)); do
		start parse
		within 600 answers_soa tld.test
		halt parse
		between "$D/knotd.log" 'zone will be loaded' '\] loaded, serial' >>parse.times
		"$BUILD_DIR/tests/bench/scan" tld tld.test >>scan.times
		rm "$D/knotd.log"

		use "$work/ours"
		change_ten $i <tld >tld.new
		before=$(runs tld.test)
		begin=$EPOCHREALTIME
		mv tld.new tld
		knot zone-refresh tld.test >/dev/null
		within 600 more_runs tld.test "$before"
		made tld.test | awk '{ print $1 }' >>reload.signatures
		since "$begin" "$(made tld.test | awk '{ print $3 }')" >>reload.times
		divide "$(tail -n 1 reload.times)" "$(tail -n 1 parse.times)" >>reload.ratios
		within 600 all_public tld.test
	done
	at_most reload-signatures "$(sort -g reload.signatures | tail -n 1)" 60 \
		"10 names of $HUGE changed"
	at_most reload-time "$(median <reload.ratios)" 1.5 "$(median <reload.times) s," \
		"knotd parses in $(median <parse.times) s, libzscanner alone in $(median <scan.times) s"
}

answers_soa() { [ -n "$(serial "$1")" ]; }

# change_ten N: other DS at four names, three names less, three more.
change_ten() {
	awk -v n="$1" '
		$2 == "DS" && ds < 4 { $3 = ($3 + 7919) % 65536; ds++ }
		$2 == "NS" && $1 != last { last = $1; names++; gone = names >= 5 && names < 8 }
		$2 == "DS" || $2 == "NS" { if (gone && $1 == last) next }
		{ print }
		END { for (i = 0; i < 3; i++) print "more" n "-" i " NS ns1.dns.example.net." }'
}

# ---- restart

# restart_figures NAME RUNS: until the first answer, beside a plain secondary, fed once, which loads
# the zone from its journal without validating it.
restart_figures() {
	local i ours=$work/ours
	use "$ours"
	PRIMARY=$PORT
	plain secondary tld.test 'master: primary' 'zonefile-load: none' 'journal-content: all'
	start secondary
	within 3600 answers_soa tld.test
	halt secondary
	halt ours
	for ((i = 1; i <= $2; i++)); do
		serving_after secondary >>secondary.times
		halt secondary
		: >"$ours/knotd.log"
		serving_after ours >>ours.times
		within 600 all_public tld.test
		counter tld.test signatures >>ours.signatures
		halt ours
		divide "$(tail -n 1 ours.times)" "$(tail -n 1 secondary.times)" >>restart.ratios
	done
	at_most "$1" "$(median <restart.ratios)" 1.1 "$(median <ours.times) s, a plain secondary" \
		"from its journal $(median <secondary.times) s"
}

# serving_after DIR: seconds from the start of the server to its first answer.
serving_after() {
	local begin client
	use "$work/$1"
	"$bench_dir/client.py" serves "$PORT" tld.test 3600 >served &
	client=$!
	sleep 0.3                    # it asks, by now
	begin=$EPOCHREALTIME
	start "$1"
	wait $client
	since "$begin" "$(cat served)"
}
