/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/base/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DNS_PORT 53

static int parse_port(const char *text, uint16_t *port)
{
	char *end = NULL;
	unsigned long number = strtoul(text, &end, 10);
	if (text[0] < '0' || text[0] > '9' || *end != '\0' || number < 1 || number > UINT16_MAX) {
		return -1;
	}
	*port = (uint16_t)number;
	return 0;
}

int address_parse(const char *text, uint16_t port, struct sockaddr_storage *address)
{
	char host[ADDRESS_TEXT_MAX];
	const char *at = strchr(text, '@');
	size_t len = at != NULL ? (size_t)(at - text) : strlen(text);
	if (len >= sizeof(host) || (at != NULL && parse_port(at + 1, &port) != 0)) {
		return -1;
	}
	memcpy(host, text, len);
	host[len] = '\0';

	struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_port = htons(port) };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	*address = (struct sockaddr_storage){ 0 };
	if (inet_pton(AF_INET, host, &v4.sin_addr) == 1) {
		memcpy(address, &v4, sizeof(v4));
	} else if (inet_pton(AF_INET6, host, &v6.sin6_addr) == 1) {
		memcpy(address, &v6, sizeof(v6));
	} else {
		return -1;
	}
	return 0;
}

const char *address_text(const struct sockaddr_storage *address, char buf[ADDRESS_TEXT_MAX])
{
	const struct sockaddr_in *v4 = (const struct sockaddr_in *)address;
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)address;
	bool is_v4 = address->ss_family == AF_INET;
	const void *host = is_v4 ? (const void *)&v4->sin_addr : (const void *)&v6->sin6_addr;
	unsigned port = ntohs(is_v4 ? v4->sin_port : v6->sin6_port);
	if (inet_ntop(address->ss_family, host, buf, ADDRESS_TEXT_MAX) == NULL) {
		snprintf(buf, ADDRESS_TEXT_MAX, "?");
	}
	if (port != DNS_PORT) {
		size_t len = strlen(buf);
		snprintf(buf + len, ADDRESS_TEXT_MAX - len, "@%u", port);
	}
	return buf;
}

socklen_t address_size(const struct sockaddr_storage *address)
{
	return address->ss_family == AF_INET ? sizeof(struct sockaddr_in)
	                                     : sizeof(struct sockaddr_in6);
}
