/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/parent/ds-set.h"

#include <stdio.h>
#include <string.h>

#include "keyset/ds.h"

#define HEAD 4 /* Octets of a DS before its digest. */

/* \return As memcmp(). */
static int compare(const ds_answer_t *a, size_t i, const ds_answer_t *b, size_t j)
{
	size_t len = a->ds[i].len < b->ds[j].len ? a->ds[i].len : b->ds[j].len;
	int order = memcmp(a->ds[i].rdata, b->ds[j].rdata, len);
	return order != 0 ? order : (a->ds[i].len > len) - (b->ds[j].len > len);
}

static void add(ds_set_t *set, const ds_answer_t *from, size_t which)
{
	size_t at = 0;
	while (at < set->count && compare(set, at, from, which) < 0) {
		at++;
	}
	if ((at < set->count && compare(set, at, from, which) == 0) ||
	    set->count == DS_ANSWER_MAX) {
		return;
	}
	memmove(&set->ds[at + 1], &set->ds[at], (set->count - at) * sizeof(set->ds[0]));
	set->ds[at] = from->ds[which];
	set->count++;
}

void ds_set_add(ds_set_t *set, const ds_answer_t *answer)
{
	for (size_t i = 0; i < answer->count; i++) {
		if (answer->ds[i].len > HEAD) {
			add(set, answer, i);
		}
	}
}

char *ds_set_text(const ds_set_t *set)
{
	char *text = NULL, one[DS_TEXT_MAX];
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	for (size_t i = 0; out != NULL && i < set->count; i++) {
		const uint8_t *rdata = set->ds[i].rdata;
		ds_t ds = { .keytag = (uint16_t)(rdata[0] << 8 | rdata[1]),
			    .algorithm = rdata[2],
			    .digest_type = rdata[3],
			    .digest_len = (uint8_t)(set->ds[i].len - HEAD) };
		memcpy(ds.digest, rdata + HEAD, ds.digest_len);
		fprintf(out, "%s%s", i > 0 ? ", " : "", ds_write(&ds, one));
	}
	if (out != NULL) {
		fclose(out);
	}
	return text;
}
