/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Tells a parent by NOTIFY that a zone has new CDS and CDNSKEY (RFC 9859), where the parent's
 * DSYNC record says that it wants to be told.
 */
#pragma once

#include <stdbool.h>

#include "policy-engine/parent/reply.h"
#include "policy-engine/parent/resolver.h"
#include "policy-engine/policy/conf.h"

/*! A copy of all that is needed, for another thread. */
typedef struct {
	char *zone;
	resolver_t *resolver; /*!< A reference; NULL = it did not start. */
	bool local;           /*!< The parent may be on this machine, conf.xml says. */
} notify_t;

/*! \return To be freed by notify_free(); NULL if out of memory. */
notify_t *notify_new(const conf_watch_t *conf, resolver_t *resolver, const char *zone);

/*! NULL is allowed. */
void notify_free(notify_t *notify);

/*! How telling the parent went. */
typedef enum {
	NOTIFY_DONE,
	NOTIFY_UNWANTED, /*!< The parent has no DSYNC record for that. */
	NOTIFY_FAILED,
} notify_outcome_t;

/*!
 * Sends one message to one address after another, a few at most, until one answers.
 *
 * \param stop_fd  Becomes readable when the engine stops.
 * \param text     NOTIFY_DONE: who has answered; else the reason.
 */
notify_outcome_t notify_parent(const notify_t *notify, int stop_fd, char *text, size_t size);

/*! What a message says to a NOTIFY. */
typedef enum {
	NOTIFY_ANSWER_YES,
	NOTIFY_ANSWER_NO,      /*!< An error. */
	NOTIFY_ANSWER_STRANGE, /*!< It is not the answer: another may come. */
} notify_answer_t;

/*! Reads a message as the answer. \param why  Not for NOTIFY_ANSWER_YES: the reason; borrowed, for ever. */
notify_answer_t notify_answer(const reply_t *reply, const char **why);
