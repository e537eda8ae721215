# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: mod-opendnssec developers
#
# ods migrate, from a real OpenDNSSEC: the folder that it writes is run as it is.
#
# What hurt in the first trial of such a move, and the test of each:
#
#    1  rollovers before the secondaries follow      migration:long_forth, import:long_takes_over
#    2  a wrong template changes keys or denial      long_moves
#    3  OpenDNSSEC's kasp.db is written to           long_moves, unit test-engine-store
#    4  import -n needs an engine, files mix         long_moves
#    5  zones that knotd had before the import       long_knotd_had_them
#    6  the signer's folder is not where it is said  long_moves
#    7  one policy refuses all of kasp.xml           long_moves
#    8  permissions                                  long_moves
#    9  lines of SERVFAIL at the first start         long_moves
#   10  elements that are not used are not named     long_moves
#   11  advice refuses kasp.xml                      long_moves
#   12  knot.conf by hand                            long_moves
#   13  the way back                                 migration:long_back, migration:long_forth

# shellcheck disable=SC1091
. "$e2e/opendnssec-lib.sh"
# shellcheck disable=SC1091
. "$e2e/manual-lib.sh"

secret=Wg6FH9tJ1Dz0WVrwBpKXsZ3vQ0k0NOu8M7IzVYJmbWI=

# moving NAME [SED-EXPRESSION...]: a policy whose waits are over at once.
moving() {
	policy "${base:-default}" "$@" \
		's|<Resign>.*<|<Resign>PT5S<|' 's|<Refresh>.*<|<Refresh>PT1H<|' \
		's|<Default>.*<|<Default>P1D<|' 's|<Denial>P.*<|<Denial>P1D<|' \
		's|<Jitter>.*<|<Jitter>PT0S<|' 's|<MaxZoneTTL>.*<|<MaxZoneTTL>PT1S<|' \
		's|<TTL>P[^<]*<|<TTL>PT1S<|' 's|<Minimum>.*<|<Minimum>PT1S<|' \
		's|Safety>P[^<]*<|Safety>PT1S<|' 's|<PropagationDelay>.*<|<PropagationDelay>PT1S<|'
}

policies() {
	echo '<KASP>'
	moving plain
	moving 'three \&amp; more' "$(nsec3_denial '' 8)"
	base=csk moving one
	base=rsa moving rsa
	# RSA with SHA-1, which must not sign any more.
	base=rsa moving old 's|>8</Algorithm>|>7</Algorithm>|' "$(nsec3_denial '' 8)"
	echo '</KASP>'
}

# brief FILE ZONE SERIAL: a zone that no cache keeps for long.
brief() {
	small "$@"
	# shellcheck disable=SC2016
	sed -i -e 's/^\$TTL 300/$TTL 1/' -e 's/ 300$/ 1/' "$1"
}

make_token() {
	mkdir "$work/tokens"
	export SOFTHSM2_CONF=$work/softhsm2.conf
	printf '%s\n' "directories.tokendir = $work/tokens" 'objectstore.backend = file' >"$SOFTHSM2_CONF"
	softhsm2-util --init-token --free --label moved --pin 1234 --so-pin 5678 >softhsm2-util.out
}

# addns: of zones that come from the primary at $from and go to whoever has the key.
addns() {
	cat <<-EOT
	<Adapter><DNS>
		<TSIG><Name>xfr.example</Name><Algorithm>hmac-sha256</Algorithm><Secret>$secret</Secret></TSIG>
		<Inbound>
			<RequestTransfer>
				<Remote><Address>127.0.0.1</Address><Port>$from</Port><Key>xfr.example</Key></Remote>
			</RequestTransfer>
			<AllowNotify><Peer><Prefix>127.0.0.1</Prefix></Peer></AllowNotify>
		</Inbound>
		<Outbound>
			<ProvideTransfer>
				<Peer><Prefix>127.0.0.0&amp;255.0.0.0</Prefix><Key>xfr.example</Key></Peer>
				<Peer><Prefix>127.0.0.1</Prefix><Key>forgotten.example</Key></Peer>
			</ProvideTransfer>
			<Notify><Remote><Address>127.0.0.1</Address><Port>$to</Port></Remote></Notify>
		</Outbound>
	</DNS></Adapter>
	EOT
}

# adapter ZONE POLICY INPUT OUTPUT: an entry of zonelist.xml, the adapters with their type.
adapter() {
	cat <<-EOT
	<Zone name="$1"><Policy>$2</Policy><SignerConfiguration>$ods/signconf/${1//\//-}.xml</SignerConfiguration>
	<Adapters><Input><Adapter type="${3%%:*}">${3#*:}</Adapter></Input>
	<Output><Adapter type="${4%%:*}">${4#*:}</Adapter></Output></Adapters></Zone>
	EOT
}

start_primary() {
	from=$(free_port)
	brief primary.zone primary.test 7
	another_knotd primary "127.0.0.1@$from" <<-EOT
	key:
	  - id: xfr.example
	    algorithm: hmac-sha256
	    secret: $secret
	acl:
	  - id: signer
	    key: xfr.example
	    action: transfer
	zone:
	  - domain: primary.test
	    file: "$work/primary.zone"
	    acl: signer
	EOT
}

# An OpenDNSSEC with zones of each policy, files and transfers.
start_all() {
	ods=$work/ods
	mkdir -p "$ods/run" "$ods/signconf" "$work/unsigned"
	make_token
	start_primary
	to=$(free_port)
	listener=$(free_port)
	policies >"$ods/kasp.xml"
	addns >"$ods/addns.xml"
	ods_conf "$ods" moved 1234 | sed "s|</Signer>|<Listener><Interface><Address>127.0.0.1</Address>$(
		)<Port>$listener</Port></Interface></Listener>&|" >"$ods/conf.xml"
	chmod 0600 "$ods/conf.xml"
	local zone policy
	{
		echo '<ZoneList>'
		while IFS='|' read -r zone policy; do
			brief "$work/unsigned/$zone" "$zone" 5
			adapter "$zone" "$policy" "File:$work/unsigned/$zone" "File:$work/$zone.signed"
		done <<-'EOT'
		plain.test|plain
		three.test|three &amp; more
		one.test|one
		old.test|old
		EOT
		brief "$work/100% odd.zone" odd.test 5 'elsewhere.example. A 192.0.2.5'
		adapter odd.test plain "File:$work/100% odd.zone" "File:$work/odd.test.signed"
		adapter primary.test rsa "DNS:$ods/addns.xml" "DNS:$ods/addns.xml"
		brief "$work/unsigned/classless" 0/25.2.0.192.in-addr.arpa 5
		adapter 0/25.2.0.192.in-addr.arpa plain "File:$work/unsigned/classless" "File:$work/classless.signed"
		brief "$work/unsigned/mixed" MiXed-1.Test 5
		adapter MiXed-1.Test plain "File:$work/unsigned/mixed" "File:$work/mixed.signed"
		brief "$work/unsigned/idn" xn--bcher-kva.test 5
		adapter xn--bcher-kva.test plain "File:$work/unsigned/idn" "File:$work/idn.signed"
		brief "$work/unsigned/escaped" 'a\.b.test' 5
		adapter 'a\.b.test' plain "File:$work/unsigned/escaped" "File:$work/escaped.signed"
		brief "$work/unsigned/root" '' 5
		adapter . plain "File:$work/unsigned/root" "File:$work/root.signed"
		echo '</ZoneList>'
	} >"$ods/zonelist.xml"
	run_opendnssec
}

# Names of zones that are no names of files, or not in lower case.
odd_names='0/25.2.0.192.in-addr.arpa MiXed-1.Test xn--bcher-kva.test a\.b.test .'
zones='plain.test three.test one.test odd.test primary.test'

ds_seen() {
	ods-enforcer key ds-seen -z "$1" -x "$(ods_keys "$1" | awk '$1 != "ZSK" { print $6; exit }')" >>ods.out
}
all_move() {
	"$BUILD_DIR/ods" migrate "$ods/conf.xml" >plan.now 2>&1 || true
	grep "^10 of 11 zones move" plan.now >/dev/null
}

settle() {
	local zone
	for zone in $zones $odd_names old.test; do
		within 60 ods_has "$zone" '^[KC]SK [ro].* omnipresent omnipresent'
		ds_seen "$zone" || true
	done
	for zone in $zones $odd_names old.test; do
		within 60 is_seen "$zone"
	done
}
# The enforcer can keep itself from its database: then it is told again, or knows and says that it failed.
is_seen() { ods_has "$1" '^[KC]SK omnipresent' || { ds_seen "$1" && false; }; }

# The folder's servers; $D is it.
run_folder() {
	D=$work/folder PORT=$(free_port)
	"$BUILD_DIR/ods" migrate --below --output "$D" --listen "127.0.0.1@$PORT" "$ods/conf.xml" >migrate.out &&
		fail "a zone is left out, and that is no failure"
	KNOT_SOCKET=$D/run/knot.sock MODULE_SOCKET=$D/run/module.sock ENGINE_SOCKET=$D/run/engine.sock
	# It is for an installed module; this one is another.
	{
		printf 'module:\n  - id: mod-opendnssec\n    file: "%s"\n\n' "$BUILD_DIR/opendnssec.so"
		cat "$D/knot.conf"
	} >knot.conf.test
	cp knot.conf.test "$D/knot.conf"
	expect 'Configuration is valid' knotc -c "$D/knot.conf" conf-check
	start_engine
	pids+=("$(cat "$D/run/ods-engine.pid")")
}

cannot_go_back() { ods back "$ods/kasp.db" "$1" >back.out && grep "^$1.  closed" back.out >/dev/null; }
signed_above() { [ "$(awk '$4 == "SOA" { print $7; exit }' "$1.signed")" -gt "$2" ]; }
ksk_of() { awk '$4 == "DNSKEY" { print $5, $6, $7, $8 $9 $10 $11 }' "$1" | sed 's/ *;.*//'; }

thawed() { ! engine_says "$1" 'no key takes a step'; }
has_nsec() { [ -z "$(ask +short "$1" NSEC3PARAM)" ]; }

digest() { find "$ods" -type f ! -name '*.db-*' -exec sha256sum {} + | sort; }

long_moves() { # limit 300
	local zone serial
	start_all
	settle
	within 60 all_move

	# Nothing of OpenDNSSEC's is touched, and it may run.
	stop_opendnssec
	# What only OpenDNSSEC's kaspcheck refuses is advice.
	sed -i '/name="rsa"/,/<\/Policy>/s|<Serial>.*<|<Serial>datecounter<|' "$ods/kasp.xml"
	digest >before
	# Without an engine, by OpenDNSSEC's own conf.xml.
	"$BUILD_DIR/ods" import -n -c "$ods/conf.xml" --signer-dir "$ods/run" "$ods/kasp.db" >dry.out 2>dry.err || true
	expect '^10 zones are taken over, 0 left alone, 1 refused' cat dry.out
	expect '^plain.test.  taken over: [kz]sk [0-9]+, [kz]sk [0-9]+; last serial [0-9]' cat dry.out
	expect 'the engine does not answer' cat dry.err
	expect 'plain.test.  taken over: .*not checked .*/signer has no plain.test.backup2, see --signer-dir' \
		"$BUILD_DIR/ods" import -n -c "$ods/conf.xml" "$ods/kasp.db"
	# A policy that is deleted, and has zones still.
	sed 's/name="one"/name="another"/' "$ods/kasp.xml" >gone.xml
	sed "s|<PolicyFile>[^<]*|<PolicyFile>$work/gone.xml|" "$ods/conf.xml" >gone.conf
	chmod 0600 gone.conf
	expect 'one.test.: kasp.xml has no policy "one", which kasp.db has for it' "$BUILD_DIR/ods" migrate gone.conf
	# Nor is its database taken for ours.
	sed "s|<PolicyFile>[^<]*|<PolicyFile>$top/examples/kasp.xml|" "$ods/conf.xml" >wrong.xml
	chmod 0600 wrong.xml
	expect "kasp.db cannot be used as it is" "$BUILD_DIR/ods-engine" -c wrong.xml
	run_folder
	digest >after
	diff before after || fail "ods migrate changed a file of OpenDNSSEC's"
	expect 'No such file' ls "$ods"/kasp.db-wal

	# What does not move is said, with the reason.
	expect 'old\.test\.: its policy "old" is left out' cat "$D/plan.txt"
	expect 'kasp.xml:[0-9]+: <Algorithm> 7 of the <KSK>' cat "$D/plan.txt"
	expect 'addns.xml:[0-9]+: <Peer> is left out: the file has no key "forgotten.example"' cat "$D/plan.txt"
	for zone in Logging ZoneListFile Datastore WorkingDirectory Listener; do
		expect "conf.xml:[0-9]+: <$zone>: " cat "$D/plan.txt"
	done
	expect 'datecounter has room for 99' cat "$D/plan.txt"
	expect 'SERVFAIL and "no usable master" for it: that is over in seconds' cat "$D/plan.txt"
	expect 'plain\.test\.: .*ksk [0-9]+.*; .*the ksk is replaced 20..-' cat "$D/plan.txt"
	expect '127\.0\.0\.0/8' cat "$D/knot.conf"

	PATH=$PATH:$BUILD_DIR sh "$D/check-zones.sh" >check.out 2>&1 || fail "check-zones.sh: $(cat check.out)"
	expect 'warning: .*100% odd.zone:8: elsewhere.example. is left out' cat check.out
	ods import -y --signer-dir "$ods/run" "$ods/kasp.db" >import.out || true
	expect '^10 zones are taken over, 0 left alone, 1 refused' cat import.out
	# A wrong template: NSEC3 would become NSEC, a CSK a KSK and a ZSK.
	sed -i -e '/domain: "three.test."/,/template/s/template: .*/template: policy-plain/' \
		-e '/domain: "one.test."/,/template/s/template: .*/template: policy-plain/' "$D/knot.conf"
	start_knotd
	pids+=("$(cat "$D/run/knotd.pid")")
	for zone in $zones; do
		within 60 signed "$zone"
		[ "$zone" = primary.test ] || validate "$zone"
		engine zone-status "$zone" | grep -F 'no key takes a step' >/dev/null || fail "$zone is not held"
	done
	expect 'policy plain for it, which would change its denial' engine zone-status three.test
	expect 'policy plain for it, which would change its keys' engine zone-status one.test
	sed -i '/domain: "one.test."/,/template/s/template: .*/template: policy-one/' "$D/knot.conf"
	knot reload
	within 20 engine_says one.test 'the zone was imported, and its secondaries'
	[ "$(ask +short three.test NSEC3PARAM)" = "$(awk '$4 == "NSEC3PARAM" { print $5, $6, $7, toupper($8) }' three.test.signed)" ] ||
		fail "three.test has NSEC3PARAM $(ask +short three.test NSEC3PARAM)"
	serial=$(awk '$4 == "SOA" { print $7; exit }' plain.test.signed)
	[ "$(serial plain.test)" -gt "$serial" ] || fail "plain.test has serial $(serial plain.test), was $serial"

	for zone in $odd_names; do
		within 60 signed "$zone"
		engine_says "$zone" 'the zone was imported' || fail "$zone is not held"
		axfr "$zone" odd.axfr
		dnssec-verify -z -o "$zone" odd.axfr >verify.out 2>&1 || fail "dnssec-verify $zone: $(cat verify.out)"
	done

	# The way back is open as long as no key has changed.
	ods back "$ods/kasp.db" >back.out
	expect '^10 zones can go back, 0 by SQL, 1 cannot' cat back.out
	expect '^old.test.  closed: it was not imported' cat back.out

	# From the primary, to whoever has the key.
	expect NOTAUTH kdig @127.0.0.1 -p "$PORT" primary.test AXFR
	expect 'NSEC' kdig @127.0.0.1 -p "$PORT" -y "hmac-sha256:xfr.example:$secret" primary.test AXFR
	answers www.primary.test A 192.0.2.80
	"$BUILD_DIR/ods" migrate -b -o "$D" "$ods/conf.xml" >again.out 2>&1 && fail "the folder was overwritten"
	expect 'conf.xml: File exists; it stays as it is' cat again.out

	# Nor does an edit of kasp.xml change a zone that is frozen.
	cp "$D/kasp.xml" kasp.before
	sed -i "/name=\"one\"/,/<\/Policy>/{$(nsec3_denial)}" "$D/kasp.xml"
	engine reload
	within 20 engine_says one.test 'kasp.xml was changed since the zone was imported, policy one was "NSEC, CSK'
	expect 'change kasp.xml back' ods thaw one.test
	module zone-sign one.test
	sleep 3
	has_nsec one.test || fail "one.test has NSEC3"
	cp kasp.before "$D/kasp.xml"
	engine reload
	within 20 engine_says one.test 'the zone was imported, and its secondaries'

	# Who forgets the template has to say that the zone may change; the others go on.
	expect 'knot.conf has policy plain for it' ods thaw three.test
	expect '1 imported zones stay frozen' ods thaw --imported
	within 20 thawed plain.test
	expect 'would change its denial' engine zone-status three.test
	sed -i '/domain: "three.test."/,/template/s/template: .*/template: policy-three---more-2/' "$D/knot.conf"
	knot reload
	within 20 engine_says three.test 'the zone was imported, and its secondaries'
	[ -n "$(ask +short three.test NSEC3PARAM)" ] || fail "three.test has no NSEC3 any more"
	sed -i '/domain: "three.test."/,/template/s/template: .*/template: policy-plain/' "$D/knot.conf"
	knot reload
	within 20 engine_says three.test 'would change its denial'
	ods thaw --change-policy three.test
	within 60 has_nsec three.test
	validate three.test

	# With a new key there is no way back, and it is said until when there was; else there is.
	ods -y rollover -e plain.test zsk >rollover.out
	within 60 cannot_go_back plain.test
	expect 'plain.test.  closed: .*zsk [0-9]+ is new.*there was a way until 20' cat back.out
	ods back "$ods/kasp.db" one.test >back.out
	expect '^one.test.  open' cat back.out
	serial=$(serial one.test)
	stop_pid "$(cat "$D/run/knotd.pid")"
	stop_pid "$(cat "$D/run/ods-engine.pid")"
	start_daemons
	expect 'ods-signer sign one.test --serial [0-9]+' cat back.out
	# As it is printed.
	within 30 eval "$(grep 'ods-signer sign' back.out)"
	within 30 signed_above one.test "$serial"
	dnssec-verify -z -o one.test one.test.signed >verify.out 2>&1 || fail "dnssec-verify: $(cat verify.out)"
	[ "$(ksk_of one.test.signed)" = "$(ksk_of one.test.axfr)" ] || fail "one.test has another key"
	stop_opendnssec

	# As on a server: knotd's user may read and write what it needs; the accounts are copies.
	chgrp -R opendnssec "$work"
	chmod 0750 "$work"
	chown -R opendnssec "$work/tokens"
	chmod -R go-rwx "$work/tokens"
	chmod 0640 "$SOFTHSM2_CONF"
	"$BUILD_DIR/ods" migrate -o "$work/server" "$ods/conf.xml" >server.out && fail "old.test moves"
	unshare --mount bash -euc '
		work=$1
		cp -a /etc "$work/etc"
		mount --bind "$work/etc" /etc
		mount -t tmpfs none /var/lib
		mount -t tmpfs none /run
		mkdir /var/lib/knot
		mount --bind "$work/tokens" "$work/tokens"
		sh -eu "$work/server/permissions.sh"
		as() { runuser -u knot -- env SOFTHSM2_CONF="$SOFTHSM2_CONF" "$@"; }
		for file in "$work/server/"*; do
			as test -r "$file"
		done
		as test -w /var/lib/mod-opendnssec
		as test -w /var/lib/knot/opendnssec
		as test -w /run/mod-opendnssec
		as "$BUILD_DIR/ods-hsm" -c "$work/server/conf.xml" list
		' bash "$work" >permissions.out 2>&1 || fail "permissions.sh: $(cat permissions.out)"
	[ "$(grep -c "RSA\|ECDSA" permissions.out)" -gt 8 ] || fail "knotd's user sees: $(cat permissions.out)"
}

tag_of() { ods_keys "$1" | awk '$1 == "KSK" { print $6; exit }'; }
has_ksk() {
	ask "$1" DNSKEY +noall +answer +crypto | grep 'DNSKEY[[:space:]]*257' >"dnskey.$1"
	[ "$(dnssec-dsfromkey -A -2 -f "dnskey.$1" "$1" | awk '{ print $4 }')" = "$2" ]
}

# Zones that knotd had before the import: keys on which nobody relies make room; one that is forgotten may
# be imported, too.
long_knotd_had_them() { # limit 300
	local ksk odd
	start_all
	settle
	within 60 all_move
	ksk=$(tag_of plain.test)
	odd=$(tag_of odd.test)
	stop_opendnssec
	run_folder
	start_knotd
	pids+=("$(cat "$D/run/knotd.pid")")
	within 60 signed plain.test
	within 60 signed odd.test
	has_ksk plain.test "$ksk" && fail "plain.test has the KSK already"

	# Somebody may have a DS of this one.
	within 60 engine_says odd.test 'DS rumoured'
	ods ds-seen odd.test
	ods import -y --signer-dir "$ods/run" "$ods/kasp.db" >import.out || true
	expect '^plain.test.  taken over: .*in place of those that it had' cat import.out
	expect '^odd.test.  left alone: .*ods forget' cat import.out
	within 20 status_says plain.test 'held: chain'
	ods pass plain.test chain
	within 60 has_ksk plain.test "$ksk"
	within 30 validate plain.test
	engine_says plain.test 'the zone was imported' || fail "plain.test is not held"

	# Nothing is forgotten that is signed.
	expect 'take it out of knot.conf first' ods -y forget odd.test
	cp "$D/knot.conf" with
	sed -i '/domain: "odd.test."/,/file:/d' "$D/knot.conf"
	knot reload
	within 20 engine_says odd.test 'the signer does not have this zone'
	knotc -f -s "$KNOT_SOCKET" zone-purge odd.test +orphan
	ods -y forget odd.test >forget.out
	expect 'no such zone' engine zone-status odd.test
	expect 'no such zone' ods -y forget odd.test
	ods import -y --signer-dir "$ods/run" "$ods/kasp.db" odd.test >import.out
	cp with "$D/knot.conf"
	knot reload
	within 60 has_ksk odd.test "$odd"
	validate odd.test
	engine_says odd.test 'the zone was imported' || fail "odd.test is not held"
}

# same ZONE: both sign it alike.
same() {
	axfr "$1" "$1.ours"
	ods migrate compare "$1" "$1.signed" "$1.ours" >compare.out 2>&1
}
imported_again() {
	ods import -y --again --signer-dir "$ods/run" "$ods/kasp.db" >again.out 2>&1 || true
	grep '^plain.test.  taken over: .*(coming).*in place of' again.out >/dev/null
}

# Both sign, and are compared; meanwhile OpenDNSSEC begins a rollover, which is taken over in the end.
long_beside() { # limit 300
	local zone old
	start_all
	settle
	within 60 all_move
	run_folder
	expect 'OpenDNSSEC is running' ods import -y --signer-dir "$ods/run" "$ods/kasp.db"
	ods import -y --beside --signer-dir "$ods/run" "$ods/kasp.db" >import.out || true
	expect '^10 zones are taken over' cat import.out
	start_knotd
	pids+=("$(cat "$D/run/knotd.pid")")
	for zone in plain.test three.test one.test odd.test; do
		within 60 signed $zone
		within 20 same $zone || fail "$zone: $(cat compare.out)"
	done
	expect '^we: 2[0-9] records, serial [0-9]+, signatures last until 20' cat compare.out

	# What differs is said.
	sed 's/^\(www.plain.test.[[:space:]]*\)1\([[:space:]]*IN[[:space:]]*A[[:space:]]\)/\17\2/' plain.test.signed >changed
	expect 'www.plain.test. A: TTL 1, with OpenDNSSEC 7' ods migrate compare plain.test changed plain.test.ours
	grep -v '^www' plain.test.signed >changed
	expect 'www.plain.test. A: only we have it' ods migrate compare plain.test changed plain.test.ours
	expect 'www.plain.test. RRSIG of A by key [0-9]+: only we have it' ods migrate compare plain.test changed plain.test.ours
	ods migrate compare plain.test changed plain.test.ours >compare.out && fail "differences are no failure"

	old=$(ods_keys plain.test | awk '$1 == "ZSK" { print $6; exit }')
	ods-enforcer key rollover -z plain.test -t ZSK >>ods.out
	within 60 ods_has plain.test "^ZSK NA omnipresent NA unretentive $old"
	same plain.test && fail "a rollover is no difference"
	expect 'plain.test. DNSKEY: only OpenDNSSEC has it' cat compare.out
	sleep 3
	stop_opendnssec
	within 20 imported_again
	# Whoever followed knotd would not know the new key yet; nobody does.
	within 20 status_says plain.test 'held: chain'
	ods pass plain.test chain
	within 60 same plain.test || fail "plain.test: $(cat compare.out)"
	validate plain.test
	engine_says plain.test 'the zone was imported' || fail "plain.test is not held"
}

# run_mariadb: a server of its own; mariadb() asks it, and so do OpenDNSSEC's scripts.
run_mariadb() {
	mkdir "$work/maria"
	mariadb-install-db --no-defaults --user=root --datadir="$work/maria/db" --auth-root-authentication-method=normal \
		>maria.install 2>&1 || fail "$(cat maria.install)"
	MYSQL_TCP_PORT=$(free_port)
	export MYSQL_TCP_PORT
	mariadbd --no-defaults --user=root --datadir="$work/maria/db" --socket="$work/maria/sock" --port="$MYSQL_TCP_PORT" \
		--bind-address=127.0.0.1 --pid-file="$work/maria/pid" >maria.log 2>&1 &
	pids+=($!)
	within 60 mariadb -e 'SELECT 1'
	mariadb -e "CREATE USER 'ods'@'127.0.0.1' IDENTIFIED BY 'pw'; GRANT ALL ON *.* TO 'ods'@'127.0.0.1'"
}
mariadb() { command mariadb --no-defaults -u root --socket="$work/maria/sock" "$@"; }

# The enforcer's database in MariaDB, by its dump; with what OpenDNSSEC's own script loses on the way to SQLite.
long_mysql() { # limit 300 needs mariadbd
	local db
	start_all
	settle
	within 60 all_move
	stop_opendnssec
	run_mariadb
	python3 -c 'import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
db.execute("UPDATE policy SET description = ? WHERE name = ?", ("it\x27s a \"policy\"\n", "plain"))
db.commit()' "$ods/kasp.db"
	/usr/share/opendnssec/convert_sqlite_to_mysql -i "$ods/kasp.db" -o kasp -h 127.0.0.1 -u ods -p pw >convert.out 2>&1 ||
		fail "$(cat convert.out)"
	# On its way there it loses the backslash.
	mariadb kasp -e "UPDATE zone SET name = 'a\\\\.b.test' WHERE name = 'a.b.test'"
	mariadb-dump --no-defaults -u root --socket="$work/maria/sock" --single-transaction kasp >kasp.sql
	for db in "$ods/kasp.db" "$work/kasp.sql"; do
		"$BUILD_DIR/ods" migrate --database "$db" "$ods/conf.xml" >plan 2>&1 || true
		expect '^10 of 11 zones move' cat plan
		sed "s|$db|DB|g; s|[0-9-]*T[0-9:]*Z|TIME|g" plan >"plan.${db##*.}"
		"$BUILD_DIR/ods" import -n -c "$ods/conf.xml" --signer-dir "$ods/run" "$db" >dry.out 2>dry.err || true
		expect '^10 zones are taken over, 0 left alone, 1 refused' cat dry.out
	done
	diff plan.db plan.sql || fail "the dump says another thing than kasp.db"
	expect '^  a\\.b.test.: .*[kz]sk' cat plan.sql
	sed '$d' kasp.sql | head -c 20000 >half.sql
	expect 'half.sql is no database of SQLite, and no whole dump of mysqldump' \
		"$BUILD_DIR/ods" migrate --database half.sql "$ods/conf.xml"
}

# ---- the manual's page

# here COMMAND: with a server's paths, as it is here.
here() {
	sed -e "s|/tmp/|$work/|g; s|/var/lib/opendnssec/signer|$ods/run|g; s|/var/lib/opendnssec/db|$ods|g" \
		-e "s|/var/lib/opendnssec/signed/example.com|$work/example.com.signed|g" \
		-e "s|/etc/knot/knot.conf|$work/etc-knot.conf|g; s|/etc/mod-opendnssec|$D|g" \
		-e "s| 15355 | $PORT |g" <<<"$1"
}

# What the page's commands are here: the folder's servers have their files below it, and the port is free.
commands_of_the_page() {
	ods() {
		case "$1 $#" in
		'migrate 1') "$BUILD_DIR/ods" migrate "$ods/conf.xml" ;;
		'migrate 3') "$BUILD_DIR/ods" "$@" --below --listen "127.0.0.1@$PORT" "$ods/conf.xml" ;;
		*) "$BUILD_DIR/ods" -c "$D/conf.xml" "$@" ;;
		esac
	}
	kdig() { command kdig +timeout=5 "$@"; }
	sh() {
		# shellcheck disable=SC2016
		unshare --mount bash -euc 'cp -a /etc "$1/etc"; mount --bind "$1/etc" /etc; PATH=$PATH:$2 sh -eu "$3"' \
			bash "$work" "$BUILD_DIR" "$1" # The accounts are copies.
		rm -rf "$work/etc"
		[[ $1 != */permissions.sh ]] || chown -R root: "$D" # Here root starts all.
	}
	ods-control() { [ "$1" = stop ] && stop_opendnssec; }
	systemctl() {
		case "$*" in
		'start ods-engine') start_engine; pids+=("$(cat "$D/run/ods-engine.pid")") ;;
		'start knot')
			{
				printf 'module:\n  - id: mod-opendnssec\n    file: "%s"\n\n' "$BUILD_DIR/opendnssec.so"
				cat "$work/etc-knot.conf"
			} >"$D/knot.conf"
			start_knotd
			pids+=("$(cat "$D/run/knotd.pid")")
			within 60 signed example.com
			;;
		*) fail "the page says: systemctl $*" ;;
		esac
	}
}

# The page of the manual, from its first command to its last.
long_page() { # limit 300
	ods=$work/ods D=$work/folder PORT=$(free_port)
	mkdir -p "$ods/run" "$ods/signconf"
	make_token
	{ echo '<KASP>'; moving default; echo '</KASP>'; } >"$ods/kasp.xml"
	ods_conf "$ods" moved 1234 >"$ods/conf.xml"
	chmod 0600 "$ods/conf.xml"
	brief example.com example.com 5
	ods_zones <<<"example.com default $ods/signconf/example.com.xml $work/example.com" >"$ods/zonelist.xml"
	run_opendnssec
	within 60 ods_has example.com '^KSK rumoured omnipresent omnipresent'
	within 60 is_seen example.com
	within 60 moves_whole
	commands_of_the_page
	KNOT_SOCKET=$D/run/knot.sock MODULE_SOCKET=$D/run/module.sock ENGINE_SOCKET=$D/run/engine.sock
	run_page migration
	within 20 thawed example.com
	validate example.com
}
moves_whole() { "$BUILD_DIR/ods" migrate "$ods/conf.xml" >plan.now 2>&1; }
