# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: mod-opendnssec developers
#
# Answers that no zone holds, signed on the fly: mod-synthrecord, forward and reverse, mod-geoip and mod-whoami.

# shellcheck disable=SC1091
. "$e2e/token.sh"
# shellcheck disable=SC1091
. "$e2e/live.sh"

forward=syn.test reverse=2.0.192.in-addr.arpa

# Names and types, with what the answer is: data, none (NODATA), missing, refers.
questions() {
	cat <<-EOT
	dyn-192-0-2-5.$forward A data
	dyn-192-0-2-5.$forward AAAA none
	dyn-192-0-2-5.$forward TXT none
	DYN-192-0-2-6.$forward A data
	dyn-2001-db8--5.$forward AAAA data
	dyn-2001-db8--5.$forward A none
	dyn-10-0-0-1.$forward A missing
	nono.$forward A missing
	a.b.nono.$forward MX missing
	ent.$forward A none
	a.ent.$forward TXT data
	a.ent.$forward A none
	x.w.$forward A data
	x.w.$forward TXT data
	x.w.$forward MX none
	w.$forward A none
	*.w.$forward A data
	$forward SOA data
	$forward DNSKEY data
	$forward A data
	$forward AAAA none
	$forward TXT none
	$forward MX data
	mail.$forward A data
	mail.$forward AAAA none
	alias.$forward A data
	alias.$forward TXT none
	lost.$forward A missing
	todyn.$forward A data
	x.d.$forward A data
	x.d.$forward MX none
	unsigned.$forward DS none
	secure.$forward DS data
	mail.$forward NSEC data
	nono.$forward NSEC data
	geo.$forward A data
	geo.$forward AAAA none
	only.$forward A data
	Only.$forward TXT none
	x.net.$forward AAAA data
	x.net.$forward A none
	geoalias.$forward A data
	geoalias.$forward TXT none
	geolost.$forward A missing
	togeo.$forward A data
	toonly.$forward A data
	toonly.$forward TXT none
	5.$reverse PTR data
	5.$reverse A none
	500.$reverse PTR missing
	$reverse NS data
	EOT
}

zone_files() {
	{
		cat <<-EOT
		\$TTL 60
		@ SOA ns hostmaster 1 3600 600 86400 30
		@ NS ns
		ns A 192.0.2.1
		@ MX 10 mail
		mail A 192.0.2.2
		a.ent TXT deep
		*.w TXT wild
		*.w A 192.0.2.9
		alias CNAME mail
		lost CNAME nowhere
		d DNAME w
		todyn CNAME dyn-192-0-2-77
		geo A 192.0.2.10
		togeo CNAME geo
		toonly CNAME only
		unsigned NS ns.unsigned
		ns.unsigned A 192.0.2.3
		secure NS ns.secure
		secure DS 1 13 2 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
		ns.secure A 192.0.2.3
		svc HTTPS 1 mail
		EOT
	} >syn
	# shellcheck disable=SC2016
	printf '%s\n' '$TTL 60' "@ SOA ns.$forward. hostmaster.$forward. 1 3600 600 86400 30" \
		"@ NS ns.$forward." >rev
}

# A forward zone of addresses, and the reverse one; and what differs by the client's network, of which a name is
# in the zone, too.
modules() {
	cat >geo.conf <<-EOT
	geo.$forward:
	  - net: 127.0.0.0/8
	    A: 192.0.2.70
	  - net: 198.51.100.0/24
	    A: [192.0.2.71, 192.0.2.72]
	only.$forward:
	  - net: 0.0.0.0/0
	    A: 192.0.2.73
	*.net.$forward:
	  - net: 127.0.0.0/8
	    AAAA: "2001:db8::70"
	geoalias.$forward:
	  - net: 127.0.0.0/8
	    CNAME: mail.$forward.
	geolost.$forward:
	  - net: 127.0.0.0/8
	    CNAME: nowhere.$forward.
	EOT
	cat <<-EOT
	mod-geoip:
	  - id: nets
	    config-file: "$work/geo.conf"
	    ttl: 120
	mod-synthrecord:
	  - id: forward
	    type: forward
	    prefix: dyn-
	    ttl: 120
	    network: [192.0.2.0/24, "2001:db8::/64"]
	  - id: reverse
	    type: reverse
	    prefix: dyn-
	    origin: $forward
	    ttl: 120
	    network: 192.0.2.0/24
	EOT
}

# online_section POLICY: in knot.conf, for mod-opendnssec/online; and the modules' sections.
online_section() {
	{
		sed -n '/^mod-opendnssec:/,/^[#r]/p' "$D/knot.conf" | sed -e '1d; $d; /^$/d' \
			-e 's/id: default/id: online/' -e "s/policy: .*/policy: $1\n    online: on/"
		modules
	} >sections
	sed -i '/^remote:/{
		e cat sections
	}' "$D/knot.conf"
}

# online POLICY [OPTION...]: quickstart's; both zones are of that policy, signed on the fly. The small zone
# "plain.test" is not.
online() {
	local policy=$1
	shift
	zone_files
	small plain plain.test 1
	quick d --zone plain.test="$work/plain" "$@"
	online_section "$policy"
	sed -i 's/^server:/&\n    edns-client-subnet: on/' "$D/knot.conf"
	add_zone $forward "$work/syn"
	echo "    module: [mod-geoip/nets, mod-synthrecord/forward, mod-whoami, mod-opendnssec/online]" >>"$D/knot.conf"
	add_zone $reverse "$work/rev"
	echo "    module: [mod-synthrecord/reverse, mod-opendnssec/online]" >>"$D/knot.conf"
	knot reload
	within 60 signed $forward
	within 60 signed $reverse
}

anchors() {
	anchor $forward >"$work/$forward.anchor"
	anchor $reverse >"$work/$reverse.anchor"
}

zone_of() { case $1 in *"$reverse") echo $reverse ;; *) echo $forward ;; esac; }

# delv_says NAME TYPE KIND: what delv concludes from knotd's answer is that, and secure.
delv_says() {
	local zone out want='; (negative response, )?fully validated'
	zone=$(zone_of "$1")
	[ "$3" != data ] || want='^; fully validated'
	out=$(delv @127.0.0.1 -p "$PORT" -a "$work/$zone.anchor" +root="$zone" -q "$1" -t "$2" 2>&1) || true
	grep -qE "$want" <<<"$out" || fail "delv $1 $2, wanted $3: $out"
}

all_by_delv() {
	local name type kind
	while read -r name type kind; do
		delv_says "$name" "$type" "$kind"
	done < <(questions)
}

# denies NAME TYPE REGEX: the NSEC RRset of knotd's answer; there is no other.
denies() {
	ask +dnssec +noall +authority "$1" "$2" | grep -v '^;' >authority.out || true
	awk '$4 == "NSEC" || $4 == "NSEC3"' authority.out >nsec.out
	[ "$(wc -l <nsec.out)" = 1 ] && says nsec.out "$3" || fail "$1 $2 is denied by $(cat nsec.out)"
}

# ---- what is answered

test_answers() { # short
	online default
	anchors
	all_by_delv
	denies nono.$forward A '^nono\.syn\.test\..*NSEC[[:space:]]\\000\.nono\.syn\.test\. RRSIG NSEC (TYPE128|NXNAME)$'
	denies ent.$forward MX 'NSEC[[:space:]]\\000\.ent\.syn\.test\. A PTR AAAA RRSIG NSEC$'
	denies x.w.$forward MX '^x\.w.*\\000\.x\.w\.syn\.test\. A PTR TXT AAAA RRSIG NSEC$'
	denies $forward AFSDB 'NSEC[[:space:]]\\000\.syn\.test\. A NS SOA PTR MX AAAA RRSIG NSEC DNSKEY$'
	denies host.unsigned.$forward A '^unsigned.*NSEC[[:space:]]unsigned\\000\.syn\.test\. NS RRSIG NSEC$'
	denies unsigned.$forward DS '^unsigned.*NSEC[[:space:]]unsigned\\000\.syn\.test\. NS RRSIG NSEC$'
	# No proof with what a wildcard has, nor with addresses that a service's target lacks.
	ask +dnssec x.w.$forward A >wildcard
	says wildcard 'RRSIG[[:space:]]*A 13 4 '
	does_not_say wildcard '[[:space:]]NSEC'
	ask +dnssec svc.$forward HTTPS >service
	says service '^svc.*[[:space:]]HTTPS'
	does_not_say service '[[:space:]]NSEC'
	# Not signed: a CNAME made of a DNAME, a referral, glue.
	ask +dnssec x.d.$forward A >dname
	does_not_say dname 'RRSIG[[:space:]]*CNAME'
	ask +dnssec host.secure.$forward A >secure
	does_not_say secure 'RRSIG[[:space:]]*(NS|A) '
	# The signatures alone that a wildcard has are not there for a name that it stands for.
	denies x.w.$forward RRSIG '^x\.w.*\\000\.x\.w\.syn\.test\. A PTR TXT AAAA RRSIG NSEC$'
	# A module may have the end of a chain that the zone does not have: the resolver asks for it.
	ask +dnssec toonly.$forward A >chain
	says chain 'RRSIG[[:space:]]*CNAME'
	does_not_say chain '[[:space:]](NSEC|SOA)'
	# By the client's subnet.
	ask +dnssec +subnet=198.51.100.7/32 geo.$forward A >subnet
	says subnet '198.51.100.7/32/24'
	says subnet '192\.0\.2\.72'
	says subnet 'RRSIG[[:space:]]*A '
	# Who does not ask for DNSSEC gets what he always got.
	ask nono.$forward A >plain.out
	says plain.out 'status: NXDOMAIN'
	does_not_say plain.out 'NSEC|RRSIG'
	# The whole chain is in transfers; another zone is as it was.
	validate $forward
	validate $reverse
	ask +dnssec nono.plain.test A >plain.out
	says plain.out 'status: NXDOMAIN'
	does_not_say plain.out 'TYPE128|NXNAME'
	[ "$(counter plain.test 'online\[made\]')" = 0 ] || fail "a zone counts that is not online"
	[ "$(counter $forward 'online\[made\]')" -gt 20 ] || fail "signatures are not counted"
}

# compact_ok LABEL: asks with the flag CO, which no tool has yet; RCODE and flags of the answer's OPT.
compact_ok() {
	python3 - "$PORT" "$1" <<-'EOT'
	import socket, struct, sys
	sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
	sock.settimeout(5)
	sock.connect(("127.0.0.1", int(sys.argv[1])))
	name = b"".join(bytes([len(label)]) + label.encode() for label in (sys.argv[2], "syn", "test", ""))
	sock.send(struct.pack("!6H", 1, 0, 1, 0, 0, 1) + name + struct.pack("!2H", 1, 1) +
	          struct.pack("!BHHIH", 0, 41, 1232, 0xc000, 0))
	answer = sock.recv(4096)
	print(answer[3] & 15, answer[-4:-2].hex())
	EOT
}

# NXDOMAIN for those who understand compact answers (RFC 9824, section 5), FORMERR for its type.
test_codes() {
	online default
	dig @127.0.0.1 -p "$PORT" +dnssec nono.$forward >code
	says code 'status: NOERROR'
	[ "$(compact_ok nono)" = '3 c000' ] || fail "a compact answer of no name: $(compact_ok nono)"
	[ "$(compact_ok ent)" = '0 c000' ] || fail "a compact answer of no data: $(compact_ok ent)"
	dig @127.0.0.1 -p "$PORT" +dnssec mail.$forward TYPE128 >code
	says code 'status: FORMERR'
	says code 'EDE: 30'
}

# What does not fit is truncated, as by Knot, and comes by TCP.
test_truncation() {
	online default
	local long=a
	while [ ${#long} -lt 220 ]; do
		long=$long.abcdefghi
	done
	ask +ignore +dnssec +bufsize=512 "$long.$forward" A >udp
	says udp 'Flags: .*tc'
	ask +tcp +dnssec "$long.$forward" A >tcp
	says tcp 'RRSIG[[:space:]]*NSEC'
	anchors
	delv_says "$long.$forward" A missing
	# As long as a name can be: what comes next in order is no longer.
	for long in 49 50 51 52; do
		long=$(printf 'a%.0s' $(seq "$long")).$(printf 'b%.0s' {1..63}).$(printf 'c%.0s' {1..63})
		delv_says "$long.$(printf 'd%.0s' {1..63}).$forward" A missing
	done
}

# Chains of NSEC3, also with opt-out, stay in transfers; answers have NSEC.
test_nsec3() {
	{
		policy default hashed "$(nsec3_denial '' 8 5)"
		policy default optout "$(nsec3_denial yes)"
	} | kasp kasp.xml
	local name
	for name in hashed optout; do
		rm -rf d
		dirs=()
		online $name --kasp "$work/kasp.xml"
		anchors
		while read -r qname type kind; do
			delv_says "$qname" "$type" "$kind"
		done < <(questions)
		denies nono.$forward A '\\000\.nono\.syn\.test\. RRSIG NSEC (TYPE128|NXNAME)$'
		axfr $forward axfr
		says axfr '[[:space:]]NSEC3[[:space:]]'
		does_not_say axfr '[[:space:]]NSEC[[:space:]]'
		ask +dnssec host.unsigned.$forward A >referral
		[ $name != optout ] || says referral 'NSEC3[[:space:]]*1 1 '
		[ $name != hashed ] || says referral '[[:space:]]NSEC[[:space:]]'
		"$top/quickstart" --stop "$D"
	done
}

# Modules that would come too late.
test_order() {
	online default
	sed -i "s|module: .mod-geoip/nets, mod-synthrecord/forward, mod-whoami, mod-opendnssec/online.|module: [$(
		)mod-opendnssec/online, mod-synthrecord/forward]|" "$D/knot.conf"
	knot reload
	within 30 says "$D/knotd.log" 'online is on, but mod-synthrecord stands behind mod-opendnssec'
	anchors
	delv_says dyn-192-0-2-5.$forward A missing
}

# ---- resolvers

# bind_resolver PORT: a validating BIND, in the folder bind, that asks knotd.
bind_resolver() {
	local zone
	mkdir bind
	{
		cat <<-EOT
		options {
		    directory "$work/bind"; pid-file "$work/bind/pid"; session-keyfile none;
		    listen-on port $1 { 127.0.0.1; }; listen-on-v6 { none; };
		    recursion yes; dnssec-validation yes; synth-from-dnssec yes; empty-zones-enable no;
		    managed-keys-directory "$work/bind"; qname-minimization off;
		};
		controls { };
		EOT
		cat $forward.anchor $reverse.anchor
		for zone in $forward $reverse; do
			echo "zone $zone { type forward; forward only; forwarders port $PORT { 127.0.0.1; }; };"
		done
	} >bind/named.conf
	named -g -c bind/named.conf >bind/named.log 2>&1 &
	pids+=($!)
	within 30 kdig @127.0.0.1 -p "$1" +retry=0 $forward SOA
}

unbound_resolver() {
	local zone
	run_unbound unbound "$1" "$forward. DNSKEY $(ask +short +crypto $forward DNSKEY | grep ^257)" \
		"trust-anchor: \"$reverse. DNSKEY $(ask +short +crypto $reverse DNSKEY | grep ^257)\"" \
		"local-zone: $reverse nodefault" 'aggressive-nsec: yes' 'qname-minimisation: no' < <(
		for zone in $forward $reverse; do
			echo "$zone 127.0.0.1@$PORT"
		done)
	within 30 kdig @127.0.0.1 -p "$1" +retry=0 $forward SOA
}

# resolver_says PORT NAME TYPE KIND: secure, and that.
resolver_says() {
	dig @127.0.0.1 -p "$1" +tries=2 +time=10 +adflag "$2" "$3" >resolver.out 2>&1 || true
	says resolver.out 'flags:[^;]* ad' || fail "port $1, $2 $3 is not secure: $(cat resolver.out)"
	case $4 in
	data) says resolver.out 'ANSWER: [1-9]' ;;
	none) says resolver.out 'status: NOERROR' ;;
	missing) says resolver.out 'status: N(OERROR|XDOMAIN)' ;;
	esac || fail "port $1, $2 $3, wanted $4: $(cat resolver.out)"
}

# all_by_resolvers N: each question, and names that were never asked for.
all_by_resolvers() {
	local name type kind port i
	for port in "$unbound_port" "$bind_port"; do
		while read -r name type kind; do
			case $type in NSEC) continue ;; esac
			resolver_says "$port" "$name" "$type" "$kind"
		done < <(questions)
		for i in 1 2 3; do
			resolver_says "$port" "no-$1-$i.$forward" A missing
			resolver_says "$port" "dyn-192-0-2-$(($1 * 3 % 240 + i)).$forward" A data
			resolver_says "$port" "dyn-192-0-2-$(($1 * 3 % 240 + i)).$forward" MX none
			resolver_says "$port" "$(($1 * 3 % 240 + i)).$reverse" PTR data
		done
	done
}

# Both validators, with aggressive use of what they have cached, while the ZSK rolls twice.
test_resolvers() { # limit 400
	local i before
	hasty_policy PT1H 's/<Validity>/<Validity>/'
	online quick --kasp "$work/kasp.xml"
	anchors
	unbound_port=$(free_port)
	unbound_resolver "$unbound_port"
	bind_port=$(free_port)
	bind_resolver "$bind_port"
	all_by_resolvers 1
	for i in 2 3; do
		before=$(zsk_tag)
		engine zone-key-rollover $forward zsk
		engine zone-key-rollover $reverse zsk
		local end=$((SECONDS + 60 * LIMIT_FACTOR))
		until [ "$(zsk_tag)" != "$before" ]; do
			[ $SECONDS -lt $end ] || fail "the ZSK does not roll"
			all_by_resolvers $((i * 10))
		done
		all_by_resolvers $((i * 10 + 1))
	done
	does_not_say bind/named.log 'no valid (RRSIG|signature)'
}

# knotd loads its modules anew, again and again, while the ZSK rolls: there is no answer that is unsigned, bogus or refused.
test_reload() { # limit 240
	local before made resolving i=0 end=$((SECONDS + 90 * LIMIT_FACTOR))
	hasty_policy PT1H
	online quick --kasp "$work/kasp.xml"
	trusted $forward # Without a DS that resolvers may have, keys are replaced at once.
	unbound_port=$(free_port)
	unbound_resolver "$unbound_port"
	before=$(zsk_tag)
	mapfile -t made < <(printf "%s.$forward\n" dyn-192-0-2-{1..240} only geo nono)
	resolver=$unbound_port
	watch_world --made dyn-192-0-2- $forward
	resolving=$prober
	probe $forward --names "${made[@]}"
	engine zone-key-rollover $forward zsk
	until [ $i -gt 20 ] && [ "$(zsk_tag)" != "$before" ]; do
		[ $SECONDS -lt $end ] || fail "the ZSK does not roll"
		knot reload
		i=$((i + 1))
	done
	probe_end
	kill "$resolving"
	wait "$resolving" || fail "$(cat prober.out)"
	cat prober.out
	says "$D/knotd.log" 'configuration reloaded'
}

trusted() {
	within 40 engine_says "$1" 'give this DS'
	engine zone-ksk-submitted "$1"
	within 40 engine_says "$1" '[^:] DS omnipresent, '
}

# The tag of the key that signs on the fly.
zsk_tag() { ask +dnssec +noall +answer dyn-192-0-2-250.$forward A | awk '$4 == "RRSIG" { print $11 }'; }

# ---- rollovers

# Of live.sh: the resolver asks where answers are signed, all of them on the fly.
adjust() {
	modules >sections
	sed -i -e 's/^    policy: .*/&\n    online: on/' -e '/^mod-opendnssec:/{
		e cat sections
	}' -e 's|^    module: \(mod-opendnssec/.*\)|    module: [mod-synthrecord/forward, \1]|' "$D/knot.conf"
}

# algorithms NAME TYPE: of the RRSIGs of what answers that.
algorithms() { ask +dnssec +noall +answer +authority "$@" | awk '$4 == "RRSIG" && $5 != "SOA" { print $6 }' | sort -u; }

# complete ZONE: what is signed on the fly has a signature by each algorithm of the DNSKEY RRset (RFC 4035, section 2.2),
# and BIND finds it good, by the DNSKEY RRset that the resolver has.
complete() {
	local keys name out
	keys=$(ask +short "$1" DNSKEY | awk '{ print $3 }' | sort -u)
	name=$([ $((RANDOM % 3)) != 0 ] && echo dyn-192-0-2-$((RANDOM % 250)) || echo no$RANDOM).$1
	out=$(comm -23 <(echo "$keys") <(algorithms "$name" A))
	[ -z "$out" ] || fail "$name has no signature of algorithm $out"
	out=$(delv @127.0.0.1 -p "$resolver" -a parent.anchor +root=p.test -q "$name" -t A 2>&1) || true
	grep -q 'fully validated' <<<"$out" || fail "delv $name: $out"
}

# rolled ZONE: what rolls over there has, and no key has anything before it.
rolled() {
	settled "$1" && case $1 in
	z.*) replaced "$1" 256 "${old[$1]}" ;;
	a.*) replaced "$1" 256 "${old[$1]}" && replaced "$1" 257 "${old[$1]}" ;;
	*) replaced "$1" 257 "${old[$1]}" ;;
	esac
}

# ZSK, KSK, CSK and the algorithm, of one key and of two, while unbound with aggressive use of NSEC and delv validate.
test_rolls() { # limit 300
	local -A old
	local zone left
	direct=yes
	watched=(--made dyn-192-0-2- {z,k,c,a,b}.p.test)
	world z=sec k=sec c=one a=sec b=one < <(
		policies=$(seconds sec; seconds sec15 's|>13</Alg|>15</Alg|'; csk one; csk one15 's|>13</Alg|>15</Alg|')
		sed 's|<PropagationDelay>.*<|<PropagationDelay>PT1S<|' <<<"$policies")
	no_check
	at_public anchor p.test >parent.anchor
	within 60 all_settled
	for zone in "${zones[@]}"; do
		old[$zone]=$({ tags "$zone" 256; tags "$zone" 257; } | sort)
	done
	engine zone-key-rollover z.p.test zsk
	engine zone-key-rollover k.p.test ksk
	engine zone-key-rollover c.p.test csk
	set_policy a.p.test sec15
	set_policy b.p.test one15
	while sleep 0.3; do
		for zone in a b; do algorithms "dyn-192-0-2-7.$zone.p.test" A | paste -sd ' ' >>"seen.$zone"; done
	done &
	pids+=($!)
	left=("${zones[@]}")
	local end=$((SECONDS + 120 * LIMIT_FACTOR))
	until [ ${#left[@]} = 0 ]; do
		[ $SECONDS -lt $end ] || fail "these do not roll: ${left[*]}"
		for zone in "${left[@]}"; do complete "$zone"; done
		mapfile -t left < <(for zone in "${left[@]}"; do rolled "$zone" || echo "$zone"; done)
	done
	# Nothing that caches have is of a key that is gone.
	for _ in {1..5}; do
		for zone in "${zones[@]}"; do complete "$zone"; done
	done
	for zone in a b; do
		says "seen.$zone" '^13 15$' || fail "$zone was not asked while it had both algorithms"
		[ "$(algorithms "dyn-192-0-2-7.$zone.p.test" A)" = 15 ] || fail "$zone has signatures of both yet"
	done
	watch_end
}

# ---- tokens, and floods

# shim_online: the zones' keys are behind the shim.
shim_online() {
	export SHIM_MODULE=$work/softhsm.so SHIM_CONTROL=$work/orders
	cp "$(softhsm)" "$SHIM_MODULE"
	: >"$SHIM_CONTROL"

	policy default shim 's|<Repository>SoftHSM|<Repository>Shim|' | kasp kasp.xml
	zone_files
	small plain plain.test 1
	quick d --zone plain.test="$work/plain" --kasp "$work/kasp.xml"
	local shim=$BUILD_DIR/tests/shim/shim.so
	sed -i "/<Repository name=\"Shim\">/,/<\/Repository>/s|<Module>.*<|<Module>$shim<|" "$D/conf.xml"
	engine reload
	online_section shim
	add_zone $forward "$work/syn"
	echo "    module: [mod-synthrecord/forward, mod-opendnssec/online]" >>"$D/knot.conf"
	knot reload
	within 60 signed $forward
	anchor $forward >"$work/$forward.anchor"
}

# refused NAME: SERVFAIL, soon, with the reason.
refused() {
	local begin=$EPOCHREALTIME
	ask +dnssec "$1" A >refused.out
	says refused.out 'status: SERVFAIL' && says refused.out 'EDE: 14' || fail "$1: $(cat refused.out)"
	awk -v a="$begin" -v b="$EPOCHREALTIME" -v most="${LIMIT_FACTOR:-1}" 'BEGIN { exit b - a > most }' ||
		fail "$1 was refused after $begin until $EPOCHREALTIME"
}
new_name() { ask +dnssec +noall +answer "$1" A | grep '[[:space:]]RRSIG' >/dev/null; }

test_tokens() { # limit 300
	local i
	shim_online
	delv_says dyn-192-0-2-1.$forward A data
	for fault in 'hang C_Sign' 'wrong 1' 'error C_Sign 0x30' 'delay C_Sign 3000'; do
		order "$fault"
		i=$((${i:-10} + 10))
		refused "dyn-192-0-2-$i.$forward"
		refused "no-$i.$forward"
		# What has signatures does not need the token.
		delv_says dyn-192-0-2-1.$forward A data
		delv_says mail.$forward A data
		order ''
		within 30 new_name "dyn-192-0-2-$i.$forward"
		within 30 new_name "dyn-192-0-2-$((i + 1)).$forward"
		delv_says "dyn-192-0-2-$i.$forward" A data
	done
	says "$D/knotd.log" 'cannot sign an answer.*wrong signature'
	within 30 says "$D/knotd.log" 'answers can be signed again'
	says "$D/knotd.log" 'a signature for an answer took more than 300 ms.*look at the token'
	says "$D/knotd.log" 'signatures for answers are made in time again'
	# A slow one is waited for.
	order 'delay C_Sign 50'
	delv_says dyn-192-0-2-90.$forward A data
	order ''
}

# rate FILE [OPTION...]: names of the file that were answered in a second, without an error.
rate() {
	dnsperf -s 127.0.0.1 -p "$PORT" -d "$1" -D -T 1 -l 5 "${@:2}" >"dnsperf.$1" 2>&1
	awk '/NOERROR/ { for (i = 1; i < NF; i++) if ($i == "NOERROR") noerror = $(i + 1) }
		/Run time/ { time = $NF } /Run time/ { time = $(NF) } END { print int(noerror / 5) }' "dnsperf.$1"
}

# That a token fails, and works again, is logged by whoever ends the signature, which may be the query's thread.
test_news_while_asked() {
	local before i
	command -v dnsperf >/dev/null || fail "no dnsperf: contrib/debian-packages test"
	shim_online
	before=$(cat "$D/run/knotd.pid")
	awk -v zone=$forward 'BEGIN { for (i = 0; i < 100000; i++) print "r" i "." zone " A" }' >random
	dnsperf -s 127.0.0.1 -p "$PORT" -d random -D -T 1 -c 8 -l 12 -Q 400 >dnsperf.out 2>&1 &
	pids+=($!)
	for i in {1..50}; do
		order 'wrong 1'
		sleep 0.1
		order ''
		sleep 0.1
	done
	wait "${pids[-1]}" || true
	within 30 new_name "dyn-192-0-2-7.$forward"
	[ "$(grep -c 'answers can be signed again' "$D/knotd.log")" -ge 5 ] || fail "it was not logged often"
	kill -0 "$before" || fail "knotd has ended"
}

test_flood() { # limit 300
	command -v dnsperf >/dev/null || fail "no dnsperf: contrib/debian-packages test"
	local before during i
	online default
	anchors
	for i in {1..200}; do
		printf '%s\n' "mail.$forward A" "ns.$forward A" "alias.$forward A" "dyn-192-0-2-$i.$forward A" \
			"$forward MX"
	done >known
	awk -v zone=$forward 'BEGIN { srand(7); for (i = 0; i < 200000; i++)
		print "r" int(rand() * 1e9) "-" i "." zone " A" }' >random
	rate known -Q 1000 >/dev/null
	before=$(rate known -Q 2000)
	dnsperf -s 127.0.0.1 -p "$PORT" -d random -D -T 1 -c 8 -l 8 -Q 4000 >dnsperf.flood 2>&1 &
	pids+=($!)
	sleep 1
	during=$(rate known -Q 2000)
	delv_says dyn-192-0-2-5.$forward A data
	wait "${pids[-1]}" || true
	knot zone-stats $forward mod-opendnssec.online
	echo "known names: $before/s, beside a flood $during/s"
	grep -h 'Response codes\|Queries completed' dnsperf.flood dnsperf.known
	[ $((during * 10)) -ge $((before * 8)) ] || fail "known names have $during/s of $before/s"
	all_by_delv
}
