/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief RDATA of types that libzscanner does not read, from the words of an entry, as BIND reads
 *        them.
 */
#pragma once

#include <libknot/dname.h>

#include "module/zonefile/words.h"

/*! RDATA that is being made of words. */
typedef struct {
	const word_t *at, *end;       /*!< Words that are left. */
	const knot_dname_t *origin;   /*!< Of relative names. */
	uint8_t wire[UINT16_MAX];
	size_t size;
} compose_t;

/*!
 * Makes the RDATA of a type, and uses up all words.
 *
 * Not checked is what wellformed.h does.
 *
 * \return NULL if nothing is wrong; else what is, which is static.
 */
const char *compose_rdata(uint16_t type, compose_t *rdata);

/*!
 * Makes a domain name of a word.
 * \param name  For KNOT_DNAME_MAXLEN octets.
 * \return Whether it is one.
 */
bool compose_name(const word_t *word, const knot_dname_t *origin, knot_dname_t *name);
