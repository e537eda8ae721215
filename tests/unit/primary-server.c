/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "tests/unit/primary-server.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/message.h"

static void require(bool truth)
{
	if (!truth) {
		abort();
	}
}

int primary_server_listen(struct sockaddr_un *addr, const char *name)
{
	*addr = (struct sockaddr_un) { .sun_family = AF_UNIX };
	snprintf(addr->sun_path, sizeof(addr->sun_path), "/tmp/%s-%d.sock", name, (int)getpid());
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	require(fd >= 0 && bind(fd, (struct sockaddr *)addr, sizeof(*addr)) == 0 && listen(fd, 1) == 0);
	return fd;
}

void primary_server_hear(primary_server_t *server)
{
	uint8_t wire[2 + 1024];
	ssize_t got = recv(server->fd, wire, sizeof(wire), 0);
	require(got > 2 && knot_wire_read_u16(wire) == got - 2);
	knot_pkt_t *query = knot_pkt_new(wire + 2, got - 2, NULL);
	require(query != NULL && message_parse(query) == KNOT_EOK);
	server->id = knot_wire_get_id(query->wire);
	server->count = 0;
	server->covered_len = 0;
	require(knot_pkt_has_tsig(query) == (server->key != NULL));
	if (server->key != NULL) {
		server->digest_len = knot_tsig_rdata_mac_length(query->tsig_rr);
		require(server->digest_len <= sizeof(server->digest));
		memcpy(server->digest, knot_tsig_rdata_mac(query->tsig_rr), server->digest_len);
	}
	knot_pkt_free(query);
}

size_t primary_server_sign(primary_server_t *server, uint8_t *wire, size_t len, size_t max,
                           bool sign)
{
	memcpy(server->covered + server->covered_len, wire, len);
	server->covered_len += len;
	server->count++;
	if (len < KNOT_WIRE_HEADER_SIZE || server->key == NULL || !sign) {
		return len;
	}
	uint8_t digest[sizeof(server->digest)];
	size_t digest_len = sizeof(digest);
	int ret = server->count == 1
	          ? knot_tsig_sign(wire, &len, max, server->digest, server->digest_len, digest,
	                           &digest_len, server->key, 0, 0)
	          : knot_tsig_sign_next(wire, &len, max, server->digest, server->digest_len, digest,
	                                &digest_len, server->key, server->covered,
	                                server->covered_len);
	if (ret == KNOT_EOK) {
		memcpy(server->digest, digest, digest_len);
		server->digest_len = digest_len;
		server->covered_len = 0;
	}
	return len;
}
