/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/* knot.conf, as ods migrate writes it. */

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy-engine/migrate/knot-conf.h"
#include "tests/unit/check-main.h"

/* Writes one zone of a policy, that may go to these. */
static char *write_conf(const char *zone, const char *policy, peers_t peers)
{
	char *text = NULL;
	size_t size = 0;
	layout_file_t file = { .path = (char *)"peers", .peers = peers };
	layout_template_t template = { .id = (char *)"t", .section = (char *)"s", .first = true, .policy = policy,
	                               .storage = (char *)"/zones", .to = &file };
	layout_zone_t of = { .name = zone, .file = "/zones/file", .moves = true };
	const layout_t layout = { .signer = "BIND", .group = "g", .files = &file, .file_count = 1,
	                          .templates = &template, .template_count = 1, .zones = &of, .zone_count = 1 };
	places_t places;
	ck_assert_int_eq(places_make("/there", false, "::1@53", &places), 0);
	FILE *out = open_memstream(&text, &size);
	ck_assert_ptr_nonnull(out);
	knot_conf_write(out, &layout, &places);
	fclose(out);
	places_deinit(&places);
	return text;
}

static void has(const char *text, const char *part)
{
	ck_assert_msg(strstr(text, part) != NULL, "no '%s' in:\n%s", part, text);
}

/* Between quotation marks, Knot takes a backslash as it is, but before a quotation mark. */
START_TEST(quoted)
{
	char *text = write_conf("a\\.b.test.", "say \"x\\y\"", (peers_t){ .keys = NULL });
	has(text, "  - domain: \"a\\.b.test.\"\n");
	has(text, "    policy: \"say \\\"x\\y\\\"\"\n");
	free(text);
}
END_TEST

/* For Knot, an item without a key is about requests without one. */
START_TEST(any_key)
{
	peers_key_t key = { .name = (char *)"k.", .algorithm = (char *)"hmac-sha256", .secret = (char *)"YWJj" };
	peers_peer_t taker[] = {
		{ .address = (char *)"192.0.2.1", .any_key = true, .deny = true },
		{ .key = (char *)"k." }, { .address = (char *)"192.0.2.2" },
	};
	peers_t peers = { .keys = &key, .key_count = 1, .takers = { .peers = taker, .count = 3 } };
	char *text = write_conf("a.", "p", peers);
	has(text, "  - id: g1-transfer1\n    address: \"192.0.2.1\"\n    action: transfer\n    deny: on\n"
	    "  - id: g1-transfer1-signed\n    address: \"192.0.2.1\"\n    key: [\"k.\"]\n    action: transfer\n    deny: on\n"
	    "  - id: g1-transfer2\n    key: \"k.\"\n    action: transfer\n"
	    "  - id: g1-transfer3\n    address: \"192.0.2.2\"\n    action: transfer\n\n");
	has(text, "    acl: [g1-transfer1, g1-transfer1-signed, g1-transfer2, g1-transfer3]\n");
	free(text);
	peers.key_count = 0;
	peers.takers.count = 1;
	text = write_conf("a.", "p", peers);
	has(text, "    acl: [g1-transfer1]\n");
	free(text);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("knot-conf");
	TCase *tc = tcase_create("knot-conf");
	tcase_add_test(tc, quoted);
	tcase_add_test(tc, any_key);
	suite_add_tcase(suite, tc);
	return check_main(suite);
}
