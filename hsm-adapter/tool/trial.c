/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "hsm-adapter/tool/trial.h"

#include <string.h>

#include "common/clock.h"

#define TRIAL_MS 500   /* How long it signs. */
#define DATA_BYTES 128 /* About as many as are signed for an RRset of addresses. */

/*! Data and its signature. */
typedef struct {
	uint8_t data[DATA_BYTES];
	hsm_signature_t signature;
} sample_t;

/*! Signs until the time is over; the last signature stays in the sample. */
static int sign_on(hsm_session_t *session, const hsm_key_t *key, sample_t *sample,
                   hsm_trial_t *trial, hsm_error_t *err)
{
	unsigned count = 0;
	const int64_t start = monotonic_ms();
	int64_t passed = 0;
	while (passed < TRIAL_MS) {
		memset(sample->data, (int)count, DATA_BYTES);
		int ret = hsm_session_sign(session, key, sample->data, DATA_BYTES,
		                           &sample->signature, err);
		if (ret != HSM_EOK) {
			return ret;
		}
		count++;
		passed = monotonic_ms() - start;
	}
	trial->rate = count * 1000.0 / (double)passed;
	return HSM_EOK;
}

static int sign_and_verify(hsm_t *hsm, const char *repository, const hsm_key_t *key,
                           hsm_trial_t *trial, hsm_error_t *err)
{
	hsm_session_t *session = NULL;
	sample_t sample = { .data = { 0 } };
	int ret = hsm_session_open(&session, hsm, repository, err);
	if (ret == HSM_EOK) {
		ret = hsm_session_sign(session, key, sample.data, DATA_BYTES, &sample.signature,
		                       err);
	}
	if (ret == HSM_EOK) {
		ret = hsm_key_verify(key, sample.data, DATA_BYTES, &sample.signature, err);
	}
	if (ret == HSM_EOK) {
		ret = sign_on(session, key, &sample, trial, err);
	}
	if (ret == HSM_EOK) {
		ret = hsm_key_verify(key, sample.data, DATA_BYTES, &sample.signature, err);
	}
	hsm_session_close(session);
	return ret;
}

int hsm_trial(hsm_t *hsm, const char *repository, const hsm_algorithm_t *algorithm, unsigned bits,
              hsm_trial_t *trial, hsm_error_t *err)
{
	const hsm_key_spec_t spec = { .repository = repository, .algorithm = algorithm->number,
	                              .bits = bits };
	hsm_key_t *key = NULL;
	int ret = hsm_key_generate(hsm, &spec, &key, err);
	if (ret != HSM_EOK) {
		return ret;
	}
	ret = sign_and_verify(hsm, repository, key, trial, err);
	int removed = hsm_key_remove(hsm, repository, hsm_key_id(key), ret == HSM_EOK ? err : NULL);
	hsm_key_free(key);
	return (ret != HSM_EOK) ? ret : removed;
}
