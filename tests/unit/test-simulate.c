/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include <libxml/parser.h>

#include "policy-engine/policy/kasp.h"
#include "policy-engine/simulate/timeline.h"
#include "tests/unit/check-main.h"

#define FROM 1700000000
#define DAY INT64_C(86400)

static policies_t policies;

static void set_up(void)
{
	hsm_error_t err = { 0 };
	ck_assert_msg(kasp_read(SRCDIR "/examples/kasp.xml", NULL, &policies, NULL, NULL, &err) ==
	              HSM_EOK, "%s", err.text);
}

static void tear_down(void)
{
	policies_deinit(&policies);
}

static timeline_t run(const char *policy, int64_t days, const simulate_order_t *orders,
                      size_t count)
{
	timeline_t timeline;
	const simulate_t plan = {
		.policy = policies_find(&policies, policy), .from = FROM, .to = FROM + days * DAY,
		.parent_delay = 3600, .orders = orders, .order_count = count,
	};
	ck_assert_ptr_nonnull(plan.policy);
	ck_assert_int_eq(simulate(&plan, &timeline), 0);
	return timeline;
}

static unsigned count_role(const timeline_t *timeline, keyset_role_t role)
{
	unsigned count = 0;
	for (size_t i = 0; i < timeline->key_count; i++) {
		count += timeline->keys[i].role == role;
	}
	return count;
}

/* Whether a key of that role has the record, and all caches know it, at that time. */
static bool covered(const timeline_t *timeline, keyset_role_t role, keyset_record_t record,
                    int64_t when)
{
	for (size_t i = 0; i < timeline->key_count; i++) {
		const spans_t *spans = &timeline->keys[i].records[record];
		for (size_t s = 0; timeline->keys[i].role == role && s < spans->count; s++) {
			const span_t *span = &spans->spans[s];
			if (span->from <= when && when < span->to &&
			    span->state != KEYSET_UNRETENTIVE) {
				return true;
			}
		}
	}
	return false;
}

/* In ten years there are as many keys as their lifetime says, and no day without one. */
START_TEST(test_ten_years)
{
	timeline_t timeline = run("default", 3649, NULL, 0);
	ck_assert_uint_eq(count_role(&timeline, KEYSET_KSK), 10);
	unsigned zsks = count_role(&timeline, KEYSET_ZSK);
	ck_assert_msg(zsks >= 40 && zsks <= 41, "%u", zsks);
	for (int64_t day = 1; day < 3649; day++) {
		int64_t when = FROM + day * DAY;
		ck_assert(covered(&timeline, KEYSET_KSK, KEYSET_DNSKEY, when));
		ck_assert(covered(&timeline, KEYSET_KSK, KEYSET_RRSIG_DNSKEY, when));
		ck_assert(covered(&timeline, KEYSET_ZSK, KEYSET_RRSIG, when));
		ck_assert(day < 3 || covered(&timeline, KEYSET_KSK, KEYSET_DS, when));
	}
	timeline_deinit(&timeline);
}
END_TEST

/* An order is carried out, and not before its time. */
START_TEST(test_orders)
{
	const simulate_order_t orders[] = {
		{ .at = FROM + 20 * DAY, .what = SIMULATE_ROLLOVER, .role = KEYSET_ZSK },
		{ .at = FROM + 40 * DAY, .what = SIMULATE_EMERGENCY, .role = KEYSET_KSK },
		{ .at = FROM + 50 * DAY, .what = SIMULATE_POLICY,
		  .policy = policies_find(&policies, "csk") },
	};
	timeline_t timeline = run("default", 80, orders, 3);
	ck_assert_uint_eq(timeline.key_count, 5);
	ck_assert_uint_eq(count_role(&timeline, KEYSET_CSK), 1);
	ck_assert_int_eq(timeline.keys[2].role, KEYSET_ZSK);
	ck_assert_int_eq(timeline.keys[2].from, orders[0].at);
	ck_assert_int_eq(timeline.keys[3].role, KEYSET_KSK);
	ck_assert_int_eq(timeline.keys[3].from, orders[1].at);
	ck_assert_int_eq(timeline.keys[4].from, orders[2].at);
	for (int i = 0; i < 4; i++) {
		ck_assert(timeline.keys[i].leaving != 0);
	}
	for (size_t i = 1; i < timeline.event_count; i++) {
		ck_assert(timeline.events[i - 1].at <= timeline.events[i].at);
	}
	timeline_deinit(&timeline);
}
END_TEST

static char *written(const timeline_t *timeline, void (*write)(const timeline_t *, FILE *))
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	write(timeline, out);
	fclose(out);
	return text;
}

START_TEST(test_text)
{
	timeline_t timeline = run("default", 30, NULL, 0);
	char *text = written(&timeline, timeline_text);
	static const char begin[] =
		"Policy default, 2023-11-14 22:13:20 to 2023-12-14 22:13:20: 2 keys\n"
		"2023-11-14 22:13:20  KSK 1  comes into use\n";
	ck_assert_int_eq(strncmp(text, begin, strlen(begin)), 0);
	ck_assert_ptr_nonnull(strstr(text, "KSK 1  DS hidden -> rumoured (the parent is asked"));
	ck_assert_ptr_nonnull(strstr(text, "KSK 1  DS rumoured -> omnipresent"));
	free(text);
	timeline_deinit(&timeline);
}
END_TEST

/* Whatever a policy is called, the picture is XML, JSON has quotes escaped, and a terminal that shows
 * one of them obeys no character. */
START_TEST(test_formats)
{
	timeline_t timeline = run("default", 400, NULL, 0);
	free(timeline.policy);
	timeline.policy = strdup("a<b>&\"\\c\x1b \xc2\x9b \xff");
	char *svg = written(&timeline, timeline_svg), *json = written(&timeline, timeline_json);
	xmlDoc *doc = xmlParseMemory(svg, (int)strlen(svg));
	ck_assert_ptr_nonnull(doc);
	ck_assert_str_eq((const char *)xmlDocGetRootElement(doc)->name, "svg");
	xmlFreeDoc(doc);
	ck_assert_ptr_nonnull(strstr(svg, "a&lt;b&gt;&amp;"));
	ck_assert_ptr_nonnull(strstr(json, "\"policy\":\"a<b>&\\\"\\\\c\\u001b \\u009b \\ufffd\""));
	ck_assert_ptr_nonnull(strstr(svg, "&quot;\\c&#xFFFD; &#xFFFD; &#xFFFD;"));
	char *html = written(&timeline, timeline_html);
	ck_assert_ptr_nonnull(strstr(html, "<svg "));
	ck_assert_ptr_nonnull(strstr(html, "</html>"));
	free(html);
	free(svg);
	free(json);
	timeline_deinit(&timeline);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("simulate");
	TCase *tcase = tcase_create("simulate");
	tcase_set_timeout(tcase, 60);
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, test_ten_years);
	tcase_add_test(tcase, test_orders);
	tcase_add_test(tcase, test_text);
	tcase_add_test(tcase, test_formats);
	suite_add_tcase(suite, tcase);

	return check_main(suite);
}
