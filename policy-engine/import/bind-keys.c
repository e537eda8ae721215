/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/import/bind-keys.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#include "policy-engine/base/zone-name.h"
#include "policy-engine/import/foreign.h"
#include "policy-engine/zone/dnskey.h"

/* Of a key, from its two files. A time is 0 if it is not there. */
typedef struct {
	char *zone;                                  /* Canonical, by the name of the files. */
	dnskey_record_t dnskey;
	int64_t publish, activate, inactive, remove; /* In K*.key. */
	bool ksk, zsk;                               /* In K*.state, as all that follows. */
	int64_t active;
	uint32_t lifetime;                           /* Seconds; 0 = for ever. */
	bool has_goal, introducing;
	unsigned seen;                               /* Bits by keyset_record_t: has a state. */
	ods_record_t record[KEYSET_RECORDS];
} bind_key_t;

typedef struct {
	const char *path;
	unsigned line;
	bind_key_t *key;
	bool bad;
	char *why;                                   /* ODS_FAULT_MAX bytes. */
} lines_t;

/* Whether a line is "NAME: REST". */
static const char *rest_of(const char *line, const char *name)
{
	const size_t len = strlen(name);
	return strncmp(line, name, len) == 0 && line[len] == ':' ? line + len + 1 + (line[len + 1] == ' ')
	                                                         : NULL;
}

static void blame(lines_t *in, const char *format, ...)
{
	char text[ODS_FAULT_MAX];
	va_list args;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	const char *name = strrchr(in->path, '/');
	snprintf(in->why, ODS_FAULT_MAX, "%.60s, line %u: %.*s", name != NULL ? name + 1 : in->path,
	         in->line, ODS_FAULT_MAX - 80, text);
	in->bad = true;
}

/* Reads 14 digits, YYYYMMDDHHMMSS in UTC. BIND writes a comment behind them. */
static int64_t read_time(lines_t *in, const char *text)
{
	struct tm tm = { 0 };
	const size_t len = strspn(text, "0123456789");
	const char *end = len == 14 ? strptime(text, "%Y%m%d%H%M%S", &tm) : NULL;
	if (end != text + 14 || (*end != '\0' && *end != ' ')) {
		blame(in, "there should be a time of 14 digits, not \"%.30s\"", text);
		return 0;
	}
	return timegm(&tm);
}

/* -- K*.key -------------------------------------------------------------- */

static const struct {
	const char *name;
	size_t at;
} times[] = {
	{ "; Publish", offsetof(bind_key_t, publish) },
	{ "; Activate", offsetof(bind_key_t, activate) },
	{ "; Inactive", offsetof(bind_key_t, inactive) },
	{ "; Delete", offsetof(bind_key_t, remove) },
};

static void take_comment(lines_t *in, const char *line)
{
	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		const char *rest = rest_of(line, times[i].name);
		if (rest != NULL) {
			*(int64_t *)((char *)in->key + times[i].at) = read_time(in, rest);
		} else if (rest_of(line, "; Revoke") != NULL) {
			blame(in, "the key is to be revoked (RFC 5011), which is not supported");
		}
	}
}

/* Whether a record is one of a zone, whose name may be without its last dot. */
static bool is_named(const char *record, const char *zone)
{
	char *owner = strndup(record, strcspn(record, " \t"));
	char *one = owner != NULL ? zone_name_canonical(owner) : NULL;
	const bool named = one != NULL && strcmp(one, zone) == 0;
	free(owner);
	free(one);
	return named;
}

/* Joins the words of a DNSKEY's Base64, which come after three numbers. \return rdata */
static char *joined(char *rdata)
{
	char *to = rdata;
	unsigned blanks = 0;
	for (const char *from = rdata; *from != '\0'; from++) {
		blanks += *from == ' ';
		if (*from != ' ' || blanks <= 3) {
			*to++ = *from;
		}
	}
	*to = '\0';
	return rdata;
}

/* "ZONE [TTL] IN DNSKEY RDATA"; the TTL does not matter. */
static void take_dnskey(lines_t *in, char *line)
{
	bind_key_t *key = in->key;
	char *rdata = strstr(line, " DNSKEY ");
	if (key->dnskey.public_key != NULL || rdata == NULL) {
		blame(in, "there should be one DNSKEY in one line");
	} else if (dnskey_parse(joined(rdata + strlen(" DNSKEY ")), &key->dnskey) != 0) {
		blame(in, "this is no DNSKEY that a zone of ours can have: 256 or 257, protocol 3, of an "
		      "algorithm that is supported");
	} else if (!is_named(line, key->zone)) {
		blame(in, "the DNSKEY is of another zone than the file");
	}
}

static void take_key_line(lines_t *in, char *line)
{
	if (line[0] == ';') {
		take_comment(in, line);
	} else if (line[0] != '\0') {
		take_dnskey(in, line);
	}
}

/* -- K*.state ------------------------------------------------------------ */

static const char *const record_names[KEYSET_RECORDS] = {
	[KEYSET_DS] = "DS", [KEYSET_DNSKEY] = "DNSKEY",
	[KEYSET_RRSIG_DNSKEY] = "KRRSIG", [KEYSET_RRSIG] = "ZRRSIG",
};

static bool parse_state(const char *text, keyset_state_t *state)
{
	static const char *const names[] = {
		[KEYSET_HIDDEN] = "hidden", [KEYSET_RUMOURED] = "rumoured",
		[KEYSET_OMNIPRESENT] = "omnipresent", [KEYSET_UNRETENTIVE] = "unretentive",
	};
	for (int i = KEYSET_HIDDEN; i <= KEYSET_UNRETENTIVE; i++) {
		if (strcmp(text, names[i]) == 0) {
			*state = i;
			return true;
		}
	}
	return false;
}

static void take_record_line(lines_t *in, const char *line, keyset_record_t r)
{
	char name[32];
	bind_key_t *key = in->key;
	snprintf(name, sizeof(name), "%sState", record_names[r]);
	const char *state = rest_of(line, name);
	snprintf(name, sizeof(name), "%sChange", record_names[r]);
	const char *change = rest_of(line, name);
	if (change != NULL) {
		key->record[r].since = read_time(in, change);
	}
	if (state != NULL && ((key->seen >> r & 1) != 0 || !parse_state(state, &key->record[r].state))) {
		blame(in, "the state of the %s is \"%.20s\", or there twice", record_names[r], state);
	} else if (state != NULL) {
		key->seen |= 1u << r;
	}
}

static bool take_flag(lines_t *in, const char *line, const char *name, bool *flag)
{
	const char *rest = rest_of(line, name);
	if (rest != NULL && strcmp(rest, "yes") != 0 && strcmp(rest, "no") != 0) {
		blame(in, "there should be yes or no, not \"%.20s\"", rest);
	}
	*flag = rest != NULL ? strcmp(rest, "yes") == 0 : *flag;
	return rest != NULL;
}

static void take_goal(lines_t *in, const char *goal)
{
	in->key->introducing = strcmp(goal, "omnipresent") == 0;
	in->key->has_goal = true;
	if (!in->key->introducing && strcmp(goal, "hidden") != 0) {
		blame(in, "the goal is \"%.20s\", not hidden or omnipresent", goal);
	}
}

static void take_state_line(lines_t *in, char *line)
{
	bind_key_t *key = in->key;
	const char *goal = rest_of(line, "GoalState"), *active = rest_of(line, "Active");
	const char *lifetime = rest_of(line, "Lifetime");
	if (goal != NULL) {
		take_goal(in, goal);
	} else if (active != NULL) {
		key->active = read_time(in, active);
	} else if (lifetime != NULL) {
		key->lifetime = (uint32_t)strtoul(lifetime, NULL, 10);
	} else if (!take_flag(in, line, "KSK", &key->ksk) && !take_flag(in, line, "ZSK", &key->zsk)) {
		for (int r = 0; r < KEYSET_RECORDS; r++) {
			take_record_line(in, line, r);
		}
	}
}

/* -- a key --------------------------------------------------------------- */

/* Has each line of a text taken, until one is bad. */
static void each_line(lines_t *in, char *text, void (*take)(lines_t *, char *))
{
	char *rest = text;
	in->line = 0;
	for (char *line = strsep(&rest, "\n"); line != NULL && !in->bad; line = strsep(&rest, "\n")) {
		in->line++;
		take(in, line);
	}
}

/* The role by K*.state; without one, by the flag that the DNSKEY has. */
static keyset_role_t role_of(const bind_key_t *key)
{
	return key->has_goal && key->ksk && key->zsk ? KEYSET_CSK : key->dnskey.role;
}

static bool is_unused(const bind_key_t *key)
{
	bool unused = key->introducing;
	for (int r = 0; r < KEYSET_RECORDS; r++) {
		unused = unused && ((key->seen >> r & 1) == 0 || key->record[r].state == KEYSET_HIDDEN);
	}
	return unused;
}

/* Whether K*.state is whole, and agrees with K*.key. */
static bool check_states(lines_t *in)
{
	const bind_key_t *key = in->key;
	const unsigned dnskey = 1u << KEYSET_DNSKEY;
	const unsigned ksk = 1u << KEYSET_DS | 1u << KEYSET_RRSIG_DNSKEY, zsk = 1u << KEYSET_RRSIG;
	const unsigned want = dnskey | (key->ksk ? ksk : 0) | (key->zsk ? zsk : 0);
	if (!key->has_goal || (key->seen & want) != want || (!key->ksk && !key->zsk)) {
		blame(in, "the file ends, and has no goal, role, or state of each record; have named "
		      "manage the zone's keys by dnssec-policy once more");
	} else if (key->ksk != (key->dnskey.role == KEYSET_KSK)) {
		blame(in, "the key %s a KSK, and its DNSKEY has %s", key->ksk ? "is" : "is not",
		      key->ksk ? "256" : "257");
	}
	return !in->bad;
}

static int add_by_states(ods_db_t *db, ods_zone_t *zone, const bind_key_t *from,
                         const foreign_key_t *key)
{
	ods_key_t *to = is_unused(from) ? NULL : foreign_key(db, zone, key);
	if (to == NULL) {
		return is_unused(from) ? 0 : -1;
	}
	for (int r = 0; r < KEYSET_RECORDS; r++) {
		if (to->record[r].state != KEYSET_NA) {
			to->record[r] = from->record[r];
		}
	}
	to->introducing = from->introducing;
	foreign_seal(to);
	return 0;
}

static bool is_past(int64_t when, int64_t now)
{
	return when != 0 && when <= now;
}

static foreign_use_t use_of(const bind_key_t *key, int64_t now)
{
	if (is_past(key->remove, now) || !is_past(key->publish, now)) {
		return FOREIGN_UNUSED;
	}
	return is_past(key->inactive, now)   ? FOREIGN_RETIRED
	       : is_past(key->activate, now) ? FOREIGN_ACTIVE
	                                     : FOREIGN_COMING;
}

static int add_key(ods_db_t *db, ods_zone_t *zone, const bind_key_t *from, bool states, int64_t now)
{
	const int64_t began = states && from->active != 0 ? from->active : from->activate;
	const foreign_key_t key = {
		.role = role_of(from), .algorithm = from->dnskey.algorithm,
		.keytag = from->dnskey.keytag, .inception = is_past(began, now) ? began : now,
		.role_told = states, .since = now, .lifetime = from->lifetime, .public_key = from->dnskey.public_key,
		.public_len = from->dnskey.len,
	};
	return states ? add_by_states(db, zone, from, &key)
	              : foreign_use(db, zone, &key, use_of(from, now));
}

/* Reads K*.state into the key. \return 1, 0 if there is none, -1 with the reason. */
static int read_states(lines_t *in, const char *dir, const char *stem)
{
	char path[PATH_MAX], err[PATH_MAX + 200];
	snprintf(path, sizeof(path), "%s/%s.state", dir, stem);
	if (access(path, F_OK) != 0 && errno == ENOENT) {
		return 0;
	}
	char *text = text_file_read(path, &foreign_file, err, sizeof(err));
	if (text == NULL) {
		snprintf(in->why, ODS_FAULT_MAX, "%.*s", ODS_FAULT_MAX - 1, err);
		return -1;
	}
	in->path = path;
	each_line(in, text, take_state_line);
	const bool good = !in->bad && check_states(in);
	in->path = NULL;
	free(text);
	return good ? 1 : -1;
}

/* -- the folder ---------------------------------------------------------- */

typedef struct {
	const source_t *source;
	char *zone;       /* The one that is meant; NULL = all. */
	ods_db_t *db;
	char *err;
	size_t err_size;
} folder_t;

/* The zone of K<zone>.+<algorithm>+<key tag>, in which BIND writes what is neither letter, digit, - nor _ as %
 * and two hexadecimal digits. \return Its canonical name; NULL if there is none */
static char *zone_of(const char *stem)
{
	char name[4 * NAME_MAX + 1]; /* Each octet as \DDD. */
	size_t len = 0;
	const char *end = strstr(stem, ".+");
	for (const char *c = stem + 1; end != NULL && c <= end; c++) {
		unsigned octet = (unsigned char)*c;
		if (*c == '%' && isxdigit((unsigned char)c[1]) && isxdigit((unsigned char)c[2])) {
			sscanf(c + 1, "%2x", &octet);
			c += 2;
			len += (size_t)sprintf(name + len, "\\%03u", octet);
		} else {
			name[len++] = *c;
		}
	}
	name[len] = '\0';
	return len > 0 ? zone_name_canonical(name) : NULL;
}

/* Takes a key whose K*.key was read. A fault is its zone's. */
static int take_key(folder_t *folder, lines_t *in, const char *stem)
{
	bind_key_t *key = in->key;
	if (key->dnskey.public_key == NULL && !in->bad) {
		blame(in, "the file ends, and has no DNSKEY; BIND may be writing it: try again");
	}
	ods_zone_t *zone = foreign_zone(folder->db, key->zone);
	const int states = in->bad ? -1 : read_states(in, folder->source->path, stem);
	if (zone != NULL && states < 0) {
		foreign_blame(zone, "%s", in->why);
		return 0;
	}
	if (zone == NULL || add_key(folder->db, zone, key, states > 0, folder->source->now) != 0) {
		snprintf(folder->err, folder->err_size, "out of memory");
		return -1;
	}
	return 0;
}

static int read_key(folder_t *folder, const char *stem, char *zone)
{
	char path[PATH_MAX], why[ODS_FAULT_MAX] = "";
	bind_key_t key = { .zone = zone };
	lines_t in = { .path = path, .key = &key, .why = why };
	snprintf(path, sizeof(path), "%s/%s.key", folder->source->path, stem);
	char *text = text_file_read(path, &foreign_file, folder->err, folder->err_size);
	if (text == NULL) {
		return -1;
	}
	each_line(&in, text, take_key_line);
	free(text);
	const int ret = take_key(folder, &in, stem);
	free(key.dnskey.public_key);
	return ret;
}

/* Reads the key of a file, if it is of a zone that is meant; TSIG keys had such names, too. */
static int read_file(folder_t *folder, const char *file)
{
	char stem[NAME_MAX + 1];
	snprintf(stem, sizeof(stem), "%.*s", (int)(strlen(file) - strlen(".key")), file);
	char *zone = zone_of(stem);
	const bool meant = zone != NULL && (folder->zone == NULL || strcmp(zone, folder->zone) == 0);
	const int ret = meant ? read_key(folder, stem, zone) : 0;
	free(zone);
	return ret;
}

static int is_key_file(const struct dirent *entry)
{
	const size_t len = strlen(entry->d_name);
	return entry->d_name[0] == 'K' && len > strlen(".key") &&
	       strcmp(entry->d_name + len - strlen(".key"), ".key") == 0;
}

static int read_folder(folder_t *folder)
{
	struct dirent **files = NULL;
	const int count = scandir(folder->source->path, &files, is_key_file, alphasort);
	int ret = 0;
	if (count <= 0) {
		snprintf(folder->err, folder->err_size, "%s: %s", folder->source->path, count < 0
		         ? strerror(errno) : "it has no K*.key; name BIND's key-directory");
		ret = -1;
	}
	for (int i = 0; i < count; i++) {
		ret = ret == 0 ? read_file(folder, files[i]->d_name) : ret;
		free(files[i]);
	}
	free(files);
	return ret;
}

int bind_keys_read(const source_t *source, ods_db_t *db, char *err, size_t err_size)
{
	ods_db_t fresh = { 0 };
	folder_t folder = { .source = source, .db = &fresh, .err = err, .err_size = err_size,
	                    .zone = source->zone != NULL ? zone_name_canonical(source->zone) : NULL };
	int ret = foreign_start(&fresh, source);
	if (ret != 0) {
		snprintf(err, err_size, "out of memory");
	} else if (source->zone != NULL && folder.zone == NULL) {
		snprintf(err, err_size, "%.100s is no domain name", source->zone);
		ret = -1;
	}
	ret = ret == 0 ? read_folder(&folder) : ret;
	free(folder.zone);
	if (ret != 0) {
		ods_db_deinit(&fresh);
		return -1;
	}
	foreign_finish(&fresh);
	*db = fresh;
	return 0;
}
