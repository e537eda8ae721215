# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: mod-opendnssec developers
#
# What an earlier version of ours left behind is taken along; what a newer one left is refused.

# An older store and database: the zones stay as they were, with the same signatures and keys.
test_older_6() { older form-6; } # short
test_older_12() { # short
	older form-12
	ods audit verify
}

older() {
	local zone
	mkdir -m 700 d
	tar -C d -xzf "$top/tests/data/$1.tgz" --no-same-owner
	mv d/old.test d/old3.test d/kasp.xml .
	quick d --kasp kasp.xml --policy nsec --zone old.test=old.test
	add_policy nsec3
	add_zone old3.test "$work/old3.test" nsec3
	allow_updates old.test
	within 30 signed old3.test
	for zone in old.test old3.test; do
		# but for a new SOA: CDS and CDNSKEY are now signed by the ZSK, too
		axfr "$zone" "$zone.now"
		comm -23 <(sort "d/served/$zone") <(sort "$zone.now") >gone
		if grep -vE '[[:space:]](RRSIG[[:space:]]+)?SOA[[:space:]]' gone; then
			fail "$zone is not served as it was"
		fi
		[ "$(counter "$zone" signatures)" -le 3 ] || fail "$(counter "$zone" signatures) signatures"
		validate "$zone"
		[ "$(ods keys "$zone" | grep -c omnipresent)" = 2 ] || fail "$(ods keys "$zone")"
	done
	does_not_say d/ods-engine.log 'new (zone|ksk|zsk|csk)'

	# and it goes on
	printf 'server 127.0.0.1 %s\nzone old.test\nupdate add new.old.test 5 TXT new\nsend\n' "$PORT" | knsupdate
	sed 's/ns1 host 2 /ns1 host 3 /' old3.test >new
	echo 'new TXT new' >>new
	mv new old3.test
	for zone in old.test old3.test; do
		within 30 answers "new.$zone" TXT '"new"'
		validate "$zone"
	done
	answers dyn.old.test TXT '"by update"' || fail 'what came by DNS UPDATE is lost'
	knot zone-refresh old3.test
	module zone-sign
	for zone in old.test old3.test; do
		within 30 all_signed "$zone"
		validate "$zone"
	done
}

all_signed() { [ "$(counter "$1" signatures)" -gt 10 ]; }

# The store and the database of a newer version are refused, and stay as they are; the zone is served on. With
# copies of before the upgrade all goes on as it was.
test_newer() {
	local before
	small z z.test 1
	quick d --zone z.test=z
	before=$(serial z.test)
	stop_pid "$(cat "$D/run/ods-engine.pid")"
	stop_pid "$(cat "$D/run/knotd.pid")"
	cp -a d/store d/kasp.db .
	# In LMDB's page: the key's length, the key, the number.
	python3 -c '
import sqlite3, sys
store = open("d/store/data.mdb", "rb").read()
form = b"\1\0\xfe\7\0\0\0"
assert form in store
open("d/store/data.mdb", "wb").write(store.replace(form, b"\1\0\xfe\x63\0\0\0"))
sqlite3.connect("d/kasp.db").execute("PRAGMA user_version = 99")'
	sha256sum d/store/data.mdb d/kasp.db >sums
	start_knotd
	within 10 says d/knotd.log 'written by a newer mod-opendnssec: it has form 99, this one knows forms up to 7; install'
	expect 'written by a newer mod-opendnssec' module status
	within 10 signed z.test
	[ "$(serial z.test)" = "$before" ] || fail 'another version is served'
	"$BUILD_DIR/ods-engine" -c d/conf.xml >out 2>&1 && fail 'ods-engine has started'
	says out 'has schema 99, this version knows 1 to [0-9]*; start the ods-engine that made it, or a newer one'
	stop_pid "$(cat "$D/run/knotd.pid")"
	sha256sum -c sums

	rm -r d/store d/kasp.db
	mv store kasp.db d
	start_knotd
	start_engine
	within 10 status_says z.test 'state: ok'
	[ "$(counter z.test signatures)" = 0 ] || fail "$(counter z.test signatures) signatures"
	small z z.test 2 'new A 192.0.2.99'
	within 20 answers new.z.test A 192.0.2.99
	validate z.test
}
