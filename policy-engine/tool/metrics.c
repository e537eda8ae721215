/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/tool/metrics.h"

#include <inttypes.h>
#include <stddef.h>
#include <string.h>

#include "keyset/keyset.h"

#define GAUGE "gauge"
#define COUNTER "counter"

static void help(FILE *out, const char *name, const char *type, const char *text)
{
	fprintf(out, "# HELP %s %s\n# TYPE %s %s\n", name, text, name, type);
}

/* Labels are quoted as the format wants it: backslash, quote and line feed are escaped. */
static void label(FILE *out, bool more, const char *name, const char *value)
{
	fprintf(out, "%s%s=\"", more ? "," : "", name);
	for (; *value != '\0'; value++) {
		if (*value == '\\' || *value == '"') {
			fprintf(out, "\\%c", *value);
		} else {
			fputs(*value == '\n' ? "\\n" : (char[]){ *value, '\0' }, out);
		}
	}
	fputc('"', out);
}

/* A series with one label. */
static void with_label(FILE *out, const char *name, const char *key, const char *value,
                       int64_t number)
{
	fprintf(out, "%s{", name);
	label(out, false, key, value);
	fprintf(out, "} %" PRId64 "\n", number);
}

/* A series without labels. What is not known has none. */
static void single(FILE *out, const char *name, const char *text, int64_t number)
{
	if (number != 0) {
		help(out, name, GAUGE, text);
		fprintf(out, "%s %" PRId64 "\n", name, number);
	}
}

/* -- the two ------------------------------------------------------------- */

#define SIDES 2

static const char *const parts[SIDES] = { "signer", "engine" };

/* A number that both have. \param numbers  -1 = it is not known. */
static void both(FILE *out, const char *name, const char *text, const int64_t numbers[SIDES])
{
	help(out, name, GAUGE, text);
	for (int i = 0; i < SIDES; i++) {
		if (numbers[i] >= 0) {
			with_label(out, name, "part", parts[i], numbers[i]);
		}
	}
}

/* Whether they say something of a type; -1 of who is away. */
static void both_say(FILE *out, const side_t *const sides[SIDES], const char *name,
                     const char *text, const char *type)
{
	int64_t numbers[SIDES];
	for (int i = 0; i < SIDES; i++) {
		numbers[i] = sides[i]->up ? side_line(sides[i], type, NULL) != NULL : -1;
	}
	both(out, name, text, numbers);
}

static void both_disks(FILE *out, const side_t *const sides[SIDES], const char *name,
                       const char *text, const char *column)
{
	int64_t numbers[SIDES];
	for (int i = 0; i < SIDES; i++) {
		const line_t *line = side_line(sides[i], "disk", NULL);
		const bool known = line != NULL && line_number(line, "size") > 0;
		numbers[i] = known ? line_number(line, column) : -1;
	}
	both(out, name, text, numbers);
}

static void write_versions(FILE *out, const side_t *const sides[SIDES])
{
	static const char name[] = "ods_build_info";
	help(out, name, GAUGE, "Version of the signer and of the engine.");
	for (int i = 0; i < SIDES; i++) {
		const line_t *line = side_line(sides[i], "version", NULL);
		if (line != NULL) {
			fprintf(out, "%s{", name);
			label(out, false, "part", parts[i]);
			label(out, true, "version", line_get(line, "version"));
			fprintf(out, "} 1\n");
		}
	}
}

static void write_parts(FILE *out, const picture_t *picture)
{
	const side_t *const sides[SIDES] = { &picture->module, &picture->engine };
	const int64_t up[SIDES] = { picture->module.up, picture->engine.up };
	both(out, "ods_up", "Whether it answers.", up);
	write_versions(out, sides);
	both_say(out, sides, "ods_failed", "Whether it cannot do its work: its store cannot be "
	         "read, or conf.xml.", "fault");
	both_say(out, sides, "ods_clock_distrusted", "Whether the machine's clock is not believed.",
	         "clock");
	both_disks(out, sides, "ods_data_bytes", "What the store, or the database, takes.", "used");
	both_disks(out, sides, "ods_disk_free_bytes", "What its file system has left.", "free");
	both_disks(out, sides, "ods_disk_size_bytes", "Size of its file system.", "size");
}

/* -- the engine ---------------------------------------------------------- */

static int64_t engine_moment(const picture_t *picture, const char *type)
{
	const line_t *line = side_line(&picture->engine, type, NULL);
	return line != NULL ? line_number(line, type) : 0;
}

static void write_engine(FILE *out, const picture_t *picture)
{
	const line_t *signer = side_line(&picture->engine, "signer", NULL);
	if (signer == NULL) {
		return;
	}
	help(out, "ods_engine_connected", GAUGE, "Whether the engine reaches the signer.");
	fprintf(out, "ods_engine_connected %d\n", line_number(signer, "up") != 0);
	help(out, "ods_engine_reload_refused", GAUGE, "Whether the last reload was refused.");
	fprintf(out, "ods_engine_reload_refused %d\n",
	        side_line(&picture->engine, "reload", NULL) != NULL);
	single(out, "ods_engine_last_round_timestamp_seconds", "When the engine last ended a round.",
	       line_number(signer, "looked-at"));
	single(out, "ods_last_save_timestamp_seconds", "When ods save last made a copy.",
	       engine_moment(picture, "saved"));
	single(out, "ods_last_key_backup_timestamp_seconds",
	       "When ods backup commit last said that key pairs were backed up.",
	       engine_moment(picture, "backed-up"));
}

/* -- keys ---------------------------------------------------------------- */

static void write_keys(FILE *out, const picture_t *picture)
{
	static const char name[] = "ods_key_records";
	const line_t *line = NULL;
	help(out, name, GAUGE, "Keys of a role, by how far one of their records has spread in caches.");
	while ((line = side_line(&picture->engine, "keys", line)) != NULL) {
		for (keyset_state_t state = KEYSET_HIDDEN; state <= KEYSET_UNRETENTIVE; state++) {
			fprintf(out, "%s{", name);
			label(out, false, "role", line_get(line, "keys"));
			label(out, true, "record", line_get(line, "record"));
			label(out, true, "state", keyset_state_name(state));
			fprintf(out, "} %" PRId64 "\n", line_number(line, keyset_state_name(state)));
		}
	}
}

/* -- tokens -------------------------------------------------------------- */

/* A number of each token, of one side. \param state  Of a state: 1 = it works. */
static void tokens(FILE *out, const side_t *side, const char *name, const char *column, bool state)
{
	const line_t *line = NULL;
	while ((line = side_line(side, "token", line)) != NULL) {
		const int64_t number = line_number(line, column);
		if (line_get(line, column)[0] != '\0') {
			with_label(out, name, "token", line_get(line, "token"),
			           state ? number == 0 : number);
		}
	}
}

static void write_tokens(FILE *out, const picture_t *picture)
{
	const side_t *module = &picture->module, *engine = &picture->engine;
	help(out, "ods_token_up", GAUGE, "Whether the token works for the signer.");
	tokens(out, module, "ods_token_up", "failing-since", true);
	help(out, "ods_engine_token_up", GAUGE, "Whether the token works for the engine.");
	tokens(out, engine, "ods_engine_token_up", "failing", true);
	help(out, "ods_token_signatures_total", COUNTER,
	     "Signatures that the token made for the signer.");
	tokens(out, module, "ods_token_signatures_total", "signatures", false);
	help(out, "ods_token_errors_total", COUNTER,
	     "Calls of the signer's that the token failed, wrong signatures included.");
	tokens(out, module, "ods_token_errors_total", "errors", false);
	help(out, "ods_keys_without_backup", GAUGE, "Key pairs of the token that need a backup.");
	tokens(out, engine, "ods_keys_without_backup", "unsaved", false);
}

/* -- zones --------------------------------------------------------------- */

static int64_t waiting_since(const picture_t *picture)
{
	int64_t since = 0;
	for (size_t i = 0; i < picture->group_count; i++) {
		const group_t *group = &picture->groups[i];
		if (group->state == ZONE_PARENT && (since == 0 || group->rank < since)) {
			since = group->rank;
		}
	}
	return since;
}

static void write_zones(FILE *out, const picture_t *picture)
{
	if (!picture->module.up && !picture->engine.up) {
		return; /* Zeros would be taken for numbers. */
	}
	help(out, "ods_zones", GAUGE, "Zones by their most urgent state.");
	for (int state = 0; state < ZONE_STATES; state++) {
		with_label(out, "ods_zones", "state", zone_word(state)->name,
		           (int64_t)picture->counts[state]);
	}
	single(out, "ods_first_expiry_timestamp_seconds",
	       "When the first zone expires, if nothing is signed any more.", picture->until);
	single(out, "ods_parent_waiting_since_timestamp_seconds",
	       "Since when a person has to do something at a parent.", waiting_since(picture));
}

/* -- single zones -------------------------------------------------------- */

/* Numbers of a zone. What is not known of a zone has no series. */
static const struct {
	const char *name, *type, *text;
	size_t at; /* Of the int64_t in listed_t. */
} zone_numbers[] = {
	{ "ods_zone_expiry_timestamp_seconds", GAUGE,
	  "When the zone expires, if nothing is signed any more.", offsetof(listed_t, until) },
	{ "ods_zone_next_event_timestamp_seconds", GAUGE,
	  "When the next event of the zone's keys is.", offsetof(listed_t, next_at) },
	{ "ods_zone_serial", GAUGE, "Serial that knotd serves.", offsetof(listed_t, serial) },
	{ "ods_zone_input_serial", GAUGE, "Serial of the unsigned zone.",
	  offsetof(listed_t, input_serial) },
	{ "ods_zone_input_checked_timestamp_seconds", GAUGE,
	  "When a primary was last seen to have that input.", offsetof(listed_t, input_checked) },
	{ "ods_zone_soa_expire_seconds", GAUGE,
	  "For how long secondaries serve the zone when knotd does not answer.",
	  offsetof(listed_t, soa_expire) },
	{ "ods_zone_versions_total", COUNTER, "Signed versions made.",
	  offsetof(listed_t, versions) },
	{ "ods_zone_signatures_total", COUNTER, "Signatures made.",
	  offsetof(listed_t, signatures) },
};

static void zone_state(FILE *out, const char *zone, zone_state_t state)
{
	fprintf(out, "ods_zone_state{");
	label(out, false, "zone", zone);
	label(out, true, "state", zone_word(state)->name);
	fprintf(out, "} 1\n");
}

static void write_list(FILE *out, const list_t *list)
{
	for (size_t i = 0; i < list->count; i++) {
		zone_state(out, list->zones[i].name, list->zones[i].state);
	}
	for (size_t n = 0; n < sizeof(zone_numbers) / sizeof(zone_numbers[0]); n++) {
		help(out, zone_numbers[n].name, zone_numbers[n].type, zone_numbers[n].text);
		for (size_t i = 0; i < list->count; i++) {
			const char *zone = (const char *)&list->zones[i];
			const int64_t number = *(const int64_t *)(zone + zone_numbers[n].at);
			if (number != 0) {
				with_label(out, zone_numbers[n].name, "zone", list->zones[i].name,
				           number);
			}
		}
	}
}

/* Both may have a group whose first zone is the same: a series must not come twice. */
static bool is_named_before(const picture_t *picture, size_t at)
{
	for (size_t i = 0; i < at; i++) {
		if (picture->groups[i].text[0] != '\0' &&
		    strcmp(picture->groups[i].first, picture->groups[at].first) == 0) {
			return true;
		}
	}
	return false;
}

/* Those groups that have a text: their number has a bound. */
static void write_groups(FILE *out, const picture_t *picture)
{
	for (size_t i = 0; i < picture->group_count; i++) {
		const group_t *group = &picture->groups[i];
		if (group->text[0] != '\0' && !is_named_before(picture, i)) {
			zone_state(out, group->first, group->state);
		}
	}
}

void metrics_write(FILE *out, const picture_t *picture, const list_t *list)
{
	write_parts(out, picture);
	write_engine(out, picture);
	write_keys(out, picture);
	write_tokens(out, picture);
	write_zones(out, picture);
	help(out, "ods_zone_state", GAUGE, "1 for the state that the zone is in; of many zones, for the "
	     "most urgent alone.");
	if (list != NULL) {
		write_list(out, list);
	} else {
		write_groups(out, picture);
	}
}
