# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: mod-opendnssec developers
#
# Either side stops, crashes, comes back; knotd reloads.

start_zone() {
	small z r.test 1
	quick d --zone r.test=z
}

pid_of() { cat "$D/run/$1.pid"; }

# edit RECORD: and waits until it is served.
edit() {
	small z r.test 1 "$@"
	within 15 answers "${1%% *}.r.test" A "${1##* }"
}

test_engine_killed() { # short
	start_zone
	probe r.test
	stop_pid "$(pid_of ods-engine)" KILL
	edit 'a A 192.0.2.9'
	validate r.test
	local before
	before=$(serial r.test)
	module zone-sign r.test
	within 15 serial_differs r.test "$before"
	knot -f zone-reload r.test
	edit 'b A 192.0.2.10'
	restart_knotd_again
	edit 'c A 192.0.2.11'
	validate r.test
	keys=$(ask +short r.test DNSKEY | sort)
	start_engine
	within 20 engine_knows
	edit 'd A 192.0.2.12'
	[ "$(ask +short r.test DNSKEY | sort)" = "$keys" ] || fail "other keys after the engine's restart"
	validate r.test
	probe_end
}
restart_knotd_again() { knot reload; }
engine_knows() { engine zone-status r.test | grep 'r\.test' >/dev/null; }

# A knotd that starts while the engine is away signs with the key set it has stored.
test_knotd_without_engine() {
	start_zone
	stop_pid "$(pid_of ods-engine)"
	restart_knotd
	within 15 signed r.test
	edit 'a A 192.0.2.9'
	validate r.test
}

test_knotd_killed() { # short
	start_zone
	edit 'a A 192.0.2.9'
	local before
	before=$(serial r.test)
	axfr r.test before.axfr
	stop_pid "$(pid_of knotd)" KILL
	start_knotd
	within 15 signed r.test
	sleep 2
	[ "$(serial r.test)" = "$before" ] || fail "serial $(serial r.test), not $before"
	axfr r.test after.axfr
	diff before.axfr after.axfr || fail "another zone after kill -9"
	[ "$(counter r.test signatures)" -eq 0 ] || fail "$(counter r.test signatures) new signatures"
	edit 'b A 192.0.2.10'
	validate r.test
	engine status
	expect 'r\.test' engine zone-status r.test
}

# Killed again and again while it signs; the last time it may go on.
test_killed_while_signing() { # limit 300
	start_zone
	"$e2e/genzone.py" host 3000 big.test >big
	add_zone big.test "$work/big"
	local pause
	for pause in 0.2 0.5 1 2; do
		stop_pid "$(pid_of knotd)" KILL
		start_knotd
		sleep $pause
	done
	within 120 signed big.test
	validate big.test
	same_data big big.test
	validate r.test
}

test_engine_late() {
	start_zone
	stop_pid "$(pid_of ods-engine)"
	small new new.test 1
	add_zone new.test "$work/new"
	knot reload
	probe new.test
	sleep 3
	expect 'SERVFAIL|REFUSED' ask new.test SOA
	expect 'new\.test' module zone-status new.test
	start_engine
	within 20 signed new.test
	validate new.test
	probe_end
}

test_knotd_late() {
	start_zone
	stop_pid "$(pid_of knotd)"
	sleep 2
	engine status
	start_knotd
	within 15 signed r.test
	small new new.test 1
	add_zone new.test "$work/new"
	knot reload
	within 60 signed new.test
	validate new.test
}

test_both_restarted() {
	start_zone
	local before
	before=$(serial r.test)
	stop_pid "$(pid_of ods-engine)"
	stop_pid "$(pid_of knotd)"
	start_engine_alone
	start_knotd
	within 15 signed r.test
	[ "$(serial r.test)" = "$before" ] || fail "serial $(serial r.test), not $before"
	edit 'a A 192.0.2.9'
	validate r.test
}
start_engine_alone() { start_engine; }

test_reloads() { # short
	local n
	start_zone
	probe r.test
	local before
	before=$(serial r.test)
	for n in 1 2 3; do
		knot reload
		sleep 0.5
		knot -f zone-reload r.test
		sleep 0.5
		knot zone-reload r.test
	done
	sleep 1
	[ "$(serial r.test)" = "$before" ] || fail "reloads made serial $(serial r.test) of $before"
	edit 'a A 192.0.2.9'
	module status
	validate r.test
	probe_end
}

test_zone_removed_and_added() {
	start_zone
	small other other.test 1
	add_zone other.test "$work/other"
	knot reload
	within 20 signed other.test
	local keys
	keys=$(ask +short other.test DNSKEY | sort)
	cp "$D/knot.conf" with
	sed -i '/domain: "other.test"/,$d' "$D/knot.conf"
	knot reload
	within 10 refused other.test
	expect 'no such zone|unknown zone|not|r\.test' module zone-status other.test
	edit 'a A 192.0.2.9'
	cp with "$D/knot.conf"
	small other other.test 1 'new A 192.0.2.20'
	knot reload
	within 20 answers new.other.test A 192.0.2.20
	[ "$(ask +short other.test DNSKEY | sort)" = "$keys" ] || fail "other keys for the zone come back"
	validate other.test
	validate r.test
}
refused() { ask "$1" SOA 2>&1 | grep REFUSED >/dev/null; }

test_last_zone_removed() {
	start_zone
	cp "$D/knot.conf" with
	sed -i '/^zone:/,$d' "$D/knot.conf"
	knot reload
	within 10 refused r.test
	cp with "$D/knot.conf"
	knot reload
	within 20 signed r.test
	validate r.test
}

# Graceful ends leave no socket and no complaint.
test_stop_is_clean() {
	start_zone
	local knotd
	knotd=$(pid_of knotd)
	stop_pid "$(pid_of ods-engine)"
	[ ! -e "$ENGINE_SOCKET" ] || fail "ods-engine left its socket"
	knot stop
	within 20 gone "$knotd"
	[ ! -e "$MODULE_SOCKET" ] || fail "the module left its control socket"
	[ -z "$(ls "$D/run"/transfer*)" ] || fail "the module left its transfer socket"
	does_not_say "$D/knotd.log" 'critical'
}
