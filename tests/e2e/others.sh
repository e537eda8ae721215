# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: mod-opendnssec developers
#
# Zones that a real BIND, Knot or PowerDNS signs, taken over with their keys, while a validating resolver asks a
# secondary that follows the one, and then knotd.

# shellcheck disable=SC1091
. "$e2e/manual-lib.sh"

# here COMMAND: of the page migration-others, as it is here.
here() {
	sed -e "s|/tmp/|$work/|g; s|192\.0\.2\.1|127.0.0.1@$old_port|g; s|/var/lib/bind|$work/old|g" \
		-e 's|example\.com|o.test|g; s|--policy default|--policy moved --ttl 1|g' <<<"$1"
}
ods-hsm() { "$BUILD_DIR/ods-hsm" -c "$D/conf.xml" "$@"; }

# moving NAME [SED-EXPRESSION...]: a policy like $base whose waits are over at once.
moving() {
	policy "$base" "$@" \
		's|<Resign>.*<|<Resign>PT5S<|' 's|<Refresh>.*<|<Refresh>PT1H<|' \
		's|<Default>.*<|<Default>P1D<|' 's|<Denial>P.*<|<Denial>P1D<|' \
		's|<Jitter>.*<|<Jitter>PT0S<|' 's|<MaxZoneTTL>.*<|<MaxZoneTTL>PT1S<|' \
		's|<TTL>P[^<]*<|<TTL>PT1S<|' 's|<Minimum>.*<|<Minimum>PT1S<|' \
		's|Safety>P[^<]*<|Safety>PT1S<|' 's|<PropagationDelay>.*<|<PropagationDelay>PT1S<|'
}

# ready BASE: servers with policy "moved", and "three", which denies by NSEC3; a zone of their own.
ready() {
	base=$1
	{ moving moved; moving three "$(nsec3_denial)"; } | kasp kasp.xml
	unsigned native.zone native.test
	unsigned o.zone o.test
	quick d --kasp kasp.xml --policy moved --zone native.test=native.zone
	old_port=$(free_port)
	mkdir -p old
}

# unsigned FILE ZONE: a zone that no cache keeps for long, with what resolver-prober.py asks for.
unsigned() {
	small "$1" "$2" 1 'deep A 192.0.2.9' '*.wild A 192.0.2.10'
	# shellcheck disable=SC2016
	sed -i -e 's/^\$TTL 300/$TTL 1/' -e 's/ 300$/ 1/' "$1"
}

old_serial() { PORT=$old_port serial o.test; }
old_signed() { PORT=$old_port signed o.test; }

# watch: o.test is asked for all the time, from a secondary of the old signer, by its KSKs.
watch() {
	local anchors
	secondary_port=$(free_port)
	another_knotd secondary "127.0.0.1@$secondary_port" <<-EOT
	remote:
	  - id: primary
	    address: 127.0.0.1@$old_port
	acl:
	  - id: all
	    address: 127.0.0.1
	    action: [notify, transfer]
	zone:
	  - domain: o.test
	    master: primary
	    acl: all
	    dnssec-validation: on
	EOT
	within 30 follows old_serial
	unbound_port=$(free_port)
	mapfile -t anchors < <(PORT=$old_port ask +short +crypto o.test DNSKEY | sed -n 's/^257/o.test. DNSKEY 257/p')
	run_unbound unbound "$unbound_port" "${anchors[0]}" "trust-anchor: \"${anchors[-1]}\"" \
		'cache-max-ttl: 1' 'cache-max-negative-ttl: 1' <<<"o.test 127.0.0.1@$secondary_port"
	within 30 resolves o.test
	"$e2e/resolver-prober.py" "$unbound_port" --rate 20 o.test >resolver.out 2>&1 &
	watcher=$!
	pids+=("$watcher")
	within 10 says resolver.out asking
}
# follows COMMAND...: the secondary has the serial that it prints.
follows() { [ "$(PORT=$secondary_port serial o.test)" = "$("$@")" ]; }

# key_in ALGORITHM FILE [CKA_ID]: brings a key into the token.
key_in() { "$BUILD_DIR/ods-hsm" -c "$D/conf.xml" import SoftHSM "$1" "$2" '' ${3:+"$3"} >>keys.in; }
key_count() { "$BUILD_DIR/ods-hsm" -c "$D/conf.xml" list SoftHSM | wc -l; }

# tags FLAGS: key tags in the DNSKEY RRset that knotd serves.
tags() {
	ask o.test DNSKEY +noall +answer +crypto >dnskey
	grep "DNSKEY[[:space:]]*$1" dnskey >role || return 0
	dnssec-dsfromkey -A -2 -f role o.test | awk '{ print $4 }' | sort -n | paste -sd ' '
}
are() { [ "$(tags "$1")" = "$2" ]; }

# try FROM PATH NAME: what is refused, and their policy.
try() {
	local order=(import -y --from "$1" --ttl 1)
	local server="127.0.0.1@$old_port"
	expect "its last serial is not known: name the server of $3" ods "${order[@]}" -n --policy moved "$2" o.test
	expect "the server of $3, 127.0.0.1@$PORT: " \
		ods "${order[@]}" -n --policy moved --server "127.0.0.1@$PORT" "$2" o.test
	expect "policy three of kasp.xml has NSEC3, and $3 signs with NSEC" \
		ods "${order[@]}" -n --policy three --server "$server" "$2" o.test
	# What they do as a policy: it fits as it is.
	ods migrate --from "$1" --server "$server" --ttl 3600 "$2" o.test >theirs.xml
	{ sed '/<\/KASP>/d' "$D/kasp.xml"; sed '1,/<KASP>/d' theirs.xml; } >both.xml
	cp both.xml "$D/kasp.xml"
	ods check >check.out || fail "$(cat check.out)"
	engine reload
	expect 'o.test.  taken over' ods "${order[@]}" -n --policy "$1-1" --server "$server" "$2" o.test
}

# take FROM PATH NAME: with the serial that the old signer serves.
take() {
	try "$@"
	last_serial=$(old_serial)
	ods import -y --from "$1" --ttl 1 --policy moved --server "127.0.0.1@$old_port" "$2" o.test >import.out ||
		fail "$(cat import.out)"
	key_count >count.before
}

# change: knotd has the zone from now on, and the secondary follows it.
change() {
	add_zone o.test "$work/o.zone"
	knot reload
	within 60 signed o.test
	validate o.test
	[ "$(serial o.test)" -gt "$last_serial" ] || fail "serial $(serial o.test) after $last_serial"
	expect 'no key takes a step: the zone was imported' engine zone-status o.test
	sed -i "s/@$old_port/@$PORT/" secondary/knot.conf
	knotc -s secondary/knot.sock reload
	knotc -s secondary/knot.sock zone-refresh o.test
	within 30 follows serial o.test
}

# thawed KSK: keys take steps again; that the parent has its DS, a person has to say.
thawed() {
	ods thaw --imported
	within 60 engine_says o.test "sk: $1, [^|]*DS rumoured"
	ods ds-seen o.test "$1"
}

# ended: no key was generated; the resolver was never in doubt.
ended() {
	validate o.test
	[ "$(key_count)" = "$(cat count.before)" ] || fail "there are other keys than before"
	kill -INT "$watcher"
	wait "$watcher" || fail "the resolver: $(cat resolver.out)"
	cat resolver.out
}
settled() { ! engine zone-status o.test | grep 'next:' >/dev/null; }

# ---- BIND

rndc() { command rndc -c "$work/old/rndc.conf" "$@"; }

start_bind() {
	local key='key e2e { algorithm hmac-sha256; secret "c2VjcmV0c2VjcmV0c2VjcmV0"; };' control
	control=$(free_port)
	cp o.zone old/o.zone
	cat >old/rndc.conf <<-EOT
	$key
	options { default-key e2e; default-server 127.0.0.1; default-port $control; };
	EOT
	cat >old/named.conf <<-EOT
	$key
	controls { inet 127.0.0.1 port $control allow { any; } keys { e2e; }; };
	options {
		directory "$work/old"; pid-file "$work/old/pid"; session-keyfile none; recursion no;
		listen-on port $old_port { 127.0.0.1; }; listen-on-v6 { none; };
		allow-transfer { any; }; notify no;
	};
	dnssec-policy fast {
		keys {
			ksk key-directory lifetime unlimited algorithm 13;
			zsk key-directory lifetime P30D algorithm 13;
		};
		dnskey-ttl 1; max-zone-ttl 1; parent-ds-ttl 1;
		zone-propagation-delay 1; parent-propagation-delay 1; publish-safety 3; retire-safety 1;
		signatures-validity P14D; signatures-refresh P5D;
	};
	zone "o.test" { type primary; file "o.zone"; dnssec-policy fast; inline-signing yes; };
	EOT
	named -g -c old/named.conf >old/log 2>&1 &
	bind=$!
	pids+=("$bind")
	within 30 old_signed
}

# bind_has ROLE STATE...: a key of that role has these lines in its K*.state; its tag is printed.
bind_has() {
	local file line role=$1
	shift
	for file in old/K*.state; do
		grep -qx "$role: yes" "$file" || continue
		for line in "$@"; do
			grep -qx "$line" "$file" || continue 2
		done
		sed -n 's/^; This is the state of key \([0-9]*\),.*/\1/p' "$file"
		return
	done
	return 1
}

# ordered NUMBER...
ordered() { printf '%s\n' "$@" | sort -n | paste -sd ' '; }

# In the midst of rollovers of both keys, which we finish: BIND has old signatures for days.
test_bind() {
	local ksk old_ksk zsk old_zsk file
	ready default
	start_bind
	within 60 bind_has KSK 'DNSKEYState: omnipresent' 'DSState: rumoured'
	old_ksk=$(bind_has KSK 'DSState: rumoured')
	old_zsk=$(bind_has ZSK 'DNSKEYState: omnipresent')
	rndc dnssec -checkds -key "$old_ksk" published o.test
	within 60 bind_has KSK 'DSState: omnipresent'
	rndc dnssec -rollover -key "$old_ksk" o.test
	rndc dnssec -rollover -key "$old_zsk" o.test
	within 60 bind_has ZSK 'GoalState: hidden' 'ZRRSIGState: unretentive'
	within 60 bind_has KSK 'GoalState: hidden' 'DSState: unretentive'
	within 60 bind_has KSK 'GoalState: omnipresent' 'DSState: rumoured'
	ksk=$(bind_has KSK 'GoalState: omnipresent')
	zsk=$(bind_has ZSK 'GoalState: omnipresent')
	watch
	expect 'no repository of the policy has it: ods-hsm import' \
		ods import -n --from bind --policy moved "$work/old" o.test
	run_page migration-others 1 1
	run_page migration-others 3 3
	try bind "$work/old" BIND
	run_page migration-others 4 4
	cp said.out import.plan
	last_serial=$(old_serial)
	key_count >count.before
	run_page migration-others 5
	expect '<KSK><Algorithm length="256">13</Algorithm><Lifetime>.*<ManualRollover/></KSK>' cat theirs.xml
	expect '<ZSK><Algorithm length="256">13</Algorithm><Lifetime>P30D</Lifetime><Repository>SoftHSM</Repository></ZSK>' \
		cat theirs.xml
	expect '<Validity><Default>P14D</Default><Denial>P14D</Denial></Validity>' cat theirs.xml
	expect '<SOA><TTL>PT1S</TTL><Minimum>PT1S</Minimum><Serial>counter</Serial>' cat theirs.xml
	expect "taken over: .*zsk $old_zsk \(going\)" cat import.plan
	expect "taken over: .*ksk $old_ksk \(going\)" cat import.plan
	stop_pid $bind
	change
	are 256 "$(ordered "$old_zsk" "$zsk")" || fail "the ZSKs are $(tags 256)"
	are 257 "$(ordered "$old_ksk" "$ksk")" || fail "the KSKs are $(tags 257)"
	thawed "$ksk"
	within 60 are 256 "$zsk"
	ods ds-gone o.test "$old_ksk"
	within 60 are 257 "$ksk"
	within 60 settled
	ended
}

# ---- Knot

# without_signer ZONE: what the old signer serves without what a signer makes.
without_signer() {
	kdig @127.0.0.1 -p "$old_port" "$1" AXFR |
		sed -E '/^\S+\s+([0-9]+\s+)?(IN\s+)?(RRSIG|NSEC|NSEC3|NSEC3PARAM|DNSKEY|CDS|CDNSKEY)\s/d'
}
ids_of() { sed -n 's/^ *"id": "\(.*\)",/\1/p' "$1"; }

# A ZSK was published that does not sign yet; the KSK is that of another zone, too. Knot has written the signed zone to its file, so what is not signed
# comes by a transfer.
test_knot() {
	local ksk zsks new id
	ready default
	unsigned s.zone s.test
	another_knotd old "127.0.0.1@$old_port" <<-EOT
	acl:
	  - id: all
	    address: 127.0.0.1
	    action: transfer
	policy:
	  - id: fast
	    algorithm: ecdsap256sha256
	    dnskey-ttl: 1
	    zone-max-ttl: 1
	    propagation-delay: 1h
	    ksk-shared: on
	zone:
	  - domain: s.test
	    file: "$work/s.zone"
	    acl: all
	    dnssec-signing: on
	    dnssec-policy: fast
	  - domain: o.test
	    file: "$work/o.zone"
	    acl: all
	    dnssec-signing: on
	    dnssec-policy: fast
	EOT
	knotd=$another
	within 30 old_signed
	watch
	keymgr -c old/knot.conf --json o.test list >early.json
	knotc -s old/knot.sock zone-key-rollover o.test zsk
	keymgr -c old/knot.conf --json o.test list >keys.json
	zsks=$(sed -n 's/^ *"tag": \([0-9]*\),/\1/p' keys.json | wc -l)
	[ "$zsks" = 3 ] || fail "Knot has $zsks keys"
	ksk=$(grep -A1 '"zsk": false' keys.json | sed -n 's/^ *"tag": \([0-9]*\),/\1/p')
	zsks=$(grep -A1 '"zsk": true' keys.json | sed -n 's/^ *"tag": \([0-9]*\),/\1/p' | sort -n | paste -sd ' ')
	keymgr -c old/knot.conf --json s.test list >shared.json
	for id in $(cat <(ids_of keys.json) <(ids_of shared.json) | sort -u); do
		key_in 13 "old/keys/keys/$id.pem" "$id"
	done
	knotc -s secondary/knot.sock zone-refresh o.test
	within 30 follows old_serial
	expect 'it serves DNSKEY [0-9]* of algorithm 13, which is not among the keys to be taken over' \
		ods import -n --from knot --policy moved --server "127.0.0.1@$old_port" "$work/early.json" o.test
	take knot "$work/keys.json" Knot
	[ "$(grep -c '<ZSK>' theirs.xml)" = 1 ] || fail "$(cat theirs.xml)"
	expect "taken over: .*zsk [0-9]* \(coming\)" cat import.out
	new=$(sed -n 's/.*zsk \([0-9]*\) (coming).*/\1/p' import.out)
	says o.zone '[[:space:]]RRSIG[[:space:]]'
	ods import -y --from knot --policy moved --ttl 1 --server "127.0.0.1@$old_port" "$work/shared.json" s.test
	without_signer o.test >o.unsigned
	without_signer s.test >s.unsigned
	stop_pid $knotd
	mv o.unsigned o.zone
	mv s.unsigned s.zone
	add_zone s.test "$work/s.zone"
	change
	within 60 signed s.test
	validate s.test
	ask s.test DNSKEY +short | grep '^257' >s.ksk
	ask o.test DNSKEY +short | grep '^257' | diff - s.ksk || fail "they do not share the KSK any more"
	same_data o.zone o.test
	are 256 "$zsks" || fail "the ZSKs are $(tags 256), not $zsks"
	are 257 "$ksk" || fail "the KSK is $(tags 257)"
	thawed "$ksk"
	# It signs now; the one before goes when its signatures have come due.
	within 60 engine_says o.test "zsk: $new, [^|]*RRSIG rumoured"
	ended
}

# ---- PowerDNS

old_has_nsec3() { [ -n "$(PORT=$old_port ask +short o.test NSEC3PARAM)" ]; }
old_has_nsec() { ! old_has_nsec3; }
pdnsutil() { command pdnsutil --config-dir="$work/old" "$@" 2>>pdnsutil.log; }

test_powerdns() {
	local api csk
	ready csk
	api=$(free_port)
	cat >old/named.conf <<-EOT
	options { directory "$work"; };
	zone "o.test" { type master; file "o.zone"; };
	EOT
	cat >old/pdns.conf <<-EOT
	launch=bind
	bind-config=$work/old/named.conf
	bind-dnssec-db=$work/old/dnssec.db
	socket-dir=$work/old
	local-address=127.0.0.1
	local-port=$old_port
	allow-axfr-ips=127.0.0.0/8
	default-ttl=1
	domain-metadata-cache-ttl=0
	cache-ttl=0
	query-cache-ttl=0
	webserver=yes
	webserver-port=$api
	api=yes
	api-key=e2e
	EOT
	if ! pdnsutil create-bind-db "$work/old/dnssec.db" && says pdnsutil.log 'bind.*undefined symbol'; then
		echo "skipped: this pdnsutil cannot load its backend" # 5.1.5, that of Debian sid
		return
	fi
	pdnsutil secure-zone o.test
	"$(command -v pdns_server || echo /usr/sbin/pdns_server)" --config-dir="$work/old" --guardian=no >old/log 2>&1 &
	powerdns=$!
	pids+=("$powerdns")
	within 30 old_signed
	python3 -c 'import sys, urllib.request as u
print(u.urlopen(u.Request(sys.argv[1], headers={"X-API-Key": "e2e"})).read().decode())' \
		"http://127.0.0.1:$api/api/v1/servers/localhost/zones/o.test./cryptokeys" >keys.json
	pdnsutil export-zone-key o.test 1 >1.private
	key_in 13 1.private
	pdnsutil set-nsec3 o.test '1 1 3 ab'
	within 60 old_has_nsec3
	ods migrate --from powerdns --server "127.0.0.1@$old_port" "$work/keys.json" o.test >theirs.xml
	expect '<NSEC3><OptOut/>.*<Iterations>3</Iterations><Salt length="1"/>' cat theirs.xml
	expect 'policy moved of kasp.xml has NSEC, and PowerDNS signs with NSEC3' \
		ods import -n --from powerdns --policy moved --server "127.0.0.1@$old_port" "$work/keys.json" o.test
	pdnsutil unset-nsec3 o.test
	within 60 old_has_nsec
	watch
	csk=$(pdnsutil list-keys o.test | awk '$1 == "o.test" { print $NF }')
	run_page migration-others 2 2
	expect "taken over: csk $csk;" ods import -n --from powerdns --policy moved --ttl 1 \
		--server "127.0.0.1@$old_port" "$work/o.test.json" o.test
	take powerdns "$work/keys.json" PowerDNS
	expect '<CSK><Algorithm length="256">13</Algorithm>' cat theirs.xml
	expect "taken over: csk $csk;" cat import.out
	stop_pid $powerdns
	change
	are 257 "$csk" || fail "the CSK is $(tags 257)"
	thawed "$csk"
	within 60 settled
	ended
	are 257 "$csk" || fail "the CSK is $(tags 257)"
}

# ---- knot.conf by named.conf

# named_with_lists: zones of each kind that named.conf can have; who may transfer them is told in several ways.
named_with_lists() {
	local zone
	for zone in o.test 0/26.2.0.192.in-addr.arpa xn--bcher-kva.test 'a\.b.test' plain.test dynamic.test; do
		unsigned "old/${zone//\//-}.zone" "$zone"
	done
	unsigned old/root.zone ''
	mv 'old/a\.b.test.zone' old/a.b.test.zone
	unsigned 'old/odd\.zone' odd.test
	unsigned far.zone far.test
	far_port=$(free_port)
	another_knotd far "127.0.0.1@$far_port" <<-EOT
	key:
	  - id: xfr.test
	    algorithm: hmac-sha256
	    secret: $secret
	acl:
	  - id: all
	    key: xfr.test
	    action: transfer
	zone:
	  - domain: far.test
	    file: "$work/far.zone"
	    acl: all
	EOT
	listener_port=$(free_port)
	cat >old/lists.conf <<-EOT
	key "Xfr.Test" { algorithm hmac-sha256; secret "$secret"; };
	key "other.test" { algorithm hmac-sha512; secret "$secret"; };
	acl "friends" { !127.0.0.3; 127.0.0.0/29; key "Xfr.Test"; };
	primaries "far" port $far_port { 127.0.0.1 key "xfr.test"; };
	options {
		directory "$work/old"; pid-file none; session-keyfile none; recursion no;
		listen-on port $old_port { 127.0.0.1; }; listen-on-v6 { none; };
		allow-transfer { !127.0.0.2; friends; }; key-directory "$work/old"; notify explicit; check-names primary ignore;
		also-notify { 127.0.0.1 port $listener_port key "xfr.test"; };
	};
	dnssec-policy fast { keys { csk lifetime unlimited algorithm 13; }; };
	controls { };
	zone "o.test" { type primary; file "o.test.zone"; dnssec-policy fast; inline-signing yes; };
	zone "0/26.2.0.192.in-addr.arpa" {
		type primary; file "0-26.2.0.192.in-addr.arpa.zone"; dnssec-policy fast; inline-signing yes;
		allow-transfer { any; };
	};
	zone "xn--bcher-kva.test" {
		type primary; file "xn--bcher-kva.test.zone"; dnssec-policy fast; inline-signing yes;
		allow-transfer { key "other.test"; };
	};
	zone "a\.b.test" {
		type primary; file "a.b.test.zone"; dnssec-policy fast; inline-signing yes; notify no;
		allow-transfer { none; };
	};
	zone "far.test" {
		type secondary; file "far.db"; primaries { far; }; dnssec-policy fast; inline-signing yes;
		allow-transfer { friends; };
	};
	zone "plain.test" { type primary; file "plain.test.zone"; allow-transfer { friends; localnets; }; };
	zone "odd.test" {
		type primary; file "odd\\.zone"; dnssec-policy fast; inline-signing yes;
	};
	zone "dynamic.test" { type primary; file "dynamic.test.zone"; allow-update { key "other.test"; }; };
	zone "." { type primary; file "root.zone"; dnssec-policy fast; inline-signing yes; allow-transfer { any; }; };
	EOT
	named-checkconf -p old/lists.conf >named.conf || fail "$(cat named.conf)"
	named -g -c old/lists.conf >old/log 2>&1 &
	bind=$!
	pids+=("$bind")
}

signing='o.test 0/26.2.0.192.in-addr.arpa xn--bcher-kva.test a\.b.test far.test .'

# may PORT: for each zone, who gets it: by address and key.
may() {
	local zone from key
	for zone in $signing; do
		for from in 127.0.0.1 127.0.0.2 127.0.0.3 127.0.0.9; do
			for key in '' "hmac-sha256:xfr.test:$secret" "hmac-sha512:other.test:$secret"; do
				kdig @127.0.0.1 -p "$1" -b $from ${key:+-y "$key"} "$zone" AXFR >may.out 2>&1 || true
				echo "$zone $from ${key%%:$secret} $(grep -c '[[:space:]]SOA[[:space:]]' may.out)"
			done
		done
	done
}

named_signs() { local PORT=$old_port zone; for zone in $signing; do signed "$zone" || return 1; done; }
knot_signs() { local zone; for zone in $signing; do signed "$zone" || return 1; done; }
bind_rests() { [ "$(ls old/K*.state | wc -l)" = 7 ] && ! grep -L '^DNSKEYChange' old/K*.state | grep . >/dev/null; }

test_named_conf() {
	local file zone
	ready csk
	secret=Wg6FH9tJ1Dz0WVrwBpKXsZ3vQ0k0NOu8M7IzVYJmbWI=
	named_with_lists
	within 60 named_signs
	within 30 bind_rests
	may "$old_port" >may.bind
	taker() {
		printf '%s\n' 'key:' '  - id: xfr.test' '    algorithm: hmac-sha256' "    secret: $secret" 'acl:' \
			'  - id: all' '    key: xfr.test' '    action: notify' 'remote:' '  - id: ours' \
			"    address: 127.0.0.1@$PORT" '    key: xfr.test' 'zone:'
		for zone in $signing; do
			printf '  - domain: "%s"\n    master: ours\n    acl: all\n' "$zone"
		done
	}
	taker >taker.conf
	another_knotd taker "127.0.0.1@$listener_port" <taker.conf

	ods migrate --from bind --server "127.0.0.1@$old_port" --named-conf named.conf --below -o "$work/moved" \
		--listen "127.0.0.1@$PORT" --ttl 1 "$work/old" >plan.out 2>plan.err && fail "a zone is left out, and that is no failure"
	expect '^6 of 7 signed zones move' cat plan.out
	expect '^  odd.test.: knot.conf cannot have the path of its file' cat plan.out
	expect '^  dynamic.test.: named does not sign it' cat plan.out
	expect '^  plain.test.: named does not sign it' cat plan.out
	expect '^  line [0-9]+: allow-transfer: "localnets" is left out$' cat plan.out
	expect '^  listen-on: ' cat plan.out
	expect 'File exists; it stays as it is' ods migrate --from bind --server "127.0.0.1@$old_port" \
		--named-conf named.conf -o "$work/moved" --ttl 1 "$work/old"

	# knotd has no views.
	cat >views.conf <<-EOT
	options { directory "$work/old"; dnssec-policy default; };
	view "in" { match-clients { 127.0.0.1; }; zone "o.test" { type primary; file "o.test.zone"; inline-signing yes; }; };
	view "out" { zone "o.test" { type primary; file "far.db"; inline-signing yes; }; };
	EOT
	named-checkconf -p views.conf >named.views || fail "$(cat named.views)"
	expect '^  o.test.: it is in views "in" and "out", and knotd has no views: name one by --view' \
		ods migrate --from bind --server "127.0.0.1@$old_port" --named-conf named.views "$work/old"
	ods migrate --from bind --server "127.0.0.1@$old_port" --named-conf named.views --view in "$work/old" >plan.in ||
		fail "$(cat plan.in)"
	expect '^1 of 1 signed zones move' cat plan.in
	expect '^  far.test.: there are keys of it, and named.conf has no such zone in that view' cat plan.in

	sed '/dnssec-policy/d' named.views >named.static
	expect '^  o.test.: named is not told to sign it, and there are keys of it: its file may be the signed zone' \
		ods migrate --from bind --server "127.0.0.1@$old_port" --named-conf named.static --view in "$work/old"

	# As the plan says.
	PATH=$PATH:$BUILD_DIR sh moved/check-zones.sh >check.out 2>&1 || fail "check-zones.sh: $(cat check.out)"
	{ sed '/<\/KASP>/d' "$D/kasp.xml"; sed '1,/<KASP>/d' moved/kasp.xml; } >both.xml
	sed 's|<Serial>counter|<Serial>unixtime|' both.xml >"$D/kasp.xml"
	ods check >check.out || fail "$(cat check.out)"
	engine reload
	for file in old/K*.private; do
		key_in 13 "$file"
	done
	PATH=$PATH:$BUILD_DIR sh moved/import.sh -n >dry.out 2>&1 || fail "import.sh -n: $(cat dry.out)"
	[ "$(grep -c 'test.  taken over: csk\|arpa.  taken over: csk\|^\.  taken over: csk' dry.out)" = 6 ] || fail "$(cat dry.out)"
	# Where all zones move in the same way, it is one command.
	mkdir alone
	cp -p old/Ko.test.* alone
	ods migrate --from bind --server "127.0.0.1@$old_port" --named-conf named.views --view in -o "$work/one" "$work/alone" >one.out
	expect "^take 'bind-1' '' " cat one/import.sh
	PATH=$PATH:$BUILD_DIR expect '^o.test.  taken over: csk' sh one/import.sh -n
	PATH=$PATH:$BUILD_DIR sh moved/import.sh -y >import.out 2>&1 || fail "import.sh -y: $(cat import.out)"
	stop_pid "$bind"

	# The engine of these tests speaks to a module whose socket has another place.
	{
		printf 'module:\n  - id: mod-opendnssec\n    file: "%s"\n\n' "$BUILD_DIR/opendnssec.so"
		sed -e "s|$work/moved/run|$D/run|g" moved/knot.conf
	} >knot.conf
	expect 'Configuration is valid' knotc -c knot.conf conf-check
	stop_pid "$(cat "$D/run/knotd.pid")"
	cp knot.conf "$D/knot.conf"
	start_knotd
	within 60 knot_signs
	for zone in $signing; do
		within 20 engine_says "$zone" 'the zone was imported'
	done
	may "$PORT" >may.knot
	diff <(sed 's/ [1-9]$/ yes/' may.bind) <(sed 's/ [1-9]$/ yes/' may.knot) || fail "others may transfer than with named"
	grep -c ' yes$' <(sed 's/ [1-9]$/ yes/' may.knot)
	for zone in o.test 0/26.2.0.192.in-addr.arpa xn--bcher-kva.test far.test; do
		within 20 says taker/knotd.log "\[$zone.\] notify, incoming, .*serial 1[0-9]{9}"
	done
	does_not_say taker/knotd.log 'b.test.\] notify, incoming'
	same_data o.zone o.test
}
