/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief What conf.xml says to the policy engine: <Common> and <Enforcer>.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "hsm-adapter/conf.h"
#include "hsm-adapter/error.h"

/*! The module's control socket, if conf.xml names none: the module's own default. */
#define CONF_SIGNER_SOCKET "/run/knot/opendnssec.sock"

/*! A program that the engine runs. */
typedef struct {
	char *line;             /*!< Program and arguments, separated by blanks; NULL = none. */
	bool cka_id;            /*!< The line ended with --cka_id: pass the key's CKA_ID, too. */
} conf_command_t;

/*! <Parent> of <ParentCheck>: the servers to ask about zones directly below a parent zone. */
typedef struct {
	char *name;             /*!< Parent zone, as zone_name_canonical() makes it. */
	char **servers;         /*!< ADDRESS or ADDRESS@PORT, checked. */
	size_t count;
} conf_parent_t;

/*! <ParentCheck>, ours: the engine itself looks whether the parent has a DS. */
typedef struct {
	bool on;
	uint32_t interval;      /*!< Seconds between two looks at a DS that has to come or go. */
	uint32_t recheck;       /*!< Seconds between two looks at one that is there. */
	char *resolver;         /*!< A file for libunbound, like unbound.conf; NULL = none. */
	bool notify;            /*!< Tell the parent of new CDS by NOTIFY (RFC 9859). */
	uint16_t port;          /*!< Of those servers of the parent that the resolver finds. */
	conf_parent_t *parents;
	size_t count;
} conf_watch_t;

/*! What the engine takes from conf.xml. */
typedef struct {
	char *policy_file;      /*!< kasp.xml. */
	char *datastore;        /*!< Path of the SQLite database. */
	char *socket;           /*!< The engine's own control socket. */
	char *signer_socket;    /*!< The module's control socket; <SignerSocket>, ours. */
	char *pid_file;         /*!< NULL = none. */
	char *user, *group;     /*!< Whom to become if started as root; NULL = stay root. */
	bool manual_generation; /*!< Generate no keys but those that are ordered. */
	uint32_t generation_period; /*!< Have keys for that many seconds; 0 = only when needed. */
	uint32_t notify_before; /*!< Log so many seconds ahead that a KSK will be replaced; 0 = do
	                             not. */
	conf_command_t ds_submit;  /*!< <DelegationSignerSubmitCommand>. */
	conf_command_t ds_retract; /*!< <DelegationSignerRetractCommand>. */
	conf_command_t notify;  /*!< <NotificationCommand>, ours. */
	uint32_t command_limit; /*!< Seconds a command may take; <CommandTimeLimit>, ours. */
	conf_watch_t watch;
	hsm_conf_t tokens;
} engine_conf_t;

/*!
 * Reads conf.xml, repositories included.
 *
 * \param conf  Filled on success only; engine_conf_deinit() frees its contents.
 * \param warn  Gets what is ignored; may be NULL.
 * \param err   Says file, line, element and remedy on failure.
 * \retval HSM_EOK, HSM_ECONF, HSM_ENOMEM
 */
int engine_conf_read(const char *path, engine_conf_t *conf, hsm_warn_f warn, void *ctx,
                     hsm_error_t *err);

/*! Frees the contents, not conf itself; PINs are wiped. */
void engine_conf_deinit(engine_conf_t *conf);
