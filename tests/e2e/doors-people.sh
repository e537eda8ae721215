# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: mod-opendnssec developers
#
# Doors of people and processes: what local users, members of the group, and readers of memory and
# logs get.

start_zone() {
	small a a.test 1
	quick d --zone a.test=a "$@"
}

# crowd SOCKET COUNT: so many connections that say nothing, as long as this test runs.
crowd() {
	python3 -c '
import socket, sys, time
held = []
for i in range(int(sys.argv[2])):
    s = socket.socket(socket.AF_UNIX)
    s.connect(sys.argv[1])
    held.append(s)
print("ready", flush=True)
while True:
    time.sleep(0.2)
    for i, s in enumerate(held):
        if s.recv(1) == b"":
            s.close()
            held[i] = socket.socket(socket.AF_UNIX)
            held[i].connect(sys.argv[1])
' "$1" "$2" >"$work/crowd.$2" 2>"$work/crowd.log" &
	pids+=($!)
	within 20 says "$work/crowd.$2" ready
}

# in_time SECONDS COMMAND...
in_time() {
	timeout "$(($1 * LIMIT_FACTOR))" "${@:2}" >/dev/null || fail "not within $1 s: ${*:2}"
}

test_idle_clients() { # short
	local n
	start_zone
	crowd "$MODULE_SOCKET" 150
	crowd "$ENGINE_SOCKET" 151
	for n in 1 2 3 4 5; do
		in_time 2 knotc -s "$MODULE_SOCKET" status
		in_time 2 knotc -s "$ENGINE_SOCKET" status
	done
	# the engine's own link goes on
	engine zone-key-rollover a.test zsk
	within 20 status_says a.test 'key .*DNSKEY rumoured'
	expect 'signer: connected' engine status
}

# refused REGEX COMMAND...: exits non-zero and says so.
refused() {
	local regex=$1
	shift
	if "$@" >"$work/out" 2>&1; then
		fail "$* exits with 0: $(cat "$work/out")"
	fi
	grep -qE -- "$regex" "$work/out" || fail "$*: no '$regex' in: $(cat "$work/out")"
}

# Who can write to what decides would be as good as the process itself.
test_files_that_decide() {
	start_zone
	local all='everybody can write to it' hsm=$BUILD_DIR/ods-hsm
	chmod o+w "$D/conf.xml"
	refused "conf.xml: $all" module zone-keys-load
	refused "conf.xml: $all" engine reload
	refused "conf.xml: $all" "$hsm" -c "$D/conf.xml" list
	chmod o-w "$D/conf.xml"

	chmod o+w "$D/kasp.xml"
	refused "kasp.xml: $all" engine reload
	chmod o-w "$D/kasp.xml"

	chmod 644 "$D/pin"
	refused 'pin: everybody can read it' "$hsm" -c "$D/conf.xml" login
	chmod 600 "$D/pin"
	"$hsm" -c "$D/conf.xml" login
	if [ "$(id -u)" -eq 0 ]; then
		chown nobody "$D/conf.xml"
		refused 'conf.xml: it belongs to a user' engine reload
		chown root "$D/conf.xml"
	fi
	engine reload

	stop_pid "$(cat "$D/run/ods-engine.pid")"
	chmod o+w "$D/kasp.db"
	refused "kasp.db: $all" "$BUILD_DIR/ods-engine" -c "$D/conf.xml"
	chmod o-w "$D/kasp.db"
	sed -i "s|<SocketFile>|<PidFile>$D/engine.pid</PidFile>&|" "$D/conf.xml"
	ln -s "$work/target" "$D/engine.pid"
	start_engine
	within 10 says "$D/engine.pid" "^$(cat "$D/run/ods-engine.pid")\$"
	[ ! -e target ] || fail "ods-engine wrote its pid through a link"

	chmod o+w "$D/store"
	restart_knotd
	refused "store.*$all" module status
	signed a.test # and served as it was
	chmod o-w "$D/store"
	restart_knotd
	module status
	validate a.test
}

# inline_pin: conf.xml has the PIN itself; $pin.
inline_pin() {
	pin=$(cat "$D/pin")
	sed -i "s|<PINFile>.*</PINFile>|<PIN>$pin</PIN>|" "$D/conf.xml"
	chmod 600 "$D/conf.xml"
	rm "$D/pin"
	restart_knotd
	stop_pid "$(cat "$D/run/ods-engine.pid")"
	start_engine
	within 20 status_says a.test 'state: ok'
}

# What is left of a PIN in a process that has logged in: nothing that gets into a core file.
test_pin_in_core() {
	local server pid where
	if [ "$(id -u)" -ne 0 ]; then
		echo "skipped: not root"
		return
	fi
	start_zone
	inline_pin
	module zone-keys-load
	engine reload
	engine zone-key-rollover a.test zsk
	within 20 status_says a.test 'key .*DNSKEY rumoured'
	printf '%s' "$pin" >pin
	for server in knotd ods-engine; do
		pid=$(cat "$D/run/$server.pid")
		"$e2e/core-memory.py" --all "$pid" pin || fail "$server should have the PIN, locked"
		if where=$("$e2e/core-memory.py" "$pid" pin); then
			fail "the PIN is in a core of $server: $where"
		fi
	done
	# nor does another process of the same user get in, nor the kernel write one
	grep '^Max core file size  *0 ' "/proc/$pid/limits" || fail "ods-engine may leave a core"
}

# A parser that quotes what it does not understand shows the PIN.
test_pin_in_messages() {
	local file
	start_zone
	inline_pin
	for text in "$pin<x$pin>" "x&$pin" "<$pin" "x</$pin>" "<!-- $pin -- $pin -->" "<?$pin" \
		"<x $pin>" "<x $pin=$pin/>"; do
		cp -p "$D/conf.xml" conf.good
		sed -i "s|<PIN>$pin|<PIN>${text//&/\\&}|" "$D/conf.xml"
		refused 'conf.xml:' engine reload
		refused 'conf.xml:' module zone-keys-load
		cat conf.good >"$D/conf.xml"
	done
	for file in "$D"/*.log out; do
		does_not_say "$file" "$pin"
	done
	engine reload
}

# ---- quickstart

# What a local user prepares is not used, whoever runs quickstart.
test_quickstart_folders() {
	local quick=("$top/quickstart" --once --dir)
	mkdir -m 777 open
	refused "'$work/open': others can write to it" "${quick[@]}" "$work/open"
	mkdir -m 775 group
	refused "'$work/group': others can write to it" "${quick[@]}" "$work/group"
	mkdir -m 700 own
	ln -s own link
	refused "'$work/link': a symbolic link" "${quick[@]}" "$work/link"
	refused "'$work/link': a symbolic link" "${quick[@]}" "$work/link/"
	local file
	for file in env token.log pin conf.xml knot.conf; do
		ln -s "$work/target" "own/$file"
		refused "own/$file': a symbolic link" "${quick[@]}" "$work/own"
		rm "own/$file"
	done
	[ ! -e target ] || fail "quickstart wrote through a link"
	if [ "$(id -u)" -eq 0 ]; then
		mkdir -m 700 other
		chown nobody other
		refused "'$work/other': belongs to another user" "${quick[@]}" "$work/other"
		refused "'$work/other': belongs to another user" "$top/quickstart" --stop "$work/other"
		echo 1234 >own/pin
		chown nobody own/pin
		refused "own/pin': .*another user's" "${quick[@]}" "$work/own"
	fi
}

# At a umask of 000 as at any other: nobody else reads or writes, no argument has a PIN.
test_quickstart_secrets() {
	local loose
	python3 -c '
import os, sys
while True:
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as file:
                print(ascii(file.read()), flush=True)
        except OSError:
            pass
' >arguments &
	pids+=($!)
	umask 000
	start_zone
	umask 022
	kill "${pids[-1]}"
	# knotd has a umask of its own, which lets its group in
	loose=$(find "$D" -perm /007 ! -type l; find "$D" -maxdepth 1 -perm /077) || true
	[ -z "$loose" ] || fail "others may use: $(head -n 5 <<<"$loose")"
	grep -qF "$D/conf.xml" arguments || fail "saw no arguments of quickstart's"
	does_not_say arguments "$(cat "$D/pin")"
	does_not_say arguments "$(cat "$D/so-pin")"
	! cmp -s "$D/pin" "$D/so-pin" || fail "SO PIN and PIN are the same"
}

# Text from outside does not control the terminal of whoever reads an answer or a log.
test_escapes() { # short
	local esc=$'\e]0;owned\a' csi=$'\xc2\x9b31m' raw=$'\x9b\xff' text
	start_zone
	text="x$esc$csi$raw"
	refused '"x\?\]0;owned\?\?31m\?\?"' engine zone-key-rollover a.test "$text"
	refused "no such zone" module zone-status 'b\027\027.test'
	printf '$ORIGIN a.test.\n@ SOA ns1 host 2 1 1 1 1\n@ NS ns1\nns1 A 192.0.2.1\n%s\n' "bad$text" >a
	knot zone-refresh a.test
	within 20 status_says a.test 'state: .*/a:5'
	module zone-status a.test >answer
	ods --json keys a.test >>answer
	for file in answer out "$D/knotd.log" "$D/ods-engine.log"; do
		if LC_ALL=C grep -n $'[\x01-\x08\x0b-\x1f\x7f]\|\xc2[\x80-\x9f]\|\xff' "$file"; then
			fail "$file has control characters"
		fi
	done
}

# Whoever serves the engine's socket does not control the terminal of root, who asks by ods.
test_escapes_of_engine() {
	local esc=$'\e]0;owned\a' csi=$'\xc2\x9b31m' command
	python3 -c '
import socket, struct, sys
def unit(items):
    return b"\x01" + b"".join(bytes([16 + at]) + struct.pack("!H", len(text)) + text
                              for at, text in items)
bad = sys.argv[1].encode("utf-8", "surrogateescape")
server = socket.socket(socket.AF_UNIX)
server.bind("engine.sock")
server.listen()
while True:
    sock = server.accept()[0]
    asked = sock.recv(65536)
    answer = unit([(6, b"a.test." + bad), (9, b"keytag" + bad), (10, b"1" + bad)])
    if b"zone-ds" in asked:
        answer = unit([(2, b"no" + bad), (6, b"a.test." + bad)])
    sock.sendall(answer + b"\x03")
    sock.close()
' "$esc$csi" 2>engine.log &
	pids+=($!)
	within 10 test -S engine.sock
	for command in 'keys a.test' 'ds a.test' 'ds-seen a.test' '--json keys a.test'; do
		# shellcheck disable=SC2086
		"$BUILD_DIR/ods" -s engine.sock $command >>answer 2>&1 || true
	done
	says answer 'a\.test\.'
	if LC_ALL=C grep -n $'[\x01-\x08\x0b-\x1f\x7f]\|\xc2[\x80-\x9f]' answer; then
		fail "the terminal gets control characters"
	fi
}
