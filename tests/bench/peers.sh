# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: mod-opendnssec developers
#
# First signings beside those of other signers, with two threads and a token of the same kind. Neither
# of them verifies what it has signed: beside them is "verify: sample"; "all" is told, too.

# From the zone in memory to the zone signed.
bench_first_signing_knot() { beside knot 1.8; }
# From the order to the zone signed and on the disk: OpenDNSSEC reads a file and writes one.
bench_first_signing_opendnssec() { beside opendnssec 1.5; }

# beside PEER GOAL
beside() {
	local i verify
	for verify in sample all; do
		ours $verify $verify
	done
	for ((i = 1; i <= RUNS; i++)); do
		zone host "$NAMES" "z$i.test" "$work/z$i"
		"sign_by_$1" "z$i.test" "$work/z$i" >>rate.peer
		for verify in sample all; do
			use "$work/$verify"
			"sign_beside_$1" "z$i.test" "$work/z$i" >>rate.$verify
		done
		divide "$(tail -n 1 rate.sample)" "$(tail -n 1 rate.peer)" >>ratios
	done
	at_least "first-signing-beside-$1" "$(median <ratios)" "$2" \
		"$(rate sample), $1 $(rate peer); verify: all $(rate all)"
}

rate() { printf '%.0f/s' "$(median <"rate.$1")"; }

# Each of these prints signatures a second.
sign_beside_knot() {
	sign_first "$1" "$2"
	made "$1" | awk '{ print $1 / $2 }'
}

sign_beside_opendnssec() {
	local begin=$EPOCHREALTIME signatures end
	sign_first "$1" "$2"
	read -r signatures _ end < <(made "$1")
	divide "$signatures" "$(since "$begin" "$end")"
}

sign_by_knot() {
	plain knot "$1" "file: \"$2\"" 'zonefile-load: whole' 'journal-content: none' \
		'dnssec-signing: on' 'dnssec-policy: bench'
	start knot
	within 3600 signed "$1"
	axfr "$1" axfr
	halt knot
	divide "$(awk '$4 == "RRSIG"' axfr | wc -l)" \
		"$(between "$D/knotd.log" 'signing started' 'successfully signed')"
	rm -r "$D"
}

# OpenDNSSEC's signer alone is enough: what the enforcer would tell it is in sign_conf. Its socket
# and pid file are always in /run/opendnssec.
sign_by_opendnssec() {
	local dir=$work/ods run=/run/opendnssec begin
	ods_ready ods-signerd
	home ods
	ods_conf "$dir" peer 1234 >"$dir/conf.xml"
	ods_zones < <(echo "$1 bench $dir/signconf.xml $2") >"$dir/zones.xml"
	ods_signconf "$1" "$(ods_key "$dir")" "$(ods_key "$dir")" >"$dir/signconf.xml"
	begin=$EPOCHREALTIME
	ods-signerd -d -vvv -c "$dir/conf.xml" > >(stamp >"$dir/signer.log") 2>&1 </dev/null &
	pids+=($!)
	within 3600 says "$dir/signer.log" '\[STATS\] '
	stop_pid $! KILL             # it tends to crash and hang when it is told to stop
	rm -f $run/signerd.pid $run/engine.sock
	awk -v begin="$begin" 'match($0, /RRSIG\[new=[0-9]+/) {
		print substr($0, RSTART + 10, RLENGTH - 10) / ($1 - begin) }' "$dir/signer.log"
	[ -s "$2.signed" ] || fail "OpenDNSSEC has not written $2.signed"
	rm -r "$dir" "$2.signed"
}

ods_key() {
	ods-hsmutil -c "$1/conf.xml" generate SoftHSM ecdsa 256 | sed -n 's/^Key generation.*: //p'
}

# ods_signconf ZONE KSK ZSK
ods_signconf() {
	cat <<-EOT
	<SignerConfiguration><Zone name="$1">
		<Signatures>
			<Resign>PT2H</Resign><Refresh>P3D</Refresh>
			<Validity><Default>P14D</Default><Denial>P14D</Denial></Validity>
			<Jitter>PT12H</Jitter><InceptionOffset>PT1H</InceptionOffset>
		</Signatures>
		<Denial><NSEC/></Denial>
		<Keys>
			<TTL>PT1H</TTL>
			<Key><Flags>257</Flags><Algorithm>13</Algorithm><Locator>$2</Locator><KSK/><Publish/></Key>
			<Key><Flags>256</Flags><Algorithm>13</Algorithm><Locator>$3</Locator><ZSK/><Publish/></Key>
		</Keys>
		<SOA><TTL>PT1H</TTL><Minimum>PT1H</Minimum><Serial>unixtime</Serial></SOA>
	</Zone></SignerConfiguration>
	EOT
}
