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
