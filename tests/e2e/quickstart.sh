# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: mod-opendnssec developers
#
# ./quickstart itself.

nothing_runs() {
	local name
	for name in knotd ods-engine; do
		[ ! -e "$1/run/$name.pid" ] || fail "$name left its pid file"
	done
	local comm
	for comm in $(grep -lxE 'knotd|ods-engine' /proc/[0-9]*/comm 2>/dev/null); do
		if grep -qzF -- "$1/" "${comm%comm}cmdline" 2>/dev/null; then
			fail "$comm: $(cat "$comm") still runs"
		fi
	done
}

test_once() { # short
	"$top/quickstart" --once --dir "$work/d" >out || fail "$(cat out)"
	cat out
	says out '; fully validated'
	says out 'example\.com'
	nothing_runs "$work/d"
}

test_once_leaves_nothing() {
	mkdir -p tmp
	TMPDIR=$work/tmp "$top/quickstart" --once >out || fail "$(cat out)"
	[ -z "$(ls -A tmp)" ] || fail "left: $(ls -A tmp)"
	nothing_runs "$work/tmp"
}

test_detach_and_stop() { # short
	small z example.test 7
	quick d --zone example.test=z
	# shellcheck disable=SC2016
	sh -ec '. "$1/env"
		for v in PORT KNOT_SOCKET MODULE_SOCKET ENGINE_SOCKET SOFTHSM2_CONF TRUST_ANCHORS; do
			eval "value=\$$v"; test -n "$value"
			case $v in *SOCKET) test -S "$value" ;; *CONF|*ANCHORS) test -f "$value" ;; esac
		done' sh "$D"
	delv @127.0.0.1 -p "$PORT" -a "$TRUST_ANCHORS" +root=example.test www.example.test A >out 2>&1
	says out '; fully validated'
	validate example.test
	same_data z example.test

	local keys serial
	keys=$(ask +short example.test DNSKEY | sort)
	serial=$(serial example.test)
	"$top/quickstart" --detach --dir "$D" >out 2>&1 && fail "started twice in $D"
	says out 'stop them with'
	"$top/quickstart" --stop "$D"
	nothing_runs "$D"
	"$top/quickstart" --stop "$D"

	quick d
	[ "$(ask +short example.test DNSKEY | sort)" = "$keys" ] || fail "other keys after a restart"
	[ "$(serial example.test)" = "$serial" ] || fail "another serial after a restart"
}

test_options() {
	local port
	port=$(free_port)
	small a a.test 1
	small b b.test 1
	quick d --zone a.test=a --zone=b.test.="$work/b" --policy csk --port "$port"
	[ "$PORT" = "$port" ] || fail "port $PORT, not $port"
	validate a.test
	validate b.test
	[ "$(ask +short a.test DNSKEY | cut -d ' ' -f 1-3)" = "257 3 13" ] || fail "no single CSK"
	[ "$(grep -c static-key "$TRUST_ANCHORS")" = 2 ] || fail "trust anchors of two zones expected"
	# with which knotd would not take the zone during a rollover
	expect '^\[a\.test\.\] state: ok \| lasts' module zone-status a.test
	sed -i 's/dnssec-validation: off/dnssec-validation: on/' "$D/knot.conf"
	knot reload
	# Knot has taken two CSKs for what they are since 3.3.5.
	if printf '%s\n' 3.3.5 "$(knotd -V | sed 's/.* //')" | sort -CV; then
		sleep 1
		! status_says a.test 'warning: dnssec-validation is on' || fail "a warning without need"
	else
		within 20 status_says a.test 'warning: dnssec-validation is on'
	fi
}

test_own_kasp() {
	policy default mine 's/SoftHSM/Another/' | kasp kasp.xml
	small a a.test 1
	quick d --zone a.test=a --kasp kasp.xml --policy mine
	validate a.test
	expect 'Another' engine zone-status a.test
	softhsm2-util --show-slots | grep 'Label: *Another' >/dev/null || fail "no token 'Another'"
}

test_foreground() {
	local pid
	small a a.test 1
	# a background job ignores Ctrl-C otherwise
	env --default-signal=INT setsid "$top/quickstart" --dir d --zone a.test=a >out.log 2>&1 &
	pid=$!
	pids+=("$pid")
	dirs+=("$work/d")
	within 60 says out.log 'Ctrl-C\.'
	kill -INT $pid
	within 20 gone $pid
	nothing_runs "$work/d"
}

# refused REGEX OPTION...: quickstart fails, says why, and leaves nothing running.
refused() {
	local regex=$1 code=0
	shift
	PATIENCE=60 timeout 100 "$top/quickstart" --dir "$work/d" "$@" >out 2>&1 || code=$?
	if [ $code -eq 0 ] || [ $code -eq 124 ]; then
		fail "quickstart $* ended with $code: $(cat out)"
	fi
	grep -qE -- "$regex" out || fail "quickstart $*: no '$regex' in: $(cat out)"
	nothing_runs "$work/d"
	rm -rf "$work/d"
}

test_wrong_options() {
	small a a.test 1
	refused 'NAME=FILE' --zone a.test
	refused "no readable file '$work/none'" --zone a.test="$work/none"
	refused "unknown option '--frobnicate'" --frobnicate
	refused 'wants a value' --zone
	refused 'number from 1 to 65535' --port 0
	refused 'number from 1 to 65535' --port http
	refused "no policy 'best'.*default csk rsa lab" --once --zone a.test=a --policy best
	refused 'no readable file' --kasp "$work/none.xml"
	refused 'too long' --once --dir "$work/$(printf 'd%.0s' {1..90})"
	python3 -c 'import socket, time
s = socket.socket(); s.bind(("127.0.0.1", 0)); s.listen()
print(s.getsockname()[1], flush=True); time.sleep(100)' >port &
	pids+=($!)
	within 30 test -s port
	refused "port $(cat port) is in use" --once --zone a.test=a --port "$(cat port)"
	"$top/quickstart" --help >out
	says out '--detach'
	if "$top/quickstart" --stop "$work/none" 2>out; then
		fail "--stop of nothing"
	fi
	says out 'no such directory'
}

test_broken_zone() { # short
	small a a.test 1 'broken A 192.0.2.300'
	refused "$work/a:8" --once --zone a.test=a
}

test_hopeless_policy() {
	policy default short 's:<Lifetime>P365D:<Lifetime>PT1H:' | kasp kasp.xml
	small a a.test 1
	refused 'Lifetime.*KSK' --once --zone a.test=a --kasp kasp.xml --policy short
}

# Zones that are named as a type of record, or of message, and as an option.
test_zone_names() { # limit 60
	small z1 mx 1
	small z2 notify 1
	small z3 any 1
	quick d --zone mx=z1 --zone notify=z2 --zone any=z3
	delv @127.0.0.1 -p "$PORT" -a "$TRUST_ANCHORS" +root=mx www.mx A >out 2>&1
	grep -q 'fully validated' out || fail "$(cat out)"
}
