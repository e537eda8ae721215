/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Signatures for the pool to make, each over an A RRset at the apex, with a TTL of its own.
 */
#pragma once

#include "module/keys/rrsig.h"

/*! Fills so many jobs; sign_jobs_free() frees what they have. */
void sign_jobs_make(rrsig_job_t *jobs, size_t count, const keyring_key_t *key, const knot_dname_t *zone);
void sign_jobs_free(rrsig_job_t *jobs, size_t count);

/*! \return Whether libdnssec takes a job's signature for one of the key. */
bool sign_jobs_valid(const rrsig_job_t *job, const knot_dname_t *zone);
