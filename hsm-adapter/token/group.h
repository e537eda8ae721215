/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief The tokens of a repository: one, or replicas, which hold the same keys. The work is spread over
 *        those that work.
 */
#pragma once

#include "hsm-adapter/token/token.h"

struct hsm_group {
	char *name;           /*!< The repository's. */
	size_t count;
	hsm_token_t **tokens; /*!< As conf.xml has them. */
};

/*! Those of a group's tokens that were not tried yet. */
typedef struct {
	const hsm_group_t *group;
	uint32_t used; /*!< A bit for each token that was. */
} choice_t;

_Static_assert(HSM_REPLICAS_MAX <= 32, "a choice has a bit for each replica");

/*! \return All of them. */
choice_t choice_of(const hsm_group_t *group);

/*! Takes the best: one that works before one that does not, then the one with the fewest seats taken.
 *  \return NULL: none is left */
hsm_token_t *choice_next(choice_t *choice);

/*! Takes that one. */
void choice_used(choice_t *choice, const hsm_token_t *token);

bool choice_is_empty(const choice_t *choice);

/*! Locks one of a group's tokens by hsm_token_lock(), the best that can be. \retval as hsm_token_lock(), of
 *  the best */
int hsm_group_lock(const hsm_group_t *group, hsm_token_t **token, hsm_error_t *err);

/*! \param settled_ms  Since when somebody has a seat at a token; monotonic_ms().
 *  \return Whether he would do better to go to another one: that does not work any more, or one with
 *          fewer seats taken does again. */
bool choice_better(const hsm_group_t *group, hsm_token_t *own, int64_t settled_ms);
