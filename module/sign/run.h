/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief A sign run: from the input to the next signed version of a zone.
 */
#pragma once

#include "module/sign/args.h"
#include "module/sign/signatures.h"
#include "module/store/state.h"

/*! What a run did. */
typedef struct {
	bool published;        /*!< There is a new version; if false, there was nothing to
	                            change. */
	bool more;             /*!< There is more to do, which should be done at once. */
	uint64_t signatures;   /*!< Signatures that were made. */
	uint64_t nodes;        /*!< Nodes and entries that were changed. */
	uint8_t left_out;      /*!< Algorithm of another operator's DNSKEY that is not published, as
	                            the zone is not signed with that algorithm; 0 = none. */
	uint16_t unfit;        /*!< Type of another operator's CDS or CDNSKEY that is not published,
	                            as the zone does not have its key; 0 = none. */
	uint8_t strays;        /*!< Types in the input that the signer makes itself, at the names
	                            that were looked at; bits as of node_by_signer(). */
	capped_t capped;       /*!< What got a lower TTL than it has in the input. */
	const keyring_key_t *failed; /*!< If the run failed, the key of the ring by which a
	                            signature could not be made; NULL: none. */
} sign_result_t;

/*!
 * Makes the next version. It has what the input's changes touch and what is due for refresh. If a
 * new key set asks for changes all over the zone, it has the next part of these, too, and
 * result->more asks for another run. A first version is made as a whole. The version is there for
 * transfers when this returns KNOT_EOK, and not before. KNOT_ESOAINVAL: there is no serial for it.
 * KNOT_ERANGE: the clock was set meanwhile.
 *
 * \param state  As loaded from the store; updated, and stored with the version. After a failure it
 *               is loaded anew: what was changed in it, and not stored, is lost.
 * \param err    Reason of a failure, for the operator.
 * \return KNOT_EOK, KNOT_EAGAIN (token), KNOT_ESEMCHECK (wrong signature or chain), KNOT_ESOAINVAL
 *         (serial), or another error
 */
int sign_run(const sign_args_t *args, state_t *state, sign_result_t *result, char *err,
             size_t err_size);
