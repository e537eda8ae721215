/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/zone/standing.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy-engine/zone/memory.h"

#define TITLE "standing 1"
#define FACTS "facts "

/* -- writing ------------------------------------------------------------- */

/* Writes the line "memory"; frees the text. \return 0; -1 if there is no text. */
static int write_memory(FILE *out, char *text)
{
	if (text == NULL) {
		return -1;
	}
	fprintf(out, "memory %s\n", text);
	free(text);
	return 0;
}

static int write_key(FILE *out, const kasp_zone_t *zone, size_t i)
{
	const core_key_t *key = &zone->core.keys[i];
	fprintf(out, "key %s %u %u", keyset_role_name(key->role), key->algorithm, key->keytag);
	for (int r = 0; r < KEYSET_RECORDS; r++) {
		fprintf(out, " %s", keyset_state_name(key->record[r].state));
	}
	fprintf(out, " %s\n", zone->keys[i].repository);
	return write_memory(out, memory_of_key(zone, i));
}

static int write_all(FILE *out, const kasp_zone_t *zone, const facts_t *facts)
{
	char *said = facts_write(facts);
	fprintf(out, TITLE "\npolicy %s\nfrozen %" PRId64 "\nrevision %" PRIu64 "\n", zone->policy,
	        zone->frozen, zone->core.revision);
	int ret = write_memory(out, memory_of_zone(zone));
	for (size_t i = 0; i < zone->core.count && ret == 0; i++) {
		ret = write_key(out, zone, i);
	}
	if (said != NULL) {
		fputs(said, out);
	}
	free(said);
	return said != NULL ? ret : -1;
}

char *standing_write(const kasp_zone_t *zone, const facts_t *facts)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	if (out == NULL) {
		return NULL;
	}
	int ret = write_all(out, zone, facts);
	ret = fclose(out) == 0 ? ret : -1;
	if (ret != 0) {
		free(text);
		text = NULL;
	}
	return text;
}

/* -- reading ------------------------------------------------------------- */

/* Takes a line that begins with a word and a blank. \param at  Set behind the line.
 * \return What is behind the blank, to be freed; NULL if the line is another one, or out of memory. */
static char *take(const char **at, const char *word)
{
	const size_t len = strlen(word);
	const char *end = strchr(*at, '\n');
	if (end == NULL || strncmp(*at, word, len) != 0 || (*at)[len] != ' ') {
		return NULL;
	}
	char *text = strndup(*at + len + 1, (size_t)(end - *at) - len - 1);
	*at = end + 1;
	return text;
}

static bool take_number(const char **at, const char *word, uint64_t *number)
{
	char *text = take(at, word), *end = NULL;
	const bool digits = text != NULL && text[0] >= '0' && text[0] <= '9';
	*number = digits ? strtoull(text, &end, 10) : 0;
	const bool good = digits && *end == '\0';
	free(text);
	return good;
}

#define WORD_MAX 16 /* Bytes of a role, or a state. */

/* Reads the line of a key. \param repository  To be freed. */
static bool read_key(const char *line, core_key_t *key, char **repository)
{
	char role[WORD_MAX], states[KEYSET_RECORDS][WORD_MAX];
	unsigned algorithm, tag;
	int at = 0;
	if (sscanf(line, "%15s %u %u %15s %15s %15s %15s %n", role, &algorithm, &tag, states[0],
	           states[1], states[2], states[3], &at) != 7 || at == 0 ||
	    algorithm > UINT8_MAX || tag > UINT16_MAX || keyset_role_parse(role, &key->role) != 0) {
		return false;
	}
	key->algorithm = (uint8_t)algorithm;
	key->keytag = (uint16_t)tag;
	for (int r = 0; r < KEYSET_RECORDS; r++) {
		if (keyset_state_parse(states[r], &key->record[r].state) != 0) {
			return false;
		}
	}
	*repository = strdup(line + at);
	return *repository != NULL;
}

/* Takes a key's two lines. \return 1 if there was one, 0 if not, -1. */
static int take_key(const char **at, kasp_zone_t *zone)
{
	char *line = take(at, "key");
	if (line == NULL) {
		return 0;
	}
	char *memory = take(at, "memory");
	core_key_t key = { 0 };
	zone_key_t info = { 0 };
	bool good = memory != NULL && read_key(line, &key, &info.repository) &&
	            memory_read_key(memory, zone->core.revision, &key, info.done) &&
	            kasp_zone_add_key(zone, &key, &info) == 0;
	if (!good) {
		free(info.repository);
	}
	free(line);
	free(memory);
	return good ? 1 : -1;
}

static int read_all(const char *text, standing_t *standing)
{
	kasp_zone_t *zone = &standing->zone;
	char why[128];
	const char *at = text;
	uint64_t frozen;
	int64_t unused;
	if (strncmp(at, TITLE "\n", sizeof(TITLE)) != 0) {
		return -1;
	}
	at += sizeof(TITLE);
	zone->policy = take(&at, "policy");
	if (zone->policy == NULL || !take_number(&at, "frozen", &frozen) ||
	    !take_number(&at, "revision", &zone->core.revision)) {
		return -1;
	}
	zone->frozen = (int64_t)frozen;
	char *memory = take(&at, "memory");
	int ret = memory != NULL && memory_read_zone(memory, &zone->core, &unused) ? 1 : -1;
	free(memory);
	while (ret > 0) {
		ret = take_key(&at, zone);
	}
	return ret == 0 && strncmp(at, FACTS, sizeof(FACTS) - 1) == 0
	               ? facts_read(at, &standing->facts, why, sizeof(why))
	               : -1;
}

int standing_read(const char *text, standing_t *standing)
{
	standing_t read = { .facts = { 0 } };
	if (read_all(text, &read) != 0) {
		standing_deinit(&read);
		return -1;
	}
	*standing = read;
	return 0;
}

void standing_deinit(standing_t *standing)
{
	kasp_zone_deinit(&standing->zone);
	facts_deinit(&standing->facts);
}
