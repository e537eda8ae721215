/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "keyset/ds.h"
#include "keyset/facts.h"
#include "keyset/keyset.h"
#include "tests/unit/check-main.h"

static uint8_t public_key[64] = { 0xab, 0x00, 0xcd };

static keyset_key_t keys[] = {
	{ .repository = "Soft HSM", .cka_id = "00ff", .role = KEYSET_KSK, .algorithm = 13,
	  .public_key = public_key, .public_key_len = sizeof(public_key), .keytag = 65535,
	  .publish = true, .sign_dnskey = true, .cds = true,
	  .step = "wait for the DS", .step_time = 1234567890, .memory = "3",
	  .state = { KEYSET_HIDDEN, KEYSET_RUMOURED, KEYSET_RUMOURED, KEYSET_NA } },
	{ .repository = "Soft HSM", .cka_id = "01", .role = KEYSET_ZSK, .algorithm = 13,
	  .public_key = public_key, .public_key_len = sizeof(public_key), .keytag = 0,
	  .publish = true, .sign_zone = true, .step = "",
	  .state = { KEYSET_NA, KEYSET_OMNIPRESENT, KEYSET_NA, KEYSET_UNRETENTIVE } },
};

static keyset_t example(void)
{
	return (keyset_t) {
		.revision = UINT64_MAX, .policy = "a policy", .resign = 1, .refresh = 2,
		.validity_default = 3, .validity_denial = 4, .validity_keyset = 5, .jitter = 6,
		.inception_offset = 7, .max_zone_ttl = 8, .nsec3 = true, .nsec3_optout = true,
		.nsec3_iterations = 9, .nsec3_salt = { 0xde, 0xad }, .nsec3_salt_len = 2,
		.nsec3_ttl = 10, .dnskey_ttl = 11, .soa_ttl = 12, .soa_minimum = INT32_MAX,
		.serial = KEYSET_SERIAL_KEEP, .keys = keys, .key_count = 2,
		.ds = "65535 13 2 00ff, 0 8 4 aa", .ds_seen = 1234567891, .memory = "1 2",
	};
}

START_TEST(test_round_trip)
{
	keyset_t set = example(), back;
	char err[256] = "";
	char *text = keyset_write(&set);
	ck_assert_ptr_nonnull(text);
	ck_assert_msg(keyset_read(text, &back, err, sizeof(err)) == 0, "%s", err);

	ck_assert_uint_eq(back.revision, UINT64_MAX);
	ck_assert_str_eq(back.policy, "a policy");
	ck_assert_uint_eq(back.soa_minimum, INT32_MAX);
	ck_assert_uint_eq(back.nsec3_salt_len, 2);
	ck_assert_mem_eq(back.nsec3_salt, set.nsec3_salt, 2);
	ck_assert_int_eq(back.serial, KEYSET_SERIAL_KEEP);
	ck_assert_uint_eq(back.key_count, 2);
	ck_assert_str_eq(back.keys[0].repository, "Soft HSM");
	ck_assert_str_eq(back.keys[0].step, "wait for the DS");
	ck_assert_int_eq(back.keys[0].step_time, 1234567890);
	ck_assert_str_eq(back.ds, set.ds);
	ck_assert_int_eq(back.ds_seen, 1234567891);
	ck_assert_str_eq(back.memory, "1 2");
	ck_assert_str_eq(back.keys[0].memory, "3");
	ck_assert_uint_eq(back.keys[0].public_key_len, sizeof(public_key));
	ck_assert_mem_eq(back.keys[0].public_key, public_key, sizeof(public_key));
	ck_assert_int_eq(back.keys[1].state[KEYSET_RRSIG], KEYSET_UNRETENTIVE);

	char *again = keyset_write(&back);
	ck_assert_str_eq(text, again);
	free(again);
	free(text);
	keyset_deinit(&back);
}
END_TEST

/*! A key set is refused without any of its lines, with one twice, and if it is cut off. */
START_TEST(test_lines)
{
	keyset_t set = example(), back;
	char err[256];
	char *text = keyset_write(&set);
	size_t len = strlen(text);
	for (char *line = text; *line != '\0'; line = strchr(line, '\n') + 1) {
		if (strncmp(line, "key\n", 4) == 0) {
			continue;
		}
		size_t line_len = strchr(line, '\n') + 1 - line;
		char *less = calloc(1, len + 1), *twice = calloc(1, 2 * len + 1);
		memcpy(less, text, line - text);
		strcat(less, line + line_len);
		ck_assert_msg(keyset_read(less, &back, err, sizeof(err)) != 0, "without %s", line);
		ck_assert_ptr_nonnull(strstr(err, "line "));
		memcpy(twice, text, line + line_len - text);
		strcat(twice, line);
		ck_assert_msg(keyset_read(twice, &back, err, sizeof(err)) != 0, "twice %s", line);
		free(less);
		free(twice);
	}
	char *last = strrchr(text, ' ');
	for (size_t cut = 0; cut < (size_t)(last - text); cut++) {
		if (text[cut] == '\n' || strncmp(text + cut, "\nkey", 4) == 0) {
			continue;
		}
		char *part = strndup(text, cut);
		ck_assert_msg(keyset_read(part, &back, err, sizeof(err)) != 0, "cut at %zu", cut);
		free(part);
	}
	free(text);
}
END_TEST

static const struct {
	const char *from, *to, *message;
} faults[] = {
	{ "algorithm 13", "algorithm 256", "algorithm" },
	{ "algorithm 13", "algorithm -1", "algorithm" },
	{ "algorithm 13", "algorithm 13x", "algorithm" },
	{ "keytag 65535", "keytag 65536", "keytag" },
	{ "publish yes", "publish maybe", "publish" },
	{ "role ksk", "role king", "role" },
	{ "nsec3-salt dead", "nsec3-salt dea", "nsec3-salt" },
	{ "nsec3-salt dead", "nsec3-salt xyzw", "nsec3-salt" },
	{ "resign 1", "resign 2147483648", "resign" },
	{ "resign 1", "re-sign 1", "unknown item re-sign" },
	{ "keyset 4", "keyset 5", "keyset 4" },
	{ "publish yes", "publish no", "is not in it" },
	{ "sign-zone yes", "sign-zone no", "no published key signs the zone" },
	{ "sign-dnskey yes", "sign-dnskey no", "no key signs the DNSKEY" },
	{ "passthrough no", "passthrough yes", "passthrough" },
	{ "refresh 2", "refresh 3", "due for refresh" },
	{ "sign-zone yes\nreplace no", "sign-zone yes\nreplace yes", "are to be replaced" },
	{ "cds-delete no", "cds-delete yes", "asks for no DS" },
	{ "id 00ff", "id ", "no repository or id" },
};

/*! Removes a line wherever it is. */
static void drop_lines(char *text, const char *name)
{
	char line[32], *at;
	snprintf(line, sizeof(line), "\n%s ", name);
	while ((at = strstr(text, line)) != NULL) {
		const char *end = strchr(at + 1, '\n');
		memmove(at, end, strlen(end) + 1);
	}
}

/*! What an earlier version wrote: as if the policy, and nobody, said anything of what it lacks. */
START_TEST(test_earlier)
{
	static const char *const later[] = { "foreign-keys", "ds", "ds-seen", "memory", "cds-sha256",
	                                     "cds-sha384", "cdnskey", "bundle" };
	keyset_t set = example(), back;
	char err[256] = "";
	char *text = keyset_write(&set);
	for (size_t i = 0; i < sizeof(later) / sizeof(later[0]); i++) {
		drop_lines(text, later[i]);
	}
	ck_assert_int_ne(keyset_read(text, &back, err, sizeof(err)), 0);
	text[7] = '1' + _i;
	ck_assert_msg(keyset_read(text, &back, err, sizeof(err)) == 0, "%s", err);
	ck_assert(!back.foreign_keys);
	ck_assert(back.cds.sha256 && !back.cds.sha384 && back.cds.cdnskey);
	ck_assert_str_eq(back.ds, "");
	ck_assert_int_eq(back.ds_seen, 0);
	ck_assert_str_eq(back.memory, "");
	ck_assert_str_eq(back.bundle, "");
	ck_assert_str_eq(back.keys[1].memory, "");
	ck_assert_str_eq(back.keys[0].step, "wait for the DS");
	keyset_deinit(&back);
	/* No more than that. */
	drop_lines(text, "zonemd");
	ck_assert_int_ne(keyset_read(text, &back, err, sizeof(err)), 0);
	ck_assert_ptr_nonnull(strstr(err, "there should be zonemd"));
	free(text);
}
END_TEST

START_TEST(test_faults)
{
	keyset_t set = example(), back;
	char err[256] = "";
	char *text = keyset_write(&set);
	char *at = strstr(text, faults[_i].from);
	ck_assert_ptr_nonnull(at);
	char *bad = malloc(strlen(text) + 64);
	sprintf(bad, "%.*s%s%s", (int)(at - text), text, faults[_i].to,
	        at + strlen(faults[_i].from));
	ck_assert_int_ne(keyset_read(bad, &back, err, sizeof(err)), 0);
	ck_assert_msg(strstr(err, faults[_i].message) != NULL, "'%s' lacks '%s'", err,
	              faults[_i].message);
	free(bad);
	free(text);
}
END_TEST

START_TEST(test_not_writable)
{
	keyset_t set = example();
	set.policy = "two\nlines";
	ck_assert_ptr_null(keyset_write(&set));
}
END_TEST

START_TEST(test_ds)
{
	const char *text = "65535 13 2 00fF, 0 8 4 aa";
	char back[DS_TEXT_MAX];
	ds_t ds;
	ck_assert_int_eq(ds_next(&text, &ds), 1);
	ck_assert_uint_eq(ds.digest_len, 2);
	ck_assert_str_eq(ds_write(&ds, back), "65535 13 2 00ff");
	ck_assert_int_eq(ds_next(&text, &ds), 1);
	ck_assert_str_eq(ds_write(&ds, back), "0 8 4 aa");
	ck_assert_int_eq(ds_next(&text, &ds), 0);

	static const char *const malformed[] = {
		" ", "1", "1 2 3", "1 2 3 ", "1 2 3 a", "1 2 3 aa,", "1 2 3 aa, ", "1 2 3 aa 1",
		"65536 2 3 aa", "1 256 3 aa", "1 2 256 aa", "-1 2 3 aa", "1  2 3 aa", "1 2 3 aag",
	};
	for (size_t i = 0; i < sizeof(malformed) / sizeof(malformed[0]); i++) {
		const char *bad = malformed[i];
		ck_assert_msg(ds_next(&bad, &ds) == -1, "%s", malformed[i]);
	}
	char longest[DS_TEXT_MAX + 2] = "1 2 3 ";
	memset(longest + 6, 'a', 2 * DS_DIGEST_MAX);
	text = longest;
	ck_assert_int_eq(ds_next(&text, &ds), 1);
	ck_assert_uint_eq(ds.digest_len, DS_DIGEST_MAX);
	memset(longest + 6, 'a', 2 * DS_DIGEST_MAX + 2);
	text = longest;
	ck_assert_int_eq(ds_next(&text, &ds), -1);
}
END_TEST

/*! What is left without the engine's notes is the same text, with none. */
START_TEST(test_drop_notes)
{
	keyset_key_t key = {
		.repository = "r", .cka_id = "01", .public_key = (uint8_t *)"k", .public_key_len = 1,
		.publish = true, .sign_dnskey = true, .sign_zone = true, .step = "s", .memory = "of a key",
	};
	const keyset_t set = {
		.policy = "p", .validity_default = 9, .validity_denial = 9, .ds = "", .memory = "of all",
		.keys = &key, .key_count = 1,
	};
	keyset_t back;
	char err[256] = "";
	char *text = keyset_write(&set);
	ck_assert_msg(keyset_read(text, &back, err, sizeof(err)) == 0, "%s", err);
	keyset_drop_notes(&back);
	ck_assert_ptr_null(back.memory);
	ck_assert_ptr_null(back.keys[0].memory);
	char *less = keyset_write(&back);
	ck_assert_uint_eq(strlen(less), strlen(text) - strlen("of a key") - strlen("of all"));
	free(text);
	free(less);
	keyset_deinit(&back);
}
END_TEST

START_TEST(test_facts)
{
	facts_key_t list[] = {
		{ .algorithm = 8, .keytag = 7, .signatures = UINT64_MAX },
		{ .algorithm = 15,
		  .keytag = 65535,
		  .last_gone = 77,
		  .last_gone_serial = UINT32_MAX },
	};
	facts_t facts = {
		.policy = "default", .revision = 3, .revision_since = 1700000000, .pending = 4,
		.serial = UINT32_MAX, .published = 1700000001, .max_ttl = 86400,
		.chain = true, .unsure = true, .keys = list, .key_count = 2,
	};
	facts_t back;
	char err[256] = "";
	char *text = facts_write(&facts);
	ck_assert_msg(facts_read(text, &back, err, sizeof(err)) == 0, "%s", err);
	char *again = facts_write(&back);
	ck_assert_str_eq(text, again);
	ck_assert_uint_eq(back.keys[1].last_gone_serial, UINT32_MAX);
	ck_assert(back.chain);
	ck_assert(back.unsure);
	free(text);
	free(again);
	facts_deinit(&back);
	ck_assert_int_ne(facts_read("facts 2\n", &back, err, sizeof(err)), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("keyset");
	TCase *tcase = tcase_create("text form");
	tcase_add_test(tcase, test_round_trip);
	tcase_add_test(tcase, test_lines);
	tcase_add_loop_test(tcase, test_earlier, 0, 3);
	tcase_add_loop_test(tcase, test_faults, 0, sizeof(faults) / sizeof(faults[0]));
	tcase_add_test(tcase, test_not_writable);
	tcase_add_test(tcase, test_ds);
	tcase_add_test(tcase, test_drop_notes);
	tcase_add_test(tcase, test_facts);
	suite_add_tcase(suite, tcase);
	return check_main(suite);
}
