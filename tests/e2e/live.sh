# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: mod-opendnssec developers
#
# Rollovers as the world sees them: the parent zone, and the zones' public secondary, in a knotd of
# their own; unbound validates, and is asked all the time; a registry does what the engine's
# commands say. All delays are seconds, and true: the secondary asks each second, and whoever
# caches keeps to the TTLs.

# world ZONE=POLICY...: zones below p.test; the policies come from standard input (and not by a
# pipe, in which all that this sets would be lost).
world() {
	local entry
	kasp kasp.xml
	public=$(free_port)
	resolver=$((public + 1))
	mkdir public resolver
	zones=("${@/=*/.p.test}")
	small first.test first.test 1
	quick q --kasp "$work/kasp.xml" --zone first.test="$work/first.test"
	start_public
	start_resolver
	registry
	sed -i -e "s/^remote:/&\n  - id: public\n    address: 127.0.0.1@$public/" \
		-e 's/^    acl: transfer/&\n    notify: public/' "$D/knot.conf"
	for entry in "$@"; do
		grep "id: ${entry#*=}\$" "$D/knot.conf" >/dev/null || add_policy "${entry#*=}"
		zone_file "${entry%%=*}.p.test" 1
		add_zone "${entry%%=*}.p.test" "$work/${entry%%=*}.p.test" "${entry#*=}"
	done
	adjust
	knot reload
	within 60 all_secure
	[ ${#watched[@]} -gt 0 ] || watched=("${zones[@]}")
	watch_world "${watched[@]}"
}
watched=() # For the prober, if not all zones alike.
direct=    # Set: the resolver asks the signer, and not the zones' secondary.
adjust() { :; } # What another suite changes in knot.conf.

# zone_file ZONE SERIAL: with TTLs of the policies' size.
zone_file() {
	small "$1.300" "$1" "$2" '*.wild A 192.0.2.81' 'a.deep A 192.0.2.82'
	sed -i "s/^\$TTL 300/\$TTL 2/; s/ 3600 900 604800 300$/ ${refresh:-1} 1 604800 2/" "$1.300"
	mv "$1.300" "$1"
}

also=() # Other servers of the zones, as ADDRESS@PORT.
more=() # Where this one listens, too.
# The parent zone, signed by Knot itself, and the zones as secondaries have them.
start_public() {
	local zone
	{
		# shellcheck disable=SC2016
		printf '$ORIGIN p.test.\n$TTL 2\n@ SOA ns host 1 5 2 3600 2\n@ NS ns\n'
		echo "ns A ${parent_address:-127.0.0.1}"
		printf '%s. NS ns.p.test.\n' "${zones[@]}"
	} >public/p.test.zone
	another_knotd public "127.0.0.1@$public" "${more[@]}" < <(
		cat <<-EOT
		remote:
		  - id: signer
		    address: 127.0.0.1@$PORT
		acl:
		  - id: all
		    address: 127.0.0.1
		    action: [notify, transfer, update]
		zone:
		  - domain: p.test
		    acl: all
		    dnssec-signing: on
		    zonefile-load: difference-no-serial
		    zonefile-sync: -1
		    journal-content: all
		EOT
		printf '  - domain: %s\n    acl: all\n    master: signer\n    zonefile-sync: -1\n' "${zones[@]}"
	)
}

# at_public COMMAND...: asks there what would be asked of the primary.
at_public() { PORT=$public "$@"; }

# As strict as can be: what fails is not tried again with other data.
start_resolver() {
	local zone address port
	within 30 at_public signed p.test
	at_public ask +short p.test DNSKEY | awk '$1 == 257 { print "p.test. DNSKEY", $0 }' \
		>resolver/anchor
	{
		cat <<-EOT
		server:
		    directory: "$work/resolver"
		    chroot: ""
		    username: ""
		    pidfile: ""
		    interface: 127.0.0.1@$resolver
		    do-ip6: no
		    do-daemonize: no
		    use-syslog: no
		    logfile: ""
		    val-log-level: 2
		    val-max-restart: 0
		    harden-algo-downgrade: yes
		    do-not-query-localhost: no
		    qname-minimisation: no
		    trust-anchor-file: "$work/resolver/anchor"
		    num-threads: 1
		    local-zone: "test." nodefault
		remote-control:
		    control-enable: no
		EOT
		for zone in p.test "${zones[@]}"; do
			port=$public
			[ -z "$direct" ] || [ "$zone" = p.test ] || port=$PORT
			printf 'stub-zone:\n    name: %s\n    stub-addr: 127.0.0.1@%s\n' "$zone" "$port"
			for address in "${also[@]}"; do
				[ "$zone" = p.test ] || echo "    stub-addr: $address"
			done
		done
	} >resolver/unbound.conf
	unbound -c resolver/unbound.conf >resolver/resolver.log 2>&1 </dev/null &
	pids+=($!)
	within 30 secure p.test
}

# asked ZONE: what the resolver says.
asked() { kdig @127.0.0.1 -p "$resolver" +timeout=2 +adflag "$1" SOA; }
secure() { asked "$1" | grep 'Flags: .* ad[ ;]' >/dev/null; }
insecure() { asked "$1" >asked.out; grep -q NOERROR asked.out && ! grep -q 'Flags: .* ad[ ;]' asked.out; }
all_secure() { local zone; for zone in "${zones[@]}"; do secure "$zone" || return; done; }

# The commands that the engine runs bring DS records to the parent zone and take them away.
registry() {
	local check
	registry_commands
	check="<ParentCheck><Interval>PT1S</Interval><Port>$public</Port>"
	check+="<ResolverConfig>$work/resolver/engine.conf</ResolverConfig></ParentCheck>"
	sed -i "s|<Enforcer>|&\
<DelegationSignerSubmitCommand>$work/add-ds</DelegationSignerSubmitCommand>\
<DelegationSignerRetractCommand>$work/del-ds</DelegationSignerRetractCommand>$check|" "$D/conf.xml"
	engine reload
}

# The commands that it runs: add-ds, del-ds; and what it asks the parent by.
registry_commands() {
	local action
	for action in add del; do
		cat >"$action-ds" <<-EOT
		#!/bin/bash
		set -e -o pipefail
		ds=\$(ldns-key2ds -n -2 /dev/stdin)
		read -r zone _ _ _ ds <<<"\$ds"
		printf 'server 127.0.0.1 $public\nzone p.test\nupdate $action %s 2 DS %s\nsend\n' \
			"\$zone" "\$ds" | knsupdate
		EOT
		chmod +x "$action-ds"
	done
	cat >resolver/engine.conf <<-EOT
	server:
	    do-not-query-localhost: no
	    module-config: iterator
	    local-zone: "test." nodefault
	stub-zone:
	    name: p.test.
	    stub-addr: 127.0.0.1@$public
	EOT
}

# seconds NAME [SED-EXPRESSION...]: a policy of seconds, changed.
seconds() {
	policy lab "$1" \
		's|<Resign>.*<|<Resign>PT1S<|; s|<Refresh>.*<|<Refresh>PT50S<|' \
		's|<Default>.*<|<Default>PT56S<|; s|<Denial>PT.*<|<Denial>PT56S<|' \
		's|<Jitter>.*<|<Jitter>PT2S<|; s|<MaxZoneTTL>.*<|<MaxZoneTTL>PT2S<|' \
		's|<TTL>.*</TTL>|<TTL>PT2S</TTL>|; s|Safety>PT[0-9A-Z]*<|Safety>PT1S<|' \
		's|<PropagationDelay>.*<|<PropagationDelay>PT4S<|' \
		's|<Minimum>.*<|<Minimum>PT2S<|; s|<Lifetime>.*<|<Lifetime>P1Y<|' \
		's|<Purge>.*<|<Purge>PT5S<|' "${@:2}"
}
csk() { seconds "$1" '/<ZSK>/,/<\/ZSK>/d' 's/KSK>/CSK>/' "${@:2}"; }

# tags ZONE FLAGS: the key tags of its DNSKEY RRs of those flags, as the world sees them.
tags() {
	at_public ask +tcp +noall +answer +crypto "$1" DNSKEY |
		awk -v flags="$2" '$4 == "DNSKEY" && $5 == flags' >"$1.$2"
	[ ! -s "$1.$2" ] || dnssec-dsfromkey -A -2 -f "$1.$2" "$1" | awk '{ print $4 }' | sort
}

# replaced ZONE FLAGS OLD: no key of the old ones is there any more, but a new one is.
replaced() {
	local now
	now=$(tags "$1" "$2")
	[ -n "$now" ] && [ -z "$(comm -12 <(echo "$now") <(echo "$3"))" ]
}

# set_policy ZONE POLICY
set_policy() {
	grep "id: $2\$" "$D/knot.conf" >/dev/null || add_policy "$2"
	awk -v zone="\"$1\"" -v module="mod-opendnssec/$2" '
		/domain:/ { here = $3 == zone }
		here && /module:/ { sub(/mod-opendnssec[/a-z0-9]*/, module) }
		{ print }' "$D/knot.conf" >"$D/knot.conf.new"
	mv "$D/knot.conf.new" "$D/knot.conf"
	knot reload
}

# Processes end at once, and are started again.
crash_engine() { stop_pid "$(cat "$D/run/ods-engine.pid")" KILL; }
crash_knotd() { stop_pid "$(cat "$D/run/knotd.pid")" KILL; }
crash() {
	case $1 in
	0) crash_engine; start_engine ;;
	1) crash_knotd; start_knotd ;;
	2) crash_engine; crash_knotd; start_knotd; start_engine ;;
	esac
}

# through_crashes COMMAND...: waits until it succeeds, while processes crash now and then.
through_crashes() {
	local tries=0
	until "$@" >/dev/null 2>&1; do
		tries=$((tries + 1))
		[ $((tries % 8)) -ne 2 ] || crash $((tries / 8 % 3))
		if [ $tries -gt 60 ]; then
			engine zone-status
			fail "not in time: $*"
		fi
		sleep 1
	done
}

watch_world() {
	"$e2e/resolver-prober.py" "$resolver" "$@" >prober.out 2>&1 &
	prober=$!
	pids+=("$prober")
	within 30 says prober.out asking # A signal before that would end it in silence.
}

# \return Whether all answers were secure.
watched_well() {
	kill "$prober"
	wait "$prober" && ! grep -q 'validation failure' resolver/resolver.log
}

watch_end() {
	watched_well || fail "$(cat prober.out; grep -E 'validation failure' resolver/resolver.log |
		tail -n 5)"
	cat prober.out
}

# All records are known everywhere, or nowhere.
settled() { engine zone-status "$1" >status.out && ! grep -qE 'rumoured|unretentive' status.out; }
all_settled() { local zone; for zone in "${zones[@]}"; do settled "$zone" || return; done; }

test_zsk() { # limit 120
	local old
	world z=sec < <(seconds sec)
	old=$(tags z.p.test 256)
	engine zone-key-rollover z.p.test zsk
	through_crashes replaced z.p.test 256 "$old"
	watch_end
}

# That it would be seen: the secondary is later than the policy says.
long_lie() { # limit 200
	refresh=300
	world k=sec < <(seconds sec)
	sed -i '/^    notify: public/d' "$D/knot.conf"
	knot reload
	within 60 all_settled
	engine zone-key-rollover k.p.test ksk
	within 60 says resolver/resolver.log 'validation failure.*no keys have a DS'
	! watched_well || fail "nobody noticed"
	says prober.out 'bad answers'
}

# knotd's own check of what it is given, in place of the other validators.
no_check() {
	sed -i 's/dnssec-validation: on/dnssec-validation: off/' "$D/knot.conf"
	knot reload
}

long_keys() { # limit 400
	world z=sec k=sec c=one < <(seconds sec; csk one)
	within 60 all_settled
	local z k c
	z=$(tags z.p.test 256) k=$(tags k.p.test 257) c=$(tags c.p.test 257)
	engine zone-key-rollover z.p.test zsk
	engine zone-key-rollover k.p.test ksk
	engine zone-key-rollover c.p.test csk
	through_crashes replaced z.p.test 256 "$z"
	through_crashes replaced k.p.test 257 "$k"
	# Knot's check takes two CSKs for KSKs without a ZSK: what it refuses is not public.
	says "$D/knotd.log" '\[c.p.test.\] DNSSEC, validation failed'
	expect 'c.p.test.*DNSKEY rumoured' engine zone-status c.p.test
	[ "$(tags c.p.test 257)" = "$c" ] || fail "knotd refused it, and yet it is there"
	no_check
	through_crashes replaced c.p.test 257 "$c"
	within 60 all_settled
	all_secure || fail "not secure at the end"
	watch_end
}

long_algorithm() { # limit 400
	world k=sec c=one < <(seconds sec; seconds sec15 's|>13</Alg|>15</Alg|'
		csk one; csk one15 's|>13</Alg|>15</Alg|')
	no_check
	within 60 all_settled
	local k z c
	k=$(tags k.p.test 257) z=$(tags k.p.test 256) c=$(tags c.p.test 257)
	set_policy k.p.test sec15
	set_policy c.p.test one15
	through_crashes replaced k.p.test 257 "$k"
	through_crashes replaced k.p.test 256 "$z"
	through_crashes replaced c.p.test 257 "$c"
	within 60 all_settled
	at_public ask +short k.p.test DNSKEY | awk '$3 != 15 { exit 1 }' || fail "another algorithm"
	# Back, and from one key to two at the same time.
	c=$(tags c.p.test 257)
	set_policy c.p.test sec
	through_crashes replaced c.p.test 257 "$c"
	within 60 all_settled
	all_secure || fail "not secure at the end"
	watch_end
}

nsec3() { [ -n "$(at_public ask +short "$1" NSEC3PARAM)" ]; }
nsec() { ! nsec3 "$1"; }

long_denial() { # limit 300
	# With opt-out, that a name does not exist is not secure (RFC 5155, section 9.2).
	watched=(n.p.test m.p.test --goes-insecure o.p.test)
	world n=sec m=sec3 o=sec < <(seconds sec; seconds sec3 "$(nsec3_denial '' 4)"
		seconds optout "$(nsec3_denial yes 4)")
	local round
	for round in 1 2; do
		set_policy n.p.test sec3
		set_policy m.p.test sec
		set_policy o.p.test optout
		through_crashes nsec3 n.p.test
		through_crashes nsec m.p.test
		through_crashes nsec3 o.p.test
		crash $round
		set_policy n.p.test sec
		set_policy m.p.test sec3
		set_policy o.p.test "sec$([ $round = 2 ] || echo 3)"
		through_crashes nsec n.p.test
		through_crashes nsec3 m.p.test
		crash $((2 - round))
	done
	within 60 all_settled
	all_secure || fail "not secure at the end"
	watch_end
}

no_dnskey() { [ -z "$(at_public ask +short "$1" DNSKEY)" ]; }

long_insecure() { # limit 400
	world i=sec s=sec < <(seconds sec; seconds none '/<KSK>/,/<\/KSK>/d' '/<ZSK>/,/<\/ZSK>/d')
	no_check
	within 60 all_settled
	watch_end
	watch_world s.p.test --goes-insecure i.p.test
	set_policy i.p.test none
	through_crashes no_dnskey i.p.test
	insecure i.p.test || fail "not insecure"
	set_policy i.p.test sec
	through_crashes secure i.p.test
	within 60 all_settled
	watch_end
	says prober.out 'insecure, as it may be'
}
