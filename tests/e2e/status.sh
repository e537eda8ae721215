# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: mod-opendnssec developers
#
# The operator's day: ods status, ods zones, ods zone; what each says, how soon, and its exit status.

# value FILE EXPRESSION: of the JSON in that file, by an expression in Python over "it".
value() { python3 -c 'import json, sys; it = json.load(open(sys.argv[1])); print(eval(sys.argv[2]))' "$@"; }

# exits CODE COMMAND...: its output goes to the file "out".
exits() {
	local code=0
	"${@:2}" >out 2>err || code=$?
	[ $code = "$1" ] || fail "exit status $code instead of $1: ${*:2}: $(cat out err)"
}

# zone_state ZONE STATE: by ods zones.
zone_state() { ods zones -S "$2" | grep "^$1\. " >/dev/null; }

# sections: the settings of sections of the module, each "NAME POLICY [LINE]", beside the one there is.
sections() {
	local own name policy line
	own=$(sed -n '/^mod-opendnssec:/,/^[#r]/p' "$D/knot.conf" | sed '1d; $d; /^$/d')
	while read -r name policy line; do
		sed -e "s/id: default/id: $name/" -e "s/policy: .*/policy: $policy/" <<<"$own"
		[ -z "$line" ] || printf '    %s\n' "$line"
	done >sections.conf
	awk '/^remote:/ { while ((getline line < "sections.conf") > 0) print line; print "" } { print }' \
		"$D/knot.conf" >knot.conf.new
	mv knot.conf.new "$D/knot.conf"
}

# move ZONE SECTION: another section for the zone.
move() {
	printf '  - domain: %s\n    storage: "%s"\n    file: %s\n    module: mod-opendnssec/%s\n' \
		"$1" "$work" "$1" "$2" >>"$D/knot.conf"
}

# primary_of_old: a primary of old.test, whose input lives for 12 s without it.
primary_of_old() {
	small "$work/old.primary" old.test 1
	sed -i 's/ 3600 900 604800 300$/ 2 2 12 300/' "$work/old.primary"
	another_knotd primary "127.0.0.1@$primary_port" <<-EOT
	acl:
	  - id: all
	    address: 127.0.0.1
	    action: transfer
	zone:
	  - domain: old.test
	    storage: "$work"
	    file: old.primary
	    acl: all
	EOT
}

# zone_files N: z1.test to zN.test, with the same data.
zone_files() {
	local i
	for ((i = 1; i <= $1; i++)); do
		# shellcheck disable=SC2016
		printf '$TTL 300\n@ SOA ns1 host 1 3600 900 604800 300\n@ NS ns1\nns1 A 192.0.2.1\n' \
			>"z$i.test"
	done
}

# four_of N: N zones that share keys, and four that need somebody: old.test, whose input has expired;
# wait.test, whose DS a person has to give to the parent; held.test, whose new version the check refuses;
# lost.test, whose keys are gone.
four_of() {
	local i id zone
	primary_port=$(free_port)
	hasty_policy PT1H
	policy default shared 's|<Purge>P14D</Purge>|&<ShareKeys/>|' | sed '$d' >shared.xml
	{
		sed '/<\/KASP>/d' kasp.xml
		cat shared.xml
		printf '\t</Policy>\n</KASP>\n'
	} >kasp.new
	mv kasp.new kasp.xml
	zone_files "$1"
	for zone in first wait held lost; do
		small $zone.test $zone.test 1
	done
	printf '%s\n' '#!/bin/sh' '! grep -q "^bad"' >judge
	chmod +x judge
	quick q --kasp kasp.xml --policy default --zone first.test="$work/first.test"
	sections <<-EOT
	checked default publish-check: $work/judge
	fetched default remote: [primary]
	quick quick
	shared shared
	EOT
	# knotd wants to have seen what is referred to
	sed -i "1i remote:\n  - id: primary\n    address: 127.0.0.1@$primary_port\n" "$D/knot.conf"
	move wait.test quick
	move held.test checked
	move lost.test default
	printf '  - domain: old.test\n    module: mod-opendnssec/fetched\n' >>"$D/knot.conf"
	for ((i = 1; i <= $1; i++)); do
		move "z$i.test" shared
	done
	primary_of_old
	knot conf-check
	knot reload
	within 600 all_signed $(($1 + 5))
	small held.test held.test 2 'bad A 192.0.2.9'
	module zone-reload held.test
	for id in $(ods keys lost.test -j | grep -oE '[0-9a-f]{32}'); do
		"$BUILD_DIR/ods-hsm" -c "$D/conf.xml" remove -y -f SoftHSM "$id"
	done
	module zone-sign lost.test || true
	stop_pid "$another"
	within 30 zone_state wait.test parent
	within 30 zone_state held.test held
	within 60 zone_state lost.test sign
	within 60 zone_state old.test expired
}
all_signed() {
	ods status -j >counts.json || true
	[ "$(value counts.json 'it["zones"]["total"], sum(it["zones"]["states"][state] for state in ("sign", "unsigned", "busy"))')" = \
		"($1, 0)" ]
}

# names_the_four N: what ods status says of N zones and the four, and one more that is well.
names_the_four() {
	exits 2 ods status
	says out "^CRITICAL: 4 of $(($1 + 5)) zones need somebody$"
	says out "^zones +$(($1 + 5)): $(($1 + 1)) well, 1 expired, 1 not signed on, 1 held, 1 waiting for a person"
	sed -n '/^$/,$p' out | sed '1d' | sed -n '/^$/,$p' | sed '1d' >todo
	says todo '^CRITICAL +old\.test\.: expired: no primary confirmed the zone'
	says todo '^warning +lost\.test\.: key tag .*no private key'
	says todo '^warning +held\.test\.: held: check: .*says no to serial'
	says todo '^warning +wait\.test\.: ksk [0-9]*: give this DS to the parent: wait\.test\. .*zone-ksk-submitted wait\.test'
	[ "$(wc -l <todo)" = 4 ] || fail "more than the four: $(cat todo)"
	[ "$(sed -n '/^$/=' out | sed -n 2p)" -le 10 ] || fail "the summary has more than ten lines: $(cat out)"
	exits 2 ods status --json
	[ "$(value out '[item["zone"] for item in it["to_do"]][0]')" = old.test. ] || fail "$(cat out)"
	[ "$(value out 'sorted(item["zone"] for item in it["to_do"])')" = \
		"['held.test.', 'lost.test.', 'old.test.', 'wait.test.']" ] || fail "$(cat out)"
	[ "$(value out 'it["zones"]["well"]')" = $(($1 + 1)) ] || fail "$(cat out)"
}

# Of a few zones the four that need somebody are named; filters and orders find them; they go when they are well.
test_four() { # limit 300
	local n=4
	four_of $n
	names_the_four $n
	# filters and order
	exits 0 ods zones
	[ "$(awk 'NR == 2 { print $1, $2 }' out)" = 'old.test. expired' ] || fail "$(cat out)"
	[ "$(wc -l <out)" = $((n + 6)) ] || fail "$(cat out)"
	exits 0 ods zones -S held -S parent --order name
	[ "$(awk 'NR > 1 { print $1 }' out | xargs)" = 'held.test. wait.test.' ] || fail "$(cat out)"
	exits 0 ods zones --policy shared -t SoftHSM -e P60D
	[ "$(grep -c '^z[0-9]*\.test\. *ok ' out)" = $n ] || fail "$(cat out)"
	exits 0 ods zones --policy shared -t Vault
	[ ! -s out ] || fail "$(cat out)"
	exits 0 ods zones --policy shared --expiring P1D
	[ ! -s out ] || fail "$(cat out)"
	exits 0 ods zones --before P1D --policy shared -j
	[ "$(value out 'len(it)')" = $n ] || fail "$(cat out)"
	[ "$(value out 'it[0]["next"]')" = "$(engine zone-status z1.test | sed -n 's/.*\(ksk\): \([0-9]*\),.*/\1 \2/p'): DNSKEY omnipresent" ] || fail "$(cat out)"
	exits 2 ods zones --state well
	says err "no state 'well'"
	exits 2 ods zones --before tomorrow
	# one of them
	exits 0 ods zone held.test
	says out '^state +held: check'
	says out '^KSK .*next: '
	says out '^lasts +signatures last until 20'
	exits 0 ods zone wait.test -j
	[ "$(value out '[said["about"] for said in it["engine"]["said"]][0]')" = to-do ] || fail "$(cat out)"
	exits 1 ods zone other.test
	says err 'no such zone'
	# all is well again
	primary_of_old
	engine zone-ksk-submitted wait.test
	small held.test held.test 3 'good A 192.0.2.9'
	module zone-reload held.test
	within 60 zone_state old.test ok
	within 30 zone_state held.test ok
	within 30 zone_state wait.test ok
	exits 1 ods status
	says out '^WARNING: 1 of '
	# a zone that leaves is not counted
	sed -i '/domain: lost.test/,+3d' "$D/knot.conf"
	knot reload
	within 10 nothing_to_do
	says out "^zones +$((n + 4)): $((n + 4)) well$"
}
nothing_to_do() { ods status >out 2>err; }

# What one of the two says is said while the other is away, and that it is.
test_away() { # short
	small a.test a.test 1
	quick q --zone a.test="$work/a.test"
	exits 0 ods status
	stop_pid "$(cat "$D/run/ods-engine.pid")"
	exits 3 ods status
	says out '^UNKNOWN: '
	says out '^zones +1: 1 well'
	says out '^unknown +engine: nothing is known of keys and parents'
	exits 3 ods zones
	says out '^a\.test\. +ok '
	says err 'the engine does not say'
	exits 3 ods zone a.test
	says out '^key +[0-9]*: ksk'
	start_engine
	within 20 nothing_to_do
	stop_pid "$(cat "$D/run/knotd.pid")"
	within 10 exits_critical
	says out '^CRITICAL +signer: nothing is known of what is signed and served'
	exits 3 ods zone a.test
	says out '^KSK '
	stop_pid "$(cat "$D/run/ods-engine.pid")"
	exits 3 ods status --json
	[ "$(value out 'it["level"], it["signer"]["up"], it["engine"]["up"]')" = "('unknown', False, False)" ] || fail "$(cat out)"
	exits 3 ods zones
	start_knotd
	start_engine
	within 30 nothing_to_do
	# the copy's age
	says out '^backup +no copy yet'
	ods save "$work/copy"
	exits 0 ods status
	says out '^backup +last copy \(ods save\) [0-9]+s ago'
	restart_knotd
	within 30 nothing_to_do
}
exits_critical() { local code=0; ods status >out 2>err || code=$?; [ $code = 2 ]; }

# Zones that have the same trouble are one line.
test_groups() {
	local i
	zone_files 8
	quick q --zone z8.test="$work/z8.test"
	for i in 1 2 3 4 5 6 7; do
		move "z$i.test" default
	done
	knot reload
	within 60 all_signed 8
	for i in 1 2 3 4 5 6 7; do
		echo '@ A 192.0.2.300' >>"z$i.test"
	done
	module zone-reload
	within 20 counts_source 7
	exits 1 ods status
	says out '^zones +8: 1 well, 7 without new input'
	says out '^ +and 2 more without new input: ods zones --state source|^warning +z[1-7]\.test\. and 6 more: '
	module zone-freeze
	within 10 counts_frozen
	for i in 1 2 3 4 5 6 7 8; do
		sed -i '/300$/{/@ A/d}' "z$i.test"
	done
	module zone-thaw
	within 20 nothing_to_do
	says out '^zones +8: 8 well$'
	# in a narrow terminal
	local ods="$BUILD_DIR/ods -c $D/conf.xml"
	script -qec "stty cols 60; $ods status; $ods zones; $ods zone z1.test" /dev/null >typed
	sed 's/\x1b\[[0-9;]*m//g; s/\r$//' typed >untyped
	[ "$(python3 -c 'print(max(len(line) for line in open("untyped", encoding="utf-8")))')" -le 61 ] ||
		fail "$(cat untyped)"
	says typed $'\x1b\[32mOK'
	# as watch(1) shows it; and as a program reads it
	COLUMNS=60 ods zone z1.test | awk 'length($0) > 60 { exit 1 }' || fail "$(COLUMNS=60 ods zone z1.test)"
	ods zone z1.test | awk 'length($0) > 100 { n++ } END { exit !n }' || fail "$(ods zone z1.test)"
	NO_COLOR=1 script -qec "$BUILD_DIR/ods -c $D/conf.xml status" /dev/null >typed
	does_not_say typed $'\x1b'
}
counts_source() { ods status -j >c || true; [ "$(value c 'it["zones"]["states"]["source"]')" = "$1" ]; }
counts_frozen() { ods status -j >c || true; [ "$(value c 'it["zones"]["states"]["source"] + it["zones"]["states"]["frozen"]')" = 8 ]; }

# completed WORD...: what bash, and zsh, offer for the last word.
completed() {
	bash -c '. "$0/completion/ods"
		COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _ods; printf "%s\n" "${COMPREPLY[@]}"' "$top" "$@"
	zsh -f -c 'compadd() { shift; print -l -- ${(M)@:#${words[CURRENT]}*} }
		_files() { print FILES }
		words=("$@") CURRENT=$# ; set --; . '"$top"'/completion/_ods' zsh "$@"
}
# offers COUNT WORD...: the last of them is offered by both shells for those before.
offers() { [ "$(completed "${@:1:$# - 1}" | grep -cxF -- "${*: -1}")" = 2 ]; }

# Commands, options, zones and values are offered as one types.
test_completion() { # short
	local command
	small a.test a.test 1
	quick q --zone a.test="$work/a.test"
	printf '#!/bin/sh\nexec "%s/ods" -c "%s/conf.xml" "$@"\n' "$BUILD_DIR" "$D" >ods
	chmod +x ods
	PATH=$work:$PATH
	for command in $(ods --help | sed -n '/^Commands:/,/^Options:/s/^  \([a-z-]*\) .*/\1/p'); do
		offers ods "${command:0:2}" "$command" || fail "$command: $(completed ods "${command:0:2}")"
	done
	offers ods zone a. a.test. || fail "$(completed ods zone a.)"
	offers ods -c "$D/conf.xml" rollover a.test. '' zsk
	offers ods zones --sta --state
	offers ods zones --state hel held
	offers ods zones --order '' expiry
	offers ods status --js --json
	offers ods freeze --un --until
	offers ods backup pre prepare
	[ "$(completed ods nosuch '' | grep -c .)" -ge 1 ] || fail "no files are offered"
}

# Of 2,000 zones the four are named in less than 200 ms.
long_four() { # limit 1500
	local n=${ZONES:-2000} before after i
	four_of "$n"
	names_the_four "$n"
	sleep 10 # until the engine has looked at all of them
	for i in 1 2 3 4 5 6 7 8 9; do
		before=$(date +%s%N)
		ods status >out || true
		after=$(date +%s%N)
		echo $(((after - before) / 1000000))
	done | sort -n >took
	echo "$n zones, ods status took ms: $(xargs <took)"
	[ "$(sed -n 5p took)" -lt $((200 * ${LIMIT_FACTOR:-1})) ] || fail "that is too long"
	before=$(date +%s%N)
	ods zones >out
	echo "$n zones, ods zones: $((($(date +%s%N) - before) / 1000000)) ms"
}

# The audit has who did what to which key, and why; what was changed in it, or cut off, is seen.
test_audit() { # short
	local audit
	hasty_policy PT1H
	small a.test a.test 1
	quick q --kasp kasp.xml --policy quick --zone a.test="$work/a.test"
	audit=$D/audit.jsonl
	within 20 says "$audit" '"action": "policies-read".*"why": "ods-engine .* started", "after": "[0-9a-f]*"'
	within 20 says "$audit" '"who": "policy", "action": "key-pair-made", "what": "repository SoftHSM, CKA_ID'
	within 20 says "$audit" '"action": "key-introduced", "zone": "a\.test\.", "what": "ksk [0-9]*, algorithm 13.*"why": "policy"'
	within 20 says "$audit" '"action": "key-state", "zone": "a\.test\.", "what": "ksk [0-9]* DNSKEY", "why": "published", "before": "hidden", "after": "rumoured"'
	within 30 zone_state a.test parent
	engine zone-ksk-submitted a.test
	within 10 says "$audit" '"who": "person", "action": "ds-confirmed", "zone": "a\.test\.", "what": "ksk [0-9]* DS"'
	within 10 says "$audit" "\"who\": \"uid $(id -u) \($(id -un)\)\", \"action\": \"zone-ksk-submitted\", \"zone\": \"a\.test\.\", \"why\": \"done\""
	within 30 omnipresent_ds
	ods -y rollover a.test zsk
	within 10 says "$audit" '"action": "zone-key-rollover", "zone": "a\.test\.", "what": "zsk", "why": "done", "before": "ksk [0-9]* in, DS [a-z]*, DNSKEY omnipresent'
	within 10 says "$audit" '"action": "key-introduced", .*"what": "zsk .*"why": "a rollover was ordered"'
	ods ds-seen nosuch.test || true
	within 10 says "$audit" '"action": "zone-ds-seen", "zone": "nosuch\.test\.", "why": "refused"'
	ods freeze a.test
	within 10 says "$audit" '"action": "zone-freeze", "zone": "a\.test\."'
	ods thaw a.test
	sed -i 's/<Purge>PT1H/<Purge>PT2H/' "$D/kasp.xml"
	engine reload
	within 10 says "$audit" '"action": "policies-read".*"why": "reload", "before": "[0-9a-f]*", "after": "[0-9a-f]*"'
	python3 -c 'import json, sys; [json.loads(line) for line in open(sys.argv[1])]' "$audit"
	within 20 verified
	says out '^[0-9]+ lines, number 1 to [0-9]+, none changed, none missing between them$'
	# rotated, as logrotate does
	mv "$audit" first.jsonl
	ods freeze a.test
	within 10 says "$audit" zone-freeze
	ods thaw a.test
	sleep 2
	exits 0 ods audit verify first.jsonl "$audit"
	exits 0 ods audit verify
	says out 'those before are in another file'
	exits 1 ods audit verify first.jsonl
	says err 'lines are missing at the end'
	exits 1 ods audit verify "$audit" first.jsonl
	# tampered with
	sed '3s/policy/nobody/' first.jsonl >changed.jsonl
	exits 1 ods audit verify changed.jsonl "$audit"
	says err 'changed.jsonl:4: the line before it was changed'
	sed 3d first.jsonl >changed.jsonl
	exits 1 ods audit verify changed.jsonl "$audit"
	says err 'changed.jsonl:3: number 4 comes after 2'
	# a new engine goes on with the chain
	stop_pid "$(cat "$D/run/ods-engine.pid")"
	start_engine
	within 20 verified_again
}

# What is done by the module's own socket comes into the audit, once, with who; also if module and engine are
# started anew before.
test_audit_module() { # short
	local me
	me="\"who\": \"uid $(id -u) \($(id -un)\)\""
	small a.test a.test 1
	quick q --zone a.test="$work/a.test"
	module zone-keys-load a.test
	within 10 in_audit "$me, \"action\": \"zone-keys-load\", \"zone\": \"a\.test\.\", \"why\": \"done\""
	ods pass a.test chain || true
	within 10 in_audit "$me, \"action\": \"zone-pass\", \"zone\": \"a\.test\.\", \"what\": \"chain\", \"why\": \"refused\""
	stop_pid "$(cat "$D/run/ods-engine.pid")"
	module zone-freeze a.test
	engine_asks zone-keyset-read a.test | sed 's/^keyset: //' >keyset
	restart_knotd
	# nobody has asked this knotd for facts yet, so this is not taken for the engine's
	engine_asks zone-keyset a.test "$(cat keyset)" || true
	start_engine
	within 10 in_audit "$me, \"action\": \"zone-keyset\", \"zone\": \"a\.test\.\", \"why\": "
	within 10 in_audit "$me, \"action\": \"zone-freeze\", \"zone\": \"a\.test\.\", \"why\": \"done\""
	[ "$(grep -c zone-keys-load "$D/audit.jsonl")" = 1 ] || fail "twice: $(cat "$D/audit.jsonl")"
	says "$D/knotd.log" "uid $(id -u): zone-freeze a\.test\.?, done"
	within 10 verified
}
in_audit() { says "$D/audit.jsonl" "$1"; }
omnipresent_ds() { engine_says a.test 'ksk: .*DS omnipresent,'; }
verified() { ods audit verify >out 2>err; }
verified_again() { [ "$(grep -c started "$D/audit.jsonl")" = 1 ] && ods audit verify first.jsonl "$D/audit.jsonl"; }
