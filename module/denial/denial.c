/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "module/denial/denial.h"

#include <stdlib.h>
#include <string.h>

#include <libknot/libknot.h>

int denial_init(denial_t *denial)
{
	memset(denial, 0, sizeof(*denial));
	denial->encoder = dnssec_nsec_bitmap_new();
	return denial->encoder != NULL ? KNOT_EOK : KNOT_ENOMEM;
}

void denial_deinit(denial_t *denial)
{
	dnssec_nsec_bitmap_free(denial->encoder);
	free(denial->data);
	memset(denial, 0, sizeof(*denial));
}

/*! Tells whether a name has an entry for itself, and not only for names below it. */
static bool has_entry(const state_chain_t *chain, const node_t *node, name_kind_t kind)
{
	switch (kind) {
	case KIND_AUTH:
		return true;
	case KIND_DELEGATION:
		/* RFC 5155, section 6: opt-out leaves out insecure delegations. */
		return !chain->nsec3 || !chain->optout ||
		       node_rrset(node, KNOT_RRTYPE_DS) != NULL;
	default:
		return false;
	}
}

static void add_types(denial_t *denial, const state_chain_t *chain, const node_t *node,
                      name_kind_t kind, bool apex)
{
	bool is_signed = !chain->nsec3; /* The NSEC is. */
	dnssec_nsec_bitmap_clear(denial->encoder);
	for (uint16_t i = 0; i < node->count; i++) {
		const uint16_t type = node->rrsets[i].type;
		const bool ours = kind == KIND_AUTH || type == KNOT_RRTYPE_DS;
		if ((ours || type == KNOT_RRTYPE_NS) && type != KNOT_RRTYPE_NSEC3PARAM) {
			dnssec_nsec_bitmap_add(denial->encoder, type);
		}
		is_signed |= ours;
	}
	if (chain->nsec3 && apex) {
		dnssec_nsec_bitmap_add(denial->encoder, KNOT_RRTYPE_NSEC3PARAM);
	} else if (!chain->nsec3) {
		dnssec_nsec_bitmap_add(denial->encoder, KNOT_RRTYPE_NSEC);
	}
	if (is_signed) {
		dnssec_nsec_bitmap_add(denial->encoder, KNOT_RRTYPE_RRSIG);
	}
}

int denial_types(denial_t *denial, const state_chain_t *chain, const node_t *node,
                 name_kind_t kind, bool apex)
{
	denial->len = 0;
	if (!has_entry(chain, node, kind)) {
		return KNOT_EOK;
	}
	add_types(denial, chain, node, kind, apex);
	const size_t len = dnssec_nsec_bitmap_size(denial->encoder);
	if (len > denial->size) {
		uint8_t *data = realloc(denial->data, len);
		if (data == NULL) {
			return KNOT_ENOMEM;
		}
		denial->data = data;
		denial->size = len;
	}
	dnssec_nsec_bitmap_write(denial->encoder, denial->data);
	denial->len = len;
	return KNOT_EOK;
}
