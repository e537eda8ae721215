/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "tests/unit/sign-jobs.h"

#include <stdlib.h>
#include <string.h>

#include <libknot/libknot.h>

#include "tests/unit/test-hsm-token.h"

static const uint8_t address[] = { 4, 0, 192, 0, 2, 1 };

void sign_jobs_make(rrsig_job_t *jobs, size_t count, const keyring_key_t *key, const knot_dname_t *zone)
{
	const size_t len = rrsig_rdata_len(key, zone);
	for (size_t i = 0; i < count; i++) {
		jobs[i] = (rrsig_job_t) {
			.owner = zone, .key = key, .type = KNOT_RRTYPE_A, .ttl = i,
			.rrs = { 1, sizeof(address), (knot_rdata_t *)address },
			.rdata = calloc(1, knot_rdata_size(len)), .expiration = 2, .inception = 1,
		};
		jobs[i].rdata->len = len;
	}
}

void sign_jobs_free(rrsig_job_t *jobs, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		free(jobs[i].rdata);
	}
}

bool sign_jobs_valid(const rrsig_job_t *job, const knot_dname_t *zone)
{
	rrsig_buffer_t buffer = { 0 };
	uint8_t *place = NULL, signature[HSM_SIGNATURE_MAX];
	const size_t len = job->key->signature_len;
	memcpy(signature, job->rdata->data + job->rdata->len - len, len);
	ck_assert_int_eq(rrsig_prepare(job, zone, &buffer, &place), KNOT_EOK);
	const bool good = test_verify(job->key->secret, buffer.data, buffer.len, signature, len);
	free(buffer.data);
	return good;
}
