/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "module/knotd/stats.h"

#include <string.h>

#include "module/online/online.h"

/* In the order in which they are registered. knotd has each number once for each of its threads, for each of thousands
 * of zones: so keys are counted, and not shown one by one. */
enum {
	SIGNATURES, VERSIONS, LOADS, LOAD_ERRORS, SIGN_ERRORS, SERIAL, UPDATES, UPDATES_REFUSED,
	SIGNATURES_UNTIL, ALARM_AT, SOA_EXPIRE, HELD, KEYS, STATS
};
_Static_assert(STATS == STATS_ONLINE, "those of a zone without online signing come first");

#define STATES (KEYSET_UNRETENTIVE + 1)

static char *state_name(uint32_t index, uint32_t count)
{
	/* The index is a keyset_state_t: see key_state(). */
	(void)count;
	return strdup(keyset_state_name(index));
}

static char *rule_name(uint32_t index, uint32_t count)
{
	(void)count;
	return strdup(held_name(index));
}

int stats_init(knotd_mod_t *mod)
{
	static const char *const names[] = {
		"signatures", "versions", "loads", "load-errors", "sign-errors", "serial",
		"updates", "updates-refused", "signatures-until", "alarm-at", "soa-expire"
	};
	int ret = KNOT_EOK;
	for (size_t i = 0; ret == KNOT_EOK && i < sizeof(names) / sizeof(names[0]); i++) {
		ret = knotd_mod_stats_add(mod, names[i], 1, NULL);
	}
	ret = ret == KNOT_EOK ? knotd_mod_stats_add(mod, "held", HELD_RULES, rule_name) : ret;
	return ret == KNOT_EOK ? knotd_mod_stats_add(mod, "keys", STATES, state_name) : ret;
}

static char *result_name(uint32_t index, uint32_t count)
{
	static const char *const names[ONLINE_RESULTS] = {
		[ONLINE_CACHED] = "cached", [ONLINE_MADE] = "made", [ONLINE_BUSY] = "busy",
		[ONLINE_LATE] = "late", [ONLINE_FAILED] = "failed",
	};
	return index < count ? strdup(names[index]) : NULL;
}

int stats_add_online(knotd_mod_t *mod)
{
	return knotd_mod_stats_add(mod, "online", ONLINE_RESULTS, result_name);
}

/*! \return The state of the record that is published last and withdrawn last: DS, or DNSKEY for a
 *  key without DS. */
static keyset_state_t key_state(const keyset_key_t *key)
{
	return key->state[KEYSET_DS] != KEYSET_NA ? key->state[KEYSET_DS]
	                                          : key->state[KEYSET_DNSKEY];
}

static void report_keys(knotd_mod_t *mod, const keyset_t *keys)
{
	unsigned count[STATES] = { 0 };
	for (size_t i = 0; keys != NULL && i < keys->key_count; i++) {
		count[key_state(&keys->keys[i])]++;
	}
	for (unsigned state = 0; state < STATES; state++) {
		knotd_mod_stats_store(mod, 0, KEYS, state, count[state]);
	}
}

void stats_report(void *ctx, const zone_counters_t *counters, const shown_t *shown,
                  const lasting_t *lasting, const keyset_t *keys)
{
	knotd_mod_t *mod = ctx;
	knotd_mod_stats_store(mod, 0, SIGNATURES, 0, counters->signer.signatures);
	knotd_mod_stats_store(mod, 0, VERSIONS, 0, counters->signer.versions);
	knotd_mod_stats_store(mod, 0, LOADS, 0, counters->source.loads);
	knotd_mod_stats_store(mod, 0, LOAD_ERRORS, 0, counters->source.load_errors);
	knotd_mod_stats_store(mod, 0, SIGN_ERRORS, 0, counters->signer.sign_errors);
	knotd_mod_stats_store(mod, 0, SERIAL, 0, shown->serial);
	knotd_mod_stats_store(mod, 0, UPDATES, 0, counters->source.updates);
	knotd_mod_stats_store(mod, 0, UPDATES_REFUSED, 0, counters->source.updates_refused);
	knotd_mod_stats_store(mod, 0, SIGNATURES_UNTIL, 0, lasting->until);
	knotd_mod_stats_store(mod, 0, ALARM_AT, 0, lasting_alarm_at(lasting));
	knotd_mod_stats_store(mod, 0, SOA_EXPIRE, 0, lasting->expire);
	for (unsigned rule = 0; rule < HELD_RULES; rule++) {
		knotd_mod_stats_store(mod, 0, HELD, rule, (counters->held >> rule) & 1);
	}
	report_keys(mod, keys);
}
