/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/* Which DSYNC records of a parent count, where they are, where a message may go, and what is an
 * answer to it. */

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include <libknot/libknot.h>

#include "policy-engine/base/address.h"
#include "policy-engine/parent/dsync.h"
#include "policy-engine/parent/notify.h"
#include "tests/unit/check-main.h"

#define HEAD "\0\x3b\1\x14\xef" /* CDS NOTIFY 5359 */

static const struct {
	const char *rdata;
	size_t len;
	const char *target; /* NULL = the record does not count. */
} records[] = {
	{ HEAD "\2ns\4test", 14, "ns.test." },
	{ HEAD "\2ns\4test", 13, NULL },
	{ HEAD "\2ns\4test\0", 15, NULL },      /* Something is left over. */
	{ HEAD "\2ns\300\5", 10, NULL },        /* Compressed. */
	{ HEAD "", 6, NULL },                   /* The root is no host. */
	{ HEAD, 5, NULL },
	{ "", 0, NULL },
	{ "\0\x3e\1\x14\xef\2ns\4test", 14, NULL }, /* CSYNC. */
	{ "\0\x3b\0\x14\xef\2ns\4test", 14, NULL }, /* The null scheme. */
	{ "\0\x3b\2\x14\xef\2ns\4test", 14, NULL },
	{ "\0\x3b\1\0\0\2ns\4test", 14, NULL }, /* Port 0. */
};

START_TEST(test_record)
{
	dsync_t dsync = { .port = 1 };
	uint8_t *copy = malloc(records[_i].len + 1); /* Read no further than that, a sanitizer sees. */
	uint8_t *rdata = realloc(copy, records[_i].len > 0 ? records[_i].len : 1);
	memcpy(rdata, records[_i].rdata, records[_i].len);
	const int ret = dsync_read(rdata, records[_i].len, &dsync);
	free(rdata);
	ck_assert_int_eq(ret, records[_i].target != NULL ? 0 : -1);
	ck_assert_uint_eq(dsync.port, ret == 0 ? 5359 : 1);
	if (ret == 0) {
		ck_assert_str_eq(dsync.target, records[_i].target);
	}
}
END_TEST

START_TEST(test_name)
{
	char name[DSYNC_NAME_MAX], label[65] = "", child[300] = "";
	ck_assert_int_eq(dsync_name("child.example.", "example.", true, name), 0);
	ck_assert_str_eq(name, "child._dsync.example.");
	ck_assert_int_eq(dsync_name("a.b.c.example.", "c.example.", true, name), 0);
	ck_assert_str_eq(name, "a.b._dsync.c.example.");
	ck_assert_int_eq(dsync_name("child.example.", "example.", false, name), 0);
	ck_assert_str_eq(name, "_dsync.example.");
	ck_assert_int_eq(dsync_name("example.", ".", true, name), 0);
	ck_assert_str_eq(name, "example._dsync.");
	ck_assert_int_eq(dsync_name("example.", ".", false, name), 0);
	ck_assert_str_eq(name, "_dsync.");
	/* A child whose name is as long as names can be. */
	memset(label, 'x', 63);
	label[63] = '.';
	for (int i = 0; i < 3; i++) {
		strcat(child, label);
	}
	strcat(child, "yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy.");
	ck_assert_int_eq(dsync_name(child, "yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy.",
	                            true, name), -1);
}
END_TEST

static const struct {
	const char *address;
	int reach; /* 1 = only if it may be this machine. */
} addresses[] = {
	{ "192.0.2.1", 2 }, { "10.1.2.3", 2 }, { "2001:db8::1", 2 }, { "fd00::1", 2 },
	{ "127.0.0.1", 1 }, { "127.9.9.9", 1 }, { "::1", 1 }, { "::ffff:127.0.0.1", 1 },
	{ "0.0.0.0", 0 }, { "0.1.2.3", 0 }, { "169.254.1.1", 0 }, { "224.0.0.1", 0 },
	{ "255.255.255.255", 0 }, { "240.0.0.1", 0 }, { "::", 0 }, { "fe80::1", 0 }, { "ff02::1", 0 },
	{ "::ffff:224.0.0.1", 0 }, { "::ffff:192.0.2.1", 2 },
};

START_TEST(test_reach)
{
	struct sockaddr_storage address;
	ck_assert_int_eq(address_parse(addresses[_i].address, 53, &address), 0);
	ck_assert_int_eq(dsync_may_reach(&address, false), addresses[_i].reach > 1);
	ck_assert_int_eq(dsync_may_reach(&address, true), addresses[_i].reach > 0);
}
END_TEST

static const struct {
	uint16_t id, type;
	const char *name;
	bool qr;
	uint8_t opcode, rcode;
	notify_answer_t answer;
	const char *why;
} answers[] = {
	{ 7, 59, "a.test.", true, KNOT_OPCODE_NOTIFY, 0, NOTIFY_ANSWER_YES, NULL },
	{ 7, 59, "A.TEST.", true, KNOT_OPCODE_NOTIFY, 0, NOTIFY_ANSWER_YES, NULL },
	{ 7, 59, "a.test.", true, KNOT_OPCODE_NOTIFY, 5, NOTIFY_ANSWER_NO, "REFUSED" },
	{ 7, 59, "a.test.", true, KNOT_OPCODE_NOTIFY, 4, NOTIFY_ANSWER_NO, "NOTIMP" },
	{ 8, 59, "a.test.", true, KNOT_OPCODE_NOTIFY, 0, NOTIFY_ANSWER_STRANGE, "another question" },
	{ 7, 6, "a.test.", true, KNOT_OPCODE_NOTIFY, 0, NOTIFY_ANSWER_STRANGE, "another question" },
	{ 7, 59, "b.test.", true, KNOT_OPCODE_NOTIFY, 0, NOTIFY_ANSWER_STRANGE, "another question" },
	{ 7, 59, "a.test.", false, KNOT_OPCODE_NOTIFY, 0, NOTIFY_ANSWER_STRANGE, "another question" },
	{ 7, 59, "a.test.", true, KNOT_OPCODE_QUERY, 0, NOTIFY_ANSWER_STRANGE, "else than a NOTIFY" },
};

START_TEST(test_answer)
{
	knot_dname_storage_t zone, name;
	const char *why = NULL;
	knot_pkt_t *pkt = knot_pkt_new(NULL, 512, NULL);
	knot_dname_from_str(zone, "a.test.", sizeof(zone));
	knot_dname_from_str(name, answers[_i].name, sizeof(name));
	ck_assert_int_eq(knot_pkt_put_question(pkt, name, KNOT_CLASS_IN, answers[_i].type), 0);
	knot_wire_set_id(pkt->wire, answers[_i].id);
	knot_wire_set_opcode(pkt->wire, answers[_i].opcode);
	knot_wire_set_rcode(pkt->wire, answers[_i].rcode);
	if (answers[_i].qr) {
		knot_wire_set_qr(pkt->wire);
	}
	const reply_t reply = { pkt->wire, pkt->size, zone, 7 };
	ck_assert_int_eq(notify_answer(&reply, &why), answers[_i].answer);
	ck_assert(answers[_i].why == NULL || strstr(why, answers[_i].why) != NULL);
	knot_pkt_free(pkt);
}
END_TEST

#define COUNT(array) (int)(sizeof(array) / sizeof((array)[0]))

int main(void)
{
	Suite *suite = suite_create("notify");
	TCase *tc = tcase_create("notify");
	tcase_add_loop_test(tc, test_record, 0, COUNT(records));
	tcase_add_test(tc, test_name);
	tcase_add_loop_test(tc, test_reach, 0, COUNT(addresses));
	tcase_add_loop_test(tc, test_answer, 0, COUNT(answers));
	suite_add_tcase(suite, tc);
	return check_main(suite);
}
