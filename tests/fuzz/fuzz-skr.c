/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/* Any bytes as a signed key response: it is refused with a reason, or its bundles can be verified, which
 * few can, without harm. */

#include "keyset/bundle.h"
#include "policy-engine/ceremony/skr.h"
#include "tests/fuzz/target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const knot_dname_t zone[] = "\7example\3com";
	char *text = malloc(size + 1), err[256] = "";
	skr_t skr;
	demand(text != NULL, "there is memory");
	if (size > 0) {
		memcpy(text, data, size);
	}
	text[size] = '\0';
	if (skr_read(text, "example.com.", &skr, err, sizeof(err)) != 0) {
		demand(err[0] != '\0', "there is a reason");
		free(text);
		return 0;
	}
	demand(skr.count > 0, "there is a bundle");
	for (size_t i = 0; i < skr.count && i < 4; i++) {
		bundle_facts_t facts;
		bundle_record_t record;
		const char *at = skr.bundles[i].text;
		char *again = NULL;
		while (bundle_next(&at, &record) == 1) {
			demand(bundle_add(&again, &record) == 0, "there is memory");
		}
		demand(again != NULL && strcmp(again, skr.bundles[i].text) == 0,
		       "what is written again is the same");
		err[0] = '\0';
		if (bundle_verify(again, zone, &facts, err, sizeof(err)) != 0) {
			demand(err[0] != '\0', "there is a reason");
		}
		free(again);
	}
	skr_deinit(&skr);
	free(text);
	return 0;
}
