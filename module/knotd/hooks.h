/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Answers of a zone that are signed on the fly ("online: on"), in knotd's query plan.
 */
#pragma once

#include <knot/module.h>

#include "module/knotd/signers.h"
#include "module/online/answer.h"
#include "module/zone/zone.h"

#define HOOKS_THREADS 256 /*!< knotd's threads; more of them share. */

/*! Of an instance. */
typedef struct {
	online_zone_t zone;
	keys_t *keys;              /*!< That it follows; NULL: nothing is signed on the fly. */
	store_t *store;
	answer_types_t types;
	struct {
		_Alignas(64) answer_kind_t kind; /*!< Of the answer at which the thread is... */
		const knot_pkt_t *pkt;           /*!< ...which is in this packet. */
	} threads[HOOKS_THREADS];
} hooks_t;

/*! What an instance, knotd's context of the module, begins with. */
typedef struct {
	hooks_t *hooks;
} hooks_place_t;

/*!
 * Takes answers into hand.
 *
 * \param types  Types that other modules may have at any name.
 * \return KNOT_EOK, KNOT_EINVAL (logged), or another error
 */
int hooks_init(hooks_t **hooks, knotd_mod_t *mod, running_t *signer, zone_t *zone,
               const answer_types_t *types);

/*! No query reads them any more. NULL is allowed. */
void hooks_free(hooks_t *hooks);
