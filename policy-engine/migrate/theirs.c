/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/migrate/theirs.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "policy-engine/base/address.h"
#include "policy-engine/base/zone-name.h"
#include "policy-engine/import/ods-db.h"
#include "policy-engine/import/served.h"
#include "policy-engine/policy/policy.h"

#define HOUR 3600u
#define DAY 86400u
#define LONG_VALIDITY (2 * DAY) /* From here on it is told in days; what is over is jitter, or is for clocks. */

/* How a zone is signed. Without padding that differs: memcmp() compares. */
typedef struct {
	uint32_t keys[POLICY_KEYS_MAX][4]; /* Role, algorithm, bits, lifetime: in order. */
	uint32_t key_count;
	uint32_t validity, dnskey_validity;
	uint32_t nsec3, opt_out, iterations, salt_length;
	uint32_t dnskey_ttl, soa_ttl, soa_minimum;
	uint32_t serial;                   /* A keyset_serial_t. */
} shape_t;

typedef struct {
	char *name;       /* Canonical, to be freed; NULL: the zone is left out. */
	shape_t shape;
	uint32_t last;    /* Its serial. */
	size_t number;    /* Of its policy. */
} zone_t;

typedef struct {
	const theirs_t *what;
	ods_db_t db;
	zone_t *zones;    /* As those of db. */
	bool silent;      /* The server did not answer. */
} all_t;

/* -- a zone --------------------------------------------------------------- */

/* By the whole day: signers have an hour or so for clocks, and spread the ends. */
static uint32_t rounded(uint32_t validity)
{
	return validity < LONG_VALIDITY ? validity : (validity - HOUR + DAY / 2) / DAY * DAY;
}

/* How its serials seem to come about. */
static keyset_serial_t serial_of(uint32_t serial, time_t now)
{
	struct tm tm;
	gmtime_r(&now, &tm);
	const uint32_t date = (uint32_t)((tm.tm_year + 1900) * 10000 + (tm.tm_mon + 1) * 100 + tm.tm_mday);
	if (serial / 100 >= 19900101 && serial / 100 <= date) {
		return KEYSET_SERIAL_DATECOUNTER;
	}
	const int64_t age = (int64_t)now - serial;
	return age >= 0 && age < 366 * (int64_t)DAY ? KEYSET_SERIAL_UNIXTIME : KEYSET_SERIAL_COUNTER;
}

static int compare_keys(const void *a, const void *b)
{
	const uint32_t *one = a, *other = b;
	int ret = 0;
	for (int i = 0; i < 4 && ret == 0; i++) {
		ret = (one[i] > other[i]) - (one[i] < other[i]);
	}
	return ret;
}

/* Takes the keys that stay. \return Whether there is room. */
static bool take_keys(const ods_zone_t *zone, const served_t *served, shape_t *shape)
{
	for (size_t i = 0; i < zone->key_count; i++) {
		const ods_key_t *key = &zone->keys[i];
		if (key->introducing && shape->key_count == POLICY_KEYS_MAX) {
			return false;
		}
		if (key->introducing) {
			const served_key_t *dnskey = served_find(served, key);
			uint32_t *to = shape->keys[shape->key_count++];
			to[0] = key->role;
			to[1] = key->algorithm;
			to[2] = dnskey != NULL ? dnskey->bits : 0;
			to[3] = key->lifetime;
		}
	}
	qsort(shape->keys, shape->key_count, sizeof(shape->keys[0]), compare_keys);
	return true;
}

/* \return Why the zone is left out; NULL: it is not. */
static const char *look(all_t *all, size_t index, char *why, size_t why_size)
{
	served_t served;
	char said[200] = "does not answer, as it has not before", server[ADDRESS_TEXT_MAX];
	const ods_zone_t *from = &all->db.zones[index];
	zone_t *zone = &all->zones[index];
	if (from->fault[0] != '\0') {
		return from->fault;
	}
	const int ret = all->silent ? -1 : served_ask(all->what->server, zone->name, &served, said, sizeof(said));
	all->silent = ret < 0;
	if (ret != 0 || served_check_keys(&served, from, said, sizeof(said)) != 0) {
		snprintf(why, why_size, "the server, %s: %s", address_text(all->what->server, server), said);
		return why;
	}
	zone->shape = (shape_t){
		.validity = rounded(served.validity), .dnskey_validity = rounded(served.dnskey_validity),
		.nsec3 = served.nsec3, .opt_out = served.opt_out, .iterations = served.iterations,
		.salt_length = served.salt_length, .dnskey_ttl = served.dnskey_ttl,
		.soa_ttl = served.soa_ttl, .soa_minimum = served.soa_minimum,
		.serial = serial_of(served.serial, (time_t)all->what->source.now),
	};
	zone->last = served.serial;
	return take_keys(from, &served, &zone->shape) ? NULL : "it has more keys than a policy can have";
}

/* Whether a zone is the one that is meant, or all are. */
static bool is_meant(const all_t *all, const char *name)
{
	char *wanted = all->what->source.zone != NULL ? zone_name_canonical(all->what->source.zone) : NULL;
	const bool meant = all->what->source.zone == NULL || (wanted != NULL && strcmp(wanted, name) == 0);
	free(wanted);
	return meant;
}

static void tell_left_out(const all_t *all, size_t index, const char *why)
{
	const char *name = all->zones[index].name;
	if (all->what->tell != NULL) {
		const theirs_zone_t zone = { .name = name, .why = why, .keys = &all->db.zones[index] };
		all->what->tell(all->what->ctx, &zone);
	} else {
		fprintf(stderr, "%s  left out: %s\n", name, why);
	}
}

/* \return How many zones are left out; -1 if all are. */
static int look_at_all(all_t *all)
{
	int left_out = 0, taken = 0;
	for (size_t i = 0; i < all->db.zone_count; i++) {
		char why[300] = "";
		zone_t *zone = &all->zones[i];
		zone->name = zone_name_canonical(all->db.zones[i].name);
		if (zone->name == NULL || !is_meant(all, zone->name)) {
			free(zone->name);
			zone->name = NULL;
			continue;
		}
		const char *wrong = look(all, i, why, sizeof(why));
		if (wrong != NULL) {
			tell_left_out(all, i, wrong);
			free(zone->name);
			zone->name = NULL;
			left_out++;
		}
		taken += wrong == NULL;
	}
	if (taken == 0 && left_out == 0) {
		fprintf(stderr, "ods migrate: %s has no such zone\n", all->what->source.path);
	}
	return taken > 0 ? left_out : -1;
}

/* -- a policy ------------------------------------------------------------- */

static void write_duration(FILE *out, const char *element, uint32_t seconds)
{
	if (seconds % DAY == 0 && seconds > 0) {
		fprintf(out, "<%s>P%uD</%s>", element, seconds / DAY, element);
	} else if (seconds % HOUR == 0 && seconds > 0) {
		fprintf(out, "<%s>PT%uH</%s>", element, seconds / HOUR, element);
	} else {
		fprintf(out, "<%s>PT%uS</%s>", element, seconds, element);
	}
}

static void write_line(FILE *out, const char *indent, const char *element, uint32_t seconds)
{
	fprintf(out, "%s", indent);
	write_duration(out, element, seconds);
	fprintf(out, "\n");
}

/* What no answer tells is in the proportions of our own default policy. */
static void write_signatures(FILE *out, const shape_t *shape, uint32_t ttl)
{
	const uint32_t refresh = shape->validity / 7 * 4;
	const uint32_t resign = refresh / 8 < 2 * HOUR ? refresh / 8 : 2 * HOUR;
	const uint32_t jitter = (shape->validity - refresh) / 24;
	fprintf(out, "\t\t<Signatures>\n");
	write_line(out, "\t\t\t", "Resign", resign > 0 ? resign : 1);
	write_line(out, "\t\t\t", "Refresh", refresh);
	fprintf(out, "\t\t\t<Validity>");
	write_duration(out, "Default", shape->validity);
	write_duration(out, "Denial", shape->validity);
	if (shape->dnskey_validity > refresh && shape->dnskey_validity != shape->validity) {
		write_duration(out, "Keyset", shape->dnskey_validity);
	}
	fprintf(out, "</Validity>\n");
	write_line(out, "\t\t\t", "Jitter", jitter);
	fprintf(out, "\t\t\t<InceptionOffset>PT1H</InceptionOffset>\n");
	write_line(out, "\t\t\t", "MaxZoneTTL", ttl);
	fprintf(out, "\t\t</Signatures>\n");
}

static void write_denial(FILE *out, const shape_t *shape)
{
	if (!shape->nsec3) {
		fprintf(out, "\t\t<Denial><NSEC/></Denial>\n");
		return;
	}
	fprintf(out, "\t\t<Denial><NSEC3>%s<Resalt>P100D</Resalt><Hash><Algorithm>1</Algorithm>"
	        "<Iterations>%u</Iterations><Salt length=\"%u\"/></Hash></NSEC3></Denial>\n",
	        shape->opt_out ? "<OptOut/>" : "", shape->iterations, shape->salt_length);
}

/* A key that is for ever, or does not say for how long, is replaced only by order. */
static void write_key(FILE *out, const uint32_t key[4], const char *repository)
{
	const char *element = policy_role_element(key[0]);
	fprintf(out, "\t\t\t<%s><Algorithm length=\"%u\">%u</Algorithm>", element, key[2], key[1]);
	write_duration(out, "Lifetime", key[3] > 0 ? key[3] : 365 * DAY);
	fprintf(out, "<Repository>%s</Repository>%s</%s>\n", repository, key[3] > 0 ? "" : "<ManualRollover/>",
	        element);
}

static void write_keys(FILE *out, const shape_t *shape, const char *repository)
{
	fprintf(out, "\t\t<Keys>\n");
	write_line(out, "\t\t\t", "TTL", shape->dnskey_ttl);
	fprintf(out, "\t\t\t<RetireSafety>PT1H</RetireSafety><PublishSafety>PT1H</PublishSafety>\n");
	for (uint32_t i = 0; i < shape->key_count; i++) {
		if (i == 0 || memcmp(shape->keys[i], shape->keys[i - 1], 3 * sizeof(uint32_t)) != 0) {
			write_key(out, shape->keys[i], repository);
		}
	}
	fprintf(out, "\t\t</Keys>\n");
}

static void write_rest(FILE *out, const shape_t *shape, uint32_t ttl)
{
	static const char *const serials[] = {
		[KEYSET_SERIAL_COUNTER] = "counter", [KEYSET_SERIAL_DATECOUNTER] = "datecounter",
		[KEYSET_SERIAL_UNIXTIME] = "unixtime",
	};
	fprintf(out, "\t\t<Zone>\n\t\t\t<PropagationDelay>PT1H</PropagationDelay>\n\t\t\t<SOA>");
	write_duration(out, "TTL", shape->soa_ttl);
	write_duration(out, "Minimum", shape->soa_minimum);
	fprintf(out, "<Serial>%s</Serial></SOA>\n\t\t</Zone>\n", serials[shape->serial]);
	fprintf(out, "\t\t<Parent>\n\t\t\t<PropagationDelay>PT1H</PropagationDelay>\n\t\t\t<DS>");
	write_duration(out, "TTL", ttl);
	fprintf(out, "</DS>\n\t\t\t<SOA><TTL>P2D</TTL><Minimum>P1D</Minimum></SOA>\n\t\t</Parent>\n");
}

static bool is_alike(const all_t *all, size_t a, size_t b)
{
	return all->zones[a].name != NULL && all->zones[b].name != NULL &&
	       memcmp(&all->zones[a].shape, &all->zones[b].shape, sizeof(shape_t)) == 0;
}

/* Writes the policy of a zone, and of those that are like it. */
static void write_policy(FILE *out, const all_t *all, size_t first, size_t number)
{
	const theirs_t *what = all->what;
	const shape_t *shape = &all->zones[first].shape;
	fprintf(out, "\t<!-- Of these zones:\n");
	for (size_t i = first; i < all->db.zone_count; i++) {
		if (is_alike(all, first, i)) {
			/* Two hyphens end a comment. */
			const char *name = all->zones[i].name;
			for (const char *c = name; *c != '\0'; c++) {
				fprintf(out, *c == '-' && c[1] == '-' ? "-\\045" : "%c", *c);
			}
			fprintf(out, "\n");
		}
	}
	fprintf(out, "\t-->\n\t<Policy name=\"" THEIRS_POLICY "\">\n\t\t<Description>As %s signs</Description>\n",
	        what->source.kind->option, number, what->source.kind->name);
	write_signatures(out, shape, what->source.ttl);
	write_denial(out, shape);
	write_keys(out, shape, what->repository);
	write_rest(out, shape, what->source.ttl);
	fprintf(out, "\t</Policy>\n");
}

static bool has_csk(const shape_t *shape)
{
	bool has = false;
	for (uint32_t i = 0; i < shape->key_count; i++) {
		has = has || shape->keys[i][0] == KEYSET_CSK;
	}
	return has;
}

static void tell_taken(const all_t *all, size_t index)
{
	const zone_t *of = &all->zones[index];
	const theirs_zone_t zone = { .name = of->name, .number = of->number, .csk = has_csk(&of->shape),
	                             .serial = of->last, .keys = &all->db.zones[index] };
	if (all->what->tell != NULL) {
		all->what->tell(all->what->ctx, &zone);
	}
}

static void write_all(FILE *out, all_t *all)
{
	size_t number = 0;
	fprintf(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
	        "<!-- Made by ods migrate: what %s has, and its server says. Not said is for how long secondaries and\n"
	        "     the parent need to follow, and the largest TTL of zone and DS: look at <PropagationDelay>,\n"
	        "     <MaxZoneTTL>, <Parent>. Keys are not replaced by age where <ManualRollover/> says so. -->\n"
	        "<KASP>\n", all->what->source.kind->name);
	for (size_t i = 0; i < all->db.zone_count; i++) {
		size_t first = 0;
		while (first < i && !is_alike(all, first, i)) {
			first++;
		}
		if (all->zones[i].name == NULL) {
			continue;
		}
		if (first == i) {
			write_policy(out, all, i, ++number);
			all->zones[i].number = number;
		}
		all->zones[i].number = all->zones[first].number;
		tell_taken(all, i);
	}
	fprintf(out, "</KASP>\n");
}

int theirs_write(FILE *out, const theirs_t *what)
{
	char err[1024] = "";
	all_t all = { .what = what };
	if (what->source.kind->read(&what->source, &all.db, err, sizeof(err)) != 0) {
		fprintf(stderr, "ods migrate: %s\n", err);
		return -1;
	}
	all.zones = calloc(all.db.zone_count + 1, sizeof(*all.zones));
	const int ret = all.zones != NULL ? look_at_all(&all) : -1;
	if (ret >= 0) {
		write_all(out, &all);
	}
	for (size_t i = 0; all.zones != NULL && i < all.db.zone_count; i++) {
		free(all.zones[i].name);
	}
	free(all.zones);
	ods_db_deinit(&all.db);
	return ret;
}
