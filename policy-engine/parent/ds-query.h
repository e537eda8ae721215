/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Asks one server for the DS RRset of a zone, over TCP.
 */
#pragma once

#include <sys/socket.h>

#include <libknot/dname.h>

#include "policy-engine/parent/ds-answer.h"

/*! How asking went. */
typedef enum {
	DS_QUERY_DONE,
	DS_QUERY_FAILED,
	DS_QUERY_NO_ZONE,  /*!< The server says that the zone does not exist. */
	DS_QUERY_NO_ROUTE, /*!< This machine has no way to addresses of that family. */
} ds_query_t;

/*! Which server is asked, and for which zone. All is borrowed. */
typedef struct {
	const struct sockaddr_storage *server;
	const knot_dname_t *zone; /*!< The child. */
	unsigned limit_s;         /*!< Seconds that connecting and answering may take together. */
	int stop_fd;              /*!< Becomes readable when the engine stops. */
} ds_question_t;

/*!
 * Asks, and waits for the answer.
 *
 * \param answer  Filled on DS_QUERY_DONE.
 * \param why     The reason otherwise.
 */
ds_query_t ds_query(const ds_question_t *question, ds_answer_t *answer, char *why,
                    size_t why_size);
