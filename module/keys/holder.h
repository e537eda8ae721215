/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Holds the tokens of conf.xml as it was last read, reads it again, and hands out uses.
 */
#pragma once

#include "module/keys/tokens.h"

/*! All functions are called from any thread. */
typedef struct {
	log_t *log;
	tokens_calls_t calls;
	pthread_mutex_t reading; /*!< Held during a read: a later one must not be overtaken by an
	                              earlier one. Taken before lock. */
	pthread_mutex_t lock;    /*!< Of what follows. */
	char *path;              /*!< Of conf.xml. */
	tokens_t *tokens;        /*!< NULL while conf.xml is bad. */
	char error[640];         /*!< Why there are none. */
} holder_t;

/*! \param path  Of conf.xml, taken over; it is read by holder_read(). */
void holder_init(holder_t *holder, char *path, log_t *log, const tokens_calls_t *calls);

/*! After holder_release(). */
void holder_deinit(holder_t *holder);

/*! conf.xml is elsewhere now. \param path  Taken over. */
void holder_move(holder_t *holder, char *path);

/*!
 * Reads conf.xml again; if it is bad, that is logged, and the tokens stay as they are.
 * \return KNOT_EOK, KNOT_EINVAL (conf.xml), KNOT_ENOMEM
 */
int holder_read(holder_t *holder, char *err, size_t err_size);

/*! \return The tokens, one user more, to be left by tokens_leave(); NULL with err while there are
 *  none. */
tokens_t *holder_use(holder_t *holder, char *err, size_t err_size);

/*! Leaves the tokens; there are none from then on. */
void holder_release(holder_t *holder);
