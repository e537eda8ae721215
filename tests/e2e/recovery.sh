# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: mod-opendnssec developers
#
# What is lost, wrong or out of time does not make a zone bogus: the last good version stays served.

# ---- the last gate

ods() { "$BUILD_DIR/ods" -c "$D/conf.xml" "$@"; }

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
	probe h.test
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
	within 10 status_says h.test 'state: not loaded, .*no NS records of h\.test\..*last good zone stays'
	answers h.test NS ns1.h.test. || fail "NS is gone"
}

# zone-freeze: the input stays, signing goes on, over a restart.
test_freeze() { # limit 60
	small z f.test 1
	quick d --zone f.test=z
	sed -i -e "s|^acl:|&\n  - id: by-address\n    address: 127.0.0.1\n    action: update|" \
		-e "s|acl: transfer|acl: [transfer, by-address]|" d/knot.conf
	knot reload
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
	probe s.test
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
	local before i
	stop_pid "$(cat d/run/knotd.pid)"
	cp -r d/store older
	start_knotd
	for i in 1 2 3; do
		before=$(serial s.test)
		small z s.test 5 "new$i A 192.0.2.9"
		module zone-reload s.test
		within 20 serial_differs s.test "$before"
	done
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

# What is sure to be refused does not come in: an update is not acknowledged, a file not taken.
test_refused_door() { # limit 60
	small z u.test 1
	quick d --zone u.test=z
	sed -i -e "s|^acl:|&\n  - id: by-address\n    address: 127.0.0.1\n    action: update|" \
		-e "s|acl: transfer|acl: [transfer, by-address]|" \
		-e 's/^  - domain: .*/&\n    zone-max-size: 6000/' d/knot.conf
	knot reload
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
