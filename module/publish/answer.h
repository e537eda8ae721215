/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief From a question's bytes to the messages of its answer; knows nothing of sockets.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "module/base/log.h"
#include "module/publish/publisher.h"

typedef struct answerer answerer_t;

/*!
 * Takes one message, framed for TCP: two bytes of length in front of it.
 *
 * \return KNOT_EOK, or an error, which ends the answer.
 */
typedef int (*answer_sink_f)(void *ctx, const uint8_t *frame, size_t len);

/*! \return NULL if out of memory. */
answerer_t *answerer_new(publisher_t publisher, log_t *log, answer_sink_f sink, void *ctx);

/*!
 * Answers a question: SOA, AXFR and IXFR of class IN, UPDATE; any other by an RCODE.
 *
 * \param query  One message without its length; is written to.
 * \retval KNOT_EOK  The answer was sent, be it an error.
 * \retval other     No whole answer was sent, or the bytes were no question: the connection has to
 *                   be closed.
 */
int answerer_reply(answerer_t *answerer, uint8_t *query, uint16_t len);

/*! The conversation is over. NULL is allowed. */
void answerer_free(answerer_t *answerer);
