/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "module/zone/lasting.h"

#include <stdio.h>

#include <libknot/libknot.h>

#include "module/base/moment.h"
#include "module/sign/refresh.h"
#include "module/source/fetch.h"

uint32_t lasting_least(uint32_t refresh, uint32_t resign)
{
	/* What is due is signed when Resign has gone by since the last time. */
	return refresh > resign ? refresh - resign : 0;
}

int64_t lasting_alarm(uint32_t refresh, uint32_t resign)
{
	return resign <= refresh / 2 ? refresh / 2 : lasting_least(refresh, resign) / 2;
}

/*! \return When the first signature of the version that knotd serves expires; 0 = never, or it is
 *  not known. */
static int64_t served_until(store_txn_t *txn, const state_t *state, int64_t now)
{
	if (state->taken_serial != state->serial && state->taken_expires != 0) {
		return moment_near(state->taken_expires, now);
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
	lasting_t fresh = { .alarm = lasting->alarm, .least = lasting->least,
	                    .max_ttl = state->max_ttl };
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

bool lasting_warning(const lasting_t *lasting, char *text, size_t size)
{
	char expire[MOMENT_MAX], ttl[MOMENT_MAX], least[MOMENT_MAX], most[MOMENT_MAX];
	const uint64_t needed = (uint64_t)lasting->expire + lasting->max_ttl;
	if (lasting->least == 0 || lasting->until == 0 || needed <= lasting->least) {
		return false;
	}
	moment_span(lasting->expire, expire);
	moment_span(lasting->max_ttl, ttl);
	moment_span(lasting->least, least);
	const bool fits = lasting->least > lasting->max_ttl;
	moment_span(fits ? lasting->least - lasting->max_ttl : 0, most);
	snprintf(text, size,
	         "a secondary that loses touch serves the zone for %s (the SOA's expire), caches "
	         "for %s more (the largest TTL), but signatures are good for only %s when they are "
	         "made anew (Refresh less Resign), and are refused after that: make Refresh longer"
	         "%s%s", expire, ttl, least, fits ? ", or expire no more than " : "",
	         fits ? most : "");
	return true;
}
