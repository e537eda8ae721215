/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/* Where zonelist.xml differs from kasp.db. */

#include <check.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "policy-engine/migrate/zonelist.h"
#include "tests/unit/check-main.h"

#define ADAPTERS(in, out) "<Adapters><Input><Adapter type=\"File\">" in "</Adapter></Input><Output>" \
	"<Adapter type=\"DNS\">" out "</Adapter></Output></Adapters>"
#define ZONE(name, policy, in, out) "<Zone name=\"" name "\"><Policy>" policy "</Policy>\n" \
	"<SignerConfiguration>s</SignerConfiguration>" ADAPTERS(in, out) "</Zone>\n"

static ods_policy_t policies[] = { { .name = (char *)"default" }, { .name = (char *)"lab" } };
static ods_zone_t zones[] = {
	{ .name = (char *)"b.test", .policy = 1, .input = { false, (char *)"/b" }, .output = { true, (char *)"/dns" } },
	{ .name = (char *)"A.test", .policy = 0, .input = { false, (char *)"/a" }, .output = { true, (char *)"/dns" } },
	{ .name = (char *)"c.test", .fault = "broken" },
};
static const ods_db_t db = { .policies = policies, .policy_count = 2, .zones = zones, .zone_count = 3 };
static notes_t notes;

static void compare(const char *text)
{
	const char *path = "/tmp/test-zonelist.xml";
	FILE *out = fopen(path, "w");
	ck_assert_ptr_nonnull(out);
	fprintf(out, "<ZoneList>\n%s</ZoneList>\n", text);
	fclose(out);
	notes_deinit(&notes);
	ck_assert_int_eq(zonelist_compare(path, &db, &notes), HSM_EOK);
	unlink(path);
}

static void says(size_t count, const char *say)
{
	ck_assert_msg(notes.count == count, "%zu notes: %s", notes.count, notes.count > 0 ? notes.lines[0] : "");
	for (size_t i = 0; i < notes.count; i++) {
		if (strstr(notes.lines[i], say) != NULL) {
			return;
		}
	}
	ck_abort_msg("no '%s' in: %s", say, notes.lines[0]);
}

START_TEST(differences)
{
	static const char good[] = ZONE("a.test", "default", "/a", "/dns") ZONE("b.test.", "lab", "/b", "/dns");
	char text[2000];
	snprintf(text, sizeof(text), "%s%s", good, ZONE("c.test", "x", "/c", "/c"));
	compare(text);
	ck_assert_uint_eq(notes.count, 0);
	compare(good);
	says(1, "c.test. is not in it");
	snprintf(text, sizeof(text), "%s%s%s", good, ZONE("c.test", "x", "/c", "/c"), ZONE("d.test", "lab", "/d", "/d"));
	compare(text);
	says(1, "test-zonelist.xml:8: d.test.: kasp.db does not have it");
	compare(ZONE("a.test", "lab", "/a", "/dns") ZONE("b.test", "lab", "/other", "/dns")
	        ZONE("c.test", "x", "/c", "/c"));
	says(2, "xml:2: a.test.: its policy is \"lab\", and \"default\" in kasp.db");
	says(2, "b.test.: its input is /other, and /b in kasp.db");
}
END_TEST

/* What is wrong is said, and does not hide the rest. */
START_TEST(broken)
{
	compare("<Zone name=\"a.test\"><Policy>lab</Policy></Zone>\n" ZONE("b.test", "default", "/b", "/dns")
	        ZONE("..", "lab", "/d", "/d"));
	says(3, "<Zone> has no <Adapters>");
	says(3, "b.test.: its policy is \"default\"");
	says(3, "is no zone name");
	notes_deinit(&notes);
	ck_assert_int_eq(zonelist_compare("/tmp/there-is-none.xml", &db, &notes), HSM_EOK);
	says(1, "there-is-none.xml");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("zonelist");
	TCase *tc = tcase_create("zonelist");
	tcase_add_test(tc, differences);
	tcase_add_test(tc, broken);
	suite_add_tcase(suite, tc);
	return check_main(suite);
}
