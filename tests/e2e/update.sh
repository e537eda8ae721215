# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: mod-opendnssec developers
#
# DNS UPDATE: a client asks knotd, which forwards to the module; answered when it is on the disk.

secret=Wg6FH9tJ1Dz0WVrwBpKXsZ3vQ0k0NOu8M7IzVYJmbWI=

# dynamic [QUICKSTART-OPTION...]: u.test, which takes updates by key, and n.test, without one.
dynamic() {
	small u u.test 1
	small n n.test 1
	quick d --zone u.test="$work/u" --zone n.test="$work/n" "$@"
	allow_clients
	knot reload
}

allow_clients() {
	sed -i -e "s|^acl:|key:\n  - id: updater\n    algorithm: hmac-sha256\n    secret: $secret\n\n&\n\
  - id: by-key\n    key: updater\n    action: update\n\
  - id: by-address\n    address: 127.0.0.1\n    action: update|" \
		-e 's|"u.test"|&\n    acl: [transfer, by-key]|' \
		-e 's|"n.test"|&\n    acl: [transfer, by-address]|' "$D/knot.conf"
}

# update ZONE [LINE...]: by knsupdate, signed if the zone wants it
update() {
	local zone=$1
	shift
	{
		[ "$zone" != u.test ] || echo "key hmac-sha256:updater $secret"
		printf 'server 127.0.0.1 %s\nzone %s.\n' "$PORT" "$zone"
		printf '%s\n' "$@" send
	} >update.txt
	knsupdate -v update.txt
}

# bind_update ZONE [LINE...]: the same by BIND's client, which verifies the answer's TSIG by itself
bind_update() {
	local zone=$1 key=()
	shift
	[ "$zone" != u.test ] || key=(-y "hmac-sha256:updater:$secret")
	{
		printf 'server 127.0.0.1 %s\nzone %s.\n' "$PORT" "$zone"
		printf '%s\n' "$@" send
	} >update.txt
	nsupdate "${key[@]}" update.txt
}

test_clients() { # short
	dynamic
	update u.test 'add a.u.test. 60 A 192.0.2.9' || fail knsupdate
	update n.test 'add a.n.test. 60 A 192.0.2.9' || fail 'knsupdate without a key'
	within 15 answers a.u.test A 192.0.2.9
	within 15 answers a.n.test A 192.0.2.9
	bind_update u.test 'update add b.u.test 60 MX 5 www.u.test.' || fail nsupdate
	bind_update n.test 'update delete www.n.test' || fail 'nsupdate without a key'
	within 15 answers b.u.test MX '5 www.u.test.'
	within 15 answers www.n.test A ''
	# prerequisites
	expect NXDOMAIN bind_update u.test 'prereq yxdomain none.u.test' 'update add c.u.test 60 A 192.0.2.1'
	expect YXRRSET update u.test 'prereq nxrrset www.u.test. A' 'add c.u.test. 60 A 192.0.2.1'
	bind_update u.test 'prereq yxrrset www.u.test A 192.0.2.80' 'update add d.u.test 60 A 192.0.2.1'
	within 15 answers d.u.test A 192.0.2.1
	answers c.u.test A '' || fail 'a prerequisite that failed let an update happen'
	# who may not
	expect REFUSED update u.test 'add e.u.test. 60 NSEC x.u.test. A'
	secret=AAAA expect 'BADSIG|BADKEY|NOTAUTH' bind_update u.test \
		'update add e.u.test 60 A 192.0.2.1'
	expect 'NOTAUTH|REFUSED' bind_update '' 'zone u.test' 'update add e.u.test 60 A 192.0.2.1'
	validate u.test
	validate n.test
	answers e.u.test A '' || fail 'an update that was refused happened'
	[ "$(counter u.test updates)" = 3 ] || fail "$(counter u.test updates) updates counted"
	[ "$(counter u.test updates-refused)" = 3 ] ||
		fail "$(counter u.test updates-refused) refused updates counted"
}

# The file does not take back what updates did, unless it is told to.
test_file() {
	dynamic
	update u.test 'add a.u.test. 60 A 192.0.2.9'
	within 15 answers a.u.test A 192.0.2.9
	small u u.test 2 'f A 192.0.2.10'
	within 15 status_says u.test '1 updates came since it was.*zone-reload'
	restart_knotd
	within 30 status_says u.test '1 updates came since it was.*zone-reload'
	answers a.u.test A 192.0.2.9 || fail 'the update is gone'
	answers f.u.test A '' || fail 'the file was loaded'
	update u.test 'add b.u.test. 60 A 192.0.2.9'
	within 15 answers b.u.test A 192.0.2.9
	module zone-reload
	sleep 1
	answers b.u.test A 192.0.2.9 || fail 'the update is gone with a reload of all zones'
	module zone-reload u.test
	within 15 answers f.u.test A 192.0.2.10
	answers a.u.test A '' || fail 'the file was not loaded whole'
	status_says u.test 'state: ok' || fail "$(module zone-status u.test)"
	# or the file is written: then it has all of it, and can be edited
	update u.test 'add c.u.test. 60 A 192.0.2.9' 'add txt.u.test. 60 TXT "a;b" "\"c"'
	small u u.test 2 'h A 192.0.2.10'
	within 15 status_says u.test 'updates came since it was.*zone-flush'
	module zone-flush
	update u.test 'add d.u.test. 60 A 192.0.2.9'
	within 15 answers d.u.test A 192.0.2.9
	says u '^h' || fail 'an edited file was written over, though its zone was not named'
	module zone-flush u.test
	within 15 says u '^c\.u\.test\.'
	within 15 answers c.u.test A 192.0.2.9
	kzonecheck -o u.test u || fail 'what was written is no zone'
	same_data u u.test
	sed -i 's/^\(u\.test\..*SOA.*\) 900 /\1 901 /; /^c\.u/d' u
	within 15 answers c.u.test A ''
	# from now on it is as at first
	small u u.test 3 'g A 192.0.2.11'
	within 15 answers g.u.test A 192.0.2.11
	validate u.test
}

# One update after another; what was answered is there after kill -9, whenever that comes.
test_kill() {
	local n=0 round enough
	dynamic
	: >acknowledged
	for round in 1 2 3; do
		enough=$(($(wc -l <acknowledged) + 2 + RANDOM % 9))
		(
			until [ "$(wc -l <acknowledged)" -ge $enough ]; do sleep 0.05; done
			sleep "0.0$((RANDOM % 9 + 1))"
			kill -KILL "$(cat "$D/run/knotd.pid")"
		) &
		while n=$((n + 1)); timeout 10 knsupdate -v /dev/stdin <<-EOT >>updates.out 2>&1
			server 127.0.0.1 $PORT
			zone n.test.
			add h$n.n.test. 60 A 192.0.2.9
			send
			EOT
		do
			echo "h$n" >>acknowledged
		done
		wait $! || true
		within 10 gone "$(cat "$D/run/knotd.pid")"
		start_knotd
	done
	echo "$(wc -l <acknowledged) updates acknowledged"
	[ "$(wc -l <acknowledged)" -gt 3 ] || fail 'hardly an update came through'
	update n.test 'add last.n.test. 60 A 192.0.2.9'
	within 30 answers last.n.test A 192.0.2.9
	axfr n.test n.axfr
	while read -r host; do
		grep "^$host\.n\.test\..*[[:space:]]A[[:space:]]" n.axfr >/dev/null || fail "$host is lost"
	done <acknowledged
	validate n.test
}

# While a zone is signed anew, it takes updates.
test_while_signing() { # limit 240
	local start
	dynamic
	being_signed u.test u 4000
	start=$SECONDS
	update u.test 'add a.u.test. 60 A 192.0.2.9' || fail 'no update while the zone is signed'
	status_says u.test 'state: signing' || echo 'signing was over already'
	[ $((SECONDS - start)) -lt 5 ] || fail 'the update had to wait'
	within 90 answers a.u.test A 192.0.2.9
	validate u.test
}
