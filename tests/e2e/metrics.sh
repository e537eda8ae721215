# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: mod-opendnssec developers
#
# ods metrics: what it says, to whom, and whether a real Prometheus takes it and raises the alarms of the examples.

# metric FILE SERIES: its value there.
metric() { grep -v '^#' "$1" | grep -F -- "$2 " | sed 's/.* //'; }

# serve_metrics: at 127.0.0.1@$metrics_port.
serve_metrics() {
	metrics_port=$(free_port)
	"$BUILD_DIR/ods" -c "$D/conf.xml" metrics --listen "127.0.0.1@$metrics_port" >metrics.log 2>&1 &
	metrics_pid=$!
	pids+=("$metrics_pid")
	within 10 get /metrics
}

# get PATH [METHOD]: to the file "got"; the status to "status".
get() {
	python3 - "$metrics_port" "$@" <<-'EOT'
	import http.client, sys
	to = http.client.HTTPConnection('127.0.0.1', int(sys.argv[1]), timeout=20)
	to.request(sys.argv[3] if len(sys.argv) > 3 else 'GET', sys.argv[2])
	answer = to.getresponse()
	open('got', 'wb').write(answer.read())
	open('status', 'w').write(f'{answer.status} {answer.getheader("Content-Type")}\n')
	EOT
}

# Names, types and labels as Prometheus' own linter wants them; numbers are those of the zones.
test_names() { # short
	small a.test a.test 7
	small b.test b.test 1
	quick q --zone a.test="$work/a.test" --zone b.test="$work/b.test"
	ods metrics >out
	promtool check metrics <out >lint 2>&1 || fail "$(cat lint)"
	[ ! -s lint ] || fail "$(cat lint)"
	[ "$(metric out 'ods_up{part="signer"}')$(metric out 'ods_up{part="engine"}')" = 11 ] || fail "$(cat out)"
	[ "$(metric out 'ods_zones{state="ok"}')" = 2 ] || fail "$(cat out)"
	[ "$(metric out 'ods_zone_serial{zone="a.test."}')" = "$(serial a.test)" ] || fail "$(cat out)"
	[ "$(metric out 'ods_zone_input_serial{zone="a.test."}')" = 7 ] || fail "$(cat out)"
	[ "$(metric out 'ods_zone_soa_expire_seconds{zone="a.test."}')" = 604800 ] || fail "$(cat out)"
	[ "$(metric out 'ods_token_up{token="SoftHSM"}')" = 1 ] || fail "$(cat out)"
	[ "$(metric out 'ods_token_signatures_total{token="SoftHSM"}')" -gt 10 ] || fail "$(cat out)"
	local first
	first=$(sed -n 's/ods_zone_expiry_timestamp_seconds{.*} //p' out | sort -n | head -n 1)
	[ "$(metric out ods_first_expiry_timestamp_seconds)" = "$first" ] || fail "$(cat out)"
	[ "$first" -gt "$(date +%s)" ]
	[ "$(metric out 'ods_failed{part="signer"}')" = 0 ] || fail "$(cat out)"
	local state keys=0
	for state in hidden rumoured omnipresent unretentive; do
		keys=$((keys + $(metric out "ods_key_records{role=\"ksk\",record=\"DNSKEY\",state=\"$state\"}")))
	done
	[ "$keys" = 2 ] || fail "$keys KSKs of 2 zones: $(cat out)"
	[ "$(metric out 'ods_key_records{role="zsk",record="DNSKEY",state="rumoured"}')" = 2 ] || fail "$(cat out)"
	ods save "$work/copy"
	ods metrics | grep '^ods_last_save_timestamp_seconds ' >/dev/null || fail "no age of the copy"
	# of many zones those have series alone that are in trouble
	echo '@ A 192.0.2.300' >>b.test
	module zone-reload b.test || true
	within 10 in_trouble
	ods metrics --zones 1 >out
	promtool check metrics <out >lint 2>&1 || fail "$(cat lint)"
	[ "$(grep -c 'zone="' out)" = 1 ] || fail "$(cat out)"
	[ "$(metric out 'ods_zone_state{zone="b.test.",state="source"}')" = 1 ] || fail "$(cat out)"
	[ "$(metric out 'ods_zones{state="source"}')" = 1 ] || fail "$(cat out)"
}
# Each alert fires when it should, no sooner, and ends, by series as the engine and the signer here export them: a person
# is wanted at the parent, a copy was saved.
test_rules() {
	hasty a a.test
	hasty_policy PT1S
	quick q --kasp "$work/kasp.xml" --policy quick --zone a.test=a
	ods save "$work/copy"
	sed -i 's:</Repository>:<RequireBackup/>&:' "$D/conf.xml"
	engine reload
	within 60 exports 'ods_keys_without_backup\{token="SoftHSM"\} [0-9]'
	within 60 exports 'ods_parent_waiting_since_timestamp_seconds [1-9]'
	"$e2e/alarms.py" "$top/examples/prometheus/mod-opendnssec.rules.yml" out rules.json || fail "rules and metrics differ"
	promtool test rules rules.json >rules.out 2>&1 || fail "$(cat rules.out)"
	# A name that nobody exports fails.
	sed 's/ods_disk_free_bytes/ods_disk_left_bytes/; s/- alert: OdsSaveOld/- alert: OdsOther/' \
		"$top/examples/prometheus/mod-opendnssec.rules.yml" >other.yml
	if "$e2e/alarms.py" "$work/other.yml" out other.json 2>err; then
		fail "a rule that nobody feeds, and one without a test"
	fi
	says err 'nothing exports ods_disk_left_bytes' || fail "$(cat err)"
	says err 'no test has OdsOther fire' || fail "$(cat err)"
}
exports() { ods metrics >out && grep -E "^$1" out >/dev/null; }
in_trouble() { ods zones -S source | grep '^b\.test' >/dev/null; }

# By HTTP: /metrics alone, GET and HEAD alone, on loopback or a socket alone; it says who is away.
test_http() { # short
	small a.test a.test 1
	quick q --zone a.test="$work/a.test"
	serve_metrics
	says status '^200 text/plain; version=0\.0\.4'
	promtool check metrics <got
	get /
	says status '^404 '
	get /metrics HEAD
	says status '^200 '
	[ ! -s got ]
	get /metrics POST
	says status '^405 '
	stop_pid "$(cat "$D/run/ods-engine.pid")"
	within 10 engine_is_away
	promtool check metrics <got
	does_not_say got '^ods_engine_connected'
	[ "$(metric got 'ods_zones{state="ok"}')" = 1 ] || fail "$(cat got)"
	stop_pid "$(cat "$D/run/knotd.pid")"
	within 10 all_away
	does_not_say got '^ods_zones'
	[ ! -s metrics.log ] || fail "each scrape writes: $(cat metrics.log)"
	stop_pid "$metrics_pid"
	# elsewhere
	local where
	for where in 0.0.0.0@9553 192.0.2.1@9553 ::@9553 127.0.0.1 nowhere@1 '' a@b; do
		if ods metrics --listen "$where" >out 2>&1; then
			fail "it listens at '$where'"
		fi
	done
	ods metrics --listen 0.0.0.0@9553 2>out || says out 'no loopback address'
	"$BUILD_DIR/ods" -c "$D/conf.xml" metrics --listen "$work/sock" &
	pids+=($!)
	within 5 test -S sock
	[ "$(stat -c %a sock)" = 660 ] || fail "$(stat sock)"
	stop_pid "${pids[-1]}"
	[ ! -e sock ] || fail "the socket is left behind"
}
engine_is_away() { get /metrics && [ "$(metric got 'ods_up{part="engine"}')" = 0 ]; }
all_away() { get /metrics && [ "$(metric got 'ods_up{part="signer"}')" = 0 ]; }

# Strangers on this machine may ask all the time, say anything, or nothing: the others are served, and the engine
# is asked once a second.
test_strangers() { # short
	small a.test a.test 1
	quick q --zone a.test="$work/a.test"
	serve_metrics
	python3 - "$metrics_port" <<-'EOT'
	import os, socket, sys
	def to():
	    s = socket.create_connection(('127.0.0.1', int(sys.argv[1])), timeout=20)
	    return s
	for said in (b'\0' * 5000, b'GET /' + b'a' * 100000 + b' HTTP/1.1\r\n\r\n', os.urandom(20000),
	             b'GET /metrics HTTP/1.1\r\n' + b'X: y\r\n' * 20000, b'GET /metrics HTTP/9.9\r\n\r\n',
	             b'POST /metrics HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999\r\n\r\nabc',
	             b'GET /metrics HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n'):
	    s = to()
	    try:
	        s.sendall(said)
	        s.shutdown(socket.SHUT_WR)
	        while s.recv(65536):
	            pass
	    except OSError:
	        pass
	    s.close()
	silent = [to() for _ in range(12)]
	for _ in range(200):
	    s = to()
	    s.sendall(b'GET /metrics HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
	    got = b''
	    while True:
	        more = s.recv(65536)
	        if not more:
	            break
	        got += more
	    assert b'ods_up{part="signer"} 1' in got, got
	EOT
	get /metrics
	says status '^200 '
	[ -e "/proc/$metrics_pid" ] || fail "it has ended"
	[ ! -s metrics.log ] || fail "$(cat metrics.log)"
}

# alerts STATE: names of those, from Prometheus.
alerts() {
	python3 - "$prometheus_port" "$1" <<-'EOT'
	import json, sys, urllib.request
	said = json.load(urllib.request.urlopen(f'http://127.0.0.1:{sys.argv[1]}/api/v1/alerts', timeout=10))
	print(*sorted({alert['labels']['alertname'] for alert in said['data']['alerts'] if alert['state'] == sys.argv[2]}))
	EOT
}
fires() { alerts firing | grep -w "$1" >/dev/null; }
ends() { alerts firing >firing && ! grep -w "$1" firing >/dev/null; }
nothing_fires() { [ -z "$(alerts firing)" ]; }

# run_prometheus [SED-EXPRESSION...]: with the examples' rules, which do not wait, and are changed, and its scrapes
# each second.
run_prometheus() {
	local e=(-e 's/for: .*/for: 1s/') expression
	for expression in "$@"; do
		e+=(-e "$expression")
	done
	mkdir prometheus
	sed "${e[@]}" "$top/examples/prometheus/mod-opendnssec.rules.yml" \
		>prometheus/mod-opendnssec.rules.yml
	{
		printf 'global:\n  evaluation_interval: 1s\n'
		sed -e 's/scrape_interval: .*/scrape_interval: 1s/' -e "s/127.0.0.1:9553/127.0.0.1:$metrics_port/" \
			"$top/examples/prometheus/prometheus.yml"
	} >prometheus/prometheus.yml
	promtool check config prometheus/prometheus.yml
	prometheus_port=$(free_port)
	prometheus --config.file=prometheus/prometheus.yml --storage.tsdb.path=prometheus/data \
		--web.listen-address="127.0.0.1:$prometheus_port" >prometheus.log 2>&1 &
	pids+=($!)
	within 30 alerts firing
}

# The alarms of the examples fire in a real Prometheus, while resolvers still believe the zones, and end.
test_alarms() { # limit 300
	small a.test a.test 1
	small b.test b.test 1
	quick q --zone a.test="$work/a.test" --zone b.test="$work/b.test"
	promtool check rules "$top/examples/prometheus/mod-opendnssec.rules.yml"
	serve_metrics
	run_prometheus
	within 20 scraped
	within 20 nothing_fires # The rules may have been evaluated before there was anything to scrape.
	sleep 3
	nothing_fires || fail "$(alerts firing)"
	# the input is wrong
	echo '@ A 192.0.2.300' >>b.test
	module zone-reload b.test || true
	within 30 fires OdsZonesWithoutInput
	sed -i '/300$/{/@ A/d}' b.test
	module zone-reload b.test
	# the engine is away
	stop_pid "$(cat "$D/run/ods-engine.pid")"
	within 30 fires OdsEngineDown
	start_engine
	within 60 nothing_fires
	# the token is away, and what has to be signed is not
	mv "$D/tokens" "$D/away"
	module zone-sign a.test || true
	within 60 fires OdsTokenFails
	within 60 fires OdsZonesNotSigned
	validate a.test
	mv "$D/away" "$D/tokens"
	within 120 nothing_fires
	# a bad kasp.xml
	cp "$D/kasp.xml" good.xml
	sed -i 's/<Refresh>P16D/<Refresh>P16/' "$D/kasp.xml"
	engine reload || true
	within 30 fires OdsReloadRefused
	cp good.xml "$D/kasp.xml"
	engine reload
	# files of signed zones cannot be written; key pairs have no backup
	cp "$D/conf.xml" good.conf
	sed -i 's:</Signer>:<Output>/dev/null/%zone</Output>&:; s:</Repository>:<RequireBackup/>&:' "$D/conf.xml"
	knot reload
	engine reload
	within 60 fires OdsOutputFails
	within 60 fires OdsKeysWithoutBackup
	cat good.conf >"$D/conf.xml"
	knot reload
	engine reload
	within 60 nothing_fires
	# knotd is away
	stop_pid "$(cat "$D/run/knotd.pid")"
	within 30 fires OdsSignerDown
	start_knotd
	within 60 nothing_fires
	# who serves the metrics is
	stop_pid "$metrics_pid"
	within 400 fires OdsMetricsMissing
}

# What is lost, as in the suite recover: an alarm fires while validators accept the zone, and ends with the trouble.
test_alarms_lost() { # limit 240
	hasty r r.test
	hasty_policy PT1S
	quick q --kasp kasp.xml --policy quick --zone r.test=r
	serve_metrics
	run_prometheus '/parent_waiting/s/86400/1/' 's/2 \* 86400/60/'
	# a person has to do something at the parent
	within 60 fires OdsParentWaits
	engine zone-ksk-submitted r.test
	within 60 nothing_fires
	stop_pid "$(cat "$D/run/knotd.pid")"
	cp -r "$D/store" older
	start_knotd
	# a key pair
	local tag id
	read -r tag id < <(ods -j keys r.test | python3 -c 'import json, sys
print(*next((key["keytag"], key["cka-id"]) for key in json.load(sys.stdin) if key["role"] == "zsk"))')
	"$BUILD_DIR/ods-hsm" -c "$D/conf.xml" remove -fy SoftHSM "$id"
	module zone-keys-load
	within 30 fires OdsZonesNotSigned
	validate r.test
	ods -y key-lost r.test "$tag" >lost.out 2>&1 || fail "$(cat lost.out)"
	within 60 other_zsk_alone "$tag"
	within 60 nothing_fires
	# the store is an older copy, and the engine away
	stop_pid "$(cat "$D/run/ods-engine.pid")"
	stop_pid "$(cat "$D/run/knotd.pid")"
	rm -r "$D/store"
	mv older "$D/store"
	start_knotd
	within 30 fires OdsKeysInTrouble
	within 30 fires OdsEngineDown
	validate r.test
	start_engine
	within 60 nothing_fires
	# database and store
	stop_pid "$(cat "$D/run/ods-engine.pid")"
	stop_pid "$(cat "$D/run/knotd.pid")"
	rm -r "$D/store" "$D"/kasp.db*
	start_knotd
	start_engine
	within 60 fires OdsZonesHeld
	validate r.test
	ods recover -y >recover.out 2>&1 || fail "$(cat recover.out)"
	within 60 ends OdsZonesHeld
	within 60 fires OdsParentWaits
	engine zone-ksk-submitted r.test
	within 60 nothing_fires
	validate r.test
}

other_zsk_alone() {
	ods keys r.test >keys && [ "$(grep -c zsk keys)" = 1 ] && ! grep -w "$1" keys
}

# The machine is unwell, as in the suite recovery, and nobody mends a token.
test_alarms_machine() { # limit 300
	own_mounts metrics test_alarms_machine
	mkdir -p q/store
	mount -t tmpfs -o size=16m,mode=755 disk q/store
	policy default brief 's|<Resign>.*<|<Resign>PT1S<|; s|<Refresh>.*<|<Refresh>PT30S<|' \
		's|<Jitter>.*<|<Jitter>PT0S<|; s|<Default>.*<|<Default>PT40S<|; s|<Denial>P[^<]*<|<Denial>PT40S<|' |
		kasp kasp.xml
	small a.test a.test 1
	write_clocked knotd knotd
	KNOTD=$work/run.knotd quick q --kasp kasp.xml --policy brief --zone a.test=a.test
	serve_metrics
	run_prometheus 's/2 \* 86400/20/' 's/7 \* 86400/1/' 's/timestamp_seconds > 900/timestamp_seconds > 3/'
	within 20 scraped
	within 10 nothing_fires
	# the clock
	set_clock knotd $((20 * 86400))
	module zone-sign a.test
	within 30 fires OdsClockDistrusted
	validate a.test
	set_clock knotd 0
	within 60 nothing_fires
	# the disk
	head -c 30000000 /dev/zero >q/store/fill 2>/dev/null || true
	within 30 fires OdsDiskLow
	within 30 fires OdsZonesNotSigned
	validate a.test
	rm q/store/fill
	mount -o remount,size=300m q/store
	within 60 nothing_fires
	# the store
	truncate -s 8192 q/store/data.mdb
	module zone-reload a.test || true
	within 30 fires OdsSignerFails
	validate a.test
	stop_pid "$(cat "$D/run/knotd.pid")"
	rm q/store/*
	KNOTD=$work/run.knotd start_knotd
	within 60 nothing_fires
	# knotd hangs, and the engine with it
	kill -STOP "$(cat "$D/run/knotd.pid")"
	within 60 fires OdsEngineStuck
	within 60 fires OdsSignerDown
	kill -CONT "$(cat "$D/run/knotd.pid")"
	within 60 nothing_fires
	# the last copy is old
	ods save copy
	within 30 fires OdsSaveOld
	# nobody brings the token back
	mv "$D/tokens" "$D/away"
	within 60 fires OdsTokenFails
	within 60 fires OdsZonesExpiring
	validate a.test
	within 60 fires OdsFirstExpiryNear
	validate a.test
	within 60 fires OdsZonesExpired
	if (validate a.test) >/dev/null 2>&1; then
		fail "it has not expired"
	fi
}
scraped() {
	python3 - "$prometheus_port" <<-'EOT'
	import json, sys, urllib.request
	said = json.load(urllib.request.urlopen(f'http://127.0.0.1:{sys.argv[1]}/api/v1/query?query=ods_zones', timeout=10))
	assert len(said['data']['result']) > 10, said
	EOT
}
