/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "module/zone/lasting.h"

#include <libknot/libknot.h>

#include "module/sign/refresh.h"
#include "module/source/fetch.h"

int64_t lasting_alarm(uint32_t refresh, uint32_t resign)
{
	/* What is due is signed when Resign has gone by since the last time. */
	const uint32_t least = refresh > resign ? refresh - resign : 0;
	return resign <= refresh / 2 ? refresh / 2 : least / 2;
}

/*! \return When the first signature of the version that knotd serves expires; 0 = never, or it is
 *  not known. */
static int64_t served_until(store_txn_t *txn, const state_t *state, int64_t now)
{
	if (state->taken_serial != state->serial && state->taken_expires != 0) {
		return now + (int32_t)(state->taken_expires - (uint32_t)now);
	}
	return refresh_expires(txn, state, now);
}

/*! \param expire  Of the SOA of the newest version. */
static int read_expire(store_txn_t *txn, const knot_dname_t *zone, const state_t *state,
                       uint32_t *expire)
{
	uint8_t key[NODE_KEY_MAX];
	node_t apex;
	const size_t len = node_key(zone, key);
	const int ret = store_find_node(txn, &(store_key_t){ STORE_SIGNED, state->nodes, key, len },
	                                &apex);
	if (ret == KNOT_EOK) {
		const node_rrset_t *soa = node_rrset(&apex, KNOT_RRTYPE_SOA);
		*expire = soa != NULL ? knot_soa_expire(soa->rrs.rdata) : 0;
		node_deinit(&apex);
	}
	return ret;
}

int lasting_read(lasting_t *lasting, store_t *store, const knot_dname_t *zone,
                 const state_t *state, int64_t now)
{
	lasting_t fresh = { .alarm = lasting->alarm };
	store_txn_t txn;
	int ret = store_read(store, &txn);
	if (ret != KNOT_EOK) {
		return ret;
	}
	if (state->version > 0) {
		fresh.until = served_until(&txn, state, now);
		ret = read_expire(&txn, zone, state, &fresh.expire);
	}
	store_abort(&txn);
	if (ret == KNOT_EOK) {
		*lasting = fresh;
	}
	return ret;
}

int64_t lasting_alarm_at(const lasting_t *lasting)
{
	return lasting->until != 0 ? lasting->until - lasting->alarm + 1 : 0;
}

bool lasting_is_short(const lasting_t *lasting, int64_t now)
{
	return lasting->until != 0 && now >= lasting_alarm_at(lasting);
}

int64_t lasting_secondaries(const lasting_t *lasting, const state_input_t *in, int64_t now)
{
	const uint32_t left = fetch_expires_in(in, now);
	const int64_t until = now + (left < lasting->expire ? left : lasting->expire);
	return lasting->expire == 0 ? 0
	       : lasting->until != 0 && lasting->until < until ? lasting->until : until;
}
