# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: mod-opendnssec developers
#
# What the benchmarks share, beside the end-to-end tests' own lib.sh. A benchmark is a function
# bench_* in tests/bench/*.sh, run by tests/bench/run in an empty directory of its own.

bench_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

# How large: names of a zone, of a huge one, and how often a thing is measured.
: "${NAMES:=100000}" "${HUGE:=1000000}" "${RUNS:=3}"

# zone KIND NAMES ORIGIN FILE
zone() { "$e2e/genzone.py" "$1" "$2" "$3" >"$4"; }

# at_least NAME VALUE GOAL DETAILS...; at_most likewise: prints a figure.
at_least() { figure "$1" "$2" "$3" '>=' "${*:4}"; }
at_most() { figure "$1" "$2" "$3" '<=' "${*:4}"; }

figure() {
	awk -v name="$1" -v value="$2" -v goal="$3" -v sense="$4" -v details="$5" 'BEGIN {
		good = sense == ">=" ? value >= goal : value <= goal
		printf "bench: %s value=%.2f goal=%.2f %s (%s)\n", name, value, goal,
			good ? "ok" : "short", details }'
}

median() { sort -g | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }

# ---- servers beside ours

# shellcheck disable=SC1091
. "$e2e/opendnssec-lib.sh"

# home DIR: a folder for a server, with a token "peer" of its own, PIN 1234; exports it as SoftHSM's.
home() {
	mkdir -p "$work/$1/run" "$work/$1/tokens"
	export SOFTHSM2_CONF=$work/$1/softhsm2.conf
	printf 'directories.tokendir = %s\nobjectstore.backend = file\nlog.level = ERROR\n' \
		"$work/$1/tokens" >"$SOFTHSM2_CONF"
	softhsm2-util --init-token --free --label peer --so-pin 1234 --pin 1234 >/dev/null
}

# plain DIR ZONE [ITEM...]: makes DIR with a knot.conf of a knotd without the module that has this
# zone with these items (as "dnssec-signing: on"), beside what all of them have. "use" works on DIR.
# Signing is by a SoftHSM token, ECDSA P-256, KSK and ZSK, NSEC, by two threads.
plain() {
	local dir=$work/$1 zone=$2
	shift 2
	home "$(basename "$dir")"
	printf 'PORT=%s\nKNOT_SOCKET=%s\nSOFTHSM2_CONF=%s\n' "$(free_port)" "$dir/run/knot.sock" \
		"$SOFTHSM2_CONF" >"$dir/env"
	# shellcheck disable=SC1091
	. "$dir/env"
	{
		printf '%s\n' 'server:' "  rundir: \"$dir/run\"" "  listen: 127.0.0.1@$PORT" \
			'log:' '  - target: stderr' '    any: info' \
			'database:' "  storage: \"$dir\"" \
			'keystore:' '  - id: token' '    backend: pkcs11' \
			"    config: \"pkcs11:token=peer;pin-value=1234 $SOFTHSM\"" \
			'policy:' '  - id: bench' '    keystore: token' '    algorithm: ecdsap256sha256' \
			'    signing-threads: 2' \
			'remote:' '  - id: primary' "    address: 127.0.0.1@${PRIMARY:-1}" \
			'acl:' '  - id: local' '    address: 127.0.0.1' '    action: [update, transfer]' \
			'zone:' "  - domain: \"$zone\"" '    acl: local' '    zonefile-sync: -1' \
			'    journal-max-usage: 2G'
		printf '    %s\n' "$@"
	} >"$dir/knot.conf"
}

# start DIR: knotd of it; its log is DIR/knotd.log, each line with a stamp in seconds.
start() {
	D=$work/$1
	use "$D"
	setsid "${KNOTD:-knotd}" -c "$D/knot.conf" > >(stamp >>"$D/knotd.log") 2>&1 </dev/null &
	echo $! >"$D/run/knotd.pid"
	pids+=($!)
}
pid_of() { cat "$work/$1/run/knotd.pid"; }
halt() { stop_pid "$(pid_of "$1")"; }

# status PID NAME: of /proc/PID/status, in kB; cpu_of PID: ticks of 10 ms.
status() { awk -v name="$2:" '$1 == name { print $2 }' "/proc/$1/status"; }
cpu_of() { awk '{ print $14 + $15 }' "/proc/$1/stat"; }

stamp() {
	local line
	while IFS= read -r line; do
		printf '%s %s\n' "$EPOCHREALTIME" "$line"
	done
}

# between LOG FROM TO: seconds from the first line like FROM to the next one like TO.
between() {
	awk -v from="$2" -v to="$3" '!begin && $0 ~ from { begin = $1 }
		begin && $0 ~ to { printf "%.3f\n", $1 - begin; exit }' "$1"
}

# since MOMENT UNTIL: seconds.
since() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.3f\n", b - a }'; }

divide() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.4f\n", a / (b > 0 ? b : 1e-9) }'; }

# ---- ours

# ours DIR VERIFY [VALIDATION [OPTION...]]: starts knotd with the module, with two signer threads, in
# DIR; it has no zone of size yet. VALIDATION [on] is Knot's dnssec-validation; quickstart's options.
ours() {
	small "$work/$1.zone" "small-$1.test" 1
	quick "$1" --zone "small-$1.test=$work/$1.zone" "${@:4}"
	sed -i 's:<SignerThreads>.*</:<SignerThreads>2</:' "$D/conf.xml"
	sed -i -e "s/^    policy: .*/&\n    verify: $2/" \
		-e 's/action: transfer/action: [transfer, update]/' \
		-e "s/dnssec-validation: on/dnssec-validation: ${3:-on}/" "$D/knot.conf"
	halt "$1"
	: >"$D/knotd.log"
	start "$1"
	within 60 knot status
}

# sign_first ZONE FILE: adds the zone to ours, waits until it is public.
sign_first() {
	add_zone "$1" "$2"
	knot reload >/dev/null
	within 3600 says "$D/knotd.log" "zone $1, signed, serial"
	within 3600 signed "$1"
}

runs() { grep -c "zone $1, signed, serial" "$D/knotd.log" || true; }
more_runs() { [ "$(runs "$1")" -gt "$2" ]; }
all_public() { status_says "$1" "state: ok.* serial: $(serial "$1") "; }

# made ZONE: signatures and seconds of the last run, and the moment of its end.
made() {
	sed -n "s/^\([0-9.]*\) .*zone $1, signed, serial.* \([0-9]*\) signatures made,.* \([0-9.]*\) s\$/\2 \3 \1/p" \
		"$D/knotd.log" | tail -n 1
}
