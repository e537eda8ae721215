/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/* Any bytes as a zone file: no crash, an error that names the file, or a zone in good order. */

#include "config.h"

#include <fcntl.h>
#include <libknot/libknot.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "module/zonefile/zonefile.h"
#include "tests/fuzz/target.h"

static void check_rrset(const node_rrset_t *rrset)
{
	demand(rrset->rrs.count > 0, "an RRset has records");
	demand(rrset->ttl <= INT32_MAX, "a TTL has 31 bits");
	knot_rdata_t *rdata = rrset->rrs.rdata;
	for (uint16_t i = 1; i < rrset->rrs.count; i++) {
		knot_rdata_t *next = knot_rdataset_next(rdata);
		demand(knot_rdata_cmp(rdata, next) < 0, "RDATA are in canonical order");
		rdata = next;
	}
	demand((uint8_t *)knot_rdataset_next(rdata) ==
	       (uint8_t *)rrset->rrs.rdata + rrset->rrs.size, "the size is that of the RDATA");
}

/* libknot has to be able to put it in a message. */
static void check_wire(const knot_dname_t *owner, const node_rrset_t *rrset)
{
	static uint8_t wire[UINT16_MAX];
	knot_rrset_t rr = {
		.owner = (knot_dname_t *)owner, .type = rrset->type, .rclass = KNOT_CLASS_IN,
		.ttl = rrset->ttl,
		.rrs = { 1, knot_rdata_size(rrset->rrs.rdata->len), rrset->rrs.rdata }
	};
	int ret = knot_rrset_to_wire(&rr, wire, sizeof(wire), NULL);
	demand(ret > 0 || ret == KNOT_ESPACE, "a record has a wire form");
}

static void check_zone(contents_t *contents, const knot_dname_t *apex)
{
	uint8_t key[NODE_KEY_MAX], last[NODE_KEY_MAX];
	size_t last_len = 0, nodes = 0;
	const knot_dname_t *owner;
	node_t node;

	while (contents_next(contents, &owner, &node) == KNOT_EOK) {
		size_t len = node_key(owner, key);
		int cmp = memcmp(last, key, len < last_len ? len : last_len);
		demand(nodes == 0 || cmp < 0 || (cmp == 0 && last_len < len), "nodes are in order");
		demand(knot_dname_in_bailiwick(owner, apex) >= 0, "nodes are in the zone");
		memcpy(last, key, len);
		last_len = len;

		demand(node.count > 0, "a node has RRsets");
		for (uint16_t i = 0; i < node.count; i++) {
			demand(i == 0 || node.rrsets[i - 1].type < node.rrsets[i].type,
			       "types are in order");
			check_rrset(&node.rrsets[i]);
			check_wire(owner, &node.rrsets[i]);
		}
		const node_rrset_t *soa = node_rrset(&node, KNOT_RRTYPE_SOA);
		demand((nodes == 0) == (soa != NULL), "the apex, and nothing else, has the SOA");
		node_deinit(&node);
		nodes++;
	}
	demand(nodes > 0, "a zone has nodes");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const knot_dname_t *apex = (const knot_dname_t *)"\x07""example\x03""com";
	/* In a folder of its own: what is in another cannot be included. */
	char folder[32], path[64], err[1024] = "";
	strcpy(folder, access("/dev/shm", W_OK) == 0 ? "/dev/shm/fuzz-zonefile.XXXXXX"
	                                             : "/tmp/fuzz-zonefile.XXXXXX");
	demand(mkdtemp(folder) != NULL, "there is a folder");
	snprintf(path, sizeof(path), "%s/zone", folder);
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	demand(fd >= 0 && write(fd, data, size) == (ssize_t)size, "there is a file");
	close(fd);

	log_t log;
	log_init(&log, NULL, NULL);
	contents_t *contents = NULL;
	const zonefile_args_t args = {
		.path = path, .apex = apex, .size_max = SIZE_MAX, .log = &log,
	};
	int ret = zonefile_read(&args, &contents, err, sizeof(err));
	if (ret == KNOT_EOK) {
		check_zone(contents, apex);
	} else {
		demand(contents == NULL && strncmp(err, folder, strlen(folder)) == 0, "an error names a file");
	}
	contents_free(contents);
	log_deinit(&log);
	unlink(path);
	rmdir(folder);
	return 0;
}
