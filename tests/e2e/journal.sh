# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: mod-opendnssec developers
#
# The engine's log: fields in systemd's journal, and few lines for many zones.

# a_journal: one of the test's own, at the place of systemd's; what it gets goes to "entries", an empty line after each.
a_journal() {
	rm -f /run/systemd/journal/socket
	python3 - >>entries <<-'EOT' &
	import socket
	journal = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
	journal.bind('/run/systemd/journal/socket')
	while True:
	    print(journal.recv(65536).decode(), flush=True)
	EOT
	journal_pid=$!
	pids+=("$journal_pid")
	within 10 test -S /run/systemd/journal/socket
}

# entry REGEX...: the journal has an entry in which each of them is a line.
entry() {
	python3 - entries "$@" <<-'EOT'
	import re, sys
	wanted = [re.compile(text) for text in sys.argv[2:]]
	entries = [text.splitlines() for text in open(sys.argv[1]).read().split('\n\n')]
	sys.exit(not any(all(any(one.fullmatch(line) for line in entry) for one in wanted) for entry in entries))
	EOT
}

test_fields() { # short
	own_mounts journal test_fields
	mount -t tmpfs tmpfs /run
	mkdir -p /run/systemd/journal
	: >entries
	a_journal
	small a.test a.test 1
	quick q --zone a.test="$work/a.test"
	[ ! -s entries ] || fail "it writes to a journal that nobody told it of: $(cat entries)"
	stop_pid "$(cat "$D/run/ods-engine.pid")"
	JOURNAL_STREAM=$(stat -c %d:%i "$D/ods-engine.log")
	export JOURNAL_STREAM
	start_engine
	within 10 entry 'EVENT=start' 'PRIORITY=6' 'SYSLOG_IDENTIFIER=ods-engine' 'MESSAGE=ods-engine .* started'
	ods -y rollover a.test zsk
	within 20 entry 'EVENT=key-new' 'ZONE=a\.test\.' 'KEYTAG=[0-9]+' 'MESSAGE=\[a\.test\.\] new zsk.*'
	within 20 entry 'EVENT=key-step' 'ZONE=a\.test\.' 'KEYTAG=[0-9]+' 'MESSAGE=.*DNSKEY hidden -> rumoured'
	does_not_say "$D/ods-engine.log" "$(sed -n 's/^MESSAGE=\(\[a.test.\] new zsk.*\)/\1/p' entries | tail -n 1 | sed 's/[][]/./g')"
	# advice on kasp.xml, what a person asks for, key pairs: all have one
	ods freeze a.test
	within 10 entry 'EVENT=freeze' 'ZONE=a\.test\.' 'MESSAGE=.*a person freezes a\.test\..*'
	within 10 entry 'EVENT=conf' 'PRIORITY=4' 'MESSAGE=.*kasp\.xml.*'
	within 10 entry 'EVENT=act' 'ZONE=a\.test\.' 'MESSAGE=.*a person asks for a new zsk'
	module zone-keys-load a.test
	within 10 entry 'EVENT=act' 'ZONE=a\.test\.' 'MESSAGE=.*uid .* asked the signer for zone-keys-load: done'
	python3 - <<-'EOT'
	bare = [text for text in open('entries').read().split('\n\n') if text.strip() and '\nEVENT=' not in text]
	assert not bare, bare
	EOT
	# without it, all goes on, on standard error
	stop_pid "$journal_pid" KILL
	knotc -s "$ENGINE_SOCKET" reload
	within 10 says "$D/ods-engine.log" 'info: reloaded'
}

# Of 100 zones that come at once, some have lines of their own; none is lost, the others are counted.
test_many() {
	local i
	policy default shared 's|<Purge>P14D</Purge>|&<ShareKeys/>|' | kasp kasp.xml
	small first.test first.test 1
	quick q --kasp kasp.xml --policy shared --zone first.test="$work/first.test"
	for ((i = 1; i <= 100; i++)); do
		small "z$i.test" "z$i.test" 1
		printf '  - domain: z%s.test\n    file: "%s/z%s.test"\n' $i "$work" $i >>"$D/knot.conf"
	done
	knot reload
	within 120 signed z100.test
	within 60 all_there
	stop_pid "$(cat "$D/run/ods-engine.pid")"
	[ "$(wc -l <"$D/ods-engine.log")" -le 400 ] || fail "$(wc -l <"$D/ods-engine.log") lines of 100 zones"
	says "$D/ods-engine.log" 'new zone, policy shared \(and [0-9]+ lines like this before it\)' ||
		fail "$(grep 'new zone' "$D/ods-engine.log" | tail)"
	[ "$(grep 'new zone, policy' "$D/ods-engine.log" | awk '{ n++ } /lines like this/ { match($0, /and [0-9]+/)
		n += substr($0, RSTART + 4, RLENGTH - 4) } END { print n }')" = 101 ] ||
		fail "lines are lost: $(grep 'new zone' "$D/ods-engine.log")"
}
all_there() {
	ods -j status >status.json || true
	grep -q '"total": 101' status.json
}
