/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief What the benchmarks of signing share: keys in a token, first signings, figures.
 */
#pragma once

#include <check.h>

#include "module/keys/keyring.h"
#include "module/keys/pool.h"

/*! \return Seconds, of a clock that does not jump. */
double signing_now(void);

/*! Makes a KSK and a ZSK for the zone in the first repository, ECDSA P-256. */
void signing_begin(const hsm_conf_t *conf, const char *origin);
void signing_end(void);

/*! \return The ZSK; borrowed until signing_end(). */
const keyring_key_t *signing_zsk(void);

/*! Signs a zone file for the first time, in a new store. \return Signatures a second. */
double signing_rate(const char *path, unsigned threads, signpool_verify_t verify);

/*! \return The median; sorts the values. */
double signing_median(double *values, int count);

/*! Prints a figure, which is good if it reaches the goal. */
void signing_figure(const char *name, double value, double goal, const char *details);

/*! Runs the one test of a program. \return Its exit code. */
int signing_main(const char *name, const TTest *bench);
