/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief What a signature is over, as bytes that can be compared: keys, owner, type, TTL and RDATA, in
 * canonical form (RFC 4034, section 6.2).
 */
#pragma once

#include <libknot/rrset.h>

#define SUBJECT_KEYS 16 /*!< Octets that say which keys sign, and how (active.h). */

typedef struct {
	uint8_t *data;        /*!< Aligned as a struct; room, or from malloc(). */
	size_t len;
	_Alignas(8) uint8_t room[768]; /*!< Enough for nearly all: a name, and a few records. */
} subject_t;

/*!
 * Makes the subject of an RRset.
 *
 * \param subject  To be freed by subject_deinit(); must not be moved.
 * \param keys     SUBJECT_KEYS octets.
 * \param owner    Any case.
 * \return KNOT_EOK, KNOT_EMALF (RDATA does not have the form of its type), KNOT_ENOMEM
 */
int subject_make(subject_t *subject, const uint8_t *keys, const knot_dname_t *owner,
                 const knot_rrset_t *rrset);

void subject_deinit(subject_t *subject);

/*! Shows what a subject's bytes say. \param rrset  Its data is borrowed from them. */
void subject_read(const uint8_t *data, knot_rrset_t *rrset);
