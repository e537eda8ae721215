/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/* Questions to the transfer server, its answers, and how many it serves at once. */

#include "config.h"

#include <check.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <libknot/libknot.h>

#include "common/clock.h"
#include "tests/unit/check-main.h"
#include "tests/unit/transfer-client.h"

START_TEST(test_soa)
{
	int fd = dial();
	for (unsigned i = 1; i <= 3; i++) {
		knot_pkt_t *pkt = ask(fd, question("eXample.", KNOT_RRTYPE_SOA));
		const knot_pktsection_t *answer = knot_pkt_section(pkt, KNOT_ANSWER);
		ck_assert_uint_eq(answer->count, 1);
		ck_assert(knot_rrset_equal(knot_pkt_rr(answer, 0), test.zone.soa, true));
		ck_assert(knot_wire_get_aa(pkt->wire));
		ck_assert(!knot_pkt_has_edns(pkt));
		ck_assert_uint_eq(test.zone.asked, i);
		knot_pkt_free(pkt);
	}
	ck_assert_uint_eq(test.zone.handed, 0);
	close(fd);
}
END_TEST

static const struct {
	size_t rrsets;
	bool odd;
} axfrs[] = {
	{ 0, false }, { 1, false }, { 1, true }, { 300, true }, { 10000, false }, { 10000, true },
	{ 200000, false },
};

START_TEST(test_axfr)
{
	memory_fill(&test.zone.rrsets, test.zone.zone, axfrs[_i].rrsets, axfrs[_i].odd);
	int fd = dial();
	expect_axfr(fd);
	/* The same again, on the same connection. */
	expect_axfr(fd);
	close(fd);
}
END_TEST

START_TEST(test_axfr_full_messages)
{
	memory_fill(&test.zone.rrsets, test.zone.zone, 10000, false);
	int fd = dial();
	send_pkt(fd, question("example.", KNOT_RRTYPE_AXFR));
	unsigned messages = expect_transfer(fd, &test.zone.rrsets, false);
	/* 10,000 RRs of 10 to 110 bytes. */
	ck_assert_uint_le(messages, 11);
	close(fd);
}
END_TEST

START_TEST(test_axfr_huge)
{
	static uint8_t rdata[65000];
	knot_dname_t *owner = knot_dname_from_str_alloc("huge.example.");
	memory_fill(&test.zone.rrsets, test.zone.zone, 10, false);
	for (unsigned i = 0; i < 3000; i++) {
		knot_wire_write_u16(rdata, i);
		memory_add(&test.zone.rrsets, owner, KNOT_RRTYPE_TXT, rdata, 250);
	}
	for (unsigned i = 0; i < 3; i++) {
		rdata[0] = i;
		memory_add(&test.zone.rrsets, owner, 65534, rdata, sizeof(rdata));
	}
	knot_dname_free(owner, NULL);

	int fd = dial();
	knot_pkt_t *pkt = question("example.", KNOT_RRTYPE_AXFR);
	put_opt(pkt, 0);
	send_pkt(fd, pkt);
	unsigned messages = expect_transfer(fd, &test.zone.rrsets, true);
	ck_assert_uint_le(messages, 3000 * 262 / 65000 + 1 + 3 + 1);
	close(fd);
	expect_handed(1);
	ck_assert_int_eq(test.zone.handed_ms, 0);
}
END_TEST

/*! A record that no message can hold. */
START_TEST(test_axfr_impossible)
{
	static uint8_t rdata[65535];
	memory_add(&test.zone.rrsets, test.zone.zone, 65534, rdata, sizeof(rdata));
	int fd = dial();
	/* The SOA went out in a message of its own: only the end of the connection can tell. */
	knot_pkt_t *pkt = ask(fd, question("example.", KNOT_RRTYPE_AXFR));
	ck_assert_uint_eq(knot_pkt_section(pkt, KNOT_ANSWER)->count, 1);
	knot_pkt_free(pkt);
	ck_assert(is_closed(fd));
	close(fd);
	expect_handed(0);
	ck_assert_uint_eq(test.warnings, 1);
}
END_TEST

/*! The store fails: before the first message was sent, and after it. */
START_TEST(test_axfr_failure)
{
	memory_fill(&test.zone.rrsets, test.zone.zone, 10000, false);
	int fd = dial();
	test.zone.fail_at = 10;
	knot_pkt_t *pkt = ask(fd, question("example.", KNOT_RRTYPE_AXFR));
	ck_assert_uint_eq(knot_pkt_ext_rcode(pkt), KNOT_RCODE_SERVFAIL);
	ck_assert_uint_eq(knot_pkt_section(pkt, KNOT_ANSWER)->count, 0);
	knot_pkt_free(pkt);

	test.zone.fail_at = 9000;
	send_pkt(fd, question("example.", KNOT_RRTYPE_AXFR));
	while ((pkt = receive_pkt(fd)) != NULL) {
		const knot_pktsection_t *answer = knot_pkt_section(pkt, KNOT_ANSWER);
		ck_assert_uint_eq(knot_pkt_ext_rcode(pkt), KNOT_RCODE_NOERROR);
		ck_assert_uint_ne(knot_pkt_rr(answer, answer->count - 1)->type, KNOT_RRTYPE_SOA);
		knot_pkt_free(pkt);
	}
	close(fd);
	expect_handed(0);
	ck_assert_uint_eq(test.warnings, 2);

	test.zone.fail_at = 0;
	fd = dial();
	expect_axfr(fd);
	close(fd);
}
END_TEST

static void ask_ixfr(int fd, uint32_t serial)
{
	knot_pkt_t *pkt = question("example.", KNOT_RRTYPE_IXFR);
	put_soa(pkt, serial);
	send_pkt(fd, pkt);
}

static void add_change(uint32_t from, size_t rrsets)
{
	memory_add_soa(&test.zone.changes, test.zone.zone, from);
	memory_fill(&test.zone.changes, test.zone.zone, test.zone.changes.count + rrsets, true);
	memory_add_soa(&test.zone.changes, test.zone.zone, from + 1);
	memory_fill(&test.zone.changes, test.zone.zone, test.zone.changes.count + rrsets, false);
}

START_TEST(test_ixfr)
{
	memory_fill(&test.zone.rrsets, test.zone.zone, 100, false);
	add_change(SERIAL - 2, 3);
	add_change(SERIAL - 1, _i);
	test.zone.changes_from = SERIAL - 2;
	int fd = dial();

	ask_ixfr(fd, SERIAL - 2);
	expect_transfer(fd, &test.zone.changes, false);

	/* The journal does not reach back that far: AXFR. With the next question knotd has done with
	 * what it was sent before. */
	ck_assert_uint_eq(test.zone.handed, 0);
	ask_ixfr(fd, SERIAL - 3);
	expect_transfer(fd, &test.zone.rrsets, false);
	ck_assert_uint_eq(test.zone.handed, 1);
	ck_assert_int_gt(test.zone.handed_ms, 0);

	/* It has ours already. */
	ask_ixfr(fd, SERIAL);
	ck_assert_uint_eq(expect_transfer(fd, NULL, false), 1);
	ck_assert_uint_eq(test.zone.handed, 2);
	ck_assert_int_eq(test.zone.handed_ms, 0);
	ck_assert(until(&test.zone.taken, 1));
	ck_assert_uint_eq(test.zone.taken_serial, SERIAL);

	/* It has a newer one than ours (RFC 1982). */
	ask_ixfr(fd, SERIAL + 0x7fffffffu);
	ck_assert_uint_eq(expect_transfer(fd, NULL, false), 1);
	ask_ixfr(fd, SERIAL + 0x80000001u);
	expect_transfer(fd, &test.zone.rrsets, false);

	/* The journal cannot be read. */
	test.zone.seek_error = KNOT_ESYSTEM;
	ask_ixfr(fd, SERIAL - 2);
	knot_pkt_t *pkt = receive_pkt(fd);
	ck_assert_uint_eq(knot_pkt_ext_rcode(pkt), KNOT_RCODE_SERVFAIL);
	knot_pkt_free(pkt);
	close(fd);
	expect_handed(3);
	ck_assert_uint_eq(test.zone.taken, 1);
	ck_assert_uint_eq(test.zone.asked, 0);
}
END_TEST

static knot_pkt_t *make_class(void)
{
	knot_pkt_t *pkt = question("example.", KNOT_RRTYPE_AXFR);
	knot_wire_write_u16(pkt->wire + pkt->size - 2, KNOT_CLASS_CH);
	return pkt;
}

static knot_pkt_t *make_update(void)
{
	knot_pkt_t *pkt = question("example.", KNOT_RRTYPE_SOA);
	knot_wire_set_opcode(pkt->wire, KNOT_OPCODE_UPDATE);
	return pkt;
}

static knot_pkt_t *make_update_type(void)
{
	knot_pkt_t *pkt = question("example.", KNOT_RRTYPE_A);
	knot_wire_set_opcode(pkt->wire, KNOT_OPCODE_UPDATE);
	return pkt;
}

static knot_pkt_t *make_update_class(void)
{
	knot_pkt_t *pkt = make_update();
	knot_wire_write_u16(pkt->wire + pkt->size - 2, KNOT_CLASS_CH);
	return pkt;
}

static knot_pkt_t *make_notify(void)
{
	knot_pkt_t *pkt = question("example.", KNOT_RRTYPE_SOA);
	knot_wire_set_opcode(pkt->wire, KNOT_OPCODE_NOTIFY);
	return pkt;
}

static knot_pkt_t *make_empty(void)
{
	knot_pkt_t *pkt = question("example.", KNOT_RRTYPE_SOA);
	knot_wire_set_qdcount(pkt->wire, 0);
	pkt->size = KNOT_WIRE_HEADER_SIZE;
	return pkt;
}

static knot_pkt_t *make_truncated(void)
{
	knot_pkt_t *pkt = question("example.", KNOT_RRTYPE_SOA);
	pkt->size -= 3;
	return pkt;
}

static knot_pkt_t *make_trailing(void)
{
	knot_pkt_t *pkt = question("example.", KNOT_RRTYPE_SOA);
	pkt->wire[pkt->size++] = 0;
	return pkt;
}

static knot_pkt_t *make_edns1(void)
{
	knot_pkt_t *pkt = question("example.", KNOT_RRTYPE_SOA);
	put_opt(pkt, 1);
	return pkt;
}

/*! An SOA without RDATA, as the parser allows it in class ANY. */
static knot_pkt_t *make_ixfr_hollow(void)
{
	static const uint8_t soa[] = { 0xc0, 12, 0, 6, 0, 255, 0, 0, 0, 0, 0, 0 };
	knot_pkt_t *pkt = question("example.", KNOT_RRTYPE_IXFR);
	memcpy(pkt->wire + pkt->size, soa, sizeof(soa));
	pkt->size += sizeof(soa);
	knot_wire_set_nscount(pkt->wire, 1);
	return pkt;
}

static knot_pkt_t *make_tsig(void)
{
	knot_pkt_t *pkt = question("example.", KNOT_RRTYPE_SOA);
	knot_tsig_key_t key;
	uint8_t digest[64];
	size_t digest_len = sizeof(digest);
	ck_assert_int_eq(knot_tsig_key_init(&key, "hmac-sha256", "key.", "c2VjcmV0"), KNOT_EOK);
	ck_assert_int_eq(knot_tsig_sign(pkt->wire, &pkt->size, pkt->max_size, NULL, 0, digest,
	                                &digest_len, &key, 0, 0), KNOT_EOK);
	knot_tsig_key_deinit(&key);
	return pkt;
}

static knot_pkt_t *make_a(void)
{
	return question("example.", KNOT_RRTYPE_A);
}

static knot_pkt_t *make_ixfr_bare(void)
{
	return question("example.", KNOT_RRTYPE_IXFR);
}

static knot_pkt_t *make_other(void)
{
	return question("sub.example.", KNOT_RRTYPE_AXFR);
}

static knot_pkt_t *make_axfr(void)
{
	return question("example.", KNOT_RRTYPE_AXFR);
}

static const struct {
	knot_pkt_t *(*make)(void);
	int open_error;
	uint16_t rcode;
	unsigned warnings;
} refusals[] = {
	{ make_a, KNOT_EOK, KNOT_RCODE_REFUSED, 0 },
	{ make_class, KNOT_EOK, KNOT_RCODE_REFUSED, 0 },
	{ make_notify, KNOT_EOK, KNOT_RCODE_NOTIMPL, 0 },
	{ make_update_type, KNOT_EOK, KNOT_RCODE_FORMERR, 0 },
	{ make_update_class, KNOT_EOK, KNOT_RCODE_NOTAUTH, 0 },
	{ make_empty, KNOT_EOK, KNOT_RCODE_FORMERR, 0 },
	{ make_truncated, KNOT_EOK, KNOT_RCODE_FORMERR, 0 },
	{ make_trailing, KNOT_EOK, KNOT_RCODE_FORMERR, 0 },
	{ make_edns1, KNOT_EOK, KNOT_RCODE_BADVERS, 0 },
	{ make_ixfr_bare, KNOT_EOK, KNOT_RCODE_FORMERR, 0 },
	{ make_ixfr_hollow, KNOT_EOK, KNOT_RCODE_FORMERR, 0 },
	{ make_tsig, KNOT_EOK, KNOT_RCODE_NOTAUTH, 1 },
	{ make_other, KNOT_EOK, KNOT_RCODE_NOTAUTH, 0 },
	{ make_axfr, KNOT_EEMPTYZONE, KNOT_RCODE_SERVFAIL, 0 },
	{ make_axfr, KNOT_ENOMEM, KNOT_RCODE_SERVFAIL, 1 },
};

START_TEST(test_refused)
{
	test.zone.open_error = refusals[_i].open_error;
	int fd = dial();
	knot_pkt_t *pkt = ask(fd, refusals[_i].make());
	ck_assert_ptr_nonnull(pkt);
	ck_assert_uint_eq(knot_pkt_ext_rcode(pkt), refusals[_i].rcode);
	ck_assert_uint_eq(knot_pkt_section(pkt, KNOT_ANSWER)->count, 0);
	ck_assert(!knot_wire_get_aa(pkt->wire));
	ck_assert_uint_eq(test.warnings, refusals[_i].warnings);
	knot_pkt_free(pkt);

	/* The connection lives on. */
	test.zone.open_error = KNOT_EOK;
	expect_axfr(fd);
	close(fd);
}
END_TEST

/*! A zone that cannot be opened: knotd is told that it has the newest version, if it has one. */
START_TEST(test_kept)
{
	static const int errors[] = { KNOT_EFILE, KNOT_ENOMEM, KNOT_EEMPTYZONE };
	test.zone.open_error = errors[_i];
	test.zone.kept = true;
	int fd = dial();
	for (unsigned i = 0; i < 2; i++) {
		knot_pkt_t *pkt = question("example.", i == 0 ? KNOT_RRTYPE_SOA : KNOT_RRTYPE_IXFR);
		if (i == 1) {
			put_soa(pkt, 99);
		}
		pkt = ask(fd, pkt);
		ck_assert_uint_eq(knot_pkt_ext_rcode(pkt), KNOT_RCODE_NOERROR);
		ck_assert(knot_wire_get_aa(pkt->wire));
		const knot_pktsection_t *answer = knot_pkt_section(pkt, KNOT_ANSWER);
		ck_assert_uint_eq(answer->count, 1);
		ck_assert_uint_eq(knot_pkt_rr(answer, 0)->type, KNOT_RRTYPE_SOA);
		ck_assert_uint_eq(knot_soa_serial(knot_pkt_rr(answer, 0)->rrs.rdata),
		                  i == 0 ? SERIAL : 99);
		knot_pkt_free(pkt);
	}
	knot_pkt_t *pkt = ask(fd, question("example.", KNOT_RRTYPE_AXFR));
	ck_assert_uint_eq(knot_pkt_ext_rcode(pkt), KNOT_RCODE_SERVFAIL);
	knot_pkt_free(pkt);
	test.zone.kept = false;
	pkt = ask(fd, question("example.", KNOT_RRTYPE_SOA));
	ck_assert_uint_eq(knot_pkt_ext_rcode(pkt), KNOT_RCODE_SERVFAIL);
	knot_pkt_free(pkt);
	close(fd);
}
END_TEST

START_TEST(test_update)
{
	static const uint8_t rcodes[] = { KNOT_RCODE_NOERROR, KNOT_RCODE_NXRRSET };
	int fd = dial();
	for (unsigned i = 0; i < 2; i++) {
		test.zone.update_rcode = rcodes[i];
		knot_pkt_t *pkt = ask(fd, make_update());
		ck_assert_uint_eq(knot_pkt_ext_rcode(pkt), rcodes[i]);
		ck_assert_uint_eq(knot_wire_get_opcode(pkt->wire), KNOT_OPCODE_UPDATE);
		ck_assert(!knot_pkt_has_tsig(pkt));
		knot_pkt_free(pkt);
		ck_assert_uint_eq(test.zone.updates, i + 1);
	}
	close(fd);
}
END_TEST

/*! An UPDATE signed by its client, as knotd forwards it: with another message ID. */
START_TEST(test_update_tsig)
{
	uint8_t mac[64];
	size_t mac_len = sizeof(mac);
	knot_tsig_key_t key;
	ck_assert_int_eq(knot_tsig_key_init(&key, "hmac-sha256", "key.", "c2VjcmV0"), KNOT_EOK);
	knot_pkt_t *pkt = make_update();
	put_opt(pkt, 0);
	const uint16_t id = knot_wire_get_id(pkt->wire);
	knot_wire_set_id(pkt->wire, 0xcafe);
	ck_assert_int_eq(knot_tsig_sign(pkt->wire, &pkt->size, pkt->max_size, NULL, 0, mac,
	                                &mac_len, &key, 0, 0), KNOT_EOK);
	knot_wire_set_id(pkt->wire, id);

	test.zone.update_rcode = KNOT_RCODE_YXDOMAIN;
	test.zone.key = _i == 0 ? &key : NULL;
	int fd = dial();
	knot_pkt_t *answer = ask(fd, pkt);
	if (_i == 0) {
		ck_assert_uint_eq(knot_pkt_ext_rcode(answer), KNOT_RCODE_YXDOMAIN);
		ck_assert(knot_pkt_has_edns(answer) && knot_pkt_has_tsig(answer));
		knot_wire_set_id(answer->wire, 0xcafe);
		ck_assert_int_eq(knot_tsig_client_check(answer->tsig_rr, answer->wire, answer->size,
		                                        mac, mac_len, &key, 0), KNOT_EOK);
	} else {
		/* What cannot be answered does not happen. */
		ck_assert_uint_eq(knot_pkt_ext_rcode(answer), KNOT_RCODE_SERVFAIL);
		ck_assert_uint_eq(test.warnings, 1);
	}
	ck_assert_uint_eq(test.zone.updates, _i == 0);
	knot_pkt_free(answer);
	knot_tsig_key_deinit(&key);
	close(fd);
}
END_TEST

/*! What is no question at all closes the connection. */
START_TEST(test_no_question)
{
	int fd = dial();
	send_all(fd, "\0\5short", 7);
	ck_assert(is_closed(fd));
	close(fd);

	fd = dial();
	send_all(fd, "\0\0", 2);
	ck_assert(is_closed(fd));
	close(fd);

	fd = dial();
	knot_pkt_t *pkt = question("example.", KNOT_RRTYPE_SOA);
	knot_wire_set_qr(pkt->wire);
	ck_assert_ptr_null(ask(fd, pkt));
	close(fd);
}
END_TEST

/*! \return Whether the server answers on a new connection, rather than closing it. */
static bool is_served(int fd)
{
	static const uint8_t soa[] = { 0, 25, 0xbe, 0xef, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0,
	                               7, 'e', 'x', 'a', 'm', 'p', 'l', 'e', 0, 0, 6, 0, 1 };
	if (send(fd, soa, sizeof(soa), MSG_NOSIGNAL) < 0) {
		return false;
	}
	knot_pkt_t *pkt = receive_pkt(fd);
	knot_pkt_free(pkt);
	return pkt != NULL;
}

static void *run_axfr(void *arg)
{
	int fd = *(int *)arg;
	send_pkt(fd, question("example.", KNOT_RRTYPE_AXFR));
	expect_transfer(fd, &test.zone.rrsets, false);
	return NULL;
}

START_TEST(test_100_connections)
{
	int fds[100];
	unsigned served = 0;
	for (int i = 0; i < 100; i++) {
		int fd = dial();
		if (is_served(fd)) {
			fds[served++] = fd;
		} else {
			close(fd);
		}
	}
	ck_assert_uint_eq(served, 64);
	/* Told of once, not 36 times. */
	ck_assert_uint_eq(test.warnings, 1);

	pthread_t threads[64];
	memory_fill(&test.zone.rrsets, test.zone.zone, 5000, false);
	for (int i = 0; i < 64; i++) {
		ck_assert_int_eq(pthread_create(&threads[i], NULL, run_axfr, &fds[i]), 0);
	}
	for (int i = 0; i < 64; i++) {
		pthread_join(threads[i], NULL);
		close(fds[i]);
	}
	expect_handed(64);

	/* There is room again. */
	for (int i = 0; i < 200; i++) {
		int fd = dial();
		ck_assert(is_served(fd) || i < 64);
		close(fd);
	}
}
END_TEST

START_TEST(test_stop_amid_transfer)
{
	memory_fill(&test.zone.rrsets, test.zone.zone, 50000, false);
	int fds[10], idle = dial();
	for (int i = 0; i < 10; i++) {
		fds[i] = dial();
		send_pkt(fds[i], question("example.", KNOT_RRTYPE_AXFR));
	}
	ck_assert(until(&test.zone.views, 10));
	const int64_t begin = monotonic_ms();
	transfer_stop(test.server);
	test.server = NULL;
	ck_assert_int_le(monotonic_ms() - begin, 10000);
	ck_assert_uint_eq(test.zone.views, 0);
	ck_assert_uint_eq(test.zone.handed, 0);
	ck_assert(is_closed(idle));
	close(idle);
	for (int i = 0; i < 10; i++) {
		close(fds[i]);
	}
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("transfer");
	TCase *answers = tcase_create("answers");
	tcase_add_checked_fixture(answers, setup, teardown);
	tcase_set_timeout(answers, 120);
	tcase_add_test(answers, test_soa);
	tcase_add_loop_test(answers, test_axfr, 0, sizeof(axfrs) / sizeof(axfrs[0]));
	tcase_add_test(answers, test_axfr_full_messages);
	tcase_add_test(answers, test_axfr_huge);
	tcase_add_test(answers, test_axfr_impossible);
	tcase_add_test(answers, test_axfr_failure);
	tcase_add_loop_test(answers, test_ixfr, 0, 2);
	tcase_add_loop_test(answers, test_refused, 0, sizeof(refusals) / sizeof(refusals[0]));
	tcase_add_loop_test(answers, test_kept, 0, 3);
	tcase_add_test(answers, test_update);
	tcase_add_loop_test(answers, test_update_tsig, 0, 2);
	tcase_add_test(answers, test_no_question);
	tcase_add_test(answers, test_100_connections);
	tcase_add_test(answers, test_stop_amid_transfer);
	suite_add_tcase(s, answers);
	return s;
}

int main(void)
{
	return check_main(suite());
}
