# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: mod-opendnssec developers
#
# Each party that speaks to the servers, or writes what they read, gone wild; SECURITY.md names them. Beside
# what it gets at, the zone well.test has to stay served, signed and changeable, all processes alive and of
# their size. "make doors" plays an hour, or DOORS_SECONDS, in sum; SEED repeats what a party says.

# shellcheck disable=SC1091
. "$e2e/primary.sh"
# shellcheck disable=SC1091
. "$e2e/token.sh"

GROWTH_MB=400       # that a process may grow by, with a sanitizer
STATUS_S=10         # seconds in which a status has to come
PARTIES=10          # that share DOORS_SECONDS

play() {
	party=$1 seconds=$2 seed=${SEED:-$RANDOM$RANDOM} well=well.test changes=0
	RANDOM=$seed
	echo "doors: $party for $seconds s, SEED=$seed"
	"party_$party"
}
short() { play "$1" 3; }
long() { play "$1" $((${DOORS_SECONDS:-3600} / PARTIES)); }

test_clients() { short clients; } # short
test_transfer() { short transfer; } # short
test_update() { short update; } # short
test_primary() { short primary; } # short
test_token() { short token; } # short
test_store() { short store; } # short
test_keysets() { short keysets; } # short
test_module() { short module; } # short
test_zonefile() { short zonefile; } # short
test_policies() { short policies; } # short

long_clients() { long clients; } # limit 7200
long_transfer() { long transfer; } # limit 7200
long_update() { long update; } # limit 7200
long_primary() { long primary; } # limit 7200
long_token() { long token; } # limit 7200
long_store() { long store; } # limit 7200
long_keysets() { long keysets; } # limit 7200
long_module() { long module; } # limit 7200
long_zonefile() { long zonefile; } # limit 7200
long_policies() { long policies; } # limit 7200

# ---- the servers

# The zone that the party gets at is "example", as in the fuzzers' corpora.
start_zones() {
	small victim example 7
	small well well.test 1
	quick d --zone "example=$work/victim" --zone "well.test=$work/well"
	allow_updates well.test
	begin
}

# begin: from now on the servers are looked at.
begin() {
	local server
	for server in knotd ods-engine; do
		pid_of[$server]=$(cat "$D/run/$server.pid")
		memory_of[$server]=$(memory_mb "${pid_of[$server]}")
	done
	end=$((SECONDS + seconds))
}
declare -A pid_of memory_of
memory_mb() { awk '/^VmRSS/ { print int($2 / 1024) }' "/proc/$1/status"; }

# All is as it should be, whatever the party does.
look() {
	local server now
	for server in "${!pid_of[@]}"; do
		! gone "${pid_of[$server]}" || fail "$server has ended"
		now=$(memory_mb "${pid_of[$server]}")
		[ $((now - memory_of[$server])) -le $GROWTH_MB ] ||
			fail "$server has grown from ${memory_of[$server]} to $now MB"
	done
	within $STATUS_S module status
	within $STATUS_S engine status
	within $STATUS_S status_says "$well" 'state: '
	change_well
}

# The well zone takes an UPDATE, and serves it.
change_well() {
	changes=$((changes + 1))
	well_takes || well_takes || fail "$well refuses an update: $(cat update.out)"
	within 20 answers "n$changes.$well" A 192.0.2.1
}
# BIND's client, which takes no NOERROR for granted.
well_takes() {
	printf '%s\n' "server 127.0.0.1 $PORT" "zone $well" \
		"update add n$changes.$well 60 A 192.0.2.1" send >update.txt
	timeout 30 nsupdate -v update.txt >update.out 2>&1
}

# stranger PARTY ADDRESS [ZONE] -- SEEDS...: speaks until the time is over, while all is looked at.
stranger() {
	local party=$1 args=() rc=0 talker
	shift
	while [ "$1" != -- ]; do
		args+=("$1")
		shift
	done
	shift
	"$e2e/stranger.py" "$seconds" "$seed" "$party" "${args[@]}" \
		< <("$BUILD_DIR/tests/fuzz/mutant" "$seed" "$@") >"stranger-$party.log" 2>&1 &
	talker=$!
	pids+=("$talker")
	while is_child "$talker"; do
		look
		sleep 1
	done
	wait "$talker" || rc=$?
	cat "stranger-$party.log"
	[ $rc = 0 ] || fail "$party: it said nothing"
}

# mutant PATH...: one input made of them; another each time.
mutant() {
	seed=$((seed + 1))
	"$BUILD_DIR/tests/fuzz/mutant" --one "$seed" "$@"
}
corpus() { echo "$top/tests/fuzz/corpus-$1"; }
time_left() { [ $SECONDS -lt $end ]; }

# What both say of the well zone is in well.log, in case it is not.
well_is_ok() {
	{ module zone-status "$well"; engine zone-status "$well"; } >well.log 2>&1
	says well.log 'state: ok'
}

# By those who take any record that a zone can have; kzonecheck does not take NULL.
valid_victim() {
	axfr example example.axfr
	ldns-verify-zone -V 2 example.axfr || fail "ldns-verify-zone example"
	dnssec-verify -q -o example example.axfr || fail "dnssec-verify example"
}

# In the end no server is held up, no zone is lost.
finale() {
	look
	validate "$well"
	stop_pid "${pid_of[ods-engine]}"
	stop_pid "${pid_of[knotd]}"
}

# ---- who speaks to sockets

item() { printf "\\x$(printf %02x $((16 + $1)))\\x00\\x$(printf %02x ${#2})%s" "$2"; }
# unit COMMAND [ZONE [DATA]]: of Knot's control protocol, a block of its own.
unit() {
	printf '\x01'
	item 0 "$1"
	[ -z "${2:-}" ] || item 6 "$2"
	[ -z "${3:-}" ] || item 10 "$3"
	printf '\x03'
}

# A member of the socket's group, at both sockets. Not what freezes, purges or stops: that it may.
party_clients() {
	local command
	start_zones
	mkdir units
	for command in status zone-status zone-stats zone-reload zone-refresh zone-sign zone-keys-load \
		zone-flush zone-facts acts zone-keyset-read zone-served zone-keyset zone-key-plan zone-standing zone-keys \
		zone-ds zone-ksk-submitted zone-key-rollover zone-ds-seen zone-import zone-recover \
		backup-list key-generate reload; do
		unit "$command" example. zsk >"units/$command"
		unit "$command" >"units/$command-all"
	done
	# these would do to all zones what they do to one
	rm units/zone-{key-rollover,ds-seen,ksk-submitted}-all
	seconds=$((seconds / 2 + 1))
	stranger clients "$MODULE_SOCKET" -- units "$(corpus control)"
	stranger clients "$ENGINE_SOCKET" -- units "$(corpus control)"
	finale
}

# Whoever reaches the transfer socket, which is not knotd, and clients of knotd.
party_transfer() {
	start_zones
	seconds=$((seconds / 2 + 1))
	stranger queries "$(echo "$D"/run/transfer*)" -- "$(corpus transfer)"
	stranger queries "$PORT" -- "$(corpus transfer)"
	valid_victim
	finale
}

# A client of UPDATE, by its key or its address, with ForeignKeys as without them.
party_update() {
	start_zones
	sed -i -e "s|^acl:|key:\n  - id: updater\n    algorithm: hmac-sha256\n    secret: $(
		)AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\n&\n  - id: key\n    key: updater\n    action: update|" \
		-e 's|"example"|&\n    acl: [transfer, update, key]|' "$D/knot.conf"
	knot reload
	seconds=$((seconds / 2 + 1))
	stranger updates "$PORT" -- "$(corpus update)"
	sed -i 's:<Zone>:<Zone><ForeignKeys/>:' "$D/kasp.xml"
	engine reload
	stranger updates "$PORT" -- "$(corpus update)"
	valid_victim
	finale
}

# The primary of "example".
party_primary() {
	local port
	port=$(free_port)
	fetched "$port"
	sed -i -e '/id: primary1$/,/key:/{/key:/d}' -e 's/domain: p.test/domain: example/' \
		-e 's|^    remote: .*|&\n    fetch-max-time: 3\n    fetch-max-size: 20M|' "$D/knot.conf"
	small well well.test 1
	add_zone well.test "$work/well"
	sed -i 's|"well.test"|well.test|; s|domain: well.test|domain: "well.test"|' "$D/knot.conf"
	allow_updates well.test
	within 60 signed well.test
	begin
	"$e2e/drip-primary.py" "$port" wild example "$seed" \
		< <("$BUILD_DIR/tests/fuzz/mutant" "$seed" "$(corpus incoming)") >drip-wild.log 2>&1 &
	pids+=($!)
	while time_left; do
		for _ in {1..10}; do
			knot zone-refresh example || true
			module zone-reload example || true
			sleep 0.1
		done
		look
	done
	says "$D/knotd.log" 'example, fetched from primary1' || fail 'nothing was ever taken of it'
	finale
}

# ---- what they read

# The token behind bad.test's keys.
party_token() {
	two_tokens
	well=good.test
	allow_updates good.test
	within 20 status_says good.test 'state: ok'
	begin
	local n=2
	while time_left; do
		order "wild $((2 + RANDOM % 30))" "seed $seed"
		for _ in 1 2 3; do
			n=$((n + 1))
			small bad bad.test $n "n$n A 192.0.2.2"
			module zone-sign bad.test || true
			module zone-keys-load || true
			engine zone-key-rollover bad.test zsk || true
			sleep 0.5
		done
		look
	done
	order ''
	n=$((n + 1))
	small bad bad.test $n "last A 192.0.2.2"
	module zone-keys-load
	within 90 answers last.bad.test A 192.0.2.2
	validate bad.test
	finale
}

# Whoever can write to the store, or to the engine's database: another file each time.
party_store() {
	local pid rc
	start_zones
	stop_pid "${pid_of[ods-engine]}"
	stop_pid "${pid_of[knotd]}"
	cp -a "$D/store" good.store
	cp -a "$D/kasp.db" good.kasp.db
	while time_left; do
		rm -rf "$D/store"
		cp -a good.store "$D/store"
		if [ $((seed % 2)) = 0 ]; then
			mutant good.store/data.mdb >"$D/store/data.mdb"
		else
			seed=$((seed + 1))
			"$BUILD_DIR/tests/fuzz/mutant-store" "$seed" $((1 + RANDOM % 4)) "$D/store"
		fi
		start_knotd
		within $STATUS_S asked module status
		within $STATUS_S asked module zone-status
		within 20 signed well.test
		module zone-sign >/dev/null 2>&1 || true
		small victim example $((seed % 1000000)) "n$seed A 192.0.2.1"
		module zone-reload example >/dev/null 2>&1 || true
		sleep 1
		pid=$(cat "$D/run/knotd.pid")
		! gone "$pid" || fail "knotd has ended, after SEED=$seed"
		stop_pid "$pid"

		mutant good.kasp.db >"$D/kasp.db"
		rc=0
		timeout 3 "$BUILD_DIR/ods-engine" -c "$D/conf.xml" >>"$D/ods-engine.log" 2>&1 || rc=$?
		[ $rc -le 124 ] || fail "ods-engine: exit status $rc, after SEED=$seed"
	done
	rm -rf "$D/store"
	cp -a good.store "$D/store"
	cp -a good.kasp.db "$D/kasp.db"
	start_knotd
	start_engine
	begin
	within 60 well_is_ok
	finale
}

# asked COMMAND...: there is an answer, an error or not.
asked() {
	local out
	out=$("$@" 2>&1) || [[ $out != *connect* && $out != *timeout* ]]
}

# The engine's user: key sets of "example" on the module's socket.
party_keysets() {
	start_zones
	mkdir keysets
	engine_asks zone-keyset-read example. | sed '1s/^keyset: //' >keysets/own
	cp keysets/own keysets/again
	stranger keysets "$MODULE_SOCKET" example. -- keysets "$(corpus keyset)"
	finale
}

# Another module: facts to an engine of its own, which has a copy of the database.
party_module() {
	start_zones
	mkdir other
	cp "$D/kasp.db" other/
	sed -e "s|$D/kasp.db|$work/other/kasp.db|; s|$ENGINE_SOCKET|$work/other/engine.sock|" \
		-e "s|$MODULE_SOCKET|$work/other/module.sock|" "$D/conf.xml" >other/conf.xml
	chmod 600 other/conf.xml
	engine_asks zone-facts '' 0 | sed -n 's/^facts: //p; t; /^[a-z-]* /p' >other/facts
	"$BUILD_DIR/ods-engine" -c "$work/other/conf.xml" >other/ods-engine.log 2>&1 &
	pids+=($!)
	within 30 knotc -s other/engine.sock status
	pid_of[other]=${pids[-1]}
	memory_of[other]=$(memory_mb "${pids[-1]}")
	stranger module "$work/other/module.sock" example. -- other/facts "$(corpus keyset)" "$(corpus client)"
	within $STATUS_S knotc -s other/engine.sock status
	stop_pid "${pid_of[other]}"
	unset 'pid_of[other]'
	finale
}

# The author of a zone file.
party_zonefile() {
	local n
	start_zones
	cp victim good.victim
	while time_left; do
		for n in {1..10}; do
			mutant good.victim "$(corpus zonefile)" >victim.new
			mv victim.new victim
			module zone-reload example || true
			sleep 0.2
		done
		look
	done
	small victim example $((1000000 + seed % 1000000)) 'last A 192.0.2.1'
	module zone-reload example
	finale
}

# ods_ends ARGUMENT...: with an error, it may be, but not by a signal or by a clock.
ods_ends() {
	local rc=0
	timeout 60 "$BUILD_DIR/ods" "$@" >>ods.log 2>&1 || rc=$?
	[ $rc -lt 124 ] || fail "ods $*: exit status $rc, after SEED=$seed"
}

# The author of kasp.xml and conf.xml: of a policy of the victim's own, since that of the well zone decides
# how well it is. Files as a whole are only looked at.
party_policies() {
	local n
	small victim example 7
	small well well.test 1
	policy default victim >victim.policy
	kasp kasp.xml <victim.policy
	quick d --kasp kasp.xml --zone "well.test=$work/well"
	add_policy victim
	add_zone example "$work/victim" victim
	allow_updates well.test
	within 60 signed example
	begin
	cp "$D/kasp.xml" good.kasp.xml
	cp "$D/conf.xml" good.conf.xml
	while time_left; do
		for n in {1..5}; do
			mutant victim.policy >mutant.policy
			kasp "$D/kasp.xml" <mutant.policy
			engine reload >/dev/null 2>&1 || true
			mutant good.conf.xml >"$D/conf.xml"
			engine reload >/dev/null 2>&1 || true
			module zone-keys-load >/dev/null 2>&1 || true
			cp good.kasp.xml "$D/kasp.xml"
			cp good.conf.xml "$D/conf.xml"
			engine reload >/dev/null
			module zone-keys-load >/dev/null
			mutant good.kasp.xml "$(corpus kasp)" >mutant.kasp.xml
			ods_ends check mutant.kasp.xml
		done
		look
	done
	within 60 well_is_ok
	finale
}
