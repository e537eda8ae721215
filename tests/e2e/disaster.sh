# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: mod-opendnssec developers
#
# Whatever happens, in any order: things are lost, restored from older copies, killed, full, out of time;
# keys roll, and the zone changes. A validating resolver, with the parent's key as its anchor, is asked all
# the time.
#
#   SEED=N      each round draws from this and its own number, whatever came before
#   ROUNDS=N    how many
#   FROM=N      begins with this round
#   WITHOUT=... these events are left out: "clock expiry"
#   EVENTS=...  these, in this order, drawing as the rounds that had them: "17:clock 18:roll_ksk"

up() { [ -e "/proc/$(cat "$D/run/$1.pid")" ]; }
one_of() { picked=${*:RANDOM % $# + 1:1}; }
# What a round has drawn, for its line in the log.
note() { noted+=" $*"; }

# ---- the parent: "test.", signed by a knotd of its own; the engine asks a second server, too, its front

start_parent() {
	parent_port=$(free_port)
	front_port=$(free_port)
	mkdir -p parent
	write_parent
	another_knotd parent "127.0.0.1@$parent_port" <<-EOT
	remote:
	  - id: front
	    address: 127.0.0.1@$front_port
	acl:
	  - id: transfer
	    address: 127.0.0.1
	    action: transfer
	policy:
	  - id: quick
	    algorithm: ecdsap256sha256
	    single-type-signing: on
	    dnskey-ttl: 2
	zone:
	  - domain: test
	    file: test.zone
	    dnssec-signing: on
	    dnssec-policy: quick
	    zonefile-load: difference-no-serial
	    zonefile-sync: -1
	    journal-content: all
	    notify: front
	    acl: transfer
	EOT
	parent_socket=$work/parent/knot.sock
	within 20 parent_signed
	front=''
	front_is well
}
parent_ask() { kdig @127.0.0.1 -p "$parent_port" "$@"; }
parent_signed() { parent_ask +dnssec test SOA | grep 'RRSIG.*SOA ' >/dev/null; }
# write_parent [DS...]
write_parent() {
	# shellcheck disable=SC2016
	{
		printf '$ORIGIN test.\n$TTL 2\n@ SOA ns1 host %s 3600 1 604800 2\n@ NS ns1\nns1 A 127.0.0.1\n' \
			$((++parent_serial))
		printf 'd NS ns1.d\nns1.d A 127.0.0.1\n'
		[ $# = 0 ] || printf "d $ds_ttl DS %s\n" "$@"
	} >parent/test.zone
}
parent_has() { parent_ask +short d.test DS | awk '{ $4 = $4 $5; $5 = ""; print }'; }
reload_parent() { knotc -s "$parent_socket" zone-reload test >/dev/null; }

# front_is well|away|failing|below: serves what the parent has; does not answer; fails; has only the child.
front_is() {
	[ -z "$front" ] || {
		kill "$front"
		wait "$front" || true
	}
	front=''
	rm -rf front
	case $1 in
	well) start_front "test" "$parent_port"; within 20 front_follows ;;
	failing) start_front "test" 1 ;;
	below) start_front "d.test" "$PORT" ;;
	esac
}
# start_front ZONE PORT: has that zone from there.
start_front() {
	another_knotd front "127.0.0.1@$front_port" <<-EOT
	remote:
	  - id: primary
	    address: 127.0.0.1@$2
	acl:
	  - id: notify
	    address: 127.0.0.1
	    action: notify
	zone:
	  - domain: $1
	    master: primary
	    acl: notify
	EOT
	front=$another
}
front_follows() { [ "$(PORT=$front_port serial test)" = "$(PORT=$parent_port serial test)" ]; }

# Gives the parent the DS that the engine wants it to have, as a registrar would, who may be slow to do it, or
# slow to take one away.
serve_parent() {
	local wanted kept=()
	[ "$SECONDS" -ge "$registrar_until" ] || [ "$registrar" != late ] || return 0
	[ -e "$D/run/ods-engine.pid" ] && up ods-engine || return 0
	engine_says d.test 'give this DS|have this DS removed' || return 0
	mapfile -t wanted < <(ods -j ds d.test 2>/dev/null | python3 -c 'import json, sys
for key in json.load(sys.stdin):
    if key["state"] in ("to be given to the parent", "at the parent"):
        print(key["record"].split(" DS ")[1].upper())')
	[ ${#wanted[@]} -gt 0 ] || return 0
	[ "$SECONDS" -ge "$registrar_until" ] || mapfile -t kept < <(parent_has)
	mapfile -t wanted < <(printf '%s\n' "${wanted[@]}" "${kept[@]}" | sed 's/ *$//; /^$/d' | sort -u)
	[ "$(printf '%s\n' "${wanted[@]}")" != "$(parent_has | sed 's/ *$//' | sort -u)" ] || return 0
	write_parent "${wanted[@]}"
	reload_parent
}

start_resolver() {
	unbound_port=$(free_port)
	run_unbound unbound "$unbound_port" \
		"test. DNSKEY $(parent_ask +short +crypto test DNSKEY | grep ^257)" \
		'val-log-level: 2' 'infra-host-ttl: 1' 'val-sig-skew-min: 0' 'val-sig-skew-max: 0' \
		'val-bogus-ttl: 2' <<-EOT
	test 127.0.0.1@$parent_port
	d.test 127.0.0.1@$PORT
	EOT
	within 30 secure
}
secure() { dig @127.0.0.1 -p "$unbound_port" +tries=1 +dnssec d.test SOA | grep 'flags:.* ad' >/dev/null; }

# ---- disks, each in memory, which can be full, read-only, or away

disks=(store knot database)
make_disks() {
	local disk
	for disk in "${disks[@]}"; do
		mkdir -p "disks/$disk" "d/$disk"
		mount -t tmpfs -o size=24m,mode=755 "$disk" "disks/$disk"
		mount --bind "disks/$disk" "d/$disk"
	done
}
fill() { head -c 64m /dev/zero >"disks/$1/fill" 2>/dev/null || true; }
unfill() { rm -f "disks/$1/fill"; }
disk_away() { umount -l "d/$1"; }
disk_back() { mount --bind "disks/$1" "d/$1"; }

# ---- clocks, of knotd and of the engine; those of the parent and of the resolver are right

clocks_right() { ! grep -v '^0 *$' clock.knotd clock.ods-engine >/dev/null; }

# ---- servers

start_server() {
	setsid "./run.$1" -c "$2" >>"$D/$1.log" 2>&1 </dev/null &
	echo $! >"$D/run/$1.pid"
}
stop_engine() { ! up ods-engine || stop_pid "$(cat "$D/run/ods-engine.pid")" "${1:-TERM}"; }
# While knotd is down nobody asks.
stop_knotd() {
	touch pause
	sleep 0.3
	! up knotd || stop_pid "$(cat "$D/run/knotd.pid")" "${1:-TERM}"
}
start_knotd() {
	start_server knotd "$D/knot.conf"
	within 30 knot status
}
start_engine() {
	start_server ods-engine "$D/conf.xml"
	within 30 engine_runs
}
engine_runs() { ! up ods-engine || engine status; }
start_all() {
	up knotd || start_knotd
	up ods-engine || start_engine
	within 60 signed d.test
	within 60 secure
	rm -f pause
}
restart_both() {
	stop_engine
	stop_knotd
	start_knotd
	start_engine
}

# ---- what happens

kill_engine() { stop_engine KILL; }
kill_knotd() { stop_knotd KILL; }
lose_database() { stop_engine; rm -f "$D"/database/kasp.db*; }
lose_store() { stop_knotd; rm -rf "$D"/store/*; }
lose_both() { lose_database; lose_store; }
# What knotd has is lost; the store is there, and whole: with both gone there is nothing to serve.
lose_journal() {
	stop_knotd
	start_knotd
	within 60 recovered
	stop_knotd
	rm -rf "$D"/knot/*
}
copy() {
	stop_engine
	stop_knotd
	rm -rf older
	mkdir older
	cp -a "$D"/{store,tokens} older
	cp -a "$D/database/kasp.db" older/
}
older_database() {
	[ -d older ] || return 0
	lose_database
	cp -a older/kasp.db "$D/database/"
}
older_store() {
	[ -d older ] || return 0
	lose_store
	cp -a older/store/. "$D/store"
}
older_both() { older_database; older_store; }
roll_ksk() { engine zone-key-rollover d.test ksk >/dev/null 2>&1 || true; }
roll_zsk() { engine zone-key-rollover d.test zsk >/dev/null 2>&1 || true; }
change() {
	small z d.test $((++serial)) "n$serial A 192.0.2.1"
	module zone-reload d.test >/dev/null 2>&1 || true
}
renew() { module zone-sign d.test >/dev/null 2>&1 || true; }
# Something is to be done, while something else is not well.
busy() {
	one_of true change renew roll_zsk roll_ksk
	note "$picked"
	"$picked"
}

# token_for_a_while: what is there instead of it is there already.
token_for_a_while() {
	one_of true restart_both stop_knotd stop_engine
	note "$picked"
	"$picked"
	up knotd || start_knotd
	up ods-engine || start_engine
	module zone-keys-load >/dev/null 2>&1 || true
	within 60 secure
	rm -f pause
	busy
	sleep "$((RANDOM % 5))"
	token_back
}
token_back() {
	# Not removed where it is: who generates a key there would go on.
	rm -rf tokens.gone
	mv "$D/tokens" tokens.gone
	mv tokens.away "$D/tokens"
	# What was generated there is not lost.
	cp -an tokens.gone/. "$D/tokens/"
	module zone-keys-load >/dev/null 2>&1 || true
}
token_away() {
	mv "$D/tokens" tokens.away
	mkdir "$D/tokens"
	token_for_a_while
}
token_older() {
	[ -d older ] || return 0
	cp -a older/tokens tokens.new # not where it goes: who signs there would write, too
	mv "$D/tokens" tokens.away
	mv tokens.new "$D/tokens"
	token_for_a_while
	# SoftHSM takes two copies with as many changes for the same.
	restart_both
}
wrong_pin() {
	local pin
	pin=$(cat "$D/pin")
	echo 0000 >"$D/pin"
	restart_both
	within 60 secure
	rm -f pause
	busy
	sleep "$((RANDOM % 4))"
	echo "$pin" >"$D/pin"
	module zone-keys-load >/dev/null 2>&1 || true
	engine reload >/dev/null 2>&1 || true
}

# full DISK: for a while, in which its server may be started anew.
full() {
	note "$1"
	fill "$1"
	busy
	sleep "$((RANDOM % 3))"
	one_of true restart_both
	note "$picked"
	"$picked"
	within 60 secure
	rm -f pause
	busy
	sleep "$((RANDOM % 3))"
	unfill "$1"
}
full_store() { full store; }
full_journal() { full knot; }
full_database() { full database; }

# read_only DISK: from a start of its server on.
read_only() {
	note "$1"
	stop_engine
	stop_knotd
	mount -o remount,bind,ro "d/$1"
	start_knotd
	start_engine
	within 60 secure
	rm -f pause
	busy
	sleep "$((RANDOM % 4))"
	stop_engine
	stop_knotd
	mount -o remount,bind,rw "d/$1"
}
read_only_store() { read_only store; }
read_only_database() { read_only database; }

# vanished DISK: the server that has it is started without, and with it again later, or runs on.
vanished() {
	local server=knotd stop=stop_knotd
	[ "$1" = store ] || server=ods-engine stop=stop_engine
	note "$1"
	one_of running stopped
	note "$picked"
	if [ "$picked" = running ]; then
		disk_away "$1"
		busy
		sleep "$((RANDOM % 4))"
	else
		"$stop"
		disk_away "$1"
		start_all
		busy
		sleep "$((RANDOM % 6))"
		operate
		"$stop"
	fi
	disk_back "$1"
	up "$server" || start_all
}
vanished_store() { vanished store; }
vanished_database() { vanished database; }

half() { truncate -s $(($(stat -c %s "$1") / 2)) "$1"; }
short() { truncate -s 8192 "$1"; }
empty() { truncate -s 0 "$1"; }
zeros() { dd if=/dev/zero of="$1" bs=4096 count=$(($(stat -c %s "$1") / 4096)) conv=notrunc status=none; }
# A page that is zeros, anywhere.
hole() {
	dd if=/dev/zero of="$1" bs=4096 count=1 conv=notrunc status=none \
		seek=$((RANDOM % ($(stat -c %s "$1") / 4096)))
}
damage() {
	one_of half short empty zeros hole
	note "$picked"
	"$picked" "$1"
}
damaged_store() {
	[ -e "$D/store/data.mdb" ] || return 0
	one_of true stop_knotd
	note "$picked"
	"$picked"
	damage "$D/store/data.mdb"
	up knotd || start_knotd
	within 60 secure
	rm -f pause
	busy
	sleep "$((RANDOM % 3))"
}
damaged_database() {
	stop_engine
	damage "$D/database/kasp.db"
}

# A KSK, or a ZSK, is gone for good; who operates says so.
lost_key() {
	local key
	recovered && ! engine_says d.test 'next: ' || return 0
	one_of ksk zsk
	key=$(ods -j keys d.test | python3 -c 'import json, sys
print([key["cka-id"] for key in json.load(sys.stdin) if key["role"] == sys.argv[1]][0])' "$picked")
	note "$picked $key"
	"$BUILD_DIR/ods-hsm" -c "$D/conf.xml" remove -fy SoftHSM "$key" >/dev/null
	module zone-keys-load >/dev/null 2>&1 || true
	renew
}

# The clock goes wrong, while all run or over a restart, and is set right again.
clock() {
	local offset server wrong at
	local -a servers
	# A knotd that is started by a wrong clock drops what it has: the module has to have more than that.
	within 60 recovered
	at=$(date +%s)
	one_of 7200 $((20 * 86400)) $((400 * 86400)) -7200 $((-20 * 86400)) \
		$((-at + 86400)) $(((1 << 31) - at - 2)) $(((1 << 32) - at - 2)) $(((1 << 32) - at + 86400))
	offset=$picked
	one_of knotd ods-engine both
	note "$offset $picked"
	servers=("$picked")
	[ "$picked" != both ] || servers=(knotd ods-engine)
	for server in "${servers[@]}"; do
		set_clock "$server" "$offset"
	done
	wrong=(true restart_both stop_knotd stop_engine true)
	# By its own dnssec-validation knotd drops a zone if it is started decades away from the time.
	[ "${offset#-}" -lt $((1 << 30)) ] || [ "${servers[0]}" != knotd ] || wrong=(true stop_engine)
	one_of "${wrong[@]}"
	note "$picked"
	"$picked"
	start_all
	sleep 1
	busy
	sleep "$((RANDOM % 4))"
	operate
	one_of "${wrong[@]}"
	note "$picked"
	"$picked"
	set_clock knotd 0
	set_clock ods-engine 0
}

# The parent's DS gets another TTL than the policy says; the set stays.
ds_ttl() {
	local ds
	ds_ttl=$((RANDOM % 6 + 1))
	note "$ds_ttl"
	mapfile -t ds < <(parent_has)
	write_parent "${ds[@]}"
	reload_parent
}
# One of the parent's servers is not well for some seconds.
parent_away() { front_for away; }
parent_fails() { front_for failing; }
parent_is_below() { front_for below; }
front_for() {
	front_is "$1"
	front_until=$((SECONDS + RANDOM % 20 + 1))
}
# The registrar is late for some seconds, or takes no DS away.
registrar_late() { registrar_for late; }
registrar_keeps() { registrar_for keeps; }
registrar_for() {
	registrar=$1
	registrar_until=$((SECONDS + RANDOM % 20 + 1))
}

# The token is away until the first signature expires: then, and not before, no resolver believes the zone
# any more. The signatures are made for a short time before, as by a policy with another validity.
expiry() {
	local until now
	recovered || return 0
	short_lived
	mv "$D/tokens" tokens.away
	mkdir "$D/tokens"
	module zone-keys-load >/dev/null 2>&1 || true
	within 60 status_says d.test 'state: expiring: signatures last until'
	until=$(counter d.test signatures-until)
	while secure; do
		sleep 0.1
		[ "$(date +%s)" -lt $((until - 1)) ] || touch pause
	done
	now=$(date +%s)
	[ $((now - until)) -ge -1 ] && [ $((now - until)) -le 6 ] ||
		fail "foretold $until, but it fails at $now"
	within 10 status_says d.test '^\[d\.test\.\] state: expired: signatures lasted until'
	cp kasp.xml "$D/kasp.xml"
	engine reload >/dev/null
	token_back
	renew
	within 60 status_says d.test 'state: ok'
	# It would not ask for the keys anew for a minute.
	kill -HUP "$(cat unbound/unbound.pid)"
}
# Signatures live for 30 s.
short_lived() {
	sed '/name="quick"/,/<\/Policy>/{
		s|<Resign>.*<|<Resign>PT1S<|; s|<Refresh>.*<|<Refresh>PT20S<|; s|<Jitter>.*<|<Jitter>PT0S<|
		s|<Default>.*<|<Default>PT30S<|; s|<Denial>P[^<]*<|<Denial>PT30S<|
	}' kasp.xml >"$D/kasp.xml"
	engine reload >/dev/null
	within 60 lives_shortly
}
lives_shortly() {
	local until
	until=$(counter d.test signatures-until)
	if [ $((until - $(date +%s))) -gt 30 ]; then
		renew
		sleep 1
		return 1
	fi
	status_says d.test 'state: ok'
}

weights=(
	'2 kill_engine' '2 kill_knotd' '2 lose_database' '2 lose_store' '3 lose_both' '1 lose_journal'
	'4 copy' '3 older_database' '3 older_store' '3 older_both'
	'4 roll_ksk' '2 roll_zsk' '3 change' '1 renew'
	'2 token_away' '2 token_older' '1 wrong_pin' '1 lost_key' '1 expiry'
	'1 full_store' '1 full_journal' '1 full_database' '1 read_only_store' '1 read_only_database'
	'2 vanished_store' '1 vanished_database' '3 damaged_store' '1 damaged_database'
	'6 clock' '2 ds_ttl' '1 parent_away' '1 parent_fails' '2 parent_is_below'
	'1 registrar_late' '2 registrar_keeps'
)
# draw ROUND: $event, and what the event draws itself.
draw() {
	local weight events=()
	local name i
	for weight in "${weights[@]}"; do
		read -r i name <<<"$weight"
		[[ " ${WITHOUT:-} " != *" $name "* ]] || continue
		for ((; i > 0; i--)); do
			events+=("$name")
		done
	done
	RANDOM=$(cksum <<<"$SEED $1" | cut -d' ' -f1)
	event=${events[RANDOM % ${#events[@]}]}
}

# ---- who operates, and reads the status

operate() {
	serve_parent
	[ "$SECONDS" -lt "$front_until" ] || [ "$front_until" = 0 ] || {
		front_is well
		front_until=0
	}
	up ods-engine || start_engine
	! up ods-engine && tail -n 2 "$D/ods-engine.log" | grep -E 'kasp\.db|database' >/dev/null && {
		rm -f "$D"/database/kasp.db*
		start_engine
	}
	read_status
	if advised 'restart knotd'; then
		stop_knotd
		start_all
		read_status
	fi
	if advised 'move it away'; then
		stop_knotd
		rm -f "$D"/store/*
		start_all
	fi
	if advised 'knotc zone-refresh'; then
		knot zone-refresh d.test
	fi
	if advised 'clock-accept' && clocks_right; then
		ods clock-accept
	fi
	key_lost
	if advised 'ods recover'; then
		ods recover -y d.test >>recover.out 2>&1 || true
	fi
	true
}
read_status() {
	{
		module status
		module zone-status d.test
		engine status
		engine zone-status d.test
	} >status.log 2>&1 || true
}
advised() { says status.log "$1"; }
# Says of each key without a key pair, while the token is there, that it is lost.
key_lost() {
	local tag
	[ ! -e tokens.away ] || return 0
	for tag in $(grep -oE 'key tag [0-9]+.{0,60}no private key' status.log |
		grep -oE '[0-9]+' | head -n 1); do
		ods -y key-lost d.test "$tag" >>lost.out 2>&1 || true
	done
}
recovered() {
	operate
	read_status
	status_says d.test 'state: ok' && ! engine_says d.test 'problem:'
}
at_rest() {
	# Signatures of the old ZSK are replaced only when they come due.
	! engine_says d.test 'that come due' || renew
	recovered && ! engine_says d.test 'next: |give this DS|have this DS'
}

# ---- the campaign

start_zone() {
	serial=1 parent_serial=1 round=0 ds_ttl=2 front_until=0 registrar=prompt registrar_until=0
	make_disks
	hasty z d.test
	hasty_policy P1D
	quick d --kasp "$work/kasp.xml" --policy quick --zone d.test=z
	stop_engine
	stop_knotd
	write_clocked knotd knotd
	write_clocked ods-engine "$BUILD_DIR/ods-engine"
	mv "$D"/kasp.db* "$D/database"
	sed -i "s|$D/kasp.db|$D/database/kasp.db|" "$D/conf.xml"
	start_parent
	sed -i "s|</Enforcer>|<ParentCheck><Interval>PT1S</Interval><Recheck>PT1S</Recheck>$(
		)<Parent name=\"test\"><Server>127.0.0.1@$parent_port</Server>$(
		)<Server>127.0.0.1@$front_port</Server></Parent></ParentCheck>&|" "$D/conf.xml"
	start_knotd
	start_engine
	within 120 at_rest
	start_resolver
	rm -f pause
	"$e2e/resolver-prober.py" "$unbound_port" --rate 20 --pause "$work/pause" d.test >resolver.out 2>&1 &
	watcher=$!
	pids+=("$watcher")
}

# play ROUND EVENT
play() {
	local begin=$SECONDS
	round=$1 noted=''
	"$2"
	start_all
	sleep "$((RANDOM % 3)).$((RANDOM % 10))"
	operate
	echo "$(date +%T) $1 $2$noted: $((SECONDS - begin)) s"
	does_not_say resolver.out '^bad'
	kill -0 "$watcher" || fail "the resolver ended: $(cat resolver.out)"
}

disaster() {
	local i
	own_mounts disaster disaster "$@"
	set -E
	trap 'echo "disaster.sh:$LINENO: failed: $BASH_COMMAND"' ERR
	: "${SEED:=$RANDOM}"
	start_zone
	echo "disaster: SEED=$SEED, $1 rounds"
	if [ -n "${EVENTS:-}" ]; then
		for i in $EVENTS; do
			draw "${i%:*}"
			play "${i%:*}" "${i#*:}"
		done
	else
		for ((i = ${FROM:-1}; i <= $1; i++)); do
			draw "$i"
			play "$i" "$event"
			if [ $((i % 5)) = 0 ]; then
				within 60 recovered
			fi
		done
	fi
	within 120 at_rest
	does_not_say resolver.out '^bad'
	validate d.test
	kill -INT "$watcher"
	wait "$watcher" || fail "the resolver: $(cat resolver.out)"
	cat resolver.out
}

test_disaster() { # limit 300
	SEED=${SEED:-1} disaster 6
}

long_disaster() { # limit 7200
	disaster "${ROUNDS:-500}"
}
