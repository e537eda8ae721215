# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: mod-opendnssec developers
#
# Thousands of small zones, as hosters have them, which share their keys: from the start of knotd
# until all are signed, and served; a restart; what it takes when nothing happens. The engine has
# pushed the key sets before, and is not running.

# How many; of some ten RRsets each.
: "${MANY:=5000}"

SIGNED='zone ([^ ]*), signed, serial'
SERVED='\[([^]]*)\] refresh, .*zone updated'
LOADED='\[([^]]*)\] loaded, serial'

bench_many() {
	many_files
	many_native
	many_ours
	many_first_signing
	many_restart
	slow_token many-start-slow-token
}

many_files() {
	local i text
	mkdir zones
	zone host 2 z.test template
	text=$(<template)
	for ((i = 0; i < MANY; i++)); do
		printf '%s\n' "${text/ORIGIN z.test./ORIGIN z$i.test.}" >"zones/z$i"
	done
}

# many_sections FILES [ITEM...]: sections of knot.conf, but for the first zone.
many_sections() {
	local i files=$1
	shift
	for ((i = 1; i < MANY; i++)); do
		printf '  - domain: "z%s.test"\n' $i
		[ -z "$files" ] || printf '    file: "%s/z%s"\n' "$files" $i
		[ $# -eq 0 ] || printf '    %s\n' "$@"
	done
}

# start_many DIR: without stamps in its log, which would take their time. Sets $begin.
start_many() {
	D=$work/$1
	use "$D"
	: >"$D/knotd.log"
	begin=$EPOCHREALTIME
	setsid "${KNOTD:-knotd}" -c "$D/knot.conf" >>"$D/knotd.log" 2>&1 </dev/null &
	echo $! >"$D/run/knotd.pid"
	pids+=($!)
}

# many_lines DIR REGEX...: moments of the last zones' lines.
many_lines() { "$bench_dir/lines.py" "$work/$1/knotd.log" "$MANY" 300 "${@:2}"; }

# ---- Knot's own signing: all zones with one CSK, as many signatures as the module makes. The keys
# are made by a run before the one that counts.

many_native() {
	local items=('acl: local' 'zonefile-sync: -1' 'zonefile-load: whole' 'journal-content: all'
		'dnssec-signing: on' 'dnssec-policy: bench')
	plain native z0.test "file: \"$work/zones/z0\"" "${items[@]:2}"
	many_sections "$work/zones" "${items[@]}" >>"$work/native/knot.conf"
	sed -i 's/^    signing-threads: 2/&\n    single-type-signing: on\n    ksk-shared: on/' \
		"$work/native/knot.conf"
	start_many native
	many_lines native "$LOADED" >/dev/null
	halt native
	rm -r "$work/native/journal" "$work/native/timers"
	start_many native
	since "$begin" "$(many_lines native "$LOADED")" >native.served
	axfr z0.test native.axfr
	halt native
	awk -v zones="$MANY" '$4 == "RRSIG" { n++ } END { print n * zones }' native.axfr >native.signatures
}

# ---- ours

# Adopts the zones before there are their files, so that each has its key set when it is loaded.
many_ours() {
	echo '<KASP>' >many.xml
	policy default default 's|<PublishSafety>.*</PublishSafety>|&<ShareKeys/>|' >>many.xml
	echo '</KASP>' >>many.xml
	small "$work/first.zone" first.test 1
	quick ours --kasp "$work/many.xml" --zone "first.test=$work/first.zone"
	halt ours
	sed -i 's:<SignerThreads>.*</:<SignerThreads>2</:' "$D/conf.xml"
	sed -i -e 's/^    policy: .*/&\n    verify: sample/' -e '/first.test/,$d' \
		-e 's/dnssec-validation: on/dnssec-validation: off/' "$D/knot.conf"
	{
		printf '  - domain: "z0.test"\n    file: "%s/live/z0"\n' "$work"
		many_sections "$work/live"
	} >>"$D/knot.conf"
	mkdir live
	start_many ours
	within 300 have_keys
	stop_pid "$(cat "$D/run/ods-engine.pid")"
	halt ours
	rm -r "$D/knot" live
	mkdir "$D/knot"
	mv zones live
}
have_keys() { [ "$(module zone-status | grep -c ' key [0-9]*: ')" -eq "$MANY" ]; }

many_first_signing() {
	local signed served signatures before loop
	before=$(many_loop)
	start_many ours
	read -r signed served < <(many_lines ours "$SIGNED" "$SERVED")
	loop=$(awk -v a="$before" -v b="$(many_loop)" 'BEGIN { print (a + b) / 2 }')
	since "$begin" "$signed" >ours.signed
	since "$begin" "$served" >ours.served
	signatures=$(many_signatures)
	validate "z$((MANY - 1)).test"
	at_least many-first-signing "$(divide "$signatures" "$(awk -v s="$(cat ours.signed)" -v l="$loop" \
		'BEGIN { print s * l }')")" 0.5 "$MANY zones, $signatures signatures in" \
		"$(cat ours.signed) s, bare loop $loop/s"
	at_least many-first-signing-served "$(divide "$(cat native.served)" "$(cat ours.served)")" 1.0 \
		"$(cat ours.served) s until all are served; signed by Knot: $(cat native.served) s," \
		"$(cat native.signatures) signatures"
}

many_loop() { "$BUILD_DIR/tests/bench/bare-loop" 2 5000 | sed -n '/^[0-9]*$/p'; }

many_signatures() {
	sed -n 's/.*, signed, serial.* \([0-9]*\) signatures made.*/\1/p' "$work/ours/knotd.log" |
		awk '{ n += $1 } END { print n + 0 }'
}

# ---- restart, and rest; beside a plain secondary that was fed once

many_restart() {
	local i
	PRIMARY=$PORT
	plain secondary z0.test 'master: primary' 'zonefile-load: none' 'journal-content: all'
	many_sections '' 'acl: local' 'zonefile-sync: -1' 'master: primary' 'zonefile-load: none' \
		'journal-content: all' >>"$work/secondary/knot.conf"
	start_many secondary
	many_lines secondary "$SERVED" >/dev/null
	many_rests secondary >/dev/null
	halt secondary
	use "$work/ours"
	many_rests ours >/dev/null
	halt ours
	for ((i = 1; i <= RUNS; i++)); do
		many_restarted secondary
		many_restarted ours
		divide "$(tail -n 1 ours.loaded)" "$(tail -n 1 secondary.loaded)" >>loaded.ratios
	done
	at_most many-restart "$(median <loaded.ratios)" 1.2 "$(median <ours.loaded) s until all" \
		"$MANY are served, a plain secondary from its journal $(median <secondary.loaded) s;" \
		"CPU until it rests: $(median <ours.cpu) s, $(median <secondary.cpu) s"
	at_most many-restart-signatures "$(sort -g ours.made | tail -n 1)" 0 "after a restart"
	at_most many-rest "$(cat ours.rest)" 0.002 "CPU seconds a second at rest, a plain secondary" \
		"$(cat secondary.rest); lines of log in 20 s: $(cat ours.lines)"
	at_most many-memory "$(median <ours.memory)" 20 "kB a zone, beside the" \
		"$(divide "$(median <secondary.rss)" "$MANY" | cut -d. -f1) that knotd has"
}

# many_restarted DIR: notes what a start takes, and, once it rests, what it has; ends it.
many_restarted() {
	local pid
	start_many "$1"
	pid=$(pid_of "$1")
	since "$begin" "$(many_lines "$1" "$LOADED")" >>"$1.loaded"
	many_rests "$1" >>"$1.cpu"
	status "$pid" RssAnon >>"$1.rss"
	[ -e "$1.rest" ] || many_idle "$1" "$pid"
	if [ "$1" = ours ]; then
		many_signatures >>ours.made
		awk -v a="$(tail -n 1 ours.rss)" -v b="$(tail -n 1 secondary.rss)" -v zones="$MANY" \
			'BEGIN { print (a - b) / zones }' >>ours.memory
	fi
	halt "$1"
}

# many_rests DIR: until it does nothing for two seconds; prints the CPU seconds that it has taken.
many_rests() {
	local pid now last=-1 still=0
	pid=$(pid_of "$1")
	while [ $still -lt 4 ]; do
		sleep 0.5
		now=$(cpu_of "$pid")
		still=$((now - last <= 1 ? still + 1 : 0))
		last=$now
	done
	awk -v ticks="$now" 'BEGIN { print ticks / 100 }'
}

many_idle() {
	local before lines
	before=$(cpu_of "$2")
	lines=$(wc -l <"$work/$1/knotd.log")
	sleep 20
	awk -v a="$before" -v b="$(cpu_of "$2")" 'BEGIN { print (b - a) / 100 / 20 }' >"$1.rest"
	echo $(($(wc -l <"$work/$1/knotd.log") - lines)) >"$1.lines"
}

# ---- a start with a token each of whose calls takes 5 ms (the shim's doing)

# slow_token TITLE
slow_token() {
	use "$work/ours"
	export SHIM_MODULE=$SOFTHSM SHIM_CONTROL=$work/orders
	echo 'delay all 5' >orders
	sed -i "s|<Module>.*</Module>|<Module>$BUILD_DIR/tests/shim/shim.so</Module>|" "$D/conf.xml"
	start_many ours
	within 600 have_keys
	at_most "$1" "$(since "$begin" "$EPOCHREALTIME")" "$(divide "$((MANY * 30))" 10000)" \
		"s until the keys of all $MANY zones are found, 5 ms a call"
	halt ours
}
