# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: mod-opendnssec developers
#
# Zones of a real OpenDNSSEC in every stage of their rollovers move to us, and back. Knot, NSD and BIND are their
# secondaries; the parent zone has their DS; unbound validates, and is asked all the time.

# shellcheck disable=SC1091
. "$e2e/opendnssec-lib.sh"
# shellcheck disable=SC1091
. "$e2e/live.sh"

# The stages, each a zone of that name below p.test: what rolls over (8: the algorithm, from that one; CSK, one: the
# zone has one key with both roles); how far the policy's durations let it come, or what nobody says; what OpenDNSSEC then has of DS, DNSKEY, signature of DNSKEYs,
# signatures of the keys.
stages() {
	cat <<-'EOT'
	rest|none|-|KSK omnipresent omnipresent omnipresent NA
	z1|ZSK|PublishSafety|ZSK NA rumoured NA hidden
	z2|ZSK|Refresh|ZSK NA omnipresent NA unretentive|ZSK NA omnipresent NA rumoured
	z3|ZSK|RetireSafety|ZSK NA unretentive NA hidden
	k1|KSK|PublishSafety|KSK hidden rumoured rumoured NA
	k2|KSK|ds-seen|KSK unretentive omnipresent omnipresent NA|KSK rumoured omnipresent omnipresent NA
	k3|KSK|Parent|KSK unretentive omnipresent omnipresent NA|KSK rumoured omnipresent omnipresent NA
	k4|KSK|RetireSafety|KSK omnipresent omnipresent omnipresent NA|KSK .* unretentive unretentive NA
	a1|8|PublishSafety|KSK hidden rumoured rumoured NA|KSK omnipresent omnipresent omnipresent NA
	a2|8|ds-seen|KSK rumoured omnipresent omnipresent NA|KSK unretentive omnipresent omnipresent NA
	a3|8|ds-gone|KSK omnipresent omnipresent omnipresent NA|KSK unretentive omnipresent omnipresent NA
	a4|8|RetireSafety|KSK omnipresent omnipresent omnipresent NA|KSK hidden unretentive unretentive NA
	c0|one|-|CSK omnipresent omnipresent omnipresent omnipresent
	c1|CSK|PublishSafety|CSK hidden rumoured rumoured hidden
	c2|CSK|ds-seen|CSK rumoured omnipresent omnipresent [ro]|CSK unretentive omnipresent
	c3|CSK|Refresh|CSK omnipresent omnipresent omnipresent rumoured|CSK .* unretentive
	c4|CSK|RetireSafety|CSK omnipresent omnipresent omnipresent omnipresent|CSK .* unretentive unretentive hidden
	EOT
}

# load_stages: zones, and by zone: rolls, held, wanted.
declare -A rolls held wanted
load_stages() {
	local name roll hold states
	zones=()
	while IFS='|' read -r name roll hold states; do
		zones+=("$name.p.test")
		rolls[$name.p.test]=$roll held[$name.p.test]=$hold wanted[$name.p.test]=$states
	done < <(stages)
}

# policy_of ZONE [EXPRESSION...]: each zone has its own.
policy_of() {
	local csk=()
	case ${rolls[$1]} in
	one|CSK) csk=('/<ZSK>/,/<\/ZSK>/d' 's/KSK>/CSK>/') ;;
	esac
	seconds "${1%.p.test}" 's|<Resign>.*<|<Resign>PT5S<|; s|<Refresh>.*<|<Refresh>PT59M40S<|' \
		's|<Default>.*<|<Default>PT1H<|; s|<Denial>PT.*<|<Denial>PT1H<|' \
		"s|<PropagationDelay>.*<|<PropagationDelay>PT$((8 * ${LIMIT_FACTOR:-1}))S<|" \
		's|<Lifetime>.*<|<Lifetime>P10Y<|; s|<Purge>.*<|<Purge>P1D<|' "${csk[@]}" "${@:2}"
}

# policies begin|roll|go: before the rollovers, when they are to come as far as is wanted, when they are to go on.
policies() {
	local zone e
	echo '<KASP>'
	for zone in "${zones[@]}"; do
		e=()
		[ "$1" != begin ] || [ "${rolls[$zone]}" != 8 ] || e+=('s|length="256">13<|length="2048">8<|')
		if [ "$1" = roll ]; then
			case ${held[$zone]} in
			Refresh) e+=('s|<Refresh>.*<|<Refresh>PT10M<|') ;;
			Parent) e+=('/<Parent>/,$s|<PropagationDelay>.*<|<PropagationDelay>P1D<|') ;;
			*Safety) e+=("s|<${held[$zone]}>.*<|<${held[$zone]}>P1D<|") ;;
			esac
		fi
		policy_of "$zone" "${e[@]}"
	done
	echo '</KASP>'
}

# ---- the world, in which OpenDNSSEC is the primary first

addns() {
	local address
	echo '<Adapter><DNS><Outbound><ProvideTransfer><Peer><Prefix>127.0.0.1</Prefix></Peer></ProvideTransfer><Notify>'
	for address in "${secondaries[@]}"; do
		echo "<Remote><Address>$address</Address><Port>$ns</Port></Remote>"
	done
	echo '</Notify></Outbound></DNS></Adapter>'
}

zonelist() {
	local zone
	echo '<ZoneList>'
	for zone in "${zones[@]}"; do
		cat <<-EOT
		<Zone name="$zone"><Policy>${zone%.p.test}</Policy>
		<SignerConfiguration>$ods/signconf/$zone.xml</SignerConfiguration><Adapters>
		<Input><Adapter type="File">$work/unsigned/$zone</Adapter></Input>
		<Output><Adapter type="DNS">$ods/addns.xml</Adapter></Output></Adapters></Zone>
		EOT
	done
	echo '</ZoneList>'
}

# It is told of a new primary by named.conf and SIGHUP.
write_bind() {
	local zone
	{
		cat <<-EOT
		options {
		    directory "$work/bind"; pid-file "$work/bind/pid"; session-keyfile none;
		    listen-on port $ns { 127.0.0.1; }; listen-on-v6 { none; };
		    recursion no; notify no; managed-keys-directory "$work/bind";
		    min-refresh-time 5; min-retry-time 1; max-retry-time 5; transfers-in 50; transfers-per-ns 50;
		    serial-query-rate 100;
		};
		controls { };
		EOT
		for zone in "${zones[@]}"; do
			echo "zone $zone { type secondary; primaries port $1 { 127.0.0.1; }; file \"$zone\"; };"
		done
	} >bind/named.conf
}

# It has both primaries from the beginning.
start_nsd() {
	local zone
	run_nsd "$ns" 127.0.0.2 < <(
		for zone in "${zones[@]}"; do
			printf 'zone:\n    name: %s\n    zonefile: %s\n    allow-notify: 127.0.0.1 NOKEY\n' "$zone" "$zone"
			printf '    min-refresh-time: 5\n    max-refresh-time: 5\n    min-retry-time: 1\n    max-retry-time: 5\n'
			printf '    request-xfr: 127.0.0.1@%s NOKEY\n' "$theirs" "$ours"
		done)
}

start_world() {
	local zone
	load_stages
	mkdir -p public resolver bind unsigned ods/run ods/signconf tokens
	ods=$work/ods
	theirs=$(free_port)
	ours=$((theirs + 1)) public=$((theirs + 2)) resolver=$((theirs + 3))
	# The name servers have one port: BIND the one address that it takes, then NSD, and Knot, the parent's, too.
	ns=$((theirs + 4)) parent_address=127.0.0.3
	secondaries=(127.0.0.1 127.0.0.2 127.0.0.3)
	also=("127.0.0.1@$ns" "127.0.0.2@$ns") more=("127.0.0.3@$ns")
	for zone in "${zones[@]}"; do
		(cd unsigned && refresh=5 zone_file "$zone" 1) # NOTIFY is sooner.
		sed -i 's/^ns1 A .*/ns1 A 127.0.0.1\nns1 A 127.0.0.2\nns1 A 127.0.0.3/' "unsigned/$zone"
	done
	PORT=$theirs start_public
	start_nsd
	write_bind "$theirs"
	named -g -c bind/named.conf >bind/named.log 2>&1 &
	bind=$!
	pids+=("$bind")
	start_resolver
	registry_commands
	printf "stub-zone:\n    name: %s\n    stub-addr: 127.0.0.1@$public\n" "${zones[@]}" >>resolver/engine.conf
	write_patient
	make_token
	start_opendnssec
}

# OpenDNSSEC has a DS come and another one go at the same time, in any order; this registry lets none go that is
# the only one.
write_patient() {
	cat >del-ds-later <<-EOT
	#!/bin/bash
	dnskey=\$(cat)
	read -r zone _ <<<"\$dnskey"
	(
		until [ "\$(kdig @127.0.0.1 -p $public +short "\$zone" DS | wc -l)" -gt 1 ]; do sleep 0.2; done
		$work/del-ds <<<"\$dnskey"
	) >/dev/null 2>&1 </dev/null &
	EOT
	chmod +x del-ds-later
}

make_token() {
	export SOFTHSM2_CONF=$work/softhsm2.conf
	printf '%s\n' "directories.tokendir = $work/tokens" 'objectstore.backend = file' >"$SOFTHSM2_CONF"
	softhsm2-util --init-token --free --label moved --pin 1234 --so-pin 5678 >softhsm2-util.out
}

start_opendnssec() {
	local commands
	commands="<DelegationSignerSubmitCommand>$work/add-ds</DelegationSignerSubmitCommand>"
	commands+="<DelegationSignerRetractCommand>$work/del-ds-later</DelegationSignerRetractCommand>"
	policies begin >"$ods/kasp.xml"
	addns >"$ods/addns.xml"
	zonelist >"$ods/zonelist.xml"
	ods_conf "$ods" moved 1234 | sed -e "s|</Datastore>|&$commands|" -e "s|</Signer>|<Listener><Interface>$(
		)<Address>127.0.0.1</Address><Port>$theirs</Port></Interface></Listener>&|" >"$ods/conf.xml"
	chmod 0600 "$ods/conf.xml"
	run_opendnssec
	within 120 settle
	all_follow "$theirs"
	within 60 all_secure
	watch_world "${zones[@]}"
}

# settle: says of each zone's DS what is so. \return Whether all is known everywhere.
settle() {
	local zone all=0
	for zone in "${zones[@]}"; do
		say_ds "$zone"
		! ods_has "$zone" 'rumoured|unretentive' && ods_has "$zone" '^[KC]SK omnipresent omnipresent omnipresent' || all=1
	done
	return $all
}

# say_ds ZONE [seen|gone...]: says what the parent has, or has no more, but not that. Who says gone of a DS that is
# still there has the zone bogus when the algorithm goes, if registry and OpenDNSSEC are not equally slow.
say_ds() {
	local role ds dnskey rrsig_dnskey rrsig tag there
	# shellcheck disable=SC2034
	ods_keys "$1" >"keys.$1"
	at_public ask +short "$1" DS >"ds.$1" || return 0
	there=" $(awk '{ print $1 }' "ds.$1" | paste -sd ' ') "
	while read -r role ds dnskey rrsig_dnskey rrsig tag; do
		case $role:$ds:$dnskey:$([[ $there == *" $tag "* ]] && echo there) in
		[KC]SK:rumoured:omnipresent:there)
			[ "${2:-}" = seen ] || ods-enforcer key ds-seen -z "$1" -x "$tag"
			;;
		[KC]SK:unretentive:*:) [ -n "${2:-}" ] || ods-enforcer key ds-gone -z "$1" -x "$tag" ;;
		esac
	done <"keys.$1" >>ods.out 2>&1
}

# reach: \return whether all zones are in the stage that is wanted.
reach() {
	local zone state all=0
	for zone in "${zones[@]}"; do
		case ${held[$zone]} in
		ds-seen) say_ds "$zone" seen ;;
		ds-gone) say_ds "$zone" gone ;;
		*) say_ds "$zone" ;;
		esac
		while IFS= read -r -d '|' state; do
			grep -E "^$state" "keys.$zone" >/dev/null || all=1
		done <<<"${wanted[$zone]}|"
	done
	return $all
}

has_two() { [ "$(ods_keys "$1" | grep -c "^$2 ")" = 2 ]; }

bring_to_stages() {
	local zone
	policies roll >"$ods/kasp.xml"
	ods-enforcer policy import >>ods.out
	sleep 10 # An order is lost while the enforcer is at the zone for another reason.
	for zone in "${zones[@]}"; do
		case ${rolls[$zone]} in
		?SK)
			ods-enforcer key rollover -z "$zone" -t "${rolls[$zone]}" >>ods.out
			within 30 has_two "$zone" "${rolls[$zone]}"
			;;
		esac
	done
	within 240 reach
	for zone in "${zones[@]}"; do
		ods_keys "$zone" >"$zone.stage"
	done
	policies go >"$ods/kasp.xml"
}

# ---- here

# follow PORT: all secondaries have that primary.
follow() {
	sed -i "/id: signer/,/address:/s/@.*/@$1/" public/knot.conf
	knotc -s public/knot.sock reload
	write_bind "$1"
	kill -HUP "$bind"
}
# all_follow PORT: all secondaries have the version that this primary has now, or a later one.
all_follow() {
	local zone
	for zone in "${zones[@]}"; do
		PORT=$1 serial "$zone" >"serial.$zone"
		[ -s "serial.$zone" ] || fail "$zone has no serial at $1"
	done
	for zone in "${zones[@]}"; do
		within 60 follows "$zone"
	done
}
follows() {
	local address
	for address in "${secondaries[@]}"; do
		[ "$(kdig @"$address" -p "$ns" +short "$1" SOA | awk '{ print $3 }')" -ge \
			"$(cat "serial.$1")" ] || return
	done
}

# goals: of each zone, the keys that stay: role (2: ZSK, 1: those with a DS) and key tag.
goals() {
	python3 -c '
import sqlite3, sys
for row in sqlite3.connect(sys.argv[1]).execute(
        "SELECT zone.name, role, keytag FROM keyData JOIN zone ON zone.id = zoneId WHERE introducing ORDER BY 1, 2, 3"):
    print(row[0], 2 if row[1] == 2 else 1, row[2])' "$ods/kasp.db" | sort
}
# published: of each zone, the keys as its secondary has them, as goals.
published() {
	local zone tag
	for zone in "${zones[@]}"; do
		for tag in $(tags "$zone" 257); do echo "$zone 1 $tag"; done
		for tag in $(tags "$zone" 256); do echo "$zone 2 $tag"; done
	done | sort
}
# at_parent: of each zone, the key tags of its DS.
at_parent() {
	local zone
	for zone in "${zones[@]}"; do
		at_public ask +short "$zone" DS | awk -v zone="$zone" '{ print zone, 1, $1 }'
	done | sort
}
ended() { diff keys.goal <(published) >ended.diff && diff <(grep " 1 " keys.goal) <(at_parent) >>ended.diff; }

token_keys() { "$BUILD_DIR/ods-hsm" -c "$D/conf.xml" list | awk '{ print $2, $3 }' | sort; }

move() {
	D=$work/folder PORT=$ours
	goals >keys.goal
	stop_opendnssec
	"$BUILD_DIR/ods" migrate --below --output "$D" --listen "127.0.0.1@$ours" "$ods/conf.xml" >migrate.out ||
		fail "not all move: $(cat migrate.out)"
	KNOT_SOCKET=$D/run/knot.sock MODULE_SOCKET=$D/run/module.sock ENGINE_SOCKET=$D/run/engine.sock
	# It is for an installed module; this one is another.
	{
		printf 'module:\n  - id: mod-opendnssec\n    file: "%s"\n\n' "$BUILD_DIR/opendnssec.so"
		cat "$D/knot.conf"
	} >knot.conf.test
	cp knot.conf.test "$D/knot.conf"
	sed -i "s|</Enforcer>|<ParentCheck><Interval>PT1S</Interval><Port>$ns</Port>$(
		)<ResolverConfig>$work/resolver/engine.conf</ResolverConfig></ParentCheck>&|" "$D/conf.xml"
	start_engine
	pids+=("$(cat "$D/run/ods-engine.pid")")
	ods import -y --signer-dir "$ods/run" "$ods/kasp.db" >import.out || fail "import: $(cat import.out)"
	start_knotd
	pids+=("$(cat "$D/run/knotd.pid")")
	token_keys >keys.before
	local zone
	for zone in "${zones[@]}"; do
		within 60 signed "$zone"
	done
	published >keys.here
	within 20 same_keys
}

follow_us() {
	follow "$ours"
	all_follow "$ours"
}

# same_keys: we publish the DNSKEYs that the secondaries have, of OpenDNSSEC.
same_keys() { public=$ours published >keys.ours && diff keys.here keys.ours >keys.diff; }

# frozen_for SECONDS: no key takes a step meanwhile.
frozen_for() {
	local zone
	sleep "$1"
	for zone in "${zones[@]}"; do
		engine_says "$zone" 'no key takes a step' || fail "$zone is not held"
	done
	published >keys.now
	diff keys.here keys.now || fail "keys changed in zones that are held"
}

long_forth() { # limit 1200
	local zone
	start_world
	bring_to_stages
	move
	within 20 engine_says rest.p.test 'not all of its name servers have it: ns.* 127.0.0.[123]@.*: it has serial'
	frozen_for 10
	follow_us # This is seen, and thaws the zones.
	within 240 ended
	within 60 all_settled
	token_keys >keys.after
	diff keys.before keys.after || fail "a key was generated, or removed, that was not due"

	# The way back: where OpenDNSSEC's next step is what has become true meanwhile, it is open still; where keys have
	# changed, OpenDNSSEC is told of them.
	ods freeze
	ods back --signer-dir "$ods/run" "$ods/kasp.db" >back.out
	expect '^6 zones can go back, 11 by SQL, 0 cannot' cat back.out
	for zone in rest z3 k4 a4 c0 c4; do
		says back.out "^$zone.p.test.  open" || fail "$zone cannot go back: $(cat back.out)"
	done
	ods back --sql "$ods/kasp.db" >back.sql 2>back.err
	published >keys.here
	stop_ours
	# As it is printed.
	eval "$(grep -E '^  (cp|sqlite3|rm) ' back.out)"
	start_enforcer
	ods-enforcer policy import >>ods.out
	eval "$(sed -n '/^  ods-enforcer signconf/,/done$/p' back.out)" >>ods.out
	start_signer
	follow_them
	published >keys.now
	diff keys.here keys.now || fail "OpenDNSSEC has other keys"
	goes_on
	watch_end
}

stop_ours() {
	stop_pid "$(cat "$D/run/knotd.pid")"
	stop_pid "$(cat "$D/run/ods-engine.pid")"
}

follow_them() {
	local line
	# As it is printed; the signer knows no zones for a moment.
	while read -r line; do
		within 60 eval "$line"
	done < <(grep 'ods-signer sign' back.out)
	within 60 above "$theirs"
	follow "$theirs"
	all_follow "$theirs"
}

# OpenDNSSEC replaces keys that we made, as if they were its own.
goes_on() {
	local z k c
	z=$(tags z1.p.test 256) k=$(tags k1.p.test 257) c=$(tags c1.p.test 257)
	ods-enforcer key rollover -z z1.p.test -t ZSK >>ods.out
	ods-enforcer key rollover -z k1.p.test -t KSK >>ods.out
	ods-enforcer key rollover -z c1.p.test -t CSK >>ods.out
	within 240 rolled z1.p.test 256 "$z"
	within 240 rolled k1.p.test 257 "$k"
	within 240 rolled c1.p.test 257 "$c"
}
rolled() { say_ds "$1"; replaced "$@"; }

# ---- back

long_back() { # limit 900
	start_world
	bring_to_stages
	move
	ods freeze # Else they are thawed when all is seen to follow.
	follow_us
	frozen_for 5
	ods back "$ods/kasp.db" >back.out
	expect "^${#zones[@]} zones can go back, 0 by SQL, 0 cannot" cat back.out
	stop_ours
	start_daemons
	ods-enforcer policy import >>ods.out
	follow_them
	within 240 theirs_ended
	watch_end
}
# above PORT: this primary has signed above what the secondaries have, which do not follow it yet.
above() {
	local zone
	for zone in "${zones[@]}"; do
		[ "$(PORT=$1 serial "$zone")" -gt "$(at_public serial "$zone")" ] || return
	done
}
theirs_ended() {
	local zone
	for zone in "${zones[@]}"; do
		say_ds "$zone"
	done
	ended
}
