/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/import/key-list.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy-engine/base/json-read.h"
#include "policy-engine/base/zone-name.h"
#include "policy-engine/import/foreign.h"
#include "policy-engine/zone/dnskey.h"

#define UNSAID (-1)

/* A key in a list. A number is UNSAID, a text NULL, if it is not there. */
typedef struct {
	unsigned line;                               /* Where it ends. */
	char *zone, *id, *dnskey;
	int64_t ksk, zsk, tag, algorithm;            /* Of Knot; as the times, which are 0 if not set. */
	int64_t public_only, trash;
	int64_t pre_active, publish, ready, active_at, retire_active, retire, post_active, revoke, remove;
	int64_t active, published, number;           /* Of PowerDNS. */
} listed_t;

typedef struct {
	const char *name;
	size_t at;
} field_t;

#define FIELD(name, member) { name, offsetof(listed_t, member) }

static const field_t knot_numbers[] = {
	FIELD("ksk", ksk), FIELD("zsk", zsk), FIELD("tag", tag), FIELD("algorithm", algorithm),
	FIELD("public-only", public_only), FIELD("trash", trash),
	FIELD("pre-active", pre_active), FIELD("publish", publish), FIELD("ready", ready),
	FIELD("active", active_at), FIELD("retire-active", retire_active), FIELD("retire", retire),
	FIELD("post-active", post_active), FIELD("revoke", revoke), FIELD("remove", remove),
	{ NULL, 0 },
};
static const field_t powerdns_numbers[] = {
	FIELD("active", active), FIELD("published", published), FIELD("id", number), { NULL, 0 },
};
static const field_t knot_texts[] = { FIELD("zone", zone), FIELD("id", id), { NULL, 0 } };
static const field_t powerdns_texts[] = { FIELD("dnskey", dnskey), { NULL, 0 } };

typedef struct list list_t;
typedef int (*add_f)(list_t *list, ods_zone_t *zone, const listed_t *key);

struct list {
	const source_t *source;
	const field_t *numbers, *texts;
	add_f add;
	listed_t *keys;   /* The last one is being read, if open. */
	size_t count;
	bool open;
	ods_db_t db;
	char err[512];    /* After the name of the file. */
};

static int fail(list_t *list, unsigned line, const char *what, const char *value)
{
	snprintf(list->err, sizeof(list->err), "line %u: %s%s%.60s%s", line, what,
	         value != NULL ? ", not \"" : "", value != NULL ? value : "", value != NULL ? "\"" : "");
	return 1;
}

static int fail_unsaid(list_t *list, unsigned line, const char *name)
{
	snprintf(list->err, sizeof(list->err), "line %u: the key that ends here does not say its %s", line,
	         name);
	return 1;
}

/* -- read ---------------------------------------------------------------- */

static const field_t *find(const field_t *fields, const char *name)
{
	while (fields->name != NULL && strcmp(fields->name, name) != 0) {
		fields++;
	}
	return fields->name != NULL ? fields : NULL;
}

/* Opens a key, all of which is unsaid. \return NULL if out of memory. */
static listed_t *opened(list_t *list)
{
	if (list->open) {
		return &list->keys[list->count - 1];
	}
	if ((list->count & (list->count - 1)) == 0) {
		listed_t *grown = reallocarray(list->keys, list->count == 0 ? 1 : 2 * list->count,
		                               sizeof(*grown));
		if (grown == NULL) {
			return NULL;
		}
		list->keys = grown;
	}
	listed_t *key = &list->keys[list->count++];
	*key = (listed_t){ 0 };
	for (const field_t *field = list->numbers; field->name != NULL; field++) {
		*(int64_t *)((char *)key + field->at) = UNSAID;
	}
	list->open = true;
	return key;
}

/* A number, or yes and no as such. */
static bool parse_number(const char *text, int64_t *number)
{
	char *end = NULL;
	if (strcmp(text, "true") == 0 || strcmp(text, "false") == 0) {
		*number = text[0] == 't';
		return true;
	}
	*number = strtoll(text, &end, 10);
	return text[0] >= '0' && text[0] <= '9' && *end == '\0';
}

static int take_member(void *ctx, const json_member_t *member)
{
	list_t *list = ctx;
	listed_t *key = opened(list);
	const field_t *number = find(list->numbers, member->name), *text = find(list->texts, member->name);
	if (key == NULL) {
		return fail(list, member->line, "out of memory", NULL);
	}
	if (number != NULL) {
		int64_t *to = (int64_t *)((char *)key + number->at);
		if (*to != UNSAID || member->value == NULL || !parse_number(member->value, to)) {
			return fail(list, member->line, "there should be one number, or true or false",
			            member->value != NULL ? member->value : "a list");
		}
	}
	if (text != NULL) {
		char **to = (char **)((char *)key + text->at);
		if (*to != NULL || member->value == NULL || (*to = strdup(member->value)) == NULL) {
			return fail(list, member->line, "there should be one text", NULL);
		}
	}
	return 0;
}

/* Whether all was there that a list of the kind always has. */
static int take_end(void *ctx, unsigned line)
{
	list_t *list = ctx;
	listed_t *key = opened(list);
	if (key == NULL) {
		return fail(list, line, "out of memory", NULL);
	}
	key->line = line;
	list->open = false;
	for (const field_t *field = list->numbers; field->name != NULL; field++) {
		int64_t *number = (int64_t *)((char *)key + field->at);
		const bool optional = number == &key->trash; /* Since Knot 3.5. */
		if (*number == UNSAID && !optional) {
			return fail_unsaid(list, line, field->name);
		}
		*number = *number == UNSAID ? 0 : *number;
	}
	for (const field_t *field = list->texts; field->name != NULL; field++) {
		if (*(char **)((char *)key + field->at) == NULL) {
			return fail_unsaid(list, line, field->name);
		}
	}
	return 0;
}

/* -- Knot ---------------------------------------------------------------- */

static bool is_past(const list_t *list, int64_t when)
{
	return when != 0 && when <= list->source->now;
}

/* As Knot's signer goes by the times: a KSK is in the DNSKEY RRset from publish to retire, and signs it; a ZSK
 * is in it from publish to remove, and signs from active to retire. */
static foreign_use_t knot_use(const list_t *list, const listed_t *key)
{
	if (!is_past(list, key->publish) || is_past(list, key->remove)) {
		return FOREIGN_UNUSED;
	}
	if (is_past(list, key->retire)) {
		return key->zsk ? FOREIGN_RETIRED : FOREIGN_WITHDRAWN;
	}
	if (is_past(list, key->retire_active)) {
		return FOREIGN_RETIRING;
	}
	if (is_past(list, key->active_at)) {
		return FOREIGN_ACTIVE;
	}
	return !key->ksk                   ? FOREIGN_COMING
	       : is_past(list, key->ready) ? FOREIGN_READY
	                                   : FOREIGN_PUBLISHED;
}

/* What of Knot's ways with a key is not taken over. \return NULL if there is none. */
static const char *knot_fault(const list_t *list, const listed_t *key)
{
	if (key->trash || is_past(list, key->remove)) {
		return NULL;
	}
	if (key->ksk == 0 && key->zsk == 0) {
		return "is neither ksk nor zsk";
	}
	if (is_past(list, key->revoke)) {
		return "is revoked (RFC 5011), which is not supported";
	}
	if (key->public_only && is_past(list, key->publish)) {
		return "is public-only: who has its private half has to take it out, or see <ForeignKeys>";
	}
	if (is_past(list, key->post_active) ||
	    (is_past(list, key->pre_active) && !is_past(list, key->publish))) {
		return "signs, and is not published: a rollover of the algorithm; let Knot finish it";
	}
	return NULL;
}

static int add_knot(list_t *list, ods_zone_t *zone, const listed_t *key)
{
	const char *fault = knot_fault(list, key);
	const bool began = is_past(list, key->active_at);
	if (key->tag < 0 || key->tag > UINT16_MAX || key->algorithm > UINT8_MAX) {
		fault = "has a key tag or an algorithm that cannot be";
	}
	if (fault != NULL) {
		foreign_blame(zone, "line %u: key %lld %s", key->line, (long long)key->tag, fault);
		return 0;
	}
	const foreign_key_t to = {
		.role = key->ksk && key->zsk ? KEYSET_CSK : key->ksk ? KEYSET_KSK : KEYSET_ZSK,
		.role_told = true, .algorithm = (uint8_t)key->algorithm, .keytag = (uint16_t)key->tag,
		.inception = began ? key->active_at : list->source->now, .since = list->source->now,
		.locator = key->id,
	};
	return foreign_use(&list->db, zone, &to, key->trash ? FOREIGN_UNUSED : knot_use(list, key));
}

/* -- PowerDNS ------------------------------------------------------------ */

/* A key that is published, and not active, goes if a later one of its kind is active. */
static foreign_use_t powerdns_use(const list_t *list, const listed_t *key)
{
	if (key->active || !key->published) {
		return key->active ? FOREIGN_ACTIVE : FOREIGN_UNUSED;
	}
	const size_t kind = strcspn(key->dnskey, " "); /* The flags. */
	for (size_t i = 0; i < list->count; i++) {
		const listed_t *other = &list->keys[i];
		if (other->active && other->number > key->number &&
		    strncmp(other->dnskey, key->dnskey, kind + 1) == 0) {
			return FOREIGN_RETIRED;
		}
	}
	return FOREIGN_COMING;
}

static int add_powerdns(list_t *list, ods_zone_t *zone, const listed_t *key)
{
	dnskey_record_t record;
	if (dnskey_parse(key->dnskey, &record) != 0) {
		foreign_blame(zone, "line %u: key %lld is no DNSKEY that a zone of ours can have: 256 or 257, "
		              "protocol 3, of an algorithm that is supported", key->line,
		              (long long)key->number);
		return 0;
	}
	if (key->active && !key->published) {
		foreign_blame(zone, "line %u: key %lld is active, and not published", key->line,
		              (long long)key->number);
	}
	const foreign_key_t to = {
		.role = record.role, .algorithm = record.algorithm, .keytag = record.keytag,
		.inception = list->source->now, .since = list->source->now,
		.public_key = record.public_key, .public_len = record.len,
	};
	const int ret = foreign_use(&list->db, zone, &to, powerdns_use(list, key));
	free(record.public_key);
	return ret;
}

/* -- all ----------------------------------------------------------------- */

/* Whether a key is of the zone that is meant. */
static bool is_meant(const list_t *list, const listed_t *key)
{
	if (key->zone == NULL || list->source->zone == NULL) {
		return true;
	}
	char *wanted = zone_name_canonical(list->source->zone), *name = zone_name_canonical(key->zone);
	const bool meant = wanted != NULL && name != NULL && strcmp(wanted, name) == 0;
	free(wanted);
	free(name);
	return meant;
}

static int add_all(list_t *list)
{
	for (size_t i = 0; i < list->count; i++) {
		const listed_t *key = &list->keys[i];
		const char *name = key->zone != NULL ? key->zone : list->source->zone;
		ods_zone_t *zone = NULL;
		if (is_meant(list, key) &&
		    ((zone = foreign_zone(&list->db, name)) == NULL ||
		     list->add(list, zone, key) != 0)) {
			return fail(list, key->line, "out of memory", NULL);
		}
	}
	foreign_finish(&list->db);
	return 0;
}

static int read_list(list_t *list, char *err, size_t err_size)
{
	const json_calls_t calls = { take_member, take_end, list };
	char *text = text_file_read(list->source->path, &foreign_file, err, err_size);
	if (text == NULL) {
		return -1;
	}
	int ret = foreign_start(&list->db, list->source);
	snprintf(list->err, sizeof(list->err), "out of memory");
	ret = ret == 0 ? json_read_list(text, &calls, list->err, sizeof(list->err)) : ret;
	ret = ret == 0 ? add_all(list) : ret;
	free(text);
	if (ret != 0) {
		snprintf(err, err_size, "%s, %s", list->source->path, list->err);
	}
	return ret == 0 ? 0 : -1;
}

static int read_kind(list_t *list, ods_db_t *db, char *err, size_t err_size)
{
	const int ret = read_list(list, err, err_size);
	for (size_t i = 0; i < list->count; i++) {
		free(list->keys[i].zone);
		free(list->keys[i].id);
		free(list->keys[i].dnskey);
	}
	free(list->keys);
	if (ret != 0) {
		ods_db_deinit(&list->db);
		return -1;
	}
	*db = list->db;
	return 0;
}

int key_list_read_knot(const source_t *source, ods_db_t *db, char *err, size_t err_size)
{
	list_t list = { .source = source, .numbers = knot_numbers, .texts = knot_texts, .add = add_knot };
	return read_kind(&list, db, err, err_size);
}

int key_list_read_powerdns(const source_t *source, ods_db_t *db, char *err, size_t err_size)
{
	list_t list = { .source = source, .numbers = powerdns_numbers, .texts = powerdns_texts,
	                .add = add_powerdns };
	if (source->zone == NULL) {
		snprintf(err, err_size, "%s does not say which zone has these keys: name it", source->path);
		return -1;
	}
	return read_kind(&list, db, err, err_size);
}
