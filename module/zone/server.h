/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief The signer as a whole: one for a knotd process, owner of everything that zones share.
 */
#pragma once

#include "control/server.h"
#include "module/base/log.h"
#include "module/base/sched.h"
#include "module/control/push.h"
#include "module/keys/tokens.h"
#include "module/publish/transfer.h"
#include "module/publish/trigger.h"
#include "module/source/updater.h"
#include "module/source/watch.h"
#include "module/store/store.h"
#include "module/store/sweep.h"
#include "module/zone/news.h"
#include "module/zone/reap.h"
#include "module/zone/zone.h"

/*! Settings of knot.conf. */
typedef struct {
	char *storage, *transfer_socket, *control_socket, *conf;
	char *knot_socket; /*!< knotd's own control socket. */
} server_conf_t;

typedef struct server server_t;

/*! A zone that has gone away; the policy engine is told. */
typedef struct server_gone {
	struct server_gone *next;
	uint64_t generation;
	knot_dname_t *name;
} server_gone_t;

struct server {
	unsigned users;             /*!< Module instances that keep it; the registry's. */
	server_conf_t conf;         /*!< Owned; its conf is under the lock. */
	log_t log;
	char instance[32];          /*!< Tells this process's generations from another's. */
	news_t news;

	pthread_mutex_t lock;       /*!< Of the zones and the tokens. */
	void *zones;                /*!< tsearch(3) tree of zone_t by name. */
	size_t zone_count;
	server_gone_t *gone;        /*!< Zones that have gone away, newest first. */
	tokens_t *tokens;           /*!< NULL while conf.xml is bad. */
	char tokens_error[640];
	char fault[640];            /*!< Why nothing can be signed; empty if all is well. */

	store_t *store;             /*!< This and the rest are NULL if there is a fault. */
	updater_t *updater;
	sched_t *sched;             /*!< Of zone_work(). */
	sched_t *fetchers;          /*!< Of fetch_work(), sweep_work() and reap_work(). */
	sweep_t sweep;
	reap_t reap;
	trigger_t *trigger;         /*!< Tells knotd of new versions. */
	trigger_t *asker;           /*!< Asks it what it serves. */
	transfer_t *transfer;
	watch_t *watch;
	ctl_server_t *control;
	pushes_t pushes;            /*!< Of the block at hand; the control thread's own. */
};

/*!
 * Starts the signer. What stands in the way of signing is logged and shown in the status, and is no
 * error: only so can operators see it by knotc.
 *
 * \param conf  Taken over, also on failure.
 * \return KNOT_EOK, KNOT_ENOMEM
 */
int server_start(server_t **server, server_conf_t *conf, log_sink_f sink, void *sink_ctx);

/*!
 * Stops and frees it; there must be no zones left.
 * \return Whether it is; if not, a token does not answer, and what works with it has been left.
 */
bool server_stop(server_t *server);

/*!
 * Takes over changed settings: another conf.xml, another control socket of knotd. conf.xml is read
 * again.
 * \param conf  Taken over.
 */
void server_reconfigure(server_t *server, server_conf_t *conf);

/*! Reads conf.xml again; if it is bad, the tokens stay as they are. \return KNOT_EOK or an error */
int server_read_conf(server_t *server, char *err, size_t err_size);

void server_conf_deinit(server_conf_t *conf);

/*! \return The tokens, one user more; NULL with err filled while there are none. */
tokens_t *server_tokens(server_t *server, char *err, size_t err_size);

/*! Adds a zone, or a user to it. \return The zone; NULL if out of memory. */
zone_t *server_add_zone(server_t *server, const knot_dname_t *name);

/*! A user more, if there is such a zone. \return The zone; NULL if there is none. */
zone_t *server_use_zone(server_t *server, const knot_dname_t *name);

/*! A user less; the last one takes the zone away, and has its work stopped. Does not block. */
void server_drop_zone(server_t *server, zone_t *zone);

/*!
 * Calls a function for a zone, which cannot go away meanwhile; it must not block.
 * \return Whether there is such a zone.
 */
bool server_with_zone(server_t *server, const knot_dname_t *name,
                      void (*call)(void *ctx, zone_t *zone), void *ctx);

/*!
 * Calls a function if there is no such zone, nor one still at work; none can come meanwhile.
 * \return Whether there is none.
 */
bool server_without_zone(server_t *server, const knot_dname_t *name, void (*call)(void *ctx),
                         void *ctx);

/*! Calls a function for each zone, in no order; as above. */
void server_each_zone(server_t *server, void (*call)(void *ctx, zone_t *zone), void *ctx);

/*! Commands of the control socket (control.c). */
extern const ctl_command_t server_commands[];
