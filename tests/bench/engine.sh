# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: mod-opendnssec developers
#
# The policy engine with many zones that share their keys, beside OpenDNSSEC's enforcer with a
# hundredth of them. Neither has a signer to wait for: ours speaks to a stand-in (many-zones.c),
# OpenDNSSEC's writes its files for none. Zones a second of each.

bench_engine() {
	local phase zones=$NAMES few=$((NAMES / 100))
	enforcer_figures "$few"
	engine_figures "$zones"
	for phase in adoption restart enforce policy-change; do
		at_least "engine-$phase" "$(divide "$(cat "ours.$phase")" "$(cat "peer.$phase")")" 20 \
			"$(cat "ours.$phase") zones/s of $zones, OpenDNSSEC $(cat "peer.$phase") of $few"
	done
	at_most engine-idle-cpu "$(cat ours.idle)" 0.01 "CPU seconds a second, $zones zones in" \
		"$(cat ours.memory) kB; OpenDNSSEC has $few in $(cat peer.memory) kB"
	at_most engine-zones-listed "$(cat ours.listed)" 1 "seconds for ods zones -S held of $zones"
}

# note_rate FILE ZONES SECONDS
note_rate() { divide "$2" "$3" | sed 's/\.\(..\).*/.\1/' >"$1"; }

# ---- ours

engine_figures() {
	local zones=$1 begin dir=$work/ours
	home ours
	shared_kasp PT1H >"$dir/kasp.xml"
	(umask 077 && engine_conf "$dir" >"$dir/conf.xml") # There is a PIN in it.
	"$BUILD_DIR/tests/bench/many-zones" "$dir/signer.sock" "$zones" shared >>moments &
	pids+=($!)
	within 10 test -S "$dir/signer.sock"

	begin=$EPOCHREALTIME
	start_bench_engine
	note_rate ours.adoption "$zones" "$(since "$begin" "$(moment_of all 1)")"
	at_rest >/dev/null

	stop_pid "$engine"
	true >moments
	begin=$EPOCHREALTIME
	start_bench_engine
	note_rate ours.restart "$zones" "$(since "$begin" "$(at_rest)")"

	true >moments
	begin=$EPOCHREALTIME
	knotc -s "$dir/engine.sock" reload >/dev/null
	note_rate ours.enforce "$zones" "$(since "$begin" "$(at_rest)")"

	true >moments
	shared_kasp PT2H >"$dir/kasp.xml"
	begin=$EPOCHREALTIME
	knotc -s "$dir/engine.sock" reload >/dev/null
	note_rate ours.policy-change "$zones" "$(since "$begin" "$(moment_of all 1)")"
	at_rest >/dev/null
	idle
	listed "$dir" >ours.listed
	stop_pid "$engine"
}

start_bench_engine() {
	setsid "$BUILD_DIR/ods-engine" -c "$work/ours/conf.xml" >>engine.log 2>&1 &
	engine=$!
	pids+=("$engine")
	within 60 knotc -s "$work/ours/engine.sock" -t 60 status
}

# moment_of WHAT N: of the Nth such line.
moment_of() {
	within 3600 has_lines "$1" "$2"
	awk -v what="$1" -v n="$2" '$2 == what && ++seen == n { print $1 }' moments
}
has_lines() { [ "$(grep -c " $1\$" moments)" -ge "$2" ]; }

# The moment from which the engine asked once a second, having nothing else to do.
at_rest() {
	within 3600 rests
	rest
}
rest() {
	awk '$2 == "asked" { gap = $1 - last; quiet = gap > 0.9 && gap < 1.2 ? quiet + 1 : 0
		if (quiet == 1) begin = last
		if (quiet == 3) { print begin; exit } }
		{ last = $1 }' moments
}
rests() { [ -n "$(rest)" ]; }

idle() {
	local before
	before=$(cpu_of "$engine")
	sleep 10
	awk -v a="$before" -v b="$(cpu_of "$engine")" 'BEGIN { print (b - a) / 100 / 10 }' >ours.idle
	status "$engine" VmHWM >ours.memory
}

# The seconds of ods zones, which a filter leaves a thousandth of.
listed() {
	local begin
	for _ in 1 2 3; do
		begin=$EPOCHREALTIME
		[ "$("$BUILD_DIR/ods" -c "$1/conf.xml" zones -S held | wc -l)" -gt 1 ]
		since "$begin" "$EPOCHREALTIME"
	done | median
}

engine_conf() {
	cat <<-EOT
	<Configuration>
	<RepositoryList><Repository name="SoftHSM">
		<Module>$SOFTHSM</Module><TokenLabel>peer</TokenLabel><PIN>1234</PIN>
	</Repository></RepositoryList>
	<Common><PolicyFile>$1/kasp.xml</PolicyFile></Common>
	<Enforcer>
		<Datastore><SQLite>$1/engine.db</SQLite></Datastore>
		<SocketFile>$1/engine.sock</SocketFile><SignerSocket>$1/signer.sock</SignerSocket>
	</Enforcer>
	</Configuration>
	EOT
}

# shared_kasp TTL: of the DNSKEY RRset, which is in every key set.
shared_kasp() {
	echo '<KASP>'
	policy default shared "/<Keys>/,/<TTL>/s|<TTL>.*</TTL>|<TTL>$1</TTL>|" \
		's|<PublishSafety>.*</PublishSafety>|&<ShareKeys/>|'
	echo '</KASP>'
}

# ---- OpenDNSSEC's; its socket and pid file are always in /run/opendnssec. Told to stop, it may hang.

enforcer_figures() {
	local zones=$1 begin dir=$work/peer
	ods_ready ods-enforcerd
	home peer
	mkdir "$dir/signconf"
	shared_kasp PT1H >"$dir/kasp.xml"
	ods_conf "$dir" peer 1234 >"$dir/conf.xml"
	many_zones "$dir" "$zones" | ods_zones >"$dir/zonelist.xml"
	sqlite3 "$dir/kasp.db" </usr/share/opendnssec/schema.sqlite
	sqlite3 "$dir/kasp.db" 'INSERT INTO databaseVersion(version) VALUES(1)'
	start_enforcer "$dir"
	ods-enforcer policy import >/dev/null

	begin=$EPOCHREALTIME
	ods-enforcer zonelist import >/dev/null 2>&1
	within 3600 have_ttl "$dir" "$zones" PT1H
	note_rate peer.adoption "$zones" "$(since "$begin" "$EPOCHREALTIME")"

	stop_pid "$enforcer" KILL
	begin=$EPOCHREALTIME
	start_enforcer "$dir"
	within 3600 enforcer_rests "$zones"
	note_rate peer.restart "$zones" "$(since "$begin" "$EPOCHREALTIME")"

	begin=$EPOCHREALTIME
	ods-enforcer enforce >/dev/null
	within 3600 enforcer_rests "$zones"
	note_rate peer.enforce "$zones" "$(since "$begin" "$EPOCHREALTIME")"

	shared_kasp PT2H >"$dir/kasp.xml"
	begin=$EPOCHREALTIME
	ods-enforcer policy import >/dev/null
	ods-enforcer enforce >/dev/null
	within 3600 have_ttl "$dir" "$zones" PT2H
	note_rate peer.policy-change "$zones" "$(since "$begin" "$EPOCHREALTIME")"
	status "$enforcer" VmHWM >peer.memory
	stop_pid "$enforcer" KILL
}

start_enforcer() {
	ods-enforcerd -d -c "$1/conf.xml" >>enforcer.log 2>&1 </dev/null &
	enforcer=$!
	pids+=("$enforcer")
	within 60 ods-enforcer queue
}

# have_ttl DIR ZONES TTL: all of its files for the signer have that TTL of the DNSKEYs, as it is
# written there.
have_ttl() { [ "$(grep -lr "<TTL>$3</TTL>" "$1/signconf" | wc -l)" -eq "$2" ]; }

# All zones are waiting for a time to come.
enforcer_rests() {
	ods-enforcer queue >queue
	[ "$(grep -c 'I will enforce zone' queue)" -eq "$1" ] &&
		[ "$(sed -n 's/^Next task scheduled .*(\([0-9]*\) seconds.*/\1/p' queue)" -gt "$EPOCHSECONDS" ]
}

# many_zones DIR ZONES: as ods_zones reads them.
many_zones() {
	local i
	for ((i = 0; i < $2; i++)); do
		echo "z$i.test shared $1/signconf/z$i.xml $1/z$i"
	done
}
