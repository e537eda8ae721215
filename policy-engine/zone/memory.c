/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/zone/memory.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VERSION "1"
#define NUMBERS_MAX 6 /* Of an item. */
#define ITEMS_MAX 7

_Static_assert(CORE_ROLES == 3 && CORE_TTLS == 3 && KEYSET_RECORDS == 4 && ZONE_ERRANDS == 3,
               "the items");

/* An item: how many numbers it has. */
typedef struct {
	const char *name;
	size_t count;
} item_t;

enum {
	ZONE_ROLL,
	ZONE_EMERGENCY,
	ZONE_TTL,
	ZONE_SHOWN = ZONE_TTL + CORE_TTLS,
	ZONE_FROZEN, /* Only of a zone that is frozen. */
	ZONE_ITEMS
};
static const item_t zone_items[ZONE_ITEMS] = {
	[ZONE_ROLL] = { "roll", 3 },
	[ZONE_EMERGENCY] = { "emergency", 1 },
	[ZONE_TTL + CORE_TTL_DS] = { "ds", 3 },
	[ZONE_TTL + CORE_TTL_DNSKEY] = { "dnskey", 3 },
	[ZONE_TTL + CORE_TTL_ZONE] = { "zone", 3 },
	[ZONE_SHOWN] = { "shown", 2 },
	[ZONE_FROZEN] = { "frozen", 1 },
};

enum { KEY_KEY, KEY_RECORD, KEY_DONE = KEY_RECORD + KEYSET_RECORDS, KEY_ITEMS };
static const item_t key_items[KEY_ITEMS] = {
	[KEY_KEY] = { "key", 6 },
	[KEY_RECORD + KEYSET_DS] = { "ds", 4 },
	[KEY_RECORD + KEYSET_DNSKEY] = { "dnskey", 4 },
	[KEY_RECORD + KEYSET_RRSIG_DNSKEY] = { "rrsig-dnskey", 4 },
	[KEY_RECORD + KEYSET_RRSIG] = { "rrsig", 4 },
	[KEY_DONE] = { "done", 3 },
};

_Static_assert(ZONE_ITEMS <= ITEMS_MAX && KEY_ITEMS <= ITEMS_MAX, "items");

/* The numbers of all items, by item. */
typedef int64_t numbers_t[ITEMS_MAX][NUMBERS_MAX];

static char *write_items(const item_t *items, size_t count, numbers_t numbers)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	if (out == NULL) {
		return NULL;
	}
	fputs(VERSION, out);
	for (size_t i = 0; i < count; i++) {
		fprintf(out, " %s=", items[i].name);
		for (size_t n = 0; n < items[i].count; n++) {
			fprintf(out, "%s%" PRId64, n > 0 ? "," : "", numbers[i][n]);
		}
	}
	if (fclose(out) != 0) {
		free(text);
		return NULL;
	}
	return text;
}

/* Takes the numbers of an item. \return What is behind them; NULL if they are malformed. */
static const char *read_numbers(const char *text, const item_t *item, int64_t *numbers)
{
	for (size_t n = 0; n < item->count; n++) {
		char *end = NULL;
		if ((n > 0 && *text++ != ',') || *text < '0' || *text > '9') {
			return NULL;
		}
		errno = 0;
		numbers[n] = strtoll(text, &end, 10);
		if (errno != 0) {
			return NULL;
		}
		text = end;
	}
	return *text == '\0' || *text == ' ' ? text : NULL;
}

static const item_t *find(const char *text, const item_t *items, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		size_t len = strlen(items[i].name);
		if (strncmp(text, items[i].name, len) == 0 && text[len] == '=') {
			return &items[i];
		}
	}
	return NULL;
}

/* \param needed  The first ones, which have to be there. */
static bool read_items(const char *text, const item_t *items, size_t count, size_t needed,
                       numbers_t numbers)
{
	const unsigned least = (1U << needed) - 1;
	unsigned seen = 0;
	if (strncmp(text, VERSION " ", sizeof(VERSION)) != 0) {
		return false;
	}
	text += sizeof(VERSION) - 1;
	while (*text == ' ') {
		const item_t *item = find(++text, items, count);
		if (item == NULL || (seen & 1U << (item - items)) != 0) {
			return false;
		}
		seen |= 1U << (item - items);
		text = read_numbers(text + strlen(item->name) + 1, item, numbers[item - items]);
		if (text == NULL) {
			return false;
		}
	}
	return *text == '\0' && (seen & least) == least;
}

char *memory_of_zone(const kasp_zone_t *zone)
{
	const core_zone_t *core = &zone->core;
	numbers_t numbers = { 0 };
	for (int role = 0; role < CORE_ROLES; role++) {
		numbers[ZONE_ROLL][role] = core->requests[role].at;
		numbers[ZONE_EMERGENCY][0] |= (int64_t)core->requests[role].emergency << role;
	}
	for (int kind = 0; kind < CORE_TTLS; kind++) {
		numbers[ZONE_TTL + kind][0] = core->ttls[kind].ttl;
		numbers[ZONE_TTL + kind][1] = core->ttls[kind].until;
		numbers[ZONE_TTL + kind][2] = core->ttls[kind].lower;
	}
	numbers[ZONE_SHOWN][0] = core->shown.ttl;
	numbers[ZONE_SHOWN][1] = core->shown.absence;
	numbers[ZONE_FROZEN][0] = zone->frozen;
	return write_items(zone_items, zone->frozen != 0 ? ZONE_ITEMS : ZONE_FROZEN, numbers);
}

static bool is_ttl(int64_t number)
{
	return number <= UINT32_MAX;
}

const char *memory_of_freeze(const char *text)
{
	const char *frozen = strstr(text, " frozen=");
	return frozen != NULL ? frozen : "";
}

bool memory_read_zone(const char *text, core_zone_t *zone, int64_t *frozen)
{
	numbers_t numbers = { 0 };
	if (!read_items(text, zone_items, ZONE_ITEMS, ZONE_FROZEN, numbers) || !is_ttl(numbers[ZONE_SHOWN][0]) ||
	    !is_ttl(numbers[ZONE_SHOWN][1])) {
		return false;
	}
	for (int kind = 0; kind < CORE_TTLS; kind++) {
		if (!is_ttl(numbers[ZONE_TTL + kind][0]) || !is_ttl(numbers[ZONE_TTL + kind][2])) {
			return false;
		}
	}
	for (int role = 0; role < CORE_ROLES; role++) {
		zone->requests[role] = (core_request_t){
			.at = numbers[ZONE_ROLL][role],
			.emergency = (numbers[ZONE_EMERGENCY][0] >> role & 1) != 0,
		};
	}
	for (int kind = 0; kind < CORE_TTLS; kind++) {
		const int64_t *of = numbers[ZONE_TTL + kind];
		zone->ttls[kind] = (core_ttl_t){ (uint32_t)of[0], of[1], (uint32_t)of[2] };
	}
	*frozen = numbers[ZONE_FROZEN][0];
	zone->shown = (core_shown_t){ (uint32_t)numbers[ZONE_SHOWN][0],
		                      (uint32_t)numbers[ZONE_SHOWN][1] };
	return true;
}

char *memory_of_key(const kasp_zone_t *zone, size_t i)
{
	const core_key_t *key = &zone->core.keys[i];
	numbers_t numbers = {
		[KEY_KEY] = { key->goal_in, key->standby, key->roll, key->inception, key->bits,
		              key->dead },
	};
	for (int r = 0; r < KEYSET_RECORDS; r++) {
		const core_record_t *record = &key->record[r];
		int64_t *to = numbers[KEY_RECORD + r];
		to[0] = record->since;
		to[1] = (int64_t)record->revision;
		to[2] = (int64_t)record->came;
		to[3] = record->public_at;
	}
	memcpy(numbers[KEY_DONE], zone->keys[i].done, sizeof(zone->keys[i].done));
	return write_items(key_items, KEY_ITEMS, numbers);
}

/* Whether a record can be in that state: a decision that is not known everywhere is carried by a
 * key set that there has been. */
static bool is_record(const int64_t *numbers, keyset_record_t r, keyset_state_t state,
                      uint64_t last)
{
	uint64_t revision = (uint64_t)numbers[1], came = (uint64_t)numbers[2];
	return revision <= last && came <= last &&
	       (!keyset_state_is_open(state) || r == KEYSET_DS || revision != 0);
}

bool memory_read_key(const char *text, uint64_t revision, core_key_t *core,
                     int64_t done[ZONE_ERRANDS])
{
	numbers_t numbers = { 0 };
	const int64_t *key = numbers[KEY_KEY];
	if (!read_items(text, key_items, KEY_ITEMS, KEY_ITEMS, numbers) || key[0] > 1 || key[1] > 1 ||
	    key[2] > POLICY_ROLL_SINGLE_SIGNATURE || key[4] > UINT16_MAX || key[5] > 1) {
		return false;
	}
	for (int r = 0; r < KEYSET_RECORDS; r++) {
		if (!is_record(numbers[KEY_RECORD + r], (keyset_record_t)r, core->record[r].state,
		               revision)) {
			return false;
		}
	}
	core->goal_in = key[0] != 0;
	core->standby = key[1] != 0;
	core->roll = (policy_roll_t)key[2];
	core->inception = key[3];
	core->bits = (unsigned)key[4];
	core->dead = key[5] != 0;
	for (int r = 0; r < KEYSET_RECORDS; r++) {
		const int64_t *from = numbers[KEY_RECORD + r];
		core->record[r] = (core_record_t){ core->record[r].state, from[0],
			                           (uint64_t)from[1], (uint64_t)from[2], from[3] };
	}
	memcpy(done, numbers[KEY_DONE], ZONE_ERRANDS * sizeof(done[0]));
	return true;
}
