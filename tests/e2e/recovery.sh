# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: mod-opendnssec developers
#
# Never bogus: whatever comes in, is lost, restored, or out of time.

# ---- doors: what others refuse does not come in

ds='1 8 2 0000000000000000000000000000000000000000000000000000000000000001'

# allow_updates ZONE: from 127.0.0.1.
allow_updates() {
	sed -i -e "s|^acl:|&\n  - id: update\n    address: 127.0.0.1\n    action: update|" \
		-e "s|\"$1\"|&\n    acl: [transfer, update]|" "$D/knot.conf"
	knot reload
}

# update ZONE LINE...
update() {
	printf '%s\n' "server 127.0.0.1 $PORT" "zone $1." "${@:2}" send | nsupdate 2>&1
}

# refuses ZONE REGEX [RECORD...]: its file with these records is not taken, and says why.
refuses() {
	small "$1" "$1.test" 2 "${@:3}"
	within 15 status_says "$1.test" "state:.*$2"
	grep -qE "$1\.test.*$2" "$D/knotd.log" || fail "the log has no '$2'"
	[ "$(serial "$1.test")" = "$first" ] || fail "$1.test has changed"
	validate "$1.test"
}

test_doors_file() { # limit 120
	local first
	small a a.test 1
	quick d --zone a.test=a
	first=$(serial a.test)
	refuses a 'a:407: big\.a\.test\. has 400 TXT records of 80400 octets.*no DNS message' \
		"$(for i in {100..499}; do printf 'big TXT %0200d\n' "$i"; done)"
	refuses a "a:8: a\.test\. DS: a DS at the zone's apex" "@ DS $ds"
	refuses a 'a:8: \*\.w\.a\.test\. NS: a wildcard cannot be delegated' '*.w NS ns1'
	refuses a 'a:8: x\.a\.test\. DNSKEY: .* not at the zone' \
		'x DNSKEY 257 3 15 kYdw4vl+AnZKYxjCTtZ4ObcQ6KlvV09j+JUuLfAHqkA='
	refuses a 'a:8: x\.d\.a\.test\. is below a DNAME' 'x.d A 192.0.2.1' 'd DNAME example.'
	small a a.test 3 'after A 192.0.2.9'
	within 15 answers after.a.test A 192.0.2.9
	validate a.test
}

test_doors_update() { # limit 120
	local i zeros
	zeros=$(printf %0196d 0)
	small a a.test 1 "$(for i in {1..290}; do printf 'big TXT %0200d\n' "$i"; done)"
	quick d --zone a.test=a
	allow_updates a.test
	for i in {0291..0330}; do
		update a.test "update add big.a.test 300 TXT \"$zeros$i\"" >answer || break
	done
	says answer 'update failed: REFUSED' || fail "an RRset of $i TXT is taken"
	says "$D/knotd.log" 'a\.test.*update, refused: big\.a\.test\..*no DNS message can hold' ||
		fail "the log does not say why"
	update a.test "update add a.test 300 DS $ds" >answer || true
	says answer REFUSED
	update a.test 'update add *.w.a.test 300 NS ns1.a.test.' >answer || true
	says answer REFUSED
	update a.test 'update add ttl.a.test 2147483647 A 192.0.2.9' || fail 'an update is refused'
	within 15 answers ttl.a.test A 192.0.2.9
	[ "$(ttl ttl.a.test A)" = 86400 ] || fail 'a TTL of 68 years'
	validate a.test
	# What was taken can all be asked for.
	[ "$(ask +tcp +short big.a.test TXT | wc -l)" -ge $((10#$i - 1)) ] || fail 'TXT are missing'
}

# A hash as a label leaves 222 octets for the zone's name.
test_doors_nsec3() { # limit 120
	local l long fits
	l=$(printf 'l%.0s' {1..54})
	long=$l.$l.$l.$l.t fits=$l.$l.$l.${l%?}.t
	kasp k.xml < <(policy lab x)
	small long "$long" 1
	small fits "$fits" 1
	quick d --kasp k.xml --policy x --zone "$long=long" --zone "$fits=fits"
	kasp k.xml < <(policy lab x "$(nsec3_denial)")
	cp k.xml "$D/kasp.xml"
	engine reload
	within 30 status_says "$long" 'state:.*policy x has NSEC3, but .*name is too long.*NSEC'
	engine zone-status "$long" | grep 'too long' || fail 'the engine does not say so'
	within 30 nsec3 "$fits"
	! nsec3 "$long" || fail "the zone has NSEC3PARAM"
	small long "$long" 2 'new A 192.0.2.9'
	within 15 answers "new.$long" A 192.0.2.9
	validate "$long"
	validate "$fits"
	restart_knotd
	within 30 status_says "$long" 'state:.*too long'
	kasp k.xml < <(policy lab x)
	cp k.xml "$D/kasp.xml"
	engine reload
	within 90 status_says "$long" 'state: ok'
	validate "$long"
}
nsec3() { [ -n "$(ask +tcp +short "$1" NSEC3PARAM)" ]; }

test_doors_ttl() { # limit 120
	local before
	kasp k.xml < <(policy lab x 's/<MaxZoneTTL>.*</<MaxZoneTTL>PT200S</')
	small a a.test 1 'long 2147483647 A 192.0.2.7' 'short 100 A 192.0.2.8' \
		'huge 2147483648 A 192.0.2.9' 'cut 90000 NS ns1' "cut 90000 DS $ds"
	quick d --kasp k.xml --policy x --zone a.test=a
	[ "$(ttl long.a.test A)" = 200 ] || fail 'a TTL of 68 years'
	[ "$(ttl short.a.test A)" = 100 ] && [ "$(ttl huge.a.test A)" = 0 ]
	[ "$(ttl cut.a.test DS)" = 200 ] || fail 'the TTL of a DS'
	says "$D/knotd.log" 'a\.test.* RRsets have a larger TTL.*with 200; the first one is ' ||
		fail 'not logged'
	validate a.test
	before=$(serial a.test)
	kasp k.xml < <(policy lab x 's/<MaxZoneTTL>.*</<MaxZoneTTL>PT150S</')
	cp k.xml "$D/kasp.xml"
	engine reload
	within 30 has_ttl long.a.test A 150
	[ "$(ttl short.a.test A)" = 100 ]
	says "$D/knotd.log" 'a\.test.*IXFR, incoming.*finished' || fail 'no IXFR'
	serial_differs a.test "$before"
	validate a.test
}
ttl() { ask +noall +answer "$1" "$2" | awk '{ print $2 }'; }
has_ttl() { [ "$(ttl "$1" "$2")" = "$3" ]; }

# bind_of, nsd_of, knot_of ZONE...: a secondary of these zones, at $port, $port + 1, $port + 2.
bind_of() {
	mkdir bind
	{
		cat <<-EOT
		options {
		    directory "$work/bind"; pid-file "$work/bind/pid"; session-keyfile none;
		    listen-on port $port { 127.0.0.1; }; listen-on-v6 { none; };
		    recursion no; notify no; managed-keys-directory "$work/bind";
		    transfers-in 50; transfers-per-ns 50;
		};
		controls { };
		EOT
		printf 'zone %s { type secondary; primaries port '"$PORT"' { 127.0.0.1; }; };\n' "$@"
	} >bind/named.conf
	named -g -c bind/named.conf >bind/named.log 2>&1 &
	pids+=($!)
}
nsd_of() {
	mkdir nsd
	{
		cat <<-EOT
		server:
		    ip-address: 127.0.0.1
		    port: $((port + 1))
		    server-count: 1
		    username: ""
		    chroot: ""
		    database: ""
		    zonesdir: "$work/nsd"
		    zonelistfile: "$work/nsd/zone.list"
		    xfrdfile: "$work/nsd/xfrd.state"
		    xfrdir: "$work/nsd"
		    pidfile: "$work/nsd/nsd.pid"
		    logfile: "$work/nsd/nsd.log"
		remote-control:
		    control-enable: no
		EOT
		printf 'zone:\n    name: %s\n    request-xfr: 127.0.0.1@'"$PORT"' NOKEY\n' "$@"
	} >nsd/nsd.conf
	nsd -d -c nsd/nsd.conf >nsd/nsd.out 2>&1 &
	pids+=($!)
}
knot_of() {
	{
		printf 'remote:\n  - id: primary\n    address: 127.0.0.1@%s\nzone:\n' "$PORT"
		printf '  - domain: %s\n    master: primary\n    dnssec-validation: on\n' "$@"
	} | another_knotd secondary "127.0.0.1@$((port + 2))"
}
follows() { [ "$(PORT=$1 serial "$2")" = "$(serial "$2")" ]; }

# What we publish, however odd, all secondaries take.
test_doors_secondaries() { # limit 180
	local -A odd=(
		[dsalone]="x DS $ds" [dsdata]="x A 192.0.2.1"$'\n'"x DS $ds"
		[wild]=$'*.w DNAME example.\n*.v CNAME www\n* TYPE65300 \\# 1 00'
		[cds]="_dsboot.x._signal CDS $ds"$'\n''_dsboot.x._signal CDNSKEY 257 3 15 '$(
			)'kYdw4vl+AnZKYxjCTtZ4ObcQ6KlvV09j+JUuLfAHqkA='
		[cut]=$'x NS ns.example.\nx MX 10 a\ny.x CNAME a\nz.x SPF a'
		[signer]=$'x NSEC3PARAM 1 0 0 -\nx NSEC y A'
		[records]=$(printf 'x TXT %s\n' {1..100})
		[types]=$(printf 'x TYPE%s \\# 1 00\n' {65300..65348})
		[large]=$(for i in {1..92}; do
			printf 'x TYPE65300 \\# 680 %04d%01356d\n' "$i" 0; done)
	)
	local zone port args=()
	port=$(free_port)
	for zone in "${!odd[@]}"; do
		small "$zone" "$zone.test" 1 "${odd[$zone]}"
		args+=(--zone "$zone.test=$zone")
	done
	quick d "${args[@]}"
	does_not_say "$D/knotd.log" 'a BIND secondary'
	local zones=("${!odd[@]}")
	zones=("${zones[@]/%/.test}")
	bind_of "${zones[@]}"
	nsd_of "${zones[@]}"
	knot_of "${zones[@]}"
	for zone in "${zones[@]}"; do
		within 30 follows "$port" "$zone"
		within 30 follows $((port + 1)) "$zone"
		within 30 follows $((port + 2)) "$zone"
		# kzonecheck believes that each CDS is one of the zone's own.
		[ "$zone" = cds.test ] || validate "$zone"
	done
}
