/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/signer/query.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/client.h"
#include "policy-engine/base/zone-name.h"

#define TIMEOUT_MS 5000 /* Of one socket operation; the module answers at once unless busy. */

typedef struct {
	query_keyset_t *sets;
	size_t count;
} answer_t;

static void replace(char **text, const char *by)
{
	free(*text);
	*text = strdup(by);
}

static int take(void *ctx, const ctl_unit_t *unit, const char *error, int first)
{
	(void)first;
	answer_t *answer = ctx;
	char *name = unit->zone != NULL ? zone_name_canonical(unit->zone) : NULL;
	bool keyset = unit->type != NULL && strcmp(unit->type, "keyset") == 0;
	for (size_t i = 0; i < answer->count; i++) {
		query_keyset_t *set = &answer->sets[i];
		bool meant = name != NULL && strcmp(name, set->zone) == 0;
		if (error != NULL && (meant || name == NULL)) {
			replace(&set->problem, error);
		} else if (meant && keyset && unit->data != NULL) {
			replace(&set->text, unit->data);
		}
	}
	free(name);
	return 0;
}

int query_keysets(const char *path, query_keyset_t *sets, size_t count, char *err, size_t err_size)
{
	ctl_unit_t units[QUERY_MAX];
	answer_t answer = { sets, count };
	for (size_t i = 0; i < count; i++) {
		units[i] = (ctl_unit_t){ .cmd = "zone-keyset-read", .zone = sets[i].zone };
		sets[i].text = sets[i].problem = NULL;
	}
	const ctl_call_t call = { .path = path,
		                  .timeout_ms = TIMEOUT_MS,
		                  .units = units,
		                  .count = count,
		                  .answer = take,
		                  .ctx = &answer };
	return ctl_client_call(&call, err, err_size) == 0 ? 0 : -1;
}

void query_keysets_deinit(query_keyset_t *sets, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		free(sets[i].text);
		free(sets[i].problem);
	}
}

/* An answer to zone-served. */
typedef struct {
	query_served_t *served;
	char *err;
	size_t err_size;
	bool failed;
} served_answer_t;

static void take_key(query_served_t *served, const char *text)
{
	if (served->key_count < QUERY_KEYS_MAX &&
	    dnskey_parse(text, &served->keys[served->key_count]) == 0) {
		served->key_count++;
	} else {
		served->strange = true;
	}
}

static void take_signer(query_served_t *served, const char *text)
{
	unsigned algorithm = 0, keytag = 0;
	int at = 0;
	char *signature = NULL;
	if (served->signer_count < QUERY_KEYS_MAX &&
	    sscanf(text, "%3u %5u%n", &algorithm, &keytag, &at) == 2 &&
	    (signature = strdup(text + at + (text[at] == ' '))) != NULL) {
		served->signers[served->signer_count].algorithm = (uint8_t)algorithm;
		served->signers[served->signer_count].signature = signature;
		served->signers[served->signer_count++].keytag = (uint16_t)keytag;
	} else {
		served->strange = true;
	}
}

static int take_served(void *ctx, const ctl_unit_t *unit, const char *error, int first)
{
	(void)first;
	served_answer_t *answer = ctx;
	query_served_t *served = answer->served;
	const char *type = unit->type != NULL ? unit->type : "";
	const char *data = unit->data != NULL ? unit->data : "";
	if (error != NULL) {
		snprintf(answer->err, answer->err_size, "%s", error);
		answer->failed = true;
	} else if (strcmp(type, "serial") == 0) {
		served->there = true;
		served->serial = (uint32_t)strtoul(data, NULL, 10);
	} else if (strcmp(type, "dnskey") == 0) {
		take_key(served, data);
	} else if (strcmp(type, "signer") == 0) {
		take_signer(served, data);
	} else if (strcmp(type, "dnskey-ttl") == 0) {
		served->dnskey_ttl = (uint32_t)strtoul(data, NULL, 10);
	} else if (strcmp(type, "expires") == 0) {
		served->expires = strtoll(data, NULL, 10);
	}
	return 0;
}

int query_served(const char *path, const char *zone, query_served_t *served, char *err,
                 size_t err_size)
{
	*served = (query_served_t){ 0 };
	served_answer_t answer = { served, err, err_size, false };
	ctl_unit_t unit = { .cmd = "zone-served", .zone = zone };
	const ctl_call_t call = { .path = path,
		                  .timeout_ms = TIMEOUT_MS,
		                  .units = &unit,
		                  .count = 1,
		                  .answer = take_served,
		                  .ctx = &answer };
	int ret = ctl_client_call(&call, err, err_size);
	return ret == 0 && !answer.failed ? 0 : -1;
}

void query_served_deinit(query_served_t *served)
{
	for (size_t i = 0; i < served->key_count; i++) {
		free(served->keys[i].public_key);
	}
	for (size_t i = 0; i < served->signer_count; i++) {
		free(served->signers[i].signature);
	}
	*served = (query_served_t){ 0 };
}
