/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/zone/key-count.h"

#include <stddef.h>

void key_total_change(key_total_t *total, key_count_t *counted, const core_zone_t *zone)
{
	const key_count_t before = *counted;
	*counted = (key_count_t){ 0 };
	for (size_t i = 0; zone != NULL && i < zone->count; i++) {
		const core_key_t *key = &zone->keys[i];
		for (int record = 0; record < KEYSET_RECORDS; record++) {
			counted->of[key->role][record][key->record[record].state]++;
		}
	}
	for (int role = 0; role < CORE_ROLES; role++) {
		for (int record = 0; record < KEYSET_RECORDS; record++) {
			for (int state = 0; state < KEY_STATES; state++) {
				total->of[role][record][state] += counted->of[role][record][state];
				total->of[role][record][state] -= before.of[role][record][state];
			}
		}
	}
}
