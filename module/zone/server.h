/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief The signer as a whole: one for a storage, owner of everything that zones share.
 */
#pragma once

#include "module/publish/arrival.h"
#include "module/publish/transfer.h"
#include "module/zone/vigil.h"

/*! Settings of knot.conf; all owned. */
typedef struct {
	char *storage, *transfer_socket, *control_socket;
	char *conf;                 /*!< Path of conf.xml. */
	char *knot_socket;          /*!< knotd's own control socket. */
} server_conf_t;

/*! Does not change after server_start(), but for what has a lock of its own. */
typedef struct {
	server_conf_t conf;         /*!< Without conf, which the holder of the tokens has. */
	log_t log;
	char fault[640];            /*!< Why nothing could be started that signs; see
	                                 server_fault(). */
	zone_env_t env;
	zones_t zones;

	/* What env refers to. */
	holder_t tokens;
	news_t news;
	tally_t tally;
	sweep_t sweep;
	reap_t reap;
	vigil_t vigil;
	arrival_t arrival;
	timekeeper_t timekeeper;
	deaf_t deaf;
	task_t sweep_task;          /*!< For the fetchers. */
	transfer_t *transfer;       /*!< NULL if it could not be started. */
} server_t;

/*!
 * Starts the signer. What stands in the way of signing is logged and shown in the status, and is no
 * error: only so can operators see it by knotc.
 *
 * \param conf  Taken over, also on failure.
 * \return KNOT_EOK, KNOT_ENOMEM
 */
int server_start(server_t **server, server_conf_t *conf, log_sink_f sink, void *sink_ctx);

/*!
 * Stops and frees it; there must be no zones left, and nobody else may use it.
 * \return Whether it is; if not, a token does not answer, and what works with it has been left.
 */
bool server_stop(server_t *server);

/*! \return Why nothing can be signed, with the way out; "" if all is well. */
const char *server_fault(const server_t *server);

/*!
 * Takes over changed settings: another conf.xml, another control socket of knotd. conf.xml is read
 * again.
 * \param conf  Taken over.
 */
void server_reconfigure(server_t *server, server_conf_t *conf);

void server_conf_deinit(server_conf_t *conf);
