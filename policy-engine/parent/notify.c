/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/parent/notify.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <gnutls/crypto.h>
#include <libknot/libknot.h>

#include "common/clock.h"
#include "policy-engine/base/address.h"
#include "policy-engine/parent/check.h"
#include "policy-engine/parent/dsync.h"

#define LIMIT_MS 5000   /* For the answer of one address. */
#define ADDRESSES_MAX 4 /* A parent that names more does not have us send more. */
#define MESSAGE_MAX 512 /* Bytes of query and answer (RFC 1996, section 3.2: over UDP). */

/* -- the order ----------------------------------------------------------- */

static bool is_loopback(const char *server)
{
	struct sockaddr_storage address;
	return address_parse(server, 53, &address) == 0 && dsync_may_reach(&address, true) &&
	       !dsync_may_reach(&address, false);
}

notify_t *notify_new(const conf_watch_t *conf, resolver_t *resolver, const char *zone)
{
	notify_t *notify = calloc(1, sizeof(*notify));
	if (notify == NULL || (notify->zone = strdup(zone)) == NULL) {
		free(notify);
		return NULL;
	}
	notify->resolver = resolver != NULL ? resolver_ref(resolver) : NULL;
	const conf_parent_t *parent = parent_servers(conf, zone);
	for (size_t i = 0; parent != NULL && i < parent->count; i++) {
		notify->local = notify->local || is_loopback(parent->servers[i]);
	}
	return notify;
}

void notify_free(notify_t *notify)
{
	if (notify != NULL) {
		resolver_unref(notify->resolver);
		free(notify->zone);
		free(notify);
	}
}

/* -- one address --------------------------------------------------------- */

notify_answer_t notify_answer(const reply_t *reply, const char **why)
{
	knot_pkt_t *pkt = reply_parse(reply, KNOT_RRTYPE_CDS, why);
	if (pkt == NULL) {
		return NOTIFY_ANSWER_STRANGE;
	}
	notify_answer_t answer = NOTIFY_ANSWER_YES;
	if (knot_wire_get_opcode(pkt->wire) != KNOT_OPCODE_NOTIFY) {
		*why = "answers something else than a NOTIFY";
		answer = NOTIFY_ANSWER_STRANGE;
	} else if (knot_pkt_ext_rcode(pkt) != KNOT_RCODE_NOERROR) {
		*why = reply_error(pkt);
		answer = NOTIFY_ANSWER_NO;
	}
	knot_pkt_free(pkt);
	return answer;
}

/* \return Bytes of the message; 0 on failure. */
static size_t make_message(uint8_t wire[MESSAGE_MAX], const knot_dname_t *zone, uint16_t *id)
{
	knot_pkt_t *pkt = knot_pkt_new(NULL, MESSAGE_MAX, NULL);
	size_t size = 0;
	if (pkt != NULL && gnutls_rnd(GNUTLS_RND_NONCE, id, sizeof(*id)) == 0) {
		knot_wire_set_id(pkt->wire, *id);
		knot_wire_set_opcode(pkt->wire, KNOT_OPCODE_NOTIFY);
		knot_wire_set_aa(pkt->wire);
		if (knot_pkt_put_question(pkt, zone, KNOT_CLASS_IN, KNOT_RRTYPE_CDS) == KNOT_EOK) {
			size = pkt->size;
			memcpy(wire, pkt->wire, size);
		}
	}
	knot_pkt_free(pkt);
	return size;
}

/* Waits for the answer. Messages that are not the answer are passed over: who does not see the query can
 * send nothing else. \return 0, or -1 and why. */
static int wait_answer(int fd, int stop_fd, const reply_t *expected, char *why, size_t size)
{
	const int64_t until = monotonic_ms() + LIMIT_MS;
	const char *strange = NULL;
	for (int64_t left = LIMIT_MS; left > 0; left = until - monotonic_ms()) {
		struct pollfd fds[2] = { { .fd = fd, .events = POLLIN },
		                         { .fd = stop_fd, .events = POLLIN } };
		if (poll(fds, 2, (int)left) <= 0) {
			continue;
		}
		if (fds[1].revents != 0) {
			snprintf(why, size, "the engine stops");
			return -1;
		}
		uint8_t wire[MESSAGE_MAX];
		const ssize_t len = recv(fd, wire, sizeof(wire), 0);
		if (len < 0) {
			snprintf(why, size, "%s", strerror(errno));
			return -1;
		}
		const reply_t reply = { wire, (size_t)len, expected->zone, expected->id };
		const notify_answer_t answer = notify_answer(&reply, &strange);
		if (answer != NOTIFY_ANSWER_STRANGE) {
			snprintf(why, size, "answers %s", answer == NOTIFY_ANSWER_NO ? strange : "");
			return answer == NOTIFY_ANSWER_YES ? 0 : -1;
		}
	}
	snprintf(why, size, "%s", strange != NULL ? strange : "does not answer the NOTIFY");
	return -1;
}

/* \return 0, or -1 and why. */
static int notify_address(const parent_server_t *server, const knot_dname_t *zone, int stop_fd,
                          char *why, size_t size)
{
	uint8_t wire[MESSAGE_MAX];
	reply_t expected = { .zone = zone };
	const size_t len = make_message(wire, zone, &expected.id);
	const int fd = socket(server->address.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int ret = -1;
	if (len == 0 || fd < 0 ||
	    connect(fd, (const struct sockaddr *)&server->address,
	            address_size(&server->address)) != 0 ||
	    send(fd, wire, len, MSG_NOSIGNAL) != (ssize_t)len) {
		snprintf(why, size, "%s", len == 0 ? "out of memory" : strerror(errno));
	} else {
		ret = wait_answer(fd, stop_fd, &expected, why, size);
	}
	if (fd >= 0) {
		close(fd);
	}
	return ret;
}

/* -- all addresses ------------------------------------------------------- */

static notify_outcome_t notify_servers(const notify_t *notify, const servers_t *servers,
                                       int stop_fd, char *text, size_t size)
{
	char why[100] = "", address[ADDRESS_TEXT_MAX];
	knot_dname_storage_t zone;
	unsigned sent = 0;
	if (knot_dname_from_str(zone, notify->zone, sizeof(zone)) == NULL) {
		return NOTIFY_FAILED;
	}
	snprintf(text, size, "the parent's DSYNC record leads to no address of another machine");
	for (size_t i = 0; i < servers->count && sent < ADDRESSES_MAX; i++) {
		const parent_server_t *server = &servers->servers[i];
		if (!dsync_may_reach(&server->address, notify->local)) {
			continue;
		}
		sent++;
		const int ret = notify_address(server, zone, stop_fd, why, sizeof(why));
		snprintf(text, size, "%s (%s)%s%s", server->name,
		         address_text(&server->address, address), ret == 0 ? "" : ": ",
		         ret == 0 ? "" : why);
		if (ret == 0) {
			return NOTIFY_DONE;
		}
	}
	return NOTIFY_FAILED;
}

notify_outcome_t notify_parent(const notify_t *notify, int stop_fd, char *text, size_t size)
{
	servers_t found = { 0 };
	const resolver_child_t child = { notify->zone, 0, stop_fd };
	if (notify->resolver == NULL) {
		snprintf(text, size, "libunbound does not work");
		return NOTIFY_FAILED;
	}
	const int ret = resolver_endpoint(notify->resolver, &child, &found, text, size);
	if (ret <= 0) {
		return ret == 0 ? NOTIFY_UNWANTED : NOTIFY_FAILED;
	}
	const notify_outcome_t outcome = notify_servers(notify, &found, stop_fd, text, size);
	servers_deinit(&found);
	return outcome;
}
