# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: mod-opendnssec developers
#
# OpenDNSSEC's own daemons, for what is compared with them or comes from them.

SOFTHSM=$(find /usr/lib /usr/local/lib -name libsofthsm2.so 2>/dev/null | head -n 1)

# ods_ready ods-NAME: it is installed, and none has the socket and pid file yet, which are always in
# /run/opendnssec.
ods_ready() {
	local pid
	command -v "$1" >/dev/null || fail "no $1: contrib/debian-packages bench"
	mkdir -p /run/opendnssec && [ -w /run/opendnssec ] ||
		fail "/run/opendnssec is not writable, which $1 needs"
	if pid=$(cat "/run/opendnssec/${1#ods-}.pid" 2>/dev/null) &&
		[ "$(cat "/proc/$pid/comm" 2>/dev/null)" = "$1" ]
	then
		fail "an $1 is running"
	fi
}

# ods_conf DIR LABEL PIN: OpenDNSSEC's conf.xml for DIR, with that SoftHSM token.
ods_conf() {
	cat <<-EOT
	<Configuration>
	<RepositoryList><Repository name="SoftHSM">
		<Module>$SOFTHSM</Module><TokenLabel>$2</TokenLabel><PIN>$3</PIN><SkipPublicKey/>
	</Repository></RepositoryList>
	<Common>
		<Logging><Verbosity>1</Verbosity></Logging>
		<PolicyFile>$1/kasp.xml</PolicyFile><ZoneListFile>$1/zonelist.xml</ZoneListFile>
	</Common>
	<Enforcer>
		<Datastore><SQLite>$1/kasp.db</SQLite></Datastore>
		<WorkingDirectory>$1</WorkingDirectory>
	</Enforcer>
	<Signer>
		<WorkingDirectory>$1/run</WorkingDirectory>
		<WorkerThreads>2</WorkerThreads><SignerThreads>2</SignerThreads>
	</Signer>
	</Configuration>
	EOT
}

# OpenDNSSEC's list of the zones of standard input, each a line: ZONE POLICY SIGNCONF FILE.
ods_zones() {
	local zone policy signconf file
	echo '<ZoneList>'
	while read -r zone policy signconf file; do
		cat <<-EOT
		<Zone name="$zone">
			<Policy>$policy</Policy><SignerConfiguration>$signconf</SignerConfiguration>
			<Adapters>
				<Input><Adapter type="File">$file</Adapter></Input>
				<Output><Adapter type="File">$file.signed</Adapter></Output>
			</Adapters>
		</Zone>
		EOT
	done
	echo '</ZoneList>'
}

# ---- daemons

enforcer='' signer=''

# run_opendnssec: starts both on $ods/conf.xml, with an empty database there, and has them take kasp.xml and
# zonelist.xml. They end with the test; another one waits for that, since their sockets have one place.
run_opendnssec() {
	exec {opendnssec_lock}>/run/opendnssec.e2e
	flock $opendnssec_lock
	ods_ready ods-enforcerd
	ods_ready ods-signerd
	python3 -c '
import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
db.executescript(open("/usr/share/opendnssec/schema.sqlite").read())
db.execute("INSERT INTO databaseVersion (version) VALUES (1)")
db.commit()' "$ods/kasp.db"
	trap 'code=$?; stop_opendnssec || true; finish $code' EXIT
	start_daemons
	ods-enforcer policy import >ods.out
	ods-enforcer zonelist import >>ods.out 2>&1
}

start_daemons() { start_enforcer; start_signer; }
start_enforcer() {
	ods-enforcerd -d -c "$ods/conf.xml" >>enforcerd.log 2>&1 </dev/null &
	enforcer=$!
	within 60 ods-enforcer queue
}
start_signer() {
	ods-signerd -d -c "$ods/conf.xml" >>signerd.log 2>&1 </dev/null &
	signer=$!
	within 60 ods-signer running
}

# They may hang when they are told to stop.
stop_opendnssec() {
	local pid
	for pid in $enforcer $signer; do
		is_child "$pid" || continue
		kill -KILL "$pid"
		wait "$pid" 2>>killed || true
	done
	enforcer='' signer=''
	rm -f /run/opendnssec/{enforcerd,signerd}.pid /run/opendnssec/{enforcer,engine}.sock
	# It may have been writing: what it had not finished is undone, as when it starts again.
	[ ! -e "$ods/kasp.db-journal" ] ||
		python3 -c 'import sqlite3, sys; sqlite3.connect(sys.argv[1]).execute("SELECT count(*) FROM zone")' "$ods/kasp.db"
}

# ods_keys ZONE: of each key role, states of DS, DNSKEY, its RRSIG, RRSIG, key tag is last.
ods_keys() {
	local file=keys.${1//\//-} name=${1//\\/\\\\}
	ods-enforcer key list -d -p -z "$1" 2>&1 | sed -n "s|^$name;||p" >"$file.d"
	ods-enforcer key list -v -p -z "$1" 2>&1 | sed -n "s|^$name;||p" >"$file.v"
	awk -F ';' 'NR == FNR { tag[$6] = $8; next } { print $1, $2, $3, $4, $5, tag[$8] }' "$file.v" "$file.d"
}
ods_has() { ods_keys "$1" | grep -E -- "$2" >/dev/null; }
