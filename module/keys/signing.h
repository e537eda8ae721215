/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief A thread's session, and the signature that it makes by it.
 *
 * While the token is asked, nothing of the job is touched: it may end meanwhile.
 */
#pragma once

#include "module/keys/rrsig.h"
#include "module/keys/verify.h"

/*! What a thread has for itself; all zero at first. */
typedef struct {
	hsm_session_t *session;
	hsm_error_t err;         /*!< Why there is no session. */
	rrsig_buffer_t buffer;   /*!< What is to be signed... */
	hsm_key_t *secret;       /*!< ...by that key, which stays here until signing_forget()... */
	hsm_signature_t signature; /*!< ...and what came of it. */
	uint8_t *place;          /*!< Where that goes, in the job. */
	verify_t *verify;
	uint64_t series;         /*!< For which the keys below were sampled. */
	const keyring_key_t *sampled[KEYSET_KEYS_MAX];
	size_t sampled_count;
	unsigned unverified;     /*!< Signatures since the last one that was verified. */
} signing_t;

/*! Closes the session, and frees what there is. */
void signing_deinit(signing_t *signing);

/*! Writes the RRSIG without the signature. \return KNOT_EOK, KNOT_ENOMEM (with err) */
int signing_prepare(signing_t *signing, const rrsig_job_t *job, const knot_dname_t *zone,
                    hsm_error_t *err);

/*! Asks the token, which may take its time. \return KNOT_EOK, KNOT_EAGAIN (with err; the session is
 *  closed) */
int signing_call(signing_t *signing, hsm_error_t *err);

/*!
 * Writes the signature into the RRSIG, if it is not wrong.
 *
 * \param series  Signatures of the same series are sampled as one: a sample verifies the first of each key, and
 *                one in a hundred; 0: this one is verified.
 * \return KNOT_EOK, KNOT_ESEMCHECK (it is wrong; with err)
 */
int signing_finish(signing_t *signing, const rrsig_job_t *job, uint64_t series, hsm_error_t *err);

/*! Lets the key go. */
void signing_forget(signing_t *signing);
