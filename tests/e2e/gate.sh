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
