# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: mod-opendnssec developers
#
# Replicas: the repository "Both" has the keys of the tokens A, which is SoftHSM's, and B, behind the shim.
# Keys are generated in one of them; who operates copies them to the other.

# shellcheck disable=SC1091
. "$e2e/faults.sh" # What a token can have; soon(), complain().

hsm() { "$BUILD_DIR/ods-hsm" -c "$D/conf.xml" "$@"; }
compare_both() { hsm compare Both >compare.out 2>&1; }
# What compare says of a key that a token lacks: its CKA_ID and the token.
lacking() { compare_both || awk '/no private key/ { sub(":", "", $2); print $1, $2 }' compare.out; }
# Copies what is lacking from one token to the other.
copy_keys() {
	local id to from
	while read -r id to; do
		from=A
		[ "$to" = B ] || from=B
		rm -f key.pem
		hsm export "$from" "$id" key.pem "$D/pin"
		hsm import "$to" 13 key.pem "$D/pin" "$id" >/dev/null
	done < <(lacking)
}
# token_counter NAME TOKEN: of the statistics of the module's tokens.
token_counter() { module stats | sed -n "s/^$1\[$2\] = //p; s/^.*$1\[$2\] = //p" | head -n 1; }
token_says() { module status | grep -E "token $1: $2" >/dev/null; }
change() {
	hasty z z.test
	sed -i "s/host 1 /host $((++version)) /" z
	echo "v$version A 192.0.2.2" >>z
	module zone-reload z.test >/dev/null
	within "${1:-20}" answers "v$version.z.test" A 192.0.2.2
}

# servers: of z.test, whose keys are in both.
servers() {
	local shim=$BUILD_DIR/tests/shim/shim.so
	version=1
	export SHIM_MODULE=$work/softhsm.so SHIM_CONTROL=$work/orders
	cp "$(softhsm)" "$SHIM_MODULE"
	: >"$SHIM_CONTROL"
	# Policies that name the tokens have quickstart make them.
	{
		policy default a 's|<Repository>SoftHSM|<Repository>A|'
		policy default b 's|<Repository>SoftHSM|<Repository>B|'
	} | kasp tokens.xml
	hasty z z.test
	[ "${more:-0}" = 0 ] || printf 'h%d A 192.0.2.1\n' $(seq "$more") >>z
	quick q --kasp tokens.xml --zone z.test=z
	stop_pid "$(cat "$D/run/knotd.pid")"
	stop_pid "$(cat "$D/run/ods-engine.pid")"
	rm -rf "$D"/store/* "$D"/kasp.db* "$D"/knot/*
	sed -i -e "/<Repository name=\"B\">/,/<\/Repository>/s|<Module>.*<|<Module>$shim<|" \
		-e '/<Repository name="[AB]">/,/<\/Repository>/s|</Repository>|<AllowExtraction/>&|' \
		-e 's|</RepositoryList>|<Repository name="Both"><Replica>A</Replica><Replica>B</Replica></Repository>&|' \
		"$D/conf.xml"
	hasty_policy PT1S 's|<Repository>SoftHSM|<Repository>Both|' \
		"s|<Refresh>.*<|<Refresh>${refresh:-PT55S}<|" \
		"s|<Default>.*<|<Default>${validity:-PT1M}<|; s|<Denial>PT.*<|<Denial>${validity:-PT1M}<|" \
		's|<Jitter>.*<|<Jitter>PT0S<|'
	sed '/<Policy name="default">/,/<\/Policy>/d; s/name="quick"/name="default"/' kasp.xml >"$D/kasp.xml"
	start_knotd
	start_engine
}
waits_for_copy() { engine_says z.test 'of repository Both that shows that it works: .*"B": no private key'; }

# A zone is not signed by a key that one of the tokens lacks; then both sign, and a rollover waits as well.
test_copied() { # limit 240
	local before
	servers
	within 60 waits_for_copy
	[ -z "$(serial z.test)" ] || fail 'z.test is published'
	compare_both && fail "$(cat compare.out)"
	copy_keys
	within 90 signed z.test
	compare_both || fail "$(cat compare.out)"
	validate z.test
	change
	within 30 both_sign || fail "$(module stats)"
	before=$(zsks)
	ods -y rollover z.test zsk
	within 60 waits_for_copy
	validate z.test
	copy_keys
	within 120 rolled "$before"
	validate z.test
	within 20 status_says z.test 'state: ok'
}
# A zone this small may be signed before more than one session is open.
both_sign() {
	module zone-sign z.test >/dev/null
	[ "$(token_counter token-signatures A)" -gt 0 ] && [ "$(token_counter token-signatures B)" -gt 0 ]
}
# rolled FROM: one ZSK is left, another one.
rolled() {
	local now
	now=$(zsks) && [ "$(wc -l <<<"$now")" = 1 ] && [ -n "$now" ] && [ "$now" != "$1" ]
}
zsks() { ask z.test DNSKEY +short | grep '^256' | sort; }

# One of them fails, is away, signs wrongly, has another key: the other one signs, and it is said; then it is
# back.
test_one_fails() { # limit 300
	local id fault
	servers
	within 60 waits_for_copy
	copy_keys
	within 90 signed z.test
	probe z.test
	for fault in 'error all 0x30' 'error C_Sign 0x5' 'wrong 1' 'logged-out' 'keyless' 'other'; do
		order "$fault"
		change 40
		change 40
		within 30 token_says B 'does not work since' || fail "$fault: $(module status)"
		order ''
		within 30 token_says B 'works' || fail "$fault: $(module status)"
	done
	validate z.test
	expect 'token B: does not work' cat "$D/knotd.log"
	expect 'token B: works' cat "$D/knotd.log"

	# A key is lost in one of them.
	id=$(ods -j keys z.test | python3 -c 'import json, sys
print([key["cka-id"] for key in json.load(sys.stdin) if key["role"] == "zsk"][0])')
	hsm -y remove B "$id" >out 2>&1 && fail 'a key in use is removed'
	expect '1 zone has the key' cat out
	hsm export A "$id" lost.pem "$D/pin"
	hsm -fy remove B "$id"
	module zone-keys-load >/dev/null
	change
	change
	within 30 token_says B "does not work since.*\"B\": no private key has the CKA_ID $id"
	token_says A works
	validate z.test
	hsm import B 13 lost.pem "$D/pin" "$id"
	within 30 token_says B works
	change
	validate z.test
}

# One of them hangs, in each call or in those of a signature: the other one has the zone signed, also when tokens are
# read anew, and when knotd starts; and it is back when it answers.
test_one_hangs() { # limit 240
	local fault
	servers
	within 60 waits_for_copy
	copy_keys
	within 90 signed z.test
	probe z.test
	for fault in 'hang C_Sign' 'hang C_GetSessionInfo' 'hang all'; do
		order "$fault"
		change 12
		change 12
		order ''
		within 30 token_says B works || fail "$fault: $(module status)"
	done
	order 'hang all'
	module zone-sign z.test >/dev/null
	within 30 token_says B 'has not answered since' || fail "$(module status)"
	token_says A works || fail "$(module status)"
	module zone-keys-load >/dev/null
	change 12
	order 'hang all' 'hang C_Initialize'
	restart_knotd
	change 60 # Until knotd is told of a version, it may be 30 s after a start.
	validate z.test
	order ''
	within 30 token_says B works || fail "$(module status)"
	change 12
	validate z.test
}

# With 10,000 names signed anew all the time, one of the replicas has each fault that a token has, and each of
# the calls by which it signs: the zone is current meanwhile, and both work within BACK_S when it has ended.
long_replica() { # limit 1800
	local call list orders fault begin
	: "${SEED:=$RANDOM}"
	more=10000 refresh=PT7M validity=PT10M
	servers
	# knotd has no work with what was signed anew
	sed -i 's/dnssec-validation: on/dnssec-validation: off/' "$D/knot.conf"
	knot reload
	within 60 waits_for_copy
	copy_keys
	within 90 signed z.test
	probe z.test
	mapfile -t list < <({
		faults_of_token
		for call in C_SignInit C_Sign C_FindObjectsInit C_FindObjects C_GetAttributeValue C_OpenSession \
			C_GetSessionInfo C_GetTokenInfo; do
			faults "$call"
		done
	} | sort | shuf --random-source=<(yes "$SEED"))
	echo "replicas: SEED=$SEED"
	wrong=''
	for fault in "${list[@]:0:${ROUNDS:-1000}}"; do
		mapfile -t orders < <(ways "$(cut -s -d ' ' -f 2 <<<"$fault")")
		module zone-sign z.test >/dev/null
		order "$fault" "${orders[@]}"
		soon 20 add_name || complain "$fault: not current meanwhile: $(module status)"
		soon 20 add_name || complain "$fault: not current meanwhile: $(module status)"
		token_says A works || complain "$fault: the other one does not work: $(module status)"
		order ''
		begin=${EPOCHREALTIME/./}
		case $fault in 'error C_Login 0xa'* | logged-out) module zone-keys-load >/dev/null ;; esac
		soon "$BACK_S" token_says B works || complain "$fault: does not work again: $(module status)"
		soon "$BACK_S" add_name || complain "$fault: not current: $(module status)"
		echo "$fault: back in $(((${EPOCHREALTIME/./} - begin) / 1000)) ms"
	done
	compare_both || fail "$(cat compare.out)"
	validate z.test
	[ -z "$wrong" ] || fail 'see above'
}
# A name is added by a change of the file, and soon visible.
add_name() {
	version=$((version + 1))
	sed -i -e "1,/host [0-9]* /s/host [0-9]* /host $version /" -e "\$ a v$version A 192.0.2.2" z
	module zone-reload z.test >/dev/null
	soon 5 answers "v$version.z.test" A 192.0.2.2
}
