/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "module/keys/signing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libknot/errcode.h>

/* Of a sample one signature in so many is verified: 1 % of the cost. */
#define SAMPLE 100

void signing_deinit(signing_t *signing)
{
	signing_forget(signing);
	hsm_session_close(signing->session);
	signing->session = NULL;
	verify_free(signing->verify);
	free(signing->buffer.data);
}

/*! Keeps the key: who gives it may be gone before the token has answered. */
static void hold_secret(signing_t *signing, hsm_key_t *secret)
{
	if (signing->secret != secret) {
		hsm_key_free(signing->secret);
		signing->secret = hsm_key_use(secret);
	}
}

int signing_prepare(signing_t *signing, const rrsig_job_t *job, const knot_dname_t *zone,
                    hsm_error_t *err)
{
	if ((signing->verify == NULL && (signing->verify = verify_new()) == NULL) ||
	    rrsig_prepare(job, zone, &signing->buffer, &signing->place) != KNOT_EOK) {
		snprintf(err->text, sizeof(err->text), "out of memory");
		return KNOT_ENOMEM;
	}
	hold_secret(signing, job->key->secret);
	return KNOT_EOK;
}

int signing_call(signing_t *signing, hsm_error_t *err)
{
	if (signing->session == NULL) {
		*err = signing->err;
		return KNOT_EAGAIN;
	}
	if (hsm_session_sign(signing->session, signing->secret, signing->buffer.data,
	                     signing->buffer.len, &signing->signature, err) == HSM_EOK) {
		return KNOT_EOK;
	}
	hsm_session_close(signing->session);
	signing->session = NULL;
	signing->sampled_count = 0;
	return KNOT_EAGAIN;
}

/*! Notes that the session verifies a signature by the key in this series. \return Whether it had
 * verified one before. */
static bool was_sampled(signing_t *signing, const keyring_key_t *key)
{
	for (size_t i = 0; i < signing->sampled_count; i++) {
		if (signing->sampled[i] == key) {
			return true;
		}
	}
	if (signing->sampled_count < KEYSET_KEYS_MAX) {
		signing->sampled[signing->sampled_count++] = key;
	}
	return false;
}

static bool to_be_verified(signing_t *signing, const keyring_key_t *key, uint64_t series)
{
	if (signing->series != series) {
		signing->series = series;
		signing->sampled_count = 0;
	}
	if (series != 0 && was_sampled(signing, key) && ++signing->unverified < SAMPLE) {
		return false;
	}
	signing->unverified = 0;
	return true;
}

int signing_finish(signing_t *signing, const rrsig_job_t *job, uint64_t series, hsm_error_t *err)
{
	const keyring_key_t *key = job->key;
	const hsm_signature_t *signature = &signing->signature;
	if (signature->len != key->signature_len ||
	    (to_be_verified(signing, key, series) &&
	     !verify_check(signing->verify, key->verifier, signing->buffer.data,
	                   signing->buffer.len, signature->data, signature->len))) {
		(void)hsm_session_wrong(signing->session, key->secret, err);
		return KNOT_ESEMCHECK;
	}
	memcpy(signing->place, signature->data, signature->len);
	return KNOT_EOK;
}

void signing_forget(signing_t *signing)
{
	hsm_key_free(signing->secret);
	signing->secret = NULL;
}
