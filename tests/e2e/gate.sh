# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: mod-opendnssec developers
#
# The last gate: the operator's own check of each version.

# judge LINE...: the program "judge", a script with these lines; it notes with what it is called.
judge() {
	printf '%s\n' '#!/bin/bash' 'cat >zone' 'echo "$1 $2 $(wc -l <zone)" >>judged' "$@" >judge.new
	sed -i "2i cd $work" judge.new
	chmod +x judge.new
	mv judge.new judge
}
# checked_by ZONE COMMAND [LIMIT]: has its versions checked.
checked_by() {
	sed -i "/publish-check/d; s|^    policy: .*|&\n    publish-check: $2\n    publish-check-limit: ${3:-60}|" \
		"$D/knot.conf"
	knot reload
}
judged() { grep -q "^$1 $(serial "${1%.}") " judged; }
has() { [ -n "$(ask +short "$1" A)" ]; }

# What the check refuses stays outside, over a restart, until a version passes, or a person lets it in.
test_check() { # limit 60
	small z c.test 1
	quick d --zone c.test=z
	probe c.test
	judge 'ldns-verify-zone /dev/stdin <zone || exit 2' \
		'! grep -q ^bad zone || { echo "bad is in it" >&2; exit 3; }'
	checked_by c.test "$work/judge"
	small z c.test 2 'good A 192.0.2.1'
	module zone-reload c.test
	within 10 has good.c.test
	within 5 judged c.test.
	small z c.test 3 'good A 192.0.2.1' 'bad A 192.0.2.2'
	module zone-reload c.test
	within 10 status_says c.test '^\[c\.test\.\] state: held: check: .*says no to serial [0-9]*: .*judge: exit status 3: bad is in it; the version before it stays.*since 2.*ods pass c\.test\. check'
	! has bad.c.test || fail "served all the same"
	within 5 judged c.test. # the one that is served
	probe_end
	restart_knotd
	within 10 status_says c.test 'state: held: check'
	knot zone-retransfer c.test
	sleep 1
	! has bad.c.test || fail "served after a restart"
	has good.c.test || fail "not served after a restart"
	# a version without it passes by itself
	small z c.test 4 'good A 192.0.2.1' 'fine A 192.0.2.3'
	module zone-reload c.test
	within 10 has fine.c.test
	within 10 status_says c.test 'state: ok'
	# a person knows better
	small z c.test 5 'bad A 192.0.2.2'
	module zone-reload c.test
	within 10 status_says c.test 'state: held: check'
	[ "$(ods pass c.test check)" = OK ] || fail "ods pass"
	within 10 has bad.c.test
	within 10 status_says c.test 'state: ok'
	validate c.test
}

# A program that is not there, or does not end, holds the version; without a check it goes out.
test_check_fails() { # limit 60
	small z c.test 1
	quick d --zone c.test=z
	checked_by c.test /nowhere/judge
	small z c.test 2 'a A 192.0.2.1'
	module zone-reload c.test
	within 10 status_says c.test 'state: held: check: .*/nowhere/judge: cannot be run: No such file'
	judge 'sleep 30'
	checked_by c.test "$work/judge" 1
	within 10 status_says c.test 'state: held: check: .*did not end within 1 s'
	# knotd does not wait for it
	judge 'sleep 50'
	checked_by c.test "$work/judge" 60
	within 10 status_says c.test 'served: not yet, the operator.s check has not ended'
	within 10 module status
	! has a.c.test || fail "published unchecked"
	sed -i /publish-check/d "$D/knot.conf"
	knot reload
	within 10 has a.c.test
	within 10 status_says c.test 'state: ok'
	sed -i 's|^    policy: .*|&\n    publish-check: judge|' "$D/knot.conf"
	expect 'absolute path' knotc -c "$D/knot.conf" conf-check
}

# What a check says that another one has replaced meanwhile counts for nothing; no is said once a version.
test_check_replaced() { # limit 60
	small z c.test 1
	quick d --zone c.test=z
	judge 'sleep 4'
	checked_by c.test "$work/judge"
	small z c.test 2 'a A 192.0.2.1'
	module zone-reload c.test
	within 10 test -s judged
	judge 'sleep 2' 'exit 1'
	mv judge no
	checked_by c.test "$work/no"
	within 20 status_says c.test 'state: held: check: .*no: .*status 1'
	! has a.c.test || fail "published by the yes of a check that was replaced"
	rm judged
	checked_by c.test "$work/no"
	module zone-reload c.test
	within 10 test -s judged
	sleep 4 # It begins with that line, and takes two seconds.
	[ "$(wc -l <judged)" -eq 1 ] || fail "a check that says no is run again at once"
}

# A check that takes its time does not keep back a stream of updates for ever; knotd ends in time.
test_check_stream() { # limit 60
	small z c.test 1
	quick d --zone c.test=z
	allow_updates c.test
	judge 'sleep 1'
	checked_by c.test "$work/judge"
	local i begin
	for i in $(seq 1 60); do
		printf '%s\n' "server 127.0.0.1 $PORT" 'zone c.test' "add u$i.c.test 60 A 192.0.2.1" send |
			knsupdate
		sleep 0.1
	done
	has u1.c.test || fail "nothing was published during six seconds of updates"
	within 10 has u60.c.test
	validate c.test
	judge 'sleep 50'
	small z c.test 99
	module zone-reload c.test
	within 10 grep -q . judged
	sleep 1
	begin=$SECONDS
	stop_pid "$(cat "$D/run/knotd.pid")"
	[ $((SECONDS - begin)) -lt 10 ] || fail "knotd waited for the check"
	start_knotd
}

# ---- what secondaries have

# ahead SERIAL: a secondary on $sport that got s.test of that serial from another signer, and has ours as
# its primary now.
ahead() {
	sport=$(free_port)
	mkdir -p "$work/sec"
	small sec/zone s.test "$1" 'old A 192.0.2.66'
	secondary_conf
	within 10 shows_serial "$1"
	stop_pid "$another"
	secondary_conf 'master: primary' 'acl: [all, keyed]'
}
# secondary_conf ITEM...: starts the secondary, as $another.
secondary_conf() {
	another_knotd sec "127.0.0.1@$sport" <<-EOT
	key:
	  - id: k.test
	    algorithm: hmac-sha256
	    secret: dGVzdHRlc3R0ZXN0dGVzdHRlc3R0ZXN0
	remote:
	  - id: primary
	    address: 127.0.0.1@$PORT
	acl:
	  - id: all
	    address: 127.0.0.1
	    action: [notify, transfer]
	  - id: keyed
	    key: k.test
	    action: notify
	zone:
	  - domain: s.test
	    file: "$work/sec/zone"
	    zonefile-sync: -1
	$(printf '    %s\n' "$@")
	EOT
}
shows_serial() { [ "$(PORT=$sport serial s.test)" = "$1" ]; }
follows() { [ "$(PORT=$sport serial s.test)" = "$(serial s.test)" ]; }

# notified [PORT]: knotd has that secondary as "notify".
notified() {
	sed -i -e "s/^remote:/&\n  - id: s1\n    address: 127.0.0.1@${1:-$sport}/" \
		-e 's/^    acl: transfer/&\n    notify: s1/' "$D/knot.conf"
	knot reload
}

# slow_line: to the secondary, with a second's delay, on port $slow.
slow_line() {
	slow=$(free_port)
	python3 -c 'import socket, sys, threading, time
def copy(a, b):
    while data := a.recv(65536):
        b.sendall(data)
    b.shutdown(socket.SHUT_WR)
def serve(a):
    time.sleep(1)
    b = socket.create_connection(("127.0.0.1", int(sys.argv[2])))
    threading.Thread(target=copy, args=(b, a), daemon=True).start()
    copy(a, b)
listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
while True:
    threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()' \
		"$slow" "$sport" 2>/dev/null &
	pids+=($!)
}

# with_policy SERIAL IN: s.test of that serial policy, and that serial in its file.
with_policy() {
	policy default "$1" "s:<Serial>.*:<Serial>$1</Serial>:" | kasp kasp.xml
	small z s.test "$2"
	quick d --kasp kasp.xml --policy "$1" --zone s.test=z
}

# Who had the zone from another signer, with higher serials, takes ours.
test_ahead() { # limit 60
	with_policy counter 5
	ahead 2026010100
	probe s.test
	notified
	within 20 follows
	[ "$(serial s.test)" -gt 2026010100 ] || fail "serial $(serial s.test)"
	says d/knotd.log 'the secondary s1 (.*) shows serial 2026010100, .*has to be above that'
	within 20 status_says s.test "secondary: s1 \(127\.0\.0\.1@$sport\), serial $(serial s.test), asked 2"
	status_says s.test 'state: ok'
	# by IXFR from now on
	small z s.test 6 'new A 192.0.2.9'
	module zone-reload s.test
	within 20 follows
	PORT=$sport validate s.test
	validate s.test
	probe_end
}

# All of the machine is an older copy: what it makes is above what the world has.
test_machine_older() { # limit 90
	with_policy counter 5
	ahead 1
	slow_line
	notified "$slow"
	within 20 follows
	local before
	stop_pid "$(cat d/run/knotd.pid)"
	stop_pid "$(cat d/run/ods-engine.pid)"
	cp -a d older
	start_knotd
	start_engine
	three_versions z s.test
	within 20 follows
	before=$(serial s.test)
	stop_pid "$(cat d/run/knotd.pid)"
	stop_pid "$(cat d/run/ods-engine.pid)"
	rm -r d
	mv older d
	local versions
	versions=$(grep -c 'signed, serial' d/knotd.log)
	small z s.test 5 'latest A 192.0.2.9'
	start_knotd
	start_engine
	within 20 answers latest.s.test A 192.0.2.9
	[ "$(serial s.test)" -gt "$before" ] || fail "serial $(serial s.test) after $before"
	within 20 follows
	PORT=$sport validate s.test
	# the first one that was made at all
	[ "$(grep -c 'signed, serial' d/knotd.log)" = "$((versions + 1))" ] || fail "more than one version"
}

# With the serial of the file, the version is held: it says for whom, and what to do.
test_ahead_keep() { # limit 60
	with_policy keep 5
	ahead 9
	notified
	within 10 status_says s.test "^\[s\.test\.\] state: held: serial: .*serial 5 is not greater than 9, which s1 \(127\.0\.0\.1@$sport\) shows.*increase.*since 2"
	[ "$(serial s.test)" = 5 ] || fail "serial $(serial s.test)"
	small z s.test 10
	module zone-reload s.test
	within 20 follows
	within 10 status_says s.test 'state: ok'
	PORT=$sport validate s.test
}

# A serial that no counter can have is not followed, until a person says so; all else goes on.
test_ahead_absurd() { # limit 90
	with_policy unixtime 5
	ahead 3333333333
	notified
	within 10 status_says s.test '^\[s\.test\.\] state: held: ahead: the secondary s1 .*shows serial 3333333333, which no counter.*since 2.*ods pass s\.test\. ahead'
	small z s.test 6 'new A 192.0.2.9'
	module zone-reload s.test
	within 10 answers new.s.test A 192.0.2.9
	[ "$(serial s.test)" -lt 2000000000 ] || fail "serial $(serial s.test)"
	shows_serial 3333333333 || fail "the test has no secondary that is ahead"
	expect 'held\[ahead\] = 1' module zone-stats s.test
	[ "$(ods pass s.test ahead)" = OK ] || fail "ods pass"
	within 20 follows
	[ "$(serial s.test)" = 3333333334 ] || fail "serial $(serial s.test)"
	within 60 status_says s.test 'state: ok'
	PORT=$sport validate s.test
}

# Two servers that take a connection, and say nothing: $deaf1, $deaf2 are their ports.
deaf() {
	deaf1=$(free_port)
	deaf2=$((deaf1 + 1))
	python3 -c 'import socket, sys, time
listeners = [socket.create_server(("127.0.0.1", int(port))) for port in sys.argv[1:]]
print("listens", flush=True)
time.sleep(600)' "$deaf1" "$deaf2" >deaf.out &
	pids+=($!)
	within 30 test -s deaf.out
}

# Who does not answer, does not know the key, or is none, is named, and not waited for but a moment.
test_ahead_silent() { # limit 120
	with_policy counter 5
	ahead 9
	deaf
	sed -i -e "s/^remote:/&\n  - id: deaf\n    address: [127.0.0.1@$deaf1, 127.0.0.1@$deaf2]\n  - id: closed\n    address: 127.0.0.1@1\n  - id: keyed\n    address: 127.0.0.1@$sport\n    key: k.test/" \
		-e 's/^remote:/key:\n  - id: k.test\n    algorithm: hmac-sha256\n    secret: AAAAdHRlc3R0ZXN0dGVzdHRlc3R0ZXN0\n\n&/' \
		-e "s/^acl:/remotes:\n  - id: group\n    remote: [deaf, closed, keyed]\n\n&/" \
		-e 's/^    acl: transfer/&\n    notify: group/' d/knot.conf
	stop_pid "$(cat d/run/knotd.pid)"
	small z s.test 6 'new A 192.0.2.9'
	start_knotd
	local begin=$SECONDS
	within 20 answers new.s.test A 192.0.2.9
	[ $((SECONDS - begin)) -lt 15 ] || fail "the version waited for those that do not answer"
	[ "$(serial s.test)" -lt 9 ] || fail "serial $(serial s.test)"
	within 30 status_says s.test "secondary: deaf \(127\.0\.0\.1@$deaf1\), its serial is not known, no answer in time; asked 2"
	within 10 status_says s.test 'secondary: closed \(127\.0\.0\.1@1\), its serial is not known, Connection refused'
	within 10 status_says s.test "secondary: keyed \(127\.0\.0\.1@$sport\), its serial is not known, .*(TSIG|NOTAUTH)"
	status_says s.test '^\[s\.test\.\] state: ok'
	# with the right key
	sed -i 's/AAAAdHRlc3R0/dGVzdHRlc3R0/' d/knot.conf
	knot reload
	within 60 status_says s.test "secondary: keyed .*, serial [0-9]*, asked 2"
	[ "$(serial s.test)" = 10 ] || within 20 serial_is s.test 10
}
serial_is() { [ "$(serial "$1")" = "$2" ]; }
