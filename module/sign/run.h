/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief A sign run: from the input to the next signed version of a zone.
 */
#pragma once

#include "module/sign/args.h"
#include "module/store/state.h"

/*! What a run did. */
typedef struct {
	bool published;        /*!< There is a new version; else there was nothing to change. */
	bool more;             /*!< There is more to do at once. */
	uint64_t signatures;   /*!< Made. */
	uint64_t nodes;        /*!< Changed. */
	uint8_t left_out;      /*!< Algorithm of another operator's DNSKEY that is not published, since
	                            the zone is not signed with it; 0 = none. */
	uint8_t strays;        /*!< Types that the input has and the signer makes itself, bits as of
	                            node_by_signer(); of the names that were looked at. */
} sign_result_t;

/*!
 * Makes the next version: of what the input's changes touch, of what is due for refresh, and, if
 * the key set changed what the zone has to be, of the next part of all; result->more then asks for
 * another run. A first version is made as a whole. It is there for transfers when this returns
 * KNOT_EOK, and not before.
 *
 * \param state  As loaded from the store; updated, and stored with the version. What is only in it,
 *               and not stored, is lost with a failure.
 * \param err    Reason of a failure, for the operator.
 * \return KNOT_EOK, KNOT_EAGAIN (token), KNOT_ESEMCHECK (wrong signature or chain), KNOT_ESOAINVAL
 *         (serial), or another error
 */
int sign_run(const sign_args_t *args, state_t *state, sign_result_t *result, char *err,
             size_t err_size);
