# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: mod-opendnssec developers
#
# KASP's serial policies.

# with_serial NAME IN: a zone of that serial policy and that serial in its file.
with_serial() {
	policy default "$1" "s:<Serial>.*:<Serial>$1</Serial>:" | kasp kasp.xml
	small z s.test "$2"
	quick d --kasp kasp.xml --policy "$1" --zone s.test=z
	first=$(serial s.test)
}

# edit IN RECORD: and waits until the record is served.
edit() {
	small z s.test "$1" "$2"
	module zone-reload s.test >&2
	within 30 has_name "${2%% *}.s.test"
	serial s.test
}
has_name() { [ -n "$(ask +short "$1" A)" ]; }

test_unixtime() {
	local now
	now=$(date +%s)
	with_serial unixtime 5
	[ "$first" -ge "$now" ] && [ "$first" -le "$(date +%s)" ] || fail "serial $first at $now"
	local second
	second=$(edit 5 'a A 192.0.2.9')
	[ "$second" -gt "$first" ] && [ "$second" -le $(($(date +%s) + 1)) ] ||
		fail "serial $second after $first"
	validate s.test
}

test_counter() {
	with_serial counter 5
	[ "$first" -eq 5 ] || [ "$first" -eq 6 ] || fail "serial $first of 5"
	local next
	next=$(edit 5 'a A 192.0.2.9')
	[ "$next" -eq $((first + 1)) ] || fail "serial $next after $first, the file's being 5"
	next=$(edit 1000 'b A 192.0.2.9')
	[ "$next" -eq 1000 ] || [ "$next" -eq 1001 ] || fail "serial $next, the file's being 1000"
	first=$next
	module zone-sign s.test
	within 30 serial_differs s.test "$first"
	next=$(edit 3 'c A 192.0.2.9')
	[ "$next" -gt "$first" ] || fail "serial $next went back from $first, the file's being 3"
	validate s.test
}

test_datecounter() {
	local today
	today=$(date -u +%Y%m%d)
	with_serial datecounter 5
	[ "$first" = "${today}00" ] || [ "$first" = "${today}01" ] || fail "serial $first on $today"
	local next
	next=$(edit 5 'a A 192.0.2.9')
	[ "$next" -eq $((first + 1)) ] || fail "serial $next after $first"
	next=$(edit 5 'b A 192.0.2.9')
	[ "$next" -eq $((first + 2)) ] || fail "serial $next, third after $first"
	validate s.test
}

test_keep() {
	with_serial keep 5
	[ "$first" -eq 5 ] || fail "serial $first of 5"
	[ "$(edit 9 'a A 192.0.2.9')" -eq 9 ] || fail "serial $(serial s.test) of 9"
	# A change without a greater serial cannot be published.
	small z s.test 9 'b A 192.0.2.9'
	module zone-reload s.test || true
	within 20 status_says s.test 'serial'
	[ "$(serial s.test)" -eq 9 ] || fail "serial $(serial s.test) without a new one in the file"
	has_name a.s.test || fail "the last good zone is gone"
	if has_name b.s.test; then
		fail "a change was published under an old serial"
	fi
	[ "$(edit 10 'b A 192.0.2.9')" -eq 10 ] || fail "serial $(serial s.test) of 10"
	validate s.test
}

# RFC 1982: from 2^32 - 1 on to small numbers.
test_wrap() {
	with_serial counter 4294967295
	local next
	next=$(edit 4294967295 'a A 192.0.2.9')
	[ "$next" -lt 10 ] || fail "serial $next after $first"
	validate s.test
}
