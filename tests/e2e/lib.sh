# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: mod-opendnssec developers
#
# What the end-to-end suites share. A suite is a file tests/e2e/NAME.sh with functions test_*;
# tests/e2e/run runs each of them in a bash of its own: in an empty directory ($work), with a
# time limit. What a test starts by these functions ends with it.
set -euo pipefail
PATH=/usr/sbin:/usr/bin:/sbin:/bin:$PATH # the system's programs, as the packages have them

e2e=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
top=$(cd "$e2e/../.." && pwd)
: "${BUILD_DIR:?the build to test}"
export BUILD_DIR PATIENCE=${PATIENCE:-120}
work=$PWD
dirs=()  # of quickstart
pids=()  # of other servers

fail() {
	printf 'FAILED: %s\n' "$*"
	exit 1
}

# finish [CODE]: reports what sanitizers said, and the ends of all logs if the test failed.
finish() {
	local code=${1:-$?} dir pid log
	for dir in "${dirs[@]}"; do
		[ $code -eq 0 ] || not_running "$dir"/run/{knotd,ods-engine}.pid
		[ ! -e "$dir/env" ] || "$top/quickstart" --stop "$dir" || code=1
	done
	for pid in "${pids[@]}"; do
		is_child "$pid" || continue          # its number may be another's by now
		kill "$pid" 2>/dev/null || true # it may have ended just now
		wait "$pid" || true
	done
	if grep -rlE --include='*.log' 'AddressSanitizer:|runtime error:|LeakSanitizer' "$work"
	then
		echo "FAILED: a sanitizer reported, see the log"
		code=1
	fi
	if [ $code -ne 0 ]; then
		find "$work" -name '*.log' | while read -r log; do
			printf -- '--- end of %s\n' "$log"
			tail -n 25 "$log"
		done
	fi
	exit $code
}
# not_running FILE...: names those whose server is gone.
not_running() {
	local file
	for file in "$@"; do
		[ ! -e "$file" ] || ! gone "$(cat "$file")" || echo "NOT RUNNING: $file"
	done
}
trap finish EXIT
trap 'exit 1' INT TERM

# ---- starting

# own_mounts SUITE FUNCTION [ARGUMENT...]: starts the function anew, in place of what runs, where mounts and
# System V's shared memory are the test's own; nothing if it is there.
own_mounts() {
	local namespace=(--mount --ipc)
	[ -z "${OWN_MOUNTS:-}" ] || return 0
	[ "$(id -u)" = 0 ] || namespace+=(--user --map-root-user)
	# shellcheck disable=SC2016
	OWN_MOUNTS=yes exec unshare "${namespace[@]}" bash -c \
		'. "$1/lib.sh"; . "$1/$2.sh"; "${@:3}"' e2e "$e2e" "$@"
}

# quick DIR [OPTION...]: quickstart in DIR, detached; takes over its env.
quick() {
	local dir=$work/$1
	shift
	dirs+=("$dir")
	"$top/quickstart" --detach --dir "$dir" "$@" >"$dir.quickstart.log" 2>&1 ||
		fail "quickstart --detach --dir $dir $*"
	does_not_say "$dir.quickstart.log" 'the module that is installed is used'
	use "$dir"
}

# use DIR: the servers there are those that the functions below ask.
use() {
	D=$1
	# shellcheck disable=SC1091
	. "$D/env"
	export SOFTHSM2_CONF
}

# Stops and starts the servers of $D, as they are configured.
restart_knotd() {
	stop_pid "$(cat "$D/run/knotd.pid")"
	start_knotd
}

start_knotd() {
	setsid "${KNOTD:-knotd}" -c "$D/knot.conf" >>"$D/knotd.log" 2>&1 </dev/null &
	echo $! >"$D/run/knotd.pid"
	within 30 knot status
}

# another_knotd NAME ADDRESS@PORT...: a knotd without the module, with the rest of its knot.conf from
# standard input, all of it in the folder NAME; its pid is $another.
another_knotd() {
	local name=$1
	shift
	mkdir -p "$work/$name"
	{
		printf '%s\n' 'server:' "  rundir: \"$work/$name\""
		printf '  listen: %s\n' "$@"
		printf '%s\n' 'log:' '  - target: stderr' '    any: info' \
			'database:' "  storage: \"$work/$name\"" \
			'template:' '  - id: default' "    storage: \"$work/$name\""
		cat
	} >"$work/$name/knot.conf"
	knotd -c "$work/$name/knot.conf" >>"$work/$name/knotd.log" 2>&1 </dev/null &
	another=$!
	pids+=("$another")
	within 30 knotc -s "$work/$name/knot.sock" status
}

start_engine() {
	setsid "$BUILD_DIR/ods-engine" -c "$D/conf.xml" >>"$D/ods-engine.log" 2>&1 </dev/null &
	echo $! >"$D/run/ods-engine.pid"
	within 30 engine status
}

# write_clocked SERVER COMMAND: run.SERVER, a script that runs it by a clock of its own, clock.SERVER.
write_clocked() {
	set_clock "$1" 0
	cat >"run.$1" <<-EOT
	#!/bin/sh
	CLOCK_AHEAD=$work/clock.$1 LD_PRELOAD=$BUILD_DIR/tests/shim/clock.so exec $2 "\$@"
	EOT
	chmod +x "run.$1"
}
# set_clock SERVER SECONDS: its clock is ahead by that, from now on.
set_clock() { printf '%-20d' "$2" | dd of="clock.$1" conv=notrunc status=none; }

# stop_pid PID [SIGNAL]: and waits until it is gone.
stop_pid() {
	kill "-${2:-TERM}" "$1"
	within 30 gone "$1"
}
gone() { [ ! -e "/proc/$1" ]; }
is_child() { [ "$(sed 's/.*) . \([0-9]*\) .*/\1/' "/proc/$1/stat" 2>/dev/null)" = $$ ]; }

# port_is_used PORT: something listens there.
port_is_used() { grep -qi ":$(printf %04X "$1") [0-9A-F]*:0000 " /proc/net/{tcp,udp}; }

free_port() {
	local port=$((20000 + RANDOM % 10000))
	while port_is_used "$port"; do
		port=$((port + 1))
	done
	echo $port
}

# ---- asking

knot() { knotc -s "$KNOT_SOCKET" "$@"; }
module() { knotc -s "$MODULE_SOCKET" "$@"; }
engine() { knotc -s "$ENGINE_SOCKET" "$@"; }
ods() { "$BUILD_DIR/ods" -c "$D/conf.xml" "$@"; }
module_says() { module status | grep -E -- "$1"; }
# engine_asks COMMAND [ZONE [DATA]]: what the policy engine asks the module; knotc has no such commands.
engine_asks() { "$BUILD_DIR/tests/unit/control-ask" "$MODULE_SOCKET" "$@"; }
ask() { kdig @127.0.0.1 -p "$PORT" +timeout=5 +retry=1 +noidn "$@"; }

# These are asked again and again, so with few processes.
serial() {
	local soa
	read -ra soa < <(ask +short "$1" SOA) || true
	echo "${soa[2]:-}"
}
signed() { [[ $(ask +dnssec "$1" SOA) =~ [[:space:]]RRSIG[[:space:]]+SOA\  ]]; }
answers() { [ "$(ask +short "$1" "$2")" = "$3" ]; }
serial_differs() { local now; now=$(serial "$1") && [ -n "$now" ] && [ "$now" != "$2" ]; }

status_says() { module zone-status "$1" | grep -E -- "$2" >/dev/null; }
# The engine's, which stays in status.out.
engine_says() { engine zone-status "$1" >status.out 2>&1; grep -E -- "$2" status.out >/dev/null; }

# counter ZONE NAME: of the module's statistics, 0 if there is none.
counter() {
	knot zone-stats "$1" mod-opendnssec |
		sed -n "s/^.*mod-opendnssec\.$2 = //p" | grep . || echo 0
}

# within SECONDS COMMAND...: repeats the command until it succeeds; with sanitizers, and all else that
# is slow, it has LIMIT_FACTOR times as long.
within() {
	local limit=$(($1 * ${LIMIT_FACTOR:-1})) end pause=20
	end=$((SECONDS + limit))
	shift
	until "$@" >/dev/null 2>&1; do
		[ $SECONDS -lt $end ] || fail "not within $limit s: $*"
		# Who waits for long asks less often: processes are most of what all these tests cost.
		read -rt 0.$pause -u "$idle" || true
		pause=$((pause < 50 ? pause + 3 : 50))
	done
}
exec {idle}<> <(:) # Nothing ever comes from there: a sleep that is no process.

# expect REGEX COMMAND...: the command's output, errors included, has a line like that.
expect() {
	local regex=$1 out
	shift
	out=$("$@" 2>&1) || true
	grep -qE -- "$regex" <<<"$out" || fail "$*: no line like '$regex' in:"$'\n'"$out"
}

# says FILE REGEX; does_not_say FILE REGEX
says() { grep -qE -- "$2" "$1"; }
does_not_say() {
	local found
	if found=$(grep -E -- "$2" "$1"); then
		fail "$1 says: $found"
	fi
}

# ---- validating

# axfr ZONE FILE [PORT]: as a zone file, from knotd.
axfr() {
	timeout 60 kdig @127.0.0.1 -p "${3:-$PORT}" +noall +answer +noidn +crypto "$1" AXFR |
		grep -v '^;' | sed '/^$/d' | sed '$d' >"$2"
	[ -s "$2" ] || fail "no AXFR of $1"
}

# Four independent validators, three on an AXFR from knotd and one on the wire.
validate() {
	local zone=$1 file=$work/$1.axfr out csk=''
	axfr "$zone" "$file"
	out=$(ldns-verify-zone -V 2 "$file" 2>&1) || fail "ldns-verify-zone $zone: $out"
	# -z: a CSK has the SEP flag and signs everything
	ask +tcp +short "$zone" DNSKEY | grep '^256' >/dev/null || csk=-z
	out=$(dnssec-verify ${csk:+"$csk"} -o "$zone" "$file" 2>&1) || fail "dnssec-verify $zone: $out"
	out=$(kzonecheck -d on -o "$zone" "$file" 2>&1) || fail "kzonecheck $zone: $out"
	anchor "$zone" >"$work/$zone.anchor"
	out=$(delv @127.0.0.1 -p "$PORT" -a "$work/$zone.anchor" +root="$zone" "$zone" SOA 2>&1) || true
	grep -q '; fully validated' <<<"$out" || fail "delv $zone: $out"
	echo "$zone: valid, serial $(serial "$zone"), $(wc -l <"$file") records"
}

anchor() {
	echo 'trust-anchors {'
	ask +tcp +short "$1" DNSKEY | awk -v zone="$1." '$1 % 2 {
		printf "\"%s\" static-key %s %s %s \"%s\";\n", zone, $1, $2, $3, $4 $5 $6 $7 $8 }'
	echo '};'
}

# same_data UNSIGNED ZONE: the signed zone has all records of the file, none else but DNSSEC's.
same_data() {
	local kind='RRSIG|NSEC|DNSKEY|NSEC3|NSEC3PARAM|CDS|CDNSKEY|SOA'
	axfr "$2" "$work/$2.signed"
	"$e2e/canonical.py" "$1" "$2" "$kind" >"$work/$2.want"
	"$e2e/canonical.py" "$work/$2.signed" "$2" "$kind" >"$work/$2.got"
	diff "$work/$2.want" "$work/$2.got" || fail "the signed $2 has other data than $1"
}

# ---- watching the wire

# run_unbound DIR PORT ANCHOR [SETTING...]: a validating resolver with that trust anchor. Standard input has
# its stub zones, a line each: NAME ADDRESS.
run_unbound() {
	local dir=$work/$1 port=$2 anchor=$3 name address
	mkdir "$dir"
	{
		cat <<-EOT
		server:
		    chroot: ""
		    username: ""
		    directory: "$dir"
		    pidfile: "$dir/unbound.pid"
		    use-syslog: no
		    interface: 127.0.0.1
		    port: $port
		    do-not-query-localhost: no
		    local-zone: test nodefault
		    module-config: "validator iterator"
		    trust-anchor: "$anchor"
		$(printf '    %s\n' "${@:4}")
		EOT
		while read -r name address; do
			printf 'stub-zone:\n    name: %s\n    stub-addr: %s\n' "$name" "$address"
		done
	} >"$dir/unbound.conf"
	unbound -d -c "$dir/unbound.conf" >"$dir/unbound.log" 2>&1 &
	pids+=($!)
}

# run_nsd PORT [ADDRESS]: an NSD in the folder nsd, with the rest of its nsd.conf from standard input.
run_nsd() {
	mkdir "$work/nsd"
	{
		cat <<-EOT
		server:
		    ip-address: ${2:-127.0.0.1}
		    port: $1
		    server-count: 1
		    verbosity: 3
		    username: ""
		    chroot: ""
		    database: ""
		    zonesdir: "$work/nsd"
		    zonelistfile: "$work/nsd/zone.list"
		    xfrdfile: "$work/nsd/xfrd.state"
		    xfrdir: "$work/nsd"
		    pidfile: "$work/nsd/nsd.pid"
		    logfile: "$work/nsd/nsd.log"
		remote-control:
		    control-enable: no
		EOT
		cat
	} >"$work/nsd/nsd.conf"
	nsd -d -c "$work/nsd/nsd.conf" >"$work/nsd/nsd.out" 2>&1 &
	pids+=($!)
}

# start_unbound ZONE [SETTING...]: a resolver on $unbound_port that has the zone's KSK as it is now.
start_unbound() {
	unbound_port=$(free_port)
	run_unbound unbound "$unbound_port" "$1. DNSKEY $(ask +short +crypto "$1" DNSKEY | grep ^257)" \
		"${@:2}" <<<"$1 127.0.0.1@$PORT"
	within 30 resolves "$1"
}
resolves() {
	dig @127.0.0.1 -p "$unbound_port" +tries=1 "$1" SOA | grep 'status: NOERROR' >/dev/null
}

# probe ZONE [OPTION...]: asks all the time until probe_end; see prober.py. It asks knotd, or $probed.
probe() {
	"$e2e/prober.py" "${probed:-$PORT}" "$@" >"$work/prober.out" 2>&1 &
	prober=$!
	pids+=("$prober")
	# A signal before that would be ignored; Python may take seconds to start.
	within 20 test -s "$work/prober.out"
}

probe_end() {
	kill -INT "$prober"
	wait "$prober" || fail "the prober: $(cat "$work/prober.out")"
	cat "$work/prober.out"
}

# ---- tokens

# order LINE...: what the shim is to do from now on.
order() {
	printf '%s\n' "$@" >"$SHIM_CONTROL.new"
	mv "$SHIM_CONTROL.new" "$SHIM_CONTROL"
}

# ---- zones

# small FILE ZONE SERIAL [RECORD...]: writes a zone of that serial, in one step.
small() {
	local file=$1 zone=$2 serial=$3
	shift 3
	{
		# shellcheck disable=SC2016
		printf '$ORIGIN %s.\n$TTL 300\n@ SOA ns1 host %s 3600 900 604800 300\n' "$zone" "$serial"
		printf '@ NS ns1\nns1 A 192.0.2.1\nwww A 192.0.2.80\nmail MX 10 ns1\n'
		printf '%s\n' "$@"
	} >"$file.new"
	mv "$file.new" "$file"
}

# allow_updates ZONE: from 127.0.0.1.
allow_updates() {
	sed -i -e "s|^acl:|&\n  - id: update\n    address: 127.0.0.1\n    action: update|" \
		-e "s|\"$1\"|&\n    acl: [transfer, update]|" "$D/knot.conf"
	knot reload
}

# hasty FILE ZONE: a zone of serial 1 that no cache keeps for long.
hasty() {
	small "$1" "$2" 1
	sed -i 's/TTL 300/TTL 2/; s/ 300$/ 2/' "$1"
}

# three_versions FILE ZONE: one after the other, of a zone whose file keeps its serial, 5.
three_versions() {
	local before i
	for i in 1 2 3; do
		before=$(serial "$2")
		small "$1" "$2" 5 "new$i A 192.0.2.9"
		module zone-reload "$2"
		within 20 serial_differs "$2" "$before"
	done
}

# being_signed ZONE FILE NAMES: makes it a zone of so many names, which are being signed anew.
being_signed() {
	"$e2e/genzone.py" host "$3" "$1" >"$2.new"
	echo 'mark A 192.0.2.200' >>"$2.new"
	mv "$2.new" "$2"
	within 60 answers "mark.$1" A 192.0.2.200
	module zone-sign "$1"
	within 30 status_says "$1" 'state: signing'
}

# ---- configuration

# policy BASE NAME [SED-EXPRESSION...]: a policy of the examples under another name, changed.
policy() {
	local base=$1 name=$2 e=()
	shift 2
	for expression in "$@"; do
		e+=(-e "$expression")
	done
	sed -n "/<Policy name=\"$base\">/,/<\/Policy>/p" "$top/examples/kasp.xml" |
		sed -e "s/name=\"$base\"/name=\"$name\"/" "${e[@]}"
}

# nsec3_denial [OPTOUT [SALT-LENGTH [ITERATIONS]]]: a sed expression for a policy's <Denial>.
nsec3_denial() {
	local hash="<Algorithm>1<\\/Algorithm><Iterations>${3:-0}<\\/Iterations>"
	echo "s/<NSEC\\/>/<NSEC3>${1:+<OptOut\\/>}<Resalt>P100D<\\/Resalt><Hash>$hash$(
		)<Salt length=\"${2:-0}\"\\/><\\/Hash><\\/NSEC3>/"
}

# kasp FILE: policies from standard input, beside the example's, as a file.
kasp() {
	{
		sed '/<\/KASP>/d' "$top/examples/kasp.xml"
		cat
		echo '</KASP>'
	} >"$1"
}

# hasty_policy PURGE [EXPRESSION...]: kasp.xml with a policy "quick" whose waits are seconds; PURGE is its
# <Purge>, the expressions are sed's.
hasty_policy() {
	policy lab quick 's/<TTL>PT10S/<TTL>PT2S/; s/<Minimum>PT10S/<Minimum>PT2S/' \
		's/PT5S/PT1S/; s/<MaxZoneTTL>PT1M/<MaxZoneTTL>PT2S/; s/PT1[05]M<.Lifetime/P1Y<\/Lifetime/' \
		"${@:2}" | sed "s/<Purge>PT10M/<Purge>$1/" | kasp kasp.xml
}

# add_policy NAME: a section of that policy in knot.conf, for zones with mod-opendnssec/NAME.
add_policy() {
	local section
	section=$(sed -n '/^mod-opendnssec:/,/^[#r]/p' "$D/knot.conf" | sed '1d; $d; /^$/d' |
		sed -e "s/id: default/id: $1/" -e "s/policy: .*/policy: $1/")
	awk -v section="$section" '/^remote:/ { print section "\n" } { print }' "$D/knot.conf" \
		>"$D/knot.conf.new"
	mv "$D/knot.conf.new" "$D/knot.conf"
}

# add_zone ZONE FILE [POLICY]
add_zone() {
	printf '  - domain: "%s"\n    file: "%s"\n' "$1" "$2" >>"$D/knot.conf"
	[ -z "${3:-}" ] || printf '    module: mod-opendnssec/%s\n' "$3" >>"$D/knot.conf"
}
