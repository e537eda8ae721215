/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Which steps keep a zone valid in every cache.
 *
 * A cache may hold a DS RRset, a DNSKEY RRset and signed data from three different moments of the
 * past. The states of the records, and the key sets that carried the changes, say which DNSKEY
 * RRsets, and which signatures, may still be held: the versions of before and after each change
 * that some cache does not know yet. A step is allowed if whatever is combined is valid:
 *
 * - secure: some DS is in every cache that has a DS RRset, if that was so before;
 * - chain: for each algorithm of the DS RRset, some DS of it leads to a key that signs the DNSKEY
 *   RRset (RFC 4035, section 2.2);
 * - signed: for each algorithm of the DNSKEY RRset, some key in it has signed the data, as the
 *   strictest validators demand (RFC 6781, section 4.1.4), unless there is no DS;
 * - whole: the signer can work with the key set.
 */
#pragma once

#include "policy-engine/core/state.h"

/*!
 * Judges a step by the state it would lead to.
 *
 * \param zone      The key's record is changed meanwhile, and is as before on return.
 * \param next      The record after the step.
 * \param unsigned_goal  Whether the policy wants the zone without keys.
 * \return CORE_DONE if the step is allowed, else what forbids it.
 */
core_wait_t rules_judge(core_zone_t *zone, size_t key, keyset_record_t record, core_record_t next,
                        bool unsigned_goal);

/*!
 * \return Whether a step that is allowed would not be if the parent had lost some DS; parameters as
 *         above.
 */
bool rules_relies(core_zone_t *zone, size_t key, keyset_record_t record, core_record_t next,
                  bool unsigned_goal);

/*! \return Whether signatures of the key stay in the zone until they are due, since it is still
 *          published and signs no more. */
bool rules_fades(const core_key_t *key);
