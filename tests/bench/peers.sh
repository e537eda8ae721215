# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: mod-opendnssec developers
#
# First signings beside those of other signers, with two threads and a token of the same kind: what
# they take from the zone in memory to the zone signed, without reading it.

bench_first_signing_knot() { beside knot 1.8; }
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
			sign_first "z$i.test" "$work/z$i"
			made "z$i.test" | awk '{ print $1 / $2 }' >>rate.$verify
			divide "$(tail -n 1 rate.$verify)" "$(tail -n 1 rate.peer)" >>ratio.$verify
		done
	done
	for verify in sample all; do
		at_least "first-signing-beside-$1-verify-$verify" "$(median <ratio.$verify)" "$2" \
			"$(rate $verify), $1 $(rate peer)"
	done
}

rate() { printf '%.0f/s' "$(median <"rate.$1")"; }

# Knot's own signing. Prints signatures a second, as the next one.
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
# and pid file are always in /run/opendnssec. It counts in whole seconds.
sign_by_opendnssec() {
	local dir=$work/ods run=/run/opendnssec stats
	ods_ready ods-signerd
	home ods
	ods_conf "$dir" peer 1234 >"$dir/conf.xml"
	ods_zones < <(echo "$1 bench $dir/signconf.xml $2") >"$dir/zones.xml"
	ods_signconf "$1" "$(ods_key "$dir")" "$(ods_key "$dir")" >"$dir/signconf.xml"
	ods-signerd -d -vvv -c "$dir/conf.xml" >"$dir/signer.log" 2>&1 </dev/null &
	pids+=($!)
	within 3600 says "$dir/signer.log" '\[STATS\] '
	stop_pid $! KILL             # it tends to crash and hang when it is told to stop
	rm -f $run/signerd.pid $run/engine.sock
	stats=$(sed -n 's/.*RRSIG\[new=\([0-9]*\) .* time=\([0-9]*\)(sec) avg.*/\1 \2/p' "$dir/signer.log")
	awk '{ print $1 / ($2 > 0 ? $2 : 1) }' <<<"$stats"
	rm -r "$dir"
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
