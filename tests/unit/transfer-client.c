/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "config.h"
#include "tests/unit/transfer-client.h"

#include <check.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <libknot/libknot.h>

struct transfer_test test;

static void sink(void *ctx, int priority, const char *line)
{
	(void)ctx;
	test.warnings += (priority <= LOG_WARNING);
	if (getenv("TEST_LOG") != NULL) {
		fprintf(stderr, "%d %s\n", priority, line);
	}
}

void start(void)
{
	char err[256] = "";
	int ret = transfer_start(&test.server, test.path, test.zone.publisher, &test.logger, err,
	                         sizeof(err));
	ck_assert_msg(ret == KNOT_EOK, "%s", err);
}

void setup_dir(void)
{
	(void)snprintf(test.dir, sizeof(test.dir), "/tmp/test-transfer-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(test.dir));
	(void)snprintf(test.path, sizeof(test.path), "%s/transfer.sock", test.dir);
	memory_init(&test.zone, "example.", SERIAL);
	log_init(&test.logger, sink, NULL);
	test.warnings = 0;
	test.server = NULL;
}

void setup(void)
{
	setup_dir();
	start();
}

void teardown(void)
{
	transfer_stop(test.server);
	ck_assert_uint_eq(test.zone.views, 0);
	ck_assert_int_ne(access(test.path, F_OK), 0);
	memory_deinit(&test.zone);
	log_deinit(&test.logger);
	ck_assert_int_eq(rmdir(test.dir), 0);
}

int dial(void)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	(void)snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", test.path);
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	ck_assert_int_ge(fd, 0);
	struct timeval limit = { .tv_sec = 20 };
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	return fd;
}

void send_all(int fd, const void *data, size_t len)
{
	ck_assert_int_eq(send(fd, data, len, MSG_NOSIGNAL), len);
}

/*! \return Whether len bytes came, rather than the end. */
bool receive_all(int fd, void *buf, size_t len)
{
	size_t have = 0;
	while (have < len) {
		ssize_t got = recv(fd, (uint8_t *)buf + have, len - have, 0);
		if (got == 0 || (got < 0 && errno == ECONNRESET)) {
			return false;
		}
		ck_assert_msg(got > 0, "no answer: %s", strerror(errno));
		have += got;
	}
	return true;
}

bool is_closed(int fd)
{
	uint8_t byte;
	return !receive_all(fd, &byte, 1);
}

knot_pkt_t *question(const char *name, uint16_t type)
{
	knot_pkt_t *pkt = knot_pkt_new(NULL, KNOT_WIRE_MAX_PKTSIZE, NULL);
	knot_dname_t *qname = knot_dname_from_str_alloc(name);
	knot_pkt_clear(pkt);
	knot_wire_set_id(pkt->wire, 0xbeef);
	ck_assert_int_eq(knot_pkt_put_question(pkt, qname, KNOT_CLASS_IN, type), KNOT_EOK);
	knot_dname_free(qname, NULL);
	return pkt;
}

void put_soa(knot_pkt_t *pkt, uint32_t serial)
{
	rrlist_t list = { 0 };
	memory_add_soa(&list, test.zone.zone, serial);
	knot_pkt_begin(pkt, KNOT_AUTHORITY);
	ck_assert_int_eq(knot_pkt_put(pkt, KNOT_COMPR_HINT_QNAME, list.rr[0], 0), KNOT_EOK);
	knot_rrset_free(list.rr[0], NULL);
	free(list.rr);
}

void put_opt(knot_pkt_t *pkt, uint8_t version)
{
	knot_rrset_t opt;
	knot_edns_init(&opt, 1232, 0, version, NULL);
	knot_pkt_begin(pkt, KNOT_ADDITIONAL);
	ck_assert_int_eq(knot_pkt_put(pkt, KNOT_COMPR_HINT_NONE, &opt, 0), KNOT_EOK);
	knot_rrset_clear(&opt, NULL);
}

void send_pkt(int fd, knot_pkt_t *pkt)
{
	uint8_t frame[FRAME_MAX];
	knot_wire_write_u16(frame, pkt->size);
	memcpy(frame + 2, pkt->wire, pkt->size);
	send_all(fd, frame, 2 + pkt->size);
	knot_pkt_free(pkt);
}

/*! \return The next message, parsed; NULL if the connection was closed instead. */
knot_pkt_t *receive_pkt(int fd)
{
	uint8_t length[2];
	if (!receive_all(fd, length, sizeof(length))) {
		return NULL;
	}
	uint16_t len = knot_wire_read_u16(length);
	knot_pkt_t *pkt = knot_pkt_new(NULL, KNOT_WIRE_MAX_PKTSIZE, NULL);
	if (!receive_all(fd, pkt->wire, len)) {
		knot_pkt_free(pkt);
		return NULL;
	}
	pkt->size = len;
	ck_assert_int_eq(knot_pkt_parse(pkt, 0), KNOT_EOK);
	ck_assert_uint_eq(knot_wire_get_id(pkt->wire), 0xbeef);
	ck_assert(knot_wire_get_qr(pkt->wire));
	return pkt;
}

knot_pkt_t *ask(int fd, knot_pkt_t *pkt)
{
	send_pkt(fd, pkt);
	return receive_pkt(fd);
}

/* What a transfer has to consist of */

typedef struct {
	const rrlist_t *list;   /*!< Between the SOAs; NULL if there are none. */
	size_t rrset;
	uint16_t record;
	bool begun, ended;
} expected_t;

/*! Compares a record with the next one expected. */
static void expect_record(expected_t *e, const knot_rrset_t *got)
{
	const knot_rrset_t *rr = test.zone.soa;
	uint16_t record = 0;
	if (e->ended) {
		ck_abort_msg("a record after the end");
	}
	if (!e->begun) {
		e->begun = true;
		e->ended = (e->list == NULL);
	} else if (e->rrset == e->list->count) {
		e->ended = true;
	} else {
		rr = e->list->rr[e->rrset];
		record = e->record++;
		if (e->record == rr->rrs.count) {
			e->record = 0;
			e->rrset++;
		}
	}
	const knot_rdata_t *rdata = knot_rdataset_at(&rr->rrs, record);
	/* One assertion, for there are hundreds of thousands of records. */
	bool same = knot_dname_is_equal(got->owner, rr->owner) && got->type == rr->type &&
	            got->ttl == rr->ttl && got->rclass == rr->rclass && got->rrs.count == 1 &&
	            got->rrs.rdata->len == rdata->len &&
	            memcmp(got->rrs.rdata->data, rdata->data, rdata->len) == 0;
	if (!same) {
		ck_abort_msg("RRset %zu, record %u is another", e->rrset, record);
	}
}

/*! Reads messages until all expected was seen. \return How many. */
unsigned expect_transfer(int fd, const rrlist_t *list, bool edns)
{
	expected_t e = { .list = list };
	unsigned messages = 0;
	while (!e.ended) {
		knot_pkt_t *pkt = receive_pkt(fd);
		ck_assert_ptr_nonnull(pkt);
		ck_assert_uint_eq(knot_pkt_ext_rcode(pkt), KNOT_RCODE_NOERROR);
		ck_assert(knot_wire_get_aa(pkt->wire));
		ck_assert(!knot_wire_get_tc(pkt->wire));
		ck_assert(messages > 0 || knot_wire_get_qdcount(pkt->wire) == 1);
		ck_assert(knot_pkt_has_edns(pkt) == edns);
		const knot_pktsection_t *answer = knot_pkt_section(pkt, KNOT_ANSWER);
		for (uint16_t i = 0; i < answer->count; i++) {
			expect_record(&e, knot_pkt_rr(answer, i));
		}
		messages++;
		knot_pkt_free(pkt);
	}
	return messages;
}

bool until(const atomic_uint *value, unsigned wanted)
{
	for (int i = 0; i < 1000; i++) {
		if (*value == wanted) {
			return true;
		}
		(void)poll(NULL, 0, 10);
	}
	return false;
}

void expect_handed(unsigned times)
{
	ck_assert(until(&test.zone.handed, times));
	ck_assert(times == 0 || test.zone.handed_serial == SERIAL);
}

void expect_axfr(int fd)
{
	send_pkt(fd, question("example.", KNOT_RRTYPE_AXFR));
	expect_transfer(fd, &test.zone.rrsets, false);
}
