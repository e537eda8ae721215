# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: mod-opendnssec developers
#
# Doors of data: what a client of DNS UPDATE, the author of a zone file and a primary cannot do.
# The policy is that of the quickstart, with algorithm 13.

# shellcheck disable=SC1091
. "$e2e/primary.sh"
# shellcheck disable=SC1091
. "$e2e/update.sh"

# a KSK that is not ours; alien_key and alien_ds: its DNSKEY and DS RDATA, nearly_ds: of no key
make_alien() {
	local file
	file=$(dnssec-keygen -q -L 300 -K "$work" -a 13 -f KSK "$1")
	alien_key=$(sed -n 's/.* DNSKEY //p' "$file.key")
	alien_ds=$(dnssec-dsfromkey -2 "$file.key" | sed 's/.* DS //')
	nearly_ds=${alien_ds%?????}00000
}

foreign_keys() { sed -i 's:<Zone>:<Zone><ForeignKeys/>:' "$D/kasp.xml" && engine reload; }
own_keys() { sed -i 's:<ForeignKeys/>::' "$D/kasp.xml" && engine reload; }
has() { ask +short +crypto "$1" "$2" | tr -d ' ' | grep -F -- "$(tr -d ' ' <<<"$3")" >/dev/null; }
has_not() { ! has "$@"; }
refused() { expect REFUSED update u.test "$1"; }

# A client with the key for updates: nothing of the chain of trust, unless the policy says so; what
# asks for no DS, or for one of no key, never.
test_trust_update() { # short
	local own
	dynamic
	make_alien u.test
	own=$(ask +short +crypto u.test DNSKEY | sort)
	refused "add u.test. 60 DNSKEY $alien_key"
	refused "add u.test. 60 CDS $alien_ds"
	refused 'add u.test. 60 CDS 0 0 0 00'
	refused 'add u.test. 60 CDNSKEY 0 3 0 AA=='
	expect 'u\.test, update, refused: u\.test\. DNSKEY: the policy makes these itself' cat d/knotd.log
	update u.test 'del u.test. DNSKEY' 'del u.test. CDS' 'add x.u.test. 60 A 192.0.2.9'
	within 15 answers x.u.test A 192.0.2.9
	[ "$(ask +short +crypto u.test DNSKEY | sort)" = "$own" ] || fail "$(ask u.test DNSKEY)"
	validate u.test
	foreign_keys
	within 30 update u.test "add u.test. 60 DNSKEY $alien_key"
	within 30 has u.test DNSKEY "$alien_key"
	update u.test "add u.test. 60 CDS $alien_ds" "add u.test. 60 CDNSKEY $alien_key"
	within 15 has u.test CDNSKEY "$alien_key"
	validate u.test
	expect "foreign: DNSKEY ${alien_ds%% *}, algorithm 13" module zone-status u.test
	expect "foreign: CDS ${alien_ds%% *}, algorithm 13" module zone-status u.test
	refused 'add u.test. 60 CDS 0 0 0 00'
	refused 'add u.test. 60 CDNSKEY 0 3 0 AA=='
	refused "add u.test. 60 CDS $nearly_ds"
	refused "del u.test. DNSKEY"
	expect 'refused: u\.test\. CDS: key tag .*would be bogus' cat d/knotd.log
	# not allowed any more: it is served until somebody removes it, and said
	own_keys
	within 30 status_says u.test 'warning: the unsigned zone has DNSKEY, CDS or CDNSKEY'
	has u.test DNSKEY "$alien_key" || fail 'the other operator is bogus now'
	update u.test 'del u.test. DNSKEY' 'del u.test. CDS' 'del u.test. CDNSKEY'
	within 15 has_not u.test DNSKEY "$alien_key"
	! status_says u.test 'foreign|warning: the unsigned zone' || fail "$(module zone-status u.test)"
	validate u.test
}

# The author of a zone file.
test_trust_file() {
	local line
	make_alien a.test
	small a a.test 1
	small b b.test 1 "@ DNSKEY $alien_key"
	quick d --zone a.test=a
	# a zone that has them before there is a key set: nothing of it is published
	sed -i "s|^  - domain: \"a\.test\"|  - domain: \"b.test\"\n    file: \"$work/b\"\n&|" d/knot.conf
	knot reload
	for line in "@ DNSKEY $alien_key" '@ CDS 0 0 0 00' '@ CDNSKEY 0 3 0 AA=='; do
		small a a.test 2 "$line" 'x A 192.0.2.9'
		knot zone-refresh a.test
		within 15 status_says a.test 'state: not loaded, .*/a:8: a\.test\. [A-Z]*: the policy makes.*the last good'
		answers x.a.test A '' || fail "$line came in"
	done
	within 30 status_says b.test 'state: not loaded, .*/b:8: b\.test\. DNSKEY: the policy makes'
	foreign_keys
	within 30 has b.test DNSKEY "$alien_key"
	validate b.test
	within 20 status_says a.test '/a:8: a\.test\. CDNSKEY: this asks the parent to remove the DS'
	small a a.test 3 "@ DNSKEY $alien_key" "@ CDS $nearly_ds"
	knot zone-refresh a.test
	within 15 status_says a.test '/a:9: a\.test\. CDS: key tag .*the last good zone stays'
	small a a.test 4 "@ DNSKEY $alien_key" "@ CDS $alien_ds" "@ CDNSKEY $alien_key"
	knot zone-refresh a.test
	within 15 has a.test CDS "${alien_ds##* }"
	validate a.test
}

# A primary, by AXFR and by IXFR: the next one is asked.
test_trust_primary() {
	local port
	port=$(free_port)
	make_alien p.test
	fetched "$port" $((port + 1))
	contents 1 'one A 192.0.2.9' "@ DNSKEY $alien_key"
	knot_primary "$port" first
	knot zone-refresh p.test
	within 20 status_says p.test 'not refreshed, primary1 .*@'"$port"'.*: p\.test\. DNSKEY: the policy makes.*; primary2 '
	contents 2 'one A 192.0.2.9'
	knotc -s first/knot.sock zone-reload p.test
	within 30 answers one.p.test A 192.0.2.9
	contents 3 'three A 192.0.2.9' '@ CDS 0 0 0 00'
	knotc -s first/knot.sock zone-reload p.test
	within 20 says d/knotd.log 'no IXFR from primary1 .*, p\.test\. CDS: the policy makes'
	within 20 status_says p.test 'not refreshed, primary1 .*p\.test\. CDS: the policy makes'
	foreign_keys
	within 20 status_says p.test 'not refreshed, primary1 .*p\.test\. CDS: this asks the parent'
	contents 4 'four A 192.0.2.9' "@ DNSKEY $alien_key" "@ CDNSKEY $alien_key" "@ CDS $alien_ds"
	knotc -s first/knot.sock zone-reload p.test
	within 30 has p.test CDNSKEY "$alien_key"
	public four
}

nowhere() { ! { module zone-status; cat "$D"/*.log; } | grep -F "$1"; }

# What the author of a zone file can have knotd read, and show: nothing but below the file's folder and
# those that knot.conf names.
test_files_read() { # short
	local outside="leads to no file below the zone file's own folder"
	mkdir zones outside
	echo 'the PIN is geheim4711' >outside/pin
	chmod 600 outside/pin
	echo 'part A 192.0.2.9' >outside/part
	small zones/a a.test 1
	quick d --zone "a.test=$work/zones/a"
	small zones/a a.test 2 "\$INCLUDE $work/outside/pin"
	knot zone-refresh a.test
	within 15 status_says a.test "state: not loaded, .*/a:8: \\\$INCLUDE $work/outside/pin: this $outside.*last good"
	small zones/a a.test 3 "\$INCLUDE /etc/shadow"
	knot zone-refresh a.test
	within 15 status_says a.test "/a:8: .*INCLUDE /etc/shadow: this $outside"
	ln -sf "$work/outside/pin" zones/a
	knot zone-refresh a.test
	within 15 status_says a.test "not loaded, $work/zones/a: this $outside"
	nowhere geheim4711 || fail 'a PIN is shown'
	# a folder that is allowed, and what is in it is not shown either
	rm zones/a
	small zones/a a.test 4 "\$INCLUDE $work/outside/part"
	knot zone-refresh a.test
	within 15 status_says a.test "/a:8: .*/outside/part: this $outside"
	sed -i "s|^    policy: .*|&\n    include-dir: \"$work/outside\"|" d/knot.conf
	knot reload
	within 15 answers part.a.test A 192.0.2.9
	small zones/a a.test 5 "\$INCLUDE $work/outside/pin"
	knot zone-refresh a.test
	within 15 status_says a.test 'not loaded, .*/outside/pin:1: '
	nowhere geheim4711 || fail 'a line of an included file is shown'
	# releases, and a link to the newest
	mkdir zones/r1
	small zones/r1/a a.test 6 'six A 192.0.2.9'
	ln -sfn "$work/zones/r1/a" zones/a
	knot zone-refresh a.test
	within 15 answers six.a.test A 192.0.2.9
	validate a.test
	# seventeen files, which libzscanner alone does not survive
	small zones/a a.test 7 "$(for _ in {1..40}; do echo "\$INCLUDE $work/outside/part"; done)" 'x A 192.0.2.9'
	knot zone-refresh a.test
	within 15 answers x.a.test A 192.0.2.9
	sed -i 's|include-dir: .*|include-dir: outside|' d/knot.conf
	knot reload || true
	within 10 says d/knotd.log 'include-dir: has to be the absolute path'
}

# zone-flush writes to no other file than the zone's own.
test_files_written() {
	dynamic
	update u.test 'add a.u.test. 60 A 192.0.2.9'
	echo mine >victim
	ln -sf "$work/victim" u
	module zone-flush u.test
	within 15 status_says u.test "not written, $work/u: this is a symbolic link, and nothing is written through one"
	[ "$(cat victim)" = mine ] || fail 'a link was followed'
	[ -L u ] || fail 'the link is gone'
	small u u.test 1
	chmod 4755 u
	module zone-flush u.test
	within 15 says u 'a\.u\.test\.'
	[ "$(stat -c %a u)" = 644 ] || fail "mode $(stat -c %a u)"
	within 15 status_says u.test 'state: ok'
	[ -z "$(find . -maxdepth 1 -name 'u.*' ! -name '*.anchor' ! -name '*.axfr')" ] || fail "$(ls)"
}

# limit ITEM VALUE: of transfers in, instead of the limit before.
limit() {
	sed -i "/^    fetch-max-/d; s|^    remote: .*|&\n    $1: $2|" d/knot.conf
	knot reload
}

# memory of knotd now, MB; and the most it ever had
memory() { awk '/^VmRSS/ { print int($2 / 1024) }' "/proc/$(cat d/run/knotd.pid)/status"; }
most_memory() { awk '/^VmHWM/ { print int($2 / 1024) }' "/proc/$(cat d/run/knotd.pid)/status"; }

# A transfer that never ends is given up by records, by size, by time, and by what the zone may have;
# the next primary is asked, log and status say so. While it runs, the status tells how far it is.
test_transfers_in() { # limit 120
	local one before now
	one=$(free_port)
	fetched "$one" $((one + 1))
	sed -i '/id: primary1$/,/key:/{/key:/d}' d/knot.conf
	contents 1 'one A 192.0.2.9'
	drip "$one" flood
	knot_primary $((one + 1)) second
	limit fetch-max-records 100000
	knot zone-refresh p.test
	within 20 answers one.p.test A 192.0.2.9
	says d/knotd.log 'fetched from primary2 .*AXFR, serial 1' || fail 'not the second'
	within 10 says drip-flood.log 'closed after'
	within 5 status_says p.test 'state: ok.*primary: passed over .*primary1 .*beyond fetch-max-records in knot.conf'
	says d/knotd.log 'passed over for the next primary: primary1 .*given up, it goes beyond fetch-max-records'
	limit fetch-max-size 1M
	module zone-reload p.test
	within 20 status_says p.test 'passed over .*given up.*fetch-max-size'
	# by the size that knot.conf allows the zone
	before=$(memory)
	sed -i 's/^  - domain: p.test/&\n    zone-max-size: 50M/' d/knot.conf
	limit fetch-max-time 1h
	module zone-reload p.test
	within 60 status_says p.test 'passed over .*larger than zone-max-size or journal-max-usage'
	now=$(most_memory)
	echo "memory: $before MB before, $now MB at most"
	[ $((now - before)) -lt $((200 * ${LIMIT_FACTOR:-1})) ] || fail "knotd took $((now - before)) MB"
	stop_pid "${pids[0]}"
	drip "$one" slow
	limit fetch-max-time 3
	module zone-reload p.test
	within 10 status_says p.test 'transfer: AXFR from primary1 .*since 20.* octets, [1-9][0-9]* records so far'
	within 20 status_says p.test 'passed over .*given up.*fetch-max-time'
	! status_says p.test 'transfer: ' || fail "$(module zone-status p.test)"
	validate p.test
}

# The same of changes: those of a primary that never ends with them are not kept.
test_changes_in() { # limit 120
	local one before now
	one=$(free_port)
	fetched "$one" $((one + 1))
	sed -i '/id: primary1$/,/key:/{/key:/d}' d/knot.conf
	sed -i 's/^  - domain: p.test/&\n    zone-max-size: 50M/' d/knot.conf
	knot reload
	contents 1 'one A 192.0.2.9'
	knot_primary $((one + 1)) second
	knot zone-refresh p.test
	public one
	before=$(memory)
	drip "$one" ixfr
	knot zone-refresh p.test
	within 60 says d/knotd.log 'no IXFR from primary1 .*, the changes take more memory than zone-max-size'
	within 20 status_says p.test 'passed over .*begins with serial 99'
	now=$(most_memory)
	echo "memory: $before MB before, $now MB at most"
	[ $((now - before)) -lt $((200 * ${LIMIT_FACTOR:-1})) ] || fail "knotd took $((now - before)) MB"
	validate p.test
}
