/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief What the commands of ods-hsm work with.
 */
#pragma once

#include "hsm-adapter/hsm.h"
#include "hsm-adapter/key/algorithm.h"
#include "hsm-adapter/tool/known.h"

/*! Exit codes. */
enum { DONE = 0, FAILED = 1, USAGE = 2 };

typedef struct {
	const hsm_conf_t *conf;
	hsm_t *hsm;
	bool yes;   /*!< Do not ask. */
	bool force; /*!< Do it, though zones need the key, or may. */
	const known_t *known; /*!< What the engine knows of keys; NULL: it was not asked. */
	char **args;
	int count;
} run_t;

/*! Prints what went wrong. \return FAILED */
int complain(const hsm_error_t *err);

/*! Runs a command's work for the repository in the first argument, or for all. \return DONE, FAILED */
int each_repository(const run_t *run, int (*work)(const run_t *, const hsm_repository_t *));

/*! \return The repository in the first argument; NULL, and that is said: there is none. */
const hsm_repository_t *first_repository(const run_t *run);

/*! \return The algorithm of that name or number; NULL, and that is said: there is none. */
const hsm_algorithm_t *any_algorithm(const char *text);
