/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "hsm-adapter/tool/trial.h"

#include <string.h>

#include "common/clock.h"

#define TRIAL_MS 500   /* How long it signs. */
#define DATA_BYTES 128 /* About as many as are signed for an RRset of addresses. */

int hsm_trial_sign(hsm_session_t *session, const hsm_key_t *key, unsigned ms, double *rate, hsm_error_t *err)
{
	uint8_t data[DATA_BYTES];
	hsm_signature_t signature;
	unsigned long count = 0;
	const int64_t start = monotonic_ms();
	int64_t passed = 0;
	int ret = HSM_EOK;
	while (ret == HSM_EOK && passed < ms) {
		memset(data, (int)++count, DATA_BYTES);
		ret = hsm_session_sign(session, key, data, DATA_BYTES, &signature, err);
		passed = monotonic_ms() - start;
	}
	*rate = (double)count * 1000 / (double)passed;
	return ret == HSM_EOK ? hsm_key_verify(key, data, DATA_BYTES, &signature, err) : ret;
}

static int sign_and_verify(hsm_t *hsm, const char *repository, const hsm_key_t *key,
                           hsm_trial_t *trial, hsm_error_t *err)
{
	hsm_session_t *session = NULL;
	const uint8_t data[DATA_BYTES] = { 0 };
	hsm_signature_t signature;
	int ret = hsm_session_open(&session, hsm, repository, err);
	if (ret == HSM_EOK) {
		ret = hsm_session_sign(session, key, data, DATA_BYTES, &signature, err);
	}
	if (ret == HSM_EOK) {
		ret = hsm_key_verify(key, data, DATA_BYTES, &signature, err);
	}
	if (ret == HSM_EOK) {
		ret = hsm_trial_sign(session, key, TRIAL_MS, &trial->rate, err);
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
