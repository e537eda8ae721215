/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/policy/place.h"

#include <string.h>

const xmlNode *place_of(const policy_check_t *c, const char *first, const char *second,
                        const char *third)
{
	const char *const path[] = { first, second, third };
	const xmlNode *node = c->node;
	for (size_t i = 0; i < 3 && path[i] != NULL; i++) {
		const xmlNode *child = node->children;
		while (child != NULL && (child->type != XML_ELEMENT_NODE ||
		                         strcmp((const char *)child->name, path[i]) != 0)) {
			child = child->next;
		}
		if (child == NULL) {
			return c->node;
		}
		node = child;
	}
	return node;
}

const xmlNode *place_of_key(const policy_check_t *c, size_t index)
{
	/* The policy has its keys in the order of the file. */
	const xmlNode *keys = place_of(c, "Keys", NULL, NULL);
	for (const xmlNode *child = keys->children; child != NULL; child = child->next) {
		const char *name = (const char *)child->name;
		if (child->type == XML_ELEMENT_NODE &&
		    (strcmp(name, "KSK") == 0 || strcmp(name, "ZSK") == 0 ||
		     strcmp(name, "CSK") == 0) && index-- == 0) {
			return child;
		}
	}
	return c->node;
}
