/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief What a zone holds back, by the rules of the last gate: an input, or a version.
 *
 * What is held is a record of the store's own, so that a restart changes neither the reason nor the
 * time. The log has a line when a rule begins to hold something, and one when it ends.
 */
#pragma once

#include "module/base/log.h"
#include "module/store/store.h"

#define HELD_TEXT_MAX 1400 /*!< Bytes that hold a text of held_text(), its end included. */

/*! The rules, in the order in which they are shown. */
typedef enum {
	HELD_CHAIN,     /*!< Validators could not follow to the key set. */
	HELD_SHRINK,    /*!< An input that lost most of the zone. */
	HELD_SERIAL,    /*!< There is no serial that knotd would take. */
	HELD_TIME,      /*!< A version has a signature that is not valid now. */
	HELD_REFUSED,   /*!< knotd does not serve the version that it was sent. */
	HELD_CHECK,     /*!< The operator's own check says no to a version. */
	HELD_AHEAD,     /*!< A secondary shows a serial that is not believed; versions go on. */
	HELD_FREEZE,    /*!< The operator wants the input to stay as it is. */
	HELD_RULES,
} held_rule_t;

/*! What it needs; all is borrowed. */
typedef struct {
	log_t *log;
	store_t *store;             /*!< NULL: nothing is stored. */
	const knot_dname_t *zone;   /*!< Lower case. */
	/*! What is held has changed. Called without the lock, and without a transaction. */
	void (*changed)(void *ctx);
	void *ctx;
} held_args_t;

/*! Something that is held. */
typedef struct {
	char *what;                 /*!< Names the held thing; NULL: nothing is held. */
	char *why;                  /*!< For the operator. */
	int64_t since;              /*!< Unix seconds. */
	bool passed;                /*!< The operator lets this very thing through. */
} held_thing_t;

/*! All functions are called from any thread, without a lock or a transaction. */
typedef struct {
	held_args_t args;
	pthread_mutex_t lock;       /*!< Of what follows. */
	held_thing_t things[HELD_RULES];
} held_t;

/*! Reads what is stored. */
void held_init(held_t *held, const held_args_t *args);
void held_deinit(held_t *held);

/*! \return The name by which an operator calls a rule. */
const char *held_name(held_rule_t rule);

/*! Finds a rule by its name. \return Whether there is one. */
bool held_find(const char *name, held_rule_t *rule);

/*! \return Whether a rule can be overridden; the reasons of others say what else to do. */
bool held_can_pass(held_rule_t rule);

/*!
 * Holds something.
 *
 * \param what  Names it: a file, or a serial. Another thing by the same rule is judged anew.
 * \param why   For the operator, in one line.
 */
void held_set(held_t *held, held_rule_t rule, const char *what, const char *why);

/*! A rule holds nothing any more. */
void held_end(held_t *held, held_rule_t rule);

/*! Lets through what a rule holds, once. \return Whether it holds something. */
bool held_pass(held_t *held, held_rule_t rule);

/*! \return Whether a rule holds something. */
bool held_is(held_t *held, held_rule_t rule);

/*! \return Whether a rule holds something that is not let through. */
bool held_stops(held_t *held, held_rule_t rule);

/*! \return Whether a rule holds that very thing, and whether it is let through. */
bool held_has(held_t *held, held_rule_t rule, const char *what, bool *passed);

/*!
 * Writes what a rule holds, why, since when, and what to do.
 * \return Whether it holds something
 */
bool held_text(held_t *held, held_rule_t rule, char *out, size_t size);

/*! \return Bits (1 << rule) of the rules that hold something. */
unsigned held_rules(held_t *held);
