/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "keyset/facts.h"

#include "keyset/record.h"

#define KEYS_MAX 1024 /* In one zone's facts, which also have keys that have left the zone. */

#define UINT(name, object, field, max) { name, RECORD_UINT, offsetof(object, field), 0, \
                                         sizeof(((object *)0)->field), max, NULL, NULL }
#define TIME(name, object, field) { name, RECORD_TIME, offsetof(object, field), 0, 0, 0, NULL, NULL }

static const record_item_t facts_items[] = {
	{ "policy", RECORD_TEXT, offsetof(facts_t, policy), 0, 0, 0, NULL, NULL },
	UINT("revision", facts_t, revision, UINT64_MAX),
	TIME("revision-since", facts_t, revision_since),
	UINT("pending", facts_t, pending, UINT64_MAX),
	UINT("serial", facts_t, serial, UINT32_MAX),
	TIME("published", facts_t, published),
	UINT("max-ttl", facts_t, max_ttl, UINT32_MAX),
	{ "chain", RECORD_BOOL, offsetof(facts_t, chain), 0, 0, 0, NULL, NULL },
	{ "unsure", RECORD_BOOL, offsetof(facts_t, unsure), 0, 0, 0, NULL, "no" },
};

static const record_item_t key_items[] = {
	UINT("algorithm", facts_key_t, algorithm, UINT8_MAX),
	UINT("keytag", facts_key_t, keytag, UINT16_MAX),
	UINT("signatures", facts_key_t, signatures, UINT64_MAX),
	TIME("last-gone", facts_key_t, last_gone),
	UINT("last-gone-serial", facts_key_t, last_gone_serial, UINT32_MAX),
};

static const char *const titles_before[] = { "facts 1", NULL };

static const record_form_t form = {
	.title = "facts 2",
	.titles_before = titles_before,
	.items = facts_items,
	.item_count = sizeof(facts_items) / sizeof(facts_items[0]),
	.sub = "key",
	.sub_items = key_items,
	.sub_item_count = sizeof(key_items) / sizeof(key_items[0]),
	.sub_size = sizeof(facts_key_t),
	.sub_array = offsetof(facts_t, keys),
	.sub_count = offsetof(facts_t, key_count),
	.sub_max = KEYS_MAX,
};

char *facts_write(const facts_t *facts)
{
	return record_write(&form, facts);
}

int facts_read(const char *text, facts_t *facts, char *err, size_t err_size)
{
	return record_read(&form, text, facts, sizeof(*facts), err, err_size);
}

void facts_deinit(facts_t *facts)
{
	record_deinit(&form, facts, sizeof(*facts));
}
