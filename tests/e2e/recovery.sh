# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: mod-opendnssec developers
#
# What is lost, cut, or out of time: the last good version stays served, and the reason and the way out
# are said.

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

# The file is cut while knotd runs: knotd lives, and says what has happened.
test_store_cut_while_running() {
	small good good.test 1
	quick d --zone good.test=good
	with_plain
	local before pid
	before=$(serial good.test)
	pid=$(cat "$D/run/knotd.pid")
	truncate -s 8192 "$D/store/data.mdb"
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

# A disk of the store's own, in a mount namespace of the test's own: read-only, full, and gone.
test_store_disk() { # limit 120
	local namespace=(--mount) before
	if [ -z "${DISK:-}" ]; then
		[ "$(id -u)" = 0 ] || namespace+=(--user --map-root-user)
		# shellcheck disable=SC2016
		DISK=own exec unshare "${namespace[@]}" bash -c \
			'. "$1/lib.sh"; . "$1/recovery.sh"; test_store_disk' e2e "$e2e"
	fi
	mkdir -p d/store
	mount -t tmpfs -o size=3m disk d/store
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

# Signatures of a clock that was ahead are made anew when it is right again.
test_clock_ahead() { # limit 120
	local in=1 offset
	small good good.test 1
	quick d --zone good.test=good
	for offset in +2h +20d +400d '@2107-01-01 00:00:00'; do
		at_time "$offset"
		within 30 answers "at$in.good.test" A "192.0.2.$in"
		stop_pid "$(cat "$D/run/knotd.pid")"
		start_knotd
		within 30 good_now good.test
		validate good.test
	done
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
test_clock_lost() {
	local in=1
	small good good.test 1
	quick d --zone good.test=good
	at_time '@1970-01-02 00:00:00'
	within 30 status_says good.test 'the clock says 1970-01-02, which cannot be: nothing is signed'
	says "$D/knotd.log" 'good\.test.*the clock says 1970' || fail "the log does not say it"
	stop_pid "$(cat "$D/run/knotd.pid")"
	start_knotd
	within 30 answers at2.good.test A 192.0.2.2
	validate good.test
}
