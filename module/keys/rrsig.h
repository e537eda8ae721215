/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief RRSIG RDATA (RFC 4034, section 3.1): made, and read.
 */
#pragma once

#include <libknot/dname.h>
#include <libknot/rdataset.h>

#include "module/keys/keyring.h"

/*! A signature to be made. */
typedef struct {
	const knot_dname_t *owner;
	knot_rdataset_t rrs;        /*!< What to sign; its data is borrowed. */
	const keyring_key_t *key;
	knot_rdata_t *rdata;        /*!< Where the RRSIG goes; len is rrsig_rdata_len() already. */
	size_t offset;              /*!< Of rdata in the RRset's signatures; used while they
	                                 move. */
	uint32_t ttl;
	uint32_t inception, expiration; /*!< Unix seconds. */
	uint16_t type;
} rrsig_job_t;

/*! A growing buffer for what is signed; zeroed at first, its data freed by free(). */
typedef struct {
	uint8_t *data;
	size_t len, size;
} rrsig_buffer_t;

/*! \return Bytes of RDATA of an RRSIG by a key in a zone. */
size_t rrsig_rdata_len(const keyring_key_t *key, const knot_dname_t *zone);

/*!
 * Writes the RRSIG's RDATA without the signature, and what has to be signed (RFC 4034, section
 * 3.1.8.1): that RDATA, and the RRset in canonical form.
 *
 * \param signature  Where in the RDATA the signature goes; it has key->signature_len bytes.
 * \return KNOT_EOK, KNOT_ENOMEM
 */
int rrsig_prepare(const rrsig_job_t *job, const knot_dname_t *zone, rrsig_buffer_t *buffer,
                  uint8_t **signature);

uint8_t rrsig_algorithm(const knot_rdata_t *rdata);
uint16_t rrsig_keytag(const knot_rdata_t *rdata);
uint32_t rrsig_expiration(const knot_rdata_t *rdata);
uint32_t rrsig_inception(const knot_rdata_t *rdata);
