/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Keys of other operators in a zone's input (RFC 8901): whether they may come in, and which
 *        are there.
 */
#pragma once

#include "module/input/contents.h"
#include "module/source/source.h"

/*!
 * Judges whether contents may come in, by trust_check(); for the worker or the fetcher. If not, the
 * next key set has them looked at again.
 *
 * \param err  "ORIGIN:LINE: reason"
 * \return KNOT_EOK, KNOT_EMALF (they may not), KNOT_ENOMEM, or an error of the store
 */
int foreign_judge(source_t *source, contents_t *contents, char *err, size_t err_size);

/*! Gets a record of another operator in words. */
typedef void (*foreign_f)(void *ctx, const char *text);

/*!
 * Tells which DNSKEY, CDS and CDNSKEY records the input has; from any thread. A zone that passes
 * through has none that are foreign.
 *
 * \param call  Called for each, at most 20, then with how many more there are; may be NULL.
 * \return Whether the policy does not allow what is there: it came in before.
 */
bool foreign_list(const source_t *source, foreign_f call, void *ctx);

/*! \return Whether the input has records that the policy does not allow; text says what to do. */
bool foreign_warning(const source_t *source, char *text, size_t size);
