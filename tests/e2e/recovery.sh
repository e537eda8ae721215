# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: mod-opendnssec developers
#
# What is lost, wrong or out of time does not make a zone bogus: the last good version stays served.

# ---- the last gate

# many FILE SERIAL COUNT: h.test with so many names.
many() {
	local i records=()
	for ((i = 0; i < $3; i++)); do
		records+=("n$i A 192.0.2.1" "d$i NS ns.example.")
	done
	small "$1" h.test "$2" "${records[@]}"
}
here() { [ -n "$(ask +short "$1.h.test" A)" ]; }
gone_from_zone() { ! here "$1"; }

# A zone file that lost nearly all: held, over a restart, until it is let through; once.
test_shrink() { # limit 60
	many z 1 150
	quick d --zone h.test=z
	probe h.test --restarts
	many z 2 3
	module zone-reload h.test
	within 10 status_says h.test '^\[h\.test\.\] state: held: shrink: .*has 10 of 304 names, less than 50 %.*since 2.*ods pass h\.test\. shrink'
	here n149 || fail "names are gone"
	expect 'held\[shrink\] = 1' knot zone-stats h.test mod-opendnssec
	expect 'held\[shrink\] = 1' module zone-stats h.test
	expect 'cannot be overridden' ods pass h.test time
	expect 'no rule' ods pass h.test shink
	expect 'cannot be overridden' ods pass h.test serial
	module zone-status h.test | sed 's/.*since \([^;]*\).*/\1/' >since
	restart_knotd
	within 10 status_says h.test "state: held: shrink: .*since $(cat since)"
	here n149 || fail "names are gone after a restart"
	# another change is judged anew
	many z 3 140
	module zone-reload h.test
	within 10 status_says h.test 'state: ok'
	within 10 gone_from_zone n149
	here n139 || fail "names are gone"
	many z 4 3
	module zone-reload h.test
	within 10 status_says h.test 'state: held: shrink'
	[ "$(ods pass h.test shrink)" = OK ] || fail "ods pass"
	within 10 gone_from_zone n139
	within 10 status_says h.test 'state: ok'
	[ "$(grep -c 'zone h.test, held: shrink' d/knotd.log)" -eq 2 ] || fail "the log"
	[ "$(grep -c 'no longer held: shrink' d/knotd.log)" -eq 2 ] || fail "the log's end"
	expect 'holds nothing' ods pass h.test shrink
	validate h.test
	probe_end
}

# Delegations that are lost while the names stay.
test_shrink_delegations() { # limit 60
	many z 1 150
	quick d --zone h.test=z
	sed -i 's/^d\([0-9]*\) NS .*/d\1 A 192.0.2.1/' z
	module zone-reload h.test
	within 10 status_says h.test 'state: held: shrink: .*has 0 of 150 delegations'
	# the limit is the operator's
	sed -i 's/^mod-opendnssec:/&\n/; s/^    policy: .*/&\n    shrink-limit: 0/' d/knot.conf
	knot reload
	module zone-reload h.test
	within 10 status_says h.test 'state: ok'
	within 10 here d0
}

# The apex without NS records is refused at each door.
test_shrink_apex() {
	small z h.test 1
	quick d --zone h.test=z
	sed 's/^@ NS .*//; s/host 1 /host 2 /' z >z.new
	mv z.new z
	module zone-reload h.test || true
	within 10 status_says h.test 'state: not loaded, .*h\.test\. has no NS records.*last good zone stays'
	answers h.test NS ns1.h.test. || fail "NS is gone"
}

# zone-freeze: the input stays, signing goes on, over a restart.
test_freeze() { # limit 60
	small z f.test 1
	quick d --zone f.test=z
	allow_updates f.test
	module zone-freeze f.test
	within 10 status_says f.test 'state: held: freeze: .*zone-thaw'
	small z f.test 2 'new A 192.0.2.9'
	module zone-refresh f.test
	expect 'frozen' module zone-reload f.test
	printf '%s\n' "server 127.0.0.1 $PORT" 'zone f.test' 'add up.f.test 300 A 192.0.2.5' send >update
	expect REFUSED knsupdate update
	restart_knotd
	within 10 status_says f.test 'state: held: freeze'
	local before
	before=$(serial f.test)
	module zone-sign f.test
	within 20 serial_differs f.test "$before"
	[ -z "$(ask +short new.f.test A)" ] || fail "the input has changed"
	module zone-thaw f.test
	within 10 answers new.f.test A 192.0.2.9
	within 10 status_says f.test 'state: ok'
	expect 'not frozen' module zone-thaw f.test
	validate f.test
}

# The store alone is lost: the new serial is above what knotd serves, though the policy counts from the
# file's.
test_serial_store_lost() { # limit 60
	policy default counter 's:<Serial>.*:<Serial>counter</Serial>:' | kasp kasp.xml
	small z s.test 5
	quick d --kasp kasp.xml --policy counter --zone s.test=z
	local before i
	for i in 1 2 3 4; do
		before=$(serial s.test)
		module zone-sign s.test
		within 20 serial_differs s.test "$before"
	done
	before=$(serial s.test)
	probe s.test --restarts
	stop_pid "$(cat d/run/knotd.pid)"
	rm -r d/store
	start_knotd
	within 30 serial_differs s.test "$before"
	[ "$(serial s.test)" -gt "$before" ] || fail "serial $(serial s.test) after $before"
	within 10 status_says s.test 'state: ok.*served: 20'
	validate s.test
	probe_end
}

# With the serial of the file, there is none that knotd would take: it says so, and what to do.
test_serial_keep() { # limit 60
	policy default keep 's:<Serial>.*:<Serial>keep</Serial>:' | kasp kasp.xml
	small z s.test 5
	quick d --kasp kasp.xml --policy keep --zone s.test=z
	stop_pid "$(cat d/run/knotd.pid)"
	rm -r d/store
	start_knotd
	within 30 status_says s.test 'state: held: serial: .*serial 5 is not greater than 5.*increase it'
	[ "$(serial s.test)" = 5 ] || fail "it is not served"
	small z s.test 6
	module zone-reload s.test
	within 10 status_says s.test 'state: ok'
	[ "$(serial s.test)" = 6 ] || within 10 serial_is s.test 6
	validate s.test
}
serial_is() { [ "$(serial "$1")" = "$2" ]; }

# An older copy of the store: what knotd serves is ahead.
test_serial_store_older() { # limit 60
	policy default counter 's:<Serial>.*:<Serial>counter</Serial>:' | kasp kasp.xml
	small z s.test 5
	quick d --kasp kasp.xml --policy counter --zone s.test=z
	local before
	stop_pid "$(cat d/run/knotd.pid)"
	cp -r d/store older
	start_knotd
	three_versions z s.test
	before=$(serial s.test)
	stop_pid "$(cat d/run/knotd.pid)"
	rm -r d/store
	mv older d/store
	start_knotd
	small z s.test 5 'latest A 192.0.2.9'
	module zone-reload s.test
	within 20 answers latest.s.test A 192.0.2.9
	[ "$(serial s.test)" -gt "$before" ] || fail "serial $(serial s.test) after $before"
	answers new3.s.test A '' || fail "it is mixed with what was before"
	validate s.test
}

# A serial that is not comparable with the file's, nor with the time.
test_serial_half() { # limit 60
	small z s.test 2147483651
	quick d --zone s.test=z
	[ "$(serial s.test)" = 2147483652 ] || fail "serial $(serial s.test)"
	small z s.test 1 'new A 192.0.2.9'
	module zone-reload s.test
	within 20 answers new.s.test A 192.0.2.9
	within 10 status_says s.test 'state: ok'
	validate s.test
}

# What knotd refuses is named first, over a restart; once the change is taken back, all else is public.
test_refused_size() { # limit 60
	small z u.test 1
	quick d --zone u.test=z
	sed -i -e 's/^  - domain: .*/&\n    zone-max-size: 4000/' d/knot.conf
	knot reload
	local first big
	first=$(serial u.test)
	big=$(for n in $(seq 10); do printf 'big%s TXT ("%0200d")\n' "$n" 0; done)
	small z u.test 2 "$big"
	within 10 status_says u.test '^\[u\.test\.\] state: held: refused: knotd was sent serial .*does not serve it.*since 2'
	expect 'held\[refused\] = 1' knot zone-stats u.test mod-opendnssec
	restart_knotd
	within 10 status_says u.test 'state: held: refused: '
	[ "$(serial u.test)" = "$first" ] || fail "the last good version is gone"
	small z u.test 3 'good A 192.0.2.9'
	module zone-reload u.test
	within 10 answers good.u.test A 192.0.2.9
	within 10 status_says u.test 'state: ok'
	validate u.test
}

# ---- disk

# with_plain: adds a zone without the module, plain.test, to knot.conf.
with_plain() {
	small plain plain.test 1
	sed -i 's/^zone:/  - id: plain\n\n&/' "$D/knot.conf"
	printf '  - domain: plain.test\n    template: plain\n    file: "%s"\n' "$work/plain" \
		>>"$D/knot.conf"
	knot reload
	within 10 answers www.plain.test A 192.0.2.80
}

# damaged_store REGEX COMMAND...: knotd is started after the store was damaged by the command, which
# runs in its folder: all zones are served, the log, the status and the zone's status say why.
damaged_store() {
	local regex=$1
	shift
	cp -a "$D/store" store.kept
	(cd "$D/store" && "$@")
	: >"$D/knotd.log"
	start_knotd
	within 10 says "$D/knotd.log" "error: .*$regex.*; nothing is signed until knotd is restarted"
	served_as_before
	expect "$regex" module status
	expect "$regex" module zone-status good.test
	stop_pid "$(cat "$D/run/knotd.pid")"
	rm -rf "$D/store"
	mv store.kept "$D/store"
}

half() { truncate -s $(($(stat -c %s data.mdb) / 2)) data.mdb; }
zeroed() { head -c "$(stat -c %s data.mdb)" /dev/zero >zeros && mv zeros data.mdb; }
# patched OFFSET BYTES: in both of LMDB's first pages.
patched() {
	local page
	for page in 0 4096; do
		printf '%b' "$2" | dd of=data.mdb bs=1 seek=$((page + $1)) conv=notrunc status=none
	done
}
as_folder() { rm data.mdb && mkdir data.mdb; }

test_damaged_store() { # limit 240
	small good good.test 1
	quick d --zone good.test=good
	with_plain
	local before
	before=$(serial good.test)
	stop_pid "$(cat "$D/run/knotd.pid")"
	local mends='data\.mdb is damaged.*restore it from a backup, or move it away'
	damaged_store "$mends" half
	damaged_store "$mends" truncate -s 4096 data.mdb
	damaged_store 'data\.mdb is empty.*move it away' truncate -s 0 data.mdb
	damaged_store "$mends" zeroed
	damaged_store "$mends" patched 16 '\xbe\xef\xc0\xde'
	damaged_store "$mends" patched 20 '\x63\0\0\0'
	damaged_store 'data\.mdb: Is a directory' as_folder
	start_knotd
	small good good.test 2 'new A 192.0.2.9'
	within 60 answers new.good.test A 192.0.2.9
	validate good.test
}

# The file is cut, or written over, while knotd runs: knotd lives, and says what has happened.
test_store_cut_while_running() {
	damaged_while_running truncate -s 8192
}
test_store_zeroed_while_running() {
	damaged_while_running zeros_over
}
zeros_over() {
	dd if=/dev/zero of="$1" bs=4096 count=$(($(stat -c %s "$1") / 4096)) conv=notrunc status=none
}
damaged_while_running() {
	small good good.test 1
	quick d --zone good.test=good
	with_plain
	local before pid
	before=$(serial good.test)
	pid=$(cat "$D/run/knotd.pid")
	"$@" "$D/store/data.mdb"
	small good good.test 2 'new A 192.0.2.9'
	within 30 says "$D/knotd.log" 'good\.test.*store cannot be read any more'
	expect 'data\.mdb was cut.*restart knotd' module zone-status good.test
	knot zone-refresh good.test
	sleep 2
	served_as_before
	[ -e "/proc/$pid" ] || fail "knotd has ended"
	restart_knotd
	within 10 says "$D/knotd.log" 'data\.mdb is damaged'
	answers www.good.test A 192.0.2.80 || fail "the last version is not served"
}

# The first to read the file that was cut is a client of the control socket.
test_store_cut_and_asked() {
	local pid
	small good good.test 1
	quick d --zone good.test=good
	pid=$(cat "$D/run/knotd.pid")
	stop_pid "$(cat "$D/run/ods-engine.pid")"
	truncate -s 8192 "$D/store/data.mdb"
	engine_asks zone-keyset-read good.test >got 2>&1 || true
	sleep 1
	[ -e "/proc/$pid" ] || fail "knotd has ended"
	says got 'cut.*restart knotd' || fail "$(cat got)"
}

# A zone whose store cannot be read does not expire, though its SOA says 12 s.
test_unreadable_store_expires_nothing() {
	small good good.test 1
	sed -i 's/3600 900 604800/4 2 12/' good
	quick d --zone good.test=good
	local before
	before=$(serial good.test)
	stop_pid "$(cat "$D/run/knotd.pid")"
	truncate -s 4096 "$D/store/data.mdb"
	start_knotd
	for _ in $(seq 25); do
		sleep 1
		[ "$(serial good.test)" = "$before" ] || fail "not served any more"
	done
	does_not_say "$D/knotd.log" 'good\.test.*expired'
}

# Pages that are zeros, in the midst of the file.
test_store_pages_damaged() { # limit 120
	local before page pages
	small good good.test 1
	quick d --zone good.test=good
	with_plain
	before=$(serial good.test)
	stop_pid "$(cat "$D/run/knotd.pid")"
	cp -a "$D/store" kept
	pages=$(($(stat -c %s "$D/store/data.mdb") / 4096))
	for page in 2 $((pages / 2)) $((pages - 1)); do
		dd if=/dev/zero of="$D/store/data.mdb" bs=4096 count=1 seek="$page" conv=notrunc status=none
		start_knotd
		served_as_before
		small good good.test 1
		knot zone-refresh good.test
		sleep 1
		served_as_before
		stop_pid "$(cat "$D/run/knotd.pid")"
		cp -a kept/. "$D/store"
	done
}

# An engine that was started with SIGCHLD ignored hears of its programs' exit statuses.
test_engine_hears_of_programs() {
	small good good.test 1
	quick d --zone good.test=good
	stop_pid "$(cat "$D/run/ods-engine.pid")"
	env --ignore-signal=CHLD setsid "$BUILD_DIR/ods-engine" -c "$D/conf.xml" \
		>>"$D/ods-engine.log" 2>&1 </dev/null &
	echo $! >"$D/run/ods-engine.pid"
	within 30 engine status
	local ignored
	ignored=$(sed -n 's/^SigIgn:[[:space:]]*//p' "/proc/$(cat "$D/run/ods-engine.pid")/status")
	[ $((0x$ignored & 1 << 16)) -eq 0 ] || fail "SIGCHLD is ignored: $ignored"
}

# Two knotd with sockets of their own, but one storage.
test_two_on_one_storage() {
	small good good.test 1
	quick d --zone good.test=good
	mkdir second
	sed -e "s|rundir: .*|rundir: \"$work/second\"|" -e "s|127.0.0.1@.*|127.0.0.1@$(free_port)|" \
		-e "s|storage: \"$D/knot\"|storage: \"$work/second\"|" -e "s|$D/run/|$work/second/|" \
		"$D/knot.conf" >second/knot.conf
	setsid knotd -c second/knot.conf >second/second.log 2>&1 &
	pids+=($!)
	within 10 says second/second.log "store in .* is in use by process $(cat "$D/run/knotd.pid"): $(
		)two knotd must not share it"
	small good good.test 2 'new A 192.0.2.9'
	within 60 answers new.good.test A 192.0.2.9
	validate good.test
}

# ---- doors: what others refuse does not come in

ds='1 8 2 0000000000000000000000000000000000000000000000000000000000000001'

# update ZONE LINE...
update() {
	printf '%s\n' "server 127.0.0.1 $PORT" "zone $1." "${@:2}" send | nsupdate 2>&1
}

# refuses ZONE REGEX [RECORD...]: its file with these records is not taken, and says why.
refuses() {
	small "$1" "$1.test" 2 "${@:3}"
	within 15 status_says "$1.test" "state:.*$2"
	grep -qE "$1\.test.*$2" "$D/knotd.log" || fail "the log has no '$2'"
	[ "$(serial "$1.test")" = "$first" ] || fail "$1.test has changed"
	validate "$1.test"
}

test_doors_file() { # limit 120
	local first
	small a a.test 1
	quick d --zone a.test=a
	first=$(serial a.test)
	refuses a 'a:407: big\.a\.test\. has 400 TXT records of 80400 octets.*no DNS message' \
		"$(for i in {100..499}; do printf 'big TXT %0200d\n' "$i"; done)"
	refuses a "a:8: a\.test\. DS: a DS at the zone's apex" "@ DS $ds"
	refuses a 'a:8: \*\.w\.a\.test\. NS: a wildcard cannot be delegated' '*.w NS ns1'
	refuses a 'a:8: x\.a\.test\. DNSKEY: .* not at the zone' \
		'x DNSKEY 257 3 15 kYdw4vl+AnZKYxjCTtZ4ObcQ6KlvV09j+JUuLfAHqkA='
	refuses a 'a:8: x\.d\.a\.test\. is below a DNAME' 'x.d A 192.0.2.1' 'd DNAME example.'
	small a a.test 3 'after A 192.0.2.9'
	within 15 answers after.a.test A 192.0.2.9
	validate a.test
}

test_doors_update() { # limit 120
	local i zeros
	zeros=$(printf %0196d 0)
	small a a.test 1 "$(for i in {1..290}; do printf 'big TXT %0200d\n' "$i"; done)"
	quick d --zone a.test=a
	allow_updates a.test
	for i in {0291..0330}; do
		update a.test "update add big.a.test 300 TXT \"$zeros$i\"" >answer || break
	done
	says answer 'update failed: REFUSED' || fail "an RRset of $i TXT is taken"
	says "$D/knotd.log" 'a\.test.*update, refused: big\.a\.test\..*no DNS message can hold' ||
		fail "the log does not say why"
	update a.test "update add a.test 300 DS $ds" >answer || true
	says answer REFUSED
	update a.test 'update add *.w.a.test 300 NS ns1.a.test.' >answer || true
	says answer REFUSED
	update a.test 'update add ttl.a.test 2147483647 A 192.0.2.9' || fail 'an update is refused'
	within 15 answers ttl.a.test A 192.0.2.9
	[ "$(ttl ttl.a.test A)" = 86400 ] || fail 'a TTL of 68 years'
	validate a.test
	# What was taken can all be asked for.
	[ "$(ask +tcp +short big.a.test TXT | wc -l)" -ge $((10#$i - 1)) ] || fail 'TXT are missing'
}

# A hash as a label leaves 222 octets for the zone's name.
test_doors_nsec3() { # limit 120
	local l long fits
	l=$(printf 'l%.0s' {1..54})
	long=$l.$l.$l.$l.t fits=$l.$l.$l.${l%?}.t
	kasp k.xml < <(policy lab x)
	small long "$long" 1
	small fits "$fits" 1
	quick d --kasp k.xml --policy x --zone "$long=long" --zone "$fits=fits"
	kasp k.xml < <(policy lab x "$(nsec3_denial)")
	cp k.xml "$D/kasp.xml"
	engine reload
	within 30 status_says "$long" 'state:.*policy x has NSEC3, but .*name is too long.*NSEC'
	engine zone-status "$long" | grep 'too long' || fail 'the engine does not say so'
	within 30 nsec3 "$fits"
	! nsec3 "$long" || fail "the zone has NSEC3PARAM"
	small long "$long" 2 'new A 192.0.2.9'
	within 15 answers "new.$long" A 192.0.2.9
	validate "$long"
	validate "$fits"
	restart_knotd
	within 30 status_says "$long" 'state:.*too long'
	kasp k.xml < <(policy lab x)
	cp k.xml "$D/kasp.xml"
	engine reload
	within 90 status_says "$long" 'state: ok'
	validate "$long"
}
nsec3() { [ -n "$(ask +tcp +short "$1" NSEC3PARAM)" ]; }

test_doors_ttl() { # limit 120
	local before
	kasp k.xml < <(policy lab x 's/<MaxZoneTTL>.*</<MaxZoneTTL>PT200S</')
	small a a.test 1 'long 2147483647 A 192.0.2.7' 'short 100 A 192.0.2.8' \
		'huge 2147483648 A 192.0.2.9' 'cut 90000 NS ns1' "cut 90000 DS $ds"
	quick d --kasp k.xml --policy x --zone a.test=a
	[ "$(ttl long.a.test A)" = 200 ] || fail 'a TTL of 68 years'
	[ "$(ttl short.a.test A)" = 100 ] && [ "$(ttl huge.a.test A)" = 0 ]
	[ "$(ttl cut.a.test DS)" = 200 ] || fail 'the TTL of a DS'
	says "$D/knotd.log" 'a\.test.* RRsets have a larger TTL.*with 200; the first one is ' ||
		fail 'not logged'
	validate a.test
	before=$(serial a.test)
	kasp k.xml < <(policy lab x 's/<MaxZoneTTL>.*</<MaxZoneTTL>PT150S</')
	cp k.xml "$D/kasp.xml"
	engine reload
	within 30 has_ttl long.a.test A 150
	[ "$(ttl short.a.test A)" = 100 ]
	says "$D/knotd.log" 'a\.test.*IXFR, incoming.*finished' || fail 'no IXFR'
	serial_differs a.test "$before"
	validate a.test
}
ttl() { ask +noall +answer "$1" "$2" | awk '{ print $2 }'; }
has_ttl() { [ "$(ttl "$1" "$2")" = "$3" ]; }

# bind_of, nsd_of, knot_of ZONE...: a secondary of these zones, at $port, $port + 1, $port + 2.
bind_of() {
	mkdir bind
	{
		cat <<-EOT
		options {
		    directory "$work/bind"; pid-file "$work/bind/pid"; session-keyfile none;
		    listen-on port $port { 127.0.0.1; }; listen-on-v6 { none; };
		    recursion no; notify no; managed-keys-directory "$work/bind";
		    transfers-in 50; transfers-per-ns 50;
		};
		controls { };
		EOT
		printf 'zone %s { type secondary; primaries port '"$PORT"' { 127.0.0.1; }; };\n' "$@"
	} >bind/named.conf
	named -g -c bind/named.conf >bind/named.log 2>&1 &
	pids+=($!)
}
nsd_of() {
	run_nsd $((port + 1)) < <(
		printf 'zone:\n    name: %s\n    request-xfr: 127.0.0.1@'"$PORT"' NOKEY\n' "$@")
}
knot_of() {
	another_knotd secondary "127.0.0.1@$((port + 2))" < <(
		printf 'remote:\n  - id: primary\n    address: 127.0.0.1@%s\nzone:\n' "$PORT"
		printf '  - domain: %s\n    master: primary\n    dnssec-validation: on\n' "$@")
}
follows() { [ "$(PORT=$1 serial "$2")" = "$(serial "$2")" ]; }

# What we publish, however odd, all secondaries take.
test_doors_secondaries() { # limit 180
	local -A odd=(
		[dsalone]="x DS $ds" [dsdata]="x A 192.0.2.1"$'\n'"x DS $ds"
		[wild]=$'*.w DNAME example.\n*.v CNAME www\n* TYPE65300 \\# 1 00'
		[cds]="_dsboot.x._signal CDS $ds"$'\n''_dsboot.x._signal CDNSKEY 257 3 15 '$(
			)'kYdw4vl+AnZKYxjCTtZ4ObcQ6KlvV09j+JUuLfAHqkA='
		[cut]=$'x NS ns.example.\nx MX 10 a\ny.x CNAME a\nz.x SPF a'
		[signer]=$'x NSEC3PARAM 1 0 0 -\nx NSEC y A'
		[records]=$(printf 'x TXT %s\n' {1..100})
		[types]=$(printf 'x TYPE%s \\# 1 00\n' {65300..65348})
		[large]=$(for i in {1..92}; do
			printf 'x TYPE65300 \\# 680 %04d%01356d\n' "$i" 0; done)
	)
	local zone port args=()
	port=$(free_port)
	for zone in "${!odd[@]}"; do
		small "$zone" "$zone.test" 1 "${odd[$zone]}"
		args+=(--zone "$zone.test=$zone")
	done
	quick d "${args[@]}"
	does_not_say "$D/knotd.log" 'a BIND secondary'
	local zones=("${!odd[@]}")
	zones=("${zones[@]/%/.test}")
	bind_of "${zones[@]}"
	nsd_of "${zones[@]}"
	knot_of "${zones[@]}"
	for zone in "${zones[@]}"; do
		within 30 follows "$port" "$zone"
		within 30 follows $((port + 1)) "$zone"
		within 30 follows $((port + 2)) "$zone"
		# kzonecheck believes that each CDS is one of the zone's own.
		[ "$zone" = cds.test ] || validate "$zone"
	done
}
# ---- clock

# start_knotd_at OFFSET: with a clock that is ahead, or behind.
start_knotd_at() {
	cat >"$work/knotd.other-time" <<-EOT
	#!/bin/bash
	export FAKETIME='$1' FAKETIME_DONT_FAKE_MONOTONIC=1
	export LD_PRELOAD=\$(echo /usr/lib/*/faketime/libfaketimeMT.so.1)
	exec knotd "\$@"
	EOT
	chmod +x "$work/knotd.other-time"
	KNOTD=$work/knotd.other-time start_knotd
}

# at_time OFFSET: knotd is restarted with that clock, and good.test changes.
at_time() {
	stop_pid "$(cat "$D/run/knotd.pid")"
	start_knotd_at "$1"
	small good good.test $((++in)) "at$in A 192.0.2.$in"
}

# What is signed by a wrong clock is good by the right one, too; when it is right again, signatures live as
# long as the policy says.
test_clock_wrong() { # limit 120
	local in=1 offset
	small good good.test 1
	quick d --zone good.test=good
	for offset in +2h +20d +400d '@2038-01-19 03:13:50' -2h -20d; do
		at_time "$offset"
		within 30 answers "at$in.good.test" A "192.0.2.$in"
		good_now good.test || fail "$offset: signatures that are not good now"
		expect 'the clock went (ahead|back) by' module status
		stop_pid "$(cat "$D/run/knotd.pid")"
		start_knotd
		within 30 lives_by_policy good.test
		good_now good.test || fail "$offset: signatures that are not good now"
		validate good.test
	done
}

# lives_by_policy ZONE: no signature lives longer than 28 days and a half.
lives_by_policy() {
	local last
	last=$(date -u -d '29 days' +%Y%m%d%H%M%S)
	(axfr "$1" "$1.times") || return 1
	awk -v last="$last" '$4 == "RRSIG" && $9 > last { bad = 1 } END { exit bad }' "$1.times"
}

# good_now ZONE: no signature is from the future, or expired.
good_now() {
	local now
	now=$(date -u +%Y%m%d%H%M%S)
	(axfr "$1" "$1.times") || return 1
	awk -v now="$now" '$4 == "RRSIG" && ($9 < now || $10 > now) { bad = 1 } END { exit bad }' \
		"$1.times"
}

# A clock that has lost the time signs nothing.
test_clock_lost() { # limit 120
	local in=1 year
	small good good.test 1
	quick d --zone good.test=good
	for year in 1970 2107; do
		at_time "@$year-01-02 00:00:00"
		within 30 status_says good.test "the clock says $year-01-02, which cannot be: nothing is signed"
		says "$D/knotd.log" "good\\.test.*the clock says $year" || fail "the log does not say it"
		stop_pid "$(cat "$D/run/knotd.pid")"
		start_knotd
		within 30 answers "at$in.good.test" A "192.0.2.$in"
		validate good.test
	done
}

# A person says that a wrong clock is right.
test_clock_accepted() {
	local in=1
	small good good.test 1
	quick d --zone good.test=good
	at_time +20d
	within 30 answers at2.good.test A 192.0.2.2
	expect 'the clock went ahead by (20|19) d.*ods clock-accept' module status
	ods clock-accept
	module status >status.out
	does_not_say status.out clock
	small good good.test 3 'accepted A 192.0.2.3'
	within 30 answers accepted.good.test A 192.0.2.3
	! good_now good.test || fail "signatures are still made for both times"
}

# What is sure to be refused does not come in: an update is not acknowledged, a file not taken.
test_refused_door() { # limit 60
	small z u.test 1
	quick d --zone u.test=z
	sed -i 's/^  - domain: .*/&\n    zone-max-size: 6000/' d/knot.conf
	allow_updates u.test
	small z u.test 2 "$(for n in $(seq 30); do printf 'big%s TXT ("%0240d")\n' "$n" 0; done)"
	module zone-reload u.test || true
	within 10 status_says u.test 'state: not loaded, .*zone-max-size.*last good zone stays'
	send_update() { printf '%s\n' "server 127.0.0.1 $PORT" 'zone u.test' "$@" send >update; knsupdate -v update; }
	expect REFUSED send_update "$(for n in $(seq 14); do printf 'add big%s.u.test 300 TXT %0240d\n' "$n" 0; done)"
	says d/knotd.log 'u\.test, update, refused: .*the signed zone would be larger than the 6000 bytes that zone-max-size'
	send_update 'add small.u.test 300 A 192.0.2.9' || fail "what fits is refused"
	within 10 answers small.u.test A 192.0.2.9
	within 10 status_says u.test 'served: 2'
	validate u.test
}

# ---- disk and programs, continued

# A disk of the store's own, in a mount namespace of the test's own: read-only, full, and gone.
test_store_disk() { # limit 120
	local before
	own_mounts recovery test_store_disk
	mkdir -p d/store
	mount -t tmpfs -o size=3m,mode=755 disk d/store
	small good good.test 1
	quick d --zone good.test=good
	with_plain
	before=$(serial good.test)

	stop_pid "$(cat "$D/run/knotd.pid")"
	mount -o remount,ro d/store
	start_knotd
	within 10 says "$D/knotd.log" 'store.*Read-only file system; it has to be writable'
	expect 'Read-only file system' module zone-status good.test
	served_as_before

	stop_pid "$(cat "$D/run/knotd.pid")"
	mount -o remount,rw d/store
	head -c 9000000 /dev/zero >d/store/fill || true
	start_knotd
	served_as_before
	"$e2e/genzone.py" host 2000 good.test >good.new
	mv good.new good
	within 60 status_says good.test 'the disk is full; make room'
	served_as_before

	stop_pid "$(cat "$D/run/knotd.pid")"
	rm d/store/fill d/store/lock.mdb
	head -c 9000000 /dev/zero >d/store/fill || true
	: >"$D/knotd.log"
	start_knotd
	within 10 says "$D/knotd.log" 'lock\.mdb: No space left on device; make room'
	served_as_before

	stop_pid "$(cat "$D/run/knotd.pid")"
	rm d/store/fill
	mount -o remount,size=300m d/store
	start_knotd
	within 90 serial_differs good.test "$before"
	validate good.test
}

# All is served as it was at the serial $before.
served_as_before() {
	answers www.plain.test A 192.0.2.80 || fail "the other zone is not served"
	within 10 answers www.good.test A 192.0.2.80
	signed good.test || fail "the last version is not signed"
	[ "$(serial good.test)" = "$before" ] || fail "another serial than $before"
}
