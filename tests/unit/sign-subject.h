/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief A zone under test: a store with one zone in it, and checks of what is published of it.
 */
#pragma once

#include <stdatomic.h>

#include "module/input/input.h"
#include "module/sign/run.h"

#define SUBJECT_KEYS 5 /* A KSK, two ZSKs, a CSK of another algorithm, one more ZSK. */

typedef struct {
	store_t *store;
	state_t state;
	keyring_t *ring;
	int64_t now;
	int64_t doubt;          /*!< Seconds by which it may be earlier than now. */
	int64_t (*clock)(void); /*!< As in sign_args_t. */
	size_t batch;
	unsigned stop_after; /*!< Batches of a run; 0: it is not stopped. */
} subject_t;

extern const knot_dname_t subject_zone[];
extern keyset_key_t subject_keys[SUBJECT_KEYS];

void subject_set_up(void);
void subject_tear_down(void);

/*! A policy with NSEC, the KSK and the first ZSK. */
keyset_t subject_policy(void);
/*! Sets one of some kinds of denial: NSEC, NSEC3, opt-out, with several salts and iterations. */
void subject_set_chain(keyset_t *set, unsigned which);
void subject_set_keys(subject_t *subject, const keyset_t *set);

void subject_open(subject_t *subject, const char *name);
void subject_close(subject_t *subject);

/*! \return As input_replace() */
int subject_replace(subject_t *subject, const char *text, bool over, input_result_t *result);

/*! \param changed  Names that have to differ; SIZE_MAX: any number. */
void subject_load(subject_t *subject, const char *text, size_t changed);

/*! \return Within which it is now. */
clock_span_t subject_span(const subject_t *subject);

/*! Runs once, and checks the version that is made: no name, link or signature may be missing. */
sign_result_t subject_sign_batch(subject_t *subject, bool renew);

/*! Runs until there is no more to do. */
sign_result_t subject_sign(subject_t *subject, bool renew);

/*! A run that has to fail. \param stop  Whether it is stopped at once. */
int subject_sign_fails(subject_t *subject, bool stop, char *err, size_t err_size);

/*!
 * Checks the refresh queue and the count of signatures against what is published.
 * \return What is published, as text to be freed; of signatures it has the keys that made them.
 */
char *subject_dump(subject_t *subject);

/*!
 * Compares what is published with a signing from scratch.
 * \param seed  Of a random zone, for messages.
 * \param step  A number that no other call of the test has: each call has a store of its own.
 */
void subject_compare(subject_t *subject, const keyset_t *set, const char *text, int seed,
                     unsigned step);

uint64_t subject_signatures(const subject_t *subject, const keyset_key_t *key);

/*! What is published, record by record. */
typedef struct {
	char **records;
	size_t count;
} zone_records_t;

zone_records_t subject_records(subject_t *subject);
void records_free(zone_records_t *set);

/*! \return Whether the journal leads from a serial to the published one. */
bool subject_journal_reaches(subject_t *subject, uint32_t serial);

/*! Applies the journal, from a serial on, to the records of that time: they have to become those
 * that are published. */
void subject_check_journal(subject_t *subject, zone_records_t *before, uint32_t from);
