# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: mod-opendnssec developers
#
# Tokens that sign wrongly, or hang: the shim, before a SoftHSM of its own.

# two_tokens: good.test with keys in SoftHSM, bad.test with keys behind the shim.
two_tokens() {
	export SHIM_MODULE=$work/softhsm.so SHIM_CONTROL=$work/orders
	cp "$(softhsm)" "$SHIM_MODULE"
	: >"$SHIM_CONTROL"
	small good good.test 1
	small bad bad.test 1
	policy default bad 's|<Repository>SoftHSM|<Repository>Shim|' | kasp kasp.xml
	quick q --kasp kasp.xml --zone good.test="$work/good"
	# the second repository's library, and the zone that uses it
	local shim=$BUILD_DIR/tests/shim/shim.so
	sed -i "/<Repository name=\"Shim\">/,/<\/Repository>/s|<Module>.*<|<Module>$shim<|" "$D/conf.xml"
	add_policy bad
	add_zone bad.test "$work/bad" bad
	engine reload
	knot reload
	within 60 signed bad.test
	validate bad.test
}

softhsm() { sed -n 's|.*<Module>\(.*\)</Module>.*|\1|p' "$top/examples/conf.xml" | head -n 1; }

# As at DENIC on 5 May 2026, but nothing gets out.
test_wrong_signatures() { # short
	local before
	two_tokens
	before=$(serial bad.test)
	order 'wrong 1'
	small bad bad.test 2 'new A 192.0.2.2'
	within 60 status_says bad.test 'wrong signature'
	expect 'repository Shim' module zone-status bad.test
	[ "$(serial bad.test)" = "$before" ] || fail "a version with wrong signatures is served"
	validate bad.test
	# the other zone is not concerned
	small good good.test 2 'new A 192.0.2.2'
	within 60 answers new.good.test A 192.0.2.2
	order ''
	within 60 answers new.bad.test A 192.0.2.2
	validate bad.test
}

# With a slow token a change does not wait until all that is signed anew at the same time is.
test_slow_token() {
	local signatures
	two_tokens
	order 'delay C_Sign 10'
	being_signed bad.test bad 2000
	echo 'new A 192.0.2.99' >>bad
	within 60 answers new.bad.test A 192.0.2.99
	signatures=$(counter bad.test signatures)
	within 10 has_more bad.test signatures $((signatures + 100))
	within 90 status_says bad.test 'state: ok'
	validate bad.test
}

# has_more ZONE COUNTER N
has_more() { [ "$(counter "$1" "$2")" -gt "$3" ]; }

# A token that hangs holds up its own zones: no query, no other zone, no reload, not knotd's end.
test_hanging_token() {
	two_tokens
	order 'hang C_Sign'
	small bad bad.test 2 'new A 192.0.2.2'
	within 60 status_says bad.test 'state: signing'
	small good good.test 2 'new A 192.0.2.2'
	within 60 answers new.good.test A 192.0.2.2
	answers www.bad.test A 192.0.2.80 || fail "no answer while the token hangs"
	knot -t 20 reload || fail "the token holds up a reload"
	answers www.bad.test A 192.0.2.80 || fail "no answer after a reload"
	# its zone can be taken away, and come back
	cp "$D/knot.conf" with
	sed -i '/domain: "bad.test"/,$d' "$D/knot.conf"
	knot -t 20 reload || fail "the token holds up the removal of its zone"
	within 20 answers www.bad.test A ''
	expect 'no such zone' module zone-status bad.test
	cp with "$D/knot.conf"
	knot -t 20 reload || fail "the token holds up its zone's return"
	within 20 answers www.bad.test A 192.0.2.80
	within 20 status_says bad.test 'state: signing'
	order ''
	within 60 answers new.bad.test A 192.0.2.2
	validate bad.test
	# and knotd can end
	order 'hang C_Sign'
	small bad bad.test 3 'new A 192.0.2.3'
	within 60 status_says bad.test 'state: signing'
	local knotd
	knotd=$(cat "$D/run/knotd.pid")
	knot stop
	within 20 gone "$knotd"
	start_knotd
	within 60 answers www.bad.test A 192.0.2.80
	order ''
	within 60 answers new.bad.test A 192.0.2.3
	validate bad.test
}

# A token that hangs in the midst of the engine's call holds up what needs its keys: no rollover elsewhere, no
# status, no reload, not the engine's end. What it makes late is used.
test_engine_hangs() { # limit 240
	local n began zsk
	two_tokens
	zsk=$(zsk_of good.test)
	order 'hang C_GenerateKeyPair'
	for n in 1 2 3 4 5 6; do
		small "bad$n" "bad$n.test" 1
		add_zone "bad$n.test" "$work/bad$n" bad
	done
	knot reload
	within 60 says "$D/ods-engine.log" 'repository Shim: .*(does not answer|has not answered)'
	engine zone-key-rollover good.test zsk
	within 30 zsk_differs good.test "$zsk"
	began=$SECONDS
	ods status >status || true
	engine reload
	within 30 engine_says bad6.test 'answer'
	[ $((SECONDS - began)) -lt 40 ] || fail "the token holds up the operator"
	stop_pid "$(cat "$D/run/ods-engine.pid")"
	start_engine
	order ''
	within 90 signed bad6.test
	validate bad6.test
}
zsk_of() { ask +short "$1" DNSKEY | grep '^256 '; }
zsk_differs() { local now; now=$(zsk_of "$1") && [ "$now" != "$2" ]; }

# More zones with a hanging token than there are workers: others are loaded and signed all the same.
test_many_zones_hang() {
	local n
	two_tokens
	for n in $(seq 25); do
		small "bad$n" "bad$n.test" 1
		add_zone "bad$n.test" "$work/bad$n" bad
	done
	knot reload
	for n in $(seq 25); do
		within 60 signed "bad$n.test"
	done
	order 'hang C_Sign'
	for n in $(seq 25); do
		small "bad$n" "bad$n.test" 2 'new A 192.0.2.2'
	done
	within 60 status_says bad1.test 'state: signing'
	small later later.test 1
	add_zone later.test "$work/later"
	within 30 knot reload
	within 60 signed later.test
	small good good.test 2 'new A 192.0.2.2'
	within 60 answers new.good.test A 192.0.2.2
	order ''
	for n in $(seq 25); do
		within 60 answers "new.bad$n.test" A 192.0.2.2
	done
}

# The KSK's token is away: the zone is signed on with the ZSK, and the KSK's signatures stay.
test_ksk_away() {
	small z z.test 1
	policy default split '/<KSK>/,/<\/KSK>/s|<Repository>SoftHSM|<Repository>Vault|' |
		kasp kasp.xml
	quick q --kasp kasp.xml --policy split --zone z.test="$work/z"
	validate z.test
	cp "$D/conf.xml" good.conf.xml
	sed -i '/<Repository name="Vault">/,/<\/Repository>/s|<TokenLabel>.*<|<TokenLabel>Nowhere<|' \
		"$D/conf.xml"
	restart_knotd
	small z z.test 2 'new A 192.0.2.2'
	within 60 answers new.z.test A 192.0.2.2
	within 10 status_says z.test 'signed on without this key'
	validate z.test
	# all signatures anew, but for those that only the KSK could make
	local before
	before=$(serial z.test)
	module zone-sign z.test
	within 60 is_above "$before"
	validate z.test
	cp good.conf.xml "$D/conf.xml"
	knot reload
	within 60 status_says z.test 'state: ok'
	module zone-sign z.test
	validate z.test
}

is_above() { [ "$(serial z.test)" -gt "$1" ]; }

# Refresh is due while the KSK is away: the ZSK's signatures are refreshed, and nothing runs hot.
test_refresh_without_ksk() {
	small z z.test 1
	policy default split '/<KSK>/,/<\/KSK>/s|<Repository>SoftHSM|<Repository>Vault|' \
		's|<Resign>.*<|<Resign>PT5S<|; s|<Refresh>.*<|<Refresh>PT50M<|; s|<Jitter>.*<|<Jitter>PT0S<|' \
		's|<Default>.*<|<Default>PT3012S<|; s|<Denial>P28D|<Denial>PT3012S|; s|<InceptionOffset>.*<|<InceptionOffset>PT0S<|' |
		kasp kasp.xml
	quick q --kasp kasp.xml --policy split --zone z.test="$work/z"
	sed -i '/<Repository name="Vault">/,/<\/Repository>/s|<TokenLabel>.*<|<TokenLabel>Nowhere<|' \
		"$D/conf.xml"
	restart_knotd
	within 30 status_says z.test 'signed on without this key'
	local first last
	first=$(dig_sig DNSKEY)
	last=$(dig_sig SOA)
	within 60 refreshed "$last"
	[ "$(dig_sig DNSKEY)" = "$first" ] || fail "the KSK has signed, though it is away"
	local versions before
	before=$(cpu_ms)
	versions=$(counter z.test versions)
	sleep 10
	[ "$(counter z.test versions)" -le $((versions + 3)) ] || fail "versions come one after the other"
	[ $(($(cpu_ms) - before)) -lt 3000 ] || fail "knotd runs hot: $(($(cpu_ms) - before)) ms"
	validate z.test
}

dig_sig() { ask z.test "$1" +dnssec +noall +answer | awk -v t="$1" '$4 == "RRSIG" && $5 == t { print $9 }'; }

refreshed() { [ "$(dig_sig SOA)" != "$1" ]; }

# Milliseconds of CPU that knotd took so far.
cpu_ms() { awk '{ print ($14 + $15) * 10 }' "/proc/$(cat "$D/run/knotd.pid")/stat"; }

# ---- p11-kit's server, which has the token in a process of its own

start_p11_kit() {
	rm -f "$work/p11-kit.sock"
	setsid p11-kit server --foreground -n "$work/p11-kit.sock" --provider "$(softhsm)" pkcs11: \
		>>p11-kit.log 2>&1 </dev/null &
	p11_kit=$!
	pids+=("$p11_kit")
	within 10 test -S "$work/p11-kit.sock"
}
# It has a process for each of its clients.
kill_p11_kit() {
	kill -KILL -- "-$p11_kit"
	within 10 gone "$p11_kit"
}

# The server of the tokens is killed, and started again: knotd and the engine find their keys by themselves.
test_p11_kit_server() {
	local client before
	client=$(find /usr/lib -path '*/pkcs11/p11-kit-client.so' | head -n 1)
	small good good.test 1
	quick q --zone good.test="$work/good"
	stop_pid "$(cat "$D/run/knotd.pid")"
	stop_pid "$(cat "$D/run/ods-engine.pid")"
	start_p11_kit
	export P11_KIT_SERVER_ADDRESS=unix:path=$work/p11-kit.sock
	sed -i "s|<Module>.*softhsm.*<|<Module>$client<|" "$D/conf.xml"
	start_knotd
	start_engine
	small good good.test 2 'a A 192.0.2.1'
	knot reload
	within 60 answers a.good.test A 192.0.2.1
	before=$(ods keys good.test | grep -c zsk)

	kill_p11_kit
	small good good.test 3 'b A 192.0.2.2'
	knot reload
	within 60 status_says good.test 'repository "SoftHSM": '
	answers a.good.test A 192.0.2.1
	validate good.test
	ods -y rollover good.test zsk >>rollover.out || true

	start_p11_kit
	within 60 answers b.good.test A 192.0.2.2
	validate good.test
	within 60 ods -y rollover good.test zsk
	within 60 more_keys "$before"
}
more_keys() { [ "$(ods keys good.test | grep -c zsk)" -gt "$1" ]; }

# ---- a PIN that a person gives

hsm() { "$BUILD_DIR/ods-hsm" -c "$D/conf.xml" "$@"; }
# no_pin_in_memory TEXT-FILE: of neither server, whatever is kept out of core files.
no_pin_in_memory() {
	local server where
	[ "$(id -u)" -eq 0 ] || return 0
	for server in knotd ods-engine; do
		if where=$("$e2e/core-memory.py" --all "$(cat "$D/run/$server.pid")" "$1"); then
			fail "$server has the PIN: $where"
		fi
	done
}

two_zsks() { [ "$(ods keys "$1" | grep -c zsk)" -eq 2 ]; }

# Neither <PIN> nor <PINFile>: the zone waits for ods-hsm login, which the kernel keeps over restarts of the servers.
test_person_gives_pin() {
	local asked=Asked$BASHPID pin
	small good good.test 1
	small asked asked.test 1
	policy default asked "s|<Repository>SoftHSM|<Repository>$asked|" | kasp kasp.xml
	quick q --kasp kasp.xml --zone good.test="$work/good"
	cp "$D/pin" pin
	pin=$(cat pin)
	# all tests of a user have one keyring; the token's label, which is the repository's name, is this test's own
	# shellcheck disable=SC2064
	trap "code=\$?; hsm logout $asked || true; finish \$code" EXIT
	sed -i "/<Repository name=\"$asked\">/,/<\/Repository>/s|<PINFile>.*</PINFile>||" "$D/conf.xml"
	if ! hsm logout "$asked" >logout.out 2>&1; then
		echo "skipped: $(cat logout.out)"
		return
	fi
	says logout.out 'no PIN is kept'
	restart_knotd
	stop_pid "$(cat "$D/run/ods-engine.pid")"
	start_engine
	add_policy asked
	add_zone asked.test "$work/asked" asked
	knot reload
	within 60 engine_says asked.test "waits for its PIN, .*: ods-hsm login $asked"
	answers asked.test SOA '' || fail "a zone without keys is served"
	validate good.test

	# a wrong one is not kept
	expect 'refused the PIN' hsm login "$asked" <<<"1$pin"
	expect 'waits for its PIN' hsm login
	hsm login "$asked" <<<"$pin" >login.out 2>&1
	says login.out 'logged in; the servers of user .* have the PIN'
	within 30 signed asked.test
	validate asked.test
	no_pin_in_memory pin

	# knotd finds it again, and after that the engine
	restart_knotd
	small asked asked.test 2 'new A 192.0.2.2'
	within 30 answers new.asked.test A 192.0.2.2
	stop_pid "$(cat "$D/run/ods-engine.pid")"
	start_engine
	ods -y rollover asked.test zsk >rollover.out
	within 30 two_zsks asked.test
	no_pin_in_memory pin

	# who is logged in stays so; who starts anew waits, and serves what is signed
	hsm logout "$asked" >logout.out
	says logout.out 'servers that are logged in stay so until they are restarted'
	small asked asked.test 3 'new A 192.0.2.3'
	within 30 answers new.asked.test A 192.0.2.3
	restart_knotd
	small asked asked.test 4 'new A 192.0.2.4'
	within 60 status_says asked.test "waits for its PIN, .*: ods-hsm login $asked"
	answers new.asked.test A 192.0.2.3
	validate asked.test
	hsm login "$asked" <<<"$pin"
	within 30 answers new.asked.test A 192.0.2.4
	validate asked.test
	for file in "$D"/*.log ./*.out; do
		does_not_say "$file" "$pin"
	done
}

# A PIN by the environment is not to be seen there, nor in a core, nor by what the servers run.
test_pin_variable() {
	local server pid where
	small z z.test 1
	cat >tell <<-EOT
	#!/bin/sh
	env >$work/tell.env
	EOT
	chmod +x tell
	quick q --zone z.test="$work/z"
	cp "$D/pin" pin
	sed -i -e "s|<PINFile>.*</PINFile>|<PINVariable>TOKEN_PIN</PINVariable>|" \
		-e "s|</Signer>|<Output>$work/%zone.signed</Output><NotifyCommand>$work/tell</NotifyCommand>&|" "$D/conf.xml"
	stop_pid "$(cat "$D/run/knotd.pid")"
	stop_pid "$(cat "$D/run/ods-engine.pid")"
	TOKEN_PIN=$(cat pin) start_knotd
	TOKEN_PIN=$(cat pin) start_engine
	small z z.test 2 'new A 192.0.2.2'
	within 30 answers new.z.test A 192.0.2.2
	# conf.xml is read anew
	module zone-keys-load
	engine reload
	ods -y rollover z.test zsk >rollover.out
	within 30 two_zsks z.test
	small z z.test 3 'new A 192.0.2.3'
	within 30 answers new.z.test A 192.0.2.3
	within 30 test -s tell.env
	does_not_say tell.env "$(cat pin)|TOKEN_PIN"
	says tell.env '^PATH='
	for server in knotd ods-engine; do
		pid=$(cat "$D/run/$server.pid")
		if [ -r "/proc/$pid/environ" ]; then
			tr '\0' '\n' <"/proc/$pid/environ" >environ
			says environ '^TOKEN_PIN=$'
			does_not_say environ "$(cat pin)"
		fi
		[ "$(id -u)" -eq 0 ] || continue
		"$e2e/core-memory.py" --all "$pid" pin >places || fail "$server should have the PIN, locked"
		if where=$("$e2e/core-memory.py" "$pid" pin); then
			fail "the PIN is in a core of $server: $where"
		fi
	done
	validate z.test
}

# What keyctl(2) reads of the key of that number.
read_key='
import ctypes, sys
text = ctypes.create_string_buffer(256)
got = ctypes.CDLL("libkeyutils.so.1").keyctl_read(int(sys.argv[1], 16), text, 256)
print(text.value.decode() if got > 0 else "refused")'

# The servers are another user's; root gives the PIN, and nobody else can.
test_root_gives_pin() {
	local asked=Asked$BASHPID as=(setpriv --reuid=nobody --regid=nogroup --clear-groups) kept
	if [ "$(id -u)" -ne 0 ] || ! "${as[@]}" test -r "$BUILD_DIR/opendnssec.so" -a -x "$BUILD_DIR/ods-engine"; then
		echo "skipped: not root, or the build is not for everybody to read"
		return
	fi
	small asked asked.test 1
	policy default asked "s|<Repository>SoftHSM|<Repository>$asked|" | kasp kasp.xml
	quick q --kasp kasp.xml --policy asked --zone asked.test="$work/asked"
	# shellcheck disable=SC2064
	trap "code=\$?; hsm logout $asked || true; chown -R root $D; finish \$code" EXIT
	stop_pid "$(cat "$D/run/knotd.pid")"
	stop_pid "$(cat "$D/run/ods-engine.pid")"
	cp "$D/pin" pin
	sed -i "s|<PINFile>.*</PINFile>||" "$D/conf.xml"
	chown -R nobody:nogroup "$D"
	chown root "$D"/*.xml
	chmod 644 "$D"/*.xml
	chmod 755 "$work" "$D"
	printf '#!/bin/sh\nexec setpriv --reuid=nobody --regid=nogroup --clear-groups knotd "$@"\n' >knotd.nobody
	chmod 755 knotd.nobody
	KNOTD=$work/knotd.nobody start_knotd
	setsid "${as[@]}" "$BUILD_DIR/ods-engine" -c "$D/conf.xml" >>"$D/ods-engine.log" 2>&1 </dev/null &
	echo $! >"$D/run/ods-engine.pid"
	within 30 engine status
	if ! hsm logout "$asked" >logout.out 2>&1; then
		echo "skipped: $(cat logout.out)"
		return
	fi
	small asked asked.test 2 'new A 192.0.2.2'
	within 30 status_says asked.test 'waits for its PIN'
	expect 'is kept for the user of the servers, knot; call ods-hsm as knot, or as root' \
		setpriv --reuid=daemon --regid=daemon --clear-groups "$BUILD_DIR/ods-hsm" -c "$D/conf.xml" logout "$asked"
	expect 'logged in; the servers of user nobody have the PIN' hsm login "$asked" <pin
	within 30 answers new.asked.test A 192.0.2.2
	validate asked.test
	# the kernel gives it to no other user, were that one to know its number
	kept=$("${as[@]}" awk -v name=":$asked:" '$0 ~ name { print $1 }' /proc/keys)
	[ "$("${as[@]}" python3 -c "$read_key" "$kept")" = "$(cat pin)" ] || fail "nobody cannot read key '$kept'"
	expect '^refused$' setpriv --reuid=daemon --regid=daemon --clear-groups python3 -c "$read_key" "$kept"
	expect '^refused$' python3 -c "$read_key" "$kept"
	expect "^$asked " hsm list
	expect 'logged in' "${as[@]}" "$BUILD_DIR/ods-hsm" -c "$D/conf.xml" login
	expect 'is forgotten' "${as[@]}" "$BUILD_DIR/ods-hsm" -c "$D/conf.xml" logout "$asked"
	expect 'waits for its PIN' hsm list
}
