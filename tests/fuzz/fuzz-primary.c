/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/* Bytes as what a primary sends on its connection: messages, each behind its length. A head before them
 * tells whether there is a TSIG key, which messages are signed by it as they should be (else their
 * bytes are what the primary made of it), and which keep an ID of their own. Whatever comes, what is
 * taken of it was signed if it has to be. */

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <libknot/libknot.h>

#include "module/source/incoming.h"
#include "module/source/primary.h"
#include "tests/unit/primary-server.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ZONE (const knot_dname_t *)"\7example"
#define KEY (knot_dname_t *)"\3key"
#define SECRET (uint8_t *)"0123456789abcdef0123456789abcdef"

#define ASK_IXFR 1
#define HAS_KEY 2
#define FIRST_SIGNED 1 /* Octets 1 and 2: a bit for each message, from then on all or none. */
#define OWN_ID 3       /* Octet 3: the messages from the one of that number on have their own ID. */
#define HEAD 4

static struct sockaddr_un addr;
static int listener = -1;

/*! What the primary sends. */
typedef struct {
	const uint8_t *head;
	primary_server_t signs;
	uint8_t out[PRIMARY_SEND_MAX + PRIMARY_TSIG_ROOM];
	size_t len;
} server_t;

static void require(bool truth)
{
	if (!truth) {
		abort();
	}
}

static void finish(void)
{
	close(listener);
	unlink(addr.sun_path);
}

/*! \return Whether the messages that are to be signed include that one. */
static bool is_to_sign(const server_t *server, unsigned number)
{
	const uint16_t mask = knot_wire_read_u16(server->head + FIRST_SIGNED);
	return server->signs.key != NULL && (mask >> (number < 15 ? number : 15) & 1) != 0;
}

/*! Makes the stream; its last message may be cut. */
static void make_stream(server_t *server, const uint8_t *data, size_t size)
{
	while (size > 0 && server->len + size + 2 < PRIMARY_SEND_MAX) {
		uint8_t *out = server->out + server->len;
		const size_t says = size >= 2 ? knot_wire_read_u16(data) : 0;
		if (size < 2 || says > size - 2) {
			memcpy(out, data, size);
			server->len += size;
			return;
		}
		memcpy(out + 2, data + 2, says);
		if (says >= 2 && server->signs.count < server->head[OWN_ID]) {
			knot_wire_write_u16(out + 2, server->signs.id);
		}
		const size_t len = primary_server_sign(&server->signs, out + 2, says,
		                                       says + PRIMARY_TSIG_ROOM,
		                                       is_to_sign(server, server->signs.count));
		knot_wire_write_u16(out, len);
		server->len += 2 + len;
		data += 2 + says;
		size -= 2 + says;
	}
}

/*! Reads the answer. \return Whether a transfer came to its end. */
static bool receive(primary_conn_t *conn, bool ixfr)
{
	const incoming_args_t args = {
		.zone = ZONE, .origin = "primary", .ixfr = ixfr, .serial = 7, .size_max = 100000,
	};
	incoming_t *incoming = incoming_new(&args);
	require(incoming != NULL);
	knot_pkt_t *message = NULL;
	char err[512] = "";
	int ret = KNOT_EOK;
	while (ret == KNOT_EOK) {
		ret = primary_receive(conn, &message, err, sizeof(err));
		if (ret == KNOT_EOK) {
			ret = incoming_message(incoming, message, err, sizeof(err));
		}
	}
	require(ret == KNOT_EOF || err[0] != '\0');
	incoming_free(incoming);
	return ret == KNOT_EOF;
}

static void converse(server_t *server, const primary_t *primary, const uint8_t *data, size_t size)
{
	static const atomic_bool stop;
	const bool ixfr = server->head[0] & ASK_IXFR;
	char err[512] = "";
	primary_conn_t *conn = NULL;
	require(primary_connect(&conn, primary, &stop, err, sizeof(err)) == KNOT_EOK);
	server->signs.fd = accept(listener, NULL, NULL);
	require(server->signs.fd >= 0);

	knot_pkt_t *query = knot_pkt_new(NULL, 1024, NULL);
	require(query != NULL &&
	        knot_pkt_put_question(query, ZONE, KNOT_CLASS_IN,
	                              ixfr ? KNOT_RRTYPE_IXFR : KNOT_RRTYPE_AXFR) == KNOT_EOK &&
	        primary_ask(conn, query, err, sizeof(err)) == KNOT_EOK);
	primary_server_hear(&server->signs);
	make_stream(server, data, size);
	require(send(server->signs.fd, server->out, server->len, MSG_NOSIGNAL) == (ssize_t)server->len);
	close(server->signs.fd);

	if (receive(conn, ixfr) && primary_verified(conn)) {
		require(server->signs.key == NULL || is_to_sign(server, 0));
	}
	primary_close(conn);
	knot_pkt_free(query);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < HEAD) {
		return 0;
	}
	if (listener < 0) {
		listener = primary_server_listen(&addr, "fuzz-primary");
		atexit(finish);
	}
	const knot_tsig_key_t key = {
		.algorithm = DNSSEC_TSIG_HMAC_SHA256, .name = KEY, .secret = { 32, SECRET },
	};
	primary_t primary = { .id = "primary" };
	memcpy(&primary.addr, &addr, sizeof(addr));
	server_t *server = calloc(1, sizeof(*server));
	require(server != NULL);
	server->head = data;
	if (data[0] & HAS_KEY) {
		primary.key = key;
		server->signs.key = &key;
	}
	converse(server, &primary, data + HEAD, size - HEAD);
	free(server);
	return 0;
}
