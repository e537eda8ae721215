# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: mod-opendnssec developers
#
# Every call of PKCS #11 that we make, with every fault that a token has: the shim has it fail while a zone
# is signed anew, keys roll and updates come; unbound, which validates, is asked all the time. Meanwhile
# nothing else waits; afterwards the zone is current within BACK_S, and nothing has leaked.
#
#   SEED=N     the order of the faults, and how long each lasts
#   ROUNDS=N   so many faults of each call [all]

# shellcheck disable=SC1091
. "$e2e/token.sh"

ANSWER_S=5     # seconds in which whoever asks the servers has an answer, whatever the token does
BACK_S=10      # seconds in which the zone is current when a fault has ended
MET_S=240      # seconds in which a call is made
GROWTH_MB=64   # that a process may grow by
NAMES=10000

# What a call can return, by the name of pkcs11.h.
declare -A CKR=(
	[HOST_MEMORY]=0x02 [GENERAL_ERROR]=0x05 [FUNCTION_FAILED]=0x06 [DEVICE_ERROR]=0x30
	[DEVICE_MEMORY]=0x31 [DEVICE_REMOVED]=0x32 [OPERATION_ACTIVE]=0x90 [SESSION_CLOSED]=0xb0
	[SESSION_HANDLE_INVALID]=0xb3 [TOKEN_NOT_PRESENT]=0xe0 [USER_NOT_LOGGED_IN]=0x101
	[BUFFER_TOO_SMALL]=0x150 [FUNCTION_REJECTED]=0x200
)

# faults CALL: all that it can have, a line each, as the shim's orders. A session that is open is not said to be
# closed: nobody could close it then.
faults() {
	local code
	for code in "${!CKR[@]}"; do
		case "$1 $code" in 'C_CloseSession SESSION_'*) continue ;; esac
		echo "error $1 ${CKR[$code]}"
		echo "error $1 ${CKR[$code]} 3"
	done
	echo "hang $1"
	echo "delay $1 500"
}
# Those that are not of one call.
faults_of_token() {
	printf '%s\n' 'wrong 1' 'wrong 3' stale cut other keyless logged-out 'slots 1000' \
		'error all 0x32' 'error all 0xe0' 'error all 0x30' 'hang all' 'delay all 20' \
		'error C_GenerateKeyPair 0x31' 'error C_Login 0xa0' 'error C_Login 0xa4'
}

# ways CALL: what brings the servers to make it: a session that is lost, a token, the library.
ways() {
	case $1 in
	C_OpenSession | C_CloseSession | C_GetSessionInfo | C_Login | C_GetSlotList | C_GetTokenInfo)
		printf 'error %s\n' 'C_SignInit 0xb3 2' 'C_GetSessionInfo 0xb3 1' ;;
	C_Initialize | C_Finalize)
		printf 'error %s\n' 'C_SignInit 0xb3 2' 'C_GetSessionInfo 0xb3 1' 'C_GetTokenInfo 0xe0 4' ;;
	C_FindObjects* | C_GetAttributeValue)
		printf 'error %s\n' 'C_SignInit 0x82 4' ;;
	esac
}

# ---- the servers

start_servers() {
	local shim=$BUILD_DIR/tests/shim/shim.so
	export SHIM_MODULE=$work/softhsm.so SHIM_CONTROL=$work/orders SHIM_SESSIONS=$work/sessions
	cp "$(softhsm)" "$SHIM_MODULE"
	mkdir sessions
	: >"$SHIM_CONTROL"
	changes=0 failed=0 seen_bad=0
	{
		"$e2e/genzone.py" host "$NAMES" f.test
		printf '%s\n' 'www A 192.0.2.80' 'deep A 192.0.2.81' '*.wild A 192.0.2.82'
	} >f
	hasty_policy PT5S
	quick q --kasp kasp.xml --policy quick --zone f.test="$work/f"
	allow_updates f.test
	# the engine makes the keys behind the shim, too
	stop_pid "$(cat "$D/run/ods-engine.pid")"
	stop_pid "$(cat "$D/run/knotd.pid")"
	sed -i "s|<Module>.*softhsm.*<|<Module>$shim<|" "$D/conf.xml"
	# knotd is no safety net, and has no work with what was signed anew
	sed -i 's/dnssec-validation: on/dnssec-validation: off/' "$D/knot.conf"
	start_knotd
	start_engine
	# Whoever validates has to count: before there is a DS, keys may be replaced at once.
	within 60 engine_says f.test 'give this DS'
	engine zone-ksk-submitted f.test
	within 60 engine_says f.test '[^:] DS omnipresent, '
	start_unbound f.test 'cache-max-ttl: 1' 'cache-max-negative-ttl: 1' 'val-bogus-ttl: 1' \
		'infra-host-ttl: 1' 'val-log-level: 2'
	"$e2e/resolver-prober.py" "$unbound_port" --rate 20 --pause paused f.test >prober.out 2>&1 &
	prober=$!
	pids+=("$prober")
	warm_up
	count_all before
}

# p11-kit takes a library whose C_Finalize has failed for another's, and ends it never again: so both start anew.
start_anew() {
	touch paused
	stop_pid "$(cat "$D/run/ods-engine.pid")"
	restart_knotd
	start_engine
	within 60 current
	within 60 works
	warm_up
	count_all before
	rm paused
}

# All that the servers ever need, they have then.
warm_up() {
	local i
	for i in 1 2 3; do
		module zone-sign f.test
		knot reload
		change
		within 60 current
		within 60 status_says f.test 'state: ok'
	done
}

# change: an UPDATE, whose name is visible when the zone is current.
change() {
	changes=$((changes + 1))
	printf '%s\n' "server 127.0.0.1 $PORT" 'zone f.test' \
		"update add n$changes.f.test 1 A 192.0.2.1" send >update.txt
	in_time nsupdate -v update.txt
}
current() {
	dig @127.0.0.1 -p "$unbound_port" +tries=1 +dnssec "n$changes.f.test" A >current.out &&
		says current.out 'flags:.* ad' && says current.out 'IN[[:space:]]A[[:space:]]192'
}
works() {
	module status >status.out && ! says status.out 'does not work|has not answered' &&
		engine status >status.out && ! says status.out 'does not work|has not answered'
}
# soon SECONDS COMMAND...: whether it succeeds within that.
soon() {
	local end=$((${EPOCHREALTIME/./} + $1 * 1000000 * ${LIMIT_FACTOR:-1}))
	shift
	until "$@" >/dev/null 2>&1; do
		[ "${EPOCHREALTIME/./}" -lt "$end" ] || return 1
		sleep 0.1
	done
}
in_time() { timeout "$((ANSWER_S * ${LIMIT_FACTOR:-1}))" "$@" >>asked.out 2>&1; }
back() { soon "$BACK_S" current && soon "$BACK_S" works; }

# count_all FILE: sessions, descriptors and memory of both servers.
count_all() {
	local server pid
	for server in knotd ods-engine; do
		pid=$(cat "$D/run/$server.pid")
		printf '%s sessions %d\n' "$server" "$(sessions_of "$server")"
		printf '%s descriptors %d\n' "$server" "$(find "/proc/$pid/fd" | wc -l)"
		printf '%s MB %d\n' "$server" "$(awk '/^VmRSS/ { print int($2 / 1024) }' "/proc/$pid/status")"
	done >"$1"
}
sessions_of() { cat "sessions/$(cat "$D/run/$1.pid")" 2>/dev/null || echo 0; }
# Whether nothing has leaked; a few sessions and descriptors are open only while something is done.
no_leak() {
	count_all after
	paste -d' ' before after | awk -v most="$GROWTH_MB" '
		{ grown = $6 - $3; limit = $2 == "MB" ? most : 4 }
		grown > limit { print "grown: " $0; bad = 1 }
		END { exit bad }'
}

# ---- a fault

complain() {
	echo "  FAILED: $*"
	wrong=yes
}
# expect_in_time COMMAND...
expect_in_time() { in_time "$@" || complain "not within $ANSWER_S s: $*"; }

# Nothing waits for the token.
look_around() {
	local server
	for server in knotd ods-engine; do
		! gone "$(cat "$D/run/$server.pid")" || complain "$server has ended"
	done
	change || complain "no answer to an UPDATE: $(tail -n 3 asked.out)"
	expect_in_time knotc -s "$MODULE_SOCKET" status
	expect_in_time knotc -s "$MODULE_SOCKET" zone-status f.test
	expect_in_time knotc -s "$MODULE_SOCKET" stats
	expect_in_time knotc -s "$ENGINE_SOCKET" status
	expect_in_time knotc -s "$ENGINE_SOCKET" zone-status f.test
	expect_in_time kdig @127.0.0.1 -p "$PORT" +retry=0 "n$RANDOM.f.test"
	if [ $((RANDOM % 4)) = 0 ]; then
		expect_in_time knotc -s "$KNOT_SOCKET" -t 60 reload
	fi
}

# Whether the call was made.
met() {
	local call=${1#* }
	case $1 in
	*' C_'*) [ -e "sessions/${call%% *}" ] ;;
	esac
}

# A fault of signing that lasts is seen in the status, with since when.
is_told() {
	case $1 in
	'error C_Sign'*' 3' | 'wrong 3' | 'hang '* | 'delay '*) ;;
	'error C_Sign'* | wrong* | cut | other | 'error all'*)
		soon "$ANSWER_S" failing || complain "the status does not tell: $(module status)"
		;;
	esac
}
failing() { module status | grep 'token SoftHSM: does not work since 20.*, was asked.* at 20' >/dev/null; }

# play FAULT [ORDER...]: has the token have it for some seconds.
play() {
	local begin bad
	wrong=''
	module zone-sign f.test >>asked.out 2>&1
	sleep "0.$((RANDOM % 10))"
	rm -f sessions/C_*
	order "$@"
	in_time knotc -s "$ENGINE_SOCKET" zone-key-rollover f.test zsk || complain "no rollover"
	change || complain "no answer to an UPDATE: $(tail -n 3 asked.out)"
	sleep "$((1 + RANDOM % 3)).$((RANDOM % 10))"
	look_around
	is_told "$1"
	meet "$MET_S" "$1" || complain "the fault was never met"
	order ''
	begin=${EPOCHREALTIME/./}
	case $1 in
	'error C_Login 0xa'* | logged-out)
		# who corrects the PIN, says so
		expect_in_time knotc -s "$MODULE_SOCKET" zone-keys-load
		expect_in_time knotc -s "$ENGINE_SOCKET" reload
		;;
	esac
	back || complain "not back: $(module status; module zone-status f.test; engine status)"
	bad=$(grep -c '^bad' prober.out) || true
	[ "$bad" = "$seen_bad" ] || complain "bad answers: $(grep '^bad' prober.out | tail -n 3)"
	seen_bad=$bad
	[ -z "$wrong" ] || failed=$((failed + 1))
	printf '%-4s %s: back in %d ms, %d sessions\n' "${wrong:+FAIL}" "$1" \
		$(((${EPOCHREALTIME/./} - begin) / 1000)) "$(sessions_of knotd)"
}

# A token that hangs holds up neither server's end.
stop_while_it_hangs() {
	local server
	module zone-sign f.test
	order 'hang all'
	for server in ods-engine knotd; do
		stop_pid "$(cat "$D/run/$server.pid")"
	done
}

# In the end nothing has leaked, and the zone is valid.
finale() {
	sleep 3
	no_leak || failed=$((failed + 1))
	cat after
	kill -INT "$prober"
	wait "$prober" || fail "the resolver: $(cat prober.out)"
	cat prober.out
	validate f.test
	stop_while_it_hangs
	echo "faults: $failed failed"
	[ "$failed" = 0 ] || fail "see above"
}

# meet SECONDS FAULT: keys roll, and the signatures of those before go, until the call is made.
meet() {
	local i
	for ((i = 0; i < $1; i += 10)); do
		! soon 10 met "$2" || return 0
		in_time knotc -s "$ENGINE_SOCKET" zone-key-rollover f.test zsk >>asked.out 2>&1 || true
		module zone-sign f.test >>asked.out 2>&1
	done
	return 1
}

# flowing CALL: it is made for the first time; later ones follow as keys roll on.
flowing() {
	order "delay $1 1"
	meet 600 "delay $1" || fail "$1 is never made"
}

# campaign CALL|token: all its faults, or those of the token as such.
campaign() {
	local i list orders random
	: "${SEED:=$RANDOM}"
	RANDOM=$(cksum <<<"$SEED $1" | cut -d' ' -f1)
	random=$RANDOM$RANDOM
	if [ "$1" = token ]; then
		mapfile -t list < <(faults_of_token | shuf --random-source=<(yes "$random"))
	else
		mapfile -t list < <(faults "$1" | sort | shuf --random-source=<(yes "$random"))
	fi
	mapfile -t orders < <(ways "$1")
	echo "faults: $1, SEED=$SEED"
	start_servers
	case $1 in C_GenerateKeyPair | C_DestroyObject) flowing "$1" ;; esac
	for ((i = 0; i < ${#list[@]} && i < ${ROUNDS:-1000}; i++)); do
		[ $i = 0 ] || [ "$1" != C_Finalize ] || start_anew
		[ "$1" != token ] || mapfile -t orders < <(ways "$(cut -s -d ' ' -f 2 <<<"${list[i]}")")
		play "${list[i]}" "${orders[@]}"
	done
	finale
}

# ends_well SERVER: it is told to end, and exits with 0.
ends_well() {
	local pid code=0
	pid=$(cat "$D/run/$1.pid")
	kill -TERM "$pid"
	wait "$pid" || code=$?
	[ $code = 0 ] || fail "$1 exited with $code: $(tail -n 3 "$D/$1.log")"
}

# A server ends while calls to a token are still being made, one after the other: none of them finds that the
# library has been taken down under it.
test_end_amid_calls() {
	NAMES=20
	start_servers
	kill -INT "$prober"
	order 'delay all 1500' 'delay end 3000'
	module zone-sign f.test
	ends_well knotd
	[ "$(sessions_of knotd)" -gt 0 ] || fail "it waited for all calls"
	ends_well ods-engine
}

test_faults() { # short
	NAMES=200
	start_servers
	play 'hang C_Sign'
	play 'error C_Sign 0x30'
	mapfile -t orders < <(ways C_FindObjects)
	play 'error C_FindObjects 0x05' "${orders[@]}"
	finale
}

long_initialize() { campaign C_Initialize; } # limit 1800
long_finalize() { campaign C_Finalize; } # limit 1800
long_get_slot_list() { campaign C_GetSlotList; } # limit 1800
long_get_token_info() { campaign C_GetTokenInfo; } # limit 1800
long_get_mechanism_info() { campaign C_GetMechanismInfo; } # limit 1800
long_open_session() { campaign C_OpenSession; } # limit 1800
long_close_session() { campaign C_CloseSession; } # limit 1800
long_get_session_info() { campaign C_GetSessionInfo; } # limit 1800
long_login() { campaign C_Login; } # limit 1800
long_find_objects_init() { campaign C_FindObjectsInit; } # limit 1800
long_find_objects() { campaign C_FindObjects; } # limit 1800
long_find_objects_final() { campaign C_FindObjectsFinal; } # limit 1800
long_get_attribute_value() { campaign C_GetAttributeValue; } # limit 1800
long_sign_init() { campaign C_SignInit; } # limit 1800
long_sign() { campaign C_Sign; } # limit 1800
long_generate_key_pair() { campaign C_GenerateKeyPair; } # limit 1800
long_destroy_object() { campaign C_DestroyObject; } # limit 1800
long_token() { campaign token; } # limit 1800
