/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/core/state.h"

void core_key_init(core_key_t *key, keyset_role_t role, uint8_t algorithm, uint16_t keytag,
                   policy_roll_t roll, int64_t now)
{
	*key = (core_key_t){ .role = role, .algorithm = algorithm, .keytag = keytag,
	                     .repository = "", .inception = now, .goal_in = true, .roll = roll };
	for (int i = 0; i < KEYSET_RECORDS; i++) {
		key->record[i] = (core_record_t){ .state = KEYSET_HIDDEN, .since = now };
	}
	if (role == KEYSET_ZSK) {
		key->record[KEYSET_DS].state = KEYSET_NA;
		key->record[KEYSET_RRSIG_DNSKEY].state = KEYSET_NA;
	} else if (role == KEYSET_KSK) {
		key->record[KEYSET_RRSIG].state = KEYSET_NA;
	}
}

bool core_in_zone(const core_key_t *key, keyset_record_t record)
{
	keyset_state_t state = key->record[record].state;
	return state == KEYSET_RUMOURED || state == KEYSET_OMNIPRESENT;
}

bool core_is_hidden(const core_key_t *key)
{
	for (int r = 0; r < KEYSET_RECORDS; r++) {
		keyset_state_t state = key->record[r].state;
		if (state != KEYSET_HIDDEN && state != KEYSET_NA) {
			return false;
		}
	}
	return true;
}

bool core_ds_waits(const core_key_t *key)
{
	const core_record_t *ds = &key->record[KEYSET_DS];
	return (ds->state == KEYSET_RUMOURED || ds->state == KEYSET_UNRETENTIVE) &&
	       ds->public_at == 0;
}

bool core_ds_counts(const core_key_t *key)
{
	const core_record_t *ds = &key->record[KEYSET_DS];
	return ds->state == KEYSET_OMNIPRESENT ||
	       (ds->state == KEYSET_RUMOURED && ds->public_at != 0);
}
