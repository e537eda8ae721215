# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: mod-opendnssec developers
#
# A zone that changes: noticed on every path, signed in part only, never unsigned on the wire.

# with_watch on|off
with_watch() {
	small z w.test 1
	quick d --zone w.test=z
	if [ "$1" = off ]; then
		sed -i 's/watch: on/watch: off/' "$D/knot.conf"
		restart_knotd
		within 30 signed w.test
	fi
}

test_knotc_zone_refresh() { # short
	with_watch off
	small z w.test 1 'a A 192.0.2.9'
	sleep 2
	answers a.w.test A '' || fail "the change was found without anybody asking"
	knot zone-refresh w.test
	within 10 answers a.w.test A 192.0.2.9
	small z w.test 1 'a A 192.0.2.10'
	knot -f zone-reload w.test
	within 10 answers a.w.test A 192.0.2.10
	validate w.test
}

test_module_zone_reload() {
	with_watch off
	small z w.test 1 'a A 192.0.2.9'
	module zone-reload w.test
	within 10 answers a.w.test A 192.0.2.9
	small z w.test 1 'a A 192.0.2.10'
	module zone-reload
	within 10 answers a.w.test A 192.0.2.10
	validate w.test
}

test_inotify() {
	with_watch on
	small z w.test 1 'a A 192.0.2.9'
	within 10 answers a.w.test A 192.0.2.9
	# written in place, as an editor may do
	small copy w.test 1 'a A 192.0.2.10'
	cat copy >z
	within 10 answers a.w.test A 192.0.2.10
	# taken away and put back
	rm z
	sleep 1
	answers a.w.test A 192.0.2.10 || fail "the zone is gone with its file"
	small z w.test 1 'a A 192.0.2.11'
	within 10 answers a.w.test A 192.0.2.11
	validate w.test
}

test_added_changed_removed() {
	with_watch on
	small z w.test 1 'a A 192.0.2.9' '*.wild A 192.0.2.1' 'x.y.ent TXT "t"' 'cut NS ns.cut' \
		'ns.cut A 192.0.2.3'
	within 10 answers a.w.test A 192.0.2.9
	validate w.test
	same_data z w.test
	# each of them otherwise; www and mail, too, are gone
	small z w.test 1 'a AAAA 2001:db8::1' 'y.ent TXT "t"' 'wild MX 0 .' 'cut A 192.0.2.5' \
		'under.cut A 192.0.2.6'
	within 10 answers under.cut.w.test A 192.0.2.6
	validate w.test
	same_data z w.test
	printf '@ 300 SOA ns1 host 1 1 1 1 300\n@ 300 NS ns1\nns1 300 A 192.0.2.1\n' >new
	mv new z
	within 10 answers www.w.test A ''
	validate w.test
	same_data z w.test
}

# A change of one record of a thousand costs a few signatures, and an IXFR of a few records.
test_only_the_difference() { # short
	"$e2e/genzone.py" host 1000 w.test >z
	quick d --zone w.test=z
	local before after start
	before=$(counter w.test signatures)
	[ "$before" -gt 1000 ] || fail "only $before signatures counted for 1000 names"
	axfr w.test old.axfr
	start=$(serial w.test)
	echo 'new A 192.0.2.99' >>z
	within 15 answers new.w.test A 192.0.2.99
	after=$(counter w.test signatures)
	[ $((after - before)) -le 8 ] || fail "$((after - before)) signatures for one new name"
	[ $((after - before)) -ge 4 ] || fail "$((after - before)) signatures counted for a new name"
	ask w.test IXFR="$start" +noall +answer >ixfr
	[ "$(grep -vc '^;' ixfr)" -lt 30 ] || fail "the IXFR has $(wc -l <ixfr) records"
	axfr w.test new.axfr
	local kept
	kept=$(sort old.axfr new.axfr | uniq -d | wc -l)
	[ "$kept" -gt $(($(wc -l <old.axfr) - 10)) ] || fail "only $kept records stayed as they were"
	validate w.test
}

# So much changes that the zone is stored and signed beside the one that is published; with crashes.
test_all_changed() { # short
	local ttl
	policy default optout "$(nsec3_denial yes)" | kasp kasp.xml
	small base w.test 1
	seq 60000 | sed 's/.*/n& NS ns.elsewhere.test./' >>base
	cp base z
	free_port >port
	PORT=$(cat port) probe w.test --restarts
	quick d --kasp "$work/kasp.xml" --policy optout --zone w.test=z --port "$(cat port)"
	for ttl in 301 302 303 304; do
		sed "s/^\$TTL .*/\$TTL $ttl/" base >new
		mv new z
		sleep "0.$((ttl - 300))"
		if [ $ttl != 304 ]; then
			stop_pid "$(cat "$D/run/knotd.pid")" KILL
			start_knotd
		fi
	done
	within 60 has_ttl www.w.test 304
	says "$D/knotd.log" 'loaded, serial 1, was 1, 600.. names, 600.. changed' ||
		fail "the zone was not replaced as a whole"
	within 60 has_ttl n60000.w.test 304
	validate w.test
	same_data z w.test
	small z w.test 2
	within 30 status_says w.test 'state: held: shrink'
	"$BUILD_DIR/ods" -c "$D/conf.xml" pass w.test shrink
	within 30 is_gone n1.w.test
	validate w.test
	probe_end
}

is_gone() { ask "$1" A | grep 'status: NXDOMAIN' >/dev/null; }
# has_ttl NAME TTL: of its A, or of the referral.
has_ttl() { ask +noall +answer +authority "$1" A | grep "^$1\.[[:space:]]*$2[[:space:]]" >/dev/null; }

test_nothing_changed() {
	with_watch on
	local first signatures
	first=$(serial w.test)
	signatures=$(counter w.test signatures)
	touch z
	cat z >copy
	mv copy z
	knot zone-refresh w.test
	module zone-reload w.test
	sleep 3
	[ "$(serial w.test)" = "$first" ] || fail "a new serial $(serial w.test) without a change"
	[ "$(counter w.test signatures)" = "$signatures" ] || fail "signed without a change"
}

test_resign() {
	with_watch on
	local first
	first=$(serial w.test)
	ask +dnssec www.w.test A | grep RRSIG >sig
	sleep 1
	module zone-sign w.test
	within 15 serial_differs w.test "$first"
	ask +dnssec www.w.test A | grep RRSIG | cmp -s - sig && fail "zone-sign kept a signature"
	validate w.test
}

# By itself, when signatures come near their end: policy lab has them refreshed after minutes.
test_refresh_by_itself() { # limit 240
	policy lab quick 's:<Refresh>.*:<Refresh>PT20S</Refresh>:' \
		's:<Default>.*:<Default>PT40S</Default>:' 's:<Denial>PT.*:<Denial>PT40S</Denial>:' \
		's:<Jitter>.*:<Jitter>PT2S</Jitter>:' 's:<Resign>.*:<Resign>PT3S</Resign>:' |
		kasp kasp.xml
	small z w.test 1
	free_port >port
	PORT=$(cat port) probe w.test
	quick d --kasp kasp.xml --policy quick --zone w.test=z --port "$(cat port)"
	local n first
	for n in 1 2 3; do
		first=$(serial w.test)
		within 45 serial_differs w.test "$first"
		validate w.test
	done
	probe_end
}

# Loaded, reloaded and re-signed on all paths, while somebody asks all the time.
test_wire() { # short
	local n
	"$e2e/genzone.py" host 500 w.test >base
	cp base z
	free_port >port
	PORT=$(cat port) probe w.test
	quick d --zone w.test=z --port "$(cat port)"
	for n in 1 2 3 4 5; do
		(cat base; echo "www A 192.0.2.$n") >new
		mv new z
		within 15 answers www.w.test A "192.0.2.$n"
		case $n in
		1) module zone-sign w.test ;;
		2) knot reload ;;
		3) knot -f zone-reload w.test ;;
		4) knot zone-refresh w.test ;;
		5) knot zone-retransfer w.test ;;
		esac
		sleep 1
	done
	cp base z
	within 15 answers www.w.test A ''
	validate w.test
	probe_end
}
