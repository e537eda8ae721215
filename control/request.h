/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief A request to a server of Knot's control protocol: its commands are called, and answer.
 *
 * The server does what any version of knotc expects: it reads a block to its end even if it refuses
 * it, ends each answer with BLOCK, and answers an unknown command with an error that names the
 * known ones.
 *
 * An answer is gathered in memory, and sent when the handler has returned, or calls ctl_flush(). So
 * a handler may hold locks while it answers: it never waits for the client. What would not show on
 * a terminal becomes '?'.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "control/unit.h"
#include "control/wire.h"

typedef struct ctl_request ctl_request_t;

/*!
 * Answers one unit by any number of ctl_reply(), ctl_extra(), ctl_error(); none means "OK". Called
 * in a thread of the server's, for several clients at the same time.
 *
 * \param unit  Valid until the last unit of its block is answered.
 */
typedef void (*ctl_handler_f)(void *ctx, ctl_request_t *req, const ctl_unit_t *unit);

typedef struct {
	const char *name;      /*!< Command, as knotc sends it. */
	ctl_handler_f handler;
} ctl_command_t;

/*! What a request is answered with. */
typedef struct {
	const ctl_command_t *commands; /*!< Ends with a NULL name. */
	void *ctx;                     /*!< Of the handlers. */
	const atomic_bool *stopping;   /*!< Set: no further unit is answered. */
} ctl_service_t;

/*! Reads a block, and answers it. \return Whether the connection goes on. */
bool request_serve(const ctl_service_t *service, wire_t *wire);

/*! Answers what is not even read with an error. */
void request_refuse(wire_t *wire, const char *text);

/*!
 * Sends a unit; zone and type may be NULL. If sending fails, the server ends the connection after
 * the handler.
 */
void ctl_reply(ctl_request_t *req, const char *zone, const char *type, const char *data);

/*! As ctl_reply(), with a text of several lines for a program; it is sent as it is. */
void ctl_text(ctl_request_t *req, const char *zone, const char *type, const char *text);

/*! Adds a further "type: data" column to the line begun by ctl_reply(). */
void ctl_extra(ctl_request_t *req, const char *type, const char *data);

/*! Sends a counter as knotc's stats and zone-stats print it; id and zone may be NULL. */
void ctl_counter(ctl_request_t *req, const char *zone, const char *section, const char *item,
                 const char *id, const char *value);

/*! Sends an error; zone may be NULL. knotc then exits with 1. */
void ctl_error(ctl_request_t *req, const char *zone, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/*! A long answer calls it now and then, without locks: sends what has gathered, if that is much. */
void ctl_flush(ctl_request_t *req);

/*! \return Whether an error was sent for the unit that is being answered. */
bool ctl_refused(const ctl_request_t *req);

/*! \return The user who asks (SO_PEERCRED); (uid_t)-1: he is not known. */
uid_t ctl_peer(const ctl_request_t *req);

/*! \return A pointer that handlers keep from a unit to the next (ctl_unit_t.more); NULL at first.
 *          Who sets it frees what it points to at the last unit. */
void **ctl_kept(ctl_request_t *req);
