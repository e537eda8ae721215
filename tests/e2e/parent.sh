# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: mod-opendnssec developers
#
# The parent zone on a knotd of its own: handing over the DS, watching it come and go.

policy_tool() { "$BUILD_DIR/ods" -s "$ENGINE_SOCKET" "$@"; }
at_parent() { knotc -s "$work/parent/knot.sock" "$@"; }

# The zone "test." on two addresses.
start_parent() {
	parent_port=$(free_port)
	mkdir -p parent
	{
		# shellcheck disable=SC2016
		printf '$ORIGIN test.\n$TTL 2\n@ SOA ns1 host 1 3600 900 604800 2\n@ NS ns1\n@ NS ns2\n'
		printf 'ns1 A 127.0.0.1\nns2 A 127.0.0.2\na NS ns.a\nns.a A 192.0.2.1\n'
	} >parent/test.zone
	another_knotd parent "127.0.0.1@$parent_port" "127.0.0.2@$parent_port" <<-EOT
	zone:
	  - domain: test
	    file: test.zone
	EOT
	cat >parent/unbound.conf <<-EOT
	server:
	  do-not-query-localhost: no
	  module-config: iterator
	  local-zone: "test." nodefault
	stub-zone:
	  name: test.
	  stub-addr: 127.0.0.1@$parent_port
	EOT
}

# What a registrar's client does, by knotc: DNSKEY in, DS to or from the parent.
write_client() { # NAME zone-set|zone-unset
	cat >"parent/$1" <<-EOT
	#!/bin/sh
	set -e
	PATH=$PATH
	cat >>$work/parent/$1.got
	tail -n 1 $work/parent/$1.got >$work/parent/$1.key
	ds=\$(dnssec-dsfromkey -2 -f $work/parent/$1.key a.test | sed 's/.* DS //')
	knotc() { command knotc -s $work/parent/knot.sock "\$@"; }
	knotc zone-begin test.
	knotc $2 test. a 2 DS \$ds || { knotc zone-abort test.; exit 3; }
	knotc zone-commit test.
	EOT
	[ "$2" = zone-set ] || sed -i 's/ a 2 DS / a DS /' "parent/$1"
	chmod +x "parent/$1"
}

# Puts elements into <Enforcer> of conf.xml.
configure_engine() {
	local text
	text=$(cat)
	awk -v text="$text" '/<\/Enforcer>/ { print text } { print }' "$D/conf.xml" >conf.new
	cat conf.new >"$D/conf.xml"
	engine reload
}

# drive_parent RECHECK [OPTION]: the engine has the DS given and taken back by commands, that one with the option, and
# looks at the parent's servers.
drive_parent() {
	configure_engine <<-EOT
	<DelegationSignerSubmitCommand>$work/parent/submit</DelegationSignerSubmitCommand>
	<DelegationSignerRetractCommand>$work/parent/retract${2:+ $2}</DelegationSignerRetractCommand>
	<ParentCheck><Interval>PT1S</Interval><Recheck>$1</Recheck><Port>$parent_port</Port>
	<ResolverConfig>$work/parent/unbound.conf</ResolverConfig></ParentCheck>
	EOT
}

ds_tags() { kdig @127.0.0.1 -p "$parent_port" +short a.test DS | awk '{ print $1 }' | sort -n; }
has_ds_of() { [ "$(ds_tags)" = "$1" ]; }
ksk_tag() { policy_tool -j keys a.test | python3 -c 'import json, sys
print(*[k["keytag"] for k in json.load(sys.stdin) if k["role"] == "ksk" and k["goal"] == "in"])'; }
has_other_ksk() { local tag; tag=$(ksk_tag) && [ -n "$tag" ] && [ "$tag" != "$1" ]; }

start_child() {
	hasty a a.test
	hasty_policy PT1S
	quick d --kasp "$work/kasp.xml" --policy quick --zone a.test=a
}

# All by itself: the DS is handed over, seen at both servers, and so on through a rollover.
test_watched_parent() { # limit 240
	start_parent
	write_client submit zone-set
	write_client retract zone-unset
	start_child
	drive_parent PT1S --cka_id
	local first second
	within 60 engine_says a.test 'DS omnipresent,'
	first=$(ksk_tag)
	has_ds_of "$first" || fail "the parent has $(ds_tags), not $first"
	says "$D/ods-engine.log" "ksk $first: the parent has its DS, all of its servers show that"
	[ "$(wc -l <parent/submit.got)" = 1 ] || fail "submitted more than once"
	says parent/submit.got '^a\.test\. 2 IN DNSKEY 257 3 13 [A-Za-z0-9+/=]+$'
	validate a.test

	engine zone-key-rollover a.test ksk
	within 30 has_other_ksk "$first"
	second=$(ksk_tag)
	within 120 says "$D/ods-engine.log" "ksk $first: the parent has its DS no more, all of its"
	has_ds_of "$second" || fail "the parent has $(ds_tags), not $second"
	within 60 says "$D/ods-engine.log" "ksk $first is forgotten"
	says parent/retract.got '^a\.test\. 2 IN DNSKEY 257 3 13 [A-Za-z0-9+/=]+ ; \{cka_id = [0-9a-f]{32}\}$'
	does_not_say status.out 'to-do'
	expect "^[ad]\.test\. +ksk +$second .* omnipresent +omnipresent +omnipresent " policy_tool keys
	validate a.test

	# The parent loses it: a person has to say whether that was meant.
	at_parent zone-begin test. >lose.out
	at_parent zone-unset test. a DS >>lose.out
	at_parent zone-commit test. >>lose.out
	within 60 engine_says a.test "to-do: ksk $second: the parent lost this DS"
	[ "$(wc -l <parent/submit.got)" = 2 ] || fail "submitted again by itself"
	validate a.test
}

# A validating resolver that knows the parent's key, and finds the zone at our knotd.
start_validator() {
	local key
	key=$(kdig @127.0.0.1 -p "$parent_port" +short +crypto test. DNSKEY | grep ^257)
	validator=$(free_port)
	run_unbound validator "$validator" "test. DNSKEY $key" <<-EOT
	test. 127.0.0.1@$parent_port
	a.test. 127.0.0.1@$PORT
	EOT
}
validator_says() { dig @127.0.0.1 -p "$validator" +tries=1 +dnssec "$1" SOA >validator.out && grep -E "$2" validator.out; }

# Asks for another name each time: each answer has to be validated anew.
ask_all_the_time() {
	local n=0
	while :; do
		dig @127.0.0.1 -p "$validator" +tries=1 +time=2 "n$((n++)).a.test" A
		sleep 0.2
	done >asked.out 2>&1 &
	asker=$!
	pids+=("$asker")
}
unsigned() { [ -z "$(ask +short a.test DNSKEY)" ]; }

# The parent's DS lives longer than kasp.xml says, and when it is gone no answer shows its TTL.
test_longer_ttl_insecure() { # limit 240
	start_parent
	sed -i 's/file: test.zone/&\n    dnssec-signing: on/' parent/knot.conf
	at_parent reload
	write_client submit zone-set
	sed -i 's/ a 2 DS / a 20 DS /' parent/submit
	write_client retract zone-unset
	start_child
	start_validator
	drive_parent PT5S
	within 90 engine_says a.test 'DS omnipresent,'
	says "$D/ods-engine.log" "the parent's DS has a TTL of 20 s, policy quick says 2 s"
	within 30 validator_says a.test 'flags:.* ad'
	ask_all_the_time
	# Not even a restart makes the engine forget that.
	stop_pid "$(cat "$D/run/ods-engine.pid")"
	sed -i 's/dnssec-validation: on/dnssec-validation: off/' "$D/knot.conf"
	sed -i 's:<Policy name="quick">:&<Passthrough/>:' "$D/kasp.xml"
	knot reload
	start_engine
	within 60 has_ds_of ''
	within 90 unsigned
	sleep 3
	kill "$asker"
	does_not_say asked.out 'SERVFAIL'
	says asked.out 'status: NXDOMAIN'
	! validator_says a.test 'flags:.* ad' || fail "still secure"
}

# A server that has the zone itself, and not the parent, says that there is no DS: that is nothing.
test_child_is_asked() { # limit 120
	start_child
	within 60 engine_says a.test 'to-do: ksk .*give this DS'
	engine zone-ksk-submitted a.test
	configure_engine <<-EOT
	<ParentCheck><Interval>PT1S</Interval><Recheck>PT1S</Recheck>
	<Parent name="test"><Server>127.0.0.1@$PORT</Server></Parent></ParentCheck>
	EOT
	within 60 engine_says a.test 'DS omnipresent,'
	within 30 engine_says a.test 'has the zone itself and not the parent'
	sed -i 's/dnssec-validation: on/dnssec-validation: off/' "$D/knot.conf"
	sed -i 's:<Policy name="quick">:&<Passthrough/>:' "$D/kasp.xml"
	knot reload
	engine reload
	within 30 engine_says a.test 'to-do: ksk .*removed at the parent'
	sleep 6
	signed a.test || fail "unsigned on the word of a server that is none of the parent's"
	does_not_say "$D/ods-engine.log" 'the parent has its DS no more|lost its DS'
	policy_tool ds-gone a.test
	within 60 unsigned
}

# The tool itself, on a zone whose DS is not due yet.
test_ods_policy() {
	small a a.test 1
	quick d --zone a.test=a
	policy_tool --help | grep 'ds-gone' >/dev/null
	policy_tool keys a.test >keys
	says keys '^zone +role +keytag '
	says keys '^a\.test\. +ksk +[0-9]+ +13 +256 +in +hidden +rumoured '
	policy_tool -j keys | python3 -c 'import json, sys
keys = json.load(sys.stdin)
assert sorted(k["role"] for k in keys) == ["ksk", "zsk"], keys
assert all(k["zone"] == "a.test." and len(k["cka-id"]) == 32 for k in keys), keys'
	# What must not be given to the parent yet is a comment.
	policy_tool ds a.test >ds
	says ds '^; ksk [0-9]+: not to be given to the parent yet$'
	says ds '^; a\.test\. [0-9]+ IN DS '
	does_not_say ds '^[^;]'
	# dnssec-dsfromkey agrees with ods.
	policy_tool ds a.test ds-sha384 | sed -n 's/^; a.* DS //p' >ours
	policy_tool ds a.test dnskey | sed -n 's/^; \(a.* DNSKEY .*\)/\1/p' >key
	dnssec-dsfromkey -a SHA-384 -f key a.test | sed 's/.* DS //' >theirs
	diff ours theirs || fail "another DS than dnssec-dsfromkey"

	local code
	code=0; policy_tool nonsense 2>err || code=$?
	[ $code = 2 ] || fail "exit $code for an unknown command"
	says err "unknown command 'nonsense'; ods --help"
	code=0; policy_tool ds 2>err || code=$?
	[ $code = 2 ] || fail "exit $code for a missing zone"
	code=0; policy_tool ds-gone a.test 2>err || code=$?
	[ $code = 1 ] || fail "exit $code for what is refused"
	says err 'zone a\.test\.: no key of this zone waits'
	code=0; "$BUILD_DIR/ods" -s "$work/none" keys 2>err || code=$?
	[ $code = 1 ] || fail "exit $code without an engine"
	says err "$work/none"

	# A plan is shown before anything is done.
	code=0; policy_tool rollover a.test zsk >plan 2>err </dev/null || code=$?
	[ $code = 1 ] || fail "exit $code without an answer"
	says err 'nothing is done, there is no terminal'
	code=0; at_terminal No rollover a.test zsk >out || code=$?
	[ $code = 1 ] || fail "exit $code when the answer is no"
	says out 'Do it\? \[y/N\] '
	says plan '^  now +new ZSK, algorithm 13  comes into use$'
	says plan 'zsk [0-9]+  is not accepted any more by any validator$'
	does_not_say "$D/ods-engine.log" 'a person asks'
	at_terminal YES --emergency rollover a.test zsk
	within 30 says "$D/ods-engine.log" 'zsk [0-9]+ is replaced'
	says "$D/ods-engine.log" 'a person asks for a new zsk, in an emergency'

	policy_tool generate default 3
	within 30 backup_has 'none$' 9
	policy_tool backup prepare
	expect '^9 keys noted as backed up' policy_tool backup commit SoftHSM
	backup_has 'done$' 9 || fail "marks: $(policy_tool backup list)"

	"$BUILD_DIR/ods" -c "$D/conf.xml" check
	sed -e 's|<Enforcer>|&<Privileges><User>nosuchuser</User></Privileges>|' \
		-e 's|<Module>.*<|<Module>/nowhere/libsofthsm2.so<|' "$D/conf.xml" >bad-conf.xml
	chmod 600 bad-conf.xml
	code=0; "$BUILD_DIR/ods" -c bad-conf.xml check >err || code=$?
	[ $code = 1 ] || fail "exit $code for a conf.xml that names what is not there"
	says err '^error: conf\.xml: the user nosuchuser: does not exist'
	says err '^error: conf\.xml: the PKCS#11 library /nowhere/libsofthsm2.so: No such file'
	says err '0 errors' # Of kasp.xml, which is looked at all the same.
	sed -e 's/<Refresh>P16D/<Refresh>PT1H/' -e 's/<Serial>[a-z]*/<Serial>random/' \
		"$D/kasp.xml" >bad.xml
	code=0; "$BUILD_DIR/ods" check bad.xml >err || code=$?
	[ $code = 1 ] || fail "exit $code for a bad kasp.xml"
	says err '^error: bad\.xml:[0-9]+: <Refresh> \(3600 s\) has to be longer'
	says err '^error: bad\.xml:[0-9]+: "random" in <Serial> is none of'
}

# at_terminal ANSWER ARGUMENT...: ods, somebody typing that answer.
at_terminal() { script -qec "'$BUILD_DIR/ods' -s '$ENGINE_SOCKET' ${*:2}" /dev/null <<<"$1"; }

backup_has() { [ "$(policy_tool backup list | grep -cE "$1")" = "$2" ]; }

# ---- key pairs that are gone for good

# with_parent [SED-EXPRESSION...]: a.test, whose policy is changed so, is secure; the engine hands DS over by
# itself; a validating resolver is asked all the time.
with_parent() {
	start_parent
	sed -i 's/file: test.zone/&\n    dnssec-signing: on/' parent/knot.conf
	at_parent reload
	write_client submit zone-set
	write_client retract zone-unset
	hasty a a.test
	hasty_policy PT1S "$@"
	quick d --kasp "$work/kasp.xml" --policy quick --zone a.test=a
	sed -i 's/dnssec-validation: on/dnssec-validation: off/' "$D/knot.conf"
	knot reload
	start_validator
	drive_parent PT5S
	within 90 engine_says a.test 'DS omnipresent,'
	within 30 validator_says a.test 'flags:.* ad'
	ask_all_the_time
}
# new_token: what was in the token is gone.
new_token() {
	local id
	for id in $(policy_tool -j keys a.test | python3 -c 'import json, sys
print(*[key["cka-id"] for key in json.load(sys.stdin)])'); do
		"$BUILD_DIR/ods-hsm" -c "$D/conf.xml" remove -fy SoftHSM "$id"
	done
	module zone-keys-load
	small a a.test 2 'new A 192.0.2.9'
	sed -i 's/TTL 300/TTL 2/; s/ 300$/ 2/' a
	within 20 status_says a.test 'no private key has the CKA_ID'
}
tags() { policy_tool -j keys a.test | python3 -c 'import json, sys
print(*[key["keytag"] for key in json.load(sys.stdin) if key["goal"] == "in" and key["role"] in sys.argv[1:]])' "$@"; }

# comes_back OLD-TAG...: the zone goes insecure, gets new keys, and is secure again; it never breaks.
comes_back() {
	local old=$1
	within 60 has_ds_of ''
	within 60 answers new.a.test A 192.0.2.9
	signed a.test || fail "unsigned"
	within 60 engine_says a.test 'DS omnipresent,'
	within 30 validator_says a.test 'flags:.* ad'
	! has_ds_of "$old" || fail "the old DS is back"
	within 30 status_says a.test 'state: ok'
	validate a.test
	kill "$asker"
	does_not_say asked.out 'SERVFAIL'
	says asked.out 'status: NXDOMAIN'
}

# A CSK: nothing else can sign.
test_csk_lost() { # limit 240
	with_parent '/<ZSK>/,/<\/ZSK>/d; s/KSK>/CSK>/'
	local csk
	csk=$(tags csk)
	new_token
	policy_tool -y key-lost a.test "$csk" >lost.out || fail "$(cat lost.out)"
	says lost.out 'no key that resolvers know can sign.*insecure until they have a DS' || fail "$(cat lost.out)"
	says lost.out 'the first signature that knotd serves expires' || fail "$(cat lost.out)"
	comes_back "$csk"
}

# KSK and ZSK at once, in either order.
test_all_keys_lost() { # limit 240
	with_parent
	local ksk zsk
	ksk=$(tags ksk)
	zsk=$(tags zsk)
	new_token
	policy_tool -y key-lost a.test "$ksk" >lost.out || fail "$(cat lost.out)"
	policy_tool -y key-lost a.test "$zsk" >lost.out || fail "$(cat lost.out)"
	says lost.out 'no key that resolvers know can sign' || fail "$(cat lost.out)"
	comes_back "$ksk"
}
test_all_keys_lost_zsk_first() { # limit 240
	with_parent
	local ksk zsk
	ksk=$(tags ksk)
	zsk=$(tags zsk)
	within 60 says "$D/ods-engine.log" "ksk $ksk: DS rumoured -> omnipresent"
	new_token
	policy_tool -y key-lost a.test "$zsk" >lost.out || fail "$(cat lost.out)"
	policy_tool -y key-lost a.test "$ksk" >lost.out || fail "$(cat lost.out)"
	says lost.out 'no key that resolvers know can sign' || fail "$(cat lost.out)"
	comes_back "$ksk"
}

# What the zone publishes for its parent is the policy's choice. The DS comes without that, too, by the command.
test_cds() { # limit 120
	start_parent
	write_client submit zone-set
	write_client retract zone-unset
	hasty a a.test
	hasty_policy PT1S
	sed -i 's:</Parent>:<CDS><None/></CDS>&:' kasp.xml
	quick d --kasp "$work/kasp.xml" --policy quick --zone a.test=a
	drive_parent PT1S
	within 60 engine_says a.test 'DS omnipresent,'
	validate a.test
	does_not_say a.test.axfr '[[:space:]](CDS|CDNSKEY)[[:space:]]'

	sed -i 's:<None/>:<Digest>SHA-384</Digest><Digest>SHA-256</Digest><CDNSKEY/>:' d/kasp.xml
	cds_become 2 1
	cds_makes SHA-256 2
	cds_makes SHA-384 4
	sed -i 's:<Digest>SHA-256</Digest>::' d/kasp.xml
	cds_become 1 1
	cds_makes SHA-384 4
	sed -i 's:<CDNSKEY/></CDS>:</CDS>:' d/kasp.xml
	cds_become 1 0
	cds_makes SHA-384 4
	sed -i 's:<CDS>.*</CDS>:<CDS><None/></CDS>:' d/kasp.xml
	cds_become 0 0
	has_ds_of "$(ksk_tag)" || fail "the DS went with its CDS: $(ds_tags)"
	engine_says a.test 'DS omnipresent,'
}
# cds_become CDS CDNSKEY: after a reload the zone has so many.
cds_become() {
	engine reload
	within 30 has_cds "$@"
	if [ "$1" = 0 ] || [ "$2" != 0 ]; then
		validate a.test
	else # kzonecheck wants both, or none.
		axfr a.test a.test.axfr
		dnssec-verify -o a.test a.test.axfr >verify.out 2>&1 || fail "$(cat verify.out)"
		ldns-verify-zone -V 2 a.test.axfr >verify.out 2>&1 || fail "$(cat verify.out)"
	fi
}
has_cds() { [ "$(count_of CDS) $(count_of CDNSKEY)" = "$1 $2" ]; }
count_of() { ask +short a.test "$1" | grep -c .; }
# cds_makes DIGEST TYPE: what BIND makes for the parent of the zone's CDS, which it has verified by the DS that is there.
cds_makes() {
	kdig @127.0.0.1 -p "$parent_port" a.test DS | grep '[[:space:]]DS[[:space:]]' >dsset-a.test.
	dnssec-cds -a "$1" -s -1000000 -f a.test.axfr -d dsset-a.test. a.test >new.ds || fail "dnssec-cds: $?"
	grep -qE "DS $(ksk_tag) 13 $2 " new.ds && [ "$(wc -l <new.ds)" = 1 ] || fail "$(cat new.ds)"
}

# A parent that wants to be told of new CDS is, by its DSYNC record; only what answers the message is the answer.
test_notify() { # limit 120
	local port
	port=$(free_port)
	start_parent
	# RFC 9859, section 2.1: CDS, NOTIFY, the port, ns1.test.
	at_parent zone-begin test. >dsync.out
	at_parent zone-set test. '*._dsync' 2 TYPE66 \\# 15 "$(printf '003b01%04x036e73310474657374''00' "$port")" >>dsync.out
	at_parent zone-commit test. >>dsync.out
	echo strangers >mode
	"$e2e/notify-listener.py" "$port" "$work/got" "$work/mode" &
	pids+=("$!")
	start_child
	configure_engine <<-EOT
	<ParentCheck><Interval>PT1S</Interval><Notify/><ResolverConfig>$work/parent/unbound.conf</ResolverConfig>
	<Parent name="test."><Server>127.0.0.1@$parent_port</Server></Parent></ParentCheck>
	EOT
	within 60 engine_says a.test "parent: .*parent notified at .* at ns1\.test\. \(127\.0\.0\.1@$port\)"
	[ "$(cat got)" = '4 a.test. 59 flags=2400 size=24' ] || fail "the parent got: $(cat got)"
	says "$D/ods-engine.log" "the parent was notified of new CDS: ns1\.test\. \(127\.0\.0\.1@$port\) answered"
	does_not_say status.out 'to-do'

	# It refuses the next one: a person has to know, and has one more tried by a reload.
	local first
	first=$(ksk_tag)
	at_parent zone-begin test. >ds.out
	# shellcheck disable=SC2046
	at_parent zone-set test. a 2 DS $(policy_tool ds a.test | sed -n 's/^a.* DS //p') >>ds.out
	at_parent zone-commit test. >>ds.out
	within 60 engine_says a.test 'DS omnipresent,'
	echo 5 >mode
	engine zone-key-rollover a.test ksk
	within 60 engine_says a.test "to-do: .*the parent could not be notified \(ns1.*answers REFUSED\), next try at"
	[ "$(wc -l <got)" = 2 ] || fail "sent more than one message: $(cat got)"
	has_other_ksk "$first" || fail "no other KSK"
	echo 0 >mode
	engine reload
	within 30 engine_says a.test 'parent notified at'
	[ "$(wc -l <got)" = 3 ] || fail "sent: $(cat got)"

	# An endpoint on this machine is none for a parent that conf.xml does not put there.
	sed -i "s:<Parent name=\"test.\"><Server>127:<Parent name=\"no.\"><Server>127:; s:<Notify/>:&<Port>$parent_port</Port>:" \
		"$D/conf.xml"
	echo 5 >mode
	stop_pid "$(cat "$D/run/ods-engine.pid")"
	start_engine
	within 30 engine_says a.test 'could not be notified \(the parent.s DSYNC record leads to no address of another machine\)'
	[ "$(wc -l <got)" = 3 ] || fail "sent to a local address: $(cat got)"
}
