# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: mod-opendnssec developers
#
# Members of a catalog zone (RFC 9432) whose template has the module.

# catalog MEMBER...: the catalog of these zones, loaded.
catalog() {
	local member
	catalog_serial=$((${catalog_serial:-0} + 1))
	{
		# shellcheck disable=SC2016
		printf '$ORIGIN cat.test.\n$TTL 300\n@ SOA a. b. %s 60 60 604800 300\n@ NS invalid.\n' \
			$catalog_serial
		echo 'version TXT "2"'
		for member in "$@"; do
			printf '%s.zones PTR %s.\n' "${member%%.*}" "$member"
		done
	} >cat.zone.new
	mv cat.zone.new cat.zone
	knot zone-reload cat.test
}

test_members() { # short
	local n
	mkdir members
	for n in one two three; do
		small "members/$n.test.zone" "$n.test" 1
	done
	small q q.test 1
	quick d --zone q.test="$work/q"
	sed -i -e "s|^zone:|  - id: member\n    module: mod-opendnssec/default\n    master: opendnssec\n\
    storage: \"$work/members\"\n    file: \"%s.zone\"\n    zonefile-load: none\n    zonefile-sync: -1\n\
    journal-content: all\n    dnssec-validation: on\n    acl: transfer\n\
  - id: plain\n    storage: \"$work\"\n    file: \"%s.zone\"\n    zonefile-sync: -1\n\n&|" "$D/knot.conf"
	cat >>"$D/knot.conf" <<-EOT
	  - domain: cat.test
	    template: plain
	    file: cat.zone
	    catalog-role: interpret
	    catalog-template: member
	EOT
	catalog_serial=0
	printf '@ 300 SOA a. b. 0 1 1 1 300\n@ 300 NS invalid.\nversion 300 TXT "2"\n' >cat.zone
	restart_knotd
	catalog one.test two.test
	within 60 signed one.test
	within 60 signed two.test
	validate one.test
	catalog one.test two.test three.test
	within 60 signed three.test
	small members/three.test.zone three.test 2 'new A 192.0.2.9'
	knot zone-refresh three.test
	within 30 answers new.three.test A 192.0.2.9
	restart_knotd
	within 30 signed three.test
	expect 'three\.test.*state: ok' module zone-status three.test
	catalog one.test
	within 30 expect_none two.test
	within 30 expect_none three.test
	validate one.test
	# what is in the store is kept for a while, or removed on demand
	expect 'is configured' module -f zone-purge one.test
	expect OK module -f zone-purge two.test
	within 10 says "$D/knotd.log" 'two\.test, not configured any more: its data'
	expect 'nothing of it' module -f zone-purge two.test
	catalog one.test two.test three.test
	within 60 signed three.test
	within 60 signed two.test
	validate three.test
	validate two.test
}

# expect_none ZONE: neither the module nor the engine has it.
expect_none() {
	[[ $(module zone-status "$1" 2>&1) == *'no such zone'* ]] &&
		says "$D/ods-engine.log" "$1.*the signer does not have the zone any more"
}
