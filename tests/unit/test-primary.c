/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/* What is taken of a primary, message by message: answers to the question at hand, in time, signed as
 * RFC 8945, section 5.3.1, has it. */

#include <check.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <libknot/libknot.h>

#include "common/clock.h"
#include "common/thread.h"
#include "module/source/primary.h"
#include "tests/unit/check-main.h"
#include "tests/unit/primary-server.h"

#define ZONE (const knot_dname_t *)"\7example"
#define SECRET (uint8_t *)"0123456789abcdef0123456789abcdef"

static const knot_tsig_key_t key = {
	.algorithm = DNSSEC_TSIG_HMAC_SHA256, .name = (knot_dname_t *)"\3key", .secret = { 32, SECRET },
};
static struct sockaddr_un addr;
static int listener;
static primary_server_t server;
static primary_t primary;
static primary_conn_t *conn;
static knot_pkt_t *query;
static atomic_bool stop;
static char err[512];

/*! Connects, and asks for all of the zone. */
static void ask(bool with_key)
{
	listener = primary_server_listen(&addr, "test-primary");
	primary = (primary_t) { .id = "primary" };
	memcpy(&primary.addr, &addr, sizeof(addr));
	memset(&server, 0, sizeof(server));
	if (with_key) {
		primary.key = key;
		server.key = &key;
	}
	atomic_store(&stop, false);
	ck_assert_int_eq(primary_connect(&conn, &primary, &stop, err, sizeof(err)), KNOT_EOK);
	server.fd = accept(listener, NULL, NULL);
	query = knot_pkt_new(NULL, 1024, NULL);
	ck_assert_int_eq(knot_pkt_put_question(query, ZONE, KNOT_CLASS_IN, KNOT_RRTYPE_AXFR), KNOT_EOK);
	ck_assert_int_eq(primary_ask(conn, query, err, sizeof(err)), KNOT_EOK);
	primary_server_hear(&server);
}

static void end(void)
{
	primary_close(conn);
	knot_pkt_free(query);
	close(server.fd);
	close(listener);
	unlink(addr.sun_path);
}

/*! An answer, of which no record is needed. */
typedef struct {
	int id_off;       /*!< What the ID differs by. */
	uint8_t flags;    /*!< The octet with QR and opcode. */
	const char *name; /*!< Of the question; NULL: there is none. */
	uint16_t type;
} answer_t;

static const answer_t good = { 0, 0x84, "\7example", KNOT_RRTYPE_AXFR };

static void send_answer(const answer_t *answer, bool sign)
{
	uint8_t out[2 + 512 + PRIMARY_TSIG_ROOM] = { 0 }, *wire = out + 2;
	uint8_t *at = wire + KNOT_WIRE_HEADER_SIZE;
	knot_wire_set_id(wire, server.id + answer->id_off);
	wire[2] = answer->flags;
	if (answer->name != NULL) {
		knot_wire_set_qdcount(wire, 1);
		const size_t len = strlen(answer->name) + 1;
		memcpy(at, answer->name, len);
		knot_wire_write_u16(at + len, answer->type);
		knot_wire_write_u16(at + len + 2, KNOT_CLASS_IN);
		at += len + 4;
	}
	const size_t len = primary_server_sign(&server, wire, at - wire, sizeof(out) - 2, sign);
	knot_wire_write_u16(out, len);
	ck_assert_int_eq(send(server.fd, out, 2 + len, MSG_NOSIGNAL), 2 + len);
}

static int receive(void)
{
	knot_pkt_t *message = NULL;
	err[0] = '\0';
	return primary_receive(conn, &message, err, sizeof(err));
}

START_TEST(test_answers)
{
	static const struct {
		answer_t answer;
		bool taken;
	} cases[] = {
		{ { 0, 0x84, "\7example", KNOT_RRTYPE_AXFR }, true },
		{ { 0, 0x84, "\7eXaMPLe", KNOT_RRTYPE_AXFR }, true },
		{ { 0, 0x84, NULL, 0 }, true },
		{ { 1, 0x84, "\7example", KNOT_RRTYPE_AXFR }, false },
		{ { 0, 0x04, "\7example", KNOT_RRTYPE_AXFR }, false },
		{ { 0, 0xac, "\7example", KNOT_RRTYPE_AXFR }, false },
		{ { 0, 0x84, "\7another", KNOT_RRTYPE_AXFR }, false },
		{ { 0, 0x84, "\7example", KNOT_RRTYPE_SOA }, false },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		ask(false);
		send_answer(&cases[i].answer, false);
		ck_assert_msg(receive() == (cases[i].taken ? KNOT_EOK : KNOT_EMALF), "%zu: %s", i, err);
		end();
	}
}
END_TEST

/*** TSIG. ***/

/*! Receives so many messages. */
static void take(size_t count, bool sign)
{
	for (size_t i = 0; i < count; i++) {
		send_answer(&good, sign);
		ck_assert_msg(receive() == KNOT_EOK, "%zu: %s", i, err);
	}
}

static void refuse(bool sign, int ret, const char *text)
{
	send_answer(&good, sign);
	ck_assert_int_eq(receive(), ret);
	ck_assert_msg(strstr(err, text) != NULL, "%s", err);
}

START_TEST(test_signed)
{
	ask(true);
	ck_assert(!primary_verified(conn));
	take(3, true);
	ck_assert(primary_verified(conn));
	/* In between there may be some without, but not at the end. */
	take(99, false);
	ck_assert(!primary_verified(conn));
	take(1, true);
	ck_assert(primary_verified(conn));
	take(99, false);
	refuse(false, KNOT_TSIG_EBADSIG, "not signed by TSIG");
	end();
}
END_TEST

START_TEST(test_unsigned)
{
	ask(true);
	refuse(false, KNOT_TSIG_EBADSIG, "not signed by TSIG; does it know the key?");
	end();
	/* By another key, and as if another message had come before. */
	knot_tsig_key_t other = key;
	other.secret.data = (uint8_t *)"another secret of the same length";
	ask(true);
	server.key = &other;
	refuse(true, KNOT_TSIG_EBADSIG, "TSIG is refused");
	end();
	ask(true);
	take(1, true);
	server.covered[server.covered_len++] = 0;
	refuse(true, KNOT_TSIG_EBADSIG, "TSIG is refused");
	end();
	ask(false);
	ck_assert(primary_verified(conn));
	end();
}
END_TEST

/*** Time. ***/

START_TEST(test_silent)
{
	const int64_t begin = monotonic_ms();
	ask(false);
	ck_assert_int_eq(receive(), KNOT_ETIMEOUT);
	ck_assert_str_eq(err, "no answer in time");
	ck_assert_int_lt(monotonic_ms() - begin, 1900);
	end();
}
END_TEST

/*! Sends an octet of a message now and then. */
static void *drip(void *arg)
{
	const uint8_t octet = 1;
	(void)arg;
	while (!atomic_load(&stop) && send(server.fd, &octet, 1, MSG_NOSIGNAL) == 1) {
		usleep(100000);
	}
	return NULL;
}

START_TEST(test_slow)
{
	pthread_t thread;
	ask(false);
	ck_assert_int_eq(thread_start(&thread, drip, NULL), KNOT_EOK);
	ck_assert_int_eq(receive(), KNOT_ETIMEOUT);
	ck_assert_msg(strncmp(err, "it is too slow: ", 16) == 0, "%s", err);
	atomic_store(&stop, true);
	pthread_join(thread, NULL);
	end();
}
END_TEST

START_TEST(test_stopped)
{
	ask(false);
	atomic_store(&stop, true);
	ck_assert_int_eq(receive(), KNOT_ECONN);
	ck_assert_str_eq(err, "stopped");
	end();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("primary");
	TCase *tcase = tcase_create("conversation");
	tcase_set_timeout(tcase, 30);
	tcase_add_test(tcase, test_answers);
	tcase_add_test(tcase, test_signed);
	tcase_add_test(tcase, test_unsigned);
	tcase_add_test(tcase, test_silent);
	tcase_add_test(tcase, test_slow);
	tcase_add_test(tcase, test_stopped);
	suite_add_tcase(suite, tcase);
	return check_main(suite);
}
