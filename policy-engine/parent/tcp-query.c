/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/parent/tcp-query.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <gnutls/crypto.h>
#include <libknot/libknot.h>

#include "common/clock.h"
#include "policy-engine/base/address.h"

#define QUERY_MAX 512     /* Bytes; a name, at most 255, and the fixed fields fit well. */

/* A question being asked. */
typedef struct {
	int fd, stop_fd;
	int64_t until_ms;
	char *why;
	size_t why_size;
} ask_t;

static int fail(const ask_t *ask, const char *text)
{
	snprintf(ask->why, ask->why_size, "%s", text);
	return -1;
}

/* Waits until the socket is ready. */
static int wait_for(const ask_t *ask, short events)
{
	struct pollfd fds[2] = { { .fd = ask->fd, .events = events },
	                         { .fd = ask->stop_fd, .events = POLLIN } };
	int64_t left = ask->until_ms - monotonic_ms();
	int ret = left > 0 ? poll(fds, 2, (int)left) : 0;
	if (ret > 0 && fds[1].revents != 0) {
		return fail(ask, "the engine stops");
	}
	return ret > 0 ? 0 : fail(ask, ret == 0 ? "no answer over TCP" : strerror(errno));
}

static int finish_connect(const ask_t *ask)
{
	int code = 0;
	socklen_t len = sizeof(code);
	if (wait_for(ask, POLLOUT) != 0) {
		return -1;
	}
	getsockopt(ask->fd, SOL_SOCKET, SO_ERROR, &code, &len);
	return code == 0 ? 0 : fail(ask, strerror(code));
}

static tcp_query_t connect_to(ask_t *ask, const struct sockaddr_storage *server)
{
	ask->fd = socket(server->ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int ret = ask->fd < 0 ? -1 : connect(ask->fd, (const struct sockaddr *)server,
	                                     address_size(server));
	if (ret == 0) {
		return TCP_QUERY_DONE;
	}
	if (ask->fd >= 0 && errno == EINPROGRESS) {
		return finish_connect(ask) == 0 ? TCP_QUERY_DONE : TCP_QUERY_FAILED;
	}
	bool no_route = errno == ENETUNREACH || errno == EADDRNOTAVAIL || errno == EAFNOSUPPORT;
	fail(ask, strerror(errno));
	return no_route ? TCP_QUERY_NO_ROUTE : TCP_QUERY_FAILED;
}

static int send_all(const ask_t *ask, const uint8_t *data, size_t len)
{
	while (len > 0) {
		ssize_t done = send(ask->fd, data, len, MSG_NOSIGNAL);
		if (done < 0 && errno != EAGAIN) {
			return fail(ask, strerror(errno));
		}
		if (done > 0) {
			data += done;
			len -= (size_t)done;
		} else if (wait_for(ask, POLLOUT) != 0) {
			return -1;
		}
	}
	return 0;
}

static int receive_all(const ask_t *ask, uint8_t *data, size_t len)
{
	while (len > 0) {
		ssize_t got = recv(ask->fd, data, len, 0);
		if (got == 0) {
			return fail(ask, "closes the connection without an answer");
		}
		if (got < 0 && errno != EAGAIN) {
			return fail(ask, strerror(errno));
		}
		if (got > 0) {
			data += got;
			len -= (size_t)got;
		} else if (wait_for(ask, POLLIN) != 0) {
			return -1;
		}
	}
	return 0;
}

/* Adds an OPT record with the DO bit. \return Whether there was room. */
static bool want_dnssec(knot_pkt_t *pkt)
{
	knot_rrset_t opt;
	if (knot_edns_init(&opt, KNOT_EDNS_MAX_UDP_PAYLOAD, KNOT_RCODE_NOERROR, KNOT_EDNS_VERSION,
	                   NULL) != KNOT_EOK) {
		return false;
	}
	knot_edns_set_do(&opt);
	const int ret = knot_pkt_begin(pkt, KNOT_ADDITIONAL) == KNOT_EOK
	                        ? knot_pkt_put(pkt, KNOT_COMPR_HINT_NONE, &opt, 0) : KNOT_ERROR;
	knot_rrset_clear(&opt, NULL);
	return ret == KNOT_EOK;
}

/* \return Bytes of the query, its length of two bytes before it; 0 on failure. */
static size_t make_query(uint8_t wire[QUERY_MAX + 2], const tcp_question_t *question, uint16_t *id)
{
	knot_pkt_t *pkt = knot_pkt_new(NULL, QUERY_MAX, NULL);
	size_t size = 0;
	if (pkt != NULL && gnutls_rnd(GNUTLS_RND_NONCE, id, sizeof(*id)) == 0) {
		knot_wire_set_id(pkt->wire, *id);
		if (knot_pkt_put_question(pkt, question->name, KNOT_CLASS_IN, question->type) == KNOT_EOK &&
		    (!question->dnssec || want_dnssec(pkt))) {
			size = pkt->size + 2;
			knot_wire_write_u16(wire, (uint16_t)pkt->size);
			memcpy(wire + 2, pkt->wire, pkt->size);
		}
	}
	knot_pkt_free(pkt);
	return size;
}

static int exchange(const ask_t *ask, const tcp_question_t *question, tcp_answer_t *answer)
{
	uint8_t query[QUERY_MAX + 2], head[2];
	uint16_t id = 0;
	size_t size = make_query(query, question, &id);
	if (size == 0) {
		return fail(ask, "out of memory");
	}
	if (send_all(ask, query, size) != 0 || receive_all(ask, head, sizeof(head)) != 0) {
		return -1;
	}
	size_t len = knot_wire_read_u16(head);
	uint8_t *wire = malloc(len > 0 ? len : 1);
	if (wire == NULL) {
		return fail(ask, "out of memory");
	}
	if (receive_all(ask, wire, len) != 0) {
		free(wire);
		return -1;
	}
	*answer = (tcp_answer_t){ wire, len, id };
	return 0;
}

tcp_query_t tcp_query(const tcp_question_t *question, tcp_answer_t *answer, char *why,
                      size_t why_size)
{
	ask_t ask = { .fd = -1, .stop_fd = question->stop_fd,
	              .until_ms = monotonic_ms() + (int64_t)question->limit_s * 1000,
	              .why = why, .why_size = why_size };
	tcp_query_t ret = connect_to(&ask, question->server);
	if (ret == TCP_QUERY_DONE && exchange(&ask, question, answer) != 0) {
		ret = TCP_QUERY_FAILED;
	}
	if (ask.fd >= 0) {
		close(ask.fd);
	}
	return ret;
}
