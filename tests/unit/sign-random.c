/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/* Whatever way a zone's input has come to be what it is, change by change, the signed zone has to
 * be that of a signing from scratch. Signatures differ: they are compared by the keys that made
 * them. */

#include "tests/unit/sign-random.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libknot/libknot.h>

#include "tests/unit/sign-subject.h"

/*** Random zones. ***/

static const char *const names[] = {
	"a", "b.a", "c.b.a", "*.a", "d", "e.d", "f.e.d", "g", "*", "h.g", "x\\000y", "z.x\\000y",
	"long.chain.of.empty.names",
};
#define NAMES (sizeof(names) / sizeof(names[0]))

static const char *const kinds[] = {
	"", "%1$s A 192.0.2.%2$u\n", "%1$s NS ns.else.\n",
	"%1$s NS ns.else.\n%1$s DS 1 13 2 %2$064x\n",
	"%1$s TXT \"%2$u\"\n%1$s A 192.0.2.1\n%1$s AAAA 2001:db8::%2$x\n", "%1$s CNAME a%2$u\n",
	"%1$s NS %1$s\n%1$s A 192.0.2.%2$u\n",
	"%1$s A 192.0.2.1\n%1$s A 192.0.2.7\n%1$s A 192.0.2.%2$u\n",
	"%1$s 77 A 192.0.2.1\n%1$s 77 A 192.0.2.9\n",
	"%1$s CDS 1 13 2 %2$064x\n%1$s A 192.0.2.1\n",
};
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
static void write_zone(char *text, size_t size, unsigned serial, const unsigned *kind,
                       const unsigned *value)
{
	size_t len = snprintf(text, size, "$ORIGIN example.\n$TTL 100\n"
	                      "@ SOA ns hostmaster %u 1 2 3 4\n@ NS ns.else.\n", serial);
	for (size_t i = 0; i < NAMES; i++) {
		len += snprintf(text + len, size - len, kinds[kind[i]], names[i], value[i]);
	}
}
#pragma GCC diagnostic pop

/*! Changes a few names at random. */
static void edit(unsigned *seed, unsigned *kind, unsigned *value)
{
	for (int n = rand_r(seed) % 4; n >= 0; n--) {
		size_t at = rand_r(seed) % NAMES;
		kind[at] = rand_r(seed) % KINDS;
		if (names[at][0] == '*' && strstr(kinds[kind[at]], "NS") != NULL) {
			kind[at] = 0; /* A wildcard cannot be delegated. */
		}
		value[at] = rand_r(seed) % 250;
	}
}

/*! Checks the journal, unless the input was replaced as a whole. */
static void check_journal(subject_t *subject, zone_records_t *before, uint32_t from)
{
#ifdef INPUT_CHANGES_MAX
	if (!subject_journal_reaches(subject, from)) {
		return;
	}
#endif
	subject_check_journal(subject, before, from);
}

#define CHAINS 3

START_TEST(test_random_changes)
{
	unsigned seed = 1 + _i, kind[NAMES] = { 0 }, value[NAMES] = { 0 };
	char text[8192];
	subject_t subject;
	subject_open(&subject, "changes");
	keyset_t set = subject_policy();
	subject_set_chain(&set, _i % CHAINS);
	set.zonemd = true;
	subject_set_keys(&subject, &set);
	subject.batch = _i % 2 ? 3 : SIGN_BATCH;
	for (unsigned step = 1; step <= 25; step++) {
		edit(&seed, kind, value);
		write_zone(text, sizeof(text), step, kind, value);
		const uint32_t serial = subject.state.serial;
		zone_records_t before = subject_records(&subject);
		subject_load(&subject, text, SIZE_MAX);
		subject_sign(&subject, false);
		if (step > 1) {
			check_journal(&subject, &before, serial);
		}
		records_free(&before);
		if (step % 5 == 0) {
			subject_compare(&subject, &set, text, 1 + _i, step);
		}
		subject.now += rand_r(&seed) % 3000;
	}
	subject_close(&subject);
}
END_TEST

/*! Makes a valid key set at random, whatever the key set was before. */
static void random_keys(unsigned *seed, keyset_t *set, keyset_key_t *keys)
{
	const unsigned first = rand_r(seed) % 2; /* One of the ZSKs does all. */
	set->key_count = 0;
	set->cds_delete = rand_r(seed) % 4 == 0;
	set->cds = (keyset_cds_t){ rand_r(seed) % 2, rand_r(seed) % 2, rand_r(seed) % 2 };
	for (unsigned i = 0; i < SUBJECT_KEYS; i++) {
		unsigned how = i == 0 || i == 1 + first ? 3 : rand_r(seed) % 4;
		if (i == 3 && how == 1) {
			how = 0; /* The only key of its algorithm: it has to sign. */
		}
		keyset_key_t *key = &keys[set->key_count];
		*key = subject_keys[i];
		key->publish = how & 1;
		key->sign_zone = (how & 2) && i != 0;
		key->sign_dnskey = key->sign_dnskey && how == 3;
		key->cds = key->sign_dnskey && !set->cds_delete && rand_r(seed) % 2;
		set->key_count += how > 0;
	}
	set->keys = keys;
	set->revision++;
}

/*! Policies and keys change at any time, also when the walk for those before has not ended. */
START_TEST(test_random_policies)
{
	unsigned seed = 100 + _i, kind[NAMES] = { 0 }, value[NAMES] = { 0 };
	char text[8192];
	keyset_key_t keys[SUBJECT_KEYS];
	subject_t subject;
	subject_open(&subject, "policies");
	keyset_t set = subject_policy();
	subject.batch = 1 + rand_r(&seed) % 9;
	for (unsigned step = 1; step <= 80; step++) {
		const uint32_t serial = subject.state.serial;
		if (step == 1 || rand_r(&seed) % 3 == 0) {
			edit(&seed, kind, value);
			write_zone(text, sizeof(text), step, kind, value);
			subject_load(&subject, text, SIZE_MAX);
		}
		if (rand_r(&seed) % 5 == 0) {
			random_keys(&seed, &set, keys);
		}
		if (rand_r(&seed) % 5 == 0) {
			subject_set_chain(&set, rand_r(&seed));
			set.zonemd = rand_r(&seed) % 2;
			set.max_zone_ttl = 40 * (rand_r(&seed) % 4);
			set.revision++;
		}
		subject_set_keys(&subject, &set);
		zone_records_t before = subject_records(&subject);
		subject_sign_batch(&subject, rand_r(&seed) % 20 == 0);
		if (serial > 0 && serial != subject.state.serial) {
			check_journal(&subject, &before, serial);
		}
		records_free(&before);
		if (step % 20 == 0) {
			/* When all is signed anew, the past does not count. */
			subject.now += 20000;
			subject_sign(&subject, false);
			subject_compare(&subject, &set, text, seed, step);
			ck_assert_uint_eq(subject.state.revision, set.revision);
		}
	}
	subject_close(&subject);
}
END_TEST

void sign_random_add(TCase *tcase)
{
	tcase_add_loop_test(tcase, test_random_changes, 0, 6);
	tcase_add_loop_test(tcase, test_random_policies, 0, 4);
}
