# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: mod-opendnssec developers
#
# Secondaries: the signed zone by AXFR, a change by IXFR.

# primary SECONDARY-PORT: knotd notifies that port.
primary() {
	"$e2e/genzone.py" host 200 s.test >z
	quick d --zone s.test=z
	sed -i -e "s/^remote:/&\n  - id: secondary\n    address: 127.0.0.1@$1/" \
		-e 's/^    acl: transfer/&\n    notify: secondary/' "$D/knot.conf"
	knot conf-check
	knot reload
}

# follows PORT: the secondary there has the primary's serial.
follows() { [ "$(PORT=$1 serial s.test)" = "$(serial s.test)" ]; }

# equal PORT: the secondary's copy is the primary's, and valid.
equal() {
	axfr s.test "$work/primary.axfr"
	axfr s.test "$work/secondary.axfr" "$1"
	diff <(sort "$work/primary.axfr") <(sort "$work/secondary.axfr") || fail "the secondary differs"
	PORT=$1 validate s.test
}

change() {
	echo "$1 A 192.0.2.77" >>z
	within 15 answers "$1.s.test" A 192.0.2.77
}

test_knotd() { # short
	local port
	port=$(free_port)
	primary "$port"
	another_knotd secondary "127.0.0.1@$port" <<-EOT
	remote:
	  - id: primary
	    address: 127.0.0.1@$PORT
	acl:
	  - id: all
	    address: 127.0.0.1
	    action: [notify, transfer]
	zone:
	  - domain: s.test
	    master: primary
	    acl: all
	    dnssec-validation: on
	EOT
	within 30 follows "$port"
	says secondary/knotd.log 'AXFR, incoming.*finished'
	equal "$port"
	change new1
	within 30 follows "$port"
	says secondary/knotd.log 'IXFR, incoming.*finished' || fail "no IXFR"
	equal "$port"
	change new2
	within 30 follows "$port"
	local before
	before=$(serial s.test)
	module zone-sign s.test
	within 30 serial_differs s.test "$before"
	within 30 follows "$port"
	equal "$port"
	[ "$(grep -c 'AXFR, incoming.*finished' secondary/knotd.log)" = 1 ] ||
		fail "a second AXFR"
	does_not_say secondary/knotd.log 'DNSSEC.*(invalid|failed)'
}

test_nsd() {
	local port
	port=$(free_port)
	primary "$port"
	run_nsd "$port" <<-EOT
	zone:
	    name: s.test
	    zonefile: s.test.zone
	    request-xfr: 127.0.0.1@$PORT NOKEY
	    allow-notify: 127.0.0.1 NOKEY
	    provide-xfr: 127.0.0.1 NOKEY
	EOT
	within 30 follows "$port"
	equal "$port"
	does_not_say "$D/knotd.log" 's\.test.*IXFR, outgoing'
	change new1
	within 30 follows "$port"
	says "$D/knotd.log" 's\.test.*IXFR, outgoing.*finished' || fail "no IXFR"
	equal "$port"
	change new2
	within 30 follows "$port"
	equal "$port"
	[ "$(grep -c 's\.test.*AXFR, outgoing.*started' "$D/knotd.log")" -ge 1 ]
}
