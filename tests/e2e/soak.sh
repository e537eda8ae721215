# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: mod-opendnssec developers
#
# Changes at random in all ways there are, while servers crash; in the end the published zones
# have to be those of a signing from scratch, and no update that was answered may be lost.
# 'make soak' takes ten minutes, or SOAK seconds; SEED says which changes.

# The mischief that chaos.py calls for, as a program.
write_control() {
	cat >control <<-EOT
	#!/bin/bash
	BUILD_DIR=$BUILD_DIR
	set -- "\$@"
	word=\$1
	shift
	[ "\$word" != list ] || { echo kill stop engine reload sign policy roll refresh; exit; }
	pids=() dirs=()
	. "$e2e/lib.sh"
	trap - EXIT
	. "$e2e/soak.sh"
	use "$D"
	mischief_\$word
	EOT
	chmod +x control
}

mischief_kill() { stop_pid "$(cat "$D/run/knotd.pid")" KILL; start_knotd; }
mischief_stop() { restart_knotd; }
mischief_engine() { stop_pid "$(cat "$D/run/ods-engine.pid")" KILL; start_engine; }
mischief_reload() { knot reload; }
mischief_sign() { module zone-sign; }
mischief_refresh() { knot zone-refresh; }
mischief_roll() { engine zone-key-rollover f.test zsk; engine zone-key-rollover u.test zsk; }

# Another kind of denial for all zones.
mischief_policy() {
	sed -i "s/^    policy: .*/    policy: $(shuf -n 1 -e nsec nsec3 optout salted)/" "$D/knot.conf"
	knot reload
}

policies() {
	# shellcheck disable=SC2317
	denial() {
		policy lab "$1" "$2" 's|<Lifetime>.*<|<Lifetime>P1Y<|' \
			's|<Resign>.*<|<Resign>PT2S<|' 's|<MaxZoneTTL>.*<|<MaxZoneTTL>PT2S<|'
	}
	denial nsec ''
	denial nsec3 "$(nsec3_denial)"
	denial optout "$(nsec3_denial yes)"
	denial salted "$(nsec3_denial '' 4 3)"
}

# A hidden primary for i.test, itself changed by UPDATE; a name server that does not crash.
start_primary() {
	primary_port=$(free_port)
	small i.zone i.test 1
	sed -i 's/ 3600 900 604800 300$/ 5 1 604800 300/' i.zone
	another_knotd primary "127.0.0.1@$primary_port" <<-EOT
	remote:
	  - id: signer
	    address: 127.0.0.1@$PORT
	acl:
	  - id: all
	    address: 127.0.0.1
	    action: [transfer, update]
	zone:
	  - domain: i.test
	    file: "$work/i.zone"
	    notify: signer
	    acl: all
	    zonefile-sync: -1
	    zonefile-load: difference
	    journal-content: all
	EOT
}

# i.test comes from there; knotd wants to have seen what is referred to.
fetch_from_primary() {
	{
		printf 'remote:\n  - id: primary\n    address: 127.0.0.1@%s\n\n' "$primary_port"
		sed '/^remote:/,$d' "$D/knot.conf"
		sed -n '/^mod-opendnssec:/,/^[#r]/p' "$D/knot.conf" |
			sed -e '1d; $d; /^$/d' -e 's/id: default/id: fetched/'
		printf '    remote: primary\n\n'
		sed -n '/^remote:/,$p' "$D/knot.conf" | sed \
			-e 's|^acl:|&\n  - id: notified\n    address: 127.0.0.1\n    action: notify|' \
			-e 's/^    action: transfer/    action: [transfer, update]/'
		printf '  - domain: i.test\n    module: mod-opendnssec/fetched\n'
		printf '    acl: [transfer, notified]\n'
	} >"$D/knot.conf.new"
	mv "$D/knot.conf.new" "$D/knot.conf"
	knot reload
}

# The records of a zone but for what keys, salt and time make different.
essence() {
	sed -E 's/[[:space:]]+/ /g; / (DNSKEY|CDS|CDNSKEY) /d
		s/^([^ ]+ [0-9]+ (IN )?RRSIG [^ ]+ [0-9]+ [0-9]+ [0-9]+) .*/\1/
		s/ (SOA [^ ]+ [^ ]+) [0-9]+/ \1/' "$1" | sort -u
}

# quiet ZONE: all that was asked of it is in, done and served.
quiet() {
	local status in=''
	case $1 in
	f.test) in=$(awk '$2 == "SOA" { print $5 }' f.zone) ;;
	i.test) in=$(PORT=$primary_port serial i.test) ;;
	esac
	status=$(module zone-status "$1")
	[[ $status == *"state: ok"* && $status == *"policy: nsec3 "* ]] || return
	[ -z "$in" ] || [[ $status == *"serial-in: $in "* ]] || return
	[[ $status == *"serial: $(serial "$1") "* ]]
}

# soak SECONDS
soak() {
	local zone zones=(f.test u.test i.test) fresh=()
	small f.zone f.test 1
	small u.zone u.test 1
	kasp kasp.xml < <(policies)
	quick q --kasp "$work/kasp.xml" --policy nsec --zone f.test="$work/f.zone" \
		--zone u.test="$work/u.zone"
	start_primary
	fetch_from_primary
	within 60 signed i.test
	write_control
	"$e2e/chaos.py" "$1" "${SEED:-$RANDOM}" ./control f.test="file:$work/f.zone" \
		u.test="update:$PORT" i.test="update:$primary_port"

	sed -i 's/^    policy: .*/    policy: nsec3/' "$D/knot.conf"
	knot reload
	for zone in "${zones[@]}"; do
		within 120 quiet "$zone"
		within 120 nsec3 "$zone"
		within 120 quiet "$zone"
		validate "$zone"
		check_data "$zone"
		essence "$zone.axfr" >"$zone.essence"
		grep -vE '[[:space:]](RRSIG|NSEC|NSEC3|NSEC3PARAM|DNSKEY|CDS|CDNSKEY)[[:space:]]' \
			"$zone.axfr" >"$zone.unsigned"
		fresh+=(--zone "$zone=$work/$zone.unsigned")
	done
	quick fresh --kasp "$work/kasp.xml" --policy nsec3 "${fresh[@]}"
	for zone in "${zones[@]}"; do
		within 60 nsec3 "$zone"
		axfr "$zone" "$zone.scratch"
		essence "$zone.scratch" >"$zone.scratch-essence"
		diff "$zone.scratch-essence" "$zone.essence" >&2 ||
			fail "$zone is another than signed from scratch"
	done
}

test_soak() { # limit 300
	SEED=${SEED:-1} soak 6
}

long_soak() { # limit 1500
	soak "${SOAK:-600}"
}

# nsec3 ZONE: its negative answers are of the last policy.
nsec3() {
	ask +dnssec "no.such.name.$1" A | grep -E 'NSEC3[[:space:]]' >"$1.denial"
	[ -s "$1.denial" ] && ! grep -qvE '[[:space:]]RRSIG[[:space:]]+NSEC3 |[[:space:]]1 0 0 - ' "$1.denial"
}

# check_data ZONE: has what chaos.py says, and nothing else, but where nobody knows.
check_data() {
	sed -n 's/^? \([^ ]*\).*/\1/p' "$1.expected" | sort -u >"$1.unknown"
	grep -v '^?' "$1.expected" | sort >"$1.want"
	grep -vE '[[:space:]](RRSIG|NSEC|NSEC3|NSEC3PARAM|DNSKEY|CDS|CDNSKEY|SOA)[[:space:]]' "$1.axfr" |
		sed -E 's/[[:space:]]+/ /g; s/^([^ ]+) [0-9]+ (IN )?/\1 /' |
		grep -vE "^(ns1\.|www\.|mail\.|)$1\. " |
		awk -v unknown="$1.unknown" 'FILENAME == unknown { gone[$1] = 1; next }
			!($1 in gone)' "$1.unknown" - | sort >"$1.got"
	[ -s "$1.want" ] || fail "nothing was changed in $1"
	diff "$1.want" "$1.got" >&2 || fail "$1 has other records than it should have"
}
