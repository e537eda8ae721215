/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/* Any bytes as a key set, and as facts: they are refused with a reason, or written again as a text
 * that is read as the same. */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "keyset/facts.h"
#include "keyset/keyset.h"
#include "tests/fuzz/target.h"

static void try_keyset(const char *text)
{
	keyset_t set, again;
	char err[256] = "";
	if (keyset_read(text, &set, err, sizeof(err)) != 0) {
		demand(err[0] != '\0', "there is a reason");
		return;
	}
	char *first = keyset_write(&set);
	keyset_deinit(&set);
	if (first != NULL) { /* Else it is too long. */
		demand(keyset_read(first, &again, err, sizeof(err)) == 0,
		       "what is written can be read");
		char *second = keyset_write(&again);
		demand(second != NULL && strcmp(first, second) == 0, "it is the same");
		keyset_deinit(&again);
		free(second);
	}
	free(first);
}

static void try_facts(const char *text)
{
	facts_t facts, again;
	char err[256] = "";
	if (facts_read(text, &facts, err, sizeof(err)) != 0) {
		demand(err[0] != '\0', "there is a reason");
		return;
	}
	char *first = facts_write(&facts);
	facts_deinit(&facts);
	demand(first != NULL && facts_read(first, &again, err, sizeof(err)) == 0,
	       "what is written can be read");
	char *second = facts_write(&again);
	demand(second != NULL && strcmp(first, second) == 0, "it is the same");
	facts_deinit(&again);
	free(first);
	free(second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	demand(text != NULL, "there is memory");
	memcpy(text, data, size);
	text[size] = '\0';
	try_keyset(text);
	try_facts(text);
	free(text);
	return 0;
}
