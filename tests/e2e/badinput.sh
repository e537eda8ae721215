# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: mod-opendnssec developers
#
# Whatever is wrong: a clear error in log and zone-status, the last good zone stays served, and
# so do the others.

# Two signed zones, and one that knotd serves without the module.
start_zones() {
	small bad bad.test 1 'was A 192.0.2.7'
	small good good.test 1
	small plain plain.test 1
	quick d --zone bad.test=bad --zone good.test=good
	sed -i 's/^zone:/  - id: plain\n\n&/' "$D/knot.conf"
	printf '  - domain: plain.test\n    template: plain\n    file: "%s"\n' "$work/plain" \
		>>"$D/knot.conf"
	knot reload
	within 10 answers www.plain.test A 192.0.2.80
}

# All is served as before, and knotd runs.
still_served() {
	answers www.plain.test A 192.0.2.80 || fail "plain.test is not served"
	answers was.bad.test A 192.0.2.7 || fail "the last good bad.test is not served"
	signed bad.test || fail "bad.test is not signed"
	validate good.test
	! gone "$(cat "$D/run/knotd.pid")" || fail "knotd has ended"
}

# another_change: good.test can still be changed and signed.
another_change() {
	small good good.test 1 "new$1 A 192.0.2.20"
	within 15 answers "new$1.good.test" A 192.0.2.20
}

# refused_file REGEX: the zone file is; $work/bad holds it.
refused_file() {
	within 15 status_says bad.test "$1"
	grep -qE "bad\.test.*$1" "$D/knotd.log" || fail "the log has no '$1' for bad.test"
	still_served
}

# broken REGEX RECORD...: a zone with those records is refused.
broken() {
	local regex=$1
	shift
	small bad bad.test 2 "$@"
	refused_file "$regex"
}

test_zone_files() { # short limit 240
	start_zones
	broken 'bad:8' 'x A 192.0.2.300'
	broken 'bad:9' 'x A 192.0.2.3' 'y FROB 1'
	broken 'bad(:[0-9]+)?.*CNAME' 'www CNAME ns1'
	broken 'bad(:[0-9]+)?.*CNAME' 'two CNAME ns1' 'two CNAME ns2'
	broken 'bad(:[0-9]+)?.*SOA' '@ SOA ns2 host 3 3600 900 604800 300'
	broken 'bad:8' 'x CH A 192.0.2.3'
	# shellcheck disable=SC2016
	broken 'bad:8.*nowhere' '$INCLUDE nowhere'
	another_change 1

	printf '@ 300 NS ns1\nns1 300 A 192.0.2.1\n' >new
	mv new bad
	refused_file 'bad.*SOA'
	printf '@ 300 SOA ns1 host 4 1 1 1 1\nns1 300 A 192.0.2.1\n' >new
	mv new bad
	refused_file 'bad.*NS'
	: >new
	mv new bad
	refused_file 'bad.*SOA'
	head -c 5000 /dev/urandom >new
	mv new bad
	refused_file 'bad:'
	rm bad
	module zone-reload bad.test || true
	refused_file 'bad.*[Nn]o such file'
	mkdir bad
	module zone-reload bad.test || true
	refused_file 'bad.*directory'
	rmdir bad
	another_change 2

	small bad bad.test 5 'fine A 192.0.2.8'
	within 15 answers fine.bad.test A 192.0.2.8
	validate bad.test
	expect 'bad\.test' module zone-status bad.test
	if status_says bad.test 'state: [^|]*(SOA|directory)'; then
		fail "zone-status still has the old error: $(module zone-status bad.test)"
	fi
}

test_broken_from_the_start() {
	start_zones
	small late late.test 1 'x A 192.0.2.300'
	add_zone late.test "$work/late"
	knot reload
	within 10 status_says late.test 'late:8'
	expect 'SERVFAIL' ask late.test SOA
	still_served
	small late late.test 1
	within 15 signed late.test
	validate late.test
}

test_missing_zone_file() {
	start_zones
	add_zone late.test "$work/not/there/yet"
	knot reload
	within 10 status_says late.test 'not/there/yet'
	still_served
	mkdir -p not/there
	small not/there/yet late.test 1
	module zone-reload late.test
	within 15 signed late.test
	validate late.test
}

# ---- conf.xml, kasp.xml

# wrong_conf REGEX SED: conf.xml edited so is complained of by both sides; nothing else happens.
wrong_conf() {
	local regex=$1
	cp "$D/conf.xml" good.conf.xml
	sed -i "$2" "$D/conf.xml"
	cmp -s "$D/conf.xml" good.conf.xml && fail "sed '$2' changed nothing"
	: >"$D/knotd.log"
	knot reload || true
	within 10 says "$D/knotd.log" "$regex"
	still_served
	stop_pid "$(cat "$D/run/ods-engine.pid")"
	if timeout 10 "$BUILD_DIR/ods-engine" -c "$D/conf.xml" >engine.out 2>&1; then
		fail "ods-engine runs with that conf.xml"
	fi
	says engine.out "$regex" || fail "ods-engine: $(cat engine.out)"
	cp good.conf.xml "$D/conf.xml"
	knot reload
	start_engine
}

test_conf_xml() { # limit 300
	start_zones
	wrong_conf 'conf\.xml:[0-9]+' 's/<Common>/<Comon>/'
	wrong_conf 'conf\.xml:[0-9]+.*TokenLabel' '/<TokenLabel>/d'
	wrong_conf 'conf\.xml:[0-9]+.*SignerThreads' 's/<SignerThreads>4/<SignerThreads>many/'
	another_change 1
}

# A conf.xml that is wrong when knotd starts: what it has, it serves.
test_conf_xml_at_start() { # short
	start_zones
	cp "$D/conf.xml" good.conf.xml
	sed -i '/<TokenLabel>/d' "$D/conf.xml"
	: >"$D/knotd.log"
	restart_knotd
	within 10 says "$D/knotd.log" 'conf\.xml:[0-9]+.*TokenLabel'
	within 10 signed bad.test
	still_served
	cp good.conf.xml "$D/conf.xml"
	knot reload
	within 30 module status
	another_change 1
	still_served
}

# wrong_kasp REGEX SED
wrong_kasp() {
	cp "$D/kasp.xml" good.kasp.xml
	sed -i "$2" "$D/kasp.xml"
	cmp -s "$D/kasp.xml" good.kasp.xml && fail "sed '$2' changed nothing"
	stop_pid "$(cat "$D/run/ods-engine.pid")"
	if timeout 10 "$BUILD_DIR/ods-engine" -c "$D/conf.xml" >engine.out 2>&1; then
		fail "ods-engine runs with that kasp.xml"
	fi
	says engine.out "$1" || fail "no '$1' from ods-engine: $(cat engine.out)"
	cp good.kasp.xml "$D/kasp.xml"
	start_engine
	still_served
}

test_kasp_xml() { # short limit 300
	start_zones
	wrong_kasp 'kasp\.xml:[0-9]+' 's:</Keys>:</Kees>:'
	wrong_kasp 'kasp\.xml:[0-9]+.*Resign' 's/<Resign>PT2H/<Resign>2 hours/'
	wrong_kasp 'kasp\.xml:[0-9]+.*Algorithm' 's:>13<:>99<:'
	wrong_kasp 'kasp\.xml:[0-9]+.*Serial' 's:<Serial>.*:<Serial>random</Serial>:'
	wrong_kasp 'kasp\.xml:[0-9]+.*Nowhere' 's:<Repository>SoftHSM:<Repository>Nowhere:'
	wrong_kasp 'kasp\.xml' '2,$d'
	another_change 1
}

# Elements that nobody knows are named, and harmless.
test_unknown_elements() {
	start_zones
	sed -i 's:<Common>:<Frobnicate/><Common>:' "$D/conf.xml"
	sed -i 's:<Keys>:<Keys><Gimble/>:' "$D/kasp.xml"
	stop_pid "$(cat "$D/run/ods-engine.pid")"
	: >"$D/ods-engine.log"
	: >"$D/knotd.log"
	start_engine
	restart_knotd
	says "$D/ods-engine.log" 'conf\.xml:[0-9]+.*Frobnicate'
	says "$D/ods-engine.log" 'kasp\.xml:[0-9]+.*Gimble'
	says "$D/knotd.log" 'conf\.xml:[0-9]+.*Frobnicate'
	within 15 signed bad.test
	another_change 1
	still_served
}

# While the engine runs, a bad kasp.xml is refused and the old policies stay.
test_kasp_xml_reload() {
	start_zones
	cp "$D/kasp.xml" good.kasp.xml
	sed -i 's/<Resign>PT2H/<Resign>2 hours/' "$D/kasp.xml"
	expect 'kasp\.xml:[0-9]+.*Resign' engine reload
	engine status
	expect 'default' engine zone-status bad.test
	still_served
	cp good.kasp.xml "$D/kasp.xml"
	engine reload
}

test_unknown_policy() {
	start_zones
	small p p.test 1
	add_policy nonsuch
	add_zone p.test "$work/p" nonsuch
	knot reload
	within 15 says "$D/ods-engine.log" 'p\.test.*nonsuch|nonsuch.*p\.test'
	expect 'nonsuch' module zone-status p.test
	expect 'SERVFAIL' ask p.test SOA
	still_served
}

# ---- tokens

# wrong_token REGEX: with conf.xml as it is now, knotd starts anew and serves all; a change that
# needs the token is complained of. With the old conf.xml it is signed.
wrong_token() {
	: >"$D/knotd.log"
	restart_knotd
	within 15 signed bad.test
	small bad bad.test 3 'was A 192.0.2.7' 'next A 192.0.2.8'
	within 20 status_says bad.test "$1"
	says "$D/knotd.log" "$1" || fail "knotd's log has no '$1'"
	still_served
	[ -n "$(ask +short www.bad.test A)" ]
	if [ -n "$(ask +short next.bad.test A)" ]; then
		fail "next.bad.test is served without a signature of the token"
	fi
}

repaired() {
	cp good.conf.xml "$D/conf.xml"
	knot reload
	module zone-reload bad.test || true
	within 70 answers next.bad.test A 192.0.2.8
	validate bad.test
}

test_wrong_pin() { # short
	start_zones
	cp "$D/conf.xml" good.conf.xml
	sed -i "s:<PINFile>.*:<PIN>nope1234</PIN>:" "$D/conf.xml"
	wrong_token '(PIN|pin).*'
	does_not_say "$D/knotd.log" 'nope1234'
	repaired
}

test_missing_token() {
	start_zones
	cp "$D/conf.xml" good.conf.xml
	sed -i "s:<TokenLabel>.*:<TokenLabel>Nowhere</TokenLabel>:" "$D/conf.xml"
	wrong_token 'Nowhere'
	repaired
}

test_missing_library() {
	start_zones
	cp "$D/conf.xml" good.conf.xml
	sed -i "s:<Module>.*:<Module>/nowhere/lib.so</Module>:" "$D/conf.xml"
	wrong_token '/nowhere/lib\.so'
	repaired
}

# What the engine says of a token it cannot use.
test_engine_and_token() {
	local edit regex n=0
	small z z.test 1
	quick d --zone z.test=z
	cp "$D/conf.xml" good.conf.xml
	while read -r regex edit; do
		stop_pid "$(cat "$D/run/ods-engine.pid")"
		sed "$edit" good.conf.xml >"$D/conf.xml"
		: >"$D/ods-engine.log"
		setsid "$BUILD_DIR/ods-engine" -c "$D/conf.xml" >>"$D/ods-engine.log" 2>&1 &
		echo $! >"$D/run/ods-engine.pid"
		n=$((n + 1))
		small new$n new$n.test 1
		add_zone new$n.test "$work/new$n"
		knot reload
		within 30 says "$D/ods-engine.log" "$regex"
		validate z.test
	done <<-'EOT'
	PIN s:<PINFile>.*:<PIN>nope1234</PIN>:
	Nowhere s:<TokenLabel>.*:<TokenLabel>Nowhere</TokenLabel>:
	lib2.so s:<Module>.*:<Module>/nowhere/lib2.so</Module>:
	EOT
	cp good.conf.xml "$D/conf.xml"
	stop_pid "$(cat "$D/run/ods-engine.pid")"
	start_engine
	knot reload
	within 60 signed new$n.test
	validate new$n.test
}

# Tokens that come and go with every reload, while zones are signed.
test_reload_storm() { # short limit 240
	local n
	start_zones
	"$e2e/genzone.py" host 300 big.test >big
	add_zone big.test "$work/big"
	cp "$D/conf.xml" good.conf.xml
	for n in {1..20}; do
		case $((n % 4)) in
		0) sed "s:<PINFile>.*:<PIN>nope1234</PIN>:" good.conf.xml >"$D/conf.xml" ;;
		1) sed "s:<TokenLabel>.*:<TokenLabel>Nowhere</TokenLabel>:" good.conf.xml >"$D/conf.xml" ;;
		2) sed "s:<Module>.*:<Module>/nowhere/lib.so</Module>:" good.conf.xml >"$D/conf.xml" ;;
		3) cp good.conf.xml "$D/conf.xml" ;;
		esac
		knot reload
		module zone-sign >/dev/null || true
	done
	cp good.conf.xml "$D/conf.xml"
	knot reload
	within 60 signed big.test
	another_change 1
	still_served
	validate big.test
}

# A key that is gone from the token.
test_missing_key() {
	start_zones
	local id
	for id in $("$BUILD_DIR/ods-hsm" -c "$D/conf.xml" list | grep -oE '[0-9a-f]{32}'); do
		"$BUILD_DIR/ods-hsm" -fy -c "$D/conf.xml" remove SoftHSM "$id"
	done
	small bad bad.test 3 'was A 192.0.2.7' 'next A 192.0.2.8'
	sleep 2
	restart_knotd
	within 20 status_says bad.test '[Kk]ey'
	still_served
}

# ---- storage, knot.conf

# A disk of the store's own, in a mount namespace of the test's own, that is full for a while.
test_disk_full() { # limit 240
	local namespace=(--mount) before
	if [ -z "${DISK:-}" ]; then
		[ "$(id -u)" = 0 ] || namespace+=(--user --map-root-user)
		# shellcheck disable=SC2016
		DISK=own exec unshare "${namespace[@]}" bash -c \
			'. "$1/lib.sh"; . "$1/badinput.sh"; test_disk_full' e2e "$e2e"
	fi
	mkdir -p d/store
	mount -t tmpfs -o size=3m,mode=755 disk d/store
	small good good.test 1
	quick d --zone good.test=good
	before=$(serial good.test)
	"$e2e/genzone.py" host 10000 good.test >good.new
	mv good.new good
	within 60 status_says good.test 'the disk is full; make room'
	says "$D/knotd.log" 'good\.test, .*the disk is full' || fail "the log does not say it"
	[ "$(serial good.test)" = "$before" ] || fail "another serial than $before"
	answers www.good.test A 192.0.2.80 || fail "the last good version is not served"
	mount -o remount,size=300m d/store
	within 90 serial_differs good.test "$before"
	validate good.test
}

test_unwritable_storage() { # short
	start_zones
	sed -i "s|$D/store|$D/kasp.xml/store|" "$D/knot.conf"
	: >"$D/knotd.log"
	restart_knotd
	within 10 says "$D/knotd.log" "kasp\.xml/store.*([Nn]ot a directory|not writable)"
	within 10 signed bad.test
	still_served
}

# checked REGEX SED: knotc conf-check refuses knot.conf edited so, knotd's reload too.
checked() {
	cp "$D/knot.conf" good.knot.conf
	sed -i "$2" "$D/knot.conf"
	cmp -s "$D/knot.conf" good.knot.conf && fail "sed '$2' changed nothing"
	if knotc -c "$D/knot.conf" conf-check >out 2>&1; then
		fail "conf-check is content with: $2"
	fi
	says out "$1" || fail "conf-check after $2: $(cat out)"
	knot reload 2>/dev/null || true
	still_served
	cp good.knot.conf "$D/knot.conf"
}

test_knot_conf() { # limit 240
	start_zones
	checked 'policy' 's|^    policy:.*|    policy: ""|'
	checked 'storage.*absolute' 's|^    storage: "[^"]*/store"|    storage: store|'
	checked 'conf.*absolute' 's|^    conf:.*|    conf: conf.xml|'
	checked 'control-socket.*absolute' 's|^    control-socket:.*|    control-socket: run/x|'
	checked 'differ' 's|^    control-socket:.*|    control-socket: "'"$(echo "$D"/run/transfer*)"'"|'
	checked 'watch' 's/watch: on/watch: sometimes/'
	checked 'frob' 's/^    watch: on/    frob: on/'
	checked 'transfer-socket.*absolute' 's|^    transfer-socket:.*|    transfer-socket: run/x|'
	knotc -c "$D/knot.conf" conf-check
}

test_dnssec_signing_on() { # short
	start_zones
	small s s.test 1
	add_zone s.test "$work/s"
	echo '    dnssec-signing: on' >>"$D/knot.conf"
	: >"$D/knotd.log"
	knot reload || true
	within 10 says "$D/knotd.log" 's\.test.*dnssec-signing'
	still_served
}

test_zone_without_master() {
	start_zones
	sed -i '/^    master: opendnssec/d' "$D/knot.conf"
	: >"$D/knotd.log"
	knot reload || true
	within 10 says "$D/knotd.log" 'master'
	answers www.plain.test A 192.0.2.80
}

# A second knotd with the same sockets and storage is refused; the first is unharmed.
test_second_knotd() {
	start_zones
	mkdir second
	sed -e "s|rundir: .*|rundir: \"$work/second\"|" -e "s|127.0.0.1@.*|127.0.0.1@$(free_port)|" \
		-e "s|storage: \"$D/knot\"|storage: \"$work/second\"|" "$D/knot.conf" >second/knot.conf
	setsid knotd -c second/knot.conf >second/second.log 2>&1 &
	pids+=($!)
	within 10 says second/second.log 'transfer\.sock|module\.sock|store'
	still_served
	another_change 1
}
