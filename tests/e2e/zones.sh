# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: mod-opendnssec developers
#
# Zones of all sorts and sizes.

# validated NAME TYPE: delv's answer from sorts.test, denials included, is secure.
validated() {
	local out
	out=$(delv @127.0.0.1 -p "$PORT" -a "$TRUST_ANCHORS" +root=sorts.test "$1" "$2" 2>&1) || true
	grep -qE '; (fully|negative response, fully) validated' <<<"$out" || fail "delv $1 $2: $out"
}

test_sorts() { # short
	quick d --zone sorts.test="$e2e/zones/sorts.test.zone"
	validate sorts.test
	same_data "$e2e/zones/sorts.test.zone" sorts.test
	validated sorts.test MX
	validated long.sorts.test TXT
	validated unknown.sorts.test TYPE65534
	validated MIXED.case.sorts.test TXT
	validated 'a\.dot.sorts.test' A
	validated 'sp\032ace.sorts.test' A
	validated svc.sorts.test SVCB
	# denials: another type, nothing there, empty non-terminals
	validated www.sorts.test MX
	validated no.such.a.wild.sorts.test A
	validated c.d.e.ent.sorts.test A
	validated ent.sorts.test A
	# wildcards
	validated anything.sorts.test A
	validated x.y.wild.sorts.test TXT
	validated x.y.wild.sorts.test AAAA
	validated made.cn.sorts.test A
	validated '*.wild.sorts.test' TXT
	# DS: there, proven absent
	validated child2.sorts.test DS
	validated child.sorts.test DS
}

# What libzscanner does not read is published as BIND reads it.
test_forms() { # short
	quick d --zone forms.test="$e2e/zones/forms.test.zone"
	same_data "$e2e/zones/forms.test.zone" forms.test
	kzonecheck -d on -o forms.test forms.test.signed
	dnssec-verify -q -o forms.test forms.test.signed
	says d/knotd.log 'forms.test.zone:[0-9]*: out\.other\. is left out, it is not in the zone'
	answers g003.forms.test A 192.0.2.3
	# shellcheck disable=SC2016
	answers 'host!1#a$b&c'"'"'d=e@f,g+h:i.forms.test' A 192.0.2.2
}

# ods-checkzone says all that the module would say.
test_checkzone() { # short
	local checkzone=$BUILD_DIR/ods-checkzone
	"$checkzone" "$e2e/zones/forms.test.zone" forms.test >out
	says out '^warning: .*forms.test.zone:[0-9]*: out\.other\. is left out'
	# shellcheck disable=SC2016
	small bad c.test 1 'x A 192.0.2.300' 'y HIP 2' '$GENERATE 1-2 z$ A' 'other. A 192.0.2.1' \
		'www CNAME ns1'
	! "$checkzone" bad c.test >out 2>&1 || fail "ods-checkzone takes a bad file"
	says out '^error: zone c\.test, .*/bad:8: invalid IPv4 address'
	says out '^error: .*/bad:9: '
	# shellcheck disable=SC2016
	says out '^error: .*/bad:10: \$GENERATE: '
	says out '^warning: .*/bad:11: '
	says out 'would refuse it: .*/bad:8: .*and 2 more errors'
	small bad c.test 2 'two CNAME ns1' 'two CNAME ns2' 'www CNAME ns1'
	! "$checkzone" bad c.test >out 2>&1 || fail "ods-checkzone takes a bad file"
	says out '^error: .*two.* has 2 CNAME records'
	says out '^error: .*www.* has a CNAME beside other data'
}

# authentic NAME TYPE [STATUS]: unbound answers with the AD flag.
authentic() {
	dig @127.0.0.1 -p "$unbound_port" +dnssec "$1" "$2" >"$work/dig"
	grep -q "status: ${3:-NOERROR}" "$work/dig" || fail "unbound: $1 $2: $(cat "$work/dig")"
	grep -q 'flags:.* ad[; ]' "$work/dig" || fail "unbound: $1 $2 is not AD: $(cat "$work/dig")"
}

# A validating resolver between.
test_unbound() {
	quick d --zone sorts.test="$e2e/zones/sorts.test.zone"
	start_unbound sorts.test
	authentic sorts.test SOA
	authentic chain.sorts.test A
	authentic long.sorts.test TXT
	authentic Any.wild.sorts.test TXT
	authentic any.wild.sorts.test A
	authentic made.cn.sorts.test A
	authentic below.redirect.sorts.test TXT
	authentic e.ent.sorts.test A
	authentic no.a.wild.sorts.test A NXDOMAIN
	authentic child.sorts.test DS
	authentic secure.sorts.test DS
}

test_sorts_no_glue_signed() {
	quick d --zone sorts.test="$e2e/zones/sorts.test.zone"
	axfr sorts.test signed
	does_not_say signed '^ns\.child\.sorts\.test\..*RRSIG'
	does_not_say signed '^deep\.below\.child2\..*RRSIG'
	does_not_say signed '^child\.sorts\.test\..*RRSIG[[:space:]]+NS '
	says signed '^child\.sorts\.test\..*NSEC.* NS RRSIG NSEC'
}

test_example_zone() {
	quick d
	validate example.com
	same_data "$top/examples/example.com.zone" example.com
}

# large KIND: 10,000 names.
large() {
	"$e2e/genzone.py" "$1" 10000 "$1.test" >zone
	quick d --zone "$1.test=zone"
	validate "$1.test"
	same_data zone "$1.test"
}

test_host_10000() { # limit 400
	large host
}

test_tld_10000() { # limit 400
	large tld
}

test_many_zones() { # limit 300
	local n zones=()
	for n in {1..50}; do
		small "z$n" "z$n.test" "$n"
		zones+=(--zone "z$n.test=z$n")
	done
	quick d "${zones[@]}"
	for n in 1 25 50; do
		validate "z$n.test"
	done
	for n in {1..50}; do
		signed "z$n.test" || fail "z$n.test is not signed"
	done
}

test_includes_and_names() {
	mkdir -p sub
	printf 'included A 192.0.2.9\n' >sub/part
	# shellcheck disable=SC2016
	small 'a b%c.zone' inc.test 1 '$INCLUDE sub/part'
	quick d --zone 'INC.Test=a b%c.zone'
	validate inc.test
	answers included.inc.test A 192.0.2.9 || fail "included data is not there"
}

test_root_zone() {
	printf '. 300 SOA a.root. b.root. 1 1 1 1 300\n. 300 NS a.root.\na.root. 300 A 192.0.2.1
test. 300 NS ns.test.\nns.test. 300 A 192.0.2.2\n' >root
	quick d --zone .=root
	axfr . root.axfr
	ldns-verify-zone -V 2 root.axfr
	kzonecheck -d on -o . root.axfr
}

# Two operators, each with the other's keys in its input (RFC 8901, model 2): whatever a resolver has
# from one validates with what it has from the other.
test_two_operators() {
	local name keys=()
	for name in one two; do
		small "$name.zone" m.test 1 '* A 192.0.2.2'
		quick "$name" --zone "m.test=$name.zone"
		sed -i 's:<Zone>:<Zone><ForeignKeys/>:' "$name/kasp.xml"
		engine reload
		ask m.test DNSKEY +noall +answer +crypto >"$name.keys"
		keys+=("$(sed -n 's/.*DNSKEY[[:space:]]*257/257/p' "$name.keys")")
	done
	{
		grep DNSKEY two.keys
		echo "@ CDNSKEY ${keys[1]}"
		dnssec-dsfromkey -2 -f two.keys m.test | sed 's/ DS / CDS /'
		echo 'www NSEC x A'
	} >>one.zone
	grep DNSKEY one.keys >>two.zone
	for name in one two; do
		use "$work/$name"
		knot zone-refresh m.test
		within 30 key_count 4
		validate m.test
		mv m.test.axfr "$name.axfr"
	done
	use "$work/one"
	[ "$(ask +short +crypto m.test CDNSKEY | tr -d ' ')" = "${keys[1]// /}" ] ||
		fail "CDNSKEY is not that of the other operator, but $(ask m.test CDNSKEY)"
	expect 'NSEC records are left out' cat one/knotd.log
	mixed one two
	mixed two one
}
# mixed A B: the zone as A has it, validated by the DNSKEY RRset of B.
mixed() {
	local out dnskey='$4 == "DNSKEY" || ($4 == "RRSIG" && $5 == "DNSKEY")'
	{ awk "!($dnskey)" "$1.axfr"; awk "$dnskey" "$2.axfr"; } >mixed
	out=$(ldns-verify-zone -V 2 mixed 2>&1) || fail "$1 by the keys of $2: $out"
}
key_count() { [ "$(ask +short m.test DNSKEY | wc -l)" = "$1" ]; }
