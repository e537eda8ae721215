/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/import/source-kinds.h"

#include <string.h>

#include "policy-engine/import/bind-keys.h"
#include "policy-engine/import/key-list.h"
#include "policy-engine/import/ods-db.h"

static int read_opendnssec(const source_t *source, ods_db_t *db, char *err, size_t err_size)
{
	return ods_db_read(source->path, db, err, err_size);
}

const source_kind_t *source_kind(const char *option)
{
	static const source_kind_t kinds[] = {
		{ "opendnssec", "OpenDNSSEC",
		  "let OpenDNSSEC finish it (ods-enforcer key list -v), and import then",
		  "use the kasp.xml that OpenDNSSEC has, and change it after the import", true,
		  read_opendnssec },
		{ "bind", "BIND", "let BIND finish it (rndc dnssec -status), and import then",
		  "have it ask for the keys that BIND has, and change it after the import", false,
		  bind_keys_read },
		{ "knot", "Knot", "let Knot finish it (keymgr ZONE list), and import then",
		  "have it ask for the keys that Knot has, and change it after the import", false,
		  key_list_read_knot },
		{ "powerdns", "PowerDNS", "finish it there (pdnsutil show-zone), and import then",
		  "have it ask for the keys that PowerDNS has, and change it after the import", false,
		  key_list_read_powerdns },
	};
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (strcmp(option != NULL ? option : kinds[0].option, kinds[i].option) == 0) {
			return &kinds[i];
		}
	}
	return NULL;
}
