/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "config.h"
#include "module/source/primary.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include <libdnssec/random.h>
#include <libknot/libknot.h>

#include "common/clock.h"
#include "common/message.h"

/* Seconds for which the primary may be silent. Unit tests set less. */
#ifndef PRIMARY_TIMEOUT_S
#define PRIMARY_TIMEOUT_S 10
#endif
/* Seconds of a span of an answer. In each span, PRIMARY_RATE octets a second have to come, or the
 * next primary is asked. Three times the time for which a primary may be silent, since it may be
 * so more than once. */
#ifndef PRIMARY_GRACE_S
#define PRIMARY_GRACE_S 30
#endif
/* Octets a second: a choice, far below the slowest line in use (BIND's min-transfer-rate-in has
 * 34), and far above what keeps a transfer going that never ends. */
#define PRIMARY_RATE 1000
/* Milliseconds between two looks at whether to stop. */
#define SLICE_MS 200
/* Messages without TSIG between two messages with TSIG (RFC 8945, section 5.3.1). */
#define UNSIGNED_MAX 99

/*** Settings. ***/

int primaries_add(primaries_t *primaries, const char *id, const struct sockaddr_storage *addr,
                  const struct sockaddr_storage *via, const knot_tsig_key_t *key)
{
	primary_t *all = realloc(primaries->all, (primaries->count + 1) * sizeof(*all));
	if (all == NULL) {
		return KNOT_ENOMEM;
	}
	primaries->all = all;
	primary_t *fresh = &all[primaries->count];
	*fresh = (primary_t) { .id = strdup(id), .addr = *addr, .via = *via };
	if (fresh->id == NULL ||
	    (key != NULL && knot_tsig_key_copy(&fresh->key, key) != KNOT_EOK)) {
		free(fresh->id);
		return KNOT_ENOMEM;
	}
	primaries->count++;
	return KNOT_EOK;
}

int primaries_copy(primaries_t *to, const primaries_t *from)
{
	int ret = KNOT_EOK;
	primaries_t copy = { 0 };
	for (size_t i = 0; ret == KNOT_EOK && i < from->count; i++) {
		const primary_t *p = &from->all[i];
		ret = primaries_add(&copy, p->id, &p->addr, &p->via,
		                    p->key.name != NULL ? &p->key : NULL);
	}
	if (ret != KNOT_EOK) {
		primaries_deinit(&copy);
		return ret;
	}
	*to = copy;
	return KNOT_EOK;
}

bool primaries_equal(const primaries_t *a, const primaries_t *b)
{
	bool equal = a->count == b->count;
	for (size_t i = 0; equal && i < a->count; i++) {
		equal = strcmp(a->all[i].id, b->all[i].id) == 0 &&
		        memcmp(&a->all[i].addr, &b->all[i].addr, sizeof(a->all[i].addr)) == 0;
	}
	return equal;
}

void primaries_deinit(primaries_t *primaries)
{
	for (size_t i = 0; i < primaries->count; i++) {
		free(primaries->all[i].id);
		knot_tsig_key_deinit(&primaries->all[i].key);
	}
	free(primaries->all);
	memset(primaries, 0, sizeof(*primaries));
}

const char *primary_name(const primary_t *primary, char *out, size_t size)
{
	char address[INET6_ADDRSTRLEN] = "";
	const struct sockaddr_in *v4 = (const struct sockaddr_in *)&primary->addr;
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)&primary->addr;
	const struct sockaddr_un *un = (const struct sockaddr_un *)&primary->addr;
	switch (primary->addr.ss_family) {
	case AF_INET:
		inet_ntop(AF_INET, &v4->sin_addr, address, sizeof(address));
		snprintf(out, size, "%s (%s@%u)", primary->id, address, ntohs(v4->sin_port));
		break;
	case AF_INET6:
		inet_ntop(AF_INET6, &v6->sin6_addr, address, sizeof(address));
		snprintf(out, size, "%s (%s@%u)", primary->id, address, ntohs(v6->sin6_port));
		break;
	default:
		snprintf(out, size, "%s (%.107s)", primary->id, un->sun_path);
	}
	return out;
}

/*** The connection. ***/

struct primary_conn {
	const primary_t *primary;
	const atomic_bool *stop;
	int fd;

	/* The answer at hand. */
	int64_t span_ms;           /*!< When the span of PRIMARY_GRACE_S began, monotonic_ms(). */
	uint64_t span_octets;      /*!< What has come in it. */
	uint16_t id;
	uint16_t type;
	const knot_dname_t *name;  /*!< Of the question, which is borrowed. */
	knot_pkt_t *message;

	/* TSIG: the last digest, and the messages that came since. */
	uint8_t digest[64];
	size_t digest_len;
	uint64_t signed_at;
	size_t verified;           /*!< Messages that had a signature. */
	uint8_t *unsigned_data;
	size_t unsigned_len, unsigned_size;
	unsigned unsigned_count;

	uint8_t wire[KNOT_WIRE_MAX_PKTSIZE];
};

static int say(char *err, size_t err_size, int ret, const char *text)
{
	snprintf(err, err_size, "%s", text);
	return ret;
}

/*! Begins a span in which enough has to come. */
static void begin_span(primary_conn_t *conn)
{
	conn->span_ms = monotonic_ms();
	conn->span_octets = 0;
}

/*! \return Whether a span has ended in which too little came. */
static bool is_slow(primary_conn_t *conn)
{
	if (monotonic_ms() - conn->span_ms < 1000 * PRIMARY_GRACE_S) {
		return false;
	}
	if (conn->span_octets < PRIMARY_RATE * PRIMARY_GRACE_S) {
		return true;
	}
	begin_span(conn);
	return false;
}

/*! Waits until something can be read or written. */
static int wait_for(primary_conn_t *conn, short events, char *err, size_t err_size)
{
	const int64_t end = monotonic_ms() + PRIMARY_TIMEOUT_S * 1000;
	struct pollfd fd = { .fd = conn->fd, .events = events };
	while (!atomic_load(conn->stop)) {
		if (is_slow(conn)) {
			snprintf(err, err_size, "it is too slow: %llu octets in %d s",
			         (unsigned long long)conn->span_octets, PRIMARY_GRACE_S);
			return KNOT_ETIMEOUT;
		}
		int ready = poll(&fd, 1, SLICE_MS);
		if (ready > 0) {
			return KNOT_EOK;
		}
		if (ready < 0 && errno != EINTR) {
			return say(err, err_size, KNOT_ECONN, strerror(errno));
		}
		if (monotonic_ms() >= end) {
			return say(err, err_size, KNOT_ETIMEOUT, "no answer in time");
		}
	}
	return say(err, err_size, KNOT_ECONN, "stopped");
}

static socklen_t address_len(const struct sockaddr_storage *addr)
{
	switch (addr->ss_family) {
	case AF_INET:
		return sizeof(struct sockaddr_in);
	case AF_INET6:
		return sizeof(struct sockaddr_in6);
	default:
		return sizeof(struct sockaddr_un);
	}
}

static int connect_to(primary_conn_t *conn, char *err, size_t err_size)
{
	const primary_t *p = conn->primary;
	conn->fd = socket(p->addr.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (conn->fd < 0) {
		return say(err, err_size, KNOT_ECONN, strerror(errno));
	}
	if (p->via.ss_family != AF_UNSPEC &&
	    bind(conn->fd, (const struct sockaddr *)&p->via, address_len(&p->via)) != 0) {
		snprintf(err, err_size, "cannot use its 'via' address: %s", strerror(errno));
		return KNOT_ECONN;
	}
	if (connect(conn->fd, (const struct sockaddr *)&p->addr, address_len(&p->addr)) == 0) {
		return KNOT_EOK;
	}
	if (errno != EINPROGRESS) {
		return say(err, err_size, KNOT_ECONN, strerror(errno));
	}
	int ret = wait_for(conn, POLLOUT, err, err_size);
	int error = 0;
	socklen_t len = sizeof(error);
	if (ret == KNOT_EOK &&
	    (getsockopt(conn->fd, SOL_SOCKET, SO_ERROR, &error, &len) != 0 || error != 0)) {
		ret = say(err, err_size, KNOT_ECONN, strerror(error));
	}
	return ret;
}

int primary_connect(primary_conn_t **conn, const primary_t *primary, const atomic_bool *stop,
                    char *err, size_t err_size)
{
	primary_conn_t *fresh = calloc(1, sizeof(*fresh));
	if (fresh == NULL) {
		return say(err, err_size, KNOT_ENOMEM, "out of memory");
	}
	fresh->primary = primary;
	fresh->stop = stop;
	begin_span(fresh);
	int ret = connect_to(fresh, err, err_size);
	if (ret != KNOT_EOK) {
		primary_close(fresh);
		return ret;
	}
	*conn = fresh;
	return KNOT_EOK;
}

void primary_close(primary_conn_t *conn)
{
	if (conn != NULL) {
		if (conn->fd >= 0) {
			close(conn->fd);
		}
		knot_pkt_free(conn->message);
		free(conn->unsigned_data);
		free(conn);
	}
}

static int send_all(primary_conn_t *conn, const uint8_t *data, size_t len, char *err,
                    size_t err_size)
{
	while (len > 0) {
		int ret = wait_for(conn, POLLOUT, err, err_size);
		if (ret != KNOT_EOK) {
			return ret;
		}
		ssize_t sent = send(conn->fd, data, len, MSG_NOSIGNAL);
		if (sent < 0 && errno != EAGAIN && errno != EINTR) {
			return say(err, err_size, KNOT_ECONN, strerror(errno));
		}
		data += sent > 0 ? sent : 0;
		len -= sent > 0 ? sent : 0;
	}
	return KNOT_EOK;
}

static int receive_all(primary_conn_t *conn, uint8_t *data, size_t len, char *err, size_t err_size)
{
	while (len > 0) {
		int ret = wait_for(conn, POLLIN, err, err_size);
		if (ret != KNOT_EOK) {
			return ret;
		}
		ssize_t got = recv(conn->fd, data, len, 0);
		if (got == 0) {
			return say(err, err_size, KNOT_ECONN, "it closed the connection");
		}
		if (got < 0 && errno != EAGAIN && errno != EINTR) {
			return say(err, err_size, KNOT_ECONN, strerror(errno));
		}
		data += got > 0 ? got : 0;
		len -= got > 0 ? got : 0;
		conn->span_octets += got > 0 ? got : 0;
	}
	return KNOT_EOK;
}

int primary_ask(primary_conn_t *conn, knot_pkt_t *query, char *err, size_t err_size)
{
	conn->id = dnssec_random_uint16_t();
	conn->type = knot_pkt_qtype(query);
	conn->name = knot_pkt_qname(query);
	conn->verified = 0;
	conn->unsigned_len = 0;
	conn->unsigned_count = 0;
	conn->signed_at = 0;
	begin_span(conn);
	knot_wire_set_id(query->wire, conn->id);
	if (conn->primary->key.name != NULL) {
		conn->digest_len = sizeof(conn->digest);
		int ret = knot_tsig_sign(query->wire, &query->size, query->max_size, NULL, 0,
		                         conn->digest, &conn->digest_len, &conn->primary->key, 0, 0);
		if (ret != KNOT_EOK) {
			return say(err, err_size, ret, knot_strerror(ret));
		}
	}
	uint8_t length[2];
	knot_wire_write_u16(length, query->size);
	int ret = send_all(conn, length, sizeof(length), err, err_size);
	return ret == KNOT_EOK ? send_all(conn, query->wire, query->size, err, err_size) : ret;
}

/*** TSIG of an answer of several messages. ***/

/*! Keeps a message that the next signature covers. */
static int remember(primary_conn_t *conn)
{
	const knot_pkt_t *m = conn->message;
	if (conn->unsigned_size - conn->unsigned_len < m->size) {
		size_t size = conn->unsigned_len + m->size + 2 * KNOT_WIRE_MAX_PKTSIZE;
		uint8_t *data = realloc(conn->unsigned_data, size);
		if (data == NULL) {
			return KNOT_ENOMEM;
		}
		conn->unsigned_data = data;
		conn->unsigned_size = size;
	}
	memcpy(conn->unsigned_data + conn->unsigned_len, m->wire, m->size);
	conn->unsigned_len += m->size;
	return KNOT_EOK;
}

/*! Verifies the signature of a message over it and all messages since the last signature. */
static int verify_signature(primary_conn_t *conn)
{
	const knot_rrset_t *tsig = conn->message->tsig_rr;
	const knot_tsig_key_t *key = &conn->primary->key;
	int ret = conn->verified == 0
	          ? knot_tsig_client_check(tsig, conn->unsigned_data, conn->unsigned_len,
	                                   conn->digest, conn->digest_len, key, 0)
	          : knot_tsig_client_check_next(tsig, conn->unsigned_data, conn->unsigned_len,
	                                        conn->digest, conn->digest_len, key,
	                                        conn->signed_at);
	const size_t mac_len = knot_tsig_rdata_mac_length(tsig);
	if (ret != KNOT_EOK || mac_len > sizeof(conn->digest)) {
		return ret != KNOT_EOK ? ret : KNOT_TSIG_EBADSIG;
	}
	memcpy(conn->digest, knot_tsig_rdata_mac(tsig), mac_len);
	conn->digest_len = mac_len;
	conn->signed_at = knot_tsig_rdata_time_signed(tsig);
	conn->verified++;
	conn->unsigned_len = 0;
	conn->unsigned_count = 0;
	return KNOT_EOK;
}

static int verify(primary_conn_t *conn, char *err, size_t err_size)
{
	if (conn->primary->key.name == NULL) {
		return KNOT_EOK;
	}
	if (remember(conn) != KNOT_EOK) {
		return say(err, err_size, KNOT_ENOMEM, "out of memory");
	}
	if (!knot_pkt_has_tsig(conn->message)) {
		return conn->verified > 0 && conn->unsigned_count++ < UNSIGNED_MAX
		       ? KNOT_EOK
		       : say(err, err_size, KNOT_TSIG_EBADSIG, "the answer is not signed by TSIG; "
		                                               "does it know the key?");
	}
	int ret = verify_signature(conn);
	if (ret != KNOT_EOK) {
		snprintf(err, err_size, "the answer's TSIG is refused: %s", knot_strerror(ret));
	}
	return ret;
}

bool primary_verified(const primary_conn_t *conn)
{
	return conn->primary->key.name == NULL ||
	       (conn->verified > 0 && conn->unsigned_count == 0);
}

/*! Whether a message answers the question. It may lack the question (RFC 5936, section 2.2). */
static bool is_answer(const primary_conn_t *conn)
{
	const knot_pkt_t *m = conn->message;
	const uint16_t questions = knot_wire_get_qdcount(m->wire);
	return knot_wire_get_qr(m->wire) && knot_wire_get_opcode(m->wire) == KNOT_OPCODE_QUERY &&
	       knot_wire_get_id(m->wire) == conn->id &&
	       (questions == 0 ||
	        (knot_pkt_qtype(m) == conn->type && knot_pkt_qname(m) != NULL &&
	         knot_dname_is_case_equal(knot_pkt_qname(m), conn->name)));
}

int primary_receive(primary_conn_t *conn, knot_pkt_t **message, char *err, size_t err_size)
{
	uint8_t length[2];
	int ret = receive_all(conn, length, sizeof(length), err, err_size);
	if (ret == KNOT_EOK) {
		ret = receive_all(conn, conn->wire, knot_wire_read_u16(length), err, err_size);
	}
	if (ret != KNOT_EOK) {
		return ret;
	}
	knot_pkt_free(conn->message);
	conn->message = knot_pkt_new(conn->wire, knot_wire_read_u16(length), NULL);
	if (conn->message == NULL) {
		return say(err, err_size, KNOT_ENOMEM, "out of memory");
	}
	if (message_parse(conn->message) != KNOT_EOK || !is_answer(conn)) {
		return say(err, err_size, KNOT_EMALF, "it sent no answer to the question");
	}
	ret = verify(conn, err, err_size);
	*message = conn->message;
	return ret;
}
