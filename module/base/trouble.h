/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Something that is wrong with a zone until it is right again: logged when it is news, shown
 *        as long as it lasts.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "module/base/log.h"

#define TROUBLE_MAX 768 /*!< Bytes that hold each text, its end included. */

/*! All functions are called from any thread. */
typedef struct {
	pthread_mutex_t lock;
	char *text;              /*!< NULL if all is well. */
} trouble_t;

void trouble_init(trouble_t *trouble);
void trouble_deinit(trouble_t *trouble);

/*! Says what is wrong; logs it if it is another text than before. \param text  "": nothing. */
void trouble_set(trouble_t *trouble, log_t *log, const knot_dname_t *zone, int priority,
                 const char *text);

/*! Copies the text; "" if all is well. */
void trouble_read(trouble_t *trouble, char *out, size_t size);

/*! \return Whether something is wrong. */
bool trouble_is(trouble_t *trouble);
