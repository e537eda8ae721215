/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief One try of a chore, as a job for errands.h: a program of the operator runs, or the
 * parent's servers are asked, or told.
 */
#pragma once

#include "policy-engine/base/errands.h"
#include "policy-engine/parent/asker.h"
#include "policy-engine/parent/ds-task.h"
#include "policy-engine/parent/notify.h"

/*! The job. All that it needs is its own. */
typedef struct {
	int64_t key, since;  /*!< Of the wait_t for which it is done. */
	chore_kind_t kind;
	char *line, *input;  /*!< CHORE_COMMAND, CHORE_NOTICE: the program, and what it reads. */
	unsigned limit;      /*!< Seconds that the program may take. */
	int ret;             /*!< 0 = the program succeeded. */
	char why[512];       /*!< Why it failed. */
	notify_t *notify;    /*!< CHORE_NOTIFY; why says who has answered, too. */
	notify_outcome_t outcome;
	parent_question_t *question; /*!< CHORE_CHECK. */
	parent_result_t result;
} ds_chore_t;

/*! How the job is done and freed. */
extern const errands_kind_t ds_chores;

/*! \return Whether such a chore is to be done for the key at all: conf.xml has a command for it, or
 *          has the engine look at the parent, or tell it. */
bool ds_chore_is_wanted(const engine_conf_t *conf, const wait_t *wait, chore_kind_t kind);

/*! Makes the job. Under the desk's lock. \return NULL if out of memory. */
ds_chore_t *ds_chore_new(const asker_t *asker, const ds_task_t *task, chore_kind_t kind);

/*! \return What the chore is called in the log. */
const char *ds_chore_name(const wait_t *wait, chore_kind_t kind);
