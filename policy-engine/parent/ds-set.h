/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief The DS records that the servers of a parent have: each that some server has, once.
 */
#pragma once

#include "policy-engine/parent/ds-answer.h"

/*! Begins with all zero. Sorted. */
typedef ds_answer_t ds_set_t;

/*! Adds what a server has. If there are too many, the last ones are left out. */
void ds_set_add(ds_set_t *set, const ds_answer_t *answer);

/*! \return The set as keyset/ds.h has it, to be freed by free(); NULL if out of memory. */
char *ds_set_text(const ds_set_t *set);
