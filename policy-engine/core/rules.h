/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Which steps keep a zone valid in every cache.
 *
 * A cache may hold a DS RRset, a DNSKEY RRset and signed data from three different moments of the
 * past. The states of the records, and the key sets that carried the changes, say which DNSKEY
 * RRsets and which signatures caches may still hold: the versions before and after each change that
 * some cache does not know yet. A step is allowed if each combination of these is valid:
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
 * \param zone           The record is changed during the call, and as before on return.
 * \param key            Index of the key whose record takes the step.
 * \param next           The record after the step.
 * \param unsigned_goal  Whether the policy wants the zone without keys.
 * \return CORE_DONE if the step is allowed, else what forbids it.
 */
core_wait_t rules_judge(core_zone_t *zone, size_t key, keyset_record_t record, core_record_t next,
                        bool unsigned_goal);

/*!
 * Says whether a step relies on a DS; parameters as above.
 *
 * \return Whether the step would be forbidden if the parent had lost some DS.
 */
bool rules_relies(core_zone_t *zone, size_t key, keyset_record_t record, core_record_t next,
                  bool unsigned_goal);

/*! \return Whether the key is still published but signs no more, so that its signatures stay in the
 *          zone until they are due. */
bool rules_fades(const core_key_t *key);
