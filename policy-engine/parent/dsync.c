/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/parent/dsync.h"

#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include <libknot/libknot.h>

#define RDATA_HEAD 5    /* Type, scheme, port. */
#define SCHEME_NOTIFY 1

int dsync_read(const uint8_t *rdata, size_t len, dsync_t *dsync)
{
	if (len <= RDATA_HEAD || knot_wire_read_u16(rdata) != KNOT_RRTYPE_CDS ||
	    rdata[2] != SCHEME_NOTIFY) {
		return -1;
	}
	const uint16_t port = knot_wire_read_u16(rdata + 3);
	const uint8_t *target = rdata + RDATA_HEAD;
	char text[DSYNC_NAME_MAX];
	if (port == 0 || *target == 0 ||
	    knot_dname_wire_check(target, rdata + len, NULL) != (int)(len - RDATA_HEAD) ||
	    knot_dname_to_str(text, target, sizeof(text)) == NULL) {
		return -1;
	}
	dsync->port = port;
	memcpy(dsync->target, text, sizeof(text));
	return 0;
}

int dsync_name(const char *child, const char *parent, bool own, char name[DSYNC_NAME_MAX])
{
	const char *rest = strcmp(parent, ".") == 0 ? "" : parent;
	const int labels = own ? (int)(strlen(child) - strlen(rest)) : 0;
	knot_dname_storage_t wire;
	const int len = snprintf(name, DSYNC_NAME_MAX, "%.*s_dsync.%s", labels, child, rest);
	return len < DSYNC_NAME_MAX && knot_dname_from_str(wire, name, sizeof(wire)) != NULL ? 0 : -1;
}

static bool may_reach4(const struct in_addr *address, bool local)
{
	const uint32_t ip = ntohl(address->s_addr), net = ip >> 24;
	const bool link_local = ip >> 16 == 0xa9fe;
	return net != 0 && (net != IN_LOOPBACKNET || local) && !link_local && net < 224;
}

static bool may_reach6(const struct in6_addr *address, bool local)
{
	if (IN6_IS_ADDR_V4MAPPED(address)) {
		struct in_addr v4;
		memcpy(&v4, address->s6_addr + 12, sizeof(v4));
		return may_reach4(&v4, local);
	}
	return (!IN6_IS_ADDR_LOOPBACK(address) || local) && !IN6_IS_ADDR_UNSPECIFIED(address) &&
	       !IN6_IS_ADDR_MULTICAST(address) && !IN6_IS_ADDR_LINKLOCAL(address);
}

bool dsync_may_reach(const struct sockaddr_storage *address, bool local)
{
	if (address->ss_family == AF_INET) {
		return may_reach4(&((const struct sockaddr_in *)address)->sin_addr, local);
	}
	return may_reach6(&((const struct sockaddr_in6 *)address)->sin6_addr, local);
}
